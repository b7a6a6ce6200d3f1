from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.readers import owed_next
from bot.schedule import EVERY_DAY, Schedule, due_at, exists, next_due, upcoming
from storage.deliveries import owed_now
from storage.users import User, first_without, owed_after, still_owed

ZONES = sorted(available_timezones())
days = st.dates(date(2000, 1, 1), date(2039, 12, 31))
minutes = st.builds(time, st.integers(0, 23), st.integers(0, 59))
zones = st.sampled_from(ZONES)
schedules = st.builds(
    Schedule,
    at=minutes,
    zone=zones,
    days=st.frozensets(st.integers(0, 6), min_size=1),
    picks=st.integers(1, 10),
)
moments = st.datetimes(
    datetime(2000, 1, 1),
    datetime(2039, 12, 31),
    timezones=st.just(UTC),
)


@given(days, minutes, zones)
@example(date(2026, 3, 28), time(23, 20), "America/Nuuk")  # the clocks jump over midnight
@example(date(2011, 12, 30), time(8, 0), "Pacific/Apia")  # a day that never was
def test_tomorrows_digest_is_never_due_before_todays(day, at, zone):
    zone = ZoneInfo(zone)
    assert due_at(day, at, zone) <= due_at(day + timedelta(days=1), at, zone)


@given(days, minutes, zones)
@example(date(2026, 3, 29), time(2, 30), "Europe/Berlin")
def test_a_digest_comes_at_the_readers_own_hour_or_at_the_end_of_a_gap(day, at, zone):
    zone = ZoneInfo(zone)
    moment = due_at(day, at, zone)
    local = moment.astimezone(zone)
    if (local.date(), local.time()) != (day, at):
        just_before = (moment - timedelta(seconds=1)).astimezone(zone)
        assert just_before.replace(tzinfo=None) < datetime.combine(day, at)
        assert local.utcoffset() > just_before.utcoffset()
        assert local.replace(tzinfo=None) > datetime.combine(day, at)


def test_an_hour_that_the_clocks_skip_is_served_at_the_first_minute_that_exists():
    moment = due_at(date(2026, 3, 29), time(2, 30), ZoneInfo("Europe/Berlin"))
    assert moment == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)  # 03:00 local


def test_an_hour_that_the_clocks_repeat_is_served_the_first_time():
    moment = due_at(date(2026, 10, 25), time(2, 30), ZoneInfo("Europe/Berlin"))
    assert moment == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_a_day_that_a_zone_skipped_owes_no_digest():
    schedule = Schedule(at=time(8), zone="Pacific/Apia", days=EVERY_DAY)
    before = datetime(2011, 12, 28, tzinfo=UTC)
    owed = [due.day for due in islice(upcoming(schedule, before), 4)]
    assert date(2011, 12, 30) not in owed
    assert owed == sorted(set(owed))


@given(schedules, moments)
def test_what_is_owed_comes_in_order_each_day_once_and_always_after_now(schedule, now):
    owed = list(islice(upcoming(schedule, now), 5))
    assert [due.moment for due in owed] == sorted(due.moment for due in owed)
    assert len({due.day for due in owed}) == 5
    assert all(due.moment > now for due in owed)
    assert all(due.day.weekday() in schedule.days for due in owed)


@given(schedules, moments)
def test_asking_again_at_the_due_moment_moves_on_by_at_least_a_day_of_the_calendar(schedule, now):
    first = next_due(schedule, now)
    second = next_due(schedule, first.moment)
    assert second.day > first.day


@pytest.mark.parametrize("part", range(4))
def test_no_zone_of_the_world_loses_or_doubles_a_day_at_any_of_its_clock_changes(part):
    for name in ZONES[part::4]:
        zone = ZoneInfo(name)
        for change in clock_changes(zone):
            schedule = Schedule(at=change.astimezone(zone).time(), zone=name, days=EVERY_DAY)
            first = change - timedelta(days=2)
            owed = list(islice(upcoming(schedule, first), 5))
            calendar = (owed[0].day + timedelta(days=n) for n in range(9))
            assert [due.day for due in owed] == list(
                islice((day for day in calendar if exists(day, zone)), 5)
            ), (name, change)
            moments = [due.moment for due in owed]
            assert moments == sorted(moments), (name, change)
            assert moments[0] - first <= timedelta(days=2), (name, change)


def clock_changes(zone: ZoneInfo) -> list[datetime]:
    """Return the moments, to the minute, at which a zone changed its offset in 2000 to 2040.

    A week is looked at first, then the half that differs.
    """
    found, week = [], datetime(2000, 1, 1, tzinfo=UTC)
    while week.year < 2041:
        end = week + timedelta(days=7)
        offset = week.astimezone(zone).utcoffset()
        if end.astimezone(zone).utcoffset() != offset:
            before, after = week, end
            while after - before > timedelta(minutes=1):
                middle = before + (after - before) / 2
                if middle.astimezone(zone).utcoffset() == offset:
                    before = middle
                else:
                    after = middle
            found.append(after.replace(second=0, microsecond=0))
        week = end
    return found


@given(st.lists(st.tuples(zones, minutes, st.integers(0, 40)), max_size=8), moments)
@example(  # to the other side of the date line, when its hour has passed there
    [("Asia/Tokyo", time(8), 7)], datetime(2026, 3, 3, 16, 30, tzinfo=UTC)
)
def test_a_reader_who_changes_zone_or_hour_neither_loses_nor_doubles_a_day(changes, begin):
    reader = user_at("America/Los_Angeles", time(8), begin)
    reader = replace(reader, **owed(owed_after(reader, begin, owed_next)))
    now, had = begin, list[date]()
    for zone, at, hours in [*changes, (reader.zone, reader.push_at, 0)]:
        end = now + timedelta(hours=hours)
        while reader.next_push_at <= end:  # the clock of the house looks
            now = reader.next_push_at
            had.append(owed_now(reader, now, owed_next)[0])
            reader = replace(reader, **owed(owed_after(reader, now, owed_next)))
        now, before = end, reader
        reader = replace(reader, zone=zone, push_at=at)
        late = still_owed(before, reader, now, owed_next)
        following = owed_after(reader, now, owed_next)
        missed = late and late[0] - before.next_push_day
        reader = replace(reader, **owed(first_without(had, reader, late, following, owed_next)))
        if missed:  # so far over the date line that two hours of his have passed: one catch-up
            had += [before.next_push_day + timedelta(days=n) for n in range(missed.days)]
    had.append(reader.next_push_day)
    assert len(set(had)) == len(had)
    assert sorted(had) == had
    passed = (had[0] + timedelta(days=n) for n in range((had[-1] - had[0]).days + 1))
    skipped = [day for day in passed if day not in had]
    names = {"America/Los_Angeles", *(zone for zone, _, _ in changes)}
    assert all(any(not exists(day, ZoneInfo(name)) for name in names) for day in skipped)


def user_at(zone: str, at: time, now: datetime) -> User:
    return User(
        id=1,
        kind="person",
        zone=zone,
        push_at=at,
        push_days=EVERY_DAY,
        picks=5,
        is_pushed=True,
        is_quiet=False,
        is_filled=True,
        paused_until=None,
        surprise=2,
        language="en",
        is_language_chosen=False,
        push_account=None,
        next_push_at=None,
        next_push_day=None,
        created=now,
        last_seen=now,
    )


def owed(one: tuple[date, datetime]) -> dict[str, object]:
    return {"next_push_day": one[0], "next_push_at": one[1]}


@given(st.integers(1, 365), schedules, moments)
def test_a_pause_ends_with_the_first_digest_that_is_due_after_it(days, schedule, now):
    until = now + timedelta(days=days)
    reader = user_at(schedule.zone, schedule.at, now)
    paused = replace(reader, push_days=schedule.days, paused_until=until)
    day, moment = owed_after(paused, now, owed_next)
    assert moment >= until
    assert (day, moment) == owed_next(paused, until - timedelta(microseconds=1))


@pytest.mark.parametrize("hour", [0, 8, 23])
def test_no_day_of_a_daily_schedule_is_lost_in_a_year(hour):
    schedule = Schedule(at=time(hour, 30), zone="America/Nuuk", days=EVERY_DAY)
    owed = [d.day for d in islice(upcoming(schedule, datetime(2026, 1, 2, tzinfo=UTC)), 400)]
    assert owed == [owed[0] + timedelta(days=n) for n in range(400)]

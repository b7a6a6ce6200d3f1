from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.schedule import EVERY_DAY, Schedule, due_at, next_due, upcoming

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


@pytest.mark.parametrize("hour", [0, 8, 23])
def test_no_day_of_a_daily_schedule_is_lost_in_a_year(hour):
    schedule = Schedule(at=time(hour, 30), zone="America/Nuuk", days=EVERY_DAY)
    owed = [d.day for d in islice(upcoming(schedule, datetime(2026, 1, 2, tzinfo=UTC)), 400)]
    assert owed == [owed[0] + timedelta(days=n) for n in range(400)]

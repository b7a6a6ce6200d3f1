"""Times in words, and what somebody's own clock says of where they are."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.conversation import german_clock, zones
from bot.conversation.clock_words import offsets, places, shown_now, spoken
from bot.conversation.schedule_words import Misunderstood, Understood, understand
from bot.schedule import Schedule

NOW = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
moments = st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))
places_known = st.sampled_from(zones.well_known())


@pytest.mark.parametrize(
    ("phrase", "at"),
    [
        *(("half past eight", "08:30"), ("quarter to nine", "08:45")),
        *(("a quarter past 7 pm", "19:15"), ("Quarter to Nine in the evening", "20:45")),
        *(("twenty five past eight in the evening", "20:25"), ("ten minutes to 9", "08:50")),
        *(("eight thirty", "08:30"), ("six o'clock", "06:00"), ("six forty-five pm", "18:45")),
        *(("8 in the morning", "08:00"), ("eleven at night", "23:00"), ("two at night", "02:00")),
        *(("twelve at night", "00:00"), ("quarter to twelve at night", "23:45")),
        *(("a quarter to one", "12:45"), ("quarter to one am", "00:45"), ("half past 12", "12:30")),
        *(("eight", "08:00"), ("at seven", "07:00"), ("8", "08:00"), ("8pm", "20:00")),
        *(
            ("8 in the evening", "20:00"),
            ("20:00 in the evening", "20:00"),
            ("20 at night", "20:00"),
        ),
        *(("8:30 in the evening", "20:30"), ("in the evening at 8", "20:00"), ("12 noon", "12:00")),
        *(("evenings at half past eight", "20:30"), ("8 pm in the evening", "20:00")),
        *(("quarter to twelve in the morning", "11:45"), ("half past eleven at night", "23:30")),
        *(("half past five at night", "05:30"), ("quarter past 20 in the evening", "20:15")),
        *(("0:30 at night", "00:30"), ("12 in the evening", "00:00"), ("8 am", "08:00")),
    ],
)
def test_a_time_in_words_is_understood(phrase, at):
    found = understand(phrase, Schedule(), 0)
    assert isinstance(found, Understood)
    assert f"{found.schedule.at:%H:%M}" == at


def test_words_go_together_with_all_that_a_schedule_may_hold():
    found = understand("half past eight berlin weekdays five papers quiet", Schedule(), 0)
    assert found.schedule == Schedule(time(8, 30), "Europe/Berlin", picks=5, is_quiet=True)
    found = understand("quarter to nine 3", Schedule(), 0)
    assert (found.schedule.at, found.schedule.picks) == (time(8, 45), 3)
    assert understand("half past eight seven", Schedule(), 0).schedule.picks == 7


@pytest.mark.parametrize(
    "phrase",
    ["half past", "quarter to 25", "half to", "61 past two", "half past eight half past nine"],
)
def test_what_is_no_time_says_so_and_changes_nothing(phrase):
    assert isinstance(understand(phrase, Schedule(), 0), Misunderstood)


@given(
    st.text(st.sampled_from("aehlfiqprstunto '-:0123456789"), max_size=60) | st.text(max_size=60)
)
@example("half past eight in the evening in the morning")
def test_any_phrase_names_one_time_or_none(text):
    found = spoken(zones.folded(text))
    assert found is None or found.at.second == 0


# ---------------------------------------------------------------- what a clock shows


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("it is 14:05 here now", ["14:05"]),
        ("It's 14:05.", ["14:05"]),
        ("it’s now 14:05 here", ["14:05"]),
        ("14:05 here", ["14:05"]),
        ("14.05 right now", ["14:05"]),
        ("my clock says 14:05:33", ["14:05"]),
        ("it is 2:05 pm here", ["14:05"]),
        ("it is 2:05 here", ["02:05", "14:05"]),
        ("it is 02:05 here", ["02:05"]),
        ("here it is 12:05", ["12:05", "00:05"]),
        ("it is half past two here", ["02:30", "14:30"]),
        ("it's now quarter to nine in the evening", ["20:45"]),
        ("my watch says twelve thirty.", ["12:30", "00:30"]),
        ("it is ten past 15 here now", ["15:10"]),
        ("it is half past lunch here", []),
        ("hier ist es jetzt 14:05 Uhr", ["14:05"]),
        ("Es ist 14 Uhr 05", ["14:05"]),
        ("bei mir ist es 2 Uhr", ["02:00", "14:00"]),
        ("es ist 26 Uhr", []),
        ("it is 8:05 in the evening here", ["20:05"]),
        ("es ist abends 8 Uhr", ["20:00"]),
        ("bei mir ist es 2 Uhr nachts", ["02:00"]),
        ("it is 20:05 in the morning", []),
        ("14:05", []),
        ("14:05 berlin", []),
        ("it is 25:00 here", []),
        ("it is 13:05 pm here", []),
        ("it is 14:65 here", []),
    ],
)
def test_what_a_clock_shows_is_told_from_a_wish(said, shown):
    assert [f"{one:%H:%M}" for one in shown_now(said)] == shown


def test_the_places_of_most_readers_come_first():
    assert places((time(7, 30),), NOW, 3)[0] == "Europe/Berlin"
    assert places((time(12, 0),), NOW, 3) == ["Asia/Kolkata"]
    assert places((time(20, 15),), NOW, 3) == ["Pacific/Chatham"]  # known by no other name
    assert places((time(17, 45),), NOW, 3) == []


@given(moments, places_known, st.integers(-7, 7))
@example(datetime(2026, 3, 29, 0, 59, tzinfo=UTC), "Europe/Berlin", 0)
@example(datetime(2026, 11, 23, 11, 0, tzinfo=UTC), "Pacific/Auckland", 7)
def test_a_place_is_among_those_that_its_own_clock_leads_to(now, zone, wrong_by):
    there = now.astimezone(ZoneInfo(zone))
    if there.utcoffset() % timedelta(minutes=15):
        return
    shown = (there + timedelta(minutes=wrong_by)).time().replace(second=0, microsecond=0)
    assert zone in places((shown,), now.replace(second=0), 1_000)


@given(st.times(), moments)
def test_no_clock_is_further_from_utc_than_clocks_are(shown, now):
    found = offsets(shown, now)
    assert all(timedelta(hours=-12) <= offset <= timedelta(hours=14) for offset in found)
    assert len(found) <= 2


@given(st.text(max_size=80))
@example("it is ٣:٠٥ here")
@example("it is 99999999999 here")
def test_any_text_shows_at_most_two_times(text):
    assert len(shown_now(text)) <= 2


@given(st.text(st.sampled_from("abdefhilnorstuvwz 0123456789"), max_size=60) | st.text(max_size=60))
@example("fünf vor halb zwölf nachts")
@example("viertel nach 99")
@example("0 uhr nachts")
def test_any_phrase_names_one_time_or_none_in_german_too(text):
    found = german_clock.spoken(zones.folded(text))
    assert found is None or found.at.second == 0

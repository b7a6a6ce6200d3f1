from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation import hours_words, zones
from bot.conversation.day_parts import Part, holds
from bot.conversation.language import LANGUAGES, speaking
from bot.conversation.schedule_words import Misunderstood, Understood, understand
from bot.schedule import EVERY_DAY, WEEKDAYS, Schedule

PRESENT = Schedule(time(7, 15), "Asia/Tokyo", frozenset([1, 3]), 4)
WEDNESDAY = 2

PIECES = """8 8:30 08.30 8am pm 12pm noon 25:00 5 papers x3 berlin new york Europe/Berlin usa est
+2 utc-5 +5:30 quiet loud line best daily weekdays weekly mon,wed tue-fri sunday every day
halb acht uhr abends morgens night leise laut zeile täglich werktags wöchentlich mo-fr samstags bis
jeden at , ; & 🤷 0 99 1e9 ² ٣"""
spoken = st.sampled_from(PIECES.split())


def heard(text: str) -> tuple[str, str, frozenset[int], int]:
    found = understand(text, PRESENT, WEDNESDAY)
    assert isinstance(found, Understood), found
    s = found.schedule
    return f"{s.at:%H:%M}", s.zone, s.days, s.picks


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_place_may_be_written_as_its_button_calls_it(language):
    seasons = [datetime(2026, month, 1, tzinfo=UTC) for month in (1, 7)]
    with speaking(language):
        for zone in zones.well_known():
            found = heard(hours_words.place(zone))[1]  # maybe by an older name, such as Singapore
            for moment in seasons:
                theirs, ours = (moment.astimezone(ZoneInfo(name)) for name in (found, zone))
                assert theirs.utcoffset() == ours.utcoffset(), zone


@pytest.mark.parametrize(
    ("text", "at"),
    [
        *(("8", "08:00"), ("8:30", "08:30"), ("08.30", "08:30"), ("8am", "08:00")),
        *(("8:30 pm", "20:30"), ("12 am", "00:00"), ("12pm", "12:00"), ("0830", "08:30")),
        *(("at 7", "07:00"), ("18h", "18:00"), ("8h30", "08:30"), ("noon", "12:00")),
        *(("um 7 Uhr", "07:00"), ("8.30 Uhr", "08:30"), ("halb 9", "08:30"), ("mittags", "12:00")),
        *(("halb neun", "08:30"), ("um acht", "08:00"), ("zwölf Uhr", "12:00")),
        *(("Viertel nach acht", "08:15"), ("viertel vor 9", "08:45"), ("20 Uhr 15", "20:15")),
        *(("dreiviertel neun", "08:45"), ("fünf vor halb zehn", "09:25"), ("0 Uhr", "00:00")),
        *(("acht Uhr abends", "20:00"), ("zehn Uhr dreißig", "10:30"), ("elf nachts", "23:00")),
        *(("halb eins mittags", "12:30"), ("halb acht abends", "19:30"), ("8 Uhr 05", "08:05")),
        *(("20 Uhr abends", "20:00"), ("abends um acht", "20:00"), ("8 Uhr morgens", "08:00")),
        *(("abends 8", "20:00"), ("abends 20:15 Uhr", "20:15"), ("8:15 Uhr abends", "20:15")),
        *(("am Abend um halb acht", "19:30"), ("8:30 am Abend", "20:30"), ("8:30 am", "08:30")),
        *(
            ("in der Früh um 7", "07:00"),
            ("morgens früh um 7", "07:00"),
            ("20 Uhr nachts", "20:00"),
        ),
        *(("14 Uhr 30 nachmittags", "14:30"), ("nachts um zwölf", "00:00"), ("mittags 1", "12:00")),
        *(("mittags um eins", "13:00"), ("11 Uhr mittags", "11:00"), ("mittags 12:30", "12:30")),
        *(
            ("halb zwölf morgens", "11:30"),
            ("halb zwölf abends", "23:30"),
            ("halb 6 nachts", "05:30"),
        ),
    ],
)
def test_an_hour_is_understood_as_people_write_it(text, at):
    picks = 1 if text == "mittags 1" else 4  # noon is a time by itself
    assert heard(text) == (at, "Asia/Tokyo", PRESENT.days, picks)


ORDERS = ("{part} {time}", "{time} {part}", "{part} um {time}", "{time} Berlin {part} 5 Paper")
NAMES = {
    Part.MORNING: ("in the morning", "mornings", "morgens", "am Morgen", "früh"),
    Part.FORENOON: ("vormittags", "am Vormittag"),
    Part.NOON: ("mittags", "am Mittag"),
    Part.AFTERNOON: ("in the afternoon", "nachmittags", "am Nachmittag"),
    Part.EVENING: ("in the evening", "evenings", "abends", "am Abend"),
    Part.NIGHT: ("at night", "in the night", "nachts", "in der Nacht"),
}
parts_named = st.sampled_from([(part, name) for part, names in NAMES.items() for name in names])


@given(st.times(), parts_named, st.sampled_from(ORDERS), st.booleans())
def test_a_time_is_the_one_within_the_part_of_the_day_beside_it(at, named, order, is_short):
    part, name = named
    is_short = is_short and at.hour > 12  # 20:15 is called 8:15, too
    time_said = f"{at.hour - 12 if is_short else at.hour}:{at:%M}"
    found = understand(order.format(part=name, time=time_said), PRESENT, WEDNESDAY)
    if holds(part, at):
        assert isinstance(found, Understood), found
        assert found.schedule.at == at.replace(second=0, microsecond=0)
    elif isinstance(found, Understood):  # the other reading of an hour from one to twelve
        assert holds(part, found.schedule.at)
        assert abs(found.schedule.at.hour - at.hour) == 12
    else:
        assert f"no hour {int(time_said.partition(':')[0])} at that part" in found.sentence


def test_a_part_of_the_day_goes_with_all_that_a_schedule_may_hold():
    for text in (
        "mo-fr abends um acht 5 Paper Berlin",
        "werktags 20 Uhr Berlin abends 5",
        "Berlin weekdays in the evening at eight 5 papers",
        "8 in the evening 5 papers weekdays Berlin",
    ):
        assert heard(text) == ("20:00", "Europe/Berlin", WEEKDAYS, 5)
    assert heard("Montag Abend um 8") == ("20:00", "Asia/Tokyo", {0}, 4)


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        *(("Europe/Berlin", "Europe/Berlin"), ("europe/berlin", "Europe/Berlin")),
        *(("America/New York", "America/New_York"), ("NEW YORK", "America/New_York")),
        *(("munich", "Europe/Berlin"), ("München", "Europe/Berlin"), ("Zürich", "Europe/Zurich")),
        *(("San Francisco", "America/Los_Angeles"), ("india", "Asia/Kolkata")),
        *(("São Paulo", "America/Sao_Paulo"), ("Port-au-Prince", "America/Port-au-Prince")),
        *(("Wrocław", "Europe/Warsaw"), ("Łódź", "Europe/Warsaw"), ("KRAKÓW", "Europe/Warsaw")),
        *(("Malmö", "Europe/Stockholm"), ("Tromsø", "Europe/Oslo")),
        *(("København", "Europe/Copenhagen"), ("Århus", "Europe/Copenhagen")),
        *(("utc", "UTC"), ("UTC+2", "Etc/GMT-2"), ("-5", "Etc/GMT+5"), ("+0", "UTC")),
    ],
)
def test_a_zone_is_understood_by_name_city_country_or_offset(text, zone):
    found = understand(text, PRESENT, WEDNESDAY)
    assert isinstance(found, Understood)
    assert found.schedule.zone == zone
    assert found.is_zone_given


@pytest.mark.parametrize(
    ("text", "days"),
    [
        *(("daily", EVERY_DAY), ("every day", EVERY_DAY), ("weekdays", WEEKDAYS)),
        *(("mon,wed", {0, 2}), ("Monday and Thursday", {0, 3}), ("tue-fri", {1, 2, 3, 4})),
        *(("sat to mon", {5, 6, 0}), ("weekend", {5, 6}), ("weekdays sat", {0, 1, 2, 3, 4, 5})),
        *(("weekly", {WEDNESDAY}), ("weekly fri", {4}), ("every tuesday", {1})),
        *(("täglich", EVERY_DAY), ("werktags", WEEKDAYS), ("am Wochenende", {5, 6})),
        *(("mo, mi und freitags", {0, 2, 4}), ("Di bis Do", {1, 2, 3}), ("jeden Sonntag", {6})),
        *(("wöchentlich", {WEDNESDAY}), ("jeden Tag", EVERY_DAY), ("Sonnabend", {5})),
    ],
)
def test_days_are_understood(text, days):
    assert heard(text)[2] == days


@pytest.mark.parametrize(
    ("text", "is_quiet", "is_filled"),
    [
        *(("quiet", True, True), ("8:30 silently", True, True), ("loud", False, True)),
        *(("line", False, False), ("Berlin quiet just a line", True, False)),
        *(("best of the week", False, True), ("without sound, best", True, True)),
        *(("leise", True, True), ("laut, nur eine Zeile", False, False), ("ohne Ton", True, True)),
    ],
)
def test_how_it_comes_is_understood(text, is_quiet, is_filled):
    found = understand(text, PRESENT, WEDNESDAY)
    assert isinstance(found, Understood), found
    assert (found.schedule.is_quiet, found.schedule.is_filled) == (is_quiet, is_filled)


def test_behind_a_german_hour_a_small_number_counts_papers():
    assert heard("8 Uhr 5 Berlin") == ("08:00", "Europe/Berlin", PRESENT.days, 5)
    assert heard("um 20 Uhr fünf Paper werktags") == ("20:00", "Asia/Tokyo", WEEKDAYS, 5)


def test_every_part_may_stand_anywhere():
    for text in (
        "9 Berlin weekdays 3",
        "weekdays 3 papers berlin 9am",
        "3 papers, Berlin, mon-fri, 9",
    ):
        assert heard(text) == ("09:00", "Europe/Berlin", WEEKDAYS, 3)


def test_a_bare_number_is_the_hour_and_beside_a_time_the_number_of_papers():
    assert heard("8") == ("08:00", "Asia/Tokyo", PRESENT.days, 4)
    assert heard("9:30 8") == ("09:30", "Asia/Tokyo", PRESENT.days, 8)
    assert heard("8 5") == ("08:00", "Asia/Tokyo", PRESENT.days, 5)
    assert heard("8 papers") == ("07:15", "Asia/Tokyo", PRESENT.days, 8)
    found = understand("8", PRESENT, WEDNESDAY)
    assert isinstance(found, Understood)
    assert found.remark == "I read 8 as the hour; for the number of papers write “8 papers”."


@pytest.mark.parametrize(
    ("text", "says"),
    [
        *(("Narnia", "did not understand “Narnia”"), ("8 Ötzdorf", "understand “Ötzdorf”")),
        *(("½ Narnia", "did not understand “½”"), ("berln", "did you mean Berlin?")),
        *(("8:30 9:30", "two different times"), ("berlin tokyo", "two different zones")),
        *(
            ("quiet loud", "two different wishes"),
            ("daily mon", "two different kinds of days"),
            ("weekly mon tue", "Weekly means one day"),
        ),
        *(("11 papers", "1 to 10 papers"), ("8 0", "1 to 10 papers"), ("30", "no hour 30,")),
        *(
            ("25:00", "no hour 25,"),
            ("13pm", "no hour 13 with am or pm"),
            ("8:75", "no minute 75,"),
        ),
        *(("it is 25:00 here now", "no hour 25,"), ("es ist 26 Uhr", "no hour 26,")),
        *(("it is 14:75", "no minute 75,"), ("8:61", "no minute 61,"), ("9960", "no hour 99,")),
        *(("99 o'clock", "no hour 99,"), ("it is 99 o'clock here", "no hour 99,")),
        *(
            ("half past 25", "no hour 25,"),
            ("75 past 8", "no minute 75,"),
            ("halb 31", "no hour 31,"),
        ),
        *(("it is 13:05 pm here", "no hour 13 with"), ("20 Uhr 99 berlin", "no minute 99,")),
        *(
            ("20 Uhr morgens", "no hour 20 at that"),
            ("20:00 in the morning", "no hour 20 at that"),
            ("morgens um 20", "no hour 20 at that"),
            ("it is 20:00 in the morning here", "no hour 20 at that"),
            ("2 abends", "no hour 2 at that"),
            ("25 Uhr abends", "no hour 25,"),
        ),
        *(("abends", "not the hour"), ("5 papers in the evening", "not the hour")),
        *(("8 morgens 20 Uhr abends", "two different times"), ("mittags 20 Uhr", "no hour 20")),
        *(("8 Uhr morgens 20 Uhr", "two different times"), ("8 abends narnia", "“narnia”")),
        *(("usa", "more than one clock"), ("EST", "more than one clock")),
        *(("+5:30", "write your city"), ("+15", "write your city"), ("8 " * 200, "too long")),
    ],
)
def test_what_is_not_understood_is_answered_by_one_sentence_that_says_what_to_do(text, says):
    found = understand(text, PRESENT, WEDNESDAY)
    assert isinstance(found, Misunderstood)
    assert says in found.sentence
    assert "nothing was changed" in found.sentence


def test_who_told_what_their_clock_shows_is_told_how_to_tell_it_again():
    for text in ("it is 25:00 here now", "es ist 14:75 hier", "my clock says 99:00"):
        assert understand(text, PRESENT, WEDNESDAY).sentence.endswith(
            "like /schedule it is 14:05 here now."
        )
    assert understand("25:00", PRESENT, WEDNESDAY).sentence.endswith("like 08:30 or 8 pm.")


@given(st.sampled_from(sorted(available_timezones())), st.booleans())
def test_every_zone_of_the_world_is_known_by_its_name(zone, is_loud):
    text = zone.upper() if is_loud else zone.replace("_", " ")
    found = understand(text, PRESENT, WEDNESDAY)
    if zone.lower() in zones.ABBREVIATIONS or zone in ("Factory", "localtime", "posixrules"):
        assert isinstance(found, Misunderstood)
    else:
        assert isinstance(found, Understood)
        ours, theirs = ZoneInfo(found.schedule.zone), ZoneInfo(zone)
        moment = datetime(2026, 7, 1, 12, tzinfo=ours)
        assert moment.utcoffset() == moment.astimezone(theirs).utcoffset()


@given(st.text(max_size=300) | st.lists(spoken, max_size=8).map(" ".join), st.integers(0, 6))
def test_anything_is_answered_by_a_valid_schedule_or_one_short_sentence(text, weekday):
    found = understand(text, PRESENT, weekday)
    if isinstance(found, Misunderstood):
        assert found.sentence.endswith(".")
        assert len(found.sentence) <= 200
    else:
        ZoneInfo(found.schedule.zone)
        assert found.schedule.days
        assert found.schedule.days <= EVERY_DAY
        assert 1 <= found.schedule.picks <= 10

"""Journeys through the conversation, as a person would read them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.conversation import dialogue, hours_words, words
from bot.conversation.events import Command, Left, Moved, Platform
from bot.conversation.messages import Edit, Send, Toast
from bot.conversation.ports import Answering, Delivery
from bot.conversation.service import Conversation
from bot.conversation.taps import Act, Tap, encode
from bot.schedule import Due, Schedule, due_at
from recommender.feedback import Verdict
from recommender.papers import PaperId
from tests.conversation.journey import ADA, BOB, Journey, length
from tests.conversation.scripted_desk import NOW, ScriptedDesk, paper, talking

CARD = ("[👍 Like] [👎 Skip] [🔖 Save] [Why?]", "[More like this]")


@pytest.fixture
def desk():
    return ScriptedDesk([paper(n) for n in range(1, 13)])


@pytest.fixture
def conversation(desk) -> Answering:
    return talking(desk)


@pytest.fixture
def ada(conversation):
    return Journey(conversation)


async def test_a_new_reader_gets_a_welcome_and_at_once_a_card_and_no_question(ada):
    await ada.command("/start")
    assert ada.transcript == [
        "> /start",
        "I am Paperlark: I find the new research papers you would have picked yourself.",
        "Tap 👍 or 👎, or send me a paper you love: the next card already knows.",
        "Your daily digest is on: 5 papers, weekdays at 08:00 (UTC).",
        "[Change]",
        "Paper number 1",
        *CARD,
    ]
    assert "?" not in "".join(ada.transcript[1:4])


async def test_a_link_into_the_bot_opens_its_paper_after_the_welcome(ada):
    welcome, opened = await ada.command("/start p3")
    assert "I am Paperlark" in welcome.message.text[0].text
    assert opened.message.card.paper == 3
    assert [type(a) for a in await ada.tap("👍 Like")] == [Toast, Edit, Send]


@pytest.mark.parametrize("start", ["p3", "i"])
async def test_who_reads_already_and_opens_a_link_stays_paused_and_is_not_welcomed_anew(
    ada, desk, start
):
    await ada.command("/pause")
    await ada.command(f"/start {start}")
    assert "Paperlark" not in ada.last
    assert (words.INVITED_ALREADY in ada.last) == (start == "i")
    assert ada.actions[-1].message.card.paper == (3 if start == "p3" else 1)
    assert desk.readers["1"].paused_until is not None
    await ada.command("/start")
    assert desk.readers["1"].paused_until is None


@pytest.mark.parametrize("start", ["p", "pzz", "p-1", "pzzzzzzz", "q3", "p3 p4", "P3"])
async def test_a_link_that_names_no_paper_brings_the_first_card(ada, start):
    _, first = await ada.command(f"/start {start}")
    assert first.message.card.paper == 1


async def test_a_like_is_acknowledged_marked_and_followed_by_a_card_that_knows_it(ada):
    await ada.command("/start")
    toast, edit, follow = await ada.tap("👍 Like")
    assert ada.transcript[-7:] == [
        "! Liked. The next paper already knows.",
        "~ Paper number 1 | 👍 Liked",
        "~ [*✓ Liked] [👎 Skip] [🔖 Save] [Why?]",
        "~ [↩ Undo] [More like this]",
        "Paper number 2",
        *CARD,
    ]
    assert (type(toast), type(edit), type(follow)) == (Toast, Edit, Send)
    assert follow.message.card.reason.startswith("Because you liked “Paper number 1” (67\u00a0%)")


async def test_a_skip_asks_why_in_the_card_and_the_answer_brings_no_further_card(ada, desk):
    await ada.command("/pick")
    await ada.tap("👎 Skip")
    card = next(iter(ada.messages))
    actions = await ada.tap("Know it", card)
    assert [type(a) for a in actions] == [Toast, Edit]
    assert ada.transcript[-5:] == [
        "! Noted: you know it, so the topic is right.",
        "~ Paper number 1 | ✓ Known already",
        "~ [👍 Like] [*✓ Skipped] [🔖 Save] [Why?]",
        "~ [Not my topic] [*Know it] [Not now] [↩ Undo]",
        "~ [More like this]",
    ]
    assert desk.opinions[1, PaperId(1)].verdict is Verdict.KNOWN


async def test_the_same_tap_twice_counts_once_and_says_so(ada, desk):
    await ada.command("/pick")
    await ada.tap("👍 Like")
    card = next(iter(ada.messages))
    actions = await ada.tap("✓ Liked", card)
    assert actions[0] == Toast("You already liked it.")
    assert [type(a) for a in actions] == [Toast, Edit]
    assert len(desk.log) == 1


async def test_a_mind_may_be_changed_and_taken_back(ada, desk):
    await ada.command("/pick")
    await ada.tap("👍 Like")
    card = next(iter(ada.messages))
    actions = await ada.tap("👎 Skip", card)
    assert [type(a) for a in actions] == [Toast, Edit]  # the next card stands already
    assert desk.opinions[1, PaperId(1)].verdict is Verdict.SKIP
    await ada.tap("↩ Undo", card)
    await ada.tap("↩ Undo", card)
    assert desk.opinions[1, PaperId(1)].verdict is None
    assert ada.transcript[-3:] == ["~ Paper number 1", *(f"~ {row}" for row in CARD)]


async def test_a_bookmark_brings_no_next_card_and_stands_beside_a_like(ada, desk):
    await ada.command("/pick")
    assert [type(a) for a in await ada.tap("🔖 Save")] == [Toast, Edit]
    await ada.tap("👍 Like", next(iter(ada.messages)))
    assert desk.opinions[1, PaperId(1)].is_saved
    assert "~ Paper number 1 | 👍 Liked · 🔖 Saved" in ada.transcript


async def test_undo_takes_back_the_last_thing_said_and_shows_the_paper_again(ada):
    await ada.command("/undo")
    assert ada.transcript[-1] == "There is nothing to take back. /pick brings a paper."
    await ada.command("/pick")
    await ada.tap("👎 Skip")
    await ada.command("/undo")
    assert ada.transcript[-4:] == ["Taken back.", "Paper number 1", *CARD]


async def test_a_digest_marks_its_papers_where_they_stand_and_sends_nothing_more(ada):
    await ada.command("/today")
    assert ada.transcript[1] == "Your 5 papers for Monday, 23 November"
    assert ada.transcript[7] == "[1 👍] [1 👎] [1 🔖] [1 Open]"
    actions = await ada.tap("3 👍")
    assert [type(a) for a in actions] == [Toast, Edit]
    digest = actions[1].message.digest
    assert [item.card.mark for item in digest.items] == ["", "", "👍 Liked", "", ""]
    assert "~ [*3 👍] [3 👎] [3 🔖] [3 ↩] [3 Open]" in ada.transcript
    actions = await ada.tap("3 ↩")
    assert [item.card.mark for item in actions[1].message.digest.items] == [""] * 5


async def test_a_digest_of_more_than_five_papers_has_one_numbered_button_each(ada):
    await ada.command("/schedule 8 papers")
    await ada.command("/today")
    assert ada.transcript[-2:] == [
        "[1 Open] [2 Open] [3 Open] [4 Open] [5 Open]",
        "[6 Open] [7 Open] [8 Open]",
    ]
    await ada.tap("7 Open")
    assert ada.transcript[-3:] == ["Paper number 7", *CARD]
    assert [type(a) for a in await ada.tap("👍 Like")] == [Toast, Edit]


async def test_a_day_without_papers_says_so(conversation):
    nobody = Journey(Conversation(ScriptedDesk([]), lambda: NOW))
    await nobody.command("/today")
    assert nobody.transcript[1].startswith("No papers for Monday, 23 November: nothing new was")


async def test_when_everything_was_seen_the_answer_says_what_to_do(desk):
    desk.papers = desk.papers[:1]
    reader = Journey(Conversation(desk, lambda: NOW))
    await reader.command("/pick")
    await reader.tap("👍 Like")
    assert reader.transcript[-1].startswith("You have seen every new paper I have.")
    assert "send me the link" in reader.transcript[-1]
    desk.is_sample = True
    await reader.command("/pick")
    assert reader.transcript[-1].startswith("You have seen the whole sample.")


async def test_why_tells_the_whole_score_to_the_asker_alone(ada):
    await ada.command("/pick")
    await ada.tap("👍 Like")
    (answer,) = await ada.tap("Why?")
    assert answer.is_private
    assert ada.transcript[-4:] == [
        "Paper number 2",
        "What its score is made of:",
        "67\u00a0% · close to “Paper number 1”, which you liked (shared words: paper)",
        "33\u00a0% · what every paper gets, and what is too small to name",
    ]


async def test_saved_papers_come_in_pages_that_turn_in_place(ada, desk):
    await ada.command("/saved")
    assert ada.transcript[-1].startswith("You have saved nothing yet.")
    for _ in range(12):
        await ada.command("/pick")
        await ada.tap("🔖 Save")
    await ada.command("/saved")
    assert ada.transcript[-1] == "[Older ›]"
    assert "Your saved papers, 1–10 of 12" in ada.transcript
    (edit,) = await ada.tap("Older ›")
    assert isinstance(edit, Edit)
    assert ada.transcript[-5:] == [
        "~ Your saved papers, 11–12 of 12",
        "~ 11. Paper number 2 | 🔖 Saved",
        "~ 12. Paper number 1 | 🔖 Saved",
        "~ [11 Open] [12 Open]",
        "~ [‹ Newer]",
    ]
    await ada.command("/saved 7")
    assert ada.transcript[-1] == "Your saved papers fill 2 pages: try /saved 2."
    await ada.command("/saved 0")
    assert ada.transcript[-1] == words.SAVED_WANTS_A_NUMBER
    await ada.tap("12 Open")
    assert ada.transcript[-3] == "Paper number 1 | 🔖 Saved"


async def test_saved_papers_with_some_words_come_in_pages_that_remember_them(ada, desk):
    for _ in range(12):
        await ada.command("/pick")
        await ada.tap("🔖 Save")
    await ada.command("/saved Number\t\u202e")
    assert "Saved papers with “Number”, 1–10 of 12" in ada.transcript
    await ada.tap("Older ›")
    assert "~ Saved papers with “Number”, 11–12 of 12" in ada.transcript
    await ada.command("/saved page 2 number")
    assert "Saved papers with “number”, 11–12 of 12" in ada.transcript
    await ada.command("/saved nobody has this")
    assert ada.transcript[-1] == words.nothing_found("nobody has this")


async def test_schedule_repeats_time_zone_days_and_the_next_moment_on_the_readers_clock(ada, desk):
    await ada.command("/schedule 08:30 Europe/Berlin mon,wed 3")
    assert ada.transcript[1:4] == [
        "Stored.",
        "3 papers, Mon and Wed at 08:30 (Europe/Berlin)",
        "The next one comes on Monday, 23 November at 08:30 (Europe/Berlin). After that on "
        "Wednesday, 25 November at 08:30 and on Monday, 30 November at 08:30.",
    ]
    assert desk.readers["1"].is_zone_known
    assert ada.transcript[4].startswith("[07:00]")  # no examples: whoever wrote that knows how


async def test_a_digest_that_comes_at_once_is_not_announced_for_this_odd_minute(ada, desk):
    await ada.command("/schedule 08:00 UTC daily")
    reader = desk.readers["1"]
    late = due_at(NOW.date(), reader.schedule.at, UTC) + timedelta(minutes=43)
    at_once = replace(reader, due=Due(NOW.date(), late))
    assert dialogue.push_state(at_once) == "Today's comes in a moment."
    there = replace(at_once, push_place="discord")
    assert dialogue.push_state(there) == "Today's comes to your Discord messages in a moment."


async def test_any_hour_can_be_tapped(ada, desk):
    await ada.command("/schedule")
    await ada.tap("Other hour")
    assert ada.transcript[-5:] == [
        "~ [00:00] [01:00] [02:00] [03:00] [04:00]",
        "~ [05:00] [06:00] [07:00] [*08:00] [09:00]",
        "~ [10:00] [11:00] [12:00] [13:00] [14:00]",
        "~ [15:00] [16:00] [17:00] [18:00] [19:00]",
        "~ [20:00] [21:00] [22:00] [23:00] [‹ Back]",
    ]
    await ada.tap("‹ Back")
    assert "~ [07:00] [*08:00] [09:00] [18:00] [Other hour]" in ada.transcript
    await ada.tap("Other hour")
    toast, _edit = await ada.tap("22:00")
    assert toast == Toast(words.SCHEDULE_STORED)
    assert desk.readers["1"].schedule.at.hour == 22


async def test_what_a_clock_shows_here_leads_to_places_that_keep_it(ada, desk):
    await ada.command("/schedule it is 7:32 here now")
    told = ada.transcript[1]
    assert told.startswith("When your clock shows 07:32 or 19:32, you are at UTC+1")
    assert desk.readers["1"].schedule == Schedule()
    toast, _edit = await ada.tap("Berlin")
    assert toast == Toast(words.SCHEDULE_STORED)
    assert desk.readers["1"].schedule.zone == "Europe/Berlin"
    assert desk.readers["1"].is_zone_known
    await ada.command("/schedule it is 17:45 here")
    assert ada.transcript[-1] == hours_words.NO_SUCH_CLOCK


async def test_places_are_called_as_the_reader_calls_them(conversation):
    ada = Journey(conversation, replace(ADA, language="de"))
    await ada.command("/zeitplan es ist 7:32 hier")
    labels = {b.label for row in ada.messages[ada.newest()].rows for b in row}
    assert {"Berlin", "Rom", "Wien", "Zürich", "Prag", "Warschau", "Kopenhagen"} <= labels
    await ada.command("/zeitplan")
    assert "[London] [Berlin] [New York] [Los Angeles] [Tokio]" in ada.transcript


async def test_the_next_three_digests_follow_the_clocks(ada, desk):
    desk.now = datetime(2026, 3, 27, 12, tzinfo=UTC)  # before the clocks change in Nuuk
    await ada.command("/schedule 23:30 America/Nuuk daily")
    assert "on Friday, 27 March at 23:30 (America/Nuuk). After that on Sunday, 29 March" in ada.last


async def test_the_schedule_menu_shows_what_holds_and_changes_in_place(ada, desk):
    await ada.command("/start")
    await ada.tap("Change")
    assert "[07:00] [*08:00] [09:00] [18:00] [Other hour]" in ada.transcript
    assert "I do not know your time zone yet, so UTC holds: write your city." in ada.transcript
    for label in ("18:00", "Every day", "10 papers", "Tokyo"):
        toast, edit = await ada.tap(label)
        assert (toast, type(edit)) == (Toast("Stored."), Edit)
    assert "~ 10 papers, every day at 18:00 (Asia/Tokyo)" in ada.transcript
    await ada.tap("Weekly")
    assert desk.readers["1"].schedule.days == {0}  # a Monday


async def test_a_schedule_that_is_not_understood_changes_nothing(ada, desk):
    await ada.command("/start")
    before = desk.readers["1"]
    await ada.command("/schedule 08:30 Narnia")
    assert ada.transcript[-1] == (
        "I did not understand “Narnia”, so nothing was changed: write something like "
        "/schedule 08:30 Berlin weekdays 5."
    )
    assert desk.readers["1"] == before


async def test_a_pause_ends_by_itself_or_by_resume(ada):
    await ada.command("/pause 7")
    assert "The digest is paused until Monday, 30 November." in ada.last
    await ada.command("/pause")
    assert "The digest is paused until you send /resume. Everything else goes on." in ada.last
    await ada.tap("Resume")
    assert "! The digest is on again." in ada.transcript
    await ada.command("/pause for ever")
    assert ada.transcript[-1].startswith("Write a number of days from 1 to 365")
    until = {"2 weeks": "7 December", "a week": "30 November", "1": "24 November"}
    for written, day in until.items():
        await ada.command(f"/pause {written}")
        assert f"day, {day}. /resume starts it earlier." in ada.transcript[-2]
    await ada.command("/resume")
    assert "The digest is on again. 5 papers, weekdays at 08:00 (UTC)." in ada.last


async def test_a_link_to_a_paper_that_cannot_be_reached_is_not_met_with_silence(conversation, desk):
    answer = conversation.answer(Command("1", ADA, "start", "p3"))
    await anext(answer)  # the welcome
    desk.is_away = True
    assert [action.message async for action in answer] == [dialogue.text(words.RANKING_AWAY)]


async def test_start_ends_a_pause(ada, desk):
    await ada.command("/start")
    await ada.command("/pause")
    await ada.command("/start")
    assert desk.readers["1"].paused_until is None
    assert "Welcome back. I am still Paperlark" in ada.last


async def test_status_tells_taste_digests_and_how_fresh_the_papers_are(ada, desk):
    await ada.command("/pick")
    await ada.tap("👍 Like")
    desk.last = Delivery(Due(NOW.date() - timedelta(days=3), NOW), "failed", "blocked")
    desk.troubles = ("arxiv",)
    await ada.command("/status")
    assert ada.transcript[-10:] == [
        "You liked 1 paper, skipped 0 and saved 0: that is what I know of your taste.",
        "Your /interests are made of 1 paper that you liked, saved or know.",
        "",
        "5 papers, weekdays at 08:00 (UTC). The next one comes on Monday, 23 November at "
        "08:00 (UTC).",
        "The digest for Friday, 20 November could not be delivered, because I was blocked there. "
        "/today shows its papers.",
        "",
        "I have 12 papers, the newest announced on Friday, 20 November; new ones came in 3 hours "
        "ago.",
        "Trouble right now with: arxiv. I keep trying by myself.",
        "Model: text-1",
        "[Change] [Next paper]",
    ]
    desk.is_sample = True
    await ada.command("/status")
    assert "These are sample papers: real ones arrive once arXiv has been read." in ada.transcript


@pytest.mark.parametrize(
    ("last", "schedule", "hours", "says"),
    [
        (("unknown", "connection"), "08:00", 2, "may not have arrived, because the connection"),
        (
            ("claimed", "platform_away"),
            "08:00",
            2,
            "could not be reached. I try again at",
        ),
        (None, "weekly fri", 2, "Today is no day of your schedule."),
        (None, "06:00", 2, "its hour had passed when the schedule was set"),
        (None, "08:00", 0, "The next one comes on Monday, 23 November at 08:00"),
    ],
)
async def test_status_says_why_no_digest_came_today(desk, last, schedule, hours, says):
    now = NOW + timedelta(hours=hours)
    ada = Journey(Conversation(desk, lambda: now))
    await ada.command(f"/schedule {schedule}")
    desk.now = now
    if last:
        retry = now + timedelta(minutes=4) if last[0] == "claimed" else None
        desk.last = Delivery(Due(NOW.date(), now), *last, retry)
    await ada.command("/status")
    assert says in ada.last


async def test_who_was_out_of_reach_is_told_on_the_next_visit(ada, desk):
    await ada.command("/pick")
    desk.readers["1"] = replace(desk.readers["1"], back_from="blocked")
    told = "I sent no digest since I was blocked here; now that you are back, I do again. The n"
    await ada.command("/pick")
    assert ada.transcript[-1].startswith(told)
    await ada.command("/start")
    assert ada.transcript[-1].startswith(told)
    await ada.tap("👍 Like", next(iter(ada.messages)))
    assert ada.transcript[-1].startswith(told)


async def test_status_owns_up_to_a_digest_that_is_late(desk):
    now = NOW + timedelta(hours=2)
    ada = Journey(Conversation(desk, lambda: now))  # and the desk still owes the one of eight
    await ada.command("/status")
    assert "was due at 08:00 and is late: it comes as soon as I can." in ada.last


async def test_where_no_digest_can_be_sent_none_is_promised(desk):
    desk.place = ""
    reader = Journey(Conversation(desk, lambda: NOW))
    for line in ("/start", "/schedule", "/status", "/resume"):
        await reader.command(line)
        assert "The next one comes" not in reader.last
        assert "/today brings the day's papers" in reader.last


async def test_what_is_no_paper_gets_one_helpful_line(ada, desk):
    await ada.say("hello")
    assert ada.transcript[-1].startswith("I understand links, arXiv ids and titles of papers")
    await ada.say("2699.99999")
    assert ada.transcript[-1].startswith("I know no such paper.")
    desk.is_source_away = True
    await ada.say("2699.99999")
    assert "arXiv cannot be asked right now" in ada.transcript[-1]


@pytest.mark.parametrize(
    ("typed", "guess"), [("strat", "start"), ("svaed", "saved"), ("paus", "pause")]
)
async def test_an_unknown_command_suggests_the_nearest(ada, typed, guess):
    await ada.command(f"/{typed}")
    assert ada.transcript[-1] == (
        f"I do not know /{typed}. Did you mean /{guess}? /help lists what I understand."
    )


async def test_who_nearly_asked_for_help_is_offered_it_once(ada):
    await ada.command("/hlep")
    assert ada.transcript[-1] == (
        "I do not know /hlep. Did you mean /help? It lists what I understand."
    )


async def test_help_names_every_command(ada):
    await ada.command("/help")
    for name in ("start", "pick", "today", "saved", "undo", "schedule", "pause", "resume"):
        assert f"/{name}  " in ada.last


@pytest.mark.parametrize(
    "data",
    [
        *("", "x", "l", "l::", "l:::", "zz:1:1:", "l:1:1", "l:-1:1:", "l:é:1:", "l+::1:20261123"),
        *("l:1:1:" + "x" * 90, "l:zzzzzzzz:1:", "\ud800:1:1:", "l:1:1:\x00"),
        *("y:::elsewhere,1", "y:::saved,0", "t:::drop tables"),
    ],
)
async def test_old_and_forged_buttons_get_one_helpful_toast_and_change_nothing(ada, desk, data):
    await ada.command("/start")
    (toast,) = await ada.press(data, ada.newest())
    assert isinstance(toast, Toast)
    assert "nothing was changed" in toast.text or "Try /saved" in toast.text
    assert not desk.opinions


@pytest.mark.parametrize("act", [Act.LIKE, Act.SKIP, Act.SAVE, Act.UNDO, Act.WHY, Act.KNOWN])
async def test_a_card_made_for_somebody_else_changes_nothing(conversation, desk, act):
    ada, bob = Journey(conversation), Journey(conversation, BOB)
    await ada.command("/pick")
    await bob.command("/pick")
    (toast,) = await bob.press(encode(Tap(act, 1, 1)), ada.newest())
    assert toast == Toast("This card is none of yours, so nothing was changed. Try /pick.")
    assert not desk.opinions


async def test_a_paper_that_is_gone_is_said_so(ada):
    await ada.command("/start")
    for act in (Act.LIKE, Act.OPEN, Act.WHY):
        (toast,) = await ada.press(encode(Tap(act, 999)), ada.newest())
        assert toast == Toast("I no longer have this paper, so nothing was changed. Try /pick.")


async def test_an_old_card_works_after_a_restart(desk):
    before = Journey(Conversation(desk, lambda: NOW))
    await before.command("/pick")
    after = Journey(Conversation(desk, lambda: NOW + timedelta(days=30)))
    after.messages = dict(before.messages)
    await after.tap("👍 Like")
    assert "~ Paper number 1 | 👍 Liked" in after.transcript


async def test_an_event_that_comes_again_counts_once_and_still_marks_the_card(ada, desk):
    await ada.command("/pick")
    ref = ada.newest()
    data = ada.messages[ref].rows[0][0].data
    first = await ada.press(data, ref, event="same")
    again = await ada.press(data, ref, event="same")
    assert [type(a) for a in first] == [Toast, Edit, Send]
    assert [type(a) for a in again] == [Toast, Edit]
    assert len(desk.log) == 1


async def test_without_a_database_nothing_is_claimed_to_be_stored(ada, desk):
    await ada.command("/start")
    desk.is_away = True
    (toast,) = await ada.tap("👍 Like")
    assert toast == Toast(
        "Nothing was stored, because my memory is away. Please try again in a minute."
    )
    for line in (
        "/start",
        "/pick",
        "/today",
        "/saved",
        "/undo",
        "/schedule 9",
        "/pause",
        "/status",
    ):
        (answer,) = await ada.command(line)
        assert isinstance(answer, Send)
        assert ada.transcript[-1].startswith("Nothing was stored")
    await ada.say("2611.00003")
    assert ada.transcript[-1].startswith("Nothing was stored")
    assert len(await ada.command("/help")) == 1
    desk.is_away = False
    await ada.tap("👍 Like")
    assert desk.opinions[1, PaperId(1)].verdict is Verdict.LIKE


async def test_a_stored_tap_stays_acknowledged_when_the_next_card_cannot_be_ranked(ada, desk):
    await ada.command("/pick")
    desk.is_ranking_away = True
    toast, _, follow = await ada.tap("👍 Like")
    assert toast == Toast("Liked. The next paper already knows.")
    assert isinstance(follow, Send)
    assert ada.transcript[-1].startswith("Your tap is stored, but")


async def test_who_left_or_moved_is_noted_and_gets_no_answer(conversation, desk):
    assert [a async for a in conversation.answer(Left("1", ADA))] == []
    assert [a async for a in conversation.answer(Moved("2", ADA, "1", "-100"))] == []
    assert desk.gone == ["1", "-100"]
    desk.is_away = True
    assert [a async for a in conversation.answer(Left("3", ADA))] == []


async def test_who_cannot_be_reached_is_told_at_the_next_word(ada, desk):
    await ada.command("/start")
    reader = desk.readers[ADA.account]
    desk.readers[ADA.account] = replace(reader, unreachable="dms_closed", push_place="")
    for line in ("/pick", "/today", "/start"):
        ada.transcript.clear()
        await ada.command(line)
        assert "direct messages are closed" in ada.last


async def test_in_a_group_what_concerns_the_asker_is_for_the_asker_alone(conversation):
    person = replace(ADA, platform=Platform.DISCORD, is_private=False)
    reader = Journey(conversation, person)
    for line in ("/start", "/pick", "/today", "/saved", "/undo", "/pause", "/resume", "/status"):
        assert all(answer.is_private for answer in await reader.command(line))
    (answer,) = await reader.command("/schedule")
    assert answer.is_private
    _, answer = await reader.tap("09:00")
    assert isinstance(answer, Send)
    assert answer.is_private


async def test_every_message_of_a_full_digest_fits_every_platform(desk):
    long = "An Extraordinarily Long Title with Many Words That Goes On and On " * 5
    desk.papers = [
        replace(
            paper(n), title=f"{n} {long}", abstract=long * 20, authors=("Name " * 30,) * 40,
            comment="Accepted at " + long, is_withdrawn=True, is_sample=True,
        )
        for n in range(1, 30)
    ]  # fmt: skip
    reader = Journey(Conversation(desk, lambda: NOW))
    for n in range(1, 4):
        await reader.command("/pick")
        await reader.tap("👍 Like")
        await reader.command(f"/schedule {n * 3} papers")
    await reader.command("/schedule 10 papers")
    await reader.command("/today")
    for message in reader.messages.values():
        assert length(message) <= 3_500
        assert all(len(row) <= 5 for row in message.rows)
        assert len(message.rows) <= 5


async def test_what_people_write_for_a_command_is_taken_for_the_command(ada):
    for word, meant in (("stop", "pause"), ("settings", "schedule"), ("next", "pick")):
        ada.transcript.clear()
        await ada.command(f"/{word}")
        assert f"Did you mean /{meant}?" in ada.last


async def test_a_schedule_that_ends_a_pause_says_so(ada):
    await ada.command("/pause")
    await ada.command("/schedule 9:00")
    assert "The digest is on again." in ada.last

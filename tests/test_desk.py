"""The journeys of the conversation on real storage, with a real model that ranks."""

from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import text

from bot.conversation import words
from bot.conversation.events import Left, MessageRef, Platform, Pressed
from bot.conversation.messages import Edit, Send, Toast
from bot.conversation.ports import OutcomeUnknown, TemporarilyUnavailable
from bot.conversation.service import Conversation
from bot.conversation.surprise import Surprise
from bot.conversation.taps import Act, decode, encode
from bot.jobs.daily_picks import DailyPicks
from bot.naming import looks_like_a_title
from bot.schedule import EVERY_DAY, Schedule
from storage import catalogue
from storage.database import Database
from tests.conversation.journey import Journey
from tests.house import RecordingMessenger, open_desk, papers_of, person, stocked

TODAY = date(2026, 3, 2)
SCHEDULE = Schedule(at=time(8), zone="UTC", days=EVERY_DAY, picks=3)


@pytest.fixture
async def desk(any_database, encoder, clock, tmp_path):
    await stocked(any_database, papers_of(TODAY), clock())
    return await open_desk(any_database, encoder, clock, tmp_path)


@pytest.fixture
def ada(desk, clock):
    return Journey(Conversation(desk, clock), person("7"))


@pytest.fixture
def ben(desk, clock):
    return Journey(Conversation(desk, clock), person("8"))


def card(journey):
    """Return the newest card."""
    cards = (m.card for m in reversed(journey.messages.values()) if m.card)
    return next(cards)


def papers(message):
    return [item.card.paper for item in message.digest.items]


def said(journey):
    """Return the text of the newest message."""
    return "".join(span.text for span in journey.messages[journey.newest()].text)


async def push(database, desk, clock, messenger=None):
    """Let a day's pushes go out, one hour later; return who sent them."""
    messenger = messenger or RecordingMessenger()
    clock.forward(hours=1, minutes=1)
    await DailyPicks(database, desk, {Platform.TELEGRAM: messenger}, clock).run_once()
    return messenger


async def subscribed(desk, name="7"):
    return await desk.reschedule(await desk.reader(person(name)), SCHEDULE, is_zone_known=True)


# ---------------------------------------------------------------- cards


async def test_start_brings_a_welcome_and_a_first_card_at_once(ada):
    welcome, first = await ada.command("/start")
    assert "I am Paperlark" in welcome.message.text[0].text
    assert first.message.card is not None
    assert "digest is on" in welcome.message.text[0].text


async def test_a_like_is_stored_marked_and_followed_by_another_paper(ada, desk):
    await ada.command("/start")
    liked = card(ada)
    toast, edit, following = await ada.tap("👍 Like")
    assert toast == Toast(words.LIKED_NOW)
    assert isinstance(edit, Edit)
    assert edit.message.card.mark == words.MARK_LIKED
    assert isinstance(following, Send)
    assert following.message.card.paper != liked.paper
    status = await desk.status(await desk.reader(person("7")))
    assert (status.likes, status.skips, status.saved) == (1, 0, 0)


async def test_the_cards_after_a_like_are_of_its_field_and_say_so(ada, desk):
    await ada.command("/start")
    while "cs.RO" not in card(ada).details[0]:
        await ada.tap("👎 Skip")
    liked = card(ada).title
    await ada.tap("👍 Like")
    following = [card(ada)]
    for _ in range(3):
        await ada.command("/pick")
        following.append(card(ada))
    fields = [c.details[0] for c in following]
    assert sum("cs.RO" in field for field in fields) >= 3
    assert any(liked in c.reason for c in following)


async def test_no_card_comes_twice_until_nothing_is_left(ada):
    await ada.command("/start")
    seen = [card(ada).paper]
    while "seen every new paper" not in ada.last:
        await ada.command("/pick")
        seen.append(card(ada).paper)
    assert len(set(seen[:-1])) == len(papers_of(TODAY))
    assert seen[-1] == seen[-2]


async def test_a_tap_that_comes_twice_counts_once(ada, desk):
    await ada.command("/start")
    ref = ada.newest()
    data = ada.messages[ref].buttons[0][0].data
    for _ in range(2):
        await ada.press(data, ref, event="again")
    assert (await desk.status(await desk.reader(person("7")))).likes == 1
    await ada.press(data, ref, event="another")
    assert words.ALREADY["like"] in ada.last


async def test_a_card_that_is_a_month_old_works_like_a_new_one(ada, desk, clock):
    await ada.command("/start")
    ref = ada.newest()
    clock.forward(days=31)
    toast, edit, *_ = await ada.tap("👍 Like", on=ref)
    assert toast == Toast(words.LIKED_NOW)
    assert edit.message.card.mark == words.MARK_LIKED
    await ada.tap("🔖 Save", on=ref)
    status = await desk.status(await desk.reader(person("7")))
    assert (status.likes, status.saved) == (1, 1)
    clock.forward(days=31)
    (toast, *_) = await ada.tap("↩ Undo", on=ref)
    assert toast == Toast(words.UNDONE_NOW)
    status = await desk.status(await desk.reader(person("7")))
    assert (status.likes, status.saved) == (1, 0)


async def test_undo_takes_back_one_step_after_the_other(ada, desk):
    await ada.command("/start")
    await ada.tap("👍 Like")
    liked = ada.messages[next(r for r, m in ada.messages.items() if m.card)].card
    await ada.tap("🔖 Save", on=next(r for r, m in ada.messages.items() if m.card))
    reader = await desk.reader(person("7"))
    for counts, mark in (((1, 0), words.MARK_LIKED), ((0, 0), "")):
        (undone,) = await ada.command("/undo")
        assert (undone.message.card.paper, undone.message.card.mark) == (liked.paper, mark)
        status = await desk.status(reader)
        assert (status.likes, status.saved) == counts
    await ada.command("/undo")
    assert said(ada) == words.NOTHING_TO_UNDO


async def test_a_mind_may_change_and_no_further_card_follows(ada, desk):
    await ada.command("/start")
    ref = ada.newest()
    await ada.tap("👍 Like", on=ref)
    actions = await ada.tap("👎 Skip", on=ref)
    assert [type(action) for action in actions] == [Toast, Edit]
    status = await desk.status(await desk.reader(person("7")))
    assert (status.likes, status.skips) == (0, 1)


async def test_what_is_saved_is_found_again_newest_first(ada, clock):
    await ada.command("/start")
    saved = []
    for _ in range(12):
        await ada.command("/pick")
        await ada.tap("🔖 Save")
        saved.insert(0, card(ada).paper)
        clock.forward(seconds=1)
    (page,) = await ada.command("/saved")
    assert page.is_private
    assert papers(page.message) == saved[:10]
    await ada.tap("Older ›")
    assert papers(ada.messages[ada.newest()]) == saved[10:]
    await ada.tap("11 Open")
    assert card(ada).paper == saved[10]


async def test_why_names_what_was_liked_with_shares_that_add_up(ada):
    await ada.command("/start")
    liked = card(ada).title
    await ada.tap("👍 Like")
    (why,) = await ada.tap("Why?")
    reason = "".join(span.text for span in why.message.text)
    assert liked in reason
    shares = [line.split("\u00a0% · ")[0] for line in reason.split("\n") if "\u00a0% · " in line]
    assert sum(int(share.lstrip("−")) for share in shares) == 100


async def test_another_readers_button_changes_nothing(ada, ben, desk):
    await ada.command("/start")
    ref = ada.newest()
    data = ada.messages[ref].buttons[0][0].data
    await ben.command("/start")
    assert await ben.press(data, ref) == [Toast(words.FOREIGN_BUTTON)]
    for name in ("7", "8"):
        assert (await desk.status(await desk.reader(person(name)))).likes == 0


async def test_the_button_of_a_paper_that_never_was_is_answered(ada):
    await ada.command("/start")
    assert await ada.press("l:zzzz:1:", ada.newest()) == [Toast(words.PAPER_GONE)]


async def test_each_reader_has_a_taste_of_their_own(ada, ben, desk):
    for journey, who, field in (
        (ada, person("7"), "astro-ph.GA"),
        (ben, person("8"), "math.NT"),
    ):
        await journey.command("/start")
        while field not in card(journey).details[0]:
            await journey.command("/pick")
        await journey.tap("👍 Like")
        await journey.command("/today")
        today = await desk.digest(await desk.reader(who))
        assert sum(field in offer.paper.categories for offer in today) >= 3


# ---------------------------------------------------------------- the digest


async def test_today_stays_the_same_all_day(ada, clock):
    await ada.command("/start")
    first = (await ada.command("/today"))[0].message
    clock.forward(hours=3)
    assert papers((await ada.command("/today"))[0].message) == papers(first)
    clock.forward(days=1)
    assert not set(papers((await ada.command("/today"))[0].message)) & set(papers(first))


async def test_the_push_brings_other_papers_than_an_earlier_today(ada, desk, clock, any_database):
    await subscribed(desk)
    early = papers((await ada.command("/today"))[0].message)
    (pushed,) = (await push(any_database, desk, clock)).to("chat-7")
    assert len(papers(pushed)) == 3
    assert not set(papers(pushed)) & set(early)


async def test_today_shows_what_was_pushed(ada, desk, clock, any_database):
    await subscribed(desk)
    await ada.command("/today")
    (pushed,) = (await push(any_database, desk, clock)).to("chat-7")
    (today,) = await ada.command("/today")
    assert papers(today.message) == papers(pushed)
    assert today.message.digest.heading == pushed.digest.heading


async def test_a_tap_in_a_pushed_digest_marks_it_there_and_sends_nothing(
    ada, desk, clock, any_database
):
    reader = await subscribed(desk)
    messenger = await push(any_database, desk, clock)
    (pushed,) = messenger.to("chat-7")
    like, _, save, _ = pushed.digest.items[1].buttons
    ref = MessageRef("chat-7", "1")
    assert (await ada.press(like.data, ref))[0] == Toast(words.LIKED_ALONE)
    _, edit = await ada.press(save.data, ref)
    marks = [item.card.mark for item in edit.message.digest.items]
    assert marks == ["", f"{words.MARK_LIKED} · {words.MARK_SAVED}", ""]
    assert papers(edit.message) == papers(pushed)
    status = await desk.status(reader)
    assert (status.likes, status.saved) == (1, 1)


async def test_a_digest_that_is_a_month_old_is_marked_and_unmarked_where_it_stands(
    ada, desk, clock, any_database
):
    reader = await subscribed(desk)
    (pushed,) = (await push(any_database, desk, clock)).to("chat-7")
    for _ in range(2):  # the first push's papers are long out of the newest days
        clock.forward(days=15)
        await stocked(any_database, papers_of(clock().date()), clock())
        await push(any_database, desk, clock)
    ref = MessageRef("chat-7", "1")
    like, skip, save, _ = pushed.digest.items[2].buttons
    for button, marks in (
        (save, words.MARK_SAVED),
        (like, f"{words.MARK_LIKED} · {words.MARK_SAVED}"),
        (skip, f"{words.MARK_SKIPPED} · {words.MARK_SAVED}"),
    ):
        _, edit = await ada.press(button.data, ref)
        assert papers(edit.message) == papers(pushed)
        assert [item.card.mark for item in edit.message.digest.items] == ["", "", marks]
    tapped = decode(skip.data)
    assert tapped is not None
    toast, edit = await ada.press(encode(replace(tapped, act=Act.UNDO)), ref)
    assert toast == Toast(words.UNDONE_NOW)
    assert edit.message.digest.items[2].card.mark != marks
    status = await desk.status(reader)
    assert (status.likes, status.saved) == (1, 1)


@pytest.mark.parametrize(
    "act", [Act.LIKE, Act.SKIP, Act.OFF_TOPIC, Act.KNOWN, Act.NOT_NOW, Act.SAVE]
)
async def test_each_button_says_so_when_it_is_tapped_again(ada, act):
    await ada.command("/start")
    ref, tap = ada.newest(), decode(ada.messages[ada.newest()].rows[0][0].data)
    assert tap is not None
    data = encode(replace(tap, act=act))
    first, *_ = await ada.press(data, ref)
    again, *_ = await ada.press(data, ref)
    assert first != again
    assert "already" in again.text
    (undone, *_) = await ada.press(encode(replace(tap, act=Act.UNDO)), ref)
    assert undone == Toast(words.UNDONE_NOW)


async def test_a_digest_that_ended_unknown_is_shown_as_perhaps_seen(ada, desk, clock, any_database):
    await subscribed(desk)
    messenger = RecordingMessenger(refusals={"chat-7": [OutcomeUnknown()]})
    await push(any_database, desk, clock, messenger)
    (today,) = await ada.command("/today")
    assert [item.card.note for item in today.message.digest.items] == [words.MAY_BE_SEEN] * 3
    await ada.command("/status")
    assert "may not have arrived" in said(ada)


async def test_papers_of_a_digest_that_ended_unknown_may_return_once(
    ada, desk, clock, any_database
):
    reader = await subscribed(desk)
    messenger = RecordingMessenger(refusals={"chat-7": [OutcomeUnknown()]})
    await push(any_database, desk, clock, messenger)
    doubtful = {offer.paper.id for offer in await desk.digest(reader)}
    returned = []
    while (offer := await desk.next_offer(reader)) is not None:
        if offer.paper.id in doubtful:
            assert offer.may_be_seen
            returned.append(offer.paper.id)
    assert sorted(returned) == sorted(doubtful)


async def test_a_digest_holds_only_the_newest_seven_announcement_days(
    any_database, encoder, clock, tmp_path
):
    days = [TODAY - timedelta(days=n) for n in range(10)]
    for n, day in enumerate(days):
        await stocked(any_database, papers_of(day, n_each=1, first=100 * n), clock())
    desk = await open_desk(any_database, encoder, clock, tmp_path)
    reader = await subscribed(desk)
    offered = set()
    while (offer := await desk.next_offer(reader)) is not None:
        offered.add(offer.paper.announced)
    assert offered == set(days[:7])


async def test_what_was_seen_as_a_card_is_in_no_digest(ada, desk, clock, any_database):
    await subscribed(desk)
    await ada.command("/start")
    seen = {card(ada).paper}
    for _ in range(9):
        await ada.command("/pick")
        seen.add(card(ada).paper)
    (pushed,) = (await push(any_database, desk, clock)).to("chat-7")
    assert not seen & set(papers(pushed))


async def test_a_short_digest_says_why(desk, clock, any_database):
    reader = await subscribed(desk)
    left = len(papers_of(TODAY)) - 2
    for _ in range(left):
        await desk.next_offer(reader)
    (pushed,) = (await push(any_database, desk, clock)).to("chat-7")
    assert len(papers(pushed)) == 2
    assert pushed.digest.footing == words.digest_is_short(3)


# ---------------------------------------------------------------- schedule and status


async def test_a_schedule_is_repeated_with_the_next_moment(ada, desk):
    (answer,) = await ada.command("/schedule 08:30 Europe/Berlin weekdays 4")
    told = "".join(span.text for span in answer.message.text)
    assert "4 papers, weekdays at 08:30" in told
    assert "Monday, 2 March at 08:30 (Europe/Berlin)" in told
    reader = await desk.reader(person("7"))
    assert (reader.schedule.zone, reader.schedule.picks) == ("Europe/Berlin", 4)


async def test_a_pause_ends_with_the_beginning_of_a_day_and_then_is_none(ada, desk, clock):
    reader = await desk.reader(person("7"))
    clock.forward(hours=1, seconds=5)  # just after the digest of the day
    paused = await desk.pause(reader, 2)
    assert paused.due.moment == datetime(2026, 3, 4, 8, tzinfo=UTC)
    clock.now = paused.paused_until
    assert (await desk.reader(person("7"))).paused_until is None


async def test_pause_and_resume_switch_the_digest(ada, desk):
    await ada.command("/start")
    await ada.command("/pause")
    assert (await desk.reader(person("7"))).due is None
    await ada.command("/resume")
    assert (await desk.reader(person("7"))).due is not None


async def test_the_dial_is_kept_and_ranking_follows_it(desk, clock, any_database):
    ada = Journey(Conversation(desk, clock, [Surprise(desk)]), person("7"))
    for dial in (4, 0):
        await ada.command(f"/surprise {dial}")
        reader = await desk.reader(person("7"))
        assert reader.surprise == dial
    assert not any(offer.pick.is_exploring for offer in await desk.digest(reader) if offer.pick)


async def test_who_left_is_owed_nothing_until_they_speak_again(ada, desk, clock):
    await subscribed(desk)
    async for _ in Conversation(desk, clock).answer(Left("gone", person("7"))):
        pass
    reader = (await desk.status(await desk.reader(person("8")))).reader
    assert reader.due is not None
    await ada.command("/start")
    assert (await desk.reader(person("7"))).unreachable == ""


async def test_status_tells_the_taste_the_catalogue_and_troubles(ada, any_database, clock):
    await ada.command("/start")
    await ada.tap("👍 Like")
    async with any_database.writing() as db:
        await catalogue.note_failure(db, "arxiv", "http_503", clock(), clock())
    await ada.command("/status")
    told = said(ada)
    assert "You liked 1 paper, skipped 0 and saved 0" in told
    assert f"I have {len(papers_of(TODAY))} papers, the newest announced on Monday, 2 March" in told
    assert "Trouble right now with: arXiv" in told
    assert "Model: text-static" in told


# ---------------------------------------------------------------- look-ups


def test_only_a_line_of_some_words_is_worth_a_question_to_arxiv():
    assert looks_like_a_title("Attention Is All You Need")
    assert not looks_like_a_title("what is this")
    assert not looks_like_a_title("Attention Is All\nYou Need For This")


# ---------------------------------------------------------------- the database is away


@pytest.fixture
async def hurried(any_database_url, any_database, encoder, clock, tmp_path):
    """A reader whose bot waits for its database for only half a second."""
    await stocked(any_database, papers_of(TODAY), clock())
    database = Database(any_database_url, patience=0.5)
    desk = await open_desk(database, encoder, clock, tmp_path)
    yield Journey(Conversation(desk, clock), person("7")), desk
    await database.dispose()


@asynccontextmanager
async def held(database, *tables):
    """Let somebody else hold the database for as long as the block takes."""
    async with database.writing() as db:
        if not database.is_sqlite:
            await db.execute(text(f"LOCK TABLE {', '.join(tables)} IN ACCESS EXCLUSIVE MODE"))
        yield


async def test_while_the_database_is_away_nothing_is_stored_and_that_is_said(hurried, any_database):
    journey, desk = hurried
    await journey.command("/start")
    ref = journey.newest()
    async with held(any_database, "accounts", "feedback", "feedback_log"):
        assert await journey.tap("👍 Like", on=ref) == [Toast(words.NOTHING_STORED)]
        await journey.command("/schedule 9:00")
        assert said(journey) == words.NOTHING_STORED
    reader = await desk.reader(person("7"))
    assert (await desk.status(reader)).likes == 0
    assert reader.schedule == Schedule()
    assert (await journey.tap("👍 Like", on=ref))[0] == Toast(words.LIKED_NOW)


async def test_a_stored_tap_stays_stored_when_the_next_card_cannot_be_had(
    hurried, any_database, clock
):
    journey, desk = hurried
    await journey.command("/start")
    data = journey.messages[journey.newest()].buttons[0][0].data
    tap = Pressed("tap", person("7"), data, journey.newest())
    actions = Conversation(desk, clock).answer(tap)
    assert await anext(actions) == Toast(words.LIKED_NOW)
    async with held(any_database, "impressions"):
        rest = [action async for action in actions]
    assert [type(action) for action in rest] == [Edit, Send]
    assert rest[1].message.text[0].text == words.NEXT_IS_AWAY
    assert (await desk.status(await desk.reader(person("7")))).likes == 1


async def test_a_reader_is_refused_in_words_that_the_conversation_knows(hurried, any_database):
    _, desk = hurried
    reader = await desk.reader(person("7"))
    async with held(any_database, "users", "accounts"):
        with pytest.raises(TemporarilyUnavailable):
            await desk.pause(reader, 3)
    assert (await desk.reader(person("7"))).paused_until is None


async def test_which_language_somebody_speaks_is_known_without_making_them_a_reader(desk):
    austrian = replace(person("7"), language="de-AT")
    assert await desk.language(austrian) is None
    reader = await desk.reader(austrian)
    assert (reader.is_new, reader.language, reader.is_language_chosen) == (True, "de-AT", False)
    changed = await desk.set_language(reader, "en", is_chosen=True)
    assert (changed.language, changed.is_language_chosen) == ("en", True)
    assert await desk.language(austrian) == (await desk.reader(austrian)).language == "en"

"""Being forgotten, banned, linked, and taking everything along: on real storage."""

import json
import logging

import pytest
from structlog.testing import capture_logs

from bot.account_desk import AccountDesk
from bot.conversation import words
from bot.conversation.account import AccountFeature
from bot.conversation.events import Platform
from bot.conversation.exporting import ExportFeature
from bot.conversation.library import LibraryFeature
from bot.conversation.messages import Edit, Send, Toast
from bot.conversation.notes import NotesFeature
from bot.conversation.ports import Reader, SourceUnavailable
from bot.conversation.service import Conversation
from bot.conversation.taste_file import TastePaper, parsed
from bot.jobs.daily_picks import DailyPicks
from bot.library_desk import ASKED_AT_ONCE, LONGEST, LibraryDesk
from bot.presence import Presence
from recommender.feedback import Verdict
from storage import bans, meeting, users
from storage.database import Database
from storage.dialogue_state import open_state, searches_of
from tests import traces
from tests.conversation.journey import Journey
from tests.house import NoSource, RecordingMessenger, open_desk, papers_of, person, stocked

ADA, BEN = "9140775523", "5550001"
NOTE = "read this on the xylophone"


@pytest.fixture
async def desk(any_database, encoder, clock, tmp_path):
    await stocked(any_database, papers_of(clock().date()), clock())
    return await open_desk(any_database, encoder, clock, tmp_path)


@pytest.fixture
async def state(redis_server):
    state = open_state(redis_server.url)
    yield state
    await state.close()


@pytest.fixture
def conversation(any_database, desk, state, clock, tmp_path):
    account = AccountDesk(any_database, desk.reader_of, state, clock, tmp_path / "exports")
    library = LibraryDesk(any_database, NoSource(), clock)
    notes = NotesFeature(library)
    parts = (
        AccountFeature(account, clock, Presence(any_database, clock), "ops@example.org"),
        LibraryFeature(library),
        notes,
        ExportFeature(library),
    )
    return Conversation(desk, clock, parts, listeners=[notes])


@pytest.fixture
def ada(conversation):
    return Journey(conversation, person(ADA))


@pytest.fixture
def ben(conversation):
    return Journey(conversation, person(BEN, Platform.DISCORD))


def said(journey):
    return "".join(span.text for span in journey.messages[journey.newest()].text)


def listed(journey):
    """Return the titles of the newest list."""
    return [item.card.title for item in journey.messages[journey.newest()].digest.items]


def cards(journey):
    return [message.card for message in journey.messages.values() if message.card]


async def number_of(any_database, name, platform="telegram"):
    async with any_database.reading() as db:
        found = await users.find(db, platform, name)
    return None if found is None else found.user.id


async def a_life(journey):
    """Like, save, write a note, ask for a digest and for a code."""
    await journey.command("/start")
    await journey.tap("👍 Like")
    await journey.tap("🔖 Save")
    await journey.command(f"/note {NOTE}")
    await journey.command("/today")
    await journey.command("/link")


# ---------------------------------------------------------------- forgetting


async def test_after_forget_nothing_of_the_person_is_anywhere(
    ada, ben, any_database, clock, tmp_path, desk, caplog
):
    caplog.set_level(logging.INFO)
    await a_life(ada)
    await a_life(ben)
    kept = await traces.in_tables(any_database, [BEN])
    await ada.command("/forget")
    toast, edit = await ada.tap(words.FORGET_ME)
    assert toast == Toast(words.FORGOTTEN_SHORT)
    assert isinstance(edit, Edit)
    assert edit.message.rows == ()
    assert await traces.in_tables(any_database, [ADA]) == []
    if any_database.is_sqlite:
        assert traces.in_files(tmp_path, [ADA]) == []
        assert traces.in_files(tmp_path, [BEN]) != []
    assert ADA not in caplog.text
    assert NOTE not in caplog.text
    assert await traces.in_tables(any_database, [BEN]) == kept
    # Nothing is owed and nothing is sent any more.
    messenger = RecordingMessenger()
    clock.forward(days=3)
    await DailyPicks(any_database, desk, {Platform.TELEGRAM: messenger}, clock).run_once()
    assert messenger.to(f"chat-{ADA}") == []


async def test_the_next_start_is_a_new_person(ada, desk):
    await a_life(ada)
    await ada.command("/forget")
    await ada.tap(words.FORGET_ME)
    welcome, first = await ada.command("/start")
    assert "I am Paperlark" in welcome.message.text[0].text
    assert first.message.card.paper == cards(ada)[0].paper  # it may be shown again
    await ada.command("/saved")
    assert said(ada) == words.NOTHING_SAVED


async def test_a_card_of_before_makes_nobody_a_reader_again_and_keeps_them_a_stranger(
    ada, any_database, clock
):
    await ada.command("/start")
    old = ada.newest()
    like = ada.messages[old].buttons[0][0].data
    clock.forward(days=1)
    assert (await ada.press(like, old))[0] == Toast(words.LIKED_NOW)
    await ada.command("/forget")
    await ada.tap(words.FORGET_ME)
    assert await ada.press(like, old) == [Toast(words.FOREIGN_BUTTON)]
    assert await traces.in_tables(any_database, [ADA]) == []
    welcome, _ = await ada.command("/start")
    assert welcome.message.text[0].text.startswith("I am Paperlark")  # and not "Welcome back"


async def test_forgetting_asks_first_and_a_no_deletes_nothing(ada, any_database):
    await a_life(ada)
    await ada.command("/forget")
    assert said(ada) == words.FORGET_SURELY
    await ada.tap(words.KEEP_ME)
    assert f"~ {words.NOT_FORGOTTEN}" in ada.transcript
    assert await number_of(any_database, ADA) is not None


async def test_an_old_confirmation_and_somebody_elses_forget_nobody(ada, ben, any_database, clock):
    await a_life(ada)
    await a_life(ben)
    await ada.command("/forget")
    yes = ada.messages[ada.newest()].rows[0][0].data
    await ben.press(yes, None)
    assert await number_of(any_database, BEN, "discord") is not None
    clock.forward(minutes=11)
    await ada.press(yes, None)
    assert words.FORGET_AGAIN in ada.last
    assert await number_of(any_database, ADA) is not None
    await ada.tap(words.FORGET_ME)  # it asked again
    assert await number_of(any_database, ADA) is None


async def test_a_confirmation_that_comes_twice_makes_nobody_anew(ada, any_database):
    await a_life(ada)
    await ada.command("/forget")
    yes = ada.messages[ada.newest()].rows[0][0].data
    for _ in range(2):
        await ada.press(yes, None)
    assert ada.transcript[-1] == f"! {words.FORGOTTEN_BEFORE}"
    assert await number_of(any_database, ADA) is None


async def test_forgetting_empties_the_terminals_exports_and_nobody_elses_does(
    conversation, ada, tmp_path
):
    exports = tmp_path / "exports"
    exports.mkdir()
    (exports / "papers.bib").write_text("@misc{}")
    terminal = Journey(conversation, person("local", Platform.TERMINAL))
    for journey, left in ((ada, ["papers.bib"]), (terminal, [])):
        await journey.command("/start")
        await journey.command("/forget")
        await journey.tap(words.FORGET_ME)
        assert [file.name for file in exports.iterdir()] == left


async def test_no_key_of_redis_tells_of_anybody(state, ada, any_database):
    await a_life(ada)
    number = await number_of(any_database, ADA)
    await state.set(searches_of(number), '["what she looked for"]', ttl=60)
    await ada.command("/forget")
    await ada.tap(words.FORGET_ME)
    keys = [key async for key in state.redis.scan_iter("*")]
    assert not any(ADA in key or key.endswith(searches_of(number)) for key in keys)


# ---------------------------------------------------------------- bans


async def test_a_banned_person_gets_no_answer_to_anything_even_after_forgetting(
    ada, ben, any_database, clock, conversation
):
    await a_life(ada)
    like = ada.messages[ada.newest()]
    async with any_database.writing() as db:
        await bans.ban(db, "telegram", ADA, clock())
    assert await ada.command("/pick") == []
    assert await ada.command("/help") == []
    assert await ada.command("/nonsense") == []
    assert await ada.say("2603.00001") == []
    assert await ada.press("x:::", None) == []
    assert like
    assert await ben.command("/help") != []
    async with any_database.writing() as db:
        await bans.unban(db, "telegram", ADA)
    assert await ada.command("/help") != []


# ---------------------------------------------------------------- taking along


async def test_everything_about_a_person_comes_as_one_file(ada, any_database):
    await a_life(ada)
    (send,) = await ada.command("/export json")
    assert send.is_private
    assert send.message.attachment.name == "paperlark.json"
    document = json.loads(send.message.attachment.content)
    assert document["notes"][0]["text"] == NOTE
    assert document["accounts"][0]["external_id"] == ADA
    assert {row["verdict_after"] for row in document["feedback_log"]} == {"like", None}
    shown = {str(row["paper_id"]) for row in document["impressions"]}
    assert shown <= set(document["papers"])
    assert list(document["papers"]) == sorted(document["papers"], key=int)


@pytest.mark.parametrize("form", ["bibtex", "ris", "csl", "csv"])
async def test_saved_papers_come_in_every_form_with_their_notes(ada, form):
    await a_life(ada)
    title = next(card.title for card in cards(ada) if "Saved" in card.mark)
    (send,) = await ada.command(f"/export {form}")
    content = send.message.attachment.content.decode()
    assert content.count(title) == 1
    assert content.count(NOTE) == 1


async def test_without_a_saved_paper_there_is_no_file(ada):
    await ada.command("/export bibtex")
    assert said(ada) == words.NOTHING_SAVED
    await ada.command("/export taste")
    assert said(ada) == words.NOTHING_TO_EXPORT


# ---------------------------------------------------------------- looking back


async def test_history_shows_what_was_shown_and_said_and_opens_its_cards(ada):
    await ada.command("/start")
    for _ in range(11):
        await ada.tap("👎 Skip")
    (send,) = await ada.command("/history")
    assert send.is_private
    titles = [card.title for card in cards(ada)]
    shown = send.message.digest
    assert shown.heading == words.history_heading(1, 10, 12)
    first = [item.card for item in shown.items]
    assert {card.title for card in first} <= set(titles)
    assert sum(card.mark == words.MARK_SKIPPED for card in first) >= 9
    await ada.tap(words.OLDER)
    assert listed(ada) != [card.title for card in first]
    assert len(listed(ada)) == 2
    (opened,) = await ada.tap("11 Open")
    assert opened.message.card.title in titles


async def test_saved_papers_are_found_by_words_of_title_author_and_note(ada):
    await a_life(ada)
    title = next(card.title for card in cards(ada) if "Saved" in card.mark)
    for words_sought in ("XYLOPHONE", "lovelace read", title.split()[0].upper()):
        await ada.command(f"/saved {words_sought}")
        assert listed(ada) == [title]
    note = ada.messages[ada.newest()].digest.items[0].card.reason
    assert note == words.note_line(NOTE)
    await ada.command("/saved trombone")
    assert said(ada) == words.nothing_found("trombone")


async def test_a_tag_lists_the_papers_whose_notes_have_it_whole(ada):
    titles = []
    for note in ("for the #Group, soon", "#groups #Zürich", "no tag"):
        await ada.command("/pick")
        titles.append(cards(ada)[-1].title)
        await ada.tap("🔖 Save")
        await ada.command(f"/note {note}")
    await ada.command("/saved")
    offered = [button.label for button in ada.messages[ada.newest()].rows[-1]]
    assert sorted(offered) == ["#group", "#groups", "#zürich"]
    for tag, title in (("#group", titles[0]), ("#zürich", titles[1])):
        await ada.command("/saved")
        await ada.tap(tag)
        assert listed(ada) == [title]
    await ada.command("/saved #nowhere")
    assert said(ada) == words.nothing_found("#nowhere")


async def test_a_note_stands_on_the_paper_whose_button_was_tapped_and_can_be_removed(ada):
    await ada.command("/start")
    ref = ada.newest()
    await ada.tap("🔖 Save", on=ref)
    await ada.command("/pick")
    await ada.tap(words.NOTE, on=ref)
    await ada.command(f"/note {NOTE}")
    await ada.command("/saved")
    assert ada.messages[ada.newest()].digest.items[0].card.reason == words.note_line(NOTE)
    await ada.tap(words.NOTE, on=ref)
    assert NOTE in said(ada)
    await ada.command("/note -")
    await ada.command("/saved")
    assert ada.messages[ada.newest()].digest.items[0].card.reason == ""


# ---------------------------------------------------------------- linking


def code_in(journey):
    return said(journey).partition("/link ")[2][:6]


async def test_two_accounts_share_one_taste_until_they_are_split(ada, ben, desk, caplog):
    caplog.set_level(logging.INFO)
    await ada.command("/start")
    await ada.tap("👍 Like")
    await ben.command("/start")
    await ben.tap("🔖 Save")
    await ada.command("/link")
    code = code_in(ada)
    await ben.command(f"/link {code[:3].lower()} {code[3:]}")
    assert "1 liked and 1 saved paper together" in said(ben)
    await ada.command("/saved")
    assert len(listed(ada)) == 1
    await ben.tap(words.LINK_UNDO)
    assert f"~ {words.UNLINKED}" in ben.transcript
    await ada.command("/saved")
    assert said(ada) == words.NOTHING_SAVED
    await ben.command("/link undo")
    assert said(ben) == words.NOTHING_LINKED
    assert code not in caplog.text


async def test_the_one_digest_goes_to_where_schedule_was_given_last(
    ada, ben, any_database, desk, clock
):
    await ada.command("/start")
    await ben.command("/start")
    await ada.command("/schedule 09:00 UTC daily")
    clock.forward(minutes=1)
    await ben.command("/schedule 08:30 UTC daily")
    await ada.command("/link")
    await ben.command(f"/link {code_in(ada)}")
    telegram, discord = RecordingMessenger(), RecordingMessenger()
    both = {Platform.TELEGRAM: telegram, Platform.DISCORD: discord}
    clock.forward(hours=3)
    await DailyPicks(any_database, desk, both, clock).run_once()
    assert (len(telegram.sent), len(discord.sent)) == (0, 1)
    await ada.command("/schedule 08:30")
    clock.forward(days=1)
    await DailyPicks(any_database, desk, both, clock).run_once()
    assert (len(telegram.sent), len(discord.sent)) == (1, 1)


async def test_a_linked_person_is_forgotten_on_both_platforms(ada, ben, any_database, state):
    await a_life(ada)
    await a_life(ben)
    numbers = [await number_of(any_database, ADA), await number_of(any_database, BEN, "discord")]
    for number in numbers:  # each looked for something before they were linked
        await state.set(searches_of(number), '["what was looked for"]', ttl=60)
    await ada.command("/link")
    await ben.command(f"/link {code_in(ada)}")
    await ben.command("/forget")
    await ben.tap(words.FORGET_ME)
    assert await traces.in_tables(any_database, [ADA, BEN, NOTE]) == []
    assert [await state.get(searches_of(number)) for number in numbers] == [None, None]


async def test_a_wrong_code_changes_nothing_and_guessing_is_slowed(ada, ben):
    await ada.command("/start")
    with capture_logs() as logs:
        for _ in range(5):
            await ben.command("/link AAAAAA")
            assert said(ben) == words.LINK_REFUSED["wrong"]
        await ada.command("/link")
        await ben.command(f"/link {code_in(ada)}")
        assert said(ben) == words.LINK_REFUSED["slowed"]
    guesses = [entry["answer"] for entry in logs if entry["event"] == "link.asked"]
    assert guesses == ["wrong"] * 5 + ["slowed"]
    assert "AAAAAA" not in str(logs)
    await ben.command("/link what is this")
    assert said(ben) == words.LINK_WANTS_A_CODE


async def test_privacy_says_what_is_kept_how_to_get_it_and_whom_to_ask(ada):
    (send,) = await ada.command("/privacy")
    told = said(ada)
    for piece in ("/export json", "/forget", "keyed hash", "ops@example.org", "No names"):
        assert piece in told
    written = ("notes on papers", "names you give to your interests", "follow or mute")
    assert all(piece in told for piece in written)
    assert len(told) < 2_000
    assert isinstance(send, Send)
    await ada.tap(words.FORGET_BUTTON)
    assert said(ada) == words.FORGET_SURELY


# ---------------------------------------------------------------- a taste taken elsewhere


@pytest.fixture
async def another_database(tmp_path):
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'another.db'}")
    await database.migrate()
    yield database
    await database.dispose()


class OneSource:
    """A source that has whatever a database of its own has, and stores it here."""

    def __init__(self, database, clock, numbers):
        self.asked, self.is_away = [], False
        self._database, self._clock, self._numbers = database, clock, numbers

    async def by_keys(self, reader, keys):
        if self.is_away:
            raise SourceUnavailable
        self.asked.append(list(keys))
        found = [p for p in papers_of(self._clock().date()) if p.key in keys]
        await stocked(self._database, found[: self._numbers], self._clock())

    async def by_title(self, reader, title):
        """Nothing is found."""


async def test_a_taste_file_carries_likes_to_another_installation(ada, another_database, clock):
    database = another_database
    await ada.command("/start")
    for _ in range(3):
        await ada.tap("👍 Like")
    await ada.tap("🔖 Save")
    (send,) = await ada.command("/export taste")
    papers, _ = parsed(send.message.attachment.content)
    assert len(papers) == 4

    first = papers_of(clock().date())
    await stocked(database, [p for p in first if p.key == papers[0].key], clock())
    source = OneSource(database, clock, numbers=2)
    there, reader = await reading_there(database, clock, source)

    known = await there.take_in(reader, "e", papers)
    assert (known.stored, len(known.lacking)) == (1, 3)
    source.is_away = True
    away = await there.take_in_asking(reader, "f", known.lacking)
    assert (away.left, away.lacking, away.is_away) == (known.lacking, (), True)
    source.is_away = False
    asked = await there.take_in_asking(reader, "g", known.lacking)
    assert (asked.stored, len(asked.lacking), asked.left) == (2, 1, ())
    again = await there.take_in(reader, "h", papers)
    assert again.stored == 0  # what stands, stands

    carried = {e.paper.key: (e.verdict, e.saved_at is not None) for e in
               await there.entries(reader, only_saved=False)}  # fmt: skip
    wanted = {p.key: (p.verdict or "", p.is_saved) for p in papers if p not in asked.lacking}
    assert carried == wanted


class SlowSource:
    """Has nothing, and takes its time to say so."""

    def __init__(self, clock, **needs):
        self.asked, self._clock, self._needs = [], clock, needs

    async def by_keys(self, reader, keys):
        self.asked += keys
        self._clock.forward(**self._needs)

    async def by_title(self, reader, title):
        """Nothing is found."""


async def reading_there(database, clock, source):
    async with database.writing() as db:
        found = await meeting.find_or_create(
            db, "telegram", ADA, None, "en", clock(), lambda user, after: None
        )
    return LibraryDesk(database, source, clock), Reader(found.user.id, found.account.id)


def liked(*keys):
    return [TastePaper(key, f"Of {key}", Verdict.LIKE, False) for key in keys]


async def test_all_of_a_long_taste_file_is_asked_for_and_what_arxiv_cannot_have_is_only_listed(
    another_database, clock
):
    source = SlowSource(clock, seconds=3)
    there, reader = await reading_there(another_database, clock, source)
    foreign = liked(*(f"doi:10.1000/{n}" for n in range(400)))
    own = liked(*(f"arxiv:2611.{n:05d}" for n in range(1_600)))
    answer = await there.take_in_asking(reader, "e", [*foreign, *own])
    assert source.asked == [paper.key for paper in own]
    assert (len(answer.lacking), answer.left) == (2_000, ())


async def test_a_slow_arxiv_is_asked_for_a_minute_and_the_rest_is_left(another_database, clock):
    source = SlowSource(clock, seconds=LONGEST.total_seconds() * 0.4)
    there, reader = await reading_there(another_database, clock, source)
    papers = liked(*(f"arxiv:2611.{n:05d}" for n in range(1_000)))
    answer = await there.take_in_asking(reader, "e", papers)
    assert len(source.asked) == 3 * ASKED_AT_ONCE
    assert answer.left == tuple(papers[3 * ASKED_AT_ONCE :])
    assert not answer.is_away
    assert len(answer.lacking) == 3 * ASKED_AT_ONCE


async def test_a_reply_to_the_question_finds_its_paper_by_the_link_in_it(ada, any_database):
    await ada.command("/start")
    await ada.tap("🔖 Save")
    await ada.tap(words.NOTE)
    await ada.reply("to be read twice", ada.newest())
    assert "Noted on" in ada.last
    await ada.command("/saved twice")
    assert len(ada.messages[ada.newest()].digest.items) == 1

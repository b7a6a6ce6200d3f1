"""Groups on real storage and a real model: digests to vote on, a taste that is nobody's own."""

import logging
from dataclasses import dataclass, field, replace

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from bot.account_desk import AccountDesk
from bot.choosing import Choosing
from bot.conversation import group_words, words
from bot.conversation.account import AccountFeature
from bot.conversation.events import Joined, Left, MessageRef, Moved, Person, Place, Platform
from bot.conversation.exporting import ExportFeature
from bot.conversation.groups import Groups
from bot.conversation.messages import Message, Redraw, Toast
from bot.conversation.ports import OutcomeUnknown, RecipientGone
from bot.conversation.service import Conversation
from bot.conversation.taps import Act, decode
from bot.group_desk import GroupDesk
from bot.jobs.daily_picks import DailyPicks, Pushed
from bot.library_desk import LibraryDesk
from bot.metrics import Metrics
from bot.presence import Presence
from bot.shelf import Shelf
from storage import bans, catalogue, deliveries, feedback_log, groups, votes
from storage.dialogue_state import open_state
from storage.errors import StorageUnavailable
from storage.tables import AccountRow, UserRow, VoteRow
from tests import traces
from tests.conversation.journey import Journey
from tests.house import TOPICS, NoSource, RecordingMessenger, open_desk, papers_of, person, stocked

LAB = Place("-100777", "-100777", is_admin=True, may_post=True)
CLUB = Place("-100888", "-100888", is_admin=True, may_post=True)
SERVER = Place("channel:77", "77", "7", is_admin=True, may_post=True)
ADA, BEN = "9140775523", "5550001"


@pytest.fixture
async def desk(any_database, encoder, clock, tmp_path):
    await stocked(any_database, papers_of(clock().date()), clock())
    return await open_desk(any_database, encoder, clock, tmp_path)


@pytest.fixture
def metrics():
    return Metrics()


@pytest.fixture
def conversation(any_database, desk, clock, tmp_path, metrics):
    account = AccountDesk(any_database, desk.reader_of, open_state(None), clock, tmp_path / "out")
    parts = (
        AccountFeature(account, clock, Presence(any_database, clock)),
        ExportFeature(LibraryDesk(any_database, NoSource(), clock)),
    )
    part = Groups(GroupDesk(any_database, clock, metrics=metrics), clock, tuple(TOPICS))
    return Conversation(desk, clock, parts, groups=part)


@dataclass
class RecordingForum:
    """Keeps the threads that are opened; raises what the test put in, once each."""

    threads: list[tuple[str, str, Message]] = field(default_factory=list)
    refusals: list[Exception] = field(default_factory=list)

    async def discuss(self, chat: str, title: str, message: Message, *, nonce: str) -> MessageRef:
        if self.refusals:
            raise self.refusals.pop(0)
        self.threads.append((chat, title, message))
        return MessageRef(f"thread-{len(self.threads)}", "1")


@pytest.fixture
def telegram():
    return RecordingMessenger()


@pytest.fixture
def discord():
    return RecordingMessenger()


@pytest.fixture
def forum():
    return RecordingForum()


@pytest.fixture
def push(any_database, desk, telegram, discord, forum, clock):
    both = {Platform.TELEGRAM: telegram, Platform.DISCORD: discord}
    return DailyPicks(any_database, desk, both, clock, forum=forum)


@pytest.fixture
def member(conversation):
    """Return a person of a group who may act there; of the platform that it is on."""

    def make(name=ADA, place=LAB, *, is_admin=False):
        platform = Platform.TELEGRAM if place.home is None else Platform.DISCORD
        group = replace(place, is_admin=is_admin)
        chat = place.chat if platform is Platform.TELEGRAM else None
        who = Person(platform, name, chat, is_private=False, language="en", group=group)
        return Journey(conversation, who)

    return make


@pytest.fixture
def pushed(member, push, clock):
    """Set a group up and return its digest and where it stands."""

    async def make(messenger, place=LAB, line="08:00 UTC daily 3"):
        await member(place=place, is_admin=True).command(f"/channel {line}")
        clock.forward(hours=1)
        await push.run_once()
        message = messenger.to(place.chat)[-1]
        return message, MessageRef(place.chat, str(len(messenger.sent)))

    return make


def votes_of(message, at=0):
    """Return the data of the two buttons of a paper."""
    buttons = [b for row in message.rows for b in row]
    return buttons[2 * at].data, buttons[2 * at + 1].data


async def group_at(database, place=LAB):
    platform = "telegram" if place.home is None else "discord"
    async with database.reading() as db:
        return await groups.find(db, platform, place.account)


async def opinions(database, user):
    async with database.reading() as db:
        return (await feedback_log.standing(db, [user]))[user]


@pytest.fixture
async def ranked(any_database, desk, encoder, tmp_path):
    """Return the papers and scores that somebody would be sent now, recording nothing."""
    shelf = Shelf(any_database, tmp_path, lambda _: encoder)
    await shelf.refresh()
    choosing = Choosing(any_database, shelf, seed=0)

    async def ranked(user):
        async with any_database.reading() as db:
            requests = await choosing.requests(db, [user])
        (picks,) = await choosing.picks([replace(requests[0], k=8)])
        return [(pick.paper, round(pick.score, 6)) for pick in picks]

    return ranked


# ---------------------------------------------------------------- digests


async def test_a_group_gets_one_digest_at_its_hour_with_votes_below_each_paper(
    pushed, telegram, push, clock
):
    message, _ = await pushed(telegram)
    assert message.digest.heading == "3 papers for Monday, 2 March"
    assert [[b.label for b in row] for row in message.rows] == [
        [f"{n} 👍", f"{n} 👎"] for n in (1, 2, 3)
    ]
    assert all(decode(b.data).act is Act.VOTE for row in message.rows for b in row)
    await push.run_once()
    assert len(telegram.sent) == 1
    clock.forward(days=1)
    await push.run_once()
    assert [sent.chat for sent in telegram.sent] == [LAB.chat] * 2


async def test_a_group_reads_only_its_categories(pushed, telegram, any_database, clock):
    message, _ = await pushed(telegram, line="08:00 daily 6 categories cs.CL math.NT")
    words_of = set(TOPICS["cs.CL"].split()) | set(TOPICS["math.NT"].split())
    assert len(message.digest.items) == 6
    for item in message.digest.items:
        assert set(item.card.title.lower().split()) & words_of


async def test_a_group_that_wants_no_votes_gets_none(pushed, telegram):
    message, _ = await pushed(telegram, line="08:00 daily 3 votes off")
    assert message.rows == ()
    assert len(message.digest.items) == 3


async def test_a_day_without_papers_is_said_in_the_groups_words(pushed, telegram, push, clock):
    await pushed(telegram, line="08:00 daily 10")
    for _ in range(5):
        clock.forward(days=1)
        await push.run_once()
    said = telegram.sent[-1].message.text[0].text
    assert said.startswith("No papers for ")
    assert "/" not in said


async def test_a_groups_pause_ends_with_the_beginning_of_a_day_as_a_readers_does(
    pushed, telegram, member, push, clock
):
    await pushed(telegram)
    clock.forward(seconds=5)  # just after the digest of the day
    admin = member(is_admin=True)
    await admin.command("/channel pause 2")
    assert "paused until Wednesday, 4 March" in admin.last
    assert "comes on Wednesday, 4 March at 08:00" in admin.last
    for _ in range(2):
        clock.forward(days=1)
        await push.run_once()
    assert len(telegram.sent) == 2


# ---------------------------------------------------------------- votes


async def test_a_vote_is_stored_before_it_is_acknowledged_and_then_drawn_in_place(
    pushed, telegram, member, any_database, metrics
):
    message, ref = await pushed(telegram)
    yes, no = votes_of(message)
    ben = member(BEN)
    toast, redraw = await ben.press(yes, ref)
    assert toast == Toast(group_words.VOTED["like"])
    assert isinstance(redraw, Redraw)
    await member("3").press(yes, ref)
    for _ in range(2):  # the second time says nothing new
        await ben.press(no, ref)
    assert ben.messages[ref].digest.items[0].card.mark == "👍 1 · 👎 1"
    assert metrics.registry.get_sample_value("paperlark_taps_total", {"says": "vote"}) == 3
    assert ben.messages[ref].digest.heading == message.digest.heading
    assert [i.card.title for i in ben.messages[ref].digest.items] == [
        i.card.title for i in message.digest.items
    ]
    assert await ben.press(no, ref) == [Toast(group_words.ALREADY["skip"])]
    group = await group_at(any_database)
    assert await opinions(any_database, group.user.id) == ()  # one for it, one against


async def test_votes_move_the_groups_next_digest_towards_what_was_voted_for(
    pushed, telegram, member, any_database, ranked
):
    message, ref = await pushed(telegram)
    group = await group_at(any_database)
    before = await ranked(group.user.id)
    await member(BEN).press(votes_of(message)[0], ref)
    after = await ranked(group.user.id)
    assert after != before
    liked = set(message.digest.items[0].card.title.lower().split())
    async with any_database.reading() as db:
        titles = await catalogue.papers(db, [paper for paper, _ in after[:4]])
    near = [set(p.title.lower().split()) & liked for p in titles.values()]
    assert sum(bool(shared) for shared in near) >= 2


async def test_a_groups_reasons_speak_of_the_group_and_not_of_whoever_reads_them(
    pushed, telegram, member, push, clock
):
    first, ref = await pushed(telegram)
    before = [item.card.reason for item in first.digest.items]
    for voter in (ADA, BEN):
        await member(voter).press(votes_of(first)[0], ref)
    clock.forward(days=1)
    await push.run_once()
    after = [item.card.reason for item in telegram.sent[-1].message.digest.items]
    start = f"Because this group liked “{first.digest.items[0].card.title[:30]}"
    assert any(reason.startswith(start) for reason in after)
    assert group_words.NO_TASTE_YET in before
    assert not any(" you" in reason.lower() for reason in (*before, *after))


async def test_a_vote_makes_nobody_a_reader_and_a_private_like_moves_no_group(
    pushed, discord, member, desk, any_database, ranked
):
    message, ref = await pushed(discord, SERVER)
    voter = member(BEN, SERVER)
    await voter.press(votes_of(message)[0], ref)
    group = await group_at(any_database, SERVER)
    async with any_database.reading() as db:
        account = (
            await db.execute(select(AccountRow.user_id, AccountRow.chat).where(
                AccountRow.external_id == BEN
            ))
        ).one()  # fmt: skip
        owed = await db.scalar(select(UserRow.next_push_at).where(UserRow.id == account.user_id))
    assert (account.chat, owed) == (None, None)
    assert await opinions(any_database, account.user_id) == ()

    of_group = await ranked(group.user.id)
    private = person(BEN, Platform.DISCORD)
    reader = await desk.reader(private)
    assert reader.id == account.user_id
    for n in range(3):
        offer = await desk.next_offer(reader)
        await desk.store(
            reader, f"e{n}", offer.paper.id, offer.impression, verdict=feedback_log.Verdict.LIKE
        )
    assert await ranked(group.user.id) == of_group
    await voter.press(votes_of(message, 1)[0], ref)
    said = {f.paper for f in await opinions(any_database, reader.id)}
    assert len(said) == 3


async def test_nobody_votes_on_a_card_of_another_group_or_of_a_forgotten_one(
    pushed, telegram, member, any_database
):
    message, ref = await pushed(telegram)
    await member(place=CLUB, is_admin=True).command("/channel 08:00")
    yes, _ = votes_of(message)
    stranger = member("66", CLUB)
    assert await stranger.press(yes, ref) == [Toast(group_words.NOT_THIS_GROUPS)]
    ada = member(is_admin=True)
    await ada.command("/channel forget")
    await ada.tap(group_words.FORGET_GROUP)
    assert await member(BEN).press(yes, ref) == [Toast(group_words.NOT_THIS_GROUPS)]
    async with any_database.reading() as db:
        assert (await db.execute(select(VoteRow))).all() == []
    assert await group_at(any_database) is None
    assert await group_at(any_database, CLUB) is not None


# ---------------------------------------------------------------- forgetting, taking along


async def test_a_member_who_is_forgotten_takes_their_votes_and_the_counts_follow(
    pushed, telegram, member, conversation, any_database, caplog
):
    caplog.set_level(logging.INFO)
    message, ref = await pushed(telegram)
    yes, _ = votes_of(message)
    await member(BEN).press(yes, ref)
    await member("3").press(votes_of(message, 1)[0], ref)
    ben = Journey(conversation, person(BEN))
    (exported,) = await ben.command("/export json")
    assert b'"votes"' in exported.message.attachment.content
    await ben.command("/forget")
    await ben.tap(words.FORGET_ME)
    group = await group_at(any_database)
    paper = message.digest.items[0].card.paper
    async with any_database.reading() as db:
        assert (await votes.tallies(db, group.user.id, [paper]))[paper] == votes.Tally()
    assert len(await opinions(any_database, group.user.id)) == 1
    assert await traces.in_tables(any_database, [BEN]) == []
    last = member("5")
    await last.press(votes_of(message, 2)[1], ref)
    assert [i.card.mark for i in last.messages[ref].digest.items] == [
        "", "👍 1 · 👎 0", "👍 0 · 👎 1",
    ]  # fmt: skip
    assert BEN not in caplog.text


async def test_a_forgotten_group_is_in_no_table_and_its_members_are(
    pushed, telegram, member, any_database
):
    message, ref = await pushed(telegram)
    await member(BEN).press(votes_of(message)[0], ref)
    ada = member(is_admin=True)
    await ada.command("/channel forget")
    await ada.tap(group_words.FORGET_GROUP)
    assert f"~ {group_words.FORGOTTEN}" in ada.transcript
    assert await traces.in_tables(any_database, ["-100777"]) == []
    assert await traces.in_tables(any_database, [BEN]) == ["accounts.external_id"]


# ---------------------------------------------------------------- coming and going


async def tell(conversation, kind, place, platform=Platform.TELEGRAM):
    who = Person(platform, place.account, place.chat, is_private=False, group=place)
    return [action async for action in conversation.answer(kind("1", who))]


async def test_where_the_bot_was_removed_nothing_is_sent_until_it_is_back(
    pushed, telegram, member, push, conversation, clock
):
    await pushed(telegram)
    with capture_logs() as logs:
        assert await tell(conversation, Left, LAB) == []
    assert [entry["event"] for entry in logs] == ["group.left"]
    clock.forward(days=1)
    await push.run_once()
    assert len(telegram.sent) == 1
    ada = member(is_admin=True)
    await ada.command("/channel")
    assert group_words.WHY_STOPPED["removed"] in ada.last
    assert await tell(conversation, Joined, LAB) == []  # known, so not greeted
    clock.forward(days=1)
    await push.run_once()
    assert len(telegram.sent) == 2


async def test_a_group_that_is_shut_out_gets_no_answer_and_no_digest(
    pushed, telegram, member, push, any_database, conversation, clock
):
    message, ref = await pushed(telegram)
    async with any_database.writing() as db:
        await bans.ban(db, "telegram", LAB.account, clock())
    assert await tell(conversation, Joined, LAB) == []  # to take it in again changes nothing
    assert await member(is_admin=True).command("/channel resume") == []
    assert await member(BEN).press(votes_of(message)[0], ref) == []
    assert await member(BEN, CLUB).command("/channel") != []
    clock.forward(days=1)
    await push.run_once()
    assert len(telegram.sent) == 1


async def test_a_server_that_is_left_stops_all_its_channels_and_no_other(
    member, push, discord, conversation, clock
):
    second, other = (
        replace(SERVER, account=f"channel:{n}", chat=str(n), home=home)
        for n, home in ((78, "7"), (79, "8"))
    )
    for place in (SERVER, second, other):
        await member(place=place, is_admin=True).command("/channel 08:00 daily 1")
    server = Place("", "", "7")
    await tell(conversation, Left, server, Platform.DISCORD)
    clock.forward(hours=1)
    await push.run_once()
    assert [sent.chat for sent in discord.sent] == ["79"]
    await tell(conversation, Joined, server, Platform.DISCORD)
    clock.forward(days=1)
    await push.run_once()
    assert sorted(sent.chat for sent in discord.sent[1:]) == ["77", "78", "79"]


async def test_a_group_with_a_new_number_keeps_taste_hour_and_votes(
    pushed, telegram, member, push, conversation, any_database, clock
):
    message, ref = await pushed(telegram)
    await member(BEN).press(votes_of(message)[0], ref)
    old = Person(Platform.TELEGRAM, LAB.account, LAB.chat, is_private=False, group=LAB)
    async for _ in conversation.answer(Moved("m", old, LAB.chat, "-100999")):
        pass
    new = replace(LAB, account="-100999", chat="-100999")
    again = member(BEN, new)
    moved = MessageRef("-100999", ref.message)
    assert await again.press(votes_of(message)[0], moved) == [Toast(group_words.ALREADY["like"])]
    clock.forward(days=1)
    await push.run_once()
    assert telegram.sent[-1].chat == "-100999"


@pytest.mark.parametrize(
    ("why", "kept"),
    [("no_permission", "no_permission"), ("no_access", "no_access"), ("", "removed")],
)
async def test_where_the_bot_may_not_write_it_stops_says_why_and_tells_who_set_it_up(
    member, push, discord, clock, any_database, why, kept
):
    ada = member(place=SERVER, is_admin=True)
    await ada.command("/channel 08:00 daily 2")
    discord.refusals["77"] = [RecipientGone("Discord's code", why)]
    clock.forward(hours=1)
    await push.run_once()
    (told,) = discord.sent
    assert told.chat == f"user:{ADA}"
    assert told.message.text[0].text == group_words.STOPPED_BECAUSE[kept]
    assert told.message.text[-1].url == "https://discord.com/channels/7/77"
    await ada.command("/channel")
    assert group_words.WHY_STOPPED[kept] in ada.last
    clock.forward(days=1)
    await push.run_once()
    assert len(discord.sent) == 1
    await ada.tap("Resume")
    clock.forward(days=1)
    await push.run_once()
    assert discord.sent[-1].chat == "77"


async def test_an_administrator_who_cannot_be_written_to_changes_nothing(
    member, push, telegram, clock, any_database
):
    await member(is_admin=True).command("/channel 08:00 daily 2")
    telegram.refusals = {LAB.chat: [RecipientGone()], ADA: [RecipientGone()]}
    clock.forward(hours=1)
    pushed = await push.run_once()
    assert (pushed.failed, telegram.sent) == (1, [])
    group = await group_at(any_database)
    async with any_database.reading() as db:
        delivery = await deliveries.last(db, group.user.id)
    assert (delivery.state, delivery.reason) == ("failed", "removed")


# ---------------------------------------------------------------- threads


async def test_each_paper_gets_a_thread_with_a_card_to_vote_on(pushed, discord, forum, member):
    message, _ = await pushed(discord, SERVER, "08:00 daily 3 threads on")
    assert [(chat, title) for chat, title, _ in forum.threads] == [
        ("77", item.card.title) for item in message.digest.items
    ]
    ref = MessageRef("thread-2", "1")
    ben = member(BEN, SERVER)
    yes = forum.threads[1][2].rows[0][0]
    await ben.press(yes.data, ref)
    assert ben.messages[ref].card.mark == "👍 1 · 👎 0"
    # The same vote stands in the digest.
    assert await ben.press(votes_of(message, 1)[0], MessageRef("77", "1")) == [
        Toast(group_words.ALREADY["like"])
    ]


async def test_without_the_right_to_open_threads_the_digest_stands_and_threads_end(
    pushed, discord, forum, member, any_database, push, clock
):
    forum.refusals = [RecipientGone("code 50013", "no_permission")]
    await pushed(discord, SERVER, "08:00 daily 3 threads on")
    assert forum.threads == []
    digest, told = discord.sent
    assert digest.chat == "77"
    assert told.message.text[0].text == group_words.NO_THREADS_BECAUSE
    group = await group_at(any_database, SERVER)
    assert not group.settings.has_threads
    assert group.account.unreachable is None
    async with any_database.reading() as db:
        assert (await deliveries.last(db, group.user.id)).state == "sent"


@pytest.mark.parametrize("error", [ValueError("a fault of ours"), StorageUnavailable()])
async def test_what_goes_wrong_in_a_thread_changes_nothing_of_the_digest(
    member, push, forum, any_database, clock, error
):
    forum.refusals = [error]
    await member(place=SERVER, is_admin=True).command("/channel 08:00 daily 3 threads on")
    clock.forward(hours=1)
    assert await push.run_once() == Pushed(sent=1)
    group = await group_at(any_database, SERVER)
    async with any_database.reading() as db:
        delivery = await deliveries.last(db, group.user.id)
    assert (delivery.state, [step.what for step in delivery.steps][-1]) == ("sent", "sent")


async def test_a_thread_that_may_have_been_opened_is_not_opened_twice(
    pushed, discord, forum, any_database
):
    forum.refusals = [OutcomeUnknown()]
    await pushed(discord, SERVER, "08:00 daily 3 threads on")
    assert len(forum.threads) == 2
    assert (await group_at(any_database, SERVER)).settings.has_threads


async def test_a_digest_comes_in_the_language_that_an_administrator_chose_and_stays_in_it(
    pushed, telegram, member, any_database
):
    digest, _ = await pushed(telegram, line="08:00 UTC daily 3 language deutsch")
    assert digest.digest.heading == "3 Paper für Montag, 2. März"
    ben = member(BEN, is_admin=True)  # whose own app speaks English
    await ben.command("/channel votes off")
    assert (await group_at(any_database)).user.language == "de"
    await ben.command("/channel language english")
    group = await group_at(any_database)
    assert (group.user.language, group.user.is_language_chosen) == ("en", True)

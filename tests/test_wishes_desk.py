"""What readers tell us in words, on real storage and with a real model that ranks."""

import asyncio
from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot.conversation import references
from bot.conversation.events import Platform
from bot.conversation.interests import InterestsFeature
from bot.conversation.service import Conversation
from bot.conversation.taste_file import parsed
from bot.conversation.topics import Outcome, TopicsFeature
from bot.conversation.words.cards import more_of_authors
from bot.jobs.daily_picks import DailyPicks
from bot.library_desk import LibraryDesk
from bot.wishes_desk import WishesDesk
from recommender.feedback import Verdict
from recommender.wishes import Kind, Standing, Topic
from storage.database import Database
from tests.conversation.journey import Journey
from tests.house import TOPICS, NoSource, RecordingMessenger, open_desk, papers_of, person, stocked

TODAY = date(2026, 3, 2)
KEPT = ("cs.RO", "cs.CL")
SOFIA = "Sofia Kovalevskaya"


@pytest.fixture
async def desk(any_database, encoder, clock, tmp_path):
    papers = papers_of(TODAY)
    # The number theorist writes as sources write: three ways.
    by_sofia = {33: "Kovalevskaya, S.", 35: "Sofía Kovalevskaya", 37: "S. V. Kovalevskaya"}
    papers = [
        replace(p, authors=("Emmy Noether", by_sofia[n])) if n in by_sofia else p
        for n, p in enumerate(papers)
    ]
    await stocked(any_database, papers, clock())
    return await open_desk(any_database, encoder, clock, tmp_path)


@pytest.fixture
def wishes(any_database, desk, clock):
    return WishesDesk(any_database, desk._shelf, desk, clock, always=KEPT, most=3)


@pytest.fixture
def ada(desk, wishes, clock):
    return Journey(
        Conversation(desk, clock, [TopicsFeature(wishes), InterestsFeature(wishes)]), person("7")
    )


@pytest.fixture
async def reader(desk):
    return await desk.reader(person("7"))


def shown(journey):
    """Return the items of the newest list."""
    return newest_digest(journey).items


def newest_digest(journey):
    return next(m.digest for m in reversed(journey.messages.values()) if m.digest)


def by_sofia(item):
    return "Kovalevskaya" in item.card.authors


@pytest.fixture
def like(desk, reader):
    """Like so many papers of a topic."""

    async def like(topic, count):
        for number in range(8 * topic, 8 * topic + count):
            (paper,) = await desk.linked(reader, f"https://arxiv.org/abs/2603.{number:05d}")
            await desk.store(reader, f"like-{number}", paper, None, verdict=Verdict.LIKE)

    return like


async def test_every_new_paper_of_a_followed_author_is_in_the_digest_with_that_reason(ada, like):
    await like(0, 3)
    await ada.command(f"/follow {SOFIA}")
    assert "3 papers of the last days match." in ada.last
    await ada.command("/today")
    items = shown(ada)
    assert [by_sofia(item) for item in items] == [True] * 3 + [False] * 2
    assert [item.card.reason for item in items[:3]] == [
        "You follow S. V. Kovalevskaya.",
        "You follow Sofía Kovalevskaya.",
        "You follow Kovalevskaya, S.",
    ]
    await ada.tap("1 Open")
    await ada.tap("Why?")
    assert "100\u00a0% · you follow S. V. Kovalevskaya, so each new paper" in ada.last


async def test_they_are_in_the_digest_that_is_pushed_too(ada, any_database, desk, clock):
    await ada.command("/schedule 08:00 UTC daily 2")
    await ada.command(f"/follow {SOFIA}")
    messenger = RecordingMessenger()
    clock.forward(days=1)
    await DailyPicks(any_database, desk, {Platform.TELEGRAM: messenger}, clock).run_once()
    (sent,) = messenger.sent
    assert [by_sofia(item) for item in sent.message.digest.items] == [True] * 3


async def test_when_there_are_more_than_a_message_holds_the_next_digests_bring_the_others(
    ada, any_database, desk, clock
):
    await ada.command("/schedule 08:00 UTC daily 3")
    await ada.command("/follow Emmy Noether")  # who wrote all forty papers of the day
    messenger = RecordingMessenger()
    for _ in range(5):
        clock.forward(days=1)
        await DailyPicks(any_database, desk, {Platform.TELEGRAM: messenger}, clock).run_once()
    items = [sent.message.digest.items for sent in messenger.sent if sent.message.digest]
    assert [len(some) for some in items] == [10, 10, 10, 10]
    cards = [item.card for some in items for item in some]
    assert {card.reason for card in cards} == {"You follow Emmy Noether."}
    assert len({card.paper for card in cards}) == 40
    footings = [sent.message.digest.footing for sent in messenger.sent if sent.message.digest]
    assert footings == [more_of_authors(30), more_of_authors(20), more_of_authors(10), ""]


async def test_how_many_wait_is_said_by_today_too_and_after_a_tap_and_pick_brings_them(ada):
    await ada.command("/schedule 08:00 UTC daily 1")
    await ada.command(f"/follow {SOFIA}")
    await ada.command("/today")
    assert newest_digest(ada).footing == more_of_authors(2)
    await ada.tap("1 👍")
    assert newest_digest(ada).items[0].card.mark
    assert newest_digest(ada).footing == more_of_authors(2)
    for left in (more_of_authors(1), ""):
        (card,) = await ada.command("/pick")
        assert card.message.card.reason.startswith("You follow")
        await ada.command("/today")
        assert newest_digest(ada).footing == left


async def test_they_are_in_the_digest_although_their_words_and_categories_are_muted(ada, like):
    await like(0, 3)
    await ada.command(f"/follow {SOFIA}")
    await ada.command("/mute math.NT")
    assert "its papers come only if you follow who wrote them" in ada.last
    await ada.command("/today")
    items = shown(ada)
    assert [by_sofia(item) for item in items] == [True] * 3 + [False] * 2
    assert all("math.NT" not in " ".join(item.card.details) for item in items[3:])


async def test_what_is_muted_is_in_no_card_and_no_digest_and_a_look_up_still_finds_it(
    ada, desk, reader, like
):
    await like(0, 3)
    await ada.command("/mute robots")
    await ada.command("/mute cs.CL")
    await ada.command(f"/mute {SOFIA}")
    for _ in range(20):
        await ada.command("/pick")
    await ada.command("/today")
    cards = [m.card for m in ada.messages.values() if m.card and m.card.reason]
    cards += [item.card for item in shown(ada)]
    assert len(cards) > 20
    for card in cards:
        assert "robot" not in card.title.casefold()
        assert "Kovalevskaya" not in card.authors
        assert "cs.CL" not in " ".join(card.details)
    reader = await desk.reader(person("7"))
    (paper,) = await desk.linked(reader, "https://arxiv.org/abs/2603.00033")
    assert "Kovalevskaya, S." in (await desk.offer(reader, paper)).paper.authors


async def test_a_followed_category_has_one_place_in_a_digest(ada, like):
    await like(0, 3)
    await ada.command("/follow math.NT")
    await ada.command("/today")
    reasons = [item.card.reason for item in shown(ada)]
    assert reasons.count("You follow math.NT.") == 1
    assert len(reasons) == 5


async def test_a_new_paper_of_a_followed_author_comes_the_day_it_is_announced(
    ada, any_database, desk, clock
):
    await ada.command("/schedule 08:00 UTC daily 3")
    await ada.command("/follow author Somerville, M.")
    await ada.command("/today")
    assert all("You follow" not in item.card.reason for item in shown(ada))
    tomorrow = TODAY + timedelta(days=1)
    new = papers_of(tomorrow, 1, first=100)[0]
    await stocked(any_database, [replace(new, authors=("Mary Somerville",))], clock())
    await desk._shelf.refresh()
    clock.forward(days=1)
    await ada.command("/today")
    assert [item.card.reason for item in shown(ada)].count("You follow Mary Somerville.") == 1


async def test_a_category_takes_a_free_place_and_two_readers_cannot_take_the_last_one(
    wishes, desk, any_database_url, clock, reader
):
    other = await desk.reader(person("8"))
    second = Database(any_database_url)
    elsewhere = WishesDesk(second, desk._shelf, desk, clock, always=KEPT, most=3)
    answers = await asyncio.gather(
        wishes.follow(reader, Topic(Kind.CATEGORY, "q-bio.NC")),
        elsewhere.follow(other, Topic(Kind.CATEGORY, "math.NT")),
    )
    await second.dispose()
    assert sorted(answer.outcome for answer in answers) == [Outcome.NOT_READ, Outcome.STORED]
    refused = next(answer for answer in answers if answer.outcome is Outcome.NOT_READ)
    assert len(refused.read) == 3


async def test_what_is_read_anyhow_can_always_be_followed_and_what_is_given_up_makes_room(
    wishes, reader
):
    assert not (await wishes.follow(reader, Topic(Kind.CATEGORY, "cs.CL"))).is_new
    brains, primes = Topic(Kind.CATEGORY, "q-bio.NC"), Topic(Kind.CATEGORY, "math.NT")
    assert (await wishes.follow(reader, brains)).is_new
    assert (await wishes.follow(reader, primes)).outcome is Outcome.NOT_READ
    assert await wishes.unfollow(reader, brains)
    assert (await wishes.follow(reader, primes)).is_new


async def test_a_topic_is_one_in_every_spelling_and_ends_by_part_of_its_name(wishes, reader):
    sofia = Topic(Kind.AUTHOR, SOFIA)
    await wishes.follow(reader, sofia)
    again = Topic(Kind.AUTHOR, "KOVALEVSKAYA, Sofia")
    assert (await wishes.follow(reader, again)).outcome is Outcome.ALREADY
    await wishes.mute(reader, again)
    kept = await wishes.topics(reader)
    assert (kept.follows, kept.mutes) == ((), (again,))
    assert not await wishes.unmute(reader, Topic(Kind.AUTHOR, "Noether"))
    assert await wishes.unmute(reader, Topic(Kind.AUTHOR, "kovalevskaya"))


async def test_a_word_of_most_papers_is_not_muted(wishes, reader):
    told = await wishes.mute(reader, Topic(Kind.WORD, "study"))
    assert (told.outcome, told.percent) == (Outcome.TOO_COMMON, 100)
    assert (await wishes.topics(reader)).mutes == ()


# ---------------------------------------------------------------- interests


@pytest.fixture
async def of_two_fields(like):
    for topic, count in ((0, 7), (2, 3)):
        await like(topic, count)


async def test_interests_are_named_by_telling_words_and_shown_with_their_weights(
    ada, of_two_fields
):
    await ada.command("/interests")
    lines = ada.transcript
    assert any("70 % of them (7 papers)" in line for line in lines)
    assert any("30 % of them (3 papers)" in line for line in lines)
    heads = [line for line in lines if line[:3] in ("1. ", "2. ")][-2:]
    assert set(heads[0][3:].casefold().split(", ")) <= set(TOPICS["cs.RO"].split())
    assert set(heads[1][3:].casefold().split(", ")) <= set(TOPICS["astro-ph.GA"].split())


async def test_a_muted_interest_is_gone_from_the_digest_and_bringing_it_back_brings_it_back(
    ada, desk, clock, of_two_fields
):
    await ada.command("/schedule 08:00 UTC daily 5")
    await ada.command("/interests mute 1")
    await ada.command("/today")
    muted = [item.card.reason for item in shown(ada)]
    assert not any("Robot" in item.card.title for item in shown(ada))
    assert sum("For your interest" in reason for reason in muted) == 0  # there is one left
    await ada.command("/interests unmute 1")
    clock.forward(days=1)
    await ada.command("/today")
    assert "For your interest in" in " ".join(item.card.reason for item in shown(ada))


async def test_a_name_of_ones_own_stands_in_the_list_and_in_the_reasons(ada, like, of_two_fields):
    await ada.command("/interests rename 2 My sky")
    assert "2. My sky" in ada.transcript
    await ada.command("/today")
    reasons = [item.card.reason for item in shown(ada)]
    assert any(reason.startswith("For your interest in My sky. Because") for reason in reasons)
    # And it stays with them, however the likes come to group later.
    await like(3, 4)
    await ada.command("/interests")
    assert any(line.endswith(". My sky") for line in ada.transcript[-20:])


async def test_forgotten_likes_stay_in_the_history_and_can_be_brought_back(
    ada, desk, reader, of_two_fields
):
    await ada.command("/interests forget 1")
    assert any(line.startswith("Forgotten: 7 papers") for line in ada.transcript)
    assert (await desk.status(reader)).likes == 10
    await ada.command("/today")
    reasons = " ".join(item.card.reason for item in shown(ada))
    assert "Robot" not in reasons
    await ada.tap("2 Bring back")
    assert any("70 % of them (7 papers)" in line for line in ada.transcript[-14:])


async def test_what_was_said_of_interests_stands_for_another_process(
    ada, desk, any_database_url, clock, reader, of_two_fields
):
    await ada.command("/interests boost 2")
    second = Database(any_database_url)
    elsewhere = WishesDesk(second, desk._shelf, desk, clock, always=KEPT, most=3)
    found = await elsewhere.interests(reader)
    await second.dispose()
    assert [one.standing for one in found] == [Standing.KEPT, Standing.BOOSTED]


# ---------------------------------------------------------------- taking along


async def told(wishes, reader):
    """Return what a reader follows, mutes, and says of which papers."""
    kept = await wishes.topics(reader)
    said = {
        (one.name, one.standing, len(one.papers))
        for one in await wishes.interests(reader)
        if one.name or one.standing is not Standing.KEPT
    }
    return set(kept.follows), set(kept.mutes), said


async def test_what_was_told_goes_along_in_a_taste_file_and_in_the_export(
    ada, desk, wishes, any_database, clock, reader, of_two_fields, tmp_path, encoder
):
    for command in ("/follow cs.RO", f"/follow {SOFIA}", "/mute blockchain"):
        await ada.command(command)
    await ada.command("/interests rename 2 My sky")
    await ada.command("/interests mute 2")
    library = LibraryDesk(any_database, NoSource(), clock)
    entries = await library.entries(reader, only_saved=False)
    file = references.taste(entries, await library.told(reader)).encode()

    there = Database(f"sqlite+aiosqlite:///{tmp_path / 'there.db'}")
    await there.migrate()
    await stocked(there, papers_of(TODAY), clock())
    elsewhere = await open_desk(there, encoder, clock, tmp_path / "there")
    arrived = WishesDesk(there, elsewhere._shelf, elsewhere, clock, always=KEPT, most=3)
    ben = await elsewhere.reader(person("9"))
    papers, words = parsed(file)
    await LibraryDesk(there, NoSource(), clock).take_in(ben, "file", papers)
    assert await arrived.take_in_told(ben, words) == 4
    assert await told(arrived, ben) == await told(wishes, reader)
    assert await arrived.take_in_told(ben, words) == 0
    await there.dispose()

    everything = await library.everything(reader)
    assert {"follows", "mutes", "interests"} <= everything.keys()
    (said,) = everything["interests"]
    assert {str(paper) for paper in said["papers"]} <= everything["papers"].keys()

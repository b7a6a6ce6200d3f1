"""Several things at once, for one reader: what one shows, the others know of."""

import asyncio
from datetime import date, time, timedelta

import pytest

from bot.conversation.events import Person, Platform
from bot.conversation.ports import RecipientGone, TryLater
from bot.jobs.daily_picks import DailyPicks
from bot.schedule import EVERY_DAY, Schedule
from storage import deliveries
from tests.house import RecordingMessenger, open_desk, papers_of, person, stocked

TODAY = date(2026, 3, 2)
AT_EIGHT = Schedule(at=time(8), zone="UTC", days=EVERY_DAY, picks=3)


@pytest.fixture
async def desks(any_database, encoder, clock, tmp_path):
    """Two processes of one installation."""
    await stocked(any_database, papers_of(TODAY), clock())
    return [await open_desk(any_database, encoder, clock, tmp_path) for _ in range(2)]


@pytest.fixture
def messenger():
    return RecordingMessenger()


@pytest.fixture
def push(any_database, desks, messenger, clock):
    messengers = {Platform.TELEGRAM: messenger, Platform.DISCORD: messenger}
    return DailyPicks(any_database, desks[0], messengers, clock)


async def subscribe(desk, who):
    return await desk.reschedule(await desk.reader(who), AT_EIGHT, is_zone_known=True)


def shown(message):
    return [item.card.paper for item in message.digest.items]


async def test_cards_asked_for_at_the_same_moment_are_different_papers(desks):
    readers = [await desk.reader(person()) for desk in desks]
    asked = [
        desk.next_offer(reader) for desk, reader in zip(desks, readers, strict=True) for _ in "123"
    ]
    papers = [offer.paper.id for offer in await asyncio.gather(*asked)]
    assert len(set(papers)) == 6


async def test_a_digest_asked_for_twice_at_the_same_moment_is_one(desks):
    readers = [await desk.reader(person()) for desk in desks]
    asked = [desk.digest(reader) for desk, reader in zip(desks, readers, strict=True)]
    first, second = await asyncio.gather(*asked)
    assert len(first) == 5
    assert [offer.paper.id for offer in first] == [offer.paper.id for offer in second]


async def test_a_card_and_the_digest_of_the_same_moment_have_no_paper_in_common(
    desks, push, messenger, clock
):
    reader = await subscribe(desks[1], person())
    clock.forward(hours=1)
    _, *cards = await asyncio.gather(push.run_once(), *(desks[1].next_offer(reader) for _ in "123"))
    (digest,) = messenger.to("chat-7")
    papers = [*shown(digest), *(card.paper.id for card in cards)]
    assert len(set(papers)) == len(papers) == 6


async def test_the_papers_of_a_digest_that_failed_are_seen_once_today_shows_them(
    desks, push, messenger, clock
):
    desk = desks[0]
    reader = await subscribe(desk, person())
    messenger.refusals["chat-7"] = [TryLater(timedelta(days=2))]
    clock.forward(hours=1)
    await push.run_once()
    failed = {offer.paper.id for offer in await desk.digest(reader)}
    assert failed == {offer.paper.id for offer in await desk.digest(reader)}
    assert len(failed) == 3
    cards = set()
    while offer := await desk.next_offer(reader):
        cards.add(offer.paper.id)
    assert not failed & cards


def on_discord(*, in_a_server):
    return Person(Platform.DISCORD, "9", "chat-9", is_private=not in_a_server)


async def test_closed_direct_messages_stay_closed_until_the_person_asks_again(
    desks, push, messenger, clock
):
    desk = desks[0]
    await subscribe(desk, on_discord(in_a_server=True))
    messenger.refusals["chat-9"] = [RecipientGone()]
    clock.forward(hours=1)
    await push.run_once()
    reader = await desk.reader(on_discord(in_a_server=True))
    assert (reader.unreachable, reader.push_place, reader.due) == ("dms_closed", "", None)
    clock.forward(days=1)
    await push.run_once()
    assert messenger.sent == []
    assert (await desk.resume(reader)).push_place == "here"
    clock.forward(days=1)
    await push.run_once()
    assert len(messenger.sent) == 1


async def test_who_writes_a_direct_message_can_be_reached_by_one(desks, push, messenger, clock):
    desk = desks[0]
    await subscribe(desk, on_discord(in_a_server=True))
    messenger.refusals["chat-9"] = [RecipientGone()]
    clock.forward(hours=1)
    await push.run_once()
    reader = await desk.reader(on_discord(in_a_server=False))
    assert (reader.unreachable, reader.push_place) == ("", "here")
    assert reader.due is not None


async def test_a_terminal_is_owed_no_digest(desks, push, any_database, clock):
    reader = await subscribe(desks[0], person(platform=Platform.TERMINAL))
    assert reader.due is None
    clock.forward(days=1)
    await push.run_once()
    async with any_database.reading() as db:
        assert await deliveries.last(db, reader.id) is None

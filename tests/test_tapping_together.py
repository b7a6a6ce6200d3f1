"""Many who tap at the same moment: each is told what is theirs, and all are read for at once."""

import asyncio
from datetime import date

import pytest
from sqlalchemy import event

from bot.conversation.events import Platform
from bot.conversation.ports import UnknownPaper
from recommender.encoder import LsaEncoder
from recommender.feedback import Verdict
from recommender.papers import PaperId
from storage import bans
from tests.house import open_desk, papers_of, person, stocked

READERS = 30


@pytest.fixture
async def desk(any_database, clock, tmp_path):
    await stocked(any_database, papers_of(date(2026, 3, 2)), clock())
    return await open_desk(any_database, LsaEncoder(), clock, tmp_path)


@pytest.fixture
async def shown(desk):
    """Readers and the card that each was shown."""
    readers = [await desk.reader(person(str(n))) for n in range(READERS)]
    return [(reader, await desk.next_offer(reader)) for reader in readers]


async def test_each_sees_their_own_card_and_opinion_again(desk, shown):
    for place, (reader, offer) in enumerate(shown):
        if place % 2:
            await desk.store(
                reader, "e", offer.paper.id, offer.impression, verdict=Verdict.LIKE, save=True
            )
    again = await asyncio.gather(
        *(desk.offer_again(reader, offer.impression, offer.paper.id) for reader, offer in shown)
    )
    for place, ((_, offer), found) in enumerate(zip(shown, again, strict=True)):
        assert (found.paper, found.impression, found.pick) == (
            offer.paper,
            offer.impression,
            offer.pick,
        )
        assert (found.opinion.verdict, found.opinion.is_saved) == (
            (Verdict.LIKE, True) if place % 2 else (None, False)
        )


async def test_a_foreign_card_is_no_card_and_an_unknown_paper_costs_nobody_else_theirs(desk, shown):
    (ada, hers), (ben, his) = shown[:2]
    foreign, unknown, own = await asyncio.gather(
        desk.offer_again(ben, hers.impression, hers.paper.id),
        desk.offer_again(ada, hers.impression, PaperId(10**6)),
        desk.offer_again(ben, his.impression, his.paper.id),
        return_exceptions=True,
    )
    assert (foreign.paper, foreign.impression, foreign.pick) == (hers.paper, 0, None)
    assert isinstance(unknown, UnknownPaper)
    assert own.pick == his.pick


async def test_who_speaks_and_who_is_shut_out_is_known_of_each(any_database, desk, shown, clock):
    async with any_database.writing() as db:
        await bans.ban(db, Platform.TELEGRAM, "3", clock())
    people = [person(str(n)) for n in range(READERS)]
    readers = await asyncio.gather(*(desk.reader(one) for one in people))
    assert [one.id for one in readers] == [reader.id for reader, _ in shown]
    banned = await asyncio.gather(*(desk.is_banned(one) for one in people))
    assert [n for n, is_banned in enumerate(banned) if is_banned] == [3]


@pytest.fixture
async def begun(any_database):
    """The transactions of readers that began; on PostgreSQL those of writers too."""
    async with any_database.reading() as db:
        engine = db.get_bind()
    begun = []
    event.listen(engine, "begin", begun.append)
    return begun


async def test_those_who_ask_meanwhile_share_transactions(desk, shown, begun):
    await asyncio.gather(
        *(desk.offer_again(reader, offer.impression, offer.paper.id) for reader, offer in shown)
    )
    assert len(begun) <= 3


async def test_the_next_cards_of_all_who_wait_are_chosen_together(desk, shown, begun):
    asked = [reader for reader, _ in shown[: READERS // 2]]
    offers = await asyncio.gather(*(desk.next_offer(reader) for reader in asked for _ in "12"))
    assert len(begun) <= 8  # each asks for two, of which the second waits for the first
    for (_, first), *two in zip(shown, offers[::2], offers[1::2], strict=False):
        assert len({offer.paper.id for offer in (first, *two)}) == 3

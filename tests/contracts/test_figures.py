"""Figures for operators, on both databases."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from recommender.feedback import Verdict
from storage import deliveries, feedback_log, figures, groups, personal, users
from storage.deliveries import State
from storage.figures import SETTLED, Accounts, LikeRate, Trouble, Visits
from storage.impressions import Place
from tests.contracts.examples import MONDAY, next_due, pick, reader, shown, stored

EIGHT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


async def visits(database):
    async with database.reading() as db:
        return await figures.visits(db, MONDAY)


async def rates(database, now):
    async with database.writing() as db:
        await figures.tally(db, now)
    async with database.reading() as db:
        return await figures.like_rates(db, MONDAY)


async def show(database, *impressions):
    async with database.writing() as db:
        return await feedback_log.impress(db, impressions)


async def say(database, found, event, paper, impression, now, verdict):
    async with database.writing() as db:
        await feedback_log.record(
            db, found.user.id, found.account.id, event, paper, impression, now, verdict=verdict
        )


async def test_who_comes_is_counted_once_a_day_by_platform(any_database, clock):
    for _ in range(3):
        await reader(any_database, "7", clock.forward(minutes=5))
    await reader(any_database, "8", clock(), platform="discord")
    clock.forward(days=1)
    for _ in range(2):
        await reader(any_database, "7", clock.forward(minutes=5))
    assert await visits(any_database) == [
        Visits(MONDAY + timedelta(days=1), "telegram", new=0, active=1),
        Visits(MONDAY, "discord", new=1, active=1),
        Visits(MONDAY, "telegram", new=1, active=1),
    ]


async def test_accounts_are_counted_with_those_that_nothing_reaches(any_database, clock):
    ada = await reader(any_database, "7", clock())
    await reader(any_database, "8", clock())
    await reader(any_database, "9", clock(), platform="discord")
    async with any_database.writing() as db:
        await users.mark_unreachable(db, ada.account.id, "blocked")
    async with any_database.reading() as db:
        assert await figures.accounts(db) == [
            Accounts("discord", 1, 0),
            Accounts("telegram", 2, 1),
        ]


async def test_groups_are_counted_apart_and_are_no_visitors(any_database, clock):
    await reader(any_database, "7", clock())
    for hours in (0, 24):
        async with any_database.writing() as db:
            await groups.find_or_create(
                db, "telegram", "-7", "-7", None, "en", clock.forward(hours=hours), next_due
            )
    async with any_database.reading() as db:
        assert await figures.accounts(db) == [Accounts("telegram", 1, 0, groups=1)]
    assert await visits(any_database) == [Visits(MONDAY, "telegram", new=1, active=1)]


@pytest.fixture
async def ada(any_database, clock):
    return await reader(any_database, "7", clock())


async def test_likes_are_counted_by_model_and_by_whether_the_pick_explored(
    any_database, ada, clock
):
    papers = await stored(any_database, 4, clock())
    usual = [shown(ada, paper, clock()) for paper in papers[:3]]
    exploring = usual[0]._replace(paper=papers[3], pick=replace(pick(papers[3]), is_exploring=True))
    asked_for = shown(ada, papers[0], clock(), place=Place.LOOKUP)
    ids = await show(any_database, *usual, exploring, asked_for)
    await say(any_database, ada, "1", papers[0], ids[0], clock(), Verdict.LIKE)
    await say(any_database, ada, "2", papers[1], ids[1], clock(), Verdict.SKIP)
    await say(any_database, ada, "3", papers[3], ids[3], clock(), Verdict.LIKE)
    assert await rates(any_database, clock()) == []  # nothing is settled yet
    counted = [LikeRate("m1", False, 3, 1), LikeRate("m1", True, 1, 1)]
    for _ in range(2):  # each row once, however often it is counted
        assert await rates(any_database, clock() + 2 * SETTLED) == counted


async def test_a_like_that_was_taken_back_counts_no_more(any_database, ada, clock):
    (paper,) = await stored(any_database, 1, clock())
    (impression,) = await show(any_database, shown(ada, paper, clock()))
    await say(any_database, ada, "1", paper, impression, clock(), Verdict.LIKE)
    assert await rates(any_database, clock.forward(minutes=2)) == [LikeRate("m1", False, 1, 1)]
    async with any_database.writing() as db:
        await feedback_log.undo(db, ada.user.id, ada.account.id, "2", clock())
    assert await rates(any_database, clock.forward(minutes=2)) == [LikeRate("m1", False, 1, 0)]


async def test_figures_stay_when_a_person_is_forgotten_and_go_on(any_database, ada, clock):
    papers = await stored(any_database, 2, clock())
    await show(any_database, shown(ada, papers[0], clock()))
    assert await rates(any_database, clock.forward(minutes=2)) == [LikeRate("m1", False, 1, 0)]
    async with any_database.writing() as db:
        await personal.forget(db, ada.user.id)
    again = await reader(any_database, "7", clock())
    await show(any_database, shown(again, papers[1], clock()))
    assert await rates(any_database, clock.forward(minutes=2)) == [LikeRate("m1", False, 2, 0)]


async def test_digests_that_did_not_arrive_are_counted_with_why(any_database, ada, clock):
    bob = await reader(any_database, "8", clock(), platform="discord")
    async with any_database.writing() as db:
        await deliveries.claim_due(db, EIGHT, 10, next_due)
        for found, state, why in ((ada, State.SENT, None), (bob, State.FAILED, "dms_closed")):
            await deliveries.begin_sending(
                db, found.user.id, MONDAY, EIGHT, account=found.account.id, model="m1"
            )
            await deliveries.finish(db, found.user.id, MONDAY, state, EIGHT, reason=why)
    async with any_database.reading() as db:
        assert await figures.digests(db, MONDAY) == {State.SENT: 1, State.FAILED: 1}
        assert await figures.digests(db, date(2026, 3, 1)) == {}
        assert await figures.troubles(db, MONDAY) == [
            Trouble(MONDAY, "discord", State.FAILED, "dms_closed", 1)
        ]

"""What has votes, on both databases."""

from datetime import timedelta

import pytest

from recommender.feedback import Verdict
from storage import catalogue, feedback_log
from tests.contracts.examples import MONDAY, arxiv, reader


async def trends(database, days, limit=50):
    async with database.reading() as db:
        return await catalogue.trending(db, days, limit)


async def take(database, papers, now):
    async with database.writing() as db:
        return (await catalogue.take_in(db, papers, now)).new


@pytest.mark.parametrize(("days", "expected"), [(1, [0]), (7, [1, 0]), (30, [2, 1, 0])])
async def test_days_are_counted_back_from_the_newest_announcement(
    any_database, clock, days, expected
):
    ages = (0, 6, 29, 30)
    news = [
        arxiv(n + 1, announced=MONDAY - timedelta(days=age), upvotes=10 + n)
        for n, age in enumerate(ages)
    ]
    ids = await take(any_database, news, clock.forward(days=400))
    assert [trend.paper for trend in await trends(any_database, days)] == [ids[n] for n in expected]


async def test_likes_of_this_installation_count_more_than_upvotes_elsewhere(any_database, clock):
    ids = await take(any_database, [arxiv(1, upvotes=15), arxiv(2), arxiv(3), arxiv(4)], clock())
    ada, ben = [await reader(any_database, name, clock()) for name in ("ada", "ben")]
    async with any_database.writing() as db:
        for found, paper, verdict in (
            (ada, ids[1], Verdict.LIKE),
            (ben, ids[1], Verdict.LIKE),
            (ada, ids[2], Verdict.SKIP),
        ):
            event = f"{found.user.id}:{paper}"
            await feedback_log.record(
                db, found.user.id, found.account.id, event, paper, None, clock(), verdict=verdict
            )
    found = await trends(any_database, 1)
    assert [(t.paper, t.likes, t.upvotes) for t in found] == [(ids[1], 2, 0), (ids[0], 0, 15)]


async def test_the_sample_trends_only_until_a_real_paper_is_there(any_database, clock):
    assert await trends(any_database, 7) == []
    (sample,) = await take(any_database, [arxiv(1, upvotes=5, is_sample=True)], clock())
    assert [trend.paper for trend in await trends(any_database, 7)] == [sample]
    (real,) = await take(any_database, [arxiv(2, upvotes=1)], clock())
    assert [trend.paper for trend in await trends(any_database, 7)] == [real]


async def test_a_withdrawn_paper_does_not_trend(any_database, clock):
    await take(any_database, [arxiv(1, upvotes=5, is_withdrawn=True)], clock())
    assert await trends(any_database, 7) == []

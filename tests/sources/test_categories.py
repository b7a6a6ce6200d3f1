"""Following a category is enough for its papers to come: without a restart, in any process."""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from recommender.wishes import Kind, Topic
from storage import wishes
from tests.contracts.examples import reader
from tests.sources.conftest import TUESDAY, a_day

MONDAY, FRIDAY = date(2026, 5, 4), date(2026, 5, 1)
ROBOTS = Topic(Kind.CATEGORY, "cs.RO")


@pytest.fixture
async def ada(any_shop):
    return (await reader(any_shop.database, "ada", any_shop.clock.now())).user.id


async def follow(shop, user, topic=ROBOTS):
    async with shop.database.writing() as db:
        await wishes.follow(db, user, topic, shop.clock.now())


async def robots(shop):
    """Return the announcement days of the papers about robots, and how many of each."""
    days = [p.announced for p in (await shop.papers()).values() if "cs.RO" in p.categories]
    return {day: days.count(day) for day in set(days)}


def announced(*days):
    """Papers of a category that is read, and of one that is not."""
    papers = [paper for day in days for paper in a_day(day, 6)]
    return [replace(p, categories=("cs.RO",)) if n % 3 == 2 else p for n, p in enumerate(papers)]


async def test_a_followed_category_comes_with_todays_papers_and_those_of_the_last_days(
    any_shop, ada
):
    shop = any_shop
    shop.feeds.papers = announced(FRIDAY, MONDAY, TUESDAY)
    await shop.step()
    assert await robots(shop) == {}
    await follow(shop, ada)
    shop.clock.go(minutes=2)
    await shop.step()
    assert await robots(shop) == {FRIDAY: 2, MONDAY: 2, TUESDAY: 2}
    # Once, and no more: the next step asks for nothing that is there.
    asked = len(shop.feeds.requests("api"))
    shop.clock.go(minutes=2)
    await shop.step()
    assert len(shop.feeds.requests("api")) == asked


async def test_a_process_that_began_later_reads_what_was_followed_before(any_shop, ada):
    shop = any_shop
    shop.feeds.papers = announced(MONDAY, TUESDAY)
    await follow(shop, ada)
    await shop.step()
    assert (await robots(shop))[TUESDAY] == 2
    shop.restarted()
    shop.feeds.today = date(2026, 5, 6)
    shop.clock.moment = datetime(2026, 5, 6, 4, 10, tzinfo=UTC)
    shop.feeds.papers += announced(date(2026, 5, 6))
    await shop.step()
    assert (await robots(shop))[date(2026, 5, 6)] == 2


async def test_the_last_days_come_after_a_process_died_in_between(any_shop, ada):
    shop = any_shop
    shop.feeds.papers = announced(FRIDAY, MONDAY, TUESDAY)
    await shop.step()
    await follow(shop, ada)
    shop.feeds.fail("api", "status", times=20, status=503)
    shop.clock.go(minutes=2)
    await shop.step()
    assert await robots(shop) == {TUESDAY: 2}
    shop.feeds.faults.clear()
    shop.restarted()
    shop.clock.go(hours=2)
    await shop.step()
    assert await robots(shop) == {FRIDAY: 2, MONDAY: 2, TUESDAY: 2}


async def test_a_running_ingest_notices_within_a_minute(any_shop, ada):
    shop = any_shop
    shop.feeds.papers = announced(TUESDAY)
    stop = asyncio.Event()

    async def reader_who_waits():
        await shop.clock.sleep(900)
        assert await robots(shop) == {}
        await follow(shop, ada)
        asked = shop.clock.now()
        while not await robots(shop):
            await shop.clock.sleep(5)
        stop.set()
        return (shop.clock.now() - asked).total_seconds()

    _, waited = await shop.clock.together(shop.ingest.run(stop), reader_who_waits())
    assert waited <= 70  # a minute, and the polite pause between two requests


async def test_no_more_categories_are_read_than_may_be(any_shop, ada):
    shop = any_shop
    for name in ("q-bio.NC", "math.NT", "cs.RO"):
        shop.clock.go(seconds=1)
        await follow(shop, ada, Topic(Kind.CATEGORY, name))
    async with shop.database.reading() as db:
        always = shop.arxiv.categories
        read = await wishes.categories_read(db, always, len(always) + 2)
        assert read == [*always, "q-bio.NC", "math.NT"]
        assert await wishes.categories_read(db, always, 1) == list(always)


async def test_what_nobody_follows_any_more_is_no_longer_asked_for(any_shop, ada):
    shop = any_shop
    shop.feeds.papers = announced(TUESDAY)
    await follow(shop, ada)
    await shop.step()
    async with shop.database.writing() as db:
        await wishes.unfollow(db, ada, ROBOTS)
    await shop.step()
    assert "cs.RO" not in shop.arxiv.categories


async def test_a_category_that_is_followed_again_gets_the_days_it_was_not_read(any_shop, ada):
    shop = any_shop
    shop.feeds.papers = announced(FRIDAY, MONDAY, TUESDAY)
    await follow(shop, ada)
    await shop.step()
    async with shop.database.writing() as db:
        await wishes.unfollow(db, ada, ROBOTS)
    wednesday = date(2026, 5, 6)
    shop.feeds.papers += announced(wednesday)
    shop.feeds.today = wednesday
    shop.clock.moment = datetime(2026, 5, 6, 4, 10, tzinfo=UTC)
    await shop.step()
    assert wednesday not in await robots(shop)
    await follow(shop, ada)
    shop.clock.go(minutes=2)
    await shop.step()
    assert (await robots(shop))[wednesday] == 2

"""What operators ask, over real storage."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.admin_desk import AdminDesk
from bot.conversation.admin import DayOfDigests, DayOfVisits, ModelLikes, PlatformAccounts
from storage import bans, deliveries, feedback_log, source_states
from storage.deliveries import State
from tests.contracts.examples import MONDAY, next_due, reader, shown, stored

EIGHT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


@pytest.fixture
def desk(database, clock):
    return AdminDesk(database, clock)


async def test_a_new_installation_has_nothing_to_show_and_says_so(desk):
    assert await desk.accounts() == []
    assert await desk.visits() == []
    assert await desk.likes() == []
    assert await desk.sources() == []
    assert await desk.digests() == []
    assert await desk.broadcast(None) is None


async def test_the_figures_of_today_are_there_at_once(desk, database, clock):
    ada = await reader(database, "7", clock())
    (paper,) = await stored(database, 1, clock())
    async with database.writing() as db:
        await feedback_log.impress(db, [shown(ada, paper, clock())])
        await deliveries.claim_due(db, EIGHT, 10, next_due)
        await deliveries.finish(db, ada.user.id, MONDAY, State.FAILED, EIGHT, reason="unreachable")
        await source_states.note_failure(db, "arxiv", "HTTP 503", clock())
    assert await desk.accounts() == [PlatformAccounts("telegram", 1, 0)]
    assert await desk.visits() == [DayOfVisits(MONDAY, "telegram", new=1, active=1)]
    assert await desk.digests() == [
        DayOfDigests(MONDAY, (("failed", 1),), (("", "failed", "unreachable", 1),))
    ]
    assert [(one.name, one.trouble) for one in await desk.sources()] == [("arxiv", "HTTP 503")]
    clock.forward(minutes=2)  # a pick is counted once it is settled
    assert await desk.likes() == [ModelLikes("m1", False, shown=1, liked=0)]
    clock.forward(days=20)
    assert await desk.visits() == []
    assert await desk.likes() == []
    assert await desk.digests() == []


async def test_a_digest_of_a_day_that_has_not_begun_by_utc_is_shown_too(desk, database, clock):
    ada = await reader(database, "7", clock())
    tomorrow = MONDAY + timedelta(days=1)
    async with database.writing() as db:
        [claimed] = await deliveries.claim_due(db, EIGHT + timedelta(days=1), 10, next_due)
        assert claimed.day == tomorrow
        await deliveries.finish(
            db, ada.user.id, tomorrow, State.FAILED, EIGHT, reason="unreachable"
        )
    assert await desk.digests() == [
        DayOfDigests(tomorrow, (("failed", 1),), (("", "failed", "unreachable", 1),))
    ]


async def test_a_reader_is_shut_out_by_all_their_accounts(desk, database, clock):
    ada = await reader(database, "7", clock())
    assert await desk.accounts_of(ada.user.id + 1) == []
    accounts = await desk.accounts_of(ada.user.id)
    assert accounts == [("telegram", "7")]
    await desk.ban(accounts[0])
    async with database.reading() as db:
        assert await bans.is_banned(db, "telegram", "7")
    made = await desk.draft("Hello", 10)
    assert made.total == 0  # and no word to everybody goes to them
    await desk.unban(accounts[0])
    async with database.reading() as db:
        assert not await bans.is_banned(db, "telegram", "7")


async def test_a_draft_is_worth_nothing_after_an_hour(desk, database, clock):
    await reader(database, "7", clock())
    made = await desk.draft("Hello", 10)
    clock.now += timedelta(hours=1)
    assert not await desk.begin_broadcast(made.number)

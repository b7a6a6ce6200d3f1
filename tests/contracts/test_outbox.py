"""Steps of many digests that share a transaction, on both databases."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, exc

from storage import deliveries, users
from storage.deliveries import Ended, SentMessage, State
from storage.outbox import Outbox
from storage.users import FOREVER
from tests.contracts.examples import MONDAY, next_due, reader

EIGHT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
READERS = 60


@pytest.fixture
async def claimed(any_database, clock):
    """Readers, each of whom a digest of Monday is claimed for."""
    found = [await reader(any_database, str(n), clock()) for n in range(READERS)]
    async with any_database.writing() as db:
        await deliveries.claim_due(db, EIGHT, READERS, next_due)
    return found


def begin(outbox, found, now=EIGHT):
    return outbox.begin(found.user.id, MONDAY, now, account=found.account.id, model="m1")


async def delivery(database, found):
    async with database.reading() as db:
        return await deliveries.of_day(db, found.user.id, MONDAY)


async def test_digests_that_begin_and_end_together_share_commits(any_database, claimed):
    outbox, commits = Outbox(any_database), []
    async with any_database.writing() as db:
        event.listen(db.get_bind(), "commit", commits.append)
    assert await asyncio.gather(*(begin(outbox, one) for one in claimed)) == [True] * READERS
    sent = (SentMessage("c", "1"),)
    ends = [Ended(one.user.id, MONDAY, State.SENT, EIGHT, None, sent) for one in claimed]
    await asyncio.gather(*(outbox.finish(end) for end in ends))
    assert len(commits) <= 5
    for one in claimed:
        kept = await delivery(any_database, one)
        assert (kept.state, kept.messages, kept.sent_at) == (State.SENT, sent, EIGHT)
        assert (kept.account, kept.model, kept.attempts) == (one.account.id, "m1", 1)
        assert [step.what for step in kept.steps] == ["claimed", "begun", "sent"]


async def test_of_two_who_would_send_a_digest_only_one_may(any_database, claimed):
    outbox, other = Outbox(any_database), Outbox(any_database)
    both = await asyncio.gather(
        *(begin(who, one) for one in claimed for who in (outbox, outbox, other))
    )
    for place, one in enumerate(claimed):
        assert sum(both[3 * place : 3 * place + 3]) == 1
        assert (await delivery(any_database, one)).attempts == 1


async def test_a_reader_who_paused_meanwhile_gets_nothing_and_the_others_theirs(
    any_database, claimed
):
    paused, gone = claimed[7], claimed[9]
    async with any_database.writing() as db:
        await users.pause(db, paused.user.id, FOREVER, EIGHT, next_due)
        await deliveries.finish(db, gone.user.id, MONDAY, State.FAILED, EIGHT, reason="blocked")
    outbox = Outbox(any_database)
    may = await asyncio.gather(*(begin(outbox, one) for one in claimed))
    assert [one for one, is_ours in zip(claimed, may, strict=True) if not is_ours] == [paused, gone]
    kept = await delivery(any_database, paused)
    assert (kept.state, kept.reason) == (State.FAILED, "paused")
    assert (await delivery(any_database, gone)).reason == "blocked"


async def test_what_was_sent_stays_so_whatever_is_said_of_it_later(any_database, claimed):
    outbox, one = Outbox(any_database), claimed[0]
    await begin(outbox, one)
    later = EIGHT + timedelta(minutes=1)
    await outbox.finish(Ended(one.user.id, MONDAY, State.SENT, EIGHT))
    await outbox.finish(Ended(one.user.id, MONDAY, State.FAILED, later, "late"))
    assert (await delivery(any_database, one)).state is State.SENT


async def test_a_digest_that_cannot_be_written_down_costs_itself_alone(any_database, claimed):
    outbox, broken = Outbox(any_database), claimed[3]
    begins = [
        outbox.begin(one.user.id, MONDAY, EIGHT, account=10**6, model=None)
        if one is broken
        else begin(outbox, one)
        for one in claimed
    ]
    found = await asyncio.gather(*begins, return_exceptions=True)
    assert isinstance(found.pop(3), exc.IntegrityError)
    assert found == [True] * (READERS - 1)
    assert (await delivery(any_database, broken)).state is State.CLAIMED

"""The outbox, on both databases: one digest for each reader and local day."""

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import insert, update

from storage import deliveries, feedback_log, users
from storage.database import Database, table_of
from storage.deliveries import Count, SentMessage, State
from storage.errors import StorageUnavailable
from storage.impressions import Place
from storage.tables import AccountRow, UserRow
from storage.users import FOREVER
from tests.contracts.examples import MONDAY, next_due, reader, shown, stored

EIGHT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def ada(any_database, clock):
    return await reader(any_database, "7", clock())


async def claim(database, now, limit=100):
    async with database.writing() as db:
        return await deliveries.claim_due(db, now, limit, next_due)


async def begin(database, found, day=MONDAY, now=EIGHT):
    async with database.writing() as db:
        return await deliveries.begin_sending(
            db, found.user.id, day, now, account=found.account.id, model="m1"
        )


async def finish(database, found, state, **more):
    async with database.writing() as db:
        await deliveries.finish(db, found.user.id, MONDAY, state, EIGHT, **more)


async def retries(database, now, limit=100):
    async with database.writing() as db:
        return await deliveries.due_retries(db, now, limit)


async def delivery(database, found, day=MONDAY):
    async with database.reading() as db:
        return await deliveries.of_day(db, found.user.id, day)


async def test_a_digest_is_claimed_when_it_is_due_and_not_before(any_database, ada):
    assert await claim(any_database, EIGHT - MINUTE) == []
    (claimed,) = await claim(any_database, EIGHT)
    assert (claimed.user.id, claimed.day, claimed.due) == (ada.user.id, MONDAY, EIGHT)
    assert await claim(any_database, EIGHT + MINUTE) == []
    async with any_database.reading() as db:
        assert await deliveries.next_moment(db) == EIGHT + DAY
        assert (await users.by_id(db, ada.user.id)).next_push_day == MONDAY + DAY


async def test_the_whole_way_of_a_digest_is_written_down(any_database, ada):
    (claimed,) = await claim(any_database, EIGHT)
    assert await begin(any_database, ada)
    begun = await delivery(any_database, ada)
    sent = [SentMessage("chat-7", "55")]
    await finish(any_database, ada, State.SENT, messages=sent)
    done = await delivery(any_database, ada)
    assert (begun.state, begun.attempts, begun.model) == (State.SENDING, 1, "m1")
    assert begun.nonce == done.nonce == claimed.nonce
    assert len(done.nonce) <= 25
    assert (done.state, done.sent_at, done.messages) == (State.SENT, EIGHT, tuple(sent))
    assert (done.account, done.due) == (ada.account.id, EIGHT)
    async with any_database.reading() as db:
        assert await deliveries.last(db, ada.user.id) == done


async def test_a_digest_is_begun_once_whoever_holds_it(any_database, ada):
    await claim(any_database, EIGHT)
    begun = await asyncio.gather(*(begin(any_database, ada) for _ in range(5)))
    assert sorted(begun) == [False, False, False, False, True]


async def test_who_paused_after_the_claim_is_sent_nothing(any_database, ada):
    await claim(any_database, EIGHT)
    async with any_database.writing() as db:
        await users.pause(db, ada.user.id, FOREVER, EIGHT, next_due)
    assert not await begin(any_database, ada)
    kept = await delivery(any_database, ada)
    assert (kept.state, kept.reason, kept.attempts) == (State.FAILED, "paused", 0)


async def test_a_paused_reader_who_is_still_listed_as_due_is_moved_past_the_pause(
    any_database, ada
):
    async with any_database.writing() as db:
        people = table_of(UserRow)
        await db.execute(update(people).values(paused_until=EIGHT + 2 * DAY))
    assert await claim(any_database, EIGHT) == []
    assert await delivery(any_database, ada) is None
    assert [c.day for c in await claim(any_database, EIGHT + 2 * DAY)] == [MONDAY + 2 * DAY]


async def test_after_an_outage_one_digest_comes_for_the_last_day_that_was_missed(any_database, ada):
    friday = MONDAY + 4 * DAY
    (claimed,) = await claim(any_database, EIGHT + 5 * DAY)
    assert (claimed.day, claimed.due) == (friday, EIGHT + 4 * DAY)
    assert await claim(any_database, EIGHT + 6 * DAY) == []
    assert [c.day for c in await claim(any_database, EIGHT + 7 * DAY)] == [MONDAY + 7 * DAY]


async def test_after_half_a_year_away_one_digest_comes(any_database, ada):
    (claimed,) = await claim(any_database, EIGHT + 182 * DAY)
    assert claimed.due == EIGHT + 182 * DAY


async def test_a_limit_leaves_the_rest_for_the_next_claim(any_database, clock):
    for name in "abc":
        await reader(any_database, name, clock())
    sizes = [len(await claim(any_database, EIGHT, 2)) for _ in range(3)]
    assert sizes == [2, 1, 0]


async def many_readers(database, n, now):
    """Insert readers who are due, without going through their first words."""
    people, accounts = table_of(UserRow), table_of(AccountRow)
    person = {
        "kind": "person",
        "language": "en",
        "created": now,
        "last_seen": now,
        "next_push_at": EIGHT,
        "next_push_day": MONDAY,
    }
    async with database.writing() as db:
        ids = list(await db.scalars(insert(people).returning(people.c.id), [person] * n))
        rows = [
            {
                "user_id": i,
                "platform": "telegram",
                "external_id": str(i),
                "chat": str(i),
                "last_used": now,
            }
            for i in ids
        ]
        await db.execute(insert(accounts), rows)
    return ids


async def test_twenty_schedulers_that_race_deliver_each_digest_exactly_once(
    any_database_url, clock
):
    databases = [Database(any_database_url) for _ in range(4)]
    ids = await many_readers(databases[0], 300, clock())

    async def scheduler(number):
        mine, database = [], databases[number % 4]
        while claimed := await claim(database, EIGHT, 7):
            mine += [c.user.id for c in claimed]
        return mine

    shares = await asyncio.gather(*(scheduler(number) for number in range(20)))
    late = await claim(databases[0], EIGHT)  # rows that others held may have been passed over
    for database in databases:
        await database.dispose()
    delivered = [user for share in shares for user in share] + [c.user.id for c in late]
    assert sorted(delivered) == ids


async def test_what_did_not_arrive_is_tried_again_at_its_moment_with_the_same_nonce(
    any_database, ada
):
    (first,) = await claim(any_database, EIGHT)
    await begin(any_database, ada)
    async with any_database.writing() as db:
        await deliveries.retry_at(
            db, ada.user.id, MONDAY, EIGHT + 5 * MINUTE, EIGHT, is_begun=True, reason="busy"
        )
    async with any_database.reading() as db:
        assert await deliveries.next_moment(db) == EIGHT + 5 * MINUTE
    assert await retries(any_database, EIGHT + 4 * MINUTE) == []
    (again,) = await retries(any_database, EIGHT + 5 * MINUTE)
    assert (again.nonce, again.day, again.due, again.attempts) == (first.nonce, MONDAY, EIGHT, 1)
    assert await retries(any_database, EIGHT + 5 * MINUTE) == []
    assert await begin(any_database, ada)
    assert (await delivery(any_database, ada)).attempts == 2


async def test_who_has_waited_longest_is_tried_again_first(any_database, clock):
    people = [await reader(any_database, str(number), clock()) for number in range(3)]
    await claim(any_database, EIGHT)
    async with any_database.writing() as db:
        for number, found in enumerate(people):  # whoever is written last has waited longest
            at = EIGHT - number * MINUTE
            await deliveries.retry_at(db, found.user.id, MONDAY, at, EIGHT, is_begun=False)
    turns = [await retries(any_database, EIGHT + DAY, limit=1) for _ in people]
    assert [claimed.user.id for (claimed,) in turns] == [p.user.id for p in reversed(people)]


@pytest.mark.parametrize("state", [State.FAILED, State.UNKNOWN, State.EMPTY])
async def test_what_did_not_surely_arrive_has_no_moment_of_arrival(any_database, ada, state):
    await claim(any_database, EIGHT)
    await begin(any_database, ada)
    await finish(any_database, ada, state, reason="refused")
    done = await delivery(any_database, ada)
    assert (done.state, done.sent_at) == (state, None)


async def test_two_schedulers_share_what_is_to_be_tried_again(any_database, clock):
    found = [await reader(any_database, name, clock()) for name in "abcdef"]
    await claim(any_database, EIGHT)
    async with any_database.writing() as db:
        for one in found:
            await deliveries.retry_at(db, one.user.id, MONDAY, EIGHT, EIGHT, is_begun=False)
    shares = await asyncio.gather(*(retries(any_database, EIGHT) for _ in range(4)))
    again = [c.user.id for share in shares for c in share]
    assert sorted(again) == [one.user.id for one in found]


async def test_what_a_dead_process_left_is_tried_again_only_if_it_was_never_begun(
    any_database, clock
):
    begun, claimed, done = [await reader(any_database, name, clock()) for name in "abc"]
    await claim(any_database, EIGHT)
    await begin(any_database, begun)
    await begin(any_database, done)
    await finish(any_database, done, State.SENT)
    async with any_database.writing() as db:
        early = await deliveries.recover(db, EIGHT + MINUTE, 10 * MINUTE)
        found = await deliveries.recover(db, EIGHT + 11 * MINUTE, 10 * MINUTE)
    assert (early.retried, early.unknown) == (0, ())
    assert (found.retried, found.unknown) == (1, ((begun.user.id, MONDAY),))
    assert [c.user.id for c in await retries(any_database, EIGHT + 11 * MINUTE)] == [
        claimed.user.id
    ]
    lost = await delivery(any_database, begun)
    assert (lost.state, lost.reason) == (State.UNKNOWN, "interrupted")
    # It was not dead but slow.
    await finish(any_database, begun, State.SENT)
    assert (await delivery(any_database, begun)).state is State.SENT


async def test_what_a_dead_process_was_sending_is_told_in_the_order_of_its_readers(
    any_database, clock
):
    people = [await reader(any_database, name, clock()) for name in "abcde"]
    await claim(any_database, EIGHT)
    for found in reversed(people):
        await begin(any_database, found)
    async with any_database.writing() as db:
        left = await deliveries.recover(db, EIGHT + 11 * MINUTE, 10 * MINUTE)
    assert left.unknown == tuple((found.user.id, MONDAY) for found in people)


async def test_who_never_began_puts_off_no_digest_that_another_process_is_sending(
    any_database, ada
):
    """The first process stood still for so long that a second one took its digest over."""
    await claim(any_database, EIGHT)
    later = EIGHT + 11 * MINUTE
    async with any_database.writing() as db:
        await deliveries.recover(db, later, 10 * MINUTE)
    await retries(any_database, later)
    assert await begin(any_database, ada, now=later)
    async with any_database.writing() as db:
        await deliveries.retry_at(db, ada.user.id, MONDAY, later, later, is_begun=False)
    assert (await delivery(any_database, ada)).state is State.SENDING
    assert await retries(any_database, later + MINUTE) == []


async def test_every_step_of_a_digest_is_written_down_with_its_moment(any_database, ada):
    later, last = EIGHT + 5 * MINUTE, EIGHT + 16 * MINUTE
    await claim(any_database, EIGHT)
    await begin(any_database, ada)
    async with any_database.writing() as db:
        await deliveries.retry_at(
            db, ada.user.id, MONDAY, later, EIGHT, is_begun=True, reason="busy"
        )
    (again,) = await retries(any_database, later)
    async with any_database.writing() as db:
        await deliveries.give_back(db, [again], later)
    await retries(any_database, later)
    await begin(any_database, ada, now=later)
    async with any_database.writing() as db:
        await deliveries.recover(db, last, 10 * MINUTE)
    steps = (await delivery(any_database, ada)).steps
    assert [(step.at, step.what, step.why) for step in steps] == [
        (EIGHT, "claimed", ""),
        (EIGHT, "begun", ""),
        (EIGHT, "put off until 08:05:00", "busy"),
        (later, "claimed again", ""),
        (later, "given back", ""),
        (later, "claimed again", ""),
        (later, "begun", ""),
        (last, "unknown", "interrupted"),
    ]


async def test_the_deliveries_of_a_day_are_counted_by_platform_state_and_reason(
    any_database, clock
):
    found = [await reader(any_database, name, clock()) for name in "abc"]
    await reader(any_database, "d", clock())
    await claim(any_database, EIGHT)
    for one in found:
        await begin(any_database, one)
    for one in found[:2]:
        await finish(any_database, one, State.SENT)
    await finish(any_database, found[2], State.FAILED, reason="blocked")
    async with any_database.reading() as db:
        assert await deliveries.counts(db, MONDAY + DAY) == []
        assert await deliveries.counts(db, MONDAY) == [
            Count(None, State.CLAIMED, None, 1),
            Count("telegram", State.FAILED, "blocked", 1),
            Count("telegram", State.SENT, None, 2),
        ]


async def test_what_was_sent_stays_sent(any_database, ada):
    await claim(any_database, EIGHT)
    await begin(any_database, ada)
    await finish(any_database, ada, State.SENT, messages=[SentMessage("c", "1")])
    await finish(any_database, ada, State.FAILED, reason="late")
    async with any_database.writing() as db:
        await deliveries.retry_at(db, ada.user.id, MONDAY, EIGHT, EIGHT, is_begun=True)
    kept = await delivery(any_database, ada)
    assert (kept.state, kept.next_try, len(kept.messages)) == (State.SENT, None, 1)


async def test_a_process_that_dies_before_the_commit_has_claimed_nothing(any_database, ada):
    async def dies():
        async with any_database.writing() as db:
            assert await deliveries.claim_due(db, EIGHT, 10, next_due)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await dies()
    assert [c.user.id for c in await claim(any_database, EIGHT)] == [ada.user.id]


async def test_the_papers_of_a_day_come_by_rank_and_each_as_shown_last(any_database, ada, clock):
    papers = await stored(any_database, 3, clock())
    (claimed,) = await claim(any_database, EIGHT)

    def digest(number, rank, day=claimed.day, place=Place.DIGEST):
        return shown(ada, papers[number], EIGHT, place, day, rank)

    async with any_database.writing() as db:
        ids = await feedback_log.impress(
            db,
            [digest(0, 2), digest(1, 1), digest(2, 1, MONDAY + DAY), digest(0, 3)],
        )
        await feedback_log.impress(db, [digest(2, 1, None, Place.CARD)])
        of_day = await deliveries.papers_of(db, ada.user.id, MONDAY)
    assert [i.id for i in of_day] == [ids[1], ids[3]]


async def test_nothing_is_owed_where_nobody_reads(any_database):
    async with any_database.reading() as db:
        assert await deliveries.next_moment(db) is None
        assert await deliveries.last(db, 1) is None
        assert await deliveries.of_day(db, 1, date(2026, 3, 2)) is None


async def test_claims_cannot_be_written_in_a_reading_transaction(any_database, ada):
    with pytest.raises(Exception, match=r"(?i)read.?only|cannot be written") as refused:
        async with any_database.reading() as db:
            await deliveries.claim_due(db, EIGHT, 10, next_due)
    assert not isinstance(refused.value, StorageUnavailable)

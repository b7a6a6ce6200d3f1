"""What operators say to everybody, on both databases: each reader once, whoever dies."""

from datetime import timedelta

import pytest

from storage import broadcasts, linking, meeting, users
from storage.broadcasts import DRAFT_LASTS, SendState, Stage
from storage.users import FOREVER
from tests.contracts.examples import next_due, reader

EVERY = timedelta(seconds=5)
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def three(any_database, clock):
    return [await reader(any_database, name, clock()) for name in ("7", "8", "9")]


async def drafted(database, now, pace=10):
    async with database.writing() as db:
        return await broadcasts.draft(db, "Hello", pace, now)


async def begun(database, now, pace=10):
    made = await drafted(database, now, pace)
    async with database.writing() as db:
        assert await broadcasts.begin(db, made.id, now)
    return made.id


async def claim(database, now):
    async with database.writing() as db:
        return await broadcasts.claim(db, now, EVERY)


async def begin_sending(database, turn, now):
    async with database.writing() as db:
        return await broadcasts.begin_sending(db, turn.broadcast, turn.user.id, now)


async def finish(database, turn, now, state=SendState.SENT, why=None):
    async with database.writing() as db:
        await broadcasts.finish(db, turn.broadcast, turn.user.id, state, now, why)


async def standing(database, number):
    async with database.reading() as db:
        return await broadcasts.by_id(db, number)


async def test_only_readers_who_can_be_reached_and_have_not_paused_are_written_to(
    any_database, three, clock
):
    paused, gone, ada = three
    async with any_database.writing() as db:
        await users.pause(db, paused.user.id, FOREVER, clock(), next_due)
        await users.mark_unreachable(db, gone.account.id, "blocked")
        later = await meeting.find_or_create(db, "telegram", "5", "c5", "en", clock(), next_due)
        until = clock() + timedelta(days=3)
        await users.pause(db, later.user.id, until, clock(), next_due)
    number = await begun(any_database, clock())
    assert (await standing(any_database, number)).total == 1
    assert [turn.user.id for turn in await claim(any_database, clock())] == [ada.user.id]


async def test_nothing_is_sent_of_a_draft_nor_of_one_too_old(any_database, three, clock):
    made = await drafted(any_database, clock())
    assert await claim(any_database, clock()) == []
    async with any_database.writing() as db:
        assert not await broadcasts.begin(db, made.id, clock() + DRAFT_LASTS)
        assert await broadcasts.begin(db, made.id, clock())
        assert not await broadcasts.begin(db, made.id, clock())


async def test_a_new_draft_takes_the_place_of_the_last(any_database, three, clock):
    first = await drafted(any_database, clock())
    second = await drafted(any_database, clock())
    async with any_database.writing() as db:
        assert not await broadcasts.begin(db, first.id, clock())
        assert await broadcasts.begin(db, second.id, clock())
    assert (await standing(any_database, first.id)).text == ""


async def test_all_processes_together_keep_the_pace(any_database, three, clock):
    async with any_database.writing() as db:
        for n in range(10):
            await meeting.find_or_create(db, "telegram", f"x{n}", f"cx{n}", "en", clock(), next_due)
    await begun(any_database, clock(), pace=1)
    assert len(await claim(any_database, clock())) == 5  # five seconds at one a second
    assert await claim(any_database, clock()) == []
    assert len(await claim(any_database, clock.forward(seconds=5))) == 5
    assert len(await claim(any_database, clock.forward(seconds=5))) == 3


async def test_everybody_is_claimed_once_and_then_it_is_done(any_database, three, clock):
    number = await begun(any_database, clock())
    turns = await claim(any_database, clock())
    assert [turn.user.id for turn in turns] == [found.user.id for found in three]
    for turn in turns:
        assert await begin_sending(any_database, turn, clock())
        assert not await begin_sending(any_database, turn, clock())
        await finish(any_database, turn, clock())
    assert await claim(any_database, clock.forward(seconds=5)) == []
    done = await standing(any_database, number)
    assert (done.stage, done.sends) == (Stage.DONE, {SendState.SENT: 3})
    assert done.text == ""  # the words are kept no longer than they are needed


async def test_what_a_dead_process_had_begun_is_never_sent_again(any_database, three, clock):
    number = await begun(any_database, clock())
    begun_one, *never_begun = await claim(any_database, clock())
    await begin_sending(any_database, begun_one, clock())
    clock.forward(minutes=11)
    async with any_database.writing() as db:
        assert await broadcasts.recover(db, clock(), timedelta(minutes=10)) == 1
    again = await claim(any_database, clock())
    assert [turn.user.id for turn in again] == [turn.user.id for turn in never_begun]
    assert (await standing(any_database, number)).sends == {
        SendState.UNKNOWN: 1,
        SendState.CLAIMED: 2,
    }


async def test_one_that_was_put_off_is_tried_again_and_counts_its_tries(any_database, three, clock):
    await begun(any_database, clock())
    first, *others = await claim(any_database, clock())
    for turn in others:
        await begin_sending(any_database, turn, clock())
        await finish(any_database, turn, clock())
    await begin_sending(any_database, first, clock())
    async with any_database.writing() as db:
        at = clock() + MINUTE
        sent = (db, first.broadcast, first.user.id, at, "busy")
        await broadcasts.retry_at(*sent, is_begun=False)  # who never began it puts nothing off
        assert (await broadcasts.by_id(db, first.broadcast)).sends[SendState.SENDING] == 1
        await broadcasts.retry_at(*sent, is_begun=True)
    assert await claim(any_database, clock.forward(seconds=30)) == []
    (again,) = await claim(any_database, clock.forward(seconds=30))
    assert (again.user.id, again.attempts) == (first.user.id, 1)


async def test_a_cancelled_one_goes_to_nobody_else(any_database, three, clock):
    number = await begun(any_database, clock())
    first, second, _ = await claim(any_database, clock())
    await begin_sending(any_database, first, clock())
    async with any_database.writing() as db:
        assert await broadcasts.cancel(db, number, clock())
        assert not await broadcasts.cancel(db, number, clock())
    assert not await begin_sending(any_database, second, clock())
    await finish(any_database, first, clock())
    assert await claim(any_database, clock.forward(seconds=5)) == []
    stopped = await standing(any_database, number)
    assert (stopped.stage, stopped.sends) == (Stage.CANCELLED, {SendState.SENT: 1})


async def test_who_pauses_after_the_claim_is_left_alone(any_database, three, clock):
    await begun(any_database, clock())
    turn, *_ = await claim(any_database, clock())
    async with any_database.writing() as db:
        await users.pause(db, turn.user.id, FOREVER, clock(), next_due)
    assert not await begin_sending(any_database, turn, clock())
    assert (await standing(any_database, turn.broadcast)).sends[SendState.FAILED] == 1


# ---------------------------------------------------------------- readers who become one


async def link(database, maker, other, clock):
    """Let the reader of `other` be joined into that of `maker`; return who is kept."""
    async with database.writing() as db:
        await linking.join(db, maker.user.id, other.user.id, clock(), next_due)
    return maker.user.id


async def everybody_else(database, clock):
    """Send to all who are still to get it; return whom."""
    got = []
    for _ in range(10):
        for turn in await claim(database, clock.forward(minutes=1)):
            if await begin_sending(database, turn, clock()):
                await finish(database, turn, clock())
                got.append(turn.user.id)
    return got


async def first_turn(database, clock):
    """Begin a broadcast that has claimed the first of its readers alone."""
    number = await begun(database, clock(), pace=1)
    async with database.writing() as db:
        (turn,) = await broadcasts.claim(db, clock(), timedelta(seconds=1))
    return number, turn


async def test_who_had_it_through_one_account_does_not_get_it_again_through_the_other(
    any_database, three, clock
):
    first, second, third = three
    _, turn = await first_turn(any_database, clock)
    await begin_sending(any_database, turn, clock())
    await finish(any_database, turn, clock())
    await link(any_database, second, first, clock)
    assert await everybody_else(any_database, clock) == [third.user.id]


async def test_a_reader_who_is_joined_on_in_a_chain_gets_it_once(any_database, three, clock):
    first, second, third = three
    number, turn = await first_turn(any_database, clock)
    await begin_sending(any_database, turn, clock())
    await finish(any_database, turn, clock())
    await link(any_database, second, first, clock)
    await link(any_database, third, second, clock)
    assert await everybody_else(any_database, clock) == []
    assert (await standing(any_database, number)).sends == {SendState.SENT: 1}
    assert (await standing(any_database, number)).stage is Stage.DONE


async def test_one_that_is_being_sent_when_they_join_is_not_sent_again(any_database, three, clock):
    first, second, third = three
    number, turn = await first_turn(any_database, clock)
    await begin_sending(any_database, turn, clock())
    await link(any_database, second, first, clock)
    await finish(any_database, turn, clock())
    clock.forward(minutes=11)
    async with any_database.writing() as db:
        await broadcasts.recover(db, clock(), timedelta(minutes=10))
    assert await everybody_else(any_database, clock) == [third.user.id]
    assert (await standing(any_database, number)).sends == {
        SendState.UNKNOWN: 1,
        SendState.SENT: 1,
    }


async def test_one_that_was_only_claimed_when_they_join_goes_to_whom_they_are_now(
    any_database, three, clock
):
    first, second, third = three
    _, turn = await first_turn(any_database, clock)
    kept = await link(any_database, second, first, clock)
    assert not await begin_sending(any_database, turn, clock())
    assert sorted(await everybody_else(any_database, clock)) == [kept, third.user.id]


async def test_one_that_waits_for_the_reader_kept_is_given_up_when_the_other_had_it(
    any_database, three, clock
):
    first, second, third = three
    _, turn = await first_turn(any_database, clock)
    async with any_database.writing() as db:
        at = clock() + MINUTE
        await broadcasts.retry_at(db, turn.broadcast, first.user.id, at, "busy", is_begun=False)
        (other,) = await broadcasts.claim(db, clock() + EVERY, timedelta(seconds=1))
    await begin_sending(any_database, other, clock())
    await finish(any_database, other, clock())
    await link(any_database, first, second, clock)
    assert await everybody_else(any_database, clock) == [third.user.id]


async def test_who_could_not_be_reached_gets_it_through_the_other_account(
    any_database, three, clock
):
    first, second, third = three
    _, turn = await first_turn(any_database, clock)
    await begin_sending(any_database, turn, clock())
    await finish(any_database, turn, clock(), SendState.FAILED, "blocked")
    kept = await link(any_database, second, first, clock)
    assert sorted(await everybody_else(any_database, clock)) == [kept, third.user.id]

"""State that may be lost: in the process, in Redis, and in the process while Redis is away."""

import asyncio
import contextlib

import pytest
import structlog

from storage.dialogue_state import Allowance, LocalState, open_state
from storage.redis_state import RedisState
from tests import servers
from tests.conftest import BOUND


@pytest.fixture(params=["process", "redis", "redis is away"])
async def state(request):
    if request.param == "process":
        state = open_state(None)
    elif request.param == "redis":
        state = open_state(request.getfixturevalue("redis_server").url)
    else:
        state = RedisState(f"redis://127.0.0.1:{servers.free_port()}/0", rest=0.01)
    yield state
    await state.close()


@pytest.fixture
def name(request):
    """A key of the test's own."""
    return request.node.name


async def test_what_was_set_is_there_until_it_is_deleted(state, name):
    assert await state.get(name) is None
    await state.set(name, "Ångström 🐦", ttl=60)
    assert await state.get(name) == "Ångström 🐦"
    await state.set(name, "other", ttl=60)
    assert await state.get(name) == "other"
    await state.delete(name)
    assert await state.get(name) is None


async def test_what_has_expired_is_gone(state, name):
    await state.set(name, "x", ttl=0.001)
    async with asyncio.timeout(BOUND):
        while await state.get(name) is not None:
            await state.set(f"{name} again", "x", ttl=60)


async def test_a_burst_goes_at_once_and_the_next_is_told_how_long_to_wait(state, name):
    waits = [await state.take(name, rate=0.01, burst=3) for _ in range(5)]
    assert waits[:3] == [0, 0, 0]
    assert all(90 < wait <= 100 for wait in waits[3:])


async def test_tokens_come_back_with_time_and_never_beyond_the_burst(state, name):
    assert await state.take(name, rate=1000, burst=1) == 0
    async with asyncio.timeout(BOUND):
        while await state.take(name, rate=1000, burst=1) != 0:
            pass
    waits = [await state.take(f"{name} other", rate=0.01, burst=1) for _ in range(2)]
    assert waits[0] == 0
    assert waits[1] > 0


async def test_many_tasks_that_ask_at_once_get_no_more_than_the_burst(state, name):
    waits = await asyncio.gather(*(state.take(name, rate=0.01, burst=4) for _ in range(30)))
    assert waits.count(0) == 4


async def test_hundreds_who_ask_at_once_share_a_few_connections_and_redis_counts_them_all(
    redis_server, name
):
    state = RedisState(redis_server.url)
    other = RedisState(redis_server.url)
    before = len(await other.redis.client_list())
    with structlog.testing.capture_logs() as logs:
        taken = await asyncio.gather(*(state.take(name, 0.001, 300) for _ in range(301)))
    opened = len(await other.redis.client_list()) - before
    assert [wait for wait in taken if wait] == [pytest.approx(1000, abs=30)]
    assert await other.take(name, 0.001, 300) > 0
    await state.close()
    await other.close()
    assert logs == []
    assert 1 <= opened <= 10


async def test_an_allowance_is_given_so_often_and_then_says_how_long_to_wait(state, name):
    three = Allowance(name, 3, 100.0)
    answers = [await state.spend([three]) for _ in range(5)]
    assert answers[:3] == [None, None, None]
    for spent in answers[3:]:
        assert spent.allowance == three
        assert 90 < spent.wait <= 100


async def test_when_one_allowance_is_used_up_nothing_is_taken_of_the_others(state, name):
    scarce, ample = Allowance(f"{name} scarce", 1, 100.0), Allowance(f"{name} ample", 2, 200.0)
    assert await state.spend([ample, scarce]) is None
    for _ in range(3):
        assert (await state.spend([ample, scarce])).allowance == scarce
    assert await state.spend([ample]) is None
    assert (await state.spend([scarce, ample])).allowance == ample  # it must be waited for longer


async def test_an_allowance_comes_back_with_time(state, name):
    async with asyncio.timeout(BOUND):
        for _ in range(5):
            while await state.spend([Allowance(name, 1, 0.002)]) is not None:
                pass


async def test_many_tasks_that_spend_at_once_get_no_more_than_is_allowed(state, name):
    allowances = [Allowance(name, 4, 100.0), Allowance(f"{name} other", 100, 100.0)]
    answers = await asyncio.gather(*(state.spend(allowances) for _ in range(30)))
    assert answers.count(None) == 4


async def test_a_lock_has_one_holder_and_is_free_afterwards(state, name):
    async with state.lock(name, ttl=60) as mine:
        async with state.lock(name, ttl=60) as second, state.lock(f"{name} 2", ttl=60) as other:
            pass
        async with state.lock(name, ttl=60) as third:
            pass
    async with state.lock(name, ttl=60) as again:
        pass
    assert (mine, second, third, other, again) == (True, False, False, True, True)


async def test_a_lock_is_free_after_a_failure_inside_it(state, name):
    with contextlib.suppress(ZeroDivisionError):
        async with state.lock(name, ttl=60):
            raise ZeroDivisionError
    async with state.lock(name, ttl=60) as mine:
        assert mine


async def test_whoever_listens_hears_what_is_announced_in_order(state, name):
    async with state.listen(name) as one, state.listen(name) as two, state.listen("else") as other:
        await state.announce(name, "v1")
        await state.announce(name, "v2")
        await state.announce("else", "x")
        async with asyncio.timeout(BOUND):
            assert [await anext(one), await anext(one)] == ["v1", "v2"]
            assert await anext(two) == "v1"
            assert await anext(other) == "x"
    await state.announce(name, "nobody is there")


async def test_processes_share_what_is_in_redis(redis_server, name):
    one, two = RedisState(redis_server.url), RedisState(redis_server.url)
    await one.set(name, "x", ttl=60)
    assert await two.get(name) == "x"
    waits = [await state.take(name, rate=0.01, burst=1) for state in (one, two)]
    assert waits[0] == 0 < waits[1]
    spent = [await state.spend([Allowance(name, 1, 100.0)]) for state in (one, two)]
    assert spent[0] is None
    assert spent[1] is not None
    async with one.lock(name, ttl=60) as mine, two.lock(name, ttl=60) as theirs:
        assert (mine, theirs) == (True, False)
    async with two.listen(name) as heard, asyncio.timeout(BOUND):
        await one.announce(name, "v1")
        assert await anext(heard) == "v1"
    await one.close()
    await two.close()


async def test_every_key_says_whose_it_is(redis_server, name):
    state = RedisState(redis_server.url)
    await state.set(name, "x", ttl=60)
    await state.take(name, rate=1, burst=1)
    await state.spend([Allowance(name, 1, 60.0)])
    async with state.lock(name, ttl=60):
        keys = [key async for key in state.redis.scan_iter()]
    assert all(key.startswith("paperlark:") for key in keys)
    assert all([await state.redis.pttl(key) != -1 for key in keys])
    await state.close()


@pytest.fixture
async def processes(redis_server):
    """Two processes of one installation."""
    states = [RedisState(redis_server.url) for _ in range(2)]
    yield states
    for state in states:
        await state.close()


async def test_a_lock_that_went_to_another_is_not_taken_from_them(processes, name):
    slow, quick = processes
    async with slow.lock(name, ttl=60):
        await slow.redis.set(f"paperlark:lock:{name}", "another's", px=60_000)
    async with quick.lock(name, ttl=60) as mine:
        assert not mine


async def test_a_lock_is_held_for_as_long_as_it_is_needed(processes, name):
    holder, other = processes
    async with holder.lock(name, ttl=0.3), asyncio.timeout(BOUND):
        for _ in range(2):  # so often it would have run out
            left = await holder.redis.pttl(f"paperlark:lock:{name}")
            while (now := await holder.redis.pttl(f"paperlark:lock:{name}")) <= left:
                left = now
        async with other.lock(name, ttl=60) as mine:
            assert not mine


async def test_a_lock_whose_holder_died_is_free_after_its_time(processes, name):
    async with asyncio.timeout(BOUND):
        dead, other = processes
        await dead.redis.set(f"paperlark:lock:{name}", "a dead process's", px=50)
        is_mine = False
        while not is_mine:
            async with other.lock(name, ttl=60) as is_mine:
                pass


async def test_a_lock_is_taken_again_when_redis_has_forgotten_it(processes, name):
    holder, other = processes
    async with holder.lock(name, ttl=0.3), asyncio.timeout(BOUND):
        await holder.redis.delete(f"paperlark:lock:{name}")
        while not await other.redis.exists(f"paperlark:lock:{name}"):
            pass
        async with other.lock(name, ttl=60) as mine:
            assert not mine


async def test_a_silence_is_kept_by_all_who_spend_under_its_name(state, name):
    many, few = Allowance(name, 100, 1.0), Allowance(name, 50, 9.0)
    other = Allowance(f"{name} other", 100, 1.0)
    await state.silence(name, 60.0)
    await state.silence(name, 5.0)  # a shorter one changes nothing
    spent = await state.spend([other, many, few])
    assert spent is not None
    assert spent.is_silence
    assert spent.allowance.name == name
    assert 50 < spent.wait <= 60
    assert await state.spend([other]) is None


async def test_a_silence_ends_by_itself(state, name):
    await state.silence(name, 0.02)
    async with asyncio.timeout(BOUND):
        while await state.spend([Allowance(name, 1000, 0.001)]) is not None:
            pass


async def test_processes_keep_each_others_silences_also_once_redis_is_back(name):
    server = await asyncio.to_thread(servers.RedisServer, own=True)
    now = 0.0
    states = [RedisState(server.url, rest=0.01, clock=lambda: now) for _ in range(2)]
    try:
        one, two = states
        server.kill()
        await one.silence(f"{name} alone", 60.0)  # Redis is away: obeyed by who was asked
        assert (await one.spend([Allowance(f"{name} alone", 9, 1.0)])).is_silence
        assert await two.spend([Allowance(f"{name} alone", 9, 1.0)]) is None
        await asyncio.to_thread(server.start)
        now += 1
        await one.silence(name, 60.0)
        assert (await two.spend([Allowance(name, 9, 1.0)])).is_silence
    finally:
        for state in states:
            await state.close()
        server.close()


async def test_whether_redis_is_there_is_known(name):
    server = await asyncio.to_thread(servers.RedisServer, own=True)
    state = RedisState(server.url)
    try:
        assert await state.is_there()
        server.kill()
        assert not await state.is_there()
    finally:
        await state.close()
        server.close()
    assert await LocalState().is_there()


async def test_when_redis_dies_the_process_goes_on_and_returns_to_it(name):
    server = await asyncio.to_thread(servers.RedisServer, own=True)
    now = 0.0
    state = RedisState(server.url, rest=0.01, clock=lambda: now)
    try:
        with structlog.testing.capture_logs() as logs:
            await state.set(name, "shared", ttl=60)
            async with state.listen(name) as heard:
                server.kill()
                assert await state.get(name) is None
                await state.set(name, "alone", ttl=60)
                assert await state.get(name) == "alone"
                assert await state.take(name, rate=0.01, burst=1) == 0
                assert await state.take(name, rate=0.01, burst=1) > 0
                await state.announce(name, "here")
                await asyncio.to_thread(server.start)
                now += 1
                assert await state.get(name) is None
                async with asyncio.timeout(BOUND):
                    assert await anext(heard) == "here"
                    await announced_until_heard(state, name, heard)
    finally:
        await state.close()
        server.close()
    events = [entry["event"] for entry in logs]
    assert events == ["redis.away", "redis.back"]


async def announced_until_heard(state, name, heard):
    """The listener subscribes again by itself; what came before that is lost."""
    hearing = asyncio.ensure_future(anext(heard))
    while not hearing.done():
        await state.announce(name, "over there")
        await asyncio.wait([hearing], timeout=0.01)
    assert hearing.result() == "over there"


async def test_a_process_state_forgets_what_has_expired(name):
    now = 0.0
    state = LocalState(clock=lambda: now)
    for number in range(3000):
        now += 1
        await state.set(f"{name} {number}", "x", ttl=10)
        await state.take(f"{name} {number}", rate=1, burst=1)
        await state.spend([Allowance(f"{name} {number}", 1, 10.0)])
    assert state.size < 3000
    assert await state.get(f"{name} 2999") == "x"
    assert await state.get(f"{name} 2980") is None

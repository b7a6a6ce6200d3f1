"""The shared state behind Redis, within the commands of Redis 6.2.

Every answer has a way without Redis: the same question is put to the process's own state.
After a failure Redis is left alone for a moment, so that an absent server costs one failed
attempt a second and not one for every tap.
"""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, nullcontext
from typing import Any, TypeVar

import structlog
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import OutOfMemoryError, ReadOnlyError
from redis.exceptions import TimeoutError as RedisTimeoutError

from storage.dialogue_state import Allowance, LocalState, Spent, taken_from, texts

T = TypeVar("T")

log = structlog.get_logger()

PREFIX = "paperlark:"

# Everything else that Redis may say is a fault of ours.
_AWAY = (RedisConnectionError, RedisTimeoutError, OutOfMemoryError, ReadOnlyError, OSError)

_TIMEOUT = 2.0
_CONNECTIONS = 8  # of a process; each who listens keeps one
# redis-py reads with a timeout of its own; a listener must look in again before that.
_LISTEN = 1.0

# Redis's own clock counts: those of the processes may differ. TIME can step back; then
# nothing is refilled, once.
_TAKE = """
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local rate, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local kept = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens, at = tonumber(kept[1]) or burst, tonumber(kept[2]) or now
tokens = math.min(burst, tokens + math.max(0, now - at) * rate)
local wait = 0
if tokens >= 1 then tokens = tokens - 1 else wait = (1 - tokens) / rate end
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', string.format('%.6f', now))
redis.call('PEXPIRE', KEYS[1], math.ceil(burst / rate * 1000) + 1000)
return tostring(wait)
"""

# Each allowance is a list of the moments at which it was taken, newest first; behind the lists
# come the silences of their names, which live as long as they last.
_SPEND = """
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local full, longest, silent, n = 0, 0, 0, #KEYS / 2
for i = 1, n do
    local key = KEYS[i]
    local count, seconds = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
    local oldest = tonumber(redis.call('LINDEX', key, count - 1) or nil)
    local wait = oldest and math.min(seconds, oldest + seconds - now) or 0
    if wait > longest then full, longest, silent = i, wait, 0 end
    local silence = redis.call('PTTL', KEYS[n + i]) / 1000
    if silence > longest then full, longest, silent = i, silence, 1 end
end
if full > 0 then return {full, tostring(longest), silent} end
for i = 1, n do
    local key = KEYS[i]
    redis.call('LPUSH', key, string.format('%.6f', now))
    redis.call('LTRIM', key, 0, ARGV[2 * i - 1] - 1)
    redis.call('PEXPIRE', key, math.ceil(ARGV[2 * i] * 1000) + 1000)
end
return {0, '0', 0}
"""

_SILENCE = """
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[1]) then
    redis.call('SET', KEYS[1], '', 'PX', ARGV[1])
end
return 0
"""

# What nobody holds any more, because Redis forgot it or was away, is taken again.
_RENEW = """
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""

_UNLOCK = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""


class RedisState:
    """Implements `DialogueState`.

    rest: seconds for which Redis is left alone after a failure.
    clock: monotonic seconds.
    """

    def __init__(
        self, url: str, *, rest: float = 1.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        # Who asks while all connections are at work waits for one. Without a bound each of a
        # hundred taps at once opens its own, which takes longer than all their questions, and
        # the hundred and first is refused as if Redis were away.
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=_CONNECTIONS,
            timeout=_TIMEOUT,
            decode_responses=True,
            socket_timeout=_TIMEOUT,
            socket_connect_timeout=_TIMEOUT,
            health_check_interval=15,
            # One more attempt heals a connection that a restarted server has forgotten.
            retry=Retry(NoBackoff(), 1),
        )
        self.redis: Redis = Redis.from_pool(pool)
        self._take = self.redis.register_script(_TAKE)
        self._spend = self.redis.register_script(_SPEND)
        self._silence = self.redis.register_script(_SILENCE)
        self._renew = self.redis.register_script(_RENEW)
        self._unlock = self.redis.register_script(_UNLOCK)
        self._local = LocalState(clock)
        self._rest = rest
        self._clock = clock
        self._away_until: float | None = None

    async def get(self, key: str) -> str | None:
        value = await self._ask(lambda: self.redis.get(PREFIX + key), lambda: self._local.get(key))
        return None if value is None else str(value)

    async def set(self, key: str, value: str, ttl: float) -> None:
        await self._ask(
            lambda: self.redis.set(PREFIX + key, value, px=_milliseconds(ttl)),
            lambda: self._local.set(key, value, ttl),
        )

    async def delete(self, key: str) -> None:
        await self._local.delete(key)
        await self._ask(lambda: self.redis.delete(PREFIX + key), lambda: _nothing())

    async def take(self, bucket: str, rate: float, burst: int) -> float:
        return float(
            await self._ask(
                lambda: self._take(keys=[PREFIX + taken_from(bucket)], args=[rate, burst]),
                lambda: self._local.take(bucket, rate, burst),
            )
        )

    async def spend(self, allowances: Sequence[Allowance]) -> Spent | None:
        async def by_redis() -> Spent | None:
            lists = [f"{PREFIX}spent:{one.name}:{one.count}" for one in allowances]
            silences = [f"{PREFIX}silent:{one.name}" for one in allowances]
            full, wait, is_silence = await self._spend(
                keys=lists + silences,
                args=[part for one in allowances for part in (one.count, one.seconds)],
            )
            return Spent(allowances[full - 1], float(wait), bool(is_silence)) if full else None

        spent: Spent | None = await self._ask(by_redis, lambda: self._local.spend(allowances))
        return spent

    async def silence(self, name: str, seconds: float) -> None:
        # Kept here too: should Redis die, this process still obeys what it was asked for.
        await self._local.silence(name, seconds)
        await self._ask(
            lambda: self._silence(keys=[f"{PREFIX}silent:{name}"], args=[_milliseconds(seconds)]),
            lambda: _nothing(),
        )

    @asynccontextmanager
    async def lock(self, name: str, ttl: float) -> AsyncIterator[bool]:
        key, token = f"{PREFIX}lock:{name}", secrets.token_hex(8)
        is_granted = bool(
            await self._ask(
                lambda: self.redis.set(key, token, nx=True, px=_milliseconds(ttl)),
                lambda: _always(),
            )
        )
        # Held here too: should Redis die, this process still has one holder.
        held_here = self._local.lock(name, ttl) if is_granted else nullcontext(False)
        renewing = asyncio.create_task(self._renewed(key, token, ttl)) if is_granted else None
        try:
            async with held_here as is_mine:
                yield is_mine
        finally:
            if renewing is not None:
                renewing.cancel()
                await asyncio.gather(renewing, return_exceptions=True)
                await self._ask(lambda: self._unlock(keys=[key], args=[token]), lambda: _nothing())

    async def _renewed(self, key: str, token: str, ttl: float) -> None:
        """Go on holding a lock until cancelled."""
        while True:
            await asyncio.sleep(ttl / 3)
            await self._ask(
                lambda: self._renew(keys=[key], args=[token, _milliseconds(ttl)]),
                lambda: _nothing(),
            )

    async def announce(self, topic: str, text: str) -> None:
        await self._ask(
            lambda: self.redis.publish(PREFIX + topic, text),
            lambda: self._local.announce(topic, text),
        )

    @asynccontextmanager
    async def listen(self, topic: str) -> AsyncIterator[AsyncIterator[str]]:
        async with self._local.hearing(topic) as queue:
            tried = asyncio.Event()
            follower = asyncio.create_task(self._follow(topic, queue, tried))
            try:
                await tried.wait()
                yield texts(queue)
            finally:
                follower.cancel()
                await asyncio.gather(follower, return_exceptions=True)

    async def is_there(self) -> bool:
        try:
            await self.redis.ping()
        except _AWAY:
            return False
        return True

    async def close(self) -> None:
        await self.redis.aclose()
        await self._local.close()

    async def _ask(
        self, redis: Callable[[], Awaitable[Any]], local: Callable[[], Awaitable[T]]
    ) -> Any:
        """Ask Redis, or this process while Redis is away."""
        if self._away_until is not None and self._clock() < self._away_until:
            return await local()
        try:
            answer = await redis()
        except _AWAY as error:
            self._is_away(error)
            return await local()
        self._is_back()
        return answer

    def _is_away(self, error: Exception) -> None:
        if self._away_until is None:
            log.warning("redis.away", error=type(error).__name__)
        self._away_until = self._clock() + self._rest

    def _is_back(self) -> None:
        if self._away_until is not None:
            self._away_until = None
            log.info("redis.back")

    async def _follow(self, topic: str, queue: asyncio.Queue[str], tried: asyncio.Event) -> None:
        """Put what Redis tells into the queue; subscribe again whenever the connection breaks."""
        while True:
            subscription = self.redis.pubsub(ignore_subscribe_messages=False)
            try:
                await self._hear(subscription, topic, queue, tried)
            except _AWAY as error:
                self._is_away(error)
                tried.set()
                await asyncio.sleep(self._rest)
            finally:
                await subscription.aclose()  # type: ignore[no-untyped-call]

    async def _hear(
        self, subscription: PubSub, topic: str, queue: asyncio.Queue[str], tried: asyncio.Event
    ) -> None:
        await subscription.subscribe(PREFIX + topic)
        while True:
            message = await subscription.get_message(timeout=_LISTEN)
            if message is None:
                continue
            if message["type"] == "subscribe":
                self._is_back()
                tried.set()
            elif message["type"] == "message":
                queue.put_nowait(message["data"])


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000))


async def _nothing() -> None:
    return None


async def _always() -> bool:
    return True

"""What may be lost: conversation state, rate limits, locks, and word of news between processes.

Redis when there is one, else the same in the process. While Redis is away each process goes
on by itself, and returns to Redis when it is back: nobody's tap waits for a cache. Nothing
here is the truth; promises are kept by the database's constraints.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

_BUCKET = "bucket:"


@dataclass(frozen=True, slots=True)
class Allowance:
    """At most `count` in any stretch of `seconds`, for all who use the name.

    Several of one name, with counts that differ, are kept apart, and are silenced together.
    """

    name: str
    count: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Spent:
    """An allowance that is used up, or silenced; `wait` says for how many seconds."""

    allowance: Allowance
    wait: float
    is_silence: bool = False


class DialogueState(Protocol):
    """Never raises for a missing server. Times are seconds; no wall clock takes part."""

    async def get(self, key: str) -> str | None:
        """Return what was set and has not expired."""

    async def set(self, key: str, value: str, ttl: float) -> None:
        """Keep a value for `ttl` seconds."""

    async def delete(self, key: str) -> None:
        """Forget a value, or by `taken_from` what was taken from a bucket."""

    async def take(self, bucket: str, rate: float, burst: int) -> float:
        """Take one token; return 0 to go now, else the seconds to wait before asking again.

        rate: tokens a second. burst: how many may go at once after a rest. Nothing is
        taken when the answer is not 0.
        """

    async def spend(self, allowances: Sequence[Allowance]) -> Spent | None:
        """Take one of each allowance; if one of them is used up, take nothing and return it.

        Of several that are used up, the one that must be waited for longest.
        """

    async def silence(self, name: str, seconds: float) -> None:
        """Let nobody spend of allowances of this name for so long; a longer silence stands."""

    def lock(self, name: str, ttl: float) -> AbstractAsyncContextManager[bool]:
        """`async with state.lock(name, ttl) as is_mine`: one holder at most.

        Does not wait: False when somebody else holds it. Held until the block ends; `ttl`
        seconds after its process has died somebody else may have it.
        """

    async def announce(self, topic: str, text: str) -> None:
        """Tell everybody who listens now."""

    def listen(self, topic: str) -> AbstractAsyncContextManager[AsyncIterator[str]]:
        """`async with state.listen(topic) as heard: async for text in heard: …`

        Whatever is announced after the block is entered is heard; what is announced while
        Redis is away may be missed.
        """

    async def is_there(self) -> bool:
        """Return whether what all processes share can be reached now."""

    async def close(self) -> None:
        """Let go of connections."""


def searches_of(user: int) -> str:
    """Return the key under which a reader's last searches are kept; /forget deletes it."""
    return f"search:{user}"


def asks_of(user: int) -> str:
    """Return the bucket from which a reader's questions to arXiv are taken."""
    return f"asks:{user}"


def taken_from(bucket: str) -> str:
    """Return the key that `delete` takes to forget what was taken from a bucket."""
    return f"{_BUCKET}{bucket}"


def open_state(redis_url: str | None) -> DialogueState:
    """Return the shared state behind a Redis address, or the one of this process."""
    if redis_url is None:
        return LocalState()
    # Imported here: a bot without Redis should not pay for its client.
    from storage.redis_state import RedisState

    return RedisState(redis_url)


class LocalState:
    """The state of one process, lost with it.

    clock: monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._values: dict[str, tuple[str, float]] = {}  # value, when it expires
        self._buckets: dict[str, tuple[float, float, float]] = {}  # tokens, at, full again
        self._spent: dict[Allowance, deque[float]] = {}  # when, as far back as it counts
        self._silent: dict[str, float] = {}  # until when
        self._locked: set[str] = set()
        self._listeners: dict[str, set[asyncio.Queue[str]]] = {}
        self._sweep_at = 1000

    async def get(self, key: str) -> str | None:
        value, expires = self._values.get(key, (None, 0.0))
        return value if self._clock() < expires else None

    async def set(self, key: str, value: str, ttl: float) -> None:
        self._sweep()
        self._values[key] = (value, self._clock() + ttl)

    async def delete(self, key: str) -> None:
        self._values.pop(key, None)
        self._buckets.pop(key.removeprefix(_BUCKET), None)

    async def take(self, bucket: str, rate: float, burst: int) -> float:
        self._sweep()
        now = self._clock()
        tokens, at, _ = self._buckets.get(bucket, (float(burst), now, now))
        tokens = min(burst, tokens + (now - at) * rate)
        wait = 0.0 if tokens >= 1 else (1 - tokens) / rate
        tokens -= wait == 0.0
        self._buckets[bucket] = (tokens, now, now + (burst - tokens) / rate)
        return wait

    async def spend(self, allowances: Sequence[Allowance]) -> Spent | None:
        self._sweep()
        now, full = self._clock(), list[Spent]()
        for one in allowances:
            taken = self._spent.setdefault(one, deque(maxlen=one.count))
            if len(taken) == one.count and (wait := taken[0] + one.seconds - now) > 0:
                full.append(Spent(one, wait))
            if (wait := self._silent.get(one.name, now) - now) > 0:
                full.append(Spent(one, wait, is_silence=True))
        if full:
            return max(full, key=lambda spent: spent.wait)
        for one in allowances:
            self._spent[one].append(now)
        return None

    async def silence(self, name: str, seconds: float) -> None:
        self._sweep()
        until = self._clock() + seconds
        self._silent[name] = max(until, self._silent.get(name, until))

    @asynccontextmanager
    async def lock(self, name: str, ttl: float) -> AsyncIterator[bool]:
        if name in self._locked:
            yield False
            return
        self._locked.add(name)
        try:
            yield True
        finally:
            self._locked.discard(name)

    async def announce(self, topic: str, text: str) -> None:
        for listener in self._listeners.get(topic, ()):
            listener.put_nowait(text)

    @asynccontextmanager
    async def listen(self, topic: str) -> AsyncIterator[AsyncIterator[str]]:
        async with self.hearing(topic) as queue:
            yield texts(queue)

    @asynccontextmanager
    async def hearing(self, topic: str) -> AsyncIterator[asyncio.Queue[str]]:
        """Collect what is announced in this process."""
        queue: asyncio.Queue[str] = asyncio.Queue()
        self._listeners.setdefault(topic, set()).add(queue)
        try:
            yield queue
        finally:
            self._listeners[topic].discard(queue)

    async def is_there(self) -> bool:
        return True

    async def close(self) -> None:
        self._values.clear()
        self._buckets.clear()
        self._spent.clear()
        self._silent.clear()

    @property
    def size(self) -> int:
        """How many values, buckets, allowances and silences are held."""
        return len(self._values) + len(self._buckets) + len(self._spent) + len(self._silent)

    def _sweep(self) -> None:
        """Now and then drop what has expired and buckets that are full again."""
        if self.size < self._sweep_at:
            return
        now = self._clock()
        self._values = {k: v for k, v in self._values.items() if v[1] > now}
        self._buckets = {k: b for k, b in self._buckets.items() if b[2] > now}
        self._spent = {
            one: taken
            for one, taken in self._spent.items()
            if taken and taken[-1] + one.seconds > now
        }
        self._silent = {name: until for name, until in self._silent.items() if until > now}
        self._sweep_at = 2 * self.size + 1000


async def texts(queue: asyncio.Queue[str]) -> AsyncIterator[str]:
    """Yield what arrives, without end."""
    while True:
        yield await queue.get()

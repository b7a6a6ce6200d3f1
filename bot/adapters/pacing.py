"""Send no faster than a platform allows, fair to everybody who waits.

`Turns` is the rule alone, a function of the moments it is told: sliding logs of what was
sent, so that no window of any position ever holds more than it may, and a queue for each
chat, so that one that must wait delays nobody else. `Pacer` waits for turns in asyncio.

The platform counts when a request reaches it, which is some moment between sending it and
having its answer. So what is under way counts in every window, and what is answered counts
from its answer on: then no jitter on the way can push two windows into one.

Processes that share a platform's limits share a `Budget` as well: whoever has the turn asks
it, and gives the turn back uncounted when the others have used it up.
"""

import asyncio
import heapq
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import IntEnum
from math import inf
from typing import Protocol

ANSWERS_PER_PUSH = 4  # while both wait: four answers, then one push, so that neither starves
_PRUNE_FROM = 1024


class Urgency(IntEnum):
    """Who waits in front: a person who looks at the screen, or a digest."""

    ANSWER = 0
    PUSH = 1


@dataclass(frozen=True, slots=True)
class Window:
    """At most `count` sends in any stretch of `seconds`, wherever it begins."""

    count: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Limits:
    """What a platform allows: over all chats, to one chat, and to one group besides."""

    overall: tuple[Window, ...]
    chat: tuple[Window, ...]
    group: tuple[Window, ...]


@dataclass(frozen=True, slots=True)
class UsedUp:
    """Nothing is left of the budget for so many seconds: for one chat, or for all (None).

    is_silence: the platform asked another process for it.
    """

    seconds: float
    chat: str | None
    is_silence: bool = False


class Budget(Protocol):
    """What several processes may send together. Answers without knowing of their turns."""

    async def spend(self, chat: str, *, is_group: bool) -> UsedUp | None:
        """Take what one send costs; None when it may go."""

    async def keep_silent(self, seconds: float, chat: str | None) -> None:
        """Tell the others that the platform asked for silence, in one chat or altogether."""


class Meter(Protocol):
    """Measures for operators what the limits cost."""

    def waited(self, urgency: Urgency, seconds: float) -> None: ...

    def silenced(self, *, is_overall: bool) -> None: ...


class Held(Exception):
    """The wait would be longer than the caller's patience; `after` says how long, in seconds."""

    def __init__(self, after: float) -> None:
        super().__init__(f"held for {after:.0f} s")
        self.after = after


@dataclass(slots=True, eq=False)
class Ticket:
    """One send that waits for its turn."""

    chat: str
    urgency: Urgency
    is_group: bool


class _Log:
    """What is under way, and when the rest was answered, as far back as the windows look."""

    __slots__ = ("_answered", "_windows", "under_way")

    def __init__(self, windows: tuple[Window, ...]) -> None:
        self._windows = windows
        self._answered: deque[float] = deque(maxlen=max(w.count for w in windows))
        self.under_way = 0

    def free_at(self) -> float:
        """Return the earliest moment at which one more would break no window.

        Infinity while nobody can know, because too much is under way.
        """
        return max(map(self._free_at, self._windows))

    def _free_at(self, window: Window) -> float:
        room = window.count - self.under_way
        if room <= 0:
            return inf
        return self._answered[-room] + window.seconds if len(self._answered) >= room else -inf

    def is_forgotten(self, now: float) -> bool:
        """Return whether nothing that was sent matters any more."""
        longest = max(w.seconds for w in self._windows)
        is_past = not self._answered or self._answered[-1] + longest <= now
        return is_past and not self.under_way

    def begin(self) -> None:
        self.under_way += 1

    def end(self, now: float) -> None:
        self.under_way -= 1
        self._answered.append(now)


@dataclass(slots=True)
class _Chat:
    log: _Log
    held: float = -inf
    queues: tuple[deque[Ticket], deque[Ticket]] = field(default_factory=lambda: (deque(), deque()))
    is_listed: list[bool] = field(default_factory=lambda: [False, False])

    def free_at(self) -> float:
        return max(self.held, self.log.free_at())


class Turns:
    """Whose turn it is. Every method is told the moment; moments never run backwards.

    A chat that may send again goes to the end of the line of chats that may, so each of
    them waits at most once for each other one.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._overall = _Log(limits.overall)
        self._held = -inf
        self._chats: dict[str, _Chat] = {}
        self._under_way: set[Ticket] = set()
        self._may: tuple[deque[str], deque[str]] = (deque(), deque())
        self._later: list[tuple[float, int, str]] = []
        self._answers_in_a_row = 0
        self._prune_at = _PRUNE_FROM

    def join(self, ticket: Ticket, now: float, *, again: bool = False) -> None:
        """Wait; `again` puts a send that was refused back in front of its chat's others."""
        self._prune(now)
        chat = self._chat(ticket.chat, ticket.is_group)
        queue = chat.queues[ticket.urgency]
        if again:
            queue.appendleft(ticket)
        else:
            queue.append(ticket)
        self._list(ticket.chat, chat, ticket.urgency, now)

    def leave(self, ticket: Ticket, now: float) -> None:
        """Stop waiting, or say that what the turn was for is over."""
        chat = self._chats.get(ticket.chat)
        if chat is None:
            return
        if ticket in self._under_way:
            self._under_way.remove(ticket)
            self._overall.end(now)
            chat.log.end(now)
            for urgency in Urgency:  # who waited without knowing until when
                self._list(ticket.chat, chat, urgency, now)
        elif ticket in chat.queues[ticket.urgency]:
            chat.queues[ticket.urgency].remove(ticket)

    def put_back(self, ticket: Ticket, now: float) -> None:
        """Take back a turn that was not used: it counts nowhere, and waits in front."""
        self._under_way.remove(ticket)
        self._overall.under_way -= 1
        chat = self._chats[ticket.chat]
        chat.log.under_way -= 1
        chat.queues[ticket.urgency].appendleft(ticket)
        for urgency in Urgency:
            self._list(ticket.chat, chat, urgency, now)

    def hold(self, until: float, chat: str | None = None, *, is_group: bool = False) -> None:
        """Send nothing to a chat, or to anybody, before a moment."""
        if chat is None:
            self._held = max(self._held, until)
        else:
            state = self._chat(chat, is_group)
            state.held = max(state.held, until)

    def held_until(self, chat: str) -> float:
        """Return the moment until which the platform asked for silence; −inf for never."""
        state = self._chats.get(chat)
        return max(self._held, state.held if state else -inf)

    def next(self, now: float) -> Ticket | float | None:
        """Give one turn, or return when to ask again, or None when nobody waits.

        A turn that was given ends with `leave`. Infinity: ask again after the next one ends.
        """
        self._wake(now)
        gate = max(self._held, self._overall.free_at())
        while any(self._may):
            if gate > now:
                return gate
            ticket = self._take(self._whose(), now)
            if ticket is not None:
                return ticket
        return max(gate, self._later[0][0]) if self._later else None

    def _whose(self) -> Urgency:
        answers, pushes = self._may
        if pushes and (not answers or self._answers_in_a_row >= ANSWERS_PER_PUSH):
            return Urgency.PUSH
        return Urgency.ANSWER

    def _take(self, urgency: Urgency, now: float) -> Ticket | None:
        name = self._may[urgency].popleft()
        chat = self._chats[name]
        chat.is_listed[urgency] = False
        if not chat.queues[urgency]:
            return None
        if chat.free_at() > now:
            self._list(name, chat, urgency, now)
            return None
        ticket = chat.queues[urgency].popleft()
        self._under_way.add(ticket)
        chat.log.begin()
        self._overall.begin()
        self._answers_in_a_row = self._answers_in_a_row + 1 if urgency is Urgency.ANSWER else 0
        self._list(name, chat, urgency, now)
        return ticket

    def _list(self, name: str, chat: _Chat, urgency: Urgency, now: float) -> None:
        if chat.is_listed[urgency] or not chat.queues[urgency]:
            return
        free = chat.free_at()
        if free == inf:
            return  # listed when what is under way ends
        chat.is_listed[urgency] = True
        if free <= now:
            self._may[urgency].append(name)
        else:
            heapq.heappush(self._later, (free, urgency, name))

    def _wake(self, now: float) -> None:
        while self._later and self._later[0][0] <= now:
            _, urgency, name = heapq.heappop(self._later)
            self._may[urgency].append(name)

    def _chat(self, name: str, is_group: bool) -> _Chat:
        if name not in self._chats:
            windows = self._limits.chat + (self._limits.group if is_group else ())
            self._chats[name] = _Chat(_Log(windows))
        return self._chats[name]

    def _prune(self, now: float) -> None:
        """Forget chats that nothing is known of any more, at the price of O(1) a send."""
        if len(self._chats) < self._prune_at:
            return
        self._chats = {
            name: chat
            for name, chat in self._chats.items()
            if any(chat.is_listed) or chat.held > now or not chat.log.is_forgotten(now)
        }
        self._prune_at = max(_PRUNE_FROM, 2 * len(self._chats))


class Alarm(Protocol):
    """A call that is due later and may be taken back."""

    def cancel(self) -> None: ...


def _call_later(seconds: float, call: Callable[[], None]) -> Alarm:
    return asyncio.get_running_loop().call_later(seconds, call)


class Pacer:
    """Turns that are waited for. One pacer for all that sends to a platform in a process.

    clock: monotonic seconds. alarm: calls back after some seconds of that clock.
    budget: shared with other processes; None for one process alone.
    meter: told how long turns were waited for.
    """

    def __init__(
        self,
        limits: Limits,
        clock: Callable[[], float],
        alarm: Callable[[float, Callable[[], None]], Alarm] = _call_later,
        *,
        budget: Budget | None = None,
        meter: Meter | None = None,
    ) -> None:
        self._turns = Turns(limits)
        self.clock = clock
        self._set_alarm = alarm
        self._budget = budget
        self._meter = meter
        self._alarm: Alarm | None = None
        self._waiting: dict[Ticket, tuple[asyncio.Future[None], float]] = {}

    @asynccontextmanager
    async def turn(
        self,
        chat: str,
        *,
        is_group: bool = False,
        urgency: Urgency = Urgency.ANSWER,
        patience: float = inf,
        again: bool = False,
    ) -> AsyncIterator[None]:
        """Wait until this chat may be sent something; send it inside the block.

        patience: seconds. Raises Held when the platform asked for more; waiting in line
            is never cut short.
        """
        self._refuse_if_held(chat, patience)
        began = self.clock()
        ticket = Ticket(chat, urgency, is_group)
        turn = self._wait(ticket, patience)
        try:
            self._turns.join(ticket, self.clock(), again=again)
            self._serve()
            await turn
            while self._budget and (used_up := await self._budget.spend(chat, is_group=is_group)):
                turn = self._wait(ticket, patience)
                self._turns.put_back(ticket, self.clock())
                self._wait_for(used_up, is_group=is_group)
                await turn
            if self._meter:
                self._meter.waited(urgency, self.clock() - began)
            yield
        finally:
            self._waiting.pop(ticket, None)
            self._turns.leave(ticket, self.clock())
            self._serve()

    async def obey(
        self, seconds: float, chat: str | None = None, *, is_group: bool = False
    ) -> None:
        """Obey a platform that asks for silence, in one chat or altogether; so do the others."""
        self.hold(seconds, chat, is_group=is_group)
        if self._meter:
            self._meter.silenced(is_overall=chat is None)
        if self._budget:
            await self._budget.keep_silent(seconds, chat)

    def hold(self, seconds: float, chat: str | None = None, *, is_group: bool = False) -> None:
        """Keep silent in one chat or altogether; who has less patience than that is refused."""
        self._turns.hold(self.clock() + seconds, chat, is_group=is_group)
        for ticket, (turn, patience) in list(self._waiting.items()):
            if chat in (None, ticket.chat) and patience < seconds and not turn.done():
                self._turns.leave(ticket, self.clock())
                turn.set_exception(Held(seconds))
        self._serve()

    def _wait_for(self, used_up: UsedUp, *, is_group: bool) -> None:
        """Let a turn that was put back, and all whom it concerns, wait for the budget."""
        if used_up.is_silence:
            self.hold(used_up.seconds, used_up.chat, is_group=is_group)
            return
        self._turns.hold(self.clock() + used_up.seconds, used_up.chat, is_group=is_group)
        self._serve()

    def _wait(self, ticket: Ticket, patience: float) -> asyncio.Future[None]:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[ticket] = (turn, patience)
        return turn

    def _refuse_if_held(self, chat: str, patience: float) -> None:
        wait = self._turns.held_until(chat) - self.clock()
        if wait > patience:
            raise Held(wait)

    def _serve(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        while isinstance(then := self._turns.next(self.clock()), Ticket):
            turn, _ = self._waiting[then]
            if not turn.done():
                turn.set_result(None)
        if then is not None and then < inf:
            self._alarm = self._set_alarm(max(0.0, then - self.clock()), self._serve)

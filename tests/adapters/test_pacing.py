"""The pacer, on a clock that only the tests turn."""

import asyncio
import heapq
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import count, cycle, product
from math import inf

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.adapters.pacing import Held, Limits, Pacer, Ticket, Turns, Urgency, Window
from bot.budget import PacingMeter, SharedBudget
from bot.conversation.events import Platform
from bot.metrics import Metrics
from storage.dialogue_state import LocalState

unhurried = settings(deadline=None)  # a busy machine is no bug

LIMITS = Limits(overall=(Window(5, 1.0),), chat=(Window(2, 2.0),), group=(Window(3, 20.0),))
CHATS = ("a", "b", "c", "d", "-group")

arrivals = st.lists(
    st.tuples(
        st.floats(0, 3, allow_nan=False),  # after the one before
        st.sampled_from(CHATS),
        st.sampled_from(Urgency),
    ),
    max_size=60,
)
holds = st.lists(
    st.tuples(st.floats(0, 20), st.sampled_from([None, *CHATS]), st.floats(0.1, 15)),
    max_size=4,
)
journeys = st.lists(st.floats(0, 4), min_size=1, max_size=5)


@dataclass(frozen=True)
class Served:
    """One ticket: when it joined, was given its turn, and reached the platform."""

    ticket: Ticket
    joined: float
    at: float
    arrived: float


def play(turns, arrivals, holds=(), journeys=(0.0,)) -> list[Served]:
    """Let tickets arrive, and return what became of each, in the order of their turns.

    journeys: seconds from a turn to the platform's answer, used in rotation; the platform
    is reached somewhere on the way, which rotates as well.
    """
    moments, at, order = [], 0.0, count()
    for pause, chat, urgency in arrivals:
        at += pause
        ticket = Ticket(chat, urgency, chat.startswith("-"))
        moments.append((at, next(order), lambda now, t=ticket: turns.join(t, now), ticket))
    for begin, chat, seconds in holds:
        until, is_group = begin + seconds, str(chat).startswith("-")
        hold = partial(turns.hold, until, chat, is_group=is_group)
        moments.append((begin, next(order), lambda _, hold=hold: hold(), None))
    heapq.heapify(moments)
    joined, served, now = {}, [], 0.0
    travels = cycle(product(journeys, (0.0, 0.5, 1.0)))
    for _ in range(20_000):
        while moments and moments[0][0] <= now:
            _, _, happen, ticket = heapq.heappop(moments)
            happen(now)
            joined.setdefault(ticket, now)
        then = turns.next(now)
        if isinstance(then, Ticket):
            journey, share = next(travels)
            served.append(Served(then, joined[then], now, now + journey * share))
            end = lambda now, ticket=then: turns.leave(ticket, now)  # noqa: E731
            heapq.heappush(moments, (now + journey, next(order), end, then))
            continue
        upcoming = [m for m in (then, moments[0][0] if moments else None) if m is not None]
        if not upcoming:
            return served
        assert min(upcoming) < inf, "somebody waits for nothing"
        now = max(now, min(upcoming))
    raise AssertionError("turns go round in circles")


def assert_within(moments: list[float], window: Window) -> None:
    for first, last in zip(moments, moments[window.count :], strict=False):
        assert last - first >= window.seconds - 1e-9


@unhurried
@given(arrivals, holds, journeys)
@example([(0.0, f"chat {n}", Urgency.PUSH) for n in range(10)], [], [0.9, 0.9, 0.9, 0.9, 0.9, 0.0])
def test_no_window_ever_holds_more_than_the_platform_allows(arrivals, holds, journeys):
    served = play(Turns(LIMITS), arrivals, holds, journeys)
    assert_within(sorted(s.arrived for s in served), LIMITS.overall[0])
    by_chat = defaultdict(list)
    for one in served:
        by_chat[one.ticket.chat].append(one.arrived)
    for chat, moments in by_chat.items():
        assert_within(sorted(moments), LIMITS.chat[0])
        if chat.startswith("-"):
            assert_within(sorted(moments), LIMITS.group[0])


@unhurried
@given(arrivals, holds, journeys)
@example([(0.0, "a", Urgency.PUSH)], [(0.0, None, 5.0)], [0.0])
def test_everybody_who_waits_gets_their_turn(arrivals, holds, journeys):
    served = play(Turns(LIMITS), arrivals, holds, journeys)
    assert len({s.ticket for s in served}) == len(served) == len(arrivals)


@unhurried
@given(arrivals, journeys)
def test_within_a_chat_and_an_urgency_the_order_is_kept(arrivals, journeys):
    apart = [(pause + 0.001, chat, urgency) for pause, chat, urgency in arrivals]
    lanes = defaultdict(list)
    for one in play(Turns(LIMITS), apart, journeys=journeys):
        lanes[one.ticket.chat, one.ticket.urgency].append(one.joined)
    assert all(lane == sorted(lane) for lane in lanes.values())


@unhurried
@given(st.integers(1, 40))
def test_a_chat_with_much_to_say_does_not_keep_a_newcomer_waiting(n):
    turns = Turns(Limits((Window(5, 1.0),), (Window(100, 1.0),), ()))
    busy = [(0.0, "busy", Urgency.ANSWER)] * n
    served = play(turns, [*busy, (0.0, "new", Urgency.ANSWER)])
    position = [s.ticket.chat for s in served].index("new")
    assert position <= 1


def test_a_person_who_waits_at_the_screen_goes_before_ten_thousand_digests():
    turns = Turns(Limits((Window(28, 1.0),), (Window(8, 8.0),), ()))
    digests = [(0.0, f"reader {n}", Urgency.PUSH) for n in range(500)]
    served = play(turns, [*digests, (1.5, "asker", Urgency.ANSWER)])
    (wait,) = [s.at - s.joined for s in served if s.ticket.chat == "asker"]
    assert wait < 1.0


def test_digests_do_not_starve_behind_people_who_never_stop_tapping():
    turns = Turns(Limits((Window(10, 1.0),), (Window(8, 8.0),), ()))
    taps = [(0.01, f"reader {n}", Urgency.ANSWER) for n in range(400)]
    served = play(turns, [(0.0, "first", Urgency.ANSWER), (0.0, "digest", Urgency.PUSH), *taps])
    (wait,) = [s.at - s.joined for s in served if s.ticket.chat == "digest"]
    assert wait < 2.0


@unhurried
@given(arrivals.filter(bool), st.sampled_from(CHATS))
def test_silence_in_one_chat_never_stops_another(arrivals, held):
    others = [(0.0, chat, urgency) for _, chat, urgency in arrivals if chat != held]
    free = [(s.at, s.ticket.chat) for s in play(Turns(LIMITS), others)]
    turns = Turns(LIMITS)
    turns.hold(1000.0, held, is_group=held.startswith("-"))
    with_held = [(0.0, held, Urgency.ANSWER), *others]
    served = [(s.at, s.ticket.chat) for s in play(turns, with_held)]
    assert [s for s in served if s[1] != held] == free
    assert served[-1] == (1000.0, held)


@unhurried
@given(arrivals.filter(bool))
def test_silence_for_all_is_kept_by_all(arrivals):
    turns = Turns(LIMITS)
    turns.hold(50.0)
    at_once = [(0.0, chat, urgency) for _, chat, urgency in arrivals]
    assert min(s.at for s in play(turns, at_once)) >= 50.0


def test_chats_that_have_nothing_left_to_wait_for_are_forgotten():
    turns = Turns(LIMITS)
    play(turns, [(1.0, f"reader {i}", Urgency.PUSH) for i in range(2500)])
    assert len(turns._chats) <= 1100


class Clock:
    """Monotonic seconds and alarms; time passes only in `advance`."""

    def __init__(self) -> None:
        self.now = 100.0
        self.alarms: list[tuple[float, int, Ring]] = []
        self._order = count()

    def __call__(self) -> float:
        return self.now

    def alarm(self, seconds: float, call: Callable[[], None]) -> "Ring":
        ring = Ring(call)
        heapq.heappush(self.alarms, (self.now + seconds, next(self._order), ring))
        return ring

    async def advance(self, seconds: float) -> None:
        end = self.now + seconds
        await settle()
        while self.alarms and self.alarms[0][0] <= end:
            self.now, _, ring = heapq.heappop(self.alarms)
            ring.ring()
            await settle()
        self.now = end


class Ring:
    def __init__(self, call: Callable[[], None]) -> None:
        self._call: Callable[[], None] | None = call

    def cancel(self) -> None:
        self._call = None

    def ring(self) -> None:
        if self._call:
            self._call()


async def settle() -> None:
    """Let everything run that can run without time passing."""
    loop = asyncio.get_running_loop()
    for _ in range(5):
        done = loop.create_future()
        loop.call_soon(done.set_result, None)
        await done


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def pacer(clock):
    return Pacer(LIMITS, clock, clock.alarm)


async def take(pacer, chat, **how):
    async with pacer.turn(chat, **how):
        pass


async def test_a_turn_comes_when_the_window_has_room_again(pacer, clock):
    await take(pacer, "a")
    await take(pacer, "a")
    third = asyncio.create_task(take(pacer, "a"))
    await clock.advance(1.9)
    assert not third.done()
    await clock.advance(0.2)
    assert third.done()


async def test_what_is_under_way_counts_until_it_is_answered(pacer, clock):
    async with pacer.turn("a"), pacer.turn("a"):
        third = asyncio.create_task(take(pacer, "a"))
        await clock.advance(60)
        assert not third.done()
    await clock.advance(1.9)
    assert not third.done()
    await clock.advance(0.2)
    assert third.done()


async def test_who_has_less_patience_than_the_platform_asks_for_is_told_at_once(pacer):
    pacer.hold(60, "a")
    with pytest.raises(Held) as held:
        await take(pacer, "a", patience=10)
    assert held.value.after == pytest.approx(60)
    await take(pacer, "b", patience=10)


async def test_who_already_waits_is_told_when_the_platform_asks_for_silence(pacer, clock):
    pacer.hold(1, "a")
    waiting = asyncio.create_task(take(pacer, "a", patience=10))
    await clock.advance(0.5)
    pacer.hold(60, "a")
    await clock.advance(0.1)
    assert isinstance(waiting.exception(), Held)


async def test_who_stops_waiting_takes_nobodys_turn(pacer, clock):
    pacer.hold(5)
    gone, stays = (asyncio.create_task(take(pacer, "a")) for _ in range(2))
    await settle()
    gone.cancel()
    await clock.advance(5)
    assert stays.done()
    assert gone.cancelled()
    await take(pacer, "a")  # the second of two: the one that left was not counted
    third = asyncio.create_task(take(pacer, "a"))
    await settle()
    assert not third.done()
    third.cancel()


async def test_a_send_that_fails_ends_its_turn_as_well(pacer, clock):
    for _ in range(2):
        with pytest.raises(RuntimeError):
            async with pacer.turn("a"):
                raise RuntimeError
    third = asyncio.create_task(take(pacer, "a"))
    await clock.advance(2)
    assert third.done()


async def test_a_refused_send_goes_before_what_its_chat_wants_to_say_next(pacer, clock):
    pacer.hold(5, "a")
    order = []

    async def send(name: str, *, again: bool) -> None:
        async with pacer.turn("a", again=again):
            order.append(name)

    tasks = [asyncio.create_task(send("next", again=False))]
    await settle()
    tasks.append(asyncio.create_task(send("refused", again=True)))
    await clock.advance(5)
    assert order == ["refused", "next"]
    await asyncio.gather(*tasks)


async def test_processes_that_share_a_budget_keep_its_windows_together(clock):
    state = LocalState(clock)
    pacers = [
        Pacer(LIMITS, clock, clock.alarm, budget=SharedBudget(state, Platform.TELEGRAM, LIMITS))
        for _ in range(3)
    ]
    sent = []

    async def send(pacer, chat):
        async with pacer.turn(chat, is_group=chat.startswith("-"), urgency=Urgency.PUSH):
            sent.append((clock.now, chat))

    async with asyncio.TaskGroup() as tasks:
        for number in range(90):
            tasks.create_task(send(pacers[number % 3], f"reader {number % 45}"))
        for number in range(6):
            tasks.create_task(send(pacers[number % 3], "-group"))
        await clock.advance(120)
    assert len(sent) == 96
    assert_within([at for at, _ in sent], LIMITS.overall[0])
    for chat in {chat for _, chat in sent}:
        assert_within([at for at, one in sent if one == chat], LIMITS.chat[0])
    assert_within([at for at, chat in sent if chat == "-group"], LIMITS.group[0])
    assert max(at for at, chat in sent if chat != "-group") - 100.0 <= 96 / 5 + 2


@pytest.fixture
def two_processes(clock):
    """What two processes send with, and the budget they share."""
    budget = SharedBudget(LocalState(clock), Platform.TELEGRAM, LIMITS)
    return [Pacer(LIMITS, clock, clock.alarm, budget=budget) for _ in range(2)]


async def test_a_silence_in_one_chat_is_kept_by_every_process_and_in_no_other_chat(
    two_processes, clock
):
    one, two = two_processes
    await one.obey(30, "a")
    waits = [asyncio.create_task(take(pacer, "a")) for pacer in two_processes]
    await take(two, "b")
    await clock.advance(29.9)
    assert not any(task.done() for task in waits)
    await clock.advance(0.2)
    assert all(task.done() for task in waits)


async def test_a_silence_altogether_is_kept_by_every_process(two_processes, clock):
    one, two = two_processes
    await one.obey(30)
    waiting = asyncio.create_task(take(two, "b"))
    await clock.advance(29.9)
    assert not waiting.done()
    await clock.advance(0.2)
    assert waiting.done()


async def test_who_has_less_patience_than_another_process_was_asked_for_is_told(two_processes):
    one, two = two_processes
    await one.obey(60, "a")
    for _ in range(2):  # the second time this process knows by itself
        with pytest.raises(Held) as held:
            await take(two, "a", patience=10)
        assert held.value.after == pytest.approx(60)
    await take(two, "b", patience=10)


async def test_operators_can_see_how_long_turns_were_waited_for_and_what_was_refused(clock):
    metrics = Metrics()
    meter = PacingMeter(metrics, Platform.TELEGRAM)
    pacer = Pacer(LIMITS, clock, clock.alarm, meter=meter)
    await pacer.obey(5, "a")
    waiting = asyncio.create_task(take(pacer, "a", urgency=Urgency.PUSH))
    await clock.advance(5.1)
    await waiting

    def value(name, **labels):
        return metrics.registry.get_sample_value(name, labels)

    push = {"platform": "telegram", "urgency": "push"}
    assert value("paperlark_rate_limit_wait_seconds_count", **push) == 1
    assert value("paperlark_rate_limit_wait_seconds_sum", **push) == pytest.approx(5, abs=0.2)
    silences = "paperlark_rate_limit_silences_total"
    assert value(silences, platform="telegram", scope="chat") == 1
    assert value(silences, platform="telegram", scope="all") == 0


async def test_a_chat_that_others_have_used_up_holds_up_nobody_else(clock):
    state = LocalState(clock)
    budget = SharedBudget(state, Platform.TELEGRAM, LIMITS)
    pacer = Pacer(LIMITS, clock, clock.alarm, budget=budget)
    for _ in range(2):
        assert await budget.spend("a", is_group=False) is None  # another process
    held = [asyncio.create_task(take(pacer, "a")) for _ in range(3)]
    await settle()
    free = [asyncio.create_task(take(pacer, chat)) for chat in ("b", "c", "d")]
    await clock.advance(0.1)
    assert all(task.done() for task in free)
    assert not any(task.done() for task in held)
    await clock.advance(5)
    assert all(task.done() for task in held)

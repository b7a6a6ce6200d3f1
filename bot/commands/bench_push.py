"""`paperlark bench push`: how fast digests are sent, beside a bare loop of the same requests.

A Bot API on loopback takes them, in a process of its own. Digests go out twice: by Telegram's
sender alone, drawn and sent; and from being due to being recorded as sent, as the scheduler
does it. The bare loops post the same messages, already drawn, with httpx and with aiohttp, over
as many connections as serve each of them best.

Then the same under Telegram's limits, with chats that ask for silence.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import fmean, median, quantiles
from typing import Any

import aiohttp
import httpx

from bot import log as logs
from bot.adapters.pacing import Limits, Pacer, Window
from bot.adapters.telegram_limits import LIMITS
from bot.adapters.telegram_render import render
from bot.adapters.telegram_send import TelegramMessenger, telegram_bot
from bot.commands.bench_bot_api import ALLOWED, TOKEN, Tally, bot_api
from bot.commands.bench_readers import NOW, NoLookUp, database_of_its_own, settle
from bot.conversation.cards import digest_message
from bot.conversation.events import Platform
from bot.conversation.messages import Message
from bot.desk import Desk
from bot.house import collect_seldom, serving_encoder
from bot.jobs.daily_picks import AT_ONCE, DailyPicks
from bot.readers import owed_next
from bot.settings import Settings
from bot.shelf import Shelf
from storage import deliveries
from storage.database import Database
from storage.deliveries import Ended, State

LIBRARIES = ("httpx", "aiohttp")
BRIEF = 200  # messages of which the best number of connections is learnt
CONNECTIONS = (1, 2, 4, 8, 16, 32)
PAPERS, OPINIONS = 500, 10
LONGEST = 300.0  # seconds after which the bench is given up
_MANY = 1_000_000
UNLIMITED = Limits((Window(_MANY, 1.0),), (Window(_MANY, 1.0),), ())

Form = Mapping[str, str]
Post = Callable[[Form], Awaitable[None]]
Rates = Mapping[str, Mapping[int, float]]


@dataclass(frozen=True, slots=True)
class Sizes:
    """readers: of a round. limited: readers who get their digest under Telegram's limits."""

    readers: int
    rounds: int
    limited: int


@dataclass(frozen=True, slots=True)
class Round:
    """Digests a second. waits: seconds that each send took, by the sender alone."""

    httpx: float
    aiohttp: float
    sender: float
    push: float
    waits: Sequence[float]


@dataclass(frozen=True, slots=True)
class Kept:
    """What arrived under limits."""

    tally: Tally

    @property
    def rate(self) -> float:
        """Return messages a second: by how long as many in a row take as one second allows.

        The mean of all such rows; neither end of the queue counts, where a second is not full.
        """
        arrived = self.tally.arrived
        spans = [last - first for first, last in zip(arrived, arrived[ALLOWED:], strict=False)]
        return ALLOWED / fmean(spans) if spans else 0.0


class _Hours:
    """A clock that stands at the hour of one round."""

    def __init__(self) -> None:
        self.hour = 0

    def __call__(self) -> datetime:
        return NOW + timedelta(hours=self.hour)


def run(settings: Settings, sizes: Sizes) -> int:
    """Measure, print, and return the exit status: 1 when a digest or a refusal was lost."""
    try:
        return asyncio.run(asyncio.wait_for(_run(settings, sizes), LONGEST))
    except TimeoutError:
        print(f"Given up after {LONGEST:.0f} s.")
        return 1


async def _run(settings: Settings, sizes: Sizes) -> int:
    logs.configure(settings.log_format, level=logging.WARNING)
    collect_seldom()
    with bot_api() as origin:
        async with _desk(settings, sizes) as (database, desk, hours):
            bench = _Bench(origin, database, desk, hours)
            await bench.draw(sizes.readers)
            best = await bench.best_connections()
            rounds = [await bench.round(hour, best) for hour in range(1, sizes.rounds + 1)]
            kept = await bench.limited(sizes.rounds + 1)
    _tell(database, sizes, best, rounds)
    return _tell_kept(sizes, kept)


@asynccontextmanager
async def _desk(settings: Settings, sizes: Sizes) -> AsyncIterator[tuple[Database, Desk, _Hours]]:
    """Open a desk whose readers are due round by round, an hour apart; the limited ones last.

    Those of the first hour, before any round, are whom the bare loops send to.
    """

    def due(user: int) -> datetime:
        return NOW + timedelta(hours=min((user - 1) // sizes.readers, sizes.rounds + 1))

    async with database_of_its_own(settings) as url:
        database = Database(url)
        try:
            readers = sizes.readers * (sizes.rounds + 1) + sizes.limited
            await settle(database, readers, PAPERS, OPINIONS, due)
            shelf = Shelf(database, settings.data_dir, lambda name: serving_encoder(settings, name))
            await shelf.refresh()
            hours = _Hours()
            yield database, Desk(database, shelf, NoLookUp(), hours), hours
        finally:
            await database.dispose()


class _Bench:
    def __init__(self, origin: str, database: Database, desk: Desk, hours: _Hours) -> None:
        self._origin = origin
        self._database = database
        self._desk = desk
        self._hours = hours
        self._messages: list[Message] = []

    async def draw(self, readers: int) -> None:
        """Make the digests of the first hour's readers, which bare loops and the sender send."""
        async with self._database.writing() as db:
            claimed = await deliveries.claim_due(db, NOW, readers, owed_next)
        editions = await self._desk.editions(claimed)
        self._messages = [digest_message(one.offers, one.day, one.user.picks) for one in editions]
        async with self._database.writing() as db:  # nobody shall try them again
            ends = [Ended(c.user.id, c.day, State.SENT, NOW) for c in claimed]
            await deliveries.finish_all(db, ends)

    async def best_connections(self) -> Rates:
        """Return the rates of the bare loops, by library and number of connections."""
        some = self._messages[:BRIEF]
        for library in LIBRARIES:  # the first requests of all are slow
            await self._bare(library, 1, some[:20])
        return {
            library: {n: await self._bare(library, n, some) for n in CONNECTIONS}
            for library in LIBRARIES
        }

    async def round(self, number: int, best: Rates) -> Round:
        """Send one hour's digests in every way, in another order each time."""
        rates, waits = dict[str, float](), list[float]()
        self._hours.hour = number
        ways: list[tuple[str, Callable[[], Awaitable[float]]]] = [
            ("httpx", lambda: self._bare("httpx", _most(best["httpx"]), self._messages)),
            ("aiohttp", lambda: self._bare("aiohttp", _most(best["aiohttp"]), self._messages)),
            ("sender", lambda: self._sender(waits)),
            ("push", lambda: self._push(number)),
        ]
        for name, way in ways[number % 4 :] + ways[: number % 4]:
            rates[name] = await way()
        return Round(**rates, waits=waits)

    async def limited(self, hour: int) -> Kept:
        """Push under Telegram's limits, and return what arrived."""
        await self._ask("POST", "/limits/on")
        await self._pushed(hour, LIMITS)
        return Kept(Tally(**await self._ask("GET", "/tally")))

    async def _bare(self, library: str, connections: int, messages: Sequence[Message]) -> float:
        url = f"{self._origin}/bot{TOKEN}/sendMessage"
        forms = [_form(chat, message) for chat, message in enumerate(messages, start=1)]
        async with _posting(library, connections, url) as post:
            return await _rate(lambda n: post(forms[n]), len(forms), connections)

    async def _sender(self, waits: list[float]) -> float:
        async with self._messenger(UNLIMITED) as messenger:

            async def send(n: int) -> None:
                began = time.perf_counter()
                await messenger.send(str(n + 1), self._messages[n], nonce="", is_quiet=False)
                waits.append(time.perf_counter() - began)

            return await _rate(send, len(self._messages), AT_ONCE)

    async def _push(self, hour: int) -> float:
        began = time.perf_counter()
        pushed = await self._pushed(hour, UNLIMITED)
        return pushed / (time.perf_counter() - began)

    async def _pushed(self, hour: int, limits: Limits) -> int:
        self._hours.hour = hour
        async with self._messenger(limits) as messenger:
            picks = DailyPicks(
                self._database, self._desk, {Platform.TELEGRAM: messenger}, self._hours
            )
            return (await picks.run_once()).sent

    @asynccontextmanager
    async def _messenger(self, limits: Limits) -> AsyncIterator[TelegramMessenger]:
        async with telegram_bot(TOKEN, self._origin, Pacer(limits, time.monotonic)) as bot:
            yield TelegramMessenger(bot)

    async def _ask(self, method: str, path: str) -> Any:
        async with httpx.AsyncClient(base_url=self._origin) as http:
            return (await http.request(method, path)).json()


@asynccontextmanager
async def _posting(library: str, connections: int, url: str) -> AsyncIterator[Post]:
    """Yield what posts a form and reads the answer, with nothing around it."""
    if library == "httpx":
        limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
        async with httpx.AsyncClient(limits=limits, timeout=30) as http:

            async def by_httpx(form: Form) -> None:
                assert (await http.post(url, data=form)).json()["ok"]

            yield by_httpx
        return
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=connections)) as session:

        async def by_aiohttp(form: Form) -> None:
            async with session.post(url, data=form) as response:
                assert (await response.json())["ok"]

        yield by_aiohttp


async def _rate(send: Callable[[int], Awaitable[None]], count: int, at_once: int) -> float:
    """Return how many a second are sent when so many are under way together."""
    numbers = iter(range(count))

    async def some() -> None:
        for n in numbers:
            await send(n)

    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(some())
    return count / (time.perf_counter() - began)


def _form(chat: int, message: Message) -> Form:
    drawn = render(message)
    form = {"chat_id": str(chat), "text": drawn.html, "parse_mode": "HTML"}
    return form | ({"reply_markup": drawn.keyboard.to_json()} if drawn.keyboard else {})


def _most(rates: Mapping[int, float]) -> int:
    return max(rates, key=lambda connections: rates[connections])


def _tell(database: Database, sizes: Sizes, best: Rates, rounds: Sequence[Round]) -> None:
    name = "SQLite" if database.is_sqlite else "PostgreSQL"
    print(f"{name}, {sizes.rounds} rounds of {sizes.readers} digests, without limits (medians):")
    for library in LIBRARIES:
        rate = median(getattr(one, library) for one in rounds)
        by_number = ", ".join(f"{n}: {of_n:,.0f}" for n, of_n in best[library].items())
        print(f"  bare {library:<10} {rate:7,.0f}/s (by connections {by_number})")
    for way, what in (("sender", "drawn and sent"), ("push", "due to recorded")):
        rates = [getattr(one, way) for one in rounds]
        print(
            f"  {what:<15} {median(rates):7,.0f}/s, {_times(rounds, way, 'httpx')} bare httpx, "
            f"{_times(rounds, way, 'aiohttp')} bare aiohttp"
        )
    cuts = quantiles([1000 * wait for one in rounds for wait in one.waits], n=100)
    print(f"  a send, {AT_ONCE} at once: median {cuts[49]:.0f} ms, p99 {cuts[98]:.0f} ms")


def _times(rounds: Sequence[Round], way: str, library: str) -> str:
    ratios = sorted(getattr(one, way) / getattr(one, library) for one in rounds)
    return f"{median(ratios):.2f} × ({ratios[0]:.2f}–{ratios[-1]:.2f})"


def _tell_kept(sizes: Sizes, kept: Kept) -> int:
    tally = kept.tally
    print(f"under Telegram's limits, {ALLOWED}/s:")
    print(
        f"  {kept.rate:.1f}/s, {100 * kept.rate / ALLOWED:.0f} % of what is allowed; "
        f"{tally.chats} of {sizes.limited} chats served"
    )
    print(f"  {tally.refused} refusals (429), {tally.ignored} of them ignored")
    return 0 if tally.chats == sizes.limited and not tally.ignored else 1

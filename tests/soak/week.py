"""A week of digests in minutes: real processes that die, servers that go away, clocks that leap.

Time leaps from one moment at which somebody is owed a digest to the next, and stands there
until all of them have ended; only the wall's time leaps, every pace and every limit goes on
by the machine's own. What people saw is taken from the platforms, what was promised from
their schedules, and what was acknowledged from the answers to their taps.
"""

import asyncio
import random
import re
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from bot.commands.trace import explained
from bot.conversation.words import long_day
from storage.errors import StorageUnavailable
from storage.tables import UserRow
from tests.acceptance.kept import Kept
from tests.acceptance.process import BotProcess, eventually
from tests.house import TOPICS
from tests.local_discord import LocalDiscord
from tests.local_discord import Posted as DiscordPosted
from tests.local_feeds import FeedPaper, LocalFeeds
from tests.local_telegram import LocalTelegram
from tests.local_telegram import Posted as TelegramPosted
from tests.servers import Postgres, RedisServer
from tests.soak.people import BEGIN, Inhabitant, Tap, announcement_day, moments

A_DAY = 60  # papers
PATIENCE = 240.0  # real seconds for anything, on a machine that others use as well
STANDING = 3.0  # real seconds without progress after which time moves a little
LITTLE = timedelta(minutes=12)  # longer than what was begun is waited for
_HEADING = re.compile(r"(?:papers?|No papers) for (\w+, \d+ \w+)")
_LINK = re.compile(r"https://arxiv\.org/abs/(\S+)$")
Posted = TelegramPosted | DiscordPosted


@dataclass(frozen=True)
class Plan:
    """How much happens. people: on Telegram, on Discord. restarts: of Redis and the database."""

    people: tuple[int, int]
    days: int
    kills: int
    restarts: int
    faults: int
    seed: int = 0


@dataclass
class Lived:
    """What happened. digests: what arrived, by account and day in words.

    missed: what was owed and did not arrive, each of which has a reason; by account and day.
    """

    digests: dict[tuple[str, str], int] = field(default_factory=Counter)
    papers: dict[str, list[str]] = field(default_factory=dict)
    acknowledged: list[Tap] = field(default_factory=list)
    kills: int = 0
    restarts: int = 0
    faults: int = 0
    missed: set[tuple[str, date]] = field(default_factory=set)
    seconds: float = 0.0


def week_of_papers(days: int) -> list[FeedPaper]:
    """Return papers of five fields for the days of the story and the three before it."""
    found, numbers = list[FeedPaper](), Counter[str]()
    for n in range(-3, days):
        day = (BEGIN + timedelta(days=n)).date()
        if day.weekday() >= 5:
            continue
        for number in range(A_DAY):
            category, vocabulary = list(TOPICS.items())[number % len(TOPICS)]
            names = vocabulary.split()
            some = [names[(number // 5 + n + i) % len(names)] for i in range(5)]
            month = f"{day:%y%m}"
            numbers[month] += 1
            found.append(
                FeedPaper(
                    id=f"{month}.{numbers[month]:05d}",
                    announced=day,
                    title=f"{' '.join(some).title()} {numbers[month]}",
                    abstract=f"We study {', '.join(some)}. We find that {some[0]} helps.",
                    categories=(category,),
                    upvotes=number if number % 4 == 0 else None,
                )
            )
    return found


class Week:
    """One run. bots: the processes of the service; clock: the file they read the time from."""

    def __init__(
        self,
        plan: Plan,
        people: Sequence[Inhabitant],
        bots: Sequence[BotProcess],
        kept: Kept,
        *,
        telegram: LocalTelegram,
        discord: LocalDiscord,
        feeds: LocalFeeds,
        clock: Path,
        redis: RedisServer | None = None,
        postgres: Postgres | None = None,
    ) -> None:
        self._plan = plan
        self._people = {one.account: one for one in people}
        self._at = {one.place: one for one in people}
        self._bots = bots
        self._kept = kept
        self._telegram = telegram
        self._discord = discord
        self._feeds = feeds
        self._clock = clock
        self._redis = redis
        self._postgres = postgres
        self._rng = random.Random(plan.seed)
        self._taps: list[Tap] = []
        self._read = {"telegram": 0, "discord": 0}
        self._fresh: dict[str, Posted] = {}  # by account: the digest that nobody tapped yet
        self.lived = Lived()

    # ------------------------------------------------------------ time

    @property
    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=float(self._clock.read_text()))

    def leap(self, to: datetime) -> None:
        """Let it be this moment, in every process at once."""
        fresh = self._clock.with_suffix(".new")
        fresh.write_text(repr((to - datetime.now(UTC)).total_seconds()))
        fresh.replace(self._clock)
        self._feeds.today = announcement_day(to)

    # ------------------------------------------------------------ the story

    async def live(self) -> Lived:
        """Let the whole time pass; return what happened."""
        began = time.monotonic()
        await self._move_in()
        due = moments(list(self._people.values()), self._plan.days)
        trouble = self._troubles(len(due))
        for number, moment in enumerate(due):
            # What ended late may have taken the time past this moment: it never goes back.
            self.leap(max(moment + timedelta(seconds=1), self.now))
            await self._all_end(trouble.get(number, []))
            await self._tap()
        await self._taps_end()
        self.lived.seconds = time.monotonic() - began
        return self.lived

    async def _move_in(self) -> None:
        await eventually(self._has_papers, "the first papers", PATIENCE)
        await eventually(lambda: self._discord.identified, "Discord", PATIENCE)
        for one in self._people.values():
            await one.moves_in()
        everybody = len(self._people)

        async def are_in() -> bool:
            known = "SELECT count(*) FROM users WHERE zone IS NOT NULL"
            return bool(await self._kept.one(known) == everybody)

        await eventually(are_in, "everybody's schedule", PATIENCE)

    async def _has_papers(self) -> bool:
        day = announcement_day(self.now)
        return await self._kept.announced(day) == A_DAY

    def _troubles(self, count: int) -> dict[int, list[str]]:
        """Return what goes wrong at which of the moments; kills may fall together."""
        plan, found = self._plan, dict[int, list[str]]()
        kinds = ["kill"] * plan.kills + ["fault"] * plan.faults
        kinds += ["restart"] * (plan.restarts if self._postgres or self._redis else 0)
        for kind in kinds:
            found.setdefault(self._rng.randrange(count), []).append(kind)
        return found

    async def _all_end(self, troubles: Iterable[str]) -> None:
        """Wait until everything that is due has ended, and let things go wrong meanwhile."""
        for trouble in troubles:
            await self._go_wrong(trouble)
        end, seen, since = time.monotonic() + PATIENCE, -1, time.monotonic()
        while await self._open():
            assert time.monotonic() < end, f"never ended: {await self._open()}"
            here = self._see()
            if here != seen:
                seen, since = here, time.monotonic()
            elif time.monotonic() - since > STANDING:
                # What waits for a later try, or was left by a process that died, needs time.
                self.leap(self.now + LITTLE)
                since = time.monotonic()
            await _breathe()
        self._see()

    async def _open(self) -> list[tuple[Any, ...]]:
        """Return the digests that are due and have not ended."""
        try:
            # Who is owed first: what is claimed between the two looks stands in the second.
            async with self._kept.database.reading() as db:
                due = select(func.count()).where(UserRow.next_push_at <= self.now)
                waiting = await db.scalar(due)
            rows = await self._kept.rows(
                "SELECT user_id, day, state FROM deliveries WHERE state IN ('claimed', 'sending')"
            )
        except StorageUnavailable:  # as it is meant to be
            return [("the database is away",)]
        return rows + [("waiting", waiting)] * bool(waiting)

    # ------------------------------------------------------------ what goes wrong

    async def _go_wrong(self, kind: str) -> None:
        if kind == "fault":
            self._fault()
        elif kind == "restart":
            await self._restart()
        else:
            await self._kill()

    def _fault(self) -> None:
        self.lived.faults += 1
        if self._rng.random() < 0.5:
            how = self._rng.choice(
                (
                    {"status": 500},
                    {"status": 429, "parameters": {"retry_after": 1}},
                    {"kind": "cut"},
                    {"kind": "lost"},
                )
            )
            self._telegram.fault("sendMessage", times=self._rng.randint(1, 3), **how)
        else:
            how = self._rng.choice(
                (
                    {"status": 500},
                    {"status": 429, "more": {"retry_after": 0.3, "global": False}},
                    {"kind": "cut"},
                    {"kind": "lose"},
                )
            )
            self._discord.fault("send", times=self._rng.randint(1, 3), **how)

    async def _restart(self) -> None:
        """End Redis or PostgreSQL as a crash does, and start it again."""
        self.lived.restarts += 1
        if self._redis and (self._postgres is None or self.lived.restarts % 2):
            self._redis.kill()
            await _breathe(0.5)
            await asyncio.to_thread(self._redis.start)
        elif self._postgres:
            await asyncio.to_thread(self._postgres.stop, "immediate")
            await _breathe(0.5)
            await asyncio.to_thread(self._postgres.start)

    async def _kill(self) -> None:
        """End a process with kill -9, somewhere in the middle of what it is at."""
        self.lived.kills += 1
        victim = self._rng.choice(self._bots)
        seen = self._see()
        wanted = self._rng.randint(0, max(len(self._people) // 20, 1))
        with suppress(TimeoutError):  # it may die before anything has arrived, too
            async with asyncio.timeout(self._rng.uniform(0.1, 6.0)):
                while self._see() < seen + wanted:
                    await _breathe()
        await victim.kill()
        await victim.start()

    # ------------------------------------------------------------ what people see and do

    def _see(self) -> int:
        """Count the digests that arrived since the last look; return how many there ever were."""
        for posted in self._telegram.deliveries[self._read["telegram"] :]:
            self._note(posted.chat, posted)
        self._read["telegram"] = len(self._telegram.deliveries)
        for number, shown in list(self._discord.posted.items()):
            if number > self._read["discord"]:
                self._note(shown.channel, shown)
        self._read["discord"] = max(self._discord.posted, default=0)
        return sum(self.lived.digests.values())

    def _note(self, place: int, posted: Posted) -> None:
        heading = _HEADING.search(posted.text)
        one = self._at.get(place)
        if heading is None or one is None:
            return
        self.lived.digests[one.account, heading[1]] += 1
        self.lived.papers.setdefault(one.account, []).extend(_papers(posted))
        self._fresh[one.account] = posted

    async def _tap(self) -> None:
        """Let some people like or skip the first paper of the digest they just got."""
        fresh, self._fresh = self._fresh, {}
        for account, posted in fresh.items():
            papers = _papers(posted)
            if not papers or self._rng.random() < 0.5:
                continue
            sign, verdict = self._rng.choice((("👍", "like"), ("👎", "skip")))
            labels = posted.labels if isinstance(posted, TelegramPosted) else list(posted.buttons)
            label = f"1 {sign}"
            if label not in labels:
                continue
            made = await self._people[account].presses(label, posted)
            self._taps.append(Tap(account, papers[0], verdict, made))

    async def _taps_end(self) -> None:
        """Wait until what can be answered is, and keep what was acknowledged."""
        with suppress(AssertionError):  # what was tapped when a process died on Discord
            await eventually(lambda: all(tap.is_answered for tap in self._taps), "taps", 15.0)
        self.lived.acknowledged = [tap for tap in self._taps if self._is_acknowledged(tap)]

    def _is_acknowledged(self, tap: Tap) -> bool:
        """Whether the person was told that it is stored."""
        if not tap.is_answered:
            return False
        if hasattr(tap.made, "answers"):
            told = {"like": "Liked|👍 counts", "skip": "Skipped|👎 counts"}[tap.verdict]
            return any(re.search(told, answer) for answer in tap.made.answers)
        drawn = {"like": "Liked|👍 1 · 👎 0", "skip": "Skipped|👍 0 · 👎 1"}[tap.verdict]
        return bool(re.search(drawn, self._discord.posted[tap.made.tapped].text))

    # ------------------------------------------------------------ what must hold

    async def broken_promises(self) -> list[str]:
        """Return every digest that came twice or is missing unexplained, every tap lost."""
        found = [f"twice: {who} {day}" for (who, day), n in self.lived.digests.items() if n > 1]
        rows = await self._kept.rows(
            "SELECT a.external_id, d.day, d.state, d.reason FROM deliveries d"
            " JOIN accounts a ON a.user_id = d.user_id"
        )
        stood = {(who, _date(day)): (state, reason) for who, day, state, reason in rows}
        doubtful = {who for who, _, state, _ in rows if state == "unknown"}
        for account in self.lived.papers.keys() - doubtful:
            seen = Counter(self.lived.papers[account])
            found += [f"again: {account} {paper}" for paper, n in seen.items() if n > 1]
        for account, one in self._people.items():
            for due in one.owed(self._plan.days):
                state, reason = stood.get((account, due.day), ("nothing", None))
                arrived = self.lived.digests.get((account, long_day(due.day)), 0)
                if not _is_explained(state, reason, arrived):
                    found.append(f"{account} {due.day}: {state} {reason}, arrived {arrived}")
                elif not arrived:
                    self.lived.missed.add((account, due.day))
                    said = await self._traced(one, due.day)
                    if not any(line.endswith(f"  {state}: {reason}") for line in said):
                        found.append(f"{account} {due.day}: {reason}, but `trace` says {said}")
        for tap in self.lived.acknowledged:
            verdicts = await self._kept.rows(
                "SELECT l.verdict_after FROM feedback_log l JOIN accounts a ON a.id = l.account_id"
                " JOIN papers p ON p.id = l.paper_id"
                " WHERE a.external_id = :account AND p.key = :key",
                account=tap.account,
                key=f"arxiv:{tap.paper}",
            )
            if (tap.verdict,) not in verdicts:
                found.append(f"tap lost: {tap.account} {tap.paper} {tap.verdict}")
        return found

    async def _traced(self, one: Inhabitant, day: date) -> list[str]:
        """Return what an operator is told of somebody's digest of a day."""
        async with self._kept.database.reading() as db:
            return await explained(db, f"{one.platform}:{one.account}", day)


def _is_explained(state: str, reason: str | None, arrived: int) -> bool:
    """Whether what is on record fits to what arrived, and says why when nothing did."""
    match state:
        case "sent" | "empty":
            return arrived == 1
        case "unknown":
            return arrived <= 1 and bool(reason)
        case "failed":
            return arrived == 0 and bool(reason)
        case _:
            return False


def _papers(posted: Posted) -> list[str]:
    if isinstance(posted, TelegramPosted):
        links = [entity.url or "" for entity in posted.entities if entity.kind == "a"]
    else:
        links = [embed.get("url", "") for embed in posted.embeds]
    return [found[1] for link in links if (found := _LINK.match(link))]


def _date(day: date | str) -> date:
    return date.fromisoformat(day) if isinstance(day, str) else day


async def _breathe(seconds: float = 0.05) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(asyncio.Event().wait(), seconds)

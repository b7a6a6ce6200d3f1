"""Push each reader's digest, once, at their own hour.

    users.next_push_at → claim (delivery row, one transaction) → rank the batch in one
    product → impressions → wait for the turn → begin_sending (committed) → send → finish

The outbox in the database is the queue and the only truth; no timer in memory is. At most
once: the row stands before anything is sent, so whatever dies in between costs one digest
and never sends two. What was begun and never finished is recorded as unknown, never sent
again by itself, and offered by /today. One reader's trouble costs that reader's digest and
nobody else's: more is claimed while a slow send is still under way, each platform has sends
of its own, and one that is away is left alone for a while.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime, timedelta

import structlog

from bot import ending
from bot.conversation.events import Platform
from bot.conversation.language import speak
from bot.conversation.ports import (
    Forum,
    Messenger,
    OutcomeUnknown,
    PlatformAway,
    RecipientGone,
    Refused,
    TemporarilyUnavailable,
    TryLater,
)
from bot.desk import Desk
from bot.editions import Edition
from bot.health import Health, Part
from bot.jobs.group_digests import GroupDigests, message_of, why_gone
from bot.metrics import Metrics
from bot.readers import owed_next, schedule_of
from bot.schedule import next_due
from storage import deliveries, users
from storage.database import Database
from storage.deliveries import Claimed, Ended, SentMessage, State
from storage.errors import StorageUnavailable
from storage.outbox import Outbox

log = structlog.get_logger()

BATCH = 1000
ROOM = 2 * BATCH  # digests that were claimed and have not ended; then no more are claimed
AT_ONCE = 50  # sends under way on a platform; its pace is kept by the messenger
LOOK_EVERY = 5.0  # seconds between two looks at the outbox
ABANDONED = timedelta(minutes=10)  # longer than any send may take
PLATFORM_OFF = timedelta(minutes=10)
OUTAGE = 3  # sends in a row that find a platform away until it is left alone
FIRST_REST, LONGEST_REST = timedelta(seconds=15), timedelta(minutes=5)
LONGEST_WAIT = timedelta(minutes=30)  # between two tries of one digest
NO_TURN = timedelta(minutes=1)  # until a digest that waited in vain is tried again
NOT_CHOSEN = timedelta(hours=1)  # until a digest that a fault of ours kept from being made

_NOBODY = "none"  # the platform of a digest that was on its way to none
_COUNTED = {"later": "put_off"}  # what operators call it

_Chosen = list[tuple[Claimed, Edition | None]]


@dataclass(frozen=True, slots=True)
class Pushed:
    """What one look at the outbox did, by how each digest ended."""

    sent: int = 0
    empty: int = 0
    failed: int = 0
    unknown: int = 0
    later: int = 0

    def __add__(self, other: "Pushed") -> "Pushed":
        return Pushed(
            self.sent + other.sent,
            self.empty + other.empty,
            self.failed + other.failed,
            self.unknown + other.unknown,
            self.later + other.later,
        )


class _NotOurs(Exception):
    """The digest must not be sent by us: it is begun elsewhere, or the reader paused."""


class _Beginning:
    """Notes that sending begins: when its turn has come, and not while it waits for one.

    So what a process that dies leaves behind as begun is only what was on its way.
    """

    def __init__(
        self,
        outbox: Outbox,
        clock: Callable[[], datetime],
        claim: Claimed,
        edition: Edition,
    ) -> None:
        self._outbox = outbox
        self._clock = clock
        self._claim = claim
        self._edition = edition
        self.is_begun = False

    async def __call__(self) -> None:
        """Raises _NotOurs, StorageUnavailable. Again before a repetition it does nothing."""
        if self.is_begun:
            return
        is_ours = await self._outbox.begin(
            self._claim.user.id,
            self._claim.day,
            self._clock(),
            account=self._edition.account.id,
            model=self._edition.model,
        )
        if not is_ours:
            raise _NotOurs
        self.is_begun = True


class _Line:
    """The sends to one platform, and whether it answers at all."""

    def __init__(self, messenger: Messenger, part: Part) -> None:
        self.messenger = messenger
        self._part = part
        part.goes_on()
        self.gate = asyncio.Semaphore(AT_ONCE)
        self._fails = 0
        self._rest = FIRST_REST
        self._until: datetime | None = None

    def rests_for(self, now: datetime) -> timedelta | None:
        """Return how long the platform is still left alone; None when it may be tried."""
        return self._until - now if self._until is not None and self._until > now else None

    def answered(self) -> None:
        self._fails, self._rest, self._until = 0, FIRST_REST, None
        self._part.goes_on()

    def failed(self, now: datetime) -> bool:
        """Note that it is away; return whether it is left alone from now on, twice as long."""
        self._fails += 1
        if self._fails < OUTAGE or self.rests_for(now):
            return False
        self._part.is_away("left alone for a while, because it does not answer")
        self._until = now + self._rest
        self._rest = min(2 * self._rest, LONGEST_REST)
        return True


class DailyPicks:
    """messengers: one for each platform that has a token. look_every: in seconds.

    part: told at every look and every end of a digest that this goes on. health: gets a part
        for the sends to each platform.
    forum: opens threads about a group's papers, where there is a platform that has them.
    """

    def __init__(
        self,
        database: Database,
        desk: Desk,
        messengers: Mapping[Platform, Messenger],
        clock: Callable[[], datetime],
        *,
        look_every: float = LOOK_EVERY,
        metrics: Metrics | None = None,
        health: Health | None = None,
        part: Part | None = None,
        forum: Forum | None = None,
    ) -> None:
        health = health or Health()
        self._database = database
        self._outbox = Outbox(database)
        self._desk = desk
        self._lines = {
            platform: _Line(one, health.part(f"sends to {platform}"))
            for platform, one in messengers.items()
        }
        self._metrics = metrics or Metrics()
        for platform in messengers:  # from nought on, so that the first one is an increase
            for ended in fields(Pushed):
                state = _COUNTED.get(ended.name, ended.name)
                self._metrics.deliveries.labels(state, platform.value)
        self._part = part or health.part("scheduler")
        self._clock = clock
        self._look_every = look_every
        self._groups = GroupDigests(database, messengers, forum)
        self._is_away = False
        self._open = 0
        self._has_room = asyncio.Event()
        self._left: list[Claimed] = []
        self._pushed = Pushed()

    async def run(self, stop: asyncio.Event) -> None:
        """Look at the outbox until told to stop; a database that is away is waited for."""
        async with asyncio.TaskGroup() as sends:
            while not stop.is_set():
                try:
                    await self._look(sends, stop)
                    self._part.goes_on()
                    self._note_database(is_away=False)
                except (StorageUnavailable, TemporarilyUnavailable):
                    self._part.is_away("waits for the database")
                    self._note_database(is_away=True)
                self._tell()
                await ending.rest(stop, self._look_every)
        await self._leave()

    async def run_once(self, stop: asyncio.Event | None = None) -> Pushed:
        """Send everything that is due now.

        stop: once it is set no further digest is begun; those that were claimed are given
            back, so that another process, or the next start, sends them at once.

        Raises StorageUnavailable, TemporarilyUnavailable.
        """
        away: Exception | None = None
        async with asyncio.TaskGroup() as sends:
            try:
                await self._look(sends, stop or asyncio.Event())
            except (StorageUnavailable, TemporarilyUnavailable) as error:
                away = error  # what is under way ends all the same
        if away is not None:
            raise away
        await self._leave()
        return self._tell()

    async def _look(self, sends: asyncio.TaskGroup, stop: asyncio.Event) -> None:
        """Claim what is due and begin to send it; returns while the last of it is under way."""
        await self._recover()
        while not stop.is_set() and (claimed := await self._claim()):
            await self._push(claimed, sends, stop, is_retry=False)
        while not stop.is_set() and (retried := await self._claim_retries()):
            await self._push(retried, sends, stop, is_retry=True)

    async def _leave(self) -> None:
        left, self._left = self._left, []
        if left:
            await self._give_back(left)

    def _tell(self) -> Pushed:
        """Return what ended since it was told last, and log it."""
        pushed, self._pushed = self._pushed, Pushed()
        if pushed != Pushed():
            log.info(
                "push.done",
                sent=pushed.sent,
                empty=pushed.empty,
                failed=pushed.failed,
                unknown=pushed.unknown,
                later=pushed.later,
            )
        return pushed

    async def _recover(self) -> None:
        async with self._database.writing() as db:
            found = await deliveries.recover(db, self._clock(), ABANDONED)
        for user, day in found.unknown:
            self._metrics.deliveries.labels(State.UNKNOWN.value, _NOBODY).inc()
            log.warning("push.unknown", user=user, day=day.isoformat(), why="process died")

    async def _claim(self) -> list[Claimed]:
        async with self._database.writing() as db:
            return await deliveries.claim_due(db, self._clock(), BATCH, owed_next)

    async def _claim_retries(self) -> list[Claimed]:
        async with self._database.writing() as db:
            return await deliveries.due_retries(db, self._clock(), BATCH)

    async def _give_back(self, claimed: Sequence[Claimed]) -> None:
        async with self._database.writing() as db:
            await deliveries.give_back(db, claimed, self._clock())

    async def _push(
        self,
        claimed: Sequence[Claimed],
        sends: asyncio.TaskGroup,
        stop: asyncio.Event,
        *,
        is_retry: bool,
    ) -> None:
        """Choose for a batch, begin to send it, and wait until there is room for another."""
        chosen, later = await self._choose(claimed, is_retry=is_retry)
        self._pushed += later
        self._open += len(chosen)
        for claim, edition in chosen:
            sends.create_task(self._in_turn(claim, edition, stop))
        while self._open > ROOM - BATCH:
            self._has_room.clear()
            await self._has_room.wait()

    async def _in_turn(self, claim: Claimed, edition: Edition | None, stop: asyncio.Event) -> None:
        line = self._lines.get(Platform(edition.account.platform)) if edition else None
        try:
            async with line.gate if line else nullcontext():
                if stop.is_set():
                    self._left.append(claim)
                else:
                    ended = await self._one(claim, edition, line)
                    self._pushed += ended
                    self._count(claim, edition, ended)
        finally:
            self._open -= 1
            self._has_room.set()

    def _count(self, claim: Claimed, edition: Edition | None, ended: Pushed) -> None:
        """Count for operators what became of one digest; nothing when it was not ours."""
        self._part.goes_on()
        platform = edition.account.platform if edition else _NOBODY
        for state, n in asdict(ended).items():
            if n:
                self._metrics.deliveries.labels(_COUNTED.get(state, state), platform).inc(n)
        if ended.sent or ended.empty:
            late = (self._clock() - claim.due).total_seconds()
            self._metrics.lateness.labels(platform).observe(late)

    async def _choose(
        self, claimed: Sequence[Claimed], *, is_retry: bool
    ) -> tuple[_Chosen, Pushed]:
        """Return what each reader gets, and the digests that a fault of ours put off."""
        try:
            editions = await self._desk.editions(claimed, is_retry=is_retry)
        except TemporarilyUnavailable:
            await self._give_back(claimed)
            raise
        except Exception:
            log.exception("push.not_chosen", users=[c.user.id for c in claimed[:10]])
            return await self._choose_singly(claimed, is_retry=is_retry)
        by_user = {edition.user.id: edition for edition in editions}
        return [(claim, by_user.get(claim.user.id)) for claim in claimed], Pushed()

    async def _choose_singly(
        self, claimed: Sequence[Claimed], *, is_retry: bool
    ) -> tuple[_Chosen, Pushed]:
        """One reader's data broke the batch: it costs that reader's digest alone."""
        if len(claimed) == 1:
            return [], await self._later(claimed[0], NOT_CHOSEN, "fault")
        chosen, later = _Chosen(), Pushed()
        for claim in claimed:
            alone, put_off = await self._choose([claim], is_retry=is_retry)
            chosen += alone
            later += put_off
        return chosen, later

    async def _one(self, claim: Claimed, edition: Edition | None, line: _Line | None) -> Pushed:
        """Send one digest; a fault of ours here must not cost anybody else theirs."""
        try:
            try:
                return await self._begun(claim, edition, line)
            except (StorageUnavailable, TemporarilyUnavailable):
                raise
            except Exception:
                log.exception("push.broken", user=claim.user.id, day=claim.day.isoformat())
                return await self._end(claim, State.UNKNOWN, "fault")
        except (StorageUnavailable, TemporarilyUnavailable):
            # Whatever state the row is in, `recover` brings it to an end.
            log.warning("push.unrecorded", user=claim.user.id, day=claim.day.isoformat())
            return Pushed(unknown=1)

    async def _begun(self, claim: Claimed, edition: Edition | None, line: _Line | None) -> Pushed:
        if self._clock() >= _until(claim):  # a machine that slept, or was off, since it was due
            return await self._end(claim, State.FAILED, "late")
        if edition is None:
            return await self._end(claim, State.FAILED, "unreachable")
        if line is None:
            return await self._later(claim, PLATFORM_OFF, "platform_off")
        if rests := line.rests_for(self._clock()):
            return await self._later(claim, rests, "platform_away")
        return await self._send(claim, edition, line)

    async def _send(self, claim: Claimed, edition: Edition, line: _Line) -> Pushed:
        assert edition.account.chat is not None
        beginning = _Beginning(self._outbox, self._clock, claim, edition)
        speak(claim.user.language)  # in this digest's own task
        message = message_of(claim, edition)
        try:
            refs = await line.messenger.send(
                edition.account.chat,
                message,
                nonce=claim.nonce,
                is_quiet=claim.user.is_quiet,
                begin=beginning,
            )
        except _NotOurs:
            return Pushed()
        except RecipientGone as gone:
            line.answered()
            why = why_gone(edition, gone)
            async with self._database.writing() as db:
                await users.mark_unreachable(db, edition.account.id, why)
            ended = await self._end(claim, State.FAILED, why)
            await self._groups.stopped(edition, why)
            return ended
        except PlatformAway as wait:
            return await self._away(claim, edition, line, wait, is_begun=beginning.is_begun)
        except TryLater as wait:
            line.answered()
            return await self._later(claim, wait.after, "busy", is_begun=beginning.is_begun)
        except OutcomeUnknown:
            if not beginning.is_begun:  # it was given up while it waited for its turn
                return await self._later(claim, NO_TURN, "busy")
            return await self._end(claim, State.UNKNOWN, "connection")
        except Refused:
            line.answered()
            log.exception("push.refused", user=claim.user.id, day=claim.day.isoformat())
            return await self._end(claim, State.FAILED, "refused")
        line.answered()
        sent = [SentMessage(ref.chat, ref.message) for ref in refs]
        state = State.SENT if edition.offers else State.EMPTY
        ended = await self._end(claim, state, None, sent)
        await self._groups.discuss(claim, edition)
        return ended

    async def _away(
        self, claim: Claimed, edition: Edition, line: _Line, wait: PlatformAway, *, is_begun: bool
    ) -> Pushed:
        """Wait longer after every try of this digest, and leave the platform alone for a while."""
        if line.failed(self._clock()):
            log.warning("push.platform_away", platform=edition.account.platform)
        patience = min(wait.after * 2 ** min(claim.attempts, 10), LONGEST_WAIT)
        after = max(wait.after, patience)
        return await self._later(claim, after, "platform_away", is_begun=is_begun)

    async def _later(
        self, claim: Claimed, after: timedelta, why: str, *, is_begun: bool = False
    ) -> Pushed:
        """Try again later, until the reader's next digest is due, which brings the papers too."""
        at = self._clock() + after
        if at >= _until(claim):
            return await self._end(claim, State.FAILED, why)
        async with self._database.writing() as db:
            await deliveries.retry_at(
                db, claim.user.id, claim.day, at, self._clock(), is_begun=is_begun, reason=why
            )
        return Pushed(later=1)

    async def _end(
        self, claim: Claimed, state: State, why: str | None, sent: Sequence[SentMessage] = ()
    ) -> Pushed:
        now, messages = self._clock(), tuple(sent)
        await self._outbox.finish(Ended(claim.user.id, claim.day, state, now, why, messages))
        if state in (State.FAILED, State.UNKNOWN):
            log.warning(f"push.{state}", user=claim.user.id, day=claim.day.isoformat(), why=why)
        return replace(Pushed(), **{state.value: 1})

    def _note_database(self, *, is_away: bool) -> None:
        if is_away != self._is_away:
            log.warning("push.waits_for_database" if is_away else "push.goes_on")
        self._is_away = is_away


def _until(claim: Claimed) -> datetime:
    """Return when the reader's next digest is due: it brings the papers of this one too."""
    return next_due(schedule_of(claim.user), claim.due).moment

"""Push each reader's digest, once, at their own hour.

    users.next_push_at → claim (delivery row, one transaction) → rank the batch in one
    product → impressions → begin_sending (committed) → send → finish

The outbox in the database is the queue and the only truth; no timer in memory is. At most
once: the row stands before anything is sent, so whatever dies in between costs one digest
and never sends two. What was begun and never finished is recorded as unknown, never sent
again by itself, and offered by /today. One reader's trouble costs that reader's digest and
nobody else's.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from bot import ending
from bot.conversation.cards import digest_message
from bot.conversation.events import Platform
from bot.conversation.ports import (
    Messenger,
    OutcomeUnknown,
    RecipientGone,
    Refused,
    TemporarilyUnavailable,
    TryLater,
)
from bot.desk import Desk, Edition, owed_next, schedule_of
from bot.schedule import next_due
from storage import deliveries, users
from storage.database import Database
from storage.deliveries import Claimed, SentMessage, State
from storage.errors import StorageUnavailable

log = structlog.get_logger()

BATCH = 500
AT_ONCE = 50  # sends under way; the platforms' pace is kept by the messengers
LOOK_EVERY = 5.0  # seconds between two looks at the outbox
ABANDONED = timedelta(minutes=10)  # longer than any send may take
PLATFORM_OFF = timedelta(minutes=10)
NOT_CHOSEN = timedelta(hours=1)  # until a digest that a fault of ours kept from being made

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


class DailyPicks:
    """messengers: one for each platform that has a token."""

    def __init__(
        self,
        database: Database,
        desk: Desk,
        messengers: Mapping[Platform, Messenger],
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._desk = desk
        self._messengers = messengers
        self._clock = clock
        self._is_away = False

    async def run(self, stop: asyncio.Event) -> None:
        """Look at the outbox until told to stop; a database that is away is waited for."""
        while not stop.is_set():
            try:
                await self.run_once(stop)
                self._note_database(is_away=False)
            except (StorageUnavailable, TemporarilyUnavailable):
                self._note_database(is_away=True)
            await ending.rest(stop, LOOK_EVERY)

    async def run_once(self, stop: asyncio.Event | None = None) -> Pushed:
        """Send everything that is due now.

        stop: once it is set no further digest is begun; those that were claimed are given
            back, so that another process, or the next start, sends them at once.

        Raises StorageUnavailable, TemporarilyUnavailable.
        """
        stop = stop or asyncio.Event()
        await self._recover()
        pushed = Pushed()
        while not stop.is_set() and (claimed := await self._claim()):
            pushed += await self._push(claimed, stop, is_retry=False)
        while not stop.is_set() and (retried := await self._claim_retries()):
            pushed += await self._push(retried, stop, is_retry=True)
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
        self, claimed: Sequence[Claimed], stop: asyncio.Event, *, is_retry: bool
    ) -> Pushed:
        chosen, later = await self._choose(claimed, is_retry=is_retry)
        gate, left = asyncio.Semaphore(AT_ONCE), list[Claimed]()

        async def one(claim: Claimed, edition: Edition | None) -> Pushed:
            async with gate:
                if not stop.is_set():
                    return await self._one(claim, edition)
                left.append(claim)
                return Pushed()

        async with asyncio.TaskGroup() as tasks:
            ends = [tasks.create_task(one(*pair)) for pair in chosen]
        if left:
            await self._give_back(left)
        return sum((end.result() for end in ends), later)

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

    async def _one(self, claim: Claimed, edition: Edition | None) -> Pushed:
        """Send one digest; a fault of ours here must not cost anybody else theirs."""
        try:
            try:
                return await self._begun(claim, edition)
            except (StorageUnavailable, TemporarilyUnavailable):
                raise
            except Exception:
                log.exception("push.broken", user=claim.user.id, day=claim.day.isoformat())
                return await self._end(claim, State.UNKNOWN, "fault")
        except (StorageUnavailable, TemporarilyUnavailable):
            # Whatever state the row is in, `recover` brings it to an end.
            log.warning("push.unrecorded", user=claim.user.id, day=claim.day.isoformat())
            return Pushed(unknown=1)

    async def _begun(self, claim: Claimed, edition: Edition | None) -> Pushed:
        if edition is None:
            return await self._end(claim, State.FAILED, "unreachable")
        messenger = self._messengers.get(Platform(edition.account.platform))
        if messenger is None:
            return await self._later(claim, PLATFORM_OFF, "platform_off")
        async with self._database.writing() as db:
            is_ours = await deliveries.begin_sending(
                db,
                claim.user.id,
                claim.day,
                self._clock(),
                account=edition.account.id,
                model=edition.model,
            )
        return await self._send(claim, edition, messenger) if is_ours else Pushed()

    async def _send(self, claim: Claimed, edition: Edition, messenger: Messenger) -> Pushed:
        assert edition.account.chat is not None
        message = digest_message(
            edition.offers, claim.day, claim.user.picks, is_filled=not edition.is_line
        )
        try:
            refs = await messenger.send(
                edition.account.chat,
                message,
                nonce=claim.nonce,
                is_quiet=claim.user.is_quiet,
            )
        except RecipientGone:
            why = "dms_closed" if edition.account.platform == Platform.DISCORD else "blocked"
            async with self._database.writing() as db:
                await users.mark_unreachable(db, edition.account.id, why)
            return await self._end(claim, State.FAILED, why)
        except TryLater as wait:
            return await self._later(claim, wait.after, "busy")
        except OutcomeUnknown:
            return await self._end(claim, State.UNKNOWN, "connection")
        except Refused:
            log.exception("push.refused", user=claim.user.id, day=claim.day.isoformat())
            return await self._end(claim, State.FAILED, "refused")
        sent = [SentMessage(ref.chat, ref.message) for ref in refs]
        return await self._end(claim, State.SENT if edition.offers else State.EMPTY, None, sent)

    async def _later(self, claim: Claimed, after: timedelta, why: str) -> Pushed:
        """Try again later, until the reader's next digest is due, which brings the papers too."""
        at = self._clock() + after
        if at >= next_due(schedule_of(claim.user), claim.due).moment:
            return await self._end(claim, State.FAILED, why)
        async with self._database.writing() as db:
            await deliveries.retry_at(db, claim.user.id, claim.day, at, reason=why)
        return Pushed(later=1)

    async def _end(
        self, claim: Claimed, state: State, why: str | None, sent: Sequence[SentMessage] = ()
    ) -> Pushed:
        async with self._database.writing() as db:
            await deliveries.finish(
                db,
                claim.user.id,
                claim.day,
                state,
                self._clock(),
                reason=why,
                messages=sent,
            )
        if state in (State.FAILED, State.UNKNOWN):
            log.warning(f"push.{state}", user=claim.user.id, day=claim.day.isoformat(), why=why)
        return replace(Pushed(), **{state.value: 1})

    def _note_database(self, *, is_away: bool) -> None:
        if is_away != self._is_away:
            log.warning("push.waits_for_database" if is_away else "push.goes_on")
        self._is_away = is_away

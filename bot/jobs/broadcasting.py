"""Send what operators say to everybody, each reader once, at the pace that was chosen.

    broadcasts → claim (rows, one transaction) → wait for the turn → begin_sending (committed)
    → send → finish

The rows are the queue and the only truth, as with digests: what was begun and never finished
is recorded as unknown and never sent again. Digests and answers share the platform's pace, and
go on meanwhile.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import structlog

from bot import ending
from bot.conversation.admin import broadcast_message
from bot.conversation.events import Platform
from bot.conversation.language import speaking
from bot.conversation.messages import Message
from bot.conversation.ports import (
    DeliveryError,
    Messenger,
    OutcomeUnknown,
    RecipientGone,
    Refused,
    TryLater,
)
from bot.reach import first_pushable
from storage import broadcasts, figures, users
from storage.broadcasts import SendState, Turn
from storage.database import Database
from storage.errors import StorageUnavailable
from storage.users import Account

log = structlog.get_logger()

LOOK_EVERY = timedelta(seconds=5)  # so many seconds' worth is claimed at a time
ABANDONED = timedelta(minutes=10)  # longer than any send may take
ATTEMPTS = 6
FIRST_WAIT = timedelta(minutes=1)  # doubles with every attempt
TALLY_BLOCKS = 5


class _NotOurs(Exception):
    """It must not be sent: it was cancelled, or the reader paused."""


class _Beginning:
    """Notes that sending begins: when its turn has come, and once."""

    def __init__(self, database: Database, clock: Callable[[], datetime], turn: Turn) -> None:
        self._database = database
        self._clock = clock
        self._turn = turn
        self.is_begun = False

    async def __call__(self) -> None:
        """Raises _NotOurs, StorageUnavailable. Again before a repetition it does nothing."""
        if self.is_begun:
            return
        turn = self._turn
        async with self._database.writing() as db:
            self.is_begun = await broadcasts.begin_sending(
                db, turn.broadcast, turn.user.id, self._clock()
            )
        if not self.is_begun:
            raise _NotOurs


class Broadcasting:
    """messengers: one for each platform that has a token. look_every: in seconds."""

    def __init__(
        self,
        database: Database,
        messengers: Mapping[Platform, Messenger],
        clock: Callable[[], datetime],
        *,
        look_every: float = LOOK_EVERY.total_seconds(),
    ) -> None:
        self._database = database
        self._messengers = messengers
        self._clock = clock
        self._look_every = look_every
        self._is_away = False

    async def run(self, stop: asyncio.Event) -> None:
        """Send until told to stop, and keep the figures; a database that is away is waited for."""
        while not stop.is_set():
            try:
                await self.run_once()
                await self._tally()
                self._is_away = False
            except StorageUnavailable:
                if not self._is_away:
                    log.info("broadcast.waits_for_database")
                self._is_away = True
            await ending.rest(stop, self._look_every)

    async def run_once(self) -> int:
        """Send what the pace allows now; return how many were claimed.

        Raises StorageUnavailable.
        """
        now = self._clock()
        async with self._database.writing() as db:
            lost = await broadcasts.recover(db, now, ABANDONED)
            turns = await broadcasts.claim(db, now, LOOK_EVERY)
        if lost:
            log.warning("broadcast.unknown", n=lost, why="process died")
        if not turns:
            return 0
        async with self._database.reading() as db:
            accounts = await users.accounts_of(db, [turn.user.id for turn in turns])
        async with asyncio.TaskGroup() as sends:
            for turn in turns:
                sends.create_task(self._one(turn, first_pushable(accounts[turn.user.id])))
        return len(turns)

    async def _tally(self) -> None:
        for _ in range(TALLY_BLOCKS):
            async with self._database.writing() as db:
                if not await figures.tally(db, self._clock()):
                    return

    async def _one(self, turn: Turn, account: Account | None) -> None:
        """Send one; whatever goes wrong costs this reader's message and nobody else's."""
        try:
            await self._sent(turn, account)
        except StorageUnavailable:  # whatever state the row is in, `recover` brings it to an end
            log.warning("broadcast.unrecorded", broadcast=turn.broadcast, user=turn.user.id)
        except Exception:
            log.exception("broadcast.broken", broadcast=turn.broadcast, user=turn.user.id)

    async def _sent(self, turn: Turn, account: Account | None) -> None:
        messenger = self._messengers.get(Platform(account.platform)) if account else None
        if account is None or account.chat is None:
            await self._end(turn, SendState.FAILED, "unreachable")
            return
        if messenger is None:
            await self._later(turn, FIRST_WAIT, "platform_off")
            return
        beginning = _Beginning(self._database, self._clock, turn)
        try:
            await messenger.send(
                account.chat,
                _written(turn),
                nonce=f"b{turn.broadcast}-{turn.user.id}",
                is_quiet=turn.user.is_quiet,
                begin=beginning,
            )
        except _NotOurs:
            return
        except DeliveryError as refusal:
            if isinstance(refusal, OutcomeUnknown) and not beginning.is_begun:
                refusal = TryLater(FIRST_WAIT)  # it was given up while it waited for its turn
            await self._refused(turn, account, refusal, is_begun=beginning.is_begun)
            return
        await self._end(turn, SendState.SENT, None)

    async def _refused(
        self, turn: Turn, account: Account, refusal: DeliveryError, *, is_begun: bool
    ) -> None:
        match refusal:
            case RecipientGone():
                why = "dms_closed" if account.platform == Platform.DISCORD else "blocked"
                async with self._database.writing() as db:
                    await users.mark_unreachable(db, account.id, why)
                await self._end(turn, SendState.FAILED, why)
            case TryLater(after=after):
                await self._later(turn, max(after, FIRST_WAIT), "busy", is_begun=is_begun)
            case Refused():
                await self._end(turn, SendState.FAILED, "refused")
            case OutcomeUnknown() | _:
                await self._end(turn, SendState.UNKNOWN, "connection")

    async def _later(
        self, turn: Turn, after: timedelta, why: str, *, is_begun: bool = False
    ) -> None:
        if turn.attempts + 1 >= ATTEMPTS:
            await self._end(turn, SendState.FAILED, why)
            return
        at = self._clock() + after * 2**turn.attempts
        async with self._database.writing() as db:
            await broadcasts.retry_at(db, turn.broadcast, turn.user.id, at, why, is_begun=is_begun)

    async def _end(self, turn: Turn, state: SendState, why: str | None) -> None:
        async with self._database.writing() as db:
            await broadcasts.finish(db, turn.broadcast, turn.user.id, state, self._clock(), why)


def _written(turn: Turn) -> Message:
    with speaking(turn.user.language):
        return broadcast_message(turn.text)

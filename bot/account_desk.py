"""Forgetting and linking, over storage: implements `bot.conversation.account.AccountDesk`."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import structlog

from bot.conversation.account import LinkAnswer, Linked
from bot.conversation.events import Platform
from bot.conversation.ports import Reader
from bot.readers import owed_next
from bot.transactions import reading, writing
from storage import feedback_log, linking, personal, votes
from storage.database import Database
from storage.dialogue_state import DialogueState, asks_of, searches_of, taken_from
from storage.errors import StorageUnavailable

log = structlog.get_logger()

ReaderOf = Callable[[int], Awaitable[Reader]]


class AccountDesk:
    """reader_of: a reader as they stand, by the number of an account.

    exports: where the terminal puts what its one person asked for.
    """

    def __init__(
        self,
        database: Database,
        reader_of: ReaderOf,
        state: DialogueState,
        clock: Callable[[], datetime],
        exports: Path,
    ) -> None:
        self._database = database
        self._state = state
        self._reader_of = reader_of
        self._clock = clock
        self._exports = exports

    async def forget(self, reader: Reader) -> None:
        async with writing(self._database) as db:
            mine = await personal.who_is(db, reader.id)
            await votes.withdraw(db, mine.accounts, self._clock())
            who = await personal.forget(db, reader.id)
        for user in who.users:
            await self._state.delete(searches_of(user))
            await self._state.delete(taken_from(asks_of(user)))
        if Platform.TERMINAL in who.platforms:
            await asyncio.to_thread(_empty, self._exports)
        with suppress(StorageUnavailable):  # what is left in the journal goes with the next one
            await self._database.settle()
        log.info("person.forgotten", accounts=len(who.accounts))

    async def link_code(self, reader: Reader) -> str:
        async with writing(self._database) as db:
            return await linking.new_code(db, reader.id, reader.account, self._clock())

    async def link(self, reader: Reader, code: str) -> Linked:
        async with writing(self._database) as db:
            outcome = await linking.redeem(
                db, reader.id, reader.account, code, self._clock(), owed_next
            )
        answer = LinkAnswer(outcome.answer.value)
        log.info("link.asked", answer=answer.value)
        if answer is not LinkAnswer.JOINED:
            return Linked(answer, reader)
        async with reading(self._database) as db:
            counts = await feedback_log.counts(db, outcome.user)
        joined = await self._reader_of(reader.account)
        return Linked(answer, joined, counts.likes, counts.saved)

    async def unlink(self, reader: Reader) -> bool:
        async with writing(self._database) as db:
            homes = await linking.split(db, reader.id, self._clock(), owed_next)
        return bool(homes)


def _empty(folder: Path) -> None:
    if folder.is_dir():
        for file in folder.iterdir():
            if file.is_file():
                file.unlink()

"""Where the bot is found, over storage: implements `bot.conversation.ports.Presence`."""

from collections.abc import Callable
from datetime import datetime

from bot.conversation.events import Platform
from bot.transactions import reading, writing
from storage import presence
from storage.database import Database


class Presence:
    """clock: the time now, aware."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def found_as(self, platform: Platform, name: str) -> None:
        async with writing(self._database) as db:
            await presence.found_as(db, platform.value, name, self._clock())

    async def name_on(self, platform: Platform) -> str:
        async with reading(self._database) as db:
            return await presence.name_on(db, platform.value, self._clock())

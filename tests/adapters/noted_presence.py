"""Keeps under which names an adapter says that its bot is found."""

import asyncio
from dataclasses import dataclass, field

from bot.conversation.events import Platform
from bot.conversation.ports import TemporarilyUnavailable
from tests.conftest import BOUND


@dataclass
class NotedPresence:
    """times_away: how often it is to fail before it notes anything."""

    times_away: int = 0
    told: list[tuple[Platform, str]] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def found_as(self, platform: Platform, name: str) -> None:
        if self.times_away:
            self.times_away -= 1
            raise TemporarilyUnavailable
        self.told.append((platform, name))
        self._news.set()

    async def name_on(self, platform: Platform) -> str:
        return dict(self.told).get(platform, "")

    async def hears(self, platform: Platform, name: str) -> None:
        """Wait until the bot is found under a name."""
        async with asyncio.timeout(BOUND):
            while (platform, name) not in self.told:
                self._news.clear()
                await self._news.wait()

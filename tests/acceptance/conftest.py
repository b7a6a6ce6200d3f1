"""The world around the bot: papers, two platforms and the people on them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.acceptance.kept import Kept, kept_at
from tests.acceptance.papers import CATEGORIES, DAYS, announced
from tests.local_discord import LocalDiscord
from tests.local_feeds import LocalFeeds
from tests.local_telegram import LocalTelegram


@dataclass
class World:
    """Everything the bot reaches; `settings` is what its environment holds."""

    feeds: LocalFeeds
    telegram: LocalTelegram
    discord: LocalDiscord
    data_dir: Path

    @property
    def sources(self) -> dict[str, str]:
        return {**self.feeds.settings(), "ARXIV_CATEGORIES": CATEGORIES}

    @property
    def settings(self) -> dict[str, str]:
        return {
            **self.sources,
            "TELEGRAM_TOKEN": self.telegram.token,
            "TELEGRAM_API_BASE": self.telegram.origin,
            "DISCORD_TOKEN": self.discord.token,
            "DISCORD_API_BASE": self.discord.api_base,
        }

    @property
    def violations(self) -> list[str]:
        return [*self.telegram.violations, *self.discord.violations, *self.feeds.impolite]

    @property
    def files(self) -> str:
        """Return everything in the bot's log files."""
        return "".join(path.read_text() for path in sorted(self.data_dir.glob("*.log*")))


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with (
        LocalFeeds(announced(), DAYS[0]) as feeds,
        LocalTelegram() as telegram,
        LocalDiscord() as discord,
    ):
        yield World(feeds, telegram, discord, tmp_path / "data")


@pytest.fixture
async def kept(world: World) -> AsyncIterator[Kept]:
    """What a bot on SQLite keeps; to be asked once the bot has started."""
    async with kept_at(f"sqlite+aiosqlite:///{world.data_dir}/paperlark.db") as kept:
        yield kept

"""Who lives through the week, people and groups, at which hours, and what each is owed."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from bot.schedule import EVERY_DAY, WEEKDAYS, Due, Schedule, upcoming
from tests.local_discord import DiscordPerson, Interaction, LocalDiscord
from tests.local_telegram import LocalTelegram, Query, TelegramPerson

BEGIN = datetime(2026, 3, 26, 4, 0, tzinfo=UTC)  # a Thursday; Europe's clocks change on Sunday

# Few moments, so that a day needs few leaps; 02:30 does not exist in Berlin on that Sunday.
_HABITS = (
    ("Asia/Tokyo", time(8, 0)),
    ("Asia/Kolkata", time(12, 30)),
    ("Europe/Berlin", time(8, 0)),
    ("Europe/Berlin", time(2, 30)),
    ("Europe/London", time(7, 0)),
    ("America/New_York", time(8, 0)),
    ("America/Los_Angeles", time(16, 0)),
)


@dataclass(frozen=True)
class Tap:
    """A like or a skip of a paper in a digest. paper: its arXiv id."""

    account: str
    paper: str
    verdict: str
    made: Query | Interaction

    @property
    def is_answered(self) -> bool:
        return bool(self.made.answers if isinstance(self.made, Query) else self.made.answered)


@dataclass(frozen=True)
class Inhabitant:
    """account: the platform's id; unique over both platforms here."""

    account: str
    schedule: Schedule
    person: TelegramPerson | DiscordPerson

    @property
    def platform(self) -> str:
        return "telegram" if isinstance(self.person, TelegramPerson) else "discord"

    @property
    def place(self) -> int:
        """Return where the bot's messages to this person arrive."""
        return self.person.id if isinstance(self.person, TelegramPerson) else self.person.dm

    async def moves_in(self) -> None:
        """Say when digests are wanted; nothing is waited for."""
        at, zone = f"{self.schedule.at:%H:%M}", self.schedule.zone
        days = "daily" if self.schedule.days == EVERY_DAY else "weekdays"
        if isinstance(self.person, TelegramPerson):
            self.person.say(f"/schedule {at} {zone} {days} {self.schedule.picks} papers")
            return
        wish: dict[str, Any] = {"time": at, "zone": zone, "days": days}
        await self.person.slash("schedule", papers=self.schedule.picks, **wish)

    async def presses(self, label: str, posted: Any) -> Query | Interaction:
        """Tap a button of a message; nothing is waited for."""
        if isinstance(self.person, TelegramPerson):
            return self.person.press(label, posted)
        return await self.person.press(posted, label)

    def owed(self, days: int) -> Iterator[Due]:
        """Yield the digests that fall into the first so many days."""
        for due in upcoming(self.schedule, BEGIN):
            if due.moment >= BEGIN + timedelta(days=days):
                return
            yield due


@dataclass(frozen=True)
class Gathering(Inhabitant):
    """A group or channel, set up and voted in by the person who administers it."""

    chat: int

    @property
    def place(self) -> int:
        return self.chat

    async def moves_in(self) -> None:
        at, zone = f"{self.schedule.at:%H:%M}", self.schedule.zone
        days = "daily" if self.schedule.days == EVERY_DAY else "weekdays"
        if isinstance(self.person, TelegramPerson):
            line = f"/channel {at} {zone} {days} {self.schedule.picks} papers"
            self.person.say(line, self.chat)
            return
        wish: dict[str, Any] = {"time": at, "zone": zone, "days": days}
        await self.person.slash("channel", self.chat, papers=self.schedule.picks, **wish)


def gatherings(telegram: LocalTelegram, discord: LocalDiscord) -> list[Gathering]:
    """Return a group on Telegram and a channel on Discord."""
    group, channel = telegram.group(-100_777), discord.server_channel()
    ada, ben = telegram.person(90_001), discord.person(90_002)
    telegram.admins[group] = {ada.id}
    ben.permissions = 1 << 5  # manage the server
    discord.bot_permissions = 1 << 10 | 1 << 11 | 1 << 14  # view, send, embed links
    found = []
    for number, (account, person, chat) in enumerate(
        ((str(group), ada, group), (f"channel:{channel}", ben, channel))
    ):
        zone, at = _HABITS[number + 2]
        found.append(Gathering(account, Schedule(at, zone, EVERY_DAY, 3), person, chat))
    return found


def inhabitants(
    telegram: LocalTelegram, discord: LocalDiscord, counts: tuple[int, int], rng: random.Random
) -> list[Inhabitant]:
    """Return people on both platforms with habits of all kinds."""
    found: list[Inhabitant] = []
    for number in range(sum(counts)):
        zone, at = _HABITS[number % len(_HABITS)]
        days = EVERY_DAY if rng.random() < 0.6 else WEEKDAYS
        schedule = Schedule(at, zone, days, rng.choice((1, 3, 5)))
        is_first = number < counts[0]
        person = telegram.person(10_000 + number) if is_first else discord.person(50_000 + number)
        account = str(person.id if isinstance(person, TelegramPerson) else person.number)
        found.append(Inhabitant(account, schedule, person))
    return found


def moments(people: list[Inhabitant], days: int) -> list[datetime]:
    """Return every moment at which somebody is owed a digest, in order."""
    return sorted({due.moment for one in people for due in one.owed(days)})


def announcement_day(now: datetime) -> date:
    """Return the newest day that arXiv has announced: not before an hour into it, in New York."""
    day = (now - timedelta(hours=5)).date()
    while day.weekday() >= 5:
        day -= timedelta(days=1)
    return day

"""Readers on Telegram and on Discord, who do the same things in the same words."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from tests.acceptance.process import BOUND, eventually
from tests.local_discord import DiscordPerson, LocalDiscord
from tests.local_discord import Posted as DiscordPosted
from tests.local_telegram import LocalTelegram, Query
from tests.local_telegram import Posted as TelegramPosted

LIKE, SKIP = "👍 Like", "👎 Skip"
_PAPER = re.compile(r"https://arxiv\.org/abs/(\S+)$")


@dataclass(frozen=True)
class Shown:
    """A message as a reader sees it. papers: arXiv ids of the titles in it, in order."""

    number: int
    text: str
    papers: tuple[str, ...]
    labels: tuple[str, ...]
    raw: Any

    @property
    def is_card(self) -> bool:
        return LIKE in self.labels

    @property
    def is_digest(self) -> bool:
        return "papers for" in self.text and "1 Open" in self.labels

    @property
    def paper(self) -> str:
        (paper,) = self.papers
        return paper


class Reader(Protocol):
    """Somebody who reads; `account` is the platform's id."""

    account: str

    def messages(self) -> list[Shown]:
        """Return everything the bot said to this reader that still stands, oldest first."""

    async def says(self, line: str) -> None: ...

    async def taps(self, label: str, shown: Shown) -> str:
        """Tap a button, wait until that is acknowledged, and return the toast if there is one."""


class OnTelegram:
    def __init__(self, telegram: LocalTelegram, number: int, name: str) -> None:
        self._telegram = telegram
        self.person = telegram.person(number)
        self.person.user |= {"first_name": name, "username": name}
        telegram.chat(number).update(first_name=name, username=name)
        self.account = str(number)

    def messages(self) -> list[Shown]:
        return [_on_telegram(posted) for posted in self._telegram.messages(self.person.id)]

    async def says(self, line: str) -> None:
        self.person.say(line)

    def presses(self, label: str, shown: Shown) -> Query:
        """Tap a button and wait for nothing."""
        return self.person.press(label, shown.raw)

    async def taps(self, label: str, shown: Shown) -> str:
        query = self.presses(label, shown)
        await self._telegram.until(lambda: query.answers, BOUND)
        return query.answers[0]


def _on_telegram(posted: TelegramPosted) -> Shown:
    links = (e.url or "" for e in posted.entities if e.kind == "a")
    return Shown(posted.id, posted.text, _papers(links), tuple(posted.labels), posted)


class OnDiscord:
    def __init__(self, discord: LocalDiscord, number: int) -> None:
        self._discord = discord
        self.person: DiscordPerson = discord.person(number)
        self.account = str(number)

    def messages(self) -> list[Shown]:
        visible = self._discord.seen_by(self.person.number, self.person.dm)
        return [_on_discord(p) for p in visible if p.embeds or p.components or p.edits or p.content]

    async def says(self, line: str) -> None:
        """Use a slash command, or write in the direct messages."""
        if line.startswith("/") and " " not in line:
            await self.person.slash(line[1:])
        else:
            await self.person.write(line)

    async def taps(self, label: str, shown: Shown) -> str:
        interaction = await self.person.press(shown.raw, label)
        await self._discord.until(lambda: interaction.answered, BOUND)
        return ""


def _on_discord(posted: DiscordPosted) -> Shown:
    links = (embed.get("url", "") for embed in posted.embeds)
    labels = tuple(posted.buttons)
    return Shown(posted.number, posted.text, _papers(links), labels, posted)


def _papers(links: Any) -> tuple[str, ...]:
    return tuple(found[1] for link in links if (found := _PAPER.match(link)))


async def hears(reader: Reader, claim: Callable[[Shown], bool], what: str, after: int = 0) -> Shown:
    """Wait for a message above a number of which a claim is true."""

    def found() -> Shown | None:
        newer = (m for m in reader.messages() if m.number > after)
        return next((m for m in newer if claim(m)), None)

    try:
        shown = await eventually(found, what)
    except AssertionError as error:
        said = [(m.number, m.text[:200]) for m in reader.messages()[-3:]]
        raise AssertionError(f"{error}; behind {after} there is {said}") from None
    assert isinstance(shown, Shown)
    return shown


async def answered(reader: Reader, line: str, words: str) -> Shown:
    """Say something and return the answer that holds these words."""
    last = newest(reader)
    await reader.says(line)
    return await hears(reader, lambda m: words in m.text, f"{words!r} after {line}", last)


async def asks_for_a_card(reader: Reader, line: str = "/pick") -> Shown:
    last = newest(reader)
    await reader.says(line)
    return await hears(reader, lambda m: m.is_card, f"a card after {line}", last)


async def goes_on(reader: Reader, label: str, card: Shown) -> Shown:
    """Tap a button of a card and return the card that follows."""
    last = newest(reader)
    await reader.taps(label, card)
    return await hears(reader, lambda m: m.is_card, f"the card after {label}", last)


def newest(reader: Reader) -> int:
    return max((m.number for m in reader.messages()), default=0)


def digests(reader: Reader) -> list[Shown]:
    return [message for message in reader.messages() if message.is_digest]

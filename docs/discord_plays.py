"""Short plays on Discord with the real bot, and what its people saw: the matter of the pictures."""

import copy
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from discord import Permissions

from docs.plays import BIBLIOGRAPHY, BOUND, Said, leap, operated_by, running
from tests.local_discord import EPHEMERAL, Interaction, LocalDiscord, Posted


@dataclass(frozen=True, slots=True)
class Shown:
    """A message of the bot as it stands. by: the command that it answers, if it does.

    language: of the person's app.
    """

    posted: Posted
    by: str = ""
    language: str = "en"

    @property
    def is_for_one(self) -> bool:
        return bool(self.posted.flags & EPHEMERAL)


@dataclass(frozen=True, slots=True)
class Form:
    """What opens to be filled in, as the bot described it; and what somebody wrote there."""

    described: Mapping[str, Any]
    written: str = ""


@dataclass(frozen=True, slots=True)
class Typing:
    """A command that is being typed, and what is proposed for its option."""

    command: str
    option: str
    typed: str
    proposed: Sequence[str]


@dataclass(frozen=True, slots=True)
class OnMessage:
    """The menu of somebody's message, open at what apps offer there."""

    text: str
    offered: Sequence[str]


@dataclass(frozen=True, slots=True)
class Heading:
    """Where what follows is shown: a channel of a server, a thread, a direct message."""

    text: str


Item = Shown | Form | Typing | OnMessage | Heading | Said


class AtTheDesk:
    """Somebody who chats with the bot, and what they see of it."""

    def __init__(self, discord: LocalDiscord, number: int = 42, locale: str = "en-US") -> None:
        self.discord = discord
        self.person = discord.person(number, locale)

    async def uses(
        self, command: str, answers: int = 1, channel: int | None = None, **options: Any
    ) -> list[Posted]:
        """Use a command; return what is answered. Raises TimeoutError."""
        known = len(self._seen(channel))
        await self.person.slash(command, channel, **options)
        return await self._news(known, answers, channel)

    async def uses_one(self, command: str, channel: int | None = None, **options: Any) -> Posted:
        return (await self.uses(command, channel=channel, **options))[0]

    async def says(self, text: str, answers: int = 1) -> list[Posted]:
        """Write something in the direct message."""
        known = len(self._seen())
        await self.person.write(text)
        return await self._news(known, answers)

    async def taps(self, label: str, posted: Posted) -> None:
        """Press a button and wait for the message to change."""
        edits = posted.edits
        await self.person.press(posted, label)
        await self.discord.until(lambda: posted.edits > edits, BOUND)

    async def opens(self, label: str, posted: Posted, answers: int = 1) -> Posted:
        """Press a button and return the last message that comes of it."""
        known = len(self._seen(posted.channel))
        await self.person.press(posted, label)
        return (await self._news(known, answers, posted.channel))[-1]

    async def form(self, label: str, posted: Posted) -> Interaction:
        """Press a button and return what has the form that opens."""
        return await self.person.gets_answer(await self.person.press(posted, label))

    async def likes(self, n: int) -> None:
        """Ask for cards and like them, so that there is a taste to speak of."""
        for _ in range(n):
            card = await self.uses_one("pick")
            await self.opens("👍 Like", card)

    def _seen(self, channel: int | None = None) -> list[Posted]:
        return self.discord.seen_by(self.person.number, channel or self.person.dm)

    async def _news(self, known: int, answers: int, channel: int | None = None) -> list[Posted]:
        await self.discord.until(lambda: len(self._seen(channel)) >= known + answers, BOUND)
        return self._seen(channel)[known : known + answers]


def _shot(posted: Posted, by: str = "", language: str = "en") -> Shown:
    """Return a message as it stands now, whatever becomes of it."""
    return Shown(copy.deepcopy(posted), by, language)


async def cards() -> list[list[Item]]:
    """A first card that was liked; one that was skipped, and why; a digest.

    Like all plays it raises TimeoutError when the bot does not do its part.
    """
    async with _played() as discord:
        ada = AtTheDesk(discord)
        welcome, first = await ada.uses("start", answers=2)
        second = await ada.opens("👍 Like", first)
        liked = _shot(first)
        why = await ada.opens("Why?", second)
        third = await ada.opens("👎 Skip", second)
        skipped = _shot(second)
        await ada.opens("👍 Like", third)
        await ada.uses("schedule", time="08:30", zone="Berlin", papers=3)
        digest = await ada.uses_one("today")
        await ada.taps("1 👍", digest)
        await ada.taps("2 🔖", digest)
        await ada.taps("↩ Undo", second)
        return [
            [_shot(welcome, "start"), liked, skipped, _shot(why)],
            [_shot(digest, "today"), _shot(second)],
        ]


async def finding() -> list[list[Item]]:
    """What is proposed while one types; a search; papers like one, also for a message's link."""
    async with _played() as discord:
        ada = AtTheDesk(discord)
        await ada.likes(2)
        typing = await ada.person.gets_answer(await ada.person.typing("similar", "paper", "robot"))
        found = await ada.uses_one("search", words="robots that learn from video")
        link = "https://arxiv.org/abs/2505.07813"
        channel = discord.server_channel()
        await discord.take_in(channel)
        offered = [c["name"] for c in discord.commands if c["type"] == 3]
        known = len(ada._seen(channel))
        await ada.person.about(offered[0], f"Has anybody read {link} yet?", channel)
        alike = (await ada._news(known, 1, channel))[0]
        return [
            [
                Typing("similar", "paper", "robot", list(typing.choices)[:7]),
                _shot(found, "search"),
            ],
            [
                Heading("# papers"),
                OnMessage(f"Has anybody read {link} yet?", offered),
                _shot(alike, offered[0]),
            ],
        ]


async def lists() -> list[list[Item]]:
    """What trends, with one abstract opened; saved papers and a note's form; history and files."""
    async with _played() as discord:
        ada, ben = AtTheDesk(discord), AtTheDesk(discord, 43)
        for one, liked in ((ada, _NEW[:2]), (ben, _NEW[1:])):
            await one.uses("teach", answers=2, papers=" ".join(liked))
        card = await ada.uses_one("pick")
        await ada.taps("🔖 Save", card)
        await ada.uses("note", words="read the ablation again #methods")
        other = await ada.uses_one("pick")
        await ada.taps("🔖 Save", other)
        trends = await ada.uses_one("trending", period="month")
        opened = await ada.opens("2 Open", trends)
        saved = await ada.uses_one("saved")
        of_saved = await ada.opens("2 Open", saved)
        note = await ada.form("📝 Note", of_saved)
        history = await ada.uses_one("history")
        menu = await ada.uses_one("export")
        file = await ada.opens("BibTeX", menu)
        return [
            [_shot(trends, "trending"), _shot(opened), _shot(saved, "saved")],
            [
                Form(note.form),
                _shot(history, "history"),
                *(_shot(menu, "export"), _shot(file)),
            ],
        ]


async def taste() -> list[list[Item]]:
    """What it makes of one's likes; what is followed and muted; a paper that was sent."""
    async with _played() as discord:
        ada = AtTheDesk(discord)
        await ada.uses("teach", answers=2, papers=" ".join(_FIELDS))
        interests = await ada.uses_one("interests")
        await ada.taps("1 Boost", interests)
        name = await ada.form("2 Rename", interests)
        followed = await ada.uses_one("follow", what="diffusion models")
        await ada.uses_one("follow", what="cs.RO")
        muted = await ada.uses_one("mute", what="quantum")
        topics = await ada.uses_one("follow")
        link = "https://arxiv.org/abs/2503.18102"
        known, near = await ada.says(link, answers=2)
        file, *_ = await ada.uses("teach", answers=2, file=("mine.bib", BIBLIOGRAPHY.encode()))
        return [
            [
                *(_shot(interests, "interests"), Form(name.form, "Robot hands")),
                *(_shot(followed, "follow"), _shot(muted, "mute"), _shot(topics, "follow")),
            ],
            [Said(link), _shot(known), _shot(near), _shot(file, "teach")],
        ]


async def settings() -> list[list[Item]]:
    """When the digest comes; how far picks go; what is kept, and how it is taken or deleted."""
    async with _played() as discord:
        ada = AtTheDesk(discord)
        await ada.likes(2)
        when = {"time": "08:30", "zone": "Berlin", "days": "weekdays", "papers": 5}
        menu = _shot(await ada.uses_one("schedule", **when), "schedule")
        hours = await ada.uses_one("schedule")
        await ada.taps("Other hour", hours)
        status = await ada.uses_one("status")
        surprise = await ada.uses_one("surprise")
        language = await ada.uses_one("language")
        pause = await ada.uses_one("pause", days=7)
        privacy = await ada.uses_one("privacy")
        link = await ada.uses_one("link")
        explained, invitation = await ada.uses("invite", answers=2)
        forget = await ada.uses_one("forget")
        return [
            [
                *(menu, _shot(hours, "schedule"), _shot(status, "status"), _shot(pause, "pause")),
                *(_shot(surprise, "surprise"), _shot(language, "language")),
            ],
            [
                *(_shot(privacy, "privacy"), _shot(link, "link")),
                *(_shot(explained, "invite"), _shot(invitation), _shot(forget, "forget")),
            ],
        ]


async def together() -> list[list[Item]]:
    """A server's channel: its digest is set up and voted on, a thread; what operators see."""
    async with LocalDiscord() as discord:
        olga = AtTheDesk(discord)
        olga.person.permissions = Permissions(manage_guild=True).value
        may = Permissions(view_channel=True, send_messages=True, embed_links=True)
        discord.bot_permissions = may.value
        with operated_by(f"discord:{olga.person.number}") as (operators, ahead):
            async with _bot(discord, "run", **operators):
                channel = discord.server_channel()
                await discord.take_in(channel)
                await olga.uses("start", answers=2)
                wishes = {"time": "08:00", "zone": "UTC", "days": "daily", "papers": 2}
                menu = await olga.uses_one("channel", channel, **wishes, threads="on")
                stored = _shot(menu, "channel")
                leap(ahead, days=1)
                digest = await olga.person.sees("2 papers for ", channel)
                await discord.until(lambda: len(discord.threads) == 2, BOUND)
                for number, label in ((1, "1 👍"), (2, "1 👍"), (3, "2 👍"), (4, "1 👎")):
                    member = AtTheDesk(discord, 50 + number)
                    await member.person.gets_answer(await member.person.press(digest, label))
                await discord.until(lambda: "👍 2 · 👎 1" in digest.text, BOUND)
                (_, first_name), thread = next(iter(discord.threads.values())), min(discord.threads)
                card = await olga.person.sees("", thread)
                admin = (await olga.says("/admin"))[0]
                await olga.taps("Sources", admin)
                sources = _shot(admin)
                preview = (await olga.says("/admin broadcast We move tonight, back at ten."))[0]
                return [
                    [Heading("# papers"), stored, _shot(digest)],
                    [
                        *(Heading(f"🧵 {first_name}"), _shot(card)),
                        *(Heading("@ Paperlark"), Said("/admin"), sources),
                        Said("/admin broadcast We move tonight, back at ten."),
                        _shot(preview),
                    ],
                ]


async def more() -> list[list[Item]]:
    """All commands; interests muted and forgotten, a list by a tag; other pages of operators."""
    word, ban = "/admin broadcast We move tonight, back at ten.", "/admin ban discord:7000001"
    async with LocalDiscord() as discord:
        olga = AtTheDesk(discord)
        with operated_by(f"discord:{olga.person.number}") as (operators, ahead):
            async with _bot(discord, "run", **operators):
                said = await olga.uses_one("help")
                await olga.uses("teach", answers=2, papers=" ".join(_FIELDS))
                await olga.likes(3)
                asked = await olga.person.typing("follow", "what", "wang")
                typing = await olga.person.gets_answer(asked)
                card = await olga.uses_one("pick")
                await olga.taps("🔖 Save", card)
                await olga.uses("note", words="read the ablation again #methods")
                tagged = await olga.uses_one("saved", words="#methods")
                interests = await olga.uses_one("interests")
                await olga.taps("1 Mute", interests)
                await olga.taps("2 Forget", interests)
                await olga.uses("schedule", time="08:00", zone="UTC", days="daily", papers=3)
                leap(ahead, days=1)
                await olga.person.sees("papers for ")
                admin = (await olga.says("/admin"))[0]
                await olga.taps("Likes", admin)
                likes = _shot(admin)
                await olga.taps("Digests", admin)
                digests = _shot(admin)
                preview = (await olga.says(word))[0]
                await olga.taps("Send it", preview)
                shut_out = (await olga.says(ban))[0]
                return [
                    [
                        _shot(said, "help"),
                        Typing("follow", "what", "wang", list(typing.choices)[:5]),
                    ],
                    [
                        *(_shot(interests, "interests"), _shot(tagged, "saved")),
                        *(Said("/admin"), likes, digests, Said(word), _shot(preview)),
                        *(Said(ban), _shot(shut_out)),
                    ],
                ]


async def german() -> list[list[Item]]:
    """The same in German: a first card and a digest; and a card that only the asker sees."""
    async with _played() as discord:
        ada = AtTheDesk(discord, locale="de")
        channel = discord.server_channel()
        await discord.take_in(channel)
        welcome, first = await ada.uses("start", answers=2)
        await ada.opens("👍 Gefällt", first)
        liked = _shot(first)
        schedule = await ada.uses_one("schedule", time="8:30", zone="Berlin", papers=2)
        digest = await ada.uses_one("today")
        here = await ada.uses_one("pick", channel)

        def shot(posted: Posted, command: str) -> Shown:
            named = next(c for c in discord.commands if c["name"] == command)
            return _shot(posted, named["name_localizations"]["de"], "de")

        return [
            [shot(welcome, "start"), liked, shot(schedule, "schedule")],
            [shot(digest, "today"), Heading("# paper"), shot(here, "pick")],
        ]


_FIELDS = (
    *("2503.14395", "2503.18162", "2503.19923", "2504.01274", "2506.00498"),  # scans of the body
    *("2505.07813", "2505.11032", "2506.22827", "2506.23126", "2504.08603"),  # robots
)
_NEW = ("2606.29100", "2606.30608", "2606.24348")  # the newest


@asynccontextmanager
async def _played() -> AsyncIterator[LocalDiscord]:
    """Serve Discord, and the bot on it, while the block lasts."""
    async with LocalDiscord() as discord, _bot(discord):
        yield discord


@asynccontextmanager
async def _bot(
    discord: LocalDiscord, role: str = "discord", **settings: str
) -> AsyncIterator[None]:
    """Serve Discord with the real program while the block lasts."""
    address = {"DISCORD_TOKEN": discord.token, "DISCORD_API_BASE": discord.api_base}
    async with running(role, **address, **settings):
        await discord.until(lambda: discord.identified, BOUND)
        await discord.until(lambda: discord.commands, BOUND)
        yield

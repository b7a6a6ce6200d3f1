"""Short plays with the real bot, and what it showed: the matter of the pictures.

They run on the bundled sample, in a folder of their own, and reach nothing but loopback.
"""

import asyncio
import fcntl
import os
import select
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.local_discord import LocalDiscord
from tests.local_discord import Posted as DiscordPosted
from tests.local_telegram import LocalTelegram, Posted

COLUMNS, _ROWS = 90, 90
_PROMPT, _SHELL = "› ", "$ "
_QUIET = 1.5  # seconds without a change after which a screen stands
_BOUND = 60.0  # seconds that anything may take


class StageFright(Exception):
    """The bot did not do its part in time."""


# ---------------------------------------------------------------------- at a terminal


@dataclass(frozen=True, slots=True)
class Cell:
    """One column of one line; `text` is empty in the second half of a wide character."""

    text: str
    colour: str = "default"
    is_bold: bool = False
    is_italic: bool = False
    is_dim: bool = False


def chat_in_terminal(*typed: str) -> list[list[Cell]]:
    """Return the lines of the screen after typing a command and then keys into its chat.

    Raises StageFright.
    """
    with tempfile.TemporaryDirectory() as home, _terminal(home) as (screen, keyboard, settle):
        settle(_SHELL)
        for line in typed:
            os.write(keyboard, line.encode() + b"\r")
            settle(_PROMPT)
        lines = [[_cell(screen.buffer[y][x]) for x in range(COLUMNS)] for y in range(_ROWS)]
        os.write(keyboard, b"/quit\r")
        settle(_SHELL)
    while not any(cell.text.strip() for cell in lines[-1]):
        lines.pop()
    return lines


@contextmanager
def _terminal(home: str) -> Iterator[tuple[Any, int, Callable[[str], None]]]:
    """Open a shell in a terminal; yield its screen, its keyboard and a wait for a prompt."""
    import pyte

    keyboard, inside = os.openpty()
    fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, COLUMNS, 0, 0))
    screen = _screen(keyboard)
    stream = pyte.ByteStream(screen)
    shell = subprocess.Popen(
        ["setsid", "--ctty", "bash", "--norc", "--noprofile"],
        stdin=inside,
        stdout=inside,
        stderr=inside,
        env=_environment(home) | {"TERM": "xterm-256color", "PS1": _SHELL},
        cwd=home,
    )
    os.close(inside)

    def settle(prompt: str) -> None:
        start = changed = time.monotonic()
        while (now := time.monotonic()) < start + _BOUND:
            if select.select([keyboard], [], [], 0.1)[0]:
                stream.feed(os.read(keyboard, 65_536))
                changed = now
            elif now > changed + _QUIET and screen.display[screen.cursor.y].startswith(prompt):
                return
        raise StageFright("\n".join(screen.display).rstrip())

    try:
        yield screen, keyboard, settle
    finally:
        shell.terminate()
        os.close(keyboard)
        shell.wait(_BOUND)


def _screen(keyboard: int) -> Any:
    """Return a screen that answers what programs ask of terminals."""
    import pyte

    class Screen(pyte.Screen):
        def write_process_input(self, data: str) -> None:
            os.write(keyboard, data.encode())

        def select_graphic_rendition(self, *codes: int, **more: bool) -> None:
            # The emulation knows no faint text: blinking, which we never use, stands for it.
            if not {38, 48} & set(codes):
                codes = tuple(5 if code == 2 else code for code in codes)
            super().select_graphic_rendition(*codes, **more)

    return Screen(COLUMNS, _ROWS)


def _cell(char: Any) -> Cell:
    return Cell(char.data, char.fg, char.bold, char.italics, char.blink)


# ---------------------------------------------------------------------- on Telegram


@dataclass(frozen=True, slots=True)
class Said:
    """What the person wrote."""

    text: str


@dataclass(frozen=True, slots=True)
class Bubble:
    """A message of the bot as it stands: Telegram's HTML, and the buttons' labels by rows.

    toast: what answered the last tap on it, if it is to be shown.
    """

    html: str
    labels: Sequence[Sequence[str]] = ()
    toast: str = ""


class OnThePhone:
    """Somebody who chats with the bot, and what they see of it."""

    def __init__(self, telegram: LocalTelegram, number: int = 42) -> None:
        self.telegram = telegram
        self.person = telegram.person(number)

    async def says(self, line: str, answers: int = 1, chat: int | None = None) -> list[Posted]:
        """Write something; return what is answered there. Raises TimeoutError."""
        where = chat or self.person.id
        known = len(self.telegram.messages(where))
        self.person.say(line, chat)
        await self.telegram.until(
            lambda: len(self.telegram.messages(where)) >= known + answers, _BOUND
        )
        return self.telegram.messages(where)[known : known + answers]

    async def says_one(self, line: str, chat: int | None = None) -> Posted:
        return (await self.says(line, chat=chat))[0]

    async def taps(self, label: str, posted: Posted) -> str:
        """Tap a button and wait for the message to change; return the toast."""
        edits = posted.edits
        answer = await self.person.sees_answer(self.person.press(label, posted))
        await self.telegram.until(lambda: posted.edits > edits, _BOUND)
        return answer

    async def follows(self, posted: Posted) -> Posted:
        """Wait for the message behind another one."""
        return await self.person.hears("", after=posted.id, chat=posted.chat)

    async def likes(self, n: int) -> None:
        """Ask for cards and like them, so that there is a taste to speak of."""
        for _ in range(n):
            card = await self.says_one("/pick")
            await self.taps("Like", card)
            await self.follows(card)

    def bubble(self, posted: Posted, toast: str = "") -> Bubble:
        labels = [[button["text"] for button in row] for row in posted.buttons]
        return Bubble(_html(self.telegram, posted), labels, toast)


async def chat_in_telegram() -> list[list[Bubble | Said]]:
    """Return two screens: a first card that was liked and the next one, then a digest.

    Raises TimeoutError when the bot does not do its part.
    """
    async with LocalTelegram() as telegram, _bot(telegram):
        ada = OnThePhone(telegram)
        welcome, first = await ada.says("/start", answers=2)
        liked = await ada.taps("Like", first)
        second = await ada.follows(first)
        next_card = ada.bubble(second)
        await ada.taps("Like", second)
        await ada.follows(second)
        await ada.says("/schedule 08:30 Berlin 3")
        digest = await ada.says_one("/today")
        await ada.taps("1 👍", digest)
        saved = await ada.taps("2 🔖", digest)
        return [
            [Said("/start"), ada.bubble(welcome), ada.bubble(first, liked), next_card],
            [Said("/today"), ada.bubble(digest, saved)],
        ]


async def finding_in_telegram() -> list[list[Bubble | Said]]:
    """Return two screens: a search in plain language, and more papers like one."""
    words = "/search robots that learn from video"
    async with LocalTelegram() as telegram, _bot(telegram):
        ada = OnThePhone(telegram)
        await ada.likes(2)
        found = await ada.says_one(words)
        known = len(telegram.messages(ada.person.id))
        ada.person.press("1 Open", found)
        await telegram.until(lambda: len(telegram.messages(ada.person.id)) > known, _BOUND)
        card = telegram.messages(ada.person.id)[known]
        ada.person.press("More like this", card)
        more = await ada.follows(card)
        return [[Said(words), ada.bubble(found), ada.bubble(card)], [ada.bubble(more)]]


async def taste_in_telegram() -> list[list[Bubble | Said]]:
    """Return two screens: what the bot makes of one's likes, and when the digest comes."""
    async with LocalTelegram() as telegram, _bot(telegram):
        ada = OnThePhone(telegram)
        await ada.likes(5)
        interests = await ada.says_one("/interests")
        followed = await ada.says_one("/follow diffusion models")
        menu = await ada.says_one("/schedule 08:30 Berlin weekdays 5")
        status = await ada.says_one("/status")
        return [
            [
                *(Said("/interests"), ada.bubble(interests)),
                *(Said("/follow diffusion models"), ada.bubble(followed)),
            ],
            [
                *(Said("/schedule 08:30 Berlin weekdays 5"), ada.bubble(menu)),
                *(Said("/status"), ada.bubble(status)),
            ],
        ]


async def together_in_telegram() -> list[list[Bubble | Said]]:
    """Return two screens: a reading group that votes on its digest, and what operators see."""
    set_up, word = "/channel 08:00 UTC daily 3", "/admin broadcast We move tonight, back at ten."
    async with LocalTelegram() as telegram:
        olga = OnThePhone(telegram)
        with tempfile.TemporaryDirectory() as folder:
            ahead = Path(folder, "ahead")
            _leap(ahead, days=0)
            settings = {"OPERATORS": f"telegram:{olga.person.id}", "CLOCK_FILE": str(ahead)}
            async with _bot(telegram, "run", **settings):
                group = telegram.group()
                telegram.admins[group] = {olga.person.id, telegram.me["id"]}
                await olga.says("/start", answers=2)
                olga.person.add_bot(group)
                await olga.person.hears("/channel", chat=group)
                await olga.says(set_up, chat=group)
                _leap(ahead, days=1)
                digest = await olga.person.hears("3 papers for ", chat=group)
                for number, label in ((1, "1 👍"), (2, "1 👍"), (3, "2 👍"), (4, "1 👎")):
                    await OnThePhone(telegram, 50 + number).taps(label, digest)
                admin = await olga.says_one("/admin")
                await olga.taps("Readers", admin)
                preview = await olga.says_one(word)
                return [
                    [Said(set_up), olga.bubble(digest)],
                    [Said("/admin"), olga.bubble(admin), Said(word), olga.bubble(preview)],
                ]


async def inviting_in_telegram() -> list[list[Bubble | Said]]:
    """Return two screens: an invitation and a link for one's other account; a channel's digest."""
    async with LocalTelegram() as telegram, _bot(telegram):
        ada = OnThePhone(telegram)
        channel = telegram.group(-1008, "channel", "@our_papers")
        telegram.chat(channel).update(title="Our papers")
        telegram.admins[channel] = {ada.person.id, telegram.me["id"]}
        await ada.says("/start", answers=2)
        explained, invitation = await ada.says("/invite", answers=2)
        link = await ada.says_one("/link")
        menu = await ada.says_one("@our_papers")
        await ada.taps("08:00", menu)
        await ada.taps("Language", menu)
        languages = ada.bubble(menu)
        await ada.taps("Deutsch", menu)
        return [
            [
                *(Said("/invite"), ada.bubble(explained), ada.bubble(invitation)),
                *(Said("/link"), ada.bubble(link)),
            ],
            [Said("@our_papers"), ada.bubble(menu), languages],
        ]


def _leap(clock: Path, days: int) -> None:
    """Let it be so many days from now for a bot that reads its time from this file."""
    fresh = clock.with_suffix(".new")
    fresh.write_text(str(days * 86_400))
    fresh.rename(clock)


def _html(telegram: LocalTelegram, posted: Posted) -> str:
    """Return the HTML that a message was last given."""
    edits = [p for p in telegram.called("editMessageText") if p["message_id"] == posted.id]
    sent = telegram.called("sendMessage")[telegram.deliveries.index(posted)]
    return str((edits[-1] if edits else sent)["text"])


# ---------------------------------------------------------------------- on Discord


async def chat_in_discord() -> list[DiscordPosted]:
    """Return what somebody sees: a card that was liked, the next one, and a digest."""
    async with LocalDiscord() as discord:
        settings = {"DISCORD_TOKEN": discord.token, "DISCORD_API_BASE": discord.api_base}
        async with _running("discord", **settings):
            await discord.until(lambda: discord.identified, _BOUND)
            ada = discord.person()

            async def newest(count: int) -> DiscordPosted:
                seen = await discord.until(
                    lambda: discord.seen_by(ada.number, ada.dm)[count - 1 :], _BOUND
                )
                return seen[0]

            await ada.slash("start")
            first = await newest(2)
            await ada.press(first, "👍 Like")
            second = await newest(3)
            await ada.slash("schedule", zone="Europe/Berlin", papers=2)
            await newest(4)
            await ada.slash("today")
            digest = await newest(5)
            await ada.press(digest, "1 👍")
            await discord.until(lambda: digest.edits, _BOUND)
            return [first, second, digest]


@asynccontextmanager
async def _bot(
    telegram: LocalTelegram, role: str = "telegram", **settings: str
) -> AsyncIterator[None]:
    """Serve Telegram with the real program while the block lasts."""
    address = {"TELEGRAM_TOKEN": telegram.token, "TELEGRAM_API_BASE": telegram.origin}
    async with _running(role, **address, **settings):
        yield


@asynccontextmanager
async def _running(role: str, **settings: str) -> AsyncIterator[None]:
    """Run one part of the program while the block lasts."""
    with tempfile.TemporaryDirectory() as home:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", role),
            env=_environment(home) | settings,
            cwd=home,
            stdout=asyncio.subprocess.DEVNULL,
        )
        try:
            yield
        finally:
            process.terminate()
            await process.wait()


def _environment(home: str) -> dict[str, str]:
    """Return the environment of a bot that finds no token, no setting and no network."""
    nowhere = "http://127.0.0.1:9"
    return {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": home,
        "LANG": "C.UTF-8",
        "DATA_DIR": f"{home}/var",
        "ARXIV_API_BASE": nowhere,
        "ARXIV_RSS_BASE": nowhere,
        "HF_API_BASE": nowhere,
    }

"""The stage of the pictures: the real bot, a terminal before it, and a clock that can leap.

The bot runs on the bundled sample, in a folder of its own, and reaches nothing but loopback.
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
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

COLUMNS, _ROWS = 90, 90
_PROMPT, _SHELL = "› ", "$ "
_QUIET = 1.5  # seconds without a change after which a screen stands
BOUND = 60.0  # seconds that anything may take
BIBLIOGRAPHY = """
@misc{a, eprint={2503.20201}, title={Open Deep Search}}
@misc{b, eprint={2503.21760}, title={MemInsight}}
@misc{c, title={AgentA/B: Automated and Scalable Web A/BTesting with Interactive LLM Agents}}
@misc{d, title={Our Own Unpublished Notes on Gripping}}
"""


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
        while (now := time.monotonic()) < start + BOUND:
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
        shell.wait(BOUND)


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


# ---------------------------------------------------------------------- in a chat


@dataclass(frozen=True, slots=True)
class Said:
    """What the person wrote."""

    text: str


def leap(clock: Path, days: int) -> None:
    """Let it be so many days from now for a bot that reads its time from this file."""
    fresh = clock.with_suffix(".new")
    fresh.write_text(str(days * 86_400))
    fresh.rename(clock)


@contextmanager
def operated_by(account: str) -> Iterator[tuple[dict[str, str], Path]]:
    """Yield settings of a bot that is operated by somebody, and the clock that it reads."""
    with tempfile.TemporaryDirectory() as folder:
        clock = Path(folder, "ahead")
        leap(clock, days=0)
        yield {"OPERATORS": account, "CLOCK_FILE": str(clock)}, clock


@asynccontextmanager
async def running(role: str, **settings: str) -> AsyncIterator[None]:
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

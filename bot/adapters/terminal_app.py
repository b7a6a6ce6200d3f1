"""Speak with the person at the terminal: lines in, messages out.

On a real terminal lines are edited, remembered and completed; from a pipe they are read to
the end, and what is written is plain and always the same. Like every adapter it decides
nothing: what a line means is the conversation's to say.
"""

import asyncio
import io
import os
import re
import sys
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterable, Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Any, TextIO, TypeVar

import structlog
from rich.console import Console, RenderableType
from rich.text import Text

from bot.adapters.terminal_render import WIDEST, drawn, drawn_change, keys
from bot.conversation.commands import COMMANDS
from bot.conversation.events import (
    LARGEST_FILE,
    Command,
    Event,
    MessageRef,
    Person,
    Platform,
    Pressed,
    Said,
    SentFile,
)
from bot.conversation.language import N_, _, speak, spoken
from bot.conversation.messages import (
    Action,
    Ask,
    Attachment,
    Button,
    Edit,
    Message,
    Revise,
    Send,
    Toast,
)
from bot.conversation.ports import Answering
from bot.conversation.text import visible

log = structlog.get_logger()

T = TypeVar("T")

CHAT = "local"
HINT = N_(
    "Type a key in brackets and Enter, a command such as /help, or a paper's link or title.\n"
    "/quit leaves."
)
GOODBYE = N_("Goodbye. What you taught me is kept.")
FAILED = N_("Something went wrong on my side. Please try again, or /quit.")
_IMPORT = N_("Read a .bib, .ris, CSL-JSON or taste file: /import path")
_IMPORT_WHAT = N_(
    "Write where the file is: /import ~/papers.bib. I read .bib, .ris, CSL-JSON and taste files."
)
_LEAVE = N_("Leave")
_QUIT = frozenset(["/quit", "/exit", "/q", "quit", "exit"])
_REMEMBERED = 30  # messages whose keys still work
_PATIENCE = 0.4  # seconds of silence before a sign that work goes on
_END: object = object()


class TerminalApp:
    """The chat of `paperlark chat`.

    console: where to write; made for standard output when left out.
    lines: what to read when it is not the terminal, such as a pipe or a test's text.
    session: makes the ids of this run's events differ from those of every other run.
    folder: where files are put that the conversation hands over.
    language: what the terminal speaks, if anybody knows.
    """

    def __init__(
        self,
        answering: Answering,
        *,
        console: Console | None = None,
        lines: Iterable[str] | None = None,
        session: str = "",
        folder: Path = Path("exports"),
        language: str | None = None,
    ) -> None:
        self._answering = answering
        self._is_live = lines is None and sys.stdin.isatty() and sys.stdout.isatty()
        self._console = console or _console(is_live=self._is_live)
        self._lines = lines
        self._folder = folder
        self._session = session or os.urandom(6).hex()
        self._person = Person(Platform.TERMINAL, CHAT, CHAT, language=language)
        self._shown: dict[MessageRef, Message] = {}
        self._events = 0
        self._messages = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Chat until the person leaves, the lines end, or `stop` is set."""
        await self._perform(Command(self._event(), self._person, "start"), stop)
        self._print(Text(_(HINT), "dim"))
        reader = self._typed() if self._is_live else self._piped()
        async with aclosing(reader) as lines:
            while (line := await _unless(stop, _following(lines))) is not None:
                if line.strip().lower() in _QUIT:
                    break
                if event := self._heard(line.strip()):
                    await self._perform(event, stop)
        self._print(Text(_(GOODBYE), "dim"))

    # ------------------------------------------------------------------ in

    def _heard(self, line: str) -> Event | None:
        """Return what a line is: a command, a key of a button on the screen, or words."""
        if not line:
            return None
        if line.startswith("/"):
            name, __, text = line[1:].partition(" ")
            if name.lower() == "import":
                return self._sent(text.strip(" '\""))
            return Command(self._event(), self._person, name.lower(), text.strip())
        for ref in reversed(self._shown):
            button = _button_named(line, keys(self._shown[ref]))
            if button is not None:
                return Pressed(self._event(), self._person, button.data, ref)
        return Said(self._event(), self._person, line)

    def _sent(self, path: str) -> Said | None:
        """Return a file of this machine as if it had been sent; without a path say how."""
        if not path:
            self._print(Text(f"{_(_IMPORT_WHAT)}\n"))
            return None
        file = Path(path)
        sent = SentFile(file.name if file.suffix else f"{file.name}.json", _content(file))
        return Said(self._event(), self._person, file.name, files=(sent,))

    async def _typed(self) -> AsyncGenerator[str, None]:
        """Yield lines from a real terminal until Ctrl-D or Ctrl-C."""
        ask = _prompt()
        while True:
            try:
                yield await ask()
            except (EOFError, KeyboardInterrupt):
                return

    async def _piped(self) -> AsyncGenerator[str, None]:
        """Yield lines from a stream, each echoed so that the output reads as a conversation."""
        async for line in _read_aside(
            self._lines if self._lines is not None else _standard_input()
        ):
            self._console.print(Text(f"› {visible(line)}"), soft_wrap=True)
            yield line

    def _event(self) -> str:
        self._events += 1
        return f"{self._session}.{self._events}"

    # ------------------------------------------------------------------ out

    async def _perform(self, event: Event, stop: asyncio.Event) -> None:
        try:
            async with aclosing(_actions(self._answering, event)) as actions:
                while (said := await self._awaited(stop, _following(actions))) is not None:
                    action, language = said
                    speak(language)
                    self._show(action)
        except Exception:
            log.exception("terminal.failed", kind=type(event).__name__)
            self._print(Text(_(FAILED), "red"))

    async def _awaited(
        self, stop: asyncio.Event, action: Coroutine[Any, Any, T | None]
    ) -> T | None:
        """Return the next action; on a real terminal show that work goes on if it takes long."""
        task: asyncio.Task[T | None] = asyncio.create_task(_unless(stop, action))
        if self._is_live:
            await asyncio.wait({task}, timeout=_PATIENCE)
            if not task.done():
                with self._console.status("…"):
                    return await task
        return await task

    def _show(self, action: Action) -> None:
        match action:
            case Toast(text=text):
                self._print(Text(f"✓ {text}", "green"))
            case Send(message=message) | Ask(otherwise=message):
                self._messages += 1
                self._remember(MessageRef(CHAT, str(self._messages)), message)
                self._print(drawn(message, is_plain=not self._is_live))
                if message.attachment:
                    self._print(Text(self._put_down(message.attachment)))
            case Edit(ref=ref, message=message):
                self._redraw(ref, message)
            case Revise(message=message):
                self._redraw(MessageRef(CHAT, str(self._messages)), message)

    def _redraw(self, ref: MessageRef, message: Message) -> None:
        change = drawn_change(self._shown.get(ref), message)
        self._shown[ref] = message  # keeps its place: newer messages' keys go first
        self._print(change)

    def _put_down(self, attachment: Attachment) -> str:
        """Write a file where its owner finds it, readable for nobody else, and say where."""
        file = self._folder / attachment.name
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            file.touch(mode=0o600)
            file.write_bytes(attachment.content)
        except OSError as error:
            said = _("The file could not be written to {file}: {why}.")
            return f"{said.format(file=file, why=error.strerror)}\n"
        said = _("Written to {file}")
        return f"{said.format(file=file)}\n"

    def _print(self, what: RenderableType) -> None:
        width = min(self._console.width, WIDEST)
        if self._is_live:
            self._console.print(what, width=width)
            return
        with self._console.capture() as drawing:
            self._console.print(what, width=width)
        # Lines are filled with spaces up to the width, which a pipe has no use for.
        self._console.file.write("\n".join(line.rstrip() for line in drawing.get().split("\n")))
        self._console.file.flush()

    def _remember(self, ref: MessageRef, message: Message) -> None:
        self._shown[ref] = message
        while len(self._shown) > _REMEMBERED:
            del self._shown[next(iter(self._shown))]


def locale_of(environment: Mapping[str, str]) -> str | None:
    """Return the language that a terminal's environment asks for ("de_DE"), None for none."""
    named = (environment.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    asked = next(filter(None, named), "").partition(".")[0]
    return None if asked in ("", "C", "POSIX") else asked


def _content(file: Path) -> bytes | None:
    """Return what is in a file; None when it is too large, or cannot be read."""
    try:
        with file.expanduser().open("rb") as opened:
            content = opened.read(LARGEST_FILE + 1)  # a device tells no size, and may never end
    except (OSError, ValueError, RuntimeError):  # no such file; no name at all; nobody's home
        return None
    return content if len(content) <= LARGEST_FILE else None


def _button_named(line: str, offered: dict[str, Button]) -> Button | None:
    """Return the button whose key or whole label was typed."""
    word = line.lower()
    if word in offered:
        return offered[word]
    return next((b for b in offered.values() if _bare(b.label) == word), None)


def _bare(label: str) -> str:
    return re.sub(r"[^\w ]", "", label).strip().lower()


def _console(*, is_live: bool) -> Console:
    if is_live:
        return Console(highlight=False)
    return Console(highlight=False, color_system=None, force_terminal=False, emoji=False)


def _prompt() -> Callable[[], Awaitable[str]]:
    """Return what asks for a line: with history, and completion of commands."""
    from prompt_toolkit import PromptSession
    from prompt_toolkit.completion import Completer, Completion
    from prompt_toolkit.document import Document
    from prompt_toolkit.history import InMemoryHistory

    class Commands(Completer):
        def get_completions(
            self, document: Document, complete_event: object
        ) -> Iterable[Completion]:
            typed = document.text_before_cursor
            for name, description in _completions(typed):
                yield Completion(name, -len(typed), display_meta=description)

    session: PromptSession[str] = PromptSession(
        history=InMemoryHistory(), completer=Commands(), reserve_space_for_menu=5
    )

    async def ask() -> str:
        return await session.prompt_async("› ", handle_sigint=False)

    return ask


def _completions(typed: str) -> list[tuple[str, str]]:
    if not typed.startswith("/"):
        return []
    known = [(f"/{spec.name}", _(spec.description)) for spec in COMMANDS]
    known += [("/import", _(_IMPORT)), ("/quit", _(_LEAVE))]
    return [entry for entry in known if entry[0].startswith(typed.lower())]


def _standard_input() -> TextIO:
    """Return standard input by a reader of its own, that a thread may hold at the very end."""
    raw = io.BufferedReader(io.FileIO(sys.stdin.fileno(), closefd=False))
    return io.TextIOWrapper(raw, encoding="utf-8", errors="replace")


async def _read_aside(lines: Iterable[str]) -> AsyncGenerator[str, None]:
    """Yield lines that a thread reads; it may stay behind in a read that never returns."""
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[object] = asyncio.Queue()

    def put(item: object) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(queue.put_nowait, item)

    def read() -> None:
        for line in lines:
            put(line)
        put(_END)

    threading.Thread(target=read, name="terminal-lines", daemon=True).start()
    while isinstance(line := await queue.get(), str):
        yield line


async def _actions(answering: Answering, event: Event) -> AsyncGenerator[tuple[Action, str], None]:
    """Yield what to do, and the language of it: each step is taken in a task of its own."""
    async for action in answering.answer(event):
        yield action, spoken()


async def _following(items: AsyncGenerator[T, None]) -> T | None:
    """Return the next item, None at the end."""
    return await anext(items, None)


async def _unless(stop: asyncio.Event, wanted: Coroutine[Any, Any, T | None]) -> T | None:
    """Return what was wanted, or None as soon as `stop` is set."""
    task, stopped = asyncio.ensure_future(wanted), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if task.done() and not stop.is_set():
            return task.result()
        return None
    finally:
        stopped.cancel()
        if not task.done():
            task.cancel()
        await asyncio.gather(task, stopped, return_exceptions=True)

"""The chat in a terminal: from a pipe, line by line, and on a real (pseudo) terminal."""

import asyncio
import io
import os
import pty
import select
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator

import pytest
from rich.console import Console

from bot.adapters.terminal_app import FAILED, GOODBYE, HINT, TerminalApp, _completions
from bot.adapters.terminal_render import keys
from bot.conversation import dialogue
from bot.conversation.cards import digest_message
from bot.conversation.events import Event, SentFile
from bot.conversation.messages import Attachment, Button, Message, Revise, Send, Toast, plain
from bot.conversation.service import Conversation
from recommender.feedback import Verdict
from recommender.papers import PaperId
from tests.conversation.journey import ADA
from tests.conversation.scripted_desk import NOW, ScriptedDesk, paper, talking

BOUND = 20  # seconds


@pytest.fixture
def desk():
    return ScriptedDesk([paper(n) for n in range(1, 13)])


async def chat(desk: ScriptedDesk, *lines: str, width: int = 80, session: str = "one") -> str:
    """Return what a chat writes that is given these lines."""
    out = io.StringIO()
    console = Console(file=out, width=width, color_system=None, legacy_windows=False)
    app = TerminalApp(
        talking(desk),
        console=console,
        lines=[f"{line}\n" for line in lines],
        session=session,
    )
    async with asyncio.timeout(BOUND):
        await app.run(asyncio.Event())
    return out.getvalue()


HINT_LINES = "\n".join(textwrap.fill(line, 80) for line in HINT.splitlines())
FIRST_SCREEN = f"""\
I am Paperlark: I find the new research papers you would have picked yourself.
Tap 👍 or 👎, or send me a paper you love: the next card already knows.
Your daily digest is on: 5 papers, weekdays at 08:00 (UTC).
[c] Change

Paper number 1
Ada Lovelace and Alan Turing
cs.LG, cs.CL · announced 20 November 2026

Papers are many. We propose paper 1. Results show that it is read.

Paper: https://arxiv.org/abs/2611.00001

A first guess: nothing you liked speaks for it yet.
[l] 👍 Like   [s] 👎 Skip   [b] 🔖 Save   [w] Why?
[m] More like this

{HINT_LINES}
{GOODBYE}
"""


async def test_the_first_card_comes_before_anything_is_asked(desk):
    assert (await chat(desk)).replace("\u00a0", " ") == FIRST_SCREEN


async def test_a_key_taps_the_newest_card_and_the_change_is_told_in_a_line(desk):
    told = await chat(desk, "l")
    assert "\n› l\n✓ Liked. The next paper already knows.\n👍 Liked  Paper number 1\n" in told
    assert "[u]\u00a0↩\u00a0Undo" in told
    assert "Because you liked “Paper number 1”" in told
    assert desk.opinions[1, PaperId(1)].verdict is Verdict.LIKE


async def test_keys_that_the_newest_card_lacks_belong_to_the_card_before(desk):
    await chat(desk, "s", "o", "l", "u")
    assert desk.opinions[1, PaperId(1)].verdict is Verdict.OFF_TOPIC
    assert desk.opinions[1, PaperId(2)].verdict is None


@pytest.mark.parametrize("typed", ["b", "B", "save", "Save"])
async def test_a_button_may_be_called_by_its_name(desk, typed):
    await chat(desk, typed)
    assert desk.opinions[1, PaperId(1)].is_saved


async def test_a_digest_is_marked_and_opened_by_numbers(desk):
    told = await chat(desk, "/today", "2l", "3")
    assert "2. 👍 Liked  Paper number 3" in told
    assert desk.opinions[1, PaperId(3)].verdict is Verdict.LIKE
    assert told.count("https://arxiv.org/abs/2611.00004") == 1


async def test_commands_and_free_text_reach_the_conversation(desk):
    told = await chat(desk, "/schedule 9 Berlin", "Paper number 7", "", "   ", "/nonsense")
    assert "5 papers, weekdays at 09:00 (Europe/Berlin)" in told
    assert "\nPaper: https://arxiv.org/abs/2611.00007\n" in told
    assert "I do not know /nonsense." in told


async def test_a_menu_is_chosen_from_by_number(desk):
    told = await chat(desk, "c", "6")
    assert "[6]\u00a0Every\u00a0day" in told
    assert "[6]\u00a0✓\u00a0Every\u00a0day" in told
    assert desk.readers["local"].schedule.days == frozenset(range(7))


@pytest.mark.parametrize("word", ["/quit", "/exit", "/QUIT"])
async def test_quit_leaves_and_reads_no_further(desk, word):
    told = await chat(desk, word, "l")
    assert told.endswith(f"› {word}\n{GOODBYE}\n")
    assert not desk.opinions


@pytest.mark.parametrize("width", [80, 40])
async def test_nothing_is_wider_than_the_terminal_and_no_line_ends_in_spaces(desk, width):
    lines = (await chat(desk, "s", "/today", "1l", "/schedule", "/status", width=width)).split("\n")
    assert not [line for line in lines if line != line.rstrip()]
    console = Console(width=width)
    assert all(console.render_str(line.replace("[", "\\[")).cell_len <= width for line in lines)


async def test_what_is_written_is_the_same_every_time():
    desks = [ScriptedDesk([paper(n) for n in (1, 2, 3)]) for _ in range(2)]
    first, again = [await chat(d, "l", "/today", "1s", session=str(n)) for n, d in enumerate(desks)]
    assert first == again


async def test_two_runs_never_share_an_event(desk):
    await chat(desk, "l", session="one")
    await chat(desk, "l", session="two")
    assert len(desk.log) == 2


class Faulty:
    """A conversation with a fault of ours in it."""

    async def answer(self, event: Event):
        yield Toast("begun")
        raise RuntimeError("a bug")


async def test_a_fault_costs_one_answer_and_not_the_chat():
    out = io.StringIO()
    app = TerminalApp(Faulty(), console=Console(file=out, width=80), lines=["hello\n", "again\n"])
    await app.run(asyncio.Event())
    assert out.getvalue().count(FAILED) == 3
    assert out.getvalue().endswith(f"{GOODBYE}\n")


class Slow:
    """A conversation that never comes to an end."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.was_closed = False

    async def answer(self, event: Event):
        yield Send(Message(plain("thinking")))
        self.asked.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.was_closed = True


async def test_stop_ends_the_chat_in_the_middle_of_an_answer():
    slow, stop, out = Slow(), asyncio.Event(), io.StringIO()
    app = TerminalApp(slow, console=Console(file=out, width=80), lines=[])
    async with asyncio.timeout(BOUND), asyncio.TaskGroup() as tasks:
        tasks.create_task(app.run(stop))
        await slow.asked.wait()
        stop.set()
    assert slow.was_closed
    assert out.getvalue().endswith(f"{GOODBYE}\n")


async def test_stop_ends_the_chat_while_it_waits_for_a_line(desk):
    stop, first, never = asyncio.Event(), threading.Event(), threading.Event()

    def lines() -> Iterator[str]:
        first.set()
        never.wait(BOUND)
        yield from ()

    app = TerminalApp(
        Conversation(desk, lambda: NOW), console=Console(file=io.StringIO()), lines=lines()
    )
    async with asyncio.timeout(BOUND), asyncio.TaskGroup() as tasks:
        running = tasks.create_task(app.run(stop))
        await asyncio.to_thread(first.wait, BOUND)
        stop.set()
        await running
    never.set()


def test_every_button_has_a_key_of_its_own(desk):
    async def digest() -> Message:
        reader = await desk.reader(ADA)
        return digest_message(await desk.digest(reader), NOW.date(), 5)

    message = asyncio.run(digest())
    assert len(keys(message)) == sum(len(row) for row in message.rows)
    many = Message(buttons=(tuple(Button(f"choice {n}", f"t:::{n}") for n in range(5)),) * 5)
    assert list(keys(many)) == [str(n) for n in range(1, 26)]


async def test_arrows_turn_the_pages_of_every_list_and_choices_are_counted(desk):
    for n in range(1, 13):
        reader = await desk.reader(ADA)
        await desk.store(reader, f"s{n}", PaperId(n), None, save=True)
    found = keys(dialogue.saved_page((await desk.saved(reader, 1))[0], 12, 1, tags=["#thesis"]))
    assert (found[">"].label, found["11"].label) == ("Older ›", "#thesis")
    pages = (Button("‹ Back", "m:1::1"), Button("More ›", "m:1::3"))
    assert list(keys(Message(buttons=(pages,)))) == ["<", ">"]


async def test_the_tenth_entry_of_a_list_is_opened_like_the_others(desk):
    told = await chat(desk, *["b", "/pick"] * 10, "/saved")
    assert "[1]\u00a0Open" in told
    assert "[10]\u00a0Open" in told


def test_commands_are_completed_with_what_they_do():
    assert [name for name, _ in _completions("/st")] == ["/start", "/status"]
    assert ("/quit", "Leave") in _completions("/")
    assert _completions("a title") == []


PROGRAM = """
import asyncio, signal
from bot.adapters.terminal_app import TerminalApp
from bot.conversation.service import Conversation
from tests.conversation.scripted_desk import NOW, ScriptedDesk, paper, talking

async def main():
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    desk = ScriptedDesk([paper(n) for n in range(1, 6)])
    await TerminalApp(Conversation(desk, lambda: NOW)).run(stop)

asyncio.run(main())
"""


class Terminal:
    """A program on a pseudo terminal of 80 columns."""

    def __init__(self) -> None:
        self._ours, theirs = pty.openpty()
        environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80", "LINES": "40"}
        command = [sys.executable, "-W", "error", "-c", PROGRAM]
        self.process = subprocess.Popen(
            command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment
        )
        os.close(theirs)
        self.seen = ""
        self._awaited = 0  # how far into `seen` what was waited for reaches

    def write(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def wait_for(self, text: str) -> None:
        """Wait for text that comes after the one that was waited for before."""
        while (found := self.seen.find(text, self._awaited)) < 0:
            ready, _, _ = select.select([self._ours], [], [], BOUND)
            assert ready, f"{text!r} did not come after {self.seen!r}"
            piece = os.read(self._ours, 65536).decode(errors="replace")
            if "\x1b[6n" in piece:  # where is the cursor?
                self.write("\x1b[1;1R")
            self.seen += piece
        self._awaited = found + len(text)

    def close(self) -> None:
        self.process.kill()
        self.process.wait(BOUND)
        os.close(self._ours)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    opened = Terminal()
    yield opened
    opened.close()


@pytest.mark.parametrize("leaving", ["\x04", "\x03", "/quit\r", "SIGTERM"])
def test_on_a_terminal_the_card_has_a_frame_and_every_way_out_is_clean(terminal, leaving):
    terminal.wait_for("›")
    assert "╭──" in terminal.seen
    assert "Paper number 1" in terminal.seen
    terminal.write("s\r")
    terminal.wait_for("Not\u00a0my\u00a0topic")
    terminal.wait_for("Paper number 2")
    terminal.wait_for("›")
    if leaving == "SIGTERM":
        terminal.process.terminate()
    else:
        terminal.write(leaving)
    terminal.wait_for(GOODBYE)
    assert terminal.process.wait(BOUND) == 0
    assert "Traceback" not in terminal.seen


def test_a_pipe_is_read_to_its_end():
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM],
        input="l\n/status\n",
        capture_output=True,
        text=True,
        timeout=BOUND,
        check=True,
    )
    assert ran.stderr == ""
    assert "\x1b" not in ran.stdout
    assert "You liked 1 paper, skipped 0 and saved 0" in ran.stdout
    assert ran.stdout.endswith(f"{GOODBYE}\n")


def test_a_pipe_that_stays_open_does_not_keep_the_program_from_ending():
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdin is not None
        for line in process.stdout:
            if "/quit leaves" in line:
                break
        process.terminate()
        assert process.stdout.read().endswith(f"{GOODBYE}\n")
        assert process.wait(BOUND) == 0
    finally:
        process.kill()
        process.stdout.close()
        process.stdin.close()
        process.wait(BOUND)


class HandingOver:
    """Answers everything with a file."""

    async def answer(self, event):
        yield Send(Message(plain("Here you are."), attachment=Attachment("papers.bib", b"@misc{}")))


async def test_progress_is_written_below_what_was_said_before():
    class Reading:
        async def answer(self, event):
            yield Send(Message(plain("one half")))
            yield Revise(Message(plain("all of it")))

    out = io.StringIO()
    console = Console(file=out, width=80, color_system=None)
    async with asyncio.timeout(BOUND):
        await TerminalApp(Reading(), console=console, lines=[]).run(asyncio.Event())
    assert out.getvalue().startswith("one half\n\nall of it\n")


async def chat_in(folder) -> str:
    out = io.StringIO()
    console = Console(file=out, width=200, color_system=None, legacy_windows=False)
    app = TerminalApp(HandingOver(), console=console, lines=[], folder=folder)
    async with asyncio.timeout(BOUND):
        await app.run(asyncio.Event())
    return out.getvalue()


async def test_a_file_is_written_for_its_owner_alone_and_its_place_is_told(tmp_path):
    told = await chat_in(tmp_path / "exports")
    file = tmp_path / "exports" / "papers.bib"
    assert file.read_bytes() == b"@misc{}"
    assert file.stat().st_mode & 0o077 == 0
    assert "".join(f"Here you are.Written to{file}".split()) in "".join(told.split())


async def test_a_file_that_cannot_be_written_is_told_too(tmp_path):
    (tmp_path / "exports").write_text("in the way")
    told = await chat_in(tmp_path / "exports")
    assert "could not be written" in told
    assert FAILED not in told


async def test_import_reads_a_file_of_this_machine(tmp_path):
    class Listening(HandingOver):
        heard: list[Event] = []

        async def answer(self, event):
            self.heard.append(event)
            yield Send(Message(plain("Read.")))

    listening, file = Listening(), tmp_path / "taste.json"
    file.write_bytes(b"{}")
    console = Console(file=io.StringIO(), width=80, color_system=None)
    lines = [f"/import {file}\n", f"/import {tmp_path / 'nowhere.json'}\n"]
    app = TerminalApp(listening, console=console, lines=lines, folder=tmp_path)
    async with asyncio.timeout(BOUND):
        await app.run(asyncio.Event())
    assert [event.files for event in listening.heard[1:]] == [
        (SentFile("taste.json", b"{}"),),
        (SentFile("nowhere.json", None),),
    ]


@pytest.mark.parametrize("path", ["~nobody-lives-here/a.bib", "a\0b.bib", "/dev/zero", "/"])
async def test_a_path_that_leads_nowhere_is_said_and_the_chat_goes_on(desk, path):
    told = await chat(desk, f"/import {path}", "l")
    assert "I could not read that file" in " ".join(told.split())
    assert desk.opinions[1, PaperId(1)].verdict is Verdict.LIKE


async def test_a_path_may_be_quoted_and_without_one_import_says_what_it_wants(desk, tmp_path):
    (tmp_path / "my papers.bib").write_text("")
    told = await chat(desk, f"/import '{tmp_path}/my papers.bib'", "/import", width=200)
    assert "I found no paper in this file" in told
    assert "Write where the file is: /import ~/papers.bib." in told

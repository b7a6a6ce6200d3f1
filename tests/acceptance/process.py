"""The bot as a real process, started as its readme says and seen from outside only."""

import asyncio
import inspect
import os
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

BOUND = 60.0  # seconds that anything may take before a test has failed
_KEPT = ("PATH", "HOME", "VIRTUAL_ENV", "SSL_CERT_FILE", "LD_LIBRARY_PATH")


class BotProcess:
    """`async with BotProcess(settings, data_dir, "run") as bot:` ends the process with the block.

    settings: the environment of the bot, besides what a process needs to run at all.
    typed: what standard input holds; nothing at all for None. is_open: its end does not come.
    """

    def __init__(
        self,
        settings: Mapping[str, str],
        data_dir: Path,
        *arguments: str,
        typed: str | None = None,
        is_open: bool = False,
    ) -> None:
        self._environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
        # The chat speaks the language of its terminal, whatever the developer's is.
        self._environment |= {"LANG": "C.UTF-8", "DATA_DIR": str(data_dir), **settings}
        self._arguments = arguments
        self._data_dir = data_dir
        self._typed = typed
        self._is_open = is_open
        self.output = ""

    async def __aenter__(self) -> "BotProcess":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._process.returncode is None:
            await self.stop()

    @property
    def is_running(self) -> bool:
        return self._process.returncode is None

    async def start(self) -> None:
        """Start, or start again after a kill; what was said stays in `output`."""
        self._data_dir.mkdir(parents=True, exist_ok=True)
        pipe, nothing = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bot",
            *self._arguments,
            env=self._environment,
            cwd=self._data_dir,  # where no .env of the developer's is
            stdin=nothing if self._typed is None else pipe,
            stdout=pipe,
            stderr=asyncio.subprocess.STDOUT,
        )
        self._reading = asyncio.create_task(self._read())
        if self._typed is not None:
            assert self._process.stdin is not None
            self._process.stdin.write(self._typed.encode())
            if not self._is_open:
                self._process.stdin.close()

    async def _read(self) -> None:
        assert self._process.stdout is not None
        while piece := await self._process.stdout.read(65_536):
            self.output += piece.decode("utf-8", "replace")

    async def says(self, words: str, after: int = 0) -> str:
        """Wait until it has said these words behind so many characters; return the line."""

        def said() -> str | None:
            assert self.is_running or words in self.output, f"it ended:\n{self.output[-3000:]}"
            lines = self.output[after:].splitlines()
            return next((line for line in lines if words in line), None)

        return str(await eventually(said, lambda: f"{words!r} in:\n{self.output[-3000:]}"))

    async def stop(self) -> int:
        """Ask it to end, and return its exit status. A process that does not end fails the test."""
        self._process.send_signal(signal.SIGTERM)
        try:
            return await self._ended(5.0)
        except TimeoutError:
            self._process.kill()
            await self._ended(BOUND)
            raise AssertionError(f"did not end within 5 s:\n{self.output[-3000:]}") from None

    async def kill(self) -> None:
        """End it as a crash or a power cut does."""
        self._process.kill()
        await self._ended(BOUND)

    async def ends(self) -> int:
        """Wait until it ends by itself; return its exit status."""
        return await self._ended(BOUND)

    async def _ended(self, seconds: float) -> int:
        async with asyncio.timeout(seconds):
            status = await self._process.wait()
            await self._reading
        return status


async def run_once(
    settings: Mapping[str, str], data_dir: Path, *arguments: str, typed: str | None = None
) -> tuple[int, str]:
    """Run the bot to its own end; return its exit status and all it said."""
    async with BotProcess(settings, data_dir, *arguments, typed=typed) as bot:
        return await bot.ends(), bot.output


async def eventually(
    claim: Callable[[], Any], what: str | Callable[[], str], seconds: float = BOUND
) -> Any:
    """Return what a claim returns once that is true; for what tells nobody when it changes.

    A claim may be a function or return an awaitable. what: is waited for, in words; a function
    where they are those of the end.
    """
    ticker = asyncio.Event()  # never set: only its time-out is of use
    try:
        async with asyncio.timeout(seconds):
            while True:
                found = claim()
                if inspect.isawaitable(found):
                    found = await found
                if found:
                    return found
                try:
                    await asyncio.wait_for(ticker.wait(), 0.05)
                except TimeoutError:
                    continue
    except TimeoutError:
        words = what if isinstance(what, str) else what()
        raise AssertionError(f"waited {seconds:.0f} s in vain for {words}") from None

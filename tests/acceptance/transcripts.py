"""Play a written conversation with a real bot, and hold what it says against what is written.

    Ada: /start
    Lark: I am Paperlark … [Change]
    Lark: {title} … [👍 Like] [👎 Skip] …
    Ada: [👍 Like]
    Toast: Liked. …
    Edit: {title} … 👍 Liked …
    News: 2026-05-20
    Time: 2026-05-20 08:00

A line that begins with somebody's name is what they write or, in brackets, tap; it goes on in
the lines below it. `Lark:` is one new message to whoever acted last, `Edit:` the tapped message
as it is then, `Toast:` what Telegram shows in passing (Discord shows nothing). `…` stands for
any words, `{name}` for the same words everywhere; space, lines and marks of style do not matter.
`Time:` is when it is from then on; `News:` lets it be six on a day, and its papers be announced.
Whatever is written must come, in this order, and nothing else may.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from textwrap import dedent

from tests.acceptance.people import OnDiscord, Reader, Shown, newest
from tests.acceptance.process import eventually

_SPEAKER = re.compile(r"^([A-Z][\w ]*): ?", re.MULTILINE)
_STYLE = re.compile(r"[*`\\\\]")  # Discord's
_HOLE = re.compile(r"…|\{(\w+)\}")


@dataclass
class Play:
    """readers: by the names in the script. clock: the file that the bot reads its time from."""

    readers: Mapping[str, Reader]
    clock: Path | None = None
    news: Callable[[str], Awaitable[None]] | None = None
    known: dict[str, str] = field(default_factory=dict)
    _last: dict[str, int] = field(default_factory=dict)
    _actor: str = ""
    _tapped: Shown | None = None
    _toast: str = ""

    async def play(self, script: str) -> None:
        """Play it to its end. Raises AssertionError where the bot says something else."""
        self._last = {name: newest(reader) for name, reader in self.readers.items()}
        for speaker, words in _lines(script):
            await self._line(speaker, words)
        for name, reader in self.readers.items():
            more = [said(m) for m in reader.messages() if m.number > self._last[name]]
            assert not more, f"the bot said more to {name}: {more}"

    async def _line(self, speaker: str, words: str) -> None:
        match speaker:
            case "Time":
                self.leap(words)
            case "News":
                assert self.news is not None
                await self.news(words)
            case "Lark":
                await self._hears(words)
            case "Edit":
                await self._sees_edit(words)
            case "Toast" if not isinstance(self.readers[self._actor], OnDiscord):
                assert self._fits(words, self._toast), f"{self._toast!r} is not {words!r}"
            case "Toast":
                return
            case _:
                await self._acts(speaker, words)

    async def _acts(self, who: str, words: str) -> None:
        self._actor, reader = who, self.readers[who]
        words = _HOLE.sub(lambda hole: self.known.get(hole[1] or "", hole[0]), words)
        if label := re.fullmatch(r"\[(.+)\]", words):
            with_it = [m for m in reader.messages() if label[1] in m.labels]
            assert with_it, f"no {words} below {[said(m) for m in reader.messages()[-2:]]}"
            self._tapped = with_it[-1]
            self._toast = await reader.taps(label[1], self._tapped)
        else:
            await reader.says(words)

    async def _hears(self, words: str) -> None:
        """Wait for the next message to whoever acted last, and hold it against what is written."""
        reader, last = self.readers[self._actor], self._last[self._actor]

        def following() -> Shown | None:
            return next((m for m in reader.messages() if m.number > last), None)

        shown = await eventually(following, f"{words!r}")
        if not self._fits(words, said(shown)):  # Discord draws a message in two steps
            claim = f"{words!r}\nwhere the bot says\n{said(shown)!r}"
            await eventually(lambda: self._fits(words, said(following())), claim)
        self._last[self._actor] = shown.number

    async def _sees_edit(self, words: str) -> None:
        reader, tapped = self.readers[self._actor], self._tapped
        assert tapped is not None, "nothing was tapped"

        def now() -> str:
            return next((said(m) for m in reader.messages() if m.number == tapped.number), "")

        await eventually(lambda: self._fits(words, now()), lambda: f"{words!r}, is {now()!r}")

    def _fits(self, written: str, words: str) -> bool:
        """Hold words against what is written, and remember what its names stand for."""
        pattern, new = "", []
        for n, piece in enumerate(re.split(r"(…|\{\w+\})", written)):
            if not n % 2:
                pattern += re.escape(piece)
            elif piece == "…":
                pattern += ".*"
            elif piece[1:-1] in self.known or piece[1:-1] in new:
                known = self.known.get(piece[1:-1])
                pattern += re.escape(known) if known is not None else f"(?P={piece[1:-1]})"
            else:
                new.append(piece[1:-1])
                pattern += f"(?P<{piece[1:-1]}>.+?)"
        found = re.fullmatch(pattern.replace(r"\ ", " "), words)
        if found:
            self.known |= found.groupdict()
        return found is not None

    def leap(self, moment: str) -> None:
        """Let it be this moment, in UTC, for the bot."""
        assert self.clock is not None
        to = datetime.fromisoformat(moment).replace(tzinfo=UTC)
        fresh = self.clock.with_suffix(".new")
        ahead: timedelta = to - datetime.now(UTC)
        fresh.write_text(repr(ahead.total_seconds()))
        fresh.rename(self.clock)


def said(shown: Shown | None) -> str:
    """Return a message in one line: its words, its file, its buttons."""
    if shown is None:
        return ""
    on_telegram, on_discord = (getattr(shown.raw, name, None) for name in ("file", "files"))
    names = list(on_discord or ()) or ([on_telegram[0]] if on_telegram else [])
    attached = [f"({name})" for name in names]
    buttons = [f"[{label}]" for label in shown.labels]
    return " ".join([*_STYLE.sub("", shown.text).split(), *attached, *buttons])


def _lines(script: str) -> list[tuple[str, str]]:
    """Return who speaks, and what, in one line each."""
    parts = _SPEAKER.split(dedent(script))[1:]
    pairs = zip(parts[::2], parts[1::2], strict=True)
    return [(who, " ".join(words.split())) for who, words in pairs]

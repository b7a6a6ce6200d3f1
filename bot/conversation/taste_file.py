"""A taste file: what another Paperlark knows of a reader's taste, taken in here.

What a person has said here stands; the file only adds. Papers that neither the catalogue nor
arXiv has are listed, so that nothing is lost without a word.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from bot.conversation import teaching_words, topics_words, words
from bot.conversation.dialogue import text
from bot.conversation.events import Said, SentFile
from bot.conversation.features import Actions, privately
from bot.conversation.language import _
from bot.conversation.ports import Reader
from bot.conversation.references import TASTE_FORMAT, TASTE_VERSION
from bot.conversation.text import clipped, isolated, visible
from bot.conversation.told_file import ToldFile, told_in
from recommender.feedback import Verdict

MOST_PAPERS = 2_000
_LISTED = 10
_KEY = re.compile(r"[a-z]{1,20}:[A-Za-z0-9._/-]{1,100}")


@dataclass(frozen=True, slots=True)
class TastePaper:
    """A paper as the file has it, and what its reader said of it."""

    key: str
    title: str
    verdict: Verdict | None
    is_saved: bool


@dataclass(frozen=True, slots=True)
class TakenIn:
    """stored: how many opinions are new here. lacking: papers that are not known.

    left: papers that arXiv has not been asked for yet. is_away: because it could not be; otherwise
        because it was asked for so much, or for so long.
    """

    stored: int
    lacking: tuple[TastePaper, ...]
    left: tuple[TastePaper, ...] = ()
    is_away: bool = False


class TasteDesk(Protocol):
    """What this part asks of the desk. Every method may raise TemporarilyUnavailable."""

    async def take_in(self, reader: Reader, event: str, papers: Sequence[TastePaper]) -> TakenIn:
        """Let these opinions stand where nothing stands yet; the same event counts once."""

    async def take_in_asking(
        self, reader: Reader, event: str, papers: Sequence[TastePaper]
    ) -> TakenIn:
        """The same, after asking arXiv for papers that are not known, as far as it allows."""


class TellsDesk(Protocol):
    """What this part asks of the desk of what readers tell in words."""

    async def take_in_told(self, reader: Reader, told: ToldFile) -> int:
        """Let it stand beside what stands already; return how much of it is new.

        Raises TemporarilyUnavailable.
        """


class Misread(Exception):
    """Not a taste file that can be used; the message is a sentence for the person."""


class TasteFiles:
    """Implements `FileReader`."""

    def __init__(self, desk: TasteDesk, tells: TellsDesk) -> None:
        self._desk = desk
        self._tells = tells

    def reads(self, file: SentFile) -> bool:
        if file.content is None:
            return file.name.lower().endswith(".json")
        return TASTE_FORMAT.encode() in file.content[:1_000]

    async def read(self, reader: Reader, said: Said, file: SentFile) -> Actions:
        try:
            papers, told = parsed(file.content)
        except Misread as misread:
            yield privately(text(str(misread)))
            return
        known = await self._desk.take_in(reader, said.event, papers)
        lacking = known.lacking
        if papers:
            asked = sum(paper.key.startswith("arxiv:") for paper in lacking)
            yield privately(text(words.taste_taken_in(len(papers), known.stored, asked)))
        if lacking:
            found = await self._desk.take_in_asking(reader, f"{said.event}:more", lacking)
            yield privately(text(_looked_up(found)))
        if told:  # after the papers, of which interests are made
            stored = await self._tells.take_in_told(reader, told)
            yield privately(text(topics_words.told_taken_in(stored)))


def _looked_up(found: TakenIn) -> str:
    """Return what asking arXiv brought, and what to do about the rest."""
    names = [isolated(clipped(p.title, 80)) or p.key for p in found.lacking[:_LISTED]]
    said = list[str]()
    if names:
        said.append(teaching_words.unknown(names, len(found.lacking) - len(names)))
    if found.left:
        say = words.taste_left_away if found.is_away else words.taste_left
        said.append(say(len(found.left)))
    if found.stored or not said:
        said.insert(0, words.taste_found(found.stored))
    return "\n\n".join(said)


def parsed(content: bytes | None) -> tuple[list[TastePaper], ToldFile]:
    """Return the papers of a taste file, and what its reader told in words.

    Entries that make no sense are left out.

    Raises Misread.
    """
    if content is None:
        raise Misread(_(words.FILE_NOT_FETCHED))
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        raise Misread(_(words.TASTE_BROKEN)) from None
    if not isinstance(document, dict) or document.get("format") != TASTE_FORMAT:
        raise Misread(_(words.TASTE_BROKEN))
    version = document.get("version")
    if version != TASTE_VERSION:
        is_newer = isinstance(version, int) and version > TASTE_VERSION
        raise Misread(_(words.TASTE_NEWER if is_newer else words.TASTE_BROKEN))
    listed = document.get("papers")
    papers = [_paper(entry) for entry in listed] if isinstance(listed, list) else []
    kept = {paper.key: paper for paper in papers if paper is not None}
    told = told_in(document)
    if not kept and not told:
        raise Misread(_(words.TASTE_EMPTY))
    if len(kept) > MOST_PAPERS:
        raise Misread(words.taste_too_long(MOST_PAPERS))
    return list(kept.values()), told


def _paper(entry: Any) -> TastePaper | None:
    if not isinstance(entry, dict):
        return None
    key, verdict = entry.get("key"), entry.get("verdict")
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        return None
    known = Verdict(verdict) if verdict in list(Verdict) else None
    is_saved = entry.get("saved") is True
    title = entry.get("title")
    named = visible(title) if isinstance(title, str) else ""
    return TastePaper(key, named, known, is_saved) if known or is_saved else None

"""What a reader follows, mutes and says of interests, in a taste file.

Papers are known by their keys, which are the same in every installation.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.conversation.categories import category
from bot.conversation.interests import LONGEST_NAME
from bot.conversation.text import visible
from bot.conversation.topics import LONGEST, MOST
from recommender.wishes import Kind, Standing, Topic

MOST_INTERESTS = 50
MOST_KEYS = 2_000  # papers of one interest
_KEY = re.compile(r"[a-z]{1,20}:[A-Za-z0-9._/-]{1,100}")


@dataclass(frozen=True, slots=True)
class SaidOf:
    """What was said of the interest that these papers make; keys: at least one."""

    keys: tuple[str, ...]
    standing: Standing
    name: str


@dataclass(frozen=True, slots=True)
class ToldFile:
    """All that a reader told us in words, as a file carries it."""

    follows: tuple[Topic, ...] = ()
    mutes: tuple[Topic, ...] = ()
    interests: tuple[SaidOf, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.follows or self.mutes or self.interests)


def document(told: ToldFile) -> dict[str, Any]:
    """Return what stands in the file beside the papers; nothing where nothing was told."""
    parts = {
        "follows": [_written(topic) for topic in told.follows],
        "mutes": [_written(topic) for topic in told.mutes],
        "interests": [
            {"name": said.name, "standing": said.standing.value, "papers": list(said.keys)}
            for said in told.interests
        ],
    }
    return {name: part for name, part in parts.items() if part}


def _written(topic: Topic) -> dict[str, str]:
    return {"kind": topic.kind.value, "text": topic.text}


def told_in(file: Mapping[str, Any]) -> ToldFile:
    """Return what a file tells; entries that make no sense are left out."""
    return ToldFile(
        tuple(_topics(file.get("follows")))[:MOST],
        tuple(_topics(file.get("mutes")))[:MOST],
        tuple(_interests(file.get("interests")))[:MOST_INTERESTS],
    )


def _topics(listed: Any) -> Iterator[Topic]:
    for entry in _entries(listed):
        kind, text = entry.get("kind"), entry.get("text")
        if kind not in list(Kind) or not isinstance(text, str):
            continue
        written = visible(text)
        if kind == Kind.CATEGORY:
            written = category(written) or ""
        if re.search(r"\w", written) and len(written) <= LONGEST:
            yield Topic(Kind(kind), written)


def _interests(listed: Any) -> Iterator[SaidOf]:
    for entry in _entries(listed):
        name, standing, keys = (entry.get(field) for field in ("name", "standing", "papers"))
        if standing not in list(Standing) or not isinstance(keys, list):
            continue
        known = [key for key in keys if isinstance(key, str) and _KEY.fullmatch(key)]
        own = visible(name)[:LONGEST_NAME] if isinstance(name, str) else ""
        if known and (own or standing != Standing.KEPT):
            yield SaidOf(tuple(dict.fromkeys(known))[:MOST_KEYS], Standing(standing), own)


def _entries(listed: Any) -> Sequence[dict[str, Any]]:
    if not isinstance(listed, list):
        return []
    return [entry for entry in listed if isinstance(entry, dict)]

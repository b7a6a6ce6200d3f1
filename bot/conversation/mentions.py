"""What of a message may name papers: links and ids, addresses that spell a title, titles.

Pure. Which papers are meant only the catalogue and the sources know; this tells them where to
look, and what will be of no use to anybody.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from bot.conversation.text import visible

LONGEST = 20_000  # characters that are read
_MOST_TITLES = 30
_LONGEST_TITLE = 300
_FEWEST = 3  # words of a title among other lines, where "Thanks" is more likely to be a word
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_SPELLED = re.compile(r"semanticscholar\.org/paper/([^/\s?#]{8,300})/[0-9a-f]{40}\b", re.IGNORECASE)
# What stands for a paper in another catalogue, and by which name it is asked for there.
_ELSEWHERE = tuple(
    (kind, re.compile(pattern, re.IGNORECASE))
    for kind, pattern in (
        ("s2", r"semanticscholar\.org/[\w-]{1,20}/(?:[^/\s?#]{1,300}/)?([0-9a-f]{40})\b"),
        ("corpusid", r"\bCorpusID:\s?([0-9]{1,12})\b"),
        (
            "openreview",
            r"openreview\.net/[\w/]{1,60}\?(?:[^\s#]{0,200}?&)?id=([A-Za-z0-9_-]{5,40})",
        ),
    )
)
_MOST_ELSEWHERE = 10
_CLOSED = (
    ("OpenReview", re.compile(r"openreview\.net/\w+", re.IGNORECASE)),
    (
        "Semantic Scholar",
        re.compile(
            r"semanticscholar\.org/(?:paper/[0-9a-f]{40}\b|CorpusID:)|"
            r"\bCorpusID:\s?[0-9]+",
            re.IGNORECASE,
        ),
    ),
)
_FILE = re.compile(r"\.(?:pdf|ps|djvu|epub)$", re.IGNORECASE)
_COPY = re.compile(r"(?:\s*\([0-9]{1,2}\)|[\s_]+copy)$", re.IGNORECASE)
# How the proceedings of NeurIPS, and those of conferences on vision, name their files.
_PROCEEDINGS = (
    re.compile(
        r"(?:NIPS|NeurIPS)-[0-9]{4}-(.+)-Paper(?:-(?:Conference|Datasets|Position|Round)\w*)?", re.I
    ),
    re.compile(r"[^_]+_(.+)_(?:CVPR|ICCV|ECCV|WACV|ACCV)W?_[0-9]{4}_paper", re.IGNORECASE),
)
_NUMBER_BEFORE = re.compile(r"^[0-9]{1,6}[\s_-]+(?=\D)")
_BULLET = re.compile(r"^(?:[-*•·–—>]+|\(?\[?[0-9]{1,3}[\].)]+)\s+")
_LABEL = re.compile(r"^(?:title|paper|titel)\s*:\s*", re.IGNORECASE)
_YEAR = re.compile(r"^(?:19|20)[0-9]{2}$")


@dataclass(frozen=True, slots=True)
class Mentions:
    """text: where links and ids are looked for.

    spelled: titles with some authors' names behind them, as Semantic Scholar's addresses spell
        them; long ones are cut.
    whole: all that is written as one title, for it may stand on two lines; empty for one line.
    titles: what may be a title, line by line.
    closed: sites of which there is a link that by itself says nothing to us.
    elsewhere: what other catalogues may be asked for, such as `openreview:rJl0r3R9KX`.
    """

    text: str
    spelled: tuple[str, ...] = ()
    whole: str = ""
    titles: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()


def mentions_in(text: str, links: Sequence[str] = ()) -> Mentions:
    """Return what a message may name. links: addresses that markup hid behind words."""
    every = "\n".join((text[:LONGEST], *links))[:LONGEST]
    spelled = [" ".join(re.split(r"[-_\s]+", unquote(s))) for s in _SPELLED.findall(every)]
    closed = tuple(name for name, pattern in _CLOSED if pattern.search(_SPELLED.sub(" ", every)))
    shown = "\n".join(map(visible, every.split("\n")))
    lines = [bare for line in text[:LONGEST].split("\n") if (bare := _bare(line))]
    lines = lines[:_MOST_TITLES]
    whole = " ".join(lines) if len(lines) > 1 else ""
    return Mentions(
        shown,
        tuple(map(visible, spelled)),
        whole if len(whole) <= _LONGEST_TITLE else "",
        tuple(dict.fromkeys(_titles(lines))),
        closed,
        tuple(elsewhere_in(every)),
    )


def elsewhere_in(text: str) -> list[str]:
    """Return what other catalogues may be asked for, in the order of their mention."""
    found = [
        (match.start(), f"{kind}:{match[1].lower() if kind == 's2' else match[1]}")
        for kind, pattern in _ELSEWHERE
        for match in pattern.finditer(text)
    ]
    return list(dict.fromkeys(paper for _, paper in sorted(found)))[:_MOST_ELSEWHERE]


def _titles(lines: Sequence[str]) -> Iterator[str]:
    for line in lines:
        if _FILE.search(line):
            yield from _titles_of_file(_FILE.sub("", line))
        elif len(line) <= _LONGEST_TITLE and (len(lines) == 1 or len(line.split()) >= _FEWEST):
            yield line


def _bare(line: str) -> str:
    """Return a line without addresses, bullets and quotation marks."""
    words = visible(_ADDRESS.sub(" ", line))
    return _LABEL.sub("", _BULLET.sub("", words)).strip(" \"'“”„«»|")


def _spaced(title: str) -> str:
    return visible(re.sub(r"[-_]+", " ", title))


def _titles_of_file(name: str) -> Iterator[str]:
    """Yield what a file's name says: `Author et al. - 2017 - Title`, `123_Some_Title`, …"""
    name = _COPY.sub("", unquote(name))
    for proceedings in _PROCEEDINGS:
        if (found := proceedings.fullmatch(name)) and (title := _spaced(found[1])):
            yield title[:_LONGEST_TITLE]
    plain = visible(re.sub(r"[_+]+", " ", _NUMBER_BEFORE.sub("", name)))
    pieces = [piece.strip() for piece in re.split(r"\s[-–—]\s", plain)]
    years = [at for at, piece in enumerate(pieces) if _YEAR.match(piece)]
    if years and years[-1] + 1 < len(pieces):
        yield " - ".join(pieces[years[-1] + 1 :])[:_LONGEST_TITLE]
    elif len(pieces) > 1:
        yield max(pieces, key=len)[:_LONGEST_TITLE]
    yield plain[:_LONGEST_TITLE]

"""arXiv's documents as papers: the daily feed (RSS or Atom) and the query API's pages. Pure.

A document is read whole or not at all: one that was cut off is no well-formed XML. Document
types are refused, so that no entity is ever defined or fetched; control characters, which
XML forbids and abstracts hold now and then, are dropped before.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from storage.catalogue import NewPaper
from storage.sources.arxiv_calendar import announcement_day, eastern_day
from storage.sources.references import arxiv_key
from storage.sources.remarks import is_withdrawn, links
from storage.sources.source import SourceUnavailable

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REFERENCE = re.compile(r"&#(x[0-9a-fA-F]{1,6}|[0-9]{1,7});")
_PREAMBLE = re.compile(
    r"^\s*arXiv:\S+\s+Announce Type:\s*([a-z-]+)\s*(Abstract:)?\s*", re.IGNORECASE
)
_VERSION = re.compile(r"v([0-9]{1,3})\s*$")
_CATEGORY = re.compile(r"[a-z][a-z-]*(\.[A-Za-z-]{2,})?")  # arXiv's own, no ACM or MSC class
_SUFFIX = re.compile(r"(jr|sr|ii|iii|iv|ph\.?\s?d|m\.?d)\.?", re.IGNORECASE)
_REPLACEMENTS = ("replace", "replace-cross")


@dataclass(frozen=True, slots=True)
class DailyDocument:
    """One announcement day. n_items: how many it lists, unreadable ones included."""

    day: date
    papers: tuple[NewPaper, ...]
    n_items: int


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of the query API. n_entries: how many it holds; total: how many there are."""

    papers: tuple[NewPaper, ...]
    n_entries: int
    total: int


def parse_daily(body: bytes) -> DailyDocument:
    """Read a daily feed, RSS or Atom; items that make no sense are left out.

    Raises SourceUnavailable: `malformed`, or `unknown_category` when arXiv knows no feed of
    these categories.
    """
    root = _root(body)
    head = root if _name(root) == "feed" else _child(root, "channel")
    if head is None or _name(root) not in ("feed", "rss"):
        raise SourceUnavailable("malformed")
    if _text(head, "title").startswith("Feed error for query"):
        raise SourceUnavailable("unknown_category")
    moment = _moment(_text(head, "pubDate", "updated", "lastBuildDate"))
    if moment is None:
        raise SourceUnavailable("malformed")
    day = eastern_day(moment)
    items = [child for child in head if _name(child) in ("item", "entry")]
    papers = (paper for item in items if (paper := _announced(item, day)))
    return DailyDocument(day, _one_each(papers), len(items))


def parse_page(body: bytes) -> Page:
    """Read an answer of the query API.

    Raises SourceUnavailable: `malformed`, or `refused` for arXiv's entry titled `Error`.
    """
    root = _root(body)
    if _name(root) != "feed":
        raise SourceUnavailable("malformed")
    entries = [child for child in root if _name(child) == "entry"]
    if any("/api/errors" in _text(entry, "id") for entry in entries):
        raise SourceUnavailable("refused")
    papers = (paper for entry in entries if (paper := _found(entry)))
    total = _text(root, "totalResults")
    n_found = int(total) if total.isascii() and total.isdigit() else len(entries)
    return Page(_one_each(papers), len(entries), n_found)


def split_authors(creator: str) -> tuple[str, ...]:
    r"""Split the feed's one line of names at its commas.

    A comma inside brackets, behind a backslash (TeX's `\,`) or before "Jr." belongs to a name.
    """
    names: list[str] = []
    for part in _commas(creator):
        name = _fold(part)
        if names and _SUFFIX.fullmatch(name):
            names[-1] += f", {name}"
        elif name:
            names.append(name)
    return tuple(names)


def _commas(text: str) -> Iterator[str]:
    depth, start = 0, 0
    for at, char in enumerate(text):
        escaped = at > 0 and text[at - 1] == "\\"
        if char in "{(" and not escaped:
            depth += 1
        elif char in "})" and not escaped:
            depth = max(0, depth - 1)
        elif char == "," and not escaped and not depth:
            yield text[start:at]
            start = at + 1
    yield text[start:]


def _announced(item: Element, day: date) -> NewPaper | None:
    """One item of the daily feed. It has no comment, and `published` is only the day."""
    identifier = _text(item, "guid", "id")
    key = arxiv_key(identifier) or arxiv_key(_text(item, "link"))
    title, summary = _text(item, "title"), _text(item, "description", "summary")
    if not key or not title:
        return None
    preamble = _PREAMBLE.match(summary)
    abstract = summary[preamble.end() :] if preamble else summary
    kind = _text(item, "announce_type") or (preamble[1] if preamble else "")
    version = _version(identifier)
    return NewPaper(
        key=key,
        title=title,
        announced=day,
        abstract=abstract or None,
        authors=tuple(name for line in _all(item, "creator") for name in split_authors(line)),
        categories=_categories(item),
        version=version,
        journal_ref=_text(item, "journal_reference", "journal_ref") or None,
        doi=_text(item, "DOI", "doi") or None,
        links=links(abstract),
        is_withdrawn=is_withdrawn(None, abstract),
        is_replacement=kind.lower() in _REPLACEMENTS or (not kind and (version or 1) > 1),
    )


def _found(entry: Element) -> NewPaper | None:
    """One entry of the query API; it counts by the day arXiv's schedule gave its first version."""
    identifier, title = _text(entry, "id"), _text(entry, "title")
    key, published = arxiv_key(identifier), _moment(_text(entry, "published"))
    if not key or not title or published is None:
        return None
    abstract, comment = _text(entry, "summary") or None, _text(entry, "comment") or None
    authors = (author for author in entry if _name(author) == "author")
    return NewPaper(
        key=key,
        title=title,
        announced=announcement_day(published),
        abstract=abstract,
        authors=tuple(name for author in authors if (name := _text(author, "name"))),
        categories=_categories(entry),
        published=published,
        version=_version(identifier),
        comment=comment,
        journal_ref=_text(entry, "journal_ref") or None,
        doi=_text(entry, "doi") or None,
        links=links(comment, abstract),
        is_withdrawn=is_withdrawn(comment, abstract),
    )


def _one_each(papers: Iterable[NewPaper]) -> tuple[NewPaper, ...]:
    """One entry for each paper, whatever the order: its highest version stands.

    What is new and replaced on the same day is new.
    """
    best: dict[str, NewPaper] = {}
    for paper in papers:
        other = best.get(paper.key, paper)
        first, second = sorted((other, paper), key=_precedence)
        is_old = first.is_replacement and second.is_replacement
        best[paper.key] = replace(second, is_replacement=is_old)
    return tuple(best.values())


def _precedence(paper: NewPaper) -> tuple[int, str, str]:
    return paper.version or 1, paper.abstract or "", paper.title


def _categories(element: Element) -> tuple[str, ...]:
    primary = (c.get("term", "") for c in element if _name(c) == "primary_category")
    others = (c.get("term") or c.text or "" for c in element if _name(c) == "category")
    names = dict.fromkeys(name.strip() for name in (*primary, *others))
    return tuple(name for name in names if _CATEGORY.fullmatch(name))


def _version(identifier: str) -> int | None:
    match = _VERSION.search(identifier)
    return int(match[1]) if match else None


def _moment(text: str) -> datetime | None:
    """Read RFC 3339 or RFC 822 time; None for none, and for one outside arXiv's life."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        try:
            moment = parsedate_to_datetime(text)
        except (ValueError, IndexError, TypeError):
            return None
    if not 1990 < moment.year < 2200:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


class _Builder(ElementTree.TreeBuilder):
    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        raise SourceUnavailable("malformed")


def _root(body: bytes) -> Element:
    text = _REFERENCE.sub(_legal, _FORBIDDEN.sub("", body.decode("utf-8", "replace")))
    parser = ElementTree.XMLParser(target=_Builder())
    try:
        parser.feed(text)
        root = parser.close()
    except (ElementTree.ParseError, ValueError) as error:
        raise SourceUnavailable("malformed") from error
    if not isinstance(root, Element):
        raise SourceUnavailable("malformed")
    return root


def _legal(match: re.Match[str]) -> str:
    digits = match[1]
    code = int(digits[1:], 16) if digits.startswith("x") else int(digits)
    return match[0] if code < 0x110000 and not _FORBIDDEN.match(chr(code)) else ""


def _name(element: Element) -> str:
    """The tag without its name space: feeds differ in theirs."""
    return element.tag.rpartition("}")[2]


def _child(element: Element, name: str) -> Element | None:
    return next((child for child in element if _name(child) == name), None)


def _all(element: Element, *names: str) -> Iterator[str]:
    for name in names:
        for child in element:
            if _name(child) == name and (text := _fold("".join(child.itertext()))):
                yield text


def _text(element: Element, *names: str) -> str:
    """The folded text of the first of these children that has any, or nothing."""
    return next(_all(element, *names), "")


def _fold(text: str) -> str:
    return " ".join(text.split())

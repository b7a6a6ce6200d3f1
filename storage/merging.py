"""How what several sources and versions say of one paper becomes one paper.

Pure: what stands and what is new go in, what stands from now on comes out, and taking the
same in again changes nothing.
"""

import re
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from typing import Any, TypeVar

from recommender.papers import Link, Paper, PaperId

T = TypeVar("T")

_UNKNOWN = PaperId(0)
_ARXIV_MONTH = re.compile(r"arxiv:(?:[a-z.-]+/)?(\d\d)(0[1-9]|1[0-2])", re.IGNORECASE)
_NOT_STORABLE = re.compile("[\0\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class NewPaper:
    """A paper as one source hands it over: as `Paper`, with None or () where it does not know.

    announced: the day this source announces it. The day of the first announcement stays.
    version: None when the source does not tell versions (Hugging Face).
    is_replacement: a new version of an older paper; `announced` is then not its first day.
    """

    key: str
    title: str
    announced: date
    abstract: str | None = None
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    published: datetime | None = None
    version: int | None = None
    comment: str | None = None
    journal_ref: str | None = None
    doi: str | None = None
    links: tuple[Link, ...] = ()
    upvotes: int | None = None
    is_withdrawn: bool = False
    is_replacement: bool = False
    is_sample: bool = False


def first(new: NewPaper) -> Paper:
    """Return the paper as it stands when its first source hands it over; its id is 0."""
    return Paper(
        id=_UNKNOWN,
        key=new.key,
        title=new.title,
        abstract=new.abstract or "",
        authors=new.authors,
        categories=new.categories,
        announced=_first_day(new),
        published=new.published,
        version=new.version or 1,
        comment=new.comment,
        journal_ref=new.journal_ref,
        doi=new.doi,
        links=_joined((), new.links),
        upvotes=new.upvotes or 0,
        is_withdrawn=new.is_withdrawn,
        is_sample=new.is_sample,
    )


def merged(have: Paper, new: NewPaper) -> Paper:
    """Return what stands after `new`.

    A version at least as new overwrites what it knows; an older one, or a source that tells
    no versions, only fills what was missing. Nothing known is ever erased. The announcement
    day stays, except that a real paper brings its own in place of a sample's.
    """
    if new.is_sample and not have.is_sample:
        return have
    if have.is_sample and not new.is_sample:
        return _in_place_of_sample(have, new)
    version = new.version or 0
    is_current = version >= have.version or new.is_sample

    def chosen(old: T, said: T) -> T:
        return (said or old) if is_current else (old or said)

    return replace(
        have,
        title=chosen(have.title, new.title),
        abstract=chosen(have.abstract, new.abstract or ""),
        authors=chosen(have.authors, new.authors),
        categories=chosen(have.categories, new.categories),
        published=have.published or new.published,
        version=max(have.version, version),
        comment=chosen(have.comment, new.comment),
        journal_ref=chosen(have.journal_ref, new.journal_ref),
        doi=chosen(have.doi, new.doi),
        links=_joined(have.links, new.links),
        upvotes=max(have.upvotes, new.upvotes or 0),
        is_withdrawn=_is_withdrawn(have, new),
    )


def _in_place_of_sample(have: Paper, new: NewPaper) -> Paper:
    real = replace(first(new), id=have.id)
    return replace(
        real,
        title=real.title or have.title,
        abstract=real.abstract or have.abstract,
        authors=real.authors or have.authors,
        categories=real.categories or have.categories,
        announced=have.announced if new.is_replacement else real.announced,
    )


def _is_withdrawn(have: Paper, new: NewPaper) -> bool:
    """A withdrawal holds until a newer version takes it back."""
    version = new.version or have.version
    if version > have.version:
        return new.is_withdrawn
    return have.is_withdrawn or (new.is_withdrawn and version == have.version)


def _first_day(new: NewPaper) -> date:
    """Return when a paper was announced first.

    A replacement of a paper we never had is old, and must not pass for one of today's: it
    counts from its first version, or from the month in its arXiv number.
    """
    if not new.is_replacement:
        return new.announced
    if new.published is not None:
        return min(new.published.date(), new.announced)
    numbered = _ARXIV_MONTH.match(new.key)
    if numbered is None:
        return new.announced
    year, month = (int(part) for part in numbered.groups())
    century = 1900 if year > 90 else 2000  # arXiv began in 1991
    return min(date(century + year, month, 1), new.announced)


def _joined(have: tuple[Link, ...], more: tuple[Link, ...]) -> tuple[Link, ...]:
    return tuple({link.url: link for link in (*more, *have)}.values()) if more else have


def storable(new: NewPaper) -> NewPaper:
    """Return the paper as it is kept: without NUL and lone surrogates, its DOI in lower case.

    PostgreSQL cannot keep the former; the case of a DOI means nothing, so one is looked up by it.
    """
    kept = {f.name: _storable(getattr(new, f.name)) for f in fields(new)}
    return replace(new, **kept | {"doi": kept["doi"].lower() if kept["doi"] else None})


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return _NOT_STORABLE.sub("", value)
    if isinstance(value, tuple):
        return tuple(_storable(part) for part in value)
    if isinstance(value, Link):
        return Link(_storable(value.kind), _storable(value.url))
    return value

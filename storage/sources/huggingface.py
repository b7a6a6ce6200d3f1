"""Hugging Face's daily papers: upvotes, and where code and project pages are.

The list is made by hand out of arXiv's papers, so its rows carry arXiv's identifiers and
are sometimes weeks old. Everything but id and title may be missing.
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx

from recommender.papers import Link
from storage.catalogue import NewPaper
from storage.sources.answers import answered
from storage.sources.polite import REST
from storage.sources.references import arxiv_key
from storage.sources.remarks import is_withdrawn, link
from storage.sources.source import Fetched, Now, SourceUnavailable

ROWS = 100  # the most one request may ask for; two or three days
TIMEOUT = timedelta(seconds=20)
_UNWANTED = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_STILL_NEW = timedelta(days=14)  # between a paper and its listing; beyond, it counts by its own day


class HuggingFace:
    """The daily list, one request for each question."""

    name = "huggingface"

    def __init__(
        self, http: httpx.AsyncClient, base: str, *, now: Now, timeout: timedelta = TIMEOUT
    ) -> None:
        self._http = http
        self._url = f"{base.rstrip('/')}/api/daily_papers"
        self._now = now
        self._timeout = timeout

    async def fetch(self, validator: str | None = None) -> Fetched | None:
        """Return the newest hundred listed papers. Raises SourceUnavailable."""
        return await self._ask({"limit": str(ROWS), "p": "0"})

    async def fetch_day(self, day: date) -> Fetched:
        """Return what was listed on one day, for days that were missed. Raises SourceUnavailable.

        More than a hundred papers a day were never seen.
        """
        return await self._ask({"date": day.isoformat(), "limit": str(ROWS), "p": "0"})

    async def _ask(self, params: dict[str, str]) -> Fetched:
        request = self._http.get(self._url, params=params)
        response = await answered(request, self._timeout, self._now)
        if response.status_code != 200:
            raise SourceUnavailable(f"http_{response.status_code}", REST)
        return parse_rows(response.content, self._now().date())


def parse_rows(body: bytes, today: date) -> Fetched:
    """Read a daily list; rows that make no sense are left out.

    today: what a paper without any date counts by.

    Raises SourceUnavailable when it is no list at all.
    """
    try:
        rows = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise SourceUnavailable("malformed", REST) from error
    if not isinstance(rows, list):
        raise SourceUnavailable("malformed", REST)
    found: dict[str, NewPaper] = {}
    listed: list[date] = []
    for row in rows:
        paper = row.get("paper") if isinstance(row, dict) else None
        if not isinstance(paper, dict):
            continue
        day = _day(paper.get("submittedOnDailyAt"))
        listed += [day] if day else []
        new = _paper({**row, **paper}, day, today)
        if new:
            found.setdefault(new.key, new)
    return Fetched(tuple(found.values()), day=max(listed, default=None))


def _paper(row: Mapping[str, Any], listed: date | None, today: date) -> NewPaper | None:
    key, title = arxiv_key(_words(row.get("id"))), _words(row.get("title"))
    if not key or not title:
        return None
    published = _moment(row.get("publishedAt"))
    abstract = _words(row.get("summary")) or None
    return NewPaper(
        key=key,
        title=title,
        announced=_announced(published, listed, today),
        abstract=abstract,
        authors=_authors(row.get("authors")),
        published=published,
        links=_links(row, key),
        upvotes=_count(row.get("upvotes")),
        is_withdrawn=is_withdrawn(None, abstract),
    )


def _announced(published: datetime | None, listed: date | None, today: date) -> date:
    own = published.date() if published else None
    if listed and own and listed - own > _STILL_NEW:
        return own
    return listed or own or today


def _authors(value: object) -> tuple[str, ...]:
    people = [p for p in value if isinstance(p, dict)] if isinstance(value, list) else []
    shown = (_words(person.get("name")) for person in people if person.get("hidden") is not True)
    return tuple(name for name in shown if name)


def _links(row: Mapping[str, Any], key: str) -> tuple[Link, ...]:
    page = f"https://huggingface.co/papers/{key.partition(':')[2]}"
    wanted = (("code", row.get("githubRepo")), ("project", row.get("projectPage")))
    found = [found for kind, address in wanted if (found := link(kind, address))]
    return (*found, Link("discussion", page))


def _count(value: object) -> int | None:
    is_count = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31
    return value if is_count and isinstance(value, int) else None


def _words(value: object) -> str:
    """Text, folded, without control characters and halves of characters."""
    return " ".join(_UNWANTED.sub(" ", value).split()) if isinstance(value, str) else ""


def _moment(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    if moment is None or not 1990 < moment.year < 2200:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _day(value: object) -> date | None:
    moment = _moment(value)
    return moment.date() if moment else None

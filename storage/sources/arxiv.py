"""arXiv: the daily feed for what is new, the query API for look-ups and missed days.

The feed is what arXiv builds for this purpose: one document a day. It lacks the authors'
comments, so those are looked up afterwards. All requests go through one polite line.
"""

import asyncio
import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

import httpx

from storage.catalogue import NewPaper
from storage.sources.arxiv_calendar import submitted_for
from storage.sources.arxiv_documents import Page, parse_daily, parse_page
from storage.sources.polite import PoliteLine
from storage.sources.references import arxiv_id
from storage.sources.source import Fetched, Now, SourceUnavailable

BATCH = 100  # identifiers in one look-up: their address stays under two thousand characters
PAGE = 200  # papers in one page of a back-fill; arXiv times out over large ones
FEED_LIMIT = 2000  # items; what is over it, arXiv leaves out, the new papers first
A_PERSON_WAITS = timedelta(seconds=8)
_BY_DATE = "modified "  # marks a validator that is a Last-Modified, for a document without ETag


class Arxiv:
    """The papers of some categories. `categories` may be replaced while it runs."""

    name = "arxiv"

    def __init__(
        self,
        line: PoliteLine,
        *,
        api_base: str,
        rss_base: str,
        categories: Sequence[str],
        now: Now,
        patience: timedelta = A_PERSON_WAITS,
    ) -> None:
        """patience: how long a person waits for a look-up, from the question to the answer."""
        self._line = line
        self._api = api_base.rstrip("/")
        self._feeds = rss_base.rstrip("/")
        self.categories = tuple(categories)
        self._now = now
        self._patience = patience

    async def fetch(self, validator: str | None = None) -> Fetched | None:
        """Return today's announcements; none on weekends and holidays.

        Raises SourceUnavailable.
        """
        url = f"{self._feeds}/{'+'.join(self.categories)}"
        response = await self._line.get(url, headers=_conditions(validator))
        if response.status_code == 304:
            return None
        if response.status_code not in (200, 400):
            raise SourceUnavailable(f"http_{response.status_code}")
        document = await asyncio.to_thread(parse_daily, response.content)  # half a second
        if response.status_code == 400:
            raise SourceUnavailable("http_400")
        return Fetched(
            papers=document.papers,
            day=document.day,
            validator=_validator(response),
            is_whole=document.n_items < FEED_LIMIT,
        )

    async def look_up(self, keys: Collection[str]) -> list[NewPaper]:
        """Return the papers of these keys for a person who waits; unknown ones are left out.

        Keys of other sources are left out as well; at most the first hundred are asked for.
        Raises SourceUnavailable, after at most the patience of a person.
        """
        page = await self.by_keys(tuple(keys), deadline=self._now() + self._patience)
        if not page.papers and page.total:
            raise SourceUnavailable("short_page")
        return list(page.papers)

    async def titled(self, title: str) -> list[NewPaper]:
        """Return papers whose title holds these words in this order, for a person who waits.

        Raises SourceUnavailable, after at most the patience of a person.
        """
        return await self.titled_any([title])

    async def titled_any(self, titles: Sequence[str]) -> list[NewPaper]:
        """Return papers with one of a few titles, found by one question.

        Raises SourceUnavailable, after at most the patience of a person.
        """
        phrases = [" ".join(re.findall(r"\w+", title)[:30]) for title in titles]
        asked = [f'ti:"{phrase}"' for phrase in phrases if phrase]
        if not asked:
            return []
        params = {"search_query": " OR ".join(asked), "max_results": str(5 * len(asked))}
        return list((await self._ask(params, self._now() + self._patience)).papers)

    async def by_keys(self, keys: Sequence[str], deadline: datetime | None = None) -> Page:
        """Return the papers of at most `BATCH` keys; arXiv drops unknown ones silently.

        A page with fewer entries than its total came back short: what it lacks may exist.
        Raises SourceUnavailable.
        """
        ids = [i for key in keys if (i := arxiv_id(key))][:BATCH]
        if not ids:
            return Page((), 0, 0)
        params = {"id_list": ",".join(ids), "max_results": str(len(ids))}
        page = await self._ask(params, deadline)
        wanted = set(keys)
        return replace(page, papers=tuple(p for p in page.papers if p.key in wanted))

    async def submitted(self, day: date, start: int, some: Sequence[str] = ()) -> Page:
        """Return one page of what was submitted for an announcement day, oldest first.

        some: categories to ask for, when not for all. They are asked for at once: fewer
        requests, and a paper listed in several comes once. Raises SourceUnavailable.
        """
        first, last = submitted_for(day)
        window = f"[{first:%Y%m%d%H%M} TO {last - timedelta(minutes=1):%Y%m%d%H%M}]"
        categories = " OR ".join(f"cat:{category}" for category in some or self.categories)
        params = {
            "search_query": f"({categories}) AND submittedDate:{window}",
            "start": str(start),
            "max_results": str(PAGE),
            "sortBy": "submittedDate",
            "sortOrder": "ascending",
        }
        return await self._ask(params, None)

    async def _ask(self, params: dict[str, str], deadline: datetime | None) -> Page:
        response = await self._line.get(self._api, params, deadline=deadline)
        if response.status_code not in (200, 400):
            raise SourceUnavailable(f"http_{response.status_code}")
        page = await asyncio.to_thread(parse_page, response.content)
        if response.status_code == 400:
            raise SourceUnavailable("refused")
        return page


def _conditions(validator: str | None) -> dict[str, str]:
    if not validator:
        return {}
    if validator.startswith(_BY_DATE):
        return {"If-Modified-Since": validator.removeprefix(_BY_DATE)}
    return {"If-None-Match": validator}


def _validator(response: httpx.Response) -> str | None:
    """arXiv's ETag has no quotes and wants none back: it is returned to the letter."""
    etag: str | None = response.headers.get("ETag")
    modified: str | None = response.headers.get("Last-Modified")
    return etag or (f"{_BY_DATE}{modified}" if modified else None)

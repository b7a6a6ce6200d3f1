"""arXiv's query API and daily feeds and Hugging Face's daily papers on loopback.

Serves generated papers day by day: `today` is the announcement day and moves only when a
test says so. Faults are queued and used up one by one. What arrived, when, and how many at
once is kept, so that a test can hold the bot to arXiv's terms of use.
"""

import asyncio
import hashlib
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from email.utils import format_datetime
from typing import Any
from xml.sax.saxutils import escape, quoteattr
from zoneinfo import ZoneInfo

from aiohttp import web

from tests.loopback import serving

EASTERN = ZoneInfo("America/New_York")
ORDER = ("new", "cross", "replace", "replace-cross")
NAMESPACES = (
    'xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/"'
)


@dataclass(frozen=True)
class FeedPaper:
    """A paper as arXiv has it. upvotes: None when Hugging Face does not list it."""

    id: str
    announced: date
    title: str = "A Paper"
    abstract: str = "We study something."
    authors: tuple[str, ...] = ("Ada Example",)
    categories: tuple[str, ...] = ("cs.LG",)
    kind: str = "new"
    version: int = 1
    comment: str | None = None
    doi: str | None = None
    upvotes: int | None = None
    code: str | None = None
    published: datetime | None = None

    @property
    def submitted(self) -> datetime:
        """In the morning of the working day before the announcement day, unless told."""
        return self.published or datetime.combine(day_before(self.announced), time(10), EASTERN)


@dataclass(frozen=True)
class Fault:
    """service: feed, api or hf. kind: status, garbage, cut, short, empty, stale or hang."""

    service: str
    kind: str
    status: int = 503
    retry_after: str | None = None
    at: int = 0  # where a document is cut


@dataclass(frozen=True)
class Asked:
    """One request, stamped by the clock of the test."""

    service: str
    at: datetime
    params: dict[str, str]
    headers: dict[str, str]
    status: int


@dataclass
class LocalFeeds:
    """`async with LocalFeeds(papers, today) as feeds`; then `feeds.api_base` and so on."""

    papers: Iterable[FeedPaper]
    today: date
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    feed_limit: int = 2000
    asked: list[Asked] = field(default_factory=list)
    impolite: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    origin: str = ""

    async def __aenter__(self) -> "LocalFeeds":
        self.papers = list(self.papers)
        self._last: datetime | None = None
        self._in_flight = 0
        self._closing = asyncio.Event()
        self.arrived = asyncio.Event()
        app = web.Application()
        app.router.add_get("/{form:rss|atom}/{categories}", self._feed)
        app.router.add_get("/api/query", self._api)
        app.router.add_get("/api/daily_papers", self._daily_papers)
        self._runner, self.origin = await serving(app)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closing.set()
        await self._runner.cleanup()

    @property
    def api_base(self) -> str:
        return f"{self.origin}/api/query"

    @property
    def atom_base(self) -> str:
        return f"{self.origin}/atom"

    @property
    def rss_base(self) -> str:
        return f"{self.origin}/rss"

    @property
    def hf_base(self) -> str:
        return self.origin

    def settings(self) -> dict[str, str]:
        """What the environment of a bot that is to use this server holds."""
        return {
            "ARXIV_API_BASE": self.api_base,
            "ARXIV_RSS_BASE": self.atom_base,
            "HF_API_BASE": self.hf_base,
            # Who is asked for other catalogues' numbers finds nothing here.
            "SEMANTIC_SCHOLAR_API_BASE": self.origin,
            "OPENREVIEW_API_BASE": self.origin,
            "OPENREVIEW_OLD_API_BASE": self.origin,
        }

    def fail(self, service: str, kind: str, times: int = 1, **how: Any) -> None:
        """Let the next answers of a service go wrong."""
        self.faults += [Fault(service, kind, **how)] * times

    def requests(self, service: str) -> list[Asked]:
        return [asked for asked in self.asked if asked.service == service]

    # --- every service

    async def _answer(
        self, request: web.Request, service: str, answer: Callable[[Fault | None], web.Response]
    ) -> web.StreamResponse:
        fault = next((f for f in self.faults if f.service == service), None)
        if fault:
            self.faults.remove(fault)
        arxiv = service != "hf"
        if arxiv:
            self._judge()
            self._in_flight += 1
        at = self.now()
        try:
            response = await self._faulty(fault) or answer(fault)
        finally:
            if arxiv:
                self._in_flight -= 1
        headers, params = dict(request.headers), dict(request.query)
        self.asked.append(Asked(service, at, params, headers, response.status))
        self.arrived.set()
        if fault and fault.kind == "cut":
            return web.Response(body=response.body[: fault.at])
        return response

    def _judge(self) -> None:
        now = self.now()
        if self._in_flight:
            self.impolite.append("two requests at once")
        if self._last and now - self._last < timedelta(seconds=3):
            self.impolite.append(f"{now - self._last} after the last request")
        self._last = now

    async def _faulty(self, fault: Fault | None) -> web.Response | None:
        if fault is None:
            return None
        if fault.kind == "status":
            headers = {"Retry-After": fault.retry_after} if fault.retry_after else {}
            return web.Response(status=fault.status, text="Rate exceeded.", headers=headers)
        if fault.kind == "garbage":
            return web.Response(text="<html><p>Down for maintenance & <b", content_type="text/html")
        if fault.kind == "hang":
            await self._closing.wait()
            return web.Response(status=504)
        return None

    # --- the daily feed

    async def _feed(self, request: web.Request) -> web.StreamResponse:
        return await self._answer(request, "feed", lambda fault: self._document(request, fault))

    def _document(self, request: web.Request, fault: Fault | None) -> web.Response:
        form, categories = request.match_info["form"], request.match_info["categories"].split("+")
        if any(not re.fullmatch(r"[a-z-]+(\.[A-Za-z-]{2,})?", c) for c in categories):
            title = f"Feed error for query: {'+'.join(categories)}"
            return web.Response(status=400, body=document(form, self.today, [], title))
        body = document(form, self.today, self._announced(set(categories), fault))
        etag = hashlib.sha256(body).hexdigest()
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers={"ETag": etag})
        return web.Response(body=body, headers={"ETag": etag})

    def _announced(self, categories: set[str], fault: Fault | None) -> list[FeedPaper]:
        kind = fault.kind if fault else ""
        day = day_before(self.today) if kind == "stale" else self.today
        papers = [p for p in self.papers if p.announced == day and categories & {*p.categories}]
        papers.sort(key=lambda p: (ORDER.index(p.kind), p.id))
        return [] if kind == "empty" else papers[-self.feed_limit :]

    # --- the query API

    async def _api(self, request: web.Request) -> web.StreamResponse:
        return await self._answer(request, "api", lambda fault: self._page(request, fault))

    def _page(self, request: web.Request, fault: Fault | None) -> web.Response:
        query = request.query
        ids = [i for i in query.get("id_list", "").split(",") if i]
        wrong = next((i for i in ids if not re.fullmatch(r"[a-z-]+/\d{7}|\d{4}\.\d{4,5}", i)), "")
        if wrong:
            return web.Response(status=400, body=api_error(f"incorrect id format for {wrong}"))
        latest = {p.id: p for p in sorted(self._known(), key=lambda p: p.version)}
        if ids:
            found = [latest[i] for i in ids if i in latest]
        else:
            found = sorted(self._search(query.get("search_query", ""), latest.values()), key=_when)
        start, count = int(query.get("start", 0)), int(query.get("max_results", 10))
        page = found[start : start + count]
        if fault and fault.kind in ("short", "empty"):
            page = page[: len(page) // 2] if fault.kind == "short" else []
        return web.Response(body=api_page(page, len(found), start, count))

    def _known(self) -> list[FeedPaper]:
        return [p for p in self.papers if p.announced <= self.today]

    def _search(self, query: str, papers: Iterable[FeedPaper]) -> list[FeedPaper]:
        categories = set(re.findall(r"cat:([\w.-]+)", query))
        titles = [title.lower() for title in re.findall(r'ti:"([^"]*)"', query)]
        window = re.search(r"submittedDate:\[(\d{12}) TO (\d{12})\]", query)
        return [
            p
            for p in papers
            if (not categories or categories & {*p.categories})
            and (not titles or any(title in p.title.lower() for title in titles))
            and (not window or window[1] <= f"{_when(p):%Y%m%d%H%M}" <= window[2])
        ]

    # --- Hugging Face

    async def _daily_papers(self, request: web.Request) -> web.StreamResponse:
        return await self._answer(request, "hf", lambda fault: self._listed(request, fault))

    def _listed(self, request: web.Request, fault: Fault | None) -> web.Response:
        day = request.query.get("date")
        papers = [p for p in self._known() if p.upvotes is not None and p.version == 1]
        papers = [p for p in papers if day in (None, p.announced.isoformat())]
        papers.sort(key=lambda p: (p.announced, p.upvotes), reverse=True)
        rows = [] if fault and fault.kind == "empty" else [_row(p) for p in papers]
        return web.Response(body=json.dumps(rows[: int(request.query["limit"])]).encode())


def day_before(day: date) -> date:
    """The announcement day before."""
    day -= timedelta(days=1)
    while day.weekday() >= 5:
        day -= timedelta(days=1)
    return day


def _when(paper: FeedPaper) -> datetime:
    return paper.submitted.astimezone(UTC)


def _tag(name: str, text: str | None) -> str:
    return f"<{name}>{escape(text)}</{name}>\n" if text else ""


def _summary(paper: FeedPaper) -> str:
    head = f"arXiv:{paper.id}v{paper.version} Announce Type: {paper.kind} \n"
    return f"{head}Abstract: {paper.abstract}"


def document(form: str, day: date, papers: Iterable[FeedPaper], title: str = "") -> bytes:
    """The daily feed of a day in RSS or Atom."""
    midnight = datetime.combine(day, time(), EASTERN)
    title = title or "cs.LG updates on arXiv.org"
    items = "".join(_item(form, paper, midnight) for paper in papers)
    if form == "rss":
        head = f"<rss {NAMESPACES} version='2.0'><channel>\n{_tag('title', title)}"
        moment = _tag("pubDate", format_datetime(midnight))
        return f"<?xml version='1.0'?>\n{head}{moment}{items}</channel></rss>\n".encode()
    head = f"<feed {NAMESPACES} xmlns='http://www.w3.org/2005/Atom'>\n{_tag('title', title)}"
    moment = _tag("updated", (midnight + timedelta(seconds=14)).astimezone(UTC).isoformat())
    return f"<?xml version='1.0' encoding='UTF-8'?>\n{head}{moment}{items}</feed>\n".encode()


def _item(form: str, paper: FeedPaper, midnight: datetime) -> str:
    identifier, creator = f"oai:arXiv.org:{paper.id}v{paper.version}", ", ".join(paper.authors)
    common = (
        _tag("title", paper.title)
        + _tag("arxiv:announce_type", paper.kind)
        + _tag("arxiv:DOI", paper.doi)
        + _tag("dc:creator", creator)
    )
    if form == "rss":
        categories = "".join(_tag("category", c) for c in paper.categories)
        known = _tag("guid", identifier) + _tag("description", _summary(paper))
        return f"<item>{common}{known}{categories}</item>\n"
    categories = "".join(f"<category term={quoteattr(c)}/>\n" for c in paper.categories)
    known = _tag("id", identifier) + _tag("summary", _summary(paper))
    return f"<entry>{common}{known}{categories}{_tag('published', midnight.isoformat())}</entry>\n"


def _api_feed(entries: str, total: int, start: int, count: int) -> bytes:
    head = (
        "<?xml version='1.0' encoding='UTF-8'?>\n"
        "<feed xmlns:opensearch='http://a9.com/-/spec/opensearch/1.1/'"
        " xmlns:arxiv='http://arxiv.org/schemas/atom' xmlns='http://www.w3.org/2005/Atom'>\n"
    )
    numbers = (("itemsPerPage", count), ("totalResults", total), ("startIndex", start))
    told = "".join(_tag(f"opensearch:{name}", str(value)) for name, value in numbers)
    return f"{head}{told}{entries}</feed>\n".encode()


def api_page(papers: Iterable[FeedPaper], total: int, start: int, count: int) -> bytes:
    """One page of the query API; white space as arXiv breaks it."""
    return _api_feed("".join(_api_entry(paper) for paper in papers), total, start, count)


def api_error(message: str) -> bytes:
    """How the query API says no."""
    where = "https://arxiv.org/api/errors#no"
    entry = f"<entry>{_tag('id', where)}{_tag('title', 'Error')}{_tag('summary', message)}</entry>"
    return _api_feed(entry, 1, 0, 1)


def _api_entry(paper: FeedPaper) -> str:
    authors = "".join(f"<author>{_tag('name', name)}</author>" for name in paper.authors)
    categories = "".join(f"<category term={quoteattr(c)}/>" for c in reversed(paper.categories))
    primary = f"<arxiv:primary_category term={quoteattr(paper.categories[0])}/>"
    return (
        f"<entry>{_tag('id', f'http://arxiv.org/abs/{paper.id}v{paper.version}')}"
        f"{_tag('title', paper.title.replace(' ', chr(10) + '  ', 1))}"
        f"{_tag('summary', f'  {paper.abstract}{chr(10)}')}"
        f"{_tag('published', _when(paper).isoformat())}{authors}{categories}{primary}"
        f"{_tag('arxiv:comment', paper.comment)}{_tag('arxiv:doi', paper.doi)}</entry>\n"
    )


def _row(paper: FeedPaper) -> dict[str, Any]:
    inner: dict[str, Any] = {
        "id": paper.id,
        "title": paper.title,
        "summary": paper.abstract,
        "authors": [{"name": name, "hidden": False} for name in paper.authors],
        "publishedAt": f"{_when(paper).date()}T00:00:00.000Z",
        "submittedOnDailyAt": f"{paper.announced}T00:00:00.000Z",
        "upvotes": paper.upvotes,
    }
    if paper.code:
        inner |= {"githubRepo": paper.code, "githubStars": 7}
    return {"paper": inner, "title": paper.title, "publishedAt": inner["publishedAt"]}

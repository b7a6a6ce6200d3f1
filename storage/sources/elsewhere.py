"""What papers are that somebody names by another catalogue's number: titles, arXiv's ids.

Semantic Scholar knows DOIs and its own numbers, OpenReview its own. Neither is a source of
papers: what they tell of one is looked for in our catalogue and at arXiv. Nothing but the
numbers is sent to them.

Semantic Scholar: `POST graph/v1/paper/batch`, up to 500 ids in one question, null for what it
does not know. Without a key all users of the service share one limit, and 429 is common.
OpenReview: `GET notes?id=`, of its API 2 and, for what is older than 2023, of its API 1. Who is
not logged in may be answered 403 with `ChallengeRequiredError` instead of a note.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

import httpx

from storage.sources.answers import answered, document
from storage.sources.polite import REST, SILENCE
from storage.sources.references import arxiv_key
from storage.sources.source import Now, SourceUnavailable

TIMEOUT = timedelta(seconds=8)  # somebody waits for it
MOST_NOTES = 3  # of one question; each is a request of its own
MOST_IDS = 500
_LONGEST_TITLE = 500
_S2 = re.compile(r"s2:[0-9a-f]{40}")
_CORPUS = re.compile(r"corpusid:[0-9]{1,12}")
_NOTE = re.compile(r"openreview:[A-Za-z0-9_-]{5,40}")
_UNWANTED = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Described:
    """What another catalogue tells of a paper. key: arXiv's, where it names one."""

    title: str
    key: str | None = None


class OtherCatalogue(Protocol):
    """Tells what its ids stand for."""

    @property
    def name(self) -> str:
        """In logs."""

    @property
    def most(self) -> int:
        """How many ids one question may hold."""

    def knows(self, paper: str) -> bool:
        """Return whether an id is of the kind that it can be asked for."""

    async def described(self, papers: Collection[str]) -> dict[str, Described]:
        """Return what it tells of these; what it does not know is left out.

        Raises SourceUnavailable.
        """


class SemanticScholar:
    """Asked for `s2:` with 40 hexadecimal digits, `corpusid:` with a number, and `doi:`."""

    name = "semanticscholar"
    most = MOST_IDS

    def __init__(
        self,
        http: httpx.AsyncClient,
        base: str,
        key: str | None = None,
        *,
        now: Now,
        timeout: timedelta = TIMEOUT,
    ) -> None:
        self._http = http
        self._url = f"{base.rstrip('/')}/graph/v1/paper/batch"
        self._headers = {"x-api-key": key} if key else {}
        self._now = now
        self._timeout = timeout

    def knows(self, paper: str) -> bool:
        return bool(paper.startswith("doi:") or _S2.fullmatch(paper) or _CORPUS.fullmatch(paper))

    async def described(self, papers: Collection[str]) -> dict[str, Described]:
        asked = [paper for paper in papers if self.knows(paper)][:MOST_IDS]
        if not asked:
            return {}
        request = self._http.post(
            self._url,
            params={"fields": "title,externalIds"},
            json={"ids": [_as_asked(paper) for paper in asked]},
            headers=self._headers,
        )
        response = await answered(request, self._timeout, self._now)
        if response.status_code in (400, 404):
            return {}  # it takes none of them for an id
        if response.status_code != 200:
            raise SourceUnavailable(f"http_{response.status_code}", SILENCE)
        rows = document(response)
        if not isinstance(rows, list) or len(rows) != len(asked):
            raise SourceUnavailable("malformed", REST)
        told = {paper: _of_row(row) for paper, row in zip(asked, rows, strict=True)}
        return {paper: one for paper, one in told.items() if one is not None}


def _as_asked(paper: str) -> str:
    kind, _, number = paper.partition(":")
    return {"s2": number, "corpusid": f"CorpusId:{number}", "doi": f"DOI:{number}"}[kind]


def _of_row(row: object) -> Described | None:
    if not isinstance(row, dict):
        return None
    others = row.get("externalIds")
    arxiv = others.get("ArXiv") if isinstance(others, dict) else None
    return _described(row.get("title"), arxiv)


class OpenReview:
    """Asked for `openreview:` with a note's id.

    older: the base of API 1. name, password: of an account, where there is one.
    """

    name = "openreview"
    most = MOST_NOTES

    def __init__(
        self,
        http: httpx.AsyncClient,
        base: str,
        older: str,
        account: tuple[str, str] | None = None,
        *,
        now: Now,
        timeout: timedelta = TIMEOUT,
    ) -> None:
        self._http = http
        self._bases = (base.rstrip("/"), older.rstrip("/"))
        self._account = account
        self._token: str | None = None
        self._now = now
        self._timeout = timeout

    def knows(self, paper: str) -> bool:
        return _NOTE.fullmatch(paper) is not None

    async def described(self, papers: Collection[str]) -> dict[str, Described]:
        found: dict[str, Described] = {}
        for paper in [paper for paper in papers if self.knows(paper)][:MOST_NOTES]:
            for base in self._bases:
                told = await self._note(base, paper.partition(":")[2])
                if told is not None:
                    found[paper] = told
                    break
        return found

    async def _note(self, base: str, number: str) -> Described | None:
        """Return what a note says; None for one that is not there, or not for everybody."""
        response = await self._asked(base, number)
        if response.status_code == 403 and _is_challenge(response):
            if self._account is None:
                raise SourceUnavailable("login_required", SILENCE)
            self._token = await self._logged_in(self._account)
            response = await self._asked(base, number)
            if response.status_code == 403 and _is_challenge(response):
                raise SourceUnavailable("login_required", SILENCE)
        if response.status_code in (400, 403, 404):
            return None
        if response.status_code != 200:
            raise SourceUnavailable(f"http_{response.status_code}", REST)
        body = document(response)
        notes = body.get("notes") if isinstance(body, dict) else None
        if not isinstance(notes, list):
            raise SourceUnavailable("malformed", REST)
        content = notes[0].get("content") if notes and isinstance(notes[0], dict) else None
        return _of_content(content) if isinstance(content, dict) else None

    async def _asked(self, base: str, number: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        request = self._http.get(f"{base}/notes", params={"id": number}, headers=headers)
        response = await answered(request, self._timeout, self._now)
        if response.status_code == 401 and self._token:  # it has run out
            self._token = None
            return await self._asked(base, number)
        return response

    async def _logged_in(self, account: tuple[str, str]) -> str:
        name, password = account
        credentials = {"id": name, "password": password}
        request = self._http.post(f"{self._bases[0]}/login", json=credentials)
        response = await answered(request, self._timeout, self._now)
        token = document(response).get("token") if response.status_code == 200 else None
        if not isinstance(token, str) or not token:
            raise SourceUnavailable("login_refused", SILENCE)
        return token


def _is_challenge(response: httpx.Response) -> bool:
    body = document(response)
    return isinstance(body, dict) and "Challenge" in str(body.get("name", ""))


def _of_content(content: Mapping[str, Any]) -> Described | None:
    """Read the content of a note: API 1 has bare values, API 2 has each in a `value`."""
    plain = {
        name: value["value"] if isinstance(value, dict) and "value" in value else value
        for name, value in content.items()
    }
    # Where the paper itself is; its abstract may name other papers.
    links = [plain[name] for name in ("html", "pdf", "arxiv") if isinstance(plain.get(name), str)]
    address = re.search(r"arxiv\.org/\S+", " ".join(links), re.IGNORECASE)
    return _described(plain.get("title"), address[0] if address else None)


def _described(title: object, arxiv: object) -> Described | None:
    key = arxiv_key(arxiv) if isinstance(arxiv, str) else None
    words = " ".join(_UNWANTED.sub(" ", title).split()) if isinstance(title, str) else ""
    return Described(words[:_LONGEST_TITLE], key) if words or key else None

"""Semantic Scholar's batch look-up and OpenReview's notes, both of its APIs, on loopback.

Strict about how they are asked: what they would refuse is noted in `impolite`.
"""

import asyncio
import re
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.loopback import serving

_OF_S2 = re.compile(r"[0-9a-f]{40}|CorpusId:[0-9]+|DOI:10\.[0-9]{4,9}/\S+")


@dataclass
class LocalCatalogues:
    """`async with LocalCatalogues(rows, notes) as others`.

    rows: of Semantic Scholar by the id that is asked for. notes, older: titles by their ids in
    API 2 and API 1. gated: whether OpenReview wants everybody to be logged in, by `account`.
    faults: statuses with which the next requests are answered; 0 hangs.
    """

    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    notes: dict[str, dict[str, Any]] = field(default_factory=dict)
    older: dict[str, dict[str, Any]] = field(default_factory=dict)
    gated: bool = False
    account: tuple[str, str] = ("ada@example.org", "secret")
    tokens: list[str] = field(default_factory=lambda: ["token-1", "token-2"])
    faults: list[int] = field(default_factory=list)
    asked: list[tuple[str, ...]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    impolite: list[str] = field(default_factory=list)
    origin: str = ""

    async def __aenter__(self) -> "LocalCatalogues":
        self._closing = asyncio.Event()
        app = web.Application()
        app.router.add_post("/graph/v1/paper/batch", self._batch)
        app.router.add_post("/v2/login", self._login)
        app.router.add_get("/{api:v1|v2}/notes", self._notes)
        self._runner, self.origin = await serving(app)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closing.set()
        await self._runner.cleanup()

    def settings(self) -> dict[str, str]:
        """What the environment of a bot that is to use this server holds."""
        return {
            "SEMANTIC_SCHOLAR_API_BASE": self.origin,
            "OPENREVIEW_API_BASE": f"{self.origin}/v2",
            "OPENREVIEW_OLD_API_BASE": f"{self.origin}/v1",
        }

    async def _fault(self) -> web.Response | None:
        if not self.faults:
            return None
        status = self.faults.pop(0)
        if status == 0:
            await self._closing.wait()
        if status == 200:
            return web.Response(text="<html>Just a moment …", content_type="text/html")
        return web.json_response({"message": "Too Many Requests"}, status=status or 504)

    async def _batch(self, request: web.Request) -> web.StreamResponse:
        body, fields = await request.json(), request.query.get("fields", "")
        ids = body.get("ids") if isinstance(body, dict) else None
        if set(request.query) != {"fields"} or set(fields.split(",")) - {"title", "externalIds"}:
            self.impolite.append(f"asked for {dict(request.query)}")
        if set(body) != {"ids"} or not isinstance(ids, list) or not 1 <= len(ids) <= 500:
            return web.json_response({"error": "No valid paper ids given"}, status=400)
        self.impolite += [f"no id: {one}" for one in ids if not _OF_S2.fullmatch(one)]
        self.asked.append(("s2", *ids))
        self.keys.append(request.headers.get("x-api-key"))
        return await self._fault() or web.json_response([self.rows.get(one) for one in ids])

    async def _login(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.asked.append(("login", body["id"]))
        if (body["id"], body["password"]) != self.account:
            return web.json_response({"name": "LoginError", "message": "Invalid"}, status=400)
        return web.json_response({"token": self.tokens[0], "user": {"id": body["id"]}})

    async def _notes(self, request: web.Request) -> web.StreamResponse:
        api, number = request.match_info["api"], request.query.get("id", "")
        if set(request.query) != {"id"}:
            self.impolite.append(f"asked for {dict(request.query)}")
        self.asked.append((api, number))
        if fault := await self._fault():
            return fault
        shown = request.headers.get("Authorization")
        if shown is not None and shown != f"Bearer {self.tokens[0]}":
            return web.json_response({"name": "TokenExpiredError"}, status=401)
        if self.gated and shown is None:
            return web.json_response({"name": "ChallengeRequiredError", "status": 403}, status=403)
        known = self.notes if api == "v2" else self.older
        if number not in known:
            return web.json_response({"name": "NotFoundError", "status": 404}, status=404)
        content = known[number]
        if api == "v2":
            content = {name: {"value": value} for name, value in content.items()}
        return web.json_response({"notes": [{"id": number, "content": content}], "count": 1})

"""A web server of a test's own on 127.0.0.1, at a port that is free."""

from typing import Any

from aiohttp import web


async def serving(app: web.Application, **how: Any) -> tuple[web.AppRunner, str]:
    """Start it; return what ends it by `cleanup`, and its origin. how: as `AppRunner` takes it."""
    runner = web.AppRunner(app, **how)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, f"http://127.0.0.1:{runner.addresses[0][1]}"

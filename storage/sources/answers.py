"""One request to a source that needs no line of its own, and what may go wrong with it."""

import asyncio
import json
from collections.abc import Awaitable
from datetime import timedelta
from typing import Any

import httpx

from storage.sources.polite import REST, silence_asked
from storage.sources.source import Now, SourceUnavailable


async def answered(
    request: Awaitable[httpx.Response], within: timedelta, now: Now
) -> httpx.Response:
    """Return the answer to a request; any but 429 and 5xx is the caller's to judge.

    within: for the whole request, answer included. Raises SourceUnavailable.
    """
    try:
        async with asyncio.timeout(within.total_seconds()):
            response = await request
    except (TimeoutError, httpx.TimeoutException) as error:
        raise SourceUnavailable("timed_out", REST) from error
    except httpx.RequestError as error:
        raise SourceUnavailable("unreachable", REST) from error
    if response.status_code in (429, 503):
        why = "rate_limited" if response.status_code == 429 else "http_503"
        raise SourceUnavailable(why, silence_asked(response, now()))
    if response.status_code >= 500:
        raise SourceUnavailable(f"http_{response.status_code}", REST)
    return response


def document(response: httpx.Response) -> Any:
    """Return the JSON of an answer. Raises SourceUnavailable when it is none."""
    try:
        return json.loads(response.content)
    except (ValueError, RecursionError) as error:
        raise SourceUnavailable("malformed", REST) from error

"""Fixtures of the adapters' tests."""

from collections.abc import AsyncIterator

import pytest

from tests.local_telegram import LocalTelegram


@pytest.fixture
async def telegram() -> AsyncIterator[LocalTelegram]:
    """A local Telegram that must not have been asked for anything it refuses."""
    async with LocalTelegram() as server:
        yield server
    assert server.violations == []

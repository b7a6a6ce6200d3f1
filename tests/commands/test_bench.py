"""Measurements end by themselves, say what they found, and touch nobody's data."""

import asyncio

from bot.commands import bench_taps
from bot.commands.bench_answers import Sizes
from storage.database import Database
from tests.contracts.examples import reader


async def test_the_bench_of_taps_tells_rate_ratio_and_waits(any_database_url, capsys):
    few = Sizes(readers=5, bursts=1, lone=2)
    assert await asyncio.to_thread(bench_taps.run, any_database_url, 200, few) == 0
    told = capsys.readouterr().out
    for words in ("taps/s", "bare inserts", "ratio", "p99", "alone, warm", "the last of 5"):
        assert words in told


async def test_a_database_with_readers_is_not_measured_with(any_database_url, clock, capsys):
    database = Database(any_database_url)
    await reader(database, "7", clock())
    await database.dispose()
    assert await asyncio.to_thread(bench_taps.run, any_database_url, 200) == 1
    assert "empty database" in capsys.readouterr().out

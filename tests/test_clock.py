"""The clock of a week that passes in minutes."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bot.clock import FileClock, MachineClock
from tests.conftest import BOUND


@pytest.fixture
def ahead(tmp_path):
    """Sets by how many seconds the clock is ahead, as any process may."""

    def put(seconds):
        (tmp_path / "new").write_text(str(seconds))
        (tmp_path / "new").replace(tmp_path / "ahead")

    put(0)
    return put


async def test_every_reader_of_the_file_leaps_at_once(tmp_path, ahead):
    clocks = [FileClock(tmp_path / "ahead") for _ in range(2)]
    ahead(7 * 86_400)
    for clock in clocks:
        lead = clock() - datetime.now(UTC)
        assert abs(lead - timedelta(days=7)) < timedelta(minutes=1)


async def test_who_waits_for_tomorrow_wakes_when_the_clock_leaps_there(tmp_path, ahead):
    clock = FileClock(tmp_path / "ahead")
    waiting = asyncio.create_task(clock.sleep(86_400))
    await asyncio.sleep(0)  # let it begin
    assert not waiting.done()
    ahead(90_000)
    async with asyncio.timeout(BOUND):
        await waiting


async def test_a_machine_that_was_suspended_wakes_up_at_the_hour_and_not_behind_it():
    now = datetime(2026, 3, 2, 23, tzinfo=UTC)
    clock = MachineClock(lambda: now, nap=0.001)
    waiting = asyncio.create_task(clock.sleep(7200))
    await asyncio.sleep(0)  # let it begin
    assert not waiting.done()
    now += timedelta(hours=3)  # while the machine's timers stood still
    async with asyncio.timeout(BOUND):
        await waiting


async def test_a_clock_that_is_set_back_lets_nobody_sleep_longer():
    now = datetime(2026, 3, 2, 23, tzinfo=UTC)
    clock = MachineClock(lambda: now, nap=0.001)
    waiting = asyncio.create_task(clock.sleep(0.01))
    await asyncio.sleep(0)
    now -= timedelta(days=1)
    async with asyncio.timeout(BOUND):
        await waiting


async def test_the_machine_keeps_its_own_time():
    before = datetime.now(UTC)
    await MachineClock().sleep(0)
    assert before <= MachineClock()() <= datetime.now(UTC)

import asyncio
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.jobs.retrain import ENOUGH_PAPERS, is_due, run_child
from storage.catalogue import CatalogueSummary
from storage.model_store import Model

MORNING = datetime(2026, 3, 2, 9, tzinfo=UTC)
NIGHT = datetime(2026, 3, 3, 3, tzinfo=UTC)


def catalogue_of(real: int) -> CatalogueSummary:
    return CatalogueSummary(papers=real + 300, real=real, newest_day=None, newest_first_seen=None)


def model(trained: datetime, papers: int) -> Model:
    return Model("v1", "static", trained, {"papers": papers}, "models/v1", is_live=True)


@given(st.integers(0, ENOUGH_PAPERS - 1), st.booleans())
def test_nothing_is_trained_before_there_are_enough_real_papers(real, at_night):
    assert not is_due(None, catalogue_of(real), NIGHT if at_night else MORNING)


def test_the_first_real_papers_are_learnt_from_at_once():
    assert is_due(None, catalogue_of(ENOUGH_PAPERS), MORNING)


def test_a_catalogue_that_grew_by_half_does_not_wait_for_the_night():
    live = model(MORNING - timedelta(hours=1), papers=1000)
    assert not is_due(live, catalogue_of(1400), MORNING)
    assert is_due(live, catalogue_of(1500), MORNING)


def test_training_comes_once_a_night():
    assert is_due(model(NIGHT - timedelta(days=1), 1000), catalogue_of(1000), NIGHT)
    assert not is_due(model(NIGHT - timedelta(hours=1), 1000), catalogue_of(1000), NIGHT)
    assert not is_due(model(MORNING - timedelta(days=1), 1000), catalogue_of(1000), MORNING)


async def test_the_status_of_a_training_process_is_known():
    command = [sys.executable, "-c", "raise SystemExit(3)"]
    assert await run_child(command, asyncio.Event()) == 3


async def test_a_training_that_never_ends_is_ended():
    command = [sys.executable, "-c", "import threading; threading.Event().wait(60)"]
    assert await run_child(command, asyncio.Event(), longest=0.2) != 0


@pytest.mark.parametrize("ignores", [False, True])
async def test_a_training_process_is_ended_when_the_program_ends(tmp_path, ignores):
    ready = tmp_path / "ready"
    script = (
        "import pathlib, signal, sys, threading\n"
        f"{'signal.signal(signal.SIGTERM, signal.SIG_IGN)' if ignores else ''}\n"
        f"pathlib.Path({str(ready)!r}).touch()\n"
        "threading.Event().wait(60)\n"
    )
    stop = asyncio.Event()
    running = asyncio.create_task(run_child([sys.executable, "-c", script], stop))
    while not ready.exists():
        await asyncio.wait({running}, timeout=0.02)
        assert not running.done()
    began = time.monotonic()
    stop.set()
    assert await running != 0
    assert time.monotonic() - began < 5

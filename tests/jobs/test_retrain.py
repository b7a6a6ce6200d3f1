import asyncio
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.jobs.retrain import ENOUGH_PAPERS, is_due, run_child
from storage.catalogue import CatalogueSummary
from storage.model_store import Model, Training

MORNING = datetime(2026, 3, 2, 9, tzinfo=UTC)
NIGHT = datetime(2026, 3, 3, 3, tzinfo=UTC)


def catalogue_of(real: int) -> CatalogueSummary:
    return CatalogueSummary(papers=real + 300, real=real, newest_day=None, newest_first_seen=None)


def model(trained: datetime, papers: int) -> Model:
    return Model("v1", "static", trained, {"papers": papers}, "models/v1", is_live=True)


def training(at: datetime, papers: int, wanted: str = "static") -> Training:
    return Training("v2", at, wanted, "static", False, "It is worse.", {"papers": papers})


def due(
    live: Model | None,
    real: int,
    now: datetime,
    last: Training | None = None,
    wanted: str = "static",
) -> bool:
    return is_due(live, last, wanted, catalogue_of(real), now)


@given(st.integers(0, ENOUGH_PAPERS - 1), st.booleans())
def test_nothing_is_trained_before_there_are_enough_real_papers(real, at_night):
    assert not due(None, real, NIGHT if at_night else MORNING)


def test_the_first_real_papers_are_learnt_from_at_once():
    assert due(None, ENOUGH_PAPERS, MORNING)


def test_a_catalogue_that_grew_by_half_does_not_wait_for_the_night():
    live = model(MORNING - timedelta(hours=1), papers=1000)
    assert not due(live, 1400, MORNING)
    assert due(live, 1500, MORNING)


def test_training_comes_once_a_night():
    assert due(model(NIGHT - timedelta(days=1), 1000), 1000, NIGHT)
    assert not due(model(NIGHT - timedelta(hours=1), 1000), 1000, NIGHT)
    assert not due(model(MORNING - timedelta(days=1), 1000), 1000, MORNING)


def test_a_machine_that_sleeps_at_night_trains_by_day():
    assert not due(model(MORNING - timedelta(hours=43), 1000), 1000, MORNING)
    assert due(model(MORNING - timedelta(hours=44), 1000), 1000, MORNING)


def test_a_clock_that_was_once_years_ahead_puts_off_no_training():
    assert due(model(NIGHT + timedelta(days=900), 1000), 1000, NIGHT)
    assert not due(model(NIGHT + timedelta(hours=1), 1000), 1000, NIGHT)


def test_a_refused_training_counts_as_the_nights_and_as_the_papers_it_saw():
    live = model(NIGHT - timedelta(days=9), 1000)
    refused = training(NIGHT - timedelta(minutes=5), 2000)
    assert due(live, 2000, NIGHT)
    assert not due(live, 2000, NIGHT, refused)
    assert due(live, 3000, NIGHT, refused)
    assert due(live, 2000, NIGHT + timedelta(days=1), refused)


def test_another_encoder_is_learnt_at_once_and_only_once_a_night_where_that_failed():
    live = model(MORNING - timedelta(hours=1), 1000)
    assert due(live, 1000, MORNING, wanted="lsa")
    tried = training(MORNING - timedelta(minutes=1), 1000, wanted="lsa")
    assert not due(live, 1000, MORNING, tried, wanted="lsa")
    assert due(live, 1000, NIGHT, tried, wanted="lsa") == (NIGHT - tried.at >= timedelta(hours=20))
    assert due(live, 1000, NIGHT + timedelta(days=1), tried, wanted="lsa")


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

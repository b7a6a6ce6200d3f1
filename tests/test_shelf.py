"""The shelf follows the database: new papers, new models, and models that cannot be used."""

import asyncio
import shutil
import threading
from datetime import date

import pytest
from structlog.testing import capture_logs

from bot.jobs.retrain import retrain
from bot.shelf import Shelf, keep_fresh
from recommender.encoder import EncoderUnavailable, LsaEncoder
from storage import catalogue, model_store
from tests.conftest import BOUND
from tests.house import papers_of, stocked

TODAY, TOMORROW = date(2026, 3, 2), date(2026, 3, 3)


@pytest.fixture
async def shelf(database, encoder, clock, tmp_path):
    await stocked(database, papers_of(TODAY), clock())
    return Shelf(database, tmp_path, lambda _: encoder)


async def published(database, tmp_path, encoder, clock):
    clock.forward(hours=1)
    return await retrain(database, tmp_path, encoder, clock())


async def test_papers_that_come_are_on_the_shelf_at_the_next_look(shelf, database, clock):
    assert await shelf.refresh()
    before = (await shelf.held()).corpus
    assert not await shelf.refresh()
    await stocked(database, papers_of(TOMORROW, first=100), clock())
    assert await shelf.refresh()
    after = (await shelf.held()).corpus
    assert (len(before), len(after)) == (40, 80)


async def test_who_asks_before_the_first_look_waits_for_it(shelf):
    asking = asyncio.create_task(shelf.held())
    stop = asyncio.Event()
    keeping = asyncio.create_task(keep_fresh(shelf, stop, every=3600))
    async with asyncio.timeout(BOUND):
        assert len((await asking).corpus) == 40
        stop.set()
        await keeping


async def test_who_is_told_to_end_does_not_wait_for_a_model_that_loads(database, clock, tmp_path):
    await stocked(database, papers_of(TODAY), clock())
    loading, go_on, stop = threading.Event(), threading.Event(), asyncio.Event()

    def load_slowly(_):
        loading.set()
        go_on.wait(BOUND)
        return LsaEncoder()

    keeping = asyncio.create_task(
        keep_fresh(Shelf(database, tmp_path, load_slowly), stop, every=3600)
    )
    try:
        assert await asyncio.to_thread(loading.wait, BOUND)
        stop.set()
        async with asyncio.timeout(BOUND / 2):
            await keeping
    finally:
        go_on.set()


async def test_a_published_model_goes_live_between_two_answers(
    shelf, database, encoder, clock, tmp_path
):
    await shelf.refresh()
    held = await shelf.held()
    for _ in range(2):
        live = await published(database, tmp_path, encoder, clock)
        assert await shelf.refresh()
        assert shelf.version == live.version
        assert not await shelf.refresh()
    assert held.model.version == "text-static"  # an answer under way keeps what it began with
    assert len((await shelf.held()).corpus) == 40


async def test_missing_files_are_said_once_and_found_when_they_come(
    shelf, database, encoder, clock, tmp_path
):
    live = await published(database, tmp_path, encoder, clock)
    (tmp_path / "models").rename(tmp_path / "elsewhere")
    with capture_logs() as said:
        assert await shelf.refresh()
        await shelf.refresh()
    (line,) = said
    assert line["event"] == "model.files_missing"
    assert "paperlark retrain" in line["what"]
    assert shelf.version == "text-static"
    (tmp_path / "elsewhere").rename(tmp_path / "models")
    assert await shelf.refresh()
    assert shelf.version == live.version


async def test_a_file_that_was_cut_short_leaves_what_was_held(
    shelf, database, encoder, clock, tmp_path
):
    before = await published(database, tmp_path, encoder, clock)
    await shelf.refresh()
    damaged = await published(database, tmp_path, encoder, clock)
    largest = max((tmp_path / damaged.folder).iterdir(), key=lambda file: file.stat().st_size)
    largest.write_bytes(largest.read_bytes()[:200])
    with capture_logs() as said:
        assert not await shelf.refresh()
    assert [line["event"] for line in said] == ["model.files_missing"]
    assert shelf.version == before.version


async def test_a_model_of_another_release_leaves_what_was_held(
    shelf, database, encoder, clock, tmp_path
):
    live = await published(database, tmp_path, encoder, clock)
    (tmp_path / live.folder / "head.npy").unlink()
    with capture_logs() as said:
        assert await shelf.refresh()
        await stocked(database, papers_of(TOMORROW, first=100), clock())
        assert await shelf.refresh()
    (line,) = said
    assert line["event"] == "model.unusable"
    assert "paperlark retrain" in line["hint"]
    assert (shelf.version, len((await shelf.held()).corpus)) == ("text-static", 80)


async def test_without_the_models_encoder_picks_go_by_text_alone(
    database, encoder, clock, tmp_path
):
    await stocked(database, papers_of(TODAY), clock())
    await published(database, tmp_path, encoder, clock)
    shelf = Shelf(database, tmp_path, lambda _: LsaEncoder())
    with capture_logs() as said:
        assert await shelf.refresh()
        await shelf.refresh()
    assert [line["event"] for line in said] == ["model.unusable"]
    assert shelf.version == "text-lsa"


async def test_a_model_whose_encoder_cannot_be_had_is_told_of_once_with_the_reason(
    database, encoder, clock, tmp_path
):
    await stocked(database, papers_of(TODAY), clock())
    live = await published(database, tmp_path, encoder, clock)

    def only_lsa(name):
        if name is not None:
            raise EncoderUnavailable("It is not installed.")
        return LsaEncoder()

    shelf = Shelf(database, tmp_path, only_lsa)
    with capture_logs() as said:
        assert await shelf.refresh()
        assert not await shelf.refresh()
    (line,) = said
    assert (line["event"], line["model"]) == ("model.unusable", live.version)
    assert line["why"] == "It is not installed."
    assert shelf.version == "text-lsa"


async def test_forgotten_files_of_an_older_model_do_no_harm(
    shelf, database, encoder, clock, tmp_path
):
    live = await published(database, tmp_path, encoder, clock)
    await shelf.refresh()
    shutil.rmtree(tmp_path / live.folder)
    await stocked(database, papers_of(TOMORROW, first=100), clock())
    assert await shelf.refresh()
    assert len((await shelf.held()).corpus) == 80
    async with database.reading() as db:
        assert (await model_store.live(db)).version == live.version
        assert (await catalogue.summary(db)).real == 80

"""Where sources stand, on both databases."""

import asyncio
from datetime import timedelta

from storage import catalogue
from storage.catalogue import SourceState
from storage.database import Database

GAP = timedelta(seconds=3)


async def note(database, what, *arguments, **more):
    async with database.writing() as db:
        return await what(db, *arguments, **more)


async def state(database, name="arxiv"):
    async with database.reading() as db:
        return await catalogue.source_state(db, name)


async def test_a_source_never_asked_has_no_state(any_database):
    assert await state(any_database) == SourceState("arxiv")


async def test_a_failure_is_new_once_and_success_ends_it(any_database, clock):
    later = clock() + timedelta(minutes=10)
    failures = [
        await note(any_database, catalogue.note_failure, "arxiv", why, clock(), later)
        for why in ("429", "429", "timeout")
    ]
    failing = await state(any_database)
    was_failing = [
        await note(any_database, catalogue.note_success, "arxiv", clock()) for _ in range(2)
    ]
    assert failures == [True, False, True]
    assert (failing.last_error, failing.last_error_at, failing.next_try) == (
        "timeout",
        clock(),
        later,
    )
    assert was_failing == [True, False]
    working = await state(any_database)
    assert (working.last_error, working.last_success, working.next_try) == (None, clock(), None)
    async with any_database.reading() as db:
        assert await catalogue.source_states(db) == [working]


async def test_a_watermark_never_moves_back(any_database, clock):
    for day in ("2026-03-02", "2026-03-01", None):
        await note(any_database, catalogue.note_success, "arxiv", clock(), watermark=day, etag=day)
    kept = await state(any_database)
    assert (kept.watermark, kept.etag) == ("2026-03-02", "2026-03-01")


async def test_processes_that_ask_at_once_are_given_moments_apart(any_database_url, clock):
    databases = [Database(any_database_url) for _ in range(3)]
    moments = await asyncio.gather(
        *(note(databases[i % 3], catalogue.reserve, "arxiv", clock(), GAP) for i in range(12))
    )
    for database in databases:
        await database.dispose()
    assert sorted(moments) == [clock() + i * GAP for i in range(12)]


async def test_after_a_rest_a_service_may_be_asked_at_once(any_database, clock):
    assert await note(any_database, catalogue.reserve, "arxiv", clock(), GAP) == clock()
    clock.forward(minutes=1)
    assert await note(any_database, catalogue.reserve, "arxiv", clock(), GAP) == clock()


async def test_a_silence_holds_for_everybody_and_a_shorter_one_does_not_end_it(any_database, clock):
    until = clock() + timedelta(minutes=10)
    await note(any_database, catalogue.silence, "arxiv", until)
    await note(any_database, catalogue.silence, "arxiv", clock())
    assert await note(any_database, catalogue.reserve, "arxiv", clock(), GAP) == until
    assert (await state(any_database)).next_allowed == until + GAP
    async with any_database.reading() as db:
        assert await catalogue.source_states(db) == []

"""Who is forgotten while a model is trained is forgotten: no row, no file, no array is theirs."""

import asyncio

import pytest

from bot.account_desk import AccountDesk
from bot.jobs.retrain import retrain
from storage import library, model_store
from storage.dialogue_state import LocalState
from tests import traces
from tests.conftest import BOUND
from tests.contracts.examples import reader
from tests.house import open_desk, stocked
from tests.jobs.test_publishing import NumberEncoder, Readers, everything, last, live, numbered

READERS = 47  # as many as there is of nothing else in a model
EACH = 8  # likes
NOTE = "read this on the xylophone"
MOMENTS = (
    "reading papers",
    "comparing text with readers",
    "comparing with the live model",
    "learning from readers",
    "done",
)


@pytest.fixture
async def papers(any_database, clock):
    await stocked(any_database, numbered(), clock())
    return await everything(any_database)


@pytest.fixture
async def found(any_database, clock, papers):
    """Readers who like what others of their field like, and keep a note each."""
    found = [await reader(any_database, f"91407755{n:03}", clock()) for n in range(READERS)]
    async with any_database.writing() as db:
        for one in found:
            await library.write_note(
                db, one.user.id, one.account.id, papers[0].id, f"{NOTE} {one.user.id:03}", clock()
            )
    return found


@pytest.fixture
async def desk(any_database, encoder, clock, tmp_path, papers):
    return await open_desk(any_database, encoder, clock, tmp_path)


async def test_who_is_forgotten_while_a_model_is_trained_leaves_nothing_behind(
    found, desk, any_database, papers, clock, tmp_path
):
    account = AccountDesk(any_database, desk.reader_of, LocalState(), clock, tmp_path / "exports")
    texts, likes = NumberEncoder(parts=4), Readers(any_database, clock, papers, found)
    await likes.like(EACH)
    await retrain(any_database, tmp_path, texts, clock.forward(hours=1))
    await likes.like(2)
    forgotten, loop = {}, asyncio.get_running_loop()

    async def forget(one):
        await account.forget(await desk.reader_of(one.account.id))

    def forgets(what, done):
        for moment, one in zip(MOMENTS, found, strict=False):
            if what.startswith(moment) and moment not in forgotten:
                asyncio.run_coroutine_threadsafe(forget(one), loop).result(BOUND)
                forgotten[moment] = one

    published = await retrain(any_database, tmp_path, texts, clock.forward(hours=1), forgets)
    assert set(forgotten) == set(MOMENTS)
    assert (await live(any_database)).version == published.version
    assert (await last(any_database)).is_published
    assert published.metrics["ratings"] == READERS * (EACH + 2)  # which were read before
    assert published.metrics["blend"] > 0  # readers have taught it

    gone = list(forgotten.values())
    people, accounts = {one.user.id for one in gone}, {one.account.id for one in gone}
    assert await traces.referring(any_database, people, accounts) == []
    assert await traces.in_tables(any_database, said_by(gone)) == []
    assert traces.in_files(tmp_path, said_by(gone)) == []
    assert await traces.in_tables(any_database, said_by(found[len(gone) :])) != []
    numbers_are_of_papers_only(model_store.load(tmp_path, published), papers)

    after = await retrain(any_database, tmp_path, texts, clock.forward(hours=1))
    assert after.metrics["ratings"] == (READERS - len(gone)) * (EACH + 2)
    assert after.metrics["readers"] == READERS - len(gone)


def said_by(some):
    return [word for one in some for word in (one.account.external_id, f"{NOTE} {one.user.id:03}")]


def numbers_are_of_papers_only(arrays, papers):
    """Check that no array has a place for each reader, and that whole numbers are papers'."""
    ids = {paper.id for paper in papers}
    for name, array in arrays.items():
        assert not {READERS, READERS - len(MOMENTS)} & set(array.shape), name
    assert set(arrays["known_ids"].tolist()) == ids
    assert set(arrays["rated"].tolist()) <= ids
    positions = arrays["neighbour_papers"]
    assert set(positions.tolist()) <= set(range(len(arrays["rated"])))
    whole = {name for name, array in arrays.items() if array.dtype.kind in "iu"}
    texts = {"head", "terms", "words"}
    assert whole - texts == {
        *("known_ids", "known_prints", "known_telling", "rated"),
        *("neighbour_papers", "neighbour_starts"),
    }

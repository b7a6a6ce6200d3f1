"""What is published, refused and taken back, on a real database with real models."""

import asyncio
import re
import sys
from dataclasses import replace
from datetime import date, timedelta
from hashlib import blake2b

import numpy as np
import pytest
from structlog.testing import capture_logs

from bot.health import Health
from bot.jobs.retrain import (
    LONGEST,
    LOOKED_WITHIN,
    REFUSED,
    Refused,
    Trainer,
    is_due,
    retrain,
)
from bot.shelf import Shelf
from recommender.encoder import LsaEncoder, load
from recommender.feedback import Verdict
from recommender.picks import Request
from recommender.ranking import recommend
from storage import catalogue, feedback_log, model_store
from storage.dialogue_state import LocalState
from storage.errors import NoEarlierModel
from tests.conftest import BOUND
from tests.contracts.examples import reader
from tests.house import TOPICS, papers_of, stocked
from tests.recommender import planted

TODAY = date(2026, 3, 2)
READERS = 30
EACH = 40  # papers of a field


class LotteryEncoder:
    """Texts are alike when they have drawn the same lot, whatever they are about."""

    name = "lottery"
    dimensions = 12

    def encode(self, texts):
        lots = [blake2b(text.encode()).digest()[0] % self.dimensions for text in texts]
        return np.eye(self.dimensions, dtype=np.float32)[np.array(lots, np.int64)]


def numbered():
    """Papers without a telling word: all depends on what an encoder makes of their numbers."""
    papers = papers_of(TODAY, n_each=EACH)
    return [replace(p, title=f"Report {n}", abstract="We report.") for n, p in enumerate(papers)]


class NumberEncoder:
    """Texts are alike when their numbers are of the same field, or part of a field."""

    name = "numbers"

    def __init__(self, parts=1):
        self._alike = EACH // parts
        self.dimensions = parts * len(TOPICS)

    def encode(self, texts):
        drawers = [int(re.search(r"\d+", text)[0]) // self._alike for text in texts]
        return np.eye(self.dimensions, dtype=np.float32)[np.array(drawers, np.int64)]


class Readers:
    """Readers of five topics, who like one more paper of their own whenever asked to."""

    def __init__(self, database, clock, papers, found):
        self._database, self._clock = database, clock
        self._accounts = found
        self._unread = []
        rng = np.random.default_rng(0)
        for number in range(len(found)):
            category = list(TOPICS)[number % len(TOPICS)]
            mine = [paper.id for paper in papers if paper.categories == (category,)]
            self._unread.append([mine[at] for at in rng.permutation(len(mine))])

    async def like(self, times):
        for _ in range(times):
            at = self._clock.forward(minutes=1)
            async with self._database.writing() as db:
                for who, unread in zip(self._accounts, self._unread, strict=True):
                    reader, account, event = who.user.id, who.account.id, f"like-{len(unread)}"
                    await feedback_log.record(
                        db, reader, account, event, unread.pop(), None, at, verdict=Verdict.LIKE
                    )


@pytest.fixture
async def readers(database, clock):
    return await readers_of(papers_of(TODAY, n_each=EACH), database, clock)


@pytest.fixture
async def readers_of_numbers(database, clock):
    return await readers_of(numbered(), database, clock)


async def readers_of(papers, database, clock):
    await stocked(database, papers, clock())
    found = [await reader(database, str(number), clock()) for number in range(READERS)]
    readers = Readers(database, clock, await everything(database), found)
    await readers.like(8)
    return readers


async def live(database):
    async with database.reading() as db:
        return await model_store.live(db)


async def last(database):
    async with database.reading() as db:
        return await model_store.last_training(db)


async def trained(database, folder, encoder, clock, **options):
    return await retrain(
        database,
        folder,
        encoder,
        clock.forward(hours=1),
        load_encoder=lambda name: NumberEncoder() if name == "numbers" else load(name, folder),
        **options,
    )


async def test_a_model_that_is_significantly_worse_is_not_published_and_says_why(
    readers_of_numbers, database, clock, tmp_path
):
    good = await trained(database, tmp_path, NumberEncoder(), clock)
    assert good.metrics["gate"] == "Published without a comparison: it is the first model."
    await readers_of_numbers.like(2)
    with pytest.raises(Refused) as refused, capture_logs() as said:
        await trained(database, tmp_path, LotteryEncoder(), clock)
    sentence = str(refused.value)
    assert sentence.startswith("The new model is significantly worse than the live one: it reaches")
    assert "95 % interval" in sentence
    assert (await live(database)).version == good.version
    assert [folder.name for folder in (tmp_path / "models").iterdir()] == [good.version]
    attempt = await last(database)
    assert (attempt.encoder, attempt.is_published, attempt.why) == ("lottery", False, sentence)
    figures = attempt.metrics
    assert figures["gate_high"] < 0
    assert figures["gate_candidate"] < figures["gate_live"]
    assert figures["gate_readers"] == READERS
    (line,) = [line for line in said if line["event"] == "retrain.candidate"]
    assert line["metrics"] == figures


async def test_force_publishes_a_worse_model_and_keeps_the_figures(
    readers_of_numbers, database, clock, tmp_path
):
    await trained(database, tmp_path, NumberEncoder(), clock)
    await readers_of_numbers.like(2)
    forced = await trained(database, tmp_path, LotteryEncoder(), clock, force=True)
    assert (await live(database)).version == forced.version
    assert forced.metrics["gate"].startswith("Published by force. The new model is significantly")
    assert forced.metrics["gate_high"] < 0
    assert (await last(database)).is_published


async def test_a_model_that_is_as_good_is_published_with_the_comparison(
    readers, database, encoder, clock, tmp_path
):
    await trained(database, tmp_path, encoder, clock)
    await readers.like(2)
    again = await trained(database, tmp_path, encoder, clock)
    assert (await live(database)).version == again.version
    assert again.metrics["gate"].startswith("The new model is not significantly worse")
    assert again.metrics["gate_readers"] == READERS


async def test_what_the_live_model_has_learnt_from_is_no_test_of_it(database, clock, tmp_path):
    # Texts tell apart what readers like together, so that readers surely tell more.
    await stocked(database, numbered(), clock())
    found = [await reader(database, str(number), clock()) for number in range(5 * READERS)]
    await Readers(database, clock, await everything(database), found).like(9)
    first = await trained(database, tmp_path, NumberEncoder(parts=4), clock)
    assert first.metrics["blend"] > 0
    again = await trained(database, tmp_path, NumberEncoder(parts=4), clock)
    assert "without a comparison: nobody has liked anything new since" in again.metrics["gate"]


async def test_a_live_model_that_cannot_be_read_holds_up_nothing(
    readers, database, encoder, clock, tmp_path
):
    first = await trained(database, tmp_path, encoder, clock)
    (tmp_path / first.folder / "head.npy").unlink()
    second = await trained(database, tmp_path, encoder, clock)
    assert (await live(database)).version == second.version
    assert "the live model cannot be used here" in second.metrics["gate"]


async def test_a_live_model_whose_encoder_is_gone_holds_up_nothing(
    readers, database, encoder, clock, tmp_path
):
    await trained(database, tmp_path, LotteryEncoder(), clock)
    second = await trained(database, tmp_path, encoder, clock)
    assert "the live model cannot be used here" in second.metrics["gate"]
    assert "lottery" in second.metrics["gate"]


async def test_before_anybody_liked_anything_models_are_published_uncompared_and_say_so(
    database, encoder, clock, tmp_path
):
    await stocked(database, papers_of(TODAY), clock())
    for _ in range(2):
        model = await trained(database, tmp_path, encoder, clock)
    assert (await live(database)).version == model.version
    assert model.metrics["gate"] == (
        "Published without a comparison: hardly anybody has liked anything yet."
    )


async def test_going_back_makes_the_earlier_model_live_where_it_is_used(
    database, encoder, clock, tmp_path
):
    await stocked(database, papers_of(TODAY), clock())
    first, second = [await trained(database, tmp_path, encoder, clock) for _ in range(2)]
    shelf = Shelf(database, tmp_path, lambda _: encoder)
    await shelf.refresh()
    assert shelf.version == second.version
    back, taken = await model_store.roll_back(database, tmp_path)
    assert (back.version, taken.version) == (first.version, second.version)
    assert await shelf.refresh()
    assert shelf.version == first.version


async def test_after_going_back_training_waits_for_the_night_and_then_goes_on(
    database, encoder, clock, tmp_path
):
    await stocked(database, papers_of(TODAY, n_each=10), clock())
    first = await trained(database, tmp_path, encoder, clock)
    await stocked(database, papers_of(TODAY + timedelta(days=1), n_each=20), clock())
    second = await trained(database, tmp_path, encoder, clock)
    await model_store.roll_back(database, tmp_path)
    async with database.reading() as db:
        summary = await catalogue.summary(db)
    # Three times as many papers as the live model knows, but the last training knew them all.
    noon, night = clock.forward(hours=3), clock() + timedelta(hours=39)
    assert not is_due(await live(database), await last(database), "static", summary, noon)
    assert is_due(await live(database), await last(database), "static", summary, night)
    clock.now = night
    third = await trained(database, tmp_path, encoder, clock)
    assert (await live(database)).version == third.version
    back, _ = await model_store.roll_back(database, tmp_path)
    assert back.version == first.version != second.version  # never to one that was taken back
    with pytest.raises(NoEarlierModel):
        await model_store.roll_back(database, tmp_path)


async def test_another_encoder_is_learnt_soon_and_until_then_the_old_model_serves(
    database, encoder, clock, tmp_path
):
    await stocked(database, papers_of(TODAY, n_each=30), clock())
    old = await trained(database, tmp_path, encoder, clock)
    # The process starts again with TEXT_ENCODER=lsa.
    shelf = Shelf(database, tmp_path, lambda name: load(name or "lsa", tmp_path))
    await shelf.refresh()
    before = await shelf.held()
    assert (shelf.version, before.model.encoder) == (old.version, "static")
    old_picks = picks(before)
    assert {pick.model for pick in old_picks} == {old.version}
    async with database.reading() as db:
        summary = await catalogue.summary(db)
    assert is_due(await live(database), await last(database), "lsa", summary, clock())
    assert not is_due(await live(database), await last(database), "static", summary, clock())

    await stocked(database, papers_of(TODAY + timedelta(days=1), first=500), clock())
    new = await trained(database, tmp_path, LsaEncoder(), clock)
    assert shelf.version == old.version
    assert picks(await shelf.held()) == old_picks
    await shelf.refresh()
    after = await shelf.held()
    assert (shelf.version, after.model.encoder) == (new.version, "lsa")
    assert new.version.endswith("-lsa")
    assert np.array_equal(after.corpus.ids, np.sort(after.corpus.ids))
    read_anew, _ = after.model.read(await everything(database), LsaEncoder())
    assert np.allclose(after.corpus.base, read_anew, atol=1e-3)
    assert {pick.model for pick in picks(after)} == {new.version}
    # Whoever is being answered meanwhile keeps one model and its own vectors.
    assert picks(before) == old_picks
    assert not is_due(await live(database), await last(database), "lsa", summary, clock())


def picks(holding):
    """Return what a reader of the first two papers is shown."""
    liked = tuple(planted.like(int(paper)) for paper in holding.corpus.ids[:2])
    request = Request(user=1, feedback=liked, k=5)
    (found,) = recommend(holding.model, holding.corpus, [request], None, seed=0)
    assert len(found) == 5
    return found


async def everything(database):
    async with database.reading() as db:
        page = await catalogue.changed_since(db, catalogue.START, 1000)
    return sorted((paper for paper, _ in page), key=lambda paper: paper.id)


async def test_an_encoder_that_could_not_be_had_is_not_asked_for_all_day(
    database, encoder, clock, tmp_path
):
    await stocked(database, papers_of(TODAY, n_each=30), clock())
    await trained(database, tmp_path, encoder, clock, wanted="neural")
    async with database.reading() as db:
        summary = await catalogue.summary(db)
    assert not is_due(await live(database), await last(database), "neural", summary, clock())


async def test_a_refused_training_is_told_with_its_reason_and_not_begun_again(
    database, encoder, clock, tmp_path
):
    await stocked(database, papers_of(TODAY, n_each=30), clock())
    await trained(database, tmp_path, encoder, clock)
    clock.forward(hours=43)  # three o'clock at night
    refusing = (
        "import asyncio\n"
        "from datetime import datetime\n"
        "from storage import model_store\n"
        "from storage.database import Database\n"
        "async def main():\n"
        f"    database = Database('sqlite+aiosqlite:///{tmp_path}/paperlark.db')\n"
        f"    at = datetime.fromisoformat({clock().isoformat()!r})\n"
        "    async with database.writing() as db:\n"
        "        await model_store.note(db, model_store.Training('v9', at, 'static', 'static',"
        " False, 'It is worse.', {'papers': 150}))\n"
        "    await database.dispose()\n"
        "asyncio.run(main())\n"
        f"raise SystemExit({REFUSED})\n"
    )
    command = (sys.executable, "-c", refusing)
    stop = asyncio.Event()

    async def told(trainer):
        while not any(line["event"] == "retrain.refused" for line in said):
            await asyncio.wait({trainer}, timeout=0.02)
            assert not trainer.done()

    with capture_logs() as said:
        trainer = asyncio.create_task(
            Trainer(database, LocalState(), clock, "static", command).run(stop)
        )
        async with asyncio.timeout(BOUND):
            await told(trainer)
        stop.set()
        await trainer
    # Another process, or this one after a restart, knows of it.
    async with database.reading() as db:
        summary = await catalogue.summary(db)
    assert not is_due(await live(database), await last(database), "static", summary, clock())
    assert [line["why"] for line in said] == ["It is worse."]


async def test_a_trainer_is_well_for_as_long_as_a_training_may_last_and_else_for_two_minutes(
    database, clock
):
    await stocked(database, papers_of(TODAY, n_each=30), clock())
    now = 0.0
    part = Health(lambda: now).part("trainer", LOOKED_WITHIN)
    stop = asyncio.Event()
    command = (sys.executable, "-c", "import sys; sys.stdin.read()")  # until it is ended
    trainer = Trainer(database, LocalState(), clock, "static", command, part=part)
    running = asyncio.create_task(trainer.run(stop))
    async with asyncio.timeout(BOUND):
        while part.trouble is not None:
            assert part.trouble == "has not begun"
            await asyncio.wait({running}, timeout=0.02)
    now = LONGEST
    assert part.trouble is None
    now = LONGEST + LOOKED_WITHIN + 1
    assert part.trouble == f"silent for {now:.0f} s"
    stop.set()
    await running
    assert part.trouble is None
    now += LOOKED_WITHIN + 1
    assert part.trouble == "silent for 121 s"


async def test_a_model_does_not_take_the_place_of_one_it_was_not_compared_with(
    database, encoder, clock, tmp_path
):
    """An operator goes back to the model before while the next one is being trained."""
    await stocked(database, papers_of(TODAY, n_each=30), clock())
    good = await trained(database, tmp_path, encoder, clock)
    clock.forward(days=1)
    await trained(database, tmp_path, encoder, clock)
    clock.forward(days=1)
    loop, swaps = asyncio.get_running_loop(), []

    def goes_back(what, done):
        if not swaps:
            back = model_store.roll_back(database, tmp_path)
            swaps.append(asyncio.run_coroutine_threadsafe(back, loop).result(BOUND))

    with pytest.raises(Refused, match="Another model went live"):
        await retrain(database, tmp_path, encoder, clock(), goes_back)
    assert (await live(database)).version == good.version
    ended = await last(database)
    assert (ended.at, ended.is_published) == (clock(), False)
    assert not (tmp_path / "models" / ended.version).exists()
    async with database.reading() as db:
        summary = await catalogue.summary(db)
    assert not is_due(await live(database), ended, encoder.name, summary, clock())

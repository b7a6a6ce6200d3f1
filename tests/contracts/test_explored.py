"""The log of what chance chose, on both databases."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from recommender.feedback import Verdict
from recommender.off_policy import Logged, naive
from storage import feedback_log
from storage.explored import explored
from storage.impressions import Place
from tests.contracts.examples import pick, reader, shown, stored


def drawn(found, paper, now, *, propensity=0.25, model="m1", place=Place.CARD):
    chosen = replace(pick(paper, 5), is_exploring=True, propensity=propensity, model=model)
    return shown(found, paper, now, place)._replace(pick=chosen)


async def answered(database, found, paper, impression, verdict, now):
    async with database.writing() as db:
        await feedback_log.record(
            db,
            found.user.id,
            found.account.id,
            f"event-{paper}-{verdict}",
            paper,
            impression,
            now,
            verdict=verdict,
        )


async def test_only_what_chance_chose_is_told_with_what_became_of_it(any_database, clock):
    ada = await reader(any_database, "ada", clock())
    usual, liked, skipped, silent = await stored(any_database, 4, clock())
    async with any_database.writing() as db:
        ids = await feedback_log.impress(
            db,
            [
                shown(ada, usual, clock()),
                *(drawn(ada, paper, clock()) for paper in (liked, skipped, silent)),
            ],
        )
    await answered(any_database, ada, usual, ids[0], Verdict.LIKE, clock())
    await answered(any_database, ada, liked, ids[1], Verdict.LIKE, clock())
    await answered(any_database, ada, skipped, ids[2], Verdict.SKIP, clock())
    async with any_database.reading() as db:
        rows = await explored(db, clock())
    assert [row.paper for row in rows] == [liked, skipped, silent]
    assert [row.is_liked for row in rows] == [True, False, False]
    assert {(row.propensity, row.rank, row.model) for row in rows} == {(0.25, 5, "m1")}
    log = Logged(
        np.array([row.propensity for row in rows]),
        np.array([float(row.is_liked) for row in rows]),
        np.array([row.user for row in rows]),
    )
    assert naive(log).value == pytest.approx(1 / 3)


async def test_a_like_through_another_impression_is_not_exploring_s_merit(any_database, clock):
    ada = await reader(any_database, "ada", clock())
    (paper,) = await stored(any_database, 1, clock())
    async with any_database.writing() as db:
        again = [drawn(ada, paper, clock()), shown(ada, paper, clock(), Place.LOOKUP)]
        _, looked_up = await feedback_log.impress(db, again)
    await answered(any_database, ada, paper, looked_up, Verdict.LIKE, clock())
    async with any_database.reading() as db:
        (row,) = await explored(db, clock())
    assert not row.is_liked


async def test_days_and_models_can_be_told_apart(any_database, clock):
    ada = await reader(any_database, "ada", clock())
    old, new = await stored(any_database, 2, clock())
    async with any_database.writing() as db:
        await feedback_log.impress(db, [drawn(ada, old, clock())])
    middle = clock.forward(seconds=3600)
    async with any_database.writing() as db:
        later = clock.forward(seconds=3600)
        await feedback_log.impress(db, [drawn(ada, new, later, model="m2")])
    async with any_database.reading() as db:
        asked = {
            "before": await explored(db, middle),
            "after": await explored(db, later + timedelta(days=1), since=middle),
            "m1": await explored(db, later, model="m1"),
        }
    found = {name: [row.paper for row in rows] for name, rows in asked.items()}
    assert found == {"before": [old], "after": [new], "m1": [old]}

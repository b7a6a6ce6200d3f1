"""`make soak`: five hundred people, seven days with a change of clocks, twenty kill -9.

Not part of `make test`, whose short form is tests/acceptance/test_week.py.
"""

import pytest

from tests.soak.story import lived
from tests.soak.week import Plan

PLAN = Plan(people=(380, 120), days=7, kills=20, restarts=6, faults=40)


@pytest.mark.parametrize("is_apart", [False, True], ids=["sqlite", "postgresql-and-redis"])
async def test_a_week_for_five_hundred_people(tmp_path, is_apart, capsys):
    happened, broken = await lived(PLAN, tmp_path, is_apart=is_apart)
    with capsys.disabled():
        print(
            f"\n{sum(PLAN.people)} people, {PLAN.days} days of {happened.seconds / PLAN.days:.0f} s"
            f" each: {sum(happened.digests.values()):,} digests arrived,"
            f" {len(happened.acknowledged):,} taps were acknowledged;"
            f" {happened.kills} kill -9, {happened.restarts} restarts of servers,"
            f" {happened.faults} faults of platforms; {len(happened.missed)} digests were missed,"
            f" and `trace` says why. Broken promises: {len(broken)}"
        )
    assert broken == []
    assert happened.kills == PLAN.kills
    assert len(happened.acknowledged) > 100

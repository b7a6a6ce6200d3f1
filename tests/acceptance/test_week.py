"""A day and a night in half a minute; `make soak` is the long form."""

import pytest

from tests.soak.story import lived
from tests.soak.week import Plan

PLAN = Plan(people=(10, 4), days=1, kills=2, restarts=2, faults=3, seed=1)


@pytest.mark.parametrize("is_apart", [False, True], ids=["sqlite", "postgresql-and-redis"])
async def test_no_digest_comes_twice_or_is_missed_unexplained_and_no_tap_is_lost(
    tmp_path, is_apart
):
    happened, broken = await lived(PLAN, tmp_path, is_apart=is_apart)
    assert broken == []
    assert happened.kills == PLAN.kills
    assert happened.acknowledged
    # Who dies while sending may leave a digest that nobody got: on record, and never sent again.
    arrived, missed = happened.digests.keys(), happened.missed
    assert len(missed) < len(arrived)
    owed = {who for who, _ in (*arrived, *missed)}
    groups = {who for who in owed if who.startswith(("-", "channel:"))}
    assert len(groups) == 2
    assert len(owed) == sum(PLAN.people) + len(groups)

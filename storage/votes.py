"""Votes of members on a group's cards, and what the group says of a paper because of them.

A vote is the group's: it stands under the member's account so that each has one, and writes
nothing among the member's own opinions. What most members say becomes the group's opinion, in
`feedback` as a reader's does, and teaches its taste; where as many are for a paper as against
it, the group has none.
"""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from recommender.feedback import Verdict
from recommender.papers import PaperId
from storage import feedback_log, users
from storage.database import blocks, insert_into, table_of
from storage.tables import UserRow, VoteRow

_votes = table_of(VoteRow)
_users = table_of(UserRow)


@dataclass(frozen=True, slots=True)
class Tally:
    """How many members are for a paper and how many against it."""

    likes: int = 0
    skips: int = 0

    @property
    def verdict(self) -> Verdict | None:
        """Return what the group says by majority; None when it is undecided."""
        if self.likes == self.skips:
            return None
        return Verdict.LIKE if self.likes > self.skips else Verdict.SKIP


@dataclass(frozen=True, slots=True)
class Vote:
    """What a member says: `LIKE` or `SKIP`. impression: through which the group was shown it."""

    group: int
    paper: PaperId
    account: int
    verdict: Verdict
    impression: int


async def cast(db: AsyncSession, vote: Vote, group_account: int, now: datetime) -> Verdict | None:
    """Let a member's vote stand, and the group's opinion follow; return their vote before.

    group_account: through which the group reads. The same vote again changes nothing.
    """
    await _take_turn(db, vote.group)
    mine = (
        (_votes.c.group_id == vote.group)
        & (_votes.c.paper_id == vote.paper)
        & (_votes.c.account_id == vote.account)
    )
    word = await db.scalar(select(_votes.c.verdict).where(mine))
    before = None if word is None else Verdict(word)
    if before is vote.verdict:
        return before
    upsert = insert_into(db, VoteRow).values(
        group_id=vote.group,
        paper_id=vote.paper,
        account_id=vote.account,
        verdict=vote.verdict.value,
        at=now,
    )
    await db.execute(
        upsert.on_conflict_do_update(
            index_elements=["group_id", "paper_id", "account_id"],
            set_={"verdict": upsert.excluded.verdict, "at": upsert.excluded.at},
        )
    )
    await _settle(db, vote.group, group_account, vote.paper, vote.impression, now)
    return before


async def _take_turn(db: AsyncSession, group: int) -> None:
    """One vote of a group at a time: each counts all that came before it."""
    held = select(_users.c.id).where(_users.c.id == group)
    await db.execute(held.with_for_update(key_share=True))


async def _settle(
    db: AsyncSession,
    group: int,
    account: int,
    paper: PaperId,
    impression: int | None,
    now: datetime,
) -> None:
    """Let the group say what most of its members say now.

    What it said stays in the log when a member is forgotten, so the log gets no event of theirs.
    """
    event = f"votes:{secrets.token_hex(8)}"
    tally = (await tallies(db, group, [paper]))[paper]
    await feedback_log.let_stand(db, group, account, event, paper, impression, now, tally.verdict)


async def tallies(
    db: AsyncSession, group: int, papers: Collection[PaperId]
) -> dict[PaperId, Tally]:
    """Return the votes on each of these papers; papers without any are there as well."""
    found = {paper: Tally() for paper in papers}
    is_for = case((_votes.c.verdict == Verdict.LIKE, 1))
    is_against = case((_votes.c.verdict == Verdict.SKIP, 1))
    for block in blocks(list(papers)):
        rows = await db.execute(
            select(_votes.c.paper_id, func.count(is_for), func.count(is_against))
            .where(_votes.c.group_id == group, _votes.c.paper_id.in_(block))
            .group_by(_votes.c.paper_id)
        )
        found |= {PaperId(paper): Tally(likes, skips) for paper, likes, skips in rows}
    return found


async def withdraw(db: AsyncSession, accounts: Collection[int], now: datetime) -> None:
    """Take back every vote of these accounts; the opinions of their groups follow."""
    gone = await db.execute(
        delete(_votes)
        .where(_votes.c.account_id.in_(accounts))
        .returning(_votes.c.group_id, _votes.c.paper_id)
    )
    touched = sorted({(row.group_id, row.paper_id) for row in gone})
    speakers = await users.accounts_of(db, {group for group, _ in touched})
    for group, paper in touched:
        await _take_turn(db, group)
        for account in speakers[group][:1]:
            await _settle(db, group, account.id, PaperId(paper), None, now)

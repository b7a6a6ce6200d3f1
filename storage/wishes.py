"""What readers told us in words: whom and what they follow or mute, and of their interests.

Read for a whole batch of readers with two statements, and nothing is made for those who told
us nothing.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, Table, delete, func, literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from recommender.papers import PaperId
from recommender.wishes import Kind, Said, Standing, Told, Topic
from storage.database import blocks, insert_into, of_each, table_of
from storage.tables import FollowRow, InterestRow, MuteRow

LONGEST_TOPIC, LONGEST_NAME = 200, 60  # characters

_follows = table_of(FollowRow)
_mutes = table_of(MuteRow)
_interests = table_of(InterestRow)


async def told(db: AsyncSession, users: Collection[int]) -> dict[int, Told]:
    """Return what each of these readers told us; those who told nothing are left out."""
    topics: tuple[dict[int, list[Topic]], ...] = ({}, {})
    interests: dict[int, list[Said]] = {}
    for block in blocks(list(users)):
        both = union_all(*(_of(db, table, n, block) for n, table in enumerate((_follows, _mutes))))
        for row in await db.execute(both.order_by("at", "text", "kind")):
            kept = topics[row.which].setdefault(row.user_id, [])
            kept.append(Topic(Kind(row.kind), row.text))
        chosen = select(_interests).order_by(_interests.c.at, _interests.c.paper_id)
        for row in await db.execute(of_each(db, chosen, _interests.c.user_id, block)):
            interests.setdefault(row.user_id, []).append(_said(row))
    follows, mutes = topics
    return {
        user: Told(
            tuple(follows.get(user, ())),
            tuple(mutes.get(user, ())),
            tuple(interests.get(user, ())),
        )
        for user in {*follows, *mutes, *interests}
    }


def _of(db: AsyncSession, table: Table, which: int, users: Sequence[int]) -> Select[Any]:
    columns = (table.c.user_id, literal(which).label("which"), table.c.kind, table.c.text)
    return of_each(db, select(*columns, table.c.at), table.c.user_id, users)


def _said(row: Any) -> Said:
    papers = tuple(PaperId(paper) for paper in row.papers)
    return Said(papers, Standing(row.standing), row.name)


# ---------------------------------------------------------------- topics


async def follow(db: AsyncSession, user: int, topic: Topic, now: datetime) -> None:
    """Let a topic be followed, and not muted; one that is stays as it was."""
    await _let_stand(db, FollowRow, user, topic, now)
    await _take_away(db, _mutes, user, topic)


async def mute(db: AsyncSession, user: int, topic: Topic, now: datetime) -> None:
    """Let a topic be muted, and not followed; one that is stays as it was."""
    await _let_stand(db, MuteRow, user, topic, now)
    await _take_away(db, _follows, user, topic)


async def unfollow(db: AsyncSession, user: int, topic: Topic) -> None:
    await _take_away(db, _follows, user, topic)


async def unmute(db: AsyncSession, user: int, topic: Topic) -> None:
    await _take_away(db, _mutes, user, topic)


async def _let_stand(
    db: AsyncSession, row: type[FollowRow] | type[MuteRow], user: int, topic: Topic, now: datetime
) -> None:
    await db.execute(
        insert_into(db, row)
        .values(user_id=user, kind=topic.kind.value, text=topic.text, at=now)
        .on_conflict_do_nothing(index_elements=["user_id", "kind", "text"])
    )


async def _take_away(db: AsyncSession, table: Table, user: int, topic: Topic) -> None:
    same = (table.c.kind == topic.kind.value) & (table.c.text == topic.text)
    await db.execute(delete(table).where(table.c.user_id == user, same))


async def followed_categories(db: AsyncSession) -> list[str]:
    """Return the categories that anybody follows, in the order in which they were first."""
    rows = await db.scalars(
        select(_follows.c.text)
        .where(_follows.c.kind == Kind.CATEGORY.value)
        .group_by(_follows.c.text)
        .order_by(func.min(_follows.c.at), _follows.c.text)
    )
    return list(rows)


async def categories_read(db: AsyncSession, always: Sequence[str], most: int) -> list[str]:
    """Return the categories whose papers are taken in: `always`, then followed ones, up to `most`.

    `always` is read however many these are.
    """
    known = {name.casefold() for name in always}
    followed = [one for one in await followed_categories(db) if one.casefold() not in known]
    return [*always, *followed[: max(most - len(always), 0)]]


# ---------------------------------------------------------------- interests


async def say(db: AsyncSession, user: int, said: Said, now: datetime) -> None:
    """Let something stand about the interest of these papers, and nothing else about them.

    said.papers: not empty; the first stands for the interest.
    """
    await unsay(db, user, said.papers)
    await _write(db, user, said, now)


async def unsay(db: AsyncSession, user: int, papers: Collection[PaperId]) -> None:
    """Let nothing stand about these papers; what was said of others with them stays.

    Where two sayings have come to stand for the same paper, as after a link, the later one does.
    """
    gone = frozenset(papers)
    chosen = select(_interests).where(_interests.c.user_id == user)
    rows = await db.execute(chosen.order_by(_interests.c.at, _interests.c.paper_id))
    for row in list(rows):
        left = [paper for paper in row.papers if paper not in gone]
        if len(left) == len(row.papers):
            continue
        one = (_interests.c.user_id == user) & (_interests.c.paper_id == row.paper_id)
        await db.execute(delete(_interests).where(one))
        if left:
            kept = Said(tuple(map(PaperId, left)), Standing(row.standing), row.name)
            await _write(db, user, kept, row.at)


async def _write(db: AsyncSession, user: int, said: Said, now: datetime) -> None:
    stands = {
        "papers": list(said.papers),
        "standing": said.standing.value,
        "name": said.name,
        "at": now,
    }
    await db.execute(
        insert_into(db, InterestRow)
        .values(user_id=user, paper_id=said.papers[0], **stands)
        .on_conflict_do_update(index_elements=["user_id", "paper_id"], set_=stands)
    )

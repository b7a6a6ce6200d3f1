"""What was shown and what was answered, on both databases."""

import asyncio
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, insert, select

from recommender.feedback import Dated, Feedback, Rating, Verdict
from recommender.picks import PartKind, ScorePart
from recommender.taste import liking
from storage import deliveries, feedback_log, personal
from storage.database import Database, table_of
from storage.deliveries import State
from storage.impressions import NewImpression, Place
from storage.tables import FeedbackLogRow, FeedbackRow, UserRow
from tests.contracts.examples import MONDAY, next_due, pick, reader, shown, stored

LIKE, SKIP = Verdict.LIKE, Verdict.SKIP


class Told:
    """A reader at work: every word is one event in a transaction of its own."""

    def __init__(self, database, found, clock):
        self.database, self.found, self.clock = database, found, clock
        self.events = 0

    async def says(self, paper, verdict=None, *, save=None, event=None, impression=None):
        async with self.database.writing() as db:
            return await feedback_log.record(
                db,
                self.found.user.id,
                self.found.account.id,
                event or self._next(),
                paper,
                impression,
                self.clock.forward(seconds=1),
                verdict=verdict,
                save=save,
            )

    async def undoes(self, paper=None, *, event=None):
        async with self.database.writing() as db:
            return await feedback_log.undo(
                db,
                self.found.user.id,
                self.found.account.id,
                event or self._next(),
                self.clock.forward(seconds=1),
                paper,
            )

    async def thinks(self, paper):
        async with self.database.reading() as db:
            return await feedback_log.opinion(db, self.found.user.id, paper)

    def _next(self):
        self.events += 1
        return f"event-{self.events}"


@pytest.fixture
async def papers(any_database, clock):
    return await stored(any_database, 5, clock())


@pytest.fixture
async def ada(any_database, clock):
    return Told(any_database, await reader(any_database, "7", clock()), clock)


async def log_size(database):
    async with database.reading() as db:
        return await db.scalar(select(func.count()).select_from(FeedbackLogRow))


async def test_a_like_stands_and_says_what_stood_before(ada, papers):
    liked = await ada.says(papers[0], LIKE)
    assert liked.changed
    assert not liked.repeated
    assert liked.before == Feedback(papers[0], None)
    assert liked.after == Feedback(papers[0], LIKE)
    changed_mind = await ada.says(papers[0], SKIP)
    assert changed_mind.before.verdict is LIKE
    assert await ada.thinks(papers[0]) == Feedback(papers[0], SKIP)


async def test_the_same_event_twice_counts_once_and_gets_the_same_answer(ada, papers):
    first = await ada.says(papers[0], LIKE, event="e")
    await ada.says(papers[0], SKIP)
    again = await ada.says(papers[0], LIKE, event="e")
    assert again.repeated
    assert (again.changed, again.before, again.after) == (True, first.before, first.after)
    assert await ada.thinks(papers[0]) == Feedback(papers[0], SKIP)


async def test_the_same_verdict_again_changes_and_writes_nothing(any_database, ada, papers):
    await ada.says(papers[0], LIKE)
    again = await ada.says(papers[0], LIKE)
    assert not again.changed
    assert not again.repeated
    assert await log_size(any_database) == 1


async def test_a_bookmark_stands_beside_the_verdict(ada, papers):
    await ada.says(papers[0], save=True)
    await ada.says(papers[0], LIKE)
    assert await ada.thinks(papers[0]) == Feedback(papers[0], LIKE, is_saved=True)
    await ada.says(papers[0], save=False)
    assert await ada.thinks(papers[0]) == Feedback(papers[0], LIKE, is_saved=False)


async def test_what_makes_interests_is_counted_as_tastes_have_it(any_database, ada, clock):
    papers = await stored(any_database, 11, clock())
    said = [(verdict, save) for verdict in (None, *Verdict) for save in (False, True)]
    for paper, (verdict, save) in zip(papers, said[1:], strict=True):
        await ada.says(paper, verdict, save=save or None)
    async with any_database.reading() as db:
        counted = await feedback_log.counts(db, ada.found.user.id)
        (mine,) = (await feedback_log.standing(db, [ada.found.user.id])).values()
    assert counted.taught == sum(liking(one) > 0 for one in mine) == 7
    assert counted.likes == 2


async def test_undo_walks_back_one_change_at_a_time_to_the_beginning(ada, papers):
    await ada.says(papers[0], LIKE)
    await ada.says(papers[0], save=True)
    await ada.says(papers[1], SKIP)
    steps = [await ada.undoes() for _ in range(4)]
    assert [step and step.paper for step in steps] == [papers[1], papers[0], papers[0], None]
    assert steps[1].before == Feedback(papers[0], LIKE, is_saved=True)
    assert steps[1].after == Feedback(papers[0], LIKE)
    assert await ada.thinks(papers[0]) == Feedback(papers[0], None)


async def test_undo_of_one_paper_leaves_the_others(ada, papers):
    await ada.says(papers[0], LIKE)
    await ada.says(papers[1], LIKE)
    undone = await ada.undoes(papers[0])
    assert undone.paper == papers[0]
    assert await ada.undoes(papers[0]) is None
    assert (await ada.thinks(papers[1])).verdict is LIKE


async def test_an_undo_that_comes_twice_takes_back_one_thing(ada, papers):
    await ada.says(papers[0], LIKE)
    await ada.says(papers[1], LIKE)
    first = await ada.undoes(event="u")
    again = await ada.undoes(event="u")
    assert again.repeated
    assert (again.paper, again.before, again.after) == (first.paper, first.before, first.after)
    assert (await ada.thinks(papers[0])).verdict is LIKE


async def test_a_mind_changed_after_an_undo_can_be_undone_again(ada, papers):
    await ada.says(papers[0], LIKE)
    await ada.undoes()
    await ada.says(papers[0], SKIP)
    undone = await ada.undoes()
    assert undone.before.verdict is SKIP
    assert await ada.undoes() is None


async def test_taps_at_once_leave_a_log_without_gaps(any_database, ada, papers):
    taps = [LIKE, SKIP, Verdict.KNOWN, Verdict.OFF_TOPIC] * 3
    await asyncio.gather(*(ada.says(papers[0], verdict) for verdict in taps))
    log = table_of(FeedbackLogRow)
    async with any_database.reading() as db:
        rows = (await db.execute(select(log).order_by(log.c.id))).all()
    afters = [None, *(row.verdict_after for row in rows)]
    assert [row.verdict_before for row in rows] == afters[:-1]
    assert (await ada.thinks(papers[0])).verdict == afters[-1]


async def test_taps_from_two_accounts_may_carry_the_same_event(any_database, ada, papers, clock):
    bob = Told(any_database, await reader(any_database, "8", clock()), clock)
    assert (await ada.says(papers[0], LIKE, event="e")).changed
    assert (await bob.says(papers[0], LIKE, event="e")).changed


async def test_an_impression_comes_back_with_its_true_parts_and_only_to_its_reader(
    any_database, ada, papers, clock
):
    mine = ada.found
    asked = NewImpression(mine.user.id, mine.account.id, papers[2], clock(), Place.LOOKUP)
    async with any_database.writing() as db:
        ids = await feedback_log.impress(db, [shown(mine, papers[1], clock()), asked])
    async with any_database.reading() as db:
        first = await feedback_log.impression(db, ids[0], mine.user.id)
        second = await feedback_log.impression(db, ids[1], mine.user.id)
        assert await feedback_log.impression(db, ids[0], mine.user.id + 1) is None
        assert await feedback_log.last_shown(db, mine.user.id) == second
        assert await feedback_log.last_shown(db, mine.user.id, papers[1]) == first
        assert await feedback_log.last_shown(db, mine.user.id, papers[3]) is None
    assert first.pick == pick(papers[1])
    assert (first.place, first.shown_at) == (Place.CARD, clock())
    assert second.pick is None


@pytest.mark.parametrize("count", [1, 49, 400])
async def test_however_many_impressions_are_appended_at_once_each_comes_back_as_it_was(
    any_database, ada, papers, clock, count
):
    mine, parts = ada.found, pick(papers[0]).parts
    odd = ScorePart(PartKind.LIKED, -1e-17, papers[1], ('"quoted"', "Ångström", "back\\slash"))
    picks = [
        replace(pick(papers[0], n + 1), score=n / 7, parts=(*parts[: n % 3], odd)[: n % 4])
        for n in range(count)
    ]
    digest = shown(mine, papers[0], clock(), Place.DIGEST, MONDAY)
    new = [digest._replace(pick=one) for one in picks]
    async with any_database.writing() as db:
        ids = await feedback_log.impress(db, new)
    async with any_database.reading() as db:
        kept = [await feedback_log.impression(db, one, mine.user.id) for one in ids]
    assert [one.pick for one in kept] == picks
    assert {(one.day, one.shown_at, one.place) for one in kept} == {(MONDAY, clock(), Place.DIGEST)}


@pytest.mark.parametrize("count", [2, 100])
async def test_of_impressions_one_of_which_is_of_no_reader_none_is_kept(
    any_database, ada, papers, clock, count
):
    new = [shown(ada.found, papers[0], clock()) for _ in range(count - 1)]
    new.append(new[0]._replace(user=10**6))
    with pytest.raises(Exception, match=r"(?i)foreign key"):
        async with any_database.writing() as db:
            await feedback_log.impress(db, new)
    async with any_database.reading() as db:
        assert await feedback_log.last_shown(db, ada.found.user.id) is None


async def test_a_tap_counts_for_its_own_impression_and_for_no_foreign_one(
    any_database, ada, papers, clock
):
    bob = await reader(any_database, "8", clock())
    async with any_database.writing() as db:
        mine, other, foreign = await feedback_log.impress(
            db,
            [
                shown(ada.found, papers[0], clock()),
                shown(ada.found, papers[1], clock()),
                shown(bob, papers[0], clock()),
            ],
        )
    kept = []
    for event, impression in enumerate((mine, other, foreign, 10**9)):
        await ada.says(papers[0], [LIKE, SKIP][event % 2], impression=impression)
        async with any_database.reading() as db:
            kept.append(await db.scalar(select(FeedbackRow.impression_id)))
    assert kept == [mine, None, None, None]


async def test_cards_and_digests_are_seen_and_look_ups_are_not(any_database, ada, papers, clock):
    user = ada.found.user.id
    async with any_database.writing() as db:
        await feedback_log.impress(
            db,
            [
                shown(ada.found, papers[0], clock(), Place.CARD),
                shown(ada.found, papers[1], clock.forward(days=1), Place.DIGEST, MONDAY),
                shown(ada.found, papers[2], clock(), Place.LOOKUP),
                shown(ada.found, papers[3], clock(), Place.SAVED),
            ],
        )
    async with any_database.reading() as db:
        seen = await feedback_log.seen(db, [user, user + 1])
        lately = await feedback_log.seen(db, [user], since=clock())
    assert seen == {user: frozenset(papers[:2]), user + 1: frozenset()}
    assert lately == {user: frozenset([papers[1]])}


@pytest.mark.parametrize(
    ("state", "is_seen", "is_doubtful"),
    [
        (State.SENT, True, False),
        (State.SENDING, True, False),
        (State.FAILED, False, False),
        (State.UNKNOWN, False, True),
    ],
)
async def test_a_digest_that_failed_was_not_seen_and_one_in_doubt_may_come_again_once(
    any_database, ada, papers, clock, state, is_seen, is_doubtful
):
    user = ada.found.user.id
    async with any_database.writing() as db:
        (claimed,) = await deliveries.claim_due(db, clock.forward(hours=2), 10, next_due)
        digest = shown(ada.found, papers[0], clock(), Place.DIGEST, claimed.day)
        await feedback_log.impress(db, [digest])
        await deliveries.finish(db, user, claimed.day, state, clock())
    async with any_database.reading() as db:
        assert (papers[0] in (await feedback_log.seen(db, [user]))[user]) is is_seen
        in_doubt = await feedback_log.doubtful(db, [(user, paper) for paper in papers])
        assert in_doubt == ({(user, papers[0])} if is_doubtful else frozenset())
    async with any_database.writing() as db:
        await feedback_log.impress(db, [shown(ada.found, papers[0], clock(), Place.CARD)])
        assert papers[0] in (await feedback_log.seen(db, [user]))[user]
        assert not await feedback_log.doubtful(db, [(user, papers[0])])


async def test_what_stands_is_told_for_one_for_many_and_for_training(
    any_database, ada, papers, clock
):
    bob = Told(any_database, await reader(any_database, "8", clock()), clock)
    await ada.says(papers[0], LIKE)
    await ada.says(papers[1], Verdict.NOT_NOW)
    await ada.says(papers[2], save=True)
    await ada.says(papers[3], LIKE)
    await ada.undoes()
    await bob.says(papers[0], SKIP)
    mine = (
        Feedback(papers[0], LIKE),
        Feedback(papers[1], Verdict.NOT_NOW),
        Feedback(papers[2], None, is_saved=True),
    )
    ids = ada.found.user.id, bob.found.user.id
    async with any_database.reading() as db:
        standing = await feedback_log.standing(db, [*ids, 10**6])
        ratings = await feedback_log.ratings(db)
        counts = await feedback_log.counts(db, ids[0])
        opinions = await feedback_log.opinions(db, ids[0], [papers[0], papers[3]])
    assert standing == {ids[0]: mine, ids[1]: (Feedback(papers[0], SKIP),), 10**6: ()}
    assert set(ratings) == {Rating(ids[0], f) for f in mine} | {Rating(ids[1], standing[ids[1]][0])}
    assert (counts.likes, counts.skips, counts.saved) == (1, 1, 1)
    assert opinions == {papers[0]: mine[0], papers[3]: Feedback(papers[3], None)}


async def test_training_knows_since_when_a_reader_has_had_an_opinion(
    any_database, ada, papers, clock
):
    await ada.says(papers[0], SKIP)
    first = clock()
    await ada.says(papers[1], LIKE)
    second = clock()
    await ada.says(papers[2], LIKE)
    await ada.undoes()
    await ada.says(papers[0], LIKE)
    await ada.says(papers[1], save=True)
    user = ada.found.user.id
    async with any_database.reading() as db:
        dated = await feedback_log.dated_ratings(db)
    assert dated == [
        Dated(Rating(user, Feedback(papers[0], LIKE)), first),
        Dated(Rating(user, Feedback(papers[1], LIKE, is_saved=True)), second),
    ]


async def test_bookmarks_come_in_pages_newest_first(any_database, ada, papers):
    for paper in papers:
        await ada.says(paper, save=True)
    await ada.says(papers[4], save=False)
    async with any_database.reading() as db:
        page, total = await feedback_log.saved(db, ada.found.user.id, 1, 3)
        rest, _ = await feedback_log.saved(db, ada.found.user.id, 2, 3)
    assert total == 4
    assert [f.paper for f in page + rest] == list(reversed(papers[:4]))


async def test_five_hundred_readers_are_read_and_impressed_at_once_in_a_second(
    any_database, papers, clock
):
    people = table_of(UserRow)
    async with any_database.writing() as db:
        rows = [{"kind": "person", "language": "en", "created": clock(), "last_seen": clock()}]
        ids = list(await db.scalars(insert(people).returning(people.c.id), rows * 500))
        news = [
            NewImpression(user, None, paper, clock(), Place.DIGEST, pick(paper, rank), MONDAY)
            for user in ids
            for rank, paper in enumerate(papers, start=1)
        ]
        start = time.process_time()
        numbers = await feedback_log.impress(db, news)
        seen = await feedback_log.seen(db, ids, clock() - timedelta(days=7))
        standing = await feedback_log.standing(db, ids)
        assert time.process_time() - start < 1
        last = await feedback_log.impression(db, numbers[-1], ids[-1])
    assert (last.user, last.paper) == (ids[-1], papers[-1])
    assert all(mine == frozenset(papers) for mine in seen.values())
    assert len(seen) == len(standing) == 500


async def test_what_one_message_said_is_taken_back_at_once_but_not_what_was_said_since(
    any_database, ada, papers, clock
):
    for number, paper in enumerate(papers[:4]):
        await ada.says(paper, LIKE, event=f"taught:a_b:{number}")
    await ada.says(papers[4], LIKE, event="taught:acb:4")  # another message
    await ada.says(papers[1], SKIP)
    await ada.says(papers[2], save=True)
    await ada.undoes(papers[3])

    async def taken_back(event):
        async with any_database.writing() as db:
            return await feedback_log.undo_all(
                db, ada.found.user.id, ada.found.account.id, event, clock(), "taught:a_b:"
            )

    assert await taken_back("e") == 2
    assert [await ada.thinks(paper) for paper in papers] == [
        Feedback(papers[0], None),
        Feedback(papers[1], SKIP),
        Feedback(papers[2], None, is_saved=True),
        Feedback(papers[3], None),
        Feedback(papers[4], LIKE),
    ]
    assert await taken_back("f") == 0


async def test_nobody_takes_back_what_somebody_else_said(any_database, ada, papers, clock):
    ben = await reader(any_database, "8", clock())
    await ada.says(papers[0], LIKE, event="taught:a:0")
    async with any_database.writing() as db:
        undone = await feedback_log.undo_all(
            db, ben.user.id, ben.account.id, "e", clock(), "taught:a:"
        )
    assert undone == 0
    assert await ada.thinks(papers[0]) == Feedback(papers[0], LIKE)


async def test_what_is_shown_to_a_reader_does_not_wait_for_their_tap(postgres, clock):
    name = await postgres.borrow()
    one, other = Database(postgres.url(name)), Database(postgres.url(name), patience=2.0)
    try:
        paper, *_ = await stored(one, 1, clock())
        found = await reader(one, "7", clock())
        tap = (found.user.id, found.account.id, "e", paper, None, clock())
        async with one.writing() as db:
            await feedback_log.record(db, *tap, verdict=Verdict.LIKE)
            async with other.writing() as beside:
                await feedback_log.impress(beside, [shown(found, paper, clock())])
    finally:
        await one.dispose()
        await other.dispose()
        await postgres.give_back(name)


async def test_who_is_gone_is_not_shown_anything(any_database, clock):
    papers = await stored(any_database, 1, clock())
    there, gone = await reader(any_database, "7", clock()), await reader(any_database, "8", clock())
    async with any_database.writing() as db:
        await personal.forget(db, gone.user.id)
        picked = {there.user.id: papers, gone.user.id: papers}
        assert (await feedback_log.meanwhile(db, picked)).late == {gone.user.id}

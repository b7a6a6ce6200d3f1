"""Taps that share a transaction, on both databases."""

import asyncio

from sqlalchemy import event, exc, func, select

from recommender.feedback import Feedback, Verdict
from storage import feedback_log
from storage.database import Database, table_of
from storage.errors import StorageUnavailable
from storage.feedback_log import Tap
from storage.tables import FeedbackLogRow
from storage.tap_line import TapLine
from tests.contracts.examples import reader, shown, stored

LIKE, SKIP = Verdict.LIKE, Verdict.SKIP
NOBODY = 999_999

_log = table_of(FeedbackLogRow)


def tap(found, name, paper, clock, verdict=LIKE, impression=None, save=None):
    user, account = found.user.id, found.account.id
    return Tap(user, account, name, paper, impression, clock(), verdict, save)


async def n_logged(database):
    async with database.reading() as db:
        return await db.scalar(select(func.count()).select_from(_log))


async def writers_engine(database):
    async with database.writing() as db:
        return db.get_bind()


async def test_two_hundred_taps_at_once_are_all_there_once_they_are_answered(any_database, clock):
    papers = await stored(any_database, 20, clock())
    readers = [await reader(any_database, str(n), clock()) for n in range(10)]
    line = TapLine(any_database)

    async def taps(found, paper):
        answer = await line.record(tap(found, f"e{paper}", paper, clock))
        async with any_database.reading() as db:
            assert (await feedback_log.opinion(db, found.user.id, paper)).verdict is LIKE
        return answer

    answers = await asyncio.gather(*(taps(r, p) for r in readers for p in papers))
    assert all(answer.changed and not answer.repeated for answer in answers)
    assert await n_logged(any_database) == 200


async def test_taps_that_wait_share_commits(any_database, clock):
    papers = await stored(any_database, 100, clock())
    found = await reader(any_database, "7", clock())
    line, commits = TapLine(any_database), []
    writers = await writers_engine(any_database)
    event.listen(writers, "commit", commits.append)
    await asyncio.gather(*(line.record(tap(found, f"e{p}", p, clock)) for p in papers))
    assert len(commits) <= 2


async def test_a_readers_taps_keep_their_order(any_database, clock):
    (paper,) = await stored(any_database, 1, clock())
    found = await reader(any_database, "7", clock())
    line = TapLine(any_database)
    verdicts = [LIKE, SKIP, LIKE, LIKE, SKIP]
    answers = await asyncio.gather(
        *(line.record(tap(found, f"e{n}", paper, clock, v)) for n, v in enumerate(verdicts))
    )
    assert [answer.before.verdict for answer in answers] == [None, *verdicts[:-1]]
    assert [answer.after.verdict for answer in answers] == verdicts
    assert [answer.changed for answer in answers] == [True, True, True, False, True]
    async with any_database.reading() as db:
        assert await feedback_log.opinion(db, found.user.id, paper) == Feedback(paper, SKIP)
    async with any_database.writing() as db:  # and so can be walked back
        undone = await feedback_log.undo(db, found.user.id, found.account.id, "u", clock())
    assert (undone.before.verdict, undone.after.verdict) == (SKIP, LIKE)


async def test_a_tap_that_comes_twice_within_one_commit_counts_once(any_database, clock):
    (paper,) = await stored(any_database, 1, clock())
    found = await reader(any_database, "7", clock())
    line = TapLine(any_database)
    same = tap(found, "e", paper, clock)
    first, second = await asyncio.gather(line.record(same), line.record(same))
    assert (first.repeated, second.repeated) == (False, True)
    assert (first.before, first.after) == (second.before, second.after)
    assert await n_logged(any_database) == 1


async def test_a_tap_that_cannot_be_stored_costs_itself_alone(any_database, clock):
    papers = await stored(any_database, 5, clock())
    found = await reader(any_database, "7", clock())
    line = TapLine(any_database)
    wanted = [*papers[:2], NOBODY, *papers[2:]]
    answers = await asyncio.gather(
        *(line.record(tap(found, f"e{paper}", paper, clock)) for paper in wanted),
        return_exceptions=True,
    )
    assert isinstance(answers.pop(2), exc.IntegrityError)
    assert all(answer.changed for answer in answers)
    assert await n_logged(any_database) == 5


async def test_only_the_readers_own_impression_is_kept_with_a_tap(any_database, clock):
    (paper,) = await stored(any_database, 1, clock())
    ada, ben = [await reader(any_database, name, clock()) for name in ("ada", "ben")]
    async with any_database.writing() as db:
        (impression,) = await feedback_log.impress(db, [shown(ada, paper, clock())])
    line = TapLine(any_database)
    await asyncio.gather(
        line.record(tap(ada, "a", paper, clock, impression=impression)),
        line.record(tap(ben, "b", paper, clock, impression=impression)),
    )
    async with any_database.reading() as db:
        kept = dict((await db.execute(select(_log.c.user_id, _log.c.impression_id))).all())
    assert kept == {ada.user.id: impression, ben.user.id: None}


async def test_who_gives_up_waiting_holds_nobody_up(any_database, clock):
    papers = await stored(any_database, 2, clock())
    found = await reader(any_database, "7", clock())
    line = TapLine(any_database)
    async with any_database.writing():
        impatient = asyncio.create_task(line.record(tap(found, "a", papers[0], clock)))
        await asyncio.wait([impatient], timeout=0)
        impatient.cancel()
        await asyncio.gather(impatient, return_exceptions=True)
    assert (await line.record(tap(found, "b", papers[1], clock))).changed


async def test_while_the_database_is_away_every_tap_is_refused_and_later_ones_are_stored(
    database, tmp_path, clock
):
    papers = await stored(database, 3, clock())
    found = await reader(database, "7", clock())
    hurried = Database(f"sqlite+aiosqlite:///{tmp_path / 'paperlark.db'}", patience=0.05)
    line = TapLine(hurried)
    async with database.writing():
        answers = await asyncio.gather(
            *(line.record(tap(found, f"e{p}", p, clock)) for p in papers), return_exceptions=True
        )
    assert [type(answer) for answer in answers] == [StorageUnavailable] * 3
    assert await n_logged(database) == 0
    assert (await line.record(tap(found, "later", papers[0], clock))).changed
    await hurried.dispose()

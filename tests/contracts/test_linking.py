"""Two accounts become one reader by a one-time code, and two again, each with what was theirs."""

import asyncio
from datetime import time, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select

from recommender.feedback import Verdict
from storage import catalogue, deliveries, feedback_log, library, linking, users
from storage.database import Database
from storage.linking import Answer
from storage.tables import DeliveryRow, FollowRow
from tests.contracts.examples import MONDAY, arxiv, next_due, reader, shown, stored


async def say(database, who, user, event, paper, clock, **said):
    async with database.writing() as db:
        await feedback_log.record(
            db, user, who.account.id, event, paper, None, clock.forward(minutes=1), **said
        )


async def opinions(database, user):
    """Return what stands for a reader: by paper, the verdict and whether it is saved."""
    async with database.reading() as db:
        standing = (await feedback_log.standing(db, [user]))[user]
    return {f.paper: (f.verdict, f.is_saved) for f in standing}


async def seen(database, user):
    async with database.reading() as db:
        return set((await feedback_log.seen(db, [user]))[user])


async def code_of(database, who, clock):
    async with database.writing() as db:
        return await linking.new_code(db, who.user.id, who.account.id, clock())


async def redeem(database, who, code, clock):
    async with database.writing() as db:
        return await linking.redeem(db, who.user.id, who.account.id, code, clock(), next_due)


async def joined(database, ada, bob, clock):
    return await redeem(database, bob, await code_of(database, ada, clock), clock)


async def split(database, user, clock):
    async with database.writing() as db:
        return await linking.split(db, user, clock(), next_due)


@pytest.fixture
async def ada(any_database, clock):
    return await reader(any_database, "ada", clock())


@pytest.fixture
async def bob(any_database, clock):
    return await reader(any_database, "bob", clock(), platform="discord")


async def test_a_join_merges_likes_bookmarks_and_what_was_seen_and_a_split_gives_each_their_own(
    any_database, ada, bob, clock
):
    a, b, c, d = await stored(any_database, 4, clock())
    for who, paper in ((ada, a), (bob, b)):
        async with any_database.writing() as db:
            await feedback_log.impress(db, [shown(who, paper, clock())])
    await say(any_database, ada, ada.user.id, "1", a, clock, verdict=Verdict.LIKE)
    await say(any_database, bob, bob.user.id, "1", b, clock, verdict=Verdict.SKIP)
    await say(any_database, ada, ada.user.id, "2", c, clock, verdict=Verdict.LIKE)
    await say(any_database, bob, bob.user.id, "2", c, clock, save=True)
    apart = [await opinions(any_database, who.user.id) for who in (ada, bob)]

    answer = await joined(any_database, ada, bob, clock)
    assert (answer.answer, answer.user) == (Answer.JOINED, ada.user.id)
    assert await opinions(any_database, ada.user.id) == {
        a: (Verdict.LIKE, False), b: (Verdict.SKIP, False), c: (Verdict.LIKE, True),
    }  # fmt: skip
    assert await seen(any_database, ada.user.id) == {a, b}
    async with any_database.reading() as db:
        found = await users.find(db, "discord", "bob")
    assert found.user.id == ada.user.id

    await say(any_database, bob, ada.user.id, "3", d, clock, verdict=Verdict.LIKE)
    assert await split(any_database, ada.user.id, clock) == {bob.user.id}
    apart[1] |= {d: (Verdict.LIKE, False)}
    assert [await opinions(any_database, w.user.id) for w in (ada, bob)] == apart
    assert await seen(any_database, ada.user.id) == {a}
    assert await seen(any_database, bob.user.id) == {b}
    assert await split(any_database, ada.user.id, clock) == frozenset()


async def test_where_both_judged_a_paper_the_later_verdict_stands(any_database, ada, bob, clock):
    (paper,) = await stored(any_database, 1, clock())
    await say(any_database, bob, bob.user.id, "1", paper, clock, verdict=Verdict.SKIP)
    await say(any_database, ada, ada.user.id, "1", paper, clock, verdict=Verdict.LIKE)
    await joined(any_database, ada, bob, clock)
    assert await opinions(any_database, ada.user.id) == {paper: (Verdict.LIKE, False)}


async def test_the_schedule_given_last_holds_for_both(any_database, ada, bob, clock):
    async with any_database.writing() as db:
        for who, hour in ((ada, 9), (bob, 18)):
            await users.reschedule(
                db, who.user.id, clock.forward(minutes=1), next_due, zone="UTC",
                push_at=time(hour), push_days=frozenset({0, 1}), picks=3, account=who.account.id,
            )  # fmt: skip
    answer = await joined(any_database, ada, bob, clock)
    async with any_database.reading() as db:
        people = await users.by_ids(db, [ada.user.id, bob.user.id])
        order = (await users.accounts_of(db, [answer.user]))[answer.user]
    assert people[answer.user].push_at == time(18)
    assert order[0].platform == "discord"
    owed = {user: found.next_push_at is not None for user, found in people.items()}
    assert owed == {bob.user.id: True, ada.user.id: False}
    await split(any_database, answer.user, clock)
    async with any_database.reading() as db:
        people = await users.by_ids(db, [ada.user.id, bob.user.id])
    assert [people[who.user.id].push_at.hour for who in (ada, bob)] == [9, 18]
    assert all(found.next_push_at is not None for found in people.values())


async def test_an_account_that_went_home_is_no_more_where_the_other_readers_digest_goes(
    any_database, ada, bob, clock
):
    kept = (await joined(any_database, ada, bob, clock)).user
    async with any_database.writing() as db:
        await users.set_push_account(db, kept, bob.account.id)
    assert await split(any_database, kept, clock) == {bob.user.id}
    async with any_database.reading() as db:
        assert (await users.by_id(db, ada.user.id)).push_account is None


async def test_a_day_that_had_a_digest_is_not_owed_again_after_a_join(
    any_database, ada, bob, clock
):
    async with any_database.writing() as db:
        await db.execute(
            insert(DeliveryRow).values(
                user_id=bob.user.id, day=MONDAY, account_id=bob.account.id, due=clock(),
                state="sent", claimed_at=clock(), nonce="n", messages=[],
            )
        )  # fmt: skip
    await joined(any_database, ada, bob, clock)
    async with any_database.reading() as db:
        user = await users.by_id(db, ada.user.id)
        delivery = await deliveries.of_day(db, ada.user.id, MONDAY)
    assert user.next_push_day == MONDAY + timedelta(days=1)
    assert delivery is not None


async def test_notes_and_follows_come_along_and_go_home(any_database, ada, bob, clock):
    a, b = await stored(any_database, 2, clock())
    async with any_database.writing() as db:
        await library.write_note(db, bob.user.id, bob.account.id, a, "of bob", clock())
        await library.write_note(db, bob.user.id, bob.account.id, b, "of bob", clock())
        await library.write_note(db, ada.user.id, ada.account.id, b, "of ada", clock())
        for who, word in ((ada, "graphs"), (bob, "graphs"), (bob, "robots")):
            row = {"user_id": who.user.id, "kind": "word", "text": word}
            await db.execute(insert(FollowRow).values(**row, at=clock.forward(minutes=1)))

    async def kept(user):
        async with any_database.reading() as db:
            words = await db.scalars(select(FollowRow.text).where(FollowRow.user_id == user))
            return await library.notes(db, user, [a, b]), set(words)

    await joined(any_database, ada, bob, clock)
    assert await kept(ada.user.id) == ({a: "of bob", b: "of ada"}, {"graphs", "robots"})
    await split(any_database, ada.user.id, clock)
    assert await kept(ada.user.id) == ({b: "of ada"}, {"graphs"})
    assert await kept(bob.user.id) == ({a: "of bob", b: "of bob"}, {"graphs", "robots"})


async def test_three_accounts_join_in_a_chain_and_all_find_home(any_database, ada, bob, clock):
    carl = await reader(any_database, "carl", clock(), platform="terminal")
    everybody = (ada, bob, carl)
    papers = await stored(any_database, 3, clock())
    for who, paper in zip(everybody, papers, strict=True):
        await say(any_database, who, who.user.id, "1", paper, clock, verdict=Verdict.LIKE)
    await joined(any_database, ada, bob, clock)
    await joined(any_database, carl, ada, clock)
    assert set(await opinions(any_database, carl.user.id)) == set(papers)
    homes = await split(any_database, carl.user.id, clock)
    assert homes == {ada.user.id, bob.user.id}
    for who, paper in zip(everybody, papers, strict=True):
        assert await opinions(any_database, who.user.id) == {paper: (Verdict.LIKE, False)}
    # And nothing is left over that would stand in the way of doing it again.
    assert (await joined(any_database, ada, bob, clock)).answer is Answer.JOINED


# ---------------------------------------------------------------- codes


async def test_a_code_works_once_and_for_ten_minutes(any_database, ada, bob, clock):
    code = await code_of(any_database, ada, clock)
    assert len(code) == 6
    assert set(code) <= set(linking.ALPHABET)
    clock.forward(minutes=10)
    assert (await redeem(any_database, bob, code, clock)).answer is Answer.WRONG
    code = await code_of(any_database, ada, clock)
    clock.forward(minutes=9)
    assert (await redeem(any_database, bob, code, clock)).answer is Answer.JOINED
    carl = await reader(any_database, "carl", clock())
    assert (await redeem(any_database, carl, code, clock)).answer is Answer.WRONG


async def test_a_new_code_makes_the_one_before_worthless(any_database, ada, bob, clock):
    before, after = [await code_of(any_database, ada, clock) for _ in range(2)]
    assert (await redeem(any_database, bob, before, clock)).answer is Answer.WRONG
    assert (await redeem(any_database, bob, after, clock)).answer is Answer.JOINED


async def test_ones_own_code_joins_nothing(any_database, ada, clock):
    code = await code_of(any_database, ada, clock)
    assert (await redeem(any_database, ada, code, clock)).answer is Answer.OWN


async def test_after_five_wrong_codes_even_the_right_one_has_to_wait(any_database, ada, bob, clock):
    code = await code_of(any_database, ada, clock)
    for guess in range(linking.GUESSES):
        answer = await redeem(any_database, bob, f"AAAAA{guess}", clock)
        assert answer.answer is Answer.WRONG
    assert (await redeem(any_database, bob, code, clock)).answer is Answer.SLOWED
    carl = await reader(any_database, "carl", clock())
    assert (await redeem(any_database, carl, "AAAAAA", clock)).answer is Answer.WRONG
    clock.forward(minutes=11)
    code = await code_of(any_database, ada, clock)
    assert (await redeem(any_database, bob, code, clock)).answer is Answer.JOINED


async def test_many_guessers_together_are_slowed_too(any_database, ada, bob, clock):
    code = await code_of(any_database, ada, clock)
    for n in range(linking.GUESSES_OF_ALL // linking.GUESSES):
        guesser = await reader(any_database, f"guesser-{n}", clock())
        for _ in range(linking.GUESSES):
            await redeem(any_database, guesser, "AAAAAA", clock)
    assert (await redeem(any_database, bob, code, clock)).answer is Answer.BUSY


async def test_a_code_made_by_one_process_is_known_to_another_and_joins_once(
    any_database, any_database_url, ada, bob, clock
):
    carl = await reader(any_database, "carl", clock())
    second = Database(any_database_url)
    code = await code_of(second, ada, clock)
    answers = await asyncio.gather(
        redeem(any_database, bob, code, clock), redeem(second, carl, code, clock)
    )
    await second.dispose()
    assert sorted(answer.answer for answer in answers) == [Answer.JOINED, Answer.WRONG]


# ---------------------------------------------------------------- a property of all histories

steps = st.lists(
    st.tuples(
        st.sampled_from(["ada", "bob"]),
        st.integers(0, 2),
        st.sampled_from([Verdict.LIKE, Verdict.SKIP, "save", "unsave", "undo"]),
    ),
    max_size=12,
)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=steps, after=steps)
async def test_joining_and_splitting_at_once_changes_nothing_of_what_each_said(
    database, clock, before, after
):
    clock.forward(days=1)
    start = clock()
    people = {
        "ada": await reader(database, f"ada-{start}", start),
        "bob": await reader(database, f"bob-{start}", start, platform="discord"),
    }
    async with database.writing() as db:
        await catalogue.take_in(db, [arxiv(n) for n in (1, 2, 3)], start)
        known = await catalogue.by_keys(db, [arxiv(n).key for n in (1, 2, 3)])
    papers = sorted(paper.id for paper in known.values())

    async def live(story, label, home):
        for n, (name, which, what) in enumerate(story):
            who, event = people[name], f"{label}{n}"
            user = home or who.user.id
            if what == "undo":
                async with database.writing() as db:
                    await feedback_log.undo(
                        db, user, who.account.id, event, clock.forward(minutes=1), papers[which]
                    )
                continue
            said = {"save": what == "save"} if what in ("save", "unsave") else {"verdict": what}
            await say(database, who, user, event, papers[which], clock, **said)

    await live(before, "b", None)
    apart = {name: await opinions(database, who.user.id) for name, who in people.items()}
    answer = await joined(database, people["ada"], people["bob"], clock)
    together = await opinions(database, answer.user)
    assert set(together) == set(apart["ada"]) | set(apart["bob"])
    await split(database, answer.user, clock)
    assert {n: await opinions(database, w.user.id) for n, w in people.items()} == apart
    # A second join, with a life together, never leaves one with what only the other said.
    answer = await joined(database, people["ada"], people["bob"], clock)
    await live(after, "a", answer.user)
    await split(database, answer.user, clock)
    for name, who in people.items():
        said = {papers[p] for n, p, _ in (*before, *after) if n == name}
        assert set(await opinions(database, who.user.id)) <= said

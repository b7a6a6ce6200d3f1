"""A group has settings, a taste and votes of its own; nobody's private taste is in them."""

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from recommender.feedback import Feedback, Verdict
from storage import feedback_log, groups, linking, personal, users, votes
from storage.tables import FeedbackLogRow, FeedbackRow, UserRow
from storage.users import FOREVER
from storage.votes import Tally, Vote
from tests.contracts.examples import next_due, reader, shown, stored

LIKE, SKIP = Verdict.LIKE, Verdict.SKIP


async def group_of(database, clock, name="-1001", home=None, platform="telegram"):
    async with database.writing() as db:
        return await groups.find_or_create(
            db, platform, name, name.removeprefix("channel:"), home, "en", clock(), next_due
        )


async def shown_to(database, group, paper, clock):
    async with database.writing() as db:
        (impression,) = await feedback_log.impress(db, [shown(group, paper, clock())])
    return impression


async def vote(database, group, member, paper, verdict, clock, impression):
    cast = Vote(group.user.id, paper, member.account.id, verdict, impression)
    async with database.writing() as db:
        return await votes.cast(db, cast, group.account.id, clock())


async def tally(database, group, paper):
    async with database.reading() as db:
        return (await votes.tallies(db, group.user.id, [paper]))[paper]


async def standing(database, user):
    async with database.reading() as db:
        return (await feedback_log.standing(db, [user]))[user]


@pytest.fixture
async def group(any_database, clock):
    return await group_of(any_database, clock)


# ---------------------------------------------------------------- settings


async def test_a_group_begins_with_a_schedule_all_categories_and_votes(any_database, group):
    assert group.user.kind == "group"
    assert group.user.next_push_at is not None
    assert (group.account.external_id, group.account.chat) == ("-1001", "-1001")
    assert group.settings.categories == ()
    assert (group.settings.has_votes, group.settings.has_threads) == (True, False)


async def test_two_administrators_at_once_make_one_group(any_database, clock):
    made = await asyncio.gather(*(group_of(any_database, clock) for _ in range(4)))
    assert len({one.user.id for one in made}) == 1
    async with any_database.reading() as db:
        assert await db.scalar(select(func.count()).select_from(UserRow)) == 1


async def test_what_is_set_stands_and_the_rest_stays(any_database, group, clock):
    ada = await reader(any_database, "ada", clock())
    async with any_database.writing() as db:
        await groups.change(db, group.user.id, categories=["cs.LG", "cs.CL"], admin=ada.account.id)
        await groups.change(db, group.user.id, has_votes=False)
    async with any_database.reading() as db:
        found = await groups.find(db, "telegram", "-1001")
    assert found.settings.categories == ("cs.LG", "cs.CL")
    assert (found.settings.has_votes, found.settings.admin) == (False, ada.account.id)


async def test_a_person_is_no_group(any_database, group, clock):
    ada = await reader(any_database, "ada", clock())
    async with any_database.reading() as db:
        assert await groups.find(db, "telegram", "ada") is None
        found = await groups.settings_of(db, [ada.user.id, group.user.id])
    assert set(found) == {group.user.id}


async def test_the_groups_of_a_server_are_found_by_it(any_database, clock):
    first = await group_of(any_database, clock, "channel:1", "77", "discord")
    second = await group_of(any_database, clock, "channel:2", "77", "discord")
    await group_of(any_database, clock, "channel:3", "78", "discord")
    async with any_database.reading() as db:
        found = await groups.accounts_at(db, "discord", "77")
    assert [account.id for account in found] == [first.account.id, second.account.id]


async def test_a_group_that_becomes_a_supergroup_keeps_everything(any_database, group, clock):
    async with any_database.writing() as db:
        await users.move_chat(db, "telegram", "-1001", "-100777")
    async with any_database.reading() as db:
        found = await groups.find(db, "telegram", "-100777")
    assert found.user.id == group.user.id
    assert found.account.chat == "-100777"


# ---------------------------------------------------------------- votes


async def test_each_member_has_one_vote_and_may_change_their_mind(any_database, group, clock):
    (paper,) = await stored(any_database, 1, clock())
    impression = await shown_to(any_database, group, paper, clock)
    ada, bob = [await reader(any_database, name, clock()) for name in ("ada", "bob")]

    async def cast(member, verdict):
        return await vote(any_database, group, member, paper, verdict, clock, impression)

    assert await cast(ada, LIKE) is None
    assert await cast(ada, LIKE) is LIKE
    assert await cast(bob, LIKE) is None
    assert await tally(any_database, group, paper) == Tally(2, 0)
    assert await cast(ada, SKIP) is LIKE
    assert await tally(any_database, group, paper) == Tally(1, 1)


async def test_the_majority_teaches_the_group_and_a_draw_teaches_nothing(
    any_database, group, clock
):
    (paper,) = await stored(any_database, 1, clock())
    impression = await shown_to(any_database, group, paper, clock)
    people = [await reader(any_database, str(n), clock()) for n in range(3)]
    opinions = []
    for n, verdict in enumerate((LIKE, SKIP, SKIP)):
        await vote(any_database, group, people[n], paper, verdict, clock, impression)
        opinions.append(await standing(any_database, group.user.id))
    assert opinions == [(Feedback(paper, LIKE),), (), (Feedback(paper, SKIP),)]
    async with any_database.reading() as db:
        shown_as = await db.scalar(select(FeedbackRow.impression_id))
    assert shown_as == impression


async def test_a_vote_says_nothing_of_the_member_and_a_members_like_nothing_of_the_group(
    any_database, group, clock
):
    first, second = await stored(any_database, 2, clock())
    impression = await shown_to(any_database, group, first, clock)
    ada = await reader(any_database, "ada", clock())
    await vote(any_database, group, ada, first, LIKE, clock, impression)
    assert await standing(any_database, ada.user.id) == ()
    async with any_database.writing() as db:
        await feedback_log.record(
            db, ada.user.id, ada.account.id, "2", second, None, clock(), verdict=SKIP, save=True
        )
    assert await standing(any_database, group.user.id) == (Feedback(first, LIKE),)
    async with any_database.reading() as db:
        logged = await db.scalars(
            select(FeedbackLogRow.paper_id).where(FeedbackLogRow.account_id == ada.account.id)
        )
        assert list(logged) == [second]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
@given(cast=st.lists(st.tuples(st.integers(0, 2), st.sampled_from([LIKE, SKIP])), max_size=12))
async def test_counts_are_the_last_word_of_each_member_whatever_came_before(database, clock, cast):
    clock.forward(days=1)
    name = f"-{clock():%m%d%H%M}{clock.now.timestamp()}"
    group = await group_of(database, clock, name)
    paper = (await stored(database, 1, clock()) or [1])[0]
    impression = await shown_to(database, group, paper, clock)
    people = [await reader(database, str(n), clock()) for n in range(3)]
    for who, verdict in cast:
        await vote(database, group, people[who], paper, verdict, clock, impression)
    last = list(dict(cast).values())
    expected = Tally(last.count(LIKE), last.count(SKIP))
    assert await tally(database, group, paper) == expected
    found = await standing(database, group.user.id)
    assert [f.verdict for f in found] == ([expected.verdict] if expected.verdict else [])


async def test_votes_at_the_same_moment_are_all_counted(any_database, group, clock):
    (paper,) = await stored(any_database, 1, clock())
    impression = await shown_to(any_database, group, paper, clock)
    people = [await reader(any_database, str(n), clock()) for n in range(8)]
    await asyncio.gather(
        *(vote(any_database, group, one, paper, LIKE, clock, impression) for one in people)
    )
    assert await tally(any_database, group, paper) == Tally(8, 0)
    assert await standing(any_database, group.user.id) == (Feedback(paper, LIKE),)


# ---------------------------------------------------------------- forgetting


async def test_a_member_who_is_forgotten_takes_their_votes_and_nothing_of_the_group(
    any_database, group, clock
):
    first, second = await stored(any_database, 2, clock())
    ada, bob = [await reader(any_database, name, clock()) for name in ("ada", "bob")]
    for paper in (first, second):
        impression = await shown_to(any_database, group, paper, clock)
        await vote(any_database, group, ada, paper, LIKE, clock, impression)
    await vote(any_database, group, bob, first, SKIP, clock, impression - 1)
    assert await standing(any_database, group.user.id) == (Feedback(second, LIKE),)
    async with any_database.writing() as db:
        await votes.withdraw(db, [ada.account.id], clock())
        await personal.forget(db, ada.user.id)
    assert await tally(any_database, group, first) == Tally(0, 1)
    assert await tally(any_database, group, second) == Tally()
    assert await standing(any_database, group.user.id) == (Feedback(first, SKIP),)
    async with any_database.reading() as db:
        assert await groups.find(db, "telegram", "-1001") is not None


async def test_linked_accounts_keep_their_votes_and_take_them_along_together(
    any_database, group, clock
):
    (paper,) = await stored(any_database, 1, clock())
    impression = await shown_to(any_database, group, paper, clock)
    ada = await reader(any_database, "ada", clock())
    also_ada = await reader(any_database, "also-ada", clock(), platform="discord")
    for one in (ada, also_ada):
        await vote(any_database, group, one, paper, LIKE, clock, impression)
    async with any_database.writing() as db:
        await groups.change(db, group.user.id, admin=also_ada.account.id)
        await linking.join(db, ada.user.id, also_ada.user.id, clock(), next_due)
    assert await tally(any_database, group, paper) == Tally(2, 0)
    assert await standing(any_database, ada.user.id) == ()
    async with any_database.writing() as db:
        await linking.split(db, ada.user.id, clock(), next_due)
        await linking.join(db, ada.user.id, also_ada.user.id, clock(), next_due)
        who = await personal.who_is(db, ada.user.id)
        await votes.withdraw(db, who.accounts, clock())
        await personal.forget(db, ada.user.id)
    assert await tally(any_database, group, paper) == Tally()
    async with any_database.reading() as db:
        found = await groups.find(db, "telegram", "-1001")
    assert found.settings.admin is None


async def test_an_administrator_who_is_forgotten_is_named_no_more(any_database, group, clock):
    ada = await reader(any_database, "ada", clock())
    async with any_database.writing() as db:
        await groups.change(db, group.user.id, admin=ada.account.id)
        await personal.forget(db, ada.user.id)
    async with any_database.reading() as db:
        found = await groups.find(db, "telegram", "-1001")
    assert found.settings.admin is None


async def test_a_forgotten_group_leaves_its_members_as_they_are(any_database, group, clock):
    (paper,) = await stored(any_database, 1, clock())
    impression = await shown_to(any_database, group, paper, clock)
    ada = await reader(any_database, "ada", clock())
    await vote(any_database, group, ada, paper, LIKE, clock, impression)
    async with any_database.writing() as db:
        await users.pause(db, ada.user.id, FOREVER, clock(), next_due)
        await personal.forget(db, group.user.id)
    async with any_database.reading() as db:
        assert await groups.find(db, "telegram", "-1001") is None
        assert (await users.by_id(db, ada.user.id)).paused_until == FOREVER

"""What readers told us in words is kept once, read for many at a time, and follows a link."""

import pytest
from sqlalchemy import event

from recommender.wishes import Kind, Said, Standing, Told, Topic
from storage import linking, wishes
from tests.contracts.examples import next_due, reader, stored

HINTON = Topic(Kind.AUTHOR, "Geoffrey Hinton")
ROBOTS = Topic(Kind.CATEGORY, "cs.RO")
GRAPHS = Topic(Kind.WORD, "graphs")


@pytest.fixture
async def ada(any_database, clock):
    return (await reader(any_database, "ada", clock())).user.id


async def told(database, *users):
    async with database.reading() as db:
        return await wishes.told(db, users)


async def do(database, change, *arguments):
    async with database.writing() as db:
        await change(db, *arguments)


async def test_who_told_nothing_is_left_out(any_database, ada, clock):
    bob = (await reader(any_database, "bob", clock())).user.id
    await do(any_database, wishes.follow, bob, HINTON, clock())
    assert await told(any_database, ada, bob) == {bob: Told(follows=(HINTON,))}


async def test_a_topic_is_followed_once_in_the_order_of_time_and_no_more_when_it_is_muted(
    any_database, ada, clock
):
    for topic in (ROBOTS, GRAPHS, HINTON, GRAPHS):
        await do(any_database, wishes.follow, ada, topic, clock.forward(minutes=1))
    assert (await told(any_database, ada))[ada].follows == (ROBOTS, GRAPHS, HINTON)
    await do(any_database, wishes.mute, ada, GRAPHS, clock.forward(minutes=1))
    assert (await told(any_database, ada))[ada] == Told((ROBOTS, HINTON), (GRAPHS,))
    await do(any_database, wishes.follow, ada, GRAPHS, clock.forward(minutes=1))
    assert (await told(any_database, ada))[ada] == Told((ROBOTS, HINTON, GRAPHS))
    await do(any_database, wishes.unfollow, ada, ROBOTS)
    await do(any_database, wishes.mute, ada, ROBOTS, clock())
    await do(any_database, wishes.unmute, ada, ROBOTS)
    assert (await told(any_database, ada))[ada] == Told((HINTON, GRAPHS))


async def test_a_whole_batch_is_read_with_two_statements(any_database, clock):
    users = [(await reader(any_database, f"r{n}", clock())).user.id for n in range(30)]
    for user in users[::2]:
        await do(any_database, wishes.follow, user, HINTON, clock())
    statements = []

    def note(connection, cursor, statement, *_):
        statements.append(statement)

    async with any_database.reading() as db:
        connection = (await db.connection()).sync_connection
        event.listen(connection, "before_cursor_execute", note)
        assert len(await wishes.told(db, users)) == 15
    assert len(statements) == 2


async def test_categories_that_anybody_follows_are_told_in_the_order_of_the_first(
    any_database, ada, clock
):
    bob = (await reader(any_database, "bob", clock())).user.id
    biology = Topic(Kind.CATEGORY, "q-bio.NC")
    await do(any_database, wishes.follow, bob, ROBOTS, clock.forward(minutes=1))
    await do(any_database, wishes.follow, ada, biology, clock.forward(minutes=1))
    await do(any_database, wishes.follow, ada, ROBOTS, clock.forward(minutes=1))
    await do(any_database, wishes.follow, ada, GRAPHS, clock.forward(minutes=1))
    async with any_database.reading() as db:
        assert await wishes.followed_categories(db) == ["cs.RO", "q-bio.NC"]


async def test_what_is_said_of_papers_replaces_what_was_said_of_them_before(
    any_database, ada, clock
):
    papers = await stored(any_database, 6, clock())
    one = Said(tuple(papers[:4]), Standing.MUTED)
    await do(any_database, wishes.say, ada, one, clock.forward(minutes=1))
    assert (await told(any_database, ada))[ada].interests == (one,)
    other = Said((papers[0], papers[5]), Standing.BOOSTED, "mine")
    await do(any_database, wishes.say, ada, other, clock.forward(minutes=1))
    left = Said(tuple(papers[1:4]), Standing.MUTED)
    assert (await told(any_database, ada))[ada].interests == (left, other)
    await do(any_database, wishes.unsay, ada, [papers[5], papers[0]])
    assert (await told(any_database, ada))[ada].interests == (left,)


@pytest.mark.parametrize("is_later_first", [True, False])
async def test_of_two_sayings_that_come_to_stand_for_one_paper_the_later_stays(
    any_database, ada, clock, is_later_first
):
    bob = (await reader(any_database, "bob", clock(), platform="discord")).user.id
    one, two, three = await stored(any_database, 3, clock())
    early, late = clock(), clock.forward(minutes=1)
    earlier, later = Said((one, two, three), Standing.MUTED), Said((two, one), Standing.BOOSTED)
    for user, said, at in (
        ((bob, later, late), (ada, earlier, early))
        if is_later_first
        else ((bob, earlier, early), (ada, later, late))
    ):
        await do(any_database, wishes.say, user, said, at)
    async with any_database.writing() as db:
        await linking.join(db, ada, bob, clock(), next_due)
    assert (await told(any_database, ada))[ada].interests == (earlier, later)
    await do(any_database, wishes.unsay, ada, [one])
    left = Said((two,), Standing.BOOSTED)
    assert (await told(any_database, ada))[ada].interests == (left,)


async def test_what_was_said_follows_a_link_and_goes_home_when_it_is_undone(
    any_database, ada, clock
):
    bob = (await reader(any_database, "bob", clock(), platform="discord")).user.id
    papers = await stored(any_database, 4, clock())
    mine, theirs = Said((papers[0],), Standing.MUTED), Said((papers[1],), name="robots")
    both = Said((papers[2],), Standing.BOOSTED)
    for user, said in ((ada, mine), (ada, both), (bob, theirs), (bob, both)):
        await do(any_database, wishes.say, user, said, clock.forward(minutes=1))
    await do(any_database, wishes.mute, bob, GRAPHS, clock())
    apart = await told(any_database, ada, bob)
    async with any_database.writing() as db:
        await linking.join(db, ada, bob, clock(), next_due)
    joined = (await told(any_database, ada))[ada]
    assert joined == Told((), (GRAPHS,), (mine, both, theirs))
    async with any_database.writing() as db:
        await linking.split(db, ada, clock(), next_due)
    assert await told(any_database, ada, bob) == apart

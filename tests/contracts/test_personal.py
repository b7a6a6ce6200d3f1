"""What is kept about a person can be handed out whole and forgotten whole; a ban outlives it."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import UniqueConstraint, insert, select, text, update

from recommender.feedback import Verdict
from recommender.wishes import Said, Standing
from storage import (
    bans,
    broadcasts,
    catalogue,
    feedback_log,
    groups,
    library,
    linking,
    personal,
    users,
    wishes,
)
from storage.database import Database
from storage.feedback_log import Place
from storage.marks import mark
from storage.tables import (
    Base,
    BroadcastSendRow,
    DeliveryRow,
    FeedbackRow,
    FollowRow,
    MuteRow,
    TopicRow,
    UserRow,
    VoteRow,
)
from tests import traces
from tests.contracts.examples import MONDAY, next_due, reader, shown, stored

NAME = "9140775523"
NOTE = "read this on the xylophone"


async def full_life(database, clock, name=NAME):
    """Let a person leave a trace in every table that can hold one; return them and a group."""
    await stored(database, 4, clock())
    found = await reader(database, name, clock())
    other = await reader(database, f"{name}-second", clock(), platform="discord")
    async with database.writing() as db:
        known = await catalogue.by_keys(db, [f"arxiv:2603.{n:05}" for n in range(1, 5)])
        papers = sorted(paper.id for paper in known.values())
        chat = f"-100{len(name)}"
        group = await groups.find_or_create(
            db, "telegram", chat, chat, None, "en", clock(), next_due
        )
        user, account = found.user.id, found.account.id
        await groups.change(db, group.user.id, admin=account)
        for who in (found, other):
            (impression,) = await feedback_log.impress(
                db, [shown(who, papers[0], clock(), Place.DIGEST, MONDAY)]
            )
            await feedback_log.record(
                db, who.user.id, who.account.id, f"e{who.user.id}", papers[0], impression,
                clock(), verdict=Verdict.LIKE, save=True,
            )  # fmt: skip
        for row in (TopicRow, FollowRow, MuteRow):
            kind = {} if row is TopicRow else {"kind": "word"}
            await db.execute(insert(row).values(user_id=user, text=NOTE, at=clock(), **kind))
        said = Said((papers[0], papers[1]), Standing.MUTED, NOTE)
        await wishes.say(db, user, said, clock())
        await db.execute(
            insert(DeliveryRow).values(
                user_id=user, day=MONDAY, account_id=account, due=clock(), state="sent",
                claimed_at=clock(), nonce="n", messages=[{"chat": f"chat-{name}", "message": "1"}],
            )
        )  # fmt: skip
        word = await broadcasts.draft(db, "Hello to all.", 10, clock())
        sent_at = {"at": clock(), "state": "sent"}
        await db.execute(
            insert(BroadcastSendRow).values(broadcast_id=word.id, user_id=user, **sent_at)
        )
        vote = {"group_id": group.user.id, "paper_id": papers[1], "account_id": account}
        await db.execute(insert(VoteRow).values(**vote, verdict="like", at=clock()))
        (seen,) = await feedback_log.impress(
            db, [feedback_log.NewImpression(group.user.id, account, papers[2], clock(), Place.CARD)]
        )
        await db.execute(
            insert(FeedbackRow).values(
                user_id=group.user.id, paper_id=papers[2], account_id=group.account.id,
                impression_id=seen, verdict="like", at=clock(),
            )
        )  # fmt: skip
        await library.write_note(db, user, account, papers[0], NOTE, clock())
        await linking.redeem(db, user, account, "NOCODE", clock(), next_due)
        await linking.join(db, user, other.user.id, clock(), next_due)
        await linking.new_code(db, user, account, clock())
        await users.set_push_account(db, user, account)
    return found, other, group


async def test_after_forgetting_no_row_of_any_table_refers_to_the_person(any_database, clock):
    found, other, group = await full_life(any_database, clock)
    people, accounts = {found.user.id, other.user.id}, {found.account.id, other.account.id}
    before = await traces.referring(any_database, people, accounts)
    assert len(before) >= 26
    async with any_database.writing() as db:
        who = await personal.forget(db, found.user.id)
    assert (who.users, who.accounts) == (people, accounts)
    assert who.platforms == {"telegram", "discord"}
    assert await traces.referring(any_database, people, accounts) == []
    assert await traces.in_tables(any_database, [NAME, NOTE]) == []
    async with any_database.reading() as db:
        assert await users.by_id(db, group.user.id) is not None
        standing = (await feedback_log.standing(db, [group.user.id]))[group.user.id]
    assert len(standing) == 1


async def test_a_full_life_leaves_a_trace_in_every_table_that_can_hold_one(any_database, clock):
    found, other, _ = await full_life(any_database, clock)
    people, accounts = {found.user.id, other.user.id}, {found.account.id, other.account.id}
    told = {place.split(".")[0] for place in await traces.referring(any_database, people, accounts)}
    holding = {
        table.name
        for table in Base.metadata.sorted_tables
        for column in table.columns
        for key in column.foreign_keys
        if key.column.table.name in ("users", "accounts")
    }
    assert told == holding | {"users"}


async def test_nobody_else_loses_anything(any_database, clock):
    found, *_ = await full_life(any_database, clock)
    bob, *_ = await full_life(any_database, clock, "5550001")
    async with any_database.reading() as db:
        before = await personal.everything(db, bob.user.id)
    async with any_database.writing() as db:
        await personal.forget(db, found.user.id)
    async with any_database.reading() as db:
        after = await personal.everything(db, bob.user.id)
    assert after == before


async def test_whatever_will_be_forgotten_is_handed_out_before(any_database, clock):
    found, other, _ = await full_life(any_database, clock)
    async with any_database.reading() as db:
        handed_out = await personal.everything(db, found.user.id)
    people, accounts = {found.user.id, other.user.id}, {found.account.id, other.account.id}
    told = {place.split(".")[0] for place in await traces.referring(any_database, people, accounts)}
    assert set(handed_out) == told
    assert NOTE in json.dumps(handed_out)
    assert NAME in json.dumps(handed_out)


async def test_what_is_handed_out_keeps_its_order_whatever_the_database_learns_of_its_tables(
    any_database, clock
):
    found, *_ = await full_life(any_database, clock)
    words = [{"user_id": found.user.id, "kind": "word", "at": clock()} for _ in range(200)]
    async with any_database.writing() as db:
        await db.execute(
            insert(FollowRow), [row | {"text": f"{97 * n % 200:03}"} for n, row in enumerate(words)]
        )
    async with any_database.reading() as db:
        before = await personal.everything(db, found.user.id)
    async with any_database.writing() as db:
        await db.execute(
            update(FollowRow).where(FollowRow.text < "100").values(at=clock() + timedelta(days=1))
        )
        await db.execute(text("ANALYZE"))
    async with any_database.reading() as db:
        after = await personal.everything(db, found.user.id)
    for name, rows in before.items():
        keys = [column.name for column in Base.metadata.tables[name].primary_key.columns]
        ordered = [[row[key] for key in keys] for row in rows]
        assert ordered == [[row[key] for key in keys] for row in after[name]] == sorted(ordered)


async def test_what_was_forgotten_is_in_no_byte_of_the_files(database, clock, tmp_path):
    found, *_ = await full_life(database, clock)
    assert traces.in_files(tmp_path, [NAME, NOTE]) != []
    async with database.writing() as db:
        await personal.forget(db, found.user.id)
    await database.settle()
    assert traces.in_files(tmp_path, [NAME, NOTE]) == []


async def test_the_number_of_somebody_who_is_forgotten_is_given_to_nobody_else(any_database, clock):
    gone = await reader(any_database, "1", clock())
    async with any_database.writing() as db:
        await personal.forget(db, gone.user.id)
    newcomer = await reader(any_database, "2", clock())
    assert newcomer.user.id > gone.user.id
    assert newcomer.account.id > gone.account.id


async def test_a_ban_holds_for_one_account_outlives_forgetting_and_names_nobody(
    any_database, clock
):
    found = await reader(any_database, NAME, clock())
    async with any_database.reading() as db:
        assert not await bans.is_banned(db, "telegram", NAME)
    for _ in range(2):
        async with any_database.writing() as db:
            await bans.ban(db, "telegram", NAME, clock())
    async with any_database.reading() as db:
        user = await users.by_id(db, found.user.id)
    assert user.next_push_at is None
    async with any_database.writing() as db:
        await personal.forget(db, found.user.id)
    assert await traces.in_tables(any_database, [NAME]) == []
    async with any_database.reading() as db:
        assert await bans.is_banned(db, "telegram", NAME)
        assert not await bans.is_banned(db, "discord", NAME)
        assert not await bans.is_banned(db, "telegram", "1")
    async with any_database.writing() as db:
        await bans.unban(db, "telegram", NAME)
    async with any_database.reading() as db:
        assert not await bans.is_banned(db, "telegram", NAME)


async def test_two_installations_mark_the_same_account_differently(database, clock, tmp_path):
    second = Database(f"sqlite+aiosqlite:///{tmp_path / 'second.db'}")
    await second.migrate()
    marks = []
    for one in (database, second):
        async with one.writing() as db:
            marks.append(await mark(db, "ban", "telegram", NAME))
    await second.dispose()
    assert marks[0] != marks[1]


@pytest.mark.parametrize("gap", [timedelta(), timedelta(days=3)])
async def test_who_comes_back_is_a_new_person(any_database, clock, gap):
    found, *_ = await full_life(any_database, clock)
    async with any_database.writing() as db:
        await personal.forget(db, found.user.id)
    clock.now += gap
    again = await reader(any_database, NAME, clock())
    assert again.is_new
    async with any_database.reading() as db:
        assert await library.kept(db, again.user.id, only_saved=False) == []
        assert (
            await db.scalar(select(UserRow.scheduled_at).where(UserRow.id == again.user.id))
        ) is None


def test_whatever_forgetting_looks_for_has_an_index():
    lacking = []
    for table in Base.metadata.sorted_tables:
        led = {next(iter(table.primary_key.columns))}
        led |= {next(iter(index.columns)) for index in table.indexes}
        led |= {next(iter(c.columns)) for c in table.constraints if isinstance(c, UniqueConstraint)}
        lacking += [
            str(column)
            for column in table.columns
            for key in column.foreign_keys
            if key.column.table.name in ("users", "accounts", "impressions") and column not in led
        ]
    assert lacking == []

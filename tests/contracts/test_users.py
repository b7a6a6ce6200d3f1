"""Readers and their accounts, on both databases."""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import event, func, select, text

from storage import deliveries, figures, meeting, personal, users
from storage.database import Database
from storage.meeting import Speaker
from storage.tables import AccountRow, UserRow
from storage.users import FOREVER
from tests.conftest import BOUND
from tests.contracts.examples import MONDAY, next_due, reader

EIGHT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


async def user(database, found):
    async with database.reading() as db:
        return await users.by_id(db, found.user.id)


async def test_a_newcomer_is_owed_a_digest_on_weekdays_at_eight(any_database, clock):
    found = await reader(any_database, "7", clock())
    assert found.is_new
    assert found.account.chat == "chat-7"
    assert await user(any_database, found) == found.user
    assert (found.user.push_at, found.user.push_days) == (time(8, 0), frozenset(range(5)))
    assert (found.user.next_push_day, found.user.next_push_at) == (MONDAY, EIGHT)


async def test_who_speaks_again_is_the_same_reader(any_database, clock):
    first = await reader(any_database, "7", clock())
    again = await reader(any_database, "7", clock.forward(hours=30))
    assert not again.is_new
    assert (again.user.id, again.account.id) == (first.user.id, first.account.id)
    assert (await user(any_database, first)).last_seen == clock()
    # What is owed stays owed, late or not.
    assert again.user.next_push_at == EIGHT


async def test_the_same_number_on_another_platform_is_another_reader(any_database, clock):
    one = await reader(any_database, "7", clock())
    other = await reader(any_database, "7", clock(), platform="discord")
    assert one.user.id != other.user.id


async def test_twenty_first_words_at_once_make_one_reader(any_database_url, clock):
    databases = [Database(any_database_url) for _ in range(2)]
    found = await asyncio.gather(*(reader(databases[i % 2], "7", clock()) for i in range(20)))
    async with databases[0].reading() as db:
        n_users = await db.scalar(select(func.count()).select_from(UserRow))
        n_accounts = await db.scalar(select(func.count()).select_from(AccountRow))
    for database in databases:
        await database.dispose()
    assert len({f.user.id for f in found}) == 1
    assert sum(f.is_new for f in found) == 1
    assert (n_users, n_accounts) == (1, 1)


async def test_a_blocked_reader_is_owed_nothing_until_they_speak_again(any_database, clock):
    found = await reader(any_database, "7", clock())
    async with any_database.writing() as db:
        await users.mark_unreachable(db, found.account.id, "blocked")
        gone = await users.account(db, found.account.id)
    assert gone.unreachable == "blocked"
    assert (await user(any_database, found)).next_push_at is None
    back = await reader(any_database, "7", clock.forward(days=1))
    assert (back.account.unreachable, back.back_from) == (None, "blocked")
    again = await reader(any_database, "7", clock())
    assert again.back_from == ""
    assert back.user.next_push_at == EIGHT + timedelta(days=1)
    assert await user(any_database, found) == back.user


async def test_a_reader_who_speaks_where_nothing_can_be_sent_stays_unreachable(any_database, clock):
    found = await reader(any_database, "7", clock(), platform="discord")
    async with any_database.writing() as db:
        await users.mark_unreachable(db, found.account.id, "dms_closed")
        again = await meeting.find_or_create(
            db, "discord", "7", None, None, clock.forward(hours=1), next_due
        )
    assert (again.account.unreachable, again.account.chat) == ("dms_closed", "chat-7")
    assert again.user.next_push_at is None


async def test_one_account_that_can_be_reached_is_enough(any_database, clock):
    found = await reader(any_database, "7", clock())
    other = await reader(any_database, "8", clock(), platform="discord")
    async with any_database.writing() as db:
        row = await db.get(AccountRow, other.account.id)
        row.user_id = found.user.id
        await db.flush()
        await users.mark_unreachable(db, found.account.id, "blocked")
        mine = (await users.accounts_of(db, [found.user.id, other.user.id]))[found.user.id]
    assert (await user(any_database, found)).next_push_at == EIGHT
    assert [a.id for a in mine] == [other.account.id, found.account.id]


async def test_digests_go_to_the_account_where_the_schedule_was_given_else_the_last_used(
    any_database, clock
):
    found = await reader(any_database, "7", clock())
    other = await reader(any_database, "8", clock.forward(hours=1), platform="discord")
    async with any_database.writing() as db:
        row = await db.get(AccountRow, other.account.id)
        row.user_id = found.user.id
        await db.flush()
        last_used = (await users.accounts_of(db, [found.user.id]))[found.user.id][0]
        await users.set_push_account(db, found.user.id, found.account.id)
        chosen = (await users.accounts_of(db, [found.user.id]))[found.user.id][0]
    assert (last_used.id, chosen.id) == (other.account.id, found.account.id)


async def test_a_new_schedule_moves_the_next_digest_with_it(any_database, clock):
    found = await reader(any_database, "7", clock())
    async with any_database.writing() as db:
        moved = await users.reschedule(
            db,
            found.user.id,
            clock(),
            next_due,
            zone="Europe/Berlin",
            push_at=time(21, 30),
            push_days=frozenset({2, 5}),
            picks=3,
            account=found.account.id,
        )
    assert moved == await user(any_database, found)
    assert (moved.zone, moved.picks, moved.push_days) == ("Europe/Berlin", 3, frozenset({2, 5}))
    assert moved.push_account == found.account.id
    assert moved.next_push_day == date(2026, 3, 4)
    assert moved.next_push_at == datetime(2026, 3, 4, 21, 30, tzinfo=UTC)


async def test_moving_the_hour_to_this_evening_owes_no_second_digest_today(any_database, clock):
    found = await reader(any_database, "7", clock())
    async with any_database.writing() as db:
        await deliveries.claim_due(db, EIGHT, 10, next_due)
        moved = await users.reschedule(
            db,
            found.user.id,
            EIGHT,
            next_due,
            zone=None,
            push_at=time(20, 0),
            push_days=frozenset(range(7)),
            picks=5,
        )
    assert moved.next_push_day == MONDAY + timedelta(days=1)


async def test_moving_the_hour_behind_the_present_moment_loses_no_day(any_database, clock):
    found = await reader(any_database, "7", clock())
    now = clock.forward(minutes=50)  # the digest is due in ten minutes
    async with any_database.writing() as db:
        moved = await users.reschedule(
            db,
            found.user.id,
            now,
            next_due,
            zone=None,
            push_at=time(7, 30),
            push_days=frozenset(range(5)),
            picks=5,
        )
        (claimed,) = await deliveries.claim_due(db, now, 10, next_due)
    assert (moved.next_push_day, moved.next_push_at) == (MONDAY, now)
    assert claimed.day == MONDAY
    after = await user(any_database, found)
    assert after.next_push_at == datetime(2026, 3, 3, 7, 30, tzinfo=UTC)


async def test_a_pause_owes_nothing_before_it_ends(any_database, clock):
    found = await reader(any_database, "7", clock())
    async with any_database.writing() as db:
        paused = await users.pause(db, found.user.id, EIGHT + timedelta(days=2), clock(), next_due)
    assert paused.next_push_at == EIGHT + timedelta(days=2)
    async with any_database.writing() as db:
        await users.pause(db, found.user.id, FOREVER, clock(), next_due)
    paused = await user(any_database, found)
    assert (paused.paused_until, paused.next_push_at) == (FOREVER, None)
    async with any_database.writing() as db:
        resumed = await users.resume(db, found.user.id, clock(), next_due)
    assert (resumed.paused_until, resumed.next_push_at) == (None, EIGHT)


async def test_the_dial_stands_in_the_middle_until_it_is_turned(any_database, clock):
    found = await reader(any_database, "7", clock())
    assert found.user.surprise == 2
    async with any_database.writing() as db:
        assert (await users.set_surprise(db, found.user.id, 4)).surprise == 4
    turned = await user(any_database, found)
    assert turned.surprise == 4
    assert turned.next_push_at == found.user.next_push_at
    for beyond in (-1, 5):
        async with any_database.writing() as db:
            with pytest.raises(ValueError, match="from 0 to 4"):
                await users.set_surprise(db, found.user.id, beyond)


async def test_switching_the_push_off_owes_nothing(any_database, clock):
    found = await reader(any_database, "7", clock())
    async with any_database.writing() as db:
        off = await users.set_pushed(db, found.user.id, False, clock(), next_due)
    assert (off.is_pushed, off.next_push_at, off.next_push_day) == (False, None, None)


async def test_a_group_that_gets_a_new_id_stays_the_same_reader(any_database, clock):
    async with any_database.writing() as db:
        group = await meeting.find_or_create(
            db, "telegram", "-5", "-5", None, clock(), next_due, kind="group"
        )
        await users.move_chat(db, "telegram", "-5", "-1005")
        moved = await meeting.find_or_create(
            db, "telegram", "-1005", "-1005", None, clock(), next_due, kind="group"
        )
    assert (moved.user.id, moved.user.kind, moved.is_new) == (group.user.id, "group", False)


async def test_an_id_that_is_taken_already_is_left_to_its_account(any_database, clock):
    async with any_database.writing() as db:
        for name in ("-5", "-1005"):
            await meeting.find_or_create(db, "telegram", name, name, None, clock(), next_due)
        await users.move_chat(db, "telegram", "-5", "-1005")
        old = await users.find(db, "telegram", "-5")
    assert old.account.chat == "-1005"


async def test_nobody_is_found_who_never_spoke(any_database):
    async with any_database.reading() as db:
        assert await users.find(db, "telegram", "7") is None
        assert await users.by_id(db, 1) is None
        assert await users.account(db, 1) is None
        assert await users.accounts_of(db, [1]) == {1: ()}


async def spoken(database, clock, language):
    """Return the language that holds after a word from a platform that says this one."""
    async with database.writing() as db:
        found = await meeting.find_or_create(
            db, "telegram", "7", "chat-7", language, clock(), next_due
        )
    return found.user.language


async def test_a_language_follows_the_platform_until_one_is_chosen(any_database, clock):
    assert await spoken(any_database, clock, "de-AT") == "de-AT"
    assert await spoken(any_database, clock, None) == "de-AT"  # nothing said, nothing changed
    assert await spoken(any_database, clock, "en") == "en"
    found = await reader(any_database, "7", clock())
    async with any_database.writing() as db:
        chosen = await users.set_language(db, found.user.id, "de", is_chosen=True)
    assert (chosen.language, chosen.is_language_chosen) == ("de", True)
    assert await spoken(any_database, clock, "en-GB") == "de"
    async with any_database.writing() as db:
        await users.set_language(db, found.user.id, "de", is_chosen=False)
    assert await spoken(any_database, clock, "en-GB") == "en-GB"


async def test_who_taps_on_is_known_without_a_word_being_written_and_news_are_not_missed(
    any_database, clock
):
    found = await reader(any_database, "7", clock())
    usual = Speaker("telegram", "7", "chat-7", "en", clock())

    async def settled(**other):
        async with any_database.reading() as db:
            return (await meeting.settled(db, [usual, replace(usual, **other)]))[1]

    assert (await settled()).user == found.user
    assert (await settled()).account == found.account
    assert await settled(external_id="8") is None
    assert await settled(chat="elsewhere") is None
    assert await settled(language="de") is None
    assert await settled(now=clock() + timedelta(minutes=2)) is None
    async with any_database.writing() as db:
        await users.mark_unreachable(db, found.account.id, "blocked")
    assert await settled() is None
    assert (await settled(speaks_there=False)).account.unreachable == "blocked"


async def test_many_who_speak_at_once_are_each_told_what_one_alone_would_be(any_database, clock):
    names = ["ada", "ben", "cleo", "dora"]
    first = {name: await reader(any_database, name, clock()) for name in names}
    async with any_database.writing() as db:
        await users.mark_unreachable(db, first["ben"].account.id, "blocked")
    clock.forward(hours=3)
    said = [Speaker("telegram", name, f"chat-{name}", "en", clock()) for name in names]
    said[2] = replace(said[2], chat="elsewhere", language="de")
    said += [Speaker("telegram", "eve", "chat-eve", "en", clock()), replace(said[0], chat="new")]
    async with any_database.writing() as db:
        met = await meeting.all_met(db, said, next_due)
    assert [one.account.external_id for one in met] == [*names, "eve", "ada"]
    assert [one.is_new for one in met] == [False, False, False, False, True, False]
    assert [one.back_from for one in met] == ["", "blocked", "", "", "", ""]
    assert met[1].user.next_push_at == EIGHT + timedelta(days=1)
    assert (met[2].account.chat, met[2].user.language) == ("elsewhere", "de")
    assert (met[0].account.chat, met[5].account.chat) == ("chat-ada", "new")
    for one in met[1:]:
        async with any_database.reading() as db:
            assert await users.by_id(db, one.user.id) == one.user
            assert await users.account(db, one.account.id) == one.account
        assert one.user.last_seen == one.account.last_used == clock()


async def test_many_who_speak_at_once_share_a_handful_of_statements(any_database, clock):
    found = [await reader(any_database, str(n), clock()) for n in range(60)]
    clock.forward(days=1)
    said = [Speaker("telegram", str(n), f"chat-{n}", "en", clock()) for n in range(60)]
    asked = []
    async with any_database.writing() as db:
        engine = (await db.connection()).sync_engine
        event.listen(engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
        met = await meeting.all_met(db, said, next_due)
    assert [one.user.id for one in met] == [one.user.id for one in found]
    assert len(asked) <= 6
    async with any_database.reading() as db:
        (today, yesterday) = await figures.visits(db, MONDAY)
    assert (today.active, yesterday.new, yesterday.active) == (60, 60, 60)


async def test_who_speaks_while_a_digest_finds_them_gone_is_reachable_and_owed_or_neither(
    any_database_url, clock
):
    """One process notes that a chat is blocked while another hears its reader."""
    sender, hearer = Database(any_database_url), Database(any_database_url)
    found = await reader(hearer, "7", clock())
    clock.forward(minutes=5)
    async with sender.writing() as db:
        await users.mark_unreachable(db, found.account.id, "blocked")
        hearing = asyncio.create_task(reader(hearer, "7", clock()))
        await waits_for_a_lock(sender, hearing)
    again = await hearing
    async with hearer.reading() as db:
        account = await users.account(db, found.account.id)
        user = await users.by_id(db, found.user.id)
    for database in (sender, hearer):
        await database.dispose()
    assert account.unreachable is None
    assert again.back_from == "blocked"
    assert user.next_push_at == EIGHT


async def test_newcomers_and_known_readers_are_counted_without_waiting_for_each_other_for_ever(
    any_database_url, clock
):
    one, other = Database(any_database_url), Database(any_database_url)
    await reader(one, "7", clock())
    clock.forward(days=1)
    async with one.writing() as db:
        known, new = (Speaker("telegram", name, name, "en", clock()) for name in ("7", "8"))
        await meeting.all_met(db, [known], next_due)
        meanwhile = asyncio.create_task(reader(other, "9", clock()))
        await waits_for_a_lock(one, meanwhile)
        await meeting.all_met(db, [new], next_due)
    assert (await meanwhile).is_new
    async with one.reading() as db:
        today, _ = await figures.visits(db, MONDAY)
    for database in (one, other):
        await database.dispose()
    assert (today.new, today.active) == (2, 3)


async def waits_for_a_lock(database, task):
    """Let a task come to where it waits for what somebody else holds."""
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    async with asyncio.timeout(BOUND):
        while not task.done():
            await asyncio.wait([task], timeout=0.01)
            if database.is_sqlite:
                return  # who writes is alone: it waits from its beginning
            async with database.reading() as db:
                if await db.scalar(waiting):
                    return


async def test_who_has_the_operators_menu_is_kept_until_they_lose_it_or_are_forgotten(
    any_database, clock
):
    ada, ben = [await reader(any_database, name, clock()) for name in ("7", "8")]

    async def note(name, has_it):
        async with any_database.writing() as db:
            return await users.note_operator_menu(db, "telegram", name, has_it=has_it)

    async def have_it():
        async with any_database.reading() as db:
            return await users.with_operator_menu(db, "telegram")

    assert not await note("9", True)  # nobody knows them
    assert [await note(one.account.external_id, True) for one in (ada, ben)] == [True, True]
    assert await have_it() == {"7", "8"}
    await note("8", False)
    assert await have_it() == {"7"}
    async with any_database.writing() as db:
        await personal.forget(db, ada.user.id)
    assert await have_it() == frozenset()

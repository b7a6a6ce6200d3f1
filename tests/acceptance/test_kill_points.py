"""kill -9 at each point of a digest's way, on both databases; nothing comes twice or is lost.

Where the process stands is brought about in the database, by what it is about to write, or
by the platform, which does not answer; the program itself knows nothing of these points.
"""

import asyncio
from contextlib import AsyncExitStack

import pytest

from tests.acceptance.kept import kept_at
from tests.acceptance.people import OnDiscord, OnTelegram, answered, asks_for_a_card, digests
from tests.acceptance.process import BotProcess, eventually

ABANDONED = 11  # minutes after which a digest that was begun is given up


@pytest.fixture(params=["sqlite", "postgresql-and-redis"])
async def bot(request, world):
    """The whole service in one process, with what it keeps."""
    settings, url = world.settings, f"sqlite+aiosqlite:///{world.data_dir}/paperlark.db"
    async with AsyncExitStack() as stack:
        if request.param != "sqlite":
            postgres = request.getfixturevalue("postgres")
            redis = request.getfixturevalue("redis_server")
            name = postgres.fresh_name()
            url = await postgres.create(name)
            stack.push_async_callback(postgres.drop, name)
            settings |= {"DATABASE_URL": url.replace("+asyncpg", ""), "REDIS_URL": redis.url}
        kept = await stack.enter_async_context(kept_at(url))
        bot = await stack.enter_async_context(BotProcess(settings, world.data_dir, "run"))
        await bot.says("discord.started")
        bot.kept = kept
        yield bot


@pytest.fixture
async def readers(world, bot):
    readers = [OnTelegram(world.telegram, 4200 + n, f"Person {n}") for n in range(3)]
    readers.append(OnDiscord(world.discord, 4300))
    await asyncio.gather(*(asks_for_a_card(reader, "/start") for reader in readers))
    return readers


async def chosen(kept):
    """Return what was chosen for a digest, as (account, paper)."""
    rows = await kept.rows(
        "SELECT a.external_id, i.paper_id FROM impressions i JOIN accounts a"
        " ON a.user_id = i.user_id WHERE i.place = 'digest'"
    )
    return sorted(rows)


async def comes_back(world, bot):
    """Start after a kill, when what was begun before has been given up."""
    await bot.kept.minutes_pass_for_deliveries(ABANDONED)
    before = len(bot.output)
    await bot.start()
    await bot.says("discord.started", before)

    async def all_ended():
        states = await bot.kept.deliveries()
        return states and not set(states.values()) & {"claimed", "sending"}

    await eventually(all_ended, "an end for every digest")
    return await bot.kept.deliveries()


async def has_state(kept, state):
    return state in (await kept.deliveries()).values()


async def test_who_dies_after_the_claim_loses_no_digest(world, bot, readers):
    async with bot.kept.standing_still("INSERT", "impressions", "NEW.place = 'digest'"):
        await bot.kept.everybodys_digest_is_due()
        await eventually(lambda: has_state(bot.kept, "claimed"), "the claim")
        await bot.kill()
    assert await chosen(bot.kept) == []
    assert set((await bot.kept.deliveries()).values()) == {"claimed"}
    assert set((await comes_back(world, bot)).values()) == {"sent"}
    assert [len(digests(reader)) for reader in readers] == [1] * len(readers)
    assert await bot.stop() == 0


async def test_who_dies_after_ranking_sends_what_was_chosen(world, bot, readers):
    async with bot.kept.standing_still("UPDATE", "deliveries", "NEW.state = 'sending'"):
        await bot.kept.everybodys_digest_is_due()
        await eventually(lambda: chosen(bot.kept), "the choice")
        await bot.kill()
    before = await chosen(bot.kept)
    assert set((await bot.kept.deliveries()).values()) == {"claimed"}
    assert set((await comes_back(world, bot)).values()) == {"sent"}
    assert await chosen(bot.kept) == before
    assert [len(digests(reader)) for reader in readers] == [1] * len(readers)
    assert await bot.stop() == 0


async def test_who_dies_before_the_send_is_through_never_sends_twice(world, bot, readers):
    ada = readers[0]
    hanging = world.telegram.fault("sendMessage", kind="hang", chat=ada.person.id)
    await bot.kept.everybodys_digest_is_due()
    await eventually(lambda: hanging.times == 0, "the send that hangs")
    await bot.kill()
    hanging.released.set()
    assert (await bot.kept.deliveries())[ada.account] == "sending"
    ended = await comes_back(world, bot)
    assert ended[ada.account] == "unknown"
    assert digests(ada) == []
    assert all(len(digests(reader)) <= 1 for reader in readers)
    today = await answered(ada, "/today", "papers for")
    assert today.text.count("You may have seen this.") == 5
    assert await bot.stop() == 0


async def test_who_dies_between_the_send_and_its_record_never_sends_twice(world, bot, readers):
    async with bot.kept.standing_still("UPDATE", "deliveries", "NEW.state = 'sent'"):
        await bot.kept.everybodys_digest_is_due()
        await eventually(lambda: any(digests(reader) for reader in readers), "a digest")
        await bot.kill()
    before = await bot.kept.deliveries()
    assert "sent" not in before.values()
    assert "sending" in before.values()
    had = {reader.account for reader in readers if digests(reader)}
    assert all(before[account] == "sending" for account in had)
    ended = await comes_back(world, bot)
    for reader in readers:
        begun = before[reader.account] == "sending"
        assert ended[reader.account] == ("unknown" if begun else "sent")
        assert len(digests(reader)) <= 1
        assert begun or len(digests(reader)) == 1
    assert await bot.stop() == 0

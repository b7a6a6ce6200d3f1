"""Where the bot is found, as processes tell each other; on both databases."""

from datetime import timedelta

from storage import presence
from storage.presence import LASTS


async def tell(database, name, now, platform="telegram"):
    async with database.writing() as db:
        await presence.found_as(db, platform, name, now)


async def name(database, now, platform="telegram"):
    async with database.reading() as db:
        return await presence.name_on(db, platform, now)


async def test_a_name_holds_for_its_platform_alone(any_database, clock):
    await tell(any_database, "lark_bot", clock())
    assert await name(any_database, clock()) == "lark_bot"
    assert await name(any_database, clock(), "discord") == ""


async def test_the_name_told_last_is_the_name(any_database, clock):
    await tell(any_database, "lark_bot", clock())
    await tell(any_database, "better_lark_bot", clock())
    assert await name(any_database, clock()) == "better_lark_bot"


async def test_a_bot_that_nobody_can_find_any_more_has_no_name(any_database, clock):
    await tell(any_database, "lark_bot", clock())
    await tell(any_database, "", clock())
    assert await name(any_database, clock()) == ""


async def test_a_name_that_nobody_confirms_for_a_day_is_none(any_database, clock):
    await tell(any_database, "lark_bot", clock())
    later = clock() + LASTS
    assert await name(any_database, later - timedelta(seconds=1)) == "lark_bot"
    assert await name(any_database, later) == ""
    await tell(any_database, "lark_bot", later)
    assert await name(any_database, later) == "lark_bot"

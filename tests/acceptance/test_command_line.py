"""What somebody meets who starts the bot: the chat, wrong settings, refused tokens."""

import pytest
from sqlalchemy import text

from tests.acceptance.people import OnDiscord, OnTelegram, asks_for_a_card
from tests.acceptance.process import BotProcess, eventually, run_once

LINES = "l\nw\n/today\n/saved\n"


async def test_a_chat_from_a_pipe_shows_papers_learns_explains_and_ends_with_the_lines(world, kept):
    status, said = await run_once(world.sources, world.data_dir, "chat", typed=LINES)
    assert status == 0, said
    first, liked, *_ = said.split("› ")[0], *said.split("› ")[1:]
    assert "I am Paperlark" in first
    assert "[l] " in first.replace("\u00a0", " ")
    assert "Sample paper" in first
    assert "Liked" in liked
    assert "What its score is made of:" in said.split("› w")[1].split("› /today")[0]
    assert "papers for " in said.split("› /today")[1]
    assert "saved nothing yet" in said.split("› /saved")[1]
    assert "Goodbye" in said
    assert await kept.one("SELECT count(*) FROM feedback WHERE verdict = 'like'") == 1


async def test_a_chat_speaks_the_language_of_its_terminal(world):
    german = {**world.sources, "LANG": "de_DE.UTF-8"}
    status, said = await run_once(german, world.data_dir, "chat", typed="/gemerkt\n/quit\n")
    assert status == 0, said
    assert "Ich bin Paperlark" in said
    assert "Du hast dir noch nichts gemerkt." in said
    assert "Bis bald." in said


async def test_a_chat_that_still_waits_for_a_line_ends_when_it_is_told_to(world):
    async with BotProcess(world.sources, world.data_dir, "chat", typed="l\n", is_open=True) as bot:
        await bot.says("The next paper already knows")
        assert await bot.stop() == 0
    assert "Goodbye" in bot.output


async def test_without_a_terminal_the_chat_serves_the_platforms_until_it_is_told_to_end(world):
    ada = OnTelegram(world.telegram, 4201, "Ada")
    async with BotProcess(world.settings, world.data_dir, "chat", typed="") as bot:
        await asks_for_a_card(ada, "/start")
        assert bot.is_running
        assert await bot.stop() == 0
    assert world.violations == []


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("TELEGRAM_TOKEN", "not-a-token-QUINCE", "the whole token as @BotFather wrote it"),
        ("DISCORD_TOKEN", "Bot QUINCE.QUINCE", "the bot token of the Developer Portal"),
        ("DATABASE_URL", "mysql://user:QUINCE@host/db", "postgresql://"),
        ("ARXIV_CATEGORIES", "QUINCE", "arXiv categories such as cs.LG"),
    ],
)
async def test_a_wrong_setting_stops_the_start_with_its_name_and_what_is_expected(
    world, name, value, expected
):
    settings = {**world.settings, name: value}
    status, said = await run_once(settings, world.data_dir, "run")
    assert status == 2
    assert f"{name}: expected" in said
    assert expected in said
    assert "QUINCE" not in said
    assert "Traceback" not in said
    assert world.telegram.token not in said


@pytest.mark.parametrize("refused", ["telegram", "discord"])
async def test_a_refused_token_stops_its_platform_alone_with_one_clear_line(world, refused):
    wrong = {
        "telegram": {"TELEGRAM_TOKEN": "7001:refused-token-QUINCE-0123456789abcdef"},
        "discord": {"DISCORD_TOKEN": "refused-token-QUINCE"},
    }
    async with BotProcess({**world.settings, **wrong[refused]}, world.data_dir, "run") as bot:
        line = await bot.says(f"{refused}.token_refused")
        assert f"{refused.upper()}_TOKEN is refused" in line
        if refused == "telegram":
            await eventually(lambda: world.discord.identified, "Discord")
            other = OnDiscord(world.discord, 4202)
        else:
            other = OnTelegram(world.telegram, 4201, "Ada")
        await asks_for_a_card(other, "/start")
        assert await bot.stop() == 0
    assert bot.output.count("token_refused") == 1
    assert "Traceback" not in bot.output
    assert "QUINCE" not in bot.output
    assert world.violations == []


async def test_what_was_backed_up_is_restored_and_nothing_is_replaced_unasked(world, kept):
    status, said = await run_once(world.sources, world.data_dir, "chat", typed=LINES)
    assert status == 0, said
    file = str(world.data_dir / "kept.zip")
    status, said = await run_once(world.sources, world.data_dir, "backup", file)
    assert status == 0, said
    assert "Wrote kept.zip" in said
    await run_once(world.sources, world.data_dir, "chat", typed="l\n")
    status, said = await run_once(world.sources, world.data_dir, "restore", file)
    assert status == 1
    assert "--replace" in said
    status, said = await run_once(world.sources, world.data_dir, "restore", file, "--replace")
    assert status == 0, said
    assert await kept.one("SELECT count(*) FROM feedback WHERE verdict = 'like'") == 1


async def test_a_database_of_a_later_release_is_refused_in_one_clear_line(world, kept):
    await run_once(world.sources, world.data_dir, "migrate")
    await kept.change(text("UPDATE alembic_version SET version_num = '9999'"))
    status, said = await run_once(world.sources, world.data_dir, "migrate")
    assert status == 1
    assert "revision 9999, which this release does not know" in said
    assert "Traceback" not in said

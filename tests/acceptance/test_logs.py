"""Whatever goes wrong, and in whichever library: no token, name or text reaches a log."""

import json

import httpx
import pytest
from sqlalchemy import text

from tests.acceptance.people import LIKE, OnDiscord, OnTelegram, answered, asks_for_a_card, hears
from tests.acceptance.process import BOUND, BotProcess, eventually
from tests.local_telegram import LocalTelegram
from tests.servers import free_port

NAME = "Zyxquince"  # in the name of a person, and in what a platform says of them
TEXT = "zyxgrape"  # in everything that anybody writes
DISCORD_NUMBER = 987_654_321  # whose name on the local Discord is user987654321
SORRY = "Something went wrong on my side"


@pytest.fixture
def ada(world):
    return OnTelegram(world.telegram, 4201, NAME)


@pytest.fixture
def ben(world):
    return OnDiscord(world.discord, DISCORD_NUMBER)


async def test_the_logs_of_a_troubled_run_hold_no_token_no_name_and_no_text(world, kept, ada, ben):
    world.feeds.fail("feed", "garbage")
    world.feeds.fail("api", "status", times=20)
    nowhere = f"http://127.0.0.1:{free_port()}"
    port = free_port()
    watched = {"METRICS_PORT": str(port), "OPERATORS": f"telegram:{ada.account}"}
    settings = {**world.settings, **watched, "LOG_FORMAT": "json", "HF_API_BASE": nowhere}
    async with BotProcess(settings, world.data_dir, "run") as bot:
        await bot.says("discord.started")
        await people_write(ada, ben)
        await telegram_fails(world.telegram, ada)
        await discord_fails(world, ben)
        await the_database_fails(kept, ada, ben)
        await bot.says("source.failed")
        await eventually(lambda: bot.output.count("source.failed") == 2, "both sources' troubles")
        watched = "".join([await seen_at(port, path) for path in ("/metrics", "/healthz")])
        assert await bot.stop() == 0
    assert "paperlark_taps_total" in watched
    logs = bot.output + world.files + watched
    for event in (
        "source.failed",  # httpx
        "telegram.away",  # python-telegram-bot, while polling
        "telegram.answer_not_sent",
        "telegram.event_failed",  # SQLAlchemy
        "OperationalError",
        "discord.answer_not_sent",
    ):
        assert event in logs, event
    assert "discord.event_failed" not in logs  # its troubles are foreseen, garbage among them
    secrets = (world.telegram.token, world.discord.token)
    pieces = [secret.split(":")[-1] for secret in secrets]
    for unwanted in (*secrets, *pieces, NAME, TEXT, f"user{DISCORD_NUMBER}"):
        assert unwanted.casefold() not in logs.casefold(), unwanted
    for line in bot.output.splitlines():
        assert {"event", "level", "timestamp"} <= set(json.loads(line)), line


async def seen_at(port, path):
    """Return what an operator's monitoring is told."""
    async with httpx.AsyncClient(trust_env=False) as http:
        return (await http.get(f"http://127.0.0.1:{port}{path}", timeout=BOUND)).text


async def people_write(ada, ben):
    """Say what is understood, misunderstood and looked up in vain."""
    for reader in (ada, ben):
        await asks_for_a_card(reader, "/start")
        await answered(reader, f"{TEXT} of {TEXT} and how to grip it", "arXiv cannot be asked")
    await answered(ada, f"/{TEXT}", "I do not know")
    await answered(ada, f"/schedule {TEXT}", "I did not understand")
    await ben.person.slash("schedule", zone=TEXT)
    await hears(ben, lambda m: "I did not understand" in m.text, "an answer to /schedule")
    for reader in (ada, ben):
        await answered(reader, f"/search {TEXT}", f"“{TEXT}”")
        card = await asks_for_a_card(reader)
        await reader.taps("🔖 Save", card)
        for command in ("note", "saved", "follow", "mute", "link", "similar", "export"):
            await answered(reader, f"/{command} {TEXT}", "")
    await answered(ada, f"/admin broadcast {TEXT}", "")
    await ada.person.sees_results(ada.person.ask_inline(TEXT))
    await ben.person.gets_answer(await ben.person.typing("similar", "paper", TEXT))


async def telegram_fails(telegram: LocalTelegram, ada):
    """Let every kind of call fail in every way, then let all be well again."""
    card = await asks_for_a_card(ada)
    for how in (
        {"status": 500},
        {"status": 400, "description": f"Bad Request: {NAME} wrote {TEXT}"},
        {"kind": "garbage"},
        {"kind": "cut"},
    ):
        for method in ("getUpdates", "sendMessage", "editMessageText", "answerCallbackQuery"):
            telegram.fault(method, **how)
        sent = len(telegram.called("sendMessage"))
        ada.presses("Why?", card)
        await ada.says(f"{TEXT} {TEXT}")
        await telegram.until(lambda s=sent: len(telegram.called("sendMessage")) >= s + 2, BOUND)
    ada.presses(LIKE, card)
    await telegram.until(lambda: telegram.called("editMessageText"), BOUND)
    await answered(ada, "/help", "What I understand")


async def discord_fails(world, ben):
    card = await asks_for_a_card(ben)
    discord = world.discord
    for route in ("respond", "follow_up", "edit_answer", "send"):
        for how in ({"status": 500}, {"status": 400, "code": 50035}, {"kind": "garbage"}):
            discord.fault(route, **how)
    for _ in range(4):
        calls = len(discord.calls)
        await ben.person.press(card.raw, "Why?")
        await ben.person.write(f"{TEXT} {TEXT}")
        await discord.until(lambda c=calls: len(discord.calls) >= c + 2, BOUND)
    identified = discord.identified
    await discord.drop(is_resumable=False)
    await eventually(lambda: discord.identified > identified, "a new session")


async def the_database_fails(kept, ada, ben):
    """Take a table away for a moment, as a disk or an operator might."""
    card = await asks_for_a_card(ada)
    await kept.change(text("ALTER TABLE feedback_log RENAME TO taken_away"))
    assert SORRY in await ada.taps(LIKE, card)
    await kept.change(text("ALTER TABLE taken_away RENAME TO feedback_log"))
    assert "Liked" in await ada.taps(LIKE, card)
    for table, command in (("notes", "note"), ("follows", "follow")):
        await kept.change(text(f"ALTER TABLE {table} RENAME TO taken_away"))
        await answered(ada, f"/{command} {TEXT} again", SORRY)
        await kept.change(text(f"ALTER TABLE taken_away RENAME TO {table}"))

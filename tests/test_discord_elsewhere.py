"""Discord between other people: who took the bot along is answered, and nobody else reads it.

In a private channel without the bot it may neither write nor edit: all it has are interactions.
"""

import asyncio

import pytest
from structlog.testing import capture_logs

from bot.adapters import discord_app
from bot.adapters.discord_hear import offered
from bot.conversation.commands import COMMANDS, MESSAGE_COMMANDS
from tests.adapters.test_discord_app import unpaced
from tests.local_discord import EPHEMERAL, LOADING, LocalDiscord
from tests.test_bad_input import opened

# As Discord numbers them.
IN_SERVERS, WITH_THE_BOT, AMONG_OTHERS = 0, 1, 2
OF_SERVERS, OF_PEOPLE = 0, 1


def test_every_command_says_where_it_may_be_used_and_by_whom_it_may_be_taken_along():
    registered = offered(COMMANDS)
    assert len(registered) == len(COMMANDS) + len(MESSAGE_COMMANDS)
    for command in registered:
        places, owners = command["contexts"], command["integration_types"]
        if command["name"] == "channel":  # about a server's channel, by whoever manages it
            assert (places, owners) == ([IN_SERVERS], [OF_SERVERS])
        else:
            assert places == [IN_SERVERS, WITH_THE_BOT, AMONG_OTHERS]
            assert owners == [OF_SERVERS, OF_PEOPLE]


@pytest.fixture
async def discord(tmp_path, any_database_url):
    """Discord with the whole house behind it."""
    async with opened(tmp_path / "data", any_database_url) as house, LocalDiscord() as discord:
        app = discord_app.DiscordApp(
            discord.token, discord.api_base, house.conversation, pacer=unpaced()
        )
        stop = asyncio.Event()
        with capture_logs() as logs:
            serving = asyncio.create_task(app.run(stop))
            await discord.online()
            await discord.until(lambda: discord.commands)
            yield discord
            stop.set()
            await serving
        assert [line for line in logs if line["log_level"] in ("error", "critical")] == []
    assert discord.violations == []


def shown(discord, channel):
    """What stands in a channel, without what is still being thought about."""
    return [p for p in discord.posted.values() if p.channel == channel and not p.flags & LOADING]


@pytest.mark.parametrize("takes_dms", [True, False])
async def test_every_command_is_answered_among_others_and_to_the_asker_alone(discord, takes_dms):
    ada, channel = discord.person(), discord.private_channel()
    ada.takes_dms = takes_dms
    asked = [(spec.name, spec.name, {}) for spec in COMMANDS]
    asked += [("search", "search for words", {"words": "model"})]
    for name, what, options in asked:
        before = len(shown(discord, channel))
        opened = await ada.gets_answer(await ada.slash(name, channel, **options))
        if opened.form:  # seen by nobody else
            continue
        await discord.until(lambda n=before: len(shown(discord, channel)) > n)
        for posted in shown(discord, channel)[before:]:
            assert posted.text.strip(), what
    await ada.gets_answer(await ada.about("Papers like this", "2401.00001", channel))
    assert all(p.flags & EPHEMERAL and p.only_for == ada.number for p in shown(discord, channel))
    assert all(p.channel in (channel, ada.dm) for p in discord.posted.values())


async def test_a_card_among_others_is_liked_and_followed_by_the_next(discord):
    ada, channel = discord.person(), discord.private_channel()
    await ada.slash("pick", channel)
    card = await discord.until(lambda: next(iter(shown(discord, channel)), None))
    like = next(data for label, data in card.buttons.items() if "Like" in label)
    tap = await ada.gets_answer(await ada.press_data(card, like))
    await discord.until(lambda: card.edits and len(shown(discord, channel)) > 1)
    assert tap.answered == 7
    assert "Liked" in card.text
    assert all(p.only_for == ada.number for p in shown(discord, channel))

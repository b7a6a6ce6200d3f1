"""Channels of Discord servers as groups: who may manage them, votes in public, threads."""

import asyncio
import time
from contextlib import contextmanager
from dataclasses import replace

import discord as library
import pytest
import structlog

from bot.adapters.discord_app import DiscordMessenger
from bot.adapters.discord_rest import thread_name
from bot.adapters.pacing import Limits, Pacer, Window
from bot.conversation.authority import setting
from bot.conversation.events import Command, Joined, Left, MessageRef, Place, Pressed
from bot.conversation.messages import Button, Edit, Message, Redraw, Send, Toast, plain
from bot.conversation.ports import RecipientGone
from bot.conversation.taps import Act, Tap, encode
from tests.adapters.test_discord_app import QUICK, Script, serving
from tests.conftest import BOUND
from tests.local_discord import EPHEMERAL, LocalDiscord

MANAGER = library.Permissions(manage_guild=True).value
POSTING = library.Permissions(view_channel=True, send_messages=True, embed_links=True).value
VOTE = encode(Tap(Act.VOTE, 1, 1, "l", inside=True))


@pytest.fixture
async def discord():
    async with LocalDiscord() as server:
        yield server
    assert server.violations == []


@pytest.fixture
def script():
    return Script()


def digest(words="digest"):
    return Message(plain(words), buttons=((Button("👍", VOTE),),))


@pytest.fixture
async def messenger(discord):
    nothing = (Window(10_000, 0.001),)
    pacer = Pacer(Limits(nothing, nothing, ()), time.monotonic)
    async with DiscordMessenger(discord.token, discord.api_base, pacer) as messenger:
        yield messenger


async def test_channel_is_offered_in_servers_to_those_who_manage_them(discord, script):
    async with serving(discord, script):
        await discord.until(lambda: discord.commands)
    by_name = {command["name"]: command for command in discord.commands}
    ours = by_name["channel"]
    assert int(ours["default_member_permissions"]) == MANAGER
    assert (ours["contexts"], ours["integration_types"]) == ([0], [0])
    # The menu of a message, and everything of a reader's own, goes wherever they take the bot.
    for name in ("pick", "Papers like this"):
        assert by_name[name]["contexts"] == [0, 1, 2]
        assert by_name[name]["integration_types"] == [0, 1]
        assert by_name[name]["default_member_permissions"] is None


async def test_each_use_comes_with_what_its_person_and_the_bot_may_do_there(discord, script):
    ada, bob, channel = discord.person(1), discord.person(2), discord.server_channel()
    ada.permissions = MANAGER
    menu = Message(plain("menu"), buttons=((Button("Daily", setting(str(channel), "daily")),),))
    script.says = lambda _: [Send(menu)]
    async with serving(discord, script):
        for person, bots in ((ada, POSTING), (bob, POSTING), (ada, 0)):
            discord.bot_permissions = bots
            await discord.until(lambda: discord.commands)
            await person.gets_answer(await person.slash("channel", channel, time="08:30"))
        discord.bot_permissions = POSTING
        shown = await ada.sees("menu", channel)
        assert shown.flags & EPHEMERAL
        changed = replace(menu, text=plain("menu, changed"))
        script.says = lambda event: [Toast("Stored."), Edit(event.message, changed)]
        tap = await ada.gets_answer(await ada.press(shown, "Daily"))
        assert tap.answered == 7
    home = str(discord.server_of(channel))
    place = Place(f"channel:{channel}", str(channel), home, is_admin=True, may_post=True)
    assert [event.person.group for event in script.heard] == [
        place,
        replace(place, is_admin=False),
        replace(place, may_post=False),
        place,
    ]
    assert [e.text for e in script.heard if isinstance(e, Command)] == ["08:30"] * 3


async def test_a_command_that_was_only_written_proves_nothing(discord, script):
    ada, channel = discord.person(1), discord.server_channel()
    ada.permissions = MANAGER
    async with serving(discord, script):
        await discord.take_in(channel)
        await ada.write(f"<@{discord.me}> /channel stop", channel)
        await ada.sees("Paper 1", channel)
    (event,) = script.heard
    assert event.name == "channel"
    assert event.person.group.is_admin is None


async def test_a_vote_changes_the_card_for_all_and_opens_nobodys_direct_messages(
    discord, script, messenger
):
    ada, bob, channel = discord.person(1), discord.person(2), discord.server_channel()
    await messenger.send(str(channel), digest(), nonce="n", is_quiet=False)
    voters = []

    async def drawn():
        return digest(f"{len(voters)} votes")

    def says(event):
        voters.append(event.person)
        return [Toast("Your 👍 counts."), Redraw(event.message, drawn)]

    script.says = says
    async with serving(discord, script, replace(QUICK, redraw=3600.0)):
        card = await ada.sees("digest", channel)
        for person in (ada, bob):
            tap = await person.gets_answer(await person.press(card, "👍"))
            assert tap.answered == 6
        told = await bob.sees("Your 👍 counts.", channel)
        await discord.until(lambda: card.edits)
    assert card.content == "2 votes"
    assert told.only_for == bob.number
    assert [person.chat for person in voters] == [None, None]
    assert discord.called("open_dm") == []
    assert all(isinstance(event, Pressed) for event in script.heard)


@contextmanager
def logged(name):
    """Yield what is set as soon as a line of this name is logged."""
    seen = asyncio.Event()

    def watch(_logger, _method, line):
        if line["event"] == name:
            seen.set()
        raise structlog.DropEvent

    structlog.configure(processors=[watch])
    yield seen
    structlog.reset_defaults()


async def test_coming_into_a_server_losing_a_channel_and_leaving_are_heard(discord, script):
    channel, came = discord.server_channel(), asyncio.Queue()
    home = str(discord.server_of(channel))

    def says(event):
        came.put_nowait(event)
        return []

    script.says = says
    with logged("discord.started") as started:
        async with serving(discord, script), asyncio.timeout(BOUND):
            await started.wait()  # what is there already at the start is not joined
            await discord.take_in(channel)
            await discord.delete_channel(channel)
            await discord.throw_out(channel)
            joined, deleted, left = [await came.get() for _ in range(3)]
    assert (type(joined), type(deleted), type(left)) == (Joined, Left, Left)
    server = Place("", "", home)
    assert (joined.person.group, left.person.group) == (server, server)
    assert deleted.person.group == Place(f"channel:{channel}", str(channel), home)


async def test_a_paper_gets_a_thread_and_what_happens_there_counts_for_the_channel(
    discord, script, messenger
):
    ada, channel = discord.person(1), discord.server_channel()
    ref = await messenger.discuss(str(channel), "On\n graphs " + "x" * 200, digest(), nonce="n")
    ((thread, (around, name)),) = discord.threads.items()
    assert (ref.chat, around) == (str(thread), channel)
    assert name == thread_name("On graphs " + "x" * 200)
    assert len(name) == 100
    script.says = lambda _: [Toast("counted")]
    async with serving(discord, script):
        await ada.gets_answer(await ada.press(await ada.sees("digest", thread), "👍"))
    (event,) = script.heard
    assert event.person.group.account == f"channel:{channel}"
    assert event.message == MessageRef(str(thread), ref.message)


@pytest.mark.parametrize(
    ("code", "why"), [(50001, "no_access"), (50013, "no_permission"), (10003, "gone"), (50007, "")]
)
@pytest.mark.parametrize("route", ["send", "open_thread"])
async def test_a_refusal_says_why_nothing_can_be_sent_to_a_channel(
    discord, messenger, route, code, why
):
    channel = str(discord.server_channel())
    discord.fault(route, status=403, code=code)
    sending = (
        messenger.send(channel, digest(), nonce="n", is_quiet=False)
        if route == "send"
        else messenger.discuss(channel, "A paper", digest(), nonce="n")
    )
    with pytest.raises(RecipientGone) as gone:
        await sending
    assert gone.value.why == why

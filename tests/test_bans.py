"""Who is shut out is answered nowhere: every entrance of both platforms, with the real desk."""

from datetime import date

import pytest

from bot.conversation.groups import Groups
from bot.conversation.notes import NotesFeature
from bot.conversation.search import Search
from bot.conversation.service import Conversation
from bot.conversation.suggestions import Suggestions
from bot.conversation.taps import Act, Tap, encode
from bot.conversation.teaching import BibliographyFiles, Teaching
from bot.desk import Desk
from bot.group_desk import GroupDesk
from bot.library_desk import LibraryDesk
from bot.search_desk import SearchDesk
from bot.shelf import Shelf
from bot.teaching_desk import TeachingDesk
from storage import bans
from storage.dialogue_state import LocalState
from tests.adapters.telegram_setting import running
from tests.adapters.test_discord_app import serving
from tests.house import NoSource, papers_of, stocked
from tests.local_discord import LocalDiscord
from tests.local_telegram import LocalTelegram

TODAY = date(2026, 3, 2)
KNOWN = papers_of(TODAY)
LINK = f"https://arxiv.org/abs/{KNOWN[0].key[6:]}"
NOTE = encode(Tap(Act.NOTE, 1))
BANNED, OTHER = 42, 43


@pytest.fixture
async def house(database, encoder, clock, tmp_path):
    """The conversation and what proposes values while somebody types."""
    await stocked(database, KNOWN, clock())
    shelf = Shelf(database, tmp_path, lambda _: encoder)
    await shelf.refresh()
    desk, state = Desk(database, shelf, NoSource(), clock), LocalState()
    search = SearchDesk(database, shelf, desk, state, clock)
    taught = TeachingDesk(database, shelf, NoSource(), state, clock, NoSource())
    teaching, notes = Teaching(taught), NotesFeature(LibraryDesk(database, NoSource(), clock))
    conversation = Conversation(
        desk,
        clock,
        [Search(search), teaching, notes],
        [BibliographyFiles(taught)],
        listeners=[notes, teaching],
        forms=[notes],
        groups=Groups(GroupDesk(database, clock), clock, ["cs.RO"]),
    )
    return conversation, Suggestions(search, desk)


async def ban(database, platform, account, now):
    async with database.writing() as db:
        await bans.ban(db, platform, str(account), now)


async def test_on_telegram_whoever_is_shut_out_is_answered_nowhere(house, database, clock):
    conversation, suggestions = house
    async with LocalTelegram() as telegram:
        ada, ben = telegram.person(BANNED), telegram.person(OTHER)
        group = telegram.group()
        async with running(telegram, conversation, suggesting=suggestions):
            ada.say("/start")
            card = await ada.hears("👍 or 👎")
            await telegram.until(lambda: len(telegram.deliveries) == 2)  # the first paper too
            found = await ada.sees_results(ada.ask_inline("robot"))
            assert found.titles
            await ban(database, "telegram", BANNED, clock())
            sent = len(telegram.deliveries)

            ada.say("/pick")
            ada.say(LINK)
            ada.say("/start p1")
            ada.send_file("mine.bib", f"@misc{{k, eprint={{{KNOWN[0].key[6:]}}}}}".encode())
            tap = ada.press_data(encode(Tap(Act.LIKE, 1)), card)
            ada.say("/pick@lark_bot", group)
            ada.say(f"@lark_bot {LINK}", group)
            ada.add_bot(group)
            assert await ada.sees_answer(tap) == ""
            assert (await ada.sees_results(ada.ask_inline("robot"))).titles == []
            assert (await ada.sees_results(ada.ask_inline(""))).titles == []

            ben.say("/help")
            await ben.hears("/pick")
            assert (await ben.sees_results(ben.ask_inline("robot"))).titles == found.titles
            await telegram.until(lambda: not telegram.updates)
        assert [p.chat for p in telegram.deliveries[sent:]] == [OTHER]
        assert telegram.violations == []


async def test_on_discord_whoever_is_shut_out_is_answered_nowhere(house, database, clock):
    conversation, suggestions = house
    async with LocalDiscord() as discord:
        ada, ben = discord.person(BANNED), discord.person(OTHER)
        channel = discord.server_channel()
        async with serving(discord, conversation, suggesting=suggestions):
            await ada.slash("start")
            await discord.until(lambda: len(discord.seen_by(BANNED, ada.dm)) == 2)
            card = discord.seen_by(BANNED, ada.dm)[1]
            asked = await ada.gets_answer(await ada.typing("similar", "paper", "robot"))
            assert asked.choices
            form = await ada.gets_answer(await ada.press_data(card, NOTE))
            await ban(database, "discord", BANNED, clock())

            for place in (None, channel):
                await ada.slash("pick", place)
                await ada.slash("similar", place, paper=KNOWN[0].key)
            await ada.press_data(card, encode(Tap(Act.LIKE, 1)))
            await ada.fill(form, "my note")
            await ada.about("Papers like this", LINK, channel)
            await ada.write(LINK)
            await ada.write(f"<@{discord.me}> {LINK}", channel)
            await ada.send_file("mine.bib", f"@misc{{k, eprint={{{KNOWN[0].key[6:]}}}}}".encode())
            for option, name in (("paper", "similar"), ("author", "search")):
                typed = await ada.gets_answer(await ada.typing(name, option, "robot"))
                assert typed.choices == {}

            await ben.slash("help")
            await ben.sees("/pick")
        assert len(discord.seen_by(BANNED, ada.dm)) == 2
        assert discord.seen_by(BANNED, channel) == []
        assert card.edits == 0

"""Choosing in a menu what is chosen already: it is said, and the menu is let stand."""

import pytest

from bot.conversation import words
from bot.conversation.events import Pressed
from bot.conversation.features import shows
from bot.conversation.language import speaking
from bot.conversation.messages import Button, Edit, Message, Toast, plain
from tests.adapters.telegram_setting import running
from tests.adapters.test_discord_app import serving
from tests.conversation.journey import ADA, Journey
from tests.conversation.scripted_desk import ScriptedDesk, paper, talking
from tests.local_discord import LocalDiscord
from tests.local_telegram import LocalTelegram

MENUS = [
    ("schedule", "08:00"),
    ("schedule", "Weekdays"),
    ("surprise", "2"),
    ("language", "Like my app"),
]


@pytest.fixture
def desk():
    return ScriptedDesk([paper(1)])


@pytest.fixture
def ada(desk):
    return Journey(talking(desk))


@pytest.mark.parametrize(("menu", "chosen"), MENUS)
async def test_what_is_chosen_already_is_said_to_be_so_and_nothing_is_drawn_anew(ada, menu, chosen):
    await ada.command(f"/{menu}")
    buttons = [button for row in ada.messages[ada.newest()].rows for button in row]
    assert chosen in [button.label for button in buttons if button.is_chosen]
    assert await ada.tap(chosen) == [Toast(words.ALREADY_SO)]


async def test_it_is_said_in_german_too(ada):
    await ada.command("/language Deutsch")
    await ada.command("/surprise")
    with speaking("de"):
        assert await ada.tap("2") == [Toast("Das ist schon so.")]


async def test_a_menu_that_is_out_of_date_is_drawn_anew_by_the_same_tap(ada):
    await ada.command("/surprise")
    old = ada.newest()
    await ada.command("/surprise 3")
    toast, edit = await ada.tap("3", old)
    assert (toast, edit.ref) == (Toast(words.ALREADY_SO), old)
    assert await ada.tap("3", old) == [Toast(words.ALREADY_SO)]
    toast, edit = await ada.tap("2", old)
    assert (toast, edit.ref) == (Toast(words.SURPRISE_STORED), old)


async def test_an_hour_from_the_list_of_all_hours_leads_back_even_if_it_stands(ada):
    await ada.command("/schedule")
    await ada.tap("Other hour")
    toast, edit = await ada.tap("08:00")
    assert toast == Toast(words.ALREADY_SO)
    assert isinstance(edit, Edit)


def test_a_menu_whose_buttons_are_not_known_is_drawn():
    menu = Message(plain("menu"), buttons=((Button("a", "x:1", is_chosen=True), Button("b", "x")),))
    tapped = Pressed("1", ADA, "x:1")
    assert not shows(tapped, menu)
    assert not shows(tapped, Message(plain("menu")))


@pytest.mark.parametrize(("menu", "chosen"), MENUS)
async def test_on_telegram_no_edit_is_sent_that_would_change_nothing(desk, menu, chosen):
    async with LocalTelegram() as telegram:
        ada = telegram.person()
        async with running(telegram, talking(desk)):
            ada.say(f"/{menu}")
            posted = await ada.hears()
            assert await ada.sees_answer(ada.press(f"✓ {chosen}", posted)) == words.ALREADY_SO
            await telegram.until(lambda: not telegram.updates)
        assert telegram.called("editMessageText") == []
        assert telegram.violations == []


@pytest.mark.parametrize(("menu", "chosen"), MENUS)
async def test_on_discord_the_same_is_said_and_the_menu_stands(desk, menu, chosen):
    async with LocalDiscord() as discord:
        ada = discord.person()
        async with serving(discord, talking(desk)):
            await ada.slash(menu)
            posted = await discord.until(lambda: discord.seen_by(ada.number, ada.dm))
            await ada.press(posted[0], f"✓ {chosen}")
            await ada.sees(words.ALREADY_SO)
        assert posted[0].edits == 0
        assert discord.violations == []

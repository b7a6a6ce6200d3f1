"""The menu in operators' chats: who is shown /admin, and who is not any more."""

from bot.conversation.commands import COMMANDS
from tests.adapters.noted_menus import NotedMenus
from tests.adapters.telegram_setting import Scripted, running

ADA, BEN = 11, 12


def commands(telegram, chat, language=""):
    return [c["command"] for c in telegram.menus.get((f"chat {chat}", language), [])]


ALL = [command.name for command in COMMANDS]


async def test_an_operator_is_shown_admin_beside_all_else_and_nobody_else_is(telegram):
    menus = NotedMenus(known={str(ADA), str(BEN)})
    for person in (ADA, BEN):
        telegram.person(person)
    async with running(telegram, Scripted(), operators=[str(ADA)], menus=menus):
        await telegram.until(lambda: commands(telegram, ADA, "de"))
    for language in ("", "de"):
        assert commands(telegram, ADA, language) == [*ALL, "admin"]
    german = telegram.menus[f"chat {ADA}", "de"][-1]["description"]
    assert german == "Leser, Likes, Quellen, Auswahlen, Wort an alle, Sperren"
    others = [menu for (scope, _), menu in telegram.menus.items() if scope != f"chat {ADA}"]
    assert len(others) == 6
    assert not any(command["command"] == "admin" for menu in others for command in menu)
    assert menus.have_it == {str(ADA)}


async def test_an_operator_who_has_no_chat_yet_is_shown_it_as_soon_as_they_speak(telegram):
    menus = NotedMenus()
    async with running(telegram, Scripted(), operators=[str(ADA)], menus=menus):
        await telegram.until(lambda: len(telegram.abouts) == 4)
        ada = telegram.person(ADA)
        menus.known.add(str(ADA))  # as the conversation knows whoever speaks
        ada.say("/start")
        await telegram.until(lambda: commands(telegram, ADA, "de"))
        asked = len(telegram.called("getMyCommands"))
        ada.say("/pick")
        ben = telegram.person(BEN)
        ben.say("/start")
        await ben.hears("a card")
    assert len(telegram.called("getMyCommands")) == asked  # it is written once
    assert commands(telegram, BEN) == []


async def test_who_is_no_operator_any_more_loses_it_with_the_next_start(telegram):
    menus = NotedMenus(known={str(ADA), str(BEN)})
    for person in (ADA, BEN):
        telegram.person(person)
    both = [str(ADA), str(BEN)]
    async with running(telegram, Scripted(), operators=both, menus=menus):
        await telegram.until(
            lambda: commands(telegram, ADA, "de") and commands(telegram, BEN, "de")
        )
    async with running(telegram, Scripted(), operators=[str(BEN)], menus=menus):
        await telegram.until(lambda: menus.have_it == {str(BEN)})
    assert [commands(telegram, person) == [] for person in (ADA, BEN)] == [True, False]


async def test_a_chat_that_is_gone_keeps_no_other_operator_from_the_menu(telegram):
    menus = NotedMenus(known={str(ADA), str(BEN)})
    ben = telegram.person(BEN)
    both = [str(ADA), str(BEN)]  # Ada's chat is nowhere
    async with running(telegram, Scripted(), operators=both, menus=menus):
        await telegram.until(lambda: commands(telegram, BEN, "de"))
        ben.say("/start")
        await ben.hears("a card")


async def test_while_nothing_can_be_kept_nothing_is_offered_and_taps_are_answered(telegram):
    menus = NotedMenus(known={str(ADA)}, is_away=True)
    ada = telegram.person(ADA)
    async with running(telegram, Scripted(), operators=[str(ADA)], menus=menus):
        ada.say("/start")
        await ada.hears("a card")
        assert commands(telegram, ADA) == []
        menus.is_away = False
        ada.say("/pick")
        await telegram.until(lambda: commands(telegram, ADA, "de"))

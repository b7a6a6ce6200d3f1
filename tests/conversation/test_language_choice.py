"""/language, as a person meets it."""

from dataclasses import replace

import pytest

from bot.conversation.events import Place
from bot.conversation.groups import Groups
from bot.conversation.messages import Edit, Toast
from bot.conversation.service import Conversation
from bot.conversation.taps import Act, Tap, encode
from tests.conversation.journey import ADA, Journey
from tests.conversation.scripted_desk import NOW, ScriptedDesk, paper, talking
from tests.conversation.scripted_groups import ScriptedGroups


@pytest.fixture
def desk() -> ScriptedDesk:
    return ScriptedDesk([paper(n) for n in range(1, 9)])


def speaks(desk: ScriptedDesk, language: str | None) -> Journey:
    return Journey(talking(desk), replace(ADA, language=language))


async def test_somebody_is_spoken_to_in_the_language_of_their_app(desk: ScriptedDesk) -> None:
    ada = speaks(desk, "de-AT")
    await ada.command("/start")
    assert ada.transcript[1:4] == [
        "Ich bin Paperlark: Ich finde die neuen Forschungspaper, die du selbst ausgesucht hättest.",
        "Tippe auf 👍 oder 👎 oder schick mir ein Paper, das du liebst: Schon die nächste Karte "
        "weiß es.",
        "Deine tägliche Auswahl ist an: 5 Paper, werktags um 08:00 Uhr (UTC).",
    ]
    await ada.tap("👍 Gefällt")
    assert "! Gefällt dir. Schon das nächste Paper weiß es." in ada.transcript
    assert "~ Paper number 1 | 👍 Gefällt dir" in ada.transcript


async def test_the_menu_names_each_language_in_its_own_words(desk: ScriptedDesk) -> None:
    ada = speaks(desk, "en")
    await ada.command("/language")
    assert "I speak English with you, like your app." in ada.last
    assert ada.transcript[-1] == "[English] [Deutsch] [*Like my app]"


async def test_a_tap_changes_the_language_at_once_and_for_good(desk: ScriptedDesk) -> None:
    ada = speaks(desk, "en")
    await ada.command("/language")
    toast, edit = await ada.tap("Deutsch")
    assert toast == Toast("Gespeichert. Ich spreche Deutsch mit dir.")
    assert isinstance(edit, Edit)
    assert ada.transcript[-1] == "~ [English] [*Deutsch] [Wie meine App]"
    await ada.command("/undo")
    assert ada.transcript[-1] == "Es gibt nichts zurückzunehmen. /pick bringt ein Paper."


@pytest.mark.parametrize("asked", ["Deutsch", "de", "GERMAN", "deutsch"])
async def test_a_language_is_chosen_by_name(desk: ScriptedDesk, asked: str) -> None:
    ada = speaks(desk, "en")
    await ada.command(f"/language {asked}")
    assert "Ich spreche Deutsch mit dir, wie du es gewählt hast." in ada.last
    assert desk.readers["1"].is_language_chosen


async def test_a_choice_can_be_taken_back_and_the_app_is_followed_again(
    desk: ScriptedDesk,
) -> None:
    ada = speaks(desk, "en")
    await ada.command("/language Deutsch")
    await ada.tap("Wie meine App")
    assert ada.transcript[-1] == "~ [English] [Deutsch] [*Like my app]"
    assert not desk.readers["1"].is_language_chosen


async def test_a_language_that_is_none_of_ours_changes_nothing_and_is_told(
    desk: ScriptedDesk,
) -> None:
    ada = speaks(desk, "fr")
    await ada.command("/language Klingon")
    assert "I do not speak that language, so nothing was changed." in ada.last
    await ada.command("/language")
    assert "your app's language I do not know yet" in ada.last
    assert desk.readers["1"].language == "fr"


@pytest.mark.parametrize("argument", ["fr", "", "../x", "en-GB"])
async def test_a_forged_button_changes_nothing(desk: ScriptedDesk, argument: str) -> None:
    ada = speaks(desk, "en")
    await ada.command("/language")
    (action,) = await ada.press(encode(Tap(Act.LANGUAGE, argument=argument)), ada.newest())
    assert isinstance(action, Toast)
    assert desk.readers["1"].language == "en"


@pytest.mark.parametrize(
    ("line", "answered"),
    [
        ("/sprache", "Ich spreche Deutsch mit dir"),
        ("/heute", "Deine 5 Paper für Montag, 23. November"),
        ("/ähnlich", "Ähnlich wie welches Paper?"),
        ("/vorschlag", "Paper number 1"),
        ("/trending Woche", "Für die Paper der letzten Woche hat noch niemand gestimmt."),
        ("/schedule halb neun Berlin werktags leise", "5 Paper, werktags um 08:30 Uhr"),
        ("/schedule halb 9 Wien mo-fr 3 Paper leise", "3 Paper, werktags um 08:30 Uhr"),
        ("/pause 2 Wochen", "Die Auswahl macht Pause bis Montag, 7. Dezember."),
        ("/pause eine Woche", "Die Auswahl macht Pause bis Montag, 30. November."),
    ],
)
async def test_commands_and_what_stands_behind_them_are_understood_in_german(
    desk: ScriptedDesk, line: str, answered: str
) -> None:
    ada = speaks(desk, "de")
    await ada.command(line)
    assert answered in ada.last


@pytest.mark.parametrize("line", ["/pause for ever", "/saved page 0", "/schedule gibberish"])
async def test_what_is_not_understood_is_refused_in_the_language_that_was_chosen(
    desk: ScriptedDesk, line: str
) -> None:
    ada = speaks(desk, "en")
    await ada.command("/language Deutsch")
    await ada.command(line)
    assert "chreib " in ada.transcript[-1]


@pytest.mark.parametrize(
    ("typed", "guess"),
    [("folge", "follow"), ("ähnlihc", "similar"), ("plan", "schedule"), ("koppeln", "link")],
)
async def test_an_unknown_command_suggests_the_nearest_in_german_too(
    desk: ScriptedDesk, typed: str, guess: str
) -> None:
    ada = speaks(desk, "de")
    await ada.command(f"/{typed}")
    assert f"Meintest du /{guess}?" in ada.transcript[-1]


async def test_a_groups_digest_is_set_up_in_german(desk: ScriptedDesk) -> None:
    groups = Groups(ScriptedGroups(), lambda: NOW, ("cs.LG", "cs.CL"))
    conversation = Conversation(desk, lambda: NOW, groups=groups)
    group = Place("-1001", "-1001", is_admin=True, may_post=True)
    ada = Journey(conversation, replace(ADA, is_private=False, language="de", group=group))
    await ada.command("/kanal halb neun Berlin werktags 3 Kategorien cs.LG und cs.CL")
    assert "3 Paper, werktags um 08:30 Uhr (Europe/Berlin)" in ada.last
    await ada.command("/kanal Abstimmung aus")
    assert "Die Abstimmung ist aus" in ada.last
    await ada.command("/kanal pause 2 Wochen")
    assert "Die Auswahl macht Pause bis Montag, 7. Dezember." in ada.last

"""Which language is spoken where."""

import asyncio
from dataclasses import replace

import pytest

from bot.conversation.events import Command, Person, Platform
from bot.conversation.language import N_, _, nearest, ngettext, speak, speaking, spoken
from bot.conversation.service import Conversation
from tests.conversation.scripted_desk import NOW, ScriptedDesk, paper


def test_what_has_no_translation_is_said_in_english() -> None:
    with speaking("tlh-Latn"):
        assert _(N_("No such sentence stands in any catalogue.")) == (
            "No such sentence stands in any catalogue."
        )


def test_a_count_of_one_is_said_in_the_singular() -> None:
    assert [ngettext("{n} lark", "{n} larks", n).format(n=n) for n in (0, 1, 2)] == [
        "0 larks",
        "1 lark",
        "2 larks",
    ]


async def test_two_people_are_spoken_to_at_once_each_in_their_language() -> None:
    both_speak = asyncio.Barrier(2)

    async def heard(code: str) -> str:
        speak(code)
        await both_speak.wait()
        return spoken()

    assert await asyncio.gather(heard("de-AT"), heard("en")) == ["de", "en"]


@pytest.mark.parametrize(
    ("code", "language"),
    [
        ("de", "de"),
        ("de_AT.UTF-8", "de"),
        ("DE-ch", "de"),
        ("pt-BR", "en"),
        ("", "en"),
        ("../x", "en"),
    ],
)
def test_people_are_spoken_to_in_the_nearest_language_we_have(code: str, language: str) -> None:
    assert nearest(code) == language


async def languages_of_an_answer(desk: ScriptedDesk, command: Command) -> list[str]:
    """Return what was spoken at each step, each taken in a task of its own."""
    actions = Conversation(desk, lambda: NOW).answer(command)

    async def step() -> str:
        return spoken() if await anext(actions, None) else ""

    found = list[str]()
    while language := await asyncio.create_task(step()):
        found.append(language)
    return found


async def test_an_answer_goes_on_in_its_language_whoever_takes_the_next_step() -> None:
    person = Person(Platform.TELEGRAM, "1", "1", language="de-AT")
    desk = ScriptedDesk([paper(1)])
    assert await languages_of_an_answer(desk, Command("1", person, "start")) == ["de", "de"]


@pytest.mark.parametrize("name", ["pick", "help", "hlep", "status"])
async def test_the_language_that_somebody_chose_is_spoken_whatever_their_platform_says(
    name: str,
) -> None:
    desk = ScriptedDesk([paper(1)])
    person = Person(Platform.DISCORD, "1", "1", language="en-US")
    reader = await desk.reader(person)
    desk.readers["1"] = replace(reader, language="de", is_language_chosen=True)
    assert await languages_of_an_answer(desk, Command("1", person, name)) == ["de"]


async def test_while_the_database_is_away_the_platforms_language_is_spoken() -> None:
    desk = ScriptedDesk([], is_away=True)
    person = Person(Platform.TELEGRAM, "1", "1", language="de")
    assert await languages_of_an_answer(desk, Command("1", person, "pick")) == ["de"]

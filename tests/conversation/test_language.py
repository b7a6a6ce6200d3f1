"""Which language is spoken where."""

import asyncio

import pytest

from bot.conversation.language import N_, _, nearest, ngettext, speak, speaking, spoken


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
    [("de", "de"), ("de_AT", "de"), ("DE-ch", "de"), ("pt-BR", "en"), ("", "en"), ("../x", "en")],
)
def test_people_are_spoken_to_in_the_nearest_language_we_have(code: str, language: str) -> None:
    assert nearest(code) == language

"""`/language`: which language we speak with somebody, or that we follow their app."""

import re
from collections.abc import Callable, Mapping
from typing import Protocol

from bot.conversation import language_words, words
from bot.conversation.events import Command, Person, Pressed
from bot.conversation.features import Actions, chosen, privately
from bot.conversation.language import LANGUAGES, _, is_ours, named, nearest, speak
from bot.conversation.messages import Button, Message, Toast, plain
from bot.conversation.ports import Reader
from bot.conversation.taps import Act, Tap, encode
from bot.conversation.text import visible

AUTO = "auto"
_FOLLOW = frozenset([AUTO, "automatic", "automatically", "automatisch", "app", "default"])


class KeepsLanguage(Protocol):
    """Where it is kept."""

    async def set_language(self, reader: Reader, language: str, *, is_chosen: bool) -> Reader:
        """Let a language hold, or let it be what the app says until that says another; commit.

        Raises TemporarilyUnavailable.
        """


class LanguageChoice:
    """A `features.Feature`."""

    def __init__(self, keeper: KeepsLanguage) -> None:
        self._keeper = keeper

    @property
    def commands(self) -> Mapping[str, Callable[[Reader, Command], Actions]]:
        return {"language": self._asked}

    @property
    def buttons(self) -> Mapping[Act, Callable[[Reader, Pressed, Tap], Actions]]:
        return {Act.LANGUAGE: self._tapped}

    async def _asked(self, reader: Reader, command: Command) -> Actions:
        asked = visible(command.text).casefold()
        if not asked:
            yield privately(menu(reader))
            return
        wanted = AUTO if asked in _FOLLOW else called(asked)
        if wanted is None:
            yield privately(menu(reader, _(language_words.LANGUAGE_UNKNOWN)))
            return
        yield privately(menu(await self._changed(reader, command.person, wanted)))

    async def _tapped(self, reader: Reader, pressed: Pressed, tap: Tap) -> Actions:
        if tap.argument != AUTO and tap.argument not in LANGUAGES:
            yield Toast(_(words.OLD_BUTTON))
            return
        before = menu(reader)
        changed = await self._changed(reader, pressed.person, tap.argument)
        said = language_words.stored(LANGUAGES[nearest(changed.language)])
        for action in chosen(pressed, said, before, menu(changed)):
            yield action

    async def _changed(self, reader: Reader, person: Person, wanted: str) -> Reader:
        """Store what was wanted, and speak it from now on."""
        follows = wanted == AUTO
        language = (person.language or reader.language) if follows else wanted
        changed = await self._keeper.set_language(reader, language, is_chosen=not follows)
        speak(changed.language)
        return changed


def called(words: str) -> str | None:
    """Return the code of a language by its name or code, such as "deutsch", "in German" or "de"."""
    if words.casefold() in LANGUAGES:
        return words.casefold()
    return named(re.sub("^(?:in|auf) ", "", words, flags=re.IGNORECASE))


def menu(reader: Reader, opening: str = "") -> Message:
    """Return which language is spoken and why, and a button for each, in its own words."""
    spoken = nearest(reader.language)
    name = LANGUAGES[spoken]
    if reader.is_language_chosen:
        said = language_words.chosen(name)
    elif is_ours(reader.language):
        said = language_words.followed(name)
    else:
        said = language_words.not_followed(name)

    def choice(label: str, code: str, *, is_chosen: bool) -> Button:
        return Button(label, encode(Tap(Act.LANGUAGE, argument=code)), is_chosen=is_chosen)

    languages = tuple(
        choice(native, code, is_chosen=reader.is_language_chosen and code == spoken)
        for code, native in LANGUAGES.items()
    )
    follow = choice(_(language_words.FOLLOW_APP), AUTO, is_chosen=not reader.is_language_chosen)
    told = opening or f"{said}\n\n{_(language_words.LANGUAGE_HOW)}"
    return Message(plain(told), buttons=((*languages, follow),))

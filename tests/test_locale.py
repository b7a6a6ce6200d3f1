"""The catalogues: everything that is said has its translation, and nothing else has one."""

import re
import string
import tomllib
from gettext import GNUTranslations
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message

from bot.adapters.telegram_menu import ABOUT, DESCRIPTION
from bot.conversation import words
from bot.conversation.commands import COMMANDS, meant, name_in
from bot.conversation.language import LANGUAGES, _, speaking
from build_locale import TRANSLATED, catalogue_file, lacking, said, translated, updated

ROOT = Path(__file__).resolve().parent.parent


def known(catalogue: Catalog) -> dict[str | tuple[str, ...], Message]:
    return {message.id: message for message in catalogue if message.id}


def forms(message: Message) -> list[tuple[str, str]]:
    """Return pairs of a sentence and its translation, one for each number."""
    if isinstance(message.id, str):
        return [(message.id, message.string)]
    return list(zip(message.id, message.string, strict=True))


def placeholders(sentence: str) -> set[str]:
    return {name for _text, name, _form, _kind in string.Formatter().parse(sentence) if name}


@pytest.mark.parametrize("language", TRANSLATED)
def test_everything_that_is_said_has_a_translation(language):
    assert lacking(updated(language)) == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_nothing_is_kept_that_is_said_no_more_and_nothing_is_a_guess(language):
    standing = translated(language)
    assert set(known(standing)) == set(known(said()))
    assert not standing.obsolete
    assert [m.id for m in standing if m.id and m.fuzzy] == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_translations_name_the_same_things(language):
    for message in known(translated(language)).values():
        for sentence, translation in forms(message):
            # A number may be left out where the sentence is for one alone.
            may_lack = {"n"} if isinstance(message.id, tuple) else set()
            assert placeholders(translation) | may_lack == placeholders(sentence) | may_lack
            translation.format_map(dict.fromkeys(placeholders(sentence), "1"))


@pytest.mark.parametrize("language", TRANSLATED)
def test_what_the_program_reads_is_what_the_translators_wrote(language):
    with catalogue_file(language, "mo").open("rb") as file:
        read = GNUTranslations(file)
    for message in known(translated(language)).values():
        if isinstance(message.id, str):
            assert read.gettext(message.id) == message.string
        else:
            assert tuple(read.ngettext(*message.id, n) for n in (1, 2)) == message.string


def test_the_catalogues_are_installed_with_the_program():
    with (ROOT / "pyproject.toml").open("rb") as file:
        patterns = tomllib.load(file)["tool"]["setuptools"]["package-data"]["bot"]
    installed = {file for pattern in patterns for file in (ROOT / "bot").glob(pattern)}
    assert {catalogue_file(language, "mo") for language in TRANSLATED} <= installed


@pytest.mark.parametrize("language", LANGUAGES)
def test_names_of_commands_and_options_are_what_discord_takes(language):
    names = [name_in(language, spec.name) for spec in COMMANDS]
    assert len(set(names)) == len(names)
    with speaking(language):
        for spec in COMMANDS:
            options = [_(f"{option.name}:").removesuffix(":") for option in spec.options]
            assert len(set(options)) == len(options)
            for name in (name_in(language, spec.name), *options):
                assert re.fullmatch(r"[\w-]{1,32}", name)
                assert name == name.lower()
            about = (spec.description, *(option.description for option in spec.options))
            assert all(0 < len(_(description)) <= 100 for description in about)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_command_is_known_by_its_name_in_any_language(language):
    named = {spec.name: name_in(language, spec.name) for spec in COMMANDS}
    assert {name: meant(called) for name, called in named.items()} == {n: n for n in named}


@pytest.mark.parametrize("language", LANGUAGES)
def test_labels_and_descriptions_are_short_enough_for_the_platforms(language):
    with speaking(language):
        assert len(_(ABOUT)) <= 120
        assert len(_(DESCRIPTION)) <= 512
        row = (words.LIKE, words.SKIP, words.SAVE, words.WHY)
        assert all(len(_(label)) <= 10 for label in row)  # four side by side on a phone
        chosen = (words.LIKE_CHOSEN, words.SKIP_CHOSEN, words.SAVE_CHOSEN)
        assert all(len(_(label)) <= 10 for label in chosen)
        reasons = (words.OFF_TOPIC, words.KNOW_IT, words.NOT_NOW, words.UNDO)
        assert all(len(_(label)) <= 12 for label in reasons)


@pytest.mark.parametrize("language", TRANSLATED)
def test_german_quotes_and_dashes_are_german(language):
    for message in known(translated(language)).values():
        for _sentence, translation in forms(message):
            assert "“" not in re.sub("„[^“]*“", "", translation)
            assert not re.search('["”]|[a-zß] - ', translation.replace("/note -", "/note"))

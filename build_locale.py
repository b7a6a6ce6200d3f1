"""Bring the catalogues in bot/locale up to date with what the bot says.

`make locale` extracts what `_`, `N_` and `ngettext` mark, and every command with its options,
updates each language's .po and compiles its .mo. What is new stands in the .po with an empty
msgstr: write the translation there and run it again. What is said no more goes.

A command's name is translated as `/name`, an option's as `name:`: Discord shows both, in lower
case and without spaces.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from bot.conversation.commands import COMMANDS, MESSAGE_COMMANDS
from bot.conversation.language import ENGLISH, LANGUAGES

HERE = Path(__file__).parent
LOCALE = HERE / "bot" / "locale"
TRANSLATED = tuple(code for code in LANGUAGES if code != ENGLISH)
_KEYWORDS = {"_": None, "N_": None, "ngettext": (1, 2)}
_SAME_DATE = datetime(2026, 11, 26, tzinfo=UTC)  # a file changes only when its sentences do
_NAMES_NOTE = "A name on Discord: lower case, no spaces, at most 32 characters."


def catalogue_file(language: str, ending: str) -> Path:
    return LOCALE / language / "LC_MESSAGES" / f"paperlark.{ending}"


def said() -> Catalog:
    """Return everything that is said, untranslated."""
    template = _catalogue(None)
    found = extract_from_dir(HERE / "bot", method_map=[("**.py", "python")], keywords=_KEYWORDS)
    for _file, _line, sentence, _comments, context in found:
        template.add(sentence, context=context)
    for spec in COMMANDS:
        template.add(f"/{spec.name}", auto_comments=[_NAMES_NOTE])
        template.add(spec.description)
        for option in spec.options:
            template.add(f"{option.name}:", auto_comments=[_NAMES_NOTE])
            template.add(option.description)
            for choice in option.choices:
                if choice not in LANGUAGES.values():  # which call themselves what they call
                    template.add(choice)
    for name in MESSAGE_COMMANDS:
        template.add(name)
    return template


def translated(language: str) -> Catalog:
    """Return a language's catalogue as it stands in its file."""
    file = catalogue_file(language, "po")
    if not file.exists():
        return _catalogue(language)
    with file.open("rb") as opened:
        return read_po(opened, locale=language, domain="paperlark")


def updated(language: str) -> Catalog:
    """Return a language's catalogue with exactly the sentences that are said now.

    A sentence that was changed loses its translation: what is merely alike may say another thing.
    """
    standing, fresh = translated(language), _catalogue(language)
    for message in said():
        if message.id:
            known = standing.get(message.id, message.context)
            fresh.add(
                message.id,
                known.string if known and not known.fuzzy else None,
                auto_comments=message.auto_comments,
                context=message.context,
            )
    return fresh


def lacking(catalogue: Catalog) -> list[str]:
    """Return the sentences that have no translation, or not in all numbers."""
    return [
        _first(message.id)
        for message in catalogue
        if message.id
        and not all(message.string if isinstance(message.string, tuple) else (message.string,))
    ]


def main() -> int:
    """Return 1 when sentences lack their translation, after naming them."""
    count = 0
    for language in TRANSLATED:
        catalogue = updated(language)
        catalogue_file(language, "po").parent.mkdir(parents=True, exist_ok=True)
        with catalogue_file(language, "po").open("wb") as file:
            write_po(file, catalogue, width=100, no_location=True)
        with catalogue_file(language, "mo").open("wb") as file:
            write_mo(file, catalogue)
        untranslated = lacking(catalogue)
        count += len(untranslated)
        print(f"{language}: {len(catalogue)} sentences, {len(untranslated)} without translation")
        print("".join(f"  {sentence}\n" for sentence in untranslated), end="")
    return 1 if count else 0


def _catalogue(language: str | None) -> Catalog:
    return Catalog(
        locale=language,
        domain="paperlark",
        project="Paperlark",
        version="1",
        msgid_bugs_address="README.md",
        header_comment="# What Paperlark says. `make locale` keeps this file.",
        creation_date=_SAME_DATE,
        revision_date=_SAME_DATE,
        last_translator="Paperlark",
        language_team="Paperlark",
        fuzzy=False,
    )


def _first(sentence: str | tuple[str, ...] | list[str]) -> str:
    return sentence if isinstance(sentence, str) else sentence[0]


if __name__ == "__main__":
    sys.exit(main())

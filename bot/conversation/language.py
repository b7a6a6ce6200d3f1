"""In which language we speak: sentences are looked up where they are said.

Each event is answered in a task of its own and each digest is written for one reader, so the
language stands in the context (PEP 567) and needs not travel through every call. Sentences are
written in English; what has no translation is said in English.

    WHY = N_("Why?")                            # marked, looked up later
    _(WHY)                                      # looked up now
    ngettext("{n} paper", "{n} papers", n).format(n=n)
"""

import gettext
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

ENGLISH = "en"
LANGUAGES = {"en": "English", "de": "Deutsch"}
"""The languages we speak, by code, as they call themselves."""

_CALLED = {"german": "de", "englisch": "en"}
_DOMAIN = "paperlark"
_FOLDER = Path(__file__).parent.parent / "locale"

_spoken: ContextVar[str] = ContextVar("spoken", default=ENGLISH)
_taught: dict[str, gettext.NullTranslations] = {}


def N_(sentence: str) -> str:
    """Mark a sentence for translators and return it as it is."""
    return sentence


def _(sentence: str) -> str:
    """Return a sentence in the language spoken now."""
    return _catalogue(_spoken.get()).gettext(sentence) if sentence else ""


def ngettext(one: str, many: str, n: int) -> str:
    """Return the sentence for a count, by the rules of the language spoken now."""
    return _catalogue(_spoken.get()).ngettext(one, many, n)


def spoken() -> str:
    """Return the code of the language spoken now, one of `LANGUAGES`."""
    return _spoken.get()


def nearest(code: str) -> str:
    """Return our language that is nearest to what a platform calls `code` ("de-AT", "de_DE")."""
    return _base(code) if is_ours(code) else ENGLISH


def is_ours(code: str) -> bool:
    """Return whether we speak what a platform calls `code`, in some form."""
    return _base(code) in LANGUAGES


def named(name: str) -> str | None:
    """Return the code of our language that somebody calls by a name; None for any other word."""
    called = {native.casefold(): code for code, native in LANGUAGES.items()} | _CALLED
    return called.get(name.casefold())


def speak(code: str) -> None:
    """Speak the language nearest to `code` from now on in this task."""
    _spoken.set(nearest(code))


@contextmanager
def speaking(code: str) -> Iterator[None]:
    """Speak the language nearest to `code` for a while.

    Not across the yields of an asynchronous generator, whose steps may run in other contexts.
    """
    before = _spoken.set(nearest(code))
    try:
        yield
    finally:
        _spoken.reset(before)


@contextmanager
def taught(code: str, name: str, catalogue: gettext.NullTranslations) -> Iterator[None]:
    """Let one more language be spoken for a while, from a catalogue that is in no folder."""
    LANGUAGES[code], _taught[code] = name, catalogue
    try:
        yield
    finally:
        del LANGUAGES[code], _taught[code]


def _base(code: str) -> str:
    return re.split("[-_.]", code, maxsplit=1)[0].lower()


def _catalogue(code: str) -> gettext.NullTranslations:
    return _taught.get(code) or _read(code)


@cache
def _read(code: str) -> gettext.NullTranslations:
    return gettext.translation(_DOMAIN, _FOLDER, [code], fallback=True)

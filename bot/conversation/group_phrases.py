"""What administrators write behind /channel: all that /schedule takes, and what only groups have.

`categories cs.LG cs.CL` (or `all`), `votes on|off`, `threads on|off`, `language deutsch`, and one
of `pause [days]`, `resume`, `stop`, `forget`, in any order. From elsewhere the channel's name comes
first. What is not of a group is left for `schedule_words`, which knows what to say of what nobody
understands.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from bot.conversation import group_words
from bot.conversation.language import LANGUAGES, _, named
from bot.conversation.language_choice import called
from bot.conversation.text import clipped, visible

LONGEST_PAUSE = 365  # days
_LONGEST = 300
_CHAT = re.compile(
    r"@([A-Za-z]\w{3,31})|(?:https://)?t\.me/([A-Za-z]\w{3,31})(?:/[0-9]+)?|(-[0-9]{4,16})",
    re.ASCII,
)
_CATEGORY = re.compile(r"[a-z]+(?:-[a-z]+)*\.[a-z]+(?:-[a-z]+)*", re.IGNORECASE | re.ASCII)
_ALL = frozenset(["all", "any", "every", "everything", "alle", "alles"])
_SWITCH = {
    **dict.fromkeys(("on", "yes", "an", "ein", "ja"), True),
    **dict.fromkeys(("off", "no", "aus", "nein"), False),
}
_DAYS = re.compile(r"[0-9]{1,6}")
_UNITS = {
    **dict.fromkeys(("d", "day", "days", "tag", "tage", "tagen"), 1),
    **dict.fromkeys(("w", "week", "weeks", "woche", "wochen"), 7),
}


class What(StrEnum):
    """What is to become of the digest as a whole."""

    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
    FORGET = "forget"


_WHAT = {
    **dict.fromkeys(("pause", "pausieren"), What.PAUSE),
    **dict.fromkeys(("resume", "start", "fortsetzen", "weiter"), What.RESUME),
    **dict.fromkeys(("stop", "off", "stopp", "anhalten"), What.STOP),
    **dict.fromkeys(("forget", "delete", "vergessen", "löschen"), What.FORGET),
}


@dataclass(slots=True)
class Wish:
    """What an administrator wants changed; what is None or empty stays.

    schedule: for `schedule_words.understand`. categories: () for all.
    days: how long a pause is, None for one without an end.
    language: a code of ours; empty when it is asked which one it is to be.
    """

    schedule: str = ""
    categories: tuple[str, ...] | None = None
    votes: bool | None = None
    threads: bool | None = None
    what: What | None = None
    days: int | None = None
    language: str | None = None
    _rest: list[str] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return self == Wish()


class _Trouble(Exception):
    """Carries the sentence out of the reading."""


def chat_named(text: str) -> tuple[str, str]:
    """Return the chat that a text begins with (`@name` or a number) and what follows it.

    An address of a channel, or of a post there, is its name. Both may be empty.
    """
    first, _space, rest = visible(text).partition(" ")
    found = _CHAT.fullmatch(first)
    if found is None:
        return "", visible(text)
    name = found[1] or found[2]
    return (f"@{name}" if name else found[3]), rest


def understood(text: str, covered: Sequence[str]) -> Wish | str:
    """Return what a phrase wants changed, or one sentence that says what is wrong with it.

    covered: the categories whose papers are taken in.
    """
    tokens = re.split(r"[\s,;]+", clipped(visible(text), _LONGEST).strip(" ,;"))
    wish = Wish()
    try:
        _listen([token for token in tokens if token], wish, covered)
    except _Trouble as trouble:
        return str(trouble)
    wish.schedule, wish._rest = " ".join(wish._rest), []
    return wish


def _listen(tokens: list[str], wish: Wish, covered: Sequence[str]) -> None:
    while tokens:
        token = tokens.pop(0)
        match token.casefold():
            case "categories" | "category" | "kategorien" | "kategorie":
                wish.categories = _categories(tokens, covered)
            case "votes" | "vote" | "voting" | "abstimmung" | "stimmen":
                wish.votes = _switched(tokens)
            case "threads" | "thread":
                wish.threads = _switched(tokens)
            case "language" | "sprache":
                wish.language = _language(tokens)
            case word if code := named(word):
                wish.language = code
            case word if word in _WHAT:
                if wish.what is not None:
                    raise _Trouble(_(group_words.ONE_THING))
                wish.what = _WHAT[word]
                if wish.what is What.PAUSE:
                    wish.days = _days(tokens)
            case _word:
                wish._rest.append(token)


def _categories(tokens: list[str], covered: Sequence[str]) -> tuple[str, ...]:
    """Take category after category; a word that can be none ends them."""
    known = {name.casefold(): name for name in covered}
    found = dict[str, None]()
    while tokens:
        word = tokens[0].casefold()
        if word in _ALL and not found:
            tokens.pop(0)
            return ()
        if word in ("and", "und") and found:
            tokens.pop(0)
            continue
        if word not in known and not _CATEGORY.fullmatch(word):
            break
        if word not in known:
            raise _Trouble(group_words.not_covered(clipped(tokens[0], 30), covered))
        found[known[word]] = None
        tokens.pop(0)
    if not found:
        raise _Trouble(group_words.categories_wanted(covered))
    return tuple(found)


def _language(tokens: list[str]) -> str:
    """Return the language that is named, empty when none is."""
    if not tokens:
        return ""
    if (code := called(tokens[0])) is None:
        raise _Trouble(group_words.no_such_language(LANGUAGES.values()))
    tokens.pop(0)
    return code


def _switched(tokens: list[str]) -> bool:
    if not tokens or tokens[0].casefold() not in _SWITCH:
        raise _Trouble(_(group_words.ON_OR_OFF))
    return _SWITCH[tokens.pop(0).casefold()]


def _days(tokens: list[str]) -> int | None:
    """Return how many days a pause lasts, None when none are given."""
    if tokens and tokens[0].casefold() in ("for", "für"):
        tokens.pop(0)
    if not tokens or not _DAYS.fullmatch(tokens[0]):
        return None
    count = int(tokens.pop(0))
    if tokens and tokens[0].casefold() in _UNITS:
        count *= _UNITS[tokens.pop(0).casefold()]
    if not 1 <= count <= LONGEST_PAUSE:
        raise _Trouble(_(group_words.PAUSE_WANTS_DAYS))
    return count

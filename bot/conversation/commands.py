"""The commands, once: menus, slash commands and /help are made of this list.

Descriptions are in English and looked up where they are shown; translators get them all.
"""

from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from typing import TypeGuard

from bot.conversation.events import Command, CommandOption, CommandSpec, Event, Said, Suggests
from bot.conversation.language import LANGUAGES, N_, _, speaking


class Period(StrEnum):
    """Of /trending."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


MESSAGE_COMMANDS = {"Papers like this": "like_this"}
"""What the menu of anybody's message offers where a platform has one, by what people read.

The message's text stands behind the command's name. Only the asker sees the answer.
"""

TEACH = "teach"

_TOPIC = (
    CommandOption(
        "kind",
        "What it is; I guess when you leave it out",
        "choice",
        ("author", "word", "category"),
    ),
    CommandOption("what", "A name, words, or a category such as cs.RO", suggests=Suggests.AUTHOR),
)

COMMANDS = (
    CommandSpec("start", "Begin: a welcome, and your first paper at once"),
    CommandSpec("pick", "The next paper chosen for you"),
    CommandSpec("today", "Today's digest"),
    CommandSpec(
        "saved",
        "The papers you saved, or those of them with some words",
        (
            CommandOption(
                "page",
                "Which page, 1 is the newest",
                "whole",
                minimum=1,
                maximum=1000,
                form="page {}",
            ),
            CommandOption("words", "Words of the title, the authors, the abstract or your note"),
        ),
    ),
    CommandSpec(
        "history",
        "What I showed you and what you said, the newest first",
        (CommandOption("page", "Which page, 1 is the newest", "whole", minimum=1, maximum=1000),),
    ),
    CommandSpec(
        "note",
        "Write a note on the paper you opened last",
        (CommandOption("words", "Your note; - takes it away"),),
    ),
    CommandSpec(
        "search",
        "Find papers by words, or by a description in plain language",
        (
            CommandOption("words", "Words, names or a description"),
            CommandOption(
                "author", "Only papers of this author", form="author: {}", suggests=Suggests.AUTHOR
            ),
        ),
    ),
    CommandSpec(
        "similar",
        "Papers like one you name, or like the last one shown",
        (CommandOption("paper", "A link, an id or a title", suggests=Suggests.PAPER),),
    ),
    CommandSpec(
        "trending",
        "What readers here and on Hugging Face vote for",
        (
            CommandOption(
                "period", "Since when", "choice", choices=tuple(period.value for period in Period)
            ),
        ),
    ),
    CommandSpec(
        TEACH,
        "Teach me papers you love: links, ids, titles, or a .bib, .ris or CSL-JSON file",
        (
            CommandOption("file", "A .bib, .ris, CSL-JSON or taste file", "file"),
            CommandOption("papers", "Links, ids or titles"),
        ),
    ),
    CommandSpec(
        "interests",
        "What your likes have in common: rename, boost, mute or forget it",
        (
            CommandOption(
                "action",
                "What to do with one of them",
                "choice",
                choices=("rename", "boost", "unboost", "mute", "unmute", "forget", "remember"),
            ),
            CommandOption("number", "Which one, as /interests counts them", "whole", minimum=1),
            CommandOption("name", "Your own name for it"),
        ),
    ),
    CommandSpec("follow", "Authors, words or categories whose new papers you want", _TOPIC),
    CommandSpec("unfollow", "No longer follow an author, words or a category", _TOPIC),
    CommandSpec("mute", "Authors, words or categories that I should never pick", _TOPIC),
    CommandSpec("unmute", "No longer mute an author, words or a category", _TOPIC),
    CommandSpec("undo", "Take back your last like, skip or save"),
    CommandSpec(
        "schedule",
        "When your digest comes: hour, zone, days, how many papers",
        (
            CommandOption("time", "Your local time, such as 08:30"),
            CommandOption("zone", "Your time zone, such as Europe/Berlin"),
            CommandOption("days", "daily, weekdays, weekly, or days such as mon,wed"),
            CommandOption(
                "papers",
                "Papers in a digest, 1 to 10",
                "whole",
                minimum=1,
                maximum=10,
                form="{} papers",
            ),
            CommandOption("sound", "Whether it comes with a sound", "choice", ("loud", "quiet")),
            CommandOption(
                "empty",
                "On days without new papers: older ones, or a line",
                "choice",
                ("best", "line"),
            ),
        ),
    ),
    CommandSpec(
        "pause",
        "Stop the digest, for some days or until /resume",
        (CommandOption("days", "For how many days", "whole", minimum=1, maximum=365),),
    ),
    CommandSpec("resume", "Start the digest again"),
    CommandSpec(
        "surprise",
        "How far my picks may leave your usual, 0 to 4",
        (
            CommandOption(
                "dial",
                "0 is the most familiar, 4 the most surprising",
                "whole",
                minimum=0,
                maximum=4,
            ),
        ),
    ),
    CommandSpec(
        "language",
        "Which language I speak with you",
        (CommandOption("language", "Its name", "choice", ("auto", *LANGUAGES.values())),),
    ),
    CommandSpec("status", "What I know, and when your next digest comes"),
    CommandSpec(
        "link",
        "One taste on two platforms: get a code, or join with one",
        (CommandOption("code", "The code from your other account, or undo"),),
    ),
    CommandSpec("invite", "A message to hand on, with the link that opens me for others"),
    CommandSpec(
        "export",
        "Your saved papers or all your data as a file",
        (
            CommandOption(
                "form",
                "Which kind of file",
                "choice",
                choices=("bibtex", "ris", "csl", "csv", "taste", "json"),
            ),
        ),
    ),
    CommandSpec(
        "channel",
        "A digest for a whole group or channel, with votes (administrators)",
        (
            CommandOption("time", "Local time of the digest, such as 08:30"),
            CommandOption("zone", "Time zone, such as Europe/Berlin"),
            CommandOption("days", "daily, weekdays, weekly, or days such as mon,wed"),
            CommandOption(
                "papers",
                "Papers in a digest, 1 to 10",
                "whole",
                minimum=1,
                maximum=10,
                form="{} papers",
            ),
            CommandOption(
                "categories", "arXiv categories such as cs.LG cs.CL, or all", form="categories {}"
            ),
            CommandOption(
                "votes",
                "Whether members vote on the papers",
                "choice",
                ("on", "off"),
                form="votes {}",
            ),
            CommandOption(
                "threads",
                "Whether each paper gets a thread",
                "choice",
                ("on", "off"),
                form="threads {}",
            ),
            CommandOption(
                "language",
                "In which language the digest comes",
                "choice",
                tuple(LANGUAGES.values()),
                form="language {}",
            ),
            CommandOption(
                "what",
                "Pause, go on, stop, or forget the group's taste",
                "choice",
                ("pause", "resume", "stop", "forget"),
            ),
        ),
        is_for_admins=True,
    ),
    CommandSpec("privacy", "What I keep about you, and how to get or delete it"),
    CommandSpec("forget", "Delete everything I know about you"),
    CommandSpec("help", "List what I understand"),
)


OPERATOR_COMMANDS = (
    CommandSpec(
        "admin",
        N_("Readers, likes, sources, digests, word to everybody, bans"),
        (CommandOption("what", "readers, likes, sources, digests, broadcast, ban or unban"),),
    ),
)
"""Answered to operators alone, and so in no menu and no help of anybody else."""
IN_GROUPS = frozenset(["start", "pick", "today", "search", "similar", "trending", "help"])
"""What a group's short menu offers; everything is answered there all the same."""


def meant(name: str) -> str:
    """Return the command that somebody calls by its name in any of our languages.

    A name that is none stays as it is.
    """
    return _names().get(name, name)


def takes_files(event: Event) -> TypeGuard[Said | Command]:
    """Return whether files that come with an event are fetched before it is answered."""
    return isinstance(event, Said) or (isinstance(event, Command) and event.name == TEACH)


def name_in(code: str, command: str) -> str:
    """Return a command's name in a language, where a platform can show it."""
    with speaking(code):
        return _(f"/{command}").removeprefix("/")


@cache
def _names() -> dict[str, str]:
    translated = {name_in(code, spec.name): spec.name for code in LANGUAGES for spec in COMMANDS}
    return translated | {spec.name: spec.name for spec in COMMANDS}


def joined(name: str, options: Mapping[str, object]) -> str:
    """Return typed options as the text that a person would have written behind the command.

    Options that are None or unknown are left out, and files, which are no text.
    """
    declared = next((spec.options for spec in COMMANDS if spec.name == name), ())
    given = ((o.form, options.get(o.name)) for o in declared if o.kind != "file")
    return " ".join(form.format(value) for form, value in given if value is not None)

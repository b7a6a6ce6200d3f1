"""The reference of the commands, made of the list that menus and /help are made of.

What a list cannot say stands here: examples, and where a command is not like the others.
`docs/commands.md` is the text that `reference` returns; a test holds the two together.
"""

from collections.abc import Sequence

from bot.conversation.commands import COMMANDS, MESSAGE_COMMANDS, OPERATOR_COMMANDS
from bot.conversation.events import CommandOption, CommandSpec, Suggests

EXAMPLES: dict[str, tuple[tuple[str, str], ...]] = {
    "start": (("", "the welcome and a first paper; on later days the next one"),),
    "pick": (("", "the next card"),),
    "today": (("", "the digest of today, as it was sent or as it would be"),),
    "saved": (
        ("", "the newest ten"),
        ("page 2", "those before"),
        ("graph", "those with this word, also in a note"),
        ("#thesis", "those whose note has this tag"),
    ),
    "history": (("", "the newest ten"), ("3", "the third page")),
    "note": (
        ("read before Friday #thesis", "on the paper you opened last"),
        ("-", "takes the note away"),
    ),
    "search": (
        ("contrastive learning", "by words"),
        ("robots that learn to grasp from watching video", "by a description"),
        ("graph author: Ada Lovelace", "only papers of this author, those about graphs first"),
    ),
    "similar": (
        ("", "papers like the last card"),
        ("2301.12652", "papers like this one"),
        ("https://arxiv.org/abs/2301.12652", "the same, by its link"),
    ),
    "teach": (
        ("2301.12652 https://arxiv.org/abs/1706.03762", "you love these two"),
        ("", "with a .bib file attached: you love what it lists"),
    ),
    "trending": (
        ("", "of the last week"),
        ("day", "of the newest day"),
        ("month", "of the last month"),
    ),
    "interests": (
        ("", "each with its weight, examples and buttons"),
        ("rename 2 graph learning", "a name of your own for the second one; - takes it away"),
        ("boost 2", "twice the places in your digest"),
        ("mute 1", "no places, and nothing close to it"),
        ("forget 1", "its likes stay in your history and are no taste; `remember 1` undoes it"),
    ),
    "follow": (
        ("", "what you follow, and buttons to end it"),
        ("Ada Lovelace", "each new paper by this author is in your digest"),
        ("graph learning", "the best new paper with these words has a place in your digest"),
        ("cs.LG", "the best new paper of a category has one"),
        ("word Hinton", "says what it is, where I would guess wrong"),
    ),
    "unfollow": (("", "the list"), ("Ada Lovelace", "follows no longer")),
    "mute": (
        ("", "what is muted, and buttons to end it"),
        ("blockchain", "papers with this word are not picked; /search still finds them"),
        ("cs.CR", "nor those of a category, nor those of an author"),
    ),
    "unmute": (("", "the list"), ("blockchain", "mutes no longer")),
    "undo": (("", "takes back the last like, skip or save"),),
    "schedule": (
        ("", "what stands, and buttons to change it"),
        ("08:30 Berlin weekdays 5", "five papers at half past eight in Berlin, Monday to Friday"),
        ("half past eight", "only the hour changes"),
        ("mon,wed,fri quiet", "three days a week, without a sound"),
        ("it is 14:05 here now", "finds your time zone"),
    ),
    "pause": (("", "until /resume"), ("7", "for a week"), ("2 weeks", "for two")),
    "resume": (("", "digests come again"),),
    "surprise": (("", "where the dial stands"), ("4", "as surprising as can be")),
    "language": (
        ("", "which one it is, and buttons"),
        ("Deutsch", "German from now on, whatever the app speaks"),
        ("auto", "the language of the app again"),
    ),
    "status": (("", "also says why no digest came today"),),
    "link": (
        ("", "a code to send from your other account, and a link that does it on Telegram"),
        ("A7K2PX", "joins the two accounts"),
        ("undo", "splits them again"),
    ),
    "invite": (("", "greets whoever opens it; neither of you sees what the other reads"),),
    "export": (
        ("", "asks which"),
        ("bibtex", "your saved papers for LaTeX"),
        ("taste", "what you like, for another Paperlark"),
        ("json", "everything that is kept about you"),
    ),
    "channel": (
        ("", "how the digest stands, with buttons; in a Telegram group for all to read"),
        ("08:30 Berlin weekdays 5", "begins it, or changes it: all that /schedule takes"),
        ("categories cs.LG cs.CL", "only papers of these; `categories all` lifts that"),
        ("votes off", "no votes, so nothing is learnt; `votes on` again"),
        ("threads on", "on Discord each paper gets a thread"),
        ("language deutsch", "the digest, and what else everybody there reads; or `english`"),
        ("pause 7", "nothing for a week; `resume` ends it earlier"),
        ("stop", "until `resume`; what was voted stays"),
        ("forget", "asks first; afterwards nothing of the group is left, and its members are"),
        ("@our_papers 08:30", "of a Telegram channel, sent to the bot in private"),
    ),
    "privacy": (("", "what is kept, for how long, and who sees it"),),
    "forget": (("", "asks first; afterwards nothing is left"),),
    "help": (("", "all commands, a line each"),),
    "admin": (
        ("", "how many readers there are, and buttons to everything else"),
        ("likes", "how picks fare, by model and by whether they explored"),
        ("broadcast We move tonight.", "shows how it looks and whom it reaches; sends nothing yet"),
        ("ban telegram:123", "this account gets no answer any more"),
        ("unban telegram:123", "it gets answers again"),
    ),
}
"""By command: what stands behind it, and what that means."""

OPENING = """\
# Commands

What readers can say, on every platform alike. This page is made from the code: change
`bot/conversation/commands.py` or `reference.py` beside it, then `paperlark commands >
docs/commands.md`.

In Telegram and in the terminal, what a command wants is written behind it, in any order where
there are several things; on Discord each is an option of the slash command, and may also be
written in a direct message. Every option may be left out. In a group or on a server only the
asker sees the answer: on Discord there, on Telegram in their private chat with the bot.
"""
GROUPS = "Telegram groups and channels, Discord servers"
ADMINISTRATORS = "administrators; on Discord whoever may manage the server"
EVERYWHERE = "private chats, groups, Discord, the terminal"
OPERATORS = "operators only (`OPERATORS`); on Discord as a direct message, not in the menu"


def reference() -> str:
    """Return the whole reference as Markdown."""
    parts = [OPENING, _contents(COMMANDS)]
    parts += [
        _entry(spec, GROUPS, ADMINISTRATORS)
        if spec.is_for_admins
        else _entry(spec, EVERYWHERE, "everybody")
        for spec in COMMANDS
    ]
    parts.append("## On a message, in Discord\n\n" + _message_commands())
    parts.append("## For operators\n\nTo anybody else these do not exist.\n")
    parts += [_entry(spec, "Telegram, Discord", OPERATORS) for spec in OPERATOR_COMMANDS]
    return "\n".join(parts)


def _contents(specs: Sequence[CommandSpec]) -> str:
    links = (f"[`/{spec.name}`](#{spec.name})" for spec in specs)
    return " · ".join(links) + "\n"


def _entry(spec: CommandSpec, where: str, who: str) -> str:
    lines = [f"### /{spec.name}", "", f'<a id="{spec.name}"></a>{spec.description}.', ""]
    if spec.options:
        lines += ["| option | what it is | values |", "|---|---|---|"]
        lines += [_option(option) for option in spec.options]
        lines.append("")
    for words, meaning in EXAMPLES[spec.name]:
        lines.append(f"- `/{f'{spec.name} {words}'.strip()}`: {meaning}")
    lines += ["", f"Where: {where}. Who: {who}.", ""]
    return "\n".join(lines)


def _option(option: CommandOption) -> str:
    return f"| `{option.name}` | {option.description} | {_values(option)} |"


def _values(option: CommandOption) -> str:
    if option.choices:
        return ", ".join(f"`{choice}`" for choice in option.choices)
    if option.kind == "whole":
        if option.maximum is None:
            return f"a whole number from {option.minimum}"
        return f"{option.minimum} to {option.maximum}"
    return {
        Suggests.PAPER: "text; papers are proposed while you type",
        Suggests.AUTHOR: "text; authors are proposed while you type",
        None: "text",
    }[option.suggests]


def _message_commands() -> str:
    lines = (
        f"- *Apps → {label}*: {_ON_A_MESSAGE[about]}" for label, about in MESSAGE_COMMANDS.items()
    )
    return "\n".join(lines) + "\n\nWhere: any message on Discord. Who: everybody.\n"


_ON_A_MESSAGE = {"like_this": "papers like the one that the message links to or names by its id"}

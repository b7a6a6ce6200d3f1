"""What is said about a reader's interests, and of picks that are for one of them."""

from collections.abc import Sequence

from bot.conversation.language import N_, _, ngettext

# ---------------------------------------------------------------- reasons


def for_interest(name: str) -> str:
    return _("For your interest in {name}.").format(name=name)


def place_of(name: str) -> str:
    return _("The place is for your interest in {name}.").format(name=name)


# ---------------------------------------------------------------- the list

OPENING = N_("Your interests, by the papers that you liked, saved or know:")
NONE_YET = N_(
    "I know no interest of yours yet: like a few papers, and they group by themselves. /pick "
    "brings one."
)
ONE_ALONE = N_(
    "Your likes belong together so far. When a second group stands apart, it gets places of its "
    "own in your digest."
)
CLOSING = N_(
    "Boost: twice the places. Mute: no places, and nothing close to it. Forget: its likes stay in "
    "your history and are no taste any more; all of it can be undone."
)
UNNAMED = N_("no name yet")
RENAME, MUTE, UNMUTE = N_("Rename"), N_("Mute"), N_("Unmute")
BOOST, UNBOOST, FORGET = N_("Boost"), N_("Boosted"), N_("Forget")
BRING_BACK = N_("Bring back")
NEXT, BEFORE = N_("More ›"), N_("‹ Back")
_BUTTON = N_("{number} {does}")

STANDINGS = {"kept": "", "boosted": N_("boosted"), "muted": N_("muted"), "forgotten": ""}
CHANGED = {
    "kept": N_("Stored: it has its usual places again."),
    "boosted": N_("Stored: twice the places for it."),
    "muted": N_("Stored: no places for it."),
    "forgotten": N_("Stored: its likes are history. “Bring back” undoes it."),
}
BROUGHT_BACK = N_("Stored: its likes count again.")
GONE = N_("That interest is no longer there. /interests shows those of now.")
FORMS = N_(
    "Write /interests, or what to do with one of them: /interests rename 2 graph learning, mute 2, "
    "unmute 2, boost 2, unboost 2, forget 2 or remember 2."
)
NAME_SIGN = "🏷"
"""Begins every question for a name, whatever the language: an answer to it is known by this."""
NAME_TITLE = N_("A name of your own")
NAME_HINT = N_("Left empty, its telling words name it again.")
NAME_IS_EMPTY = N_(
    "There were no words in your reply, so nothing was changed: reply with a name, or with - to "
    "take yours away."
)


def heading(number: int, name: str) -> str:
    return f"{number}. {name}"


def size(percent: int, n: int) -> str:
    return ngettext(
        "{percent} % of them ({n} paper)",
        "{percent} % of them ({n} papers)",
        n,
    ).format(percent=percent, n=n)


def forgotten(count: int) -> str:
    return ngettext("Forgotten: {count} paper", "Forgotten: {count} papers", count).format(
        count=count
    )


def examples(titles: Sequence[str]) -> str:
    quoted = ", ".join(_("“{title}”").format(title=title) for title in titles)
    return _("for example {titles}").format(titles=quoted)


def button(number: int, does: str) -> str:
    return _(_BUTTON).format(number=number, does=_(does))


def renamed(name: str) -> str:
    return _("Stored: I call it “{name}”.").format(name=name)


def renamed_back() -> str:
    return _("Stored: it is called by its telling words again.")


def ask_in_reply(name: str, command: str) -> str:
    return _(
        "Reply to this message with the name that you want for “{name}”, or with - to take yours "
        "away. {command} and a name does the same."
    ).format(name=name, command=command)


def ask_by_command(name: str, command: str) -> str:
    return _(
        "Which name do you want for “{name}”? Write {command} and the name, or - to take yours "
        "away."
    ).format(name=name, command=command)


def name_too_long(most: int) -> str:
    return _("That name is too long: I can keep {most} characters. Nothing was changed.").format(
        most=most
    )


def no_such(count: int) -> str:
    if not count:
        return _(NONE_YET)
    return ngettext(
        "You have {count} interest: /interests shows it.",
        "You have {count} interests: /interests shows them.",
        count,
    ).format(count=count)

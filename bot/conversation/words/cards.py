"""What stands on cards, above digests and lists, and below them."""

from collections.abc import Sequence
from datetime import date

from bot.conversation.language import N_, _, ngettext
from bot.conversation.words.moments import long_day


def authors(names: Sequence[str], shown_at_most: int = 3) -> str:
    # "and 1 more" would be as long as the name.
    kept = list(names if len(names) == shown_at_most + 1 else names[:shown_at_most])
    more = len(names) - len(kept)
    if more:
        return ngettext("{names} and {n} more", "{names} and {n} more", more).format(
            names=", ".join(kept), n=more
        )
    if len(kept) < 2:
        return "".join(kept)
    return _("{names} and {last}").format(names=", ".join(kept[:-1]), last=kept[-1])


SAMPLE = N_("Sample paper, until arXiv has been read.")
SAMPLE_SHORT = N_("Sample paper")
WITHDRAWN = N_("Withdrawn by its authors.")
MAY_BE_SEEN = N_("You may have seen this.")
NO_ABSTRACT = N_("(no abstract)")
CODE, PROJECT_PAGE, DISCUSSION, LINK = N_("Code"), N_("Project page"), N_("Discussion"), N_("Link")
PAPER_LINK = N_("Paper")


def digest_heading(count: int, day: date) -> str:
    return ngettext("Your paper for {day}", "Your {n} papers for {day}", count).format(
        n=count, day=long_day(day)
    )


def digest_is_short(wanted: int) -> str:
    return _(
        "Fewer than your {wanted} today: there is no other new paper that you have not seen."
    ).format(wanted=wanted)


def more_of_authors(count: int) -> str:
    """count: of new papers by followed authors that a digest had no room for."""
    return ngettext(
        "{n} more new paper by an author you follow had no room here: /pick brings it, or else it "
        "waits for your next digests while it is new.",
        "{n} more new papers by authors you follow had no room here: /pick brings them one by one, "
        "and what is left waits for your next digests while it is new.",
        count,
    ).format(n=count)


def digest_is_empty(day: date) -> str:
    return _(
        "No papers for {day}: nothing new was announced that you have not seen. "
        "I will look again for your next digest."
    ).format(day=long_day(day))


def nothing_announced(day: date) -> str:
    return _(
        "No papers for {day}: nothing was announced since your last digest. "
        "/today brings the best older ones that you have not seen."
    ).format(day=long_day(day))


def more_papers(count: int) -> str:
    """What stands below a list that a platform had no room for."""
    return ngettext(
        "… and {n} more, too long to show here.", "… and {n} more, too long to show here.", count
    ).format(n=count)

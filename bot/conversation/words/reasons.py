"""Why a paper was picked."""

from collections.abc import Sequence

from bot.conversation.language import N_, _, ngettext

# What a reader did to a paper that a reason names; keys of the tables below, never said.
LIKED, SAVED, KNOWN, SKIPPED = "liked", "saved", "know", "skipped"
BY_GROUP = "liked by the group"

EXPLORING = N_("An exploring pick, outside your usual.")
_EXPLORING_NEAR = {
    LIKED: N_("An exploring pick, outside your usual; nearest to “{title}”, which you liked."),
    SAVED: N_("An exploring pick, outside your usual; nearest to “{title}”, which you saved."),
    KNOWN: N_("An exploring pick, outside your usual; nearest to “{title}”, which you know."),
    BY_GROUP: N_(
        "An exploring pick, outside the usual here; nearest to “{title}”, which this group liked."
    ),
}
READERS = N_("Readers with your taste liked it.")
NO_TASTE_YET = N_("A first guess: nothing you liked speaks for it yet.")
ASKED_FOR = N_("You asked for this paper yourself, so no score chose it.")

_BECAUSE = {
    (LIKED,): N_("Because you liked {first}"),
    (SAVED,): N_("Because you saved {first}"),
    (KNOWN,): N_("Because you know {first}"),
    (LIKED, LIKED): N_("Because you liked {first} and {second}"),
    (SAVED, SAVED): N_("Because you saved {first} and {second}"),
    (KNOWN, KNOWN): N_("Because you know {first} and {second}"),
    (LIKED, SAVED): N_("Because you liked {first} and you saved {second}"),
    (LIKED, KNOWN): N_("Because you liked {first} and you know {second}"),
    (SAVED, LIKED): N_("Because you saved {first} and you liked {second}"),
    (SAVED, KNOWN): N_("Because you saved {first} and you know {second}"),
    (KNOWN, LIKED): N_("Because you know {first} and you liked {second}"),
    (KNOWN, SAVED): N_("Because you know {first} and you saved {second}"),
    (BY_GROUP,): N_("Because this group liked {first}"),
    (BY_GROUP, BY_GROUP): N_("Because this group liked {first} and {second}"),
}


def exploring_near(did: str, title: str) -> str:
    return _(_EXPLORING_NEAR[did]).format(title=title)


def upvotes(count: int) -> str:
    return ngettext("{n} upvote on Hugging Face.", "{n} upvotes on Hugging Face.", count).format(
        n=count
    )


def named(title: str, percent: int) -> str:
    """A paper, with its share in the score where it has not all of it."""
    if percent == 100:
        return _("“{title}”").format(title=title)
    return _("“{title}” ({percent}\u00a0%)").format(title=title, percent=percent)


def because(did: Sequence[str], named: Sequence[str], common: Sequence[str]) -> str:
    """did: what was done to each of one or two papers. named: these papers, see `named`."""
    first, second = named[0], named[-1]
    clause = _(_BECAUSE[tuple(did)]).format(first=first, second=second)
    if common:
        return _("{clause}; shared words: {words}.").format(clause=clause, words=", ".join(common))
    return f"{clause}."


SHARES_OF_SCORE = N_("What its score is made of:")
AGAINST_COUNTS = N_("− marks what speaks against it; sizes add up to 100\u00a0%.")
LIKE_OTHER = N_("close to another paper you rated well")
LIKE_SKIPPED = N_("close to a paper you skipped")
READERS_LONG = N_("readers of the same papers liked it")
EXPLORING_LONG = N_("chance, because this pick explores")
OTHER_LONG = N_("what every paper gets, and what is too small to name")
_LIKE_PAPER = {
    LIKED: N_("close to “{title}”, which you liked"),
    SAVED: N_("close to “{title}”, which you saved"),
    KNOWN: N_("close to “{title}”, which you know"),
    SKIPPED: N_("close to “{title}”, which you skipped"),
    BY_GROUP: N_("close to “{title}”, which this group liked"),
}


def like_paper(did: str, title: str) -> str:
    return _(_LIKE_PAPER[did]).format(title=title)


def sharing(text: str, common: Sequence[str]) -> str:
    return _("{text} (shared words: {words})").format(text=text, words=", ".join(common))


def popular_long(count: int) -> str:
    if not count:  # what is popular without upvotes is popular for being new
        return _("how new it is")
    return ngettext("{n} upvote on Hugging Face", "{n} upvotes on Hugging Face", count).format(
        n=count
    )


def share_line(percent: int, text: str, *, is_against: bool) -> str:
    return f"{'−' if is_against else ''}{percent}\u00a0% · {text}"


def smaller_parts(count: int, percent: int) -> str:
    parts = ngettext("{n} smaller part", "{n} smaller parts", count).format(n=count)
    return share_line(percent, parts, is_against=False)


def exploring_chance(propensity: float) -> str:
    percent = round(100 * propensity)
    if not percent:
        return _("It was drawn by chance (under 1\u00a0%), to learn what else you like.")
    return _(
        "It was drawn by chance (about {percent}\u00a0%), to learn what else you like."
    ).format(percent=percent)

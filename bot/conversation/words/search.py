"""Finding papers by asking, and what is said about what was found."""

from collections.abc import Sequence

from bot.conversation.language import N_, _, ngettext

BACK, FORTH = N_("‹ Back"), N_("More ›")
BY_RELEVANCE = N_("Plain relevance")
BY_TASTE = N_("My taste first")
PERIODS = {"day": N_("Day"), "week": N_("Week"), "month": N_("Month")}
OPEN_IN_BOT = N_("Like, save, more like this")  # on a paper sent from inline mode
SEARCH_WANTS_WORDS = N_(
    "Write what you look for behind /search: words, names, or a sentence such as "
    "/search robots that learn to grasp from video."
)
SEARCH_IS_OVER = N_(
    "That search is too long ago, so I no longer know it. Please send /search again."
)
SIMILAR_WANTS_A_PAPER = N_(
    "Like which paper? Write a link, an id or a title behind /similar, or tap “More like this” "
    "below a paper."
)
NO_LINK_HERE = N_(
    "That message names no paper: I look for a link or an id such as 2301.12652. /similar takes a "
    "title as well."
)
NOTHING_SIMILAR = N_("I have no paper like this one yet. /pick brings another.")
TRENDING_WANTS_A_PERIOD = N_("Write day, week or month behind /trending, such as /trending month.")
NO_SUCH_PAGE = N_("There is no such page.")


def nothing_matches(asked: str) -> str:
    return _(
        "I have no paper about “{asked}”. Try other words; the link of a paper works as well."
    ).format(asked=asked)


def search_heading(
    asked: str, first: int, last: int, total: int, *, by_taste: bool, is_worded: bool
) -> str:
    """is_worded: whether any paper has any of the words, or only papers near their meaning are."""
    if not is_worded:
        said = _("No paper says “{asked}”; nearest in meaning, {first}–{last} of {total}")
    elif total == 1:
        said = _("“{asked}”: one paper")
    elif by_taste:
        said = _("“{asked}”: {first}–{last} of {total}, your taste first")
    else:
        said = _("“{asked}”: {first}–{last} of {total}, by relevance")
    return said.format(asked=asked, first=first, last=last, total=total)


def similar_heading(title: str) -> str:
    return _("Papers like “{title}”, by their texts").format(title=title)


def similar_to(title: str, common: Sequence[str]) -> str:
    if not common:
        return _("Like “{title}”, which you asked about.").format(title=title)
    return _("Like “{title}”, which you asked about; shared words: {words}.").format(
        title=title, words=", ".join(common)
    )


def shared_words(common: Sequence[str]) -> str:
    return _("Shared words: {words}.").format(words=", ".join(common)) if common else ""


SIMILAR_LONG = N_(
    "You asked for papers like another one, so only the likeness of the two texts counted, and "
    "not your taste."
)
_TRENDING = {
    "day": N_("Trending among the papers of the newest day"),
    "week": N_("Trending among the papers of the last week"),
    "month": N_("Trending among the papers of the last month"),
}
_NOTHING_TRENDS = {
    "day": N_("Nobody has voted for the papers of the newest day yet. A 👍 here counts."),
    "week": N_("Nobody has voted for the papers of the last week yet. A 👍 here counts."),
    "month": N_("Nobody has voted for the papers of the last month yet. A 👍 here counts."),
}


ALL_MUTED = N_("You have muted all that trends here. /mute shows what, and takes it back.")


def trending_heading(period: str) -> str:
    return _(_TRENDING[period])


def nothing_trends(period: str) -> str:
    return _(_NOTHING_TRENDS[period])


def votes(likes: int, upvotes_elsewhere: int) -> str:
    said = []
    if likes > 1:  # a single like would tell a small circle whose it is
        said.append(ngettext("{n} like here", "{n} likes here", likes).format(n=likes))
    if upvotes_elsewhere:
        elsewhere = ngettext(
            "{n} upvote on Hugging Face", "{n} upvotes on Hugging Face", upvotes_elsewhere
        )
        said.append(elsewhere.format(n=upvotes_elsewhere))
    return " · ".join(said)

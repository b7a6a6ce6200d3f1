"""What is said about following and muting, and of picks that come because of it."""

from collections.abc import Sequence

from bot.conversation.language import N_, _, ngettext

# ---------------------------------------------------------------- reasons

_COMES_FOR = {
    "author": N_("You follow {topic}."),
    "word": N_("You follow “{topic}”."),
    "category": N_("You follow {topic}."),
}
_PLACE_OF = {
    "author": N_("you follow {topic}, so each new paper has a place of its own"),
    "word": N_("you follow “{topic}”, so the best new paper has a place of its own"),
    "category": N_("you follow {topic}, so the best new paper has a place of its own"),
}


def comes_for(kind: str, topic: str) -> str:
    """Return why a paper is here that a follow brought; a kind nobody knows is a word."""
    return _(_COMES_FOR.get(kind, _COMES_FOR["word"])).format(topic=topic)


def place_of(kind: str, topic: str) -> str:
    return _(_PLACE_OF.get(kind, _PLACE_OF["word"])).format(topic=topic)


# ---------------------------------------------------------------- lists

_FOLLOW_FORMS = N_(
    "Write /follow and an author, a word or a category, such as /follow Ada Lovelace, "
    "/follow graph learning or /follow cs.RO."
)
_MUTE_FORMS = N_(
    "Write /mute and an author, a word or a category, such as /mute Ada Lovelace, "
    "/mute graph learning or /mute cs.RO."
)
NOTHING_FOLLOWED = N_(
    "You follow nobody and nothing yet. A followed author's new papers are always in your digest; "
    "of followed words and categories the best new paper has a place."
)
NOTHING_MUTED = N_(
    "You have muted nothing. What you mute is not picked, unless an author you follow wrote it; "
    "/search still finds it."
)
FOLLOW = N_("What you follow")
MUTED = N_("What you have muted")
REMOVES = N_("The buttons below end it.")
TO_MUTED = N_("Muted")
TO_FOLLOWED = N_("Followed")
NEXT, BEFORE = N_("More ›"), N_("‹ Back")
STALE = N_("That is no longer in your list.")


def follow_forms() -> str:
    return _(_FOLLOW_FORMS)


def mute_forms() -> str:
    return _(_MUTE_FORMS)


_LINES = {
    "author": N_("{number}. {topic} (author)"),
    "word": N_("{number}. “{topic}” (word)"),
    "category": N_("{number}. {topic} (category)"),
}


def line(number: int, kind: str, topic: str) -> str:
    return _(_LINES[kind]).format(number=number, topic=topic)


# ---------------------------------------------------------------- answers

_NOW_FOLLOWED = {
    "author": N_("You follow {topic} now: new papers by this author are always in your digest."),
    "word": N_("You follow “{topic}” now: the best new paper with it has a place in your digest."),
    "category": N_("You follow {topic} now: its best new paper has a place in your digest."),
}
_NOW_MUTED = {
    "author": N_("{topic} is muted now: I will not pick papers by this author."),
    "word": N_("“{topic}” is muted now: papers with it come only if you follow who wrote them."),
    "category": N_("{topic} is muted now: its papers come only if you follow who wrote them."),
}
_ALREADY_FOLLOWED = N_("You already follow {called}.")
_ALREADY_MUTED = N_("{called} is already muted.")
_NO_LONGER_FOLLOWED = N_("You no longer follow {called}. /follow {topic} brings it back.")
_NO_LONGER_MUTED = N_("{called} is no longer muted. /mute {topic} mutes it again.")
_NOT_FOLLOWED = N_("You do not follow “{topic}”. /follow shows what you follow.")
_NOT_MUTED = N_("“{topic}” is not muted. /mute shows what is.")
_TOO_MANY = N_("That would be more than {most}: end one of them first. Nothing was changed.")
_TOO_LONG = N_("That is too long: I can keep {most} characters. Nothing was changed.")
NO_WORD = N_("There is no word in that which I could look for. Nothing was changed.")
_TOO_COMMON = N_(
    "“{topic}” stands in {percent} % of the new papers: muting it would leave you next to "
    "nothing. Nothing was changed."
)
_READ_FROM_NOW = N_(
    "I did not read {topic} until now. From now on I do: its papers come with arXiv's next "
    "announcement, and those of the last days in a few minutes."
)
_NOT_READ = N_(
    "I do not read {topic}, and I already read as many categories as I may: {read}. Nothing was "
    "changed; whoever runs me can raise that (MAX_CATEGORIES)."
)
_NO_CATEGORY = N_("arXiv has no category {topic}. Nothing was changed.")
_NO_CATEGORY_BUT = N_("arXiv has no category {topic}. Do you mean {near}? Nothing was changed.")
UNFOLLOW = N_("No longer follow")
UNMUTE = N_("No longer mute")
IS_WORD = N_("I mean the word")
IS_AUTHOR = N_("I mean an author")
SHOW_FOLLOWED = N_("What I follow")
SHOW_MUTED = N_("What is muted")


def now_followed(kind: str, topic: str) -> str:
    return _(_NOW_FOLLOWED[kind]).format(topic=topic)


def now_muted(kind: str, topic: str) -> str:
    return _(_NOW_MUTED[kind]).format(topic=topic)


def found(count: int) -> str:
    """Return how many of the papers that can be picked now a topic is about."""
    if not count:
        return _("Of the papers of the last days none matches.")
    return ngettext(
        "{count} paper of the last days matches.",
        "{count} papers of the last days match.",
        count,
    ).format(count=count)


def told_taken_in(stored: int) -> str:
    """Return how much of what a file says about follows, mutes and interests is new."""
    if not stored:
        return _("What you follow, mute and say of your interests was here already.")
    return ngettext(
        "Of what you follow, mute and say of your interests {count} thing is new here: see "
        "/follow, /mute and /interests.",
        "Of what you follow, mute and say of your interests {count} things are new here: see "
        "/follow, /mute and /interests.",
        stored,
    ).format(count=stored)


def already(kind: str, topic: str, *, is_muting: bool) -> str:
    said = _(_ALREADY_MUTED if is_muting else _ALREADY_FOLLOWED)
    return said.format(called=_called(kind, topic))


def ended(kind: str, topic: str, *, is_muting: bool) -> str:
    said = _(_NO_LONGER_MUTED if is_muting else _NO_LONGER_FOLLOWED)
    return said.format(called=_called(kind, topic), topic=topic)


def _called(kind: str, topic: str) -> str:
    """Return a topic as it stands in a sentence: words in quotation marks, names without."""
    return _("“{topic}”").format(topic=topic) if kind == "word" else topic


def was_not(topic: str, *, is_muting: bool) -> str:
    return _(_NOT_MUTED if is_muting else _NOT_FOLLOWED).format(topic=topic)


def too_many(most: int) -> str:
    return _(_TOO_MANY).format(most=most)


def too_long(most: int) -> str:
    return _(_TOO_LONG).format(most=most)


def too_common(topic: str, percent: int) -> str:
    return _(_TOO_COMMON).format(topic=topic, percent=percent)


def read_from_now(topic: str) -> str:
    return _(_READ_FROM_NOW).format(topic=topic)


def not_read(topic: str, read: Sequence[str]) -> str:
    return _(_NOT_READ).format(topic=topic, read=", ".join(read))


def no_category(topic: str, near: str) -> str:
    return _(_NO_CATEGORY_BUT if near else _NO_CATEGORY).format(topic=topic, near=near)

"""Every sentence that is said to groups and about them."""

from collections.abc import Collection, Sequence
from datetime import date

from bot.conversation import words
from bot.conversation.events import Platform
from bot.conversation.language import N_, _, ngettext

# ---------------------------------------------------------------- who may do what

NO_GROUP = N_(
    "A group or channel can have a digest of its own, with votes. Send /channel in a Telegram "
    "group, or choose it in a channel of a Discord server; only administrators can. A Telegram "
    "channel is set up from a private chat with me: make me an administrator of it who may post "
    "messages, then forward me one of its posts, or send me its name, such as @our_papers."
)
CHOOSE_A_CHANNEL = N_("Choose a channel")
ADMINS_ONLY = {
    Platform.TELEGRAM: N_(
        "Only administrators of a group or channel can set up its digest. Nothing was changed."
    ),
    Platform.DISCORD: N_(
        "Only members who may manage the server can set up a channel's digest. Nothing was changed."
    ),
}
NOT_CHECKED = {
    Platform.TELEGRAM: N_(
        "I could not find out whether you are an administrator, so nothing was changed. Please try "
        "again in a minute."
    ),
    Platform.DISCORD: N_(
        "I cannot see here whether you may manage the server, so nothing was changed: type / and "
        "choose /channel from the list."
    ),
}
NO_SUCH_CHANNEL = N_(
    "I cannot see that channel. Make me an administrator of it who may post messages, then send "
    "this again."
)
MAY_NOT_POST = {
    Platform.TELEGRAM: N_(
        "I may not write there yet, and without that no digest can come: make me an administrator "
        "who may post messages, then try again."
    ),
    Platform.DISCORD: N_(
        "I may not write in this channel yet, and without that no digest can come: allow me to "
        "view it, to send messages and to embed links, then try again."
    ),
}
OLD_BUTTON = N_("I do not know this button any more, so nothing was changed. Send /channel again.")


def nameless(chat: str) -> str:
    return _(
        "You write in the group's name, so I cannot see which administrator you are. Write as "
        "yourself, or send me this in a private chat: /channel {chat}"
    ).format(chat=chat)


GREETING = N_(
    "I am Paperlark: I bring new research papers, and learn from your votes which ones this group "
    "wants. An administrator begins with /channel. For papers of your own, open a private chat "
    "with me."
)

# ---------------------------------------------------------------- how it stands

NOT_YET = N_(
    "No digest comes here yet. Tap what you want, or write it, such as /channel 08:30 Berlin "
    "weekdays 5: that starts it."
)
STOPPED = N_("The digest is stopped. What the group voted stays; Resume starts it again.")
PAUSED_FOR_EVER = N_("The digest is paused. Resume starts it again.")
NO_ZONE = N_("I do not know the time zone here yet, so UTC holds: write a city behind /channel.")
ALL_CATEGORIES = N_("Papers of all categories that I have.")
VOTES_ARE_ON = N_("Members vote on each paper, and the votes teach me what to bring.")
VOTES_ARE_OFF = N_("Votes are off, so I learn nothing here.")

THREADS_ARE_ON = N_("Each paper gets a thread.")
EXAMPLES = N_(
    "Change it below, or write for example /channel 08:30 Berlin weekdays 5, /channel categories "
    "cs.LG cs.CL, /channel language Deutsch, /channel pause 7 or /channel stop. /channel forget "
    "deletes it all."
)
WHY_STOPPED = {
    "removed": N_("Nothing is sent there since I was removed. Take me in again, then tap Resume."),
    "no_permission": N_(
        "Nothing is sent there any more, because I may not write there. Allow me to send messages "
        "and embed links, then tap Resume."
    ),
    "no_access": N_(
        "Nothing is sent there any more, because I cannot see the channel. Allow me to view it, "
        "then tap Resume."
    ),
    "gone": N_("Nothing is sent there any more, because the channel was deleted."),
}
STOPPED_OTHERWISE = N_("Nothing is sent there any more, because it failed. Resume tries it again.")


def next_digest(when: str) -> str:
    return _("The next digest comes on {moment}.").format(moment=when)


DIGEST_IN_A_MOMENT = N_("Today's digest comes in a moment.")


def language_here(language: str) -> str:
    return _("The digest's language: {language}.").format(language=language)


def paused_until(day: date) -> str:
    return _("The digest is paused until {day}.").format(day=words.long_day(day))


def only_categories(names: Sequence[str]) -> str:
    return _("Only papers of {categories}.").format(categories=", ".join(names))


# ---------------------------------------------------------------- what was understood

ON_OR_OFF = N_(
    "Write on or off behind it, such as /channel votes off or /channel threads on. Nothing was "
    "changed."
)
THREADS_ONLY_ON_DISCORD = N_("Threads are for channels on Discord, so nothing was changed.")
PAUSE_WANTS_DAYS = N_(
    "Write a number of days from 1 to 365 behind pause, such as /channel pause 7, or nothing to "
    "pause until you resume. Nothing was changed."
)
WHICH_LANGUAGE = N_(
    "In which language shall the digest come, and all else that everybody reads there?"
)
ONE_THING = N_("Pause, resume, stop or forget: send one of them at a time. Nothing was changed.")


def categories_wanted(covered: Sequence[str]) -> str:
    return _(
        "Write categories behind it, such as /channel categories {example}, or all. I have papers "
        "of {covered}. Nothing was changed."
    ).format(example=" ".join(covered[:2]), covered=", ".join(covered))


def no_such_language(languages: Collection[str]) -> str:
    return _(
        "I do not speak that language, so nothing was changed. I speak {languages}: write one of "
        "them behind it, such as /channel language {example}."
    ).format(languages=", ".join(languages), example=next(reversed(list(languages))))


def not_covered(name: str, covered: Sequence[str]) -> str:
    return _(
        "I take in no papers of {name}, so nothing was changed. I have those of {covered}; my "
        "operator can add more."
    ).format(name=name, covered=", ".join(covered))


# ---------------------------------------------------------------- buttons

STOP = N_("Stop")
VOTES = N_("Votes")
THREADS = N_("Threads")
LANGUAGE = N_("Language")
FORGET_GROUP = N_("Yes, forget the group")
KEEP_GROUP = N_("Keep it")


def papers(count: int) -> str:
    return ngettext("{n} paper", "{n} papers", count).format(n=count)


# ---------------------------------------------------------------- forgetting

FORGET_SURELY = N_(
    "Shall I forget this group? Its schedule, its taste, all its votes and the history of its "
    "digests go at once and for good. What members told me in private stays theirs."
)
NOTHING_TO_FORGET = N_("I keep nothing about this group. /channel sets up a digest.")
FORGOTTEN = N_(
    "I have forgotten this group: nothing is kept, and nothing will be sent here. /channel begins "
    "anew."
)
FORGET_AGAIN = N_("That question is too old, so nothing was deleted. I ask again.")
NOT_FORGOTTEN = N_("Nothing was deleted.")

# ---------------------------------------------------------------- votes

VOTED = {"like": N_("Your 👍 counts."), "skip": N_("Your 👎 counts.")}
CHANGED = {"like": N_("Your vote is 👍 now."), "skip": N_("Your vote is 👎 now.")}
ALREADY = {"like": N_("You already voted 👍."), "skip": N_("You already voted 👎.")}
VOTES_OFF = N_("Votes are switched off here, so nothing was changed.")
NOT_THIS_GROUPS = N_(
    "This card is not of this group, or too old for me to know it, so nothing was changed."
)


def tally(likes: int, skips: int) -> str:
    """What members say of a paper, empty while nobody voted."""
    return f"👍 {likes} · 👎 {skips}" if likes or skips else ""


# ---------------------------------------------------------------- digests


def heading(count: int, day: date) -> str:
    return ngettext("{n} paper for {day}", "{n} papers for {day}", count).format(
        n=count, day=words.long_day(day)
    )


def fewer(wanted: int) -> str:
    return _("Fewer than {n} today: there is no other new paper that was not here before.").format(
        n=wanted
    )


def empty(day: date) -> str:
    return _(
        "No papers for {day}: nothing new was announced that was not here before. I look again "
        "for the next digest."
    ).format(day=words.long_day(day))


# ---------------------------------------------------------------- reasons

EXPLORING = N_("An exploring pick, outside the usual here.")
READERS = N_("Readers with a taste like this group's liked it.")
NO_TASTE_YET = N_("A first guess: no vote here speaks for it yet.")


def for_interest(name: str) -> str:
    return _("For this group's interest in {name}.").format(name=name)


# ---------------------------------------------------------------- to an administrator

STOPPED_BECAUSE = {
    "removed": N_("I stopped the digest of a group that you set up, because I was removed."),
    "no_permission": N_(
        "I stopped the digest of a channel that you set up, because I may not write there: allow "
        "me to send messages and embed links, then tap Resume in /channel."
    ),
    "no_access": N_(
        "I stopped the digest of a channel that you set up, because I cannot see it: allow me to "
        "view it, then tap Resume in /channel."
    ),
    "gone": N_("I stopped the digest of a channel that you set up, because it was deleted."),
}
STOPPED_BECAUSE_OTHERWISE = N_(
    "I stopped the digest of a group that you set up, because I could not write there. /channel "
    "there says more."
)
NO_THREADS_BECAUSE = N_(
    "I may not open threads in a channel that you set up, so its papers get none any more. Allow "
    "me to create public threads and to write in them, then send /channel threads on."
)

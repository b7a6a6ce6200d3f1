"""What we say to operators, and above what they say to everybody."""

from bot.conversation.language import N_, _, ngettext

READERS = N_("Readers")
LIKES = N_("Likes")
SOURCES = N_("Sources")
DIGESTS = N_("Digests")
BROADCAST = N_("Broadcast")

OPENING = N_("Only operators see this.")
BROADCAST_HOW = N_(
    "To write to all readers, send /admin broadcast and your words. You see first how it looks and "
    "how many it reaches; nothing is sent before you say so."
)
BAN_HOW = N_(
    "/admin ban telegram:123 shuts an account out, /admin unban telegram:123 lets it in again. "
    "A reader's number from the log works as well: /admin ban 17 is for all their accounts."
)
ACTIVE_DAYS = N_("By UTC days, the newest first")
NO_VISITS = N_("Nobody came yet.")
LIKES_HEADING = N_("Likes of what I picked, over the last {days} days")
NO_PICKS = N_("No pick was shown yet. What is shown is counted after a minute.")
USUAL, EXPLORING = N_("usual"), N_("exploring")
NEVER_ASKED = N_("No source was asked yet.")
SOURCE_NEVER = N_("never answered")
NO_DIGESTS = N_("No digest was due in these days.")
NO_TROUBLE = N_("All of them arrived.")
NO_BROADCAST = N_("Nothing was broadcast yet.")
FROM_OPERATOR = N_("From whoever runs this bot")
SEND, DISCARD, STOP, REFRESH = N_("Send it"), N_("Discard"), N_("Stop sending"), N_("Refresh")
UNBAN = N_("Let in again")
DRAFT_OLD = N_("That draft is no longer there, so nothing was sent. Write it again.")
BEGUN_BEFORE = N_("It is being sent already.")
BEGUN = N_("It is being sent.")
DISCARDED = N_("Discarded. Nothing was sent.")
STOPPED = N_("Stopped. What was on its way arrives.")
ENDED_BEFORE = N_("It has ended already.")
WANTS_AN_ACCOUNT = N_(
    "Which account? Write telegram:123, discord:456 or a reader's number behind /admin ban. "
    "Nothing was changed."
)
NO_OPERATORS_BANNED = N_("That is an operator's account, so nothing was changed.")
NO_SUCH_READER = N_("There is no reader with that number, so nothing was changed.")
NOBODY_TO_TELL = N_("Nobody can be reached right now, so there is nothing to send.")
NOT_UNDERSTOOD = N_("I do not know that part of /admin. These I know:")

_STAGES = {
    "draft": N_("Broadcast {number}: not begun"),
    "sending": N_("Broadcast {number}: being sent"),
    "done": N_("Broadcast {number}: done"),
    "cancelled": N_("Broadcast {number}: stopped"),
}
_STATES = {
    "sent": N_("{n} sent"),
    "claimed": N_("{n} waiting"),
    "sending": N_("{n} on their way"),
    "empty": N_("{n} with nothing new"),
    "failed": N_("{n} failed"),
    "unknown": N_("{n} with an unknown end"),
}


def accounts(platform: str, n: int, unreachable: int, groups: int) -> str:
    said = ngettext("{platform}: {n} account", "{platform}: {n} accounts", n)
    gone = _(", {n} out of reach").format(n=number(unreachable)) if unreachable else ""
    beside = ngettext("; {n} group or channel", "; {n} groups and channels", groups)
    others = beside.format(n=number(groups)) if groups else ""
    return said.format(platform=platform, n=number(n)) + gone + others


def visits(platform: str, active: int, new: int) -> str:
    return _("{platform}: {active} active, {new} new").format(
        platform=platform, active=number(active), new=number(new)
    )


def like_rate(kind: str, liked: int, shown: int) -> str:
    return _("{kind}: {rate} liked ({liked} of {shown})").format(
        kind=_(kind), rate=f"{100 * liked / max(shown, 1):.1f} %", liked=number(liked),
        shown=number(shown),
    )  # fmt: skip


def source_answered(name: str, ago: str) -> str:
    return _("{name}: answered {ago}").format(name=name, ago=ago)


def newest_papers(day: str) -> str:
    return _("newest papers of {day}").format(day=day)


def source_failed(ago: str, trouble: str) -> str:
    return _("failed {ago}: {trouble}").format(ago=ago, trouble=trouble)


def source_next(when: str) -> str:
    return _("asked again at {when} UTC").format(when=when)


def state(name: str, n: int) -> str:
    return _(_STATES.get(name, "{n}")).format(n=number(n))


def trouble(platform: str, said: str, reason: str) -> str:
    """said: how many, and how they ended. reason: a word of the outbox."""
    return _("{platform}: {said} ({reason})").format(platform=platform, said=said, reason=reason)


def stage(name: str, number_of_it: int) -> str:
    return _(_STAGES[name]).format(number=number_of_it)


def preview(n: int, pace: int, takes: str) -> str:
    said = ngettext(
        "This goes to {n} reader who can be reached and has not paused; it takes {takes}:",
        "This goes to {n} readers who can be reached and have not paused; at {pace} a second it "
        "takes {takes}:",
        n,
    )
    return said.format(n=number(n), pace=pace, takes=takes)


def progress(done: int, total: int, pace: int, takes: str) -> str:
    return _("{done} of about {total}, at {pace} a second; about {takes} to go.").format(
        done=number(done), total=number(total), pace=pace, takes=takes
    )


def pace(n: int) -> str:
    return _("{n} a second").format(n=n)


def duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    if seconds < 90:
        return _("a minute")
    if minutes < 90:
        return ngettext("{n} minute", "{n} minutes", minutes).format(n=minutes)
    return ngettext("{n} hour", "{n} hours", round(minutes / 60)).format(n=round(minutes / 60))


def too_long(most: int) -> str:
    return _("A broadcast holds at most {most} characters, so nothing was made of it.").format(
        most=most
    )


def banned(who: str) -> str:
    return _("{who} gets no answer and no digest any more.").format(who=who)


def unbanned(who: str) -> str:
    return _("{who} is answered again; digests begin again with their next word.").format(who=who)


def number(n: int) -> str:
    return f"{n:,}"

"""What is known, how the last digest ended, and how fresh papers are."""

from collections.abc import Sequence
from datetime import date

from bot.conversation.language import N_, _, ngettext
from bot.conversation.words.moments import long_day


def taste(likes: int, skips: int, saved: int) -> str:
    if not likes + skips + saved:
        return _("I know nothing of your taste yet: /pick brings a paper to like or skip.")
    if not likes:
        said = _(
            "You liked no papers, skipped {skips} and saved {saved}: that is what I know of your "
            "taste."
        )
    else:
        said = ngettext(
            "You liked {n} paper, skipped {skips} and saved {saved}: that is what I know of your "
            "taste.",
            "You liked {n} papers, skipped {skips} and saved {saved}: that is what I know of your "
            "taste.",
            likes,
        )
    return said.format(n=likes, skips=skips, saved=saved)


def taught(n: int) -> str:
    """Return of how many papers interests are made, as /interests counts them."""
    return ngettext(
        "Your /interests are made of {n} paper that you liked, saved or know.",
        "Your /interests are made of {n} papers that you liked, saved or know.",
        n,
    ).format(n=n)


_WHY_NOT = {
    "blocked": N_("because I was blocked there"),
    "dms_closed": N_("because your direct messages are closed to me"),
    "unreachable": N_("because none of your accounts could be reached"),
    "busy": N_("because the platform asked for patience"),
    "platform_away": N_("because the platform could not be reached"),
    "platform_off": N_("because I am not connected to the platform it goes to"),
    "refused": N_("because the platform refused the message"),
    "paused": N_("because you paused it"),
    "fault": N_("because something went wrong on my side"),
    "connection": N_("because the connection broke while it was sent"),
    "interrupted": N_("because I was interrupted while sending it"),
    "late": N_("because the next one was due before I could send it"),
}
_HOW_IT_ENDED = {
    "sent": N_("The last digest was sent, for {day}."),
    "empty": N_("For {day} there was nothing new, and I said so."),
    "failed": N_("The digest for {day} could not be delivered. /today shows its papers."),
    "unknown": N_("The digest for {day} may not have arrived. /today shows its papers."),
}
_HOW_IT_ENDED_AND_WHY = {
    "failed": N_(
        "The digest for {day} could not be delivered, {because}. /today shows its papers."
    ),
    "unknown": N_("The digest for {day} may not have arrived, {because}. /today shows its papers."),
}
_ON_ITS_WAY = N_("The digest for {day} is on its way.")


def last_digest(state: str, due: date, reason: str, retry: str) -> str:
    """retry: the local time at which one that waits is tried again, or nothing."""
    because = _(_WHY_NOT[reason]) if reason in _WHY_NOT else ""
    if retry and because:
        said = _("The digest for {day} is late, {because}. I try again at {retry}.")
    elif because and state in _HOW_IT_ENDED_AND_WHY:
        said = _(_HOW_IT_ENDED_AND_WHY[state])
    else:
        said = _(_HOW_IT_ENDED.get(state, _ON_ITS_WAY))
    return said.format(day=long_day(due), because=because, retry=retry)


def digest_is_late(day: date, at: str) -> str:
    return _(
        "The digest for {day} was due at {time} and is late: it comes as soon as I can."
    ).format(day=long_day(day), time=at)


NO_DAY_TODAY = N_("Today is no day of your schedule.")
HOUR_HAD_PASSED = N_(
    "None comes today: its hour had passed when the schedule was set or the digest switched on."
)
NO_DIGEST_YET = N_("No digest was due yet.")


def catalogue(papers: int, newest_day: date | None, read: str) -> str:
    """read: how long ago new papers came in, or nothing."""
    if newest_day and read:
        said = ngettext(
            "I have {n} paper, the newest announced on {day}; new ones came in {ago}.",
            "I have {n} papers, the newest announced on {day}; new ones came in {ago}.",
            papers,
        )
    elif newest_day:
        said = ngettext(
            "I have {n} paper, the newest announced on {day}.",
            "I have {n} papers, the newest announced on {day}.",
            papers,
        )
    else:
        said = ngettext("I have {n} paper.", "I have {n} papers.", papers)
    return said.format(n=papers, day=long_day(newest_day) if newest_day else "", ago=read)


STATUS_SAMPLE = N_("These are sample papers: real ones arrive once arXiv has been read.")


def source_trouble(names: Sequence[str]) -> str:
    return _("Trouble right now with: {names}. I keep trying by myself.").format(
        names=", ".join(names)
    )


def model(version: str) -> str:
    return _("Model: {version}").format(version=version)

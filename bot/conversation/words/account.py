"""What is kept of a person, being forgotten, and joining accounts."""

from bot.conversation.language import N_, _, ngettext

PRIVACY = (
    (
        N_("What I keep"),
        N_(
            "The number of your account and of this chat, so that I can answer; your schedule and "
            "language; which papers I showed you, where and why; what you tapped and saved, and "
            "how you voted in groups; the authors, words and categories that you follow or mute; "
            "which accounts you linked. "
            "No names, and not who invited whom. Of what you write I keep only your notes on "
            "papers, the names you give to your interests, what you follow or mute and, for a day, "
            "what you last searched for."
        ),
    ),
    (
        N_("For how long"),
        N_(
            "Until you send /forget. Then all of it is deleted at once; copies that my operator "
            "makes for safety end when they are replaced."
        ),
    ),
    (
        N_("Who sees it"),
        N_(
            "My operator can. The likes of all readers, without saying whose, teach which papers "
            "go together; a trained model holds numbers about papers only. My logs hold numbers, "
            "never words. A link or title that you send may be looked up at arXiv, a DOI or "
            "another catalogue's link at Semantic Scholar or OpenReview, without saying who asks. "
            "What stands in this chat is also kept by the platform you write on."
        ),
    ),
    (
        N_("How to get it, and to be rid of it"),
        N_(
            "/export json is everything as one file; /export has your saved papers in other "
            "forms. /forget deletes all of it."
        ),
    ),
    (
        N_("One exception"),
        N_(
            "When an operator shuts an account out, a keyed hash of its number stays after "
            "/forget. Nobody can read from it who that was; I only recognise the account when it "
            "comes back."
        ),
    ),
)
PRIVACY_NO_CONTACT = N_("Questions are for whoever runs this bot.")


def privacy_contact(contact: str) -> str:
    return _("Questions are for whoever runs this bot: {contact}").format(contact=contact)


EXPORT_ALL = N_("Export everything")
EXPORT_FIRST = N_("Export first")
FORGET_BUTTON = N_("Forget me")
FORGET_ME = N_("Yes, forget everything")
KEEP_ME = N_("Keep it")
FORGET_SURELY = N_(
    "Shall I forget you? Everything goes at once and for good: your likes, saved papers, notes, "
    "schedule and history, of all your linked accounts. Nobody can bring it back."
)
NOT_FORGOTTEN = N_("Nothing was deleted.")
FORGET_AGAIN = N_("That question is too old, so nothing was deleted. I ask again.")
FORGOTTEN_SHORT = N_("Forgotten.")
FORGOTTEN_BEFORE = N_("You are forgotten already; nothing is kept.")
FORGOTTEN = N_(
    "I have forgotten you: nothing about you is kept any more, and nothing will be sent. "
    "/start begins anew, as with a stranger."
)
LINK_CODE_BEFORE = N_(
    "To read with one taste on two platforms, send this to me from your other account:"
)
LINK_CODE_AFTER = N_(
    "The code works once and for ten minutes. Give it to nobody: whoever sends it shares your "
    "likes and your saved papers."
)
LINK_BY_TAP = N_("If your other account is on Telegram, open this link there:")
LINK_SURELY = N_(
    "Shall this account and the one that made the link be one reader? Both then see all likes, "
    "saved papers and notes. Say yes only if you made the link yourself."
)
LINK_YES = N_("Yes, both are mine")
LINK_NO = N_("No")
NOT_LINKED = N_("Nothing was joined. /pick brings the next paper.")
LINK_WANTS_A_CODE = N_(
    "Write /link alone to get a code, /link and the six characters of a code to join the "
    "accounts, or /link undo to split them. Nothing was changed."
)
LINK_REFUSED = {
    "wrong": N_(
        "This code is not valid, so nothing was changed. Codes work once and for ten minutes: "
        "send /link from your other account for a new one."
    ),
    "own": N_("This code is your own: send it to me from your other account."),
    "slowed": N_(
        "Too many codes were wrong, so nothing was changed. Wait ten minutes, then send /link "
        "from your other account for a new one."
    ),
    "busy": N_("I cannot take codes right now, so nothing was changed. Please try in ten minutes."),
}
LINK_UNDO = N_("Split them again")
UNLINKED = N_(
    "Your accounts are two again. Each keeps what came through it: likes, saved papers and what "
    "it was shown."
)
NOTHING_LINKED = N_("No other account is linked with this one. /link gives you a code for that.")


def linked(likes: int, saved: int, place: str) -> str:
    """place: a platform's name, "here", or nothing when no account can be reached."""
    joined = ngettext(
        "Your accounts are one reader now, with {likes} liked and {n} saved paper together.",
        "Your accounts are one reader now, with {likes} liked and {n} saved papers together.",
        saved,
    ).format(likes=likes, n=saved)
    if not place:
        goes = _("The digest can reach neither of them yet.")
    elif place == "here":
        goes = _("The digest comes here.")
    else:
        goes = _("The digest goes to your {platform} messages.").format(platform=place.title())
    return " ".join((joined, goes, _("/schedule moves it to where you send it.")))

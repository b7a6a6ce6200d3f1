"""What is said first, and when there is nothing else to say."""

from bot.conversation.language import N_, _
from bot.conversation.words.schedule import schedule_in_words
from bot.schedule import Schedule


def welcome(*, is_new: bool, digest: str, is_invited: bool = False) -> str:
    if is_new and is_invited:
        greeting = _(
            "Somebody who reads with me invited you: welcome! I am Paperlark: I find the new "
            "research papers you would have picked yourself. Neither of you sees what the other "
            "reads."
        )
    elif is_new:
        greeting = _(
            "I am Paperlark: I find the new research papers you would have picked yourself."
        )
    else:
        greeting = _(
            "Welcome back. I am still Paperlark: I find the new research papers you would have "
            "picked yourself."
        )
    how = _("Tap 👍 or 👎, or send me a paper you love: the next card already knows.")
    return f"{greeting}\n{how}\n{digest}"


INVITED_ALREADY = N_("You read with me already, so nothing changes. Here is a paper for you:")


def digest_is_on(schedule: Schedule) -> str:
    said = schedule_in_words(schedule)
    return _("Your daily digest is on: {schedule}.").format(schedule=said)


DIGEST_ONLY_ASKED = N_("No digest comes to this place by itself: /today brings the day's papers.")
RANKING_AWAY = N_("I cannot reach my papers right now. Please try /pick in a minute.")
NEXT_IS_AWAY = N_("Your tap is stored, but I cannot reach the next paper. Try /pick in a minute.")
NOTHING_LEFT = N_(
    "You have seen every new paper I have. arXiv announces the next ones on Sunday to Thursday "
    "evenings, US Eastern time. Until then, send me the link or title of a paper you like."
)
NOTHING_LEFT_SAMPLE = N_(
    "You have seen the whole sample. Real papers come as soon as arXiv has been read; /status "
    "tells how far that is."
)
NOT_UNDERSTOOD = N_(
    "I understand links, arXiv ids and titles of papers, and commands: /pick brings a paper, "
    "/help lists the rest."
)
NO_SUCH_PAPER = N_(
    "I know no such paper. Send its arXiv link, its id such as 2301.12652, or its whole title; "
    "/pick brings a new one."
)
SOURCE_AWAY = N_(
    "I do not have that paper, and arXiv cannot be asked right now. Please send it again later; "
    "/pick brings a new one."
)
ASKED_TOO_MUCH = N_(
    "I do not have that paper yet, and I have asked arXiv for a lot just now. Please try again in "
    "a minute; papers already here are answered at once."
)
NOTHING_TO_UNDO = N_("There is nothing to take back. /pick brings a paper.")
NOTHING_SAVED = N_("You have saved nothing yet. Tap 🔖 on a paper, and /saved will show it.")
WENT_WRONG = N_("Something went wrong on my side. Please try again.")


def unknown_command(name: str, nearest: str | None) -> str:
    if name and nearest == "help":
        said = _("I do not know /{name}. Did you mean /help? It lists what I understand.")
    elif name and nearest:
        said = _("I do not know /{name}. Did you mean /{nearest}? /help lists what I understand.")
    elif name:
        said = _("I do not know /{name}. /help lists what I understand.")
    elif nearest:
        said = _(
            "I do not know that command. Did you mean /{nearest}? /help lists what I understand."
        )
    else:
        said = _("I do not know that command. /help lists what I understand.")
    return said.format(name=name, nearest=nearest)


HELP_OPENING = N_("What I understand:")
HELP_CLOSING = N_(
    "Or send me links, ids or titles of papers you love, or a .bib, .ris or CSL-JSON file: they "
    "count as likes, and I show new papers near them."
)

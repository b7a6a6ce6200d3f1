"""What /language says."""

from bot.conversation.language import N_, _

FOLLOW_APP = N_("Like my app")
LANGUAGE_HOW = N_(
    "Tap a language, or write its name behind /language. Titles and abstracts stay as their "
    "authors wrote them."
)
LANGUAGE_UNKNOWN = N_(
    "I do not speak that language, so nothing was changed. Tap one that I speak, or write its "
    "name behind /language."
)


def stored(language: str) -> str:
    return _("Stored. I speak {language} with you.").format(language=language)


def chosen(language: str) -> str:
    return _("I speak {language} with you, as you chose.").format(language=language)


def followed(language: str) -> str:
    return _("I speak {language} with you, like your app.").format(language=language)


def not_followed(language: str) -> str:
    """Where the app speaks a language that is none of ours."""
    return _("I speak {language} with you: your app's language I do not know yet.").format(
        language=language
    )

"""What is said about notes where they are asked for in a platform's own way."""

from bot.conversation.language import N_

NOTE_SIGN = "📝"
"""Begins every question for a note, whatever the language: an answer to it is known by this."""

REPLY_WITH_NOTE = N_(
    "Reply to this message with your note on this paper; a #tag in it makes a list that /saved "
    "shows, and - takes the note away:"
)
NOTE_PLACEHOLDER = N_("Your note")
NOTE_TITLE = N_("Your note")
NOTE_HINT = N_("A #tag makes a list in /saved; an empty note is taken away.")
NOTE_NEEDS_PRIVACY = N_(
    "Notes are yours alone, so nothing was stored: tap 📝 on a saved paper in our private chat, or "
    "send /note and your words there."
)
NOTE_OF_WHAT = N_(
    "I no longer know which paper this is about, so nothing was stored: open the paper, then send "
    "/note and your words."
)
NOTE_IS_EMPTY = N_(
    "There were no words in your reply, so nothing was changed: reply with words, or with - to "
    "take the note away."
)

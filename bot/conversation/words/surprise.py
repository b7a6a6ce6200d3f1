"""The dial from the familiar to the surprising."""

from bot.conversation.language import N_

SURPRISE = (
    N_("Surprise is at 0: only what is closest to your taste, and no pick explores."),
    N_("Surprise is at 1: close to your taste, and the exploring pick stays near."),
    N_("Surprise is at 2: mostly your taste, with some variety and an exploring pick."),
    N_("Surprise is at 3: more variety, and the exploring pick goes further."),
    N_("Surprise is at 4: as much variety as I have, and the exploring pick goes far."),
)
SURPRISE_DIAL = N_(
    "The dial sets two things: how much the papers of one digest differ from each other, and how "
    "far one pick in five may leave your usual. It counts from the next papers I choose. To turn "
    "it, tap a number or write /surprise with one, 0 to 4."
)
SURPRISE_WANTS_A_NUMBER = N_(
    "Write a number from 0, the most familiar, to 4, the most surprising, behind /surprise, such "
    "as /surprise 3. Nothing was changed."
)
SURPRISE_STORED = N_("Stored. The next papers I choose follow it.")

"""How taps are acknowledged; each at most 200 characters."""

from bot.conversation.language import N_

LIKED_NOW = N_("Liked. The next paper already knows.")
LIKED_ALONE = N_("Liked. Your next pick already knows.")
SKIPPED_NOW = N_("Skipped. You may say why.")
SAVED_NOW = N_("Saved. /saved shows your papers.")
SKIPPED_IN_DIGEST = N_("Skipped.")
OFF_TOPIC_NOW = N_("Noted: not your topic. I will bring less of it.")
KNOWN_NOW = N_("Noted: you know it, so the topic is right.")
NOT_NOW_NOW = N_("Noted: not now. This says nothing about your taste.")
UNDONE_NOW = N_("Taken back.")
NOTHING_TO_UNDO_HERE = N_("There is nothing to take back here any more.")
ALREADY = {
    "like": N_("You already liked it."),
    "skip": N_("You already skipped it."),
    "off_topic": N_("You already said: not my topic."),
    "known": N_("You already said: I know it."),
    "not_now": N_("You already said: not now."),
}
ALREADY_SO = N_("It is so already.")
SAVED_ALREADY = N_("It is already saved.")
OLD_BUTTON = N_("I do not know this button any more, so nothing was changed. Try /pick.")
FOREIGN_BUTTON = N_("This card is none of yours, so nothing was changed. Try /pick.")
PAPER_GONE = N_("I no longer have this paper, so nothing was changed. Try /pick.")
NOTHING_STORED = N_("Nothing was stored, because my memory is away. Please try again in a minute.")
SCHEDULE_STORED = N_("Stored.")
NO_PAGE = N_("There is no such page. Try /saved.")

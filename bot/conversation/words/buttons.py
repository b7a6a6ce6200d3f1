"""What stands on buttons that several messages have, and the marks on cards."""

from bot.conversation.language import N_, _

LIKE, LIKE_CHOSEN = N_("👍 Like"), N_("✓ Liked")
SKIP, SKIP_CHOSEN = N_("👎 Skip"), N_("✓ Skipped")
SAVE, SAVE_CHOSEN = N_("🔖 Save"), N_("✓ Saved")
WHY = N_("Why?")
MORE_LIKE_THIS = N_("More like this")
UNDO = N_("↩ Undo")
OFF_TOPIC = N_("Not my topic")
KNOW_IT = N_("Know it")
NOT_NOW = N_("Not now")
CHANGE = N_("Change")
NEXT_PAPER = N_("Next paper")
PAUSE = N_("Pause")
QUIET = N_("Without sound")
ONLY_A_LINE = N_("Empty day: a line")
RESUME = N_("Resume")
NEWER = N_("‹ Newer")
OLDER = N_("Older ›")
LIKE_SIGN, SKIP_SIGN, SAVE_SIGN, UNDO_SIGN = "👍", "👎", "🔖", "↩"


def open_button(number: int) -> str:
    return _("{number} Open").format(number=number)


MARK_LIKED = N_("👍 Liked")
MARK_SKIPPED = N_("👎 Skipped")
MARK_OFF_TOPIC = N_("👎 Not my topic")
MARK_KNOWN = N_("✓ Known already")
MARK_NOT_NOW = N_("✓ Not now")
MARK_SAVED = N_("🔖 Saved")

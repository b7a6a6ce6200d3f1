"""What /invite says, and what readers hand on."""

from bot.conversation.language import N_

FORWARD_THIS = N_(
    "Forward the next message to whoever may like it. Whoever comes begins with a taste of their "
    "own: neither of you sees what the other reads, and I do not keep who invited whom."
)
SHARE = N_("📤 Share it")
PITCH = N_(
    "Every morning Paperlark brings me the few new research papers that I would have picked "
    "myself, and it learns from every like. No account, no form: open it and read your first paper."
)
ON_TELEGRAM = N_("On Telegram:")
ON_DISCORD = N_("On Discord:")
ADD_ON_DISCORD = N_("add it to your apps")
NO_WAY_IN = N_(
    "I have no link to hand on at present: I am on no platform where others find me. Whoever runs "
    "me can change that."
)

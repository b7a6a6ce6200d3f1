"""Discord's limits; without the library, so that whoever shares a pacer need not load it.

Fifty requests a second over all, of which edits and typing, which are not paced, need some;
five messages in five seconds to one channel. What each route allows besides, discord.py
reads from the answers.
"""

from bot.adapters.pacing import Limits, Window

LIMITS = Limits(
    overall=(Window(40, 1.0),),
    chat=(Window(5, 5.2),),
    group=(),
)

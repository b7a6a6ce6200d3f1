"""Telegram's limits; without the library, so that whoever shares a pacer need not load it.

The numbers are those of the Bot FAQ (about 30 messages/s over all, 1/s to one chat with
short bursts, 20/min to one group), a little below. Little is enough for the first: a window is
counted from the answers on, so what reaches Telegram is slower by the time a request takes.
"""

from bot.adapters.pacing import Limits, Window

LIMITS = Limits(
    overall=(Window(30, 1.01),),
    chat=(Window(8, 8.2),),
    group=(Window(20, 61.0),),
)

"""Links that lead into the bot: what stands behind `?start=`.

`p` and a paper's number in base 36, or `l` and a code of /link. Telegram allows 64 of
`A-Za-z0-9_-`; whatever else comes back, old, forged or foreign, is neither: a mere invitation.
"""

import re

from bot.conversation.taps import base36, from_base36
from recommender.papers import PaperId


def start_of(paper: PaperId) -> str:
    """Return what opens a paper's card when it is given to /start."""
    return f"p{base36(paper)}"


def code_of(start: str) -> str | None:
    """Return the code of /link that /start carries, None for any other text."""
    found = re.fullmatch(r"l([A-Z0-9]{6})", start)
    return found[1] if found else None


def paper_of(start: str) -> PaperId | None:
    """Return the paper that /start should open, None for any other text."""
    if len(start) < 2 or not start.startswith("p"):
        return None
    try:
        number = from_base36(start[1:])
    except ValueError:
        return None
    return None if number is None else PaperId(number)

"""Links that lead into the bot: on Telegram with what stands behind `?start=`.

`p` and a paper's number in base 36, `l` and a code of /link, or `i` for an invitation, which says
nothing of who invites. Telegram allows 64 of `A-Za-z0-9_-`; whatever else comes back, old, forged
or foreign, is none of these, and begins as /start alone does.
"""

import re
from urllib.parse import quote, urlencode

from bot.conversation.taps import base36, from_base36
from recommender.papers import PaperId

INVITED = "i"
"""What an invitation gives to /start."""


def into_telegram(bot: str, start: str) -> str:
    """Return the address that opens the bot of a user name and gives `start` to /start."""
    return f"https://t.me/{quote(bot)}?start={start}"


def into_discord(application: str) -> str:
    """Return the address where somebody adds an application to their own account."""
    asked = {"client_id": application, "integration_type": 1, "scope": "applications.commands"}
    return f"https://discord.com/oauth2/authorize?{urlencode(asked)}"


def to_share(url: str, text: str) -> str:
    """Return the address behind which Telegram asks to whom it shall send a link and a text."""
    asked = {"url": url, "text": text.encode("utf-8", "replace")}
    return f"https://t.me/share/url?{urlencode(asked)}"


def with_code(code: str) -> str:
    """Return what joins accounts by a code of /link when it is given to /start."""
    return f"l{code}"


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

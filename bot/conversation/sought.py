"""Words that a button must remember: cut to what fits there, and packed into its alphabet."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode

from bot.conversation.text import visible

MOST_BYTES = 36  # of UTF-8; packed they are 48 characters of a button's 64


def fitting(words: str) -> str:
    """Return as many whole words as fit, or the beginning of a first word that is too long."""
    words = visible(words)
    if len(words.encode()) <= MOST_BYTES:
        return words
    cut = words.encode()[:MOST_BYTES].decode(errors="ignore")
    whole = cut if words[len(cut)].isspace() else cut.rpartition(" ")[0]
    return (whole or cut).strip()


def packed(words: str) -> str:
    """Return words that fit in the letters that a button may carry."""
    return urlsafe_b64encode(words.encode()).decode().rstrip("=")


def unpacked(argument: str) -> str:
    """Return the words again; nothing for what was never packed."""
    try:
        words = urlsafe_b64decode(argument + "=" * (-len(argument) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return fitting(words)

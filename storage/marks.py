"""Keyed hashes: what may be recognised again without being written down.

The key is drawn once for an installation and kept in its database, so that all its
processes agree; without it a hash says nothing of what it was made from.
"""

import hashlib
import hmac
import secrets
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import insert_into
from storage.tables import SecretRow

_NAME = "marks"


async def mark(db: AsyncSession, *parts: str) -> str:
    """Return the mark of these parts, 64 hexadecimal digits; draws the key at first use."""
    key = await _key(db)
    if key is None:
        drawn = {"name": _NAME, "value": secrets.token_hex(32)}
        await db.execute(
            insert_into(db, SecretRow)
            .values(**drawn)
            .on_conflict_do_nothing(index_elements=["name"])
        )
        key = await _key(db)
    assert key is not None, "a key that stands was not found"
    return _mark(key, parts)


async def known_marks(db: AsyncSession, of: Sequence[tuple[str, ...]]) -> list[str]:
    """Return the marks of many, without writing; none while nothing was ever marked."""
    key = await _key(db)
    return [] if key is None else [_mark(key, parts) for parts in of]


async def _key(db: AsyncSession) -> str | None:
    return await db.scalar(select(SecretRow.value).where(SecretRow.name == _NAME))


def _mark(key: str, parts: tuple[str, ...]) -> str:
    message = "\0".join(parts).encode()
    return hmac.new(bytes.fromhex(key), message, hashlib.sha256).hexdigest()

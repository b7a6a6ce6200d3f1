"""Transactions for the desks: what storage cannot do becomes what the conversation can say."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncSession

from bot.conversation.ports import TemporarilyUnavailable
from storage.database import Database
from storage.errors import StorageUnavailable


@asynccontextmanager
async def reading(database: Database) -> AsyncIterator[AsyncSession]:
    """One transaction that only reads. Raises TemporarilyUnavailable."""
    try:
        async with database.reading() as db:
            yield db
    except StorageUnavailable as error:
        raise TemporarilyUnavailable from error


@asynccontextmanager
async def writing(database: Database) -> AsyncIterator[AsyncSession]:
    """One transaction, committed at the end of the block. Raises TemporarilyUnavailable."""
    try:
        async with database.writing() as db:
            yield db
    except StorageUnavailable as error:
        raise TemporarilyUnavailable from error

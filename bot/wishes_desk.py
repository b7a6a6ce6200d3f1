"""What readers tell us in words, over storage: the desk of /follow, /mute and /interests."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from bot.conversation.ports import Reader
from bot.conversation.topics import COMMON, MOST, Outcome, Told, Topics
from bot.transactions import reading, writing
from recommender import topics as papers_of
from recommender.topics import is_same, worded
from recommender.wishes import NOTHING_TOLD, Kind, Topic
from storage import wishes
from storage.database import Database, one_at_a_time


class HasTopics(Protocol):
    """Knows which of the papers that may be picked a topic is about."""

    async def topics(self) -> papers_of.Topics:
        """Raises TemporarilyUnavailable."""


class WishesDesk:
    """Implements `conversation.topics.TopicsDesk`.

    always: the categories that are read whoever follows them. most: of all that are.
    """

    def __init__(
        self,
        database: Database,
        index: HasTopics,
        clock: Callable[[], datetime],
        *,
        always: Sequence[str],
        most: int,
    ) -> None:
        self._database = database
        self._index = index
        self._clock = clock
        self._always = always
        self._most = most

    # ------------------------------------------------------------------ topics

    async def topics(self, reader: Reader) -> Topics:
        async with reading(self._database) as db:
            return await _topics(db, reader)

    async def counts(self, topics: Sequence[Topic]) -> Mapping[Topic, int]:
        index = await self._index.topics()
        return {topic: len(index.papers(topic)) for topic in topics}

    async def follow(self, reader: Reader, topic: Topic) -> Told:
        found = (await self.counts([topic]))[topic]
        async with writing(self._database) as db:
            kept = await _topics(db, reader)
            if any(is_same(one, topic) for one in kept.follows):
                return Told(Outcome.ALREADY, found)
            if len(kept.follows) >= MOST:
                return Told(Outcome.TOO_MANY)
            is_new = False
            if topic.kind is Kind.CATEGORY:
                await one_at_a_time(db, "categories")
                before = await wishes.categories_read(db, self._always, self._most)
                is_new = topic.text.casefold() not in {name.casefold() for name in before}
                if is_new and len(before) >= self._most:
                    return Told(Outcome.NOT_READ, read=before)
            for one in kept.mutes:
                if is_same(one, topic):
                    await wishes.unmute(db, reader.id, one)
            await wishes.follow(db, reader.id, topic, self._clock())
        return Told(Outcome.STORED, found, is_new=is_new)

    async def mute(self, reader: Reader, topic: Topic) -> Told:
        index = await self._index.topics()
        found = len(index.papers(topic))
        percent = round(100 * found / max(len(index), 1))
        if topic.kind is Kind.WORD and percent > COMMON:
            return Told(Outcome.TOO_COMMON, found, percent)
        async with writing(self._database) as db:
            kept = await _topics(db, reader)
            if any(is_same(one, topic) for one in kept.mutes):
                return Told(Outcome.ALREADY, found)
            if len(kept.mutes) >= MOST:
                return Told(Outcome.TOO_MANY)
            for one in kept.follows:
                if is_same(one, topic):
                    await wishes.unfollow(db, reader.id, one)
            await wishes.mute(db, reader.id, topic, self._clock())
        return Told(Outcome.STORED, found)

    async def unfollow(self, reader: Reader, topic: Topic) -> bool:
        async with writing(self._database) as db:
            meant = _meant((await _topics(db, reader)).follows, topic)
            for one in meant:
                await wishes.unfollow(db, reader.id, one)
        return bool(meant)

    async def unmute(self, reader: Reader, topic: Topic) -> bool:
        async with writing(self._database) as db:
            meant = _meant((await _topics(db, reader)).mutes, topic)
            for one in meant:
                await wishes.unmute(db, reader.id, one)
        return bool(meant)


async def _topics(db: AsyncSession, reader: Reader) -> Topics:
    told = (await wishes.told(db, [reader.id])).get(reader.id, NOTHING_TOLD)
    return Topics(told.follows, told.mutes)


def _meant(kept: Sequence[Topic], topic: Topic) -> list[Topic]:
    """Return what somebody wants to end: the same, or the only one with all of these words."""
    same = [one for one in kept if is_same(one, topic)]
    sought = set(worded(topic.text).split())
    near = [one for one in kept if one.kind is topic.kind and sought <= set(_words(one))]
    return same or (near if len(near) == 1 and sought else [])


def _words(topic: Topic) -> list[str]:
    return worded(topic.text).split()

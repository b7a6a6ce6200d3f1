"""What readers tell us in words, over storage: the desk of /follow, /mute and /interests."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from bot.conversation.interests import Interest
from bot.conversation.ports import Reader
from bot.conversation.told_file import SaidOf, ToldFile
from bot.conversation.topics import COMMON, MOST, Outcome, Told, Topics
from bot.shelf import Holding, Shelf
from bot.transactions import reading, writing
from recommender import interests as recommended
from recommender import topics as papers_of
from recommender.feedback import Feedback
from recommender.papers import PaperId
from recommender.topics import is_same, worded
from recommender.wishes import NOTHING_TOLD, Kind, Said, Standing, Topic
from storage import catalogue, feedback_log, wishes
from storage.database import Database, one_at_a_time

EXAMPLES = 3  # papers that show what an interest is


class HasTopics(Protocol):
    """Knows which of the papers that may be picked a topic is about."""

    async def topics(self) -> papers_of.Topics:
        """Raises TemporarilyUnavailable."""


class WishesDesk:
    """Implements `TopicsDesk`, `InterestsDesk` and `TellsDesk` of the conversation.

    always: the categories that are read whoever follows them. most: of all that are.
    """

    def __init__(
        self,
        database: Database,
        shelf: Shelf,
        index: HasTopics,
        clock: Callable[[], datetime],
        *,
        always: Sequence[str],
        most: int,
    ) -> None:
        self._database = database
        self._shelf = shelf
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

    # ------------------------------------------------------------------ a taste file

    async def take_in_told(self, reader: Reader, told: ToldFile) -> int:
        kept = [await self.follow(reader, topic) for topic in told.follows]
        kept += [await self.mute(reader, topic) for topic in told.mutes]
        stored = sum(one.outcome is Outcome.STORED for one in kept)
        for said in told.interests:
            stored += await self._take_in_said(reader, said)
        return stored

    async def _take_in_said(self, reader: Reader, said: SaidOf) -> bool:
        """Let a saying stand about papers of which none has been said anything here."""
        async with writing(self._database) as db:
            known = await catalogue.by_keys(db, said.keys)
            here = (await wishes.told(db, [reader.id])).get(reader.id, NOTHING_TOLD)
            spoken_of = {paper for one in here.interests for paper in one.papers}
            papers = tuple(known[key].id for key in said.keys if key in known)
            if not papers or spoken_of.intersection(papers):
                return False
            await wishes.say(db, reader.id, Said(papers, said.standing, said.name), self._clock())
        return True

    # ------------------------------------------------------------------ interests

    async def interests(self, reader: Reader) -> Sequence[Interest]:
        found = await self._found(reader)
        shown = [paper for one in found for paper in one.papers[:EXAMPLES]]
        async with reading(self._database) as db:
            papers = await catalogue.papers(db, shown)
        return [
            Interest(
                papers=one.papers,
                words=one.words,
                name=one.said.name if one.said else "",
                share=one.share,
                standing=one.said.standing if one.said else Standing.KEPT,
                examples=[papers[paper] for paper in one.papers[:EXAMPLES] if paper in papers],
            )
            for one in found
        ]

    async def change_interest(
        self,
        reader: Reader,
        paper: PaperId,
        *,
        standing: Standing | None = None,
        name: str | None = None,
    ) -> bool:
        meant = next((one for one in await self._found(reader) if paper in one.papers), None)
        if meant is None:
            return False
        before = meant.said or Said(meant.papers)
        said = Said(
            meant.papers,
            before.standing if standing is None else standing,
            before.name if name is None else name,
        )
        async with writing(self._database) as db:
            if said.standing is Standing.KEPT and not said.name:
                await wishes.unsay(db, reader.id, said.papers)
            else:
                await wishes.say(db, reader.id, said, self._clock())
        return True

    async def _found(self, reader: Reader) -> Sequence[recommended.Interest]:
        """Return the interests that a reader's likes make now, forgotten ones last."""
        async with reading(self._database) as db:
            told = (await wishes.told(db, [reader.id])).get(reader.id, NOTHING_TOLD)
            standing = (await feedback_log.standing(db, [reader.id])).get(reader.id, ())
        holding = await self._shelf.held()
        return await asyncio.to_thread(_interests, holding, standing, told.interests)


def _interests(
    holding: Holding, standing: Sequence[Feedback], said: Sequence[Said]
) -> list[recommended.Interest]:
    model, corpus = holding.model, holding.corpus
    return [
        *recommended.interests_of(model, corpus, standing, said),
        *recommended.forgotten_of(model, corpus, standing, said),
    ]


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

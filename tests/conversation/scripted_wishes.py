"""A desk for /follow, /mute and /interests in a few lists."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from bot.conversation.interests import Interest
from bot.conversation.ports import Reader
from bot.conversation.topics import MOST, Outcome, Told, Topics
from recommender.papers import PaperId
from recommender.topics import is_same
from recommender.wishes import Kind, Standing, Topic

if TYPE_CHECKING:
    from tests.conversation.scripted_desk import ScriptedDesk


@dataclass
class ScriptedWishes:
    """about: how many of the papers of these days each topic is about.

    percent: how many of all papers any word stands in. read: the categories that are read.
    """

    desk: "ScriptedDesk"
    about: Mapping[Topic, int] = field(default_factory=dict)
    percent: int = 1
    read: Sequence[str] = ("cs.LG",)
    most_read: int = 2
    followed: dict[int, list[Topic]] = field(default_factory=dict)
    muted: dict[int, list[Topic]] = field(default_factory=dict)
    grouped: dict[int, list[Interest]] = field(default_factory=dict)

    async def topics(self, reader: Reader) -> Topics:
        self.desk._reach()
        return Topics(tuple(self.followed.get(reader.id, ())), tuple(self.muted.get(reader.id, ())))

    async def counts(self, topics: Sequence[Topic]) -> Mapping[Topic, int]:
        self.desk._reach(is_ranking=True)
        return {topic: self.about.get(topic, 0) for topic in topics}

    async def follow(self, reader: Reader, topic: Topic) -> Told:
        self.desk._reach()
        is_new = topic.kind is Kind.CATEGORY and topic.text not in self.read
        if is_new and len(self.read) >= self.most_read:
            return Told(Outcome.NOT_READ, read=self.read)
        told = self._keep(self.followed, self.muted, reader, topic)
        if is_new:
            self.read = (*self.read, topic.text)
        return Told(told, self.about.get(topic, 0), is_new=is_new)

    async def mute(self, reader: Reader, topic: Topic) -> Told:
        self.desk._reach()
        if topic.kind is Kind.WORD and self.percent > 50:
            return Told(Outcome.TOO_COMMON, percent=self.percent)
        told = self._keep(self.muted, self.followed, reader, topic)
        return Told(told, self.about.get(topic, 0))

    async def unfollow(self, reader: Reader, topic: Topic) -> bool:
        return self._end(self.followed, reader, topic)

    async def unmute(self, reader: Reader, topic: Topic) -> bool:
        return self._end(self.muted, reader, topic)

    async def interests(self, reader: Reader) -> Sequence[Interest]:
        self.desk._reach()
        kept = self.grouped.get(reader.id, [])
        return sorted(kept, key=lambda one: one.standing is Standing.FORGOTTEN)

    async def change_interest(
        self,
        reader: Reader,
        paper: PaperId,
        *,
        standing: Standing | None = None,
        name: str | None = None,
    ) -> bool:
        self.desk._reach()
        kept = self.grouped.get(reader.id, [])
        for at, one in enumerate(kept):
            if paper in one.papers:
                kept[at] = replace(
                    one,
                    standing=one.standing if standing is None else standing,
                    name=one.name if name is None else name,
                )
                return True
        return False

    def _keep(
        self,
        into: dict[int, list[Topic]],
        out: dict[int, list[Topic]],
        reader: Reader,
        topic: Topic,
    ) -> Outcome:
        kept = into.setdefault(reader.id, [])
        if any(is_same(one, topic) for one in kept):
            return Outcome.ALREADY
        if len(kept) >= MOST:
            return Outcome.TOO_MANY
        kept.append(topic)
        self._end(out, reader, topic)
        return Outcome.STORED

    def _end(self, kept: dict[int, list[Topic]], reader: Reader, topic: Topic) -> bool:
        self.desk._reach()
        before = kept.get(reader.id, [])
        kept[reader.id] = [one for one in before if not is_same(one, topic)]
        return len(kept[reader.id]) < len(before)

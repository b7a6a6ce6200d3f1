"""A teaching desk over the papers of a scripted desk: titles and ids are looked for in the text."""

import re
from dataclasses import replace

from bot.conversation.ports import Opinion, TemporarilyUnavailable
from bot.conversation.teaching import LookedUp, Named, Near, Taught
from recommender.feedback import Verdict
from recommender.picks import PartKind, Pick, ScorePart

BATCH = "0123456789"


class ScriptedTeaching:
    """Implements `TeachingDesk`. Papers are near that come next in the desk's order."""

    def __init__(self, desk, *, is_new=True):
        self.desk = desk
        self.is_new = is_new
        self.batches = {}

    async def named(self, reader, mentions):
        if self.desk.is_away:
            raise TemporarilyUnavailable
        words = f"{mentions.text} {' '.join(mentions.spelled)}"
        found = [p for p in self.desk.papers if p.title in words or p.key.split(":")[1] in words]
        known = {p.key.split(":")[1] for p in found}
        ids = re.findall(r"[0-9]{4}\.[0-9]{5}", words)
        lacking = tuple(f"arxiv:{i}" for i in dict.fromkeys(ids) if i not in known)
        is_away = self.desk.is_source_away and bool(lacking)
        return Named(tuple(p.id for p in found), lacking, is_away)

    async def teach(self, reader, event, papers, shown):
        new = [p for p in papers if self._verdict(reader, p) is None]
        for paper in new:
            await self.desk.store(reader, f"{event}.{paper}", paper, None, verdict=Verdict.LIKE)
        self.batches.setdefault((reader.id, BATCH), []).extend(new)
        offers = [await self.desk.offer(reader, paper) for paper in papers[:shown]]
        return Taught(tuple(offers), len(new), BATCH)

    async def untaught(self, reader, event, batch):
        papers = self.batches.pop((reader.id, batch), [])
        liked = [p for p in papers if self._verdict(reader, p) is Verdict.LIKE]
        for paper in liked:
            self.desk.opinions[reader.id, paper] = Opinion()
        return len(liked)

    async def near(self, reader, papers, most):
        others = [p for p in self.desk.papers if p.id not in papers][:most]
        made = []
        for rank, other in enumerate(others, start=1):
            part = ScorePart(PartKind.LIKED, 0.5, papers[0], ("paper",))
            pick = Pick(other.id, rank, 0.5, (part,), False, 1.0, "text-1")
            offer = await self.desk.offer(reader, other.id)
            titles = {p.id: p.title for p in self.desk.papers}
            named = {papers[0]: titles[papers[0]]}
            made.append(replace(offer, pick=pick, because=named, is_similar=True))
        return Near(made, self.is_new)

    async def looked_up(self, reader, cited):
        titles = {p.title: p.id for p in self.desk.papers}
        half = cited[: len(cited) // 2 + 1]
        for step, rest in ((half, cited[len(half) :]), (cited[len(half) :], ())):
            found = tuple(titles[one.title] for one in step if one.title in titles)
            yield LookedUp(found, tuple(rest), is_asking=bool(rest))
        lacking = tuple(one for one in cited if one.title not in titles)
        yield LookedUp((), (), lacking[::2], lacking[1::2])

    def _verdict(self, reader, paper):
        return self.desk.opinions.get((reader.id, paper), Opinion()).verdict

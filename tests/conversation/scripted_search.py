"""A search desk over the papers of a scripted desk: words are looked up in titles."""

from dataclasses import replace

from bot.conversation.commands import Period
from bot.conversation.ports import Offer, TemporarilyUnavailable, UnknownPaper
from bot.conversation.search import PAGE, Found, Trends, Voted
from recommender.feedback import Verdict
from recommender.papers import PaperId
from recommender.picks import PartKind, Pick, ScorePart


class ScriptedSearch:
    """Implements both `SearchDesk` and `SuggestionDesk`.

    Relevance is the desk's order; taste turns it around once the reader likes something.
    """

    def __init__(self, desk):
        self.desk = desk
        self.kept = {}
        self.muted = set()

    async def search(self, reader, asked, author):
        relevance = await self.relevant(asked, 50)
        if author:
            wrote = {p.id for p in self.desk.papers if author in p.authors}
            relevance, asked = [p for p in relevance if p in wrote], f"{asked} {author}".strip()
        likes = [v for (user, _), v in self.desk.opinions.items() if user == reader.id]
        taste = relevance[::-1] if any(o.verdict is Verdict.LIKE for o in likes) else relevance
        found = Found("abc", asked, tuple(relevance), tuple(taste))
        self.kept[reader.id, found.name] = found
        return found

    async def searched(self, reader, name):
        return self.kept.get((reader.id, name))

    async def relevant(self, asked, most):
        self._reach()
        words = asked.casefold().split()
        return [p.id for p in self.desk.papers if all(w in p.title.casefold() for w in words)][
            :most
        ]

    async def titled_like(self, typed, most):
        return await self.relevant(typed, most)

    async def authors_like(self, typed, most):
        self._reach()
        names = {name: None for p in self.desk.papers for name in p.authors}
        return [name for name in names if typed.casefold() in name.casefold()][:most]

    async def listed(self, reader, papers):
        return [
            Offer(p, 0, opinion=self.desk.opinions.get((reader.id, p.id), Offer(p, 0).opinion))
            for p in await self.papers(papers)
        ]

    async def papers(self, papers):
        self._reach()
        known = {p.id: p for p in self.desk.papers}
        return [known[paper] for paper in papers if paper in known]

    async def paper(self, paper):
        found = await self.papers([paper])
        if not found:
            raise UnknownPaper
        return found[0]

    async def named(self, reader, asked):
        self._reach()
        found = [p.id for p in self.desk.papers if p.title in asked or p.key[6:] in asked]
        if not found:
            raise UnknownPaper
        return found

    async def linked(self, reader, asked):
        return [p.id for p in self.desk.papers if p.key[6:] in asked]

    async def last_card(self, reader):
        shown = [s.paper for s in self.desk.shown if s.reader == reader.id]
        return shown[-1] if shown else None

    async def similar(self, reader, paper, page):
        others = [p for p in self.desk.papers if p.id != paper]
        made = []
        for rank, other in enumerate(others[(page - 1) * PAGE : page * PAGE], start=1):
            parts = (ScorePart(PartKind.LIKED, 0.5, paper, ("paper",)),)
            pick = Pick(other.id, rank, 0.5, parts, False, 1.0, "text-1")
            (offer,) = await self.listed(reader, [other.id])
            title = (await self.paper(paper)).title
            made.append(replace(offer, pick=pick, because={paper: title}, is_similar=True))
        return made, page * PAGE < len(others)

    async def trending(self, reader, period):
        self._reach()
        count = {Period.DAY: 1, Period.WEEK: 7, Period.MONTH: 50}[period]
        voted = [p for p in self.desk.papers if p.upvotes][:count]
        left = [p for p in voted if p.id not in self.muted]
        found = tuple(Voted(PaperId(p.id), 2, p.upvotes) for p in left)
        return Trends(found, has_muted=len(left) < len(voted))

    async def most_voted(self, most):
        return [PaperId(p.id) for p in self.desk.papers if p.upvotes][:7][:most]

    def _reach(self):
        if self.desk.is_away:
            raise TemporarilyUnavailable

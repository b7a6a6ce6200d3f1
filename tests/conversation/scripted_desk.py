"""A desk in a few dicts, for testing what the conversation says.

It keeps what it is told as the real one does (one opinion for each paper, one effect for
each event, impressions that belong to one reader) and ranks by a list.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from bot.conversation.account import AccountFeature, LinkAnswer, Linked
from bot.conversation.admin import Admin
from bot.conversation.entries import Entry
from bot.conversation.events import Person, Platform
from bot.conversation.exporting import ExportFeature
from bot.conversation.groups import Groups
from bot.conversation.interests import InterestsFeature
from bot.conversation.invitations import Invitations
from bot.conversation.language_choice import LanguageChoice
from bot.conversation.library import LibraryFeature
from bot.conversation.notes import NotesFeature
from bot.conversation.ports import (
    Delivery,
    Offer,
    Opinion,
    Reader,
    Status,
    Stored,
    TemporarilyUnavailable,
    UnknownPaper,
)
from bot.conversation.search import Search
from bot.conversation.service import Conversation
from bot.conversation.surprise import Surprise
from bot.conversation.teaching import BibliographyFiles, Teaching
from bot.conversation.told_file import ToldFile
from bot.conversation.topics import TopicsFeature
from bot.schedule import Due, Schedule, next_due
from recommender.feedback import Verdict
from recommender.papers import Paper, PaperId
from recommender.picks import PartKind, Pick, ScorePart
from tests.conversation.scripted_admin import ScriptedAdmin
from tests.conversation.scripted_search import ScriptedSearch
from tests.conversation.scripted_teaching import ScriptedTeaching
from tests.conversation.scripted_wishes import ScriptedWishes

NOW = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)  # a Monday
OPERATOR = ("telegram", "9")
FOREVER = datetime(9999, 1, 1, tzinfo=UTC)


def paper(number: int, **changes: object) -> Paper:
    """Return a paper like many others."""
    plain = Paper(
        id=PaperId(number),
        key=f"arxiv:2611.{number:05}",
        title=f"Paper number {number}",
        abstract=f"Papers are many. We propose paper {number}. Results show that it is read.",
        authors=("Ada Lovelace", "Alan Turing"),
        categories=("cs.LG", "cs.CL"),
        announced=date(2026, 11, 20),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


@dataclass
class Shown:
    reader: int
    paper: PaperId
    pick: Pick | None
    day: date | None


@dataclass
class ScriptedDesk:
    """papers: the catalogue, best first. is_away: whether the database is."""

    papers: Sequence[Paper]
    now: datetime = NOW
    is_away: bool = False
    is_ranking_away: bool = False
    is_source_away: bool = False
    place: str = "here"
    troubles: tuple[str, ...] = ()
    last: Delivery | None = None
    is_sample: bool = False
    readers: dict[str, Reader] = field(default_factory=dict)
    opinions: dict[tuple[int, PaperId], Opinion] = field(default_factory=dict)
    log: list[tuple[int, PaperId, Opinion, str]] = field(default_factory=list)
    events: set[str] = field(default_factory=set)
    shown: list[Shown] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    banned: set[str] = field(default_factory=set)
    notes: dict[tuple[int, PaperId], str] = field(default_factory=dict)
    codes: dict[str, int] = field(default_factory=dict)
    joined: dict[int, int] = field(default_factory=dict)  # who was joined, into whom
    found: dict[Platform, str] = field(default_factory=dict)  # names on platforms

    # -- where the bot is

    async def found_as(self, platform: Platform, name: str) -> None:
        self._reach()
        self.found[platform] = name

    async def name_on(self, platform: Platform) -> str:
        self._reach()
        return self.found.get(platform, "")

    # -- readers

    async def reader(self, person: Person) -> Reader:
        self._reach()
        if person.account not in self.readers:
            number = len(self.readers) + 1
            spoken = person.language or "en"
            new = Reader(number, number, push_place=self.place, language=spoken)
            self.readers[person.account] = new
            return self._due(replace(new, is_new=True))
        reader = self.readers[person.account]
        if person.language and not reader.is_language_chosen:
            reader = self._keep(reader, language=person.language)
        return self._due(reader)

    async def known(self, person: Person) -> Reader | None:
        self._reach()
        return await self.reader(person) if person.account in self.readers else None

    async def language(self, person: Person) -> str | None:
        self._reach()
        known = self.readers.get(person.account)
        return known.language if known else None

    async def is_banned(self, person: Person) -> bool:
        self._reach()
        return person.account in self.banned

    async def reschedule(
        self, reader: Reader, schedule: Schedule, *, is_zone_known: bool
    ) -> Reader:
        return self._keep(reader, schedule=schedule, is_zone_known=is_zone_known)

    async def pause(self, reader: Reader, days: int | None) -> Reader:
        until = FOREVER if days is None else self.now + timedelta(days=days)
        return self._keep(reader, paused_until=until)

    async def resume(self, reader: Reader) -> Reader:
        return self._keep(reader, paused_until=None, is_pushed=True)

    async def set_language(self, reader: Reader, language: str, *, is_chosen: bool) -> Reader:
        return self._keep(reader, language=language, is_language_chosen=is_chosen)

    async def set_surprise(self, reader: Reader, surprise: int) -> Reader:
        return self._keep(reader, surprise=surprise)

    async def left(self, person: Person) -> None:
        self._reach()
        self.gone.append(person.account)

    async def moved(self, person: Person, new_chat: str) -> None:
        self._reach()
        self.gone.append(new_chat)

    # -- papers

    async def next_offer(self, reader: Reader) -> Offer | None:
        self._reach(is_ranking=True)
        unseen = self._unseen(reader)
        return self._impressed(reader, unseen[0], None, rank=1) if unseen else None

    async def digest(self, reader: Reader) -> Sequence[Offer]:
        day = self.now.date()
        if standing := self._of_day(reader, day):
            return standing
        best = self._unseen(reader)[: reader.schedule.picks]
        return [self._impressed(reader, p, day, rank=n) for n, p in enumerate(best, start=1)]

    async def waiting(self, reader: Reader, offers: Sequence[Offer]) -> int:
        return 0

    async def digest_of(self, reader: Reader, impression: int) -> Sequence[Offer]:
        self._reach()
        day = self.shown[impression - 1].day if 1 <= impression <= len(self.shown) else None
        return self._of_day(reader, day) if day else []

    def _of_day(self, reader: Reader, day: date) -> Sequence[Offer]:
        self._reach()
        mine = [
            n
            for n, shown in enumerate(self.shown, start=1)
            if shown.reader == reader.id and shown.day == day
        ]
        return [self._offer(reader, n) for n in mine]

    async def offer(self, reader: Reader, paper: PaperId) -> Offer:
        return self._impressed(reader, self._paper(paper), None, rank=0)

    async def offer_again(self, reader: Reader, impression: int, paper: PaperId) -> Offer:
        known = self._paper(paper)
        if 1 <= impression <= len(self.shown) and self.shown[impression - 1].reader == reader.id:
            return self._offer(reader, impression)
        return Offer(known, 0, None, self._opinion(reader, paper))

    async def saved(
        self, reader: Reader, page: int, sought: str = ""
    ) -> tuple[Sequence[Offer], int]:
        self._reach()
        mine = [
            paper
            for (user, paper), opinion in reversed(self.opinions.items())
            if user == reader.id and opinion.is_saved
            if sought.casefold()
            in f"{self._paper(paper).title} {self._note(reader, paper)}".casefold()
        ]
        part = mine[(page - 1) * 10 : page * 10]
        return [Offer(self._paper(p), 0, None, self._opinion(reader, p)) for p in part], len(mine)

    async def tags(self, reader: Reader) -> Sequence[str]:
        self._reach()
        mine = (note for (user, _), note in self.notes.items() if user == reader.id)
        return [word for note in mine for word in note.split() if word.startswith("#")]

    async def status(self, reader: Reader) -> Status:
        self._reach()
        mine = [opinion for (user, _), opinion in self.opinions.items() if user == reader.id]
        return Status(
            reader=reader,
            likes=sum(o.verdict is Verdict.LIKE for o in mine),
            skips=sum(o.verdict not in (None, Verdict.LIKE) for o in mine),
            saved=sum(o.is_saved for o in mine),
            taught=sum(o.is_saved or o.verdict in (Verdict.LIKE, Verdict.KNOWN) for o in mine),
            last=self.last,
            papers=len(self.papers),
            newest=None if self.is_sample else self.now - timedelta(hours=3),
            newest_day="2026-11-20",
            source_troubles=self.troubles,
            model="text-1",
            is_sample=self.is_sample,
        )

    # -- taps

    async def store(
        self,
        reader: Reader,
        event: str,
        paper: PaperId,
        impression: int | None,
        *,
        verdict: Verdict | None = None,
        save: bool | None = None,
        shown: Offer | None = None,
    ) -> Stored:
        self._paper(paper)
        before = self._opinion(reader, paper)
        after = Opinion(verdict or before.verdict, before.is_saved if save is None else save)
        changed = after != before and event not in self.events
        if changed:
            self.events.add(event)
            self.log.append((reader.id, paper, before, event))
            self.opinions[reader.id, paper] = after
        return Stored(changed, await self.offer_again(reader, impression or 0, paper), before)

    async def undo(self, reader: Reader, event: str, paper: PaperId | None = None) -> Stored | None:
        self._reach()
        mine = [e for e in self.log if e[0] == reader.id and paper in (None, e[1])]
        if not mine:
            return None
        self.log.remove(mine[-1])
        _, which, standing, _ = mine[-1]
        before = self._opinion(reader, which)
        self.opinions[reader.id, which] = standing
        last = max(
            (n for n, s in enumerate(self.shown, 1) if s.reader == reader.id and s.paper == which),
            default=0,
        )
        return Stored(True, await self.offer_again(reader, last, which), before)

    # -- a person's own

    async def history(self, reader: Reader, page: int) -> tuple[Sequence[Offer], int]:
        self._reach()
        mine = list(dict.fromkeys(s.paper for s in reversed(self.shown) if s.reader == reader.id))
        part = mine[(page - 1) * 10 : page * 10]
        return [
            Offer(self._paper(p), 0, None, self._opinion(reader, p), note=self._note(reader, p))
            for p in part
        ], len(mine)

    async def last_opened(self, reader: Reader) -> Paper | None:
        self._reach()
        mine = [shown.paper for shown in self.shown if shown.reader == reader.id]
        return self._paper(mine[-1]) if mine else None

    async def open_for_a_note(self, reader: Reader, paper: PaperId) -> tuple[Paper, str]:
        self._impressed(reader, self._paper(paper), None, rank=0)
        return self._paper(paper), self._note(reader, paper)

    async def linked_paper(self, links: Sequence[str]) -> Paper | None:
        self._reach()
        return next((p for p in self.papers if p.url in links), None)

    async def note(self, reader: Reader, paper: PaperId) -> str:
        self._reach()
        return self._note(reader, paper)

    async def write_note(self, reader: Reader, paper: PaperId, note: str) -> None:
        self._reach()
        self.notes[reader.id, paper] = note

    def _note(self, reader: Reader, paper: PaperId) -> str:
        return self.notes.get((reader.id, paper), "")

    async def entries(self, reader: Reader, *, only_saved: bool) -> Sequence[Entry]:
        self._reach()
        return [
            Entry(self._paper(p), o.verdict or "", self.now if o.is_saved else None)
            for (user, p), o in self.opinions.items()
            if user == reader.id and (o.is_saved or not only_saved)
        ]

    async def told(self, reader: Reader) -> ToldFile:
        self._reach()
        return ToldFile()

    async def everything(self, reader: Reader) -> Mapping[str, Any]:
        self._reach()
        return {"users": [{"id": reader.id}]}

    async def forget(self, reader: Reader) -> None:
        self._reach()
        self.readers = {a: r for a, r in self.readers.items() if r.id != reader.id}

    async def link_code(self, reader: Reader) -> str:
        self._reach()
        code = f"AAAAA{'ACDEFGHJKMNPQRTUVWXY34679'[len(self.codes) % 25]}"
        self.codes[code] = reader.id
        return code

    async def link(self, reader: Reader, code: str) -> Linked:
        self._reach()
        maker = self.codes.pop(code, None)
        if maker is None:
            return Linked(LinkAnswer.WRONG, reader)
        if maker == reader.id:
            return Linked(LinkAnswer.OWN, reader)
        self.joined[reader.id] = maker
        return Linked(LinkAnswer.JOINED, reader, likes=3, saved=1)

    async def unlink(self, reader: Reader) -> bool:
        self._reach()
        return self.joined.pop(reader.id, None) is not None

    # -- inside

    def _reach(self, *, is_ranking: bool = False) -> None:
        if self.is_away or (is_ranking and self.is_ranking_away):
            raise TemporarilyUnavailable

    def _due(self, reader: Reader) -> Reader:
        is_on = reader.is_pushed and reader.paused_until != FOREVER and reader.push_place
        after = reader.paused_until or self.now
        due: Due | None = next_due(reader.schedule, after) if is_on else None
        return replace(reader, due=due)

    def _keep(self, reader: Reader, **changes: object) -> Reader:
        self._reach()
        account = next(a for a, r in self.readers.items() if r.id == reader.id)
        kept = replace(self.readers[account], **changes)  # type: ignore[arg-type]
        self.readers[account] = kept
        return self._due(kept)

    def _paper(self, number: PaperId) -> Paper:
        self._reach()
        for known in self.papers:
            if known.id == number:
                return known
        raise UnknownPaper

    def _unseen(self, reader: Reader) -> list[Paper]:
        seen = {shown.paper for shown in self.shown if shown.reader == reader.id}
        return [p for p in self.papers if p.id not in seen]

    def _opinion(self, reader: Reader, paper: PaperId) -> Opinion:
        return self.opinions.get((reader.id, paper), Opinion())

    def _impressed(self, reader: Reader, paper: Paper, day: date | None, rank: int) -> Offer:
        pick = self._pick(reader, paper, rank) if rank else None
        self.shown.append(Shown(reader.id, paper.id, pick, day))
        return self._offer(reader, len(self.shown))

    def _pick(self, reader: Reader, paper: Paper, rank: int) -> Pick:
        liked = [p for (u, p), o in self.opinions.items() if u == reader.id and o.verdict == "like"]
        parts = [ScorePart(PartKind.LIKED, 1.0 + n, p, ("paper",)) for n, p in enumerate(liked)]
        parts.append(ScorePart(PartKind.OTHER, 0.5))
        score = sum(part.value for part in parts)
        return Pick(paper.id, rank, score, tuple(parts), False, 1.0, "text-1")

    def _offer(self, reader: Reader, impression: int) -> Offer:
        shown = self.shown[impression - 1]
        named = [part.paper for part in shown.pick.parts if part.paper] if shown.pick else []
        return Offer(
            self._paper(shown.paper),
            impression,
            shown.pick,
            self._opinion(reader, shown.paper),
            {p: self._paper(p).title for p in named},
        )


def talking(desk: ScriptedDesk, groups: Any = None) -> Conversation:
    """Return the whole conversation, with all its parts, over one scripted desk.

    groups: a `ScriptedGroups` of the test's own.
    """
    from tests.conversation.scripted_groups import ScriptedGroups  # which is built on this

    wishes = ScriptedWishes(desk)
    taught = ScriptedTeaching(desk)
    files = (BibliographyFiles(taught),)
    teaching, notes = Teaching(taught, files), NotesFeature(desk)
    interests = InterestsFeature(wishes)
    parts = (
        Surprise(desk),
        LanguageChoice(desk),
        Search(ScriptedSearch(desk)),
        AccountFeature(desk, lambda: desk.now, desk, "ops@example.org"),
        Invitations(desk),
        LibraryFeature(desk),
        notes,
        ExportFeature(desk),
        TopicsFeature(wishes),
        teaching,
        interests,
    )
    admin = Admin(ScriptedAdmin(), lambda: desk.now, [OPERATOR])
    return Conversation(
        desk,
        lambda: desk.now,
        parts,
        files,
        closed=[admin],
        listeners=[notes, interests, teaching],
        forms=[notes, interests],
        groups=Groups(groups or ScriptedGroups(), lambda: desk.now, ["cs.LG", "cs.CL"]),
    )

"""The desk: everything the conversation and the clock ask for, answered from what is kept.

One reader at a time for the conversation, many at once for the daily push; both through
the same ranking. Every transaction is opened here, and what storage cannot do becomes what
the conversation knows how to say.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot import offers
from bot.choosing import Choosing
from bot.conversation.events import Person
from bot.conversation.ports import (
    Delivery,
    Offer,
    Reader,
    Status,
    Stored,
    TemporarilyUnavailable,
    UnknownPaper,
)
from bot.editions import Edition, Editions
from bot.metrics import Metrics
from bot.naming import LookUp, Naming, Others
from bot.reach import place_for_digests
from bot.readers import as_reader, owed_next
from bot.schedule import Due, Schedule, end_of_pause
from bot.shelf import Shelf
from bot.transactions import reading, writing
from recommender.feedback import Verdict
from recommender.papers import PaperId
from recommender.picks import Pick, Request
from recommender.topics import Topics
from storage import bans, catalogue, deliveries, feedback_log, library, meeting, users
from storage.database import Database
from storage.deliveries import State
from storage.errors import StorageUnavailable
from storage.feedback_log import WITH_REASON, NewImpression, Place
from storage.group_commit import Answer, GroupCommit, Together, Work
from storage.meeting import Speaker
from storage.tap_line import TapLine
from storage.users import FOREVER, Found, User

NEXT_AT_ONCE = 50  # cards chosen together: who comes alone meanwhile waits for that many
EXPLORES_EVERY = 5  # one card in five, as one slot of a digest of five
SAVED_PAGE = 10
_SOURCE_NAMES = {"arxiv": "arXiv", "arxiv.api": "arXiv", "huggingface": "Hugging Face"}


class Desk:
    """Implements `bot.conversation.ports.Desk`.

    clock: the time now, aware.
    seed: of all ranking, so that a run can be repeated.
    others: who knows what other catalogues' numbers stand for.
    """

    def __init__(
        self,
        database: Database,
        shelf: Shelf,
        look_up: LookUp,
        clock: Callable[[], datetime],
        seed: int = 0,
        *,
        metrics: Metrics | None = None,
        others: Others | None = None,
    ) -> None:
        self._database = database
        self._metrics = metrics or Metrics()
        self._taps = TapLine(database)
        # What every tap asks is read for all who ask meanwhile.
        self._known = GroupCommit(database.reading, self._all_known)
        self._greeted = GroupCommit(database.writing, self._all_greeted)
        self._banned = GroupCommit(database.reading, bans.are_banned)
        self._again = GroupCommit(database.reading, self._all_again)
        self._next = Together(self._all_next, most=NEXT_AT_ONCE)
        self._shelf = shelf
        self._naming = Naming(database, look_up, others)
        self._choosing = Choosing(database, shelf, seed)
        self._clock = clock
        self._editions = Editions(database, shelf, self._choosing, clock, self._metrics)

    # ------------------------------------------------------------------ readers

    async def reader(self, person: Person) -> Reader:
        speaker = self._speaker(person)
        settled = await self._met(self._known, speaker)
        return await self._greet(speaker) if settled is None else settled

    async def known(self, person: Person) -> Reader | None:
        speaker = self._speaker(person)
        if settled := await self._met(self._known, speaker):
            return settled
        async with reading(self._database) as db:
            found = await users.find(db, person.platform.value, person.account)
        return await self._greet(speaker) if found else None

    async def _greet(self, speaker: Speaker) -> Reader:
        """Return a reader who is new, or of whom something is to be written."""
        return await self._met(self._greeted, speaker)

    def _speaker(self, person: Person) -> Speaker:
        return Speaker(
            person.platform.value,
            person.account,
            place_for_digests(person),
            person.language,
            self._clock(),
            person.is_private,
        )

    async def reader_of(self, account: int) -> Reader:
        """Return the reader behind an account that is known to stand."""
        async with reading(self._database) as db:
            spoken = await users.account(db, account)
            assert spoken is not None
            user = await users.by_id(db, spoken.user)
            assert user is not None
            return await self._reader(db, Found(user, spoken, is_new=False))

    async def language(self, person: Person) -> str | None:
        async with reading(self._database) as db:
            found = await users.find(db, person.platform.value, person.account)
        return found.user.language if found else None

    async def set_language(self, reader: Reader, language: str, *, is_chosen: bool) -> Reader:
        async def change(db: AsyncSession) -> User:
            return await users.set_language(db, reader.id, language, is_chosen=is_chosen)

        return await self._changed(reader, change)

    async def is_banned(self, person: Person) -> bool:
        return await self._met(self._banned, (person.platform.value, person.account))

    async def reschedule(
        self, reader: Reader, schedule: Schedule, *, is_zone_known: bool
    ) -> Reader:
        async def change(db: AsyncSession) -> User:
            await users.mark_reachable(db, reader.account)
            return await users.reschedule(
                db,
                reader.id,
                self._clock(),
                owed_next,
                zone=schedule.zone if is_zone_known else None,
                push_at=schedule.at,
                push_days=schedule.days,
                picks=schedule.picks,
                is_quiet=schedule.is_quiet,
                is_filled=schedule.is_filled,
                account=reader.account,
            )

        return await self._changed(reader, change)

    async def pause(self, reader: Reader, days: int | None) -> Reader:
        now = self._clock()
        until = FOREVER if days is None else end_of_pause(reader.schedule, now, days)
        return await self._changed(
            reader, lambda db: users.pause(db, reader.id, until, now, owed_next)
        )

    async def resume(self, reader: Reader) -> Reader:
        async def change(db: AsyncSession) -> User:
            await users.mark_reachable(db, reader.account)
            return await users.resume(db, reader.id, self._clock(), owed_next)

        return await self._changed(reader, change)

    async def set_surprise(self, reader: Reader, surprise: int) -> Reader:
        return await self._changed(reader, lambda db: users.set_surprise(db, reader.id, surprise))

    async def left(self, person: Person) -> None:
        async with writing(self._database) as db:
            found = await users.find(db, person.platform.value, person.account)
            if found is not None:
                await users.mark_unreachable(db, found.account.id, "blocked")

    async def moved(self, person: Person, new_chat: str) -> None:
        if person.chat is not None:
            async with writing(self._database) as db:
                await users.move_chat(db, person.platform.value, person.chat, new_chat)

    # ------------------------------------------------------------------ picks

    async def next_offer(self, reader: Reader) -> Offer | None:
        await self._shelf.held()  # whoever waits for it to be filled keeps nobody else waiting
        while (made := await self._met(self._next, reader)) == []:
            pass
        return made[0] if made else None

    async def _all_next(self, readers: Sequence[Reader]) -> list[list[Offer] | None]:
        """Choose and record one card for each of many readers; None where no paper is left.

        An empty list is for whoever must ask again: they have seen the paper meanwhile, or ask
        for two cards at once.
        """
        asking = {reader.id: reader for reader in reversed(readers)}  # each as they asked first
        async with self._database.reading() as db:
            requests = await self._choosing.requests(db, list(asking))
        try:
            picks = await self._choosing.picks([_for_a_card(request) for request in requests])
        except TemporarilyUnavailable as error:  # for all of them: nobody is tried again alone
            raise StorageUnavailable("nothing can be ranked now") from error
        picked = {request.user: some for request, some in zip(requests, picks, strict=True)}
        new = [
            self._shown(asking[user], pick, Place.CARD) for user in picked for pick in picked[user]
        ]
        said = {request.user: request.feedback for request in requests}
        async with self._database.writing() as db:
            meanwhile = await offers.meanwhile(db, new)
            fresh = [one for one in new if one.user not in meanwhile.late]
            known = self._shelf.papers_at_hand()
            recorded = await offers.record(db, fresh, None, known, meanwhile.doubtful)
        made = offers.made(recorded, said)
        self._metrics.picks.labels(Place.CARD.value).inc(len(made))
        cards = {one.user: [offer] for one, offer in zip(fresh, made, strict=True)}
        return [(cards.pop(reader.id, []) if picked[reader.id] else None) for reader in readers]

    async def topics(self) -> Topics:
        """Return the index of the papers that may be picked."""
        return await self._choosing.topics()

    async def digest(self, reader: Reader) -> Sequence[Offer]:
        day = reader.local_day(self._clock())
        while True:
            async with writing(self._database) as db:
                if standing := await self._standing_digest(db, reader, day):
                    return standing
                request = (await self._choosing.requests(db, [reader.id]))[0]
            picks = (await self._choosing.picks([request]))[0]
            async with writing(self._database) as db:
                if await self._standing_digest(db, reader, day):
                    continue
                made = await self._impress(db, reader, request, picks, Place.TODAY, day)
            if made or not picks:
                return made

    async def _standing_digest(
        self, db: AsyncSession, reader: Reader, day: date
    ) -> Sequence[Offer]:
        """Return the digest of a day as it was pushed, else as it was asked for; () if neither.

        The papers of one that failed count as seen from now on.
        """
        pushed = await deliveries.papers_of(db, reader.id, day)
        shown = pushed or await deliveries.papers_of(db, reader.id, day, Place.TODAY)
        delivery = await deliveries.of_day(db, reader.id, day) if pushed else None
        state = delivery.state if delivery else None
        if state is State.FAILED:
            now = self._clock()
            seen = (await feedback_log.seen(db, [reader.id]))[reader.id]
            unseen = [one for one in pushed if one.paper not in seen]
            await feedback_log.impress(
                db,
                [
                    NewImpression(reader.id, reader.account, one.paper, now, Place.TODAY, one.pick)
                    for one in unseen
                ],
            )
        return await offers.as_shown(db, reader.id, shown, may_be_seen=state is State.UNKNOWN)

    async def waiting(self, reader: Reader, offers: Sequence[Offer]) -> int:
        picks = [offer.pick for offer in offers if offer.pick]
        try:
            return (await self._choosing.waiting({reader.id: picks})).get(reader.id, 0)
        except TemporarilyUnavailable:
            return 0  # the digest stands all the same, and is shown without this line

    async def digest_of(self, reader: Reader, impression: int) -> Sequence[Offer]:
        async with reading(self._database) as db:
            one = await feedback_log.impression(db, impression, reader.id)
            if one is None or one.day is None:
                return []
            all_of_it = await deliveries.papers_of(db, reader.id, one.day, one.place)
            return await offers.as_shown(db, reader.id, all_of_it)

    async def editions(
        self, claimed: Sequence[deliveries.Claimed], *, is_retry: bool = False
    ) -> list[Edition]:
        """Return the digests of many readers, chosen and recorded; see `Editions`."""
        return await self._editions.of(claimed, is_retry=is_retry)

    # ------------------------------------------------------------------ taps

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
        tap = feedback_log.Tap(
            reader.id, reader.account, event, paper, impression, self._clock(), verdict, save
        )
        # What the card needs is read first: the writer, whom all wait for, only writes.
        offer = shown or await self.offer_again(reader, impression or 0, paper)
        try:
            recorded = await self._taps.record(tap)
        except StorageUnavailable as error:
            raise TemporarilyUnavailable from error
        if not recorded.repeated:
            self._metrics.taps.labels(_says(verdict, save)).inc()
        if recorded.repeated:  # what stands now may be a later tap's
            offer = await self.offer_again(reader, impression or 0, paper)
        else:
            offer = replace(offer, opinion=offers.opinion_of(recorded.after))
        return Stored(recorded.changed, offer, offers.opinion_of(recorded.before))

    async def undo(self, reader: Reader, event: str, paper: PaperId | None = None) -> Stored | None:
        async with writing(self._database) as db:
            undone = await feedback_log.undo(
                db, reader.id, reader.account, event, self._clock(), paper
            )
            if undone is None:
                return None
            shown = await feedback_log.last_shown(db, reader.id, undone.paper, WITH_REASON)
            offer = await offers.again(db, reader.id, shown.id if shown else None, undone.paper)
        if not undone.repeated:
            self._metrics.taps.labels("undo").inc()
        return Stored(not undone.repeated, offer, offers.opinion_of(undone.before))

    # ------------------------------------------------------------------ single papers

    async def offer(self, reader: Reader, paper: PaperId) -> Offer:
        async with writing(self._database) as db:
            shown = await feedback_log.last_shown(db, reader.id, paper, WITH_REASON)
            if shown is not None:
                opened = self._asked(reader, paper)._replace(place=Place.OPENED)
                await feedback_log.impress(db, [opened])
                return await offers.again(db, reader.id, shown.id, paper)
            return await offers.asked_for(db, self._asked(reader, paper))

    async def offer_again(self, reader: Reader, impression: int, paper: PaperId) -> Offer:
        offer = await self._met(self._again, offers.Again(reader.id, impression or None, paper))
        if offer is None:
            raise UnknownPaper
        return offer

    async def _all_again(
        self, db: AsyncSession, asked: Sequence[offers.Again]
    ) -> Sequence[Offer | None]:
        return await offers.all_again(db, asked, self._shelf.papers_at_hand())

    async def named(self, reader: Reader, words: str) -> list[PaperId]:
        """Return the papers that words name, showing none of them; see `Naming`."""
        return await self._naming.named(reader, words)

    async def linked(self, reader: Reader, words: str) -> list[PaperId]:
        """Return the papers that links and ids among the words name; see `Naming`."""
        return await self._naming.linked(reader, words)

    async def saved(
        self, reader: Reader, page: int, sought: str = ""
    ) -> tuple[Sequence[Offer], int]:
        async with reading(self._database) as db:
            if sought:
                return await offers.saved_with(db, reader.id, sought, page, SAVED_PAGE)
            kept, total = await feedback_log.saved(db, reader.id, page, SAVED_PAGE)
            return await offers.kept(db, reader.id, kept), total

    async def tags(self, reader: Reader) -> Sequence[str]:
        async with reading(self._database) as db:
            return await library.tags(db, reader.id)

    # ------------------------------------------------------------------ status

    async def status(self, reader: Reader) -> Status:
        async with reading(self._database) as db:
            counts = await feedback_log.counts(db, reader.id)
            last = await deliveries.last(db, reader.id)
            summary = await catalogue.summary(db)
            sources = await catalogue.source_states(db)
        return Status(
            reader=reader,
            likes=counts.likes,
            skips=counts.skips,
            saved=counts.saved,
            taught=counts.taught,
            last=_delivery(last) if last else None,
            papers=summary.real or summary.papers,
            newest=summary.newest_first_seen,
            newest_day=summary.newest_day.isoformat() if summary.newest_day else "",
            source_troubles=tuple(
                dict.fromkeys(_SOURCE_NAMES.get(s.name, s.name) for s in sources if s.last_error)
            ),
            model=self._shelf.version,
            is_sample=not summary.real,
        )

    # ------------------------------------------------------------------ inside

    async def _changed(
        self, reader: Reader, change: Callable[[AsyncSession], Awaitable[User]]
    ) -> Reader:
        """Return the reader as they stand after a change."""
        async with writing(self._database) as db:
            user = await change(db)
            account = await users.account(db, reader.account)
            assert account is not None
            return await self._reader(db, Found(user, account, is_new=False))

    @staticmethod
    async def _met(line: Together[Work, Answer], work: Work) -> Answer:
        """Return what is done together with others. Raises TemporarilyUnavailable."""
        try:
            return await line.done(work)
        except StorageUnavailable as error:
            raise TemporarilyUnavailable from error

    async def _all_known(
        self, db: AsyncSession, speakers: Sequence[Speaker]
    ) -> list[Reader | None]:
        """Return the readers of whom nothing is to be written, None in place of the others."""
        settled = await meeting.settled(db, speakers)
        readers = iter(await self._readers(db, [found for found in settled if found]))
        return [next(readers) if found else None for found in settled]

    async def _all_greeted(self, db: AsyncSession, speakers: Sequence[Speaker]) -> list[Reader]:
        """Return the readers who speak, with whatever is to be written of them written."""
        return await self._readers(db, await meeting.all_met(db, speakers, owed_next))

    async def _readers(self, db: AsyncSession, met: Sequence[Found]) -> list[Reader]:
        accounts, now = await users.accounts_of(db, {one.user.id for one in met}), self._clock()
        return [as_reader(found, accounts.get(found.user.id, ()), now) for found in met]

    async def _reader(self, db: AsyncSession, found: Found) -> Reader:
        return (await self._readers(db, [found]))[0]

    async def _impress(
        self,
        db: AsyncSession,
        reader: Reader,
        request: Request,
        picks: Sequence[Pick],
        place: Place,
        day: date | None = None,
    ) -> list[Offer]:
        """Record what is about to be shown; nothing if some of it was seen during the ranking."""
        new = [self._shown(reader, pick, place, day) for pick in picks]
        meanwhile = await offers.meanwhile(db, new)
        if meanwhile.late:
            return []
        standing = {reader.id: request.feedback}
        made = await offers.impressed(db, new, standing, meanwhile.doubtful)
        self._metrics.picks.labels(place.value).inc(len(made))
        return made

    def _shown(
        self, reader: Reader, pick: Pick, place: Place, day: date | None = None
    ) -> NewImpression:
        now = self._clock()
        return NewImpression(reader.id, reader.account, pick.paper, now, place, pick, day)

    def _asked(self, reader: Reader, paper: PaperId) -> NewImpression:
        return NewImpression(reader.id, reader.account, paper, self._clock(), Place.LOOKUP)


def _for_a_card(request: Request) -> Request:
    explores = len(request.seen) % EXPLORES_EVERY == EXPLORES_EVERY - 1
    return replace(request, k=1, explores=explores)


def _says(verdict: Verdict | None, save: bool | None) -> str:
    """Return what a tap says, in a word for operators."""
    if verdict is not None:
        return verdict.value
    return "save" if save else "unsave"


def _delivery(kept: deliveries.Delivery) -> Delivery:
    return Delivery(Due(kept.day, kept.due), kept.state.value, kept.reason or "", kept.next_try)

"""The digests of many readers at once: chosen in one product, recorded in one transaction."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot import offers
from bot.choosing import Choosing
from bot.conversation.ports import Offer
from bot.metrics import Metrics
from bot.reach import first_pushable
from bot.shelf import Shelf
from bot.transactions import reading, writing
from recommender.picks import Pick, Request
from storage import catalogue, deliveries, feedback_log, groups, users
from storage.database import Database
from storage.feedback_log import NewImpression, Place
from storage.users import Account, User


@dataclass(frozen=True, slots=True)
class Edition:
    """One reader's digest, impressed and ready to send.

    is_line: nothing was announced, and the reader wants no older papers then.
    waiting: how many new papers of authors that the reader follows had no room in it.
    group: what a group has set; None for a person.
    """

    user: User
    account: Account
    day: date
    offers: tuple[Offer, ...]
    is_line: bool = False
    waiting: int = 0
    group: groups.Settings | None = None

    @property
    def model(self) -> str | None:
        """Return the version of the model that chose it; None when there was nothing to choose."""
        return next((offer.pick.model for offer in self.offers if offer.pick), None)


class Editions:
    """clock: the time now, aware."""

    def __init__(
        self,
        database: Database,
        shelf: Shelf,
        choosing: Choosing,
        clock: Callable[[], datetime],
        metrics: Metrics,
    ) -> None:
        self._database = database
        self._shelf = shelf
        self._choosing = choosing
        self._clock = clock
        self._metrics = metrics

    async def of(
        self, claimed: Sequence[deliveries.Claimed], *, is_retry: bool = False
    ) -> list[Edition]:
        """Choose and record the digests of many readers, ranked in one product.

        Readers whose accounts cannot be reached are left out. An edition may be empty.
        is_retry: a digest that was chosen before stays as it was chosen.
        """
        claims = {claim.user.id: claim for claim in claimed}
        people = {claim.user.id: claim.user for claim in claimed}
        async with reading(self._database) as db:
            accounts = await users.accounts_of(db, list(claims))
            first = {user: first_pushable(accounts.get(user, ())) for user in claims}
            reachable = {user: account for user, account in first.items() if account is not None}
            chosen = await self._chosen(db, claims, reachable) if is_retry else {}
            lines = await self._lines(db, claims, reachable.keys() - chosen.keys())
            of_groups = [user for user in reachable if people[user].kind == groups.KIND]
            settings = await groups.settings_of(db, of_groups)
        chosen |= {user: [] for user in lines}
        waiting: Collection[int] = [user for user in reachable if user not in chosen]
        while waiting:
            async with reading(self._database) as db:
                requests = await self._choosing.requests(db, waiting, people)
            picks = await self._choosing.picks(requests)
            chosen |= await self._impress(requests, picks, claims, reachable)
            if waiting := [user for user in waiting if user not in chosen]:
                async with reading(self._database) as db:
                    there = await users.by_ids(db, waiting)
                waiting = [user for user in waiting if user in there]  # but for who is forgotten
        shown = {u: [o.pick for o in kept if o.pick] for u, kept in chosen.items()}
        left_out = await self._choosing.waiting(shown)
        return [
            Edition(
                claims[user].user,
                reachable[user],
                claims[user].day,
                tuple(kept),
                user in lines,
                left_out.get(user, 0),
                settings.get(user),
            )
            for user, kept in chosen.items()
        ]

    async def _lines(
        self,
        db: AsyncSession,
        claims: Mapping[int, deliveries.Claimed],
        reachable: Collection[int],
    ) -> frozenset[int]:
        """Return who gets only a line today: nothing new came since their last digest."""
        askers = [user for user in reachable if not claims[user].user.is_filled]
        if not askers:
            return frozenset()
        newest = await catalogue.newest_first_seen(db)
        last = await deliveries.last_begun(db, askers)
        return frozenset(u for u in last if newest is None or newest < last[u])

    async def _impress(
        self,
        requests: Sequence[Request],
        picks: Sequence[Sequence[Pick]],
        claims: Mapping[int, deliveries.Claimed],
        reachable: Mapping[int, Account],
    ) -> dict[int, list[Offer]]:
        """Record what many readers are about to be sent, in one transaction.

        Left out are those who saw one of their papers while they were ranked, or are gone.
        """
        now, new = self._clock(), list[NewImpression]()
        for request, picked in zip(requests, picks, strict=True):
            user = request.user
            account, day = reachable[user].id, claims[user].day
            new += [
                NewImpression(user, account, pick.paper, now, Place.DIGEST, pick, day)
                for pick in picked
            ]
        # What can be done without the database is done before or after: SQLite has one writer.
        columns = feedback_log.columns_of(new)
        async with writing(self._database) as db:
            meanwhile = await offers.meanwhile(db, new)
            if late := meanwhile.late:
                new = [impression for impression in new if impression.user not in late]
                columns = feedback_log.columns_of(new)
            known = self._shelf.papers_at_hand()
            recorded = await offers.record(db, new, columns, known, meanwhile.doubtful)
        standing = {request.user: request.feedback for request in requests}
        made = offers.made(recorded, standing)
        self._metrics.picks.labels(Place.DIGEST.value).inc(len(made))
        found: dict[int, list[Offer]] = {r.user: [] for r in requests if r.user not in late}
        for impression, offer in zip(new, made, strict=True):
            found[impression.user].append(offer)
        return found

    async def _chosen(
        self,
        db: AsyncSession,
        claims: Mapping[int, deliveries.Claimed],
        reachable: Collection[int],
    ) -> dict[int, list[Offer]]:
        """Return the digests that were chosen before and not sent."""
        found: dict[int, list[Offer]] = {}
        for user in reachable:
            shown = await deliveries.papers_of(db, user, claims[user].day)
            if shown:
                found[user] = await offers.as_shown(db, user, shown)
        return found

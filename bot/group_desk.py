"""Groups over storage: implements `bot.conversation.groups.GroupDesk`, and what the clock asks.

A group is a user among users, so schedule, outbox and ranking are those of `desk`. Members are
accounts: a vote makes nobody a reader who gets digests.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from bot import offers
from bot.conversation.events import Person, Place, Platform
from bot.conversation.group_cards import Votes
from bot.conversation.group_phrases import What
from bot.conversation.groups import Change, Drawn, Group, Voted
from bot.metrics import Metrics
from bot.readers import owed, owed_next, paused_until, schedule_of
from bot.schedule import end_of_pause
from bot.transactions import reading, writing
from recommender.feedback import Verdict
from recommender.papers import PaperId
from storage import bans, deliveries, feedback_log, groups, meeting, personal, users, votes
from storage.database import Database
from storage.users import FOREVER
from storage.votes import Vote

log = structlog.get_logger()

REMOVED = "removed"
"""Why nothing can be sent to a group that the bot was removed from."""


class GroupDesk:
    """clock: the time now, aware."""

    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime],
        *,
        metrics: Metrics | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._metrics = metrics or Metrics()

    # ------------------------------------------------------------------ administrators

    async def group(self, platform: Platform, place: Place) -> Group | None:
        async with reading(self._database) as db:
            found = await groups.find(db, platform.value, place.account)
        return None if found is None else _seen(found, self._clock())

    async def change(self, admin: Person, place: Place, change: Change) -> Group:
        platform = admin.platform.value
        async with writing(self._database) as db:
            group = await groups.find_or_create(
                db,
                platform,
                place.account,
                place.chat,
                place.home,
                admin.language,
                self._clock(),
                owed_next,
            )
            who = await self._member(db, admin)
            await groups.change(
                db,
                group.user.id,
                categories=change.categories,
                has_votes=change.has_votes,
                has_threads=change.has_threads,
                admin=who,
            )
            if change.language is not None:
                await users.set_language(db, group.user.id, change.language, is_chosen=True)
            await self._reschedule(db, group, change)
            await self._pause_or_go_on(db, group, change)
            changed = await groups.find(db, platform, place.account)
        assert changed is not None
        log.info("group.changed", group=changed.user.id, platform=platform)
        return _seen(changed, self._clock())

    async def _reschedule(self, db: AsyncSession, group: groups.Group, change: Change) -> None:
        if (wanted := change.schedule) is None:
            return
        await users.mark_reachable(db, group.account.id)
        await users.reschedule(
            db,
            group.user.id,
            self._clock(),
            owed_next,
            zone=wanted.zone if change.is_zone_known else None,
            push_at=wanted.at,
            push_days=wanted.days,
            picks=wanted.picks,
            is_quiet=wanted.is_quiet,
            is_filled=wanted.is_filled,
            account=group.account.id,
        )

    async def _pause_or_go_on(self, db: AsyncSession, group: groups.Group, change: Change) -> None:
        user, now = group.user.id, self._clock()
        match change.what:
            case What.PAUSE:
                schedule = change.schedule or schedule_of(group.user)
                until = FOREVER if change.days is None else end_of_pause(schedule, now, change.days)
                await users.pause(db, user, until, now, owed_next)
            case What.RESUME:
                await users.mark_reachable(db, group.account.id)
                await users.resume(db, user, now, owed_next)
            case What.STOP:
                await users.set_pushed(db, user, False, now, owed_next)
            case _:
                return

    async def forget(self, platform: Platform, place: Place) -> bool:
        async with writing(self._database) as db:
            group = await groups.find(db, platform.value, place.account)
            if group is None:
                return False
            await personal.forget(db, group.user.id)
        log.info("group.forgotten", group=group.user.id)
        return True

    # ------------------------------------------------------------------ coming and going

    async def left(self, platform: Platform, place: Place) -> None:
        async with writing(self._database) as db:
            for account in await self._accounts(db, platform, place):
                if account.unreachable is None:
                    await users.mark_unreachable(db, account.id, REMOVED)
                    log.info("group.left", group=account.user, platform=platform.value)

    async def joined(self, platform: Platform, place: Place) -> bool:
        async with writing(self._database) as db:
            known = await self._accounts(db, platform, place)
            for account in known:
                if account.unreachable in (None, bans.BANNED):
                    continue
                await users.mark_reachable(db, account.id)
                user = await users.by_id(db, account.user)
                assert user is not None
                await users.owe(db, user, self._clock(), owed_next)
                log.info("group.back", group=account.user, platform=platform.value)
        return bool(known)

    async def _accounts(
        self, db: AsyncSession, platform: Platform, place: Place
    ) -> Sequence[users.Account]:
        """Return the account of a group, or those of all groups of a server."""
        if place.account:
            found = await groups.find(db, platform.value, place.account)
            return [] if found is None else [found.account]
        return await groups.accounts_at(db, platform.value, place.home) if place.home else []

    # ------------------------------------------------------------------ votes

    async def vote(
        self,
        member: Person,
        place: Place,
        paper: PaperId,
        impression: int,
        verdict: Verdict,
    ) -> Voted:
        async with writing(self._database) as db:
            group = await groups.find(db, member.platform.value, place.account)
            if group is None:
                return Voted.NOT_HERE
            shown = await feedback_log.impression(db, impression, group.user.id)
            if shown is None or shown.paper != paper:
                return Voted.NOT_HERE
            if not group.settings.has_votes:
                return Voted.OFF
            voter = await self._member(db, member)
            vote = Vote(group.user.id, paper, voter, verdict, impression)
            before = await votes.cast(db, vote, group.account.id, self._clock())
        if before is verdict:
            return Voted.ALREADY
        self._metrics.taps.labels("vote").inc()
        return Voted.COUNTED if before is None else Voted.CHANGED

    async def _member(self, db: AsyncSession, member: Person) -> int:
        """Return the number of a member's account; nothing will be sent to it because of this."""
        found = await meeting.find_or_create(
            db,
            member.platform.value,
            member.account,
            None,
            member.language,
            self._clock(),
            owed_next,
            speaks_there=False,
        )
        return found.account.id

    async def drawn(self, platform: Platform, place: Place, impression: int) -> Drawn | None:
        async with reading(self._database) as db:
            group = await groups.find(db, platform.value, place.account)
            if group is None:
                return None
            alone = await feedback_log.impression(db, impression, group.user.id)
            if alone is None or alone.day is None:
                return None
            shown = await deliveries.papers_of(db, group.user.id, alone.day, alone.place)
            listed = await offers.as_shown(db, group.user.id, shown)
            found = await votes.tallies(db, group.user.id, [offer.paper.id for offer in listed])
        one = next((offer for offer in listed if offer.paper.id == alone.paper), None)
        if one is None:
            return None
        return Drawn(
            offers=listed,
            alone=one,
            day=alone.day,
            tallies={paper: Votes(tally.likes, tally.skips) for paper, tally in found.items()},
            has_votes=group.settings.has_votes,
            language=group.user.language,
        )


def _seen(group: groups.Group, now: datetime) -> Group:
    """Return a group as its administrators see it."""
    user, settings = group.user, group.settings
    return Group(
        schedule=schedule_of(user),
        is_zone_known=user.zone is not None,
        language=user.language,
        is_pushed=user.is_pushed,
        paused_until=paused_until(user, now),
        due=owed(user),
        stopped=group.account.unreachable or "",
        categories=settings.categories,
        has_votes=settings.has_votes,
        has_threads=settings.has_threads,
    )

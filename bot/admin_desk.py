"""What operators ask and order, over storage: implements `bot.conversation.admin.AdminDesk`.

And where their menu stands: implements `bot.conversation.ports.OperatorMenus`.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, date, datetime, timedelta

import structlog

from bot.conversation.admin import (
    LIKE_DAYS,
    Account,
    Broadcast,
    DayOfDigests,
    DayOfVisits,
    Freshness,
    ModelLikes,
    PlatformAccounts,
    Stage,
)
from bot.conversation.events import Platform
from bot.transactions import reading, writing
from storage import bans, broadcasts, figures, source_states, users
from storage.database import Database

log = structlog.get_logger()

VISIT_DAYS = timedelta(days=6)  # and today
DIGEST_DAYS = 4  # local days: where the sun rises first, tomorrow's digests come today by UTC
TALLIES = 3  # blocks that are counted when somebody asks; the scheduler counts all the time


class AdminDesk:
    """clock: the time now, aware."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def accounts(self) -> Sequence[PlatformAccounts]:
        async with reading(self._database) as db:
            found = await figures.accounts(db)
        return [PlatformAccounts(one.platform, one.n, one.unreachable, one.groups) for one in found]

    async def visits(self) -> Sequence[DayOfVisits]:
        async with reading(self._database) as db:
            found = await figures.visits(db, self._today() - VISIT_DAYS)
        return [DayOfVisits(one.day, one.platform, one.new, one.active) for one in found]

    async def likes(self) -> Sequence[ModelLikes]:
        for _ in range(TALLIES):
            async with writing(self._database) as db:
                if not await figures.tally(db, self._clock()):
                    break
        async with reading(self._database) as db:
            found = await figures.like_rates(db, self._today() - timedelta(days=LIKE_DAYS - 1))
        return [ModelLikes(one.model, one.is_exploring, one.shown, one.liked) for one in found]

    async def sources(self) -> Sequence[Freshness]:
        async with reading(self._database) as db:
            found = await source_states.source_states(db)
        return [
            Freshness(
                one.name,
                one.watermark or "",
                one.last_success,
                one.last_error or "",
                one.last_error_at,
                one.next_try,
            )
            for one in found
        ]

    async def digests(self) -> Sequence[DayOfDigests]:
        newest = self._today() + timedelta(days=1)
        days = [newest - timedelta(days=n) for n in range(DIGEST_DAYS)]
        async with reading(self._database) as db:
            states = {day: await figures.digests(db, day) for day in days}
            troubles = await figures.troubles(db, days[-1])
        return [
            DayOfDigests(
                day,
                tuple((state.value, n) for state, n in sorted(states[day].items())),
                tuple(
                    (one.platform or "", one.state.value, one.reason or "", one.n)
                    for one in troubles
                    if one.day == day
                ),
            )
            for day in days
            if states[day]
        ]

    # ------------------------------------------------------------------ broadcasts

    async def draft(self, words: str, pace: int) -> Broadcast:
        async with writing(self._database) as db:
            made = await broadcasts.draft(db, words, pace, self._clock())
        log.info("broadcast.drafted", broadcast=made.id, readers=made.total)
        return _shown(made)

    async def broadcast(self, number: int | None) -> Broadcast | None:
        async with reading(self._database) as db:
            found = await (
                broadcasts.newest(db) if number is None else broadcasts.by_id(db, number)
            )
        return None if found is None else _shown(found)

    async def set_pace(self, number: int, pace: int) -> None:
        async with writing(self._database) as db:
            await broadcasts.set_pace(db, number, pace)

    async def begin_broadcast(self, number: int) -> bool:
        async with writing(self._database) as db:
            is_begun = await broadcasts.begin(db, number, self._clock())
        if is_begun:
            log.info("broadcast.begun", broadcast=number)
        return is_begun

    async def cancel_broadcast(self, number: int) -> bool:
        async with writing(self._database) as db:
            is_cancelled = await broadcasts.cancel(db, number, self._clock())
        if is_cancelled:
            log.info("broadcast.cancelled", broadcast=number)
        return is_cancelled

    # ------------------------------------------------------------------ bans

    async def accounts_of(self, reader: int) -> Sequence[Account]:
        async with reading(self._database) as db:
            found = await users.accounts_of(db, [reader])
        return [(one.platform, one.external_id) for one in found[reader]]

    async def ban(self, account: Account) -> None:
        async with writing(self._database) as db:
            await bans.ban(db, *account, self._clock())
        log.info("account.banned", platform=account[0])

    async def unban(self, account: Account) -> None:
        async with writing(self._database) as db:
            await bans.unban(db, *account)
        log.info("account.let_in", platform=account[0])

    # ------------------------------------------------------------------ menus

    async def offered(self, platform: Platform) -> Collection[str]:
        async with reading(self._database) as db:
            return await users.with_operator_menu(db, platform.value)

    async def note(self, platform: Platform, account: str, *, is_offered: bool) -> bool:
        async with writing(self._database) as db:
            return await users.note_operator_menu(db, platform.value, account, has_it=is_offered)

    def _today(self) -> date:
        return self._clock().astimezone(UTC).date()


def _shown(one: broadcasts.Broadcast) -> Broadcast:
    return Broadcast(
        number=one.id,
        stage=Stage(one.stage.value),
        text=one.text,
        pace=one.pace,
        total=one.total,
        sends=tuple((state.value, n) for state, n in sorted(one.sends.items())),
    )

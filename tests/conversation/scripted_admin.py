"""What operators ask, answered from a few lists."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime

from bot.conversation.admin import (
    Broadcast,
    DayOfDigests,
    DayOfVisits,
    Freshness,
    ModelLikes,
    PlatformAccounts,
    Stage,
)

MONDAY = date(2026, 11, 23)
SIX = datetime(2026, 11, 23, 6, tzinfo=UTC)


@dataclass
class ScriptedAdmin:
    readers: int = 1204
    broadcasts: list[Broadcast] = field(default_factory=list)
    banned: set[tuple[str, str]] = field(default_factory=set)

    async def accounts(self):
        return [PlatformAccounts("discord", 1, 0), PlatformAccounts("telegram", 1203, 12, 3)]

    async def visits(self):
        return [DayOfVisits(MONDAY, "discord", 0, 1), DayOfVisits(MONDAY, "telegram", 7, 830)]

    async def likes(self):
        return [ModelLikes("als-7", False, 4000, 520), ModelLikes("als-7", True, 1000, 90)]

    async def sources(self):
        away = "HTTP 503 <html>"
        return [
            Freshness("arxiv", "2026-11-20", SIX, "", None, SIX.replace(hour=7)),
            Freshness("huggingface", "", None, away, SIX, None),
        ]

    async def digests(self):
        trouble = ("telegram", "failed", "blocked", 3)
        return [DayOfDigests(MONDAY, (("failed", 3), ("sent", 1188)), (trouble,))]

    async def draft(self, words, pace):
        number = len(self.broadcasts) + 1
        self.broadcasts.append(Broadcast(number, Stage.DRAFT, words, pace, self.readers))
        return self.broadcasts[-1]

    async def broadcast(self, number):
        return next((b for b in reversed(self.broadcasts) if number in (None, b.number)), None)

    async def set_pace(self, number, pace):
        self._change(number, pace=pace)

    async def begin_broadcast(self, number):
        before = await self.broadcast(number)
        if before is None or before.stage is not Stage.DRAFT:
            return False
        self._change(number, stage=Stage.SENDING, sends=(("claimed", 4), ("sent", 600)))
        return True

    async def cancel_broadcast(self, number):
        before = await self.broadcast(number)
        if before is None or before.stage not in (Stage.DRAFT, Stage.SENDING):
            return False
        self._change(number, stage=Stage.CANCELLED, text="")
        return True

    async def accounts_of(self, reader):
        return [("telegram", "2"), ("discord", "22")] if reader == 17 else []

    async def ban(self, account):
        self.banned.add(account)

    async def unban(self, account):
        self.banned.discard(account)

    def _change(self, number, **changes):
        self.broadcasts = [
            replace(one, **changes) if one.number == number else one for one in self.broadcasts
        ]

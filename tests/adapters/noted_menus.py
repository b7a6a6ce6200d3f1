"""Keeps in whose chats an adapter put the operators' menu."""

from collections.abc import Collection
from dataclasses import dataclass, field

from bot.conversation.events import Platform
from bot.conversation.ports import TemporarilyUnavailable


@dataclass
class NotedMenus:
    """known: the accounts that have spoken. is_away: whether nothing can be asked or noted."""

    known: set[str] = field(default_factory=set)
    have_it: set[str] = field(default_factory=set)
    is_away: bool = False

    async def offered(self, platform: Platform) -> Collection[str]:
        self._reach()
        return frozenset(self.have_it)

    async def note(self, platform: Platform, account: str, *, is_offered: bool) -> bool:
        self._reach()
        if account not in self.known:
            return False
        (self.have_it.add if is_offered else self.have_it.discard)(account)
        return True

    def _reach(self) -> None:
        if self.is_away:
            raise TemporarilyUnavailable

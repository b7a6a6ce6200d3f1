"""What all processes of an installation may send to a platform together, kept in Redis."""

from bot.adapters.pacing import Limits, UsedUp, Window
from bot.conversation.events import Platform
from storage.dialogue_state import Allowance, DialogueState


class SharedBudget:
    """Implements `bot.adapters.pacing.Budget`."""

    def __init__(self, state: DialogueState, platform: Platform, limits: Limits) -> None:
        self._state = state
        self._platform = platform
        self._overall = [self._allowance("all", window) for window in limits.overall]
        self._limits = limits

    async def spend(self, chat: str, *, is_group: bool) -> UsedUp | None:
        windows = self._limits.chat + (self._limits.group if is_group else ())
        of_chat = [self._allowance(f"chat:{chat}", window) for window in windows]
        spent = await self._state.spend([*self._overall, *of_chat])
        if spent is None:
            return None
        return UsedUp(spent.wait, None if spent.allowance in self._overall else chat)

    def _allowance(self, name: str, window: Window) -> Allowance:
        # One list for each window, for it is kept as long as the window is.
        return Allowance(f"{self._platform}:{name}:{window.count}", window.count, window.seconds)

"""What all processes of an installation may send to a platform together, kept in Redis."""

from bot.adapters.pacing import Limits, Urgency, UsedUp, Window
from bot.conversation.events import Platform
from bot.metrics import Metrics
from storage.dialogue_state import Allowance, DialogueState

# Seconds by which a shared window is longer than the platform's: a process counts its own sends
# from their answers on, but the others know only when one was about to begin.
_ON_THE_WAY = 0.06


class SharedBudget:
    """Implements `bot.adapters.pacing.Budget`.

    A silence that a platform asks one process for is kept by all of them. While Redis is away
    each process keeps what it was asked for itself.
    """

    def __init__(self, state: DialogueState, platform: Platform, limits: Limits) -> None:
        self._state = state
        self._platform = platform
        self._everything = f"{platform}:all"
        self._overall = [self._allowance(self._everything, window) for window in limits.overall]
        self._limits = limits

    async def spend(self, chat: str, *, is_group: bool) -> UsedUp | None:
        windows = self._limits.chat + (self._limits.group if is_group else ())
        of_chat = [self._allowance(self._named(chat), window) for window in windows]
        spent = await self._state.spend([*self._overall, *of_chat])
        if spent is None:
            return None
        is_overall = spent.allowance in self._overall
        return UsedUp(spent.wait, None if is_overall else chat, spent.is_silence)

    async def keep_silent(self, seconds: float, chat: str | None) -> None:
        name = self._everything if chat is None else self._named(chat)
        await self._state.silence(name, seconds)

    def _named(self, chat: str) -> str:
        return f"{self._platform}:chat:{chat}"

    def _allowance(self, name: str, window: Window) -> Allowance:
        return Allowance(name, window.count, window.seconds)


class PacingMeter:
    """Implements `bot.adapters.pacing.Meter`."""

    def __init__(self, metrics: Metrics, platform: Platform) -> None:
        self._waits = {
            urgency: metrics.waits.labels(platform.value, urgency.name.lower())
            for urgency in Urgency
        }
        self._silences = {
            is_overall: metrics.silences.labels(platform.value, scope)
            for is_overall, scope in ((True, "all"), (False, "chat"))
        }

    def waited(self, urgency: Urgency, seconds: float) -> None:
        self._waits[urgency].observe(seconds)

    def silenced(self, *, is_overall: bool) -> None:
        self._silences[is_overall].inc()

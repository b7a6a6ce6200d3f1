"""/schedule, /pause and /resume: when digests come, and when none does."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime

from bot.conversation import dialogue, words
from bot.conversation.clock_words import shown_now
from bot.conversation.dialogue import text
from bot.conversation.events import Command, Pressed
from bot.conversation.features import Actions, chosen, in_place, privately
from bot.conversation.language import _
from bot.conversation.messages import Action, Toast
from bot.conversation.ports import Desk, Reader
from bot.conversation.schedule_words import Misunderstood, understand
from bot.conversation.taps import Act, Tap
from bot.conversation.text import visible

_LONGEST_PAUSE = 365  # days
_PAUSE = re.compile(
    r"(?:(?:for|für) )?(?:([0-9]{1,4})|an?|one|eine?|einen) ?"
    r"(?:(?:d|days?|tage?n?)|(w|weeks?|wochen?))?",
    re.IGNORECASE,
)


class Scheduling:
    """A `Feature`. clock: the time now, aware."""

    def __init__(self, desk: Desk, clock: Callable[[], datetime]) -> None:
        self._desk = desk
        self._clock = clock
        self.commands = {
            "schedule": self._schedule,
            "pause": self._pause,
            "resume": self._resume,
        }
        self.buttons = {
            Act.SCHEDULE: self._schedule_tapped,
            Act.PAUSE: self._pause_tapped,
            Act.RESUME: self._resume_tapped,
        }

    # ------------------------------------------------------------------ commands

    async def _schedule(self, reader: Reader, command: Command) -> Actions:
        asked = visible(command.text)
        if not asked:
            yield privately(dialogue.schedule_menu(reader))
            return
        if clocks := shown_now(asked):
            yield privately(dialogue.places_menu(clocks, self._clock()))
            return
        changed, sentence = await self._rescheduled(reader, command.text)
        yield privately(dialogue.schedule_menu(changed, sentence) if changed else text(sentence))

    async def _pause(self, reader: Reader, command: Command) -> Actions:
        asked = visible(command.text)
        days = _days(asked)
        if asked and not 1 <= days <= _LONGEST_PAUSE:
            yield privately(text(_(words.PAUSE_WANTS_DAYS)))
            return
        yield privately(dialogue.paused(await self._desk.pause(reader, days or None)))

    async def _resume(self, reader: Reader, command: Command) -> Actions:
        yield privately(dialogue.resumed(await self._desk.resume(reader)))

    # ------------------------------------------------------------------ taps

    async def _schedule_tapped(self, reader: Reader, pressed: Pressed, tap: Tap) -> Actions:
        match tap.argument:
            case "":
                yield privately(dialogue.schedule_menu(reader))
            case dialogue.HOURS:
                yield in_place(pressed, dialogue.hours_menu(reader))
            case dialogue.BACK:
                yield in_place(pressed, dialogue.schedule_menu(reader))
            case phrase:
                changed, sentence = await self._rescheduled(reader, phrase)
                if changed is None:
                    yield Toast(sentence)
                    return
                for action in self._chosen(pressed, _(words.SCHEDULE_STORED), reader, changed):
                    yield action

    async def _pause_tapped(self, reader: Reader, pressed: Pressed, tap: Tap) -> Actions:
        changed = await self._desk.pause(reader, None)
        for action in self._chosen(pressed, _(words.PAUSED_FOR_EVER), reader, changed):
            yield action

    async def _resume_tapped(self, reader: Reader, pressed: Pressed, tap: Tap) -> Actions:
        changed = await self._desk.resume(reader)
        for action in self._chosen(pressed, _(words.RESUMED), reader, changed):
            yield action

    @staticmethod
    def _chosen(pressed: Pressed, said: str, before: Reader, after: Reader) -> Iterator[Action]:
        return chosen(pressed, said, dialogue.schedule_menu(before), dialogue.schedule_menu(after))

    # ------------------------------------------------------------------ both

    async def _rescheduled(self, reader: Reader, phrase: str) -> tuple[Reader | None, str]:
        """Return the reader with the new schedule and a remark, or None and what went wrong."""
        weekday = reader.local_day(self._clock()).weekday()
        found = understand(phrase, reader.schedule, weekday)
        if isinstance(found, Misunderstood):
            return None, found.sentence
        known = reader.is_zone_known or found.is_zone_given
        changed = await self._desk.reschedule(reader, found.schedule, is_zone_known=known)
        resumed = _(words.RESUMED) if reader.paused_until is not None else ""
        return changed, " ".join(filter(None, (_(words.SCHEDULE_STORED), found.remark, resumed)))


def _days(asked: str) -> int:
    """Return for how many days a pause is asked for, 0 where that cannot be understood."""
    found = _PAUSE.fullmatch(asked)
    return int(found[1] or 1) * (7 if found[2] else 1) if found else 0

"""What a tap on a paper does: a verdict, a bookmark, taking it back, the reasons, its card.

A tap is stored before it is acknowledged, then its card is drawn anew, and only then is the
next paper ranked.
"""

import re
from datetime import UTC, date, datetime
from functools import partial

from bot.conversation import cards, dialogue, words
from bot.conversation.dialogue import text
from bot.conversation.events import Command, Pressed
from bot.conversation.features import Actions, in_place, privately
from bot.conversation.language import _
from bot.conversation.messages import Edit, Message, Send, Toast, plain
from bot.conversation.ports import Desk, Offer, Reader, Stored, TemporarilyUnavailable
from bot.conversation.taps import Act, Tap
from recommender.feedback import Verdict
from recommender.papers import PaperId

_VERDICTS = {
    Act.LIKE: (Verdict.LIKE, words.LIKED_NOW),
    Act.SKIP: (Verdict.SKIP, words.SKIPPED_NOW),
    Act.OFF_TOPIC: (Verdict.OFF_TOPIC, words.OFF_TOPIC_NOW),
    Act.KNOWN: (Verdict.KNOWN, words.KNOWN_NOW),
    Act.NOT_NOW: (Verdict.NOT_NOW, words.NOT_NOW_NOW),
}


class Judging:
    """A `Feature`. ACTS: what its buttons do, each about a paper."""

    ACTS = (*_VERDICTS, Act.SAVE, Act.UNDO, Act.OPEN, Act.WHY)

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.commands = {"undo": self._undo}
        self.buttons = {
            **dict.fromkeys((*_VERDICTS, Act.SAVE, Act.UNDO), self._judged),
            Act.OPEN: self._opened,
            Act.WHY: self._explained,
        }

    async def _undo(self, reader: Reader, command: Command) -> Actions:
        stored = await self._desk.undo(reader, command.event)
        if stored is None:
            yield privately(text(_(words.NOTHING_TO_UNDO)))
            return
        again = cards.card_message(stored.offer, is_alone=True)
        yield privately(Message(plain(_(words.UNDONE_NOW)), again.card, buttons=again.buttons))

    async def _opened(self, reader: Reader, pressed: Pressed, tap: Tap) -> Actions:
        offer = await self._desk.offer(reader, _paper(tap))
        yield Send(cards.card_message(offer, is_alone=True))

    async def _explained(self, reader: Reader, pressed: Pressed, tap: Tap) -> Actions:
        shown = await self._shown(reader, tap)
        yield privately(cards.why_message(shown)) if shown else Toast(_(words.FOREIGN_BUTTON))

    async def _judged(self, reader: Reader, pressed: Pressed, tap: Tap) -> Actions:
        shown = await self._shown(reader, tap)
        if shown is None:
            yield Toast(_(words.FOREIGN_BUTTON))
            return
        stored, toast = await self._store(reader, pressed.event, shown, tap)
        yield Toast(toast)
        if stored is None:
            return
        redrawn = await self._redrawn(reader, tap, stored)
        if redrawn is not None and tap.impression is None:  # whose button it was nobody knows
            yield in_place(pressed, redrawn)
        elif redrawn is not None and pressed.message is not None:
            yield Edit(pressed.message, redrawn)
        if _calls_for_the_next(tap, stored):
            yield await next_card(self._desk, reader, _(words.NEXT_IS_AWAY))

    async def _shown(self, reader: Reader, tap: Tap) -> Offer | None:
        """Return the paper as the button's message shows it; None for somebody else's button."""
        shown = await self._desk.offer_again(reader, tap.impression or 0, _paper(tap))
        return shown if tap.impression in (None, shown.impression) else None

    async def _store(
        self, reader: Reader, event: str, shown: Offer, tap: Tap
    ) -> tuple[Stored | None, str]:
        """Return what was stored, and how to acknowledge it."""
        paper = shown.paper.id
        store = partial(self._desk.store, reader, event, paper, tap.impression, shown=shown)
        if tap.act is Act.UNDO:
            undone = await self._desk.undo(reader, event, paper)
            return undone, _(words.UNDONE_NOW if undone else words.NOTHING_TO_UNDO_HERE)
        if tap.act is Act.SAVE:
            stored = await store(save=True)
            return stored, _(words.SAVED_NOW if stored.changed else words.SAVED_ALREADY)
        verdict, sentence = _VERDICTS[tap.act]
        if tap.act is Act.SKIP and tap.argument:  # a digest has no room to ask why
            sentence = words.SKIPPED_IN_DIGEST
        if tap.act is Act.LIKE and tap.inside:  # no other paper follows here
            sentence = words.LIKED_ALONE
        stored = await store(verdict=verdict)
        return stored, _(sentence if stored.changed else words.ALREADY[verdict.value])

    async def _redrawn(self, reader: Reader, tap: Tap, stored: Stored) -> Message | None:
        """Return the tapped message as it is now: a card, or the digest the paper stands in."""
        day = _day(tap.argument)
        if day is None:
            return cards.card_message(stored.offer, is_alone=tap.inside)
        offers = await self._desk.digest_of(reader, tap.impression or 0)
        if not offers:
            return None
        waiting = await self._desk.waiting(reader, offers)
        return cards.digest_message(offers, day, len(offers), waiting=waiting)


async def next_card(desk: Desk, reader: Reader, when_away: str) -> Send:
    """Return the next card; what was stored before stays stored if it cannot be ranked."""
    try:
        offer = await desk.next_offer(reader)
        if offer is not None:
            return Send(cards.card_message(offer, is_alone=False))
        status = await desk.status(reader)
    except TemporarilyUnavailable:
        return Send(text(when_away))
    return Send(dialogue.nothing_left(is_sample=status.is_sample))


def _calls_for_the_next(tap: Tap, stored: Stored) -> bool:
    """A first like or skip on a card of the flow; a mind that changes gets no further card."""
    is_first = stored.changed and stored.before.verdict is None
    return is_first and tap.act in (Act.LIKE, Act.SKIP) and not tap.inside


def _paper(tap: Tap) -> PaperId:
    """Return the paper that a button is about; no paper has the number 0."""
    return PaperId(tap.paper or 0)


def _day(argument: str) -> date | None:
    """Return the day that a digest's button carries, None on other buttons."""
    if not re.fullmatch(r"[0-9]{8}", argument):
        return None
    try:
        return datetime.strptime(argument, "%Y%m%d").replace(tzinfo=UTC).date()
    except ValueError:
        return None

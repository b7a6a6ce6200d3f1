"""From an update to the last thing said about it.

Every chat has two lanes. In the first its events are stored and taps acknowledged, in
order; in the second what follows is said, in order. So a quick reader's fifth tap is kept
and confirmed while the card after the first one still waits for its turn to be sent.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import structlog
from telegram import ForceReply, InlineQuery, Update
from telegram.error import TelegramError

from bot.adapters import telegram_looks
from bot.adapters.looks import Looks
from bot.adapters.pacing import Urgency
from bot.adapters.redraws import Redraws
from bot.adapters.telegram_files import fetched
from bot.adapters.telegram_hear import Heard, Tapped, group_as_person, hear, pressed, ref_of
from bot.adapters.telegram_inline import InlineAnswers
from bot.adapters.telegram_menu import OperatorMenu
from bot.adapters.telegram_pacing import MARGIN, Turn
from bot.adapters.telegram_render import render, toast
from bot.adapters.telegram_request import Flood, NotSent, ServerTrouble
from bot.adapters.telegram_send import Manner, TelegramBot, deliver, revise
from bot.adapters.telegram_standing import with_standing
from bot.conversation import words
from bot.conversation.commands import takes_files
from bot.conversation.events import Left, MessageRef, Moved
from bot.conversation.language import ENGLISH, N_, _, speak
from bot.conversation.manners import is_counted
from bot.conversation.messages import (
    Action,
    Ask,
    Edit,
    Message,
    Redraw,
    Revise,
    Send,
    Toast,
    plain,
)
from bot.conversation.ports import Answering, DeliveryError, RecipientGone, TryLater
from bot.conversation.suggestions import Suggesting

log = structlog.get_logger()

ONLY_IN_PRIVATE = N_("I can show that only in private: open a chat with me first.")
SLOW = N_("One moment, I am still at it.")
PAUSES = (0.2, 0.5, 1.0, 2.0)  # before a tap is answered again, when that was not carried out
TAP_TIMEOUT = 4.0
LAST_REDRAW = 0.5  # seconds that what many people change still gets at the end
REMEMBERED = 10_000  # updates known by number, so that one that comes again is not heard twice


@dataclass(frozen=True, slots=True)
class Patience:
    """How long things may take, in seconds.

    tap: until a tap's clock stops turning, whatever else; Telegram allows about 10.
    acknowledge: how long the rest waits for Telegram to take the answer to a tap.
    store: until an event is stored; then it is given up.
    say: until all that follows is said.
    silence: the longest `retry_after` that an answer sits out.
    redraw: between two edits of what many people change in one chat; of the 20 messages that
        Telegram lets into a group each minute, edits among them, that leaves half for others.
    follow: how long what follows a tap waits until the cards of all who tap are marked, and how
        long a tap may hold up others so.
    """

    tap: float = 4.0
    acknowledge: float = 1.0
    store: float = 30.0
    say: float = 90.0
    silence: float = 30.0
    redraw: float = 6.0
    follow: float = 0.5


class Lanes:
    """Jobs of one lane run one after the other, lanes side by side. Jobs do not raise."""

    def __init__(self) -> None:
        self._jobs: dict[tuple[str, str], deque[Callable[[], Awaitable[None]]]] = {}
        self.tasks: set[asyncio.Task[None]] = set()
        self.are_closed = False  # from then on nothing may begin

    def put(self, lane: tuple[str, str], job: Callable[[], Awaitable[None]]) -> None:
        if lane in self._jobs:
            self._jobs[lane].append(job)
        else:
            self._jobs[lane] = deque([job])
            self.own(asyncio.create_task(self._work(lane)))

    def own(self, task: asyncio.Task[None]) -> None:
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _work(self, lane: tuple[str, str]) -> None:
        try:
            while self._jobs[lane]:
                await self._jobs[lane].popleft()()
        finally:
            del self._jobs[lane]


class Marking:
    """Taps whose cards are not marked yet.

    When many tap at once, all see that they were heard before anybody's next card is chosen.
    seconds: after which a tap holds nobody up any more, whatever keeps its own card.
    """

    UNHEARD = -1
    """Stands for taps that Telegram still holds, which nobody has the numbers of."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._taps: dict[int, asyncio.TimerHandle] = {}
        self._is_over = asyncio.Event()
        self._is_over.set()

    def begin(self, update: int) -> None:
        if timer := self._taps.get(update):
            timer.cancel()
        loop = asyncio.get_running_loop()
        self._taps[update] = loop.call_later(self._seconds, self.end, update)
        self._is_over.clear()

    def end(self, update: int) -> None:
        """Again it does nothing."""
        if timer := self._taps.pop(update, None):
            timer.cancel()
        if not self._taps:
            self._is_over.set()

    async def over(self) -> None:
        """Wait until none is left, but no longer than one tap may hold up another."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._seconds):
                await self._is_over.wait()


class Tap:
    """The answer that Telegram wants for every tap: exactly once, in time."""

    def __init__(self, bot: TelegramBot, query: str, update: int) -> None:
        self._bot = bot
        self._query = query
        self._update = update
        self._is_answered = False
        self._timer: asyncio.TimerHandle | None = None

    async def answer(self, text: str = "") -> None:
        if self._is_answered:
            return
        self._is_answered = True
        if self._timer:
            self._timer.cancel()
        for pause in (*PAUSES, 0.0):
            try:
                await self._bot.answer_callback_query(
                    self._query, toast(text) or None, read_timeout=TAP_TIMEOUT
                )
                return
            except (NotSent, ServerTrouble) as error:
                failure = type(error).__name__
            except Flood as flood:
                failure, pause = "Flood", min(flood.after + MARGIN, TAP_TIMEOUT)
            except TelegramError as error:  # too old, mostly: nothing is lost but the toast
                failure = type(error).__name__
                break
            await asyncio.sleep(pause)
        log.info("telegram.tap_unanswered", update=self._update, error=failure)

    def answer_within(self, seconds: float, language: str, lanes: Lanes) -> None:
        """Answer in time even if nobody else does."""

        def hurry() -> None:
            if not lanes.are_closed:
                lanes.own(asyncio.create_task(self._hurried(language)))

        self._timer = asyncio.get_running_loop().call_later(seconds, hurry)

    async def _hurried(self, language: str) -> None:
        speak(language)
        await self.answer(_(SLOW))


@dataclass(slots=True)
class Answer:
    """What is being said in answer to an event. last: the message that was sent last."""

    heard: Heard
    tap: Tap | None = None
    last: MessageRef | None = None


class Answers:
    """Hears updates and lets the conversation answer them."""

    def __init__(
        self,
        bot: TelegramBot,
        answering: Answering,
        patience: Patience,
        suggesting: Suggesting | None = None,
        menu: OperatorMenu | None = None,
    ) -> None:
        """suggesting: answers inline queries; without it they are not heard.

        menu: offered to operators as soon as they speak, for before there is no chat.
        """
        self._bot = bot
        self._answering = answering
        self._inline = InlineAnswers(bot, suggesting) if suggesting else None
        self._menu = menu
        self._patience = patience
        self._turn = Turn(Urgency.ANSWER, patience.silence)
        self._redraws = Redraws(self._redraw, patience.redraw)
        self._looks = Looks()
        self._lanes = Lanes()
        self._marking = Marking(patience.follow)
        self._known: OrderedDict[int, asyncio.Future[None]] = OrderedDict()

    def expect(self, *, more: bool) -> None:
        """Know whether Telegram holds more updates than it gave, to be taken as soon as may be."""
        if more:
            self._marking.begin(Marking.UNHEARD)
        else:
            self._marking.end(Marking.UNHEARD)

    async def room(self, limit: int) -> None:
        """Wait while more than so many chats and taps are being looked after."""
        while len(self._lanes.tasks) > limit:
            await asyncio.wait(self._lanes.tasks, return_when=asyncio.FIRST_COMPLETED)

    def take(self, raw: dict[str, Any]) -> asyncio.Future[None]:
        """Begin with an update as Telegram sent it.

        The future is done once the update is stored and a tap's answer is sent, or given up
        and logged; so whom a kill kept from an answer is answered after it. It is cancelled
        when the program ends before. An update that comes again is the same.
        """
        number = int(raw.get("update_id", 0))
        if number in self._known:
            return self._known[number]
        stored = self._remember(number)
        heard = self._heard(number, raw)
        if heard is None:
            stored.set_result(None)
            return stored
        tap = Tap(self._bot, heard.query, number) if heard.query else None
        if tap:
            self._marking.begin(number)
            language = heard.event.person.language or ENGLISH
            tap.answer_within(self._patience.tap, language, self._lanes)
        self._lanes.put((heard.lane, "hear"), partial(self._hear, heard, tap, stored))
        return stored

    async def finish(self, seconds: float) -> None:
        """Let what is under way come to its end for so long, then break off."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while self._lanes.tasks and loop.time() < end:
            await asyncio.wait(
                self._lanes.tasks, timeout=end - loop.time(), return_when=asyncio.FIRST_COMPLETED
            )
        self._lanes.are_closed = True
        left = list(self._lanes.tasks)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        await self._redraws.finish(max(end - loop.time(), LAST_REDRAW))
        for stored in self._known.values():
            stored.cancel()

    def _remember(self, number: int) -> asyncio.Future[None]:
        stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._known[number] = stored
        while len(self._known) > REMEMBERED and next(iter(self._known.values())).done():
            self._known.popitem(last=False)
        return stored

    def _heard(self, number: int, raw: dict[str, Any]) -> Heard | None:
        try:
            if query := raw.get("callback_query"):
                return pressed(number, query)
            update = Update.de_json(raw, self._bot)
            if update.inline_query:
                self._asked_inline(update.inline_query)
                return None  # nothing of it is stored
            return hear(update, self._bot)
        except (TypeError, KeyError, ValueError, AttributeError) as error:
            log.warning("telegram.update_unreadable", update=number, error=type(error).__name__)
            return None

    def _asked_inline(self, query: InlineQuery) -> None:
        if self._inline and not query.from_user.is_bot:
            self._lanes.own(asyncio.create_task(self._inline.take(query)))

    async def _hear(self, heard: Heard, tap: Tap | None, stored: asyncio.Future[None]) -> None:
        """Store the event, acknowledge a tap, and leave the rest to the second lane."""
        actions = self._actions(heard)
        first: Action | None = None
        failed = False
        try:
            async with asyncio.timeout(self._patience.store):
                first = await anext(actions, None)
        except TimeoutError:
            failed = True
            log.error("telegram.event_too_slow", update=heard.update)
        except Exception:  # a process catches once, at the top; here that is once per event
            failed = True
            log.exception("telegram.event_failed", update=heard.update)
        if failed and is_counted(heard.event):  # nobody waits for an answer to the others
            first = Toast(_(words.WENT_WRONG))
        if tap:
            toasted = isinstance(first, Toast)
            said = first.text if isinstance(first, Toast) else ""
            answering = asyncio.create_task(tap.answer(said))
            self._lanes.own(answering)
            await asyncio.wait([answering], timeout=self._patience.acknowledge)
            first = None if toasted and failed else first
        if not stored.done():
            stored.set_result(None)
        person = heard.event.person
        if self._menu and person.is_private and self._menu.lacks(person.account):
            self._lanes.own(asyncio.create_task(self._menu.spoke(person.account)))
        answer = Answer(heard, tap)
        self._lanes.put((heard.lane, "say"), partial(self._say, answer, first, actions))

    async def _actions(self, heard: Heard) -> AsyncIterator[Action]:
        event = heard.event
        if heard.document and takes_files(event):
            event = replace(event, files=(await fetched(self._bot, heard.document),))
        event = await with_standing(self._bot, event)
        async for action in self._answering.answer(event):
            yield action

    async def _say(
        self, answer: Answer, action: Action | None, actions: AsyncIterator[Action]
    ) -> None:
        heard = answer.heard
        try:
            async with asyncio.timeout(self._patience.say):
                while action is not None:
                    if not await self._perform(answer, action):
                        break
                    if answer.tap is not None and isinstance(action, Edit):
                        action = await self._followed(heard, actions)
                    else:
                        action = await anext(actions, None)
        except TimeoutError:
            log.error("telegram.answer_too_slow", update=heard.update)
        except Exception:  # as above: a bug in one answer must not end the others
            log.exception("telegram.answer_failed", update=heard.update)
        finally:
            self._marking.end(heard.update)

    async def _followed(self, heard: Heard, actions: AsyncIterator[Action]) -> Action | None:
        """Return what follows a card that is marked, once all others are."""
        self._marking.end(heard.update)
        await self._marking.over()
        return await anext(actions, None)

    async def _perform(self, answer: Answer, action: Action) -> bool:
        """Return whether it makes sense to go on with the next action."""
        heard = answer.heard
        try:
            await self._act(answer, action)
        except RecipientGone as gone:
            log.info("telegram.recipient_gone", update=heard.update, why=gone.why)
            if not gone.why:  # where we may not write, we are all the same
                await self._left(heard)
            return False
        except DeliveryError as error:
            log.warning("telegram.answer_not_sent", update=heard.update, error=type(error).__name__)
            return not isinstance(error, TryLater)
        return True

    async def _act(self, answer: Answer, action: Action) -> None:
        match action:
            case Toast(text=text) if answer.tap:
                await answer.tap.answer(text)
            case Toast(text=text):
                await self._send(answer, Message(plain(text)))
            case Send(message=message, is_private=True) if not answer.heard.event.person.is_private:
                await self._send_privately(answer, message)
            case Send(message=message):
                await self._send(answer, message)
            case Redraw(ref=ref, draw=draw):
                self._redraws.put(ref, draw)
            case Edit(ref=ref, message=message):
                await self._edit(answer, ref, message)
            case Revise(message=message) if answer.last:
                await self._edit(answer, answer.last, message)
            case Revise(message=message):
                await self._send(answer, message)
            case Ask(question=question, placeholder=placeholder):
                reply = ForceReply(input_field_placeholder=placeholder)
                await self._send_privately(answer, question, reply)

    async def _edit(self, answer: Answer, ref: MessageRef, message: Message) -> None:
        if not await self._drawn(ref, message, answer.heard.tapped):
            await self._send(answer, message)

    async def _redraw(self, ref: MessageRef, message: Message) -> None:
        """Raises one of the DeliveryErrors; a message that is gone stays as it was."""
        await self._drawn(ref, message)

    async def _drawn(self, ref: MessageRef, message: Message, tapped: Tapped | None = None) -> bool:
        """Edit a message unless it shows this already; return False when it stands no more.

        Raises one of the DeliveryErrors.
        """
        drawn = render(message, self._bot.found_as)
        look = telegram_looks.look(drawn)
        told = telegram_looks.told(tapped) if tapped and ref_of(tapped) == ref else None
        if self._looks.stands(ref, look, told):
            return True
        return await self._looks.draw(ref, look, lambda: revise(self._bot, ref, drawn, self._turn))

    async def _send(self, answer: Answer, message: Message) -> None:
        heard = answer.heard
        manner = Manner(self._turn, thread=heard.thread)
        answer.last = await deliver(
            self._bot, heard.chat, message, manner, partial(self._moved, heard)
        )

    async def _send_privately(
        self, answer: Answer, message: Message, reply: ForceReply | None = None
    ) -> None:
        """Say in the asker's own chat what a group should not read."""
        heard = answer.heard
        asker, manner = heard.event.person.account, Manner(self._turn, reply=reply)
        try:
            answer.last = await deliver(
                self._bot, asker, message, manner, partial(self._moved, heard)
            )
        except RecipientGone:  # they never opened a chat with the bot, or closed it
            group = heard.event.person.group
            if group is None or not group.is_channel:  # there it would be a post to all
                await self._send(answer, Message(plain(_(ONLY_IN_PRIVATE))))

    async def _left(self, heard: Heard) -> None:
        person = heard.event.person
        gone = person if person.is_private else group_as_person(heard.chat)
        await self._tell(Left(f"{heard.update}:gone", gone))

    async def _moved(self, heard: Heard, old: str, new: str) -> None:
        await self._tell(Moved(f"{heard.update}:moved", group_as_person(old), old, new))

    async def _tell(self, event: Left | Moved) -> None:
        """Let the conversation know something that needs no answer."""
        async for __ in self._answering.answer(event):
            pass

"""How an answer reaches the person: through the interaction that asked, or into the channel.

An interaction wants its one acknowledgement within three seconds and takes further answers
for fifteen minutes. In a server only the asker sees what the bot answers; the same message
is then edited through the interaction, because a channel knows nothing of it.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager, suppress
from typing import NoReturn, Protocol

import discord
import structlog

from bot.adapters import discord_looks
from bot.adapters.discord_hear import Place, is_about_a_message
from bot.adapters.discord_render import Payload, form, render
from bot.adapters.discord_rest import EPHEMERAL, TROUBLES, Rest, deliver, edit, meaning
from bot.adapters.looks import Looks
from bot.adapters.redraws import Redraws
from bot.conversation import words
from bot.conversation.events import MessageRef
from bot.conversation.language import N_, _
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
from bot.conversation.ports import DeliveryError, RecipientGone
from bot.conversation.suggestions import Choice

log = structlog.get_logger()

DEADLINE = 2.7  # seconds; an acknowledgement that comes after 3 is refused
LONGEST = 120.0  # seconds that one event may keep its task
LIFETIME = 14.5 * 60  # seconds; the interaction's token dies after 15 minutes

ONLY_TO_YOU = N_(
    "I can show that only to you: type / and choose the command from the list, or allow direct "
    "messages from this server."
)

# The kinds of acknowledgement.
_MESSAGE, _DEFERRED, _UNCHANGED, _UPDATE, _CHOICES, _FORM = 4, 5, 6, 7, 8, 9
_EXPIRED = {10062, 10015, 50027}  # unknown interaction, unknown webhook, token of old


class _Gone(Exception):
    """The interaction takes no answer any more."""


class Reply(Protocol):
    """Performs actions for one event. Calls do not overlap except for `hold_on`."""

    async def hold_on(self) -> None:
        """Show that an answer will come, unless there is one already."""

    async def perform(self, action: Action) -> None:
        """Raises DeliveryError, or what discord.py and aiohttp raise."""

    async def finish(self) -> None:
        """Say what was kept back, and leave nothing waiting."""


class InteractionReply:
    """Answers a slash command or a button."""

    def __init__(
        self,
        rest: Rest,
        interaction: discord.Interaction,
        where: Place,
        born: float,
        redraws: Redraws,
        looks: Looks,
    ) -> None:
        self._rest = rest
        self._redraws = redraws
        self._looks = looks
        self._tapped = interaction.message
        self._id = str(interaction.id)
        self._token = interaction.token
        self._application = str(interaction.application_id)
        self._is_tap = interaction.type is discord.InteractionType.component
        # A form cannot be answered by another one.
        self._is_form = interaction.type is discord.InteractionType.modal_submit
        self._is_aside = is_about_a_message(interaction)  # others talk there, not with us
        self._where = where
        self._born = born  # by the loop's clock
        self._gate = asyncio.Lock()
        self._is_acknowledged = False
        self._is_thinking = False
        self._is_gone = False
        self._has_shown = False
        self._toast = ""
        self._said = 0  # whole answers, by token or not
        self._sent = 0  # of those, into the channel

    async def hold_on(self) -> None:
        async with self._gate:
            if not self._is_acknowledged:
                with suppress(_Gone):
                    await self._defer()

    async def perform(self, action: Action) -> None:
        async with self._gate:
            match action:
                case Toast(text=text):
                    self._toast = text
                case Redraw(ref=ref, draw=draw):
                    self._redraws.put(ref, draw)
                case Send(message=message, is_private=is_private):
                    await self._say(message, is_private=is_private)
                case Edit(ref=ref, message=message) if ref.message != self._where.tapped:
                    await _edit(self._rest, self._looks, ref, message)
                case Edit(message=message) if self._where.is_tapped_public:
                    await self._say(message, is_private=True)
                case Edit(message=message):
                    await self._redraw(message)
                case Revise(message=message):
                    await self._revise(message)
                case Ask():
                    await self._ask(action)

    async def finish(self) -> None:
        async with self._gate:
            if self._toast and not self._has_shown:
                await self._say(Message(plain(self._toast)), is_private=True)
            with suppress(_Gone):
                if not self._is_acknowledged:
                    await self._defer()
                if self._is_thinking:
                    self._is_thinking = False
                    await self._rest.delete_answer(self._application, self._token)

    @property
    def _is_for_the_asker(self) -> bool:
        return self._is_aside or not self._where.is_dm

    async def _say(self, message: Message, *, is_private: bool) -> None:
        self._has_shown = True
        self._said += 1
        # In a direct message only asides are ephemeral, such as the reasons behind a card: what
        # a command says should still be there tomorrow.
        is_private = self._is_for_the_asker or (is_private and self._is_tap)
        body = render(message)
        try:
            await self._say_by_token(body | ({"flags": EPHEMERAL} if is_private else {}))
        except _Gone:
            await self._say_in_channel(body)

    async def _say_by_token(self, body: Payload) -> None:
        if self._is_tap and not self._is_acknowledged:
            await self._defer()  # so that the tapped card can still be edited
        if not self._is_acknowledged:
            await self._acknowledge({"type": _MESSAGE, "data": body})
            return
        if self._is_thinking:
            flagless = {key: value for key, value in body.items() if key != "flags"}
            await self._by_token(self._rest.edit_answer, flagless)
            self._is_thinking = False
            return
        await self._by_token(self._rest.follow_up, body)

    async def _redraw(self, message: Message) -> None:
        """Draw the tapped message anew, unless it shows this already; the tap is answered then."""
        self._has_shown = True
        body = render(message)
        look = discord_looks.look(body)
        ref = MessageRef(self._where.channel, self._where.tapped)
        if not self._looks.stands(ref, look, discord_looks.told(self._tapped)):
            await self._looks.draw(ref, look, lambda: self._drawn(ref, body))

    async def _drawn(self, ref: MessageRef, body: Payload) -> bool:
        """Return whether the message shows it now."""
        try:
            if not self._is_acknowledged:
                await self._acknowledge({"type": _UPDATE, "data": body})
            else:
                await self._by_token(self._rest.edit_answer, body)
        except _Gone:
            if not self._where.is_dm:
                log.info("discord.answer_lost", about=self._id)
                return False
            await self._rest.edit(ref, body)
        return True

    async def _ask(self, ask: Ask) -> None:
        """Show a form, which only the acknowledgement can; later say how to answer without."""
        with suppress(_Gone):
            if not self._is_acknowledged and not self._is_form:
                await self._acknowledge({"type": _FORM, "data": form(ask)})
                self._has_shown = True
                return
        await self._say(ask.otherwise, is_private=True)

    async def _revise(self, message: Message) -> None:
        """Edit the one thing that was said; by a token only that can be edited."""
        if self._is_tap or self._said != 1:
            await self._say(message, is_private=self._is_for_the_asker)
            return
        with suppress(_Gone):
            await self._by_token(self._rest.edit_answer, render(message))

    async def _say_in_channel(self, body: Payload) -> None:
        if not self._where.is_dm:  # others would read it
            log.info("discord.answer_lost", about=self._id)
            return
        self._sent += 1
        await deliver(self._rest, self._where.channel, body, f"{self._id}:{self._sent}")

    async def _defer(self) -> None:
        if self._is_tap:
            await self._acknowledge({"type": _UNCHANGED})
            return
        flags = {"flags": EPHEMERAL} if self._is_for_the_asker else {}
        await self._acknowledge({"type": _DEFERRED, "data": flags})
        self._is_thinking = True

    async def _acknowledge(self, body: Payload) -> None:
        left = self._born + DEADLINE - asyncio.get_running_loop().time()
        if self._is_gone or left <= 0:
            self._lost()
        try:
            await self._rest.respond(self._id, self._token, body, left)
        except discord.HTTPException as refusal:
            if refusal.code not in _EXPIRED:
                raise
            self._lost()
        except TimeoutError:
            self._lost()
        self._is_acknowledged = True

    async def _by_token(
        self, request: Callable[[str, str, Payload], Awaitable[None]], body: Payload
    ) -> None:
        age = asyncio.get_running_loop().time() - self._born
        if self._is_gone or age > LIFETIME:
            self._lost()
        try:
            await request(self._application, self._token, body)
        except discord.HTTPException as refusal:
            if refusal.code not in _EXPIRED:
                raise
            self._lost()

    def _lost(self) -> NoReturn:
        self._is_gone = self._is_acknowledged = True
        self._is_thinking = False
        raise _Gone


async def propose(
    rest: Rest, interaction: discord.Interaction, choices: Sequence[Choice], born: float
) -> None:
    """Show choices below what somebody is typing; too late for them nothing is lost.

    born: when the interaction came, by the loop's clock.
    """
    left = born + DEADLINE - asyncio.get_running_loop().time()
    shown = [{"name": choice.label, "value": choice.value} for choice in choices]
    body = {"type": _CHOICES, "data": {"choices": shown}}
    try:
        if left > 0:
            await rest.respond(str(interaction.id), interaction.token, body, left)
    except TROUBLES as trouble:  # they have typed on, mostly
        log.info("discord.choices_lost", error=type(trouble).__name__)


class ChannelReply:
    """Answers something that was written: in a direct message, or where the bot was mentioned.

    private: the DM channel for what only the writer should see, if there is one. Where it is
        closed, they are told once how to see it all the same.
    """

    def __init__(
        self, rest: Rest, event: str, where: Place, private: str | None, looks: Looks
    ) -> None:
        self._rest = rest
        self._looks = looks
        self._event = event
        self._where = where
        self._private = private
        self._has_shown = False
        self._has_refused = False
        self._toast = ""
        self._sent = 0
        self._last: MessageRef | None = None  # what was sent last

    async def hold_on(self) -> None:
        with suppress(*TROUBLES):
            await self._rest.type_in(self._where.channel)

    async def perform(self, action: Action) -> None:
        match action:
            case Toast(text=text):
                self._toast = text
            case Send(message=message, is_private=is_private):
                await self._say(message, is_private=is_private)
            case Edit(ref=ref, message=message):
                await _edit(self._rest, self._looks, ref, message)
            case Ask(otherwise=message):
                await self._say(message, is_private=True)
            case Revise(message=message) if self._last:
                await _edit(self._rest, self._looks, self._last, message)
            case Revise(message=message):
                await self._say(message, is_private=True)
            case Redraw():
                return  # only a button asks for that

    async def finish(self) -> None:
        if self._toast and not self._has_shown:
            await self._say(Message(plain(self._toast)), is_private=False)

    async def _say(self, message: Message, *, is_private: bool) -> None:
        self._has_shown = True
        if self._where.is_dm:
            await self._send(self._where.channel, render(message))
        elif is_private:
            await self._say_privately(message)
        else:
            await self._say_here(message)

    async def _say_privately(self, message: Message) -> None:
        if self._private is not None:
            try:
                await self._send(self._private, render(message))
            except RecipientGone:  # they let nobody of this server write to them
                self._private = None
            else:
                return
        log.info("discord.answer_lost", about=self._event)
        if not self._has_refused:
            self._has_refused = True
            await self._say_here(Message(plain(_(ONLY_TO_YOU))))

    async def _say_here(self, message: Message) -> None:
        """Answer in the server's channel, below what was written."""
        above = {"message_id": self._event, "fail_if_not_exists": False}
        await self._send(self._where.channel, render(message) | {"message_reference": above})

    async def _send(self, channel: str, body: Payload) -> None:
        self._sent += 1
        self._last = await deliver(self._rest, channel, body, f"{self._event}:{self._sent}")


async def answer(
    reply: Reply,
    actions: AsyncGenerator[Action],
    lane: AbstractAsyncContextManager[None],
    *,
    patience: float,
    event: str,
) -> None:
    """Perform what an event leads to; the first action inside the person's lane.

    patience: seconds until the person is told to hold on. Bugs are logged and admitted;
    they end this answer and no other.
    """
    async with _alarm(reply, patience), aclosing(actions):
        try:
            async with asyncio.timeout(LONGEST):
                async with lane:
                    action = await anext(actions, None)
                    if action is not None:
                        await _perform(reply, action, event)
                async for action in actions:
                    await _perform(reply, action, event)
        except Exception:  # a process catches once, at the top; here that is once per event
            log.exception("discord.event_failed", about=event)
            await _perform(reply, Send(Message(plain(_(words.WENT_WRONG))), is_private=True), event)
        try:
            await reply.finish()
        except (DeliveryError, *TROUBLES) as trouble:
            _note(trouble, event)


@asynccontextmanager
async def _alarm(reply: Reply, patience: float) -> AsyncIterator[None]:
    async def ring() -> None:
        await asyncio.sleep(patience)
        try:
            await reply.hold_on()
        except TROUBLES as trouble:
            _note(trouble, "hold_on")

    task = asyncio.create_task(ring())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _perform(reply: Reply, action: Action, event: str) -> None:
    try:
        await reply.perform(action)
    except (DeliveryError, *TROUBLES) as trouble:
        _note(trouble, event)


async def _edit(rest: Rest, looks: Looks, ref: MessageRef, message: Message) -> None:
    """Edit a message that the bot sent into a channel; one that is gone stays as it was."""
    try:
        await edit(rest, looks, ref, message)
    except discord.NotFound:
        log.info("discord.message_gone", message=ref.message)


def _note(trouble: BaseException, event: str) -> None:
    problem = meaning(trouble) if isinstance(trouble, TROUBLES) else trouble
    code = getattr(trouble, "code", 0)
    log.warning("discord.answer_not_sent", about=event, error=type(problem).__name__, code=code)

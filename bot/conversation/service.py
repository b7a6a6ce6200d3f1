"""The conversation: an event in, what to say out, everything that is kept through the desk.

The order is the promise: what an event changes is stored before the first action, the
acknowledgement follows, and only then is the next paper ranked.
"""

from collections.abc import Callable, Sequence
from contextlib import aclosing, suppress
from dataclasses import replace
from datetime import datetime
from functools import partial

from bot.conversation import authority, cards, dialogue, words
from bot.conversation.account import BY_LINK
from bot.conversation.bans import is_shut_out
from bot.conversation.commands import meant
from bot.conversation.deep_links import INVITED, code_of, paper_of
from bot.conversation.dialogue import text
from bot.conversation.events import (
    Command,
    Event,
    Filled,
    Joined,
    Left,
    Moved,
    Person,
    Pressed,
    Said,
    SentFile,
)
from bot.conversation.features import (
    Actions,
    ClosedFeature,
    Feature,
    FileReader,
    FormReader,
    Listener,
    privately,
    readable_in,
)
from bot.conversation.groups import Groups
from bot.conversation.judging import Judging, next_card
from bot.conversation.language import ENGLISH, _, nearest, speak, spoken
from bot.conversation.manners import EndlessPatience, Patience, is_counted, slow_down
from bot.conversation.messages import Action, Send, Toast
from bot.conversation.ports import (
    AskedTooMuch,
    Desk,
    Reader,
    SourceUnavailable,
    TemporarilyUnavailable,
    UnknownPaper,
)
from bot.conversation.saved import Saved
from bot.conversation.scheduling import Scheduling
from bot.conversation.taps import Act, Tap, decode
from recommender.papers import PaperId

_ABOUT_A_PAPER = frozenset([*Judging.ACTS, Act.MORE])


class Conversation:
    """Implements `ports.Answering`. clock: the time now, aware."""

    def __init__(
        self,
        desk: Desk,
        clock: Callable[[], datetime],
        features: Sequence[Feature] = (),
        files: Sequence[FileReader] = (),
        closed: Sequence[ClosedFeature] = (),
        listeners: Sequence[Listener] = (),
        forms: Sequence[FormReader] = (),
        groups: Groups | None = None,
        patience: Patience | None = None,
    ) -> None:
        self._desk = desk
        self._clock = clock
        self._files = files
        self._listeners = listeners
        self._forms = {act: read for part in forms for act, read in part.forms.items()}
        self._groups = groups
        self._patience = patience or EndlessPatience()
        self._commands: dict[str, Callable[[Command], Actions]] = {
            "start": self._start,
            "pick": self._pick,
            "today": self._today,
            "status": self._status,
            "help": self._help,
        }
        self._buttons: dict[Act, Callable[[Reader, Pressed, Tap], Actions]] = {
            Act.NEXT: self._next_tapped
        }
        own: tuple[Feature, ...] = (Judging(desk), Saved(desk), Scheduling(desk, clock))
        for feature in (*own, *features):
            self._commands |= {n: partial(self._asked, do) for n, do in feature.commands.items()}
            self._buttons |= feature.buttons
        for part in closed:
            self._commands |= {
                n: partial(self._if_for, part, do) for n, do in part.commands.items()
            }
            self._buttons |= {
                act: partial(self._if_tapped_for, part, do) for act, do in part.buttons.items()
            }

    async def answer(self, event: Event) -> Actions:
        """Speak the person's language in the task that takes a step; the steps' tasks may differ.

        It goes on being spoken there, for what an adapter says by itself.
        """
        language = nearest(event.person.language or ENGLISH)
        async with aclosing(self._answered(event)) as actions:
            while True:
                speak(language)
                action = await anext(actions, None)
                language = spoken()
                if action is None:
                    return
                yield action

    async def _answered(self, event: Event) -> Actions:
        has_answered = False
        try:
            async with aclosing(self._heard(event)) as actions:
                async for action in actions:
                    has_answered = True
                    yield action
        except TemporarilyUnavailable:
            if isinstance(event, Left | Joined | Moved) or has_answered:
                return
            yield _refusal(event, _(words.NOTHING_STORED))

    async def _heard(self, event: Event) -> Actions:
        if is_counted(event):
            slowed = await self._patience.tried(event.person)
            if await is_shut_out(self._desk, event.person):
                return
            if slowed is not None:
                if (polite := slow_down(event, slowed)) is not None:
                    yield polite
                return
        if isinstance(event, Command):
            event = replace(event, name=meant(event.name))
        if isinstance(event, Said) and authority.asked_about(event):
            event = await self._meant(event)
        if self._groups is not None and (answer := _groups_part(self._groups, event)) is not None:
            if isinstance(event, Command | Pressed):
                await self._speak_to(event.person)
            async for action in answer:
                yield action
            return
        match event:
            case Command(name=name, person=person):
                respond = self._commands.get(name, self._unknown)
                async for action in respond(event):
                    yield action if person.is_private else _for_the_asker(action)
            case Pressed(person=person):
                async for action in self._pressed(event):
                    yield action if person.is_private else _for_the_asker(action)
            case Said() if found := readable_in(event.files, self._files):
                async for action in self._read(event, *found):
                    yield action if event.person.is_private else _for_the_asker(action)
            case Said():
                async for action in self._said(event):
                    yield action
            case Filled():
                async for action in self._filled(event):
                    yield action
            case Left(person=person) if self._groups is not None and person.group is not None:
                await self._groups.left(person.platform, person.group)
            case Left(person=person):
                await self._desk.left(person)
            case Moved(person=person, new_chat=new_chat):
                await self._desk.moved(person, new_chat)
            case Joined() if self._groups is not None:
                async for action in self._groups.joined(event):
                    if not await self._is_greeted_by_nobody(event):
                        yield action
            case Joined():
                return  # nobody here looks after groups

    async def _is_greeted_by_nobody(self, joined: Joined) -> bool:
        """Whether a group, or who took the bot into it, is shut out."""
        person = joined.person
        return await is_shut_out(self._desk, person) or (
            bool(joined.by) and await is_shut_out(self._desk, replace(person, account=joined.by))
        )

    async def _meant(self, said: Said) -> Said | Command:
        """Return what somebody means by a channel's post or name: its digest, or what it says."""
        if self._groups is not None and await self._groups.is_meant(said):
            name = authority.channel_alone(said) or ""
            return Command(said.event, said.person, authority.COMMAND, name)
        return replace(said, person=replace(said.person, group=None))

    # ------------------------------------------------------------------ commands

    async def _start(self, command: Command) -> Actions:
        start = command.text.strip()
        if code := code_of(start):
            link = self._commands.get(BY_LINK, self._unknown)
            async for action in link(replace(command, name=BY_LINK, text=code)):
                yield action
            return
        reader, paper = await self._reader(command.person), paper_of(start)
        if reader.is_new or (paper is None and start != INVITED):
            reader = await self._switched_on(reader)
            yield Send(dialogue.welcome(reader, is_invited=start == INVITED))
        elif start == INVITED:
            yield Send(text(_(words.INVITED_ALREADY)))
        yield await self._opened(reader, paper)
        for news in _of_reach(reader):
            yield news

    async def _switched_on(self, reader: Reader) -> Reader:
        """Return the reader with their digest switched on; who only opens a link asks for none."""
        if reader.is_pushed and reader.paused_until is None:
            return reader
        resumed = await self._desk.resume(reader)
        return replace(resumed, back_from=reader.back_from)

    async def _opened(self, reader: Reader, paper: PaperId | None) -> Send:
        """Return the paper that a link into the bot names; without one the next card."""
        if paper is not None:
            with suppress(UnknownPaper, TemporarilyUnavailable):
                offer = await self._desk.offer(reader, paper)
                return Send(cards.card_message(offer, is_alone=False))
        return await next_card(self._desk, reader, _(words.RANKING_AWAY))

    async def _pick(self, command: Command) -> Actions:
        reader = await self._reader(command.person)
        yield await next_card(self._desk, reader, _(words.RANKING_AWAY))
        for news in _of_reach(reader):
            yield news

    async def _today(self, command: Command) -> Actions:
        reader = await self._reader(command.person)
        offers = await self._desk.digest(reader)
        # A digest that stands may have been made when another number was wanted.
        day, waiting = reader.local_day(self._clock()), await self._desk.waiting(reader, offers)
        yield Send(cards.digest_message(offers, day, len(offers), waiting=waiting))
        for news in _of_reach(reader):
            yield news

    async def _status(self, command: Command) -> Actions:
        reader = await self._reader(command.person)
        yield privately(dialogue.status(await self._desk.status(reader), self._clock()))

    async def _help(self, command: Command) -> Actions:
        await self._speak_to(command.person)
        yield Send(dialogue.help_message())

    async def _asked(
        self, respond: Callable[[Reader, Command], Actions], command: Command
    ) -> Actions:
        """Let a feature answer, and say what it could not have."""
        reader = await self._reader(command.person)
        async for action in _honest(respond(reader, command)):
            yield action

    async def _if_for(
        self,
        part: ClosedFeature,
        respond: Callable[[Reader, Command], Actions],
        command: Command,
    ) -> Actions:
        """Let a part answer whom it is for; others asked for a command that we do not know."""
        is_for = part.is_for(command.person)
        async for action in self._asked(respond, command) if is_for else self._unknown(command):
            yield action

    async def _if_tapped_for(
        self,
        part: ClosedFeature,
        respond: Callable[[Reader, Pressed, Tap], Actions],
        reader: Reader,
        pressed: Pressed,
        tap: Tap,
    ) -> Actions:
        is_for = part.is_for(pressed.person)
        async for action in (respond if is_for else self._of_old)(reader, pressed, tap):
            yield action

    async def _unknown(self, command: Command) -> Actions:
        await self._speak_to(command.person)
        yield Send(dialogue.unknown_command(command.name.lower()))

    # ------------------------------------------------------------------ free text

    async def _read(self, said: Said, part: FileReader, file: SentFile) -> Actions:
        reader = await self._reader(said.person)
        async for action in _honest(part.read(reader, said, file)):
            yield action

    async def _said(self, said: Said) -> Actions:
        listener = next((one for one in self._listeners if one.hears(said)), None)
        if listener is None:
            await self._speak_to(said.person)
            yield Send(text(_(words.NOT_UNDERSTOOD)))
            return
        reader = await self._reader(said.person)
        async for action in _honest(listener.heard(reader, said)):
            yield action

    async def _filled(self, filled: Filled) -> Actions:
        tap = decode(filled.data)
        read = self._forms.get(tap.act) if tap else None
        if tap is None or read is None:
            await self._speak_to(filled.person)
            yield privately(text(_(words.OLD_BUTTON)))
            return
        reader = await self._reader(filled.person)
        async for action in _honest(read(reader, filled, tap)):
            yield action

    # ------------------------------------------------------------------ taps

    async def _pressed(self, pressed: Pressed) -> Actions:
        tap = decode(pressed.data)
        if tap is None or (tap.act in _ABOUT_A_PAPER and tap.paper is None):
            await self._speak_to(pressed.person)
            yield Toast(_(words.OLD_BUTTON))
            return
        reader = await self._tapping(pressed.person, tap)
        if reader is None:
            yield Toast(_(words.FOREIGN_BUTTON))
            return
        respond = self._buttons.get(tap.act, self._of_old)
        try:
            async for action in respond(reader, pressed, tap):
                yield action
        except UnknownPaper:
            yield Toast(_(words.PAPER_GONE))
        if reader.back_from:
            yield privately(text(dialogue.back_again(reader)))

    async def _next_tapped(self, reader: Reader, pressed: Pressed, tap: Tap) -> Actions:
        yield await next_card(self._desk, reader, _(words.RANKING_AWAY))

    async def _of_old(self, reader: Reader, pressed: Pressed, tap: Tap) -> Actions:
        yield Toast(_(words.OLD_BUTTON))

    # ------------------------------------------------------------------ parts

    async def _reader(self, person: Person) -> Reader:
        """Return the reader behind a person, and speak their language from now on."""
        reader = await self._desk.reader(person)
        speak(reader.language)
        return reader

    async def _tapping(self, person: Person, tap: Tap) -> Reader | None:
        """Return who taps; None for a stranger on a card that was made for a reader.

        Whoever was forgotten has such cards still, and stays a stranger until they say a word.
        """
        if tap.impression is None:
            return await self._reader(person)
        if reader := await self._desk.known(person):
            speak(reader.language)
        return reader

    async def _speak_to(self, person: Person) -> None:
        """Speak a person's language where nothing else of them matters; never fails."""
        with suppress(TemporarilyUnavailable):
            if language := await self._desk.language(person):
                speak(language)


async def _honest(actions: Actions) -> Actions:
    """Pass on what a part does, and say what it could not have."""
    try:
        async for action in actions:
            yield action
    except UnknownPaper:
        yield Send(text(_(words.NO_SUCH_PAPER)))
    except AskedTooMuch:
        yield Send(text(_(words.ASKED_TOO_MUCH)))
    except SourceUnavailable:
        yield Send(text(_(words.SOURCE_AWAY)))


def _groups_part(groups: Groups, event: Event) -> Actions | None:
    """Return the answer to what is said to or about a group, None for everything else.

    It makes nobody a reader, and others may read it.
    """
    match event:
        case Command(name=name) if meant(name) == authority.COMMAND:
            return groups.asked(event)
        case Pressed(data=data) if tap := decode(data):
            answers = {Act.GROUP: groups.tapped, Act.VOTE: groups.voted}
            return answers[tap.act](event, tap) if tap.act in answers else None
    return None


def _of_reach(reader: Reader) -> list[Send]:
    """Return what is to be said of a digest that could not be delivered; mostly nothing."""
    if reader.unreachable:
        return [privately(text(dialogue.push_state(reader)))]
    return [privately(text(dialogue.back_again(reader)))] if reader.back_from else []


def _for_the_asker(action: Action) -> Action:
    """Keep a pick and its reasons from the others in a group: they tell of one person's taste."""
    return replace(action, is_private=True) if isinstance(action, Send) else action


def _refusal(event: Event, sentence: str) -> Action:
    return Toast(sentence) if isinstance(event, Pressed) else Send(text(sentence))

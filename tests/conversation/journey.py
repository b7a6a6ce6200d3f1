"""Play a person who talks to the conversation, and read along.

What was answered is written down as a transcript: `> ` what the person did, `! ` a toast,
`~ ` an edited message, and new messages as they are, their buttons in brackets.
"""

from bot.conversation.events import (
    Command,
    Event,
    Filled,
    MessageRef,
    Person,
    Platform,
    Pressed,
    Quoted,
    Said,
    SentFile,
)
from bot.conversation.messages import Action, Ask, Edit, Message, Redraw, Revise, Send, Toast
from bot.conversation.ports import Answering

ADA = Person(Platform.TELEGRAM, "1", "1")
BOB = Person(Platform.TELEGRAM, "2", "2")


class Journey:
    def __init__(self, answering: Answering, person: Person = ADA) -> None:
        self._answering = answering
        self._person = person
        self._events = 0
        self.messages: dict[MessageRef, Message] = {}
        self.transcript: list[str] = []
        self.actions: list[Action] = []

    async def command(self, line: str, *files: SentFile) -> list[Action]:
        """Use a command, with files where it takes some."""
        name, _, text = line.removeprefix("/").partition(" ")
        text = "\n".join(filter(None, (text, *(file.name for file in files))))
        self.transcript.append(f"> {line}")
        return await self._hear(Command(self._event(), self._person, name, text, files))

    async def say(self, text: str, *links: str) -> list[Action]:
        self.transcript.append(f"> {text}")
        return await self._hear(Said(self._event(), self._person, text, links))

    async def reply(self, text: str, to: MessageRef) -> list[Action]:
        """Reply to a message of the bot's."""
        self.transcript.append(f"> {text}")
        spans = self.messages[to].text
        links = tuple(span.url for span in spans if span.url)
        quoted = Quoted("".join(span.text for span in spans), links)
        return await self._hear(Said(self._event(), self._person, text, answers=quoted))

    async def fill(self, data: str, text: str) -> list[Action]:
        """Send a form back."""
        return await self._hear(Filled(self._event(), self._person, data, text))

    async def send(self, name: str, content: bytes | None) -> list[Action]:
        """Send a file."""
        self.transcript.append(f"> {name}")
        file = SentFile(name, content)
        return await self._hear(Said(self._event(), self._person, name, files=(file,)))

    async def tap(self, label: str, on: MessageRef | None = None) -> list[Action]:
        """Tap the newest button with this label, or the one on a message."""
        for ref, message in reversed(self.messages.items()):
            for button in (button for row in message.rows for button in row):
                if button.label == label and on in (None, ref):
                    self.transcript.append(f"> [{label}]")
                    return await self.press(button.data, ref)
        raise AssertionError(f"no button {label!r}")

    async def press(self, data: str, ref: MessageRef | None, event: str = "") -> list[Action]:
        rows = self.messages[ref].rows if ref in self.messages else ()
        shown = tuple((button.data, button.is_chosen) for row in rows for button in row)
        return await self._hear(Pressed(event or self._event(), self._person, data, ref, shown))

    @property
    def last(self) -> str:
        return "\n".join(self.transcript)

    def newest(self) -> MessageRef:
        return next(reversed(self.messages))

    async def _hear(self, event: Event) -> list[Action]:
        self.actions = []
        async for action in self._answering.answer(event):
            self.actions.append(action)
            match action:
                case Toast(text=text):
                    self.transcript.append(f"! {text}")
                case Send(message=message) | Ask(question=message):
                    ref = MessageRef("1", f"{self._person.account}.{len(self.messages) + 1}")
                    self.messages[ref] = message
                    self.transcript += shown(message)
                case Edit(ref=ref, message=message):
                    self._redrawn(ref, message)
                case Revise(message=message):
                    self._redrawn(self.newest(), message)
                case Redraw(ref=ref, draw=draw):
                    if (drawn := await draw()) is not None:
                        self._redrawn(ref, drawn)
        return self.actions

    def _redrawn(self, ref: MessageRef, message: Message) -> None:
        self.messages[ref] = message
        self.transcript += [f"~ {line}" for line in shown(message)]

    def _event(self) -> str:
        self._events += 1
        return f"{self._person.account}-{self._events}"


def shown(message: Message) -> list[str]:
    """Return a message as lines: its words, then its buttons."""
    lines = "".join(span.text for span in message.text).splitlines()
    if message.card:
        lines.append(" | ".join(p for p in (message.card.title, message.card.mark) if p))
    if message.digest:
        lines.append(message.digest.heading)
        for item in message.digest.items:
            card = item.card
            lines.append(" | ".join(p for p in (f"{item.number}. {card.title}", card.mark) if p))
        lines += [message.digest.footing] * bool(message.digest.footing)
    return lines + [
        " ".join(f"[{'*' * button.is_chosen}{button.label}]" for button in row)
        for row in message.rows
    ]


def length(message: Message) -> int:
    """Return how many characters a message shows, buttons aside."""
    count = sum(len(span.text) for span in message.text)
    cards = [message.card] if message.card else []
    if message.digest:
        cards += [item.card for item in message.digest.items]
        count += len(message.digest.heading) + len(message.digest.footing)
    for card in cards:
        pieces = (card.title, card.authors, *card.details, card.summary, card.reason)
        pieces += (card.mark, card.note, *(label for label, _ in card.links))
        count += sum(len(piece) + 1 for piece in pieces)
    return count

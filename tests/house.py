"""A desk on real storage and a real model, what many tests begin with."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from bot.conversation.events import MessageRef, Person, Platform
from bot.conversation.messages import Message
from bot.conversation.ports import Begin, Reader
from bot.desk import Desk
from bot.shelf import Shelf
from recommender.encoder import Encoder
from storage import catalogue
from storage.catalogue import NewPaper
from storage.database import Database
from storage.sources.elsewhere import Described

TOPICS = {
    "cs.RO": "robot grasping manipulation tactile gripper arm motion planning",
    "cs.CL": "language model translation tokens summarization dialogue corpus",
    "astro-ph.GA": "galaxy redshift spectra star formation halo survey telescope",
    "q-bio.NC": "neurons cortex spikes synaptic plasticity brain imaging mice",
    "math.NT": "primes modular forms elliptic curves zeta function conjecture",
}


def papers_of(day: date, n_each: int = 8, first: int = 0) -> list[NewPaper]:
    """Return papers of five topics announced on one day; every title and id is its own."""
    papers = []
    for topic, (category, vocabulary) in enumerate(TOPICS.items()):
        words = vocabulary.split()
        for n in range(n_each):
            number = first + topic * n_each + n
            some = [words[(n + i) % len(words)] for i in range(5)]
            papers.append(
                NewPaper(
                    key=f"arxiv:{day:%y%m}.{number:05d}",
                    title=f"{' '.join(some).title()} {number}",
                    abstract=f"We study {' and '.join(some)}. Results on {words[n % len(words)]}.",
                    announced=day,
                    authors=("Ada Lovelace", "Emmy Noether"),
                    categories=(category,),
                    version=1,
                )
            )
    return papers


class NoSource:
    """A source that has nothing: look-ups find only what the catalogue holds."""

    async def by_keys(self, reader: Reader, keys: Collection[str]) -> None:
        """Nothing is found."""

    async def by_title(self, reader: Reader, title: str) -> None:
        """Nothing is found."""

    async def described(
        self, reader: Reader, papers: Collection[str]
    ) -> dict[str, Described | None]:
        """Nothing is known."""
        return {}


@dataclass
class Sent:
    chat: str
    message: Message
    nonce: str
    is_quiet: bool


@dataclass
class RecordingMessenger:
    """Keeps what is sent; raises what the test put in for a chat, once each."""

    sent: list[Sent] = field(default_factory=list)
    refusals: dict[str, list[Exception]] = field(default_factory=dict)

    async def send(
        self,
        chat: str,
        message: Message,
        *,
        nonce: str,
        is_quiet: bool,
        begin: Begin | None = None,
    ) -> Sequence[MessageRef]:
        if begin is not None:
            await begin()
        if self.refusals.get(chat):
            raise self.refusals[chat].pop(0)
        self.sent.append(Sent(chat, message, nonce, is_quiet))
        return [MessageRef(chat, str(len(self.sent)))]

    def to(self, chat: str) -> list[Message]:
        return [sent.message for sent in self.sent if sent.chat == chat]


async def stocked(database: Database, papers: Sequence[NewPaper], now: datetime) -> None:
    """Take papers into the catalogue."""
    async with database.writing() as db:
        await catalogue.take_in(db, papers, now)


async def open_desk(
    database: Database, encoder: Encoder, clock: Callable[[], datetime], data_dir: Path
) -> Desk:
    """Return a desk whose shelf holds everything that is in the catalogue."""
    shelf = Shelf(database, data_dir, lambda _: encoder)
    await shelf.refresh()
    return Desk(database, shelf, NoSource(), clock)


def person(name: str = "7", platform: Platform = Platform.TELEGRAM) -> Person:
    return Person(platform, name, f"chat-{name}", is_private=True, language="en")

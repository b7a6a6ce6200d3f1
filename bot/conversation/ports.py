"""What the conversation asks of the world, and how the world may refuse.

DeskError
├── TemporarilyUnavailable   nothing was stored: say so, and ask to try again
├── UnknownPaper             no catalogue and no source has it
└── SourceUnavailable        the catalogue lacks it, and the source cannot be asked now
DeliveryError
├── RecipientGone            blocked, deleted or kicked: stop sending to this chat
├── TryLater(after)          the platform asks for patience; still worth sending
│   └── PlatformAway         whoever it is for: the platform itself cannot be reached
├── OutcomeUnknown           it may or may not have arrived; never sent twice blindly
└── Refused                  the platform will not take this message, now or later
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from bot.conversation.events import Event, MessageRef, Person, Platform
from bot.conversation.messages import Action, Message
from bot.schedule import Due, Schedule
from recommender.feedback import Verdict
from recommender.papers import Paper, PaperId
from recommender.picks import Pick


class DeskError(Exception):
    """What was asked could not be done."""


class TemporarilyUnavailable(DeskError):
    """The database is away; nothing was stored."""


class UnknownPaper(DeskError):
    """Neither the catalogue nor a source knows it."""


class SourceUnavailable(DeskError):
    """The catalogue does not have it and the source cannot be asked at the moment."""


class AskedTooMuch(SourceUnavailable):
    """The source was not asked, because people have asked it for so much: a minute helps."""


class ReaderGone(DeskError):
    """What is kept about the reader was deleted, or joined to another's, while this went on."""


class DeliveryError(Exception):
    """A message did not arrive."""


class RecipientGone(DeliveryError):
    """Blocked, deleted or kicked: stop sending to this chat.

    why: what the platform says of a group's channel, where it says so: "no_permission" (we may
        not write there), "no_access" (we do not see it), "gone" (it was deleted); else empty.
    """

    def __init__(self, about: str = "", why: str = "") -> None:
        super().__init__(about)
        self.why = why


class TryLater(DeliveryError):
    """The platform asks for patience; the message is still worth sending."""

    def __init__(self, after: timedelta) -> None:
        super().__init__(f"try again in {after}")
        self.after = after


class PlatformAway(TryLater):
    """The platform cannot be reached or fails at everything; surely nothing was sent."""


class OutcomeUnknown(DeliveryError):
    """The connection broke after the message was handed over."""


class Refused(DeliveryError):
    """The platform says this message is malformed or forbidden for good."""


@dataclass(frozen=True, slots=True)
class Reader:
    """What the conversation knows of the one it talks to: a person, or a group as one.

    is_new: this is their first word to us.
    account: our number of the account they speak through.
    is_pushed: whether digests are switched on at all.
    paused_until: None when not paused; `FOREVER` for a pause without an end.
    due: the next digest, None while pushing is off or paused without an end.
    push_place: where the digest goes: "here", the name of another platform, or empty when no
        account of theirs can be reached.
    unreachable: why the last digest could not be delivered to this account, empty if it could.
    back_from: the same, when it can be reached again since this very word.
    language: a code that `language.nearest` understands. is_language_chosen: whether they said
        so; otherwise it is what their platform says.
    """

    id: int
    account: int
    is_new: bool = False
    schedule: Schedule = field(default_factory=Schedule)
    is_zone_known: bool = False
    is_pushed: bool = True
    paused_until: datetime | None = None
    due: Due | None = None
    push_place: str = "here"
    unreachable: str = ""
    back_from: str = ""
    surprise: int = 2
    language: str = "en"
    is_language_chosen: bool = False

    def local_day(self, moment: datetime) -> date:
        """Return the day that a moment is in where they are."""
        return moment.astimezone(ZoneInfo(self.schedule.zone)).date()


@dataclass(frozen=True, slots=True)
class Opinion:
    """What stands between a reader and a paper."""

    verdict: Verdict | None = None
    is_saved: bool = False


@dataclass(frozen=True, slots=True)
class Offer:
    """A paper about to be shown.

    pick: None when the person asked for this very paper.
    impression: what its buttons carry.
    because: titles of the papers that the pick's score parts name.
    opinions: what the reader says of those papers now. Where it is missing "liked" is said,
        so a paper that is only saved or known belongs in here.
    may_be_seen: it stood in a digest of which nobody knows whether it arrived.
    note: what the reader wrote on it; only where the asker alone will see it.
    is_similar: the person asked for papers like the one that the pick's only part names.
    is_for_group: it is a group that reads this, so the reason speaks of it.
    """

    paper: Paper
    impression: int
    pick: Pick | None = None
    opinion: Opinion = Opinion()
    because: Mapping[PaperId, str] = field(default_factory=dict)
    opinions: Mapping[PaperId, Opinion] = field(default_factory=dict)
    may_be_seen: bool = False
    note: str = ""
    is_similar: bool = False
    is_for_group: bool = False


@dataclass(frozen=True, slots=True)
class Stored:
    """The outcome of a tap that changes something.

    changed: False when the very same was already so ("already").
    offer: the paper with the opinion that stands now, for drawing its card anew.
    before: the opinion before.
    """

    changed: bool
    offer: Offer
    before: Opinion


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one day's digest. `state` is storage's word: sent, empty, failed, unknown …

    retry: when a digest that waits is tried again.
    """

    due: Due
    state: str
    reason: str = ""
    retry: datetime | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """What /status tells. taught: papers liked, saved or known, of which interests are made."""

    reader: Reader
    likes: int
    skips: int
    saved: int
    taught: int
    last: Delivery | None
    papers: int
    newest: datetime | None  # when papers last came in; None while only the sample is there
    newest_day: str  # the newest announcement day, ISO
    source_troubles: tuple[str, ...]
    model: str
    is_sample: bool


class Desk(Protocol):
    """Where the conversation gets everything that is kept, fetched or ranked.

    Every method may raise TemporarilyUnavailable. Whatever a method reports as done is
    committed. `event` makes a repeated event harmless.
    """

    async def reader(self, person: Person) -> Reader: ...

    async def known(self, person: Person) -> Reader | None:
        """Return the reader behind a person; None, and nobody becomes one, if there is none."""

    async def next_offer(self, reader: Reader) -> Offer | None:
        """Choose, record and return the next card; None when nothing unseen is left."""

    async def digest(self, reader: Reader) -> Sequence[Offer]:
        """Return today's digest: the delivered one if there is one, else fresh picks.

        Today is the reader's local day. Asked again on the same day it returns the same
        papers, so fresh picks are recorded as the digest of that day.
        """

    async def waiting(self, reader: Reader, offers: Sequence[Offer]) -> int:
        """Return how many new papers of followed authors a digest of these had no room for.

        0 also when that cannot be told just now; never raises.
        """

    async def digest_of(self, reader: Reader, impression: int) -> Sequence[Offer]:
        """Return the digest that an impression belongs to, to draw it anew after a tap.

        The same papers in the same order with the same impressions and picks, each with
        the opinion that stands now; empty when there is no such digest.
        """

    async def store(
        self,
        reader: Reader,
        event: str,
        paper: PaperId,
        impression: int | None,
        *,
        verdict: Verdict | None = None,
        save: bool | None = None,
        shown: Offer | None = None,
    ) -> Stored:
        """Store a verdict or a bookmark (True sets, False removes). Raises UnknownPaper.

        shown: what `offer_again` has just returned; without it that is asked again.
        """

    async def undo(self, reader: Reader, event: str, paper: PaperId | None = None) -> Stored | None:
        """Take back the last thing said of a paper, or of any; None when there is nothing."""

    async def offer(self, reader: Reader, paper: PaperId) -> Offer:
        """Return a paper with the opinion and the reason that stand. Raises UnknownPaper."""

    async def offer_again(self, reader: Reader, impression: int, paper: PaperId) -> Offer:
        """Return a paper as that impression showed it, with the opinion that stands now.

        An impression that is not this reader's counts as none. Raises UnknownPaper.
        """

    async def saved(
        self, reader: Reader, page: int, sought: str = ""
    ) -> tuple[Sequence[Offer], int]:
        """Return one page (10) of saved papers, newest first, and how many there are.

        sought: words that all stand in a paper's title, authors, abstract or note; a `#tag`
            must stand in the note.
        """

    async def tags(self, reader: Reader) -> Sequence[str]:
        """Return the `#tags` in the notes on saved papers, those of most papers first."""

    async def reschedule(
        self, reader: Reader, schedule: Schedule, *, is_zone_known: bool
    ) -> Reader: ...

    async def pause(self, reader: Reader, days: int | None) -> Reader:
        """Pause for so many days, or without an end."""

    async def resume(self, reader: Reader) -> Reader: ...

    async def status(self, reader: Reader) -> Status: ...

    async def language(self, person: Person) -> str | None:
        """Return which language stands for a person, None for somebody new."""

    async def is_banned(self, person: Person) -> bool:
        """Return whether this person is to get no answer at all."""

    async def left(self, person: Person) -> None: ...

    async def moved(self, person: Person, new_chat: str) -> None: ...


class Presence(Protocol):
    """Where the bot is found; every process of an installation knows it of all platforms.

    On Telegram a name is the bot's user name, on Discord the number of its application where
    everybody may add that.
    """

    async def found_as(self, platform: Platform, name: str) -> None:
        """Let a name hold from now on, empty for none. Raises TemporarilyUnavailable."""

    async def name_on(self, platform: Platform) -> str:
        """Return the name on a platform; empty where the bot is not to be found at present.

        Raises TemporarilyUnavailable.
        """


class OperatorMenus(Protocol):
    """In whose chats the platform's menu offers what is for operators alone.

    Kept, so that it can be taken out again where somebody is no operator any more. Every method
    may raise TemporarilyUnavailable.
    """

    async def offered(self, platform: Platform) -> Collection[str]:
        """Return the accounts that have such a menu."""

    async def note(self, platform: Platform, account: str, *, is_offered: bool) -> bool:
        """Keep that an account has it, or has it no more; False when nobody knows the account."""


class Answering(Protocol):
    """The conversation as an adapter sees it."""

    def answer(self, event: Event) -> AsyncIterator[Action]:
        """Yield what to do, in order.

        Whatever the event changes is stored before the first action is yielded, and work
        that may take long follows the action it need not delay: perform each action
        before asking for the next one. Never raises for anything a person did.

        A tap is answered by at most one Toast, and then it comes first; without one the
        adapter acknowledges the tap silently. An Edit may leave a message as it is: where
        a platform calls that an error, it is none.
        """


Begin = Callable[[], Awaitable[None]]
"""Awaited when everything has been waited for and a message is about to be handed over.

May be awaited again before a repetition. What it raises keeps the message from being sent.
"""


class Messenger(Protocol):
    """Sends what nobody just asked for: digests and broadcasts."""

    async def send(
        self,
        chat: str,
        message: Message,
        *,
        nonce: str,
        is_quiet: bool,
        begin: Begin | None = None,
    ) -> Sequence[MessageRef]:
        """Return what was sent. Raises one of the DeliveryErrors, and what `begin` raises.

        nonce: the same for every attempt at the same delivery.
        """


class Forum(Protocol):
    """Opens a conversation of its own about something, where a platform has such."""

    async def discuss(self, chat: str, title: str, message: Message, *, nonce: str) -> MessageRef:
        """Open a thread in a chat, say a message in it, and return that.

        Raises one of the DeliveryErrors. Not to be tried again: there would be two threads.
        """

"""Papers, readers and schedules that the contract tests are about."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from recommender.papers import PaperId
from recommender.picks import PartKind, Pick, ScorePart
from storage import catalogue, meeting
from storage.catalogue import NewPaper
from storage.database import Database
from storage.impressions import NewImpression, Place
from storage.users import Found, Owed, User

MONDAY = date(2026, 3, 2)


def arxiv(number: int, **changes: Any) -> NewPaper:
    """A paper as arXiv hands it over."""
    values: dict[str, Any] = {
        "key": f"arxiv:2603.{number:05}",
        "title": f"Paper number {number}",
        "announced": MONDAY,
        "abstract": f"We study subject {number}.",
        "authors": ("Ada Lovelace", "Zoë Ångström"),
        "categories": ("cs.LG", "stat.ML"),
        "version": 1,
    }
    return NewPaper(**(values | changes))


def hugging_face(number: int, **changes: Any) -> NewPaper:
    """The same paper as Hugging Face hands it over: little but upvotes and links."""
    values: dict[str, Any] = {
        "key": f"arxiv:2603.{number:05}",
        "title": f"Paper number {number}",
        "announced": MONDAY + timedelta(days=1),
        "upvotes": 12,
    }
    return NewPaper(**(values | changes))


def next_due(user: User, after: datetime) -> Owed | None:
    """The reader's days and hour, in UTC."""
    day = after.date()
    while True:
        moment = datetime.combine(day, user.push_at, tzinfo=UTC)
        if moment > after and day.weekday() in user.push_days:
            return day, moment
        day += timedelta(days=1)


async def stored(database: Database, n: int, now: datetime) -> list[PaperId]:
    """Take in so many papers and return their ids."""
    async with database.writing() as db:
        taken = await catalogue.take_in(db, [arxiv(i + 1) for i in range(n)], now)
    return list(taken.new)


async def reader(
    database: Database, name: str, now: datetime, *, platform: str = "telegram"
) -> Found:
    """Let a person speak from a chat of their own."""
    async with database.writing() as db:
        return await meeting.find_or_create(db, platform, name, f"chat-{name}", "en", now, next_due)


def pick(paper: PaperId, rank: int = 1) -> Pick:
    parts = (
        ScorePart(PartKind.LIKED, 0.75, PaperId(paper), ("graph", "flow")),
        ScorePart(PartKind.OTHER, -0.25),
    )
    return Pick(paper, rank, 0.5, parts, is_exploring=False, propensity=1.0, model="m1")


def shown(
    found: Found,
    paper: PaperId,
    now: datetime,
    place: Place = Place.CARD,
    day: date | None = None,
    rank: int = 1,
) -> NewImpression:
    return NewImpression(found.user.id, found.account.id, paper, now, place, pick(paper, rank), day)

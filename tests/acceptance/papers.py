"""Three announcement days of generated papers in five fields."""

from datetime import date

from tests.house import TOPICS
from tests.local_feeds import FeedPaper

DAYS = (date(2026, 5, 19), date(2026, 5, 20), date(2026, 5, 21))
CATEGORIES = ",".join(TOPICS)
A_DAY = 60
ROBOTS, GALAXIES = "cs.RO", "astro-ph.GA"
_FIELDS = tuple(TOPICS)


def announced() -> list[FeedPaper]:
    """Return sixty papers a day, twelve of each field, one of which is hard to render."""
    papers = []
    for at, day in enumerate(DAYS):
        for topic, (category, vocabulary) in enumerate(TOPICS.items()):
            words = vocabulary.split()
            for n in range(12):
                some = [words[(n + at + i) % len(words)] for i in range(5)]
                number = 1000 * (at + 1) + 100 * topic + n
                title = " ".join(some).title()
                papers.append(
                    FeedPaper(
                        id=f"2605.{number:05d}",
                        announced=day,
                        title=f"{title} <{number}> & $\\alpha$_{n}*"
                        if n == 3
                        else f"{title} {number}",
                        abstract=f"We study {', '.join(some)}. We find that {some[0]} helps.",
                        authors=("Ada Lovelace", 'Emmy N\\"other', "Mary Somerville", "A. Kay"),
                        categories=(category,),
                        upvotes=number % 40 if n % 4 == 0 else None,
                    )
                )
    return papers


def field(paper: str) -> str:
    """Return the field of a paper by its arXiv id, empty for one of the sample's."""
    return _FIELDS[int(paper[-3])] if paper in _IDS else ""


_IDS = frozenset(paper.id for paper in announced())

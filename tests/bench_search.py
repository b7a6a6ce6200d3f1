"""How long finding takes with a hundred thousand papers; `python -m tests.bench_search`.

Prints one line for each question: milliseconds of the first answer and the median of the
rest; inline queries go through Telegram's adapter and a local Bot API. The papers' words are
drawn as in real abstracts: few that stand everywhere, many rare.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np
from sqlalchemy import text

from bot.conversation.events import Suggests
from bot.conversation.ports import Reader
from bot.conversation.suggestions import Suggestions
from bot.desk import Desk
from bot.search_desk import SearchDesk
from bot.shelf import Shelf
from recommender.encoder import load
from recommender.papers import PaperId
from storage import catalogue
from storage.catalogue import NewPaper
from storage.database import Database
from storage.dialogue_state import LocalState
from storage.sources.sample import sample_papers
from tests import servers
from tests.adapters.telegram_setting import Scripted, running
from tests.house import NoSource, person
from tests.local_telegram import LocalTelegram

NOW = datetime(2026, 3, 2, 7, tzinfo=UTC)
_DAYS = 250  # announcement days
_BLOCK = 5_000
_QUESTIONS = (
    "graph neural networks",
    "language model",
    "robots that learn to grasp objects from watching people in videos",
    "the use of data in the model",
    "diffusion",
)


def papers(count: int, seed: int = 0) -> list[NewPaper]:
    """Return papers made of the words of the bundled sample, drawn by their frequency."""
    rng = np.random.default_rng(seed)
    # An array: of a list numpy would make one for every draw.
    vocabulary = np.array(" ".join(f"{p.title} {p.abstract}" for p in sample_papers()).split())
    found = []
    for number in range(count):
        title, abstract = (" ".join(rng.choice(vocabulary, n).tolist()) for n in (9, 150))
        day = date(2026, 3, 2) - timedelta(days=number % _DAYS)
        authors = tuple(" ".join(rng.choice(vocabulary, 2).tolist()) for _ in range(4))
        found.append(
            NewPaper(
                key=f"arxiv:{2500 + number // 90_000}.{10_000 + number % 90_000:05}",
                title=title,
                abstract=abstract,
                announced=day,
                authors=authors,
                categories=("cs.LG",),
                version=1,
                upvotes=int(rng.pareto(1.5)),
            )
        )
    return found


async def timed(what: str, ask: Callable[[], Awaitable[int]], times: int = 9) -> None:
    """Print how many papers come, how long the first answer and the median of the others take."""
    taken, came = list[float](), 0
    for _ in range(times):
        began = time.perf_counter()
        came = await ask()
        taken.append(1000 * (time.perf_counter() - began))
    rest = statistics.median(taken[1:])
    print(f"{what:75} {came:3} papers, first {taken[0]:4.0f} ms, then {rest:4.0f} ms", flush=True)


async def stocked(database: Database, count: int, folder: Path) -> Shelf:
    """Return a shelf with so many papers; its model is made of the first of them."""
    encoder = load("static", folder / "encoders")
    shelf = Shelf(database, folder, lambda _: encoder)
    news = papers(count)
    for start in range(0, count, _BLOCK):
        async with database.writing() as db:
            await catalogue.take_in(db, news[start : start + _BLOCK], NOW)
        if start == 0:
            await shelf.refresh()
    await shelf.refresh()
    return shelf


async def measure(count: int, url: str, folder: Path) -> None:
    database = Database(url)
    await database.migrate()
    shelf = await stocked(database, count, folder)
    if not database.is_sqlite:  # what autovacuum does within a minute of such a load
        async with database.writing() as db:
            await db.execute(text("ANALYZE"))
    kind = "SQLite" if database.is_sqlite else "PostgreSQL"
    print(f"{len((await shelf.held()).corpus)} papers on {kind}")
    desk = Desk(database, shelf, NoSource(), lambda: NOW)
    search = SearchDesk(database, shelf, desk, LocalState(), lambda: NOW)
    suggestions = Suggestions(search, desk)
    async with LocalTelegram() as telegram, running(telegram, Scripted(), suggesting=suggestions):
        alice = telegram.person()
        alice.say("hello")
        await alice.hears("a card")  # the adapter is up
        for question in (*_QUESTIONS, ""):
            await timed(f"Telegram, inline: {question}", partial(_inline, telegram, question))
    reader = await desk.reader(person())
    for question in _QUESTIONS:
        await timed(f"/search {question}", partial(_search, search, reader, question))
    last = (await search.relevant("graph", 1))[0]
    await timed("/similar", partial(_similar, search, reader, last))
    for typed in ("le", "graph neu", "multimod"):
        await timed(f"autocomplete: {typed}", partial(_choices, suggestions, Suggests.PAPER, typed))
    for typed in ("li", "zhang", "jure les"):
        names = partial(_choices, suggestions, Suggests.AUTHOR, typed)
        await timed(f"autocomplete of authors: {typed}", names)
    await database.dispose()


async def _inline(telegram: LocalTelegram, question: str) -> int:
    alice = telegram.person()
    asked = await alice.sees_results(alice.ask_inline(question))
    return len(asked.results or ())


async def _search(search: SearchDesk, reader: Reader, question: str) -> int:
    return len((await search.search(reader, question, "")).taste)


async def _similar(search: SearchDesk, reader: Reader, paper: PaperId) -> int:
    return len((await search.similar(reader, paper, 1))[0])


async def _choices(suggestions: Suggestions, of: Suggests, typed: str) -> int:
    return len(await suggestions.choices(person(), of, typed))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--papers", type=int, default=100_000)
    parser.add_argument("--postgresql", action="store_true", help="instead of SQLite")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if not given.postgresql:
            url = f"sqlite+aiosqlite:///{folder}/paperlark.db"
            asyncio.run(measure(given.papers, url, Path(folder)))
            return
        server = servers.Postgres()
        try:
            asyncio.run(server.prepare())
            name = asyncio.run(server.borrow())
            asyncio.run(measure(given.papers, server.url(name), Path(folder)))
        finally:
            server.close()


if __name__ == "__main__":
    main()

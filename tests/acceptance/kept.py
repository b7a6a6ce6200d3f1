"""What the bot keeps, looked at from outside while it runs, and time that passes for it."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text, update

from bot.shelf import Shelf
from recommender.encoder import load
from recommender.picks import Request
from recommender.ranking import recommend
from storage import feedback_log
from storage.database import Database
from storage.tables import DeliveryRow, SourceRow, UserRow

# SQLite can wait for nobody, but count for ever.
_STILL = (
    "CREATE VIEW endless AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
    " SELECT i FROM n",
    "CREATE TRIGGER standing_still BEFORE {event} ON {table} WHEN {when}"
    " BEGIN SELECT count(*) FROM endless; END",
)
_MOVING = ("DROP TRIGGER standing_still", "DROP VIEW endless")
_ASLEEP = (
    "CREATE FUNCTION asleep() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN PERFORM pg_sleep(600); RETURN NEW; END $$",
    "CREATE TRIGGER standing_still BEFORE {event} ON {table} FOR EACH ROW WHEN ({when})"
    " EXECUTE FUNCTION asleep()",
)
_AWAKE = (
    # The server does not notice by itself that who asked is dead.
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'",
    "DROP TRIGGER standing_still ON {table}",
    "DROP FUNCTION asleep",
)


class Kept:
    """`async with kept_at(url) as kept`."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def rows(self, query: str, **values: Any) -> list[tuple[Any, ...]]:
        async with self.database.reading() as db:
            return [tuple(row) for row in await db.execute(text(query), values)]

    async def one(self, query: str, **values: Any) -> Any:
        return (await self.rows(query, **values))[0][0]

    async def change(self, statement: Any) -> None:
        async with self.database.writing() as db:
            await db.execute(statement)

    async def announced(self, day: date) -> int:
        """Return how many real papers of a day are in the catalogue."""
        counted = "SELECT count(*) FROM papers WHERE announced = :day AND NOT is_sample"
        async with self.database.reading() as db:
            is_text = self.database.is_sqlite
            return int(
                await db.scalar(text(counted), {"day": day.isoformat() if is_text else day}) or 0
            )

    async def verdicts(self, account: str) -> dict[str, str]:
        """Return what stands for a person, by arXiv id."""
        found = await self.rows(
            "SELECT p.key, f.verdict FROM feedback f JOIN papers p ON p.id = f.paper_id"
            " JOIN accounts a ON a.user_id = f.user_id"
            " WHERE a.external_id = :account AND f.verdict IS NOT NULL",
            account=account,
        )
        return {key.removeprefix("arxiv:"): verdict for key, verdict in found}

    async def has_only(self, account: str, verdicts: dict[str, str]) -> bool:
        """Return whether these verdicts, by arXiv id, are all that stand for a person."""
        return await self.verdicts(account) == verdicts

    async def shown(self, account: str, place: str) -> list[str]:
        """Return the arXiv ids of what was shown to a person at a place, oldest first."""
        found = await self.rows(
            "SELECT p.key FROM impressions i JOIN papers p ON p.id = i.paper_id"
            " JOIN accounts a ON a.user_id = i.user_id"
            " WHERE a.external_id = :account AND i.place = :place ORDER BY i.id",
            account=account,
            place=place,
        )
        return [key.removeprefix("arxiv:") for (key,) in found]

    async def deliveries(self) -> dict[str, str]:
        """Return the state of each person's digest, by the platform's id of the person."""
        found = await self.rows(
            "SELECT a.external_id, d.state FROM deliveries d JOIN accounts a"
            " ON a.user_id = d.user_id"
        )
        return dict(found)

    async def ranking(self, account: str, data_dir: Path, k: int) -> tuple[list[str], list[str]]:
        """Return what ranks highest for a person: had they liked nothing, and as they have.

        By the model and the papers that the bot holds; arXiv ids, best first.
        """
        shelf = Shelf(self.database, data_dir, lambda _: load("static", data_dir / "encoders"))
        await shelf.refresh()
        holding = await shelf.held()
        user = await self.one("SELECT user_id FROM accounts WHERE external_id = :a", a=account)
        async with self.database.reading() as db:
            said = (await feedback_log.standing(db, [user]))[user]
        asked = [Request(user, feedback, k=k, explores=False) for feedback in ((), said)]
        rankings = recommend(holding.model, holding.corpus, asked, holding.corpus.newest(7), 0)
        keys = dict(await self.rows("SELECT id, key FROM papers"))
        before, after = (
            [keys[pick.paper].removeprefix("arxiv:") for pick in ranking] for ranking in rankings
        )
        return before, after

    async def hours_pass_for_sources(self) -> None:
        """Let every source be due again."""
        await self.change(update(SourceRow).values(next_try=None))

    async def everybodys_digest_is_due(self, days: int = 0) -> None:
        """Let the moment of everybody's digest come, as if it had been chosen so.

        days: from today to the local day that it is for.
        """
        now = datetime.now(UTC)
        day = now.date() + timedelta(days=days)
        due = {"next_push_at": now - timedelta(seconds=1), "next_push_day": day}
        await self.change(update(UserRow).values(**due))

    async def minutes_pass_for_deliveries(self, minutes: int) -> None:
        """Let everything that was claimed lie in the past."""
        earlier = datetime.now(UTC) - timedelta(minutes=minutes)
        await self.change(update(DeliveryRow).values(claimed_at=earlier))

    @asynccontextmanager
    async def standing_still(self, event: str, table: str, when: str) -> AsyncIterator[None]:
        """Let every process that is about to change a row like this stand still in the database.

        event: INSERT or UPDATE. when: a condition on NEW. So a process can be killed at that
        very point; leave the block when it is dead.
        """
        begin, end = (_STILL, _MOVING) if self.database.is_sqlite else (_ASLEEP, _AWAKE)
        await self._run(text.format(event=event, table=table, when=when) for text in begin)
        try:
            yield
        finally:
            await self._run(text.format(table=table) for text in end)

    async def _run(self, statements: Iterable[str]) -> None:
        async with self.database.writing() as db:
            for statement in statements:
                await db.execute(text(statement))

    @asynccontextmanager
    async def locked(self) -> AsyncIterator[None]:
        """Hold the one writer of a SQLite database."""
        async with self.database.writing():
            yield


@asynccontextmanager
async def kept_at(url: str) -> AsyncIterator[Kept]:
    """Open what is kept at an address of SQLAlchemy's."""
    database = Database(url)
    try:
        yield Kept(database)
    finally:
        await database.dispose()

"""How long it takes until everybody who is due in the same minute can be sent a digest.

Claiming, ranking and the rows of the outbox and of what is about to be shown, as the
scheduler makes them, for many made-up readers on a database of the bench's own; nothing is
sent. It says nothing about the platforms' limits, which take far longer: 30 messages a
second are an hour for 100,000 readers.
"""

import asyncio
import multiprocessing
import queue
import resource
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing.process import BaseProcess
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier

from bot.commands.bench_readers import NOW, NoLookUp, database_of_its_own, settle
from bot.desk import Desk
from bot.house import collect_seldom, serving_encoder
from bot.jobs.daily_picks import BATCH
from bot.readers import owed_next
from bot.settings import Settings
from bot.shelf import Shelf
from storage import deliveries
from storage.database import Database


@dataclass(frozen=True, slots=True)
class Took:
    """What one process did: when it began and ended, and for how many seconds of that it claimed.

    began, ended: monotonic seconds of the machine. cpu: seconds of its own; a PostgreSQL server
    works beside it. megabytes: at most.
    """

    began: float
    ended: float
    claiming: float = 0.0
    cpu: float = 0.0
    digests: int = 0
    picks: int = 0
    megabytes: float = 0.0


def run(settings: Settings, readers: int, papers: int, opinions: int, processes: int) -> int:
    """Measure and print; return the exit status."""
    return asyncio.run(_run(settings, readers, papers, opinions, processes))


async def _run(settings: Settings, readers: int, papers: int, opinions: int, processes: int) -> int:
    async with database_of_its_own(settings) as url:
        print(f"Making {readers:,} readers and {papers:,} new papers …", file=sys.stderr)
        database = Database(url)
        await settle(database, readers, papers, opinions)
        await database.dispose()
        shares = await asyncio.to_thread(_shared, settings, url, processes)
    seconds = max(took.ended for took in shares) - min(took.began for took in shares)
    digests, picks = sum(t.digests for t in shares), sum(t.picks for t in shares)
    print(f"{digests:,} digests of {picks:,} picks in {seconds:.1f} s by {processes} processes")
    print(f"  {digests / seconds:,.0f} readers a second")
    print(f"  {sum(t.cpu for t in shares):.1f} s of CPU time")
    print(f"  {sum(t.claiming for t in shares) / processes:.1f} s of it claiming")
    print(f"  {sum(took.megabytes for took in shares):,.0f} MB in all at most")
    return 0 if digests == readers else 1


def _shared(settings: Settings, url: str, processes: int) -> list[Took]:
    """Let several schedulers share the work; none begins before all are ready."""
    spawn = multiprocessing.get_context("spawn")
    ready, results = spawn.Barrier(processes), spawn.Queue()
    workers = [
        spawn.Process(target=_work, args=(settings, url, ready, results)) for _ in range(processes)
    ]
    for worker in workers:
        worker.start()
    shares = [_result(workers, results) for _ in workers]
    for worker in workers:
        worker.join()
    return shares


def _result(workers: Sequence[BaseProcess], results: "Queue[Took]") -> Took:
    """Return what the next one that is done took. Raises ChildProcessError when one broke."""
    while True:
        with suppress(queue.Empty):
            return results.get(timeout=1.0)
        if any(worker.exitcode for worker in workers):
            for worker in workers:
                worker.terminate()
            raise ChildProcessError("a process ended before it was done")


def _work(settings: Settings, url: str, ready: Barrier, results: "Queue[Took]") -> None:
    results.put(asyncio.run(_working(settings, url, ready)))


async def _working(settings: Settings, url: str, ready: Barrier) -> Took:
    collect_seldom()
    database = Database(url)
    shelf = Shelf(database, settings.data_dir, lambda name: serving_encoder(settings, name))
    await shelf.refresh()
    await asyncio.to_thread(ready.wait)
    took = await due(database, Desk(database, shelf, NoLookUp(), lambda: NOW))
    await database.dispose()
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return replace(took, megabytes=megabytes)


async def due(database: Database, desk: Desk) -> Took:
    """Claim everybody who is due and choose for them, as the scheduler does before it sends."""
    now, cpu = time.monotonic(), time.process_time()
    took = Took(began=now, ended=now)
    while True:
        began = time.monotonic()
        async with database.writing() as db:
            claimed = await deliveries.claim_due(db, NOW, BATCH, owed_next)
        took = replace(took, claiming=took.claiming + time.monotonic() - began)
        if not claimed:
            return took
        editions = await desk.editions(claimed)
        took = replace(
            took,
            ended=time.monotonic(),
            cpu=time.process_time() - cpu,
            digests=took.digests + len(editions),
            picks=took.picks + sum(len(edition.offers) for edition in editions),
        )

"""How long picks for a great many readers take, through the very function the scheduler calls.

Papers, factors and readers are made up; sizes are those of a large installation. Readers
stream in batches as they do from the outbox, so memory does not grow with their number.
"""

import resource
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from threadpoolctl import threadpool_limits

from recommender.arrays import Floats, Ids, unit_rows
from recommender.candidates import Corpus
from recommender.cold_start import KNOTS, Readers, text_guess
from recommender.encoder import LsaEncoder
from recommender.factors import MOST_FACTORS
from recommender.feedback import Feedback, Verdict
from recommender.item_weights import Neighbours
from recommender.lessons import NEIGHBOURS
from recommender.local_ridge import LocalRidge
from recommender.model import Known, Model, leading_directions
from recommender.papers import Paper, PaperId
from recommender.picks import Request
from recommender.ranking import TOP, leading, likes_of, recommend
from recommender.taste import taste_of

if TYPE_CHECKING:
    from recommender.candidates import Slate

BATCH = 500  # readers: what the scheduler claims at a time
SEEN = 40  # new papers that a reader has seen
LIKES = 12
RATED = 20_000  # papers at most
TEXTS = 1_200  # of which a text's dimensions come
TAPS = 30
_BLOCK = 256
_TODAY = date(2026, 3, 2)


@dataclass(frozen=True)
class Sizes:
    """users: to be served. papers: in the catalogue, all but the new ones rated. new: candidates.

    seconds: after so long no further batch is begun, and the rest is inferred.
    """

    users: int
    papers: int
    new: int
    seconds: float


@dataclass
class Found:
    """Seconds. whole: for each batch. ranking, product: for each block, of the same readers,
    in CPU time."""

    whole: list[float] = field(default_factory=list)
    ranking: list[float] = field(default_factory=list)
    product: list[float] = field(default_factory=list)
    tap: list[float] = field(default_factory=list)
    picks: int = 0


def run(sizes: Sizes, console: Console | None = None) -> int:
    """Measure and print; return the exit status."""
    console = console or Console(highlight=False)
    # As in a scheduler: a second BLAS thread costs more than it brings where others work.
    with threadpool_limits(1, "blas"), _progress() as progress:
        bar = progress.add_task(f"making {sizes.papers:,} papers", total=None)
        model, corpus, newest = _catalogue(sizes)
        progress.update(bar, description="picking for readers", total=sizes.users)
        found = measure(
            model, corpus, newest, sizes, lambda done: progress.update(bar, completed=done)
        )
    _tell(console, sizes, found)
    return 0


def measure(
    model: Model, corpus: Corpus, newest: Ids, sizes: Sizes, tell: Callable[[int], None]
) -> Found:
    """Serve readers batch by batch until all are served or the time is over."""
    found, rng = Found(), np.random.default_rng(1)
    slate = corpus.slate(newest)  # once for a day's papers, whoever reads them
    end, served = time.monotonic() + sizes.seconds, 0
    while served < sizes.users and (not found.whole or time.monotonic() < end):
        batch = list(_readers(model, newest, served, min(BATCH, sizes.users - served), rng))
        began = time.perf_counter()
        lists = recommend(model, corpus, batch, newest, seed=0)
        found.whole.append((time.perf_counter() - began) / len(batch))
        found.picks += sum(map(len, lists))
        _beside_the_product(model, corpus, slate, batch[:_BLOCK], found)
        served += len(batch)
        tell(served)
    for one in _readers(model, newest, served, TAPS, rng):
        tapped = (*one.feedback, Feedback(PaperId(int(newest[0])), Verdict.LIKE))
        began = time.perf_counter()
        recommend(model, corpus, [replace(one, feedback=tapped, k=1)], newest, seed=0)
        found.tap.append(time.perf_counter() - began)
    return found


def _beside_the_product(
    model: Model, corpus: Corpus, slate: "Slate", batch: list[Request], found: Found
) -> None:
    """Time scores, masks and the best fifty of a block, and the bare products they rest on."""
    tastes = [taste_of(model, corpus, request.feedback) for request in batch]
    profiles = np.stack([taste.profile for taste in tastes])
    likes, worth = likes_of(tastes, len(model.rated)), slate.worth
    assert worth is not None
    # CPU time: it is one thread's, and other programs must not decide the ratio.
    began = time.process_time()
    profiles @ slate.features.T
    likes @ worth
    found.product.append(time.process_time() - began)
    began = time.process_time()
    leading(model, corpus, slate, tastes, batch)
    found.ranking.append(time.process_time() - began)


def _tell(console: Console, sizes: Sizes, found: Found) -> None:
    served = min(len(found.whole) * BATCH, sizes.users)
    ratios = [ours / bare for ours, bare in zip(found.ranking, found.product, strict=True)]
    each = median(found.whole)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (
        1e6 if sys.platform == "darwin" else 1e3
    )
    console.print(
        f"{sizes.papers:,} papers, {sizes.new:,} of them new; {served:,} of {sizes.users:,} "
        f"readers served, {found.picks:,} picks; one thread"
    )
    console.print(
        f"scores, mask and best {TOP}: {median(ratios):.2f} × the bare products "
        f"({min(ratios):.2f}–{max(ratios):.2f} over {len(ratios)} blocks of {_BLOCK} readers), "
        f"{1e5 * median(found.ranking) / _BLOCK:.1f} s of CPU time per 100,000 readers"
    )
    console.print(
        f"the whole, with interests, diversity, the explored slot and reasons: "
        f"{1000 * each:.2f} ms a reader, {1e5 * each:.0f} s per 100,000 readers, "
        f"{sizes.users * each:,.0f} s for all"
    )
    console.print(
        f"one tap to the next card: {1000 * median(found.tap):.1f} ms "
        f"({1000 * min(found.tap):.1f}–{1000 * max(found.tap):.1f} over {len(found.tap)} taps)"
    )
    console.print(f"peak memory: {peak:,.0f} MB")


def _catalogue(sizes: Sizes) -> tuple[Model, Corpus, Ids]:
    """Return a model with readers' factors, all papers under it, and the ids of the new ones."""
    rng = np.random.default_rng(0)
    papers = [
        Paper(
            PaperId(number),
            f"arxiv:2603.{number:06}",
            f"Paper {number}",
            "",
            (),
            (),
            announced=_TODAY if number <= sizes.new else _TODAY - timedelta(days=30),
        )
        for number in range(1, sizes.papers + 1)
    ]
    words = ["".join("abcdefghijklmnop"[at] for at in rng.integers(0, 16, 6)) for _ in range(1_000)]
    some = [
        replace(paper, title=" ".join(rng.choice(words, 8).tolist())) for paper in papers[:TEXTS]
    ]
    text = Model.text_only(some, LsaEncoder(), version="bench").text
    base = unit_rows(rng.standard_normal((sizes.papers, text.dimensions), np.float32))
    telling = rng.integers(0, max(len(text.words), 1), (sizes.papers, 24)).astype(np.int32)
    rated = np.arange(sizes.new, sizes.papers)[:RATED]
    model = Model(
        version="bench",
        encoder="lsa",
        metrics={},
        text=text,
        guess=text_guess(base[:20_000]),
        known=Known.of(papers, base, telling),
        directions=leading_directions(base[:20_000]),
        rated=rated + 1,
        readers=_taught(base[rated], rng),
    )
    corpus = Corpus(model, LsaEncoder()).extended(papers)
    return model, corpus, corpus.newest(1)


def _taught(base: Floats, rng: np.random.Generator) -> Readers:
    """Return what readers might teach of rated papers with these vectors."""
    n, near = len(base), min(NEIGHBOURS, len(base))
    items = rng.standard_normal((n, MOST_FACTORS), np.float32) / np.float32(15)
    return Readers(
        ridge=LocalRidge(base),
        near=Neighbours(
            np.arange(n + 1) * near,
            rng.integers(0, n, n * near).astype(np.int32),
            rng.random(n * near, np.float32) / np.float32(100),
        ),
        loudness=np.ones(n, np.float32),
        itself=0.3,
        items=items,
        values=items,
        ease=(1.0,) * len(KNOTS),
        als=(1.0,) * len(KNOTS),
        direct=1.0,
    )


def _readers(
    model: Model, newest: Ids, first: int, count: int, rng: np.random.Generator
) -> Iterator[Request]:
    """Yield readers with likes among the rated papers, who have seen some of the new ones."""
    for number in range(first + 1, first + count + 1):
        liked = rng.choice(model.rated, LIKES, replace=False)
        seen = rng.choice(newest, min(SEEN, len(newest) // 2), replace=False)
        yield Request(
            user=number,
            feedback=tuple(Feedback(PaperId(int(p)), Verdict.LIKE) for p in liked),
            seen=frozenset(PaperId(int(p)) for p in seen),
        )


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)

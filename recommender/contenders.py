"""Who is compared on a benchmark: ours, each part of ours alone, and the baselines.

A contender is only described here; training and scoring happen when they are called, so that
the caller can time them one by one.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import numpy as np

from recommender import baselines
from recommender.arrays import Mask
from recommender.candidates import Corpus
from recommender.cold_start import KNOTS
from recommender.encoder import Encoder
from recommender.evaluation import Pairs, Scorer, Task, by_model
from recommender.model import Model
from recommender.papers import Paper
from recommender.protocols import Round

SVM_READERS = 600  # of a task; hundredths of a second each


class Kind(StrEnum):
    OURS = "ours"
    PART = "part"
    BASELINE = "baseline"


@dataclass(frozen=True)
class Contender:
    """train: does all that is needed before the first reader; may raise FactorsUnavailable.

    needs_likes: whether a paper without a like in training has no score.
    needs_readers: whether readers who were not in training cannot be scored.
    readers: how many readers of a task are judged, a seeded sample; 0 for all.
    why_not: why it cannot take part at all; empty when it can.
    """

    name: str
    kind: Kind
    train: Callable[[], Scorer]
    needs_likes: bool = False
    needs_readers: bool = False
    readers: int = 0
    why_not: str = ""

    def excuse(self, asked: Round, task: Task) -> str:
        """Return why a task is not one for this contender, in words; empty when it is."""
        if self.why_not:
            return self.why_not
        if self.needs_readers and not asked.knows_readers:
            return "undefined: it knows only readers who were in training"
        if self.needs_likes and not np.any(self._is_scored(asked, task)):
            return "undefined: a paper that nobody has liked has no score"
        return ""

    def remark(self, asked: Round, task: Task) -> str:
        """Return what has to be known to read the figures; empty when nothing has."""
        if self.readers and self.readers < len(task.liked):
            return f"{self.readers} of the readers, drawn by the seed"
        if self.needs_likes and not np.all(self._is_scored(asked, task)):
            return "new papers have no score and are never found"
        return ""

    def _is_scored(self, asked: Round, task: Task) -> Mask:
        return np.isin(task.candidates, asked.train[:, 1])


def ours(model: Model, corpus: Corpus) -> Iterator[Contender]:
    """Yield the whole model, as the bot uses it, then the same with parts taken out.

    corpus: the benchmark's papers under the model. The parts share it: they read papers as
    the whole model does, and without hubs a paper's spread counts nothing.
    """

    def part(name: str, **changes: Any) -> Contender:
        changed = replace(model, **changes)
        return Contender(name, Kind.PART, lambda: by_model(changed, corpus))

    yield Contender("ours", Kind.OURS, lambda: by_model(model, corpus))
    readers = model.readers
    if readers is not None:
        none = (0.0,) * len(KNOTS)
        silent = replace(readers, ease=none, als=none, direct=0.0)
        wordless = 0 * model.guess
        yield part("text alone", readers=silent, hubs=None)
        ease, als = replace(silent, ease=readers.ease), replace(silent, als=readers.als)
        yield part("ease alone", readers=ease, guess=wordless, hubs=None)
        yield part("als alone", readers=als, guess=wordless, hubs=None)
    if model.hubs is not None:
        yield part("without hub damping", hubs=None)
    if readers is not None:
        yield part("without item weights", readers=replace(readers, direct=0.0))


def others(
    model: Model, corpus: Corpus, papers: Sequence[Paper], encoder: Encoder, train: Pairs, seed: int
) -> Iterator[Contender]:
    """Yield the baselines, which take no more of the model than its vocabulary.

    Beside the SVM, which is judged by a sample, stands ours on the same sample.
    """
    texts = [paper.text for paper in papers]
    rated = np.unique(train[:, 1])
    base = Kind.BASELINE
    yield Contender("chance", base, lambda: baselines.chance(seed))
    yield Contender(
        "popularity", base, lambda: baselines.popularity(train, len(papers)), needs_likes=True
    )
    yield Contender("tf-idf kNN", base, lambda: baselines.tfidf_knn(model.text.tfidf(texts)))
    yield Contender(
        "embedding centroid",
        base,
        lambda: baselines.centroid(encoder.encode(texts)),
        why_not="" if encoder.dimensions else "undefined: this encoder has no vectors",
    )
    yield Contender(
        "linear SVM on tf-idf",
        base,
        lambda: baselines.svm(model.text.tfidf(texts), rated),
        readers=SVM_READERS,
    )
    yield Contender(
        "ours, the SVM's readers",
        Kind.PART,
        lambda: by_model(model, corpus),
        readers=SVM_READERS,
    )
    yield Contender("implicit ALS", base, lambda: baselines.als(train, seed), needs_likes=True)
    yield Contender(
        "implicit BPR",
        base,
        lambda: baselines.bpr(train, seed),
        needs_likes=True,
        needs_readers=True,
    )
    yield Contender("BM25 item-kNN", base, lambda: baselines.bm25_knn(train), needs_likes=True)

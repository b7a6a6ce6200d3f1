"""How good the recommender is on a benchmark, by the very model that serves the bot.

Protocols (full ranking over all candidates, averaged over readers with a relevant paper):

- cold: the test papers that nobody liked in training, for readers known from training;
- few-shot: readers taken out of training altogether, then given 1, 3, 5 … of their likes.

Nothing here touches a file: lines come in, numbers go out.
"""

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
from numpy.typing import NDArray

from recommender import metrics, training
from recommender.arrays import Floats, Ids, Rows, find, unit_rows
from recommender.calibration import hold_one
from recommender.candidates import Corpus
from recommender.encoder import Encoder
from recommender.factors import FitFactors
from recommender.feedback import Feedback, Rating, Verdict
from recommender.interactions import Interactions, from_pairs
from recommender.metrics import Doubles
from recommender.model import Model
from recommender.papers import Paper, PaperId
from recommender.ranking import score
from recommender.taste import taste_of
from recommender.training import balanced, choose_blend, read_best, with_readers

Pairs = NDArray[np.int64]  # (n, 2): user, paper

SUPPORTS = (1, 3, 5, 10, 20)
_FEW_SHOT_READERS = 600
_FEW_SHOT_LIKES = 25
_TELLING_READERS, _TELLING_PAPERS = 50, 40  # fewer on validation, and chance would choose
_BLOCK = 512
_MOST_USER = 2**62
_DAY = date(2000, 1, 1)  # a benchmark's papers have no announcement day


class MalformedBenchmark(ValueError):
    """One sentence: which file, which line, what was expected."""


class NothingToRank(MalformedBenchmark):
    """A sound benchmark that has nothing for this protocol; the message says why."""


@dataclass(frozen=True)
class Benchmark:
    """train, validation, test: likes as (user, paper) rows.

    with_validation: whether the cold candidates are all papers without a like in training,
        the reader's validation papers masked, and not the test set's alone.
    """

    papers: tuple[Paper, ...]
    train: Pairs = field(repr=False)
    validation: Pairs = field(repr=False)
    test: Pairs = field(repr=False)
    with_validation: bool = False


def parse_papers(lines: Iterable[str], name: str) -> tuple[Paper, ...]:
    """Return the papers of a benchmark; ids must be 0 … n−1. Raises MalformedBenchmark."""
    papers = []
    for number, line in enumerate(lines, start=1):
        try:
            row = json.loads(line)
            paper, title, abstract = row["id"], row["title"], row.get("abstract") or ""
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise MalformedBenchmark(
                f"{name}, line {number}: expected an object with id and title"
            ) from error
        if paper != number - 1 or not isinstance(title, str) or not isinstance(abstract, str):
            raise MalformedBenchmark(
                f"{name}, line {number}: expected id {number - 1} with a title in words"
            )
        papers.append(
            Paper(PaperId(paper), f"benchmark:{paper}", title, abstract, (), (), announced=_DAY)
        )
    return tuple(papers)


def parse_likes(lines: Iterable[str], name: str, n_papers: int) -> Pairs:
    """Return likes as (user, paper) rows. Raises MalformedBenchmark."""
    rows = csv.reader(lines)
    pairs = []
    try:
        if next(rows, None) != ["user", "paper"]:
            raise MalformedBenchmark(f"{name}, line 1: expected the heading user,paper")
        for row in rows:
            user, paper = map(int, row)
            if not 0 <= paper < n_papers:
                raise MalformedBenchmark(
                    f"{name}, line {rows.line_num}: expected a paper from 0 to {n_papers - 1}"
                )
            if not 0 <= user <= _MOST_USER:
                raise MalformedBenchmark(f"{name}, line {rows.line_num}: expected a user from 0 on")
            pairs.append((user, paper))
    except MalformedBenchmark:
        raise
    except (ValueError, csv.Error) as error:
        raise MalformedBenchmark(
            f"{name}, line {max(rows.line_num, 1)}: expected two whole numbers, user,paper"
        ) from error
    return np.array(pairs, np.int64).reshape(-1, 2)


class TableEncoder:
    """Ready-made vectors, one for each paper.

    Texts are looked up, and of papers that share a text any vector would do; but all of a
    benchmark's texts in their order have each their own, also where titles are missing.
    """

    name = "file"

    def __init__(self, papers: Sequence[Paper], vectors: Floats) -> None:
        """Raises MalformedBenchmark when there is not one vector for each paper."""
        if vectors.ndim != 2 or len(vectors) != len(papers):
            raise MalformedBenchmark(f"embeddings.f16.npy: expected {len(papers)} rows of vectors")
        self.dimensions = vectors.shape[1]
        broken = np.flatnonzero(~np.isfinite(vectors).all(axis=1))
        if len(broken):
            raise MalformedBenchmark(
                f"embeddings.f16.npy, row {broken[0]}: expected finite numbers"
            )
        self._vectors = unit_rows(np.asarray(vectors, np.float32))
        self._texts = [paper.text for paper in papers]
        self._rows = {text: row for row, text in enumerate(self._texts)}

    def encode(self, texts: Sequence[str]) -> Floats:
        if list(texts) == self._texts:
            return self._vectors.copy()
        rows = np.array([self._rows[text] for text in texts], np.int64)
        return self._vectors[rows].reshape(len(texts), self.dimensions)


@dataclass(frozen=True)
class Quality:
    """Values by metric ("R@20", "N@20" …), one for each reader with a relevant paper."""

    values: Mapping[str, Doubles]

    def mean(self, metric: str) -> float:
        return float(self.values[metric].mean()) if len(self.values[metric]) else 0.0

    def interval(self, metric: str, seed: int = 0) -> tuple[float, float]:
        """Return the 95 % bootstrap interval over readers."""
        return metrics.interval(self.values[metric], np.random.default_rng(seed))


@dataclass(frozen=True)
class Task:
    """Readers with their known likes, the candidates, and what they really liked of them.

    liked: PaperIds by reader. candidates: PaperIds, ascending. wanted, masked: places among
    the candidates, by reader.
    """

    liked: Sequence[Ids]
    candidates: Ids
    wanted: Sequence[Rows]
    masked: Sequence[Rows]


Scorer = Callable[[Sequence[Ids], Ids], Floats]
"""Liked papers of some readers, and candidates → scores (readers, candidates)."""


def measure(task: Task, scorer: Scorer) -> Quality:
    """Return how well a scorer ranks the candidates for the readers of a task."""
    found: dict[str, list[Doubles]] = {}
    for start in range(0, len(task.liked), _BLOCK):
        block = slice(start, start + _BLOCK)
        scores = np.array(scorer(task.liked[block], task.candidates), np.float32)
        relevant = np.zeros(scores.shape, np.bool_)
        for row, (wanted, masked) in enumerate(
            zip(task.wanted[block], task.masked[block], strict=True)
        ):
            relevant[row, wanted] = True
            scores[row, masked] = -np.inf
        for name, values in _metrics(scores, relevant):
            found.setdefault(name, []).append(values)
    return Quality({name: np.concatenate(values) for name, values in found.items()})


def _metrics(scores: Floats, relevant: NDArray[np.bool_]) -> Iterator[tuple[str, Doubles]]:
    for k in (20, 50, 100):
        yield f"R@{k}", metrics.recall(scores, relevant, k)
    yield "P@20", metrics.precision(scores, relevant, 20)
    yield "N@20", metrics.ndcg(scores, relevant, 20)
    yield "HR@10", metrics.hit_rate(scores, relevant, 10)


def by_model(model: Model, corpus: Corpus) -> Scorer:
    """Return the scorer that the bot uses."""

    def scorer(liked: Sequence[Ids], candidates: Ids) -> Floats:
        feedback = [[_liked(i) for i in ids] for ids in liked]
        tastes = [taste_of(model, corpus, said) for said in feedback]
        return score(model, corpus, corpus.slate(candidates), tastes)

    return scorer


def _liked(paper: int) -> Feedback:
    return Feedback(PaperId(int(paper)), Verdict.LIKE)


def cold_task(benchmark: Benchmark) -> Task:
    """Return the cold protocol. Raises NothingToRank when no test paper is new."""
    known = np.unique(benchmark.train[:, 1])
    pool = benchmark.test[:, 1]
    if benchmark.with_validation:
        pool = np.arange(len(benchmark.papers))
    candidates = np.setdiff1d(pool, known)
    if not np.any(np.isin(benchmark.test[:, 1], candidates)):
        raise NothingToRank("cold: every test paper has likes in train; there is no new one")
    return task_of(benchmark.train, benchmark.test, benchmark.validation, candidates)


def task_of(train: Pairs, test: Pairs, masked: Pairs, candidates: Ids) -> Task:
    """Return the task of ranking these candidates for the readers of `train`.

    test: what they really liked; readers without any such candidate are left out.
    masked: likes of which nothing is to be asked. candidates: ascending.
    """
    known, hidden = by_user(train), by_user(masked)
    wanted = by_user(_without(test[np.isin(test[:, 1], candidates)], masked))
    users = [user for user in wanted if user in known]
    none = np.zeros(0, np.int64)
    return Task(
        liked=[known[user] for user in users],
        candidates=candidates,
        wanted=[np.searchsorted(candidates, wanted[user]) for user in users],
        masked=[_among(candidates, hidden.get(user, none)) for user in users],
    )


def _without(pairs: Pairs, others: Pairs) -> Pairs:
    """Return the likes that are not among the others."""
    known = set(map(tuple, others.tolist()))
    kept = [tuple(pair) not in known for pair in pairs.tolist()]
    return pairs[np.array(kept, np.bool_)]


def _among(candidates: Ids, papers: Ids) -> Rows:
    """Return the places of those papers that are candidates."""
    at = find(candidates, papers)
    return at[at >= 0]


def fit(
    benchmark: Benchmark,
    encoder: Encoder,
    seed: int,
    train: Pairs | None = None,
    fit_factors: FitFactors | None = None,
) -> Model:
    """Return the model of a benchmark's training likes, its weights chosen on validation.

    Validation with hardly a paper that is new to training, or hardly a reader who liked one,
    says nothing of new papers: then some of the training papers are hidden for the choice, as
    the bot does every night. Raises FactorsUnavailable.

    train: other training likes than the benchmark's, for readers held out.
    fit_factors: what learns the factors in place of `implicit`.
    """
    pairs = benchmark.train if train is None else train
    version = f"benchmark-{encoder.name}"
    likes = from_pairs(pairs[:, 0], pairs[:, 1])
    wanted = benchmark.validation[np.isin(benchmark.validation[:, 0], likes.users)]
    wanted = wanted[~np.isin(wanted[:, 1], likes.papers)]
    if not _can_tell(wanted):
        ratings = [Rating(user, _liked(paper)) for user, paper in pairs.tolist()]
        return training.train(
            benchmark.papers,
            ratings,
            encoder,
            version=version,
            seed=seed,
            fit_factors=fit_factors,
        )
    model = Model.text_only(benchmark.papers, encoder, version)
    likes, held = hold_one(likes, seed)
    new = _new_likes(likes, wanted)
    model = read_best(model, likes, new, seed)
    choice = choose_blend(model, likes, new, seed, fit_factors=fit_factors)
    if not choice.blend or choice.lessons is None:
        return model
    hybrid = with_readers(model, likes, choice, seed, fit_factors)
    return balanced(hybrid, choice, likes, held, new).applied(hybrid)


def _can_tell(wanted: Pairs) -> bool:
    """Return whether likes of new papers are enough to choose weights by."""
    readers, papers = (len(np.unique(wanted[:, column])) for column in (0, 1))
    return readers >= _TELLING_READERS and papers >= _TELLING_PAPERS


def _new_likes(likes: Interactions, pairs: Pairs) -> Interactions:
    """Return likes of new papers as a matrix with the rows of `likes`."""
    from scipy.sparse import csr_array

    rows = np.searchsorted(likes.users, pairs[:, 0])
    papers, columns = np.unique(pairs[:, 1], return_inverse=True)
    shape = (len(likes.users), len(papers))
    matrix = csr_array((np.ones(len(rows), np.float32), (rows, columns)), shape=shape)
    return Interactions(matrix, papers, likes.users)


def few_shot_tasks(benchmark: Benchmark, seed: int) -> tuple[Pairs, dict[int, Task]]:
    """Return the training likes without 600 readers, and their tasks by number of likes.

    At most half of the readers are taken out, so that somebody is left to learn from.
    Supports are nested: the readers' three likes contain the one.
    """
    rng = np.random.default_rng([seed, 3])
    known = by_user(benchmark.train)
    new = np.concatenate([benchmark.validation, benchmark.test])
    candidates = np.setdiff1d(np.unique(new[:, 1]), np.unique(benchmark.train[:, 1]))
    wanted = by_user(new[np.isin(new[:, 1], candidates)])
    able = [u for u in wanted if len(known.get(u, ())) >= _FEW_SHOT_LIKES]
    most = min(_FEW_SHOT_READERS, len(known) // 2)
    chosen = sorted(rng.permutation(able)[:most].tolist())
    support = {user: rng.permutation(known[user]) for user in chosen}
    rest = benchmark.train[~np.isin(benchmark.train[:, 0], chosen)]
    places = [np.searchsorted(candidates, wanted[user]) for user in chosen]
    nothing = [np.zeros(0, np.int64)] * len(chosen)
    return rest, {
        k: Task([support[user][:k] for user in chosen], candidates, places, nothing)
        for k in SUPPORTS
    }


def corpus_of(benchmark: Benchmark, model: Model, encoder: Encoder) -> Corpus:
    """Return the benchmark's papers under a model."""
    return Corpus(model, encoder).extended(benchmark.papers)


def by_user(pairs: Pairs) -> dict[int, Ids]:
    """Return each reader's papers, ascending."""
    order = np.argsort(pairs[:, 0], kind="stable")
    users, starts = np.unique(pairs[order, 0], return_index=True)
    groups = np.split(pairs[order, 1], starts[1:]) if len(users) else []
    return {int(user): np.unique(group) for user, group in zip(users, groups, strict=True)}

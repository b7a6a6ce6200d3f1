"""What ours has to beat, each as a scorer for `evaluation.measure`.

The three of `implicit` know papers by their likes alone: a paper that nobody liked in
training has no score with them, −∞.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from recommender import factors
from recommender.arrays import Floats, Ids, Rows, find
from recommender.evaluation import Pairs, Scorer
from recommender.interactions import from_pairs

if TYPE_CHECKING:
    from scipy.sparse import csr_array


_NEIGHBOURS = 100
_BPR_FACTORS = 128
_BPR_ITERATIONS = 150


def chance(seed: int) -> Scorer:
    """Return scores drawn from a hat."""
    rng = np.random.default_rng([seed, 8])
    return lambda liked, candidates: rng.random((len(liked), len(candidates)), np.float32)


def popularity(train: Pairs, n_papers: int) -> Scorer:
    """Return everybody's favourites: how many liked each paper in training."""
    counts = np.bincount(train[:, 1], minlength=n_papers).astype(np.float32)
    return lambda liked, candidates: np.tile(counts[candidates], (len(liked), 1))


def centroid(vectors: Floats) -> Scorer:
    """Return likeness to the mean of the liked papers' vectors; row i is that of paper i."""

    def scorer(liked: Sequence[Ids], candidates: Ids) -> Floats:
        profiles = np.stack([vectors[ids].mean(axis=0) for ids in liked])
        return np.asarray(profiles @ vectors[candidates].T, np.float32)

    return scorer


def tfidf_knn(tfidf: "csr_array[Any]") -> Scorer:
    """Return the sum of tf-idf cosines with the liked papers; row i is that of paper i."""

    def scorer(liked: Sequence[Ids], candidates: Ids) -> Floats:
        profiles = _given(liked, tfidf.shape[0]) @ tfidf
        return np.asarray((profiles @ tfidf[candidates].T.tocsr()).toarray(), np.float32)

    return scorer


def svm(tfidf: "csr_array[Any]", others: Ids, regularization: float = 0.1) -> Scorer:
    """Return a linear SVM for each reader, their likes against `others`, as arxiv-sanity does.

    Takes a few hundredths of a second for likes that were not met before.
    """
    known: dict[bytes, tuple[Floats, np.float32]] = {}  # the same likes are asked about again

    def scorer(liked: Sequence[Ids], candidates: Ids) -> Floats:
        among = tfidf[candidates]
        found = np.zeros((len(liked), len(candidates)), np.float32)
        for row, ids in enumerate(liked):
            key = ids.tobytes()
            if key not in known:
                known[key] = _machine(tfidf, ids, np.setdiff1d(others, ids), regularization)
            weights, bias = known[key]
            found[row] = among @ weights + bias
        return found

    return scorer


def _machine(
    tfidf: "csr_array[Any]", liked: Ids, others: Ids, regularization: float
) -> tuple[Floats, np.float32]:
    """Return the weights and the bias of a linear SVM; zeros where there is nothing to learn:
    no word in any text, or no paper that the reader has not liked."""
    from scipy.sparse import vstack
    from sklearn.svm import LinearSVC

    if not len(others) or not tfidf.shape[1]:
        return np.zeros(tfidf.shape[1], np.float32), np.float32(0)
    examples = vstack([tfidf[liked], tfidf[others]])
    labels = np.repeat([1, 0], [len(liked), len(others)])
    machine = LinearSVC(C=regularization, class_weight="balanced", max_iter=10_000)
    machine.fit(examples, labels)
    return machine.coef_[0].astype(np.float32), np.float32(machine.intercept_[0])


def als(train: Pairs, seed: int) -> Scorer:
    """Return implicit's ALS (Hu, Koren & Volinsky 2008); readers are folded in by their likes.

    Raises FactorsUnavailable.
    """
    factors.ensure_available()
    from implicit.cpu.als import AlternatingLeastSquares
    from scipy.sparse import csr_matrix

    likes = from_pairs(train[:, 0], train[:, 1])
    model = _trained(
        lambda: AlternatingLeastSquares(
            factors=max(1, min(factors.MOST_FACTORS, min(likes.likes.shape) // 2)),
            alpha=factors.ALPHA,
            regularization=factors.REGULARIZATION,
            iterations=factors.ITERATIONS,
            random_state=seed,
        ),
        likes.likes,
    )

    def score(given: "csr_array[Any]") -> Floats:
        users = model.recalculate_user(np.arange(given.shape[0]), csr_matrix(given))
        return np.asarray(users @ model.item_factors.T, np.float32)

    return _by_likes(likes.papers, score)


def bpr(train: Pairs, seed: int) -> Scorer:
    """Return implicit's Bayesian personalised ranking (Rendle et al. 2009).

    It cannot place a reader after training: one is recognised by their likes, and KeyError is
    raised for likes that are no reader's of `train`. Raises FactorsUnavailable.
    """
    factors.ensure_available()
    from implicit.cpu.bpr import BayesianPersonalizedRanking

    likes = from_pairs(train[:, 0], train[:, 1])
    model = _trained(
        lambda: BayesianPersonalizedRanking(
            factors=_BPR_FACTORS, iterations=_BPR_ITERATIONS, random_state=seed, num_threads=1
        ),
        likes.likes,
    )
    readers = {library: row for row, library in enumerate(_libraries(likes.likes))}

    def score(given: "csr_array[Any]") -> Floats:
        users = model.user_factors[[readers[library] for library in _libraries(given)]]
        return np.asarray(users @ model.item_factors.T, np.float32)

    return _by_likes(likes.papers, score)


def bm25_knn(train: Pairs) -> Scorer:
    """Return implicit's item-kNN on likes weighed by BM25. Raises FactorsUnavailable."""
    factors.ensure_available()
    from implicit.nearest_neighbours import ItemItemRecommender, bm25_weight

    likes = from_pairs(train[:, 0], train[:, 1])
    # implicit's own BM25Recommender hands on a matrix of a kind that it then warns about.
    weighed = bm25_weight(likes.likes.T, K1=1.2, B=0.75).T
    model = _trained(lambda: ItemItemRecommender(K=_NEIGHBOURS), weighed)
    return _by_likes(
        likes.papers, lambda given: np.asarray((given @ model.similarity).toarray(), np.float32)
    )


def _trained(made: Callable[[], Any], likes: "csr_array[Any]") -> Any:
    from scipy.sparse import csr_matrix
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, "blas"):  # see `factors.fit`; a model that is made looks at it too
        model = made()
        model.fit(csr_matrix(likes), show_progress=False)
    return model


def _libraries(likes: "csr_array[Any]") -> list[tuple[int, ...]]:
    rows = np.split(likes.indices, likes.indptr[1:-1])
    return [tuple(sorted(row.tolist())) for row in rows]


def _by_likes(papers: Ids, score: Callable[["csr_array[Any]"], Floats]) -> Scorer:
    """papers: ids, ascending, that `score` knows as columns of likes and of scores."""

    def scorer(liked: Sequence[Ids], candidates: Ids) -> Floats:
        columns = [find(papers, np.asarray(ids)) for ids in liked]
        given = _given([row[row >= 0] for row in columns], len(papers))
        at = find(papers, candidates)
        found = np.full((len(liked), len(candidates)), -np.inf, np.float32)
        found[:, at >= 0] = score(given)[:, at[at >= 0]]
        return found

    return scorer


def _given(liked: Sequence[Rows], n: int) -> "csr_array[Any]":
    """Return likes as a matrix, shape (readers, n)."""
    from scipy.sparse import csr_array

    starts = np.cumsum([0, *map(len, liked)], dtype=np.int32)
    columns = np.concatenate(liked).astype(np.int32)
    ones = np.ones(len(columns), np.float32)
    return csr_array((ones, columns, starts), shape=(len(liked), n))

"""Spark learns what implicit learns: `make test-spark`, and no part of `make test`.

SPARK_BENCHMARK names a benchmark's folder; without it readers are generated whose likes are
planted. The figures are printed.
"""

import os
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bot.commands import benchmark_files
from bot.jobs.spark_factors import spark
from recommender import contenders, evaluation, factors
from recommender.encoder import load
from recommender.evaluation import Benchmark
from recommender.interactions import from_pairs
from recommender.papers import PaperId
from tests.recommender import planted

MASTER = os.environ.get("SPARK_MASTER", "local[2]")
N_PAPERS, N_NEW, N_READERS, LIKES = 700, 140, 400, 20
CLOSE = 0.02  # recall; what may lie between the two
COMPARED = ("ours", "als alone")


@pytest.fixture(scope="session")
def fit():
    with spark(MASTER) as fit_factors:
        yield fit_factors


def generated() -> Benchmark:
    """Return readers of four schools; the last fifth of the papers is new."""
    papers, schools = planted.schools(N_PAPERS)
    ratings = planted.readers_of_schools(schools, N_READERS, LIKES)
    likes = np.array([(r.user, r.feedback.paper - 1) for r in ratings], np.int64)
    is_new = likes[:, 1] >= N_PAPERS - N_NEW
    none = np.zeros((0, 2), np.int64)
    numbered = tuple(replace(paper, id=PaperId(paper.id - 1)) for paper in papers)
    return Benchmark(numbered, likes[~is_new], none, likes[is_new])


@pytest.fixture(scope="session")
def benchmark() -> Benchmark:
    folder = os.environ.get("SPARK_BENCHMARK")
    return benchmark_files.read(Path(folder)) if folder else generated()


def recalls(benchmark, coder, fit_factors):
    """Return recall by contender and depth, as the bot would rank new papers."""
    began = time.monotonic()
    model = evaluation.fit(benchmark, coder, 0, fit_factors=fit_factors)
    seconds = time.monotonic() - began
    corpus = evaluation.corpus_of(benchmark, model, coder)
    task = evaluation.cold_task(benchmark)
    found = {}
    for contender in contenders.ours(model, corpus):
        if contender.name in COMPARED:
            quality = evaluation.measure(task, contender.train())
            found |= {(contender.name, k): quality.mean(f"R@{k}") for k in (20, 100)}
    return found, seconds


def test_spark_ranks_new_papers_as_well_as_implicit(benchmark, fit, tmp_path):
    coder = load("static", tmp_path)
    by_implicit, implicit_seconds = recalls(benchmark, coder, factors.fit)
    by_spark, spark_seconds = recalls(benchmark, coder, fit)
    print(f"\ntraining: implicit {implicit_seconds:.0f} s, Spark {spark_seconds:.0f} s")
    for (name, k), value in by_implicit.items():
        print(f"{name:18} recall@{k:<4} implicit {value:.3f}   Spark {by_spark[name, k]:.3f}")
    assert {name for name, _ in by_implicit} == set(COMPARED)  # readers count beside the text
    gaps = {key: by_spark[key] - value for key, value in by_implicit.items()}
    assert min(gaps.values()) >= -CLOSE
    # Generated readers have few tastes, and more factors than those need are left where they
    # began: Spark begins on the readers' side, which serves new papers better there.
    assert max(gaps.values()) <= CLOSE or not os.environ.get("SPARK_BENCHMARK")


def test_both_see_the_same_in_readers_likes(fit):
    likes = generated()
    matrix = from_pairs(likes.train[:, 0], likes.train[:, 1]).likes
    everything = np.eye(matrix.shape[1], dtype=np.float32)
    theirs, ours = (learn(matrix, 0).apply(everything) for learn in (factors.fit, fit))
    assert np.corrcoef((matrix @ theirs).ravel(), (matrix @ ours).ravel())[0, 1] > 0.9


def test_the_same_seed_gives_the_same_factors(fit):
    likes = generated()
    matrix = from_pairs(likes.train[:, 0], likes.train[:, 1]).likes
    assert np.allclose(fit(matrix, 3).items, fit(matrix, 3).items, atol=1e-4)


def test_a_paper_that_nobody_likes_has_no_factors(fit):
    matrix = from_pairs(np.arange(8) % 4, np.array([0, 0, 1, 1, 0, 1, 1, 0])).likes
    wider = np.hstack([matrix.toarray(), np.zeros((4, 1), np.float32)])
    from scipy.sparse import csr_array

    items = fit(csr_array(wider), 0).items
    assert items.shape == (3, 1)
    assert not items[2].any()
    assert items[:2].any()

import json
from dataclasses import replace

import numpy as np
import pytest

from recommender import evaluation, metrics
from recommender.encoder import JoinedEncoder
from recommender.evaluation import Benchmark, MalformedBenchmark, TableEncoder
from tests.recommender import planted


@pytest.fixture(scope="module")
def benchmark_(school):
    """Papers of four schools; the last quarter is new: half for validation, half for test."""
    papers, found = school
    lines = [
        json.dumps({"id": n, "title": p.title, "abstract": p.abstract})
        for n, p in enumerate(papers)
    ]
    ratings = planted.readers_of_schools(found, 120, 40)
    likes = np.array([(r.user, r.feedback.paper - 1) for r in ratings])
    is_old = likes[:, 1] < 300
    is_test = likes[:, 1] >= 350
    return Benchmark(
        evaluation.parse_papers(lines, "papers.jsonl"),
        likes[is_old],
        likes[~is_old & ~is_test],
        likes[is_test],
    )


def test_the_model_beats_chance_by_far_on_papers_nobody_has_rated(benchmark_, coder):
    model = evaluation.fit(benchmark_, coder, seed=0)
    corpus = evaluation.corpus_of(benchmark_, model, coder)
    task = evaluation.cold_task(benchmark_)
    assert set(task.candidates) == set(benchmark_.test[:, 1])
    found = evaluation.measure(task, evaluation.by_model(model, corpus))
    rng = np.random.default_rng(0)
    chance = evaluation.measure(task, lambda liked, c: rng.random((len(liked), len(c))))
    assert found.mean("N@20") > chance.mean("N@20") + 0.1
    low, high = found.interval("N@20")
    assert low < found.mean("N@20") < high


@pytest.mark.parametrize("few", ["readers", "papers"])
def test_a_validation_that_can_tell_little_leaves_the_choice_to_hidden_training_papers(
    benchmark_, coder, few
):
    column = ("readers", "papers").index(few)
    validation = benchmark_.validation
    some = np.unique(validation[:, column])[:15]
    little = replace(benchmark_, validation=validation[np.isin(validation[:, column], some)])
    model = evaluation.fit(little, coder, seed=0)
    assert model.metrics["judges"] > 15
    nothing = replace(benchmark_, validation=validation[:0])
    assert model.metrics == evaluation.fit(nothing, coder, seed=0).metrics


def test_papers_that_share_a_text_keep_a_vector_each(coder):
    lines = [json.dumps({"id": n, "title": ""}) for n in range(4)]
    papers = evaluation.parse_papers(lines, "papers.jsonl")
    likes = np.array([[0, 0], [1, 1]])
    benchmark = Benchmark(papers, likes, likes[:0], np.array([[0, 2], [1, 3]]))
    vectors = np.eye(2, dtype=np.float32)[[0, 1, 0, 1]]
    encoder = JoinedEncoder(TableEncoder(papers, vectors), coder, "file")
    model = evaluation.fit(benchmark, encoder, seed=0)
    corpus = evaluation.corpus_of(benchmark, model, encoder)
    scores = evaluation.by_model(model, corpus)([np.array([0]), np.array([1])], np.array([2, 3]))
    assert np.argmax(scores, axis=1).tolist() == [0, 1]


def test_few_shot_readers_are_in_no_training_and_their_supports_are_nested(benchmark_):
    rest, tasks = evaluation.few_shot_tasks(benchmark_, seed=0)
    held_out = set(benchmark_.train[:, 0]) - set(rest[:, 0])
    assert len(held_out) == len(tasks[1].liked) > 0
    for fewer, more in ((1, 3), (3, 5), (5, 10), (10, 20)):
        for small, large in zip(tasks[fewer].liked, tasks[more].liked, strict=True):
            assert len(small) == fewer
            assert set(small) < set(large)
    again = evaluation.few_shot_tasks(benchmark_, seed=0)[1]
    assert all(np.array_equal(a, b) for a, b in zip(tasks[5].liked, again[5].liked, strict=True))


def test_masked_papers_are_no_candidates_of_their_reader():
    papers = evaluation.parse_papers(
        [json.dumps({"id": n, "title": f"paper {n}"}) for n in range(4)], "papers.jsonl"
    )
    benchmark = Benchmark(
        papers,
        train=np.array([[7, 0]]),
        validation=np.array([[7, 1]]),
        test=np.array([[7, 2]]),
        with_validation=True,
    )
    task = evaluation.cold_task(benchmark)
    assert list(task.candidates) == [1, 2, 3]
    found = evaluation.measure(task, lambda liked, c: np.array([[3.0, 2.0, 1.0]]))
    assert found.mean("N@20") == metrics.ndcg(
        np.array([[-np.inf, 2.0, 1.0]], np.float32), np.array([[False, True, False]]), 20
    )


@pytest.mark.parametrize(
    ("lines", "where"),
    [
        (["user;paper", "1,2"], "train.csv, line 1"),
        (["user,paper", "1,2", "1,two"], "train.csv, line 3"),
        (["user,paper", "1,2,3"], "train.csv, line 2"),
        (["user,paper", "1,99"], "train.csv, line 2"),
        ([], "train.csv, line 1"),
    ],
)
def test_malformed_likes_name_file_and_line(lines, where):
    with pytest.raises(MalformedBenchmark, match=where):
        evaluation.parse_likes(lines, "train.csv", n_papers=10)


@pytest.mark.parametrize("line", ["{", '{"id": 0}', '{"id": 5, "title": "x"}', "[1]"])
def test_malformed_papers_name_file_and_line(line):
    with pytest.raises(MalformedBenchmark, match=r"papers\.jsonl, line 1"):
        evaluation.parse_papers([line], "papers.jsonl")


def test_ready_made_vectors_must_be_one_for_each_paper(benchmark_):
    with pytest.raises(MalformedBenchmark):
        TableEncoder(benchmark_.papers, np.zeros((3, 8), np.float32))
    coder = TableEncoder(benchmark_.papers, np.eye(len(benchmark_.papers), dtype=np.float32))
    assert np.argmax(coder.encode([benchmark_.papers[5].text])) == 5

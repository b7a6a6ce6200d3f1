import json

import numpy as np
import pytest

from recommender import evaluation, protocols
from recommender.evaluation import Benchmark, NothingToRank


def benchmark_of(train, validation, test, n_papers: int = 6) -> Benchmark:
    lines = [json.dumps({"id": n, "title": f"paper {n}"}) for n in range(n_papers)]
    pairs = (np.array(part, np.int64).reshape(-1, 2) for part in (train, validation, test))
    return Benchmark(evaluation.parse_papers(lines, "papers.jsonl"), *pairs)


@pytest.fixture
def mixed() -> Benchmark:
    """Papers 0 to 3 have likes in training; 4 and 5 are new. Only reader 1 has both in test."""
    return benchmark_of(
        train=[(1, 0), (1, 1), (2, 2), (3, 3), (3, 1)],
        validation=[(1, 2)],
        test=[(1, 3), (1, 4), (2, 0), (3, 5)],
    )


def test_warm_asks_for_rated_papers_and_masks_what_is_known_of_the_reader(mixed):
    task = protocols.warm_task(mixed)
    assert task.candidates.tolist() == [0, 1, 2, 3]
    assert [places.tolist() for places in task.wanted] == [[3], [0]]
    assert [sorted(places.tolist()) for places in task.masked] == [[0, 1, 2], [2]]


def test_overall_is_for_readers_with_both_kinds_among_all_papers(mixed):
    task = protocols.overall_task(mixed)
    assert task.candidates.tolist() == [0, 1, 2, 3, 4, 5]
    assert [ids.tolist() for ids in task.liked] == [[0, 1]]
    assert [places.tolist() for places in task.wanted] == [[3, 4]]
    assert [sorted(places.tolist()) for places in task.masked] == [[0, 1, 2]]


def test_a_test_like_that_is_known_already_is_asked_of_nobody():
    known = benchmark_of(train=[(1, 0), (1, 1), (2, 1)], validation=[], test=[(1, 1), (2, 0)])
    task = protocols.warm_task(known)
    assert [ids.tolist() for ids in task.liked] == [[1]]
    assert [places.tolist() for places in task.wanted] == [[0]]


def test_a_like_that_stands_in_training_twice_is_not_held_out_and_kept():
    train = [(reader, paper) for reader in range(8) for paper in range(6)]
    twice = benchmark_of(train=[*train, *train], validation=[], test=[])
    warm = protocols.hold_out(twice, seed=0, share=0.5)
    shown, asked = ({tuple(like) for like in part.tolist()} for part in (warm.train, warm.test))
    assert len(asked) == len(warm.test) == 24
    assert not shown & asked
    assert shown | asked == set(train)


def test_what_a_benchmark_cannot_ask_is_said_and_the_rest_is_asked(mixed):
    new = benchmark_of(train=[(1, 0)], validation=[], test=[(1, 4)])
    (asked,), sorry = protocols.rounds(new, protocols.PROTOCOLS, seed=0)
    assert list(asked.tasks) == ["cold"]
    assert [sentence.partition(":")[0] for sentence in sorry] == ["warm", "overall", "few-shot"]
    strangers = benchmark_of(train=[(1, 0)], validation=[], test=[(2, 4)])
    assert protocols.rounds(strangers, ["cold"], seed=0) == (
        [],
        ["cold: no reader of the test papers has a like in train"],
    )


def test_cold_has_nothing_to_ask_where_all_papers_have_likes():
    warm = benchmark_of(train=[(1, 0), (2, 1)], validation=[], test=[(1, 1)])
    with pytest.raises(NothingToRank, match="cold: every test paper"):
        evaluation.cold_task(warm)


def test_new_readers_are_asked_for_the_same_library_papers_whatever_they_were_given():
    rng = np.random.default_rng(0)
    likes = [(user, int(paper)) for user in range(8) for paper in rng.permutation(60)[:30]]
    asked = protocols.few_shot_round(
        benchmark_of(likes, [], [(user, 60 + user % 2) for user in range(8)], n_papers=62), seed=3
    )
    library = [task for name, task in asked.tasks.items() if name.startswith("library")]
    assert len(library) == 5
    for task in library:
        for liked, wanted, masked, first in zip(
            task.liked, task.wanted, task.masked, library[0].wanted, strict=True
        ):
            assert np.array_equal(wanted, first)
            assert not set(task.candidates[wanted]) & set(liked)
            assert set(liked) & set(task.candidates) <= set(task.candidates[masked])


def test_a_sample_of_readers_is_the_same_for_the_same_seed(mixed):
    task = protocols.warm_task(mixed)
    one, again = (protocols.sampled(task, 1, seed=5) for _ in range(2))
    assert len(one.liked) == 1
    assert np.array_equal(one.wanted[0], again.wanted[0])

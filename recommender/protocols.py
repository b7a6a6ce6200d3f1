"""What a benchmark is asked, beyond new papers for known readers (`evaluation.cold_task`).

- warm: test papers with likes in training, among all such papers;
- overall: new and rated papers in one list, for readers who have both kinds in test;
- few-shot, for readers taken out of training: new papers, and the rest of their own library.

Tasks that are answered by the same model stand in one round.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from recommender.evaluation import (
    SUPPORTS,
    Benchmark,
    NothingToRank,
    Pairs,
    Task,
    by_user,
    cold_task,
    few_shot_tasks,
    task_of,
)

PROTOCOLS = ("cold", "warm", "overall", "few-shot")
_HELD_OUT = 0.1  # of the training likes, for a benchmark with warm test likes


@dataclass(frozen=True)
class Round:
    """train: the likes all these tasks are learnt from. tasks: by name, in the order to tell.

    knows_readers: whether the readers of the tasks have likes in `train`.
    """

    train: Pairs = field(repr=False)
    tasks: Mapping[str, Task]
    knows_readers: bool = True


def rounds(benchmark: Benchmark, wanted: Sequence[str], seed: int) -> tuple[list[Round], list[str]]:
    """Return the rounds of these protocols, and for each that asks nothing here why not."""
    known = dict[str, Task]()
    sorry = list[str]()
    found = list[Round]()
    for name, task in _KNOWN.items():
        if name in wanted:
            try:
                known[name] = _asked(name, task(benchmark))
            except NothingToRank as nothing:
                sorry.append(str(nothing))
    if known:
        found.append(Round(benchmark.train, known))
    if "few-shot" in wanted:
        try:
            found.append(few_shot_round(benchmark, seed))
        except NothingToRank as nothing:
            sorry.append(str(nothing))
    return found, sorry


def _asked(name: str, task: Task) -> Task:
    if not len(task.liked):
        raise NothingToRank(f"{name}: no reader of the test papers has a like in train")
    return task


def warm_task(benchmark: Benchmark) -> Task:
    """Return the warm protocol. Raises NothingToRank when all test papers are new."""
    candidates = np.unique(benchmark.train[:, 1])
    if not np.any(np.isin(benchmark.test[:, 1], candidates)):
        raise NothingToRank(
            "warm: no test paper has a like in train; --make-warm makes such a folder"
        )
    return task_of(benchmark.train, benchmark.test, _known(benchmark), candidates)


def overall_task(benchmark: Benchmark) -> Task:
    """Return the overall protocol. Raises NothingToRank when nobody has both kinds in test."""
    test = benchmark.test
    is_rated = np.isin(test[:, 1], benchmark.train[:, 1])
    both = np.intersect1d(test[is_rated, 0], test[~is_rated, 0])
    test = test[np.isin(test[:, 0], np.intersect1d(both, benchmark.train[:, 0]))]
    if not len(test):
        raise NothingToRank("overall: no reader has both new and rated test papers")
    return task_of(benchmark.train, test, _known(benchmark), np.arange(len(benchmark.papers)))


def _known(benchmark: Benchmark) -> Pairs:
    return np.concatenate([benchmark.train, benchmark.validation])


_KNOWN: dict[str, Callable[[Benchmark], Task]] = {
    "cold": cold_task,
    "warm": warm_task,
    "overall": overall_task,
}


def few_shot_round(benchmark: Benchmark, seed: int) -> Round:
    """Return the few-shot tasks, "new papers, 1 like" … and "library, 1 like" ….

    Raises NothingToRank when no reader has likes enough.
    """
    rest, new = few_shot_tasks(benchmark, seed)
    if not len(new[SUPPORTS[0]].liked):
        raise NothingToRank("few-shot: no reader has 25 likes in train and one of a new paper")
    library = _library_tasks(benchmark.train, rest, new)
    tasks = {f"new papers, {_likes(k)}": task for k, task in new.items()}
    tasks |= {f"library, {_likes(k)}": task for k, task in library.items() if task.liked}
    return Round(rest, tasks, knows_readers=False)


def _likes(k: int) -> str:
    return "1 like" if k == 1 else f"{k} likes"


def few_shot_name(task: str) -> tuple[str, int] | None:
    """Return what a few-shot task asks for, and from how many likes; None for other tasks."""
    found = re.fullmatch(r"(new papers|library), (\d+) likes?", task)
    return (found[1], int(found[2])) if found else None


def _library_tasks(train: Pairs, rest: Pairs, new: Mapping[int, Task]) -> dict[int, Task]:
    """Return the tasks of finding the rest of the readers' libraries, without the largest
    support, so that every support is asked for the same papers."""
    candidates = np.unique(rest[:, 1])
    held_out = np.setdiff1d(train[:, 0], rest[:, 0])  # ascending, as the tasks' readers are
    library = by_user(train[np.isin(train[:, 0], held_out)])
    given = new[max(new)].liked
    wanted = [
        np.flatnonzero(np.isin(candidates, np.setdiff1d(library[int(user)], support)))
        for user, support in zip(held_out, given, strict=True)
    ]
    masked = [np.flatnonzero(np.isin(candidates, support)) for support in given]
    some = [row for row, places in enumerate(wanted) if len(places)]
    return {
        k: _readers(Task(task.liked, candidates, wanted, masked), some) for k, task in new.items()
    }


def sampled(task: Task, readers: int, seed: int) -> Task:
    """Return the task for so many of its readers, the same for the same seed."""
    chosen = np.random.default_rng([seed, 6]).permutation(len(task.liked))[:readers]
    return _readers(task, sorted(chosen.tolist()))


def _readers(task: Task, at: Sequence[int]) -> Task:
    return replace(
        task,
        liked=[task.liked[row] for row in at],
        wanted=[task.wanted[row] for row in at],
        masked=[task.masked[row] for row in at],
    )


def hold_out(benchmark: Benchmark, seed: int, share: float = _HELD_OUT) -> Benchmark:
    """Return the benchmark with a share of its training likes moved into test.

    Every reader and every paper keeps a like in training, so what is moved is warm; a like
    that stands there twice counts once.
    """
    once = np.sort(np.unique(benchmark.train, axis=0, return_index=True)[1])
    train = np.random.default_rng([seed, 7]).permutation(benchmark.train[once])
    anchors = [np.unique(train[:, column], return_index=True)[1] for column in (0, 1)]
    movable = np.setdiff1d(np.arange(len(train)), np.concatenate(anchors))
    is_moved = np.zeros(len(train), np.bool_)
    is_moved[movable[: round(share * len(train))]] = True
    return replace(
        benchmark,
        train=_ordered(train[~is_moved]),
        test=_ordered(np.concatenate([benchmark.test, train[is_moved]])),
    )


def _ordered(pairs: Pairs) -> Pairs:
    return pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]

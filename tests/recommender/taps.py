"""Random taps of many readers, and what stands after them."""

from collections.abc import Iterator

import numpy as np

from recommender.feedback import Feedback, Verdict
from recommender.papers import PaperId

TAPS = (*Verdict, "save", "unsave", "undo")


class Opinions:
    """What one reader says of papers, tap by tap, with every tap before it remembered."""

    def __init__(self) -> None:
        self._standing: dict[PaperId, Feedback] = {}
        self._before: list[tuple[PaperId, Feedback | None]] = []

    def tap(self, paper: PaperId, what: Verdict | str) -> None:
        """Say something of a paper, or take the last thing back ("undo", whatever the paper)."""
        if what == "undo":
            if self._before:
                self._put(*self._before.pop())
            return
        stood = self._standing.get(paper)
        verdict, is_saved = (stood.verdict, stood.is_saved) if stood else (None, False)
        if isinstance(what, Verdict):
            verdict = what
        else:
            is_saved = what == "save"
        self._before.append((paper, stood))
        self._put(paper, Feedback(paper, verdict, is_saved))

    def _put(self, paper: PaperId, feedback: Feedback | None) -> None:
        self._standing.pop(paper, None)
        if feedback is not None:
            self._standing[paper] = feedback

    @property
    def standing(self) -> tuple[Feedback, ...]:
        return tuple(self._standing.values())


def random_histories(
    readers: int, taps: int, papers: int, rng: np.random.Generator
) -> Iterator[tuple[Feedback, ...]]:
    """Yield what stands between each reader and papers 1 … `papers` after so many random taps.

    Some readers tap at one kind of thing far more often than at all others.
    """
    for _ in range(readers):
        odds = rng.dirichlet(np.full(len(TAPS), 0.4))
        opinions = Opinions()
        chosen = rng.integers(1, papers + 1, taps).tolist()
        for paper, what in zip(chosen, rng.choice(len(TAPS), taps, p=odds).tolist(), strict=True):
            opinions.tap(PaperId(paper), TAPS[what])
        yield opinions.standing

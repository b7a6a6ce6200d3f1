"""Why a paper: the exact summands of its score, and the words that make two papers alike."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from recommender.arrays import Mask, Rows
from recommender.candidates import Corpus
from recommender.metrics import Doubles
from recommender.model import Model
from recommender.papers import PaperId
from recommender.picks import PartKind, ScorePart

NAMED = 6  # liked and skipped papers named with a pick
EXPLAINED = 3  # of the named, with the words they share
WORDS = 3
_NOTHING = 1e-9
_PAIRS = 4096  # compared at the same time
_KINDS = (
    PartKind.LIKED,
    PartKind.SKIPPED,
    PartKind.READERS,
    PartKind.POPULAR,
    PartKind.EXPLORING,
    PartKind.OTHER,
)


@dataclass(frozen=True, slots=True)
class Shares:
    """The summands of the scores of n candidates as numbers.

    rows: the candidates in the corpus, shape (n,). judged: the papers that the reader of each
    has judged, in the corpus; is_liked: which of them were liked; papers: what each adds, in
    double precision, and 0 where there is none; all of shape (n, m). readers, popular,
    exploring: what these add, shape (n,).
    """

    rows: Rows
    judged: Rows
    is_liked: Mask
    papers: Doubles
    readers: Doubles
    popular: Doubles
    exploring: Doubles

    def named(self) -> tuple[Rows, Mask]:
        """Return the places of the papers to be named, the largest first, and which are any.

        Shapes (n, NAMED), or (n, m) where fewer were judged.
        """
        sizes = np.abs(self.papers)
        # A skipped paper unlike this one speaks for it; that is no reason to name.
        may = (sizes >= _NOTHING) & (self.is_liked | (self.papers <= 0))
        places = np.argsort(np.where(may, -sizes, 1.0), axis=1, kind="stable")[:, :NAMED]
        return places, np.take_along_axis(may, places, axis=1)

    def unnamed(self, places: Rows, is_named: Mask) -> Doubles:
        """Return what the papers that are not named add together, shape (n,)."""
        left = self.papers.copy()
        named = np.take_along_axis(left, places, axis=1)
        np.put_along_axis(left, places, np.where(is_named, 0.0, named), axis=1)
        return np.asarray(left.sum(axis=1), np.float64)


def parts(model: Model, corpus: Corpus, shares: Shares) -> list[tuple[ScorePart, ...]]:
    """Return the summands of each candidate's score; papers first, the largest first."""
    places, is_named = shares.named()
    papers = np.take_along_axis(shares.judged, places, axis=1)
    values = np.take_along_axis(shares.papers, places, axis=1)
    is_liked = np.take_along_axis(shares.is_liked, places, axis=1)
    other = shares.unnamed(places, is_named)
    rest = np.stack([shares.readers, shares.popular, shares.exploring, other], axis=1)
    is_there = np.hstack([is_named, rest != 0])
    kinds = np.hstack([np.where(is_liked, 0, 1), np.broadcast_to([2, 3, 4, 5], rest.shape)])
    ids = np.hstack([corpus.ids[papers], np.full(rest.shape, -1)])
    is_explained = is_named.copy()
    is_explained[:, EXPLAINED:] = False
    candidates = np.repeat(shares.rows, np.count_nonzero(is_explained, axis=1))
    words = iter(shared_words(model, corpus, papers[is_explained], candidates))
    is_explained = np.hstack([is_explained, np.zeros(rest.shape, np.bool_)])
    flat = [
        ScorePart(
            _KINDS[kind],
            value,
            PaperId(paper) if paper >= 0 else None,
            next(words) if has_words else (),
        )
        for kind, value, paper, has_words in zip(
            kinds[is_there].tolist(),
            np.hstack([values, rest])[is_there].tolist(),
            ids[is_there].tolist(),
            is_explained[is_there].tolist(),
            strict=True,
        )
    ]
    ends = np.cumsum(np.count_nonzero(is_there, axis=1)).tolist()
    return [tuple(flat[start:end]) for start, end in pairwise([0, *ends])]


def likeness(model: Model, corpus: Corpus, liked: int, row: int, value: float) -> ScorePart:
    """Return the one part of a pick that was chosen for being like a paper; rows of both."""
    (words,) = shared_words(model, corpus, np.array([liked]), np.array([row]))
    return ScorePart(PartKind.LIKED, float(value), PaperId(int(corpus.ids[liked])), words)


def shared_words(model: Model, corpus: Corpus, papers: Rows, others: Rows) -> list[tuple[str, ...]]:
    """Return up to three telling words that both papers of each pair use, best first.

    papers, others: rows of the corpus, as many. The best words are those that both papers put
    in front.
    """
    found: list[tuple[str, ...]] = []
    for start in range(0, len(papers), _PAIRS):
        some = slice(start, start + _PAIRS)
        found += _shared_words(model, corpus.telling[papers[some]], corpus.telling[others[some]])
    return found


def _shared_words(
    model: Model, one: NDArray[np.int32], other: NDArray[np.int32]
) -> list[tuple[str, ...]]:
    """one, other: the telling words of both papers of each pair, best first, -1 for none."""
    pairs, width = one.shape
    one = np.where(one < 0, np.int32(-2), one)  # none is no word to share
    at = np.flatnonzero(one[:, :, None] == other[:, None, :])
    pair, within = np.divmod(at, max(width * width, 1))
    first, second = np.divmod(within, max(width, 1))
    words = one[pair, first]
    order = np.lexsort((words, first + second, pair))
    pair, words = pair[order], words[order]
    counts = np.bincount(pair, minlength=pairs)
    place = np.arange(len(pair)) - np.repeat(np.cumsum(counts) - counts, counts)
    names = [model.text.words[word] for word in words[place < WORDS].tolist()]
    ends = np.cumsum(np.minimum(counts, WORDS)).tolist()
    return [tuple(names[start:end]) for start, end in pairwise([0, *ends])]

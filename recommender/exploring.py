"""One slot that explores: a sample from what the profile might be, with its exact propensity.

    θ ~ N(0, (I + τΣφφᵀ)⁻¹) over the leading directions e of all texts, φ = e·b of what the
    reader spoke of;  the slot goes to  argmax score(c) + amplitude·θ·φ(c)

What the reader never spoke of is uncertain, so it is explored; what they judged is not. The
normal numbers behind θ are the same few for everybody, a part of the method, and chance only
chooses among the candidates they lead to. So the probability of each is counted, not guessed.

With J the judged papers, one in each row, the root that makes θ of the normal numbers is

    (I + τΣφφᵀ)^(−½) = I − JᵀMJ,    M = W·(1 − (1 + τΛ)^(−½))/Λ·Wᵀ  of  JJᵀ = WΛWᵀ

so that what a reader has judged only takes something off, by a product as small as J. Only one
draw decides a slot; the others are asked how many of them would have led to the same candidate.
Most lose against the reader's own best, which takes little to see, and only those that do not
are held against everybody.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

import numpy as np

from recommender.arrays import Floats, Mask, Rows, largest
from recommender.metrics import Doubles

DRAWS = 64
EVEN = 0.1  # of all exploring picks: evenly among the candidates, so that each has a chance
CHANCES = 4  # numbers in [0, 1) that decide one slot
_PRECISION = 4.0  # what one judged paper adds: τ
_AMPLITUDE = (0.0, 0.8, 1.6, 2.4, 3.5)  # by the surprise dial, in standard deviations of scores
_MOST = 1_000  # candidates among which the draws compete
_FEW = 24  # judged papers up to which the small product pays
_RIVALS = 16  # of a reader's best, against which a candidate is held first
_CLOSE = 1e-3  # in amplitudes: more than rounding can make of a difference
_AT_ONCE = 1_024  # draws that are held against everybody at the same time: 4 MB


@dataclass(frozen=True, slots=True)
class _Pool:
    """Candidates that compete with each other, every so-manieth of all.

    varied: e·b of each, shape (e, n).
    """

    at: slice
    varied: Floats


@dataclass(frozen=True)
class Variety:
    """In which ways candidates differ. Every one of them is in just one pool."""

    pools: tuple[_Pool, ...]

    @classmethod
    def of(cls, varied: Floats) -> Self:
        """varied: e·b of all candidates, shape (n, e)."""
        groups = -(-len(varied) // _MOST)
        every = [slice(group, len(varied), groups) for group in range(groups)]
        return cls(tuple(_Pool(at, np.ascontiguousarray(varied[at].T)) for at in every))


@dataclass(frozen=True, slots=True)
class Explored:
    """at: which candidate. added: what the draw added to its score."""

    at: int
    added: float
    propensity: float


def drawn(judged: Sequence[Floats], width: int) -> Floats:
    """Return θ of each draw for many readers, shape (readers, DRAWS, e).

    judged: for each reader e·b of the papers that they judged, shape (m, e); width: e. Those
        with as many papers are worked out together, which changes nothing for any of them.
    """
    found = np.empty((len(judged), DRAWS, width), np.float32)
    alike: dict[int, list[int]] = {}
    for reader, papers in enumerate(judged):
        alike.setdefault(len(papers), []).append(reader)
    for m, readers in alike.items():
        together = np.stack([judged[reader] for reader in readers])
        found[readers] = _replaced(together) if m > _FEW else _less(together)
    return found


def _less(judged: Floats) -> Floats:
    """Return Nᵀ − NᵀJᵀMJ of readers who judged as few papers each, shape (readers, DRAWS, e)."""
    values, axes = np.linalg.eigh((judged @ judged.transpose(0, 2, 1)).astype(np.float64))
    values = np.maximum(values, 1e-9)
    powers = (1 - (1 + _PRECISION * values) ** -0.5) / values
    taken = ((axes * powers[:, None, :]) @ axes.transpose(0, 2, 1)).astype(np.float32)
    normal = _normal(judged.shape[2]).T.astype(np.float32)
    return np.asarray(normal - normal @ judged.transpose(0, 2, 1) @ taken @ judged, np.float32)


def _replaced(judged: Floats) -> Floats:
    """Return the same of readers who judged many, by the large product."""
    width = judged.shape[2]
    precision = np.eye(width) + _PRECISION * (judged.transpose(0, 2, 1) @ judged)
    values, axes = np.linalg.eigh(precision)
    root = (axes * values[:, None, :] ** -0.5) @ axes.transpose(0, 2, 1)
    return np.asarray((root @ _normal(width)).transpose(0, 2, 1), np.float32)


def explore(
    scores: Floats, variety: Variety, thetas: Floats, surprises: Rows, chance: Doubles
) -> list[Explored | None]:
    """Return each reader's exploring pick; None when no candidate may be picked.

    scores: shape (readers, n), −inf for those that may not. variety: of the candidates.
    thetas: of each draw, shape (readers, DRAWS, e), see `drawn`. surprises: 1 … 4, shape
    (readers,). chance: in [0, 1), even and independent, shape (readers, CHANCES).
    """
    found: list[Explored | None] = [None] * len(scores)
    is_open = np.stack([np.isfinite(scores[:, p.at]).any(axis=1) for p in variety.pools], axis=1)
    open_so_far, counts = np.cumsum(is_open, axis=1), np.count_nonzero(is_open, axis=1)
    wanted = (chance[:, 0] * counts).astype(np.int64)
    chosen = np.argmax(open_so_far > wanted[:, None], axis=1)
    for number, pool in enumerate(variety.pools):
        mine = np.flatnonzero(is_open[:, number] & (chosen == number))
        if not len(mine):
            continue
        contest = _Contest.of(scores[mine, pool.at], pool, thetas[mine], surprises[mine])
        propensities, places, added = contest.decided(chance[mine, 1:])
        propensities /= counts[mine]
        at = pool.at.start + places * pool.at.step
        for reader, *one in zip(
            mine.tolist(), at.tolist(), added.tolist(), propensities.tolist(), strict=True
        ):
            found[reader] = Explored(*one)
    return found


def chances(scores: Floats, variety: Variety, theta: Floats, surprise: int) -> Doubles:
    """Return the probability with which `explore` would pick each candidate, shape (n,).

    Takes what `explore` takes, of one reader; surprise may be 0, where scores alone decide but
    for the even share. Sums to 1 unless no candidate may be picked. For judging a dial or a
    model by what another one showed (`off_policy`).
    """
    found = np.zeros(len(scores))
    every = [pool for pool in variety.pools if np.isfinite(scores[pool.at]).any()]
    for pool in every:
        contest = _Contest.of(
            scores[None, pool.at], pool, theta[None], np.array([surprise], np.int64)
        )
        winners = contest.all_winners(0) if surprise else np.argmax(scores[None, pool.at], axis=1)
        won = np.bincount(winners, minlength=contest.may.shape[1]) / len(winners)
        even = EVEN * contest.may[0] / contest.allowed[0]
        found[pool.at] = ((1 - EVEN) * won + even) / len(every)
    return found


@dataclass(frozen=True, slots=True)
class _Contest:
    """Who competes in a pool for the slots of some readers; somebody may win each.

    worth: scores in amplitudes, −inf for who may not be picked, shape (readers, n). thetas: of
    each draw, shape (readers, DRAWS, e). may: shape (readers, n). allowed: how many. amplitudes:
    by how much a draw of one standard deviation changes a score; both of shape (readers,).
    """

    pool: _Pool
    worth: Floats
    thetas: Floats
    may: Mask
    allowed: Rows
    amplitudes: Floats

    @classmethod
    def of(cls, scores: Floats, pool: _Pool, thetas: Floats, surprises: Rows) -> Self:
        may = np.isfinite(scores)
        allowed = np.count_nonzero(may, axis=1)
        means = np.where(may, scores, 0).sum(axis=1) / allowed
        apart = scores - means[:, None].astype(np.float32)
        spreads = np.sqrt(np.square(np.where(may, apart, 0)).sum(axis=1) / allowed)
        dials = np.array(_AMPLITUDE)[surprises]
        amplitudes = (dials * np.maximum(spreads, 1e-6)).astype(np.float32)
        worth = apart / np.where(dials > 0, amplitudes, 1)[:, None]  # at 0 nothing is drawn
        return cls(pool, worth, thetas, may, allowed, amplitudes)

    def decided(self, chance: Doubles) -> tuple[Doubles, Rows, Doubles]:
        """Return, of each reader, the propensity, the place picked and what the draw added.

        chance: of the draw, of whether it is heard at all, and of an even choice.
        """
        readers = np.arange(len(self.worth))
        draws = (chance[:, 0] * DRAWS).astype(np.int64)
        theta = self.thetas[readers, draws]
        places = np.argmax(theta @ self.pool.varied + self.worth, axis=1)
        is_own = np.ones(len(readers), np.bool_)  # whether the draw leads to the place
        added = self.amplitudes * np.einsum("re,er->r", theta, self.pool.varied[:, places])
        for reader in np.flatnonzero(chance[:, 1] < EVEN).tolist():
            able = np.flatnonzero(self.may[reader])
            even = able[int(chance[reader, 2] * len(able))]
            is_own[reader] = even == places[reader]
            places[reader], added[reader] = even, 0.0
        won = (is_own + self._others_won(draws, places)) / DRAWS
        return (1 - EVEN) * won + EVEN / self.allowed, places, added.astype(np.float64)

    def _others_won(self, draws: Rows, places: Rows) -> Rows:
        """Return how many draws, but for one of each reader, lead to a place; shape (readers,)."""
        readers = np.arange(len(places))
        at = self.pool.varied[:, places].T
        mine = (self.thetas @ at[:, :, None])[:, :, 0] + self.worth[readers, places][:, None]
        rivals = largest(self.worth, _RIVALS)
        theirs = self.thetas @ self.pool.varied.T[rivals].transpose(0, 2, 1)
        theirs += self.worth[readers[:, None], rivals][:, None, :]
        may_win = mine >= theirs.max(axis=2) - np.float32(_CLOSE)
        may_win[readers, draws] = False
        who, which = np.nonzero(may_win)
        won = np.zeros(len(places), np.int64)
        for some, winners in self._winners(who, which):
            won += np.bincount(who[some], winners == places[who[some]], len(places)).astype(
                np.int64
            )
        return won

    def _winners(self, who: Rows, which: Rows) -> Iterator[tuple[slice, Rows]]:
        """Yield which some of the draws are, and the places they lead to among all candidates."""
        for start in range(0, len(who), _AT_ONCE):
            some = slice(start, start + _AT_ONCE)
            worth = self.thetas[who[some], which[some]] @ self.pool.varied
            worth += self.worth[who[some]]
            yield some, np.argmax(worth, axis=1)

    def all_winners(self, reader: int) -> Rows:
        """Return the places that all draws of a reader lead to, shape (DRAWS,)."""
        ((_, winners),) = self._winners(np.full(DRAWS, reader), np.arange(DRAWS))
        return winners


@lru_cache(maxsize=4)
def _normal(width: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return np.random.default_rng(20080229).standard_normal((width, DRAWS))

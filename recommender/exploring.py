"""One slot that explores: a sample from what the profile might be, with its exact propensity.

    θ ~ N(0, (I + τΣφφᵀ)⁻¹) over the leading directions e of all texts, φ = e·b of what the
    reader spoke of;  the slot goes to  argmax score(c) + amplitude·θ·φ(c)

What the reader never spoke of is uncertain, so it is explored; what they judged is not. The
normal numbers behind θ are the same few for everybody, a part of the method, and chance only
chooses among the candidates they lead to. So the probability of each is counted, not guessed.

What these numbers say of a candidate to somebody who has judged nothing is the same for all, so
it is worked out once for a list of candidates. With J the judged papers, one in each row,

    (I + τJᵀJ)^(−½) = I − JᵀMJ,    M = W·(1 − (1 + τΛ)^(−½))/Λ·Wᵀ  of  JJᵀ = WΛWᵀ

so that what a reader has judged only takes something off, by a product as small as J. And
since only who wins matters, scores are told in amplitudes and join that product as one more row.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

import numpy as np

from recommender.arrays import Floats, Mask, Rows
from recommender.metrics import Doubles

DRAWS = 64
EVEN = 0.1  # of all exploring picks: evenly among the candidates, so that each has a chance
_PRECISION = 4.0  # what one judged paper adds: τ
_AMPLITUDE = (0.0, 0.8, 1.6, 2.4, 3.5)  # by the surprise dial, in standard deviations of scores
_MOST = 1_000  # candidates among which the draws compete
_FEW = 24  # judged papers up to which the small product pays


@dataclass(frozen=True, slots=True)
class _Pool:
    """Candidates that compete with each other, every so-manieth of all.

    varied: e·b of each, shape (e, n). drawn: what each draw adds to each for whoever judged
    nothing, shape (DRAWS, n).
    """

    at: slice
    varied: Floats
    drawn: Floats


@dataclass(frozen=True)
class Variety:
    """In which ways candidates differ. Every one of them is in just one pool."""

    pools: tuple[_Pool, ...]

    @classmethod
    def of(cls, varied: Floats) -> Self:
        """varied: e·b of all candidates, shape (n, e)."""
        n, width = varied.shape
        groups = -(-n // _MOST)
        pools = []
        for group in range(groups):
            at = slice(group, n, groups)
            mine = np.ascontiguousarray(varied[at].T)
            pools.append(_Pool(at, mine, (_normal(width).T @ mine).astype(np.float32)))
        return cls(tuple(pools))


@dataclass(frozen=True, slots=True)
class Known:
    """What somebody's judgements take off each draw: left·right, of the pool's varied.

    left: shape (DRAWS, m). right: shape (m, e). Or, for who judged much, what each draw is
    instead, with `replaces`.
    """

    left: Floats
    right: Floats
    replaces: bool = False


@dataclass(frozen=True, slots=True)
class Explored:
    """at: which candidate. added: what the draw added to its score."""

    at: int
    added: float
    propensity: float


def known(judged: Sequence[Floats], width: int) -> list[Known]:
    """Return what many readers' judgements take off.

    judged: for each reader e·b of the papers that they judged, shape (m, e); width: e. Those
        with as many papers are worked out together, which changes nothing for any of them.
    """
    found: list[Known | None] = [None] * len(judged)
    alike: dict[int, list[int]] = {}
    for reader, papers in enumerate(judged):
        alike.setdefault(len(papers), []).append(reader)
    for m, readers in alike.items():
        together = np.stack([judged[reader] for reader in readers])
        lefts = _replaced(together) if m > _FEW else _taken(together, width)
        for reader, left in zip(readers, lefts, strict=True):
            right = np.eye(width, dtype=np.float32) if m > _FEW else judged[reader]
            found[reader] = Known(left, right, replaces=m > _FEW)
    return [one for one in found if one is not None]


def _taken(judged: Floats, width: int) -> Floats:
    """Return NᵀJᵀM of readers who judged as few papers each, shape (readers, DRAWS, m)."""
    values, axes = np.linalg.eigh((judged @ judged.transpose(0, 2, 1)).astype(np.float64))
    values = np.maximum(values, 1e-9)
    powers = (1 - (1 + _PRECISION * values) ** -0.5) / values
    taken = (axes * powers[:, None, :]) @ axes.transpose(0, 2, 1)
    drawn = _normal(width).T @ judged.transpose(0, 2, 1)
    return np.asarray(drawn @ taken, np.float32)


def _replaced(judged: Floats) -> Floats:
    """Return θ of each draw for readers who judged as many papers, shape (readers, DRAWS, e)."""
    width = judged.shape[2]
    precision = np.eye(width) + _PRECISION * (judged.transpose(0, 2, 1) @ judged)
    values, axes = np.linalg.eigh(precision)
    root = (axes * values[:, None, :] ** -0.5) @ axes.transpose(0, 2, 1)
    return np.asarray((root @ _normal(width)).transpose(0, 2, 1), np.float32)


def explore(
    scores: Floats, variety: Variety, known: Known, surprise: int, rng: np.random.Generator
) -> Explored | None:
    """Return the exploring pick; None when no candidate may be picked.

    scores: shape (n,), −inf for those that may not. variety: of the candidates.
    known: what the reader's judgements take off. surprise: 1 … 4.
    """
    contests = _contests(scores, variety)
    if not contests:
        return None
    contest = contests[int(rng.integers(len(contests)))]
    amplitude = contest.amplitude(surprise)
    winners = contest.winners(known, amplitude)
    draw = int(rng.integers(DRAWS))
    is_even = rng.random() < EVEN
    place = int(rng.choice(np.flatnonzero(contest.may))) if is_even else int(winners[draw])
    won = int(np.count_nonzero(winners == place)) / DRAWS
    at = contest.pool.at
    return Explored(
        at=at.start + place * at.step,
        added=0.0 if is_even else contest.added(known, amplitude, draw, place),
        propensity=((1 - EVEN) * won + EVEN / contest.allowed) / len(contests),
    )


def chances(scores: Floats, variety: Variety, known: Known, surprise: int) -> Doubles:
    """Return the probability with which `explore` would pick each candidate, shape (n,).

    Takes what `explore` takes; surprise may be 0, where scores alone decide but for the even
    share. Sums to 1 unless no candidate may be picked. For judging a dial or a model by what
    another one showed (`off_policy`).
    """
    found = np.zeros(len(scores))
    contests = _contests(scores, variety)
    for contest in contests:
        winners = contest.winners(known, contest.amplitude(surprise))
        won = np.bincount(winners, minlength=len(contest.may)) / DRAWS
        even = EVEN * contest.may / contest.allowed
        found[contest.pool.at] = ((1 - EVEN) * won + even) / len(contests)
    return found


def _contests(scores: Floats, variety: Variety) -> "list[_Contest]":
    """Return who competes with whom, where anybody may be picked."""
    every = [_Contest.of(scores, pool) for pool in variety.pools]
    return [contest for contest in every if contest.allowed]


@dataclass(frozen=True, slots=True)
class _Contest:
    """scores: of the pool. may: which of it may be picked; allowed: how many."""

    pool: _Pool
    scores: Floats
    may: Mask
    allowed: int

    @classmethod
    def of(cls, scores: Floats, pool: _Pool) -> Self:
        mine = scores[pool.at]
        may = np.isfinite(mine)
        return cls(pool, mine, may, int(np.count_nonzero(may)))

    def amplitude(self, surprise: int) -> np.float32:
        """Return by how much a draw of one standard deviation changes a score."""
        spread = max(float(self.scores[self.may].std()), 1e-6)
        return np.float32(_AMPLITUDE[surprise] * spread)

    def winners(self, known: Known, amplitude: np.float32) -> Rows:
        """Return whom each draw leads to, shape (DRAWS,)."""
        if not amplitude:
            return np.full(DRAWS, np.argmax(self.scores))
        m = known.left.shape[1]
        left = np.empty((DRAWS, m + 1), np.float32)
        right = np.empty((m + 1, len(self.scores)), np.float32)
        left[:, :m], left[:, m] = known.left, 1 if known.replaces else -1
        np.matmul(known.right, self.pool.varied, out=right[:m])
        np.divide(self.scores, amplitude, out=right[m])
        worth = left @ right
        if not known.replaces:
            np.subtract(self.pool.drawn, worth, out=worth)
        return np.asarray(np.argmax(worth, axis=1), np.int64)

    def added(self, known: Known, amplitude: np.float32, draw: int, place: int) -> float:
        """Return what a draw adds to the score of one candidate."""
        own = float(known.left[draw] @ (known.right @ self.pool.varied[:, place]))
        drawn = own if known.replaces else float(self.pool.drawn[draw, place]) - own
        return float(amplitude) * drawn


@lru_cache(maxsize=4)
def _normal(width: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return np.random.default_rng(20080229).standard_normal((width, DRAWS))

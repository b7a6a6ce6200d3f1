"""Nightly: everybody's ratings → a model. What readers share is used only where it helps.

The text's part needs no training but the texts. What readers teach (`lessons`) makes two more,
EASE's and ALS's. Whether and how much they count is decided by hiding papers from training and
ranking them for the readers who liked them. While likes are few, text alone wins, and then
stays alone.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from itertools import product
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import structlog

from recommender import factors, lessons
from recommender.arrays import Entries, Floats, Ids, Mask, Rows, find, largest, stacked, strongest
from recommender.calibration import Balance, Read, Sample, balance, hold_one, profiles_of
from recommender.cold_start import KEPT, KNOTS, Readers, carried, hubs_of, worth
from recommender.encoder import Encoder
from recommender.factors import FactorsUnavailable, FitFactors
from recommender.feedback import Rating
from recommender.interactions import Interactions, interactions
from recommender.lessons import Lessons
from recommender.metrics import Doubles
from recommender.model import Model
from recommender.papers import Paper

if TYPE_CHECKING:
    from scipy.sparse import csr_array

log = structlog.get_logger()

Progress = Callable[[str, float], None]

DIRECT = 1 / 3  # what is known of a rated paper directly, beside what text says of a new one
BLENDS = (0.5, 1.0, 2.0, 4.0, 8.0, 32.0)  # weight of what readers teach; the text's is 1
RHOS = (0.3, 0.6, 1.0, 2.0)  # of ALS beside EASE
BETAS = (0.1, 0.2, 0.3, 0.5, 0.8)  # of the liked paper itself
POWERS = (0.0, 0.4, 0.6, 0.8)  # of the spread by which scores are divided
LATENTS = (1.0, 2.5)  # of the latent part of texts, where that surely beats its usual weight

MIN_READERS = 20  # with two likes or more
_HIDDEN = 0.2  # of the rated papers, for choosing the weights
_UNRATED = 1_000  # papers nobody rated that compete with the hidden ones
_JUDGES = 2_000, 6_000  # readers for whom the weights are judged: chance decides less by more
_CELLS = 10_000_000  # scores of judges by one part, which bound how many there are
_REFERENCE = 10_000  # readers by whose scores hubs are found, at most
_AT_ONCE = 500  # of them whose profiles are held
_SCALED = 500  # rated papers by which the scale of the text's scores is known
_SMALL = 2_000  # rated papers, for which one BLAS thread is enough
_TURNS = 3  # in which weights are searched, at most
_SURE = 2.0  # standard errors by which what readers teach must beat text alone


def train(
    papers: Sequence[Paper],
    ratings: Sequence[Rating],
    encoder: Encoder,
    *,
    version: str,
    seed: int,
    progress: Progress | None = None,
    fit_factors: FitFactors | None = None,
) -> Model:
    """Return the model of these papers and ratings; the same for the same seed.

    progress: told what happens and how much of the whole is done, 0 … 1.
    fit_factors: what learns the factors in place of `implicit`.

    Where `implicit` cannot be loaded the model knows texts alone, and one warning says what
    to install. Ratings of papers that are not among `papers` are left out.
    """
    import scipy.linalg  # noqa: F401  the limit below reaches only what is loaded by then
    from threadpoolctl import threadpool_limits

    tell = progress or _silent
    tell("reading the papers", 0.0)
    model = Model.text_only(papers, encoder, version)
    likes = interactions(ratings, [paper.id for paper in papers])
    readers = np.diff(likes.likes.indptr) >= 2
    metrics = {
        "papers": float(len(papers)),
        "readers": float(len(likes.users)),
        "likes": float(len(likes)),
        "blend": 0.0,
    }
    try:
        if fit_factors is None:
            factors.ensure_available()
        if np.count_nonzero(readers) >= MIN_READERS:
            # Small matrices: on a busy machine BLAS threads wait for each other longer than
            # they compute (8 s in place of 1.4 s for 400 papers).
            with threadpool_limits(1 if len(likes.papers) <= _SMALL else None, "blas"):
                tell("comparing text with readers", 0.3)
                model = read_best(model, *_hidden(likes, seed), seed)
                choice = _choose_on_hidden(model, likes, seed, fit_factors)
                metrics |= choice.metrics | {"latent": model.text.latent}
                if choice.blend:
                    tell("learning from readers", 0.6)
                    model = with_readers(model, likes, choice, seed, fit_factors)
    except FactorsUnavailable as unavailable:
        log.warning("training.text_only", why=str(unavailable))
    tell("done", 1.0)
    return replace(model, metrics=metrics)


@dataclass(frozen=True)
class Choice:
    """How much readers count. blend: beside the text, 0 for text alone. rho, beta: of ALS and
    of the liked paper itself, beside EASE. power: of `Hubs`.

    young: the same for readers with as many likes as KNOTS say, without the last: what above
    is chosen for whole libraries stands there. Empty when nothing was chosen for them.
    balance: of new and rated papers.
    lessons: what was learnt to find out, for whoever needs it of the same likes. recalled: of
    the papers that were ranked to find out, those of the wanted likes first.
    """

    blend: float
    rho: float
    beta: float
    power: float
    metrics: dict[str, float]
    lessons: Lessons | None = field(default=None, repr=False)
    recalled: Entries | None = field(default=None, repr=False)
    young: "tuple[Weights, ...]" = ()
    balance: Balance = field(default_factory=Balance)

    def weights(self) -> "tuple[Weights, ...]":
        """Return the weights at each of KNOTS."""
        grown = (self.blend, self.rho, self.beta, self.power)
        return (*(self.young or (grown,) * (len(KNOTS) - 1)), grown)


def with_readers(
    model: Model,
    likes: Interactions,
    choice: Choice,
    seed: int,
    fit_factors: FitFactors | None = None,
) -> Model:
    """Return a text-only model extended by what these likes teach. Raises FactorsUnavailable."""
    base = _vectors(model, likes.papers)
    learnt = choice.lessons
    if learnt is None or learnt.likes is not likes:
        learnt = lessons.learn(likes, base, seed, fit_factors or factors.fit)
    scale = np.float32(_scale(model, base, learnt))
    loudness = scale * np.float32(choice.blend) * learnt.w
    weights = choice.weights()
    readers = Readers(
        ridge=learnt.ridge,
        near=learnt.near,
        loudness=loudness,
        itself=choice.beta,
        items=learnt.items,
        values=np.float32(choice.rho) * loudness[:, None] * learnt.spread,
        ease=tuple(blend / choice.blend for blend, *_ in weights),
        als=tuple(blend * rho / (choice.blend * choice.rho) for blend, rho, *_ in weights),
        direct=DIRECT * float(scale) * choice.blend,
    )
    model = replace(model, readers=readers, rated=likes.papers)
    powers = tuple(power for *_, power in weights)
    if any(powers):
        sample = readers.mapped(learnt.recalled)
        features = np.hstack([base[learnt.sample], sample.factors])
        rng = np.random.default_rng([seed, 5])
        profiles = _profiles(model, likes, base, rng)
        mixing = np.random.default_rng(_known_to_nobody(likes))
        hubs = hubs_of(profiles, features, sample.worth.matrix().T.tocsr(), powers, mixing)
        model = replace(model, hubs=hubs)
    return choice.balance.applied(model)


def _known_to_nobody(likes: Interactions) -> int:
    """Return a seed that whoever has a model and this program cannot find: it comes of all likes.

    Of few readers mixtures can be taken apart again by whoever knows how they were mixed, and
    the same likes should still give the same model.
    """
    told = blake2b(digest_size=16)
    for array in (likes.likes.indptr, likes.likes.indices, likes.papers, likes.users):
        told.update(np.ascontiguousarray(array, np.int64).data)
    return int.from_bytes(told.digest(), "little")


def balanced(
    model: Model, choice: Choice, shown: Interactions, held: Interactions, wanted: Interactions
) -> Balance:
    """Return the balance of new and rated papers in a model of the likes `shown`.

    choice: that was made with these likes, with all it learnt. held: likes of the same papers,
    without these likes; wanted: of other papers; see `calibration`.
    """
    learnt, recalled, readers = choice.lessons, choice.recalled, model.readers
    if learnt is None or recalled is None or readers is None:
        return Balance()
    base = _vectors(model, shown.papers)
    more = np.setdiff1d(held.likes.indices, learnt.sample)
    rows = np.concatenate([learnt.sample, more])
    again = learnt.ridge.without_themselves(more, lessons.THREADS)
    read = Read(base[rows], readers.mapped(stacked(learnt.recalled, again)))
    new = recalled.rows(np.arange(len(wanted.papers)))
    return balance(
        model,
        shown,
        held,
        wanted,
        base,
        Sample(rows, len(learnt.sample), read),
        Read(_vectors(model, wanted.papers), readers.mapped(new)),
    )


def _profiles(
    model: Model, likes: Interactions, base: Floats, rng: np.random.Generator
) -> Iterator[tuple["csr_array[Any]", Floats]]:
    """Yield readers in blocks, as `hubs_of` takes them; some of them where there are many."""
    some = rng.permutation(likes.likes.shape[0])[:_REFERENCE]
    for start in range(0, len(some), _AT_ONCE):
        liked = likes.likes[some[start : start + _AT_ONCE]]
        profiles, said = profiles_of(model, liked, base)
        yield said, profiles


def _scale(model: Model, base: Floats, learnt: Lessons) -> float:
    """Return what gives the readers' parts the spread of scores that the text's has."""
    some = base[:_SCALED]
    return float((some @ model.guess @ some.T).std()) / max(learnt.size, 1e-12)


def _vectors(model: Model, papers: Ids) -> Floats:
    return model.known.base[find(model.known.ids, papers)].astype(np.float32)


def _choose_on_hidden(
    model: Model, likes: Interactions, seed: int, fit_factors: FitFactors | None
) -> Choice:
    """Hide some rated papers as if they were new, and rank them for those who liked them."""
    shown, wanted = _hidden(likes, seed)
    shown, held = hold_one(shown, seed)
    choice = choose_blend(model, shown, wanted, seed, _UNRATED, fit_factors)
    # What was learnt without the hidden papers is not kept: it would only fill the memory.
    found = replace(choice, lessons=None, recalled=None)
    if choice.lessons is None or not choice.blend:
        return found
    trial = with_readers(model, shown, choice, seed, fit_factors)
    return replace(found, balance=balanced(trial, choice, shown, held, wanted))


def _hidden(likes: Interactions, seed: int) -> tuple[Interactions, Interactions]:
    """Return the likes of most rated papers, and those of the rest."""
    is_hidden = np.random.default_rng([seed, 2]).random(len(likes.papers)) < _HIDDEN
    return _columns(likes, ~is_hidden), _columns(likes, is_hidden)


def read_best(model: Model, shown: Interactions, wanted: Interactions, seed: int) -> Model:
    """Return the text-only model, its latent part weighed as ranks new papers best.

    The arguments are those of `choose_blend`. Nothing changes unless text alone surely ranks
    better then: an encoder that knows the words is worth more.
    """
    judges = _judges(shown, wanted, len(wanted.papers), np.random.default_rng([seed, 8]))
    if len(judges) < MIN_READERS or not len(model.text.center):
        return model
    likes, relevant = shown.likes[judges], wanted.likes[judges].toarray() > 0

    def quality(read: Model) -> Doubles:
        liked = np.asarray(likes @ (_vectors(read, shown.papers) @ read.guess), np.float32)
        scores: Floats = liked @ _vectors(read, wanted.papers).T
        return _quality(scores, relevant)

    usual = quality(model)
    for other in (model.with_latent(latent) for latent in LATENTS):
        gain = quality(other) - usual
        error = float(gain.std(ddof=1) / np.sqrt(len(gain)))
        if float(gain.mean()) > _SURE * max(error, 1e-9):
            model, usual = other, usual + gain
    return model


def _judges(
    shown: Interactions, wanted: Interactions, candidates: int, rng: np.random.Generator
) -> Rows:
    """Return rows of readers who have likes of both kinds, as many as there is room for."""
    is_judge = (np.diff(shown.likes.indptr) > 0) & (np.diff(wanted.likes.indptr) > 0)
    most = int(np.clip(_CELLS // max(candidates, 1), *_JUDGES))
    return np.sort(rng.permutation(np.flatnonzero(is_judge))[:most])


def choose_blend(
    model: Model,
    shown: Interactions,
    wanted: Interactions,
    seed: int,
    rivals: int = 0,
    fit_factors: FitFactors | None = None,
) -> Choice:
    """Choose how much readers count, by ranking new papers for those who liked them.

    shown: what is learnt from. wanted: likes of papers that `shown` does not have, by the
    same readers in the same rows. rivals: how many papers that nobody rated compete.
    """
    rng = np.random.default_rng([seed, 4])
    rated = np.concatenate([shown.papers, wanted.papers])
    others = rng.permutation(np.setdiff1d(model.known.ids, rated))[:rivals]
    candidates = _vectors(model, np.concatenate([wanted.papers, others]))
    judges = _judges(shown, wanted, len(candidates), rng)
    if len(judges) < MIN_READERS:
        return Choice(0.0, 0.0, 0.0, 0.0, {"judges": float(len(judges))})
    base = _vectors(model, shown.papers)
    learnt = lessons.learn(shown, base, seed, fit_factors or factors.fit)
    asked = _Asked.of(model, learnt, candidates)
    trial = _Trial.of(model, learnt, shown.likes[judges], asked)
    relevant = np.zeros(trial.text.shape, np.bool_)  # of the rivals nothing is known
    relevant[:, : len(wanted.papers)] = wanted.likes[judges].toarray() > 0
    choice = replace(_decide(trial, relevant, learnt), recalled=asked.recalled)
    if not choice.blend:
        return choice
    # A serving model knows the spread among grown readers only, whoever asks.
    grown = trial.scores((choice.blend, choice.rho, choice.beta, 0.0))
    spread = _spread(grown)
    del trial, grown
    libraries = shown.likes[judges]
    young = list[Weights]()
    for k in KNOTS[:-1]:
        few = _Trial.of(model, learnt, _few(libraries, k, rng), asked)
        young.append(_young(choice, replace(few, spread=spread), relevant))
    return replace(choice, young=tuple(young))


def _few(
    libraries: "csr_array[np.float32]", count: int, rng: np.random.Generator
) -> "csr_array[np.float32]":
    """Return so many likes of each reader, drawn, and all of those who have fewer."""
    from scipy.sparse import csr_array

    sizes = np.diff(libraries.indptr)
    readers = np.repeat(np.arange(len(sizes)), sizes)
    order = np.lexsort((rng.random(len(readers)), readers))
    place = np.arange(len(readers)) - np.repeat(libraries.indptr[:-1], sizes)
    kept = order[place < count]
    ones = np.ones(len(kept), np.float32)
    return csr_array((ones, (readers[kept], libraries.indices[kept])), shape=libraries.shape)


def _young(choice: Choice, trial: "_Trial", relevant: Mask) -> "Weights":
    """Return the weights for readers with few likes, one after the other; β stays.

    Those of whole libraries hold unless others are better by more than a standard error: most
    readers with so few likes are no grown readers of whom little is known.
    """
    wishes: tuple[Callable[[Weights], Iterator[Weights]], ...] = (
        lambda w: ((b, *w[1:]) for b in BLENDS),
        lambda w: ((w[0], r, *w[2:]) for r in RHOS),
        lambda w: ((*w[:3], p) for p in POWERS),
    )
    found: Weights = (choice.blend, choice.rho, choice.beta, choice.power)
    quality = _quality(trial.scores(found), relevant)
    for wish in wishes:
        other, better = _best_of(trial, relevant, wish(found))
        gain = better - quality
        if float(gain.mean()) > float(gain.std()) / np.sqrt(len(gain)):
            found, quality = other, better
    return found


Weights = tuple[float, float, float, float]  # blend, rho, beta, power


@dataclass(frozen=True)
class _Asked:
    """Candidates as a trial reads them. base: shape (m, d). recalled: A. eased: w·B·A."""

    base: Floats
    recalled: Entries
    eased: Entries

    @classmethod
    def of(cls, model: Model, learnt: Lessons, base: Floats) -> Self:
        recalled = learnt.ridge(base, lessons.THREADS)
        onto = worth(learnt.near, learnt.w, 0.0)
        return cls(base, recalled, strongest(carried(recalled, onto), KEPT, recalled.n))


@dataclass(frozen=True)
class _Trial:
    """Scores of candidates for judges by each part, all of shape (judges, candidates).

    spread: of scores, for each candidate, where it is not the judges' own.
    """

    text: Floats
    eased: Floats
    factored: Floats
    itself: Floats
    spread: Floats | None = None

    @classmethod
    def of(
        cls, model: Model, learnt: Lessons, likes: "csr_array[np.float32]", asked: _Asked
    ) -> "_Trial":
        base = _vectors(model, learnt.likes.papers)
        text = (likes @ (base @ model.guess)) @ asked.base.T
        scale = np.float32(_scale(model, base, learnt))
        weighed = likes.copy()
        weighed.data *= learnt.w[likes.indices]
        recalled = asked.recalled.matrix().T.tocsr()
        factored = (weighed @ learnt.spread) @ np.asarray(recalled.T @ learnt.items).T
        return cls(
            text,
            scale * (likes @ asked.eased.matrix().T.tocsr()).toarray(),
            scale * factored,
            scale * (weighed @ recalled).toarray(),
        )

    def scores(self, weights: Weights) -> Floats:
        blend, rho, beta, power = weights
        found = rho * self.factored
        found += self.eased
        found += beta * self.itself
        found *= blend
        found += self.text
        if power:
            found /= (_spread(found) if self.spread is None else self.spread) ** power
        return np.asarray(found, np.float32)


def _spread(scores: Floats) -> Floats:
    """Return how much the readers differ about each candidate, shape (n,)."""
    lengths = np.linalg.norm(scores, axis=1, keepdims=True)
    return np.asarray((scores / np.maximum(lengths, 1e-9)).std(axis=0) + 1e-9, np.float32)


def _quality(scores: Floats, relevant: Mask) -> Doubles:
    """Return one number for each reader: the head of the list, and that nothing is missed.

    The mean of NDCG and recall at 20 and of recall at 100.
    """
    found = np.take_along_axis(relevant, largest(scores, 100), axis=1)
    wanted = relevant.sum(axis=1)
    discount = 1 / np.log2(np.arange(2, 22))[: found.shape[1]]
    ideal = np.concatenate([[1.0], np.cumsum(discount)])[np.minimum(wanted, len(discount))]
    gain = (found[:, :20] * discount).sum(axis=1) / ideal
    recalls = (found[:, :20].sum(axis=1) + found.sum(axis=1)) / np.maximum(wanted, 1)
    return np.asarray((gain + recalls) / 3, np.float64)


def _decide(trial: _Trial, relevant: Mask, learnt: Lessons) -> Choice:
    """Choose the best weights if they surely beat text alone, reader by reader."""
    text = _quality(trial.text, relevant)
    weights, quality = _searched(trial, relevant)
    gain = quality - text
    error = float(gain.std(ddof=1) / np.sqrt(len(gain)))
    is_sure = float(gain.mean()) > _SURE * max(error, 1e-9)
    blend, rho, beta, power = weights if is_sure else (0.0, 0.0, 0.0, 0.0)
    metrics = {
        "judges": float(len(gain)),
        "text_quality": float(text.mean()),
        "hybrid_quality": float(quality.mean()),
        "gain_error": error,
        "blend": blend,
        "rho": rho,
        "beta": beta,
        "hub_power": power,
    }
    return Choice(blend, rho, beta, power, metrics, learnt)


def _searched(trial: _Trial, relevant: Mask) -> tuple[Weights, Doubles]:
    """Return the best weights, and how well they rank for each reader.

    The blend and the others in turns: most blends rank about as well as the best one, and the
    others differ with it.
    """
    found, quality = _best_of(trial, relevant, ((blend, 0.6, 0.2, 0.6) for blend in BLENDS))
    for _ in range(_TURNS):
        before = found
        found, _ = _best_of(trial, relevant, product((found[0],), RHOS, BETAS, POWERS))
        others = found[1:]
        found, quality = _best_of(trial, relevant, ((blend, *others) for blend in BLENDS))
        if found[0] == before[0]:
            break
    return found, quality


def _best_of(
    trial: _Trial, relevant: Mask, candidates: Iterator[Weights]
) -> tuple[Weights, Doubles]:
    """Return the weights that rank best, and how well for each reader."""

    def judged(weights: Weights) -> tuple[Weights, Doubles]:
        return weights, _quality(trial.scores(weights), relevant)

    with ThreadPoolExecutor(lessons.THREADS) as pool:
        return max(pool.map(judged, candidates), key=lambda pair: float(pair[1].mean()))


def _columns(likes: Interactions, kept: Mask) -> Interactions:
    return Interactions(likes.likes[:, np.flatnonzero(kept)], likes.papers[kept], likes.users)


def _silent(what: str, done: float) -> None:
    """For those who do not want to know."""

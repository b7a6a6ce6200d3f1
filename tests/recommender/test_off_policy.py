"""Simulated logs whose truth is known: what another policy would have earned."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from recommender import exploring, off_policy
from recommender.off_policy import Logged, NoSupport, inverse_propensity, naive, self_normalised

PAPERS, READERS = 12, 150


class World:
    """Readers with like rates of their own, a policy that shows papers, and another one."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng([seed, 1])
        self.rates = rng.beta(1.2, 3.0, (READERS, PAPERS))
        self.old = rng.dirichlet(np.full(PAPERS, 1.0), READERS) * 0.8 + 0.2 / PAPERS
        eager = self.rates / self.rates.sum(axis=1, keepdims=True)
        self.new = 0.5 * eager + 0.5 * rng.dirichlet(np.full(PAPERS, 2.0), READERS)
        self.truth = float((self.new * self.rates).sum(axis=1).mean())
        self.present = float((self.old * self.rates).sum(axis=1).mean())

    def log(self, rng: np.random.Generator) -> tuple[Logged, np.ndarray]:
        """Return what four impressions of each reader say, and the new probabilities."""
        readers = np.arange(READERS).repeat(4)
        shown = np.array([rng.choice(PAPERS, p=self.old[r]) for r in readers])
        rewards = (rng.random(len(readers)) < self.rates[readers, shown]).astype(float)
        logged = Logged(self.old[readers, shown], rewards, readers)
        return logged, self.new[readers, shown]


@pytest.fixture(scope="module")
def runs():
    """The three estimates of four hundred logs of one world, and the world."""
    world = World(0)
    rng = np.random.default_rng(7)
    found = []
    for _ in range(400):
        logged, target = world.log(rng)
        estimates = (
            naive(logged),
            inverse_propensity(logged, target),
            self_normalised(logged, target),
        )
        found.append(estimates)
    return world, list(zip(*found, strict=True))


@pytest.mark.parametrize("which", [1, 2])
def test_intervals_cover_the_truth_in_about_95_percent_of_logs(runs, which):
    world, estimates = runs
    covered = np.mean([e.low <= world.truth <= e.high for e in estimates[which]])
    assert 0.92 <= covered <= 0.985


@pytest.mark.parametrize("which", [1, 2])
def test_estimates_are_right_on_average_where_the_plain_average_is_not(runs, which):
    world, estimates = runs
    spread = np.std([e.value for e in estimates[which]]) / np.sqrt(len(estimates[which]))
    assert abs(np.mean([e.value for e in estimates[which]]) - world.truth) < 4 * spread
    plain = np.mean([e.value for e in estimates[0]])
    assert plain == pytest.approx(world.present, abs=0.005)
    assert abs(plain - world.truth) > 20 * spread


def test_the_self_normalised_estimate_varies_less(runs):
    _, (_, plain, normalised) = runs
    assert np.var([e.value for e in normalised]) < np.var([e.value for e in plain])


def test_the_plain_averages_interval_mostly_misses_the_truth(runs):
    world, (plain, *_) = runs
    assert np.mean([e.low <= world.truth <= e.high for e in plain]) < 0.25


def test_the_effective_number_falls_the_more_policies_differ():
    world = World(3)
    logged, target = world.log(np.random.default_rng(1))
    same = self_normalised(logged, logged.propensities)
    other = self_normalised(logged, target)
    assert same.effective == pytest.approx(same.impressions)
    assert same.value == pytest.approx(naive(logged).value)
    assert 1 <= other.effective < 0.9 * other.impressions
    assert other.mean_weight == pytest.approx(1, abs=0.15)


def test_clipping_narrows_the_interval_and_says_how_much_it_took():
    logged, target = World(4).log(np.random.default_rng(2))
    whole, clipped = (inverse_propensity(logged, target, most) for most in (None, 2.0))
    assert whole.clipped == 0
    assert 0 < clipped.clipped < 1
    assert clipped.high - clipped.low < whole.high - whole.low
    lost = whole.value - clipped.value
    assert 0 < lost <= clipped.clipped * whole.mean_weight + 1e-9


def test_impressions_of_one_reader_count_less_than_as_many_of_several():
    rng = np.random.default_rng(3)
    rewards = rng.integers(0, 2, 40).repeat(10).astype(float)
    even = np.full(400, 0.5)
    alike = naive(Logged(even, rewards, np.arange(40).repeat(10)))
    apart = naive(Logged(even, rewards, np.arange(400)))
    assert alike.high - alike.low > 2.5 * (apart.high - apart.low)


def test_one_reader_alone_tells_nothing_of_others():
    alone = naive(Logged(np.full(9, 0.5), np.ones(9), np.zeros(9, np.int64)))
    assert alone.high == np.inf


@pytest.mark.parametrize("propensity", [0.0, -0.1, 1.1, np.nan])
def test_what_could_not_have_been_shown_is_refused_and_not_left_out(propensity):
    with pytest.raises(NoSupport, match="over 0 and up to 1"):
        Logged(np.array([0.5, propensity]), np.zeros(2), np.arange(2))


def test_a_policy_that_shows_nothing_of_the_log_cannot_be_judged():
    logged = Logged(np.full(3, 0.5), np.ones(3), np.arange(3))
    with pytest.raises(NoSupport, match="nothing of what was shown"):
        self_normalised(logged, np.zeros(3))
    with pytest.raises(NoSupport, match="from 0 to 1"):
        inverse_propensity(logged, np.full(3, 1.5))
    with pytest.raises(ValueError, match="at least one impression"):
        naive(Logged(np.zeros(0), np.zeros(0), np.zeros(0, np.int64)))


@given(
    st.lists(
        st.tuples(st.floats(1e-6, 1), st.floats(0, 1), st.booleans(), st.integers(0, 5)),
        min_size=1,
        max_size=30,
    )
)
@example([(1.0, 2.225073858507e-311, False, 0)])
def test_the_self_normalised_estimate_never_leaves_the_range_of_rewards(rows):
    propensities, target, likes, readers = map(np.array, zip(*rows, strict=True))
    logged = Logged(propensities, likes.astype(float), readers)
    if not np.any(target / propensities):
        return
    found = self_normalised(logged, target)
    assert -1e-9 <= found.value <= 1 + 1e-9
    assert 0 < found.effective <= len(rows) + 1e-6


class Slot:
    """The exploring slot of one reader: candidates, scores, and which of them they like."""

    def __init__(self, rng: np.random.Generator, n: int = 40, width: int = 8) -> None:
        varied = (rng.standard_normal((n, width)) / np.sqrt(width)).astype(np.float32)
        self.varied = varied
        self.variety = exploring.Variety.of(varied)
        self.judged = varied[:3]
        self.scores = (varied @ varied[0]).astype(np.float32)
        self.scores[:3] = -np.inf
        self.likes = rng.random(n) < 1 / (1 + np.exp(-4 * np.nan_to_num(self.scores, neginf=0)))

    @property
    def theta(self) -> np.ndarray:
        (theta,) = exploring.drawn([self.judged], self.varied.shape[1])
        return theta

    def chances(self, surprise: int) -> np.ndarray:
        return exploring.chances(self.scores, self.variety, self.theta, surprise)

    def explore(self, surprise: int, rng: np.random.Generator) -> exploring.Explored:
        (found,) = exploring.explore(
            self.scores[None],
            self.variety,
            self.theta[None],
            np.array([surprise]),
            rng.random((1, exploring.CHANCES)),
        )
        assert found is not None
        return found


@pytest.mark.parametrize("surprise", range(5))
def test_the_chances_of_all_candidates_add_up_and_none_that_may_be_picked_is_without(surprise):
    slot = Slot(np.random.default_rng(5))
    chances = slot.chances(surprise)
    assert chances.sum() == pytest.approx(1)
    assert np.all((chances > 0) == np.isfinite(slot.scores))


def test_the_chances_are_the_propensities_that_exploring_logs_among_many_candidates_too():
    slot = Slot(np.random.default_rng(6), n=4_500)
    chances = slot.chances(2)
    assert chances.sum() == pytest.approx(1)
    for seed in range(50):
        found = slot.explore(2, np.random.default_rng(seed))
        assert found.propensity == pytest.approx(chances[found.at])


def test_what_was_judged_counts_alike_whether_little_or_much_of_it_was():
    """A paper of which nothing is known says nothing, but takes the way of many judged papers."""
    slot = Slot(np.random.default_rng(11), n=300, width=30)
    for judged in (1, 12, 24):
        slot.judged = slot.varied[:judged]
        few = slot.chances(3)
        slot.judged = np.vstack([slot.judged, np.zeros((30, 30), np.float32)])
        assert slot.chances(3) == pytest.approx(few, abs=1.5 / exploring.DRAWS)


def test_what_others_judged_changes_nothing_for_a_reader():
    rng = np.random.default_rng(13)
    judged = [rng.standard_normal((m, 8)).astype(np.float32) for m in (3, 0, 3, 30, 3, 30)]
    together = exploring.drawn(judged, 8)
    for papers, theta in zip(judged, together, strict=True):
        (alone,) = exploring.drawn([papers], 8)
        assert np.array_equal(theta, alone)


@pytest.mark.parametrize("surprise", range(1, 5))
def test_readers_explore_together_what_each_would_alone(surprise):
    rng = np.random.default_rng(14)
    slots = [Slot(np.random.default_rng(5), n=2_100) for _ in range(60)]
    for number, slot in enumerate(slots):
        slot.scores = (slot.varied @ slot.varied[number]).astype(np.float32)
        slot.scores[rng.random(len(slot.scores)) < number / len(slots)] = -np.inf
    slots[7].scores[:] = -np.inf
    slots[8].scores[::3] = -np.inf  # a whole pool
    chance = rng.random((len(slots), exploring.CHANCES))
    together = exploring.explore(
        np.stack([slot.scores for slot in slots]),
        slots[0].variety,
        np.stack([slot.theta for slot in slots]),
        np.full(len(slots), surprise),
        chance,
    )
    assert together[7] is None
    for slot, one, thrown in zip(slots, together, chance, strict=True):
        (alone,) = exploring.explore(
            slot.scores[None], slot.variety, slot.theta[None], np.array([surprise]), thrown[None]
        )
        assert (one is None) == (alone is None)
        if one is not None and alone is not None:
            assert one.at == alone.at
            assert one.added == pytest.approx(alone.added, abs=1e-6)
            assert one.propensity == alone.propensity
            assert one.propensity == pytest.approx(slot.chances(surprise)[one.at])


def test_what_was_judged_is_explored_less():
    slot = Slot(np.random.default_rng(12))
    slot.scores[:] = 0
    slot.judged = slot.varied[:0]
    before = slot.chances(2)
    slot.judged = np.repeat(slot.varied[before > 0.03], 5, axis=0)
    assert slot.chances(2)[before > 0.03].sum() < 0.8 * before[before > 0.03].sum()


def test_what_another_dial_would_earn_is_told_by_the_log_of_this_one():
    """The bot's own exploring at dial 4 is the log; dial 1 is what is asked about."""
    rng = np.random.default_rng(8)
    slots = [Slot(rng) for _ in range(200)]
    truth = np.mean([slot.chances(1) @ slot.likes for slot in slots])
    covered = []
    for _ in range(60):
        found = [slot.explore(4, rng) for slot in slots]
        logged = Logged(
            np.array([one.propensity for one in found]),
            np.array([float(s.likes[one.at]) for s, one in zip(slots, found, strict=True)]),
            np.arange(len(slots)),
        )
        target = np.array([s.chances(1)[one.at] for s, one in zip(slots, found, strict=True)])
        estimate = off_policy.self_normalised(logged, target)
        covered.append(estimate.low <= truth <= estimate.high)
    present = np.mean([slot.chances(4) @ slot.likes for slot in slots])
    assert truth > present + 0.05
    assert np.mean(covered) > 0.85

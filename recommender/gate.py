"""May this model take the live one's place? Judged on what readers have liked of late.

What is compared with what. The newest likes are hidden: not in the readers' profiles, and in
neither model's training. The live model has not met them because it is older than they are
(one that knows texts alone has learnt from no like at all, so any will do). The candidate
has not because a *trial* is judged in its stead: trained on the same papers by the same
method, but without anything that was said since the first hidden like. Each reader who liked
something before and since is one judge: both models rank the papers of those days by what
the reader had said before, with the very scores of the bot, and are given the mean of
NDCG@20, recall@20 and recall@100 over what the reader then liked. The candidate's gain is
the mean of the judges' differences, its interval a paired bootstrap over judges.

A candidate is worse when that whole interval lies below zero and the loss is more than a
twentieth of the live model's quality.

Honest limits. Readers can only like what they are shown, and the live model chose most of
that: it has a head start, which the twentieth makes up for in part. A trial has learnt from
fewer likes than the model that is published in its name, and stands for it in everything
but what the newest likes themselves do. A handful of judges notices only large losses; with
fewer than twenty since the live model was trained, nothing is judged at all.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby

import numpy as np

from recommender import metrics
from recommender.arrays import Floats, Ids, find, ids_of
from recommender.candidates import Corpus
from recommender.feedback import Dated, Feedback, Rating
from recommender.metrics import Doubles
from recommender.model import Model
from recommender.papers import Paper
from recommender.ranking import score
from recommender.taste import liking, taste_of

MIN_JUDGES = 20
MOST_HIDDEN = 0.2  # of all likes, so that a trial has about as much to learn from
TOLERATED = 0.05  # of the live model's quality, lost to its head start and to chance in training
_RECENT = timedelta(days=28)  # before the newest like; older ones are not recent
_OFFERED = timedelta(days=7)  # for so long a paper is offered
_FEWEST, _MOST = 200, 5_000  # candidates
_MOST_JUDGES = 2_000
_BLOCK = 256  # readers
_DRAWS = 2_000


class TooLittle(Exception):
    """There is too little recent feedback to judge by; the message is a sentence."""


@dataclass(frozen=True)
class Judge:
    """One reader. before: what stood when the hiding begins. wanted: what they liked since."""

    before: tuple[Feedback, ...]
    wanted: Ids


@dataclass(frozen=True)
class Exam:
    """since: whatever was said from then on is hidden. known: what a trial may learn from.

    candidates: ascending. papers: all that a corpus needs for this exam.
    """

    since: datetime
    known: Sequence[Rating] = field(repr=False)
    judges: Sequence[Judge] = field(repr=False)
    candidates: Ids = field(repr=False)
    papers: Sequence[Paper] = field(repr=False)


@dataclass(frozen=True)
class Judgement:
    """The mean qualities, and the 95 % interval of their difference, candidate − live."""

    live: float
    candidate: float
    low: float
    high: float
    judges: int
    candidates: int
    since: datetime

    @property
    def gain(self) -> float:
        return self.candidate - self.live

    @property
    def is_worse(self) -> bool:
        """Whether the candidate must not take the live model's place."""
        return self.high < 0 and self.gain < -TOLERATED * self.live

    def __str__(self) -> str:
        """Return the figures in words, without an end."""
        return (
            f"it reaches {self.candidate:.3f} where the live one reaches {self.live:.3f}, "
            f"a difference of {self.gain:+.3f} (95 % interval {self.low:+.3f} to {self.high:+.3f}; "
            f"mean of NDCG@20, recall@20 and recall@100 for {self.judges} readers, over what they "
            f"liked since {self.since:%Y-%m-%d %H:%M} among {self.candidates} papers)"
        )


def exam_of(
    papers: Sequence[Paper], said: Sequence[Dated], unmet_since: datetime | None, seed: int
) -> Exam:
    """Hide the newest likes and return who can judge by them.

    papers: what both models may rank. unmet_since: the live model has met what was said until
    then; None for one that has learnt from no like.

    Raises TooLittle.
    """
    since = _hidden_since(said, unmet_since)
    there = {int(paper.id) for paper in papers}
    judges = list(_judges(said, since, there))
    if len(judges) < MIN_JUDGES:
        raise TooLittle(
            f"only {len(judges)} readers liked something both before and since "
            f"{since:%Y-%m-%d %H:%M}, and {MIN_JUDGES} are needed"
        )
    some = np.random.default_rng([seed, 8]).permutation(len(judges))[:_MOST_JUDGES]
    judges = [judges[int(at)] for at in np.sort(some)]
    candidates = _candidates(papers, judges, since)
    needed = set(candidates.tolist()) | {int(f.paper) for j in judges for f in j.before}
    return Exam(
        since=since,
        known=[dated.rating for dated in said if dated.first < since],
        judges=judges,
        candidates=candidates,
        papers=[paper for paper in papers if int(paper.id) in needed],
    )


def _hidden_since(said: Sequence[Dated], unmet_since: datetime | None) -> datetime:
    """Return the moment of the oldest like that is hidden. Raises TooLittle."""
    likes = sorted(dated.first for dated in said if liking(dated.rating.feedback) > 0)
    if len(likes) < 2:
        raise TooLittle("hardly anybody has liked anything yet")
    last_known = likes[-1 - max(1, int(MOST_HIDDEN * len(likes)))]
    bounds = [last_known, likes[-1] - _RECENT]
    if unmet_since is not None:
        bounds.append(unmet_since)
    hidden = likes[bisect_right(likes, max(bounds)) :]
    if not hidden:
        raise TooLittle(f"nobody has liked anything new since {max(bounds):%Y-%m-%d %H:%M}")
    return hidden[0]


def _judges(said: Sequence[Dated], since: datetime, there: set[int]) -> Iterator[Judge]:
    """Yield the readers with a like before and, of a paper that is there, one since."""
    for _, group in groupby(sorted(said, key=_reader), key=_reader):
        mine = list(group)
        before = tuple(d.rating.feedback for d in mine if d.first < since)
        wanted = sorted(
            int(d.rating.feedback.paper)
            for d in mine
            if d.first >= since
            and liking(d.rating.feedback) > 0
            and int(d.rating.feedback.paper) in there
        )
        if wanted and any(liking(f) > 0 and int(f.paper) in there for f in before):
            yield Judge(before, ids_of(wanted))


def _reader(dated: Dated) -> int:
    return dated.rating.user


def _candidates(papers: Sequence[Paper], judges: Sequence[Judge], since: datetime) -> Ids:
    """Return the papers that could be offered in those days, and those that were liked."""
    newest = sorted(papers, key=lambda paper: (paper.announced, paper.id), reverse=True)
    first_day = (since - _OFFERED).date()
    count = sum(paper.announced >= first_day for paper in newest)
    offered = ids_of(paper.id for paper in newest[: min(max(count, _FEWEST), _MOST)])
    return np.union1d(offered, np.concatenate([judge.wanted for judge in judges]))


def quality(model: Model, corpus: Corpus, exam: Exam) -> Doubles:
    """Return how well a model ranks what each judge liked since, in [0, 1], shape (judges,).

    corpus: must know the papers of the exam. Scores that are no numbers rank last.
    """
    found = [
        _block(model, corpus, exam, exam.judges[start : start + _BLOCK])
        for start in range(0, len(exam.judges), _BLOCK)
    ]
    return np.concatenate(found)


def _block(model: Model, corpus: Corpus, exam: Exam, judges: Sequence[Judge]) -> Doubles:
    slate = corpus.slate(exam.candidates)
    scores = score(
        model, corpus, slate, [taste_of(model, corpus, judge.before) for judge in judges]
    )
    relevant = np.zeros(scores.shape, np.bool_)
    for row, judge in enumerate(judges):
        known = find(slate.ids, ids_of(f.paper for f in judge.before))
        scores[row, known[known >= 0]] = -np.inf
        wanted = find(slate.ids, judge.wanted)
        relevant[row, wanted[wanted >= 0]] = True
    ranked: Floats = np.where(np.isfinite(scores), scores, -np.inf).astype(np.float32)
    parts = (
        metrics.ndcg(ranked, relevant, 20),
        metrics.recall(ranked, relevant, 20),
        metrics.recall(ranked, relevant, 100),
    )
    return np.asarray(sum(parts) / len(parts), np.float64)


def judgement(exam: Exam, live: Doubles, candidate: Doubles, seed: int) -> Judgement:
    """Return how the candidate stands beside the live model; one quality for each judge."""
    rng = np.random.default_rng([seed, 9])
    low, high = metrics.interval(candidate - live, rng, draws=_DRAWS)
    return Judgement(
        live=float(live.mean()),
        candidate=float(candidate.mean()),
        low=low,
        high=high,
        judges=len(exam.judges),
        candidates=len(exam.candidates),
        since=exam.since,
    )

"""Several interests of one reader, so that the smaller one is not averaged away.

Likes are cut in two by their texts, and each part again, for as long as the parts stand apart:
along the direction in which they differ most (spectral, as Boley 1998 divides documents), and
moved to the nearer mean until none moves (spherical k-means, Dhillon & Modha 2001). Whether two
parts stand apart is decided by how little they resemble each other and by the silhouette of
Rousseeuw (1987). Places in a list are given out as a parliament's seats are, by the divisors of
Sainte-Laguë.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np

from recommender.arrays import Floats, Mask, Rows
from recommender.candidates import Corpus
from recommender.feedback import Feedback
from recommender.metrics import Doubles
from recommender.model import Model
from recommender.papers import PaperId
from recommender.picks import PartKind, ScorePart
from recommender.taste import Taste, taste_of
from recommender.wishes import Said, Standing

MOST = 4  # interests of one reader
WORDS = 3
_FEWEST = 3  # likes that make an interest
_SMALLEST = 0.1  # of all likes, for an interest
# Two parts stand apart when their likeness, as a part of that within them, is less than this, and
# the silhouette more. Few likes are unlike by chance, so they must be less alike. Chosen on
# eleven topics of arXiv titles and twelve categories of the sample.
_ALIKE, _ALIKE_FEW, _FEW = 0.35, 0.3, 5
_APART = 0.11
# A part crowds the other out when a profile of all is for the other's likes less than this of
# what it is for its own. Chosen on six pairs of categories of arXiv papers.
_CROWDED = 0.2
_CLUSTERED = 64  # likes that decide; further ones join the nearest interest
_AT_ONCE = 1_024  # likes whose texts are held at the same time: 3 MB
_ROUNDS = 10
_TURNS = 20  # single cards after which the interests take turns anew


@dataclass(frozen=True, slots=True)
class Interest:
    """Likes that belong together.

    words: up to three telling words, best first; its name. May be empty.
    share: of all likes, in (0, 1]. papers: the liked papers, the most typical first.
    taste: what the reader's taste would be with these likes alone; skips stay in it.
    said: what the reader said of it, if anything.
    """

    words: tuple[str, ...]
    share: float
    papers: tuple[PaperId, ...]
    taste: Taste
    said: Said | None = None

    @property
    def name(self) -> tuple[str, ...]:
        """Return the reader's own name for it, else its telling words."""
        return (self.said.name,) if self.said and self.said.name else self.words


def interests_of(
    model: Model, corpus: Corpus, feedback: Sequence[Feedback], said: Sequence[Said] = ()
) -> list[Interest]:
    """Return a reader's interests, the largest first; empty without a like.

    said: what the reader said of interests, the oldest first. Likes of a forgotten one are
    left out; a muted one is among the others.

    The order of the feedback does not matter, and likes that the corpus does not know are
    left out.
    """
    taste = taste_of(model, corpus, remembered(feedback, said))
    if not taste.likes:
        return []
    found = arranged(corpus, taste.liked, said)
    tastes = tastes_of(taste, found.labels)
    return [
        Interest(
            words=_words(model, corpus, taste.liked, found.labels == number),
            share=float(np.mean(found.labels == number)),
            papers=_typical(corpus, taste.liked[found.labels == number]),
            taste=tastes[number],
            said=found.said[number],
        )
        for number in range(len(tastes))
    ]


def forgotten_of(
    model: Model, corpus: Corpus, feedback: Sequence[Feedback], said: Sequence[Said]
) -> list[Interest]:
    """Return the interests that a reader wants forgotten, each whole, with the share 0."""
    found = []
    for one in said:
        if one.standing is not Standing.FORGOTTEN:
            continue
        taste = taste_of(model, corpus, [f for f in feedback if f.paper in one.papers])
        if taste.likes:
            every = np.ones(taste.likes, np.bool_)
            words = _words(model, corpus, taste.liked, every)
            found.append(Interest(words, 0.0, _typical(corpus, taste.liked), taste, one))
    return found


def remembered(feedback: Sequence[Feedback], said: Sequence[Said]) -> Sequence[Feedback]:
    """Return the feedback without what the reader wants to be forgotten."""
    gone = {paper for one in said if one.standing is Standing.FORGOTTEN for paper in one.papers}
    return [f for f in feedback if f.paper not in gone] if gone else feedback


@dataclass(frozen=True, slots=True)
class Arranged:
    """labels: which interest each like belongs to, 0 for the largest, shape (n,).

    said: what the reader said of each interest; one for a reader without a like.
    is_told: whether the labels are of interests, and not of parts of one that nobody is told of.
    """

    labels: Rows
    said: tuple[Said | None, ...]
    is_told: bool = True

    def weighed(self) -> Rows:
        """Return the labels by which places are given out: a boosted interest counts twice."""
        twice = [n for n, one in enumerate(self.said) if one and one.standing is Standing.BOOSTED]
        if not twice:
            return self.labels
        return np.repeat(self.labels, 1 + np.isin(self.labels, twice))


_Parts = tuple[Rows, bool]  # which part each like is in, and whether these are interests


def arranged(
    corpus: Corpus, liked: Rows, said: Sequence[Said] = (), *, fairly: bool = False
) -> Arranged:
    """Return the interests of these likes (rows of the corpus), as far apart as was said.

    fairly: whether one interest of which nothing was said is divided where half of it would
        crowd out the rest.

    What was said of some likes holds for them, wherever the clusters have come to lie since,
    and for likes that came later where they lie in a cluster that is mostly of those. Where
    two sayings are about one like, the later one holds.
    """
    return all_arranged(corpus, [liked], [said], fairly=fairly)[0]


def all_arranged(
    corpus: Corpus, liked: Sequence[Rows], said: Sequence[Sequence[Said]], *, fairly: bool = False
) -> list[Arranged]:
    """Return what `arranged` does of many readers."""
    fair = [fairly and not about for about in said]
    return [
        _arranged(corpus, mine, parts, about)
        for mine, parts, about in zip(liked, _clusters(corpus.base, liked, fair), said, strict=True)
    ]


def _arranged(corpus: Corpus, liked: Rows, parts: _Parts, said: Sequence[Said]) -> Arranged:
    labels, is_told = parts
    if not said or not len(liked):
        return Arranged(labels, (None,) * (int(labels.max(initial=0)) + 1), is_told)
    meant = np.full(len(liked), -1)
    for number, one in enumerate(said):
        meant[np.isin(corpus.ids[liked], one.papers)] = number
    for cluster_number in range(int(labels.max()) + 1):
        inside = labels == cluster_number
        counts = np.bincount(meant[inside] + 1, minlength=len(said) + 1)[1:]
        if counts.max() * 2 > np.count_nonzero(inside):
            meant[inside & (meant < 0)] = np.argmax(counts)
    labels = _numbered(np.where(meant < 0, labels, labels.max() + 1 + meant))
    about = (int(meant[np.argmax(labels == n)]) for n in range(int(labels.max()) + 1))
    return Arranged(labels, tuple(said[at] if at >= 0 else None for at in about))


def named(model: Model, corpus: Corpus, liked: Rows, found: Arranged, number: int) -> ScorePart:
    """Return the part of a pick that adds nothing to its score and tells which interest it is for.

    Where a reader has but one, nobody need be told.
    """
    said = found.said[number]
    if said and said.name:
        return ScorePart(PartKind.INTEREST, 0.0, words=(said.name,))
    words = _words(model, corpus, liked, found.labels == number)
    return ScorePart(PartKind.INTEREST, 0.0, words=words)


def _cluster(base: Floats) -> Rows:
    """Return which interest each like belongs to, 0 for the largest, shape (n,).

    base: unit rows, shape (n, d). All zeros where there are few likes, or they cohere.
    """
    few = base[_deciding(len(base))]
    return _joined(_parted(few @ few.T), base)


def _joined(labels: Rows, base: Floats) -> Rows:
    """Return the part of every like. labels: of those that decide; the others join the nearest."""
    if labels.any() and len(labels) < len(base):
        few = base[_deciding(len(base))]
        means = np.stack([few[labels == n].mean(axis=0) for n in range(labels.max() + 1)])
        means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-9)
        labels = np.argmax(base @ means.T, axis=1)
    return _numbered(labels)


def _clusters(base: Floats, liked: Sequence[Rows], fair: Sequence[bool]) -> list[_Parts]:
    """Return the interests of many readers, as `_cluster` finds them; liked: rows of base.

    fair: for whom one interest is divided where half of it would crowd out the rest.

    Most have one interest. For those with as many likes this is seen at the same time.
    """
    found: list[_Parts] = [(np.zeros(len(mine), np.int64), True) for mine in liked]
    alike: dict[int, list[int]] = {}
    for reader, mine in enumerate(liked):
        alike.setdefault(len(mine), []).append(reader)
    for n, readers in alike.items():
        deciding = _deciding(n)
        size = max(1, _AT_ONCE // max(len(deciding), 1))
        for start in range(0, len(readers), size):
            some = readers[start : start + size]
            few = base[np.stack([liked[reader][deciding] for reader in some])]
            grams = few @ few.transpose(0, 2, 1)
            is_other, is_cut = _cut(grams, _least(len(deciding)))
            for at in np.flatnonzero(is_cut).tolist():
                found[some[at]] = _cluster(base[liked[some[at]]]), True
            is_unfair = ~is_cut & [fair[reader] for reader in some] & _crowds_out(grams, is_other)
            for at in np.flatnonzero(is_unfair).tolist():
                halves = is_other[at].astype(np.int64)
                found[some[at]] = _joined(halves, base[liked[some[at]]]), False
    return found


def _deciding(n: int) -> Rows:
    """Return which of so many likes decide."""
    if n <= _CLUSTERED:
        return np.arange(n)
    return np.linspace(0, n - 1, _CLUSTERED).astype(np.int64)


def _numbered(labels: Rows) -> Rows:
    """Return labels with 0 for the largest part; of equals, for the one whose like comes first."""
    if not labels.any():
        return labels
    _, first, numbers, sizes = np.unique(
        labels, return_index=True, return_inverse=True, return_counts=True
    )
    place = np.empty(len(sizes), np.int64)
    place[np.lexsort((first, -sizes))] = np.arange(len(sizes))
    return np.asarray(place[numbers], np.int64)


def tastes_of(taste: Taste, labels: Rows) -> list[Taste]:
    """Return the taste of each interest; labels: of the liked papers, in order."""
    count = int(labels.max()) + 1 if len(labels) else 0
    if count <= 1:
        return [taste]
    return [_alone(taste, labels == number) for number in range(count)]


def turns(labels: Rows, k: int, told: int) -> list[int]:
    """Return the interest that each of k places in a list belongs to.

    A list of one is a card: there the interests take turns by how many papers the reader
    has been told of, so that cards in a row do what a list does.
    """
    if not labels.any():
        return [0] * k
    sizes = np.bincount(labels)
    won = np.zeros(len(sizes), np.int64)
    order = list[int]()
    for _ in range(told % _TURNS + 1 if k == 1 else k):
        order.append(int(np.argmax(sizes / (2 * won + 1))))
        won[order[-1]] += 1
    return order[-1:] if k == 1 else order


def _alone(taste: Taste, chosen: Mask) -> Taste:
    """Return the taste with only the chosen likes, which weigh together what all did.

    The others keep their places, without any weight.
    """
    liked = np.flatnonzero(taste.weights > 0)
    mine = taste.weights[liked[chosen]]
    weights = np.minimum(taste.weights, 0)
    weights[liked[chosen]] = mine * (float(taste.weights[liked].sum()) / float(mine.sum()))
    return replace(taste, weights=weights, profile=weights @ taste.values)


def _parted(gram: Floats) -> Rows:
    """Return which part each like is in, all 0 where they cohere; shape (n,)."""
    labels, whole, count = np.zeros(len(gram), np.int64), [0], 1
    least = _least(len(gram))
    while whole and count < MOST:
        number = whole.pop(0)
        at = np.flatnonzero(labels == number)
        inside = gram if len(at) == len(gram) else gram[np.ix_(at, at)]
        (is_other,), (is_cut,) = _cut(inside[None], least)
        if not is_cut:
            continue
        whole += [number, count]
        labels[at[is_other]] = count
        count += 1
    return labels


def _least(n: int) -> float:
    """Return how many of so many likes make an interest."""
    return max(_FEWEST, _SMALLEST * n)


def _cut(grams: Floats, least: float) -> tuple[Mask, Mask]:
    """Cut the likes of readers in two; return which are in the second part, and who is cut.

    grams: of readers with n likes each, shape (readers, n, n). Shapes (readers, n) and
    (readers,). Who is not cut may have a part without a like.
    """
    readers, n = grams.shape[:2]
    if n < 2 * least:
        return np.zeros((readers, n), np.bool_), np.zeros(readers, np.bool_)
    is_other = _halves(grams)
    sizes = np.stack([np.count_nonzero(~is_other, axis=1), np.count_nonzero(is_other, axis=1)], 1)
    is_cut = sizes.min(axis=1) >= least
    is_cut[is_cut] = _stand_apart(grams[is_cut], is_other[is_cut], sizes[is_cut])
    return is_other, is_cut


def _halves(grams: Floats) -> Mask:
    """Return which likes are in the second half, shape (readers, n); one may be nobody's."""
    columns, rows = grams.mean(axis=1, keepdims=True), grams.mean(axis=2, keepdims=True)
    centred = grams - columns - rows + rows.mean(axis=1, keepdims=True)
    is_other = np.linalg.eigh(centred)[1][:, :, -1] > 0
    for _ in range(_ROUNDS):
        member = _member(is_other)
        likeness = grams @ member
        lengths = np.sqrt(np.maximum((member * likeness).sum(axis=1), 1e-9))
        near = likeness / lengths[:, None, :]
        moved = near[:, :, 1] > near[:, :, 0]
        if np.array_equal(moved, is_other):  # whoever stays once stays for ever
            break
        is_other = moved
    return is_other


def _member(is_other: Mask) -> Floats:
    """Return 1 for each like where it is and 0 where it is not, shape (readers, n, 2)."""
    return np.stack([~is_other, is_other], axis=2).astype(np.float32)


def _crowds_out(grams: Floats, is_other: Mask) -> Mask:
    """Return where a profile of all likes is for one half's alone, shape (readers,)."""
    drawn = grams.sum(axis=1) - np.diagonal(grams, axis1=1, axis2=2)
    sides = np.stack([~is_other, is_other])
    sizes = sides.sum(axis=2)
    means = (sides * drawn).sum(axis=2) / np.maximum(sizes, 1)
    is_crowded = means.min(axis=0) < _CROWDED * means.max(axis=0)
    return np.asarray(is_crowded & (sizes.min(axis=0) >= _FEWEST), np.bool_)


def _stand_apart(grams: Floats, is_other: Mask, sizes: Rows) -> Mask:
    """Return whose halves stand apart, shape (readers,). sizes: of both, shape (readers, 2)."""
    alike = np.where(sizes.min(axis=1) < _FEW, _ALIKE_FEW, _ALIKE)
    own = np.diagonal(grams, axis1=1, axis2=2)
    total = grams @ _member(is_other)
    is_apart = _resemblance(own, total, is_other, sizes) < alike
    return is_apart & (_silhouette(own, total, is_other, sizes) > _APART)


def _silhouette(own: Floats, total: Floats, is_other: Mask, sizes: Rows) -> Doubles:
    """Return how much nearer likes are to their own half than to the other, in [-1, 1].

    own: the likeness of each like to itself, shape (readers, n). total: to all of each half,
    shape (readers, n, 2).
    """
    mine, theirs = (
        np.where(side, total[:, :, 1], total[:, :, 0]) for side in (is_other, ~is_other)
    )
    size = np.where(is_other, sizes[:, 1:], sizes[:, :1])
    inside = 1 - (mine - own) / (size - 1)
    outside = 1 - theirs / (is_other.shape[1] - size)
    far = np.maximum(np.maximum(inside, outside), 1e-6)
    return np.asarray(((outside - inside) / far).mean(axis=1), np.float64)


def _resemblance(own: Floats, total: Floats, is_other: Mask, sizes: Rows) -> Doubles:
    """Return the likeness between the halves over that within them; see `_silhouette`."""
    member = _member(is_other)
    both = member.transpose(0, 2, 1) @ total
    inside = np.diagonal(both, axis1=1, axis2=2) - (own[:, :, None] * member).sum(axis=1)
    inside = np.sqrt(np.maximum(inside / (sizes * (sizes - 1)), 1e-6)).prod(axis=1)
    return np.asarray(both[:, 0, 1] / sizes.prod(axis=1) / inside, np.float64)


def _typical(corpus: Corpus, rows: Rows) -> tuple[PaperId, ...]:
    base = corpus.base[rows]
    order = np.argsort(-(base @ base.sum(axis=0)), kind="stable")
    return tuple(PaperId(int(paper)) for paper in corpus.ids[rows[order]])


def _words(model: Model, corpus: Corpus, liked: Rows, mine: Mask) -> tuple[str, ...]:
    """Return the words that tell these likes from the reader's other likes, best first."""
    inside = _said(corpus, liked[mine])
    outside = _said(corpus, liked[~mine])
    worth = {word: said - outside.get(word, 0.0) for word, said in inside.items()}
    best = sorted((word for word in worth if worth[word] > 0), key=lambda w: (-worth[w], w))
    return tuple(model.text.words[word] for word in best[:WORDS])


def _said(corpus: Corpus, rows: Rows) -> dict[int, float]:
    """Return in which part of the papers each word is among the telling ones."""
    # Counted without NumPy: for a reader's dozen likes that takes a third of the time.
    counts = Counter(chain.from_iterable(corpus.telling[rows].tolist()))
    return {word: count / len(rows) for word, count in counts.items() if word >= 0}

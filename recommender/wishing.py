"""What readers told us in words, around the ranking: what is hidden from it, and what it owes.

    an author who is followed        every new paper gets a place, before all others; a list
                                     grows for them, up to ten
    a word or category               the best of its papers gets one place of a list
    a muted author, word, category   none of their papers is picked; only of followed authors
                                     those with a muted word or category are
    an interest boosted              its likes count twice when places are given out
    an interest muted                its likes count nothing, and what is close to them is hidden,
                                     save a followed author's papers
    an interest forgotten            its likes count nothing

One place and no more, because a category has a hundred papers a day and would fill any list,
and a place rather than a few points more, because a reader who asked for something should see
whether it came. Such a place says nothing of taste, so its score is what was promised and
nothing else. Readers who told us nothing go through as they are.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from recommender.arrays import Floats, Ids, Mask, Rows, find, ids_of, unit_rows
from recommender.candidates import Corpus, Slate, paper_ids
from recommender.interests import Arranged, arranged, remembered
from recommender.model import Model
from recommender.papers import PaperId
from recommender.picks import PartKind, Pick, Request, ScorePart
from recommender.ranking import recommend, score
from recommender.taste import liking, taste_of
from recommender.wishes import NOTHING, Kind, Standing, Topic

MOST_PLACES = 10  # of a list that grows for followed authors; what one message holds
_AT_ONCE = 256  # readers in one matrix product
# How many standard deviations farther from an interest than its own likes a paper may be to be
# hidden with it. With 8 likes of each of two arXiv categories, one muted, 71 % of its papers are
# hidden, 8 % of the other's and 20 % of third ones'; where it was the only one 96 and 67 %.
_FARTHER = 1.0
_FARTHER_ALONE = 2.0


def recommend_as_told(
    model: Model,
    corpus: Corpus,
    requests: Sequence[Request],
    candidates: Ids | None,
    seed: int,
) -> list[list[Pick]]:
    """Return what `recommend` returns, as the readers wish it.

    What is picked for its promise alone stands first, the exploring pick last.
    """
    slate = corpus.slate(candidates)
    heard = [_heard(corpus, slate, r) if r.wishes is not NOTHING else r for r in requests]
    kept = _kept_places(model, corpus, slate, heard)
    left = [_without(request, places) for request, places in zip(heard, kept, strict=True)]
    ranked = iter(recommend(model, corpus, [one for one in left if one.k > 0], candidates, seed))
    return [
        _joined(model, places, next(ranked) if request.k > 0 else [])
        for request, places in zip(left, kept, strict=True)
    ]


def is_full_of_authors(picks: Collection[Pick]) -> bool:
    """Return whether followed authors' papers took all the room that a list has for them."""
    is_room_taken = len(picks) == 1 or len(picks) >= MOST_PLACES
    return is_room_taken and all(_is_of_author(pick) for pick in picks)


def _is_of_author(pick: Pick) -> bool:
    words = (part.words[:1] for part in pick.parts if part.kind is PartKind.FOLLOWED)
    return (Kind.AUTHOR,) in words


def waiting(corpus: Corpus, request: Request, candidates: Ids | None) -> int:
    """Return how many papers of followed authors a reader has not been shown yet."""
    return len(_free(corpus.slate(candidates), request, request.wishes.promised))


# ---------------------------------------------------------------- what is hidden


def _heard(corpus: Corpus, slate: Slate, request: Request) -> Request:
    """Return a request whose feedback holds only likes that count; the others are hidden."""
    said = request.wishes.interests
    if not said:
        return request
    counted = remembered(request.feedback, said)
    liked = corpus.rows(f.paper for f in counted if liking(f) > 0)
    liked = np.sort(liked[liked >= 0])
    found = arranged(corpus, liked, said)
    silent = _is_muted(found)
    gone = frozenset(paper_ids(corpus.ids[liked[silent]]))
    close = _close(corpus.base[liked], found.labels, silent, slate.base)
    counted = [f for f in counted if f.paper not in gone]
    dropped = {f.paper for f in request.feedback} - {f.paper for f in counted}
    wishes = request.wishes
    near = {*paper_ids(slate.ids[close])} - wishes.promised.keys()  # whoever is followed comes
    muted = wishes.muted.union(dropped, near)
    return replace(request, feedback=tuple(counted), wishes=replace(wishes, muted=muted))


def _is_muted(found: Arranged) -> Mask:
    """Return whether each like belongs to a muted interest, shape (n,)."""
    muted = [n for n, one in enumerate(found.said) if one and one.standing is Standing.MUTED]
    return np.isin(found.labels, muted)


def _close(base: Floats, labels: Rows, silent: Mask, candidates: Floats) -> Mask:
    """Return which candidates belong to a muted interest, shape (candidates,).

    base: of the liked papers, shape (n, d). A candidate does when no other interest is nearer
    to it, and it is about as close to the muted one as that one's own likes; not quite as
    close where there is no other interest that could suffer.
    """
    if not silent.any():
        return np.zeros(len(candidates), np.bool_)
    numbers = np.unique(labels)
    means = unit_rows(np.stack([base[labels == n].mean(axis=0) for n in numbers]))
    likeness = candidates @ means.T
    nearest = np.argmax(likeness, axis=1)
    least = np.full(len(numbers), np.inf)
    farther = _FARTHER_ALONE if silent.all() else _FARTHER
    for at, number in enumerate(numbers):
        if silent[labels == number].all():
            least[at] = _closeness(base[labels == number], farther)
    return np.asarray(likeness.max(axis=1) >= least[nearest], np.bool_)


def _closeness(base: Floats, farther: float) -> float:
    """Return how close likes are to the mean of the others, less so many deviations."""
    if len(base) == 1:
        return 1.0
    others = unit_rows(base.sum(axis=0) - base)
    close = np.einsum("ij,ij->i", base, others)
    return float(close.mean() - farther * close.std())


# ---------------------------------------------------------------- what is owed


@dataclass(frozen=True, slots=True)
class _Place:
    paper: PaperId
    topic: Topic


def _kept_places(
    model: Model, corpus: Corpus, slate: Slate, requests: Sequence[Request]
) -> list[list[_Place]]:
    """Return which places of each reader's list are kept for what they follow."""
    kept = [_promised(slate, request) for request in requests]
    for number, wanted in _best_wanted(model, corpus, slate, requests, kept).items():
        kept[number].append(wanted)
    return kept


def _promised(slate: Slate, request: Request) -> list[_Place]:
    """Return places for followed authors: as many as asked for, or more if that is too few."""
    if not request.wishes.promised or request.k <= 0:
        return []
    free = _free(slate, request, request.wishes.promised)
    most = 1 if request.k == 1 else max(request.k, MOST_PLACES)
    return [_Place(paper, request.wishes.promised[paper]) for paper in free[:most]]


def _free(slate: Slate, request: Request, papers: Iterable[PaperId]) -> list[PaperId]:
    """Return those of some papers that may be picked, in their order."""
    judged = (f.paper for f in request.feedback)
    known = {*request.seen, *judged, *request.barred, *request.wishes.muted}
    left = [paper for paper in papers if paper not in known]
    is_there = find(slate.ids, ids_of(left)) >= 0
    return [paper for paper, there in zip(left, is_there, strict=True) if there]


def _best_wanted(
    model: Model,
    corpus: Corpus,
    slate: Slate,
    requests: Sequence[Request],
    kept: Sequence[Sequence[_Place]],
) -> dict[int, _Place]:
    """Return the wanted paper that each reader would rank first, by their place in the batch.

    Only in lists of which more than one place is left: a card follows taste.
    """
    free = {
        n: left
        for n, request in enumerate(requests)
        if request.wishes.wanted and request.k - len(kept[n]) > 1
        if (left := _left(slate, request, kept[n]))
    }
    found, numbers = dict[int, _Place](), list(free)
    for start in range(0, len(numbers), _AT_ONCE):
        some = numbers[start : start + _AT_ONCE]
        tastes = [taste_of(model, corpus, requests[n].feedback) for n in some]
        for n, scores in zip(some, score(model, corpus, slate, tastes), strict=True):
            at = find(slate.ids, ids_of(free[n]))
            paper = free[n][int(np.argmax(scores[at]))]
            found[n] = _Place(paper, requests[n].wishes.wanted[paper])
    return found


def _left(slate: Slate, request: Request, kept: Sequence[_Place]) -> list[PaperId]:
    taken = {place.paper for place in kept}
    wanted = [paper for paper in request.wishes.wanted if paper not in taken]
    return _free(slate, request, wanted)


def _without(request: Request, places: Sequence[_Place]) -> Request:
    """Return what is left to be ranked; an exploring slot never takes the last place."""
    if not places:
        return request
    muted = request.wishes.muted.union(place.paper for place in places)
    k = request.k - len(places)
    return replace(
        request,
        k=k,
        explores=request.explores and k > 1,
        wishes=replace(request.wishes, muted=muted),
    )


def _joined(model: Model, places: Sequence[_Place], ranked: Sequence[Pick]) -> list[Pick]:
    if not places:
        return list(ranked)
    first = [_pick(model, place, rank) for rank, place in enumerate(places, start=1)]
    return first + [replace(pick, rank=pick.rank + len(first)) for pick in ranked]


def _pick(model: Model, place: _Place, rank: int) -> Pick:
    words = (place.topic.kind.value, place.topic.text)
    return Pick(
        paper=place.paper,
        rank=rank,
        score=1.0,
        parts=(ScorePart(PartKind.FOLLOWED, 1.0, words=words),),
        is_exploring=False,
        propensity=1.0,
        model=model.version,
    )

"""Past announcement days again, for simulated readers: how good are the first ten digests?

A reader has one interest, likes three papers of it from the seven announcement days before
their first digest, and then gets a digest on each of the next ten. They like what is relevant
and skip the rest, so that taste goes on learning; people are neither so sure nor so diligent.
The digests are made by the very functions that serve the bot, from papers announced by then.

What is relevant is decided in two ways. A *field* is a paper's primary category. A *cluster*
is one of texts, and to ask whether text finds texts would be circular: so every other sentence
of the abstracts is held out. Clusters are made of those alone, and the recommender reads the
title and the rest alone. No sentence that it reads has made the clusters it is judged by.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from recommender import text_features
from recommender.arrays import Ids, find, ids_of, unit_rows
from recommender.candidates import Corpus, paper_ids
from recommender.encoder import Encoder, LsaEncoder
from recommender.evaluation import MalformedBenchmark, NothingToRank
from recommender.feedback import Feedback, Verdict
from recommender.metrics import Doubles
from recommender.model import Model
from recommender.papers import Paper, PaperId
from recommender.picks import Request
from recommender.ranking import recommend

DIGESTS, PICKS, LIKES, BEFORE, INTERESTS = 10, 5, 3, 7, 5
OURS, FAMILIAR = "ours", "ours, without the exploring slot"
UPVOTED, RANDOM, POSSIBLE = "most upvoted", "random", "all that could be had"

_CLUSTERS = 25
_CLUSTER_PAPERS = 60  # on average, at the least
_CLUSTER_DIMENSIONS = 50
_MOST_UPVOTES = 400
_MOST_NUMBER = 2**31 - 1
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
_TEXTS = ("id", "title", "abstract", "announced")

Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Announced:
    """All papers of a file, in the order of their days; a PaperId is a place in this order.

    upvotes: shape (n,); made up from ids where the file tells none.
    """

    papers: tuple[Paper, ...]
    upvotes: Numbers = field(repr=False)
    has_upvotes: bool

    @property
    def days(self) -> Numbers:
        """Return each paper's day as an ordinal, shape (n,), ascending."""
        return np.array([paper.announced.toordinal() for paper in self.papers], np.int64)


@dataclass(frozen=True)
class Interests:
    """What the readers of one replay care for.

    papers: as the recommender may read them. labels: what each is about, shape (n,).
    wanted: labels that have readers. names: of these.
    """

    kind: str
    papers: tuple[Paper, ...] = field(repr=False)
    labels: Numbers = field(repr=False)
    wanted: tuple[int, ...]
    names: tuple[str, ...]


Scores = Mapping[str, Doubles]
"""By name of who chose: the share of each digest that was relevant, shape (readers, DIGESTS)."""


# -------------------------------------------------------------------- the file


def parse(lines: Iterable[str], name: str) -> Announced:
    """Return the papers of a file of one JSON object a line. Raises MalformedBenchmark."""
    rows = [_paper(line, f"{name}, line {number}") for number, line in enumerate(lines, start=1)]
    keys = Counter(paper.key for paper, _ in rows)
    for number, (paper, _) in enumerate(rows, start=1):
        if keys[paper.key] > 1:
            raise MalformedBenchmark(
                f"{name}, line {number}: expected each id once, and {paper.key[6:]!r} comes again"
            )
    if not rows:
        raise MalformedBenchmark(f"{name}, line 1: expected a paper, found none")
    rows.sort(key=lambda row: (row[0].announced, row[0].key))
    papers = tuple(replace(paper, id=PaperId(n)) for n, (paper, _) in enumerate(rows))
    told = [upvotes for _, upvotes in rows]
    has_upvotes = any(upvotes is not None for upvotes in told)
    if has_upvotes:
        papers = tuple(replace(p, upvotes=n or 0) for p, n in zip(papers, told, strict=True))
        return Announced(papers, np.array([n or 0 for n in told], np.int64), True)
    return Announced(papers, np.array([_made_up(p.key) for p in papers], np.int64), False)


def _paper(line: str, where: str) -> tuple[Paper, int | None]:
    """Return a paper and its upvotes, None where none are told."""
    try:
        row = json.loads(line)
        texts = [row[name] for name in _TEXTS]
        categories, authors = row["categories"], row.get("authors") or []
        comment, upvotes = row.get("comment"), row.get("upvotes")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise MalformedBenchmark(
            f"{where}: expected an object with id, title, abstract, categories and announced"
        ) from error
    lists = [names for names in (categories, authors) if isinstance(names, list)]
    strings = [*texts, *(name for names in lists for name in names), comment or ""]
    if len(lists) < 2 or not categories or not all(isinstance(s, str) for s in strings):
        raise MalformedBenchmark(f"{where}: expected words, and lists of authors and categories")
    if upvotes is not None and (type(upvotes) is not int or not 0 <= upvotes <= _MOST_NUMBER):
        raise MalformedBenchmark(f"{where}: expected upvotes to be a whole number from 0 on")
    identifier, title, abstract, announced = texts
    try:
        day = date.fromisoformat(announced)
    except ValueError as error:
        raise MalformedBenchmark(f"{where}: expected announced to be like 2026-05-21") from error
    key = f"arxiv:{identifier}"
    names, about = tuple(authors), tuple(categories)
    return Paper(PaperId(0), key, title, abstract, names, about, day, comment=comment), upvotes


def _made_up(key: str) -> int:
    """Return upvotes by the id alone: most papers have few, one in a hundred hundreds."""
    drawn = int.from_bytes(blake2b(key.encode(), digest_size=8).digest()) / 2**64
    return int(min(_MOST_UPVOTES, 4 / (1 - drawn) - 4))


# -------------------------------------------------------------------- what is relevant


def fields(announced: Announced) -> Interests:
    """Return the five primary categories with the most papers. Raises NothingToRank."""
    primary = [paper.categories[0] for paper in announced.papers]
    names = tuple(name for name, _ in Counter(primary).most_common())
    labels = np.array([names.index(name) for name in primary], np.int64)
    wanted = range(min(INTERESTS, len(names)))
    return _checked(
        Interests("field", announced.papers, labels, tuple(wanted), names[:INTERESTS]), announced
    )


def clusters(announced: Announced, seeds: Sequence[int]) -> list[Interests]:
    """Return for each seed five clusters of texts. Raises NothingToRank.

    The clusters are k-means on latent semantic analysis of the sentences held out; the five
    are drawn among those that are not small.
    """
    from sklearn.cluster import KMeans

    parted = [_parted(paper) for paper in announced.papers]
    papers, texts = tuple(paper for paper, _ in parted), [rest for _, rest in parted]
    features, _ = text_features.fit(texts, LsaEncoder(), seed=0)
    base, telling = features.read(texts, LsaEncoder())
    points = unit_rows(base[:, :_CLUSTER_DIMENSIONS])
    count = max(1, min(_CLUSTERS, len(texts) // _CLUSTER_PAPERS))
    found = []
    for seed in seeds:
        labels = KMeans(count, n_init=2, random_state=seed).fit_predict(points).astype(np.int64)
        able = np.flatnonzero(np.bincount(labels) >= len(texts) / count / 2)
        wanted = np.random.default_rng([seed, 2]).permutation(able)[:INTERESTS].tolist()
        names = (_telling(telling[labels == label], features.words) for label in wanted)
        interests = Interests("cluster", papers, labels, tuple(wanted), tuple(names))
        found.append(_checked(interests, announced))
    return found


def _parted(paper: Paper) -> tuple[Paper, str]:
    """Return the paper without every other sentence of its abstract, and these sentences."""
    sentences = _SENTENCE_END.split(paper.abstract)
    return replace(paper, abstract=" ".join(sentences[::2])), " ".join(sentences[1::2])


def _telling(rows: NDArray[np.int32], words: Sequence[str]) -> str:
    """Return three words that name a cluster: those that tell the most of its papers apart."""
    columns = Counter(rows[rows >= 0].tolist())
    found = ", ".join(words[column] for column, _ in columns.most_common(3))
    return found or "(no telling word)"


def _checked(interests: Interests, announced: Announced) -> Interests:
    days = len(np.unique(announced.days))
    if days < BEFORE + DIGESTS:
        raise NothingToRank(
            f"{interests.kind}: expected {BEFORE + DIGESTS} announcement days or more, found {days}"
        )
    if len(interests.wanted) < INTERESTS:
        raise NothingToRank(
            f"{interests.kind}: expected {INTERESTS} of them or more, found {len(interests.wanted)}"
        )
    return interests


# -------------------------------------------------------------------- the replay


@dataclass
class _Shown:
    """What one reader has seen and said under one way of choosing."""

    user: int
    label: int
    said: dict[PaperId, Verdict]

    def request(self) -> Request:
        feedback = tuple(Feedback(paper, verdict) for paper, verdict in self.said.items())
        return Request(self.user, feedback, frozenset(self.said), k=PICKS)


def play(
    announced: Announced,
    interests: Interests,
    encoder: Encoder,
    readers: int,
    seed: int,
    advance: Callable[[], None] = lambda: None,
) -> Scores:
    """Return how good the digests of this many readers of each interest are.

    seed: decides the days as well, so that seeds differ in more than their readers.
    advance: called after each of the DIGESTS days.

    Raises NothingToRank when an interest has too few papers before the first digest.
    """
    rng = np.random.default_rng([seed, 1])
    of_day, days = announced.days, np.unique(announced.days)
    first = int(rng.integers(BEFORE, len(days) - DIGESTS + 1))
    known = _between(interests.papers, of_day, days[first - BEFORE], days[first])
    model = Model.text_only(known, encoder, version=f"replay-{encoder.name}")
    corpus = Corpus(model, encoder).extended(known)
    likes = _likes(interests, ids_of(paper.id for paper in known), readers, rng)
    found = {
        name: np.zeros((len(likes), DIGESTS))
        for name in (OURS, FAMILIAR, UPVOTED, RANDOM, POSSIBLE)
    }
    crowds = {name: _crowd(likes) for name in (OURS, UPVOTED, RANDOM, POSSIBLE)}
    for number, day in enumerate(days[first : first + DIGESTS]):
        corpus = corpus.extended(_between(interests.papers, of_day, day, day + 1))
        candidates = corpus.newest(BEFORE)
        requests = [reader.request() for reader in crowds[OURS]]
        for row, picks in enumerate(recommend(model, corpus, requests, candidates, seed)):
            usual = paper_ids(ids_of(pick.paper for pick in picks if not pick.is_exploring))
            reader = crowds[OURS][row]
            found[FAMILIAR][row, number] = _share(interests, reader, usual)
            found[OURS][row, number] = _hear(interests, reader, [pick.paper for pick in picks])
        for name, order in _orders(announced, interests, candidates, rng).items():
            for row, reader in enumerate(crowds[name]):
                chosen = _unseen(order(reader), reader)
                found[name][row, number] = _hear(interests, reader, chosen)
        advance()
    return found


def _between(papers: Sequence[Paper], days: Numbers, first: int, end: int) -> Sequence[Paper]:
    start, stop = np.searchsorted(days, [first, end])
    return papers[int(start) : int(stop)]


def _likes(
    interests: Interests, known: Ids, readers: int, rng: np.random.Generator
) -> list[tuple[int, list[PaperId]]]:
    """Return each reader's interest and the three papers they liked to begin with."""
    found = list[tuple[int, list[PaperId]]]()
    for label, name in zip(interests.wanted, interests.names, strict=True):
        mine = known[interests.labels[known] == label]
        if len(mine) < LIKES:
            raise NothingToRank(
                f"{interests.kind} {name}: expected {LIKES} papers or more in the {BEFORE} days "
                f"before the first digest, found {len(mine)}"
            )
        drawn = (rng.choice(mine, LIKES, replace=False) for _ in range(readers))
        found += [(label, paper_ids(papers)) for papers in drawn]
    return found


def _crowd(likes: Sequence[tuple[int, Sequence[PaperId]]]) -> list[_Shown]:
    return [
        _Shown(user, label, dict.fromkeys(papers, Verdict.LIKE))
        for user, (label, papers) in enumerate(likes, start=1)
    ]


def _orders(
    announced: Announced, interests: Interests, candidates: Ids, rng: np.random.Generator
) -> dict[str, Callable[[_Shown], Ids]]:
    """Return the baselines: the candidates in the order in which each would offer them."""
    newest_first = candidates[::-1]
    upvoted = newest_first[np.argsort(-announced.upvotes[newest_first], kind="stable")]
    labels = interests.labels[candidates]
    return {
        UPVOTED: lambda reader: upvoted,
        RANDOM: lambda reader: rng.permutation(candidates),
        POSSIBLE: lambda reader: candidates[np.argsort(labels != reader.label, kind="stable")],
    }


def _unseen(order: Ids, reader: _Shown) -> list[PaperId]:
    known = np.sort(ids_of(reader.said))
    return paper_ids(order[find(known, order) < 0][:PICKS])


def _share(interests: Interests, reader: _Shown, papers: Sequence[PaperId]) -> float:
    """Return the share that is relevant, 0 for an empty digest."""
    hits = [bool(interests.labels[paper] == reader.label) for paper in papers]
    return float(np.mean(hits)) if hits else 0.0


def _hear(interests: Interests, reader: _Shown, papers: Sequence[PaperId]) -> float:
    """Let a reader judge a digest; return the share that is relevant."""
    for paper in papers:
        is_liked = interests.labels[paper] == reader.label
        reader.said[paper] = Verdict.LIKE if is_liked else Verdict.SKIP
    return _share(interests, reader, papers)

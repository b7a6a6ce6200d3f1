"""Find papers by a description, and join lists that rank by different things.

Words find what is written in them, vectors what is meant by them; neither score says
anything about the other, so only their ranks are joined: reciprocal rank fusion (Cormack,
Clarke & Büttcher 2009), a paper's worth being Σ 1/(60 + rank) over the lists it stands in.
"""

from collections.abc import Iterable, Sequence

from recommender.arrays import ids_of
from recommender.candidates import Corpus
from recommender.feedback import Feedback
from recommender.model import Model
from recommender.papers import PaperId
from recommender.ranking import best, score
from recommender.taste import taste_of

_DEPTH = 60  # how little the first places of one list outweigh agreement between lists
# The same between relevance and a taste, which seldom agree: what one of them has first counts.
_APART = 10


def closest(corpus: Corpus, text: str, k: int) -> list[PaperId]:
    """Return the k offered papers whose texts are most like a text, best first.

    Empty when no word of the text is known. One product with all base vectors: about 20 ms
    for 100,000 papers.
    """
    vector = corpus.read(text)
    if not vector.any():
        return []
    return [PaperId(int(corpus.ids[row])) for row in best(corpus.likeness(vector), k)]


def fused(rankings: Iterable[Sequence[PaperId]], depth: int = _DEPTH) -> list[PaperId]:
    """Return all papers of some lists in one; ties as the earlier lists have them.

    depth: the larger, the less the first places outweigh those behind them.
    """
    worth = dict[PaperId, float]()
    for ranking in rankings:
        for rank, paper in enumerate(ranking, start=1):
            worth[paper] = worth.get(paper, 0.0) + 1 / (depth + rank)
    return sorted(worth, key=lambda paper: -worth[paper])


def between(
    whole: Sequence[PaperId], near: Sequence[PaperId], liked: Sequence[PaperId]
) -> list[PaperId]:
    """Return papers between relevance and taste, all that answer the whole question first.

    whole: what answers all of the question, where taste counts as much as relevance. near: what
        answers some of it, where relevance counts twice. liked: both in the order of a taste.

    Joined without a difference between the two, as one list of 50, a favourite that hardly
    answers rose above the paper that was asked for.
    """
    is_whole = set(whole)
    first = fused([whole, [paper for paper in liked if paper in is_whole]], _APART)
    others = [paper for paper in liked if paper not in is_whole]
    return first + fused([near, near, others], _APART)


def by_taste(
    model: Model, corpus: Corpus, feedback: Sequence[Feedback], papers: Sequence[PaperId]
) -> list[PaperId]:
    """Return the papers as this reader would rank them; those the corpus lacks come last.

    As they are for a reader who has liked nothing: popularity is no answer to a question.
    """
    taste = taste_of(model, corpus, feedback)
    slate = corpus.slate(ids_of(papers), is_kept=False)
    if not taste.likes or not len(slate):
        return list(papers)
    scores = score(model, corpus, slate, [taste])[0]
    known = dict(zip(slate.ids.tolist(), scores.tolist(), strict=True))
    return sorted(papers, key=lambda paper: -known.get(paper, -float("inf")))

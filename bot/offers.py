"""From picks and impressions to offers: a paper, why it is shown, and what stands about it.

What asks the database works inside a transaction of the caller's. Many readers' offers are made
with as many queries as one reader's.
"""

import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy.ext.asyncio import AsyncSession

from bot.conversation.ports import Offer, Opinion, UnknownPaper
from recommender.feedback import Feedback, Verdict
from recommender.papers import Paper, PaperId
from recommender.picks import Pick
from storage import catalogue, feedback_log, library
from storage.feedback_log import Columns, Impression, Meanwhile, NewImpression, Place

Opinions = Mapping[PaperId, Opinion]
_NO_OPINION = Opinion()


@dataclass(frozen=True, slots=True)
class Recorded:
    """Impressions that are recorded, and what it takes to offer them.

    ids: of each. doubtful: (reader, paper) that may have been seen.
    """

    new: Sequence[NewImpression]
    ids: Sequence[int]
    papers: Mapping[PaperId, Paper]
    doubtful: Collection[tuple[int, PaperId]]


async def record(
    db: AsyncSession,
    new: Sequence[NewImpression],
    columns: Columns | None = None,
    known: dict[PaperId, Paper] | None = None,
    doubtful: Collection[tuple[int, PaperId]] | None = None,
) -> Recorded:
    """Record impressions of any readers.

    columns: as for `feedback_log.impress`. known: papers that need not be read again; those
    that are read are put in. doubtful: (reader, paper) that may have been seen, where it was
    asked already.
    """
    if doubtful is None:
        doubtful = await feedback_log.doubtful(db, {(n.user, n.paper) for n in new})
    ids = await feedback_log.impress(db, new, columns)
    papers = await _papers(db, [n.paper for n in new], [n.pick for n in new], known)
    return Recorded(new, ids, papers, doubtful)


def made(recorded: Recorded, standing: Mapping[int, Sequence[Feedback]]) -> list[Offer]:
    """Return what impressions show, in their order.

    standing: what each of these readers says of papers; it words the reasons.
    """
    said = {user: opinions(kept) for user, kept in standing.items()}
    return [
        _offer(
            recorded.papers,
            n.paper,
            impression,
            n.pick,
            said.get(n.user, {}),
            may_be_seen=(n.user, n.paper) in recorded.doubtful,
            is_similar=n.place is Place.SIMILAR,
        )
        for n, impression in zip(recorded.new, recorded.ids, strict=True)
    ]


async def impressed(
    db: AsyncSession,
    new: Sequence[NewImpression],
    standing: Mapping[int, Sequence[Feedback]],
    doubtful: Collection[tuple[int, PaperId]] | None = None,
) -> list[Offer]:
    """Record impressions and return what they show; see `record` and `made`."""
    return made(await record(db, new, doubtful=doubtful), standing)


async def meanwhile(db: AsyncSession, new: Sequence[NewImpression]) -> Meanwhile:
    """Return what became of papers while they were ranked here, as by somebody else."""
    picked: dict[int, set[PaperId]] = {}
    for impression in new:
        picked.setdefault(impression.user, set()).add(impression.paper)
    return await feedback_log.meanwhile(db, picked)


async def as_shown(
    db: AsyncSession, user: int, shown: Sequence[Impression], *, may_be_seen: bool = False
) -> list[Offer]:
    """Return papers as they were shown to a reader, with the opinions that stand now."""
    papers = await _papers(db, [i.paper for i in shown], [i.pick for i in shown])
    said = await _said(db, user, papers)
    return [
        _offer(
            papers,
            i.paper,
            i.id,
            i.pick,
            said,
            may_be_seen=may_be_seen,
            is_similar=i.place is Place.SIMILAR,
        )
        for i in shown
    ]


@dataclass(frozen=True, slots=True)
class Again:
    """A paper that a reader is shown anew, as an impression showed it."""

    user: int
    impression: int | None
    paper: PaperId


async def again(db: AsyncSession, user: int, impression: int | None, paper: PaperId) -> Offer:
    """Return a paper as an impression showed it; one that is not this reader's counts as none.

    Raises UnknownPaper.
    """
    (offer,) = await all_again(db, [Again(user, impression, paper)])
    if offer is None:
        raise UnknownPaper
    return offer


async def all_again(
    db: AsyncSession, asked: Sequence[Again], known: dict[PaperId, Paper] | None = None
) -> list[Offer | None]:
    """Return the same for many, by a handful of queries; None for an unknown paper.

    known: as for `record`.
    """
    kept = await feedback_log.impressions(db, {one.impression for one in asked if one.impression})
    shown = [_own(kept, one) for one in asked]
    picks = [one.pick if one else None for one in shown]
    papers = await _papers(db, [one.paper for one in asked], picks, known)
    about = {
        (one.user, paper)
        for one, pick in zip(asked, picks, strict=True)
        for paper in (one.paper, *_named(pick))
    }
    said: dict[int, dict[PaperId, Opinion]] = {}
    for (user, paper), feedback in (await feedback_log.opinions_of(db, about)).items():
        said.setdefault(user, {})[paper] = opinion_of(feedback)
    return [
        _offer(
            papers,
            one.paper,
            own.id if own else 0,
            own.pick if own else None,
            said[one.user],
            is_similar=own is not None and own.place is Place.SIMILAR,
        )
        if one.paper in papers
        else None
        for one, own in zip(asked, shown, strict=True)
    ]


def _own(kept: Mapping[int, Impression], asked: Again) -> Impression | None:
    """Return the impression that is meant, if it is this reader's and this paper's."""
    shown = kept.get(asked.impression or 0)
    is_own = shown is not None and (shown.user, shown.paper) == (asked.user, asked.paper)
    return shown if is_own else None


async def asked_for(db: AsyncSession, new: NewImpression) -> Offer:
    """Record that a paper is shown because somebody asked for it. Raises UnknownPaper."""
    papers = await catalogue.papers(db, [new.paper])
    if new.paper not in papers:
        raise UnknownPaper
    (impression,) = await feedback_log.impress(db, [new])
    return _offer(papers, new.paper, impression, None, await _said(db, new.user, papers))


async def kept(db: AsyncSession, user: int, feedback: Sequence[Feedback]) -> list[Offer]:
    """Return papers that a reader keeps, with their notes, to be shown to them alone."""
    about = [f.paper for f in feedback]
    papers = await catalogue.papers(db, about)
    notes = await library.notes(db, user, about)
    return [
        Offer(papers[f.paper], 0, None, opinion_of(f), note=notes.get(f.paper, ""))
        for f in feedback
        if f.paper in papers
    ]


async def saved_with(
    db: AsyncSession, user: int, sought: str, page: int, size: int
) -> tuple[list[Offer], int]:
    """Return a page of the saved papers in which all words stand, and how many there are."""
    saved = await library.kept(db, user, only_saved=True)
    offers = await kept(db, user, [Feedback(k.paper, k.verdict, True) for k in saved])
    wanted = sought.split()
    found = [o for o in offers if all(_has(o, word) for word in wanted)]
    return found[(page - 1) * size : page * size], len(found)


def _has(offer: Offer, word: str) -> bool:
    """Whether a word stands in a paper or its note; a tag must be one of the note's, whole."""
    if word.startswith("#"):
        return word.casefold() in library.tags_in(offer.note)
    return _folded(word) in _searchable(offer)


def _searchable(offer: Offer) -> str:
    paper = offer.paper
    return _folded("\n".join((paper.title, *paper.authors, paper.abstract, offer.note)))


def _folded(text: str) -> str:
    """Return text without case and accents: who looks for Godel finds Gödel."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in apart if not unicodedata.combining(c))


def opinions(standing: Iterable[Feedback]) -> dict[PaperId, Opinion]:
    """Return a reader's feedback as the conversation speaks of it."""
    return {f.paper: opinion_of(f) for f in standing}


def opinion_of(feedback: Feedback) -> Opinion:
    return _opinion(feedback.verdict, feedback.is_saved)


@lru_cache  # a dozen in all, of which a morning's digests need a million
def _opinion(verdict: Verdict | None, is_saved: bool) -> Opinion:
    return Opinion(verdict, is_saved)


async def _papers(
    db: AsyncSession,
    shown: Sequence[PaperId],
    picks: Sequence[Pick | None],
    known: dict[PaperId, Paper] | None = None,
) -> dict[PaperId, Paper]:
    """Return the papers shown and those that the picks' parts name."""
    found = {} if known is None else known
    wanted = set(shown).union(*map(_named, picks))
    if lacking := wanted - found.keys():
        found |= await catalogue.papers(db, lacking)
    return found


async def _said(
    db: AsyncSession, user: int, papers: Mapping[PaperId, Paper]
) -> dict[PaperId, Opinion]:
    return opinions((await feedback_log.opinions(db, user, list(papers))).values())


def _named(pick: Pick | None) -> list[PaperId]:
    return [part.paper for part in pick.parts if part.paper is not None] if pick else []


def _offer(
    papers: Mapping[PaperId, Paper],
    paper: PaperId,
    impression: int,
    pick: Pick | None,
    said: Opinions,
    *,
    may_be_seen: bool = False,
    is_similar: bool = False,
) -> Offer:
    because = {other: papers[other].title for other in _named(pick) if other in papers}
    of_those = {other: said[other] for other in because if other in said}
    return Offer(
        paper=papers[paper],
        impression=impression,
        pick=pick,
        opinion=said.get(paper, _NO_OPINION),
        because=because,
        opinions=of_those,
        may_be_seen=may_be_seen,
        is_similar=is_similar,
    )

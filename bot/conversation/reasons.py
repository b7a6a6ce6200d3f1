"""Why this paper? True sentences made of a pick's score parts, and of nothing else.

A score is a sum. A part's share is its size among the sizes of all parts, the ones that
speak against the paper included, so that the shares always add up to the whole; they are
rounded by largest remainders, so that the percentages do too.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from bot.conversation import group_words, interests_words, topics_words, words
from bot.conversation.language import _
from bot.conversation.messages import RichText, Span, Style, plain
from bot.conversation.ports import Offer, Opinion
from bot.conversation.tex import readable
from bot.conversation.text import clipped, isolated
from recommender.feedback import Verdict
from recommender.names import parsed
from recommender.papers import Paper
from recommender.picks import PartKind, ScorePart
from recommender.wishes import Kind

_NAMED = 8  # parts with a line of their own in the long form
_TITLE = 60
_SHORTEST_PLURAL = 4
_WORTH_NAMING = 10  # per cent: below, a liked paper is not named on the card


@dataclass(frozen=True, slots=True)
class Share:
    """A part of the score and its whole per cents; `percent` of all shares adds up to 100.

    count: how many small parts are summed up in it, 1 for a part that stands for itself.
    """

    part: ScorePart
    percent: int
    count: int = 1


def shares(parts: Sequence[ScorePart]) -> list[Share]:
    """Return the parts with their shares, the largest first and the many small ones as one.

    Empty when all parts are 0.
    """
    total = sum(abs(part.value) for part in parts if part.kind is not PartKind.INTEREST)
    if not total > 0:
        return []
    adding = (part for part in parts if part.kind is not PartKind.INTEREST)
    ordered = sorted(adding, key=lambda part: -abs(part.value))
    told = [part for part in ordered[:_NAMED] if abs(part.value) >= total / 200]
    small = ordered[len(told) :]
    if small:
        told.append(ScorePart(PartKind.OTHER, sum(abs(part.value) for part in small)))
    counts = [1] * (len(ordered) - len(small)) + [len(small)] * bool(small)
    percents = _whole_percents([abs(part.value) / total for part in told])
    return [Share(*share) for share in zip(told, percents, counts, strict=True)]


def _whole_percents(fractions: Sequence[float]) -> list[int]:
    """Round fractions of 1 to per cents that add up to 100, by largest remainders."""
    exact = [100 * fraction for fraction in fractions]
    whole = [int(share) for share in exact]
    by_remainder = sorted(range(len(exact)), key=lambda n: (whole[n] - exact[n], n))
    for n in by_remainder[: 100 - sum(whole)]:
        whole[n] += 1
    return whole


def short(offer: Offer, title_length: int = _TITLE) -> str:
    """Return the reason for the card in one line; empty when the reader asked for the paper."""
    if offer.pick is None:
        return ""
    found = [share for share in shares(offer.pick.parts) if share.part.value > 0]
    if offer.is_similar:
        return _similar(offer, found, title_length)
    if offer.pick.is_exploring:
        return _exploring(offer, found, title_length)
    if found and found[0].part.kind is PartKind.FOLLOWED:
        return topics_words.comes_for(*_topic(offer, found[0].part))
    because = _because_of(offer, found, title_length)
    name = interest(offer)
    said = group_words if offer.is_for_group else interests_words
    return f"{said.for_interest(name)} {because}" if name else because


def interest(offer: Offer) -> str:
    """Return the name of the interest that a pick is for; empty where there is only one."""
    parts = offer.pick.parts if offer.pick else ()
    words_of = next((part.words for part in parts if part.kind is PartKind.INTEREST), ())
    named = [spelled(word, offer.paper) for word in once(words_of)[:2]]
    return isolated(clipped(", ".join(named), 60))


def _topic(offer: Offer, part: ScorePart) -> tuple[str, str]:
    """Return the kind of what is followed, and its text; an author's name as the paper has it."""
    kind, text = (*part.words, "", "")[:2]
    if kind == Kind.AUTHOR:
        followed = parsed(text)
        text = next((name for name in offer.paper.authors if followed.may_be(parsed(name))), text)
    return kind, isolated(clipped(readable(text), 60)).rstrip(".")


def _because_of(offer: Offer, found: Sequence[Share], title_length: int) -> str:
    pieces = _because(offer, found, title_length)
    said = group_words if offer.is_for_group else words
    kinds = {share.part.kind: share for share in reversed(found)}
    if PartKind.READERS in kinds and kinds[PartKind.READERS].percent >= _WORTH_NAMING:
        pieces.append(_(said.READERS))
    if PartKind.POPULAR in kinds and offer.paper.upvotes and len(pieces) < 2:
        pieces.append(words.upvotes(offer.paper.upvotes))
    return " ".join(pieces) or _(said.NO_TASTE_YET)


def _similar(offer: Offer, found: Sequence[Share], title_length: int) -> str:
    """Return which paper it is like; empty when that one is gone."""
    named = next((share for share in found if share.part.paper in offer.because), None)
    if named is None:
        return ""
    return words.similar_to(_title(offer, named, title_length), shared_words(offer))


def shared_words(offer: Offer) -> list[str]:
    """Return the words that make a paper like the one that its pick's largest part names."""
    largest = max(offer.pick.parts, key=lambda part: abs(part.value)) if offer.pick else None
    return [spelled(word, offer.paper) for word in once(largest.words)] if largest else []


def _exploring(offer: Offer, found: Sequence[Share], title_length: int) -> str:
    """Return why chance chose it, and which liked paper it is nearest to, if it is to any."""
    liked = (s for s in found if s.part.kind is PartKind.LIKED and s.part.paper in offer.because)
    nearest = next(liked, None)
    if nearest is None or nearest.percent < _WORTH_NAMING:
        return _(group_words.EXPLORING if offer.is_for_group else words.EXPLORING)
    return words.exploring_near(_did(offer, nearest), _title(offer, nearest, title_length))


def long(offer: Offer) -> RichText:
    """Return every part with its share: what `Why?` answers."""
    title = Span(isolated(clipped(readable(offer.paper.title), 200)), Style.BOLD, offer.paper.url)
    if offer.pick is None:
        return plain(title, "\n", _(words.ASKED_FOR))
    if offer.is_similar:
        return plain(title, "\n", " ".join(filter(None, (short(offer), _(words.SIMILAR_LONG)))))
    found = shares(offer.pick.parts)
    if not found:
        return plain(title, "\n", _(words.NO_TASTE_YET))
    lines = [_line(offer, share) for share in found if share.percent]
    if any(share.part.value < 0 for share in found):
        lines.append(_(words.AGAINST_COUNTS))
    if offer.pick.is_exploring:
        lines.append(words.exploring_chance(offer.pick.propensity))
    if name := interest(offer):
        lines.append(interests_words.place_of(name))
    return plain(title, "\n", _(words.SHARES_OF_SCORE), "\n" + "\n".join(lines))


def _because(offer: Offer, found: Sequence[Share], title_length: int) -> list[str]:
    """Return the sentence that names one or two liked papers, and the words they share."""
    liked = [s for s in found if s.part.kind is PartKind.LIKED and s.part.paper is not None]
    named = [s for s in liked if s.percent >= _WORTH_NAMING][:2] or liked[:1]
    named = [s for s in named if s.part.paper in offer.because and s.percent > 0]
    if not named:
        return []
    papers = [words.named(_title(offer, s, title_length), s.percent) for s in named]
    common = once(word for s in named for word in s.part.words)[:3]
    did = [_did(offer, s) for s in named]
    return [words.because(did, papers, [spelled(word, offer.paper) for word in common])]


def _line(offer: Offer, share: Share) -> str:
    part = share.part
    if share.count > 1:
        return words.smaller_parts(share.count, share.percent)
    match part.kind:
        case PartKind.LIKED | PartKind.SKIPPED if part.paper in offer.because:
            text = words.like_paper(_did(offer, share), _title(offer, share, 90))
            if part.words:
                shared = [spelled(word, offer.paper) for word in once(part.words)]
                text = words.sharing(text, shared)
        case PartKind.LIKED | PartKind.SKIPPED:
            is_liked = part.kind is PartKind.LIKED
            text = _(words.LIKE_OTHER if is_liked else words.LIKE_SKIPPED)
        case PartKind.READERS:
            text = _(words.READERS_LONG)
        case PartKind.POPULAR:
            text = words.popular_long(offer.paper.upvotes)
        case PartKind.EXPLORING:
            text = _(words.EXPLORING_LONG)
        case PartKind.FOLLOWED:
            text = topics_words.place_of(*_topic(offer, part))
        case _:
            text = _(words.OTHER_LONG)
    return words.share_line(share.percent, text, is_against=part.value < 0)


def _title(offer: Offer, share: Share, length: int) -> str:
    assert share.part.paper is not None
    return isolated(clipped(readable(offer.because[share.part.paper]), length))


def once(telling: Iterable[str]) -> list[str]:
    """Return words in their order, of a word and its plural only the first."""
    kept = dict[str, str]()
    for word in telling:
        kept.setdefault(_singular(word.casefold()), word)
    return list(kept.values())


def _singular(word: str) -> str:
    """Return a word without what makes it a plural; both of a pair come to the same."""
    if len(word) < _SHORTEST_PLURAL or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    return f"{word[:-3]}y" if word.endswith("ies") else word[:-1]


def spelled(word: str, paper: Paper) -> str:
    """Return a telling word as the paper spells it most: `AI`, not `ai`."""
    return _spelled(word, paper.abstract, paper.title)


@lru_cache(maxsize=20_000)  # a morning's digests name the same words of the same papers
def _spelled(word: str, abstract: str, title: str) -> str:
    text = readable(f"{abstract} {title}")
    found = re.findall(rf"(?<!\w){re.escape(word)}(?!\w)", text, re.IGNORECASE)
    if not found:
        return isolated(readable(word))
    best = Counter(found).most_common(1)[0][0]
    # A first letter alone is large at the head of a sentence and all over titles.
    return isolated(word if best == word.capitalize() and len(best) > 1 else best)


def _did(offer: Offer, share: Share) -> str:
    """Return what the reader did to the paper a part names: liked, saved, skipped …"""
    if offer.is_for_group:  # only papers that most of its members like are ever named
        return words.BY_GROUP
    if share.part.kind is PartKind.SKIPPED:
        return words.SKIPPED
    assert share.part.paper is not None
    opinion = offer.opinions.get(share.part.paper, Opinion(Verdict.LIKE))
    if opinion.verdict is Verdict.KNOWN:
        return words.KNOWN
    return words.SAVED if opinion.verdict is not Verdict.LIKE and opinion.is_saved else words.LIKED

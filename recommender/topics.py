"""Which papers is a followed or muted author, word or category about?

An index of the papers that can be picked, made once for as long as they are the same: asking
it costs a reader who follows ten things ten look-ups, and one who follows nothing none.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache

from recommender.names import Name, parsed
from recommender.papers import Paper, PaperId
from recommender.wishes import NOTHING, Kind, Told, Topic, Wishes

_NO_LETTER = re.compile(r"[\W_]+")
_ByPaper = dict[PaperId, Topic]


class Topics:
    """An index of some papers. Safe to share between threads."""

    def __init__(self, papers: Sequence[Paper]) -> None:
        self._by_family = defaultdict[str, list[tuple[PaperId, Name]]](list)
        self._by_category = defaultdict[str, list[PaperId]](list)
        self._by_word = defaultdict[str, list[PaperId]](list)
        self._texts = dict[PaperId, str]()
        # Only a cache, for topics that many readers share: threads may fill it twice.
        self._found = dict[Topic, Sequence[PaperId]]()
        # Newest first, so that every answer is.
        for paper in sorted(papers, key=lambda p: (p.announced, p.id), reverse=True):
            self._add(paper)

    def __len__(self) -> int:
        return len(self._texts)

    def _add(self, paper: Paper) -> None:
        for author in paper.authors:
            name = _name(author)
            for family in name.families:
                self._by_family[family].append((paper.id, name))
        for category in paper.categories:
            self._by_category[category.casefold()].append(paper.id)
        words = worded(paper.text)
        self._texts[paper.id] = f" {words} "
        for word in set(words.split()):
            self._by_word[word].append(paper.id)

    def papers(self, topic: Topic) -> Sequence[PaperId]:
        """Return the papers that a topic is about, newest first."""
        found = self._found.get(topic)
        if found is None:
            found = self._found[topic] = self._looked_up(topic)
        return found

    def _looked_up(self, topic: Topic) -> list[PaperId]:
        match topic.kind:
            case Kind.AUTHOR:
                return self._of_author(_name(topic.text))
            case Kind.CATEGORY:
                return self._by_category.get(topic.text.casefold(), [])
            case Kind.WORD:
                return self._with_words(worded(topic.text))

    def _of_author(self, wanted: Name) -> list[PaperId]:
        found = (
            paper
            for family in sorted(wanted.families)
            for paper, name in self._by_family.get(family, ())
            if wanted.may_be(name)
        )
        return list(dict.fromkeys(found))

    def _with_words(self, words: str) -> list[PaperId]:
        """Return the papers in which words stand beside each other, the last in either number."""
        *first, last = words.split() or [""]
        found = dict[PaperId, None]()
        for form in _numbers(last):
            phrase = f" {' '.join([*first, form])} "
            holding = self._by_word.get(form, ())
            found |= {paper: None for paper in holding if phrase in self._texts[paper]}
        return list(found)


def wishes(topics: Topics | None, told: Told) -> Wishes:
    """Return what a reader's words mean for the papers of an index.

    Whoever is named means more than a kind of paper: a muted word or category hides no paper of
    a followed author, and a muted author hides all of theirs.
    topics: needed only for what is about papers.
    """
    if topics is None or not told.is_about_papers:
        return Wishes(interests=told.interests) if told.interests else NOTHING
    shunned, muted = _about(topics, told.mutes)
    promised, wanted = _about(topics, told.follows)
    promised = {paper: topic for paper, topic in promised.items() if paper not in shunned}
    hidden = shunned.keys() | (muted.keys() - promised.keys())
    wanted = {paper: topic for paper, topic in wanted.items() if paper not in hidden}
    return Wishes(frozenset(hidden), promised, wanted, told.interests)


def _about(topics: Topics, told: Iterable[Topic]) -> tuple[_ByPaper, _ByPaper]:
    """Return the papers of the authors among some topics, and those of words and categories.

    Each with the first topic that it is about.
    """
    by_author, others = _ByPaper(), _ByPaper()
    for topic in told:
        found = by_author if topic.kind is Kind.AUTHOR else others
        for paper in topics.papers(topic):
            found.setdefault(paper, topic)
    return by_author, others


def muted_among(papers: Sequence[Paper], told: Told) -> frozenset[PaperId]:
    """Return which of a few papers a reader muted."""
    return wishes(Topics(papers), told).muted


def is_same(one: Topic, other: Topic) -> bool:
    """Whether two topics are one in different spellings."""
    if one.kind is not other.kind:
        return False
    if one.kind is Kind.AUTHOR:
        first, second = _name(one.text), _name(other.text)
        return bool(first.families & second.families) and first.given == second.given
    return worded(one.text) == worded(other.text)


def worded(text: str) -> str:
    """Return the words of a text with single spaces between them, without case and accents."""
    if not text.isascii():
        apart = unicodedata.normalize("NFKD", text)
        text = "".join(c for c in apart if not unicodedata.combining(c))
    return _NO_LETTER.sub(" ", text.casefold()).strip()


def _numbers(word: str) -> tuple[str, ...]:
    """Return an English noun in both numbers, as far as an s tells them apart."""
    if len(word) < 3:
        return (word,)
    if word.endswith("s") and not word.endswith("ss"):
        return (word, word[:-1])
    return (word, f"{word}s")


_name = lru_cache(maxsize=50_000)(parsed)  # a catalogue's names come again with every index

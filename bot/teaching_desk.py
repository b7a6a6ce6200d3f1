"""Teaching by sending, over storage: which papers are named, likes on them, papers near them.

The catalogue is asked first, because it answers at once; arXiv is asked a few times for each
message, one question after the other, and not again within a day for a title that it does not
have. Other catalogues are asked what their numbers stand for. Of what nobody knows only hashes are
kept, which tell of nobody.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import zip_longest
from typing import Protocol

import numpy as np

from bot import offers
from bot.conversation.bibliography import Cited
from bot.conversation.mentions import Mentions
from bot.conversation.ports import (
    AskedTooMuch,
    Offer,
    Reader,
    ReaderGone,
    SourceUnavailable,
)
from bot.conversation.teaching import LookedUp, Named, Near, Taught
from bot.naming import Others, looks_like_a_title
from bot.shelf import Holding, Shelf
from bot.transactions import reading, writing
from recommender.feedback import Verdict
from recommender.papers import PaperId
from recommender.picks import Pick
from recommender.ranking import nearest
from recommender.topics import muted_among
from recommender.wishes import NOTHING_TOLD, Told
from storage import catalogue, feedback_log, users, wishes
from storage.database import Database, blocks
from storage.dialogue_state import DialogueState
from storage.feedback_log import NewImpression, Place
from storage.full_text import words_of
from storage.sources.references import keys_in

MOST_KEYS = 50  # links and ids of one message
IDS_AT_ONCE, TITLES_AT_ONCE = 100, 5  # that one question to arXiv holds
MOST_TITLES = 30  # of one file, that arXiv is asked for
MOST_SAID_TITLES = 5  # of one message
REMEMBERED = 24 * 3600.0  # seconds for which a title that arXiv lacks is not asked for again
LONGEST = timedelta(seconds=60)  # that arXiv is asked for one file; platforms wait for 90
_TITLES_KNOWN = 100  # titles looked for in the catalogue between two signs of progress
_AT_ONCE = 100  # likes in one transaction: others want to write too
_SAMPLED = 8  # papers of a message near which others are looked for
_CLOSEST = 30  # candidates near each of them


class Source(Protocol):
    """Asks arXiv for papers, and stores what it finds.

    Raises SourceUnavailable, and AskedTooMuch when the reader, or all together, have to rest.
    """

    async def by_keys(self, reader: Reader, keys: Collection[str]) -> None: ...

    async def by_titles(self, reader: Reader, titles: Sequence[str]) -> None:
        """Ask for a few titles at once."""


class TeachingDesk:
    """Implements `conversation.teaching.TeachingDesk`. clock: the time now, aware."""

    def __init__(
        self,
        database: Database,
        shelf: Shelf,
        source: Source,
        state: DialogueState,
        clock: Callable[[], datetime],
        others: Others,
    ) -> None:
        self._database = database
        self._shelf = shelf
        self._source = source
        self._others = others
        self._state = state
        self._clock = clock

    # ------------------------------------------------------------------ messages

    async def named(self, reader: Reader, mentions: Mentions) -> Named:
        named = await self._by_keys(reader, keys_in(mentions.text)[:MOST_KEYS])
        papers = list(named.papers)
        spelled = await self._spelled(mentions.spelled)
        papers += [paper for paper in spelled if paper is not None]
        is_spelled = any(spelled)  # such an address is understood without its number
        numbers = [key for key in named.lacking if key.startswith("doi:")]
        numbers += [n for n in mentions.elsewhere if not (is_spelled and n.startswith("s2:"))]
        told = await self._told(reader, numbers)
        named = _joined(replace(named, papers=tuple(papers)), told)
        if named.papers or named.lacking or named.titles or named.is_source_away or named.is_slowed:
            return replace(named, papers=tuple(dict.fromkeys(named.papers)))
        return await self._titled(reader, mentions)

    async def _told(self, reader: Reader, numbers: Sequence[str]) -> "_Told":
        """Return what other catalogues' numbers stand for, of papers that we or arXiv have."""
        asked = [number for number in numbers if not await self._is_in_vain(number)]
        if not asked:
            return _Told({})
        try:
            answers = await self._others.described(reader, asked)
        except AskedTooMuch:
            return _Told({}, is_slowed=True, unasked=frozenset(asked))
        except SourceUnavailable:  # whoever is asked by title or arXiv link needs none of them
            return _Told({}, unasked=frozenset(asked))
        told = {number: one for number, one in answers.items() if one is not None}
        for number in answers.keys() - told.keys():  # whom nobody was asked for may be known
            await self._state.set(_in_vain(number), "1", REMEMBERED)
        keys = [one.key for one in told.values() if one.key]
        some = [await self._by_keys(reader, block) for block in blocks(keys, IDS_AT_ONCE)]
        known = await self._known(keys)
        found = {n: known[one.key] for n, one in told.items() if one.key in known}
        titles = {n: one.title for n, one in told.items() if n not in found and one.title}
        by_title, is_away, is_slowed = await self._with_titles(reader, list(titles.values()))
        found |= {n: by_title[title] for n, title in titles.items() if title in by_title}
        # Only what was asked for, now or lately, is known to be nowhere.
        left = {n: title for n, title in titles.items() if n not in found}
        nowhere = {n: title for n, title in left.items() if await self._is_in_vain(title)}
        is_cut = any(one.is_source_away or one.is_slowed for one in some)
        unlooked = {n for n, one in told.items() if not one.title and one.key and is_cut}
        return _Told(
            found,
            nowhere,
            is_away or any(one.is_source_away for one in some),
            is_slowed or any(one.is_slowed for one in some),
            unasked=frozenset(asked) - answers.keys(),
            waiting=frozenset((left.keys() - nowhere.keys()) | (unlooked - found.keys())),
        )

    async def _with_titles(
        self, reader: Reader, titles: Sequence[str]
    ) -> tuple[dict[str, PaperId], bool, bool]:
        """Return papers by title, and whether arXiv was away, or had been asked for too much."""
        async with reading(self._database) as db:
            found = dict(await catalogue.titled_exactly(db, titles))
        asked = [t for t in titles if t not in found and not await self._is_in_vain(t)]
        try:
            for block in blocks(asked[:MOST_TITLES], TITLES_AT_ONCE):
                found |= await self._ask_for(reader, block)
        except AskedTooMuch:
            return found, False, True
        except SourceUnavailable:
            return found, True, False
        return found, False, False

    async def _by_keys(self, reader: Reader, keys: Sequence[str]) -> Named:
        known = await self._known(keys)
        asked = [key for key in keys if key not in known and key.startswith("arxiv:")]
        is_away = is_slowed = False
        if asked:
            try:
                await self._source.by_keys(reader, asked)
            except AskedTooMuch:
                is_slowed = True
            except SourceUnavailable:
                is_away = True
            known |= await self._known(asked)
        lacking = tuple(key for key in keys if key not in known)
        found = tuple(known[key] for key in keys if key in known)
        return Named(found, lacking, is_away, is_slowed)

    async def _known(self, keys: Collection[str]) -> dict[str, PaperId]:
        async with reading(self._database) as db:
            return {key: paper.id for key, paper in (await catalogue.named(db, keys)).items()}

    async def _spelled(self, addresses: Sequence[str]) -> list[PaperId | None]:
        async with reading(self._database) as db:
            return [await catalogue.spelled(db, address) for address in addresses]

    async def _titled(self, reader: Reader, mentions: Mentions) -> Named:
        """Return what titles name; arXiv is asked when the catalogue has none of them."""
        if found := await self._by_titles(mentions):
            return Named(found)
        titles = [
            title for title in (mentions.whole, *mentions.titles) if looks_like_a_title(title)
        ]
        # The names at an address's end are no part of the title.
        titles += [" ".join(address.split()[:-2]) for address in mentions.spelled]
        asked = [title for title in titles if not await self._is_in_vain(title)]
        if not asked:
            return Named(())
        try:
            await self._ask_for(reader, asked[:MOST_SAID_TITLES])
        except AskedTooMuch:
            return Named((), is_slowed=True)
        except SourceUnavailable:
            return Named((), is_source_away=True)
        spelled = await self._spelled(mentions.spelled)
        found = await self._by_titles(mentions)
        named = (*found, *(paper for paper in spelled if paper is not None))
        return Named(tuple(dict.fromkeys(named)))

    async def _by_titles(self, mentions: Mentions) -> tuple[PaperId, ...]:
        """Return the one paper whose title is the whole message, or those that its lines name."""
        async with reading(self._database) as db:
            if mentions.whole:
                one = await catalogue.by_title(db, mentions.whole)
                if one is not None:
                    return (one,)
            found = [await catalogue.by_title(db, title) for title in mentions.titles]
        return tuple(dict.fromkeys(paper for paper in found if paper is not None))

    # ------------------------------------------------------------------ likes

    async def teach(
        self, reader: Reader, event: str, papers: Sequence[PaperId], shown: int
    ) -> Taught:
        batch = hashlib.blake2b(event.encode(), digest_size=5).hexdigest()
        new = 0
        for block in blocks(papers, _AT_ONCE):
            async with writing(self._database) as db:
                if await users.by_id(db, reader.id) is None:
                    raise ReaderGone
                standing = await feedback_log.opinions(db, reader.id, block)
                taps = [
                    feedback_log.Tap(
                        reader.id,
                        reader.account,
                        f"{_prefix(batch)}{paper}",
                        paper,
                        None,
                        self._clock(),
                        Verdict.LIKE,
                    )
                    for paper in block
                    if standing[paper].verdict is None
                ]
                if taps:
                    recorded = await feedback_log.record_all(db, taps)
                    new += sum(one.changed and not one.repeated for one in recorded)
        made: list[Offer] = []
        if shown:
            async with writing(self._database) as db:
                for paper in papers[:shown]:
                    asked = NewImpression(
                        reader.id, reader.account, paper, self._clock(), Place.LOOKUP
                    )
                    made.append(await offers.asked_for(db, asked))
        return Taught(tuple(made), new, batch)

    async def untaught(self, reader: Reader, event: str, batch: str) -> int:
        async with writing(self._database) as db:
            return await feedback_log.undo_all(
                db, reader.id, reader.account, event, self._clock(), _prefix(batch)
            )

    # ------------------------------------------------------------------ near

    async def near(self, reader: Reader, papers: Sequence[PaperId], most: int) -> Near:
        if not papers:
            return Near((), is_new=True)
        holding = await self._shelf.held_with(papers)
        async with reading(self._database) as db:
            known = set((await feedback_log.seen(db, [reader.id]))[reader.id])
            standing = (await feedback_log.standing(db, [reader.id])).get(reader.id, ())
            told = (await wishes.told(db, [reader.id])).get(reader.id, NOTHING_TOLD)
        known |= {one.paper for one in standing} | set(papers)
        step = max(len(papers) // _SAMPLED, 1)
        picks, is_new = await asyncio.to_thread(
            _near, holding, list(papers)[::step][:_SAMPLED], known, _CLOSEST if told.mutes else most
        )
        picks = (await self._not_muted(told, picks))[:most]
        now = self._clock()
        new = [
            NewImpression(reader.id, reader.account, pick.paper, now, Place.SIMILAR, pick)
            for pick in picks
        ]
        if not new:
            return Near((), is_new)
        async with writing(self._database) as db:
            made = await offers.impressed(db, new, {reader.id: tuple(standing)})
        return Near(made, is_new)

    async def _not_muted(self, told: Told, picks: list[Pick]) -> list[Pick]:
        if not told.mutes or not picks:
            return picks
        async with reading(self._database) as db:
            papers = await catalogue.papers(db, [pick.paper for pick in picks])
        muted = muted_among(list(papers.values()), told)
        return [pick for pick in picks if pick.paper not in muted]

    # ------------------------------------------------------------------ files

    async def looked_up(self, reader: Reader, cited: Sequence[Cited]) -> AsyncIterator[LookedUp]:
        keys = {one: keys_in(one.identifiers) for one in cited}
        found = await self._with_keys(cited, keys)
        waiting = _without(cited, found)
        yield LookedUp(_papers(found), tuple(waiting))
        untitled = list[Cited]()
        for block in blocks(waiting, _TITLES_KNOWN):
            found = await self._with_exact_titles(block)
            untitled += _without(block, found)
            waiting = waiting[len(block) :]
            yield LookedUp(_papers(found), (*untitled, *waiting), is_asking=not waiting)
        numbered = await self._with_numbers(reader, untitled, keys)
        untitled = _without(untitled, (*numbered.found, *numbered.left, *numbered.untold))
        if numbered.found:
            yield LookedUp(_papers(numbered.found), tuple(untitled), is_asking=True)
        lacking = [one for one in untitled if await self._is_in_vain(one.title)]
        lacking = [one for one in lacking if not _arxiv(keys[one])]
        async for step in self._asked_for(reader, _without(untitled, lacking), lacking, keys):
            left = (*numbered.left, *step.left)
            yield replace(step, left=left, untold=tuple(numbered.untold))

    async def _asked_for(
        self,
        reader: Reader,
        waiting: Sequence[Cited],
        lacking: list[Cited],
        keys: Mapping[Cited, tuple[str, ...]],
    ) -> AsyncIterator[LookedUp]:
        """Ask arXiv: for ids first, of which one question holds many, then for some titles."""
        end = self._clock() + LONGEST
        try:
            for block in blocks([one for one in waiting if _arxiv(keys[one])], IDS_AT_ONCE):
                if self._clock() > end:
                    raise SourceUnavailable
                await self._source.by_keys(
                    reader, [key for one in block for key in _arxiv(keys[one])]
                )
                found = await self._with_keys(block, keys)
                waiting = _without(waiting, found)
                yield LookedUp(_papers(found), tuple(waiting), tuple(lacking), is_asking=True)
            known_in_vain = [one for one in waiting if await self._is_in_vain(one.title)]
            lacking += known_in_vain
            waiting = _without(waiting, known_in_vain)
            for block in blocks(waiting[:MOST_TITLES], TITLES_AT_ONCE):
                if self._clock() > end:
                    raise SourceUnavailable
                known = await self._ask_for(reader, [one.title for one in block])
                found = {one: known[one.title] for one in block if one.title in known}
                lacking += _without(block, found)
                waiting = waiting[len(block) :]
                yield LookedUp(_papers(found), tuple(waiting), tuple(lacking), is_asking=True)
        except SourceUnavailable:
            pass  # what was not asked for is left
        yield LookedUp((), (), tuple(lacking), tuple(waiting))

    async def _with_keys(
        self, cited: Sequence[Cited], keys: Mapping[Cited, tuple[str, ...]]
    ) -> dict[Cited, PaperId]:
        """Return entries and their papers by id, arXiv's before DOIs."""
        known = await self._known({key for one in cited for key in keys[one]})
        ordered = {
            one: sorted(keys[one], key=lambda key: key not in _arxiv((key,))) for one in cited
        }
        return {
            one: known[first]
            for one in cited
            if (first := next((key for key in ordered[one] if key in known), ""))
        }

    async def _with_numbers(
        self, reader: Reader, cited: Sequence[Cited], keys: Mapping[Cited, tuple[str, ...]]
    ) -> "_Numbered":
        """Look up entries that give neither title nor arXiv's id, by what their DOIs stand for."""
        nameless = [one for one in cited if not one.title and not _arxiv(keys[one])]
        told = await self._told(reader, [doi for one in nameless for doi in keys[one]])
        found = {
            one: told.papers[first]
            for one in nameless
            if (first := next((doi for doi in keys[one] if doi in told.papers), ""))
        }
        rest = _without(nameless, found)
        left = [one for one in rest if told.waiting.intersection(keys[one])]
        rest = _without(rest, left)
        return _Numbered(found, left, [one for one in rest if told.unasked.intersection(keys[one])])

    async def _with_exact_titles(self, cited: Sequence[Cited]) -> dict[Cited, PaperId]:
        """Return entries and their papers of the catalogue by title."""
        async with reading(self._database) as db:
            known = await catalogue.titled_exactly(db, [one.title for one in cited])
        return {one: known[one.title] for one in cited if one.title in known}

    # ------------------------------------------------------------------ asking

    async def _ask_for(self, reader: Reader, titles: Sequence[str]) -> dict[str, PaperId]:
        """Ask for a few titles, return what they name, and remember which ones name nothing."""
        await self._source.by_titles(reader, titles)
        found = {}
        async with reading(self._database) as db:
            for title in titles:
                paper = await catalogue.by_title(db, title)
                if paper is not None:
                    found[title] = paper
        for title in titles:
            if title not in found:
                await self._state.set(_in_vain(title), "1", REMEMBERED)
        return found

    async def _is_in_vain(self, title: str) -> bool:
        return not title or await self._state.get(_in_vain(title)) is not None


@dataclass(frozen=True, slots=True)
class _Told:
    """What other catalogues' numbers stand for. titles: of those that nobody has whom we ask.

    unasked: the numbers that nobody could be asked for. waiting: those that are told, and for whose
    papers arXiv could not be asked.
    """

    papers: Mapping[str, PaperId]
    titles: Mapping[str, str] = field(default_factory=dict)
    is_away: bool = False
    is_slowed: bool = False
    unasked: frozenset[str] = frozenset()
    waiting: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Numbered:
    """Entries looked up by their DOIs. left: arXiv was not asked yet. untold: see `LookedUp`."""

    found: Mapping[Cited, PaperId]
    left: Sequence[Cited]
    untold: Sequence[Cited]


def _joined(named: Named, told: _Told) -> Named:
    """Return what a message names, with what others told of it."""
    known = told.papers.keys() | told.titles.keys()
    return Named(
        (*named.papers, *told.papers.values()),
        tuple(key for key in named.lacking if key not in known),
        named.is_source_away or told.is_away,
        named.is_slowed or told.is_slowed,
        tuple(dict.fromkeys(told.titles.values())),
    )


def _prefix(batch: str) -> str:
    return f"taught:{batch}:"


def _in_vain(title: str) -> str:
    """Return the key of a title that arXiv, or a number that others, do not have.

    Nothing can be read from it.
    """
    normal = " ".join(words_of(title))
    return f"in-vain:{hashlib.blake2b(normal.encode(), digest_size=12).hexdigest()}"


def _arxiv(keys: Sequence[str]) -> list[str]:
    return [key for key in keys if key.startswith("arxiv:")]


def _papers(found: Mapping[Cited, PaperId]) -> tuple[PaperId, ...]:
    return tuple(dict.fromkeys(found.values()))


def _without(cited: Sequence[Cited], some: Collection[Cited]) -> list[Cited]:
    left_out = set(some)
    return [one for one in cited if one not in left_out]


def _near(
    holding: Holding, papers: Sequence[PaperId], known: set[PaperId], most: int
) -> tuple[list[Pick], bool]:
    """Return picks near some papers in turn, of the newest ones; of all, where none is new."""
    newest = holding.corpus.newest()
    for candidates in (newest[~np.isin(newest, list(known))], None):
        near = [
            [
                pick
                for pick in nearest(holding.model, holding.corpus, paper, candidates, _CLOSEST)
                if pick.paper not in known and np.isfinite(pick.score)
            ]
            for paper in papers
        ]
        in_turn = [pick for some in zip_longest(*near) for pick in some if pick is not None]
        picks = dict[PaperId, Pick]()
        for pick in in_turn:
            picks.setdefault(pick.paper, pick)
        if picks:
            return list(picks.values())[:most], candidates is not None
    return [], True

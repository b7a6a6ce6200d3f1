"""Find papers by words. The index is the database's own, so both dialects are spoken here.

Ranking everything that holds a common word takes a second at 200,000 papers, hence only
the newest `CANDIDATES` of all matches are ranked.
"""

import difflib
import itertools
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from recommender.papers import PaperId
from storage.database import table_of
from storage.tables import PaperRow

CANDIDATES = 1000
MAX_WORDS = 16
# Words that say nothing of a subject. PostgreSQL leaves them out by itself, FTS5 does not.
_GLUE_WORDS = """
    a about an and are as at be been but by can do does for from had has have how i in into is it
    its me my of on one or our papers should some such than that the their them then there these
    they this to using via was we were what when where which while who why will with work would
    you your
"""
_GLUE = frozenset(_GLUE_WORDS.split())
_ENDING = 3  # letters at the end of a word that stemming may have taken
SAME_TITLE = 0.9  # difflib's ratio of two normalised titles
_COUNTED = 200  # papers whose authors are counted for a name that is being typed


@dataclass(frozen=True, slots=True)
class _Field:
    """A part of a paper, by its column in FTS5 and by its weight in PostgreSQL."""

    column: str
    weight: str


_TITLE, _AUTHORS, _ANY = _Field("title", "A"), _Field("authors", "B"), _Field("", "")

_papers = table_of(PaperRow)
_WORD = re.compile(r"[^\W_]+")

# Weights are of title, authors, abstract. FTS5 is quick with a range of rowids, and evaluates
# the query again for each rowid of a list: a second instead of milliseconds.
_SQLITE = text("""
    SELECT rowid FROM papers_text
    WHERE papers_text MATCH :query AND rowid >= (
        SELECT min(newest) FROM (
            SELECT rowid AS newest FROM papers_text WHERE papers_text MATCH :query
            ORDER BY rowid DESC LIMIT :candidates
        )
    )
    ORDER BY bm25(papers_text, 8.0, 4.0, 1.0), rowid DESC LIMIT :limit
""")
_POSTGRES = text("""
    SELECT id FROM (
        SELECT id, papers_text FROM papers
        WHERE papers_text @@ to_tsquery('english', :query)
        ORDER BY id DESC LIMIT :candidates
    ) AS newest
    ORDER BY ts_rank_cd('{0.1, 0.125, 0.5, 1.0}', papers_text, to_tsquery('english', :query), 1)
        DESC, id DESC
    LIMIT :limit
""")


# Nothing is ranked, which is most of the work: titles and names themselves decide.
_SQLITE_NEWEST = text("""
    SELECT rowid FROM papers_text WHERE papers_text MATCH :query ORDER BY rowid DESC LIMIT :limit
""")
_POSTGRES_NEWEST = text("""
    SELECT id FROM papers WHERE papers_text @@ to_tsquery('english', :query)
    ORDER BY id DESC LIMIT :limit
""")


def words_of(phrase: str) -> list[str]:
    """Return the words of a text: lower case, without accents or punctuation."""
    plain = unicodedata.normalize("NFKD", phrase)
    bare = "".join(c for c in plain if not unicodedata.combining(c))
    return _WORD.findall(bare.lower())


@dataclass(frozen=True, slots=True)
class Matches:
    """Papers, best first: those that hold every word asked for, and those that hold some.

    Words such as "the" count only where nothing else was asked for.
    """

    whole: Sequence[PaperId]
    some: Sequence[PaperId]


async def search(db: AsyncSession, words: str, limit: int = 20) -> Matches:
    """Return papers whose title, authors or abstract match; any input is safe.

    Only if there is room for them, those that hold some of the words.
    """
    asked = list(dict.fromkeys(words_of(words)))[:MAX_WORDS]
    asked = [word for word in asked if word not in _GLUE] or asked
    if not asked:
        return Matches((), ())
    whole, some = await _matches(db, [asked], limit), list[PaperId]()
    if len(whole) < limit and len(asked) > 1:
        some = await _matches(db, [[word] for word in asked], limit + len(whole))
    every = set(whole)
    return Matches(whole, [paper for paper in some if paper not in every][: limit - len(whole)])


async def titled_like(db: AsyncSession, typed: str, limit: int) -> list[PaperId]:
    """Return papers for a title that is still being typed: the last word may be a beginning.

    A single letter at the end is waited for: half of all titles would match.
    """
    words = list(dict.fromkeys(words_of(typed)[:MAX_WORDS]))
    is_typed = bool(words) and not typed[-1].isspace()
    if is_typed and len(words[-1]) == 1:
        words = words[:-1]
    if not words:
        return []
    found = await _matches(db, [words], limit, field=_TITLE, is_typed=is_typed)
    *whole, last = words
    if found or not is_typed or len(last) <= _ENDING:
        return found
    # The index holds stems: `learnin` begins no stem, though it begins a word.
    shorter = [*whole, last[:-_ENDING]]
    near = await _titles(db, await _matches(db, [shorter], 200, field=_TITLE, is_typed=True))
    return [
        paper
        for title, paper in reversed(near.items())
        if any(word.startswith(last) for word in title.split())
    ][:limit]


async def by_title(db: AsyncSession, title: str) -> PaperId | None:
    """Return the paper of this title, forgiving case, accents, punctuation and a wrong word.

    Numbers are not forgiven: part 2 is not part 1.
    """
    words = words_of(title)
    if not words:
        return None
    asked = list(dict.fromkeys(words))[:MAX_WORDS]
    exact = await _titles(db, await _matches(db, [asked], 200, field=_TITLE))
    wanted = " ".join(words)
    if wanted in exact:
        return exact[wanted]
    near = await _titles(db, await _matches(db, _forgiving(asked), 200, field=_TITLE))
    numbers = _numbers(wanted)
    same_numbers = [known for known in near if _numbers(known) == numbers]
    closest = difflib.get_close_matches(wanted, same_numbers, n=1, cutoff=SAME_TITLE)
    return near[closest[0]] if closest else None


async def titled_exactly(db: AsyncSession, titles: Sequence[str]) -> dict[str, PaperId]:
    """Return those of many titles that papers have, forgiving case, accents and punctuation.

    Several times quicker than `by_title` for each, which forgives more.
    """
    found = {}
    for title in titles:
        words = words_of(title)
        asked = list(dict.fromkeys(words))[:MAX_WORDS]
        known = await _titles(db, await _newest(db, asked, 200, _TITLE)) if words else {}
        if (paper := known.get(" ".join(words))) is not None:
            found[title] = paper
    return found


async def spelled(db: AsyncSession, address: str) -> PaperId | None:
    """Return the paper whose title and authors hold every word that an address spells.

    Addresses leave out what is too long for them; at least three words must be the title's.
    """
    asked = set(words_of(address))
    matches = await search(db, address, 20)
    found = [*matches.whole, *matches.some]
    rows = await db.execute(
        select(_papers.c.id, _papers.c.title, _papers.c.authors).where(_papers.c.id.in_(found))
    )
    for row in sorted(rows, key=lambda row: found.index(row.id)):
        title, names = set(words_of(row.title)), set(words_of(" ".join(row.authors)))
        if len(asked & title) >= 3 and asked <= title | names:
            return PaperId(row.id)
    return None


async def authors_like(db: AsyncSession, typed: str, limit: int) -> list[str]:
    """Return names of authors for one that is still being typed, those of most papers first.

    Only the newest 200 papers that hold its words are counted. A single letter is waited for.
    """
    words = list(dict.fromkeys(words_of(typed)[:MAX_WORDS]))
    if not words or len(words[-1]) == 1:
        return []
    is_typed = not typed[-1].isspace()
    found = await _newest(db, words, _COUNTED, _AUTHORS, is_typed=is_typed)
    rows = await db.scalars(select(_papers.c.authors).where(_papers.c.id.in_(found)))
    counted = Counter(name for names in rows for name in names if _is_typed_name(name, words))
    return sorted(counted, key=lambda name: (-counted[name], name))[:limit]


async def by_author(db: AsyncSession, name: str, limit: int) -> list[PaperId]:
    """Return papers of which one author's name holds all words of this one, newest first."""
    words = list(dict.fromkeys(words_of(name)[:MAX_WORDS]))
    found = await _newest(db, words, CANDIDATES, _AUTHORS) if words else []
    rows = await db.execute(
        select(_papers.c.id, _papers.c.authors)
        .where(_papers.c.id.in_(found))
        .order_by(_papers.c.announced.desc(), _papers.c.id.desc())
    )
    wanted = set(words)
    theirs = [row.id for row in rows if any(wanted <= set(words_of(n)) for n in row.authors)]
    return [PaperId(paper) for paper in theirs[:limit]]


def _is_typed_name(name: str, typed: Sequence[str]) -> bool:
    """Whether all words are of one name, the last one perhaps only its beginning."""
    words = words_of(name)
    return set(typed[:-1]) <= set(words) and any(word.startswith(typed[-1]) for word in words)


def _forgiving(words: Sequence[str]) -> list[Sequence[str]]:
    """Return what to ask for when one or two of the telling words may be wrong."""
    telling = sorted(words, key=len, reverse=True)[:7]
    wrong = 2 if len(telling) > 3 else 1
    return list(itertools.combinations(telling, max(len(telling) - wrong, 1)))


def _numbers(title: str) -> list[str]:
    return [word for word in title.split() if any(c.isdigit() for c in word)]


async def _titles(db: AsyncSession, ids: Sequence[PaperId]) -> dict[str, PaperId]:
    """Return normalised titles; of two papers with one title the better match."""
    rows = await db.execute(select(_papers.c.id, _papers.c.title).where(_papers.c.id.in_(ids)))
    titles = {row.id: " ".join(words_of(row.title)) for row in rows}
    return {titles[paper]: paper for paper in reversed(ids)}


async def _matches(
    db: AsyncSession,
    groups: Iterable[Sequence[str]],
    limit: int,
    *,
    field: _Field = _ANY,
    is_typed: bool = False,
) -> list[PaperId]:
    """Return papers that hold every word of at least one group, best first.

    is_typed: whether a group's last word may be the beginning of one.
    """
    is_postgres = db.get_bind().dialect.name == "postgresql"
    write = _postgres_query if is_postgres else _sqlite_query
    found = await db.execute(
        _POSTGRES if is_postgres else _SQLITE,
        {"query": write(groups, field, is_typed), "candidates": CANDIDATES, "limit": limit},
    )
    return [PaperId(number) for number in found.scalars()]


async def _newest(
    db: AsyncSession, words: Sequence[str], limit: int, field: _Field, *, is_typed: bool = False
) -> list[PaperId]:
    """Return papers that hold every word, unranked, those that were taken in last first."""
    is_postgres = db.get_bind().dialect.name == "postgresql"
    write = _postgres_query if is_postgres else _sqlite_query
    found = await db.scalars(
        _POSTGRES_NEWEST if is_postgres else _SQLITE_NEWEST,
        {"query": write([words], field, is_typed), "limit": limit},
    )
    return [PaperId(number) for number in found]


def _sqlite_query(groups: Iterable[Sequence[str]], field: _Field, is_typed: bool) -> str:
    # Words hold no quotes, so a quoted word is a word whatever it spells (AND, NEAR …).
    beginning = " *" if is_typed else ""
    joined = (" AND ".join(f'"{word}"' for word in group) + beginning for group in groups)
    query = " OR ".join(f"({group})" for group in joined)
    return f"{field.column} : ({query})" if field.column else query


def _postgres_query(groups: Iterable[Sequence[str]], field: _Field, is_typed: bool) -> str:
    def term(word: str, *, is_last: bool) -> str:
        suffix = f"{'*' if is_typed and is_last else ''}{field.weight}"
        return f"'{word}'{suffix and ':'}{suffix}"

    return " | ".join(
        "(" + " & ".join(term(w, is_last=n == len(group)) for n, w in enumerate(group, 1)) + ")"
        for group in groups
    )

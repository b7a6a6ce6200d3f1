"""The papers that can be ranked, as arrays. A corpus never changes; a new one replaces it.

Papers that are taken out (withdrawn, or the sample once real papers are there) are no longer
offered, but stay known: a like of them still says something about its reader.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from threading import RLock
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from recommender.arrays import Floats, Ids, Places, Rows, find, ids_of
from recommender.cold_start import Mapped, Readers, joined
from recommender.encoder import Encoder
from recommender.exploring import Variety
from recommender.model import Known, Model, fingerprints
from recommender.papers import Paper, PaperId

if TYPE_CHECKING:
    from scipy.sparse import csr_array

_MANY_UPVOTES = 300.0  # from here on more upvotes say nothing more
_SLATES = 4  # candidate lists held ready at the same time
_GUESSED = 4_096  # liked papers whose worth by text is kept: 14 MB
_FEW = 100
_COMPARED = 4_096  # candidates whose likeness to each other is kept: 64 MB
_REMEMBERED = 20_000  # papers of which is kept what readers teach of them: 11 kB each


@dataclass(frozen=True)
class Slate:
    """Candidates prepared for scoring; n of them, in the order of `rows`.

    rows: where they stand in the corpus. features: b and z, shape (n, r). base: shape (n, d).
    worth: e, a row for each of the model's rated papers; None where readers teach nothing.
    rated: their rows among the model's rated papers, -1 for the unrated.
    popular: in [0, 1]; upvotes, and how new. variety: in which ways they differ.
    factor: what the profile's part of the score is multiplied by. spread: what, raised to a
    power that depends on the reader, it is divided by; logarithms.
    """

    ids: Ids
    rows: Rows
    features: Floats = field(repr=False)
    worth: "csr_array[Any] | None" = field(repr=False)
    base: Floats = field(repr=False)
    variety: Variety = field(repr=False)
    rated: Rows
    popular: Floats
    factor: Floats
    spread: Floats

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def alike(self) -> Floats | None:
        """Return the likeness of any two candidates, shape (n, n); None where they are too many.

        Lists that are not to say the same thing twice ask for it hundreds of times a reader.
        """
        return self.base @ self.base.T if len(self) <= _COMPARED else None

    @cached_property
    def places(self) -> Places:
        """Return where papers stand among the candidates."""
        return Places(self.ids)


class Corpus:
    """All known papers and their vectors; up to about 100,000. Safe to share between threads."""

    def __init__(self, model: Model, encoder: Encoder) -> None:
        """Begin with no paper; `extended` adds them.

        Raises ValueError when the model was made with another encoder.
        """
        if model.encoder != encoder.name:
            raise ValueError(f"model {model.version} needs the encoder {model.encoder!r}")
        d = model.text.dimensions
        self._model = model
        self._encoder = encoder
        self._known = Known.of((), np.zeros((0, d), np.float32), np.zeros((0, 0), np.int32))
        self._base = np.zeros((0, d), np.float32)
        # What readers teach of papers, found out when first asked for: it is the dearest thing
        # about a paper. Only whoever holds the lock fills it, or the slates; others that ask for
        # the same wait: after a start many do, and reading it for each would take that many times
        # as long.
        self._mapped: dict[int, Mapped] = {}
        self._reading = RLock()
        self._newest: dict[int, Ids] = {}  # every card asks for it, on the event loop
        self._days = np.zeros(0, np.int64)
        self._upvotes = np.zeros(0, np.float32)
        self._is_sample = np.zeros(0, np.bool_)
        self._is_out = np.zeros(0, np.bool_)
        self._rated = np.zeros(0, np.int64)
        self._offered: Ids = np.zeros(0, np.int64)
        self._is_offered = np.zeros(0, np.bool_)
        self._slates: dict[bytes, Slate] = {}
        self._guessed = _Guessed.of(model, self._base, np.zeros(0, np.int64))

    def __len__(self) -> int:
        """Return how many papers may be offered."""
        return int(np.count_nonzero(~self._is_out))

    def __contains__(self, paper: object) -> bool:
        return isinstance(paper, int) and bool(self.rows([paper])[0] >= 0)

    @property
    def ids(self) -> Ids:
        """Return the ids of all known papers, ascending; those taken out as well."""
        return self._known.ids

    @property
    def base(self) -> Floats:
        """Return the base vectors of all known papers, in the order of `ids`."""
        return self._base

    @property
    def telling(self) -> NDArray[np.int32]:
        """Return the telling words of all known papers, as columns of the vocabulary."""
        return self._known.telling

    @property
    def rated(self) -> Rows:
        """Return where each known paper stands among the model's rated ones, or -1."""
        return self._rated

    def rows(self, ids: Iterable[int]) -> Rows:
        """Return where papers stand in this corpus, -1 for unknown ones."""
        return find(self._known.ids, ids_of(ids))

    def offers(self, paper: PaperId) -> bool:
        """Return whether a paper may be offered; one that is not known here yet may."""
        row = int(self.rows([paper])[0])
        return row < 0 or bool(self._is_offered[row])

    def read(self, text: str) -> Floats:
        """Return the base vector of any text, shape (d,); zeros when no word of it is known."""
        vector: Floats = self._model.text.read([text], self._encoder)[0][0]
        return vector

    def likeness(self, vector: Floats) -> Floats:
        """Return how like a base vector each known paper is, in the order of `ids`.

        -inf for papers that are not offered.
        """
        return np.where(self._is_offered, self._base @ vector, np.float32(-np.inf))

    def extended(self, papers: Sequence[Paper]) -> "Corpus":
        """Return a corpus that has these papers as well, or instead of their older states.

        Only texts that neither this corpus nor the model has read are encoded. A withdrawn
        paper is taken out; one that is no longer withdrawn comes back.
        """
        latest = list({paper.id: paper for paper in papers}.values())
        if not latest:
            return self
        at = self.rows(paper.id for paper in latest)
        prints = fingerprints(latest)
        is_read = at >= 0
        is_read[is_read] = self._known.prints[at[is_read]] == prints[is_read]
        unread = [paper for paper, read in zip(latest, is_read, strict=True) if not read]
        base, telling = self._model.read(unread, self._encoder)
        fresh = Known.of(unread, base, telling)
        return self._merged(latest, fresh)

    def _merged(self, latest: Sequence[Paper], fresh: Known) -> "Corpus":
        """Return a corpus of the papers that stay as they are and the latest ones."""
        ids = np.union1d(self.ids, ids_of(paper.id for paper in latest))
        grown = self._empty()
        grown._known = _joined(ids, self._known, fresh)
        grown._base = np.zeros((len(ids), self._base.shape[1]), np.float32)
        old, new = find(ids, self.ids), find(ids, fresh.ids)
        grown._base[old] = self._base
        grown._mapped = dict(self._mapped)
        for paper in fresh.ids.tolist():
            grown._mapped.pop(paper, None)
        grown._base[new] = fresh.base
        grown._rated = self._model.rows_of(ids)
        at = find(ids, ids_of(paper.id for paper in latest))

        def put(before: NDArray[Any], after: Sequence[Any]) -> NDArray[Any]:
            values = np.zeros(len(ids), before.dtype)
            values[old] = before
            values[at] = after
            return values

        grown._days = put(self._days, [paper.announced.toordinal() for paper in latest])
        grown._upvotes = put(self._upvotes, [paper.upvotes for paper in latest])
        grown._is_sample = put(self._is_sample, [paper.is_sample for paper in latest])
        grown._is_out = put(self._is_out, [paper.is_withdrawn for paper in latest])
        return grown._settled()

    def without(self, ids: Iterable[int]) -> "Corpus":
        """Return a corpus that no longer offers these papers."""
        gone = self.rows(ids)
        smaller = self._copy()
        smaller._is_out = self._is_out.copy()
        smaller._is_out[gone[gone >= 0]] = True
        return smaller._settled()

    def newest(self, days: int = 7) -> Ids:
        """Return the papers of the last so many announcement days, ascending.

        Days that exist are counted back from the newest one, whatever the wall clock says.
        While there are only sample papers, all of them; else real papers only.
        """
        newest = self._newest.get(days)
        if newest is None:
            newest = self._newest[days] = self._since(days)
        return newest

    def _since(self, days: int) -> Ids:
        offered = np.flatnonzero(self._is_offered)
        if not len(offered) or self._is_sample[offered[0]]:
            return self._offered
        announced = self._days[offered]
        last = np.unique(announced)[-max(days, 1) :]
        return np.asarray(self._offered[announced >= last[0]], np.int64)

    def slate(self, candidates: Ids | None, *, is_kept: bool = True) -> Slate:
        """Return candidates ready for scoring; all that may be offered for None.

        Unknown papers and those taken out are left out.
        is_kept: whether the same candidates are likely to be asked for again.
        """
        wanted = self._offered if candidates is None else np.asarray(candidates, np.int64)
        if not is_kept:
            return self._prepared(wanted)
        key = wanted.tobytes()
        slate = self._slates.get(key)
        if slate is not None:
            return slate
        with self._reading:
            slate = self._slates.get(key)  # another thread may have made it meanwhile
            if slate is None:
                slate = self._prepared(wanted)
                while len(self._slates) >= _SLATES:
                    self._slates.pop(next(iter(self._slates)))
                self._slates[key] = slate
        return slate

    def _prepared(self, wanted: Ids) -> Slate:
        rows = find(self.ids, np.unique(wanted))
        rows = rows[rows >= 0]
        rows = rows[~self._is_out[rows]]
        base = self._base if len(rows) == len(self._base) else self._base[rows]
        rated, model = self._rated[rows], self._model
        mapped = self.mapped(rows)
        features = base if mapped is None else np.hstack([base, mapped.factors])
        worth = None if mapped is None else mapped.worth.matrix().T.tocsr()
        spread = np.ones(len(rows), np.float32)
        if model.hubs is not None and worth is not None:
            spread = model.hubs.spread(features, worth)
        return Slate(
            ids=self.ids[rows],
            rows=rows,
            features=features,
            worth=worth,
            base=base,
            variety=Variety.of(base @ model.directions),
            rated=rated,
            popular=_popularity(self._upvotes[rows], self._days[rows]),
            factor=np.where(rated >= 0, model.rated_factor, model.new_factor).astype(np.float32),
            spread=np.log(spread),
        )

    def read_ahead(self, candidates: Ids, threads: int) -> None:
        """Find out what readers teach of candidates, before a slate of them is asked for."""
        rows = self.rows(candidates)
        self.mapped(rows[rows >= 0], threads)

    def guessed(self, model: Model, rows: Rows) -> Floats:
        """Return what liking papers of this corpus is worth by text alone, b·guess of each."""
        kept, at = self._kept(model, rows)
        return kept.worth[at]

    def varied(self, model: Model, rows: Rows) -> Floats:
        """Return papers of this corpus in the directions in which exploring varies a profile."""
        found = np.empty((len(rows), model.directions.shape[1]), np.float32)
        for start in range(0, len(rows), _GUESSED):
            some = slice(start, start + _GUESSED)
            kept, at = self._kept(model, rows[some])
            found[some] = kept.varied[at]
        return found

    def _kept(self, model: Model, rows: Rows) -> "tuple[_Guessed, Rows]":
        """Return what is known of papers, and where each stands in it.

        The readers of a day speak of the same papers, so it pays to keep what was worked out.
        """
        kept = self._guessed
        if len(rows) < _FEW:  # one reader's: to put them in would take longer than to read them
            few = np.unique(rows)
            return _Guessed.of(model, self._base, few), find(few, rows)
        if kept.model is not model:
            kept = _Guessed.of(model, self._base, np.unique(rows))
        at = find(kept.rows, rows)
        if at.min(initial=0) < 0:
            kept = kept.with_more(self._base, rows)
            at = find(kept.rows, rows)
        self._guessed = kept
        return kept, at

    def mapped(self, rows: Rows, threads: int = 1) -> Mapped | None:
        """Return what readers teach of papers of this corpus; None where they teach nothing."""
        readers = self._model.readers
        if readers is None:
            return None
        if not len(rows):
            return readers.read(self._base[rows], self._rated[rows], threads)
        known = {paper: self._mapped.get(paper) for paper in self.ids[rows].tolist()}
        if any(one is None for one in known.values()):
            with self._reading:
                self._complete(known, readers, threads)
        return joined([one for one in known.values() if one is not None])

    def _complete(self, known: dict[int, Mapped | None], readers: Readers, threads: int) -> None:
        """Read the papers of which nothing is known, but for what was read meanwhile."""
        for paper, one in known.items():
            known[paper] = one or self._mapped.get(paper)
        new = ids_of(paper for paper, one in known.items() if one is None)
        rows = self.rows(new)
        found = readers.read(self._base[rows], self._rated[rows], threads)
        for at, paper in enumerate(new.tolist()):
            known[paper] = self._mapped[paper] = found.rows(np.array([at]))
        while len(self._mapped) > _REMEMBERED:
            self._mapped.pop(next(iter(self._mapped)))

    def _settled(self) -> Self:
        """Work out what may be offered: real papers, or the sample while there are none."""
        is_in = ~self._is_out
        is_real = is_in & ~self._is_sample
        self._is_offered = is_real if np.any(is_real) else is_in
        self._offered = self.ids[self._is_offered]
        self._newest = {}
        return self

    def _empty(self) -> "Corpus":
        return Corpus(self._model, self._encoder)

    def _copy(self) -> "Corpus":
        twin = self._empty()
        twin.__dict__.update(self.__dict__)
        twin._slates = {}
        return twin


@dataclass(frozen=True, slots=True)
class _Guessed:
    """What liked papers are worth by text to a model, and how they vary.

    rows: in the corpus, ascending, shape (n,). worth: b·guess, shape (n, d). varied: e·b, shape
    (n, e).
    """

    model: Model
    rows: Rows
    worth: Floats
    varied: Floats

    @classmethod
    def of(cls, model: Model, base: Floats, rows: Rows) -> Self:
        return cls(model, rows, base[rows] @ model.guess, base[rows] @ model.directions)

    def with_more(self, base: Floats, rows: Rows) -> Self:
        """Return the same with these rows, or them alone where it would become too much."""
        new = np.setdiff1d(rows, self.rows)
        if len(self.rows) + len(new) > _GUESSED:
            return self.of(self.model, base, np.unique(rows))
        more = self.of(self.model, base, new)
        order = np.argsort(np.concatenate([self.rows, new]))
        return type(self)(
            self.model,
            np.concatenate([self.rows, more.rows])[order],
            np.concatenate([self.worth, more.worth])[order],
            np.concatenate([self.varied, more.varied])[order],
        )


def paper_ids(ids: Ids) -> list[PaperId]:
    """Return PaperIds as Python's own numbers."""
    return [PaperId(int(i)) for i in ids]


def _joined(ids: Ids, old: Known, fresh: Known) -> Known:
    """Return what is known of the papers `ids`; the fresh where both know one."""
    width = fresh.telling.shape[1] or old.telling.shape[1]
    known = Known(
        ids=ids,
        prints=np.zeros(len(ids), np.int64),
        base=np.zeros((0, fresh.base.shape[1]), np.float16),  # the corpus keeps them in float32
        telling=np.full((len(ids), width), -1, np.int32),
    )
    for part in (old, fresh):
        at = find(ids, part.ids)
        known.prints[at] = part.prints
        if part.telling.shape[1]:
            known.telling[at] = part.telling
    return known


def _popularity(upvotes: Floats, days: NDArray[np.int64]) -> Floats:
    """Return how much a stranger would be offered each paper, in [0, 1]: mostly for its
    upvotes, and among papers without any for being new."""
    if not len(days):
        return np.zeros(0, np.float32)
    liked = np.minimum(np.log1p(upvotes) / np.log1p(_MANY_UPVOTES), 1)
    fresh = np.exp2(-(days.max() - days) / 3.0)
    return np.asarray(0.8 * liked + 0.2 * fresh, np.float32)

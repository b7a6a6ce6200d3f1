"""Papers' texts into base vectors b, and into the words that tell what they are about.

    e = encoder's vector, without the mean and the first principal directions of all papers
        (Mu & Viswanath 2018, "All-but-the-Top": what every vector shares says nothing)
    l = latent semantic analysis (Deerwester et al. 1990) of the tf-idf of terms: stems of
        words, and of two words in a row
    b = unit([e, 0.4·l])

The first part knows synonyms, the second the field's own words; alone, each finds less. Where
an encoder hardly knows the words, readers' likes show it, and l counts more (`training`).
"""

import re
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from recommender.arrays import Floats, unit_rows
from recommender.encoder import Encoder

if TYPE_CHECKING:
    from scipy.sparse import csr_array

LSA_WEIGHT = 0.4
LSA_DIMENSIONS = 512
MAX_WORDS = 40_000
MAX_TERMS = 60_000
TELLING = 24  # words kept for each paper
_COMMON_DIRECTIONS = 1
_TELLING_SHARE = 0.15  # a word in more of the papers than this does not tell them apart
_BATCH = 4_000
_POWER_STEPS = 2

_WORD = re.compile(r"[a-z][a-z0-9]+(?:-[a-z0-9]+)*")
_COMMAND = re.compile(r"\\[A-Za-z]+")


def words_of(text: str) -> list[str]:
    """Return the words of a text in order, lower case; TeX commands are no words."""
    return list[str](_WORD.findall(_COMMAND.sub(" ", text).lower()))


_EMPTY_WORDS = frozenset(
    words_of("""
    about above across after against all also among an and any approach approaches are as at based
    be because been before being best better between both but by can could demonstrate
    demonstrates did different do does each effective efficient either enable enables existing
    experiments extensive few first for framework from further had has have here high higher how
    however if important improve improved improves in including into introduce introduces is it
    its large less many may method methods more most much multiple new no not novel of on one only
    or other our out outperforms over paper papers performance present presents problem propose
    proposed proposes provide provides rather recent recently results same several show shown
    shows significant significantly since single some state-of-the-art strong study such than that
    the their them then there these they this those three through thus to towards toward two under
    up use used using various via was we well were what when where whether which while who whose
    will with within without work works would yet
    """)
)


_ENDINGS = (
    ("ies", "y"),
    ("sses", "ss"),
    ("ing", ""),
    ("ation", "ate"),
    ("ions", "ion"),
    ("ics", "ic"),
    ("ed", ""),
    ("s", ""),
)


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """Return what a word has in common with its plural and its other forms, roughly."""
    for ending, instead in _ENDINGS:
        if word.endswith(ending) and len(word) >= len(ending) + 3 and not word.endswith("ss"):
            word = word.removesuffix(ending) + instead
            break
    return word.rstrip("e")


def terms_of(words: Sequence[str]) -> list[str]:
    """Return the stems of a text's words, then of any two in a row; empty words are left out."""
    stems = [stem(word) for word in words if word not in _EMPTY_WORDS]
    return stems + [f"{first} {second}" for first, second in pairwise(stems)]


@dataclass(frozen=True)
class TextFeatures:
    """How this model reads text. d: the encoder's dimensions, t: LSA's, V: the vocabulary's.

    words: the vocabulary, in the order of the columns of tf-idf. idf: shape (V,).
    terms: those of the latent part, T of them. term_idf: shape (T,).
    topics: shape (T, t), columns of unit length.
    center: shape (d,). common: shape (c, d), orthonormal rows.
    is_telling: shape (V,); which words may be named in an explanation.
    latent: what l counts beside e.
    """

    words: tuple[str, ...]
    idf: Floats
    terms: tuple[str, ...]
    term_idf: Floats
    topics: Floats
    center: Floats
    common: Floats
    is_telling: NDArray[np.bool_] = field(repr=False)
    latent: float = LSA_WEIGHT

    @property
    def dimensions(self) -> int:
        """Of a base vector."""
        return len(self.center) + int(self.topics.shape[1])

    @cached_property
    def _columns(self) -> Mapping[str, int]:
        return {word: column for column, word in enumerate(self.words)}

    @cached_property
    def _term_columns(self) -> Mapping[str, int]:
        return {term: column for column, term in enumerate(self.terms)}

    def read(
        self, texts: Sequence[str], encoder: Encoder, vectors: Floats | None = None
    ) -> tuple[Floats, NDArray[np.int32]]:
        """Return base vectors (n, dimensions) and telling words (n, TELLING).

        vectors: the encoder's, when they are there already.
        A text without any known word or token becomes a row of zeros. Telling words are
        columns of the vocabulary, best first, -1 behind the last one.
        """
        base = np.zeros((len(texts), self.dimensions), np.float32)
        telling = np.full((len(texts), TELLING), -1, np.int32)
        for start in range(0, len(texts), _BATCH):
            batch = texts[start : start + _BATCH]
            tokens = [words_of(text) for text in batch]
            terms = _tfidf(map(terms_of, tokens), self._term_columns, self.term_idf)
            at = slice(start, start + len(batch))
            encoded = encoder.encode(batch) if vectors is None else vectors[at]
            base[at] = self._join(encoded, terms)
            telling[at] = self._telling(_tfidf(tokens, self._columns, self.idf))
        return base, telling

    def tfidf(self, texts: Sequence[str]) -> "csr_array[Any]":
        """Return unit rows of (1 + log tf)·idf, shape (n, V)."""
        return _tfidf([words_of(text) for text in texts], self._columns, self.idf)

    def weighed(self, base: Floats, latent: float) -> Floats:
        """Return base vectors, shape (n, dimensions), as they are where l counts so much."""
        changed = base.copy()
        changed[:, len(self.center) :] *= latent / self.latent
        return unit_rows(changed)

    def _join(self, vectors: Floats, terms: "csr_array[Any]") -> Floats:
        if vectors.shape[1] != len(self.center):
            raise ValueError("the model was made with another encoder")
        centred = vectors - self.center
        centred -= (centred @ self.common.T) @ self.common
        known = np.any(vectors, axis=1, keepdims=True)  # an unread text stays without direction
        latent = unit_rows(np.asarray(terms @ self.topics, np.float32))
        weight = self.latent if len(self.center) else 1.0
        return unit_rows(np.hstack([unit_rows(centred) * known, weight * latent]))

    def _telling(self, counts: "csr_array[Any]") -> NDArray[np.int32]:
        found = np.full((counts.shape[0], TELLING), -1, np.int32)
        for row in range(counts.shape[0]):
            at = slice(counts.indptr[row], counts.indptr[row + 1])
            columns, weights = counts.indices[at], counts.data[at]
            kept = self.is_telling[columns]
            columns, weights = columns[kept], weights[kept]
            # Ties go by column, so that the words do not depend on their order in the text.
            best = np.lexsort((columns, -weights))[:TELLING]
            found[row, : len(best)] = columns[best]
        return found


def fit(texts: Sequence[str], encoder: Encoder, seed: int) -> tuple[TextFeatures, Floats]:
    """Return the features learnt from all papers' texts, and the encoder's vectors of them."""
    # Each word is in memory once for all texts, and terms, most of which are in one text alone,
    # are made twice and never kept: a hundred thousand abstracts would take two gigabytes.
    tokens = [list(map(sys.intern, words_of(text))) for text in texts]
    words, idf, counts = _vocabulary(tokens, 2 if len(texts) > 1000 else 1, MAX_WORDS)
    terms, term_idf, _ = _vocabulary(map(terms_of, tokens), 2, MAX_TERMS)
    columns = {term: column for column, term in enumerate(terms)}
    matrix = _tfidf(map(terms_of, tokens), columns, term_idf)
    dimensions = min(LSA_DIMENSIONS, len(texts) // 2, len(terms) // 2)
    vectors = encoder.encode(texts)
    center, common = _shared(vectors)
    return TextFeatures(
        words=words,
        idf=idf,
        terms=terms,
        term_idf=term_idf,
        topics=_topics(matrix, dimensions, np.random.default_rng(seed)),
        center=center,
        common=common,
        is_telling=_tells(words, counts, len(texts)),
    ), vectors


def _vocabulary(
    tokens: Iterable[Sequence[str]], least: int, most: int
) -> tuple[tuple[str, ...], Floats, NDArray[np.float64]]:
    """Return what occurs in at least so many texts, the most frequent first, its idf, and in
    how many texts it occurs."""
    frequency, n_texts = Counter[str](), 0
    for text in tokens:
        frequency.update(set(text))
        n_texts += 1
    kept = sorted(
        (token for token, n in frequency.items() if n >= least),
        key=lambda token: (-frequency[token], token),
    )[:most]
    counts = np.array([frequency[token] for token in kept], np.float64)
    idf = np.log((1 + n_texts) / (1 + counts)).astype(np.float32) + 1
    return tuple(kept), idf, counts


def _tells(words: Sequence[str], counts: NDArray[np.float64], n: int) -> NDArray[np.bool_]:
    most = max(_TELLING_SHARE * n, 40)
    return np.array(
        [c <= most and w not in _EMPTY_WORDS for w, c in zip(words, counts, strict=True)], np.bool_
    )


def _shared(vectors: Floats) -> tuple[Floats, Floats]:
    """Return the mean of all vectors and the directions in which they differ most."""
    n, dimensions = vectors.shape
    if not n or not dimensions:
        return np.zeros(dimensions, np.float32), np.zeros((0, dimensions), np.float32)
    center = vectors.mean(axis=0)
    centred = vectors - center
    _, directions = np.linalg.eigh(centred.T @ centred)
    # A handful of texts spans few directions: taking one away would take all they differ by.
    count = _COMMON_DIRECTIONS if n > 10 * _COMMON_DIRECTIONS else 0
    return center, np.ascontiguousarray(directions[:, ::-1][:, :count].T, np.float32)


def _tfidf(
    tokens: Iterable[Sequence[str]], columns: Mapping[str, int], idf: Floats
) -> "csr_array[Any]":
    from scipy.sparse import csr_array

    starts, indices, counts = [0], list[int](), list[int]()
    for words in tokens:
        found = Counter(columns[word] for word in words if word in columns)
        indices += found.keys()
        counts += found.values()
        starts.append(len(indices))
    at = np.array(indices, np.int32)
    weights = (1 + np.log(np.array(counts, np.float32))) * idf[at]
    shape = (len(starts) - 1, len(columns))
    matrix = csr_array((weights, at, np.array(starts, np.int32)), shape=shape, dtype=np.float32)
    lengths = np.sqrt(np.add.reduceat(np.append(weights**2, 0), matrix.indptr[:-1]))
    lengths[np.diff(matrix.indptr) == 0] = 1
    matrix.data /= np.repeat(lengths, np.diff(matrix.indptr)).astype(np.float32)
    return matrix


def _topics(matrix: "csr_array[Any]", count: int, rng: np.random.Generator) -> Floats:
    """Return the leading right singular vectors, shape (T, count).

    Randomised subspace iteration (Halko, Martinsson & Tropp 2011) on the side of the texts.
    """
    width = min(count + 16, *matrix.shape)
    if not count:
        return np.zeros((matrix.shape[1], 0), np.float32)
    transposed = matrix.T.tocsr()
    basis = np.asarray(matrix @ rng.standard_normal((matrix.shape[1], width), np.float32))
    for _ in range(_POWER_STEPS):
        basis, _ = np.linalg.qr(basis)
        basis = np.asarray(matrix @ (transposed @ basis))
    basis, _ = np.linalg.qr(basis)
    inside = np.asarray(transposed @ basis, np.float32)
    values, rotation = np.linalg.eigh((inside.T @ inside).astype(np.float64))
    leading = np.argsort(-values)[:count]
    lengths = np.sqrt(np.maximum(values[leading], 1e-12))
    return np.ascontiguousarray(inside @ (rotation[:, leading] / lengths), np.float32)

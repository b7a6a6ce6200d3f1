"""A trained model: how texts are read, and what likes are worth. Frozen; plain arrays.

A model answers for any paper, known or new. It also remembers the base vectors of the papers
it was trained on, so that a process that starts need not read the whole catalogue again.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from recommender import text_features
from recommender.arrays import Floats, Ids, Rows, find, ids_of
from recommender.cold_start import Hubs, Readers, text_guess
from recommender.encoder import Encoder
from recommender.item_weights import Neighbours
from recommender.local_ridge import LocalRidge
from recommender.papers import Paper
from recommender.text_features import LSA_WEIGHT, TELLING, TextFeatures
from recommender.text_metric import TextMetric

Arrays = dict[str, NDArray[Any]]
_FORMAT = 3


class WrongArrays(ValueError):
    """These arrays are not a model, or one of another release; train again."""


@dataclass(frozen=True)
class Known:
    """Papers read before. ids ascend; prints are fingerprints of the texts that were read."""

    ids: Ids
    prints: NDArray[np.int64]
    base: NDArray[np.float16]
    telling: NDArray[np.int32]

    @classmethod
    def of(cls, papers: Sequence[Paper], base: Floats, telling: NDArray[np.int32]) -> Self:
        ids = ids_of(paper.id for paper in papers)
        order = np.argsort(ids, kind="stable")
        prints = fingerprints(papers)
        return cls(ids[order], prints[order], base[order].astype(np.float16), telling[order])


@dataclass(frozen=True)
class Model:
    """version, encoder: names. metrics: what training measured, numbers by name.

    guess: what makes a profile of likes by text alone, see `text_guess`.
    rated: ids of the papers that `readers` is about, ascending. readers: what readers teach.
    new_factor, rated_factor: what the profile's part of a score is multiplied by for a
        candidate that no reader, or that some reader had rated at training.
    directions: shape (d, e), the leading directions in which exploring varies a profile.
    """

    version: str
    encoder: str
    metrics: Mapping[str, float]
    text: TextFeatures
    guess: Floats = field(repr=False)
    known: Known = field(repr=False)
    directions: Floats = field(repr=False)
    rated: Ids = field(default_factory=lambda: np.zeros(0, np.int64), repr=False)
    readers: Readers | None = field(default=None, repr=False)
    hubs: Hubs | None = field(default=None, repr=False)
    new_factor: float = 1.0
    rated_factor: float = 1.0

    @classmethod
    def text_only(cls, papers: Sequence[Paper], encoder: Encoder, version: str) -> Self:
        """Return the model of a fresh installation, which knows texts and no reader.

        `papers` may be empty. Takes about a second for some hundred papers, 20 s for 14,000.
        """
        from threadpoolctl import threadpool_limits

        texts = [paper.text for paper in papers]
        # The matrices are small: on a busy machine BLAS threads wait for each other longer
        # than they compute (13 s in place of 1 s).
        with threadpool_limits(1, "blas"):
            text, vectors = text_features.fit(texts, encoder, seed=0)
            base, telling = text.read(texts, encoder, vectors)
            guess, directions = text_guess(base), leading_directions(base)
        return cls(
            version=version,
            encoder=encoder.name,
            metrics={"papers": float(len(papers))},
            text=text,
            guess=guess,
            known=Known.of(papers, base, telling),
            directions=directions,
        )

    def with_latent(self, latent: float) -> Self:
        """Return a text-only model in which the latent part of texts counts so much."""
        from threadpoolctl import threadpool_limits

        base = self.text.weighed(self.known.base.astype(np.float32), latent)
        with threadpool_limits(1, "blas"):
            guess, directions = text_guess(base), leading_directions(base)
        return replace(
            self,
            text=replace(self.text, latent=latent),
            guess=guess,
            known=replace(self.known, base=base.astype(np.float16)),
            directions=directions,
        )

    @property
    def width(self) -> int:
        """Of a profile's dense part: base vectors, and what ALS says."""
        return len(self.guess) + (self.readers.items.shape[1] if self.readers else 0)

    def features(self, papers: Sequence[Paper], encoder: Encoder) -> Floats:
        """Return the base vectors of any papers, shape (n, d), unit rows or zeros."""
        return self.read(papers, encoder)[0]

    def read(self, papers: Sequence[Paper], encoder: Encoder) -> tuple[Floats, NDArray[np.int32]]:
        """Return base vectors and telling words; only texts not known yet are encoded."""
        base = np.zeros((len(papers), self.text.dimensions), np.float32)
        telling = np.full((len(papers), TELLING), -1, np.int32)
        at = find(self.known.ids, ids_of(paper.id for paper in papers))
        is_known = at >= 0
        is_known[is_known] = self.known.prints[at[is_known]] == fingerprints(papers)[is_known]
        base[is_known] = self.known.base[at[is_known]]
        telling[is_known] = self.known.telling[at[is_known]]
        new = np.flatnonzero(~is_known)
        if len(new):
            base[new], telling[new] = self.text.read([papers[int(i)].text for i in new], encoder)
        return base, telling

    def rows_of(self, ids: Ids) -> Rows:
        """Return each paper's row among the rated ones, -1 for papers nobody had rated."""
        return find(self.rated, ids)

    def to_arrays(self) -> Arrays:
        """Return plain arrays, none of objects and none empty; `from_arrays` reads them."""
        arrays: Arrays = {
            "known_ids": self.known.ids,
            "known_prints": self.known.prints,
            "known_base": self.known.base,
            "known_telling": self.known.telling,
            "idf": self.text.idf,
            "term_idf": self.text.term_idf,
            "topics": self.text.topics,
            "center": self.text.center,
            "common": self.text.common,
            "is_telling": self.text.is_telling,
            "guess": self.guess,
            "directions": self.directions,
            "rated": self.rated,
            "words": _bytes("\n".join(self.text.words)),
            "terms": _bytes("\n".join(self.text.terms)),
        }
        if self.readers is not None:
            arrays |= _taken_apart(self.readers)
        if self.hubs is not None:
            arrays |= {"hub_profiles": self.hubs.profiles, "hub_likes": self.hubs.likes}
        empty = {name: [*a.shape, a.dtype.str] for name, a in arrays.items() if not a.size}
        filled = {name: array for name, array in arrays.items() if array.size}
        return filled | {"head": _bytes(json.dumps(self._head(empty)))}

    def _head(self, empty: Mapping[str, list[Any]]) -> dict[str, Any]:
        return {
            "format": _FORMAT,
            "version": self.version,
            "encoder": self.encoder,
            "metrics": dict(self.metrics),
            "readers": _said_of(self.readers) if self.readers else {},
            "factors": [self.new_factor, self.rated_factor],
            "latent": self.text.latent,
            "hub_powers": list(self.hubs.powers) if self.hubs else [],
            "empty": empty,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Return the model that `to_arrays` took apart. Raises WrongArrays."""
        try:
            head = json.loads(_text(arrays["head"]))
            if head["format"] != _FORMAT:
                raise WrongArrays(
                    f"a model of format {head['format']}; this release reads {_FORMAT}"
                )
            empty = {n: np.zeros(shape, kind) for n, (*shape, kind) in head["empty"].items()}
            return cls._assembled(head, {**arrays, **empty})
        except (KeyError, ValueError, TypeError) as error:
            raise WrongArrays(f"not a model: {error}") from error

    @classmethod
    def _assembled(cls, head: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:
        words, terms = _text(arrays["words"]), _text(arrays["terms"])
        powers = tuple(head["hub_powers"])
        return cls(
            version=head["version"],
            encoder=head["encoder"],
            metrics=head["metrics"],
            text=TextFeatures(
                words=tuple(words.split("\n")) if words else (),
                idf=arrays["idf"],
                terms=tuple(terms.split("\n")) if terms else (),
                term_idf=arrays["term_idf"],
                topics=arrays["topics"],
                center=arrays["center"],
                common=arrays["common"],
                is_telling=arrays["is_telling"],
                latent=head.get("latent", LSA_WEIGHT),  # a model of an older release has none
            ),
            guess=arrays["guess"],
            known=Known(
                arrays["known_ids"],
                arrays["known_prints"],
                arrays["known_base"],
                arrays["known_telling"],
            ),
            directions=arrays["directions"],
            rated=arrays["rated"],
            readers=_readers(head["readers"], arrays) if head["readers"] else None,
            hubs=Hubs(arrays["hub_profiles"], arrays["hub_likes"], powers) if powers else None,
            new_factor=head["factors"][0],
            rated_factor=head["factors"][1],
        )


def fingerprints(papers: Sequence[Paper]) -> NDArray[np.int64]:
    """Return 64 bits of each paper's text, equal when the texts are."""
    digests = b"".join(blake2b(paper.text.encode(), digest_size=8).digest() for paper in papers)
    return np.frombuffer(digests, np.int64)


def leading_directions(base: Floats, count: int = 64) -> Floats:
    """Return the directions of most variance, scaled so that base·directions has rows of
    mean square length 1: an unexplored profile then varies a score by about 1."""
    if not len(base):
        return np.zeros((base.shape[1], 0), np.float32)
    covariance = base.T @ base / len(base)
    values, directions = np.linalg.eigh(covariance)
    kept = directions[:, ::-1][:, :count]
    return np.asarray(kept / np.sqrt(max(float(values[::-1][:count].sum()), 1e-9)), np.float32)


def _taken_apart(readers: Readers) -> Arrays:
    arrays: Arrays = {
        "rated_texts": readers.ridge.rated,
        "loudness": readers.loudness,
        "items": readers.items,
        "values": readers.values,
        **readers.near.to_arrays(),
    }
    metric = readers.ridge.metric
    if metric is not None:
        arrays["metric_landmarks"] = metric.landmarks
        arrays["metric_coefficients"] = metric.coefficients
    return arrays


def _said_of(readers: Readers) -> dict[str, Any]:
    return {
        "itself": readers.itself,
        "ease": list(readers.ease),
        "als": list(readers.als),
        "direct": readers.direct,
        "has_metric": readers.ridge.metric is not None,
    }


def _readers(head: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Readers:
    metric = None
    if head["has_metric"]:
        metric = TextMetric(arrays["metric_landmarks"], arrays["metric_coefficients"])
    return Readers(
        ridge=LocalRidge(arrays["rated_texts"], metric),
        near=Neighbours.from_arrays(arrays),
        loudness=arrays["loudness"],
        itself=head["itself"],
        items=arrays["items"],
        values=arrays["values"],
        ease=tuple(head["ease"]),
        als=tuple(head["als"]),
        direct=head["direct"],
    )


def _bytes(text: str) -> NDArray[np.uint8]:
    return np.frombuffer(text.encode(), np.uint8)


def _text(array: NDArray[Any]) -> str:
    return bytes(np.asarray(array, np.uint8)).decode()

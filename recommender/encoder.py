"""Text into vectors: every encoder behind one Protocol.

`static` looks up one 256-d vector for each token and takes their mean (WordLlama,
github.com/dleemiller/WordLlama): no neural network runs, and its weights lie inside the
wheel. `lsa` has no vectors of its own; the model's latent semantic part then carries alone.
"""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from recommender.arrays import Floats, unit_rows

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_WEIGHTS = "weights/l2_supercat_256.safetensors"
_TOKENIZER = "tokenizers/l2_supercat_tokenizer_config.json"
_BATCH = 256
_BESIDE = 0.4  # weight of static vectors beside a neural encoder's


class EncoderUnavailable(Exception):
    """This encoder cannot be had here; the message is one sentence for the operator."""


class Encoder(Protocol):
    """name: part of a model's version. dimensions: of a vector; 0 when there is none."""

    @property
    def name(self) -> str: ...

    @property
    def dimensions(self) -> int: ...

    def encode(self, texts: Sequence[str]) -> Floats:
        """Return unit rows, shape (n, dimensions); a text without any token is a zero row."""


class LsaEncoder:
    """No vectors at all: latent semantic analysis needs nothing that is not in the papers."""

    name = "lsa"
    dimensions = 0

    def encode(self, texts: Sequence[str]) -> Floats:
        return np.zeros((len(texts), 0), np.float32)


class StaticEncoder:
    """The mean of static token vectors; about 2,000 abstracts a second on one core."""

    name = "static"

    def __init__(self, tokenizer: "Tokenizer", vectors: Floats) -> None:
        self._tokenizer = tokenizer
        self._vectors = vectors
        self.dimensions = vectors.shape[1]

    def encode(self, texts: Sequence[str]) -> Floats:
        rows = [self._means(texts[i : i + _BATCH]) for i in range(0, len(texts), _BATCH)]
        if not rows:
            return np.zeros((0, self.dimensions), np.float32)
        return unit_rows(np.concatenate(rows))

    def _means(self, texts: Sequence[str]) -> Floats:
        encodings = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        means = np.zeros((len(texts), self.dimensions), np.float32)
        for row, encoding in enumerate(encodings):
            tokens = np.asarray(encoding.ids, np.int64)
            if len(tokens):
                means[row] = self._vectors[tokens].mean(axis=0)
        return means


class JoinedEncoder:
    """A neural encoder's vectors with static ones beside them.

    A sentence model blurs rare names and terms that the static vectors still tell apart.
    """

    def __init__(self, first: Encoder, second: Encoder, name: str) -> None:
        self._first, self._second = first, second
        self.name = name
        self.dimensions = first.dimensions + second.dimensions

    def encode(self, texts: Sequence[str]) -> Floats:
        beside = np.float32(_BESIDE) * self._second.encode(texts)
        return unit_rows(np.hstack([self._first.encode(texts), beside]))


def load(name: str, cache: Path) -> Encoder:
    """Return the encoder called "static" or "lsa". Never uses the network.

    cache: a folder for what an encoder has to keep; neither of these two needs it.

    Raises EncoderUnavailable when its files are missing, and for an unknown name.
    """
    if name == "lsa":
        return LsaEncoder()
    if name == "static":
        return _load_static()
    raise EncoderUnavailable(f"There is no text encoder called {name!r}: use static or lsa.")


def _load_static() -> StaticEncoder:
    # WordLlama's own loader looks for its tokenizer in the wrong folder and then downloads
    # it, although the wheel holds it; so its two files are read directly.
    package = find_spec("wordllama")
    places = package.submodule_search_locations if package else None
    if not places:
        raise EncoderUnavailable(
            "The static text encoder is not installed: run `pip install wordllama`, "
            "or set TEXT_ENCODER=lsa."
        )
    folder = Path(places[0])
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    try:
        vectors = load_file(folder / _WEIGHTS)["embedding.weight"]
        tokenizer = Tokenizer.from_file(str(folder / _TOKENIZER))
    except Exception as error:  # both libraries raise bare Exception for a damaged file
        raise EncoderUnavailable(
            "The static text encoder's files are damaged or missing: reinstall wordllama, "
            "or set TEXT_ENCODER=lsa."
        ) from error
    return StaticEncoder(tokenizer, np.asarray(vectors, np.float32))

"""The text encoders of an installation; the neural one's files are fetched once and kept.

`neural` is all-MiniLM-L6-v2 (Reimers & Gurevych 2019), run by fastembed on ONNX; it is an
extra, `pip install paperlark[neural]`. Its files come from Hugging Face into
DATA_DIR/encoders/fetched, once. Where there is no network they can be put by hand into
DATA_DIR/encoders/neural: model.onnx, tokenizer.json and tokenizer_config.json.

Two files give two kinds of vectors, so the name of the encoder holds what the file's content
is known by: vectors of one never meet a model of the other.
"""

import logging
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from recommender import encoder
from recommender.arrays import Floats, unit_rows
from recommender.encoder import Encoder, EncoderUnavailable
from storage.vectors import Remembering

if TYPE_CHECKING:
    from fastembed import TextEmbedding

FOLDER = "encoders"  # in DATA_DIR
NEURAL = "neural"
FETCHED = "fetched"
MODEL_FILE = "model.onnx"
_MODEL = "sentence-transformers/all-MiniLM-L6-v2"
_BATCH = 32
_PROBE = "A paper on learning from texts."


class NeuralEncoder:
    """Sentence vectors of a small transformer; 30 to 150 abstracts a second on two cores."""

    def __init__(self, name: str, embedding: "TextEmbedding") -> None:
        """Raises what fastembed raises when its files are no use."""
        self.name = name
        self._embedding = embedding
        self.dimensions = len(self._read([_PROBE])[0])

    def encode(self, texts: Sequence[str]) -> Floats:
        found = np.zeros((len(texts), self.dimensions), np.float32)
        # Texts of about one length stand in one batch, so that little is computed for nothing.
        filled = [row for row, text in enumerate(texts) if text.strip()]
        order = sorted(filled, key=lambda row: len(texts[row]))
        if order:
            found[order] = self._read([texts[row] for row in order])
        return unit_rows(found)

    def _read(self, texts: Sequence[str]) -> Floats:
        return np.array(list(self._embedding.embed(list(texts), batch_size=_BATCH)), np.float32)


def load(name: str, folder: Path, *, may_fetch: bool = False) -> Encoder:
    """Return the encoder of that name: static, lsa, neural, or one kind of neural. Blocking.

    folder: DATA_DIR/encoders. may_fetch: whether the neural one may be fetched from the
    network now; that takes a minute, and half a minute until it is given up.

    Raises EncoderUnavailable, whose message is one sentence for the operator.
    """
    if name.partition("-")[0] != NEURAL:
        return encoder.load(name, folder)
    found = _load_neural(folder, may_fetch=may_fetch)
    if name not in (NEURAL, found.name):
        raise EncoderUnavailable(
            f"The neural text encoder's files are other ones ({found.name}) than "
            f"those that were trained with ({name})."
        )
    return found


def remembering(encoder: Encoder, folder: Path) -> Remembering:
    """Return an encoder that reads each text once; the neural one for good. Blocking.

    folder: DATA_DIR/encoders.
    """
    is_slow = encoder.name.partition("-")[0] == NEURAL
    return Remembering(encoder, folder / f"{encoder.name}.vectors" if is_slow else None)


def _load_neural(folder: Path, *, may_fetch: bool) -> NeuralEncoder:
    try:
        from fastembed import TextEmbedding
        from loguru import logger
    except ImportError as error:
        raise EncoderUnavailable(
            "The neural text encoder is not installed: pip install 'paperlark[neural]'."
        ) from error
    # What they have to say of a failure is said here, in one sentence.
    logger.disable("fastembed")
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    own, fetched = folder / NEURAL, folder / FETCHED
    is_own = (own / MODEL_FILE).exists()
    try:
        if is_own:
            embedding = TextEmbedding(_MODEL, specific_model_path=str(own))
        else:
            embedding = TextEmbedding(
                _MODEL, cache_dir=str(fetched), local_files_only=not may_fetch
            )
        file = own / MODEL_FILE if is_own else _newest(fetched)
        return NeuralEncoder(f"{NEURAL}-{_print(file)}", embedding)
    except Exception as error:  # of four libraries: files, network, tokenizer, ONNX
        raise EncoderUnavailable(_why(own if is_own else fetched, may_fetch=may_fetch)) from error


def _newest(fetched: Path) -> Path:
    return max(fetched.rglob(MODEL_FILE), key=lambda file: file.stat().st_mtime)


def _print(file: Path) -> str:
    return sha256(file.read_bytes()).hexdigest()[:8]


def _why(folder: Path, *, may_fetch: bool) -> str:
    if any(folder.rglob(MODEL_FILE)):
        return (
            f"The neural text encoder's files are damaged: delete the folder {folder.name} "
            "in DATA_DIR/encoders, and they are fetched again."
        )
    if may_fetch:
        return (
            "The neural text encoder cannot be fetched from huggingface.co: allow that once, or "
            "put its files into DATA_DIR/encoders/neural by hand, as README.md says."
        )
    return "The neural text encoder has not been fetched yet: `paperlark retrain` does that."

"""Vectors that were computed once: an encoder that remembers, from one training to the next.

A neural encoder reads some dozen abstracts a second, so a catalogue takes from minutes to an
hour. What has been read is written down block by block: a training that is ended in the
middle goes on from there, and the next night reads new papers alone.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from recommender.arrays import Floats
from recommender.encoder import Encoder

BLOCK = 512  # texts that are read, written down and told of at a time
_MANY = 64  # files that are put together into one
_PRINT = 16  # bytes

Told = Callable[[int, int], None]
"""How many of the new texts have been read, and how many there are."""


class Remembering:
    """An encoder that reads every text once.

    folder: where vectors are kept, in half precision; None to remember them only as long as
    this object lives.
    """

    def __init__(self, encoder: Encoder, folder: Path | None = None) -> None:
        """Blocking: reads what is kept."""
        self.name = encoder.name
        self.dimensions = encoder.dimensions
        self._encoder = encoder
        self._folder = folder
        self._known = _recalled(folder, encoder.dimensions) if folder is not None else {}

    def encode(self, texts: Sequence[str], told: Told | None = None) -> Floats:
        """Return what the encoder says; only texts not met before are read.

        Raises OSError when vectors cannot be written down.
        """
        prints = [_print(text) for text in texts]
        new = {
            mark: text for mark, text in zip(prints, texts, strict=True) if mark not in self._known
        }
        waiting = list(new.items())
        for start in range(0, len(waiting), BLOCK):
            block = dict(waiting[start : start + BLOCK])
            self._take(block, self._encoder.encode(list(block.values())))
            if told is not None:
                told(start + len(block), len(waiting))
        found = np.zeros((len(texts), self.dimensions), np.float32)
        for row, mark in enumerate(prints):
            found[row] = self._known[mark]
        return found

    def _take(self, block: Mapping[bytes, str], vectors: Floats) -> None:
        if self._folder is None:
            self._known.update(zip(block, vectors, strict=True))
            return
        # The same numbers now as after the next start.
        halves = dict(zip(block, vectors.astype(np.float16), strict=True))
        _write(self._folder, halves)
        self._known.update(halves)


def _print(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=_PRINT).digest()


def _recalled(folder: Path, dimensions: int) -> dict[bytes, Floats]:
    """Return what is kept. Files that are damaged, or of other vectors, are removed."""
    known = dict[bytes, Floats]()
    files = sorted(folder.glob("*.npz"))
    for file in files:
        try:
            with np.load(file, allow_pickle=False) as kept:
                marks, vectors = kept["marks"], kept["vectors"]
            if marks.shape != (len(vectors), _PRINT) or vectors.shape[1:] != (dimensions,):
                raise ValueError(file.name)
        except (OSError, ValueError, KeyError, EOFError, BadZipFile):
            file.unlink(missing_ok=True)
        else:
            known.update(zip(map(bytes, marks), vectors, strict=True))
    if len(files) > _MANY:
        whole = _write(folder, known)
        for file in files:
            if file != whole:
                file.unlink(missing_ok=True)
    return known


def _write(folder: Path, vectors: Mapping[bytes, Floats]) -> Path:
    """Write vectors into a file of their own, whole or not at all; return it."""
    folder.mkdir(parents=True, exist_ok=True)
    marks = np.frombuffer(b"".join(vectors), np.uint8).reshape(-1, _PRINT)
    # The same texts make the same name, so that two trainers at once do each other no harm.
    file = folder / f"{blake2b(marks.tobytes(), digest_size=8).hexdigest()}.npz"
    unfinished = file.with_name(f".{file.name}.{os.getpid()}")
    with unfinished.open("wb") as opened:
        np.savez(opened, marks=marks, vectors=np.array(list(vectors.values()), np.float16))
    unfinished.replace(file)
    return file

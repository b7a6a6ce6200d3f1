"""Vectors are computed once, and a training that was cut off goes on where it was."""

import numpy as np
import pytest

from recommender.arrays import unit_rows
from storage.vectors import BLOCK, Remembering

TEXTS = [f"text number {n}" for n in range(BLOCK + 40)]


class Counting:
    """An encoder that knows what it was asked; it breaks after so many texts."""

    name = "counting"

    def __init__(self, dimensions=4, most=10**9):
        self.dimensions = dimensions
        self.most = most
        self.read = []

    def encode(self, texts):
        if len(self.read) + len(texts) > self.most:
            raise KeyboardInterrupt
        self.read += texts
        rows = [[len(text), text.count("1"), 1, text.count("2")] for text in texts]
        return unit_rows(np.array(rows, np.float32).reshape(len(texts), 4))[:, : self.dimensions]


@pytest.mark.parametrize("is_kept", [False, True])
def test_a_text_is_read_once_and_its_vector_is_the_encoders(tmp_path, is_kept):
    plain = Counting()
    encoder = Remembering(plain, tmp_path / "vectors" if is_kept else None)
    first = encoder.encode(["a", "b", "a", "11"])
    again = encoder.encode(["11", "c", "a"])
    assert plain.read == ["a", "b", "11", "c"]
    assert first == pytest.approx(Counting().encode(["a", "b", "a", "11"]), abs=1e-3)
    assert np.array_equal(again[[2, 0]], first[[0, 3]])
    assert (encoder.name, encoder.dimensions) == ("counting", 4)


def test_nothing_at_all_is_nothing(tmp_path):
    assert Remembering(Counting(), tmp_path).encode([]).shape == (0, 4)


def test_a_reading_that_was_cut_off_goes_on_after_the_last_block(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        Remembering(Counting(most=BLOCK), tmp_path).encode(TEXTS)
    later = Counting()
    told = []
    encoder = Remembering(later, tmp_path)
    encoder.encode(TEXTS, lambda done, total: told.append((done, total)))
    assert later.read == TEXTS[BLOCK:]
    assert told == [(40, 40)]


def test_the_next_start_has_the_same_numbers(tmp_path):
    before = Remembering(Counting(), tmp_path).encode(TEXTS)
    later = Counting()
    assert np.array_equal(Remembering(later, tmp_path).encode(TEXTS), before)
    assert later.read == []


def test_how_much_is_done_is_told_block_by_block(tmp_path):
    told = []
    Remembering(Counting(), tmp_path).encode(TEXTS, lambda *figures: told.append(figures))
    assert told == [(BLOCK, len(TEXTS)), (len(TEXTS), len(TEXTS))]


@pytest.mark.parametrize("damage", [b"", b"PK not really", b"\x93NUMPY"])
def test_a_damaged_file_is_read_again_and_nothing_else(tmp_path, damage):
    encoder = Remembering(Counting(), tmp_path)
    encoder.encode(["kept"])
    (kept,) = tmp_path.iterdir()
    encoder.encode(["lost"])
    (lost,) = set(tmp_path.iterdir()) - {kept}
    lost.write_bytes(damage)
    later = Counting()
    Remembering(later, tmp_path).encode(["kept", "lost"])
    assert later.read == ["lost"]


def test_vectors_of_another_length_are_not_used(tmp_path):
    Remembering(Counting(), tmp_path).encode(["a"])
    other = Counting(dimensions=3)
    assert Remembering(other, tmp_path).encode(["a"]).shape == (1, 3)
    assert other.read == ["a"]


def test_many_small_files_become_one(tmp_path):
    encoder = Remembering(Counting(), tmp_path)
    for text in TEXTS[:70]:
        encoder.encode([text])
    assert len(list(tmp_path.iterdir())) == 70
    for _ in range(2):
        later = Counting()
        Remembering(later, tmp_path).encode(TEXTS[:70])
        assert later.read == []
    assert len(list(tmp_path.iterdir())) == 1

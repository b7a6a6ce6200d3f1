import numpy as np
import pytest

from recommender import encoder
from recommender.encoder import EncoderUnavailable, JoinedEncoder


def test_texts_about_the_same_thing_are_closer_than_texts_about_different_things(coder):
    cats, dogs, soil = coder.encode(
        ["neural speech recognition", "automatic transcription of audio", "rainfall and soil"]
    )
    assert cats @ dogs > cats @ soil


def test_vectors_are_unit_rows_and_a_text_without_words_is_a_zero_row(coder):
    vectors = coder.encode(["a paper", "", "another paper, with more words"])
    assert vectors.dtype == np.float32
    assert vectors.shape == (3, coder.dimensions)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 0, 1], abs=1e-5)


def test_the_length_of_the_batch_changes_no_vector(coder):
    texts = [f"paper number {n} about topic {n % 7}" for n in range(300)]
    assert np.array_equal(coder.encode(texts)[260:], coder.encode(texts[260:]))


def test_nothing_at_all_encodes_to_nothing(coder, tmp_path):
    assert coder.encode([]).shape == (0, 256)
    assert encoder.load("lsa", tmp_path).encode(["text"]).shape == (1, 0)


def test_an_unknown_encoder_is_refused_in_one_sentence(tmp_path):
    with pytest.raises(EncoderUnavailable, match="static or lsa"):
        encoder.load("enormous", tmp_path)


def test_static_vectors_stand_beside_another_encoders_and_add_up_to_unit_rows(coder):
    joined = JoinedEncoder(coder, coder, "twice")
    vectors = joined.encode(["graph neural networks", ""])
    assert vectors.shape == (2, joined.dimensions)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 0], abs=1e-5)
    alone = coder.encode(["graph neural networks"])[0]
    assert vectors[0, :256] / np.linalg.norm(vectors[0, :256]) == pytest.approx(alone, abs=1e-5)
    assert np.linalg.norm(vectors[0, 256:]) < np.linalg.norm(vectors[0, :256])

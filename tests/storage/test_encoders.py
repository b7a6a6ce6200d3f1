"""Text encoders: the neural one is an extra, and what is the matter with it is one sentence.

Nothing is fetched here; what an installed fastembed does stands in tests/neural.
"""

from importlib.util import find_spec

import pytest
from structlog.testing import capture_logs

from bot.house import serving_encoder, training_encoder
from bot.settings import Settings
from recommender.encoder import EncoderUnavailable
from storage import encoders

without = pytest.mark.skipif(find_spec("fastembed") is not None, reason="fastembed is installed")


@pytest.fixture
def settings(tmp_path):
    return Settings(_env_file=None, text_encoder="neural", data_dir=tmp_path)


@pytest.mark.parametrize("name", ["static", "lsa"])
def test_the_other_encoders_need_no_folder(tmp_path, name):
    assert encoders.load(name, tmp_path / "nowhere").name == name
    assert not (tmp_path / "nowhere").exists()


def test_only_the_neural_encoder_keeps_what_it_read(tmp_path):
    reading = encoders.remembering(encoders.load("static", tmp_path), tmp_path)
    reading.encode(["a paper"])
    assert list(tmp_path.iterdir()) == []


@without
@pytest.mark.parametrize("name", ["neural", "neural-8199be6f"])
def test_without_the_extra_the_operator_is_told_what_to_install(tmp_path, name):
    with pytest.raises(EncoderUnavailable, match=r"pip install 'paperlark\[neural\]'"):
        encoders.load(name, tmp_path, may_fetch=True)


@without
def test_training_goes_on_with_static_vectors_and_one_line(settings):
    with capture_logs() as said:
        assert training_encoder(settings).name == "static"
    (line,) = said
    assert (line["event"], line["encoder"], line["instead"]) == (
        "encoder.unavailable",
        "neural",
        "static",
    )
    assert "pip install" in line["hint"]


def test_what_serves_before_the_first_training_waits_for_no_neural_encoder(settings):
    with capture_logs() as said:
        assert serving_encoder(settings, None).name == "static"
    assert said == []


def test_a_model_whose_encoder_is_not_here_is_told_so(settings):
    with pytest.raises(EncoderUnavailable, match="neural text encoder"):
        serving_encoder(settings, "neural-8199be6f")

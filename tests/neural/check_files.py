"""What an installed fastembed does with files that are missing or damaged; nothing is fetched.

Not part of `make test`, because fastembed is an extra: pip install 'paperlark[neural]', then
python -m pytest tests/neural/check_files.py
"""

import pytest

from recommender.encoder import EncoderUnavailable
from storage import encoders


def test_files_that_were_never_fetched_are_not_fetched_by_who_serves(tmp_path):
    with pytest.raises(EncoderUnavailable, match="has not been fetched yet"):
        encoders.load("neural", tmp_path)


@pytest.mark.parametrize("missing", ["tokenizer.json", "tokenizer_config.json", None])
def test_damaged_files_are_named(tmp_path, missing):
    folder = tmp_path / "neural"
    folder.mkdir()
    for name in ("model.onnx", "tokenizer.json", "tokenizer_config.json"):
        if name != missing:
            (folder / name).write_text("{}")
    with pytest.raises(EncoderUnavailable, match="damaged: delete the folder neural"):
        encoders.load("neural", tmp_path, may_fetch=True)

"""The bench itself, at a size that takes a moment."""

import pytest

from bot.commands.bench_due import run
from bot.settings import Settings


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_everybody_who_is_due_gets_picks_whichever_process_claims_them(
    kind, request, tmp_path, capsys
):
    url = "" if kind == "sqlite" else request.getfixturevalue("postgres").url("postgres")
    settings = Settings(_env_file=None, data_dir=tmp_path, database_url=url)
    assert run(settings, readers=60, papers=40, opinions=3, processes=2) == 0
    said = capsys.readouterr().out
    assert said.startswith("60 digests of 300 picks in ")
    assert "by 2 processes" in said
    assert "s of CPU time" in said
    assert "MB in all at most" in said

"""The bench itself, at a size that takes a moment: what it promises, and no clocks."""

import re

import pytest

from bot.commands.bench_push import Sizes, run
from bot.settings import Settings


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_digests_are_sent_in_every_way_and_under_limits_each_chat_gets_its_own(
    kind, request, tmp_path, capsys
):
    url = "" if kind == "sqlite" else request.getfixturevalue("postgres").url("postgres")
    settings = Settings(_env_file=None, data_dir=tmp_path, database_url=url)
    # Of these chats one asks for silence (see BUSY_EVERY): hence one refusal, and it is obeyed.
    assert run(settings, Sizes(readers=12, rounds=2, limited=50)) == 0
    said = capsys.readouterr().out
    for what in ("bare httpx", "bare aiohttp", "drawn and sent", "due to recorded", "p99"):
        assert what in said
    assert "50 of 50 chats served" in said
    assert re.search(r"1 refusals \(429\), 0 of them ignored", said)

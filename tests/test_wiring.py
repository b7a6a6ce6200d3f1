"""What holds the rooms together: roles that are kept going, and an end within five seconds."""

import asyncio
import json
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import date
from functools import partial
from importlib.util import find_spec

import numpy as np
import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from bot.house import CannotStart, open_house
from bot.settings import Settings
from bot.wiring import Role, _farewell, _kept, _possible, _say_that_it_ended, _scheduler
from tests.acceptance.process import BotProcess, eventually, run_once
from tests.conftest import BOUND
from tests.local_feeds import FeedPaper, LocalFeeds
from tests.local_telegram import LocalTelegram

MONDAY = date(2026, 3, 2)
TOKEN = "123456:AAHlocallocallocallocallocallocalloc"
EVERYTHING = frozenset(Role)


def settings(tmp_path, **given):
    return Settings(_env_file=None, data_dir=tmp_path, **given)


# ---------------------------------------------------------------------- roles


def test_a_platform_needs_its_token(tmp_path):
    with_telegram = settings(tmp_path, telegram_token=TOKEN)
    assert _possible(with_telegram, EVERYTHING) == EVERYTHING - {Role.DISCORD}
    assert _possible(with_telegram, {Role.DISCORD}) == set()
    with_discord = settings(tmp_path, discord_token="token")
    assert _possible(with_discord, EVERYTHING) == EVERYTHING - {Role.TELEGRAM}


def test_without_any_platform_nothing_is_pushed(tmp_path):
    assert _possible(settings(tmp_path), EVERYTHING) == {Role.INGEST, Role.TRAINER}
    assert _possible(settings(tmp_path), {Role.SCHEDULER}) == set()


async def test_a_role_that_breaks_begins_again_until_it_ends():
    begun = []

    async def begin():
        begun.append(len(begun))
        if len(begun) < 3:
            raise ZeroDivisionError

    async with asyncio.timeout(BOUND):
        await _kept("role", begin, asyncio.Event(), first_pause=0.001)
    assert begun == [0, 1, 2]


async def test_a_role_that_breaks_is_not_begun_again_when_the_program_ends():
    stop, begun = asyncio.Event(), []

    async def begin():
        begun.append(1)
        stop.set()
        raise ZeroDivisionError

    async with asyncio.timeout(BOUND):
        await _kept("role", begin, stop, first_pause=3600)
    assert begun == [1]


async def test_a_role_that_cannot_start_is_not_begun_again():
    async def begin():
        raise CannotStart("PORT: expected a free one")

    with pytest.raises(CannotStart):
        await _kept("role", begin, asyncio.Event())


async def test_who_does_not_end_by_himself_is_cancelled_after_the_farewell():
    ended = asyncio.Event()

    async def polite():
        ended.set()

    async def stubborn():
        await asyncio.Event().wait()

    tasks = [asyncio.create_task(polite()), asyncio.create_task(stubborn())]
    async with asyncio.timeout(BOUND):
        await _farewell(tasks, seconds=0.05)
    assert ended.is_set()
    assert tasks[1].cancelled()


async def test_what_breaks_in_broadcasts_breaks_off_no_digest(tmp_path):
    stop = asyncio.Event()
    async with LocalTelegram() as telegram:
        given = settings(tmp_path, telegram_token=telegram.token, telegram_api_base=telegram.origin)
        async with open_house(given, stop) as house:
            async with house.database.writing() as db:
                await db.execute(text("DROP TABLE broadcast_sends"))
            with capture_logs() as said:
                scheduler = asyncio.create_task(_scheduler(house, stop))
                async with asyncio.timeout(BOUND):
                    while not any(line["event"] == "role.broke" for line in said):
                        await asyncio.wait({scheduler}, timeout=0.02)
                        assert not scheduler.done()
                await asyncio.wait({scheduler}, timeout=0.1)
                assert not scheduler.done()
                stop.set()
                await scheduler
    broke = [line["role"] for line in said if line["event"] == "role.broke"]
    assert set(broke) == {"broadcasts"}


# ---------------------------------------------------------------------- processes


@asynccontextmanager
async def silence() -> AsyncIterator[tuple[int, asyncio.Event]]:
    """Take connections and never answer; yields the port, and an event set by the first."""
    taken = asyncio.Event()

    async def take(reader, writer):
        taken.set()
        await reader.read()
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield port, taken
    finally:
        server.close()


async def test_sigterm_ends_a_start_that_waits_for_the_database(tmp_path):
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    environment = {"DATABASE_URL": f"postgresql://u:p@127.0.0.1:{port}/db"}
    async with BotProcess(environment, tmp_path, "ingest") as bot:
        await bot.says("database.away")
        assert await bot.stop() == 0


async def test_sigterm_ends_a_start_that_a_silent_database_holds_up(tmp_path):
    async with silence() as (port, taken):
        environment = {"DATABASE_URL": f"postgresql://u:p@127.0.0.1:{port}/db"}
        async with BotProcess(environment, tmp_path, "ingest") as bot:
            async with asyncio.timeout(BOUND):
                await taken.wait()
            assert await bot.stop() == 0


async def test_sigterm_ends_an_ingest_that_waits_for_a_source(tmp_path):
    async with silence() as (port, taken):
        origin = f"http://127.0.0.1:{port}"
        environment = {f"ARXIV_{kind}_BASE": origin for kind in ("API", "RSS")}
        async with BotProcess(
            {**environment, "HF_API_BASE": origin}, tmp_path, "ingest", "--once"
        ) as bot:
            async with asyncio.timeout(BOUND):
                await taken.wait()
            assert await bot.stop() == 1
            assert "what was stored stays" in bot.output


async def test_a_thread_that_computes_on_does_not_hold_up_the_end(tmp_path):
    program = (
        "import asyncio, pathlib, threading\n"
        "from bot import ending\n"
        "async def program(stop):\n"
        "    loop = asyncio.get_running_loop()\n"
        "    loop.run_in_executor(None, threading.Event().wait, 60)\n"
        f"    pathlib.Path({str(tmp_path / 'ready')!r}).touch()\n"
        "    await stop.wait()\n"
        "    return 0\n"
        "raise SystemExit(ending.run(program))\n"
    )
    await ends_soon(program, tmp_path / "ready")


async def test_a_program_that_does_not_listen_is_left(tmp_path):
    program = (
        "import asyncio, pathlib\n"
        "from bot import ending\n"
        "async def program(stop):\n"
        f"    pathlib.Path({str(tmp_path / 'ready')!r}).touch()\n"
        "    await asyncio.Event().wait()\n"
        "raise SystemExit(ending.run(program))\n"
    )
    await ends_soon(program, tmp_path / "ready")


async def ends_soon(program, ready):
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program)
    try:
        await eventually(ready.exists, "the program's start")
        began = time.monotonic()
        process.terminate()
        async with asyncio.timeout(BOUND):
            assert await process.wait() == 0
        assert time.monotonic() - began < 5
    finally:
        if process.returncode is None:
            process.kill()


async def test_a_file_that_is_no_database_stops_the_start(tmp_path):
    (tmp_path / "other.db").write_text("This is a text, and no database at all. " * 100)
    url = f"sqlite:///{tmp_path}/other.db"
    for command in (("run",), ("ingest", "--once")):
        status, said = await run_once({"DATABASE_URL": url}, tmp_path, *command)
        assert status == 1
        assert "not a SQLite database" in said
        assert "Traceback" not in said


async def test_a_data_dir_that_is_none_stops_the_start(tmp_path):
    (tmp_path / "file").touch()
    data_dir = tmp_path / "file" / "data"
    for command in (("chat",), ("migrate",)):
        status, said = await run_once({"DATA_DIR": str(data_dir)}, tmp_path, *command)
        assert status == 1
        assert "DATA_DIR: expected a folder" in said
        assert "Traceback" not in said


@pytest.mark.parametrize("role", ["telegram", "discord", "scheduler"])
async def test_a_role_without_its_token_says_what_to_set(tmp_path, role):
    status, said = await run_once({}, tmp_path, role)
    assert status == 2
    assert f"{role.upper()}_TOKEN" in said or role == "scheduler"
    assert "README.md" in said


async def test_a_process_whose_only_platform_refuses_its_token_ends(tmp_path):
    async with LocalTelegram() as telegram:
        environment = {"TELEGRAM_TOKEN": TOKEN, "TELEGRAM_API_BASE": telegram.origin}
        status, said = await run_once(environment, tmp_path, "telegram")
    assert status == 1
    assert "telegram.token_refused" in said
    assert TOKEN not in said


async def test_only_a_platform_that_ended_by_itself_is_said_to_have_refused_its_token(capsys):
    async def refused():
        return

    async def taken():
        raise CannotStart("PORT: expected an address that is free here")

    for begin, is_said in ((refused, True), (taken, False)):
        part = asyncio.create_task(begin(), name=Role.TELEGRAM)
        await asyncio.wait([part])
        _say_that_it_ended(asyncio.Event(), part)
        assert ("refused TELEGRAM_TOKEN" in capsys.readouterr().err) is is_said


async def test_a_webhook_address_that_is_taken_stops_the_start(tmp_path):
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        environment = {
            "TELEGRAM_TOKEN": TOKEN,
            "TELEGRAM_WEBHOOK_URL": "https://bot.example.org/",
            "TELEGRAM_WEBHOOK_SECRET": "secret",
            "TELEGRAM_WEBHOOK_LISTEN": f"127.0.0.1:{taken.getsockname()[1]}",
        }
        status, said = await run_once(environment, tmp_path, "telegram")
    assert status == 1
    assert "TELEGRAM_WEBHOOK_LISTEN or PORT: expected an address that is free" in said


async def test_ingest_once_says_what_came_and_nothing_comes_twice(tmp_path):
    papers = [FeedPaper(f"2603.{n:05d}", MONDAY, title=f"Paper {n}") for n in range(5)]
    async with LocalFeeds(papers, MONDAY) as feeds:
        environment = {**feeds.settings(), "ARXIV_CATEGORIES": "cs.LG"}
        ingest = partial(run_once, environment, tmp_path, "ingest", "--once")
        status, said = await ingest()
        assert status == 0
        assert "\n5 new papers" in said
        status, said = await ingest()
    assert status == 0
    assert said.endswith("0 new papers, 0 updated.\n")


async def test_there_must_be_papers_to_train_on(tmp_path):
    status, said = await run_once({}, tmp_path, "retrain")
    assert status == 1
    assert said.endswith("no papers yet: let `paperlark ingest` run first\n")


async def test_there_must_be_an_earlier_model_to_go_back_to(tmp_path):
    status, said = await run_once({}, tmp_path, "retrain", "--rollback")
    assert status == 1
    assert said.endswith("there is no earlier model to go back to\n")


async def test_a_model_can_be_trained_by_force_and_taken_back(tmp_path):
    await run_once({}, tmp_path, "chat", typed="/quit\n")  # brings the sample in
    versions = []
    for options in ([], ["--force"]):
        status, said = await run_once({}, tmp_path, "retrain", *options)
        assert status == 0, said
        versions.append(said.split("Model ")[1].split(" is live")[0])
    assert "gate: Published without a comparison: hardly anybody has liked anything yet." in said
    status, said = await run_once({}, tmp_path, "retrain", "--rollback")
    assert status == 0, said
    assert f"Model {versions[0]} is live again, in place of {versions[1]}." in said
    status, said = await run_once({}, tmp_path, "retrain", "--rollback", "--force")
    assert status == 2
    assert "exclude each other" in said


async def test_a_model_of_an_earlier_release_is_not_gone_back_to(tmp_path):
    await run_once({}, tmp_path, "chat", typed="/quit\n")  # brings the sample in
    for _ in range(2):
        status, said = await run_once({}, tmp_path, "retrain")
        assert status == 0, said
    first = min((tmp_path / "models").iterdir())
    head = json.loads(np.load(first / "head.npy").tobytes())
    older = json.dumps({**head, "format": head["format"] - 1}).encode()
    np.save(first / "head.npy", np.frombuffer(older, np.uint8))
    status, said = await run_once({}, tmp_path, "retrain", "--rollback")
    assert status == 1
    assert f"model {first.name} cannot be gone back to" in said
    assert "paperlark retrain" in said.splitlines()[-1]


async def test_a_log_that_cannot_be_written_stops_the_chat_with_one_line_and_no_secret(tmp_path):
    (tmp_path / "paperlark.log").mkdir()
    url = "postgresql://u:hunter2secret@127.0.0.1/x"
    status, said = await run_once({"DATABASE_URL": url}, tmp_path, "chat", typed="/quit\n")
    assert status == 1
    assert said.startswith("DATA_DIR: ")
    assert len(said.splitlines()) == 1


@pytest.mark.skipif(find_spec("pyspark") is not None, reason="Spark is installed")
async def test_without_spark_its_training_ends_with_one_line_and_the_live_model_stays(tmp_path):
    await run_once({}, tmp_path, "chat", typed="/quit\n")
    status, said = await run_once({}, tmp_path, "retrain")
    assert status == 0, said
    status, said = await run_once({"RETRAIN_ENGINE": "spark"}, tmp_path, "retrain")
    assert status == 1
    assert said.splitlines()[-1].startswith("RETRAIN_ENGINE=spark needs ")
    assert "Traceback" not in said
    status, said = await run_once({}, tmp_path, "retrain", "--rollback")
    assert said.endswith("there is no earlier model to go back to\n")

"""What an operator reads of a digest: every step of it, and nothing of the person."""

import asyncio
from datetime import date, time, timedelta

import pytest

from bot.commands import trace
from bot.conversation.events import Platform
from bot.conversation.ports import RecipientGone, TryLater
from bot.jobs.daily_picks import DailyPicks
from bot.readers import owed_next
from bot.schedule import EVERY_DAY, Schedule
from bot.settings import Settings
from recommender.encoder import load
from storage import groups
from tests.house import RecordingMessenger, open_desk, papers_of, person, stocked

TODAY = date(2026, 3, 2)
AT_EIGHT = Schedule(at=time(8), zone="UTC", days=EVERY_DAY, picks=3)


@pytest.fixture
async def desk(any_database, clock, tmp_path):
    await stocked(any_database, papers_of(TODAY), clock())
    return await open_desk(any_database, load("static", tmp_path), clock, tmp_path)


@pytest.fixture
def settings(any_database_url, tmp_path):
    return Settings(
        _env_file=None, data_dir=tmp_path, database_url=any_database_url.replace("+aiosqlite", "")
    )


@pytest.fixture
def read(settings, capsys):
    """Run a command beside the test; return what it prints, and its status."""

    async def run(command, *arguments):
        capsys.readouterr()
        status = await asyncio.to_thread(command, settings, *arguments)
        return capsys.readouterr().out.splitlines(), status

    return run


async def subscribe(desk, name):
    return await desk.reschedule(await desk.reader(person(name)), AT_EIGHT, is_zone_known=True)


async def test_every_step_of_a_digest_is_told(any_database, desk, clock, read):
    reader = await subscribe(desk, "7")
    messenger = RecordingMessenger(refusals={"chat-7": [TryLater(timedelta(minutes=3))]})
    push = DailyPicks(any_database, desk, {Platform.TELEGRAM: messenger}, clock)
    clock.forward(hours=1)
    await push.run_once()
    clock.forward(minutes=3)
    await push.run_once()
    by_number, status = await read(trace.trace, str(reader.id), TODAY)
    by_account, _ = await read(trace.trace, "telegram:7", TODAY)
    assert by_number == by_account
    assert status == 0
    assert by_number[0] == f"user {reader.id}, digest of 2026-03-02"
    assert [line.split("Z  ")[1].split(" by model")[0] for line in by_number if "Z  " in line] == [
        "due",
        "claimed",
        "chosen: 3 papers",
        "begun",
        "put off until 08:03:00: busy",
        "claimed again",
        "begun",
        "sent",
    ]
    assert by_number[-2:] == ["  message 1", "  stands: sent, 2 attempts"]
    assert "chat-7" not in "".join(by_number)


async def test_a_channel_of_a_server_is_found_by_its_name_as_well(any_database, clock, read):
    async with any_database.writing() as db:
        group = await groups.find_or_create(
            db, "discord", "channel:77", "77", "7", "en", clock(), owed_next
        )
    told, status = await read(trace.trace, "discord:channel:77", TODAY)
    assert status == 0
    assert told[0] == f"user {group.user.id}, digest of 2026-03-02"


async def test_a_day_without_a_digest_is_explained(desk, read):
    reader = await subscribe(desk, "7")
    early, _ = await read(trace.trace, str(reader.id), TODAY - timedelta(days=1))
    assert any("none: the reader came later" in line for line in early)
    owed, _ = await read(trace.trace, str(reader.id), TODAY)
    assert owed[-1] == "  none: it is owed, and was not claimed yet"
    await desk.pause(reader, None)
    paused, _ = await read(trace.trace, str(reader.id), TODAY)
    assert paused[-1] == "  none: paused"


async def test_who_is_not_known_is_said(desk, read):
    assert (await read(trace.trace, "99", TODAY)) == ([], 1)
    assert await read(trace.trace, "telegram:99", TODAY) == ([], 1)


async def test_the_digests_of_a_day_are_counted(any_database, desk, clock, read):
    for name in "abcd":
        await subscribe(desk, name)
    messenger = RecordingMessenger(refusals={"chat-a": [RecipientGone()]})
    clock.forward(hours=1)
    await DailyPicks(any_database, desk, {Platform.TELEGRAM: messenger}, clock).run_once()
    lines, status = await read(trace.count, TODAY)
    assert status == 0
    assert [line.split() for line in lines] == [
        ["1", "failed", "telegram", "blocked"],
        ["3", "sent", "telegram"],
        ["4", "in", "all"],
    ]
    none, _ = await read(trace.count, TODAY + timedelta(days=1))
    assert none == ["No digest of 2026-03-03 was claimed."]

"""A broadcast from its draft to its end: once to each reader, and nobody waits for the others."""

import asyncio
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from bot.admin_desk import AdminDesk
from bot.conversation.admin import Stage
from bot.conversation.events import Platform
from bot.conversation.ports import (
    OutcomeUnknown,
    PlatformAway,
    RecipientGone,
    Refused,
    TryLater,
)
from bot.jobs.broadcasting import ATTEMPTS, Broadcasting
from storage import personal, users
from storage.database import Database
from storage.errors import StorageUnavailable
from tests import servers
from tests.conftest import BOUND
from tests.contracts.examples import reader
from tests.house import RecordingMessenger

WORDS = "Tonight I am away for an hour. <b>Sorry!</b>"


@pytest.fixture
def messenger():
    return RecordingMessenger()


@pytest.fixture
async def three(any_database, clock):
    return [await reader(any_database, name, clock()) for name in ("7", "8", "9")]


@pytest.fixture
def desk(any_database, clock):
    return AdminDesk(any_database, clock)


@pytest.fixture
def job(any_database, messenger, clock):
    return Broadcasting(any_database, {Platform.TELEGRAM: messenger}, clock)


async def begin(desk):
    made = await desk.draft(WORDS, 10)
    assert await desk.begin_broadcast(made.number)
    return made.number


async def ended(job, desk, number, clock):
    """Look again and again until it has ended, and return it."""
    for _ in range(500):
        await job.run_once()
        found = await desk.broadcast(number)
        if found.stage is not Stage.SENDING:
            return found
        clock.forward(minutes=1)
    raise AssertionError("it never ended")


def words(message):
    return "".join(span.text for span in message.text)


async def test_everybody_gets_the_words_as_they_were_written_and_once(
    job, desk, three, messenger, clock
):
    number = await begin(desk)
    found = await ended(job, desk, number, clock)
    assert (found.stage, found.sends) == (Stage.DONE, (("sent", 3),))
    assert sorted(sent.chat for sent in messenger.sent) == ["chat-7", "chat-8", "chat-9"]
    assert {words(sent.message) for sent in messenger.sent} == {
        f"From whoever runs this bot\n\n{WORDS}"
    }
    assert len({sent.nonce for sent in messenger.sent}) == 3


@pytest.mark.parametrize(
    ("refusals", "end", "arrived"),
    [
        ([RecipientGone()], ("failed", 1), 0),
        ([Refused()], ("failed", 1), 0),
        ([OutcomeUnknown()], ("unknown", 1), 0),
        ([RuntimeError("a bug")], ("unknown", 1), 0),
        ([TryLater(timedelta(seconds=3)), PlatformAway(timedelta(minutes=1))], ("sent", 3), 1),
        ([PlatformAway(timedelta(minutes=1))] * ATTEMPTS, ("failed", 1), 0),
    ],
)
async def test_trouble_with_one_reader_costs_that_reader_alone(
    job, desk, three, messenger, clock, refusals, end, arrived
):
    messenger.refusals["chat-8"] = list(refusals)
    found = await ended(job, desk, await begin(desk), clock)
    assert found.stage is Stage.DONE
    assert end in found.sends
    assert len(messenger.to("chat-8")) == arrived
    assert len(messenger.to("chat-7")) == len(messenger.to("chat-9")) == 1


async def test_a_process_that_dies_while_sending_never_makes_it_send_twice(
    any_database, job, desk, three, messenger, clock
):
    """The message went out; that it did was never written down."""

    class Dying(RecordingMessenger):
        async def send(self, chat, message, **how):
            await super().send(chat, message, **how)
            raise StorageUnavailable

    dying = Dying()
    number = await begin(desk)
    await Broadcasting(any_database, {Platform.TELEGRAM: dying}, clock).run_once()
    found = await ended(job, desk, number, clock)
    assert found.sends == (("unknown", 3),)
    assert len(dying.sent) == 3
    assert messenger.sent == []


async def test_who_is_forgotten_while_it_is_sent_leaves_no_trace_in_it(
    any_database, job, desk, three, messenger, clock
):
    class Forgetting(RecordingMessenger):
        async def send(self, chat, message, **how):
            refs = await super().send(chat, message, **how)
            async with any_database.writing() as db:
                await personal.forget(db, three[0].user.id)
            return refs

    forgetting = Forgetting()
    number = await begin(desk)
    await Broadcasting(any_database, {Platform.TELEGRAM: forgetting}, clock).run_once()
    found = await ended(job, desk, number, clock)
    assert found.stage is Stage.DONE
    async with any_database.reading() as db:
        assert await users.find(db, "telegram", "7") is None
    sent = sorted(one.chat for one in (*forgetting.sent, *messenger.sent))
    assert sent[-2:] == ["chat-8", "chat-9"]
    assert len(sent) == len({*sent})
    assert found.sends == (("sent", 2),)


async def test_who_blocked_the_bot_meanwhile_is_sent_nothing_more(
    job, desk, three, messenger, clock
):
    messenger.refusals["chat-8"] = [RecipientGone()]
    await ended(job, desk, await begin(desk), clock)
    again = await ended(job, desk, await begin(desk), clock)
    assert again.total == 2
    assert messenger.to("chat-8") == []


async def test_a_stopped_one_is_sent_to_nobody_else(any_database, desk, three, messenger, clock):
    number = await begin(desk)
    await desk.cancel_broadcast(number)
    job = Broadcasting(any_database, {Platform.TELEGRAM: messenger}, clock)
    assert await job.run_once() == 0
    assert messenger.sent == []


async def test_a_platform_without_a_token_ends_the_broadcast_too(any_database, desk, three, clock):
    job = Broadcasting(any_database, {}, clock)
    found = await ended(job, desk, await begin(desk), clock)
    assert found.sends == (("failed", 3),)


async def test_a_database_that_is_away_is_spoken_of_once(clock):
    database = Database(f"postgresql+asyncpg://u:p@127.0.0.1:{servers.free_port()}/none")
    stop, looks = asyncio.Event(), []

    def now():
        looks.append(clock())
        if len(looks) == 4:
            stop.set()
        return clock()

    with capture_logs() as said:
        async with asyncio.timeout(BOUND):
            await Broadcasting(database, {}, now, look_every=0.001).run(stop)
    await database.dispose()
    assert [line["event"] for line in said] == ["broadcast.waits_for_database"]

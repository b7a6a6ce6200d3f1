import asyncio
from dataclasses import replace
from datetime import date, time, timedelta

import pytest

from bot.conversation.events import Platform
from bot.conversation.ports import (
    OutcomeUnknown,
    PlatformAway,
    RecipientGone,
    Refused,
    TryLater,
)
from bot.desk import Desk
from bot.jobs.daily_picks import ABANDONED, DailyPicks
from bot.readers import owed_next
from bot.schedule import EVERY_DAY, Schedule
from bot.shelf import Shelf
from recommender.feedback import Verdict
from storage import deliveries, personal
from storage.deliveries import State
from tests import traces
from tests.conftest import BOUND
from tests.house import (
    NoSource,
    RecordingMessenger,
    open_desk,
    papers_of,
    person,
    stocked,
)

TODAY = date(2026, 3, 2)
AT_EIGHT = Schedule(at=time(8), zone="UTC", days=EVERY_DAY, picks=3)


@pytest.fixture
def messenger():
    return RecordingMessenger()


@pytest.fixture
async def desk(any_database, encoder, clock, tmp_path):
    await stocked(any_database, papers_of(TODAY), clock())
    return await open_desk(any_database, encoder, clock, tmp_path)


@pytest.fixture
def push(any_database, desk, messenger, clock):
    return DailyPicks(any_database, desk, {Platform.TELEGRAM: messenger}, clock)


async def subscribe(desk, name="7", schedule=AT_EIGHT):
    reader = await desk.reader(person(name))
    return await desk.reschedule(reader, schedule, is_zone_known=True)


def shown(message):
    return [item.card.paper for item in message.digest.items]


async def claim(database, now):
    async with database.writing() as db:
        return await deliveries.claim_due(db, now, 10, owed_next)


async def state_of(database, reader, day=TODAY):
    async with database.reading() as db:
        return await deliveries.of_day(db, reader.id, day)


async def test_a_digest_comes_at_the_readers_minute_and_not_before(push, desk, messenger, clock):
    await subscribe(desk)
    clock.forward(minutes=59, seconds=59)
    await push.run_once()
    assert messenger.sent == []
    clock.forward(seconds=1)
    await push.run_once()
    (message,) = messenger.to("chat-7")
    assert len(shown(message)) == 3


async def test_a_digest_comes_once_however_often_the_clock_looks(push, desk, messenger, clock):
    await subscribe(desk)
    clock.forward(hours=1)
    for _ in range(3):
        await push.run_once()
        clock.forward(minutes=5)
    assert len(messenger.sent) == 1


async def test_no_paper_comes_twice_on_two_days(push, desk, messenger, clock):
    await subscribe(desk)
    clock.forward(hours=1)
    await push.run_once()
    clock.forward(days=1)
    await push.run_once()
    first, second = messenger.to("chat-7")
    assert not set(shown(first)) & set(shown(second))


async def test_what_was_seen_as_a_card_does_not_come_in_the_digest(push, desk, messenger, clock):
    reader = await subscribe(desk)
    cards = [await desk.next_offer(reader) for _ in range(10)]
    clock.forward(hours=1)
    await push.run_once()
    (message,) = messenger.to("chat-7")
    assert not {offer.paper.id for offer in cards} & set(shown(message))


async def test_a_like_changes_the_digest(push, desk, messenger, clock):
    liked, other = await subscribe(desk, "7"), await subscribe(desk, "8")
    while (offer := await desk.next_offer(liked)).paper.categories != ("astro-ph.GA",):
        pass
    await desk.store(liked, "1", offer.paper.id, offer.impression, verdict=Verdict.LIKE)
    clock.forward(hours=1)
    await push.run_once()
    offers = await desk.digest(liked)
    galaxies = [o for o in offers if o.paper.categories == ("astro-ph.GA",)]
    assert len(galaxies) >= 2
    assert len(await desk.digest(other)) == 3


async def test_two_schedulers_send_one_digest_to_each_reader(any_database, desk, messenger, clock):
    for n in range(20):
        await subscribe(desk, str(n))
    clock.forward(hours=1)
    pushes = [
        DailyPicks(any_database, desk, {Platform.TELEGRAM: messenger}, clock) for _ in range(4)
    ]
    await asyncio.gather(*(p.run_once() for p in pushes))
    assert sorted(s.chat for s in messenger.sent) == sorted(f"chat-{n}" for n in range(20))


async def test_a_reader_who_blocked_us_is_left_alone_until_they_speak_again(
    push, desk, messenger, clock, any_database
):
    reader = await subscribe(desk)
    messenger.refusals["chat-7"] = [RecipientGone()]
    clock.forward(hours=1)
    await push.run_once()
    assert (await state_of(any_database, reader)).state == State.FAILED
    clock.forward(days=1)
    await push.run_once()
    assert messenger.sent == []
    assert (await desk.reader(person())).due is not None
    clock.forward(days=1)
    await push.run_once()
    assert len(messenger.sent) == 1


async def test_a_platform_that_asks_for_patience_gets_it_and_the_digest_still_comes(
    push, desk, messenger, clock
):
    await subscribe(desk)
    messenger.refusals["chat-7"] = [TryLater(timedelta(minutes=3))]
    clock.forward(hours=1)
    await push.run_once()
    await push.run_once()
    assert messenger.sent == []
    clock.forward(minutes=3)
    await push.run_once()
    (message,) = messenger.to("chat-7")
    assert len(shown(message)) == 3


async def test_patience_ends_when_the_next_digest_is_due(
    push, desk, messenger, clock, any_database
):
    reader = await subscribe(desk)
    messenger.refusals["chat-7"] = [TryLater(timedelta(hours=24))]
    clock.forward(hours=1)
    await push.run_once()
    delivery = await state_of(any_database, reader)
    assert (delivery.state, delivery.reason) == (State.FAILED, "busy")


async def test_a_digest_of_the_last_minute_survives_a_platforms_hiccup(
    push, desk, messenger, clock
):
    await subscribe(desk, schedule=replace(AT_EIGHT, at=time(23, 59)))
    messenger.refusals["chat-7"] = [TryLater(timedelta(minutes=2))]
    clock.now = clock().replace(hour=23, minute=59)
    await push.run_once()
    clock.forward(minutes=2)
    await push.run_once()
    assert len(messenger.sent) == 1


async def test_a_catch_up_survives_a_platforms_hiccup(push, desk, messenger, clock):
    await subscribe(desk)
    messenger.refusals["chat-7"] = [TryLater(timedelta(minutes=2))]
    clock.forward(days=4)  # 07:00: what was due yesterday at eight was missed
    await push.run_once()
    clock.forward(minutes=2)
    await push.run_once()
    assert len(messenger.sent) == 1


async def test_a_machine_that_slept_over_a_retry_brings_the_next_digest_alone(
    push, desk, messenger, clock, any_database
):
    reader = await subscribe(desk)
    messenger.refusals["chat-7"] = [TryLater(timedelta(minutes=2))]
    clock.forward(hours=1)
    await push.run_once()
    clock.forward(days=1, minutes=30)
    await push.run_once()
    assert len(messenger.sent) == 1
    yesterdays = await state_of(any_database, reader)
    assert (yesterdays.state, yesterdays.reason) == (State.FAILED, "late")
    todays = await state_of(any_database, reader, TODAY + timedelta(days=1))
    assert todays.state == State.SENT


async def test_a_process_that_died_a_day_ago_before_sending_brings_no_second_digest(
    push, desk, messenger, clock, any_database
):
    await subscribe(desk)
    clock.forward(hours=1)
    assert await claim(any_database, clock())  # and then the machine is off
    clock.forward(days=1)
    for _ in range(2):
        await push.run_once()
    assert len(messenger.sent) == 1


async def test_who_is_told_to_end_begins_no_digest_and_the_next_start_sends_it_at_once(
    any_database, desk, clock
):
    for n in range(60):
        await subscribe(desk, str(n))
    clock.forward(hours=1)
    stop = asyncio.Event()
    ending, next_start = StoppingMessenger(stop), RecordingMessenger()
    push = DailyPicks(any_database, desk, {Platform.TELEGRAM: ending}, clock)
    await push.run_once(stop)
    assert 0 < len(ending.sent) <= 50
    push = DailyPicks(any_database, desk, {Platform.TELEGRAM: next_start}, clock)
    await push.run_once()
    chats = [s.chat for s in (*ending.sent, *next_start.sent)]
    assert sorted(chats) == sorted(f"chat-{n}" for n in range(60))


class HangingMessenger(RecordingMessenger):
    """One chat's digest hangs on its way until it is let go."""

    def __init__(self, chat):
        super().__init__()
        self._chat = chat
        self.hangs, self.let_go, self.arrived = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def send(self, chat, message, **how):
        if chat == self._chat:
            await how["begin"]()
            self.hangs.set()
            await self.let_go.wait()
        refs = await super().send(chat, message, **how)
        self.arrived.set()
        return refs


async def test_a_digest_that_hangs_on_its_way_keeps_nobody_else_waiting(any_database, desk, clock):
    await subscribe(desk, "slow")
    await subscribe(desk, "later", replace(AT_EIGHT, at=time(9)))
    clock.forward(hours=1)
    messenger, stop = HangingMessenger("chat-slow"), asyncio.Event()
    push = DailyPicks(any_database, desk, {Platform.TELEGRAM: messenger}, clock, look_every=0.05)
    running = asyncio.create_task(push.run(stop))
    async with asyncio.timeout(BOUND):
        await messenger.hangs.wait()
        clock.forward(hours=1)
        await messenger.arrived.wait()
        assert [sent.chat for sent in messenger.sent] == ["chat-later"]
        messenger.let_go.set()
        stop.set()
        await running
    assert [sent.chat for sent in messenger.sent] == ["chat-later", "chat-slow"]


class AwayMessenger(RecordingMessenger):
    """A platform that cannot be reached while `is_away`."""

    is_away = True
    tries = 0

    async def send(self, chat, message, **how):
        if self.is_away:
            await how["begin"]()
            self.tries += 1
            raise PlatformAway(timedelta(minutes=1))
        return await super().send(chat, message, **how)


async def test_a_platform_that_is_away_is_tried_less_and_less_and_everybody_is_served_at_last(
    any_database, desk, messenger, clock
):
    for n in range(20):
        await subscribe(desk, str(n))
    await desk.reschedule(
        await desk.reader(person("ben", Platform.DISCORD)), AT_EIGHT, is_zone_known=True
    )
    away = AwayMessenger()
    messengers = {Platform.TELEGRAM: away, Platform.DISCORD: messenger}
    push = DailyPicks(any_database, desk, messengers, clock)
    clock.forward(hours=1)
    for _ in range(120):
        await push.run_once()
        clock.forward(minutes=1)
    assert [sent.chat for sent in messenger.sent] == ["chat-ben"]
    assert 20 <= away.tries <= 20 * 9  # two hours: after 1, 2, 4 … 30 minutes
    away.is_away = False
    clock.forward(minutes=30)
    await push.run_once()
    assert sorted(s.chat for s in away.sent) == sorted(f"chat-{n}" for n in range(20))


class WaitingMessenger(RecordingMessenger):
    """Waits for its turn until it is let go."""

    def __init__(self):
        super().__init__()
        self.waits, self.turn = asyncio.Event(), asyncio.Event()

    async def send(self, chat, message, **how):
        self.waits.set()
        await self.turn.wait()
        return await super().send(chat, message, **how)


async def test_a_digest_that_waits_for_its_turn_is_not_begun_and_may_go_to_another(
    any_database, desk, messenger, clock
):
    reader = await subscribe(desk)
    clock.forward(hours=1)
    slow = WaitingMessenger()
    push = DailyPicks(any_database, desk, {Platform.TELEGRAM: slow}, clock)
    # As soon as one waits it looks for no more, and holds what it has.
    pushing = asyncio.create_task(push.run_once(stop=slow.waits))
    async with asyncio.timeout(BOUND):
        await slow.waits.wait()
    assert (await state_of(any_database, reader)).state == State.CLAIMED
    clock.now += ABANDONED + timedelta(seconds=1)
    await DailyPicks(any_database, desk, {Platform.TELEGRAM: messenger}, clock).run_once()
    slow.turn.set()
    async with asyncio.timeout(BOUND):
        await pushing
    assert (len(messenger.sent), slow.sent) == (1, [])
    assert (await state_of(any_database, reader)).state == State.SENT


async def test_who_pauses_while_the_digest_waits_for_its_turn_is_sent_nothing(
    any_database, desk, clock
):
    reader = await subscribe(desk)
    clock.forward(hours=1)
    waiting = WaitingMessenger()
    push = DailyPicks(any_database, desk, {Platform.TELEGRAM: waiting}, clock)
    pushing = asyncio.create_task(push.run_once())
    async with asyncio.timeout(BOUND):
        await waiting.waits.wait()
        await desk.pause(reader, None)
        waiting.turn.set()
        await pushing
    assert waiting.sent == []
    stands = await state_of(any_database, reader)
    assert (stands.state, stands.reason) == (State.FAILED, "paused")


class StoppingMessenger(RecordingMessenger):
    """The program is told to end while it sends."""

    def __init__(self, stop):
        super().__init__()
        self._stop = stop

    async def send(self, chat, message, **how):
        self._stop.set()
        return await super().send(chat, message, **how)


class BrokenDesk:
    """Breaks over one reader, as a bug of ranking would."""

    def __init__(self, desk, poison):
        self._desk = desk
        self._poison = poison

    async def editions(self, claimed, *, is_retry=False):
        if any(claim.user.id == self._poison for claim in claimed):
            raise ZeroDivisionError
        return await self._desk.editions(claimed, is_retry=is_retry)


async def test_a_reader_over_whom_ranking_breaks_costs_nobody_else_the_digest(
    any_database, desk, messenger, clock
):
    readers = [await subscribe(desk, str(n)) for n in range(4)]
    broken = BrokenDesk(desk, readers[1].id)
    clock.forward(hours=1)
    push = DailyPicks(any_database, broken, {Platform.TELEGRAM: messenger}, clock)
    pushed = await push.run_once()
    assert (pushed.sent, pushed.later) == (3, 1)
    assert sorted(s.chat for s in messenger.sent) == ["chat-0", "chat-2", "chat-3"]
    clock.forward(hours=1)  # and then the bug is mended
    await DailyPicks(any_database, desk, {Platform.TELEGRAM: messenger}, clock).run_once()
    assert messenger.to("chat-1")


async def test_a_send_that_may_have_arrived_is_never_repeated_and_today_shows_it(
    push, desk, messenger, clock, any_database
):
    reader = await subscribe(desk)
    messenger.refusals["chat-7"] = [OutcomeUnknown()]
    clock.forward(hours=1)
    for _ in range(3):
        await push.run_once()
        clock.forward(minutes=20)
    assert messenger.sent == []
    assert (await state_of(any_database, reader)).state == State.UNKNOWN
    assert len(await desk.digest(reader)) == 3


async def test_one_readers_trouble_costs_nobody_elses_digest(
    push, desk, messenger, clock, any_database
):
    readers = [await subscribe(desk, str(n)) for n in range(5)]
    messenger.refusals["chat-2"] = [Refused()]
    messenger.refusals["chat-3"] = [ZeroDivisionError()]
    clock.forward(hours=1)
    await push.run_once()
    assert sorted(s.chat for s in messenger.sent) == ["chat-0", "chat-1", "chat-4"]
    states = [(await state_of(any_database, reader)).state for reader in readers]
    assert states == [State.SENT, State.SENT, State.FAILED, State.UNKNOWN, State.SENT]


class HookedShelf:
    """A shelf before which something happens whenever papers are about to be chosen."""

    def __init__(self, shelf, hook):
        self._shelf, self._hook = shelf, hook

    def __getattr__(self, name):
        return getattr(self._shelf, name)

    async def held(self):
        await self._hook()
        return await self._shelf.held()


async def test_who_is_forgotten_while_papers_are_chosen_costs_nobody_else_a_second_choice(
    any_database, desk, messenger, encoder, clock, tmp_path
):
    gone, stays = await subscribe(desk, "7"), await subscribe(desk, "8")
    shelf = Shelf(any_database, tmp_path, lambda _: encoder)
    await shelf.refresh()

    async def forget():
        async with any_database.writing() as db:
            await personal.forget(db, gone.id)

    forgetful = Desk(any_database, HookedShelf(shelf, forget), NoSource(), clock)
    clock.forward(hours=1)
    claimed = await claim(any_database, clock())
    assert {one.user.id for one in claimed} == {gone.id, stays.id}
    async with asyncio.timeout(BOUND):
        (edition,) = await forgetful.editions(claimed)
    assert (edition.user.id, len(edition.offers)) == (stays.id, 3)


async def test_who_is_forgotten_while_their_digest_is_under_way_leaves_no_trace_of_it(
    any_database, desk, clock
):
    gone = await subscribe(desk, "9140775523")
    await subscribe(desk, "8")

    class Forgetting(RecordingMessenger):
        async def send(self, chat, message, **how):
            refs = await super().send(chat, message, **how)
            async with any_database.writing() as db:
                await personal.forget(db, gone.id)
            return refs

    messenger = Forgetting()
    clock.forward(hours=1)
    push = DailyPicks(any_database, desk, {Platform.TELEGRAM: messenger}, clock)
    await push.run_once()
    assert await traces.in_tables(any_database, ["9140775523"]) == []
    clock.forward(days=1)
    await push.run_once()
    chats = [sent.chat for sent in messenger.sent]
    assert chats.count("chat-8") == 2
    assert chats.count("chat-9140775523") <= 1


async def test_a_process_that_died_before_sending_costs_nothing(
    push, desk, messenger, clock, any_database
):
    await subscribe(desk)
    clock.forward(hours=1)
    assert await claim(any_database, clock())  # and then the process is gone
    clock.now += ABANDONED + timedelta(seconds=1)
    await push.run_once()
    await push.run_once()
    assert len(messenger.sent) == 1


async def test_a_process_that_died_while_sending_never_sends_twice(
    push, desk, messenger, clock, any_database
):
    reader = await subscribe(desk)
    clock.forward(hours=1)
    (claimed,) = await claim(any_database, clock())
    async with any_database.writing() as db:
        assert await deliveries.begin_sending(
            db, reader.id, claimed.day, clock(), account=reader.account, model="m"
        )
    clock.now += ABANDONED + timedelta(seconds=1)
    await push.run_once()
    assert messenger.sent == []
    assert (await state_of(any_database, reader)).state == State.UNKNOWN


async def test_a_day_without_unseen_papers_says_so(push, desk, messenger, clock):
    reader = await subscribe(desk)
    while await desk.next_offer(reader):
        pass
    clock.forward(hours=1)
    await push.run_once()
    (message,) = messenger.to("chat-7")
    assert message.digest is None
    assert "nothing new" in message.text[0].text.lower()


async def test_who_wants_it_quiet_gets_it_without_a_sound(push, desk, messenger, clock):
    await subscribe(desk, "7", replace(AT_EIGHT, is_quiet=True))
    await subscribe(desk, "8")
    clock.forward(hours=1)
    await push.run_once()
    assert {sent.chat: sent.is_quiet for sent in messenger.sent} == {
        "chat-7": True,
        "chat-8": False,
    }


async def test_each_digest_speaks_its_readers_language(push, desk, messenger, clock):
    await subscribe(desk, "7")
    german = await subscribe(desk, "8")
    await desk.set_language(german, "de", is_chosen=True)
    clock.forward(hours=1)
    await push.run_once()
    headings = {sent.chat: sent.message.digest.heading for sent in messenger.sent}
    assert headings["chat-7"].startswith("Your 3 papers for ")
    assert headings["chat-8"].startswith("Deine 3 Paper für ")


async def test_a_day_without_new_papers_brings_older_ones_or_a_line_as_the_reader_chose(
    push, desk, messenger, clock, any_database
):
    await subscribe(desk, "best")
    await subscribe(desk, "line", replace(AT_EIGHT, is_filled=False))
    clock.forward(hours=1)
    await push.run_once()
    clock.forward(days=1)  # and nothing was announced
    await push.run_once()
    clock.forward(hours=12)
    await stocked(any_database, papers_of(TODAY + timedelta(days=1), first=40), clock())
    clock.forward(hours=12)
    await push.run_once()
    best, line = messenger.to("chat-best"), messenger.to("chat-line")
    assert [len(shown(message)) for message in best] == [3, 3, 3]
    assert [bool(message.digest) for message in line] == [True, False, True]
    assert "nothing was announced since your last digest" in line[1].text[0].text


async def test_after_an_outage_of_days_one_catch_up_comes(push, desk, messenger, clock):
    await subscribe(desk)
    clock.forward(days=4, hours=1)
    await push.run_once()
    assert len(messenger.sent) == 1
    clock.forward(days=1)
    await push.run_once()
    assert len(messenger.sent) == 2


async def test_nothing_comes_after_pause_and_something_after_resume(push, desk, messenger, clock):
    reader = await subscribe(desk)
    await desk.pause(reader, 3)
    clock.forward(days=2)
    await push.run_once()
    assert messenger.sent == []
    await desk.resume(reader)
    clock.forward(days=1)
    await push.run_once()
    assert len(messenger.sent) == 1

"""The Discord adapter against a Discord of our own on loopback."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
import structlog

from bot.adapters.discord_app import DiscordApp, DiscordMessenger, Timing
from bot.adapters.discord_limits import LIMITS
from bot.adapters.pacing import Limits, Pacer, Window
from bot.budget import SharedBudget
from bot.conversation.events import (
    LARGEST_FILE,
    Command,
    Event,
    Filled,
    MessageRef,
    Person,
    Platform,
    Pressed,
    Said,
    SentFile,
    Suggests,
)
from bot.conversation.messages import (
    Action,
    Ask,
    Attachment,
    Button,
    Card,
    Edit,
    Message,
    Revise,
    Send,
    Toast,
    plain,
)
from bot.conversation.ports import OutcomeUnknown, Presence, RecipientGone, Refused, TryLater
from bot.conversation.suggestions import Choice, InlinePage, Suggesting
from bot.conversation.taps import Act, Tap, encode
from recommender.papers import PaperId
from storage.dialogue_state import LocalState
from tests.adapters.noted_presence import NotedPresence
from tests.local_discord import EPHEMERAL, LocalDiscord

BOUND = 10
HUGE = b" " * (LARGEST_FILE + 1)
QUICK = Timing(first_retry=0.01, last_retry=0.01)
HASTY = replace(QUICK, patience=0.0)


def paper(number: int, mark: str = "") -> Message:
    card = Card(
        PaperId(number),
        f"Paper {number}",
        f"https://arxiv.org/abs/2401.{number:05d}",
        "A. Author",
        ("cs.LG",),
        "We show *this*.",
        (),
        "",
        mark,
    )
    like, why = (encode(Tap(act, number, 7)) for act in (Act.LIKE, Act.WHY))
    return Message(card=card, buttons=((Button("Like", like), Button("Why?", why)),))


class Script:
    """An Answering that says what it is told to. `gate` holds every answer back while closed."""

    def __init__(self) -> None:
        self.heard: list[Event] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.later: list[Action] = []  # said after the first action, behind `second_gate`
        self.second_gate = asyncio.Event()
        self.second_gate.set()
        self.says: Callable[[Event], list[Action]] = lambda _: [Send(paper(1))]

    async def answer(self, event: Event) -> AsyncIterator[Action]:
        self.heard.append(event)
        await self.gate.wait()
        for action in self.says(event):
            yield action
        await self.second_gate.wait()
        for action in self.later:
            yield action


def liking(event: Event) -> list[Action]:
    if isinstance(event, Pressed) and event.message:
        return [Toast("Liked."), Edit(event.message, paper(1, "👍 Liked")), Send(paper(2))]
    return [Send(paper(1))]


@pytest.fixture
async def discord() -> AsyncIterator[LocalDiscord]:
    async with LocalDiscord() as server:
        yield server


@pytest.fixture
def script() -> Script:
    return Script()


def unpaced() -> Pacer:
    nothing = (Window(10_000, 0.001),)
    return Pacer(Limits(nothing, nothing, ()), time.monotonic)


@asynccontextmanager
async def serving(
    discord: LocalDiscord,
    script: Script,
    timing: Timing = QUICK,
    suggesting: Suggesting | None = None,
    presence: Presence | None = None,
):
    stop = asyncio.Event()
    app = DiscordApp(
        discord.token,
        discord.api_base,
        script,
        pacer=unpaced(),
        timing=timing,
        suggesting=suggesting,
        presence=presence,
    )
    task = asyncio.create_task(app.run(stop))
    try:
        await discord.online()
        yield
    finally:
        stop.set()
        async with asyncio.timeout(BOUND):
            await task


async def test_a_command_is_answered_with_a_card(discord, script):
    bob = discord.person(locale="de")
    async with serving(discord, script):
        asked = await bob.slash("start")
        card = await bob.sees("Paper 1")
    assert asked.answered == 4
    assert card.embeds[0]["description"].endswith("We show \\*this\\*.")
    assert not card.flags & EPHEMERAL
    (command,) = script.heard
    assert isinstance(command, Command)
    assert command.event == str(asked.number)
    assert command.person.chat == str(bob.dm)
    assert command.person.is_private
    assert command.person.language == "de"
    assert discord.violations == []


async def test_typed_options_arrive_in_the_order_the_command_declares(discord, script):
    bob = discord.person()
    async with serving(discord, script):
        await bob.slash("schedule", papers=7, time="08:30", zone="Europe/Berlin")
        await bob.sees("Paper 1")
    assert script.heard[0].text == "08:30 Europe/Berlin 7 papers"


async def test_a_like_is_acknowledged_by_the_card_itself_and_the_next_one_follows(discord, script):
    bob = discord.person()
    script.says = liking
    async with serving(discord, script):
        await bob.slash("start")
        card = await bob.sees("Paper 1")
        tap = await bob.press(card, "Like")
        await bob.sees("Paper 2")
    assert tap.answered == 7
    assert "👍 Liked" in card.text
    assert discord.violations == []


async def test_in_a_server_only_the_asker_sees_cards_and_their_changes(discord, script):
    bob, eve, channel = discord.person(1), discord.person(2), discord.server_channel()
    script.says = liking
    async with serving(discord, script):
        await bob.slash("start", channel)
        card = await bob.sees("Paper 1", channel)
        await bob.press(card, "Like")
        await bob.sees("👍 Liked", channel)
        await bob.sees("Paper 2", channel)
    assert discord.seen_by(eve.number, channel) == []
    person = script.heard[0].person
    assert (person.is_private, person.chat) == (False, str(bob.dm))
    assert discord.violations == []


async def test_in_a_dm_only_asides_are_ephemeral(discord, script):
    bob = discord.person()
    async with serving(discord, script):
        script.says = lambda _: [Send(paper(1), is_private=True)]
        await bob.slash("status")
        card = await bob.sees("Paper 1")
        script.says = lambda _: [Send(Message(plain("because")), is_private=True)]
        await bob.press(card, "Why?")
        aside = await bob.sees("because")
    assert (card.flags & EPHEMERAL, aside.flags & EPHEMERAL) == (0, EPHEMERAL)


async def test_a_person_whose_dm_cannot_be_opened_has_no_chat(discord, script):
    bob, channel = discord.person(), discord.server_channel()
    discord.fault("open_dm", status=403, code=50007)
    async with serving(discord, script):
        await bob.slash("start", channel)
        await bob.sees("Paper 1", channel)
    assert script.heard[0].person.chat is None


@pytest.mark.parametrize("in_server", [False, True])
async def test_a_slow_answer_is_deferred_and_then_replaces_the_waiting(discord, script, in_server):
    bob = discord.person()
    channel = discord.server_channel() if in_server else None
    script.gate.clear()
    async with serving(discord, script, HASTY):
        asked = await bob.slash("start", channel)
        await bob.gets_answer(asked)
        assert asked.answered == 5
        script.gate.set()
        card = await bob.sees("Paper 1", channel)
    assert card.number == asked.original
    assert bool(card.flags & EPHEMERAL) is in_server
    assert discord.violations == []


async def test_a_slow_tap_is_deferred_and_still_changes_its_card(discord, script):
    bob = discord.person()
    script.says = liking
    async with serving(discord, script, HASTY):
        await bob.slash("start")
        card = await bob.sees("Paper 1")
        script.gate.clear()
        tap = await bob.gets_answer(await bob.press(card, "Like"))
        assert tap.answered == 6
        assert card.edits <= 1  # nothing is promised before it is stored
        assert "Liked" not in card.text
        script.gate.set()
        await bob.sees("Paper 2")
    assert "👍 Liked" in card.text
    assert discord.violations == []


async def test_a_toast_is_shown_only_when_nothing_else_is(discord, script):
    bob = discord.person()
    async with serving(discord, script):
        await bob.slash("start")
        card = await bob.sees("Paper 1")
        script.says = lambda _: [Toast("That button is too old.")]
        await bob.press(card, "Why?")
        refusal = await bob.sees("too old")
        script.says = liking
        await bob.press(card, "Like")
        await bob.sees("Paper 2")
    assert refusal.flags & EPHEMERAL
    assert not any("Liked." in posted.text for posted in discord.posted.values())


async def test_old_cards_work_after_a_restart_and_commands_are_registered_once(discord, script):
    bob = discord.person()
    async with serving(discord, script):
        await bob.slash("start")
        card = await bob.sees("Paper 1")
    discord.identified = 0
    script.says = liking
    async with serving(discord, script):
        await bob.press(card, "Like")
        await bob.sees("👍 Liked")
    assert len(discord.called("set_commands")) == 1


async def test_a_tap_that_came_too_late_still_changes_the_card_in_a_dm(discord, script):
    bob = discord.person()
    script.says = liking
    async with serving(discord, script, HASTY):
        await bob.slash("start")
        card = await bob.sees("Paper 1")
        script.gate.clear()
        tap = await bob.press(card, "Like")
        await discord.until(lambda: tap.answered == 6)
        tap.is_expired = True
        script.gate.set()
        await bob.sees("Paper 2")
    assert "👍 Liked" in card.text


async def test_the_dial_is_a_typed_option(discord, script):
    bob = discord.person()
    async with serving(discord, script):
        await bob.slash("surprise", dial=0)
        await bob.sees("Paper 1")
        (spec,) = [command for command in discord.commands if command["name"] == "surprise"]
    assert (script.heard[0].name, script.heard[0].text) == ("surprise", "0")
    (option,) = spec["options"]
    assert (option["min_value"], option["max_value"]) == (0, 4)


async def test_commands_options_and_choices_have_german_names(discord, script):
    bob = discord.person()
    async with serving(discord, script):
        await bob.slash("start")
        await bob.sees("Paper 1")
        specs = {command["name"]: command for command in discord.commands}
    trending = specs["trending"]
    assert trending["name_localizations"] == {"de": "trends"}
    assert "gestimmt" in trending["description_localizations"]["de"]
    (period,) = trending["options"]
    assert (period["name"], period["name_localizations"]) == ("period", {"de": "zeitraum"})
    assert [choice["name_localizations"]["de"] for choice in period["choices"]] == [
        "Tag",
        "Woche",
        "Monat",
    ]
    assert [choice["value"] for choice in period["choices"]] == ["day", "week", "month"]
    assert specs["Papers like this"]["name_localizations"] == {"de": "Ähnliche Paper"}


async def test_a_command_typed_by_its_german_name_is_that_command(discord, script):
    bob = discord.person()
    async with serving(discord, script):
        await bob.write("/ähnlich 2301.12652")
        await bob.sees("Paper 1")
    assert (script.heard[0].name, script.heard[0].text) == ("similar", "2301.12652")


async def test_what_is_written_in_a_dm_is_heard_with_its_links(discord, script):
    bob = discord.person()
    async with serving(discord, script):
        await bob.write("see [this](https://arxiv.org/abs/2401.00001)")
        await bob.sees("Paper 1")
    (said,) = script.heard
    assert isinstance(said, Said)
    assert said.links == ("https://arxiv.org/abs/2401.00001",)


async def test_a_command_that_was_only_typed_is_a_command(discord, script):
    bob = discord.person()
    async with serving(discord, script):
        await bob.write("/pause 3")
        await bob.sees("Paper 1")
    assert (script.heard[0].name, script.heard[0].text) == ("pause", "3")


async def test_a_command_that_nobody_offered_is_a_command_all_the_same(discord, script):
    bob = discord.person()
    async with serving(discord, script):
        await bob.write("/Admin ban 17")
        await bob.sees("Paper 1")
    assert (script.heard[0].name, script.heard[0].text) == ("admin", "ban 17")
    assert "admin" not in {command["name"] for command in discord.commands}


async def test_in_a_server_only_mentions_are_heard(discord, script):
    bob, channel = discord.person(), discord.server_channel()
    async with serving(discord, script):
        await bob.write("between people", channel)
        asked = await bob.write(f"<@{discord.me}> 2401.00001", channel)
        card = await bob.sees("Paper 1", channel)
    assert [event.text for event in script.heard] == ["2401.00001"]
    assert card.reply_to == str(asked)


@pytest.mark.parametrize("route", ["open_dm", "send"])
async def test_whom_no_direct_message_reaches_is_told_once_where_they_asked(discord, script, route):
    bob, channel = discord.person(), discord.server_channel()
    script.says = lambda _: [Send(paper(1), is_private=True), Send(paper(2), is_private=True)]
    discord.fault(route, status=403, code=50007)
    async with serving(discord, script):
        asked = await bob.write(f"<@{discord.me}> /saved", channel)
        told = await bob.sees("I can show that only to you", channel)
    assert told.reply_to == str(asked)
    assert discord.seen_by(bob.number, channel) == [told]


async def test_a_public_card_is_not_one_persons_to_change(discord, script):
    bob, eve, channel = discord.person(1), discord.person(2), discord.server_channel()
    script.says = liking
    async with serving(discord, script):
        await bob.write(f"<@{discord.me}> 2401.00001", channel)
        card = await eve.sees("Paper 1", channel)
        await eve.press(card, "Like")
        own = await eve.sees("👍 Liked", channel)
        await eve.sees("Paper 2", channel)
    assert own.only_for == eve.number
    assert "Liked" not in card.text


async def test_a_lost_session_is_begun_anew_where_the_bot_was_told_to_connect(discord, script):
    bob = discord.person()
    async with serving(discord, script):
        await discord.drop()
        await discord.until(lambda: discord.resumed)
        await discord.drop(is_resumable=False)
        await discord.until(lambda: discord.identified == 2)
        await bob.slash("start")
        await bob.sees("Paper 1")


async def test_an_outage_of_the_gateway_is_waited_out_without_a_word_from_the_library(
    discord, script, caplog
):
    bob = discord.person()
    async with serving(discord, script):
        discord.is_down = True
        await discord.drop()
        await discord.until(lambda: discord.turned_away)
        discord.is_down = False
        await discord.until(lambda: discord.resumed)
        await bob.slash("start")
        await bob.sees("Paper 1")
    assert "reconnect" not in caplog.text


async def test_the_end_does_not_wait_for_an_answer_that_hangs(discord, script):
    bob = discord.person()
    script.gate.clear()
    async with serving(discord, script, replace(HASTY, farewell=0.01)):
        await bob.gets_answer(await bob.slash("start"))
    assert not discord.is_online


async def test_a_refused_token_ends_discord_alone_and_is_never_printed(discord, script):
    app = DiscordApp("a-wrong-token", discord.api_base, script, pacer=unpaced(), timing=QUICK)
    with structlog.testing.capture_logs() as lines:
        async with asyncio.timeout(BOUND):
            await app.run(asyncio.Event())
    assert [line["event"] for line in lines] == ["discord.token_refused"]
    assert "a-wrong-token" not in str(lines)


async def test_discord_that_is_away_at_the_start_is_waited_for(discord, script):
    discord.fault("me", status=503, times=3)
    with structlog.testing.capture_logs() as lines:
        async with serving(discord, script):
            pass
    assert [line["event"] for line in lines].count("discord.away") == 1


async def test_a_bug_in_one_answer_is_admitted_and_ends_no_other(discord, script):
    bob = discord.person()

    def broken(_: Event) -> list[Action]:
        raise RuntimeError("a bug")

    async with serving(discord, script):
        script.says = broken
        with structlog.testing.capture_logs() as lines:
            await bob.slash("start")
            await bob.sees("Something went wrong")
        script.says = lambda _: [Send(paper(1))]
        await bob.slash("start")
        await bob.sees("Paper 1")
    assert [line["event"] for line in lines] == ["discord.event_failed"]
    assert discord.violations == []


async def test_two_taps_of_one_person_are_heard_in_order(discord, script):
    bob = discord.person()
    async with serving(discord, script, HASTY):
        await bob.slash("start")
        card = await bob.sees("Paper 1")
        script.says = lambda event: [Send(Message(plain(f"said {event.data[0]}")))]
        script.gate.clear()
        await bob.press(card, "Like")
        await discord.until(lambda: len(script.heard) == 2)
        await bob.press(card, "Why?")
        script.gate.set()
        await bob.sees("said w")
    assert [event.data for event in script.heard[1:]] == list(card.buttons.values())


class Pauses:
    """A pause that takes no time, and what was asked of it."""

    def __init__(self) -> None:
        self.taken: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)


@pytest.fixture
async def messenger(discord) -> AsyncIterator[DiscordMessenger]:
    async with DiscordMessenger(
        discord.token, discord.api_base, unpaced(), pause=Pauses()
    ) as sender:
        yield sender


async def push(messenger: DiscordMessenger, chat: object, nonce: str = "digest") -> MessageRef:
    (ref,) = await messenger.send(str(chat), paper(1), nonce=nonce, is_quiet=True)
    return ref


async def test_a_digest_is_pushed_without_a_gateway(discord, messenger):
    bob = discord.person()
    ref = await push(messenger, bob.dm)
    posted = discord.posted[int(ref.message)]
    assert (ref.chat, posted.channel) == (str(bob.dm), bob.dm)
    assert posted.flags == 1 << 12
    assert discord.identified == 0


async def test_a_digest_finds_the_dm_of_a_person(discord, messenger):
    bob = discord.person()
    assert (await push(messenger, f"user:{bob.number}")).chat == str(bob.dm)


@pytest.mark.parametrize("fault", [{"kind": "lose"}, {"kind": "cut"}, {"status": 503}])
async def test_a_lost_answer_never_makes_a_second_digest(discord, messenger, fault):
    bob = discord.person()
    discord.fault("send", **fault)
    await push(messenger, bob.dm, nonce="a nonce that is longer than Discord takes")
    assert len(discord.seen_by(bob.number, bob.dm)) == 1
    assert discord.violations == []


async def test_an_outcome_that_stays_unknown_is_called_so(discord, messenger):
    bob = discord.person()
    discord.fault("send", kind="lose", times=9)
    with pytest.raises(OutcomeUnknown):
        await push(messenger, bob.dm)
    assert len(discord.seen_by(bob.number, bob.dm)) == 1


async def test_a_person_with_closed_dms_is_gone(discord, messenger):
    bob = discord.person()
    bob.takes_dms = False
    with pytest.raises(RecipientGone):
        await push(messenger, bob.dm)
    with pytest.raises(RecipientGone):
        await push(messenger, 404)
    with pytest.raises(RecipientGone):
        await push(messenger, "user:404")


async def test_a_short_limit_is_sat_out_and_a_long_one_handed_on(discord, messenger):
    bob = discord.person()
    discord.fault("send", status=429, more={"retry_after": 0.01, "global": False})
    await push(messenger, bob.dm, "one")
    discord.fault("send", status=429, more={"retry_after": 90.0, "global": False})
    with pytest.raises(TryLater) as later:
        await push(messenger, bob.dm, "two")
    assert later.value.after == timedelta(seconds=90)


@pytest.mark.parametrize("is_global", [False, True])
async def test_every_process_keeps_the_silence_that_one_of_them_was_asked_for(discord, is_global):
    state, bob, eve = LocalState(), discord.person(), discord.person()
    budgets = [SharedBudget(state, Platform.DISCORD, LIMITS) for _ in range(2)]
    pacer = Pacer(LIMITS, time.monotonic, budget=budgets[0])
    async with DiscordMessenger(discord.token, discord.api_base, pacer) as sender:
        discord.fault("send", status=429, more={"retry_after": 89.5, "global": is_global})
        with pytest.raises(TryLater):
            await push(sender, bob.dm)
    spent = await budgets[1].spend(str(bob.dm), is_group=False)
    assert spent is not None
    assert spent.is_silence
    assert 80 < spent.seconds <= 90
    others = await budgets[1].spend(str(eve.dm), is_group=False)
    assert (others is not None) == is_global


async def test_a_malformed_message_is_refused_for_good(discord, messenger):
    discord.fault("send", status=400, code=50035)
    with pytest.raises(Refused):
        await push(messenger, discord.person().dm)


async def test_a_bot_under_suspicion_does_not_give_up_its_readers(discord, messenger):
    discord.fault("send", status=403, code=20026)
    with pytest.raises(TryLater):
        await push(messenger, discord.person().dm)


async def test_a_wrong_token_costs_no_reader_their_digests(discord):
    async with DiscordMessenger("a-wrong-token", discord.api_base, unpaced()) as sender:
        with pytest.raises(TryLater):
            await push(sender, discord.person().dm)


@pytest.mark.parametrize("timing", [QUICK, HASTY])
@pytest.mark.parametrize("is_slash", [True, False])
async def test_a_file_arrives_with_its_name_and_its_words(discord, script, timing, is_slash):
    content = "Zoë & <co>\0\n".encode()
    file = Attachment("papers.bib", content)
    script.says = lambda _: [Send(Message(plain("Here you are."), attachment=file))]
    if timing is HASTY:
        script.gate.clear()
    bob = discord.person()
    async with serving(discord, script, timing):
        if is_slash:
            asked = await bob.slash("pick")
            if timing is HASTY:
                await discord.until(lambda: asked.answered)
        else:
            await bob.write("hello")
        script.gate.set()
        posted = await bob.sees("Here you are.")
    assert posted.files == {"papers.bib": content}
    assert discord.violations == []


async def test_a_file_comes_with_the_answer_to_a_tap_too(discord, script):
    file = Attachment("papers.bib", b"@misc{}")
    script.says = lambda event: [
        Send(Message(plain("Here you are."), attachment=file))
        if isinstance(event, Pressed)
        else Send(paper(1))
    ]
    bob = discord.person()
    async with serving(discord, script):
        await bob.slash("start")
        await bob.press(await bob.sees("Paper 1"), "Like")
        posted = await bob.sees("Here you are.")
    assert posted.files == {"papers.bib": b"@misc{}"}
    assert discord.violations == []


async def test_a_file_that_can_be_read_comes_with_what_was_said_and_no_other_is_fetched(
    discord, script
):
    bob = discord.person()
    async with serving(discord, script):
        sent = ("taste.json", b'{"a": 1}'), ("paper.pdf", b"%PDF"), ("huge.json", HUGE)
        for answers, (name, content) in enumerate(sent, 1):
            await bob.send_file(name, content)
            await discord.until(lambda n=answers: len(discord.seen_by(42, bob.dm)) == n)
    assert [said.files for said in script.heard] == [
        (SentFile("taste.json", b'{"a": 1}'),),
        (),
        (SentFile("huge.json", None),),
    ]

    assert [said.text for said in script.heard] == ["taste.json", "paper.pdf", "huge.json"]


@pytest.mark.parametrize("in_server", [False, True])
async def test_a_file_comes_with_a_slash_command_and_shows_how_far_it_is(
    discord, script, in_server
):
    script.says = lambda _: [
        Send(Message(plain("one half"))),
        Revise(Message(plain("all of it"))),
        Send(Message(plain("and one near it"))),
    ]
    bob, eve = discord.person(), discord.person(43)
    channel = discord.server_channel() if in_server else None
    async with serving(discord, script):
        await bob.slash("teach", channel, file=("mine.bib", b"@misc{}"), papers="and 1706.03762")
        await bob.sees("and one near it", channel)
    (command,) = script.heard
    assert isinstance(command, Command)
    assert (command.name, command.text) == ("teach", "and 1706.03762\nmine.bib")
    assert command.files == (SentFile("mine.bib", b"@misc{}"),)
    said = [posted.content for posted in discord.seen_by(42, channel or bob.dm)]
    assert said == ["all of it", "and one near it"]
    assert discord.seen_by(eve.number, channel or eve.dm) == []
    assert discord.violations == []


async def test_a_file_of_another_kind_is_only_its_name_and_a_large_one_only_refused(
    discord, script
):
    bob = discord.person()
    async with serving(discord, script):
        for name, content in (("2301.12652.pdf", b"%PDF"), ("huge.bib", HUGE)):
            await bob.slash("teach", file=(name, content))
        await discord.until(lambda: len(script.heard) == 2)
    heard = {command.text: command.files for command in script.heard}
    assert heard == {"2301.12652.pdf": (), "huge.bib": (SentFile("huge.bib", None),)}


async def test_a_command_that_is_written_with_a_file_gets_it_too(discord, script):
    bob = discord.person()
    discord.files["mine.bib"] = b"@misc{}"
    async with serving(discord, script):
        await discord.written(bob, bob.dm, "/teach", ["mine.bib"])
        await bob.sees("Paper 1")
    assert script.heard[0].files == (SentFile("mine.bib", b"@misc{}"),)


async def test_taps_are_answered_while_a_file_is_fetched_and_read(discord, script):
    bob = discord.person()
    async with serving(discord, script, HASTY):
        await bob.slash("start")
        card = await bob.sees("Paper 1")
        script.says = liking
        discord.may_fetch.clear()
        asked = await bob.slash("teach", file=("mine.bib", b"@misc{}"))
        await bob.gets_answer(asked)  # that it takes a while
        tap = await bob.press(card, "Like")
        await bob.sees("Paper 2")
        assert tap.answered == 7
        assert not any(isinstance(event, Command) and event.files for event in script.heard)
        discord.may_fetch.set()
        await discord.until(lambda: len(discord.seen_by(42, bob.dm)) == 3)
    assert script.heard[-1].files == (SentFile("mine.bib", b"@misc{}"),)
    assert discord.violations == []


async def test_a_bibliography_that_is_forwarded_is_fetched_as_well(discord, script):
    bob = discord.person()
    discord.files["mine.bib"] = b"@misc{}"
    snapshot = {"content": "read these", "embeds": [], "attachments": [discord.file("mine.bib")]}
    async with serving(discord, script):
        await discord.written(bob, bob.dm, "", snapshots=[snapshot])
        await bob.sees("Paper 1")
    (said,) = script.heard
    assert (said.text, said.files) == (
        "read these\nmine.bib",
        (SentFile("mine.bib", b"@misc{}"),),
    )


@pytest.mark.parametrize("is_slash", [True, False])
async def test_progress_replaces_what_was_said_last(discord, script, is_slash):
    script.says = lambda _: [Send(Message(plain("one half"))), Revise(Message(plain("all")))]
    bob = discord.person()
    async with serving(discord, script):
        await (bob.slash("pick") if is_slash else bob.write("hello"))
        await bob.sees("all")
    assert [posted.content for posted in discord.seen_by(42, bob.dm)] == ["all"]
    assert discord.violations == []


ASKED = Ask(
    question=Message(plain("Reply to this.")),
    otherwise=Message(plain("Send /note and your words.")),
    data="v:1:7:",
    title="Your note",
    label="Of a paper with a title that is far longer than forty-five characters",
    hint="A #tag makes a list.",
    placeholder="Your note",
    value="as it stands",
    most=1000,
)


@pytest.mark.parametrize("is_tap", [True, False])
@pytest.mark.parametrize("in_server", [True, False])
async def test_a_note_is_asked_for_by_a_form_that_comes_back(discord, script, is_tap, in_server):
    script.says = lambda event: [Send(paper(1)) if getattr(event, "name", "") == "pick" else ASKED]
    bob = discord.person()
    channel = discord.server_channel() if in_server else None
    async with serving(discord, script):
        if is_tap:
            await bob.slash("pick", channel)
            opened = await bob.press(await bob.sees("Paper 1", channel), "Like")
        else:
            opened = await bob.slash("note", channel)
        await bob.gets_answer(opened)
        script.says = lambda _: [Send(Message(plain("Noted.")), is_private=True)]
        await bob.fill(opened, "read it again")
        noted = await bob.sees("Noted.", channel)
    filled = script.heard[-1]
    assert isinstance(filled, Filled)
    assert (filled.data, filled.text, filled.person.account) == (
        "v:1:7:",
        "read it again",
        str(bob.number),
    )
    (labelled,) = opened.form["components"]
    assert labelled["component"]["value"] == "as it stands"
    assert bool(noted.flags & EPHEMERAL) is in_server
    assert discord.violations == []


async def test_a_form_that_comes_too_late_is_replaced_by_words(discord, script):
    script.says = lambda event: [ASKED]
    script.gate.clear()
    bob = discord.person()
    async with serving(discord, script, HASTY):
        await bob.gets_answer(await bob.slash("note"))
        script.gate.set()
        await bob.sees("Send /note and your words.")
        script.gate.set()
        await bob.write("/note")
        await discord.until(lambda: len(discord.seen_by(42, bob.dm)) == 2)
    assert discord.violations == []


async def test_a_file_that_is_gone_is_said_to_be_so(discord, script):
    bob = discord.person()
    async with serving(discord, script):
        await bob.send_file("taste.json", b"{}")
        await bob.sees("Paper 1")
        await discord.written(bob, bob.dm, "", ["gone.json"])
        await discord.until(lambda: len(discord.seen_by(42, bob.dm)) == 2)
    assert script.heard[-1].files == (SentFile("gone.json", None),)


class TypedScript:
    """Proposes what was typed, with numbers behind it."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Suggests, str]] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def inline(self, person: Person, asked: str, offset: str) -> InlinePage:
        return InlinePage()

    async def choices(self, person: Person, suggests: Suggests, typed: str) -> list[Choice]:
        self.asked.append((person.account, suggests, typed))
        await self.gate.wait()
        return [Choice(f"{typed} {n}", f"arxiv:2401.{n:05}") for n in range(25)]


async def test_papers_are_proposed_while_an_option_is_typed(discord, script):
    bob, suggesting = discord.person(), TypedScript()
    async with serving(discord, script, suggesting=suggesting):
        asked = await bob.gets_answer(await bob.typing("similar", "paper", "attention is"))
        chosen = asked.choices["attention is 7"]
        await bob.slash("similar", paper=chosen)
        await bob.sees("Paper 1")
    assert suggesting.asked == [(str(bob.number), Suggests.PAPER, "attention is")]
    assert len(asked.choices) == 25
    assert (script.heard[0].name, script.heard[0].text) == ("similar", "arxiv:2401.00007")
    assert discord.violations == []


async def test_while_nobody_proposes_anything_the_list_is_empty(discord, script):
    bob = discord.person()
    async with serving(discord, script):
        asked = await bob.gets_answer(await bob.typing("similar", "paper", "attention"))
    assert (asked.answered, asked.choices) == (8, {})


@pytest.mark.parametrize("in_server", [False, True])
async def test_the_menu_of_a_message_asks_about_it_and_only_the_asker_sees_the_answer(
    discord, script, in_server
):
    bob = discord.person()
    channel = discord.server_channel() if in_server else None
    embeds = [{"type": "link", "url": "https://arxiv.org/abs/2301.00002"}]
    snapshots = [{"message": {"content": "2301.00003"}}]
    async with serving(discord, script):
        await bob.about(
            "Papers like this", "look", channel, embeds=embeds, message_snapshots=snapshots
        )
        card = await bob.sees("Paper 1", channel)
    (command,) = script.heard
    assert (command.name, command.text) == (
        "like_this",
        "look\nhttps://arxiv.org/abs/2301.00002\n2301.00003",
    )
    assert card.flags & EPHEMERAL
    assert discord.violations == []


async def test_a_slow_answer_about_a_message_stays_for_the_asker_alone(discord, script):
    bob = discord.person()
    script.gate.clear()
    async with serving(discord, script, HASTY):
        asked = await bob.gets_answer(await bob.about("Papers like this", "2301.00001"))
        script.gate.set()
        card = await bob.sees("Paper 1")
    assert asked.answered == 5
    assert card.flags & EPHEMERAL


async def test_by_which_number_others_may_add_the_bot_is_told_while_they_may(discord, script):
    presence = NotedPresence(times_away=2)
    often = replace(QUICK, last_retry=0.02, ask_number=0.02)
    async with serving(discord, script, often, presence=presence):
        await presence.hears(Platform.DISCORD, str(discord.me))
        discord.is_open = False
        await presence.hears(Platform.DISCORD, "")

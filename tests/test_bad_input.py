"""Whatever people type, send or tap: an answer both platforms take, and nobody else's data touched.

The whole house stands behind, as `paperlark run` opens it, and everything is thrown at every
command and button there is: one that is new is in here by itself.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from bot.adapters import discord_app, discord_render, telegram_render
from bot.conversation.commands import COMMANDS, MESSAGE_COMMANDS, OPERATOR_COMMANDS
from bot.conversation.events import (
    Command,
    Filled,
    MessageRef,
    Person,
    Place,
    Platform,
    Pressed,
    Said,
    SentFile,
    Suggests,
)
from bot.conversation.messages import Edit, Message, Send, Toast
from bot.conversation.reference import EXAMPLES
from bot.conversation.taps import Act
from bot.conversation.words import WENT_WRONG
from bot.house import House, open_house
from bot.settings import Settings
from storage import personal, source_states, users
from storage.database import Database
from tests.adapters.telegram_setting import running
from tests.adapters.test_discord_app import unpaced as discord_pacer
from tests.contracts.platforms.published import utf16
from tests.conversation.test_bad_input import texts
from tests.local_discord import LocalDiscord
from tests.local_telegram import LocalTelegram
from tests.telegram_rules import check_button, parse_html

VICTIM = Person(Platform.TELEGRAM, "7700000001", "7700000001")
OPERATOR = ("telegram", "7700000009")
GROUP = Place("-1001", "-1001", is_admin=False, may_post=True)
BEFORE_A_REST = 50
NAMES = [
    *(spec.name for spec in (*COMMANDS, *OPERATOR_COMMANDS)),
    *MESSAGE_COMMANDS.values(),
]
LONG = ("x" * 10_000, "\u202e" * 10_000, "👩‍👩‍👧‍👦" * 1_400, "<b>" * 3_000, "a 1, " * 2_000)
NASTY = (
    *LONG,
    "",
    "\u200b\u200d\ufeff",
    "\x00\x1b[31m\ud800",
    "<a href='x'>&amp;</a> *_`~|[](){}",
    "‮אב ⁧ملف⁩ 🇩🇪👍🏽",
    "@everyone <@1> /start $(id) '; DROP TABLE users; --",
    "99999999999999999999 -1 ٣ ² 1e9",
    "yes,1,999999 undo json page 0",
)
FILES = tuple(
    SentFile(name, content)
    for name in ("x.json", "x.bib", "x.ris", "../../etc/passwd", "‮gpj.exe", "a" * 300 + ".bib")
    for content in (None, b"", b"\xff\xfe\x00", b"{" * 2_000, b"@article{" * 500, b"TY  - \n" * 300)
)

numbers = st.integers(0, 10_000)
# What is done: a command, free text, a file, random button data, a real button of the victim's,
# or the head of one real button with the tail of another.
deeds = st.one_of(
    st.tuples(st.just("command"), st.sampled_from([*NAMES, "", "ﬀ", "no_such"]), texts),
    st.tuples(st.just("said"), texts, texts),
    st.tuples(st.just("file"), st.sampled_from(FILES), st.just("")),
    st.tuples(st.just("data"), st.text(max_size=70), st.just("")),
    st.tuples(st.just("form"), numbers, texts),
    st.tuples(st.just("real"), numbers, st.just("")),
    st.tuples(st.just("mixed"), numbers, numbers),
    st.tuples(st.just("act"), st.sampled_from(Act), st.text("0aZ,:+-_ 9", max_size=12)),
)
places = st.sampled_from(
    [
        (Platform.TELEGRAM, True),
        (Platform.TELEGRAM, False),
        (Platform.DISCORD, True),
        (Platform.DISCORD, False),
        (Platform.TERMINAL, True),
    ]
)


@asynccontextmanager
async def opened(folder, database_url) -> AsyncIterator[House]:
    """The house with its sample papers; arXiv rests, so that nobody waits for it."""
    given_settings = Settings(
        _env_file=None, data_dir=folder, database_url=database_url, operators=(OPERATOR,)
    )
    async with open_house(given_settings, asyncio.Event()) as house:
        await house.ingest.begin_with_the_sample(house.clock())
        await house.shelf.refresh()
        async with house.database.writing() as db:
            tomorrow = house.clock() + timedelta(days=1)
            await source_states.silence(db, "arxiv", tomorrow)
        yield house


@pytest.fixture
async def house(tmp_path, any_database_url):
    async with opened(tmp_path / "data", any_database_url) as house:
        yield house


class Somebody:
    """Acts in the conversation, and keeps every button that was offered."""

    def __init__(self, house: House, person: Person) -> None:
        self.person = person
        self._house = house
        self._events = count(1)
        self._done = count(1)
        self.buttons: list[str] = []

    async def does(self, event) -> list:
        if (
            next(self._done) % BEFORE_A_REST == 0
        ):  # who sends a lot is slowed: that is tested elsewhere
            await self._house.state.close()
        actions = [action async for action in self._house.conversation.answer(event)]
        for action in actions:
            if isinstance(action, Send | Edit):
                self.buttons += [b.data for row in action.message.rows for b in row if b.data]
        return actions

    async def commands(self, name, text=""):
        return await self.does(Command(self._event(), self.person, name, text))

    async def says(self, text, link):
        return await self.does(Said(self._event(), self.person, text, (link,) if link else ()))

    async def sends(self, file):
        return await self.does(Said(self._event(), self.person, "", files=(file,)))

    async def taps(self, data):
        ref = MessageRef(self.person.chat or "1", "5")
        return await self.does(Pressed(self._event(), self.person, data, ref))

    async def fills(self, data, text):
        return await self.does(Filled(self._event(), self.person, data, text))

    def _event(self) -> str:
        return f"{self.person.account}-{next(self._events)}"


async def with_a_past(house: House) -> Somebody:
    """A reader who has used every command, so that there is something of theirs to be touched."""
    victim = Somebody(house, VICTIM)
    await victim.commands("start")
    for _ in range(4):
        await victim.commands("pick")
        for data in [b for b in victim.buttons if b.startswith(("l:", "b:"))][-2:]:
            await victim.taps(data)
    for spec in COMMANDS:
        for words in ("", *(words for words, _ in EXAMPLES.get(spec.name, ()))):
            if spec.name not in ("pause", "undo"):  # they would take something of it away
                await victim.commands(spec.name, words)
    assert victim.buttons
    return victim


async def everything_of(database: Database, person: Person) -> personal.Rows:
    async with database.reading() as db:
        found = await users.find(db, person.platform.value, person.account)
        assert found is not None
        return await personal.everything(db, found.user.id)


async def done(somebody: Somebody, deed, real: list[str]) -> list:
    """Do it, and return what was answered."""
    match deed:
        case "command", name, text:
            return await somebody.commands(name, text)
        case "said", text, link:
            return await somebody.says(text, link)
        case "file", file, _:
            return await somebody.sends(file)
        case "act", act, argument:
            return await somebody.taps(f"{act}:1:1:{argument}"[:64])
        case "form", n, text:
            return await somebody.fills(real[n % len(real)], text)
        case "real", n, _:
            return await somebody.taps(real[n % len(real)])
        case "mixed", n, m:
            head, _, tail = real[n % len(real)], "", real[m % len(real)]
            return await somebody.taps(":".join([*head.split(":")[:2], *tail.split(":")[2:]]))
        case _, data, _:
            return await somebody.taps(data)


def drawn(message: Message, discord: LocalDiscord) -> None:
    """Draw a message for both platforms, as they would take it."""
    on_telegram = telegram_render.render(message)
    text, _ = parse_html(on_telegram.html)
    assert 0 < utf16(text.strip()) <= 4096
    if on_telegram.keyboard:
        for row in on_telegram.keyboard.inline_keyboard:
            for button in row:
                check_button({k: v for k, v in button.to_dict().items() if k != "style"})
    body = discord_render.render(message)
    body.pop(discord_render.FILE, None)
    discord.check(body)


def answers_well(
    actions, discord: LocalDiscord, *, is_private: bool, is_vote: bool = False
) -> None:
    assert actions
    assert not any(isinstance(action, Toast) for action in actions[1:])
    for action in actions:
        match action:
            case Toast(text=text):
                assert 0 < len(text) <= 200
            case Send(message=message) | Edit(message=message):
                drawn(message, discord)
    if (
        not is_private and not is_vote
    ):  # nobody redraws what others see, nor shows them what is somebody's own
        assert not any(isinstance(action, Edit) for action in actions)


strangers = count(8_800_000_000)


@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(places, st.lists(deeds, min_size=1, max_size=5))
@example((Platform.TELEGRAM, True), [("command", name, "x" * 10_000) for name in NAMES])
@example((Platform.DISCORD, False), [("command", name, "‮<b>\x00") for name in NAMES])
@example((Platform.TELEGRAM, False), [("data", "l:1::", "")])  # a card that was nobody's
@example((Platform.TELEGRAM, False), [("act", act, "1") for act in Act])
@example((Platform.TELEGRAM, True), [("act", act, "yes,1,1") for act in Act])
@example((Platform.TELEGRAM, True), [("file", file, "") for file in FILES])
async def test_whatever_a_stranger_does_is_answered_and_touches_nobody_elses_data(
    shared, where, what
):
    house, victim, discord = shared
    platform, is_private = where
    account = str(next(strangers))
    person = Person(platform, account, account)
    if not is_private:
        person = replace(person, chat=GROUP.chat, is_private=False, group=GROUP)
    stranger = Somebody(house, person)
    before = await everything_of(house.database, VICTIM)
    for deed in what:
        actions = await done(stranger, deed, victim.buttons)
        is_vote = deed[:2] == ("act", Act.VOTE)
        answers_well(actions, discord, is_private=is_private, is_vote=is_vote)
    assert await everything_of(house.database, VICTIM) == before


@pytest.fixture
async def shared(house):
    """The house, somebody who has a past in it, and what judges messages for Discord."""
    return house, await with_a_past(house), LocalDiscord()


OLGA = Person(Platform.TELEGRAM, OPERATOR[1], OPERATOR[1])
CHIEF = replace(
    OLGA, account="7700000010", chat="-1001", is_private=False, group=replace(GROUP, is_admin=True)
)
ORDERS = ("", "broadcast ", "ban ", "unban ", "readers ", "language ", "categories ", "forget ")


@settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    st.sampled_from([OLGA, CHIEF]),
    st.lists(st.tuples(st.sampled_from(ORDERS), texts, numbers), min_size=1, max_size=5),
)
@example(OLGA, [(order, words, 0) for order in ORDERS for words in NASTY])
@example(CHIEF, [(order, words, 0) for order in ORDERS for words in NASTY])
async def test_whatever_those_order_who_may_is_answered_and_touches_nobody_elses_data(
    shared, who, orders
):
    house, _, discord = shared
    chief, name = Somebody(house, who), "admin" if who is OLGA else "channel"
    before = await everything_of(house.database, VICTIM)
    await house.state.close()  # who sends a lot is slowed: that is tested elsewhere
    await chief.commands(name, "")
    for order, words, n in orders:
        answered = await chief.commands(name, order + words)
        for data in (chief.buttons[n % len(chief.buttons)], chief.buttons[-1]):
            answered += await chief.taps(data)
            answered += await chief.taps(f"{data[:50]},{n}")
        for action in answered:
            if isinstance(action, Send | Edit):
                drawn(action.message, discord)
        assert [a for a in answered if isinstance(a, Send | Toast)]
        assert WENT_WRONG not in str(answered)
    assert await everything_of(house.database, VICTIM) == before


@settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(texts, st.one_of(texts, st.integers(-9, 999).map(str)))
@example("\x00\ud800", "20")
@example("x" * 10_000, "99999999999999999999")
async def test_whatever_is_typed_where_papers_are_proposed_gets_what_the_platforms_show(
    house, typed, offset
):
    with capture_logs() as logs:
        page = await house.suggestions.inline(VICTIM, typed, offset)
        proposed = [await house.suggestions.choices(VICTIM, what, typed) for what in Suggests]
    assert troubles(logs) == []
    assert len(page.results) <= 50
    assert utf16(page.next_offset) <= 64
    for result in page.results:
        assert result.card.title
        assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", result.start)
    for choices in proposed:
        assert len(choices) <= 25
        for choice in choices:
            assert 1 <= utf16(choice.label) <= 100
            assert 1 <= utf16(choice.value) <= 100


async def test_every_button_of_somebody_else_leaves_their_data_as_it_was(shared):
    house, victim, discord = shared
    before = await everything_of(house.database, VICTIM)
    for is_private in (True, False):
        for data in dict.fromkeys(victim.buttons):
            account = str(next(strangers))
            person = replace(VICTIM, account=account, is_private=is_private)
            actions = await Somebody(house, person).taps(data)
            answers_well(actions, discord, is_private=is_private)
    assert await everything_of(house.database, VICTIM) == before


async def test_ones_own_old_buttons_are_answered_after_everything_was_forgotten(shared):
    _, victim, discord = shared
    yes = next(b for b in reversed(victim.buttons) if b.startswith(f"{Act.FORGET}:::yes"))
    await victim.taps(yes)
    for data in dict.fromkeys(victim.buttons):
        answers_well(await victim.taps(data), discord, is_private=True)


# ---------------------------------------------------------------- as the platforms bring it


def troubles(logs) -> list[str]:
    return [entry["event"] for entry in logs if entry["log_level"] in ("error", "critical")]


async def test_telegram_brings_anything_at_all_and_everything_is_answered(house):
    async with LocalTelegram() as telegram:
        victim, eve = telegram.person(1), telegram.person(2)
        everybody = [telegram.person(10 + n) for n, _ in enumerate(NAMES)]
        group = telegram.group()
        with capture_logs() as logs:
            async with running(telegram, house.conversation):
                victim.say("/start")
                await victim.hears("announced")
                victim.say(f"/pick@{telegram.me['username']}", group)
                card = await victim.hears("announced", chat=victim.id)
                for data in (*NASTY[5:], *(f"{act}:1:1:1" for act in Act), "x" * 64):
                    await eve.sees_answer(eve.press_data(data, card))
                for one, name in zip(everybody, NAMES, strict=True):
                    for words in NASTY:
                        one.say(f"/{name} {words}".replace("\ud800", "")[:4096])
                for words in NASTY:
                    victim.say(words.replace("\ud800", "")[:4096] or "\u200b")
                await telegram.until(lambda: not telegram.updates, seconds=120)
        assert troubles(logs) == []
        assert telegram.violations == []
        for one in (victim, *everybody):
            heard = telegram.messages(one.id)
            assert len(heard) >= len(NASTY) - 2
            assert not [m.text for m in heard if WENT_WRONG in m.text]


async def test_discord_brings_anything_at_all_and_everything_is_answered(house):
    async with LocalDiscord() as discord, AsyncExitStack() as stack:
        victim, eve = discord.person(1), discord.person(2)
        logs = stack.enter_context(capture_logs())
        app = discord_app.DiscordApp(
            discord.token, discord.api_base, house.conversation, pacer=discord_pacer()
        )
        stop = asyncio.Event()
        serving = asyncio.create_task(app.run(stop))
        await discord.online()
        await victim.slash("start")
        card = await victim.sees("announced")
        taps = []
        everybody = [discord.person(10 + n) for n, _ in enumerate(COMMANDS)]
        for one, spec in zip(everybody, COMMANDS, strict=True):
            for words in NASTY:
                given_options = {o.name: words[:6000] for o in spec.options if o.kind == "text"}
                taps.append(await one.slash(spec.name, **given_options))
                await one.gets_answer(taps[-1])
        for words in NASTY:
            await eve.write(words[:2000])
            await eve.write(f"/no_such {words}"[:2000])
        asked = [(menu, words[:4000]) for menu in MESSAGE_COMMANDS for words in NASTY]
        taps += [await victim.about(menu, words) for menu, words in asked]
        forged = (*NASTY[5:], *(f"{act}:1:1:1" for act in Act), "x" * 100)
        pressing = discord.person(3)
        taps += [await pressing.press_data(card, data[:100] or "?") for data in forged]
        for interaction in taps:
            await eve.gets_answer(interaction)
        stop.set()
        await serving
        assert troubles(logs) == []
        for one in (victim, eve, pressing, *everybody):
            seen = discord.seen_by(one.number, one.dm)
            assert not [p.text for p in seen if WENT_WRONG in p.text]
        assert discord.violations == []

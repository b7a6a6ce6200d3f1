"""Telegram end to end: people on a local Bot API, a scripted conversation behind."""

import asyncio
import logging
from contextlib import asynccontextmanager
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from structlog.testing import capture_logs

from bot.adapters.telegram_answer import SLOW, Marking, Patience
from bot.adapters.telegram_app import Timing
from bot.adapters.telegram_menu import ABOUT, DESCRIPTION
from bot.adapters.telegram_send import AT_ONCE
from bot.conversation.commands import COMMANDS
from bot.conversation.events import (
    LARGEST_FILE,
    Command,
    MessageRef,
    Platform,
    Pressed,
    Quoted,
    Said,
    SentFile,
)
from bot.conversation.messages import (
    Ask,
    Attachment,
    Button,
    Card,
    Edit,
    Message,
    Revise,
    Send,
    Span,
    Toast,
    plain,
)
from bot.conversation.words import WENT_WRONG
from recommender.papers import PaperId
from tests.adapters.noted_presence import NotedPresence
from tests.adapters.telegram_setting import QUICK, Scripted, card, running, usual
from tests.conftest import BOUND


def names(logs):
    return [entry["event"] for entry in logs]


async def test_a_tap_is_acknowledged_marked_and_followed_by_the_next_card(telegram):
    alice = telegram.person()
    async with running(telegram, Scripted()):
        alice.say("/start")
        first = await alice.hears("a card")
        query = alice.press("Like", first)
        assert await alice.sees_answer(query) == "Noted."
        await alice.hears("the next one")
    assert first.text == "marked"
    assert first.buttons == []
    order = [name for name, _ in telegram.calls if name.startswith(("answer", "edit", "send"))]
    assert order == ["sendMessage", "answerCallbackQuery", "editMessageText", "sendMessage"]


class Held:
    """A conversation in which one person's card is marked only once it is let."""

    def __init__(self, account: int) -> None:
        self._account = str(account)
        self.let = asyncio.Event()

    async def __call__(self, event):
        async for action in usual(event):
            if isinstance(action, Edit) and event.person.account == self._account:
                await self.let.wait()
            yield action


@asynccontextmanager
async def tapping(telegram, follow):
    """Let Bob tap, whose card is marked only once it is let, and then Alice.

    Yields both, their cards, and what holds Bob's. follow: seconds, see `Patience`.
    """
    alice, bob = telegram.person(), telegram.person(43)
    held = Held(bob.id)
    timing = replace(QUICK, patience=replace(QUICK.patience, follow=follow))
    async with running(telegram, Scripted(held), timing=timing):
        for person in (alice, bob):
            person.say("/start")
        cards = [await person.hears("a card") for person in (alice, bob)]
        await bob.sees_answer(bob.press("Like", cards[1]))
        alice.press("Like", cards[0])
        yield alice, bob, cards, held


async def test_all_who_tap_together_see_their_cards_marked_before_anybody_sees_the_next(telegram):
    async with tapping(telegram, follow=30.0) as (alice, bob, cards, held):
        await telegram.until(lambda: cards[0].text == "marked")
        carol = telegram.person(44)
        carol.say("/start")
        await carol.hears("a card")  # time enough for the next card, were it not held
        held.let.set()
        for person in (alice, bob):
            await person.hears("the next one")
    order = [name for name, _ in telegram.calls if name.startswith(("edit", "send"))]
    assert order[2:] == ["editMessageText", "sendMessage", "editMessageText"] + ["sendMessage"] * 2


async def test_taps_that_telegram_still_holds_are_marked_before_anybody_sees_the_next(telegram):
    people = [telegram.person(n) for n in range(1, AT_ONCE + 21)]
    timing = replace(QUICK, patience=replace(QUICK.patience, follow=30.0))
    async with running(telegram, Scripted(), timing=timing):
        for person in people:
            person.say("/start")
        cards = [await person.hears("a card") for person in people]
        for person, shown in zip(people, cards, strict=True):
            person.press("Like", shown)
        for person in people:
            await person.hears("the next one")
    said = [name for name, _ in telegram.calls if name.startswith(("edit", "send"))]
    n = len(people)
    assert said == ["sendMessage"] * n + ["editMessageText"] * n + ["sendMessage"] * n


async def test_whose_card_is_marked_waits_until_the_taps_of_the_next_answer_are_known():
    marking = Marking(seconds=30.0)
    for number in (1, Marking.UNHEARD):
        marking.begin(number)
    marking.end(1)
    over = asyncio.create_task(marking.over())
    for do, number in ((marking.begin, 2), (marking.end, Marking.UNHEARD)):
        do(number)
        await asyncio.sleep(0)  # whoever waits for nothing goes on now
        assert not over.done()
    marking.end(2)
    await over


async def test_a_card_that_is_not_marked_holds_others_next_cards_up_for_a_moment_only(telegram):
    async with tapping(telegram, follow=0.05) as (alice, bob, cards, held):
        await alice.hears("the next one")
        assert cards[1].text == "a card"
        alice.press("Like", telegram.messages(alice.id)[-1])
        await telegram.until(lambda: len(telegram.messages(alice.id)) == 3)
        held.let.set()
        await bob.hears("the next one")


async def test_an_update_is_confirmed_only_once_it_is_stored(telegram):
    alice, storing = telegram.person(), asyncio.Event()

    async def slow(event):
        if isinstance(event, Command):
            await storing.wait()
        yield Send(card("a card"))

    bob = telegram.person(43)
    async with running(telegram, Scripted(slow)):
        number = alice.say("/start")
        bob.say("hello")
        await bob.hears("a card")  # a slow update holds nobody else up
        later = bob.say("again")
        await telegram.until(lambda: len(telegram.messages(bob.id)) == 2)
        assert telegram.updates[0]["update_id"] == number
        assert all(p.get("offset", 0) <= number for p in telegram.called("getUpdates"))
        storing.set()
        await alice.hears("a card")
        await telegram.until(lambda: not telegram.updates)
    assert len(telegram.messages(bob.id)) == 2
    assert telegram.called("getUpdates")[-1]["offset"] == later + 1


async def test_what_was_not_stored_when_the_program_ended_comes_again(telegram):
    alice = telegram.person()

    async def never(event):
        await asyncio.Event().wait()
        yield Send(card("unreachable"))

    answering = Scripted(never)
    async with running(telegram, answering):
        alice.say("/start")
        await answering.hears(Command)
    assert telegram.updates
    async with running(telegram, Scripted()):
        await alice.hears("a card")
        await telegram.until(lambda: not telegram.updates)


async def test_what_was_answered_before_the_program_ended_does_not_come_again(telegram):
    alice = telegram.person()
    async with running(telegram, Scripted(), timing=Timing(poll=5, hold=0.3)):
        alice.say("/start")
        await alice.hears("a card")
    assert not telegram.updates


async def test_taps_of_one_chat_are_stored_in_order_without_waiting_for_what_is_said(telegram):
    alice, saying = telegram.person(), asyncio.Event()

    async def script(event):
        if isinstance(event, Pressed):
            yield Toast(f"stored {event.data}")
            await saying.wait()
            yield Send(Message(text=plain(f"after {event.data}")))
        else:
            yield Send(card("a card"))

    async with running(telegram, Scripted(script)):
        alice.say("/start")
        posted = await alice.hears("a card")
        queries = [alice.press_data(f"l:{n}", posted) for n in range(5)]
        toasts = [await alice.sees_answer(query) for query in queries]
        saying.set()
        await alice.hears("after l:4")
    assert toasts == [f"stored l:{n}" for n in range(5)]
    said = [p.text for p in telegram.messages(alice.id)][1:]
    assert said == [f"after l:{n}" for n in range(5)]


async def test_a_tap_is_answered_in_time_even_when_storing_takes_long(telegram):
    alice, storing = telegram.person(), asyncio.Event()

    async def script(event):
        if isinstance(event, Pressed):
            await storing.wait()
            yield Toast("too late to be seen")
        yield Send(card("a card"))

    async with running(telegram, Scripted(script)):
        alice.say("/start")
        query = alice.press("Like", await alice.hears("a card"))
        assert await alice.sees_answer(query) == SLOW
        storing.set()
        await telegram.until(lambda: len(telegram.deliveries) == 2)
    assert len(query.answers) == 1


async def test_a_tap_whose_answer_has_no_words_still_stops_the_clock_first(telegram):
    alice = telegram.person()

    async def script(event):
        yield Send(card("because"))

    async with running(telegram, Scripted(script)):
        alice.say("/start")
        query = alice.press("Like", await alice.hears())
        assert await alice.sees_answer(query) == ""
        await telegram.until(lambda: len(telegram.deliveries) == 2)
    assert len(query.answers) == 1


async def test_a_bug_costs_one_answer_and_is_said_honestly(telegram):
    alice = telegram.person()

    async def script(event):
        if isinstance(event, Pressed) or event.text == "crash":
            raise RuntimeError("a bug")
        yield Send(card("a card"))

    with capture_logs() as logs:
        async with running(telegram, Scripted(script)):
            alice.say("/start")
            posted = await alice.hears("a card")
            query = alice.press("Like", posted)
            assert await alice.sees_answer(query) == WENT_WRONG
            alice.say("crash")
            await alice.hears(WENT_WRONG)
            alice.say("/start")
            await alice.hears("a card", after=posted.id)
            await telegram.until(lambda: not telegram.updates)
    assert names(logs).count("telegram.event_failed") == 2


async def test_an_event_that_is_never_stored_is_given_up(telegram):
    alice = telegram.person()

    async def script(event):
        if event.text == "hang":
            await asyncio.Event().wait()
        yield Send(card("a card"))

    patience = Timing(poll=5, hold=0.1, farewell=0.5, patience=Patience(store=0.3))
    with capture_logs() as logs:
        async with running(telegram, Scripted(script), timing=patience):
            alice.say("hang")
            alice.say("hello")
            await alice.hears("a card")
            await telegram.until(lambda: not telegram.updates)
    assert "telegram.event_too_slow" in names(logs)
    assert telegram.messages(alice.id)[0].text == WENT_WRONG


async def test_a_message_that_is_gone_is_said_anew(telegram):
    alice = telegram.person()

    async def script(event):
        yield Edit(MessageRef("42", "999999"), Message(text=plain("marked")))

    async with running(telegram, Scripted(script)):
        alice.say("/start")
        await alice.hears("marked")


async def test_an_edit_that_changes_nothing_is_no_trouble(telegram):
    alice = telegram.person()

    async def script(event):
        if isinstance(event, Pressed):
            yield Toast("Already so.")
            yield Edit(event.message, card("a card"))
            yield Send(Message(text=plain("the end")))
        else:
            yield Send(card("a card"))

    with capture_logs() as logs:
        async with running(telegram, Scripted(script)):
            alice.say("/start")
            alice.press("Like", await alice.hears("a card"))
            await alice.hears("the end")
    assert "telegram.answer_not_sent" not in names(logs)


@pytest.mark.parametrize("kind", ["lost", "garbage"])
async def test_a_card_that_may_have_arrived_is_never_sent_twice(telegram, kind):
    alice = telegram.person()
    telegram.fault("sendMessage", kind=kind)
    async with running(telegram, Scripted()):
        alice.say("/start")
        await alice.hears("a card")
        alice.say("again")
        await telegram.until(lambda: len(telegram.messages(alice.id)) == 2)
    assert len(telegram.called("sendMessage")) == 2


@pytest.mark.parametrize(
    "how", [{"status": 500}, {"status": 429, "parameters": {"retry_after": 1}}]
)
async def test_a_tap_is_answered_although_telegram_fails_at_first(telegram, how):
    alice = telegram.person()
    telegram.fault("answerCallbackQuery", **how)
    async with running(telegram, Scripted()):
        alice.say("/start")
        query = alice.press("Like", await alice.hears("a card"))
        assert await alice.sees_answer(query) == "Noted."
        await alice.hears("the next one")
    assert len(query.answers) == 1


async def test_a_tap_is_answered_once_a_longer_trouble_is_over_while_its_clock_still_turns(
    telegram,
):
    alice = telegram.person()
    telegram.fault("answerCallbackQuery", status=500, times=4)
    async with running(telegram, Scripted()):
        alice.say("/start")
        query = alice.press("Like", await alice.hears("a card"))
        assert await alice.sees_answer(query) == "Noted."
    assert len(query.answers) == 1


async def test_a_tap_that_cannot_be_answered_holds_nothing_else_up(telegram):
    alice = telegram.person()
    telegram.fault("answerCallbackQuery", kind="hang")
    async with running(telegram, Scripted()):
        alice.say("/start")
        first = await alice.hears("a card")
        alice.press("Like", first)
        second = alice.press("Skip", first)
        await alice.sees_answer(second)
        await alice.hears("the next one")
    assert first.text == "marked"


async def test_a_lost_answer_to_an_edit_or_a_tap_leaves_everything_right(telegram):
    alice = telegram.person()
    telegram.fault("editMessageText", kind="lost")
    telegram.fault("answerCallbackQuery", kind="lost")
    async with running(telegram, Scripted()):
        alice.say("/start")
        first = await alice.hears("a card")
        query = alice.press("Like", first)
        await alice.hears("the next one")
    assert (first.text, first.edits, len(query.answers)) == ("marked", 1, 1)


async def test_an_error_that_telegram_admits_is_repeated(telegram):
    alice = telegram.person()
    telegram.fault("sendMessage", status=500)
    async with running(telegram, Scripted()):
        alice.say("/start")
        await alice.hears("a card")
    assert len(telegram.deliveries) == 1


async def test_silence_that_one_chat_asks_for_is_kept_there_and_nowhere_else(telegram):
    alice, bob = telegram.person(), telegram.person(43)
    telegram.fault("sendMessage", status=429, parameters={"retry_after": 1}, chat=alice.id)
    async with running(telegram, Scripted()):
        alice.say("/start")
        bob.say("/start")
        early, late = await bob.hears("a card"), await alice.hears("a card")
    assert late.at - early.at >= 0.8


async def test_polling_heals_by_itself_and_complains_once(telegram):
    alice = telegram.person()
    for how in (
        {"status": 502, "description": "Bad Gateway"},
        {"kind": "cut"},
        {"kind": "garbage"},
        {"status": 409, "description": "Conflict: terminated by other getUpdates request"},
        {"status": 429, "parameters": {"retry_after": 1}},
    ):
        telegram.fault("getUpdates", **how)
    with capture_logs() as logs:
        async with running(telegram, Scripted()):
            alice.say("/start")
            await alice.hears("a card")
    assert names(logs).count("telegram.away") == 1
    assert "telegram.back" in names(logs)


async def test_a_webhook_that_somebody_left_behind_does_not_stop_polling(telegram):
    alice = telegram.person()
    telegram.webhook["url"] = "https://example.org/old"
    async with running(telegram, Scripted()):
        alice.say("/start")
        await alice.hears("a card")
        telegram.webhook["url"] = "https://example.org/again"
        alice.say("/start")
        await telegram.until(lambda: len(telegram.deliveries) == 2)


async def test_a_server_that_is_not_there_yet_is_waited_for(telegram):
    alice = telegram.person()
    telegram.fault("getMe", status=503, times=3)
    async with running(telegram, Scripted()):
        alice.say("/start")
        await alice.hears("a card")


async def test_a_wrong_token_ends_telegram_with_one_clear_line(telegram):
    telegram.is_revoked = True
    with capture_logs() as logs:
        async with running(telegram, Scripted()) as task, asyncio.timeout(BOUND):
            await task
    assert names(logs) == ["telegram.token_refused"]
    assert telegram.token not in str(logs)


async def test_a_token_revoked_while_running_ends_telegram(telegram):
    with capture_logs() as logs:
        async with running(telegram, Scripted()) as task, asyncio.timeout(BOUND):
            await telegram.until(lambda: telegram.called("getUpdates"))
            telegram.is_revoked = True
            telegram.person().say("/start")
            await task
    assert "telegram.token_refused" in names(logs)


async def test_the_menu_is_written_once_and_then_left_alone(telegram):
    for asked in (2, 4):
        async with running(telegram, Scripted()):
            await telegram.until(
                lambda asked=asked: len(telegram.called("getMyShortDescription")) == asked
            )
            n = len(telegram.called("getUpdates"))
            telegram.person().say("/start")
            await telegram.until(lambda n=n: len(telegram.called("getUpdates")) > n)
    assert [c["command"] for c in telegram.commands] == [c.name for c in COMMANDS]
    assert telegram.about == {"description": DESCRIPTION, "short_description": ABOUT}
    assert len(telegram.called("setMyCommands")) == len(telegram.menus) == 6
    for method in ("setMyDescription", "setMyShortDescription"):
        assert len(telegram.called(method)) == 2


async def test_the_menu_is_there_in_german_and_short_in_groups(telegram):
    async with running(telegram, Scripted()):
        await telegram.until(lambda: len(telegram.abouts) == 4)
    german = {c["command"]: c["description"] for c in telegram.menus["default", "de"]}
    assert list(german) == [c.name for c in COMMANDS]
    assert german["pick"] == "Das nächste Paper, für dich ausgesucht"
    assert telegram.abouts["description", "de"].startswith("Ich bringe dir die wenigen neuen")
    for language in ("", "de"):
        in_groups = [c["command"] for c in telegram.menus["all_group_chats", language]]
        assert "forget" not in in_groups
        assert {"pick", "today", "help"} <= set(in_groups)


async def test_everything_ends_soon_even_in_the_middle_of_an_answer(telegram):
    alice = telegram.person()

    async def script(event):
        yield Send(card("a card"))
        await asyncio.Event().wait()
        yield Send(card("unreachable"))

    loop = asyncio.get_running_loop()
    telegram.fault("sendMessage", kind="hang", chat=43)
    async with running(telegram, Scripted(script), timing=Timing(poll=30)):
        alice.say("/start")
        await alice.hears("a card")
        telegram.person(43).say("/start")
        await telegram.until(lambda: len(telegram.called("sendMessage")) == 2)
        begin = loop.time()
    assert loop.time() - begin < 4


async def test_no_log_of_any_level_holds_the_token_or_what_people_wrote(telegram, caplog):
    alice = telegram.person()
    caplog.set_level(logging.DEBUG)
    for name in ("httpx", "httpcore", "telegram"):
        logging.getLogger(name).setLevel(logging.NOTSET)
    for how in ({"kind": "garbage"}, {"kind": "cut"}, {"status": 502}):
        telegram.fault("getUpdates", **how)
        telegram.fault("sendMessage", **how)
    with capture_logs() as logs:
        async with running(telegram, Scripted(), timing=QUICK):
            telegram.garble({"message": {"text": "my secret interest"}})
            alice.say("my secret interest")
            for n in range(1, 5):
                await telegram.until(lambda n=n: len(telegram.called("sendMessage")) >= n)
                alice.say("my secret interest")
            await telegram.until(lambda: len(telegram.deliveries) >= 2)
    everything = caplog.text + str(logs)
    for secret in (telegram.token, telegram.token.split(":")[1], "secret interest", "Person"):
        assert secret not in everything


async def test_a_file_arrives_with_its_name_its_words_and_its_buttons(telegram):
    alice = telegram.person()
    content = "Zoë & <co>\0\n".encode()

    async def handing_over(event):
        buttons = ((Button("Next", "x:::"),),)
        file = Attachment("papers.bib", content)
        yield Send(Message(plain("Here you are: 1 < 2"), buttons=buttons, attachment=file))

    async with running(telegram, Scripted(handing_over)):
        alice.say("/export bibtex")
        posted = await alice.hears("Here you are: 1 < 2")
    assert posted.file == ("papers.bib", content)
    assert posted.labels == ["Next"]


async def test_a_file_that_can_be_read_comes_with_what_was_said_and_no_other_is_fetched(telegram):
    alice, answering = telegram.person(), Scripted()
    async with running(telegram, answering):
        alice.send_file("taste.json", b'{"a": 1}')
        alice.send_file("paper.pdf", b"%PDF")
        alice.send_file("huge.json", b"{}", size=LARGEST_FILE + 1)
        said = await answering.hears(Said, 3)
    assert {one.text: one.files for one in said} == {
        "taste.json": (SentFile("taste.json", b'{"a": 1}'),),
        "paper.pdf": (),
        "huge.json": (SentFile("huge.json", None),),
    }
    assert len(telegram.called("file")) == 1


async def test_a_file_comes_with_the_command_that_teaches_and_with_no_other(telegram):
    alice, answering = telegram.person(), Scripted()
    async with running(telegram, answering):
        alice.send_file("mine.bib", b"@misc{}", caption="/beibringen")
        alice.send_file("mine.bib", b"@misc{}", caption="/saved")
        heard = await answering.hears(Command, 2)
    assert {one.name: (one.text, one.files) for one in heard} == {
        "teach": ("mine.bib", (SentFile("mine.bib", b"@misc{}"),)),
        "saved": ("mine.bib", ()),
    }


async def test_taps_are_answered_while_a_file_is_fetched_and_read(telegram):
    alice = telegram.person()
    half_read = asyncio.Event()

    async def reading(event):
        if not isinstance(event, Said):
            async for action in usual(event):
                yield action
            return
        yield Send(Message(plain("one half")))
        await half_read.wait()
        yield Revise(Message(plain("all of it")))

    fetched = telegram.fault("getFile", kind="hang")
    async with running(telegram, Scripted(reading)):
        alice.say("/start")
        card = await alice.hears("a card")
        alice.send_file("mine.bib", b"@misc{}")
        await telegram.until(lambda: telegram.called("getFile"))
        assert await alice.sees_answer(alice.press("Like", card)) == "Noted."
        following = await alice.hears("the next one")
        fetched.released.set()
        await alice.hears("one half")
        assert await alice.sees_answer(alice.press("Like", following)) == "Noted."
        await alice.hears("the next one", after=following.id)
        half_read.set()
        await alice.hears("all of it")


async def test_a_bibliography_is_fetched_too_and_progress_replaces_what_was_said_last(telegram):
    alice = telegram.person()

    async def reading(event):
        yield Send(Message(plain("one half")))
        yield Revise(Message(plain("three quarters")))
        yield Revise(Message(plain("all of it")))
        yield Send(Message(plain("and one near it")))

    answering = Scripted(reading)
    async with running(telegram, answering):
        alice.send_file("Mine.BIB", b"@misc{}")
        await alice.hears("and one near it")
        (said,) = await answering.hears(Said)
    assert said.files == (SentFile("Mine.BIB", b"@misc{}"),)
    assert [call["text"] for call in telegram.called("editMessageText")] == [
        "three quarters",
        "all of it",
    ]


@pytest.mark.parametrize("in_group", [False, True])
async def test_a_note_is_asked_for_in_private_by_a_message_that_wants_a_reply(telegram, in_group):
    alice = telegram.person()
    question = Message(
        plain("📝 Reply with your note on ", Span("P", url="https://arxiv.org/abs/1"))
    )
    ask = Ask(question, question, "v:1::", "Your note", "P", "hint", "Your note", "", 1000)

    async def asking(event):
        yield ask if isinstance(event, Command) else Send(Message(plain("Noted.")))

    answering = Scripted(asking)
    async with running(telegram, answering):
        alice.say("/start")
        await alice.hears("📝 Reply")
        alice.say("/note@lark_bot", telegram.group() if in_group else None)
        await telegram.until(lambda: len(telegram.called("sendMessage")) == 2)
        sent = telegram.called("sendMessage")[-1]
        posted = telegram.message_of(telegram.deliveries[-1]) | {
            "entities": [
                {"type": "text_link", "offset": 27, "length": 1, "url": "https://arxiv.org/abs/1"}
            ]
        }
        alice.say("read it again", reply_to_message=posted)
        (said,) = await answering.hears(Said)
    assert int(sent["chat_id"]) == alice.id
    assert sent["reply_markup"] == {
        "force_reply": True,
        "input_field_placeholder": "Your note",
    }
    assert said.text == "read it again"
    assert said.answers == Quoted("📝 Reply with your note on P", ("https://arxiv.org/abs/1",))


async def test_progress_that_can_replace_nothing_is_said(telegram):
    alice = telegram.person()

    async def revising(event):
        yield Revise(Message(plain("all of it")))

    async with running(telegram, Scripted(revising)):
        alice.say("/start")
        await alice.hears("all of it")


@pytest.mark.parametrize("lie", [False, True])
async def test_a_file_that_cannot_be_fetched_is_said_to_be_so(telegram, lie):
    alice, answering = telegram.person(), Scripted()
    if not lie:
        telegram.fault("getFile", status=400, description="Bad Request: file is too big")
    async with running(telegram, answering):
        alice.send_file("taste.json", b" " * (LARGEST_FILE + 1), size=10)
        (said,) = await answering.hears(Said)
    assert said.files == (SentFile("taste.json", None),)


async def test_the_name_of_the_bot_is_told_and_told_again_when_its_owner_changes_it(telegram):
    presence = NotedPresence(times_away=2)
    often = replace(QUICK, ask_name=0.02)
    async with running(telegram, Scripted(), timing=often, presence=presence):
        await presence.hears(Platform.TELEGRAM, "lark_bot")
        telegram.me["username"] = "early_lark_bot"
        await presence.hears(Platform.TELEGRAM, "early_lark_bot")


async def test_a_paper_that_is_shared_opens_in_the_bot(telegram):
    shared = Card(PaperId(36), "A title", "https://arxiv.org/abs/2611.1", "Ada", (), "", (), "")

    async def script(event):
        yield Send(Message(card=shared, buttons=((Button("Like", "l:1"),),)))

    async with running(telegram, Scripted(script)):
        ada = telegram.person(7)
        ada.say("/pick")
        sent = await ada.hears("A title")
    url = next(b["url"] for row in sent.buttons for b in row if "url" in b)
    assert parse_qs(urlsplit(url).query) == {
        "url": ["https://t.me/lark_bot?start=p10"],
        "text": ["A title\nhttps://arxiv.org/abs/2611.1"],
    }

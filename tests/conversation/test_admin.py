"""/admin: everything for operators, and nothing for anybody else."""

from dataclasses import replace

import pytest

from bot.conversation import admin_words, words
from bot.conversation.admin import LONGEST, Admin
from bot.conversation.commands import COMMANDS
from bot.conversation.events import Platform
from bot.conversation.messages import Send, Toast
from bot.conversation.service import Conversation
from bot.conversation.taps import Act, Tap, encode
from tests.conversation.journey import ADA, Journey
from tests.conversation.scripted_admin import ScriptedAdmin
from tests.conversation.scripted_desk import NOW, OPERATOR, ScriptedDesk, paper

OLGA = replace(ADA, account=OPERATOR[1], chat="9")


@pytest.fixture
def desk():
    return ScriptedAdmin()


@pytest.fixture
def conversation(desk):
    admin = Admin(desk, lambda: NOW, [OPERATOR])
    return Conversation(ScriptedDesk([paper(1)]), lambda: NOW, closed=[admin])


@pytest.fixture
def olga(conversation):
    return Journey(conversation, OLGA)


@pytest.fixture
def ada(conversation):
    return Journey(conversation, ADA)


async def test_to_others_it_is_a_command_that_nobody_knows(ada, desk):
    await ada.command("/adnim")
    unknown = ada.transcript[-1]
    assert unknown == "I do not know /adnim. /help lists what I understand."
    await ada.command("/admin ban telegram:9")
    assert ada.transcript[-1] == unknown.replace("adnim", "admin")
    assert desk.banned == set()
    assert "admin" not in {spec.name for spec in COMMANDS}
    await ada.command("/help")
    assert "admin" not in ada.last.split("/help")[-1]


async def test_the_same_number_on_another_platform_is_somebody_else(conversation):
    other = Journey(conversation, replace(OLGA, platform=Platform.DISCORD))
    await other.command("/admin")
    assert "I do not know /admin." in other.last


@pytest.mark.parametrize(
    "argument", ["", "readers", "send,1", "stop,1", "drop,1", "pace,1,20", "unban,telegram:5"]
)
async def test_every_button_looks_anew_at_who_taps_it(olga, ada, desk, argument):
    desk.banned.add(("telegram", "5"))
    await olga.command("/admin broadcast Hello")
    before = list(desk.broadcasts)
    (toast,) = await ada.press(encode(Tap(Act.ADMIN, argument=argument)), olga.newest())
    assert toast == Toast(words.OLD_BUTTON)
    assert desk.broadcasts == before
    assert desk.banned == {("telegram", "5")}


async def test_in_a_group_only_the_operator_sees_it(conversation):
    olga = Journey(conversation, replace(OLGA, chat="-5", is_private=False))
    (shown,) = await olga.command("/admin")
    assert isinstance(shown, Send)
    assert shown.is_private
    (again,) = await olga.tap("Readers")
    assert again.is_private


async def test_each_page_says_what_it_is_about(olga):
    await olga.command("/admin")
    for page in ("Readers", "Likes", "Sources", "Digests", "Broadcast"):
        await olga.tap(page)
    assert olga.transcript == [
        "> /admin",
        "Only operators see this.",
        "Discord: 1 account",
        "Telegram: 1,203 accounts, 12 out of reach; 3 groups and channels",
        "",
        admin_words.BROADCAST_HOW,
        "",
        admin_words.BAN_HOW,
        *MENU,
        "> [Readers]",
        "~ Readers",
        "~ Discord: 1 account",
        "~ Telegram: 1,203 accounts, 12 out of reach; 3 groups and channels",
        "~ ",
        "~ By UTC days, the newest first",
        "~ Monday, 23 November",
        "~ · Discord: 1 active, 0 new",
        "~ · Telegram: 830 active, 7 new",
        *EDITED,
        "> [Likes]",
        "~ Likes of what I picked, over the last 14 days",
        "~ als-7",
        "~ · usual: 13.0 % liked (520 of 4,000)",
        "~ · exploring: 9.0 % liked (90 of 1,000)",
        *EDITED,
        "> [Sources]",
        "~ Sources",
        "~ arxiv: answered 30 minutes ago; newest papers of Friday, 20 November; "
        "asked again at 07:00 UTC",
        "~ huggingface: never answered; failed 30 minutes ago: HTTP 503 <html>",
        *EDITED,
        "> [Digests]",
        "~ Digests",
        "~ Monday, 23 November: 3 failed, 1,188 sent",
        "~ · Telegram: 3 failed (blocked)",
        *EDITED,
        "> [Broadcast]",
        "~ Broadcast",
        "~ Nothing was broadcast yet.",
        "~ ",
        f"~ {admin_words.BROADCAST_HOW}",
        *EDITED,
    ]


MENU = ["[Readers] [Likes] [Sources]", "[Digests] [Broadcast]"]
EDITED = [f"~ {line}" for line in MENU]


async def test_a_broadcast_is_seen_before_it_is_sent_and_told_while_it_is(olga):
    await olga.command("/admin broadcast We move tonight.\nBack at <b>ten</b>.")
    await olga.tap("5 a second")
    await olga.tap("Send it")
    await olga.tap("Refresh")
    await olga.tap("Stop sending")
    assert olga.transcript == [
        "> /admin broadcast We move tonight.\nBack at <b>ten</b>.",
        "This goes to 1,204 readers who can be reached and have not paused; at 10 a second it "
        "takes 2 minutes:",
        "",
        "From whoever runs this bot",
        "",
        "We move tonight.",
        "Back at <b>ten</b>.",
        "[Send it] [Discard]",
        "[1 a second] [5 a second] [*10 a second] [20 a second]",
        "> [5 a second]",
        "! 5 a second",
        "~ This goes to 1,204 readers who can be reached and have not paused; at 5 a second it "
        "takes 4 minutes:",
        "~ ",
        "~ From whoever runs this bot",
        "~ ",
        "~ We move tonight.",
        "~ Back at <b>ten</b>.",
        "~ [Send it] [Discard]",
        "~ [1 a second] [*5 a second] [10 a second] [20 a second]",
        "> [Send it]",
        "! It is being sent.",
        *SENDING,
        "> [Refresh]",
        *SENDING,
        "> [Stop sending]",
        "! Stopped. What was on its way arrives.",
        "~ Broadcast 1: stopped",
        "~ 4 waiting",
        "~ 600 sent",
        "~ [Refresh]",
    ]


SENDING = [
    "~ Broadcast 1: being sent",
    "~ 600 of about 1,204, at 5 a second; about 2 minutes to go.",
    "~ 4 waiting",
    "~ 600 sent",
    "~ [Refresh] [Stop sending]",
    "~ [1 a second] [*5 a second] [10 a second] [20 a second]",
]


async def test_a_tap_that_comes_twice_sends_once_and_says_so(olga):
    await olga.command("/admin broadcast Hello")
    preview = olga.newest()
    send = olga.messages[preview].rows[0][0].data
    await olga.press(send, preview)
    again = await olga.press(send, preview)
    assert again[0] == Toast(admin_words.BEGUN_BEFORE)


async def test_what_can_be_sent_to_nobody_or_is_too_long_is_not_kept(olga, desk):
    await olga.command("/admin broadcast " + "x" * (LONGEST + 1))
    assert olga.transcript[-1] == admin_words.too_long(LONGEST)
    desk.readers = 0
    await olga.command("/admin broadcast Hello")
    assert olga.transcript[-1] == admin_words.NOBODY_TO_TELL


async def test_an_account_is_shut_out_and_let_in_again(olga, desk):
    await olga.command("/admin ban telegram:2")
    assert desk.banned == {("telegram", "2")}
    assert olga.transcript[-2:] == [
        "telegram:2 gets no answer and no digest any more.",
        "[Let in again]",
    ]
    await olga.tap("Let in again")
    assert desk.banned == set()
    await olga.command("/admin ban 17")
    assert desk.banned == {("telegram", "2"), ("discord", "22")}
    await olga.command("/admin unban discord:22")
    assert desk.banned == {("telegram", "2")}


@pytest.mark.parametrize(
    ("who", "sentence"),
    [
        ("", admin_words.WANTS_AN_ACCOUNT),
        ("telegram:", admin_words.WANTS_AN_ACCOUNT),
        ("٣", admin_words.WANTS_AN_ACCOUNT),
        ("4", admin_words.NO_SUCH_READER),
        (":".join(OPERATOR), admin_words.NO_OPERATORS_BANNED),
    ],
)
async def test_nobody_is_shut_out_by_mistake(olga, desk, who, sentence):
    await olga.command(f"/admin ban {who}")
    assert olga.transcript[-1] == sentence
    assert desk.banned == set()


async def test_one_tap_lets_in_again_whom_one_command_shut_out_with_all_accounts(olga, desk):
    await olga.command("/admin ban 17")
    assert desk.banned == {("telegram", "2"), ("discord", "22")}
    await olga.tap("Let in again")
    assert desk.banned == set()


async def test_a_broadcast_may_begin_on_a_line_of_its_own(olga):
    await olga.command("/admin broadcast\nWe move tonight.\n\nSee you there.")
    assert olga.transcript[1].startswith("This goes to")
    assert "\nWe move tonight.\n\nSee you there.\n" in olga.last.split("This goes to")[1]


async def test_an_old_button_is_refused_in_the_operators_language(conversation):
    journey = Journey(conversation, replace(OLGA, language="de"))
    (toast,) = await journey.press(encode(Tap(Act.ADMIN, argument="of old")), None)
    assert toast.text.startswith("Diesen Knopf kenne ich nicht mehr")

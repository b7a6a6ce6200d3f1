"""Groups and channels on Telegram: who administers them, who comes and goes, and busy votes."""

import asyncio
from dataclasses import replace

import pytest

from bot.adapters.telegram_answer import Patience
from bot.adapters.telegram_send import TelegramMessenger, telegram_bot
from bot.conversation.authority import setting
from bot.conversation.events import Command, Joined, Left, Place, Pressed, Said
from bot.conversation.messages import Button, Message, Redraw, Send, Toast, plain
from bot.conversation.ports import RecipientGone
from bot.conversation.taps import Act, Tap, encode
from tests.adapters.telegram_setting import QUICK, Scripted, running, unpaced
from tests.conftest import BOUND


async def heard(telegram, *doings, n=None, kind=Command):
    """Let things be done; return the events that were heard of them."""
    answering = Scripted()
    async with running(telegram, answering):
        for do in doings:
            do()
        return await answering.hears(kind, n or len(doings))


async def test_each_use_of_channel_in_a_group_comes_with_how_its_person_stands_there(telegram):
    ada, bob, group = telegram.person(1), telegram.person(2), telegram.group()
    telegram.admins[group] = {ada.id}
    events = await heard(
        telegram, *(lambda who=who: who.say("/channel 08:00", group) for who in (ada, bob, ada))
    )
    place = Place(str(group), str(group), may_post=True)
    expected = [replace(place, is_admin=is_admin) for is_admin in (True, False, True)]
    assert [event.person.group for event in events] == expected
    assert len(telegram.called("getChatMember")) == 6  # the asker and the bot, each time


async def test_buttons_that_set_something_are_checked_as_well_and_votes_are_not(telegram):
    ada, group = telegram.person(1), telegram.group()
    telegram.admins[group] = {ada.id}
    data = [setting(str(group), "daily"), encode(Tap(Act.VOTE, 1, 1, "l"))]
    menu = Message(plain("menu"), buttons=(tuple(Button(d[0], d) for d in data),))

    async def script(event):
        yield Toast("ok") if isinstance(event, Pressed) else Send(menu)

    answering = Scripted(script)
    async with running(telegram, answering):
        ada.say("/pick", group)
        posted = await ada.hears("menu", chat=group)
        for one in data:
            assert await ada.sees_answer(ada.press_data(one, posted)) == "ok"
        pressed = await answering.hears(Pressed, 2)
    assert [event.person.group.is_admin for event in pressed] == [True, None]


@pytest.mark.parametrize("is_private", [False, True])
async def test_forged_settings_are_heard_and_prove_nothing_about_other_chats(telegram, is_private):
    ada, mine, others = telegram.person(1), telegram.group(), telegram.group(-2002)
    telegram.person(77)
    telegram.admins[mine] = {ada.id}
    data = [
        *("G:::,", "G:::0,x", "G:::-1,forget", "G:::٣,x", "G:::77,daily", "G:::1,daily"),
        *("G:::99999999999999999999,daily", "G:::-2002,stop", "G", "G:::@papers,x", "G:1:2:"),
    ]

    async def script(event):
        yield Toast("heard") if isinstance(event, Pressed) else Send(Message(plain("a menu")))

    answering, chat = Scripted(script), ada.id if is_private else mine
    async with running(telegram, answering):
        ada.say("/pick", chat)
        posted = await ada.hears("a menu", chat=chat)
        for one in data:
            assert await ada.sees_answer(ada.press_data(one, posted)) == "heard"
        pressed = await answering.hears(Pressed, len(data))
    for event in pressed:
        place = event.person.group
        assert place is None or place.chat == str(mine) or not place.is_admin
    assert others == -2002


async def test_when_telegram_cannot_be_asked_nobody_is_taken_for_an_administrator(telegram):
    ada, group = telegram.person(1), telegram.group()
    telegram.admins[group] = {ada.id}
    telegram.fault("getChatMember", status=400, description="Bad Request: user not found")
    (event,) = await heard(telegram, lambda: ada.say("/channel", group))
    assert event.person.group == Place(str(group), str(group))


async def test_a_channel_is_named_or_chosen_in_private_and_both_are_checked_there(telegram):
    ada, channel = telegram.person(1), telegram.group(-1005, "channel", "@papers")
    telegram.admins[channel] = {ada.id, 7001}
    chosen = {"chat_shared": {"request_id": 1, "chat_id": channel}}
    events = await heard(
        telegram,
        lambda: ada.say("/channel @papers 08:00"),
        lambda: ada.say("", **chosen),
        lambda: ada.say("/channel @nowhere"),
        lambda: ada.say("/channel"),
    )
    place = Place(
        "-1005", "-1005", is_admin=True, may_post=True, is_channel=True, title="Reading group"
    )
    assert [event.person.group for event in events] == [place, place, None, None]
    assert [event.text for event in events[:2]] == ["@papers 08:00", "-1005"]
    assert all(event.person.is_private for event in events)


async def test_a_forwarded_post_and_a_lone_name_are_checked_where_they_are_from(telegram):
    ada, bob = telegram.person(1), telegram.person(2)
    channel = telegram.group(-1005, "channel", "@papers")
    telegram.admins[channel] = {ada.id, 7001}
    origin = {"type": "channel", "date": 1, "chat": telegram.chat(channel), "message_id": 3}
    person = {"type": "user", "date": 1, "sender_user": bob.user}
    events = await heard(
        telegram,
        lambda: ada.say("Good morning!", forward_origin=origin),
        lambda: bob.say("Good morning!", forward_origin=origin),
        lambda: ada.say("@papers"),
        lambda: ada.say("Good morning!", forward_origin=person),
        kind=Said,
    )
    place = Place(
        "-1005", "-1005", is_admin=True, may_post=True, is_channel=True, title="Reading group"
    )
    stands = {(e.person.account, e.text): e.person.group for e in events[:3]}
    assert stands == {
        ("1", "Good morning!"): place,
        ("2", "Good morning!"): replace(place, is_admin=False),
        ("1", "@papers"): place,
    }
    assert [event.forwarded_from for event in events if event.text != "@papers"].count("") == 1


async def test_a_post_of_a_channel_that_is_not_to_be_seen_is_heard_all_the_same(telegram):
    ada = telegram.person(1)
    elsewhere = {"id": -1009, "type": "channel", "title": "Elsewhere"}
    origin = {"type": "channel", "date": 1, "chat": elsewhere, "message_id": 3}
    (event,) = await heard(telegram, lambda: ada.say("2301.1", forward_origin=origin), kind=Said)
    assert (event.forwarded_from, event.person.group) == ("-1009", None)


async def test_a_bot_that_may_not_post_in_a_channel_says_so(telegram):
    ada, channel = telegram.person(1), telegram.group(-1005, "channel", "@papers")
    telegram.admins[channel] = {ada.id}
    (event,) = await heard(telegram, lambda: ada.say("/channel @papers"))
    assert (event.person.group.is_admin, event.person.group.may_post) == (True, False)


async def test_nobody_sets_up_somebody_elses_private_chat(telegram):
    ada, bob = telegram.person(1), telegram.person(2222)
    (event,) = await heard(telegram, lambda: ada.say("/channel -2222"))
    assert event.person.group is None
    assert bob.id == 2222


async def test_an_administrator_without_a_name_is_heard_with_channel_and_nothing_else(telegram):
    group = telegram.group()
    anonymous = {"id": 1087968824, "is_bot": True, "first_name": "Group"}
    hidden = {"sender_chat": telegram.chat(group), "from": anonymous}
    ada = telegram.person(1)
    (event,) = await heard(
        telegram,
        lambda: ada.say("/pick", group, **hidden),
        lambda: ada.say("/channel 08:00", group, **hidden),
        n=1,
    )
    assert (event.name, event.person.group.is_nameless) == ("channel", True)
    assert event.person.group.is_admin is None
    assert telegram.called("getChatMember") == []


async def test_the_button_for_choosing_a_channel_asks_for_the_right_to_post(telegram):
    async def script(event):
        yield Send(Message(plain("which?"), asks_for_channel="Choose"))

    ada = telegram.person(1)
    async with running(telegram, Scripted(script)):
        ada.say("/channel")
        await ada.hears("which?")
    (sent,) = telegram.called("sendMessage")
    (((button,),),) = (sent["reply_markup"]["keyboard"],)
    wanted = button["request_chat"]
    assert (button["text"], wanted["chat_is_channel"]) == ("Choose", True)
    assert wanted["bot_administrator_rights"]["can_post_messages"]
    assert not wanted["bot_administrator_rights"]["can_delete_messages"]


async def test_what_goes_wrong_with_a_removal_is_not_said_to_the_group(telegram):
    ada, group = telegram.person(1), telegram.group()

    async def script(event):
        if isinstance(event, Left):
            raise ZeroDivisionError
        yield Send(Message(plain("here")))

    answering = Scripted(script)
    async with running(telegram, answering):
        ada.remove_bot(group)
        await answering.hears(Left)
        ada.say("/help", group)
        await ada.hears("here", chat=group)
    assert [posted.text for posted in telegram.messages(group)] == ["here"]


async def test_being_taken_into_a_group_and_removed_are_heard_once_each(telegram):
    ada, group = telegram.person(1), telegram.group()
    answering = Scripted()
    async with running(telegram, answering):
        ada.add_bot(group)
        (joined,) = await answering.hears(Joined)
        ada.remove_bot(group)
        (left,) = await answering.hears(Left)
        ada.block()
        ada.unblock()  # in private that is no joining
        await answering.hears(Left, 2)
    for event in (joined, left):
        assert event.person.group == Place(str(group), str(group))
        assert event.person.account == str(group)
    assert [type(event) for event in answering.heard] == [Joined, Left, Left]


async def test_administrators_find_channel_in_a_groups_menu_and_others_do_not(telegram):
    async with running(telegram, Scripted()):
        await telegram.until(lambda: ("all_chat_administrators", "de") in telegram.menus)
    names = {
        scope: {command["command"] for command in menu}
        for (scope, language), menu in telegram.menus.items()
        if not language
    }
    assert names["all_chat_administrators"] == names["all_group_chats"] | {"channel"}
    assert "channel" not in names["all_group_chats"]
    assert "channel" in names["default"]  # where a Telegram channel is set up from


async def test_busy_votes_are_acknowledged_each_and_drawn_together(telegram):
    group, votes = telegram.group(), []
    people = [telegram.person(n) for n in range(1, 31)]

    async def drawn():
        return Message(plain(f"{len(votes)} votes"))

    async def script(event):
        if not isinstance(event, Pressed):
            yield Send(Message(plain("digest"), buttons=((Button("👍", "V+:1:1:l"),),)))
            return
        votes.append(event.person.account)
        yield Toast("counted")
        yield Redraw(event.message, drawn)

    timing = replace(QUICK, farewell=5.0, patience=Patience(redraw=3600.0))
    async with running(telegram, Scripted(script), timing=timing):
        people[0].say("/pick", group)
        posted = await people[0].hears("digest", chat=group)
        for one in people:
            assert await one.sees_answer(one.press_data("V+:1:1:l", posted)) == "counted"
    assert posted.text == "30 votes"
    assert posted.edits == 2


async def test_in_a_group_nobodys_tap_waits_for_anothers(telegram):
    group, slow = telegram.group(), asyncio.Event()
    ada, ben = telegram.person(1), telegram.person(2)

    async def script(event):
        if not isinstance(event, Pressed):
            yield Send(Message(plain("digest"), buttons=((Button("👍", "V+:1:1:l"),),)))
            return
        if event.person.account == "1":
            await slow.wait()
        yield Toast(f"counted {event.person.account}")

    timing = replace(QUICK, patience=Patience(tap=BOUND))
    async with running(telegram, Scripted(script), timing=timing):
        ada.say("/pick", group)
        posted = await ada.hears("digest", chat=group)
        first = ada.press("👍", posted)
        assert await ben.sees_answer(ben.press("👍", posted)) == "counted 2"
        slow.set()
        assert await ada.sees_answer(first) == "counted 1"


async def test_a_group_where_the_bot_may_not_write_is_not_one_that_it_was_removed_from(telegram):
    group, ada = telegram.group(), telegram.person(1)
    telegram.fault(
        "sendMessage",
        status=400,
        description="Bad Request: not enough rights to send text messages to the chat",
    )
    answering = Scripted()
    async with running(telegram, answering):
        ada.say("/help", group)
        await answering.hears(Command)
        ada.say("/help", group)
        await ada.hears("a card", chat=group)
    assert await answering.hears(Left, 0) == []


async def test_in_a_channel_no_subscriber_makes_the_bot_post(telegram):
    channel, stranger = telegram.group(-1005, "channel"), telegram.person(2)
    telegram.blocked.add(stranger.id)

    async def script(event):
        yield Send(Message(plain("for you alone")), is_private=True)

    answering = Scripted(script)
    async with running(telegram, answering):
        async with telegram_bot(telegram.token, telegram.origin, unpaced()) as bot:
            messenger = TelegramMessenger(bot)
            buttons = ((Button("👍", "V+:1:1:l"),),)
            post = Message(plain("digest"), buttons=buttons)
            await messenger.send(str(channel), post, nonce="n", is_quiet=False)
        posted = telegram.messages(channel)[0]
        await stranger.sees_answer(stranger.press("👍", posted))
    assert telegram.messages(channel) == [posted]


@pytest.mark.parametrize(
    ("status", "description", "why"),
    [
        (400, "Bad Request: not enough rights to send text messages to the chat", "no_permission"),
        (400, "Bad Request: need administrator rights in the channel chat", "no_permission"),
        (403, "Forbidden: bot was kicked from the supergroup chat", ""),
    ],
)
async def test_a_refusal_says_why_nothing_can_be_sent_to_a_group(
    telegram, status, description, why
):
    group = telegram.group()
    telegram.fault("sendMessage", status=status, description=description)
    async with telegram_bot(telegram.token, telegram.origin, unpaced()) as bot:
        with pytest.raises(RecipientGone) as gone:
            await TelegramMessenger(bot).send(
                str(group), Message(plain("x")), nonce="n", is_quiet=False
            )
    assert gone.value.why == why

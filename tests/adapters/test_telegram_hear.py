"""What of all that happens on Telegram the conversation gets to hear."""

from bot.adapters.telegram_answer import ONLY_IN_PRIVATE
from bot.conversation.events import Command, Left, Moved, Said
from bot.conversation.messages import Message, Send, plain
from tests.adapters.telegram_setting import Scripted, running


async def test_commands_are_understood_however_they_are_written(telegram):
    alice, answering = telegram.person(), Scripted()
    async with running(telegram, answering):
        alice.say("/start ref_42")
        alice.say("/PICK@Lark_Bot")
        alice.say("/schedule 08:30\nEurope/Berlin")
        alice.say("/nonsense")
        alice.say("/ähnlich 2301.12652")
        heard = await answering.hears(Command, 5)
    assert [(c.name, c.text) for c in heard] == [
        ("start", "ref_42"),
        ("pick", ""),
        ("schedule", "08:30\nEurope/Berlin"),
        ("nonsense", ""),
        ("similar", "2301.12652"),
    ]
    assert heard[0].person.account == heard[0].person.chat == "42"
    assert heard[0].person.language == "en"


async def test_links_behind_words_and_names_of_files_are_heard(telegram):
    alice, answering = telegram.person(), Scripted()
    link = {"type": "text_link", "offset": 0, "length": 2, "url": "https://arxiv.org/abs/2301.1"}
    async with running(telegram, answering):
        alice.say("😀 this one", entities=[link])
        paper = {"file_id": "f", "file_unique_id": "u", "file_name": "2301.12652v2.pdf"}
        alice.say("", document=paper, caption="read this")
        alice.say("forwarded", link_preview_options={"url": "https://arxiv.org/abs/2301.2"})
        said = await answering.hears(Said, 3)
    assert (said[0].text, said[0].links) == ("😀 this one", ("https://arxiv.org/abs/2301.1",))
    assert said[1].text == "read this\n2301.12652v2.pdf"
    assert said[2].links == ("https://arxiv.org/abs/2301.2",)


async def test_what_is_meant_for_another_bot_is_not_heard_even_in_private(telegram):
    alice, answering = telegram.person(), Scripted()
    async with running(telegram, answering):
        alice.say("/pick@other_bot")
        alice.say("/pick@Lark_Bot now")
        alice.say("/weather")
        heard = await answering.hears(Command, 2)
    assert [(event.name, event.text) for event in heard] == [("pick", "now"), ("weather", "")]


async def test_a_command_that_is_forwarded_is_what_somebody_else_wrote_and_no_order(telegram):
    alice, answering = telegram.person(), Scripted()
    bob = {"id": 9, "is_bot": False, "first_name": "Bob"}
    async with running(telegram, answering):
        alice.say(
            "/similar 2301.12652", forward_origin={"type": "user", "date": 1, "sender_user": bob}
        )
        (said,) = await answering.hears(Said, 1)
    assert said.text == "/similar 2301.12652"  # and the paper that it names teaches


async def test_in_a_group_only_what_is_meant_for_the_bot_is_heard(telegram):
    alice, answering, group = telegram.person(), Scripted(), telegram.group()
    async with running(telegram, answering):
        for text in ("hello all", "/pick@other_bot", "/weather", "write to @lark_botany"):
            alice.say(text, group)
        bots = {"id": 9, "is_bot": True, "first_name": "b"}
        alice.say("/pick", group, **{"from": bots})
        alice.say("@lark_bot 2301.12652", group)
        await answering.hears(Said)
        posted = await alice.hears("a card", chat=group)
        alice.say("and this?", group, reply_to_message=telegram.message_of(posted))
        alice.say("/pick", group)
        await answering.hears(Command)
    assert [e.text for e in answering.heard] == ["2301.12652", "and this?", ""]
    assert not any(e.person.is_private for e in answering.heard)
    assert {(e.person.account, e.person.chat) for e in answering.heard} == {("42", str(group))}


async def test_an_answer_in_a_forum_stays_in_its_topic(telegram):
    alice, group = telegram.person(), telegram.group()
    async with running(telegram, Scripted()):
        alice.say("/pick", group, message_thread_id=5, is_topic_message=True)
        assert (await alice.hears(chat=group)).thread == 5


async def test_what_only_the_asker_should_see_does_not_reach_the_group(telegram):
    alice, bob, group = telegram.person(), telegram.person(43), telegram.group()
    telegram.blocked.add(bob.id)

    async def script(event):
        if isinstance(event, Left):
            return
        yield Send(Message(text=plain("because you liked something")), is_private=True)

    answering = Scripted(script)
    async with running(telegram, answering):
        alice.say("/pick", group)
        await alice.hears("because")
        bob.say("/pick", group)
        await bob.hears(ONLY_IN_PRIVATE, chat=group)
    assert [p.text for p in telegram.messages(group)] == [ONLY_IN_PRIVATE]
    assert len(answering.heard) == 2


async def test_edited_messages_and_unreadable_updates_are_passed_over(telegram):
    alice, answering = telegram.person(), Scripted()
    async with running(telegram, answering):
        telegram.garble({"message": {"nonsense": True}})
        for nonsense in (
            {"id": 1},
            "x",
            {"id": 1, "from": None},
            {"id": 1, "from": {}, "message": 3},
        ):
            telegram.garble({"callback_query": nonsense})
        alice.say("/start")
        await alice.hears("a card")
    assert len(answering.heard) == 1


async def test_whoever_blocks_the_bot_has_left(telegram):
    alice, answering = telegram.person(), Scripted()
    async with running(telegram, answering):
        alice.block()
        (left,) = await answering.hears(Left)
        alice.unblock()
        alice.say("/start")
        await alice.hears("a card")
    assert left.person.account == "42"
    assert len(answering.heard) == 2


async def test_removing_the_bot_from_a_group_says_nothing_about_who_did_it(telegram):
    alice, answering, group = telegram.person(), Scripted(), telegram.group()
    async with running(telegram, answering):
        alice.remove_bot(group)
        (left,) = await answering.hears(Left)
    assert (left.person.account, left.person.is_private) == (str(group), False)


async def test_a_block_that_shows_only_when_answering_counts_as_well(telegram):
    alice, answering = telegram.person(), Scripted()
    async with running(telegram, answering):
        telegram.blocked.add(alice.id)
        alice.say("/start")
        (left,) = await answering.hears(Left)
    assert left.person.account == "42"


async def test_a_group_that_got_a_new_id_is_answered_there(telegram):
    alice, answering, old = telegram.person(), Scripted(), telegram.group(-5)
    async with running(telegram, answering):
        telegram.migrate(old, -1005)
        alice.say("/pick", old)
        await alice.hears("a card", chat=-1005)
        alice.say("", old, migrate_to_chat_id=-1005)
        moved = await answering.hears(Moved, 2)
    assert {(m.old_chat, m.new_chat) for m in moved} == {("-5", "-1005")}

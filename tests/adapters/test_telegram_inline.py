"""`@bot words` in any chat, on a local Bot API."""

import asyncio
from datetime import timedelta

from bot.conversation import cards, words
from bot.conversation.deep_links import start_of
from bot.conversation.events import Platform
from bot.conversation.ports import Offer
from bot.conversation.suggestions import InlinePage, InlineResult
from tests.adapters.telegram_setting import Scripted, running
from tests.conversation.scripted_desk import paper


def result(number, **changes):
    shown = paper(number, **changes)
    return InlineResult(cards.card(Offer(shown, 0)), start_of(shown.id))


class ScriptedSuggesting:
    """Finds two papers for anything; `gate` holds every answer back while closed."""

    def __init__(self, *results):
        self.results = results or (result(1), result(71, title="A < B & *C*"))
        self.asked = []
        self.people = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.heard = asyncio.Event()
        self.fails = False

    async def inline(self, person, asked, offset):
        self.people.append(person)
        self.asked.append((asked, offset))
        self.heard.set()
        await self.gate.wait()
        if self.fails:
            self.fails = False
            raise RuntimeError("a bug")
        return InlinePage(self.results, "20" if not offset else "", timedelta(minutes=5))

    async def choices(self, person, suggests, typed):
        return ()


async def test_papers_are_offered_with_their_card_and_a_link_into_the_bot(telegram):
    alice = telegram.person()
    suggesting = ScriptedSuggesting()
    async with running(telegram, Scripted(), suggesting=suggesting):
        asked = await alice.sees_results(alice.ask_inline("graph learning"))
    assert asked.titles == ["Paper number 1", "A < B & *C*"]
    second = asked.results[1]
    assert "A &lt; B &amp; *C*" in second["input_message_content"]["message_text"]
    assert second["reply_markup"]["inline_keyboard"] == [
        [{"text": words.OPEN_IN_BOT, "url": "https://t.me/lark_bot?start=p1z"}]
    ]
    assert second["description"].startswith("Ada Lovelace and Alan Turing")
    assert (asked.cache_time, asked.is_personal, asked.next_offset) == (300, True, "20")
    assert suggesting.asked == [("graph learning", "")]
    (who,) = suggesting.people
    assert (who.platform, who.account, who.is_private) == (Platform.TELEGRAM, "42", False)


async def test_whoever_scrolls_on_gets_the_next_page(telegram):
    alice = telegram.person()
    suggesting = ScriptedSuggesting()
    async with running(telegram, Scripted(), suggesting=suggesting):
        first = await alice.sees_results(alice.ask_inline(""))
        last = await alice.sees_results(alice.ask_inline("", first.next_offset))
    assert last.next_offset == ""
    assert suggesting.asked == [("", ""), ("", "20")]


async def test_of_what_is_typed_quickly_only_the_newest_is_answered(telegram):
    alice, bob = telegram.person(), telegram.person(43)
    suggesting = ScriptedSuggesting()
    suggesting.gate.clear()
    async with running(telegram, Scripted(), suggesting=suggesting):
        first = alice.ask_inline("g")
        await suggesting.heard.wait()
        between, last = alice.ask_inline("gr"), alice.ask_inline("gra")
        theirs = bob.ask_inline("other")
        bob.say("hello")
        await bob.hears("a card")  # everything before it has been taken
        suggesting.gate.set()
        for asked in (first, last, theirs):
            await alice.sees_results(asked)
    assert between.results is None
    assert ("gr", "") not in suggesting.asked


async def test_a_broken_answer_ends_no_other(telegram):
    alice = telegram.person()
    suggesting = ScriptedSuggesting()
    suggesting.fails = True
    async with running(telegram, Scripted(), suggesting=suggesting):
        alice.ask_inline("first")
        await suggesting.heard.wait()
        await alice.sees_results(alice.ask_inline("second"))
        alice.say("/start")
        await alice.hears("a card")
    assert not telegram.updates


async def test_without_anybody_to_answer_inline_queries_are_let_pass(telegram):
    alice = telegram.person()
    async with running(telegram, Scripted()):
        asked = alice.ask_inline("graphs")
        alice.say("/start")
        await alice.hears("a card")
        await telegram.until(lambda: not telegram.updates)
    assert asked.results is None

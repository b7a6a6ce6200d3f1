"""No edit goes out that changes nothing, on either platform, and what changes is always drawn."""

from dataclasses import replace

import pytest

from bot.adapters import discord_looks, telegram_looks
from bot.adapters.discord_render import render as draw_for_discord
from bot.adapters.looks import Looks
from bot.adapters.telegram_render import render as draw_for_telegram
from bot.conversation.events import MessageRef, Pressed
from bot.conversation.messages import Button, Card, Edit, Message, Send, Span, Style, Toast, plain
from recommender.papers import PaperId
from tests.adapters.telegram_setting import Scripted, running
from tests.adapters.test_discord_app import Script, discord, serving

__all__ = ["discord"]

WEEK, MONTH = "w", "m"
REF = MessageRef("1", "2")
PAPER = Card(
    PaperId(7),
    "A < B & *C*",
    "https://arxiv.org/abs/2401.00007",
    "A. Author",
    ("cs.LG",),
    "We show “this” & that. It holds for all x < y.",
    (("Code", "https://example.org/?a=1&b=2"),),
    "Because you liked _it_.",
)


def periods(chosen: str) -> tuple[tuple[Button, ...], ...]:
    return (tuple(Button(name, f"g:::{name}", is_chosen=name == chosen) for name in (WEEK, MONTH)),)


def trending(chosen: str) -> Message:
    """Return a page with a link, styles, letters that are escaped, and spaces at its ends."""
    page = Span("a page & more", url="https://example.org/?a=1&b=2")
    text = plain(" \n", Span(f"Papers < of the {chosen}", Style.BOLD), "\n", page, "\n")
    return Message(text, buttons=periods(chosen))


def turning(event):
    """Answer a tap with the page that its button names, anything else with the week's."""
    if isinstance(event, Pressed) and event.message:
        return [Edit(event.message, trending(event.data[-1]))]
    return [Send(trending(WEEK))]


async def turning_on_telegram(event):
    for action in turning(event):
        yield action


def edits(telegram):
    return telegram.called("editMessageText")


# ---------------------------------------------------------------------- Telegram


async def test_what_is_chosen_already_is_answered_and_not_drawn_again(telegram):
    alice = telegram.person()
    async with running(telegram, Scripted(turning_on_telegram)):
        alice.say("/trending")
        page = await alice.hears("of the w")
        assert await alice.sees_answer(alice.press("w", page)) == ""
        await alice.sees_answer(alice.press("m", page))
        await alice.hears("of the m")
        await alice.sees_answer(alice.press("m", page))
    assert len(edits(telegram)) == page.edits == 1


async def test_of_a_message_from_before_a_restart_the_tap_says_what_it_shows(telegram):
    alice = telegram.person()
    async with running(telegram, Scripted(turning_on_telegram)):
        alice.say("/trending")
        page = await alice.hears("of the w")
        await alice.sees_answer(alice.press("m", page))
        await alice.hears("of the m")
    async with running(telegram, Scripted(turning_on_telegram)):
        await alice.sees_answer(alice.press("m", page))
        await alice.sees_answer(alice.press("w", page))
        await alice.hears("of the w")
    assert len(edits(telegram)) == page.edits == 2


async def test_a_tap_made_before_the_last_edit_arrived_is_drawn_although_it_shows_the_old(telegram):
    alice = telegram.person()
    async with running(telegram, Scripted(turning_on_telegram)):
        alice.say("/trending")
        page = await alice.hears("of the w")
        queries = [alice.press(period, page) for period in ("m", "w")]  # both with the week's page
        for query in queries:
            await alice.sees_answer(query)
        await telegram.until(lambda: page.edits == 2)
    assert "of the w" in page.text


async def test_an_edit_that_failed_is_made_when_it_is_asked_for_again(telegram):
    alice = telegram.person()
    telegram.fault("editMessageText", kind="error", status=400, description="Bad Request: no")
    async with running(telegram, Scripted(turning_on_telegram)):
        alice.say("/trending")
        page = await alice.hears("of the w")
        for _ in range(2):
            await alice.sees_answer(alice.press("m", page))
        await alice.hears("of the m")
    assert page.edits == 1


# ---------------------------------------------------------------------- Discord


@pytest.fixture
def script():
    said = Script()
    said.says = turning
    return said


async def test_on_discord_what_is_chosen_already_is_acknowledged_and_left_alone(discord, script):
    bob = discord.person()
    for showing, chosen in ((WEEK, MONTH), (MONTH, WEEK)):  # the second time after a restart
        async with serving(discord, script):
            if showing == WEEK:
                await bob.slash("trending")
                page = await bob.sees("of the w")
            left_alone = await bob.gets_answer(await bob.press_data(page, f"g:::{showing}"))
            drawn = await bob.gets_answer(await bob.press_data(page, f"g:::{chosen}"))
            again = await bob.gets_answer(await bob.press_data(page, f"g:::{chosen}"))
        assert (left_alone.answered, drawn.answered, again.answered) == (6, 7, 6)
        assert f"of the {chosen}" in page.text
    assert page.edits == 2


async def test_on_discord_a_toast_about_what_stands_there_needs_no_message(discord, script):
    bob = discord.person()
    async with serving(discord, script):
        await bob.slash("trending")
        page = await bob.sees("of the w")
        script.says = lambda event: [Toast("So it is."), *turning(event)]
        await bob.gets_answer(await bob.press_data(page, f"g:::{WEEK}"))
    assert len(discord.posted) == 1


# ---------------------------------------------------------------------- looks


@pytest.mark.parametrize(
    "other",
    [
        replace(trending(WEEK), text=plain("other words")),
        replace(trending(WEEK), buttons=periods(MONTH)),
        replace(trending(WEEK), buttons=()),
        Message(card=PAPER),
        Message(card=replace(PAPER, mark="👍 Liked")),
        Message(card=replace(PAPER, links=(("Code", "https://example.org/other"),))),
    ],
)
def test_messages_that_differ_look_different(other):
    for ours in (trending(WEEK), Message(card=replace(PAPER, mark="👎 Skipped"))):
        for look, draw in (
            (telegram_looks.look, draw_for_telegram),
            (discord_looks.look, draw_for_discord),
        ):
            assert look(draw(ours)) != look(draw(other))


async def test_a_message_that_was_gone_is_not_taken_to_show_what_was_drawn():
    looks = Looks()

    async def gone() -> bool:
        return False

    assert not await looks.draw(REF, 1, gone)
    assert not looks.stands(REF, 1)
    assert looks.stands(REF, 1, told=1)


async def test_only_so_many_messages_are_remembered():
    looks = Looks(most=2)

    async def there() -> bool:
        return True

    for number in range(3):
        await looks.draw(MessageRef("1", str(number)), number, there)
    assert [looks.stands(MessageRef("1", str(n)), n) for n in range(3)] == [False, True, True]

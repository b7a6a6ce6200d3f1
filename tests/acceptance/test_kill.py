"""kill -9 in the middle of everything, and what still holds afterwards."""

import asyncio
from functools import partial

import pytest

from tests.acceptance.people import (
    LIKE,
    OnDiscord,
    OnTelegram,
    answered,
    asks_for_a_card,
    digests,
    goes_on,
    hears,
    newest,
)
from tests.acceptance.process import BOUND, BotProcess, eventually

ABANDONED = 11  # minutes after which a digest that was begun is given up


@pytest.fixture
async def bot(world):
    async with BotProcess(world.settings, world.data_dir, "run") as bot:
        await bot.says("discord.started")
        yield bot


def unconfirmed(world):
    """Return the taps that Telegram still holds, by their data."""
    kept = (update.get("callback_query") for update in world.telegram.updates)
    return [world.telegram.queries[query["id"]] for query in kept if query]


async def polls_again(world):
    """Wait until the bot asks for updates once more: what was there before it has fetched."""
    polls = len(world.telegram.called("getUpdates"))
    await world.telegram.until(lambda: len(world.telegram.called("getUpdates")) > polls, BOUND)


async def starts_again(world, bot):
    """Start after a kill; return how many characters it had said before."""
    before, identified = len(bot.output), world.discord.identified
    await bot.start()
    await bot.says("discord.started", before)
    await eventually(lambda: world.discord.identified > identified, "Discord")
    return before


async def test_no_acknowledged_tap_is_lost_and_unconfirmed_ones_are_answered_once(world, kept, bot):
    people = [OnTelegram(world.telegram, 4200 + n, f"Person {n}") for n in range(6)]
    ben = OnDiscord(world.discord, 4300)
    world.telegram.answerable = BOUND  # a busy machine takes seconds to start the bot again
    *cards, bens = await asyncio.gather(
        *(asks_for_a_card(person, "/start") for person in people), asks_for_a_card(ben, "/start")
    )

    # Taps pour in; the first acknowledgement is followed by kill -9.
    queries = [person.presses(LIKE, c) for person, c in zip(people, cards, strict=True)]
    tapped = await ben.person.press(bens.raw, LIKE)
    await world.telegram.until(lambda: any(query.answers for query in queries), BOUND)
    await bot.kill()
    for person, card, query in zip(people, cards, queries, strict=True):
        if query.answers:
            assert await kept.verdicts(person.account) == {card.paper: "like"}
    if tapped.answered and "Liked" in ben.messages()[-1].text:
        assert await kept.verdicts(ben.account) == {bens.paper: "like"}
    repeated = sum(bool(query.answers) for query in unconfirmed(world))
    unanswered = ["no acknowledgement within 3 s"] * (not tapped.answered)

    # While it is away people go on; then it answers all of them, each once.
    last = newest(people[0])
    await people[0].says("/status")
    await starts_again(world, bot)
    await world.telegram.until(lambda: all(query.answers for query in queries), BOUND)
    await hears(people[0], lambda m: "You liked 1" in m.text, "the answer to /status", last)
    for person, card in zip(people, cards, strict=True):
        liked = {card.paper: "like"}
        await eventually(partial(kept.has_only, person.account, liked), "the like")
    assert await kept.one("SELECT count(*) FROM feedback_log WHERE verdict_after = 'like'") in (
        len(people),
        len(people) + 1,
    )

    # A tap that could not be stored before the kill comes again and is stored then.
    stuck = people[1]
    card = await asks_for_a_card(stuck)
    async with kept.locked():
        query = stuck.presses(LIKE, card)
        await polls_again(world)
        assert query in unconfirmed(world)
        await bot.kill()
    assert card.paper not in await kept.verdicts(stuck.account)
    answers = len(query.answers)
    repeated += answers
    await starts_again(world, bot)
    await world.telegram.until(lambda: len(query.answers) > answers, BOUND)
    # The answer may be that it takes a moment; stored it is all the same.
    both = {cards[1].paper: "like", card.paper: "like"}
    await eventually(lambda: kept.has_only(stuck.account, both), "the like")

    # The buttons of cards from before still work, on both platforms.
    for person, card in ((people[2], cards[2]), (ben, bens)):
        await person.taps("🔖 Save", card)
        await hears(person, lambda m, c=card: m.papers == c.papers and "Saved" in m.text, "a mark")
        await goes_on(person, LIKE, await asks_for_a_card(person))
    assert await kept.one("SELECT count(*) FROM feedback WHERE saved_at IS NOT NULL") == 2

    # What was answered in the moment of a kill may be answered again, and nothing else.
    twice = [v for v in world.violations if "answered twice" in v]
    assert len(twice) <= repeated
    assert [v for v in world.violations if v not in twice] == unanswered
    assert (await bot.stop()) == 0


async def test_no_digest_comes_twice_though_the_process_dies_while_it_pushes(world, kept, bot):
    people = [OnTelegram(world.telegram, 4200 + n, f"Person {n}") for n in range(4)]
    ben = OnDiscord(world.discord, 4300)
    readers = [*people, ben]
    await asyncio.gather(*(asks_for_a_card(reader, "/start") for reader in readers))

    # One digest hangs on its way, others arrive; in the middle of that comes kill -9.
    hanging = world.telegram.fault("sendMessage", kind="hang", chat=people[0].person.id)
    await kept.everybodys_digest_is_due()
    await eventually(lambda: any(digests(reader) for reader in readers), "the first digest")
    await eventually(lambda: hanging.times == 0, "the send that hangs")
    await bot.kill()
    hanging.released.set()
    states = await kept.deliveries()
    assert states[people[0].account] == "sending"

    # It comes back after a while: what was only claimed is sent, what was begun never again.
    await kept.minutes_pass_for_deliveries(ABANDONED)
    said = await starts_again(world, bot)
    await bot.says("push.unknown", said)
    await eventually(lambda: all_ended(kept), "an end for every digest")
    ended = await kept.deliveries()
    assert set(ended.values()) <= {"sent", "unknown"}
    assert ended[people[0].account] == "unknown"
    assert digests(people[0]) == []
    for reader in readers:
        assert len(digests(reader)) <= 1
        if states[reader.account] in ("claimed", "sent"):
            assert len(digests(reader)) == 1

    # What nobody knows to have arrived is shown by /today, and says so.
    today = await answered(people[0], "/today", "papers for")
    assert today.text.count("You may have seen this.") == 5
    arrived = next(reader for reader in readers if digests(reader))
    (digest,) = digests(arrived)
    await arrived.taps("1 👍", digest)
    await eventually(lambda: "Liked" in digests(arrived)[0].text, "the mark in the digest")
    assert world.violations == []
    assert await bot.stop() == 0


async def all_ended(kept):
    return not set((await kept.deliveries()).values()) & {"claimed", "sending"}

"""A reader on two platforms links them, takes everything along, and is forgotten; as processes."""

import asyncio
import json
from contextlib import AsyncExitStack

from tests import traces
from tests.acceptance.kept import kept_at
from tests.acceptance.papers import A_DAY, DAYS
from tests.acceptance.people import LIKE, OnDiscord, OnTelegram, answered, goes_on, hears, newest
from tests.acceptance.people import asks_for_a_card as asks
from tests.acceptance.process import BotProcess, eventually, run_once

ADA_THERE, ADA_HERE, BEN = 914077552301, 914077552302, 914077552399
NOTE = "play it on the xylophone"
FORGET = "Yes, forget everything"


async def test_two_processes_link_a_reader_export_her_and_forget_her_in_every_file(world):
    ada, also_ada = OnTelegram(world.telegram, ADA_THERE, "Ada"), OnDiscord(world.discord, ADA_HERE)
    ben = OnTelegram(world.telegram, BEN, "Ben")
    url = f"sqlite+aiosqlite:///{world.data_dir}/paperlark.db"
    assert (await run_once(world.settings, world.data_dir, "migrate"))[0] == 0
    async with AsyncExitStack() as stack:
        bots = [
            await stack.enter_async_context(BotProcess(world.settings, world.data_dir, role))
            for role in ("ingest", "telegram", "discord")
        ]
        kept = await stack.enter_async_context(kept_at(url))
        await eventually(lambda: has_come(kept), "a day's papers")
        await eventually(lambda: world.discord.identified, "Discord")
        await answered(ben, "/start", "I am Paperlark")
        card = await asks(ada, "/start")
        await goes_on(ada, LIKE, card)
        await ada.taps("🔖 Save", card)
        await answered(ada, f"/note {NOTE}", "Noted on")
        await asks(also_ada, "/start")

        # No Redis here: the code made in one process is known in the other.
        code = (await answered(ada, "/link", "/link ")).text.partition("/link ")[2][:6]
        linked = await answered(also_ada, f"/link {code}", "are one reader now")
        assert "1 liked and 1 saved paper together" in linked.text
        await answered(also_ada, "/saved", NOTE)

        posted = (await answered(ada, "/export json", "Everything I keep")).raw
        name, content = posted.file
        accounts = {row["external_id"] for row in json.loads(content)["accounts"]}
        assert (name, accounts) == ("paperlark.json", {str(ADA_THERE), str(ADA_HERE)})

        question = await answered(also_ada, "/forget", "Shall I forget you?")
        await also_ada.taps(FORGET, question)
        await hears(also_ada, lambda m: "I have forgotten you" in m.text, "that it is done")
        hers = [str(ADA_THERE), str(ADA_HERE), NOTE, code]
        assert traces.in_files(world.data_dir, hers) == []
        assert traces.in_files(world.data_dir, [str(BEN)]) != []

        welcome = await answered(ada, "/start", "I am Paperlark")
        assert "Welcome back" not in welcome.text
        await answered(ada, "/saved", "You have saved nothing yet")
        last = newest(ben)
        await answered(ben, "/status", "I know nothing of your taste yet")
        assert newest(ben) > last
        assert await asyncio.gather(*(bot.stop() for bot in bots)) == [0] * len(bots)
    said = "".join(bot.output for bot in bots)
    assert not any(word in said for word in hers)
    assert world.violations == []


async def has_come(kept):
    return await kept.announced(DAYS[0]) == A_DAY

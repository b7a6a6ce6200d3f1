"""A broadcast whose process is killed in the middle: nobody reads it twice, and it ends."""

import re
from datetime import timedelta

from tests.acceptance.kept import kept_at
from tests.acceptance.people import OnTelegram, answered, hears
from tests.acceptance.process import BotProcess, eventually

READERS, OPERATOR = 40, 4299
WORDS = "We move tonight, back at ten."
STAGE = "SELECT state FROM broadcasts"
ENDS = "SELECT state, count(*) FROM broadcast_sends GROUP BY state"


async def test_nobody_reads_it_twice_though_the_process_is_killed_in_the_middle(world, tmp_path):
    ahead = tmp_path / "ahead"
    ahead.write_text("0")
    settings = world.settings | {
        "CLOCK_FILE": str(ahead),
        "OPERATORS": f"telegram:{OPERATOR}",
    }
    readers = [OnTelegram(world.telegram, 4300 + n, f"Reader{n}") for n in range(READERS)]
    olga = OnTelegram(world.telegram, OPERATOR, "Olga")
    url = f"sqlite+aiosqlite:///{world.data_dir}/paperlark.db"
    async with BotProcess(settings, world.data_dir, "run") as bot, kept_at(url) as kept:
        for reader in (*readers, olga):
            await reader.says("/status")
        for reader in (*readers, olga):
            await hears(reader, lambda m: "of your taste" in m.text, "the status")
        preview = await answered(olga, f"/admin broadcast {WORDS}", "This goes to")
        assert f"This goes to {READERS + 1} readers" in preview.text
        assert await olga.taps("Send it", preview) == "It is being sent."
        await eventually(lambda: len(reached(readers)) >= 5, "the first of them")
        await bot.kill()
        await bot.start()
        await eventually(lambda: is_settled(kept), "that what was left is taken over")
        # What a dead process left lies for ten minutes before another takes it.
        leap(ahead, timedelta(minutes=11))
        await eventually(lambda: has_ended(kept), "the end of the broadcast")
        ends = dict(await kept.rows(ENDS))
    assert sum(ends.values()) == READERS + 1
    assert ends.keys() <= {"sent", "unknown"}
    heard = reached([*readers, olga])
    assert len(heard) == len(set(heard))  # each once
    assert ends["sent"] <= len(heard) <= READERS + 1
    assert world.telegram.violations == []


def reached(readers):
    """Return the account of a reader for each time that they read the broadcast."""
    return [
        reader.account
        for reader in readers
        for message in reader.messages()
        if re.search(rf"^From .*{re.escape(WORDS)}", message.text, re.DOTALL)
    ]


async def has_ended(kept):
    return await kept.one(STAGE) == "done"


async def is_settled(kept):
    """Whether everybody has a row: what comes now is only what the dead one had claimed."""
    return sum(n for _, n in await kept.rows(ENDS)) == READERS + 1


def leap(ahead, by):
    fresh = ahead.with_suffix(".new")
    fresh.write_text(str(by.total_seconds()))
    fresh.rename(ahead)

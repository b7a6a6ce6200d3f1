"""German and English readers beside each other on both platforms, in one process."""

from tests.acceptance.people import OnDiscord, OnTelegram, answered, hears, newest
from tests.acceptance.process import BotProcess, eventually

LIKE = "👍 Gefällt"
WELCOME, HALLO = "I am Paperlark", "Ich bin Paperlark"


async def test_everybody_is_spoken_to_in_their_language_on_both_platforms(world):
    ada, ben = OnTelegram(world.telegram, 1, "Ada"), OnTelegram(world.telegram, 2, "Ben")
    eva, joe = OnDiscord(world.discord, 3), OnDiscord(world.discord, 4)
    ada.person.user["language_code"] = "de"
    eva.person.locale = "de"
    async with BotProcess(world.settings, world.data_dir, "run"):
        await eventually(lambda: world.discord.identified, "Discord")
        await answered(ada, "/start", HALLO)
        await answered(ben, "/start", WELCOME)
        await answered(eva, "/start", HALLO)
        await answered(joe, "/start", WELCOME)

        card = await hears(ada, lambda m: LIKE in m.labels, "a German card")
        assert await ada.taps(LIKE, card) == "Gefällt dir. Schon das nächste Paper weiß es."
        there = await hears(eva, lambda m: LIKE in m.labels, "a German card")
        await eva.taps(LIKE, there)
        await hears(eva, lambda m: "👍 Gefällt dir" in m.text, "the mark")
        await answered(ada, "/heute", "Deine ")
        await answered(ada, "/schedule halb neun Berlin werktags 3", "um 08:30 Uhr (Europe/Berlin)")
        # Discord shows commands by German names, so they are named like that there.
        assert "/vorschlag" in (await answered(eva, "/help", "Was ich verstehe:")).text
        assert "/pick" in (await answered(ada, "/help", "Was ich verstehe:")).text

        # A choice holds, whatever the app says, and in what comes next.
        await answered(ben, "/language Deutsch", "wie du es gewählt hast")
        last = newest(ben)
        await ben.says("/pick")
        await hears(ben, lambda m: LIKE in m.labels, "a German card", last)
        await answered(joe, "/status", "I know nothing of your taste yet")
    assert world.violations == []

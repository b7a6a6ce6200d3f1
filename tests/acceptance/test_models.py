"""Models come, go and are taken back beside a bot that runs."""

from tests.acceptance.papers import DAYS
from tests.acceptance.people import OnTelegram, answered, asks_for_a_card
from tests.acceptance.process import BotProcess, eventually, run_once


async def version_of(world, *options):
    status, said = await run_once(world.settings, world.data_dir, "retrain", *options)
    assert status == 0, said
    return said.split("Model ")[1].split(" is live")[0]


async def test_a_model_that_is_taken_back_is_taken_back_in_the_process_that_runs(world):
    ada = OnTelegram(world.telegram, 4201, "Ada")
    async with BotProcess(world.settings, world.data_dir, "run") as bot:
        await asks_for_a_card(ada, "/start")
        first, second = await version_of(world), await version_of(world)
        await bot.says(second)
        await answered(ada, "/status", second)
        before = len(bot.output)
        assert await version_of(world, "--rollback") == first
        await bot.says(first, before)
        await answered(ada, "/status", first)
        assert await bot.stop() == 0
    assert "Traceback" not in bot.output
    assert world.violations == []


async def enough_papers(world, settings):
    """Let two days come: a hundred and twenty papers are enough for a trainer."""
    for day in DAYS[:2]:
        world.feeds.today = day
        status, said = await run_once(settings, world.data_dir, "ingest", "--once")
        assert status == 0, said


async def test_a_training_that_is_killed_ends_at_once_and_leaves_the_next_to_another_process(
    world, kept, redis_server
):
    settings = {**world.settings, "REDIS_URL": redis_server.url}
    await enough_papers(world, settings)
    first, second = (BotProcess(settings, world.data_dir, "retrain", "--loop") for _ in range(2))
    async with kept.standing_still("INSERT", "models", "NEW.is_live"), first:
        await eventually(lambda: has_trained(world), "a model in files")
        await first.kill()  # returns once its child has ended, too, which holds its output
    assert "retrain.published" not in first.output
    async with second:
        await second.says("retrain.published")  # and not after two hours
        assert len(await kept.rows("SELECT version FROM models")) == 1
        assert await second.stop() == 0
    assert "Traceback" not in first.output + second.output


def has_trained(world):
    return any((world.data_dir / "models").glob("*/*.npy"))


async def test_after_a_change_of_encoder_the_old_model_serves_until_the_new_one_is_trained(
    world, kept
):
    ada = OnTelegram(world.telegram, 4201, "Ada")
    await enough_papers(world, world.settings)
    old = await version_of(world)
    settings = {**world.settings, "TEXT_ENCODER": "lsa"}
    async with BotProcess(settings, world.data_dir, "run") as bot:
        assert old in await bot.says("model.live")
        assert "-lsa" in await bot.says("retrain.published")
        line = await bot.says("-lsa papers=")
        assert "model.live" in line
        await asks_for_a_card(ada, "/start")
        (new,) = await kept.rows("SELECT version FROM models WHERE is_live")
        assert new[0].endswith("-lsa")
        await answered(ada, "/status", new[0])
        assert await bot.stop() == 0
    shown = await kept.rows("SELECT DISTINCT model FROM impressions")
    assert set(shown) <= {(old,), new}
    assert "Traceback" not in bot.output
    assert world.violations == []

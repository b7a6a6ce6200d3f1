"""A machine without the system's libgomp.so.1, which `implicit` needs."""

from tests.acceptance.process import run_once


async def test_without_libgomp_the_bot_runs_on_text_alone_and_says_once_what_to_install(
    world, kept, tmp_path
):
    masked = tmp_path / "masked"
    masked.mkdir()
    (masked / "libgomp.so.1").touch()  # found first, and no library
    settings = {**world.sources, "LD_LIBRARY_PATH": str(masked)}
    status, said = await run_once(settings, world.data_dir, "chat", typed="l\ns\n")
    assert status == 0, said
    assert said.count("announced ") == 3, "a first card, and one after each tap"
    assert "libgomp" not in said + world.files

    status, said = await run_once(settings, world.data_dir, "retrain")
    assert status == 0, said
    assert said.count("apt-get install libgomp1") == 1
    assert "Traceback" not in said
    assert "blend: 0.0" in said
    version = said.split("Model ")[1].split(" is live")[0]
    assert await kept.rows("SELECT version FROM models WHERE is_live") == [(version,)]

    status, said = await run_once(settings, world.data_dir, "chat", typed="/status\n")
    assert status == 0, said
    assert f"Model: {version}" in said
    assert "You liked 1 paper, skipped 1" in said

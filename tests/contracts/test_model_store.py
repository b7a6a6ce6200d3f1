"""Trained models, on both databases."""

import asyncio
import shutil
from datetime import timedelta

import numpy as np
import pytest

from storage import model_store
from storage.errors import ModelFilesMissing, NoEarlierModel
from storage.model_store import NewModel, Training

ARRAYS = {
    "weights": np.arange(12, dtype=np.float32).reshape(3, 4),
    "papers": np.array([3, 1, 2]),
    "words": np.array(["graph", "Ångström", "日本"]),
    "gamma": np.array(2.0),
    "none": np.zeros((0, 5)),
}


async def live(database):
    async with database.reading() as db:
        return await model_store.live(db)


async def test_before_the_first_training_no_model_is_live(any_database):
    assert await live(any_database) is None


async def test_a_published_model_is_live_and_comes_back_mapped(any_database, tmp_path, clock):
    new = NewModel("v1", "static", {"recall": 0.41})
    model = await model_store.publish(any_database, tmp_path, ARRAYS, new, clock())
    assert await live(any_database) == model
    assert (model.encoder, model.metrics, model.trained) == ("static", {"recall": 0.41}, clock())
    arrays = model_store.load(tmp_path, model)
    assert set(arrays) == set(ARRAYS)
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(arrays[name], array)
        assert isinstance(arrays[name], np.memmap)
        assert not arrays[name].flags.writeable


async def test_the_last_three_models_are_kept_and_one_is_live(any_database, tmp_path, clock):
    first = await model_store.publish(
        any_database, tmp_path, ARRAYS, NewModel("v0", "static"), clock()
    )
    arrays = model_store.load(tmp_path, first)
    for number in range(1, 5):
        new = NewModel(f"v{number}", "static")
        await model_store.publish(any_database, tmp_path, ARRAYS, new, clock.forward(days=1))
    assert (await live(any_database)).version == "v4"
    assert {folder.name for folder in (tmp_path / "models").iterdir()} == {"v2", "v3", "v4"}
    # A process that still works with a forgotten model goes on.
    np.testing.assert_array_equal(arrays["weights"], ARRAYS["weights"])


async def test_a_link_that_leads_nowhere_does_not_keep_a_model_from_going_live(
    any_database, tmp_path, clock
):
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "gone").symlink_to(tmp_path / "nowhere")
    new = NewModel("v1", "static")
    assert await model_store.publish(any_database, tmp_path, ARRAYS, new, clock()) == await live(
        any_database
    )


async def test_two_trainers_at_once_leave_one_live_model(any_database, tmp_path, clock):
    await asyncio.gather(
        *(
            model_store.publish(
                any_database, tmp_path, ARRAYS, NewModel(f"v{i}", "static"), clock()
            )
            for i in range(3)
        )
    )
    model = await live(any_database)
    assert set(model_store.load(tmp_path, model)) == set(ARRAYS)


async def test_a_live_model_without_its_files_is_named(any_database, tmp_path, clock):
    new = NewModel("v1", "static")
    model = await model_store.publish(any_database, tmp_path, ARRAYS, new, clock())
    shutil.rmtree(tmp_path / "models" / "v1")
    with pytest.raises(ModelFilesMissing, match=r"v1.*DATA_DIR.*retrain"):
        model_store.load(tmp_path, model)


async def test_a_model_that_cannot_be_written_leaves_the_old_one_live(
    any_database, tmp_path, clock
):
    await model_store.publish(any_database, tmp_path, ARRAYS, NewModel("v1", "static"), clock())
    objects = {"weights": np.array([{}, None], dtype=object)}
    with pytest.raises(ValueError, match="Object arrays"):
        await model_store.publish(
            any_database, tmp_path, objects, NewModel("v2", "static"), clock()
        )
    assert (await live(any_database)).version == "v1"
    # The next attempt with the same version starts afresh.
    await model_store.publish(any_database, tmp_path, ARRAYS, NewModel("v2", "static"), clock())
    assert (await live(any_database)).version == "v2"


async def test_what_a_dead_trainer_left_is_removed_after_a_day(any_database, tmp_path, clock):
    for name in (".v0.999", "v0"):
        (tmp_path / "models" / name).mkdir(parents=True)
    soon = NewModel("v1", "static")
    await model_store.publish(any_database, tmp_path, ARRAYS, soon, clock() - timedelta(days=9999))
    young = {folder.name for folder in (tmp_path / "models").iterdir()}
    late = NewModel("v2", "static")
    await model_store.publish(any_database, tmp_path, ARRAYS, late, clock() + timedelta(days=9999))
    assert young == {".v0.999", "v0", "v1"}
    assert {folder.name for folder in (tmp_path / "models").iterdir()} == {"v1", "v2"}


@pytest.mark.parametrize("version", ["", "../x", "a/b", ".hidden", "x" * 65])
async def test_a_version_that_is_no_file_name_is_refused(database, tmp_path, clock, version):
    with pytest.raises(ValueError, match="not a name"):
        await model_store.publish(database, tmp_path, ARRAYS, NewModel(version, "static"), clock())


async def test_a_version_is_published_once(database, tmp_path, clock):
    await model_store.publish(database, tmp_path, ARRAYS, NewModel("v1", "static"), clock())
    with pytest.raises(ValueError, match="before"):
        await model_store.publish(database, tmp_path, ARRAYS, NewModel("v1", "static"), clock())


async def publish(database, folder, clock, *versions):
    for version in versions:
        new = NewModel(version, "static")
        await model_store.publish(database, folder, ARRAYS, new, clock.forward(days=1))


async def test_going_back_twice_goes_further_back_and_then_there_is_nothing(
    any_database, tmp_path, clock
):
    await publish(any_database, tmp_path, clock, "v1", "v2", "v3")
    for back, taken in (("v2", "v3"), ("v1", "v2")):
        now_live, before = await model_store.roll_back(any_database, tmp_path)
        assert (now_live.version, before.version) == (back, taken)
        assert now_live == await live(any_database)
        assert now_live.is_live
        assert not before.is_live
    with pytest.raises(NoEarlierModel):
        await model_store.roll_back(any_database, tmp_path)
    assert (await live(any_database)).version == "v1"


async def test_a_model_that_was_taken_back_is_forgotten_before_good_ones(
    any_database, tmp_path, clock
):
    await publish(any_database, tmp_path, clock, "v1", "v2", "v3")
    await model_store.roll_back(any_database, tmp_path)
    await publish(any_database, tmp_path, clock, "v4")
    assert {folder.name for folder in (tmp_path / "models").iterdir()} == {"v1", "v2", "v4"}
    back, _ = await model_store.roll_back(any_database, tmp_path)
    assert back.version == "v2"


async def test_nothing_changes_when_the_earlier_models_files_are_gone(
    any_database, tmp_path, clock
):
    await publish(any_database, tmp_path, clock, "v1", "v2")
    shutil.rmtree(tmp_path / "models" / "v1")
    with pytest.raises(ModelFilesMissing, match="v1"):
        await model_store.roll_back(any_database, tmp_path)
    assert (await live(any_database)).version == "v2"


@pytest.mark.parametrize("versions", [(), ("v1",)])
async def test_with_no_model_or_one_there_is_nothing_to_go_back_to(
    any_database, tmp_path, clock, versions
):
    await publish(any_database, tmp_path, clock, *versions)
    with pytest.raises(NoEarlierModel):
        await model_store.roll_back(any_database, tmp_path)


async def test_what_became_of_the_last_training_is_known(any_database, clock):
    async with any_database.reading() as db:
        assert await model_store.last_training(db) is None
    first = Training("v1", clock(), "neural", "static", True, "It is the first.", {"papers": 3})
    second = Training("v2", clock.forward(days=1), "static", "static", False, "It is worse.")
    for training in (second, first):
        async with any_database.writing() as db:
            await model_store.note(db, training)
    async with any_database.reading() as db:
        assert await model_store.last_training(db) == second

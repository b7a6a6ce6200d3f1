"""Backups: everything comes back, on either database, or nothing changes."""

import asyncio
import json
import zipfile
from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import select, text

from recommender.feedback import Verdict
from recommender.wishes import Kind, Said, Standing, Topic
from storage import backup, catalogue, feedback_log, groups, model_store, wishes
from storage.database import Database, table_of
from storage.errors import BackupIsNewer, DatabaseIsNotEmpty, NotABackup
from storage.model_store import NewModel
from storage.tables import Base, DeliveryRow, LinkRow, SourceRow, VoteRow
from tests.contracts.examples import arxiv, next_due, reader, shown, stored

WEIGHTS = np.arange(12, dtype=np.float32).reshape(3, 4)


@pytest.fixture(params=["sqlite", "postgresql"])
async def other_database(request, tmp_path):
    """A second database without any table, once of each kind."""
    if request.param == "sqlite":
        database = Database(f"sqlite+aiosqlite:///{tmp_path / 'other' / 'paperlark.db'}")
        yield database
        await database.dispose()
        return
    server = request.getfixturevalue("postgres")
    name = server.fresh_name()
    database = Database(await server.create(name))
    yield database
    await database.dispose()
    await server.drop(name)


async def lived_in(database, data_dir, clock):
    """Let something stand in the tables that people and the clock fill."""
    now = clock()
    papers = await stored(database, 1200, now)
    ada = await reader(database, "ada", now)
    ben = await reader(database, "бен", now, platform="discord")
    async with database.writing() as db:
        (impression,) = await feedback_log.impress(db, [shown(ada, papers[0], now)])
        await feedback_log.record(
            db, ada.user.id, ada.account.id, "e1", papers[0], impression, now,
            verdict=Verdict.LIKE, save=True,
        )  # fmt: skip
        await db.execute(table_of(SourceRow).insert().values(name="arxiv", last_success=now))
        await db.execute(
            table_of(VoteRow).insert().values(
                group_id=ben.user.id, paper_id=papers[1], account_id=ada.account.id,
                verdict="like", at=now,
            )
        )  # fmt: skip
        chat = await groups.find_or_create(
            db, "discord", "channel:9", "9", "7", "en", now, next_due
        )
        await groups.change(
            db, chat.user.id, categories=["cs.LG"], has_threads=True, admin=ben.account.id
        )
        await db.execute(
            table_of(LinkRow).insert().values(kept_id=ada.user.id, joined_id=ben.user.id, at=now)
        )
        await db.execute(
            table_of(DeliveryRow).insert().values(
                user_id=ada.user.id, day=now.date(), account_id=ada.account.id, due=now,
                state="sent", claimed_at=now, sent_at=now + timedelta(microseconds=7),
                nonce="n", messages=[{"chat": "7", "message": "Ångström"}],
            )
        )  # fmt: skip
        await wishes.follow(db, ada.user.id, Topic(Kind.AUTHOR, "Zoë Ångström"), now)
        await wishes.mute(db, ben.user.id, Topic(Kind.WORD, "графы"), now)
        said = Said(tuple(papers[:3]), Standing.BOOSTED, "名前")
        await wishes.say(db, ada.user.id, said, now)
    new = NewModel("v1", "static", {"recall": 0.41})
    await model_store.publish(database, data_dir, {"weights": WEIGHTS}, new, now)
    return papers


async def everything(database):
    """Return the rows of every table."""
    async with database.reading() as db:
        return {
            each.name: [
                tuple(row)
                for row in await db.execute(select(each).order_by(*each.primary_key.columns))
            ]
            for each in Base.metadata.sorted_tables
        }


async def test_a_backup_of_either_database_comes_back_whole_on_either(
    any_database, other_database, tmp_path, clock
):
    await lived_in(any_database, tmp_path / "a", clock)
    file = tmp_path / "paperlark.zip"
    written = await backup.back_up(any_database, tmp_path / "a", file)
    read = await backup.restore(other_database, tmp_path / "b", file)
    before = await everything(any_database)
    assert await everything(other_database) == before
    assert read == written
    assert read.rows == sum(map(len, before.values()))
    assert read.models == 1
    async with other_database.reading() as db:
        model = await model_store.live(db)
        assert (await catalogue.search(db, "subject 7")).whole
    np.testing.assert_array_equal(model_store.load(tmp_path / "b", model)["weights"], WEIGHTS)


async def test_what_is_new_after_a_restore_gets_ids_of_its_own(
    any_database, other_database, tmp_path, clock
):
    papers = await lived_in(any_database, tmp_path, clock)
    await backup.back_up(any_database, tmp_path, tmp_path / "b.zip")
    await backup.restore(other_database, tmp_path, tmp_path / "b.zip")
    async with other_database.writing() as db:
        taken = await catalogue.take_in(db, [arxiv(5000)], clock())
    assert set(taken.new).isdisjoint(papers)
    assert (await reader(other_database, "new", clock())).is_new


async def test_a_database_that_holds_something_is_replaced_only_when_that_is_said(
    any_database, tmp_path, clock
):
    await lived_in(any_database, tmp_path, clock)
    file = tmp_path / "b.zip"
    await backup.back_up(any_database, tmp_path, file)
    saved = await everything(any_database)
    await reader(any_database, "later", clock())
    with pytest.raises(DatabaseIsNotEmpty):
        await backup.restore(any_database, tmp_path, file)
    assert await everything(any_database) != saved
    await backup.restore(any_database, tmp_path, file, may_replace=True)
    assert await everything(any_database) == saved


def rewritten(file, into, change):
    """Copy a backup, with every member changed by a function of its name and content."""
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(into, "w") as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return into


async def test_a_backup_of_a_later_release_is_refused_and_nothing_changes(
    any_database, tmp_path, clock
):
    await lived_in(any_database, tmp_path, clock)
    await backup.back_up(any_database, tmp_path, tmp_path / "b.zip")

    def later(name, content):
        if name != "backup.json":
            return content
        return json.dumps(json.loads(content) | {"revision": "9999"})

    newer = rewritten(tmp_path / "b.zip", tmp_path / "newer.zip", later)
    before = await everything(any_database)
    with pytest.raises(BackupIsNewer, match="9999"):
        await backup.restore(any_database, tmp_path, newer, may_replace=True)
    assert await everything(any_database) == before


async def test_a_backup_that_is_damaged_in_the_middle_changes_nothing(
    any_database, tmp_path, clock
):
    await lived_in(any_database, tmp_path, clock)
    await backup.back_up(any_database, tmp_path, tmp_path / "b.zip")

    def damaged(name, content):
        return b'["half a li' if name == "tables/feedback.jsonl" else content

    broken = rewritten(tmp_path / "b.zip", tmp_path / "broken.zip", damaged)
    await reader(any_database, "later", clock())
    before = await everything(any_database)
    with pytest.raises(NotABackup):
        await backup.restore(any_database, tmp_path, broken, may_replace=True)
    assert await everything(any_database) == before
    assert not list(tmp_path.glob(".restoring*"))


async def test_a_file_cut_short_is_no_backup(database, tmp_path, clock):
    await lived_in(database, tmp_path, clock)
    file = tmp_path / "b.zip"
    await backup.back_up(database, tmp_path, file)
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(NotABackup):
        await backup.restore(database, tmp_path, file, may_replace=True)


async def test_a_model_whose_files_are_elsewhere_is_named_and_the_rest_is_kept(
    database, tmp_path, clock
):
    await lived_in(database, tmp_path, clock)
    kept = await backup.back_up(database, tmp_path / "elsewhere", tmp_path / "b.zip")
    assert (kept.models, kept.models_lacking) == (0, ("v1",))


async def test_a_backup_that_fails_leaves_the_older_one(database, tmp_path, clock):
    await lived_in(database, tmp_path, clock)
    file = tmp_path / "b.zip"
    await backup.back_up(database, tmp_path, file)
    older = file.read_bytes()
    async with database.writing() as db:
        await db.execute(text("DROP TABLE votes"))
    with pytest.raises(Exception, match="votes"):
        await backup.back_up(database, tmp_path, file)
    assert file.read_bytes() == older
    assert [f.name for f in tmp_path.glob(".b.zip*")] == []


async def test_a_backup_is_of_one_moment_although_people_go_on(any_database, tmp_path, clock):
    papers = await lived_in(any_database, tmp_path, clock)
    has_ended = asyncio.Event()

    async def go_on():
        number = 0
        while not has_ended.is_set():
            number += 1
            found = await reader(any_database, f"later {number}", clock())
            async with any_database.writing() as db:
                await feedback_log.record(
                    db, found.user.id, found.account.id, "e", papers[2], None, clock(),
                    verdict=Verdict.LIKE,
                )  # fmt: skip

    going_on = asyncio.create_task(go_on())
    await backup.back_up(any_database, tmp_path, tmp_path / "b.zip")
    has_ended.set()
    await going_on
    # The constraints refuse a row that refers to one left out.
    await backup.restore(any_database, tmp_path, tmp_path / "b.zip", may_replace=True)
    kept = await everything(any_database)
    assert len(kept["accounts"]) == len(kept["users"])
    assert len(kept["users"]) - len(kept["feedback"]) in {1, 2}  # ben never tapped, one may yet

"""What a reader looks back on: their history, their saved papers, their notes."""

from recommender.feedback import Verdict
from storage import feedback_log, library
from storage.feedback_log import Place
from tests.contracts.examples import reader, shown, stored


async def test_history_has_each_paper_once_the_last_shown_or_judged_first(any_database, clock):
    a, b, c = await stored(any_database, 3, clock())
    ada = await reader(any_database, "ada", clock())
    bob = await reader(any_database, "bob", clock())
    async with any_database.writing() as db:
        for paper in (a, b, a, c):
            await feedback_log.impress(db, [shown(ada, paper, clock.forward(minutes=1))])
        await feedback_log.impress(db, [shown(bob, b, clock.forward(minutes=1))])
        await feedback_log.record(
            db, ada.user.id, ada.account.id, "1", b, None, clock.forward(minutes=1),
            verdict=Verdict.LIKE,
        )  # fmt: skip
    async with any_database.reading() as db:
        assert await library.history(db, ada.user.id, 1) == ([b, c, a], 3)
        assert await library.history(db, ada.user.id, 2, size=2) == ([a], 3)
        assert await library.history(db, ada.user.id, 3, size=2) == ([], 3)


async def test_the_paper_opened_last_is_the_one_shown_alone_or_spoken_of_last(any_database, clock):
    a, b = await stored(any_database, 2, clock())
    ada = await reader(any_database, "ada", clock())
    async with any_database.writing() as db:
        assert await library.last_opened(db, ada.user.id) is None
        await feedback_log.impress(db, [shown(ada, a, clock.forward(minutes=1))])
        await feedback_log.impress(db, [shown(ada, b, clock.forward(minutes=1), Place.DIGEST)])
        assert await library.last_opened(db, ada.user.id) == a
        await feedback_log.record(
            db, ada.user.id, ada.account.id, "1", b, None, clock.forward(minutes=1), save=True
        )
        assert await library.last_opened(db, ada.user.id) == b


async def test_a_note_stands_until_it_is_written_anew_or_emptied(any_database, clock):
    a, b = await stored(any_database, 2, clock())
    ada = await reader(any_database, "ada", clock())
    bob = await reader(any_database, "bob", clock())

    async def write(who, paper, text):
        async with any_database.writing() as db:
            await library.write_note(db, who.user.id, who.account.id, paper, text, clock())
            return await library.notes(db, ada.user.id, [a, b])

    assert await write(ada, a, "first") == {a: "first"}
    assert await write(ada, a, "second") == {a: "second"}
    assert await write(bob, a, "not hers") == {a: "second"}
    assert await write(ada, a, "") == {}


async def test_lists_are_made_by_the_tags_on_saved_papers_those_of_most_papers_first(
    any_database, clock
):
    a, b, c = await stored(any_database, 3, clock())
    ada = await reader(any_database, "ada", clock())
    who = (ada.user.id, ada.account.id)
    async with any_database.writing() as db:
        for event, paper, note, said in (
            ("1", a, "#later", {"verdict": Verdict.LIKE}),
            ("2", b, "#Reading and #reading again", {"save": True}),
            ("3", c, "for #reading", {"save": True}),
        ):
            await library.write_note(db, *who, paper, note, clock.forward(minutes=1))
            await feedback_log.record(db, *who, event, paper, None, clock(), **said)
        assert await library.tags(db, ada.user.id) == ["#reading"]
        await feedback_log.record(db, *who, "4", a, None, clock(), save=True)
        assert await library.tags(db, ada.user.id) == ["#reading", "#later"]


async def test_kept_papers_are_those_on_which_something_stands(any_database, clock):
    a, b, c = await stored(any_database, 3, clock())
    ada = await reader(any_database, "ada", clock())
    async with any_database.writing() as db:
        for event, paper, said in (
            ("1", a, {"save": True}),
            ("2", b, {"verdict": Verdict.SKIP}),
            ("3", c, {"save": True}),
            ("4", a, {"save": False}),
        ):
            await feedback_log.record(
                db, ada.user.id, ada.account.id, event, paper, None,
                clock.forward(minutes=1), **said,
            )  # fmt: skip
        saved = await library.kept(db, ada.user.id, only_saved=True)
        all_of_it = await library.kept(db, ada.user.id, only_saved=False)
    assert [one.paper for one in saved] == [c]
    assert [(one.paper, one.verdict) for one in all_of_it] == [(c, None), (b, Verdict.SKIP)]


async def test_a_saved_paper_keeps_its_place_when_something_is_said_of_it_later(
    any_database, clock
):
    a, b = await stored(any_database, 2, clock())
    ada = await reader(any_database, "ada", clock())
    async with any_database.writing() as db:
        for event, paper, said in (
            ("1", a, {"save": True}),
            ("2", b, {"save": True}),
            ("3", a, {"verdict": Verdict.LIKE}),
        ):
            at = clock.forward(minutes=1)
            await feedback_log.record(
                db, ada.user.id, ada.account.id, event, paper, None, at, **said
            )
        saved = await library.kept(db, ada.user.id, only_saved=True)
    assert [one.paper for one in saved] == [b, a]

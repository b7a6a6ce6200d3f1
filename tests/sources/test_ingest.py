"""What comes in, when, and what the catalogue is like after every kind of trouble."""

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.health import Health
from bot.wiring import ANSWERED_WITHIN
from storage.sources.sample import Sample
from tests.conftest import BOUND
from tests.local_feeds import FeedPaper
from tests.sources.conftest import TUESDAY, Shop, a_day

WEDNESDAY, THURSDAY, FRIDAY = (TUESDAY + timedelta(days=n) for n in (1, 2, 3))
SATURDAY, NEXT_MONDAY = date(2026, 5, 9), date(2026, 5, 11)


def later(shop, day: date) -> None:
    """Move feeds and clock to ten past midnight of a day."""
    shop.feeds.today = day
    shop.clock.moment = datetime(day.year, day.month, day.day, 4, 10, tzinfo=UTC)


async def test_a_new_installation_has_the_sample_and_then_todays_papers(shop):
    shop.sample = Sample()
    shop.restarted()
    shop.feeds.papers = a_day(TUESDAY)
    result = await shop.step()
    papers = await shop.papers()
    assert set(papers) == {p.id for p in shop.feeds.papers}
    assert all(p.announced == TUESDAY for p in papers.values())
    assert result.new == 3  # the sample is no news
    assert shop.changes


async def test_a_new_installation_also_gets_the_days_before(shop):
    shop.feeds.papers = [p for day in (29, 30) for p in a_day(date(2026, 4, day))]
    shop.feeds.papers += a_day(date(2026, 5, 1)) + a_day(date(2026, 5, 4)) + a_day(TUESDAY)
    await shop.step()
    days = {p.announced for p in (await shop.papers()).values()}
    assert days == {date(2026, 5, 1), date(2026, 5, 4), TUESDAY}


async def test_an_installation_that_begins_on_a_weekend_has_the_last_days(shop):
    shop.feeds.papers = [p for day in (4, 5, 6, 7, 8) for p in a_day(date(2026, 5, day))]
    later(shop, SATURDAY)
    await shop.step()
    days = {p.announced for p in (await shop.papers()).values()}
    assert days == {WEDNESDAY, THURSDAY, FRIDAY}


async def test_comments_come_after_the_feed_from_the_query_api(any_shop):
    shop = any_shop
    shop.feeds.papers = a_day(
        TUESDAY, 1, comment="ICML 2026. Code: https://github.com/a/b", categories=("cs.CL", "cs.LG")
    )
    await shop.step()
    (paper,) = (await shop.papers()).values()
    assert paper.comment == "ICML 2026. Code: https://github.com/a/b"
    assert [link.url for link in paper.links] == ["https://github.com/a/b"]
    assert paper.categories == ("cs.CL", "cs.LG")
    assert paper.published is not None


async def test_comments_are_asked_for_in_batches_and_only_once(shop):
    shop.feeds.papers = a_day(TUESDAY, 250)
    await shop.step()
    looked_up = [r for r in shop.feeds.requests("api") if "id_list" in r.params]
    assert [len(r.params["id_list"].split(",")) for r in looked_up] == [100, 100, 50]
    later(shop, TUESDAY)
    shop.clock.go(hours=5)
    await shop.step()
    assert len([r for r in shop.feeds.requests("api") if "id_list" in r.params]) == 3


async def test_comments_that_a_short_page_left_out_are_asked_for_again(shop):
    shop.feeds.papers = a_day(TUESDAY, 4, comment="12 pages")
    shop.feeds.fail("api", "short", times=3)  # two are used up by missed days
    await shop.step()
    assert [p.comment for p in (await shop.papers()).values()].count("12 pages") == 2
    shop.clock.go(minutes=2)
    await shop.step()
    assert {p.comment for p in (await shop.papers()).values()} == {"12 pages"}


async def test_arxiv_is_asked_once_in_three_seconds_over_all_its_services(shop):
    shop.feeds.papers = a_day(TUESDAY, 120) + a_day(date(2026, 5, 4), 450)
    await shop.step()
    assert len(shop.feeds.asked) > 5
    assert shop.feeds.impolite == []


async def test_three_days_come_in_one_after_the_other(shop):
    shop.feeds.papers = a_day(TUESDAY) + a_day(WEDNESDAY) + a_day(THURSDAY)
    for day in (TUESDAY, WEDNESDAY, THURSDAY):
        later(shop, day)
        await shop.step()
        papers = await shop.papers()
        assert max(p.announced for p in papers.values()) == day
        assert (await shop.state()).watermark == day.isoformat()
    assert len(papers) == 9
    assert shop.feeds.impolite == []


async def test_days_missed_while_the_process_was_down_are_filled_up(any_shop):
    shop = any_shop
    shop.feeds.papers = [p for day in (5, 6, 7, 8, 11) for p in a_day(date(2026, 5, day))]
    await shop.step()
    shop.restarted()
    later(shop, NEXT_MONDAY)
    await shop.step()
    papers = await shop.papers()
    assert len(papers) == 15
    assert {p.announced for p in papers.values()} == {
        TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, NEXT_MONDAY,
    }  # fmt: skip
    assert (await shop.state("arxiv.history")).watermark == NEXT_MONDAY.isoformat()


async def test_a_short_page_is_resumed_where_it_ended(shop):
    shop.feeds.papers = a_day(TUESDAY) + a_day(date(2026, 5, 1), 30)
    shop.feeds.fail("api", "short", times=2)
    await shop.step()
    assert len(await shop.papers()) == 33


async def test_after_an_empty_page_before_the_end_the_rest_comes_later(shop):
    shop.feeds.papers = a_day(date(2026, 4, 30), 450)
    shop.feeds.fail("api", "short", times=1)
    shop.feeds.fail("api", "empty", times=1)
    await shop.step()
    came = len(await shop.papers())
    assert 0 < came < 450
    assert (await shop.state("arxiv.api")).last_error == "short_page"
    asked = len(shop.feeds.requests("api"))
    shop.clock.go(minutes=2)
    await shop.step()
    assert len(await shop.papers()) == 450
    assert shop.feeds.requests("api")[asked].params["start"] == str(came)
    assert (await shop.state("arxiv.api")).last_error is None


async def test_a_replacement_updates_and_never_counts_as_new(shop):
    first = a_day(TUESDAY, 1)[0]
    shop.feeds.papers = [first]
    await shop.step()
    later(shop, WEDNESDAY)
    again = FeedPaper(
        first.id, WEDNESDAY, title="Paper 0, corrected", kind="replace", version=2,
        comment="now with proofs", published=first.submitted,
    )  # fmt: skip
    never_had = FeedPaper("2401.00001", WEDNESDAY, kind="replace-cross", version=3)
    shop.feeds.papers = [first, again, never_had]
    result = await shop.step()
    papers = await shop.papers()
    assert result.new == 0
    assert set(papers) == {first.id}
    paper = papers[first.id]
    assert (paper.title, paper.version, paper.announced) == ("Paper 0, corrected", 2, TUESDAY)
    assert paper.comment == "now with proofs"


async def test_a_withdrawn_paper_is_marked(shop):
    first = a_day(TUESDAY, 1)[0]
    shop.feeds.papers = [first]
    await shop.step()
    later(shop, WEDNESDAY)
    gone = FeedPaper(
        first.id, WEDNESDAY, kind="replace", version=2, published=first.submitted,
        comment="This paper has been withdrawn due to an error in Lemma 3",
    )  # fmt: skip
    shop.feeds.papers = [first, gone]
    await shop.step()
    assert (await shop.papers())[first.id].is_withdrawn


async def test_hugging_face_adds_upvotes_and_links_to_what_arxiv_gave(shop):
    shop.feeds.papers = a_day(TUESDAY, 1, upvotes=17, code="https://github.com/c/d")
    await shop.step()
    (paper,) = (await shop.papers()).values()
    assert paper.upvotes == 17
    assert {(link.kind, link.url) for link in paper.links} == {
        ("code", "https://github.com/c/d"),
        ("discussion", f"https://huggingface.co/papers/{paper.key.removeprefix('arxiv:')}"),
    }
    assert paper.categories == ("cs.LG",)


async def test_what_only_hugging_face_lists_gets_its_categories_from_arxiv(shop):
    shop.feeds.papers = a_day(TUESDAY, 1, upvotes=3, categories=("cs.RO",), comment="9 pages")
    await shop.step()
    (paper,) = (await shop.papers()).values()
    assert (paper.categories, paper.comment, paper.upvotes) == (("cs.RO",), "9 pages", 3)


async def test_an_unchanged_document_is_not_sent_again(shop):
    shop.feeds.papers = a_day(TUESDAY)
    result = await shop.step()
    shop.clock.moment = result.due
    shop.clock.go(hours=2)
    await shop.step()
    assert [r.status for r in shop.feeds.requests("feed")] == [200, 304]


async def test_the_feed_is_asked_for_often_until_the_days_document_is_there(shop):
    shop.feeds.papers = a_day(TUESDAY) + a_day(WEDNESDAY)
    await shop.step()
    shop.clock.moment = datetime(2026, 5, 6, 4, 10, tzinfo=UTC)  # the feed is still Tuesday's
    result = await shop.step()
    assert result.due - shop.clock.now() <= timedelta(minutes=10)
    shop.feeds.today = WEDNESDAY
    shop.clock.moment = result.due
    await shop.step()
    assert max(p.announced for p in (await shop.papers()).values()) == WEDNESDAY


async def test_yesterdays_papers_under_todays_date_do_not_pass_for_today(shop):
    shop.feeds.papers = a_day(TUESDAY) + a_day(WEDNESDAY)
    await shop.step()
    later(shop, WEDNESDAY)
    shop.feeds.fail("feed", "stale")
    await shop.step()
    assert (await shop.state()).watermark == TUESDAY.isoformat()
    assert {p.announced for p in (await shop.papers()).values()} == {TUESDAY}
    shop.clock.go(minutes=15)
    await shop.step()
    assert (await shop.state()).watermark == WEDNESDAY.isoformat()
    assert len(await shop.papers()) == 6


async def test_a_holiday_brings_nothing_and_breaks_nothing(shop):
    shop.feeds.papers = a_day(TUESDAY) + a_day(THURSDAY)
    await shop.step()
    later(shop, WEDNESDAY)
    assert (await shop.step()).new == 0
    later(shop, THURSDAY)
    assert (await shop.step()).new == 3
    assert (await shop.state()).last_error is None


async def test_what_a_full_document_left_out_is_fetched_by_the_query_api(shop):
    left_out = a_day(TUESDAY, 3)
    long_ago = datetime(2024, 1, 2, tzinfo=UTC)
    replaced = [
        FeedPaper(f"2401.{n:05}", TUESDAY, kind="replace", version=2, published=long_ago)
        for n in range(2000)
    ]
    shop.feeds.papers = [*left_out, *replaced]
    await shop.step()
    assert set(await shop.papers()) == {paper.id for paper in left_out}


@pytest.mark.parametrize(
    ("kind", "how", "why"),
    [
        ("status", {"status": 429}, "rate_limited"),
        ("status", {"status": 503}, "http_503"),
        ("status", {"status": 500}, "http_500"),
        ("garbage", {}, "malformed"),
        ("cut", {"at": 900}, "malformed"),
    ],
)
async def test_a_fault_leaves_the_catalogue_as_it_was_and_is_logged_once(
    shop, quiet_log, kind, how, why
):
    shop.feeds.papers = a_day(TUESDAY) + a_day(WEDNESDAY)
    await shop.step()
    before = await shop.papers()
    later(shop, WEDNESDAY)
    shop.feeds.fail("feed", kind, times=3, **how)
    for _ in range(3):
        result = await shop.step()
        assert await shop.papers() == before
        assert (await shop.state()).last_error == why
        shop.clock.moment = max(shop.clock.moment, (await shop.state()).next_try)
    said = [e for e in quiet_log() if e["event"] == "source.failed"]
    assert [(e["source"], e["why"]) for e in said] == [("arxiv", why)]
    assert result.due >= shop.clock.now() - timedelta(hours=1)
    await shop.step()
    assert len(await shop.papers()) == 6
    assert (await shop.state()).last_error is None
    assert shop.feeds.impolite == []
    assert [e["source"] for e in quiet_log() if e["event"] == "source.recovered"] == ["arxiv"]


async def test_after_rate_exceeded_arxiv_is_left_alone_for_ten_minutes(shop):
    shop.feeds.papers = a_day(TUESDAY) + a_day(date(2026, 5, 4))
    shop.feeds.fail("feed", "status", status=429)
    began = shop.clock.now()
    await shop.step()
    assert len(shop.feeds.requests("feed")) == 1
    shop.restarted()  # the silence is everybody's
    await shop.step()
    assert len(shop.feeds.requests("feed") + shop.feeds.requests("api")) == 1
    shop.clock.moment = began + timedelta(minutes=10, seconds=1)
    await shop.step()
    assert len(await shop.papers()) == 6


async def test_a_longer_silence_is_kept_when_asked_for(shop):
    shop.feeds.fail("feed", "status", status=503, retry_after="5400")
    result = await shop.step()
    assert (await shop.state()).next_try >= shop.clock.now() + timedelta(minutes=89)
    shop.clock.moment = result.due
    await shop.step()
    assert len(shop.feeds.requests("feed")) == 1


async def test_a_source_that_never_answers_is_given_up(shop):
    shop.timeout = timedelta(seconds=0.2)
    shop.restarted()
    shop.feeds.fail("feed", "hang")
    shop.feeds.fail("hf", "hang")
    await shop.step()
    assert (await shop.state()).last_error == "timed_out"
    assert (await shop.state("huggingface")).last_error == "timed_out"


async def test_trouble_with_the_query_api_costs_only_the_comments(shop):
    shop.feeds.papers = a_day(TUESDAY, comment="12 pages")
    shop.feeds.fail("api", "status", status=500)
    await shop.step()
    papers = await shop.papers()
    assert len(papers) == 3
    assert {p.comment for p in papers.values()} == {None}
    shop.clock.go(minutes=2)
    await shop.step()
    assert {p.comment for p in (await shop.papers()).values()} == {"12 pages"}


@pytest.mark.parametrize("kind", ["garbage", "status"])
async def test_trouble_with_hugging_face_never_touches_arxivs_papers(shop, kind):
    shop.feeds.papers = a_day(TUESDAY, upvotes=5)
    shop.feeds.fail("hf", kind)
    await shop.step()
    assert {p.upvotes for p in (await shop.papers()).values()} == {0}
    shop.clock.go(minutes=11)
    await shop.step()
    assert {p.upvotes for p in (await shop.papers()).values()} == {5}


async def test_a_process_that_dies_while_filling_up_goes_on_after_its_restart(shop):
    shop.feeds.papers = a_day(TUESDAY) + a_day(date(2026, 5, 1)) + a_day(date(2026, 5, 4))
    shop.feeds.fail("api", "status", times=1, status=500)
    await shop.step()
    shop.restarted()
    shop.clock.go(minutes=5)
    await shop.step()
    assert len(await shop.papers()) == 9


async def test_it_runs_until_it_is_told_to_stop(shop):
    shop.feeds.papers = a_day(TUESDAY)
    stop = asyncio.Event()
    running = asyncio.create_task(shop.ingest.run(stop))
    async with asyncio.timeout(BOUND):
        await shop.feeds.arrived.wait()
        stop.set()
        await running
    assert shop.feeds.impolite == []


class BrokenOnce:
    """A source with a bug."""

    name = "sample"

    def __init__(self) -> None:
        self.asked = 0

    async def fetch(self, validator: str | None = None) -> None:
        self.asked += 1
        if self.asked == 1:
            raise ZeroDivisionError


async def test_a_bug_costs_one_step_and_not_the_bot(shop, quiet_log):
    shop.sample = BrokenOnce()
    shop.restarted()
    stop = asyncio.Event()
    running = asyncio.create_task(shop.ingest.run(stop))
    async with asyncio.timeout(BOUND):
        await shop.feeds.arrived.wait()
        stop.set()
        await running
    assert [e["event"] for e in quiet_log()].count("ingest.failed") == 1


async def test_two_processes_take_in_side_by_side(any_shop, clock):
    async with Shop(any_shop.database, any_shop.feeds, clock) as other:
        any_shop.feeds.papers = a_day(TUESDAY, 120) + a_day(date(2026, 5, 4), 5)
        one, two = await clock.together(any_shop.step(), other.step())
    assert one.new + two.new == 125
    assert {p.published is None for p in (await any_shop.papers()).values()} == {False}
    assert any_shop.feeds.impolite == []


async def test_an_ingest_that_hears_from_its_sources_is_well_and_one_that_hangs_is_not(shop):
    shop.feeds.papers = a_day(TUESDAY, 250)
    now = shop.clock.now
    part = Health(lambda: now().timestamp()).part("ingest", ANSWERED_WITHIN)
    stop, troubles = asyncio.Event(), set()

    async def watch():
        for _ in range(3 * 60):
            await shop.clock.sleep(60)
            troubles.add(part.trouble)
        stop.set()

    await shop.clock.together(shop.ingest.run(stop, part), watch())
    assert troubles == {None}
    shop.clock.go(seconds=ANSWERED_WITHIN + 61)
    assert part.trouble is not None
    assert part.trouble.startswith("silent for")

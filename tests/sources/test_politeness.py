"""arXiv is asked by one request at a time, over all processes, and people go first."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from storage import catalogue
from storage.sources.polite import LONGEST_SILENCE, SILENCE, silence_asked
from storage.sources.source import SourceResting, SourceUnavailable
from tests.local_feeds import FeedPaper
from tests.sources.conftest import TUESDAY, Shop, a_day

NOW = datetime(2026, 5, 5, 4, 10, tzinfo=UTC)


async def test_a_person_gets_the_paper_they_named(shop):
    shop.feeds.papers = [
        FeedPaper("2605.00001", TUESDAY, title="A B", authors=("Jörg Müller",), comment="9 pages"),
        FeedPaper("hep-th/9901001", TUESDAY, categories=("hep-th",), version=3),
    ]
    keys = ["arxiv:hep-th/9901001", "doi:10.1145/1", "arxiv:2605.00001", "arxiv:2605.99999"]
    found = {p.key: p for p in await shop.arxiv.look_up(keys)}
    assert set(found) == {"arxiv:2605.00001", "arxiv:hep-th/9901001"}
    assert found["arxiv:2605.00001"].authors == ("Jörg Müller",)
    assert found["arxiv:hep-th/9901001"].version == 3
    (asked,) = shop.feeds.asked
    assert asked.headers["User-Agent"].startswith("paperlark/")


async def test_a_paper_is_found_by_its_title(shop):
    shop.feeds.papers = a_day(TUESDAY, 3)
    (found,) = await shop.arxiv.titled("  Paper 2!?  ")
    assert found.title == "Paper 2"
    assert await shop.arxiv.titled("?!") == []


async def test_several_titles_cost_one_question(shop):
    shop.feeds.papers = a_day(TUESDAY, 3)
    found = await shop.arxiv.titled_any(["Paper 2", "?!", "paper 0", "Nobody's Paper"])
    assert {p.title for p in found} == {"Paper 2", "Paper 0"}
    assert len(shop.feeds.asked) == 1


async def test_what_arxiv_cannot_know_is_not_asked_for(shop):
    assert await shop.arxiv.look_up(["doi:10.1145/3292500.3330701"]) == []
    assert shop.feeds.asked == []


async def test_processes_that_share_a_database_share_arxivs_patience(any_shop, clock):
    shop = any_shop
    other = Shop(shop.database, shop.feeds, clock)
    keys = ["arxiv:2605.00001"]
    await clock.together(*(s.arxiv.by_keys(keys) for s in (shop, other) for _ in range(3)))
    assert len(shop.feeds.asked) == 6
    assert shop.feeds.impolite == []
    await other.http.aclose()


async def test_a_person_who_waits_goes_before_the_background(shop, database, clock):
    shop.feeds.papers = a_day(TUESDAY)
    await shop.arxiv.by_keys(["arxiv:2605.00001"])
    other = Shop(database, shop.feeds, clock)  # another process
    await clock.together(
        shop.arxiv.by_keys(["arxiv:2605.00002"]), other.arxiv.look_up(["arxiv:2605.00003"])
    )
    await other.http.aclose()
    asked = [request.params["id_list"] for request in shop.feeds.asked]
    assert asked == ["2605.00001", "2605.00003", "2605.00002"]


async def test_nobody_waits_longer_than_people_do(shop, clock):
    line = [shop.arxiv.look_up(["arxiv:2605.00001"]) for _ in range(9)]
    began = clock.now()
    outcomes = await clock.together(*line)
    assert clock.now() - began <= timedelta(seconds=8)
    assert any(isinstance(outcome, SourceUnavailable) for outcome in outcomes)
    assert any(isinstance(outcome, list) for outcome in outcomes)
    assert shop.feeds.impolite == []


@pytest.mark.parametrize("status", [429, 503])
async def test_a_person_is_told_at_once_while_arxiv_wants_silence(shop, clock, status):
    shop.feeds.fail("api", "status", status=status)
    with pytest.raises(SourceUnavailable):
        await shop.arxiv.look_up(["arxiv:2605.00001"])
    began = clock.now()
    with pytest.raises(SourceResting) as resting:
        await shop.arxiv.look_up(["arxiv:2605.00001"])
    assert clock.now() == began
    assert timedelta(minutes=9) < resting.value.retry_after <= SILENCE
    assert len(shop.feeds.asked) == 1


async def test_a_process_that_died_in_a_request_blocks_the_others_only_for_its_time_out(
    shop, clock
):
    shop.feeds.papers = a_day(TUESDAY)
    async with shop.database.writing() as db:  # what it left behind
        await catalogue.silence(db, "arxiv", NOW + shop.timeout)
    await shop.arxiv.by_keys(["arxiv:2605.00001"])
    (asked,) = shop.feeds.asked
    assert shop.timeout <= asked.at - NOW <= shop.timeout + timedelta(seconds=1)


async def test_arxivs_error_entry_is_a_refusal_and_no_paper(shop):
    with pytest.raises(SourceUnavailable, match="refused"):
        await shop.arxiv.by_keys(["arxiv:nonsense"])


@pytest.mark.parametrize(("kind", "why"), [("garbage", "malformed"), ("empty", "short_page")])
async def test_a_broken_answer_to_a_person_does_not_mean_that_there_is_no_paper(shop, kind, why):
    shop.feeds.papers = [FeedPaper("2605.00001", TUESDAY)]
    shop.feeds.fail("api", kind)
    with pytest.raises(SourceUnavailable, match=why):
        await shop.arxiv.look_up(["arxiv:2605.00001"])


async def test_nobody_at_home_is_a_fault_like_any_other(shop):
    shop.feeds.origin = "http://127.0.0.1:1"
    shop.restarted()
    for ask in (shop.arxiv.fetch(), shop.huggingface.fetch()):
        with pytest.raises(SourceUnavailable, match="unreachable"):
            await ask


@given(st.text(alphabet=st.characters(codec="ascii", exclude_categories=["Cc"])))
@example("120")
@example("99999999999999999999")
@example("Tue, 05 May 2026 05:10:00 GMT")
@example("Tue, 05 May 2026 05:10:00 -0000")
def test_any_retry_after_gives_a_silence_between_ten_minutes_and_a_day(header):
    response = httpx.Response(429, headers={"Retry-After": header})
    assert SILENCE <= silence_asked(response, NOW) <= LONGEST_SILENCE


def test_a_longer_retry_after_is_obeyed():
    for header in ("3600", "Tue, 05 May 2026 05:10:00 GMT"):
        response = httpx.Response(503, headers={"Retry-After": header})
        assert silence_asked(response, NOW) == timedelta(hours=1)

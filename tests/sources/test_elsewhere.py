"""What other catalogues' numbers stand for, asked over a socket."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from storage.sources.elsewhere import Described, OpenReview, SemanticScholar
from storage.sources.source import SourceUnavailable
from tests.local_catalogues import LocalCatalogues
from tests.sources.conftest import TLS

HASH = "0a" * 20
SHORT = timedelta(seconds=0.2)


def now():
    return datetime(2026, 5, 5, tzinfo=UTC)


@pytest.fixture
async def others():
    async with LocalCatalogues() as server:
        yield server
        assert server.impolite == []


@pytest.fixture
async def http():
    async with httpx.AsyncClient(verify=TLS) as client:
        yield client


@pytest.fixture
def scholar(others, http):
    return SemanticScholar(http, others.origin, "key", now=now)


@pytest.fixture
def review(others, http):
    return OpenReview(http, f"{others.origin}/v2", f"{others.origin}/v1", now=now)


async def test_semantic_scholar_tells_titles_and_arxivs_ids_in_one_question(others, scholar):
    others.rows = {
        HASH: {"title": " Attention\x00 Is All ", "externalIds": {"ArXiv": "1706.03762"}},
        "CorpusId:7": {"title": "No preprint", "externalIds": {"DOI": "10.1/x"}},
        "DOI:10.1145/1": {"title": "No ids", "externalIds": None},
    }
    papers = [f"s2:{HASH}", "corpusid:7", "doi:10.1145/1", "doi:10.1145/2", "openreview:abcdef"]
    assert await scholar.described(papers) == {
        f"s2:{HASH}": Described("Attention Is All", "arxiv:1706.03762"),
        "corpusid:7": Described("No preprint"),
        "doi:10.1145/1": Described("No ids"),
    }
    assert others.asked == [("s2", HASH, "CorpusId:7", "DOI:10.1145/1", "DOI:10.1145/2")]
    assert others.keys == ["key"]


async def test_of_nothing_that_it_may_know_nobody_is_asked(others, scholar, review):
    assert await scholar.described(["openreview:abcdef", "arxiv:1706.03762"]) == {}
    assert await review.described(["doi:10.1145/1", "openreview:no id"]) == {}
    assert others.asked == []


@pytest.mark.parametrize(
    ("status", "why"),
    [(429, "rate_limited"), (500, "http_500"), (503, "http_503"), (200, "malformed"),
     (0, "timed_out")],
)  # fmt: skip
async def test_who_cannot_be_asked_says_why(others, http, status, why):
    others.faults = [status, status]
    of_both = f"{others.origin}/v2", f"{others.origin}/v1"
    for catalogue, paper in (
        (SemanticScholar(http, others.origin, now=now, timeout=SHORT), f"s2:{HASH}"),
        (OpenReview(http, *of_both, now=now, timeout=SHORT), "openreview:abcdef"),
    ):
        with pytest.raises(SourceUnavailable) as caught:
            await catalogue.described([paper])
        assert caught.value.why == why
        assert caught.value.retry_after > timedelta()


async def test_a_refused_key_is_trouble_and_refused_ids_are_unknown(others, scholar):
    others.faults = [403, 400]
    with pytest.raises(SourceUnavailable, match="http_403"):
        await scholar.described([f"s2:{HASH}"])
    assert await scholar.described([f"s2:{HASH}"]) == {}


async def test_openreview_is_asked_by_its_new_api_and_then_by_its_old_one(others, review):
    others.notes = {"newnote": {"title": "New", "abstract": "As in arxiv.org/abs/2301.00001."}}
    others.older = {"oldnote": {"title": "Old", "html": "http://arxiv.org/abs/1706.03762v5"}}
    papers = ["openreview:newnote", "openreview:oldnote", "openreview:nowhere"]
    assert await review.described(papers) == {
        "openreview:newnote": Described("New"),
        "openreview:oldnote": Described("Old", "arxiv:1706.03762"),
    }
    assert [(api, number[:3]) for api, number in others.asked] == [
        ("v2", "new"), ("v2", "old"), ("v1", "old"), ("v2", "now"), ("v1", "now"),
    ]  # fmt: skip


async def test_a_gate_is_trouble_without_an_account(others, review):
    others.gated, others.notes = True, {"newnote": {"title": "New"}}
    with pytest.raises(SourceUnavailable, match="login_required"):
        await review.described(["openreview:newnote"])


async def test_with_an_account_it_logs_in_once_and_again_when_that_has_run_out(others, http):
    others.gated, others.notes = True, {"newnote": {"title": "New"}}
    bases = f"{others.origin}/v2", f"{others.origin}/v1"
    review = OpenReview(http, *bases, others.account, now=now)
    known = {"openreview:newnote": Described("New")}
    for _ in range(2):
        assert await review.described(known) == known
    assert [one[0] for one in others.asked] == ["v2", "login", "v2", "v2"]
    others.tokens.pop(0)
    assert await review.described(known) == known
    assert [one[0] for one in others.asked[4:]] == ["v2", "v2", "login", "v2"]


async def test_a_wrong_password_is_trouble(others, http):
    others.gated = True
    bases = f"{others.origin}/v2", f"{others.origin}/v1"
    review = OpenReview(http, *bases, ("ada@example.org", "wrong"), now=now)
    with pytest.raises(SourceUnavailable, match="login_refused"):
        await review.described(["openreview:newnote"])

"""What became of a request that got no answer, told by what happened on the way."""

import asyncio

import pytest
from telegram.request import RequestData

from bot.adapters.telegram_request import NotSent, Request, Unanswered
from tests.local_telegram import LocalTelegram


@pytest.fixture
async def telegram():
    async with LocalTelegram() as server:
        server.person()
        yield server


def address(telegram, method="getMe"):
    return f"{telegram.origin}/bot{telegram.token}/{method}"


async def test_what_waited_in_vain_for_a_connection_never_left(telegram):
    request = Request(1, read=0.5, pool=0.05)
    telegram.fault("getMe", kind="hang")
    calls = [request.do_request(address(telegram), "POST", connect_timeout=0.05) for _ in range(2)]
    first, second = await asyncio.gather(*calls, return_exceptions=True)
    await request.shutdown()
    assert isinstance(first, Unanswered)
    assert isinstance(second, NotSent)
    assert len(telegram.called("getMe")) == 1


async def test_what_is_not_answered_in_time_may_have_been_carried_out(telegram):
    request = Request(1, read=0.05)
    telegram.fault("getMe", kind="hang")
    with pytest.raises(Unanswered):
        await request.do_request(address(telegram), "POST")
    await request.shutdown()
    assert len(telegram.called("getMe")) == 1


async def test_a_connection_that_broke_is_not_used_again(telegram):
    request = Request(1, read=5)
    telegram.fault("getMe", kind="cut")
    with pytest.raises(Unanswered):
        await request.do_request(address(telegram), "POST")
    assert (await request.do_request(address(telegram), "POST"))[0] == 200
    await request.shutdown()


@pytest.mark.parametrize(
    "where", ["http://127.0.0.1:9/bot1:t/getMe", "http:///getMe", "no-address"]
)
async def test_an_address_where_nobody_is_gets_nothing(where):
    request = Request(1, read=5)
    with pytest.raises(NotSent) as refusal:
        await request.do_request(where, "POST", RequestData())
    await request.shutdown()
    assert "getMe" not in str(refusal.value)


async def test_requests_go_through_the_proxy_that_the_environment_names(telegram, monkeypatch):
    monkeypatch.setenv("http_proxy", telegram.origin)
    monkeypatch.setenv("no_proxy", "localhost")
    request = Request(1, read=5)
    url = f"http://api.telegram.example/bot{telegram.token}/getMe"
    assert (await request.do_request(url, "POST"))[0] == 200
    await request.shutdown()
    assert len(telegram.called("getMe")) == 1

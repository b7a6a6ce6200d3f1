"""Updates that Telegram posts to us: only with the secret, and stored before the answer."""

import asyncio
import socket

import aiohttp
import pytest

from bot.adapters.telegram_app import Timing
from bot.adapters.telegram_webhook import SECRET_HEADER, Webhook
from bot.conversation.messages import Send
from tests.adapters.telegram_setting import QUICK, Scripted, card, running

SECRET = "webhook-secret_0"


@pytest.fixture
def webhook():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return Webhook(f"http://127.0.0.1:{port}/some/path", SECRET, ("127.0.0.1", port))


async def test_a_card_comes_by_webhook_and_the_update_is_taken(telegram, webhook):
    alice = telegram.person()
    async with running(telegram, Scripted(), webhook=webhook):
        await telegram.until(lambda: telegram.webhook["url"])
        alice.say("/start")
        query = alice.press("Like", await alice.hears("a card"))
        assert await alice.sees_answer(query) == "Noted."
        await telegram.until(lambda: not telegram.updates)
    assert telegram.called("getUpdates") == []
    (call,) = telegram.called("setWebhook")
    kinds = ["message", "callback_query", "my_chat_member", "inline_query"]
    assert call["allowed_updates"] == kinds


async def test_only_who_knows_the_secret_is_heard(telegram, webhook):
    answering = Scripted()
    update = {"update_id": 1, "message": {}}
    async with running(telegram, answering, webhook=webhook), aiohttp.ClientSession() as web:
        await telegram.until(lambda: telegram.webhook["url"])

        async def post(**how):
            async with web.post(webhook.url, **how) as response:
                return response.status

        right = {SECRET_HEADER: SECRET}
        assert await post(json=update) == 403
        assert await post(json=update, headers={SECRET_HEADER: "wrong"}) == 403
        assert await post(data=b"no json", headers=right) == 400
        assert await post(json=[1], headers=right) == 400
        assert await post(json=update, headers=right) == 200
        async with web.get(webhook.url, headers=right) as response:
            assert response.status == 405
    assert answering.heard == []


async def test_telegram_is_answered_only_once_the_update_is_stored(telegram, webhook):
    alice, storing = telegram.person(), asyncio.Event()

    async def script(event):
        await storing.wait()
        yield Send(card("a card"))

    answering = Scripted(script)
    async with running(telegram, answering, webhook=webhook):
        await telegram.until(lambda: telegram.webhook["url"])
        alice.say("/start")
        await answering.hears(object)
        assert telegram.updates
        storing.set()
        await telegram.until(lambda: not telegram.updates)


async def test_an_update_that_comes_again_is_answered_once(telegram, webhook):
    alice, answering = telegram.person(), Scripted()
    async with running(telegram, answering, webhook=webhook), aiohttp.ClientSession() as web:
        await telegram.until(lambda: telegram.webhook["url"])
        alice.say("/start")
        update = telegram.updates[0]
        for _ in range(3):
            headers = {SECRET_HEADER: SECRET}
            async with web.post(webhook.url, json=update, headers=headers) as response:
                assert response.status == 200
        await alice.hears("a card")
    assert len(answering.heard) == len(telegram.deliveries) == 1


async def test_what_was_not_stored_when_the_program_ended_is_sent_again(telegram, webhook):
    alice = telegram.person()

    async def never(event):
        await asyncio.Event().wait()
        yield Send(card("unreachable"))

    answering = Scripted(never)
    async with running(telegram, answering, webhook=webhook, timing=Timing(farewell=0.2)):
        await telegram.until(lambda: telegram.webhook["url"])
        alice.say("/start")
        await answering.hears(object)
    assert telegram.updates
    async with running(telegram, Scripted(), timing=QUICK):
        await alice.hears("a card")


async def test_an_address_that_is_taken_stops_the_start(telegram, webhook):
    with socket.create_server(webhook.listen), pytest.raises(OSError, match="in use"):
        async with running(telegram, Scripted(), webhook=webhook):
            pass
    assert telegram.calls == []

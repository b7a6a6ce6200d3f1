"""What a digest's sender learns from Telegram's refusals."""

import asyncio
import time
from datetime import timedelta

import pytest

from bot.adapters.pacing import Limits, Pacer, Window
from bot.adapters.telegram_limits import LIMITS
from bot.adapters.telegram_send import TelegramMessenger, telegram_bot
from bot.conversation.events import Moved
from bot.conversation.messages import Message, plain
from bot.conversation.ports import OutcomeUnknown, RecipientGone, Refused, TryLater
from tests.adapters.telegram_setting import UNPACED, Scripted, unpaced
from tests.conftest import BOUND

DIGEST = Message(text=plain("five papers"))


@pytest.fixture
async def messenger(telegram):
    async with telegram_bot(telegram.token, telegram.origin, unpaced()) as bot:
        yield TelegramMessenger(bot)


async def push(messenger, chat="42"):
    return await messenger.send(chat, DIGEST, nonce="n", is_quiet=True)


async def test_a_digest_arrives_quietly_and_can_be_found_again(telegram, messenger):
    telegram.person()
    (ref,) = await push(messenger)
    (posted,) = telegram.deliveries
    assert (ref.chat, ref.message) == ("42", str(posted.id))
    assert posted.is_quiet
    assert posted.text == "five papers"


@pytest.mark.parametrize(
    ("status", "description", "verdict"),
    [
        (403, "Forbidden: bot was blocked by the user", RecipientGone),
        (403, "Forbidden: user is deactivated", RecipientGone),
        (403, "Forbidden: bot was kicked from the supergroup chat", RecipientGone),
        (400, "Bad Request: chat not found", RecipientGone),
        (400, "Bad Request: not enough rights to send text messages to the chat", RecipientGone),
        (400, "Bad Request: message is too long", Refused),
        (401, "Unauthorized", TryLater),
        (500, "Internal Server Error: restart", OutcomeUnknown),
        (502, "Bad Gateway", TryLater),
    ],
)
async def test_a_refusal_says_what_to_do_next(telegram, messenger, status, description, verdict):
    telegram.person()
    telegram.fault("sendMessage", status=status, description=description, times=9)
    with pytest.raises(verdict) as refusal:
        await push(messenger)
    assert telegram.token not in f"{refusal.value}{refusal.value.__cause__!r}"


@pytest.mark.parametrize("kind", ["lost", "cut", "garbage"])
async def test_what_may_have_arrived_is_never_sent_again(telegram, messenger, kind):
    telegram.person()
    telegram.fault("sendMessage", kind=kind)
    with pytest.raises(OutcomeUnknown):
        await push(messenger)
    assert len(telegram.called("sendMessage")) == 1


async def test_what_never_left_is_sent_later():
    async with telegram_bot("1:nobody-listens-there", "http://127.0.0.1:9", unpaced()) as bot:
        with pytest.raises(TryLater) as refusal:
            await push(TelegramMessenger(bot))
    assert "nobody-listens" not in f"{refusal.value}{refusal.value.__cause__!r}"


async def test_a_short_silence_is_sat_out(telegram, messenger):
    telegram.person()
    telegram.fault("sendMessage", status=429, parameters={"retry_after": 1})
    begin = time.monotonic()
    await push(messenger)
    assert time.monotonic() - begin >= 1


async def test_a_long_silence_is_handed_back_and_remembered(telegram, messenger):
    telegram.person()
    telegram.person(43)
    telegram.fault("sendMessage", status=429, parameters={"retry_after": 300}, chat=42)
    for _ in range(2):
        with pytest.raises(TryLater) as refusal:
            await push(messenger)
        assert timedelta(seconds=299) < refusal.value.after < timedelta(seconds=302)
    await push(messenger, "43")
    assert len(telegram.called("sendMessage")) == 2


async def test_silence_without_a_chat_holds_everybody(telegram):
    telegram.person()
    telegram.fault("getMe", status=429, parameters={"retry_after": 300})
    async with telegram_bot(telegram.token, telegram.origin, unpaced()) as bot:
        with pytest.raises(Exception, match="300"):
            await bot.get_me()
        with pytest.raises(TryLater):
            await push(TelegramMessenger(bot))
        await bot.get_me()
    assert telegram.deliveries == []


async def test_many_chats_refused_at_once_mean_that_it_is_not_about_them(telegram, messenger):
    for number in range(1, 8):
        telegram.person(number)
    telegram.fault("sendMessage", status=429, parameters={"retry_after": 60}, times=5)
    for number in range(1, 8):
        with pytest.raises(TryLater):
            await push(messenger, str(number))
    assert len(telegram.called("sendMessage")) == 5


async def test_a_digest_follows_a_group_to_its_new_id(telegram):
    telegram.group(-5)
    telegram.migrate(-5, -1005)
    answering = Scripted()
    async with telegram_bot(telegram.token, telegram.origin, unpaced()) as bot:
        (ref,) = await push(TelegramMessenger(bot, answering), "-5")
    assert ref.chat == "-1005"
    (moved,) = answering.heard
    assert isinstance(moved, Moved)
    assert (moved.old_chat, moved.new_chat) == ("-5", "-1005")


async def test_taps_are_answered_while_messages_must_wait(telegram):
    telegram.person()
    slow = Pacer(Limits((Window(1, 60.0),), (Window(9, 1.0),), ()), time.monotonic)
    async with telegram_bot(telegram.token, telegram.origin, slow) as bot:
        messenger = TelegramMessenger(bot)
        await push(messenger)
        waiting = asyncio.create_task(push(messenger))
        telegram.fault(
            "answerCallbackQuery", description="Bad Request: query is too old", status=400
        )
        async with asyncio.timeout(BOUND):
            with pytest.raises(Exception, match=r"(?i)too old"):
                await bot.answer_callback_query("q")
        assert not waiting.done()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)


async def test_twenty_digests_go_out_no_faster_than_the_platform_allows(telegram):
    quick = Limits((Window(4, 0.2),), UNPACED.chat, ())
    for number in range(1, 21):
        telegram.person(number)
    async with telegram_bot(telegram.token, telegram.origin, Pacer(quick, time.monotonic)) as bot:
        messenger = TelegramMessenger(bot)
        await asyncio.gather(*(push(messenger, str(number)) for number in range(1, 21)))
    at = sorted(posted.at for posted in telegram.deliveries)
    assert at[-1] - at[0] >= 0.75  # five windows of four


def test_our_limits_stay_below_the_platforms():
    assert all(w.count / w.seconds < 30 for w in LIMITS.overall)
    assert all(w.count / w.seconds < 1 for w in LIMITS.chat)
    assert all(w.count <= 20 and w.seconds >= 60 for w in LIMITS.group)

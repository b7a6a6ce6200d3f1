"""What the local Bot API lets pass is what Telegram publishes, and it says what is not."""

import aiohttp
import pytest

from tests.contracts.platforms.telegram import Upload, decoded, wrong_call, wrong_object
from tests.local_telegram import LocalTelegram

HELLO = {"chat_id": 42, "text": "Hello", "parse_mode": "HTML"}
BUTTON = {"text": "Like", "callback_data": "l:1"}


def keyboard(**more):
    return {"reply_markup": {"inline_keyboard": [[BUTTON | more]]}}


def article(**more):
    content = {"message_text": "Hello", "parse_mode": "HTML"}
    return {"type": "article", "id": "1", "title": "A", "input_message_content": content} | more


WRONG = [
    ("sendTelegram", {}, "there is no such method"),
    ("sendMessage", {"chat_id": 42}, "text is missing"),
    ("sendMessage", HELLO | {"colour": "red"}, "colour is an unknown parameter"),
    ("sendMessage", HELLO | {"text": 7}, "text is no String"),
    ("sendMessage", HELLO | {"chat_id": [42]}, "chat_id is no Integer or String"),
    ("sendMessage", HELLO | {"disable_notification": "yes"}, "disable_notification is no Boolean"),
    ("sendMessage", HELLO | {"text": "x" * 4097}, "text is 4097 characters, not 1 to 4096"),
    ("sendMessage", HELLO | {"text": "🐦" * 2049}, "text is 4098 characters, not 1 to 4096"),
    ("sendMessage", HELLO | {"text": ""}, "text is 0 characters, not 1 to 4096"),
    (
        "sendMessage",
        HELLO | keyboard(callback_data="é" * 33),
        "reply_markup.inline_keyboard[0][0].callback_data is 66 bytes, not 1 to 64",
    ),
    (
        "sendMessage",
        HELLO | keyboard(url="https://arxiv.org"),
        "reply_markup.inline_keyboard[0][0] has not exactly one thing to do",
    ),
    (
        "sendMessage",
        HELLO | keyboard(style="pink"),
        "reply_markup.inline_keyboard[0][0].style is none of danger, success, primary",
    ),
    (
        "sendMessage",
        HELLO | {"reply_markup": {"force_reply": True, "input_field_placeholder": "x" * 65}},
        "reply_markup.input_field_placeholder is 65 characters, not 1 to 64",
    ),
    ("editMessageText", {"text": "Hello", "message_id": "seven"}, "message_id is no Integer"),
    ("answerCallbackQuery", {"text": "Liked."}, "callback_query_id is missing"),
    (
        "answerCallbackQuery",
        {"callback_query_id": "1", "text": "x" * 201},
        "text is 201 characters, not 0 to 200",
    ),
    ("getUpdates", {"limit": 101}, "limit is 101 as value, not 1 to 100"),
    ("getUpdates", {"allowed_updates": ["message", 7]}, "allowed_updates[1] is no String"),
    (
        "answerInlineQuery",
        {"inline_query_id": "1", "results": [article(id=str(n)) for n in range(51)]},
        "results is 51 items, not 0 to 50",
    ),
    (
        "answerInlineQuery",
        {"inline_query_id": "1", "results": [article(type="painting")]},
        "results[0] is no InlineQueryResult",
    ),
    (
        "answerInlineQuery",
        {"inline_query_id": "1", "results": [], "next_offset": "x" * 65},
        "next_offset is 65 bytes, not 0 to 64",
    ),
    (
        "setMyCommands",
        {"commands": [{"command": "Pick", "description": "A paper"}]},
        "commands[0].command has letters outside [a-z0-9_]*",
    ),
    (
        "setMyCommands",
        {"commands": [{"command": "pick", "description": "x" * 257}]},
        "commands[0].description is 257 characters, not 1 to 256",
    ),
    (
        "setMyCommands",
        {"commands": [{"command": "pick", "description": "A paper"}] * 101},
        "commands is 101 items, not 0 to 100",
    ),
    ("setMyCommands", {"commands": [], "scope": {"type": "moon"}}, "scope is no BotCommandScope"),
    ("setMyDescription", {"description": "x" * 513}, "description is 513 characters, not 0 to 512"),
    ("getFile", {}, "file_id is missing"),
    ("sendDocument", {"chat_id": 42}, "document is missing"),
    (
        "sendDocument",
        {"chat_id": 42, "document": "attach://papers"},
        "document names a file that did not come: 'papers'",
    ),
]


@pytest.mark.parametrize(("method", "said", "problem"), WRONG)
def test_what_breaks_telegrams_description_is_named(method, said, problem):
    assert wrong_call(method, said, {}, str) == [problem]


@pytest.mark.parametrize(
    ("method", "said"),
    [
        ("sendMessage", HELLO),
        ("sendMessage", {"chat_id": "@channel", "text": "🐦" * 2048}),
        ("sendMessage", HELLO | keyboard(callback_data="é" * 32, style="danger")),
        ("answerInlineQuery", {"inline_query_id": "1", "results": [article()] * 50}),
        ("getUpdates", {"limit": 100, "timeout": 30, "offset": -1}),
        ("setMyCommands", {"commands": [], "scope": {"type": "all_private_chats"}}),
        ("getMe", {}),
    ],
)
def test_what_keeps_to_it_passes(method, said):
    assert wrong_call(method, said, {}, str) == []


def test_length_is_of_what_people_see():
    said = HELLO | {"text": "<b>" + "x" * 4096 + "</b>"}
    shown = lambda text: text.replace("<b>", "").replace("</b>", "")  # noqa: E731
    assert wrong_call("sendMessage", said, {}, shown) == []
    assert wrong_call("sendMessage", said, {}, str) != []


def test_every_file_that_comes_is_meant_by_something():
    file = Upload("papers.bib", b"@misc{a}")
    said = {"chat_id": 42}
    assert wrong_call("sendDocument", said, {"document": file}, str) == []
    named = said | {"document": "attach://one"}
    assert wrong_call("sendDocument", named, {"one": file}, str) == []
    assert wrong_call("sendDocument", named, {"one": file, "two": file}, str) == [
        "nothing refers to the file 'two'"
    ]


def test_a_form_is_read_as_the_types_of_its_fields_want_it():
    assert decoded("sendMessage", "text", "42") == "42"
    assert decoded("sendMessage", "chat_id", "-1001") == -1001
    assert decoded("sendMessage", "chat_id", "@channel") == "@channel"
    assert decoded("sendMessage", "disable_notification", "true") is True
    assert decoded("sendMessage", "reply_markup", '{"remove_keyboard": true}') == {
        "remove_keyboard": True
    }
    assert decoded("answerCallbackQuery", "callback_query_id", "42") == "42"
    assert decoded("getUpdates", "timeout", "soon") == "soon"


def test_a_document_that_a_reader_sends_is_one_as_telegram_describes_it():
    document = {"file_id": "f", "file_unique_id": "u", "file_name": "a.bib", "file_size": 9}
    assert wrong_object("Document", document) == []
    assert wrong_object("Document", document | {"file_size": "9"}) == [
        "Document.file_size is no Integer"
    ]
    assert wrong_object("Document", {"file_id": "f"}) == ["Document.file_unique_id is missing"]


async def told(telegram, method, **form):
    async with aiohttp.ClientSession() as http:
        address = f"{telegram.origin}/bot{telegram.token}/{method}"
        async with http.post(address, data=form) as answer:
            return answer.status, await answer.json()


async def test_a_breach_is_refused_and_fails_whoever_started_the_server():
    telegram, answers = LocalTelegram(), []

    async def breaching():
        async with telegram:
            telegram.person(42)
            answers.append(await told(telegram, "sendMessage", **HELLO, colour="red"))

    with pytest.raises(AssertionError, match="sendMessage: colour is an unknown parameter"):
        await breaching()
    ((status, answer),) = answers
    assert status == 400
    assert "colour is an unknown parameter" in answer["description"]
    assert telegram.deliveries == []
    assert telegram.violations == ["sendMessage: Bad Request: colour is an unknown parameter"]


@pytest.mark.parametrize(
    ("said", "problems"),
    [
        (HELLO | keyboard(), []),
        (HELLO | {"text": 42}, ["sendMessage: text is no String"]),
        (HELLO | {"reply_markup": "{}"}, ["sendMessage: reply_markup is no InlineKeyboardMarkup"]),
    ],
)
async def test_a_call_in_json_is_checked_like_one_in_a_form(said, problems):
    async with LocalTelegram() as telegram, aiohttp.ClientSession() as http:
        telegram.person(42)
        address = f"{telegram.origin}/bot{telegram.token}/sendMessage"
        async with http.post(address, json=said) as answer:
            assert answer.ok is not bool(problems)
        found = telegram.breaches.taken()
        assert [one.partition(" or ")[0] for one in found] == problems


async def test_what_the_server_itself_says_wrongly_fails_as_well():
    async def misdescribing():
        async with LocalTelegram() as telegram:
            telegram.person(42).send_file("papers.bib", b"", size="large")

    with pytest.raises(AssertionError, match=r"an update of this server: .*document\.file_size"):
        await misdescribing()


async def test_a_breach_on_purpose_is_taken_back():
    async with LocalTelegram() as telegram:
        await told(telegram, "sendTelegram")
        assert telegram.breaches.taken() == ["sendTelegram: there is no such method"]


async def test_a_failure_of_the_test_itself_is_not_hidden():
    async def failing():
        async with LocalTelegram() as telegram:
            await told(telegram, "sendTelegram")
            raise ValueError("of the test")

    with pytest.raises(ValueError, match="of the test"):
        await failing()

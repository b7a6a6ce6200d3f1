"""What the local Discord lets pass is what Discord publishes, and it says what is not."""

import json

import aiohttp
import pytest

from tests.contracts.platforms.discord import operation, wrong_answer, wrong_request, wrong_shape
from tests.local_discord import LocalDiscord

QUIET = {"allowed_mentions": {"parse": []}}
HELLO = {"content": "Hello", **QUIET}
BUTTON = {"type": 2, "style": 1, "label": "Like", "custom_id": "l:1"}
FIELD = {"type": 4, "custom_id": "words", "style": 2, "max_length": 1000}
COMMAND = {"type": 1, "name": "teach", "description": "Teach with a file"}


def rows(**more):
    return HELLO | {"components": [{"type": 1, "components": [BUTTON | more]}]}


def modal(field=FIELD, **more):
    label = {"type": 18, "label": "Your note", "component": field}
    data = {"custom_id": "n:1", "title": "A note", "components": [label]} | more
    return {"type": 9, "data": data}


def option(**more):
    return [COMMAND | {"options": [{"type": 11, "name": "file", "description": "A file"} | more]}]


def choices(*proposed):
    return {"type": 8, "data": {"choices": [*proposed]}}


WRONG = [
    ("create_message", HELLO | {"colour": "red"}, "colour is unknown"),
    ("create_message", HELLO | {"tts": "no"}, "tts is no boolean or null"),
    ("create_message", None, "the body is no object"),
    ("create_message", HELLO | {"nonce": "x" * 26}, "nonce has 26 characters, at most 25"),
    (
        "create_message",
        {"embeds": [{"title": "x" * 257}]},
        "embeds[0].title has 257 characters, at most 256",
    ),
    ("create_message", {"embeds": [{}] * 11}, "embeds has 11 items, at most 10"),
    (
        "create_message",
        {"embeds": [{"footer": {"text": "🐦" * 1025}}]},
        "embeds[0].footer.text has 2050 characters, at most 2048",
    ),
    (
        "create_message",
        rows(custom_id="x" * 101),
        "components[0].components[0].custom_id has 101 characters, at most 100",
    ),
    (
        "create_message",
        rows(label="x" * 81),
        "components[0].components[0].label has 81 characters, at most 80",
    ),
    (
        "create_message",
        rows(style=9),
        "components[0].components[0].style is none of 1, 2, 3, 4, 5, 6",
    ),
    (
        "create_message",
        {"components": [{"type": 1, "components": [BUTTON] * 6}]},
        "components[0].components has 6 items, at most 5",
    ),
    (
        "create_message",
        HELLO | {"message_reference": {"fail_if_not_exists": False}},
        "message_reference.message_id is missing",
    ),
    # Threads: of their own, at a message, and what is said in them.
    ("create_thread", {"type": 11}, "name is missing"),
    ("create_thread", {"name": "x" * 101, "type": 11}, "name has 101 characters, at most 100"),
    ("create_thread", {"name": "A paper", "type": 0}, "type is none of 10, 11, 12"),
    (
        "create_thread",
        {"name": "A paper", "type": 11, "auto_archive_duration": 90},
        "auto_archive_duration is none of 60, 1440, 4320, 10080",
    ),
    ("create_thread_from_message", {"name": ""}, "name has 0 characters, at least 1"),
    ("create_thread_from_message", {"name": "A paper", "type": 11}, "type is unknown"),
    # Forms.
    ("create_interaction_response", modal(title="x" * 46), "data.title has 46 characters, at most"),
    (
        "create_interaction_response",
        modal({k: v for k, v in FIELD.items() if k != "style"}),
        "data.components[0].component.style is missing",
    ),
    (
        "create_interaction_response",
        modal(FIELD | {"value": "x" * 4001}),
        "data.components[0].component.value has 4001 characters, at most 4000",
    ),
    (
        "create_interaction_response",
        modal(FIELD | {"colour": "red"}),
        "data.components[0].component.colour is unknown",
    ),
    ("create_interaction_response", {"type": 99}, "type is none of"),
    # Choices while somebody types.
    (
        "create_interaction_response",
        choices(*[{"name": "A paper", "value": "1"}] * 26),
        "data.choices has 26 items, at most 25",
    ),
    (
        "create_interaction_response",
        choices({"name": "x" * 101, "value": "1"}),
        "data.choices[0].name has 101 characters, at most 100",
    ),
    # Commands in all languages, their options, and the menu of a message.
    (
        "bulk_set_application_commands",
        [COMMAND | {"description": "x" * 101}],
        "[0].description has 101 characters, at most 100",
    ),
    (
        "bulk_set_application_commands",
        [COMMAND | {"name_localizations": {"de": ""}}],
        "[0].name_localizations.de has 0 characters, at least 1",
    ),
    ("bulk_set_application_commands", option(type=12), "[0].options[0].type is none of 11"),
    ("bulk_set_application_commands", option(choices=[]), "[0].options[0].choices is unknown"),
    (
        "bulk_set_application_commands",
        [COMMAND | {"options": option()[0]["options"] * 26}],
        "[0].options has 26 items, at most 25",
    ),
    ("bulk_set_application_commands", [{"type": 3, "name": "x" * 33}], "[0].name has 33"),
    ("bulk_set_application_commands", [{"type": 3}], "[0].name is missing"),
    (
        "bulk_set_application_commands",
        [COMMAND | {"contexts": [0, 0]}],
        "[0].contexts has an item twice",
    ),
    ("trigger_typing_indicator", {"long": True}, "there should be no body"),
    ("create_dm", {"recipient_id": "Bob"}, "recipient_id"),
]


@pytest.mark.parametrize(("name", "body", "problem"), WRONG)
def test_what_breaks_discords_description_is_named(name, body, problem):
    (found,) = wrong_request(name, body, {})
    assert found.startswith(problem)


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("create_message", HELLO),
        ("create_message", rows(custom_id="x" * 100) | {"nonce": "n", "enforce_nonce": True}),
        ("create_thread", {"name": "A paper", "type": 11, "auto_archive_duration": 4320}),
        ("create_thread_from_message", {"name": "A paper"}),
        ("create_interaction_response", modal()),
        ("create_interaction_response", choices({"name": "A paper", "value": "1"})),
        ("create_interaction_response", choices()),
        ("create_interaction_response", {"type": 4, "data": HELLO | {"flags": 64}}),
        ("create_interaction_response", {"type": 6}),
        ("bulk_set_application_commands", option(name_localizations={"de": "datei"})),
        ("bulk_set_application_commands", [{"type": 3, "name": "Papers like this"}]),
        ("bulk_set_application_commands", [COMMAND | {"default_member_permissions": "32"}]),
        ("update_original_webhook_message", rows()),
        ("delete_original_webhook_message", None),
    ],
)
def test_what_keeps_to_it_passes(name, body):
    assert wrong_request(name, body, {}) == []


def test_what_stands_behind_the_question_mark_is_known():
    name = "list_application_commands"
    assert wrong_request(name, None, {"with_localizations": "true"}) == []
    assert wrong_request(name, None, {"with_localizations": "perhaps"}) == [
        "?with_localizations is no boolean"
    ]
    assert wrong_request(name, None, {"colour": "red"}) == ["unknown in the query: colour"]


@pytest.mark.parametrize(
    ("attachments", "files", "problem"),
    [
        ([{"id": 0, "filename": "a.bib"}], ["files[1]"], "files[1] stands in no attachment"),
        ([{"id": 0, "filename": "a.bib"}], [], "files[0] did not come"),
        ([{"filename": "a.bib"}], [], "attachments[0].id is missing"),
        ([{"id": 0, "filename": ""}], ["files[0]"], "attachments[0].filename has 0 characters"),
        ([{"id": 0}], ["files[0]", "picture"], "picture is no part of a form"),
    ],
)
def test_a_file_wants_its_part_of_the_form_and_the_part_its_name(attachments, files, problem):
    found = wrong_request("create_message", HELLO | {"attachments": attachments}, {}, files)
    assert found[0].startswith(problem)


def test_files_come_only_where_they_are_taken():
    body, files = HELLO | {"attachments": [{"id": 0, "filename": "a.bib"}]}, ["files[0]"]
    for name in ("create_message", "execute_webhook", "update_original_webhook_message"):
        assert wrong_request(name, body, {}, files) == []
    callback = {"type": 4, "data": body}
    assert wrong_request("create_interaction_response", callback, {}, files) == []
    refused = wrong_request("create_dm", {"recipient_id": "1"}, {}, files)
    assert "files are not taken here" in refused


def test_answers_are_known_by_their_numbers_and_their_shape():
    assert wrong_answer("delete_original_webhook_message", 204, None) == []
    assert wrong_answer("create_thread", 200, {}) == ["answers 200, not 201"]
    assert wrong_answer("get_bot_gateway", 200, {"url": "ws://here"}) == [
        "session_start_limit is missing",
        "shards is missing",
    ]


def test_an_attachment_that_a_reader_sends_is_one_as_discord_describes_it():
    with_address = {"url": "http://here/a.bib", "proxy_url": "http://here/a.bib"}
    attachment = {"id": "7", "filename": "a.bib", "size": 9, **with_address}
    assert wrong_shape("MessageAttachmentResponse", attachment) == []
    assert wrong_shape("MessageAttachmentResponse", attachment | {"size": "9"}) == [
        "size is no integer"
    ]


def test_requests_are_known_by_the_names_discord_gives_them():
    assert operation("POST", "/channels/7/messages") == "create_message"
    assert operation("POST", "/channels/7/messages/8/threads") == "create_thread_from_message"
    assert operation("PATCH", "/webhooks/7/token/messages/@original") == (
        "update_original_webhook_message"
    )
    assert operation("DELETE", "/channels/7") == ""


async def told(discord, method, path, body=None, form=None):
    headers = {"Authorization": f"Bot {discord.token}", "User-Agent": "DiscordBot (here, 1)"}
    async with aiohttp.ClientSession(headers=headers) as http:
        address = f"{discord.api_base}{path}"
        async with http.request(method, address, json=body, data=form) as answer:
            return answer.status, await answer.json()


async def test_a_breach_is_refused_and_fails_whoever_started_the_server():
    discord, answers = LocalDiscord(), []

    async def breaching():
        async with discord:
            path = f"/channels/{discord.server_channel()}/messages"
            answers.append(await told(discord, "POST", path, HELLO | {"colour": "red"}))

    with pytest.raises(AssertionError, match="create_message: colour is unknown"):
        await breaching()
    ((status, answer),) = answers
    assert (status, answer["code"]) == (400, 50035)
    assert discord.posted == {}
    assert discord.violations == ["colour is unknown"]


async def test_a_request_that_nobody_publishes_fails_as_well():
    async def breaching():
        async with LocalDiscord() as discord:
            await told(discord, "GET", "/moon")

    with pytest.raises(AssertionError, match="GET /moon: there is no such route"):
        await breaching()


async def test_a_thread_begins_at_a_message_and_is_written_in():
    async with LocalDiscord() as discord:
        channel = discord.server_channel()
        _, sent = await told(discord, "POST", f"/channels/{channel}/messages", HELLO)
        begun = f"/channels/{channel}/messages/{sent['id']}/threads"
        status, thread = await told(discord, "POST", begun, {"name": "A paper"})
        assert (status, thread["id"], thread["parent_id"]) == (201, sent["id"], str(channel))
        again, refusal = await told(discord, "POST", begun, {"name": "A paper"})
        assert (again, refusal["code"]) == (400, 160004)
        _, said = await told(discord, "POST", f"/channels/{thread['id']}/messages", HELLO)
        assert discord.posted[int(said["id"])].channel == int(thread["id"])
        status, _ = await told(
            discord, "POST", f"/channels/{thread['id']}/threads", {"name": "B", "type": 11}
        )
        assert status == 404  # there are no threads in threads


async def test_a_file_in_a_form_is_kept_as_it_was_sent():
    async with LocalDiscord() as discord:
        channel = discord.server_channel()
        form = aiohttp.FormData()
        said = HELLO | {"attachments": [{"id": 0, "filename": "a.bib"}]}
        form.add_field("payload_json", json.dumps(said), content_type="application/json")
        form.add_field("files[0]", b"@misc{a}", filename="a.bib")
        _, sent = await told(discord, "POST", f"/channels/{channel}/messages", form=form)
        assert discord.posted[int(sent["id"])].files == {"a.bib": b"@misc{a}"}
        assert [file["filename"] for file in sent["attachments"]] == ["a.bib"]

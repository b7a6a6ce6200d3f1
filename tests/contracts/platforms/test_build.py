"""The facts that tests check against are distilled from what platforms publish, and whole."""

import json

import pytest

from tests.contracts.platforms.build import (
    DISCORD_ROUTES,
    TELEGRAM_METHODS,
    discord_facts,
    distilled,
    telegram_facts,
)
from tests.contracts.platforms.published import published


def field(name, types, description="", required=False):
    return {"name": name, "types": types, "description": description, "required": required}


def method(*fields, description="Says something.", returns="True"):
    return {"fields": [*fields], "description": [description], "returns": [returns]}


def telegram(types=None, **methods):
    about = {"version": "Bot API 1.0", "release_date": "May 1, 2026"}
    update = {"fields": [field("update_id", ["Integer"], required=True)], "description": [""]}
    return {**about, "methods": methods, "types": {"Update": update} | (types or {})}


def discord(**schemas):
    schema = {"$ref": "#/components/schemas/Said"}
    content = {"content": {"application/json": {"schema": schema}}}
    answers = {"200": {"description": "So it is."}, "4XX": {"description": "Not so."}}
    asks = {"name": "wait", "in": "query", "schema": {"type": "boolean"}}
    say = {"operationId": "say", "requestBody": content, "parameters": [asks], "responses": answers}
    return {
        "info": {"title": "API", "version": "10"},
        "paths": {"/rooms/{room_id}": {"post": say, "parameters": []}},
        "components": {"schemas": schemas},
    }


@pytest.mark.parametrize(
    ("types", "said", "limit"),
    [
        (["String"], "Data of the button, 1-64 bytes", {"bytes": [1, 64]}),
        (["String"], "New name; 0-120 characters. May be empty.", {"characters": [0, 120]}),
        (["String"], "Caption, 0-1024 characters after entities parsing", {"shown": [0, 1024]}),
        (["String"], "Where to go on. Can't exceed", {}),
        (["String"], "Offset length can't exceed 64 bytes.", {"bytes": [0, 64]}),
        (
            ["String"],
            'Style. Must be one of "danger" (red), "success" (green) or "primary" (blue). Or none.',
            {"among": ["danger", "success", "primary"]},
        ),
        (["String"], "If none of the fields is used, it must be seen", {}),
        (["Integer"], "How many. Values between 1-100 are accepted.", {"value": [1, 100]}),
        (["Integer"], "The most people, 1-10. Defaults to 1.", {"value": [1, 10]}),
        (["Integer"], "Degrees. Must be between 1 and 360 if specified.", {"value": [1, 360]}),
        (["Integer"], "Seconds; must be between 60 and 86400, or 0x7FFFFFFF for ever", {}),
        (["Integer"], "Value of the dice, 1-6 for one kind, 1-5 for another", {}),
        (["Array of String"], "At most 100 commands can be specified.", {"items": [0, 100]}),
    ],
)
def test_limits_are_read_from_what_telegram_writes_of_a_field(types, said, limit):
    facts = telegram_facts(telegram(say=method(field("words", types, said))), ["say"])
    assert facts["methods"]["say"].get("limits", {}) == ({"words": limit} if limit else {})


@pytest.mark.parametrize(
    ("name", "said", "among"),
    [
        ("type", "Type of the result, must be article", ["article"]),
        ("status", 'The status, always "member"', ["member"]),
        ("text", "The words that must be seen", None),
    ],
)
def test_what_tells_types_apart_is_known_by_its_only_value(name, said, among):
    facts = telegram_facts(telegram(say=method(field(name, ["String"], said))), ["say"])
    assert facts["methods"]["say"].get("limits", {}).get(name, {}).get("among") == among


def test_letters_of_a_name_and_the_most_results_are_read_too():
    said = "1-32 characters. Can contain only lowercase English letters, digits and underscores."
    spec = method(
        field("name", ["String"], said),
        field("results", ["Array of String"]),
        description="No more than 50 results per query are allowed.",
    )
    limits = telegram_facts(telegram(say=spec), ["say"])["methods"]["say"]["limits"]
    assert limits["name"] == {"characters": [1, 32], "letters": "[a-z0-9_]*"}
    assert limits["results"] == {"items": [0, 50]}


def test_length_is_of_what_is_shown_wherever_markup_is_taken():
    text = field("text", ["String"], "What to say, 1-4096 characters")
    spec = telegram(marked=method(text, field("parse_mode", ["String"])), plain=method(text))
    methods = telegram_facts(spec, ["marked", "plain"])["methods"]
    assert methods["marked"]["limits"]["text"] == {"shown": [1, 4096]}
    assert methods["plain"]["limits"]["text"] == {"characters": [1, 4096]}


def test_types_within_reach_are_kept_and_no_others():
    types = {
        "Menu": {"subtypes": ["Short", "Long"], "description": [""]},
        "Short": {"fields": [field("rows", ["Array of Array of Row"])], "description": [""]},
        "Long": {"description": [""]},
        "Row": {
            "fields": [field("text", ["String"], required=True), field("url", ["String"])],
            "description": ["Exactly one of the fields other than text, and size must be used."],
        },
        "Unreached": {"fields": [], "description": [""]},
    }
    spec = telegram(types, say=method(field("menu", ["Menu"])), sing=method())
    facts = telegram_facts(spec, ["say"])
    assert facts["methods"].keys() == {"say"}
    assert facts["types"].keys() == {"Update", "Menu", "Short", "Long", "Row"}
    assert facts["types"]["Menu"] == {"kinds": ["Short", "Long"]}
    assert facts["types"]["Row"]["required"] == ["text"]
    assert facts["types"]["Row"]["one_beside"] == ["text", "size"]


def test_a_route_keeps_its_words_its_answers_and_every_shape_within_reach():
    spec = discord(
        Said={
            "type": "object",
            "description": "a sentence",
            "properties": {
                "kind": {"$ref": "#/components/schemas/Kind"},
                "description": {"type": "string", "maxLength": 9, "format": "words"},
                "default_member_permissions": {"type": "integer"},
            },
            "required": ["kind"],
        },
        Kind={"type": "integer", "oneOf": [{"title": "A", "const": 1}, {"title": "B", "const": 2}]},
        Unreached={"type": "object"},
    )
    facts = discord_facts(spec, ["say"])
    assert facts["routes"]["say"] == {
        "call": "POST /rooms/{room_id}",
        "query": {"wait": {"type": "boolean"}},
        "takes_files": False,
        "answers": {"200": {}},
        "body": {"$ref": "Said"},
    }
    assert facts["shapes"].keys() == {"Said", "Kind"}
    assert facts["shapes"]["Kind"] == {"type": "integer", "enum": [1, 2]}
    said = facts["shapes"]["Said"]["properties"]
    assert said["description"] == {"type": "string", "maxLength": 9}
    assert {"type": "string", "pattern": "^[0-9]+$"} in said["default_member_permissions"]["oneOf"]


def test_the_same_descriptions_give_the_same_bytes(tmp_path):
    methods = {name: method(field("b", ["String"]), field("a", ["Integer"])) for name in
               TELEGRAM_METHODS}  # fmt: skip
    spec = discord(Said={"type": "string"})
    spec["paths"] = {
        f"/{name}": {"get": {"operationId": name, "responses": {}}} for name in DISCORD_ROUTES
    }
    (tmp_path / "telegram_api.json").write_text(json.dumps(telegram(**methods)))
    (tmp_path / "discord_openapi.json").write_text(json.dumps(spec))
    once = distilled(tmp_path)
    backwards = dict(reversed(methods.items()))
    (tmp_path / "telegram_api.json").write_text(json.dumps(telegram(**backwards)))
    again = distilled(tmp_path)
    assert distilled(tmp_path) == again
    assert _without_hashes(once) == _without_hashes(again)
    assert once.count("\n") > len(TELEGRAM_METHODS)  # so that changes can be read line by line


def _without_hashes(text):
    return [line for line in text.split("\n") if not line.startswith('"sha256"')]


def test_what_stands_in_the_repository_names_its_sources_and_knows_all_that_is_called():
    telegram, discord = published("telegram"), published("discord")
    assert telegram["version"].startswith("Bot API ")
    assert discord["version"].endswith("version 10")
    for facts in (telegram, discord):
        assert facts["source"].startswith("github.com/")
        assert len(facts["sha256"]) == 64
    assert telegram["methods"].keys() == {*TELEGRAM_METHODS}
    assert discord["routes"].keys() == {*DISCORD_ROUTES}
    assert telegram["methods"]["sendMessage"]["required"] == ["chat_id", "text"]
    assert telegram["methods"]["sendDocument"]["limits"]["caption"] == {"shown": [0, 1024]}
    assert discord["shapes"]["RichEmbed"]["properties"]["title"]["maxLength"] == 256

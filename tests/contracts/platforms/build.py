"""Distil what the platforms publish of themselves into the facts that tests check against.

    python -m tests.contracts.platforms.build SPEC_FOLDER

reads `telegram_api.json` (github.com/PaulSonOfLars/telegram-bot-api-spec, made from the pages
of the Bot API) and `discord_openapi.json` (github.com/discord/discord-api-spec) and writes
`published.json` beside this file. Run it when a platform publishes something new, look at what
changed, and commit that. The same input gives the same bytes; each source stands there with the
version and the hash of its file.

Only facts are kept: names, types, what is required, and how long, many or large something may
be. Telegram says that last in sentences, which are read here and nowhere else. Discord's shapes
keep the words of JSON Schema.
"""

import hashlib
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

PUBLISHED = Path(__file__).with_name("published.json")

TELEGRAM_METHODS = (
    "answerCallbackQuery",
    "answerInlineQuery",
    "deleteMyCommands",
    "deleteWebhook",
    "editMessageText",
    "getChat",
    "getChatMember",
    "getFile",
    "getMe",
    "getMyCommands",
    "getMyDescription",
    "getMyShortDescription",
    "getUpdates",
    "getWebhookInfo",
    "sendDocument",
    "sendMessage",
    "setMyCommands",
    "setMyDescription",
    "setMyShortDescription",
    "setWebhook",
)
"""What the bot calls. A call of anything else is a violation until it stands here."""

DISCORD_ROUTES = (
    "bulk_set_application_commands",
    "create_dm",
    "create_interaction_response",
    "create_message",
    "create_thread",
    "create_thread_from_message",
    "delete_original_webhook_message",
    "execute_webhook",
    "get_bot_gateway",
    "get_my_application",
    "get_my_oauth2_application",
    "get_my_user",
    "list_application_commands",
    "trigger_typing_indicator",
    "update_message",
    "update_original_webhook_message",
)
"""By the names that Discord gives them; create_thread_from_message for who would rather use it."""

KINDS = ("type", "status", "source")
"""Fields that tell Telegram's types of one family apart."""

_LENGTH = re.compile(r"\b(\d+)-(\d+) (characters|bytes)\b( after entit)?", re.IGNORECASE)
_MOST_BYTES = re.compile(r"can't exceed (\d+) bytes")
_BOUNDS = re.compile(
    r"(?:Values between |[;,] )(\d+)-(\d+)(?= are accepted|[.,;]|$)"
    r"|must be between (\d+) and (\d+)(?= if|\.|$)",
    re.IGNORECASE,
)
_MOST_ITEMS = re.compile(r"[Aa]t most (\d+) [\w ]+ can be specified")
_MOST_RESULTS = re.compile(r"No more than (\d+) (\w+) per query are allowed")
_ALWAYS = re.compile(r"(?:must be|always) [\"“]?([a-z0-9_]+)[\"”]?\.?$")
_ONE_OF = re.compile(
    r"[Mm]ust be one of ((?:[\"“][\w/]+[\"”](?: \([^)]*\))?(?:, or |, | or )?)+)(?=\.|$)"
)
_QUOTED = re.compile(r"[\"“]([\w/]+)[\"”]")
_LETTERS = {
    "only lowercase English letters, digits and underscores": "[a-z0-9_]*",
    "nly A-Z, a-z, 0-9, _ and - are allowed": "[A-Za-z0-9_-]*",
    "nly characters A-Z, a-z, 0-9, _ and - are allowed": "[A-Za-z0-9_-]*",
}
_ONE_BESIDE = re.compile(r"Exactly one of the fields other than ([\w, ]+) must be used")

_WORDS_OF_SHAPES = (
    "$ref",
    "enum",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minimum",
    "pattern",
    "required",
    "type",
    "uniqueItems",
)
# The live service is wider than its description here, and the description's own examples count
# on it: numbers of things as integers, permissions as decimal text.
_WIDER = {
    "SnowflakeType": {
        "oneOf": [
            {"type": "string", "pattern": "^(0|[1-9][0-9]*)$"},
            {"type": "integer", "minimum": 0},
        ]
    }
}
_PERMISSIONS = ("default_member_permissions", {"type": "string", "pattern": "^[0-9]+$"})


def distilled(folder: Path) -> str:
    """Return the text of `published.json` for the descriptions in a folder."""
    telegram = (folder / "telegram_api.json").read_bytes()
    discord = (folder / "discord_openapi.json").read_bytes()
    facts = {
        "telegram": {
            "source": "github.com/PaulSonOfLars/telegram-bot-api-spec",
            "sha256": hashlib.sha256(telegram).hexdigest(),
            **telegram_facts(json.loads(telegram), TELEGRAM_METHODS),
        },
        "discord": {
            "source": "github.com/discord/discord-api-spec",
            "sha256": hashlib.sha256(discord).hexdigest(),
            **discord_facts(json.loads(discord), DISCORD_ROUTES),
        },
    }
    return _written(facts, depth=3) + "\n"


def telegram_facts(spec: Mapping[str, Any], methods: Iterable[str]) -> dict[str, Any]:
    """Return what is published of some methods, and of every type within reach of them."""
    known = {name: _telegram_method(spec["methods"][name]) for name in methods}
    reached = ["Update"]
    for method in known.values():
        reached += [*method.get("fields", {}).values(), method["returns"]]
    types = dict[str, Any]()
    while reached:
        for name in re.findall(r"\w+", reached.pop().replace("Array of ", "")):
            if name in spec["types"] and name not in types:
                types[name] = _telegram_type(spec["types"][name])
                reached += [*types[name].get("fields", {}).values(), *types[name].get("kinds", ())]
    return {
        "version": f"{spec['version']}, {spec['release_date']}",
        "methods": known,
        "types": types,
    }


def _telegram_method(spec: Mapping[str, Any]) -> dict[str, Any]:
    facts = _telegram_fields(spec)
    for found in _MOST_RESULTS.finditer(" ".join(spec["description"])):
        facts.setdefault("limits", {})[found[2]] = {"items": [0, int(found[1])]}
    return {**facts, "returns": "|".join(spec["returns"])}


def _telegram_type(spec: Mapping[str, Any]) -> dict[str, Any]:
    if spec.get("subtypes"):
        return {"kinds": spec["subtypes"]}
    facts = _telegram_fields(spec)
    if found := _ONE_BESIDE.search(" ".join(spec["description"])):
        facts["one_beside"] = re.split(r", and |, | and ", found[1])
    return facts


def _telegram_fields(spec: Mapping[str, Any]) -> dict[str, Any]:
    fields = spec.get("fields", [])
    is_marked_up = any(field["name"] == "parse_mode" for field in fields)
    limits = {f["name"]: limit for f in fields if (limit := _telegram_limit(f, is_marked_up))}
    facts = {
        "fields": {field["name"]: "|".join(field["types"]) for field in fields},
        "required": sorted(field["name"] for field in fields if field["required"]),
        "limits": limits,
    }
    return {kind: found for kind, found in facts.items() if found}


def _telegram_limit(field: Mapping[str, Any], is_marked_up: bool) -> dict[str, Any]:
    """Return what a field's description says of its value.

    "characters", "bytes", "items" and "value" have the least and the most, "shown" the same of
    characters once markup is taken out; "among" has all values, "letters" a pattern.
    """
    said, types = field["description"].strip(), field["types"]
    limit = dict[str, Any]()
    if "String" in types:
        if found := _LENGTH.search(said):
            unit = found[3].lower()
            is_shown = unit == "characters" and (found[4] or is_marked_up)
            limit["shown" if is_shown else unit] = [int(found[1]), int(found[2])]
        if found := _MOST_BYTES.search(said):
            limit["bytes"] = [0, int(found[1])]
        if field["name"] in KINDS and (found := _ALWAYS.search(said)):
            limit["among"] = [found[1]]
        if found := _ONE_OF.search(said):
            limit["among"] = _QUOTED.findall(found[1])
        if letters := next((p for words, p in _LETTERS.items() if words in said), ""):
            limit["letters"] = letters
    elif types[0] in ("Integer", "Float") and (found := _BOUNDS.search(said)):
        limit["value"] = [int(number) for number in found.groups() if number]
    elif types[0].startswith("Array") and (found := _MOST_ITEMS.search(said)):
        limit["items"] = [0, int(found[1])]
    return limit


def discord_facts(spec: Mapping[str, Any], routes: Iterable[str]) -> dict[str, Any]:
    """Return what is published of some routes, and every shape within reach of them."""
    named = {
        operation["operationId"]: (method, path, operation)
        for path, operations in spec["paths"].items()
        for method, operation in operations.items()
        if method != "parameters"
    }
    known = {name: _discord_route(*named[name]) for name in routes}
    schemas = spec["components"]["schemas"] | _WIDER
    shapes, reached = dict[str, Any](), [*_references(known)]
    while reached:
        name = reached.pop()
        if name not in shapes:
            shapes[name] = _shape(schemas[name])
            reached += _references(shapes[name])
    return {
        "version": f"{spec['info']['title']}, version {spec['info']['version']}",
        "routes": known,
        "shapes": shapes,
    }


def _discord_route(method: str, path: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    content = spec.get("requestBody", {}).get("content", {})
    route: dict[str, Any] = {
        "call": f"{method.upper()} {path}",
        "query": {
            one["name"]: _shape(one["schema"])
            for one in spec.get("parameters", ())
            if one["in"] == "query"
        },
        "takes_files": "multipart/form-data" in content,
        "answers": {
            code: _shape(_json_of(answer)) for code, answer in spec["responses"].items()
            if code[0] == "2"
        },
    }  # fmt: skip
    if content:
        route["body"] = _shape(_json_of(spec["requestBody"]))
    return route


def _json_of(holder: Mapping[str, Any]) -> dict[str, Any]:
    schema: dict[str, Any] = holder.get("content", {}).get("application/json", {}).get("schema", {})
    return schema


def _shape(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a schema without its sentences, and with its values in one list."""
    shape = {word: schema[word] for word in _WORDS_OF_SHAPES if word in schema}
    if "$ref" in shape:
        return {"$ref": schema["$ref"].rsplit("/", 1)[-1]}
    branches = schema.get("oneOf") or schema.get("anyOf") or []
    if branches and all("const" in branch for branch in branches):
        shape["enum"] = [branch["const"] for branch in branches]
    elif branches:
        shape["oneOf"] = [_shape(branch) for branch in branches]
    elif "enum" not in shape and "allOf" in schema:  # beside values, it only says their kind
        shape["allOf"] = [_shape(part) for part in schema["allOf"]]
    if "properties" in schema:
        shape["properties"] = {
            name: _property(name, inner) for name, inner in schema["properties"].items()
        }
    if "items" in schema:
        shape["items"] = _shape(schema["items"])
    if "additionalProperties" in schema:
        others = schema["additionalProperties"]
        shape["additionalProperties"] = _shape(others) if isinstance(others, dict) else others
    return shape


def _property(name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    wider_name, also = _PERMISSIONS
    shape = _shape(schema)
    return {"oneOf": [shape, also]} if name == wider_name else shape


def _references(value: Any) -> Iterator[str]:
    """Yield the names of all shapes that something refers to."""
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)


def _written(value: Any, depth: int) -> str:
    """Return JSON with a line for each method, type, route and shape, in order of their names."""
    if depth == 0 or not isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    lines = (f"{json.dumps(name)}:{_written(value[name], depth - 1)}" for name in sorted(value))
    return "{\n" + ",\n".join(lines) + "\n}"


if __name__ == "__main__":
    PUBLISHED.write_text(distilled(Path(sys.argv[1])), "utf-8")

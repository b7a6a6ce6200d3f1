"""Checks requests to Discord, and what it answers, against what Discord publishes."""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from tests.contracts.platforms.published import published, utf16

_FILE_PART = re.compile(r"files\[\d\]")
_TYPES: dict[str, type | tuple[type, ...]] = {
    "array": list,
    "boolean": bool,
    "integer": int,
    "null": type(None),
    "number": (int, float),
    "object": dict,
    "string": str,
}


def operation(method: str, path: str) -> str:
    """Return what Discord calls a request, nothing for one that is not among those distilled.

    path: behind `/api/v10`, with a slash at its beginning.
    """
    return next((name for name, call in _calls() if call.fullmatch(f"{method} {path}")), "")


@cache
def _calls() -> list[tuple[str, re.Pattern[str]]]:
    routes = published("discord")["routes"]
    # Where a word stands in place of a number, the word is meant.
    ordered = sorted(routes, key=lambda name: routes[name]["call"].count("{"))
    return [
        (name, re.compile(re.sub(r"\{\w+\}", "[^/]+", routes[name]["call"]))) for name in ordered
    ]


def wrong_request(
    name: str, body: Any, query: Mapping[str, str], files: Iterable[str] = ()
) -> list[str]:
    """Return everything that is wrong with a request, one sentence each.

    body: what it says, None for nothing. query: what stands behind the path's question mark.
    files: the names of the parts of a form beside `payload_json`.
    """
    route = published("discord")["routes"][name]
    problems = [
        f"unknown in the query: {one}" for one in sorted(query.keys() - route["query"].keys())
    ]
    for one, text in query.items():
        if one in route["query"]:
            problems += _wrong(route["query"][one], _from_query(text), f"?{one}")
    if "body" in route:
        problems += _wrong(route["body"], body, "")
    elif body is not None:
        problems.append("there should be no body")
    return problems + _wrong_files(route, body, list(files))


def wrong_answer(name: str, status: int, body: Any) -> list[str]:
    """Return everything that is wrong with the answer to a request that was carried out."""
    answers = published("discord")["routes"][name]["answers"]
    if str(status) not in answers:
        return [f"answers {status}, not {' or '.join(answers)}"]
    shape = answers[str(status)]
    return _wrong(shape, body, "") if shape else []


def wrong_shape(name: str, value: Any) -> list[str]:
    """Return everything that is wrong with a part of a request or of an answer."""
    return _wrong({"$ref": name}, value, "")


def _from_query(text: str) -> Any:
    if text in ("true", "false"):
        return text == "true"
    return int(text) if re.fullmatch(r"-?\d{1,18}", text) else text


def _wrong_files(route: Mapping[str, Any], body: Any, files: list[str]) -> list[str]:
    """Return what is wrong with a form: each file wants its part, and each part its name.

    An attachment with a longer number is one that stands in the message already.
    """
    said = body.get("data", body) if isinstance(body, dict) else {}
    numbers = [str(one.get("id")) for one in said.get("attachments") or () if isinstance(one, dict)]
    named = {f"files[{number}]" for number in numbers if len(number) == 1}
    problems = [f"{part} is no part of a form" for part in files if not _FILE_PART.fullmatch(part)]
    if files and not route["takes_files"]:
        problems.append("files are not taken here")
    problems += [f"{part} stands in no attachment" for part in files if part not in named]
    return problems + [f"{part} did not come" for part in sorted(named.difference(files))]


def _wrong(shape: Mapping[str, Any], value: Any, path: str) -> list[str]:
    if "$ref" in shape:
        return _wrong(published("discord")["shapes"][shape["$ref"]], value, path)
    where = path or "the body"
    if problems := _wrong_type(shape, value, where):
        return problems
    problems = _wrong_value(shape, value, where)
    for part in shape.get("allOf", ()):
        problems += _wrong(part, value, path)
    if "oneOf" in shape:
        problems += _best(shape["oneOf"], value, path)
    if isinstance(value, dict) and ("properties" in shape or "additionalProperties" in shape):
        problems += _wrong_fields(shape, value, path)
    if isinstance(value, list) and "items" in shape:
        for number, one in enumerate(value):
            problems += _wrong(shape["items"], one, f"{path}[{number}]")
    return problems


def _wrong_type(shape: Mapping[str, Any], value: Any, where: str) -> list[str]:
    types = shape.get("type", ())
    types = [types] if isinstance(types, str) else types
    is_flag = isinstance(value, bool)
    fits = any(isinstance(value, _TYPES[t]) and (not is_flag or t == "boolean") for t in types)
    return [f"{where} is no {' or '.join(types)}"] if types and not fits else []


def _wrong_value(shape: Mapping[str, Any], value: Any, where: str) -> list[str]:
    problems = list[str]()
    if "enum" in shape and value is not None and value not in shape["enum"]:
        problems.append(f"{where} is none of {', '.join(map(str, shape['enum']))}")
    if isinstance(value, str):
        problems += _outside(shape, "Length", utf16(value), f"{where} has", "characters")
        if "pattern" in shape and not re.search(shape["pattern"], value):
            problems.append(f"{where} does not look like {shape['pattern']}")
    elif isinstance(value, list):
        problems += _outside(shape, "Items", len(value), f"{where} has", "items")
        if shape.get("uniqueItems") and len({*map(str, value)}) < len(value):
            problems.append(f"{where} has an item twice")
    elif isinstance(value, dict):
        problems += _outside(shape, "Properties", len(value), f"{where} has", "entries")
    elif isinstance(value, int | float):
        problems += _outside(shape, "imum", value, f"{where} is", "as value")
    return problems


def _outside(shape: Mapping[str, Any], kind: str, size: float, claim: str, unit: str) -> list[str]:
    least, most = shape.get(f"min{kind}"), shape.get(f"max{kind}")
    problems = (
        [f"{claim} {size} {unit}, at least {least}"] if least is not None and size < least else []
    )
    return problems + (
        [f"{claim} {size} {unit}, at most {most}"] if most is not None and size > most else []
    )


def _wrong_fields(shape: Mapping[str, Any], value: Mapping[str, Any], path: str) -> list[str]:
    before = f"{path}." if path else ""
    known, others = shape.get("properties", {}), shape.get("additionalProperties", False)
    problems = [
        f"{before}{name} is missing" for name in shape.get("required", ()) if name not in value
    ]
    for name, inner in value.items():
        if name in known:
            problems += _wrong(known[name], inner, f"{before}{name}")
        elif isinstance(others, dict):
            problems += _wrong(others, inner, f"{before}{name}")
        elif not others:
            problems.append(f"{before}{name} is unknown")
    return problems


def _best(branches: list[dict[str, Any]], value: Any, path: str) -> list[str]:
    """Return what is wrong by the branch that is meant: of the same kind, and fitting best."""
    tries = [
        (_is_other(branch, value), len(p), p)
        for branch in branches
        for p in [_wrong(branch, value, path)]
    ]
    return min(tries, key=lambda one: one[:2])[2]


def _is_other(branch: Mapping[str, Any], value: Any) -> bool:
    """Whether a branch is for another kind of value, by its type or by what its `type` may be."""
    while "$ref" in branch:
        branch = published("discord")["shapes"][branch["$ref"]]
    if _wrong_type(branch, value, ""):
        return True
    if not isinstance(value, dict) or "type" not in value:
        return False
    kind = branch.get("properties", {}).get("type")
    return kind is None or bool(_wrong(kind, value["type"], ""))

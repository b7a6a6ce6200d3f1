"""Checks calls of the Bot API, and what it answers, against what Telegram publishes."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.contracts.platforms.build import KINDS
from tests.contracts.platforms.published import published, utf16

_WHOLE = re.compile(r"-?\d{1,18}")
ATTACHED = "attach://"  # before the name of the part that holds a file
_MEASURES: dict[str, Callable[[Any], Any]] = {
    "bytes": lambda text: len(text.encode("utf-8", "surrogatepass")),
    "characters": utf16,
    "items": len,
    "value": lambda number: number,
}
_UNITS = {"shown": "characters", "value": "as value"}


@dataclass(frozen=True)
class Upload:
    """A file that came with a call."""

    name: str
    content: bytes


def decoded(method: str, name: str, value: str) -> Any:
    """Return a parameter that came in a form, as its types want it; what fits none stays text."""
    types = published("telegram")["methods"].get(method, {}).get("fields", {}).get(name, "String")
    if "Integer" in types.split("|") and _WHOLE.fullmatch(value):
        return int(value)
    if types == "Boolean":
        return {"true": True, "false": False}.get(value.lower(), value)
    if "String" in types.split("|"):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def wrong_call(
    method: str, said: Mapping[str, Any], files: Mapping[str, Upload], shown: Callable[[str], str]
) -> list[str]:
    """Return everything that is wrong with a call, one sentence each.

    said: decoded parameters, without files. files: what was uploaded, by the names of its parts.
    shown: what people see of marked-up text; may raise, which is then for the caller to tell.
    """
    if method not in published("telegram")["methods"]:
        return ["there is no such method"]
    return _Check(files, shown).call(method, said)


def wrong_object(kind: str, value: Any) -> list[str]:
    """Return everything that is wrong with something of a type, or of one of `A|B`."""
    return _Check({}, str).value(kind, value, kind.split("|")[0], {})


def wrong_result(method: str, result: Any) -> list[str]:
    """Return everything that is wrong with the answer to a call."""
    return wrong_object(published("telegram")["methods"][method]["returns"], result)


class _Check:
    def __init__(self, files: Mapping[str, Upload], shown: Callable[[str], str]) -> None:
        self._files = files
        self._shown = shown
        self._used: set[str] = set()
        self._types = published("telegram")["types"]

    def call(self, method: str, said: Mapping[str, Any]) -> list[str]:
        facts = published("telegram")["methods"][method]
        direct = {
            name: file for name, file in self._files.items() if name in facts.get("fields", {})
        }
        self._used |= direct.keys()
        problems = self._fields(facts, {**said, **direct}, "parameter", "")
        idle = sorted(self._files.keys() - self._used)
        return problems + [f"nothing refers to the file {name!r}" for name in idle]

    def value(self, types: str, value: Any, path: str, limit: Mapping[str, Any]) -> list[str]:
        """Return what is wrong with a value for the type that it fits best."""
        kinds = types.split("|")
        if "InputFile" in kinds and isinstance(value, str) and value.startswith(ATTACHED):
            return self._attached(value, path)
        tries = [p for kind in kinds if (p := self._one(kind, value, path)) != [_no(kind, path)]]
        if not tries:
            return [_no(" or ".join(kinds), path)]
        return min(tries, key=len) or self._limit(limit, value, path)

    def _one(self, kind: str, value: Any, path: str) -> list[str]:
        if kind.startswith("Array of "):
            if not isinstance(value, list):
                return [_no(kind, path)]
            inner = kind.removeprefix("Array of ")
            return [
                problem
                for number, one in enumerate(value)
                for problem in self.value(inner, one, f"{path}[{number}]", {})
            ]
        if kind in self._types and kind != "InputFile":  # an object by name alone
            return self._object(kind, value, path)
        return [] if _is_simple(kind, value) else [_no(kind, path)]

    def _attached(self, value: str, path: str) -> list[str]:
        name = value.removeprefix(ATTACHED)
        self._used.add(name)
        return [] if name in self._files else [f"{path} names a file that did not come: {name!r}"]

    def _object(self, kind: str, value: Any, path: str) -> list[str]:
        facts = self._types[kind]
        if "kinds" in facts:
            fitting = [one for one in facts["kinds"] if self._may_be(one, value)]
            if not fitting:
                return [_no(kind, path)]
            return self.value("|".join(fitting), value, path, {})
        if not isinstance(value, dict):
            return [_no(kind, path)]
        problems = self._fields(facts, value, "field", f"{path}.")
        if "one_beside" in facts and len(value.keys() - set(facts["one_beside"])) != 1:
            problems.append(f"{path} has not exactly one thing to do")
        return problems

    def _may_be(self, kind: str, value: Any) -> bool:
        limits = self._types[kind].get("limits", {})
        fixed = {name: limits[name].get("among") for name in KINDS if name in limits}
        return isinstance(value, dict) and all(
            value.get(name) in among for name, among in fixed.items() if among
        )

    def _fields(
        self, facts: Mapping[str, Any], said: Mapping[str, Any], noun: str, before: str
    ) -> list[str]:
        fields, limits = facts.get("fields", {}), facts.get("limits", {})
        problems = [
            f"{before}{name} is missing" for name in facts.get("required", ()) if name not in said
        ]
        for name, value in said.items():
            if name not in fields:
                problems.append(f"{before}{name} is an unknown {noun}")
            else:
                limit = limits.get(name, {})
                problems += self.value(fields[name], value, f"{before}{name}", limit)
        return problems

    def _limit(self, limit: Mapping[str, Any], value: Any, path: str) -> list[str]:
        problems = list[str]()
        for kind, bound in limit.items():
            if kind == "among":
                if value not in bound:
                    problems.append(f"{path} is none of {', '.join(bound)}")
            elif kind == "letters":
                if not re.fullmatch(bound, value):
                    problems.append(f"{path} has letters outside {bound}")
            else:
                size = self._size(kind, value)
                least, most = bound
                if not least <= size <= most:
                    unit = _UNITS.get(kind, kind)
                    problems.append(f"{path} is {size} {unit}, not {least} to {most}")
        return problems

    def _size(self, kind: str, value: Any) -> Any:
        return utf16(self._shown(value)) if kind == "shown" else _MEASURES[kind](value)


def _no(kind: str, path: str) -> str:
    return f"{path} is no {kind}"


def _is_simple(kind: str, value: Any) -> bool:
    is_flag = isinstance(value, bool)
    match kind:
        case "Integer":
            return isinstance(value, int) and not is_flag
        case "Float":
            return isinstance(value, int | float) and not is_flag
        case "Boolean":
            return is_flag
        case "String":
            return isinstance(value, str)
        case "InputFile":
            return isinstance(value, Upload)
    raise LookupError(f"a type that was not distilled: {kind}")

"""What the platforms publish of themselves, as `build` distilled it."""

import json
from collections.abc import Iterable
from functools import cache
from typing import Any

from tests.contracts.platforms.build import PUBLISHED


@cache
def published(platform: str) -> dict[str, Any]:
    """Return the facts about "telegram" or "discord"; not to be changed."""
    facts: dict[str, Any] = json.loads(PUBLISHED.read_text("utf-8"))[platform]
    return facts


def utf16(text: str) -> int:
    """Return the length in UTF-16 units, of which there are never fewer than characters.

    Neither platform says which of both it counts, so nothing may need more of either.
    """
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


class Breaches:
    """What did not keep to a platform's description; a test that ends with some has failed."""

    def __init__(self, platform: str) -> None:
        self._platform = platform
        self._found = list[str]()

    def note(self, about: str, problems: Iterable[str]) -> None:
        """about: what was said, a call or an answer. problems: what is wrong with it."""
        self._found += [f"{about}: {problem}" for problem in problems]

    def taken(self) -> list[str]:
        """Return what was noted, and forget it: for who breaches something on purpose."""
        found, self._found = self._found, []
        return found

    def check(self) -> None:
        """Raise AssertionError with everything that was noted."""
        if self._found:
            listed = "\n".join(dict.fromkeys(self._found))
            raise AssertionError(f"not what {self._platform} publishes:\n{listed}")

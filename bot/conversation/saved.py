"""/saved: the papers that a reader keeps, page by page, or those with some words."""

import re

from bot.conversation import dialogue, words
from bot.conversation.dialogue import text
from bot.conversation.events import Command, Pressed
from bot.conversation.features import Actions, in_place, privately
from bot.conversation.language import _
from bot.conversation.messages import Message, Toast
from bot.conversation.ports import Desk, Reader
from bot.conversation.sought import fitting, unpacked
from bot.conversation.taps import Act, Tap
from bot.conversation.text import visible

_LAST_PAGE = 1_000
_PAGE = re.compile(
    r"(?:(?:page|seite) )?([0-9]{1,4})|(?:page|seite) ([0-9]{1,4}) (.+)", re.IGNORECASE
)
_LISTED = re.compile(r"saved,([0-9]{1,4})(?:,([\w-]+))?")


class Saved:
    """A `Feature`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.commands = {"saved": self._asked}
        self.buttons = {Act.LIST: self._turned}

    async def _asked(self, reader: Reader, command: Command) -> Actions:
        asked = visible(command.text)
        found = _PAGE.fullmatch(asked)
        page = int(found[1] or found[2]) if found else 1
        if not 1 <= page <= _LAST_PAGE:
            yield privately(text(_(words.SAVED_WANTS_A_NUMBER)))
            return
        sought = fitting((found[3] or "") if found else asked)
        yield privately(await self._page(reader, page, sought))

    async def _turned(self, reader: Reader, pressed: Pressed, tap: Tap) -> Actions:
        found = _LISTED.fullmatch(tap.argument)
        if found is None or int(found[1]) < 1:
            yield Toast(_(words.NO_PAGE))
            return
        sought = unpacked(found[2] or "")
        yield in_place(pressed, await self._page(reader, int(found[1]), sought))

    async def _page(self, reader: Reader, page: int, sought: str) -> Message:
        offers, total = await self._desk.saved(reader, page, sought)
        tags = () if sought else await self._desk.tags(reader)
        return dialogue.saved_page(offers, total, page, sought, tags)

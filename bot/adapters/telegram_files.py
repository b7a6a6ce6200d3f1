"""Fetch a file that somebody sent, within bounds."""

import structlog
from telegram import Document
from telegram.error import TelegramError

from bot.adapters.telegram_send import TelegramBot, repeated
from bot.conversation.events import LARGEST_FILE, SentFile

log = structlog.get_logger()


async def fetched(bot: TelegramBot, document: Document) -> SentFile:
    """Return a file; without its content when it is too large, or cannot be had."""
    name = document.file_name or ""
    if (document.file_size or 0) > LARGEST_FILE:
        return SentFile(name, None)
    try:
        file = await repeated(lambda: bot.get_file(document.file_id))
        if (file.file_size or 0) > LARGEST_FILE:
            return SentFile(name, None)
        content = await repeated(file.download_as_bytearray)
    except TelegramError as error:
        log.info("telegram.file_not_fetched", error=type(error).__name__)
        return SentFile(name, None)
    return SentFile(name, bytes(content) if len(content) <= LARGEST_FILE else None)

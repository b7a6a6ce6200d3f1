"""Answer inline queries: `@bot words`, typed in any chat at all.

Telegram asks again with every pause in the typing. Only what somebody typed last is worth an
answer, so each person has at most one question under way and one that waits.
"""

import structlog
from telegram import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQuery,
    InlineQueryResultArticle,
    InputTextMessageContent,
    LinkPreviewOptions,
    User,
)
from telegram.constants import ParseMode
from telegram.error import TelegramError

from bot.adapters.telegram_render import render
from bot.adapters.telegram_send import TelegramBot
from bot.conversation import words
from bot.conversation.deep_links import into_telegram
from bot.conversation.events import Person, Platform
from bot.conversation.language import ENGLISH, _, speak
from bot.conversation.messages import Message
from bot.conversation.suggestions import InlineResult, Suggesting

log = structlog.get_logger()

_DESCRIPTION = 200  # characters; a phone shows two or three lines


class InlineAnswers:
    """Answers each person's newest question."""

    def __init__(self, bot: TelegramBot, suggesting: Suggesting) -> None:
        self._bot = bot
        self._suggesting = suggesting
        self._waiting: dict[int, InlineQuery] = {}
        self._busy = set[int]()

    async def take(self, query: InlineQuery) -> None:
        """Answer a query, unless the same person asks again before its turn comes."""
        person = query.from_user.id
        self._waiting[person] = query
        if person in self._busy:
            return
        self._busy.add(person)
        try:
            while newest := self._waiting.pop(person, None):
                await self._answer(newest)
        finally:
            self._busy.discard(person)

    async def _answer(self, query: InlineQuery) -> None:
        speak(query.from_user.language_code or ENGLISH)
        try:
            page = await self._suggesting.inline(
                _person(query.from_user), query.query, query.offset
            )
            await self._bot.answer_inline_query(
                query.id,
                [_article(result, self._bot.username) for result in page.results],
                cache_time=round(page.lives.total_seconds()),
                is_personal=True,  # others who type the same may speak another language
                next_offset=page.next_offset,
            )
        except TelegramError as error:  # too old, mostly: they have typed on
            log.info("telegram.inline_unanswered", error=type(error).__name__)
        except Exception:  # a process catches once, at the top; here that is once per query
            log.exception("telegram.inline_failed")


def _person(user: User) -> Person:
    """Return who types; where they do, Telegram does not tell."""
    language = user.language_code
    return Person(Platform.TELEGRAM, str(user.id), None, is_private=False, language=language)


def _article(result: InlineResult, bot: str) -> InlineQueryResultArticle:
    """Return a paper as a line to choose, and the card that is then sent."""
    card = result.card
    link = into_telegram(bot, result.start)
    about = " · ".join(filter(None, (card.authors, *card.details[:1])))
    return InlineQueryResultArticle(
        id=result.start,
        title=card.title,
        description=f"{about}\n{card.summary}"[:_DESCRIPTION],
        input_message_content=InputTextMessageContent(
            render(Message(card=card)).html,
            parse_mode=ParseMode.HTML,
            link_preview_options=LinkPreviewOptions(is_disabled=True),
        ),
        reply_markup=InlineKeyboardMarkup(
            [[InlineKeyboardButton(_(words.OPEN_IN_BOT), url=link)]],
        ),
    )

"""What Telegram shows of the bot before anybody speaks: commands and descriptions.

In each of our languages, shorter in groups, and there with `/channel` for their administrators.
Written only when it differs: Telegram limits how often it may be set. The bot's name is its
operator's, and stays as it is.
"""

from collections.abc import Sequence

import structlog
from telegram import (
    BotCommandScope,
    BotCommandScopeAllChatAdministrators,
    BotCommandScopeAllGroupChats,
    BotCommandScopeDefault,
)
from telegram.error import TelegramError

from bot.adapters.telegram_send import TelegramBot, repeated
from bot.conversation.commands import COMMANDS, IN_GROUPS
from bot.conversation.events import CommandSpec
from bot.conversation.language import ENGLISH, LANGUAGES, N_, _, speaking

log = structlog.get_logger()

ABOUT = N_("New research papers, chosen for you. Learns from every like and skip.")  # ≤ 120
DESCRIPTION = N_(  # ≤ 512
    "I bring you the few new research papers you would have picked yourself, at your own "
    "hour. Tell me what you like with one tap, and the next paper already knows.\n\n"
    "No account, no form: press Start and read your first paper."
)
_MENUS: tuple[tuple[BotCommandScope, Sequence[CommandSpec]], ...] = (
    (BotCommandScopeDefault(), COMMANDS),
    (BotCommandScopeAllGroupChats(), [spec for spec in COMMANDS if spec.name in IN_GROUPS]),
    (
        BotCommandScopeAllChatAdministrators(),
        [spec for spec in COMMANDS if spec.name in IN_GROUPS or spec.is_for_admins],
    ),
)


async def publish_menu(bot: TelegramBot) -> None:
    """Bring commands and descriptions up to date; a failure is logged and costs nothing else."""
    try:
        for language in LANGUAGES:
            # No code at all is for everybody whose language has none of its own.
            code = None if language == ENGLISH else language
            for scope, commands in _MENUS:
                await _commands(bot, scope, commands, code)
            await _descriptions(bot, code)
    except TelegramError as error:
        log.warning("telegram.menu_not_set", error=type(error).__name__)


async def _commands(
    bot: TelegramBot, scope: BotCommandScope, commands: Sequence[CommandSpec], code: str | None
) -> None:
    with speaking(code or ENGLISH):
        wanted = [(command.name, _(command.description)) for command in commands]
    standing = await repeated(lambda: bot.get_my_commands(scope=scope, language_code=code))
    if [(command.command, command.description) for command in standing] != wanted:
        await repeated(lambda: bot.set_my_commands(wanted, scope=scope, language_code=code))
        log.info("telegram.commands_set", commands=len(wanted), scope=scope.type, language=code)


async def _descriptions(bot: TelegramBot, code: str | None) -> None:
    with speaking(code or ENGLISH):
        description, about = _(DESCRIPTION), _(ABOUT)
    standing = await repeated(lambda: bot.get_my_description(language_code=code))
    if standing.description != description:
        await repeated(lambda: bot.set_my_description(description, language_code=code))
    short = await repeated(lambda: bot.get_my_short_description(language_code=code))
    if short.short_description != about:
        await repeated(lambda: bot.set_my_short_description(about, language_code=code))

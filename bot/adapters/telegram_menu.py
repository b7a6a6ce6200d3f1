"""What Telegram shows of the bot before anybody speaks: commands and descriptions.

In each of our languages, shorter in groups, and there with `/channel` for their administrators;
in the chats of our operators with what is for them alone. Written only when it differs: Telegram
limits how often it may be set. The bot's name is its operator's, and stays as it is.
"""

from collections.abc import Collection, Sequence
from contextlib import suppress
from functools import partial

import structlog
from telegram import (
    BotCommandScope,
    BotCommandScopeAllChatAdministrators,
    BotCommandScopeAllGroupChats,
    BotCommandScopeChat,
    BotCommandScopeDefault,
)
from telegram.error import BadRequest, TelegramError

from bot.adapters.telegram_send import TelegramBot, repeated
from bot.conversation.commands import COMMANDS, IN_GROUPS, OPERATOR_COMMANDS
from bot.conversation.events import CommandSpec, Platform
from bot.conversation.language import ENGLISH, LANGUAGES, N_, _, speaking
from bot.conversation.ports import OperatorMenus, TemporarilyUnavailable

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


class OperatorMenu:
    """The menu in the chats of some accounts, which others are never shown.

    operators: the accounts that are to have it. kept: who has it, so that whoever is an
        operator no more loses it.
    """

    def __init__(self, bot: TelegramBot, operators: Collection[str], kept: OperatorMenus) -> None:
        self._bot = bot
        self._operators = frozenset(operators)
        self._kept = kept
        self._done = set[str]()

    async def publish(self) -> None:
        """Offer it to every operator who has a chat with the bot, and to nobody else."""
        try:
            had = await self._kept.offered(Platform.TELEGRAM)
        except TemporarilyUnavailable:
            return  # nothing is known of anybody; each is looked after when they speak
        for account in sorted(frozenset(had) - self._operators):
            await self._withdraw(account)
        for account in sorted(self._operators):
            await self.spoke(account)

    def lacks(self, account: str) -> bool:
        """Return whether an account is to have it, and does not have it for all we know."""
        return account in self._operators and account not in self._done

    async def spoke(self, account: str) -> None:
        """Offer it to an operator who lacks it; failures are logged, and it is tried again."""
        if not self.lacks(account):
            return
        self._done.add(account)
        try:
            if await self._kept.note(Platform.TELEGRAM, account, is_offered=True):
                await self._offer(BotCommandScopeChat(int(account)))
                return
        except (TelegramError, TemporarilyUnavailable) as error:
            log.warning("telegram.operator_menu_not_set", error=type(error).__name__)
        self._done.discard(account)

    async def _offer(self, scope: BotCommandScopeChat) -> None:
        for language in LANGUAGES:
            code = None if language == ENGLISH else language
            await _commands(self._bot, scope, (*COMMANDS, *OPERATOR_COMMANDS), code)

    async def _withdraw(self, account: str) -> None:
        scope = BotCommandScopeChat(int(account))
        try:
            for language in LANGUAGES:
                code = None if language == ENGLISH else language
                await repeated(partial(self._bot.delete_my_commands, scope, code))
        except BadRequest:
            pass  # the chat is there no more
        except TelegramError as error:
            log.warning("telegram.operator_menu_not_removed", error=type(error).__name__)
            return
        with suppress(TemporarilyUnavailable):
            await self._kept.note(Platform.TELEGRAM, account, is_offered=False)
            log.info("telegram.operator_menu_removed")


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

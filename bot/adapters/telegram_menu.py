"""What Telegram shows of the bot before anybody speaks: commands and descriptions.

Written only when it differs: Telegram limits how often it may be set.
"""

import structlog
from telegram.error import TelegramError

from bot.adapters.telegram_send import TelegramBot, repeated
from bot.conversation.commands import COMMANDS

log = structlog.get_logger()

ABOUT = "New research papers, chosen for you. Learns from every like and skip."  # ≤ 120
DESCRIPTION = (  # ≤ 512
    "I bring you the few new research papers you would have picked yourself, at your own "
    "hour. Tell me what you like with one tap, and the next paper already knows.\n\n"
    "No account, no form: press Start and read your first paper."
)


async def publish_menu(bot: TelegramBot) -> None:
    """Bring commands and descriptions up to date; a failure is logged and costs nothing else."""
    try:
        await _commands(bot)
        await _descriptions(bot)
    except TelegramError as error:
        log.warning("telegram.menu_not_set", error=type(error).__name__)


async def _commands(bot: TelegramBot) -> None:
    wanted = [(command.name, command.description) for command in COMMANDS]
    standing = await repeated(bot.get_my_commands)
    if [(command.command, command.description) for command in standing] != wanted:
        await repeated(lambda: bot.set_my_commands(wanted))
        log.info("telegram.commands_set", commands=len(wanted))


async def _descriptions(bot: TelegramBot) -> None:
    if (await repeated(bot.get_my_description)).description != DESCRIPTION:
        await repeated(lambda: bot.set_my_description(DESCRIPTION))
    if (await repeated(bot.get_my_short_description)).short_description != ABOUT:
        await repeated(lambda: bot.set_my_short_description(ABOUT))

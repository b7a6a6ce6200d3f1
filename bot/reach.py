"""Where a digest may go: never to a group that others read, never where we were shut out."""

from collections.abc import Sequence

from bot.conversation.events import Person, Platform
from storage.users import Account


def place_for_digests(person: Person) -> str | None:
    """Return where a personal digest may go: never to a group that others read.

    On Discord `chat` is the person's direct messages wherever they speak. A terminal is there
    only while somebody sits before it.
    """
    if person.platform is Platform.TERMINAL:
        return None
    is_personal = person.is_private or person.platform is Platform.DISCORD
    return person.chat if is_personal else None


def can_be_pushed_to(account: Account) -> bool:
    """Return whether a digest can be sent to this account."""
    return (
        account.platform != Platform.TERMINAL
        and account.chat is not None
        and account.unreachable is None
    )


def first_pushable(accounts: Sequence[Account]) -> Account | None:
    """Return the account that digests go to; None when none can be reached."""
    return next((account for account in accounts if can_be_pushed_to(account)), None)

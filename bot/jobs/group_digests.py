"""What is particular about a group's digest: votes on it, threads, and whom to tell of trouble."""

from collections.abc import Coroutine, Mapping

import structlog

from bot.conversation import cards, group_cards, group_words
from bot.conversation.events import Platform
from bot.conversation.language import _, speaking
from bot.conversation.messages import Message, Span, plain
from bot.conversation.ports import DeliveryError, Forum, Messenger, RecipientGone, Refused
from bot.editions import Edition
from bot.group_desk import REMOVED
from storage import groups, users
from storage.database import Database
from storage.deliveries import Claimed
from storage.errors import StorageUnavailable

log = structlog.get_logger()

_GOES_TO = {Platform.TELEGRAM: "{}", Platform.DISCORD: "user:{}"}
"""Where a person is written to of whom only the account is known."""


def message_of(claim: Claimed, edition: Edition) -> Message:
    """Return a digest as it is sent: a reader's own, or a group's to vote on."""
    picks = claim.user.picks
    if edition.group is None:
        return cards.digest_message(
            edition.offers,
            claim.day,
            picks,
            is_filled=not edition.is_line,
            waiting=edition.waiting,
        )
    with speaking(edition.user.language):
        return group_cards.digest_message(
            edition.offers, claim.day, picks, {}, has_votes=edition.group.has_votes
        )


def why_gone(edition: Edition, gone: RecipientGone) -> str:
    """Return in a word why nothing can be sent there any more."""
    if edition.group is not None:
        return gone.why or REMOVED
    return "dms_closed" if edition.account.platform == Platform.DISCORD else "blocked"


class GroupDigests:
    """What follows the sending of a group's digest; of a reader's own nothing does.

    Nothing here changes what became of the digest, a fault of ours neither, and nothing is
    tried again.
    """

    def __init__(
        self,
        database: Database,
        messengers: Mapping[Platform, Messenger],
        forum: Forum | None = None,
    ) -> None:
        self._database = database
        self._messengers = messengers
        self._forum = forum

    async def discuss(self, claim: Claimed, edition: Edition) -> None:
        """Open a thread for each paper, where the group wants that and the platform has them."""
        group, chat = edition.group, edition.account.chat
        if group is None or not group.has_threads or chat is None or self._forum is None:
            return
        await _aside(group, self._open_threads(self._forum, claim, edition, group, chat))

    async def _open_threads(
        self, forum: Forum, claim: Claimed, edition: Edition, group: groups.Settings, chat: str
    ) -> None:
        for offer in edition.offers:
            with speaking(edition.user.language):
                message = group_cards.card_message(offer, None, has_votes=group.has_votes)
            nonce = f"{claim.nonce}-{offer.paper.id}"
            try:
                title = cards.title(offer.paper, 90)
                await forum.discuss(chat, title, message, nonce=nonce)
            except (RecipientGone, Refused):
                await self._give_up_threads(edition, group)
                return
            except DeliveryError as error:
                log.warning("group.no_thread", group=group.user, error=type(error).__name__)

    async def _give_up_threads(self, edition: Edition, group: groups.Settings) -> None:
        log.warning("group.threads_off", group=group.user)
        async with self._database.writing() as db:
            await groups.change(db, group.user, has_threads=False)
        await self._tell(edition, group, group_words.NO_THREADS_BECAUSE, "threads")

    async def stopped(self, edition: Edition, why: str) -> None:
        """Tell the administrator who set a group up why nothing is sent there any more."""
        if edition.group is not None:
            sentence = group_words.STOPPED_BECAUSE.get(why, group_words.STOPPED_BECAUSE_OTHERWISE)
            await _aside(edition.group, self._tell(edition, edition.group, sentence, "stopped"))

    async def _tell(
        self, edition: Edition, group: groups.Settings, sentence: str, nonce: str
    ) -> None:
        """Say one sentence in private; whoever cannot be written to is not told."""
        if group.admin is None:
            return
        async with self._database.reading() as db:
            admin = await users.account(db, group.admin)
            user = await users.by_id(db, admin.user) if admin else None
        if admin is None or user is None or admin.unreachable is not None:
            return
        platform = Platform(admin.platform)
        messenger = self._messengers.get(platform)
        if messenger is None or platform not in _GOES_TO:
            return
        with speaking(user.language):
            message = Message(plain(_(sentence), *_link(edition, group)))
        chat = _GOES_TO[platform].format(admin.external_id)
        try:
            await messenger.send(
                chat, message, nonce=f"{edition.user.id}-{nonce}", is_quiet=user.is_quiet
            )
        except DeliveryError as error:
            log.info("group.admin_not_told", group=group.user, error=type(error).__name__)


async def _aside(group: groups.Settings, work: Coroutine[None, None, None]) -> None:
    """Do what comes after a digest; what goes wrong in it is logged, and ends there."""
    try:
        await work
    except StorageUnavailable:
        log.warning("group.database_away", group=group.user)
    except Exception:
        log.exception("group.broken", group=group.user)


def _link(edition: Edition, group: groups.Settings) -> tuple[Span | str, ...]:
    """Return where it is, on a platform whose channels have addresses."""
    if group.home is None or edition.account.platform != Platform.DISCORD:
        return ()
    address = f"https://discord.com/channels/{group.home}/{edition.account.chat}"
    return ("\n", Span(address, url=address))

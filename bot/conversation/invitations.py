"""`/invite`: a message to hand on, with the links that open the bot for somebody else.

The links are the same for everybody. So it is not known who invited whom, and nobody's taste
leaks to the other.
"""

from collections.abc import Callable, Mapping

from bot.conversation import invitations_words
from bot.conversation.deep_links import INVITED, into_discord, into_telegram, to_share
from bot.conversation.dialogue import text
from bot.conversation.events import Command, Platform, Pressed
from bot.conversation.features import Actions, privately
from bot.conversation.language import _
from bot.conversation.messages import Button, Message, Span, plain
from bot.conversation.ports import Presence, Reader
from bot.conversation.taps import Act, Tap


class Invitations:
    """A `features.Feature`."""

    def __init__(self, presence: Presence) -> None:
        self._presence = presence

    @property
    def commands(self) -> Mapping[str, Callable[[Reader, Command], Actions]]:
        return {"invite": self._invite}

    @property
    def buttons(self) -> Mapping[Act, Callable[[Reader, Pressed, Tap], Actions]]:
        return {}

    async def _invite(self, reader: Reader, command: Command) -> Actions:
        bot = await self._presence.name_on(Platform.TELEGRAM)
        application = await self._presence.name_on(Platform.DISCORD)
        if not bot and not application:
            yield privately(text(_(invitations_words.NO_WAY_IN)))
            return
        shared = into_telegram(bot, INVITED) if bot else ""
        is_there = command.person.platform is Platform.TELEGRAM
        yield privately(_explained(shared if is_there else ""))
        yield privately(_invitation(shared, into_discord(application) if application else ""))


def _explained(shared: str) -> Message:
    """Return what to do with the invitation. shared: what Telegram can hand on by a button."""
    to_whom = Button(_(invitations_words.SHARE), url=to_share(shared, _(invitations_words.PITCH)))
    return text(_(invitations_words.FORWARD_THIS), buttons=((to_whom,),) if shared else ())


def _invitation(on_telegram: str, on_discord: str) -> Message:
    """Return what is handed on, with the links that there are."""
    lines: list[Span | str] = [_(invitations_words.PITCH), "\n"]
    if on_telegram:
        lines += [f"\n{_(invitations_words.ON_TELEGRAM)} ", Span(on_telegram, url=on_telegram)]
    if on_discord:  # the address is long, and nobody would type it
        to_add = Span(_(invitations_words.ADD_ON_DISCORD), url=on_discord)
        lines += [f"\n{_(invitations_words.ON_DISCORD)} ", to_add]
    return Message(plain(*lines))

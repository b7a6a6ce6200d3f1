"""Discord: the gateway's events in, answers out.

One connection without shards, which Discord allows up to 2,500 servers. No privileged
intents. Nothing about a button is kept in memory: what was pressed says all of it, so cards
of before a restart go on working.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from weakref import WeakValueDictionary

import aiohttp
import discord
import structlog
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.adapters.discord_hear import (
    Place,
    as_group,
    attached,
    channel_as_group,
    group_of,
    interaction_event,
    is_same,
    offered,
    person,
    place,
    said_event,
    said_text,
    server_as_group,
    typed,
)
from bot.adapters.discord_reply import ChannelReply, InteractionReply, Reply, answer, propose
from bot.adapters.discord_rest import (
    LONGEST_WAIT,
    TOKEN_REFUSED,
    TROUBLES,
    DiscordMessenger,
    Rest,
    redraw,
    silence_library,
)
from bot.adapters.discord_silence import telling
from bot.adapters.looks import Looks
from bot.adapters.pacing import Pacer
from bot.adapters.redraws import Redraws
from bot.conversation.commands import COMMANDS, takes_files
from bot.conversation.events import (
    LARGEST_FILE,
    CommandSpec,
    Event,
    Joined,
    Left,
    Platform,
    SentFile,
    is_read,
)
from bot.conversation.messages import Action
from bot.conversation.ports import Answering, Presence, TemporarilyUnavailable
from bot.conversation.suggestions import Choice, Suggesting
from bot.health import Part

__all__ = ["DiscordApp", "DiscordMessenger", "Timing"]

log = structlog.get_logger()

PROPOSING = 2.0  # seconds that choices may take; Discord waits for 3
_KNOWN_CHANNELS = 50_000
_FETCH = 20.0  # seconds that a file may take
_TOKEN_REFUSED_CODE = 4004
_AWAY = (discord.HTTPException, discord.GatewayNotFound, aiohttp.ClientError, OSError)


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds.

    patience: until a person whose answer takes longer is told to hold on; Discord allows 3.
    first_retry, last_retry: the pause after a failed start doubles from one to the other.
    silence: how long the gateway may be away before that is worth a line in the log.
    farewell: how long answers under way, and then the connection, may take when it ends.
    redraw: between two edits of what many people change in one channel.
    last_redraw: how long such edits that still wait may take when it ends.
    ask_number: between two questions whether everybody may add the bot.
    """

    patience: float = 1.5
    first_retry: float = 1.0
    last_retry: float = 60.0
    silence: float = 10.0
    farewell: float = 1.5
    redraw: float = 2.5
    last_redraw: float = 0.5
    ask_number: float = 6 * 3600.0


class DiscordApp:
    """One bot on Discord.

    pacer: shared with whatever else sends as this bot in this process. suggesting: proposes
    values while options are typed, if anybody does. part: told whether the gateway is there.
    presence: told by which number others may add it.
    """

    def __init__(
        self,
        token: str,
        api_base: str,
        answering: Answering,
        *,
        pacer: Pacer,
        suggesting: Suggesting | None = None,
        commands: Sequence[CommandSpec] = COMMANDS,
        timing: Timing | None = None,
        part: Part | None = None,
        presence: Presence | None = None,
    ) -> None:
        self._part = part
        self._presence = presence
        self._token = token
        self._api_base = api_base.rstrip("/")
        self._answering = answering
        self._pacer = pacer
        self._suggesting = suggesting
        self._commands = commands
        self._timing = timing or Timing()
        self._failures = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Answer until `stop` is set; then end within five seconds.

        Returns earlier only when Discord refuses the token, which is logged in one line.
        """
        silence_library()
        Route.BASE = self._api_base
        async with asyncio.TaskGroup() as tasks:
            serving = tasks.create_task(self._serve())
            ending = tasks.create_task(stop.wait())
            await asyncio.wait([serving, ending], return_when=asyncio.FIRST_COMPLETED)
            serving.cancel()
            ending.cancel()

    async def _serve(self) -> None:
        while await self._serve_once():
            self._failures += 1
            doubled = self._timing.first_retry * 2.0 ** min(self._failures - 1, 10)
            await asyncio.sleep(min(doubled, self._timing.last_retry))

    async def _serve_once(self) -> bool:
        """Serve until Discord ends it; return whether it makes sense to try again."""
        client = Client(
            self._answering,
            self._suggesting,
            self._commands,
            self._timing,
            self._pacer,
            self._part,
            self._presence,
        )
        try:
            await client.login(self._token)
            await client.connect()
        except discord.LoginFailure:
            log.error("discord.token_refused", hint=TOKEN_REFUSED)
            return False
        except discord.ConnectionClosed as closed:
            if closed.code == _TOKEN_REFUSED_CODE:
                log.error("discord.token_refused", hint=TOKEN_REFUSED)
                return False
            log.error("discord.closed", code=closed.code)
        except _AWAY as error:
            if self._part:
                self._part.is_away("Discord does not answer")
            if self._failures == 0:
                log.warning("discord.away", error=type(error).__name__)
        finally:
            if client.has_been_ready:
                self._failures = 0
            await client.farewell()
        return True


async def _fetched(attachment: discord.Attachment) -> SentFile:
    """Return a file; without its content when it is too large, or cannot be had."""
    if attachment.size > LARGEST_FILE:
        return SentFile(attachment.filename, None)
    try:
        async with asyncio.timeout(_FETCH):
            return SentFile(attachment.filename, await attachment.read())
    except TROUBLES as trouble:
        log.info("discord.file_not_fetched", error=type(trouble).__name__)
        return SentFile(attachment.filename, None)


def _wanted(attachments: Sequence[discord.Attachment]) -> list[discord.Attachment]:
    """Return the file that is to be fetched, if there is one."""
    return [one for one in attachments if is_read(one.filename)][:1]


def _lane(user: discord.abc.User, attachments: Sequence[discord.Attachment]) -> tuple[int, bool]:
    """Return what stands in line for one person: taps and words, and beside them files.

    Fetching and reading a file takes seconds, in which no tap should wait.
    """
    return user.id, bool(_wanted(attachments))


class Client(discord.Client):
    """discord.py's client, listening for interactions and for text that is meant for us."""

    def __init__(
        self,
        answering: Answering,
        suggesting: Suggesting | None,
        commands: Sequence[CommandSpec],
        timing: Timing,
        pacer: Pacer,
        part: Part | None = None,
        presence: Presence | None = None,
    ) -> None:
        super().__init__(
            intents=discord.Intents(guilds=True, guild_messages=True, dm_messages=True),
            allowed_mentions=discord.AllowedMentions.none(),
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
            max_ratelimit_timeout=LONGEST_WAIT,
            http_trace=telling(pacer),
        )
        self.has_been_ready = False
        self._part = part
        self._presence = presence
        self._telling: asyncio.Task[None] | None = None
        self._answering = answering
        self._suggesting = suggesting
        self._offered = commands
        self._timing = timing
        self._rest = Rest(self.http, pacer)
        self._looks = Looks()
        self._redraws = Redraws(partial(redraw, self._rest, self._looks), timing.redraw)
        self._away: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._channels: dict[int, str] = {}  # DM channels by person
        self._lanes: WeakValueDictionary[tuple[int, bool], asyncio.Lock] = WeakValueDictionary()

    async def setup_hook(self) -> None:
        _, url, _ = await self.http.get_bot_gateway()
        # discord.py connects here at first and after every session that cannot be resumed.
        DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(url)
        try:
            await self._offer_commands()
        except TROUBLES as trouble:  # the commands of before still work
            log.warning("discord.commands_not_offered", error=type(trouble).__name__)
        if self._presence and self.application:
            self._telling = asyncio.create_task(self._tell_number(self._presence, self.application))

    async def _tell_number(self, presence: Presence, application: discord.AppInfo) -> None:
        """Tell, again and again, by which number others may add the bot, if they may."""
        while True:
            is_open = application.bot_public and application.user_integration_config is not None
            try:
                number = str(application.id) if is_open else ""
                await presence.found_as(Platform.DISCORD, number)
            except TemporarilyUnavailable:
                await asyncio.sleep(self._timing.last_retry)
                continue
            await asyncio.sleep(self._timing.ask_number)
            with suppress(*TROUBLES):
                application = await self.application_info()

    async def _offer_commands(self) -> None:
        application = self.application_id or 0
        ours = offered(self._offered)
        if is_same(ours, await self._rest.commands(application)):
            return
        await self._rest.set_commands(application, ours)
        log.info("discord.commands_offered", commands=len(ours))

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        if not self.is_closed():  # a closed client has no loop left to run handlers in
            super().dispatch(event, *args, **kwargs)

    async def on_ready(self) -> None:
        self.has_been_ready = True
        self._is_back()
        log.info("discord.started", bot=self.application_id, guilds=len(self.guilds))

    async def on_resumed(self) -> None:
        self._is_back()

    async def on_disconnect(self) -> None:
        """Discord asks for a new connection several times a day: only a long silence is news."""
        if self._away is None and not self.is_closed():
            loop = asyncio.get_running_loop()
            self._away = loop.call_later(self._timing.silence, self._is_long_away)

    def _is_long_away(self) -> None:
        log.warning("discord.away")
        if self._part:
            self._part.is_away("the gateway is away")

    def _is_back(self) -> None:
        if self._part:
            self._part.goes_on()
        if self._away:
            is_known = self._away.when() <= asyncio.get_running_loop().time()
            self._away.cancel()
            self._away = None
            if is_known:
                log.info("discord.back")

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        born = asyncio.get_running_loop().time()
        if interaction.type is discord.InteractionType.autocomplete:
            await self._propose(interaction, born)
            return
        where = place(interaction)
        files = [
            discord.Attachment(data=file, state=self._connection) for file in attached(interaction)
        ]
        reply = InteractionReply(self._rest, interaction, where, born, self._redraws, self._looks)
        locale = str(interaction.locale.value)

        async def actions() -> AsyncGenerator[Action]:
            # Who taps what stands there for everybody wants no word in private because of it.
            chat = None if where.is_tapped_public else await self._chat(interaction.user, where)
            who = person(interaction.user, chat, where.is_dm, locale, group_of(interaction))
            event = interaction_event(interaction, who, where)
            if event:
                async for action in self._actions(event, files):
                    yield action

        if interaction.type in (
            discord.InteractionType.application_command,
            discord.InteractionType.component,
            discord.InteractionType.modal_submit,
        ):
            lane = _lane(interaction.user, files)
            await self._answer(reply, actions(), lane, str(interaction.id))

    async def _propose(self, interaction: discord.Interaction, born: float) -> None:
        asked = typed(interaction, self._offered)
        choices: Sequence[Choice] = ()
        if asked and self._suggesting:
            is_dm, locale = place(interaction).is_dm, str(interaction.locale.value)
            who = person(interaction.user, None, is_dm, locale, group_of(interaction))
            try:
                async with asyncio.timeout(PROPOSING):
                    choices = await self._suggesting.choices(who, *asked)
            except TimeoutError:
                log.info("discord.choices_late")
        await propose(self._rest, interaction, choices, born)

    async def on_message(self, message: discord.Message) -> None:
        text = said_text(message, self.user.id if self.user else 0)
        if text is None:
            return
        where = Place(str(message.channel.id), is_dm=isinstance(message.channel, discord.DMChannel))
        chat = await self._chat(message.author, where)
        around = message.channel
        channel = around.parent_id if isinstance(around, discord.Thread) else around.id
        group = channel_as_group(channel, message.guild.id) if message.guild else None
        who = person(message.author, chat, where.is_dm, None, group)
        event = said_event(str(message.id), who, text)
        reply = ChannelReply(self._rest, str(message.id), where, chat, self._looks)
        forwarded = [file for one in message.message_snapshots for file in one.attachments]
        files = [*message.attachments, *forwarded]
        lane = _lane(message.author, files)
        await self._answer(reply, self._actions(event, files), lane, str(message.id))

    async def on_guild_join(self, guild: discord.Guild) -> None:
        await self._tell(Joined(f"joined:{guild.id}", server_as_group(guild.id)))

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        await self._tell(Left(f"left:{guild.id}", server_as_group(guild.id)))

    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        gone = as_group(channel_as_group(channel.id, channel.guild.id))
        await self._tell(Left(f"left:{channel.id}", gone))

    async def _tell(self, event: Left | Joined) -> None:
        """Let the conversation know something that needs no answer."""
        async for _ in self._answering.answer(event):
            pass

    async def on_error(self, event_method: str, /, *args: object, **kwargs: object) -> None:
        log.exception("discord.event_failed", about=event_method)

    async def farewell(self) -> None:
        """End what is under way, then the connection; each gets its short time."""
        if self._telling:
            self._telling.cancel()
            await asyncio.gather(self._telling, return_exceptions=True)
        if self._away:
            self._away.cancel()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=self._timing.farewell)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await self._redraws.finish(self._timing.last_redraw)
        with suppress(TimeoutError, *_AWAY):
            async with asyncio.timeout(self._timing.farewell):
                await self.close()
        await self.http.close()

    async def _actions(
        self, event: Event, attachments: Sequence[discord.Attachment]
    ) -> AsyncGenerator[Action]:
        wanted = _wanted(attachments)
        if wanted and takes_files(event):
            event = replace(event, files=(await _fetched(wanted[0]),))
        async for action in self._answering.answer(event):
            yield action

    async def _answer(
        self, reply: Reply, actions: AsyncGenerator[Action], lane: tuple[int, bool], event: str
    ) -> None:
        """Answer in a task that `farewell` knows; one person's taps are stored in order."""
        lock = self._lanes.setdefault(lane, asyncio.Lock())
        work = answer(reply, actions, lock, patience=self._timing.patience, event=event)
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        await asyncio.shield(task)

    async def _chat(self, user: discord.abc.User, where: Place) -> str | None:
        """Return the person's DM channel, where a digest can go; None if it cannot be opened."""
        if where.is_dm:
            self._remember(user.id, where.channel)
        elif user.id not in self._channels:
            try:
                self._remember(user.id, await self._rest.open_dm(str(user.id)))
            except TROUBLES as trouble:
                log.info("discord.no_dm", code=getattr(trouble, "code", 0))
        return self._channels.get(user.id)

    def _remember(self, user: int, channel: str) -> None:
        if len(self._channels) >= _KNOWN_CHANNELS:
            self._channels.pop(next(iter(self._channels)))
        self._channels[user] = channel

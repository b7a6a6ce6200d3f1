"""The composition root: settings in, running program out.

Every role of a deployment is one coroutine that ends when `stop` is set. Roles share a
process in `paperlark run` and have one each in the Procfile; they meet only in the database,
in DATA_DIR and, when there is one, in Redis.
"""

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable, Collection
from contextlib import AsyncExitStack, suppress
from enum import StrEnum
from functools import partial

import structlog

from bot import ending
from bot.conversation.events import Platform
from bot.conversation.ports import Forum, Messenger
from bot.health import Health
from bot.house import (
    LOG_FILE,
    LOOK_AGAIN,
    CannotStart,
    House,
    collect_seldom,
    configure_logs,
    open_house,
)
from bot.jobs.broadcasting import Broadcasting
from bot.jobs.daily_picks import DailyPicks
from bot.jobs.retrain import LOOKED_WITHIN, NEW_MODEL, Trainer
from bot.metrics import Metrics
from bot.monitor import Monitor, monitored
from bot.parts import EXPORTS
from bot.settings import Settings
from bot.shelf import keep_fresh
from storage.errors import StorageUnavailable

log = structlog.get_logger()

FRESHEN_EVERY = 5.0  # seconds until a process notices new papers or a new model by itself
FAREWELL = 3.7  # seconds that roles have to end by themselves
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0  # seconds before a role that broke begins again
POLLED_WITHIN = 120.0  # seconds in which Telegram answers a poll, unless it is away
PUSHED_WITHIN = 300.0  # seconds in which the scheduler looks at the outbox, or ends a digest
ANSWERED_WITHIN = 300.0  # seconds in which ingest hears from a source, or looks what is due


class Role(StrEnum):
    """One part of a deployment; the Procfile gives each a process."""

    TELEGRAM = "telegram"
    DISCORD = "discord"
    SCHEDULER = "scheduler"
    INGEST = "ingest"
    TRAINER = "trainer"


# What METRICS_PORT is raised by, so that parts of one machine can be watched side by side; a
# process of several roles takes METRICS_PORT itself.
METRICS_OFFSETS = {
    Role.TELEGRAM: 1,
    Role.DISCORD: 2,
    Role.SCHEDULER: 3,
    Role.INGEST: 4,
    Role.TRAINER: 5,
}


# ---------------------------------------------------------------------- roles


async def _telegram(house: House, stop: asyncio.Event) -> None:
    from bot.adapters.telegram_app import TelegramApp
    from bot.adapters.telegram_webhook import Webhook

    settings = house.settings
    assert settings.telegram_token is not None
    webhook = None
    if settings.telegram_webhook_url and settings.telegram_webhook_secret:
        webhook = Webhook(
            settings.telegram_webhook_url,
            settings.telegram_webhook_secret.get_secret_value(),
            settings.webhook_listen,
        )
    app = TelegramApp(
        settings.telegram_token.get_secret_value(),
        settings.telegram_api_base,
        house.conversation,
        pacer=house.telegram_pacer,
        suggesting=house.suggestions,
        webhook=webhook,
        part=house.health.part(Role.TELEGRAM, None if webhook else POLLED_WITHIN),
        presence=house.presence,
        operators=[account for platform, account in settings.operators if platform == "telegram"],
        menus=house.operator_menus,
    )
    try:
        await app.run(stop)
    except OSError as error:
        raise CannotStart(
            "TELEGRAM_WEBHOOK_LISTEN or PORT: expected an address that is free here, but: "
            f"{error.strerror}"
        ) from error


async def _discord(house: House, stop: asyncio.Event) -> None:
    from bot.adapters.discord_app import DiscordApp

    settings = house.settings
    assert settings.discord_token is not None
    app = DiscordApp(
        settings.discord_token.get_secret_value(),
        settings.discord_api_base,
        house.conversation,
        pacer=house.discord_pacer,
        suggesting=house.suggestions,
        part=house.health.part(Role.DISCORD),
        presence=house.presence,
    )
    await app.run(stop)


async def _scheduler(house: House, stop: asyncio.Event) -> None:
    collect_seldom()
    async with AsyncExitStack() as stack:
        messengers, forum = await _messengers(house, stack)
        picks = DailyPicks(
            house.database,
            house.desk,
            messengers,
            house.clock,
            metrics=house.metrics,
            health=house.health,
            part=house.health.part(Role.SCHEDULER, PUSHED_WITHIN),
            forum=forum,
        )
        broadcasting = partial(Broadcasting(house.database, messengers, house.clock).run, stop)
        async with asyncio.TaskGroup() as jobs:
            jobs.create_task(picks.run(stop))
            # What breaks there must not break off digests that are on their way.
            jobs.create_task(_kept("broadcasts", broadcasting, stop))


async def _messengers(
    house: House, stack: AsyncExitStack
) -> tuple[dict[Platform, Messenger], Forum | None]:
    """Return what sends on each platform, and what opens threads, if anything does."""
    settings, messengers, forum = house.settings, dict[Platform, Messenger](), None
    if settings.telegram_token is not None:
        from bot.adapters.telegram_send import TelegramMessenger, telegram_bot

        bot = await stack.enter_async_context(
            telegram_bot(
                settings.telegram_token.get_secret_value(),
                settings.telegram_api_base,
                house.telegram_pacer,
            )
        )
        messengers[Platform.TELEGRAM] = TelegramMessenger(bot, house.conversation)
    if settings.discord_token is not None:
        from bot.adapters.discord_rest import DiscordMessenger

        forum = await stack.enter_async_context(
            DiscordMessenger(
                settings.discord_token.get_secret_value(),
                settings.discord_api_base,
                house.discord_pacer,
            )
        )
        messengers[Platform.DISCORD] = forum
    return messengers, forum


async def _ingest(house: House, stop: asyncio.Event) -> None:
    await house.ingest.run(stop, house.health.part(Role.INGEST, ANSWERED_WITHIN))


async def _trainer(house: House, stop: asyncio.Event) -> None:
    trainer = Trainer(
        house.database,
        house.state,
        house.clock,
        house.settings.text_encoder,
        is_heard=not house.is_on_screen,
        part=house.health.part(Role.TRAINER, LOOKED_WITHIN),
    )
    await trainer.run(stop)


async def _keep_shelf(house: House, stop: asyncio.Event) -> None:
    """Have papers to pick from before the first reader's question is answered, then follow."""
    while not stop.is_set():
        try:
            await ending.unless(stop, house.ingest.begin_with_the_sample(house.clock()))
        except StorageUnavailable:
            await ending.rest(stop, LOOK_AGAIN)
        else:
            await keep_fresh(house.shelf, stop, FRESHEN_EVERY)


async def _follow_models(house: House, stop: asyncio.Event) -> None:
    """Notice a new model at once where word of it can be had; `keep_fresh` does so anyway."""
    async with house.state.listen(NEW_MODEL) as heard:

        async def follow() -> None:
            async for _ in heard:
                with suppress(StorageUnavailable):
                    await house.shelf.refresh()

        await ending.unless(stop, follow())


_ROLES: dict[Role, Callable[[House, asyncio.Event], Awaitable[None]]] = {
    Role.TELEGRAM: _telegram,
    Role.DISCORD: _discord,
    Role.SCHEDULER: _scheduler,
    Role.INGEST: _ingest,
    Role.TRAINER: _trainer,
}


async def _kept(
    name: str,
    begin: Callable[[], Awaitable[None]],
    stop: asyncio.Event,
    first_pause: float = FIRST_PAUSE,
    health: Health | None = None,
) -> None:
    """Run a role to its end; one that breaks is logged with its traceback and begins again.

    A role that ends by itself, as a platform does whose token is refused, stays ended: the
    others go on. The pause doubles while a role breaks soon after it began. Raises
    CannotStart when beginning again is of no use.
    """
    pause = first_pause
    while not stop.is_set():
        began = time.monotonic()
        try:
            await begin()
        except CannotStart:
            raise
        except Exception:
            if time.monotonic() - began > LONGEST_PAUSE:
                pause = first_pause
            log.exception("role.broke", role=name, again_in=pause)
            _note(health, name, "broke, and begins again")
            await ending.rest(stop, pause)
            pause = min(2 * pause, LONGEST_PAUSE)
        else:
            _note(health, name, "has ended")
            return


def _note(health: Health | None, name: str, trouble: str) -> None:
    if health is not None:
        health.part(name).is_away(trouble)


# ---------------------------------------------------------------------- processes


async def serve(
    settings: Settings, roles: Collection[Role], stop: asyncio.Event, *, chat: bool
) -> int:
    """Run some roles, with or without a chat in the terminal, until `stop` is set.

    Returns the exit status: 2 when there is nothing to do, 1 when it cannot start or nothing
    goes on.
    """
    wanted = _possible(settings, roles)
    is_screen = chat and sys.stdin.isatty()
    if chat and not is_screen and wanted & {Role.TELEGRAM, Role.DISCORD}:
        chat = False  # nobody types: serve the platforms until SIGTERM
    if not wanted and not chat:
        print(_lacking(roles), file=sys.stderr)
        return 2
    try:
        configure_logs(settings, to_file=chat)
        if not chat and len(roles) > 1 and not wanted & {Role.TELEGRAM, Role.DISCORD}:
            log.warning("no_platform", hint="set TELEGRAM_TOKEN or DISCORD_TOKEN to be spoken to")
        metrics, health = Metrics(), Health()
        for role in Role:
            if role in wanted:
                health.part(role.value)
        async with AsyncExitStack() as stack:
            monitor = Monitor(metrics, health)
            if settings.metrics_port is not None:
                port = settings.metrics_port + metrics_offset(roles)
                await stack.enter_async_context(monitored(settings.metrics_listen, port, monitor))
            house = await stack.enter_async_context(
                open_house(settings, stop, chat=chat, metrics=metrics, health=health)
            )
            monitor.house = house
            return await _run(house, wanted, stop, chat=chat)
    except CannotStart as error:
        print(error, file=sys.stderr)
        return 1


def metrics_offset(roles: Collection[Role]) -> int:
    """Return what METRICS_PORT is raised by for a process that is started with these roles."""
    first, *others = roles
    return 0 if others else METRICS_OFFSETS[first]


def _lacking(roles: Collection[Role]) -> str:
    """Return what to set before any of these roles has something to do."""
    tokens = [f"{r.upper()}_TOKEN" for r in (Role.TELEGRAM, Role.DISCORD) if {r} == set(roles)]
    lacking = tokens[0] if tokens else "Neither TELEGRAM_TOKEN nor DISCORD_TOKEN"
    return (
        f"{lacking} is {'not ' if tokens else ''}set, so there is nothing to do; "
        "README.md says how to get one."
    )


def _possible(settings: Settings, roles: Collection[Role]) -> set[Role]:
    """Return the roles that have what they need."""
    lacking = set[Role]()
    if settings.telegram_token is None:
        lacking.add(Role.TELEGRAM)
    if settings.discord_token is None:
        lacking.add(Role.DISCORD)
    if len(lacking) == 2:
        lacking.add(Role.SCHEDULER)  # there is nowhere to push to
    return set(roles) - lacking


async def _run(house: House, roles: Collection[Role], stop: asyncio.Event, *, chat: bool) -> int:
    """Run until told to end, until the chat ends, or until no role goes on; return the status."""
    if stop.is_set():
        return 0
    beside = dict[str, Callable[[], Awaitable[None]]]()
    if chat or set(roles) & {Role.TELEGRAM, Role.DISCORD, Role.SCHEDULER}:
        beside["shelf"] = lambda: _keep_shelf(house, stop)
        beside["models"] = lambda: _follow_models(house, stop)
    companions = {asyncio.create_task(_kept(name, begin, stop)) for name, begin in beside.items()}
    parts = {
        asyncio.create_task(
            _kept(role.value, partial(_ROLES[role], house, stop), stop, health=house.health),
            name=role.value,
        )
        for role in roles
    }
    if chat:
        for part in parts:
            part.add_done_callback(partial(_say_that_it_ended, stop))
        parts.add(asyncio.create_task(_chat(house, stop)))
    log.info("started", roles=sorted(role.value for role in roles), chat=chat)
    try:
        broken = await _first_broken(parts, stop)
        status = 0 if stop.is_set() else 1
    finally:
        stop.set()
        await _farewell(parts | companions)
    if broken is not None:
        raise broken
    log.info("ended")
    return status


def _say_that_it_ended(stop: asyncio.Event, part: asyncio.Task[None]) -> None:
    """Tell who sits at the chat, because the log goes to a file, that a platform is off."""
    has_ended = not part.cancelled() and part.exception() is None  # others say why by themselves
    if has_ended and not stop.is_set() and part.get_name() in (Role.TELEGRAM, Role.DISCORD):
        name = part.get_name()
        print(
            f"\n{name.title()} is off: it refused {name.upper()}_TOKEN. "
            "`make doctor` says what to do.",
            file=sys.stderr,
        )


async def _first_broken(
    parts: Collection[asyncio.Task[None]], stop: asyncio.Event
) -> BaseException | None:
    """Return why a part cannot go on; None when told to end, or when all have ended."""
    await ending.unless(stop, _wait_for(parts))
    errors = (part.exception() for part in parts if part.done() and not part.cancelled())
    return next((error for error in errors if error is not None), None)


async def _wait_for(parts: Collection[asyncio.Task[None]]) -> None:
    await asyncio.wait(parts, return_when=asyncio.FIRST_EXCEPTION)


async def _farewell(tasks: Collection[asyncio.Task[None]], seconds: float = FAREWELL) -> None:
    """Let tasks end by themselves for a while, then cancel what is left."""
    _, late = await asyncio.wait(tasks, timeout=seconds)
    for task in late:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _chat(house: House, stop: asyncio.Event) -> None:
    from bot.adapters.terminal_app import TerminalApp, locale_of

    chat = TerminalApp(
        house.conversation,
        folder=house.settings.data_dir / EXPORTS,
        language=locale_of(os.environ),
    )
    try:
        await chat.run(stop)
    except Exception:
        where = house.settings.data_dir / LOG_FILE
        print(f"The chat broke, and ends; {where} says more.", file=sys.stderr)
        raise
    finally:
        stop.set()

"""Logs: events with fields, configured once, without anything that is somebody's.

An event may hold its constant name, ids and numbers. Everything that goes out passes one
filter, our own events as well as what libraries log: tokens and passwords are masked, and a
foreign exception is told by its type, its status and its frames, because its text may quote
a message, a name, an address with a token in it or the values of a row.
"""

import asyncio
import logging
import numbers
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, time, timedelta
from enum import Enum
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import quote

import structlog
from structlog.typing import EventDict, Processor

OWN_ROOMS = ("bot", "storage", "recommender")
TALKATIVE = (
    "aiosqlite",
    "alembic",
    "asyncio",
    "discord",
    "httpcore",
    "httpx",
    "sqlalchemy",
    "telegram",
    "tornado",
)
MASK = "***"

_FILE_BYTES, _OLD_FILES = 5_000_000, 3
_SHORTEST_SECRET = 4  # a shorter one would be found, and masked, inside ordinary words
_MOST_FRAMES = 30  # of one exception: endless recursion is told by its two ends
# Every repetition that must be followed by something has an end, so that a long text costs
# time in proportion to its length.
_SHAPES = (
    # A Telegram token, alone or in an address: 123456:AAH…, /bot123456:AAH…/getMe
    (re.compile(r"/bot\d{1,20}(?::|%3A)[^/\s\"']+", re.IGNORECASE), f"/bot{MASK}"),
    (re.compile(r"\d{1,20}(?::|%3A)[A-Za-z0-9_-]{30,}", re.IGNORECASE), MASK),
    # A Discord token: application, moment and signature in base64url
    (re.compile(r"[\w-]{18,40}\.[\w-]{5,7}\.[\w-]{25,}"), MASK),
    # Discord's addresses carry the token of an interaction or a webhook behind its id
    (re.compile(r"(/(?:webhooks|interactions)/\d{1,20})/[^/\s\"']+"), rf"\1/{MASK}"),
    (re.compile(r"://[^/\s\"']{0,300}@"), f"://{MASK}@"),
)
_STATUS = ("status_code", "status", "code", "sqlstate", "sqlite_errorname", "errno", "retry_after")

_handlers: list[logging.Handler] = []


def configure(
    format: str,
    *,
    file: Path | None = None,
    level: int = logging.INFO,
    secrets: Sequence[str] = (),
) -> None:
    """Send everything that is logged to `file`, or to stderr; a second call replaces the first.

    format: "console" for people, "json" for collectors.
    level: of our own events; libraries are heard from WARNING on.
    secrets: values that are masked wherever they stand.
    """
    handler = _handler(file)
    handler.setFormatter(_formatter(format, handler, secrets))
    handler.addFilter(_is_news)
    root = logging.getLogger()
    while _handlers:
        old = _handlers.pop()
        root.removeHandler(old)
        old.close()
    _handlers.append(handler)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("paperlark").setLevel(level)
    # When a handler fails, logging would print the event's arguments as they are.
    logging.raiseExceptions = False
    structlog.configure(
        processors=[
            *_stamped(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=lambda *_: logging.getLogger("paperlark"),
        wrapper_class=structlog.make_filtering_bound_logger(level),
    )
    sys.excepthook = _uncaught


def _handler(file: Path | None) -> logging.Handler:
    if file is None:
        return logging.StreamHandler(sys.stderr)
    file.parent.mkdir(parents=True, exist_ok=True)
    return RotatingFileHandler(file, maxBytes=_FILE_BYTES, backupCount=_OLD_FILES, encoding="utf-8")


def _is_news(record: logging.LogRecord) -> bool:
    """Return whether a record tells of more than work that was given up on purpose.

    SQLAlchemy's pool reports a rollback that is cancelled at the end as an error of its own;
    it closes the connection then, which is all there is to do.
    """
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, asyncio.CancelledError)


def _stamped() -> list[Processor]:
    return [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _formatter(format: str, handler: logging.Handler, secrets: Sequence[str]) -> logging.Formatter:
    renderer: Processor = structlog.processors.JSONRenderer(ensure_ascii=False)
    if format == "console":
        is_screen = type(handler) is logging.StreamHandler and handler.stream.isatty()
        renderer = structlog.dev.ConsoleRenderer(
            colors=is_screen, exception_formatter=structlog.dev.plain_traceback
        )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[_name_foreign, *_stamped()],
        use_get_message=False,
        pass_foreign_args=True,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            _tell_exception,
            Masker(secrets),
            renderer,
        ],
    )


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Python's own report of an exception nobody caught would print its text."""
    if not issubclass(kind, Exception):
        sys.__excepthook__(kind, error, trace)
        return
    structlog.get_logger().critical("process.broke", exc_info=(kind, error, trace))


def _name_foreign(_logger: object, _name: str, event: EventDict) -> EventDict:
    """Tell where a library spoke; its words only when they are a template, before it is filled.

    A message without arguments may have been filled in already: asyncio's hold exceptions.
    """
    record: logging.LogRecord = event["_record"]
    arguments = event.pop("positional_args", None) or ()
    if not arguments:
        event["event"] = f"{record.name}.{record.levelname.lower()}"
    event["where"] = f"{record.name}:{record.lineno}"
    values = arguments.values() if isinstance(arguments, Mapping) else arguments
    numbers_given = [v for v in values if isinstance(v, int | float)]
    if numbers_given:
        event["numbers"] = numbers_given
    return event


def _tell_exception(_logger: object, _name: str, event: EventDict) -> EventDict:
    given = event.pop("exc_info", None)
    event.pop("stack_info", None)
    if isinstance(given, tuple):
        error = given[1]
    else:
        error = given if isinstance(given, BaseException) else sys.exc_info()[1] if given else None
    if error is not None:
        event["exception"] = "\n".join(_lines(error, set()))
    return event


def describe(error: BaseException) -> str:
    """Return what may be told of an exception: our own in full, foreign ones without text."""
    name = type(error).__qualname__
    if _is_ours(error):
        return f"{name}: {error}"
    response = getattr(error, "response", None)
    facts = {k: getattr(error, k, None) for k in _STATUS}
    facts["status_code"] = facts["status_code"] or getattr(response, "status_code", None)
    orig = getattr(error, "orig", None)  # the driver's exception inside SQLAlchemy's
    if isinstance(orig, BaseException):
        name += f" from {describe(orig)}"
    told = [f"{k}={_number(v)}" for k, v in facts.items() if _number(v) is not None]
    return f"{name} ({', '.join(told)})" if told else name


def _is_ours(error: BaseException) -> bool:
    return type(error).__module__.partition(".")[0] in OWN_ROOMS


def _number(value: object) -> str | None:
    """Return a status as text, None for whatever is not one: `code` is anything in places."""
    if isinstance(value, timedelta):
        return f"{value.total_seconds():g}"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{int(value)}" if isinstance(value, int) else f"{value:g}"
    if isinstance(value, str) and re.fullmatch(r"[A-Z0-9_]{1,30}", value):
        return value
    return None


def _lines(error: BaseException, told: set[int]) -> Iterator[str]:
    """Yield an exception, its frames, and whatever led to it; never a local or a source line."""
    told.add(id(error))
    yield describe(error)
    yield from _frames(error.__traceback__)
    if isinstance(error, BaseExceptionGroup):
        for part in error.exceptions:
            yield from _lines(part, told)
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None and id(before) not in told:
        yield "because of" if error.__cause__ is not None else "while handling"
        yield from _lines(before, told)


def _frames(trace: TracebackType | None) -> list[str]:
    lines = []
    while trace is not None:
        frame = trace.tb_frame
        # The module's name, not its file: a path may hold the name of whoever installed it.
        module = frame.f_globals.get("__name__", "?")
        lines.append(f"  {module}:{trace.tb_lineno} in {frame.f_code.co_name}")
        trace = trace.tb_next
    left_out = len(lines) - _MOST_FRAMES
    if left_out > 0:
        half = _MOST_FRAMES // 2
        lines[half:-half] = [f"  … {left_out} frames …"]
    return lines


class Masker:
    """Lets numbers and safe words through: the last processor before the renderer."""

    def __init__(self, secrets: Sequence[str]) -> None:
        known = {s for secret in secrets for s in (secret, quote(secret, safe=""))}
        # The longest first: one secret may begin with another.
        self._secrets = sorted(
            (s for s in known if len(s) >= _SHORTEST_SECRET), key=len, reverse=True
        )

    def __call__(self, _logger: object, _name: str, event: EventDict) -> EventDict:
        return {self.masked(key): self._value(value) for key, value in event.items()}

    def masked(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        for shape, instead in _SHAPES:
            text = shape.sub(instead, text)
        return text

    def _value(self, value: object) -> Any:
        """Return what may be printed. An object's repr may hold anything, so only its type is."""
        if isinstance(value, Enum):
            value = value.value
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, numbers.Real):  # numpy's too
            return int(value) if isinstance(value, numbers.Integral) else float(value)
        if isinstance(value, str | Path):
            return self.masked(str(value))
        if isinstance(value, BaseException):
            return self.masked(describe(value))
        if isinstance(value, date | time | timedelta):
            return str(value)
        if isinstance(value, Mapping):
            return {self.masked(str(k)): self._value(v) for k, v in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self._value(v) for v in value]
        return f"<{value.__name__ if isinstance(value, type) else type(value).__name__}>"

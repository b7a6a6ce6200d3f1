"""Every value that differs between two deployments, and nothing else.

Built once, in `__main__`, and handed down; nothing reads the environment at import. A
wrong value stops the start with its name and what is expected.
"""

import re
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import SplitResult, parse_qsl, unquote, urlencode, urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    NoDecode,
    SettingsConfigDict,
)

_NAME = re.compile(r"[a-z_][a-z0-9_]{0,40}")
_TELEGRAM_TOKEN = re.compile(r"\d+:[A-Za-z0-9_-]{10,}")
_CATEGORY = re.compile(r"[a-z][a-z-]*(\.[A-Za-z-]+)?")
_OPERATOR = re.compile(r"(telegram|discord):[0-9]{1,20}")
_DRIVERS = {
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
    "postgresql+asyncpg": "postgresql+asyncpg",
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
}

# What hosts put into a PostgreSQL address for libpq, and what asyncpg calls it; None: needless.
_POSTGRES_PARAMETERS = {
    "sslmode": "ssl",
    "ssl": "ssl",
    "channel_binding": None,
    "connect_timeout": None,
    "application_name": None,
    "pgbouncer": None,
}
_TELEGRAM = "https://api.telegram.org"

Address = Annotated[str, Field(min_length=1)]


class WrongSetting(ValueError):
    """A setting cannot be used; the message names it and says what is expected."""


class Settings(BaseSettings):
    """The descriptions are the README's table; a test holds the two together."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8-sig",  # editors on Windows put a mark before the first name
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
    )

    telegram_token: SecretStr | None = Field(
        None, description="The token @BotFather gives. Without it Telegram stays off."
    )
    telegram_api_base: Address = Field(
        _TELEGRAM, description="Origin of a self-hosted Bot API server."
    )
    telegram_webhook_url: str | None = Field(
        None, description="Public https address for webhooks. Without it: long polling."
    )
    telegram_webhook_secret: SecretStr | None = Field(
        None,
        description="1–256 of `A-Za-z0-9_-`; needed with `TELEGRAM_WEBHOOK_URL`.",
    )
    telegram_webhook_listen: str = Field(
        "127.0.0.1:8080",
        description="Where the webhook listens. `PORT`, if set, replaces the port and "
        "listens on all interfaces.",
    )
    port: int | None = Field(
        None, ge=1, le=65535, description="Set by many hosts; see `TELEGRAM_WEBHOOK_LISTEN`."
    )
    discord_token: SecretStr | None = Field(
        None, description="The bot token of the Developer Portal. Without it Discord stays off."
    )
    discord_api_base: Address = Field(
        "https://discord.com/api/v10", description="A REST proxy; ends in `/api/v10`."
    )
    database_url: str = Field(
        "",
        repr=False,
        description="`sqlite:///file` or `postgresql://…`; SQLite in `DATA_DIR` if unset.",
    )
    redis_url: SecretStr | None = Field(
        None, description="`redis://…`; without it the same things happen in the process."
    )
    data_dir: Path = Field(
        Path("var"), description="Database, models and logs; shared by all processes."
    )
    arxiv_api_base: Address = Field(
        "https://export.arxiv.org/api/query", description="The whole query address."
    )
    arxiv_rss_base: Address = Field(
        "https://rss.arxiv.org/atom",
        description="What stands before `/cs.LG+cs.CL`; RSS and Atom are both read.",
    )
    arxiv_categories: Annotated[tuple[str, ...], NoDecode] = Field(
        ("cs.LG", "cs.CL", "cs.CV", "cs.AI", "stat.ML"),
        description="The arXiv categories whose new papers are taken in, separated by commas.",
    )
    max_categories: int = Field(
        20,
        ge=1,
        le=200,
        description="How many categories are taken in at most, those that readers follow included.",
    )
    hf_api_base: Address = Field(
        "https://huggingface.co", description="Origin of Hugging Face's API."
    )
    semantic_scholar_api_base: Address = Field(
        "https://api.semanticscholar.org",
        description="Asked what its links, and DOIs that arXiv does not have, stand for.",
    )
    semantic_scholar_api_key: SecretStr | None = Field(
        None, description="A free key gives a limit of your own; without one all share one."
    )
    openreview_api_base: Address = Field(
        "https://api2.openreview.net", description="Asked what a link of OpenReview stands for."
    )
    openreview_old_api_base: Address = Field(
        "https://api.openreview.net", description="The same for what is older than 2023."
    )
    openreview_name: str = Field(
        "", description="An account there; who is not logged in is often refused."
    )
    openreview_password: SecretStr | None = Field(None, description="Of that account.")
    text_encoder: Literal["static", "neural", "lsa"] = Field(
        "static",
        description="What turns text into vectors: `static`, `neural` (better picks; see "
        "*A neural text encoder*) or `lsa`.",
    )
    retrain_engine: Literal["implicit", "spark"] = Field(
        "implicit",
        description="What learns from readers: `implicit`, or `spark` (the extra `[spark]`) for "
        "more likes than one machine holds.",
    )
    spark_master: str = Field(
        "local[2]",
        description="Where Spark runs: `local[2]`, `spark://host:7077` …",
    )
    operators: Annotated[tuple[tuple[str, str], ...], NoDecode] = Field(
        (),
        description="Who may use `/admin`: `telegram:123,discord:456`, platform and account "
        "number.",
    )
    contact: str = Field("", description="Address or page in the User-Agent that the sources see.")
    log_format: Literal["console", "json"] = Field(
        "console", description="`console` for people, `json` for collectors."
    )
    metrics_port: int | None = Field(
        None,
        ge=1,
        le=65530,
        description="First port for `/metrics` and `/healthz`, off without it; each part adds "
        "its own number (see docs/monitoring.md).",
    )
    metrics_listen: Address = Field(
        "127.0.0.1", description="The address on which `METRICS_PORT` is listened on."
    )
    clock_file: Path | None = Field(
        None,
        description="Only for tests of whole weeks: a file with the seconds by which the "
        "clock is ahead.",
    )

    @field_validator("arxiv_categories", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part for part in re.split(r"[,+\s]+", value) if part)
        return value

    @field_validator("arxiv_categories")
    @classmethod
    def _categories(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        wrong = [c for c in value if not _CATEGORY.fullmatch(c)]
        if wrong or not value:
            raise ValueError("arXiv categories such as cs.LG,math.ST, separated by commas")
        return tuple(dict.fromkeys(value))

    @field_validator("operators", mode="before")
    @classmethod
    def _operators(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        parts = [part for part in re.split(r"[,\s]+", value) if part]
        if not all(_OPERATOR.fullmatch(part) for part in parts):
            raise ValueError("accounts such as telegram:123,discord:456, separated by commas")
        return tuple(tuple(part.split(":")) for part in parts)

    @field_validator(
        "telegram_api_base",
        "discord_api_base",
        "arxiv_api_base",
        "arxiv_rss_base",
        "hf_api_base",
        "semantic_scholar_api_base",
        "openreview_api_base",
        "openreview_old_api_base",
    )
    @classmethod
    def _address(cls, value: str) -> str:
        parts = _split(value)
        if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("an address that begins with http:// or https://")
        return value.rstrip("/")

    @field_validator("discord_api_base")
    @classmethod
    def _discord_address(cls, value: str) -> str:
        if not re.search(r"/api/v\d+$", value):
            raise ValueError("an address that ends in /api/v10")
        return value

    @field_validator("data_dir")
    @classmethod
    def _data_dir(cls, value: Path) -> Path:
        return value.expanduser()

    @field_validator("contact")
    @classmethod
    def _contact(cls, value: str) -> str:
        if not (value.isascii() and value.isprintable()):
            raise ValueError("an address or a page in plain ASCII: it stands in a header")
        return value

    @field_validator("telegram_token")
    @classmethod
    def _telegram_token(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not _TELEGRAM_TOKEN.fullmatch(value.get_secret_value()):
            raise ValueError("the whole token as @BotFather wrote it, 123456:ABC…")
        return value

    @field_validator("discord_token")
    @classmethod
    def _discord_token(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and re.search(r"\s", value.get_secret_value()):
            raise ValueError("the bot token of the Developer Portal, without spaces or 'Bot '")
        return value

    @field_validator("telegram_webhook_secret")
    @classmethod
    def _secret(cls, value: SecretStr | None) -> SecretStr | None:
        if value and not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", value.get_secret_value()):
            raise ValueError("1 to 256 characters of A-Z a-z 0-9 _ -")
        return value

    @field_validator("telegram_webhook_listen")
    @classmethod
    def _listen(cls, value: str) -> str:
        host, _, port = value.rpartition(":")
        if not host or not port.isdigit() or not 0 <= int(port) <= 65535:
            raise ValueError("host:port such as 127.0.0.1:8080")
        return value

    @field_validator("redis_url")
    @classmethod
    def _redis(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            parts = _split(value.get_secret_value())
            if parts is None or parts.scheme not in ("redis", "rediss", "unix"):
                raise ValueError("redis://host:6379/0, rediss://… or unix://…")
        return value

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: str) -> str:
        if not value:
            return value
        scheme, separator, rest = value.partition("://")
        if scheme not in _DRIVERS or not separator:
            raise ValueError("sqlite:///file.db or postgresql://user:password@host/name")
        driver = _DRIVERS[scheme]
        if driver.startswith("sqlite"):
            if not rest.startswith("/") or rest.strip("/") in ("", ":memory:"):
                raise ValueError("sqlite:///file.db: processes share what stands in a file")
            return f"{driver}://{rest}"
        return f"{driver}://{_for_asyncpg(value, rest)}"

    @model_validator(mode="after")
    def _webhook(self) -> Self:
        if self.telegram_webhook_url is None:
            return self
        parts = _split(self.telegram_webhook_url)
        # A server of one's own takes http as well.
        schemes = ("https",) if self.telegram_api_base == _TELEGRAM else ("https", "http")
        if parts is None or parts.scheme not in schemes or not parts.hostname:
            raise ValueError("TELEGRAM_WEBHOOK_URL: expected a public address, https://…")
        if not self.telegram_webhook_secret:
            raise ValueError(
                "TELEGRAM_WEBHOOK_SECRET: needed with TELEGRAM_WEBHOOK_URL, "
                "so that only Telegram can speak to the webhook"
            )
        return self

    @property
    def database(self) -> str:
        """The database address with its driver; SQLite in DATA_DIR unless set."""
        return self.database_url or f"sqlite+aiosqlite:///{self.data_dir.resolve()}/paperlark.db"

    @property
    def secrets(self) -> list[str]:
        """Return what must never be printed, as it may stand in a text."""
        wrapped = (
            self.telegram_token,
            self.discord_token,
            self.telegram_webhook_secret,
            self.redis_url,
            self.semantic_scholar_api_key,
            self.openreview_password,
        )
        found = [secret.get_secret_value() for secret in wrapped if secret is not None]
        for url in (self.database_url, self.redis_url and self.redis_url.get_secret_value()):
            parts = _split(url or "")
            if parts is not None and parts.password:
                found += [parts.password, unquote(parts.password)]
        return list(dict.fromkeys(found))

    @property
    def webhook_listen(self) -> tuple[str, int]:
        """Host and port of the webhook."""
        host, _, port = self.telegram_webhook_listen.rpartition(":")
        return ("0.0.0.0", self.port) if self.port else (host, int(port))

    @property
    def user_agent(self) -> str:
        """How we introduce ourselves to the sources."""
        return f"paperlark/0.1 ({self.contact})" if self.contact else "paperlark/0.1"


def load() -> Settings:
    """Return the settings of this process.

    Raises WrongSetting with one line for each wrong setting; values are never repeated,
    because a token may be among them.
    """
    try:
        return Settings()
    except ValidationError as error:
        raise WrongSetting("\n".join(_line(e["loc"], e["msg"]) for e in error.errors())) from None
    except UnicodeDecodeError:
        raise WrongSetting(".env: expected a text in UTF-8; save it anew as one") from None
    except PermissionError:
        raise WrongSetting(".env: expected a file that this user may read") from None


def unknown_names() -> list[str]:
    """Return the names in .env that are no setting: most likely misspelt.

    What does not look like a name is left out: it may be a token on a line of its own.
    """
    named = DotEnvSettingsSource(Settings).env_vars.items()
    names = (name for name, value in named if value is not None and _NAME.fullmatch(name))
    return sorted(name.upper() for name in names if name not in Settings.model_fields)


def _line(where: tuple[int | str, ...], message: str) -> str:
    expected = message.removeprefix("Value error, ").removeprefix("Input should be ")
    return f"{str(where[0]).upper()}: expected {expected}" if where else expected


def _split(url: str) -> SplitResult | None:
    """Return the parts of an address, None for what is none.

    The library's own complaint would repeat the address, and a password in it.
    """
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts


def _for_asyncpg(url: str, rest: str) -> str:
    """Return what follows `://`, with the parameters that libpq knows in asyncpg's words."""
    parts = _split(url)
    if parts is None:
        raise ValueError(
            "postgresql://user:password@host:5432/name; in a password, `/`, `?`, `#`, `[`, `]` "
            "and `@` are written as %2F, %3F, %23, %5B, %5D and %40"
        )
    given = parse_qsl(parts.query, keep_blank_values=True)
    if any(name not in _POSTGRES_PARAMETERS for name, _ in given):
        raise ValueError("no other parameter behind `?` than sslmode=…")
    kept = {ours: value for name, value in given if (ours := _POSTGRES_PARAMETERS[name])}
    before = rest.partition("?")[0]
    return f"{before}?{urlencode(kept)}" if kept else before

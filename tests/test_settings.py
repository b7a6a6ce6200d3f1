import os

import pytest

from bot.settings import Settings, WrongSetting, load, unknown_names

TOKEN = "123456:AAHsecretsecretsecretsecretsecretsec"


@pytest.fixture
def given(monkeypatch, tmp_path):
    """Load settings from these environment variables and no others."""
    monkeypatch.chdir(tmp_path)  # where no .env is
    for name in os.environ:
        if name.lower() in Settings.model_fields:
            monkeypatch.delenv(name)

    def load_from(**environment):
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return load()

    return load_from


WRONG = [
    ("TELEGRAM_TOKEN", "sEcReT-token", "@BotFather"),
    ("DISCORD_TOKEN", "Bot sEcReT.token", "Developer Portal"),
    ("TELEGRAM_API_BASE", "sEcReT", "http://"),
    ("TELEGRAM_API_BASE", "http://sEcReT:sEcReT@[host", "http://"),
    ("DISCORD_API_BASE", "https://discord.com/sEcReT", "/api/v10"),
    ("ARXIV_API_BASE", "ftp://sEcReT", "http://"),
    ("ARXIV_RSS_BASE", "https://", "http://"),
    ("HF_API_BASE", "sEcReT.co", "http://"),
    ("DATABASE_URL", "mysql://u:sEcReT@host/db", "postgresql://"),
    ("DATABASE_URL", "postgresql://u:p/sEcReT@host/db", "%2F"),
    ("DATABASE_URL", "postgresql://u:p@host:sEcReT/db", "host:5432"),
    ("DATABASE_URL", "postgresql://u:p@host/db?options=sEcReT", "sslmode"),
    ("DATABASE_URL", "sqlite://", "file"),
    ("DATABASE_URL", "sqlite:///:memory:", "file"),
    ("REDIS_URL", "http://:sEcReT@host", "redis://"),
    ("REDIS_URL", "redis://:pass@host:sEcReT/0", "redis://"),
    ("ARXIV_CATEGORIES", "cs.LG,sEcReT!", "cs.LG"),
    ("ARXIV_CATEGORIES", ",", "cs.LG"),
    ("PORT", "sEcReT", "integer"),
    ("PORT", "70000", "less than"),
    ("TELEGRAM_WEBHOOK_LISTEN", "sEcReT", "host:port"),
    ("TELEGRAM_WEBHOOK_LISTEN", "127.0.0.1:99999", "host:port"),
    ("TELEGRAM_WEBHOOK_SECRET", "sEcReT!", "A-Z"),
    ("TEXT_ENCODER", "sEcReT", "'static', 'neural' or 'lsa'"),
    ("LOG_FORMAT", "sEcReT", "'console' or 'json'"),
    ("CONTACT", "sEcReT@müller.example", "ASCII"),
    ("CONTACT", "a\nsEcReT: b", "ASCII"),
]


@pytest.mark.parametrize(("name", "value", "expected"), WRONG)
def test_a_wrong_value_stops_the_start_with_its_name_and_is_never_repeated(
    given, name, value, expected
):
    with pytest.raises(WrongSetting) as wrong:
        given(**{name: value})
    (line,) = str(wrong.value).splitlines()
    assert line.startswith(f"{name}: expected ")
    assert expected in line
    assert "sEcReT" not in line


def test_a_file_of_settings_is_read_with_and_without_the_mark_of_windows(given, tmp_path):
    for mark in ("", "\ufeff"):
        (tmp_path / ".env").write_text(f"{mark}CONTACT=ada@example.org\n", "utf-8")
        assert given().contact == "ada@example.org"


def test_a_file_of_settings_in_another_encoding_stops_the_start_and_says_so(given, tmp_path):
    (tmp_path / ".env").write_text("CONTACT=sEcReT\n", "utf-16")
    with pytest.raises(WrongSetting) as wrong:
        given()
    assert str(wrong.value) == ".env: expected a text in UTF-8; save it anew as one"


def test_a_name_in_the_file_that_is_no_setting_can_be_told(given, tmp_path):
    lines = ("TELEGRAM_TOKN=1:a", "CONTACT=ada@example.org", "1:sEcReT", "sEcReT.a=b", "sEcReT")
    (tmp_path / ".env").write_text("\n".join(lines), "utf-8")
    assert given().telegram_token is None
    assert unknown_names() == ["TELEGRAM_TOKN"]


def test_several_wrong_values_are_told_at_once(given):
    with pytest.raises(WrongSetting) as wrong:
        given(PORT="x", LOG_FORMAT="y", TELEGRAM_TOKEN="z")
    names = {line.split(":")[0] for line in str(wrong.value).splitlines()}
    assert names == {"PORT", "LOG_FORMAT", "TELEGRAM_TOKEN"}


def test_operators_are_accounts_of_platforms(given):
    assert given().operators == ()
    assert given(OPERATORS="telegram:123, discord:456").operators == (
        ("telegram", "123"),
        ("discord", "456"),
    )


@pytest.mark.parametrize("value", ["123", "telegram:@ada", "signal:1", "telegram:1:2"])
def test_who_operates_is_named_by_numbers(given, value):
    with pytest.raises(WrongSetting, match="OPERATORS: expected accounts such as telegram:123"):
        given(OPERATORS=value)


def test_a_webhook_needs_its_secret(given):
    with pytest.raises(WrongSetting, match="TELEGRAM_WEBHOOK_SECRET: needed"):
        given(TELEGRAM_WEBHOOK_URL="https://bot.example.org/hook")


@pytest.mark.parametrize("url", ["bot.example.org", "https://", "http://bot.example.org"])
def test_telegram_calls_no_webhook_without_https(given, url):
    with pytest.raises(WrongSetting, match="TELEGRAM_WEBHOOK_URL: expected"):
        given(TELEGRAM_WEBHOOK_URL=url, TELEGRAM_WEBHOOK_SECRET="s")


def test_a_bot_api_server_of_ones_own_may_call_a_webhook_by_http(given):
    settings = given(
        TELEGRAM_WEBHOOK_URL="http://127.0.0.1:9000/",
        TELEGRAM_WEBHOOK_SECRET="s",
        TELEGRAM_API_BASE="http://127.0.0.1:8081",
    )
    assert settings.telegram_webhook_url == "http://127.0.0.1:9000/"


@pytest.mark.parametrize(
    ("given_url", "ours"),
    [
        ("postgres://u:p@host/db", "postgresql+asyncpg://u:p@host/db"),
        ("postgresql://u:p@host:5433/db", "postgresql+asyncpg://u:p@host:5433/db"),
        ("postgresql+asyncpg://u@host/db", "postgresql+asyncpg://u@host/db"),
        ("postgres://u:p@host/db?sslmode=require", "postgresql+asyncpg://u:p@host/db?ssl=require"),
        (
            "postgresql://u:p@host/db?sslmode=verify-full&channel_binding=require",
            "postgresql+asyncpg://u:p@host/db?ssl=verify-full",
        ),
        ("sqlite:///near.db", "sqlite+aiosqlite:///near.db"),
        ("sqlite:////far/away.db", "sqlite+aiosqlite:////far/away.db"),
    ],
)
def test_the_addresses_that_hosts_hand_out_become_our_drivers(given, given_url, ours):
    assert given(DATABASE_URL=given_url).database == ours


def test_without_an_address_the_database_is_a_file_in_data_dir(given, tmp_path):
    assert given(DATA_DIR="kept").database == f"sqlite+aiosqlite:///{tmp_path}/kept/paperlark.db"


def test_a_home_folder_may_be_written_with_a_tilde(given, monkeypatch):
    monkeypatch.setenv("HOME", "/home/somebody")
    assert str(given(DATA_DIR="~/paperlark").data_dir) == "/home/somebody/paperlark"


def test_a_host_that_sets_the_port_is_listened_to_from_everywhere(given):
    assert given().webhook_listen == ("127.0.0.1", 8080)
    assert given(TELEGRAM_WEBHOOK_LISTEN="10.0.0.1:9000").webhook_listen == ("10.0.0.1", 9000)
    assert given(PORT="5000").webhook_listen == ("0.0.0.0", 5000)


def test_lists_are_separated_by_commas_and_hold_nothing_twice(given):
    settings = given(ARXIV_CATEGORIES="cs.LG,math.ST,cs.LG")
    assert settings.arxiv_categories == ("cs.LG", "math.ST")


def test_an_empty_value_is_as_good_as_none(given):
    settings = given(TELEGRAM_TOKEN="", DATABASE_URL="", PORT="")
    assert settings.telegram_token is None
    assert settings.port is None


def test_a_trailing_slash_never_matters(given):
    settings = given(
        TELEGRAM_API_BASE="http://127.0.0.1:1/", DISCORD_API_BASE="http://127.0.0.1:1/api/v10/"
    )
    assert settings.telegram_api_base == "http://127.0.0.1:1"
    assert settings.discord_api_base == "http://127.0.0.1:1/api/v10"


def test_settings_that_are_printed_show_no_secret(given):
    settings = given(
        TELEGRAM_TOKEN=TOKEN,
        DISCORD_TOKEN="discord-token",
        DATABASE_URL="postgresql://u:pass%2Fword@host/db",
        REDIS_URL="redis://:redis-word@host/0",
    )
    for secret in (TOKEN, "discord-token", "pass%2Fword", "redis-word"):
        assert secret not in repr(settings)
        assert secret in settings.secrets
    assert "pass/word" in settings.secrets

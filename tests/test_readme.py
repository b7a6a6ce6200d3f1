"""The readme tells the truth about settings, commands and files."""

import re
from pathlib import Path

import pytest
import typer.main

from bot.__main__ import app
from bot.conversation.commands import COMMANDS
from bot.settings import Settings
from bot.wiring import METRICS_OFFSETS, Role

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def documented_settings() -> dict[str, tuple[str, str]]:
    rows = re.findall(r"^\| `([A-Z_]+)` \| (.*?) \| (.*) \|$", README, re.MULTILINE)
    return {name: (default, meaning) for name, default, meaning in rows}


def test_every_setting_is_documented_and_nothing_else_is():
    assert list(documented_settings()) == [name.upper() for name in Settings.model_fields]


@pytest.mark.parametrize("name", Settings.model_fields)
def test_the_readme_gives_a_settings_default_and_meaning(name):
    default, meaning = documented_settings()[name.upper()]
    field = Settings.model_fields[name]
    value = ",".join(field.default) if isinstance(field.default, tuple) else field.default
    assert default == (f"`{value}`" if value else "")
    assert meaning == field.description


def test_every_command_of_the_conversation_is_documented():
    told = set(re.findall(r"^\| `/([a-z]+)", README, re.MULTILINE))
    assert told == {command.name for command in COMMANDS}


def test_every_command_of_the_command_line_is_documented():
    commands = set(typer.main.get_command(app).commands)
    rows = "\n".join(re.findall(r"^\| (`paperlark .*?) \|", README, re.MULTILINE))
    told = set(re.findall(r"`(?:paperlark )?([a-z]+)(?: (?:--)?[A-Za-z]+)*`", rows))
    assert told == commands


def test_the_operators_page_gives_every_parts_port():
    page = (ROOT / "docs" / "monitoring.md").read_text("utf-8")
    told = dict(re.findall(r"^\| `paperlark (\w+)(?: --loop)?` \| \+ (\d)", page, re.MULTILINE))
    named = {Role.TRAINER: "retrain"}
    assert told == {named.get(r, r.value): str(n) for r, n in METRICS_OFFSETS.items()}


def test_the_operators_page_names_every_figure():
    page = (ROOT / "docs" / "monitoring.md").read_text("utf-8")
    rooms = [(ROOT / "bot" / name).read_text("utf-8") for name in ("metrics.py", "monitor.py")]
    figures = set(re.findall(r'"(paperlark_\w+)"', "".join(rooms)))
    assert figures == {
        name.removesuffix("_total")
        for name in re.findall(r"^\| `(paperlark_\w+)", page, re.MULTILINE)
    }


@pytest.mark.parametrize("path", re.findall(r"(?:\]\(|src=\")([A-Za-z][\w./-]*)[)\"]", README))
def test_every_file_that_the_readme_points_to_is_there(path):
    assert (ROOT / path).exists()


def test_the_procfile_starts_only_commands_that_exist():
    commands = set(typer.main.get_command(app).commands)
    lines = (ROOT / "Procfile").read_text("utf-8").splitlines()
    assert {line.split()[2] if line.split()[1] == "paperlark" else "" for line in lines} <= commands


def test_the_changelog_has_no_line_longer_than_the_code_has():
    lines = (ROOT / "CHANGELOG.md").read_text("utf-8").splitlines()
    assert [line for line in lines if len(line) > 100] == []

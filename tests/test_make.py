"""What `make` says before there is anything to run."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
NEEDED = ("Makefile", "build_venv.py", "pyproject.toml", "constraints.txt")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with what `make` begins from, and no environment."""
    for name in NEEDED:
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def made(folder: Path, *arguments: str) -> tuple[int, str]:
    """Return the status of `make` and all it said."""
    done = subprocess.run(
        ["make", *arguments],
        cwd=folder,
        env={"PATH": os.environ["PATH"]},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize("target", ["run", "test", "doctor"])
def test_without_python_it_says_what_to_install(checkout, target):
    status, said = made(checkout, target, "PYTHON=")
    assert status != 0
    assert said.startswith("paperlark: there is no Python; install 3.11 or newer")
    assert not (checkout / ".venv").exists()


def test_help_lists_every_target(checkout):
    targets = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    phony = re.findall(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert sorted(targets) == sorted(phony[0].split())
    status, said = made(checkout, "help")
    assert status == 0
    assert [line.split()[1] for line in said.splitlines()] == targets

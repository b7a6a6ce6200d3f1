"""What is installed elsewhere is whole: packages, files, what they import, and its versions."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from fnmatch import fnmatch
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
ROOMS = ("bot", "storage", "recommender")
NOT_READ = ("*.py", "*.pyc", "*.md", "*.po")  # by the program as it runs
# Whole parts that are there, or not, with something declared.
COMES_WITH = {"tornado": "python-telegram-bot[webhooks]", "loguru": "fastembed"}


def named(name: str) -> str:
    """Return a distribution's name as everybody spells it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def declared() -> dict[str, list[Requirement]]:
    """Return what is asked for: by the product, by each extra, and by developers."""
    project = PROJECT["project"]
    asked = {"": project["dependencies"], **project["optional-dependencies"]}
    asked |= PROJECT["dependency-groups"]
    return {of: [Requirement(line) for line in lines] for of, lines in asked.items()}


def imported() -> Iterator[tuple[str, str]]:
    """Yield what the product imports from elsewhere, and where."""
    for path in (path for room in ROOMS for path in (ROOT / room).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level and node.module:
                names = [node.module]
            for top in {name.partition(".")[0] for name in names}:
                if top not in sys.stdlib_module_names and top not in ROOMS:
                    yield top, str(path.relative_to(ROOT))


def closure(asked: Iterable[Requirement]) -> set[str]:
    """Return the names of all that comes with these, as far as it is installed here."""
    found, waiting = set[str](), [(one, "") for one in asked]
    while waiting:
        one, extra = waiting.pop()
        if one.marker and not one.marker.evaluate({"extra": extra}):
            continue
        try:
            brings = requires(one.name) or []
        except PackageNotFoundError:
            continue
        is_new = named(one.name) not in found
        found.add(named(one.name))
        for inner in one.extras or ([""] if is_new else []):
            waiting += [(Requirement(line), inner) for line in brings]
    return found


def test_every_package_is_packed():
    there = {path.parent for room in ROOMS for path in (ROOT / room).rglob("__init__.py")}
    names = {".".join(path.relative_to(ROOT).parts) for path in there}
    assert names == set(PROJECT["tool"]["setuptools"]["packages"])


def test_every_file_that_the_program_reads_is_packed():
    packed = [
        f"{package.replace('.', '/')}/{pattern}"
        for package, patterns in PROJECT["tool"]["setuptools"]["package-data"].items()
        for pattern in patterns
    ]
    read = [
        str(path.relative_to(ROOT))
        for room in ROOMS
        for path in (ROOT / room).rglob("*")
        if path.is_file() and not any(fnmatch(path.name, kind) for kind in NOT_READ)
    ]
    assert any(path.endswith(".mo") for path in read)
    assert [path for path in read if not any(fnmatch(path, wanted) for wanted in packed)] == []


def test_everything_that_is_imported_is_declared():
    product = {of: lines for of, lines in declared().items() if of != "dev"}
    names = {named(line.name) for lines in product.values() for line in lines}
    comes_from = packages_distributions()
    missing = {
        (module, path)
        for module, path in imported()
        if module not in COMES_WITH
        # What is not installed here is named as it is imported: fastembed, pyspark.
        and not names & {named(name) for name in comes_from.get(module, [module])}
    }
    assert missing == set()


@pytest.mark.parametrize("of", declared())
def test_the_version_of_everything_is_pinned(of):
    lines = (ROOT / "constraints.txt").read_text("utf-8").split()
    pinned = {named(line.partition("==")[0]) for line in lines if "==" in line}
    asked = {named(line.name) for line in declared()[of]}
    assert (asked | closure(declared()[of])) - pinned == set()

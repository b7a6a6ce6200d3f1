"""Build the environment with nothing but Python's own library: what `make` calls first.

uv inside the environment makes this seconds instead of a minute; where it cannot be had,
pip does the same. Versions come from constraints.txt, addresses from the machine's settings.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
OLDEST = (3, 11)
FINISHED = ".finished"  # a file in the environment, written last: the folder it was made in


def main(folder: str, *options: str) -> int:
    """Return the exit status: 0 when the environment stands."""
    venv = HERE / folder
    with_spark = "--spark" in options
    if with_spark and not (os.environ.get("JAVA_HOME") or shutil.which("java")):
        say("Spark needs Java 17 or newer; on Debian: apt-get install openjdk-17-jre-headless")
        return 1
    if not os.access(HERE, os.W_OK):
        say(f"{HERE} cannot be written to; clone Paperlark where you may write, and try again.")
        return 1
    try:
        make_venv(venv)
        say("installing what Paperlark needs (once, about 100 MB) …")
        (venv / FINISHED).unlink(missing_ok=True)
        install(venv, dev="--dev" in options, extra="[spark]" if with_spark else "")
        lend_openmp(venv)
        (venv / FINISHED).write_text(str(venv))
    except subprocess.CalledProcessError as error:
        say(f"could not build {folder}: {error.cmd[-1]} ended with status {error.returncode}.")
        say("Is the package registry reachable? The next `make` tries again.")
        return 1
    except KeyboardInterrupt:
        say("stopped; the next `make` builds it anew.")
        return 130
    return 0


def make_venv(venv: Path) -> None:
    """Make the environment unless it is there, whole and in its place."""
    if is_whole(venv):
        return
    say(f"making {venv.name} with Python {sys.version.split()[0]} …")
    shutil.rmtree(venv, ignore_errors=True)
    try:
        import ensurepip  # noqa: F401  # Debian's Python comes without it
        import venv as _  # noqa: F401
    except ImportError:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise SystemExit(
            f"paperlark: this Python has no venv; on Debian: apt-get install python{version}-venv"
        ) from None
    subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)


def is_whole(venv: Path) -> bool:
    """Return whether it was finished, in this very folder, and its Python is still there.

    Nothing less will do: an installation that was cut off may leave half a program behind,
    and scripts of an environment that was moved point to its old place.
    """
    finished = venv / FINISHED
    return (
        finished.exists()
        and finished.read_text() == str(venv)
        and run_quietly(str(venv / "bin" / "python"), "-m", "pip", "--version")
    )


def install(venv: Path, *, dev: bool, extra: str = "") -> None:
    """Install Paperlark, editable, and its pinned dependencies; extra: such as `[spark]`."""
    python = str(venv / "bin" / "python")
    wanted = ["--constraint", str(HERE / "constraints.txt"), "--editable", f"{HERE}{extra}"]
    if dev:
        wanted += development_group()
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if run_quietly(*pip, "--constraint", str(HERE / "constraints.txt"), "uv"):
        uv = [str(venv / "bin" / "uv"), "pip", "install", "--quiet", "--python", python]
        # What uv could not do pip may: it looks for certificates in other places, for one. So
        # only pip's complaints, which come last, are for people.
        if run_quietly(*uv, "--compile-bytecode", *wanted):
            return
        say("uv could not; trying pip, which takes a minute …")
    subprocess.run([*pip, *wanted], check=True)


def lend_openmp(venv: Path) -> None:
    """Where the system has no OpenMP library, put scikit-learn's own where `make` finds it.

    implicit's wheel wants the system's libgomp.so.1, which slim images lack; scikit-learn's
    brings one along under another name. Without either the bot runs on text alone.
    """
    folder = venv / "lib" / "openmp"
    shutil.rmtree(folder, ignore_errors=True)
    if run_quietly(sys.executable, "-c", "import ctypes; ctypes.CDLL('libgomp.so.1')"):
        return
    brought = sorted(venv.glob("lib/python*/site-packages/scikit_learn.libs/libgomp*.so*"))
    if brought:
        folder.mkdir(parents=True)
        (folder / "libgomp.so.1").symlink_to(brought[0])


def development_group() -> list[str]:
    """Return what pyproject.toml's group `dev` names; pip before 25.1 cannot read groups."""
    import tomllib  # not at the top: an older Python must get as far as being told so

    with (HERE / "pyproject.toml").open("rb") as file:
        return list(tomllib.load(file)["dependency-groups"]["dev"])


def run_quietly(*command: str) -> bool:
    """Return whether a command could be run and succeeded."""
    try:
        return subprocess.run(command, capture_output=True).returncode == 0
    except OSError:
        return False


def say(words: str) -> None:
    print(f"paperlark: {words}", flush=True)


if __name__ == "__main__":
    if sys.version_info < OLDEST:
        raise SystemExit(
            f"paperlark: Python 3.11 or newer is needed, this is {sys.version.split()[0]}; "
            "name another with make PYTHON=/path/to/python3.11"
        )
    raise SystemExit(main(*sys.argv[1:]))

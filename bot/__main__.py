"""The command line: `paperlark …`, also `python -m bot …`.

Only this module reads the settings; heavy rooms are imported by the command that needs them,
so that `--help` answers at once.
"""

import asyncio
import os
import sys
from collections.abc import Coroutine
from datetime import date
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Annotated, Any, Literal

# python-telegram-bot: durations as timedelta, its coming default; read at import.
os.environ.setdefault("PTB_TIMEDELTA", "1")

import typer

from bot.commands.bench import bench_app
from bot.settings import Settings, WrongSetting, load

app = typer.Typer(
    name="paperlark",
    help="A chat bot that recommends research papers and learns from every like and skip.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(bench_app, name="bench", help="Measure this machine; nobody's data is touched.")


def _settings() -> Settings:
    try:
        return load()
    except WrongSetting as wrong:
        typer.echo(f"Paperlark cannot start, a setting is wrong:\n{wrong}", err=True)
        typer.echo("Correct it in the environment or in .env; README.md lists all.", err=True)
        raise typer.Exit(2) from None


def _serve(*roles: str, chat: bool = False) -> None:
    # Answers are small products: a second BLAS thread costs more than it brings, and
    # spins while another process needs the core.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    settings = _settings()
    if chat and sys.stdout.isatty():
        typer.secho("Opening Paperlark …", dim=True)  # two seconds, more on a slow machine
    from bot import ending
    from bot.wiring import Role, serve

    wanted = frozenset(map(Role, roles))
    raise typer.Exit(ending.run(lambda stop: serve(settings, wanted, stop, chat=chat)))


@app.command()
def chat() -> None:
    """Chat in the terminal; platforms with a token start beside it."""
    _serve("telegram", "discord", "scheduler", "ingest", "trainer", chat=True)


@app.command()
def run() -> None:
    """The whole service in one process: platforms, daily push, ingest and nightly training."""
    _serve("telegram", "discord", "scheduler", "ingest", "trainer")


@app.command()
def telegram() -> None:
    """Only the conversation on Telegram."""
    _serve("telegram")


@app.command()
def discord() -> None:
    """Only the conversation on Discord."""
    _serve("discord")


@app.command()
def scheduler() -> None:
    """Only the daily push, to every platform with a token."""
    _serve("scheduler")


@app.command()
def ingest(
    once: Annotated[bool, typer.Option("--once", help="Ask every source once and end.")] = False,
) -> None:
    """Only the intake of new papers."""
    if not once:
        _serve("ingest")
    settings = _settings()
    from bot import ending
    from bot.once import ingest_once

    raise typer.Exit(ending.run(lambda stop: ingest_once(settings, stop)))


@app.command()
def retrain(
    loop: Annotated[bool, typer.Option("--loop", help="Stay, and train whenever it pays.")] = False,
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            help="Publish the model even when it is significantly worse than the live one on "
            "recent feedback, which is refused otherwise.",
        ),
    ] = False,
    rollback: Annotated[
        bool,
        typer.Option(
            "--rollback",
            help="Train nothing: make the model live again that was so before. Three are kept.",
        ),
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Log to a file, print nothing.")] = False,
    with_parent: Annotated[
        bool,
        typer.Option("--with-parent", hidden=True, help="End when standard input does."),
    ] = False,
) -> None:
    """Train a model on all feedback, compare it with the live one, and publish it."""
    if loop + force + rollback > 1:
        raise typer.BadParameter("--loop, --force and --rollback exclude each other")
    if loop:
        _serve("trainer")
    if with_parent:  # a child of a process that keeps BLAS to one thread; training may use all
        os.environ.pop("OPENBLAS_NUM_THREADS", None)
    settings = _settings()
    from bot import ending
    from bot.once import retrain_once, roll_back_once

    if rollback:
        raise typer.Exit(ending.run(lambda stop: roll_back_once(settings, stop)))

    def program(stop: asyncio.Event) -> Coroutine[Any, Any, int]:
        if with_parent:
            ending.with_input(stop)
        return retrain_once(settings, stop, quiet=quiet, force=force)

    raise typer.Exit(ending.run(program))


@app.command()
def migrate() -> None:
    """Bring the database up to this release."""
    settings = _settings()
    from bot import ending
    from bot.once import migrate_once

    raise typer.Exit(ending.run(lambda stop: migrate_once(settings, stop)))


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="Where to write it; an older one is replaced.")],
) -> None:
    """Write everything that is kept, models included, into one file; the bot may be running."""
    from bot.commands import care

    raise typer.Exit(care.back_up(_settings(), file))


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="What `paperlark backup` wrote, on any database.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="What the database holds now may go.")
    ] = False,
) -> None:
    """Fill the database and DATA_DIR from a backup; stop the bot first."""
    from bot.commands import care

    raise typer.Exit(care.restore(_settings(), file, may_replace=replace))


@app.command()
def doctor() -> None:
    """Check settings, database, Redis, tokens and sources, and say what to do."""
    settings = _settings()
    from bot.commands.doctor import run as examine

    raise typer.Exit(asyncio.run(examine(settings)))


@app.command()
def evaluate(
    folder: Annotated[
        Path, typer.Argument(help="A benchmark: papers, train, validation and test.")
    ],
    protocol: Annotated[
        Literal["cold", "few-shot", "warm", "overall", "all"],
        typer.Option(help="New papers, new readers, rated papers, or both kinds in one list."),
    ] = "all",
    encoder: Annotated[
        Literal["static", "neural", "lsa", "file"],
        typer.Option(help="What turns text into vectors; file: the folder's embeddings.f16.npy."),
    ] = "static",
    seed: Annotated[int, typer.Option(min=0, help="Decides whatever chance decides.")] = 0,
    seeds: Annotated[
        str | None,
        typer.Option(metavar="0,1,2", help="The medians of runs with these seeds."),
    ] = None,
    encoders: Annotated[
        str | None,
        typer.Option(metavar="static,file", help="With --seeds: of each of these encoders."),
    ] = None,
    json: Annotated[
        Path | None, typer.Option(metavar="OUT", help="Write all figures to this file.")
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(metavar="OUT.png", help="Draw the learning curve; needs matplotlib."),
    ] = None,
    baselines: Annotated[bool, typer.Option(help="Compare with other methods.")] = True,
    make_warm: Annotated[
        Path | None,
        typer.Option(
            metavar="OUT",
            help="Only write a folder in which a tenth of train is test, for warm and overall.",
        ),
    ] = None,
) -> None:
    """Measure on a benchmark folder how good the picks are, beside other methods."""
    from bot.commands import evaluate as evaluating
    from storage.encoders import FOLDER

    if make_warm is not None:
        raise typer.Exit(evaluating.make_warm(folder, make_warm, seed))
    if seeds is not None:
        from bot.commands import evaluate_seeds

        if plot is not None:
            raise typer.BadParameter("--plot: expected one run, without --seeds")
        each = (encoders or encoder).split(",")
        series = evaluate_seeds.Series(folder, protocol, each, _seeds(seeds), baselines, json)
        raise typer.Exit(evaluate_seeds.run(series))
    wanted = evaluating.EVERY if protocol == "all" else (protocol,)
    # Only the neural encoder keeps anything, in DATA_DIR; the others need no settings at all.
    kept = _settings().data_dir / FOLDER if encoder == "neural" else folder
    wish = evaluating.Wish(folder, wanted, encoder, kept, seed, baselines, json, plot)
    raise typer.Exit(evaluating.run(wish))


def _seeds(words: str) -> list[int]:
    found = [int(word) for word in words.split(",") if word.strip().isdecimal()]
    if not found or len(found) != len(words.split(",")):
        raise typer.BadParameter("expected whole numbers such as 0,1,2")
    return found


def _day(words: str) -> date:
    try:
        return date.fromisoformat(words)
    except ValueError:
        raise typer.BadParameter("expected a day such as 2026-03-02") from None


@app.command()
def trace(
    user: Annotated[str, typer.Argument(help="A user's number, or telegram:ID or discord:ID.")],
    day: Annotated[str, typer.Argument(help="The reader's day, such as 2026-03-02.")],
) -> None:
    """Print each step of one reader's digest, or why there was none."""
    wanted, settings = _day(day), _settings()
    from bot.commands import trace as tracing

    raise typer.Exit(tracing.trace(settings, user, wanted))


@app.command()
def deliveries(
    day: Annotated[str, typer.Option(help="The readers' day, such as 2026-03-02.")],
) -> None:
    """Count the digests of a day by how they ended or stand."""
    wanted, settings = _day(day), _settings()
    from bot.commands import trace as tracing

    raise typer.Exit(tracing.count(settings, wanted))


@bench_app.command("due")
def bench_due(
    readers: Annotated[int, typer.Option(min=1, help="Readers due in the same minute.")] = 10_000,
    papers: Annotated[int, typer.Option(min=1, help="Papers of the last seven days.")] = 2000,
    opinions: Annotated[
        int, typer.Option(min=0, max=300, help="Papers each reader liked or skipped.")
    ] = 10,
    processes: Annotated[int, typer.Option(min=1, help="Schedulers that share the work.")] = 2,
) -> None:
    """Claim, rank and write down a digest for many readers, on a database of the bench's own."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    settings = _settings()
    from bot.commands.bench_due import run

    raise typer.Exit(run(settings, readers, papers, opinions, processes))


@bench_app.command("push")
def bench_push(
    readers: Annotated[int, typer.Option(min=2, max=5_000, help="Digests in a round.")] = 500,
    rounds: Annotated[int, typer.Option(min=1, max=20, help="Rounds without limits.")] = 7,
    limited: Annotated[
        int, typer.Option(min=1, max=3_000, help="Digests under Telegram's limits.")
    ] = 300,
) -> None:
    """How fast digests reach a local Bot API, beside a bare loop of the same requests."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    settings = _settings()
    from bot.commands.bench_push import Sizes, run

    raise typer.Exit(run(settings, Sizes(readers, rounds, limited)))


@app.command()
def replay(
    file: Annotated[
        Path, typer.Argument(metavar="FILE.jsonl.gz", help="Papers, with the day of each.")
    ],
    seed: Annotated[
        list[int], typer.Option(min=0, help="Decides days and readers; may be given repeatedly.")
    ] = [0, 1, 2],  # noqa: B006 (typer copies it)
    readers: Annotated[
        int, typer.Option(min=1, max=10_000, help="Simulated readers of each interest.")
    ] = 20,
    encoder: Annotated[
        Literal["static", "lsa"], typer.Option(help="What turns text into vectors.")
    ] = "static",
    json: Annotated[
        Path | None, typer.Option(metavar="OUT", help="Write all figures to this file.")
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(metavar="OUT.png", help="Draw the share over digests; needs matplotlib."),
    ] = None,
) -> None:
    """Replay past announcement days: the first ten digests of simulated readers."""
    from bot.commands import replay as replaying

    raise typer.Exit(replaying.run(replaying.Wish(file, seed, readers, encoder, json, plot)))


@app.command()
def commands() -> None:
    """Print the reference of what readers can say, in Markdown."""
    from bot.conversation.reference import reference

    typer.echo(reference(), nl=False)


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(installed_version("paperlark"))


def main() -> None:
    """Entry point of the console script."""
    # A pipe that is closed early (`paperlark doctor | head`) is not an error of ours.
    try:
        app()
    except BrokenPipeError:
        sys.stderr.close()
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()

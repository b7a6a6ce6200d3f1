"""`paperlark bench …`: measurements that bring what they measure against, and end by themselves."""

from typing import Annotated

import typer

bench_app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)


@bench_app.callback()
def bench() -> None:
    """Measure this machine; nobody's data is touched."""


@bench_app.command()
def taps(
    database: Annotated[
        str | None,
        typer.Option(metavar="URL", help="An empty PostgreSQL database instead of a new file."),
    ] = None,
    count: Annotated[int, typer.Option(min=200, max=20_000, help="Taps in a round.")] = 4_000,
) -> None:
    """How many taps are stored in a second, beside bare inserts of the same rows."""
    from bot.commands import bench_taps

    raise typer.Exit(bench_taps.run(database, count))

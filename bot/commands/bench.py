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


@bench_app.command()
def recommender(
    users: Annotated[int, typer.Option(min=1, help="Readers to serve.")] = 1_000_000,
    papers: Annotated[int, typer.Option(min=1_000, help="Papers in the catalogue.")] = 100_000,
    new: Annotated[int, typer.Option(min=20, help="Of them new, and candidates.")] = 500,
    seconds: Annotated[
        float, typer.Option(min=0, help="How long to measure; the rest is inferred.")
    ] = 60.0,
) -> None:
    """How long picks for many readers take, beside the bare product they rest on."""
    from bot.commands import bench_recommender

    if new > papers // 2:
        typer.echo("--new: expected at most half of --papers", err=True)
        raise typer.Exit(2)
    sizes = bench_recommender.Sizes(users, papers, new, seconds)
    raise typer.Exit(bench_recommender.run(sizes))

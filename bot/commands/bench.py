"""`paperlark bench …`: how fast the parts are on this machine."""

import typer

bench_app = typer.Typer(no_args_is_help=True, help="Measure how fast the parts are here.")

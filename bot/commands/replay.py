"""`paperlark replay`: past announcement days again, for simulated readers.

Reading, choosing and judging are the recommender's; here are files and the screen.
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from threadpoolctl import threadpool_limits

from bot.commands import benchmark_files, replay_report
from bot.commands.replay_report import Found
from recommender import replay
from recommender.encoder import EncoderUnavailable
from recommender.encoder import load as load_encoder
from recommender.evaluation import MalformedBenchmark
from recommender.replay import DIGESTS, Announced, Interests

SEEDS = (0, 1, 2)
READERS = 20


@dataclass(frozen=True)
class Wish:
    """What to replay, and how. readers: of each interest."""

    file: Path
    seeds: Sequence[int] = SEEDS
    readers: int = READERS
    encoder: str = "static"
    json: Path | None = None
    plot: Path | None = None


def run(wish: Wish, console: Console | None = None) -> int:
    """Replay, print and write; return the exit status: 2 for a file that cannot be used."""
    # A file or a pipe has no width of its own, and a table must not be squeezed into 80.
    width = None if sys.stdout.isatty() else 150
    console = console or Console(highlight=False, width=width)
    if (wrong := _wrong(wish)) is not None:
        _say(console, wrong)
        return 2
    try:
        announced = replay.parse(benchmark_files.lines(wish.file), wish.file.name)
        found = _Replays(announced, replay.fields(announced), wish).all()
    except (MalformedBenchmark, EncoderUnavailable) as wrong:
        _say(console, str(wrong))
        return 2
    for one in found:
        console.print(replay_report.drawn(one))
    for sentence in replay_report.notes(announced):
        console.print(sentence, markup=False, soft_wrap=True, style="dim")
    if wish.json:
        wish.json.write_text(json.dumps(_report(wish, announced, found), indent=1) + "\n")
    if wish.plot:
        replay_report.draw(found, wish.plot)
    return 0


def _wrong(wish: Wish) -> str | None:
    """Return what could not be read or written in the end, before minutes are spent on it."""
    if not wish.file.is_file():
        return f"{wish.file}: expected a file"
    for out in (wish.json, wish.plot):
        if out and (out.is_dir() or not out.absolute().parent.is_dir()):
            return f"{out}: expected a file in a folder that is there"
    if len(set(wish.seeds)) < len(wish.seeds):
        return "--seed: expected each seed once"
    if wish.plot and not replay_report.can_draw():
        return "--plot: expected matplotlib to be installed; pip install 'paperlark[plot]'"
    return None


def _say(console: Console, sentence: str) -> None:
    # A path may hold brackets, and one sentence is one line.
    console.print(sentence, style="red", markup=False, soft_wrap=True)


@dataclass(frozen=True)
class _Replays:
    announced: Announced
    fields: Interests
    wish: Wish = field(repr=False)

    def all(self) -> list[Found]:
        seeds = self.wish.seeds
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        console = Console(stderr=True)
        with Progress(*columns, TimeElapsedColumn(), console=console, transient=True) as progress:
            bar = progress.add_task("finding clusters", total=2 * DIGESTS * len(seeds))
            # As in the bot: products are small, and BLAS threads would wait for each other.
            with threadpool_limits(1, "blas"):
                kinds = [
                    [self.fields] * len(seeds),
                    replay.clusters(self.announced, seeds),
                ]
                return [self._found(asked, progress, bar) for asked in kinds]

    def _found(self, asked: Sequence[Interests], progress: Progress, bar: Any) -> Found:
        encoder = load_encoder(self.wish.encoder, self.wish.file.parent)
        scores = []
        for seed, interests in zip(self.wish.seeds, asked, strict=True):
            progress.update(bar, description=f"{interests.kind}, seed {seed}")
            scores.append(
                replay.play(
                    self.announced,
                    interests,
                    encoder,
                    self.wish.readers,
                    seed,
                    lambda: progress.advance(bar),
                )
            )
        return Found(asked, self.wish.seeds, scores)


def _report(wish: Wish, announced: Announced, found: Sequence[Found]) -> dict[str, Any]:
    return {
        "file": wish.file.name,
        "papers": len(announced.papers),
        "days": len(np.unique(announced.days)),
        "encoder": wish.encoder,
        "seeds": list(wish.seeds),
        "readers_of_each_interest": wish.readers,
        "upvotes_are_made_up": not announced.has_upvotes,
        "replays": [replay_report.as_json(one) for one in found],
    }

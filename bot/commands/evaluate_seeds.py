"""`paperlark evaluate --seeds 0,1,2`: the medians of several runs, with one encoder or more.

Each run is a process of its own, so that seconds and memory are what one evaluation costs, and
nothing of one run is left in the next.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table as Drawn

from bot.commands import evaluation_table
from bot.commands.evaluate import screen
from bot.commands.evaluation_table import Line, Table
from recommender.contenders import Kind
from recommender.protocols import few_shot_name

Report = Mapping[str, Any]


@dataclass(frozen=True)
class Series:
    """What to evaluate. protocol: as the command line has it. options: for every run."""

    folder: Path
    protocol: str
    encoders: Sequence[str]
    seeds: Sequence[int]
    baselines: bool = True
    json: Path | None = None


def run(series: Series, console: Console | None = None) -> int:
    """Evaluate, print the medians and write them; return the exit status of the first run that
    failed, whose words stand on the screen, or 0."""
    console = console or screen()
    found: dict[str, list[Table]] = {}
    for encoder in series.encoders:
        reports = list[Report]()
        for seed in series.seeds:
            with tempfile.TemporaryDirectory() as folder:
                out = Path(folder) / "figures.json"
                finished = subprocess.run(
                    _command(series, encoder, seed, out), stdout=subprocess.PIPE, text=True
                )
                if finished.returncode:
                    console.print(finished.stdout, markup=False, end="")
                    return finished.returncode
                reports.append(json.loads(out.read_text()))
        found[encoder] = medians(reports)
    told = "seed" if len(series.seeds) == 1 else "medians of the seeds"
    console.print(f"{told} {', '.join(map(str, series.seeds))}; ± is half a median interval\n")
    for encoder, tables in found.items():
        for table in tables:
            if few_shot_name(table.task) is None:
                console.print(evaluation_table.drawn(table))
        for task in ("new papers", "library"):
            if (curve := _curve(f"{task}, {encoder}", task, tables)) is not None:
                console.print(curve)
    if series.json:
        report = {
            "seeds": list(series.seeds),
            "encoders": {
                encoder: [evaluation_table.as_json(table) for table in tables]
                for encoder, tables in found.items()
            },
        }
        series.json.write_text(json.dumps(report, indent=1) + "\n")
    return 0


def _command(series: Series, encoder: str, seed: int, out: Path) -> list[str]:
    command = [sys.executable, "-m", "bot", "evaluate", str(series.folder)]
    command += ["--protocol", series.protocol, "--encoder", encoder, "--seed", str(seed)]
    return [*command, "--json", str(out), *([] if series.baselines else ["--no-baselines"])]


def medians(reports: Sequence[Report]) -> list[Table]:
    """Return the median of each figure over reports of the same tasks; "mean" in each cell is
    the median of means, and so are the ends of the intervals."""
    tables = []
    for tasks in zip(*(report["tasks"] for report in reports), strict=True):
        encoder = reports[0]["encoder"]
        is_few_shot = few_shot_name(tasks[0]["task"]) is not None
        rows = [{row["name"]: row for row in task["rows"]} for task in tasks]
        names = dict.fromkeys(name for found in rows for name in found)
        tables.append(
            Table(
                task=tasks[0]["task"] if is_few_shot else f"{tasks[0]['task']}, {encoder}",
                readers=tasks[0]["readers"],
                candidates=tasks[0]["candidates"],
                lines=[_line([found.get(name) for found in rows]) for name in names],
            )
        )
    return tables


def _line(runs: Sequence[Mapping[str, Any] | None]) -> Line:
    """Return the medians of one contender's rows; None of a run that it was not part of."""
    rows = [row for row in runs if row is not None]
    first = rows[0]
    line = Line(first["name"], Kind(first["kind"]), first["readers"])
    if not first["metrics"]:
        line.note = first["note"]
    elif len(rows) < len(runs):
        line.note = f"in {len(rows)} of {len(runs)} runs"
    line.metrics = {
        metric: tuple(median(row["metrics"][key][end] for row in rows) for end in _ENDS)
        for metric, key in evaluation_table.KEYS.items()
        if key in first["metrics"]
    }
    line.train_seconds = _median(rows, "train_seconds")
    line.ms_per_reader = _median(rows, "ms_per_reader")
    line.peak_mb = _median(rows, "peak_mb")
    return line


_ENDS = ("mean", "low", "high")


def _median(rows: Sequence[Mapping[str, Any]], key: str) -> float | None:
    values = [row[key] for row in rows if row[key] is not None]
    return median(values) if values else None


def _curve(title: str, task: str, tables: Sequence[Table]) -> Drawn | None:
    """Return the hit rates by how many likes were given; None without such tasks."""
    found: dict[int, Table] = {}
    for table in tables:
        name = few_shot_name(table.task)
        if name is not None and name[0] == task:
            found[name[1]] = table
    if not found:
        return None
    drawn = Drawn(
        title=f"{title}: a hit among the first ten, by likes",
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
    )
    drawn.add_column("", no_wrap=True)
    for likes in found:
        drawn.add_column(str(likes), justify="right", no_wrap=True)
    for line in next(iter(found.values())).lines:
        lines = [{one.name: one for one in table.lines}[line.name] for table in found.values()]
        cells = [evaluation_table.cell(one, "HR@10") for one in lines]
        drawn.add_row(line.name, *cells, style=evaluation_table.STYLES[line.kind])
    return drawn

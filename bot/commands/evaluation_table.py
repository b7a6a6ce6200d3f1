"""What an evaluation found, for the screen and for programs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich import box
from rich.table import Table as Drawn
from rich.text import Text

from recommender.contenders import Kind

METRICS = {
    "R@20": "Recall@20",
    "R@50": "Recall@50",
    "R@100": "Recall@100",
    "P@20": "Prec.@20",
    "N@20": "NDCG@20",
    "HR@10": "Hit@10",
}
KEYS = {
    "R@20": "recall@20",
    "R@50": "recall@50",
    "R@100": "recall@100",
    "P@20": "precision@20",
    "N@20": "ndcg@20",
    "HR@10": "hit_rate@10",
}
STYLES = {Kind.OURS: "bold", Kind.PART: "", Kind.BASELINE: "dim"}


@dataclass
class Line:
    """One contender at one task.

    readers: how many were judged; 0 where the contender is not defined, and `note` says why.
    metrics: mean, and the ends of its 95 % bootstrap interval over readers.
    train_seconds: None for a part of ours, which needs no training of its own.
    peak_mb: of the process after training; only ours, which is the first, can tell.
    """

    name: str
    kind: Kind
    readers: int
    note: str = ""
    metrics: Mapping[str, tuple[float, float, float]] = field(default_factory=dict)
    train_seconds: float | None = None
    ms_per_reader: float | None = None
    peak_mb: float | None = None


@dataclass(frozen=True)
class Table:
    """One task: how many readers and candidates it has, and who did how well."""

    task: str
    readers: int
    candidates: int
    lines: Sequence[Line]


def drawn(table: Table) -> Drawn:
    """Return the table for a terminal; half the interval's width stands behind each mean,
    and notes stand below."""
    readers = f"{table.readers:,} reader{'s' * (table.readers != 1)}"
    title = f"{table.task}: {readers}, {table.candidates:,} candidates"
    found = Drawn(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    found.add_column("", no_wrap=True)
    for name in (*METRICS.values(), "train s", "ms/reader", "peak MB"):
        found.add_column(name, justify="right", no_wrap=True)
    notes = list(dict.fromkeys(line.note for line in table.lines if line.note))
    for line in table.lines:
        mark = f" [{notes.index(line.note) + 1}]" if line.note else ""
        cells = [cell(line, metric) for metric in METRICS]
        if not line.metrics:
            cells[0] = "undefined"
        costs = (_cost(line.train_seconds), _cost(line.ms_per_reader, 2), _cost(line.peak_mb, 0))
        found.add_row(Text(line.name + mark), *cells, *costs, style=STYLES[line.kind])
    found.caption = Text("\n".join(f"[{n}] {note}" for n, note in enumerate(notes, start=1)))
    found.caption_justify = "left"
    return found


def cell(line: Line, metric: str) -> str:
    """Return a mean with half the width of its interval, as a table has it."""
    if metric not in line.metrics:
        return "–"
    mean, low, high = line.metrics[metric]
    return f"{mean:.3f} ±{(high - low) / 2:.3f}".replace("0.", ".")


def _cost(value: float | None, digits: int = 1) -> str:
    return "" if value is None else f"{value:,.{digits}f}"


def as_json(table: Table) -> dict[str, Any]:
    """Return the table as plain values; a contender that is not defined has no metrics."""
    return {
        "task": table.task,
        "readers": table.readers,
        "candidates": table.candidates,
        "rows": [
            {
                "name": line.name,
                "kind": str(line.kind),
                "readers": line.readers,
                "note": line.note,
                "metrics": {
                    KEYS[metric]: dict(zip(("mean", "low", "high"), values, strict=True))
                    for metric, values in line.metrics.items()
                },
                "train_seconds": line.train_seconds,
                "ms_per_reader": line.ms_per_reader,
                "peak_mb": line.peak_mb,
            }
            for line in table.lines
        ],
    }

"""What a replay found, for the screen, for programs and as a picture."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from rich import box
from rich.table import Table as Drawn

from recommender import metrics, replay
from recommender.metrics import Doubles
from recommender.replay import BEFORE, DIGESTS, LIKES, OURS, PICKS, Announced, Interests, Scores

_STYLES = {OURS: "bold", replay.FAMILIAR: "", replay.POSSIBLE: "dim"}


@dataclass(frozen=True)
class Found:
    """One kind of interest: what readers of each seed cared for, and how good digests were."""

    asked: Sequence[Interests]
    seeds: Sequence[int]
    scores: Sequence[Scores] = field(repr=False)

    @property
    def kind(self) -> str:
        return self.asked[0].kind

    def lines(self) -> Iterator["Line"]:
        for name in self.scores[0]:
            of_seeds = [scores[name] for scores in self.scores]
            yield Line(name, tuple(float(s.mean()) for s in of_seeds), np.concatenate(of_seeds))


@dataclass(frozen=True)
class Line:
    """One way to choose. of_seeds: the mean of each. shares: shape (all readers, DIGESTS)."""

    name: str
    of_seeds: tuple[float, ...]
    shares: Doubles = field(repr=False)

    @property
    def mean(self) -> float:
        return float(self.shares.mean())

    def interval(self) -> tuple[float, float]:
        """Return the 95 % bootstrap interval over readers, whose digests are one value each."""
        return metrics.interval(self.shares.mean(axis=1), np.random.default_rng(0))


def drawn(found: Found) -> Drawn:
    """Return the table for a terminal."""
    title = f"{found.kind}: the share of each digest that is relevant"
    table = Drawn(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    table.add_column("", no_wrap=True)
    seeds = (f"seed {seed}" for seed in found.seeds)
    for name in ("mean", "95 %", *seeds, "first digest", f"digest {DIGESTS}"):
        table.add_column(name, justify="right", no_wrap=True)
    for line in found.lines():
        low, high = line.interval()
        ends = (line.shares[:, 0].mean(), line.shares[:, -1].mean())
        figures = (f"{share:.3f}" for share in (*line.of_seeds, *ends))
        cells = (f"{line.mean:.3f}", f"{low:.3f} to {high:.3f}", *figures)
        table.add_row(line.name, *cells, style=_STYLES.get(line.name, ""))
    names = dict.fromkeys(name for interests in found.asked for name in interests.names)
    table.caption = "; ".join(names)
    table.caption_justify = "left"
    return table


def notes(announced: Announced) -> Iterator[str]:
    """Yield what has to be known to read the tables."""
    yield (
        f"Each reader liked {LIKES} papers of one interest from the {BEFORE} announcement days "
        f"before, then got {DIGESTS} digests of {PICKS} papers, liked what was relevant and "
        "skipped the rest. No model has read a paper before it was announced."
    )
    yield (
        "field: relevant is the same primary category. cluster: relevant is the same cluster of "
        "every other sentence of the abstracts, which the recommender does not read here."
    )
    if not announced.has_upvotes:
        yield "The file tells no upvotes: those of “most upvoted” are made up from the ids."


def as_json(found: Found) -> dict[str, Any]:
    return {
        "relevant": found.kind,
        "interests": {
            str(seed): list(interests.names)
            for seed, interests in zip(found.seeds, found.asked, strict=True)
        },
        "rows": [_row(found, line) for line in found.lines()],
    }


def _row(found: Found, line: Line) -> dict[str, Any]:
    low, high = line.interval()
    return {
        "name": line.name,
        "readers": len(line.shares),
        "precision": {"mean": line.mean, "low": low, "high": high},
        "by_seed": dict(zip(map(str, found.seeds), line.of_seeds, strict=True)),
        "by_digest": line.shares.mean(axis=0).tolist(),
    }


def can_draw() -> bool:
    """Return whether matplotlib is there; it comes with the extra `plot`."""
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        return False
    return True


def draw(found: Sequence[Found], out: Path) -> None:
    """Write a PNG of precision over digests, one panel for each kind of interest."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5 * len(found) + 3, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    numbers = range(1, DIGESTS + 1)
    for place, one in enumerate(found, start=1):
        axes = figure.add_subplot(1, len(found), place)
        for line in one.lines():
            width = 2.5 if line.name == OURS else 1.0
            shares = line.shares.mean(axis=0)
            axes.plot(numbers, shares, marker="o", markersize=3, label=line.name, linewidth=width)
        axes.set(title=one.kind, xlabel="digest", ylabel="share that is relevant")
        axes.set(ylim=(0, 1.02), xticks=numbers)
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles=handles, labels=labels, loc="outside right center", fontsize="small")
    figure.savefig(out, format="png", dpi=150)

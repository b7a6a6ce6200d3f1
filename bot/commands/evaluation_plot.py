"""The learning curve: how fast the picks become good with a new reader's likes.

matplotlib is needed for nothing else, so it is an extra: `paperlark[plot]`.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from bot.commands.evaluation_table import Table
from recommender.contenders import Kind
from recommender.evaluation import SUPPORTS
from recommender.protocols import few_shot_name

_METRIC = "HR@10"
_WIDTHS = {Kind.OURS: 2.5, Kind.PART: 1.0, Kind.BASELINE: 1.0}
_DASHES = {Kind.OURS: "-", Kind.PART: ":", Kind.BASELINE: "--"}


def is_possible() -> bool:
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        return False
    return True


def draw(tables: Sequence[Table], out: Path) -> None:
    """Write a PNG of hit rate over likes, one panel for each kind of few-shot task.

    Nothing is written where no few-shot task was measured.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    named = (few_shot_name(table.task) for table in tables)
    panels = sorted({name[0] for name in named if name}, reverse=True)
    if not panels:
        return
    names = [line.name for line in tables[-1].lines]
    figure = Figure(figsize=(5 * len(panels) + 2.5, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    for place, panel in enumerate(panels, start=1):
        axes = figure.add_subplot(1, len(panels), place)
        for name, kind, points in _curves(tables, panel):
            likes, rates = zip(*points, strict=True)
            color = f"C{names.index(name) % 10}"  # the same in every panel
            axes.plot(
                likes,
                rates,
                _DASHES[kind],
                linewidth=_WIDTHS[kind],
                color=color,
                marker="o",
                markersize=3,
                label=name,
            )
        axes.set(title=panel, xlabel="likes", ylabel="hit rate in the first ten")
        axes.set(ylim=(0, 1.02), xscale="log", xticks=SUPPORTS, xticklabels=SUPPORTS)
        axes.minorticks_off()
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles=handles, labels=labels, loc="outside right center", fontsize="small")
    figure.savefig(out, format="png", dpi=150)


def _curves(
    tables: Sequence[Table], panel: str
) -> Iterator[tuple[str, Kind, list[tuple[int, float]]]]:
    points: dict[tuple[str, Kind], list[tuple[int, float]]] = {}
    for table in tables:
        named = few_shot_name(table.task)
        if named is None or named[0] != panel:
            continue
        for line in table.lines:
            if _METRIC in line.metrics:
                rate = line.metrics[_METRIC][0]
                points.setdefault((line.name, line.kind), []).append((named[1], rate))
    for (name, kind), found in points.items():
        yield name, kind, sorted(found)

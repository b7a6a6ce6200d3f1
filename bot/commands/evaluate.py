"""`paperlark evaluate`: how good the picks are on a benchmark folder, beside the baselines.

Training, ranking and judging are the recommender's; here are the clock, files and the screen.
"""

import json
import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from threadpoolctl import threadpool_limits

from bot.commands import benchmark_files, evaluation_plot, evaluation_table
from bot.commands.evaluation_table import Line, Table
from recommender import contenders, evaluation, protocols
from recommender.contenders import Contender, Kind
from recommender.encoder import Encoder, EncoderUnavailable, JoinedEncoder
from recommender.evaluation import Benchmark, MalformedBenchmark, Scorer, Task
from recommender.factors import FactorsUnavailable
from recommender.lessons import THREADS
from recommender.protocols import Round
from storage import encoders

EVERY = protocols.PROTOCOLS
Clock = Callable[[], float]


@dataclass(frozen=True)
class Wish:
    """What to evaluate, and how. protocols: among `recommender.protocols.PROTOCOLS`.

    encoders: the folder for what encoders have to keep.
    """

    folder: Path
    protocols: Sequence[str] = EVERY
    encoder: str = "static"
    encoders: Path = Path()
    seed: int = 0
    baselines: bool = True
    json: Path | None = None
    plot: Path | None = None


def run(wish: Wish, console: Console | None = None, clock: Clock = time.perf_counter) -> int:
    """Evaluate, print and write; return the exit status: 2 for a folder that cannot be used,
    1 when nothing could be measured."""
    console = console or screen()
    if (wrong := _wrong(wish)) is not None:
        _say(console, wrong, "red")
        return 2
    try:
        benchmark = benchmark_files.read(wish.folder)
        encoder = _encoder(wish, benchmark)
        asked, sorry = protocols.rounds(benchmark, wish.protocols, wish.seed)
        found = _Comparison(benchmark, encoder, wish, clock).tables(asked)
    except (MalformedBenchmark, EncoderUnavailable) as wrong:
        _say(console, str(wrong), "red")
        return 2
    except FactorsUnavailable as unavailable:
        _say(console, str(unavailable), "red")
        return 1
    for table in found:
        console.print(evaluation_table.drawn(table))
    for sentence in sorry:
        _say(console, sentence)
    if wish.json:
        wish.json.write_text(json.dumps(_report(wish, benchmark, found, sorry), indent=1) + "\n")
    if wish.plot and found:
        evaluation_plot.draw(found, wish.plot)
    return 0 if found else 1


def _wrong(wish: Wish) -> str | None:
    """Return what could not be written in the end, before an hour is spent on it."""
    for out in (wish.json, wish.plot):
        if out and (out.is_dir() or not out.absolute().parent.is_dir()):
            return f"{out}: expected a file in a folder that is there"
    if wish.plot and "few-shot" not in wish.protocols:
        return "--plot: expected the protocol few-shot, whose learning curve it draws"
    if wish.plot and not evaluation_plot.is_possible():
        return "--plot: expected matplotlib to be installed; pip install 'paperlark[plot]'"
    return None


def make_warm(folder: Path, target: Path, seed: int, console: Console | None = None) -> int:
    """Write a folder with a tenth of train held out as test; return the exit status."""
    console = console or screen()
    try:
        benchmark = benchmark_files.read(folder)
        warm = protocols.hold_out(benchmark, seed)
        benchmark_files.write_like(folder, warm, target)
    except MalformedBenchmark as wrong:
        _say(console, str(wrong), "red")
        return 2
    except FileExistsError:
        _say(console, f"{target}: expected a new folder, and there is one already", "red")
        return 2
    except OSError as error:
        _say(console, f"{target}: cannot be written ({error.strerror})", "red")
        return 2
    moved = len(warm.test) - len(benchmark.test)
    _say(console, f"{target}: {moved:,} of {moved + len(warm.train):,} likes moved into test")
    return 0


def _say(console: Console, sentence: str, style: str = "") -> None:
    # A path may hold brackets, and one sentence is one line.
    console.print(sentence, style=style, markup=False, soft_wrap=True)


def screen() -> Console:
    """Return where figures are printed."""
    # A file or a pipe has no width of its own, and a table must not be squeezed into 80.
    width = None if sys.stdout.isatty() else 150
    return Console(highlight=False, width=width)


def _encoder(wish: Wish, benchmark: Benchmark) -> Encoder:
    if wish.encoder == "file":
        vectors = benchmark_files.read_vectors(wish.folder, benchmark)
        static = encoders.load("static", wish.encoders)
        return JoinedEncoder(vectors, static, vectors.name)
    encoder = encoders.load(wish.encoder, wish.encoders, may_fetch=True)
    if wish.encoder != encoders.NEURAL:
        return encoder
    # Models and baselines read the same texts, and this one reads slowly.
    remembering = encoders.remembering(encoder, wish.encoders)
    with _progress() as progress:
        bar = progress.add_task("reading the papers", total=len(benchmark.papers))

        def told(done: int, total: int) -> None:
            progress.update(bar, completed=done, total=total)

        remembering.encode([paper.text for paper in benchmark.papers], told)
    return remembering


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    return Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True), transient=True)


def _peak() -> float:
    """Return the most memory that this process ever held, in MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)


@dataclass
class _Timed:
    seconds: float = 0.0


@dataclass(frozen=True)
class _Comparison:
    benchmark: Benchmark
    encoder: Encoder
    wish: Wish
    clock: Clock = field(repr=False)

    def tables(self, asked: Sequence[Round]) -> list[Table]:
        if not asked:
            return []
        with _progress() as progress:
            return [table for one in asked for table in self._round(one, progress)]

    def _round(self, asked: Round, progress: Progress) -> list[Table]:
        bar = progress.add_task("training ours", total=None)
        with self._timed() as fitting:
            model = evaluation.fit(self.benchmark, self.encoder, self.wish.seed, asked.train)
        peak = _peak()
        # Once for a catalogue, whoever reads it: part neither of training nor of a reader's time.
        with self._timed() as reading:
            corpus = evaluation.corpus_of(self.benchmark, model, self.encoder)
            for task in asked.tasks.values():
                corpus.read_ahead(task.candidates, THREADS)
                corpus.slate(task.candidates)
        everybody = list(contenders.ours(model, corpus))
        if self.wish.baselines:
            papers, seed = self.benchmark.papers, self.wish.seed
            everybody += contenders.others(model, corpus, papers, self.encoder, asked.train, seed)
        progress.update(bar, total=len(everybody) * len(asked.tasks))
        lines: dict[str, list[Line]] = {name: [] for name in asked.tasks}
        for contender in everybody:
            progress.update(bar, description=contender.name)
            for name, line in self._judged(contender, asked):
                lines[name].append(line)
                progress.advance(bar)
        progress.remove_task(bar)
        for found in lines.values():
            found[0].train_seconds, found[0].peak_mb = fitting.seconds, peak
            found[0].note = f"reading the candidates: {reading.seconds:.1f} s"
        return [
            Table(name, len(task.liked), len(task.candidates), lines[name])
            for name, task in asked.tasks.items()
        ]

    def _judged(self, contender: Contender, asked: Round) -> Iterator[tuple[str, Line]]:
        """Yield a line for each task; training happens once, and only if a task needs it."""
        scorer: Scorer | None = None
        training = _Timed()
        why_not = ""
        for name, task in asked.tasks.items():
            if contender.kind is Kind.PART and len(task.liked) <= contender.readers:
                continue  # all readers are in the sample, and ours stands above already
            excuse = why_not or contender.excuse(asked, task)
            if not excuse and scorer is None:
                try:
                    with self._timed() as training:
                        scorer = contender.train()
                except FactorsUnavailable as unavailable:
                    excuse = why_not = str(unavailable)
            if excuse or scorer is None:
                yield name, Line(contender.name, contender.kind, 0, excuse)
                continue
            line = self._measured(contender, scorer, asked, task)
            if contender.kind is not Kind.PART:
                line.train_seconds = training.seconds
            yield name, line

    def _measured(self, contender: Contender, scorer: Scorer, asked: Round, task: Task) -> Line:
        remark = contender.remark(asked, task)
        if contender.readers:
            task = protocols.sampled(task, contender.readers, self.wish.seed)
        # As in the bot: readers' products are small, and BLAS threads would wait for each other.
        with threadpool_limits(1, "blas"), self._timed() as ranking:
            quality = evaluation.measure(task, scorer)
        line = Line(contender.name, contender.kind, len(task.liked), remark)
        line.metrics = {
            metric: (quality.mean(metric), *quality.interval(metric, self.wish.seed))
            for metric in quality.values
        }
        line.ms_per_reader = 1000 * ranking.seconds / len(task.liked)
        return line

    @contextmanager
    def _timed(self) -> Iterator[_Timed]:
        timed, start = _Timed(), self.clock()
        yield timed
        timed.seconds = self.clock() - start


def _report(
    wish: Wish, benchmark: Benchmark, tables: Sequence[Table], sorry: Sequence[str]
) -> dict[str, Any]:
    return {
        "benchmark": wish.folder.absolute().name,
        "encoder": wish.encoder,
        "seed": wish.seed,
        "papers": len(benchmark.papers),
        "likes": {
            "train": len(benchmark.train),
            "validation": len(benchmark.validation),
            "test": len(benchmark.test),
        },
        "tasks": [evaluation_table.as_json(table) for table in tables],
        "not_measured": list(sorry),
    }

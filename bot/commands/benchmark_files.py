"""A benchmark's folder: papers, likes, protocol and ready-made vectors, read and written.

Whatever is wrong with it becomes one sentence that names file, line and expectation.
"""

import gzip
import json
import shutil
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from recommender.evaluation import (
    Benchmark,
    MalformedBenchmark,
    Pairs,
    TableEncoder,
    parse_likes,
    parse_papers,
)

PAPERS, PROTOCOL, VECTORS = "papers.jsonl.gz", "protocol.json", "embeddings.f16.npy"
LIKES = {part: f"{part}.csv.gz" for part in ("train", "validation", "test")}
_CANDIDATES = ("test", "validation+test")


def read(folder: Path) -> Benchmark:
    """Return the benchmark of a folder. Raises MalformedBenchmark."""
    if not folder.is_dir():
        raise MalformedBenchmark(f"{folder}: expected a folder")
    with_validation = _with_validation(folder)
    papers = parse_papers(lines(folder / PAPERS), PAPERS)
    if not papers:
        raise MalformedBenchmark(f"{PAPERS}, line 1: expected a paper, found none")
    likes = {
        part: parse_likes(lines(folder / name), name, len(papers)) for part, name in LIKES.items()
    }
    for part in ("train", "test"):
        if not len(likes[part]):
            raise MalformedBenchmark(f"{LIKES[part]}, line 2: expected a like, found none")
    return Benchmark(papers, **likes, with_validation=with_validation)


def _with_validation(folder: Path) -> bool:
    try:
        wanted = json.loads((folder / PROTOCOL).read_text("utf-8-sig"))["cold_candidates"]
    except FileNotFoundError as error:
        raise _missing(PROTOCOL) from error
    except OSError as error:
        raise _unreadable(PROTOCOL) from error
    except json.JSONDecodeError as error:
        raise MalformedBenchmark(f"{PROTOCOL}, line {error.lineno}: expected JSON") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise MalformedBenchmark(
            f"{PROTOCOL}, line 1: expected an object with cold_candidates"
        ) from error
    if wanted not in _CANDIDATES:
        raise MalformedBenchmark(
            f"{PROTOCOL}, line 1: expected cold_candidates to be {' or '.join(_CANDIDATES)}"
        )
    return bool(wanted == "validation+test")


def read_vectors(folder: Path, benchmark: Benchmark) -> TableEncoder:
    """Return an encoder over a folder's own vectors. Raises MalformedBenchmark."""
    try:
        vectors = np.load(folder / VECTORS, allow_pickle=False)
    except FileNotFoundError as error:
        raise _missing(VECTORS) from error
    except (ValueError, EOFError) as error:
        raise MalformedBenchmark(f"{VECTORS}: expected an array in NumPy's format") from error
    except OSError as error:
        raise _unreadable(VECTORS) from error
    if not isinstance(vectors, np.ndarray) or vectors.dtype.kind != "f":
        raise MalformedBenchmark(f"{VECTORS}: expected one array of floating-point numbers")
    return TableEncoder(benchmark.papers, vectors)


def lines(path: Path) -> Iterator[str]:
    """Yield the lines of a compressed file, without the mark that some programs put before
    UTF-8. Raises MalformedBenchmark."""
    number = 0
    try:
        with gzip.open(path, "rb") as file:
            for line in file:
                number += 1
                yield line.decode("utf-8-sig" if number == 1 else "utf-8")
    except FileNotFoundError as error:
        raise _missing(path.name) from error
    except UnicodeDecodeError as error:
        raise MalformedBenchmark(f"{path.name}, line {number}: expected UTF-8") from error
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise MalformedBenchmark(
            f"{path.name}, line {number + 1}: expected a whole gzip file"
        ) from error
    except OSError as error:
        raise _unreadable(path.name) from error


def _missing(name: str) -> MalformedBenchmark:
    return MalformedBenchmark(f"{name}: expected this file in the folder, and it is not there")


def _unreadable(name: str) -> MalformedBenchmark:
    return MalformedBenchmark(f"{name}: expected a file that can be read")


def write_like(source: Path, benchmark: Benchmark, target: Path) -> None:
    """Write a benchmark that differs from its source folder in train and test alone.

    Raises FileExistsError when there is something at `target` already, other OSErrors when
    it cannot be written.
    """
    target.mkdir(parents=True)
    for name in (PAPERS, LIKES["validation"], PROTOCOL, VECTORS):
        if (source / name).exists():
            shutil.copyfile(source / name, target / name)
    for part, likes in (("train", benchmark.train), ("test", benchmark.test)):
        _write_likes(target / LIKES[part], likes)


def _write_likes(path: Path, likes: Pairs) -> None:
    rows: Iterable[str] = (f"{user},{paper}\n" for user, paper in likes.tolist())
    # Without a time stamp the same likes are the same bytes.
    path.write_bytes(gzip.compress("".join(["user,paper\n", *rows]).encode(), mtime=0))

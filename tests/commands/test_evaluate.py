"""`paperlark evaluate` measures the picks on a folder of papers and likes."""

import gzip
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from bot.__main__ import app
from bot.commands import benchmark_files
from tests.recommender import planted

N_PAPERS, N_READERS, LIKES = 300, 48, 42
METRICS = {"recall@20", "recall@50", "recall@100", "precision@20", "ndcg@20", "hit_rate@10"}


def evaluate(folder: Path, *options: str) -> Result:
    return CliRunner().invoke(app, ["evaluate", str(folder), "--encoder", "lsa", *options])


def write(path: Path, lines: list[str]) -> None:
    path.write_bytes(gzip.compress("".join(f"{line}\n" for line in lines).encode()))


def write_likes(path: Path, likes: list[tuple[int, int]]) -> None:
    write(path, ["user,paper", *(f"{user},{paper}" for user, paper in likes)])


@pytest.fixture(scope="module")
def cold(tmp_path_factory) -> Path:
    """Readers who like one topic each; the last sixth of the papers is new."""
    folder = tmp_path_factory.mktemp("planted")
    papers, topics = planted.catalogue(N_PAPERS)
    rng = np.random.default_rng(4)
    write(
        folder / "papers.jsonl.gz",
        [
            json.dumps({"id": n, "title": paper.title, "abstract": paper.abstract})
            for n, paper in enumerate(papers)
        ],
    )
    likes = [
        (reader, int(paper) - 1)
        for reader in range(N_READERS)
        for paper in rng.permutation(planted.of_topic(topics, planted.NAMES[reader % 6]))[:LIKES]
    ]
    write_likes(folder / "train.csv.gz", [like for like in likes if like[1] < 246])
    write_likes(folder / "validation.csv.gz", [like for like in likes if 246 <= like[1] < 270])
    write_likes(folder / "test.csv.gz", [like for like in likes if like[1] >= 270])
    (folder / "protocol.json").write_text('{"name": "planted", "cold_candidates": "test"}')
    vectors = np.eye(6, dtype=np.float16)[np.arange(N_PAPERS) % 6]
    np.save(folder / "embeddings.f16.npy", vectors)
    return folder


@pytest.fixture(scope="module")
def warm(cold, tmp_path_factory) -> Path:
    target = tmp_path_factory.mktemp("made") / "warm"
    made = evaluate(cold, "--make-warm", str(target))
    assert made.exit_code == 0, made.output
    return target


@pytest.fixture(scope="module")
def measured(warm) -> tuple[str, dict]:
    """What one run of all protocols says, and what it writes."""
    out = warm.parent / "figures.json"
    result = evaluate(warm, "--json", str(out))
    assert result.exit_code == 0, result.output
    return result.output, json.loads(out.read_text())


def rows_of(report: dict, task: str) -> dict[str, dict]:
    (found,) = [entry for entry in report["tasks"] if entry["task"] == task]
    return {row["name"]: row for row in found["rows"]}


@pytest.mark.parametrize("task", ["cold", "warm", "overall", "new papers, 3 likes"])
def test_ours_finds_the_planted_topic_far_better_than_chance(measured, task):
    rows = rows_of(measured[1], task)
    ours, chance = (rows[name]["metrics"]["ndcg@20"] for name in ("ours", "chance"))
    assert ours["low"] > chance["high"]
    assert ours["mean"] > 2 * chance["mean"]


@pytest.mark.parametrize("task", ["warm", "overall", "library, 3 likes"])
def test_ours_beats_popularity_wherever_papers_have_likes(measured, task):
    rows = rows_of(measured[1], task)
    ours, popular = (rows[name]["metrics"]["recall@20"] for name in ("ours", "popularity"))
    assert ours["low"] > popular["high"]


def test_every_row_has_all_figures_with_intervals_or_says_why_not(measured):
    report = measured[1]
    assert report["encoder"] == "lsa"
    assert report["papers"] == N_PAPERS
    assert len(report["tasks"]) == 3 + 2 * 5
    for task in report["tasks"]:
        for row in task["rows"]:
            if not row["metrics"]:
                assert row["note"].startswith("undefined: ")
                continue
            assert set(row["metrics"]) == METRICS
            assert row["ms_per_reader"] > 0
            assert 0 < row["readers"] <= task["readers"]
            for figures in row["metrics"].values():
                assert 0 <= figures["low"] <= figures["mean"] <= figures["high"] <= 1


def test_training_time_and_memory_stand_beside_ours(measured):
    ours = rows_of(measured[1], "cold")["ours"]
    assert ours["train_seconds"] > 0
    assert ours["peak_mb"] > 10


def test_a_method_of_likes_alone_has_no_figure_for_papers_that_nobody_liked(measured):
    report = measured[1]
    for name in ("popularity", "implicit ALS", "implicit BPR", "BM25 item-kNN"):
        row = rows_of(report, "cold")[name]
        assert row["note"] == "undefined: a paper that nobody has liked has no score"
        assert not row["metrics"]
        assert rows_of(report, "warm")[name]["metrics"]
    row = rows_of(report, "library, 5 likes")["implicit BPR"]
    assert row["note"] == "undefined: it knows only readers who were in training"


@pytest.mark.parametrize("name", ["tf-idf kNN", "linear SVM on tf-idf", "implicit ALS"])
def test_a_baseline_is_no_straw_man(measured, name):
    task = "warm" if name.startswith("implicit") else "cold"
    rows = rows_of(measured[1], task)
    assert rows[name]["metrics"]["ndcg@20"]["low"] > rows["chance"]["metrics"]["ndcg@20"]["high"]


def test_the_table_names_every_method_and_the_size_of_each_task(measured):
    output, report = measured
    for task in report["tasks"]:
        assert f"{task['task']}: {task['readers']} readers" in output
    for row in report["tasks"][0]["rows"]:
        assert row["name"] in output
        assert row["note"] in output


def test_the_folders_own_vectors_serve_as_an_encoder(cold, tmp_path):
    out = tmp_path / "figures.json"
    options = ("--protocol", "cold", "--encoder", "file", "--no-baselines", "--json", str(out))
    result = evaluate(cold, *options)
    assert result.exit_code == 0, result.output
    report = json.loads(out.read_text())
    assert report["encoder"] == "file"
    assert {row["kind"] for row in report["tasks"][0]["rows"]} <= {"ours", "part"}
    assert rows_of(report, "cold")["ours"]["metrics"]["ndcg@20"]["mean"] > 0.5


def test_several_seeds_and_encoders_are_told_as_medians_of_runs_of_their_own(cold, tmp_path):
    out = tmp_path / "medians.json"
    options = ("--no-baselines", "--encoders", "lsa,file", "--json")
    single = []
    for seed in ("0", "1"):
        result = evaluate(cold, "--seeds", seed, *options, str(out))
        assert result.exit_code == 0, result.output
        single.append(json.loads(out.read_text())["encoders"])
    result = evaluate(cold, "--seeds", "0,1", *options, str(out))
    assert result.exit_code == 0, result.output
    report = json.loads(out.read_text())
    assert report["seeds"] == [0, 1]
    assert set(report["encoders"]) == {"lsa", "file"}
    for encoder, tasks in report["encoders"].items():
        for number, task in enumerate(tasks):
            for row in task["rows"]:
                means = [  # a model of text alone has no row for what it does not have
                    other["metrics"]["recall@20"]["mean"]
                    for one in single
                    for other in one[encoder][number]["rows"]
                    if other["name"] == row["name"]
                ]
                assert row["metrics"]["recall@20"]["mean"] == pytest.approx(np.median(means))
        assert f"cold, {encoder}" in result.output
        assert f"new papers, {encoder}: a hit among the first ten, by likes" in result.output


def test_a_run_that_fails_ends_the_series_in_its_own_words(cold, tmp_path):
    shutil.copytree(cold, tmp_path / "spoilt")
    (tmp_path / "spoilt" / "train.csv.gz").unlink()
    result = evaluate(tmp_path / "spoilt", "--seeds", "0,1")
    assert result.exit_code == 2
    assert result.output.startswith("train.csv.gz: expected this file")
    assert result.output.count("\n") == 1


@pytest.mark.parametrize("seeds", ["", "a", "1,,2", "-1"])
def test_seeds_that_are_no_numbers_are_refused(cold, seeds):
    result = evaluate(cold, "--seeds", seeds)
    assert result.exit_code == 2
    assert "expected whole numbers such as 0,1,2" in result.output


@pytest.mark.parametrize("protocol", ["warm", "overall"])
def test_a_folder_of_new_papers_alone_says_in_one_sentence_that_nothing_is_warm(cold, protocol):
    result = evaluate(cold, "--protocol", protocol)
    assert result.exit_code == 1
    assert result.output.count("\n") == 1
    assert result.output.startswith(f"{protocol}: no ")


def test_a_warm_folder_holds_out_a_tenth_of_train_and_leaves_nobody_without_likes(cold, warm):
    before, after = benchmark_files.read(cold), benchmark_files.read(warm)
    moved = len(after.test) - len(before.test)
    assert moved == round(0.1 * len(before.train))
    assert len(after.train) == len(before.train) - moved
    assert set(after.train[:, 0]) == set(before.train[:, 0])
    assert set(after.train[:, 1]) == set(before.train[:, 1])

    def likes(*parts: np.ndarray) -> list[tuple[int, int]]:
        return sorted(map(tuple, np.concatenate(parts).tolist()))

    assert likes(after.train, after.test) == likes(before.train, before.test)
    assert likes(after.validation) == likes(before.validation)


def test_the_same_seed_makes_the_same_warm_folder_and_another_seed_another(cold, warm, tmp_path):
    for seed in ("0", "1"):
        assert evaluate(cold, "--make-warm", str(tmp_path / seed), "--seed", seed).exit_code == 0
    for name in ("train.csv.gz", "test.csv.gz"):
        made = (warm / name).read_bytes()
        assert (tmp_path / "0" / name).read_bytes() == made
        assert (tmp_path / "1" / name).read_bytes() != made


def test_a_warm_folder_is_never_written_over_something_else(cold, warm):
    before = (warm / "train.csv.gz").read_bytes()
    result = evaluate(cold, "--make-warm", str(warm), "--seed", "1")
    assert result.exit_code == 2
    assert "there is one already" in result.output
    assert (warm / "train.csv.gz").read_bytes() == before


def test_where_the_figures_should_go_is_checked_before_anything_is_measured(cold, tmp_path):
    for out in (tmp_path / "nowhere" / "figures.json", tmp_path):
        result = evaluate(cold, "--json", str(out))
        assert result.exit_code == 2
        assert result.output == f"{out}: expected a file in a folder that is there\n"


def test_a_picture_is_refused_before_the_work_where_it_could_not_be_drawn(cold, tmp_path):
    result = evaluate(cold, "--protocol", "cold", "--plot", str(tmp_path / "curve.png"))
    assert result.exit_code == 2
    assert result.output.startswith("--plot: expected the protocol few-shot")


def test_the_learning_curve_is_drawn(cold, tmp_path):
    out = tmp_path / "curve.png"
    result = evaluate(cold, "--protocol", "few-shot", "--plot", str(out))
    assert result.exit_code == 0, result.output
    assert out.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(("command", "source"), [("evaluate", "."), ("replay", "papers.jsonl.gz")])
def test_without_matplotlib_a_picture_is_refused_before_the_work(command, source, cold, tmp_path):
    options = [command, str(cold / source), "--plot", str(tmp_path / "curve.png")]
    lacking = f"""
import sys
sys.modules["matplotlib"] = None
from typer.testing import CliRunner
from bot.__main__ import app
result = CliRunner().invoke(app, {options!r})
print(result.exit_code, result.output)
"""
    process = subprocess.run(
        [sys.executable, "-c", lacking], capture_output=True, text=True, check=True
    )
    assert process.stdout.startswith("2 --plot: expected matplotlib to be installed; pip install")


def lines_of(path: Path) -> list[str]:
    return gzip.decompress(path.read_bytes()).decode().splitlines()


def spoilt(name: str, number: int, line: str) -> Callable[[Path], None]:
    """Replace one line of a compressed file."""

    def spoil(folder: Path) -> None:
        lines = lines_of(folder / name)
        lines[number - 1] = line
        write(folder / name, lines)

    return spoil


def cut(name: str, bytes_: int) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        (folder / name).write_bytes((folder / name).read_bytes()[:bytes_])

    return spoil


def filled(name: str, content: bytes) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_bytes(content) and None


def gone(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


PAPERS, TRAIN, TEST, PROTOCOL = "papers.jsonl.gz", "train.csv.gz", "test.csv.gz", "protocol.json"


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (gone(PAPERS), f"{PAPERS}: expected this file"),
        (gone("validation.csv.gz"), "validation.csv.gz: expected this file"),
        (gone(PROTOCOL), f"{PROTOCOL}: expected this file"),
        (filled(PAPERS, b"no gzip"), f"{PAPERS}, line 1: expected a whole gzip file"),
        (cut(TRAIN, 900), f"{TRAIN}, line "),
        (filled(TRAIN, gzip.compress(b"user,paper\n\xff,1\n")), f"{TRAIN}, line 2: expected UTF-8"),
        (filled(TRAIN, gzip.compress(b"user,paper\n\0,1\n")), f"{TRAIN}, line 2: expected two"),
        (filled(PAPERS, gzip.compress(b"")), f"{PAPERS}, line 1: expected a paper"),
        (spoilt(PAPERS, 7, "{"), f"{PAPERS}, line 7: expected an object with id and title"),
        (spoilt(PAPERS, 7, '{"id": 9, "title": "x"}'), f"{PAPERS}, line 7: expected id 6"),
        (spoilt(TRAIN, 1, "reader,paper"), f"{TRAIN}, line 1: expected the heading user,paper"),
        (spoilt(TRAIN, 5, "1;2"), f"{TRAIN}, line 5: expected two whole numbers"),
        (spoilt(TEST, 5, "1,300"), f"{TEST}, line 5: expected a paper from 0 to 299"),
        (spoilt(TEST, 6, "-1,3"), f"{TEST}, line 6: expected a user from 0 on"),
        (spoilt(TEST, 6, f"{10**30},3"), f"{TEST}, line 6: expected a user from 0 on"),
        (filled(TEST, gzip.compress(b"user,paper\n")), f"{TEST}, line 2: expected a like"),
        (filled(PROTOCOL, b"{\n!"), f"{PROTOCOL}, line 2: expected JSON"),
        (filled(PROTOCOL, b"[]"), f"{PROTOCOL}, line 1: expected an object with cold_candidates"),
        (
            filled(PROTOCOL, b'{"cold_candidates": "all"}'),
            f"{PROTOCOL}, line 1: expected cold_candidates to be test or validation+test",
        ),
    ],
)
def test_a_malformed_folder_gets_one_sentence_with_file_line_and_expectation(
    cold, tmp_path, spoil, says
):
    folder = tmp_path / "folder"
    shutil.copytree(cold, folder)
    spoil(folder)
    result = evaluate(folder)
    assert result.exit_code == 2
    assert result.output.startswith(says)
    assert "expected" in result.output
    assert result.output.count("\n") == 1


def saved(array: np.ndarray) -> Callable[[Path], None]:
    return lambda folder: np.save(folder / "embeddings.f16.npy", array)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (gone("embeddings.f16.npy"), ": expected this file"),
        (filled("embeddings.f16.npy", b"nothing"), ": expected an array in NumPy's format"),
        (cut("embeddings.f16.npy", 500), ": expected an array in NumPy's format"),
        (saved(np.ones((N_PAPERS, 4), np.int64)), ": expected one array of floating-point"),
        (saved(np.ones((9, 4), np.float16)), ": expected 300 rows of vectors"),
        (saved(np.ones(N_PAPERS, np.float16)), ": expected 300 rows of vectors"),
        (saved(np.full((N_PAPERS, 4), np.nan, np.float16)), ", row 0: expected finite numbers"),
    ],
)
def test_malformed_vectors_get_one_sentence_as_well(cold, tmp_path, spoil, says):
    folder = tmp_path / "folder"
    shutil.copytree(cold, folder)
    spoil(folder)
    result = evaluate(folder, "--encoder", "file")
    assert result.exit_code == 2
    assert result.output.startswith(f"embeddings.f16.npy{says}")
    assert result.output.count("\n") == 1


def test_a_folder_written_on_windows_is_read_as_any_other(cold, tmp_path):
    folder = tmp_path / "folder"
    shutil.copytree(cold, folder)
    for name in (PAPERS, TRAIN, "validation.csv.gz", TEST):
        told = "".join(f"{line}\r\n" for line in lines_of(cold / name))
        (folder / name).write_bytes(gzip.compress(f"\ufeff{told}".encode()))
    (folder / PROTOCOL).write_text("\ufeff" + (cold / PROTOCOL).read_text())
    ours, theirs = benchmark_files.read(cold), benchmark_files.read(folder)
    assert theirs.papers == ours.papers
    assert theirs.train.tolist() == ours.train.tolist()
    assert theirs.with_validation == ours.with_validation


def test_one_reader_alone_is_measured_without_a_warning(cold, tmp_path):
    folder = tmp_path / "folder"
    shutil.copytree(cold, folder)
    for name in (TRAIN, "validation.csv.gz", TEST):
        alone = [line for line in lines_of(cold / name) if line.startswith(("user", "0,"))]
        write(folder / name, alone)
    command = [sys.executable, "-m", "bot", "evaluate", str(folder), "--encoder", "lsa"]
    process = subprocess.run(command, capture_output=True, text=True)
    assert process.returncode == 0, process.stderr
    assert "cold: 1 reader, " in process.stdout
    assert process.stderr.strip() == ""


def test_a_folder_that_is_not_there_is_named(tmp_path):
    result = evaluate(tmp_path / "nowhere")
    assert result.exit_code == 2
    assert "nowhere: expected a folder" in result.output


@pytest.mark.skipif(find_spec("fastembed") is not None, reason="fastembed is installed")
def test_a_neural_encoder_that_is_not_installed_is_told_in_one_sentence(cold):
    result = evaluate(cold, "--encoder", "neural")
    assert result.exit_code == 2
    assert "pip install 'paperlark[neural]'" in result.output
    assert len(result.output.splitlines()) == 1

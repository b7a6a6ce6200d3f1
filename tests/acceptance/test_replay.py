"""`paperlark replay` lets simulated readers live through a file of past announcement days."""

import gzip
import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from bot.__main__ import app
from tests.acceptance.process import run_once
from tests.recommender import planted

DAYS, OF_TOPIC = 20, 4
FIRST = date(2026, 5, 1)
OPTIONS = ("--encoder", "lsa", "--readers", "4")


def papers() -> list[dict]:
    """Return papers of six fields for twenty days; every sentence is about its field."""
    rng = np.random.default_rng(11)
    return [
        {
            "id": f"2605.{1000 * day + 100 * topic + n:05d}",
            "title": planted.text(name, rng, 6),
            "authors": ["Ada Lovelace"],
            "categories": [f"x.{name}", "cs.LG"],
            "comment": None,
            "abstract": ". ".join(planted.text(name, rng, 15) for _ in range(4)),
            "announced": (FIRST + timedelta(days=day)).isoformat(),
        }
        for day in range(DAYS)
        for topic, name in enumerate(planted.NAMES)
        for n in range(OF_TOPIC + (topic == 0))
    ]


def write(path: Path, lines: list[str]) -> Path:
    path.write_bytes(gzip.compress("".join(f"{line}\n" for line in lines).encode()))
    return path


@pytest.fixture(scope="module")
def lines() -> list[str]:
    return [json.dumps(paper) for paper in papers()]


@pytest.fixture(scope="module")
def file(lines, tmp_path_factory) -> Path:
    return write(tmp_path_factory.mktemp("past") / "days.jsonl.gz", lines)


def replay(file: Path, *options: str) -> Result:
    return CliRunner().invoke(app, ["replay", str(file), *OPTIONS, *options])


@pytest.fixture(scope="module")
def report(file) -> dict:
    out = file.parent / "figures.json"
    result = replay(file, "--json", str(out))
    assert result.exit_code == 0, result.output
    return json.loads(out.read_text())


def rows(report: dict, relevant: str) -> dict[str, dict]:
    (found,) = [one for one in report["replays"] if one["relevant"] == relevant]
    return {row["name"]: row for row in found["rows"]}


async def test_one_command_prints_both_tables_from_a_process_of_its_own(file, tmp_path):
    status, said = await run_once({}, tmp_path, "replay", str(file), *OPTIONS, "--seed", "3")
    assert status == 0, said
    assert "field: the share of each digest that is relevant" in said
    assert "cluster: the share of each digest that is relevant" in said
    for name in ("ours", "most upvoted", "random", "x.speech"):
        assert name in said
    assert "liked what was relevant and skipped the rest" in said
    assert "The file tells no upvotes" in said


@pytest.mark.parametrize("relevant", ["field", "cluster"])
def test_three_likes_bring_digests_far_better_than_random_or_popular_ones(report, relevant):
    found = rows(report, relevant)
    ours = found["ours"]["precision"]
    for name in ("random", "most upvoted"):
        assert ours["low"] > found[name]["precision"]["high"]
    possible = found["all that could be had"]["precision"]["mean"]
    assert 0.7 * possible < ours["mean"] <= possible


def test_what_does_not_explore_is_more_relevant_than_the_whole_digest(report):
    found = rows(report, "field")
    familiar = found["ours, without the exploring slot"]["precision"]["mean"]
    assert familiar > found["ours"]["precision"]["mean"]


def test_random_picks_find_a_field_as_often_as_it_comes(report):
    share = rows(report, "field")["random"]["precision"]
    assert share["low"] - 0.03 < 1 / len(planted.NAMES) < share["high"] + 0.03


def test_three_seeds_replay_five_interests_for_ten_digests_each(report):
    assert report["seeds"] == [0, 1, 2]
    assert report["days"] == DAYS
    assert report["upvotes_are_made_up"]
    for one in report["replays"]:
        assert all(len(names) == 5 for names in one["interests"].values())
        for row in one["rows"]:
            assert set(row["by_seed"]) == {"0", "1", "2"}
            assert len(row["by_digest"]) == 10
            assert row["readers"] == 3 * 5 * 4
            figures = row["precision"]
            assert 0 <= figures["low"] <= figures["mean"] <= figures["high"] <= 1
            assert figures["mean"] == pytest.approx(np.mean(list(row["by_seed"].values())))


def test_the_same_seeds_give_the_same_figures(file, report, tmp_path):
    out = tmp_path / "again.json"
    replay(file, "--seed", "1", "--json", str(out))
    again = json.loads(out.read_text())
    for relevant in ("field", "cluster"):
        before, after = rows(report, relevant), rows(again, relevant)
        assert {n: row["by_seed"]["1"] for n, row in before.items()} == {
            n: row["by_seed"]["1"] for n, row in after.items()
        }


def test_nothing_is_learnt_from_papers_that_are_yet_to_be_announced(lines, report, tmp_path):
    """The digests of this seed end three days before the file does; what the papers of these
    days are about changes nothing."""
    kept = [line for line in lines if json.loads(line)["announced"] < "2026-05-18"]
    later = [json.loads(line) for line in lines[len(kept) :]]
    spoilt = [
        json.dumps({**paper, "title": other["title"], "abstract": other["abstract"]})
        for paper, other in zip(later, reversed(later), strict=True)
    ]
    whole, other = tmp_path / "whole.json", tmp_path / "other.json"
    for name, some, out in (("a", lines, whole), ("b", [*kept, *spoilt], other)):
        file = write(tmp_path / f"{name}.jsonl.gz", some)
        assert replay(file, "--seed", str(EARLY), "--json", str(out)).exit_code == 0
    one, two = (rows(json.loads(out.read_text()), "field") for out in (whole, other))
    assert one["ours"]["by_digest"] == two["ours"]["by_digest"]


# Its digests are those of the 8th to the 17th day, as the test above needs.
EARLY = next(
    seed for seed in range(100) if np.random.default_rng([seed, 1]).integers(7, DAYS - 9) == 7
)


def test_upvotes_that_the_file_tells_are_taken_and_not_made_up(tmp_path):
    told = [
        json.dumps({**paper, "upvotes": 300 * paper["categories"][0].endswith("graphs")})
        for paper in papers()
    ]
    out = tmp_path / "told.json"
    result = replay(write(tmp_path / "told.jsonl.gz", told), "--seed", "0", "--json", str(out))
    assert result.exit_code == 0
    assert "made up" not in result.output
    found = json.loads(out.read_text())
    assert not found["upvotes_are_made_up"]
    # One of the five fields is what everybody votes for, the four others get none of theirs.
    upvoted = rows(found, "field")["most upvoted"]["precision"]["mean"]
    assert upvoted == pytest.approx(0.2, abs=0.03)


def test_the_picture_is_drawn(file, tmp_path):
    out = tmp_path / "days.png"
    result = replay(file, "--seed", "0", "--plot", str(out))
    assert result.exit_code == 0, result.output
    assert out.read_bytes().startswith(b"\x89PNG")


Spoil = Callable[[list[str]], list[str]]


def changed(number: int, **values: object) -> Spoil:
    """Replace values of one line's paper."""

    def spoil(lines: list[str]) -> list[str]:
        lines[number - 1] = json.dumps({**json.loads(lines[number - 1]), **values})
        return lines

    return spoil


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda lines: [], "days.jsonl.gz, line 1: expected a paper, found none"),
        (lambda lines: [*lines[:6], "{"], "days.jsonl.gz, line 7: expected an object with id"),
        (lambda lines: [*lines[:6], "[]"], "days.jsonl.gz, line 7: expected an object with id"),
        (lambda lines: [*lines[:6], '{"id": "1"}'], "days.jsonl.gz, line 7: expected an object"),
        (lambda lines: [*lines, lines[3]], "days.jsonl.gz, line 4: expected each id once"),
        (changed(5, title=None), "days.jsonl.gz, line 5: expected words"),
        (changed(5, categories=[]), "days.jsonl.gz, line 5: expected words"),
        (changed(5, authors="Ada"), "days.jsonl.gz, line 5: expected words"),
        (changed(5, announced="today"), "days.jsonl.gz, line 5: expected announced to be like"),
        (changed(5, upvotes=-1), "days.jsonl.gz, line 5: expected upvotes to be a whole number"),
        (changed(5, upvotes=True), "days.jsonl.gz, line 5: expected upvotes to be a whole number"),
        (lambda lines: lines[:300], "field: expected 17 announcement days or more, found 12"),
        (
            lambda lines: [line for line in lines if "x.robots" not in line and "x.cl" not in line],
            "field: expected 5 of them or more, found 4",
        ),
    ],
)
def test_a_malformed_file_gets_one_sentence_with_file_line_and_expectation(
    lines, tmp_path, spoil, says
):
    result = replay(write(tmp_path / "days.jsonl.gz", spoil(list(lines))))
    assert result.exit_code == 2
    assert result.output.startswith(says)
    assert result.output.count("\n") == 1


def test_a_file_that_is_no_gzip_or_not_there_is_named(tmp_path):
    (tmp_path / "plain.jsonl.gz").write_text("{}")
    assert replay(tmp_path / "plain.jsonl.gz").output == (
        "plain.jsonl.gz, line 1: expected a whole gzip file\n"
    )
    missing = tmp_path / "nowhere.jsonl.gz"
    assert replay(missing).output == f"{missing}: expected a file\n"


def test_where_the_figures_should_go_is_checked_before_anything_is_replayed(file, tmp_path):
    result = replay(file, "--json", str(tmp_path))
    assert result.exit_code == 2
    assert result.output == f"{tmp_path}: expected a file in a folder that is there\n"

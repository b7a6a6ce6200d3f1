"""The bundled catalogue: true papers with summaries of ours, so that a first card is there at once.

It is used only until real papers have come, and labelled as a sample wherever it shows.
"""

import json
from datetime import date
from importlib.resources import files
from typing import Any

from storage.catalogue import NewPaper
from storage.sources.source import Fetched


class Sample:
    """A source that is always there and never has anything new."""

    name = "sample"

    async def fetch(self, validator: str | None = None) -> Fetched | None:
        return Fetched(sample_papers())


def sample_papers() -> tuple[NewPaper, ...]:
    """Return the bundled papers."""
    lines = files("storage.sources").joinpath("sample_papers.jsonl").read_text("utf-8")
    return tuple(_paper(json.loads(line)) for line in lines.splitlines() if line.strip())


def _paper(row: dict[str, Any]) -> NewPaper:
    return NewPaper(
        key=f"arxiv:{row['id']}",
        title=row["title"],
        announced=date.fromisoformat(row["announced"]),
        abstract=row["summary"],
        authors=tuple(row["authors"]),
        categories=tuple(row["categories"]),
        is_sample=True,
    )

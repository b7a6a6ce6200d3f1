"""The paper: the noun every other room shares."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import NewType

PaperId = NewType("PaperId", int)
"""A paper's row in the catalogue. Matrix columns are item rows, never PaperIds."""


@dataclass(frozen=True, slots=True)
class Link:
    """Something that belongs to a paper elsewhere: `kind` is "code", "project" or "discussion"."""

    kind: str
    url: str


@dataclass(frozen=True, slots=True)
class Paper:
    """One paper, whatever version or source it came from.

    key: identity over versions and sources, such as `arxiv:2301.12652`.
    title, abstract: as published, TeX included, white space folded. A sample paper has a
        summary of ours in place of the abstract.
    authors: full names in order, never abbreviated.
    categories: the primary one first; may be empty.
    announced: the day its source announced it first; what "newest" is counted by.
    upvotes: on Hugging Face, 0 when it is not listed there.
    """

    id: PaperId
    key: str
    title: str
    abstract: str
    authors: tuple[str, ...]
    categories: tuple[str, ...]
    announced: date
    published: datetime | None = None
    version: int = 1
    comment: str | None = None
    journal_ref: str | None = None
    doi: str | None = None
    links: tuple[Link, ...] = ()
    upvotes: int = 0
    is_withdrawn: bool = False
    is_sample: bool = False

    @property
    def url(self) -> str:
        """Where a person reads it."""
        source, _, identifier = self.key.partition(":")
        if source == "arxiv":
            return f"https://arxiv.org/abs/{identifier}"
        return f"https://huggingface.co/papers/{identifier}"

    @property
    def text(self) -> str:
        """What an encoder reads."""
        return f"{self.title}. {self.abstract}"

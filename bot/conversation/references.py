"""Kept papers in the forms of other programs: RIS, CSL-JSON, CSV, and the taste file of ours."""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from typing import Any

from bot.conversation.entries import Entry, family_and_given
from bot.conversation.text import visible
from bot.conversation.told_file import ToldFile, document

TASTE_FORMAT = "paperlark-taste"
TASTE_VERSION = 1
NOTHING = ToldFile()
_COLUMNS = (
    "key",
    "title",
    "authors",
    "announced",
    "categories",
    "doi",
    "url",
    "verdict",
    "saved",
    "note",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def ris(entries: Iterable[Entry]) -> str:
    """Return a RIS file; a line holds one value, and lines end as the format asks."""
    return "".join(f"{tag}  - {visible(value)}\r\n" for e in entries for tag, value in _tagged(e))


def _tagged(entry: Entry) -> list[tuple[str, str]]:
    paper = entry.paper
    tagged = [
        ("TY", "UNPB" if entry.arxiv else "GEN"),
        ("ID", entry.key),
        ("TI", entry.title),
        *(("AU", ", ".join(filter(None, family_and_given(name)))) for name in entry.authors),
        ("PY", str(entry.day.year)),
        ("DA", f"{entry.day:%Y/%m/%d}"),
        ("AB", entry.abstract),
        ("DO", paper.doi or ""),
        ("UR", paper.url),
        ("AN", f"arXiv:{entry.arxiv}" if entry.arxiv else ""),
        ("PB", "arXiv" if entry.arxiv else ""),
        *(("KW", category) for category in paper.categories),
        ("N1", entry.note),
    ]
    return [(tag, value) for tag, value in tagged if visible(value)] + [("ER", "")]


def csl_json(entries: Iterable[Entry]) -> str:
    """Return CSL-JSON, as Zotero, pandoc and citeproc read it."""
    return _json([_csl(entry) for entry in entries])


def _csl(entry: Entry) -> dict[str, Any]:
    paper, day = entry.paper, entry.day
    item = {
        "id": entry.key,
        "type": "article",
        "title": entry.title,
        "author": [_csl_name(name) for name in entry.authors],
        "issued": {"date-parts": [[day.year, day.month, day.day]]},
        "abstract": entry.abstract,
        "DOI": paper.doi,
        "URL": paper.url,
        "number": f"arXiv:{entry.arxiv}" if entry.arxiv else None,
        "publisher": "arXiv" if entry.arxiv else None,
        "annote": entry.note,
    }
    return {name: value for name, value in item.items() if value}


def _csl_name(name: str) -> dict[str, str]:
    family, given = family_and_given(name)
    return {"family": family, "given": given} if given else {"literal": family}


def table(entries: Iterable[Entry]) -> str:
    """Return CSV with a heading, as spreadsheets read it; no cell is taken for a formula."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(_COLUMNS)
    for entry in entries:
        paper = entry.paper
        row = (
            paper.key,
            entry.title,
            "; ".join(entry.authors),
            paper.announced.isoformat(),
            " ".join(paper.categories),
            paper.doi or "",
            paper.url,
            entry.verdict,
            entry.saved_at.isoformat() if entry.saved_at else "",
            entry.note,
        )
        writer.writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in row])
    return "\ufeff" + out.getvalue()  # without the mark Excel does not see that it is UTF-8


def taste(entries: Sequence[Entry], told: ToldFile = NOTHING) -> str:
    """Return what another installation needs to know a reader's taste: papers and opinions.

    told: what they follow, mute and say of their interests.
    """
    papers = [
        {
            "key": entry.paper.key,
            "title": entry.title,
            "verdict": entry.verdict or None,
            "saved": entry.saved_at is not None,
        }
        for entry in entries
    ]
    head = {"format": TASTE_FORMAT, "version": TASTE_VERSION}
    return _json({**head, "papers": papers, **document(told)})


def _json(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False, indent=1)

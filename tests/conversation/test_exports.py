"""What is exported can be read again: BibTeX, RIS, CSL-JSON, CSV and the taste file."""

import csv
import io
import json
import re
import unicodedata
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.conversation import references
from bot.conversation.bibtex import bibtex, escaped
from bot.conversation.entries import Entry, family_and_given
from bot.conversation.text import visible
from recommender.papers import PaperId
from tests.conversation.scripted_desk import paper

ENTRY = Entry(
    paper(
        1,
        key="arxiv:2301.12652",
        title=r"Schr\"odinger & Gödel: 100% of $\alpha$-{TeX}_here",
        authors=("Zoë Ångström", "Ludwig van der Berg Jr.", "OpenAI", "Smith and Sons, Inc."),
        published=datetime(2023, 1, 30, tzinfo=UTC),
        doi="10.1000/a_b{c}",
        journal_ref="Nature 1 (2023)",
    ),
    "like",
    datetime(2026, 3, 2, tzinfo=UTC),
    "read {twice} & #1",
)
_MARKS = {
    "`": "\u0300", "'": "\u0301", "^": "\u0302", "~": "\u0303", "=": "\u0304", "u": "\u0306",
    ".": "\u0307", '"': "\u0308", "r": "\u030a", "H": "\u030b", "v": "\u030c", "c": "\u0327",
    "k": "\u0328",
}  # fmt: skip
_NAMED = {
    "textbackslash": "\\", "textbraceleft": "{", "textbraceright": "}", "textasciitilde": "~",
    "textasciicircum": "^", "ss": "ß", "o": "ø", "O": "Ø", "l": "ł", "L": "Ł", "ae": "æ",
    "AE": "Æ", "oe": "œ", "OE": "Œ", "i": "ı",
}  # fmt: skip


def from_tex(source):
    """Return what TeX would show of a field; a small reader of its own, of accents and signs."""
    source = re.sub(r"\{\\([a-zA-Z]{1,}|[^a-zA-Z]) ?([a-zA-Z]?)\}", _shown, source)
    source = re.sub(r"\\([&%$#_])", r"\1", source)
    return unicodedata.normalize("NFC", source)


def _shown(found):
    if not found[2] and found[1] in _NAMED:
        return f"\0{_NAMED[found[1]]}"
    return found[2] + _MARKS[found[1]]


def read_field(source):
    return from_tex(source).replace("\0", "")


def parsed(source):
    """Return the entries of a .bib file: key and raw fields. Braces decide, as in BibTeX."""
    entries, at = {}, 0
    while (start := source.find("@", at)) >= 0:
        key, at = source[start:].partition("{")[2].partition(",")[0], source.index(",", start) + 1
        fields = {}
        while True:
            found = re.compile(r"\s*(\w+) = \{").match(source, at)
            if not found:
                break
            depth, end = 1, found.end()
            while depth:
                depth += {"{": 1, "}": -1}.get(source[end], 0)
                end += 1
            fields[found[1]] = source[found.end() : end - 1]
            at = end + 1
        assert source[at:].lstrip().startswith("}")
        assert key not in entries
        entries[key] = fields
        at = source.index("}", at) + 1
    return entries


lines = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60).map(visible)


@given(lines)
@example("100% {of} \\alpha & ~^_#$ “quotes”")
@example("Łukasz Ångström, Gödel, Erdős, Dvořák, Şahin, ﬁ, ı, í")
@example("a\u0323\u0301 é\u0301")
def test_what_is_escaped_for_tex_reads_as_before_and_its_braces_balance(text):
    source = escaped(text)
    assert read_field(source) == unicodedata.normalize("NFC", text)
    depth = 0
    for character in source:
        depth += {"{": 1, "}": -1}.get(character, 0)
        assert depth >= 0
    assert depth == 0


entries = st.builds(
    lambda number, title, authors, doi, note: Entry(
        paper(number, title=title, authors=tuple(authors), doi=doi or None), note=visible(note)
    ),
    st.integers(1, 99999),
    lines,
    st.lists(lines, max_size=4),
    lines,
    lines,
)
some_entries = st.lists(entries, max_size=4, unique_by=lambda entry: entry.paper.key)


@given(some_entries)
def test_every_bibtex_entry_is_found_again_with_its_fields(listed):
    found = parsed(bibtex(listed))
    assert list(found) == [entry.key for entry in listed]
    for entry in listed:
        fields = found[entry.key]
        assert fields["title"][0] + fields["title"][-1] == "{}"
        assert read_field(fields["title"][1:-1]) == unicodedata.normalize("NFC", entry.title)
        assert fields["eprint"] == entry.arxiv
        assert fields["archivePrefix"] == "arXiv"
        assert len(re.split(r"\s+and\s+", _outside_braces(fields.get("author", "")))) == max(
            len(entry.authors), 1
        )


def _outside_braces(source):
    depth, kept = 0, ""
    for character in source:
        depth += {"{": 1, "}": -1}.get(character, 0)
        kept += character if depth == 0 else "x"
    return kept


@given(some_entries)
def test_every_ris_record_is_found_again(listed):
    source = references.ris(listed)
    lines = source.split("\r\n")[:-1]
    assert all(re.fullmatch(r"[A-Z][A-Z0-9]  - [^\r\n]*", line) for line in lines)
    records = source.split("ER  - \r\n")[:-1]
    assert len(records) == len(listed)
    for record, entry in zip(records, listed, strict=True):
        tags = [line.partition("  - ")[::2] for line in record.split("\r\n")[:-1]]
        assert tags[0][0] == "TY"
        assert ("TI", entry.title) in tags
        assert sum(tag == "AU" for tag, _ in tags) == len(entry.authors)


@given(some_entries)
def test_csl_csv_and_taste_name_every_paper(listed):
    items = json.loads(references.csl_json(listed))
    assert [item["id"] for item in items] == [entry.key for entry in listed]
    rows = list(csv.DictReader(io.StringIO(references.table(listed).removeprefix("\ufeff"))))
    assert [row["key"] for row in rows] == [entry.paper.key for entry in listed]
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())
    document = json.loads(references.taste(listed))
    assert (document["format"], document["version"]) == ("paperlark-taste", 1)
    assert [one["key"] for one in document["papers"]] == [entry.paper.key for entry in listed]


def test_a_bibtex_entry_as_people_see_it():
    assert bibtex([ENTRY]) == (
        "@misc{angstrom2023-2301.12652,\n"
        '  title = {{Schr{\\"o}dinger \\& G{\\"o}del: 100\\% of α-TeX\\_here}},\n'
        '  author = {Zo{\\"e} {\\r A}ngstr{\\"o}m and Ludwig van der Berg Jr. and OpenAI and '
        "{Smith and Sons, Inc.}},\n"
        "  year = {2023},\n"
        "  eprint = {2301.12652},\n"
        "  archivePrefix = {arXiv},\n"
        "  primaryClass = {cs.LG},\n"
        "  doi = {10.1000/a_b%7Bc%7D},\n"
        "  url = {https://arxiv.org/abs/2301.12652},\n"
        "  howpublished = {Nature 1 (2023)},\n"
        "  abstract = {Papers are many. We propose paper 1. Results show that it is read.},\n"
        "  annote = {read {\\textbraceleft}twice{\\textbraceright} \\& \\#1},\n"
        "}\n"
    )


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Ada Lovelace", ("Lovelace", "Ada")),
        ("Ludwig van der Berg", ("van der Berg", "Ludwig")),
        ("Sammy Davis Jr.", ("Davis Jr.", "Sammy")),
        ("OpenAI", ("OpenAI", "")),
        ("van Gogh", ("Gogh", "van")),
    ],
)
def test_a_name_falls_into_family_and_given(name, parts):
    assert family_and_given(name) == parts


def test_a_citation_key_stays_whatever_else_is_in_the_list_and_is_plain():
    old = replace(ENTRY, paper=replace(ENTRY.paper, id=PaperId(9), key="arxiv:cs/0112017"))
    nobody = replace(ENTRY, paper=replace(old.paper, authors=(), published=None))
    assert old.key == "angstrom2023-cs.0112017"
    assert nobody.key == f"anonymous{date(2026, 11, 20).year}-cs.0112017"

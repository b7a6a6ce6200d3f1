"""Bibliographies are read as people have them: whatever is broken costs only itself."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.conversation import bibtex, references
from bot.conversation.bibliography import Cited, cited_in, kind_of
from bot.conversation.entries import Entry
from tests.conversation.scripted_desk import NOW, paper

MEGABYTE = 1_000_000
braces = st.text(st.sampled_from('@{}(),="#\\ \n\tabTitle0{é\u202eאب\x00\ud800'), max_size=300)
sane = st.text(st.characters(categories=["L", "N", "Zs"], codec="utf-8"), min_size=1, max_size=40)


def titles(kind, text):
    return [one.title for one in cited_in(kind, text.encode("utf-8", "replace"))]


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("@article{k, title={Deep {CNN}s}, eprint={1706.03762}}", "Deep CNNs|1706.03762"),
        ('@article{k, title="A {"}quoted{"} word"}', 'A "quoted" word|'),
        ("@misc{k,\n  Title = {On\n  two lines},\n  year = 2020\n}", "On two lines|"),
        ("@article(k, title = {Round}, doi = {10.1/a\\_b})", "Round|10.1/a_b"),
        ('@string{x = "A"}\n@misc{k, title = x # " and {B}"}', "x and B|"),
        ("@misc{k, title = {M\\\"uller's caf\\'e}}", "Müller's café|"),
        ("@misc{k, title = {مرحبا بالعالم}}", "مرحبا بالعالم|"),
        ("@misc{k, note = {arXiv:2301.00001}, abstract = {2301.00002}}", "|arXiv:2301.00001"),
        (
            "@article{DBLP:x, title={A.}, journal={CoRR}, volume={abs/1706.03762}}",
            "A|CoRR abs/1706.03762",
        ),
        ("% a comment\n@comment{no title={x}}@misc{,title={No key}}", "No key|"),
    ],
)
def test_an_entry_is_read_as_it_is_meant(entry, expected):
    (one,) = cited_in("bib", entry.encode())
    assert f"{one.title}|{one.identifiers}" == expected


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_letters_are_read_in_the_ways_programs_write_them(encoding):
    (one,) = cited_in("bib", "@misc{k, title={Über Größen}}".encode(encoding))
    assert one.title == "Über Größen"


@pytest.mark.parametrize(
    "broken",
    [
        "@article{x, title={never closed, year=2020",
        '@article{x, title="never closed, year=2020',
        "@article{x title without a comma}",
        "@article{x, title={closed} year={no comma before}",
        "@article{",
        "@",
        "}}}}",
    ],
)
def test_a_broken_entry_costs_itself_and_nothing_else(broken):
    before, after = "@misc{a, title={The First}}\n", "\n@misc{b, title={The Last}}\n"
    found = titles("bib", before + broken + after)
    assert found[0] == "The First"
    assert found[-1] == "The Last"
    assert len(found) <= 3


@pytest.mark.parametrize(
    "twisted",
    [
        "@" * MEGABYTE,
        "@a{b,c={" * (MEGABYTE // 8),
        "@a{b,c={\n" * (MEGABYTE // 9),
        "@a{k," + "a={x\n," * (MEGABYTE // 7),
        "@a{k,t=" + "#" * MEGABYTE,
        "@a{k,title={" + "{" * (MEGABYTE // 2) + "}" * (MEGABYTE // 2),
        "@misc{k,title={" + "word " * (MEGABYTE // 5),
        "@misc{k,title={x}}" * (MEGABYTE // 18),  # all on one line
    ],
)
async def test_a_twisted_megabyte_comes_to_an_end(twisted):
    assert all(len(one.title) <= 400 for one in cited_in("bib", twisted.encode()))


@given(braces | st.text(max_size=300))
@example("@a{b," + "{" * 200)
@example("@a{b,title=\ud800}")
def test_no_bibtex_can_do_more_than_be_left_out(text):
    for one in cited_in("bib", text.encode("utf-8", "replace")):
        assert one.title or one.identifiers
        one.label.encode()


@given(st.lists(sane.filter(lambda t: t.strip()), min_size=1, max_size=6), braces)
def test_whole_entries_survive_whatever_stands_between_them(names, between):
    text = "\n".join(f"@misc{{k, title = {{{name}}}}}\n{between}" for name in names)
    wanted = [one for name in names if (one := titles("bib", f"@misc{{k, title={{{name}}}}}"))]
    found = titles("bib", text)
    assert all(one[0] in found for one in wanted)


# ---------------------------------------------------------------- RIS and CSL-JSON


def test_ris_is_read_with_or_without_its_end():
    text = (
        "TY  - JOUR\r\nTI  - The First\r\nDO  - 10.1/a\r\nER  - \r\n\r\n"
        "TY  - UNPB\nT1  - The Second\nAN  - arXiv:2301.00001\nno tag here\n"
    )
    assert cited_in("ris", text.encode("utf-8-sig")) == [
        Cited("The First", "10.1/a"),
        Cited("The Second", "arXiv:2301.00001"),
    ]


@given(
    st.text(max_size=300)
    | st.lists(st.sampled_from(["TY  - J", "TI  - a", "ER  -", "DO -", "x"])).map("\n".join)
)
def test_no_ris_can_do_more_than_be_left_out(text):
    assert all(c.title or c.identifiers for c in cited_in("ris", text.encode("utf-8", "replace")))


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["title", "DOI", "URL", "items", "id"]), inner)
    ),
    max_leaves=12,
)


@given(values)
@example({"items": [{"title": 7}, {"DOI": ["x"]}, None]})
def test_no_json_can_do_more_than_be_left_out(document):
    found = cited_in("json", json.dumps(document).encode())
    assert all(one.title or one.identifiers for one in found)


def test_a_bibliography_on_one_line_is_read_whole():
    line = "".join(f"@misc{{k, title={{Part {n}}}}} " for n in range(5))
    assert titles("bib", line) == [f"Part {n}" for n in range(5)]


def test_json_nested_beyond_reason_has_no_papers():
    assert cited_in("json", b"[" * MEGABYTE) == []


# ---------------------------------------------------------------- our own exports


@pytest.mark.parametrize(
    ("kind", "write"),
    [("bib", bibtex.bibtex), ("ris", references.ris), ("json", references.csl_json)],
)
def test_what_we_export_we_read_again(kind, write):
    some = [
        paper(1),
        paper(2, title=r"$\alpha$-Müller & Søn_s 100% {sure}", doi="10.1109/TRO.2017.42"),
        paper(3, title="מאמר על רשתות", authors=()),
    ]
    found = cited_in(kind, write([Entry(p, "like", NOW, "a note: 1999") for p in some]).encode())
    assert [one.title for one in found] == [Entry(p).title for p in some]
    assert all(p.key[6:] in one.identifiers for p, one in zip(some, found, strict=True))


@pytest.mark.parametrize(
    ("name", "kind"),
    [("a.bib", "bib"), ("A.BibTeX", "bib"), ("b.ris", "ris"), ("c.json", "json"), ("bib", ""),
     ("x.bib.pdf", ""), ("", "")],
)  # fmt: skip
def test_the_name_says_what_a_file_is(name, kind):
    assert kind_of(name) == ("bib" if name == "bib" else kind)

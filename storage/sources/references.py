"""Which papers does a pasted text name? Pure, and at ease with any input.

A key is a paper's identity over versions and sources: `arxiv:2301.12652`,
`arxiv:hep-th/9901001`, `doi:10.1145/3292500.3330701`. The forms of arXiv's identifiers are
those of arXiv's own page about them: YYMM.number since April 2007 (four digits, five from
2015 on), before that archive/YYMMnumber, whose subject class (`math.GT/…`) says nothing.
"""

import re
from collections.abc import Iterator
from urllib.parse import unquote

_ARCHIVES = (
    "acc-phys|adap-org|alg-geom|ao-sci|astro-ph|atom-ph|bayes-an|chao-dyn|chem-ph|cmp-lg|comp-gas"
    "|cond-mat|cs|dg-ga|funct-an|gr-qc|hep-ex|hep-lat|hep-ph|hep-th|math-ph|math|mtrl-th|nlin"
    "|nucl-ex|nucl-th|patt-sol|physics|plasm-ph|q-alg|q-bio|quant-ph|solv-int|supr-con"
)
_NEW = r"(?P<yymm>[0-9]{2}(?:0[1-9]|1[0-2]))\.(?P<number>[0-9]{4,5})"
_OLD = (
    rf"(?P<archive>{_ARCHIVES})(?:\.[a-z]{{2}})?"
    r"(?:/|%2f)(?P<old>(?:9[1-9]|0[0-7])(?:0[1-9]|1[0-2])[0-9]{3})"
)
# A letter, digit or point before it, or another digit after it, makes it part of something else.
_ARXIV = re.compile(
    rf"(?:(?<![^\W_])(?<!\.)|(?<=arxiv)|(?<=arxiv\.))(?:{_NEW}|{_OLD})(?:v[0-9]{{1,3}})?"
    r"(?![^\W_])(?!\.[0-9])",
    re.IGNORECASE | re.ASCII,  # so that an identifier right behind 论文 is seen
)
_DOI = re.compile(r"(?<![0-9.])10\.[0-9]{4,9}/[^\s\"<>{}|\\^`]+")
_DATACITE = "10.48550/arxiv."  # arXiv's own DOIs, one for each paper
# What publishers' addresses put behind a DOI: the form in which the paper is shown, …
_FORM = re.compile(
    r"(10\.[0-9]{4,9}/.+?)"
    r"(?:/(?:full|fulltext|full-text|e?pdf|pdfdirect|abs|abstract|html|meta|summary)|\.pdf){1,3}/?"
)
_EDITION = re.compile(r"(10\.1101/[0-9.]+)v[0-9]{1,2}(?:\.[a-z.-]+)?")  # … and bioRxiv the version
_AFTER_DOI = ".,;:!?'’”»)]>*_"
_LONGEST = 20_000


def keys_in(text: str) -> tuple[str, ...]:
    """Return the keys of the papers a text names, in the order of their first mention.

    Links of arXiv, alphaXiv and Hugging Face, bare identifiers, file names of PDFs and DOIs
    are understood. Only the first 20,000 characters are read.
    """
    text = text[:_LONGEST]
    found = sorted([*_dois(text), *_arxiv_ids(_DOI.sub(_blank_foreign, text))])
    return tuple(dict.fromkeys(key for _, key in found))


def arxiv_key(text: str) -> str | None:
    """Return the key that an identifier or address of arXiv stands for, None if for none."""
    return next((key for _, key in _arxiv_ids(text)), None)


def arxiv_id(key: str) -> str | None:
    """Return arXiv's own identifier of a key, None for a paper of another source."""
    source, _, identifier = key.partition(":")
    return identifier if source == "arxiv" else None


def _arxiv_ids(text: str) -> Iterator[tuple[int, str]]:
    for match in _ARXIV.finditer(text):
        key = _key(match)
        if key:
            yield match.start(), key


def _key(match: re.Match[str]) -> str | None:
    if match["old"]:
        return f"arxiv:{match['archive'].lower()}/{match['old']}"
    yymm, number = match["yymm"], match["number"]
    digits = 5 if yymm >= "1501" else 4
    return f"arxiv:{yymm}.{number}" if yymm >= "0704" and len(number) == digits else None


def _dois(text: str) -> Iterator[tuple[int, str]]:
    for match in _DOI.finditer(text):
        doi = _tidy(match[0])
        if not doi.startswith(_DATACITE.rstrip(".")) and not doi.endswith("/"):
            yield match.start(), f"doi:{doi}"


def _tidy(doi: str) -> str:
    """Drop what a sentence or an address left behind a DOI."""
    doi = unquote(doi).partition("?")[0].partition("#")[0].lower()
    while doi and doi[-1] in _AFTER_DOI:
        if doi[-1] == ")" and doi.count("(") >= doi.count(")"):
            break  # its own, as in 10.1016/0370-2693(93)90635-i(b)
        doi = doi[:-1]
    for behind in (_FORM, _EDITION):
        if bare := behind.fullmatch(doi):
            doi = bare[1]
    return doi


def _blank_foreign(match: re.Match[str]) -> str:
    """Keep arXiv's own DOIs for the eye that looks for identifiers; positions stay."""
    return match[0] if match[0].lower().startswith(_DATACITE) else " " * len(match[0])

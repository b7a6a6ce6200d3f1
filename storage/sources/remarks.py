"""What authors say of their paper in passing: where its code is, and that it is withdrawn."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from recommender.papers import Link

MOST_LINKS = 4

_URL = re.compile(
    r"https?://[^\s<>\"'`|^\[\]]+|(?<![\w./@-])(?:github|gitlab)\.com/[^\s<>\"'`|^\[\]]+",
    re.IGNORECASE,
)
_CODE_HOSTS = ("github.com", "gitlab.com", "bitbucket.org", "codeberg.org", "4open.science")
_PAGE_HOSTS = ("github.io", "gitlab.io")
_SAYS_CODE = re.compile(r"\b(code|implementation|software|repository|repo)\b", re.IGNORECASE)
_SAYS_PAGE = re.compile(r"\b(project|page|website|web site|homepage|demo)\b", re.IGNORECASE)
_PURPOSE = 60  # how far before an address its purpose is looked for, in characters
_PAPER = r"(paper|article|submission|manuscript|preprint|work|version|document|note|report)"
_WITHDRAWN = re.compile(
    rf"\b(this|the|our)\s+{_PAPER}\s+(has|have|had|is|was)\s+(now\s+)?(been\s+|being\s+)?"
    r"(temporarily\s+|permanently\s+)?(withdrawn|retracted)\b"
    r"|\b(authors?|we|i)\s+(have\s+|has\s+|hereby\s+|are\s+)?"
    rf"(withdrawn?|withdraws|withdrawing|retract(s|ed|ing)?)\s+(this|the|our)\s+{_PAPER}\b",
    re.IGNORECASE,
)
_WITHDRAWN_COMMENT = re.compile(
    r"^\W*((paper|article|submission|manuscript|preprint|work)\s+)?(is\s+|was\s+)?"
    r"(withdrawn|retracted)\b",
    re.IGNORECASE,
)
_FIRST_WORDS = 300  # an abstract says it at the very beginning; later it speaks of others


def is_withdrawn(comment: str | None, abstract: str | None) -> bool:
    """Tell whether the authors or arXiv say that the paper has been withdrawn."""
    if comment and (_WITHDRAWN.search(comment) or _WITHDRAWN_COMMENT.search(comment)):
        return True
    return bool(abstract and _WITHDRAWN.search(abstract[:_FIRST_WORDS]))


def links(*texts: str | None) -> tuple[Link, ...]:
    """Return code and project pages named in these texts, at most four, in order.

    Other addresses (a journal's, a data set's) are not taken.
    """
    found = dict.fromkeys(link for text in texts if text for link in _links(text))
    return tuple(found)[:MOST_LINKS]


def link(kind: str, address: object) -> Link | None:
    """Return a link when the address is one that may be shown to people."""
    if not isinstance(address, str) or len(address) > 500 or any(c.isspace() for c in address):
        return None
    try:
        parts = urlsplit(address)
        is_good = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return None
    return Link(kind, address) if is_good else None


def _links(text: str) -> Iterator[Link]:
    last = 0
    for match in _URL.finditer(text):
        address = _tidy(match[0])
        found = link("code", address)
        if found:
            before = text[max(last, match.start() - _PURPOSE) : match.start()]
            kind = _kind(found.url, before)
            if kind:
                yield Link(kind, found.url)
        last = match.end()


def _kind(address: str, before: str) -> str | None:
    parts = urlsplit(address)
    host = (parts.hostname or "").removeprefix("www.")
    if _is_at(host, _CODE_HOSTS) and parts.path.strip("/"):
        return "code"
    if _is_at(host, _PAGE_HOSTS):
        return "project"
    says = [(m.start(), kind) for kind, words in _WORDS for m in words.finditer(before)]
    return max(says)[1] if says else None


_WORDS = (("code", _SAYS_CODE), ("project", _SAYS_PAGE))


def _is_at(host: str, hosts: tuple[str, ...]) -> bool:
    return any(host == h or host.endswith(f".{h}") for h in hosts)


def _tidy(address: str) -> str:
    """Undo TeX's escapes, and drop the sentence's end behind an address."""
    address = re.sub(r"\\([_%#&~])", r"\1", address.replace(r"\~{}", "~").partition("}")[0])
    while address and (
        address[-1] in ".,;:!?'\"*{\\"
        or (address[-1] == ")" and address.count("(") < address.count(")"))
    ):
        address = address[:-1]
    return address if "://" in address else f"https://{address}"

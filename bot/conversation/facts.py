"""What a paper says of itself, found in its comment, journal reference and abstract.

Everything here is quoted from the paper, in whole sentences where it can be; nothing is
concluded.
"""

import re
from functools import lru_cache

from bot.conversation import words
from bot.conversation.language import _
from bot.conversation.tex import readable
from bot.conversation.text import clipped
from recommender.papers import Paper

SUMMARY_LENGTH = 600
_VENUE_LENGTH = 80

_ACCEPTED = re.compile(
    r"\b(?:accepted|published|presented|to appear|appears|appeared|to be (?:published|presented)|"
    r"will be (?:published|presented)|in proceedings)\b"
    r"(?!\s+(?:manuscript|version|papers?)\b)[^;\n()]*",
    re.IGNORECASE,
)
_KNOWN_VENUE = re.compile(
    r"\b(?:AAAI|AAMAS|ACL|ACM MM|AISTATS|BMVC|CHI|CIKM|COLING|COLM|COLT|CoRL|CVPR|EACL|ECAI|ECCV|"
    r"ECML|EMNLP|FAccT|ICASSP|ICCV|ICLR|ICML|ICRA|IJCAI|INTERSPEECH|Interspeech|IROS|ISIT|KDD|"
    r"LREC|MICCAI|MIDL|NAACL|NDSS|NeurIPS|NIPS|OSDI|RecSys|RSS|SIGGRAPH(?: Asia)?|SIGIR|SIGMOD|"
    r"STOC|TACL|TMLR|UAI|UIST|USENIX Security|VLDB|WACV|WSDM|WWW)"
    r"[ ']*(?:20)?\d\d\b(?: \(?(?:oral|spotlight|poster|findings|workshop)\)?)?",
    re.IGNORECASE,
)
_NOT_YET = re.compile(
    r"\b(?:subm\w+|under review|in review|preprint|rejected|not accepted)\b",
    re.IGNORECASE,
)
_PART_END = re.compile(
    r"\.(?=\s+(?:[A-Z]|\d+ pages)|\s*$)|,\s*(?=\d+ (?:pages|figures|tables)|code\b|project\b|http)|https?://|"
    r"\s[–—-]\s|\bcode\b|\bproject page\b",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"https?://[^\s<>\"'{}|\\^`\[\]()]+", re.IGNORECASE)
_CODE_HOSTS = re.compile(
    r"https?://(?:www\.)?(?:github\.com|gitlab\.com|bitbucket\.org|codeberg\.org|anonymous\.4open)",
    re.IGNORECASE,
)
_LABELS = {"code": words.CODE, "project": words.PROJECT_PAGE, "discussion": words.DISCUSSION}

_SENTENCE_END = re.compile(r"(?<=[.!?。！？])[\"”’)\]]*(?:\s+|(?<=[。！？]))")
_NO_END = re.compile(
    r"(?:\b(?:e\.g|i\.e|et al|etc|vs|cf|resp|Fig|Figs|Eq|Eqs|Sec|Tab|Ref|No|Dr|Prof|St|approx|ca|"
    r"w\.r\.t|a\.k\.a|i\.i\.d|a\.s|s\.t|viz|Thm|Def|Prop|Vol|pp)|\b[A-Z](?:\.[A-Z])*)\.$"
)
_DONE = re.compile(
    r"\b(?:we|this (?:paper|work|article|study|letter|thesis|survey|report))\s+(?:\w+\s+){0,2}?"
    r"(?:propos|introduc|present|develop|design|stud|investigat|describ|provid|show how|address|"
    r"construct|formulat|examin|ask|build|releas|review|argue|explor)\w*",
    re.IGNORECASE,
)
_FOUND = re.compile(
    r"\b(?:we (?:\w+ )?(?:find|show|prove|demonstrate|observe|establish|achieve)|results?\b.*\b(?:"
    r"show|demonstrate|indicate|suggest|reveal|confirm)|experiments?\b.*\b(?:show|demonstrate|"
    r"confirm|reveal)|outperform\w*|achiev\w+|improv\w+ .*\d|state-of-the-art|surpass\w*|reveals?|"
    r"reduc\w+ .*\d)",
    re.IGNORECASE,
)


def venue(paper: Paper) -> str:
    """Return where the paper appeared as it says itself, or nothing.

    What is only submitted somewhere says nothing of the kind.
    """
    comment = readable(paper.comment or "")
    found = _ACCEPTED.search(comment)
    if found and not _NOT_YET.search(comment[: found.end()]):
        place = clipped(_first_part(found.group()), _VENUE_LENGTH)
        if len(place.split()) > 2:
            return place
    if paper.journal_ref:
        return clipped(readable(paper.journal_ref), _VENUE_LENGTH)
    known = _KNOWN_VENUE.search(comment)
    return known.group().strip() if known and not _NOT_YET.search(comment) else ""


def links(paper: Paper) -> tuple[tuple[str, str], ...]:
    """Return label and address of at most three things that belong to the paper.

    Beside the links a source gave, addresses in the comment and the abstract count.
    """
    given = [(_LABELS.get(link.kind, words.LINK), link.url) for link in paper.links]
    text = f"{readable(paper.comment or '')} \n {readable(paper.abstract)}"
    for found in _ADDRESS.finditer(text):
        address = found.group().rstrip(".,;:!?*_")
        before = text[max(0, found.start() - 60) : found.start()].lower()
        if _CODE_HOSTS.match(address):
            given.append((words.CODE, address))
        elif re.search(r"\b(?:project|web\s?page|website|demo|homepage)", before):
            given.append((words.PROJECT_PAGE, address))
    if paper.doi:
        given.append(("DOI", f"https://doi.org/{paper.doi}"))
    kept: dict[str, str] = {}
    for label, address in given:
        if _is_address(address) and address not in kept.values() and label not in kept:
            kept[label] = address
    return tuple((_(label), address) for label, address in kept.items())[:3]


def summary(abstract: str, limit: int = SUMMARY_LENGTH) -> str:
    """Return the abstract's key sentences, whole and in their order.

    The first one says what it is about; then the first that says what was done (the last,
    if none does) and the last that says what came out, as far as there is room. A short
    abstract stays as it is.
    """
    text = readable(abstract)
    if len(text) <= limit:
        return text
    found = sentences(text)
    chosen = [0]
    done = [n for n, piece in enumerate(found) if _DONE.search(piece)]
    came_out = [n for n, piece in enumerate(found) if _FOUND.search(piece)]
    for wanted in (done or range(len(found))[:0:-1], came_out[::-1]):
        room = limit - sum(len(found[n]) + 1 for n in chosen)
        more = next((n for n in wanted if n not in chosen and len(found[n]) <= room), None)
        if more is not None:
            chosen.append(more)
    return clipped(" ".join(found[n] for n in sorted(chosen)), limit)


def key_sentence(abstract: str, limit: int) -> str:
    """Return the one sentence that says most: what was done, else the first; no question."""
    text = readable(abstract)
    if not text:
        return ""
    found = [piece for piece in sentences(text) if not piece.endswith("?")] or sentences(text)
    return clipped(next((piece for piece in found if _DONE.search(piece)), found[0]), limit)


@lru_cache(maxsize=2048)
def sentences(text: str) -> tuple[str, ...]:
    """Return readable text cut into sentences; nothing is lost but the space between."""
    pieces: list[str] = []
    start = 0
    for end in _SENTENCE_END.finditer(text):
        piece = text[start : end.start()]
        if _NO_END.search(piece) or text[end.end() : end.end() + 1].islower():
            continue
        pieces.append(text[start : end.end()].strip())
        start = end.end()
    pieces.append(text[start:].strip())
    return tuple(piece for piece in pieces if piece) or (text,)


def _first_part(comment: str) -> str:
    end = _PART_END.search(comment)
    part = (comment[: end.start()] if end else comment).strip(" ,;:.–—-")
    return part[:1].upper() + part[1:]


def _is_address(address: str) -> bool:
    return bool(_ADDRESS.fullmatch(address)) and len(address) <= 300 and "." in address[8:]

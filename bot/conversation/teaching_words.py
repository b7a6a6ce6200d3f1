"""What is said when somebody teaches by sending papers."""

from collections.abc import Sequence

from bot.conversation.language import N_, _, ngettext

TAKE_BACK = N_("↩ Take these likes back")
NOTHING_TO_TAKE_BACK = N_("Nothing of yours is left to take back here.")

LIKED_NOW = N_("I know this paper, and count it as a like. Tap ↩ if you did not mean that.")
LIKED_BEFORE = N_("I know this paper; you liked it before.")
JUDGED_BEFORE = N_("I know this paper; what you said of it before stands.")
COUNTS_UNLESS = N_(
    "I know this paper, and count it as a like of yours, unless you said otherwise before."
)

NO_SUCH_DOI = N_(
    "I have no paper with this DOI: the papers I know are those of arXiv and Hugging Face. Send "
    "its title or its arXiv link; /pick brings another."
)
OF_A_CHANNEL = N_(
    "If you mean a digest for a channel of yours: make me an administrator of it who may post "
    "messages, then forward this again."
)
OPENREVIEW = N_(
    "OpenReview does not tell me now which paper this link is. Send the paper's title or its arXiv "
    "link instead, and I look for it."
)
SEMANTIC_SCHOLAR = N_(
    "Semantic Scholar does not tell me now which paper this link is. Send the paper's title or its "
    "arXiv link instead, and I look for it."
)
FILE_EMPTY = N_(
    "I found no paper in this file, so nothing was changed. I read BibTeX (.bib), RIS (.ris) and "
    "CSL-JSON (.json), as Zotero, Mendeley and JabRef write them, and taste files of /export taste."
)
WHAT_TEACHES = N_(
    "Name papers you love behind /teach: links, ids or titles, as many as you like. Or send me a "
    ".bib, .ris or CSL-JSON file with it, up to 500 entries; on Discord /teach has a place for the "
    "file. They count as likes."
)
STOPPED = N_(
    "I stopped, because your data was deleted or joined with another account while I read what you "
    "sent. Send it again if it should count."
)
NOT_FOUND_FILE = N_("The papers of your file that I did not find, one a line.")


def recognised(papers: int, new: int) -> str:
    """papers: how many were recognised. new: how many of them count as likes from now on."""
    if papers == 0:
        return _("I recognised none of it.")
    if new == 0:
        return ngettext(
            "I recognised {n} paper; what you said of it before stands.",
            "I recognised {n} papers; what you said of them before stands.",
            papers,
        ).format(n=papers)
    known = ngettext("I recognised {n} paper", "I recognised {n} papers", papers).format(n=papers)
    likes = ngettext("{n} new like", "{n} new likes", new).format(n=new)
    return _("{recognised}: {likes}.").format(recognised=known, likes=likes)


def recognised_here(papers: int) -> str:
    """Say the same where others read along, and tell nobody what was said of them before."""
    return ngettext(
        "I recognised {n} paper; it counts as a like of yours, unless you said otherwise before.",
        "I recognised {n} papers; they count as likes of yours, unless you said otherwise before.",
        papers,
    ).format(n=papers)


def not_at_arxiv(titles: Sequence[str]) -> str:
    """titles: of papers that were recognised and that nobody has whose papers we know."""
    opening = ngettext(
        "I recognised this paper, but the papers I know are those of arXiv, and it is not among "
        "them. If it stands there by another title, send its arXiv link; /pick brings another.",
        "I recognised these papers, but the papers I know are those of arXiv, and they are not "
        "among them. If they stand there by other titles, send their arXiv links; /pick brings "
        "others.",
        len(titles),
    )
    return "\n".join((opening, *(f"· {title}" for title in titles)))


def more_recognised(more: int) -> str:
    return ngettext(
        "… and {n} more, recognised as well.", "… and {n} more, recognised as well.", more
    ).format(n=more)


def unknown(names: Sequence[str], more: int) -> str:
    """names: what was not found. more: how many further ones."""
    listed = "\n".join(f"· {name}" for name in names)
    behind = ngettext("and {n} more", "and {n} more", more).format(n=more) if more else ""
    opening = _("These I do not know; for each, try its arXiv link or its whole title:")
    return "\n".join(filter(None, (opening, listed, behind)))


def taken_back(likes: int) -> str:
    return ngettext(
        "I took {n} like back. What you said otherwise stands.",
        "I took {n} likes back. What you said otherwise stands.",
        likes,
    ).format(n=likes)


def near_one(title: str) -> str:
    return _("New, and near “{title}”").format(title=title)


def older_near_one(title: str) -> str:
    return _("Near “{title}”, among older papers").format(title=title)


def near_which(title: str, common: Sequence[str]) -> str:
    """title: of what was sent. common: words that both papers share."""
    if not common:
        return _("Near “{title}”.").format(title=title)
    return _("Near “{title}”; shared words: {words}.").format(title=title, words=", ".join(common))


NEAR_ALL = N_("New, and near what you sent")
OLDER_NEAR_ALL = N_("Near what you sent, among older papers")


def reading(entries: int, found: int, waiting: int) -> str:
    """Say how far a file is."""
    read = ngettext("Your file has {n} entry.", "Your file has {n} entries.", entries)
    so_far = ngettext(
        "{n} paper recognised so far.", "{n} papers recognised so far.", found
    ).format(n=found)
    left = ngettext("I look for {n} more …", "I look for {n} more …", waiting).format(n=waiting)
    return f"{read.format(n=entries)} {so_far} {left}"


def asking(entries: int, found: int, waiting: int) -> str:
    """Say how far a file is while arXiv is asked, which takes a while."""
    slowly = _("I ask arXiv a few at a time, so this takes a minute.")
    return f"{reading(entries, found, waiting)} {slowly}"


def read_file(entries: int, found: int, new: int) -> str:
    """Say what became of a file."""
    read = ngettext("Your file has {n} entry.", "Your file has {n} entries.", entries)
    return f"{read.format(n=entries)} {recognised(found, new)}"


def interrupted(found: int) -> str:
    return ngettext(
        "My memory went away while I read your file. {n} paper was recognised and is kept; please "
        "send the file again in a minute, and I go on.",
        "My memory went away while I read your file. {n} papers were recognised and are kept; "
        "please send the file again in a minute, and I go on.",
        found,
    ).format(n=found)


def left(entries: int) -> str:
    return ngettext(
        "I have not asked arXiv for {n} of them yet, to be polite: send the file again, and I go "
        "on where I was.",
        "I have not asked arXiv for {n} of them yet, to be polite: send the file again, and I go "
        "on where I was.",
        entries,
    ).format(n=entries)


def untold(entries: int) -> str:
    return ngettext(
        "{n} entry gives only a DOI, and I did not look it up, because Semantic Scholar could not "
        "be asked just now: send the file again later, and I do it then.",
        "{n} entries give only a DOI, and I did not look them up, because Semantic Scholar could "
        "not be asked just now: send the file again later, and I do it then.",
        entries,
    ).format(n=entries)


def cut_at(most: int, more: int) -> str:
    return ngettext(
        "I read the first {most} entries; send the last {n} as a file of its own.",
        "I read the first {most} entries; send the last {n} as a file of their own.",
        more,
    ).format(most=most, n=more)


def not_found(entries: int) -> str:
    return ngettext("{n} entry I did not find:", "{n} entries I did not find:", entries).format(
        n=entries
    )


def and_more(more: int) -> str:
    return ngettext("and {n} more", "and {n} more", more).format(n=more)

"""Saved papers, history, notes, and files that are handed over or taken in."""

from bot.conversation.language import N_, _, ngettext

_SLOW = 100  # papers, more than which one question to arXiv does not hold


def saved_heading(first: int, last: int, total: int) -> str:
    if total == 1:
        return _("Your saved paper")
    return _("Your saved papers, {first}–{last} of {total}").format(
        first=first, last=last, total=total
    )


def no_saved_page(pages: int) -> str:
    if pages == 1:
        return _("All your saved papers are on one page: try /saved.")
    return _("Your saved papers fill {pages} pages: try /saved {pages}.").format(pages=pages)


SAVED_WANTS_A_NUMBER = N_(
    "Write a page number behind /saved, such as /saved 2, or words to look for."
)


def found_heading(sought: str, first: int, last: int, total: int) -> str:
    if total == 1:
        return _("One saved paper with “{sought}”").format(sought=sought)
    return _("Saved papers with “{sought}”, {first}–{last} of {total}").format(
        sought=sought, first=first, last=last, total=total
    )


def nothing_found(sought: str) -> str:
    return _("None of your saved papers has “{sought}”. /saved shows all of them.").format(
        sought=sought
    )


# ---------------------------------------------------------------- history and notes

NOTE = N_("📝 Note")
NO_HISTORY = N_("I have shown you nothing yet. /pick brings the first paper.")
NO_HISTORY_PAGE = N_("There is no such page. Try /history.")
HISTORY_WANTS_A_NUMBER = N_("Write a page number behind /history, such as /history 2.")
NOTHING_TO_NOTE = N_("There is no paper to write on yet. Open one, then send /note and your words.")
NOTE_ASKED = N_(
    "Send /note and your words, and they stand on this paper; a #tag in them makes a list that "
    "/saved shows. /note - takes them away:"
)
NOTE_STANDS = N_("Your note:")
NOTED = N_("Noted on")
NOTE_REMOVED = N_("There is no note any more on")


def note_line(note: str) -> str:
    return f"📝 {note}"


def note_too_long(most: int) -> str:
    return _(
        "A note holds at most {most} characters, so nothing was changed: send a shorter one."
    ).format(most=most)


def history_heading(first: int, last: int, total: int) -> str:
    if total == 1:
        return _("The paper you were shown")
    return _("What you were shown, {first}–{last} of {total}").format(
        first=first, last=last, total=total
    )


def no_such_history_page(pages: int) -> str:
    if pages == 1:
        return _("All your history is on one page: try /history.")
    return _("Your history fills {pages} pages: try /history {pages}.").format(pages=pages)


# ---------------------------------------------------------------- files

EXPORT_TASTE = N_("Taste file")
EXPORT_WHICH = N_(
    "Your saved papers as a file for other programs, your taste for another Paperlark, or "
    "everything I know about you: which one?"
)
EXPORT_UNKNOWN = N_("I do not write that form. These I do:")
EXPORTED_ALL = N_("Everything I keep about you, as one JSON file. /forget deletes it here.")
EXPORTED_TASTE = N_(
    "Your taste: the papers you judged or saved, and how. Send this file to another Paperlark, "
    "and it knows as much."
)
NOTHING_TO_EXPORT = N_("I know nothing of your taste yet: /pick brings a paper to like or skip.")


def exported(count: int) -> str:
    return ngettext("Your saved paper.", "Your {n} saved papers.", count).format(n=count)


FILE_NOT_FETCHED = N_(
    "I could not read that file: it is larger than 4 MB, or it could not be fetched. Nothing was "
    "changed; please send it again, or a smaller one."
)
TASTE_BROKEN = N_(
    "This is no taste file that I can read, so nothing was changed: /export taste on the other "
    "Paperlark makes one."
)
TASTE_NEWER = N_(
    "This taste file was made by a newer Paperlark than I am, so nothing was changed. My operator "
    "can update me."
)
TASTE_EMPTY = N_("There is no paper in this taste file that I could use, so nothing was changed.")


def taste_too_long(most: int) -> str:
    return _("A taste file holds at most {most} papers, so nothing was changed.").format(most=most)


def taste_taken_in(papers: int, stored: int, lacking: int) -> str:
    """lacking: how many arXiv is about to be asked for."""
    said = [
        ngettext(
            "I read {n} paper: {stored} taught me something new.",
            "I read {n} papers: {stored} taught me something new.",
            papers,
        ).format(n=papers, stored=stored)
    ]
    if lacking:
        asking = ngettext(
            "{n} I do not have yet, and ask arXiv for it now.",
            "{n} I do not have yet, and ask arXiv for them now.",
            lacking,
        )
        said.append(asking.format(n=lacking))
    if lacking > _SLOW:
        said.append(_("I ask arXiv a few at a time, so this takes a minute."))
    return " ".join((*said, _("What you said here before stands.")))


def taste_found(stored: int) -> str:
    return ngettext(
        "{n} more paper found and taken in.", "{n} more papers found and taken in.", stored
    ).format(n=stored)


def taste_left(papers: int) -> str:
    """papers: how many arXiv has not been asked for, because it was asked for a lot."""
    return ngettext(
        "For {n} I have not asked arXiv yet, to be polite: send the file again in a minute, and I "
        "go on with it.",
        "For {n} I have not asked arXiv yet, to be polite: send the file again in a minute, and I "
        "go on with them.",
        papers,
    ).format(n=papers)


def taste_left_away(papers: int) -> str:
    """papers: how many arXiv has not been asked for, because it cannot be."""
    return ngettext(
        "arXiv cannot be asked right now, so {n} is still open: send the file again later, and I "
        "go on with it.",
        "arXiv cannot be asked right now, so {n} are still open: send the file again later, and I "
        "go on with them.",
        papers,
    ).format(n=papers)

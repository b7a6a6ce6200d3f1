"""From offers to cards and digests: what is shown of a paper, and which buttons belong to it.

Pure; the same offer always makes the same card, so that any message can be drawn anew after
a tap, a restart or a month.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from bot.conversation import facts, reasons, words
from bot.conversation.language import _
from bot.conversation.messages import (
    ROW,
    Button,
    Card,
    Digest,
    DigestItem,
    Message,
    Rows,
    Span,
    plain,
)
from bot.conversation.ports import Offer, Opinion
from bot.conversation.taps import Act, Tap, encode
from bot.conversation.tex import readable
from bot.conversation.text import clipped, isolated, visible
from recommender.feedback import Verdict
from recommender.papers import Paper, PaperId

DIGEST_LENGTH = 3_100  # characters of all items together, below every platform's limit
_TITLE = 250
_NAME = 60
_MARKS = 50  # characters kept free for a mark and a note
_SHORTEST_SENTENCE = 80
_VERDICT_MARKS = {
    Verdict.LIKE: words.MARK_LIKED,
    Verdict.SKIP: words.MARK_SKIPPED,
    Verdict.OFF_TOPIC: words.MARK_OFF_TOPIC,
    Verdict.KNOWN: words.MARK_KNOWN,
    Verdict.NOT_NOW: words.MARK_NOT_NOW,
}


def card(offer: Offer) -> Card:
    """Return everything that is shown of a paper."""
    paper = offer.paper
    return Card(
        paper=paper.id,
        title=title(paper, _TITLE),
        url=paper.url,
        authors=_authors(paper, 3, _NAME),
        details=_details(paper),
        summary=isolated(facts.summary(paper.abstract)) or _(words.NO_ABSTRACT),
        links=facts.links(paper),
        reason=reasons.short(offer),
        mark=mark(offer.opinion),
        note=_note(offer),
    )


def card_message(offer: Offer, *, is_alone: bool) -> Message:
    """Return a card with its buttons.

    is_alone: the reader asked for this paper, so that no other follows a tap.
    """
    return Message(card=card(offer), buttons=card_buttons(offer, is_alone=is_alone))


def card_buttons(offer: Offer, *, is_alone: bool) -> Rows:
    """Return the buttons of a card; what was said is marked and can be taken back."""
    opinion = offer.opinion
    is_skipped = opinion.verdict not in (None, Verdict.LIKE)

    def button(label: str, act: Act, is_chosen: bool = False) -> Button:
        return Button(label, _data(offer, act, is_alone=is_alone), is_chosen=is_chosen)

    is_liked, is_saved = opinion.verdict is Verdict.LIKE, opinion.is_saved
    first = (
        button(_(words.LIKE_CHOSEN if is_liked else words.LIKE), Act.LIKE, is_liked),
        button(_(words.SKIP_CHOSEN if is_skipped else words.SKIP), Act.SKIP, is_skipped),
        button(_(words.SAVE_CHOSEN if is_saved else words.SAVE), Act.SAVE, is_saved),
        button(_(words.WHY), Act.WHY),
    )
    second = [
        button(label, act, opinion.verdict is verdict)
        for label, act, verdict in (
            (_(words.OFF_TOPIC), Act.OFF_TOPIC, Verdict.OFF_TOPIC),
            (_(words.KNOW_IT), Act.KNOWN, Verdict.KNOWN),
            (_(words.NOT_NOW), Act.NOT_NOW, Verdict.NOT_NOW),
        )
        if is_skipped
    ]
    if opinion.verdict is not None or is_saved:
        second.append(button(_(words.UNDO), Act.UNDO))
    if is_saved:
        second.append(button(_(words.NOTE), Act.NOTE))
    # A phone draws four short labels side by side; this one is wide.
    more = button(_(words.MORE_LIKE_THIS), Act.MORE)
    return (first, tuple(second), (more,)) if is_skipped else (first, (*second, more))


def digest_message(
    offers: Sequence[Offer], day: date, picks: int, *, is_filled: bool = True, waiting: int = 0
) -> Message:
    """Return a day's digest as one message; an honest line when there is nothing.

    picks: how many the reader wants; fewer are explained. is_filled: whether older papers
    would have stood in for new ones. waiting: new papers of followed authors that had no room.
    """
    if not offers:
        why = words.digest_is_empty if is_filled else words.nothing_announced
        return Message(text=plain(why(day)))
    has_rows = len(offers) <= ROW
    items = tuple(
        DigestItem(
            number,
            item_card(offer, len(offers)),
            _item_buttons(offer, number, day) if has_rows else (open_button(offer, number),),
        )
        for number, offer in enumerate(offers, start=1)
    )
    footing = (
        words.digest_is_short(picks) if len(offers) < picks else "",
        words.more_of_authors(waiting) if waiting else "",
        _(words.STATUS_SAMPLE) if any(offer.paper.is_sample for offer in offers) else "",
    )
    heading = words.digest_heading(len(offers), day)
    return Message(digest=Digest(heading, day, items, " ".join(filter(None, footing))))


def list_message(
    heading: str, offers: Sequence[Offer], *, first: int = 1, buttons: Rows = ()
) -> Message:
    """Return papers to choose from, each with a button that opens it; at most ten."""
    items = tuple(
        DigestItem(number, item_card(offer, len(offers)), (open_button(offer, number),))
        for number, offer in enumerate(offers, start=first)
    )
    return Message(digest=Digest(heading, None, items), buttons=buttons)


def with_reasons(message: Message, said: Mapping[PaperId, str]) -> Message:
    """Return a list in which each paper has these words as its reason."""
    assert message.digest is not None
    items = tuple(
        replace(item, card=replace(item.card, reason=said.get(item.card.paper, "")))
        for item in message.digest.items
    )
    return replace(message, digest=replace(message.digest, items=items))


def why_message(offer: Offer) -> Message:
    """Return the whole reason: every part of the score with its share."""
    return Message(text=reasons.long(offer))


def open_button(offer: Offer, number: int) -> Button:
    return Button(words.open_button(number), _data(offer, Act.OPEN, is_alone=True))


def mark(opinion: Opinion) -> str:
    """Return what the reader said of a paper, empty when nothing."""
    said = [_(_VERDICT_MARKS[opinion.verdict])] if opinion.verdict else []
    return " · ".join(said + [_(words.MARK_SAVED)] * opinion.is_saved)


def title(paper: Paper, length: int) -> str:
    return isolated(clipped(readable(paper.title) or paper.key, length))


def title_line(paper: Paper) -> Span:
    """Return the title as a link, for sentences that name the paper."""
    return Span(title(paper, 120), url=paper.url)


def _item_buttons(offer: Offer, number: int, day: date) -> tuple[Button, ...]:
    """Return the buttons of a paper in a digest: to mark it there, open it, take back."""
    opinion = offer.opinion
    is_skipped = opinion.verdict not in (None, Verdict.LIKE)
    chosen = (
        (words.LIKE_SIGN, Act.LIKE, opinion.verdict is Verdict.LIKE),
        (words.SKIP_SIGN, Act.SKIP, is_skipped),
        (words.SAVE_SIGN, Act.SAVE, opinion.is_saved),
    )
    row = [
        Button(f"{number} {sign}", _data(offer, act, is_alone=True, day=day), is_chosen=is_chosen)
        for sign, act, is_chosen in chosen
    ]
    if any(is_chosen for *__, is_chosen in chosen):
        label = f"{number} {words.UNDO_SIGN}"
        row.append(Button(label, _data(offer, Act.UNDO, is_alone=True, day=day)))
    return (*row, open_button(offer, number))


def item_card(offer: Offer, count: int) -> Card:
    """Return a card cut to its share of a list of `count` papers; a sentence if there is room."""
    paper, room = offer.paper, DIGEST_LENGTH // max(count, 3)
    name = title(paper, min(room * 35 // 100, _TITLE))
    people = _fitting_authors(paper, room * 18 // 100)
    reason = _fitting_reason(offer, room * 33 // 100) or _note_line(offer, room * 33 // 100)
    left = room - len(name) - len(people) - len(reason) - _MARKS
    has_sentence = count <= ROW and left >= _SHORTEST_SENTENCE
    return Card(
        paper=paper.id,
        title=name,
        url=paper.url,
        authors=people,
        details=(),
        summary=isolated(facts.key_sentence(paper.abstract, left)) if has_sentence else "",
        links=(),
        reason=reason,
        mark=mark(offer.opinion),
        note=_item_note(offer),
    )


def _fitting_authors(paper: Paper, limit: int) -> str:
    """Return two authors, or one where two are too long, and how many more there are."""
    for shown in (2, 1):
        people = _authors(paper, shown, 25)
        if len(people) <= limit:
            return isolated(people)
    return isolated(clipped(people, limit))


def _fitting_reason(offer: Offer, limit: int) -> str:
    """Return the reason with titles cut as far as it takes."""
    for length in (40, 30, 20):
        reason = reasons.short(offer, length)
        if len(reason) <= limit:
            return reason
    return clipped(reason, limit)


def _note_line(offer: Offer, limit: int) -> str:
    return isolated(clipped(words.note_line(visible(offer.note)), limit)) if offer.note else ""


def _data(offer: Offer, act: Act, *, is_alone: bool, day: date | None = None) -> str:
    argument = f"{day:%Y%m%d}" if day else ""
    return encode(Tap(act, offer.paper.id, offer.impression or None, argument, is_alone))


def _authors(paper: Paper, shown: int, length: int) -> str:
    names = [isolated(clipped(readable(name), length)) for name in paper.authors]
    return words.authors([name for name in names if name], shown)


def _details(paper: Paper) -> tuple[str, ...]:
    categories = ", ".join(clipped(readable(c), 20) for c in paper.categories[:5])
    pieces = (isolated(facts.venue(paper)), categories, words.announced(paper.announced))
    return tuple(piece for piece in pieces if piece)


def _note(offer: Offer) -> str:
    notes = [_item_note(offer)] + [_(words.SAMPLE)] * offer.paper.is_sample
    return " ".join(filter(None, notes))


def _item_note(offer: Offer) -> str:
    """Return the note that stands even where there is little room."""
    if offer.paper.is_withdrawn:
        return _(words.WITHDRAWN)
    return _(words.MAY_BE_SEEN) if offer.may_be_seen else ""

"""A group's digest and cards: the votes of its members stand where a reader's own mark would.

Pure, as `cards` is: any message can be drawn anew after a vote.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from bot.conversation import cards, group_words, words
from bot.conversation.language import _
from bot.conversation.messages import ROW, Button, Card, Digest, DigestItem, Message, Rows, plain
from bot.conversation.ports import Offer
from bot.conversation.taps import Act, Tap, encode
from recommender.papers import PaperId

FOR, AGAINST = "l", "s"
"""What a vote's button carries."""


@dataclass(frozen=True, slots=True)
class Votes:
    """How many members are for a paper and how many against it."""

    likes: int = 0
    skips: int = 0


Tallies = Mapping[PaperId, Votes]


def digest_message(
    offers: Sequence[Offer], day: date, picks: int, tallies: Tallies, *, has_votes: bool
) -> Message:
    """Return a day's digest as one message; an honest line when there is nothing.

    picks: how many the group wants; fewer are explained.
    """
    if not offers:
        return Message(plain(group_words.empty(day)))
    has_rows = has_votes and len(offers) <= ROW
    items = tuple(
        DigestItem(
            number,
            _voted(cards.item_card(_for_group(offer), len(offers)), tallies.get(offer.paper.id)),
            _buttons(offer, f"{number} ") if has_rows else (),
        )
        for number, offer in enumerate(offers, start=1)
    )
    lines = [group_words.fewer(picks)] * (len(offers) < picks)
    lines += [_(words.STATUS_SAMPLE)] * any(offer.paper.is_sample for offer in offers)
    digest = Digest(group_words.heading(len(offers), day), day, items, " ".join(lines))
    return Message(digest=digest, buttons=_two_papers_a_row(offers, has_votes and not has_rows))


def card_message(offer: Offer, votes: Votes | None, *, has_votes: bool) -> Message:
    """Return one paper by itself, as it stands in a thread of its own."""
    row = _buttons(offer, "", inside=False)
    card = _voted(cards.card(_for_group(offer)), votes)
    return Message(card=card, buttons=(row,) if has_votes else ())


def _for_group(offer: Offer) -> Offer:
    return replace(offer, is_for_group=True)


def _voted(card: Card, votes: Votes | None) -> Card:
    return replace(card, mark=group_words.tally(votes.likes, votes.skips) if votes else "")


def _two_papers_a_row(offers: Sequence[Offer], is_wanted: bool) -> Rows:
    """Return the buttons of up to ten papers in five rows, which is all that fits."""
    if not is_wanted:
        return ()
    pairs = [_buttons(offer, f"{number} ") for number, offer in enumerate(offers, start=1)]
    return tuple(sum(pairs[at : at + 2], ()) for at in range(0, len(pairs), 2))


def _buttons(offer: Offer, prefix: str, *, inside: bool = True) -> tuple[Button, ...]:
    def button(sign: str, vote: str) -> Button:
        tap = Tap(Act.VOTE, offer.paper.id, offer.impression or None, vote, inside)
        return Button(f"{prefix}{sign}", encode(tap))

    return button(words.LIKE_SIGN, FOR), button(words.SKIP_SIGN, AGAINST)

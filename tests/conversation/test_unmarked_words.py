"""No sentence is said that translators were never shown.

The whole conversation is held in a language that puts brackets around every sentence and leaves
what is filled in outside of them. What then stands outside must be a fact: a paper's, a name, a
number, or what the person wrote.
"""

import asyncio
import io
import re
import string
from collections.abc import Iterator
from dataclasses import replace
from gettext import NullTranslations
from itertools import product

import pytest
from rich.console import Console

from bot.adapters.terminal_app import TerminalApp
from bot.conversation import cards, group_cards, reasons
from bot.conversation.commands import COMMANDS
from bot.conversation.events import Place, Platform
from bot.conversation.groups import Groups
from bot.conversation.language import ENGLISH, speaking, taught
from bot.conversation.messages import Action, Ask, Card, Edit, Message, Revise, Send, Toast
from bot.conversation.ports import Delivery, Offer, Opinion
from bot.conversation.service import Conversation
from bot.conversation.taps import Act, Tap, decode, encode
from bot.schedule import Due
from recommender.feedback import Verdict
from recommender.papers import PaperId
from recommender.picks import PartKind, Pick, ScorePart
from tests.conversation.journey import ADA, Journey
from tests.conversation.scripted_desk import NOW, OPERATOR, ScriptedDesk, paper, talking
from tests.conversation.scripted_groups import ScriptedGroups

BRACKETS = "xx"
FACTS = (
    r"Paper number \d+|Papers are many\.|We propose paper \d+\.|Results show that it is read\.",
    r"Ada Lovelace|Alan Turing|\bAda\b|cs\.[A-Z]{2}\b|arXiv|arxiv:[\d.]+|https?://\S+",
    r"text-1|ops@example\.org|Telegram|telegram:\d+|als-7|arxiv|huggingface",
    r"HTTP 503 <html>|blocked|hlep|help|USA|EST|\bno\b|\bsaved\b|\bx+\b|\bpaper\b",
    r"(?:(?:Europe|America|Asia)/)?(?:Berlin|London|New York|Los Angeles|Tokyo)|UTC|Discord",
    r"\b(?:English|Deutsch|Brackets|BibTeX|RIS|CSL-JSON|CSV|DOI)\b",
    r"/link [A-Z0-9]{6}|/\w+|graph learning|gibberish|a note|#tag",
)
ARGUMENTS = {
    "saved": ("2", "gibberish", "page 900"),
    "history": ("2", "gibberish"),
    "note": ("a note #tag", "-"),
    "search": ("graph learning", "gibberish"),
    "similar": ("Paper number 1", "gibberish"),
    "trending": ("day", "week", "month", "gibberish"),
    "schedule": (
        *(
            "8",
            "8:30 Berlin weekdays quiet line",
            "25:00",
            "+2",
            "+5:30",
            "usa",
            "est",
            "gibberish",
        ),
        *("8:00 9:00", "Berlin Tokyo", "4 papers 5 papers", "quiet loud", "best line", "x 99"),
        *(
            "daily weekdays",
            "weekly mon,tue",
            "mon,wed 1 paper",
            "sunday",
            "50",
            "gibberish",
            "x" * 300,
        ),
    ),
    "pause": ("7", "1 week", "gibberish"),
    "surprise": ("0", "1", "2", "3", "4", "9"),
    "language": ("gibberish",),
    "follow": ("Ada Lovelace", "word graph learning", "cs.RO", "cs.XY", "cs.CV", "x" * 300, "…"),
    "mute": ("Ada Lovelace", "word graph learning", "cs.RO", "cs.XY", "Ada", "Ada Lovelace"),
    "unfollow": ("Ada Lovelace", "Alan Turing", "cs.RO"),
    "unmute": ("Ada Lovelace", "Alan Turing", "cs.RO"),
    "link": ("gibberish", "ABCDEF", "undo"),
    "channel": (
        *("8:30 Berlin weekdays 5", "categories cs.LG", "categories cs.XY", "categories", "stop"),
        *("votes off", "votes x", "threads on", "pause 7", "pause", "pause 999", "resume stop"),
        *("forget", "gibberish", "categories all", "votes on", "x" * 400),
    ),
    "export": ("bibtex", "taste", "json", "gibberish"),
    "gibberish": ("",),
    "hlep": ("",),
}


ELSEWHERE = ("forget", "channel")  # commands with runs of their own


class Bracketing(NullTranslations):
    """Translates "a {n} b" as "⟦a ⟧{n}⟦ b⟧"."""

    def gettext(self, message: str) -> str:
        pieces = []
        for text, name, *_rest in string.Formatter().parse(message):
            pieces.append(f"⟦{text}⟧" if text.strip() else text)
            pieces.append(f"{{{name}}}" if name else "")
        return "".join(pieces)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)


def unmarked(text: str) -> str:
    """Return what stands outside of the brackets and is no fact."""
    outside = re.sub(r"⟦[^⟧]*(?:⟧|…)", " ", text)  # what is cut short has lost its end
    for fact in FACTS:
        outside = re.sub(fact, "", outside)
    return " ".join(re.findall(r"[^\W\d_]+", outside))


def seen(action: Action) -> Iterator[str]:
    """Yield every text that a person sees."""
    match action:
        case Toast(text=text):
            yield text
        case Send(message=message) | Edit(message=message) | Revise(message=message):
            yield from seen_in(message)
        case Ask(question=question, otherwise=otherwise):
            yield from seen_in(question)
            yield from seen_in(otherwise)
            yield from (action.title, action.label, action.hint, action.placeholder)


def seen_in(message: Message) -> Iterator[str]:
    yield from (span.text for span in message.text)
    drawn: list[Card] = [message.card] if message.card else []
    if message.digest:
        yield message.digest.heading
        yield message.digest.footing
        drawn += [item.card for item in message.digest.items]
    for card in drawn:
        yield from (card.title, card.authors, *card.details, card.summary)
        yield from (card.reason, card.mark, card.note, *(label for label, _url in card.links))
    yield from (button.label for row in message.rows for button in row)


@pytest.fixture(autouse=True)
def brackets() -> Iterator[None]:
    with taught(BRACKETS, "Brackets", Bracketing()):
        yield


@pytest.fixture
def desk() -> ScriptedDesk:
    return ScriptedDesk(
        [paper(n, comment="Code: https://github.com/a/b") for n in range(1, 40)],
        troubles=("arXiv",),
    )


async def every_button(journey: Journey, found: list[str]) -> None:
    """Press every button that is there, and every button that then comes; each kind once."""
    pressed = set[str]()
    waiting = list(journey.messages)
    while waiting:
        ref = waiting.pop()
        for button in [b for row in journey.messages[ref].rows for b in row]:
            tap = decode(button.data)
            assert tap is not None
            kind = f"{tap.act}{tap.inside}{tap.argument}{button.is_chosen}"
            is_other = re.search(rf"(?:^|\blanguage )(?:{ENGLISH}|de)$", tap.argument)
            ends_it = tap.argument.startswith("yes") or is_other
            if kind in pressed or ends_it:  # who is forgotten, or answered in another language
                continue
            pressed.add(kind)
            before = set(journey.messages)
            for action in await journey.press(button.data, ref):
                found += seen(action)
            waiting += [ref, *(set(journey.messages) - before)]


async def test_everything_that_is_said_was_marked_for_translators(desk: ScriptedDesk) -> None:
    journey = Journey(talking(desk), replace(ADA, language=BRACKETS))
    found = list[str]()
    names = dict.fromkeys([spec.name for spec in COMMANDS if spec.name not in ELSEWHERE])
    for name in dict.fromkeys((*names, *(n for n in ARGUMENTS if n not in ELSEWHERE))):
        for argument in ("", *ARGUMENTS.get(name, ())):
            for action in await journey.command(f"/{name} {argument}"):
                found += seen(action)
    for text in ("", "Paper number 1", "Paper number 1 and Paper number 2", "hello", "arxiv x"):
        for action in await journey.say(text):
            found += seen(action)
    await every_button(journey, found)
    assert len(found) > 1_000
    assert {text: rest for text in found if (rest := unmarked(text))} == {}


@pytest.mark.parametrize(
    "content",
    [
        None,
        b"nonsense",
        b"@misc{a, title={Paper number 3}}\n@misc{b, title={Paper number 4}}",
        "\n".join(f"@misc{{k{n}, title={{Paper number {n}}}}}" for n in range(1, 600)).encode(),
        b'{"format": "paperlark-taste", "version": 2}',
    ],
)
async def test_what_is_said_of_a_file_was_marked(desk: ScriptedDesk, content: bytes | None) -> None:
    journey = Journey(talking(desk), replace(ADA, language=BRACKETS))
    for action in await journey.send("papers.bib", content):
        assert [unmarked(text) for text in seen(action) if unmarked(text)] == []
    found = list[str]()
    await every_button(journey, found)
    assert {text: rest for text in found if (rest := unmarked(text))} == {}


@pytest.mark.parametrize("act", [act for act in Act if act is not Act.LANGUAGE])
async def test_what_is_said_of_old_and_forged_buttons_was_marked(
    desk: ScriptedDesk, act: Act
) -> None:
    journey = Journey(talking(desk), replace(ADA, language=BRACKETS))
    await journey.command("/pick")
    found = list[str]()
    for number, argument in product((None, 1, 999), ("", "x", "0", "no", "saved,0", "99", "x,99")):
        data = encode(Tap(act, number, number, argument))
        for action in await journey.press(data, journey.newest()):
            found += seen(action)
    for action in await journey.press("old:data", journey.newest()):
        found += seen(action)
    assert {text: rest for text in found if (rest := unmarked(text))} == {}


@pytest.mark.parametrize("platform", [Platform.TELEGRAM, Platform.DISCORD])
async def test_what_groups_are_told_was_marked(desk: ScriptedDesk, platform: Platform) -> None:
    groups = Groups(ScriptedGroups(), lambda: NOW, ("cs.LG", "cs.CL"))
    conversation = Conversation(desk, lambda: NOW, groups=groups)
    found = list[str]()
    for is_admin in (True, False):
        place = Place("-1001", "-1001", is_admin=is_admin, may_post=True)
        person = replace(ADA, platform=platform, is_private=False, language=BRACKETS, group=place)
        journey = Journey(conversation, person)
        for argument in ("", *ARGUMENTS["channel"]):
            for action in await journey.command(f"/channel {argument}"):
                found += seen(action)
        await every_button(journey, found)
    for action in await Journey(conversation, replace(ADA, language=BRACKETS)).command("/channel"):
        found += seen(action)
    assert {text: rest for text in found if (rest := unmarked(text))} == {}


async def test_what_operators_are_told_was_marked(desk: ScriptedDesk) -> None:
    operator = replace(ADA, account=OPERATOR[1], language=BRACKETS)
    journey = Journey(talking(desk), operator)
    found = list[str]()
    asked = ("", "readers", "likes", "sources", "digests", "broadcast", "broadcast a note")
    wrong = ("gibberish", "ban", "ban telegram:1", "ban telegram:9", "unban telegram:9", "ban 99")
    for argument in (*asked, *wrong, f"broadcast {'x' * 9_000}"):
        for action in await journey.command(f"/admin {argument}"):
            found += seen(action)
    await every_button(journey, found)
    assert {text: rest for text in found if (rest := unmarked(text))} == {}


@pytest.mark.parametrize("reason", ["", "blocked", "busy", "fault", "connection", "unheard_of"])
@pytest.mark.parametrize("state", ["sent", "empty", "failed", "unknown", "sending"])
async def test_how_a_digest_ended_is_told_in_marked_sentences(
    desk: ScriptedDesk, state: str, reason: str
) -> None:
    due = Due(NOW.date(), NOW)
    for retry in (None, NOW):
        desk.last = Delivery(due, state, reason, retry)
        journey = Journey(talking(desk), replace(ADA, language=BRACKETS))
        for action in await journey.command("/status"):
            assert [unmarked(text) for text in seen(action) if unmarked(text)] == []


@pytest.mark.parametrize("trouble", ["is_away", "is_ranking_away", "is_source_away", "is_sample"])
async def test_troubles_are_told_in_marked_sentences(desk: ScriptedDesk, trouble: str) -> None:
    setattr(desk, trouble, True)
    journey = Journey(talking(desk), replace(ADA, language=BRACKETS))
    for line in ("/start", "/pick", "/today", "/status", "/help", "/saved", "/undo"):
        for action in await journey.command(line):
            assert [unmarked(text) for text in seen(action) if unmarked(text)] == []
    for action in await journey.say("https://arxiv.org/abs/2301.12652"):
        assert [unmarked(text) for text in seen(action) if unmarked(text)] == []


async def test_the_terminal_says_nothing_unmarked_of_its_own(desk: ScriptedDesk) -> None:
    out = io.StringIO()
    lines = ["l", "s", "/help", "/today", "2l", "/schedule", "/saved", "/quit"]
    chat = TerminalApp(
        talking(desk),
        console=Console(file=out, width=80, color_system=None),
        lines=[f"{line}\n" for line in lines],
        language=BRACKETS,
    )
    await chat.run(asyncio.Event())
    told = "\n".join(line for line in out.getvalue().splitlines() if not line.startswith("› "))
    keys_aside = re.sub(r"\[\w{1,3}\]", "", told).replace("\u00a0", " ")
    assert unmarked(re.sub(r"\s+", " ", keys_aside)) == ""


SAID_BEFORE = (
    Opinion(Verdict.LIKE),
    Opinion(None, is_saved=True),
    Opinion(Verdict.KNOWN),
    Opinion(Verdict.SKIP, is_saved=True),
)


def offers_with_all_reasons() -> Iterator[Offer]:
    """Yield papers that were picked for every kind of reason, and for pairs of liked papers."""
    named = {PaperId(n): f"Paper number {n}" for n in (7, 8)}
    tails = (
        [],
        [ScorePart(PartKind.READERS, 3.0), ScorePart(PartKind.POPULAR, 2.0)],
        [ScorePart(PartKind.SKIPPED, -2.0, PaperId(8)), ScorePart(PartKind.OTHER, 0.5)],
        [ScorePart(PartKind.INTEREST, 0.0, None, ("graph learning",))],
        [ScorePart(PartKind.LIKED, 0.01)] * 12,
    )
    for first, second in product(SAID_BEFORE, SAID_BEFORE):
        for common, tail in product(((), ("paper",)), tails):
            liked = ScorePart(PartKind.LIKED, 5.0, PaperId(7), common)
            also = ScorePart(PartKind.LIKED, 4.0, PaperId(8), common)
            opinions = {PaperId(7): first, PaperId(8): second}
            for is_exploring in (False, True):
                pick = Pick(PaperId(1), 1, 9.0, (liked, also, *tail), is_exploring, 0.2, "text-1")
                yield Offer(paper(1, upvotes=3), 1, pick, Opinion(), named, opinions)
    for kind, text in (
        ("author", "Ada Lovelace"),
        ("word", "graph learning"),
        ("category", "cs.LG"),
    ):
        followed = ScorePart(PartKind.FOLLOWED, 1.0, None, (kind, text))
        yield Offer(paper(1), 1, Pick(PaperId(1), 1, 1.0, (followed,), False, 1.0, "text-1"))


def test_every_reason_is_marked() -> None:
    with speaking(BRACKETS):
        picked = list(offers_with_all_reasons())
        for offer in (*picked, *(replace(one, is_for_group=True) for one in picked)):
            said = reasons.short(offer) + "".join(span.text for span in reasons.long(offer))
            assert unmarked(said) == "", said


@pytest.mark.parametrize("changes", [{}, {"is_sample": True}, {"is_withdrawn": True}])
def test_every_digest_is_marked(changes: dict[str, bool]) -> None:
    shown = replace(next(offers_with_all_reasons()), paper=paper(1, **changes), may_be_seen=True)
    day = NOW.date()
    votes = {PaperId(1): group_cards.Votes(2, 1)}
    with speaking(BRACKETS):
        for digest in (
            cards.digest_message([shown], day, 5),
            cards.digest_message([shown] * 7, day, 7),
            cards.digest_message([shown] * 7, day, 7, waiting=2),
            cards.digest_message([], day, 5),
            cards.digest_message([], day, 5, is_filled=False),
            group_cards.digest_message([shown] * 2, day, 5, votes, has_votes=True),
            group_cards.digest_message([], day, 5, {}, has_votes=False),
        ):
            assert [unmarked(text) for text in seen_in(digest) if unmarked(text)] == []

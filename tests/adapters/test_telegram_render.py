"""What Telegram gets to draw, read back by a parser that is as strict as Telegram."""

from datetime import date
from urllib.parse import parse_qs, urlsplit

from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.adapters.telegram_render import MAX_UNITS, keyboard, render, toast, units
from bot.conversation.messages import Button, Card, Digest, DigestItem, Message, Span, Style, plain
from recommender.papers import PaperId
from tests.contracts.platforms.published import utf16
from tests.telegram_rules import parse_html

unhurried = settings(deadline=None)  # a busy machine is no bug

ISOLATES = str.maketrans("", "", "\u2068\u2069")

# Text without what Telegram itself drops; markup, entities, emoji and Arabic included.
readable = st.text(
    st.one_of(
        st.sampled_from("<>&\"'_*`[]()\\$/ \n.abcאبש中😀"),
        st.characters(exclude_categories=("Cs", "Cc", "Cf", "Zl", "Zp", "Co", "Cn")),
    ),
    max_size=80,
)
anything = st.text(max_size=60)
links = st.sampled_from([None, "https://arxiv.org/abs/2301.12652?a=1&b=%22<2>", 'http://x.org/"q"'])
spans = st.lists(st.builds(Span, readable, st.sampled_from(Style), links), max_size=12)
any_spans = st.lists(
    st.builds(Span, anything, st.sampled_from(Style), st.none() | anything), max_size=8
)


def drawn(message: Message) -> str:
    return parse_html(render(message).html)[0]


def card(**changes) -> Card:
    usual = {
        "paper": PaperId(7),
        "title": "Attention <is> all & more",
        "url": "https://arxiv.org/abs/1706.03762",
        "authors": "A. Author, B. Writer, C. Third and 5 more",
        "details": ("15 pages", "cs.CL", "12 June"),
        "summary": "We do this. Then we do that.",
        "links": (("Code", "https://github.com/x/y"),),
        "reason": "Because you liked “Foo”",
    }
    return Card(**(usual | changes))


def _buttons(number: int) -> tuple[Button, ...]:
    return (Button(f"{number} 👍", f"l:{number}"), Button(f"{number} 👎", f"s:{number}"))


def digest(n: int, **changes) -> Digest:
    items = tuple(
        DigestItem(i, card(title=f"Paper {i}", **changes), _buttons(i)) for i in range(1, n + 1)
    )
    return Digest("Your papers for Monday", date(2026, 11, 23), items, "Change with /schedule")


@unhurried
@given(spans)
@example([Span("&lt; is not <"), Span("&amp;", Style.BOLD), Span("a < b", Style.CODE)])
@example([Span("x", Style.CODE, "https://example.org")])
@example([Span("\nعنوان\n", Style.BOLD)])
def test_every_text_arrives_as_it_was_written(spans):
    text = drawn(Message(text=tuple(spans))).translate(ISOLATES)
    written = "".join(span.text for span in spans)
    assert text == (written if written.strip() else "…")


@unhurried
@given(any_spans)
@example([Span("\ud800"), Span("\x00<b>"), Span("x", url='"><b>'), Span("y", url="http://[")])
def test_nothing_a_title_holds_breaks_a_message(spans):
    text = drawn(Message(text=tuple(spans)))
    assert text.strip()
    text.encode()


@unhurried
@given(any_spans, any_spans)
def test_a_style_reaches_exactly_its_own_text(before, after):
    message = Message(text=(*before, Span("me & <you>", Style.BOLD), *after))
    _, entities = parse_html(render(message).html)
    assert "me & <you>" in [e.text for e in entities if e.kind == "b"]


@unhurried
@given(st.text("אבגد ة abc", min_size=1).filter(lambda t: t.strip() and not t.isascii()))
def test_right_to_left_text_turns_nothing_around_but_itself(title):
    text = drawn(Message(text=plain("1. ", title, " (cs.CL)")))
    assert text.count("\u2068") == text.count("\u2069") == 1
    assert text.startswith("1. ")
    assert text.endswith(" (cs.CL)")


def test_what_is_isolated_already_stays_as_it_is():
    written = "by \u2068אבג\u2069, X. Li and \u2068דהו\u2069"
    assert drawn(Message(text=plain(written))) == written


def test_direction_marks_inside_a_title_cannot_escape_it():
    text = drawn(Message(text=plain("\u202eevil\u2069\u2067", "after")))
    assert text == "evilafter"


@unhurried
@given(st.text("ab. 😀<\n", min_size=1), st.integers(1, 5000), st.integers(1, 400))
def test_a_text_of_any_length_fits(unit, times, more):
    text = drawn(Message(text=plain(unit * times, Span(unit * more, Style.BOLD))))
    assert utf16(text) <= MAX_UNITS


@unhurried
@given(
    st.integers(1, 10),
    st.sampled_from(["word ", "A sentence. ", "😀", "שלום ", "x"]),
    st.integers(0, 2500),
    st.integers(0, 2500),
    st.integers(0, 2500),
)
@example(10, "😀", 2000, 2000, 1200)
def test_a_digest_of_any_papers_is_one_message(n, unit, title, reason, summary):
    papers = digest(n, reason=unit * reason, summary=unit * summary, authors=unit * title)
    drawing = render(Message(digest=papers))
    text, _ = parse_html(drawing.html)
    assert utf16(text) <= MAX_UNITS
    assert len(drawing.keyboard.inline_keyboard) == n
    for number in range(1, n + 1):
        assert f"{number}. Paper {number}" in text.translate(ISOLATES)


def test_a_digest_under_a_long_text_names_how_many_papers_are_missing():
    message = Message(text=plain("Sorry. " * 500), digest=digest(10))
    drawing = render(message)
    text, _ = parse_html(drawing.html)
    shown = len(drawing.keyboard.inline_keyboard)
    assert 0 < shown < 10
    assert f"and {10 - shown} more" in text
    assert utf16(text) <= MAX_UNITS


@unhurried
@given(readable, readable, readable, st.integers(0, 60))
def test_a_card_of_any_words_is_one_message(title, authors, summary, times):
    long = card(title=title * times, authors=authors * times, summary=summary * times)
    text = drawn(Message(text=plain("Found it:"), card=long))
    assert utf16(text) <= MAX_UNITS
    assert text.startswith("Found it:\n\n")


def test_a_card_shows_everything_there_is_to_know():
    whole = card(mark="👍 Liked", note="Sample paper")
    text, entities = parse_html(render(Message(card=whole)).html)
    title = next(e for e in entities if e.kind == "a")
    assert (title.text, title.url) == (whole.title, whole.url)
    assert whole.title in [e.text for e in entities if e.kind == "b"]
    assert "15 pages · cs.CL · 12 June" in [e.text for e in entities if e.kind == "i"]
    for piece in (whole.authors, whole.summary, whole.reason, whole.mark, whole.note, "Code"):
        assert piece in text


def test_a_summary_that_is_too_long_ends_after_a_whole_sentence():
    text = drawn(Message(card=card(summary="This is one sentence. " * 300)))
    assert "sentence. …" in text
    assert text.count("Attention") == 1


@unhurried
@given(
    st.lists(
        st.lists(st.builds(Button, anything, st.just("l:1"), is_chosen=st.booleans()), max_size=20),
        max_size=6,
    )
)
def test_no_row_has_more_buttons_than_a_phone_shows_and_no_button_is_blank(rows):
    markup = keyboard(tuple(map(tuple, rows)))
    drawn_rows = markup.inline_keyboard if markup else ()
    assert sum(map(len, drawn_rows)) == sum(map(len, rows))
    for row in drawn_rows:
        assert 1 <= len(row) <= 8
        assert all(button.text.strip() and units(button.text) <= 64 for button in row)


def test_a_chosen_button_is_marked():
    markup = keyboard(((Button("👍 Like", "l", is_chosen=True), Button("👎 Skip", "s")),))
    assert [b.text for b in markup.inline_keyboard[0]] == ["✓ 👍 Like", "👎 Skip"]
    (named,) = keyboard(((Button("✓ Liked", "l", is_chosen=True),),)).inline_keyboard[0]
    assert named.text == "✓ Liked"


def test_a_link_that_telegram_would_refuse_does_not_take_the_message_with_it():
    rows = ((Button("Code", url="javascript:alert(1)"), Button("Page", url="https://x.org/a")),)
    assert [b.text for row in keyboard(rows).inline_keyboard for b in row] == ["Page"]
    assert keyboard(((Button("Code", url="https://localhost/"),),)) is None


@unhurried
@given(st.text())
def test_a_toast_is_never_too_long(text):
    assert utf16(toast(text * 5)) <= 200


def test_a_card_can_be_sent_to_somebody_else_and_a_list_cannot():
    shared = render(Message(card=card(), buttons=(_buttons(1),))).keyboard
    *_, button = shared.inline_keyboard[-1]
    asked = urlsplit(button.url)
    assert (asked.scheme, asked.netloc, asked.path) == ("https", "t.me", "/share/url")
    assert parse_qs(asked.query) == {
        "url": ["https://arxiv.org/abs/1706.03762"],
        "text": ["Attention <is> all & more"],
    }
    listed = render(Message(digest=digest(3))).keyboard
    assert not [b for row in listed.inline_keyboard for b in row if b.url]


@given(anything)
@example("\ud800" * 300)
@example("👩‍👩‍👧‍👦" * 100)
def test_any_title_can_be_sent_to_somebody_else(title):
    shown = render(Message(card=card(title=title), buttons=(_buttons(1),)))
    *_, button = shown.keyboard.inline_keyboard[-1]
    assert len(button.url) < 2_048
    assert button.url.isascii()


def test_a_number_and_its_sign_are_not_parted_at_the_end_of_a_line():
    reason = "Because you liked\n“Seven” (48\u00a0%)."
    shown = drawn(Message(card=card(reason=reason)))
    assert "Because you liked “Seven” (48\u00a0%)." in shown

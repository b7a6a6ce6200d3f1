"""What Discord shows is what was said, and never more than it takes."""

import re
from datetime import date

from hypothesis import example, given
from hypothesis import strategies as st

from bot.adapters.discord_render import MAX_TOTAL, NOTHING, render, shown, units
from bot.conversation.language import speaking
from bot.conversation.messages import (
    Button,
    Card,
    Digest,
    DigestItem,
    Message,
    Span,
    Style,
    plain,
)
from bot.conversation.taps import Act, Tap, encode
from recommender.papers import PaperId

LINK = re.compile(r"\[((?:\\.|[^\\\]])*)\]\(<(https?://[^\s>)]+)>\)", re.DOTALL)
MARKDOWN = "_*~`|\\>#-[]()<@:!&1.\n "
texts = st.text(
    st.one_of(
        st.sampled_from(MARKDOWN),
        st.characters(exclude_categories=("Cs", "Cc", "Cf", "Zl", "Zp", "Zs")),
        st.just(" "),
    ),
    max_size=400,
)
lines = texts.map(lambda text: " ".join(text.split()))
long_texts = st.builds(lambda text, times: (text + " ") * times, texts, st.integers(1, 40))
styles = st.sampled_from([Style.PLAIN, Style.BOLD, Style.ITALIC])
addresses = st.sampled_from(["https://arxiv.org/abs/2401.00001", "https://a.b/c_(d)*", "no://", ""])
spans = st.builds(Span, texts, styles, st.none() | addresses)
cards = st.builds(
    Card,
    paper=st.just(PaperId(1)),
    title=lines,
    url=addresses,
    authors=lines,
    details=st.lists(lines, max_size=4).map(tuple),
    summary=long_texts,
    links=st.lists(st.tuples(lines, addresses), max_size=4).map(tuple),
    reason=long_texts,
    mark=lines,
    note=long_texts,
)
buttons = st.builds(
    Button, lines, st.text("ab:1", max_size=110), st.none() | addresses, st.booleans()
)
items = st.builds(DigestItem, st.integers(1, 99), cards, st.lists(buttons, max_size=6).map(tuple))
digests = st.builds(
    Digest, lines, st.none() | st.dates(), st.lists(items, max_size=10).map(tuple), long_texts
)
rows = st.lists(st.lists(buttons, max_size=7).map(tuple), max_size=7).map(tuple)
messages = st.builds(
    Message,
    st.lists(spans, max_size=5).map(tuple),
    st.none() | cards,
    st.none() | digests,
    rows,
)


def read(markdown: str) -> str:
    """Return what Discord's client shows of markdown; fails on a mark that nobody escaped."""
    words, at = "", 0
    opened: list[str] = []
    while at < len(markdown):
        rest = markdown[at:]
        is_line_start = not words or words.endswith("\n")
        if escape := re.match(r"\\([^0-9A-Za-z\s])", rest):
            words, at = words + escape[1], at + 2
        elif link := LINK.match(rest):
            words, at = words + read(link[1]), at + link.end()
        elif address := re.match(r"<(https?://[^\s>]+)>|https?://[^\s<]+", rest):
            words, at = words + (address[1] or address[0]), at + address.end()
        elif mark := re.match(r"\*\*|\*", rest):
            if opened and opened[-1] == mark[0]:
                opened.pop()
            else:
                opened.append(mark[0])
            at += mark.end()
        else:
            assert not re.match(r"[_~`|<>\[\]\\]|@everyone|@here|:\w+:", rest), rest[:20]
            assert not (is_line_start and re.match(r"[#-]|\d+\.\s", rest)), rest[:20]
            words, at = words + rest[0], at + 1
    assert not opened
    return words


def words(text: str) -> str:
    return " ".join(re.sub("[\u200b\u2068\u2069\ufeff\ufffe\uffff\u2060]", "", text).split())


@given(texts)
@example("# a _b_ *c* ~~d~~ ||e|| `f` > g\n- h\n1. i @everyone <@1> <#2> [j](https://k.l) :smile:")
@example("see https://github.com/a_b/c_d?e=*f* and _more_")
@example("https://a.b/c_d<@1> _x_")
@example("\\# \\\\_ \\")
def test_text_arrives_as_the_same_words(text):
    assert words(read(shown(text))) == words(text)


@given(st.lists(spans, max_size=6))
@example([Span("a", Style.BOLD), Span("b", Style.ITALIC), Span("c", Style.BOLD)])
@example([Span(" 0", Style.ITALIC), Span("0", Style.BOLD)])
def test_styled_text_arrives_as_the_same_words(said):
    content = render(Message(tuple(s for s in said if not s.url)))["content"]
    expected = words("".join(s.text for s in said if not s.url))
    assert words(read(content)) == expected or content == NOTHING


@given(messages)
def test_no_message_is_larger_than_discord_takes(message):
    drawn = render(message)
    assert drawn["content"] or drawn["embeds"]
    assert units(drawn["content"]) <= 2000
    assert len(drawn["embeds"]) <= 10
    total = 0
    for embed in drawn["embeds"]:
        title, description = embed.get("title", ""), embed.get("description", "")
        footer = embed.get("footer", {}).get("text", "")
        assert (title or description).strip()
        assert units(title) <= 256
        assert units(description) <= 4096
        assert units(footer) <= 2048
        assert re.fullmatch(r"https?://\S+", embed.get("url", "https://-"))
        total += units(title) + units(description) + units(footer)
    assert total <= MAX_TOTAL


@given(messages)
def test_every_button_is_one_that_discord_takes(message):
    drawn = render(message)["components"]
    assert len(drawn) <= 5
    known = [b["custom_id"] for row in drawn for b in row["components"] if "custom_id" in b]
    assert len(known) == len(set(known))
    for row in drawn:
        assert 1 <= len(row["components"]) <= 5
        for button in row["components"]:
            assert 1 <= units(button["label"]) <= 80
            assert ("url" in button) == (button["style"] == 5)
            assert ("custom_id" in button) != ("url" in button)
            assert 1 <= len(button.get("custom_id", "-")) <= 100


@given(cards)
def test_nobody_is_ever_mentioned(card):
    assert render(Message(card=card))["allowed_mentions"] == {"parse": []}


def paper(number: int, **changes) -> Card:
    told = {
        "title": f"Paper *{number}*",
        "url": f"https://arxiv.org/abs/2401.{number:05d}",
        "authors": "A. Author, B. Author and 9 more",
        "details": ("ICML 2026", "cs.LG"),
        "summary": "We show _this_. And that.",
        "links": (("Code", "https://github.com/a/b_(c)"),),
        "reason": "Because you liked “X” (38 %)",
        "mark": "👍 Liked",
        "note": "Sample paper",
    }
    return Card(paper=PaperId(number), **(told | changes))


def test_a_card_holds_all_that_is_known_of_a_paper():
    (embed,) = render(Message(card=paper(7)))["embeds"]
    assert read(embed["title"]) == "Paper *7*"
    assert embed["url"] == "https://arxiv.org/abs/2401.00007"
    told = read(embed["description"])
    for piece in ("A. Author, B. Author", "ICML 2026 · cs.LG", "We show _this_.", "“X” (38 %)"):
        assert piece in told
    assert "[Code](<https://github.com/a/b_%28c%29>)" in embed["description"]
    assert embed["footer"]["text"] == "👍 Liked\nSample paper"


def test_a_digest_numbers_its_papers_and_gives_each_its_own_embed():
    listed = tuple(DigestItem(n, paper(n), ()) for n in (1, 2, 3))
    drawn = render(Message(digest=Digest("3 papers", date(2026, 11, 23), listed, "That is all")))
    assert drawn["content"] == "**3 papers**"
    titles = [read(embed["title"]) for embed in drawn["embeds"]]
    assert titles == ["1. Paper *1*", "2. Paper *2*", "3. Paper *3*"]
    assert drawn["embeds"][-1]["footer"]["text"].endswith("That is all")


def test_a_digest_of_ten_long_papers_keeps_every_title():
    listed = tuple(
        DigestItem(n, paper(n, summary="*" * 900, reason="_" * 900), ()) for n in range(1, 11)
    )
    drawn = render(Message(digest=Digest("10 papers", None, listed)))
    assert [read(e["title"]) for e in drawn["embeds"]] == [
        f"{n}. Paper *{n}*" for n in range(1, 11)
    ]


def test_long_text_ends_with_a_whole_sentence():
    summary = "This is a sentence with *stars*. " * 200
    (embed,) = render(Message(card=paper(1, summary=summary)))["embeds"]
    assert "*stars*.…" in read(embed["description"])


def test_text_that_is_too_long_for_content_becomes_an_embed():
    drawn = render(Message(plain("word " * 500)))
    assert drawn["content"] == ""
    assert len(read(drawn["embeds"][0]["description"]).split()) == 500


def test_right_to_left_titles_do_not_turn_their_surroundings_round():
    (embed,) = render(Message(card=paper(1, title="שלום עולם")))["embeds"]
    assert embed["title"] == "\u2068שלום עולם\u2069"


def test_a_like_is_green_and_what_was_chosen_is_marked():
    like, skip = (encode(Tap(act, 1, 2)) for act in (Act.LIKE, Act.SKIP))
    row = (
        Button("👍", like),
        Button("👎", skip, is_chosen=True),
        Button("Open", url="https://a.b"),
    )
    (drawn,) = render(Message(plain("x"), buttons=(row,)))["components"]
    assert [(b["label"], b["style"]) for b in drawn["components"]] == [
        ("👍", 3),
        ("✓ 👎", 1),
        ("Open", 5),
    ]


def test_commands_are_named_as_the_readers_own_list_names_them():
    link = Span("a /pick of papers", url="https://example.org/pick")
    message = Message(
        plain("Versuch /pick. Oder /nonsense, /help/pick; ", Span("/link ABC", Style.CODE), link)
    )
    assert render(message)["content"].startswith("Versuch /pick.")
    with speaking("de"):
        content = render(message)["content"]
    assert content.startswith("Versuch /vorschlag. Oder /nonsense, /help/pick; `/link ABC`")
    assert content.endswith("[a /pick of papers](<https://example.org/pick>)")

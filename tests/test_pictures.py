"""The README's pictures: there, of a sensible size, and drawn as the bot showed it."""

import re
import struct
from pathlib import Path

import pytest

from docs.discord_plays import Form, Heading, OnMessage, Shown, Typing
from docs.pictures import PLAYS, discord_page, marked_up, screen_line, telegram_page, terminal_page
from docs.plays import Cell, Said
from docs.telegram_plays import Bubble, Proposed, Screen
from tests.local_discord import EPHEMERAL, Posted

DOCS = Path(__file__).parent.parent / "docs"


@pytest.mark.parametrize("name", PLAYS)
def test_a_picture_is_sharp_at_the_width_of_a_readme_and_quick_to_load(name):
    picture = (DOCS / f"{name}.png").read_bytes()
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", picture[16:24])
    assert 1400 <= width <= 2000  # twice the width at which it is shown
    assert 0.5 * width <= height <= 1.8 * width
    assert len(picture) < 300_000


def test_a_line_of_the_screen_keeps_its_colours_and_its_columns():
    line = [
        Cell("[", "cyan", is_bold=True),
        Cell("l", "cyan", is_bold=True),
        Cell("👍"),
        Cell(""),
        Cell("<", is_dim=True),
        Cell("ab"),
        Cell(" "),
        Cell(" "),
    ]
    assert screen_line(line) == (
        '<span style="color:#7cc7e8;font-weight:700">[l</span>'
        '<span class="wide">👍</span>'
        '<span style="color:#848b9b">&lt;</span>ab'
    )


def test_a_terminal_page_holds_every_line_in_order():
    page = terminal_page([[Cell("a")], [], [Cell("b")]], "a <title>")
    assert "<pre>a\n\nb</pre>" in page
    assert "a &lt;title&gt;" in page


def test_a_message_is_drawn_with_telegrams_own_markup_and_rows_of_buttons():
    sent = Bubble('<b><a href="https://x.org">A &lt; B</a></b>', [["👍 Like", "Why?"], ["↩ Undo"]])
    page = telegram_page([Screen([Said("/start <me>"), sent])])
    assert '<div class="said">/start &lt;me&gt;</div>' in page
    assert f'<div class="bubble">{sent.html}</div>' in page
    assert (
        '<div class="row"><span>👍 Like</span><span>Why?</span></div>'
        '<div class="row"><span>↩ Undo</span></div>'
    ) in page
    assert 'class="toast"' not in page


def test_what_answered_a_tap_is_drawn_below_its_message():
    page = telegram_page([Screen([Bubble("A", toast="Liked & known.")])])
    assert page.index("Liked &amp; known.") > page.index('<div class="bubble">A</div>')


def test_every_picture_is_shown_in_the_tour():
    tour = (DOCS / "tour.md").read_text("utf-8")
    assert set(re.findall(r'src="([\w-]+)\.png"', tour)) == set(PLAYS)


def test_discords_marks_become_styles_and_what_is_escaped_is_shown_as_it_is():
    written = r"**1\. A \*b\*** *Ada & Alan* [Code](<https://x.org/a_b>) 2\. <c>"
    assert marked_up(written) == (
        "<b>1. A *b*</b> <em>Ada &amp; Alan</em> <u>Code</u> 2. &lt;c&gt;"
    )


def test_a_message_on_discord_is_drawn_with_its_embeds_and_its_rows_of_buttons():
    embed = {"title": "A < B", "description": "*Ada*", "footer": {"text": "👍 Liked"}}
    rows = [{"components": [{"label": "👍 Like", "style": 3}, {"label": "Why?", "style": 2}]}]
    page = discord_page([[Shown(Posted(1, 2, "", [embed], rows), "pick")]])
    assert "<b>Ada</b> used <b>/pick</b>" in page
    assert "Only you can see this" not in page
    assert '<div class="title">A &lt; B</div><p><em>Ada</em></p>' in page
    assert '<div class="footer">👍 Liked</div>' in page
    assert '<span class="button s3">👍 Like</span><span class="button s2">Why?</span>' in page


def test_what_an_app_alone_can_show_is_drawn_as_the_bot_described_it():
    proposed = Proposed("@lark_bot x", [("A < B", "Ada · cs.LG")])
    phone = telegram_page([Screen([proposed], "Group & all", "5 members", "@lark_bot x")])
    assert "<b>A &lt; B</b><small>Ada · cs.LG</small>" in phone
    assert '<div class="field typed">@lark_bot x</div>' in phone
    assert "<b>Group &amp; all</b><small>5 members</small>" in phone

    field = {"component": {"max_length": 60}, "label": "A & B", "description": "a hint"}
    form = Form({"title": "A name", "components": [field]}, "mine")
    menu = OnMessage("see https://x.org/a", ["Papers like this"])
    for_one = Shown(Posted(1, 2, "`/link X`", [], [], EPHEMERAL), "link", "de")
    page = discord_page(
        [[Heading("# papers"), form, Typing("a", "b", "c", ["d <"]), menu, for_one]]
    )
    assert "<b>A &amp; B</b><small>a hint</small>" in page
    assert "mine<em>56</em>" in page
    assert "<span>d &lt;</span>" in page
    assert "see <u>https://x.org/a</u>" in page
    assert "<code>/link X</code>" in page
    assert "Nur du kannst das sehen" in page

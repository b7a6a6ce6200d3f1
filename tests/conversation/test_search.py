"""Finding papers by asking, as a person reads it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation import words
from bot.conversation.events import Place, Suggests
from bot.conversation.messages import Edit, Send, Toast
from bot.conversation.search import Search
from bot.conversation.service import Conversation
from bot.conversation.suggestions import CHOICES, INLINE_PAGE, Suggestions
from bot.conversation.taps import Act, Tap, encode
from tests.conversation.journey import ADA, BOB, Journey
from tests.conversation.scripted_desk import NOW, ScriptedDesk, paper, talking
from tests.conversation.scripted_search import ScriptedSearch


@pytest.fixture
def desk():
    return ScriptedDesk([paper(n, upvotes=50 - n if n < 10 else 0) for n in range(1, 31)])


@pytest.fixture
def search(desk):
    return ScriptedSearch(desk)


@pytest.fixture
def conversation(desk, search):
    return Conversation(desk, lambda: NOW, [Search(search)])


@pytest.fixture
def ada(conversation):
    return Journey(conversation)


@pytest.fixture
def suggestions(search, desk):
    return Suggestions(search, desk)


# ---------------------------------------------------------------- search


async def test_a_search_lists_papers_that_a_button_opens_and_others_by_pages(ada):
    await ada.command("/search paper number")
    assert ada.transcript[1:] == [
        "“paper number”: 1–5 of 30, by relevance",
        *(f"{n}. Paper number {n}" for n in range(1, 6)),
        "[1 Open] [2 Open] [3 Open] [4 Open] [5 Open]",
        "[More ›]",
    ]
    (turned,) = await ada.tap("More ›")
    assert isinstance(turned, Edit)
    assert "~ [‹ Back] [More ›]" in ada.transcript
    await ada.tap("7 Open")
    assert ada.messages[ada.newest()].card.title == "Paper number 7"


async def test_a_found_paper_shows_who_wrote_it_and_a_sentence_of_it(ada):
    (sent,) = await ada.command("/search paper")
    first = sent.message.digest.items[0].card
    assert (first.authors, first.reason) == ("Ada Lovelace and Alan Turing", "")
    assert first.summary


async def test_taste_comes_first_and_plain_relevance_is_a_tap_away(ada):
    await ada.command("/pick")
    await ada.tap("👍 Like")
    await ada.command("/search paper")
    assert ada.transcript[-9:-3] == [
        "“paper”: 1–5 of 30, your taste first",
        *(f"{n}. Paper number {31 - n}" for n in range(1, 6)),
    ]
    assert "[*My taste first] [Plain relevance]" in ada.transcript
    await ada.tap("Plain relevance")
    assert "~ “paper”: 1–5 of 30, by relevance" in ada.transcript
    assert "~ 1. Paper number 1 | 👍 Liked" in ada.transcript
    await ada.tap("More ›")
    assert "~ 6. Paper number 6" in ada.transcript


async def test_a_search_that_is_forgotten_or_anothers_is_said_kindly(ada, search, conversation):
    await ada.command("/search paper")
    data = next(b.data for r in ada.messages[ada.newest()].rows for b in r if b.label == "More ›")
    bob = Journey(conversation, BOB)
    assert await bob.press(data, None) == [Toast(words.SEARCH_IS_OVER)]
    search.kept.clear()
    assert await ada.press(data, ada.newest()) == [Toast(words.SEARCH_IS_OVER)]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("/search", words.SEARCH_WANTS_WORDS),
        ("/search \u200b", words.SEARCH_WANTS_WORDS),
        ("/search unicorns", words.nothing_matches("unicorns")),
        ("/similar", words.SIMILAR_WANTS_A_PAPER),
        ("/similar 9999.99999", words.NO_SUCH_PAPER),
        ("/trending year", words.TRENDING_WANTS_A_PERIOD),
    ],
)
async def test_what_cannot_be_answered_says_what_to_do_next(ada, line, sentence):
    await ada.command(line)
    assert ada.transcript[-1] == sentence


@pytest.mark.parametrize(
    "tap",
    [
        Tap(Act.FOUND, argument="abc,t,99"),
        Tap(Act.FOUND, argument="abc,x,1"),
        Tap(Act.FOUND),
        Tap(Act.TREND, argument="year,1"),
        Tap(Act.TREND),
        Tap(Act.MORE, 1, argument="0"),
        Tap(Act.MORE, 999),
        Tap(Act.MORE),
    ],
)
async def test_a_forged_page_is_refused_in_one_toast(ada, tap):
    await ada.command("/search paper")
    (toast,) = await ada.press(encode(tap), ada.newest())
    assert isinstance(toast, Toast)


async def test_words_that_were_searched_for_are_carried_by_no_button(ada):
    await ada.command("/search paper")
    rows = ada.messages[ada.newest()].rows
    assert not any("paper" in button.data for row in rows for button in row)


async def test_in_a_group_the_asker_alone_sees_what_was_found(conversation):
    ada = Journey(conversation, replace(ADA, chat="9", is_private=False))
    for line in ("/search paper", "/similar 2611.00002", "/trending"):
        (sent,) = await ada.command(line)
        assert sent.is_private


# ---------------------------------------------------------------- similar


async def test_more_like_this_below_a_card_lists_the_nearest_and_says_why(ada):
    await ada.command("/pick")
    (sent,) = await ada.tap("More like this")
    assert isinstance(sent, Send)
    listed = sent.message.digest
    assert listed.heading == "Papers like “Paper number 1”, by their texts"
    assert [item.card.paper for item in listed.items] == [2, 3, 4, 5, 6]
    assert listed.items[0].card.reason == "Shared words: paper."
    (turned,) = await ada.tap("More ›")
    assert [item.number for item in turned.message.digest.items] == [6, 7, 8, 9, 10]


@pytest.mark.parametrize("asked", ["https://arxiv.org/abs/2611.00003", "Paper number 3", ""])
async def test_similar_takes_a_link_an_id_a_title_or_the_last_card(ada, asked):
    for _ in range(3):
        await ada.command("/pick")
    (sent,) = await ada.command(f"/similar {asked}")
    assert sent.message.digest.heading == "Papers like “Paper number 3”, by their texts"


async def test_of_somebodys_message_only_links_and_ids_are_read(ada):
    (sent,) = await ada.command("/like_this look at 2611.00004, it is like Paper number 3!")
    assert sent.message.digest.heading == "Papers like “Paper number 4”, by their texts"
    assert sent.is_private
    await ada.command("/like_this Paper number 3")
    assert ada.transcript[-1] == words.NO_LINK_HERE


# ---------------------------------------------------------------- trending


async def test_trending_tells_the_votes_and_switches_the_period(ada):
    (sent,) = await ada.command("/trending")
    assert sent.message.digest.heading == "Trending among the papers of the last week"
    assert sent.message.digest.items[0].card.reason == "2 likes here · 49 upvotes on Hugging Face"
    assert "[Day] [*Week] [Month]" in ada.transcript
    (day,) = await ada.tap("Day")
    assert len(day.message.digest.items) == 1
    await ada.tap("Month")
    (second,) = await ada.tap("More ›")
    assert [item.number for item in second.message.digest.items] == [6, 7, 8, 9]


def test_the_like_of_one_reader_is_not_told_to_the_others():
    assert words.votes(1, 3) == "3 upvotes on Hugging Face"
    assert words.votes(2, 1) == "2 likes here · 1 upvote on Hugging Face"


async def test_what_a_reader_muted_does_not_trend_for_them(ada, search):
    search.muted = {1, 2}
    (sent,) = await ada.command("/trending")
    assert [item.card.paper for item in sent.message.digest.items] == [3, 4, 5, 6, 7]
    search.muted = set(range(1, 31))
    await ada.command("/trending")
    assert ada.transcript[-2:] == [words.ALL_MUTED, "[Day] [*Week] [Month]"]


async def test_a_day_without_votes_says_so_and_keeps_the_other_periods(ada, desk):
    desk.papers = [paper(1)]
    await ada.command("/trending day")
    assert ada.transcript[-2:] == [words.nothing_trends("day"), "[*Day] [Week] [Month]"]


# ---------------------------------------------------------------- while somebody types


async def test_inline_gives_pages_of_papers_that_lead_back_into_the_bot(suggestions):
    page = await suggestions.inline(ADA, "paper number", "")
    assert [r.start for r in page.results] == [f"p{d}" for d in "123456789abcdefghijk"]
    assert page.next_offset == str(INLINE_PAGE)
    assert page.lives.total_seconds() > 0
    rest = await suggestions.inline(ADA, "paper number", page.next_offset)
    assert (len(rest.results), rest.next_offset) == (10, "")


async def test_an_empty_inline_query_gives_what_trends(suggestions):
    page = await suggestions.inline(ADA, " ", "")
    assert [r.card.title for r in page.results] == [f"Paper number {n}" for n in range(1, 8)]


@pytest.mark.parametrize("offset", ["x", "-5", "9999", "²", "99999999999999999999"])
async def test_an_offset_that_was_never_given_out_breaks_nothing(suggestions, offset):
    assert len((await suggestions.inline(ADA, "paper", offset)).results) == INLINE_PAGE


async def test_titles_are_proposed_while_they_are_typed(suggestions):
    found = await suggestions.choices(ADA, Suggests.PAPER, "number 2")
    assert (found[0].label, found[0].value) == ("Paper number 2", "arxiv:2611.00002")
    assert len(await suggestions.choices(ADA, Suggests.PAPER, "paper")) == CHOICES
    assert len(await suggestions.choices(ADA, Suggests.PAPER, "")) == 7


async def test_authors_are_proposed_while_they_are_typed(suggestions):
    found = await suggestions.choices(ADA, Suggests.AUTHOR, "love")
    assert [(c.label, c.value) for c in found] == [("Ada Lovelace", "Ada Lovelace")]
    assert [c.value for c in await suggestions.choices(ADA, Suggests.AUTHOR, " ")] == [
        "Ada Lovelace"
    ]
    assert await suggestions.choices(ADA, Suggests.AUTHOR, "nobody") == []


@given(st.text(max_size=300))
async def test_whatever_is_typed_at_most_25_choices_that_fit_are_proposed(typed):
    names = tuple(f"{'x' * n} מחבר {n} \u202e" for n in range(120))
    desk = ScriptedDesk([paper(n, authors=names, upvotes=1) for n in range(1, 4)])
    suggestions = Suggestions(ScriptedSearch(desk), desk)
    for suggests in Suggests:
        for asked in (typed, "", "x"):
            found = await suggestions.choices(ADA, suggests, asked)
            assert len(found) <= CHOICES
            assert all(0 < len(c.label) <= 100 and 0 < len(c.value) <= 100 for c in found)


@pytest.mark.parametrize(
    "line", ["/search number author: Turing", "/search author: Turing", "/search x AUTOR: Turing"]
)
async def test_a_search_may_be_for_one_authors_papers_alone(line):
    desk = ScriptedDesk([paper(1), paper(2, title="x number", authors=("Turing",))])
    ada = Journey(talking(desk))
    await ada.command(line)
    assert "1. x number" in ada.transcript
    assert not any("Paper number 1" in line for line in ada.transcript)
    assert "Turing”: one paper" in ada.last


async def test_an_author_without_a_name_says_what_to_write():
    ada = Journey(talking(ScriptedDesk([paper(1)])))
    await ada.command("/search graphs author: ")
    assert ada.transcript[-1] == words.SEARCH_WANTS_WORDS


@pytest.mark.parametrize("account", [ADA.account, "-100"])
async def test_who_is_shut_out_or_types_in_a_group_that_is_is_proposed_nothing(
    suggestions, desk, account
):
    in_group = replace(ADA, is_private=False, group=Place("-100", "-100"))
    desk.banned.add(account)
    page = await suggestions.inline(in_group, "paper", "")
    assert (page.results, page.next_offset, page.lives.total_seconds()) == ((), "", 0)
    for suggests in Suggests:
        assert await suggestions.choices(in_group, suggests, "") == ()
    assert (await suggestions.inline(BOB, "paper", "")).results
    assert await suggestions.choices(BOB, Suggests.PAPER, "paper")


async def test_while_the_database_is_away_nothing_is_proposed_and_nothing_kept(suggestions, desk):
    desk.is_away = True
    page = await suggestions.inline(ADA, "paper", "")
    assert (page.results, page.lives.total_seconds()) == ((), 0)
    assert await suggestions.choices(ADA, Suggests.PAPER, "paper") == ()

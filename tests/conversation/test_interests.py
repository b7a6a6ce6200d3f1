"""Interests, as a person meets them."""

from dataclasses import replace

import pytest

from bot.adapters import terminal_render
from bot.conversation import words
from bot.conversation.interests import Interest, InterestsFeature
from bot.conversation.messages import Ask, Edit, Send, Toast
from bot.conversation.service import Conversation
from bot.conversation.taps import Act, Tap, encode
from recommender.papers import PaperId
from recommender.wishes import Standing
from tests.conversation.journey import ADA, Journey
from tests.conversation.scripted_desk import NOW, ScriptedDesk, paper
from tests.conversation.scripted_wishes import ScriptedWishes


def interest(first, words, share, count=3, **changes):
    papers = tuple(PaperId(n) for n in range(first, first + count))
    examples = tuple(paper(n, title=f"On GNNs and papers {n}") for n in papers[:3])
    return replace(Interest(papers, words, "", share, Standing.KEPT, examples), **changes)


@pytest.fixture
def wishes():
    desk = ScriptedWishes(ScriptedDesk([paper(1)]))
    desk.grouped[1] = [
        interest(1, ("gnns", "nodes"), 0.7, 14),
        interest(40, ("protein", "folding"), 0.3, 6),
    ]
    return desk


@pytest.fixture
def conversation(wishes):
    interests = InterestsFeature(wishes)
    return Conversation(
        wishes.desk, lambda: NOW, [interests], listeners=[interests], forms=[interests]
    )


@pytest.fixture
def ada(conversation):
    return Journey(conversation)


def standings(wishes):
    return [one.standing for one in wishes.grouped[1]]


async def test_the_list_names_each_interest_with_its_weight_and_examples(ada):
    await ada.command("/interests")
    assert ada.transcript[1:] == [
        "Your interests, by the papers that you liked, saved or know:",
        "",
        "1. GNNs, nodes",
        "70 % of them (14 papers)",
        "for example “On GNNs and papers 1”, “On GNNs and papers 2”",
        "",
        "2. protein, folding",
        "30 % of them (6 papers)",
        "for example “On GNNs and papers 40”, “On GNNs and papers 41”",
        "",
        "Boost: twice the places. Mute: no places, and nothing close to it. Forget: its likes stay "
        "in your history and are no taste any more; all of it can be undone.",
        "[1 Rename] [1 Boost] [1 Mute] [1 Forget]",
        "[2 Rename] [2 Boost] [2 Mute] [2 Forget]",
    ]


async def test_without_a_like_the_answer_says_how_interests_come(ada, wishes):
    wishes.grouped.clear()
    await ada.command("/interests")
    assert ada.transcript[-1].startswith("I know no interest of yours yet")
    await ada.command("/interests mute 1")
    assert ada.transcript[-1].startswith("I know no interest of yours yet")


async def test_who_has_one_interest_is_told_when_there_will_be_another(ada, wishes):
    del wishes.grouped[1][1]
    await ada.command("/interests")
    assert "Your likes belong together so far." in ada.last


async def test_who_forgot_an_interest_is_not_told_that_their_likes_belong_together(ada):
    await ada.command("/interests forget 2")
    await ada.command("/interests")
    assert "Forgotten: 6 papers" in ada.last
    assert "belong together" not in ada.last


async def test_a_button_that_takes_something_back_is_not_drawn_as_chosen(ada):
    await ada.command("/interests mute 1")
    (row, _) = ada.messages[ada.newest()].rows
    assert [(b.label, b.is_chosen) for b in row][2] == ("1 Unmute", False)


@pytest.mark.parametrize(
    ("label", "standing", "said", "then"),
    [
        ("Boost", Standing.BOOSTED, "Stored: twice the places for it.", "Boosted"),
        ("Mute", Standing.MUTED, "Stored: no places for it.", "Unmute"),
        ("Forget", Standing.FORGOTTEN, "Stored: its likes are history.", "Bring back"),
    ],
)
async def test_a_button_changes_an_interest_and_one_beside_it_changes_it_back(
    ada, wishes, label, standing, said, then
):
    await ada.command("/interests")
    toast, edit = await ada.tap(f"2 {label}")
    assert toast.text.startswith(said)
    assert isinstance(edit, Edit)
    assert standings(wishes) == [Standing.KEPT, standing]
    await ada.tap(f"2 {then}")
    assert standings(wishes) == [Standing.KEPT, Standing.KEPT]
    assert ada.transcript[-1] == "~ [2 Rename] [2 Boost] [2 Mute] [2 Forget]"


async def test_what_was_said_of_an_interest_stands_in_the_list(ada, wishes):
    await ada.command("/interests boost 1")
    await ada.command("/interests mute 2")
    assert "70 % of them (14 papers) · boosted" in ada.transcript
    assert "30 % of them (6 papers) · muted" in ada.transcript
    await ada.command("/interests forget 1")
    assert ada.transcript[-1] == "[2 Bring back]"
    assert "Forgotten: 14 papers" in ada.transcript


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("boost 2", Standing.BOOSTED),
        ("MUTE 2", Standing.MUTED),
        ("forget 2", Standing.FORGOTTEN),
        ("mute #14", Standing.MUTED),  # 40 in base 36
        ("mute #15", Standing.MUTED),  # another paper of it
        ("unmute 2", Standing.KEPT),
        ("remember 2", Standing.KEPT),
        ("mute 3", Standing.KEPT),
        ("mute #zzzzz", Standing.KEPT),
        ("eat 2", Standing.KEPT),
    ],
)
async def test_a_command_does_what_the_buttons_do(ada, wishes, command, expected):
    await ada.command(f"/interests {command}")
    assert standings(wishes) == [Standing.KEPT, expected]


async def test_a_change_that_changes_nothing_says_so(ada):
    await ada.command("/interests unmute 1")
    assert "It is so already." in ada.transcript
    await ada.command("/interests mute 1")
    await ada.command("/interests mute 1")
    assert ada.last.count("It is so already.") == 2


async def test_renaming_asks_for_a_name_and_takes_a_reply(ada, wishes):
    await ada.command("/interests")
    (asked,) = await ada.tap("2 Rename")
    assert isinstance(asked, Ask)
    assert asked.title == "A name of your own"
    assert "Reply to this message with the name that you want for “protein, folding”" in ada.last
    # The likes group anew between the question and the answer.
    wishes.grouped[1].reverse()
    await ada.reply("My  molecules", ada.newest())
    assert wishes.grouped[1][0].name == "My molecules"
    assert "Stored: I call it “My molecules”." in ada.transcript


async def test_a_form_takes_the_name_as_well_and_an_empty_one_takes_it_away(ada, wishes):
    await ada.command("/interests")
    (asked,) = await ada.tap("1 Rename")
    await ada.fill(asked.data, "Graphs")
    assert wishes.grouped[1][0].name == "Graphs"
    (again,) = await ada.tap("1 Rename")
    assert (again.value, again.label) == ("Graphs", "Graphs")
    await ada.fill(again.data, "")
    assert wishes.grouped[1][0].name == ""


async def test_a_form_for_what_is_no_longer_there_changes_nothing(ada, wishes):
    await ada.fill(encode(Tap(Act.INTEREST, 999, argument="rename")), "Graphs")
    assert "That interest is no longer there." in ada.last
    assert [one.name for one in wishes.grouped[1]] == ["", ""]


async def test_an_answer_without_words_changes_nothing(ada, wishes):
    await ada.command("/interests rename 1")
    await ada.reply("  ", ada.newest())
    assert "There were no words in your reply" in ada.last
    assert wishes.grouped[1][0].name == ""


async def test_a_name_is_given_by_command_too(ada, wishes):
    await ada.command("/interests rename #14 My molecules")
    assert "Stored: I call it “My molecules”." in ada.transcript
    assert "2. My molecules" in ada.transcript
    await ada.command("/interests rename 2 -")
    assert "2. protein, folding" in ada.transcript[-8:]


async def test_a_name_that_is_too_long_changes_nothing(ada, wishes):
    await ada.command(f"/interests rename 1 {'x' * 61}")
    assert ada.transcript[-1].startswith("That name is too long: I can keep 60 characters.")
    assert wishes.grouped[1][0].name == ""


async def test_many_interests_have_pages_and_a_tap_stays_on_its_page(ada, wishes):
    wishes.grouped[1] = [interest(10 * n, (f"word{n}",), 0.1) for n in range(1, 8)]
    await ada.command("/interests")
    assert ada.transcript[-1] == "[More ›]"
    await ada.tap("More ›")
    await ada.tap("6 Boost")
    assert "~ [6 Rename] [*6 Boosted] [6 Mute] [6 Forget]" in ada.transcript[-4:]
    assert ada.transcript[-1] == "~ [‹ Back]"


async def test_an_old_button_finds_the_interest_that_its_paper_is_in_now(ada, wishes):
    await ada.command("/interests")
    wishes.grouped[1] = [
        interest(40, ("protein",), 0.6, papers=(PaperId(99), PaperId(40))),
        interest(1, ("gnns",), 0.4),
    ]
    await ada.tap("2 Mute")
    assert standings(wishes) == [Standing.MUTED, Standing.KEPT]


async def test_a_button_of_an_interest_that_is_gone_changes_nothing(ada, wishes):
    await ada.command("/interests")
    del wishes.grouped[1][1]
    toast, _ = await ada.tap("2 Mute")
    assert toast == Toast("That interest is no longer there. /interests shows those of now.")
    assert standings(wishes) == [Standing.KEPT]


@pytest.mark.parametrize("tap", [Tap(Act.INTEREST), Tap(Act.INTEREST, 1, argument="eat")])
async def test_a_forged_button_changes_nothing(ada, wishes, tap):
    await ada.command("/interests")
    assert await ada.press(encode(tap), ada.newest()) == [Toast(words.OLD_BUTTON)]
    assert standings(wishes) == [Standing.KEPT, Standing.KEPT]


async def test_in_the_terminal_a_key_is_the_number_of_an_interest_and_a_letter(ada, wishes):
    await ada.command("/interests forget 2")
    keys = terminal_render.keys(ada.messages[ada.newest()])
    assert {key: button.label for key, button in keys.items()} == {
        "1r": "1 Rename", "1b": "1 Boost", "1m": "1 Mute", "1f": "1 Forget", "2f": "2 Bring back",
    }  # fmt: skip


async def test_where_others_read_along_only_the_asker_sees_their_interests(conversation):
    reader = Journey(conversation, replace(ADA, is_private=False))
    (answer,) = await reader.command("/interests")
    assert answer.is_private
    _, again = await reader.tap("1 Boost")
    assert isinstance(again, Send)
    assert again.is_private

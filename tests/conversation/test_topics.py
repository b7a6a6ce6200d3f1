"""Following and muting, as a person meets it."""

from dataclasses import replace

import pytest

from bot.conversation import topics, words
from bot.conversation.messages import Edit, Send, Toast
from bot.conversation.service import Conversation
from bot.conversation.taps import Act, Tap, encode
from bot.conversation.topics import TopicsFeature
from recommender.wishes import Kind, Topic
from tests.conversation.journey import ADA, Journey
from tests.conversation.scripted_desk import NOW, ScriptedDesk, paper
from tests.conversation.scripted_wishes import ScriptedWishes

HINTON = Topic(Kind.AUTHOR, "Geoffrey Hinton")
GRAPHS = Topic(Kind.WORD, "graph learning")


@pytest.fixture
def wishes():
    about = {
        HINTON: 2,
        Topic(Kind.AUTHOR, "Hinton"): 2,
        GRAPHS: 7,
        Topic(Kind.WORD, "Large Language Models"): 30,
        Topic(Kind.AUTHOR, "Graph"): 1,
        Topic(Kind.WORD, "Graph"): 20,
    }
    return ScriptedWishes(ScriptedDesk([paper(1)]), about)


@pytest.fixture
def conversation(wishes):
    return Conversation(wishes.desk, lambda: NOW, [TopicsFeature(wishes)])


@pytest.fixture
def ada(conversation):
    return Journey(conversation)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Geoffrey Hinton", HINTON),
        ("author geoffrey hinton", Topic(Kind.AUTHOR, "geoffrey hinton")),
        ("Hinton", Topic(Kind.AUTHOR, "Hinton")),
        ("Graph", Topic(Kind.WORD, "Graph")),
        ("graph learning", GRAPHS),
        ("Large Language Models", Topic(Kind.WORD, "Large Language Models")),
        ("“Geoffrey Hinton”", Topic(Kind.WORD, "Geoffrey Hinton")),
        ("word Geoffrey Hinton", Topic(Kind.WORD, "Geoffrey Hinton")),
        ("Maryam Mirzakhani", Topic(Kind.AUTHOR, "Maryam Mirzakhani")),
        ("Mirzakhani, Maryam", Topic(Kind.AUTHOR, "Mirzakhani, Maryam")),
        ("some unheard-of thing", Topic(Kind.WORD, "some unheard-of thing")),
        ("word", Topic(Kind.WORD, "word")),
        ("cs.lg", Topic(Kind.CATEGORY, "cs.LG")),
        ("category CS.LG", Topic(Kind.CATEGORY, "cs.LG")),
        ("Quant-PH", Topic(Kind.CATEGORY, "quant-ph")),
    ],
)
async def test_what_is_written_is_understood_by_what_the_papers_hold(ada, wishes, written, meant):
    await ada.command(f"/follow {written}")
    assert wishes.followed[1] == [meant]


async def test_the_answer_says_what_will_come_and_how_much_there_is_now(ada):
    await ada.command("/follow Geoffrey Hinton")
    assert ada.transcript[1:] == [
        "You follow Geoffrey Hinton now: new papers by this author are always in your digest. "
        "2 papers of the last days match.",
        "[No longer follow] [I mean the word]",
        "[What I follow]",
    ]
    await ada.command("/mute blockchain")
    assert "“blockchain” is muted now: papers with it come only if you follow who" in ada.last


async def test_a_wrong_guess_is_one_tap_from_right(ada, wishes):
    await ada.command("/follow Geoffrey Hinton")
    (edit,) = await ada.tap("I mean the word")
    assert isinstance(edit, Edit)
    assert "You follow “Geoffrey Hinton” now: the best new paper with it has a place" in ada.last
    assert wishes.followed[1] == [Topic(Kind.WORD, "Geoffrey Hinton")]
    await ada.tap("I mean an author")
    assert wishes.followed[1] == [HINTON]


async def test_what_cannot_be_muted_as_a_word_stays_muted_as_an_author(ada, wishes):
    await ada.command("/mute author Model")
    wishes.percent = 80
    (toast,) = await ada.tap("I mean the word")
    assert isinstance(toast, Toast)
    assert toast.text.endswith("next to nothing. Nothing was changed.")
    assert wishes.muted[1] == [Topic(Kind.AUTHOR, "Model")]


async def test_the_list_numbers_everything_and_a_button_ends_each(ada, wishes):
    for written in ("Geoffrey Hinton", "graph learning", "cs.LG"):
        await ada.command(f"/follow {written}")
    await ada.command("/follow")
    assert ada.transcript[-6:-1] == [
        "1. Geoffrey Hinton (author)",
        "2. “graph learning” (word)",
        "3. cs.LG (category)",
        "",
        "The buttons below end it. Write /follow and an author, a word or a category, such as "
        "/follow Ada Lovelace, /follow graph learning or /follow cs.RO.",
    ]
    toast, edit = await ada.tap("✕ 2")
    assert toast == Toast(
        "You no longer follow “graph learning”. /follow graph learning brings it back."
    )
    assert isinstance(edit, Edit)
    assert [one.text for one in wishes.followed[1]] == ["Geoffrey Hinton", "cs.LG"]
    assert ada.transcript[-1] == "~ [✕ 1] [✕ 2]"


async def test_both_lists_lead_to_each_other(ada):
    await ada.command("/follow Geoffrey Hinton")
    await ada.command("/mute blockchain")
    await ada.command("/follow")
    await ada.tap("Muted")
    assert "~ 1. “blockchain” (word)" in ada.transcript
    await ada.tap("Followed")
    assert ada.transcript[-5] == "~ 1. Geoffrey Hinton (author)"


async def test_a_long_list_has_pages(ada):
    for n in range(40):
        await ada.command(f"/follow word topic{n}")
    await ada.command("/follow")
    assert ada.transcript[-1] == "[More ›]"
    await ada.tap("More ›")
    await ada.tap("More ›")
    assert ada.transcript[-3:] == [
        "~ [✕ 31] [✕ 32] [✕ 33] [✕ 34] [✕ 35]",
        "~ [✕ 36] [✕ 37] [✕ 38] [✕ 39] [✕ 40]",
        "~ [‹ Back]",
    ]


async def test_following_ends_muting_and_the_other_way_round(ada, wishes):
    await ada.command("/mute graph learning")
    await ada.command("/follow word Graph Learning")
    assert wishes.muted[1] == []
    await ada.command("/mute graph-learning")
    assert wishes.followed[1] == []


async def test_ending_works_by_command_and_says_when_there_was_nothing(ada, wishes):
    await ada.command("/follow Geoffrey Hinton")
    await ada.command("/unfollow hinton, geoffrey")
    assert ada.transcript[-1].startswith("You no longer follow hinton, geoffrey.")
    assert wishes.followed[1] == []
    await ada.command("/unfollow Geoffrey Hinton")
    assert ada.transcript[-1] == (
        "You do not follow “Geoffrey Hinton”. /follow shows what you follow."
    )
    await ada.command("/unmute nothing")
    assert ada.transcript[-1] == "“nothing” is not muted. /mute shows what is."


async def test_the_same_again_changes_nothing_and_says_so(ada, wishes):
    await ada.command("/follow graph learning")
    await ada.command("/follow word Graph-Learning")
    assert "You already follow “Graph-Learning”." in ada.last
    assert wishes.followed[1] == [GRAPHS]


async def test_a_category_nobody_reads_is_read_from_now_on_or_the_answer_says_it_is_not(
    ada, wishes
):
    await ada.command("/follow cs.RO")
    assert "I did not read cs.RO until now. From now on I do" in ada.last
    await ada.command("/follow q-bio.NC")
    assert ada.transcript[-1] == (
        "I do not read q-bio.NC, and I already read as many categories as I may: cs.LG, cs.RO. "
        "Nothing was changed; whoever runs me can raise that (MAX_CATEGORIES)."
    )
    assert wishes.followed[1] == [Topic(Kind.CATEGORY, "cs.RO")]


@pytest.mark.parametrize(
    ("written", "answer"),
    [
        ("cs.XX", "arXiv has no category cs.XX. Do you mean cs."),
        ("category robotics", "arXiv has no category robotics."),
        ("?!", "There is no word in that which I could look for. Nothing was changed."),
        ("x" * 101, "That is too long: I can keep 100 characters. Nothing was changed."),
    ],
)
async def test_what_cannot_be_followed_changes_nothing_and_is_told(ada, wishes, written, answer):
    await ada.command(f"/follow {written}")
    assert ada.transcript[-1].startswith(answer)
    assert not wishes.followed


async def test_a_word_of_nearly_every_paper_cannot_be_muted(ada, wishes):
    wishes.percent = 97
    await ada.command("/mute the")
    assert "“the” stands in 97 % of the new papers" in ada.last
    assert not wishes.muted


async def test_there_is_an_end_to_what_can_be_followed(ada, wishes):
    wishes.followed[1] = [Topic(Kind.WORD, f"word {n}") for n in range(topics.MOST)]
    await ada.command("/follow graph learning")
    assert "That would be more than 100" in ada.last


@pytest.mark.parametrize("argument", ["x,0123456789", "w,0123456789", "p,9"])
async def test_a_stale_button_changes_nothing(ada, wishes, argument):
    await ada.command("/follow Geoffrey Hinton")
    for act in (Act.FOLLOWED, Act.MUTED):
        await ada.press(encode(Tap(act, argument=argument)), ada.newest())
    assert wishes.followed[1] == [HINTON]


@pytest.mark.parametrize("argument", ["y,0123456789", "x", "p,1000", "hello"])
async def test_a_forged_button_changes_nothing(ada, wishes, argument):
    await ada.command("/follow Geoffrey Hinton")
    answer = await ada.press(encode(Tap(Act.FOLLOWED, argument=argument)), ada.newest())
    assert answer == [Toast(words.OLD_BUTTON)]
    assert wishes.followed[1] == [HINTON]


async def test_without_a_database_nothing_is_claimed_to_be_stored(ada, wishes):
    await ada.command("/follow Geoffrey Hinton")
    wishes.desk.is_away = True
    assert await ada.tap("No longer follow") == [Toast(words.NOTHING_STORED)]
    await ada.command("/mute graphs")
    assert ada.transcript[-1] == words.NOTHING_STORED


async def test_where_others_read_along_only_the_asker_sees_what_they_follow(conversation):
    reader = Journey(conversation, replace(ADA, is_private=False))
    (answer,) = await reader.command("/follow Geoffrey Hinton")
    assert answer.is_private
    (again,) = await reader.tap("What I follow")
    assert isinstance(again, Send)
    assert again.is_private

"""A paper that is sent teaches; the answer shows what was recognised, and what is near it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation import teaching_words, words
from bot.conversation.bibliography import MOST
from bot.conversation.events import SentFile
from bot.conversation.messages import Edit, Revise, Send, Toast
from bot.conversation.ports import TemporarilyUnavailable
from bot.conversation.service import Conversation
from bot.conversation.taps import Act, Tap, encode
from bot.conversation.teaching import LISTED, BibliographyFiles
from recommender.feedback import Verdict
from recommender.papers import PaperId
from tests.conversation.journey import ADA, Journey, length, shown
from tests.conversation.scripted_desk import ScriptedDesk, paper, talking
from tests.conversation.scripted_teaching import ScriptedTeaching

LIKED_CARD = ("[*✓ Liked] [👎 Skip] [🔖 Save] [Why?]", "[↩ Undo] [More like this]")


@pytest.fixture
def desk():
    return ScriptedDesk([paper(n) for n in range(1, 31)])


@pytest.fixture
def ada(desk):
    return Journey(talking(desk))


def bib(*titles):
    return "\n".join(f"@misc{{k{n}, title={{{t}}}}}" for n, t in enumerate(titles)).encode()


@pytest.mark.parametrize(
    "words",
    ["https://arxiv.org/abs/2611.00003", "2611.00003", "have you seen Paper number 3 already"],
)
async def test_a_paper_that_is_sent_counts_as_a_like_and_brings_three_near_it(ada, desk, words):
    await ada.say(words)
    assert ada.transcript[1:] == [
        "I know this paper, and count it as a like. Tap ↩ if you did not mean that.",
        "Paper number 3 | 👍 Liked",
        *LIKED_CARD,
        "New, and near “Paper number 3”",
        "1. Paper number 1",
        "2. Paper number 2",
        "3. Paper number 4",
        "[1 Open] [2 Open] [3 Open]",
    ]
    assert desk.opinions[1, PaperId(3)].verdict is Verdict.LIKE
    assert [type(a) for a in await ada.tap("↩ Undo")] == [Toast, Edit]
    assert desk.opinions[1, PaperId(3)].verdict is None


async def test_what_was_said_of_a_paper_before_stands_when_it_is_sent(ada, desk):
    await ada.command("/pick")
    await ada.tap("👎 Skip")
    await ada.say("2611.00001")
    assert words.MARK_SKIPPED in ada.last
    assert teaching_words.JUDGED_BEFORE in ada.last
    await ada.say("2611.00002")
    await ada.say("2611.00002")
    assert teaching_words.LIKED_BEFORE in ada.last
    assert desk.opinions[1, PaperId(1)].verdict is Verdict.SKIP


async def test_all_papers_of_a_message_are_recognised_and_their_likes_taken_back_by_one_tap(
    ada, desk
):
    await ada.command("/pick")
    await ada.tap("🔖 Save")
    await ada.say("these three", "https://arxiv.org/abs/2611.00003", "2611.00005 2611.00001")
    assert ada.transcript[-11:-6] == [
        "I recognised 3 papers: 3 new likes.",
        "1. Paper number 1 | 👍 Liked · 🔖 Saved",
        "2. Paper number 3 | 👍 Liked",
        "3. Paper number 5 | 👍 Liked",
        "[1 Open] [2 Open] [3 Open]",
    ]
    toast, edit = await ada.tap(teaching_words.TAKE_BACK)
    assert toast == Toast(words.UNDONE_NOW)
    assert shown(edit.message) == ["I took 3 likes back. What you said otherwise stands."]
    assert not any(o.verdict for o in desk.opinions.values())
    again = encode(Tap(Act.UNTEACH, argument="0123456789"))
    assert await ada.press(again, ada.newest()) == [Toast(teaching_words.NOTHING_TO_TAKE_BACK)]


async def test_more_papers_than_a_list_holds_are_counted(ada):
    listed, near = await ada.say(" ".join(f"2611.{n:05}" for n in range(1, 14)))
    assert len(listed.message.digest.items) == LISTED
    assert "… and 3 more, recognised as well." in listed.message.digest.footing
    assert near.message.digest.heading == teaching_words.NEAR_ALL


async def test_what_is_not_known_is_named_beside_what_is(ada):
    await ada.say("2611.00003 and 2699.99999")
    assert "· arxiv:2699.99999" in ada.transcript
    assert "Paper number 3 | 👍 Liked" in ada.transcript


async def test_where_others_read_along_nobodys_opinions_are_shown(desk):
    ada = Journey(talking(desk))
    await ada.command("/pick")
    await ada.tap("👎 Skip")
    group = Journey(talking(desk), replace(ADA, chat="9", is_private=False))
    (card, _) = await group.say("2611.00001")
    assert not card.is_private
    assert card.message.card.mark == ""
    assert not any(button.is_chosen for row in card.message.rows for button in row)


@pytest.mark.parametrize("said", ["2611.00001", "2611.00001 2611.00002"])
async def test_where_others_read_along_the_answer_is_the_same_for_whoever_liked_it_before(
    desk, said
):
    await Journey(talking(desk)).say("2611.00001 2611.00002")
    lines = []
    for account in ("1", "2"):
        who = replace(ADA, account=account, chat="9", is_private=False)
        group = Journey(talking(desk), who)
        answer = (await group.say(said))[0]
        lines.append(shown(answer.message))
    assert lines[0] == lines[1]
    assert f"[{teaching_words.TAKE_BACK}]" in lines[0]
    await group.tap(teaching_words.TAKE_BACK)
    assert desk.opinions[2, PaperId(1)].verdict is None
    assert desk.opinions[1, PaperId(1)].verdict is Verdict.LIKE


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("hello", words.NOT_UNDERSTOOD),
        ("2699.99999", words.NO_SUCH_PAPER),
        ("https://openreview.net/forum?id=abc123", teaching_words.OPENREVIEW),
        (f"https://www.semanticscholar.org/paper/{'0a' * 20}", teaching_words.SEMANTIC_SCHOLAR),
        ("see CorpusID:13756489", teaching_words.SEMANTIC_SCHOLAR),
    ],
)
async def test_what_cannot_be_resolved_says_what_to_send_instead(ada, said, answer):
    await ada.say(said)
    assert ada.transcript[-1] == answer


async def test_an_arxiv_that_is_away_is_said_to_be(ada, desk):
    desk.is_source_away = True
    await ada.say("2699.99999")
    assert ada.transcript[-1] == words.SOURCE_AWAY


# ---------------------------------------------------------------- files


async def test_a_bibliography_teaches_and_shows_how_far_it_is(ada, desk):
    titles = [f"Paper number {n}" for n in range(1, 8)] + ["Unheard Of", "Unread Of"]
    actions = await ada.send("mine.bib", bib(*titles))
    assert [type(a) for a in actions] == [Send, Revise, Send]
    assert ada.transcript[1:] == [
        "Your file has 9 entries. 5 papers recognised so far. I look for 4 more … I ask arXiv a "
        "few at a time, so this takes a minute.",
        "~ Your file has 9 entries. I recognised 7 papers: 7 new likes.",
        "~ ",
        "~ 2 entries I did not find:",
        "~ · Unheard Of",
        "~ · Unread Of",
        "~ ",
        "~ I have not asked arXiv for 1 of them yet, to be polite: send the file again, and I go "
        "on where I was.",
        f"~ [{teaching_words.TAKE_BACK}]",
        "New, and near what you sent",
        "1. Paper number 8",
        "2. Paper number 9",
        "3. Paper number 10",
        "[1 Open] [2 Open] [3 Open]",
    ]
    assert sum(o.verdict is Verdict.LIKE for o in desk.opinions.values()) == 7


async def test_all_that_was_not_found_comes_as_a_file_where_a_message_has_no_room(ada):
    await ada.send("mine.bib", bib(*(f"Unheard of {n}" for n in range(MOST + 20))))
    summary, attached = list(ada.messages.values())[-2:]
    told = "".join(span.text for span in summary.text)
    assert f"I read the first {MOST} entries; send the last 20 as a file of their own." in told
    assert f"and {MOST - LISTED} more" in told
    lines = attached.attachment.content.decode("utf-8-sig").splitlines()
    assert sorted(lines) == sorted(f"Unheard of {n}" for n in range(MOST))


async def test_the_command_teaches_what_stands_behind_it(ada, desk):
    await ada.command("/teach https://arxiv.org/abs/2611.00003 and 2611.00004")
    assert "I recognised 2 papers: 2 new likes." in ada.last
    assert desk.opinions[1, PaperId(4)].verdict is Verdict.LIKE
    await ada.command("/beibringen 2611.00005")
    assert desk.opinions[1, PaperId(5)].verdict is Verdict.LIKE


async def test_the_command_reads_a_file_that_comes_with_it(ada, desk):
    file = SentFile("mine.bib", bib("Paper number 1", "Paper number 2"))
    actions = await ada.command("/teach", file)
    assert "~ Your file has 2 entries. I recognised 2 papers: 2 new likes." in ada.transcript
    assert isinstance(actions[-1], Send)
    assert desk.opinions[1, PaperId(2)].verdict is Verdict.LIKE


async def test_the_command_knows_a_paper_by_the_name_of_its_pdf(ada, desk):
    await ada.command("/teach 2611.00003v2.pdf")
    assert desk.opinions[1, PaperId(3)].verdict is Verdict.LIKE


async def test_the_command_alone_says_what_teaches(ada, desk):
    await ada.command("/teach")
    assert ada.transcript[1:] == [teaching_words.WHAT_TEACHES]
    assert desk.opinions == {}


async def test_papers_that_are_named_beside_a_file_teach_as_well(ada, desk):
    file = SentFile("mine.bib", bib("Paper number 1"))
    await ada.command("/teach 2611.00002 2611.00003", file)
    assert "~ Your file has 1 entry. I recognised 1 paper: 1 new like." in ada.transcript
    assert "I recognised 2 papers: 2 new likes." in ada.last
    assert {paper for _, paper in desk.opinions} == {1, 2, 3}


async def test_a_file_of_another_kind_behind_the_command_is_answered_with_what_teaches(ada, desk):
    await ada.command("/teach cat.png")
    assert ada.transcript[1:] == [teaching_words.WHAT_TEACHES]
    await ada.say("cat.png")
    assert ada.transcript[-1] == words.NOT_UNDERSTOOD


async def test_a_file_of_which_nothing_is_known_is_not_said_to_have_papers_that_were_judged(ada):
    await ada.send("mine.bib", bib("Unheard of"))
    assert "~ Your file has 1 entry. I recognised none of it." in ada.transcript


async def test_in_a_group_only_the_asker_sees_what_the_command_taught(desk):
    ada = Journey(talking(desk), replace(ADA, is_private=False))
    file = SentFile("mine.bib", bib("Paper number 1"))
    for actions in (await ada.command("/teach", file), await ada.command("/teach 2611.00003")):
        assert all(action.is_private for action in actions if isinstance(action, Send))


@pytest.mark.parametrize(
    ("content", "answer"),
    [(None, words.FILE_NOT_FETCHED), (b"\x00\xff", teaching_words.FILE_EMPTY)],
)
@pytest.mark.parametrize("name", ["a.bib", "b.RIS", "c.json"])
async def test_a_file_without_papers_says_what_is_read(ada, name, content, answer):
    await ada.send(name, content)
    assert ada.transcript[1:] == [answer]


async def test_a_memory_that_goes_away_half_way_is_admitted_and_what_was_found_is_kept(desk):
    class GoesAway(ScriptedTeaching):
        async def looked_up(self, reader, cited):
            async for step in super().looked_up(reader, cited):
                yield step
                raise TemporarilyUnavailable

    reading = BibliographyFiles(GoesAway(desk))
    ada = Journey(Conversation(desk, lambda: desk.now, files=[reading]))
    await ada.send("mine.bib", bib("Paper number 1", "Paper number 2"))
    assert ada.transcript[-1].startswith("~ My memory went away while I read your file. 2 papers")
    assert len(desk.opinions) == 2


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda t: t.encode("utf-8", "replace")))
async def test_any_file_gets_an_answer_that_fits(content):
    for name in ("a.bib", "b.ris", "c.json"):
        ada = Journey(talking(ScriptedDesk([paper(1), paper(2)])))
        assert await ada.send(name, content)
        assert all(0 < length(message) <= 3_500 for message in ada.messages.values())

"""A person's own data in the conversation: history, notes, files, links, and being forgotten."""

from dataclasses import replace

import pytest

from bot.conversation import exporting, words
from bot.conversation.commands import COMMANDS
from bot.conversation.events import Platform
from bot.conversation.messages import Ask, Edit, Send, Toast
from bot.conversation.sought import MOST_BYTES, fitting, packed, unpacked
from bot.conversation.taps import Act, Tap, encode
from tests.conversation.journey import ADA, BOB, Journey
from tests.conversation.scripted_desk import ScriptedDesk, paper, talking


@pytest.fixture
def desk():
    return ScriptedDesk([paper(n) for n in range(1, 14)])


@pytest.fixture
def ada(desk):
    return Journey(talking(desk), ADA)


@pytest.fixture
def bob(desk):
    return Journey(talking(desk), BOB)


async def test_history_turns_its_pages_in_place(ada):
    await ada.command("/history")
    assert ada.transcript[-1] == words.NO_HISTORY
    for _ in range(12):
        await ada.command("/pick")
    await ada.command("/history")
    assert "What you were shown, 1–10 of 12" in ada.transcript
    (edit,) = await ada.tap(words.OLDER)
    assert isinstance(edit, Edit)
    assert ada.transcript[-5:] == [
        "~ What you were shown, 11–12 of 12",
        "~ 11. Paper number 2",
        "~ 12. Paper number 1",
        "~ [11 Open] [12 Open]",
        "~ [‹ Newer]",
    ]
    await ada.command("/history 9")
    assert ada.transcript[-1] == words.no_such_history_page(2)
    await ada.command("/history yesterday")
    assert ada.transcript[-1] == words.HISTORY_WANTS_A_NUMBER


async def test_a_note_goes_to_the_paper_opened_last_and_says_which_that_is(ada, desk):
    await ada.command("/note on nothing")
    assert ada.transcript[-1] == words.NOTHING_TO_NOTE
    await ada.command("/pick")
    await ada.command("/note for the group meeting")
    assert ada.transcript[-1] == "Noted on Paper number 1"
    await ada.command("/note")
    assert ada.transcript[-2:] == ["Your note:", "for the group meeting"]
    await ada.command("/note " + "x" * 1001)
    assert ada.transcript[-1] == words.note_too_long(1000)
    await ada.command("/note -")
    assert set(desk.notes.values()) == {""}


async def test_where_others_read_along_notes_files_and_lists_are_for_the_asker_alone(desk):
    group = Journey(talking(desk), replace(ADA, chat="9", is_private=False))
    await group.command("/pick")
    await group.tap("🔖 Save")
    for line in ("/note mine", "/note", "/history", "/saved", "/export csv", "/export json",
                 "/link", "/privacy", "/forget"):  # fmt: skip
        for action in await group.command(line):
            assert isinstance(action, Ask) or (isinstance(action, Send) and action.is_private)
    assert not any("mine" in str(m.card) for m in group.messages.values() if m.card)


async def test_tags_in_notes_are_lists_that_saved_papers_offer(ada):
    await ada.command("/pick")
    await ada.tap("🔖 Save")
    await ada.command("/note for #group and #reading-list " + "#" + "x" * 30)
    await ada.command("/saved")
    assert ada.transcript[-1] == f"[#group] [#reading-list] [#{'x' * 30}]"
    (edit,) = await ada.tap("#group")
    assert isinstance(edit, Edit)
    assert "“#group”" in ada.last


async def test_export_offers_its_forms_and_each_button_brings_a_file(ada):
    await ada.command("/pick")
    await ada.tap("🔖 Save")
    await ada.command("/export")
    assert ada.transcript[-1] == "[Taste file] [Export everything]"
    menu = ada.newest()
    names = []
    for label in ("BibTeX", "RIS", "CSL-JSON", "CSV", words.EXPORT_TASTE, words.EXPORT_ALL):
        (send,) = await ada.tap(label, on=menu)
        names.append(send.message.attachment.name)
    assert names == [
        "papers.bib", "papers.ris", "papers.csl.json", "papers.csv", "taste.json", "paperlark.json",
    ]  # fmt: skip
    await ada.command("/export docx")
    assert words.EXPORT_UNKNOWN in ada.transcript


def test_every_form_that_a_slash_command_offers_is_written():
    (option,) = next(spec.options for spec in COMMANDS if spec.name == "export")
    assert set(option.choices) == {*exporting.FORMS, "json"}


async def test_link_joins_by_a_code_and_splits_again(ada, bob, desk):
    await ada.command("/link")
    code = "AAAAAA"
    assert f"/link {code}" in ada.transcript
    await ada.command(f"/link {code}")
    assert ada.transcript[-1] == words.LINK_REFUSED["own"]
    await ada.command("/link")
    (linked,) = await bob.command("/link aaaa-aa")
    assert linked.message.rows[0][0].label == words.LINK_UNDO
    assert "3 liked and 1 saved paper together. The digest comes here." in bob.last
    await bob.tap(words.LINK_UNDO)
    assert bob.transcript[-1] == f"~ {words.UNLINKED}"


async def test_forget_asks_and_says_when_it_is_done(ada, desk):
    await ada.command("/forget")
    toast, edit = await ada.tap(words.FORGET_ME)
    assert isinstance(toast, Toast)
    assert isinstance(edit, Edit)
    assert desk.readers == {}
    assert ada.transcript[-1].startswith("~ I have forgotten you")


async def test_a_banned_person_hears_nothing(ada, desk):
    await ada.command("/pick")
    desk.banned.add(ADA.account)
    assert await ada.command("/help") == []
    assert await ada.tap("👍 Like") == []
    assert await ada.say("Paper number 1") == []


async def test_nobody_is_kept_out_because_the_memory_is_away(ada, desk):
    desk.is_away = True
    assert len(await ada.command("/help")) == 1


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("graph networks", "graph networks"),
        ("ä" * 40, "ä" * (MOST_BYTES // 2)),
        ("one two three four five six seven eight nine", "one two three four five six seven"),
    ],
)
def test_words_for_a_button_are_cut_between_words_and_come_back(written, kept):
    assert fitting(written) == kept
    assert unpacked(packed(fitting(written))) == kept
    assert len(packed(kept)) <= 48


@pytest.mark.parametrize("forged", ["_", "____", "-", "a", "A" * 400])
def test_words_that_were_never_packed_are_none_or_harmless(forged):
    assert len(unpacked(forged).encode()) <= MOST_BYTES


async def test_a_code_comes_with_a_link_only_where_the_bot_is_found_on_telegram(ada, desk):
    await ada.command("/link")
    assert "t.me" not in ada.last
    desk.found[Platform.TELEGRAM] = "lark_bot"
    await ada.command("/link")
    code = list(desk.codes)[-1]
    link = f"https://t.me/lark_bot?start=l{code}"
    assert ada.transcript[-6:] == [
        f"/link {code}", "", words.LINK_BY_TAP, link, "", words.LINK_CODE_AFTER,
    ]  # fmt: skip
    assert link in [span.url for span in ada.messages[ada.newest()].text]


@pytest.mark.parametrize("is_new", [False, True])
async def test_a_link_joins_nothing_of_anybody_before_they_say_so(ada, bob, desk, is_new):
    """Whoever taps a stranger's link must not hand their papers over by it."""
    await ada.command("/link")
    (code,) = desk.codes
    if not is_new:
        await bob.command("/pick")
    await bob.command(f"/start l{code}")
    assert words.LINK_SURELY in bob.transcript
    await bob.tap(words.LINK_NO)
    assert bob.transcript[-1] == f"~ {words.NOT_LINKED}"
    assert desk.joined == {}
    await bob.command(f"/start l{code}")
    (edit,) = await bob.tap(words.LINK_YES)
    assert isinstance(edit, Edit)
    assert "are one reader now" in bob.last
    assert desk.joined


@pytest.mark.parametrize("forged", ["join", "join,", "join,abc", "join,aaaaaa", "yes,AAAAAA", ""])
async def test_a_forged_button_joins_nothing(ada, bob, desk, forged):
    await ada.command("/link")
    await bob.press(encode(Tap(Act.LINK, argument=forged)), None)
    assert bob.transcript == [f"! {words.OLD_BUTTON}"]
    assert desk.joined == {}


async def test_what_is_no_code_in_a_link_into_the_bot_is_a_mere_start(ada, bob, desk):
    await ada.command("/link")
    await bob.command("/start lower")
    assert "Paper number 1" in bob.last
    assert words.LINK_SURELY not in bob.transcript
    assert desk.joined == {}

"""Teaching by sending on real storage, with a real model, and a source that counts questions."""

from datetime import date

import pytest
from sqlalchemy import func, select

from bot.conversation import teaching_words, words
from bot.conversation.ports import AskedTooMuch, SourceUnavailable
from bot.conversation.service import Conversation
from bot.conversation.teaching import BibliographyFiles, Teaching
from bot.desk import Desk
from bot.library_desk import LibraryDesk
from bot.shelf import Shelf
from bot.teaching_desk import MOST_TITLES, TITLES_AT_ONCE, TeachingDesk
from recommender.wishes import Kind, Topic
from storage import personal, users, wishes
from storage.catalogue import NewPaper
from storage.dialogue_state import LocalState
from storage.sources.elsewhere import Described
from storage.tables import FeedbackRow
from tests.conversation.journey import Journey
from tests.house import NoSource, papers_of, person, stocked

TODAY = date(2026, 3, 2)
FOUND = NewPaper(
    key="arxiv:1706.03762",
    title="Attention Is All You Need For Gripping",
    abstract="We grip with attention, a gripper and a motion.",
    announced=date(2017, 6, 13),
    authors=("Ashish Vaswani", "Noam Shazeer"),
    categories=("cs.RO",),
    version=5,
    doi="10.1109/TRO.2017.42",
)
KNOWN = papers_of(TODAY)


class ScriptedSource:
    """A source that has one paper, or takes its time, or cannot be asked."""

    def __init__(self, database, clock, shelf):
        self.asked = []
        self.is_away = False
        self.takes = 0.0  # seconds
        self.meanwhile = None  # what somebody does while it is asked
        self._database, self._clock, self._shelf = database, clock, shelf

    async def by_keys(self, reader, keys):
        await self._ask(("keys", *keys), FOUND.key in keys)

    async def by_titles(self, reader, titles):
        wanted = FOUND.title.casefold()
        await self._ask(("titles", *titles), any(wanted in t.casefold() for t in titles))

    async def _ask(self, question, is_known):
        if self.is_away:
            raise SourceUnavailable
        self.asked.append(question)
        self._clock.forward(seconds=self.takes)
        if self.meanwhile:
            await self.meanwhile()
        if is_known:
            await stocked(self._database, [FOUND], self._clock())
            await self._shelf.refresh()


class ScriptedOthers:
    """Other catalogues that know what they are told, or cannot be asked."""

    def __init__(self):
        self.known = {}
        self.unasked = set()
        self.asked = []
        self.trouble = None

    async def described(self, reader, papers):
        self.asked.append(tuple(papers))
        if self.trouble:
            raise self.trouble
        return {paper: self.known.get(paper) for paper in papers if paper not in self.unasked}


@pytest.fixture
def others():
    return ScriptedOthers()


@pytest.fixture
def state(seconds):
    return LocalState(seconds)


@pytest.fixture
async def shelf(any_database, encoder, clock, tmp_path):
    await stocked(any_database, KNOWN, clock())
    shelf = Shelf(any_database, tmp_path, lambda _: encoder)
    await shelf.refresh()
    return shelf


@pytest.fixture
def source(any_database, clock, shelf):
    return ScriptedSource(any_database, clock, shelf)


@pytest.fixture
def taught(any_database, shelf, source, state, clock, others):
    return TeachingDesk(any_database, shelf, source, state, clock, others)


@pytest.fixture
def conversation(any_database, shelf, taught, clock):
    teaching = Teaching(taught)
    desk = Desk(any_database, shelf, NoSource(), clock)
    return Conversation(desk, clock, [teaching], [BibliographyFiles(taught)], listeners=[teaching])


@pytest.fixture
def ada(conversation):
    return Journey(conversation, person("7"))


def titles_near(message):
    return [item.card.title for item in message.digest.items]


def bib(*entries):
    return "\n".join(f"@misc{{k, {entry}}}" for entry in entries).encode()


@pytest.mark.parametrize(
    "named",
    [
        "https://arxiv.org/abs/2603.00003v2",
        "2603.00003",
        "look at https://huggingface.co/papers/2603.00003, it is good",
        "https://doi.org/10.48550/arXiv.2603.00003",
        "https://www.semanticscholar.org/arxiv/2603.00003",
        KNOWN[3].title,
        KNOWN[3].title.upper(),
        f"{KNOWN[3].title}.pdf",
        f"Lovelace and Noether - 2026 - {KNOWN[3].title}.pdf",
        f"1234_{KNOWN[3].title.replace(' ', '_')} (1).pdf",
        f"Somebody wrote this today:\n{KNOWN[3].title}\nhttps://openreview.net/forum?id=a1b2",
        KNOWN[3].title.replace(" ", "\n", 1),
        f"https://www.semanticscholar.org/paper/{KNOWN[3].title.replace(' ', '-')}"
        f"-Lovelace-Noether/{'0a' * 20}",
        f"https://www.semanticscholar.org/paper/{'-'.join(KNOWN[3].title.split()[:4])}"
        f"-{KNOWN[3].title.split()[-1]}-Lovelace-Noether/{'0a' * 20}",
    ],
)
async def test_a_paper_of_ours_is_recognised_however_it_is_named_without_asking(
    ada, source, others, named
):
    card, near = await ada.say(named)
    assert card.message.card.url == "https://arxiv.org/abs/2603.00003"
    assert card.message.card.mark == words.MARK_LIKED
    assert len(near.message.digest.items) == 3
    assert (source.asked, others.asked) == ([], [])


@pytest.mark.parametrize(
    "named",
    [
        "https://arxiv.org/abs/1706.03762",
        FOUND.title,
        f"https://www.semanticscholar.org/paper/{FOUND.title.replace(' ', '-')}"
        f"-Vaswani-Shazeer/{'0a' * 20}",
    ],
)
async def test_a_paper_that_only_arxiv_has_is_looked_up_once(ada, source, named):
    for _ in range(2):
        card, _ = await ada.say(named)
        assert card.message.card.title == FOUND.title
        assert card.message.card.reason == ""
    assert len(source.asked) == 1
    await ada.command("/pick")
    chosen = ada.messages[ada.newest()].card
    assert "cs.RO" in chosen.details[0]
    assert FOUND.title in chosen.reason


async def test_a_doi_is_looked_for_in_the_catalogue(ada, any_database, clock, shelf, source):
    await ada.say("https://doi.org/10.1109/tro.2017.42")
    assert teaching_words.NO_SUCH_DOI in ada.last
    await stocked(any_database, [FOUND], clock())
    await shelf.refresh()
    card, _ = await ada.say("https://doi.org/10.1109/tro.2017.42")
    assert card.message.card.title == FOUND.title
    assert source.asked == []


OPENREVIEW = ("https://openreview.net/forum?id=YicbFdNTTy", "openreview:YicbFdNTTy")
SCHOLAR = (f"https://www.semanticscholar.org/paper/{'0a' * 20}", f"s2:{'0a' * 20}")
CORPUS = ("https://api.semanticscholar.org/CorpusID:13756489", "corpusid:13756489")
DOI = ("https://doi.org/10.5555/3295222.3295349", "doi:10.5555/3295222.3295349")


@pytest.mark.parametrize("told", [Described(FOUND.title), Described("Other", FOUND.key)])
@pytest.mark.parametrize(("link", "number"), [OPENREVIEW, SCHOLAR, CORPUS, DOI])
async def test_a_number_of_another_catalogue_teaches_by_its_title_or_its_arxiv_id(
    ada, source, others, link, number, told
):
    others.known[number] = told
    card, near = await ada.say(f"read {link}")
    assert card.message.card.title == FOUND.title
    assert card.message.card.mark == words.MARK_LIKED
    assert len(near.message.digest.items) == 3
    assert (others.asked, len(source.asked)) == ([(number,)], 1)


async def test_several_numbers_and_an_arxiv_link_are_one_list(ada, others):
    others.known = {OPENREVIEW[1]: Described(KNOWN[1].title), DOI[1]: Described("Nowhere Else")}
    answer, _ = await ada.say(f"{OPENREVIEW[0]} https://arxiv.org/abs/2603.00003 {DOI[0]}")
    assert len(answer.message.digest.items) == 2
    assert "Nowhere Else" in answer.message.digest.footing
    assert others.asked == [(DOI[1], OPENREVIEW[1])]


async def test_a_paper_that_is_not_at_arxiv_is_named_and_not_asked_for_again(ada, source, others):
    others.known[OPENREVIEW[1]] = Described("A Paper of a Conference Alone")
    for _ in range(2):
        await ada.say(OPENREVIEW[0])
        assert "“" not in ada.last
        assert "A Paper of a Conference Alone" in ada.last
        assert "the papers I know are those of arXiv" in ada.last
    assert len(source.asked) == 1


@pytest.mark.parametrize(
    ("number", "says"),
    [(OPENREVIEW, teaching_words.OPENREVIEW), (SCHOLAR, teaching_words.SEMANTIC_SCHOLAR),
     (DOI, teaching_words.NO_SUCH_DOI)],
)  # fmt: skip
async def test_what_nobody_can_tell_is_answered_with_what_to_send_instead(
    ada, others, number, says
):
    await ada.say(number[0])
    assert says in ada.last
    await ada.say(number[0])
    assert others.asked == [(number[1],)]  # not again within a day


async def test_others_that_are_away_are_asked_the_next_time(ada, others):
    others.trouble = SourceUnavailable()
    await ada.say(OPENREVIEW[0])
    assert teaching_words.OPENREVIEW in ada.last
    others.trouble = AskedTooMuch()
    await ada.say(OPENREVIEW[0])
    assert words.ASKED_TOO_MUCH in ada.last
    others.trouble, others.known[OPENREVIEW[1]] = None, Described(KNOWN[1].title)
    card, _ = await ada.say(OPENREVIEW[0])
    assert card.message.card.title == KNOWN[1].title


async def test_what_one_that_is_away_was_not_asked_for_is_asked_the_next_time(ada, others):
    others.known = {DOI[1]: Described(KNOWN[1].title), OPENREVIEW[1]: Described(KNOWN[2].title)}
    others.unasked = {OPENREVIEW[1]}
    card, *_ = await ada.say(f"{DOI[0]} {OPENREVIEW[0]}")
    assert card.message.card.title == KNOWN[1].title
    others.unasked = set()
    card, *_ = await ada.say(OPENREVIEW[0])
    assert card.message.card.title == KNOWN[2].title


async def test_an_arxiv_that_is_away_leaves_a_recognised_paper_for_the_next_time(
    ada, source, others
):
    others.known[DOI[1]], source.is_away = Described(FOUND.title), True
    await ada.say(DOI[0])
    assert words.SOURCE_AWAY in ada.last
    source.is_away = False
    card, _ = await ada.say(DOI[0])
    assert card.message.card.title == FOUND.title


async def test_every_title_that_others_tell_is_asked_for_before_it_is_said_to_be_nowhere(
    ada, source, others
):
    numbers = [f"openreview:Note{n:06d}" for n in range(TITLES_AT_ONCE + 2)]
    others.known = {n: Described(f"An Unheard Of Title {n[-6:]}") for n in numbers}
    sent = " ".join(f"https://openreview.net/forum?id={n.partition(':')[2]}" for n in numbers)
    await ada.say(sent)
    assert sum(len(asked) - 1 for asked in source.asked) == len(numbers)
    assert all(f"An Unheard Of Title {n[-6:]}" in ada.last for n in numbers)


async def test_what_arxiv_was_not_asked_for_is_not_said_to_be_nowhere(ada, source, others):
    others.known[OPENREVIEW[1]], source.is_away = Described("An Unheard Of Title Indeed"), True
    await ada.say(OPENREVIEW[0])
    assert words.SOURCE_AWAY in ada.last
    source.is_away = False
    await ada.say(OPENREVIEW[0])
    assert "An Unheard Of Title Indeed" in ada.last


async def test_an_entry_with_a_doi_alone_is_found_by_what_others_tell_of_it(ada, others):
    others.known = {
        DOI[1]: Described(KNOWN[1].title),
        "doi:10.1234/x": Described("Other", FOUND.key),
    }
    file = bib("doi={10.5555/3295222.3295349}", "doi={10.1234/x}", "doi={10.1234/unheard}")
    read = await ada.send("library.bib", file)
    assert "2 new likes" in str(read)
    assert "10.1234/unheard" in str(read)
    assert others.asked == [(DOI[1], "doi:10.1234/x", "doi:10.1234/unheard")]


DOIS_ALONE = bib("doi={10.5555/3295222.3295349}", "doi={10.1234/x}", "title={Nowhere}")


@pytest.mark.parametrize("trouble", [SourceUnavailable(), AskedTooMuch()])
async def test_an_entry_whose_doi_nobody_could_be_asked_for_is_not_said_to_be_nowhere(
    ada, others, trouble
):
    others.trouble = trouble
    await ada.send("library.bib", DOIS_ALONE)
    said = [line.removeprefix("~").strip() for line in ada.transcript]
    assert list(filter(None, said))[-5:] == [
        "1 entry I did not find:",
        "· Nowhere",
        teaching_words.untold(2),
        "· 10.5555/3295222.3295349",
        "· 10.1234/x",
    ]
    others.trouble, others.known[DOI[1]] = None, Described(KNOWN[1].title)
    others.unasked = {"doi:10.1234/x"}
    await ada.send("library.bib", DOIS_ALONE)
    assert "1 new like" in str(ada.transcript)
    assert teaching_words.untold(1) in str(ada.transcript)
    others.unasked = set()
    await ada.send("library.bib", DOIS_ALONE)
    assert "2 entries I did not find:" in ada.last


@pytest.mark.parametrize("described", [Described(FOUND.title), Described("", FOUND.key)])
async def test_an_entry_that_others_tell_of_while_arxiv_is_away_is_left_for_the_next_time(
    ada, source, others, described
):
    others.known[DOI[1]], source.is_away = described, True
    await ada.send("library.bib", bib("doi={10.5555/3295222.3295349}"))
    assert teaching_words.left(1) in ada.last
    source.is_away = False
    await ada.send("library.bib", bib("doi={10.5555/3295222.3295349}"))
    assert "1 new like" in str(ada.transcript)


async def test_papers_near_are_new_unseen_and_of_the_same_subject(ada):
    _, near = await ada.say("2603.00003")
    first = titles_near(near.message)
    assert near.message.digest.heading.startswith("New, and near")
    assert not {KNOWN[3].title} & set(first)
    robots = {p.title for p in KNOWN if p.categories == ("cs.RO",)}
    assert set(first) <= robots
    for _ in range(3):
        await ada.tap("1 Open", ada.newest())
        await ada.tap("👎 Skip")
        _, near = await ada.say("2603.00003")
    assert not set(first[:1]) & set(titles_near(near.message))


async def test_papers_near_one_that_another_process_has_just_stored_are_shown_as_well(
    ada, any_database, clock
):
    await stocked(any_database, [FOUND], clock())
    _, near = await ada.say("1706.03762")
    assert near.message.digest.heading.startswith("New, and near “Attention Is All You Need")


async def test_what_is_muted_is_not_shown_as_near(ada, any_database, clock):
    _, near = await ada.say("2603.00003")
    first = titles_near(near.message)
    async with any_database.writing() as db:
        reader = await users.find(db, "telegram", "7")
        await wishes.mute(db, reader.user.id, Topic(Kind.WORD, first[1]), clock())
    _, near = await ada.say("2603.00003")
    again = titles_near(near.message)
    assert first[1] not in again
    assert len(again) == len(first)


async def test_the_papers_near_several_come_from_each_of_them(ada):
    _, near = await ada.say("2603.00003 2603.00011 2603.00027")
    topics = {p.title: p.categories for p in KNOWN}
    assert len({topics[title] for title in titles_near(near.message)}) == 3


async def test_a_source_that_is_away_is_said_to_be_and_what_is_known_is_recognised(ada, source):
    source.is_away = True
    await ada.say("1706.03762")
    assert ada.transcript[-1] == words.SOURCE_AWAY
    await ada.say(FOUND.title)
    assert ada.transcript[-1] == words.SOURCE_AWAY
    card, _ = await ada.say("2603.00003 and 1706.03762")
    assert card.message.card.url == "https://arxiv.org/abs/2603.00003"


async def test_small_talk_asks_no_source_and_what_nobody_has_is_unknown(ada, source):
    await ada.say("hello there")
    assert ada.transcript[-1] == words.NOT_UNDERSTOOD
    assert source.asked == []
    for _ in range(3):
        await ada.say("A Title That Nobody Has Ever Given")
        assert ada.transcript[-1] == words.NO_SUCH_PAPER
    assert len(source.asked) == 1  # what arXiv does not have is not asked for again


async def test_the_same_message_taken_twice_teaches_once_and_its_likes_go_by_one_tap(
    ada, any_database, taught, conversation
):
    await ada.say("2603.00003 2603.00011 2603.00027")
    assert "I recognised 3 papers: 3 new likes." in ada.last
    assert (await status_of(ada)).likes == 3
    listed = list(ada.messages)[-2]
    await ada.tap("2 Open", listed)
    await ada.tap("👎 Skip")
    await ada.tap(teaching_words.TAKE_BACK, listed)
    assert "I took 2 likes back." in ada.last
    found = await status_of(ada)
    assert (found.likes, found.skips) == (0, 1)


async def status_of(journey):
    """Return what the desk knows of the person."""
    return await journey.desk.status(await journey.desk.reader(person("7")))


@pytest.fixture(autouse=True)
def _desk_at_hand(ada, any_database, shelf, clock):
    ada.desk = Desk(any_database, shelf, NoSource(), clock)


# ---------------------------------------------------------------- files


async def test_a_bibliography_is_matched_by_id_then_doi_then_title_and_arxiv_asked_last(
    ada, source
):
    await ada.send(
        "mine.bib",
        bib(
            "title={Whatever}, eprint={2603.00003}",
            f"title={{{KNOWN[11].title}}}, year=2026",
            "title={Attention}, journal={arXiv preprint arXiv:1706.03762}",
            "title={Something That Nobody Has Ever Written}",
            "year=1999",
        ),
    )
    assert "~ Your file has 4 entries. I recognised 3 papers: 3 new likes." in ada.transcript
    assert "~ · Something That Nobody Has Ever Written" in ada.transcript
    assert [kind for kind, *_ in source.asked] == ["keys", "titles"]
    assert (await status_of(ada)).likes == 3
    await ada.send("mine.bib", bib("title={Something That Nobody Has Ever Written}"))
    assert len(source.asked) == 2


async def test_arxiv_is_asked_for_some_titles_and_the_rest_is_left_for_the_next_time(ada, source):
    titles = [f"title={{An Unheard Of Title Number {n}}}" for n in range(MOST_TITLES + 7)]
    await ada.send("mine.bib", bib(*titles))
    assert len(source.asked) == MOST_TITLES // TITLES_AT_ONCE
    assert any("I have not asked arXiv for 7 of them yet" in line for line in ada.transcript)
    await ada.send("mine.bib", bib(*titles))
    assert sum(len(asked) - 1 for asked in source.asked) == MOST_TITLES + 7
    assert not any("I have not asked" in line for line in ada.transcript[-20:])


@pytest.mark.parametrize("is_file", [True, False])
async def test_a_reader_who_has_everything_forgotten_while_papers_are_read_stays_forgotten(
    ada, source, any_database, is_file
):
    async def forgets():
        async with any_database.writing() as db:
            found = await users.find(db, "telegram", "7")
            await personal.forget(db, found.user.id)

    source.meanwhile = forgets
    if is_file:
        await ada.send("mine.bib", bib("eprint={2603.00003}", "eprint={1706.03762}"))
    else:
        await ada.say("2603.00003 and 1706.03762")
    assert ada.transcript[-1].removeprefix("~ ") == teaching_words.STOPPED
    async with any_database.reading() as db:
        assert await users.find(db, "telegram", "7") is None
        assert await db.scalar(select(func.count()).select_from(FeedbackRow)) == 0


async def test_an_arxiv_that_is_away_leaves_entries_for_the_next_time(ada, source):
    source.is_away = True
    entries = bib("eprint={1706.03762}, title={Attention}", "eprint={2603.00003}")
    await ada.send("mine.bib", entries)
    assert any("I have not asked arXiv for 1 of them" in line for line in ada.transcript)
    source.is_away = False
    await ada.send("mine.bib", entries)
    assert "~ Your file has 2 entries. I recognised 2 papers: 1 new like." in ada.transcript


async def test_a_source_that_is_slow_is_not_asked_for_longer_than_people_wait(ada, source):
    source.takes = 25.0
    titles = [f"title={{An Unheard Of Title Number {n}}}" for n in range(MOST_TITLES)]
    await ada.send("mine.bib", bib(*titles))
    assert len(source.asked) == 3
    left = MOST_TITLES - 3 * TITLES_AT_ONCE
    assert any(f"I have not asked arXiv for {left} of them" in line for line in ada.transcript)


async def test_the_likes_of_a_whole_file_go_by_one_tap(ada):
    await ada.send("mine.bib", bib(*(f"eprint={{{p.key[6:]}}}" for p in KNOWN)))
    assert (await status_of(ada)).likes == len(KNOWN)
    await ada.tap(teaching_words.TAKE_BACK)
    assert f"I took {len(KNOWN)} likes back." in ada.last
    assert (await status_of(ada)).likes == 0


async def test_a_note_is_about_the_paper_that_was_sent_or_opened_and_not_about_those_near_it(
    ada, any_database, clock
):
    library = LibraryDesk(any_database, NoSource(), clock)
    await ada.say("2603.00003")
    near = ada.newest()
    reader = await ada.desk.reader(person("7"))
    assert (await library.last_opened(reader)).key == "arxiv:2603.00003"
    second = ada.messages[near].digest.items[1].card
    clock.forward(minutes=1)
    reason = (await ada.tap("2 Open", near))[0].message.card.reason
    assert (await library.last_opened(reader)).id == second.paper
    assert reason.startswith("Like “")
    again = (await ada.tap("2 Open", near))[0].message.card
    assert again.reason == reason

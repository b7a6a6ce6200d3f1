"""What a group's administrators and members read, and what nobody else can do."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.conversation import group_words, teaching_words, words
from bot.conversation.authority import asked_about, setting
from bot.conversation.events import (
    Command,
    Joined,
    Left,
    MessageRef,
    Person,
    Place,
    Platform,
    Said,
)
from bot.conversation.groups import Group, Groups
from bot.conversation.messages import Edit, Redraw, Send, Toast
from bot.conversation.service import Conversation
from bot.conversation.taps import Act, Tap, encode
from bot.schedule import EVERY_DAY, Due, Schedule
from recommender.papers import PaperId
from tests.conversation.journey import Journey
from tests.conversation.scripted_desk import NOW, ScriptedDesk, paper, talking
from tests.conversation.scripted_groups import ScriptedGroups

COVERED = ("cs.LG", "cs.CL", "quant-ph")
HERE = Place("-1001", "-1001", is_admin=True, may_post=True)
THERE = Place("-1002", "-1002", is_admin=True, may_post=True)
ON_DISCORD = Place("channel:77", "77", "7", is_admin=True, may_post=True)
KEY = (Platform.TELEGRAM, HERE.account)
CARD = MessageRef("-1001", "5")


def member(name, place=HERE, *, is_admin=False, platform=Platform.TELEGRAM):
    stands = place if is_admin else replace(place, is_admin=False)
    return Person(platform, name, place.chat, is_private=False, group=stands)


class World:
    """A conversation with groups in it; people act in the first unless told otherwise."""

    def __init__(self):
        self.desk = ScriptedDesk([paper(n) for n in range(1, 12)])
        self.groups = ScriptedGroups()
        part = Groups(self.groups, lambda: self.desk.now, COVERED)
        self.conversation = Conversation(self.desk, lambda: self.desk.now, groups=part)

    def admin(self, place=HERE, platform=Platform.TELEGRAM):
        return Journey(self.conversation, member("1", place, is_admin=True, platform=platform))

    def member(self, name="2", place=HERE):
        return Journey(self.conversation, member(name, place))

    def digest(self, n=2, key=KEY):
        """Let a group have seen so many papers; return the data of the votes on the first."""
        first = len(self.groups.cards) + 1
        for number in range(first, first + n):
            self.groups.cards[number] = (key, PaperId(number))
        return vote(first, "l"), vote(first, "s")


def vote(number, verdict, *, paper=None):
    return encode(Tap(Act.VOTE, paper or number, number, verdict, inside=True))


@pytest.fixture
def world():
    return World()


def label(journey, text):
    """Return the label that a button with this text has now, chosen or not."""
    message = journey.messages[journey.newest()]
    return next(b for row in message.rows for b in row if b.label == text)


# ---------------------------------------------------------------- setting up


async def test_an_administrator_sets_a_group_up_in_one_line_and_reads_how_it_stands(world):
    ada = world.admin()
    await ada.command("/channel")
    assert ada.transcript[1] == group_words.NOT_YET
    (answer,) = await ada.command("/channel 09:00 Berlin daily 3 categories cs.LG quant-ph")
    assert answer == Send(answer.message)  # where all read it: it is the group's
    assert ada.transcript[6:12] == [
        "Stored.",
        "3 papers, every day at 09:00 (Europe/Berlin)",
        "The next digest comes on Monday, 23 November at 09:00 (Europe/Berlin).",
        "Only papers of cs.LG, quant-ph.",
        group_words.VOTES_ARE_ON,
        group_words.language_here("English"),
    ]
    assert ada.transcript[12].startswith("[07:00]")  # no examples: whoever wrote that knows how
    group = world.groups.groups[KEY]
    assert group.schedule == Schedule(
        at=group.schedule.at, zone="Europe/Berlin", days=EVERY_DAY, picks=3
    )
    assert group.categories == ("cs.LG", "quant-ph")
    assert world.desk.readers == {}  # nobody became a reader by it


async def test_a_groups_digest_that_comes_at_once_is_not_announced_for_this_odd_minute(world):
    ada = world.admin()
    await ada.command("/channel 08:00 UTC daily")
    group = world.groups.groups[KEY]
    at_once = Due(group.due.day, group.due.moment + timedelta(minutes=43))
    world.groups.groups[KEY] = replace(group, due=at_once)
    await ada.command("/channel")
    assert group_words.DIGEST_IN_A_MOMENT in ada.last


async def test_buttons_change_what_they_say_and_the_menu_is_drawn_anew(world):
    ada = world.admin()
    await ada.command("/channel 08:00")
    for tapped in ("Weekly", "10 papers", "cs.CL", "cs.LG", "cs.CL", "Votes", "Pause"):
        toast, edit = await ada.tap(tapped)
        assert toast == Toast(words.SCHEDULE_STORED)
        assert isinstance(edit, Edit)
    group = world.groups.groups[KEY]
    assert (len(group.schedule.days), group.schedule.picks) == (1, 10)
    assert group.categories == ("cs.LG",)
    assert not group.has_votes
    assert group_words.PAUSED_FOR_EVER in ada.last
    await ada.tap("Resume")
    await ada.tap("Stop")
    assert not world.groups.groups[KEY].is_pushed
    assert f"~ {group_words.STOPPED}" in ada.transcript


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("categories cs.XX", group_words.not_covered("cs.XX", COVERED)),
        ("categories", group_words.categories_wanted(COVERED)),
        ("votes maybe", group_words.ON_OR_OFF),
        ("threads on", group_words.THREADS_ONLY_ON_DISCORD),
        ("pause 9000", group_words.PAUSE_WANTS_DAYS),
        ("pause stop", group_words.ONE_THING),
    ],
)
async def test_what_cannot_be_is_said_in_one_sentence_and_changes_nothing(world, line, sentence):
    ada = world.admin()
    await ada.command(f"/channel {line}")
    assert ada.transcript[1:] == [sentence]
    assert world.groups.groups == {}


async def test_words_that_nobody_understands_name_channel_and_not_schedule(world):
    ada = world.admin()
    await ada.command("/channel xylophone")
    assert "/channel" in ada.last
    assert "/schedule" not in ada.last
    assert world.groups.groups == {}


async def test_threads_are_for_channels_on_discord(world):
    ada = world.admin(ON_DISCORD, Platform.DISCORD)
    await ada.command("/channel 08:00 threads on")
    assert group_words.THREADS_ARE_ON in ada.last
    assert label(ada, "Threads").is_chosen


async def test_where_the_bot_may_not_post_nothing_is_set_up_but_anything_can_be_stopped(world):
    shut = replace(HERE, may_post=False)
    ada = world.admin(shut)
    refusal = group_words.MAY_NOT_POST[Platform.TELEGRAM]
    await ada.command("/channel 08:00")
    assert ada.transcript[1:] == [refusal]
    assert world.groups.groups == {}
    await world.admin().command("/channel 08:00")
    await ada.command("/channel")
    assert refusal in ada.last
    await ada.tap("Stop")
    assert not world.groups.groups[KEY].is_pushed
    await ada.tap("Resume")
    assert ada.transcript[-1] == f"! {refusal}"
    assert not world.groups.groups[KEY].is_pushed


async def test_a_group_that_was_stopped_says_why(world):
    ada = world.admin()
    for why, sentence in group_words.WHY_STOPPED.items():
        world.groups.groups[KEY] = Group(Schedule(), stopped=why)
        await ada.command("/channel")
        assert sentence in ada.last
        assert label(ada, "Resume")


# ---------------------------------------------------------------- who may


async def test_only_administrators_get_further_than_one_sentence(world):
    await world.admin().command("/channel 08:00")
    before = dict(world.groups.groups)
    bob = world.member()
    await bob.command("/channel stop")
    assert bob.transcript[1:] == [group_words.ADMINS_ONLY[Platform.TELEGRAM]]
    await bob.press(setting("-1001", "stop"), CARD)
    assert bob.transcript[-1] == f"! {group_words.ADMINS_ONLY[Platform.TELEGRAM]}"
    assert world.groups.groups == before


async def test_whoever_cannot_be_checked_is_asked_to_try_again(world):
    unknown = Journey(world.conversation, member("1", replace(HERE, is_admin=None), is_admin=True))
    await unknown.command("/channel 08:00")
    assert unknown.transcript[1:] == [group_words.NOT_CHECKED[Platform.TELEGRAM]]
    assert world.groups.groups == {}


async def test_an_administrator_without_a_name_is_told_how_to_be_known(world):
    nameless = member("-1001", replace(HERE, is_nameless=True, is_admin=None), is_admin=True)
    hidden = Journey(world.conversation, nameless)
    await hidden.command("/channel 08:00")
    assert hidden.transcript[1:] == [group_words.nameless("-1001")]
    assert world.groups.groups == {}


async def test_a_channel_is_set_up_from_a_private_chat(world):
    private = Person(Platform.TELEGRAM, "1", "1")
    alone = Journey(world.conversation, private)
    (told,) = await alone.command("/channel")
    assert told.message.asks_for_channel == group_words.CHOOSE_A_CHANNEL
    await alone.command("/channel @nowhere 08:00")
    assert alone.transcript[-1] == group_words.NO_SUCH_CHANNEL
    channel = replace(HERE, is_channel=True)
    known = Journey(world.conversation, replace(private, group=channel))
    await known.command("/channel @papers 08:30 daily")
    assert world.groups.groups[KEY].schedule.days == EVERY_DAY
    await known.tap("Weekdays")
    assert world.groups.groups[KEY].schedule.days != EVERY_DAY


async def test_in_private_the_menu_says_which_channel_it_is_about(world):
    channel = replace(HERE, is_channel=True, title="Papers <i>of\u202e us</i> " + "x" * 80)
    ada = Journey(world.conversation, Person(Platform.TELEGRAM, "1", "1", group=channel))
    await ada.command("/channel @papers 08:30")
    assert ada.transcript[1].startswith("Papers <i>of us</i> x")
    assert ada.transcript[2:4] == ["", words.SCHEDULE_STORED]
    group = Journey(world.conversation, member("1", channel, is_admin=True))
    await group.command("/channel")
    assert "<i>" not in group.last


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("@papers 08:00", "@papers"),
        ("https://t.me/papers", "@papers"),
        ("t.me/papers/17 daily", "@papers"),
        ("-1001234567890 daily", "-1001234567890"),
        ("08:00 Berlin", ""),
        ("@a", ""),
        ("", ""),
    ],
)
def test_an_adapter_learns_of_which_chat_the_administrators_are_meant(line, named):
    assert asked_about(Command("1", Person(Platform.TELEGRAM, "1", "1"), "channel", line)) == named


POST = "https://arxiv.org/abs/2611.00003 is worth reading"


def forwarded(text, place, *, is_private=True):
    """A post of a channel that somebody sends on, as an adapter hands it over."""
    who = Person(Platform.TELEGRAM, "1", "1", is_private=is_private, group=place)
    return Said("1", who, text, forwarded_from="-1001")


async def answers(world, event):
    talk = talking(world.desk, world.groups)
    sent = [action.message.text async for action in talk.answer(event) if isinstance(action, Send)]
    return "\n".join("".join(span.text for span in text) for text in sent)


CHANNEL = replace(HERE, is_channel=True)


@pytest.mark.parametrize("post", [POST, "Our meeting is at nine.", ""])
async def test_a_post_that_its_administrator_forwards_sets_the_channel_up(world, post):
    assert group_words.NOT_YET in await answers(world, forwarded(post, CHANNEL))
    assert world.desk.readers == {}


@pytest.mark.parametrize(
    "place",
    [
        None,  # nobody can see it
        replace(CHANNEL, is_admin=False),
        replace(CHANNEL, is_admin=None),  # Telegram could not be asked
        HERE,  # no channel at all
    ],
)
async def test_a_post_that_somebody_else_forwards_teaches_as_ever(world, place):
    assert "Paper number 3" in await answers_with_cards(world, forwarded(POST, place))
    assert world.groups.groups == {}


@pytest.mark.parametrize("post", ["Our meeting is at nine in room four.", ""])
async def test_a_post_that_names_no_paper_says_how_a_channel_is_set_up(world, post):
    for place in (None, replace(CHANNEL, is_admin=False)):
        answer = await answers(world, forwarded(post, place))
        assert answer.endswith(teaching_words.OF_A_CHANNEL)
    spoken = replace(forwarded(post, None), forwarded_from="")
    assert teaching_words.OF_A_CHANNEL not in await answers(world, spoken)


async def test_a_post_of_a_channel_that_has_a_digest_teaches_when_it_names_a_paper(world):
    world.groups.groups[KEY] = Group(Schedule())
    assert "Paper number 3" in await answers_with_cards(world, forwarded(POST, CHANNEL))
    assert group_words.EXAMPLES in await answers(world, forwarded("Good morning!", CHANNEL))


async def answers_with_cards(world, event):
    return str([action async for action in talking(world.desk, world.groups).answer(event)])


@pytest.mark.parametrize("text", ["@our_papers", "t.me/our_papers", "https://t.me/our_papers/12"])
async def test_the_name_of_a_channel_alone_means_its_digest(world, text):
    who = Person(Platform.TELEGRAM, "1", "1", group=CHANNEL)
    assert asked_about(Said("1", who, text)) == "@our_papers"
    assert group_words.NOT_YET in await answers(world, Said("1", who, text))
    unseen = replace(who, group=None)
    assert await answers(world, Said("1", unseen, text)) == group_words.NO_SUCH_CHANNEL
    bob = replace(who, group=replace(CHANNEL, is_admin=False))
    refusal = group_words.ADMINS_ONLY[Platform.TELEGRAM]
    assert await answers(world, Said("1", bob, text)) == refusal


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("@our_papers is a channel", {}),
        ("-1001234567890", {}),
        ("@our_papers", {"platform": Platform.DISCORD}),
        ("@our_papers", {"is_private": False}),
    ],
)
def test_what_is_no_name_of_a_channel_alone_needs_no_administrator(text, changes):
    who = replace(Person(Platform.TELEGRAM, "1", "1"), **changes)
    assert not asked_about(Said("1", who, text))


# ---------------------------------------------------------------- language


async def test_a_group_chooses_its_language_and_all_that_it_reads_is_in_it(world):
    ada = world.admin()
    await ada.command("/channel 08:00")
    assert group_words.language_here("English") in ada.last
    await ada.tap(group_words.LANGUAGE)
    assert f"~ {group_words.WHICH_LANGUAGE}" in ada.transcript
    assert ada.transcript[-2:] == ["~ [*English] [Deutsch]", "~ [‹ Back]"]
    toast, edit = await ada.tap("Deutsch")
    assert toast == Toast(words.SCHEDULE_STORED)  # who tapped reads it alone, in their language
    assert "Sprache der Auswahl: Deutsch." in "".join(span.text for span in edit.message.text)
    assert world.groups.groups[KEY].language == "de"
    (menu,) = await world.admin().command("/channel")
    assert "Alle stimmen über jedes Paper ab" in "".join(span.text for span in menu.message.text)


async def test_what_all_of_a_group_read_is_in_its_language_whoever_it_is_said_to(world):
    await world.admin().command("/channel deutsch")
    ada, bob = world.admin(), world.member()
    await ada.command("/channel votes maybe")
    await bob.command("/channel stop")
    assert "Geändert wurde nichts" in ada.last
    assert "Geändert wurde nichts" in bob.last
    await bob.press(setting("-1001", "stop"), CARD)  # a toast is read by whoever taps, alone
    assert bob.transcript[-1] == f"! {group_words.ADMINS_ONLY[Platform.TELEGRAM]}"


async def test_back_from_the_languages_is_the_menu_as_it_was(world):
    ada = world.admin()
    await ada.command("/channel 08:00")
    await ada.command("/channel")
    before = ada.messages[ada.newest()]
    await ada.tap(group_words.LANGUAGE)
    await ada.tap("‹ Back")
    assert ada.messages[ada.newest()] == before


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("language deutsch", "de"),
        ("language de", "de"),
        ("sprache Englisch", "en"),
        ("09:00 daily german", "de"),
        ("Deutsch", "de"),
    ],
)
async def test_a_language_is_understood_behind_channel(world, line, code):
    await world.admin().command(f"/channel {line}")
    assert world.groups.groups[KEY].language == code


async def test_a_language_that_is_none_of_ours_changes_nothing_and_none_is_asked_for(world):
    ada = world.admin()
    await ada.command("/channel language klingon")
    assert ada.transcript[-1] == group_words.no_such_language(["English", "Deutsch"])
    assert world.groups.groups == {}
    await ada.command("/channel language")
    assert group_words.WHICH_LANGUAGE in ada.last


async def test_only_an_administrator_chooses_the_language(world):
    await world.admin().command("/channel 08:00")
    bob = world.member()
    for phrase in ("language", "language de"):
        assert await bob.press(setting("-1001", phrase), CARD) == [
            Toast(group_words.ADMINS_ONLY[Platform.TELEGRAM])
        ]
    assert world.groups.groups[KEY].language == "en"


async def test_where_only_the_asker_reads_it_the_menu_is_in_their_language(world):
    world.groups.groups[KEY] = Group(Schedule(), language="de")
    private = Person(Platform.TELEGRAM, "1", "1", group=CHANNEL)
    ada = Journey(world.conversation, private)
    await ada.command("/channel @papers")
    assert group_words.VOTES_ARE_ON in ada.last
    assert group_words.language_here("Deutsch") in ada.last


# ---------------------------------------------------------------- forgetting


async def test_a_group_is_forgotten_after_a_question_and_only_by_a_fresh_answer(world):
    ada = world.admin()
    await ada.command("/channel 08:00")
    await ada.command("/channel forget")
    assert group_words.FORGET_SURELY in ada.last
    await ada.tap(group_words.KEEP_GROUP)
    assert KEY in world.groups.groups
    await ada.command("/channel forget")
    question = ada.newest()
    world.desk.now = NOW.replace(hour=23)
    await ada.tap(group_words.FORGET_GROUP, on=question)
    assert f"! {group_words.FORGET_AGAIN}" in ada.transcript
    assert KEY in world.groups.groups
    await ada.tap(group_words.FORGET_GROUP, on=question)  # it asked again
    assert KEY not in world.groups.groups
    await ada.command("/channel forget")
    assert ada.transcript[-1] == group_words.NOTHING_TO_FORGET


# ---------------------------------------------------------------- votes


async def test_votes_are_counted_in_place_and_each_member_has_one(world):
    yes, no = world.digest(2)
    members = [world.member(str(n)) for n in range(2, 6)]
    for one in members:
        assert (await one.press(yes, CARD))[0] == Toast(group_words.VOTED["like"])
    assert (await members[0].press(yes, CARD)) == [Toast(group_words.ALREADY["like"])]
    toast, redraw = await members[0].press(no, CARD)
    assert toast == Toast(group_words.CHANGED["skip"])
    assert isinstance(redraw, Redraw)
    card = members[0].messages[CARD].digest.items[0].card
    assert card.mark == "👍 3 · 👎 1"
    assert members[0].messages[CARD].digest.items[1].card.mark == ""
    assert world.desk.readers == {}
    assert world.desk.opinions == {}


async def test_a_digest_of_ten_papers_has_a_vote_for_each_in_five_rows(world):
    yes, _ = world.digest(10)
    bob = world.member()
    await bob.press(yes, CARD)
    rows = bob.messages[CARD].rows
    assert [len(row) for row in rows] == [4] * 5
    assert [rows[4][n].label for n in range(4)] == ["9 👍", "9 👎", "10 👍", "10 👎"]


async def test_a_vote_on_a_paper_alone_redraws_that_card(world):
    world.digest(3)
    bob = world.member()
    await bob.press(encode(Tap(Act.VOTE, 2, 2, "l")), CARD)
    message = bob.messages[CARD]
    assert message.card.paper == 2
    assert message.card.mark == "👍 1 · 👎 0"
    assert [b.label for b in message.rows[0]] == ["👍", "👎"]


async def test_where_votes_are_off_nothing_counts(world):
    yes, _ = world.digest()
    await world.admin().command("/channel votes off")
    bob = world.member()
    assert await bob.press(yes, CARD) == [Toast(group_words.VOTES_OFF)]
    assert world.groups.votes == {}


async def test_nobody_votes_on_another_groups_card_or_in_private(world):
    yes, _ = world.digest()
    stranger = world.member("9", THERE)
    alone = Journey(world.conversation, Person(Platform.TELEGRAM, "9", "9"))
    for one in (stranger, alone):
        assert await one.press(yes, CARD) == [Toast(group_words.NOT_THIS_GROUPS)]
    assert await world.member().press(vote(1, "l", paper=7), CARD) == [
        Toast(group_words.NOT_THIS_GROUPS)
    ]
    assert world.groups.votes == {}


async def test_while_the_memory_is_away_a_vote_fails_visibly(world):
    yes, _ = world.digest()
    world.groups.is_away = True
    assert await world.member().press(yes, CARD) == [Toast(words.NOTHING_STORED)]


# ---------------------------------------------------------------- coming and going


async def test_a_group_that_does_not_know_the_bot_is_greeted_and_one_that_does_is_not(world):
    async def joined(place, platform=Platform.TELEGRAM):
        who = Person(platform, place.account, place.chat, is_private=False, group=place)
        return [action async for action in world.conversation.answer(Joined("1", who))]

    (greeting,) = await joined(HERE)
    assert greeting.message.text[0].text == group_words.GREETING
    await world.admin().command("/channel 08:00")
    assert await joined(HERE) == []
    assert await joined(replace(THERE, is_channel=True)) == []
    assert await joined(ON_DISCORD, Platform.DISCORD) == []


@pytest.mark.parametrize("banned", ["7", HERE.account])
async def test_who_is_shut_out_brings_no_greeting_and_neither_does_a_group_that_is(world, banned):
    world.desk.banned.add(banned)
    group = Person(Platform.TELEGRAM, HERE.account, HERE.chat, is_private=False, group=HERE)
    joined = Joined("1", group, by="7")
    assert [action async for action in world.conversation.answer(joined)] == []


async def test_the_bot_leaves_without_a_word(world):
    who = Person(Platform.TELEGRAM, "-1001", "-1001", is_private=False, group=HERE)
    assert [action async for action in world.conversation.answer(Left("1", who))] == []
    assert world.groups.gone == [HERE]
    assert world.desk.gone == []


# ---------------------------------------------------------------- anything at all

pieces = st.sampled_from(
    [
        *("08:00", "Berlin", "daily", "categories", "cs.LG", "cs.XX", "all", "votes", "threads"),
        *(
            "on",
            "off",
            "pause",
            "7",
            "resume",
            "stop",
            "forget",
            "@papers",
            "-1001",
            "<b>",
            "\u202e",
        ),
    ]
)
phrases = st.lists(pieces, max_size=6).map(" ".join) | st.text(max_size=60)
chats = st.sampled_from(["-1001", "-1002", "77", "", "x"])
taps = st.builds(
    lambda act, inside, paper, impression, argument: (
        f"{act.value}{inside}:{paper}:{impression}:{argument}"[:64]
    ),
    st.sampled_from([Act.VOTE, Act.GROUP]),
    st.sampled_from(["", "+"]),
    st.sampled_from(["", "1", "2", "z", "-1", "zzzzzz"]),
    st.sampled_from(["", "1", "2", "3", "4", "zz"]),
    st.builds(lambda chat, phrase: f"{chat},{phrase}".replace(".", "/"), chats, phrases)
    | st.sampled_from(["l", "s", "", "x", "-1001,forget yes 9", "-1001,toggle cs/LG"]),
)


@given(phrases)
@example("categories " + "cs.LG " * 500)
@example("pause " + "9" * 5_000)
async def test_any_words_behind_channel_get_one_answer_that_fits(line):
    ada = World().admin()
    await ada.command(f"/channel {line}")
    (answer,) = ada.actions
    assert 0 < sum(len(span.text) for span in answer.message.text) < 2_000
    rows = answer.message.rows
    assert len(rows) <= 5
    assert all(0 < len(row) <= 5 and all(len(b.data.encode()) <= 64 for b in row) for row in rows)


@given(st.lists(st.tuples(taps, st.sampled_from(["member", "unknown", "elsewhere"])), max_size=8))
async def test_whatever_is_tapped_by_whom_it_is_not_for_changes_no_group(tapped):
    world = World()
    await world.admin().command("/channel 08:00 Berlin")
    world.digest(3)
    before = dict(world.groups.groups)
    for data, who in tapped:
        place = THERE if who == "elsewhere" else replace(HERE, is_admin=None)
        person = member("3", place, is_admin=True) if who != "member" else member("3")
        journey = Journey(world.conversation, person)
        await journey.press(data, CARD)
        assert sum(isinstance(action, Toast) for action in journey.actions) == 1
        assert all(len(a.text) <= 200 for a in journey.actions if isinstance(a, Toast))
    # Who administers another group may have set that up; this one is as it was.
    assert {k: v for k, v in world.groups.groups.items() if k == KEY} == before
    assert all(key == KEY for key, _, account in world.groups.votes if account == "3")
    assert world.desk.readers == {}
    assert world.desk.opinions == {}

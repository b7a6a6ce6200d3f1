"""Whatever people type or tap: one helpful answer, no exception, nobody else's data touched."""

from hypothesis import example, given
from hypothesis import strategies as st

from bot.conversation.commands import COMMANDS
from bot.conversation.messages import Edit, Message, Send, Toast
from bot.conversation.service import Conversation
from bot.conversation.taps import Act, Tap, encode
from bot.schedule import Schedule
from tests.conversation.journey import BOB, Journey, length
from tests.conversation.scripted_desk import ScriptedDesk, paper, talking

names = st.sampled_from([spec.name for spec in COMMANDS] + ["", "Start", "pick@bot", "ﬀ", "/"])
nasty = st.text(
    st.sampled_from(
        "<>&_*`~|[](){}\\$^/@#:;,.-+0189aZ é\u200b\u200d\u202e\u2067אب👍🏽🇩🇪\n\t\x00\ud800٣²"
    )
)
# A word of one piece again and again, and an end that fits nowhere: what makes a pattern that can
# read the pieces in several ways try all of them, which takes for ever.
repeated = st.builds(
    lambda head, piece, count, end: f"{head}{piece * count}{end}",
    st.sampled_from(["", "mon", "cs.ab", "@", "for ", "https://"]),
    st.sampled_from(["a", "s", "days", "-a", "a.", "1", ":", "{", "(", "right now ", "to", " "]),
    st.integers(0, 90),
    st.sampled_from(["", "x", "!", "\u202e"]),
)
texts = st.text(max_size=200) | nasty | repeated
data = st.text(max_size=70) | st.builds(
    lambda act, paper, impression, argument, inside: encode(
        Tap(act, paper, impression, argument, inside)
    ),
    st.sampled_from(Act),
    st.none() | st.integers(0, 6),
    st.none() | st.integers(0, 8),
    st.sampled_from(
        [
            *("", "20261123", "99999999", "saved,1", "saved,9999", "08:30 Berlin", "nowhere", "2"),
            *("saved,2,Tm8", "saved,1,____", "bibtex", "json", "undo", "no", "yes,1,9", "yes,9,9"),
            *("abc,t,1", "abc,r,2", "day,1", "month,99", "1"),
            *("x,0123456789", "a,0123456789", "p,1", "mute", "rename", "forget", "kept"),
        ]
    ),
    st.booleans(),
)


def begun() -> tuple[ScriptedDesk, Conversation]:
    titles = ("<b>bold</b> & _x_", "מאמר", r"$\alpha$ {", "x" * 2000, "@everyone")
    desk = ScriptedDesk([paper(n, title=title) for n, title in enumerate(titles, start=1)])
    return desk, talking(desk)


def checked(journey: Journey) -> None:
    """Every answer is helpful and within what all platforms can draw."""
    assert journey.actions
    assert sum(isinstance(a, Toast) for a in journey.actions) <= 1
    assert not any(isinstance(a, Toast) for a in journey.actions[1:])
    for action in journey.actions:
        match action:
            case Toast(text=text):
                assert 0 < len(text) <= 200
            case Send(message=message) | Edit(message=message):
                _fits(message)


def _fits(message: Message) -> None:
    assert 0 < length(message) <= 3_500
    assert len(message.rows) <= 5
    for row in message.rows:
        assert 0 < len(row) <= 5
        assert all(0 < len(b.label) <= 40 and len(b.data.encode()) <= 64 for b in row)
    if message.card:
        assert len(message.card.summary) <= 1_200
    "".join(span.text for span in message.text).encode()


@given(names, texts)
@example("schedule", "x" * 10_000)
@example("pause", "9" * 10_000)
@example("saved", "٣")
@example("schedule", f"mon{'days' * 45}x")
@example("channel", f"mon{'days' * 45}x")
@example("follow", f"cs.{'a' * 90}!")
@example("nonsense" * 1_000, "\u202e" * 10_000)
async def test_any_command_with_any_text_gets_one_helpful_answer(name, text):
    _, conversation = begun()
    journey = Journey(conversation)
    await journey.command(f"/{name} {text}")
    checked(journey)
    assert all(isinstance(a, Send) for a in journey.actions)


@given(texts)
@example("x" * 10_000)
@example("👩‍👩‍👧‍👦" * 2_000)
@example("https://arxiv.org/abs/" * 400)
async def test_any_message_gets_one_helpful_answer(text):
    _, conversation = begun()
    journey = Journey(conversation)
    said = await journey.say(text, text)
    assert len(said) == 1 or (len(said) == 2 and said[0].message.card)  # and papers near it
    checked(journey)


@given(st.lists(data, max_size=8))
async def test_any_taps_are_answered_and_touch_nobody_elses_data(taps):
    desk, conversation = begun()
    bob, journey = Journey(conversation, BOB), Journey(conversation)
    await bob.command("/pick")
    await bob.tap("👍 Like")
    mine = {key: value for key, value in desk.opinions.items() if key[0] == 1}
    await journey.command("/today")
    for tap in taps:
        await journey.press(tap, journey.newest())
        checked(journey)
    assert {key: value for key, value in desk.opinions.items() if key[0] == 1} == mine
    assert desk.readers["2"].schedule == Schedule()
    assert desk.readers["2"].paused_until is None
    assert desk.readers["2"].surprise == 2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.taps import MAX_BYTES, MAX_NUMBER, Act, Tap, decode, encode

numbers = st.none() | st.integers(0, MAX_NUMBER)
arguments = st.text(st.sampled_from("abcXYZ0189 :,/_+-"), max_size=40)


@given(st.sampled_from(Act), numbers, numbers, arguments, st.booleans())
def test_a_tap_comes_back_as_it_was_made(act, paper, impression, argument, inside):
    tap = Tap(act, paper, impression, argument, inside)
    assert decode(encode(tap)) == tap
    assert len(encode(tap).encode()) <= MAX_BYTES


@given(st.text(max_size=80))
def test_what_we_did_not_make_means_nothing_or_something_a_database_can_hold(data):
    tap = decode(data)
    assert tap is None or all(n is None or n <= MAX_NUMBER for n in (tap.paper, tap.impression))


def test_an_argument_that_does_not_fit_is_a_fault_of_ours():
    with pytest.raises(ValueError, match="over 64 bytes"):
        encode(Tap(Act.SCHEDULE, argument="x" * 70))

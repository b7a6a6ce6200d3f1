"""What of a message may name a paper."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.conversation.mentions import LONGEST, mentions_in

HASH = "204e3073870fae3d05bcbc2f6a8e263d9b72e776"


@pytest.mark.parametrize(
    ("said", "title"),
    [
        ("Attention Is All You Need", "Attention Is All You Need"),
        ("“Attention Is All You Need”", "Attention Is All You Need"),
        ("Title: Attention Is All You Need", "Attention Is All You Need"),
        ("1. Attention Is All You Need\n2. thanks", "Attention Is All You Need"),
        ("- Attention Is All You Need https://example.org/x\nok", "Attention Is All You Need"),
        ("Attention Is All You Need.pdf", "Attention Is All You Need"),
        ("attention_is_all_you_need (2).pdf", "attention is all you need"),
        ("1234_Attention_Is_All_You_Need.pdf", "Attention Is All You Need"),
        ("Vaswani et al. - 2017 - Attention Is All You Need.pdf", "Attention Is All You Need"),
        ("Vaswani - Attention Is All You Need.pdf", "Attention Is All You Need"),
        ("NIPS-2017-attention-is-all-you-need-Paper.pdf", "attention is all you need"),
        (
            "NeurIPS-2022-on-paper-planes-Paper-Datasets_and_Benchmarks (1).pdf",
            "on paper planes",
        ),
        (
            "He_Deep_Residual_Learning_for_Image_Recognition_CVPR_2016_paper.pdf",
            "Deep Residual Learning for Image Recognition",
        ),
        ("look at this\nAttention%20Is%20All%20You%20Need.PDF", "Attention Is All You Need"),
    ],
)
def test_a_title_is_seen_in_the_ways_people_send_one(said, title):
    assert mentions_in(said).titles[0] == title or title in mentions_in(said).titles


def test_a_title_that_was_copied_from_two_lines_is_seen_whole():
    assert mentions_in("Attention Is\nAll You Need\n").whole == "Attention Is All You Need"
    assert mentions_in("Attention Is All You Need").whole == ""


@pytest.mark.parametrize(
    ("said", "spelled", "closed"),
    [
        (f"https://www.semanticscholar.org/paper/Attention-is-All-you-Need-Vaswani/{HASH}",
         ("Attention is All you Need Vaswani",), ()),
        (f"semanticscholar.org/paper/BERT%3A-Pre-training-Devlin/{HASH}?sort=x",
         ("BERT: Pre training Devlin",), ()),
        (f"https://www.semanticscholar.org/paper/{HASH}", (), ("Semantic Scholar",)),
        ("https://api.semanticscholar.org/CorpusID:13756489", (), ("Semantic Scholar",)),
        ("https://openreview.net/forum?id=YicbFdNTTy", (), ("OpenReview",)),
        ("https://openreview.net/pdf?id=YicbFdNTTy", (), ("OpenReview",)),
        ("https://example.org/paper", (), ()),
    ],
)  # fmt: skip
def test_addresses_that_spell_a_title_and_those_that_say_nothing_are_told_apart(
    said, spelled, closed
):
    found = mentions_in(f"see {said} please")
    assert (found.spelled, found.closed) == (spelled, closed)
    assert mentions_in("see this", [said]).closed == closed


@pytest.mark.parametrize(
    ("said", "elsewhere"),
    [
        (f"https://www.semanticscholar.org/paper/{HASH}", f"s2:{HASH}"),
        (f"www.semanticscholar.org/paper/Attention-Vaswani/{HASH.upper()}?x=1", f"s2:{HASH}"),
        (f"https://www.semanticscholar.org/reader/{HASH}#page", f"s2:{HASH}"),
        ("https://api.semanticscholar.org/CorpusID:13756489", "corpusid:13756489"),
        ("Corpus ID is CorpusID: 13756489.", "corpusid:13756489"),
        ("https://openreview.net/forum?id=YicbFdNTTy", "openreview:YicbFdNTTy"),
        ("openreview.net/pdf?id=r1-bFd_TTy&name=x", "openreview:r1-bFd_TTy"),
        ("https://openreview.net/forum?noteId=AAAAAAAAAA&id=YicbFdNTTy", "openreview:YicbFdNTTy"),
        ("https://openreview.net/references/pdf?id=YicbFdNTTy", "openreview:YicbFdNTTy"),
    ],
)
def test_what_other_catalogues_may_be_asked_for_is_found(said, elsewhere):
    assert mentions_in(f"see {said} please").elsewhere == (elsewhere,)
    assert mentions_in("see this", [said]).elsewhere == (elsewhere,)


@pytest.mark.parametrize(
    "said",
    ["https://openreview.net/group?id=", f"https://example.org/paper/{HASH}", "CorpusID: none",
     "https://openreview.net/profile?email=a", HASH],
)  # fmt: skip
def test_what_is_no_number_of_another_catalogue_is_not_asked_for(said):
    assert mentions_in(said).elsewhere == ()


@given(st.text(), st.lists(st.text(max_size=100), max_size=3))
@example("x" * 10_000, [])
@example("\n" * 10_000, ["\u202e"])
@example("a - " * 3_000 + ".pdf", [])
@example("semanticscholar.org/paper/" * 800, [])
@example("1" * 300 + ".pdf", [])
@example("NIPS-2017-" + "x-paper" * 2_000 + "!.pdf", [])
@example("a_" * 5_000 + "CVPR_2016_papers.pdf", [])
def test_any_message_is_read_within_bounds(text, links):
    found = mentions_in(text, links)
    assert len(found.text) <= LONGEST
    assert len(found.titles) <= 100
    assert all(title and len(title) <= 300 and "\n" not in title for title in found.titles)
    assert len(found.whole) <= 300

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.cards import card, card_message, digest_message, list_message
from bot.conversation.commands import COMMANDS, joined
from bot.conversation.facts import key_sentence, links, sentences, summary, venue
from bot.conversation.ports import Offer, Opinion
from bot.conversation.reasons import long, once, shares, short, spelled
from recommender.feedback import Verdict
from recommender.papers import Link, PaperId
from recommender.picks import PartKind, Pick, ScorePart
from tests.conversation.journey import length
from tests.conversation.scripted_desk import paper

DAY = date(2026, 11, 23)
LONG = (
    "Learning is hard, e.g. for machines that read Fig. 3 of Smith et al. in a hurry. "
    + "Much has been tried by many people over many years, and little of it has lasted. " * 6
    + "We propose a method that learns from one example. It is simple. "
    + "Experiments show that it is 3.5 times better than all others."
)
numbers = st.floats(-50, 50, allow_nan=False).map(lambda x: round(x, 3))
adding = st.sampled_from([kind for kind in PartKind if kind is not PartKind.INTEREST])
parts = st.lists(st.builds(ScorePart, adding, numbers), max_size=15)


def offer(*parts: ScorePart, is_exploring: bool = False, upvotes: int = 0, **kept: object) -> Offer:
    chosen = Pick(PaperId(1), 1, sum(p.value for p in parts), parts, is_exploring, 0.2, "m")
    because = {PaperId(7): "Seven $x^2$", PaperId(8): "Eight", PaperId(9): "Nine"}
    return Offer(paper(1, upvotes=upvotes), 5, chosen, because=because, **kept)


def liked(number: int, value: float, *words: str) -> ScorePart:
    return ScorePart(PartKind.LIKED, value, PaperId(number), words)


# -------------------------------------------------------------------- reasons


def test_the_card_names_the_liked_papers_with_their_true_shares():
    reason = short(offer(liked(7, 3.8, "graphs"), liked(8, 2.1), ScorePart(PartKind.OTHER, 4.1)))
    assert reason == (
        "Because you liked “Seven x²” (38\u00a0%) and “Eight” (21\u00a0%); shared words: graphs."
    )


def test_the_only_cause_needs_no_percentage():
    assert short(offer(liked(7, 2.0))) == "Because you liked “Seven x²”."


def test_a_paper_that_was_only_saved_or_known_is_not_called_liked():
    opinions = {
        PaperId(7): Opinion(None, is_saved=True),
        PaperId(8): Opinion(Verdict.KNOWN),
        PaperId(9): Opinion(Verdict.LIKE, is_saved=True),
    }
    found = offer(liked(7, 1), liked(8, 1), opinions=opinions)
    assert (
        short(found) == "Because you saved “Seven x²” (50\u00a0%) and you know “Eight” (50\u00a0%)."
    )
    assert "“Nine”, which you liked" in text(long(offer(liked(9, 1), opinions=opinions)))


def test_other_causes_are_named_only_when_they_are_there():
    assert short(offer(ScorePart(PartKind.READERS, 1))) == "Readers with your taste liked it."
    popular = ScorePart(PartKind.POPULAR, 1)
    assert short(offer(popular, upvotes=12)) == "12 upvotes on Hugging Face."
    assert short(offer(popular, upvotes=1)) == "1 upvote on Hugging Face."
    assert short(offer(popular)) == "A first guess: nothing you liked speaks for it yet."
    exploring = offer(ScorePart(PartKind.EXPLORING, 1), is_exploring=True)
    assert short(exploring) == "An exploring pick, outside your usual."
    assert "It was drawn by chance (about 20\u00a0%)" in text(long(exploring))
    assert short(replace(exploring, pick=None)) == ""


@pytest.mark.parametrize(
    ("words", "card", "why"),
    [
        (("author", "Ada Lovelace"), "You follow Ada Lovelace.", "you follow Ada Lovelace, so"),
        (("author", "Lovelace, A."), "You follow Ada Lovelace.", "you follow Ada Lovelace, so"),
        (("author", "Babbage, C."), "You follow Babbage, C.", "you follow Babbage, C, so"),
        (("word", "graph flow"), "You follow “graph flow”.", "you follow “graph flow”, so"),
        (("category", "cs.RO"), "You follow cs.RO.", "you follow cs.RO, so the best new paper"),
    ],
)
def test_a_pick_that_a_follow_brought_says_so(words, card, why):
    found = offer(ScorePart(PartKind.FOLLOWED, 1.0, words=words))
    assert short(found) == card
    assert f"100\u00a0% · {why}" in text(long(found))


def test_a_pick_for_one_of_several_interests_names_it_and_the_shares_stay_the_same():
    named = ScorePart(PartKind.INTEREST, 0.0, words=("graphs", "nodes", "edges"))
    found = offer(liked(7, 3), named)
    assert short(found) == "For your interest in graphs, nodes. Because you liked “Seven x²”."
    assert shares(found.pick.parts) == shares((liked(7, 3),))
    assert text(long(found)).endswith("The place is for your interest in graphs, nodes.")


def test_what_speaks_against_a_paper_is_told_with_a_minus():
    told = text(long(offer(liked(7, 3), ScorePart(PartKind.SKIPPED, -1, PaperId(8), ("spam",)))))
    assert "75\u00a0% · close to “Seven x²”, which you liked" in told
    assert "−25\u00a0% · close to “Eight”, which you skipped (shared words: spam)" in told
    assert told.endswith("sizes add up to 100\u00a0%.")


def test_many_small_parts_are_summed_up_in_one_line():
    many = [liked(7, 100.0), *(liked(8, 0.1) for _ in range(30))]
    assert text(long(offer(*many))).splitlines()[2:] == [
        "97\u00a0% · close to “Seven x²”, which you liked",
        "3\u00a0% · 30 smaller parts",
    ]


@given(parts)
def test_shares_always_add_up_to_a_hundred_per_cent(found):
    told = shares(found)
    if told:
        assert sum(share.percent for share in told) == 100
        assert sum(share.count for share in told) == len(found)
        sizes = [abs(share.part.value) for share in told[:-1]]
        assert sizes == sorted(sizes, reverse=True)
    else:
        assert not any(part.value for part in found)


@given(parts, st.booleans(), st.integers(0, 3))
def test_every_score_has_a_reason_in_one_line_and_a_longer_one(found, is_exploring, upvotes):
    made = offer(*found, is_exploring=is_exploring, upvotes=upvotes)
    assert 0 < len(short(made)) <= 500
    assert "\n" not in short(made)
    assert length(card_message(made, is_alone=False)) <= 3_500
    assert len(text(long(made))) <= 3_500


def text(spans) -> str:
    return "".join(span.text for span in spans)


# -------------------------------------------------------------------- what is shown of a paper


def test_three_authors_are_named_and_the_others_counted_unless_there_is_one():
    def names(count: int) -> str:
        authors = tuple("ABCDEFGHIJKL"[:count])
        return card(Offer(paper(1, authors=authors), 1)).authors

    assert [names(n) for n in (0, 1, 2, 3, 4, 12)] == [
        *("", "A", "A and B", "A, B and C", "A, B, C and D", "A, B, C and 9 more")
    ]


def test_in_a_long_list_one_author_is_named_where_two_have_no_room():
    names = ("Guadalupe Etxeberria", "Emmanuelle Vandenbroucke", *"ABCD")
    offers = [Offer(paper(n, authors=names), n) for n in range(1, 11)]
    message = list_message("Papers", offers)
    people = {item.card.authors for item in message.digest.items}
    assert people == {"Guadalupe Etxeberria and 5 more"}


@pytest.mark.parametrize(
    ("comment", "shown"),
    [
        ("Accepted at ICML 2026. 9 pages", "Accepted at ICML 2026"),
        ("12 pages, 5 figures. Accepted by KDD 2026 AI Track", "Accepted by KDD 2026 AI Track"),
        ("15 pages, To appear in CVPR 2026", "To appear in CVPR 2026"),
        ("CVPR 2026 (Oral); code: https://x.org", "CVPR 2026 (Oral)"),
        ("Submitted to NeurIPS 2026", ""),
        ("Preprint. Under review at EMNLP 2026", ""),
        ("acl - 2026 main accepted", ""),
        ("9 pages, 3 figures", ""),
        (None, ""),
    ],
)
def test_a_venue_is_quoted_from_the_comment_and_never_guessed(comment, shown):
    assert venue(paper(1, comment=comment)) == shown


def test_a_journal_reference_is_a_venue_too():
    assert venue(paper(1, journal_ref="Phys. Rev. D 76, 013009 (2007)")).startswith("Phys. Rev. D")


def test_links_come_from_the_source_the_comment_and_the_abstract_once_each():
    found = paper(
        1,
        links=(Link("code", "https://github.com/a/b"),),
        comment="Project page: https://a.github.io/b/. Also https://github.com/a/b.",
        abstract=r"Code at \url{https://github.com/a/b}.",
        doi="10.1000/1",
    )
    assert links(found) == (
        ("Code", "https://github.com/a/b"),
        ("Project page", "https://a.github.io/b/"),
        ("DOI", "https://doi.org/10.1000/1"),
    )


def test_an_address_that_could_do_harm_is_no_link():
    assert links(paper(1, links=(Link("code", "javascript:alert(1)"), Link("x", "http://")))) == ()


def test_the_summary_is_made_of_whole_sentences_that_say_most():
    assert summary(LONG) == (
        "Learning is hard, e.g. for machines that read Fig. 3 of Smith et al. in a hurry. "
        "We propose a method that learns from one example. "
        "Experiments show that it is 3.5 times better than all others."
    )
    assert summary("Short. As it is.") == "Short. As it is."
    assert summary("") == ""
    assert len(summary("word " * 1000)) <= 600
    assert summary("x" * 2000).endswith("…")


@given(st.text(max_size=900) | st.text(st.sampled_from("aB .!?e.g.\n"), max_size=900))
def test_a_summary_never_exceeds_its_length_and_sentences_lose_nothing(abstract):
    assert len(summary(abstract)) <= 600
    assert "".join("".join(sentences(abstract)).split()) == "".join(abstract.split())


def test_a_sample_or_withdrawn_paper_is_labelled():
    sample = card(Offer(paper(1, is_sample=True), 1))
    assert sample.note == "Sample paper, until arXiv has been read."
    assert card(Offer(paper(1, is_withdrawn=True), 1)).note == "Withdrawn by its authors."
    footing = digest_message([Offer(paper(1, is_sample=True), 1)], DAY, 1).digest.footing
    assert footing == "These are sample papers: real ones arrive once arXiv has been read."


def test_what_a_source_sends_cannot_break_a_card():
    made = card(
        Offer(
            paper(
                1,
                title="<b>&amp; *bold* _x_ `code`\x00\u202e" + "t" * 2000,
                abstract="",
                authors=("\u202eevil", "מחבר"),
                categories=(),
            ),
            1,
        )
    )
    assert made.title.startswith("<b>&amp; *bold* _x_ `code` t")
    assert len(made.title) <= 250
    assert made.summary == "(no abstract)"
    assert made.authors == "evil and \u2068מחבר\u2069"


# -------------------------------------------------------------------- digests


def offers(count: int) -> list[Offer]:
    return [
        replace(offer(liked(7, 1.0)), paper=paper(n), impression=n) for n in range(1, count + 1)
    ]


def test_a_digest_with_fewer_papers_than_wanted_says_so():
    digest = digest_message(offers(3), DAY, 5).digest
    assert digest.heading == "Your 3 papers for Monday, 23 November"
    assert digest.footing.startswith("Fewer than your 5 today:")
    assert digest_message(offers(1), DAY, 1).digest.heading == "Your paper for Monday, 23 November"


@pytest.mark.parametrize("count", range(1, 11))
def test_a_digest_of_any_size_has_at_most_five_rows_of_five_and_a_reason_each(count):
    message = digest_message(offers(count), DAY, count)
    assert len(message.rows) <= 5
    assert all(len(row) <= 5 for row in message.rows)
    assert all(item.card.reason.startswith("Because") for item in message.digest.items)
    assert all(bool(item.card.summary) == (count <= 5) for item in message.digest.items)
    assert all(len(b.label) <= 40 and len(b.data) <= 64 for row in message.rows for b in row)


# -------------------------------------------------------------------- commands


def test_typed_options_read_as_a_person_would_have_written_them():
    given = {"papers": 5, "time": "8:30", "zone": "Berlin", "days": None}
    assert joined("schedule", given) == "8:30 Berlin 5 papers"
    assert joined("schedule", {"papers": 5}) == "5 papers"
    assert joined("saved", {"page": 2, "words": "graphs"}) == "page 2 graphs"
    assert joined("pick", {"x": 1}) == ""


def test_every_command_fits_every_platforms_menu():
    for spec in COMMANDS:
        assert spec.name.islower()
        assert 0 < len(spec.description) <= 100
        assert "\n" not in spec.description


def test_an_exploring_pick_names_what_it_is_nearest_to_and_does_not_contradict_itself():
    near = offer(liked(8, 0.4), ScorePart(PartKind.EXPLORING, 0.6), is_exploring=True)
    assert short(near) == (
        "An exploring pick, outside your usual; nearest to “Eight”, which you liked."
    )


def test_the_line_of_a_digest_is_no_question():
    asked = "Can owls count? We show that owls count to four."
    assert key_sentence(asked, 200) == "We show that owls count to four."


def test_shared_words_are_spelled_as_the_paper_spells_them():
    offered = paper(1, title="Using Owls for AI", abstract="AI with GANs. Owls help.")
    words = ("ai", "owls", "using", "gans", "moth")
    assert [spelled(w, offered) for w in words] == ["AI", "owls", "using", "GANs", "moth"]


@pytest.mark.parametrize(
    ("telling", "said"),
    [
        (["robot", "robots", "manipulation"], ["robot", "manipulation"]),
        (["robots", "success", "robot"], ["robots", "success"]),
        (["policies", "policy", "bias", "LLMs", "llm"], ["policies", "bias", "LLMs"]),
        (["corpus", "loss", "analysis", "gas"], ["corpus", "loss", "analysis", "gas"]),
        ([], []),
    ],
)
def test_of_a_word_and_its_plural_only_the_first_is_said(telling, said):
    assert once(telling) == said

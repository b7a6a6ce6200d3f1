"""What a pasted text names."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from storage.sources.references import arxiv_id, arxiv_key, keys_in


@pytest.mark.parametrize(
    "text",
    [
        "https://arxiv.org/abs/2301.12652",
        "https://arxiv.org/abs/2301.12652v2",
        "http://www.arxiv.org/pdf/2301.12652v2.pdf",
        "https://arxiv.org/html/2301.12652v1#S3",
        "arxiv.org/abs/2301.12652?context=cs",
        "https://export.arxiv.org/abs/2301.12652",
        "https://www.alphaxiv.org/abs/2301.12652v3",
        "https://huggingface.co/papers/2301.12652",
        "https://hf.co/papers/2301.12652",
        "look at this (arXiv:2301.12652), please",
        "ARXIV: 2301.12652v4 [cs.CL]",
        "2301.12652",
        "2301.12652.",
        "2301.12652v2.pdf",
        "2301.12652v2 (1).pdf",
        "paper_2301.12652.pdf",
        "arXiv-2301.12652v1.tar.gz",
        "论文2301.12652很好",
        "https://doi.org/10.48550/arXiv.2301.12652",
        "doi:10.48550/ARXIV.2301.12652",
        "[a paper](https://arxiv.org/abs/2301.12652)",
        "<https://arxiv.org/abs/2301.12652>",
    ],
)
def test_every_way_to_name_a_paper_of_arxiv_is_understood(text):
    assert keys_in(text) == ("arxiv:2301.12652",)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("hep-th/9901001", "arxiv:hep-th/9901001"),
        ("https://arxiv.org/abs/math.GT/0309136v1", "arxiv:math/0309136"),
        ("arXiv:cs/0112017", "arxiv:cs/0112017"),
        ("https://arxiv.org/pdf/astro-ph%2F0601001", "arxiv:astro-ph/0601001"),
        ("0704.0001", "arxiv:0704.0001"),
        ("1412.9999v12", "arxiv:1412.9999"),
        ("10.1145/3292500.3330701", "doi:10.1145/3292500.3330701"),
        ("https://doi.org/10.1016/0370-2693(93)90635-I.", "doi:10.1016/0370-2693(93)90635-i"),
        ("(see 10.1103/PhysRevD.2301.12652)", "doi:10.1103/physrevd.2301.12652"),
        ("https://dl.acm.org/doi/10.1145/3077136.3080659?a=b", "doi:10.1145/3077136.3080659"),
        ("https://link.springer.com/content/pdf/10.1007/978-3-030-58452-8_24.pdf",
         "doi:10.1007/978-3-030-58452-8_24"),
        ("https://onlinelibrary.wiley.com/doi/10.1002/rob.22/full", "doi:10.1002/rob.22"),
        ("https://www.frontiersin.org/articles/10.3389/fnins.2019.00095/pdf/?x=1",
         "doi:10.3389/fnins.2019.00095"),
        ("https://www.biorxiv.org/content/10.1101/2020.01.02.000003v2.full.pdf",
         "doi:10.1101/2020.01.02.000003"),
        ("https://www.medrxiv.org/content/10.1101/2020.01.02.20000003v1",
         "doi:10.1101/2020.01.02.20000003"),
        ("10.1000/pdf", "doi:10.1000/pdf"),
        ("10.1038/s41586-021-0v1", "doi:10.1038/s41586-021-0v1"),
    ],
)  # fmt: skip
def test_old_identifiers_and_dois_are_understood(text, key):
    assert keys_in(text) == (key,)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "graph neural networks for molecules",
        "3.14159 2713.28182 1313.12345",  # no such month
        "2301.1265",  # five digits since 2015
        "1301.12345",  # and four before
        "0601.0001",  # before there were such identifiers
        "v1.2301.12652",
        "2301.12652.7",
        "12301.12652",
        "sales/0309136",
        "hep-th/9913001",
        "192.168.2301.12652",
        "https://example.org/",
        "10.48550/arXiv.",
        "10.1145/",
    ],
)
def test_junk_names_nothing(text):
    assert keys_in(text) == ()


def test_many_papers_are_named_once_each_in_the_order_of_their_mention():
    text = "10.1145/3292500.3330701 and 2301.12652v1, hep-th/9901001; again arXiv:2301.12652"
    assert keys_in(text) == (
        "doi:10.1145/3292500.3330701",
        "arxiv:2301.12652",
        "arxiv:hep-th/9901001",
    )


@given(st.text())
@example("10.48550/arxiv." * 50)
@example("10.1000/x" + "/pdf" * 5_000 + "x")
@example("ſ\u212a" * 10 + "/0309136")
def test_no_text_is_too_strange_and_every_key_names_itself(text):
    for key in keys_in(text):
        source, _, identifier = key.partition(":")
        assert source in ("arxiv", "doi")
        assert identifier
        if source == "arxiv":
            assert keys_in(identifier) == (key,) == (arxiv_key(identifier),)
            assert arxiv_id(key) == identifier


@given(st.text(alphabet=st.characters(exclude_categories=["Nd", "Nl", "No"])))
def test_a_text_without_a_digit_names_nothing(text):
    assert keys_in(text) == ()


years = st.integers(15, 99).map("{:02}".format)
months = st.integers(1, 12).map("{:02}".format)
numbers = st.integers(0, 99999).map("{:05}".format)
identifiers = st.builds("{}{}.{}".format, years, months, numbers)
# Words around it, but nothing that glues itself to an identifier.
around = st.text(alphabet=st.characters(exclude_categories=["Nd", "Cs"], exclude_characters="."))


@given(around, identifiers, st.sampled_from(["", "v1", "v12"]), around)
def test_an_identifier_is_found_in_the_middle_of_any_words(before, identifier, version, after):
    text = f"{before} {identifier}{version} {after}"
    assert f"arxiv:{identifier}" in keys_in(text)


def test_a_very_long_text_is_read_only_at_its_beginning():
    assert keys_in("2301.12652 " + "x" * 1_000_000 + " 2301.12653") == ("arxiv:2301.12652",)

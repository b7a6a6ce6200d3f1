import numpy as np
import pytest

from recommender import encoder
from recommender.candidates import Corpus
from recommender.interactions import interactions
from recommender.model import Model, WrongArrays
from recommender.picks import Request
from recommender.ranking import recommend
from recommender.training import train
from tests.recommender import planted


def lists(model, corpus):
    requests = [Request(u, tuple(planted.like(7 * u + n + 1) for n in range(u))) for u in range(6)]
    return recommend(model, corpus, requests, None, seed=3)


def on_disk(arrays, folder):
    """Return the arrays as another process meets them: mapped, read-only."""
    for name, array in arrays.items():
        np.save(folder / name, array, allow_pickle=False)
    return {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in arrays}


@pytest.mark.parametrize("kind", ["model", "hybrid"])
def test_a_model_survives_the_disk(kind, request, coder, papers, school, tmp_path):
    model = request.getfixturevalue(kind)
    known = papers if kind == "model" else school[0]
    back = Model.from_arrays(on_disk(model.to_arrays(), tmp_path))
    assert (back.version, back.encoder, back.metrics) == (
        model.version,
        model.encoder,
        model.metrics,
    )
    before = lists(model, Corpus(model, coder).extended(known))
    after = lists(back, Corpus(back, coder).extended(known))
    assert after == before


def test_arrays_that_are_no_model_are_refused(model):
    arrays = model.to_arrays()
    with pytest.raises(WrongArrays):
        Model.from_arrays({})
    with pytest.raises(WrongArrays):
        Model.from_arrays({name: a for name, a in arrays.items() if name != "idf"})


def test_a_model_of_no_paper_at_all_ranks_what_comes_later(coder, papers, topics):
    model = Model.from_arrays(Model.text_only([], coder, "empty").to_arrays())
    corpus = Corpus(model, coder)
    assert lists(model, corpus) == [[]] * 6
    grown = corpus.extended(papers)
    speech = planted.of_topic(topics, "speech")
    picks = recommend(model, grown, [Request(1, (planted.like(speech[0]),), k=3)], None, 0)[0]
    assert topics[picks[0].paper] == "speech"


def test_without_an_encoder_latent_semantics_carry_alone(papers, topics, tmp_path):
    coder = encoder.load("lsa", tmp_path)
    model, corpus = planted.fresh(papers, coder)
    speech = planted.of_topic(topics, "speech")
    picks = recommend(
        model, corpus, [Request(1, (planted.like(speech[0]),), explores=False)], None, 0
    )[0]
    assert [topics[p.paper] for p in picks].count("speech") >= 4


def test_base_vectors_are_unit_rows_and_the_same_for_known_and_new_papers(model, coder, papers):
    base = model.features(papers[:20], coder)
    assert np.linalg.norm(base, axis=1) == pytest.approx(np.ones(20), abs=2e-3)
    fresh, _ = model.text.read([p.text for p in papers[:20]], coder)
    assert np.allclose(base, fresh, atol=1e-3)


def test_nobody_who_has_a_model_and_the_program_finds_out_what_a_reader_likes(
    school, coder, hybrid
):
    """Mixtures of fewer readers than there are mixtures can be taken apart by who can mix again."""
    ratings = planted.readers_of_schools(school[1], 300, 12)
    likes = interactions(ratings, [paper.id for paper in school[0]])
    assert likes.likes.shape[0] == 300
    stored = hybrid.to_arrays()["hub_likes"].astype(np.float64)
    rng = np.random.default_rng([0, 5])  # all that stands in the program
    order = rng.permutation(300)
    theirs = likes.likes[order].toarray()
    for mixing in (rng, np.random.default_rng([0, 5]), np.random.default_rng(0)):
        mixed = mixing.standard_normal((len(stored), 300), np.float32)
        apart = np.linalg.lstsq(mixed, stored, rcond=None)[0]
        likeness = [np.corrcoef(a, b)[0, 1] for a, b in zip(apart, theirs, strict=True)]
        assert np.mean(likeness) < 0.1


def test_no_array_of_a_model_has_a_place_for_each_reader(school, coder):
    ratings = planted.readers_of_schools(school[1], 293, 12)
    model = train(school[0], ratings, coder, version="v", seed=0)
    sizes = {size for array in model.to_arrays().values() for size in array.shape}
    assert model.hubs is not None
    assert sizes.isdisjoint({293, 294})  # nor one for the end of each reader's likes

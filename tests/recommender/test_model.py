import numpy as np
import pytest

from recommender import encoder
from recommender.candidates import Corpus
from recommender.model import Model, WrongArrays
from recommender.picks import Request
from recommender.ranking import recommend
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

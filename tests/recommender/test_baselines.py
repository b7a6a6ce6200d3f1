import numpy as np
import pytest

from recommender import baselines
from tests.recommender import planted


@pytest.fixture(scope="module")
def features(model, papers):
    """tf-idf and base vectors by paper id; the first row belongs to no paper."""
    tfidf = model.text.tfidf(["", *(p.text for p in papers)])
    base = np.vstack([np.zeros((1, model.text.dimensions)), model.known.base]).astype(np.float32)
    return tfidf, base


def scorers(features):
    tfidf, base = features
    return {
        "centroid": baselines.centroid(base),
        "tfidf_knn": baselines.tfidf_knn(tfidf),
        "svm": baselines.svm(tfidf, np.arange(1, 241)),
    }


@pytest.mark.parametrize("name", ["centroid", "tfidf_knn", "svm"])
def test_a_text_baseline_finds_the_topic_of_what_was_liked(name, features, topics, papers):
    liked = [np.array(planted.of_topic(topics, topic)[:3]) for topic in ("speech", "climate")]
    candidates = np.array([p.id for p in papers[60:]])
    scores = scorers(features)[name](liked, candidates)
    assert scores.shape == (2, len(candidates))
    for row, topic in zip(scores, ("speech", "climate"), strict=True):
        best = candidates[np.argsort(-row)[:5]]
        assert [topics[n] for n in best] == [topic] * 5


def test_an_svm_says_nothing_where_no_text_has_a_word_or_everything_is_liked(features):
    wordless = features[0][:, :0]
    liked, candidates = [np.array([1, 2, 3])], np.arange(4, 9)
    for svm in (baselines.svm(wordless, np.arange(1, 241)), baselines.svm(features[0], liked[0])):
        assert svm(liked, candidates).tolist() == [[0] * 5]


def test_popularity_is_the_same_for_everybody_and_counts_likes():
    train = np.array([[1, 2], [2, 2], [3, 0]])
    scores = baselines.popularity(train, 4)([np.array([0]), np.array([2])], np.array([0, 2, 3]))
    assert scores.tolist() == [[1, 2, 0], [1, 2, 0]]


@pytest.fixture(scope="module")
def camps():
    """Forty readers in two camps: one likes papers 0 to 9, the other 10 to 19; 20 is new."""
    rng = np.random.default_rng(2)
    return np.array(
        [
            (reader, 10 * (reader % 2) + paper)
            for reader in range(40)
            for paper in rng.permutation(10)[:6]
        ]
    )


@pytest.mark.parametrize("name", ["als", "bpr", "bm25_knn"])
def test_a_method_of_likes_alone_finds_what_the_same_readers_like_and_nothing_new(name, camps):
    train = {
        "als": lambda: baselines.als(camps, seed=0),
        "bpr": lambda: baselines.bpr(camps, seed=0),
        "bm25_knn": lambda: baselines.bm25_knn(camps),
    }[name]
    liked = [np.sort(camps[camps[:, 0] == reader, 1]) for reader in (0, 1)]
    scores = train()(liked, np.arange(21))
    assert scores.shape == (2, 21)
    assert scores[0, :10].mean() > scores[0, 10:20].mean()
    assert scores[1, :10].mean() < scores[1, 10:20].mean()
    assert np.all(np.isneginf(scores[:, 20]))


def test_bpr_knows_a_reader_by_their_likes_and_no_stranger(camps):
    with pytest.raises(KeyError):
        baselines.bpr(camps, seed=0)([np.array([0, 10])], np.arange(21))

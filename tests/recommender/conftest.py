import pytest

from recommender.candidates import Corpus
from recommender.encoder import Encoder
from recommender.model import Model
from recommender.papers import Paper, PaperId
from tests.recommender import planted


@pytest.fixture(scope="session")
def coder() -> Encoder:
    return planted.static()


@pytest.fixture(scope="session")
def shelf() -> tuple[list[Paper], dict[PaperId, str]]:
    return planted.catalogue(240)


@pytest.fixture(scope="session")
def papers(shelf) -> list[Paper]:
    return shelf[0]


@pytest.fixture(scope="session")
def topics(shelf) -> dict[PaperId, str]:
    return shelf[1]


@pytest.fixture(scope="session")
def model(papers, coder) -> Model:
    return Model.text_only(papers, coder, "text-test")


@pytest.fixture(scope="session")
def corpus(model, papers, coder) -> Corpus:
    return Corpus(model, coder).extended(papers)


@pytest.fixture(scope="session")
def school() -> tuple[list[Paper], dict[PaperId, str]]:
    return planted.schools(400, seed=1)


@pytest.fixture(scope="session")
def hybrid(school, coder) -> Model:
    """A model that learnt from three hundred readers with twelve likes each."""
    from recommender.training import train

    papers, found = school
    ratings = planted.readers_of_schools(found, 300, 12)
    return train(papers, ratings, coder, version="hybrid-test", seed=0)


@pytest.fixture(scope="session")
def hybrid_corpus(hybrid, school, coder) -> Corpus:
    return Corpus(hybrid, coder).extended(school[0])

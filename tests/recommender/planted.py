"""Generated papers with planted topics, and readers with planted tastes."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from recommender import encoder
from recommender.candidates import Corpus
from recommender.encoder import Encoder
from recommender.feedback import Feedback, Rating, Verdict
from recommender.model import Model
from recommender.papers import Paper, PaperId

NEWEST = date(2026, 6, 30)

TOPICS = {
    "speech": "speech recognition phoneme audio speaker acoustic transcription voice dialect",
    "protein": "protein folding residue amino binding ligand enzyme structure docking antibody",
    "graphs": "graph node edge message-passing spectral laplacian community link neighbour",
    "robots": "robot manipulation grasp gripper locomotion dexterous actuator tactile terrain",
    "privacy": "privacy differential noise federated attack membership leakage budget secure",
    "climate": "climate precipitation forecast ocean atmosphere emission rainfall storm soil",
}
NAMES = tuple(TOPICS)
_GLUE = ("we", "study", "a", "new", "method", "for", "the", "problem", "and", "results")


def text(topic: str, rng: np.random.Generator, length: int = 40) -> str:
    words = TOPICS[topic].split()
    chosen = [
        str(rng.choice(words)) if rng.random() < 0.5 else str(rng.choice(_GLUE))
        for _ in range(length)
    ]
    return " ".join(chosen)


def paper(
    number: int, topic: str, rng: np.random.Generator, days_ago: int = 0, **facts: object
) -> Paper:
    return Paper(
        id=PaperId(number),
        key=f"arxiv:2606.{number:05d}",
        title=text(topic, rng, 8),
        abstract=text(topic, rng),
        authors=("Ada Example",),
        categories=("cs.LG",),
        announced=NEWEST - timedelta(days=days_ago),
        **facts,
    )


def catalogue(
    n: int = 240, seed: int = 0, topics: Sequence[str] = NAMES
) -> tuple[list[Paper], dict[PaperId, str]]:
    """Return n papers over the last ten days, and the topic of each."""
    rng = np.random.default_rng(seed)
    papers = [paper(i + 1, topics[i % len(topics)], rng, days_ago=i % 10) for i in range(n)]
    return papers, {p.id: topics[i % len(topics)] for i, p in enumerate(papers)}


def static(folder: Path = Path()) -> Encoder:
    return encoder.load("static", folder)


def fresh(papers: Sequence[Paper], coder: Encoder) -> tuple[Model, Corpus]:
    model = Model.text_only(papers, coder, "text-test")
    return model, Corpus(model, coder).extended(papers)


def like(number: int) -> Feedback:
    return Feedback(PaperId(number), Verdict.LIKE)


def of_topic(topics: dict[PaperId, str], topic: str) -> list[PaperId]:
    return [number for number, name in topics.items() if name == topic]


SCHOOLS = {
    "bayes": "posterior prior variational evidence",
    "kernels": "kernel hilbert gram spectrum",
    "bandits": "regret bandit arm reward",
    "logic": "axiom proof clause theorem",
}


def schools(n: int, seed: int = 0) -> tuple[list[Paper], dict[PaperId, str]]:
    """Return papers of all topics, and the school of each: few of its words tell it."""
    rng = np.random.default_rng(seed)
    names = tuple(SCHOOLS)
    papers, found = [], {}
    for i in range(n):
        school = names[int(rng.integers(len(names)))]
        plain = paper(i + 1, NAMES[int(rng.integers(len(NAMES)))], rng, days_ago=i % 10)
        words = " ".join(rng.choice(SCHOOLS[school].split(), 3))
        papers.append(replace(plain, abstract=f"{plain.abstract} {words}"))
        found[plain.id] = school
    return papers, found


def readers_of_schools(
    found: dict[PaperId, str], n_readers: int, likes: int, seed: int = 0
) -> list[Rating]:
    """Return readers who each like one school's papers, whatever the topic.

    Their texts are mostly about the topics, so what such readers want next is told by what
    readers have in common far better than by likeness to what they liked.
    """
    rng = np.random.default_rng(seed)
    ratings = []
    for user in range(n_readers):
        pool = of_topic(found, tuple(SCHOOLS)[user % len(SCHOOLS)])
        ratings += [Rating(user, like(int(i))) for i in rng.permutation(pool)[:likes]]
    return ratings

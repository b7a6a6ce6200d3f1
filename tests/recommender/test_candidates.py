from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import numpy as np
import pytest

from recommender import encoder
from recommender.candidates import Corpus
from recommender.local_ridge import LocalRidge
from tests.recommender import planted


class Counting:
    """An encoder that remembers how many texts it was given."""

    def __init__(self, inner):
        self._inner = inner
        self.name, self.dimensions = inner.name, inner.dimensions
        self.texts = 0

    def encode(self, texts):
        self.texts += len(texts)
        return self._inner.encode(texts)


class CountingRidge(LocalRidge):
    """One that remembers how many papers it was asked about."""

    papers = 0

    def without_themselves(self, rows, threads=1):
        CountingRidge.papers += len(rows)
        return super().without_themselves(rows, threads)

    def __call__(self, base, threads=1):
        CountingRidge.papers += len(base)
        return super().__call__(base, threads)


def test_readers_who_ask_at_the_same_time_have_the_candidates_read_once(hybrid, school, coder):
    ridge = CountingRidge(hybrid.readers.ridge.rated, hybrid.readers.ridge.metric)
    model = replace(hybrid, readers=replace(hybrid.readers, ridge=ridge))
    corpus = Corpus(model, coder).extended(school[0])
    together = Barrier(4)

    def ask(_):
        together.wait()
        return corpus.slate(corpus.newest())

    with ThreadPoolExecutor(4) as pool:
        slates = list(pool.map(ask, range(4)))
    assert CountingRidge.papers == len(slates[0])
    assert all(slate is slates[0] for slate in slates)


def test_newest_counts_announcement_days_that_exist_back_from_the_newest_one(corpus, papers):
    days = sorted({p.announced for p in papers})[-3:]
    assert set(corpus.newest(3)) == {p.id for p in papers if p.announced in days}
    gap = [replace(p, announced=p.announced - timedelta(days=90)) for p in papers[:5]]
    assert len(corpus.extended(gap).newest(400)) == len(papers)


def test_the_newest_papers_are_found_once_for_a_corpus(corpus, papers):
    newest = corpus.newest(3)
    assert corpus.newest(3) is newest
    gone = corpus.without([int(newest[0])])
    assert list(gone.newest(3)) == list(newest[1:])
    assert corpus.newest(3) is newest


def test_the_sample_is_offered_only_until_a_real_paper_is_there(model, coder, papers):
    sample = [replace(p, is_sample=True, announced=planted.NEWEST) for p in papers[:30]]
    before = Corpus(model, coder).extended(sample)
    assert set(before.newest()) == {p.id for p in sample}
    after = before.extended(papers[30:31])
    assert list(after.newest()) == [papers[30].id]
    assert list(after.slate(None).ids) == [papers[30].id]
    assert after.rows([sample[0].id])[0] >= 0


def test_papers_the_model_was_trained_on_are_never_encoded_again(model, coder, papers):
    counting = Counting(coder)
    rng = np.random.default_rng(5)
    corpus = Corpus(model, counting).extended(papers)
    assert counting.texts == 0
    grown = corpus.extended([*papers, planted.paper(999, "speech", rng)])
    assert (counting.texts, len(grown)) == (1, len(papers) + 1)


def test_a_replaced_text_is_read_again_and_a_corpus_never_changes(corpus, papers):
    rng = np.random.default_rng(6)
    old = papers[0]
    new = replace(old, abstract=planted.text("climate", rng), version=2)
    changed = corpus.extended([new])
    row = corpus.rows([old.id])[0]
    assert not np.allclose(changed.base[row], corpus.base[row])
    assert np.array_equal(changed.base[row + 1 :], corpus.base[row + 1 :])
    assert len(changed) == len(corpus)
    assert corpus.extended([]) is corpus


def test_a_withdrawn_paper_is_not_offered_and_comes_back_when_it_does(corpus, papers):
    gone = corpus.extended([replace(papers[3], is_withdrawn=True)])
    assert papers[3].id not in gone.newest(30)
    assert len(gone) == len(corpus) - 1
    assert papers[3].id in gone.extended([papers[3]]).newest(30)
    assert papers[4].id not in corpus.without([papers[4].id, 10**9]).newest(30)


def test_the_order_in_which_papers_come_does_not_matter(model, coder, papers, corpus):
    piecemeal = Corpus(model, coder)
    for part in (papers[200:], papers[:100], papers[50:220]):
        piecemeal = piecemeal.extended(part)
    assert np.array_equal(piecemeal.ids, corpus.ids)
    assert np.array_equal(piecemeal.base, corpus.base)
    assert np.array_equal(piecemeal.newest(4), corpus.newest(4))


def test_unknown_candidates_are_left_out(corpus):
    assert list(corpus.slate(np.array([10**9, 3, 3, 1])).ids) == [1, 3]
    assert len(corpus.slate(np.array([], np.int64))) == 0


def test_a_corpus_refuses_an_encoder_that_its_model_does_not_know(model, tmp_path):
    with pytest.raises(ValueError, match="static"):
        Corpus(model, encoder.load("lsa", tmp_path))


def test_what_a_liked_paper_is_worth_does_not_depend_on_what_was_asked_before(model, corpus):
    rng, other = np.random.default_rng(0), replace(model, guess=2 * model.guess)
    for count, of in [(0, model), (5, model), (40, model), (40, other), (200, other), (3, model)]:
        rows = rng.integers(0, len(corpus.ids), count)
        base = corpus.base[rows]
        assert np.allclose(corpus.guessed(of, rows), base @ of.guess, atol=1e-5)
        assert np.allclose(corpus.varied(of, rows), base @ of.directions, atol=1e-5)

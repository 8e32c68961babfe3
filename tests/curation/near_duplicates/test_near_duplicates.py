"""Texts that are nearly the same: by definition, as hashes, as clusters, against brute force, and what is refused."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

import labelkit as lk
from labelkit.curation.near_duplicates.bands import Bands
from labelkit.curation.near_duplicates.clusters import PieceSets, clustered
from labelkit.curation.near_duplicates.shingles import BY_CHARACTERS, BY_WORDS, HashedShingles, jaccard, shingles
from labelkit.exceptions import AnalysisError, CorpusError

WORDS = [f"{a}{b}{c}" for a, b, c in itertools.product(("ka", "lo", "mi", "ste", "ru"), ("na", "ve", "do"), "xyzw")]


def corpus_of(n, seed=0, copies=0.4):
    """Texts of random words, of which a share are edited copies of others, some closely and some hardly alike."""
    rng = np.random.default_rng([7, seed])
    texts = [" ".join(rng.choice(WORDS, rng.integers(8, 30))) for _ in range(n)]
    for i in np.flatnonzero(rng.random(n) < copies):
        words = texts[rng.integers(n)].split()
        for _ in range(rng.integers(0, 4)):
            words[rng.integers(len(words))] = rng.choice(WORDS)
        texts[i] = " ".join(words)
    return texts


def brute_force(texts, threshold, how=BY_CHARACTERS):
    """All pairs at the threshold, by counts of common pieces."""
    from sklearn.feature_extraction.text import CountVectorizer

    counts = CountVectorizer(analyzer=lambda text: shingles(text, how), dtype=np.int32).fit_transform(texts)
    sizes = np.asarray(counts.sum(axis=1)).ravel()
    pairs = set()
    for start in range(0, len(texts), 500):
        both = (counts[start : start + 500] @ counts.T).tocoo()
        first, second = both.row + start, both.col
        alike = both.data >= threshold * (sizes[first] + sizes[second] - both.data) - 1e-9
        pairs |= {(a, b) for a, b in zip(first[alike].tolist(), second[alike].tolist(), strict=True) if a < b}
    return pairs


TEXT = st.text(st.sampled_from("aAbß 1\n\t.é漢😀\0\u0130"), max_size=12)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.none() | TEXT, min_size=2, max_size=6), st.sampled_from([BY_CHARACTERS, BY_WORDS]))
def test_hashes_are_those_of_the_definition(texts, how):
    pieces = HashedShingles.of(texts, how)
    sets = PieceSets.of(pieces.hashes, pieces.starts)
    by_definition = [shingles(text, how) for text in texts]
    assert sets.sizes.tolist() == [len(one) for one in by_definition]
    pairs = list(itertools.combinations(range(len(texts)), 2))
    first, second = np.array(pairs).T
    expected = [jaccard(by_definition[a], by_definition[b]) for a, b in pairs]
    assert sets.jaccard(first, second) == pytest.approx(expected)
    same = [list(how.units(texts[a])) == list(how.units(texts[b])) for a, b in pairs]
    assert (pieces.keys[first] == pieces.keys[second]).tolist() == same


def test_case_and_white_space_do_not_count_and_blank_texts_are_like_no_other():
    texts = ["Buy  NOW\nplease", "buy now please", "", None, "  ", "Buy now pleased"]
    found = lk.near_duplicate_texts({"text": texts})
    assert found.cluster.tolist() == [0, 0, -1, -1, -1, 0]
    assert found.pairs()["similarity"].tolist() == pytest.approx([1, 11 / 12, 11 / 12])
    assert found.repeated.tolist() == [1, 5]
    assert found.groups().tolist() == [0, 0, 1, 2, 3, 0]
    assert lk.near_duplicate_texts({"text": texts}, threshold=1).cluster.tolist() == [0, 0, -1, -1, -1, -1]


@pytest.mark.parametrize("threshold", [0.5, 0.8, 0.9])
@pytest.mark.parametrize("words", [False, True])
def test_pairs_are_those_of_brute_force(threshold, words):
    texts = corpus_of(1_000)
    expected = brute_force(texts, threshold, BY_WORDS if words else BY_CHARACTERS)
    frame = lk.near_duplicate_texts({"text": texts}, threshold=threshold, words=words).pairs()
    pairs = set(zip(frame["first"].tolist(), frame["second"].tolist(), strict=True))
    assert pairs <= expected
    assert len(pairs) > 0.98 * len(expected) > 50


def test_more_than_98_of_100_pairs_of_5000_texts_are_found():
    texts = corpus_of(5_000, seed=1)
    expected = brute_force(texts, 0.8)
    frame = lk.near_duplicate_texts({"text": texts}).pairs()
    assert len(frame) > 0.98 * len(expected) > 1_000


@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 1.0])
def test_texts_at_the_threshold_are_compared(threshold):
    bands = Bands.at(threshold)
    assert 1 - (1 - threshold**bands.rows) ** bands.n >= 0.99
    assert bands.n * bands.rows <= 128


@pytest.mark.parametrize("threshold", [0.6, 0.8])
def test_a_large_bucket_gives_the_clusters_of_all_pairs(threshold):
    rng = np.random.default_rng(3)
    template = "dear {} your parcel {} waits at the post office of {} until {}"
    texts = [template.format(*rng.choice(WORDS, 4)) for _ in range(150)]
    pieces = HashedShingles.of(texts, BY_CHARACTERS)
    sets = PieceSets.of(pieces.hashes, pieces.starts)
    in_one = clustered(sets, np.zeros((150, 1), dtype=np.uint32), threshold)
    pairs = np.array(list(itertools.combinations(range(150), 2))).T
    linked = pairs[:, sets.jaccard(*pairs) >= threshold]
    graph = coo_array((np.ones(linked.shape[1]), tuple(linked)), shape=(150, 150))
    _, expected = connected_components(graph, directed=False)
    assert linked.shape[1]
    assert in_one.tolist() == pd.factorize(expected)[0].tolist()


def test_thousands_of_copies_are_one_cluster_and_their_pairs_are_not_listed():
    found = lk.near_duplicate_texts({"text": ["the same text again"] * 3_000 + ["another one entirely"]})
    assert found.to_dict()["repeated"] == 2_999
    with pytest.raises(AnalysisError, match=r"largest of 3,000 rows, have 4,498,500 pairs"):
        found.pairs()


def test_rows_are_named_by_the_ids_of_the_corpus(tmp_path):
    frame = pd.DataFrame({"id": list("abcd"), "text": ["one two three four", "other", "One two three four", "x"]})
    frame.to_csv(tmp_path / "texts.csv", index=False)
    for corpus in (frame, tmp_path / "texts.csv", lk.open_corpus(frame, id="id")):
        found = lk.near_duplicate_texts(corpus, id=None if isinstance(corpus, lk.Corpus) else "id")
        assert found.to_pandas().to_dict("list") == {"id": ["a", "c"], "cluster": [0, 0]}


def test_what_is_no_text_or_cannot_be_compared_is_refused():
    with pytest.raises(AnalysisError, match="'text' has no texts, but int64"):
        lk.near_duplicate_texts({"text": [1, 2]})
    with pytest.raises(CorpusError, match="did you mean 'text'"):
        lk.near_duplicate_texts({"text": ["a"]}, "texts")
    with pytest.raises(AnalysisError, match="threshold=80"):
        lk.near_duplicate_texts({"text": ["a"]}, threshold=80)
    with pytest.raises(CorpusError, match=r"'a' .* stands twice"):
        lk.near_duplicate_texts({"id": ["a", "a"], "text": ["x", "y"]}, id="id")
    with pytest.raises(AnalysisError, match="has no rows"):
        lk.near_duplicate_texts({"text": []})

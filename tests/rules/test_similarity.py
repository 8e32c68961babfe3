"""``@similar_to`` and ``fit_clusters``: votes by likeness, held against a slow definition, whatever stands beside a text."""

import itertools
import json
import math
import re
from collections import Counter
from enum import IntEnum
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, strategies as st
from scipy import sparse
from sklearn.feature_extraction.text import HashingVectorizer, TfidfVectorizer

import labelkit as lk
from labelkit.apply.vote_cache import why_not
from labelkit.datasets import load_comments
from labelkit.exceptions import AnalysisError, FaultError, RuleError
from labelkit.rules.similarity._neighbours import NearestNeighbours
from labelkit.rules.similarity._ngrams import count_ngrams
from labelkit.rules.similarity._spaces import TfidfSpace
from labelkit.rules.similarity._vectors import embedded, unit


class Label(IntEnum):
    HAM = 0
    SPAM = 1


SPAM = ["check out my channel", "please subscribe to my channel", "win free money"]
HAM = ["love this song", "best song of the year", "who is here in the morning"]
COMMENTS = load_comments(3_000, random_state=5)
TEXTS = [text if isinstance(text, str) else None for text in COMMENTS["text"]]
"""Real-looking comments; some are null. Three fixed chunks."""


def rule(*source, **options):
    return lk.similar_to(*source, **{"threshold": 0.3, **options}).rule(name="r")


def votes(lf, corpus, **options):
    return np.asarray(lk.Applier([lf], labels=options.pop("labels", 2)).apply(corpus, **options))[:, 0]


def refused(*parts, kind=RuleError):
    return pytest.raises(kind, match="(?s)" + ".*".join(map(re.escape, parts)))


# The definition -------------------------------------------------------------------------------------------------------


def ngrams(text):
    """The runs of 3 to 5 characters inside each word, with a space for its beginning and its end."""
    words = [f" {word} " for word in text.casefold().split()]
    return [word[i : i + n] for word in words for n in (3, 4, 5) for i in range(len(word) - n + 1)]


def cosines(texts, references, labels):
    counts = Counter(gram for text in references for gram in set(ngrams(text)))
    several = len(set(labels)) > 1

    def vector(text):
        return {
            gram: (1 + math.log(n)) * (math.log((1 + len(references)) / (1 + counts[gram])) + 1 if several else 1)
            for gram, n in Counter(ngrams(text)).items()
        }

    def cosine(a, b):
        norms = math.sqrt(sum(x * x for x in a.values())) * math.sqrt(sum(x * x for x in b.values()))
        return sum(x * b.get(gram, 0) for gram, x in a.items()) / norms if norms else 0.0

    known = [vector(text) for text in references]
    return np.array([[cosine(vector(text), other) for other in known] for text in texts]).reshape(
        len(texts), len(known)
    )


LETTERS = st.text(alphabet="abAB ß😀İ\t\ud800ı!", max_size=12)


@given(st.lists(LETTERS, max_size=5), st.lists(LETTERS.filter(str.split), min_size=1, max_size=4), st.booleans())
@example([""], ["a"], False)
@example(["A"], ["\ud800"], False)
def test_cosines_are_those_of_the_definition(texts, references, several):
    labels = [i % 2 if several else 0 for i in range(len(references))]
    space = TfidfSpace.of(references, np.array(labels), "r", mean=False)
    found = space.cosines(space.points(texts)[0]) if texts else np.empty((0, len(references)))
    assert found == pytest.approx(cosines(texts, references, labels), abs=1e-5)


@given(st.lists(LETTERS, max_size=6))
def test_ngrams_are_those_of_the_definition_however_texts_are_blocked(texts):
    import labelkit.rules.similarity._ngrams as module

    bags = count_ngrams(texts)
    expected = [Counter(ngrams(text)) for text in texts]
    assert bags.sizes.tolist() == [len(one) for one in expected]
    assert sorted(bags.counts.tolist()) == sorted(n for one in expected for n in one.values())
    known = {}
    for owner, number in zip(np.repeat(np.arange(len(texts)), bags.sizes), bags.ngrams, strict=True):
        known.setdefault(int(number), set()).add(int(owner))
    owners = {}
    for i, one in enumerate(expected):
        for gram in one:
            owners.setdefault(gram, set()).add(i)
    assert sorted(map(sorted, known.values())) == sorted(map(sorted, owners.values()))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BLOCK_CHARACTERS", 8)
        again = count_ngrams(texts)
    assert np.array_equal(again.ngrams, bags.ngrams)
    assert np.array_equal(again.sizes, bags.sizes)


def test_it_is_what_scikit_learn_computes_where_every_word_is_long_enough():
    vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True)
    references = ["subscribe please", "beautiful morning"]
    matrix = vectorizer.fit_transform(references)
    space = TfidfSpace.of(references, np.array([0, 1]), "r", mean=False)
    found = space.cosines(space.points(references)[0])
    assert found == pytest.approx((matrix @ matrix.T).toarray(), abs=1e-5)


# What it votes ---------------------------------------------------------------------------------------------------------


def test_a_text_is_exactly_like_itself():
    for text in SPAM:
        assert rule(SPAM, label=1, threshold=1.0)(text) == 1
        assert rule(SPAM, label=1, threshold=1.0)(f"  {text.upper()}\n") == 1


def test_the_nearest_example_gives_its_label_and_ties_abstain():
    lf = rule({Label.SPAM: ["abc"], Label.HAM: ["xyz"]}, threshold=0.1)
    assert (lf("abcd"), lf("xyz!"), lf("abc xyz"), lf("other"), lf.labels, lf.enum) == (1, 0, -1, -1, (0, 1), Label)


def test_examples_that_mean_nothing_keep_others_away():
    assert rule({1: ["free money"]}, threshold=0.2)("free song") == 1
    assert rule({1: ["free money"], None: ["this song is free"]}, threshold=0.2)("free song") == -1


def test_a_mapping_from_texts_is_the_same_as_one_from_labels():
    one = rule({"free": 1, "money": 1, "song": 0, "hm": None})
    other = rule({1: ["free", "money"], 0: ["song"], None: ["hm"]})
    assert one.fingerprint == other.fingerprint
    assert [one(text) for text in ("free", "song", "hm")] == [1, 0, -1]


def test_each_label_may_have_its_threshold():
    lf = rule({1: ["subscribe"], 0: ["morning"]}, threshold={1: 0.9, 0: 0.2})
    assert (lf("subscribers"), lf("mornings")) == (-1, 0)


def test_nulls_and_texts_without_words_abstain():
    lf = rule(SPAM, label=1, threshold=0.01)
    assert votes(lf, {"text": pa.array([None, "", "  ", "check", "🙂"], pa.string())}).tolist() == [-1, -1, -1, 1, -1]


def test_it_is_sensible_on_comments():
    known = load_comments(60, random_state=99).dropna(subset=["text"])
    examples = {text: label for text, label in zip(known.text, known.spam, strict=True) if text.strip()}
    gold = COMMENTS.spam.to_numpy()
    nearest = votes(rule(examples, threshold=0.3), TEXTS)
    five = votes(rule(examples, threshold=0.1, n_neighbors=5, share=0.8), TEXTS)
    for found, coverage in ((nearest, 0.4), (five, 0.2)):
        voted = found >= 0
        assert voted.mean() > coverage
        assert (found[voted] == gold[voted]).mean() > 0.85


def test_the_example_rules_are_right_far_more_often_than_not_on_comments():
    lfs = lk.collect(Path(__file__).parents[2] / "labeling_functions" / "similarity.py")
    found = np.asarray(lk.Applier(lfs).apply(COMMENTS))
    for name, column in zip(lfs.names, found.T, strict=True):
        assert (column >= 0).mean() > 0.03, name
        assert (column == COMMENTS.spam)[column >= 0].mean() > 0.8, name


# Neighbours ------------------------------------------------------------------------------------------------------------


def by_definition(row, groups, labels, limits, n_neighbors, share):
    last = sorted(row, reverse=True)[min(n_neighbors, len(row)) - 1]
    near = [j for j, cosine in enumerate(row) if cosine >= last]
    agreeing = Counter(int(labels[groups[j]]) for j in near if row[j] >= limits[groups[j]])
    if not agreeing:
        return -1
    (label, most), *rest = agreeing.most_common()
    tied = rest and rest[0][1] == most
    return -1 if tied or most / len(near) < share - 1e-9 else label


@given(st.data())
def test_neighbours_decide_as_the_definition_says(data):
    n_groups = data.draw(st.integers(1, 4))
    groups = np.array(data.draw(st.lists(st.integers(0, n_groups - 1), min_size=1, max_size=8)))
    labels = np.array(data.draw(st.lists(st.integers(-1, 2), min_size=n_groups, max_size=n_groups)))
    limits = tuple(data.draw(st.lists(st.sampled_from([0.0, 0.2, 0.5]), min_size=n_groups, max_size=n_groups)))
    rows = data.draw(
        st.lists(
            st.lists(st.sampled_from([0.0, 0.1, 0.2, 0.5, 1.0]), min_size=len(groups), max_size=len(groups)),
            min_size=1,
            max_size=4,
        )
    )
    k, share = data.draw(st.integers(1, 9)), data.draw(st.sampled_from([0.0, 0.5, 0.6, 1.0]))
    found = NearestNeighbours(limits, k, share).votes(np.array(rows), groups, labels)
    assert found.tolist() == [by_definition(row, groups, labels, limits, k, share) for row in rows]


def test_three_of_the_five_nearest_must_agree():
    vectors = {1: [[1, 0], [1, 0.1], [1, 0.2]], 0: [[1, 0.3], [1, 0.4], [0, 1]]}
    for share, vote in ((0.6, 1), (0.61, -1)):
        lf = lk.similar_to(vectors, threshold=0.5, n_neighbors=5, share=share).rule(name="r", column="v")
        assert lf([1.0, 0.0]) == vote


def test_neighbours_below_the_threshold_agree_to_nothing():
    lf = lk.similar_to({1: [[1, 0]], 0: [[0, 1], [0.1, 1]]}, threshold=0.9, n_neighbors=3).rule(name="r", column="v")
    assert lf([1.0, 0.0]) == -1  # one of three


def test_the_order_of_examples_does_not_matter():
    examples = {1: SPAM, 0: HAM}
    first = votes(rule(examples, threshold=0.05, n_neighbors=3), TEXTS)
    turned = {0: HAM[::-1], 1: SPAM[::-1]}
    assert votes(rule(turned, threshold=0.05, n_neighbors=3), TEXTS).tolist() == first.tolist()
    assert len(set(first.tolist())) == 3


# Whatever stands beside ------------------------------------------------------------------------------------------------


def embed(texts):
    """Dense vectors that no batch can change: counts of letters."""
    return [[1 + text.count(letter) for letter in "aeioust"] for text in texts]


RULES = {
    "nearest": lambda: rule({1: SPAM, 0: HAM}, threshold=0.1),
    "neighbours": lambda: rule({1: SPAM, 0: HAM}, threshold=0.05, n_neighbors=3, share=0.6),
    "mean": lambda: rule({1: SPAM, 0: HAM}, threshold=0.1, mean=True),
    "one label": lambda: rule(SPAM, label=1, threshold=0.1),
    "dense": lambda: rule({1: SPAM, 0: HAM}, embed=embed, threshold=0.9, mean=True),
    "sparse": lambda: rule({1: SPAM, 0: HAM}, embed=HashingVectorizer().transform, threshold=0.2),
}


@pytest.mark.parametrize("make", RULES.values(), ids=RULES)
def test_votes_depend_on_the_text_alone(make):
    lf = make()
    whole = votes(lf, TEXTS)
    assert len(set(whole.tolist())) > 1
    assert [lf(text) for text in TEXTS[:60]] == whole[:60].tolist()
    assert votes(lf, TEXTS[::-1])[::-1].tolist() == whole.tolist()
    assert votes(lf, TEXTS, batch_size=1024).tolist() == whole.tolist()
    assert votes(lf, TEXTS, workers=2, engine="thread").tolist() == whole.tolist()


def test_long_texts_are_fine():
    words = " ".join(f"word{i}" for i in range(10_000))
    lf = rule([words, "check out my channel"], label=1, threshold=0.9)
    assert votes(lf, [words, words[:-5], "check out", "Check out my channel!" * 3, None]).tolist() == [1, 1, -1, -1, -1]


def test_cosines_are_looked_at_in_blocks_of_rows(monkeypatch):
    whole = votes(rule({1: SPAM, 0: HAM}, threshold=0.1), TEXTS)
    monkeypatch.setattr("labelkit.rules.similarity._neighbours.CELLS", 20)
    assert votes(rule({1: SPAM, 0: HAM}, threshold=0.1), TEXTS).tolist() == whole.tolist()


def test_processes_vote_alike(tmp_path):
    (tmp_path / "known.csv").write_text("text,label\ncheck out my channel,SPAM\nlove this song,HAM\n")
    (tmp_path / "rules.py").write_text(
        "from enum import IntEnum\nimport labelkit as lk\n"
        "class Label(IntEnum):\n    HAM = 0\n    SPAM = 1\n"
        "@lk.similar_to('known.csv', key='text', value='label', label=Label, threshold=0.2)\n"
        "def known(text):\n    'Like one that we know.'\n"
        "loop = [lk.similar_to([w], label=Label.HAM, threshold=0.3).rule(name=w) for w in ('song', 'love')]\n"
    )
    lfs = lk.collect(tmp_path / "rules.py")
    assert lfs.names == ("known", "song", "love")
    one, two = (lk.Applier(lfs).apply(TEXTS, **how).votes for how in ({}, {"workers": 2, "engine": "process"}))
    assert np.array_equal(one, two)
    assert (one >= 0).any(axis=0).all()


# Embeddings and vectors ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [list, np.float64, np.float16, sparse.csr_matrix, sparse.csr_array])
def test_an_embedding_may_return_any_matrix(kind):
    def vectors(texts):
        made = [[len(text), text.count("e"), 1] for text in texts]
        return (
            made
            if kind is list
            else np.array(made, kind)
            if isinstance(kind, type(np.float64)) and issubclass(kind, np.floating)
            else kind(made)
        )

    lf = rule({1: ["eeee"], 0: ["xxxxxxxx"]}, embed=vectors, threshold=0.9)
    assert (lf("eeeee"), lf("xxxxxxx"), lf.labels) == (1, 0, (0, 1))


def test_vectors_of_a_column_are_compared_as_they_are():
    vectors = {1: [[1, 0, 0]], 0: np.array([[0, 1, 0], [0, 0, 1]])}
    lf = lk.similar_to(vectors, threshold=0.8).rule(name="r", column="v")
    rows = [[2.0, 0.1, 0], [0, 0, 0.001], None, [1, 1, 1]]
    fixed = pa.array(rows, pa.list_(pa.float32(), 3))
    for column in (pa.array(rows), fixed):
        assert votes(lf, pa.table({"v": column})).tolist() == [1, 0, -1, -1]


def test_a_derived_column_of_vectors_is_made_once_for_all_rules(tmp_path):
    (tmp_path / "rules.py").write_text(
        "import labelkit as lk\nCALLS = []\n"
        "def encode(texts):\n    return [[len(t), t.count('e') + 1] for t in texts]\n"
        "@lk.column(batch=True)\ndef vector(text: list[str]):\n    CALLS.append(len(text))\n    return encode(text)\n"
        "rules = [lk.similar_to([w], label=1, threshold=0.999, embed=encode).rule(name=w, column='vector') for w in ('eee', 'x')]\n"
    )
    lfs = lk.collect(tmp_path / "rules.py", labels=2)
    made = lk.Applier(lfs).apply(["eeee", "xxxx", None])
    assert made.votes.tolist() == [[1, -1], [-1, -1], [-1, -1]]
    assert lfs[0].origin.namespace["CALLS"] == [2]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ([1.0, 2.0], "the vector has 2 numbers, and the references of rule 'r' have 3"),
        ([0.0, 0.0, 0.0], "the vector is all zeros, so it has no direction"),
        ([math.nan, 0.0, 0.0], "the vector holds nan"),
        ([math.inf, 0.0, 0.0], "the vector holds inf"),
    ],
)
def test_a_vector_that_cannot_be_compared_is_a_fault_of_its_example_alone(row, message):
    lf = lk.similar_to([[1, 0, 0]], label=1, threshold=0.5).rule(name="r", column="v")
    matrix = lk.Applier([lf], labels=2).apply({"v": [[1.0, 0, 0], row, [3.0, 0, 0]]}, on_fault="record")
    assert matrix.votes.ravel().tolist() == [1, -1, 1]
    assert [(fault.id, fault.message) for fault in matrix.faults] == [(1, message)]


def test_huge_and_tiny_vectors_have_a_direction_too():
    points, errors = unit(np.array([[1e38, 1e38], [1e-38, 0], [3, 4]], np.float32))
    assert points == pytest.approx(np.array([[0.5**0.5] * 2, [1, 0], [0.6, 0.8]]), abs=1e-6)
    assert errors == {}


@pytest.mark.parametrize(
    ("output", "message"),
    [
        (lambda texts: np.ones(len(texts)), "embed= of rule 'r' returned an array of shape (1,) for 1 texts"),
        (lambda texts: np.ones((3, 2)), "returned an array of shape (3, 2) for 1 texts, not one vector a text"),
        (lambda texts: np.ones((1, 2)) * (np.nan if texts == ["x"] else 1), "the vector holds nan"),
        (
            lambda texts: np.ones((1, 2 if texts == ["x"] else 5)),
            "the vectors have 2 numbers, and those of the examples of rule 'r' have 5",
        ),
    ],
)
def test_a_wrong_embedding_is_a_fault_that_says_what_came(output, message):
    lf = rule(["known"], label=1, embed=output)
    with pytest.raises(FaultError, match=re.escape(message)):
        votes(lf, ["x"])


def test_examples_that_point_nowhere_name_the_rule():
    lf = rule(["known", "other"], label=1, embed=lambda texts: np.zeros((len(texts), 2)))
    for _ in range(2):  # what failed once fails again, and is not tried again
        with refused("example 0 of rule 'r' cannot be compared with: the vector is all zeros"):
            lf("x")


def test_texts_and_vectors_are_not_compared_with_each_other():
    with pytest.raises(TypeError, match="rule 'r' compares vectors, and its column holds text; give embed="):
        lk.similar_to([[1, 0]], label=1, threshold=0.5).rule(name="r")("text")
    with pytest.raises(TypeError, match="rule 'r' compares texts, and its column holds ndarray; if these are vectors"):
        rule(["a"], label=1)([1, 2])
    with pytest.raises(TypeError, match="rule 'r' compares texts, and its column holds int"):
        rule(["a"], label=1)(3)


def test_a_long_list_of_examples_is_embedded_in_pieces():
    seen = []

    def count(texts):
        seen.append(len(texts))
        return np.ones((len(texts), 2))

    assert embedded(count, ["a"] * 2500, "r").shape == (2500, 2)
    assert seen == [1024, 1024, 452]
    assert embedded(HashingVectorizer(n_features=8).transform, ["ab"] * 1500, "r").shape == (1500, 8)


def test_opposite_examples_have_no_mean():
    lf = lk.similar_to([[1, 0], [-1, 0]], label=1, threshold=0.5, mean=True).rule(name="r", column="v")
    with refused("example 0 of rule 'r' cannot be compared with"):
        lf([1.0, 0.0])


# What is refused -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "options", "message"),
    [
        ([], {"label": 1}, "similar_to needs at least one example"),
        (["a"], {}, "similar_to has no label to vote for"),
        (["a"], {"label": Label}, "maps the labels of a file to classes"),
        (["a", " "], {"label": 1}, "similar_to has an empty example ' '"),
        (["a", [1.0]], {"label": 1}, "similar_to takes texts or vectors, not both"),
        ([[1.0], [1.0, 2.0]], {"label": 1}, "example 1 of similar_to is not a vector like the first"),
        ([[[1.0]]], {"label": 1}, "example 0 of similar_to is not a vector"),
        ({1: "one text"}, {}, "the examples of 1 are one text, not a list: 'one text'"),
        ({1: ["a"], 0: ["a"]}, {}, "the example 'a' has two labels, 1 and 0"),
        ({None: ["a"]}, {}, "can only abstain"),
        ({1: ["a"]}, {"label": 1}, "either examples and one label, or one mapping"),
        ({True: ["a"]}, {}, "label=True is not a class"),
        (["a"], {"label": 1, "key": "text"}, "key= and value= name the columns of a file, and list has none"),
        (3, {"label": 1}, "3 holds no examples"),
        ("none.csv", {"label": 1}, "'none.csv' is not there"),
        (
            "none.json",
            {"label": {0: 1}},
            "does not exist",
        ),
        (["a"], {"label": 1, "threshold": 1.5}, "threshold=1.5 is not a cosine"),
        (["a"], {"label": 1, "threshold": True}, "threshold=True is not a cosine"),
        ({0: ["a"], 1: ["b"]}, {"threshold": {1: 0.5}}, "threshold= has no number for class 0"),
        (["a"], {"label": 1, "n_neighbors": 0}, "n_neighbors=0 is not a whole number from 1"),
        (["a"], {"label": 1, "share": 1.1}, "share=1.1 is not a number from 0 to 1"),
        (["a"], {"label": 1, "mean": True, "n_neighbors": 2}, "n_neighbors= has no meaning"),
        (["a"], {"label": 1, "embed": "model"}, "embed='model' is not callable"),
    ],
)
def test_what_cannot_be_meant_is_refused(source, options, message):
    with refused(message):
        lk.similar_to(source, **{"threshold": 0.5, **options})


def test_labels_of_two_enums_are_refused():
    other = IntEnum("Other", {"A": 0})
    with refused("similar_to has labels of 2 enums: ['Label', 'Other']"):
        rule({Label.SPAM: ["a"], other.A: ["b"]})


def test_it_compares_one_column_and_has_no_body():
    with refused("rule 'r' compares one column, and reads ('a', 'b')", "join texts in a @column"):
        lk.similar_to(["a"], label=1, threshold=0.5).rule(name="r", column=("a", "b"))
    with refused("the body of rule 'f' would never run"):

        @lk.similar_to(["a"], label=1, threshold=0.5)
        def f(text):
            return 1


# Fingerprints and kept votes -------------------------------------------------------------------------------------------


def test_the_fingerprint_changes_with_all_that_decides_and_with_nothing_else():
    kinds = [
        lambda: rule(SPAM, label=1),
        lambda: rule(SPAM[:-1], label=1),
        lambda: rule(SPAM, label=0),
        lambda: rule(SPAM, label=1, threshold=0.31),
        lambda: rule(SPAM, label=1, n_neighbors=2),
        lambda: rule(SPAM, label=1, n_neighbors=2, share=0.6),
        lambda: rule(SPAM, label=1, mean=True),
        lambda: rule(SPAM, label=1, embed=embed),
        lambda: rule(SPAM, label=1, embed=HashingVectorizer().transform),
        lambda: rule(SPAM, label=1, embed=HashingVectorizer(n_features=64).transform),
        lambda: lk.similar_to([[1, 0]], label=1, threshold=0.3).rule(name="r"),
    ]
    prints = [make().fingerprint for make in kinds]
    assert len(set(prints)) == len(prints)
    assert [make().fingerprint for make in kinds] == prints


def test_votes_are_kept_where_the_embedding_is_known(tmp_path):
    assert why_not(rule(SPAM, label=1)) == ()
    assert why_not(rule(SPAM, label=1, embed=embed)) == ()
    assert why_not(rule(SPAM, label=1, embed=HashingVectorizer().transform)) == ()

    class Network:
        model = type("Model", (), {"config": {}})()

        def encode(self, texts):
            return embed(texts)

    network = Network()
    network.lock = __import__("threading").Lock()
    assert why_not(rule(SPAM, label=1, embed=network.encode)) != ()
    lf = rule({1: SPAM, 0: HAM})
    assert votes(lf, TEXTS, cache=tmp_path).tolist() == votes(lf, TEXTS, cache=tmp_path).tolist()
    assert len(list(tmp_path.rglob("*.int8"))) == 1


# Clusters --------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def clusters():
    return lk.fit_clusters(TEXTS[:1200], 8, n_examples=10, random_state=1)


def test_clusters_are_the_largest_first_and_show_what_they_are_about(clusters):
    texts = [text for text in TEXTS[:1200] if text and text.strip()]
    assert sum(clusters.sizes) == len(texts)
    assert list(clusters.sizes) == sorted(clusters.sizes, reverse=True)
    assert {len(members) for members in clusters.examples} == {10}
    assert set(itertools.chain(*clusters.examples)) <= set(texts)
    assert repr(clusters).startswith(f"8 clusters of {len(texts):,} examples\n  0  ")
    assert clusters.to_pandas().shape == (80, 3)


def test_clusters_are_the_same_each_time_and_other_ones_by_another_seed(clusters):
    assert lk.fit_clusters(TEXTS[:1200], 8, n_examples=10, random_state=1).examples == clusters.examples
    assert lk.fit_clusters(TEXTS[:1200], 8, n_examples=10, random_state=2).examples != clusters.examples


def test_a_cluster_that_somebody_named_is_a_rule(clusters, tmp_path):
    every = lk.similar_to(clusters, label={i: i for i in range(8)}, threshold=-1).rule(name="all")
    owners = votes(every, COMMENTS, labels=8)
    shares = {i: COMMENTS.spam[owners == i].mean() for i in range(8)}
    spam = [i for i, share in shares.items() if share > 0.8]
    assert spam
    lf = lk.similar_to(clusters, label=dict.fromkeys(spam, Label.SPAM), threshold=0.15).rule(name="r")
    found = votes(lf, COMMENTS)
    assert lf.labels == (1,)
    assert (found == 1).mean() > 0.1
    assert COMMENTS.spam[found == 1].mean() > 0.85
    assert set(np.unique(owners[found == 1])) <= set(spam)


def test_clusters_are_put_beside_the_module(clusters, tmp_path):
    clusters.save(tmp_path / "clusters.json")
    assert lk.Clusters.load(tmp_path / "clusters.json").examples == clusters.examples
    assert json.loads((tmp_path / "clusters.json").read_text("utf-8"))["clusters"][0]["size"] == clusters.sizes[0]
    (tmp_path / "rules.py").write_text(
        "import labelkit as lk\n"
        "@lk.similar_to('clusters.json', label={0: 1}, threshold=0.1)\ndef first(text):\n    'Of the largest cluster.'\n"
    )
    lf = lk.collect(tmp_path / "rules.py", labels=2)["first"]
    assert lf.fingerprint == lk.similar_to(clusters, label={0: 1}, threshold=0.1).rule(name="first").fingerprint
    assert (votes(lf, TEXTS) == 1).any()
    (tmp_path / "clusters.json").write_text("[]")
    with refused("is not a file of clusters"):
        lk.Clusters.load(tmp_path / "clusters.json")


def test_clusters_of_vectors_are_kept_as_their_middle():
    rng = np.random.default_rng(0)
    vectors = rng.normal(0, 0.05, (100, 3)) + np.repeat([[1, 0, 0], [0, 1, 0]], [40, 60], axis=0)
    found = lk.fit_clusters({"v": vectors.tolist()}, 2, column="v")
    assert found.sizes == (60, 40)
    assert np.array(found.examples)[:, 0] == pytest.approx(np.array([[0, 1, 0], [1, 0, 0]]), abs=0.05)
    lf = lk.similar_to(found, label={0: 1}, threshold=0.9).rule(name="r", column="v")
    assert votes(lf, {"v": vectors.tolist()}).tolist() == [-1] * 40 + [1] * 60


@pytest.mark.parametrize(
    "way", [embed, HashingVectorizer(n_features=256).transform, HashingVectorizer(n_features=16).transform]
)
def test_clusters_by_an_embedding(way):
    found = lk.fit_clusters(TEXTS[:400], 3, embed=way, n_rows=300)
    assert len(found) == 3
    assert sum(found.sizes) <= 300


def test_the_sample_is_the_same_however_the_corpus_is_batched(monkeypatch):
    first = lk.fit_clusters(TEXTS, 3, n_rows=200)
    assert sum(first.sizes) == 200
    monkeypatch.setattr("labelkit.rules.similarity.clusters.BATCH", 500)
    assert lk.fit_clusters(TEXTS, 3, n_rows=200).examples == first.examples


@pytest.mark.parametrize(
    ("corpus", "options", "message"),
    [
        (["a", "a", "b"], {"n_clusters": 3}, "the sample has 2 distinct examples, too few for 3 clusters"),
        (["a"], {"n_clusters": 0}, "n_clusters=0 is not a whole number from 1"),
        (
            {"text": [[0.0, 0.0], [1.0, 0.0]]},
            {"n_clusters": 1},
            "an example cannot be put into a cluster: the vector is all zeros",
        ),
    ],
)
def test_clusters_that_cannot_be_found_are_an_error(corpus, options, message):
    with refused(message, kind=AnalysisError):
        lk.fit_clusters(corpus, **options)


def test_clusters_need_to_be_named(clusters):
    with refused("clusters need a mapping from their numbers to labels"):
        rule(clusters, label=1)
    with refused("there is no cluster 9; they are numbered 0 .. 7"):
        rule(clusters, label={9: 1})

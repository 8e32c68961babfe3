"""Rules that say how sure they are: kept with the votes, part of the pattern, used by the models that can."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

import labelkit as lk
from labelkit.apply.plan import CHUNK
from labelkit.exceptions import FaultError, MatrixError, RuleError
from labelkit.votes.label_matrix import LabelMatrix
from labelkit.votes.label_space import LabelSpace
from labelkit.votes.outcomes import coded, decoded
from labelkit.votes.vote_patterns import VotePatterns

RULES = """
import numpy as np
import labelkit as lk

@lk.labeling_function(levels=8)
def sure(n: int):
    return (n % 2, (n % 10) / 10) if n % 3 else None

@lk.labeling_function(levels=4, batch=True)
def rows(n: np.ndarray):
    high = (n % 5) / 4
    return np.stack([1 - high, high], axis=1)

@lk.keywords("a", label=1)
def plain(text: str): "Plain."
"""

FRAME = pd.DataFrame({"n": range(2 * CHUNK + 5), "text": ["a", "b", "c", "a b", None] * 410 + ["a"] * 3})


@pytest.fixture
def lfs(tmp_path):
    (tmp_path / "rules.py").write_text(RULES)
    return lk.collect(tmp_path / "rules.py", labels=["NO", "YES"])


def rounded(share, levels):
    return round(255 * max(1, round(share * levels)) / levels) if share > 0 else 0


def test_a_rule_says_how_sure_it_is_and_the_matrix_keeps_it(lfs):
    matrix = lk.Applier(lfs).apply(FRAME)
    for n in (0, 1, 2, 4, 5, 10, 11):
        said = n % 3 and n % 10
        assert matrix.votes[n, 0] == (n % 2 if said else -1)
        assert matrix.confidence[n, 0] == (rounded((n % 10) / 10, 8) if said else 0)
        share = (n % 5) / 4
        best = None if share == 0.5 else int(share > 0.5)
        assert matrix.votes[n, 1] == (-1 if best is None else best)
        assert matrix.confidence[n, 1] == (0 if best is None else rounded(max(share, 1 - share), 4))
    assert not matrix.confidence[:, 2].any()
    assert matrix.confidence.dtype == np.uint8
    assert (lfs["sure"](11), lfs["sure"](10), lfs["rows"](3)) == (1, -1, 1)


@pytest.mark.parametrize("options", [{"workers": 2}, {"workers": 2, "engine": "process"}, {"batch_size": CHUNK}])
def test_every_engine_gives_the_same(lfs, options, tmp_path):
    expected = lk.Applier(lfs).apply(FRAME, cache=False)
    FRAME.to_parquet(tmp_path / "corpus.parquet")
    for _ in range(2):
        matrix = lk.Applier(lfs).apply(tmp_path / "corpus.parquet", cache=tmp_path / "cache", **options)
        assert np.array_equal(matrix.votes, expected.votes)
        assert np.array_equal(matrix.confidence, expected.confidence)


def test_a_run_keeps_it_too(lfs, tmp_path):
    matrix = lk.Applier(lfs).apply(FRAME)
    folder = lk.run(lfs, FRAME, tmp_path / "out", batch_size=CHUNK)
    again = folder.matrix()
    assert np.array_equal(again.confidence, matrix.confidence)
    assert np.array_equal(again.votes, matrix.votes)
    whole = folder.patterns()
    assert np.array_equal(whole.outcomes, matrix.patterns.outcomes)
    assert np.array_equal(whole.confidence, matrix.patterns.confidence)
    assert np.array_equal(whole.counts, matrix.patterns.counts)
    model = lk.LabelModel().fit(matrix)
    assert np.allclose(folder.labels().proba, model.predict_proba(matrix))
    assert np.allclose(folder.model().predict_proba(matrix), model.predict_proba(matrix))


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ((1, 1.5), "1.5 is no confidence"),
        ((1, True), "True is no confidence"),
        ((2, 0.5), "2 is not one of the 2 classes"),
        ([0.5, 0.5, 0.5], "nor a probability for each of the 2 classes"),
        ([0.9, 0.9], "nor a probability"),
        ([float("nan"), 1], "nor a probability"),
        ("YES", "is not a vote"),
        ((1, 0.5, 0.5), "nor a probability"),
    ],
)
def test_what_is_no_confidence_is_a_fault(said, message):
    @lk.labeling_function(levels=8)
    def rule(n):
        return said

    with pytest.raises(FaultError, match=message):
        lk.Applier([rule], labels=2).apply({"n": [1, 2]})


def test_a_rule_must_declare_that_it_says_how_sure_it_is():
    @lk.labeling_function
    def rule(n):
        return 1, 0.9

    with pytest.raises(FaultError, match="is not a vote"):
        lk.Applier([rule], labels=2).apply({"n": [1, 2]})
    with pytest.raises(RuleError, match="levels=256 of rule 'other' is not a number of steps from 0 to 255"):

        @lk.labeling_function(levels=256)
        def other(n):
            return 1, 0.9


@given(st.integers(2, 300).flatmap(lambda k: st.tuples(st.just(k), st.lists(st.integers(-2, k - 1), min_size=1))))
def test_a_code_can_be_read_back(case):
    k, outcomes = case
    array = np.array([outcomes], dtype=np.int16)
    sure = np.where(array >= 0, (np.arange(array.size) * 37 % 256), 0).astype(np.uint8)
    back, told = decoded(coded(array, sure, k), k, np.int16, soft=True)
    assert np.array_equal(back, array)
    assert np.array_equal(told, sure)


SOFT = LabelMatrix.of([[0, 1], [0, 1], [-1, 1], [0, 1]], names=["a", "b"], classes=["NO", "YES"])
SOFT = replace(
    SOFT,
    lfs=(replace(SOFT.lfs[0], levels=8), SOFT.lfs[1]),
    confidence=np.array([[200, 0], [100, 0], [0, 0], [200, 0]], dtype=np.uint8),
)


def test_confidence_is_part_of_the_pattern():
    assert len(SOFT.patterns) == 3
    assert SOFT.patterns.counts.sum() == 4
    assert np.array_equal(SOFT.patterns.confidence[SOFT.pattern_index], SOFT.confidence)
    assert np.array_equal(SOFT.patterns.votes[SOFT.pattern_index], SOFT.votes)


def test_parts_and_files_keep_it(tmp_path):
    again = LabelMatrix.load(SOFT.save(tmp_path / "m.parquet"))
    assert np.array_equal(again.confidence, SOFT.confidence)
    assert again.lfs == SOFT.lfs
    patterns = VotePatterns.load(SOFT.patterns.save(tmp_path / "p.parquet"))
    assert np.array_equal(patterns.confidence, SOFT.patterns.confidence)
    merged = VotePatterns.merge([SOFT[:2].patterns, SOFT[2:].patterns])
    assert np.array_equal(merged.confidence, SOFT.patterns.confidence)
    assert np.array_equal(merged.counts, SOFT.patterns.counts)
    assert np.array_equal(SOFT[[2, 0]].confidence, SOFT.confidence[[2, 0]])
    assert SOFT["a"].confidence[:, 0].tolist() == [200, 100, 0, 200]
    hard = LabelMatrix.of([[1], [0], [1], [0]], names=["c"], classes=["NO", "YES"])
    assert SOFT.join(hard).confidence[:, 2].tolist() == [0] * 4
    assert LabelMatrix.concat([SOFT, SOFT]).confidence.shape == (8, 2)


def test_a_confidence_without_a_vote_is_refused():
    with pytest.raises(MatrixError, match="an abstain has a confidence"):
        replace(SOFT, confidence=np.full((4, 2), 9, dtype=np.uint8))
    with pytest.raises(MatrixError, match="confidence is float64"):
        replace(SOFT, confidence=np.zeros((4, 2)))


# ------------------------------------------------------------------------------------------------------ label models


def example(n=6000, seed=0):
    """Three plain rules, and one whose confidence tells how often it is right."""
    random = np.random.default_rng(seed)
    y = random.integers(0, 2, n)
    votes = np.full((n, 4), -1)
    for j, accuracy in enumerate((0.7, 0.65, 0.75)):
        on = random.random(n) < 0.5
        votes[on, j] = np.where(random.random(on.sum()) < accuracy, y[on], 1 - y[on])
    sure = random.choice([0.55, 0.75, 0.95], n)
    votes[:, 3] = np.where(random.random(n) < sure, y, 1 - y)
    hard = LabelMatrix.of(votes, names=["a", "b", "c", "model"], classes=["NO", "YES"])
    confidence = np.zeros(votes.shape, dtype=np.uint8)
    confidence[:, 3] = np.rint(255 * sure)
    lfs = (*hard.lfs[:3], replace(hard.lfs[3], levels=20))
    return hard, replace(hard, lfs=lfs, confidence=confidence), y


MODELS = [lk.LabelModel(), lk.DawidSkene(), lk.IBCC(), lk.WeightedVote(), lk.OneCoin()]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
def test_models_that_use_confidence_are_better_for_it(model):
    hard, soft, y = example()
    plain = model.fit(hard).evaluate(hard, y)
    told = model.fit(soft).evaluate(soft, y)
    assert told.accuracy >= plain.accuracy - 0.002
    if not isinstance(model, lk.WeightedVote):
        assert told.log_loss < plain.log_loss - 0.02
    assert model.predict_proba(soft).shape == (len(y), 2)


def test_models_that_do_not_use_it_say_so_and_take_the_votes_as_plain():
    hard, soft, _ = example(500)
    with pytest.warns(UserWarning, match="MajorityVote does not use the confidences of votes"):
        model = lk.MajorityVote().fit(soft)
    assert np.allclose(model.predict_proba(soft), lk.MajorityVote().fit(hard).predict_proba(hard))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        lk.LabelModel().fit(soft)
        lk.MajorityVote().fit(hard)


def test_what_was_learned_is_told_for_each_range_and_explanations_add_up():
    _, soft, _ = example()
    model = lk.LabelModel().fit(soft)
    names = [name for name in model.lf_names_ if name.startswith("model")]
    assert names == ["model (55% - 75% sure)", "model (75% - 95% sure)", "model (95% - 100% sure)"]
    precisions = model.precisions()
    means = [precisions.loc[precisions["lf"] == name, "precision"].mean() for name in names]
    assert means == sorted(means)
    explained = model.explain(soft, [0, 1, 2])
    assert np.allclose(explained.prior + explained.contributions.sum(axis=1), explained.log_odds, atol=1e-9)
    assert set(names) <= set(explained.lf_names)


def test_a_confidence_that_was_not_there_when_the_model_learned_falls_into_a_range():
    _, soft, _ = example(500)
    model = lk.LabelModel().fit(soft)
    other = replace(soft, confidence=np.where(soft.confidence > 0, 7, 0).astype(np.uint8))
    assert np.isfinite(model.predict_proba(other)).all()
    without = replace(soft, confidence=None)
    assert np.isfinite(model.predict_proba(without)).all()


@settings(max_examples=15, deadline=None)
@given(st.permutations(range(4)), st.permutations(range(60)))
def test_another_order_of_rules_or_rows_gives_the_same_labels(columns, rows):
    _, soft, _ = example(60)
    proba = lk.LabelModel().fit(soft).predict_proba(soft)
    moved = soft[list(rows)][[soft.names[j] for j in columns]]
    assert np.allclose(lk.LabelModel().fit(moved).predict_proba(moved), proba[list(rows)], atol=1e-9)


def test_statistics_take_the_votes_as_votes():
    hard, soft, y = example(800)
    pd.testing.assert_frame_equal(lk.summarize(soft, gold=y).frame, lk.summarize(hard, gold=y).frame)


def test_the_label_space_reads_rows_and_pairs():
    space = LabelSpace(("A", "B", "C"))
    assert space.soft_vote(np.array([0.1, 0.2, 0.7])) == (2, 0.7)
    assert space.soft_vote((0, 0.0)) == (-1, None)
    assert space.soft_vote([0.0, 0.0, 0.0]) == (-1, None)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [(1, 0.75), (0, 1.0), (-1, 0), (1, 1.0)]),
        ({"threshold": 0.9}, [(-1, 0), (0, 1.0), (-1, 0), (1, 1.0)]),
        ({"label": 1, "threshold": 0.5}, [(1, 0.75), (-1, 0), (1, 0.5), (1, 1.0)]),
        ({"abstain": (0.3, 0.6)}, [(1, 0.75), (0, 1.0), (-1, 0), (1, 1.0)]),
    ],
)
def test_a_model_says_how_probable_it_thought_its_class(options, expected):
    @lk.model_output(levels=4, **options)
    def model(n):
        high = np.array([0.75, 0.0, 0.5, 1.0])[np.asarray(n)]
        return high if "label" in options else np.stack([1 - high, high], axis=1)

    matrix = lk.Applier([model], labels=2).apply({"n": [0, 1, 2, 3]})
    assert matrix.votes.ravel().tolist() == [vote for vote, _ in expected]
    assert matrix.confidence.ravel().tolist() == [round(255 * share) for _, share in expected]
    assert model(0) == expected[0][0]


def test_a_model_that_returns_labels_cannot_say_how_sure_it_is():
    @lk.model_output(levels=4)
    def model(n):
        return np.zeros(len(n), dtype=int)

    with pytest.raises(FaultError, match="labels, not probabilities"):
        lk.Applier([model], labels=2).apply({"n": [0, 1]})

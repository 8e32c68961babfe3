"""Mistakes of Snorkel's users: where Snorkel gives a wrong number without a word, the drop-in warns, or refuses."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from tests.interop.snorkel.packages import OURS

LF = OURS.labeling.LabelingFunction
LFAnalysis = OURS.labeling.LFAnalysis
DRAW = np.random.default_rng(0)
Y = np.arange(60) % 2
L = np.where(DRAW.random((60, 4)) < 0.4, -1, np.where(DRAW.random((60, 4)) < 0.8, Y[:, None], 1 - Y[:, None]))
FRAME = pd.DataFrame({"text": ["a b", "b", "c"], "n": [1, 2, 3]}, index=[7, 3, 3])

FORMS = {
    "uint8": L.astype(np.uint8),
    "uint64": L.astype(np.uint64),
    "int8": L.astype(np.int8),
    "floats": L.astype(float),
    "NaN": np.where(L == -1, np.nan, L),
    "-2": np.where(L == -1, -2, L),
    "objects": L.astype(object),
    "None": np.where(L == -1, None, L),
    "list": L.tolist(),
    "frame": pd.DataFrame(L),
    "frame of Int8": pd.DataFrame(L).astype("Int8").replace(-1, pd.NA),
}


@pytest.fixture(scope="module")
def model():
    return fitted(L)


def fitted(votes, cardinality=2, **options):
    model = OURS.labeling__model.LabelModel(cardinality, verbose=False)
    model.fit(votes, n_epochs=20, seed=1, progress_bar=False, **options)
    return model


@pytest.mark.parametrize("form", FORMS)
def test_votes_in_any_form_are_the_same_votes(form, model):
    votes = FORMS[form]
    pd.testing.assert_frame_equal(LFAnalysis(votes).lf_summary(Y), LFAnalysis(L).lf_summary(Y))
    assert LFAnalysis(votes).label_conflict() == LFAnalysis(L).label_conflict()
    np.testing.assert_array_equal(model.predict(votes), model.predict(L))
    np.testing.assert_array_equal(fitted(votes).predict_proba(L), model.predict_proba(L))
    voter = OURS.labeling__model.MajorityLabelVoter()
    np.testing.assert_array_equal(voter.predict(votes), voter.predict(L))
    frame = pd.DataFrame({"row": range(60)})
    kept, _ = OURS.labeling.filter_unlabeled_dataframe(frame, Y, votes)
    assert kept["row"].tolist() == np.flatnonzero((L != -1).any(axis=1)).tolist()


@pytest.mark.parametrize("votes", [L[:, 0], L[:, :, None]], ids=["one rule", "three dimensions"])
def test_votes_have_two_dimensions(votes, model):
    for use in (LFAnalysis, model.predict, OURS.labeling__model.MajorityLabelVoter().predict):
        with pytest.raises(ValueError, match=r"votes have shape \(60.*\), not \(n_examples, n_lfs\)"):
            use(votes)


def test_votes_are_numbers():
    with pytest.raises(TypeError, match="votes are of type <U21, not integers"):
        LFAnalysis(L.astype(str))


def test_gold_of_unsigned_numbers_is_unknown_where_it_was():
    gold = np.where(np.arange(60) < 9, -1, Y)
    summaries = [LFAnalysis(L).lf_summary(one) for one in (gold, gold.astype(np.uint8))]
    pd.testing.assert_frame_equal(*summaries)
    scorer = OURS.analysis.Scorer(metrics=["accuracy", "f1"])
    assert scorer.score(gold.astype(np.uint8), L[:, 0]) == scorer.score(gold, L[:, 0])


@pytest.mark.parametrize("gold", [Y[:1], 1, Y[:50], np.tile(Y, 2)], ids=["one", "a number", "fewer", "more"])
def test_gold_of_other_rows_is_refused(gold, model):
    analysis = LFAnalysis(L)
    for use in (analysis.lf_summary, analysis.lf_empirical_accuracies, lambda Y: analysis.lf_empirical_probs(Y, 2)):
        with pytest.raises(ValueError, match=r"Y has \d+ labels, but L has 60 rows"):
            use(gold)
    if np.ndim(gold):
        with pytest.raises(ValueError, match=rf"arrays are of other lengths: golds {len(gold)}, preds 60"):
            model.score(L, gold)


GOLDS = {
    "gold counted from 1": (L, Y + 1, r"gold holds classes 1 to 2, but votes hold 0 to 1 \[LK417\]"),
    "votes counted from 1": (np.where(L < 0, -1, L + 1), Y, r"gold holds classes 0 to 1, but votes hold 1 to 2"),
    "gold of -1 and 1": (L, 2 * Y - 1, r"gold holds -1 \(30 times\) and 1, and never 0.* \[LK347\]"),
}


@pytest.mark.parametrize("kind", GOLDS)
def test_gold_that_counts_otherwise_is_warned_of(kind):
    votes, gold, message = GOLDS[kind]
    for use in (LFAnalysis(votes).lf_summary, LFAnalysis(votes).lf_empirical_accuracies):
        with pytest.warns(UserWarning, match=message) as caught:
            use(gold)
        assert len(caught) == 1
    with pytest.warns(UserWarning, match=message):
        OURS.analysis.Scorer(metrics=["accuracy"]).score(gold, votes[:, 0])


def test_gold_above_the_classes_of_a_model_is_warned_of(model):
    with pytest.warns(UserWarning, match=r"gold holds classes 0 to 5, but there are 0 to 1 \[LK417\]"):
        model.score(L, np.where(np.arange(60) == 3, 5, Y))


GOOD_GOLDS = {
    "a class without votes": (np.where(L == 1, -1, L), Y),
    "gold of one class": (L, np.full(60, 1)),
    "rules for one class each": (np.where(L == 0, -1, L), np.where(Y == 0, -1, 0)),
    "three classes, votes for two": (L, np.arange(60) % 3),
    "nothing is known": (L, np.full(60, -1)),
    "no votes": (np.full((60, 2), -1), Y),
}


@pytest.mark.parametrize("kind", GOOD_GOLDS)
def test_gold_that_may_be_so_is_not_warned_of(kind):
    votes, gold = GOOD_GOLDS[kind]
    LFAnalysis(votes).lf_summary(gold)
    with warnings.catch_warnings(action="ignore", category=RuntimeWarning):
        LFAnalysis(votes).lf_empirical_probs(gold, 3)


def test_scores_of_slices_warn_of_all_rows_alone():
    slices = np.rec.fromarrays([np.arange(60) < 30], names=["first"])
    scorer = OURS.analysis.Scorer(metrics=["accuracy"])
    with pytest.warns(UserWarning, match="LK417") as caught:
        scorer.score_slices(slices, Y + 1, Y, np.eye(2)[Y])
    assert len(caught) == 1


def test_votes_above_the_classes_of_a_model_are_warned_of(model):
    above = np.where(L < 0, -1, L + 1)
    with pytest.warns(
        UserWarning, match=rf"L holds class 2, .* 0 to 1: {(L == 1).sum()} of {(L >= 0).sum()} votes"
    ) as caught:
        predicted = model.predict(above)
    assert len(caught) == 1
    np.testing.assert_array_equal(predicted, model.predict(np.where(above == 2, -1, above)))


def test_fractions_in_votes_are_warned_of(model):
    with pytest.warns(UserWarning, match=r"L holds 0\.5, which is no class: 1 cells do not count \[LK417\]"):
        model.predict(np.where((np.arange(60) == 3)[:, None] & (np.arange(4) == 1), 0.5, L))


def test_votes_of_other_rules_leave_the_model_as_it_is(model):
    weights = model.get_weights()
    with pytest.raises(ValueError, match="L has 3 columns, but the model was fitted on 4 rules"):
        model.predict(L[:, :3])
    np.testing.assert_array_equal(model.get_weights(), weights)


BALANCES = {
    "counts": ({"class_balance": [3, 7]}, r"class_balance sums to 10, not to 1.* \[LK418\]"),
    "words": ({"Y_dev": ["HAM", "SPAM"]}, r"Y_dev holds 'HAM', 'SPAM', which are taken for classes 0 to 1"),
    "from 1": ({"Y_dev": Y + 1}, r"Y_dev holds 1, 2, which are taken"),
    "-1 and 1": ({"Y_dev": 2 * Y - 1}, r"Y_dev holds -1, 1, which are taken"),
}


@pytest.mark.parametrize("kind", BALANCES)
def test_a_class_balance_that_is_none_is_warned_of(kind):
    options, message = BALANCES[kind]
    with pytest.warns(UserWarning, match=message):
        fitted(L, **options)


@pytest.mark.parametrize(
    "options",
    [
        {"class_balance": [1 / 3, 2 / 3]},
        {"class_balance": (0.333, 0.667)},
        {"Y_dev": Y},
        {"Y_dev": Y == 1},
        {"Y_dev": Y / 1},
    ],
)
def test_a_class_balance_is_not_warned_of(options):
    fitted(L, **options)


def test_a_negative_share_is_refused():
    with pytest.raises(ValueError, match=r"negative shares: \[-0\.5, 1\.5\]"):
        fitted(L, class_balance=[-0.5, 1.5])


def fails(x):
    return x.nothing


RULES = [LF("fails", fails), LF("sometimes", lambda x: 1 // (x.n - 2)), LF("never", lambda x: 0)]
FAULTS = r"rules failed, .*: fails on 3, sometimes on 1 of 3 data points \[LK419\]"


def test_tolerated_faults_are_warned_of_where_nobody_counts_them():
    with pytest.warns(UserWarning, match=FAULTS):
        votes = OURS.labeling.PandasLFApplier(RULES).apply(FRAME, progress_bar=False, fault_tolerant=True)
    assert votes[:, 0].tolist() == [-1, -1, -1]
    points = [row for _, row in FRAME.iterrows()]
    with pytest.warns(UserWarning, match=FAULTS):
        OURS.labeling.LFApplier(RULES).apply(points, progress_bar=False, fault_tolerant=True)
    with pytest.warns(UserWarning, match=FAULTS):
        OURS.labeling__apply__dask.PandasParallelLFApplier(RULES).apply(FRAME, scheduler="sync", fault_tolerant=True)


def test_counted_faults_and_rules_without_faults_are_not_warned_of():
    _, meta = OURS.labeling.PandasLFApplier(RULES).apply(
        FRAME, progress_bar=False, fault_tolerant=True, return_meta=True
    )
    assert meta.faults == {"fails": 3, "sometimes": 1}
    OURS.labeling.PandasLFApplier(RULES[2:]).apply(FRAME, progress_bar=False, fault_tolerant=True)


def test_of_many_rules_that_fail_some_are_named():
    rules = [LF(f"rule {i}", fails) for i in range(7)]
    with pytest.warns(UserWarning, match=r"rule 4 on 3 of 3 data points, and 2 more"):
        OURS.labeling.PandasLFApplier(rules).apply(FRAME, progress_bar=False, fault_tolerant=True)


def test_a_probability_is_no_vote():
    rules = [LF("whole", lambda x: 1.0), LF("sure", lambda x: 0.9)]
    with pytest.warns(UserWarning, match=r"rule 'sure' returned 0\.9, which is cut to class 0 \[LK417\]"):
        votes = OURS.labeling.PandasLFApplier(rules).apply(FRAME, progress_bar=False)
    assert votes.tolist() == [[1, 0]] * 3


def test_a_frame_is_no_list_of_data_points():
    rules = [LF("long", lambda x: int(len(x) > 1))]
    with pytest.raises(TypeError, match="LFApplier takes a list of data points; of a frame: PandasLFApplier"):
        OURS.labeling.LFApplier(rules).apply(FRAME, progress_bar=False)
    with pytest.raises(TypeError, match="of a frame: PandasSFApplier"):
        OURS.slicing.SFApplier(rules).apply(FRAME, progress_bar=False)
    for other in (FRAME.to_dict("records"), FRAME["text"], FRAME.to_numpy()):
        with pytest.raises(TypeError, match=r"df is a \w+, not a DataFrame of pandas; of a list: LFApplier"):
            OURS.labeling.PandasLFApplier(rules).apply(other, progress_bar=False)
    votes = OURS.labeling.LFApplier(rules).apply(FRAME["text"], progress_bar=False)
    assert votes.tolist() == [[1], [0], [0]]


def test_one_rule_is_no_list():
    rule = LF("long", fails)
    with pytest.raises(TypeError, match=r"'long' is one rule, not a list of rules; give \[long\]"):
        OURS.labeling.PandasLFApplier(rule)


def test_examples_of_a_bucket_are_taken_by_position():
    texts = pd.Series(list("abcdef"), index=[3, 2, 1, 0, 5, 4])
    gold, predicted = np.array([0, 1, 1, 0, -1, 1]), np.array([0, 1, 0, -1, 1, 1])
    for x in (texts, texts.to_frame("text"), texts.to_numpy()):
        instances = OURS.analysis.get_label_instances((1, 1), x, gold, predicted)
        assert np.ravel(instances).tolist() == ["b", "f"]


CELL = """
@labeling_function(resources={"words": ["free"]})
def offer(x, words):
    return 1 if any(word in x for word in words) else -1
"""
AGAIN = {
    "other words": CELL.replace("free", "win"),
    "other code": CELL.replace("1 if", "0 if"),
    "the same": "\n" + CELL,
    "deleted": "del offer",
    "still named": "",
}


@pytest.mark.parametrize("kind", AGAIN)
def test_a_rule_of_a_notebook_that_was_defined_again_is_warned_of(kind):
    names = {"labeling_function": OURS.labeling.labeling_function, "__name__": "__main__"}
    exec(compile(CELL, "<cell 1>", "exec"), names)
    applier = OURS.labeling.LFApplier([names["offer"]])
    exec(compile(AGAIN[kind], "<cell 2>", "exec"), names)
    is_outdated = kind in {"other words", "other code"}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        votes = applier.apply(["so free"], progress_bar=False)
    assert votes.tolist() == [[1]]
    assert ["1 rule was defined again, and the older votes: 'offer' [LK138]" in str(one.message) for one in caught] == (
        [True] * is_outdated
    )


@pytest.mark.parametrize("probs", [[[0.3, 0.7]], [[0.5, 0.5]], np.zeros((0, 2))])
def test_a_policy_that_there_is_not_is_refused_with_and_without_ties(probs):
    with pytest.raises(ValueError, match="tie_break_policy=abstian policy not recognized"):
        OURS.utils.probs_to_preds(np.array(probs), tie_break_policy="abstian")


def test_a_slip_in_abstain_gives_rows_without_a_vote_no_label():
    votes = np.vstack([L, np.full((1, 4), -1)])
    model = fitted(votes, class_balance=[0.3, 0.7])
    assert model.predict(votes)[-1] == -1
    for asked in (model.predict, lambda *args, **given: model.score(*args, np.append(Y, 1), **given)):
        with pytest.raises(ValueError, match="not recognized"):
            asked(votes, tie_break_policy="abstian")

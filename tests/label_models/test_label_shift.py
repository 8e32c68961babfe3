"""Label shift: data without one shows none, and a new prior is found again from votes."""

import warnings

import numpy as np
import pytest
from scipy import stats

import labelkit as lk
from labelkit.exceptions import ModelError
from tests.benchmarks.honesty import shifts


def test_no_shift_is_seldom_warned_of_and_a_shift_is_found():
    rng = np.random.default_rng(0)
    rows = {row["scenario"]: row for row in shifts.shift_rows(25, rng)}
    for model in ("LabelModel", "DawidSkene", "MajorityVote"):
        assert rows[f"{model}, 30% -> 30%"]["wrong"] <= 0.04
        assert abs(rows[f"{model}, 30% -> 30%"]["bias"]) < 0.02
        assert rows[f"{model}, 30% -> 60%"]["right"] == 1
    assert abs(rows["DawidSkene, 30% -> 60%"]["bias"]) < 0.04


def data(share, n, seed):
    return shifts.votes_of(share, n, np.random.default_rng(seed))


def test_adjusted_labels_are_better_and_uncovered_examples_have_the_new_prior():
    old, _ = data(0.3, 3_000, 0)
    new, truth = data(0.85, 3_000, 1)
    model = lk.DawidSkene().fit(old)
    with pytest.warns(UserWarning, match=r"the votes on the new data differ .*shift.adjusted\(labels\)"):
        shift = lk.label_shift(model, new, old)
    labels = model.label(new)
    adjusted = shift.adjusted(labels)
    covered = labels.is_covered
    right = [(one.hard()[covered] == truth[covered]).mean() for one in (labels, adjusted)]
    assert right[1] > right[0] + 0.02
    assert np.allclose(adjusted.proba[~covered], shift.after)
    assert (adjusted.hard()[~covered] == -1).all()
    assert np.array_equal(adjusted.is_covered, covered)
    assert "prior now" in str(shift)
    assert lk.LabelModel(class_prior=shift.class_prior).fit(new).prior_source_ == "a statement of the user"


def test_the_same_votes_show_no_shift_in_any_container():
    old, _ = data(0.3, 500, 2)
    model = lk.LabelModel().fit(old)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        shift = lk.label_shift(model, old, old)
        assert np.allclose(shift.after, model.class_prior_, atol=1e-3)
        assert shift.p > 0.99
        assert np.allclose(shift.adjusted(model.label(old)).proba, model.label(old).proba, atol=1e-2)


def test_votes_on_nothing_are_refused():
    old, _ = data(0.3, 100, 3)
    model = lk.LabelModel().fit(old)
    with pytest.raises(ModelError, match="no rule votes on any example of matrix"):
        lk.label_shift(model, np.full((5, old.shape[1]), -1), old)
    one_row = lk.label_shift(model, old[(old >= 0).any(axis=1)][:1], old)
    assert np.isfinite(one_row.after).all()
    with pytest.raises(ModelError, match="the shift is of the classes"):
        one_row.adjusted(lk.LabelModel(n_classes=3).fit(old).label(old))


def test_chance_seldom_gives_a_small_p_value_where_a_class_is_rare():
    """By chi-square, 1.9% of samples without a shift had p < 0.01."""
    rare, n_old, n_new = 101, 10_000, 100
    model = lk.MajorityVote().fit([[0, -1], [-1, 1]])
    seen = np.arange(12)
    chance = stats.hypergeom.pmf(seen, n_old + n_new, rare, n_new)
    p = np.array([p_of(model, rare - k, n_old, k, n_new) for k in seen])
    for level in (0.05, 0.01, 0.001):
        assert chance[p < level].sum() <= level
    exact = stats.hypergeom.sf(seen - 1, n_old + n_new, rare, n_new)
    for one, known in list(zip(p, exact, strict=True))[4:]:  # 2,000 permutations, five of their standard deviations
        assert one == pytest.approx(known, abs=5 * np.sqrt(known / 2_000) + 1 / 2_000)


def test_one_new_row_unlike_the_old_ones_is_no_proof():
    model = lk.MajorityVote().fit([[0, -1], [-1, 1]])
    assert p_of(model, 0, 20, 1, 1) == pytest.approx(1 / 21, abs=5 * np.sqrt(1 / 21 / 2_000))
    assert p_of(model, 1, 1, 1, 1) == 1.0


def p_of(model, rare_old, n_old, rare_new, n_new):
    old, new = (
        np.repeat([[0, -1], [-1, 1]], [n - rare, rare], axis=0) for rare, n in ((rare_old, n_old), (rare_new, n_new))
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return lk.label_shift(model, new, old).p

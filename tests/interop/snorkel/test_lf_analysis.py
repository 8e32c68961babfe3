"""The analysis of votes is Snorkel's, but for gold that is unknown."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.interop.snorkel.packages import OURS, THEIRS

RULES = [OURS.labeling.LabelingFunction(f"rule {j}", None) for j in range(4)]


def votes(n, m, k, seed, *, share=0.5):
    rng = np.random.default_rng(seed)
    return np.where(rng.random((n, m)) < share, rng.integers(0, k, (n, m)), -1)


MATRICES = {
    "binary": votes(60, 4, 2, 0),
    "three classes": votes(60, 4, 3, 1),
    "few votes": votes(60, 4, 2, 2, share=0.05),
    "a rule without votes": np.where(np.arange(4) == 2, -1, votes(60, 4, 2, 3)),
    "no votes": np.full((5, 4), -1),
    "one row": np.array([[0, 1, -1, 1]]),
    "all agree": np.ones((6, 4), dtype=int),
    "small integers": votes(60, 4, 2, 4).astype(np.int8),
}
STATISTICS = {
    "coverage": lambda a, Y: a.label_coverage(),
    "overlap": lambda a, Y: a.label_overlap(),
    "conflict": lambda a, Y: a.label_conflict(),
    "polarities": lambda a, Y: a.lf_polarities(),
    "coverages": lambda a, Y: a.lf_coverages(),
    "overlaps": lambda a, Y: a.lf_overlaps(),
    "overlaps of coverage": lambda a, Y: a.lf_overlaps(normalize_by_coverage=True),
    "conflicts": lambda a, Y: a.lf_conflicts(),
    "conflicts of overlaps": lambda a, Y: a.lf_conflicts(normalize_by_overlaps=True),
    "accuracies": lambda a, Y: a.lf_empirical_accuracies(Y),
    "accuracies of a column": lambda a, Y: a.lf_empirical_accuracies(Y[:, None]),
    "probabilities": lambda a, Y: a.lf_empirical_probs(Y, 3),
}


def gold_of(L):
    return np.arange(len(L)) % 3


@pytest.mark.heavy
@pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")  # of Snorkel, dividing 0 by 0
@pytest.mark.filterwarnings("ignore:Input has data type:FutureWarning")  # of SciPy, about Snorkel
@pytest.mark.parametrize("statistic", STATISTICS)
@pytest.mark.parametrize("kind", MATRICES)
def test_statistics_are_snorkels(kind, statistic):
    pytest.importorskip("snorkel")
    L, use = MATRICES[kind], STATISTICS[statistic]
    ours, theirs = (use(package.labeling.LFAnalysis(L), gold_of(L)) for package in (OURS, THEIRS))
    if isinstance(theirs, list):
        assert ours == theirs
    else:
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)


@pytest.mark.heavy
@pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")  # of Snorkel, dividing 0 by 0
@pytest.mark.filterwarnings("ignore:Input has data type:FutureWarning")  # of SciPy, about Snorkel
@pytest.mark.parametrize("options", ["", "Y", "weights", "Y weights"])
@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("kind", MATRICES)
def test_summaries_are_snorkels(kind, named, options):
    pytest.importorskip("snorkel")
    L = MATRICES[kind]
    given = {"Y": gold_of(L)} if "Y" in options else {}
    given |= {"est_weights": np.arange(4) / 4} if "weights" in options else {}
    ours, theirs = (
        package.labeling.LFAnalysis(L, RULES if named else None).lf_summary(**given) for package in (OURS, THEIRS)
    )
    pd.testing.assert_frame_equal(ours, theirs, check_exact=False, rtol=1e-12)


def test_the_number_of_rules_is_checked():
    with pytest.raises(ValueError, match=r"Number of LFs \(4\) and number of LF matrix columns \(2\) are different"):
        OURS.labeling.LFAnalysis(np.zeros((3, 2)), RULES)


def test_gold_has_to_be_whole_numbers():
    with pytest.raises(ValueError, match="non-integer"):
        OURS.labeling.LFAnalysis(MATRICES["one row"]).lf_empirical_accuracies(np.array([0.5]))


L_OF_FOUR = np.array([[1], [1], [1], [-1]])
GOLD_OF_TWO = np.array([1, 0, -1, -1])


@pytest.mark.heavy
def test_snorkel_counts_votes_on_unknown_gold_as_wrong():
    pytest.importorskip("snorkel")
    assert THEIRS.labeling.LFAnalysis(L_OF_FOUR).lf_empirical_accuracies(GOLD_OF_TWO) == pytest.approx(1 / 3)


def test_votes_on_unknown_gold_are_left_out():
    summary = OURS.labeling.LFAnalysis(L_OF_FOUR).lf_summary(GOLD_OF_TWO)
    assert summary[["Correct", "Incorrect", "Emp. Acc."]].loc[0].tolist() == [1, 1, 0.5]

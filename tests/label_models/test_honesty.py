"""What LabelModel states about itself, in simulations with known truth: the cheap ones of the honesty benchmark."""

import numpy as np
import pytest
from scipy import stats

from labelkit.label_models.default._verdict import PairedCredits
from tests.benchmarks.honesty.models import one_run
from tests.benchmarks.honesty.scenarios import SCENARIOS

RUNS = 12


@pytest.fixture(scope="module")
def runs():
    return {name: [one_run(make, 600, 150, (7, r)) for r in range(RUNS)] for name, make in SCENARIOS.items()}


def test_a_verdict_that_commits_itself_is_right(runs):
    commits = [(run.use, run.gain) for of in runs.values() for run in of if run.use is not None]
    assert len(commits) > 2 * RUNS  # two strong, near copies, adversary
    wrong = sum(use is not (gain > 0) for use, gain in commits)
    assert wrong <= 0.05 * len(commits)


def test_precisions_lie_in_their_intervals(runs):
    truth, _, low, high = np.concatenate([run.precision for of in runs.values() for run in of], axis=1)
    assert 0.92 <= ((low <= truth) & (truth <= high)).mean() <= 0.985


def test_accuracy_on_gold_that_taught_the_model_is_no_flattery(runs):
    stated = np.array([(run.stated_accuracy, run.accuracy) for of in runs.values() for run in of], dtype=object)
    bias = np.mean([accuracy[0] - true for accuracy, true in stated])
    assert abs(bias) < 0.02


def test_without_gold_nothing_is_claimed():
    for make in SCENARIOS.values():
        run = one_run(make, 300, 0, (1,))
        assert run.use is None
        assert run.precision[2].tolist() == [0.0] * run.precision.shape[1]
        assert run.precision[3].tolist() == [1.0] * run.precision.shape[1]


@pytest.mark.parametrize(("n", "better"), [(40, 0.1), (100, 0.04), (200, 0.02), (400, 0.01)])
def test_gains_of_which_few_examples_decide_lie_in_their_intervals(n, better):
    """Exactly, over all counts of examples on which the model alone is right: 91% by Agresti and Min."""
    held = 0.0
    for k in range(n + 1):
        right = np.ones(n)
        _, low, high = PairedCredits(right, np.where(np.arange(n) < k, 0.0, right), np.ones(n)).gain(0.95)
        held += stats.binom.pmf(k, n, better) * (low <= better <= high)
    assert held >= 0.95

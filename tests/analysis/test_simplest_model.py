"""The simplest model that none beats: how often equal ones are passed over, and how often worse ones are not."""

import numpy as np
import pytest

from labelkit.analysis.simplest_model import simplest_unbeaten

REPETITIONS = 250


def credits_of(accuracies, n, in_common, rng):
    """Whether models are right; their errors go together on a part of the examples."""
    shared = rng.random((n, len(accuracies))) < in_common
    draws = np.where(shared, rng.random((n, 1)), rng.random((n, len(accuracies))))
    return (draws < np.array(accuracies)).astype(float)


def chosen(accuracies, n, in_common, seed):
    rng = np.random.default_rng(seed)
    return [simplest_unbeaten(credits_of(accuracies, n, in_common, rng), np.arange(n), rng) for _ in range(REPETITIONS)]


@pytest.mark.parametrize(
    ("n", "accuracy", "in_common"), [(30, 0.6, 0.0), (100, 0.8, 0.0), (300, 0.8, 0.8), (1_000, 0.95, 0.5)]
)
def test_of_equal_models_the_first_is_passed_over_in_at_most_5_percent(n, accuracy, in_common):
    passed = sum(place > 0 for place in chosen([accuracy] * 5, n, in_common, seed=1))
    assert passed <= 22  # 250 draws of 5% are above in 0.3% of repetitions; a bootstrap against the best: 25 to 43


def test_models_that_are_worse_do_not_hide_one_that_is_equal():
    passed = sum(place > 2 for place in chosen([0.6, 0.6, 0.8, 0.7, 0.8], 300, 0.6, seed=2))
    assert passed <= 22


def test_a_model_that_is_better_is_chosen_wherever_it_stands():
    assert np.mean(np.array(chosen([0.72, 0.8, 0.8, 0.8, 0.8], 300, 0.9, seed=3)) == 1) > 0.8
    assert np.mean(np.array(chosen([0.72, 0.72, 0.72, 0.72, 0.8], 300, 0.9, seed=4)) == 4) > 0.8


def test_copies_of_an_example_are_one_piece_of_evidence():
    better = np.array([[0.0, 1.0]] * 20 + [[1.0, 1.0]] * 20)
    rng = np.random.default_rng(0)
    assert simplest_unbeaten(better, np.arange(40), rng) == 1
    assert simplest_unbeaten(better, np.repeat([0, 1], 20), rng) == 0


def test_models_that_are_right_alike_or_one_alone_need_no_test():
    rng = np.random.default_rng(0)
    assert simplest_unbeaten(np.ones((10, 3)), np.arange(10), rng) == 0
    assert simplest_unbeaten(np.ones((10, 1)), np.arange(10), rng) == 0

"""Statements about rules are true as often as they claim to be: simulations with known truth, in their cheap versions."""

import numpy as np

from tests.benchmarks.honesty import intervals


def test_intervals_of_shares_and_of_f1_hold_the_truth_as_often_as_they_say():
    rows = intervals.rows(200, 0)
    coverage = np.array([row["coverage"] for row in rows])
    assert coverage.min() > 0.92
    for kind in ("share of", "all votes", "F1 of", "macro F1"):
        mean = np.mean([row["coverage"] for row in rows if row["scenario"].startswith(kind)])
        assert 0.93 < mean < 0.97, kind
    wilson = {row["n"]: row["width"] for row in rows if row["scenario"].startswith("share of")}
    assert wilson[10] > 0.3
    assert wilson[5_000] < 0.02

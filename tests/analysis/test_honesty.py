"""Statements about rules are true as often as they claim to be: simulations with known truth, in their cheap versions."""

import numpy as np

from tests.benchmarks.honesty import findings, intervals, suggestions


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


def test_findings_by_gold_are_true_and_report_a_rule_that_is_behind_its_peers():
    rng = np.random.default_rng(0)
    fine = [findings.findings_row("10 rules at 90%", n, n, 25, rng) for n in (100, 1_000)]
    many = findings.findings_row("74 rules at 80%", 500, 500, 15, rng)
    assert max(row["wrong"] for row in [*fine, many]) <= 0.05
    behind = findings.findings_row("one at 78% beside 9 at 95%", 2_000, 2_000, 15, rng)
    assert (behind["right"] >= 0.9, behind["wrong"]) == (True, 0)


def test_the_precision_of_a_suggestion_holds_and_words_without_lift_are_not_proposed():
    rng = np.random.default_rng(0)
    precision, agreement, proposed = suggestions.suggestion_rows(2_000, 400, None, 30, rng)
    assert precision["coverage"] > 0.88  # of about 45 intervals
    assert abs(precision["bias"]) < 0.03
    assert agreement["bias"] > 0.03  # so it is not called a precision
    between = suggestions.suggestion_rows(2_000, 400, (0, 1), 10, rng)[2]
    assert (proposed["right"], proposed["wrong"]) == (between["right"], between["wrong"]) == (1, 0)

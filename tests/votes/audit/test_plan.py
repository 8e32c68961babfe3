"""A plan says how many rows an audit takes."""

import pytest
from scipy import stats

import labelkit as lk
from labelkit.exceptions import AnalysisError
from labelkit.votes.audit._sequences import delta_shares
from labelkit.votes.audit.plan import rows_needed


@pytest.mark.parametrize("max_error", [0.001, 0.03, 0.2, 0.6])
@pytest.mark.parametrize("n_wrong", [0, 1, 7, 120])
def test_the_rows_are_the_fewest_that_prove_the_level(max_error, n_wrong):
    n = rows_needed(n_wrong, max_error, 0.95)
    chance, part = zip(
        *(
            (stats.binom.cdf(n_wrong, k, max_error), delta_shares(k, max_error, 0.05)[0])
            for k in range(max(n - 300, 1), n + 1)
        ),
        strict=True,
    )
    assert chance[-1] <= part[-1] <= 0.05
    assert all(c > p for c, p in zip(chance[:-1], part[:-1], strict=True))


def test_without_wrong_labels_it_is_the_rule_of_three():
    plan = lk.audit_plan(0.03)
    assert (plan.n, plan.allowed, plan.power) == (99, 0, 1.0)
    assert lk.audit_plan(0.01, 0.99).n == 459


@pytest.mark.parametrize(("expected", "power"), [(0.01, 0.8), (0.02, 0.8), (0.015, 0.95), (0.027, 0.5)])
def test_an_audit_of_that_size_succeeds_as_often_as_planned(expected, power):
    plan = lk.audit_plan(0.03, expected_error=expected, power=power)
    chance = stats.binom.cdf(plan.allowed, plan.n, expected)
    assert chance == pytest.approx(plan.power)
    assert chance >= power
    fewer = rows_needed(plan.allowed - 1, 0.03, 0.95)
    assert stats.binom.cdf(plan.allowed - 1, fewer, expected) < power
    assert f"{plan.n:,}" in str(plan)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_error": 0}, "max_error=0 is not between 0 and 1"),
        ({"max_error": 3}, r"(?s)max_error=3 is not between.*a share: max_error=0.03"),
        ({"confidence": 1.0}, "confidence=1.0"),
        ({"max_error": float("nan")}, "nan"),
        ({"expected_error": 0.03}, "expected_error=0.03"),
        ({"expected_error": 0.02999999}, r"(?s)takes more than 10,000,000 rows.*raise max_error"),
        ({"power": 1}, "power=1"),
    ],
)
def test_what_is_no_level_is_refused(options, message):
    with pytest.raises(AnalysisError, match=message):
        lk.audit_plan(**options)

"""What a team expects of its rules is held against a sample, and no sample breaks a gate by chance."""

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy import stats

import labelkit as lk
from labelkit._shared.distributions import exact_interval
from labelkit.checks.gates import CONFIDENCE, judge
from labelkit.exceptions import RuleError
from labelkit.rules.gate import Gate


def rule(name="says", word="win", label=1):
    return lk.keywords(word, label=label).rule(name=name)


def judged(votes, gold=None, **expected):
    """One judgement of a rule whose votes are given, beside a second rule."""
    votes = np.asarray(votes)
    matrix = lk.LabelMatrix.of(votes, names=["says", "other"], classes=["HAM", "SPAM"])
    (found,) = judge([lk.expect(**expected)(rule())], matrix, gold)
    return found


@pytest.mark.parametrize(
    ("given_", "gate"),
    [
        ({"coverage": 0.01}, Gate("coverage", 0.01, 1.0)),
        ({"coverage": (0.01, 0.2)}, Gate("coverage", 0.01, 0.2)),
        ({"coverage": (None, 0.2)}, Gate("coverage", 0.0, 0.2)),
        ({"precision": 0.8}, Gate("precision", 0.8, 1.0)),
        ({"precision": 1}, Gate("precision", 1.0, 1.0)),
        ({"conflicts": 0.05}, Gate("conflicts", 0.0, 0.05)),
        ({"conflicts": (0.01, None)}, Gate("conflicts", 0.01, 1.0)),
        ({"overlaps": 0.5}, Gate("overlaps", 0.0, 0.5)),
    ],
)
def test_a_number_is_the_least_coverage_and_precision_and_the_most_conflicts_and_overlaps_and_a_pair_is_a_range(
    given_, gate
):
    assert lk.expect(**given_)(rule()).gates == (gate,)


@pytest.mark.parametrize(
    ("given_", "message"),
    [
        ({}, "expects nothing"),
        ({"coverage": 5}, "coverage=5 is no share"),
        ({"coverage": True}, "coverage=True is no share"),
        ({"coverage": "10%"}, "coverage='10%' is no share"),
        ({"precision": (0.1, 0.2, 0.3)}, "precision=(0.1, 0.2, 0.3) is no share"),
        ({"precision": (None, None)}, "precision=(None, None) is no share"),
        ({"precision": float("nan")}, "precision=nan is no share"),
        ({"conflicts": (0.3, 0.1)}, "conflicts=(0.3, 0.1) is a range without anything in it"),
    ],
)
def test_what_is_no_expectation_is_refused(given_, message):
    with pytest.raises(RuleError) as error:
        lk.expect(**given_)
    assert message in str(error.value)


def test_an_unknown_statistic_is_refused():
    with pytest.raises(TypeError, match="recal"):
        lk.expect(recal=0.5)


def test_expect_stands_above_the_decorator():
    with pytest.raises(RuleError, match="takes a rule, not <function") as error:

        @lk.keywords("win", label=1)
        @lk.expect(coverage=0.1)
        def wins(text: str) -> None:
            """Wins."""

    assert "above the decorator" in error.value.hint
    with pytest.raises(RuleError, match="takes a rule, not Condition"):
        lk.expect(coverage=0.1)(lk.keywords("win", label=1))


def test_several_decorators_add_up_and_do_not_contradict_one_another():
    both = lk.expect(precision=0.8)(lk.expect(coverage=0.1)(rule()))
    assert [gate.statistic for gate in both.gates] == ["precision", "coverage"]
    with pytest.raises(RuleError, match="two expectations of its coverage"):
        lk.expect(coverage=0.2)(both)


def test_a_gate_changes_neither_the_fingerprint_nor_the_order_nor_the_votes_nor_what_a_matrix_knows():
    @lk.labeling_function
    def short(text: str) -> int:
        """Short."""
        return 0 if len(text) < 5 else -1

    for plain in (rule(), short):
        gated = lk.expect(coverage=(0.1, 0.2), precision=0.9)(plain)
        assert gated.fingerprint == plain.fingerprint
        assert gated.info == plain.info
        assert gated.order == plain.order
        assert gated("win") == plain("win")
        assert gated.examples == plain.examples


def test_a_gated_rule_is_collected_once_in_its_place(tmp_path):
    (tmp_path / "rules.py").write_text(
        "import labelkit as lk\n"
        "@lk.expect(coverage=0.1)\n@lk.keywords('a', label=0)\ndef first(text): 'First.'\n"
        "@lk.keywords('b', label=1)\ndef second(text): 'Second.'\n"
        "third = [lk.expect(precision=0.5)(lk.keywords(w, label=1).rule(name=f'says_{w}')) for w in 'cd']\n"
    )
    lfs = lk.collect(tmp_path / "rules.py", labels=2)
    assert lfs.names == ("first", "second", "says_c", "says_d")
    assert [len(lf.gates) for lf in lfs] == [1, 0, 1, 1]


def test_the_statistics_are_those_of_the_summary():
    votes = [[1, -1]] * 10 + [[1, 1]] * 20 + [[1, 0]] * 30 + [[-1, -1]] * 40
    gold = [1] * 45 + [0] * 15 + [-1] * 40
    assert (judged(votes, coverage=0.5).count, judged(votes, coverage=0.5).n) == (60, 100)
    assert (judged(votes, overlaps=0.5).count, judged(votes, overlaps=0.5).n) == (50, 100)
    assert (judged(votes, conflicts=0.5).count, judged(votes, conflicts=0.5).n) == (30, 100)
    assert (judged(votes, gold, precision=0.5).count, judged(votes, gold, precision=0.5).n) == (45, 60)


def test_a_gate_is_kept_undecided_or_broken():
    votes = [[1, -1]] * 30 + [[-1, -1]] * 70
    assert judged(votes, coverage=0.3).outcome == "kept"
    assert judged(votes, coverage=(0.2, 0.3)).outcome == "kept"
    assert judged(votes, coverage=0.35).outcome == "undecided"  # 18.9 - 43.1%
    assert judged(votes, coverage=0.5).outcome == "broken"
    assert judged(votes, coverage=(None, 0.1)).outcome == "broken"
    assert str(judged(votes, coverage=0.5)) == (
        "expected coverage of at least 50%, found 30.0% (99% interval 18.9% - 43.1%): 30 of 100 rows"
    )


def test_precision_is_unknown_without_gold_and_where_the_rule_did_not_vote():
    votes = [[1, -1]] * 30 + [[-1, -1]] * 70
    assert judged(votes, precision=0.9).outcome == "unknown"
    assert judged(votes, [-1] * 100, precision=0.9).outcome == "unknown"
    assert judged([[-1, 1]] * 9, [1] * 9, precision=0.9).outcome == "unknown"
    assert str(judged(votes, precision=0.9)) == "expected precision of at least 90%, found no votes with gold"


def test_rows_on_which_a_rule_failed_do_not_count():
    faults = tuple(lk.Fault(row, "says", row, "ValueError", "") for row in range(50))
    matrix = lk.LabelMatrix(
        np.array([[-1]] * 50 + [[1]] * 50, dtype=np.int8), (rule().info,), ("HAM", "SPAM"), np.arange(100), faults
    )
    (found,) = judge([lk.expect(coverage=0.9)(rule())], matrix)
    assert (found.count, found.n, found.outcome) == (50, 50, "kept")


def test_a_rule_called_total_is_not_taken_for_the_last_row_of_the_summary():
    matrix = lk.LabelMatrix.of([[1, -1], [-1, 1]], names=["total", "other"], classes=["HAM", "SPAM"])
    (found,) = judge([lk.expect(coverage=0.1)(rule("total"))], matrix)
    assert (found.count, found.n) == (1, 2)


@given(n=st.integers(1, 400), data=st.data(), low=st.floats(0, 1), high=st.floats(0, 1))
def test_a_broken_gate_is_one_that_the_whole_interval_contradicts_and_one_that_is_kept_holds_the_share(
    n, data, low, high
):
    count = data.draw(st.integers(0, n))
    low, high = sorted((low, high))
    found = judged([[1, -1]] * count + [[-1, -1]] * (n - count), coverage=(low, high))
    bounds = exact_interval(count, n, 0.99)
    apart = bounds[1] < low or bounds[0] > high
    inside = low <= count / n <= high
    assert found.outcome == ("kept" if inside else "broken" if apart else "undecided")


@pytest.mark.parametrize("promise", [0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99])
def test_a_rule_that_keeps_its_promise_fails_with_at_most_the_claimed_probability_whatever_the_number_of_votes(promise):
    """Each number of right votes is looked at, of 1 to 200; a promise of at most the rest is its mirror image."""
    for n in range(1, 201):
        counts = np.arange(n + 1)
        low, high = exact_interval(counts, n, CONFIDENCE)
        chances = stats.binom.pmf(counts, n, promise)
        assert chances[high < promise].sum() <= (1 - CONFIDENCE) / 2
        assert stats.binom.pmf(counts, n, 1 - promise)[low > 1 - promise].sum() <= (1 - CONFIDENCE) / 2
        assert chances[(high < promise) | (low > promise)].sum() <= 1 - CONFIDENCE


@pytest.mark.parametrize(("promise", "right", "n"), [(0.9, 0, 1), (0.95, 1, 2), (0.9, 2, 4), (0.8, 0, 2)])
def test_few_votes_with_gold_do_not_break_a_gate(promise, right, n):
    found = judged([[1, -1]] * n, [1] * right + [0] * (n - right), precision=promise)
    assert (found.count, found.n, found.outcome) == (right, n, "undecided")
    assert found.high >= promise


def test_a_promise_of_all_votes_is_broken_by_one():
    assert judged([[1, -1]], [0], precision=1).outcome == "broken"
    assert judged([[1, -1]] * 9, [1] * 8 + [0], precision=1).outcome == "broken"
    assert judged([[1, -1]] * 9, [1] * 9, precision=1).outcome == "kept"


def test_a_gate_that_is_not_kept_is_broken_by_enough_votes():
    """The exact test has power, too: a promise of 90% is broken by 57% of 21, as before."""
    assert judged([[1, -1]] * 21, [1] * 12 + [0] * 9, precision=0.9).outcome == "broken"

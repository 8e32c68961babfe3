"""Drift: alarms are seldom false, planted changes are found, and the figures are those of their definitions."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st
from scipy import stats
from scipy.spatial.distance import jensenshannon

import labelkit as lk
from labelkit.analysis.drift import drift_of
from labelkit.exceptions import AnalysisError

NAMES = [f"rule{j}" for j in range(10)]


def votes(rng, n, m=10, rare=False):
    """Votes that depend on each other by a topic and by the class."""
    y, topic = rng.random(n) < 0.25, rng.random(n) > 0.5
    result = np.full((n, m), -1)
    for j, coverage in enumerate(rng.uniform(0.005 if rare else 0.03, 0.3, m)):
        on = rng.random(n) < coverage * (1 + topic) * 0.67
        result[on, j] = np.where(rng.random(n) < 0.8, y, ~y)[on]
    return result


def matrix(array):
    return lk.LabelMatrix.of(array, classes=["HAM", "SPAM"], names=NAMES[: array.shape[1]])


@pytest.mark.parametrize(
    ("n", "m", "rare", "slices"), [(10_000, 10, False, 0), (1_000, 10, True, 0), (2_000, 5, True, 4)]
)
def test_halves_of_one_corpus_seldom_give_an_alarm(n, m, rare, slices):
    rng = np.random.default_rng(0)
    alarms = 0
    for _ in range(100):
        array, order = votes(rng, n, m, rare), rng.permutation(n)
        halves = order[: n // 2], order[n // 2 :]
        by = None if not slices else tuple(rng.integers(0, slices, n)[half] for half in halves)
        alarms += drift_of(*(matrix(array[half]) for half in halves), by=by, at_least=0.0).drifted
    assert alarms <= 5


def test_of_copies_one_of_each_is_compared_and_seldom_gives_an_alarm():
    """As the page says: whole clusters of copies are on one side, and are not independent."""
    rng = np.random.default_rng(2)
    whole, one_of_each = 0, 0
    for _ in range(60):
        texts, n_copies = votes(rng, 3_000), rng.geometric(0.2, 3_000)
        number = rng.permutation(3_000).reshape(2, -1)
        copies = [np.repeat(side, n_copies[side]) for side in number]
        sides = [matrix(texts[side]) for side in copies]
        first = [np.unique(side, return_index=True)[1] for side in copies]
        whole += drift_of(*sides).drifted
        one_of_each += drift_of(*(side[kept] for side, kept in zip(sides, first, strict=True))).drifted
    assert whole > 30
    assert one_of_each <= 4


@pytest.mark.parametrize("coverage", [0.1, 0.2])
def test_a_rule_that_loses_a_third_of_its_votes_is_found_at_5000_rows(coverage):
    rng = np.random.default_rng(1)
    found = 0
    for _ in range(30):
        array = votes(rng, 10_000)
        array[:, 3] = np.where(rng.random(10_000) < coverage, 1, -1)
        before, after = array[:5_000].copy(), array[5_000:].copy()
        after[rng.random(5_000) < 1 / 3, 3] = -1
        alarms = drift_of(matrix(before), matrix(after)).alarms
        found += "rule3" in set(alarms.loc[alarms["what"] == "coverage", "rule"])
        assert set(alarms.loc[alarms["what"] == "coverage", "rule"]) <= {"rule3", ""}
    assert found >= 28


@pytest.mark.parametrize("least", [0.0, 0.1])
def test_halves_seldom_give_an_alarm_where_most_rules_vote_nearly_everywhere(least):
    rng = np.random.default_rng(4)
    alarms = 0
    for _ in range(100):
        array = votes(rng, 4_000, 6)
        for j, coverage in enumerate((0.9, 0.98, 0.995, 0.999)):
            array[:, j] = np.where(rng.random(4_000) < coverage, rng.random(4_000) < 0.3, -1)
        halves = rng.permutation(4_000).reshape(2, -1)
        alarms += drift_of(*(matrix(array[half]) for half in halves), at_least=least).drifted
    assert alarms <= 5


@pytest.mark.parametrize(("before", "after"), [(0.98, 0.90), (0.98, 0.995), (0.02, 0.10), (0.995, 0.98)])
def test_a_coverage_near_100_percent_counts_by_what_is_left_of_it(before, after):
    sides = [np.where(np.arange(2_500) < 2_500 * share, 1, -1)[:, None] for share in (before, after)]
    found = drift_of(*(matrix(side) for side in sides)).frame.set_index(["rule", "what"]).loc[("rule0", "coverage")]
    rest = sorted((min(before, 1 - before), min(after, 1 - after)))
    assert found["change"] == pytest.approx(1 - rest[0] / rest[1], abs=0.02)
    assert found["alarm"]


def test_conflicts_of_nearly_all_votes_count_by_the_votes_without_one():
    def side(agree):
        return matrix(np.column_stack([np.zeros(5_000, int), np.where(np.arange(5_000) < agree, 0, 1)]))

    alarms = drift_of(side(50), side(250)).alarms  # 99% of the votes are in a conflict, and 95%
    assert {("rule0", "conflicts"), ("rule1", "conflicts"), ("", "conflicts")} <= set(
        zip(alarms["rule"], alarms["what"], strict=True)
    )


def test_a_sure_difference_of_no_consequence_is_no_alarm():
    before = lk.LabelMatrix.of(np.repeat([[0], [-1]], [500_000, 500_000], axis=0), classes=2)
    after = lk.LabelMatrix.of(np.repeat([[0], [-1]], [510_000, 490_000], axis=0), classes=2)
    assert not drift_of(before, after).drifted
    assert drift_of(before, after, at_least=0.01).drifted


@given(st.lists(st.integers(0, 3_000), min_size=2, max_size=4), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_figures_are_those_of_their_definitions(counts, random):
    others = [max(0, n + random.randint(-n, n)) for n in counts]
    if not sum(counts) or not sum(others):
        return
    k = len(counts)
    sides = [
        lk.LabelMatrix.of(np.repeat(np.arange(-1, k - 1), side)[:, None], classes=max(k - 1, 2), names=["rule"])
        for side in (counts, others)
    ]
    row = drift_of(*sides, at_least=0).frame.set_index(["rule", "what"]).loc[("rule", "coverage")]
    old, new = np.array([sum(counts[1:]), counts[0]]), np.array([sum(others[1:]), others[0]])
    assert (row["before"], row["after"]) == pytest.approx((old[0] / old.sum(), new[0] / new.sum()))
    assert row["jensen_shannon"] == pytest.approx(jensenshannon(old, new, base=2) ** 2, abs=1e-12)
    p, q = (old + 0.5) / (old.sum() + 1), (new + 0.5) / (new.sum() + 1)
    assert row["psi"] == pytest.approx(((q - p) * np.log(q / p)).sum())
    if np.array([old, new]).sum(axis=0).all():
        exact = stats.fisher_exact([old, new]).pvalue
        assert row["p"] == pytest.approx(exact, rel=0.5, abs=0.03)


def test_classes_labels_faults_and_slices_are_compared():
    rng = np.random.default_rng(2)
    before, after = votes(rng, 4_000, 5), votes(np.random.default_rng(2), 4_000, 5)
    swapped = (after[:, 1] == 0) & (rng.random(4_000) < 0.7)
    after[swapped, 1] = 1
    model = lk.MajorityVote().fit(matrix(before))
    slices = np.array(["de", "en", None], dtype=object)[rng.integers(0, 3, 4_000)]
    found = drift_of(matrix(before), matrix(after), model=model, by=(slices, slices))
    alarms = found.alarms[found.alarms["slice"].isna()].set_index(["rule", "what"]).index
    assert ("rule1", "votes") in alarms
    assert ("", "labels") in set(zip(found.frame["rule"], found.frame["what"], strict=True))
    assert set(found.frame["slice"].dropna()) == {"de", "en", "(null)"}
    assert "rule1" in str(found)
    assert "<table" in found._repr_html_()


@pytest.mark.parametrize("values", [("de", "en"), (2020, 2021), (True, False)])
def test_a_slice_is_shown_as_the_value_that_it_is(values):
    given = votes(np.random.default_rng(0), 1_000, 2)
    slices = np.resize(np.array(values, dtype=object), 1_000)
    found = drift_of(matrix(given), matrix(np.where(slices[:, None] == values[0], -1, given)), by=(slices, slices))
    assert {repr(one) for one in found.frame["slice"]} == {repr(one) for one in (None, *values)}
    assert "nan" not in str(found)
    assert f" {values[0]} " in str(found)


def test_conflicts_with_a_rule_of_one_side_alone_are_no_drift_of_the_others():
    before, after = np.split(votes(np.random.default_rng(3), 8_000, 3), 2)
    after[:, 2] = np.where(after[:, 0] >= 0, 1 - after[:, 0], after[:, 2])  # against rule0 wherever that votes
    names = ["rule0", "rule1"]
    expected = drift_of(matrix(before)[names], matrix(after)[names]).frame
    expected = expected[expected["rule"] != ""].set_index(["rule", "what"]).drop(columns=["p_corrected", "alarm"])
    assert set(expected.index) == {(name, what) for name in names for what in ("coverage", "conflicts", "votes")}
    found = drift_of(matrix(before)[names], matrix(after))
    assert not found.drifted
    assert found.notes == ("not compared, since only one side has them: rule2",)
    pd.testing.assert_frame_equal(found.frame.set_index(["rule", "what"])[expected.columns], expected)
    assert not drift_of(matrix(after), matrix(before)[names]).drifted


def test_what_cannot_be_compared_is_named():
    one, other = matrix(votes(np.random.default_rng(0), 100, 3)), matrix(votes(np.random.default_rng(1), 100, 2))
    assert drift_of(one, other).notes == ("not compared, since only one side has them: rule2",)
    with pytest.raises(AnalysisError, match="no rule is in both"):
        drift_of(one[["rule0"]], one[["rule1"]])
    for by in (pd.Series(["de", "en"]), "de", ["de"] * 100, ("de", "en")):
        with pytest.raises(
            AnalysisError, match=r"not two columns of values \[LK\d{3}\]\nHint: by=\(values before, values after\)"
        ):
            drift_of(one, one, by=by)
    with pytest.raises(AnalysisError, match="there are no examples after"):
        drift_of(one, one[:0])
    with pytest.raises(AnalysisError, match="must be in"):
        drift_of(one, one, alpha=0)
    with pytest.raises(AnalysisError, match="the classes were"):
        drift_of(one, lk.LabelMatrix.of([[0, 1]], names=["rule0", "rule1"], classes=["A", "B"]))


def test_the_plot_shows_alarms_in_bold():
    from matplotlib.figure import Figure

    before = matrix(np.repeat([[0], [-1]], [500, 500], axis=0))
    after = matrix(np.repeat([[0], [-1]], [200, 800], axis=0))
    ax = lk.plot_drift(lk.drift(before, after), ax=Figure().add_subplot())
    assert [text.get_fontweight() for text in ax.get_yticklabels()] == ["bold", "bold"]


RULES = """
import labelkit as lk
win = lk.keywords("win", label=1).rule(name="win")
hi = lk.keywords("hi", label=0).rule(name="hi")
"""


def test_runs_are_compared_on_the_command_line(tmp_path, capsys):
    from labelkit.cli import main

    def status(*arguments):
        with pytest.raises(SystemExit) as stopped:
            main(["drift", *map(str, arguments)])
        return stopped.value.code

    (tmp_path / "rules.py").write_text(RULES)
    rng = np.random.default_rng(0)
    for name, share in (("old", 0.3), ("same", 0.3), ("new", 0.1)):
        texts = np.where(rng.random(3_000) < share, "win a prize", np.where(rng.random(3_000) < 0.5, "hi you", "other"))
        frame = pd.DataFrame({"text": texts, "lang": rng.choice(["de", "en"], 3_000)})
        frame.to_parquet(tmp_path / f"{name}.parquet")
        lk.run(tmp_path / "rules.py", tmp_path / f"{name}.parquet", tmp_path / f"{name}_run", labels=["HAM", "SPAM"])
    assert status(tmp_path / "old_run", tmp_path / "same_run", "--by", "lang") == 0
    assert "0 alarms" in capsys.readouterr().out
    assert status(tmp_path / "old_run", tmp_path / "new_run", "--by", "lang") == 3
    shown = capsys.readouterr().out
    assert "win" in shown
    assert "labels" in shown
    assert status(tmp_path / "old_run", tmp_path / "nowhere") == 1
    assert status(tmp_path / "old_run", tmp_path / "new_run", "--by", "nothing") == 1
    assert "nothing" in capsys.readouterr().err

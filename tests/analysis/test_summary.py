"""Statistics of labeling functions: against definitions written out slowly, and on the edges."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st
from scipy import sparse

from labelkit.analysis.counts import tallied
from labelkit.analysis.pairwise import pairwise_conflicts, pairwise_overlaps
from labelkit.analysis.summary import Summary, _stated_bounds, summarize
from labelkit.exceptions import GoldError, ModelError
from labelkit.label_models import LabelModel, MajorityVote
from labelkit.votes.gold import count_gold
from labelkit.votes.label_matrix import LabelMatrix
from labelkit.votes.lf_info import LFInfo
from labelkit.votes.outcomes import FAULT, Fault
from labelkit.votes.vote_patterns import VotePatterns


@st.composite
def outcomes(draw):
    """A matrix of classes, abstains and faults, and gold that is partly known."""
    n, m, k = draw(st.integers(1, 12)), draw(st.integers(1, 5)), draw(st.integers(2, 20))
    rng = np.random.default_rng(draw(st.integers(0, 100_000)))
    cells = rng.integers(-4, k, size=(n, m))
    cells = np.where(cells == -4, FAULT, np.maximum(cells, -1))
    gold = rng.integers(-1, k, size=n)
    return cells, gold, k


def matrix_of(cells, k):
    names = [f"rule{j}" for j in range(cells.shape[1])]
    faults = [
        Fault(row=int(i), lf=names[j], id=int(i), error="ValueError", message="")
        for i, j in np.argwhere(cells == FAULT)
    ]
    whole = LabelMatrix.of(np.maximum(cells, -1), names=names, classes=k)
    return LabelMatrix(whole.votes, whole.lfs, whole.class_names, whole.ids, tuple(faults))


@given(outcomes())
@settings(max_examples=50, deadline=None)
def test_statistics_are_the_definitions_written_out(case):
    cells, gold, k = case
    n, m = cells.shape
    frame = summarize(matrix_of(cells, k), gold=gold).frame
    for j in range(m):
        ran = [i for i in range(n) if cells[i, j] != FAULT]
        voted = [i for i in ran if cells[i, j] >= 0]
        others = {i: [cells[i, o] for o in range(m) if o != j and cells[i, o] >= 0] for i in voted}
        overlap = sum(bool(others[i]) for i in voted)
        conflict = sum(any(vote != cells[i, j] for vote in others[i]) for i in voted)
        row = frame.iloc[j]
        if ran:
            assert row["coverage"] == pytest.approx(len(voted) / len(ran))
            assert row["overlaps"] == pytest.approx(overlap / len(ran))
            assert row["conflicts"] == pytest.approx(conflict / len(ran))
        else:
            assert np.isnan(row["coverage"])
        assert (row["votes"], row["faults"]) == (len(voted), n - len(ran))
        known = [i for i in voted if gold[i] >= 0]
        right = sum(cells[i, j] == gold[i] for i in known)
        assert (row["gold"], row["correct"], row["incorrect"]) == (len(known), right, len(known) - right)
        assert row["precision"] == pytest.approx(right / len(known) if known else np.nan, nan_ok=True)
        own = {cells[i, j] for i in voted}
        reachable = sum(gold[i] in own for i in ran)
        assert row["recall"] == pytest.approx(right / reachable if reachable else np.nan, nan_ok=True)


@given(outcomes())
@settings(max_examples=50, deadline=None)
def test_pairs_are_the_definitions_written_out(case):
    cells, _, k = case
    matrix = matrix_of(cells, k)
    overlaps, conflicts = pairwise_overlaps(matrix), pairwise_conflicts(matrix)
    for a in range(cells.shape[1]):
        for b in range(cells.shape[1]):
            ran = (cells[:, a] != FAULT) & (cells[:, b] != FAULT)
            both = (cells[:, a] >= 0) & (cells[:, b] >= 0)
            differ = both & (cells[:, a] != cells[:, b])
            whole = ran.sum() or np.nan
            assert overlaps.iloc[a, b] == pytest.approx(both.sum() / whole, nan_ok=True)
            assert conflicts.iloc[a, b] == pytest.approx(differ.sum() / whole, nan_ok=True)


@given(outcomes())
@settings(max_examples=50, deadline=None)
def test_patterns_alone_give_the_same_summary(case):
    cells, gold, k = case
    matrix = matrix_of(cells, k)
    patterns = matrix.patterns
    counts = count_gold(matrix.pattern_index, gold, len(patterns), k)
    known = VotePatterns(patterns.outcomes, patterns.counts, patterns.lfs, patterns.class_names, counts)
    pd.testing.assert_frame_equal(summarize(known).frame, summarize(matrix, gold=gold).frame)


@given(outcomes(), st.randoms(use_true_random=False))
@settings(max_examples=50, deadline=None)
def test_the_order_of_rows_and_of_labeling_functions_does_not_matter(case, random):
    cells, _, k = case
    n, m = cells.shape
    rows, columns = random.sample(range(n), n), random.sample(range(m), m)
    there = summarize(matrix_of(cells, k)).frame
    shuffled = matrix_of(cells[rows], k)[[f"rule{j}" for j in columns]]
    pd.testing.assert_frame_equal(summarize(shuffled).frame.loc[there.index], there)


def test_the_total_is_of_examples_not_of_votes():
    cells = np.array([[0, 0, -1], [0, 1, -1], [-1, -1, -1], [FAULT, -1, FAULT]])
    total = summarize(matrix_of(cells, 2)).frame.loc["total"]
    assert (total["coverage"], total["overlaps"], total["conflicts"]) == (0.5, 0.5, 0.25)
    assert (total["votes"], total["faults"]) == (4, 1)


def test_unknown_gold_is_not_wrong():
    votes = LabelMatrix.of([[1], [1], [1]])
    row = summarize(votes, gold=[1, None, float("nan")]).frame.iloc[0]
    assert (row["precision"], row["gold"], row["incorrect"]) == (1.0, 1, 0)


def test_a_labeling_function_that_never_voted_has_no_precision():
    frame = summarize(LabelMatrix.of([[1, -1], [0, -1]]), gold=[1, 0], model=None).frame
    assert np.isnan(frame.loc["lf1", ["precision", "precision_low", "recall"]].astype(float)).all()
    assert frame.loc["lf1", "coverage"] == 0
    assert frame.loc["lf1", "polarity"] == ""


def test_declared_classes_belong_to_the_polarity():
    whole = LabelMatrix.of([[1], [1]], classes=["HAM", "SPAM"])
    matrix = LabelMatrix(whole.votes, (LFInfo("rule", labels=(0, 1)),), whole.class_names, whole.ids)
    assert summarize(matrix).frame.loc["rule", "polarity"] == "HAM, SPAM"


def test_a_model_adds_its_estimate_of_precision():
    votes = LabelMatrix.of([[0, 0, 1], [0, 0, -1]])
    frame = summarize(votes, model=MajorityVote().fit(votes)).frame
    assert frame["model_precision"].to_numpy() == pytest.approx([5 / 6, 5 / 6, 1 / 3, (2 * 5 / 6 * 2 + 1 / 3) / 5])


def test_something_that_is_no_model_is_refused():
    with pytest.raises(ModelError, match="'majority' is no label model"):
        summarize(LabelMatrix.of([[0]]), model="majority")


@pytest.mark.parametrize(
    "make", [np.asarray, lambda v: sparse.csr_array(np.asarray(v) + 1), pd.DataFrame, np.ndarray.tolist]
)
def test_bare_votes_in_any_form_are_summarized(make):
    votes = np.array([[0, -1, 2], [1, 1, -1]])
    frame = summarize(make(votes)).frame
    assert frame["votes"].tolist() == [2, 1, 1, 4]
    assert frame["polarity"].iloc[0] == "0, 1"


def test_gold_beside_patterns_is_refused():
    with pytest.raises(GoldError, match="know no examples"):
        summarize(LabelMatrix.of([[0]]).patterns, gold=[0])


def test_gold_out_of_range_is_refused():
    with pytest.raises(GoldError, match="class 7"):
        summarize(LabelMatrix.of([[0]]), gold=[7])


def test_no_rows_at_all_give_undefined_shares():
    frame = summarize(LabelMatrix.of(np.zeros((0, 2), dtype=int)), gold=[]).frame
    assert frame["coverage"].isna().all()
    assert frame["votes"].tolist() == [0, 0, 0]


def test_the_table_shows_percents_and_dashes_within_a_screen():
    votes = LabelMatrix.of([[0, -1], [0, -1]], names=["asks_to_subscribe_to_a_chan", "never"], classes=["HAM", "SPAM"])
    shown = str(summarize(votes, model=MajorityVote().fit(votes), gold=[0, 1]))
    assert "nan" not in shown.lower()
    assert "50.0%" in shown
    assert shown.splitlines()[2].count("–") >= 3
    assert max(map(len, shown.splitlines())) <= 140
    assert "<table" in summarize(votes)._repr_html_()


def test_names_are_escaped_in_html():
    assert "<b>" not in summarize(LabelMatrix.of([[0]], names=["<b>"]))._repr_html_()


def test_a_summary_comes_back_from_csv(tmp_path):
    summary = summarize(LabelMatrix.of([[0, -1], [1, -1]], names=["NA", "1"]), gold=[0, 0])
    summary.frame.to_csv(tmp_path / "summary.csv")
    back = Summary.read_csv(tmp_path / "summary.csv")
    pd.testing.assert_frame_equal(back.frame, summary.frame)
    assert str(back) == str(summary)


@pytest.mark.parametrize("suffix", ["", ".gz", ".bz2", ".zip", ".xz"])
def test_the_file_is_that_of_pandas(suffix, tmp_path):
    names = ['a "quoted" one', "two, of them", "a line\nbreak", "日本", "NaN", "1e5", " spaces "]
    votes = np.random.default_rng(0).integers(-1, 2, (30, len(names)))
    votes[:, 3] = -1
    matrix = LabelMatrix.of(votes, names=names, classes=["None", "x,y"])
    summary = summarize(matrix, MajorityVote().fit(matrix), gold=votes[:, 0])
    place = tmp_path / f"summary.csv{suffix}"
    summary.to_csv(place)
    summary.frame.to_csv(tmp_path / f"pandas.csv{suffix}")
    cells, expected = (pd.read_csv(path, dtype=str) for path in (place, tmp_path / f"pandas.csv{suffix}"))
    pd.testing.assert_frame_equal(cells, expected)
    if not suffix:
        assert place.read_bytes() == (tmp_path / "pandas.csv").read_bytes()
    back = Summary.read_csv(place)
    pd.testing.assert_frame_equal(back.frame, summary.frame, check_exact=True)
    assert back.to_dict() == summary.to_dict()
    assert str(back) == str(summary)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "lf,polarity,votes\n",
        "rule,polarity,votes\na,HAM,1\n",
        "lf,polarity,votes\na,HAM\n",
        "lf,polarity,votes\na,HAM,many\n",
        'lf,polarity,votes\n"a,HAM,1\n',
        "lf,polarity,votes\na,HAM,1,2\n",
    ],
)
def test_a_file_that_is_no_summary_is_refused(content, tmp_path):
    (tmp_path / "summary.csv").write_text(content)
    with pytest.raises(ValueError, match=r"summary|CSV|zip|float|argument"):
        Summary.read_csv(tmp_path / "summary.csv")


def test_a_thousand_labeling_functions_and_classes_are_summarized_in_bounded_memory():
    rng = np.random.default_rng(0)
    votes = np.full((2_000, 1_000), -1, dtype=np.int16)
    for j in range(1_000):
        votes[rng.integers(0, 2_000, 20), j] = rng.integers(0, 1_400)
    matrix = LabelMatrix.of(votes, classes=1_400)
    assert summarize(matrix).frame["votes"].iloc[-1] == (votes >= 0).sum()
    assert np.isfinite(pairwise_conflicts(matrix).to_numpy()).all()


# Intervals ------------------------------------------------------------------------------------------------------------


SHARES = ("coverage", "overlaps", "conflicts", "precision", "recall", "model_precision")


@given(outcomes())
@settings(max_examples=30, deadline=None)
def test_every_share_lies_within_its_bounds_and_is_undefined_with_them(case):
    cells, gold, k = case
    frame = summarize(matrix_of(cells, k), gold=gold, model=MajorityVote().fit(matrix_of(cells, k))).frame
    for name in SHARES[:-1]:
        share, low, high = (frame[f"{name}{end}"].to_numpy() for end in ("", "_low", "_high"))
        assert np.array_equal(np.isnan(share), np.isnan(low))
        assert np.array_equal(np.isnan(share), np.isnan(high))
        there = ~np.isnan(share)
        assert (low[there] - 1e-12 <= share[there]).all()
        assert (share[there] <= high[there] + 1e-12).all()


def test_a_model_that_states_no_bounds_gets_none_and_label_model_gets_its_own():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 2_000)
    votes = np.where(rng.random((2_000, 4)) < 0.85, truth[:, None], 1 - truth[:, None])
    matrix = LabelMatrix.of(np.where(rng.random((2_000, 4)) < 0.6, votes, -1))
    bare = summarize(matrix, model=MajorityVote().fit(matrix)).frame
    assert bare["model_precision_low"].isna().all()
    assert bare["model_precision"].notna().all()
    stated = summarize(matrix, model=LabelModel().fit(matrix)).frame
    assert (stated["model_precision_low"] < stated["model_precision"]).all()
    assert (stated["model_precision"] < stated["model_precision_high"]).all()
    other = LabelMatrix.of(matrix.votes[:, :1], names=["unseen"])  # the model knows no such rule
    low, high = _stated_bounds(LabelModel().fit(matrix), other.patterns, tallied(other.patterns))
    assert (low.tolist(), high.tolist()) == ([0, 0], [1, 1])


def test_an_estimate_that_nothing_bounds_is_called_an_opinion_instead_of_shown_with_0_to_100_percent():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 2_000)
    votes = np.where(rng.random((2_000, 4)) < 0.85, truth[:, None], 1 - truth[:, None])
    gold = np.where(np.arange(2_000) < 200, truth, -1)
    for model in (MajorityVote().fit(votes), LabelModel().fit(votes)):
        shown = str(summarize(votes, model=model))
        assert "0 - 100%" not in shown
        assert shown.endswith("without an interval, only gold can tell.")
    assert "opinion" not in str(summarize(votes, gold=gold))
    taught = summarize(votes, model=LabelModel().fit(votes, gold=gold))
    assert "opinion" not in str(taught)
    assert (taught.frame["model_precision_high"] - taught.frame["model_precision_low"] < 0.3).all()


def test_the_interval_of_all_votes_allows_for_votes_that_share_examples():
    truth, votes = np.zeros(400, int), np.zeros((400, 8), int)
    votes[:40] = 1  # eight copies of one rule are right or wrong together
    frame = summarize(votes, gold=truth, n_classes=2).frame
    one, total = frame.iloc[0], frame.iloc[-1]
    assert total["gold"] == 8 * one["gold"]
    assert total["precision_low"] == pytest.approx(one["precision_low"], abs=0.002)
    assert total["precision_high"] == pytest.approx(one["precision_high"], abs=0.002)


def test_wide_intervals_stand_below_the_table_and_narrow_ones_do_not():
    small, large = (LabelMatrix.of([[0, -1], [1, 1]] * n, names=["a", "b"]) for n in (5, 5_000))
    assert "95% intervals wider than 10 points" in str(summarize(small))
    assert "24 - 76%" in str(summarize(small))
    assert "intervals" not in str(summarize(large))


def test_a_table_of_an_earlier_version_is_read_without_bounds(tmp_path):
    frame = summarize([[0, 1], [1, 1]], gold=[0, 1]).frame
    kept = [name for name in frame if not name.endswith(("_low", "_high")) or name.startswith("precision")]
    frame[kept].to_csv(tmp_path / "summary.csv")
    old = Summary.read_csv(tmp_path / "summary.csv")
    assert old.frame["coverage_low"].isna().all()
    assert "intervals" not in str(old)


NAMES = ["=1+1", "'=1+1", "@SUM(A1)", "-2", "-2+3", "+x", "'plain'", "a=b", "''-3"]


def test_no_cell_of_the_file_is_a_formula_and_names_come_back(tmp_path):
    matrix = LabelMatrix.of(np.zeros((3, len(NAMES)), dtype=int), names=NAMES, classes=["=cmd|' /C calc'!A0", "b"])
    summary = summarize(matrix)
    summary.to_csv(tmp_path / "summary.csv")
    cells = pd.read_csv(tmp_path / "summary.csv", dtype=str, keep_default_na=False, header=None)
    texts = [*cells[0][1:], *cells[1][1:]]
    assert [text for text in texts if text.startswith(("=", "+", "-", "@"))] == ["-2"]  # a number, and no formula
    again = Summary.read_csv(tmp_path / "summary.csv").frame
    assert again.index.tolist() == [*NAMES, "total"]
    assert again["polarity"].tolist() == summary.frame["polarity"].tolist()

"""Plots: they draw what the statistics say, on the given axes, and touch nothing else."""

import sys

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

mpl.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

import labelkit as lk
from labelkit.exceptions import AnalysisError, MissingExtraError
from labelkit.views.plots import (
    plot_coverage,
    plot_coverage_over_time,
    plot_curves,
    plot_label_distribution,
    plot_pairwise,
    plot_reliability,
)
from labelkit.votes.label_matrix import LabelMatrix
from labelkit.votes.metrics import top_label_reliability

RNG = np.random.default_rng(0)
GOLD = RNG.integers(0, 2, size=400)
VOTES = LabelMatrix.of(
    np.where(RNG.random((400, 5)) < 0.33, GOLD[:, None] ^ (RNG.random((400, 5)) < 0.3), -1),
    names=["a", "b", "c", "d", "e"],
    classes=["HAM", "SPAM"],
)
DATES = pd.date_range("2024-01-01", periods=400, freq="D")
MODEL = lk.MajorityVote().fit(VOTES)
SCORES = np.random.default_rng(7).beta(2 + GOLD, 3 - GOLD)

PLOTS = {
    "coverage": lambda ax: plot_coverage(VOTES, ax=ax),
    "pairwise": lambda ax: plot_pairwise(VOTES, ax=ax),
    "distribution": lambda ax: plot_label_distribution(MODEL.label(VOTES), gold=GOLD, ax=ax),
    "reliability": lambda ax: plot_reliability(MODEL.evaluate(VOTES, GOLD), ax=ax),
    "curve of a class": lambda ax: plot_reliability(lk.reliability(GOLD, SCORES), ax=ax),
    "precision and recall": lambda ax: plot_curves(lk.classification_curves(GOLD, SCORES), ax=ax),
    "roc": lambda ax: plot_curves(lk.classification_curves(GOLD, SCORES), kind="roc", ax=ax),
    "time": lambda ax: plot_coverage_over_time(VOTES, DATES, lfs=["a", "b"], ax=ax),
}


@pytest.fixture(autouse=True)
def no_figure_is_left():
    yield
    plt.close("all")


def bars(ax, label):
    """The lengths of the bars that the legend calls so."""
    container = next(c for c in ax.containers if str(c.get_label()).startswith(label))
    return [patch.get_width() for patch in container.patches]


def saved(ax, path):
    ax.figure.savefig(path)
    assert path.stat().st_size > 2_000


@pytest.mark.parametrize("name", PLOTS)
def test_a_plot_draws_on_the_given_axes_and_changes_no_setting(name, tmp_path):
    before = dict(mpl.rcParams)
    ax = Figure(layout="constrained").add_subplot()
    assert PLOTS[name](ax) is ax
    saved(ax, tmp_path / "plot.png")
    assert dict(mpl.rcParams) == before
    assert not plt.get_fignums()


@pytest.mark.parametrize("name", PLOTS)
def test_a_plot_makes_a_figure_where_none_is_given(name, tmp_path):
    ax = PLOTS[name](None)
    assert len(plt.get_fignums()) == 1
    assert ax.get_xlabel() or ax.get_ylabel() or name == "pairwise"
    saved(ax, tmp_path / "plot.png")


@pytest.mark.parametrize("name", PLOTS)
def test_what_is_no_axes_is_refused(name):
    with pytest.raises(AnalysisError, match="is no axes"):
        PLOTS[name]("here")


def test_bars_are_the_summary():
    frame = lk.summarize(VOTES).frame.drop(index="total")
    ax = plot_coverage(VOTES)
    assert bars(ax, "coverage") == pytest.approx(frame["coverage"])
    assert bars(ax, "of which another votes too") == pytest.approx(frame["overlaps"])
    assert bars(ax, "of which another disagrees") == pytest.approx(frame["conflicts"])
    assert [t.get_text() for t in ax.get_yticklabels()] == list(frame.index)
    again = plot_coverage(lk.summarize(VOTES))
    assert bars(again, "coverage") == bars(ax, "coverage")


@pytest.mark.parametrize("kind", ["conflicts", "overlaps", "disagreement"])
def test_the_heat_map_is_the_pairwise_frame(kind):
    ax = plot_pairwise(VOTES, kind=kind)
    drawn = ax.images[0].get_array()
    both, differ = lk.pairwise_overlaps(VOTES), lk.pairwise_conflicts(VOTES)
    expected = {"conflicts": differ, "overlaps": both, "disagreement": differ / both}[kind].to_numpy()
    off = ~np.eye(5, dtype=bool)
    assert drawn[off].filled(np.nan) == pytest.approx(expected[off])
    assert drawn.mask[np.eye(5, dtype=bool)].all()
    assert len(ax.texts) == 20


def test_an_unknown_kind_is_refused():
    with pytest.raises(AnalysisError, match="kind='odds'"):
        plot_pairwise(VOTES, kind="odds")


def test_the_distribution_is_of_labels_probabilities_and_gold():
    labels = MODEL.label(VOTES)
    ax = plot_label_distribution(labels, gold=GOLD)
    hard = labels.hard()
    assert bars(ax, "hard") == pytest.approx([(hard == c).mean() for c in (0, 1, -1)])
    assert bars(ax, "probability") == pytest.approx(labels.proba.mean(axis=0))
    assert bars(ax, "gold (400 examples)") == pytest.approx([(c == GOLD).mean() for c in (0, 1)])
    assert [t.get_text() for t in ax.get_yticklabels()] == ["HAM", "SPAM", "no label"]


def test_points_of_the_reliability_are_its_bins():
    bins = top_label_reliability([[0.9, 0.1], [0.9, 0.1], [0.3, 0.7]], [0, 1, 1])
    ax = plot_reliability(bins)
    line = next(line for line in ax.lines if len(line.get_xdata()) == 2 and line.get_marker() == "o")
    assert line.get_xdata().tolist() == pytest.approx([0.7, 0.9])
    assert line.get_ydata().tolist() == pytest.approx([1.0, 0.5])


def test_coverage_over_time_leaves_gaps_and_missing_dates_out():
    dates = [*DATES[:100], *[None] * 300]
    ax = plot_coverage_over_time(VOTES, dates, freq="month")
    frame = lk.coverage_over_time(VOTES, dates, freq="month")
    total = frame[(frame["lf"] == "total") & frame["period"].notna()]
    assert ax.lines[0].get_ydata() == pytest.approx(total["coverage"].to_numpy())
    again = plot_coverage_over_time(frame)
    assert again.lines[0].get_ydata() == pytest.approx(ax.lines[0].get_ydata())
    assert "month" in again.get_ylabel()
    with pytest.raises(AnalysisError, match="no dates"):
        plot_coverage_over_time(VOTES)
    with pytest.raises(AnalysisError, match="named 'x'"):
        plot_coverage_over_time(VOTES, DATES, lfs=["x"])


def test_lines_differ_by_more_than_colour():
    names = ["a", "b", "c", "d", "e"]
    lines = plot_coverage_over_time(VOTES, DATES, lfs=names).lines
    assert len({(line.get_linestyle(), line.get_marker()) for line in lines}) == 6


def test_sixty_rules_fit(tmp_path):
    many = LabelMatrix.of(np.maximum(RNG.integers(-9, 3, size=(200, 60)), -1))
    for ax in (plot_coverage(many), plot_pairwise(many)):
        saved(ax, tmp_path / "plot.png")
        assert len(ax.get_yticklabels()) == 60


@pytest.mark.parametrize("votes", [np.full((5, 2), -1), np.zeros((0, 2), int), [[0]]])
def test_nothing_covered_no_examples_and_one_rule_can_be_drawn(votes, tmp_path):
    matrix = LabelMatrix.of(votes)
    dates = [None] * len(matrix)
    made = [plot_coverage(matrix), plot_pairwise(matrix, kind="disagreement"), plot_coverage_over_time(matrix, dates)]
    if len(matrix):
        model = lk.MajorityVote().fit(matrix)
        gold = [0] * len(matrix)
        made += [
            plot_label_distribution(model.label(matrix), gold=gold),
            plot_reliability(model.evaluate(matrix, gold)),
        ]
    for ax in made:
        saved(ax, tmp_path / "plot.png")


def test_what_has_nothing_to_draw_is_refused():
    with pytest.raises(AnalysisError, match="is not labels"):
        plot_label_distribution([0, 1])
    with pytest.raises(AnalysisError, match="no reliability"):
        plot_reliability(0.9)
    with pytest.raises(AnalysisError, match="no lift curves"):
        plot_curves(lk.classification_curves(GOLD, SCORES), kind="lift")
    with pytest.raises(AnalysisError, match="curves of ndarray"):
        plot_curves(SCORES)


def test_curves_name_their_area_and_guessing():
    ax = plot_curves(lk.classification_curves([0] * 30 + [1] * 10, [0.2] * 25 + [0.8] * 15))
    labels = [line.get_label() for line in ax.get_lines()]
    assert labels[0].startswith("1: 0.667 (")
    assert ax.get_lines()[1].get_ydata()[0] == 0.25
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("recall", "precision")
    curve = plot_reliability(lk.reliability([0] * 30 + [1] * 10, [0.2] * 25 + [0.8] * 15))
    assert (curve.get_xlabel(), curve.get_ylabel()) == ("probability of 1", "share that is 1")


def test_without_matplotlib_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(MissingExtraError, match=r"labelkit\[plots\]"):
        plot_coverage(VOTES)

"""Drift of columns and labels: no more false alarms than stated, changes of every kind are seen."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy import stats

import labelkit as lk
from labelkit.analysis.two_samples import p_of_numbers
from labelkit.curation.step import CurationStep
from labelkit.exceptions import AnalysisError
from tests.benchmarks.honesty.data_drift import examples

REPEATS = 200


def test_there_are_no_more_false_alarms_than_stated():
    """Seven comparisons of equal populations, 200 times: any alarm in at most alpha of them, whatever at_least is."""
    alarms = [
        lk.data_drift(
            examples(np.random.default_rng([1, i])), examples(np.random.default_rng([2, i])), at_least=0
        ).drifted
        for i in range(REPEATS)
    ]
    assert sum(alarms) <= stats.binom.ppf(0.999, REPEATS, 0.05)


CHANGES = {
    "score": ({"shift": 0.3}, "numbers", None),
    "source": ({"web": 0.45}, "categories", "mail"),
    "text": ({"longer": 8}, "length", None),
    "rating": ({"rating": (0.3, 0.3, 0.4)}, "categories", "0"),
}


@pytest.mark.parametrize("column", CHANGES)
def test_a_change_is_seen_and_named(column):
    """Of 40 times, 1,000 against 1,000 examples, at least 36 (power over 0.9)."""
    options, what, largest = CHANGES[column]
    seen = 0
    for i in range(40):
        old, new = examples(np.random.default_rng([3, i])), examples(np.random.default_rng([4, i]), **options)
        alarms = lk.data_drift(old, new).alarms
        seen += alarms["column"].tolist()[:1] == [column]
    assert seen >= 36
    row = alarms.iloc[0]
    assert row["what"] == what
    assert largest is None or row["largest"] in {largest, "web", "2"}


def test_missing_values_are_a_comparison_of_their_own():
    old, new = examples(np.random.default_rng(0)), examples(np.random.default_rng(1), missing=0.3)
    alarms = lk.data_drift(old, new).alarms
    assert alarms[["column", "what", "test"]].values.tolist() == [["score", "missing", "chi-square"]]


def test_numbers_are_compared_as_scipy_does():
    rng = np.random.default_rng(0)
    for n in (50, 2_000):
        old, new = rng.normal(size=n), rng.normal(0.1, 1, size=n + 7)
        expected = stats.ks_2samp(old, new, method="exact" if n < 500 else "asymp")
        assert p_of_numbers(old, new) == (expected.statistic, expected.pvalue)


def test_a_sure_difference_of_no_consequence_is_no_alarm():
    rng = np.random.default_rng(0)
    old, new = ({"n": rng.normal(shift, 1, 400_000)} for shift in (0, 0.02))
    drift = lk.data_drift(old, new)
    assert drift.frame["p"][0] < 1e-6
    assert not drift.drifted


@pytest.mark.parametrize(
    "form",
    [
        lambda frame: frame,
        pa.Table.from_pandas,
        lambda frame: frame.to_dict("records"),
        lambda frame: frame.assign(source=frame["source"].astype("category")),
    ],
    ids=["pandas", "arrow", "records", "categories"],
)
def test_examples_of_any_form_are_the_same(form):
    old, new = examples(np.random.default_rng(0)), examples(np.random.default_rng(1), shift=0.4)
    expected = lk.data_drift(old, new).frame.sort_values("column", ignore_index=True)
    compared = lk.data_drift(form(old), form(new)).frame.sort_values("column", ignore_index=True)
    pd.testing.assert_frame_equal(compared, expected)


def test_times_and_wide_whole_numbers_are_numbers():
    days = pd.date_range("2026-01-01", periods=400, tz="UTC")
    old, new = {"day": days[:200], "n": np.arange(200)}, {"day": days[200:], "n": np.arange(200)}
    drift = lk.data_drift(pd.DataFrame(old), pd.DataFrame(new))
    assert drift.frame["what"].tolist() == ["times", "numbers"]
    assert drift.alarms["column"].tolist() == ["day"]


def labels(seed, share, n=2_000):
    rng = np.random.default_rng(seed)
    votes = (rng.random((n, 1)) < share).astype(int)
    matrix = lk.LabelMatrix.of(votes, classes=["HAM", "SPAM"], ids=[f"{seed}-{i}" for i in range(n)])
    return lk.MajorityVote().fit(matrix).label(matrix)


def test_labels_of_data_sets_and_of_models_are_compared(tmp_path):
    sets = []
    for seed, share in ((0, 0.3), (1, 0.5)):
        given = labels(seed, share)
        corpus = {"id": given.ids, "n": np.random.default_rng(seed).normal(size=len(given))}
        sets.append(lk.create_dataset(tmp_path / str(seed), corpus, given, id="id"))
    for old, new in (sets, (labels(0, 0.3), labels(1, 0.5))):
        alarms = lk.data_drift(old, new).alarms
        assert alarms[["column", "what"]].values.tolist()[0] == ["label", "labels"]
    assert not lk.data_drift(labels(2, 0.3), labels(3, 0.3)).drifted

    class Half:
        step = CurationStep("split")

        def rows(self):
            ids = sets[0].table().column("id").to_pylist()
            return pa.table({"id": ids, "split": ["train", "test"] * (len(ids) // 2)})

    parted = sets[0].take(Half())
    assert lk.data_drift(parted, sets[1], ["label"], split=None).drifted
    assert not lk.data_drift(f"{parted.path}@1", str(parted.path), at_least=0).drifted
    drift = lk.data_drift(parted, parted, split="train")
    assert drift.frame["n_before"].max() == 1_000


BAD = [
    (({"a": [1]}, {"b": [1]}), {}, "nothing to compare"),
    (({"a": [1]}, {"a": [1]}), {"columns": ["b"]}, "old examples have no column 'b'"),
    (({"a": [1.5]}, {"a": []}), {}, "there are no new examples"),
    (({"a": [1]}, {"a": [1]}), {"alpha": 2}, "alpha=2"),
    (({"a": [1]}, {"a": [1]}), {"split": "train"}, "names a part of a data set"),
    (({"a": [[1]]}, {"a": [[1]]}), {}, "nothing to compare"),
]


@pytest.mark.parametrize(("sides", "options", "message"), BAD, ids=[message for *_, message in BAD])
def test_what_cannot_be_compared_is_refused(sides, options, message):
    with pytest.raises(AnalysisError, match=message):
        lk.data_drift(*sides, **options)


def test_columns_of_other_kinds_are_noted():
    old, new = ({"n": [1.0, 2.5] * 50, "list": [[1], [2]] * 50, "alone" + str(i): ["a"] * 100} for i in range(2))
    drift = lk.data_drift(old, new)
    assert drift.frame["column"].tolist() == ["n"]
    assert "alone0, alone1" in drift.notes[0]
    assert "list is not compared" in drift.notes[1]
    assert drift.to_dict()["drifted"] is False


def test_of_categories_that_moved_alike_the_same_is_named_in_any_order_of_the_rows():
    old, new = {"seen": [True] * 30 + [False] * 10}, {"seen": [True] * 10 + [False] * 30}
    turned = {"seen": old["seen"][::-1]}
    assert lk.data_drift(old, new).frame["largest"].tolist() == ["false"]
    assert lk.data_drift(turned, new).frame["largest"].tolist() == ["false"]


def test_infinite_numbers_are_the_largest_and_smallest():
    old, new = {"n": [*range(40), np.inf, -np.inf]}, {"n": [*range(40)]}
    assert lk.data_drift(old, new).frame["change"].tolist() == pytest.approx([1 / 42])
    assert np.isfinite(lk.data_drift({"n": [np.inf] * 20}, new).frame["psi"]).all()


@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
def test_times_of_other_units_are_compared(zone):
    days = pa.array(np.arange(0, 40 * 86_400, 86_400), pa.int64()).cast(pa.timestamp("s", zone))
    for unit in ("ms", "us", "ns"):
        drift = lk.data_drift(pa.table({"at": days}), pa.table({"at": days.cast(pa.timestamp(unit, zone and "UTC"))}))
        assert drift.frame[["what", "change"]].values.tolist() == [["times", 0.0]]


def test_columns_whose_type_changed_are_told_so():
    drift = lk.data_drift({"n": ["1"] * 20, "text": ["a"] * 20}, {"n": [1] * 20, "text": ["a"] * 20})
    assert "n is not compared: it holds string before, and int64 after" in str(drift)

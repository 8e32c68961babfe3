"""Names of users that are also names in results: no count takes the place of another, and no figure changes."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

import labelkit as lk
from labelkit._shared.names_beside import counts_beside, name_beside
from labelkit._shared.plain_values import plain_value
from labelkit.exceptions import DataSetError

N = 240
PLAIN = {
    "classes": ["clA", "clB", "clC"],
    "rules": ["ruA", "ruB", "ruC", "ruD"],
    "slices": ["slA", "slB", "slC"],
    "groups": ["grA", "grB", "grC"],
}
TAKEN = [
    ["total", "rows", "id", "(total)"],
    ["(all)", "all", "(no label)", "(no vote)"],
    ["labeled", "covered", "made", "label"],
    ["n", "p_", "slice", "lf"],
    ["group", "class", "gold", "votes"],
    ["examples", "slices", "classes", "notes"],
]


pytestmark = pytest.mark.filterwarnings("ignore:.*LK34[46]")  # votes that diff compares are of other examples


@pytest.fixture(scope="module")
def drawn():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 3, N)
    right = rng.random((N, 4)) < 0.75
    votes = np.where(right, truth[:, None], rng.integers(0, 3, (N, 4)))
    votes[rng.random((N, 4)) < 0.5] = -1
    votes[:20] = -1
    return truth, votes, rng.integers(0, 3, N)


def numbers(value):
    """Iterate over the numbers in plain values."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for one in value:
            yield from numbers(one)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield f"{value:.6g}"


def results(drawn, folder, *, classes, rules, slices, groups):
    """Return results that have names in them."""
    truth, votes, group = drawn
    matrix = lk.LabelMatrix.of(votes, names=rules, classes=classes)
    model = lk.LabelModel().fit(matrix)
    labels = model.label(matrix)
    gold = np.array(classes, dtype=object)[truth]
    by = np.array(groups, dtype=object)[group]
    members = lk.SliceMembership.of_matrix(lk.LabelMatrix.of(np.c_[votes[:, :2] >= 0, truth == 1] - 1, names=slices))
    sample = lk.sample(labels, n=90, method="stratified", by="label")
    answers = {int(one): classes[truth[one]] for one in sample.ids}
    texts = [f"text {i}" for i in range(N)]
    parts = {slices[0]: 0.6, slices[1]: 0.4}
    return {
        "summarize": lk.summarize(matrix, gold=gold),
        "coverage_by": lk.coverage_by(matrix, by),
        "evaluate": model.evaluate(matrix, gold=gold),
        "slices": lk.summarize_slices(members, labels, gold),
        "by": lk.summarize_slices(None, labels, gold, by=by),
        "next_slices": lk.next_slices(lk.summarize_slices(members, labels, gold)),
        "sizes": members.sizes,
        "apply_slices": members.step,
        "sample": sample,
        "estimate": sample.estimate(answers),
        "estimate_by": sample.estimate(answers, by=by),
        "prevalence": lk.prevalence(labels, gold[:100].tolist() + [None] * (N - 100), by=by),
        "split": lk.split(texts, parts, stratify=labels),
        "split_step": lk.split(texts, parts, stratify=labels).step,
        "balance": lk.balance(labels).step,
        "diff": lk.diff(matrix, lk.LabelMatrix.of(np.roll(votes, 1, axis=0), names=rules, classes=classes), gold=gold),
        "drift": lk.drift(matrix[:120], matrix[120:]),
        "balanced_set": lk.create_dataset(folder / "balanced", {"text": texts}, labels).take(lk.balance(labels)),
        "sliced_set": lk.create_dataset(folder / "sliced", {"text": texts}, labels).take(members),
        "split_set": lk.create_dataset(folder / "split", {"text": texts}, labels).take(lk.split(texts, parts)),
    }


def figures(value):
    if isinstance(value, lk.DataSet):
        return sorted(numbers(plain_value(value.manifest["counts"])))
    if isinstance(value, pd.DataFrame):
        return sorted(numbers(plain_value(value.to_numpy().tolist())))
    return sorted(numbers(plain_value(value if isinstance(value, dict) else value.to_dict())))


@pytest.fixture(scope="module")
def expected(drawn, tmp_path_factory):
    return {name: figures(one) for name, one in results(drawn, tmp_path_factory.mktemp("plain"), **PLAIN).items()}


@pytest.mark.parametrize("kind", PLAIN)
@pytest.mark.parametrize("names", TAKEN, ids=" ".join)
def test_figures_are_those_of_other_names(kind, names, drawn, expected, tmp_path):
    given = PLAIN | {kind: names[: len(PLAIN[kind])]}
    found = results(drawn, tmp_path, **given)
    assert {name: figures(one) for name, one in found.items()} == expected
    assert all(str(one) for one in found.values())


def test_totals_and_rests_have_names_of_their_own():
    assert name_beside("total", ["total", "(total)"]) == "((total))"
    assert counts_beside({"rows": 3}, "class", [("rows", 1), ("class rows", 2)]) == {
        "rows": 3,
        "class class rows": 1,
        "class rows": 2,
    }
    votes = [[0, 1], [0, -1], [-1, -1]]
    frame = lk.summarize(lk.LabelMatrix.of(votes, names=["total", "link"], classes=["HAM", "SPAM"])).frame
    assert frame.index.tolist() == ["total", "link", "(total)"]
    assert frame["votes"].tolist()[:2] == [2, 1]


@pytest.mark.parametrize(("classes", "parts"), [(["(none)", "SPAM"], ["a", "b"]), (["HAM", "SPAM"], ["(none)", "b"])])
def test_a_data_set_refuses_the_name_of_rows_without_one(classes, parts, tmp_path):
    matrix = lk.LabelMatrix.of([[0], [1]] * 10, classes=classes)
    labels = lk.MajorityVote().fit(matrix).label(matrix)
    texts = [f"text {i}" for i in range(20)]
    with pytest.raises(DataSetError, match=r"'\(none\)', which stands for the rows without one"):
        lk.create_dataset(tmp_path / "set", {"text": texts}, labels).take(lk.split(texts, dict.fromkeys(parts, 0.5)))


def test_a_rule_that_is_called_total_is_drawn():
    matrix = lk.LabelMatrix.of([[0, 1], [0, -1], [-1, -1]], names=["total", "link"], classes=["HAM", "SPAM"])
    axes = lk.plot_coverage(matrix, ax=Figure().add_subplot())
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["total", "link"]
    days, onto = pd.to_datetime(["2024-01-01"] * 3), Figure().add_subplot()
    over_time = lk.plot_coverage_over_time(matrix, days, freq="day", lfs=["total"], ax=onto)
    assert [line.get_label() for line in over_time.lines] == ["any labeling function", "total"]
    assert [line.get_ydata().tolist() for line in over_time.lines] == [[pytest.approx(2 / 3)]] * 2

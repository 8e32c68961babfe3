"""Samples: the right chances, the same rows whatever the corpus is, and what is refused."""

import warnings
from decimal import Decimal
from types import MappingProxyType

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import labelkit as lk
from labelkit.curation.sampling.allocation import allocated
from labelkit.curation.sampling.designs import (
    Reservoir,
    clusters,
    proportional_to_size,
    snowball,
    stratified,
    systematic,
)
from labelkit.exceptions import AnalysisError, CorpusChangedError

N = 60
STRATA = np.repeat([0, 1, 2], [40, 15, 5])
SIZES = np.random.default_rng(1).lognormal(0, 0.8, N)
ALL = N * (N + 1) // 2


def frame(n=300):
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "id": [f"e{i}" for i in range(n)],
            "text": [f"text {i}" for i in range(n)],
            "source": rng.choice(["web", "mail", "forum"], n, p=[0.7, 0.2, 0.1]),
            "readers": rng.integers(1, 100, n),
        }
    )


def matrix_and_labels(n=400):
    rng = np.random.default_rng(0)
    matrix = lk.LabelMatrix.of(
        rng.integers(-1, 2, (n, 4)),
        names=["a", "b", "c", "d"],
        classes=["HAM", "SPAM"],
        ids=[f"e{i}" for i in range(n)],
    )
    return matrix, lk.MajorityVote().fit(matrix).label(matrix)


DESIGNS = {
    "random": lambda rng: Reservoir_of(12, rng, None),
    "weighted reservoir": lambda rng: Reservoir_of(12, rng, SIZES),
    "stratified": lambda rng: stratified(STRATA, np.array([5, 4, 3]), rng),
    "weighted": lambda rng: proportional_to_size(SIZES, 12, rng),
    "systematic": lambda rng: systematic(N, 12, rng),
    "cluster": lambda rng: clusters(np.arange(N) // 4, 3, rng),
}


def Reservoir_of(n, rng, weights):  # noqa: N802 - as the class
    reservoir = Reservoir(n, rng)
    for rows in np.split(np.arange(N), [7, 8, 50]):
        reservoir.offer(len(rows), None if weights is None else weights[rows])
    return reservoir.drawn()[1]


@pytest.mark.parametrize("design", DESIGNS)
def test_the_inverse_of_the_stated_chances_makes_every_row_count_once(design):
    """The mean over many samples of 1 / probability is 1 for each row, which is what unbiased means."""
    repeats = 1_000
    sums, squares = np.zeros(N), np.zeros(N)
    for seed in range(repeats):
        drawn = DESIGNS[design](np.random.default_rng(seed))
        weights = 1 / drawn.probabilities
        sums[drawn.positions] += weights
        squares[drawn.positions] += weights**2
    mean = sums / repeats
    spread = np.sqrt(np.maximum(squares / repeats - mean**2, 1e-12) / repeats)
    assert np.abs(mean - 1).max() < 4.5 * spread.max()
    assert (np.abs(mean - 1) > 3 * spread).mean() < 0.1


@pytest.mark.parametrize("design", [name for name in DESIGNS if name != "weighted reservoir"])
def test_a_row_is_drawn_as_often_as_its_probability_says(design):
    repeats, times, chances = 1_000, np.zeros(N), np.full(N, np.nan)
    for seed in range(repeats):
        drawn = DESIGNS[design](np.random.default_rng(seed))
        times[drawn.positions] += 1
        chances[drawn.positions] = drawn.probabilities
    assert not np.isnan(chances).any()
    deviation = (times / repeats - chances) / np.sqrt(np.maximum(chances * (1 - chances), 1e-9) / repeats)
    assert np.abs(deviation[chances < 1]).max(initial=0) < 4.5


def test_pairs_of_rows_are_drawn_alike_by_a_reservoir():
    """A simple random sample is one in which all pairs, not only all rows, have the same chance."""
    together = np.zeros((N, N))
    repeats = 1_000
    for seed in range(repeats):
        positions = Reservoir_of(12, np.random.default_rng(seed), None).positions
        together[np.ix_(positions, positions)] += 1
    pairs = together[np.triu_indices(N, 1)] / repeats
    chance = 12 * 11 / (N * (N - 1))
    assert np.abs(pairs - chance).max() < 5 * np.sqrt(chance / repeats)


def test_a_reservoir_on_a_long_stream_is_uniform_and_holds_few_rows():
    stream = ({"n": i} for i in range(1_000_000))
    sample = lk.sample(stream, 2_000, method="reservoir")
    assert sample.n_population == 1_000_000
    counts = np.bincount(sample.positions // 50_000, minlength=20)
    assert ((counts - 100) ** 2 / 100).sum() < 45  # chi squared, 19 degrees of freedom, p = 0.0007
    assert np.array_equal(sample.positions, lk.sample(pa.table({"n": np.arange(1_000_000)}), 2_000).positions)


def as_stream(rows):
    return iter(rows.to_dict(orient="records"))


def as_csv(rows, tmp_path):
    rows.to_csv(tmp_path / "rows.csv", index=False)
    return tmp_path / "rows.csv"


OPTIONS = {
    "random": {"n": 20},
    "reservoir": {"n": 20, "weights": "readers"},
    "stratified": {"n": 20, "by": "source"},
    "weighted": {"n": 20, "weights": "readers"},
    "importance": {"n": 20, "weights": "readers"},
    "systematic": {"n": 20},
    "cluster": {"n": 2, "by": "source"},
    "quota": {"n": 20, "by": "source"},
    "snowball": {"n": 6, "edges": {"e1": ["e2", "e3"], "e3": ["e4"], "e4": ["e9", "e8"]}, "ids": ["e1"]},
    "judgment": {"ids": ["e7", "e3"]},
    "convenience": {"n": 20},
}
BIASED = {"quota", "snowball", "judgment", "convenience"}


def drawn(data, method, **more):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return lk.sample(data, method=method, **OPTIONS[method], **more)


@pytest.mark.parametrize("method", OPTIONS)
def test_frames_streams_and_files_give_the_same_sample(method, tmp_path):
    rows = frame()
    of_frame = drawn(rows, method, id="id", random_state=3)
    of_stream = drawn(as_stream(rows), method, id="id", random_state=3)
    of_file = drawn(as_csv(rows, tmp_path), method, id="id", random_state=3)
    for other in (of_stream, of_file):
        assert other.ids.tolist() == of_frame.ids.tolist() == [f"e{i}" for i in of_frame.positions]
        np.testing.assert_allclose(other.probabilities, of_frame.probabilities)
    assert np.array_equal(drawn(rows, method, id="id", random_state=3).positions, of_frame.positions)
    if method in {"random", "stratified", "weighted", "reservoir"}:
        assert not np.array_equal(drawn(rows, method, id="id", random_state=4).positions, of_frame.positions)


@pytest.mark.parametrize("batch_rows", [1, 7, 64])
def test_the_size_of_a_batch_changes_nothing(batch_rows, monkeypatch):
    expected = {method: drawn(frame(), method, id="id").positions for method in OPTIONS}
    monkeypatch.setattr("labelkit.curation.sampling.population.BATCH_ROWS", batch_rows)
    for method, positions in expected.items():
        assert np.array_equal(drawn(frame(), method, id="id").positions, positions)


@pytest.mark.parametrize("method", OPTIONS)
def test_only_samples_by_chance_say_that_they_are_unbiased(method):
    if method in BIASED:
        with pytest.warns(UserWarning, match="nobody knows with what chance"):
            sample = lk.sample(frame(), method=method, id="id", **OPTIONS[method])
        assert "no estimate from it is unbiased" in str(sample)
        with pytest.raises(AnalysisError, match="nobody knows"):
            sample.estimate(np.ones(len(sample)))
        with pytest.raises(AnalysisError, match="nobody knows"):
            sample.weights  # noqa: B018 - the property raises
    else:
        assert "unbiased" in str(lk.sample(frame(), method=method, id="id", **OPTIONS[method]))


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
@pytest.mark.parametrize("method", OPTIONS)
def test_a_sample_is_read_back_as_it_was(method, suffix, tmp_path):
    sample = drawn(frame(), method, id="id", random_state=5)
    again = lk.Sample.load(sample.save(tmp_path / f"drawn{suffix}"))
    assert again.to_dict() == sample.to_dict()
    assert again.ids.tolist() == sample.ids.tolist()
    assert np.array_equal(again.positions, sample.positions)
    assert np.array_equal(again.probabilities, sample.probabilities, equal_nan=True)


def test_ids_of_text_that_look_like_numbers_or_formulas_come_back_from_csv(tmp_path):
    ids = ["001", "=1+1", "-3", "NA", "é"]
    sample = lk.sample({"id": ids, "text": ids}, 5, id="id")
    assert sorted(sample.ids) == sorted(ids)
    assert lk.Sample.load(sample.save(tmp_path / "a.csv")).ids.tolist() == sample.ids.tolist()
    assert "'=1+1" in (tmp_path / "a.csv").read_text()
    numbers = lk.sample({"text": ids}, 5)
    assert lk.Sample.load(numbers.save(tmp_path / "b.csv")).ids.tolist() == numbers.positions.tolist()


def test_texts_beside_a_sample_are_kept_and_cannot_replace_its_columns(tmp_path):
    rows = frame()
    sample = lk.sample(rows, 10, id="id")
    texts = sample.rows(rows, ["text"], id="id")[["text"]].assign(text=["=1+1", *["a"] * 9])
    path = sample.save(tmp_path / "a.csv", beside=texts)
    assert pd.read_csv(path).text.tolist() == ["'=1+1", *["a"] * 9]
    assert lk.Sample.load(path).ids.tolist() == sample.ids.tolist()
    with pytest.raises(AnalysisError, match="a column 'stratum' already"):
        sample.save(tmp_path / "b.csv", beside=texts.rename(columns={"text": "stratum"}))


def test_strata_are_votes_of_a_rule_labels_and_confidence():
    matrix, labels = matrix_and_labels()
    by_rule = lk.sample(matrix, 60, method="stratified", by="b", allocation="equal")
    assert by_rule.to_dict()["strata"] == {"(no vote)": 20, "HAM": 20, "SPAM": 20}
    votes = {-1: "(no vote)", 0: "HAM", 1: "SPAM"}
    assert by_rule.strata.tolist() == [votes[v] for v in matrix.votes[by_rule.positions, 1]]
    by_label = lk.sample(labels, 60, method="stratified", by="label")
    assert set(by_label.strata) == {"HAM", "SPAM", "(no label)"}
    assert len(set(lk.sample(labels, 60, method="stratified", by="confidence").strata)) > 1
    neyman = lk.sample(labels, 60, method="stratified", by="confidence", allocation="neyman")
    assert len(neyman) == 60
    unsure = lk.sample(labels, 60, method="importance", weights="uncertainty")
    assert labels.proba[unsure.positions].max(axis=1).mean() < labels.proba.max(axis=1).mean()


def test_allocation_keeps_to_its_sum_and_bounds():
    rng = np.random.default_rng(0)
    for _ in range(300):
        sizes = rng.integers(1, 200, rng.integers(1, 9))
        n = int(rng.integers(len(sizes), sizes.sum() + 1))
        spread = [None, 1 / sizes, rng.random(len(sizes)) * rng.integers(0, 2, len(sizes))][int(rng.integers(3))]
        rows = allocated(sizes, n, spread)
        assert rows.sum() == n
        assert (rows >= 1).all()
        assert (rows <= sizes).all()
        if n >= 2 * len(sizes):
            assert (rows >= np.minimum(sizes, 2)).all()


def test_a_snowball_goes_wave_by_wave_both_ways_and_stops():
    edges = np.array([[0, 1], [1, 2], [2, 3], [5, 0], [7, 8]])
    assert snowball(np.array([0]), edges, 3).positions.tolist() == [0, 1, 5]
    assert snowball(np.array([0]), edges, 9).positions.tolist() == [0, 1, 2, 3, 5]
    with pytest.warns(UserWarning, match=r"within reach|nobody knows") as caught:
        drawn_rows = lk.sample(["a"] * 10, 9, method="snowball", edges=edges, ids=[7])
    assert drawn_rows.ids.tolist() == [7, 8]
    assert ["within reach" in str(one.message) for one in caught] == [True, False]


def test_a_pool_smaller_than_the_budget_is_drawn_as_a_whole():
    for method in ("random", "stratified", "systematic", "weighted"):
        options = {key: value for key, value in OPTIONS[method].items() if key != "n"}
        with pytest.warns(UserWarning, match="there are 300 rows, fewer than the 1,000"):
            sample = lk.sample(frame(), 1_000, method=method, id="id", **options)
        assert len(sample) == 300
        assert (sample.probabilities == 1).all()
        assert sample.estimate(np.arange(300) < 30).interval == (0.1, 0.1)


@pytest.mark.parametrize("weight", [0.0, -1.0, np.nan, np.inf, "x"])
@pytest.mark.parametrize("method", ["weighted", "reservoir"])
def test_weights_that_are_no_positive_numbers_are_refused_by_name(method, weight):
    rows = frame(50).assign(readers=pd.Series([1.0] * 49 + [weight]))
    for data in (rows, as_stream(rows)) if weight != "x" else (rows,):
        with pytest.raises((AnalysisError, lk.LabelkitError), match=r"'e49'|not numbers|row 49"):
            lk.sample(data, 5, method=method, weights="readers", id="id")


def test_importance_takes_rows_of_weight_0_with_a_small_chance():
    weights = np.where(np.arange(200) < 20, 1.0, 0.0)
    chances = np.zeros(200)
    for seed in range(40):
        sample = lk.sample(["a"] * 200, 30, method="importance", weights=weights, random_state=seed)
        chances[sample.positions] = sample.probabilities
    assert 0 < np.min(chances[20:][chances[20:] > 0]) < chances[:20].min()
    with pytest.raises(AnalysisError, match="all weights are 0"):
        lk.sample(["a"] * 200, 30, method="importance", weights=np.zeros(200))


WRONG = {
    "an unknown method": ({"method": "lottery", "n": 3}, "method='lottery' is unknown"),
    "no n": ({}, "needs n="),
    "n of 0": ({"n": 0}, "n=0 is not a number of examples"),
    "no groups": ({"n": 3, "method": "stratified"}, "needs by="),
    "an allocation that is not used": ({"n": 3, "allocation": "equal"}, "does not use allocation="),
    "a spread that is not used": ({"n": 3, "spread": {"web": 1}}, "does not use spread="),
    "a spread of another allocation": (
        {"n": 9, "method": "stratified", "by": "source", "spread": {"web": 1, "mail": 1, "forum": 1}},
        "spread= is for Neyman's allocation",
    ),
    "a spread without names": (
        {"n": 9, "method": "stratified", "by": "source", "allocation": "neyman", "spread": [1, 2, 3]},
        "is no dict by stratum",
    ),
    "a number beside ids": ({"n": 3, "method": "judgment", "ids": ["e1"]}, "ids= is of 1 example, and n=3"),
    "a number beside quotas": (
        {"n": 3, "method": "quota", "by": "source", "quotas": {"web": 4}},
        "quotas= is of 4 examples, and n=3",
    ),
    "groups that are not used": ({"n": 3, "by": "source"}, "does not use by="),
    "too many strata": ({"n": 2, "method": "stratified", "by": "source"}, "cannot be of all 3 strata"),
    "an empty stratum": ({"method": "quota", "by": "source", "quotas": {"radio": 3}}, "'radio' is empty"),
    "a spread without a stratum": (
        {"n": 9, "method": "stratified", "by": "source", "allocation": "neyman", "spread": {"web": 1}},
        "does not name the stratum",
    ),
    "Neyman without spread": (
        {"n": 9, "method": "stratified", "by": "source", "allocation": "neyman"},
        "needs the spread",
    ),
    "an unknown allocation": (
        {"n": 9, "method": "stratified", "by": "source", "allocation": "fair"},
        "allocation='fair'",
    ),
    "judgment of other ids": ({"method": "judgment", "ids": ["x1"]}, "no example has the id 'x1'"),
    "an edge to nowhere": ({"n": 3, "method": "snowball", "edges": [("e1", "x1")]}, "no example has the id 'x1'"),
    "a seed below 0": ({"n": 3, "random_state": -1}, "random_state=-1"),
    "groups of other ids": ({"n": 3, "method": "cluster", "by": {"x": 1}}, "not examples"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_drawn_is_refused(case):
    options, message = WRONG[case]
    with pytest.raises(lk.LabelkitError, match=message):
        lk.sample(frame(), id="id", **options)


def test_a_missing_value_is_a_stratum_and_a_category_without_rows_is_none():
    source = pd.Categorical(["web"] * 10 + [None] * 5, categories=["web", "mail"])
    sample = lk.sample(pd.DataFrame({"source": source}), 8, method="stratified", by="source")
    assert sample.to_dict()["strata"] == {"(missing)": 3, "web": 5}


def test_rows_are_read_from_the_corpus_and_another_corpus_is_refused():
    rows = frame()
    sample = lk.sample(rows, 10, id="id")
    read = sample.rows(rows, ["text"], id="id")
    assert read.text.tolist() == [f"text {i}" for i in sample.positions]
    assert read.index.tolist() == sample.ids.tolist()
    for changed in (rows.iloc[::-1], rows.iloc[:50], pd.concat([rows, rows.assign(id=rows.id + "b")])):
        with pytest.raises(CorpusChangedError, match="not as it was when the sample was drawn"):
            sample.rows(changed, id="id")


@pytest.mark.parametrize("method", ["random", "reservoir", "stratified", "weighted", "importance", "cluster"])
def test_data_that_were_made_with_the_same_seed_do_not_go_with_the_sample(method):
    ends = np.random.default_rng(0).random(2_000)
    extra = {"reservoir": {"weights": np.ones(2_000)}, "weighted": {"weights": np.ones(2_000)}}
    extra |= {"importance": extra["weighted"], "cluster": {"by": np.arange(2_000)}, "stratified": {"by": ["a"] * 2_000}}
    sample = lk.sample(["a"] * 2_000, 200, method=method, random_state=0, **extra.get(method, {}))
    assert abs(ends[sample.positions].mean() - ends.mean()) < 4 * ends.std() / np.sqrt(200)


def test_an_id_that_names_two_examples_is_refused():
    with pytest.raises(AnalysisError, match="the id 'a' stands twice in the sample"):
        lk.sample({"id": ["a", "b", "a"], "text": ["x", "y", "z"]}, 3, id="id")


def test_a_corpus_without_rows_is_refused():
    for method in ("random", "systematic"):
        with pytest.raises(lk.LabelkitError, match=r"no rows|empty"):
            lk.sample(pa.table({"text": pa.array([], pa.string())}), 3, method=method)


def test_files_that_are_no_sample_are_refused(tmp_path):
    frame(3).to_csv(tmp_path / "a.csv")
    with pytest.raises(AnalysisError, match="no column 'position'"):
        lk.Sample.load(tmp_path / "a.csv")
    with pytest.raises(AnalysisError, match="there is no file"):
        lk.Sample.load(tmp_path / "none.csv")
    sample = lk.sample(frame(), 5, id="id")
    with pytest.raises(AnalysisError, match=r"name it \.parquet or \.csv"):
        sample.save(tmp_path / "a.txt")
    changed = sample.to_pandas().assign(inclusion_probability=[0.5, 0.2, 0, 1, 1])
    changed.to_csv(tmp_path / "b.csv", index=False)
    with pytest.raises(AnalysisError, match="inclusion probability of 'e"):
        lk.Sample.load(tmp_path / "b.csv")


def test_groups_that_are_written_alike_are_one():
    values = np.array([1] * 500 + ["1"] * 500 + [None] * 500 + ["(missing)"] * 500, dtype=object)
    drawn = lk.sample([f"text {i}" for i in range(2_000)], 80, method="stratified", by=values, allocation="equal")
    assert set(zip(drawn.strata, drawn.probabilities, strict=True)) == {("1", 0.04), ("(missing)", 0.04)}
    assert sum(drawn.weights.values()) == pytest.approx(2_000)
    parts = lk.split([f"text {i}" for i in range(2_000)], {"train": 0.8, "test": 0.2}, stratify=values)
    assert {part: sum(rows.values()) for part, rows in parts.class_counts.items()} == {"train": 1_600, "test": 400}


def as_given(name):
    """A column of numbers, some of them missing, in each of the ways that it may be given."""
    data = frame().assign(score=np.where(np.arange(300) % 50 == 7, np.nan, np.arange(300) * 7 % 101))
    scores = data.set_index("id")["score"]
    given = {
        "column": "score",
        "array": scores.to_numpy(),
        "list": scores.tolist(),
        "list with None": [None if value != value else value for value in scores],  # noqa: PLR0124 - NaN
        "series": scores.sample(frac=1, random_state=1),
        "nullable": scores.sample(frac=1, random_state=1).astype("Int64"),
        "dict": scores.sample(frac=1, random_state=1).to_dict(),
        "mapping": MappingProxyType(scores.sample(frac=1, random_state=1).to_dict()),
        "frame": scores.sample(frac=1, random_state=1).to_frame(),
        "decimals": [None if value != value else Decimal(value) for value in scores],  # noqa: PLR0124 - NaN
        "arrow": pa.array(scores, from_pandas=True),
        "table": pa.table({"score": pa.array(scores, from_pandas=True)}),
        "polars": pl.Series(scores.tolist(), nan_to_null=True),
        "polars frame": pl.DataFrame({"score": scores.tolist()}, nan_to_null=True),
    }
    return data, given[name]


@pytest.mark.parametrize(
    "name",
    [
        *["array", "list", "list with None", "series", "nullable", "dict"],
        *["mapping", "frame", "decimals", "arrow", "table", "polars", "polars frame"],
    ],
)
def test_numbers_are_cut_into_strata_however_they_are_given(name):
    data, values = as_given(name)
    expected = lk.sample(data, 44, method="stratified", by="score", id="id")
    drawn = lk.sample(data, 44, method="stratified", by=values, id="id")
    assert drawn.ids.tolist() == expected.ids.tolist()
    parts = lk.split(data, {"train": 0.5, "test": 0.5}, stratify="score", id="id")
    assert len(parts.class_counts["train"]) == 11  # tenths, and those without a number
    by_values = lk.split(data, {"train": 0.5, "test": 0.5}, stratify=values, id="id")
    assert (by_values.class_counts, by_values.parts.tolist()) == (parts.class_counts, parts.parts.tolist())


def test_whole_numbers_beside_gaps_stay_apart_and_keep_their_names(tmp_path):
    """As floats, these two authors would be one."""
    authors = pa.array([2**60, 2**60 + 1, None] * 4, pa.int64())
    corpus = pa.table({"text": [f"text {i}" for i in range(12)], "author": authors})
    drawn = lk.sample(corpus, 1, method="cluster", by="author")
    assert len(drawn) == 4
    with pytest.warns(UserWarning, match="LK421"):
        quota = lk.sample(corpus, method="quota", by="author", quotas={2**60 + 1: 2, "(missing)": 1})
    assert [position % 3 for position in sorted(quota.ids, key=lambda position: position % 3)] == [1, 1, 2]
    split = lk.split(corpus, {"train": 0.5, "test": 0.5}, stratify="author")
    assert split.class_counts["train"] == {str(2**60): 2, str(2**60 + 1): 2, "(missing)": 2}

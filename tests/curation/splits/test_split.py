"""Splits: sizes, classes, groups, near-duplicates and times hold, for any corpus, and what cannot hold is refused."""

import datetime as dt

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings, strategies as st

import labelkit as lk
from labelkit.curation.splits.assignment import by_class, by_group
from labelkit.curation.step import Curated
from labelkit.exceptions import AnalysisError, CorpusError

THREE = {"train": 0.8, "valid": 0.1, "test": 0.1}


def frame(n=1_000, seed=0):
    rng = np.random.default_rng([5, seed])
    return pd.DataFrame(
        {
            "id": [f"e{i}" for i in range(n)],
            "text": [f"{word} {i}" for i, word in enumerate(rng.choice(["alpha beta", "gamma delta"], n))],
            "label": rng.choice(["HAM", "SPAM", "RARE"], n, p=[0.7, 0.25, 0.05]),
            "author": rng.zipf(1.6, n) % 200,
            "day": pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.integers(0, 5_000, n), "h"),
        }
    )


def parts_of(split, column):
    """The parts in which each value of a column of the corpus stands."""
    pairs = {(value, part) for value, part in zip(column, split.parts.tolist(), strict=True) if part >= 0}
    return pd.Series([value for value, _ in pairs], dtype=object).value_counts()


# Sizes ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parts", "rows"),
    [
        (THREE, (800, 100, 100)),
        ({"train": None, "test": 200}, (800, 200)),
        ({"train": 0.5, "test": None}, (500, 500)),
        ({"a": 1 / 3, "b": 1 / 3, "c": 1 / 3}, (334, 333, 333)),
        ({"train": 999, "test": 1}, (999, 1)),
        ({"train": None, "valid": 0.1, "test": 50}, (850, 100, 50)),
    ],
)
def test_sizes_are_shares_rows_or_the_rest(parts, rows):
    split = lk.split(frame(), parts, id="id")
    assert tuple(split.counts.values()) == rows
    assert sorted([name for part in parts for name in split[part].tolist()]) == sorted(frame()["id"])


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"train": 0.8, "test": 0.1}, "shares sum to 0.9, not to 1"),
        ({"train": 0.8, "test": 0.3}, "shares sum to 1.1"),
        ({"train": 80, "test": 20}, "100 rows together, and there are 1,000"),
        ({"train": 80, "test": 20}, 'numbers of rows; for shares give {"train": 0.8, "test": 0.2}'),
        ({"train": 80.0, "test": 20.0}, 'for percent give shares: {"train": 0.8, "test": 0.2}'),
        ({"train": None, "test": 12.5}, 'for percent give shares: {"train": None, "test": 0.125}'),
        ({"train": 80, "test": "20%"}, 'for percent give shares: {"train": 0.8, "test": 0.2}'),
        ({"train": 99.5, "test": 0.5}, 'for percent give shares: {"train": 0.995, "test": 0.005}'),
        ({"train": 80.0, "test": 30.0}, '{"train": 0.8, "valid": 0.1, "test": 0.1}'),
        ({"train": 900, "test": 200}, "1,100 rows together"),
        ({"train": None, "test": 2_000}, "2,000 rows together"),
        ({"train": None, "test": None}, "2 parts are None"),
        ({"train": None, "test": 1_000}, "'train' is empty"),
        ({"train": None, "test": 0.0001}, "'test' is empty"),
        ({"train": -0.5, "test": 1.5}, "'train' has the size -0.5"),
        ({"train": True, "test": None}, "the size True"),
        ({"train": None, "test": float("nan")}, "the size nan"),
        ({"train": 1.0}, "at least two names"),
        ({"train": "80%", "test": None}, "the size '80%'"),
        ({1: 0.5, 2: 0.5}, "1 is no name"),
        (0.2, "at least two names"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(parts, message):
    with pytest.raises(AnalysisError, match=message):
        lk.split(frame(), parts)


# Classes and groups ---------------------------------------------------------------------------------------------------


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.integers(0, 5), min_size=4, max_size=200),
    st.lists(st.integers(1, 9), min_size=2, max_size=4),
    st.data(),
)
def test_each_class_has_its_share_to_a_row_and_sizes_hold(strata, weights, data):
    strata = np.array(strata)
    cuts = np.sort(
        data.draw(st.lists(st.integers(0, len(strata)), min_size=len(weights) - 1, max_size=len(weights) - 1))
    )
    sizes = np.diff([0, *cuts, len(strata)])
    parts = by_class(strata, sizes, np.random.default_rng(0))
    assert np.bincount(parts, minlength=len(sizes)).tolist() == sizes.tolist()
    for label in np.unique(strata):
        rows = np.bincount(parts[strata == label], minlength=len(sizes))
        assert (np.abs(rows - (strata == label).sum() * sizes / len(strata)) < 1 + 1e-9).all()


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 3)), min_size=40, max_size=300))
def test_groups_are_whole_and_sizes_are_as_near_as_the_largest_group_lets_them(rows):
    units = np.unique([unit for unit, _ in rows], return_inverse=True)[1]
    strata = np.array([label for _, label in rows])
    sizes = np.array([len(rows) - 2 * (len(rows) // 4), len(rows) // 4, len(rows) // 4])
    parts = by_group(units, strata, sizes, np.random.default_rng(0))
    assert (parts >= 0).all()
    assert len(np.unique(np.stack([units, parts]), axis=1).T) == units.max() + 1
    assert np.abs(np.bincount(parts, minlength=3) - sizes).max() <= 2 * np.bincount(units).max()


def test_a_stratified_split_has_the_shares_of_all():
    split = lk.split(frame(), THREE, stratify="label", id="id")
    counts = frame()["label"].value_counts()
    for part, share in THREE.items():
        for label, rows in split.class_counts[part].items():
            assert abs(rows - share * counts[label]) <= 1
    assert "differs from that in all by" in split.step.notes[-1]


def test_no_group_is_on_both_sides_and_classes_hold_where_groups_let_them():
    data = frame(5_000)
    split = lk.split(data, THREE, group="author", stratify="label", id="id")
    assert parts_of(split, data["author"]).max() == 1
    shares = pd.DataFrame(split.class_counts)
    shares /= shares.sum()
    largest = data["author"].value_counts().iloc[0]
    assert largest > 1_000
    assert (shares.sub(data["label"].value_counts(normalize=True), axis=0).abs() < 0.02).all(axis=None)
    assert abs(split.counts["train"] - 4_000) < 20


def test_a_large_group_is_made_up_for_by_the_others():
    groups = ["big"] * 600 + [f"g{i}" for i in range(400)]
    split = lk.split({"group": groups}, {"train": 0.8, "test": 0.2}, group="group")
    assert split.counts == {"train": 800, "test": 200}


def test_rows_without_a_group_are_groups_of_their_own():
    split = lk.split({"g": [None] * 80 + ["x"] * 20}, {"train": 0.5, "test": 0.5}, group="g")
    assert split.counts == {"train": 50, "test": 50}
    assert "80 rows without 'g' are groups of their own" in split.step.notes


@pytest.mark.parametrize("index", [pa.int8(), pa.uint8(), pa.uint32(), pa.int64(), pa.uint64()], ids=str)
def test_groups_and_classes_in_dictionaries_are_their_values(index):
    rows = [f"g{i % 30}" if i % 7 else None for i in range(1_000)]
    values = ["nobody", *(f"g{i}" for i in range(30)), None, *(f"g{i}" for i in range(30))]
    places = [31 if row is None else 1 + int(row[1:]) + 31 * (i // 30 % 2) for i, row in enumerate(rows)]
    places = [None if place == 31 and i % 2 else place for i, place in enumerate(places)]
    column = pa.DictionaryArray.from_arrays(pa.array(places, index), pa.array(values))
    given = {
        "list": rows,
        "text": pa.array(rows),
        "whole": column,
        "chunks": pa.chunked_array([column[:9], column[9:]]),
    }
    data = {"id": [f"e{i}" for i in range(1_000)]}
    for option in ("group", "stratify"):
        parts = {
            name: lk.split(data, THREE, id="id", **{option: values}).assignment.tolist()
            for name, values in given.items()
        }
        assert all(one == parts["list"] for one in parts.values()), option
    split = lk.split(data, THREE, group=rows, id="id")
    for values in given.values():
        assert split.check(data, group=values, id="id").is_clean


def test_a_group_column_with_one_group_is_refused():
    with pytest.raises(AnalysisError, match="all 10 rows have the same 'g'"):
        lk.split({"g": ["x"] * 10}, THREE, group="g")
    with pytest.raises(AnalysisError, match=r"the part 'test' is empty.*largest group has 9"):
        lk.split({"g": ["x"] * 9 + ["y"]}, {"train": 0.5, "valid": 0.3, "test": 0.2}, group="g")


def test_a_class_with_one_example_is_in_the_first_part_and_said():
    labels = ["A"] * 60 + ["B"] * 39 + ["C"]
    with pytest.warns(UserWarning, match=r"'valid' has no row of 'C'") as caught:
        split = lk.split({"label": labels}, THREE, stratify="label")
    assert len(caught) == 1
    assert split.class_counts["train"]["C"] == 1
    assert split.counts == {"train": 80, "valid": 10, "test": 10}


def test_values_are_matched_by_name():
    data = frame(500)
    labels = dict(zip(data["id"], data["label"], strict=True))
    shuffled = dict(sorted(labels.items(), key=lambda item: hash(item[0]) % 97))
    by_name = lk.split(data, THREE, stratify=shuffled, id="id")
    by_column = lk.split(data, THREE, stratify="label", id="id")
    by_order = lk.split(data, THREE, stratify=data["label"].to_numpy(), id="id")
    assert by_name.parts.tolist() == by_column.parts.tolist() == by_order.parts.tolist()
    with pytest.raises(AnalysisError, match="group has 3 values for 500 examples"):
        lk.split(data, THREE, group=[1, 2, 3], id="id")


def test_labels_are_split_and_split_a_corpus():
    matrix = lk.LabelMatrix.of([[0, -1], [1, 1], [-1, -1], [0, 1]] * 50, ids=[f"e{i}" for i in range(200)])
    labels = lk.MajorityVote().fit(matrix).label(matrix)
    split = lk.split(labels, THREE, stratify="label")
    assert split["test"].tolist() == lk.split(frame(200), THREE, stratify=labels, id="id")["test"].tolist()
    assert set(split.class_counts["train"]) == {*labels.class_names, "(no label)"}
    assert len(matrix[split.positions("train")]) == 160
    assert sum(lk.split(matrix, THREE).counts.values()) == 200
    with pytest.raises(AnalysisError, match="group='author' is the name of a column, and votes or labels have no"):
        lk.split(labels, THREE, group="author")


# Near-duplicates ------------------------------------------------------------------------------------------------------


def test_no_copy_is_on_both_sides_nor_a_group_that_is_linked_by_copies():
    rng = np.random.default_rng(2)
    words = [f"w{i}o{i % 7}" for i in range(300)]
    texts = [" ".join(rng.choice(words, 12)) for _ in range(400)]
    texts += [text.upper() + "!" for text in texts[:150]]
    corpus = {"text": texts, "author": rng.integers(0, 300, 550)}
    found = lk.near_duplicate_texts(corpus)
    assert found.n_clusters == 150
    split = lk.split(corpus, THREE, near_duplicates="text", group="author")
    assert parts_of(split, found.groups()).max() == 1
    assert parts_of(split, corpus["author"]).max() == 1
    assert any("150 clusters" in note for note in split.step.notes)
    assert lk.split(corpus, THREE, near_duplicates=found, group="author").parts.tolist() == split.parts.tolist()
    assert split.check(corpus, text="text", group="author").is_clean
    leaky = lk.split(corpus, THREE).check(corpus, text="text", group="author")
    assert {leak.kind for leak in leaky.leaks} == {"near-duplicate", "group"}


def test_near_duplicates_of_other_rows_are_refused():
    found = lk.near_duplicate_texts({"text": ["a", "b"]})
    with pytest.raises(AnalysisError, match="of 2 other rows than these 3"):
        lk.split({"text": ["a", "b", "c"]}, {"train": 0.5, "test": 0.5}, near_duplicates=found)
    with pytest.raises(CorpusError, match="did you mean 'text'"):
        lk.split({"text": ["a", "b", "c"]}, {"train": 0.5, "test": 0.5}, near_duplicates="texts")


# Times ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["timestamp", "zoned", "text", "zoned text", "date", "number", "object"])
def test_the_future_is_after_the_past_whatever_times_are(kind):
    data = frame()
    days = data["day"]
    data["day"] = {
        "timestamp": days,
        "zoned": days.dt.tz_localize("Europe/Berlin", ambiguous=True, nonexistent="shift_forward"),
        "text": days.dt.strftime("%Y-%m-%dT%H:%M:%S"),
        "zoned text": days.dt.strftime("%Y-%m-%d %H:%M:%S+02:00"),
        "date": days.dt.date,
        "number": days.astype("int64") / 1e9,
        "object": pd.Series(list(days.dt.to_pydatetime()), dtype=object),
    }[kind]
    split = lk.split(data, THREE, time="day", id="id")
    times = days.dt.date if kind == "date" else days
    train, valid, test = (times[split.positions(part)] for part in THREE)
    assert train.max() < valid.min() <= valid.max() < test.min()
    assert abs(split.counts["train"] - 800) < 10


def test_zones_decide_what_is_earlier():
    texts = [
        "2026-01-01T12:00:00+05:00",
        "2026-01-01T08:00:00Z",
        "2026-01-01T09:30:00+01:00",
        "2026-01-01T01:00:00-08:00",
    ]
    split = lk.split({"at": texts}, {"past": 2, "future": 2}, time="at")
    assert split["past"].tolist() == [0, 1]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            ["2026-01-01T00:00:00Z", "2026-01-02T00:00:00"],
            "with a zone on 1 row, and without on 1, such as '2026-01-01T",
        ),
        (["2026-01-01", None], "no time on 1 of 2 rows, such as row 1"),
        ([1.0, float("nan")], "no time on 1 of 2 rows"),
        (["2026-01-01", "yesterday"], "no time in 'yesterday'"),
        (["2026-01-01", "2026-01-01"], "all rows have the same time"),
        ([[1], [2]], "has no times, but list"),
    ],
)
def test_times_that_cannot_be_compared_are_refused(values, message):
    with pytest.raises(AnalysisError, match=message):
        lk.split({"at": values}, {"train": 1, "test": 1}, time="at")


def test_objects_with_and_without_a_zone_are_refused():
    values = [dt.datetime(2026, 1, 1, tzinfo=dt.UTC), dt.datetime(2026, 1, 2)]  # noqa: DTZ001 - on purpose
    for data, time in (({"x": [1, 2]}, values), (pd.DataFrame({"at": pd.Series(values, dtype=object)}), "at")):
        with pytest.raises((AnalysisError, CorpusError), match="zone"):
            lk.split(data, {"train": 1, "test": 1}, time=time)


def test_a_group_is_in_its_first_part_and_its_later_rows_are_left_out():
    data = {"day": list(range(10)), "author": list("abcadbeafg")}
    with pytest.warns(UserWarning, match="2 rows left out, since"):
        split = lk.split(data, {"train": 0.5, "test": 0.5}, time="day", group="author")
    assert split["train"].tolist() == [0, 1, 2, 3, 4]
    assert split["test"].tolist() == [6, 8, 9]
    assert split.left_out.tolist() == [5, 7]
    assert split.rows().num_rows == 8
    assert split.assignment.isna().sum() == 2
    assert split.check(data, group="author", time="day").is_clean


# The hash -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("group", [None, "author"])
@pytest.mark.parametrize("names", ["id", "number"])
def test_appended_rows_never_move_another(group, names):
    data = frame(3_000).assign(number=np.arange(3_000) * 7)
    data["author"] = np.where(data["author"] > 1, data["author"].astype(str), None)
    whole = lk.split(data, THREE, stable=True, group=group, id=names).assignment
    first = data.iloc[np.random.default_rng(0).permutation(2_000)]
    part = lk.split(first, THREE, stable=True, group=group, id=names).assignment
    assert whole.loc[part.index].tolist() == part.tolist()
    assert abs((whole == "train").mean() - 0.8) < (0.03 if group is None else 0.2)
    assert lk.split(data, THREE, stable=True, id=names, random_state=1).parts.tolist() != whole.cat.codes.tolist()


def test_a_hash_is_the_same_everywhere():
    split = lk.split({"id": ["a", "b", "c", "d", "e", "f"]}, {"train": 0.5, "test": 0.5}, stable=True, id="id")
    assert split["train"].tolist() == STABLE


STABLE = ["e", "f"]


def test_a_number_that_a_new_row_lacks_moves_no_other_row():
    data = frame(600)  # whole numbers, which pandas holds as floats as soon as one is missing
    more = pd.concat([data, data.iloc[:1].assign(id="new", author=np.nan)], ignore_index=True)
    assert data["author"].dtype == np.int64
    assert more["author"].dtype == np.float64
    first, then = (lk.split(one, THREE, stable=True, group="author", id="id").assignment for one in (data, more))
    assert then.loc[first.index].tolist() == first.tolist()


@pytest.mark.parametrize("column", ["author", "day", "name"])
def test_a_hash_of_groups_does_not_depend_on_what_holds_them(column):
    data = frame(600).assign(
        day=lambda rows: rows["day"].dt.normalize(), name=lambda rows: "u" + rows["author"].astype(str)
    )
    wanted = lk.split(data, THREE, stable=True, group=column, id="id").assignment.tolist()
    values = data[column]
    others = [values.tolist(), values.astype(object).to_numpy(), values.astype("category"), pa.array(values)]
    if column == "author":
        others += [values.astype(float), values.astype("Int64"), values.astype("int16").to_numpy()]
    if column == "day":
        others += [values.dt.date, values.astype("datetime64[us]"), values.dt.tz_localize("UTC")]
    for other in others:
        assert lk.split(data, THREE, stable=True, group=other, id="id").assignment.tolist() == wanted
        if not isinstance(other, list | np.ndarray | pa.Array):
            held = data.assign(**{column: other})
            assert lk.split(held, THREE, stable=True, group=column, id="id").assignment.tolist() == wanted


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"time": "day", "stratify": "label"}, "time= and stratify= do not combine"),
        ({"stable": True, "stratify": "label"}, "stable= and stratify= do not"),
        ({"stable": True, "time": "day"}, "stable= and time= do not"),
        ({"stable": True, "near_duplicates": "text"}, "stable= and near_duplicates= do not"),
        ({"random_state": -1}, "random_state=-1"),
        ({"random_state": None}, "random_state=None"),
        ({"near_duplicates": "text", "threshold": 80}, "threshold=80"),
    ],
)
def test_ways_that_do_not_combine_are_refused(options, message):
    with pytest.raises(AnalysisError, match=message):
        lk.split(frame(), THREE, **options)
    with pytest.raises(AnalysisError, match="takes shares"):
        lk.split(frame(), {"train": None, "test": 100}, stable=True)


# Any corpus -----------------------------------------------------------------------------------------------------------


def test_the_same_rows_in_any_form_are_split_alike(tmp_path):
    data = frame(300)
    data.to_parquet(tmp_path / "rows.parquet")
    data.to_csv(tmp_path / "rows.csv", index=False)
    options = {"group": "author", "stratify": "label", "id": "id"}
    expected = lk.split(data, THREE, **options).assignment.tolist()
    for corpus in (tmp_path / "rows.parquet", tmp_path / "rows.csv", data.to_dict("records"), pa.table(data)):
        assert lk.split(corpus, THREE, **options).assignment.tolist() == expected
    stream = (row for row in data.to_dict("records"))
    assert lk.split(stream, THREE, **options).assignment.tolist() == expected
    assert lk.split(lk.open_corpus(data, id="id"), THREE, group="author", stratify="label").parts.tolist() == [
        list(THREE).index(part) for part in expected
    ]


def test_what_is_wrong_with_a_corpus_is_refused():
    with pytest.raises(CorpusError, match="did you mean 'author'"):
        lk.split(frame(), THREE, group="autor")
    with pytest.raises(CorpusError, match=r"the id 'x' .*stands twice"):
        lk.split({"id": ["x", "x", "y"]}, {"train": 2, "test": 1}, id="id")
    with pytest.raises(AnalysisError, match="has no rows"):
        lk.split({"text": []}, THREE)
    with pytest.raises(AnalysisError, match=r"cannot be told apart"):
        lk.split({"tags": [["a"], ["b"]]}, {"train": 1, "test": 1}, group="tags")


def test_a_split_is_curated_and_says_what_it_did():
    split = lk.split(frame(), THREE, stratify="label", id="id", random_state=3)
    assert isinstance(split, Curated)
    rows = split.rows().to_pandas()
    assert rows.groupby("split", observed=True)["id"].apply(list)["test"] == split["test"].tolist()
    step = split.step.to_dict()
    assert step["operation"] == "split"
    assert step["parameters"]["stratify"] == "label"
    assert (step["seed"], step["before"], step["after"]["test"]) == (3, {"rows": 1_000}, 100)
    assert split.to_dict()["classes"]["test"] == dict(split.class_counts["test"])
    with pytest.raises(AnalysisError, match=r"no part 'tran'"):
        split["tran"]
    assert "Shares of classes" in str(split)


def test_a_split_does_not_go_with_a_sample_of_the_same_seed():
    corpus = {"id": np.arange(20_000)}
    drawn = lk.sample(corpus, 10_000, id="id").positions
    test = lk.split(corpus, {"train": 0.5, "test": 0.5}).positions("test")
    noise = np.random.default_rng(0).permutation(20_000)[:10_000]
    for other in (drawn, noise):
        assert abs(len(np.intersect1d(test, other)) - 5_000) < 5 * np.sqrt(20_000) / 4


def test_a_part_whose_groups_are_all_in_an_earlier_one_is_refused():
    data = {"day": [1, 2, 3, 4], "author": ["a", "b", "a", "b"]}
    with pytest.raises(AnalysisError, match=r"'test' is empty.*: all of them belong together with rows of an earlier"):
        lk.split(data, {"train": 0.5, "test": 0.5}, time="day", group="author")


@pytest.mark.parametrize(
    ("index", "is_told"),
    [
        (range(40), False),
        ([f"e{i}" for i in range(40)], False),
        (range(100, 140), False),
        (range(39, -1, -1), True),
        (range(1, 41), True),
    ],
)
def test_ids_that_are_numbers_of_other_rows_are_told_from_positions(index, is_told):
    frame = pd.DataFrame({"text": [f"text {i}" for i in range(40)]}, index=list(index))
    split = lk.split(frame, {"train": 0.5, "test": 0.5})
    assert frame.loc[split["train"]].equals(frame.iloc[split.positions("train")])
    assert ("frame.iloc and arrays take split.positions('train')" in str(split)) == is_told


INDEXES = {
    "0, 1, 2": range,
    "filtered": lambda n: np.arange(n) * 3 + 1,
    "shuffled": lambda n: np.random.default_rng(0).permutation(n),
    "filtered and shuffled": lambda n: np.random.default_rng(1).permutation(2 * n)[:n],
    "text": lambda n: [f"t{i}" for i in range(n)],
    "numbers as text": lambda n: [str(i) for i in range(n)][::-1],
}


@pytest.mark.parametrize("index", INDEXES)
@pytest.mark.parametrize("name", [None, "id", "key"])
def test_the_ids_of_a_part_choose_its_rows_everywhere(index, name):
    frame = pd.DataFrame(
        {"text": ["refund", "hello", "refund hello"] * 20}, index=pd.Index(INDEXES[index](60), name=name)
    )
    rules = [lk.keywords("refund", label=1).rule(name="refund"), lk.keywords("hello", label=0).rule(name="hello")]
    matrix = lk.Applier(rules, labels=["FINE", "ASKS"]).apply(frame)
    labels = lk.MajorityVote().fit(matrix).label(matrix)
    split = lk.split(frame, {"train": 0.5, "test": 0.5})
    for part in split.names:
        ids, positions = split[part], split.positions(part)
        assert frame.loc[ids].equals(frame.iloc[positions])
        assert matrix[ids].ids.tolist() == matrix[positions].ids.tolist() == ids.tolist()
        assert labels[ids].ids.tolist() == labels[positions].ids.tolist() == ids.tolist()
        assert (matrix[ids].votes == matrix.votes[positions]).all()

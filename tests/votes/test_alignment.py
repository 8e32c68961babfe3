"""What names its rows is matched by name, what does not by position, and one file knows how."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

import labelkit as lk
from labelkit.exceptions import GoldError, LabelkitError
from labelkit.votes.alignment import RowNames, match, names_of, object_array
from labelkit.votes.example_names import ExampleNames, FrameIndex
from labelkit.votes.gold import aligned_gold


@given(st.lists(st.integers(0, 6)), st.lists(st.integers(-1, 8)))
def test_a_name_is_found_at_its_first_row(names, wanted):
    found = RowNames(np.array(names, dtype=np.int64)).positions(np.array(wanted, dtype=np.int64))
    assert found.tolist() == [names.index(name) if name in names else -1 for name in wanted]


def test_names_of_several_types_are_found():
    assert RowNames(object_array(["a", 1, (2, 3)])).positions(object_array([(2, 3), "b", 1])).tolist() == [2, -1, 1]


def test_a_repeated_name_is_shown_as_its_author_wrote_it():
    rows = RowNames(np.array([4, 5, 5, 4]))
    assert not rows.is_unique
    assert repr(rows.repeated()) == "5"


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ({"a": 1}, ["a"]),
        (pd.Series([1], index=["a"]), ["a"]),
        (pd.Series([1, 2]), None),
        ([1, 2], None),
        (np.array([1, 2]), None),
    ],
    ids=repr,
)
def test_mappings_and_series_name_their_rows_and_arrays_do_not(values, names):
    found = names_of(values, np.array(["a", "b"]))
    assert names == (None if found is None else found.tolist())


def test_gold_and_slices_in_a_series_are_aligned_alike():
    """Numbers that are ids are names, for gold as for slices, whatever the order of the ids."""
    matrix = lk.LabelMatrix.of([[0], [1], [1]], ids=[2, 0, 1])
    values = pd.Series([1, 1, 0], index=[0, 1, 2])
    assert lk.summarize(matrix, gold=values).frame.loc["lf0", "correct"] == 3
    slices = lk.coverage_by(matrix, values)
    assert slices[slices["lf"] == "lf0"][["slice", "n"]].values.tolist() == [[0, 1], [1, 2]]
    pd.testing.assert_frame_equal(slices, lk.coverage_by(matrix, dict(values.items())))


def test_no_other_file_looks_up_rows_by_name():
    package = Path(lk.__file__).parent
    users = {
        str(file.relative_to(package))
        for file in package.rglob("*.py")
        if any(call in file.read_text("utf-8") for call in (".get_indexer(", ".get_loc("))
    }
    assert users == {"votes/alignment.py"}


@pytest.mark.parametrize("of_ids", [str, "{:06d}".format])
@pytest.mark.parametrize("index", [pd.RangeIndex(3), pd.Index([0, 1, 2], name="key")])
def test_a_counted_index_is_no_order_where_texts_of_its_numbers_are_the_ids(index, of_ids):
    """A CSV file has text ids; pandas reads numbers from it."""
    examples = ExampleNames(np.array([of_ids(number) for number in (2, 0, 1)], dtype=object))
    gold = pd.Series([1, 0, 0], index=index)
    with pytest.raises(GoldError, match="the examples bear the same numbers in another order") as raised:
        match(gold, examples, what="gold", error=GoldError)
    assert "the ids are text" in raised.value.hint
    by_text = match(gold.rename(index=of_ids), examples, what="gold", error=GoldError)
    assert by_text.sources.tolist() == [2, 0, 1]


@pytest.mark.parametrize("ids", [["0", "1", "2"], ["7", "9", "8"], ["c2", "c0", "c1"], ["2", "0", "\u0661"]])
def test_a_counted_index_is_the_order_where_texts_are_the_ids_and_do_not_say_otherwise(ids):
    gold = pd.Series([1, 0, 0])
    assert match(gold, ExampleNames(np.array(ids, dtype=object)), what="gold", error=GoldError) is None


@pytest.mark.parametrize("ids", [["2", "0", "1"], ["02", "00", "01"]])
def test_gold_of_pandas_beside_a_csv_file_in_another_order_is_refused(tmp_path, ids):
    (tmp_path / "c.csv").write_text("id,text\n" + "".join(f"{name},free\n" for name in ids))
    rule = lk.keywords("free", label=1).rule(name="free")
    corpus = lk.open_corpus(tmp_path / "c.csv", id="id")
    matrix = lk.Applier(lk.LabelingFunctions([rule], labels=2)).apply(corpus, progress=False)
    gold = pd.Series([1, 1, 0])
    for call in (
        lambda: lk.summarize(matrix, gold=gold),
        lambda: lk.LabelModel().fit(matrix).evaluate(matrix, gold),
        lambda: lk.run([rule], corpus, tmp_path / "run", gold=gold, report=False, labels=2),
        lambda: lk.coverage_by(matrix, gold),
    ):
        with pytest.raises(LabelkitError, match="in another order"):
            call()
    assert lk.summarize(matrix, gold=gold.to_numpy()).frame.loc["free", "precision"] == 2 / 3


@pytest.mark.parametrize("index", [["a", "b", "c"], [7, 8, 9], [2.0, 0.0, 1.0], [5.5, 6.5, 7.5]])
@pytest.mark.parametrize("ids", [[2, 0, 1], ["x", "y", "z"]])
def test_a_series_without_an_index_is_not_matched_by_numbers_that_happen_to_be_names(index, ids):
    """Expected: by position, or an error where ids or index bear the numbers 0, 1, 2 in another order."""
    frame = pd.DataFrame({"gold": [1, 0, 0]}, index=index)
    examples = ExampleNames(np.array(ids), FrameIndex.of(frame))
    reset = frame["gold"].reset_index(drop=True)
    if sorted(index) == [0, 1, 2] or sorted(ids) == [0, 1, 2]:
        with pytest.raises(GoldError, match="the examples bear the same numbers in another order"):
            aligned_gold(reset, examples, ["HAM", "SPAM"])
    else:
        with pytest.warns(UserWarning, match="LK345"):
            assert aligned_gold(reset, examples, ["HAM", "SPAM"]).tolist() == [1, 0, 0]
    assert aligned_gold(frame["gold"], examples, ["HAM", "SPAM"]).tolist() == [1, 0, 0]
    assert aligned_gold(dict(zip(ids, [1, 0, 0], strict=True)), examples, ["HAM", "SPAM"]).tolist() == [1, 0, 0]


@pytest.mark.parametrize("ordered", [True, False])
def test_what_lost_its_index_beside_examples_of_a_frame_with_one_is_taken_in_order_and_said_to_be(ordered):
    rule = lk.keywords("free", label=1).rule(name="free", column="text")
    other = lk.keywords("song", label=0).rule(name="song", column="text")
    frame = pd.DataFrame({"text": ["free", "song", "free", "a song"], "gold": [1, 0, 1, 0]}, index=list("abcd"))
    matrix = lk.Applier([rule, other], labels=["HAM", "SPAM"]).apply(frame, cache=False)
    labels = lk.LabelModel().fit(matrix).label(matrix)
    lost = (frame if ordered else frame.sort_values("text")).reset_index(drop=True)
    calls = {
        "gold": lambda some: lk.summarize(matrix, gold=some["gold"]),
        "features": lambda some: labels.training_set(some[["text"]]),
        "values": lambda some: lk.coverage_by(matrix, some["text"]),
    }
    for call in calls.values():
        with pytest.warns(UserWarning, match=r"the examples have that of their frame, \['a', 'b'\]: .*LK345"):
            call(lost)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            call(frame)
            call(frame[::-1])


NUMBERED = [0, 1, 0, 1, -1]
BY_POSITION = {
    "counted": (pd.Series(NUMBERED, index=[0, 1, 2, 3, 4]), None),
    "in another order": (
        pd.Series(NUMBERED, index=[4, 0, 1, 2, 3]),
        r"or give gold\.sort_index\(\)\.to_numpy\(\), if its",
    ),
    "of other numbers": (pd.Series(NUMBERED, index=range(100, 105)), r"or give gold\.to_numpy\(\), where its rows are"),
    "of some": (
        pd.Series([0, 1], index=[0, 1]),
        r"or give gold with the ids as its index: it has 2 rows for 5 examples",
    ),
    "a dict": ({0: 1}, r"ids look like 'a'$"),
}


@pytest.mark.parametrize(("given_gold", "hint"), BY_POSITION.values(), ids=BY_POSITION)
def test_gold_that_names_no_example_is_told_how_it_is_given_by_position(given_gold, hint):
    names = np.array(list("abcde"), dtype=object)
    if hint is None:
        assert aligned_gold(given_gold, names, ["HAM", "SPAM"]).tolist() == NUMBERED
        return
    with pytest.raises(GoldError, match="LK321") as error:
        aligned_gold(given_gold, names, ["HAM", "SPAM"])
    assert re.search(hint, error.value.hint)


def test_texts_and_ids_of_numpy_are_read_whole():
    """Arrow ends them at a NUL."""
    rule = lk.keywords("free", label=1).rule(name="free", column="text")
    corpus = {"text": np.array(["a\0 free", "x"]), "id": np.array(["a\0b", "a\0c"])}
    matrix = lk.Applier([rule], labels=["HAM", "SPAM"]).apply(corpus, id="id", cache=False)
    assert matrix.votes.ravel().tolist() == [1, -1]
    assert lk.LabelMatrix.from_arrow(matrix.to_arrow()).ids.tolist() == ["a\0b", "a\0c"]

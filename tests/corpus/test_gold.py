"""Gold in a column, a file, a mapping or an array is read in one place, and bad files are refused in one line."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import labelkit as lk
from labelkit.checks.check_rules import check_rules
from labelkit.corpus import open_corpus
from labelkit.corpus.gold import open_gold, read_gold_file
from labelkit.exceptions import GoldError

NAMES = ("ham", "spam")
FRAME = pd.DataFrame({"id": ["a", "b", "c"], "n": [7, 8, 9], "text": ["x", "y", "z"], "gold": ["spam", None, "ham"]})


def labels(gold, id="id", batch_rows=2):  # noqa: A002 - as in the library
    corpus = lk.open_corpus(FRAME, id=id)
    source = pickle.loads(pickle.dumps(open_gold(gold, corpus)))  # it travels to workers
    columns = [source.column] if source.column else []
    return [label for batch in corpus.batches(columns, batch_rows) for label in source.of(batch, NAMES).tolist()]


@pytest.mark.parametrize(
    "gold",
    [
        "gold",
        [1, None, 0],
        np.array([1, -1, 0]),
        {"a": 1, "c": "ham"},
        {"c": 0, "a": "spam", "unknown": 1},
        pd.Series(["ham", 1], index=["c", "a"]),
    ],
    ids=repr,
)
def test_gold_in_any_place_gives_the_same_labels(gold):
    assert labels(gold) == [1, -1, 0]


def test_gold_of_a_corpus_without_ids_is_by_position():
    assert labels({0: 1, 2: 0}, id=None) == [1, -1, 0]
    assert labels([1, None, 0], id=None) == [1, -1, 0]


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
@pytest.mark.parametrize("id_", ["id", "n"])
def test_a_file_of_ids_and_labels_is_read_by_the_type_of_the_ids(tmp_path, suffix, id_):
    path = tmp_path / f"gold.{suffix}"
    table = FRAME[[id_, "gold"]].dropna()
    if suffix == "csv":
        table.to_csv(path, index=False)
    elif suffix == "jsonl":
        table.to_json(path, orient="records", lines=True)
    else:
        table.to_parquet(path)
    assert labels(path, id=id_) == labels(str(path), id=id_) == [1, -1, 0]


def test_numbers_with_a_fraction_of_zero_name_rows(tmp_path):
    path = tmp_path / "gold.parquet"
    pq.write_table(pa.table({"n": [7.0, 9.0], "gold": [1, 0]}), path)
    assert labels(path, id="n") == [1, -1, 0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("n,gold\n7,1\n7,0\n", "gold names the id 7 twice \\[LK325\\]\nHint: keep one label an example"),
        ("n,gold\n7,1\nseven,0\n", "names examples such as 'seven', and those of the corpus are numbers"),
        ("n,gold\n7,1\n,0\n", "line 3: the id is null"),
        ("n,gold\n7,1\n1.5,0\n", "names examples such as '1.5', and those"),
        (f"n,gold\n{'9' * 23},0\n", f"names examples such as '{'9' * 23}', and those"),
        ("n,a,b\n7,1,0\n", r"has the columns \['n', 'a', 'b'\]: which holds the labels is not clear"),
        ("n\n7\n", r"has the columns \['n'\]: which holds the labels is not clear"),
        ("", "gold cannot be read: the file .* is empty"),
    ],
    ids=repr,
)
def test_a_file_that_cannot_be_meant_is_refused(tmp_path, text, message):
    path = tmp_path / "gold.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(GoldError, match=message):
        labels(path, id="n")


def test_a_null_id_is_refused_by_its_row(tmp_path):
    path = tmp_path / "gold.jsonl"
    path.write_text('{"id": "a", "gold": 1}\n{"id": null, "gold": 0}\n', "utf-8")
    with pytest.raises(GoldError, match="line 2: the id is null"):
        read_gold_file(path, ["id"], are_text=True)


def test_an_id_with_two_labels_is_refused_wherever_gold_is_given():
    twice = pd.Series([1, 0], index=["a", "a"])
    matrix = lk.LabelMatrix.of([[0], [1], [1]], ids=["a", "b", "c"])
    calls = [
        lambda: labels(twice),
        lambda: lk.summarize(matrix, gold=twice),
        lambda: lk.diff(matrix, matrix, gold=twice),
    ]
    for call in calls:
        with pytest.raises(GoldError, match="gold names the id 'a' twice"):
            call()


def test_a_name_that_is_no_column_and_no_file_is_refused_with_the_columns():
    with pytest.raises(
        GoldError,
        match=r"'nope' is neither a column of the corpus nor a file \[LK\d{3}\]\nHint: the columns are .id., .n.",
    ):
        labels("nope")


# Which example a row of a file is of ----------------------------------------------------------------------------------


def opened(tmp_path, text, corpus=FRAME, id=None, name="gold.csv"):  # noqa: A002 - as in the library
    path = tmp_path / name
    if isinstance(text, pa.Table):
        pq.write_table(text, path)
    else:
        path.write_text(text, "utf-8")
    return open_gold(path, lk.open_corpus(corpus, id=id), NAMES)


@pytest.mark.parametrize(
    ("text", "id_", "message"),
    [
        ("id,gold\na,1\nc,0\n", None, r"names the examples by 'id', and .* positions \[LK\d{3}\]\nHint: .*--id id"),
        ("key,gold\n0,1\n", None, "names the examples by 'key', and .* have no ids"),
        ("a,1\nb,0\n", "id", "seems to have no header: its first line is 'a', '1'"),
        ("a,spam\nb,ham\n", "id", "seems to have no header: its first line is 'a', 'spam'"),
        ("7,1\n8,0\n", "n", "seems to have no header"),
        ("n,gold\n007,1\n", "n", "such as '007', and those of the corpus are numbers"),
        ("n,gold\n7.0,1\n", "n", "such as '7.0', and those of the corpus are numbers"),
        ("n,gold\n 7,1\n", "n", "such as ' 7', and those of the corpus are numbers"),
        ("n,gold\n7_0,1\n", "n", "such as '7_0', and those"),
        ("row,gold\n0,1\n", "id", "counts the rows by 'row', and the examples of the corpus have ids"),
        ("id,gold\na,1\na,0\n", "id", "gold names the id 'a' twice"),
        ('id,gold\n"  ",1\n', "id", "line 2: the id is blank"),
        ("gold\n1\n0\n", "id", "gold has 2 labels for 3 examples"),
    ],
    ids=repr,
)
def test_rows_of_a_file_that_name_no_example_are_refused(tmp_path, text, id_, message):
    with pytest.raises(GoldError, match=message):
        opened(tmp_path, text, id=id_)


def test_a_file_may_count_the_rows_or_hold_a_label_for_each(tmp_path):
    for text in ("row,gold\n0,1\n2,0\n", "gold\n1\n-1\n0\n", pa.table({"label": ["spam", None, "ham"]})):
        name = "gold.csv" if isinstance(text, str) else "gold.parquet"
        assert opened(tmp_path, text, name=name).at(np.arange(3), np.arange(3), NAMES).tolist() == [1, -1, 0]


def test_a_gold_label_is_a_number_that_numbers_a_class(tmp_path):
    assert opened(tmp_path, "id,gold\na,1.0\nc,0.0\n", id="id").checked(NAMES).values.tolist() == [1, 0]
    for label in ("1" * 23, "1.5", "inf", "²"):
        with pytest.raises(GoldError, match=r"gold holds .* neither a class number nor"):
            opened(tmp_path, f"id,gold\na,{label}\n", id="id").checked(NAMES)
    for labels_ in ([2**63], [1e30], np.array([2**64 - 1], dtype=np.uint64), [10**23]):
        with pytest.raises(GoldError, match="gold holds"):
            lk.summarize(np.array([[0]]), gold=labels_)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (
            ["x", "y"],
            "(gold names 2 .* such as 'x' \\[LK321\\]\nHint: ids look like '1'|names .*'x', 'y'.*, and the examples are .*'1')",
        ),
        (["001", "002"], "'001' would be '1' but for leading zeros"),
        (["1.0", "2.0"], "'1.0' would be '1' as a whole number"),
        ([" 1", "2 "], "' 1' would be '1' without the spaces"),
    ],
)
def test_gold_that_matches_nothing_stops_a_run_with_names_of_both_sides(tmp_path, names, message):
    rule = lk.regex("x", label=1).rule(name="x")
    corpus = pd.DataFrame({"id": ["1", "2"], "text": ["x", "y"]})
    pd.DataFrame({"id": names, "gold": [1, 0]}).to_csv(tmp_path / "gold.csv", index=False)
    for gold in (tmp_path / "gold.csv", dict.fromkeys(names, 1)):
        with pytest.raises(GoldError, match=f"(?s){message}"):
            lk.run([rule], corpus, tmp_path / "out", id="id", gold=gold, labels=NAMES, progress=False)
        assert not (tmp_path / "out").exists()


def test_gold_without_a_label_stops_a_run(tmp_path):
    rule = lk.regex("x", label=1).rule(name="x")
    corpus = pd.DataFrame({"text": ["x", "y"], "gold": [None, None]})
    for number, gold in enumerate(("gold", [None, None], [-1, -1])):
        with pytest.raises(GoldError, match="holds no label"):
            lk.run([rule], corpus, tmp_path / f"out{number}", gold=gold, labels=NAMES, progress=False)


@pytest.mark.parametrize("kind", ["parquet", "jsonl", "iterator"])
def test_a_default_series_beside_ids_that_are_numbers_is_read_as_a_summary_reads_it(tmp_path, kind):
    frame = pd.DataFrame({"id": [11, 5, 7], "text": ["a", "b", "c"]})
    path = tmp_path / f"corpus.{kind}"
    if kind == "parquet":
        frame.to_parquet(path)
    elif kind == "jsonl":
        frame.to_json(path, orient="records", lines=True)
    corpus = lk.open_corpus(iter(frame.to_dict("records")) if kind == "iterator" else path, id="id")
    gold = pd.Series([1, 0, 1])
    if kind == "iterator":
        with pytest.raises(GoldError, match="the corpus can be read only once"):
            open_gold(gold, corpus)
    else:
        assert open_gold(gold, corpus).at(np.arange(3), np.array([11, 5, 7]), NAMES).tolist() == [1, 0, 1]


def test_check_says_how_many_gold_labels_it_saw(tmp_path):
    rules = lk.LabelingFunctions([lk.regex("x", label=1).rule(name="x")], labels=NAMES)
    corpus = pd.DataFrame({"id": list("abcd"), "text": list("xyxy")})
    check = lambda gold, rows: str(check_rules(rules, corpus, rows=rows, gold=gold, id="id"))  # noqa: E731
    assert "gold: 2 of 3 labels are of the rows that were tried" in check({"a": 1, "b": 0, "d": 0}, 2)
    assert "warning: gold: 0 of 1 label are of the rows that were tried" in check({"d": 0}, 2)
    with pytest.raises(GoldError, match=r"gold names 1 .* that are not examples, such as 'z'"):
        check({"z": 0}, 10)


@pytest.mark.parametrize(("name", "content"), [("gold.csv", ",\na,HAM\n"), ("gold.jsonl", "{}\n{}\n")])
def test_a_file_of_gold_without_names_of_columns_is_an_error(tmp_path, name, content):
    (tmp_path / name).write_text(content)
    with pytest.raises(GoldError, match=r"no column|seems to have no header"):
        open_gold(tmp_path / name, open_corpus({"id": ["a"], "text": ["x"]}, id="id"), ["HAM", "SPAM"])


def test_a_file_in_the_order_of_examples_that_have_ids_is_warned_of(tmp_path):
    (tmp_path / "gold.csv").write_text("gold\n1\n0\n")
    corpus = open_corpus([{"id": "a", "text": "x"}, {"id": "b", "text": "y"}], id="id")
    source = open_gold(tmp_path / "gold.csv", corpus, ["HAM", "SPAM"]).checked(["HAM", "SPAM"])
    with pytest.warns(UserWarning, match=r"gold.csv' has no column of ids: .* matched by their order.*column 'id'"):
        source.check_matched(2, 2, np.array(["a", "b"], dtype=object))
    with pytest.raises(GoldError, match=r"gold has 2 labels for 3 examples \(1 row could not be read\)"):
        source.check_matched(2, 3, np.array(["a", "b"], dtype=object), n_rejects=1)


@pytest.mark.parametrize(
    ("given", "message"),
    [("gold*.csv", "is a pattern, and gold is one file"), ("folder", "is a folder, and gold is one file")],
)
def test_gold_is_one_file(given, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "gold1.csv").write_text("id,gold\na,1\n")
    (tmp_path / "folder").mkdir()
    with pytest.raises(GoldError, match=message):
        open_gold(given, open_corpus([{"id": "a"}], id="id"), ["HAM", "SPAM"])


def test_a_word_that_is_mapped_and_never_held_is_warned_of(tmp_path):
    (tmp_path / "gold.csv").write_text("id,gold\na,junk\nb,HAM\n")
    corpus = open_corpus([{"id": "a"}, {"id": "b"}], id="id")
    names = ["HAM", "SPAM"]
    with pytest.warns(UserWarning, match=r"names 'jnuk', which gold never holds: it holds 'HAM', 'junk'"):
        open_gold(tmp_path / "gold.csv", corpus, names, {"junk": "SPAM", "jnuk": "SPAM"}).checked(names)
    open_gold(tmp_path / "gold.csv", corpus, names, {"junk": "SPAM"}).checked(names)


def test_gold_is_read_at_an_address():
    fsspec = pytest.importorskip("fsspec")
    with fsspec.open("memory://gold/answers.csv", "w") as file:
        file.write("id,gold\na,SPAM\nb,HAM\n")
    names = ["HAM", "SPAM"]
    corpus = open_corpus([{"id": "b"}, {"id": "a"}], id="id")
    source = open_gold("memory://gold/answers.csv", corpus, names).checked(names)
    assert source.at(np.arange(2), np.array(["b", "a"], dtype=object), names).tolist() == [0, 1]
    assert lk.read_gold("memory://gold/answers.csv").to_dict() == {"a": "SPAM", "b": "HAM"}
    with pytest.raises(GoldError, match=r"gold cannot be read: there is nothing at 'memory://gold/no.csv'"):
        open_gold("memory://gold/no.csv", corpus, names)


@pytest.mark.parametrize("names", [("1", "2", "3"), ("-1", "0", "1"), ("2", "0", "1")])
def test_numbers_in_data_are_names_where_classes_are_named_by_other_numbers(names, tmp_path):
    numbers = [int(name) for name in names] * 4
    frame = pd.DataFrame({"id": [f"x{i}" for i in range(12)], "stars": numbers})
    expected = [0, 1, 2] * 4
    frame.to_csv(tmp_path / "c.csv", index=False)
    frame.to_parquet(tmp_path / "c.parquet")
    frame.to_json(tmp_path / "c.jsonl", orient="records", lines=True)
    frame.rename(columns={"stars": "gold"}).to_parquet(tmp_path / "gold.parquet")

    def read(data, gold):
        corpus = lk.open_corpus(data, id="id")
        source = open_gold(gold, corpus, names).checked(names)
        columns = [source.column] if source.column else []
        return [label for batch in corpus.batches(columns, 5) for label in source.of(batch, names).tolist()]

    for data in ("c.csv", "c.parquet", "c.jsonl"):
        assert read(tmp_path / data, "stars") == expected
    by_id = frame.set_index("id")["stars"]
    assert read(frame, "stars") == read(frame, tmp_path / "gold.parquet") == read(frame, by_id.astype(str)) == expected
    if set(map(str, expected)) != set(names):
        assert read(frame, np.array(expected)) == expected  # numbers of classes
    assert read(frame.assign(stars=[None, *numbers[1:]]), "stars") == [-1, *expected[1:]]
    matrix = lk.LabelMatrix.of(np.array(expected)[:, None], classes=names, ids=frame["id"])
    for unclear in (by_id, dict(by_id), numbers, by_id.astype(float)):
        with pytest.raises(GoldError, match="which are the names of classes, and their places"):
            read(frame, unclear)
        with pytest.raises(GoldError, match="which are the names of classes, and their places"):
            lk.summarize(matrix, gold=unclear)
    assert lk.summarize(matrix, gold=by_id.astype(str)).frame["precision"].iloc[0] == 1
    unknown = {"x0": names[0], "x1": None, "x2": -1 if names[0] != "-1" else None, "x3": ""}
    assert read(frame, unknown)[:4] == [0, -1, -1, -1]


def test_a_number_that_is_no_name_of_classes_named_by_numbers_is_refused(tmp_path):
    pd.DataFrame({"id": ["a", "b"], "gold": [0, 2]}).to_csv(tmp_path / "gold.csv", index=False)
    with pytest.raises(GoldError, match="gold holds '0', which is neither a class number nor one of the names"):
        open_gold(tmp_path / "gold.csv", lk.open_corpus(FRAME, id="id"), ("1", "2", "3")).checked(("1", "2", "3"))

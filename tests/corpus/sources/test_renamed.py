"""Other names of columns, and fields of structs as columns, whatever the source is."""

from __future__ import annotations

import json
import pickle

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import labelkit as lk
from labelkit.corpus import open_corpus
from labelkit.corpus.gold import open_gold
from labelkit.exceptions import CorpusError

ROWS = [
    {"Comment": "win a prize", "user": {"id": "a", "followers": 3, "home": {"city": "Ulm"}}, "tags": [{"n": "x"}]},
    {"Comment": "see you", "user": {"id": "b", "followers": None, "home": None}, "tags": []},
    {"Comment": "win, win", "user": {"id": "c", "followers": 40, "home": {"city": "Rom"}}, "tags": None},
]
CITIES = ["Ulm", None, "Rom"]
NO_USER = [{"user": {"id": "a", "followers": 3}}, {"user": None}, {}, {"user": {"id": "d"}}]


def in_parquet(folder, rows):
    pq.write_table(pa.Table.from_pylist(rows), folder / "a.parquet", row_group_size=2)
    return folder / "a.parquet"


def in_jsonl(folder, rows):
    path = folder / "a.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


SOURCES = {
    "a list": lambda _, rows: rows,
    "an iterator": lambda _, rows: iter(rows),
    "arrow": lambda _, rows: pa.Table.from_pylist(rows),
    "arrow, sliced": lambda _, rows: pa.concat_tables([pa.Table.from_pylist([rows[0], *rows])[1:]]),
    "pandas": lambda _, rows: pd.DataFrame({key: [row.get(key) for row in rows] for key in rows[0]}, dtype=object),
    "polars": lambda _, rows: pl.DataFrame(rows, infer_schema_length=None),
    "parquet": in_parquet,
    "jsonl": in_jsonl,
}


@pytest.fixture(params=SOURCES)
def make(request, tmp_path):
    return lambda rows, **options: open_corpus(SOURCES[request.param](tmp_path, rows), **options)


def values(corpus, *columns):
    return [row for batch in corpus.batches(columns, 2) for row in batch.table.to_pylist()]


def test_a_field_of_a_struct_is_a_column(make):
    rows = values(make(ROWS), "user.home.city", "user.followers", "Comment")
    assert [row["user.home.city"] for row in rows] == CITIES
    assert [row["user.followers"] for row in rows] == [3, None, 40]
    assert [row["Comment"] for row in rows] == [row["Comment"] for row in ROWS]


def test_what_is_missing_is_null(make):
    assert [row["user.followers"] for row in values(make(NO_USER), "user.followers")] == [3, None, None, None]


def test_a_column_has_a_new_name(make):
    corpus = make(ROWS, rename={"text": "Comment", "city": "user.home.city"})
    assert "text" in corpus.column_names
    assert "Comment" not in corpus.column_names
    assert [(row["text"], row["Comment"], row["city"]) for row in values(corpus, "text", "Comment", "city")] == [
        (row["Comment"], row["Comment"], city) for row, city in zip(ROWS, CITIES, strict=True)
    ]
    assert corpus.has_column("Comment")
    with pytest.raises(CorpusError, match=r"'Coment' is not in the corpus \(columns: .*text") as error:
        corpus.column_type("Coment")
    assert error.value.hint == "did you mean 'Comment'?"


def test_an_old_name_is_not_that_of_a_column_that_has_it_now(make):
    corpus = make([{"a": "x", "b": "y"}], rename={"a": "b", "b": "a"})
    assert values(corpus, "a", "b") == [{"a": "y", "b": "x"}]


def test_ids_may_be_a_field(make):
    corpus = make(ROWS, id="user.id")
    assert [name for batch in corpus.batches(["Comment"], 2) for name in batch.ids.to_pylist()] == ["a", "b", "c"]


def test_rules_gold_and_views_read_fields_and_new_names(tmp_path):
    path = in_parquet(tmp_path, ROWS)
    corpus = open_corpus(path, id="user.id", rename={"text": "Comment"})
    rule = lk.keywords("win", label=1).rule(name="wins", column="text")
    at_home = lk.keywords("Rom", label=1).rule(name="at_home", column="user.home.city")
    lfs = lk.LabelingFunctions([rule, at_home], labels=["ham", "spam"])
    matrix = lk.Applier(lfs).apply(corpus, workers=2, engine="process")
    assert matrix.votes.tolist() == [[1, -1], [-1, -1], [1, 1]]
    assert list(matrix.ids) == ["a", "b", "c"]
    assert open_gold("user.home.city", corpus).column == "user.home.city"
    old = lk.keywords("win", label=1).rule(name="wins", column="Comment")
    by_old_name = lk.Applier([old], labels=["ham", "spam"]).apply(corpus, workers=2, engine="process")
    assert by_old_name.votes[:, 0].tolist() == matrix.votes[:, 0].tolist()
    assert "Rom" in str(lk.view(matrix, corpus, labeled_by="at_home", column="user.home.city"))


def test_types_are_those_of_the_new_name(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("N,Comment\n1,a\nx,b\n")
    corpus = open_corpus(path, types={"n": int}, rename={"n": "N"}, on_bad_row="reject")
    assert corpus.column_type("n") == pa.int64()
    assert values(corpus, "n") == [{"n": 1}]
    assert [reject.reason for reject in corpus.rejects] == ["column 'n' (in the source 'N'): int expected, got 'x'"]
    with pytest.raises(CorpusError, match=r"column 'n' \(in the source 'N'\)"):
        values(open_corpus(path, types={"n": int}, rename={"n": "N"}), "n")


def test_a_column_whose_name_has_a_dot_is_taken_before_a_field():
    table = pa.table({"user.id": ["own"], "user": [{"id": "field", "a.b": 7, "a": {"b": 8}}], "x.y": [{"z": 9}]})
    row = values(open_corpus(table), "user.id", "user.a.b", "x.y.z")[0]
    assert row == {"user.id": "own", "user.a.b": 7, "x.y.z": 9}


def test_names_change_places():
    corpus = open_corpus({"a": [1], "b": [2]}, rename={"a": "b", "b": "a"})
    assert corpus.column_names == ("b", "a")
    assert values(corpus, "a", "b") == [{"a": 2, "b": 1}]


def test_the_fingerprint_tells_names_apart():
    data = {"a": ["x"], "b": ["y"]}
    plain, one, other = (open_corpus(data, rename=rename) for rename in (None, {"text": "a"}, {"text": "b"}))
    assert len({plain.fingerprint(), one.fingerprint(), other.fingerprint()}) == 3
    assert one.content("text") == plain.content("a") != other.content("text")


def test_a_renamed_corpus_is_pickled(tmp_path):
    corpus = open_corpus(in_parquet(tmp_path, ROWS), rename={"text": "Comment"})
    assert values(pickle.loads(pickle.dumps(corpus)), "text", "user.id") == values(corpus, "text", "user.id")


@pytest.mark.parametrize(
    ("rename", "message"),
    [
        ({"text": "comment"}, "no column 'comment'(.|\n)*did you mean 'Comment'"),
        ({"text": "user.nam"}, "'user' has no field 'nam'"),
        ({"Comment": "text"}, "new name stands first: rename={'text': 'Comment'}"),
        ({"tags": "Comment"}, "renamed to 'tags', and a list has a column of that name"),
        (["text"], "does not give columns new names"),
        ({"text": 1}, "does not give columns new names"),
    ],
)
def test_names_that_cannot_be_given_are_refused(rename, message):
    with pytest.raises(CorpusError, match=message):
        open_corpus(ROWS, rename=rename)


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ("user.folowers", "'user' has no field 'folowers'(.|\n)*did you mean 'user.followers'"),
        ("user.home.town", "'user.home' has no field 'town'"),
        ("tags.n", r"'tags' is \w*list<(.|\n)*does not lead into lists"),
        ("Comment.x", "'Comment' is string(.|\n)*JSON in text"),
        ("nobody.id", "'nobody.id' is not in the corpus"),
    ],
)
def test_a_field_that_is_not_there_is_an_error(make, column, message):
    with pytest.raises(CorpusError, match=message):
        values(make(ROWS), column)


def test_an_open_corpus_keeps_its_names():
    with pytest.raises(CorpusError, match="open already"):
        open_corpus(open_corpus(ROWS), rename={"text": "Comment"})


def test_only_the_fields_that_are_needed_are_read_of_parquet(tmp_path):
    """Damage another field, of which no byte is read then; in one file and in two."""
    user = pa.array([{"n": i, "essay": "x" * 500} for i in range(200)])
    for number in range(2):
        path = tmp_path / f"part-{number}.parquet"
        pq.write_table(pa.table({"user": user}), path, compression="none", use_dictionary=False)
        column = pq.ParquetFile(path).metadata.row_group(0).column(1)
        assert column.path_in_schema == "user.essay"
        data = bytearray(path.read_bytes())
        start = column.data_page_offset
        data[start : start + column.total_compressed_size] = b"\xff" * column.total_compressed_size
        path.write_bytes(data)
    for given, n_rows in ((tmp_path / "part-0.parquet", 200), (tmp_path, 400)):
        corpus = open_corpus(given)
        assert len(values(corpus, "user.n")) == n_rows
        assert corpus.read(150, 151, ["user.n"]).to_pylist() == [{"user.n": 150}]
        with pytest.raises(CorpusError, match="cannot be read as Parquet"):
            values(corpus, "user")

"""Text that is not UTF-8 in Parquet and Arrow, which neither of them checks."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import labelkit as lk
from labelkit.cli import main
from labelkit.corpus import open_corpus
from labelkit.exceptions import CorpusError, GoldError

BYTES = [b"free money", b"hello", b"caf\xe9 free", b"\xed\xa0\x80", b"free \xf0\x9f\x98\x80", None, b"free\xff"]
GOOD = [0, 1, 4, 5]
TEXT = pa.string()
KINDS = [TEXT, pa.large_string(), pa.dictionary(pa.int32(), pa.string()), pa.list_(pa.string())]


def column(values, kind=TEXT):
    """Return a column of a text type that holds any bytes."""
    if pa.types.is_dictionary(kind):
        indices = pa.array([None if value is None else i for i, value in enumerate(values)], kind.index_type)
        return pa.DictionaryArray.from_arrays(indices, column([value or b"" for value in values]), safe=False)
    if pa.types.is_list(kind):
        return pa.ListArray.from_arrays(pa.array(range(len(values) + 1), pa.int32()), column(values))
    array = pa.array(values, pa.binary() if kind == TEXT else pa.large_binary())
    return pa.Array.from_buffers(kind, len(values), array.buffers(), array.null_count)


def table(kind=TEXT):
    ids = [f"e{i}" for i in range(len(BYTES))]
    return pa.table({"id": ids, "text": column(BYTES, kind), "gold": ["SPAM", "HAM"] + ["SPAM"] * 5})


@pytest.fixture(params=["Parquet", "a folder", "several files", "a table", "a stream"])
def corpus(request, tmp_path):
    """Return what opens a corpus of a table by each of the readers that do not check text."""

    def make(of):
        if request.param == "a table":
            return of
        if request.param == "a stream":
            return pa.RecordBatchReader.from_batches(of.schema, of.to_batches(3))
        paths = [tmp_path / "corpus.parquet"]
        pq.write_table(of, paths[0], row_group_size=2)
        if request.param == "several files":
            paths.append(tmp_path / "more.parquet")
            pq.write_table(of.slice(0, 2), paths[1])
            return paths
        if request.param == "a folder":
            (tmp_path / "folder").mkdir()
            paths[0].rename(tmp_path / "folder" / "a.parquet")
            return tmp_path / "folder"
        return paths[0]

    return make


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_invalid_text_is_an_error_that_names_the_column_the_row_and_the_remedy(corpus, kind):
    opened = open_corpus(corpus(table(kind)))
    with pytest.raises(CorpusError, match=r"row 2: column 'text' is not valid UTF-8") as caught:
        list(opened.batches(["text"], 100))
    assert "reject" in caught.value.hint
    assert "\n" not in caught.value.message


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_rows_of_invalid_text_are_left_out_where_that_is_asked_for(corpus, kind):
    opened = open_corpus(corpus(table(kind)), id="id", on_bad_row="reject")
    batches = list(opened.batches(["text"], 2))
    ids = [name for batch in batches for name in batch.ids.to_pylist()]
    assert ids[:4] == [f"e{i}" for i in GOOD]
    assert [reject.row for reject in opened.rejects] == [2, 3, 6]
    assert [batch.start for batch in batches] == list(range(0, len(ids), 2))


def test_a_column_that_is_not_read_may_hold_anything(corpus):
    opened = open_corpus(corpus(table()))
    assert sum(len(batch) for batch in opened.batches(["gold"], 100)) >= len(BYTES)


@pytest.mark.parametrize("engine", ["serial", "thread", "process"])
def test_the_matrix_is_of_the_rows_that_are_left_by_any_engine(tmp_path, engine):
    pq.write_table(table(), tmp_path / "corpus.parquet", row_group_size=2)
    matrix = lk.Applier([lk.keywords("free", label=1, column="text").rule(name="free")], labels=2).apply(
        tmp_path / "corpus.parquet", id="id", on_bad_row="reject", engine=engine, workers=2, batch_size=2, cache=False
    )
    assert matrix.ids.tolist() == [f"e{i}" for i in GOOD]
    assert matrix.votes.ravel().tolist() == [1, -1, 1, -1]


def test_a_run_keeps_the_rest_and_lists_what_it_left_out(tmp_path, monkeypatch):
    monkeypatch.setenv("LABELKIT_CACHE", str(tmp_path / "cache"))
    pq.write_table(table(), tmp_path / "corpus.parquet")
    rules = [lk.keywords("free", label=1, column="text").rule(name="free")]
    options = {"id": "id", "gold": "gold", "labels": ["HAM", "SPAM"], "model": "MajorityVote", "cache": True}
    with pytest.raises(CorpusError, match="row 2: column 'text'"):
        lk.run(rules, tmp_path / "corpus.parquet", tmp_path / "out", **options)
    for name in ("out", "again"):
        folder = lk.run(rules, tmp_path / "corpus.parquet", tmp_path / name, on_bad_row="reject", **options)
        assert folder.matrix().votes.ravel().tolist() == [1, -1, 1, -1]
        assert folder.manifest["rejects"] == 3
        assert len(folder.layout.rejects.read_text().splitlines()) == 3


def test_gold_of_invalid_text_is_one_error(tmp_path):
    gold = pa.table({"id": ["a", "b"], "gold": column([b"SPAM", b"H\xe4M"])})
    pq.write_table(gold, tmp_path / "gold.parquet")
    texts = {"id": ["a", "b"], "text": ["free", "x"]}
    rules = [lk.keywords("free", label=1, column="text").rule(name="free")]
    with pytest.raises(GoldError, match="row 1: column 'gold' is not valid UTF-8"):
        lk.run(rules, texts, tmp_path / "out", id="id", gold=tmp_path / "gold.parquet", labels=["HAM", "SPAM"])


def test_the_command_line_says_it_in_lines(tmp_path, capsys):
    pq.write_table(table(), tmp_path / "corpus.parquet")
    (tmp_path / "rules.py").write_text(
        'import labelkit as lk\n\n@lk.keywords("free", label=1)\ndef free(text): "Free."\n'
    )
    arguments = ["run", tmp_path / "rules.py", tmp_path / "corpus.parquet", "--out", tmp_path / "out", "--no-cache"]
    command = [*map(str, arguments), "--labels", "HAM,SPAM", "--model", "MajorityVote", "--no-report"]
    with pytest.raises(SystemExit, match="1"):
        main(command)
    assert "column 'text' is not valid UTF-8" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="0"):
        main([*command, "--on-bad-row", "reject"])

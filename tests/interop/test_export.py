"""Labels go out in every format: the same examples, labels and texts, whole or not at all."""

import datetime as dt
import json
import os
import shutil
import subprocess
import sys
import textwrap
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

import labelkit as lk
from labelkit.exceptions import CorpusError, ExportError, LabelkitError, MissingExtraError, RunFolderError
from labelkit.interop import _excel
from labelkit.interop.export import FORMATS
from tests.interop.read_back import EXTRAS, read_back, target
from tests.waiting import GUARD

RULES = '''
from enum import IntEnum
from labelkit import keywords, labeling_function, regex

class Label(IntEnum):
    HAM = 0
    SPAM = 1

@keywords("subscribe", "check out", label=Label.SPAM)
def asks(text: str) -> None:
    """Asks."""

@regex(r"https?://", label=Label.SPAM)
def link(text: str) -> None:
    """Links."""

@keywords("love", "subscribe to", label=Label.HAM)
def loves(text: str) -> None:
    """Loves."""

@labeling_function
def fragile(text: str) -> int:
    if "fragile" in text:
        raise ValueError("broken")
    return -1
'''

ODD_TEXTS = [
    "=HYPERLINK(1)",
    "'=1+1",
    "-5",
    "\t=1",
    "＝1",
    'say "hi", then\nleave\r\nnow\r',
    "nul \0 and \x1b[31m",
    "🙂 😀 \u202e \ufeff x",
    "<r>not rich</r>",
    "<script>&amp;</script> _x0041_",
    "",
    "  spaces  ",
    "NULL",
    "line\u2028separator\u0085next",
    "}{][\\\\u0041",
]
ODD_TEXTS = [f"{text} subscribe" if text else text for text in ODD_TEXTS] + ["subscribe", "=1 subscribe"]

N = 1_100


@pytest.fixture(scope="module")
def frame():
    comments = lk.load_comments(N)[["text", "author"]].reset_index(drop=True)
    texts = comments["text"].tolist()
    texts[: len(ODD_TEXTS)] = ODD_TEXTS
    texts[100] = "fragile, subscribe"
    keys = [f"c{i}" for i in range(N)]
    keys[:4] = ["=1", "'=1", "-c", "日本"]
    return pd.DataFrame(
        {
            "key": keys,
            "text": texts,
            "label": comments["author"],
            "n": np.arange(N) * 10**14,
            "share": np.where(np.arange(N) % 7 == 0, np.nan, np.arange(N) / 7),
            "day": pd.date_range("2020-01-01", periods=N, tz="UTC"),
            "tags": [[f"t{i % 3}", None] for i in range(N)],
            "raw": [b"\xff\0" for _ in range(N)],
            "flag": np.arange(N) % 2 == 0,
        }
    )


@pytest.fixture(scope="module")
def corpus(frame, tmp_path_factory):
    path = tmp_path_factory.mktemp("corpus") / "comments.parquet"
    frame.to_parquet(path, row_group_size=700)
    return path


@pytest.fixture(scope="module")
def run(corpus, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    (folder / "rules.py").write_text(RULES)
    options = {"id": "key", "batch_size": 1024, "on_fault": "record", "report": False, "model": "MajorityVote"}
    return lk.run(folder / "rules.py", corpus, folder / "out", **options)


@pytest.fixture(scope="module")
def expected(run, frame):
    """The labels as the run folder itself reads them."""
    labels = run.labels()
    hard = labels.hard()
    names = np.array([*labels.class_names, None], dtype=object)
    confidence = [None if label < 0 else labels.proba[i, label] for i, label in enumerate(hard)]
    table = pd.DataFrame({"id": labels.ids, "label": names[hard], "confidence": confidence}, dtype=object)
    return table.assign(text=frame["text"].to_numpy(), row=np.arange(N))


def leftovers(folder):
    return sorted(path.name for path in folder.iterdir())


def same(values, others):
    return [None if pd.isna(value) else value for value in values] == list(others)


# What is written ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_holds_the_labels_and_the_texts(name, run, expected, tmp_path):
    to = target(tmp_path, name)
    columns = [] if FORMATS[name].shows_text else ["text"]
    exported = lk.export(run, to, format=name, columns=columns)
    labeled = expected[expected["label"].notna()]
    assert (exported.n_written, exported.n_left_out) == (len(labeled), N - len(labeled))
    assert f"{len(labeled):,} examples written to {to}" in str(exported)
    frame = read_back(name, to)
    assert frame["id"].tolist() == labeled["id"].tolist()
    assert frame["label"].tolist() == labeled["label"].tolist()
    assert np.allclose(frame["confidence"].astype(float), labeled["confidence"].astype(float), atol=1e-4)
    assert frame["text"].tolist() == labeled["text"].tolist()
    assert leftovers(tmp_path) == [to.name]


@pytest.mark.parametrize("name", FORMATS)
def test_the_rest_is_written_without_a_label_or_with_a_default_one(name, run, expected, tmp_path):
    to = target(tmp_path, name)
    exported = lk.export(run, to, format=name, unlabeled=True)
    assert (exported.n_written, exported.n_left_out) == (N, 0)
    frame = read_back(name, to)
    assert frame["id"].tolist() == expected["id"].tolist()
    assert same(frame["label"], expected["label"])
    lk.export(run, to, format=name, default_label="HAM", min_confidence=0.99, force=True)
    sure = (expected["confidence"].astype(float) >= 0.99).to_numpy()
    frame = read_back(name, to)
    assert frame["label"].tolist() == np.where(sure, expected["label"], "HAM").tolist()
    if "by_default" in frame and name != "csv":
        assert frame["by_default"].tolist() == (~sure).tolist()
    assert 0 < sure.sum() < N


@pytest.mark.parametrize("name", FORMATS)
def test_the_confident_ones_alone_with_votes_and_reasons(name, run, expected, tmp_path):
    to = target(tmp_path, name)
    lk.export(run, to, format=name, min_confidence=0.99, votes=True, reasons=True, columns=["label", "n"])
    frame = read_back(name, to)
    sure = expected[expected["confidence"].astype(float) >= 0.99]
    assert frame["id"].tolist() == sure["id"].tolist()
    authors = pq.read_table(run.manifest["corpus"]["path"])["label"].take(pa.array(sure.index)).to_pylist()
    assert [cell or None for cell in frame["corpus_label"]] == authors
    votes = run.matrix().votes[sure.index]
    names = np.array([*run.matrix().names])
    hard = run.labels().hard()[sure.index]
    for row in range(0, len(frame), 97):
        reasons = names[votes[row] == hard[row]].tolist()
        written = frame["reasons"][row]
        assert (written.split("; ") if isinstance(written, str) else list(written)) == reasons
        assert int(frame["n"][row]) == sure.index[row] * 10**14
        for lf, vote in zip(names, votes[row], strict=True):
            cell = frame.get(f"vote_{lf}", pd.Series([None] * len(frame)))[row]
            assert (cell if isinstance(cell, str) and cell else None) == (None if vote < 0 else ["HAM", "SPAM"][vote])


def test_a_fault_is_not_an_abstain(run, tmp_path):
    lk.export(run, tmp_path / "a.parquet", votes=True)
    frame = pd.read_parquet(tmp_path / "a.parquet").set_index("key")
    assert frame.loc["c100", "vote_fragile"] == "(failed)"
    assert frame["vote_fragile"].notna().sum() == 1


def test_columns_keep_their_types_or_become_plain(run, frame, tmp_path):
    pytest.importorskip("openpyxl")
    pytest.importorskip("xlsxwriter")
    columns = ["n", "share", "day", "tags", "raw", "flag"]
    for suffix in ("parquet", "arrow", "jsonl", "csv", "xlsx"):
        lk.export(run, tmp_path / f"a.{suffix}", columns=columns, unlabeled=True)
    table = pq.read_table(tmp_path / "a.parquet")
    assert table.select(columns).equals(pq.read_table(run.manifest["corpus"]["path"], columns=columns))
    row = json.loads((tmp_path / "a.jsonl").read_text("utf-8").splitlines()[7])
    assert row["n"] == 7 * 10**14
    assert row["share"] is None
    assert row["day"] == "2020-01-08T00:00:00+00:00"
    assert (row["tags"], row["raw"], row["flag"]) == (["t1", None], "/wA=", False)
    row = read_back("csv", tmp_path / "a.csv").iloc[7]
    assert (row["n"], row["tags"], row["raw"], row["flag"]) == (str(7 * 10**14), '["t1", null]', "/wA=", "false")
    row = read_back("xlsx", tmp_path / "a.xlsx").iloc[8]
    assert row["n"] == str(8 * 10**14)
    assert (row["tags"], row["flag"], row["day"]) == ('["t2", null]', True, "2020-01-09T00:00:00+00:00")


@pytest.mark.parametrize("name", FORMATS)
def test_values_of_every_type_are_written(name, tmp_path):
    day = dt.datetime(2020, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
    columns = {
        "seconds": pa.array([dt.timedelta(seconds=3), None]),
        "time": pa.array([day.time(), None]),
        "date": pa.array([day.date(), None]),
        "day": pa.array([day, None]),
        "price": pa.array([Decimal("1.20"), None]),
        "nothing": pa.nulls(2),
        "kind": pa.array(["=a", None]).dictionary_encode(),
        "large": pa.array(["=b", None], pa.large_string()),
        "raw": pa.array([b"\xff", None], pa.large_binary()),
        "pair": pa.array([{"a": 1.5, "b": [float("nan")]}, None]),
        "half": pa.array([np.float16(0.5), None]),
        "unsigned": pa.array([2**64 - 1, None], pa.uint64()),
        "infinite": pa.array([float("inf"), float("nan")]),
        "text": pa.array(["", None]),
    }
    votes = lk.LabelMatrix.of([[0], [1]], classes=["HAM", "SPAM"])
    labels = lk.MajorityVote().fit(votes).label(votes)
    to = target(tmp_path, name)
    written = lk.export(labels, to, format=name, corpus=pa.table(columns), columns=list(columns))
    frame = read_back(name, to)
    assert frame["label"].tolist() == ["HAM", "SPAM"]
    row = frame.iloc[0]
    is_kept = "infinite" in row and str(row["infinite"]) == "inf"
    assert written.note.endswith(f"infinite numbers are null, since {name} has none: of 'infinite'") is not is_kept
    assert str(row["price"]) == "1.20"
    assert str(row["date"])[:10] == str(row["day"])[:10] == "2020-01-02"
    assert row["kind"] == "=a"
    assert row["large"] == "=b"
    assert str(row["unsigned"]) in {str(2**64 - 1), "1.8446744073709552e+19"}


@pytest.mark.parametrize("name", FORMATS)
def test_columns_with_the_names_of_a_format_stand_beside_its_own(tmp_path, name):
    columns = [
        "proba",
        "score",
        "meta",
        "options",
        "answer",
        "accept",
        "spans",
        "data",
        "predictions",
        "cats",
        "fields",
    ]
    votes = lk.LabelMatrix.of([[0], [1]], classes=["HAM", "SPAM"])
    labels = lk.MajorityVote().fit(votes).label(votes)
    corpus = {"text": ["one", "two"], **{column: [f"{column} 1", f"{column} 2"] for column in columns}}
    to = target(tmp_path, name)
    lk.export(labels, to, format=name, corpus=corpus, columns=columns)
    frame = read_back(name, to)
    assert frame["label"].tolist() == ["HAM", "SPAM"]
    if name != "prodigy":
        assert frame["confidence"].tolist() == labels.proba.max(axis=1).tolist()
    for column in columns:
        written = column if column in frame else f"corpus_{column}"
        assert frame[written].tolist() == corpus[column]


def test_a_column_of_ids_of_any_name_keeps_its_place(tmp_path):
    votes = lk.LabelMatrix.of([[0], [1]], classes=["HAM", "SPAM"], ids=["x", "y"])
    labels = lk.MajorityVote().fit(votes).label(votes)
    for name in ("label", "confidence", "p_HAM", "reasons"):
        corpus = {name: ["x", "y"], "corpus_label": ["1", "2"], "row": ["3", "4"]}
        to = tmp_path / f"{name}.jsonl"
        lk.export(labels, to, corpus=corpus, id=name, columns=[name, "corpus_label", "row"])
        first = json.loads(to.read_text().splitlines()[0])
        assert next(iter(first.items())) == (f"corpus_{name}", "x")
        assert (first["label"], first["row"]) == ("HAM", "3")
        assert "1" in first.values()


@pytest.mark.parametrize("name", ["csv", "xlsx"])
def test_no_cell_is_a_formula(name, run, tmp_path):
    to = target(tmp_path, name)
    lk.export(run, to, columns=["text"])
    if name == "csv":
        frame = pd.read_csv(to, dtype=str, keep_default_na=False)
    else:
        frame = pd.read_excel(to, dtype=str, keep_default_na=False)
        import openpyxl

        kinds = {cell.data_type for row in openpyxl.load_workbook(to).active.iter_rows() for cell in row}
        assert "f" not in kinds
    texts = [text for column in ("key", "text") for text in frame[column]]
    assert not [text for text in texts if text.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝"))]
    assert "'=1" in texts
    assert "''=1" in texts


@pytest.mark.parametrize("name", ["csv", "xlsx"])
def test_a_column_of_negative_numbers_is_read_as_numbers(name, tmp_path):
    (tmp_path / "corpus.csv").write_text("key,text,score\n-5,song,-1.5\n-6,song,2\n", encoding="utf-8")
    asks = lk.keywords("song", label=0).rule(name="asks")
    run = lk.run([asks], tmp_path / "corpus.csv", tmp_path / "run", id="key", labels=["HAM", "SPAM"], progress=False)
    to = target(tmp_path, name)
    lk.export(run, to, columns=["score"])
    frame = pd.read_csv(to) if name == "csv" else pd.read_excel(to).astype({"key": int, "score": float})
    assert frame["key"].tolist() == [-5, -6]
    assert frame["score"].tolist() == [-1.5, 2]


def test_a_type_that_hugging_face_lacks_is_told_with_its_column(tmp_path):
    pytest.importorskip("datasets")
    pairs = pa.array([[("a", 1)], []], pa.map_(pa.string(), pa.int64()))
    corpus, labels = pa.table({"text": ["free", "free"], "pairs": pairs}), labels_of(["free", "free"])
    with pytest.raises(ExportError, match=r"column 'pairs' holds map<string, int64.*Hugging Face") as caught:
        lk.export(labels, tmp_path / "set", format="hf", corpus=corpus, columns=["pairs"])
    assert caught.value.code == "LK530"
    assert list(tmp_path.iterdir()) == []
    lk.export(labels, tmp_path / "set.parquet", corpus=corpus, columns=["pairs"])
    assert pq.read_table(tmp_path / "set.parquet")["pairs"].to_pylist() == [[("a", 1)], []]


def test_matched_words_are_marked(run, tmp_path):
    lk.export(run, tmp_path / "tasks.jsonl", format="prodigy")
    tasks = [json.loads(line) for line in (tmp_path / "tasks.jsonl").read_text("utf-8").split("\n")[:-1]]
    spans = [(task["text"][span["start"] : span["end"]], span["label"]) for task in tasks for span in task["spans"]]
    assert {text.lower() for text, rule in spans if rule == "link"} <= {"http://", "https://"}
    assert {text.lower() for text, rule in spans if rule == "asks"} <= {"subscribe", "check out"}
    assert {rule for _, rule in spans} == {"asks", "link", "loves"}
    spam = [task for task in tasks if task["accept"] == ["SPAM"]]
    assert {span["label"] for task in spam for span in task["spans"]} == {"asks", "link"}


def test_the_same_run_gives_the_same_bytes(run, tmp_path):
    for name in FORMATS:
        if name == "hf":  # whose fingerprint is random
            continue
        first, second = target(tmp_path, name), tmp_path / f"again{target(tmp_path, name).suffix}"
        lk.export(run, first, format=name, force=True)
        lk.export(run, second, format=name)
        assert first.read_bytes() == second.read_bytes(), name
        second.unlink()


def test_spacy_writes_a_folder_for_what_is_large_and_trains_on_it(run, tmp_path):
    spacy = pytest.importorskip("spacy")
    from spacy.tokens import DocBin
    from spacy.training import Example

    lk.export(run, tmp_path / "train", format="spacy")
    assert leftovers(tmp_path / "train") == ["docs-00000.spacy", "docs-00001.spacy"]
    nlp = spacy.blank("en")
    nlp.add_pipe("textcat")
    docs = DocBin().from_disk(tmp_path / "train" / "docs-00000.spacy").get_docs(nlp.vocab)
    examples = [Example(nlp.make_doc(doc.text), doc) for doc in list(docs)[:50]]
    nlp.initialize(lambda: examples)
    assert nlp.get_pipe("textcat").labels == ("HAM", "SPAM")
    lk.export(run, tmp_path / "train", format="spacy", force=True)


def test_argilla_reads_the_records(run, tmp_path):
    argilla = pytest.importorskip("argilla")
    lk.export(run, tmp_path / "records.json", format="argilla", columns=["n", "tags", "day"])
    records = list(map(argilla.Record.from_dict, json.loads((tmp_path / "records.json").read_text("utf-8"))))
    assert records[0].fields["text"] == ODD_TEXTS[0]
    assert records[0].suggestions["label"].value == "SPAM"
    assert records[0].suggestions["label"].agent.startswith("labelkit MajorityVote ")


def test_the_labeling_configuration_of_label_studio_is_said(tmp_path):
    votes = lk.LabelMatrix.of([[0], [1]], classes=['a "b" <c>', "SPAM"])
    labels = lk.MajorityVote().fit(votes).label(votes)
    exported = lk.export(labels, tmp_path / "tasks.json", format="label-studio", corpus=["x", "y"])
    config = exported.note.partition(": ")[2]
    from xml.etree import ElementTree as ET

    choices = [choice.get("value") for choice in ET.fromstring(config).iter("Choice")]
    assert choices == ['a "b" <c>', "SPAM"]
    task = json.loads((tmp_path / "tasks.json").read_text("utf-8"))[0]
    assert task["data"] == {"text": "x", "row": 0}
    interface = pytest.importorskip("label_studio_sdk.label_interface").LabelInterface(config)
    assert interface.validate_prediction(task["predictions"][0], return_errors=True) == []
    assert interface.validate_task({"data": task["data"]})


def test_a_class_label_of_hugging_face_knows_the_names(run, tmp_path):
    datasets = pytest.importorskip("datasets")
    lk.export(run, tmp_path / "rows", format="hf", columns=["text"], unlabeled=True)
    rows = datasets.load_from_disk(str(tmp_path / "rows"))
    assert rows.features["label"].names == ["HAM", "SPAM"]
    assert set(rows["label"]) == {0, 1, None}
    assert not [path for path in (tmp_path / "rows").iterdir() if path.name.startswith(".")]
    lk.export(run, tmp_path / "rows", format="hf", force=True)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=30), min_size=1, max_size=20))
@pytest.mark.parametrize("name", FORMATS)
def test_any_text_comes_back_as_it_was(name, texts, tmp_path):
    votes = lk.LabelMatrix.of(np.zeros((len(texts), 1), dtype=int), classes=["HAM", "SPAM"])
    labels = lk.MajorityVote().fit(votes).label(votes)
    to = target(tmp_path, name)
    columns = [] if FORMATS[name].shows_text else ["text"]
    lk.export(labels, to, format=name, corpus={"text": texts}, columns=columns, force=True)
    if name == "xlsx":  # XML has no such characters
        texts = [text.replace("\ufffe", "\ufffd").replace("\uffff", "\ufffd") for text in texts]
    assert read_back(name, to)["text"].tolist() == texts


# Labels in memory -----------------------------------------------------------------------------------------------------


def test_labels_in_memory_find_their_texts_by_id_in_any_order(run, corpus, frame, tmp_path):
    labels, matrix = run.labels(), run.matrix()
    shuffled = frame.sample(frac=1, random_state=0)
    for source, suffix in ((corpus, ".parquet"), (shuffled, ".csv"), (iter(shuffled.to_dict("records")), ".jsonl")):
        lk.export(
            labels, tmp_path / f"a{suffix}", corpus=source, id="key", columns=["text"], matrix=matrix, reasons=True
        )
    lk.export(run, tmp_path / "b.parquet", columns=["text"], reasons=True)
    first, second = (pq.read_table(tmp_path / f"{name}.parquet") for name in "ab")
    assert first.equals(second)
    for name in ("csv", "jsonl"):
        assert read_back(name, tmp_path / f"a.{name}")["id"].tolist() == first["key"].to_pylist()
    texts = read_back("jsonl", tmp_path / "a.jsonl")["text"].tolist()
    assert texts == first["text"].to_pylist()


def test_votes_of_other_examples_are_refused_and_of_another_order_are_found(run, tmp_path):
    labels, matrix = run.labels(), run.matrix()
    with pytest.raises(ExportError, match="not those of the labels"):
        lk.export(labels, tmp_path / "a.csv", matrix=matrix[:100], votes=True)
    with pytest.raises(ExportError, match="there are no votes"):
        lk.export(labels, tmp_path / "a.csv", votes=True)
    lk.export(labels, tmp_path / "a.csv", matrix=matrix[::-1], votes=True, reasons=True)
    lk.export(labels, tmp_path / "b.csv", matrix=matrix, votes=True, reasons=True)
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


@pytest.mark.parametrize("form", ["parquet", "csv", "jsonl", "arrow", "xlsx"])
def test_numbers_come_back_to_the_last_digit(form, tmp_path):
    numbers = [1 / 7, 0.1 + 0.2, 1e300, 5e-324, -0.0, 1.7976931348623157e308, 2 / 3, float(2**53)]
    votes = np.where(np.arange(8 * 8).reshape(8, 8) % 3, 1, -1)
    matrix = lk.LabelMatrix.of(votes, classes=["HAM", "SPAM"], ids=[f"e{i}" for i in range(8)])
    labels = lk.MajorityVote().fit(matrix).label(matrix)
    to = tmp_path / f"labels.{form}"
    lk.export(labels, to, corpus={"id": labels.ids.tolist(), "score": numbers}, id="id", columns=["score"])
    types = dict.fromkeys(["p_HAM", "p_SPAM", "score"], float)
    (batch,) = lk.open_corpus(to, id="id", types=types).batches(list(types), 100)
    assert batch.table.column("score").to_pylist() == numbers
    assert np.column_stack([batch.table.column(name) for name in ("p_HAM", "p_SPAM")]).tolist() == labels.proba.tolist()


def test_positions_are_called_row(tmp_path):
    votes = lk.LabelMatrix.of([[0], [1]], classes=["HAM", "SPAM"])
    labels = lk.MajorityVote().fit(votes).label(votes)
    lk.export(labels, tmp_path / "a.csv")
    assert pd.read_csv(tmp_path / "a.csv").columns[0] == "row"
    lk.export(labels[[1]], tmp_path / "b.csv")
    assert pd.read_csv(tmp_path / "b.csv").columns[0] == "id"


# The corpus of the run ------------------------------------------------------------------------------------------------


@pytest.fixture
def moved(tmp_path, frame):
    """A run over a CSV file of its own."""
    (tmp_path / "rules.py").write_text(RULES)
    frame[["key", "text"]].iloc[200:500].to_csv(tmp_path / "comments.csv", index=False)
    return lk.run(tmp_path / "rules.py", tmp_path / "comments.csv", tmp_path / "out", id="key", report=False)


def test_a_corpus_that_moved_is_given_and_one_that_changed_is_refused(moved, tmp_path):
    corpus, to = tmp_path / "comments.csv", tmp_path / "a.csv"
    there = corpus.rename(tmp_path / "elsewhere.csv")
    with pytest.raises(ExportError, match=r"(?s)not there any more.*--corpus"):
        lk.export(moved, to, columns=["text"])
    lk.export(moved, to, columns=["text"], corpus=there)
    texts = pd.read_csv(to)["text"]
    pd.read_csv(there)[::-1].to_csv(there, index=False)
    with pytest.raises(ExportError, match="not as it was"):
        lk.export(moved, tmp_path / "b.csv", columns=["text"], corpus=there)
    there.rename(corpus)
    with pytest.raises(ExportError, match="not as it was"):
        lk.export(moved, tmp_path / "b.csv", columns=["text"])
    lk.export(moved, tmp_path / "b.csv")  # the labels alone need no corpus
    lk.export(moved.labels(), tmp_path / "c.csv", columns=["text"], corpus=corpus, id="key")
    assert pd.read_csv(tmp_path / "c.csv")["text"].tolist() == texts.tolist()


def test_rows_that_the_run_rejected_shift_nothing(tmp_path):
    (tmp_path / "rules.py").write_text(RULES)
    lines = [json.dumps({"text": f"subscribe {i} \ud83d\ude42"}) for i in range(50)]
    lines[7], lines[20] = '{"text": "sub', '{"text": "half \\ud83d subscribe"}'
    (tmp_path / "c.jsonl").write_text("\n".join(lines) + "\n")
    run = lk.run(tmp_path / "rules.py", tmp_path / "c.jsonl", tmp_path / "out", on_bad_row="reject", report=False)
    lk.export(run, tmp_path / "a.jsonl", columns=["text"])
    rows = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text("utf-8").splitlines()]
    assert [row["row"] for row in rows] == list(range(len(run.labels())))
    assert rows[7]["text"] == "subscribe 8 🙂"
    assert rows[-1]["text"] == "subscribe 49 🙂"


def test_a_run_over_a_frame_takes_it_again(frame, tmp_path):
    (tmp_path / "rules.py").write_text(RULES)
    texts = frame[["text"]].iloc[200:400].set_index(frame["key"].iloc[200:400].to_numpy())
    run = lk.run(tmp_path / "rules.py", texts, tmp_path / "out", report=False)
    with pytest.raises(ExportError, match=r"(?s)from memory.*--corpus"):
        lk.export(run, tmp_path / "a.jsonl", columns=["text"])
    lk.export(run, tmp_path / "a.jsonl", columns=["text"], corpus=texts)
    rows = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text("utf-8").split("\n")[:-1]]
    assert all(texts.loc[row["id"], "text"] == row["text"] for row in rows)
    with pytest.raises(ExportError, match="not as it was"):
        lk.export(run, tmp_path / "b.jsonl", columns=["text"], corpus=texts[::-1])


# Bad input: every format ----------------------------------------------------------------------------------------------


def copy_of(run, folder):
    return lk.RunFolder(shutil.copytree(run.path, folder / "run"))


def no_labels(run, folder):
    broken = copy_of(run, folder)
    shutil.rmtree(broken.layout.part("labels", 0).parent)
    return broken, {}, RunFolderError, "has no labels"


def a_part_of_the_votes_is_missing(run, folder):
    broken = copy_of(run, folder)
    broken.layout.part("votes", 1).unlink()
    return broken, {"votes": True}, RunFolderError, "lacks a part"


def a_part_of_the_votes_is_shorter(run, folder):
    broken = copy_of(run, folder)
    file = broken.layout.part("votes", 0)
    pq.write_table(pq.read_table(file)[:-5], file)
    return broken, {"reasons": True}, RunFolderError, "has other rows than its votes"


def a_part_is_damaged(run, folder):
    broken = copy_of(run, folder)
    file = broken.layout.part("labels", 1)
    file.write_bytes(file.read_bytes()[:-30])
    return broken, {}, RunFolderError, "cannot be read"


def no_run(_run, folder):
    (folder / "run").mkdir()
    return folder / "run", {}, RunFolderError, "not a run folder"


def no_examples(_run, _folder):
    votes = lk.LabelMatrix.of(np.zeros((1, 1), dtype=int), classes=["HAM", "SPAM"])
    return lk.MajorityVote().fit(votes).label(votes)[:0], {"corpus": ["text"]}, ExportError, "no examples"


def all_uncovered(_run, _folder):
    votes = lk.LabelMatrix.of([[0, -1], [-1, -1]], classes=["HAM", "SPAM"])
    labels = lk.MajorityVote().fit(votes).label(votes)[[1]]
    return labels, {"corpus": ["a", "b"]}, ExportError, "none of the 1 examples has a label"


def probabilities_are_nan(run, folder):
    broken = copy_of(run, folder)
    file = broken.layout.part("labels", 1)
    table = pq.read_table(file)
    place = table.column_names.index("p_HAM")
    values = table["p_HAM"].to_numpy().copy()
    values[3] = np.nan
    pq.write_table(table.set_column(place, "p_HAM", pa.array(values)), file)
    return broken, {}, ExportError, "of the example 'c1027' are not numbers"


def unknown_column(run, _folder):
    return run, {"columns": ["txt"]}, CorpusError, "did you mean 'text'"


def unknown_class(run, _folder):
    return run, {"default_label": "SPAMM"}, ExportError, "did you mean 'SPAM'"


def no_probability(run, _folder):
    return run, {"min_confidence": 90}, ExportError, "from 0 to 1"


def no_label_is_so_sure(_run, _folder):
    votes = lk.LabelMatrix.of([[0, 0], [0, 1], [1, -1]], classes=["HAM", "SPAM"])
    sure = lk.LabelModel().fit(votes).label(votes)
    highest = np.floor(1000 * sure.proba[sure.hard() >= 0].max()) / 1000
    return (
        sure,
        {"corpus": ["a", "b", "c"], "min_confidence": 1.0},
        ExportError,
        rf"at least 1.0 \(the highest is {highest:g}\)",
    )


def no_container_of_columns(run, _folder):
    return run, {"columns": "text"}, ExportError, "is one text"


def no_such_text(run, _folder):
    return run, {"text": "txt"}, LabelkitError, "'txt' is not in the corpus|text='txt' means nothing"


def ids_and_votes_of_another(run, _folder):
    return run, {"id": "key", "matrix": run.matrix()}, ExportError, "ids of its own"


def no_labels_at_all(_run, _folder):
    return [1, 2], {}, ExportError, "type list holds no labels"


BAD = [
    no_labels,
    no_label_is_so_sure,
    a_part_of_the_votes_is_missing,
    a_part_of_the_votes_is_shorter,
    a_part_is_damaged,
    no_run,
    no_examples,
    all_uncovered,
    probabilities_are_nan,
    unknown_column,
    unknown_class,
    no_probability,
    no_container_of_columns,
    no_such_text,
    ids_and_votes_of_another,
    no_labels_at_all,
]


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("name", FORMATS)
def test_bad_input_is_a_clear_error_and_leaves_nothing(name, bad, run, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    labels, options, error, message = bad(run, tmp_path / "in")
    with pytest.raises(error, match=message):
        lk.export(labels, target(tmp_path / "out", name), format=name, **options)
    assert leftovers(tmp_path / "out") == []


@pytest.mark.parametrize("name", FORMATS)
def test_a_missing_extra_is_named(name, run, tmp_path, monkeypatch):
    to = target(tmp_path, name)
    if name not in EXTRAS:
        for module, _ in EXTRAS.values():
            monkeypatch.setitem(sys.modules, module, None)
        lk.export(run, to, format=name)
        return
    module, extra = EXTRAS[name]
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=rf"labelkit\[{extra}\]"):
        lk.export(run, to, format=name)
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("name", FORMATS)
def test_what_is_there_is_replaced_only_by_force_and_by_its_kind(name, run, tmp_path):
    to = target(tmp_path, name)
    lk.export(run, to, format=name)
    with pytest.raises(ExportError, match=r"(?s)exists already.*--force"):
        lk.export(run, to, format=name)
    lk.export(run, to, format=name, force=True)
    assert leftovers(tmp_path) == [to.name]
    other = tmp_path / f"other{to.suffix}"
    other.mkdir()
    (other / "precious.txt").write_text("mine")
    with pytest.raises(ExportError, match="folder of something else"):
        lk.export(run, other, format=name, force=True)
    assert (other / "precious.txt").read_text() == "mine"


@pytest.mark.parametrize("name", FORMATS)
def test_a_place_that_cannot_be_written_is_named(name, run, tmp_path):
    (tmp_path / "file").write_text("no folder")
    to = target(tmp_path / "file", name)
    with pytest.raises(ExportError, match="cannot be written"):
        lk.export(run, to, format=name)
    assert leftovers(tmp_path) == ["file"]


@pytest.mark.parametrize("name", FORMATS)
def test_an_error_in_the_middle_leaves_the_old_file(name, run, tmp_path):
    to = target(tmp_path, name)
    lk.export(run, to, format=name)
    (tmp_path / "in").mkdir()
    broken = probabilities_are_nan(run, tmp_path / "in")[0]  # in its second part
    with pytest.raises(ExportError):
        lk.export(broken, to, format=name, force=True)
    assert leftovers(tmp_path) == sorted(["in", to.name])
    assert len(read_back(name, to))


FULL_DISK = """
    import resource, sys, warnings
    from pathlib import Path
    import labelkit as lk
    run, out = lk.RunFolder(Path(sys.argv[1])), Path(sys.argv[2])
    for name in sys.argv[3:]:
        format, _, file = name.partition("=")
        lk.export(run, out / ("warm" + file), format=format, votes=True)  # what is imported may be compiled and cached
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_500, 1_500))
    for name in sys.argv[3:]:
        format, _, file = name.partition("=")
        try:
            lk.export(run, out / file, format=format, votes=True)
        except lk.LabelkitError as error:
            print(name, type(error).__name__, "cannot be written" in str(error))
"""


@pytest.mark.parametrize("form", ["file", "list", "folder", "pattern"])
def test_a_file_of_the_corpus_is_not_replaced_by_its_labels(tmp_path, form):
    folder = tmp_path / "in"
    folder.mkdir()
    path = folder / "a.csv"
    pd.DataFrame({"text": ["free", "a song"] * 9}).to_csv(path, index=False)
    content, places = path.read_bytes(), {"file": path, "list": [path], "folder": folder, "pattern": folder / "*.csv"}
    (tmp_path / "rules.py").write_text(
        "import labelkit as lk\n\nfree = lk.keywords('free', label=1).rule(name='free')\n"
        "song = lk.keywords('song', label=0).rule(name='song')\n"
    )
    options = {"labels": ["HAM", "SPAM"], "report": False, "progress": False}
    done = lk.run(tmp_path / "rules.py", places[form], tmp_path / "run", **options)
    labels, corpus = done.labels(), lk.open_corpus(places[form])
    for one, more in [(done, {}), (tmp_path / "run", {"columns": ["text"]}), (labels, {"corpus": corpus})]:
        with pytest.raises(ExportError, match="is the corpus, which would be lost") as caught:
            lk.export(one, path, force=True, **more)
        assert "name another file" in caught.value.hint
        assert path.read_bytes() == content
        lk.export(one, tmp_path / "labels.csv", force=True, **more)


def test_a_full_disk_is_an_error_and_leaves_nothing(run, tmp_path):
    """A limit on the size of a file stands for a full disk: writing beyond it is an OSError, too."""
    named = {}
    for name in FORMATS:
        try:
            named[name] = target(tmp_path, name).name
        except pytest.skip.Exception:
            continue
    command = [sys.executable, "-c", textwrap.dedent(FULL_DISK), run.path, tmp_path]
    done = subprocess.run(
        [*map(str, command), *(f"{name}={name}-{file}" for name, file in named.items())],
        capture_output=True,
        text=True,
        check=False,
        timeout=GUARD,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    assert done.returncode == 0, done.stderr
    assert sorted(done.stdout.splitlines()) == sorted(
        f"{name}={name}-{file} ExportError True" for name, file in named.items()
    )
    assert [path.name for path in tmp_path.iterdir() if not path.name.startswith("warm")] == []


# Limits of formats ----------------------------------------------------------------------------------------------------


@pytest.fixture
def long(tmp_path):
    texts = ["short", "x" * 40_000, "🙂" * 20_000 + "\n two  words ", None]
    votes = lk.LabelMatrix.of([[0], [1], [1], [0]], classes=["HAM", "SPAM"])
    return lk.MajorityVote().fit(votes).label(votes), texts


@pytest.mark.parametrize("name", FORMATS)
def test_a_text_of_40_000_characters_is_whole_or_refused(name, long, tmp_path):
    labels, texts = long
    to = target(tmp_path, name)
    options = {"format": name, "corpus": {"text": texts}, "columns": ["text"]}
    if name == "xlsx":
        for rows in ([1], [2]):
            with pytest.raises(ExportError, match=rf"(?s)example {rows[0]} has 40,0\d\d characters.*32,767"):
                lk.export(labels[rows], to, **options)
        assert leftovers(tmp_path) == []
        return
    lk.export(labels, to, **options)
    texts = [text or "" for text in texts]
    assert [text or "" for text in read_back(name, to)["text"]] == texts


def test_a_sheet_has_no_more_rows_than_excel_reads(run, tmp_path, monkeypatch):
    to = target(tmp_path, "xlsx")
    monkeypatch.setattr(_excel, "MOST_ROWS", 1_000)
    with pytest.raises(ExportError, match=r"(?s)more than 999 examples.*CSV"):
        lk.export(run, to, unlabeled=True)
    assert leftovers(tmp_path) == []
    assert 1_048_576 == 2**20


# Encodings of CSV ------------------------------------------------------------------------------------------------------

TEXTS = ["free Müsli, „gut“", 'a "free" naïve\ncafé', "free", "=free"]


def labels_of(texts):
    matrix = lk.Applier([lk.keywords("free", label=1).rule(name="free")], labels=["HAM", "SPAM"]).apply(texts)
    return lk.MajorityVote().fit(matrix).label(matrix)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252", "utf-16", "UTF8", "utf-16-le", "utf-7"])
def test_a_csv_in_another_encoding_has_the_same_text(encoding, tmp_path):
    labels = labels_of(TEXTS)
    lk.export(labels, tmp_path / "a.csv", corpus=TEXTS, columns=["text"])
    lk.export(labels, tmp_path / "b.csv", corpus=TEXTS, columns=["text"], encoding=encoding)
    assert (tmp_path / "b.csv").read_bytes() == (tmp_path / "a.csv").read_bytes().decode().encode(encoding)


def test_a_run_is_encoded_a_piece_at_a_time_with_one_mark_and_one_header(run, tmp_path):
    lk.export(run, tmp_path / "a.csv", columns=["text"], unlabeled=True)
    lk.export(run, tmp_path / "b.csv", columns=["text"], unlabeled=True, encoding="utf-8-sig")
    assert (tmp_path / "b.csv").read_bytes() == b"\xef\xbb\xbf" + (tmp_path / "a.csv").read_bytes()
    assert len(pd.read_csv(tmp_path / "b.csv")) == N > 1_000


def test_what_an_encoding_lacks_is_told_with_its_row_and_nothing_is_left(tmp_path):
    texts = [*TEXTS, "free 猫"]
    frame = pd.DataFrame({"key": ["a", "b", "c", "d", "e"], "text": texts})
    matrix = lk.Applier([lk.keywords("free", label=1).rule(name="free")], labels=["HAM", "SPAM"]).apply(frame, id="key")
    labels = lk.MajorityVote().fit(matrix).label(matrix)
    with pytest.raises(
        ExportError, match=r"column 'text' of the row with key 'e' has '猫' \(U\+732B\), .*cp1252 .*LK535"
    ):
        lk.export(labels, tmp_path / "a.csv", corpus=frame, id="key", columns=["text"], encoding="cp1252")
    named = frame.rename(columns={"text": "тext"})
    with pytest.raises(ExportError, match=r"the name of column 'тext' has 'т' \(U\+0442\)"):
        lk.export(labels, tmp_path / "a.csv", corpus=named, id="key", columns=["тext"], encoding="cp1252")
    assert leftovers(tmp_path) == []
    lk.export(labels, tmp_path / "a.csv", corpus=frame, id="key", encoding="ascii")  # the text is not written


def test_an_encoding_is_of_csv_and_known(tmp_path):
    labels = labels_of(TEXTS)
    with pytest.raises(ExportError, match=r"encoding='cp1252' is of CSV, and jsonl has its own"):
        lk.export(labels, tmp_path / "a.jsonl", encoding="cp1252")
    with pytest.raises(lk.LabelkitError, match=r"encoding='latin99' is no encoding .*LK212"):
        lk.export(labels, tmp_path / "a.csv", encoding="latin99")
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize(
    ("to", "name", "message"),
    [
        ("a.json", None, "'a.json' does not say which format"),
        ("folder", None, r"format= \(--format\) names one of"),
        ("a.csv", "excel", "there is no format 'excel'; there are parquet"),
        ("a.txt", "parqet", "did you mean 'parquet'"),
        ("a.CSV.gz", "csv", "name it 'a.CSV', and compress it"),
        ("a.jsonl.zst", None, "name it 'a.jsonl', and compress it"),
    ],
)
def test_the_format_is_named_or_plain_from_the_suffix(to, name, message, run, tmp_path):
    with pytest.raises(ExportError, match=message):
        lk.export(run, tmp_path / to, format=name)


def test_memory_is_bounded_by_a_piece(run, tmp_path, monkeypatch):
    """However small the pieces are, the file is the same."""
    from labelkit.interop import _sources

    lk.export(run, tmp_path / "a.csv", columns=["text"], votes=True)
    monkeypatch.setattr(_sources, "PIECE_ROWS", 300)
    lk.export(run, tmp_path / "b.csv", columns=["text"], votes=True)
    assert max(map(len, _sources.source_of(run, None, None, None).pieces(votes=True))) == 300
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def test_votes_of_other_examples_are_counted(run, tmp_path):
    matrix, labels = run.matrix(), run.labels()
    with pytest.raises(ExportError, match=rf"{len(labels) - 50:,} of the {len(labels):,} examples .* the 50 of the"):
        lk.export(labels, tmp_path / "a.csv", matrix=matrix[:50], votes=True)

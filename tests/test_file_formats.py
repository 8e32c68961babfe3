"""The page of file formats lists what files have: no column or key more, none less, each of its type."""

import json
import re
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import labelkit as lk

PAGE = Path(__file__).parents[1] / "docs" / "file_formats.md"
RULES = '''
import labelkit as lk

@lk.keywords("song", label=0)
def song(text: str) -> None:
    """Speaks of the song."""

@lk.labeling_function(levels=4)
def link(text: str):
    return (1, 0.9) if "http" in text else lk.ABSTAIN

@lk.labeling_function
def fails(text: str) -> int:
    if "!" in text:
        raise ValueError("no exclamations")
    return lk.ABSTAIN
'''
WITHOUT_CONFIDENCE = RULES.replace("(levels=4)", "").replace("(1, 0.9)", "1")
MODEL = {"<class>": ("HAM", "SPAM"), "<rule>": ("song", "link", "fails"), "<column>": ("text", "spam"), "<n>": "01"}
SIMPLE = {"int8", "uint8", "int64", "uint64", "double", "bool", "string", "timestamp[ms, tz=UTC]"}


def section(title):
    """Return the rows of the tables below a heading, as lists of cells."""
    text = re.split(rf"^#+ {re.escape(title)}$", PAGE.read_text("utf-8"), flags=re.MULTILINE)[1]
    lines = re.split(r"^#+ ", text, flags=re.MULTILINE)[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]


def listed(title, head=None):
    """Return what a table lists, by name: the rest of its row."""
    found, inside = {}, head is None
    for first, *rest in section(title):
        if "`" not in first and not first.startswith("-"):
            inside = head is None or first == head
        elif inside and not first.startswith("-"):
            found |= dict.fromkeys(re.findall(r"`([^`]+)`", first), rest)
    return found


def expanded(names):
    """Put what there is in the place of what stands in angle brackets."""
    for name in names:
        mark = next((mark for mark in MODEL if mark in name), None)
        yield from [name] if mark is None else [name.replace(mark, one) for one in MODEL[mark]]


def plain(kind):
    """Return the name of a type, however texts and names that repeat are stored."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return "string" if pa.types.is_large_string(kind) else str(kind)


def check_columns(file, title, optional=()):
    """Hold the columns of a file against a table."""
    schema, table = pq.read_schema(file), listed(title)
    assert set(schema.names) <= set(expanded(table)), title
    assert set(expanded(table)) - set(expanded(optional)) <= set(schema.names), title
    for name, (kind, *_) in table.items():
        for one in set(expanded([name])) & set(schema.names):
            actual = plain(schema.field(one).type)
            assert kind == actual if kind in SIMPLE else actual not in SIMPLE or kind == "as in the corpus", one


CERTIFIED = ["certificate", "failed_certificates"]
"""The keys of a run that ``certify`` looked at."""

KINDS = {"list": list, "dict": dict, "str": str, "int": int, "float": float, "bool": bool, "null": type(None)}


def check_keys(values, title, head=None, optional=()):
    """Hold the keys of a JSON object against a table."""
    table = listed(title, head)
    assert set(values) <= set(table), title
    assert set(table) - set(optional) <= set(values), title
    for name, value in values.items():
        words = re.findall(r"\w+", table[name][0])
        kinds = tuple(KINDS[word] for word in words if word in KINDS)
        assert isinstance(value, (*kinds, type(None))), name


def read(path):
    return json.loads(Path(path).read_text("utf-8"))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("formats")
    comments = lk.load_comments(300)[["id", "text", "spam"]]
    corpus, rules = folder / "comments.csv", folder / "rules.py"
    comments.to_csv(corpus, index=False)
    with corpus.open("a", encoding="utf-8") as file:
        file.write("too,few\n")
    rules.write_text(RULES, "utf-8")
    options = {"labels": ["HAM", "SPAM"], "on_fault": "record", "progress": False}
    run = lk.run(rules, corpus, folder / "run", id="id", gold="spam", on_bad_row="reject", **options)
    framed = lk.run(rules, comments.set_index("id"), folder / "framed", model="ContentLabelModel", **options)
    return SimpleNamespace(folder=folder, corpus=corpus, comments=comments, rules=rules, run=run, framed=framed)


def test_the_files_of_a_run_are_those_of_the_page(made):
    rules = made.folder / "changed.py"
    for text in (RULES, RULES.replace('"song"', '"songs"')):
        rules.write_text(text, "utf-8")
        options = {"labels": ["HAM", "SPAM"], "on_fault": "record", "progress": False}
        run = lk.run(rules, made.comments.set_index("id"), made.folder / "updated", update=text != RULES, **options)
    there = {path.name for path in run.path.iterdir()}
    assert {*there, "taught.parquet", "judged.parquet"} == {name.strip("/") for name in listed("A run folder")}
    check_keys(read(run.path / "version.json"), "version.json", optional=["restored", "made"])
    lk.restore(run.path, 1)
    check_keys(read(run.path / "version.json"), "version.json")


def test_the_tables_of_a_run_have_the_columns_of_the_page(made):
    path = made.run.path
    check_columns(path / "labels/part-00000.parquet", "labels/part-00000.parquet")
    check_columns(
        path / "votes/part-00000.parquet",
        "votes/part-00000.parquet",
        ["example_id", "song (confidence)", "fails (confidence)"],
    )
    check_columns(path / "patterns.parquet", "patterns.parquet", ["key1"])
    check_columns(path / "faults.parquet", "faults.parquet")
    saved = made.run.labels().save(made.folder / "labels.parquet")
    check_columns(saved, "labels/part-00000.parquet", ["votes"])
    summary = pd.read_csv(path / "summary.csv")
    assert set(summary) == set(listed("summary.csv"))
    assert made.run.faults


def test_the_json_of_a_run_has_the_keys_of_the_page(made):
    for run, absent in ((made.run, ["content", *CERTIFIED]), (made.framed, CERTIFIED)):
        manifest = run.manifest
        check_keys(manifest, "manifest.json", "key", absent)
        check_keys(manifest["rules"][0], "manifest.json", "key of a rule")
        check_keys(manifest["corpus"], "manifest.json", "key of corpus")
        check_keys(run.timings, "timings.json")
        check_keys(read(run.path / "version.json"), "version.json", optional=["before", "made", "restored"])
    (reject,) = (made.run.path / "rejects.jsonl").read_text("utf-8").splitlines()
    check_keys(json.loads(reject), "rejects.jsonl")


def test_a_model_and_a_bundle_have_the_files_and_keys_of_the_page(made):
    inner = {path.name for path in (made.framed.path / "model").iterdir()}
    assert inner == {name.strip("/") for name in listed("A label model")}
    check_keys(read(made.run.path / "model/model.json"), "model.json")
    rules = made.folder / "bundled.py"
    rules.write_text(WITHOUT_CONFIDENCE, "utf-8")
    options = {"labels": ["HAM", "SPAM"], "on_fault": "record", "progress": False}
    run = lk.run(rules, made.corpus, made.folder / "bundled", id="id", on_bad_row="reject", **options)
    with zipfile.ZipFile(lk.bundle(run, made.folder / "spam.labelkit")) as archive:
        members = {name.partition("/")[0] for name in archive.namelist()}
        manifest = json.loads(archive.read("manifest.json"))
    assert members == {name.strip("/") for name in listed("A bundle")}
    check_keys(manifest, "manifest.json of a bundle")


def test_answers_and_samples_have_the_columns_of_the_page(made):
    file = made.folder / "gold.parquet"
    with lk.AnnotationSession(made.comments, file, labels=["HAM", "SPAM"], id="id") as session:
        session.answer("ann", session.next("ann")["example"]["key"], label="HAM")
    check_columns(file, "gold.parquet", ["row"])
    sample = lk.sample(made.comments, 20, id="id", method="stratified", by="spam").save(made.folder / "sample.parquet")
    table = {name for row in section("A sample")[2:] for name in re.findall(r"`(\w+)`", row[0])}
    assert set(pq.read_schema(sample).names) == table - {"cluster"}
    run = made.framed
    chosen = lk.next_to_label(run.matrix(), run.labels(), n=4).frame
    assert list(chosen) == ["id", "position", "strategy", "score", "inclusion_probability"]


def test_a_data_set_has_the_files_columns_and_keys_of_the_page(made):
    options = {"columns": ["text", "spam"], "id": "id"}
    data_set = lk.create_dataset(made.folder / "set", made.comments, made.run.labels(), **options)
    data_set = data_set.take(lk.split(made.comments.set_index("id"), {"train": 0.8, "test": 0.2}))
    path = made.folder / "set"
    assert {file.name for file in path.iterdir()} == {name.strip("/") for name in listed("A data set")}
    check_columns(path / "examples/batch-00000.parquet", "examples/batch-00000.parquet")
    check_columns(path / "rows/batch-00000.parquet", "rows/batch-00000.parquet")
    check_keys(read(path / "manifest.json"), "manifest.json of a data set")
    check_keys(read(path / "version.json"), "version.json", optional=["restored"])


def test_an_export_has_the_columns_of_the_page(made):
    file = made.folder / "labels.csv"
    lk.export(made.run, file, columns=["text"], votes=True, reasons=True, default_label="HAM")
    text = PAGE.read_text("utf-8").partition("## Exports\n")[2].partition("\n## ")[0]
    table = re.findall(r"`([a-z_<>]+)`", text)
    assert set(pd.read_csv(file)) - {"text"} == set(expanded(table))

"""Read each format back with the tool that it is for, or, where that is not public, by its documented rules."""

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from labelkit._shared.spreadsheets import restored
from labelkit.interop.export import FORMATS

SUFFIX = {"label-studio": ".json", "argilla": ".json", "prodigy": ".jsonl", "hf": ""}

NEEDS = {"xlsx": ["xlsxwriter", "openpyxl"], "hf": ["datasets"], "spacy": ["spacy"]}

EXTRAS = {"xlsx": ("xlsxwriter", "excel"), "hf": ("datasets", "hf"), "spacy": ("spacy.tokens", "nlp")}


def target(folder, name):
    """A path for a format, whose packages are there."""
    for package in NEEDS.get(name, ()):
        pytest.importorskip(package)
    return folder / f"labels{SUFFIX.get(name, (*FORMATS[name].suffixes, '')[0])}"


def read_back(name, path):
    """A frame with the columns id, label, confidence and text (as far as a format has them) in the order of a file."""
    frame = READERS[name](path)
    frame = frame.rename(columns={"key": "id"}).reset_index(drop=True).astype(object)
    return frame.where(frame.notna(), None)  # what a row of a file lacks


def _parquet(path):
    table = pq.read_table(path)
    import duckdb

    assert duckdb.sql(f"select count(*) from '{path}' where label is not null").fetchall()[0][0] == sum(
        value is not None for value in table["label"].to_pylist()
    )
    return plain(table)


def plain(table):
    return pd.DataFrame({name: table[name].to_pylist() for name in table.column_names}, dtype=object)


def _csv(path):
    import duckdb

    options = "header=true, delim=',', quote='\"', escape='\"', strict_mode=false, all_varchar=true"
    n_rows = duckdb.sql(f"select count(*) from read_csv('{path}', {options}, max_line_size=10000000)").fetchall()[0][0]
    frame = pd.read_csv(path, dtype=str, keep_default_na=False, lineterminator="\n")
    assert n_rows == len(frame)
    frame = frame.map(restored)
    frame["label"] = frame["label"].replace("", None)
    return frame.assign(confidence=[float(cell) if cell else None for cell in frame["confidence"]])


def _xlsx(path):
    import openpyxl
    from openpyxl.utils.escape import unescape

    book = openpyxl.load_workbook(path)
    rows = list(book.active.iter_rows(values_only=True))
    cells = [[restored(unescape(cell)) if isinstance(cell, str) else cell for cell in row] for row in rows[1:]]
    frame = pd.DataFrame(cells, columns=rows[0], dtype=object)
    if "text" in frame:
        frame["text"] = frame["text"].map(lambda text: "" if text is None else text)
    return frame


def _jsonl(path):
    return pd.DataFrame([json.loads(line) for line in lines(path)], dtype=object)


def lines(path):
    return path.read_text("utf-8").split("\n")[:-1]


def _arrow(path):
    with pa.ipc.open_file(path) as reader:
        return plain(reader.read_all())


def _label_studio(path):
    tasks = json.loads(path.read_text("utf-8"))
    rows = []
    for task in tasks:
        assert set(task) == {"data", "predictions"}
        row = {**task["data"], "label": None, "confidence": None}
        row["id"] = row.pop("example_id", row.pop("row", None))
        for prediction in task["predictions"]:
            assert set(prediction) == {"model_version", "score", "result"}
            (result,) = prediction["result"]
            assert (result["from_name"], result["to_name"], result["type"]) == ("label", "text", "choices")
            row |= {"label": result["value"]["choices"][0], "confidence": prediction["score"]}
        rows.append(row)
    return pd.DataFrame(rows, dtype=object)


def _prodigy(path):
    """Check https://prodi.gy/docs/api-interfaces: options with ids, accepted ones among them, spans within the text."""
    rows = []
    for line in lines(path):
        task = json.loads(line)
        ids = [option["id"] for option in task["options"]]
        assert all(set(option) == {"id", "text"} for option in task["options"])
        assert ("accept" in task) == ("answer" in task)
        assert set(task.get("accept", [])) <= set(ids)
        assert task.get("answer", "accept") == "accept"
        end = 0
        for span in task.get("spans", []):
            assert end <= span["start"] < span["end"] <= len(task["text"])
            assert isinstance(span["label"], str)
            end = span["end"]
        meta = dict(task["meta"])
        name = meta.pop("example_id", meta.pop("row", None))
        label = task.get("accept", [None])[0]
        rows.append({"id": name, "text": task["text"], "label": label, "confidence": None, **meta})
    return pd.DataFrame(rows, dtype=object)


def _spacy(path):
    import spacy
    from spacy.tokens import DocBin

    rows = []
    for file in sorted(path.glob("*.spacy")) if path.is_dir() else [path]:
        for doc in DocBin().from_disk(file).get_docs(spacy.blank("xx").vocab):
            label = max(doc.cats, key=doc.cats.get) if doc.cats else None
            assert not doc.cats or sorted(doc.cats.values())[-2:] == [0, 1]
            data = dict(doc.user_data)
            name, proba = data.pop("example_id", data.pop("row", None)), data.pop("proba")
            assert np.isclose(sum(proba.values()), 1)
            confidence = None if label is None else proba[label]
            rows.append({"id": name, "text": doc.text, "label": label, "confidence": confidence, **data})
    return pd.DataFrame(rows, dtype=object)


def _argilla(path):
    """Read the records as Argilla does, if it is installed; its records are checked against ``Record.from_dict``."""
    rows = []
    for record in json.loads(path.read_text("utf-8")):
        assert set(record) == {"id", "fields", "metadata", "suggestions"}
        meta = dict(record["metadata"])
        name = meta.pop("example_id", meta.pop("row", None))
        assert record["id"] == str(name)
        suggestion = record["suggestions"].get("label", {"value": None, "score": None})
        row = {"id": name, **record["fields"], "label": suggestion["value"], "confidence": suggestion["score"]}
        rows.append({**row, **meta})
    return pd.DataFrame(rows, dtype=object)


def _hf(path):
    import datasets

    rows = datasets.load_from_disk(str(path))
    frame = plain(rows.with_format("arrow")[:])
    feature = rows.features["label"]
    frame["label"] = [None if value is None else feature.int2str(value) for value in frame["label"]]
    return frame


READERS = {
    "parquet": _parquet,
    "csv": _csv,
    "xlsx": _xlsx,
    "jsonl": _jsonl,
    "arrow": _arrow,
    "label-studio": _label_studio,
    "prodigy": _prodigy,
    "spacy": _spacy,
    "argilla": _argilla,
    "hf": _hf,
}

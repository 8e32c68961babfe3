"""What labelkit reads back: a value or one error, whatever the file holds."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import labelkit as lk
from labelkit._shared.shapes import check_shape
from labelkit._shared.stored_files import read_json_object, reading
from labelkit.exceptions import MatrixError, ModelError, RunFolderError
from labelkit.label_models import load_model


@pytest.fixture
def matrix():
    return lk.LabelMatrix.of([[0, -1], [0, 1], [-1, 1]], names=["a", "b"], classes=["HAM", "SPAM"])


@pytest.mark.parametrize(
    "error", [KeyError("classes"), TypeError("no"), ValueError(""), MemoryError(), RecursionError()]
)
def test_whatever_goes_wrong_is_one_error_in_one_line(error):
    with (
        pytest.raises(MatrixError, match=r"^x\.parquet cannot be read: ") as caught,
        reading("x.parquet", "cannot be read", MatrixError),
    ):
        raise error
    assert "\n" not in caught.value.message
    assert caught.value.__cause__ is error


def test_errors_that_say_what_is_wrong_and_interrupts_pass():
    for error in (ModelError("it is this"), KeyboardInterrupt()):
        with pytest.raises(type(error)) as caught, reading("x", "cannot be read", MatrixError):
            raise error
        assert caught.value is error


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        (True, int),
        (1, bool),
        ("x", int),
        ("\ud800", str),
        ([1, "x"], [int]),
        ({}, {"a": int}),
        ({"a": None}, {"a": (int, [int])}),
        (None, str),
        ("ab", [str]),
    ],
)
def test_a_value_of_another_shape_is_named(value, shape):
    with pytest.raises(ValueError, match=r"is|no"):
        check_shape(value, shape)


def test_values_of_the_shape_pass():
    check_shape({"a": [1, 2], "b": None, "c": 1, "more": object()}, {"a": ([int], None), "b": (str, None), "c": float})


def test_json_that_is_no_object_is_refused(tmp_path):
    (tmp_path / "a.json").write_text("[1]")
    with pytest.raises(ValueError, match="no JSON object"):
        read_json_object(tmp_path / "a.json")


def _with_description(path, change):
    table = pq.read_table(path)
    described = json.loads(table.schema.metadata[b"labelkit"])
    change(described)
    pq.write_table(table.replace_schema_metadata({b"labelkit": json.dumps(described)}), path)


@pytest.mark.parametrize(
    "change",
    [
        lambda described: described.update(classes=[1, 2]),
        lambda described: described.update(classes="ab"),
        lambda described: described.pop("classes"),
        lambda described: described.update(lfs=described["lfs"][:1]),
        lambda described: described["lfs"][0].update(labels=[7]),
        lambda described: described["lfs"][0].update(name=None),
        lambda described: described["lfs"][0].update(more=1),
        lambda described: described.update(faults=[{"row": 0}]),
    ],
)
def test_a_matrix_and_patterns_of_a_wrong_description_are_refused(tmp_path, matrix, change):
    matrix.save(tmp_path / "votes.parquet")
    matrix.patterns.save(tmp_path / "patterns.parquet")
    for name in ("votes.parquet", "patterns.parquet"):
        _with_description(tmp_path / name, change)
    with pytest.raises(MatrixError):
        lk.LabelMatrix.load(tmp_path / "votes.parquet")
    if "faults" not in (change.__code__.co_names + change.__code__.co_consts):
        with pytest.raises(MatrixError):
            lk.VotePatterns.load(tmp_path / "patterns.parquet")


@pytest.mark.parametrize(
    "column", [pa.array([0.5, 0, 1]), pa.array(["a", "b", "c"]), pa.array([0, None, 1]), pa.nulls(3)]
)
def test_votes_that_are_no_whole_numbers_are_refused(tmp_path, matrix, column):
    table = matrix.to_arrow()
    table = table.set_column(1, pa.field("a", column.type), column)
    with pytest.raises(MatrixError, match="not whole numbers"):
        lk.LabelMatrix.from_arrow(table)


def test_votes_that_changed_places_are_not_those_of_other_rules(tmp_path, matrix):
    table = matrix.to_arrow()
    swapped = table.select([0, 2, 1])
    with pytest.raises(MatrixError, match="columns"):
        lk.LabelMatrix.from_arrow(swapped)
    matrix.patterns.save(tmp_path / "patterns.parquet")
    patterns = pq.read_table(tmp_path / "patterns.parquet")
    pq.write_table(patterns.select([1, 0]), tmp_path / "patterns.parquet")
    with pytest.raises(MatrixError, match="columns"):
        lk.VotePatterns.load(tmp_path / "patterns.parquet")


def test_a_model_that_was_changed_is_refused(tmp_path, matrix):
    lk.DawidSkene().fit(matrix).save(tmp_path)
    described = json.loads((tmp_path / "model.json").read_text())
    load_model(tmp_path)
    for change in ({"learned": {}}, {"params": {}}, {"seal": "0"}, {"seal": None}):
        (tmp_path / "model.json").write_text(json.dumps(described | change))
        with pytest.raises(ModelError, match="damaged or changed"):
            load_model(tmp_path)
    (tmp_path / "model.json").write_text(json.dumps(described))
    with (tmp_path / "arrays.npz").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(ModelError, match="damaged or changed"):
        load_model(tmp_path)


@pytest.mark.parametrize("name", ["manifest.json", "summary.csv", "timings.json", "faults.parquet", "model/model.json"])
@pytest.mark.parametrize("content", [b"", b"[]", b"\xff\xfe", b'{"rules": 1}', None])
def test_a_damaged_run_is_one_error(tmp_path, name, content):
    rules = [lk.keywords("free", label=1, column="text").rule(name="free")]
    texts = {"text": ["free", "x"]}
    options = {"labels": ["HAM", "SPAM"], "model": "MajorityVote", "report": False}
    folder = lk.run(rules, texts, tmp_path / "out", **options)
    path = folder.path / name
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    looks = {
        "manifest.json": lambda run: run.manifest,
        "summary.csv": lambda run: run.describe(),
        "timings.json": lambda run: run.describe(),
        "faults.parquet": lambda run: run.matrix(),
        "model/model.json": lambda run: run.model(),
    }
    with pytest.raises((RunFolderError, ModelError)):
        looks[name](lk.RunFolder(folder.path))


def test_numbers_that_are_none_are_an_error():
    with pytest.raises(MatrixError, match="invalid value"), reading("x", "cannot be read", MatrixError):
        np.array([np.nan]).astype(np.int64)

"""``labelkit bundle`` and ``labelkit predict``: files in, files out."""

import json
import subprocess
import sys

import pandas as pd
import pyarrow.parquet as pq
import pytest

import labelkit as lk
from labelkit.bundles import predict_corpus
from labelkit.exceptions import BundleError
from tests.waiting import GUARD


def labelkit(*arguments):
    command = [sys.executable, "-m", "labelkit", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=GUARD)


@pytest.mark.parametrize(("suffix", "read"), [
    ("parquet", pd.read_parquet), ("csv", pd.read_csv), ("jsonl", lambda path: pd.read_json(path, lines=True)),
])  # fmt: skip
def test_the_labels_of_a_corpus_are_those_of_the_run(run, loaded, frame, tmp_path, suffix, read):
    expected = run.labels()
    predictions = predict_corpus(loaded, frame, tmp_path / f"labels.{suffix}", id="id")
    table = read(predictions.path)
    exported = lk.export(run, tmp_path / f"exported.{suffix}", unlabeled=True).path
    pd.testing.assert_frame_equal(table, read(exported), check_exact=False, atol=1e-9)
    exported.unlink()
    assert table["id"].tolist() == expected.ids.tolist()
    names = [None if label < 0 else ("HAM", "SPAM")[label] for label in expected.hard().tolist()]
    assert table["label"].astype(object).where(table["label"].notna(), None).tolist() == names
    assert table["p_SPAM"].tolist() == pytest.approx(expected.proba[:, 1].tolist(), abs=1e-9)
    assert predictions.n_examples == len(frame)
    assert predictions.counts == {name: int((expected.hard() == c).sum()) for c, name in enumerate(("HAM", "SPAM"))}
    assert not [path for path in tmp_path.iterdir() if path != predictions.path]


def test_ids_are_named_as_in_an_export(loaded, tmp_path):
    for given, id_, name in [
        ({"text": ["subscribe"]}, None, "row"),
        ({"text": ["subscribe"], "label": ["a"]}, "label", "corpus_label"),
        (pd.DataFrame({"text": ["subscribe"]}, index=["a"]), None, "id"),
    ]:
        table = pq.read_table(predict_corpus(loaded, given, tmp_path / "a.parquet", id=id_, force=True).path)
        assert table.column_names == [name, "label", "confidence", "covered", "p_HAM", "p_SPAM"]
        assert table[name].to_pylist() == [0 if name == "row" else "a"]


def test_any_number_of_threads_and_batches_write_the_same(loaded, frame, tmp_path, monkeypatch):
    whole = predict_corpus(loaded, frame, tmp_path / "a.parquet", id="id")
    monkeypatch.setattr("labelkit.bundles.predict.BATCH_ROWS", 1)
    several = pd.concat([frame] * 8, ignore_index=True).drop(columns="id")
    parts = predict_corpus(loaded, several, tmp_path / "b.parquet", workers=3)
    assert pq.read_table(parts.path).num_rows == 8 * len(frame)
    table, first = pq.read_table(parts.path).slice(0, len(frame)), pq.read_table(whole.path)
    assert table.drop(["row"]).to_pylist() == first.drop(["id"]).to_pylist()


def test_a_corpus_without_rows_has_no_labels(loaded, tmp_path):
    for suffix in ("parquet", "csv", "jsonl"):
        predictions = predict_corpus(loaded, {"text": []}, tmp_path / f"labels.{suffix}")
        assert predictions.n_examples == 0
        assert predictions.path.is_file()


def test_rows_that_cannot_be_read_stand_beside_the_labels(loaded, tmp_path):
    (tmp_path / "new.jsonl").write_text('{"text": "I love it"}\nno JSON\n')
    predictions = predict_corpus(loaded, tmp_path / "new.jsonl", tmp_path / "a.csv", on_bad_row="reject")
    assert (predictions.n_examples, predictions.n_rejects) == (1, 1)
    assert json.loads((tmp_path / "a.csv.rejects.jsonl").read_text())["row"] == 1
    assert "a.csv.rejects.jsonl" in str(predictions)


def test_files_that_exist_and_unknown_kinds_are_refused(loaded, frame, tmp_path):
    (tmp_path / "a.csv").write_text("mine")
    with pytest.raises(BundleError, match="exists already") as caught:
        predict_corpus(loaded, frame, tmp_path / "a.csv")
    assert "--force" in caught.value.hint
    assert (tmp_path / "a.csv").read_text() == "mine"
    predict_corpus(loaded, frame, tmp_path / "a.csv", force=True)
    with pytest.raises(BundleError, match="cannot be written to"):
        predict_corpus(loaded, frame, tmp_path / "a.xls")
    with pytest.raises(lk.LabelkitError, match="column 'text'"):
        predict_corpus(loaded, frame[["id"]], tmp_path / "b.csv")
    assert not (tmp_path / "b.csv").exists()


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".jsonl"])
def test_a_file_of_the_corpus_is_not_replaced_by_its_labels(loaded, frame, tmp_path, suffix):
    frame, path = frame[["id", "text"]], tmp_path / "in" / f"a{suffix}"
    path.parent.mkdir()
    if suffix == ".parquet":
        frame.to_parquet(path, index=False)
    elif suffix == ".csv":
        frame.to_csv(path, index=False)
    else:
        frame.to_json(path, orient="records", lines=True)
    content = path.read_bytes()
    (tmp_path / f"link{suffix}").symlink_to(path)
    for corpus, out in [(path, path), (tmp_path / f"link{suffix}", path), ([path], path), (path.parent, path)]:
        with pytest.raises(BundleError, match="is the corpus, which would be lost") as caught:
            predict_corpus(loaded, corpus, out, force=True, id="id")
        assert path.read_bytes() == content
    assert "name another file" in caught.value.hint
    other = tmp_path / f"labels{suffix}"
    assert predict_corpus(loaded, path, other, id="id").n_examples == len(frame)
    assert predict_corpus(loaded, path, other, id="id", force=True).n_examples == len(frame)


def test_the_command_line(run, packed, frame, tmp_path):
    frame.to_csv(tmp_path / "comments.csv", index=False)
    done = labelkit("bundle", run.path, "--out", tmp_path / "spam.labelkit")
    assert done.returncode == 0, done.stderr
    assert f"written to {tmp_path / 'spam.labelkit'}" in done.stdout
    assert (tmp_path / "spam.labelkit").read_bytes() == packed.read_bytes()
    done = labelkit("predict", packed, tmp_path / "comments.csv", "--out", tmp_path / "labels.csv", "--id", "id")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("400 examples: HAM ")
    (tmp_path / "bad.labelkit").write_bytes(packed.read_bytes()[:-1])
    done = labelkit("predict", tmp_path / "bad.labelkit", tmp_path / "comments.csv", "--out", tmp_path / "b.csv")
    assert done.returncode == 1
    assert done.stderr.startswith("error: the bundle ")
    assert "Traceback" not in done.stderr


def test_no_cell_of_a_csv_is_a_formula(loaded, tmp_path):
    given = pd.DataFrame({"id": ["=1+1", "@x", "'=2", "fine"], "text": ["subscribe"] * 4})
    path = predict_corpus(loaded, given, tmp_path / "labels.csv", id="id").path
    assert pd.read_csv(path)["id"].tolist() == ["'=1+1", "'@x", "''=2", "fine"]
    as_lines = predict_corpus(loaded, given, tmp_path / "labels.jsonl", id="id").path
    assert pd.read_json(as_lines, lines=True)["id"].tolist() == given["id"].tolist()

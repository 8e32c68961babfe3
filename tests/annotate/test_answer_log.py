"""Answers are on the disk before they count; the table beside the log is gold, may be edited, and loses nothing."""

import json
import math
import os
import shutil

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

import labelkit as lk
from labelkit.annotate.answer_log import AnswerLog, KeptAnswer
from labelkit.exceptions import GoldError
from tests.waiting import wait_until

CLASSES = ["HAM", "SPAM"]


def kept(path, *answers, classes=CLASSES, **options):
    with AnswerLog(path, classes, **options) as log:
        for item, who, label, *more in answers:
            status = "labeled" if label else "skipped"
            log.keep(KeptAnswer(item, who, label, status, *more))
        return log.all()


def labels_of(path, **options):
    with AnswerLog(path, CLASSES, **options) as log:
        return {answer.key[:2]: answer.label for answer in log.all()}


def edit(path, change):
    frame = pd.read_parquet(path)
    change(frame).to_parquet(path)


def test_an_answer_is_on_the_disk_when_it_is_kept_and_in_the_table_soon(tmp_path):
    path = tmp_path / "gold.parquet"
    with AnswerLog(path, CLASSES) as log:
        log.keep(KeptAnswer("a", "ann", "SPAM", seconds=1.5, note="ähm"))
        event = json.loads((tmp_path / "gold.parquet.log").read_text().splitlines()[0])
        assert (event["item"], event["label"], event["seconds"], event["note"]) == ("a", "SPAM", 1.5, "ähm")
        wait_until(path.exists)
    row = pd.read_parquet(path).iloc[0]
    assert (row["item"], row["annotator"], row["label"], row["status"]) == ("a", "ann", "SPAM", "labeled")
    assert row["when"].tzinfo is not None


def test_nothing_is_lost_wherever_the_log_was_cut_off(tmp_path):
    path = tmp_path / "gold.parquet"
    kept(path, ("a", "ann", "SPAM"), ("b", "ann", "HAM"))
    log = tmp_path / "gold.parquet.log"
    content = log.read_bytes()
    ends = [place + 1 for place, byte in enumerate(content) if byte == ord("\n")]
    for length in sorted({*range(0, len(content), 97), *ends, *(end - 1 for end in ends)}):
        place = tmp_path / "cut" / "gold.parquet"
        place.parent.mkdir()
        (place.parent / log.name).write_bytes(content[:length])
        whole = content[: max((end for end in ends if end <= length), default=0)]
        expected = {event["item"] for line in whole.splitlines() if (event := json.loads(line))["event"] == "answer"}
        with AnswerLog(place, CLASSES) as opened:
            assert {answer.item for answer in opened.all()} == expected
            opened.keep(KeptAnswer("c", "ann", "HAM"))
        assert {item for item, _ in labels_of(place)} == expected | {"c"}
        shutil.rmtree(place.parent)


@pytest.mark.parametrize("state", range(1, 6))
def test_a_table_older_than_the_log_is_no_edit(tmp_path, state):
    """The process was killed between the log and the table, whichever state that has."""
    path = tmp_path / "gold.parquet"
    tables = []
    with AnswerLog(path, CLASSES) as log:
        for number in range(6):
            log.keep(KeptAnswer(f"x{number}", "ann", CLASSES[number % 2]))
            log.flush()
            tables.append(path.read_bytes())
    path.write_bytes(tables[state - 1])
    with AnswerLog(path, CLASSES) as log:
        assert len(log.all()) == 6
        assert log.edits == 0


def test_a_later_answer_replaces_an_earlier_one_and_the_log_keeps_both(tmp_path):
    path = tmp_path / "gold.parquet"
    kept(path, ("a", "ann", "SPAM"), ("b", "ann", "HAM"), ("a", "ann", "HAM"))
    frame = pd.read_parquet(path)
    assert frame["item"].tolist() == ["a", "b"]
    assert frame["label"].tolist() == ["HAM", "HAM"]
    events = [json.loads(line) for line in (tmp_path / "gold.parquet.log").read_text().splitlines()]
    assert [event["label"] for event in events if event["event"] == "answer"] == ["SPAM", "HAM", "HAM"]


def test_what_is_edited_by_hand_is_taken_over(tmp_path):
    path = tmp_path / "gold.parquet"
    kept(path, ("a", "ann", "SPAM"), ("b", "ann", "HAM"), ("c", "ann", None), ("d", "ann", "HAM"))

    def change(frame):
        frame.loc[frame["item"] == "a", "label"] = "HAM"
        frame.loc[frame["item"] == "c", "label"] = "SPAM"
        added = pd.DataFrame({"item": ["e"], "annotator": ["bob"], "label": ["SPAM"]})
        return pd.concat([frame[frame["item"] != "b"], added])

    edit(path, change)
    with AnswerLog(path, CLASSES) as log:
        assert log.edits == 4
        states = {answer.key[:2]: (answer.label, answer.status) for answer in log.all()}
    expected = {("a", "ann"): "HAM", ("c", "ann"): "SPAM", ("d", "ann"): "HAM", ("e", "bob"): "SPAM"}
    assert states == {key: (label, "labeled") for key, label in expected.items()}
    assert labels_of(path) == expected
    with AnswerLog(path, CLASSES) as log:
        assert log.edits == 0


def test_an_edit_and_answers_that_the_table_does_not_have_yet_are_both_kept(tmp_path):
    path = tmp_path / "gold.parquet"
    kept(path, ("a", "ann", "SPAM"), ("b", "ann", "HAM"))
    before = path.read_bytes()
    with AnswerLog(path, CLASSES) as log:
        line = json.dumps({"event": "answer", **vars(KeptAnswer("c", "ann", "HAM"))}).replace("NaN", "null")
        os.write(log._handle, f"{line}\n".encode())  # as if killed before the table was written
    path.write_bytes(before)
    lines = (tmp_path / "gold.parquet.log").read_text().splitlines()
    while json.loads(lines[-1])["event"] != "answer":
        lines.pop()
    (tmp_path / "gold.parquet.log").write_text("\n".join(lines) + "\n")
    edit(path, lambda frame: frame.assign(label="SPAM"))
    assert labels_of(path) == {("a", "ann"): "SPAM", ("b", "ann"): "SPAM", ("c", "ann"): "HAM"}


def test_a_table_that_was_written_again_without_a_change_is_no_edit(tmp_path):
    path = tmp_path / "gold.parquet"
    kept(path, (7, "ann", "SPAM"), (8, "ann", "HAM"), are_positions=True)
    edit(path, lambda frame: frame.astype({"row": float}).iloc[::-1])
    with AnswerLog(path, CLASSES, are_positions=True) as log:
        assert log.edits == 0
        assert [answer.item for answer in log.all()] == [7, 8]


def test_a_class_is_renamed_in_the_table_as_the_error_says(tmp_path):
    """The log keeps the old name of answers that were given another one."""
    path, names = tmp_path / "gold.parquet", ["HAM", "JUNK"]
    kept(path, ("a", "ann", "SPAM"), ("b", "ann", "HAM"))
    with pytest.raises(GoldError, match="'SPAM', which is none of the classes HAM, JUNK") as error:
        AnswerLog(path, names)
    assert error.value.hint.startswith("correct the file")
    edit(path, lambda frame: frame.replace({"label": {"SPAM": "JUNK"}}))
    for edits in (1, 0):
        with AnswerLog(path, names) as log:
            assert log.edits == edits
            assert [answer.label for answer in log.all()] == ["JUNK", "HAM"]
    edit(path, lambda frame: frame[frame["item"] == "b"])
    with AnswerLog(path, ["HAM", "OTHER"]) as log:
        assert [answer.label for answer in log.all()] == ["HAM"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda frame: frame.assign(label="SPMA"), "'SPMA', which is none of the classes HAM, SPAM"),
        (lambda frame: frame.drop(columns="annotator"), "no column 'annotator'"),
        (lambda frame: frame.assign(annotator=""), "needs the id of an example and an annotator"),
        (lambda frame: frame.assign(item="a"), "'ann' answers 'a' twice"),
        (lambda frame: frame.assign(item=1.5), "needs the id of an example"),
    ],
)
def test_a_table_that_was_edited_wrongly_is_refused_and_stays(tmp_path, change, message):
    path = tmp_path / "gold.parquet"
    kept(path, ("a", "ann", "SPAM"), ("b", "ann", "HAM"))
    good, log = path.read_bytes(), (tmp_path / "gold.parquet.log").read_bytes()
    edit(path, change)
    bad = path.read_bytes()
    with pytest.raises(GoldError, match=message):
        AnswerLog(path, CLASSES)
    assert path.read_bytes() == bad
    assert (tmp_path / "gold.parquet.log").read_bytes() == log
    path.write_bytes(good)
    assert labels_of(path) == {("a", "ann"): "SPAM", ("b", "ann"): "HAM"}


def test_what_is_no_table_of_answers_is_not_written_over(tmp_path):
    path = tmp_path / "gold.parquet"
    path.write_text("not Parquet")
    with pytest.raises(GoldError, match="no Parquet file"):
        AnswerLog(path, CLASSES)
    pd.DataFrame({"text": ["a"]}).to_parquet(path)
    with pytest.raises(GoldError, match="no table of answers"):
        AnswerLog(path, CLASSES)
    assert not (tmp_path / "gold.parquet.log").exists()


def test_a_table_that_was_lost_is_made_anew_and_a_log_that_was_lost_begins_with_the_table(tmp_path):
    path = tmp_path / "gold.parquet"
    kept(path, ("a", "ann", "SPAM"))
    path.unlink()
    assert labels_of(path) == {("a", "ann"): "SPAM"}
    (tmp_path / "gold.parquet.log").unlink()
    assert labels_of(path) == {("a", "ann"): "SPAM"}


def test_a_line_of_the_log_that_is_no_answer_is_named(tmp_path):
    path = tmp_path / "gold.parquet"
    kept(path, ("a", "ann", "SPAM"))
    log = tmp_path / "gold.parquet.log"
    log.write_bytes(b'{"event": "answer"\n' + log.read_bytes())
    with pytest.raises(GoldError, match="line 1, is no answer"):
        AnswerLog(path, CLASSES)


def test_a_full_disk_is_an_error_and_leaves_no_half_line(tmp_path, monkeypatch):
    path = tmp_path / "gold.parquet"
    with AnswerLog(path, CLASSES) as log:
        log.keep(KeptAnswer("a", "ann", "SPAM"))
        log.flush()
        write = os.write

        def full(handle, data):
            if handle == log._handle:
                write(handle, data[:7])
                raise OSError(28, "No space left on device")
            return write(handle, data)

        monkeypatch.setattr(os, "write", full)
        with pytest.raises(OSError, match="No space left"):
            log.keep(KeptAnswer("b", "ann", "HAM"))
        monkeypatch.undo()
        assert [answer.item for answer in log.all()] == ["a"]
        log.keep(KeptAnswer("c", "ann", "HAM"))
    assert labels_of(path) == {("a", "ann"): "SPAM", ("c", "ann"): "HAM"}


@pytest.mark.parametrize("ids", [["a", "b", "c"], [7, 8, 9]])
def test_the_table_is_gold_by_id(tmp_path, ids):
    frame = pd.DataFrame({"id": ids, "text": ["win", "hello", "win now"]})
    path = tmp_path / "gold.parquet"
    kept(path, (ids[2], "ann", "SPAM"), (ids[0], "ann", "SPAM"), (ids[1], "ann", "HAM"))
    lfs = [lk.keywords("win", label=1).rule(name="win"), lk.keywords("hello", label=0).rule(name="hello")]
    matrix = lk.Applier(lfs, labels=CLASSES).apply(frame, id="id")
    gold = lk.read_gold(path)
    assert lk.summarize(matrix, gold=gold).frame["precision"].tolist()[:2] == [1.0, 1.0]
    run = lk.run(lfs, frame, tmp_path / "run", id="id", labels=CLASSES, gold=str(path))
    assert run.manifest["gold"]


def test_the_table_is_gold_by_position(tmp_path):
    texts = ["win", "hello", "win now"]
    path = tmp_path / "gold.parquet"
    kept(path, (2, "ann", "SPAM"), (1, "ann", "HAM"), are_positions=True)
    lfs = [lk.keywords("win", label=1).rule(name="win"), lk.keywords("hello", label=1).rule(name="hello")]
    run = lk.run(lfs, texts, tmp_path / "run", labels=CLASSES, gold=str(path))
    assert lk.summarize(run.matrix(), gold=lk.read_gold(path)).frame["precision"].tolist()[:2] == [1.0, 0.0]


def test_an_answer_that_stands_for_all_decides_and_is_no_answer_of_an_annotator(tmp_path):
    path = tmp_path / "gold.parquet"
    answers = [("a", "ann", "SPAM"), ("a", "bob", "HAM"), ("b", "ann", "HAM"), ("b", "bob", "HAM")]
    with AnswerLog(path, CLASSES) as log:
        for item, who, label in answers:
            log.keep(KeptAnswer(item, who, label))
        log.keep(KeptAnswer("a", "ann", "HAM", truth=True))
    assert lk.read_gold(path).to_dict() == {"a": "HAM", "b": "HAM"}
    agreement = lk.agreement(str(path))
    assert agreement.observed.value == 0.5
    frame = pd.read_parquet(path).astype({"ground_truth": str})
    frame.to_csv(tmp_path / "gold.csv", index=False)
    assert lk.read_gold(tmp_path / "gold.csv").to_dict() == {"a": "HAM", "b": "HAM"}


def test_numbers_that_are_not_known_are_null(tmp_path):
    path = tmp_path / "gold.parquet"
    kept(path, ("a", "ann", "SPAM"))
    column = pq.read_table(path).column("inclusion_probability")
    assert column.null_count == 1
    with AnswerLog(path, CLASSES) as log:
        assert math.isnan(log.all()[0].seconds)
    assert np.isnan(lk.Answers.of(path).seconds).all()


def test_an_edit_while_people_answer_is_taken_over_and_one_that_makes_no_sense_is_put_aside(tmp_path):
    path = tmp_path / "gold.parquet"
    with AnswerLog(path, CLASSES) as log:
        log.keep(KeptAnswer("a", "ann", "SPAM"))
        log.flush()
        edit(path, lambda frame: frame.assign(label="HAM"))
        log.keep(KeptAnswer("b", "ann", "HAM"))
        log.flush()
        assert pd.read_parquet(path)["label"].tolist() == ["HAM", "HAM"]
        edit(path, lambda frame: frame.assign(label="EGGS"))
        log.keep(KeptAnswer("c", "ann", "SPAM"))
    assert labels_of(path) == {("a", "ann"): "HAM", ("b", "ann"): "HAM", ("c", "ann"): "SPAM"}
    assert pd.read_parquet(tmp_path / "gold.parquet.edited")["label"].tolist() == ["EGGS", "EGGS"]

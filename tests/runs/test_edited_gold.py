"""Who edits gold after a run is told that the figures of the run are by what it was."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import labelkit as lk
from labelkit.cli import main

RULES = """
import labelkit as lk

free = lk.keywords("free", "win", label=1).rule(name="free")
short = lk.regex("^.{0,8}$", label=0).rule(name="short")
"""
TEXTS = ["free money now", "nice", "a free win", "a long text that says nothing", "win"]
KINDS = np.arange(100) % 5
SETTINGS = {"labels": ["HAM", "SPAM"], "report": False, "progress": False, "cache": False}

pytestmark = pytest.mark.filterwarnings("default:.*LK343")


def frame():
    truth = np.array(["SPAM", "HAM", "SPAM", "HAM", "SPAM"], dtype=object)[KINDS]
    return pd.DataFrame({"id": [f"r{n}" for n in range(100)], "text": [TEXTS[kind] for kind in KINDS], "truth": truth})


def gold_of(values, *, by_id=True):
    table = pd.DataFrame({"id": frame()["id"], "label": values})
    (table if by_id else table[["label"]]).to_csv("gold.csv", index=False)


def warned(capsys, *command):
    with pytest.raises(SystemExit) as ended:
        main([*command])
    error = capsys.readouterr().err
    assert not ended.value.code, error
    assert ("these figures are by the gold of the run [LK343]" in error) is bool(error), error
    return error


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules.py").write_text(RULES)
    frame().to_csv("c.csv", index=False)


@pytest.mark.parametrize("command", ["summarize", "fix"])
@pytest.mark.parametrize("by_id", [True, False])
@pytest.mark.parametrize("meanings", [None, {"ok": "HAM", "junk": "SPAM"}])
def test_an_edited_file_is_told(command, by_id, meanings, capsys):
    truth = frame()["truth"].to_numpy()
    words = truth if meanings is None else np.where(truth == "HAM", "ok", "junk").astype(object)
    gold_of(words, by_id=by_id)
    settings = {"id": "id" if by_id else None, "gold": "gold.csv", "map_label": meanings, **SETTINGS}
    lk.run("rules.py", "c.csv", "out", **settings)
    assert not warned(capsys, command, "out")
    gold_of(np.where(np.arange(100) < 20, words[1], words), by_id=by_id)
    error = warned(capsys, command, "out")
    assert "the gold file gold.csv has changed since the run" in error
    assert "Hint: `labelkit run ... --update` takes the gold as it is now" in error
    lk.run("rules.py", "c.csv", "out", update=True, **settings)
    assert not warned(capsys, command, "out")
    gold_of(["something else"] * 100, by_id=by_id)
    assert warned(capsys, command, "out")


def test_gold_that_is_not_used_or_not_there_is_no_reason_to_warn(capsys):
    gold_of(frame()["truth"])
    lk.run("rules.py", "c.csv", "out", id="id", gold="gold.csv", **SETTINGS)
    gold_of(np.roll(frame()["truth"], 1))
    assert warned(capsys, "fix", "out")
    assert not warned(capsys, "fix", "out", "--no-gold")
    assert not warned(capsys, "fix", "out", "--gold", "truth")
    table = pd.DataFrame({"id": frame()["id"], "label": frame()["truth"]}).sample(frac=1, random_state=0)
    table.to_csv("gold.csv", index=False)  # the same labels in another order
    assert not warned(capsys, "fix", "out")
    pd.concat([table, pd.DataFrame({"id": ["nobody"], "label": ["HAM"]})]).to_csv("gold.csv", index=False)
    assert not warned(capsys, "fix", "out")  # the label of no example
    table.to_csv("gold.csv", index=False)
    grown = pd.concat([frame(), frame().assign(id=[f"n{n}" for n in range(100)])])
    grown.to_csv("c.csv", index=False)
    assert not warned(capsys, "fix", "out")


def test_history_says_how_many_labels_a_file_of_gold_got_or_lost():
    truth = frame()["truth"]
    settings = {"id": "id", "gold": "gold.csv", **SETTINGS}
    for number, values in enumerate(
        [truth.where(KINDS > 2), truth, truth.where(KINDS > 0), np.roll(truth.where(KINDS > 0), 1)]
    ):
        gold_of(values)
        lk.run("rules.py", "c.csv", "out", update=number > 0, **settings)
    pd.concat([frame(), frame().assign(id=[f"n{n}" for n in range(100)])]).to_csv("c.csv", index=False)
    pd.concat([pd.read_csv("gold.csv"), pd.DataFrame({"id": ["n1"], "label": ["HAM"]})]).to_csv("gold.csv", index=False)
    lk.run("rules.py", "c.csv", "out", update=True, **settings)
    changes = [version.changes for version in lk.history("out").versions]
    assert changes[:4] == [
        (),
        ("gold filled in: 60 labels",),
        ("gold taken out: 20 labels",),
        ("gold has other labels",),
    ]
    assert changes[4] == ("rows: 100 -> 200", "gold labels: 80 -> 81")


def test_a_corpus_in_memory_has_its_file_of_gold(capsys):
    gold_of(frame()["truth"])
    lk.run("rules.py", frame(), "out", id="id", gold="gold.csv", **SETTINGS)
    assert not warned(capsys, "fix", "out")
    gold_of(np.roll(frame()["truth"], 1))
    assert warned(capsys, "fix", "out")


def test_a_part_of_a_corpus_has_gold_in_its_order(capsys):
    gold_of(frame()["truth"], by_id=False)
    lk.run("rules.py", "c.csv", "out", sample=40, gold="gold.csv", **SETTINGS)
    assert not warned(capsys, "fix", "out")
    gold_of(np.roll(frame()["truth"], 1), by_id=False)
    assert warned(capsys, "fix", "out")


@pytest.mark.parametrize("command", ["summarize", "fix"])
def test_a_column_that_was_filled_in_is_told(command, capsys):
    frame().assign(truth=frame()["truth"].where(KINDS > 1)).to_csv("c.csv", index=False)
    lk.run("rules.py", "c.csv", "out", id="id", gold="truth", **SETTINGS)
    assert not warned(capsys, command, "out")
    frame().to_csv("c.csv", index=False)
    assert "with the gold in its column 'truth', has changed since the run" in warned(capsys, command, "out")
    lk.run("rules.py", "c.csv", "out", id="id", gold="truth", update=True, **SETTINGS)
    assert not warned(capsys, command, "out")
    assert lk.history("out")[1].changes == ("the corpus has other content", "gold filled in: 40 labels")
    with Path("c.csv").open("a") as file:  # rows behind those of the run
        file.write("new,nice,HAM\n")
    assert not warned(capsys, command, "out")

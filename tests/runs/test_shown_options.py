"""Options of runs are shown as people write them, and a name that reads like none is none of them."""

import re

import pandas as pd
import pytest

import labelkit as lk
from labelkit.cli import main
from labelkit.exceptions import RunFolderError

RULES = """
from enum import IntEnum
import labelkit as lk

class Label(IntEnum):
    HAM = 0
    SPAM = 1

free = lk.keywords("free", label=Label.SPAM).rule(name="free")
good = lk.keywords("good", label=Label.HAM).rule(name="good")
"""
MORE = """
@lk.labeling_function
def many(likes: int):
    return Label.HAM if likes > 2 else None
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules.py").write_text(RULES)
    rows = {"text": ["free", "good", "hm", "free"], "likes": [1, 2, 3, 4], "None": ["a", "b", "c", "d"]}
    pd.DataFrame(rows).to_csv("c.csv", index=False)
    return tmp_path


def run(*options):
    with pytest.raises(SystemExit) as ended:
        main(["run", "rules.py", "c.csv", "--out", "r", "--no-report", "--no-cache", "--quiet", *options])
    return ended.value.code


PYTHON = re.compile(r"[{}\[\]]|\bNone\b|<class|'\w+'")


def test_history_shows_no_python(project, capsys):
    assert run() == 0
    (project / "rules.py").write_text(RULES + MORE)
    for options in (
        ("--class-prior", "SPAM=0.2,HAM=0.8", "--limit", "3"),
        ("--class-prior", "SPAM=0.3,HAM=0.7", "--on-bad-row", "reject"),
        ("--model", "QuorumVote", "--set", "groups=['a', 'b', None]"),
        ("--model", "QuorumVote", "--set", "groups=['a', 'b', 'b']"),
    ):
        assert run("--update", *options) == 0, capsys.readouterr().err
    changes = [change for version in lk.history("r") for change in version.changes]
    assert [change for change in changes if PYTHON.search(change)] == []
    assert {
        "types: none -> likes=int",
        "limit: none -> 3",
        "class_prior: none -> HAM=0.8,SPAM=0.2",
        "class_prior: HAM=0.8,SPAM=0.2 -> HAM=0.7,SPAM=0.3",
        "groups: a,b,none -> a,b,b",
    } <= set(changes)


def test_nor_does_the_reason_why_a_run_is_not_made(project, capsys):
    assert run("--class-prior", "SPAM=0.2,HAM=0.8") == 0
    assert run("--class-prior", "SPAM=0.3,HAM=0.7") == 1
    err = capsys.readouterr().err
    assert "class_prior of the label model is HAM=0.7,SPAM=0.3, and was HAM=0.8,SPAM=0.2" in err


def test_a_column_of_ids_called_none_is_not_the_same_as_no_ids(project, capsys):
    assert run("--id", "None") == 0
    assert lk.RunFolder("r").matrix().ids.tolist() == ["a", "b", "c", "d"]
    with pytest.raises(RunFolderError, match='id changed: "None" -> none'):
        lk.run("rules.py", "c.csv", "r", report=False, cache=False)
    assert run("--update") == 0
    assert lk.RunFolder("r").matrix().ids.tolist() == [0, 1, 2, 3]
    assert lk.history("r")[1].changes == ('id: "None" -> none',)
    assert run("--update", "--id", "None") == 0
    assert lk.RunFolder("r").matrix().ids.tolist() == ["a", "b", "c", "d"]


def test_history_names_how_the_corpus_is_read_and_what_gold_means(project, capsys):
    rows = {"A": ["free", "good", "hm"], "B": ["hm", "hm", "free"], "spam": ["yes", "no", ""]}
    pd.DataFrame(rows).to_csv("c.csv", index=False)
    gold, comma = ("--gold", "spam", "--map-label"), ("--delimiter", ",")
    assert run("--limit", "3", "--map", "text=A", *gold, "yes=SPAM,no=HAM") == 0
    for options in (
        ("--map", "text=A", *gold, "yes=SPAM,no="),
        ("--map", "text=B", *gold, "yes=SPAM,no="),
        ("--map", "text=B", "--map", "truth=spam", *comma, "--gold", "truth", *gold[2:], "yes=SPAM,no="),
        ("--map", "text=B", *comma),
    ):
        assert run("--update", "--limit", "3", *options) == 0, capsys.readouterr().err
    assert [version.changes for version in lk.history("r").versions] == [
        (),
        ("map_label (--map-label): no=HAM,yes=SPAM -> no=none,yes=SPAM", "gold has other labels"),
        ("the corpus has other content", "rename (--map): text=A -> text=B"),
        (
            "the corpus has other content",
            "gold: spam -> truth",
            "rename (--map): text=B -> text=B,truth=spam",
            "delimiter: none -> ,",
        ),
        ("the corpus has other content", "gold: truth -> none", "rename (--map): text=B,truth=spam -> text=B"),
    ]
    assert run("--update", "--map", "text=A") == 1
    assert "were read with delimiter ,, rename (--map) text=B, and would be" in capsys.readouterr().err

"""Gold that is filled in within the corpus of a run changes the corpus; the errors say so, and their remedies work."""

import numpy as np
import pandas as pd
import pytest

import labelkit as lk
from labelkit.cli import main
from labelkit.exceptions import CorpusError, ExportError, RunFolderError

RULES = """
import labelkit as lk

free = lk.keywords("free", "win", label=1).rule(name="free")
short = lk.regex("^.{0,8}$", label=0).rule(name="short")
"""
TEXTS = ["free money now", "nice", "a free win", "a long text that says nothing", "win"]
SETTINGS = {"labels": ["HAM", "SPAM"], "report": False, "progress": False, "cache": False}


def frame():
    kinds = np.arange(100) % 5
    gold = pd.Series(np.array(["SPAM", "HAM", "SPAM", "HAM", "SPAM"])[kinds]).where(np.arange(100) < 50)
    return pd.DataFrame({"id": range(100), "text": [TEXTS[kind] for kind in kinds], "truth": gold})


def called(capsys, *command):
    """Call a command in this process; return its exit status and what it writes to stderr."""
    with pytest.raises(SystemExit) as ended:
        main([*map(str, command)])
    return ended.value.code, capsys.readouterr().err


@pytest.fixture(params=["id", None])
def id_column(request):
    return request.param


@pytest.fixture
def run(tmp_path, id_column):
    """A run whose corpus has gold in one more row since."""
    (tmp_path / "rules.py").write_text(RULES)
    frame().to_csv(tmp_path / "c.csv", index=False)
    lk.run(tmp_path / "rules.py", tmp_path / "c.csv", tmp_path / "out", id=id_column, gold="truth", **SETTINGS)
    more = frame()
    more.loc[53, "truth"] = "HAM"
    more.to_csv(tmp_path / "c.csv", index=False)
    return tmp_path / "out"


@pytest.mark.parametrize("id_column", ["id"], indirect=True)
@pytest.mark.parametrize("keep_model", [False, True])
def test_an_update_takes_gold_that_was_filled_in_in_the_corpus(run, tmp_path, keep_model):
    settings = {"id": "id", "gold": "truth", "update": True, "keep_model": keep_model, **SETTINGS}
    new = lk.run(tmp_path / "rules.py", tmp_path / "c.csv", run, **settings)
    assert new.manifest["gold_labels"] == {"given": 51, "matched": 51}
    assert len(lk.history(run).versions) == 2
    whole = lk.run(tmp_path / "rules.py", tmp_path / "c.csv", tmp_path / "new", id="id", gold="truth", **SETTINGS)
    assert new.labels().proba.tolist() == whole.labels().proba.tolist()
    assert lk.why(run, "53").gold == "HAM"

    more = pd.concat([pd.read_csv(tmp_path / "c.csv"), frame().assign(id=range(100, 200))])
    more.to_csv(tmp_path / "c.csv", index=False)
    assert len(lk.run(tmp_path / "rules.py", tmp_path / "c.csv", run, **settings).matrix()) == 200
    assert lk.verify(run) == []


@pytest.mark.parametrize("id_column", ["id"], indirect=True)
@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"text": "nice"}, "rule 'free' votes otherwise on the example '50'"),
        ({"id": 1_000}, "the example '1000' stands where '50' stood"),
        (None, "it has 99 rows now, of 100"),
    ],
)
def test_an_update_takes_no_other_change(run, tmp_path, change, what):
    changed = pd.read_csv(tmp_path / "c.csv")
    if change is None:
        changed = changed.drop(index=50)
    else:
        changed.loc[50, list(change)] = list(change.values())
    changed.to_csv(tmp_path / "c.csv", index=False)
    settings = {"id": "id", "gold": "truth", "update": True, **SETTINGS}
    for _ in range(2):  # nothing of the first try is left
        with pytest.raises(CorpusError, match=f"'c.csv' was written again, and {what}") as error:
            lk.run(tmp_path / "rules.py", tmp_path / "c.csv", run, **settings)
        assert error.value.code == "LK216"
        assert "only the gold" not in error.value.hint
    assert len(lk.history(run).versions) == 1
    assert lk.verify(run) == []


@pytest.mark.parametrize("id_column", [None], indirect=True)
def test_an_update_says_that_gold_may_be_all_that_changed_and_what_force_drops(run, tmp_path, id_column):
    with pytest.raises(CorpusError, match=r"'c.csv' was written again") as error:
        lk.run(tmp_path / "rules.py", tmp_path / "c.csv", run, id=id_column, gold="truth", update=True, **SETTINGS)
    assert error.value.code == "LK216"
    assert "only the gold in its column 'truth' changed" in error.value.hint
    assert (
        "drops its versions and its certificate; or make one beside it, out='other' (--out other)" in error.value.hint
    )


@pytest.mark.parametrize("id_column", ["id"], indirect=True)
def test_new_gold_in_a_file_beside_the_old_corpus_is_taken_and_the_votes_stay(run, tmp_path):
    more = pd.read_csv(tmp_path / "c.csv").dropna()
    more[["id", "truth"]].to_csv(tmp_path / "gold.csv", index=False)
    frame().to_csv(tmp_path / "c.csv", index=False)
    settings = {"id": "id", "gold": tmp_path / "gold.csv", "update": True, **SETTINGS}
    new = lk.run(tmp_path / "rules.py", tmp_path / "c.csv", run, **settings)
    assert new.manifest["gold_labels"] == {"given": 51, "matched": 51}
    assert len(lk.history(run).versions) == 2


@pytest.mark.parametrize("command", ["view", "suggest"])
def test_a_look_at_a_run_is_told_that_the_corpus_can_be_read_as_it_is_now(run, tmp_path, command, id_column, capsys):
    code, error = called(capsys, command, run)
    assert code
    assert "c.csv has changed since the run" in error
    assert "[LK216]" in error
    assert "--corpus FILE reads it as it is now" in error
    assert f"`labelkit run ... {'--out other' if id_column is None else '--update'}`" in error
    assert called(capsys, command, run, "--corpus", tmp_path / "c.csv") == (0, "")


def test_so_is_the_question_why(run, tmp_path):
    assert "--corpus FILE) reads it as it is now" in lk.why(run, 53).notes[-1]
    assert lk.why(run, 53, corpus=tmp_path / "c.csv").gold == "HAM"


def test_an_export_with_columns_says_how_to_go_on(run, tmp_path, id_column):
    with pytest.raises(ExportError, match="not as it was when the run read it") as error:
        lk.export(run, tmp_path / "e.csv", columns=["text"])
    option = "--out other" if id_column is None else "--update"
    assert f"also if only gold changed: `labelkit run ... {option}`" in error.value.hint
    lk.export(run, tmp_path / "e.csv")
    assert (tmp_path / "e.csv").is_file()


def test_a_corpus_that_is_gone_is_still_asked_for(run, tmp_path, capsys):
    (tmp_path / "c.csv").unlink()
    code, error = called(capsys, "view", run)
    assert code
    assert "[LK533]" in error
    assert "say where it is now: --corpus FILE" in error


# Gold in memory -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("labels", ["unknown", "dropped", "in another order", "other"])
def test_gold_is_the_same_whether_it_has_unknown_labels_or_none(tmp_path, labels):
    rules = [lk.keywords("free", "win", label=1).rule(name="free"), lk.keywords("nice", label=0).rule(name="nice")]
    first, more = frame()[["text"]], pd.concat([frame()[["text"]]] * 2, ignore_index=True)
    gold = frame()["truth"]
    now = {
        "unknown": gold,
        "dropped": gold.dropna(),
        "in another order": gold.dropna()[::-1],
        "other": gold.where(gold.index > 0),
    }[labels]
    lk.run(rules, first, tmp_path / "out", gold=gold, **SETTINGS)
    with pytest.raises(RunFolderError, match="the corpus is another") as error:
        lk.run(rules, more, tmp_path / "out", gold=now, **SETTINGS)
    assert ("gold changed" in error.value.message) == (labels == "other")
    if labels != "other":
        assert lk.run(rules, first, tmp_path / "out", gold=now, **SETTINGS).was_finished

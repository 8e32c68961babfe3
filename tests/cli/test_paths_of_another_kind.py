"""A path at which something else stands: the message says what it is, and what is wanted; never the same path."""

import shutil
from pathlib import Path

import pytest

import labelkit as lk
from labelkit._shared.near_names import path_hint
from labelkit._shared.what_stands import run_around, what_stands
from labelkit.cli import main
from labelkit.exceptions import BundleError, CollectError, CorpusError, RunFolderError

RULES = 'import labelkit as lk\nasks = lk.keywords("free", label=1).rule(name="asks")\n'


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("paths")
    (folder / "rules.py").write_text(RULES)
    (folder / "c.csv").write_text("text\nfree\nhello\n")
    (folder / "notes").mkdir()
    run = lk.run(folder / "rules.py", folder / "c.csv", folder / "runs" / "r", labels=["HAM", "SPAM"], progress=False)
    lk.bundle(run, folder / "b.labelkit")
    shutil.copy(folder / "b.labelkit", folder / "b.zip")
    lk.create_dataset(folder / "ds", run=run)
    return folder


@pytest.fixture
def here(made, monkeypatch):
    monkeypatch.chdir(made)


def called(capsys, command):
    with pytest.raises(SystemExit) as ended:
        main(command.split())
    return ended.value.code, capsys.readouterr().err.splitlines()


A_RUN = "give the folder of a run: --out of labelkit run"
ITS_RUN = "give its run: 'runs/r'"


@pytest.mark.parametrize(
    ("command", "message", "hint"),
    [
        ("summarize c.csv", "'c.csv' is a CSV file, and not the folder of a run [LK504]", A_RUN),
        ("diff runs/r c.csv", "'c.csv' is a CSV file, and not the folder of a run [LK504]", A_RUN),
        ("drift runs/r c.csv", "'c.csv' is a CSV file, and not the folder of a run [LK504]", A_RUN),
        ("export c.csv --to x.csv", "'c.csv' is a CSV file, and not the folder of a run [LK504]", A_RUN),
        ("verify rules.py", "'rules.py' is a Python file, and not the folder of a run [LK504]", A_RUN),
        (
            "view b.labelkit",
            "'b.labelkit' is a bundle, and not the folder of a run [LK504]",
            f"`labelkit predict` takes a bundle; {A_RUN}",
        ),
        (
            "why runs/r/summary.csv 1",
            "'runs/r/summary.csv' is the statistics of a run, and not the folder of a run [LK504]",
            ITS_RUN,
        ),
        ("summarize runs/r/votes", "'runs/r/votes' is not a run folder: it has no manifest.json [LK504]", ITS_RUN),
        (
            "summarize runs/r/votes/part-00000.parquet",
            "'runs/r/votes/part-00000.parquet' is the votes of a run, and not the folder of a run [LK504]",
            ITS_RUN,
        ),
        (
            "predict runs/r c.csv --out x.csv",
            "'runs/r' is the folder of a run, and not a bundle [LK551]",
            "`labelkit bundle runs/r --out FILE.labelkit` comes first: give that file",
        ),
        (
            "predict c.csv b.labelkit --out x.csv",
            "'c.csv' is a CSV file, and not a bundle [LK551]",
            "give the file that `labelkit bundle RUN --out FILE` wrote; `labelkit predict` takes it before the corpus",
        ),
        (
            "certify runs/r --gold runs/r",
            "--gold runs/r is the folder of a run, and gold is one file [LK323]",
            "give a file with a column of ids and one of labels, or a column of the corpus",
        ),
        (
            "run rules.py c.csv --labels HAM,SPAM --out x --gold notes",
            "--gold notes is a folder, and gold is one file [LK323]",
            "name the file, or put several into one",
        ),
        (
            "check rules.py runs/r --labels HAM,SPAM",
            "'runs/r' is the folder of a run, and not a corpus [LK203]",
            (
                "give the corpus that it was made of; `labelkit view RUN` shows its examples, and "
                "`labelkit export RUN --to FILE` writes its labels"
            ),
        ),
        (
            "run rules.py b.labelkit --labels HAM,SPAM --out x",
            "'b.labelkit' is a bundle, and not a corpus [LK203]",
            "`labelkit predict BUNDLE CORPUS` labels a corpus with it",
        ),
        (
            "run rules.py ds --labels HAM,SPAM --out x",
            "'ds' is a data set, and not a corpus [LK203]",
            "its examples are in 'ds/examples'",
        ),
        (
            "check runs/r",
            "'runs/r' is the folder of a run, and has no rules [LK111]",
            (
                "give the Python file of the rules, or a folder of such files; `labelkit summarize RUN` shows the "
                "statistics of the rules of a run"
            ),
        ),
    ],
)
def test_what_stands_there_and_what_is_wanted_are_said(command, message, hint, here, capsys):
    status, lines = called(capsys, f"{command} --no-config")
    assert (status, lines[-2:]) == (1, [f"error: {message}", f"Hint: {hint}"])


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: lk.Applier(lk.collect("rules.py", labels=["HAM", "SPAM"])).apply("runs/r"), CorpusError),
        (lambda: lk.open_corpus(["c.csv", "runs/r"]), CorpusError),
        (lambda: lk.collect("runs/r"), CollectError),
        (lambda: lk.collect("ds"), CollectError),
        (lambda: lk.open_dataset("c.csv"), RunFolderError),
        (lambda: lk.RunFolder("c.csv"), RunFolderError),
        (lambda: lk.load_bundle("ds"), BundleError),
    ],
)
def test_functions_say_it_too(call, error, here):
    with pytest.raises(error, match=r"^'[\w./]+' is (the folder of a run|a data set|a CSV file), and ") as raised:
        call()
    assert "did you mean" not in str(raised.value)


def test_what_stands(here):
    stands = {
        path: what_stands(path) for path in ("c.csv", "b.zip", "ds", "runs", "runs/r", "runs/r/votes", "no", "\0")
    }
    assert stands == {
        "c.csv": "a CSV file",
        "b.zip": "a bundle",
        "ds": "a data set",
        "runs": "a folder",
        "runs/r": "the folder of a run",
        "runs/r/votes": "the votes of a run",
        "no": None,
        "\0": None,
    }
    Path("runs/r/own.csv").write_text("id\n1\n")
    assert (what_stands("runs/r/own.csv"), run_around("runs/r/own.csv")) == ("a CSV file", None)
    assert (run_around("runs/r"), run_around("runs/r/model")) == (None, Path("runs/r"))


def test_a_hint_never_names_the_path_that_was_given(here):
    assert path_hint("c.csv", "give another", folders=True) == "give another"
    assert path_hint("d.csv") == "did you mean 'c.csv'?"


@pytest.mark.parametrize("command", ["why 12", "restore 3"])
def test_a_missing_folder_is_what_is_missing(command, here, capsys):
    status, lines = called(capsys, command)
    word, other = command.split()[1], lines[-2].split("'")[1]
    assert (status, lines[-1]) == (2, f"Hint: {word!r} is no folder: FOLDER is missing, and stands before {other}")


def test_a_folder_that_is_there_is_not_missing(here, capsys):
    assert called(capsys, "why runs/r")[1][-1] == "Error: Missing argument 'ID'."

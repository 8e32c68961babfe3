"""What labelkit.toml holds out is read by no command without --final, by whatever name it is given."""

import json
import shutil

import pandas as pd
import pytest

from labelkit.cli import main
from labelkit.datasets.starter_project import make_project


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("held") / "p"
    make_project(folder)
    frame = pd.read_csv(folder / "comments.csv")
    frame.iloc[:300].to_csv(folder / "comments.csv", index=False)
    (folder / "kept").mkdir()
    frame.iloc[300:].to_csv(folder / "kept" / "texts.csv", index=False)
    frame.iloc[:100][["id", "spam"]].rename(columns={"spam": "gold"}).to_csv(folder / "kept" / "gold.csv", index=False)
    shutil.copy(folder / "kept" / "gold.csv", folder / "copy.csv")
    with (folder / "labelkit.toml").open("r+", encoding="utf-8") as file:
        text = file.read()
        file.seek(0)
        file.write('heldout = ["kept/texts.csv", "kept/gold.csv"]\n' + text)
    return folder


@pytest.fixture
def project(made, tmp_path, monkeypatch):
    folder = tmp_path / "p"
    shutil.copytree(made, folder)
    monkeypatch.chdir(folder)
    return folder


def called(capsys, command):
    with pytest.raises(SystemExit) as ended:
        main(command.split())
    out, err = capsys.readouterr()
    return ended.value.code, out, err


def refused(capsys, command):
    status, out, err = called(capsys, f"{command} --json")
    error = json.loads(out).get("error", {})
    return (status, error.get("kind")) == (1, "GoldError") and "is held out by" in error["message"] and "--final" in err


RULES = "labeling_functions/comments.py"

READS = [
    "check --gold kept/gold.csv",
    "check --gold ./kept/../kept/gold.csv",
    "check --gold copy.csv",
    "check --no-config labeling_functions/comments.py comments.csv --gold kept/gold.csv",
    f"check {RULES} kept/texts.csv",
    f"run {RULES} kept/texts.csv --out other",
    f"run {RULES} comments.csv kept/texts.csv --out other",
    f"run {RULES} kept --out other",
    f"run {RULES} k*/t*.csv --out other",
    "run --gold kept/gold.csv --out other",
    "apply --gold kept/gold.csv --out votes",
    "fit runs/first --gold kept/gold.csv --out model",
    "fix --gold kept/gold.csv",
    "suggest --gold kept/gold.csv",
    "view --wrong --gold kept/gold.csv",
    "diff runs/first runs/first --gold kept/gold.csv",
    "next --gold kept/gold.csv",
    "sample kept/texts.csv --n 5 --out drawn.csv",
    "certify --gold kept/gold.csv",
]


@pytest.mark.parametrize("command", READS)
def test_no_command_reads_what_is_held_out(command, project, capsys):
    before = sorted(project.rglob("*"))
    assert refused(capsys, command)
    assert sorted(project.rglob("*")) == before


def test_by_a_link_from_a_folder_below_or_by_its_address(project, capsys, monkeypatch):
    (project / "innocent.csv").symlink_to(project / "kept" / "gold.csv")
    assert refused(capsys, "check --gold innocent.csv")
    assert refused(capsys, f"check --gold {project / 'kept' / 'gold.csv'}")
    monkeypatch.chdir(project / "labeling_functions")
    assert refused(capsys, "check --gold ../kept/gold.csv")
    (project / "labelkit.toml").write_text('heldout = "s3://bucket/gold.csv"\n', encoding="utf-8")
    assert refused(capsys, "check comments.py ../comments.csv --gold s3://bucket/gold.csv")


def test_what_is_not_held_out_is_read_and_what_is_may_be_written(project, capsys):
    status, _, err = called(capsys, "check")
    assert status == 0, err
    status, _, err = called(capsys, "sample comments.csv --id id --n 5 --out kept/gold.csv --force")
    assert status == 0, err


def test_final_measures_once_and_says_so_and_its_run_is_held_out_too(project, capsys):
    status, out, err = called(capsys, "run --gold kept/gold.csv --out runs/final --final --log-format json --json")
    assert status == 0, err
    assert json.loads(out)["gold"] == {"given": 100, "matched": 100}
    events = [json.loads(line) for line in err.splitlines() if line.startswith("{")]
    assert [one["files"] for one in events if one["event"] == "final"] == [["kept/gold.csv"]]
    manifest = json.loads((project / "runs" / "final" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["gold_file"] == "kept/gold.csv"
    called(capsys, f"run {RULES} kept/texts.csv --out runs/unseen --id id --gold spam --final")
    for run in ("runs/final", "runs/final@1", "runs/unseen"):
        for command in (f"fix {run}", f"view {run} --wrong", f"suggest {run}", f"summarize {run}"):
            assert refused(capsys, command), command
            assert f"which '{run}' was made of" in called(capsys, command)[2]
        assert called(capsys, f"summarize {run} --final")[0] == 0


def test_a_run_with_gold_of_the_corpus_names_no_file(project, capsys):
    assert called(capsys, "run")[0] == 0
    manifest = json.loads((project / "runs" / "first" / "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["gold"], manifest["gold_file"]) == ("spam", None)
    assert called(capsys, "fix")[0] == 0


@pytest.mark.parametrize("value", ["3", "[3]", '""', "true", '{ a = "b" }'])
def test_a_value_that_names_no_file_is_an_error_of_the_file(value, project, capsys):
    (project / "labelkit.toml").write_text(f"heldout = {value}\n", encoding="utf-8")
    status, _, err = called(capsys, f"check {RULES}")
    assert status == 1
    assert "labelkit.toml: heldout =" in err
    assert "takes a file, or a list of files" in err


def test_another_spelling_of_the_key_is_no_silent_hole(project, capsys):
    (project / "labelkit.toml").write_text('held-out = "kept/gold.csv"\n', encoding="utf-8")
    status, _, err = called(capsys, f"check {RULES}")
    assert status == 1
    assert "did you mean 'heldout'" in err

"""Labels that labelkit wrote are told from gold, wherever gold comes from, and what people made is not doubted."""

import json
import shutil
import warnings
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

import labelkit as lk
from labelkit.checks.check_rules import check_rules
from labelkit.cli import main
from labelkit.datasets.starter_project import make_project
from labelkit.exceptions import GoldError, LabelkitError

TABLES = ("labels.parquet", "labels.csv", "labels.jsonl", "labels.xlsx", "labels.arrow")
WARNING = r"looks like labels that labelkit wrote, no gold: it has the columns .*p_HAM, p_SPAM.*LK339"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A run with its gold, exports of each format, and predictions of its bundle."""
    folder = tmp_path_factory.mktemp("made") / "p"
    make_project(folder)
    (folder / "labelkit.toml").unlink()
    run = lk.run(folder / "labeling_functions", folder / "comments.csv", folder / "run", id="id", gold="spam")
    for name in TABLES:
        lk.export(run, folder / name)
    lk.export(run, folder / "tasks.jsonl", format="prodigy")
    lk.export(run, folder / "studio.json", format="label-studio")
    run.labels().save(folder / "saved.parquet")
    labels = run.labels().to_arrow().to_pandas()
    labels.to_csv(folder / "frame.csv", index=False)
    with_gold = pd.read_csv(folder / "labels.csv").assign(gold="HAM")
    with_gold.to_csv(folder / "with_gold.csv", index=False)
    corrected = pd.read_csv(folder / "labels.csv")[["id", "label"]].dropna()
    corrected.to_csv(folder / "corrected.csv", index=False)
    corrected.assign(confidence=0.5).to_csv(folder / "asked.csv", index=False)
    return folder


@pytest.fixture
def project(made, tmp_path, monkeypatch):
    folder = tmp_path / "p"
    shutil.copytree(made, folder)
    monkeypatch.chdir(folder)
    return folder


def said(capsys, *command):
    with pytest.raises(SystemExit):
        main([*map(str, command)])
    return capsys.readouterr().err


@pytest.mark.parametrize("name", [*TABLES, "saved.parquet", "frame.csv", "run/labels/part-00000.parquet"])
def test_each_file_of_labels_is_recognised(project, name):
    with pytest.warns(UserWarning, match=WARNING) as caught:
        lk.read_gold(project / name)
    assert "keep id and label alone" in str(caught[0].message)


def test_predictions_of_a_bundle_are_recognised(project, capsys):
    said(capsys, "bundle", "run", "--out", "rules.labelkit")
    said(capsys, "predict", "rules.labelkit", "comments.csv", "--id", "id", "--out", "predicted.csv")
    with pytest.warns(UserWarning, match=WARNING):
        lk.read_gold("predicted.csv")


def test_tasks_that_prodigy_has_not_seen_are_recognised(project):
    with pytest.warns(UserWarning, match="tasks.jsonl looks like labels that labelkit wrote.*Prodigy has not added"):
        lk.read_gold("tasks.jsonl")
    answered = [json.loads(line) | {"_task_hash": 1} for line in Path("tasks.jsonl").read_text().splitlines()]
    Path("answered.jsonl").write_text("\n".join(map(json.dumps, answered)))
    assert len(lk.read_gold("answered.jsonl")) == len(answered)
    with pytest.raises(GoldError, match="holds no label"):
        lk.read_gold("studio.json")


@pytest.mark.parametrize("name", ["corrected.csv", "asked.csv", "with_gold.csv"])
def test_what_people_made_of_it_is_gold(project, name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(lk.read_gold(name)) > 100


COMMANDS = {
    "run": ("run", "labeling_functions", "comments.csv", "--id", "id", "--out", "other"),
    "apply": ("apply", "labeling_functions", "comments.csv", "--id", "id", "--out", "other"),
    "fit": ("fit", "run", "--out", "other"),
    "check": ("check", "labeling_functions", "comments.csv", "--id", "id"),
    "view": ("view", "run", "--wrong"),
    "suggest": ("suggest", "run"),
    "fix": ("fix", "run"),
    "diff": ("diff", "run", "run"),
    "certify": ("certify", "run", "--max-error", "0.4"),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_that_takes_gold_warns_once(project, capsys, command):
    err = said(capsys, *COMMANDS[command], "--gold", "labels.csv")
    assert err.count("looks like labels that labelkit wrote") == 1, err
    assert "LK339" in err
    assert "LK339" not in said(
        capsys, *COMMANDS[command], "--gold", "corrected.csv", *["--force"] * ("--out" in COMMANDS[command])
    )


def test_a_column_of_a_corpus_that_is_an_export_is_recognised(project, capsys):
    labels = pd.read_csv("labels.csv").merge(pd.read_csv("comments.csv"), on="id")
    labels.to_csv("corpus.csv", index=False)
    command = ("run", "labeling_functions", "corpus.csv", "--id", "id")
    assert "the corpus corpus.csv looks like labels" in said(capsys, *command, "--out", "a", "--gold", "label")
    assert "LK339" not in said(capsys, *command, "--out", "b", "--gold", "spam")
    assert said(capsys, "fix", "b", "--gold", "label").count("LK339") == 1


def test_gold_in_python_comes_through_the_same_doors(project):
    run = lk.RunFolder("run")
    for call in (
        lambda: lk.run("labeling_functions", "comments.csv", "other", id="id", gold="labels.csv"),
        lambda: lk.diff("run", "run", gold=Path("labels.csv")),
        lambda: lk.apply_to_folder("labeling_functions", "comments.csv", "votes", id="id", gold="labels.csv"),
        lambda: check_rules("labeling_functions", "comments.csv", id="id", gold="labels.csv"),
    ):
        with pytest.warns(UserWarning, match=WARNING):
            call()
    matrix, labels = run.matrix(), run.labels()
    for frame in (labels.to_arrow(), labels.to_pandas(), pd.read_csv("labels.csv")):
        with pytest.raises(GoldError, match=r"gold is a frame of labels that labelkit wrote.*LK339"):
            lk.summarize(matrix, gold=frame)
    with pytest.raises(LabelkitError, match="labels of a model are no gold"):
        lk.summarize(matrix, gold=labels)


def test_a_table_with_some_of_these_columns_is_not_doubted(tmp_path):
    columns = {"id": ["a", "b"], "label": ["HAM", "SPAM"], "confidence": [3, 4], "p_value": [0.1, 0.2]}
    pa.csv.write_csv(pa.table(columns), tmp_path / "gold.csv")
    pq.write_table(pa.table(columns), tmp_path / "gold.parquet")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name in ("gold.csv", "gold.parquet"):
            assert lk.read_gold(tmp_path / name).to_dict() == {"a": "HAM", "b": "SPAM"}

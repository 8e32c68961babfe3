"""The shell completes what a new user does not know by heart: commands, options, columns, models, classes, rules."""

import pytest
from click.shell_completion import ShellComplete

import labelkit as lk
from labelkit.cli import cli
from labelkit.datasets.starter_project import make_project


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("completion") / "p"
    make_project(folder)
    lk.run(folder / "labeling_functions", folder / "comments.csv", folder / "runs" / "first", id="id", progress=False)
    return folder


@pytest.fixture
def here(made, monkeypatch):
    monkeypatch.chdir(made)
    return made


def completed(*words):
    *before, last = words
    found = ShellComplete(cli, {}, "labelkit", "_LABELKIT_COMPLETE").get_completions(list(before), last)
    return [item.value if item.type == "plain" else f"<{item.type}>" for item in found]


def test_commands_and_options():
    assert completed("su") == ["suggest", "summarize"]
    assert completed("cache", "") == ["clear", "info"]
    assert {"--json", "--log-format", "--no-config"} <= set(completed("run", "--"))
    assert completed("run", "--log-format", "j") == ["json"]
    assert completed("run", "--on-fault", "") == ["raise", "record"]


def test_files(here):
    assert completed("run", "labeling") == ["<file>"]
    assert completed("run", "labeling_functions", "com") == ["<file>"]
    assert completed("run", "--out", "ru") == ["<file>"]
    assert completed("view", "ru") == ["<file>"]
    assert completed("view", "runs/first", "--rules", "lab") == ["<file>"]


def test_columns_of_the_corpus(here):
    corpus = ("run", "labeling_functions", "comments.csv")
    assert completed(*corpus, "--id", "i") == ["id"]
    assert completed(*corpus, "--gold", "sp") == ["spam"]
    assert completed(*corpus, "--gold", "labels/go") == ["<file>"]
    assert "text" in completed("export", "runs/first", "--columns", "")
    assert completed("export", "runs/first", "--columns", "id,te") == ["id,text"]
    assert completed("suggest", "runs/first", "--column", "te") == ["text"]
    assert completed("drift", "runs/first", "runs/first", "--by", "auth") == ["author"]


def test_columns_of_the_corpus_that_the_file_of_defaults_names(here):
    assert completed("run", "--id", "i") == ["id"]
    assert completed("view", "--labeled-by", "li") == ["link"]


def test_models_engines_and_formats():
    assert {"LabelModel", "MajorityVote"} <= set(completed("run", "--model", ""))
    assert completed("run", "--engine", "p") == ["process"]
    assert completed("export", "--format", "lab") == ["label-studio"]


def test_rules_and_classes_of_a_run(here):
    assert completed("view", "runs/first", "--labeled-by", "p") == ["praise"]
    assert completed("view", "runs/first", "--labeled-by", "link,p") == ["link,praise"]
    assert completed("view", "runs/first", "--label", "") == ["HAM", "SPAM"]
    assert completed("view", "runs/first", "--vote", "S") == ["SPAM"]
    assert completed("suggest", "runs/first", "--between", "HAM,") == ["HAM,HAM", "HAM,SPAM"]
    assert completed("export", "runs/first", "--default-label", "H") == ["HAM"]


def test_nothing_is_offered_and_nothing_fails_where_nothing_is_known(here, monkeypatch, tmp_path):
    assert completed("view", "nowhere", "--label", "") == []
    assert completed("view", "--label", "") == ["HAM", "SPAM"]
    assert completed("run", "labeling_functions", "nowhere.csv", "--id", "") == []
    monkeypatch.chdir(tmp_path)
    (tmp_path / "labelkit.toml").write_text("nonsense = [")
    assert completed("run", "--model", "Majo") == ["MajorityVote"]
    assert completed("view", "--label", "") == []

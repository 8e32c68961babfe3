"""The address of a store where a file is to be written: nothing is written to a local folder of that name."""

from pathlib import Path

import pytest
from click.testing import CliRunner

import labelkit as lk
from labelkit._shared.files import new_folder, replaced
from labelkit.cli import cli
from labelkit.exceptions import WriteError

COMMENTS = lk.load_comments(60)
MODULE = """
import labelkit as lk
asks = lk.keywords("subscribe", "check out", label=1).rule(name="asks", column="text")
praise = lk.keywords("love", "song", label=0).rule(name="praise", column="text")
"""


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("rules.py").write_text(MODULE, "utf-8")
    COMMENTS.to_csv("corpus.csv", index=False)
    rules = lk.collect("rules.py", labels=["HAM", "SPAM"])
    return lk.run(rules, "corpus.csv", "run", id="id", progress=False, report=False)


WRITERS = {
    "export": lambda run, to: lk.export(run, f"{to}.csv"),
    "export of a folder": lambda run, to: lk.export(run, to, format="hf"),
    "bundle": lk.bundle,
    "report": lambda run, to: lk.write_report(run, f"{to}.html"),
    "labels": lambda run, to: run.labels().save(f"{to}.parquet"),
    "matrix": lambda run, to: run.matrix().save(f"{to}.parquet"),
    "patterns": lambda run, to: run.patterns().save(f"{to}.parquet"),
    "model": lambda run, to: lk.LabelModel().fit(run.matrix()).save(to),
    "summary": lambda run, to: lk.summarize(run.matrix()).to_csv(f"{to}.csv"),
    "sample": lambda run, to: lk.sample("corpus.csv", n=5).save(f"{to}.csv"),
    "answers": lambda run, to: lk.AnnotationSession("corpus.csv", f"{to}.parquet", labels=["HAM", "SPAM"], sample=5),
}


@pytest.mark.parametrize("address", ["s3://bucket/a", "memory://a/b", "gs://bucket/folder/a"])
@pytest.mark.parametrize("writer", WRITERS)
def test_an_address_is_refused_and_nothing_is_written(run, writer, address):
    if writer == "export of a folder":
        pytest.importorskip("datasets")
    before = sorted(Path().iterdir())
    with pytest.raises(
        WriteError, match=rf"'{address}.*' is the address of a store, and no path \[LK512\]\nHint: name"
    ):
        WRITERS[writer](run, address)
    assert sorted(Path().iterdir()) == before


@pytest.mark.parametrize(
    "command",
    [
        "export run --to s3://bucket/a.csv",
        "bundle run --out s3://bucket/a",
        "report run --out s3://bucket/a.html",
        "fit run --out s3://bucket/model",
        "label run --model run/model --out s3://bucket/a.parquet",
        "sample corpus.csv --n 5 --out s3://bucket/a.csv",
        "next run --n 5 --out s3://bucket/a.csv",
        "generate comments --rows 5 --out s3://bucket/a.csv",
        "init s3://bucket/project",
        "skill --to s3://bucket/skill.md",
    ],
)
def test_so_is_one_on_the_command_line(run, command):
    before = sorted(Path().iterdir())
    done = CliRunner().invoke(cli, command.split())
    assert isinstance(done.exception, WriteError), done.output
    assert "is the address of a store" in str(done.exception)
    assert sorted(Path().iterdir()) == before


@pytest.mark.parametrize("writer", [replaced, new_folder])
def test_a_password_is_not_shown(writer, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(WriteError) as refused, writer(Path("s3://me:hunter2@bucket/a")):
        pass
    assert "hunter2" not in str(refused.value)


def test_an_address_of_this_machine_is_told_as_a_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(WriteError) as refused, replaced(Path("file:///tmp/a.csv")):
        pass
    assert refused.value.hint == "give the path: /tmp/a.csv"


def test_a_folder_that_has_such_a_name_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("notes:").mkdir()
    for path in (Path("notes:/a.csv"), tmp_path / "s3:" / "a.csv"):
        with replaced(path) as draft:
            draft.write_text("whole")
        assert path.read_text() == "whole"

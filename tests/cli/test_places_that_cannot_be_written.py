"""Every command that writes says why a place cannot be written, and what to do; so does what Python calls."""

import errno
import sys
from pathlib import Path

import pytest

import labelkit as lk
from labelkit._shared.files import replaced
from labelkit.cli import main
from labelkit.exceptions import LabelkitError, WriteError
from tests.cli.test_files_that_exist import commands

RULES = 'import labelkit as lk\nasks = lk.keywords("a", label=1).rule(name="asks")\n'


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("places")
    (folder / "rules.py").write_text(RULES)
    (folder / "a.csv").write_text("text,id\na,1\nb,2\n")
    run = lk.run(folder / "rules.py", folder / "a.csv", folder / "run", labels=["HAM", "SPAM"], progress=False, id="id")
    lk.bundle(run, folder / "b.labelkit")
    return folder


CALLS = {
    "annotate": "annotate a.csv --labels A,B --id id --out {place}.parquet --no-open",
    "apply": "apply rules.py a.csv --labels HAM,SPAM --out {place}",
    "bundle": "bundle run --out {place}.labelkit",
    "card": None,  # of a data set: `lk.DataSet.card().save` below
    "export": "export run --to {place}.csv",
    "export to a folder": "export run --to {place} --format hf",
    "fit": "fit run --out {place}",
    "generate": "generate comments --rows 5 --out {place}.csv",
    "init": "init {place}",
    "label": "label run --model run --out {place}",
    "next": "next run --n 1 --out {place}.csv",
    "predict": "predict b.labelkit a.csv --out {place}.csv",
    "report": "report run --out {place}.html",
    "run": "run rules.py a.csv --labels HAM,SPAM --out {place}",
    "sample": "sample a.csv --n 1 --out {place}.csv",
    "skill": "skill --to {place}.md",
    "sql": "sql rules.py --labels HAM,SPAM --dialect duckdb --id id --out {place}.sql",
}
PLACES = ["a.csv/in_a_file", *(["/sys/labelkit/out"] if sys.platform == "linux" and Path("/sys").is_dir() else [])]


def test_every_command_that_writes_a_named_file_is_called_here():
    options = {name: {flag for param in one.params for flag in param.opts} for name, one in commands()}
    writing = {name for name, flags in options.items() if flags & {"--out", "--to"}}
    assert writing - set(CALLS) == set()


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", [name for name, call in CALLS.items() if call is not None])
def test_a_command_names_the_place_and_the_remedy(project, monkeypatch, capsys, name, place):
    monkeypatch.chdir(project)
    with pytest.raises(SystemExit) as ended:
        main([*CALLS[name].format(place=place).split(), "--no-config"])
    err = capsys.readouterr().err
    assert ended.value.code == 1
    assert f"error: '{place}" in err
    assert "cannot be written: " in err
    assert "[LK512]\nHint: name a place that you may write to" in err
    assert "Errno" not in err
    if place.startswith("a.csv"):
        assert "'a.csv' is a file, not a folder" in err


def test_in_python_it_is_an_error_of_the_system_too(project, tmp_path):
    run = lk.RunFolder(project / "run")
    below = project / "a.csv" / "x"
    for write in (
        lambda: lk.bundle(run, below),
        lambda: run.votes_model().save(below),
    ):
        with pytest.raises(WriteError, match="is a file, not a folder") as raised:
            write()
        assert isinstance(raised.value, OSError)
        assert isinstance(raised.value, LabelkitError)
        assert raised.value.code == "LK512"
        assert raised.value.errno in (errno.ENOTDIR, errno.EEXIST)
        assert Path(raised.value.filename) == below
    assert not list(tmp_path.iterdir())


def test_an_error_about_another_file_is_not_changed(tmp_path):
    with pytest.raises(FileNotFoundError) as raised, replaced(tmp_path / "out.txt") as draft:
        draft.write_text((tmp_path / "gone.txt").read_text())
    assert not isinstance(raised.value, WriteError)
    assert Path(raised.value.filename).name == "gone.txt"
    assert not list(tmp_path.iterdir())

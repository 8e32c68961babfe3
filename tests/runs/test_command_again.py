"""The command that lets gold teach is whole: it runs as it is printed."""

import json
import shlex
from pathlib import Path

import pytest

from labelkit.cli import main

RULES = (
    "import labelkit as lk\n\n"
    'free = lk.keywords("free", label=1).rule(name="free")\n'
    'win = lk.keywords("win", "free", label=1).rule(name="win")\n'
    'hello = lk.keywords("hello", label=0).rule(name="hello")\n'
    'hi = lk.keywords("hi", "hello", label=0).rule(name="hi")\n'
)


def called(capsys, *command):
    with pytest.raises(SystemExit) as ended:
        main([*map(str, command)])
    out, err = capsys.readouterr()
    return ended.value.code, out, err


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Make a project whose gold is against the rules in every second row, so that it could teach."""
    monkeypatch.chdir(tmp_path)
    Path(".git").mkdir()
    Path("my rules.py").write_text(RULES, "utf-8")
    texts = ["free win", "hello hi"] * 200
    truth = ["Käse" if i % 4 in {0, 1} else "Müll" for i in range(400)]
    rows = "".join(f"a{i};{text};{value}\n" for i, (text, value) in enumerate(zip(texts, truth, strict=True)))
    Path("c.csv").write_text(f"key;Comment;truth\n{rows}", "utf-8")
    gold = "".join(f"a{i},{'k' if value == 'Käse' else 'müll'}\n" for i, value in enumerate(truth))
    Path("g.csv").write_text(f"id,label\n{gold}", "cp1252")


OPTIONS = {
    "column": "--gold truth",
    "file": "--gold g.csv --gold-encoding cp1252 --map-label k=Käse,müll=Müll",
    "chosen": "--gold truth --limit 300 --exclude hi --class-prior Käse=0.4 --on-bad-row reject",
    "odd names": """--gold g.csv --gold-encoding cp1252 --class-prior '"Käse, or so"=0.4'"""
    """ --map-label 'k="Käse, or so","müll"="a=b"'""",
}


@pytest.mark.filterwarnings("ignore:.*LK34[46]")  # gold of half of the examples is against the votes
@pytest.mark.parametrize("name", OPTIONS)
def test_the_command_of_lk969_runs_as_it_is_printed(project, capsys, name):
    labels = '"Käse, or so",a=b' if name == "odd names" else "Käse,Müll"
    call = ["run", "my rules.py", "c.csv", "--map", "text=Comment", "--id", "key", "--labels", labels]
    status, out, err = called(capsys, *call, "--out", "r", *shlex.split(OPTIONS[name]))
    assert status == 0, err
    found = json.loads(called(capsys, "fix", "r", "--json")[1])["findings"]
    why = next((one["why"] for one in found if one["code"] == "LK969"), None)
    assert why is not None
    command = why.split("`")[1]
    assert command in out
    status, _, err = called(capsys, *shlex.split(command)[1:])
    assert status == 0, (command, err)
    manifest = json.loads(Path("r/manifest.json").read_text("utf-8"))
    assert (manifest["taught"], manifest["corpus"]["id"]) == (True, "key")

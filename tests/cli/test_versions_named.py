"""Whatever takes a run takes a version of it, RUN@1: arguments and options."""

from pathlib import Path

import click
import pytest

from labelkit.cli import cli, main

RULES = """import labelkit as lk

free = lk.keywords({}, label=1).rule(name="free")
hello = lk.keywords("hello", label=0).rule(name="hello")
"""
TEXTS = "id,text,truth\n" + "".join(
    f"a{i},{text},{label}\n" for i, (text, label) in enumerate([("free win", "SPAM"), ("hello", "HAM")] * 10)
)

CALLS = {
    ("sample", "corpus"): "sample r@1 --n 2 --out s.csv",
    ("next", "folder"): "next r@1 --n 1 --no-gold",
    ("history", "folder"): "history r@1",
    ("verify", "folder"): "verify r@1",
    ("view", "folder"): "view r@1",
    ("suggest", "folder"): "suggest r@1",
    ("fix", "folder"): "fix r@1",
    ("summarize", "folder"): "summarize r@1",
    ("diff", "before"): "diff r@1 r",
    ("diff", "after"): "diff r r@1",
    ("why", "folder"): "why r@1 a1",
    ("drift", "before"): "drift r@1 r",
    ("drift", "after"): "drift r r@1",
    ("export", "folder"): "export r@1 --to l.csv",
    ("report", "folder"): "report r@1 --out p.html",
    ("bundle", "folder"): "bundle r@1 --rules old.py --out b.labelkit",
    ("bundle", "model"): "bundle r --model r@2 --out b.labelkit",
    ("fit", "votes"): "fit r@1 --out m",
    ("label", "votes"): "label r@1 --model r@1 --out l",
    ("label", "model"): "label r@1 --model r@1 --out l",
    ("sql", "model"): "sql old.py --labels HAM,SPAM --dialect duckdb --model r@1",
}
"""A call for each parameter that takes a run."""

NO_RUN = {
    *(("init", "folder"), ("restore", "folder"), ("card", "folder"), ("certify", "folder")),
    *(("run", "model"), ("fit", "model"), ("migrate-snorkel", "path"), ("convert-snorkel", "file")),
}
"""Parameters of these names that take what is to be made or changed, a data set, or a name."""


def called(*command):
    with pytest.raises(SystemExit) as ended:
        main([*map(str, command)])
    return ended.value.code


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("versions")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        Path(".git").mkdir()
        Path("c.csv").write_text(TEXTS)
        Path("old.py").write_text(RULES.format('"free"'))
        call = ("run", "rules.py", "c.csv", "--id", "id", "--labels", "HAM,SPAM", "--gold", "truth", "--out", "r")
        for words, more in (('"free"', ()), ('"free", "win"', ("--update",))):
            Path("rules.py").write_text(RULES.format(words))
            assert called(*call, *more) == 0
    return folder


def test_each_parameter_that_takes_a_run_is_called():
    names = {"folder", "votes", "before", "after"}
    there = {
        (name, one.name)
        for name, command in cli.commands.items()
        for one in command.params
        if (one.name in names and isinstance(one.type, click.Path)) or one.name == "model"
    }
    assert there - NO_RUN == set(CALLS) - {("sample", "corpus")}


@pytest.mark.filterwarnings("ignore:.*(LK402|LK314)")
@pytest.mark.parametrize("call", CALLS.values(), ids=map(" ".join, CALLS))
def test_a_version_is_taken(project, call, monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(project)
    words = call.split()
    if "--out" in words:
        words[words.index("--out") + 1] = str(tmp_path / words[words.index("--out") + 1])
    if "--to" in words:
        words[words.index("--to") + 1] = str(tmp_path / words[words.index("--to") + 1])
    assert called(*words) == 0, capsys.readouterr().err

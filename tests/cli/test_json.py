"""With --json, every command of the program writes one document with the documented keys, and nothing else."""

import json
import math
import re
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pandas as pd
import pyarrow as pa
import pytest

import labelkit as lk
from labelkit._shared.markup import visible
from labelkit.cli import cli, main
from labelkit.curation.step import CurationStep
from labelkit.datasets.starter_project import make_project
from tests.waiting import GUARD

PAGE = Path(__file__).parents[2] / "docs" / "command_line.md"

ASKING = '''
import labelkit as lk

@lk.prompt("Is it spam? {text}", labels={"yes": 1, "no": 0}, model="small", prices=(0.5, 1.5))
def asks_a_model(text: str) -> None:
    """What a language model thinks."""
'''

OLD_RULES = """
from labelkit.interop.snorkel.labeling import labeling_function

@labeling_function()
def link(x):
    return 1 if "http" in x.text else -1
"""

CALLS = {
    "agreement": "agreement answers.csv",
    "annotate": "annotate comments.csv --rules labeling_functions/comments.py --id id --out hand.parquet --status",
    "apply": "apply labeling_functions/comments.py comments.csv --out votes --id id",
    "audit-plan": "audit-plan --max-error 0.02",
    "bundle": "bundle runs/first --out spam.labelkit",
    "cache clear": "cache clear",
    "cache info": "cache info labeling_functions/comments.py",
    "card": "card sets/spam --out card.md --force",
    "certify": "certify runs/fourth --gold spam --max-error 0.3",
    "check": "check",
    "convert-snorkel": "convert-snorkel old_rules.py",
    "diff": "diff runs/first runs/second --gold spam",
    "drift": "drift runs/first runs/third",
    "estimate": "estimate asked.csv --answered answers.csv",
    "explain": "explain LK202 LK957",
    "export": "export runs/first --to labels.csv --encoding utf-8-sig --force",
    "fit": "fit runs/first --out fitted",
    "fix": "fix",
    "generate": "generate posts --rows 20 --out posts.jsonl",
    "history": "history runs/first",
    "init": "init another",
    "label": "label runs/second --model runs/first --out relabeled",
    "migrate-snorkel": "migrate-snorkel old_rules.py",
    "next": "next runs/first --no-gold --n 5 --strategy disagreement --out next.csv --force",
    "plan": "plan asking.py comments.csv --labels HAM,SPAM --show 1",
    "predict": "predict first.labelkit comments.csv --out predicted.csv --force",
    "report": "report runs/first",
    "restore": "restore runs/second 1",
    "run": "run --out runs/first",
    "sample": "sample runs/first --n 20 --method stratified --by label --out drawn.csv --force",
    "skill": "skill --to skill.md --force",
    "sql": "sql labeling_functions/comments.py --dialect duckdb --id id",
    "suggest": "suggest",
    "summarize": "summarize",
    "verify": "verify runs/first",
    "view": "view --conflicts --n 3",
    "why": "why runs/first {id}",
}
"""A call of each command; a new command is added here, and its keys to the page."""

DATA_SET_CALLS = {
    "diff": "diff sets/spam@1 sets/spam",
    "history": "history sets/spam",
    "restore": "restore sets/spam 1",
    "verify": "verify sets/spam",
}
"""Calls of the commands that take data sets, too."""


def commands(group=cli, names=()):
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*names, name))
        else:
            yield " ".join((*names, name))


def keys_of(page):
    rows = dict(re.findall(r"^\| `([a-z -]+)` \| (.*) \|$", page, re.MULTILINE))
    return {
        name: set(re.findall(r"`(\w+)`", cell if "as `run`" not in cell else rows["run"]))
        for name, cell in rows.items()
    }


KEYS = keys_of(PAGE.read_text("utf-8").split("## Exit codes")[0])


class Halves:
    """A split by hand."""

    step = CurationStep("split")

    def __init__(self, ids):
        self.ids = ids

    def rows(self):
        return pa.table({"id": self.ids, "split": [("train", "test")[i % 2] for i in range(len(self.ids))]})


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project") / "p"
    make_project(folder)
    (folder / "asking.py").write_text(ASKING, encoding="utf-8")
    (folder / "old_rules.py").write_text(OLD_RULES, encoding="utf-8")
    rules, corpus = folder / "labeling_functions" / "comments.py", folder / "comments.csv"
    first = lk.run(rules, corpus, folder / "runs" / "first", id="id", gold="spam", progress=False)
    lk.run(rules, corpus, folder / "runs" / "second", id="id", model="MajorityVote", gold="spam", progress=False)
    lk.run(rules, corpus, folder / "runs" / "second", id="id", gold="spam", update=True, progress=False)
    lk.run(rules, lk.load_comments(200), folder / "runs" / "third", progress=False)
    shutil.copytree(first.path, folder / "runs" / "fourth")
    lk.bundle(first, folder / "first.labelkit", rules=rules)
    lk.create_dataset(folder / "sets" / "spam", run=first).take(Halves(first.matrix().ids))
    asked = lk.sample(folder / "comments.csv", 12, id="id")
    asked.save(folder / "asked.csv")
    said = [(name, who, "SPAM" if i % 3 else "HAM") for i, name in enumerate(asked.ids) for who in ("ann", "bob")]
    pd.DataFrame(said, columns=["task", "worker", "label"]).to_csv(folder / "answers.csv", index=False)
    return folder


def called(capsys, command, *more):
    with pytest.raises(SystemExit) as ended:
        main([*command.split(), *more])
    out, err = capsys.readouterr()
    return ended.value.code, out, err


@pytest.fixture
def here(project, monkeypatch):
    monkeypatch.chdir(project)
    return project


def numbers(value):
    """All numbers in a document."""
    if isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from numbers(one)
    elif isinstance(value, float):
        yield value


def test_every_command_is_here_and_on_the_page():
    assert set(commands()) == set(CALLS)
    assert set(CALLS) == set(KEYS)


@pytest.mark.parametrize("name", CALLS)
def test_a_command_writes_one_document_with_the_keys_of_the_page(name, here, capsys):
    an_id = lk.RunFolder("runs/first").matrix().ids[0]
    status, out, err = called(capsys, CALLS[name].format(id=an_id), "--json")
    assert status in (0, 3), err
    document = json.loads(out)
    assert set(document) == KEYS[name]
    assert all(map(math.isfinite, numbers(document)))
    assert visible(out) == out
    assert "error" not in err


@pytest.mark.parametrize("name", DATA_SET_CALLS)
def test_a_command_takes_a_data_set_as_it_takes_a_run(name, here, capsys):
    status, out, err = called(capsys, DATA_SET_CALLS[name], "--json")
    assert status == 0, err
    document = json.loads(out)
    page = PAGE.read_text("utf-8")
    cells = re.findall(rf"^\| `{name}` of data sets \| (.*) \|$", page, re.MULTILINE)
    assert set(document) == (set(re.findall(r"`(\w+)`", cells[0])) if cells else KEYS[name])
    status, out, _ = called(capsys, DATA_SET_CALLS[name] if name != "restore" else "restore sets/spam 2")
    assert status == 0
    assert "sets/spam" in out or "version" in out


def test_commands_of_runs_refuse_a_data_set_and_say_what_takes_it(here, capsys):
    for command in ("summarize sets/spam", "diff runs/first sets/spam", "report sets/spam"):
        status, out, _ = called(capsys, command, "--json")
        error = json.loads(out)["error"]
        assert (status, error["kind"]) == (1, "RunFolderError")
        assert "is a data set, and not a run" in error["message"]
        assert "labelkit card" in error["hint"]
        assert "open_dataset" not in error["hint"]
    status, out, _ = called(capsys, "card runs/first --out other.md", "--json")
    assert "is a run, and no data set" in json.loads(out)["error"]["message"]


def test_the_text_is_what_it_is_without_json(here, capsys):
    for name in ("summarize", "fix", "cache info"):
        status, out, _ = called(capsys, CALLS[name])
        assert status == 0
        assert out
        assert not out.startswith("{")


def test_what_a_document_advises_is_in_the_spelling_of_the_command_line(here, capsys):
    findings = json.loads(called(capsys, "fix --json")[1])["findings"]
    advice = [one["why"] for one in findings if one["problem"] == "no vote"]
    assert advice
    assert all("labelkit suggest runs/first" in one for one in advice)
    (here / "strange.py").write_text(OLD_RULES.replace("labelkit.interop.snorkel.labeling", "labelkit"))
    _, out, _ = called(capsys, "check strange.py comments.csv --gold spam --labels A,B,C --json")
    assert "labels=" not in out
    assert "lk." not in json.dumps(findings)


def test_numbers_are_numbers_intervals_pairs_and_names_names(here, capsys):
    _, out, _ = called(capsys, "summarize --json")
    document = json.loads(out)
    rule = document["rules"][0]
    assert rule["rule"] == "asks_to_subscribe"
    low, high = rule["precision_interval"]
    assert 0 <= low <= rule["precision"] <= high <= 1
    assert document["total"]["recall"] is None
    assert document["total"]["recall_interval"] is None
    assert sum(document["labels"].values()) + document["no_label"] == document["examples"] == 500
    assert list(document["labels"]) == document["classes"] == ["HAM", "SPAM"]


def test_an_interval_that_is_none_is_null(here, capsys):
    (here / "silent.py").write_text(
        "import labelkit as lk\na = lk.keywords('qqqq', label=1).rule(name='a')\n", encoding="utf-8"
    )
    call = "run silent.py comments.csv --labels HAM,SPAM --gold spam --no-config --out runs/silent --json"
    evaluation = json.loads(called(capsys, call)[1])["evaluation"]
    assert evaluation["accuracy"] is None
    assert evaluation["accuracy_interval"] is evaluation["f1_macro_interval"] is None
    assert evaluation["f1_intervals"] == {"HAM": None, "SPAM": None}
    assert evaluation["coverage_interval"][0] == 0


def test_a_result_with_a_status_keeps_it(here, capsys):
    (here / "bad.py").write_text(
        "import labelkit as lk\na = lk.keywords('a', label=1, examples={'b': 1}).rule(name='a')\n", encoding="utf-8"
    )
    status, out, _ = called(capsys, "check bad.py comments.csv --labels HAM,SPAM --no-config --json")
    document = json.loads(out)
    assert (status, document["ok"], document["problems"][0]["severity"]) == (1, False, "error")


@pytest.mark.parametrize(
    ("command", "status", "kind", "message", "hint"),
    [
        ("summarize nix", 1, "RunFolderError", "there is no folder 'nix'", "--out of labelkit run"),
        ("run comments.csv comments.csv --out x", 1, "CollectError", "comments.csv", None),
        (
            "run labeling_functions comments.csv --out x --engine cloud",
            1,
            "LabelkitError",
            "'cloud'",
            "there are serial",
        ),
        (
            "summarize --gold spam",
            2,
            "NoSuchOption",
            "No such option '--gold'",
            "--gold is an option of labelkit run, labelkit fit, labelkit",
        ),
        ("view --answered spam", 2, "NoSuchOption", "'--answered'", "--answered is an option of labelkit estimate;"),
        ("summarize --no-such", 2, "NoSuchOption", "No such option '--no-such'", "labelkit summarize --help"),
        ("why", 2, "MissingParameter", "ID", "labelkit why --help"),
        ("export runs/first --to a.csv --columns nix", 1, None, "nix", None),
    ],
)
def test_an_error_is_a_document_too(command, status, kind, message, hint, here, capsys):
    ended, out, err = called(capsys, command, "--json")
    error = json.loads(out)["error"]
    assert ended == status
    assert set(error) == {"kind", "message", "hint", "code"}
    assert (error["code"] is None) is (status == 2)
    assert status == 2 or f"[{error['code']}]" in err
    assert kind in (None, error["kind"])
    assert message in error["message"]
    assert hint is None or hint in error["hint"]
    assert error["message"].split("\n")[0] in err


def test_what_rules_print_is_not_in_the_document(tmp_path):
    (tmp_path / "rules.py").write_text(
        "import os, labelkit as lk\n"
        "print('import')\n"
        "@lk.labeling_function\n"
        "def chatty(text):\n"
        "    print('a call')\n"
        "    os.system('echo a program')\n"
        "    return len(text) % 2\n"
        "import atexit\n"
        "atexit.register(print, 'the end')\n",
        encoding="utf-8",
    )
    (tmp_path / "corpus.csv").write_text("text\na\nbb\n", encoding="utf-8")
    command = [sys.executable, "-m", "labelkit", "run", "rules.py", "corpus.csv", "--labels", "A,B", "--json"]
    for number, more in enumerate(([], ["--engine", "process", "--workers", "2"])):
        done = subprocess.run(
            [*command, "--out", f"out{number}", *more],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=GUARD,
        )
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["examples"] == 2
        assert "a call" in done.stderr
        assert "a program" in done.stderr
        assert "the end" in done.stderr


def test_quiet_prints_no_text_and_keeps_the_status(here, capsys):
    assert called(capsys, "summarize --quiet") == (0, "", "")
    status, out, err = called(capsys, "summarize --quiet --json")
    assert (status, json.loads(out)["examples"], err) == (0, 500, "")


def test_secrets_are_masked_in_errors(here, capsys):
    (here / "leaks.py").write_text("raise RuntimeError('postgresql://me:hunter2@nowhere/x')", encoding="utf-8")
    _, out, err = called(capsys, "check leaks.py --json")
    assert "***@nowhere" in json.loads(out)["error"]["message"]
    assert "hunter2" not in out + err


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_a_reader_may_leave_before_the_end(more, here):
    command = [
        sys.executable,
        "-m",
        "labelkit",
        "view",
        "--n",
        "500",
        "--quiet" if more else "--no-config",
        "runs/first",
    ]
    process = subprocess.Popen([*command, *more], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    process.stdout.close()
    assert (process.stderr.read(), process.wait(timeout=GUARD)) == ("", 0)
    process.stderr.close()

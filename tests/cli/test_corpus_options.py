"""What stands for CORPUS on the command line: other names of columns, fields, queries, addresses."""

import json
import sqlite3
from contextlib import closing

import pytest
from click.testing import CliRunner

from labelkit._shared.command_line import as_on_command_line
from labelkit.bundles import load_bundle
from labelkit.cli import _run_commands  # noqa: F401 - which registers the commands
from labelkit.cli._program import cli
from labelkit.exceptions import LabelkitError

RULES = '''
from enum import IntEnum
from labelkit import keywords

class Label(IntEnum):
    HAM = 0
    SPAM = 1

@keywords("win", label=Label.SPAM)
def wins(text: str) -> None:
    """Wins."""

at_home = keywords("Ulm", label=Label.HAM).rule(name="at_home", column="user.city")
'''
ROWS = [
    {"Comment": "win a prize", "user": {"id": "a", "city": "Rom", "label": "SPAM"}},
    {"Comment": "see you", "user": {"id": "b", "city": "Ulm", "label": "HAM"}},
    {"Comment": "hello", "user": None},
]


@pytest.fixture
def rules(tmp_path):
    (tmp_path / "rules.py").write_text(RULES)
    return tmp_path / "rules.py"


@pytest.fixture
def corpus(tmp_path):
    path = tmp_path / "a.jsonl"
    rows = [*ROWS[:2], {**ROWS[2], "user": {"id": "c"}}]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def labelkit(*arguments):
    """Return what a command prints; what it raises is shown as the program does."""
    done = CliRunner().invoke(cli, [str(argument) for argument in arguments])
    if isinstance(done.exception, LabelkitError):
        return as_on_command_line(str(done.exception))
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.output


def test_columns_have_other_names_and_fields_are_columns(rules, corpus, tmp_path):
    out = tmp_path / "run"
    shown = labelkit(
        "run", rules, corpus, "--map", "text=Comment", "--id", "user.id", "--gold", "user.label", "--out", out
    )
    assert "2 rules voted on 3 examples" in shown
    assert "against gold" in shown
    assert "win a prize" in labelkit("why", out, "a")
    assert "see you" in labelkit("why", out, "b", "--corpus", corpus)
    labelkit("export", out, "--to", tmp_path / "labels.csv", "--columns", "text,user.city")
    assert '"win a prize","Rom"' in (tmp_path / "labels.csv").read_text()
    labelkit("export", out, "--to", tmp_path / "old_name.csv", "--columns", "Comment,user.city")
    assert '"win a prize","Rom"' in (tmp_path / "old_name.csv").read_text()
    failed = labelkit("export", out, "--to", tmp_path / "none.csv", "--columns", "Coment")
    assert "'Coment' is not in the corpus (columns: 'text', 'user')" in failed
    assert "did you mean 'Comment'?" in failed
    assert "see you" in (out / "report.html").read_text()


def test_a_bundle_reads_fields_of_a_corpus_and_of_a_record(rules, corpus, tmp_path):
    labelkit("run", rules, corpus, "--map", "text=Comment", "--out", tmp_path / "run")
    file = tmp_path / "rules.labelkit"
    assert "written to" in labelkit("bundle", tmp_path / "run", "--out", file)
    labelkit("predict", file, corpus, "--map", "text=Comment", "--out", tmp_path / "labels.csv")
    assert [line.split(",")[1] for line in (tmp_path / "labels.csv").read_text().splitlines()[1:3]] == [
        '"SPAM"',
        '"HAM"',
    ]
    with load_bundle(file) as loaded:
        assert loaded.predict({"text": "hi", "user": {"city": "Ulm"}}) == "HAM"
        assert loaded.predict({"text": "win", "user": None}) == "SPAM"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["--map", "text=comment"], "did you mean 'Comment'"),
        (["--map", "text"], "give NAME=COLUMN"),
        (["--map", "text=Comment,text=user"], "two columns the name 'text'"),
        (["--map", "Comment=text"], "--map text=Comment"),
    ],
)
def test_names_that_cannot_be_given_are_refused(rules, corpus, tmp_path, given, message):
    assert message in labelkit("run", rules, corpus, *given, "--out", tmp_path / "run")


def test_a_query_is_a_corpus(rules, tmp_path):
    with closing(sqlite3.connect(tmp_path / "a.db")) as connection:
        connection.execute('CREATE TABLE mails (id TEXT, text TEXT, "user.city" TEXT)')
        connection.execute("INSERT INTO mails VALUES ('a', 'win', 'Ulm'), ('b', 'hello', NULL)")
        connection.commit()
    query = ("--query", "SELECT * FROM mails ORDER BY id", "--url", f"sqlite:///{tmp_path / 'a.db'}")
    assert "2 rules voted on 2 examples" in labelkit("run", rules, *query, "--id", "id", "--out", tmp_path / "run")
    assert "finished already" in labelkit("run", rules, *query, "--id", "id", "--out", tmp_path / "run")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ((), "Missing argument 'CORPUS...'"),
        (("--query", "SELECT 1"), "--query needs --url"),
        (("--url", "a.db"), "--url needs --query"),
        (("a.csv", "--query", "SELECT 1", "--url", "a.db"), "either CORPUS or --query"),
        (("--query", "DROP TABLE a", "--url", "a.db"), "does not begin as one that reads"),
        (("--query", "SELECT 1", "--url", "nowhere.db"), "there is no file 'nowhere.db'"),
        (("nowhere://bob:hunter2@a/b.csv",), "no store of such a name"),
    ],
)
def test_what_is_no_corpus_is_an_error(rules, tmp_path, given, message):
    shown = labelkit("run", rules, *given, "--out", tmp_path / "run")
    assert message in shown
    assert "hunter2" not in shown


def test_an_address_is_a_corpus_that_is_found_again(rules, tmp_path):
    fsspec = pytest.importorskip("fsspec")
    lines = "".join(
        json.dumps({"id": row["Comment"], "text": row["Comment"], "user": {"city": "Ulm"}}) + "\n" for row in ROWS
    )
    store = fsspec.filesystem("memory")
    store.pipe_file("/cli/a.jsonl", lines.encode())
    out = tmp_path / "run"
    assert "3 examples" in labelkit("run", rules, "memory://cli/a.jsonl", "--id", "id", "--out", out)
    assert "win a prize" in labelkit("why", out, "win a prize")
    assert "see you" in (out / "report.html").read_text()
    store.rm("/cli", recursive=True)
    assert "win a prize" in labelkit("why", out, "win a prize")

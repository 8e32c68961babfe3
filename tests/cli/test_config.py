"""Defaults come from the file of the project; the command line wins, and mistakes in the file name file and key."""

import contextlib
import json
import os
import re
import shutil
import tempfile
from pathlib import Path

import click
import duckdb
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

import labelkit as lk
from labelkit._shared.markup import visible
from labelkit.cli import cli, main
from labelkit.cli._common_options import NEVER, OwnOption, option_name
from labelkit.cli._config import GENERAL_OPTIONS, config_here, defaults_of
from labelkit.datasets.starter_project import make_project
from labelkit.exceptions import ConfigError


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made") / "p"
    make_project(folder)
    (folder / "labelkit.toml").unlink()
    (folder / ".git").mkdir()
    return folder


@pytest.fixture
def project(made, tmp_path, monkeypatch):
    folder = tmp_path / "p"
    shutil.copytree(made, folder)
    monkeypatch.chdir(folder)
    return folder


def called(capsys, *command):
    with pytest.raises(SystemExit) as ended:
        main([*command])
    out, err = capsys.readouterr()
    return ended.value.code, out, err


def config(text, folder=None, name="labelkit.toml"):
    path = (Path() if folder is None else folder) / name
    path.write_text(text, encoding="utf-8")
    return path


RUN = """
rules = "labeling_functions/comments.py"
corpus = "comments.csv"
gold = "spam"
[run]
out = "runs/first"
id = "id"
"""


def test_run_alone_works_and_says_what_it_took(project, capsys):
    config(RUN)
    status, out, err = called(capsys, "run")
    assert status == 0, err
    assert "against gold" in out
    assert re.fullmatch(
        r"\S+Z defaults of labelkit.toml: rules = labeling_functions/comments.py, corpus = comments.csv, "
        r"out = runs/first, id = id, gold = spam\n",
        err,
    )
    assert lk.RunFolder("runs/first").manifest["corpus"]["id"] == "id"


def test_a_long_list_of_defaults_is_shown_by_its_first_entry_and_its_length(project, capsys):
    words = [f"answer {i}" for i in range(30)]
    rows = pd.read_csv("comments.csv").astype({"spam": object})
    rows.loc[:29, "spam"] = words
    rows.to_csv("comments.csv", index=False)
    meanings = ", ".join(f'"{word}" = "HAM"' for word in words)
    config(RUN.replace("[run]", f'map-label = {{ 0 = "HAM", 1 = "SPAM", {meanings} }}\n[run]'))
    status, _, err = called(capsys, "run", "--log-format", "json")
    assert status == 0, err
    logged = next(line for line in map(json.loads, err.splitlines()) if line.get("event") == "config")
    assert logged["message"].endswith("map-label = 0=HAM ... (32 entries)")
    assert "answer 29=HAM" in logged["defaults"]["map-label"]  # whole, where a program reads it


def test_pyproject_has_a_table_of_its_own(project, capsys):
    table = RUN.replace("[run]", "[tool.labelkit.run]")
    config(f"[project]\nname = 'x'\n[tool.labelkit]{table}", name="pyproject.toml")
    status, _, err = called(capsys, "run")
    assert status == 0, err
    assert "defaults of pyproject.toml" in err


def test_a_file_above_is_found_and_its_paths_are_from_there(project, capsys, monkeypatch):
    config(RUN)
    (project / "notes" / "deep").mkdir(parents=True)
    monkeypatch.chdir(project / "notes" / "deep")
    status, _, err = called(capsys, "run")
    assert status == 0, err
    assert (project / "runs" / "first" / "manifest.json").is_file()
    assert "corpus = ../../comments.csv" in err
    assert "id = id, gold = spam" in err


def test_the_search_ends_at_the_root_of_the_repository(project, capsys):
    config(RUN, project.parent)
    status, _, err = called(capsys, "run")
    assert (status, "Missing argument" in err) == (2, True)


def test_the_nearest_file_counts(project, capsys, monkeypatch):
    config(RUN)
    (project / "other").mkdir()
    config('folder = "nowhere"', project / "other", "labelkit.toml")
    monkeypatch.chdir(project / "other")
    status, _, err = called(capsys, "summarize")
    assert (status, "there is no folder 'nowhere'" in err) == (1, True)
    assert called(capsys, "run")[0] == 2


def test_a_pyproject_that_says_nothing_of_labelkit_is_passed_over(project, capsys, monkeypatch):
    config(RUN)
    (project / "part").mkdir()
    config("[tool.ruff]\nline-length = 100  # labelkit", project / "part", "pyproject.toml")
    monkeypatch.chdir(project / "part")
    assert called(capsys, "run")[0] == 0


def test_the_command_line_wins(project, capsys):
    config(RUN)
    status, _, err = called(capsys, "run", "--out", "runs/other", "labeling_functions", "--gold", "spam")
    assert status == 0, err
    assert (project / "runs" / "other").is_dir()
    assert "corpus = comments.csv, id = id" in err
    assert "out" not in err
    assert "gold" not in err


def test_a_default_that_a_call_cannot_use_does_not_refuse_it(project, capsys):
    config('gold = "spam"\nid = "id"\nmap-label = {"0" = "HAM", "1" = "SPAM"}\n[run]\ncorpus = "comments.csv"')
    rules = "labeling_functions/comments.py"
    assert called(capsys, "run", rules, "--out", "first")[0] == 0
    for command in ("fix", "view", "suggest"):  # the run has its own gold, with the meanings of its values
        code, _, err = called(capsys, command, "first", "--json")
        assert code == 0, err
    assert called(capsys, "check", rules)[0] == 0  # without a corpus, gold judges nothing
    code, _, err = called(capsys, "check", rules, "--gold", "spam")
    assert (code, "--gold judges the votes on a corpus" in err) == (2, True)
    code, _, err = called(capsys, "fix", "first", "--map-label", "0=HAM")
    assert (code, "give --gold, too" in err) == (2, True)


def test_a_query_that_is_given_goes_before_a_corpus_of_the_file(project, capsys):
    with duckdb.connect("c.duckdb") as database:
        database.execute("create table c as select * from 'comments.csv' limit 70")
    config('corpus = "comments.csv"\nid = "id"')
    query = ("run", "labeling_functions/comments.py", "--query", "select * from c order by id", "--url", "c.duckdb")
    code, out, err = called(capsys, *query, "--out", "asked", "--json")
    assert (code, json.loads(out)["examples"]) == (0, 70), err
    code, _, err = called(capsys, *query[:2], "comments.csv", *query[2:], "--out", "both")
    assert (code, "give either CORPUS or --query" in err) == (2, True)
    config('[run]\nquery = "select * from c order by id"\nurl = "c.duckdb"\nid = "id"')
    code, out, err = called(capsys, *query[:2], "comments.csv", "--limit", "9", "--out", "read", "--json")
    assert (code, json.loads(out)["examples"]) == (0, 9), err


def test_rules_that_are_selected_by_the_file_are_no_mistake_where_there_are_none(project, capsys):
    config('select = "a*"\nid = "id"\nlabels = ["HAM", "SPAM"]')
    code, _, err = called(capsys, "annotate", "comments.csv", "--out", "answers.parquet", "--status", "--json")
    assert code == 0, err
    code, _, err = called(capsys, "annotate", "comments.csv", "--out", "answers.parquet", "--status", "--exclude", "b")
    assert (code, "give --rules, too" in err) == (2, True)


def test_no_config_takes_no_defaults(project, capsys):
    config(RUN)
    status, _, err = called(capsys, "run", "--no-config")
    assert (status, "Missing argument" in err) == (2, True)
    assert called(capsys, "--no-config", "run")[0] == 2
    config("nonsense = [")
    command = ("check", "labeling_functions/comments.py", "--no-config")
    assert called(capsys, *command)[0] == 0


def test_values_are_of_every_type(project, capsys):
    config(
        RUN
        + """
model = "QuorumVote"
set = { share = 0.25 }
labels = ["HAM", "SPAM"]
workers = 1
time_limit = 60
batch-size = 2048
report = false
on-fault = "record"
no-cache = true
"""
    )
    status, _, err = called(capsys, "run")
    assert status == 0, err
    manifest = lk.RunFolder("runs/first").manifest
    assert manifest["model"] == {"name": "QuorumVote", "params": manifest["model"]["params"] | {"share": 0.25}}
    assert manifest["batch_rows"] == 2048
    assert not (project / "runs" / "first" / "report.html").exists()


def test_a_list_is_given_several_times(project, capsys):
    config(RUN + 'model = "QuorumVote"\nset = ["share=0.25"]\n')
    assert called(capsys, "run", "--quiet") == (0, "", "")
    assert lk.RunFolder("runs/first").manifest["model"]["params"]["share"] == 0.25


def test_steps_take_lists_of_paths_and_tables_of_names(project, capsys):
    config(
        RUN
        + """
select = ["*", "group:none"]
[fit]
votes = ["runs/first"]
out = "fitted"
class-prior = { SPAM = 0.4 }
"""
    )
    assert called(capsys, "run")[0] == 1  # no rule is of that group
    config(Path("labelkit.toml").read_text().replace(', "group:none"', ""))
    assert called(capsys, "run", "--quiet") == (0, "", "")
    status, out, err = called(capsys, "fit", "--json")
    assert status == 0, err
    assert json.loads(out)["model"]["params"]["class_prior"]
    assert (project / "fitted").is_dir()


def test_general_defaults_hold_for_every_command_and_tables_for_one(project, capsys):
    config(RUN.replace('gold = "spam"', 'gold = "spam"\nfolder = "runs/first"\nlog-format = "json"'))
    assert called(capsys, "run")[0] == 0
    status, _, err = called(capsys, "summarize")
    assert status == 0
    assert json.loads(err)["defaults"] == {"folder": "runs/first", "log-format": "json"}
    assert called(capsys, "cache", "info")[1].count(": can be kept") == 5


def test_tables_of_commands_in_groups(project, capsys):
    config('[cache.info]\nrules = "labeling_functions/comments.py"\n')
    assert called(capsys, "cache", "info")[1].count(": can be kept") == 5
    assert called(capsys, "cache", "clear")[0] == 0


def test_what_means_another_thing_in_each_command_is_not_general(project, capsys):
    config('out = "runs/first"\n')
    status, _, err = called(capsys, "summarize", "x")
    assert status == 1
    assert "labelkit.toml: 'out' means another thing in each command" in err
    assert "put it into" in err
    assert "[run]" in err


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("wrokers = 2", "labelkit.toml has a key 'wrokers'", "did you mean 'workers'?"),
        ("[run]\nonfault = 'record'", "[run] in labelkit.toml has a key 'onfault'", "did you mean 'on-fault'?"),
        ("[runn]\nout = 'x'", "labelkit.toml has a key 'runn'", "did you mean 'run'?"),
        ("[summarize]\nworkers = 2", "[summarize] in labelkit.toml has a key 'workers'", "there are"),
        ("[run]\nworkers = '2'", "[run] in labelkit.toml: workers = '2', and it takes a whole number", "workers = 2, without quotes"),
        ("[run]\nworkers = true", "and it takes a whole number", None),
        ("[run]\nworkers = 1.5", "and it takes a whole number", None),
        ("[run]\ntime-limit = 'x'", "and it takes a number", None),
        ("[run]\nforce = 1", "force = 1, and it takes true or false", None),
        ("[run]\nforce = 'true'", "force = 'true', and it takes true or false", "force = true, without quotes"),
        ("[run]\non-fault = 'Record'", "it takes one of 'raise', 'record'", 'did you mean on-fault = "record"?'),
        ("[run]\nid = 3", "id = 3, and it takes a text", 'id = "3", with quotes'),
        ("[run]\nlabels = [1, 2]", "it takes a list of texts", None),
        ("[run]\nset = 3", "it takes a list of texts", None),
        ("[run]\nset = { share = [1] }", "it takes a list of texts", None),
        ("[run]\nno-report = true", "has a key 'no-report'", "write report = false"),
        ("no-gold = true", "has a key 'no-gold'", "leave gold out here; no-gold = true in the table of a"),
        ("gold = false", "gold = False, and it takes a text", "leave gold out here; no-gold = true in the table of a"),
        ("[run]\ngold = false", "gold = False, and it takes a text", "no-gold = true takes no default"),
        ("[run]\nno-gold = 'x'", "has a key 'no-gold'", "no-gold = true takes no default"),
        ("[run]\nno-gold = true\ngold = 'x'", "'no-gold' switches off what 'gold' gives", "keep one of them"),
        ("no-isolate = true", "has a key 'no-isolate'", "write isolate = false"),
        ("[run]\ncache = true", "has a key 'cache'", "did you mean 'no-cache'?"),
        ("corpus = ''", "corpus = '', and it takes a file or a folder, not an empty text", None),
        ("[run]\nout = ''", "out = '', and it takes a file or a folder, not an empty text", None),
        ("run = 'x'", "'run' is a command, and takes a table", "[run]"),
        ("json = true", "has a key 'json'", None),
        ("rules = [", "labelkit.toml cannot be read", "--no-config"),
        ("class-prior = { STÖRUNG = 0.1 }", "labelkit.toml cannot be read", 'between quotes: "STÖRUNG" = 0.1'),
        ("map-label = { x y = 'SPAM' }", "labelkit.toml cannot be read", "between quotes"),
        ("[tool.labelkit]\nrules = 'x'", "has a key 'tool'", None),
    ],
)  # fmt: skip
def test_a_mistake_names_file_key_and_remedy_whichever_command_is_called(text, message, hint, project, capsys):
    config(text)
    status, out, err = called(capsys, "summarize", "x", "--json")
    assert status == 1
    error = json.loads(out)["error"]
    assert error["kind"] == "ConfigError"
    assert message in error["message"]
    assert hint is None or hint in error["hint"]
    assert "labelkit.toml" in err


def test_tables_of_pyproject_are_named_in_full(project, capsys):
    config("[tool.labelkit.run]\nwrokers = 2", name="pyproject.toml")
    _, _, err = called(capsys, "summarize", "x")
    assert "[tool.labelkit.run] in pyproject.toml has a key 'wrokers'" in err


def test_both_files_at_once_are_an_error(project, capsys):
    config(RUN)
    config("[tool.labelkit]\nid = 'id'", name="pyproject.toml")
    status, _, err = called(capsys, "run")
    assert status == 1
    assert "labelkit.toml and [tool.labelkit] in pyproject.toml are both there" in err
    config("[tool.ruff]", name="pyproject.toml")
    assert called(capsys, "run")[0] == 0


def test_a_file_of_another_user_where_all_may_write_is_refused(project, capsys, monkeypatch):
    config(RUN)
    project.chmod(0o777)
    monkeypatch.setattr(os, "getuid", lambda: 12_345)
    if os.geteuid() == 0:
        os.chown(project / "labelkit.toml", 54_321, -1)
    status, _, err = called(capsys, "run")
    assert status == 1
    assert "another user's" in err
    project.chmod(0o755)
    assert called(capsys, "run", "--quiet")[0] == 0


def test_a_value_out_of_range_is_a_mistake_of_the_file(project, capsys):
    config(RUN.replace("gold =", 'folder = "runs/first"\ngold =') + "[view]\nn = 0\n")
    assert called(capsys, "run", "--quiet")[0] == 0
    status, _, err = called(capsys, "view")
    assert status == 1
    assert "labelkit.toml: n: 0 is not in the range x>=1" in err
    assert called(capsys, "view", "--n", "0")[0] == 2
    assert called(capsys, "view", "--n", "2")[0] == 0


def test_a_path_that_is_not_there_is_named_from_here(project, capsys, monkeypatch):
    config(RUN.replace("labeling_functions/comments.py", "rules.py"))
    (project / "part").mkdir()
    monkeypatch.chdir(project / "part")
    status, _, err = called(capsys, "run")
    assert status == 1
    assert "'../rules.py'" in err


def test_urls_names_and_standard_input_stay_as_they_are(project, capsys, monkeypatch):
    config('rules = "labeling_functions.comments"\ncorpus = "s3://bucket/x.parquet"\ngold = "spam"\n[run]\nout = "x"\n')
    (project / "part").mkdir()
    monkeypatch.chdir(project / "part")
    _, _, err = called(capsys, "run")
    assert "rules = labeling_functions.comments, corpus = s3://bucket/x.parquet, out = ../x, gold = spam" in err


def test_secrets_are_masked_in_what_is_said(project, capsys):
    config(RUN.replace("comments.csv", "https://me:hunter2@nowhere.example/x.csv?token=f3A9xQ0c7Lm2Zt8R"))
    for more in ((), ("--log-format", "json")):
        _, out, err = called(capsys, "run", *more)
        assert "me:***@nowhere.example" in err.splitlines()[0]
        assert "hunter2" not in err.splitlines()[0]
        assert "f3A9" not in err.splitlines()[0]
    config('[run]\nworkers = "password=hunter2"')
    status, out, err = called(capsys, "run", "--json")
    assert status == 1
    assert "hunter2" not in out + err


def test_the_starter_project_has_one(tmp_path, capsys, monkeypatch):
    make_project(tmp_path / "starter")
    monkeypatch.chdir(tmp_path / "starter")
    for command in ("check", "run", "summarize", "view", "suggest", "fix"):
        status, out, err = called(capsys, command)
        assert status == 0, err
        assert out


KEYS = [
    "workers",
    "id",
    "set",
    "labels",
    "force",
    "on-fault",
    "time_limit",
    "--gold",
    "out",
    "x",
    "",
    "\x1b[31m",
    "n",
    "json",
]
PLACES = [(), ("run",), ("cache",), ("cache", "info"), ("view",), ("\u202enothing",), ("run", "deeper")]
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["record", "2"])
)
VALUES = SCALARS | st.lists(SCALARS, max_size=2) | st.dictionaries(st.text(max_size=3), SCALARS, max_size=2)


def toml(value):
    """Write a value as TOML; text as JSON has it, which TOML reads alike."""
    if value is None:
        return "2026-01-02T03:04:05Z"
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(name)} = {toml(one)}" for name, one in value.items()) + "}"
    return "[" + ", ".join(map(toml, value)) + "]" if isinstance(value, list) else json.dumps(value)


@settings(max_examples=300)
@given(st.sampled_from(PLACES), st.dictionaries(st.sampled_from(KEYS), VALUES, min_size=1, max_size=2))
def test_whatever_stands_in_the_file_is_taken_or_is_an_error_that_names_it(place, table):
    header = f"[{'.'.join(map(json.dumps, place))}]\n" if place else ""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        Path(".git").mkdir()
        lines = [f"{json.dumps(key)} = {toml(value)}\n" for key, value in table.items()]
        config(header + "".join(lines))
        root = click.Context(cli, info_name="labelkit")
        context = click.Context(cli.commands["run"], info_name="run", parent=root)
        try:
            defaults, message = defaults_of(config_here(), context), ""
        except ConfigError as error:
            defaults, message = {}, error.message
        if message:
            assert "labelkit.toml" in message
            return
        names = {one.name for one in cli.commands["run"].params}
        assert set(defaults) <= names
        if place in {(), ("run",)}:
            assert len(defaults) == len(table)


@pytest.mark.parametrize(
    "content", [b"\xff", b"a = 1\na = 2", b"[" * 5000, b"a = " + b"[" * 5000, b"\x00", b"rules = '\xe9'"], ids=repr
)
def test_what_is_no_toml_is_an_error_that_names_the_file(content, project, capsys):
    (project / "labelkit.toml").write_bytes(content)
    status, out, err = called(capsys, "summarize", "x", "--json")
    error = json.loads(out)["error"]
    assert (status, error["kind"]) == (1, "ConfigError")
    assert "labelkit.toml cannot be read" in err


def test_a_byte_order_mark_and_other_line_ends_are_read(project, capsys):
    (project / "labelkit.toml").write_bytes(b"\xef\xbb\xbf" + RUN.replace("\n", "\r\n").encode())
    assert called(capsys, "run", "--quiet") == (0, "", "")


def test_no_character_of_the_file_acts_in_the_terminal(project, capsys):
    for text in ('"\\u001b[31mx" = 1', 'id = "\\u001b[31mx\\u202e"', '[run]\nworkers = "\\u009b5n"'):
        config(text)
        _, out, err = called(capsys, "check", "labeling_functions/comments.py", "comments.csv", "--gold", "spam")
        assert visible(out + err) == out + err


def test_arguments_that_are_given_are_those_without_a_default(project, capsys):
    config(RUN + 'report = false\n[diff]\nbefore = "runs/first"\n', project)
    text = (project / "labelkit.toml").read_text().replace("gold =", 'folder = "runs/first"\ngold =')
    config(text, project)
    assert called(capsys, "run")[0] == 0
    first = lk.RunFolder(project / "runs/first").labels().ids[0]
    status, out, err = called(capsys, "--json", "why", first)
    assert (status, json.loads(out)["id"]) == (0, first), err
    assert "folder = runs/first" in err
    assert called(capsys, "why", "runs/first", first)[0] == 0
    assert called(capsys, "diff", "runs/first@1")[0] == 0
    status, out, _ = called(capsys, "restore", "1")
    assert status == 0
    assert "runs/first: version 1 is the current one, so there is nothing to do" in out
    assert called(capsys, "why")[0] == 2
    status, _, err = called(capsys, "--no-config", "why", first)
    assert status == 2
    assert "Missing argument 'ID'" in err


# A single default is switched off ---------------------------------------------------------------------------------------

SWITCHED_OFF = {
    'gold = "spam"': ("--no-gold", "gold", None),
    'map = {text = "text"}': ("--no-map", "rename", ()),
    'map-label = ["1=SPAM"]': ("--no-map-label", "map_label", ()),
    'select = "link*"': ("--no-select", "select", ()),
    "workers = 2": ("--no-workers", "workers", 1),
    "no-cache = true": ("--cache", "no_cache", False),
    "isolate = true": ("--no-isolate", "isolate", False),
    '[run]\nclass-prior = "SPAM=0.2"': ("--no-class-prior", "class_prior", ()),
    "[run]\nteach = true": ("--no-teach", "teach", False),
}


@pytest.mark.parametrize("line", SWITCHED_OFF)
def test_each_default_of_the_file_can_be_switched_off(project, line):
    option, name, expected = SWITCHED_OFF[line]
    config(line)
    run, root = cli.commands["run"], click.Context(cli, info_name="labelkit")
    for more, is_default in (([], False), ([option], True)):
        context = run.make_context("run", ["labeling_functions", "comments.csv", "--out", "r", *more], parent=root)
        value = context.params[name]
        assert (value == expected) is is_default, value


def test_a_run_without_the_gold_of_the_file(project, capsys):
    config(RUN)
    assert called(capsys, "run", "--no-gold")[0] == 0
    assert json.loads(Path("runs/first/manifest.json").read_text())["gold"] is None
    code, out, _ = called(capsys, "fix", "runs/first", "--no-gold", "--json")
    assert code == 0
    assert "spam" not in json.loads(out).get("gold", "")


@pytest.mark.parametrize("line", ["no-gold = true", "no_gold = true", "--no-gold = true"])
def test_a_table_switches_off_a_default_above_the_tables(project, line):
    config(f'gold = "spam"\nid = "id"\n[apply]\n{line}\n')
    root = click.Context(cli, info_name="labelkit")
    for name, gold in (("apply", None), ("run", "spam")):
        arguments = ["labeling_functions", "comments.csv", "--out", "r"]
        params = cli.commands[name].make_context(name, [*arguments], parent=root).params
        assert (params["gold"], params["id_"]) == (gold, "id")
        named = [*arguments, "--gold", "other"]
        assert cli.commands[name].make_context(name, named, parent=root).params["gold"] == "other"


def commands_with_names(group=cli, names=()):
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands_with_names(command, (*names, name))
        else:
            yield (*names, name), command


def written_value(parameter):
    """Return a value of the parameter for the file, which is not its default."""
    kind = parameter.type
    if isinstance(parameter, click.Option) and parameter.is_flag:
        return not parameter.default
    if isinstance(kind, click.Choice):
        return str(next(one for one in reversed(kind.choices) if one != parameter.default))
    if parameter.name == "rename":
        return {"text": "Comment"}
    if parameter.multiple or parameter.nargs == -1:
        return ["one=two"]
    if isinstance(kind, click.types.IntParamType):
        return max(2, getattr(kind, "min", None) or 2)
    return 0.25 if isinstance(kind, click.types.FloatParamType) else "some"


def given_text(parameter):
    return str(parameter.type.choices[0]) if isinstance(parameter.type, click.Choice) else "3"


OPTIONS = {
    f"{' '.join(names)} {option_name(parameter)}": (names, command, parameter)
    for names, command in commands_with_names()
    for parameter in command.params
    if isinstance(parameter, click.Option) and option_name(parameter) not in NEVER and parameter.expose_value
}


@pytest.mark.parametrize("of", OPTIONS)
def test_every_option_of_every_command_has_its_default_from_the_file(of, project):
    names, command, parameter = OPTIONS[of]
    value, key = written_value(parameter), option_name(parameter)
    places = [f"[{'.'.join(names)}]\n"] + [""] * (key in GENERAL_OPTIONS and not isinstance(parameter, OwnOption))
    for place in places:
        config(f"{place}{key} = {toml(value)}\n")
        parent = click.Context(cli, info_name="labelkit")
        for group in names[:-1]:
            parent = click.Context(parent.command.commands[group], info_name=group, parent=parent)
        given = [given_text(one) for one in command.params if isinstance(one, click.Argument) and one.required]
        for other in command.params:
            if isinstance(other, click.Option) and other.required and other is not parameter:
                given += [other.opts[0], given_text(other)]
        context = command.make_context(names[-1], given, parent=parent)
        source = context.get_parameter_source(parameter.name)
        assert source is click.core.ParameterSource.DEFAULT_MAP, (place, context.params[parameter.name])


def test_the_id_of_the_file_names_the_examples_wherever_a_corpus_is_read(project, capsys):
    config('id = "id"\nrules = "labeling_functions/comments.py"\ncorpus = "comments.csv"\n')
    ids = pd.read_csv("comments.csv")["id"].tolist()
    assert called(capsys, "run", "--out", "r")[0] == 0
    assert called(capsys, "apply", "--out", "votes")[0] == 0
    for folder in ("r", "votes"):
        assert lk.RunFolder(folder).matrix().ids.tolist() == ids
    assert called(capsys, "bundle", "r", "--out", "b.labelkit")[0] == 0
    assert called(capsys, "predict", "b.labelkit", "--out", "p.csv")[0] == 0
    assert pd.read_csv("p.csv")["id"].tolist() == ids
    assert called(capsys, "sample", "--n", "20", "--out", "s.csv")[0] == 0
    assert set(pd.read_csv("s.csv")["id"]) <= set(ids)
    pd.read_csv("comments.csv").assign(id="same").to_csv("twice.csv", index=False)
    for command in (
        ("run", "--out", "q"),
        ("apply", "--out", "q"),
        ("check",),
        ("predict", "b.labelkit", "--out", "q.csv"),
    ):
        code, _, err = (
            called(capsys, *command, "twice.csv")
            if command[0] == "predict"
            else called(capsys, command[0], "labeling_functions/comments.py", "twice.csv", *command[1:])
        )
        assert (code, "'same'" in err) == (1, True), (command, err)


def test_a_default_that_has_no_part_in_an_error_is_not_named(project, capsys):
    config(
        'id = "id"\ngold = "spam"\nmap-label = { 1 = "SPAM", 0 = "HAM" }\nrules = "labeling_functions/comments.py"\n'
    )
    code, _, err = called(
        capsys, "run", "labeling_functions/comments.py", "comments.csv", "--out", "r", "--class-prior", "SPAN=0.2"
    )
    assert code > 0
    assert "'SPAM'" in err
    assert "is a default of" not in err


def test_a_default_that_does_not_fit_new_rows_is_named_with_what_leaves_it_out(project, capsys):
    config('id = "id"\ngold = "spam"\nrules = "labeling_functions/comments.py"\ncorpus = "comments.csv"\n')
    assert called(capsys, "run", "--out", "r")[0] == 0
    assert called(capsys, "bundle", "r", "--out", "b.labelkit")[0] == 0
    rows = pd.read_csv("comments.csv")
    rows.drop(columns="spam").to_csv("new.csv", index=False)
    rows.drop(columns=["spam", "id"]).to_csv("bare.csv", index=False)
    for name in ("run", "apply"):
        command = (name, "labeling_functions/comments.py", "new.csv", "--out", f"new-{name}")
        code, _, err = called(capsys, *command)
        assert code == 1
        assert "gold is a default of labelkit.toml: --no-gold takes none" in err
        assert called(capsys, *command, "--no-gold")[0] == 0
    command = ("predict", "b.labelkit", "bare.csv", "--out", "p.csv")
    code, _, err = called(capsys, *command)
    assert code == 1
    assert "id is a default of labelkit.toml: --no-id takes none" in err
    assert called(capsys, *command, "--no-id")[0] == 0


@pytest.mark.parametrize("given", [(), ("labeling_functions/comments.py", "comments.csv")])
def test_a_word_behind_an_option_without_a_value_is_told(project, capsys, given):
    config(RUN.replace('"spam"', '"Expert Says"'))
    code, _, err = called(capsys, "run", *given, "--teach", "Expert Says")
    hint = "Hint: --teach takes no value, so that 'Expert Says' is read as an argument; --gold names gold"
    assert (code > 0, err.splitlines()[-1]) == (True, hint)
    assert "--no-gold" not in err


def test_a_file_behind_an_option_without_a_value_is_a_file(project, capsys):
    code, _, err = called(capsys, "run", "--teach", "no.py", "comments.csv", "--out", "r")
    assert (code, "takes no value" in err, "'no.py'" in err) == (1, False, True)


@pytest.mark.parametrize("command", [("run", "--out", "r"), ("apply", "--out", "r"), ("check",)])
def test_a_default_whose_column_is_there_has_no_part_in_an_error_of_a_rule(project, capsys, command):
    rows = pd.read_csv("comments.csv")
    rows.rename(columns={"text": "body"}).to_csv("renamed.csv", index=False)
    rows.assign(text=range(len(rows))).to_parquet("numbers.parquet")
    for corpus, code, defaults in [
        ("renamed.csv", "LK202", 'id = "id"\ngold = "spam"\n'),
        ("numbers.parquet", "LK209", 'id = "text"\n'),  # an error of a rule, not of the ids
    ]:
        config(defaults)
        name, *options = command
        status, out, err = called(capsys, name, "labeling_functions/comments.py", corpus, *options)
        assert status == 1
        assert code in out + err or "holds int64" in out  # a problem that check lists
        assert "is a default of" not in out + err, (defaults, err)


def test_an_option_is_either_given_or_switched_off(project, capsys):
    code, _, err = called(capsys, "run", "--gold", "spam", "--no-gold", "--out", "r", "labeling_functions", "a.csv")
    assert code == 2
    assert "--gold and --no-gold are given: leave one of them out" in err


def test_every_command_that_takes_gold_takes_no_gold(project):
    def commands(group, names=()):
        for name, command in group.commands.items():
            if isinstance(command, click.Group):
                yield from commands(command, (*names, name))
            else:
                yield name, command

    with_gold = [(name, one) for name, one in commands(cli) if any("--gold" in each.opts for each in one.params)]
    assert len(with_gold) > 8
    for name, command in with_gold:
        context = click.Context(command, info_name=name, resilient_parsing=True)
        is_required = any("--gold" in one.opts and one.required for one in command.params)
        given, _, _ = command.make_parser(context).parse_args([] if is_required else ["--no-gold"])
        assert is_required or "gold" in given["labelkit.switched_off"]


def test_the_encoding_of_the_corpus_is_not_that_of_an_export(project, capsys):
    config('encoding = "cp1252"\n[export]\nforce = true\n')
    Path("cafe.csv").write_bytes("id,text\na,buy a café\n".encode("cp1252"))
    Path("one.py").write_text('import labelkit as lk\n\nbuy = lk.keywords("buy", label=1).rule(name="buy")\n')
    assert called(capsys, "run", "one.py", "cafe.csv", "--labels", "HAM,SPAM", "--out", "r", "--id", "id")[0] == 0
    assert called(capsys, "export", "r", "--to", "a.csv", "--columns", "text")[0] == 0
    assert "café" in Path("a.csv").read_bytes().decode("utf-8")
    config('encoding = "cp1252"\n[export]\nforce = true\nencoding = "utf-8-sig"\n')
    assert called(capsys, "export", "r", "--to", "a.csv", "--columns", "text")[0] == 0
    assert Path("a.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    assert called(capsys, "export", "r", "--to", "a.csv", "--columns", "text", "--encoding", "cp1252")[0] == 0
    assert "café" in Path("a.csv").read_bytes().decode("cp1252")

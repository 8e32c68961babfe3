"""Hints name what the command at hand takes, and the remedies that they name work."""

import ast
import contextlib
import functools
import inspect
import re
import shlex
import shutil
from pathlib import Path

import click
import pytest

import labelkit as lk
from labelkit._shared.command_line import as_on_command_line, remedies_taken
from labelkit.cli import cli, main
from labelkit.cli._command import shown_hint, shown_message
from tests.package_source import PACKAGE, nodes_of_files

RULES = """import labelkit as lk

@lk.labeling_function()
def free(text: str):
    return 1 if "free" in text else None

@lk.labeling_function()
def hello(text: str):
    return 0 if "h" in text else None
"""
CORPUS = "id,text,town,truth\na1,free money,x,SPAM\na2,hello friend,y,HAM\na3,free win,x,SPAM\na4,hi there,y,HAM\n"


def called(capsys, *command):
    with pytest.raises(SystemExit) as ended:
        main([*map(str, command)])
    out, err = capsys.readouterr()
    return ended.value.code, out, err


@pytest.fixture(scope="module")
def first_project(tmp_path_factory):
    """Make a project with a run and its bundle, once."""
    folder = tmp_path_factory.mktemp("project")
    commands = [
        ["run", "rules.py", "c.csv", "--id", "id", "--labels", "HAM,SPAM", "--out", "r"],
        ["bundle", "r", "--out", "b.labelkit"],
    ]
    with contextlib.chdir(folder):
        Path(".git").mkdir()
        Path("rules.py").write_text(RULES)
        Path("c.csv").write_text(CORPUS)
        for command in commands:
            with pytest.raises(SystemExit) as ended:
                main(command)
            assert ended.value.code == 0
    return folder


@pytest.fixture
def project(first_project, tmp_path, monkeypatch):
    """Copy the project, for tests that write in it."""
    shutil.copytree(first_project, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


# What hints of the source name ------------------------------------------------------------------------------------------


@functools.cache
def hints():
    """Return the constant parts of each hint of the source, joined, by its place."""
    return dict(places_of_hints())


def places_of_hints():
    for file, nodes in nodes_of_files().items():
        for node in nodes:
            for keyword in node.keywords if isinstance(node, ast.Call) else ():
                if keyword.arg != "hint":
                    continue
                for one in ast.walk(keyword.value):
                    if isinstance(one, ast.JoinedStr):
                        texts = [str(part.value) if isinstance(part, ast.Constant) else "..." for part in one.values]
                        yield f"{file.relative_to(PACKAGE)}:{one.lineno}", "".join(texts)
                    elif isinstance(one, ast.Constant) and isinstance(one.value, str):
                        yield f"{file.relative_to(PACKAGE)}:{one.lineno}", one.value


COMMANDS = {
    " ".join((*names, name)): command
    for names, group in [((), cli), *(((n,), c) for n, c in cli.commands.items() if isinstance(c, click.Group))]
    for name, command in group.commands.items()
    if not isinstance(command, click.Group)
}


def flags_of(text):
    return re.findall(r"(?<![\w-])--[a-z][\w-]*", text)


def test_every_option_that_a_hint_names_is_one_of_a_command():
    there = {flag for command in COMMANDS.values() for one in command.params for flag in one.opts}
    wrong = {place: flag for place, hint in hints().items() for flag in flags_of(hint) if flag not in there}
    assert len(hints()) > 300
    assert not wrong


@pytest.mark.parametrize("name", COMMANDS)
def test_no_hint_names_an_option_that_the_command_does_not_take(name):
    context = click.Context(COMMANDS[name], info_name=name)
    takes = {flag for one in context.command.params for flag in (*one.opts, *one.secondary_opts)}
    for place, hint in hints().items():
        shown = shown_hint(hint, context) or ""
        clauses = [one for one in re.split(r"; |, or ", shown) if "labelkit " not in one and "`" not in one]
        foreign = [flag for one in clauses for flag in flags_of(one) if flag not in takes]
        assert not foreign, (place, shown)


def test_every_keyword_that_a_hint_gives_a_function_is_one_of_its_parameters():
    wrong = []
    for place, hint in hints().items():
        for call in re.finditer(r"\b(?:lk|labelkit)\.(\w+)\(((?:[^()]|\([^()]*\))*)\)", hint):
            function = getattr(lk, call[1])
            named = re.findall(r"(?:^|, )(\w+)=", re.sub(r"[\[{(].*?[\]})]", "", call[2]))
            parameters = inspect.signature(function).parameters
            if not any(one.kind is one.VAR_KEYWORD for one in parameters.values()):
                wrong += [(place, call[0], name) for name in named if name not in parameters]
    assert not wrong


def test_a_warning_has_no_remedy_that_the_command_does_not_take():
    message = 'some rows are odd. Hint: on_bad_row="reject" leaves them out; or check the file'
    context = click.Context(cli.commands["summarize"], info_name="summarize")
    assert shown_message(message, context) == "some rows are odd. Hint: check the file"
    context = click.Context(cli.commands["run"], info_name="run")
    assert (
        shown_message(message, context)
        == "some rows are odd. Hint: --on-bad-row reject leaves them out; or check the file"
    )
    message = 'some rows are odd. Hint: on_bad_row="reject"'
    assert shown_message(message, click.Context(cli.commands["summarize"])) == "some rows are odd."


def test_votes_that_stand_in_columns_are_told_as_they_are_in_a_file():
    with pytest.warns(UserWarning, match="transpose") as caught:
        lk.LabelMatrix.of([[0, 1] * 250] * 2)
    shown = shown_message(str(caught[0].message), click.Context(cli.commands["fit"], info_name="fit"))
    assert "transpose the table, so that it has a row for each example; if not, name its columns" in shown
    assert not re.search(r"votes\.T|numpy|LabelMatrix", shown)


def test_a_hint_of_which_nothing_is_left_is_none():
    assert remedies_taken("--teach needs it", {"--gold"}) is None
    assert as_on_command_line("max_words=3", {"--max-words"}) == "--max-words 3"
    assert as_on_command_line("max_words=3", {"--gold"}) == "max_words=3"


# Columns of another name ------------------------------------------------------------------------------------------------

READS = {
    "run": ("run", "rules.py", "new.csv", "--labels", "HAM,SPAM", "--out", "q"),
    "apply": ("apply", "rules.py", "new.csv", "--labels", "HAM,SPAM", "--out", "q"),
    "check": ("check", "rules.py", "new.csv", "--labels", "HAM,SPAM"),
    "predict": ("predict", "b.labelkit", "new.csv", "--out", "q.csv"),
}


def pasted(err):
    """Return the option that a hint says to give."""
    hint = re.search(r"^Hint: (.*)", err, re.MULTILINE)
    option = re.search(r"--map (?:[^\s']|'[^']*')+", hint[1])
    assert option, err
    return shlex.split(option[0])


@pytest.mark.parametrize("name", READS)
@pytest.mark.parametrize("column", ["Text ", "TEXT", "The Text", "Text, body"])
def test_a_column_of_another_name_is_read_as_the_hint_says(name, column, project, capsys):
    Path("rules.py").write_text(RULES)
    Path("new.csv").write_text(CORPUS.replace("text", f'"{column}"', 1))
    code, _, err = called(capsys, *READS[name])
    assert code == 1
    option = pasted(err)
    if option[1] == "text=COLUMN":
        option[1] = f"text={column}"
    code, _, err = called(capsys, *READS[name], *option)
    assert code == 0, err


def test_python_is_told_how_every_function_reads_a_column_of_another_name(project):
    rows = [{"The_text": "free", "town": "x"}, {"The_text": "hello", "town": "y"}]
    Path("new.csv").write_text("Text,town\nfree,x\nhello,y\n")
    bundle, lfs = lk.load_bundle("b.labelkit"), lk.collect("rules.py", labels=["HAM", "SPAM"])
    calls = [bundle.label, lambda corpus: lk.Applier(lfs).apply(corpus, progress=False)]
    for call in calls:
        for corpus in (rows, "new.csv"):
            with pytest.raises(lk.LabelkitError) as error:
                call(corpus)
            code = re.match(r"(?:did you mean '\w+'\? )?(lk\.open_corpus\(corpus, rename=.*?\}\))", error.value.hint)[1]
            opened = eval(code.replace("COLUMN", "The_text"), {"lk": lk, "corpus": corpus})
            assert len(call(opened)) == 2


def test_a_frame_of_an_engine_is_told_to_rename_its_column(project):
    import pyarrow as pa

    votes = lk.collect("rules.py", labels=["HAM", "SPAM"]).arrow("id")
    with pytest.raises(lk.LabelkitError) as error:
        votes(pa.table({"id": ["a"], "body": ["free"]}))
    assert error.value.hint == "rename the column of the frame, or the parameter (column= of a condition) of the rule"


# Gold that means no class -----------------------------------------------------------------------------------------------


def test_meanings_of_gold_can_be_said_wherever_the_hint_says_so(project, capsys):
    Path("gold.csv").write_text("id,gold\na1,junk\na2,fine\na3,junk\n")
    read = {
        "run": ("run", "rules.py", "c.csv", "--id", "id", "--labels", "HAM,SPAM", "--out", "q"),
        "fit": ("fit", "r", "--out", "model"),
        "view": ("view", "r"),
        "diff": ("diff", "r", "r"),
        "fix": ("fix", "r"),
        "check": ("check", "rules.py", "c.csv", "--id", "id", "--labels", "HAM,SPAM"),
    }
    for command in read.values():
        code, _, err = called(capsys, *command, "--gold", "gold.csv")
        assert code == 1
        assert "gold holds 'junk' (2 times), 'fine', which are neither" in err
        assert "--map-label VALUE=CLASS says what other values mean" in err
        code, _, err = called(capsys, *command, "--gold", "gold.csv", "--map-label", "junk=SPAM,fine=HAM")
        assert code == 0, err


# Columns under other names ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["l'texte", 'Text ("fr")', 'the customer\'s "text"', "back\\slash text"])
def test_a_column_of_any_name_is_told_with_the_map_that_reads_it(name, project, capsys):
    field = name.replace('"', '""')
    Path("d.csv").write_text(f'id,"{field}"\n1,free money for all of you\n2,hello dear old friend\n')
    call = ("run", "rules.py", "d.csv", "--labels", "HAM,SPAM", "--out", "s")
    status, _, err = called(capsys, *call)
    assert status == 1
    assert "open_corpus" not in err
    given = re.search(r"--map (.*?) reads ", err)[1]
    assert shlex.split(given) == [f"text={name}"]
    assert called(capsys, *call, "--map", *shlex.split(given))[0] == 0


def test_a_column_that_got_another_name_is_told_by_that_of_the_file(project, capsys):
    Path("d.csv").write_text("id,Comment\n1,free money for all of you\n2,hello dear old friend\n")
    for name in ("txt", "note"):
        err = called(
            capsys, "run", "rules.py", "d.csv", "--labels", "HAM,SPAM", "--out", "s", "--map", f"{name}=Comment"
        )[2]
        assert "--map text=Comment reads 'Comment'" in err
        assert "replaces" not in err


def test_a_map_that_replaces_the_one_of_the_file_is_told(project, capsys):
    Path("d.csv").write_text("id,Comment,Note\n1,free money for all of you,x\n2,hello dear old friend,y\n")
    Path("labelkit.toml").write_text('map = ["text=Comment"]\n')
    assert called(capsys, "predict", "b.labelkit", "d.csv", "--out", "p.csv")[0] == 0
    err = called(capsys, "predict", "b.labelkit", "d.csv", "--out", "q.csv", "--map", "note=Note")[2]
    hint = "Hint: --map replaces the map of labelkit.toml, and does not add to it: give --map text=Comment, too; "
    assert hint in err
    both = ("--map", "note=Note", "--map", "text=Comment")
    assert called(capsys, "predict", "b.labelkit", "d.csv", "--out", "q.csv", *both)[0] == 0


def test_hints_about_ids_name_nothing_of_frames(project, capsys):
    Path("d.csv").write_text("id,text\n00007,free\n00008,hello\n,hi\n")
    call = ("run", "rules.py", "d.csv", "--labels", "HAM,SPAM", "--out", "s")
    err = called(capsys, *call, "--id", "id")[2]
    assert "Hint: give each row an id, leave such rows out, or name no column of ids\n" in err
    Path("d.csv").write_text("id,text\n00007,free\n00008,hello\n")
    assert called(capsys, *call, "--id", "id")[0] == 0
    err = called(capsys, "view", "s", "--ids", "7")[2]
    zeros = "'7' would be '00007' but for leading zeros, which spreadsheets drop"
    assert err.endswith(f"Hint: ids look like '00007'; {zeros}\n")
    Path("gold.csv").write_text("id,label\n7,SPAM\n8,HAM\n")
    assert called(capsys, "why", "s", "7")[2].endswith(f"Hint: {zeros}\n")
    assert f"Hint: {zeros}\n" in called(capsys, *call, "--id", "id", "--gold", "gold.csv", "--force")[2]


def test_check_refuses_rows_beside_a_sample(project, capsys):
    call = ("check", "rules.py", "c.csv", "--labels", "HAM,SPAM", "--sample", "2")
    status, _, err = called(capsys, *call, "--rows", "3")
    assert (status, "--sample takes the place of --rows: give one of them" in err) == (2, True)
    Path("labelkit.toml").write_text("[check]\nrows = 3\n")
    assert called(capsys, *call)[0] == 0


ROOMS = (
    "cli",
    "runs",
    "corpus",
    "checks",
    "bundles",
    "annotate",
    "interop/sql",
    "interop/export",
    "curation/data_set/layout",
)
"""Files whose errors users of the command line meet."""


def test_what_python_alone_can_do_is_said_to_be_of_python():
    """Hints that name calls are read on the command line, too."""
    context = click.Context(COMMANDS["run"], info_name="run")
    wrong = {
        place: shown
        for place, hint in hints().items()
        if place.startswith(ROOMS) and (shown := shown_hint(hint, context))
        if re.search(r"\b(?:lk|labelkit)\.\w+\(|\bby=\(", shown) and "in Python" not in shown
    }
    assert not wrong


def test_a_flag_of_the_file_that_an_option_contradicts_is_told_how_to_switch_off(project, capsys):
    Path("labelkit.toml").write_text('[run]\nteach = true\ngold = "truth"\n')
    call = ("run", "rules.py", "c.csv", "--labels", "HAM,SPAM", "--id", "id", "--no-gold", "--out", "s")
    status, _, err = called(capsys, *call)
    assert (status, "teach is a default of labelkit.toml: --no-teach switches it off" in err) == (1, True)
    assert called(capsys, *call, "--no-teach")[0] == 0
    Path("labelkit.toml").unlink()
    assert "--no-teach" not in called(capsys, *call, "--teach", "--force")[2]

"""An option that is given twice adds up, or is refused; names with commas can be given everywhere."""

import json

import click
import pandas as pd
import pytest

import labelkit as lk
from labelkit.cli import cli, main
from labelkit.cli._completion import takes_list
from labelkit.cli._config import _commands

OPTIONS = [
    (names, option)
    for names, command in [*_commands(cli), ((), cli)]
    for option in command.params
    if isinstance(option, click.Option)
]
NAME = "Name, Meldung"
TEXTS = ["win money", "hello there", "money now", "see you"]
RULES = """
import labelkit as lk
money = lk.keywords("money", column="Name, Meldung").rule(name="money", label=0)
short = lk.keywords("you", "hello", column="Name, Meldung").rule(name="short", label=1)
"""


def called(capsys, *command, status=0):
    with pytest.raises(SystemExit) as ended:
        main([*command])
    out, err = capsys.readouterr()
    assert ended.value.code == status, err
    return out if status == 0 else err


def value_of(option):
    return option.type.choices[0] if isinstance(option.type, click.Choice) else "1"


@pytest.mark.parametrize(
    ("names", "option"), [pytest.param(*one, id=" ".join([*one[0], one[1].opts[0]])) for one in OPTIONS]
)
def test_an_option_given_twice_adds_up_or_is_refused(names, option, capsys):
    if option.multiple or option.count or option.is_flag:
        return
    assert not takes_list(option), "a list with commas may be given several times"
    given = [option.opts[0], value_of(option)] * 2
    error = called(capsys, *(given if not names else [*names, *given]), status=2)
    assert f"{option.opts[0]} is given twice, and takes one value" in error


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("commas")
    frame = pd.DataFrame({"No": ["a", "b", "c, d", "e"], NAME: TEXTS, "Haus Nr": [1, 2, 3, 4]})
    frame.to_csv(folder / "tickets.csv", index=False)
    (folder / "rules.py").write_text(RULES)
    lk.run(folder / "rules.py", folder / "tickets.csv", folder / "out", id="No", labels=["SPAM", "HAM"], progress=False)
    return folder


@pytest.fixture
def here(project, monkeypatch, tmp_path):
    monkeypatch.chdir(project)
    return tmp_path


WRITTEN = (["Haus Nr", NAME], [f'"{NAME}",Haus Nr'], [f"{NAME},Haus Nr"])


@pytest.mark.parametrize("written", WRITTEN)
def test_columns_whose_names_hold_commas_can_be_named(written, here, capsys):
    columns = [word for text in written for word in ("--columns", text)]
    called(capsys, "export", "out", "--to", str(here / "labels.csv"), *columns)
    exported = pd.read_csv(here / "labels.csv")
    assert exported[NAME].tolist() == TEXTS
    assert exported["Haus Nr"].tolist() == [1, 2, 3, 4]
    for command in (
        ["sample", "tickets.csv", "--id", "No", "--n", "4"],
        ["sample", "out", "--n", "4"],
        ["next", "out"],
    ):
        called(capsys, *command, "--out", str(here / "drawn.csv"), "--force", *columns)
        assert sorted(pd.read_csv(here / "drawn.csv")[NAME]) == sorted(TEXTS)
    shown = json.loads(called(capsys, "view", "out", "--ids", "c, d", *columns, "--json"))["shown"]
    assert [one["id"] for one in shown] == ["c, d"]
    assert NAME in json.dumps(shown)


def test_a_list_of_the_file_stays_a_list(here, project, capsys):
    file = project / "labelkit.toml"
    file.write_text(f'[export]\ncolumns = ["{NAME}", "Haus Nr"]\n')
    try:
        called(capsys, "export", "out", "--to", str(here / "labels.csv"))
    finally:
        file.unlink()
    assert {NAME, "Haus Nr"} <= set(pd.read_csv(here / "labels.csv").columns)


def test_a_column_that_is_not_there_is_told_with_how_to_quote(here, capsys):
    error = called(capsys, "export", "out", "--to", str(here / "x.csv"), "--columns", "Nam, Meldung", status=2)
    assert f"--columns: there is no 'Nam'; there are 'No', '{NAME}', 'Haus Nr'" in error
    assert f"""in quotes: '"{NAME}"'""" in error


def test_classes_add_up(here, capsys):
    classes = ["--labels", "SPAM", "--labels", '"B, C"']
    called(capsys, "run", "rules.py", "tickets.csv", "--out", str(here / "two"), *classes)
    assert lk.RunFolder(here / "two").manifest["classes"] == ["SPAM", "B, C"]

"""The page of the command line tells each exit code that is an answer, with the commands that end with it."""

import inspect
import re
from pathlib import Path

import pytest

import labelkit.cli
from tests.cli.test_help import COMMANDS

PAGE = Path(__file__).parents[2] / "docs" / "command_line.md"
SKILL = Path(labelkit.cli.__file__).with_name("skill.md.txt")


def statuses(command):
    """Return the exit codes above 0 that the code of a command gives its answer."""
    source = inspect.getsource(inspect.unwrap(command.callback))
    given = re.findall(r"\bstatus=([^,\n]*(?:if [^,\n]*)?)", source)
    return {int(number) for one in given for number in re.findall(r"\b[1-9]\b", one)}


ANSWERS = {names: statuses(command) for names, command in COMMANDS.items() if statuses(command)}


def test_the_commands_that_answer_by_an_exit_code_are_found():
    assert {("drift",), ("certify",), ("verify",), ("check",)} <= set(ANSWERS)


@pytest.mark.parametrize("names", ANSWERS, ids=" ".join)
def test_each_exit_code_of_an_answer_is_told(names):
    rows = {row[0]: row[1] for row in re.findall(r"^\| ([\d, ]+) \| (.*) \|$", PAGE.read_text("utf-8"), re.MULTILINE)}
    for status in ANSWERS[names]:
        assert f"`{' '.join(names)}`" in rows[str(status)]
        assert f"exit status is {status}" in " ".join(COMMANDS[names].help.split())
        if status != 1:
            assert re.search(rf"\b{status} [^.]*`{' '.join(names)}`", SKILL.read_text("utf-8"))
            assert re.search(rf"\b{status}: [^.]*`{' '.join(names)}`", labelkit.cli.__doc__)

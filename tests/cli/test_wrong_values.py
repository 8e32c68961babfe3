"""A wrong value of any option of any command is told by the option, and never by an argument of Python."""

import re

import click
import pytest

from labelkit.cli._common_options import NEVER, option_name
from tests.cli import test_json
from tests.cli.test_hints import COMMANDS
from tests.cli.test_json import CALLS, called

project, here = test_json.project, test_json.here

VALUES = {"integer": "-1", "float": "7"}
"""Values that options of a type refuse; of a text, ``nix``."""

IN_PYTHON = re.compile(
    r"(?<![\w.'-])(?!text=Comment|web=20|junk=SPAM|nix=0)[a-z_]\w*=(?!=)|\b[a-z]\w*\.[a-z]\w*\(|Errno|Traceback"
)
"""What only a program writes; examples of pairs of the command line are left out."""


def wrong_calls():
    """Yield calls of every command with a wrong value of one option each; of options that several have, once."""
    seen = set()
    for name, call in CALLS.items():
        for option in COMMANDS[name].params:
            if not isinstance(option, click.Option) or option.is_flag or option_name(option) in NEVER:
                continue
            if (key := (option.opts[0], option.name, option.help)) in seen:
                continue
            seen.add(key)
            flag, words = option.opts[-1], call.format(id="nix").split()
            if any(one in words for one in option.opts):
                at = next(words.index(one) for one in option.opts if one in words)
                del words[at : at + 2]
            yield name, [*words, flag, VALUES.get(option.type.name.removesuffix(" range"), "nix")]


WRONG = list(wrong_calls())


@pytest.mark.parametrize("name", sorted({name for name, _ in WRONG}))
def test_a_wrong_value_is_told_in_the_spelling_of_the_command_line(name, here, capsys):
    for call in (call for of, call in WRONG if of == name):
        err = called(capsys, "", *call)[2]
        for line in err.splitlines():
            if "defaults of labelkit.toml" not in line and "in Python" not in line:
                assert not IN_PYTHON.search(line), (call, line)


@pytest.mark.parametrize(
    ("call", "shown"),
    [
        (
            "sample comments.csv --out q.csv --method quota --by spam --n 9 --quota 7=3",
            "--quota is of 3 examples, and --n 9",
        ),
        ("agreement answers.csv --labels HAM", "--labels A,B,... names the classes: all that the answers hold"),
        ("estimate asked.csv --answered runs/first", "--answered runs/first is the folder of a run"),
        ("estimate runs/first --answered answers.csv", "'runs/first' is the folder of a run, and no sample"),
        (
            "estimate comments.csv --answered answers.csv",
            "give a file that labelkit sample (in Python, sample.save) wrote",
        ),
        ("suggest --between HAM,HAM", "--between HAM,HAM is not two of the classes"),
        ("convert-snorkel old_rules.py comments.csv --rows 0", "--rows 0 is not a number of rows"),
        ("restore runs/second 99", "error: 'runs/second' has no version 99"),
        ("restore sets/spam 99", "labelkit history says what changed in each"),
        ("view --rules answers.csv", "error: 'answers.csv' is not a Python file"),
        (
            "audit-plan --max-error 0.02 --expected-error 0.5",
            "--expected-error 0.5 is not from 0 to below --max-error 0.02",
        ),
    ],
)
def test_arguments_of_another_name_are_told_by_their_options(call, shown, here, capsys):
    status, _, err = called(capsys, call)
    assert status == 1
    assert shown in err


@pytest.mark.parametrize(
    "call",
    [
        ("run", "labeling_functions", "", "--out", "x"),
        ("run", "labeling_functions", "comments.csv", "--out", ""),
        ("check", "labeling_functions", "comments.csv", "--gold", ""),
        ("sample", "", "--n", "3", "--out", "x.csv"),
        ("summarize", ""),
        ("why", "runs/first", ""),
    ],
)
def test_an_empty_text_is_no_place(call, here, capsys):
    """A variable of the shell that is not set would be the current folder."""
    status, _, err = called(capsys, "", *call)
    assert status == 2
    assert "is an empty text: a variable of the shell may not be set" in err

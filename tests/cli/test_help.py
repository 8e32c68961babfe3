"""Every command's help reads well in a terminal of 80 cells, with the same words and order everywhere."""

import os
import re
import subprocess
import sys
from itertools import pairwise

import click
import pytest

from labelkit.cli import cli
from labelkit.cli._common_options import WORDS, SharedOption
from tests.waiting import GUARD


def commands(group=cli, names=()):
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*names, name))
        else:
            yield (*names, name), command


COMMANDS = dict(commands())


def help_of(command, names, width):
    context = click.Context(
        command, info_name=f"labelkit {' '.join(names)}", terminal_width=width, max_content_width=width
    )
    return command.get_help(context)


@pytest.mark.parametrize("names", COMMANDS, ids=" ".join)
def test_no_line_is_wider_than_80_cells_and_each_option_is_explained(names):
    text = help_of(COMMANDS[names], names, 80)
    assert max(map(len, text.splitlines())) <= 80
    for option in COMMANDS[names].params:
        if isinstance(option, click.Option):
            assert option.help, option.opts
            assert option.help[0].isupper() or option.help.startswith(("serial", "hf")), option.help
            assert option.help.endswith("."), option.help
    assert COMMANDS[names].help.split("\n")[0]


@pytest.mark.parametrize("names", COMMANDS, ids=" ".join)
def test_options_that_commands_share_have_the_same_words_and_order(names):
    options = [one for one in COMMANDS[names].params if isinstance(one, click.Option)]
    shared = [one.opts[0] for one in options if one.opts[0] in WORDS]
    alike = [one for one in options if WORDS.get(one.opts[0]) and not isinstance(one, SharedOption)]
    assert all(one.help == WORDS[one.opts[0]] for one in alike)
    assert all(list(WORDS).index(a) < list(WORDS).index(b) for a, b in pairwise(shared))
    common = ["--json", "--quiet", "--log-format", "--no-config", "--final", "--debug"]
    assert [one.opts[0] for one in options[-len(common) :]] == common


def test_an_option_takes_the_same_kind_of_value_in_every_command():
    kinds = {}
    for names, command in COMMANDS.items():
        for option in command.params:
            if isinstance(option, click.Option) and option.opts[0] not in {"--model", "--columns", "--rules"}:
                kinds.setdefault(option.opts[0], {}).setdefault((option.type.name, option.multiple), []).append(names)
    numbers = ({"integer", "integer range"}, {"float", "float range"})
    for name, found in kinds.items():
        of_type = {kind for kind, _ in found}
        assert len(of_type) == 1 or any(of_type <= same for same in numbers), (name, found)
        assert len({multiple for _, multiple in found}) == 1, (name, found)


def test_the_list_of_commands_has_whole_sentences():
    environment = {**os.environ, "COLUMNS": "80"}
    command = [sys.executable, "-m", "labelkit", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment, timeout=GUARD)
    listed = done.stdout.split("Commands:")[1]
    assert "..." not in listed
    entries = re.findall(r"^  ([\w-]+)  +((?:.|\n {10,})+)", listed, re.MULTILINE)
    assert {name for name, _ in entries} == set(cli.commands)
    assert all(sentence.rstrip().endswith(".") for _, sentence in entries)

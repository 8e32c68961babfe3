"""The page of the configuration lists every key, with what it takes: the tables are those that the commands give."""

import tomllib

import click

from labelkit.cli import cli
from labelkit.cli._config import _commands, _named_parameters, _wrong
from tests.refresh_configuration import PAGE, default_of, kind_of, refreshed

FITS = {
    "`true` or `false`": True,
    "table, or list of texts": {"a": "b"},
    "text, or list of texts": ["a", "b"],
    "whole number": 3,
    "number": 0.5,
    "path": "a/b",
    "text": "a",
}
MISFITS = {"text": 3, "path": 3, "whole number": 0.5, "number": "a", "`true` or `false`": "yes"}
KEYS = [
    (".".join((*names, name)), one) for names, command in _commands(cli) for name, one in _named_parameters(command)
]


def test_the_tables_are_those_of_the_commands():
    page = PAGE.read_text("utf-8")
    assert page == refreshed(page), "python -m tests.refresh_configuration"


def test_a_key_takes_what_the_page_says():
    for name, one in KEYS:
        if isinstance(one.type, click.Choice):
            assert all(_wrong(one, choice) is None for choice in one.type.choices), name
            assert _wrong(one, "no such choice"), name
        else:
            assert _wrong(one, FITS[kind_of(one)]) is None, name
            assert _wrong(one, MISFITS.get(kind_of(one), 3)), name


def test_the_default_of_a_key_is_written_as_toml_of_its_type():
    for name, one in KEYS:
        written = default_of(one).strip("`")
        if written not in {"–", "required"}:
            assert _wrong(one, tomllib.loads(f"value = {written}")["value"]) is None, name

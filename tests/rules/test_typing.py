"""A type checker accepts every documented call, and refuses unknown and mistyped options."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import labelkit as lk
from tests.rules import mistyped_calls, typed_calls

pytest.importorskip("mypy", reason="type checks need mypy")

RIGHT, WRONG = Path(typed_calls.__file__), Path(mistyped_calls.__file__)
PACKAGE_FOLDER = Path(lk.__file__).parents[1]


@pytest.fixture(scope="module")
def complaints(tmp_path_factory):
    """What mypy says in strict mode, by file and line."""
    folder = tmp_path_factory.mktemp("mypy")
    command = [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "--config-file=", "--no-pretty"]
    found_at = {} if PACKAGE_FOLDER.name == "site-packages" else {"MYPYPATH": str(PACKAGE_FOLDER)}
    ran = subprocess.run(
        [*command, f"--cache-dir={folder}", str(RIGHT), str(WRONG)],
        cwd=folder,
        env=os.environ | found_at,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1, ran.stdout + ran.stderr  # 2: mypy could not run
    lines = re.findall(r"^(.*?):(\d+): error: (.*)$", ran.stdout, re.MULTILINE)
    return {(Path(file).name, int(line)): message for file, line, message in lines}


def test_every_documented_call_is_accepted_in_strict_mode(complaints):
    assert {line: message for (file, line), message in complaints.items() if file == RIGHT.name} == {}


def test_unknown_and_mistyped_options_are_refused_on_their_lines_alone(complaints):
    expected = [n for n, line in enumerate(WRONG.read_text().splitlines(), 1) if line.endswith("# wrong")]
    assert sorted(line for file, line in complaints if file == WRONG.name) == expected


def test_nothing_else_is_complained_of(complaints):
    assert {file for file, _ in complaints} <= {RIGHT.name, WRONG.name}


DECLARED = {name: function for name, function in vars(typed_calls).items() if name.startswith("declare_")}


@pytest.mark.parametrize("name", DECLARED)
def test_every_documented_call_works(name):
    assert DECLARED[name]()

"""The README says what is so: its program is run, and its output compared."""

import re
from pathlib import Path

import pytest

README = Path(__file__).parents[1] / "README.md"


def blocks(kind):
    return re.findall(rf"```{kind}\n(.*?)```", README.read_text("utf-8"), re.DOTALL)


def test_the_program_at_the_top_prints_what_the_readme_shows(capsys):
    source, shown = blocks("python")[0], blocks("text")[0]
    exec(compile(source, "README.md", "exec"), {"__name__": "readme"})
    assert capsys.readouterr().out == shown


@pytest.mark.parametrize(
    "path", re.findall(r"`((?:labeling_functions|tests|notebooks)/[\w./]*)`", README.read_text("utf-8"))
)
def test_every_path_that_the_readme_names_is_there(path):
    assert (README.parent / path).exists()

"""The programs of the pages on splits, balance and slices run, from top to bottom."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("page", ["balance", "slices", "splits"])
def test_the_program_of_a_page_runs(page, monkeypatch, capsys):
    monkeypatch.chdir(ROOT)  # where the example rules are
    programs = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / f"{page}.md").read_text("utf-8"), re.DOTALL)
    names: dict = {"__name__": page}
    for program in programs:
        exec(compile(program, f"{page}.md", "exec"), names)
    assert capsys.readouterr().out

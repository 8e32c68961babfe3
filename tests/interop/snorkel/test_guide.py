"""The page for those who come from Snorkel: its code runs, and names what there is."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import labelkit

PAGE = (Path(__file__).parents[3] / "docs" / "how_to" / "coming_from_snorkel.md").read_text("utf-8")


def test_the_three_steps_run_as_they_are_written(capsys):
    scope = {"__name__": "guide"}
    for program in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        exec(compile(program, "coming_from_snorkel.md", "exec"), scope)
    np.testing.assert_array_equal(
        scope["L_train"],
        [[1, -1, -1, -1], [-1, -1, 0, 0], [1, 1, -1, -1], [-1, -1, -1, 0], [1, 1, -1, -1], [-1, -1, 0, -1], [-1] * 4],
    )
    assert scope["labels"].hard().tolist() == [1, 0, 1, 0, 1, 0, -1]
    assert "vote alike on 7 examples" in capsys.readouterr().out


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`@?lk\.(\w+)", PAGE))))
def test_every_name_of_the_page_is_public(name):
    assert hasattr(labelkit, name)

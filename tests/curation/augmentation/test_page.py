"""The programs of the page on augmentation run, and say what the page says."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[3] / "docs" / "how_to" / "augmentation.md"


def test_the_programs_of_the_page_run(capsys):
    scope = {"__name__": "page"}
    for block in re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL):
        exec(compile(block, PAGE.name, "exec"), scope)
    output = capsys.readouterr().out
    assert "augmentation does not help" in output
    more = scope["more"]
    assert more.counts.loc["synonyms", "votes_changed"] == 1
    assert "c4" not in more.rows()["id"].to_pylist()
    assert len(more.labels) == more.rows().num_rows

"""The error of a fault says what to write instead, where Python's own words and the columns tell it."""

from __future__ import annotations

import pytest

import labelkit as lk
from labelkit.apply.fault_hints import GOES_ON
from labelkit.exceptions import FaultError

TABLE = "text,author,likes\nfree,ann,3\nwin,,10\n"
ROW = "a parameter is the value of its column, and no row: def rule(text)"
TEXT = "it is text that is compared, as all is that CSV holds: float(...) of it, or annotate the column: float"
CASES = [
    ("text", '1 if author == "ann" else None', "a parameter is a column: def rule(text, author)"),
    ("text", "1 if x.text else None", None),
    ("text", '1 if "free" in text.text else None', ROW),
    ("text", '1 if "free" in text["text"] else None', ROW),
    (
        "text",
        '1 if text.str.contains("free") else None',
        "one text is given, and no column: write what stands behind .str",
    ),
    ("text", '1 if text.lower().contains("free") else None', 'ask: "word" in the text'),
    ("text", "1 if text.lowr() else None", None),
    ("likes", "1 if likes > 5 else None", TEXT),
    ("text", '1 if len(text) > "5" else None', None),
    ("author: str | None", "1 if author.lower() else None", "author may be None, as its annotation says"),
    ("text", "1 if text[9] else None", None),
]


@pytest.mark.parametrize(("columns", "body", "remedy"), CASES, ids=[body for _, body, _ in CASES])
def test_the_hint_of_a_fault_says_what_is_meant(tmp_path, columns, body, remedy):
    (tmp_path / "table.csv").write_text(TABLE)
    (tmp_path / "rules.py").write_text(
        f"import labelkit as lk\n\n\n@lk.labeling_function\ndef rule({columns}):\n    return {body}\n"
    )
    with pytest.raises(FaultError) as caught:
        lk.Applier(lk.collect(tmp_path / "rules.py", labels=2)).apply(tmp_path / "table.csv")
    hint, _, rest = str(caught.value.hint).rpartition("; " if remedy else GOES_ON)
    assert hint.startswith(remedy or "")
    assert (rest == GOES_ON) if remedy else (not hint and not rest)

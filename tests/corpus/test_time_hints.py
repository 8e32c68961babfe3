"""A time that is not read as one is told with the expression that reads it."""

from __future__ import annotations

import datetime as dt
import re

import pytest

import labelkit as lk
from labelkit.corpus import open_corpus
from labelkit.exceptions import CorpusError

NOON = dt.datetime(2026, 1, 5, 12, 30)  # noqa: DTZ001 - as files have them


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-01-05T12:30:00Z", NOON.replace(tzinfo=dt.UTC)),
        ("2026-01-05 12:30:00.5+00:00", NOON.replace(tzinfo=dt.UTC, microsecond=500_000)),
        (str(int(NOON.replace(tzinfo=dt.UTC).timestamp())), NOON.replace(tzinfo=dt.UTC)),
        ("05.01.2026 12:30", NOON),
        ("05/01/2026 12:30:00", NOON),
        ("5.1.26", dt.datetime(2026, 1, 5)),  # noqa: DTZ001
        ("2026/01/05", dt.datetime(2026, 1, 5)),  # noqa: DTZ001
    ],
)
@pytest.mark.parametrize("kind", [dt.datetime, dt.date])
@pytest.mark.parametrize("name", ["created", "created at"])
def test_the_hint_reads_the_value(tmp_path, value, expected, kind, name):
    path = tmp_path / "a.csv"
    path.write_text(f"{name}\n{value}\n")
    with pytest.raises(CorpusError) as caught:
        list(open_corpus(path, types={name: kind}).batches([name], 10))
    word = "day" if kind is dt.date else "time"
    start, expression = caught.value.hint.split(" in a @column: ")
    assert start == f"annotate str, and read the {word}"
    variable = name if name.isidentifier() else "text"
    read = eval(expression.partition(" (")[0], {variable: value, "datetime": dt.datetime, "UTC": dt.UTC})
    assert read == expected


def test_a_rule_reads_times_as_the_hint_says(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("created\n2026-01-05T03:00:00Z\n2026-01-05T08:00:00+01:00\n")
    rules = tmp_path / "rules.py"
    rules.write_text(
        "from datetime import datetime\n\nimport labelkit as lk\n\n"
        "@lk.column\ndef when(created: str):\n    return datetime.fromisoformat(created)\n\n"
        "@lk.labeling_function\ndef early(when):\n    return 1 if when.hour < 6 else 0\n"
    )
    assert lk.Applier(lk.collect(rules, labels=["HAM", "SPAM"])).apply(path).votes.ravel().tolist() == [1, 0]


def test_what_is_no_time_keeps_the_usual_hint(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("created\nyesterday\n")
    with pytest.raises(CorpusError) as caught:
        list(open_corpus(path, types={"created": dt.datetime}).batches(["created"], 10))
    assert re.match(
        r'annotate str, or types=\{"created": str\}, if the column holds more than datetime', caught.value.hint
    )

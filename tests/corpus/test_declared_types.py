"""Values of lists and iterators in columns whose types an annotation, or ``types=``, declares."""

import datetime as dt
import json

import pytest

import labelkit as lk
from labelkit.exceptions import CorpusError

NOON = dt.datetime(2026, 1, 5, 12, 30)  # noqa: DTZ001 - as files have them
TEXTS = ["2026-01-05T12:30:00", "2026-01-05 12:30:00.000", " 2026-01-05T12:30", "", None]
TIMES = [NOON, NOON, NOON, None, None]


def values_of(corpus):
    return [value for batch in corpus.batches(["when"], 2) for value in batch.table["when"].to_pylist()]


@pytest.mark.parametrize("form", ["list", "iterator", "columns", "json lines"])
def test_texts_are_read_as_the_times_that_are_declared(tmp_path, form):
    rows = [{"when": text} for text in TEXTS]
    (tmp_path / "rows.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    given = {"list": rows, "iterator": iter(rows), "columns": {"when": TEXTS}, "json lines": tmp_path / "rows.jsonl"}
    assert values_of(lk.open_corpus(given[form], types={"when": dt.datetime})) == TIMES


def test_times_and_texts_of_times_may_stand_together():
    rows = [{"when": value} for value in (NOON, TEXTS[0], None, float("nan"))]
    assert values_of(lk.open_corpus(rows, types={"when": dt.datetime})) == [NOON, NOON, None, None]
    days = [{"when": value} for value in ("2026-01-05", dt.date(2026, 1, 5))]
    assert values_of(lk.open_corpus(days, types={"when": dt.date})) == [NOON.date()] * 2


@pytest.mark.parametrize(
    ("value", "kind", "reason", "hint"),
    [
        ("soon", dt.datetime, "datetime expected, got 'soon'", 'types={"when": str}'),
        ("2026-01-05T12:30:00Z", dt.datetime, "datetime expected, got '2026-01-05T12:30:00Z'", "fromisoformat(when)"),
        ("2026-01-05T12:30:00\ud800", dt.datetime, "not valid Unicode", "make the column of one type"),
        (NOON, dt.date, r"date expected, got datetime", 'types={"when": str}'),
        ("85", float, "float expected, got str: '85'", "the numbers of 'when' stand in quotes"),
        (85, str, "str expected, got int: 85", "an annotation, or types=, declares str"),
    ],
)
def test_what_is_not_of_the_declared_type_is_told_with_a_remedy_for_lists(value, kind, reason, hint):
    with pytest.raises(CorpusError) as caught:
        values_of(lk.open_corpus([{"when": None}, {"when": value}], types={"when": kind}))
    assert "a list, row 1: column 'when': " in caught.value.message
    assert reason in caught.value.message
    assert hint in caught.value.hint
    assert "on_bad_row" not in caught.value.hint


def test_a_rule_votes_on_a_list_as_on_the_lines_of_json_that_it_was(tmp_path):
    @lk.labeling_function
    def afternoon(when: dt.datetime) -> int:
        return int(when.hour > 11)

    rows = [{"when": f"2026-01-0{day}T{hour:02}:00:00"} for day in range(1, 9) for hour in (3, 9, 15, 21)]
    (tmp_path / "rows.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    for corpus in (rows, tmp_path / "rows.jsonl", iter(rows)):
        matrix = lk.Applier([afternoon], labels=2).apply(corpus, progress=False)
        assert matrix.votes[:, 0].tolist() == [0, 0, 1, 1] * 8

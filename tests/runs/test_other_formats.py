"""A run whose new rows come in another format than its old ones: the message says why, and its hint works."""

from __future__ import annotations

import re

import pandas as pd
import pytest

import labelkit as lk
from labelkit.exceptions import CorpusError

RULES = (lk.keywords(["free"], label=1, column="text").rule(name="free"),)
LABELS = ["HAM", "SPAM"]
OLD = pd.DataFrame({"id": [1, 2], "text": ["free", "hi"], "when": pd.to_datetime(["2026-09-01", "2026-09-02"])})
NEW = pd.DataFrame({"id": [3, 4], "text": ["free", "ho"], "when": pd.to_datetime(["2026-10-01", "2026-10-02"])})


def run(corpus, **options):
    return lk.run(RULES, corpus, "r", labels=LABELS, id="id", report=False, **options)


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    OLD.to_excel("old.xlsx", index=False)
    OLD.to_csv("old.csv", index=False)
    NEW.to_csv("new.csv", index=False)
    pd.concat([OLD, NEW]).to_csv("both.csv", index=False)


@pytest.mark.usefixtures("files")
def test_a_workbook_is_updated_by_what_the_hint_says():
    run("old.xlsx")
    with pytest.raises(CorpusError, match=r"several formats.*\n.*save 'new.csv' as \.xlsx, or"):
        run(["old.xlsx", "new.csv"], update=True)
    for corpus in ("both.csv", ["old.csv", "new.csv"]):
        with pytest.raises(CorpusError) as caught:
            run(corpus, update=True)
        assert re.search(
            r"'old.xlsx' is gone, and the rows of '\w+.csv', in another format, cannot", caught.value.message
        )
        assert "keep the old files, and save new rows as .xlsx files behind them" in caught.value.hint
    pd.read_csv("new.csv").to_excel("new.xlsx", index=False)
    assert run(["old.xlsx", "new.xlsx"], update=True).manifest["examples"] == 4


@pytest.mark.usefixtures("files")
def test_frames_of_two_formats_need_the_types_of_the_old_one():
    old, new = pd.read_excel("old.xlsx"), pd.read_csv("new.csv")
    run(old)
    with pytest.raises(CorpusError) as caught:
        run(pd.read_csv("both.csv"), update=True)
    assert "new.astype(old.dtypes)" in caught.value.hint
    assert run(pd.concat([old, new.astype(old.dtypes)], ignore_index=True), update=True).manifest["examples"] == 4

"""An update of a frame whose first rows are those of the run, named otherwise by its index, says that of the index."""

import numpy as np
import pandas as pd
import pytest

import labelkit as lk
from labelkit.exceptions import CorpusError

SETTINGS = {"labels": ["HAM", "SPAM"], "report": False, "progress": False, "cache": False}
RULES = [lk.keywords("win", label=1).rule(name="wins"), lk.keywords("love", label=0).rule(name="loves")]


def frame_of(n, index=None):
    return pd.DataFrame({"text": ["win", "love", "hm", "win it"] * (n // 4)}, index=index)


def tickets(first, last):
    return [f"T{number}" for number in range(first, last)]


NAMED = frame_of(40, tickets(0, 40))
CASES = {
    "repeated": (NAMED, pd.concat([NAMED, NAMED[:4]]), r"repeats 'T0', so that it names no example.*LK205"),
    "empty": (NAMED, pd.concat([NAMED, frame_of(4, ["a", "b", "c", None])]), r"empty labels.*LK326"),
    "other type": (
        frame_of(40, np.arange(100, 140)),
        pd.concat([frame_of(40, np.arange(100, 140)), frame_of(4, list("abcd"))]),
        r"labels of another type.*LK326",
    ),
    "two levels": (
        frame_of(40, pd.MultiIndex.from_product([list("ab"), range(20)])),
        pd.concat([frame_of(40, pd.MultiIndex.from_product([list("ab"), range(20)]))] * 2),
        r"repeats \('a', 0\).*LK205",
    ),
    "named": (
        frame_of(40),
        pd.concat([frame_of(40), frame_of(4, [90, 91, 92, 93])]),
        r"by \[90, 91\].*no names.*LK326",
    ),
}


@pytest.mark.parametrize("columns", [None, {"text": "comment"}])
@pytest.mark.parametrize(("before", "after", "said"), CASES.values(), ids=CASES)
def test_an_index_that_names_the_old_rows_otherwise_is_told(before, after, said, columns, tmp_path):
    def opened(frame):
        return frame if columns is None else lk.open_corpus(frame.rename(columns=columns), rename={"text": "comment"})

    lk.run(RULES, opened(before), tmp_path / "run", **SETTINGS)
    with pytest.raises(CorpusError, match=f"are the same, but the index of the frame.*{said}") as error:
        lk.run(RULES, opened(after), tmp_path / "run", update=True, **SETTINGS)
    assert "force=True (--force) makes the run anew" in error.value.hint


def test_rows_that_changed_are_told_though_the_index_repeats(tmp_path):
    lk.run(RULES, NAMED, tmp_path / "run", **SETTINGS)
    other = NAMED.assign(text=NAMED["text"].to_numpy()[::-1])
    with pytest.raises(CorpusError, match=r"rows that were voted on have changed.*LK216"):
        lk.run(RULES, pd.concat([other, other[:4]]), tmp_path / "run", update=True, **SETTINGS)


def test_new_rows_without_a_name_update_a_run_without_names(tmp_path):
    lk.run(RULES, frame_of(40), tmp_path / "run", **SETTINGS)
    run = lk.run(RULES, pd.concat([frame_of(40), frame_of(4)]), tmp_path / "run", update=True, **SETTINGS)
    assert len(run.labels()) == 44


def test_the_hint_for_new_rows_with_names_works(tmp_path):
    lk.run(RULES, frame_of(40), tmp_path / "run", **SETTINGS)
    new = pd.concat([frame_of(40), frame_of(4, [90, 91, 92, 93])], ignore_index=True)
    assert len(lk.run(RULES, new, tmp_path / "run", update=True, **SETTINGS).labels()) == 44


def test_ids_that_new_rows_repeat_are_told(tmp_path):
    corpus = NAMED.reset_index(names="key")
    lk.run(RULES, corpus, tmp_path / "run", id="key", **SETTINGS)
    with pytest.raises(CorpusError, match=r"the id 'T0' .*stands twice.*LK205"):
        lk.run(RULES, pd.concat([corpus, corpus[:4]]), tmp_path / "run", id="key", update=True, **SETTINGS)

"""Chosen rows are read again from a corpus of any kind, in the order in which they were asked for."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

import labelkit as lk
from labelkit.corpus import rows_at
from labelkit.corpus.rows_at import examples_at, read_rows
from labelkit.exceptions import CorpusError

N = 40
FRAME = pd.DataFrame({"id": [f"r{i}" for i in range(N)], "text": [f"text {i}" for i in range(N)], "n": range(N)})

positions = st.lists(st.integers(0, N - 1), min_size=1, max_size=12)


@pytest.fixture(scope="module", params=["frame", "parquet", "csv", "jsonl", "iterator"])
def opened(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("corpus") / f"corpus.{request.param}"
    if request.param == "parquet":
        FRAME.to_parquet(path, row_group_size=7)
    elif request.param == "csv":
        FRAME.to_csv(path, index=False)
    elif request.param == "jsonl":
        FRAME.to_json(path, orient="records", lines=True)
    data = {"frame": FRAME, "iterator": None}.get(request.param, path)
    return lambda key=None: lk.open_corpus(iter(FRAME.to_dict("records")) if data is None else data, id=key)


@settings(deadline=None)
@given(wanted=positions)
def test_rows_are_read_in_the_order_of_the_positions(opened, wanted):
    found = read_rows(opened(), np.array(wanted), ["text"])
    assert found.table.column("text").to_pylist() == FRAME["text"].iloc[wanted].tolist()
    assert (found.ids, found.n_found) == (None, len(wanted))


@settings(deadline=None)
@given(wanted=positions)
def test_the_ids_of_the_rows_come_with_them(opened, wanted):
    found = read_rows(opened("id"), np.array(wanted), ["text"])
    assert found.ids.to_pylist() == FRAME["id"].iloc[wanted].tolist()
    assert found.table.column_names == ["text"]


@pytest.mark.parametrize("few", [0, 256])
def test_positions_beyond_the_end_are_left_out(opened, few, monkeypatch):
    monkeypatch.setattr(rows_at, "FEW_ROWS", few)
    found = read_rows(opened(), np.array([3, N + 5]), ["text"])
    assert (found.n_found, found.table.num_rows, found.n_passed) == (1, 1, N)


@settings(deadline=None)
@given(order=st.permutations(range(N)), wanted=positions)
def test_examples_are_found_by_their_ids_in_another_order(opened, order, wanted):
    ids = FRAME["id"].to_numpy(dtype=object)[list(order)]
    found = examples_at(opened("id"), ids, np.array(wanted), ["text"])
    assert found.column("text").to_pylist() == [FRAME["text"].iloc[order[row]] for row in wanted]


def test_an_id_that_the_corpus_does_not_have_is_named(opened):
    with pytest.raises(CorpusError, match=r"no example with the id 'nope' \(1 are missing\)"):
        examples_at(opened("id"), np.array(["r3", "nope"], dtype=object), np.array([0, 1]), ["text"])


def test_a_bad_row_stays_left_out_whichever_columns_are_returned(tmp_path):
    """Rows keep the positions of the first reading, in which a value of another column was bad."""
    path = tmp_path / "corpus.jsonl"
    path.write_text('{"text": "a", "n": 1}\n{"text": "b", "n": "bad"}\n{"text": "c", "n": 3}\n', "utf-8")
    corpus = lk.open_corpus(path, types={"n": int}, on_bad_row="reject")
    assert read_rows(corpus, np.array([1]), ["text"]).table.column(0).to_pylist() == ["b"]
    assert read_rows(corpus, np.array([1]), ["text"], also=["n"]).table.column(0).to_pylist() == ["c"]

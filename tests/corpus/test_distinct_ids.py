"""An id that stands twice is refused on the batch where it is seen, whichever way the corpus is read."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, strategies as st

import labelkit as lk
from labelkit.corpus.distinct_ids import DistinctIds
from labelkit.exceptions import CorpusError

RULE = lk.regex("1", label=1).rule(name="one")


@given(
    batches=st.lists(st.lists(st.integers(-50, 50) | st.integers(2**60, 2**60 + 9), max_size=8), max_size=8),
    as_text=st.booleans(),
)
def test_the_first_repeat_is_named_with_its_row(batches, as_text):
    seen = DistinctIds(lk.open_corpus({"id": []}, id="id"))
    before: set[int] = set()
    start = 0
    for batch in batches:
        ids = pa.array(list(map(str, batch)), pa.string()) if as_text else pa.array(batch, pa.int64())
        repeats = [i for i, name in enumerate(batch) if name in before or name in batch[:i]]
        if repeats:
            name = ids[repeats[0]].as_py()
            with pytest.raises(
                CorpusError, match=rf"the id {name!r} .* second time on row {start + repeats[0]} \[LK205\]\n"
            ):
                seen.add(ids, start)
            return
        seen.add(ids, start)
        before |= set(batch)
        start += len(batch)


@pytest.mark.parametrize("options", [{}, {"workers": 2, "engine": "thread"}, {"workers": 2, "engine": "process"}])
@pytest.mark.parametrize("kind", ["frame", "csv", "iterator"])
def test_a_corpus_with_an_id_twice_is_refused(tmp_path, kind, options):
    frame = pd.DataFrame({"id": [f"i{i}" for i in range(3_000)], "text": "1"})
    frame.loc[2_500, "id"] = "i7"
    frame.to_csv(tmp_path / "corpus.csv", index=False)
    corpus = {"frame": frame, "csv": tmp_path / "corpus.csv", "iterator": iter(frame.to_dict("records"))}[kind]
    with pytest.raises(CorpusError, match=r"the id 'i7' \(column 'id'\) stands twice, the second time on row 2,500"):
        lk.Applier([RULE], labels=2).apply(corpus, id="id", batch_size=1_024, **options)


def test_a_run_that_goes_on_knows_the_ids_of_its_first_parts(tmp_path):
    frame = pd.DataFrame({"id": np.arange(3_000), "text": "1", "n": 0})
    frame.loc[2_500, ["id", "n"]] = [7, 1]
    frame.to_parquet(tmp_path / "corpus.parquet")
    run = lambda: lk.run(  # noqa: E731
        [RULE], tmp_path / "corpus.parquet", tmp_path / "out", id="id", labels=2, batch_size=1_024, cache=False
    )
    for _ in range(2):  # the second time, the parts before are there already
        with pytest.raises(CorpusError, match=r"the id 7 .* stands twice, the second time on row 2,500"):
            run()

"""How the parts of a run are written: what costs time and tells nothing is left out."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import labelkit as lk

RULES = """
from enum import IntEnum
from labelkit import keywords, regex

class Label(IntEnum):
    HAM = 0
    SPAM = 1

link = regex("http", label=Label.SPAM).rule(name="link")
thanks = keywords("thanks", label=Label.HAM).rule(name="thanks")
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("parts")
    (folder / "rules.py").write_text(RULES)
    texts = ["thanks", "http://a.b", "so what", "thanks, http://a.b"]
    pq.write_table(pa.table({"text": texts * 500}), folder / "corpus.parquet")
    lk.run(folder / "rules.py", folder / "corpus.parquet", out=folder / "out", batch_size=1_024)
    return folder / "out"


@pytest.mark.parametrize("kind", ["votes", "labels"])
def test_only_ids_have_their_lowest_and_highest_in_the_file(run, kind):
    starts = []
    for part in sorted((run / kind).glob("part-*.parquet")):
        group = pq.ParquetFile(part).metadata.row_group(0)
        ids, *others = [group.column(number) for number in range(group.num_columns)]
        starts.append((ids.statistics.min, ids.statistics.max))
        assert others
        assert not any(column.is_stats_set for column in others)
    assert starts == [(0, 1_023), (1_024, 1_999)]

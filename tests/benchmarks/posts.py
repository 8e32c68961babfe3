"""The corpus of the bulk benchmark: made-up posts that mention names of the rules' look-ups."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from labelkit.datasets import generate_posts, write_corpus
from tests.benchmarks.bulk_rules import GAZETTEERS, gazetteer

MENTIONS = 0.25
"""The share of posts that mention a name."""


def posts(n_rows: int, random_state: int = 0) -> Iterator[pa.RecordBatch]:
    """Yield posts, a quarter of them with a name at the end."""
    names = pa.array([name for kind in GAZETTEERS for name in gazetteer(kind)])
    for number, batch in enumerate(generate_posts(n_rows, random_state=random_state)):
        random = np.random.default_rng([random_state, 7, number])
        chosen = random.integers(0, len(names), batch.num_rows)
        named = random.random(batch.num_rows) < MENTIONS
        suffix = pc.if_else(pa.array(named), pc.binary_join_element_wise(" ", names.take(pa.array(chosen)), ""), "")
        text = pc.binary_join_element_wise(batch.column("text"), suffix, "")
        yield batch.set_column(batch.schema.get_field_index("text"), "text", text)


def corpus(n_rows: int, folder: Path, random_state: int = 0) -> Path:
    """Write the corpus, or find it where it was written before."""
    path = folder / f"posts-{n_rows}-{random_state}.parquet"
    if not path.exists():
        write_corpus(posts(n_rows, random_state), path)
    return path

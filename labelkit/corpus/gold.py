"""Read gold labels: from a column of the corpus, a file of ids and labels, a mapping, a Series or an array."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from labelkit.corpus.corpus import BATCH_ROWS, Batch, Corpus
from labelkit.corpus.open_corpus import open_corpus
from labelkit.exceptions import GoldError
from labelkit.votes.gold import aligned_gold


@dataclass(frozen=True)
class Gold:
    """Where the gold labels of a corpus are: in a column of it, by id, or in its order.

    Parameters
    ----------
    column : str, optional
    by_id : mapping, optional
    in_order : ndarray, optional
    """

    column: str | None = None
    by_id: Mapping[Any, Any] | None = None
    in_order: NDArray[Any] | None = None

    def of(self, batch: Batch, ids: NDArray[Any], class_names: Sequence[str]) -> NDArray[np.int64]:
        """The gold labels of a batch, -1 where unknown."""
        if self.column is not None:
            values = batch.table.column(self.column)
            numeric = pa.types.is_integer(values.type) and values.null_count == 0
            given: Any = values.to_numpy() if numeric else np.array([*values.to_pylist(), None], dtype=object)[:-1]
            return aligned_gold(given, ids, class_names)
        if self.in_order is not None:
            return aligned_gold(self.in_order[batch.start : batch.start + len(batch)], ids, class_names)
        known = self.by_id or {}
        return aligned_gold(
            np.array([*(known.get(i) for i in ids.tolist()), None], dtype=object)[:-1], ids, class_names
        )


def gold_of(gold: Any, corpus: Corpus) -> Gold:
    """Find out where gold labels are.

    Raises
    ------
    GoldError
        If a name is neither a column nor a file, or a file does not name the examples by id.
    """
    if isinstance(gold, str | Path):
        if isinstance(gold, str) and gold in corpus.column_names:
            return Gold(column=gold)
        if not Path(gold).is_file():
            raise GoldError(
                f"gold={str(gold)!r} is neither a column of the corpus nor a file",
                hint=f"the columns are {', '.join(corpus.column_names)}",
            )
        return Gold(by_id=_gold_file(Path(gold), corpus))
    if isinstance(gold, Mapping):
        return Gold(by_id=dict(gold))
    if hasattr(gold, "index") and hasattr(gold, "to_dict"):
        return Gold(by_id=gold.to_dict())
    values = np.asarray(gold)
    if corpus.n_rows is not None and len(values) != corpus.n_rows:
        raise GoldError(f"gold has {len(values)} labels for {corpus.n_rows} examples", hint="give a dict by id")
    return Gold(in_order=values)


def _gold_file(path: Path, corpus: Corpus) -> dict[Any, Any]:
    """Read a file of two columns: the ids, named as in the corpus (or first), and the labels."""
    table = open_corpus(path)
    names = list(table.column_names)
    key = corpus.id if corpus.id in names else names[0]
    rest = [name for name in names if name != key]
    chosen = next((name for name in ("gold", "label") if name in rest), rest[0] if len(rest) == 1 else None)
    if chosen is None:
        raise GoldError(
            f"{path} has the columns {names}: which holds the labels is not clear", hint="name it 'gold' or 'label'"
        )
    textual = corpus.id is not None and pa.types.is_string(corpus.column_type(corpus.id))
    found: dict[Any, Any] = {}
    for batch in table.batches([key, chosen], BATCH_ROWS):
        for name, label in zip(*(column.to_pylist() for column in batch.table.columns), strict=True):
            found[str(name) if textual else int(name)] = label
    return found

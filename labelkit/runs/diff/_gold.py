"""Gold for a difference: by id, in the order of a side, in a file, or in a column of the corpus that was run over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from labelkit.corpus import BATCH_ROWS, Corpus, open_corpus
from labelkit.exceptions import GoldError, LabelkitError
from labelkit.runs.diff._sides import Chunk, Pairing, Side
from labelkit.votes.gold import aligned_gold


@dataclass(frozen=True, eq=False)
class Gold:
    """Trusted classes of examples.

    Parameters
    ----------
    classes : ndarray of int64
        -1 where unknown.
    ids : Index, optional
        Whose classes they are; else they are in the order of a side.
    after : bool
        Whether that is the second side.
    """

    classes: NDArray[np.int64]
    ids: pd.Index[Any] | None = None
    after: bool = False

    def of(self, before: Chunk, after: Chunk) -> NDArray[np.int64]:
        """The classes of some examples."""
        if self.ids is None:
            return self.classes[(after if self.after else before).rows]
        places = self.ids.get_indexer(pd.Index(before.ids))
        return np.where(places >= 0, self.classes[places], -1)


def gold_of(given: Any, pairing: Pairing, class_names: tuple[str, ...]) -> Gold:
    """Bring gold into one form.

    Raises
    ------
    GoldError
        If it fits neither side, or a value is not a class.
    """
    if isinstance(given, str | Path):
        ids, values = _read(given, pairing)
    elif hasattr(getattr(given, "index", None), "to_numpy"):
        ids, values = given.index.to_numpy(), given.to_numpy()
    elif isinstance(given, Mapping):
        ids, values = _objects(list(given)), _objects(list(given.values()))
    else:
        return _in_order(given, pairing, class_names)
    names = pd.Index(ids)
    if not names.is_unique:
        twice = names[names.duplicated()].tolist()[0]
        raise GoldError(f"gold names the id {twice!r} twice", hint="keep one label an example")
    return Gold(aligned_gold(values, np.arange(len(values)), class_names), names)


def _in_order(given: Any, pairing: Pairing, class_names: tuple[str, ...]) -> Gold:
    """Gold in the order of a side: of the one that has as many examples."""
    n_gold = len(given)
    sizes = [sum(map(len, side.ids())) for side in (pairing.before, pairing.after)]
    fits = [size == n_gold for size in sizes]
    if not any(fits):
        raise GoldError(
            f"gold has {n_gold:,} labels for {sizes[0]:,} examples before and {sizes[1]:,} after",
            hint="give a Series or dict by id",
        )
    if all(fits) and not pairing.same:
        raise GoldError(
            "gold could be in the order of either side, and the two differ", hint="give a Series or dict by id"
        )
    return Gold(aligned_gold(given, np.arange(n_gold), class_names), None, after=not fits[0])


def _read(given: str | Path, pairing: Pairing) -> tuple[NDArray[Any], NDArray[Any]]:
    """Ids and gold labels out of a column of a corpus, or of a file."""
    for side in (pairing.after, pairing.before):
        corpus = _corpus_of(side, str(given)) if isinstance(given, str) else None
        if corpus is not None:
            return _columns(corpus, str(given))
    if not Path(given).is_file():
        raise GoldError(
            f"gold={str(given)!r} is neither a file nor a column of the corpus of a run", hint=_columns_hint(pairing)
        )
    named = [side.corpus.get("id") for side in (pairing.after, pairing.before)]
    table = open_corpus(given)
    key = next((name for name in named if name in table.column_names), table.column_names[0])
    rest = [name for name in table.column_names if name != key]
    label = next((name for name in ("gold", "label") if name in rest), rest[0] if len(rest) == 1 else None)
    if label is None:
        raise GoldError(
            f"{given} has the columns {list(table.column_names)}: which holds the labels is not clear",
            hint="name it 'gold' or 'label'",
        )
    ids, values = _columns(open_corpus(given, id=key), label)
    sample = next((part for part in pairing.before.ids() if len(part)), np.zeros(1, np.int64))
    return (ids if sample.dtype.kind == "O" else _numbers(ids, Path(given))), values


def _columns_hint(pairing: Pairing) -> str:
    paths = [side.corpus.get("path") for side in (pairing.after, pairing.before)]
    there = next((path for path in paths if path is not None and Path(path).exists()), None)
    if there is None:
        return "give a file with a column of ids and one of labels"
    return f"the columns are {', '.join(open_corpus(there).column_names)}"


def _numbers(ids: NDArray[Any], path: Path) -> NDArray[Any]:
    """Ids that a file has as text, for runs whose ids are numbers."""
    try:
        return ids.astype(np.int64)
    except ValueError:
        raise GoldError(f"{path} names examples such as {ids[0]!r}, and those of the runs are numbers") from None


def _corpus_of(side: Side, column: str) -> Corpus | None:
    """The corpus of a run that has a column, if it is still there and the same."""
    path = side.corpus.get("path")
    if path is None or not Path(path).exists():
        return None
    corpus = open_corpus(path, id=side.corpus.get("id"))
    if column not in corpus.column_names:
        return None
    if corpus.fingerprint() != side.corpus.get("fingerprint"):
        raise GoldError(
            f"the corpus {path} has changed since the run, or another version of labelkit took its fingerprint",
            hint="give gold as a file with ids",
        )
    return corpus


def _columns(corpus: Corpus, column: str) -> tuple[NDArray[Any], NDArray[Any]]:
    """The ids and one column of a corpus."""
    ids, values = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    try:
        for batch in corpus.batches([column], BATCH_ROWS):
            places = np.arange(batch.start, batch.start + len(batch))
            ids.append(places if batch.ids is None else _array(batch.ids))
            values.append(_array(batch.table.column(0)))
    except LabelkitError as error:
        raise GoldError(f"gold cannot be read: {error.message}", hint=error.hint) from None
    return np.concatenate(ids[1:] or ids), np.concatenate(values[1:] or values)


def _array(values: pa.Array) -> NDArray[Any]:
    """Whole numbers as such, anything else as objects."""
    whole = pa.types.is_integer(values.type) and not values.null_count
    return np.asarray(values.to_numpy()) if whole else _objects(values.to_pylist())


def _objects(values: list[Any]) -> NDArray[Any]:
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array

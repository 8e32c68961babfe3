"""Open tables of gold, also those with a title above the header."""

from __future__ import annotations

from collections.abc import Collection
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from labelkit.corpus.gold_columns import LABEL_COLUMNS
from labelkit.corpus.missing_columns import columns_listed
from labelkit.corpus.open_corpus import open_corpus
from labelkit.corpus.open_files import by_suffix
from labelkit.exceptions import GoldError

if TYPE_CHECKING:
    from labelkit.corpus.corpus import Corpus


def open_gold_table(path: Path, encoding: str | None, id_columns: Collection[str | None], label: str | None) -> Corpus:
    """Open a table of gold; rows above its header are skipped where a row below has the names that gold has.

    Parameters
    ----------
    path : Path
    encoding : str, optional
    id_columns : collection of str
        Names that the column of the ids may have.
    label : str, optional
        The column of the labels, if the user names one.
    """
    opened = open_corpus(path, encoding=encoding)
    if label is None:
        _refuse_mapping(opened, path, id_columns)
    labels = LABEL_COLUMNS if label is None else (label,)
    if any(name in opened.column_names for name in (*labels, *id_columns)):
        return opened
    below = opened.header_below(labels)
    return opened if below is None else open_corpus(path, encoding=encoding, skip_rows=below[0])


def _refuse_mapping(opened: Corpus, path: Path, id_columns: Collection[str | None]) -> None:
    """Refuse one object of JSON whose keys are ids, which would be read as one row with a column for each example."""
    kind = by_suffix(path.name)
    names = opened.column_names
    if kind is None or kind.name not in {"json", "jsonl"} or {*LABEL_COLUMNS, *id_columns} & set(names):
        return
    if sum(len(batch) for batch in islice(opened.batches(names[:1], 2), 2)) == 1:
        raise GoldError(
            f"{path} holds one object, with the keys {columns_listed(names)}: a file of gold has a row for each label",
            hint=f"of labels by id, give the dict itself: gold=json.load(open({str(path)!r})); or write rows, "
            '{"id": ..., "label": ...}',
            code="LK327",
        )

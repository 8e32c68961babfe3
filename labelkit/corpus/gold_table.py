"""Open tables of gold, also those with a title above the header."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from labelkit.corpus.gold_columns import LABEL_COLUMNS
from labelkit.corpus.open_corpus import open_corpus

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
    labels = LABEL_COLUMNS if label is None else (label,)
    if any(name in opened.column_names for name in (*labels, *id_columns)):
        return opened
    below = opened.header_below(labels)
    return opened if below is None else open_corpus(path, encoding=encoding, skip_rows=below[0])

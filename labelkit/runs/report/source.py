"""The corpus of a run, found again for the texts of the examples; a report without it still has ids and votes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from labelkit._shared.unreadable import why_not_opened
from labelkit.corpus import Corpus
from labelkit.corpus.gold import GoldSource
from labelkit.corpus.gold_ids import column_values
from labelkit.corpus.rows_at import ReadRows, read_rows
from labelkit.exceptions import CorpusError, RunFolderError
from labelkit.runs.run_corpus import (
    gold_column,
    holds_rows_of,
    is_there,
    opened_again,
    place_name,
    place_of,
    read_by_rules,
    where_no_file_is,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class SourceRows:
    """The source of the texts of examples.

    Parameters
    ----------
    corpus : Corpus or None
        None where it is not at hand.
    columns : tuple of str
        Those that the rules read.
    gold_source : GoldSource or None
        A column.
    note : str
        What a reader of the report has to know of it; mostly nothing.
    sure : bool
        Whether the content is known to be that of the run; else ids have to show it.
    has_changed : bool
        Whether a corpus is where the run read it, of other content.
    """

    corpus: Corpus | None
    columns: tuple[str, ...] = ()
    gold_source: GoldSource | None = None
    note: str = ""
    sure: bool = False
    has_changed: bool = False

    @classmethod
    def of(cls, manifest: Mapping[str, Any], given: Any) -> SourceRows:
        """Find the corpus of a run.

        Parameters
        ----------
        manifest : mapping
            The run's.
        given : object or None
            A corpus from the user, as :func:`labelkit.open_corpus` takes it; else the manifest's is looked for.

        Raises
        ------
        CorpusError
            If the given one cannot be read, or lacks the column of the ids.
        RunFolderError
            If it has another number of rows than the run.
        """
        described = manifest["corpus"]
        if given is not None:
            corpus = opened_again(given, described)
            sure = holds_rows_of(corpus, manifest)
            if not sure and described["id"] is None and corpus.n_rows not in {None, manifest["examples"]}:
                raise _other_corpus()
            note = _unsure(sure=sure, by_id=described["id"] is not None)
            return cls(corpus, *_columns(corpus, manifest), note, sure)
        place = place_of(described)
        if place is None:
            where = where_no_file_is(described)
            return cls(
                None, note=f"The run read its corpus from {where}, so the examples are shown without their texts."
            )
        name = place_name(place)
        if not is_there(place):
            return cls(None, note=f"The corpus {name} is not there any more, so the examples have no texts.")
        try:
            corpus = opened_again(place, described)
            same = holds_rows_of(corpus, manifest)
        except (CorpusError, OSError) as error:
            reason = error.message if isinstance(error, CorpusError) else why_not_opened(error)
            return cls(None, note=f"The corpus {name} cannot be read, so the examples have no texts: {reason}")
        if not same:
            note = f"The corpus {name} has changed since the run, so the examples have no texts."
            return cls(None, note=note, has_changed=True)
        return cls(corpus, *_columns(corpus, manifest), sure=True)

    def gold(self, class_names: Sequence[str], rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the gold labels at some rows, ascending; -1 where unknown, and where gold is not a column."""
        unknown = np.full(len(rows), -1, dtype=np.int64)
        if self.corpus is None or self.gold_source is None:
            return unknown
        rows_read = self._read(self.corpus, self._gold_columns, rows)
        if rows_read is None:
            return unknown
        return self.gold_source.classes(column_values(rows_read.table.column(0)), class_names)

    @property
    def _gold_columns(self) -> list[str]:
        return [] if self.gold_source is None or self.gold_source.column is None else [self.gold_source.column]

    def values(self, rows: NDArray[np.int64], ids: Sequence[Any]) -> dict[int, tuple[Any, ...]]:
        """Return the values of the columns at some rows, ascending.

        Raises
        ------
        RunFolderError
            If these rows have other ids: the corpus is another one.
        CorpusError
            If it cannot be read, as an iterator cannot be a second time.
        """
        if self.corpus is None:
            return {}
        rows_read = self._read(self.corpus, self.columns, rows)
        if rows_read is None:
            return {}
        if rows_read.ids is not None and rows_read.ids.to_pylist() != list(ids):
            raise self._mismatch()
        values = zip(*(column.to_pylist() for column in rows_read.table.columns), strict=True)
        return dict(zip(rows.tolist(), values if self.columns else ((),) * len(rows), strict=True))

    def _read(self, corpus: Corpus, columns: Sequence[str], rows: NDArray[np.int64]) -> ReadRows | None:
        """Read some rows of the run; None if no row is wanted."""
        if not len(rows):
            return None
        # A row is left out that is bad in any column that is read: those of the run decide which were.
        also = [] if corpus.splittable else [*self.columns, *self._gold_columns]
        rows_read = read_rows(corpus, rows, columns, also=also)
        if rows_read.n_found < len(rows):
            raise self._mismatch()
        return rows_read

    def _mismatch(self) -> Exception:
        """Return the error for rows that are not those of the run: another corpus, or the same read in another way."""
        return CorpusError("its rows cannot be told apart by position") if self.sure else _other_corpus()


def _columns(corpus: Corpus, manifest: Mapping[str, Any]) -> tuple[tuple[str, ...], GoldSource | None]:
    """The columns that the rules read, and the gold."""
    columns = tuple(name for name in dict.fromkeys(read_by_rules(manifest)) if corpus.has_column(name))
    return columns, gold_column(manifest, manifest["gold"]) if manifest["gold"] and corpus.has_column(
        manifest["gold"]
    ) else None


def _unsure(*, sure: bool, by_id: bool) -> str:
    if sure:
        return ""
    how = "the ids of its examples are those of the run" if by_id else "it has as many rows as the run's"
    return f"The texts come from a corpus that was given for this report: {how}, but it is not known to be the same."


def _other_corpus() -> RunFolderError:
    return RunFolderError(
        "this is not the corpus of the run: its rows are others",
        hint="give the corpus that was run over, or none",
        code="LK216",
    )

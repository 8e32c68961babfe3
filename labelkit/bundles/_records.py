"""Read corpora and single records for a bundle, by the names that its rules read or those that the run's corpus had."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeGuard, Unpack

import numpy as np

from labelkit._shared.missing import is_missing
from labelkit.apply.applier import Applier
from labelkit.apply.engines.spark import is_for_spark
from labelkit.corpus import Corpus
from labelkit.corpus.open_corpus import open_with_names
from labelkit.corpus.reading import ReadOptions
from labelkit.corpus.sources.renamed import with_field
from labelkit.corpus.usual_names import UsualNames
from labelkit.exceptions import BundleError, CorpusError

if TYPE_CHECKING:
    import pandas as pd

    from labelkit.apply.plan import Plan


class BundleApplier(Applier):
    """Apply the rules of a bundle; a corpus has the names of the run's, unless ``rename`` is given.

    Parameters
    ----------
    plan : Plan
    usual : UsualNames
    """

    def __init__(self, plan: Plan, usual: UsualNames) -> None:
        super().__init__(plan.lfs)
        self.plan = plan
        self._usual = usual

    def open(
        self,
        corpus: Any,
        *,
        id: str | None = None,  # noqa: A002 - the word that users write
        on_bad_row: Literal["raise", "reject"] = "raise",
        engine: str | None = None,
        **reading: Unpack[ReadOptions],
    ) -> Corpus:
        """Open a corpus under the names that the rules read."""
        by_name = reading.get("rename") is None and not isinstance(corpus, Corpus)
        try:
            if by_name and not is_for_spark(corpus, engine):
                types = self.plan.types
                corpus = open_with_names(
                    corpus, usual=self._usual, id=id, types=types, on_bad_row=on_bad_row, **reading
                )
                return super().open(corpus, id=id, on_bad_row=on_bad_row, engine=engine)
            return super().open(corpus, id=id, on_bad_row=on_bad_row, engine=engine, **reading)
        except CorpusError as error:
            concerned = {new: old for new, old in self._usual.rename.items() if repr(new) in error.message}
            if not by_name or error.code != "LK202" or not concerned:
                raise
            read = f"the run read {self._usual.described(concerned)}"
            hint = read if error.hint is None else f"{read}; {error.hint}"
            raise CorpusError(error.message, hint=hint, code=error.code) from None


def as_record(
    record: Mapping[str, Any] | pd.Series[Any] | str,
    columns: tuple[str, ...],
    usual: UsualNames,
    place: int | None = None,
) -> Mapping[str, Any]:
    """Return a record as a mapping with all columns that rules read."""
    row = {"text": record} if isinstance(record, str) else _of_series(record) if is_series(record) else record
    where = "the record" if place is None else f"record {place}"
    if not isinstance(row, Mapping):
        raise BundleError(
            f"{where} is {type(row).__name__}, not a mapping from columns to values",
            hint='predict({"text": "..."}); several records are given to predict_proba or label',
        )
    if usual.rename and not isinstance(record, str):
        row = usual.renamed(row)
    for name in columns:
        if name not in row and "." in name:
            row = with_field(row, name)
        if name not in row:
            there = ", ".join(map(repr, list(row)[:10])) or "nothing"
            old = usual.rename.get(name)
            either = repr(name) if old is None else f"{name!r}, or {old!r} as the run's corpus,"
            raise BundleError(
                f"{where} has no column {name!r}, which rules read; it has {there}",
                hint=f"give {either}: None where it is not known".replace(",:", ":"),
                code="LK202",
            )
    return row


def is_series(record: Any) -> TypeGuard[pd.Series[Any]]:
    """Return True for a series of pandas, which need not be imported."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(record, pandas.Series)


def is_frame_row(records: Any, columns: tuple[str, ...], usual: UsualNames) -> bool:
    """Return True for a row of a frame: a series whose index names the columns that rules read."""
    if not is_series(records) or not columns:
        return False
    there = set(map(str, records.index))
    return all(name in there or usual.rename.get(name) in there for name in columns)


def _of_series(row: pd.Series[Any]) -> dict[str, Any]:
    """Return a row of a frame as a record: values of Python, None for what is missing."""
    return {str(name): None if is_missing(value) else _plain(value) for name, value in row.items()}


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value

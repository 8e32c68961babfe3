"""Read corpora and single records for a bundle, by the names that its rules read or those that the run's corpus had."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, is_dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Literal, Self, Unpack

import numpy as np

from labelkit._shared.foreign import is_series
from labelkit._shared.missing import is_missing
from labelkit.apply.applier import Applier
from labelkit.apply.engines.spark import is_for_spark
from labelkit.bundles._kinds_of_run import KindsOfRun, types_of_run
from labelkit.corpus import Corpus
from labelkit.corpus.open_corpus import open_with_names
from labelkit.corpus.reading import ReadOptions
from labelkit.corpus.sources.renamed import with_field
from labelkit.corpus.usual_names import UsualNames
from labelkit.exceptions import BundleError, CorpusError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from labelkit.apply.plan import Plan


FLOATS: Final = frozenset(("halffloat", "float", "double"))
"""Types of Arrow, as manifests name them."""

SCALARS: Final = (str, bytes, int, float, np.generic, date, Decimal)
"""Types whose values are those of a record, and no columns."""

LARGEST: Final = 2**1000
"""Whole numbers from here on are no floats."""

AS_MAPPING: Final = ("model_dump", "_asdict", "dict")
"""Methods of records by which libraries make a mapping of them."""


class BundleApplier(Applier):
    """Apply the rules of a bundle; a corpus has the names of the run's, unless ``rename`` is given.

    Parameters
    ----------
    plan : Plan
    read : ReadColumns
    """

    def __init__(self, plan: Plan, read: ReadColumns) -> None:
        super().__init__(plan.lfs)
        self.plan = plan
        self._read = read

    def open(
        self,
        corpus: Any,
        *,
        id: str | None = None,  # noqa: A002 - the word that users write
        on_bad_row: Literal["raise", "reject"] = "raise",
        engine: str | None = None,
        **reading: Unpack[ReadOptions],
    ) -> Corpus:
        """Open a corpus under the names that the rules read, with floats where the run had some."""
        opened = self._opened(corpus, id=id, on_bad_row=on_bad_row, engine=engine, reading=reading)
        self._read.kinds.look_at_corpus(opened)
        return opened

    def _opened(
        self,
        corpus: Any,
        *,
        id: str | None,  # noqa: A002 - as above
        on_bad_row: Literal["raise", "reject"],
        engine: str | None,
        reading: ReadOptions,
    ) -> Corpus:
        if isinstance(corpus, list | tuple) and not corpus:  # which names no columns, as that of an empty request
            corpus = {name: [] for name in (*self.plan.columns, *([id] if id is not None else ()))}
        usual = self._read.usual if reading.get("rename") is None and not isinstance(corpus, Corpus) else None
        try:
            if isinstance(corpus, Corpus) or is_for_spark(corpus, engine):
                return super().open(corpus, id=id, on_bad_row=on_bad_row, engine=engine, **reading)
            opened = open_with_names(
                corpus,
                usual=usual,
                floats=self._read.floats,
                id=id,
                types=self._read.types,
                on_bad_row=on_bad_row,
                **reading,
            )
            return super().open(opened, id=id, on_bad_row=on_bad_row, engine=engine)
        except CorpusError as error:
            if usual is None or error.code != "LK202":
                raise
            concerned = {new: old for new, old in usual.rename.items() if repr(new) in error.message}
            if not concerned:
                raise
            read = f"the run read {usual.described(concerned)}"
            hint = read if error.hint is None else f"{read}; {error.hint}"
            raise CorpusError(error.message, hint=hint, code=error.code) from None


@dataclass(frozen=True)
class ReadColumns:
    """What the rules of a bundle read.

    Attributes
    ----------
    names : tuple of str
    usual : UsualNames
        The names under which the run's corpus had them.
    kinds : KindsOfRun
        The kinds of their values there.
    types : mapping of str to type
        The types in which those are read that have an annotation: as in the run.
    floats : frozenset of str
        Those that were floats there, of which a service may write some as whole numbers: 1 for 1.0.
    """

    names: tuple[str, ...]
    usual: UsualNames
    kinds: KindsOfRun
    types: Mapping[str, type | pa.DataType]
    floats: frozenset[str] = frozenset()

    @classmethod
    def of(cls, plan: Plan, described: Mapping[str, Any]) -> Self:
        """Return what a plan reads of a corpus like the one that is described in the manifest of a bundle."""
        read, rename = list(described.get("columns") or ()), dict(described.get("rename") or {})
        kinds = dict(described.get("column_types") or {})
        types = types_of_run(plan.types, kinds)
        floats = {name for name, kind in kinds.items() if kind in FLOATS and name not in types}
        usual = UsualNames(rename, frozenset([*read, *plan.columns]))
        of_rules = {name: kind for name, kind in kinds.items() if name in plan.columns}
        return cls(plan.columns, usual, KindsOfRun(of_rules, declared=types), types, frozenset(floats))

    def as_record(
        self, record: Mapping[str, Any] | pd.Series[Any] | str, place: int | None = None
    ) -> Mapping[str, Any]:
        """Return a record as a mapping with all columns that rules read.

        Raises
        ------
        BundleError
            If it is no record, or lacks a column.
        """
        row = {"text": record} if isinstance(record, str) else _of_series(record) if is_series(record) else record
        where = "the record" if place is None else f"record {place}"
        if not isinstance(row, Mapping):
            kind = type(row).__name__
            raise BundleError(f"{where} is {kind}, not a mapping from columns to values", hint=_mapping_of(row))
        if self.usual.rename and not isinstance(record, str):
            row = self.usual.renamed(row)
        for name in self.names:
            if name not in row and "." in name:
                row = with_field(row, name)
            if name not in row:
                there = ", ".join(map(repr, list(row)[:10])) or "nothing"
                old = self.usual.rename.get(name)
                either = repr(name) if old is None else f"{name!r}, or {old!r} as the run's corpus,"
                raise BundleError(
                    f"{where} has no column {name!r}, which rules read; it has {there}",
                    hint=f"give {either}: None where it is not known".replace(",:", ":"),
                    code="LK202",
                )
        self.kinds.look_at_record(row)
        whole = {name: row[name] for name in self.floats if name in row and _is_whole(row[name])}
        return {**row, **{name: float(value) for name, value in whole.items()}} if whole else row

    def is_one(self, records: Any) -> bool:
        """Return True for one record: a row of a frame, or a dict in which what rules read are no columns of values.

        A row of a frame is a series whose index names the columns that rules read.
        """
        if isinstance(records, Mapping):
            given = [records[name] for name in self.names if name in records]
            return any(value is None or isinstance(value, SCALARS) for value in given)
        if not is_series(records) or not self.names:
            return False
        there = set(map(str, records.index))
        return all(_may_have(there, name, self.usual.rename.get(name)) for name in self.names)


def _may_have(there: set[str], *names: str | None) -> bool:
    """Return True if a record has a column of one of the names, or one that may be a struct with it."""
    parts = [name.split(".") for name in names if name is not None]
    return any(".".join(some[:stop]) in there for some in parts for stop in range(1, len(some) + 1))


def _is_whole(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool) and abs(int(value)) < LARGEST


def _mapping_of(record: Any) -> str:
    """Say how a mapping is made of what is none."""
    if is_dataclass(record):
        return "predict(dataclasses.asdict(record))"
    method = next((name for name in AS_MAPPING if callable(getattr(record, name, None))), None)
    if method is not None:
        return f"predict(record.{method}())"
    return 'predict({"text": "..."}); several records are given to predict_proba or label'


def _of_series(row: pd.Series[Any]) -> dict[str, Any]:
    """Return a row of a frame as a record: values of Python, None for what is missing."""
    names = row.index.map(str)
    if not names.is_unique:
        twice = names[names.duplicated()][0]
        raise BundleError(f"the record has a column {twice!r} twice", hint="name the columns of the frame apart")
    return {str(name): None if is_missing(value) else _plain(value) for name, value in row.items()}


def _plain(value: Any) -> Any:
    """Return a scalar of NumPy as a value of Python; a time as one of pandas, since NumPy makes numbers of some."""
    if isinstance(value, np.datetime64 | np.timedelta64):
        import pandas as pd  # noqa: PLC0415 - is there: the row is its own

        return pd.Timestamp(value) if isinstance(value, np.datetime64) else pd.Timedelta(value)
    return value.item() if isinstance(value, np.generic) else value

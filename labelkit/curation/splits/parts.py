"""A split: which examples are in which part, what was asked for, and what was reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from labelkit._shared.near_names import did_you_mean, near_name
from labelkit._shared.numbers import count, percent, plural
from labelkit._shared.protected_values import protects_values
from labelkit._shared.tables import ResultPage, ResultTable, ShownResult
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.curation.splits.columns import ids_at
from labelkit.curation.step import CurationStep
from labelkit.exceptions import AnalysisError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from labelkit.curation.splits.check import SplitCheck

SHOWN_CLASSES: Final = 20


@checks_keywords
@protects_values
@dataclass(frozen=True, eq=False, repr=False)
class Split(ShownResult):
    """Examples divided into parts; made by :func:`labelkit.split`.

    Attributes
    ----------
    names : tuple of str
        The parts.
    parts : ndarray of int8, shape (n_rows,)
        The part of each row of the corpus, in its order; -1 for a row that is in none.
    wanted : tuple of int
        Rows that were asked for, of each part.
    step : CurationStep
        What was done.
    class_counts : dict of str to dict of str to int
        Rows of each class in each part, where the split was stratified.
    """

    names: tuple[str, ...]
    parts: NDArray[np.int8]
    wanted: tuple[int, ...]
    step: CurationStep
    class_counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    _ids: pa.ChunkedArray | NDArray[Any] | None = None

    def __len__(self) -> int:
        return len(self.parts)

    def __getitem__(self, name: str) -> pd.Index[Any]:
        """Return the ids of a part, in the order of the corpus.

        As an index of pandas, they choose by id: for ``frame.loc`` of a frame with these as its index, for
        ``matrix[...]`` and ``labels[...]``. :meth:`positions` are those of the rows.
        """
        import pandas as pd  # noqa: PLC0415 - only for who asks

        ids: pd.Index[Any] = pd.Index(ids_at(self._ids, len(self), self.parts == self._number(name)), name="id")
        return ids

    def positions(self, name: str) -> NDArray[np.int64]:
        """Return the positions of a part, for ``frame.iloc[...]`` and arrays; a matrix and labels take them, too."""
        return np.flatnonzero(self.parts == self._number(name))

    def _number(self, name: str) -> int:
        if name not in self.names:
            close = near_name(name, self.names)
            raise AnalysisError(
                f"there is no part {name!r} (parts: {', '.join(self.names)})",
                hint=did_you_mean(name, close) if close else None,
            )
        return self.names.index(name)

    @property
    def counts(self) -> dict[str, int]:
        """Rows of each part."""
        n_of = np.bincount(self.parts[self.parts >= 0], minlength=len(self.names))
        return dict(zip(self.names, n_of.tolist(), strict=True))

    @property
    def left_out(self) -> NDArray[Any]:
        """The ids of the rows that are in no part."""
        return ids_at(self._ids, len(self), self.parts < 0)

    @property
    def assignment(self) -> pd.Series[str]:
        """The part of each example by its id; missing for those that are in none."""
        import pandas as pd  # noqa: PLC0415 - only for who asks

        values = pd.Categorical.from_codes(self.parts, categories=pd.Index(self.names))
        index = pd.Index(ids_at(self._ids, len(self), slice(None)), name="id")
        return pd.Series(values, index=index, name="split")

    def rows(self) -> pa.Table:
        """Return ``id`` and ``split`` of the rows that are in a part."""
        there = np.flatnonzero(self.parts >= 0)
        ids = (
            ids_at(self._ids, len(self), there) if not isinstance(self._ids, pa.ChunkedArray) else self._ids.take(there)
        )
        parts = pa.DictionaryArray.from_arrays(pa.array(self.parts[there]), pa.array(self.names))
        return pa.table({"id": ids, "split": parts})

    def check(self, corpus: Any, **options: Any) -> SplitCheck:
        """Look for leaks between the parts; options as of :func:`labelkit.check_split`."""
        from labelkit.curation.splits.check import check_split  # noqa: PLC0415 - it shows a split itself

        return check_split(corpus, self, **options)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "parts": self.counts,
            "wanted": dict(zip(self.names, self.wanted, strict=True)),
            "left_out": int((self.parts < 0).sum()),
            "classes": {part: dict(of) for part, of in self.class_counts.items()},
            "step": self.step.to_dict(),
        }

    def _page(self) -> ResultPage:
        counts = self.counts
        rows = [
            [name, count(counts[name]), percent(counts[name] / max(len(self), 1)), count(wanted)]
            for name, wanted in zip(self.names, self.wanted, strict=True)
        ]
        tables = [ResultTable(rows, ["part", "rows", "share", "wanted"], align="<>")]
        if self.class_counts:
            tables.append(self._class_table(counts))
        lines = [f"{plural(len(self), 'example')} in {plural(len(self.names), 'part')}"]
        if self._has_ids_of_other_rows():
            lines.append(
                f"ids are numbers of other rows, too: split[{self.names[0]!r}] gives ids, for frame.loc, a matrix and "
                f"labels; frame.iloc and arrays take split.positions({self.names[0]!r})"
            )
        return ResultPage(lines, tables, list(self.step.notes))

    def _has_ids_of_other_rows(self) -> bool:
        """Return True if an id is a whole number that is the position of another row."""
        ids = ids_at(self._ids, len(self), slice(None))
        return ids.dtype.kind in "iu" and bool(((ids < len(ids)) & (ids >= 0) & (ids != np.arange(len(ids)))).any())

    def _class_table(self, counts: Mapping[str, int]) -> ResultTable:
        classes = list(next(iter(self.class_counts.values())))
        cells = [
            [label, *(percent(self.class_counts[part][label] / max(counts[part], 1)) for part in self.names)]
            for label in classes[:SHOWN_CLASSES]
        ]
        more = f"and {len(classes) - SHOWN_CLASSES} more classes" if len(classes) > SHOWN_CLASSES else ""
        return ResultTable(cells, ["class", *self.names], align="<>", title="Shares of classes", more=more)

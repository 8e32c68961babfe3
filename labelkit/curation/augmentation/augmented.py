"""The result of an augmentation: the rows, where each came from, and what became of each transformation's examples."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from labelkit._shared.files import replaced
from labelkit._shared.numbers import count, plural
from labelkit._shared.plain_values import plain_value
from labelkit._shared.protected_values import protects_values
from labelkit._shared.tables import FIRST_ROWS, ResultPage, ResultTable, ShownResult
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.curation.augmentation.making import COUNTS
from labelkit.exceptions import AnalysisError
from labelkit.votes.alignment import object_array

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from labelkit.curation.step import CurationStep
    from labelkit.votes.outcomes import Fault
    from labelkit.votes.probabilistic_labels import ProbabilisticLabels

FEW_FAULTS: Final = 5

HEADS: Final = ("tried", "unchanged", "faults", "emptied", "duplicates", "votes changed", "made")


@checks_keywords
@protects_values
@dataclass(frozen=True, eq=False, repr=False)
class Augmented(ShownResult):
    """Originals and the examples made of them; made by :func:`labelkit.augment`.

    Attributes
    ----------
    step : CurationStep
        What was done, for the manifest of a data set.
    counts : pandas.DataFrame
        A row for each transformation: how often it was ``tried``, left an example ``unchanged`` or failed (``faults``);
        of the examples that it took part in, those that were ``emptied`` of a text, ``duplicates`` of an original or of
        another made example, those of which votes changed (dropped or flagged, as asked for), and those ``made``.
    faults : tuple of Fault
        The first 1,000 failures of transformations.
    rule_changes : dict of str to int
        How many examples had another vote of each rule than their originals.
    n_made, n_originals : int
        Examples that were made, and originals that were or may be trained on.
    path : Path or None
        The Parquet file that holds the rows, if one was asked for.
    """

    step: CurationStep
    counts: pd.DataFrame
    faults: tuple[Fault, ...]
    rule_changes: dict[str, int]
    n_made: int
    n_originals: int
    path: Path | None = None
    _table: pa.Table | None = field(default=None)
    _source: ProbabilisticLabels | None = field(default=None)
    _places: NDArray[np.int64] | None = field(default=None)

    def __len__(self) -> int:
        return self.n_made

    def rows(self) -> pa.Table:
        """Return the rows: originals, unless the policy leaves them out, each followed by what was made of it.

        Returns
        -------
        pyarrow.Table
            ``id`` (text), the columns of the corpus, ``made_from`` (the id of the original; null in originals),
            ``made_by`` (the transformations, in their order), and, with labels, ``label`` and ``proba``; with
            ``check="flag"``, ``votes_changed`` (the rules that vote otherwise).
        """
        return pq.read_table(self.path) if self._table is None else self._table

    @property
    def made(self) -> pa.Table:
        """The examples that were made, without originals."""
        rows = self.rows()
        return rows.filter(rows.column("made_from").is_valid())

    @cached_property
    def labels(self) -> ProbabilisticLabels:
        """The labels of all rows: each made example has those of its original.

        Raises
        ------
        AnalysisError
            If no labels were given.
        """
        if self._source is None or self._places is None:
            raise AnalysisError("the originals have no labels", hint="lk.augment(corpus, tfs, labels=labels)")
        table = pq.read_table(self.path, columns=["id"]) if self._table is None else self._table
        ids = object_array(table.column("id").to_pylist())
        return replace(self._source, index=self._source.index[self._places], ids=ids, frame_index=None)

    def to_parquet(self, path: str | Path) -> Path:
        """Write the rows to a Parquet file; ``out=`` of :func:`labelkit.augment` does so as they are made."""
        place = Path(path)
        with replaced(place) as draft:
            if self._table is None:
                assert self.path is not None
                draft.write_bytes(self.path.read_bytes())
            else:
                pq.write_table(self._table, draft)
        return place

    def to_pandas(self) -> pd.DataFrame:
        """Return the rows as a frame whose index are the ids."""
        frame: pd.DataFrame = self.rows().to_pandas()
        return frame.set_index("id")

    def to_dict(self) -> dict[str, Any]:
        """Return plain values: the step, and counts for each transformation and rule."""
        return dict(
            plain_value(
                {
                    "step": self.step.to_dict(),
                    "made": self.n_made,
                    "originals": self.n_originals,
                    "transformations": {str(name): row for name, row in self.counts.to_dict("index").items()},
                    "rules": self.rule_changes,
                    "faults": [fault_line(fault) for fault in self.faults],
                }
            )
        )

    def _page(self) -> ResultPage:
        lead = f"{plural(self.n_made, 'example')} made of {plural(self.n_originals, 'original')}"
        rows = [
            [str(name), *(count(row[what]) for what in COUNTS)] for name, row in self.counts.to_dict("index").items()
        ]
        rules = sorted(self.rule_changes.items(), key=lambda pair: -pair[1])
        changed = [[name, count(n)] for name, n in rules if n][:FIRST_ROWS]
        tables = [
            ResultTable(rows, ["transformation", *HEADS], align="<>"),
            ResultTable(changed, ["rule", "examples"], align="<>", title="Votes that changed"),
        ]
        return ResultPage([lead], tables, [*self.step.notes, *map(fault_line, self.faults[:FEW_FAULTS])])


def fault_line(fault: Fault) -> str:
    """Describe a failure of a transformation."""
    return f"transformation {fault.lf!r} failed on the example of id {fault.id!r}: {fault.error}: {fault.message}"

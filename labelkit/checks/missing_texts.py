"""Note the rows whose text is missing, where a rule is not called that looks for empty texts.

An empty cell of CSV is null, and so is a missing key of JSON. Who writes ``if not text`` means these rows, too. A rule
looks for empty texts if it votes on one and on no text of one letter or digit: rules for short texts do so as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from labelkit._shared.numbers import plural
from labelkit.apply.applier import Applier
from labelkit.checks.lint import Problem
from labelkit.rules.labeling_function import Calls, LabelingFunction
from labelkit.rules.labeling_functions import LabelingFunctions
from labelkit.votes.label_matrix import LabelMatrix

TRIED: Final = 20
"""Rows without a text on which rules are tried with an empty one."""

SHORT_TEXTS: Final = ("a", "7")
"""Texts on which a rule for empty texts does not vote."""


def of_missing_texts(lfs: LabelingFunctions, matrix: LabelMatrix, rows: pa.RecordBatch) -> Iterator[Problem]:
    """Report each column of texts some of which are missing, with the rules that look for empty ones.

    Parameters
    ----------
    lfs : LabelingFunctions
    matrix : LabelMatrix
        Their votes on the rows.
    rows : pyarrow.RecordBatch
        The columns that they read.

    Yields
    ------
    Problem
    """
    for name in rows.schema.names:
        column = rows.column(name)
        if not column.null_count or not pa.types.is_string(column.type):
            continue
        missing = np.flatnonzero(pc.is_null(column).to_numpy(zero_copy_only=False))
        silent = [
            lf.name
            for place, lf in enumerate(lfs)
            if _skips_null(lfs, lf, name) and (matrix.votes[missing, place] < 0).all()
        ]
        tried = rows.take(pa.array(missing[:TRIED]))
        voting = _voting(lfs[silent], tried, name, "") if silent else []
        for text in SHORT_TEXTS:
            also = _voting(lfs[voting], tried, name, text) if voting else []
            voting = [rule for rule in voting if rule not in also]
        if voting:
            named = f"{', '.join(voting[:3])}{f' and {len(voting) - 3} more' if len(voting) > 3 else ''}"
            one = len(voting) == 1
            yield Problem(
                "note",
                "",
                f"{name!r} is missing in {len(missing):,} of the {plural(len(rows), 'row')} that were tried (an empty "
                f"cell of CSV is missing, too): {named} {'looks' if one else 'look'} for empty texts, but "
                f"{'is' if one else 'are'} not called where there is none",
                f"a Python rule that takes None votes there, too: `{name}: str | None` with `if not {name}`",
                code="LK917",
            )


def _skips_null(lfs: LabelingFunctions, lf: LabelingFunction[...], column: str) -> bool:
    """Return True for a rule that reads a column, is called with one example, and not where the column is null."""
    if isinstance(lf.body, Calls) and lf.body.batch:
        return False
    takes_null = any(parameter.name == column and parameter.optional for parameter in lf.parameters)
    return not takes_null and column in Applier(lfs[[lf.name]]).plan.columns


def _voting(lfs: LabelingFunctions, rows: pa.RecordBatch, column: str, text: str) -> list[str]:
    """Return the rules that vote if all rows have that text."""
    place = rows.schema.get_field_index(column)
    filled = rows.set_column(place, rows.schema.field(place), pa.array([text] * len(rows), rows.schema.types[place]))
    matrix = Applier(lfs).apply(pa.table(filled), on_fault="record", progress=False)
    return [name for place, name in enumerate(lfs.names) if (matrix.votes[:, place] >= 0).any()]

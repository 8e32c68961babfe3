"""Note the rows where a value is missing, and a rule that looks for missing values or empty texts is not called.

An empty cell of CSV is null, and so is a missing key of JSON. Who writes ``if not text`` or ``if likes is None`` means
these rows. A rule looks for empty texts if it votes on one and on no text of one letter or digit: rules for short texts
do so as well. It looks for missing values if it votes on one, called with it, and on no row that has a value.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from labelkit._shared.arrow_arrays import arrow_array, numpy_array, text_array
from labelkit._shared.numbers import plural
from labelkit._shared.written_lists import names_and_more
from labelkit.apply.applier import Applier
from labelkit.checks.lint import Problem
from labelkit.corpus.frame_remedies import annotation_of
from labelkit.rules.labeling_function import Calls, LabelingFunction
from labelkit.rules.labeling_functions import LabelingFunctions
from labelkit.rules.parameters import Parameter
from labelkit.votes.label_matrix import LabelMatrix

TRIED: Final = 20
"""Rows without a text on which rules are tried with an empty one."""

SHORT_TEXTS: Final = ("a", "7")
"""Texts on which a rule for empty texts does not vote."""


def of_missing_values(lfs: LabelingFunctions, matrix: LabelMatrix, rows: pa.RecordBatch) -> Iterator[Problem]:
    """Report each column some of whose values are missing, with the rules that look for that.

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
        if not column.null_count:
            continue
        is_null = numpy_array(pc.is_null(column))
        skipping = [
            place
            for place, lf in enumerate(lfs)
            if _skips_null(lfs, lf, name) and (matrix.votes[is_null, place] < 0).all()
        ]
        tried = rows.take(arrow_array(np.flatnonzero(is_null)[:TRIED]))
        silent = [lfs.names[place] for place in skipping if (matrix.votes[~is_null, place] < 0).all()]
        by_text = _looking_for_no_text(lfs[[lfs.names[place] for place in skipping]], tried, name) if skipping else []
        by_none = _looking_for_none(lfs[silent], tried, name) if silent and not is_null.all() else []
        looking = [rule for rule in lfs.names if rule in by_text or rule in by_none]
        if looking:
            yield _problem(name, column, looking, len(rows), are_texts=bool(by_text))


def _problem(name: str, column: pa.Array, looking: list[str], n_rows: int, *, are_texts: bool) -> Problem:
    named = names_and_more(looking, 3)
    one, sought = len(looking) == 1, "empty texts" if are_texts else "missing values"
    is_text = pa.types.is_string(column.type)
    kind = "str" if is_text else annotation_of(column.type) or "object"
    return Problem(
        "note",
        "",
        f"{name!r} is missing in {column.null_count:,} of the {plural(n_rows, 'row')} that were tried (an empty "
        f"cell of CSV is missing, too): {named} {'looks' if one else 'look'} for {sought}, but "
        f"{'is' if one else 'are'} not called where there is none",
        f"a Python rule that takes None votes there, too: `{name}: {kind} | None` with "
        f"`if {f'not {name}' if is_text else f'{name} is None'}`",
        code="LK917",
    )


def _skips_null(lfs: LabelingFunctions, lf: LabelingFunction[...], column: str) -> bool:
    """Return True for a rule that reads a column, is called with one example, and not where the column is null."""
    if isinstance(lf.body, Calls) and lf.body.batch:
        return False
    takes_null = any(parameter.name == column and parameter.optional for parameter in lf.parameters)
    return not takes_null and column in Applier(lfs[[lf.name]]).plan.columns


def _looking_for_no_text(lfs: LabelingFunctions, rows: pa.RecordBatch, column: str) -> list[str]:
    """Return the rules that vote on an empty text in place of a missing one, and on no short one."""
    if not pa.types.is_string(rows.column(column).type):
        return []
    voting = _voting(lfs, _filled(rows, column, ""))
    for text in SHORT_TEXTS:
        also = _voting(lfs[voting], _filled(rows, column, text)) if voting else []
        voting = [rule for rule in voting if rule not in also]
    return voting


def _looking_for_none(lfs: LabelingFunctions, rows: pa.RecordBatch, column: str) -> list[str]:
    """Return the rules of one example that vote if they are called with None."""
    called = [lf for lf in lfs if isinstance(lf.body, Calls) and column in lf.columns]
    taking = [replace(lf, parameters=tuple(_taking_null(one, column) for one in lf.parameters)) for lf in called]
    return _voting(LabelingFunctions(taking, labels=lfs.space.names), rows) if taking else []


def _taking_null(parameter: Parameter, column: str) -> Parameter:
    return replace(parameter, optional=True) if parameter.name == column else parameter


def _filled(rows: pa.RecordBatch, column: str, text: str) -> pa.RecordBatch:
    place = rows.schema.get_field_index(column)
    return rows.set_column(
        place, rows.schema.field(place), text_array([text] * len(rows)).cast(rows.schema.types[place])
    )


def _voting(lfs: LabelingFunctions, rows: pa.RecordBatch) -> list[str]:
    """Return the rules that vote on some row."""
    matrix = Applier(lfs).apply(pa.Table.from_batches([rows]), on_fault="record", progress=False)
    return [name for place, name in enumerate(lfs.names) if (matrix.votes[:, place] >= 0).any()]

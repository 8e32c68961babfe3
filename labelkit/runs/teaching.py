"""Let the gold of a run teach its label model, and say where there is too little of it.

What is then reported by gold is cross-fitted: the gold is divided into five parts, and each is judged by a model that
learned from the other four (:mod:`labelkit.label_models`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from labelkit._shared.files import replaced
from labelkit._shared.numbers import plural
from labelkit._shared.stored_files import read_parquet
from labelkit._shared.user_errors import warn
from labelkit.exceptions import GoldError, ModelError
from labelkit.runs.one_version import one_version
from labelkit.votes.vote_patterns import VotePatterns

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from labelkit.runs.run_folder import RunFolder, RunLayout

LEAST_GOLD: Final = 5
"""Gold labels of a class below which a part of the gold has none of it, or its only ones."""

MOST_CLASSES: Final = 6
"""Classes that a warning names."""


def check_teachable(model: Any, *, has_gold: bool) -> None:
    """Refuse to teach without gold, or a model that does not learn from it.

    Raises
    ------
    GoldError
        If there is no gold.
    ModelError
        If the model does not learn from gold.
    """
    if not has_gold:
        raise GoldError(
            "teach=True lets gold teach the label model, and there is no gold",
            hint="name a column or a file of trusted labels: gold= (--gold)",
            code="LK329",
        )
    if not getattr(model, "learns_from_gold", True):
        raise ModelError(
            f"{type(model).__name__} does not learn from gold, so that teach=True has nothing to teach",
            hint="LabelModel does; otherwise gold judges the rules and the labels alone",
            code="LK412",
        )


def warn_of_untaught(place: str) -> None:
    """Warn that an update fits the label model without the gold that taught that of the run."""
    warn(
        f"gold taught the label model of {place}, and this update fits it without gold. Hint: teach=True (--teach, or "
        "teach = true below [run] in labelkit.toml) lets gold teach it again",
        code="LK518",
    )


def warn_of_few(patterns: VotePatterns) -> None:
    """Warn of classes with fewer than five gold labels: what is learned and stated of them is hardly more than chance.

    Parameters
    ----------
    patterns : VotePatterns
        With the gold that teaches.
    """
    assert patterns.gold is not None
    counts = patterns.gold.sum(axis=0)
    few = np.flatnonzero(counts < LEAST_GOLD)
    if not len(few):
        return
    shown = ", ".join(f"{patterns.class_names[c]} {counts[c]}" for c in few[:MOST_CLASSES])
    more = f" and {len(few) - MOST_CLASSES} more classes" if len(few) > MOST_CLASSES else ""
    warn(
        f"of {plural(int(counts.sum()), 'gold label')} that teach the label model, fewer than {LEAST_GOLD} are of a "
        f"class: {shown}{more}. Some of the five parts of cross-fitting have none of it, so that what is reported of "
        "such a class is rough, and the model learns next to nothing of it but that it is rare. Hint: draw more gold, "
        "at random; a class that rules vote for needs no gold to be a label",
        code="LK336",
    )


def is_taught(model: Any) -> bool:
    """Return whether gold taught a fitted label model."""
    return bool(getattr(model, "learned_from_gold_", False))


def write_taught(layout: RunLayout, rows: Iterable[NDArray[np.int64]]) -> None:
    """Write down which examples taught the label model of a run, by their positions, which come in pieces."""
    write_rows(layout.taught, rows)


def write_rows(path: Path, rows: Iterable[NDArray[np.int64]]) -> None:
    """Write positions of examples, ascending, which come in pieces."""
    schema = pa.schema([pa.field("row", pa.int64(), nullable=False)])
    encoding = {"use_dictionary": False, "column_encoding": {"row": "DELTA_BINARY_PACKED"}}
    with replaced(path) as draft, pq.ParquetWriter(draft, schema, **encoding) as writer:
        for piece in rows:
            writer.write_table(pa.table([piece], schema=schema))


def taught_rows(folder: RunFolder) -> NDArray[np.int64] | None:
    """Return the positions of the examples that taught the label model of a run.

    None if that is not known: the run is of an earlier version, or its model came from elsewhere.
    """
    return _rows_in(folder, folder.layout.taught)


def judged_rows(folder: RunFolder) -> NDArray[np.int64] | None:
    """Return the positions of the examples of a run that had gold; None if that is not known, or there was no gold."""
    return _rows_in(folder, folder.layout.judged)


def _rows_in(folder: RunFolder, file: Path) -> NDArray[np.int64] | None:
    with one_version(folder):
        return read_parquet(file).column("row").to_numpy() if file.is_file() else None

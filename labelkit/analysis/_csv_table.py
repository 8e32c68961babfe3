"""A small table as a CSV file, which pandas reads and writes the same way where the file is compressed.

Without a compression, pandas is not imported: a run writes and shows its summary, and that takes as long as the import.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import numpy as np

from labelkit._shared.files import replaced

if TYPE_CHECKING:
    from numpy.typing import NDArray

_Compression: TypeAlias = Literal["gzip", "bz2", "zip", "xz", "zstd"]

_COMPRESSIONS: Final[dict[str, _Compression]] = {
    ".gz": "gzip",
    ".bz2": "bz2",
    ".zip": "zip",
    ".xz": "xz",
    ".zst": "zstd",
}
"""How a file with a suffix is compressed."""


def write_rows(path: Path, heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Write rows of plain values under their heads."""
    with replaced(path) as draft:
        if path.suffix in _COMPRESSIONS:
            import pandas as pd  # noqa: PLC0415 - slow to import

            frame = pd.DataFrame([*rows], columns=[*heads], dtype=object)
            frame.to_csv(draft, index=False, compression={"method": _COMPRESSIONS[path.suffix]})
            return
        with draft.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator=os.linesep).writerows([heads, *rows])


def read_rows(path: Path) -> list[list[str]]:
    """Read rows of texts; the first holds the heads.

    Raises
    ------
    ValueError
        If the file is not CSV.
    """
    if path.suffix in _COMPRESSIONS:
        import pandas as pd  # noqa: PLC0415 - slow to import

        frame = pd.read_csv(path, dtype=str, keep_default_na=False, compression=_COMPRESSIONS[path.suffix])
        return [list(frame.columns), *frame.to_numpy().tolist()]
    with path.open(encoding="utf-8-sig", newline="") as file:
        try:
            return [row for row in csv.reader(file, strict=True) if row]
        except csv.Error as error:
            raise ValueError(f"this is not CSV: {error}") from None


def numbers(cells: Sequence[str]) -> NDArray[Any]:
    """Read a column of numbers: whole ones, if all are; NaN where there is none."""
    try:
        return np.array(list(map(int, cells)))
    except ValueError:
        return np.array([float(cell) if cell else np.nan for cell in cells])

"""List the versions of a data set, with the step that made each."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labelkit._shared.numbers import count
from labelkit._shared.plain_values import plain_value
from labelkit._shared.tables import WIDTH, ResultPage, ResultTable, ShownResult
from labelkit.curation.data_set.rows import UNSPLIT
from labelkit.runs.versions import Version

if TYPE_CHECKING:
    from labelkit.curation.data_set.data_set import DataSet


@dataclass(frozen=True)
class DataSetVersion:
    """One version of a data set.

    Attributes
    ----------
    number : int
    made : str
        Date and time, UTC.
    operation : str
        The step that made it; ``restore`` for a return to an old version.
    n_rows, n_made : int
        Rows, and examples that transformations made.
    parts : dict of str to int
        Rows of each part of the split.
    seed : int or None
    restored : int or None
        The version that it is again.
    notes : tuple of str
    labelkit : str
        The version of labelkit that made the step.
    path : Path
        A data set folder.
    """

    number: int
    made: str
    operation: str
    n_rows: int
    n_made: int
    parts: dict[str, int]
    seed: int | None
    restored: int | None
    notes: tuple[str, ...]
    labelkit: str
    path: Path


@dataclass(frozen=True, eq=False, repr=False)
class DataSetHistory(ShownResult):
    """The versions of a data set, the oldest first; the last is the current one.

    Attributes
    ----------
    path : Path
    versions : tuple of DataSetVersion
    """

    path: Path
    versions: tuple[DataSetVersion, ...]

    def __len__(self) -> int:
        return len(self.versions)

    def __getitem__(self, position: int) -> DataSetVersion:
        return self.versions[position]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values: the folder, and its versions, the oldest first."""
        return {"folder": str(self.path), "versions": [plain_value(asdict(one)) for one in self.versions]}

    def _page(self) -> ResultPage:
        rows = [
            [
                str(one.number),
                one.made.replace("T", " ")[:16],
                f"version {one.restored} again" if one.restored else one.operation,
                count(one.n_rows),
                ", ".join(f"{name} {count(size)}" for name, size in one.parts.items()) or "-",
                count(one.n_made),
                "-" if one.seed is None else str(one.seed),
                "; ".join(one.notes) or "-",
            ]
            for one in self.versions
        ]
        heads = ["version", "made (UTC)", "step", "rows", "split", "made", "seed", "notes"]
        table = ResultTable(rows, heads, align="><<><>><", cell_width=WIDTH)
        lead = f"{self.path}: version {self.versions[-1].number} is the current one"
        return ResultPage([lead], [table])


def history_of(data_set: DataSet) -> DataSetHistory:
    """List the versions of a data set, or of the one that this is an old version of."""
    top = data_set.layout.current
    versions = []
    for number, layout in top.by_number().items():
        manifest, note = layout.read_manifest(), Version.read(layout)
        step, counts = manifest["steps"][-1], manifest["counts"]
        restored = None if note is None else note.restored
        versions.append(
            DataSetVersion(
                number=number,
                made="" if note is None else note.made,
                operation="restore" if restored else step["operation"],
                n_rows=counts["rows"],
                n_made=counts["made"],
                parts={name: size for name, size in counts["parts"].items() if name != UNSPLIT},
                seed=step["seed"],
                restored=restored,
                notes=tuple(step["notes"]),
                labelkit=step["version"],
                path=layout.folder,
            )
        )
    return DataSetHistory(top.folder, tuple(versions))

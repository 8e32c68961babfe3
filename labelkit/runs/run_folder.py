"""A run folder holds all that a run found out: votes, labels, faults, rejects, summary, model, manifest.

``votes/part-*.parquet`` and ``labels/part-*.parquet`` are in the order of the corpus. They, ``faults.parquet``,
``rejects.jsonl``, ``summary.csv``, ``model/`` (without pickle) and ``manifest.json`` are the same bytes whenever the
same run is made again; ``timings.json`` holds what is not: times and dates.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from labelkit._shared.files import replaced
from labelkit.exceptions import RunFolderError
from labelkit.votes.label_matrix import LabelMatrix
from labelkit.votes.outcomes import Fault
from labelkit.votes.probabilistic_labels import ProbabilisticLabels
from labelkit.votes.vote_patterns import VotePatterns

if TYPE_CHECKING:
    import pandas as pd

MANIFEST: Final = "manifest.json"
PATTERNS: Final = "patterns.parquet"


@dataclass(frozen=True)
class RunFolder:
    """The output of a run, read when asked for.

    Parameters
    ----------
    path : Path

    Raises
    ------
    RunFolderError
        If the folder is missing, or holds no finished run.
    """

    path: Path

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", Path(self.path))
        if not self.path.is_dir():
            raise RunFolderError(f"there is no folder {str(self.path)!r}")
        if not (self.path / MANIFEST).is_file():
            raise RunFolderError(
                f"{str(self.path)!r} is not a run folder: it has no {MANIFEST}",
                hint="labelkit run RULES CORPUS --out DIR",
            )

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """What was run: rules, corpus, model, versions and counts."""
        known: dict[str, Any] = json.loads((self.path / MANIFEST).read_text("utf-8"))
        return known

    @cached_property
    def timings(self) -> dict[str, Any]:
        """When it was run, and how long each part took, in seconds."""
        known: dict[str, Any] = json.loads((self.path / "timings.json").read_text("utf-8"))
        return known

    @cached_property
    def faults(self) -> tuple[Fault, ...]:
        """Where rules failed, in the order of the examples."""
        return tuple(Fault(**row) for row in pq.read_table(self.path / "faults.parquet").to_pylist())

    @property
    def summary(self) -> pd.DataFrame:
        """The statistics of each labeling function."""
        import pandas as pd  # noqa: PLC0415 - only for who asks

        return pd.read_csv(self.path / "summary.csv", index_col=0)

    def matrix(self) -> LabelMatrix:
        """The votes of all examples, in memory."""
        table = _read_parts(self.path / "votes")
        whole = LabelMatrix.from_arrow(table, source=str(self.path))
        return LabelMatrix(whole.votes, whole.lfs, whole.class_names, whole.ids, self.faults, whole.confidence)

    def patterns(self) -> VotePatterns:
        """The distinct rows of votes with their counts, and with those of gold where the run had any.

        A run of an earlier version did not keep them; they are made anew from its votes, without gold.
        """
        kept = self.path / PATTERNS
        return VotePatterns.load(kept) if kept.is_file() else self.matrix().patterns

    def labels(self) -> ProbabilisticLabels:
        """The labels of all examples, in memory."""
        return ProbabilisticLabels.from_arrow(_read_parts(self.path / "labels"), source=str(self.path))

    def model(self) -> Any:
        """The label model that was fitted."""
        from labelkit.label_models import load_model  # noqa: PLC0415 - reading votes needs no scikit-learn

        return load_model(self.path / "model")


def _read_parts(folder: Path) -> pa.Table:
    parts = sorted(folder.glob("part-*.parquet"))
    if not parts:
        raise RunFolderError(f"the folder {str(folder)!r} has no parts")
    return pa.concat_tables([pq.read_table(part) for part in parts])


def part_path(folder: Path, kind: str, number: int) -> Path:
    """The file of one part."""
    return folder / kind / f"part-{number:05d}.parquet"


def write_faults(path: Path, faults: Sequence[Fault], ids: pa.DataType) -> None:
    """Write the table of faults."""
    schema = pa.schema(
        [("row", pa.int64()), ("lf", pa.string()), ("id", ids), ("error", pa.string()), ("message", pa.string())]
    )
    with replaced(path) as draft:
        pq.write_table(pa.Table.from_pylist([fault.__dict__ for fault in faults], schema=schema), draft)


def write_json(path: Path, value: Any) -> None:
    """Write JSON with sorted keys, so that the same value is the same bytes."""
    with replaced(path) as draft:
        draft.write_text(json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n", "utf-8")

"""Count distinct rows of votes: a sufficient statistic that is made in parts and merged."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from labelkit._shared.arrow_arrays import arrow_array
from labelkit._shared.files import replaced
from labelkit._shared.markup import FAILED, Chip
from labelkit._shared.numbers import DASH, count, plural
from labelkit._shared.protected_values import protects_values
from labelkit._shared.stored_files import reading
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.exceptions import MatrixError
from labelkit.votes.distinct_rows import Fields, distinct, pack, unpack
from labelkit.votes.label_space import ABSTAIN, LabelSpace
from labelkit.votes.lf_info import LFInfo

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray
from labelkit._shared.tables import FIRST_ROWS, ResultPage, ResultTable
from labelkit.votes.outcomes import CODE, FAULT, coded, decoded
from labelkit.votes.packed_patterns import PackedPatterns
from labelkit.votes.storage import METADATA, as_json, read_description, read_table, table_description, whole_numbers

MOST_EXAMPLES: Final = 2.0**53
"""Examples that can be counted exactly; a file that says more is damaged."""


@checks_keywords
@protects_values
@dataclass(frozen=True, eq=False, repr=False)
class VotePatterns:
    """Distinct rows of votes and how often each occurs: a sufficient statistic that can be made in parts and merged.

    Parameters
    ----------
    outcomes : ndarray of int, shape (n_patterns, n_lfs)
        Classes, -1 for an abstain and -2 for a fault; distinct rows in lexicographic order.
    counts : ndarray of int64, shape (n_patterns,)
        How many examples show each pattern.
    lfs : tuple of LFInfo
    class_names : tuple of str
    gold : ndarray of int64, shape (n_patterns, n_classes), optional
        How many examples with each pattern are known to be of each class.
    confidence : ndarray of uint8, shape (n_patterns, n_lfs), optional
        How sure rules were, as in :class:`LabelMatrix`; part of the pattern, so that outcomes may then repeat.
    """

    outcomes: NDArray[Any]
    counts: NDArray[np.int64]
    lfs: tuple[LFInfo, ...]
    class_names: tuple[str, ...]
    gold: NDArray[np.int64] | None = field(default=None)
    confidence: NDArray[np.uint8] | None = field(default=None)

    @cached_property
    def votes(self) -> NDArray[Any]:
        """The patterns with -1 for abstains and faults alike; shape (n_patterns, n_lfs)."""
        return np.asarray(np.maximum(self.outcomes, ABSTAIN))

    @property
    def n_examples(self) -> int:
        """Number of examples that the patterns stand for."""
        return int(self.counts.sum())

    @property
    def n_lfs(self) -> int:
        """Number of labeling functions."""
        return len(self.lfs)

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return len(self.class_names)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the labeling functions."""
        return tuple(lf.name for lf in self.lfs)

    def __len__(self) -> int:
        return len(self.counts)

    def __repr__(self) -> str:
        of = f"{plural(self.n_lfs, 'labeling function')}, {plural(self.n_examples, 'example')}"
        return f"VotePatterns({plural(len(self), 'pattern')} of {of})"

    def _repr_html_(self) -> str:
        classes = {FAULT: FAILED, **dict(enumerate(self.class_names))}
        often = np.argsort(-self.counts, kind="stable")[:FIRST_ROWS]
        rows = [
            [count(n), *(Chip(classes[vote], vote) if vote in classes else DASH for vote in row)]
            for n, row in zip(self.counts[often].tolist(), self.outcomes[often].tolist(), strict=True)
        ]
        more = f"... and {len(self) - FIRST_ROWS:,} more patterns" if len(self) > FIRST_ROWS else ""
        return ResultPage([repr(self)], [ResultTable(rows, ["examples", *self.names], align="><", more=more)]).to_html()

    def save(self, path: str | Path) -> Path:
        """Write the patterns to a Parquet file, for another process or machine to merge."""
        codes = coded(self.outcomes, self.confidence, self.n_classes)
        fields = Fields.of(codes)
        self.save_packed(path, PackedPatterns(pack(codes, fields), fields, self.counts, self.gold))
        return Path(path)

    def save_packed(self, path: str | Path, keys: PackedPatterns) -> None:
        """Write the patterns as :meth:`save` does, by keys of them that are packed as tightly as their values allow."""
        import pyarrow.parquet as pq  # noqa: PLC0415 - only for who asks

        with replaced(Path(path)) as draft:
            table = _pattern_table(self, keys)
            pq.write_table(table, draft, compression="zstd", use_dictionary=["count0"])

    @classmethod
    def load(cls, path: str | Path) -> VotePatterns:
        """Read patterns that :meth:`save` wrote.

        Raises
        ------
        MatrixError
            If the file is missing or holds no vote patterns.
        """
        with reading(path, "cannot be read as vote patterns", MatrixError):
            return cls._from_table(read_table(path, "vote patterns"), path)

    @classmethod
    def _from_table(cls, table: pa.Table, path: str | Path) -> VotePatterns:
        description, packed = read_description(table), _packed(table, path)
        soft, n_classes, dtype = (
            description.get("soft", False),
            len(description["classes"]),
            LabelSpace.of(description["classes"]).dtype,
        )
        codes = unpack(packed.keys, packed.fields, CODE if soft else dtype)
        outcomes, sure = decoded(codes, n_classes, dtype, soft=soft)
        counts, gold = packed.counts, packed.gold
        lfs = tuple(LFInfo.from_dict(lf) for lf in description["lfs"])
        in_range = outcomes.min(initial=ABSTAIN) >= FAULT and outcomes.max(initial=ABSTAIN) < n_classes
        shapes = (outcomes.shape == (len(counts), len(lfs))) and (gold is None or gold.shape[1] == n_classes)
        numbers = [counts] if gold is None else [counts, gold]
        are_counts = all(one.min(initial=0) >= 0 and one.sum(dtype=np.float64) < MOST_EXAMPLES for one in numbers)
        if not in_range or not shapes or not are_counts:
            raise MatrixError(f"{path} holds no vote patterns: its votes, rules and counts do not fit together")
        return cls(outcomes, counts, lfs, tuple(description["classes"]), gold, sure)

    @classmethod
    def merge(cls, parts: Iterable[VotePatterns]) -> VotePatterns:
        """Merge the patterns of parts of a corpus into those of the whole.

        Raises
        ------
        MatrixError
            If the parts are of other rules or classes.
        """
        tables = list(parts)
        if not tables:
            raise MatrixError("there is nothing to merge")
        first = tables[0]
        if any(t.names != first.names or t.class_names != first.class_names for t in tables):
            raise MatrixError("patterns of other rules or classes cannot be merged", code="LK312")
        soft = any(t.confidence is not None for t in tables)
        codes = [coded(t.outcomes, t.confidence, t.n_classes, soft=soft) for t in tables]
        rows = distinct(np.concatenate(codes), np.concatenate([t.counts for t in tables]))
        outcomes, sure = decoded(rows.values, first.n_classes, first.outcomes.dtype, soft=soft)
        gold = None
        if any(t.gold is not None for t in tables):
            gold = np.zeros((len(rows.counts), first.n_classes), dtype=np.int64)
            gold_counts = [np.zeros((len(t), t.n_classes), np.int64) if t.gold is None else t.gold for t in tables]
            np.add.at(gold, rows.index, np.concatenate(gold_counts))
        return cls(outcomes, rows.counts, first.lfs, first.class_names, gold, sure)


def load_packed(path: Path) -> PackedPatterns:
    """Read the keys that :meth:`VotePatterns.save` wrote, as they are.

    Raises
    ------
    MatrixError
        If the file is missing or holds no vote patterns.
    """
    with reading(path, "cannot be read as vote patterns", MatrixError):
        return _packed(read_table(path, "vote patterns"), path)


def _packed(table: pa.Table, path: str | Path) -> PackedPatterns:
    description = read_description(table)
    if "fields" not in description:
        raise MatrixError(f"{path} holds no vote patterns")
    columns: dict[str, list[NDArray[Any]]] = {"key": [], "count": [], "gold": []}
    n_gold = sum(name.startswith("gold") for name in table.column_names)
    names = [f"key{i}" for i in range(table.num_columns - n_gold - 1)]
    if table.column_names != [*names, "count0", *(f"gold{c}" for c in range(n_gold))]:
        raise MatrixError(f"{path} holds no vote patterns: its columns are others")
    for name in table.column_names:
        columns[name.rstrip("0123456789")].append(whole_numbers(table.column(name)))
    fields = Fields.read(np.array(description["fields"], dtype=np.int64))
    gold = np.stack(columns["gold"], axis=1) if columns["gold"] else None
    return PackedPatterns(np.stack(columns["key"]), fields, columns["count"][0], gold)


def _pattern_table(patterns: VotePatterns, packed: PackedPatterns) -> pa.Table:
    """Patterns as an Arrow table: their keys (how these are packed is said in the metadata), counts, those of gold."""
    import pyarrow as pa  # noqa: PLC0415 - only for who asks

    gold = () if packed.gold is None else packed.gold.T
    columns = {f"key{i}": word for i, word in enumerate(packed.keys)}
    columns |= {"count0": packed.counts, **{f"gold{c}": column for c, column in enumerate(gold)}}
    table = pa.table({name: arrow_array(column) for name, column in columns.items()})
    description = table_description(patterns.lfs, patterns.class_names) | {"fields": packed.fields.table.tolist()}
    description |= {"soft": patterns.confidence is not None}
    return table.replace_schema_metadata({METADATA: as_json(description)})

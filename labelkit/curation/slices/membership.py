"""Which examples are in which slice: rules, conditions and columns, applied to a corpus."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from labelkit._shared.names_beside import counts_beside
from labelkit._shared.numbers import count, percent, plural
from labelkit._shared.plain_values import plain_value
from labelkit._shared.tables import ResultPage, ResultTable, ShownResult
from labelkit._shared.unknown_keywords import checks_keywords, checks_keywords_with
from labelkit._shared.written_lists import names_and_more
from labelkit.analysis.slice_values import aligned, sliced
from labelkit.apply.applier import Applier
from labelkit.corpus import Corpus, open_corpus
from labelkit.curation.any_classes import of_any_classes
from labelkit.curation.sampling.population import Population
from labelkit.curation.step import CurationStep
from labelkit.exceptions import AnalysisError
from labelkit.rules.condition import Condition
from labelkit.rules.labeling_function import INSIDE, LabelingFunction
from labelkit.rules.row_rules import adopted
from labelkit.votes.label_matrix import LabelMatrix
from labelkit.votes.label_space import ABSTAIN
from labelkit.votes.lf_info import LFInfo
from labelkit.votes.storage import stored_ids

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    from numpy.typing import NDArray

    from labelkit.votes.example_names import ExampleNames

CLASS_NAMES: Final = ("inside",)

MOST_VALUES: Final = 20
"""Values of a column that are slices of their own."""

BLOCK_ROWS: Final = 1_000_000
"""Examples whose slices are listed together."""


@checks_keywords
@dataclass(frozen=True, eq=False, repr=False)
class SliceMembership(ShownResult):
    """Which examples are in which slice; made by :func:`labelkit.apply_slices`.

    Attributes
    ----------
    matrix : LabelMatrix of shape (n_examples, n_slices)
        0 inside, -1 outside. An example on which a slice failed is among its ``faults``, and neither.
    step : CurationStep
    """

    matrix: LabelMatrix
    step: CurationStep

    @classmethod
    def of_matrix(cls, matrix: LabelMatrix, parameters: Mapping[str, Any] | None = None) -> SliceMembership:
        """Take each rule of a matrix for a slice: the examples on which it votes, for whatever class."""
        votes = matrix.votes if matrix.votes.max(initial=ABSTAIN) <= INSIDE else np.minimum(matrix.votes, INSIDE)
        inside = replace(matrix, votes=votes.astype(np.int8, copy=False), class_names=CLASS_NAMES, confidence=None)
        rows = {name: int(np.count_nonzero(votes[:, j] == INSIDE)) for j, name in enumerate(matrix.names)}
        step = CurationStep(
            "apply_slices",
            dict(parameters or {}) | {"slices": list(matrix.names)},
            before={"rows": len(matrix)},
            after=counts_beside({"rows": len(matrix)}, "slice", rows.items()),
            notes=tuple(_notes(rows, len(matrix), _fault_counts(matrix))),
        )
        return cls(inside, step)

    @classmethod
    def joined(cls, parts: Sequence[SliceMembership]) -> SliceMembership:
        """Put slices of the same examples beside one another.

        Raises
        ------
        AnalysisError
            If there are none, or two of one name.
        """
        if not parts:
            raise AnalysisError("there are no slices", hint='{"refunds": lk.keywords("refund")}, or by="country"')
        _check_distinct([name for part in parts for name in part.names])
        first, *others = parts
        if not others:
            return first
        matrix = first.matrix
        for other in others:
            matrix = matrix.join(other.matrix)
        return cls.of_matrix(matrix, {**first.step.parameters, **others[-1].step.parameters})

    def __len__(self) -> int:
        return len(self.matrix)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the slices."""
        return self.matrix.names

    @property
    def examples(self) -> ExampleNames:
        """What names the examples."""
        return self.matrix.examples

    def __getitem__(self, name: str) -> NDArray[np.bool_]:
        """Return a mask of the examples in a slice; shape (n_examples,).

        Raises
        ------
        AnalysisError
            If there is no slice of that name.
        """
        return np.asarray(self.matrix.votes[:, self._place(name)] == INSIDE)

    def failed(self, name: str) -> NDArray[np.int64]:
        """Return the positions of the examples of which it is not known whether they are in the slice."""
        self._place(name)
        return np.array(self._failed.get(name, ()), dtype=np.int64)

    @cached_property
    def _failed(self) -> dict[str, list[int]]:
        rows: dict[str, list[int]] = {}
        for fault in self.matrix.faults:
            rows.setdefault(fault.lf, []).append(fault.row)
        return rows

    def _place(self, name: str) -> int:
        if name not in self.names:
            raise AnalysisError(f"there is no slice {name!r}", hint=f"slices: {', '.join(self.names[:12])}")
        return self.names.index(name)

    @property
    def sizes(self) -> dict[str, int]:
        """The number of examples of each slice."""
        inside = np.count_nonzero(self.matrix.votes == INSIDE, axis=0)
        return dict(zip(self.names, inside.tolist(), strict=True))

    def rows(self) -> pa.Table:
        """Return ``id`` and ``slices``, the names of the slices that each example is in."""
        import pyarrow as pa  # noqa: PLC0415 - only for who asks

        names = pa.array(self.names, pa.string())
        parts = []
        for start in range(0, max(len(self), 1), BLOCK_ROWS):
            inside = self.matrix.votes[start : start + BLOCK_ROWS] == INSIDE
            bounds = np.concatenate([[0], np.cumsum(inside.sum(axis=1))]).astype(np.int32)
            parts.append(pa.ListArray.from_arrays(pa.array(bounds), names.take(pa.array(np.nonzero(inside)[1]))))
        return pa.table({"id": stored_ids(self.matrix.ids), "slices": pa.chunked_array(parts)})

    def to_pandas(self) -> pd.DataFrame:
        """Return a column of truth values for each slice, with the names of the examples as its index.

        Where a slice failed it is missing.
        """
        import pandas as pd  # noqa: PLC0415 - only for who asks

        columns: dict[str, Any] = {}
        for name in self.names:
            columns[name] = self[name]
            if name in self._failed:
                columns[name] = pd.array(self[name], dtype="boolean")
                columns[name][self.failed(name)] = pd.NA
        return self.examples.named_frame(pd.DataFrame(columns))

    def to_dict(self) -> dict[str, Any]:
        """Return plain values: ``examples``, and ``rows``, ``share`` and ``faults`` of each slice."""
        return {
            "examples": len(self),
            "slices": [
                {"slice": name, "rows": rows, "share": plain_value(share), "faults": faults}
                for name, rows, share, faults in self._counted()
            ],
            "notes": list(self.step.notes),
        }

    def _counted(self) -> list[tuple[str, int, float, int]]:
        return [
            (name, n, n / len(self) if len(self) else float("nan"), len(self._failed.get(name, ())))
            for name, n in self.sizes.items()
        ]

    def _page(self) -> ResultPage:
        rows = [[name, count(n), percent(share, mark_tiny=True), count(f)] for name, n, share, f in self._counted()]
        table = ResultTable(rows, ["slice", "rows", "share", "faults"], align="<>")
        return ResultPage(
            [f"{plural(len(self.names), 'slice')} of {plural(len(self), 'example')}"], [table], self.step.notes
        )


@checks_keywords_with(Applier.apply)
def apply_slices(
    slices: Any,
    corpus: Any,
    *,
    by: str | Sequence[str] | None = None,
    max_slices: int = MOST_VALUES,
    id: str | None = None,  # noqa: A002 - the word that users write
    **options: Any,
) -> SliceMembership:
    r"""Find which examples of a corpus are in which slice.

    Parameters
    ----------
    slices : list of rules, or mapping from name to condition or rule
        What :func:`slicing_function` and :meth:`Condition.slice` make, and any rule: its slice is where it votes. A
        mapping names conditions: ``{"refunds": lk.keywords("refund")}``. Empty or None, if ``by`` is given.
    corpus : object
        As :func:`labelkit.open_corpus` takes it.
    by : str or sequence of str, optional
        Columns of which each value is a slice, too: ``"country"``. Numbers with more than ``max_slices`` values are cut
        at their tenths; of other values, the most frequent are kept and the rest are ``(other)``; missing ones are a
        slice.
    max_slices : int
        Of one column.
    id : str, optional
        The column that names the examples.
    **options
        Of :meth:`labelkit.Applier.apply`: ``workers``, ``on_fault="record"`` to go on where a slice fails, and so on.

    Returns
    -------
    SliceMembership

    Raises
    ------
    AnalysisError
        If there are no slices, or two of one name.
    FaultError
        If a slice failed on an example, and ``on_fault`` is not ``"record"``.

    Examples
    --------
    >>> import labelkit as lk
    >>> slices = {"refunds": lk.keywords("refund"), "short": lk.regex(r"^\S+$")}
    >>> lk.apply_slices(slices, ["a refund", "refund", "hello there"])
    2 slices of 3 examples
    slice    rows  share  faults
    refunds     2  66.7%       0
    short       1  33.3%       0
    """
    rules = rules_of(slices)
    columns = [by] if isinstance(by, str) else list(by or ())
    opened: Corpus | None = None
    parts: list[LabelMatrix] = []
    if rules:
        applier = Applier(rules, labels=1) if all(rule.is_slice for rule in rules) else Applier(of_any_classes(rules))
        reading = {name: options.pop(name) for name in _READING if name in options}
        opened = applier.open(corpus, id=id, on_bad_row=options.get("on_bad_row", "raise"), **reading)
        parts.append(applier.apply(opened, **{name: v for name, v in options.items() if name != "on_bad_row"}))
    for column in columns:
        opened = open_corpus(corpus, id=id, **options) if opened is None else opened
        population = Population.of(opened, column, None)
        parts.append(column_slices(population.in_order(), population.examples, f"{column}=", max_slices))
    members = [SliceMembership.of_matrix(part, {"by": columns} if columns else None) for part in parts]
    return SliceMembership.joined(members)


_READING: Final = ("format", "delimiter", "encoding", "sheet", "skip_rows", "rename")


def column_slices(values: Any, examples: ExampleNames, before: str = "", max_slices: int = MOST_VALUES) -> LabelMatrix:
    """Make a slice of each value that examples have.

    Parameters
    ----------
    values : array-like, Series or dict by id
    examples : ExampleNames
    before : str
        Stands before each value in the names of the slices.
    max_slices : int
    """
    codes, distinct = sliced(aligned(values, examples), max_slices)
    names = [f"{before}{'(missing)' if value is None else getattr(value, 'name', value)}" for value in distinct]
    _check_distinct(names)
    votes = np.full((len(codes), len(names)), ABSTAIN, dtype=np.int8, order="F")
    votes[np.arange(len(codes)), codes] = INSIDE
    return LabelMatrix(
        votes, tuple(LFInfo(name=name) for name in names), CLASS_NAMES, examples.ids, frame_index=examples.index
    )


@checks_keywords_with(apply_slices, Applier.apply)
def slice_dataframe(frame: Any, slice: Any, **options: Any) -> Any:  # noqa: A002 - the word of the field
    """Return the rows of a frame that are in a slice, with their index.

    Parameters
    ----------
    frame : pandas or polars DataFrame, or pyarrow Table
    slice : rule or condition
        As :func:`slicing_function` makes it.
    **options
        As in :func:`apply_slices`.

    Returns
    -------
    A frame of the same kind.

    Raises
    ------
    FaultError
        If the slice failed on a row.

    Examples
    --------
    >>> import pandas as pd, labelkit as lk
    >>> frame = pd.DataFrame({"text": ["a refund", "hello"]}, index=["x", "y"])
    >>> lk.slice_dataframe(frame, lk.keywords("refund")).index.tolist()
    ['x']
    """
    named = {"slice": slice} if isinstance(slice, Condition) else [slice]
    membership = apply_slices(named, frame, **options)
    mask = membership[membership.names[0]]
    if hasattr(frame, "iloc"):
        return frame[mask]
    if hasattr(frame, "filter"):
        import pyarrow as pa  # noqa: PLC0415 - pandas needs none

        return frame.filter(pa.array(mask) if isinstance(frame, pa.Table) else mask)
    raise AnalysisError(
        f"{type(frame).__name__} is no frame", hint="apply_slices([slice], corpus) takes a corpus of any kind"
    )


def rules_of(slices: Any) -> list[LabelingFunction[...]]:
    """List the rules of slices in the forms that users give them; two of one name are an error."""
    if slices is None:
        return []
    if isinstance(slices, LabelingFunction | Condition):
        slices = [slices]
    if isinstance(slices, Mapping):
        rules = [_named_rule(str(name), one) for name, one in slices.items()]
    elif isinstance(slices, Iterable) and not isinstance(slices, str | bytes) and not hasattr(slices, "columns"):
        rules = [_named_rule(None, one) for one in slices]
    else:
        raise AnalysisError(
            f"{slices!r:.80} is no list of slices",
            hint='the slices stand first: [refunds, short], or {"refunds": lk.keywords("refund")}',
        )
    _check_distinct([rule.name for rule in rules])
    return rules


def _named_rule(name: str | None, given: Any) -> LabelingFunction[...]:
    if isinstance(given, Condition):
        of_condition = name or given.options.values.get("name")
        if of_condition is None:
            raise AnalysisError(
                "a condition among the slices has no name",
                hint='{"refunds": lk.keywords("refund")}, or lk.keywords("refund").slice(name="refunds")',
            )
        return given.slice(name=of_condition)
    given = adopted(given)
    if not isinstance(given, LabelingFunction):
        raise AnalysisError(
            f"{given!r:.80} is not a slice",
            hint="decorate it with @slicing_function(), or give a condition or a rule",
        )
    return given if name is None else replace(given, name=name)


def _check_distinct(names: Sequence[str]) -> None:
    twice = next((name for i, name in enumerate(names) if name in names[:i]), None)
    if twice is not None:
        raise AnalysisError(f"two slices are named {twice!r}", hint="rename one, or give it name=...", code="LK112")


def _fault_counts(matrix: LabelMatrix) -> dict[str, int]:
    counts: dict[str, int] = {}
    for fault in matrix.faults:
        counts[fault.lf] = counts.get(fault.lf, 0) + 1
    return counts


def _notes(rows: Mapping[str, int], n_rows: int, faults: Mapping[str, int]) -> list[str]:
    """Say which slices tell nothing, and which failed."""
    nothing = [name for name, n in rows.items() if not n]
    everything = [name for name, n in rows.items() if n and n == n_rows]
    notes = [f"No example is in {names_and_more(nothing, 8)}."] if nothing else []
    if everything:
        notes.append(f"Every example is in {names_and_more(everything, 8)}: there is no rest to compare with.")
    notes += [
        f"{name} failed on {plural(n, 'example')}, of which it is not known whether they are inside."
        for name, n in faults.items()
    ]
    return notes

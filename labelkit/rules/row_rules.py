"""Rules of Snorkel as rules of labelkit: called with a row, with resources and preprocessors.

Objects of both packages are taken, Snorkel's own and those of ``labelkit.interop.snorkel``; they are recognised by the
names of their classes, and none is imported. The columns that such a rule reads are found in its code and in that of
its preprocessors; where that is not possible, it reads all columns of the corpus, known when the corpus is opened.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final
from weakref import WeakKeyDictionary

from labelkit.exceptions import CollectError
from labelkit.rules._make_rule import first_paragraph, origin_of
from labelkit.rules.data_points import Row
from labelkit.rules.inspection.not_known import NotKnown
from labelkit.rules.inspection.row_reads import RowReads, reads_of_row
from labelkit.rules.labeling_function import INSIDE, SLICE, Calls, LabelingFunction
from labelkit.rules.parameters import Parameter
from labelkit.votes.label_space import ABSTAIN

KIND: Final = "snorkel"

WHOLE_ROW: Final = "*"
"""The column of a rule that reads all columns, until they are known."""

_PACKAGES: Final = ("snorkel.", "labelkit.interop.snorkel.")

_ADOPTED: WeakKeyDictionary[Any, LabelingFunction[...]] = WeakKeyDictionary()


def adopted(rule: Any) -> Any:
    """Return a rule of Snorkel as one of labelkit, the same each time; anything else as it is.

    Examples
    --------
    >>> adopted("no rule")
    'no rule'
    """
    if issubclass(type(rule), LabelingFunction) or not _is_of(rule, "LabelingFunction"):
        return rule
    if rule not in _ADOPTED:
        _ADOPTED[rule] = _as_rule(rule)
    return _ADOPTED[rule]


def bound(lf: LabelingFunction[...], columns: Iterable[str]) -> LabelingFunction[...]:
    """Return a rule that reads all columns as one of these columns; another rule as it is."""
    call = lf.body.function if isinstance(lf.body, Calls) else None
    if not isinstance(call, RowCall) or not call.is_whole:
        return lf
    names = tuple(columns)
    parameters = tuple(Parameter(name, optional=True) for name in names)
    return replace(lf, parameters=parameters, body=Calls(replace(call, columns=names)))


def check_columns_known(lfs: Iterable[LabelingFunction[...]]) -> None:
    """Refuse a rule that reads all columns where nobody can say which these are.

    Raises
    ------
    CollectError
    """
    for lf in lfs:
        if lf.columns == (WHOLE_ROW,):
            raise CollectError(
                f"rule {lf.name!r} ({lf.origin.line}) uses its row as a whole, so that its columns are not known",
                hint="name each as x.column in a function (no lambda), or say them: lfs.bound(['text', 'likes'])",
            )


def whole_row_columns(lf: LabelingFunction[...]) -> tuple[str, ...]:
    """Return the columns that a rule was bound to, for who finds it again; empty of a rule that names its columns."""
    call = lf.body.function if isinstance(lf.body, Calls) else None
    return call.columns if isinstance(call, RowCall) and call.is_whole else ()


def plain_function(function: Any) -> Any:
    """Return the user's function where labelkit calls it in a way of its own, and any other as it is.

    So it calls rules of Snorkel, functions of slices, and functions of models in pieces.
    """
    if isinstance(function, RowCall):
        return function.rule._f  # noqa: SLF001 - Snorkel has no public way
    if isinstance(function, partial) and _is_of_labelkit(function.func) and function.args:
        return function.args[0]
    return function.__wrapped__ if _is_of_labelkit(type(function)) and hasattr(function, "__wrapped__") else function


def _is_of_labelkit(thing: Any) -> bool:
    return str(getattr(thing, "__module__", "")).partition(".")[0] == "labelkit"


def _is_of(value: Any, name: str) -> bool:
    """Tell if the class of an object is a class of Snorkel, or derived from it."""
    return any(kind.__name__ == name and kind.__module__.startswith(_PACKAGES) for kind in type(value).__mro__)


@dataclass(frozen=True)
class RowCall:
    """A rule of Snorkel as a function of columns.

    Parameters
    ----------
    rule : snorkel.labeling.LabelingFunction
    columns : tuple of str
    is_whole : bool
        Whether these are all columns of the corpus.
    is_slice : bool
    """

    rule: Any
    columns: tuple[str, ...]
    is_whole: bool
    is_slice: bool = False
    row: type[Row] = field(default=Row, repr=False)

    @property
    def has_steps(self) -> bool:
        """True if preprocessors see the row before the function does."""
        return bool(getattr(self.rule, "_pre", None))

    def __call__(self, *values: Any) -> int:
        """Vote on one example as Snorkel's appliers understand what the rule returns."""
        is_row = self.columns == (WHOLE_ROW,)  # not bound to a corpus, and called with one example
        answer = self.rule(values[0] if is_row else self.row.of(self.columns, values))
        if self.is_slice:
            return INSIDE if answer > 0 else ABSTAIN
        return _vote(answer)

    def __resolved_parts__(self) -> list[Any]:
        """All that decides how it votes, for the search of what a rule depends on."""
        rule = self.rule
        own_call = (
            []
            if _is_plain(rule, "__call__", "_preprocess_data_point")
            else [NotKnown(f"is a {type(rule).__qualname__}, which calls its function in a way of its own")]
        )
        steps = [_parts_of_step(step) for step in rule._pre]  # noqa: SLF001 - Snorkel has no public way to ask
        return [type(rule).__name__, self.is_slice, rule._f, dict(rule._resources), steps, *own_call]  # noqa: SLF001


def _vote(answer: Any) -> int:
    """Read what a rule of Snorkel returned: a number, of which negative ones abstain."""
    if answer is None:
        return ABSTAIN
    if isinstance(answer, str) or (isinstance(answer, float) and not math.isnan(answer) and answer != int(answer)):
        raise ValueError(f"a rule of Snorkel returns the number of a class, or -1, and not {answer!r}")
    return int(answer) if answer >= 0 else ABSTAIN


def _as_rule(rule: Any) -> LabelingFunction[...]:
    reads = _reads_of(rule)
    is_whole = reads is None
    columns = (WHOLE_ROW,) if reads is None else tuple(sorted(reads.reads))
    if not columns:  # it decides without the row, or reads it in a way that is not seen
        is_whole, columns = True, (WHOLE_ROW,)
    is_slice = _is_of(rule, "SlicingFunction") or _is_of(rule, "NLPSlicingFunction")
    function = rule._f  # noqa: SLF001 - as above
    return LabelingFunction(
        name=str(rule.name),
        parameters=tuple(Parameter(name, optional=True) for name in columns),
        body=Calls(RowCall(rule, columns, is_whole, is_slice)),
        kind=SLICE if is_slice else KIND,
        origin=_origin(function),
        doc=first_paragraph(function),
    )


def _origin(function: Any) -> Any:
    code = getattr(function, "__code__", None)
    line = "" if code is None else f"{code.co_filename}:{code.co_firstlineno}"
    return replace(origin_of(function), line=line)


def _reads_of(rule: Any) -> RowReads | None:
    """Find the columns that a rule reads, those of its preprocessors included; None if that cannot be told."""
    if not _is_plain(rule, "__call__", "_preprocess_data_point"):
        return None
    return _in_order([*map(_reads_of_step, rule._pre), reads_of_row(rule._f)])  # noqa: SLF001 - as above


def _reads_of_step(step: Any) -> RowReads | None:
    """Find what a preprocessor reads and writes."""
    if not _is_plain(step, "__call__", "_generate_mapped_data_point", "_update_fields") or _has_own_key(step):
        return None
    before = [_reads_of_step(one) for one in step._pre]  # noqa: SLF001 - as above
    if _is_of(step, "LambdaMapper"):
        return _in_order([*before, reads_of_row(step._f)])  # noqa: SLF001 - as above
    if _is_of(step, "Mapper") and step.mapped_field_names is not None:
        fields = RowReads(frozenset(step.field_names.values()), frozenset(step.mapped_field_names.values()))
        return _in_order([*before, fields])
    return None


def _in_order(parts: list[RowReads | None]) -> RowReads | None:
    whole = RowReads(frozenset())
    for part in parts:
        if part is None:
            return None
        whole = whole.then(part)
    return whole


def _has_own_key(step: Any) -> bool:
    """Tell if a preprocessor remembers rows by a key of the user's, which may read any field."""
    key = getattr(step, "_memoize_key", None)
    return key is not None and not str(getattr(key, "__module__", "")).startswith(_PACKAGES)


def _is_plain(value: Any, *methods: str) -> bool:
    """Tell if the class of an object leaves these methods as Snorkel wrote them."""
    members: list[Any] = [inspect.getattr_static(type(value), name, None) for name in methods]
    return all(one is None or str(getattr(one, "__module__", "")).startswith(_PACKAGES) for one in members)


def _parts_of_step(step: Any) -> list[Any]:
    """Return what decides the answer of a preprocessor, as far as it is known; never the rows that it remembers."""
    kind, before = type(step), [_parts_of_step(one) for one in getattr(step, "_pre", ())]
    if not _is_of(step, "LambdaMapper") or not _is_plain(step, "__call__", "_generate_mapped_data_point"):
        return [
            f"{kind.__module__}.{kind.__qualname__}",
            NotKnown(f"has the preprocessor {step.name}, which is not searched"),
            before,
        ]
    # Snorkel hands the same remembered row to all rules, which may change it; the drop-in hands out copies.
    shared = step.memoize and kind.__module__.startswith("snorkel.")
    notes = [NotKnown(f"has the preprocessor {step.name}, which remembers rows that all rules may change")] * shared
    return [kind.__name__, step._f, before, step.memoize, *notes]  # noqa: SLF001 - as above

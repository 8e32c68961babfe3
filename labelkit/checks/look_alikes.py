"""Find votes that hang on how a letter is stored: texts are normalized, and the rules vote on them again.

Only texts that normalizing changes are voted on again, and only votes that differ count. Rules that read a normalized
column vote the same, and are not reported.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from labelkit._shared.arrow_arrays import arrow_array, numpy_array, text_array
from labelkit._shared.numbers import plural
from labelkit.apply.applier import Applier
from labelkit.apply.plan.batch_votes import name_of_row
from labelkit.checks.lint import Problem
from labelkit.rules.inspection.rule_inputs import inputs_of
from labelkit.rules.labeling_function import Cases, LabelingFunction
from labelkit.rules.labeling_functions import LabelingFunctions
from labelkit.rules.normalized_text import STEPS, USUAL, is_ascii, normalize
from labelkit.rules.oddities.words import texts_of
from labelkit.votes.label_matrix import LabelMatrix
from labelkit.votes.label_space import ABSTAIN
from labelkit.votes.outcomes import FAULT

MOST_RULES: Final = 4
"""Rules whose votes a message counts."""


_SHARP_S: Final = re.compile("[\u00df\u1e9e]")
_BOTH_SPELLINGS: Final = 'give both spellings: "stra\u00dfe" and "strasse"'


@dataclass(frozen=True)
class _Cause:
    """A kind of letters that look the same, and the step that makes them the same.

    Parameters
    ----------
    code, step, letters : str
    before : tuple of str
        Steps that both texts have behind them, so that their votes do not count twice.
    """

    code: str
    step: str
    letters: str
    before: tuple[str, ...] = ()


_CAUSES: Final = (
    _Cause("LK918", "composed", "letters and accents apart (NFD)"),
    _Cause("LK919", "quotes", "typographic apostrophes, quotes or hyphens"),
    _Cause("LK920", "invisible", "soft hyphens, zero-width or no-break spaces"),
    _Cause("LK921", "compatible", "ligatures, full-width or other forms of plain letters (NFKC)", USUAL),
)


def of_look_alikes(
    lfs: LabelingFunctions, matrix: LabelMatrix, rows: pa.RecordBatch, name_of: Callable[[int], str] = name_of_row
) -> Iterator[Problem]:
    """Report each kind of letters for which votes would be others if the texts were normalized, and ``ß`` and ``ss``.

    Parameters
    ----------
    lfs : LabelingFunctions
    matrix : LabelMatrix
        Their votes on the rows.
    rows : pyarrow.RecordBatch
        The columns that they read.
    name_of : callable
        Names a row in messages.

    Yields
    ------
    Problem
    """
    yield from _of_forms(lfs, matrix, rows, name_of)
    yield from _of_sharp_s(lfs, matrix, rows, name_of)


def _of_forms(
    lfs: LabelingFunctions, matrix: LabelMatrix, rows: pa.RecordBatch, name_of: Callable[[int], str]
) -> Iterator[Problem]:
    texts = {name: rows.column(name) for name in rows.schema.names if _is_odd(rows.column(name))}
    if not texts:
        return
    asked = [lf for lf in lfs if set(lf.corpus_columns) & set(texts) and votes_by_text_alone(lf)]
    findings: list[tuple[_Cause, list[str], list[_VoteChange], NDArray[np.int64]]] = []
    for cause in _CAUSES if asked else ():
        old = {name: normalize(column, cause.before) for name, column in texts.items()}
        new = {name: normalize(column, (*cause.before, cause.step)) for name, column in old.items()}
        changed = {name: _differ(old[name], new[name]) for name in texts}
        places = np.flatnonzero(np.logical_or.reduce(list(changed.values())))
        if not len(places):
            continue
        names = [lf.name for lf in asked]
        before = _outcomes(lfs[names], rows, old, places) if cause.before else _known(matrix, names, places)
        after = _outcomes(lfs[names], rows, new, places)
        differences = [
            one
            for j, lf in enumerate(asked)
            if (one := _VoteChange.of(lf, before[:, j], after[:, j], cause.step)) is not None
        ]
        if differences:
            findings.append((cause, [name for name in texts if changed[name].any()], differences, places))
    steps = {step for cause, *_ in findings for step in (*cause.before, cause.step)}
    for cause, columns, differences, places in findings:
        remedy = _remedy(columns[0], [step for step in STEPS if step in steps])
        yield _problem(cause, columns, differences, places, len(rows), name_of, remedy)


def _of_sharp_s(
    lfs: LabelingFunctions, matrix: LabelMatrix, rows: pa.RecordBatch, name_of: Callable[[int], str]
) -> Iterator[Problem]:
    """Report rules that would vote on more rows if the texts had the other of ``ß`` and ``ss``.

    Ignoring case does not make these equal, as it does the dotless i and the final sigma.
    """
    texts = {name: rows.column(name) for name in rows.schema.names if _is_text(rows.column(name))}
    reading = [lf for lf in lfs if set(lf.corpus_columns) & set(texts)]
    with_it = [lf for lf in reading if any(_SHARP_S.search(text) for text in texts_of(lf))]
    without = [lf for lf in reading if lf not in with_it]
    gains: list[_VoteChange] = []
    columns: set[str] = set()
    for some, pattern, other in ((without, "[\u00df\u1e9e]", "ss"), (with_it, "(?i:ss)", "\u00df")):
        new = {name: pc.replace_substring_regex(column, pattern, other) for name, column in texts.items() if some}
        changed = {name: _differ(texts[name], column) for name, column in new.items()}
        places = np.flatnonzero(np.logical_or.reduce([np.zeros(len(rows), bool), *changed.values()]))
        names = [lf.name for lf in some if len(places) and votes_by_text_alone(lf)]
        if not names:
            continue
        before, after = _known(matrix, names, places), _outcomes(lfs[names], rows, new, places)
        for j, name in enumerate(names):
            mask = np.zeros(len(rows), dtype=np.bool_)
            mask[places] = (before[:, j] == ABSTAIN) & (after[:, j] >= 0)
            if mask.any():
                gains.append(_VoteChange(name, int(mask.sum()), 0, 0, mask))
                columns |= {name for name, rows_changed in changed.items() if (rows_changed & mask).any()}
    if gains:
        kind = _Cause("LK923", "", "\u00df where rules have ss, or ss where they have \u00df")
        yield _problem(kind, sorted(columns), gains, np.arange(len(rows)), len(rows), name_of, _BOTH_SPELLINGS)


@dataclass(frozen=True)
class _VoteChange:
    """The votes of a rule that differ; ``mask`` marks the rows."""

    name: str
    gained: int
    lost: int
    other: int
    mask: NDArray[np.bool_]

    @classmethod
    def of(
        cls, lf: LabelingFunction[...], before: NDArray[np.int64], after: NDArray[np.int64], step: str
    ) -> _VoteChange | None:
        """Compare outcomes; votes that a rule loses count only if none of its own words would be normalized, too."""
        mask = (before != after) & (before != FAULT) & (after != FAULT)
        if any(normalize(text_array([text]), (step,))[0].as_py() != text for text in texts_of(lf)):
            mask &= before < 0
        gained, lost = mask & (before < 0), mask & (after < 0)
        other = mask & ~gained & ~lost
        return cls(lf.name, int(gained.sum()), int(lost.sum()), int(other.sum()), mask) if mask.any() else None

    def __str__(self) -> str:
        parts = [
            f"{verb} {number:,}"
            for verb, number in (("gains", self.gained), ("loses", self.lost), ("changes", self.other))
            if number
        ]
        return f"{self.name} {' and '.join(parts)}"


def _problem(
    cause: _Cause,
    columns: Sequence[str],
    differences: list[_VoteChange],
    places: NDArray[np.int64],
    n_rows: int,
    name_of: Callable[[int], str],
    remedy: str,
) -> Problem:
    hit = places[np.logical_or.reduce([one.mask for one in differences])]
    most = sorted(differences, key=lambda one: -int(one.mask.sum()))
    shown = "; ".join(map(str, most[:MOST_RULES]))
    more = f"; and {plural(len(most) - MOST_RULES, 'rule')} more" if len(most) > MOST_RULES else ""
    where = " and ".join(map(repr, columns))
    verb, alike = "has" if len(columns) == 1 else "have", "normalized" if cause.step else "spelled alike"
    return Problem(
        "warning" if cause.step else "note",
        "",
        f"{where} {verb} {cause.letters}: {alike}, {len(hit):,} of the {plural(n_rows, 'row')} that were tried "
        f"would get other votes (the first: {name_of(int(hit[0]))}): {shown}{more}",
        remedy,
        code=cause.code,
    )


def _remedy(column: str, steps: Sequence[str]) -> str:
    listed = ", ".join(f'"{step}"' for step in steps)
    given = f'labelkit.normalized_text("{column}", steps=[{listed}])'
    if column.isidentifier():
        return f"at the top of the module of the rules: {column} = {given}"
    return f'at the top of the module of the rules: normalized = {given}, and column="normalized" in the rules'


def _is_odd(column: pa.Array) -> bool:
    """Return True for texts of which some are not ASCII."""
    return _is_text(column) and not is_ascii(column)


def _is_text(column: pa.Array) -> bool:
    return bool(pa.types.is_string(column.type) or pa.types.is_large_string(column.type))


def votes_by_text_alone(lf: LabelingFunction[...]) -> bool:
    """Return True for rules that vote the same on the same text, and that are cheap: no models, no parsed documents."""
    if lf.levels or not (isinstance(lf.body, Cases) or lf.kind == "python"):
        return False
    if any(column.fleeting for column in lf.derived):
        return False
    return not inputs_of(lf).unclear


def _differ(old: pa.Array, new: pa.Array) -> NDArray[np.bool_]:
    changed = pc.not_equal(old, new)
    return numpy_array(pc.and_kleene(changed, pc.is_valid(changed)))


def _known(matrix: LabelMatrix, names: Sequence[str], places: NDArray[np.int64]) -> NDArray[np.int64]:
    columns = np.array([matrix.names.index(name) for name in names])
    return np.asarray(matrix.outcomes[np.ix_(places, columns)], dtype=np.int64)


def _outcomes(
    lfs: LabelingFunctions, rows: pa.RecordBatch, texts: dict[str, pa.Array], places: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Vote on some rows with other texts; faults are :data:`FAULT`."""
    for name, column in texts.items():
        place = rows.schema.get_field_index(name)
        rows = rows.set_column(place, rows.schema.field(place), column)
    table = pa.Table.from_batches([rows.take(arrow_array(places))])
    matrix = Applier(lfs).apply(table, on_fault="record", cache=False, progress=False)
    return np.asarray(matrix.outcomes, dtype=np.int64)

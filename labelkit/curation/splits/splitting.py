"""Split a corpus, votes or labels: one function for all ways, which combine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from labelkit._shared.names_beside import counts_beside
from labelkit._shared.numbers import count, percent, plural
from labelkit._shared.unknown_keywords import checks_keywords_with
from labelkit._shared.user_errors import warn
from labelkit._shared.written_lists import names_and_more
from labelkit.corpus import Corpus
from labelkit.corpus.open_corpus import open_corpus
from labelkit.curation.near_duplicates import NearDuplicates, near_duplicate_texts
from labelkit.curation.near_duplicates.clusters import joined, numbered_by_first
from labelkit.curation.sampling.designs import design_rng
from labelkit.curation.sampling.population import RowGroups
from labelkit.curation.splits import assignment
from labelkit.curation.splits._keys import hash_keys
from labelkit.curation.splits.columns import SplitColumns, named, open_population
from labelkit.curation.splits.parts import Split
from labelkit.curation.splits.sizes import Sizes, sizes_of
from labelkit.curation.splits.times import moments
from labelkit.curation.step import CurationStep
from labelkit.exceptions import AnalysisError

if TYPE_CHECKING:
    from numpy.typing import NDArray

STREAM: Final = 7
"""Of the random numbers of samples: a split goes with no sample of the same seed."""

FAR: Final = 0.1
"""Share of what was asked for by which a part may be larger or smaller without a warning."""

SHOWN: Final = 5


@checks_keywords_with(open_corpus)
def split(
    data: Any,
    parts: Mapping[str, float | int | None],
    *,
    stratify: Any = None,
    group: Any = None,
    near_duplicates: Any = None,
    threshold: float = 0.8,
    time: Any = None,
    stable: bool = False,
    id: str | None = None,  # noqa: A002 - the word that users write
    random_state: int = 0,
    **reading: Any,
) -> Split:
    """Divide examples into parts, such as train, valid and test, that do not leak into each other.

    Parameters
    ----------
    data : ProbabilisticLabels, LabelMatrix, Corpus, or whatever :func:`labelkit.open_corpus` takes
    parts : mapping of str to float, int or None
        A share of the rows (``0.8``), a number of rows (``2000``), or None for the rest. Every row is in one part.
    stratify : str, ProbabilisticLabels, array-like, Series or dict by id, optional
        Each part gets its share of each class, to a row: a column, or labels. Of labels as data, ``"label"``. Numbers
        of more than 20 values are cut at their tenths; a missing value is a class, too.
    group : str, array-like, Series or dict by id, optional
        Rows with one value are in one part, such as an author's. Rows without a value are groups of their own.
    near_duplicates : str or NearDuplicates, optional
        A column of texts, of which none is nearly the same as one of another part (:func:`near_duplicate_texts`). With
        ``group``, what is linked by either is in one part.
    threshold : float in (0, 1]
        Of near-duplicates.
    time : str, array-like, Series or dict by id, optional
        The first part has the oldest rows, the last the newest. Rows of one time are in one part. Of a group, or of
        near-duplicates, that reach into a later part, the later rows are left out.
    stable : bool
        A hash of each id (of its group) decides, so that rows that are appended never move another one; shares hold on
        average. Ids have to stay.
    id : str, optional
        The column of the corpus that names the examples.
    random_state : int
    **reading
        Further options of :func:`labelkit.open_corpus`.

    Returns
    -------
    Split
        ``split["train"]`` are ids; ``split.notes`` says what was reached.

    Raises
    ------
    AnalysisError
        If sizes do not fit, ways do not combine (``stable`` or ``time`` with ``stratify``, ``stable`` with ``time`` or
        ``near_duplicates``), times cannot be compared, or a part would be empty.

    Warns
    -----
    UserWarning
        If a part is more than a tenth off its size, a part has no row of a class, or rows are left out.

    Examples
    --------
    >>> import labelkit as lk
    >>> corpus = {"text": list("abcdefghij"), "author": [*"xxyyzzuuvv"]}
    >>> parts = lk.split(corpus, {"train": 0.6, "test": 0.4}, group="author")
    >>> parts.counts, parts["test"].tolist()
    ({'train': 6, 'test': 4}, [2, 3, 8, 9])
    """
    asked = {"stratify": stratify, "group": group, "near_duplicates": near_duplicates, "time": time, "stable": stable}
    _check_combination({name for name, value in asked.items() if not (value is None or value is False)})
    rng = design_rng(random_state, stream=STREAM)
    columns = SplitColumns.read(open_population(data, id, reading), [stratify, group, time])
    sizes = sizes_of(parts, columns.n_rows)
    strata = None if stratify is None else columns.strata(stratify)
    units = Units.of(columns, group, near_duplicates, threshold)
    if stable:
        part_of = _by_hash(columns, group, sizes, random_state)
    elif time is not None:
        part_of = assignment.by_time(moments(columns.values(time, "time"), named(time, "time")), np.array(sizes.rows))
        part_of = part_of if units.number is None else assignment.whole_by_first(part_of, units.number)
    else:
        classes = np.zeros(columns.n_rows, dtype=np.int64) if strata is None else strata.group
        part_of = _at_random(units.number, classes, np.array(sizes.rows), rng)
    parameters = {"parts": dict(parts), **{name: named(value, name) for name, value in asked.items()}}
    if near_duplicates is not None:
        parameters["threshold"] = threshold
    return finished(columns, sizes.names, sizes.rows, part_of, units, strata, ("split", parameters, random_state))


def _check_combination(given: set[str]) -> None:
    reasons = {
        ("time", "stratify"): "the time decides which rows are in a part, so that classes have what shares they have",
        ("stable", "stratify"): "a hash of its id decides where a row is; shares of classes hold on average",
        ("stable", "time"): "the newest rows of today are not those of tomorrow",
        ("stable", "near_duplicates"): "a row that is appended can link two texts of different parts",
    }
    for (one, other), why in reasons.items():
        if {one, other} <= given:
            raise AnalysisError(f"{one}= and {other}= do not combine: {why}", hint=f"leave {one}= or {other}= out")


def _at_random(
    units: NDArray[np.int64] | None, classes: NDArray[np.int64], sizes: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.int8]:
    if units is None:
        return assignment.by_class(classes, sizes, rng)
    return assignment.by_group(units, classes, sizes, rng)


def _by_hash(columns: SplitColumns, group: Any, sizes: Sizes, random_state: int) -> NDArray[np.int8]:
    """Divide by ids; where there are groups, by the value of each, or by the id where it has none."""
    if sizes.shares is None:
        raise AnalysisError(
            "stable=True takes shares, since more rows may come", hint='{"train": 0.8, "test": 0.2}, stable=True'
        )
    keys = hash_keys(columns.ids_at(slice(None)))
    if group is not None:
        codes, values = columns.codes(group, "group")
        of_value = hash_keys(np.asarray(values), 1)
        keys = np.where(codes < 0, keys, of_value[np.maximum(codes, 0)]) if len(of_value) else keys
    return assignment.by_hash(keys, np.array(sizes.shares), random_state)


# What has to stay together --------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Units:
    """Rows that have to be in one part.

    Attributes
    ----------
    number : ndarray of int64, shape (n_rows,), or None
        Of each row's unit; None where each row is its own.
    notes : tuple of str
    """

    number: NDArray[np.int64] | None = None
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, columns: SplitColumns, group: Any, near_duplicates: Any, threshold: float) -> Units:
        """Link rows by groups and by near-duplicates, and number what is linked."""
        kinds: list[NDArray[np.int64]] = []
        notes: list[str] = []
        if group is not None:
            codes, _ = columns.codes(group, "group")
            kinds.append(_own_numbers(codes))
            notes += _notes_of_groups(codes, named(group, "group"))
        if near_duplicates is not None:
            clusters = _near_duplicates(columns, near_duplicates, threshold)
            in_clusters = int((clusters.cluster >= 0).sum())
            n_clusters = plural(clusters.n_clusters, "cluster")
            notes.append(f"{count(in_clusters)} rows are nearly the same as another: {n_clusters}, each in one part")
            kinds.append(clusters.groups())
        return cls(_linked(kinds) if kinds else None, tuple(notes))


def _own_numbers(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give rows without a group a number of their own."""
    missing = codes < 0
    return np.where(missing, int(codes.max(initial=-1)) + np.cumsum(missing), codes)


def _notes_of_groups(codes: NDArray[np.int64], name: str) -> list[str]:
    n_missing, n_groups = int((codes < 0).sum()), len(np.unique(codes[codes >= 0]))
    if n_groups + n_missing < 2:
        raise AnalysisError(
            f"all {count(len(codes))} rows have the same {name!r}, so that they cannot be in two parts",
            hint="name another column as group=, or leave it out",
        )
    one, many = f"row without {name!r} is a group of its own", f"rows without {name!r} are groups of their own"
    missing = [plural(n_missing, one, many)] if n_missing else []
    return [f"{plural(n_groups, 'group')} by {name!r}, each in one part", *missing]


def _near_duplicates(columns: SplitColumns, given: Any, threshold: float) -> NearDuplicates:
    clusters = given
    if isinstance(given, str) and isinstance(columns.data, Corpus):
        clusters = near_duplicate_texts(columns.data, given, threshold=threshold)
    if not isinstance(clusters, NearDuplicates):
        raise AnalysisError(
            f"near_duplicates={given!r} names no texts" if isinstance(given, str) else "near_duplicates= is no column",
            hint='split the corpus, near_duplicates="text", stratify=labels; or give lk.near_duplicate_texts(corpus)',
        )
    if len(clusters) != columns.n_rows or not np.array_equal(clusters.ids, columns.ids_at(slice(None))):
        raise AnalysisError(
            f"the near-duplicates are of {count(len(clusters))} other rows than these {count(columns.n_rows)}",
            hint="find them in the corpus that is split, with the same id=",
        )
    return clusters


def _linked(kinds: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    if len(kinds) == 1:
        return numbered_by_first(kinds[0])
    n_first = int(kinds[0].max()) + 1
    edges = np.stack([kinds[0], n_first + kinds[1]])
    return numbered_by_first(joined(n_first + int(kinds[1].max()) + 1, edges)[kinds[0]])


# The result -----------------------------------------------------------------------------------------------------------


def finished(
    columns: SplitColumns,
    names: tuple[str, ...],
    wanted: tuple[int, ...],
    parts: NDArray[np.int8],
    units: Units,
    strata: RowGroups | None,
    call: tuple[str, dict[str, Any], int | None],
) -> Split:
    """Check what was reached, and say it.

    Raises
    ------
    AnalysisError
        If a part is empty.

    Warns
    -----
    UserWarning
        If it is far from what was asked for.
    """
    counts = np.bincount(parts[parts >= 0], minlength=len(names))
    _check_empty(names, wanted, counts, units)
    classes = {} if strata is None else _class_counts(names, parts, strata)
    operation, parameters, seed = call
    sizes = _left_out(wanted, counts) or _off_sizes(names, wanted, counts)
    by_chance = sizes if parameters.get("stable") else []
    problems = [*([] if by_chance else sizes), *_lacking(classes)]
    if problems:
        warn("; ".join(problems), code="LK427")
    step = CurationStep(
        operation,
        parameters,
        seed=None if seed is None else int(seed),
        before={"rows": columns.n_rows},
        after=counts_beside({"rows": int(counts.sum())}, "part", zip(names, counts.tolist(), strict=True)),
        notes=(*units.notes, *_deviation(classes), *by_chance, *problems),
    )
    return Split(names, parts, wanted, step, classes, columns.ids)


def _check_empty(names: tuple[str, ...], wanted: tuple[int, ...], counts: NDArray[np.int64], units: Units) -> None:
    empty = [i for i, rows in enumerate(counts) if not rows]
    if not empty:
        return
    largest = 1 if units.number is None else int(np.bincount(units.number).max())
    why = f": the largest group has {count(largest)}" if largest > 1 else ""
    if sum(wanted) > counts.sum():
        why = ": all of them belong together with rows of an earlier part"
    raise AnalysisError(
        f"the part {names[empty[0]]!r} is empty, which should have {plural(wanted[empty[0]], 'row')}{why}",
        hint="give it a larger share, split fewer parts, or make smaller groups",
    )


def _class_counts(names: tuple[str, ...], parts: NDArray[np.int8], strata: RowGroups) -> dict[str, dict[str, int]]:
    there = parts >= 0
    cells = parts[there].astype(np.int64) * len(strata.names) + strata.group[there]
    table = np.bincount(cells, minlength=len(names) * len(strata.names)).reshape(len(names), -1)
    return {name: dict(zip(strata.names, row, strict=True)) for name, row in zip(names, table.tolist(), strict=True)}


def _left_out(wanted: tuple[int, ...], counts: NDArray[np.int64]) -> list[str]:
    n_rows = sum(wanted) - int(counts.sum())
    why = "what they belong together with is in an earlier part"
    return [f"{plural(n_rows, 'row')} left out, since {why}"] if n_rows else []


def _off_sizes(names: tuple[str, ...], wanted: tuple[int, ...], counts: NDArray[np.int64]) -> list[str]:
    return [
        f"{name!r} has {plural(rows, 'row')}, where {count(want)} were asked for"
        for name, want, rows in zip(names, wanted, counts, strict=True)
        if abs(rows - want) > max(FAR * want, 1)
    ]


def _lacking(classes: Mapping[str, Mapping[str, int]]) -> list[str]:
    """Say which classes have no row in a part."""
    lines = []
    for part, rows in classes.items():
        none = [f"{label!r}" for label, n in rows.items() if not n]
        if none:
            named = names_and_more(none, SHOWN)
            lines.append(f"{part!r} has no row of {named}: the class has too few, or too large groups")
    return lines


def _deviation(classes: Mapping[str, Mapping[str, int]]) -> list[str]:
    if not classes:
        return []
    table = np.array([list(rows.values()) for rows in classes.values()], dtype=np.float64)
    shares = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    off = np.abs(shares - table.sum(axis=0) / table.sum()).max()
    return [f"the share of a class in a part differs from that in all by {percent(off, decimals=2)} at most"]

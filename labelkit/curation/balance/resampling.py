"""Balance classes by leaving rows out and by repeating rows, to N of each class or to shares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, get_args

import numpy as np

from labelkit._shared.names_beside import counts_beside
from labelkit._shared.numbers import count, plural
from labelkit._shared.seed_streams import seed_stream
from labelkit._shared.unknown_keywords import checks_keywords_with
from labelkit._shared.user_errors import warn
from labelkit.corpus.open_corpus import open_corpus
from labelkit.curation.balance.balanced import Balanced
from labelkit.curation.balance.class_column import ClassColumn
from labelkit.curation.step import CurationStep
from labelkit.exceptions import AnalysisError
from labelkit.votes.scored_gold import values_by_class

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

Method: TypeAlias = Literal["under", "over", "both"]

MOST_REPEATS: Final = 20
"""A row that stands more often than this in a training set is warned of."""


@checks_keywords_with(open_corpus)
def balance(
    labels: Any,
    to: Any = "equal",
    *,
    method: Method = "under",
    column: str | None = None,
    class_names: Sequence[Any] | None = None,
    ids: Any = None,
    random_state: int = 0,
    **reading: Any,
) -> Balanced:
    """Choose rows so that classes are as frequent as wanted, by leaving rows out at random, or repeating them.

    Parameters
    ----------
    labels : ProbabilisticLabels, array-like, Series or mapping by id; with ``column``, a corpus
        Classes; of labels, the hard ones. Rows without a class are left out.
    to : "equal", int, or mapping by class
        Equally many of each class; N of each; ``{"SPAM": 5_000_000, "HAM": 5_000_000}`` rows, where a class that is not
        named keeps its rows; or shares that sum to 1, ``{"SPAM": 0.2, "HAM": 0.8}``.
    method : {"under", "over", "both"}
        Leave rows out alone (of equal classes, all are as the rarest; of shares, as many rows as there can be); repeat
        rows alone; or both, by which equal classes and shares keep the number of rows.
    column : str, optional
        The column of labels of a corpus that :func:`labelkit.open_corpus` takes.
    class_names : sequence, optional
        By default those of the labels, else the sorted distinct values.
    ids : array-like, optional
        Of labels that have no names; by default, ids are positions.
    random_state : int
    **reading
        Options of :func:`labelkit.open_corpus`, such as ``id=``.

    Returns
    -------
    Balanced
        Which rows, with weights and sampling rates, by which probabilities are corrected.

    Raises
    ------
    AnalysisError
        If a class is not known, has no rows to repeat, or has fewer rows than ``method="under"`` is to draw.

    Warns
    -----
    UserWarning
        If a row is repeated very often, so that a learner learns it by heart, or a class has no rows.

    Notes
    -----
    Rows that are repeated stand floor(N / n) times each, and the rest is drawn without replacement: each row stands
    there as often as any other, give or take one.

    Examples
    --------
    >>> import labelkit as lk
    >>> balanced = lk.balance(["HAM"] * 950 + ["SPAM"] * 50)
    >>> len(balanced), balanced.sampling_rates
    (100, {'HAM': 0.05263157894736842, 'SPAM': 1.0})
    >>> lk.balance(["HAM"] * 950 + ["SPAM"] * 50, {"HAM": 400, "SPAM": 200}, method="both").counts_after.tolist()
    [400, 200]
    """
    if method not in get_args(Method):
        raise AnalysisError(f"method={method!r} is not one of 'under', 'over', 'both'")
    rng = seed_stream("balance", random_state)
    rows = ClassColumn.of(labels, class_names=class_names, column=column, ids=ids, **reading)
    before = rows.counts()
    after = wanted_rows(before, to, method, rows.class_names)
    notes = _notes(before, after, rows)
    positions = drawn_positions(rows.classes, before, after, rng)
    return Balanced(
        class_names=rows.class_names,
        positions=positions,
        classes=rows.classes[positions],
        counts_before=before,
        counts_after=after,
        examples=rows.examples,
        step=CurationStep(
            "balance",
            {"to": _plain(to), "method": method, "sampling_rates": _rates(before, after, rows.class_names)},
            seed=int(random_state),
            before=counts_beside({"rows": len(rows)}, "class", zip(rows.class_names, before.tolist(), strict=True)),
            after=counts_beside({"rows": len(positions)}, "class", zip(rows.class_names, after.tolist(), strict=True)),
            notes=notes,
        ),
    )


def _plain(to: Any) -> Any:
    return {str(getattr(name, "name", name)): value for name, value in to.items()} if isinstance(to, Mapping) else to


def _rates(before: NDArray[np.int64], after: NDArray[np.int64], names: Sequence[str]) -> dict[str, float]:
    return {name: float(n / m) for name, m, n in zip(names, before, after, strict=True) if n}


def drawn_positions(
    classes: NDArray[Any], before: NDArray[np.int64], after: NDArray[np.int64], rng: Generator
) -> NDArray[np.int64]:
    """Draw rows of each class at random; rising positions, repeated where more rows are wanted than there are.

    Parameters
    ----------
    classes : ndarray of int, shape (n_rows,)
        -1 for rows to leave out.
    before, after : ndarray of int64, shape (n_classes,)
        Rows there are, and rows wanted.

    Examples
    --------
    >>> drawn_positions(np.array([0, 1, 0, -1]), np.array([2, 1]), np.array([2, 3]), np.random.default_rng(0)).tolist()
    [0, 1, 1, 1, 2]
    """
    small = np.int16 if len(before) < 2**15 else np.int64
    by_class = np.argsort(classes.astype(small), kind="stable")[len(classes) - int(before.sum()) :]
    times = np.zeros(len(classes), dtype=np.int32)
    start = 0
    for n, wanted in zip(before.tolist(), after.tolist(), strict=True):
        here = by_class[start : start + n]
        start += n
        if n and wanted:
            each, rest = divmod(wanted, n)
            times[here] = each
            times[here[rng.choice(n, rest, replace=False, shuffle=False)]] += 1
    return np.repeat(np.arange(len(classes)), times)


# What is wanted -------------------------------------------------------------------------------------------------------


def wanted_rows(before: NDArray[np.int64], to: Any, method: Method, names: Sequence[str]) -> NDArray[np.int64]:
    """Return how many rows of each class are wanted; shape (n_classes,).

    Raises
    ------
    AnalysisError
        If that is not clear, or the method cannot draw as many.

    Examples
    --------
    >>> wanted_rows(np.array([90, 10]), {"SPAM": 0.25, "HAM": 0.75}, "under", ["HAM", "SPAM"]).tolist()
    [30, 10]
    """
    there = before > 0
    if isinstance(to, Mapping):
        wanted = _by_class(before, to, method, names)
    elif isinstance(to, str) and to == "equal":
        _warn_of_empty(before, names)
        sizes = {"under": before[there].min(), "over": before.max(), "both": round(float(before[there].mean()))}
        wanted = np.where(there, sizes[method], 0)
    elif isinstance(to, int | np.integer) and not isinstance(to, bool) and to > 0:
        _warn_of_empty(before, names)
        wanted = np.where(there, int(to), 0)
    else:
        raise AnalysisError(
            f"to={to!r} is neither 'equal', nor a number of rows, nor numbers or shares by class",
            hint="to={'SPAM': 5_000, 'HAM': 5_000}, or shares that sum to 1",
        )
    _check(before, wanted, method, names)
    return wanted.astype(np.int64)


def _by_class(before: NDArray[np.int64], to: Mapping[Any, Any], method: Method, names: Sequence[str]) -> NDArray[Any]:
    given = values_by_class(to, names, "to")
    try:
        numbers = np.array([float(value) for value in given.values()])
    except (TypeError, ValueError):
        raise AnalysisError(f"to={dict(to)!r} holds what is no number", hint="rows, or shares, by class") from None
    if not len(numbers) or not np.isfinite(numbers).all() or (numbers < 0).any():
        raise AnalysisError(f"to={dict(to)!r} holds no numbers from 0", hint="rows, or shares, by class")
    if any(isinstance(value, float) for value in given.values()) and abs(numbers.sum() - 100) < 1e-6:
        shares = {name: value / 100 for name, value in to.items()}
        raise AnalysisError(f"to={dict(to)!r} holds percent", hint=f"shares, to={shares}, or whole numbers of rows")
    places = np.array(list(given))
    if all(isinstance(value, int | np.integer) for value in given.values()) or (numbers > 1).any():
        if (numbers != np.rint(numbers)).any():
            raise AnalysisError(f"to={dict(to)!r} mixes numbers of rows and shares", hint="give one of them")
        wanted = before.copy()
        wanted[places] = numbers.astype(np.int64)
        return wanted
    share = np.zeros(len(before))
    share[places] = numbers
    unnamed = [name for c, name in enumerate(names) if before[c] > 0 and c not in given]
    if unnamed or abs(share.sum() - 1) > 1e-6:
        why = f"leave out {unnamed[0]!r}" if unnamed else f"sum to {share.sum():g}"
        raise AnalysisError(
            f"to={dict(to)!r} holds shares that {why}",
            hint="name all classes, with shares that sum to 1; 0.0 leaves a class out",
        )
    return _of_shares(before, share, method)


def _of_shares(before: NDArray[np.int64], share: NDArray[np.float64], method: Method) -> NDArray[Any]:
    wanted = share > 0
    sizes = before[wanted] / share[wanted]
    total = {"under": sizes.min(), "over": sizes.max(), "both": before[wanted].sum()}[method]
    rows = np.rint(total * share).astype(np.int64)
    if method == "under":
        return np.asarray(np.minimum(rows, before))
    return np.asarray(np.where((method == "over") & wanted, np.maximum(rows, before), rows))


def _warn_of_empty(before: NDArray[np.int64], names: Sequence[str]) -> None:
    empty = [name for name, n in zip(names, before, strict=True) if n == 0]
    if empty:
        warn(
            f"no row is of the class {', '.join(map(repr, empty[:6]))}, and the other classes are balanced. Hint: "
            "label examples of it, or give class_names= without it",
            code="LK423",
        )


def _check(before: NDArray[np.int64], wanted: NDArray[Any], method: Method, names: Sequence[str]) -> None:
    empty, few, many = (before == 0) & (wanted > 0), wanted > before, (wanted < before) & (wanted > 0)
    if empty.any():
        name = names[int(np.flatnonzero(empty)[0])]
        raise AnalysisError(f"no row is of the class {name!r}, so there is none to draw", hint="label examples of it")
    if method == "under" and few.any():
        c = int(np.flatnonzero(few)[0])
        raise AnalysisError(
            f"{count(wanted[c])} rows of {names[c]!r} are wanted, there are {count(before[c])}, and method='under' "
            "repeats none",
            hint=f"method='both' repeats rows; or give at most {count(before[c])}",
        )
    if method == "over" and many.any():
        c = int(np.flatnonzero(many)[0])
        raise AnalysisError(
            f"{count(wanted[c])} rows of {names[c]!r} are wanted, there are {count(before[c])}, and method='over' "
            "leaves none out",
            hint=f"method='both' leaves rows out; or give at least {count(before[c])}",
        )
    if not wanted.any():
        raise AnalysisError("no rows are wanted", hint="to='equal'")


def _notes(before: NDArray[np.int64], after: NDArray[np.int64], rows: ClassColumn) -> tuple[str, ...]:
    """Say, and warn of, rows that are repeated very often; say how many had no class."""
    notes = []
    without = len(rows) - int(before.sum())
    if without:
        notes.append(f"{plural(without, 'row')} without a class {'is' if without == 1 else 'are'} left out.")
    for c in np.flatnonzero((after > MOST_REPEATS * before) | ((before == 1) & (after > 1))):
        name, times = rows.class_names[c], f"{after[c] / before[c]:.0f} times"
        notes.append(f"{plural(int(before[c]), 'row')} of {name!r}, each {times}.")
        warn(
            f"{plural(int(before[c]), 'row')} of {name!r} would stand {times} each in the training set, to be "
            "learned by heart. Hint: label more of it (labelkit.next_to_label), ask for fewer rows, or give weights "
            "(labelkit.class_weights)",
            code="LK423",
        )
    return tuple(notes)

"""Draw a sample: one function for all designs, over corpora, streams, label matrices and labels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from labelkit._shared.numbers import count, plural
from labelkit._shared.unknown_keywords import checks_keywords_with
from labelkit._shared.user_errors import warn
from labelkit.corpus import Corpus, open_corpus
from labelkit.curation.sampling import designs
from labelkit.curation.sampling.allocation import allocated
from labelkit.curation.sampling.designs import Drawn, Reservoir
from labelkit.curation.sampling.drawn_sample import Sample, in_random_order, warn_of_bias
from labelkit.curation.sampling.population import (
    Population,
    RowGroups,
    batches,
    checked_weights,
    label_spread,
    numbered,
)
from labelkit.exceptions import AnalysisError
from labelkit.votes.alignment import object_array
from labelkit.votes.label_matrix import LabelMatrix
from labelkit.votes.probabilistic_labels import ProbabilisticLabels

if TYPE_CHECKING:
    from numpy.typing import NDArray

EVEN_SHARE: Final = 0.1
"""Part of the chances of importance sampling that all rows have alike, so that none is without (defensive mixture)."""

LEAST_SPREAD: Final = 0.4
"""Spread of a stratum, as a part of the mean of all, that Neyman's allocation counts with at least."""


@dataclass(frozen=True, eq=False)
class _Wish:
    """What was asked for."""

    method: str
    n: int
    allocation: str
    spread: Any
    quotas: Mapping[Any, int] | None
    edges: Any
    ids: Any
    data: Any
    rng: np.random.Generator


@checks_keywords_with(open_corpus)
def sample(
    data: Any,
    n: int | None = None,
    *,
    method: str = "random",
    by: Any = None,
    weights: Any = None,
    allocation: str = "proportional",
    spread: Any = None,
    quotas: Mapping[Any, int] | None = None,
    edges: Any = None,
    ids: Any = None,
    id: str | None = None,  # noqa: A002 - the word that users write
    random_state: int = 0,
    **reading: Any,
) -> Sample:
    """Draw examples for people to label, with the chance of each to be drawn.

    Parameters
    ----------
    data : LabelMatrix, ProbabilisticLabels, Corpus, or whatever :func:`labelkit.open_corpus` takes
        A frame, a stream, a file. The same rows in the same order give the same sample.
    n : int
        Examples to draw; clusters, of ``method="cluster"``. If there are fewer, all are drawn.
    method : str
        With known chances: ``"random"`` (all alike), ``"stratified"`` (of each group by ``by``), ``"weighted"``
        (proportional to ``weights``), ``"importance"`` (the same, with a small chance for all others), ``"systematic"``
        (at equal distances), ``"cluster"`` (whole groups), ``"reservoir"`` (one pass over a stream, in the memory of n
        rows; with ``weights``, too). ``"random"`` is a reservoir.

        With unknown chances, so that no estimate is unbiased: ``"quota"`` (the first rows of each group),
        ``"snowball"`` (along the edges of a graph), ``"judgment"`` (``ids`` that somebody chose), ``"convenience"``
        (the first rows).
    by : str, array-like, Series or dict by id, optional
        RowGroups: the name of a column of the corpus; a rule of the matrix, for its votes; ``"label"`` or
        ``"confidence"`` of labels; or values. Numbers of more than 20 values are cut at their tenths.
    weights : str, array-like, Series or dict by id, optional
        Sizes, such as the number of readers; ``"uncertainty"`` of labels. Positive; for importance, not negative.
    allocation : {"proportional", "equal", "neyman"}
        How many rows of each stratum: at least two; then in proportion to its size, alike, or to size times ``spread``.
    spread : dict by stratum, optional
        Standard deviations for Neyman's allocation. By default, of labels: of whether a label is right, by the labels.
    quotas : dict by stratum, optional
        Rows of each, for ``"quota"``; by default ``n`` is divided evenly.
    edges : dict of id to ids, or sequence of pairs of ids
        The graph, for ``"snowball"``.
    ids : sequence of ids
        For ``"judgment"``, the examples; for ``"snowball"``, those to start from (by default, one at random).
    id : str, optional
        The column of the corpus that names the examples.
    random_state : int
    **reading
        Further options of :func:`labelkit.open_corpus`.

    Returns
    -------
    Sample
        In random order, so that whoever stops early has labeled a random part; clusters, and samples without known
        chances, in the order of the corpus.

    Raises
    ------
    AnalysisError
        If a method is unknown or lacks what it needs, a weight is zero, negative or NaN, or a stratum is empty.

    Warns
    -----
    UserWarning
        If there are fewer rows than asked for, or nobody knows the chances of the method.

    Examples
    --------
    >>> import labelkit as lk
    >>> corpus = {"text": list("abcdefgh"), "source": ["web"] * 6 + ["mail"] * 2}
    >>> drawn = lk.sample(corpus, 4, method="stratified", by="source")
    >>> drawn.strata.tolist(), drawn.probabilities.round(2).tolist()
    (['web', 'mail', 'web', 'mail'], [0.33, 1.0, 0.33, 1.0])
    """
    needs = _needs_of(method)
    given = {"by": by, "weights": weights, "ids": ids, "edges": edges, "quotas": quotas, "spread": spread}
    _check(method, n, needs, **given, allocation=None if allocation == "proportional" else allocation)
    population = data if isinstance(data, LabelMatrix | ProbabilisticLabels) else open_corpus(data, id=id, **reading)
    rng = designs.design_rng(random_state)
    if method in {"random", "reservoir"} and isinstance(population, Corpus) and isinstance(weights, str | None):
        return _in_one_pass(population, _number(n), method, weights, rng, random_state)
    rows = Population.of(population, by, weights)
    wanted = len(rows) if n is None else _number(n)
    wish = _Wish(method, wanted, allocation, spread, quotas, edges, ids, population, rng)
    groups = None if by is None else RowGroups.of(rows.by, whole=method == "cluster").filled()
    drawn = _METHODS[method](rows, groups, wish)
    if np.isnan(drawn.probabilities).any():
        warn_of_bias(method)
    names = None if groups is None else np.array(groups.names, dtype=object)[groups.group[drawn.positions]]
    return in_random_order(
        Sample(
            method=method,
            ids=rows.examples.ids[drawn.positions],
            positions=drawn.positions,
            probabilities=drawn.probabilities,
            n_population=len(rows),
            strata=None if method == "cluster" or method in _UNSTRATIFIED else names,
            clusters=names if method == "cluster" else None,
            random_state=random_state,
        )
    )


def _in_one_pass(
    corpus: Corpus, n: int, method: str, weights: str | None, rng: np.random.Generator, random_state: int
) -> Sample:
    """Draw from a corpus of any length, holding n rows."""
    reservoir = Reservoir(n, rng)
    ids: NDArray[Any] | None = None
    for names, table, length in batches(corpus, [] if weights is None else [weights]):
        start = reservoir.n_rows
        here = np.arange(start, start + length) if names is None else names
        weight = None if weights is None else checked_weights(table.column(0).to_pandas(), here, zero=False)
        kept, taken = reservoir.offer(length, weight)
        ids = here[taken] if ids is None else np.concatenate([ids[kept], here[taken]])
    if ids is None or not reservoir.n_rows:
        raise AnalysisError(f"{corpus.name} has no rows", hint="check the export that made it", code="LK204")
    chosen, drawn = reservoir.drawn()
    _warn_of_few(reservoir.n_rows, n, "rows")
    return in_random_order(
        Sample(
            method=method,
            ids=ids[chosen],
            positions=drawn.positions,
            probabilities=drawn.probabilities,
            n_population=reservoir.n_rows,
            random_state=random_state,
        )
    )


# The methods ----------------------------------------------------------------------------------------------------------


def _random(rows: Population, _groups: RowGroups | None, wish: _Wish) -> Drawn:
    n = _at_most(wish.n, len(rows), "rows")
    reservoir = Reservoir(n, wish.rng)
    weights = None if rows.weights is None else checked_weights(rows.weights, rows.examples.ids, zero=False)
    reservoir.offer(len(rows), weights)
    return reservoir.drawn()[1]


def _stratified(rows: Population, groups: RowGroups | None, wish: _Wish) -> Drawn:
    assert groups is not None
    n = _at_most(wish.n, len(rows), "rows")
    sizes = groups.sizes
    spread: NDArray[np.float64] | None
    if wish.allocation == "proportional":
        spread = None
    elif wish.allocation == "equal":
        spread = 1 / sizes
    elif wish.allocation == "neyman":
        spread = _spread(groups, wish)
    else:
        raise AnalysisError(
            f"allocation={wish.allocation!r} is unknown", hint="give 'proportional', 'equal' or 'neyman'"
        )
    return designs.stratified(groups.group, allocated(sizes, n, spread), wish.rng)


def _spread(groups: RowGroups, wish: _Wish) -> NDArray[np.float64]:
    if wish.spread is None:
        if isinstance(wish.data, ProbabilisticLabels):
            return _floored(label_spread(groups, wish.data), groups)
        raise AnalysisError(
            "Neyman's allocation needs the spread within each stratum",
            hint="draw from the folder of a run, whose labels say it; in Python, spread={stratum: standard deviation}",
        )
    if not (isinstance(wish.spread, Mapping) or hasattr(wish.spread, "items")):
        raise AnalysisError(f"spread={wish.spread!r} is no dict by stratum", hint="spread={'web': 0.5, 'mail': 0.1}")
    return _floored(np.array([_number_of(wish.spread, name, "spread") for name in groups.names]), groups)


def _floored(spread: NDArray[np.float64], groups: RowGroups) -> NDArray[np.float64]:
    """Raise a small spread: it is believed, not seen, and few rows of a large stratum could not contradict it."""
    return np.maximum(spread, LEAST_SPREAD * float(np.average(spread, weights=groups.sizes)))


def _number_of(given: Mapping[Any, Any], name: str, what: str) -> float:
    """Return what a mapping says of a stratum, after a look at strata that do not exist."""
    by_name = {str(getattr(key, "name", key)): value for key, value in given.items()}
    if name not in by_name:
        raise AnalysisError(f"{what} does not name the stratum {name!r}", hint=f"it names {', '.join(by_name)}")
    value = float(by_name[name])
    if not 0 <= value < float("inf"):
        raise AnalysisError(f"{what} of the stratum {name!r} is {value:g}", hint="give a number that is not negative")
    return value


def _weighted(rows: Population, _groups: RowGroups | None, wish: _Wish) -> Drawn:
    weights = checked_weights(rows.weights, rows.examples.ids, zero=False)
    return designs.proportional_to_size(weights, _at_most(wish.n, len(rows), "rows"), wish.rng)


def _importance(rows: Population, _groups: RowGroups | None, wish: _Wish) -> Drawn:
    """Draw with a defensive mixture of the weights and equal chances (Hesterberg 1995, doi 10.2307/1269620)."""
    assert rows.weights is not None
    mixed = (1 - EVEN_SHARE) * rows.weights / rows.weights.mean() + EVEN_SHARE
    return designs.proportional_to_size(mixed, _at_most(wish.n, len(rows), "rows"), wish.rng)


def _systematic(rows: Population, _groups: RowGroups | None, wish: _Wish) -> Drawn:
    return designs.systematic(len(rows), _at_most(wish.n, len(rows), "rows"), wish.rng)


def _cluster(_rows: Population, groups: RowGroups | None, wish: _Wish) -> Drawn:
    assert groups is not None
    return designs.clusters(groups.group, _at_most(wish.n, len(groups.names), "clusters"), wish.rng)


def _quota(rows: Population, groups: RowGroups | None, wish: _Wish) -> Drawn:
    assert groups is not None
    if wish.quotas is None:
        share, more = divmod(_at_most(wish.n, len(rows), "rows"), len(groups.names))
        quotas = np.full(len(groups.names), share) + (np.arange(len(groups.names)) < more)
    else:
        names = {str(getattr(key, "name", key)): int(value) for key, value in wish.quotas.items()}
        empty = [name for name in names if name not in groups.names]
        if empty:
            raise AnalysisError(
                f"the stratum {empty[0]!r} is empty: no row is of it", hint=f"strata: {', '.join(groups.names[:12])}"
            )
        quotas = np.array([names.get(name, 0) for name in groups.names])
    for name, size, quota in zip(groups.names, groups.sizes, quotas, strict=True):
        _warn_of_few(int(size), int(quota), f"rows of {name!r}")
    return designs.first_of_each(groups.group, quotas)


def _snowball(rows: Population, _groups: RowGroups | None, wish: _Wish) -> Drawn:
    n = _at_most(wish.n, len(rows), "rows")
    if isinstance(wish.edges, Mapping):
        pairs = [(source, target) for source, targets in wish.edges.items() for target in targets]
    else:
        pairs = [tuple(pair) for pair in np.asarray(wish.edges, dtype=object).reshape(-1, 2)]
    ends = numbered(object_array(end for pair in pairs for end in pair), rows.examples)
    starts = np.array([wish.rng.integers(len(rows))]) if wish.ids is None else numbered(wish.ids, rows.examples)
    drawn = designs.snowball(starts, ends.reshape(-1, 2), n)
    _warn_of_few(len(drawn.positions), n, "rows within reach of the first")
    return drawn


def _judgment(rows: Population, _groups: RowGroups | None, wish: _Wish) -> Drawn:
    return Drawn.of(np.unique(numbered(wish.ids, rows.examples)), np.nan)


def _convenience(rows: Population, _groups: RowGroups | None, wish: _Wish) -> Drawn:
    return Drawn.of(np.arange(_at_most(wish.n, len(rows), "rows")), np.nan)


_METHODS: Final[dict[str, Callable[[Population, RowGroups | None, _Wish], Drawn]]] = {
    "random": _random,
    "stratified": _stratified,
    "weighted": _weighted,
    "importance": _importance,
    "systematic": _systematic,
    "cluster": _cluster,
    "reservoir": _random,
    "quota": _quota,
    "snowball": _snowball,
    "judgment": _judgment,
    "convenience": _convenience,
}
METHODS: Final = tuple(_METHODS)

_NEEDS: Final = {
    "stratified": ("n", "by"),
    "weighted": ("n", "weights"),
    "importance": ("n", "weights"),
    "cluster": ("n", "by"),
    "quota": ("by",),
    "snowball": ("n", "edges"),
    "judgment": ("ids",),
}
_UNSTRATIFIED: Final = frozenset({"random", "reservoir", "weighted", "importance", "systematic"})
_TAKES: Final = {
    "by": {"stratified", "cluster", "quota"},
    "weights": {"weighted", "importance", "reservoir"},
    "quotas": {"quota"},
    "edges": {"snowball"},
    "ids": {"snowball", "judgment"},
    "allocation": {"stratified"},
    "spread": {"stratified"},
}


def _needs_of(method: str) -> tuple[str, ...]:
    if method not in _METHODS:
        raise AnalysisError(f"method={method!r} is unknown", hint=f"methods: {', '.join(METHODS)}")
    return _NEEDS.get(method, ("n",))


def _check(method: str, n: int | None, needs: tuple[str, ...], **given: Any) -> None:
    """Refuse a method without what it needs, and what it would not use."""
    for name in needs:
        if (n if name == "n" else given[name]) is None and not (method == "quota" and name == "n"):
            raise AnalysisError(f"method={method!r} needs {name}=", hint=f"give {name}=, or another method")
    if method == "quota" and n is None and given["quotas"] is None:
        raise AnalysisError("method='quota' needs n=, or quotas= by group (--quota GROUP=N)", hint="n=100")
    for name, methods in _TAKES.items():
        if given[name] is not None and method not in methods:
            raise AnalysisError(
                f"method={method!r} does not use {name}=", hint=f"{name}= is for {', '.join(sorted(methods))}"
            )
    if given["spread"] is not None and given["allocation"] != "neyman":
        raise AnalysisError("spread= is for Neyman's allocation", hint="allocation='neyman', or no spread=")
    by_name, by_group = list(given["ids"]) if method == "judgment" else None, given["quotas"]
    asked = len(set(by_name)) if by_name is not None else None if by_group is None else sum(by_group.values())
    if n is not None and asked not in {None, n}:
        what = "quotas=" if by_name is None else "ids="
        raise AnalysisError(f"{what} is of {plural(asked, 'example')}, and n={n}", hint="leave n= (--n) out")


def _number(n: int | None) -> int:
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 1:
        raise AnalysisError(f"n={n!r} is not a number of examples", hint="n=100")
    return int(n)


def _at_most(n: int, there: int, what: str) -> int:
    _warn_of_few(there, n, what)
    return min(n, there)


def _warn_of_few(there: int, n: int, what: str) -> None:
    if there < n:
        warn(
            f"there are {count(there)} {what}, fewer than the {count(n)} asked for: all of them are the sample",
            code="LK425",
        )

"""Look for leaks between the parts of a split, whoever made it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from labelkit._shared.distributions import holm
from labelkit._shared.exact_values import column_series
from labelkit._shared.given_kinds import kind_of
from labelkit._shared.numbers import count, p_value, percent, plural
from labelkit._shared.tables import ResultPage, ResultTable, ShownResult
from labelkit._shared.unknown_keywords import checks_keywords, checks_keywords_with
from labelkit.analysis.two_samples import p_of_distribution
from labelkit.corpus import open_corpus
from labelkit.curation.near_duplicates import near_duplicate_texts
from labelkit.curation.splits.columns import SplitColumns, named, under_one_another
from labelkit.curation.splits.times import moments
from labelkit.curation.step import Curated
from labelkit.exceptions import AnalysisError

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_PARTS: Final = 20
SHOWN: Final = 3
CHANCE: Final = 0.01
"""Shares of classes that differ by chance as much as they do, or more, are a finding below this probability, corrected
for the number of pairs of parts."""

Kind = str


@checks_keywords
@dataclass(frozen=True)
class Leak:
    """A finding about two parts.

    Attributes
    ----------
    kind : str
        ``"id"``, ``"exact duplicate"``, ``"near-duplicate"``, ``"group"``, ``"time"`` or ``"classes"``.
    parts : tuple of str
        The part that leaks, and the part that it leaks into: the later one of the two.
    rows : int
        Rows of the later part that are concerned.
    share : float
        Of its rows.
    detail : str
        What was found, in words.
    examples : tuple of pairs
        Ids of a row of the first part, and of one of the second.
    """

    kind: Kind
    parts: tuple[str, str]
    rows: int
    share: float
    detail: str
    examples: tuple[tuple[Any, Any], ...] = ()


@checks_keywords
@dataclass(frozen=True, eq=False, repr=False)
class SplitCheck(ShownResult):
    """What was found about a split; made by :func:`labelkit.check_split`.

    Attributes
    ----------
    leaks : tuple of Leak
    counts : dict of str to int
        Rows of each part.
    looked_at : tuple of str
        What was compared.
    """

    leaks: tuple[Leak, ...]
    counts: Mapping[str, int]
    looked_at: tuple[str, ...]

    @property
    def is_clean(self) -> bool:
        """True if nothing was found."""
        return not self.leaks

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "clean": self.is_clean,
            "parts": dict(self.counts),
            "looked_at": list(self.looked_at),
            "leaks": [
                {
                    "kind": leak.kind,
                    "parts": list(leak.parts),
                    "rows": leak.rows,
                    "share": leak.share,
                    "detail": leak.detail,
                    "examples": [list(pair) for pair in leak.examples],
                }
                for leak in self.leaks
            ],
        }

    def _page(self) -> ResultPage:
        sizes = ", ".join(f"{name} {count(rows)}" for name, rows in self.counts.items())
        lead = f"{sizes} rows: {'no leak' if self.is_clean else plural(len(self.leaks), 'finding')}"
        cells = [
            [
                leak.kind,
                " → ".join(leak.parts),
                count(leak.rows),
                percent(leak.share, mark_tiny=True),
                leak.detail,
                ", ".join(f"{one} / {other}" for one, other in leak.examples),
            ]
            for leak in self.leaks
        ]
        heads = ["finding", "parts", "rows", "share", "what", "such as"]
        return ResultPage(
            [lead], [ResultTable(cells, heads, align="<<>><")], [f"Compared: {', '.join(self.looked_at)}"]
        )


@checks_keywords_with(open_corpus)
def check_split(
    data: Any,
    parts: Any = None,
    *,
    text: str | None = None,
    group: Any = None,
    time: Any = None,
    labels: Any = None,
    threshold: float = 0.8,
    id: str | None = None,  # noqa: A002 - the word that users write
    **reading: Any,
) -> SplitCheck:
    """Look for leaks between the parts of a split that somebody made.

    Parameters
    ----------
    data : object
        What :func:`labelkit.open_corpus` takes; or, without ``parts``, a dict of the name of each part to its corpus.
    parts : str, Split, Series or dict by id, or array-like, optional
        The name of the column that holds the part of each row, or these values; a row without one is in no part.
    text : str, optional
        The column of the texts, for exact and near-duplicates. They are held in memory.
    group : str, array-like, Series or dict by id, optional
        Values that should not stand on both sides.
    time : str, array-like, Series or dict by id, optional
        Rows of a later part should not be older than the newest row of an earlier one. Parts are in the order in which
        they are given; those of a column, by their size.
    labels : str, ProbabilisticLabels, array-like, Series or dict by id, optional
        The classes, whose shares should differ by chance alone (a chi-square test, exact for rare
        classes; p < 0.01 over all pairs of parts, by Holm's procedure).
    threshold : float in (0, 1]
        Of near-duplicates, as of :func:`labelkit.near_duplicate_texts`.
    id : str, optional
        The column that names the examples; ids that stand in two parts are found, too.
    **reading
        Further options of :func:`labelkit.open_corpus`.

    Returns
    -------
    SplitCheck

    Raises
    ------
    AnalysisError
        If there are fewer than two parts, or values do not fit the examples.

    Examples
    --------
    >>> import labelkit as lk
    >>> corpus = {"text": ["buy it now!", "hello", "Buy it now!"], "author": ["x", "y", "z"]}
    >>> print(lk.check_split(corpus, ["train", "train", "test"], text="text", group="author"))
    train 2, test 1 rows: 1 finding
    finding         parts         rows   share  what                                                  such as
    near-duplicate  train → test     1  100.0%  texts that are nearly the same (Jaccard of 0.8 on)    0 / 2
    Compared: exact duplicates, near-duplicates, groups
    """
    rows = _Rows.of(data, parts, [text, group, time, labels], id, reading)
    leaks: list[Leak] = []
    looked_at: list[str] = []
    if rows.has_ids:
        looked_at.append("ids")
        leaks += rows.shared(_codes(rows.ids), "id", "rows that stand in both parts")
    if text is not None:
        looked_at += ["exact duplicates", "near-duplicates"]
        leaks += _same_texts(rows, text, threshold)
    if group is not None:
        looked_at.append("groups")
        name = named(group, "group")
        leaks += rows.shared(rows.codes(group, "group"), "group", f"rows of a {name!r} that is in both parts")
    if time is not None:
        looked_at.append("times")
        leaks += _times(rows, time)
    if labels is not None:
        looked_at.append("classes")
        leaks += _classes(rows, labels)
    if not looked_at:
        raise AnalysisError("there is nothing to compare", hint='text="text", group=, time=, labels= or id=')
    return SplitCheck(tuple(leaks), rows.counts, tuple(looked_at))


@dataclass(frozen=True, eq=False)
class _Rows:
    """The rows of all parts, one part or one corpus.

    Attributes
    ----------
    sources : tuple of SplitColumns
    names : tuple of str
    parts : ndarray of int64, shape (n_rows,)
        -1 for a row in none.
    ids : ndarray
    has_ids : bool
    """

    sources: tuple[SplitColumns, ...]
    names: tuple[str, ...]
    parts: NDArray[np.int64]
    ids: NDArray[Any]
    has_ids: bool

    @classmethod
    def of(cls, data: Any, parts: Any, given: list[Any], id_column: str | None, reading: Mapping[str, Any]) -> _Rows:
        several = data if parts is None else {"": data}
        if isinstance(parts, Mapping) and any(kind_of(part) == "table" for part in parts.values()):
            raise AnalysisError(
                "parts= holds corpora, and says of the rows of one corpus which part each is in",
                hint='corpora of their own come first, alone: check_split({"train": corpus, "test": corpus})',
            )
        if not isinstance(several, Mapping) or (parts is None and len(several) < 2):
            raise AnalysisError(
                "parts= is missing: nobody knows which row is in which part",
                hint='parts="split" (a column), or a dict by id; or give {"train": corpus, "test": corpus}',
            )
        opened = [open_corpus(one, id=id_column, **reading) for one in several.values()]
        has_ids = all(corpus.id is not None for corpus in opened)
        sources = tuple(SplitColumns.read(one, [*given, parts], distinct=False) for one in opened)
        ids_of = [source.ids_at(slice(None)) for source in sources]
        if len({ids.dtype.kind in "iu" for ids in ids_of}) > 1:  # such as of a CSV file beside a table of numbers
            ids_of = [ids.astype(str).astype(object) for ids in ids_of]
        ids = np.concatenate(ids_of)
        if parts is None:
            numbers = np.repeat(np.arange(len(sources)), [source.n_rows for source in sources])
            return cls._checked(sources, tuple(map(str, several)), numbers, ids, has_ids)
        return cls._checked(sources, *_parts_of(sources[0], parts), ids, has_ids)

    @classmethod
    def _checked(cls, sources: Any, names: tuple[str, ...], parts: Any, ids: Any, has_ids: bool) -> _Rows:  # noqa: FBT001
        if not 1 < len(names) <= MOST_PARTS:
            raise AnalysisError(
                f"the split has {plural(len(names), 'part')}{f': {names[0]}' if len(names) == 1 else ''}",
                hint=f"2 to {MOST_PARTS} parts can be compared, such as train and test",
            )
        return cls(sources, names, parts, ids, has_ids)

    @property
    def counts(self) -> dict[str, int]:
        n_of = np.bincount(self.parts[self.parts >= 0], minlength=len(self.names))
        return dict(zip(self.names, n_of.tolist(), strict=True))

    def pairs(self) -> Iterator[tuple[int, int]]:
        return combinations(range(len(self.names)), 2)

    def column(self, name: str) -> pa.ChunkedArray:
        """Return a column of all parts, under one another."""
        return under_one_another([source.of_corpus[name] for source in self.sources], name)

    def values(self, given: Any, what: str) -> Any:
        if isinstance(given, str):
            return self.column(given)
        if len(self.sources) > 1:
            raise AnalysisError(f"{what}= names a column where each part is a corpus of its own")
        return self.sources[0].values(given, what)

    def codes(self, given: Any, what: str) -> NDArray[np.int64]:
        values = self.values(given, what)
        try:
            return _codes(column_series(values) if isinstance(values, pa.ChunkedArray) else values)
        except TypeError:
            raise AnalysisError(
                f"the values of {what}={named(given, what)!r} cannot be told apart: they are lists or dicts",
                hint="a column of texts, numbers or dates; of a struct, name a field: 'user.name'",
            ) from None

    def shared(self, codes: NDArray[np.int64], kind: str, detail: str, *, but: Any = None) -> Iterator[Leak]:
        """Find the rows of each later part whose number stands in an earlier one."""
        for one, other in self.pairs():
            first = np.full(int(codes.max(initial=-1)) + 1, -1)
            rows = np.flatnonzero((self.parts == one) & (codes >= 0))[::-1]
            first[codes[rows]] = rows
            hits = np.flatnonzero((self.parts == other) & (codes >= 0))
            hits = hits[first[codes[hits]] >= 0]
            hits = hits if but is None else hits[~but(one, hits)]
            if len(hits):
                examples = zip(
                    self.ids[first[codes[hits[:SHOWN]]]].tolist(), self.ids[hits[:SHOWN]].tolist(), strict=True
                )
                yield self.leak(kind, (one, other), len(hits), detail, tuple(examples))

    def leak(self, kind: str, pair: tuple[int, int], rows: int, detail: str, examples: Any = ()) -> Leak:
        n_later = int((self.parts == pair[1]).sum())
        return Leak(kind, (self.names[pair[0]], self.names[pair[1]]), rows, rows / n_later, detail, examples)


def _codes(values: Any) -> NDArray[np.int64]:
    import pandas as pd  # noqa: PLC0415 - where values are compared

    return np.asarray(pd.factorize(values, use_na_sentinel=True)[0], dtype=np.int64)


def _parts_of(columns: SplitColumns, given: Any) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Return the names of the parts, and the part of each row."""
    import pandas as pd  # noqa: PLC0415 - as above

    if isinstance(given, Curated):
        table = given.rows()
        split, ids = table.column("split").to_pandas(), table.column("id").to_numpy()
        are_same = np.array_equal(ids, columns.ids_at(slice(None)))
        by_id = split if are_same else columns.values(dict(zip(ids.tolist(), split, strict=True)), "the split")
        numbers = np.asarray(by_id, dtype=object)
        names = tuple(split.cat.categories)
        return names, pd.Categorical(numbers, categories=list(names)).codes.astype(np.int64)
    values = columns.values(given, "parts")
    series = column_series(values) if isinstance(values, pa.ChunkedArray) else pd.Series(values, dtype=object)
    codes, distinct = pd.factorize(series, use_na_sentinel=True)
    written = [str(getattr(name, "name", name)) for name in distinct]
    texts = list(dict.fromkeys(written))
    codes = np.append([texts.index(text) for text in written], -1).astype(np.int64)[codes]  # 1 and "1" are one part
    order = np.argsort(-np.bincount(codes[codes >= 0], minlength=len(texts)), kind="stable")
    rank = np.argsort(order)
    return tuple(texts[one] for one in order), np.where(codes < 0, -1, rank[codes])


def _same_texts(rows: _Rows, text: str, threshold: float) -> Iterator[Leak]:
    column = rows.column(text)
    exact = _codes(column_series(column))
    yield from rows.shared(exact, "exact duplicate", "texts that are the same")
    clusters = near_duplicate_texts(pa.table({text: column}), text, threshold=threshold)

    def is_exact(part: int, hits: NDArray[np.int64]) -> NDArray[np.bool_]:
        return np.isin(exact[hits], exact[(rows.parts == part) & (exact >= 0)])

    detail = f"texts that are nearly the same (Jaccard of {threshold:g} on)"
    yield from rows.shared(clusters.cluster, "near-duplicate", detail, but=is_exact)


def _times(rows: _Rows, given: Any) -> Iterator[Leak]:
    values = rows.values(given, "time")
    times = moments(values, named(given, "time"))
    for one, other in rows.pairs():
        newest = np.flatnonzero(rows.parts == one)
        newest = newest[np.argmax(times[newest])]
        older = np.flatnonzero((rows.parts == other) & (times < times[newest]))
        if len(older):
            detail = f"rows older than the newest of {rows.names[one]!r}, of {values[newest]}"
            examples = tuple((rows.ids[newest : newest + 1].tolist()[0], row) for row in rows.ids[older[:1]].tolist())
            yield rows.leak("time", (one, other), len(older), detail, examples)


def _classes(rows: _Rows, given: Any) -> Iterator[Leak]:
    values = rows.values(given, "labels")
    series = column_series(values) if isinstance(values, pa.ChunkedArray) else values
    import pandas as pd  # noqa: PLC0415 - as above

    codes, distinct = pd.factorize(pd.Series(series), use_na_sentinel=True)
    tables = [
        np.stack([np.bincount(codes[(rows.parts == part) & (codes >= 0)], minlength=len(distinct)) for part in pair])
        for pair in rows.pairs()
    ]
    corrected = holm(np.array([p_of_distribution(*table.astype(np.float64)) for table in tables])).tolist()
    for (one, other), table, p in zip(rows.pairs(), tables, corrected, strict=True):
        if not p < CHANCE:
            continue
        shares = table / table.sum(axis=1, keepdims=True)
        most = int(np.argmax(np.abs(shares[1] - shares[0])))
        label = str(getattr(distinct[most], "name", distinct[most]))
        detail = (
            f"{label!r} has {percent(shares[0, most])} and {percent(shares[1, most])} (all classes: p {p_value(p)})"
        )
        moved = round(float(np.abs(shares[1] - shares[0]).sum()) / 2 * int(table[1].sum()))
        yield rows.leak("classes", (one, other), moved, detail)

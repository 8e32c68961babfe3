"""A sample: which examples it holds, and with what chance each came into it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from labelkit._shared.exact_values import whole_numbers
from labelkit._shared.files import replaced
from labelkit._shared.near_names import path_hint
from labelkit._shared.numbers import count, decimal, percent, plural
from labelkit._shared.protected_values import protects_values
from labelkit._shared.spreadsheets import harmless, restored
from labelkit._shared.tables import FIRST_ROWS, ResultPage, ResultTable, ShownResult
from labelkit._shared.unknown_keywords import checks_keywords, checks_keywords_with
from labelkit._shared.unreadable import opening
from labelkit._shared.user_errors import warn
from labelkit._shared.what_stands import what_stands
from labelkit.corpus import open_corpus
from labelkit.corpus.rows_at import read_rows
from labelkit.curation.sampling.designs import design_rng
from labelkit.curation.sampling.estimates import SampleEstimate, estimated
from labelkit.exceptions import AnalysisError, CorpusChangedError
from labelkit.votes.alignment import RowNames, shown_names

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

UNBIASED: Final = "The inclusion probabilities are those of the design: estimates that use them are unbiased."
BIASED: Final = "Nobody knows with what chance a row came into this sample: no estimate from it is unbiased."

_COLUMNS: Final = (
    "id",
    "position",
    "inclusion_probability",
    "stratum",
    "cluster",
    "method",
    "population",
    "random_state",
)
_TEXTS: Final = ("id", "stratum", "cluster")
_ID_TYPE: Final = "id_type"
"""Column of CSV that tells ids of text from numbers."""

_BLANK: Final = {"inclusion_probability": [""]}
_NEEDED: Final = ("id", "position", "inclusion_probability", "method", "population")


@checks_keywords
@protects_values
@dataclass(frozen=True, eq=False, repr=False)
class Sample(ShownResult):
    """Examples that were drawn, with their inclusion probabilities; made by :func:`labelkit.sample`.

    Attributes
    ----------
    method : str
        The design.
    ids : ndarray, shape (n,)
    positions : ndarray of int64, shape (n,)
        In the population.
    probabilities : ndarray of float64, shape (n,)
        The chance with which the design draws each of the rows; NaN for quota, snowball, judgment and convenience
        samples. Those of a weighted reservoir hold given the random numbers of all other rows.
    n_population : int
    strata, clusters : ndarray of str, shape (n,), or None
    random_state : int
    """

    method: str
    ids: NDArray[Any]
    positions: NDArray[np.int64]
    probabilities: NDArray[np.float64]
    n_population: int
    strata: NDArray[Any] | None = None
    clusters: NDArray[Any] | None = None
    random_state: int = 0

    def __post_init__(self) -> None:
        names = RowNames(self.ids)
        if not names.is_unique:
            raise AnalysisError(
                f"the id {names.repeated()!r} stands twice in the sample, so that answers by id have no meaning",
                hint="an id names one example: id= another column, or none for positions",
            )
        wrong = ~(np.isnan(self.probabilities) | ((self.probabilities > 0) & (self.probabilities <= 1 + 1e-9)))
        if wrong.any():
            raise AnalysisError(
                f"the inclusion probability of {self.ids[wrong][:1].tolist()[0]!r} is {self.probabilities[wrong][0]:g}",
                hint="inclusion probabilities are above 0, and at most 1",
            )

    def __len__(self) -> int:
        return len(self.positions)

    @property
    def is_random(self) -> bool:
        """True if chances are known, so that estimates are unbiased."""
        return not np.isnan(self.probabilities).any()

    @property
    def is_independent(self) -> bool:
        """True if each row was drawn for itself, so that the sum of the weights varies: of a weighted reservoir."""
        equal = len(self) / max(self.n_population, 1)
        return self.method == "reservoir" and not np.allclose(self.probabilities, equal, rtol=1e-9, atol=0.0)

    @property
    def weights(self) -> dict[Any, float]:
        """The inverse of the inclusion probability by id: ``weights=`` of ``summarize``, ``evaluate``, ``certify``.

        Raises
        ------
        AnalysisError
            If nobody knows the probabilities.
        """
        self._check_random()
        return dict(zip(self.ids.tolist(), (1 / self.probabilities).tolist(), strict=True))

    def estimate(
        self, values: Any, *, where: Any = None, by: Any = None, total: bool = False, confidence: float = 0.95
    ) -> SampleEstimate:
        """Estimate shares, means or totals of the population from what people answered on the sample.

        Parameters
        ----------
        values : array-like, Series or dict by id
            Of texts and enum members (classes), the share of each is estimated; of booleans, that of True; of numbers,
            the mean. None and NaN for rows that nobody answered: these are taken to be a random part of their stratum.
            An array is in the order of the sample; a mapping may name more examples than those of the sample.
        where : array-like of bool, Series or dict by id, optional
            The part of the population that the estimate is of: ``where=votes >= 0`` with ``values=votes == gold``
            estimates the precision of a rule.
        by : array-like, Series, dict by id or str, optional
            Estimate for each group; ``"stratum"`` and ``"cluster"`` are those of the sample.
        total : bool
            Estimate totals (Horvitz-Thompson) in place of means and shares (Hájek).
        confidence : float in (0, 1)

        Returns
        -------
        SampleEstimate
            With intervals that allow for strata, clusters, chances and the finite population. 95% intervals held 94 to
            97% of the time in simulations, those of rare shares (2 to 5%) that are alike within a few large clusters 81
            to 90%, and counts of rare rows by unequal chances 91 to 95%.

        Raises
        ------
        AnalysisError
            If nobody knows the inclusion probabilities, values do not fit, or no row has one.

        References
        ----------
        Horvitz, Thompson (1952), A generalization of sampling without replacement from a finite universe.
        https://doi.org/10.1080/01621459.1952.10483446

        Examples
        --------
        >>> import labelkit as lk
        >>> sample = lk.sample([f"text {i}" for i in range(1000)], 100)
        >>> print(sample.estimate(["SPAM"] * 20 + ["HAM"] * 80))
        100 of 1,000 examples (random), 95% intervals
              share    low - high  rows  worth rows
        HAM   80.0%  71.6 - 86.4%   100         110
        SPAM  20.0%  13.6 - 28.4%   100         110
        """
        self._check_random()
        return estimated(self, values, where=where, by=by, total=total, confidence=confidence)

    @checks_keywords_with(open_corpus)
    def rows(self, corpus: Any, columns: Any = None, **reading: Any) -> pd.DataFrame:
        """Read the examples of the sample from the corpus that it was drawn from.

        Parameters
        ----------
        corpus : object
            As :func:`labelkit.open_corpus` takes it, with the same ``id=`` as the sample.
        columns : list of str, optional
            By default, all.

        Returns
        -------
        pandas.DataFrame
            With the ids as its index, and ``inclusion_probability``.

        Raises
        ------
        CorpusChangedError
            If the corpus has other examples at these positions, or another number of rows.
        """
        opened = open_corpus(corpus, **reading)
        read = read_rows(opened, self.positions, list(columns or opened.column_names))
        ids = self.positions if read.ids is None else read.ids.to_numpy()
        if read.n_found < len(self) or (opened.n_rows or self.n_population) != self.n_population:
            raise self._changed(opened.name, f"it had {plural(self.n_population, 'row')}")
        if not np.array_equal(ids, self.ids):
            moved = np.flatnonzero(ids != self.ids)[:2]
            raise self._changed(
                opened.name, f"where {shown_names(self.ids[moved])} stood, there is {shown_names(ids[moved])} now"
            )
        frame: pd.DataFrame = read.table.to_pandas()
        frame.index = self.ids
        return frame.assign(inclusion_probability=self.probabilities)

    def _changed(self, name: str, why: str) -> CorpusChangedError:
        return CorpusChangedError(
            f"{name} is not as it was when the sample was drawn: {why}",
            hint="give the corpus of the sample, opened with the same id=; or draw again from the new one",
        )

    def _check_random(self) -> None:
        if not self.is_random:
            raise AnalysisError(
                f"nobody knows with what chance a row came into this {self.method} sample: it estimates nothing",
                hint="a sample with method='random' does",
                code="LK421",
            )

    def to_pandas(self) -> pd.DataFrame:
        """Return a row for each example: its id, position, inclusion probability, stratum, cluster, and the design."""
        import pandas as pd  # noqa: PLC0415 - only for who asks

        columns = (self.ids, self.positions, self.probabilities, self.strata, self.clusters)
        frame = pd.DataFrame(
            {name: values for name, values in zip(_COLUMNS, columns, strict=False) if values is not None}
        )
        return frame.assign(method=self.method, population=self.n_population, random_state=self.random_state)

    def save(self, path: str | Path, *, beside: pd.DataFrame | None = None) -> Path:
        """Write the sample as Parquet, or as CSV if the path ends so; :meth:`load` reads it back.

        A text that a spreadsheet would run as a formula has an apostrophe before it in CSV.

        Parameters
        ----------
        path : path
        beside : pandas.DataFrame, optional
            Further columns, in the order of the sample, such as the texts that :meth:`rows` reads.

        Raises
        ------
        AnalysisError
            If the path ends in neither ``.parquet`` nor ``.csv``, or a column has the name of one of the sample.
        """
        place, frame = Path(path), self.to_pandas()
        taken = [] if beside is None else [name for name in beside if name in (*_COLUMNS, _ID_TYPE)]
        if taken:
            raise AnalysisError(f"a sample has a column {taken[0]!r} already", hint="rename that of the corpus")
        for name in () if beside is None else beside:
            frame[name] = beside[name].to_numpy()  # type: ignore[index] # not None here
        if place.suffix not in {".csv", ".parquet"}:
            raise AnalysisError(
                f"a sample cannot be written to {place.name!r}", hint="name it .parquet or .csv", code="LK532"
            )
        with replaced(place) as draft:
            if place.suffix == ".csv":
                frame[_ID_TYPE] = "number" if self.ids.dtype.kind in "iu" else "text"
                for name in frame.columns[frame.dtypes.map(lambda kind: kind.kind == "O")]:
                    frame[name] = frame[name].map(_harmless)
                frame.rename(columns=harmless).to_csv(draft, index=False)
            else:
                frame.to_parquet(draft, index=False)
        return place

    @classmethod
    def load(cls, path: str | Path) -> Sample:
        """Read a sample that :meth:`save` wrote.

        Raises
        ------
        AnalysisError
            If the file is no sample.
        """
        place = Path(path)
        if not place.is_file():
            stands = what_stands(place)
            raise AnalysisError(
                f"there is no file {str(path)!r}" if stands is None else f"{str(path)!r} is {stands}, and no sample",
                hint=path_hint(path, "labelkit sample CORPUS --out FILE writes one"),
                code="LK201",
            )
        frame = _read(place)
        missing = [name for name in _NEEDED if name not in frame]
        if missing or frame.empty:
            lacks = f"it has no column {missing[0]!r}" if missing else "it has no rows"
            hint = "give a file that labelkit sample (in Python, sample.save) wrote"
            raise AnalysisError(f"{str(path)!r} is no sample: {lacks}", hint=hint)
        state = int(frame["random_state"].iloc[0]) if "random_state" in frame else 0
        return cls(
            method=str(frame["method"].iloc[0]),
            ids=frame["id"].to_numpy(),
            positions=frame["position"].to_numpy(dtype=np.int64),
            probabilities=frame["inclusion_probability"].to_numpy(dtype=np.float64),
            n_population=int(frame["population"].iloc[0]),
            strata=frame["stratum"].to_numpy(dtype=object) if "stratum" in frame else None,
            clusters=frame["cluster"].to_numpy(dtype=object) if "cluster" in frame else None,
            random_state=state,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "method": self.method,
            "n": len(self),
            "population": self.n_population,
            "unbiased": self.is_random,
            "strata": {name: int(n) for name, n in _counted(self.strata)},
            "clusters": len(_counted(self.clusters)),
            "random_state": self.random_state,
        }

    def _page(self) -> ResultPage:
        lead = f"{plural(len(self), 'example')} of {count(self.n_population)}, {_with_article(self.method)} sample"
        chances = self.probabilities
        rows = [
            [
                name,
                count(n),
                f"{percent(low, mark_tiny=True)} - {percent(high, mark_tiny=True)}" if self.is_random else "unknown",
            ]
            for name, n, low, high in _chances_of(self.strata, chances)
        ]
        table = ResultTable(rows[:20], ["stratum", "drawn", "inclusion probability"], align="<>", title="")
        first = [
            [str(name), count(place), decimal(chance, 6)]
            for name, place, chance in zip(
                self.ids[:FIRST_ROWS].tolist(), self.positions[:FIRST_ROWS], chances[:FIRST_ROWS], strict=True
            )
        ]
        examples = ResultTable(first, ["id", "position", "inclusion probability"], align="<>", title="First examples")
        return ResultPage([lead], [table, examples], [UNBIASED if self.is_random else BIASED])


def in_random_order(sample: Sample) -> Sample:
    """Arrange the examples so that the first of them are a random part, but for clusters, which are read as a whole."""
    if not sample.is_random or sample.clusters is not None:
        return sample
    order = design_rng(sample.random_state, stream=1).permutation(len(sample))
    strata = None if sample.strata is None else sample.strata[order]
    return replace(
        sample,
        ids=sample.ids[order],
        positions=sample.positions[order],
        probabilities=sample.probabilities[order],
        strata=strata,
    )


def _with_article(method: str) -> str:
    return f"{'an' if method[0] in 'aeiou' else 'a'} {method}"


def warn_of_bias(method: str) -> None:
    """Warn that no estimate of a sample of this kind is unbiased."""
    warn(
        f"{_with_article(method)} sample: nobody knows with what chance a row came into it, so that no estimate from "
        "it is unbiased. Hint: it is good for looking and learning; method='random' draws by chance, to measure",
        code="LK421",
    )


def _counted(names: NDArray[Any] | None) -> list[tuple[str, int]]:
    if names is None:
        return []
    distinct, counts = np.unique(names.astype(str), return_counts=True)
    return list(zip(distinct.tolist(), counts.tolist(), strict=True))


def _chances_of(strata: NDArray[Any] | None, chances: NDArray[np.float64]) -> list[tuple[str, int, float, float]]:
    """Return rows, and the least and the highest chance, of each stratum; of all rows without strata."""
    if not len(chances):
        return []
    if strata is None:
        return [("(all)", len(chances), float(chances.min()), float(chances.max()))]
    texts = strata.astype(str)
    return [
        (name, n, float(chances[texts == name].min()), float(chances[texts == name].max()))
        for name, n in _counted(strata)
    ]


def _harmless(value: Any) -> Any:
    return harmless(value) if isinstance(value, str) else value


def _read(place: Path) -> pd.DataFrame:
    """Read the columns of a file of a sample."""
    import pandas as pd  # noqa: PLC0415 - only for who asks

    try:
        with opening(AnalysisError):
            if place.suffix != ".csv":
                return pd.read_parquet(place)
            frame = pd.read_csv(place, dtype=dict.fromkeys(_TEXTS, str), keep_default_na=False, na_values=_BLANK)
    except AnalysisError:
        raise
    except (ValueError, OSError, pa.ArrowInvalid) as error:
        raise AnalysisError(f"{str(place)!r} cannot be read: {error}", hint="give a .parquet or .csv file") from None
    texts = {name: frame[name].map(restored) for name in _TEXTS if name in frame}
    if "id" in texts and _ID_TYPE in frame and (frame[_ID_TYPE] == "number").all():
        texts["id"] = pd.Series(whole_numbers(map(int, frame["id"])), index=frame.index)
    return frame.assign(**texts)

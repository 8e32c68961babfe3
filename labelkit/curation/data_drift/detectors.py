"""Detect a change in a stream of errors or other numbers while it comes: Page-Hinkley, and DDM.

Both read a value at a time (``update``), or an array (``run``), with the same states, however the stream is cut.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from labelkit._shared.numbers import count, plural
from labelkit._shared.protected_values import protects_values
from labelkit._shared.tables import ResultPage, ResultTable, ShownResult
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.exceptions import AnalysisError

if TYPE_CHECKING:
    from numpy.typing import NDArray

STABLE: Final = 0
WARNING: Final = 1
DRIFT: Final = 2

NAMES: Final = ("stable", "warning", "drift")
"""States by number."""

State = Literal["stable", "warning", "drift"]

PIECE: Final = 65_536
"""Values that are looked at together."""


@protects_values
@dataclass(frozen=True, eq=False, repr=False)
class StreamStates(ShownResult):
    """The states of a detector over a stream.

    Attributes
    ----------
    states : ndarray of int8, shape (n_values,)
        0 for stable, 1 for a warning, 2 for a drift; after a drift, the detector begins anew with the next value.
    detector : str
    start : int
        Values that the detector had read before.
    """

    states: NDArray[np.int8]
    detector: str
    start: int = 0

    @property
    def drifts(self) -> NDArray[np.int64]:
        """Positions in the array at which a drift was detected."""
        return np.flatnonzero(self.states == DRIFT)

    @property
    def warnings(self) -> NDArray[np.int64]:
        """Positions in the array with a warning."""
        return np.flatnonzero(self.states == WARNING)

    def __len__(self) -> int:
        return len(self.states)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values: ``detector``, ``values``, ``drifts`` (positions), ``warnings`` (how many)."""
        return {
            "detector": self.detector,
            "values": len(self),
            "drifts": self.drifts.tolist(),
            "warnings": len(self.warnings),
        }

    def _page(self) -> ResultPage:
        lead = f"{self.detector}: {plural(len(self.drifts), 'drift')} in {plural(len(self), 'value')}, "
        lead += plural(len(self.warnings), "warning")
        rows = [[count(position + self.start)] for position in self.drifts[:20].tolist()]
        more = f"... and {len(self.drifts) - 20:,} more" if len(self.drifts) > 20 else ""
        return ResultPage([lead], [ResultTable(rows, ["drift at value"], align=">", more=more)])


@checks_keywords
class StreamDetector(ABC):
    """A detector that reads a stream, and begins anew after each drift."""

    def __init__(self) -> None:
        self.n_seen = 0
        self.reset()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.n_seen:,} values read)"

    @abstractmethod
    def reset(self) -> None:
        """Forget what was read since the last drift."""

    @abstractmethod
    def _states(self, values: NDArray[np.float64]) -> NDArray[np.int8]:
        """Return the states as if no drift began it anew, and remember nothing."""

    @abstractmethod
    def _remember(self, values: NDArray[np.float64]) -> None:
        """Take values into the memory."""

    @abstractmethod
    def _check(self, values: NDArray[np.float64]) -> None:
        """Refuse values that are none of the detector's."""

    def update(self, value: float) -> State:
        """Read the next value, and return the state: ``stable``, ``warning`` or ``drift``."""
        return NAMES[int(self.run([value]).states[0])]

    def run(self, values: Any) -> StreamStates:
        """Read the next values of the stream.

        Parameters
        ----------
        values : array-like of shape (n_values,)

        Returns
        -------
        StreamStates

        Raises
        ------
        AnalysisError
            If a value is no number, or none of the detector's.
        """
        try:
            stream = np.asarray(values, dtype=np.float64)
        except (TypeError, ValueError):
            raise AnalysisError(
                "the stream holds what is no number", hint="give numbers, such as 1 for an error"
            ) from None
        if stream.ndim != 1 or not np.isfinite(stream).all():
            raise AnalysisError(
                "the stream is no row of numbers: it has another shape, NaN or infinite values",
                hint="leave out the values that are not known",
            )
        self._check(stream)
        states = np.zeros(len(stream), dtype=np.int8)
        start, before = 0, self.n_seen
        while start < len(stream):
            piece = stream[start : start + PIECE]
            found_states = self._states(piece)
            drifts = np.flatnonzero(found_states == DRIFT)
            n_read = int(drifts[0]) + 1 if len(drifts) else len(piece)
            states[start : start + n_read] = found_states[:n_read]
            if len(drifts):
                self.reset()
            else:
                self._remember(piece)
            start += n_read
        self.n_seen += len(stream)
        return StreamStates(states, type(self).__name__, before)


@checks_keywords
class PageHinkley(StreamDetector):
    """Detect a change of the mean of a stream: the test of Page and Hinkley.

    With the mean of the values so far, m(t) = sum of (x(i) - mean(i) - delta), and a drift is where m(t) - min m
    exceeds ``threshold``; for a fall, the same with signs turned.

    Parameters
    ----------
    delta : float
        Change of the mean that is tolerated, in units of the values; not negative.
    threshold : float
        Positive. The larger, the fewer false alarms, and the later a detection: about threshold / (change - delta)
        values after the change, if the stream was long before it.
    min_values : int
        Values before a first alarm.
    direction : {"up", "down", "both"}

    References
    ----------
    Page (1954), Continuous inspection schemes. https://doi.org/10.1093/biomet/41.1-2.100
    Gama, Zliobaite, Bifet, Pechenizkiy, Bouchachia (2014), A survey on concept drift adaptation, section 3.2.
    https://doi.org/10.1145/2523813

    Examples
    --------
    >>> import numpy as np
    >>> errors = np.random.default_rng(0).random(4000) < np.repeat([0.1, 0.4], 2000)
    >>> PageHinkley(delta=0.05, threshold=15).run(errors).drifts.tolist()
    [2039]
    """

    def __init__(
        self,
        *,
        delta: float = 0.05,
        threshold: float = 20.0,
        min_values: int = 30,
        direction: Literal["up", "down", "both"] = "up",
    ) -> None:
        if not delta >= 0 or not threshold > 0 or min_values < 1:
            raise AnalysisError(
                f"delta={delta!r}, threshold={threshold!r} and min_values={min_values!r} must not be negative",
                hint="threshold above 0, and min_values at least 1",
            )
        if direction not in {"up", "down", "both"}:
            raise AnalysisError(f"direction={direction!r} is unknown", hint="direction='up', 'down' or 'both'")
        self.delta, self.threshold, self.min_values, self.direction = delta, threshold, min_values, direction
        super().__init__()

    def reset(self) -> None:
        """Forget what was read since the last drift."""
        self._n, self._sum = 0, 0.0
        self._path = {1.0: (0.0, 0.0), -1.0: (0.0, 0.0)}

    def _check(self, values: NDArray[np.float64]) -> None:
        """Take any number."""

    def _paths(self, values: NDArray[np.float64]) -> dict[float, tuple[NDArray[np.float64], NDArray[np.float64]]]:
        """Return m(t) and its minimum so far, for a rise (1) and a fall (-1)."""
        sums = np.cumsum(np.concatenate([[self._sum], values]))[1:]
        means = sums / np.arange(self._n + 1, self._n + len(values) + 1)
        paths = {}
        for sign, (last, lowest) in self._path.items():
            steps = sign * (values - means) - self.delta
            m = np.cumsum(np.concatenate([[last], steps]))[1:]
            paths[sign] = (m, np.minimum.accumulate(np.concatenate([[lowest], m]))[1:])
        return paths

    def _states(self, values: NDArray[np.float64]) -> NDArray[np.int8]:
        signs = {"up": (1.0,), "down": (-1.0,), "both": (1.0, -1.0)}[self.direction]
        paths = self._paths(values)
        over = np.zeros(len(values), dtype=bool)
        for sign in signs:
            m, lowest = paths[sign]
            over |= m - lowest > self.threshold
        over &= np.arange(self._n + 1, self._n + len(values) + 1) >= self.min_values
        return np.where(over, DRIFT, STABLE).astype(np.int8)

    def _remember(self, values: NDArray[np.float64]) -> None:
        self._path = {sign: (float(m[-1]), float(low[-1])) for sign, (m, low) in self._paths(values).items()}
        self._sum = float(np.cumsum(np.concatenate([[self._sum], values]))[-1])
        self._n += len(values)


@checks_keywords
class DDM(StreamDetector):
    """Detect a rise of the error rate of a stream of predictions: the drift detection method.

    With the share of errors so far, p(i), and s(i) = sqrt(p(i) (1 - p(i)) / i), the least p + s is kept as p_min and
    s_min: from p(i) + s(i) >= p_min + 2 s_min on there is a warning, from p_min + 3 s_min on a drift. Before the first
    error nothing is kept, since s is 0 there. The bound is for each value by itself: in a long stream without drift,
    alarms are far more frequent than 0.1% (docs/how_to/data_sets.md has the figures).

    Parameters
    ----------
    warning_level, drift_level : float
        Standard deviations above the least; ``0 < warning_level <= drift_level``.
    min_values : int
        Values before the least is kept, and a first alarm.

    References
    ----------
    Gama, Medas, Castillo, Rodrigues (2004), Learning with drift detection.
    https://doi.org/10.1007/978-3-540-28645-5_29

    Examples
    --------
    >>> import numpy as np
    >>> errors = np.random.default_rng(0).random(4000) < np.repeat([0.1, 0.4], 2000)
    >>> DDM().run(errors).drifts.tolist()
    [2008]
    """

    def __init__(self, *, warning_level: float = 2.0, drift_level: float = 3.0, min_values: int = 30) -> None:
        if not 0 < warning_level <= drift_level or min_values < 1:
            raise AnalysisError(
                f"warning_level={warning_level!r} and drift_level={drift_level!r} are no levels in this order",
                hint="0 < warning_level <= drift_level, and min_values at least 1",
            )
        self.warning_level, self.drift_level, self.min_values = warning_level, drift_level, min_values
        super().__init__()

    def reset(self) -> None:
        """Forget what was read since the last drift."""
        self._n, self._errors = 0, 0.0
        self._least = (np.inf, 0.0, 0.0)

    def _check(self, values: NDArray[np.float64]) -> None:
        wrong = values[(values != 0) & (values != 1)]
        if len(wrong):
            raise AnalysisError(
                f"the stream of errors holds {wrong[0]:g}, which is neither 0 nor 1",
                hint="give predictions != truth; PageHinkley reads any number",
            )

    def _levels(
        self, values: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
        """Return p + s, and the least of it so far with its p and s, and the number of each value."""
        number = np.arange(self._n + 1, self._n + len(values) + 1)
        p = (np.cumsum(values) + self._errors) / number
        s = np.sqrt(p * (1 - p) / number)
        candidate = np.where((number >= self.min_values) & (p > 0), p + s, np.inf)
        total = np.concatenate([[self._least[0]], candidate])
        least = np.minimum.accumulate(total)
        # The place of the last value that is the least so far, ties included: p and s are those of that value.
        place = np.maximum.accumulate(np.where(total == least, np.arange(len(total)), 0))[1:]
        all_p, all_s = np.concatenate([[self._least[1]], p]), np.concatenate([[self._least[2]], s])
        return p + s, least[1:], all_p[place], all_s[place], number

    def _states(self, values: NDArray[np.float64]) -> NDArray[np.int8]:
        total, least, p_least, s_least, number = self._levels(values)
        beyond = np.isfinite(least) & (number >= self.min_values) & (total > least)
        states = np.where(beyond & (total >= p_least + self.warning_level * s_least), WARNING, STABLE)
        return np.where(beyond & (total >= p_least + self.drift_level * s_least), DRIFT, states).astype(np.int8)

    def _remember(self, values: NDArray[np.float64]) -> None:
        _, least, p_least, s_least, _ = self._levels(values)
        self._least = (float(least[-1]), float(p_least[-1]), float(s_least[-1]))
        self._errors += float(values.sum())
        self._n += len(values)

"""Which slice deserves the next labels, and what they are expected to buy: ``next_slices``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from labelkit._shared.given_kinds import check_kind
from labelkit._shared.numbers import bounds, count, normal_quantile, percent, plural, wilson_interval
from labelkit._shared.plain_values import records
from labelkit._shared.protected_values import protects_values
from labelkit._shared.tables import HasFrame, ResultPage, ResultTable, ShownResult
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.curation.slices.at_stake import at_stake
from labelkit.exceptions import AnalysisError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.curation.slices.summary import SliceSummary


@checks_keywords
@protects_values
@dataclass(frozen=True, eq=False, repr=False)
class NextSlices(HasFrame, ShownResult):
    """Slices in the order in which they deserve labels; made by :func:`labelkit.next_slices`.

    Attributes
    ----------
    frame : pandas.DataFrame
        Indexed by the name of the slice, the first first. ``rows``, ``gold``; ``error`` with its interval
        ``error_low``, ``error_high`` (without gold, NaN, 0 and 1); ``at_stake``, ``expected_error``,
        ``expected_gain``, ``ask``, ``collect``, ``expected_corrected``, ``width`` and ``expected_width``, as in the
        notes of :func:`labelkit.next_slices`.
    budget : int
    """

    frame: pd.DataFrame
    budget: int

    @property
    def first(self) -> str:
        """The slice that deserves the labels most."""
        return str(self.frame.index[0])

    def to_dict(self) -> dict[str, Any]:
        """Return plain values: ``budget``, and ``slices`` in their order."""
        return {"budget": self.budget, "slices": records(self.frame, index="slice")}

    def _page(self) -> ResultPage:
        rows = [
            [
                str(name),
                count(row["rows"]),
                count(row["gold"]),
                percent(row["error"]),
                bounds(row["error_low"], row["error_high"]),
                percent(row["expected_gain"], mark_tiny=True),
                count(row["ask"]),
                count(row["collect"]),
                count(round(row["expected_corrected"])),
                f"{100 * row['width']:.1f} -> {100 * row['expected_width']:.1f}",
            ]
            for name, row in zip(self.frame.index, self.frame.to_dict("records"), strict=True)
        ]
        heads = ["slice", "rows", "gold", "error", "low - high", "gain", "ask", "collect", "corrected", "width, points"]
        lead = f"Where {plural(self.budget, 'label')} would go, the slice with the most wrong labels at stake first"
        notes = ["gain: of all labels, if every one of the slice were right; corrected, width: if the slice gets all."]
        return ResultPage([lead], [ResultTable(rows, heads, align="<>")], notes)


@checks_keywords
def next_slices(summary: SliceSummary, budget: int = 100) -> NextSlices:
    """Say which slice deserves the next labels or examples, and what they are expected to buy there.

    Parameters
    ----------
    summary : SliceSummary
        Of :func:`summarize_slices` with gold; without it, slices are arranged by their size.
    budget : int
        Labels that people can give, at least 1.

    Returns
    -------
    NextSlices

    Raises
    ------
    AnalysisError
        If the budget is below 1, or each slice covers nothing or everything.

    Notes
    -----
    Of a slice with N of all M examples, of which n are judged and w wrong (with weights, as many independent rows):

    - ``at_stake = N high / M``, with the upper end of Wilson's interval of its error: the share of all labels that may
      be wrong there. Slices are arranged by it, so that one that is poor and one that nobody looked at both come early;
      ``lk.next_to_label(strategy="slices")`` takes examples of the first.
    - ``expected_error = (w + z^2 / 2) / (n + z^2)``, with z = 1.96, the centre of that interval; without gold, that of
      all examples.
    - ``expected_gain = N expected_error / M``: share times error, what labels would gain in all if those of the slice
      were right. It is the most that can be bought there.
    - ``ask = min(budget, N - n)``, and ``collect``, the rest of the budget: the slice has too few examples.
    - ``expected_corrected = ask expected_error``: labels that the answers themselves change.
    - ``expected_width``: the width of the interval if of ``budget`` more examples the expected share is wrong.

    Slices overlap, so that gains do not add up. Those that cover nothing or everything are left out.

    References
    ----------
    Wilson (1927), Probable inference, the law of succession, and statistical inference.
    https://doi.org/10.1080/01621459.1927.10502953

    Examples
    --------
    >>> import numpy as np, labelkit as lk
    >>> gold = np.zeros(1000, int)
    >>> guess = np.where(np.arange(1000) % 10 == 0, 1, 0)
    >>> tens, even = np.arange(1000) % 10 == 0, np.arange(1000) % 2 == 0
    >>> slices = lk.LabelMatrix.of(np.c_[tens, even] - 1, names=["tens", "even"])
    >>> summary = lk.summarize_slices(slices, np.eye(2)[guess], np.where(np.arange(1000) < 200, gold, -1))
    >>> lk.next_slices(summary).frame[["rows", "gold", "ask"]].to_dict("index")
    {'even': {'rows': 500, 'gold': 100, 'ask': 100}, 'tens': {'rows': 100, 'gold': 20, 'ask': 80}}
    """
    if isinstance(budget, bool) or not isinstance(budget, int) or budget < 1:
        raise AnalysisError(f"budget={budget!r} is not a number of labels", hint="budget=100")
    made_by = "labelkit.summarize_slices(slices, proba, gold) returns one"
    check_kind(summary, ("frame", "membership"), "a SliceSummary", AnalysisError, made_by)
    frame = summary.frame
    n_all = int(frame["rows"].iloc[-1])
    slices = frame.iloc[:-1][frame["rows"].iloc[:-1].between(1, n_all - 1)]
    if slices.empty:
        raise AnalysisError(
            "each slice covers nothing or everything", hint="print(summary) shows how many rows each has"
        )
    rows = slices["rows"].to_numpy(np.int64)
    worth, wrong = _judged(slices)
    all_worth, all_wrong = _judged(frame.iloc[-1:])
    gold = slices["gold"].to_numpy(np.int64) if "gold" in slices else np.zeros(len(slices), np.int64)
    error = np.where(worth > 0, _centre(wrong, worth), _centre(all_wrong, all_worth))
    low, high = wilson_interval(wrong, worth)
    stake = at_stake(wrong, worth, rows)
    ask = np.minimum(budget, np.maximum(rows - gold, 0))
    after = wilson_interval(wrong + error * budget, worth + budget)
    low, high = np.where(worth > 0, (low, high), [[0.0], [1.0]])
    table = pd.DataFrame(
        {
            "rows": rows,
            "gold": gold,
            "error": np.divide(wrong, worth, out=np.full(len(wrong), np.nan), where=worth > 0),
            "error_low": low,
            "error_high": high,
            "at_stake": stake / n_all,
            "expected_error": error,
            "expected_gain": rows * error / n_all,
            "ask": ask,
            "collect": budget - ask,
            "expected_corrected": ask * error,
            "width": high - low,
            "expected_width": after[1] - after[0],
        },
        index=slices.index,
    )
    return NextSlices(table.iloc[np.argsort(-stake, kind="stable")], budget)


def _judged(slices: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the judged rows of slices, and the wrong ones among them, as many independent ones as they are worth."""
    if "worth" not in slices:
        return np.zeros(len(slices)), np.zeros(len(slices))
    worth = slices["worth"].to_numpy(np.float64)
    return worth, np.nan_to_num(1 - slices["accuracy"].to_numpy(np.float64)) * worth


def _centre(wrong: NDArray[np.float64], n: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the centre of Wilson's interval, which is not 0 where nothing was wrong."""
    z2 = normal_quantile(0.975) ** 2
    return np.asarray((wrong + z2 / 2) / (n + z2))

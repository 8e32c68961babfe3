"""Drift of examples and of streams: how often equal populations give an alarm, and how often and how late a change does.

python -m tests.benchmarks.honesty.data_drift --repeats 400
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

import labelkit as lk
from tests.benchmarks.honesty.table import main, row

BEFORE, AFTER = 2_000, 4_000
"""Values of a stream before and after a change."""

QUIET = 10_000
"""Values of a stream without one."""

CHANGES = {
    "equal": {},
    "mean + 0.1 sd": {"shift": 0.1},
    "mean + 0.2 sd": {"shift": 0.2},
    "mean + 0.3 sd": {"shift": 0.3},
    "60% -> 55%": {"web": 0.55},
    "60% -> 50%": {"web": 0.5},
    "60% -> 45%": {"web": 0.45},
    "texts longer by 8": {"longer": 8},
}
DETECTORS = {
    "PageHinkley()": lk.PageHinkley,
    "PageHinkley(threshold=10)": lambda: lk.PageHinkley(threshold=10),
    "PageHinkley(delta=0.005, threshold=50)": lambda: lk.PageHinkley(delta=0.005, threshold=50),
    "DDM()": lk.DDM,
    "DDM(warning_level=3, drift_level=4)": lambda: lk.DDM(warning_level=3, drift_level=4),
}


def rows(repeats: int, random_state: int) -> list[dict[str, Any]]:
    """Simulate examples, and streams of errors."""
    rng = np.random.default_rng(random_state)
    return [*example_rows(repeats, rng), *stream_rows(repeats, rng)]


def example_rows(repeats: int, rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    """Compare two sets of examples of seven comparisons; without a change, whatever its size is."""
    for name, options in CHANGES.items():
        for n in (100, 1_000) if name == "equal" else (1_000,):
            at_least = 0.0 if name == "equal" else 0.05
            pairs = ((examples(rng, n), examples(rng, n, **options)) for _ in range(repeats))
            alarm = float(np.mean([lk.data_drift(old, new, at_least=at_least).drifted for old, new in pairs]))
            yield row(f"examples, {name}", n, **{"wrong" if name == "equal" else "right": alarm})


def examples(
    rng: np.random.Generator,
    n: int = 1_000,
    *,
    shift: float = 0.0,
    web: float = 0.6,
    longer: int = 0,
    missing: float = 0.1,
    rating: tuple[float, float, float] = (0.2, 0.3, 0.5),
) -> pd.DataFrame:
    """Make examples with columns of every kind, of which one may be another than usual."""
    numbers = rng.normal(shift, 1, n)
    numbers[rng.random(n) < missing] = np.nan
    return pd.DataFrame(
        {
            "score": numbers,
            "readers": rng.poisson(40, n),
            "source": rng.choice(["web", "mail", "forum"], n, p=[web, 0.9 - web, 0.1]),
            "rating": rng.choice(3, n, p=rating),
            "seen": rng.random(n) < 0.5,
            "text": ["x" * (length + longer) + str(i) for i, length in enumerate(rng.integers(5, 60, n))],
        }
    )


def stream_rows(repeats: int, rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    """Watch streams of errors: ``wrong`` without a change; ``right``, and the median delay in values, after one."""
    for name, make in DETECTORS.items():
        for share in (0.05, 0.1, 0.3):
            alarms = [len(make().run(rng.random(QUIET) < share).drifts) > 0 for _ in range(repeats)]
            yield row(f"{name}, {share:.0%}", QUIET, wrong=float(np.mean(alarms)))
        for share in (0.15, 0.2, 0.3):
            delays = [delay(make(), share, rng) for _ in range(repeats)]
            quiet = [one for one in delays if one is not None]
            seen = [one for one in quiet if np.isfinite(one)]
            yield row(
                f"{name}, 10% -> {share:.0%}; width: delay",
                BEFORE + AFTER,
                right=len(seen) / max(len(quiet), 1),
                width=float(np.median(seen)) if seen else np.nan,
            )


def delay(detector: Any, share: float, rng: np.random.Generator) -> float | None:
    """Return the values from a change to its detection: infinite if it is missed, None after a false alarm before it."""
    errors = rng.random(BEFORE + AFTER) < np.repeat([0.1, share], [BEFORE, AFTER])
    drifts = detector.run(errors).drifts
    if (drifts < BEFORE).any():
        return None
    return float(drifts[0] - BEFORE) if len(drifts) else np.inf


if __name__ == "__main__":
    main(rows)

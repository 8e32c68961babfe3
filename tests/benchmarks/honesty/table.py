"""Rows of the simulations: how they are made, shown, and run from the command line."""

import argparse
from collections.abc import Callable
from typing import Any

import numpy as np

from labelkit._shared.numbers import decimal
from labelkit._shared.tables import ResultPage, ResultTable

COLUMNS = ("scenario", "n", "gold", "coverage", "width", "right", "wrong", "bias")


def row(scenario: str, n: float, gold: float = np.nan, **figures: float) -> dict[str, Any]:
    """Make a row; figures that are not given do not apply."""
    return {"scenario": scenario, "n": n, "gold": gold} | {name: figures.get(name, np.nan) for name in COLUMNS[3:]}


def interval_row(
    scenario: str, n: float, gold: float, truth: Any, estimate: Any, low: Any, high: Any
) -> dict[str, Any]:
    """Make a row of repeated estimates with their intervals; repeats without an estimate (NaN) are left out."""
    truth, estimate, low, high = np.broadcast_arrays(
        *(np.asarray(v, dtype=np.float64) for v in (truth, estimate, low, high))
    )
    there = ~(np.isnan(estimate) | np.isnan(low))
    truth, estimate, low, high = truth[there], estimate[there], low[there], high[there]
    holds = (low <= truth + 1e-12) & (truth - 1e-12 <= high)
    figures = {"coverage": holds, "width": high - low, "bias": estimate - truth}
    return row(
        scenario, n, gold, **{name: float(values.mean()) if len(values) else np.nan for name, values in figures.items()}
    )


def show(rows: list[dict[str, Any]]) -> str:
    """Format the rows as a table."""
    cells = [
        [r["scenario"], *(_whole(r[name]) for name in COLUMNS[1:3]), *(decimal(r[name]) for name in COLUMNS[3:])]
        for r in rows
    ]
    return ResultPage(tables=[ResultTable(cells, heads=COLUMNS, align="<>")]).to_text()


def _whole(number: float) -> str:
    return decimal(number, 0)


def main(rows: Callable[[int, int], list[dict[str, Any]]]) -> None:
    """Run a module's simulations from the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeats", type=int, default=200)
    parser.add_argument("--random-state", type=int, default=0)
    given = parser.parse_args()
    print(show(rows(given.repeats, given.random_state)))

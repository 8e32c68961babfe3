"""All simulations, one table after the other.

python -m tests.benchmarks.honesty --repeats 200
"""

from typing import Any

from tests.benchmarks.honesty import curves, findings, intervals, models, priors, samples, shifts, suggestions
from tests.benchmarks.honesty.table import main


def rows(repeats: int, random_state: int) -> list[dict[str, Any]]:
    """Simulate verdicts and precisions, intervals, class priors, samples, label shift, findings and suggestions."""
    modules = (models, intervals, curves, priors, samples, shifts, findings, suggestions)
    return [line for module in modules for line in module.rows(repeats, random_state)]


if __name__ == "__main__":
    main(rows)

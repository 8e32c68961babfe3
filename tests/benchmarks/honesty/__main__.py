"""All simulations, one table after the other.

python -m tests.benchmarks.honesty --repeats 200
"""

from typing import Any

from tests.benchmarks.honesty import data_drift, findings, intervals, logs, models, priors, samples, shifts, suggestions
from tests.benchmarks.honesty.table import main


def rows(repeats: int, random_state: int) -> list[dict[str, Any]]:
    """Simulate verdicts, intervals, priors, samples, shift, drift, findings, suggestions and logs."""
    modules = (models, intervals, priors, samples, shifts, data_drift, findings, suggestions, logs)
    return [line for module in modules for line in module.rows(repeats, random_state)]


if __name__ == "__main__":
    main(rows)

"""All simulations, one table after the other.

python -m tests.benchmarks.honesty --repeats 200
"""

from typing import Any

from tests.benchmarks.honesty import few_labels, findings, intervals, models, priors, samples, shifts, suggestions
from tests.benchmarks.honesty.table import main


def rows(repeats: int, random_state: int) -> list[dict[str, Any]]:
    """Simulate verdicts and precisions, intervals, class priors, samples, label shift, findings, suggestions and spread labels."""
    modules = (models, intervals, priors, samples, shifts, findings, suggestions, few_labels)
    return [line for module in modules for line in module.rows(repeats, random_state)]


if __name__ == "__main__":
    main(rows)

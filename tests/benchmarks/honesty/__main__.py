"""All simulations, one table after the other.

python -m tests.benchmarks.honesty --repeats 200
"""

import importlib
import pkgutil
from pathlib import Path
from typing import Any

from tests.benchmarks.honesty.table import main

WITHOUT = {"__main__", "scenarios", "table"}
"""Modules that simulate nothing by themselves."""


def rows(repeats: int, random_state: int) -> list[dict[str, Any]]:
    """Simulate what each module here simulates: the rows of all, in the order of their names."""
    names = sorted({module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)])} - WITHOUT)
    modules = [importlib.import_module(f"tests.benchmarks.honesty.{name}") for name in names]
    return [line for module in modules for line in module.rows(repeats, random_state)]


if __name__ == "__main__":
    main(rows)

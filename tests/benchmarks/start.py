"""How long it takes to begin: ``python -m tests.benchmarks.start``.

Medians of several fresh processes. Beside importing labelkit stands importing numpy, which every user of it has loaded.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys

from tests.benchmarks.measuring import timed

IMPORTS = ("labelkit", "numpy", "labelkit.checks.pytest_plugin")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=9)
    repeats = parser.parse_args().repeats
    for module in IMPORTS:
        before = "import pytest; " if module.endswith("pytest_plugin") else ""
        code = f"{before}import time; t = time.perf_counter(); import {module}; print(time.perf_counter() - t)"
        print(f"{f'import {module}':<40}{statistics.median(_printed(code) for _ in range(repeats)):>8.3f} s")
    command = [sys.executable, "-m", "labelkit.cli", "run", "--help"]
    seconds = [timed(lambda: subprocess.run(command, check=True, capture_output=True))[0] for _ in range(repeats)]
    print(f"{'labelkit run --help':<40}{statistics.median(seconds):>8.3f} s")


def _printed(code: str) -> float:
    return float(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout)


if __name__ == "__main__":
    main()

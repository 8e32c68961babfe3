"""How long it takes to begin, and how long small runs take: ``python -m tests.benchmarks.start``.

Medians of several fresh processes. Beside importing labelkit stands importing numpy, which every user of it has loaded;
small runs are those of the example rules over 2,056 comments.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile

from tests.benchmarks.measuring import timed

IMPORTS = ("labelkit", "numpy", "labelkit.checks.pytest_plugin")
RULES = "labeling_functions/comments.py"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=9)
    repeats = parser.parse_args().repeats
    for module in IMPORTS:
        before = "import pytest; " if module.endswith("pytest_plugin") else ""
        code = f"{before}import time; t = time.perf_counter(); import {module}; print(time.perf_counter() - t)"
        print(f"{f'import {module}':<40}{statistics.median(_printed(code) for _ in range(repeats)):>8.3f} s")
    with tempfile.TemporaryDirectory() as folder:
        corpus, out = f"{folder}/comments.parquet", f"{folder}/out"
        _labelkit("generate", "comments", "--rows", "2056", "--out", corpus)
        for arguments in (
            ("run", "--help"),
            ("run", RULES, corpus, "--out", out, "--force"),
            ("check", RULES, corpus),
            ("check", RULES),
            ("summarize", out),
        ):
            _labelkit(*arguments)
            seconds = [timed(lambda command=arguments: _labelkit(*command))[0] for _ in range(repeats)]
            shown = f"labelkit {' '.join(arguments[:2]) if len(arguments) == 2 else arguments[0]}"
            print(f"{shown:<40}{statistics.median(seconds):>8.3f} s")


def _labelkit(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "labelkit", *arguments], check=True, capture_output=True)


def _printed(code: str) -> float:
    return float(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout)


if __name__ == "__main__":
    main()

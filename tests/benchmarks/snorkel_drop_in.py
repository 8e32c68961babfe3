"""Measure the drop-in for Snorkel beside Snorkel, in one run: 10 rules of rows over a frame, and the import.

Run ``python -m tests.benchmarks.snorkel_drop_in`` where Snorkel is installed. Both packages run the same rules, by one
process; the votes have to be equal.
"""

from __future__ import annotations

import argparse
import importlib
import json
import re
import subprocess
import sys
import time

import numpy as np

from labelkit.datasets import load_comments

ROWS = 50_000


def rules(package):
    """Ten rules as users of Snorkel write them: words, patterns, lengths, numbers."""
    labeling = importlib.import_module(f"{package}.labeling")
    link = re.compile(r"https?://|www\.", re.IGNORECASE)
    bodies = {
        "check": lambda x: 1 if "check out" in x.text.lower() else -1,
        "subscribe": lambda x: 1 if "subscribe" in x.text.lower() else -1,
        "link": lambda x: 1 if link.search(x.text) else -1,
        "free": lambda x: 1 if "free" in x["text"] else -1,
        "please": lambda x: 1 if any(word in x.text for word in ("please", "plz", "pls")) else -1,
        "short": lambda x: 0 if len(x.text.split()) < 5 else -1,
        "song": lambda x: 0 if "song" in x.text.lower() else -1,
        "love": lambda x: 0 if re.search(r"\blove\b", x.text) else -1,
        "liked": lambda x: 0 if x.likes > 80 else -1,
        "shouts": lambda x: 1 if x.text.isupper() and x.likes < 20 else -1,
    }
    return [labeling.LabelingFunction(name, body) for name, body in bodies.items()]


def applied(package, frame):
    applier = importlib.import_module(f"{package}.labeling").PandasLFApplier(rules(package))
    start = time.perf_counter()
    votes = applier.apply(frame, progress_bar=False)
    return votes, time.perf_counter() - start


def import_seconds(module):
    code = f"import time; t = time.perf_counter(); import {module}; print(time.perf_counter() - t)"
    return min(
        float(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True).stdout) for _ in "abc"
    )


def frame_of(n_rows):
    frame = load_comments(n_rows)
    frame["text"] = frame["text"].fillna("")
    frame["likes"] = np.random.default_rng(0).integers(0, 100, n_rows)
    return frame


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    frame = frame_of(parser.parse_args().rows)
    seconds, votes = {"labelkit.interop.snorkel": [], "snorkel": []}, {}
    for _ in range(3):
        for package, taken in seconds.items():
            votes[package], once = applied(package, frame)
            taken.append(once)
    equal = np.array_equal(*votes.values())
    ours, theirs = (min(taken) for taken in seconds.values())
    imports = {package: import_seconds(f"{package}.labeling") for package in seconds}
    print(
        json.dumps(
            {
                "rows": len(frame),
                "equal": equal,
                "seconds": ours,
                "snorkel_seconds": theirs,
                "times_faster": theirs / ours,
                "import_seconds": imports,
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()

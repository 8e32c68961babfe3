"""Measure labeling functions by kind of knowledge, and draw the tables of the pattern book and of the benchmarks.

    python -m tests.benchmarks.patterns --data DIR    # measures the sets of DIR/lf, and writes results.json here
    python -m tests.benchmarks.patterns --pages       # writes the tables and the figure of the pages anew

Sets that are not there are left out, and named; then nothing is stored.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from tests.benchmarks.patterns.figure import draw
from tests.benchmarks.patterns.kind_worth import kind_rows, rule_points, sets_of
from tests.benchmarks.patterns.pages import RESULTS, rewritten_pages
from tests.benchmarks.patterns.rule_kinds import RULE_GROUPS
from tests.benchmarks.patterns.variants import variant_rows

LEAST_VOTES = 5  # of a rule on the test split, to be a point of the figure


def measure(folder: Path) -> tuple[dict[str, list], set[str]]:
    """Measure all that is there, numbers to two decimals; also return the names of the sets that are not."""
    results: dict[str, list] = {"kinds": [], "rules": [], "variants": []}
    missing = set(RULE_GROUPS)
    for votes in sets_of(folder):
        missing.discard(votes.name)
        results["kinds"] += kind_rows(votes)
        results["rules"] += rule_points(votes, LEAST_VOTES)
        print(f"{votes.name}: kinds measured", flush=True)
    for row in variant_rows(folder):
        results["variants"].append(row)
        print(f"{row['set']}: {row['comparison']}: {row['variant']}", flush=True)
    return {name: [_rounded(row) for row in rows] for name, rows in results.items()}, missing


def _rounded(row: dict) -> dict:
    return {name: round(value, 2) if isinstance(value, float) else value for name, value in row.items()}


def _as_lines(results: dict[str, list]) -> str:
    """Write a row a line, so that a change can be read."""
    tables = [f'"{name}": [\n' + ",\n".join(json.dumps(row) for row in rows) + "\n]" for name, rows in results.items()]
    return "{" + ",\n".join(tables) + "}\n"


def main() -> None:
    """Parse, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder with the sets of votes, in its folder lf")
    parser.add_argument("--pages", action="store_true", help="write the tables and the figure of the pages anew")
    options = parser.parse_args()
    if options.data is None and not options.pages:
        parser.error("nothing to do: --data DIR measures, --pages writes the pages")
    if options.data is not None:
        results, missing = measure(options.data / "lf")
        if missing:
            print(f"nothing is stored, since these sets are not there: {', '.join(sorted(missing))}")
        else:
            RESULTS.write_text(_as_lines(results), encoding="utf-8")
    if options.pages:
        for path, text in rewritten_pages().items():
            path.write_text(text, encoding="utf-8")
        draw(json.loads(RESULTS.read_text("utf-8"))["rules"])


if __name__ == "__main__":
    main()

"""Tables of the results in pages of Markdown: what stands between ``<!-- figures: ... -->`` and ``<!-- end of figures -->``.

``figures: kinds keyword context`` is the worth of kinds of knowledge; ``figures: variants NAME; NAME`` that of variants
of rules.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
RESULTS = Path(__file__).with_name("results.json")
PAGES = [ROOT / "tests" / "benchmarks" / "README.md", *sorted((ROOT / "docs" / "patterns").glob("*.md"))]
BLOCK = re.compile(r"(<!-- figures: (?P<what>\w+)(?P<names>[^\n]*) -->\n).*?(<!-- end of figures -->)", re.DOTALL)


def rewritten_pages() -> dict[Path, str]:
    """Return the text of each page with tables of figures, as it should be."""
    results = json.loads(RESULTS.read_text("utf-8"))

    def table(match: re.Match[str]) -> str:
        lines = "\n".join(TABLES[match["what"]](results, match["names"].strip()))
        return f"{match[1]}\n{lines}\n\n{match[4]}"

    return {path: BLOCK.sub(table, path.read_text("utf-8")) for path in PAGES}


def _kinds(results: dict[str, Any], names: str) -> Iterator[str]:
    chosen = names.split()
    rows = [row for row in results["kinds"] if row["kind"] in chosen or not chosen]
    yield "| set: kind (rules) | coverage | precision | all rules / without / alone | what it adds |"
    yield "| --- | --- | --- | --- | --- |"
    for row in rows:
        worth = " / ".join(_number(row[name]) for name in ("with_all", "without", "alone"))
        cells = [f"{row['set']}: {row['kind']} ({row['rules']})", _percent(row["coverage"]), _precision(row)]
        yield _line([*cells, f"{worth} {row['metric']}", _signed(row, "gain")])


def _variants(results: dict[str, Any], names: str) -> Iterator[str]:
    chosen = [name.strip() for name in names.split(";") if name.strip()]
    rows = [row for row in results["variants"] if row["comparison"] in chosen or not chosen]
    lost = set(chosen) - {row["comparison"] for row in rows}
    if lost:
        raise ValueError(f"no comparison of the results is named {sorted(lost)}")
    yield "| rule: set, class (its share) | variant | coverage | precision | less the first | what it adds |"
    yield "| --- | --- | --- | --- | --- | --- |"
    before = None
    for row in rows:
        name = (
            f"{row['comparison']}: {row['set']}, {row['label']} ({row['class_share']:.{int(row['class_share'] < 1)}f}%)"
        )
        cells = ["" if name == before else name, row["variant"], _percent(row["coverage"]), _precision(row)]
        yield _line([*cells, _signed(row, "change"), _signed(row, "gain")])
        before = name


TABLES = {"kinds": _kinds, "variants": _variants}


def _line(cells: list[Any]) -> str:
    return f"| {' | '.join(str(cell) for cell in cells)} |"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}%"


def _precision(row: dict[str, Any]) -> str:
    if row["precision"] is None:
        return "-"
    return f"{row['precision']:.1f}% [{row['precision_low']:.0f}, {row['precision_high']:.0f}]"


def _signed(row: dict[str, Any], name: str) -> str:
    if row[name] is None:
        return "-"
    return f"{row[name]:+.1f} [{row[f'{name}_low']:+.1f}, {row[f'{name}_high']:+.1f}]"

"""Render a report as one HTML page, whose content policy allows its own style and script alone."""

from __future__ import annotations

import json
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from labelkit._shared.markup import CLASS_COLOURS, STYLE, Chip, visible
from labelkit._shared.templates import page_base, policy_digest, rendered
from labelkit.runs.report._details import conflict_values, example_values, fault_values, run_values
from labelkit.runs.report._overview import FIRST_REMARKS, label_values, overview_values, title_of
from labelkit.runs.report._rule_cards import MOST_SOURCE, rule_cards

if TYPE_CHECKING:
    from labelkit.runs.report._facts import Facts

LINKS: Final = {
    "overview": "At a glance",
    "remarks": "What to look at",
    "rules": "Rules",
    "conflicts": "Conflicts",
    "labels": "Labels",
    "examples": "Examples",
    "cards": "Rule by rule",
    "faults": "Faults",
    "run": "Run",
}
"""Sections and the texts of the links to them."""


def page(facts: Facts) -> str:
    """Render the page of a run.

    Parameters
    ----------
    facts : Facts

    Returns
    -------
    str
        HTML that needs nothing else.
    """
    from markupsafe import Markup  # noqa: PLC0415 - comes with Jinja2

    style, script = page_base() + _asset("style.css") + STYLE + _fills(), _asset("script.js")
    labels = [Chip(name, c) for c, name in enumerate(facts.classes)]
    rules = rule_cards(facts, labels)
    examples = example_values(facts)
    return rendered(
        "runs/report/templates/page.html.jinja",
        facts=facts,
        labels=labels,
        rules=rules,
        kinds=sorted({rule.info["kind"] for rule in rules}),
        title=title_of(facts),
        links=[(name, text) for name, text in LINKS.items() if name != "examples" or examples["example_lists"]],
        first_remarks=FIRST_REMARKS,
        most_source=MOST_SOURCE,
        style=Markup(style),  # noqa: S704 - a file and constants of this package
        script=Markup(script),  # noqa: S704 - a file of this package
        style_digest=policy_digest(style),
        script_digest=policy_digest(script),
        data=Markup(in_script(_data(facts))),  # noqa: S704 - JSON in which nothing can end the element
        **overview_values(facts, labels),
        **conflict_values(facts, rules),
        **label_values(facts, labels),
        **examples,
        **fault_values(facts),
        **run_values(facts),
    )


def in_script(data: Any) -> str:
    r"""Format JSON that can stand inside a script element: nothing in it can end the element or begin another.

    >>> in_script(["</script><!--"])
    '["\\u003c/script\\u003e\\u003c!--"]'
    """
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _data(facts: Facts) -> dict[str, Any]:
    """Collect the values that the script of the page reads."""
    table, chosen = facts.examples.table, facts.examples.chosen
    return {
        "rules": [visible(rule["name"]) for rule in facts.rules],
        "classes": [visible(name) for name in facts.classes],
        "columns": [visible(name) for name in table.columns],
        "rows": table.rows,
        "lists": {
            "labels": [table.listed(rows) for rows in chosen.by_lf],
            "overruled": [table.listed(rows) for rows in chosen.overruled],
            "wrong": [table.listed(rows) for rows in chosen.wrong],
            "uncovered": table.listed(chosen.uncovered),
            "unsure": table.listed(chosen.unsure),
        },
        "pairs": [
            [i, j, int(facts.pairs.against[i, j]), int(facts.pairs.both[i, j]), table.listed(chosen.by_pair[i, j])]
            for i, j in facts.conflicting
        ],
        "colours": len(CLASS_COLOURS),
        "examples": facts.n_examples,
    }


def _asset(name: str) -> str:
    return (resources.files("labelkit.runs.report") / name).read_text("utf-8")


def _fills() -> str:
    return "".join(f".fill-{i},.fill-{i} .fill{{fill:{colour}}}\n" for i, colour in enumerate(CLASS_COLOURS))

"""A report as one HTML page: its sections, the data for its script, and a policy that lets nothing else run."""

from __future__ import annotations

import base64
import hashlib
import json
from importlib import resources
from typing import TYPE_CHECKING, Any

from labelkit._shared.markup import CLASS_COLOURS, STYLE, escape, visible
from labelkit.runs.report._details import conflicts_section, examples_section, faults_section, run_section
from labelkit.runs.report._overview import header, labels_section, overview, remarks_section, title_of
from labelkit.runs.report._rule_cards import cards_section, rules_section, voted_classes

if TYPE_CHECKING:
    from labelkit.runs.report._facts import Facts

LINKS = [
    ("overview", "At a glance"),
    ("remarks", "What to look at"),
    ("rules", "Rules"),
    ("conflicts", "Conflicts"),
    ("labels", "Labels"),
    ("examples", "Examples"),
    ("cards", "Rule by rule"),
    ("faults", "Faults"),
    ("run", "Run"),
]


def page(facts: Facts) -> str:
    """Make the page of a run.

    Parameters
    ----------
    facts : Facts

    Returns
    -------
    str
        HTML that needs nothing else.
    """
    classes = voted_classes(facts)
    places = {pair: place for place, pair in enumerate(facts.conflicting)}
    sections = {
        "overview": overview(facts),
        "remarks": remarks_section(facts.remarks),
        "rules": rules_section(facts, classes),
        "conflicts": conflicts_section(facts),
        "labels": labels_section(facts),
        "examples": examples_section(facts),
        "cards": cards_section(facts, classes, places),
        "faults": faults_section(facts),
        "run": run_section(facts),
    }
    links = [(name, text) for name, text in LINKS if sections[name]]
    body = f"{header(facts, links)}<main id=main>{''.join(sections.values())}</main>{_DIALOG}"
    return _document(title_of(facts), body, _data(facts))


def _document(title: str, body: str, data: dict[str, Any]) -> str:
    style, script = _asset("style.css") + STYLE + _fills(), _asset("script.js")
    policy = (
        f"default-src 'none'; style-src {_digest(style)}; script-src {_digest(script)}; "
        "base-uri 'none'; form-action 'none'"
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n<meta name="referrer" content="no-referrer">\n'
        f"<title>{escape(title)} · labelkit</title>\n<style>{style}</style>\n</head>\n"
        f'<body class="lk">\n<a class="skip" href="#main">Skip to the content</a>\n{body}\n'
        f'<script type="application/json" id="data">{in_script(data)}</script>\n<script>{script}</script>\n'
        "</body>\n</html>\n"
    )


def in_script(data: Any) -> str:
    r"""JSON that can stand inside a script element: nothing in it can end the element or begin another.

    >>> in_script(["</script><!--"])
    '["\\u003c/script\\u003e\\u003c!--"]'
    """
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _data(facts: Facts) -> dict[str, Any]:
    """What the script shows when it is asked to."""
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


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


_DIALOG = (
    '<dialog id="dialog" aria-labelledby="dialog-title"><div class="dialog-head"><h2 id="dialog-title"></h2>'
    '<button id="dialog-close">Close</button></div><p id="dialog-told" class="soft"></p>'
    '<div id="dialog-examples" class="examples"></div></dialog>'
    "<noscript><p class=soft>Examples, sorting and the map need a browser that runs scripts.</p></noscript>"
)

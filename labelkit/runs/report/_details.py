"""Values of the lower half of a report: pairs of rules that disagree, lists of examples, faults, and the set-up."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from labelkit._shared.numbers import count, plural

if TYPE_CHECKING:
    from labelkit.runs.report._facts import Facts
    from labelkit.runs.report._rule_cards import RuleCard
    from labelkit.votes.outcomes import Fault

FIRST_PAIRS: Final = 20
"""Pairs that are listed at once; a button shows more."""

MOST_PAIRS: Final = 300
"""Pairs that are listed at all; the map holds all of them."""

MOST_FAULTS: Final = 50
"""Kinds of faults that are listed."""

MOST_IDS: Final = 5
"""Ids that are listed for a kind of fault."""


def conflict_values(facts: Facts, rules: list[RuleCard]) -> dict[str, Any]:
    """Values of ``conflicts.html.jinja``: the pairs of rules that disagree, the most frequent first."""
    counts = facts.pairs
    return {
        "pairs": [
            {
                "one": rules[i],
                "other": rules[j],
                "against": int(counts.against[i, j]),
                "both": int(counts.both[i, j]),
            }
            for i, j in facts.conflicting[:MOST_PAIRS]
        ],
        "most_against": int(counts.against.max()) if facts.conflicting else 0,
        "first_pairs": FIRST_PAIRS,
    }


def example_values(facts: Facts) -> dict[str, Any]:
    """Values of ``examples.html.jinja``: examples that no rule votes on, and those whose labels are least sure."""
    chosen, n = facts.examples.chosen, facts.n_examples
    lists = (
        ("uncovered", f"Without a vote: {count(facts.shares.uncovered)} of {count(n)}", chosen.uncovered),
        ("unsure", "Least sure of their label", chosen.unsure),
    )
    note = facts.examples.note
    if facts.examples.n_looked < n:
        note = f"{note} Examples were looked for in {plural(facts.examples.n_looked, 'row')}.".strip()
    return {
        "example_lists": [{"name": name, "title": title} for name, title, rows in lists if len(rows)],
        "examples_note": note,
    }


def fault_values(facts: Facts) -> dict[str, Any]:
    """Values of ``faults.html.jinja``: the faults by rule and error, the most frequent first."""
    kinds: dict[tuple[str, str], list[Fault]] = {}
    for fault in facts.folder.faults:
        kinds.setdefault((fault.lf, fault.error), []).append(fault)
    often = sorted(kinds.items(), key=lambda item: -len(item[1]))[:MOST_FAULTS]
    return {
        "fault_kinds": [
            {
                "rule": lf,
                "error": error,
                "n": len(faults),
                "message": faults[0].message,
                "ids": [str(fault.id) for fault in faults[:MOST_IDS]],
            }
            for (lf, error), faults in often
        ]
    }


def _in_python(value: Any) -> str:
    """Return a parameter as Python writes it; the manifest has lists, dicts and arrays as such text."""
    return value if isinstance(value, str) and value[:1] in {"[", "{", "("} else repr(value)


def run_values(facts: Facts) -> dict[str, Any]:
    """Values of ``run.html.jinja``: the model with its parameters, and the manifest without the rules."""
    model = facts.manifest["model"]
    params = ", ".join(f"{name}={_in_python(value)}" for name, value in model["params"].items() if value is not None)
    rest = {name: value for name, value in facts.manifest.items() if name != "rules"}
    return {
        "model_call": f"{model['name']}({params})",
        "manifest_text": json.dumps(rest, indent=2, sort_keys=True, ensure_ascii=False),
    }

"""The rules of a run: a table to sort and to filter, and a card for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from labelkit._shared.markup import DASH, escape
from labelkit.runs.report._html import (
    bar,
    chips,
    count,
    described,
    number_of,
    percent,
    plural,
    range_bar,
    rule_link,
    section,
    table,
)

if TYPE_CHECKING:
    import pandas as pd

    from labelkit.runs.report._facts import Facts

MOST_PARTNERS: Final = 5
"""Rules that a card lists as those that it disagrees with."""

MOST_EARLIER: Final = 8
"""Earlier runs that a card lists."""

MOST_SOURCE: Final = 4_000
"""Characters of a rule's text that a card shows."""


def voted_classes(facts: Facts) -> list[list[int]]:
    """The classes that each rule voted for, or is declared to."""
    found = []
    for j, rule in enumerate(facts.rules):
        votes = facts.patterns.outcomes[:, j]
        counts = np.bincount(votes[votes >= 0].astype(np.int64), minlength=len(facts.classes))
        found.append(sorted({*np.flatnonzero(counts).tolist(), *(rule["labels"] or ())}))
    return found


# The table ------------------------------------------------------------------------------------------------------------


def rules_section(facts: Facts, classes: list[list[int]]) -> str:
    """All rules in one table."""
    judged, faulty = "precision" in facts.summary, facts.manifest["faults"] > 0
    rows = "".join(_row(facts, j, classes[j], judged=judged, faulty=faulty) for j in range(len(facts.rules)))
    heads = "".join(_head(key, name, about) for key, name, about in _columns(judged=judged, faulty=faulty))
    lead = (
        "Shares are of all examples. <em>Estimated</em> is how often the votes are right by the label model's estimate"
        + (", <em>precision</em> how often gold says so, with its 95% interval." if judged else ".")
    )
    body = (
        f"{_filters(facts)}"
        '<div class="scroll" tabindex="0" role="region" aria-label="Rules"><table id="rules-table" class="rules">'
        '<caption class="unseen">Rules; the buttons in the heads sort</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
        '<p id="no-rules" hidden>No rule fits the filter.</p>'
    )
    return section("rules", "Rules", body, lead=lead)


def _columns(*, judged: bool, faulty: bool) -> list[tuple[str, str, str]]:
    columns = [
        ("name", "rule", ""),
        ("classes", "votes for", ""),
        ("coverage", "coverage", "examples that it votes on"),
        ("overlaps", "overlaps", "examples that another rule votes on too"),
        ("conflicts", "conflicts", "examples that another rule gives another class"),
        ("estimated", "estimated", "share of right votes by the label model's estimate"),
    ]
    if judged:
        columns.append(("precision", "precision", "share of right votes by gold, with its 95% interval"))
    return [*columns, ("faults", "faults", "examples on which it failed")] if faulty else columns


def _head(key: str, name: str, about: str) -> str:
    title = f' title="{escape(about)}"' if about else ""
    kind = "" if key in {"name", "classes"} else ' class="num"'
    return f'<th scope="col"{kind} aria-sort="none"><button data-sort="{key}"{title}>{name}</button></th>'


def _filters(facts: Facts) -> str:
    options = "".join(f'<option value="{c}">{escape(name)}</option>' for c, name in enumerate(facts.classes))
    kinds = "".join(f"<option>{escape(kind)}</option>" for kind in sorted({rule["kind"] for rule in facts.rules}))
    n = len(facts.rules)
    return (
        '<div class="filters"><label>Find <input type="search" id="find" placeholder="name, docstring, column"></label>'
        f'<label>votes for <select id="of-class"><option value="">any class</option>{options}</select></label>'
        f'<label>kind <select id="of-kind"><option value="">any kind</option>{kinds}</select></label>'
        f'<output id="n-shown" aria-live="polite">{n} of {plural(n, "rule")}</output></div>'
    )


def _row(facts: Facts, j: int, classes: list[int], *, judged: bool, faulty: bool) -> str:
    rule, known = facts.rules[j], facts.summary.iloc[j]
    found = " ".join([rule["name"], rule["kind"], rule.get("doc") or "", *rule["columns"]]).lower()
    cells = [
        f'<th scope="row" data-value="{escape(rule["name"].lower())}">{rule_link(j, rule["name"])}</th>',
        f'<td data-value="{" ".join(map(str, classes))}">{chips(classes, facts.classes) or DASH}</td>',
        _share_cell(known["coverage"], with_bar=True),
        _share_cell(known["overlaps"]),
        _share_cell(known["conflicts"]),
        _share_cell(known.get("model_precision", float("nan"))),
    ]
    if judged:
        cells.append(_precision_cell(known))
    if faulty:
        cells.append(f'<td class="num" data-value="{int(known["faults"])}">{count(known["faults"])}</td>')
    return (
        f'<tr data-find="{escape(found)}" data-classes="{" ".join(map(str, classes))}" '
        f'data-kind="{escape(rule["kind"])}">{"".join(cells)}</tr>'
    )


def _share_cell(share: float, *, with_bar: bool = False) -> str:
    drawn = bar(share) if with_bar else ""
    return f'<td class="num" data-value="{number_of(share)}">{percent(share)}{drawn}</td>'


def _precision_cell(known: pd.Series) -> str:
    low, high, share = known["precision_low"], known["precision_high"], known["precision"]
    interval = f'<span class="soft">{percent(low)} to {percent(high)}</span>' if known["gold"] else ""
    return (
        f'<td class="num" data-value="{number_of(share)}">{percent(share)} {interval}{range_bar(share, low, high)}</td>'
    )


# The cards ------------------------------------------------------------------------------------------------------------


def cards_section(facts: Facts, classes: list[list[int]], pair_places: dict[tuple[int, int], int]) -> str:
    """A card for each rule, closed until it is asked for."""
    cards = "".join(_card(facts, j, classes[j], pair_places) for j in range(len(facts.rules)))
    buttons = '<p class="buttons"><button id="open-all">Open all</button> <button id="close-all">Close all</button></p>'
    return section("cards", "Rule by rule", buttons + cards)


def _card(facts: Facts, j: int, classes: list[int], pair_places: dict[tuple[int, int], int]) -> str:
    rule, known = facts.rules[j], facts.summary.iloc[j]
    parts = [
        f'<p class="doc">{escape(rule.get("doc") or "It has no docstring.")}</p>',
        _numbers(facts, rule, known),
        _text(rule),
        _partners(facts, j, pair_places),
        _examples(facts, j),
        _earlier(facts, rule),
    ]
    told = (
        f"{percent(known['coverage'])} coverage, estimated {percent(known.get('model_precision', float('nan')))} right"
    )
    return (
        f'<details class="card" id="rule-{j}" data-lf="{j}"><summary><span class="name">{escape(rule["name"])}</span> '
        f'{chips(classes, facts.classes)} <span class="soft">{told}</span></summary>'
        f'<div class="inside">{"".join(parts)}</div></details>'
    )


def _numbers(facts: Facts, rule: dict[str, Any], known: pd.Series) -> str:
    pairs = [
        ("votes", f"{count(known['votes'])} of {count(facts.n_examples)}"),
        ("overlaps", percent(known["overlaps"])),
        ("conflicts", percent(known["conflicts"])),
        ("estimated precision", percent(known.get("model_precision", float("nan")))),
        ("precision by gold", _precision_words(known)),
        ("faults", count(known["faults"]) if known["faults"] else ""),
        ("kind", escape(rule["kind"])),
        ("reads", escape(", ".join(rule["columns"]))),
        ("module", escape(rule.get("module") or "")),
        ("group", escape(rule.get("group") or "")),
        ("declared precision", percent(rule["precision"]) if rule.get("precision") is not None else ""),
        ("trusted", "yes" if rule.get("trusted") else ""),
        ("version", f"<code>{escape(rule['fingerprint'])}</code>"),
    ]
    return described(pairs)


def _precision_words(known: pd.Series) -> str:
    if not known.get("gold", 0):
        return "no vote on an example with gold" if "gold" in known else ""
    interval = f"{percent(known['precision_low'])} to {percent(known['precision_high'])}"
    return f"{percent(known['precision'])} ({interval}), {count(known['correct'])} of {count(known['gold'])}"


def _text(rule: dict[str, Any]) -> str:
    """What a rule looks like: its text, else what it looks for, else that neither is known."""
    source = rule.get("source") or ""
    cut = f"{source[:MOST_SOURCE]}…" if len(source) > MOST_SOURCE else source
    told = source and rule["kind"] != "lookup"  # what a file lists is not in the text
    lines = "" if told else "".join(f"<li>{escape(line)}</li>" for line in rule.get("looks_for") or ())
    if not source and not lines:
        return '<p class="soft">Its text is not known: it was made in a loop, or in a console.</p>'
    text = f'<pre class="source" tabindex="0"><code>{escape(cut)}</code></pre>' if source else ""
    return f"{text}{f'<ul class=looks>{lines}</ul>' if lines else ''}"


def _partners(facts: Facts, j: int, pair_places: dict[tuple[int, int], int]) -> str:
    """The rules that it disagrees with most."""
    against, both = facts.pairs.against[j], facts.pairs.both[j]
    items = []
    for other in np.argsort(-against, kind="stable")[:MOST_PARTNERS].tolist():
        place = pair_places.get((min(j, other), max(j, other)))
        if place is None or not against[other]:
            continue
        told = f"{count(against[other])} of the {count(both[other])} that both vote on"
        name = escape(facts.rules[other]["name"])
        items.append(f'<li><button data-pair="{place}">{name}</button> <span class="soft">{told}</span></li>')
    return f'<h3>Disagrees most with</h3><ul class="partners">{"".join(items)}</ul>' if items else ""


def _examples(facts: Facts, j: int) -> str:
    """Where the script puts examples when the card is opened."""
    chosen = facts.examples.chosen
    lists = (
        ("labels", "What it labels", chosen.by_lf[j]),
        ("overruled", "Where the label is another class", chosen.overruled[j]),
        ("wrong", "Where gold is another class", chosen.wrong[j]),
    )
    return "".join(
        f'<h3>{title}</h3><div class="examples" data-list="{name}" data-lf="{j}"></div>'
        for name, title, rows in lists
        if len(rows)
    )


def _earlier(facts: Facts, rule: dict[str, Any]) -> str:
    """What the rule was and did in the runs beside this one."""
    rows = []
    for run in facts.earlier:
        if rule["name"] not in run.fingerprints or rule["name"] not in run.summary.index:
            continue
        known = run.summary.loc[rule["name"]]
        same = run.fingerprints[rule["name"]] == rule["fingerprint"]
        cells = [percent(float(known.get(c, float("nan")))) for c in ("coverage", "conflicts", "model_precision")]
        where = "this corpus" if run.same_corpus else "another corpus"
        rows.append([escape(run.name), escape(run.finished), "this version" if same else "another", where, *cells])
    if not rows:
        return ""
    head = ("run", "finished", "rule", "on", "coverage", "conflicts", "estimated")
    made = table(head, rows[:MOST_EARLIER], caption=f"Runs of {rule['name']} beside this one", kind="plain")
    return f"<h3>Other runs</h3>{made}"

"""The lower half of a report: pairs of rules that disagree, examples of the whole, faults, and how it was run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from labelkit._shared.markup import escape
from labelkit.runs.report._html import bar, count, described, percent, plural, rule_link, section, table

if TYPE_CHECKING:
    from labelkit.runs.report._facts import Facts
    from labelkit.votes.outcomes import Fault

FIRST_PAIRS: Final = 20
"""Pairs that are listed at once; a button shows more."""

MOST_PAIRS: Final = 300
"""Pairs that are listed at all; the map holds all of them."""

MOST_FAULTS: Final = 50
"""Kinds of faults that are listed."""

MOST_MESSAGE: Final = 300
"""Characters of a message."""


def conflicts_section(facts: Facts) -> str:
    """Pairs of rules that disagree: a map, and a list."""
    pairs = facts.conflicting
    if not pairs:
        told = "No two rules disagree on any example." if facts.manifest["covered"] else "No rule voted."
        return section("conflicts", "Conflicts", f"<p>{told}</p>")
    rows = [_pair_row(facts, place, i, j) for place, (i, j) in enumerate(pairs[:MOST_PAIRS])]
    head = "".join(
        f'<th scope="col">{name}</th>' for name in ("rules", "disagree on", "", "of all", "of those both vote on", "")
    )
    more = len(rows) - FIRST_PAIRS
    button = f'<p class="buttons"><button id="more-pairs">Show {count(more)} more</button></p>' if more > 0 else ""
    body = (
        '<div id="map" class="scroll" tabindex="0" role="region" aria-label="Map of conflicts"></div>'
        '<p id="map-told" class="soft" aria-live="polite">'
        "The stronger the colour of a cell, the more examples two rules disagree on. "
        "Arrow keys move in the map; a cell opens examples.</p>"
        f"<h3>{plural(len(pairs), 'pair')} of rules that disagree</h3>"
        '<div class="scroll" tabindex="0" role="region" aria-label="Pairs that disagree"><table class="pairs">'
        f'<caption class="unseen">Pairs of rules that disagree</caption><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>{button}"
    )
    return section("conflicts", "Conflicts", body)


def _pair_row(facts: Facts, place: int, i: int, j: int) -> str:
    against, both = int(facts.pairs.against[i, j]), int(facts.pairs.both[i, j])
    most = int(facts.pairs.against.max())
    names = " and ".join(rule_link(k, facts.rules[k]["name"]) for k in (i, j))
    hidden = " hidden" if place >= FIRST_PAIRS else ""
    label = f"Examples where {facts.rules[i]['name']} and {facts.rules[j]['name']} disagree"
    return (
        f'<tr{hidden}><th scope="row">{names}</th><td class="num">{count(against)}</td>'
        f'<td class="wide">{bar(against / most)}</td><td class="num">{percent(against / facts.n_examples)}</td>'
        f'<td class="num">{percent(against / both)}</td>'
        f'<td><button data-pair="{place}" aria-label="{escape(label)}">examples</button></td></tr>'
    )


def examples_section(facts: Facts) -> str:
    """Examples that no rule votes on, and those whose labels are least sure."""
    chosen, n = facts.examples.chosen, facts.n_examples
    lists = (
        ("uncovered", f"Without a vote: {count(facts.shares.uncovered)} of {count(n)}", chosen.uncovered),
        ("unsure", "Least sure of their label", chosen.unsure),
    )
    parts = [
        f'<details class="card"><summary><span class="name">{title}</span></summary>'
        f'<div class="inside"><div class="examples" data-list="{name}"></div></div></details>'
        for name, title, rows in lists
        if len(rows)
    ]
    note = facts.examples.note
    if facts.examples.n_looked < n:
        note = f"{note} Examples were looked for in {plural(facts.examples.n_looked, 'row')}.".strip()
    return section("examples", "Examples", "".join(parts), lead=escape(note))


def faults_section(facts: Facts) -> str:
    """Where rules failed, and rows that could not be read."""
    faults, rejects = facts.folder.faults, facts.manifest["rejects"]
    if not faults and not rejects:
        return section("faults", "Faults and rejects", "<p>No rule failed, and every row could be read.</p>")
    return section("faults", "Faults and rejects", _faults(faults) + _rejects(facts.rejects, rejects))


def _faults(faults: tuple[Fault, ...]) -> str:
    if not faults:
        return "<p>No rule failed.</p>"
    kinds: dict[tuple[str, str], list[Fault]] = {}
    for fault in faults:
        kinds.setdefault((fault.lf, fault.error), []).append(fault)
    often = sorted(kinds.items(), key=lambda item: -len(item[1]))
    rows = [
        (escape(lf), escape(error), count(len(own)), _cut(own[0].message), ", ".join(_cut(str(f.id)) for f in own[:5]))
        for (lf, error), own in often[:MOST_FAULTS]
    ]
    head = ("rule", "error", "examples", "a message", "ids of some")
    return (
        f"<p>{plural(len(faults), 'vote')} could not be made. A fault is not an abstain: statistics leave it out.</p>"
        f"{table(head, rows, caption='Faults', kind='plain')}"
    )


def _rejects(rejects: list[dict[str, Any]], n_rejects: int) -> str:
    if not n_rejects:
        return ""
    rows = [(str(row["line"] or row["row"]), _cut(row["reason"]), _cut(row["text"])) for row in rejects]
    return (
        f"<h3>{plural(n_rejects, 'row')} could not be read</h3>"
        f"{table(('line', 'reason', 'text'), rows, caption='Rejected rows', kind='plain')}"
    )


def _cut(text: str) -> str:
    return f"<bdi>{escape(text if len(text) <= MOST_MESSAGE else f'{text[:MOST_MESSAGE]}…')}</bdi>"


def run_section(facts: Facts) -> str:
    """How it was run."""
    known = facts.manifest
    corpus, model = known["corpus"], known["model"]
    params = ", ".join(f"{name}={value!r}" for name, value in model["params"].items() if value is not None)
    gold = known["gold"]
    pairs = [
        ("corpus", escape(corpus["path"] or "in memory")),
        ("content", f"<code>{escape(corpus['fingerprint'])}</code>" if corpus["fingerprint"] else "not known"),
        ("ids", escape(corpus["id"] or "positions")),
        ("gold", "none" if gold is None else escape(gold)),
        ("model", escape(f"{model['name']}({params})")),
        ("versions", escape(", ".join(f"{name} {version}" for name, version in known["versions"].items()))),
    ]
    rest = {name: value for name, value in known.items() if name != "rules"}
    text = escape(json.dumps(rest, indent=2, sort_keys=True, ensure_ascii=False))
    more = (
        '<details class="card"><summary><span class="name">Manifest</span> <span class="soft">without the rules'
        '</span></summary><div class="inside">'
        f'<pre class="source" tabindex="0"><code>{text}</code></pre></div></details>'
    )
    return section("run", "How it was run", described(pairs) + more)

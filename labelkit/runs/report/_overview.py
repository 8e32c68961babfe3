"""The top of a report: what was run, how it went at a glance, what to look at, how the labels are distributed."""

from __future__ import annotations

import math
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final

from labelkit._shared.markup import DASH, chip, escape
from labelkit.runs.report._html import (
    bar,
    chips,
    count,
    described,
    fill_of,
    percent,
    plural,
    range_bar,
    rule_link,
    section,
    stacked_bar,
    table,
    tile,
)

if TYPE_CHECKING:
    from labelkit.runs.report._facts import Facts
    from labelkit.runs.report._remarks import Remark

FIRST_REMARKS: Final = 6
"""Remarks that are seen at once."""


def title_of(facts: Facts) -> str:
    """What a run is called: its rules and its corpus."""
    modules = list(dict.fromkeys(rule.get("module") or "?" for rule in facts.rules))
    rules = ", ".join(modules[:3]) + (" and others" if len(modules) > 3 else "")
    path = facts.manifest["corpus"]["path"]
    return f"{rules} on {PurePath(path).name if path else 'a corpus in memory'}"


def header(facts: Facts, links: list[tuple[str, str]]) -> str:
    """The title, what was run, and links to the sections."""
    model = facts.manifest["model"]["name"]
    listed = "".join(f'<li><a href="#{name}">{escape(text)}</a></li>' for name, text in links)
    return (
        '<header class="top"><p class="eyebrow">labelkit · run report</p>'
        f"<h1>{escape(title_of(facts))}</h1>"
        f"<p>{plural(len(facts.rules), 'rule')} on {plural(facts.n_examples, 'example')}, labeled by {escape(model)}: "
        f"{chips(range(len(facts.classes)), facts.classes)}</p></header>"
        f'<nav aria-label="Sections"><ul>{listed}</ul></nav>'
    )


def overview(facts: Facts) -> str:
    """The large numbers."""
    n, total = facts.n_examples, facts.summary.iloc[-1]
    covered, silent = facts.manifest["covered"], int((facts.summary["votes"].iloc[:-1] == 0).sum())
    labeled = int(facts.shares.hard.sum())
    tiles = [
        tile(count(n), "examples", f"{plural(facts.manifest['patterns'], 'distinct row')} of votes"),
        tile(percent(covered / n), "have a vote", f"{count(n - covered)} have none"),
        tile(percent(labeled / n), "have a hard label", f"{count(facts.shares.tied)} are tied"),
        tile(percent(total["conflicts"]), "have votes that disagree", f"{percent(total['overlaps'])} have several"),
        tile(count(len(facts.rules)), "rules", f"{count(silent)} never vote" if silent else "all of them vote"),
        _accuracy(facts.manifest["evaluation"]),
        _troubles(facts),
    ]
    return section("overview", "At a glance", f'<div class="tiles">{"".join(tiles)}</div>{_all_labels(facts)}')


def _accuracy(judged: dict[str, Any] | None) -> str:
    if not judged:
        return ""
    low, high = judged["accuracy_interval"]
    more = f"{percent(low)} to {percent(high)} (95%), on {plural(judged['n_covered'], 'covered example')} with gold"
    return tile(percent(judged["accuracy"]), "of labels agree with gold", more)


def _troubles(facts: Facts) -> str:
    faults, rejects = facts.manifest["faults"], facts.manifest["rejects"]
    if not faults and not rejects:
        return ""
    link = '<a href="#faults">see which</a>'
    more = f"{plural(rejects, 'row')} could not be read; {link}" if rejects else link
    return tile(count(faults), "faults of rules", more, "warn")


def _all_labels(facts: Facts) -> str:
    """All examples in one bar, by their hard label."""
    n, shares = facts.n_examples, facts.shares
    parts = [
        (name, c, hard / n) for c, (name, hard) in enumerate(zip(facts.classes, shares.hard.tolist(), strict=True))
    ]
    parts.append(("no label", -1, (shares.uncovered + shares.tied) / n))
    drawn = [(fill_of(c) if c >= 0 else "fill-none", share) for _, c, share in parts]
    said = ", ".join(f"{name} {percent(share)}" for name, _, share in parts)
    legend = "".join(f"<span>{chip(name, c)} {percent(share)}</span>" for name, c, share in parts)
    return f'{stacked_bar(drawn, f"Hard labels: {said}")}<p class="legend">{legend}</p>'


def remarks_section(remarks: list[Remark]) -> str:
    """What to look at, in words, the most important first."""
    if not remarks:
        return section("remarks", "What to look at", "<p>Nothing stands out.</p>")
    items = [_remark(remark) for remark in remarks]
    first = f'<ol class="remarks">{"".join(items[:FIRST_REMARKS])}</ol>'
    rest = items[FIRST_REMARKS:]
    more = (
        f'<details class="more"><summary>{count(len(rest))} more</summary>'
        f'<ol class="remarks" start="{FIRST_REMARKS + 1}">{"".join(rest)}</ol></details>'
    )
    return section("remarks", "What to look at", first + more if rest else first)


def _remark(remark: Remark) -> str:
    links = ", ".join(rule_link(j, name) for j, name in remark.rules)
    about = f' <span class="about">{links}</span>' if links else ""
    title = remark.title[:1].upper() + remark.title[1:]
    return f"<li><strong>{escape(title)}</strong>{about}<br>{escape(remark.text)}</li>"


def labels_section(facts: Facts) -> str:
    """How the labels are distributed, how sure they are, and what gold says of them."""
    parts = [_classes_table(facts), _sureness(facts), _judged(facts)]
    return section("labels", "Labels", "".join(parts), lead=_label_lead(facts))


def _label_lead(facts: Facts) -> str:
    if not facts.manifest["covered"]:
        return "No rule voted on any example, so there is no label."
    return (
        "A hard label is the most probable class of an example that has a vote; an expected share is the mean of its "
        "probabilities over the covered examples."
    )


def _classes_table(facts: Facts) -> str:
    n, shares, covered = facts.n_examples, facts.shares, facts.manifest["covered"]
    rows = [
        (chip(name, c), bar(hard / n, fill_of(c)), count(hard), percent(hard / n), percent(expected))
        for c, (name, hard, expected) in enumerate(
            zip(
                facts.classes,
                shares.hard.tolist(),
                (shares.expected / covered if covered else shares.expected * float("nan")).tolist(),
                strict=True,
            )
        )
    ]
    for name, number in (("no vote", shares.uncovered), ("tied", shares.tied)):
        rows.append((chip(name, -1), bar(number / n), count(number), percent(number / n), ""))
    head = ("label", "", "examples", "share", "expected share of the covered")
    return table(head, rows, caption="Hard labels by class", kind="shares")


def _sureness(facts: Facts) -> str:
    """How probable the labels are, as a small histogram."""
    bins = facts.shares.sureness.tolist()
    first = min(int(10 / max(len(facts.classes), 1)), 9)
    total, highest = sum(bins), max(bins)
    if not total:
        return ""
    rows = [
        (f"{10 * i}–{10 * (i + 1)}%", bar(bins[i] / highest), count(bins[i]), percent(bins[i] / total))
        for i in range(first, 10)
    ]
    made = table(("probability", "", "examples", "share"), rows, caption="Sureness of labels", kind="shares")
    return f"<h3>How sure the labels are</h3><p>By the probability of the most probable class.</p>{made}"


def _judged(facts: Facts) -> str:
    """What gold says of the labels."""
    judged = facts.manifest["evaluation"]
    if not judged:
        return ""
    low, high = judged["accuracy_interval"]
    interval = f"{percent(judged['accuracy'])} ({percent(low)} to {percent(high)})"
    pairs = [
        ("accuracy and its 95% interval", f"{interval}{range_bar(judged['accuracy'], low, high)}"),
        ("of those with a hard label", f"{percent(judged['accuracy_labeled'])} of {count(judged['n_labeled'])}"),
        ("macro F1", percent(judged["f1_macro"])),
        *((f"F1 of {name}", percent(value)) for name, value in judged["f1"].items()),
        ("log-loss", _decimal(judged["log_loss"])),
        ("Brier score", _decimal(judged["brier"])),
        ("calibration error", percent(judged["ece"])),
    ]
    told = (
        f"{plural(judged['n'], 'example')} with gold, of which {count(judged['n_covered'])} "
        f"({percent(judged['coverage'])}) have a vote; the figures are about these."
    )
    few = " <strong>That is too few to say much: look at the interval.</strong>" if judged["n_covered"] < 30 else ""
    return f"<h3>Against gold</h3><p>{told}{few}</p>{described(pairs)}"


def _decimal(value: float) -> str:
    return DASH if math.isnan(value) else f"{value:.3f}"

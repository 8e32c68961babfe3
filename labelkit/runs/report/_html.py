"""Small pieces of HTML that sections are put together from; whatever comes from outside is escaped here."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from labelkit._shared.markup import CLASS_COLOURS, DASH, chip, escape


def count(number: float) -> str:
    """A whole number for people.

    >>> count(1234567)
    '1,234,567'
    """
    return f"{int(number):,}"


def percent(share: float) -> str:
    """A share as a percentage; a dash where it is undefined, and no 0.0% for what is there.

    >>> percent(0.1234), percent(float("nan")), percent(0.00001), percent(0.0)
    ('12.3%', '–', '<0.1%', '0.0%')
    """
    if math.isnan(share):
        return DASH
    return "<0.1%" if 0 < share < 0.0005 else f"{100 * share:.1f}%"


def plural(number: int, one: str, many: str | None = None) -> str:
    """A number with its noun.

    >>> plural(1, "rule"), plural(2, "rule"), plural(0, "class", "classes")
    ('1 rule', '2 rules', '0 classes')
    """
    return f"{count(number)} {one if number == 1 else many or f'{one}s'}"


def bar(share: float, kind: str = "") -> str:
    """A horizontal bar; it is drawn, so that no style has to be allowed in the page."""
    width = 0.0 if math.isnan(share) else min(max(share, 0.0), 1.0) * 100
    return (
        f'<svg class="bar {kind}" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="track" width="100" height="6"/><rect class="fill" width="{width:.2f}" height="6"/></svg>'
    )


def range_bar(share: float, low: float, high: float) -> str:
    """A share with its interval on a line from 0 to 1."""
    if math.isnan(low) or math.isnan(high):
        return ""
    return (
        '<svg class="range" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="track" y="3" width="100" height="2"/>'
        f'<rect class="fill" x="{100 * low:.1f}" y="2" width="{max(100 * (high - low), 1):.1f}" height="4"/>'
        f'<rect class="dot" x="{min(max(100 * share - 1, 0), 98):.1f}" width="2" height="8"/></svg>'
    )


def stacked_bar(parts: Sequence[tuple[str, float]], description: str) -> str:
    """Shares side by side, each in the colour of its class."""
    drawn, done = [], 0.0
    for kind, share in parts:
        drawn.append(f'<rect class="{kind}" x="{100 * done:.3f}" width="{100 * share:.3f}" height="10"/>')
        done += share
    return (
        f'<svg class="stack" viewBox="0 0 100 10" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(description)}">{"".join(drawn)}</svg>'
    )


def fill_of(index: int) -> str:
    """The style class that fills a shape with the colour of a class."""
    return f"fill-{index % len(CLASS_COLOURS)}"


def chips(classes: Iterable[int], class_names: Sequence[str]) -> str:
    """The chips of several classes."""
    return " ".join(chip(class_names[c], c) for c in classes)


def described(pairs: Iterable[tuple[str, str]]) -> str:
    """A list of names and values; values are HTML, and empty ones are left out."""
    kept = "".join(f"<div><dt>{escape(name)}</dt><dd>{value}</dd></div>" for name, value in pairs if value)
    return f"<dl>{kept}</dl>"


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, caption: str, kind: str = "") -> str:
    """A plain table of cells of HTML, the first of each row its head."""
    heads = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    body = "".join(
        f'<tr><th scope="row">{row[0]}</th>{"".join(f"<td>{cell}</td>" for cell in row[1:])}</tr>' for row in rows
    )
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(caption)}"><table class="{kind}">'
        f'<caption class="unseen">{escape(caption)}</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def section(name: str, title: str, body: str, *, lead: str = "") -> str:
    """A section of the page; without a body there is none."""
    if not body:
        return ""
    told = f'<p class="lead">{lead}</p>' if lead else ""
    head = f'<h2 id="{name}-title">{title}</h2>{told}'
    return f'<section id="{name}" aria-labelledby="{name}-title">{head}{body}</section>'


def tile(value: str, name: str, more: str = "", kind: str = "") -> str:
    """One large number of the overview; value and more are HTML."""
    return (
        f'<div class="tile {kind}"><div class="tile-value">{value}</div><div class="tile-name">{escape(name)}</div>'
        f'<div class="tile-more">{more}</div></div>'
    )


def number_of(value: float) -> str:
    """A number for sorting; empty where undefined."""
    return "" if math.isnan(value) else f"{float(value):.6g}"


def rule_link(j: int, name: str) -> str:
    """A link to the card of a rule."""
    return f'<a href="#rule-{j}">{escape(name)}</a>'

"""The figures of the pattern book are those that were measured: each table is that of the stored results."""

import json
import re

import pytest

from tests.benchmarks.patterns.figure import FIGURE
from tests.benchmarks.patterns.pages import PAGES, RESULTS, ROOT, rewritten_pages
from tests.benchmarks.patterns.rule_kinds import KINDS, RULE_GROUPS

results = json.loads(RESULTS.read_text("utf-8"))
CODE = re.compile(r"^```.*?^```|`[^`\n]*`|https?://\S+|doi \S+|^\|[^\n]*", re.DOTALL | re.MULTILINE)
FIGURES = re.compile(r"(?<![\d.])\d+\.\d+(?![\d.])")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_the_tables_of_a_page_are_those_of_the_results(page):
    assert page.read_text("utf-8") == rewritten_pages()[page], "python -m tests.benchmarks.patterns --pages"


@pytest.mark.parametrize("page", PAGES[1:], ids=lambda page: page.name)
def test_the_figures_in_the_sentences_of_a_page_stand_in_its_tables(page):
    text = page.read_text("utf-8")
    tables = "\n".join(line for line in text.splitlines() if line.startswith("|"))
    sentences = CODE.sub("", text)
    missing = [
        number
        for number in FIGURES.findall(sentences)
        if not re.search(rf"(?<![\d.]){re.escape(number)}(?!\d)", tables)
    ]
    assert missing == []


@pytest.mark.parametrize("name", RULE_GROUPS)
def test_each_rule_of_a_set_has_one_kind_of_knowledge(name):
    rules = sorted(rule for group in RULE_GROUPS[name] for rule in group.rules)
    assert rules == list(range(len(rules)))
    assert {group.kind for group in RULE_GROUPS[name]} <= set(KINDS)
    assert [row["rules"] for row in results["kinds"] if row["set"] == name] == [
        len(group.rules) for group in RULE_GROUPS[name]
    ]


def test_the_figure_has_a_point_for_each_rule_of_the_results():
    points = re.findall(r"<use [^>]*fill-opacity", FIGURE.read_text("utf-8"))
    kinds = {point["kind"] for point in results["rules"]}
    assert len(points) == len(results["rules"]) + len(kinds)  # and one for each line of the legend

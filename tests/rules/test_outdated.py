"""Rules that another cell of a notebook defined again: the older ones do not vote without a word."""

from __future__ import annotations

import copy
import importlib
import sys
import warnings

import pandas as pd
import pytest

import labelkit as lk

FRAME = pd.DataFrame({"text": ["free money", "win", "see"]})
LABELS = ["HAM", "SPAM"]
OUTDATED = r"1 rule was defined again, and the older votes: 'offer' \[LK138\]\. Hint: run the line again"


@pytest.fixture
def cell():
    """Return a function that runs code as a cell of a notebook, and gives the globals."""
    names = {"lk": lk, "__name__": "__main__", "FRAME": FRAME, "LABELS": LABELS}

    def run(code):
        exec(compile(code, "<cell>", "exec"), names)
        return names

    return run


def offer(word):
    return f"offer = lk.keywords({word!r}, label=1).rule(name='offer')\n"


def votes(rules):
    return lk.Applier(rules, labels=LABELS).apply(FRAME).votes.ravel().tolist()


def test_a_list_that_has_the_older_rule_is_warned_of(cell):
    cell(offer("free") + "rules = [offer]")
    names = cell(offer("win"))
    with pytest.warns(UserWarning, match=OUTDATED) as caught:
        collected = lk.collect(names["rules"], labels=LABELS)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    with pytest.warns(UserWarning, match=OUTDATED):
        assert lk.Applier(collected).apply(FRAME).votes.ravel().tolist() == [1, -1, -1]
    assert votes([names["offer"]]) == [-1, 1, -1]


def test_an_applier_that_was_made_before_is_warned_of(cell):
    names = cell(offer("free") + "applier = lk.Applier([offer], labels=LABELS)\napplier.apply(FRAME)")
    cell("@lk.labeling_function\ndef offer(text):\n    return 1 if 'win' in text else None")
    with pytest.warns(UserWarning, match=OUTDATED):
        names["applier"].apply(FRAME)
    with pytest.warns(UserWarning, match=OUTDATED):
        copy.deepcopy(names["applier"]).apply(FRAME)


def test_a_module_that_is_loaded_again_has_newer_rules_than_were_imported(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    file = tmp_path / "rules_of_offers.py"
    file.write_text("import labelkit as lk\n\n" + offer("free"))
    module = importlib.import_module("rules_of_offers")
    monkeypatch.setitem(sys.modules, "rules_of_offers", module)
    imported = module.offer
    file.write_text("import labelkit as lk\n\n" + offer("win") + "# longer\n")
    importlib.reload(module)
    with pytest.warns(UserWarning, match=OUTDATED):
        assert votes([imported]) == [1, -1, -1]
    assert votes([module.offer]) == [-1, 1, -1]
    assert lk.collect(file, labels=LABELS)["offer"]("win") == 1


PYTHON = "@lk.labeling_function\ndef offer(text):\n    return 1 if 'free' in text else None\n"
GOOD = {
    "the same cell of Python again": (PYTHON + "rules = [offer]", "# a line more\n" + PYTHON),
    "the same cell again": (offer("free") + "rules = [offer]", offer("free")),
    "older and newer have names": (offer("free") + "older = offer\nrules = [older]", offer("win")),
    "a rule of a function": (
        "def make(word):\n    return lk.keywords(word, label=1).rule(name='offer')\nrules = [make('free')]",
        "other = [make('win')]",
    ),
    "another rule is newer": (offer("free") + "rules = [offer]", "win = lk.keywords('win', label=1).rule(name='win')"),
    "rules in a loop": (
        "rules = []\nfor word in ['free', 'win']:\n    rule = lk.keywords(word, label=1).rule(name=word)\n    rules.append(rule)",
        "",
    ),
    "a global that raises": (
        offer("free") + "rules = [offer]",
        "class Odd:\n    def __getattribute__(self, name):\n        raise RuntimeError(name)\nodd = Odd()",
    ),
    "the rule was deleted": (offer("free") + "rules = [offer]", "del offer"),
}


@pytest.mark.parametrize("kind", GOOD)
def test_other_rules_are_not_warned_of(kind, cell):
    first, second = GOOD[kind]
    cell(first)
    names = cell(second)
    with warnings.catch_warnings(action="error"):
        votes(names["rules"])


def test_of_many_rules_some_are_named(cell):
    code = "".join(f"r{i} = lk.keywords('free', label=1).rule(name='r{i}')\n" for i in range(7))
    cell(code + f"rules = [{', '.join(f'r{i}' for i in range(7))}]")
    names = cell(code.replace("free", "win"))
    with pytest.warns(UserWarning, match=r"7 rules were defined again, .*: 'r0', 'r1', 'r2', 'r3', 'r4', \.\.\. \["):
        lk.collect(names["rules"], labels=LABELS)

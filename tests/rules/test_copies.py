"""Rules are copied and pickled as values, without the globals of the module or notebook that made them."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
import threading

import cloudpickle
import numpy as np
import pandas as pd
import pytest

import labelkit as lk

HAM, SPAM = 0, 1
LOCK = threading.Lock()  # which no pickle takes, as a notebook's globals may not be
LARGE = np.zeros(1_000_000)
FRAME = pd.DataFrame({"text": ["Free money", "hello", "FREE"]})

free = lk.keywords("free", label=SPAM).rule(name="free")
listed = lk.lookup({"hello": HAM}).rule(name="listed")


@lk.column
def lowered(text: str) -> str:
    return text.lower()


@lk.column
def first(lowered: str) -> str:
    return lowered.split(maxsplit=1)[0]


@lk.labeling_function
def offers(first: str) -> int | None:
    return SPAM if first == "free" else None


RULES = {"words": free, "a look-up": listed, "a function of derived columns": offers}


def votes(rules):
    return lk.Applier(lk.collect(rules, labels=["HAM", "SPAM"])).apply(FRAME).votes.tolist()


@pytest.mark.parametrize("kind", RULES)
def test_a_copy_of_a_rule_is_the_rule(kind):
    rule = RULES[kind]
    assert copy.copy(rule) is rule
    assert copy.deepcopy({"rules": [rule]})["rules"][0] is rule


def test_collected_rules_and_an_applier_are_copied():
    rules = lk.collect(list(RULES.values()), labels=["HAM", "SPAM"])
    applier = copy.deepcopy(lk.Applier(rules))
    assert applier.apply(FRAME).votes.tolist() == votes(list(RULES.values()))
    assert copy.deepcopy(rules)["free"] is free


@pytest.mark.parametrize("module", [pickle, cloudpickle])
@pytest.mark.parametrize("rule", [free, listed], ids=["words", "look-up"])
def test_a_declarative_rule_is_pickled_without_its_module(module, rule):
    packed = module.dumps(rule)
    assert len(packed) < 2_000
    again = pickle.loads(packed)
    assert votes([again]) == votes([rule])
    assert again.fingerprint == rule.fingerprint


def test_a_python_rule_takes_its_derived_columns_along():
    packed = cloudpickle.dumps(offers)
    assert len(packed) < 5_000
    again = pickle.loads(packed)
    assert [column.name for column in again.derived] == ["first", "lowered"]
    assert votes([again]) == votes([offers]) == [[1], [-1], [1]]


def test_it_votes_alike_in_another_process_whose_globals_have_these_names(tmp_path):
    (tmp_path / "rules.pickle").write_bytes(cloudpickle.dumps(lk.collect([offers, listed], labels=["HAM", "SPAM"])))
    frame, code = (
        repr(FRAME.to_dict("list")),
        "import pickle, pandas as pd, labelkit as lk\nfirst = lowered = 'other'\n",
    )
    code += f"rules = pickle.load(open('rules.pickle', 'rb'))\nframe = pd.DataFrame({frame})\n"
    code += "print(lk.Applier(rules).apply(frame).votes.tolist())"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[[1, -1], [-1, 0], [1, -1]]"


def test_numbers_of_classes_stay_known():
    again = pickle.loads(pickle.dumps(free))
    with pytest.raises(lk.LabelkitError, match="LK125"):
        lk.collect([again], labels=["SPAM", "HAM"])

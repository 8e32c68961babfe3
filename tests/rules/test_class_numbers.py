"""Classes have the numbers that the modules of rules give them, whatever says so: an enum, constants, a class, a dict."""

from __future__ import annotations

import re

import pytest

import labelkit as lk
from labelkit.exceptions import LabelSpaceError

RULES = """
import labelkit as lk
{numbers}
@lk.labeling_function
def free(text):
    return {spam} if "free" in text else -1
hello = lk.keywords("hello", label={ham}).rule(name="hello")
"""

NUMBERS = {
    "constants": ("HAM, SPAM = 0, 1", "HAM", "SPAM"),
    "with ABSTAIN": ("ABSTAIN = -1\nHAM = 0\nSPAM = 1", "HAM", "SPAM"),
    "imported ABSTAIN": ("from labelkit import ABSTAIN\nSPAM = 1\nHAM = 0", "HAM", "SPAM"),
    "one constant": ("SPAM = 1", "0", "SPAM"),
    "a class": ("class Label:\n    ABSTAIN = -1\n    HAM = 0\n    SPAM = 1", "Label.HAM", "Label.SPAM"),
    "a dict": ("LABELS = {'SPAM': 1, 'HAM': 0}", "LABELS['HAM']", "LABELS['SPAM']"),
    "a dict with -1": ("LABELS = {'none': -1, 'spam': 1, 'ham': 0}", "LABELS['ham']", "LABELS['spam']"),
    "an enum": ("from enum import IntEnum\nclass L(IntEnum):\n    HAM = 0\n    SPAM = 1", "0", "1"),
}


def write(folder, numbers, ham="0", spam="1"):
    path = folder / "the_rules.py"
    path.write_text(RULES.format(numbers=numbers, ham=ham, spam=spam))
    return path


@pytest.mark.parametrize("kind", NUMBERS)
@pytest.mark.parametrize("labels", [["SPAM", "HAM"], ["spam", "ham"], ["SPAM", "HAM", "OTHER"]])
def test_another_order_than_the_numbers_is_refused_with_the_right_one(tmp_path, kind, labels):
    path = write(tmp_path, *NUMBERS[kind])
    with pytest.raises(LabelSpaceError, match=r"(?i)(ham|spam) is [01] in .*LK125") as refusal:
        lk.collect(path, labels=labels)
    right = re.search(r"labels=(\[.*\])", refusal.value.hint)
    assert lk.collect(path, labels=eval(right[1])).space.names[1].casefold() == "spam"


@pytest.mark.parametrize("kind", NUMBERS)
@pytest.mark.parametrize("labels", [["HAM", "SPAM"], ["ham", "spam"], ["HAM", "SPAM", "OTHER"], ["good", "bad"], 2])
def test_the_order_of_the_numbers_and_other_names_are_taken(tmp_path, kind, labels):
    lfs = lk.collect(write(tmp_path, *NUMBERS[kind]), labels=labels)
    assert lk.Applier(lfs).apply([{"text": "free"}, {"text": "hello"}]).votes.tolist() == [[1, -1], [-1, 0]]


@pytest.mark.parametrize(
    "numbers",
    [
        "COUNTS = {'HAM': 40, 'SPAM': 2}",  # no numbers of classes
        "FLAGS = {'SPAM': True, 'HAM': False}",
        "import numpy as np\nARRAYS = {'SPAM': np.zeros(3), 'HAM': np.ones(3)}",
        "import pandas as pd\nFRAMES = {'SPAM': pd.DataFrame({'a': [1, 2]}), 3: None, 'x': [], 'y': {}}",
        "EMPTY = {}",
        "spam = 0",
        "SPAM = True",
        "SPAM = -7",
        "SPAM = 500",
        "SPAM = 1.0",
        "MOST_WORDS = 3",
    ],
)
def test_what_numbers_no_classes_is_no_order(tmp_path, numbers):
    assert lk.collect(write(tmp_path, numbers), labels=["HAM", "SPAM"]).space.names == ("HAM", "SPAM")


@pytest.mark.parametrize("numbers", ["", "ABSTAIN, HAM, SPAM = -1, 0, 1"])
def test_abstain_is_no_class(tmp_path, numbers):
    with pytest.raises(LabelSpaceError, match=r"labels=\['ABSTAIN', 'HAM', 'SPAM'\]") as refusal:
        lk.collect(write(tmp_path, numbers), labels=["ABSTAIN", "HAM", "SPAM"])
    assert refusal.value.code == "LK125"
    assert "labels=['HAM', 'SPAM']" in refusal.value.hint


@pytest.mark.parametrize("kind", ["constants", "with ABSTAIN", "imported ABSTAIN", "a class", "a dict"])
def test_classes_that_are_not_known_are_named_by_constants(tmp_path, kind):
    numbers, *words = (part.replace("SPAM", "POS").replace("HAM", "NEG") for part in NUMBERS[kind])
    with pytest.raises(LabelSpaceError, match=r"pass labels=\['NEG', 'POS'\]"):
        lk.collect(write(tmp_path, numbers, *words))


@pytest.mark.parametrize(
    ("numbers", "where"),
    [
        ("ABSTAIN, SPAM = 0, 1", "the_rules.py"),
        ("ABSTAIN, HAM, SPAM = 0, 1, 2", "the_rules.py"),
        ("class Label:\n    ABSTAIN = 0\n    SPAM = 1", "Label of the_rules.py"),
        ("LABELS = {'ABSTAIN': 0, 'SPAM': 1}", "LABELS of the_rules.py"),
    ],
)
@pytest.mark.parametrize("labels", [["HAM", "SPAM"], 2])
def test_an_abstain_that_is_the_number_of_a_class_is_refused(tmp_path, numbers, where, labels):
    reason = f"ABSTAIN is 0 in {where}, which is the class {'0' if labels == 2 else 'HAM'}: an abstain is -1 [LK125]"
    with pytest.raises(LabelSpaceError, match=re.escape(reason)):
        lk.collect(write(tmp_path, numbers), labels=labels)


def test_an_enum_whose_abstain_is_the_number_of_a_class_is_refused(tmp_path):
    numbers = "from enum import IntEnum\nclass L(IntEnum):\n    ABSTAIN = 0\n    SPAM = 1"
    with pytest.raises(
        LabelSpaceError, match=re.escape("ABSTAIN is 0 in L, which is a class: an abstain is -1 [LK124]")
    ):
        lk.collect(write(tmp_path, numbers, "0", "L.SPAM"))


def test_an_abstain_is_none_of_the_classes_that_a_hint_names(tmp_path):
    with pytest.raises(LabelSpaceError, match="the classes are not known") as error:
        lk.collect(write(tmp_path, "ABSTAIN, SPAM, HAM = 7, 0, 1"))
    assert "pass labels=['SPAM', 'HAM']" in str(error.value)

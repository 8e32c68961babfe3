"""Values of a gold column mean the classes that a mapping says, and a value that it leaves out is never guessed."""

import re

import numpy as np
import pytest

from labelkit.exceptions import GoldError
from labelkit.votes.gold_mapping import GoldMapping

NAMES = ["HAM", "SPAM"]


@pytest.mark.parametrize(
    ("mapping", "values", "classes"),
    [
        ({"junk": "SPAM", "ok": "HAM"}, ["junk", "ok", " junk ", None, "", "SPAM", "ham"], [1, 0, 1, -1, -1, 1, 0]),
        ({"1": "HAM", "0": "SPAM"}, np.array([0, 1, -1]), [1, 0, -1]),
        ({1: "HAM", 0: "SPAM"}, ["0", "1"], [1, 0]),
        ({"5": "SPAM", "1": "HAM"}, np.array([5.0, 1.0, np.nan]), [1, 0, -1]),
        ({"true": "SPAM", "False": "HAM"}, np.array([True, False]), [1, 0]),
        ({True: "SPAM", "no": "HAM"}, ["true", "TRUE", "no"], [1, 1, 0]),
        ({"1": "SPAM", "true": "HAM"}, np.array([True, 1], dtype=object), [0, 1]),
        ({"?": None, "unsure": ""}, ["?", "unsure", "SPAM"], [-1, -1, 1]),
        ({"5.0": "SPAM", "1.00": "HAM"}, np.array([5, 1]), [1, 0]),
        ({"5": "SPAM", "1": "HAM"}, ["5.0", "1"], [1, 0]),
        ({"-1": "SPAM"}, np.array([-1]), [1]),
        ({"r\u00e9sili\u00e9": "SPAM", "e\u0301tat": "HAM"}, ["re\u0301silie\u0301", "\u00e9tat"], [1, 0]),
    ],
)
def test_values_mean_what_the_mapping_says(mapping, values, classes):
    given = values if isinstance(values, np.ndarray) else np.array(values, dtype=object)
    assert GoldMapping.of(mapping, NAMES).apply(given, NAMES).tolist() == classes


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (np.array([0, 1]), "gold holds 1, and the mapping of gold values names '0'"),
        (np.array([0.0, 2.0]), "gold holds 2, and the mapping of gold values names '0'"),
        (np.array(["eggs"], dtype=object), "gold holds 'eggs', which is neither"),
        (np.array([True]), "gold is True and False|gold holds"),
    ],
)
def test_a_value_that_is_not_mapped_is_an_error(values, said):
    with pytest.raises(GoldError, match=said):
        GoldMapping.of({"0": "HAM"}, NAMES).apply(values, NAMES)


@pytest.mark.parametrize(
    ("mapping", "said", "hint"),
    [
        (
            {"junk": "spam"},
            "the mapping of gold values names the class 'spam', which there is not",
            "did you mean 'SPAM'?",
        ),
        ({"junk": "eggs"}, "names the class 'eggs'", "the classes are HAM, SPAM"),
        ({1: "SPAM", "1": "HAM"}, "names the value '1' twice", "one class"),
    ],
)
def test_a_mapping_names_classes_and_each_value_once(mapping, said, hint):
    with pytest.raises(GoldError, match=re.escape(said)) as error:
        GoldMapping.of(mapping, NAMES)
    assert hint in error.value.hint


def test_all_values_that_are_not_mapped_are_listed_with_their_counts():
    values = np.array(["junk", "ok", "ok", "fine", "HAM", None], dtype=object)
    with pytest.raises(GoldError, match=r"gold holds 'ok' \(2 times\), 'fine', which are neither class numbers nor"):
        GoldMapping.of({"junk": "SPAM"}, NAMES).apply(values, NAMES)
    with pytest.raises(GoldError, match=r"gold holds 2 \(2 times\), 3, and the mapping of gold values names '0'"):
        GoldMapping.of({"0": "HAM"}, NAMES).apply(np.array([0, 2, 3, 2]), NAMES)


def test_missing_values_are_not_among_those_that_gold_holds():
    mapping = GoldMapping.of({"junk": "SPAM", "jnuk": "SPAM"}, NAMES)
    with pytest.warns(UserWarning, match="names 'jnuk', which gold never holds: it holds 'junk' ") as said:
        mapping.check_used(np.array(["junk", None, float("nan")], dtype=object))
    assert "None" not in str(said[0].message)


def test_gold_that_names_the_classes_itself_needs_no_mapping_and_no_warning():
    GoldMapping.of({1: "SPAM", 0: "HAM"}, NAMES).check_used(np.array(["SPAM", "HAM", None], dtype=object))


@pytest.mark.parametrize("number", [0, 0.0, "0", np.int64(0)])
def test_numbers_name_classes_as_they_do_in_gold(number):
    assert GoldMapping.of({"fine": number, "unsure": -1}, NAMES).classes == {"fine": 0, "unsure": -1}


def test_numbers_that_are_names_of_classes_name_these():
    assert GoldMapping.of({"poor": 1, "good": "5"}, ["1", "5"]).classes == {"poor": 0, "good": 1}


@pytest.mark.parametrize("number", [2, -2, True, 0.5])
def test_numbers_of_no_class_are_refused(number):
    with pytest.raises(GoldError, match=re.escape(f"names the class {number!r}, which there is not")):
        GoldMapping.of({"fine": number}, NAMES)
    with pytest.raises(GoldError, match="names the class 0, which there is not"):
        GoldMapping.of({"fine": 0}, ["1", "5"])

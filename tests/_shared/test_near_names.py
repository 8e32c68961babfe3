"""A hint at the name that was meant says what differs where that is not seen."""

import unicodedata

import numpy as np
import pytest
from hypothesis import given, strategies as st

import labelkit as lk
from labelkit._shared.near_names import as_seen, did_you_mean, near_name, unseen_difference
from labelkit.exceptions import CorpusError, GoldError
from labelkit.votes.name_habits import habit

NAMES = ["B\u00fcrger", "H\u00e4ndler", "\u00c9t\u00e9"]

ODD = {
    "zero width": ("B\u00fcrger\u200b", "the first has U+200B ZERO WIDTH SPACE"),
    "soft hyphen": ("B\u00fcr\u00adger", "the first has U+00AD SOFT HYPHEN"),
    "cyrillic": ("\u0412\u00fcrger", "the first has U+0412 CYRILLIC CAPITAL LETTER VE"),
    "wide": ("\uff22\u00fcrger", "the first has U+FF22 FULLWIDTH LATIN CAPITAL LETTER B"),
}


@pytest.mark.parametrize(("value", "said"), ODD.values(), ids=ODD)
def test_the_difference_of_gold_values_that_look_alike_is_shown(value, said):
    votes = lk.LabelMatrix.of([[0], [1]], classes=NAMES)
    with pytest.raises(GoldError) as error:
        lk.summarize(votes, gold=[value, "H\u00e4ndler"])
    assert said.replace("\\\\", "\\") in error.value.hint
    assert error.value.code == "LK324"


@pytest.mark.parametrize("value", ["Bu\u0308rger", "bu\u0308rger ", "E\u0301te\u0301"])
def test_gold_with_decomposed_letters_names_the_class(value):
    votes = lk.LabelMatrix.of([[0], [2]], classes=NAMES)
    number = NAMES.index(unicodedata.normalize("NFC", value.strip()).capitalize())
    summary = lk.summarize(votes, gold=[value, NAMES[number]])
    assert summary.frame["correct"].iloc[0] == 1


def test_the_names_of_columns_and_mappings_show_it_too():
    with pytest.raises(CorpusError, match="LK202") as error:
        lk.open_corpus({"Stra\u00dfe f\u00fcr": ["x"]}, id="Stra\u00dfe fu\u0308r")
    assert "(decomposed)" in error.value.hint
    with pytest.raises(GoldError, match="names the class 'HAM\\\\u200b'") as error:
        lk.run([lk.keywords("x", label=0).rule(name="x")], {"text": ["x"]}, "unused", gold=[0],
               map_label={"a": "HAM\u200b"}, labels=["HAM", "SPAM"])  # fmt: skip
    assert "U+200B ZERO WIDTH SPACE" in error.value.hint


def test_ids_that_look_alike_are_told_apart():
    ids = np.array(["M\u00fcller", "Meier"], dtype=object)
    assert habit(np.array(["Mu\u0308ller"], dtype=object), ids).endswith("(decomposed) and 'M\\xfcller'")
    assert "U+200B" in habit(np.array(["Meier\u200b"], dtype=object), ids)
    assert habit(np.array(["meier"], dtype=object), ids).endswith("in other letters")
    assert habit(np.array(["Schulz"], dtype=object), ids) is None


@pytest.mark.parametrize("given_name", ["Burger", "b\u00fcrger", " B\u00fcrger", "B\u00fcrgerr"])
def test_a_difference_that_is_seen_is_not_described(given_name):
    assert near_name(given_name, NAMES) == "B\u00fcrger"
    assert did_you_mean(given_name, "B\u00fcrger") == "did you mean 'B\u00fcrger'?"


@given(st.text(max_size=8))
def test_all_forms_of_a_text_look_alike(text):
    forms = [unicodedata.normalize(form, text) for form in ("NFC", "NFD")]
    assert as_seen(forms[0]) == as_seen(forms[1])
    assert unseen_difference(text, text) is None
    if forms[0] != forms[1] and as_seen(text):
        assert "written otherwise" in (unseen_difference(*forms) or "written otherwise")

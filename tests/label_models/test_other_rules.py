"""A model that is used with rules of the same names that do something else says so."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pytest

import labelkit as lk
from labelkit.label_models import MODELS, _saving

TEXTS = ["free money", "win now", "hm", "free", "nice to win", "so nice"] * 5

SOURCE = '''
import labelkit as lk

LIMIT = 5

class Words:
    words = ("nice", "hm")
    def has(self, text):
        return any(word in text for word in self.words)

words = Words()

@lk.keywords("free", label=1)
def offers(text): "Offers."

@lk.labeling_function
def kind(text):
    """Is kind."""
    return 0 if words.has(text) else None

@lk.labeling_function
def short(text):
    """Is short."""
    return 0 if len(text) < LIMIT else None
'''


def matrix(tmp_path, old="LIMIT = 5", new="LIMIT = 5", names=None):
    assert old in SOURCE
    (tmp_path / "rules.py").write_text(SOURCE.replace(old, new))
    lfs = lk.collect(tmp_path / "rules.py", labels=["HAM", "SPAM"])
    return lk.Applier(lfs if names is None else lfs[names]).apply(TEXTS, cache=False)


@pytest.fixture
def saved(tmp_path):
    return lk.LabelModel().fit(matrix(tmp_path)).save(tmp_path / "model")


@pytest.mark.parametrize(
    ("old", "new", "names"),
    [
        ("LIMIT = 5", "LIMIT = 6", "'short'"),
        ('("nice", "hm")', '("nice",)', "'kind'"),
        ('"free", label', '"win", label', "'offers'"),
        ("LIMIT = 5", "LIMIT = 6\nlk = __import__('labelkit')", "'short'"),
    ],
)
def test_a_saved_model_names_the_rules_that_changed(saved, tmp_path, old, new, names):
    model, votes = lk.load_model(saved), matrix(tmp_path, old, new)
    with pytest.warns(UserWarning, match=rf"fitted on other versions of {names}: the names are the same"):
        model.label(votes)
    with pytest.warns(UserWarning, match=names):
        model.predict_pattern_proba(votes.patterns)


@pytest.mark.parametrize(
    ("old", "new"),
    [("LIMIT = 5", "LIMIT = 5  # characters"), ('"""Is kind."""', '"""Is friendly."""'), ("lk\n", "lk\n\n")],
)
def test_nothing_is_said_of_an_edit_that_changes_nothing(saved, tmp_path, old, new):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        lk.load_model(saved).label(matrix(tmp_path, old, new))


def test_nothing_is_said_where_nothing_tells(saved, tmp_path):
    model, votes = lk.load_model(saved), matrix(tmp_path, "LIMIT = 5", "LIMIT = 6")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.label(votes.votes)
        other = lk.LabelModel().fit(votes.votes)
        other.label(votes)


def write_sealed(folder, description):
    """Write the description of a saved model as another version would have."""
    description["seal"] = _saving._seal(description, folder / "arrays.npz")
    (folder / "model.json").write_text(json.dumps(description))


def test_fingerprints_of_another_python_are_not_compared(saved, tmp_path):
    description = json.loads((saved / "model.json").read_text())
    description["learned"]["fingerprinted_by_"] = f"0.0 {description['learned']['fingerprinted_by_']}"
    write_sealed(saved, description)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        lk.load_model(saved).label(matrix(tmp_path, "LIMIT = 5", "LIMIT = 6"))


def test_a_model_of_an_earlier_version_says_nothing(saved, tmp_path):
    description = json.loads((saved / "model.json").read_text())
    for name in ("fingerprinted_by_", "lf_fingerprints_"):
        del description["learned"][name]
    write_sealed(saved, description)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        lk.load_model(saved).label(matrix(tmp_path, "LIMIT = 5", "LIMIT = 6"))


@pytest.mark.parametrize("name", MODELS)
def test_every_model_tells(name, tmp_path):
    model = MODELS[name]().fit(matrix(tmp_path))
    with pytest.warns(UserWarning, match="other versions of 'short'"):
        model.predict_proba(matrix(tmp_path, "LIMIT = 5", "LIMIT = 6"))


def test_an_object_that_fills_itself_while_it_votes_does_not_make_another_rule(tmp_path):
    source = SOURCE.replace('words = ("nice", "hm")', "words = None").replace(
        "        return any", '        self.words = self.words or ("nice", "hm")\n        return any'
    )
    (tmp_path / "rules.py").write_text(source)
    lfs = lk.collect(tmp_path / "rules.py", labels=["HAM", "SPAM"])
    first, second = (lk.Applier(lfs).apply(TEXTS, cache=False) for _ in range(2))
    assert np.array_equal(first.votes, second.votes)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        lk.LabelModel().fit(first).label(second)


def test_a_global_that_changed_in_a_session_is_another_version(tmp_path):
    first = matrix(tmp_path)
    lfs = lk.collect(tmp_path / "rules.py", labels=["HAM", "SPAM"])
    applier = lk.Applier(lfs)
    assert applier.apply(TEXTS).lfs == first.lfs
    lfs["short"].origin.namespace["LIMIT"] = 7
    change = lk.diff(first, applier.apply(TEXTS))
    assert change.lfs["status"].to_dict() == {"offers": "same", "kind": "same", "short": "changed"}

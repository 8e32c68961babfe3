"""What is given first in the place of something else is told by an error of labelkit, whatever it is."""

import contextlib
import inspect
import math
import sys
import types
import warnings

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError

import labelkit as lk
from labelkit.exceptions import CollectError, GoldError, LabelkitError, MatrixError

RULES = """
import labelkit as lk
free = lk.keywords("free", label=1).rule(name="free")
hi = lk.keywords("hi", label=0).rule(name="hi")
"""
MODULE = types.ModuleType("rules_of_test")
exec(RULES, vars(MODULE))
FRAME = pd.DataFrame({"text": ["free money", "hi you"] * 10})
LFS = lk.collect(MODULE, labels=["HAM", "SPAM"])
MATRIX = lk.Applier(LFS).apply(FRAME)
MODEL = lk.LabelModel().fit(MATRIX)

GIVEN = {
    "a frame": FRAME,
    "a Series": FRAME["text"],
    "texts": list(FRAME["text"]),
    "one text": "free money",
    "a path": "comments.csv",
    "a path of rules": "rules.py",
    "a name of a module": "rules",
    "a module": MODULE,
    "a folder": "folder",
    "rules": LFS,
    "a list of rules": list(LFS),
    "a rule": LFS[0],
    "a condition": lk.keywords("free", label=1),
    "a corpus": lk.open_corpus(FRAME),
    "an applier": lk.Applier(LFS),
    "votes": MATRIX,
    "an array": MATRIX.votes,
    "patterns": MATRIX.patterns,
    "a model": MODEL,
    "a class": lk.LabelModel,
    "labels": MODEL.label(MATRIX),
    "nothing": None,
    "a number": 3,
    "a fraction": math.nan,
    "a dict": {"a": 1},
    "a set": {"a"},
    "a function": len,
    "bytes": b"a",
    "an object": object(),
}
OTHERS = {"corpus": FRAME, "matrix": MATRIX, "gold": [1, 0] * 10, "labels": GIVEN["labels"], "rules": LFS, "lfs": LFS}
OTHERS |= {
    "out": "out",
    "to": "labels.csv",
    "dates": ["2024-01-01"] * 20,
    "path": "path",
    "columns": ["text"],
    "column": "text",
    "by": ["a", "b"] * 10,
    "time": "text",
}
SUBJECTS = [name for name in lk.__all__ if inspect.isfunction(getattr(lk, name))]
SUBJECTS += ["Applier", "LabelSpace", "LabelingFunctions", "AnnotationSession", "RunFolder", "DataSet", "StreamChooser"]


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    FRAME.to_csv("comments.csv", index=False)
    (tmp_path / "rules.py").write_text(RULES)
    (tmp_path / "folder").mkdir()
    yield
    plt.close("all")


@pytest.mark.parametrize("name", SUBJECTS)
def test_whatever_is_given_first_is_taken_or_refused_by_labelkit(name):
    subject = getattr(lk, name)
    needed = [
        one
        for one in list(inspect.signature(subject).parameters.values())[1:]
        if one.default is one.empty and one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)
    ]
    places = [OTHERS.get(one.name, 1) for one in needed if one.kind is not one.KEYWORD_ONLY]
    named = {one.name: OTHERS.get(one.name, 1) for one in needed if one.kind is one.KEYWORD_ONLY}
    others = {}
    for given, value in GIVEN.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                with contextlib.ExitStack() as stack:
                    result = subject(value, *places, **named)
                    if hasattr(result, "__exit__"):
                        stack.enter_context(result)
            except (LabelkitError, NotFittedError):
                continue
            except Exception as error:  # noqa: BLE001 - it is what the test is about
                others[given] = repr(error)
    assert others == {}


COLLECT_FIRST = 'rules come first: labelkit.Applier(labelkit.collect("rules.py")).apply(corpus)'
NO_RULES = {
    "a frame": ("an object of type pandas DataFrame", COLLECT_FIRST),
    "texts": ("a list of 20 texts", COLLECT_FIRST),
    "a corpus": ("an object of type labelkit Corpus", COLLECT_FIRST),
    "a path": ("'comments.csv'", COLLECT_FIRST),
    "a path of rules": ("'rules.py'", "labelkit.collect('rules.py')"),
    "a name of a module": ("'rules'", "labelkit.collect('rules')"),
    "a module": ("the module rules_of_test", "labelkit.collect(module)"),
    "a condition": (
        "an object of type labelkit Condition",
        'condition.rule(name="...") makes a rule of it; give a list of rules',
    ),
    "a function": ("the function len", "@labelkit.labeling_function() above the function makes a rule of it"),
    "a class": ("the class LabelModel", 'labelkit.collect("rules.py") returns the rules of a file'),
    "an applier": ("an object of type labelkit Applier", "applier.lfs are its rules"),
}


@pytest.mark.parametrize("given", NO_RULES)
def test_an_applier_names_what_stands_in_the_place_of_rules(given):
    shown, hint = NO_RULES[given]
    with pytest.raises(CollectError) as caught:
        lk.Applier(GIVEN[given])
    assert str(caught.value) == f"{shown} is no list of labeling functions [LK110]\nHint: {hint}"


def test_an_entry_of_a_list_that_is_no_rule_is_named():
    with pytest.raises(CollectError) as caught:
        lk.Applier([LFS[0], GIVEN["a condition"]])
    assert caught.value.message.startswith("an object of type labelkit Condition is not a labeling function")
    assert caught.value.hint == 'condition.rule(name="...") makes a rule of it; give a list of rules'


OF_TEXTS = 'labelkit.Applier(labelkit.collect("rules.py")).apply(texts) returns the votes'
NO_VOTES = {
    "a frame": OF_TEXTS,
    "a Series": OF_TEXTS,
    "texts": OF_TEXTS,
    "a corpus": 'labelkit.Applier(labelkit.collect("rules.py")).apply(corpus) returns the votes',
    "a module": "labelkit.Applier(labelkit.collect(rules)).apply(corpus) returns the votes",
    "a rule": "labelkit.Applier([lf]).apply(corpus) returns the votes",
    "rules": "labelkit.Applier(lfs).apply(corpus) returns the votes",
    "a list of rules": "labelkit.Applier(lfs).apply(corpus) returns the votes",
    "an applier": "applier.apply(corpus) returns the votes",
    "a model": "give the matrix from which it learns: model.fit(matrix)",
}


@pytest.mark.parametrize("given", NO_VOTES)
@pytest.mark.parametrize("read", [lk.summarize, lk.LabelModel().fit, lambda votes: lk.view(votes, FRAME)])
def test_the_call_that_makes_votes_is_shown_where_something_else_is_given(read, given):
    with pytest.raises(MatrixError) as caught:
        read(GIVEN[given])
    assert caught.value.hint.endswith(NO_VOTES[given])


def test_rules_and_corpus_in_each_others_place_are_told():
    for given in ("a frame", "a corpus", "texts", "a path"):
        with pytest.raises(CollectError) as caught:
            lk.run(GIVEN[given], LFS, "out")
        assert "rules come first, and the corpus behind them" in caught.value.hint
    with pytest.raises(CollectError, match="makes a rule of it"):
        lk.collect(GIVEN["a condition"])


@pytest.mark.parametrize("given", ["rules", "a rule", "a condition", "a model", "a module", "a function", "a class"])
def test_what_holds_no_labels_is_no_gold(given):
    with pytest.raises(GoldError, match="no container of labels"):
        lk.summarize(MATRIX, gold=GIVEN[given])


def test_label_spaces_take_names():
    assert lk.LabelSpace(["HAM", "SPAM"]) == lk.LabelSpace(("HAM", "SPAM"))
    with pytest.raises(LabelkitError, match=r"'HAM' is no tuple of class names"):
        lk.LabelSpace("HAM")


def test_the_calls_of_hints_work():
    votes = lk.Applier(lk.collect("rules.py", labels=["HAM", "SPAM"])).apply(GIVEN["texts"])
    assert (votes.votes == MATRIX.votes).all()
    assert lk.Applier([GIVEN["a condition"].rule(name="free")], labels=2).apply(FRAME).votes.max() == 1
    assert lk.Applier(GIVEN["an applier"].lfs).lfs.names == ("free", "hi")

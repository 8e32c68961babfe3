"""Rules of Snorkel, and of the drop-in for it, beside rules of labelkit; and rules of labelkit in Snorkel's appliers."""

import importlib
import importlib.util
import re
import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import labelkit as lk
from labelkit._shared.snorkel_names import NAMES, PACKAGE
from labelkit.apply.vote_cache import VoteCache, why_not
from labelkit.checks.check_rules import check_rules
from labelkit.exceptions import CollectError, CorpusError, FaultError, ModelError

RULES = """
import re

import labelkit as lk
from {package}.labeling import LabelingFunction, labeling_function
from {package}.preprocess import preprocessor

ABSTAIN, HAM, SPAM = -1, 0, 1
LINK = re.compile("https?:")


@preprocessor()
def lower(x):
    x.text = x.text.lower()
    return x


@preprocessor(pre=[lower], memoize=True)
def count(x):
    x.n = len(x.text.split())
    return x


@labeling_function()
def link(x):
    return SPAM if LINK.search(x.text) else ABSTAIN


@labeling_function(pre=[lower], resources={{"words": ["free", "win"]}})
def words(x, words):
    return SPAM if any(word in x.text for word in words) else ABSTAIN


@labeling_function(pre=[count])
def short(x):
    return HAM if x.n < 3 else ABSTAIN


@labeling_function()
def whole(x):
    values = x.to_dict()
    return SPAM if values["likes"] > 3 and len(x) == 2 and "text" in x else ABSTAIN


@labeling_function()
def truth(x):
    return x.likes > 5


def says(x, word):
    return SPAM if word in x.text else ABSTAIN


def keyword(word):
    return LabelingFunction(f"says_{{word}}", f=says, resources={{"word": word}})


keywords = [keyword("song"), keyword("love")]


@lk.keywords("free", label=SPAM)
def free(text: str) -> None:
    "A word of advertisements."
"""

TEXTS = ["Free http://a.b money", "nice", "I love this song", "win now please"]
FRAME = pd.DataFrame({"text": TEXTS * 10, "likes": [1, 5, 9, 2] * 10})


@pytest.fixture(params=[pytest.param("snorkel", marks=pytest.mark.heavy), "labelkit.interop.snorkel"])
def package(request):
    pytest.importorskip(request.param)
    return request.param


@pytest.fixture
def module(package, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    name = f"rules_of_{package.replace('.', '_')}"
    (tmp_path / f"{name}.py").write_text(RULES.format(package=package))
    yield importlib.import_module(name)
    del sys.modules[name]


def their_votes(package, rules, frame):
    labeling = importlib.import_module(f"{package}.labeling")
    return labeling.PandasLFApplier(rules).apply(frame, progress_bar=False)


def test_they_vote_as_in_the_applier_of_snorkel(package, module):
    rules = [module.link, module.words, module.short, module.whole, module.truth, *module.keywords]
    votes = lk.Applier(rules, labels=["HAM", "SPAM"]).apply(FRAME)
    assert votes.names == tuple(rule.name for rule in rules)
    assert np.array_equal(votes.votes, their_votes(package, rules, FRAME))


def test_they_are_collected_beside_rules_of_labelkit(module):
    lfs = lk.collect(module, labels=["HAM", "SPAM"])
    names = ["link", "words", "short", "whole", "truth", "says_song", "says_love"]
    assert sorted(lfs.names) == sorted(["free", *names])
    assert [name for name in lfs.names if name != "free"] == names
    assert lfs["link"].columns == ("text",)
    assert lfs["short"].columns == ("text",)
    assert lfs["truth"].columns == ("likes",)


def test_they_vote_alike_in_processes(module, package):
    lfs = lk.collect(module, labels=["HAM", "SPAM"])
    one = lk.Applier(lfs).apply(FRAME)
    assert np.array_equal(one.votes, lk.Applier(lfs).apply(FRAME, engine="process", workers=2).votes)


def test_one_applier_takes_corpora_of_other_columns(module):
    applier = lk.Applier([module.whole, module.link], labels=2)
    assert applier.apply(FRAME).votes[2].tolist() == [1, -1]
    more = FRAME.assign(other=0)
    assert applier.apply(more).votes[2].tolist() == [-1, -1]
    assert applier.lfs["whole"].columns == ("text", "likes", "other")


def test_what_is_understood_is_cached_and_the_fingerprint_follows_the_resources(module, package, tmp_path):
    lfs = lk.collect(module, labels=["HAM", "SPAM"])
    assert not any(why_not(lfs[name]) for name in ("link", "words", "truth", "says_song"))
    assert lfs["says_song"].fingerprint != lfs["says_love"].fingerprint
    shared = ("has the preprocessor count, which remembers rows that all rules may change",)
    assert why_not(lfs["short"]) == (shared if package == "snorkel" else ())
    before = lfs["words"].fingerprint
    module.words._resources["words"].append("gift")
    assert lfs["words"].fingerprint != before
    cache = VoteCache(tmp_path / "cache")
    applier = lk.Applier(lfs[["link", "words"]])
    first = applier.apply(FRAME, cache=cache)
    assert np.array_equal(applier.apply(FRAME, cache=cache).votes, first.votes)
    assert applier.remembered == ("link", "words")


def test_engines_of_others_must_know_the_columns(module):
    lfs = lk.LabelingFunctions([module.link, module.whole], labels=2)
    with pytest.raises(CollectError, match=r"rule 'whole' .* uses its row as a whole"):
        lfs.arrow("text")
    assert lfs[["link"]].arrow("likes").reads == ("likes", "text")
    assert lfs.bound(["text", "likes"]).arrow("likes").reads == ("likes", "text")


def test_a_run_a_check_and_a_view_take_them(module, tmp_path):
    run = lk.run(module.__file__, FRAME, tmp_path / "run", labels=["HAM", "SPAM"], progress=False)
    lfs = lk.collect(module, labels=["HAM", "SPAM"])
    assert np.array_equal(run.matrix().votes, lk.Applier(lfs).apply(FRAME).votes)
    assert check_rules(lfs, FRAME).ok
    assert "changed" not in str(lk.view(run.matrix(), FRAME, lfs=list(lfs), labeled_by="whole"))


def test_two_rules_of_any_kind_are_compared(module):
    assert lk.compare_votes(module.link, lk.regex("https?:", label=1), FRAME).equal
    differences = lk.compare_votes(module.words, module.free, FRAME)
    assert differences.changes.to_dict("records") == [{"old": "1", "new": "abstain", "n": 10}]
    assert lk.compare_votes(module.whole, module.whole, FRAME).equal


def test_a_rule_that_raises_is_a_fault(module):
    votes = lk.Applier([module.link, module.truth], labels=2).apply(
        pd.DataFrame({"text": ["http://a", None], "likes": [1, 7]}), on_fault="record"
    )
    assert votes.votes.tolist() == [[1, 0], [-1, 1]]
    assert [fault.lf for fault in votes.faults] == ["link"]


def test_a_missing_column_is_an_error_before_the_first_row(module):
    with pytest.raises(CorpusError, match="rule 'link' reads column 'text'"):
        lk.Applier([module.link], labels=2).apply(pd.DataFrame({"body": ["a"]}))


def test_missing_numbers_are_nan_as_in_a_frame(module):
    frame = pd.DataFrame({"likes": [9.0, float("nan")]})
    assert lk.Applier([module.truth], labels=2).apply(frame).votes.tolist() == [[1], [0]]


def test_our_rules_vote_in_the_appliers_of_snorkel(package, module):
    labeling = importlib.import_module(f"{package}.labeling")
    lfs = lk.collect(module, labels=["HAM", "SPAM"])
    ours = lk.Applier(lfs).apply(FRAME).votes
    assert np.array_equal(their_votes(package, list(lfs), FRAME), ours)
    points = [SimpleNamespace(**row) for row in FRAME.to_dict("records")]
    declared = [lf for lf in lfs if lf.name == "free"]
    theirs = labeling.LFApplier(declared).apply(points, progress_bar=False)
    assert np.array_equal(theirs[:, 0], ours[:, lfs.names.index("free")])


def test_slices_of_snorkel_are_slices(package):
    slicing = importlib.import_module(f"{package}.slicing")

    @slicing.slicing_function()
    def liked(x):
        return x.likes > 3

    assert lk.apply_slices([liked], FRAME.head(4)).names == ("liked",)


@lk.labeling_function
def long_and_liked(text: str, likes: int) -> int:
    "Reads two columns."
    return 1 if len(text) > 3 and likes > 3 else -1


@pytest.mark.parametrize(
    "point",
    [
        SimpleNamespace(text="a song", likes=5, other=1),
        {"text": "a song", "likes": 5},
        pd.Series({"text": "a song", "likes": 5}),
        next(pd.DataFrame({"text": ["a song"], "likes": [5]}).itertuples()),
    ],
)
def test_our_rules_take_a_row_of_any_kind(point):
    assert long_and_liked(point) == 1
    assert long_and_liked("a song", 5) == 1


def test_a_value_that_is_missing_in_a_row_is_none():
    assert long_and_liked(pd.Series({"text": float("nan"), "likes": 5})) == -1
    assert long_and_liked(SimpleNamespace(text=None, likes=np.int64(5))) == -1


def test_a_wrong_call_is_still_an_error():
    with pytest.raises(TypeError, match=re.escape("long_and_liked(text, likes) was called as")):
        long_and_liked(SimpleNamespace(text="a song"))


def test_the_index_of_a_row_is_not_known():
    from labelkit.interop.snorkel.labeling import labeling_function

    @labeling_function()
    def second(x):
        return 1 if x.name == 9 else 0

    frame = pd.DataFrame({"text": ["a", "b"]}, index=[3, 9])
    with pytest.raises(FaultError, match=r"x\.name, the index of a data frame, is not known of the row: frame\.reset"):
        lk.Applier([second], labels=2).apply(frame)
    assert lk.Applier([second], labels=2).apply(frame.rename_axis("name").reset_index()).votes.tolist() == [[0], [1]]


@pytest.mark.parametrize("name", NAMES)
def test_names_of_snorkel_are_shown_where_they_are(name):
    module, own = NAMES[name]
    assert hasattr(importlib.import_module(f"{PACKAGE}.{module}"), name)
    assert hasattr(lk, own)
    with pytest.raises(
        AttributeError, match=rf"has no attribute '{name}'; labelkit\.interop\.snorkel\.{module} has it"
    ):
        getattr(lk, name)


@pytest.mark.parametrize("gold", [[1, 0], np.array([1, 0]), pd.Series([1, 0])])
def test_gold_in_the_place_of_a_model_is_told_where_it_belongs(gold):
    with pytest.raises(
        ModelError, match=rf"a {type(gold).__name__} is no label model .*\n.*summarize\(matrix, gold=gold\)"
    ):
        lk.summarize(np.array([[1], [0]]), gold)

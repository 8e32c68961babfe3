"""The example rule modules: what their authors promise of them holds, on real comments and on generated posts."""

import ast
import gzip
import json
import os
from pathlib import Path

import numpy as np
import pytest

import labelkit as lk
from labelkit.datasets import load_comments, load_posts

ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("LABELKIT_DATA", ROOT.parent / "shared" / "data"))
YOUTUBE = DATA / "lf" / "youtube"

GIVEN = [
    "keyword_my",
    "keyword_subscribe",
    "keyword_link",
    "keyword_please",
    "keyword_song",
    "regex_check_out",
    "short_comment",
]
"""The rules that the real vote matrix has too."""


def rules_of(module):
    return lk.collect(ROOT / "labeling_functions" / f"{module}.py")


def votes_of(module, corpus):
    lfs = rules_of(module)
    return lfs, np.asarray(lk.Applier(lfs).apply(corpus))


@pytest.fixture(scope="module")
def comments():
    corpus = load_comments(4_000, random_state=11)
    return *votes_of("comments", corpus), corpus["spam"].to_numpy()


@pytest.fixture(scope="module")
def posts():
    corpus = load_posts(8_000, random_state=11)
    return *votes_of("moderation", corpus), corpus["offensive"].to_numpy()


@pytest.fixture(scope="module")
def youtube():
    if not YOUTUBE.is_dir():
        pytest.skip(f"the real comments are not at {YOUTUBE}; LABELKIT_DATA names another folder")
    with gzip.open(YOUTUBE / "texts.jsonl.gz", "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    names = json.loads((YOUTUBE / "meta.json").read_text(encoding="utf-8"))["lf_names"]
    with np.load(YOUTUBE / "votes.npz") as arrays:
        given, gold = arrays["L"], arrays["y"]
    lfs, votes = votes_of("comments", rows)
    return {
        "given": dict(zip(names, given.T, strict=True)),
        "ours": dict(zip(lfs.names, votes.T, strict=True)),
        "gold": gold,
    }


@pytest.mark.parametrize("module", ["comments", "moderation"])
def test_every_example_gets_the_vote_that_it_is_said_to_get(module):
    checked = [(lf.name, inputs, lf(*inputs), expected) for lf in rules_of(module) for inputs, expected in lf.examples]
    assert len(checked) >= 10
    assert [(name, inputs, vote) for name, inputs, vote, expected in checked if vote != expected] == []


@pytest.mark.parametrize("module", ["comments", "moderation"])
def test_every_rule_says_why_it_is_there(module):
    assert [lf.name for lf in rules_of(module) if len(lf.doc) < 8] == []


@pytest.mark.parametrize("module", ["comments", "moderation"])
def test_rule_modules_import_nothing_but_labelkit_and_the_standard_library(module):
    tree = ast.parse((ROOT / "labeling_functions" / f"{module}.py").read_text(encoding="utf-8"))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)} | {
        alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
    }
    assert imported == {"enum", "labelkit", "re"}


def test_comments_hold_the_rules_that_are_known_from_elsewhere():
    assert set(GIVEN) <= set(rules_of("comments").names)


def test_rules_of_comments_read_nothing_but_the_text():
    module = ast.parse((ROOT / "labeling_functions" / "comments.py").read_text(encoding="utf-8"))
    functions = [node for node in module.body if isinstance(node, ast.FunctionDef)]
    parameters = {argument.arg for function in functions for argument in function.args.args}
    assert parameters - {function.name for function in functions} == {"text"}


@pytest.mark.parametrize("name", GIVEN)
def test_rules_agree_with_the_real_votes_on_97_percent_of_rows(youtube, name):
    assert len(youtube["gold"]) == 2_056
    assert (youtube["ours"][name] == youtube["given"][name]).mean() >= 0.97


def test_rules_of_our_own_are_right_of_real_comments_more_often_than_not(youtube):
    precision = {
        name: (votes[votes >= 0] == youtube["gold"][votes >= 0]).mean()
        for name, votes in youtube["ours"].items()
        if (votes >= 0).sum() >= 20
    }
    assert len(precision) >= 14
    assert [name for name, share in precision.items() if share < 0.6] == []


def test_all_rules_together_cover_most_real_comments(youtube):
    votes = np.column_stack(list(youtube["ours"].values()))
    assert (votes >= 0).any(axis=1).mean() > 0.85


@pytest.mark.parametrize("corpus", ["comments", "posts"])
def test_every_rule_fires_neither_never_nor_all_the_time(corpus, request):
    lfs, votes, _ = request.getfixturevalue(corpus)
    coverage = dict(zip(lfs.names, (votes >= 0).mean(axis=0), strict=True))
    assert {name: share for name, share in coverage.items() if not 0.0005 <= share <= 0.6} == {}


@pytest.mark.parametrize("corpus", ["comments", "posts"])
def test_rules_overlap_and_disagree(corpus, request):
    _, votes, _ = request.getfixturevalue(corpus)
    overlap = (votes >= 0).sum(axis=1) > 1
    conflict = (votes == 0).any(axis=1) & (votes == 1).any(axis=1)
    assert overlap.mean() > 0.3
    assert 0.05 < conflict.mean() < 0.6


@pytest.mark.parametrize("corpus", ["comments", "posts"])
def test_some_examples_get_no_vote(corpus, request):
    _, votes, _ = request.getfixturevalue(corpus)
    assert 0.02 < (votes < 0).all(axis=1).mean() < 0.3


@pytest.mark.parametrize("corpus", ["comments", "posts"])
def test_some_positive_examples_give_no_sign_of_it(corpus, request):
    _, votes, gold = request.getfixturevalue(corpus)
    assert 0.03 < (~(votes == 1).any(axis=1))[gold == 1].mean() < 0.3


@pytest.mark.parametrize("corpus", ["comments", "posts"])
def test_rules_are_of_different_worth(corpus, request):
    _, votes, gold = request.getfixturevalue(corpus)
    precision = np.array([(v[v >= 0] == gold[v >= 0]).mean() for v in votes.T])
    assert (precision > 0.9).sum() >= 3
    assert (precision < 0.85).sum() >= 3


@pytest.mark.parametrize("corpus", ["comments", "posts"])
def test_a_plain_majority_is_better_than_always_saying_the_commonest_class(corpus, request):
    _, votes, gold = request.getfixturevalue(corpus)
    spam, ham = (votes == 1).sum(axis=1), (votes == 0).sum(axis=1)
    decided = spam != ham
    assert ((spam > ham) == gold)[decided].mean() > max(gold.mean(), 1 - gold.mean()) + 0.08


def test_twenty_people_give_three_rules_or_more_each():
    groups = [lf.group for lf in rules_of("moderation")]
    assert len(set(groups)) == 20
    assert min(groups.count(group) for group in groups) >= 3
    assert 60 <= len(groups) <= 75


def test_people_say_more_together_than_alone(posts):
    lfs, votes, gold = posts
    people = sorted({lf.group for lf in lfs})
    says = np.array([(votes[:, [lf.group == person for lf in lfs]] == 1).any(axis=1) for person in people]).sum(axis=0)
    precision = [gold[says >= quorum].mean() for quorum in (1, 2, 3, 4)]
    assert precision == sorted(precision)
    assert precision[0] < 0.5
    assert precision[-1] > 0.7

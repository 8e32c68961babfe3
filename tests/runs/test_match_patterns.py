"""What a run marks in a text is what made the rule vote."""

import json

import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

import labelkit as lk
from labelkit.runs.match_patterns import CONTEXT_WITHIN, MOST_MATCHES, MatchFinder, finders_of, match_patterns
from labelkit.views.matches import Finder


def finder_of(rule):
    """As it comes back from a manifest."""
    return MatchFinder(json.loads(json.dumps(match_patterns(rule))))


def found(rule, text, vote=1, column="text"):
    values = text if isinstance(text, dict) else {column: text}
    return [values[name][start:stop] for name, start, stop in finder_of(rule).matches(values, vote)]


@pytest.mark.parametrize(
    ("condition", "text", "shown"),
    [
        (lk.keywords("my") & ~lk.regex("z+"), "see MY page", ["MY"]),
        (lk.unnegated("good"), "it is not good, but a good car", ["good"]),
        (lk.near("refund", "never", words=2), "refund! I will tell them that I never got a refund", ["never got a refund"]),
        (lk.within("sentence", lk.keywords("my") & lk.keywords("channel")), "my dog. This is my channel", ["my", "channel"]),
        (lk.within("line", lk.regex("^free")), "not free\nfree beer", ["free"]),
        (lk.within("-{3,}", lk.keywords("my") & ~lk.keywords("page")), "my page --- my dog", ["my"]),
        ((lk.keywords("a") & lk.keywords("b")) | lk.keywords("c"), "a c", ["c"]),
        (lk.repeated("free", times=2), "free, free", ["free", "free"]),
        (lk.at_least(2, "free", "win", "cash"), "win cash", ["win", "cash"]),
        (~~lk.keywords("free"), "free", ["free"]),
        (lk.keywords({"free": 1, "love": 0, "cash": 1}), "love free cash", ["free"]),
    ],
)  # fmt: skip
def test_the_matches_are_those_that_made_the_rule_vote(condition, text, shown):
    rule = condition.rule(name="rule", label=1) if condition.cases[0][1] is None else condition.rule(name="rule")
    assert found(rule, text) == shown


WORDS = ["free", "win", "not", "a b", "cash"]
WORD = st.sampled_from(WORDS).map(lk.keywords) | st.sampled_from(["^a", r"b\b", "[fw]", "$"]).map(lk.regex)
CONTEXT = st.one_of(
    st.builds(lambda one, other, n: lk.near(one, other, words=n), WORD, WORD, st.integers(0, 2)),
    st.builds(lambda one, n: lk.unnegated(one, words=n), WORD, st.integers(1, 2)),
    st.builds(lambda one, n: lk.repeated(one, times=n), WORD, st.integers(1, 3)),
    st.builds(lambda one, other, scope: lk.within(scope, one & ~other), WORD, WORD, st.sampled_from(["line", ","])),
)
CONDITION = st.recursive(
    WORD | CONTEXT,
    lambda some: st.one_of(
        st.builds(lambda one, other: one & other, some, some),
        st.builds(lambda one, other: one | other, some, some),
        st.builds(lambda one, other: lk.at_least(1, one, other), some, some),
        some.map(lambda one: ~one),
    ),
    max_leaves=4,
)
TEXT = st.lists(st.sampled_from([*WORDS, "a", "b", "x", "\n", ",", "."]), max_size=8).map(" ".join)


@settings(deadline=None, max_examples=300)
@given(CONDITION, TEXT)
def test_a_run_marks_what_the_definition_of_the_rule_marks(condition, text):
    rule = condition.rule(name="rule", label=1)
    if rule(text) != 1:
        return
    spans = {(span.start, span.stop) for span in Finder().spans(rule, {"text": text}) if span.stop > span.start}
    marked = {(start, stop) for _, start, stop in finder_of(rule).matches({"text": text}, 1)}
    assert marked <= spans
    assert bool(marked) == bool(spans)
    assert marked == spans or len(marked) >= MOST_MATCHES


def test_where_it_is_not_known_what_held_all_that_may_have_is_marked():
    value = lk.between(3, column="n") & lk.keywords("free", "win", column="text")
    assert found(value.rule(name="rule", label=1), "a free win") == ["free", "win"]
    other = lk.keywords("a", column="text") | lk.keywords("b", column="other")
    assert found((other & lk.keywords("c", column="text")).rule(name="rule", label=1), "a c") == ["a", "c"]


def test_a_rule_of_several_columns_marks_each_in_its_own():
    rule = lk.keywords("free").rule(name="rule", label=1, column=("title", "text"))
    assert list(finder_of(rule).matches({"title": None, "text": "a free win"}, 1)) == [("text", 2, 6)]
    assert list(finder_of(rule).matches({"title": "free", "text": "free!"}, 1)) == [("title", 0, 4), ("text", 0, 4)]


def test_a_long_text_is_searched_as_far_as_is_quick_and_a_cut_makes_no_match():
    rule = lk.unnegated(lk.regex(r"x\Z|free")).rule(name="rule", label=1)
    assert found(rule, "free " + "x" * 2 * CONTEXT_WITHIN) == ["free"]
    assert found(rule, "x" * 2 * CONTEXT_WITHIN) == []


def test_a_look_up_of_thousands_of_names_is_not_kept_as_an_expression():
    many = lk.lookup([f"name number {i}" for i in range(5_000)], label=1).rule(name="many")
    assert match_patterns(many) == []
    assert match_patterns(lk.between(3).rule(name="rule", label=1, column="n")) == []


def test_prodigy_gets_the_spans_that_made_the_rule_vote(tmp_path):
    (tmp_path / "rules.py").write_text(
        "import labelkit as lk\npraise = lk.unnegated('good').rule(name='praise', label=0, column='text')\n"
    )
    corpus = pd.DataFrame({"id": ["a", "b"], "text": ["not good, but a good car", "bad"]})
    corpus.to_csv(tmp_path / "corpus.csv", index=False)
    run = lk.run(tmp_path / "rules.py", tmp_path / "corpus.csv", tmp_path / "out", id="id", labels=["GOOD", "BAD"])
    lk.export(run, tmp_path / "tasks.jsonl", format="prodigy", text="text")
    tasks = [json.loads(line) for line in (tmp_path / "tasks.jsonl").read_text().splitlines()]
    assert [task.get("spans") for task in tasks if "good" in task["text"]] == [
        [{"start": 16, "end": 20, "label": "praise"}]
    ]
    assert lk.why(run, "a").votes[0].matched == ("good",)


def test_runs_of_earlier_versions_mark_nothing():
    earlier = {"columns": ["text"], "pattern": "free", "flags": 0, "label": 1, "within": 200_000}
    (finder,) = finders_of([{"finds": [earlier]}]).values()
    assert list(finder.matches({"text": "free"}, 1)) == []


NORMALIZED = """
import labelkit as lk
text = lk.normalized_text("text")
clean = lk.normalized_text("note", steps=["compatible"])

@lk.column
def title(title: str) -> str:
    return title.replace("no free", "")

dont = (lk.keywords("don't") & ~lk.keywords("free")).rule(name="dont", label=1, column="text")
me = (lk.keywords("don't") | lk.keywords("me")).rule(name="me", label=1, column="text")
other_name = lk.keywords("free").rule(name="other_name", label=1, column="clean")
made = lk.keywords("free").rule(name="made", label=1, column="title")
"""


STACKED = """
import labelkit as lk
clean = lk.normalized_text("text", steps=["invisible"])
cleaner = lk.normalized_text("clean", steps=["quotes", "compatible"])
dont = lk.keywords("don't").rule(name="dont", label=1, column="cleaner")
"""


def test_matches_in_a_normalized_text_of_a_normalized_text_are_marked(tmp_path):
    (tmp_path / "rules.py").write_text(STACKED)
    corpus = pd.DataFrame({"id": ["a", "b"], "text": ["\u00ad\u00adI \uff44\u00adon\u2019t!", "I don't"]})
    corpus.to_parquet(tmp_path / "corpus.parquet")
    run = lk.run(tmp_path / "rules.py", tmp_path / "corpus.parquet", tmp_path / "out", id="id", labels=["HAM", "SPAM"])
    assert lk.why(run, "a").votes[0].matched == ("\uff44\u00adon\u2019t",)
    assert lk.why(run, "b").votes[0].matched == ("don't",)


def test_matches_in_a_normalized_text_are_marked_in_the_text_of_the_corpus(tmp_path):
    (tmp_path / "rules.py").write_text(NORMALIZED)
    texts = ["\u00ad\u00adI d\u00adon\u2019t know me", "for me"]
    corpus = pd.DataFrame({"id": ["a", "b"], "text": texts, "title": ["no free and free", "free"]})
    corpus["note"] = ["", "\uff26\uff32\uff25\uff25!"]
    corpus.to_parquet(tmp_path / "corpus.parquet")
    run = lk.run(tmp_path / "rules.py", tmp_path / "corpus.parquet", tmp_path / "out", id="id", labels=["HAM", "SPAM"])
    matched = {name: {vote.rule: vote.matched for vote in lk.why(run, name).votes} for name in "ab"}
    assert matched["a"] == {"dont": ("d\u00adon\u2019t",), "me": ("d\u00adon\u2019t", "me"), "made": ()}
    assert matched["b"] == {"me": ("me",), "other_name": ("\uff26\uff32\uff25\uff25",), "made": ()}

    shown = lk.view(run.matrix(), corpus, lk.collect(tmp_path / "rules.py", labels=["HAM", "SPAM"]))
    spans = [span for of_row in shown.spans for span in of_row if span.column in corpus]
    assert {span.text for span in spans if span.lf == "dont"} == {"d\u00adon\u2019t"}
    assert all(
        corpus[span.column][i][span.start : span.stop] == span.text
        for i in (0, 1)
        for span in shown.spans[i]
        if span.column in corpus
    )
    assert [(span.start, span.stop) for span in spans if span.lf == "made"] == [(0, 4)]
    assert not shown.notes

"""A compiled plan votes as the definitions do, whatever path it takes."""

from __future__ import annotations

import datetime as dt
import types
from decimal import Decimal
from typing import Any
from unittest import mock

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings, strategies as st

import labelkit as lk
from labelkit.apply.plan import CHUNK, Plan
from labelkit.apply.plan._calls import as_votes, call_each
from labelkit.corpus import open_corpus
from labelkit.exceptions import CorpusError, RuleError, StopRunError
from labelkit.rules.condition import Condition
from labelkit.rules.expressions import Leaf
from labelkit.rules.labeling_functions import LabelingFunctions
from labelkit.votes.label_space import LabelSpace


def plan_of(*lfs, labels=3):
    return Plan(LabelingFunctions(lfs, labels=labels))


def defined(lf, table):
    """The votes by the definition, one call an example; a fault reads None."""
    rows = zip(*(table.column(name).to_pylist() for name in lf.columns), strict=True)
    return [_call(lf, row) for row in rows]


def _call(lf, row):
    try:
        return lf(*row)
    except Exception:  # noqa: BLE001 - a rule may raise anything
        return None


def voted(lf, table):
    found = plan_of(lf).vote(table)
    votes = found.votes[:, 0].tolist()
    for row, _, _, _ in found.faults:
        votes[row] = None
    return votes


# -------------------------------------------------------------------------------------------- declarative rules

COLUMNS = ("x", "y", "z")
texts = st.one_of(
    st.none(),
    st.text(max_size=6),
    st.lists(st.sampled_from(["a", "B", "c d", "é", "ſ", " ", "K"]), max_size=4).map("".join),
)
words = st.sampled_from(["a", "b", "c d", "é", "s", "k", "++", "ab"])


@st.composite
def conditions(draw):
    leaf = st.one_of(
        st.builds(
            lambda w, c, i, b: lk.keywords(w, column=c, ignore_case=i, whole_word=b),
            words, st.sampled_from(COLUMNS), st.booleans(), st.booleans(),
        ),
        st.builds(lambda p, c: lk.regex(p, column=c), st.sampled_from([r"a|b", r"^\w", r"(?i)é$", r"(.)\1"]), st.sampled_from(COLUMNS)),
        st.builds(
            lambda v, c, i: lk.lookup(v, match="value", column=c, ignore_case=i),
            st.lists(words, min_size=1, max_size=2), st.sampled_from(COLUMNS), st.booleans(),
        ),
        st.builds(lk.keywords, words),
    )  # fmt: skip
    return draw(
        st.recursive(
            leaf,
            lambda inner: st.one_of(
                inner.map(Condition.__invert__),
                st.builds(Condition.__and__, inner, inner),
                st.builds(Condition.__or__, inner, inner),
            ),
            max_leaves=5,
        )
    )


tables = st.lists(st.tuples(texts, texts, texts), max_size=8).map(
    lambda rows: pa.record_batch({c: pa.array([r[i] for r in rows], pa.string()) for i, c in enumerate(COLUMNS)})
)


@pytest.mark.parametrize("worth_compiling", [0, 10**9])
@settings(max_examples=100, deadline=None)
@given(conditions(), tables)
def test_any_tree_of_conditions_over_nullable_columns_votes_by_the_definition(worth_compiling, condition, table):
    lf = condition.rule(name="r", column=COLUMNS, label=1)
    with mock.patch("labelkit.matching.column_scan.WORTH_COMPILING", worth_compiling):
        assert voted(lf, table) == defined(lf, table)


@settings(max_examples=60, deadline=None)
@given(conditions(), tables)
def test_any_guard_calls_the_body_exactly_where_it_holds(condition, table):
    def f(x: str | None, y: str, z: str | None):
        return 1

    guard = condition & lk.regex("", column="y")
    try:
        lf = lk.labeling_function(when=guard)(f)
    except RuleError as error:  # some leaf names no column
        if "does not say which one it means" not in str(error):
            raise
        return
    assert voted(lf, table) == defined(lf, table)


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.text("abC é", min_size=1, max_size=3).filter(str.strip), st.sampled_from([0, 1, 2, -1]), min_size=9
    ),
    tables,
)
@pytest.mark.parametrize("match", ["phrase", "value"])
@pytest.mark.parametrize("ignore_case", [True, False])
@pytest.mark.parametrize("in_turn", [2, 64])
def test_a_long_mapping_whose_labels_alternate_votes_by_the_first_entry_declared(
    in_turn, match, ignore_case, mapping, table
):
    if set(mapping.values()) == {-1}:
        return
    lf = lk.lookup(mapping, match=match, ignore_case=ignore_case).rule(name="r", column="x")
    with mock.patch("labelkit.apply.plan.long_mappings.MOST_IN_TURN", in_turn):
        assert voted(lf, table) == defined(lf, table)


def test_of_very_many_entries_few_are_asked_in_turn(monkeypatch):
    """Which was declared first, where texts hold several: a scan tells the block."""
    mapping = {f"word{i}": i % 3 for i in range(1_000)}
    lf = lk.lookup(mapping).rule(name="r")
    rng = np.random.default_rng(0)
    chosen = rng.integers(0, 1_000, (300, 5))
    table = pa.record_batch({"text": [" ".join(f"word{i}" for i in row) for row in chosen.tolist()]})
    asked = []
    holds = Leaf.holds
    monkeypatch.setattr(Leaf, "holds", lambda leaf, values: asked.append(leaf) or holds(leaf, values))
    assert voted(lf, table) == (chosen.min(axis=1) % 3).tolist()
    assert 0 < len(asked) <= 300 * 32


VALUES = {
    "bool": pa.array([True, False, None]),
    "int": pa.array([1, 0, None]),
    "int8": pa.array([1, 0, None], pa.int8()),
    "float": pa.array([1.0, float("nan"), None]),
    "text": pa.array(["1", "True", None]),
    "date": pa.array([dt.date(2020, 1, 1), dt.date(1, 1, 1), None]),
    "time": pa.array([dt.datetime(2020, 1, 1), dt.datetime(2020, 1, 2), None]),  # noqa: DTZ001
    "decimal": pa.array([Decimal("1.0"), Decimal("2.5"), None]),
    "binary": pa.array([b"1", b"", None]),
    "null": pa.nulls(3),
}


@pytest.mark.parametrize("kind", VALUES)
def test_values_of_every_type_are_found_by_the_definition(kind):
    entries = [1, True, 1.0, "1", dt.date(2020, 1, 1), dt.datetime(2020, 1, 1), Decimal("1.0"), b"1"]  # noqa: DTZ001
    lf = lk.lookup(entries, match="value", label=1).rule(name="r", column="c")
    table = pa.record_batch({"c": VALUES[kind]})
    assert voted(lf, table) == defined(lf, table) == [-1 if kind == "null" else 1, -1, -1]


def test_keywords_find_text_in_a_column_of_nulls_and_in_large_strings():
    lf = lk.keywords("a", label=1).rule(name="r")
    assert voted(lf, pa.record_batch({"text": pa.nulls(2)})) == [-1, -1]
    assert voted(lf, pa.record_batch({"text": pa.array(["a", None], pa.large_string())})) == [1, -1]


def test_a_batch_of_no_rows_gives_no_votes():
    lfs = [lk.keywords("a", label=1).rule(name="k"), lk.labeling_function(lambda text: 1)]
    assert plan_of(*lfs).vote(pa.record_batch({"text": pa.array([], pa.string())})).votes.shape == (0, 2)


def test_a_thousand_rules_share_one_scan():
    lfs = [lk.keywords(f"word{i}", label=i % 2).rule(name=f"r{i}") for i in range(1000)]
    votes = plan_of(*lfs).vote(pa.record_batch({"text": ["word7 and word998", "none"]})).votes
    assert np.argwhere(votes >= 0).tolist() == [[0, 7], [0, 998]]


def test_two_hundred_classes_take_int16():
    lf = lk.labeling_function(name="r")(lambda n: n)
    votes = plan_of(lf, labels=200).vote(pa.record_batch({"n": [199, 0, 200]})).votes
    assert (votes.dtype, votes.ravel().tolist()) == (np.int16, [199, 0, -1])


# ---------------------------------------------------------------------------------------------- derived columns


def module(source):
    made = types.ModuleType("rules")
    exec("import labelkit as lk\n" + source, made.__dict__)
    return lk.collect(made, labels=3)


def vote(lfs, **columns):
    return Plan(lfs).vote(pa.record_batch(columns))


def test_derived_of_derived_are_computed_once_an_example_for_all_rules():
    lfs = module("""
calls = []
@lk.column
def words(text):
    calls.append(text)
    return text.split()
@lk.column(batch=True)
def n_words(words: list):
    return [len(w) for w in words]
@lk.labeling_function
def short(n_words): return 0 if n_words < 2 else None
@lk.labeling_function
def long(n_words, text): return 1 if n_words > 2 else None
""")
    found = vote(lfs, text=["a", None, "a b c"])
    assert found.votes.tolist() == [[0, -1], [-1, -1], [-1, 1]]
    assert lfs[0].origin.namespace["calls"] == ["a", "a b c"]
    assert Plan(lfs).columns == ("text",)


def test_a_derived_column_may_take_the_name_of_the_column_that_it_reads():
    lfs = module("""
@lk.column
def text(text): return text.lower()
big = lk.keywords("big", ignore_case=False, label=1).rule(name="big")
""")
    assert vote(lfs, text=["BIG", None]).votes.ravel().tolist() == [1, -1]


def test_a_derived_column_that_raises_is_a_fault_of_each_rule_that_reads_it():
    lfs = module("""
@lk.column
def ratio(n): return 1 / n
@lk.column
def twice(ratio): return 2 * ratio
@lk.labeling_function
def a(twice): return 1
@lk.labeling_function
def b(n): return 0
""")
    found = vote(lfs, n=[1, 0, None])
    assert found.votes.tolist() == [[1, 0], [-1, 0], [-1, -1]]
    ((row, lf, kind, message),) = found.faults
    assert (row, lf, kind) == (1, 0, "ZeroDivisionError")
    assert message.startswith("column 'ratio': division by zero")


def test_columns_that_read_each_other_in_a_circle_are_refused_with_the_circle():
    lfs = module("""
@lk.column
def a(b): return b
@lk.column
def b(a): return a
@lk.labeling_function
def r(a): return 1
""")
    with pytest.raises(RuleError, match=r"in a circle: a \(derived\) -> b \(derived\) -> a \(derived\)"):
        Plan(lfs).check(open_corpus({"text": ["a"]}))


NO_TEXT = """
values = {values}
@lk.column
def thing(n): return values[n]
{rule}
"""


@pytest.mark.parametrize(
    "rule",
    [
        "r = lk.keywords('a', label=1).rule(name='r', column='thing')",
        "r = (~lk.keywords('a', label=1)).rule(name='r', column='thing')",
        "r = lk.keywords({w: i % 2 for i, w in enumerate('abcdefghijk')}).rule(name='r', column='thing')",
        "@lk.labeling_function(when=lk.regex('a'))\ndef r(thing): return 1",
    ],
)
def test_text_is_looked_for_in_text_only_and_anything_else_is_a_fault(rule):
    lfs = module(NO_TEXT.format(values="['a', None, 5, b'a', ['a'], 'b', 'a\\ud800']", rule=rule))
    found = vote(lfs, n=list(range(7)))
    things = ["a", None, 5, b"a", ["a"], "b", "a\ud800"]
    expected = [_call(lfs[0], (thing,)) for thing in things]
    got = found.votes[:, 0].tolist()
    for row, _, kind, message in found.faults:
        assert (kind, repr(things[row]) in message) == ("TypeError", True)
        got[row] = None
    assert got == expected
    assert [row for row, *_ in found.faults] == [2, 3, 4]


def test_values_are_looked_for_in_derived_columns_of_any_kind():
    lfs = module(
        NO_TEXT.format(
            values="['a', None, 5, True, ['a'], {'a': 1}, float('nan')]",
            rule="r = lk.lookup(['a', 5], match='value', label=1).rule(name='r', column='thing')",
        )
    )
    found = vote(lfs, n=list(range(7)))
    assert (found.votes.ravel().tolist(), found.faults) == ([1, -1, 1, -1, -1, -1, -1], [])


# ------------------------------------------------------------------------------------------------ Python rules


@given(st.lists(st.sampled_from(["vote", "raise", "stop", "null"]), max_size=40))
def test_each_row_is_called_exactly_once_whatever_it_raises(plan):
    called = []

    def function(number, what):
        called.append(number)
        if what == "raise":
            raise ValueError(number)
        if what == "stop":
            raise StopIteration
        return number if what == "vote" else None

    results, errors = call_each(function, [list(range(len(plan))), plan])
    assert called == list(range(len(plan)))
    assert results == [i if what == "vote" else None for i, what in enumerate(plan)]
    assert {i: kind for i, (kind, _) in errors.items()} == {
        i: "ValueError" if what == "raise" else "StopIteration"
        for i, what in enumerate(plan)
        if what in ("raise", "stop")
    }


class Odd(int):
    """An int of the user's own."""


results = st.lists(
    st.one_of(
        st.none(), st.integers(-3, 4), st.booleans(), st.floats(), st.text(), st.just(10**30),
        st.integers(-3, 4).map(np.int64), st.integers(-3, 4).map(Odd), st.booleans().map(np.bool_),
    )
)  # fmt: skip


@given(results)
def test_many_results_are_checked_as_one_is(values):
    space = LabelSpace.of(2)
    votes, errors = as_votes(values, space)
    for i, value in enumerate(values):
        try:
            expected, error = space.vote(value), None
        except lk.LabelkitError as refused:
            expected, error = -1, ("VoteError", str(refused))
        assert (votes[i], errors.get(i)) == (expected, error)


def test_a_batch_function_may_fail_on_single_examples():
    @lk.labeling_function(batch=True)
    def some(text):
        return [ValueError("too long") if len(one) > 2 else 1 for one in text]

    found = vote(LabelingFunctions([some], labels=2), text=["a", "long", None, "b"])
    assert found.votes.ravel().tolist() == [1, -1, -1, 1]
    assert found.faults == [(1, 0, "ValueError", "too long")]


LENGTHS = [1, 0, 2, 1]
"""Lengths of texts, which rules of a batch vote for."""

BATCHES_BY_INDEX = {
    "sorted": lambda text: text.str.len().sort_values(),
    "regrouped": lambda text: pd.concat([text[text.str.len() > 0].str.len(), text[text.str.len() == 0].str.len()]),
    "reversed": lambda text: text.str.len()[::-1],
    "an index of its own": lambda text: pd.Series(text.str.len().to_numpy(), index=text.to_numpy()),
    "an index that is no order": lambda text: pd.Series(text.str.len().to_numpy(), index=[7, 7, 3, 0]),
}


@pytest.mark.parametrize("way", BATCHES_BY_INDEX)
@pytest.mark.parametrize("kind", ["rule", "column", "model"])
def test_a_series_that_a_batch_function_returns_is_matched_by_its_index(way, kind):
    by_index = BATCHES_BY_INDEX[way]

    def rule(text: pd.Series) -> Any:
        return by_index(text)

    if kind == "model":

        def probabilities(text: pd.Series) -> Any:
            lengths = by_index(text)
            return pd.DataFrame(np.eye(3)[lengths.to_numpy()], index=lengths.index)

        lf = lk.model_output(classes=[0, 1, 2], name="r")(probabilities)
    elif kind == "rule":
        lf = lk.labeling_function(batch=True)(rule)
    else:
        n_letters = lk.column(batch=True)(rule)
        space = {"n_letters": n_letters, "lk": lk}
        exec("@lk.labeling_function\ndef r(n_letters): return n_letters", space)
        lf = space["r"]
    found = vote(LabelingFunctions([lf], labels=3), text=["x" * n for n in LENGTHS])
    assert (found.faults, found.votes.ravel().tolist()) == ([], LENGTHS)


@pytest.mark.parametrize("batch", [False, True])
def test_a_rule_that_must_not_go_on_stops_the_run(batch):
    @lk.labeling_function(batch=batch)
    def spent(text):
        raise StopRunError("the budget is spent", hint="raise it")

    with pytest.raises(StopRunError, match="the budget is spent"):
        vote(LabelingFunctions([spent], labels=2), text=["a"])


def test_a_fault_names_the_line_of_the_rule_and_not_of_the_library_that_it_calls(tmp_path):
    (tmp_path / "rules.py").write_text(
        "import json\nimport labelkit as lk\n\ndef parse(text):\n    return json.loads(text)\n\n"
        "@lk.labeling_function\ndef r(text):\n    return parse(text)\n"
    )
    found = vote(lk.collect(tmp_path / "rules.py", labels=2), text=["{"])
    assert found.faults[0][2] == "JSONDecodeError"
    assert found.faults[0][3].endswith("(rules.py, line 5)")


KINDS = {"plain": None, "numpy": np.ndarray, "list": list[str], "pandas": pd.Series, "arrow": pa.Array}


@pytest.mark.parametrize("kind", KINDS)
def test_batch_rules_see_fixed_chunks_as_they_are_annotated(kind):
    seen = []

    def rule(text):
        seen.append((type(text), len(text)))
        return np.ones(len(text), np.int8)

    if KINDS[kind]:
        rule.__annotations__["text"] = KINDS[kind]
    lf = lk.labeling_function(batch=True)(rule)
    values = [None if i % 10 == 0 else "x" for i in range(2 * CHUNK + 5)]
    votes = voted(lf, pa.record_batch({"text": values}))
    assert votes == [-1 if value is None else 1 for value in values]
    kinds = {"plain": np.ndarray, "list": list, "arrow": pa.StringArray}.get(kind, KINDS[kind])
    assert {k for k, _ in seen} == {kinds}
    assert [n for _, n in seen] == [sum(v is not None for v in values[i : i + CHUNK]) for i in (0, CHUNK, 2 * CHUNK)]


def test_a_batch_rule_gets_objects_that_arrow_cannot_hold():
    lfs = module("""
class Doc: pass
@lk.column
def doc(n): return Doc() if n else 2**70
@lk.labeling_function(batch=True)
def r(doc): return [int(isinstance(d, Doc)) for d in doc]
""")
    assert vote(lfs, n=[1, 0]).votes.ravel().tolist() == [1, 0]


def test_a_model_that_knows_fewer_classes_than_there_are_is_a_fault_and_not_a_wrong_class():
    table = pa.record_batch({"text": ["a"]})
    short = plan_of(lk.model_output(name="m")(lambda text: np.array([[0.1, 0.9]])), labels=3).vote(table)
    assert short.faults[0][3].startswith("the model returned 2 probabilities an example for 3 classes; classes=[")
    mapped = plan_of(lk.model_output(name="m", classes=[0, 2])(lambda text: np.array([[0.1, 0.9]])), labels=3).vote(
        table
    )
    assert mapped.votes.tolist() == [[2]]


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ([1], "a batch function returned 1 values for 2 examples"),
        (1, "a batch function returns a value for each example, not one int"),
        (None, "not one NoneType"),
        ("ab", "not one str"),
        (np.array(1), "not one ndarray"),
        (pd.DataFrame({"a": [1, 2]}), "not one DataFrame"),
        ({0: 1, 1: 1}, "not one dict"),
    ],
)
def test_a_batch_that_goes_wrong_is_a_fault_on_each_of_its_rows(output, message):
    found = plan_of(lk.labeling_function(batch=True, name="r")(lambda text: output)).vote(
        pa.record_batch({"text": ["a", "b"]})
    )
    assert [(row, message in said) for row, _, _, said in found.faults] == [(0, True), (1, True)]


def test_a_value_of_a_batch_that_is_no_vote_is_a_fault_on_its_row_alone():
    found = plan_of(lk.labeling_function(batch=True, name="r")(lambda text: [1, "x"])).vote(
        pa.record_batch({"text": ["a", "b"]})
    )
    assert (found.votes.ravel().tolist(), [row for row, *_ in found.faults]) == ([1, -1], [1])


# ------------------------------------------------------------------------------------------ before the first row


def checked(lf, **types):
    corpus = open_corpus(pa.schema(types).empty_table())
    plan_of(lf).check(corpus)


def test_a_missing_column_names_the_rule_the_column_and_the_columns_that_are_there():
    lf = lk.keywords("a", label=1).rule(name="offers", column="txet")
    with pytest.raises(CorpusError) as caught:
        checked(lf, id=pa.int64(), text=pa.string())
    assert str(caught.value) == (
        "rule 'offers' reads column 'txet', which the corpus does not have; it has 'id', 'text' [LK202]\nHint: did you mean 'text'? "
        "lk.open_corpus(corpus, rename={'txet': 'text'}) reads 'text' under this name"
    )
    with pytest.raises(CorpusError, match=r"Hint: .* derive it in the rule's module: @lk.column def txet\(\.\.\.\)"):
        checked(lf, body=pa.string())


def test_a_rule_that_takes_a_whole_example_is_told_how_it_is_written():
    @lk.labeling_function
    def link(x):
        return 1 if "http" in x.text.lower() and x["likes"] > 3 else None

    @lk.labeling_function
    def text_of(txet):
        return 1 if txet.lower() else None

    rows = {"text": ["a"], "likes": [3], "lower": [1]}
    with pytest.raises(CorpusError, match=r"Hint: a parameter is a column: def link\(text, likes\); .*interop.snorkel"):
        lk.Applier([link], labels=2).apply(rows)
    with pytest.raises(CorpusError, match="Hint: did you mean 'text'"):
        lk.Applier([text_of], labels=2).apply(rows)


def test_keywords_on_a_column_of_numbers_are_refused():
    with pytest.raises(
        CorpusError,
        match=r"rule 'r' looks for text in column 'n', which holds int64 \[LK\d{3}\]\nHint: make text of it .*@lk\.column",
    ):
        checked(lk.keywords("5", label=1).rule(name="r", column="n"), n=pa.int64())


def test_values_that_can_never_be_equal_are_refused():
    lf = lk.lookup([1, 2], match="value", label=1).rule(name="r", column="flag")
    with pytest.raises(
        CorpusError, match=r"values such as 1 \(int\) in column 'flag', which holds bool: they are never"
    ):
        checked(lf, flag=pa.bool_())


def test_annotations_that_disagree_on_a_column_are_refused():
    def a(n: int): ...
    def b(n: float): ...

    plan = plan_of(lk.labeling_function(a), lk.labeling_function(b))
    with pytest.raises(
        RuleError, match=r"column 'n' is int to 'a', float to 'b' \[LK\d{3}\]\nHint: annotate it alike everywhere"
    ):
        plan.types  # noqa: B018


def test_a_plan_says_which_path_each_rule_takes():
    lfs = [
        lk.keywords("free", label=1).rule(name="k"),
        lk.lookup(["x"], match="value", label=1).rule(name="v"),
        lk.labeling_function(name="p", when=lk.regex("a"))(lambda text: 1),
    ]
    said = plan_of(*lfs).explain()
    for part in (
        "3 rules read text",
        "k: shares one scan of text",
        "once for each distinct value",
        "only where its guard holds",
    ):
        assert part in said

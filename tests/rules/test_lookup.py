"""Look-ups by tuples of columns, and facts as people write them."""

from __future__ import annotations

import json
from enum import IntEnum

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings, strategies as st

import labelkit as lk
from labelkit.checks.examples import failures_of
from labelkit.exceptions import CorpusError, RuleError
from labelkit.rules._normalise import STEPS, normalised
from labelkit.rules.expressions import Leaf
from labelkit.rules.inspection.source_text import text_of
from labelkit.rules.value_predicates import Tuples
from labelkit.views.matches import Finder
from labelkit.votes.label_space import LabelSpace
from tests.waiting import counted_calls


class Label(IntEnum):
    NONE = 0
    SPOUSE = 1


COUPLES = [("Ann Lee", "Bo Ek"), ("Zoë Ø", "Łukasz Müller")]
PLACES = {("Paris", "FR"): 1, ("Paris", "US"): 0}


def votes_of(rule, columns, **options):
    return lk.Applier([rule], labels=2).apply(pa.table(columns), progress=False, **options).votes[:, 0].tolist()


# ------------------------------------------------------------------------------------------------------- normalising


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Société Générale", "SOCIETE  GENERALE"),
        ("O'Brien", "o’brien"),
        ("U.S.A.", "USA"),
        ("Smith-Jones & Co.", "smith jones co"),
        ("ﬁnance", "FINANCE"),
        ("Straße", "STRASSE"),
        ("ＡＢＣ", "abc"),
        ("й", "й"),
        (" \tAnn\n Lee ", "ann lee"),
    ],
)
def test_names_that_people_take_for_the_same_are_the_same(one, other):
    assert normalised(one, STEPS) == normalised(other, STEPS)


@pytest.mark.parametrize(
    ("one", "other"), [("कि", "कु"), ("か", "が"), ("ann lee", "annlee"), ("名前", "名"), ("1-2", "12")]
)
def test_names_that_are_not_the_same_stay_apart(one, other):
    assert normalised(one, STEPS) != normalised(other, STEPS)


@given(st.text(max_size=12))
def test_normalising_twice_changes_nothing(text):
    once = normalised(text, STEPS)
    assert normalised(once, STEPS) == once


def test_each_step_does_one_thing():
    text = " É.T.,  x "
    assert [normalised(text, (step,)) for step in STEPS] == [" é.t.,  x ", " E.T.,  x ", " ÉT   x ", "É.T., x"]


# ------------------------------------------------------------------------------------------------------------ tuples


def test_tuples_are_looked_up_strictly_in_type():
    rule = lk.lookup([("a", 1), ("b", 2)], label=1).rule(name="r", column=("x", "y"))
    assert [
        rule(*given) for given in (("a", 1), ("a", 2), ("a", True), ("a", 1.0), ("A", 1), ("b", 2), (["a"], 1))
    ] == [1, -1, -1, -1, -1, 1, -1]


def test_a_mapping_of_tuples_gives_each_its_label():
    rule = lk.lookup(PLACES).rule(name="r", column=("city", "country"))
    assert votes_of(rule, {"city": ["Paris", "Paris", "Lyon"], "country": ["FR", "US", "FR"]}) == [1, 0, -1]
    assert rule.labels == (0, 1)


def test_the_columns_of_a_file_that_make_an_entry_are_named_by_key(tmp_path):
    rows = [
        {"city": "Paris", "country": "FR", "kind": "SPOUSE"},
        {"city": "Rome", "country": "IT", "kind": "NONE"},
        {"city": "x", "country": None, "kind": "NONE"},
    ]
    (tmp_path / "p.csv").write_text("kind,city,country\nSPOUSE,Paris,FR\nNONE,Rome,IT\nNONE,x,\n")
    (tmp_path / "p.jsonl").write_text("\n".join(map(json.dumps, rows)))
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "p.parquet")
    for name in ("p.csv", "p.jsonl", "p.parquet"):
        found = lk.lookup(tmp_path / name, key=("city", "country"), value="kind", label=Label)
        rule = found.rule(name="r", column=("a", "b"))
        assert votes_of(rule, {"a": ["Paris", "Rome", "Rome", "x"], "b": ["FR", "IT", "FR", ""]}) == [1, 0, -1, -1], (
            name
        )
        with pytest.raises(RuleError, match="has no column 'town'"):
            lk.lookup(tmp_path / name, key=("town", "country"), label=1)


def test_ignoring_case_the_first_of_equal_tuples_counts():
    rule = lk.lookup({("A", 1): 1, ("a", 1): 0, ("b", 1): 0}, ignore_case=True).rule(name="r", column=("x", "y"))
    assert [rule("a", 1), rule("B", 1)] == [1, 0]


def test_nothing_is_known_of_a_tuple_with_a_null():
    columns = {"x": ["a", None, "a"], "y": ["b", "b", None]}
    condition = lk.lookup([("a", "b")])
    assert votes_of(condition.rule(name="r", column=("x", "y"), label=1), columns) == [1, -1, -1]
    assert votes_of((~condition).rule(name="r", column=("x", "y"), label=1), columns) == [-1, -1, -1]

    @(~condition).labeled(1)
    def lenient(x: str | None, y: str | None) -> None:
        """A null is known not to match."""

    assert votes_of(lenient, columns) == [-1, 1, 1]
    assert [lenient("a", "b"), lenient(None, "b")] == [-1, 1]


def test_tuples_combine_with_conditions_of_other_columns():
    married = lk.facts(COUPLES, column=("a", "b"))
    rule = (married & lk.keywords("wife", "husband", column="text")).rule(name="r", label=1)
    assert rule.columns == ("a", "b", "text")
    columns = {"a": ["ann lee", "ann lee", "x"], "b": ["Bo Ek"] * 3, "text": ["his wife", "his boss", "his wife"]}
    assert votes_of(rule, columns) == [1, -1, -1]


values = st.one_of(st.none(), st.sampled_from(["a", "A", "b", "á", "a ", "", "c"]))
facts_given = st.dictionaries(
    st.tuples(st.sampled_from("aAbc"), st.sampled_from("aAbc")), st.sampled_from([0, 1]), min_size=1
)


@settings(max_examples=60, deadline=None)
@given(
    given_facts=facts_given,
    rows=st.lists(st.tuples(values, values), min_size=1),
    symmetric=st.booleans(),
    negated=st.booleans(),
)
def test_a_plan_looks_tuples_up_as_their_definition_does(given_facts, rows, symmetric, negated):
    if negated:
        rule = (~lk.facts(list(given_facts), symmetric=symmetric)).rule(name="r", column=("x", "y"), label=1)
    else:
        rule = lk.facts(given_facts, symmetric=symmetric).rule(name="r", column=("x", "y"))
    columns = {"x": pa.array([x for x, _ in rows], pa.string()), "y": pa.array([y for _, y in rows], pa.string())}
    assert votes_of(rule, columns) == [rule(*row) for row in rows]


def test_tuples_of_derived_and_of_nested_columns_are_looked_up():
    from dataclasses import replace

    from labelkit.rules.labeling_function import Origin

    first = replace(lk.column(lambda tags: tags[0] if tags else None), name="first")
    rule = lk.lookup([("a", 1)], label=1).rule(name="r", column=("first", "n"))
    rule = replace(rule, origin=Origin("rules", {"first": first}))
    assert votes_of(rule, {"tags": [["a", "b"], [], ["b"], None], "n": [1, 1, 1, 1]}) == [1, -1, -1, -1]
    whole = replace(first, function=lambda tags: tags or None)
    rule = replace(rule, origin=Origin("rules", {"first": whole}))
    assert votes_of(rule, {"tags": [["a", "b"], []], "n": [1, 1]}) == [-1, -1], "a list is none of the entries"


def test_three_columns_with_many_values_are_numbered_without_loss():
    rng = np.random.default_rng(0)
    columns = {name: rng.integers(0, 40_000, 50_000) for name in "xyz"}
    wanted = [tuple(int(columns[name][row]) for name in "xyz") for row in range(0, 50_000, 1_000)]
    rule = lk.lookup(wanted, label=1).rule(name="r", column=("x", "y", "z"))
    votes = votes_of(rule, {name: pa.array(column) for name, column in columns.items()})
    assert [row for row, vote in enumerate(votes) if vote == 1] == list(range(0, 50_000, 1_000))


def test_looking_up_pairs_costs_what_the_distinct_pairs_cost():
    rng = np.random.default_rng(0)
    names = np.array([f"name {i}" for i in range(100)])
    columns = {"x": names[rng.integers(0, 100, 300_000)], "y": names[rng.integers(0, 10, 300_000)]}
    rule = lk.facts([("NAME 1", "name 2")], label=1).rule(name="r", column=("x", "y"))
    corpus = pa.table(columns)
    applier = lk.Applier([rule], labels=2)
    applier.plan.vote(corpus.to_batches()[0].slice(0, 10))
    with counted_calls() as calls:
        applier.apply(corpus, progress=False)
    assert calls.n < 100_000  # there are 1,000 pairs, and 300,000 rows


def test_any_engine_gives_the_same_votes():
    rule = lk.facts({("Ann", "Bo"): 1, ("Cy", "Di"): 0}, symmetric=True).rule(name="r", column=("x", "y"))
    columns = {"x": ["bo", "DI", "x", None] * 600, "y": ["ann", "cy", "y", "z"] * 600}
    expected = [1, 0, -1, -1] * 600
    for options in (
        {},
        {"engine": "thread", "workers": 2, "batch_size": 1024},
        {"engine": "process", "workers": 2, "batch_size": 1024},
    ):
        assert votes_of(rule, columns, **options) == expected


# ------------------------------------------------------------------------------------------------------------- facts


def test_facts_are_compared_as_people_write_names():
    @lk.facts(
        COUPLES,
        label=Label.SPOUSE,
        symmetric=True,
        examples={("BO EK", "ann  lee"): Label.SPOUSE, ("Ann Lee", "Ann Lee"): None},
    )
    def married(one: str, other: str) -> None:
        """Known couples."""

    assert [married("zoe ø", "ŁUKASZ MULLER"), married("Lukasz Muller", "Zoë Ø"), married("Bo", "Ann")] == [1, -1, -1]
    assert repr(married) == "<facts rule married(one, other) -> SPOUSE>"
    assert list(failures_of(married, LabelSpace.of(Label))) == []


def test_facts_have_an_order_unless_they_are_symmetric():
    employs = lk.facts([("Acme", "Ann")], label=1).rule(name="r", column=("x", "y"))
    assert [employs("ACME", "Ann"), employs("Ann", "Acme")] == [1, -1]
    same = lk.facts([("a", "a"), ("b", "c")], label=1, symmetric=True).rule(name="r", column=("x", "y"))
    assert [same("a", "a"), same("b", "b"), same("c", "b")] == [1, -1, 1]


def test_all_columns_but_the_label_make_a_fact(tmp_path):
    (tmp_path / "f.csv").write_text("person,company,role,kind\nAnn,Acme,boss,SPOUSE\nBo,Acme,clerk,NONE\n")
    rule = lk.facts(tmp_path / "f.csv", value="kind", label=Label).rule(name="r", column=("p", "c", "r"))
    assert [rule("ann", "ACME", "Boss"), rule("Bo", "Acme", "clerk"), rule("Ann", "Acme", "clerk")] == [1, 0, -1]
    pair = lk.facts(tmp_path / "f.csv", key=("person", "company"), label=1).rule(name="r", column=("p", "c"))
    assert pair("bo", "acme") == 1
    (tmp_path / "names.txt").write_text("Ann Lee\nBo\n")
    one = lk.facts(tmp_path / "names.txt", label=1).rule(name="r", column="p")
    assert [one("ANN LEE"), one("Cy")] == [1, -1]


def test_what_is_normalised_can_be_chosen():
    rules = {
        steps: lk.facts([("Éa", "b.")], normalise=steps, label=1).rule(name="r", column=("x", "y"))
        for steps in (True, False, ("case",), ("case", "accents"))
    }
    given = ("éA", "B.")
    assert {steps: rule(*given) for steps, rule in rules.items()} == {
        True: 1,
        False: -1,
        ("case",): 1,
        ("case", "accents"): 1,
    }
    assert len({rule.fingerprint for rule in rules.values()}) == 4
    assert rules[("case",)]("ea", "b.") == -1


def test_facts_of_a_table_of_a_database(tmp_path):
    pytest.importorskip("duckdb")
    pq.write_table(
        pa.table({"a": ["Ann", "Bo"], "b": ["Cy", "Di"], "kind": ["SPOUSE", "NONE"]}), tmp_path / "f.parquet"
    )
    once = lk.facts(lk.duckdb_table(tmp_path / "f.parquet"), value="kind", label=Label, symmetric=True).rule(
        name="r", column=("x", "y")
    )
    asked = lk.facts(
        lk.duckdb_table(tmp_path / "f.parquet", load="per batch"),
        key=("a", "b"),
        value="kind",
        label=Label,
        symmetric=True,
        normalise=False,
    ).rule(name="r", column=("x", "y"))
    assert [once("CY", "ann"), once("Bo", "Di"), once("Bo", "Cy")] == [1, 0, -1]
    assert votes_of(asked, {"x": ["Cy", "Bo", "CY", None], "y": ["Ann", "Di", "Ann", "x"]}) == [1, 0, -1, -1]
    with pytest.raises(RuleError, match="asked for names as they are"):
        lk.facts(lk.duckdb_table(tmp_path / "f.parquet", load="per batch"), key=("a", "b"), label=1)


# ------------------------------------------------------------------------------------------------------- what is refused


def test_wrong_declarations_are_refused():
    with pytest.raises(RuleError, match=r"takes tuples of one length, and \('a',\) is not one of 2"):
        lk.lookup([("a", "b"), ("a",)], label=1)
    with pytest.raises(RuleError, match="takes tuples of one length, and 'a' is not one of 2"):
        lk.facts([("a", "b"), "a"], label=1)
    with pytest.raises(RuleError, match="of which nothing is left once it is normalised"):
        lk.facts([("a", "...")], label=1)
    with pytest.raises(RuleError, match="has an entry None"):
        lk.lookup([("a", None)], label=1)
    with pytest.raises(RuleError, match="a phrase stands in one text"):
        lk.lookup([("a", "b")], match="phrase", label=1)
    with pytest.raises(RuleError, match=r"rule 'r' looks up 2 columns together, and reads \('x', 'y', 'z'\)"):
        lk.lookup([("a", "b")], label=1).rule(name="r", column=("x", "y", "z"))
    with pytest.raises(
        RuleError, match=r"normalise=\('colour',\) holds 'colour' \[LK\d{3}\]\nHint: there are case, accents"
    ):
        lk.facts([("a", "b")], normalise=("colour",), label=1)
    with pytest.raises(RuleError, match="has columns to choose from in a file or a table, not in list"):
        lk.facts([("a", "b")], key=("x", "y"), label=1)
    with pytest.raises(RuleError, match="looks up 2 columns together"):
        lk.labeling_function(when=lk.facts([("a", "b")]))(lambda text: 1)


def test_columns_of_another_type_are_found_before_the_run():
    rule = lk.lookup([("a", 1)], label=1).rule(name="r", column=("x", "y"))
    with pytest.raises(CorpusError, match=r"values such as 1 \(int\) in column 'y', which holds string"):
        lk.Applier([rule], labels=2).apply(pa.table({"x": ["a"], "y": ["1"]}))


# -------------------------------------------------------------------------------------------------------- what people see


def test_a_rule_by_tuples_can_be_told_and_shown():
    rule = lk.facts(COUPLES, label=1).rule(name="married", column=("a", "b"))
    plan = lk.Applier([rule], labels=2).plan
    assert "(a, b): asked once for each distinct value" in plan.explain()
    assert text_of(rule, ("NO", "YES"))["looks_for"][0].startswith("YES: equal to ")
    spans = Finder().spans(rule, {"a": "ann lee", "b": "Bo Ek"})
    assert [(span.column, span.start, span.stop) for span in spans] == [("a", 0, 7), ("b", 0, 5)]
    failing = lk.facts(COUPLES, label=1, examples={("Ann", "Bo"): 1}).rule(name="married", column=("a", "b"))
    (failure,) = failures_of(failing, LabelSpace.of(2))
    assert "no match" in str(failure)


def test_a_leaf_is_joint_where_its_test_is_of_tuples():
    leaf = Leaf(Tuples((("a", "b"),)), ("x", "y"))
    assert (leaf.joint, leaf.width) == (True, 2)
    assert [leaf.holds({"x": "a", "y": y}) for y in ("b", "c", None)] == [True, False, None]


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table])
@pytest.mark.parametrize("declare", [lk.keywords, lk.lookup, lk.facts, lk.fuzzy])
def test_a_frame_is_no_list_of_the_names_of_its_columns(make, declare):
    if declare is lk.fuzzy:
        pytest.importorskip("rapidfuzz")
    with pytest.raises(
        RuleError, match=r"takes entries, and a frame gives the names of its columns: \['wort', 'n'\]"
    ) as error:
        declare(make({"wort": ["Köln", "Bonn"], "n": [1, 2]}), label=1)
    assert error.value.hint.startswith("frame['wort']")
    words = pd.DataFrame({"wort": ["Köln", "Bonn"]})["wort"]
    assert lk.keywords(words, label=1).rule(name="towns")("in Bonn") == 1

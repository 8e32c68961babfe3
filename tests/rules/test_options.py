"""Options of rules: listed once, kept by every way to combine conditions, and never given two values."""

from __future__ import annotations

import functools
import inspect
import re

import numpy as np
import pytest
from hypothesis import given, strategies as st

import labelkit as lk
from labelkit.exceptions import RuleError
from labelkit.rules.options import Options, RuleOptions, merged

EVERY = {"name", "examples", "group", "precision", "trusted", "cache"}
FIRST = {"group": "ann", "examples": {"a b": 1}}
SECOND = {"precision": 0.9, "trusted": True, "cache": False}

COMBINE = {
    "and": lambda a, b: a & b,
    "or": lambda a, b: a | b,
    "not": lambda a, b: ~a & b,
    "near": lk.near,
    "unnegated": lambda a, b: lk.unnegated(a, negations=b),
    "repeated": lambda a, b: lk.repeated(a) & b,
    "within": lambda a, b: lk.within("sentence", a & b),
    "at_least": lambda a, b: lk.at_least(1, a, b),
    "chain": lambda a, b: lk.within("line", lk.near(a, b)) | lk.keywords("c"),
}


def options_of(rule):
    return {
        "name": rule.name,
        "examples": dict(rule.examples),
        "group": rule.group,
        "precision": rule.precision,
        "trusted": rule.trusted,
        "cache": rule.cache,
    }


def decorated(condition):
    @condition
    def rule(text):
        """The name and the column."""

    return rule


# ------------------------------------------------------------------------------------------ kept on both sides


@pytest.mark.parametrize("combine", COMBINE.values(), ids=COMBINE)
def test_a_combination_keeps_the_options_of_both_sides(combine):
    expected = {"name": "rule", "examples": {("a b",): 1}, "group": "ann"} | SECOND
    one, other = lk.keywords("a", label=1, **FIRST), lk.keywords("b", **SECOND)
    assert options_of(decorated(combine(one, other))) == expected
    one, other = lk.keywords("a", label=1, **SECOND), lk.keywords("b", **FIRST)
    assert options_of(decorated(combine(one, other))) == expected


@pytest.mark.parametrize("combine", COMBINE.values(), ids=COMBINE)
def test_a_combination_of_two_values_for_one_option_names_both(combine):
    one, other = lk.keywords("a", label=1, group="ann"), lk.keywords("b", group="bob")
    with pytest.raises(
        RuleError,
        match=r"^group has two values: 'ann' in keywords\('a'\) and 'bob' in keywords\('b'\) \[LK\d{3}\]\nHint: give group= once",
    ):
        combine(one, other)


def test_a_label_keeps_what_the_condition_was_made_with():
    condition = lk.keywords("a", label=0, group="ann", precision=0.8, examples={"a": 1}, cache=True)
    assert options_of(decorated(condition.labeled(1, name="n", trusted=True, examples={"b": None}))) == {
        "name": "n",
        "examples": {("a",): 1, ("b",): -1},
        "group": "ann",
        "precision": 0.8,
        "trusted": True,
        "cache": True,
    }


def test_a_label_with_another_value_for_an_option_is_refused():
    message = "group has two values: 'ann' in keywords('a', ...) and 'bob' in labeled(...)"
    with pytest.raises(RuleError, match=f"^{re.escape(message)}"):
        lk.keywords("a", "b", group="ann").labeled(1, group="bob")


def test_rule_keeps_options_and_replaces_those_that_it_is_given():
    condition = lk.keywords("a", label=1, name="x", group="ann", trusted=True, precision=0.7, cache=True)
    rule = condition.rule(name="r", trusted=False, cache=False, examples={"a": 1})
    assert options_of(rule) == {
        "name": "r",
        "examples": {("a",): 1},
        "group": "ann",
        "precision": 0.7,
        "trusted": False,
        "cache": False,
    }


def test_a_declaration_keeps_options_and_replaces_those_that_it_is_given():
    declared = lk.similar_to(["a"], label=1, threshold=0.5, group="ann", precision=0.7, cache=True)
    kept, replaced = declared.rule(name="kept"), declared.rule(name="new", group="bob", cache=False, trusted=True)
    assert (kept.group, kept.precision, kept.cache, kept.trusted) == ("ann", 0.7, True, False)
    assert (replaced.group, replaced.precision, replaced.cache, replaced.trusted) == ("bob", 0.7, False, True)


def test_an_option_that_is_not_given_never_clashes():
    one, other = lk.keywords("a", label=1, trusted=True), lk.keywords("b", trusted=None)
    assert decorated(one & other & lk.keywords("c")).trusted is True


def test_an_option_that_is_given_as_false_clashes_with_true():
    with pytest.raises(RuleError, match=r"^trusted has two values: True in keywords\('a'\) and False in regex\('b'\)"):
        lk.keywords("a", label=1, trusted=True) & lk.regex("b", trusted=False)


def test_the_same_value_on_both_sides_is_one_value():
    same = {"group": "ann", "precision": 0.9, "trusted": False, "examples": {"a": None}}
    rule = decorated(lk.keywords("a", label=1, **same) & lk.regex("b", **same | {"examples": {"a": -1}}))
    assert (rule.group, rule.precision, rule.trusted, rule.examples) == ("ann", 0.9, False, ((("a",), -1),))


def test_two_expected_votes_for_one_input_are_refused():
    with pytest.raises(
        RuleError,
        match=r"^examples has two expected votes for 'x': 1 in keywords\('a'\) and None in keywords\('b'\) \[LK\d{3}\]\nHint: keep",
    ):
        lk.keywords("a", label=1, examples={"x": 1, "y": 1}) | lk.keywords("b", examples={"x": None})


def test_a_clash_between_three_parts_names_the_two_that_differ():
    parts = [lk.keywords("a", label=1, group="ann"), lk.regex("b", precision=0.5), lk.lookup(["c"], group="cy")]
    with pytest.raises(RuleError, match=r"^group has two values: 'ann' in keywords\('a'\) and 'cy' in lookup\(...\)"):
        lk.at_least(2, *parts)


@pytest.mark.parametrize("option", [{"group": "ann"}, {"examples": {"a": 1}}, {"cache": True}, {"trusted": False}])
@pytest.mark.parametrize("decorator", ["labeling_function", "model_output", "similar_to", "prompt"])
def test_a_guard_has_no_options_of_a_rule(option, decorator):
    guard = lk.keywords("a", label=1, **option)
    make = {
        "labeling_function": lambda: lk.labeling_function(when=guard),
        "model_output": lambda: lk.model_output(when=guard),
        "similar_to": lambda: lk.similar_to(["a"], label=1, threshold=0.5, when=guard),
        "prompt": lambda: lk.prompt("Spam? {text}", labels={"yes": 1, "no": 0}, model="small", when=guard),
    }[decorator]
    ((name, value),) = option.items()
    message = f"the guard of rule 'rule' has {name}={value!r} in keywords('a'), which is an option of a rule"
    with pytest.raises(RuleError, match=f"^{re.escape(message)} \\[LK100\\]\nHint: give {name}= to the decorator"):
        decorated(make())


def test_the_label_of_a_guard_does_not_count():
    @lk.labeling_function(when=lk.keywords("a", label=1))
    def rule(text):
        return 0

    assert (rule("a"), rule("b")) == (0, -1)


def test_rules_of_a_list_have_the_groups_and_weights_of_the_file(tmp_path):
    (tmp_path / "list.csv").write_text("word,label,who,weight\na,1,ann,0.9\nb,1,bob,0.5\n")
    rules = lk.rules_from(tmp_path / "list.csv", label={"1": 1}, group="who", weight="weight")
    assert [(rule.group, rule.precision, rule.trusted) for rule in rules] == [("ann", 0.9, False), ("bob", 0.5, False)]


# ------------------------------------------------------------------------------------------- merging as a law

VALUES = {
    "name": st.sampled_from(["x", "y"]),
    "group": st.sampled_from(["ann", "bob"]),
    "precision": st.sampled_from([0.5, 0.9, float("nan")]),
    "trusted": st.booleans(),
    "cache": st.booleans(),
    "examples": st.dictionaries(st.sampled_from("abc"), st.sampled_from([0, 1, -1, None]), max_size=3),
}
SOME = st.fixed_dictionaries({}, optional=VALUES).map(lambda given: Options.of(lk.keywords, given))


def plain(options):
    """Options to compare: an expected None and -1 are one, and so is NaN and itself."""
    shown = {name: repr(value) for name, value in options.values.items() if name != "examples"}
    if "examples" in options.values:
        votes = options.values["examples"]
        shown["examples"] = {text: -1 if vote is None else vote for text, vote in votes.items()}
    return shown


def outcome(*several):
    try:
        return plain(functools.reduce(merged, several))
    except RuleError as error:
        return error.message.split()[0]


@given(SOME, SOME)
def test_merging_is_the_union_or_a_clash(left, right):
    one, other = plain(left), plain(right)
    clashes = {name for name in one.keys() & other.keys() - {"examples"} if one[name] != other[name]}
    votes, more = one.get("examples", {}), other.get("examples", {})
    if any(votes[text] != more[text] for text in votes.keys() & more.keys()):
        clashes.add("examples")
    if clashes:
        assert outcome(left, right) in clashes
    else:
        union = one | other
        assert outcome(left, right) == (union | {"examples": votes | more} if "examples" in union else union)


@given(SOME, SOME, SOME)
def test_merging_is_associative(a, b, c):
    def nested():
        try:
            return outcome(a, merged(b, c))
        except RuleError:
            return "clash"

    one, other = outcome(a, b, c), nested()
    assert one == other or (isinstance(one, str) and isinstance(other, str))


@given(SOME, SOME)
def test_the_order_changes_only_which_side_is_named_first(left, right):
    one, other = outcome(left, right), outcome(right, left)
    assert one == other or (isinstance(one, str) and isinstance(other, str))


def test_values_of_any_type_are_compared():
    left, right = Options({"examples": {"a": np.arange(2)}}), Options({"examples": {"a": np.arange(2)}})
    with pytest.raises(RuleError, match="examples has two expected votes for 'a'"):
        merged(left, right)
    assert merged(left, left).values["examples"].keys() == {"a"}


# ------------------------------------------------------------------------------------------- listed and refused

TAKES_ALL = [
    lk.keywords,
    lk.regex,
    lk.lookup,
    lk.facts,
    lk.labeling_function,
    lk.model_output,
    lk.similar_to,
    lk.token_pattern,
    lk.phrases,
    lk.entities,
    lk.Condition.labeled,
]


@pytest.mark.parametrize("function", TAKES_ALL, ids=lambda f: f.__name__)
def test_every_decorator_lists_every_option_for_help_and_notebooks(function):
    parameters = inspect.signature(function).parameters
    assert set(parameters) >= EVERY == RuleOptions.__optional_keys__
    assert not any(p.kind is p.VAR_KEYWORD for p in parameters.values())


@pytest.mark.parametrize("function", TAKES_ALL, ids=lambda f: f.__name__)
def test_every_decorator_documents_every_option(function):
    documented = re.findall(r"^ *([a-z_, ]+?)(?: : .*)?$", inspect.getdoc(function), re.MULTILINE)
    assert {name for line in documented for name in line.split(", ")} >= EVERY


def test_a_prompt_takes_neither_examples_nor_cache():
    assert not {"examples", "cache"} & set(inspect.signature(lk.prompt).parameters)
    with pytest.raises(TypeError, match=r"prompt\(\) got an unexpected keyword argument 'examples'"):
        lk.prompt("{text}", labels={"a": 0, "b": 1}, model="m", examples={})


CALLS = {
    "keywords": lambda **o: lk.keywords("a", **o),
    "regex": lambda **o: lk.regex("a", **o),
    "lookup": lambda **o: lk.lookup(["a"], **o),
    "facts": lambda **o: lk.facts([("a", "b")], **o),
    "labeling_function": lk.labeling_function,
    "model_output": lk.model_output,
    "similar_to": lambda **o: lk.similar_to(["a"], threshold=0.5, **o),
    "prompt": lambda **o: lk.prompt("{text}", labels={"a": 0, "b": 1}, model="m", **o),
    "token_pattern": lambda **o: lk.token_pattern([{"LOWER": "a"}], **o),
    "phrases": lambda **o: lk.phrases("a", **o),
    "entities": lambda **o: lk.entities("ORG", **o),
    "labeled": lambda **o: lk.keywords("a").labeled(1, **o),
    "rule": lambda **o: lk.keywords("a", label=1).rule(name="r", **o),
}


@pytest.mark.parametrize("function", CALLS)
@pytest.mark.parametrize(("option", "close"), [("gruop", "group"), ("precison", "precision"), ("trust", "trusted")])
def test_an_unknown_option_is_refused_with_the_closest_one(function, option, close):
    message = f"{function}() got an unexpected keyword argument '{option}' [LK608]\nHint: did you mean '{close}'?"
    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        CALLS[function](**{option: 1})


def test_an_option_of_the_decorator_itself_is_suggested_too():
    with pytest.raises(TypeError, match=r"unexpected keyword argument 'lable' \[LK608\]\nHint: did you mean 'label'"):
        lk.keywords("a", lable=1)
    with pytest.raises(TypeError, match=r"argument 'zzz' \[LK608\]\nHint: it takes label, column, ignore_case, "):
        lk.keywords("a", zzz=1)


def test_an_unknown_option_in_a_file_of_rules_names_its_line(tmp_path):
    (tmp_path / "rules.py").write_text("import labelkit as lk\n\nr = lk.keywords('a', lable=1).rule(name='r')\n")
    with pytest.raises(lk.LabelkitError, match=r"rules.py, line 3: keywords\(\) got .*\n.*did you mean 'label'"):
        lk.collect(tmp_path / "rules.py", labels=2)


@pytest.mark.parametrize("given", [["free"], "free", [("free", 1)]])
def test_examples_without_the_votes_expected_are_refused(given):
    with pytest.raises(
        RuleError, match=r"does not say which vote is expected of each \[LK\d{3}\]\nHint: examples=\{'free'"
    ):
        lk.keywords("free", label=1, examples=given).rule(name="a")


@lk.column
def shout(text: str) -> float:
    """Measure how much of a text is in capitals."""
    return sum(letter.isupper() for letter in text) / max(len(text), 1)


@pytest.mark.parametrize(
    "declared",
    [
        lambda column: lk.between(0.3, label=1, column=column).rule(name="shouts"),
        lambda column: lk.between(0.3, label=1).rule(name="shouts", column=column),
        lambda column: lk.fuzzy("free", label=1, column=column).rule(name="shouts"),
        lambda column: lk.lookup({0.5}, match="value", label=1).rule(name="shouts", column=column),
    ],
)
def test_a_column_is_named_and_not_given(declared):
    """A derived column in the place of its name was Python's own error."""
    with pytest.raises(RuleError, match="is not the name of a column") as caught:
        declared(shout)
    assert caught.value.hint == "column='shout'"
    for column in (5, b"text", ["text", None], lambda text: text):
        with pytest.raises(RuleError, match="is not the name of a column"):
            declared(column)


def test_a_derived_column_is_read_by_the_name_of_the_hint():
    rule = lk.between(0.3, label=1).rule(name="shouts", column="shout")
    assert lk.Applier([rule], labels=["HAM", "SPAM"]).apply(["FREE", "hello"]).votes.tolist() == [[1], [-1]]

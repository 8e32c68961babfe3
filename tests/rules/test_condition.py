"""Rules as users write them: what each decorator makes, how it votes when called, and what it refuses."""

from __future__ import annotations

import functools
import importlib.util
import json
import re
from enum import Enum, IntEnum, StrEnum

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, strategies as st

import labelkit as lk
from labelkit.exceptions import LabelkitError, LabelSpaceError, RuleError, VoteError
from labelkit.rules.parameters import parameters_of


class Label(IntEnum):
    HAM = 0
    SPAM = 1


def refused(message, hint=None):
    """Match a whole message, so that a test reads it as a user does."""
    whole = re.escape(message) + r" \[LK\d{3}\]" + (r"\nHint: " + re.escape(hint) if hint else "")
    return pytest.raises(RuleError, match=f"^{whole}$")


# ------------------------------------------------------------------------------------------ declarative rules


def test_a_condition_with_a_label_makes_a_rule_of_name_columns_and_docstring():
    @lk.keywords("free", label=Label.SPAM, group="ann", precision=0.9, trusted=True, examples={"free": Label.SPAM})
    def offers(text: str) -> None:
        """Offers something
        for nothing.

        At length.
        """

    info = offers.info
    assert (info.name, info.columns, info.labels, info.kind) == ("offers", ("text",), (1,), "keywords")
    assert (info.group, info.precision, info.trusted, info.doc) == ("ann", 0.9, True, "Offers something for nothing.")
    assert repr(offers) == "<keywords rule offers(text) -> SPAM>"
    assert [offers("FREE!"), offers("no"), offers(None)] == [1, -1, -1]


def test_a_rule_on_several_columns_votes_when_any_matches():
    @lk.keywords("free", label=1)
    def offers(title, text):
        """Title or text."""

    assert [offers("free", "-"), offers("-", "free"), offers("-", "-"), offers(None, "free")] == [1, 1, -1, 1]


def test_the_first_declared_entry_that_matches_wins():
    @lk.regex({"great": 0, r"gr\w+": 1, "x": lk.ABSTAIN})
    def tone(text):
        """In order."""

    assert [tone("great"), tone("grim"), tone("grim and great"), tone("x"), tone.labels] == [0, 1, 0, -1, (0, 1)]


def test_an_optional_parameter_makes_a_null_known_not_to_match():
    @(~lk.keywords("free", label=1))
    def strict(text: str):
        """Unknown of a null."""

    @(~lk.keywords("free", label=1))
    def lenient(text: str | None):
        """A null is no match."""

    assert (strict(None), lenient(None)) == (-1, 1)


def test_a_condition_may_name_its_own_column():
    @(lk.keywords("free") & ~lk.regex("^admin$", column="author")).labeled(1)
    def offers(text, author):
        """Not the administrator's."""

    # the leaf without a column reads all: text and author
    assert [offers("free", "bob"), offers("free", "admin"), offers("free", None)] == [1, -1, -1]


@pytest.mark.parametrize(("given", "read"), [({}, "text"), ({"column": "body"}, "body")])
def test_parts_without_a_column_do_not_read_those_that_other_parts_name(given, read):
    condition = lk.keywords("free", column="title") & lk.keywords("win")
    made = condition.rule(name="r", label=1, **given)
    rows = [("win", "free"), ("nothing", "free win"), (None, "free win"), ("free win", "win"), ("win", "free win")]
    assert lk.Applier([made], labels=2).apply({read: [a for a, _ in rows], "title": [b for _, b in rows]}).votes[
        :, 0
    ].tolist() == [1, -1, -1, -1, 1]
    assert made.columns == (read, "title")
    several = condition.rule(name="s", label=1, column=("body", "title"))
    assert several(body="nothing", title="free win") == 1
    pair = lk.facts([("Ada", "London")]) & lk.keywords("born", column="text")
    assert pair.rule(name="p", label=1, column=("person", "place"))("Ada", "London", "born in") == 1


def test_rule_makes_the_same_rule_in_a_loop_for_columns_of_any_name():
    made = [lk.keywords(w).rule(name=f"says_{w}", column="comment text", label=Label.SPAM) for w in ("win", "free")]
    assert [lf.name for lf in made] == ["says_win", "says_free"]
    assert made[0]("you WIN") == made[0](**{"comment text": "you win"}) == 1


def test_what_rule_is_given_replaces_what_the_condition_was_made_with():
    condition = lk.keywords("a", label=1, group="ann", trusted=True, precision=0.7)
    kept, replaced = condition.rule(name="kept"), condition.rule(name="new", group="bob", trusted=False, label=0)
    assert (kept.group, kept.trusted, kept.precision, kept.labels) == ("ann", True, 0.7, (1,))
    assert (replaced.group, replaced.trusted, replaced.precision, replaced.labels) == ("bob", False, 0.7, (0,))


def test_combined_conditions_keep_the_one_label_that_they_have():
    assert (lk.keywords("a", label=1) | lk.keywords("b")).rule(name="r")("b") == 1
    with refused("the combined conditions have two labels, 1 and 0", "give the label with .labeled(label)"):
        lk.keywords("a", label=1) & lk.keywords("b", label=0)


def test_and_or_not_are_refused_with_the_signs_to_use():
    with pytest.raises(TypeError, match=r"combine conditions with &, \| and ~"):
        lk.keywords("a") and lk.keywords("b")


def test_rules_do_not_combine_with_conditions():
    rule = lk.keywords("a", label=1).rule(name="a")
    with pytest.raises(TypeError, match=r"only conditions combine with & and \|, not LabelingFunction"):
        lk.keywords("b") & rule


def test_a_mapping_does_not_combine():
    with pytest.raises(RuleError, match="maps entries to several labels cannot be combined"):
        ~lk.keywords({"a": 0, "b": 1})


def is_word(text):
    return text.strip() and not set(text) & set("\a\b\v\f")


@given(st.text(), st.lists(st.text(min_size=1).filter(is_word), min_size=1, max_size=3))
def test_keywords_are_searched_for_as_re_does(text, words):
    rule = lk.keywords(*words, label=1).rule(name="r")

    def stands(word):
        body = r"\s+".join(map(re.escape, word.split()))
        before = r"(?<!\w)" if re.match(r"\w", word.split()[0][0]) else ""
        after = r"(?!\w)" if re.match(r"\w", word.split()[-1][-1]) else ""
        return re.search(before + body + after, text, re.IGNORECASE) is not None

    assert (rule(text) == 1) is any(map(stands, words))


def test_words_may_be_given_as_any_iterable():
    made = [["b", "a"], ("b", "a"), {"b", "a"}, (w for w in "ba"), {"b": 1, "a": 1}.keys(), np.array(["b", "a"])]
    assert [lk.keywords(words, label=1).rule(name="r")("say b") for words in made] == [1] * len(made)


def test_a_compiled_pattern_brings_its_flags():
    rule = lk.regex(re.compile("^b", re.MULTILINE | re.IGNORECASE), label=1).rule(name="r")
    assert rule("a\nB") == 1
    with refused("a compiled pattern has its flags already", "regex(re.compile(pattern, flags))"):
        lk.regex(re.compile("b"), re.IGNORECASE, label=1)


# -------------------------------------------------------------------------------- what declarations refuse


def test_a_body_that_would_never_run_is_refused_when_it_is_decorated():
    with refused(
        "rule 'offers' is made by a condition, so its body would never run",
        "leave only the docstring, or use @labeling_function(when=condition)",
    ):

        @lk.keywords("free", label=1)
        def offers(text):
            return 1 if "free" in text else None


@pytest.mark.parametrize("body", ["pass", "...", "return None", "'''doc'''", "return"])
def test_a_body_that_does_nothing_is_accepted(body):
    scope = {"__name__": "scope"}
    exec(f"def f(text):\n    {body}", scope)
    assert lk.keywords("a", label=1)(scope["f"])("a") == 1


@pytest.mark.parametrize("body", ["return 1", "print(text)", "raise ValueError", "x = 1", "yield", "return ''"])
def test_a_body_that_does_anything_is_refused(body):
    scope = {"__name__": "scope"}
    exec(f"def f(text):\n    {body}", scope)
    with pytest.raises(RuleError, match="its body would never run"):
        lk.keywords("a", label=1)(scope["f"])


def test_a_regex_that_does_not_compile_points_at_the_rule():
    with refused(
        "the pattern '(free' of rule 'offers' does not compile: missing ), unterminated subpattern at position 0",
        r"a sign that is meant as itself has a backslash before it: r'\('; or keywords(...) takes it as it is",
    ):

        @lk.regex("(free", label=1)
        def offers(text):
            """Broken."""


def test_a_warning_of_a_regex_names_the_rule_and_comes_once(recwarn):
    @lk.regex("[[0-9]+] off", label=1)
    def offers(text):
        """It has a bracket too many."""

    texts = pa.table({"text": ["1] off", "7+] off", "off"] * 20_000})
    votes = lk.Applier([offers]).apply(texts).votes[:, 0].tolist()
    (warning,) = (str(one.message) for one in recwarn.list)
    assert "the pattern '[[0-9]+] off' of rule 'offers': Possible nested set" in warning
    assert "[LK136]" in warning
    assert votes == [1 if re.search(r"[\[0-9]+\] off", text) else -1 for text in texts["text"].to_pylist()]


def test_a_guard_that_does_not_compile_points_at_the_rule():
    with pytest.raises(RuleError, match=r"the pattern '\*' of rule 'offers' does not compile: nothing to repeat"):

        @lk.labeling_function(when=lk.regex("*"))
        def offers(text):
            return 1


@pytest.mark.parametrize("empty", [(), ([],), ({},), (set(),)])
def test_an_empty_list_of_keywords_is_refused(empty):
    with refused("keywords needs at least one entry", "@keywords('first', 'second', label=Label.SPAM)"):
        lk.keywords(*empty, label=1 if empty != ({},) else None)


@pytest.mark.parametrize("word", ["", "  ", "\n"])
def test_an_empty_word_would_match_everywhere(word):
    with refused(f"keywords has an empty entry {word!r}, which would match everywhere", "leave it out"):
        lk.keywords("a", word, label=1)


@pytest.mark.parametrize(("word", "kind"), [(5, "int"), (b"a", "bytes"), (None, "NoneType")])
def test_a_word_is_a_string(word, kind):
    hint = "write it as text: '5'" if word == 5 else "give words and phrases"
    with refused(f"keywords takes strings, not {word!r} ({kind})", hint):
        lk.keywords("a", word, label=1)


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ("\ud83d\ude00", "write the character itself: '\\U0001f600'"),
        ("a \ud83d\ude00!", "write the character itself: 'a \\U0001f600!'"),
        ("a\ud800", "leave it out"),
    ],
)
def test_half_of_a_surrogate_pair_stands_in_no_text(given, hint):
    kinds = {
        "keywords": lk.keywords,
        "regex": lk.regex,
        "lookup": lambda entry, **label: lk.lookup([entry], match="value", **label),
    }
    if importlib.util.find_spec("rapidfuzz"):
        kinds["fuzzy"] = lk.fuzzy
    for kind, make in kinds.items():
        with refused(f"{kind} has {given!r}, with half of a surrogate pair, which no text has", hint):
            make(given, label=1)


def test_a_pattern_is_a_string():
    with refused("regex takes a string, not b'a' (bytes)", "decode it: text is matched, not bytes"):
        lk.regex(re.compile(b"a"), label=1)


def test_a_rule_needs_a_label():
    with refused("rule 'r' has no label to vote for", "@keywords(..., label=Label.SPAM)"):
        lk.keywords("a").rule(name="r")


@pytest.mark.parametrize("label", [True, 1.0, "SPAM", -2, Enum("E", {"A": 1}).A])
def test_a_label_is_a_class_number_or_a_member(label):
    with pytest.raises(
        RuleError,
        match=f"^label={re.escape(repr(label))} is not a class \\[LK102\\]\nHint: give a member of an IntEnum",
    ):
        lk.keywords("a", label=label)


def test_numpy_integers_are_labels():
    assert lk.keywords("a", label=np.int64(1)).rule(name="r").labels == (1,)


def test_a_member_of_an_enum_that_is_no_label_space_is_refused():
    with pytest.raises(RuleError, match=r"the classes of Shifted are \[1, 2\]"):
        lk.keywords("a", label=IntEnum("Shifted", ["A", "B"]).A)


def test_labels_of_two_enums_are_refused():
    with pytest.raises(RuleError, match=r"labels of 2 enums: \['Label', 'Other'\]"):
        lk.keywords({"a": Label.HAM, "b": IntEnum("Other", {"X": 0}).X})


def test_a_rule_that_can_only_abstain_is_refused():
    with pytest.raises(RuleError, match="rule 'r' can only abstain"):
        lk.keywords("a", label=lk.ABSTAIN).rule(name="r")


def test_a_mapping_and_a_label_are_refused_together():
    with refused("keywords takes either entries and one label, or one mapping from entries to labels"):
        lk.keywords({"a": 1}, label=0)


def test_a_condition_that_reads_an_unknown_column_is_refused():
    with pytest.raises(
        RuleError, match=r"rule 'offers' reads column 'title', which is not among its parameters \('text',\)"
    ):

        @lk.keywords("free", column="title", label=1)
        def offers(text):
            """The column is not there."""


@pytest.mark.parametrize("precision", [0, 1, 1.5, -0.1, float("nan"), "0.9", True])
def test_a_precision_is_between_zero_and_one(precision):
    with pytest.raises(
        RuleError,
        match=f"^precision={precision!r} of rule 'r' is not between 0 and 1 \\[LK100\\]\nHint: .* such as 0.9$",
    ):
        lk.keywords("a", label=1, precision=precision).rule(name="r")


def test_an_unknown_option_is_refused():
    with pytest.raises(TypeError, match="lable"):
        lk.keywords("a", lable=1)


def test_examples_have_an_input_for_each_column():
    with pytest.raises(
        RuleError,
        match=r"example 'x' of rule 'r' has 1 input\(s\), but it reads 2 column\(s\) \[LK\d{3}\]\nHint: several",
    ):
        lk.keywords("a", label=1, examples={"x": 1}).rule(name="r", column=("a", "b"))


def test_an_example_expects_a_vote():
    with pytest.raises(RuleError, match="the example 'x' of rule 'r' expects 'SPAM', which is not a vote"):
        lk.keywords("a", label=1, examples={"x": "SPAM"}).rule(name="r")


# ------------------------------------------------------------------------------------------------- look-ups


def by_value(source, **options):
    return lk.lookup(source, match="value", **options).rule(name="r")


def test_values_are_compared_strictly_in_type():
    rule = by_value({1: 0, "1": 1})
    assert [rule(1), rule("1"), rule(True), rule(1.0), rule([1]), rule(None)] == [0, 1, -1, -1, -1, -1]


def test_entries_of_numpy_and_enums_are_the_plain_values_that_a_corpus_holds():
    class Country(StrEnum):
        DE = "de"

    assert by_value(np.array([1, 2]), label=1)(2) == 1
    assert by_value([np.str_("a"), np.float64(1.5), np.bool_(True)], label=1)(1.5) == 1
    assert by_value({Country.DE: 1})("de") == 1
    assert by_value({Label.SPAM: 1})(1) == 1


def test_the_first_of_entries_that_differ_in_case_wins():
    assert by_value({"A": 0, "a": 1}, ignore_case=True)("a") == 0


@pytest.mark.parametrize("entry", [float("nan"), None])
def test_an_entry_that_equals_nothing_is_refused(entry):
    with refused(f"lookup has an entry {entry!r}, which equals nothing", "leave it out"):
        by_value([1, entry], label=1)


def test_an_entry_that_cannot_be_compared_is_refused():
    with refused("lookup takes plain values, not ['a'] (list)", "an entry of several columns is a tuple: ('a',)"):
        by_value([["a"]], label=1)


def test_phrases_are_strings():
    with refused("lookup takes strings, not 5 (int)", 'match="value" compares whole values of any type'):
        lk.lookup([5], label=1)


def test_an_unknown_kind_of_match_is_refused():
    with pytest.raises(RuleError, match="match='exact' of a look-up is neither 'phrase' nor 'value'"):
        lk.lookup(["a"], match="exact", label=1)


ROWS = [{"name": "bit.ly", "kind": "SPAM"}, {"name": "bbc.com", "kind": "HAM"}, {"name": "bit.ly", "kind": "HAM"}]


def written(folder, suffix):
    path = folder / f"list{suffix}"
    if suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(ROWS), path)
    elif suffix == ".jsonl":
        path.write_text("\n".join(map(json.dumps, ROWS)) + "\n\n")
    else:
        separator = "\t" if suffix == ".tsv" else ","
        path.write_text("\ufeff" + "\n".join(separator.join(row) for row in [ROWS[0], *(r.values() for r in ROWS)]))
    return path


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl", ".parquet"])
def test_files_of_every_kind_hold_entries_and_labels_of_which_the_first_wins(tmp_path, suffix):
    path = written(tmp_path, suffix)
    listed = lk.lookup(path, label=1).rule(name="r")
    labeled = lk.lookup(path, key="name", value="kind", label=Label, match="value").rule(name="r")
    swapped = lk.lookup(path, key="kind", value="name", label={"bit.ly": 0, "bbc.com": 1}).rule(name="r")
    assert [listed("see bit.ly now"), listed("nothing")] == [1, -1]
    assert [labeled("bit.ly"), labeled("bbc.com"), labeled("see bit.ly")] == [1, 0, -1]
    assert swapped("spam") == 0


def test_a_text_file_holds_one_entry_a_line_blank_lines_left_out(tmp_path):
    (tmp_path / "list.txt").write_text("\ufeffbit.ly\r\n\n  goo.gl  \n", encoding="utf-8")
    rule = lk.lookup(tmp_path / "list.txt", label=1).rule(name="r")
    assert [rule("bit.ly"), rule("goo.gl"), rule("x")] == [1, 1, -1]


def test_a_path_is_relative_to_the_module_that_names_it(tmp_path, monkeypatch):
    (tmp_path / "rules.py").write_text("import labelkit as lk\nr = lk.lookup('list.txt', label=1).rule(name='r')")
    (tmp_path / "list.txt").write_text("bit.ly")
    monkeypatch.chdir("/")
    assert lk.collect(tmp_path / "rules.py", labels=2)["r"]("bit.ly") == 1


@pytest.mark.parametrize(
    ("name", "content", "options", "message"),
    [
        (
            "no.txt",
            None,
            {},
            r"the look-up file '.*no.txt' is not there \(looked in .*\) \[LK\d{3}\]\nHint: a path is relative",
        ),
        ("a.xml", b"x", {}, r"a look-up file cannot be '.xml' \[LK\d{3}\]\nHint: one of .txt, .csv"),
        ("a.txt", b"\n\n", {}, "has no entries"),
        ("a.csv", b"", {}, "has no header"),
        ("a.csv", b"name\n", {}, "has no entries"),
        ("a.csv", b"name\nx", {"key": "nmae"}, r"'a.csv' has no column 'nmae'; it has \['name'\]"),
        (
            "a.csv",
            b"name,kind\nx,?",
            {"value": "kind"},
            r"holds the label '\?', and the rule does not say what that means",
        ),
        ("a.csv", b"name,kind\nx,EGGS", {"value": "kind", "label": Label}, "the label 'EGGS', which is not among"),
        ("a.txt", b"x", {"key": "name"}, "is text with one entry a line, so it has no columns"),
        ("a.txt", b"\xff", {}, "cannot be read: '.*a.txt' is not valid utf-8"),
        ("a.jsonl", b'{"a": 1', {}, r"line 1 of 'a.jsonl' is no JSON"),
        (
            "a.jsonl",
            b'["a"]',
            {},
            r"line 1 of 'a.jsonl' is not an object: \[\"a\"\] \[LK\d{3}\]\nHint: one object",
        ),
        ("a.parquet", b"no", {}, "cannot be read"),
    ],
)
def test_a_bad_file_is_refused_with_its_name(tmp_path, name, content, options, message):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(RuleError, match=message):
        lk.lookup(tmp_path / name, **{"label": None if "value" in options else 1, **options})


# ---------------------------------------------------------------------------------------------- Python rules


def test_a_python_rule_votes_like_its_function_and_abstains_on_none_and_null():
    @lk.labeling_function
    def short(text: str):
        """Short ones."""
        return Label.HAM if len(text) < 5 else None

    assert [short("hi"), short("a long one"), short(None), short(text="hi")] == [0, -1, -1, 0]


def test_an_optional_parameter_takes_nulls():
    @lk.labeling_function
    def missing(text: str | None, author):
        return 1 if text is None else None

    assert [missing(None, "a"), missing("x", "a"), missing(None, None)] == [1, -1, -1]


def test_a_parameter_with_a_default_is_no_column():
    @lk.labeling_function
    def short(text, limit=5, *, strict=True):
        return 1 if len(text) < limit and strict else None

    assert (short.columns, short("abc")) == (("text",), 1)


def test_a_guard_decides_where_the_body_runs():
    ran = []

    @lk.labeling_function(when=lk.keywords("refund", column="text") & ~lk.regex("^bot", column="author"))
    def angry(text, author):
        ran.append(text)
        return 1

    assert [angry("refund!", "bob"), angry("hello", "bob"), angry("refund", "bot7"), angry(None, "x")] == [
        1,
        -1,
        -1,
        -1,
    ]
    assert ran == ["refund!"]


def test_a_guard_of_several_columns_says_which_one_it_means():
    with refused(
        "rule 'r' reads 2 columns, and its guard does not say which one it means", "when=keywords(..., column='title')"
    ):

        @lk.labeling_function(when=lk.keywords("a"), name="r")
        def rule(title, text):
            return 1


def test_a_guard_is_a_condition():
    with pytest.raises(
        RuleError, match=r"when='refund' of rule 'rule' is not a condition \[LK\d{3}\]\nHint: when=keywords\('refund'\)"
    ):

        @lk.labeling_function(when="refund")
        def rule(text):
            return 1


@pytest.mark.parametrize(("value", "kind"), [("SPAM", "str"), (True, "bool"), (float("nan"), "float"), (1.0, "float")])
def test_what_is_not_a_vote_is_refused_when_called(value, kind):
    rule = lk.labeling_function(lambda text: value)
    with pytest.raises(VoteError, match=rf"{value!r} \({kind}\) is not a vote"):
        rule("x")


def test_class_seven_of_two_is_refused_when_called():
    @lk.labeling_function(label=Label)
    def rule(text):
        return 7

    with pytest.raises(
        VoteError, match=r"7 is not one of the 2 classes \[LK\d{3}\]\nHint: return a class .HAM=0, SPAM=1."
    ):
        rule("x")


def test_partials_objects_and_methods_are_functions_too():
    def at_least(limit, text):
        return 1 if len(text) >= limit else None

    class Longer:
        def __init__(self, limit):
            self.limit = limit

        def __call__(self, text):
            return at_least(self.limit, text)

        def method(self, text):
            return at_least(self.limit, text)

    made = [
        lk.labeling_function(functools.partial(at_least, 3)),
        lk.labeling_function(Longer(3)),
        lk.labeling_function(Longer(3).method),
        lk.labeling_function(name="anonymous")(lambda text: at_least(3, text)),
    ]
    assert [(lf.name, lf.columns, lf("abc"), lf("ab")) for lf in made] == [
        ("at_least", ("text",), 1, -1),
        ("Longer", ("text",), 1, -1),
        ("method", ("text",), 1, -1),
        ("anonymous", ("text",), 1, -1),
    ]
    assert {lf.origin.module for lf in made} == {__name__}


def test_positional_only_parameters_are_columns():
    @lk.labeling_function
    def rule(text, /):
        return 1

    assert rule("x") == 1


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("def f(*texts): ...", r"rule 'f' takes \*texts, which names no column \[LK\d{3}\]\nHint: name each column"),
        ("def f(**columns): ...", r"rule 'f' takes \*\*columns, which names no column"),
        ("def f(): ...", "rule 'f' has no parameter, so it reads no column"),
        ("def f(limit=3): ...", "rule 'f' has no parameter, so it reads no column"),
        ("def f(text, *, title): ...", r"rule 'f' takes 'title' by keyword only, .*\nHint: give 'title' a default"),
    ],
)
@pytest.mark.parametrize("decorator", [lk.labeling_function, lk.keywords("a", label=1)])
def test_a_signature_that_does_not_name_columns_is_refused(source, message, decorator):
    scope = {"__name__": "scope"}
    exec(source, scope)
    with pytest.raises(RuleError, match=message):
        decorator(scope["f"])


@pytest.mark.parametrize("decorator", [lk.labeling_function, lk.keywords("a", label=1), lk.column, lk.model_output])
def test_a_rule_is_not_decorated_twice(decorator):
    once = lk.keywords("a", label=1).rule(name="once")
    with refused("'once' is a rule already", "one decorator makes one rule"):
        decorator(once)


@pytest.mark.parametrize("decorator", [lk.labeling_function, lk.keywords("a", label=1), lk.column])
def test_a_column_is_not_decorated(decorator):
    n_words = lk.column(lambda text: text.split())
    with pytest.raises(RuleError, match="is a derived column already"):
        decorator(n_words)


@pytest.mark.parametrize("decorator", [lk.labeling_function, lk.column])
def test_a_positional_option_is_refused(decorator):
    with refused("'short' is not a function", "options are given by keyword: @labeling_function(name='...')"):
        decorator("short")


def test_a_call_with_other_arguments_than_the_columns_says_what_it_was_called_with():
    rule = lk.labeling_function(name="r")(lambda title, text: 1)
    for args, kwargs, shown in [
        (("a",), {}, "r('a')"),
        (("a", "b", "c"), {}, "r('a', 'b', 'c')"),
        (("a",), {"title": "b"}, "r('a', title='b')"),
        (("a",), {"txet": "b"}, "r('a', txet='b')"),
    ]:
        with pytest.raises(TypeError, match=re.escape(f"r(title, text) was called as {shown}")):
            rule(*args, **kwargs)


def test_annotations_that_cannot_be_resolved_do_no_harm():
    scope = {"__name__": "scope"}
    exec("from __future__ import annotations\ndef f(text: Unknown, n: int | None): ...", scope)
    text, n = parameters_of(scope["f"], "f")
    assert (text.annotation, text.optional, n.annotation, n.optional) == (None, False, int, True)


# ------------------------------------------------------------------------------------------ batch rules, models


@pytest.mark.parametrize(
    ("annotation", "kind"),
    [(None, np.ndarray), (np.ndarray, np.ndarray), (list[str], list), (pd.Series, pd.Series), (pa.Array, pa.Array)],
)
def test_a_batch_rule_gets_a_batch_of_one_as_it_is_annotated(annotation, kind):
    got = []

    def rule(text):
        got.append(text)
        return [1] * len(text)

    if annotation is not None:
        rule.__annotations__["text"] = annotation
    assert lk.labeling_function(batch=True)(rule)("x") == 1
    assert isinstance(got[0], kind)
    assert list(map(str, got[0])) == ["x"]


@pytest.mark.parametrize(
    "output", [[1], (1,), np.array([1]), np.array([1], np.uint8), pd.Series([1], index=[7]), pa.array([1])]
)
def test_a_batch_rule_may_return_any_column(output):
    assert lk.labeling_function(batch=True)(lambda text: output)("x") == 1


def model(output, **options):
    return lk.model_output(**options)(lambda text: output)


def test_probabilities_vote_from_the_threshold_on():
    asked = [[0.1, 0.9], [0.2, 0.8], [0.5, 0.5], [0.95, 0.05]]
    assert [model(np.array([row]), threshold=0.9)("x") for row in asked] == [1, -1, -1, 0]


def test_tied_probabilities_abstain():
    assert model(np.array([[0.5, 0.5]]))("x") == -1


def test_each_class_may_have_its_threshold_and_one_without_is_never_voted_for():
    for row, vote in [([0.6, 0.4], -1), ([0.3, 0.7], 1), ([0.9, 0.1], -1)]:
        assert model(np.array([row]), threshold={1: 0.7})("x") == vote


def test_a_threshold_for_a_class_that_the_model_does_not_know_is_an_error():
    with pytest.raises(ValueError, match=r"there is a threshold for class 5, but the model's classes are \[0, 1\]"):
        model(np.array([[0.6, 0.4]]), threshold={5: 0.7})("x")


def test_classes_say_what_the_columns_of_probabilities_mean():
    assert model(np.array([[0.9, 0.1]]), classes=[Label.SPAM, Label.HAM])("x") == 1


def test_classes_say_what_labels_mean():
    rule = model(["pos"], classes={"pos": 1, "neutral": None})
    assert (rule("x"), rule.labels) == (1, (1,))
    assert model(["neutral"], classes={"neutral": None})("x") == -1
    for label in ("odd", 0):  # 0 is a number of a class, too
        with pytest.raises(VoteError, match=f"the model has the label {label!r}, which classes= does not name"):
            model([label], classes={"pos": 1})("x")
    assert [model([label], classes={"pos": 1})("x") for label in (None, lk.ABSTAIN)] == [-1, -1]
    assert [model([label], classes=Label)("x") for label in ("ham", "SPAM", 1)] == [0, 1, 1]


def test_classes_of_labels_count_for_columns_that_have_their_numbers():
    proba = np.array([[0.1, 0.2, 0.7]])
    assert model(proba, classes={0: 1, 1: None, 2: 0})("x") == 0
    assert model(proba, classes={2: 0, 0: 1, 1: 1}, threshold=0.8)("x") == -1
    for labels in ({"spam": 1, "ham": 0, "other": None}, {0: 1, 1: 0}, {1: 1, 2: 0, 3: 0}):
        with pytest.raises(ValueError, match=r"an array of 3 probabilities an example, which names none; classes=\["):
            model(proba, classes=labels)("x")


def test_classes_of_columns_are_not_those_of_labels():
    with pytest.raises(ValueError, match=r"names 2 columns of probabilities in order, and the model returned labels"):
        model([1], classes=[Label.SPAM, Label.HAM])("x")


def test_one_score_speaks_of_one_class():
    assert [model(np.array([s]), label=1, threshold=0.8)("x") for s in (0.8, 0.79)] == [1, -1]


def test_a_single_class_does_not_take_an_array_of_probabilities():
    with pytest.raises(
        ValueError, match=r"shape \(1, 2\), not one score an example; return predict_proba\(...\)\[:, 1\]"
    ):
        model(np.array([[0.1, 0.9]]), label=1, threshold=0.8)("x")


@pytest.mark.parametrize("output", [np.array([[np.nan, 0.5]]), np.array([np.nan])])
def test_nan_of_a_model_is_not_a_vote(output):
    options = {"threshold": 0.5} | ({} if output.ndim == 2 else {"label": 1})
    with pytest.raises(VoteError, match=r"nan .float. is not a vote"):
        model(output, **options)("x")


def test_labels_have_no_threshold():
    with pytest.raises(ValueError, match=r"returned labels, not probabilities, so threshold=.* have no meaning"):
        model(np.array([1]), threshold=0.9)("x")


def test_a_model_returns_an_output_for_each_example():
    with pytest.raises(ValueError, match="the model returned 2 outputs for 1 examples"):
        model(np.array([1, 0]))("x")
    with pytest.raises(TypeError, match="the model returned None"):
        model(None)("x")


@pytest.mark.parametrize("threshold", [1.5, -0.1, True, float("nan"), {1: 2}])
def test_a_threshold_is_a_probability(threshold):
    with pytest.raises(
        RuleError, match=r"threshold=.* is not a probability \[LK\d{3}\]\nHint: give a number from 0 to 1"
    ):
        lk.model_output(threshold=threshold)


def test_a_single_score_needs_a_threshold():
    with pytest.raises(RuleError, match="label= votes by the score of one class, which needs one threshold"):
        lk.model_output(label=1)


# --------------------------------------------------------------------------------------------------- columns


def test_a_column_computes_for_one_example_and_passes_nulls_on():
    @lk.column
    def n_words(text):
        return len(text.split())

    @lk.column(batch=True)
    def length(text):
        return np.array([len(t) for t in text])

    assert [n_words("a b"), n_words(None), length("abc"), length(None)] == [2, None, 3, None]
    assert type(length("abc")) is int


# ------------------------------------------------------------------------------------------- several of them


def rules(*names, **labels):
    return [lk.keywords("a", label=labels.get(n, 1)).rule(name=n) for n in names]


def test_functions_are_picked_by_position_name_slice_and_names():
    lfs = lk.LabelingFunctions(rules("a", "b", "c"), labels=2)
    assert (lfs[0].name, lfs["b"].name, lfs[1:].names, lfs[["c", "a"]].names) == ("a", "b", ("b", "c"), ("c", "a"))
    with pytest.raises(KeyError, match="no rule is named 'd'; there are a, b, c"):
        lfs["d"]


def test_the_label_space_is_the_enum_of_the_labels():
    lfs = lk.LabelingFunctions([lk.keywords("a", label=Label.HAM).rule(name="a"), *rules("b")])
    assert lfs.space.names == ("HAM", "SPAM")


def test_a_label_beyond_the_space_is_refused_with_the_rule():
    with pytest.raises(LabelSpaceError, match="rule 'b' votes for class 7, but the classes are LabelSpace\\("):
        lk.LabelingFunctions(rules("a", "b", b=7), labels=2)


@pytest.mark.parametrize("names", [["SPAM", "HAM"], ["spam", "ham"], ["OTHER", "HAM", "SPAM"], ["HAM", "UGLY", "SPAM"]])
@pytest.mark.parametrize("kind", ["declared", "returned"])
def test_classes_in_another_order_than_that_of_the_enum_are_refused(names, kind):
    @lk.labeling_function
    def returned(text: str) -> int:
        return Label.SPAM if "a" in text else lk.ABSTAIN

    lf = lk.keywords("a", label=Label.SPAM).rule(name="declared") if kind == "declared" else returned
    with pytest.raises(
        LabelSpaceError, match=rf"Label, with which rule '{kind}' votes, but . in labels=.*\nHint: leave"
    ):
        lk.LabelingFunctions([lf], labels=names)


@pytest.mark.parametrize("names", [["HAM", "SPAM"], ["ham", "spam"], ["no", "yes"], ["HAM", "SPAM", "OTHER"], 2])
def test_classes_of_other_names_or_in_the_order_of_the_enum_are_taken(names):
    lf = lk.keywords("a", label=Label.SPAM).rule(name="a")
    assert len(lk.LabelingFunctions([lf], labels=names).space) == (names if names == 2 else len(names))


def test_two_names_that_are_the_same_are_refused():
    with pytest.raises(
        ValueError, match=r"two labeling functions are named 'a' \(both made at .*\) \[LK\d{3}\]\nHint: rename one"
    ):
        lk.LabelingFunctions(rules("a", "a"), labels=2)


def test_no_rules_one_rule_and_a_path_are_refused_with_what_to_do():
    for given_, message in [
        ([], "there are no labeling functions"),
        (rules("a")[0], "is one labeling function, not several"),
    ]:
        with pytest.raises(ValueError, match=message):
            lk.LabelingFunctions(given_, labels=2)
    with pytest.raises(
        ValueError, match=r"'rules.py' is no list of labeling functions \[LK\d{3}\]\nHint: labelkit.collect\("
    ):
        lk.Applier("rules.py")
    with pytest.raises(ValueError, match="is not a labeling function"):
        lk.LabelingFunctions([print], labels=2)


@pytest.mark.parametrize("given", ["free", 3, None, {"text": "free"}])
def test_a_condition_that_is_called_with_an_example_says_what_votes(given):
    with pytest.raises(RuleError, match=r"was called with .*\nHint: .*condition.rule\(name=\"...\"\)\(text\)"):
        lk.keywords("free", label=1)(given)


@pytest.mark.parametrize("function", [lk.near, lk.within, lk.unnegated, lk.repeated, lk.at_least])
def test_what_makes_conditions_of_conditions_hints_at_labeled(function):
    with pytest.raises(LabelkitError) as refusal:
        function("free", label=1)
    assert f"{function.__name__}(...).labeled(1)" in refusal.value.hint

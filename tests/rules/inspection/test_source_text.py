"""What a rule looks like to people."""

from dataclasses import replace

import pytest

import labelkit as lk
from labelkit.rules.expressions import Leaf
from labelkit.rules.inspection.source_text import LONGEST_SOURCE, source_of, text_of
from labelkit.rules.predicates import Words

CLASSES = ("HAM", "SPAM")


def collected(tmp_path, text):
    path = tmp_path / "rules.py"
    path.write_text(text, encoding="utf-8")
    return lk.collect(path, labels=CLASSES)


def test_the_text_of_a_rule_is_what_was_written_with_its_decorator_and_comments(tmp_path):
    keywords = (
        '@lk.keywords("buy",  # money\n             label=1)\ndef buys(text: str) -> None:\n    """Wants to sell."""'
    )
    python = "@lk.labeling_function\ndef short(text: str) -> int:\n    # genuine comments are short\n    return 0 if len(text) < 9 else -1"
    made = 'made = lk.regex("x+", label=1).rule(name="crosses")'
    named = '@lk.regex("z", name="last_letter", label=0)\ndef whatever(text: str) -> None: ...'
    lfs = collected(tmp_path, f"import labelkit as lk\n\n{keywords}\n\n{python}\n\n{made}\n\n{named}")
    assert [source_of(lf) for lf in lfs] == [keywords, python, made, named]


def test_rules_made_in_a_loop_have_no_text_but_what_they_look_for_is_known(tmp_path):
    lfs = collected(
        tmp_path,
        'import labelkit as lk\nrules = [lk.keywords(w, label=1).rule(name=f"has_{w}") for w in ("free", "win")]',
    )
    told = [text_of(lf, CLASSES) for lf in lfs]
    assert [known["source"] for known in told] == ["", ""]
    assert [known["looks_for"] for known in told] == [["SPAM: one of “free”"], ["SPAM: one of “win”"]]


def test_a_rule_without_a_file_has_no_text():
    namespace = {}
    exec("import labelkit as lk\n@lk.labeling_function\ndef f(text: str) -> int:\n    return 1", namespace)
    assert source_of(namespace["f"]) == ""


def test_a_long_text_is_cut(tmp_path):
    words = ", ".join(f'"word{i}"' for i in range(2_000))
    lfs = collected(
        tmp_path, f"import labelkit as lk\n@lk.keywords({words}, label=1)\ndef many(text: str) -> None: ..."
    )
    told = text_of(lfs[0], CLASSES)
    assert len(told["source"]) == LONGEST_SOURCE + 1
    assert told["looks_for"][0].endswith("and 1,988 more")


def test_what_a_rule_looks_for_names_each_case_and_guard():
    tone = lk.keywords({"great song": 0, "free": 1}).rule(name="tone")
    both = (lk.keywords("my") & ~lk.regex("z+")).labeled(1).rule(name="both")
    equal = lk.lookup({"NL", "BE"}, match="value", label=0).rule(name="equal", column="code")
    assert text_of(tone, CLASSES)["looks_for"] == ["HAM: one of “great song”", "SPAM: one of “free”"]
    assert text_of(both, CLASSES)["looks_for"] == ["SPAM: (one of “my”) and (not (the pattern z+))"]
    assert text_of(equal, CLASSES)["looks_for"] == ["HAM: equal to “BE”, “NL”"]


def test_tests_of_where_words_stand_are_told_with_their_parts():
    contexts = pytest.importorskip("labelkit.rules.context_predicates")
    near = contexts.Near(Words(("refund",)), Words(("never", "not")), n_words=2)
    condition = lk.keywords("x", label=1)
    rule = replace(condition, cases=((Leaf(near), 1),)).rule(name="near")
    told = text_of(rule, CLASSES)
    assert told["looks_for"] == ["SPAM: one of “refund” within 2 words of one of “never”, “not”"]

"""A check counts the votes that hang on how a letter is stored, and the remedy gives them."""

import unicodedata

import pytest

import labelkit as lk
from labelkit.checks.check_rules import check_rules

CODES = ("LK918", "LK919", "LK920", "LK921")


def found(rules, corpus, **options):
    report = check_rules(lk.LabelingFunctions(rules, labels=["HAM", "SPAM"]), corpus, **options)
    return [problem for problem in report.problems if problem.code in CODES]


@lk.labeling_function
def by_python(text: str) -> int | None:
    return 1 if "müller" in text.lower() else None


mueller = lk.keywords("Müller", label=1).rule(name="mueller")
mull = lk.keywords("Mull", label=0).rule(name="mull")
pattern = lk.regex("don't", label=1).rule(name="pattern")
curly = lk.keywords("don\u2019t", label=1).rule(name="curly")
both = lk.keywords("don\u2019t", "don't", label=1).rule(name="both")
money = lk.regex("free money", label=1).rule(name="money")
fine = lk.keywords("fine", label=1).rule(name="fine")

KINDS = {
    "LK918": (mueller, "Herr Mu\u0308ller", "mueller gains 1", "composed"),
    "LK919": (pattern, "I don\u2019t", "pattern gains 1", "quotes"),
    "LK920": (money, "free\u00a0mo\u00adney", "money gains 1", "invisible"),
    "LK921": (fine, "\ufb01ne", "fine gains 1", "compatible"),
}


@pytest.mark.parametrize("code", CODES)
def test_each_kind_is_one_finding_with_the_rows_the_first_the_rules_and_the_remedy(code):
    rule, text, gain, step = KINDS[code]
    (problem,) = found([rule], {"key": ["a", "b", "c"], "text": ["nothing", text, text]}, id="key")
    assert problem.code == code
    assert problem.severity == "warning"
    assert "2 of the 3 rows that were tried would get other votes" in problem.message
    assert "'b'" in problem.message
    assert gain.replace("1", "2") in problem.message
    assert 'text = lk.normalized_text("text", steps=[' in problem.hint
    assert f'"{step}"' in problem.hint


def test_a_part_of_a_word_that_is_matched_for_a_mark_after_it_is_a_vote_to_lose():
    """``re`` takes a combining mark for no word character, so that a word ends before it."""
    assert mull("Mu\u0308ll") == -1  # the mark stands within the letters
    piece = lk.keywords("caf", "cafe", label=0).rule(name="piece")
    assert piece("cafe\u0301s") == 0
    assert piece("caf\u00e9s") == -1
    (problem,) = found([piece], ["cafe\u0301s", "cafes"])
    assert "1 of the 2 rows" in problem.message
    assert "piece loses 1" in problem.message


def test_only_votes_that_would_differ_are_reported():
    assert found([mueller], ["Mu\u0308he", "Müller", "Grüße \U0001f602"]) == []
    assert found([mueller, pattern, money, fine], ["plain", None, "don't"]) == []
    assert found([both], ["I don\u2019t", "I don't"]) == []


def test_a_rule_whose_own_words_are_typographic_loses_nothing():
    assert found([curly], ["I don\u2019t"]) == []


def test_python_rules_count_if_their_votes_depend_on_the_text_alone():
    import random

    @lk.labeling_function
    def lucky(text: str) -> int:
        return int(random.random() * 2)

    (problem,) = found([by_python, lucky], ["Mu\u0308ller"] * 40)
    assert "by_python gains 40" in problem.message
    assert "lucky" not in problem.message


def test_rows_on_which_a_rule_fails_are_not_counted():
    @lk.labeling_function
    def fails(text: str) -> int:
        raise ValueError(text)

    assert found([fails, mull], ["Mu\u0308ller"]) == []


def test_the_kinds_do_not_count_one_another():
    text = "\uff26\uff32\uff25\uff25 don\u2019t"
    assert [one.code for one in found([pattern, fine], [text])] == ["LK919"]
    free = lk.keywords("free", label=1).rule(name="free")
    assert [one.code for one in found([free, pattern], [text])] == ["LK919", "LK921"]


def test_one_line_mends_all_kinds():
    hints = {one.hint for one in found([mueller, pattern], ["Mu\u0308ller", "I don\u2019t"])}
    assert len(hints) == 1
    assert '["composed", "quotes"]' in hints.pop()


def test_most_rules_are_named_and_the_others_counted():
    rules = [lk.keywords("Müller", label=1).rule(name=f"rule_{i}") for i in range(6)]
    (problem,) = found(rules, ["Mu\u0308ller"])
    assert problem.message.endswith("rule_3 gains 1; and 2 rules more")


def test_a_column_whose_name_is_no_python_name_has_a_remedy_too():
    rule = lk.keywords("Müller", label=1).rule(name="rule", column="the text")
    (problem,) = found([rule], {"the text": ["Mu\u0308ller"]})
    assert 'normalized = lk.normalized_text("the text", steps=["composed"])' in problem.hint


@pytest.mark.parametrize("code", CODES)
def test_the_remedy_gives_the_votes_and_ends_the_finding(code, tmp_path):
    _, text, _, _ = KINDS[code]
    (problem,) = found([KINDS[code][0]], [text])
    path = tmp_path / "rules.py"
    rules = (
        "mueller = lk.keywords('Müller', label=1).rule(name='mueller')\n"
        'pattern = lk.regex("don\'t", label=1).rule(name="pattern")\n'
        "money = lk.regex('free money', label=1).rule(name='money')\n"
        "fine = lk.keywords('fine', label=1).rule(name='fine')\n"
    )
    path.write_text("import labelkit as lk\n" + problem.hint.split(": ", 1)[1] + "\n" + rules, "utf-8")
    lfs = lk.collect(path, labels=["HAM", "SPAM"])
    assert (lk.Applier(lfs).apply([text]).votes >= 0).sum() == 1
    assert [one for one in check_rules(lfs, [text]).problems if one.code in CODES] == []


def test_rules_whose_own_words_are_apart_are_told_without_a_corpus():
    apart = unicodedata.normalize("NFD", "Müller")

    @lk.labeling_function
    def in_python(text: str) -> int | None:
        return 1 if "Mu\u0308ller" in text else None

    rules = [
        lk.keywords(apart, label=1).rule(name="words"),
        lk.regex(apart, label=1).rule(name="pattern"),
        lk.near("Herr", apart, words=2).rule(name="nearby", label=1),
        lk.lookup({apart}, match="value", label=1).rule(name="value"),
        in_python,
        mueller,
        by_python,
    ]
    problems = check_rules(lk.LabelingFunctions(rules, labels=["HAM", "SPAM"])).problems
    told = [one.rule for one in problems if "letters and accents apart" in one.message]
    assert told == ["words", "pattern", "nearby", "value", "in_python"]


# Spellings that ignoring case does not make equal -----------------------------------------------------------------------

STREET = lk.keywords("stra\u00dfe", label=1).rule(name="street")
SWISS = lk.keywords("strasse", label=1).rule(name="swiss")


def of_sharp_s(rules, corpus):
    report = check_rules(lk.LabelingFunctions(rules, labels=["HAM", "SPAM"]), corpus)
    return [problem for problem in report.problems if problem.code == "LK923"]


def test_votes_that_hang_on_sharp_s_are_counted_both_ways():
    (capitals,) = of_sharp_s([STREET], ["nothing", "in der STRASSE", "in der Stra\u00dfe", None])
    assert capitals.severity == "note"
    assert (
        "1 of the 4 rows that were tried would get other votes (the first: row 1): street gains 1" in capitals.message
    )
    (swiss,) = of_sharp_s([SWISS], ["in der Stra\u00dfe", "STRA\u1e9eE", "in der Strasse"])
    assert "swiss gains 2" in swiss.message
    (together,) = of_sharp_s([STREET, SWISS], ["in der Strasse", "in der Stra\u00dfe"])
    assert "2 of the 2 rows" in together.message


def test_sharp_s_is_not_told_of_rules_with_both_spellings_or_where_no_vote_hangs_on_it():
    both = lk.keywords("stra\u00dfe", "strasse", label=1).rule(name="both")
    either = lk.regex("(?i)stra(?:\u00df|ss)e", label=1).rule(name="either")
    texts = ["STRASSE", "Stra\u00dfe", "Kissen", "gro\u00df"]
    assert of_sharp_s([both, either], texts) == []
    assert of_sharp_s([STREET, SWISS], ["Kissen", "gro\u00df"]) == []


@pytest.mark.parametrize(
    ("word", "text"),
    [("\u03bb\u03cc\u03b3\u03bf\u03c2", "\u039b\u038c\u0393\u039f\u03a3"), ("k\u0131rm\u0131z\u0131", "KIRMIZI"), ("iade", "\u0130ADE"),
     ("stra\u00dfe", "STRA\u1e9eE")],
)  # fmt: skip
def test_final_sigma_and_the_turkish_i_are_equal_to_rules_already(word, text):
    assert lk.keywords(word, label=1).rule(name="rule", column="text")(text) == 1

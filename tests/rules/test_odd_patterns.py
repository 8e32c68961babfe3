"""Patterns and words that are probably not meant as they are written are named, and usual ones are not."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings, strategies as st

import labelkit as lk
from labelkit.checks.lint import lint
from labelkit.rules.oddities.patterns import odd_patterns
from labelkit.rules.oddities.words import idle_patterns, odd_words

ODD = [
    (r"\bc\+\+\b", r"write (?!\w) in place of this \b"),
    (r"\b(?:c\+\+|java)\b", r"write (?!\w) in place of this \b"),
    (r"\b\$\d+", r"write (?<!\w) in place of this \b"),
    (r"(?i)\b(\$|usd)\s?\d+\b", r"write (?<!\w) in place of this \b"),
    (r"\d+\s?(?:%|percent)\b", r"write (?!\w) in place of this \b"),
    (r"\b#\w+", r"write (?<!\w) in place of this \b"),
    ("\\b\U0001f602\\b", r"write (?<!\w) in place of this \b"),
    (r"\bfree!\b", r"write (?!\w) in place of this \b"),
    ("[free|win]", "write (free|win)"),
    (r"\b[free|win|cash]\b", "write (free|win|cash)"),
    ("/free/i", 'leave them out: regex(r"(?i)free")'),
    (r"/\bfree\b/gm", r'leave them out: regex(r"\bfree\b")'),
    ("free | win", "leave the spaces out: a|b"),
    ("(free | win) now", "leave the spaces out: a|b"),
    ("c++", r"write c\+\+ for the signs themselves"),
    (r"\b(c++|java)\b", r"write c\+\+ for the signs themselves"),
    ("$5", r"write \$5 for the sign itself"),
    (r"free|\b$100", r"write \$100 for the sign itself"),
    ("a^b", r"write a\^ for the sign itself"),
    ("free^", r"write free\^ for the sign itself"),
    ("%free%", "leave them out"),
    ("[A-z]+", "write A-Za-z"),
    (r"free[0-9A-z]", "write A-Za-z"),
    (r"\\bfree\\b", r"in a string with r, one backslash is enough: \b"),
    (r"call \\d+", r"in a string with r, one backslash is enough: \d"),
    (r"[\bfree\b]", "write it outside of []"),
    (r"free|\ud83d\ude00", r"write \U0001f600"),
    (r"free[^\b]", "write it outside of []"),
    (r"(\s|[\s\b])free", "write it outside of []"),
]

USUAL = [
    r"\b-\b",
    r"\b[#$]\d+",
    r"\bc\+\+(?!\w)",
    r"(?<!\w)\$\d+\b",
    r"\b(free|win)\b",
    r"\b(a+|b)\b",
    r"\b\d+\+\b",
    r"\b\d{1,3}%",
    r"\b#\b",
    r"\b(#\d+)?free\b",
    r"\ba(b|c#)d\b",
    r"\bno\.\b",
    r"\b(?=\$)",
    r"https?://|www\.",
    r"\$\d+(\.\d\d)?",
    r"[$€£]5",
    r"^free$|^win$",
    r"(^|\s)free($|\s)",
    r"free$|win",
    r"\[free|win\]",
    r"[a-z|]+",
    r"[^|]+\|[^|]+",
    r"/home/\w+/",
    r"/r/",
    r"(is | was )",
    r"( is | was | has )",
    r"a  |  b",
    r"(?x) free | win  # c++ for $5",
    r"c\+\+",
    r"\w++\d",
    r"[+]+",
    r"a+\+",
    r"(?m)a\n^b",
    r"x\^2",
    r"100%|50%",
    r"\d+%",
    r"[a-zA-Z]",
    r"C:\\docs\\work",
    r"\\server",
    r"[a^b]",
    r"(a|b)++",
    "",
    r"[\b\f\n\r\t]",
    r"[\\b]free",
    r"[^\ud800-\udfff]",
    r"\U0001f600",
    r"\[\bfree\b\]",
]


@pytest.mark.parametrize(("pattern", "remedy"), ODD)
def test_an_odd_pattern_is_named_with_what_is_meant(pattern, remedy):
    (only,) = odd_patterns(pattern)
    assert only.remedy == remedy


@pytest.mark.parametrize("pattern", USUAL)
def test_a_usual_pattern_is_not(pattern):
    assert list(odd_patterns(pattern)) == []


def test_flags_count():
    assert list(odd_patterns("free | win", re.VERBOSE)) == []
    assert list(odd_patterns("a^b", re.MULTILINE)) == []


@settings(max_examples=300, deadline=None)
@given(
    st.text("ab$^|()[]\\*+?. \n", max_size=12),
    st.text("ab$^ \n", max_size=8),
    st.sampled_from([0, re.MULTILINE, re.DOTALL]),
)
def test_what_is_said_never_to_match_never_does(pattern, text, flags):
    for odd in odd_patterns(pattern, flags):
        piece = re.fullmatch(r"'(.*)' never matches.*", odd.reason)
        if piece is not None:
            assert re.search(piece[1], text, flags) is None


def test_rules_are_looked_through_with_their_code(tmp_path):
    path = tmp_path / "rules.py"
    path.write_text(
        "import re\nimport labelkit as lk\n"
        "a = lk.regex('[free|win]', label=1).rule(name='a')\n"
        "b = lk.near(lk.regex('c++'), lk.keywords('d')).rule(name='b', label=1)\n"
        "@lk.labeling_function\ndef c(text):\n    return 1 if re.search('[cash|money]', text) else -1\n"
    )
    named = {(one.rule, one.code) for one in lint(lk.collect(path, labels=2))}
    assert named == {("a", "LK905"), ("b", "LK905"), ("c", "LK905")}


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("priz*", "'priz*' is looked for with its asterisk, which stands for no letters"),
        ("*ize", "'*ize' is looked for with its asterisk, which stands for no letters"),
        ("free\nwin\n", r"'free\nwin\n' is one phrase of several lines, not several words"),
        ("free,win", "'free,win' is one phrase with its commas, not several words"),
        ("%free%", "'%free%' is looked for with its percent signs, which stand for no letters"),
        ("free; win", "'free; win' is one phrase with its commas, not several words"),
    ],
)
def test_words_that_are_lists_or_have_wildcards(words, reason):
    assert [odd.reason for odd in odd_words(lk.keywords(words, label=1).rule(name="a"))] == [reason]
    assert list(odd_words(lk.lookup({words: 1}, match="value").rule(name="a"))) == []


@pytest.mark.parametrize(
    ("word", "remedy", "votes", "does_not"),
    [
        ("priz*", 'regex(r"(?i)\\bpriz\\w*") does', ["a Prize", "priz"], ["apriz"]),
        ("*ize", 'regex(r"(?i)\\w*ize\\b") does', ["a Prize", "ize"], ["izes"]),
        ("*größe*", 'regex(r"(?i)\\w*größe\\w*") does', ["Schuhgrößen"], ["gross"]),
        ("c. od*", 'regex(r"(?i)\\bc\\. od\\w*") does', ["C. ODs"], ["c- od"]),
        ('so-"free*', 'regex(r"(?i)\\bso-\\x22free\\w*") does', ['so-"freed'], ["so-freed"]),
        ("free, win;cash", 'keywords("free", "win", "cash")', ["a win", "cash"], ["sash"]),
        ("can’t", 'give both: "can\'t" and "can’t"', [], []),
    ],
)
def test_the_remedy_is_written_with_the_words_of_the_rule(word, remedy, votes, does_not):
    (odd,) = odd_words(lk.keywords(word, label=1).rule(name="a"))
    assert remedy in odd.remedy
    written = re.search(r"(regex|keywords)\(.*\)(?= does|$)", odd.remedy.partition("; or ")[0])
    if votes:
        rule = eval(f"lk.{written[0][:-1]}, label=1)").rule(name="b")
        assert [rule(text) for text in votes + does_not] == [1] * len(votes) + [-1] * len(does_not)


PATTERNS = (
    r"\bfree\b", "free.*", "(free|gratis)", "gr[ae]y", "[Ff]ree", "colou?r", "stra?e", "größe*", r"free\.com", "wo{2,}w",
    "[0-9]{4}", "file(s)?", "(un)?subscribe", "(?i)free", "(?:a|b)c", "^free$", r"\d+ euro", "http.+", r"\w+ing", "[a-z]+",
)  # fmt: skip


@pytest.mark.parametrize("word", PATTERNS)
def test_words_that_are_patterns(word):
    (odd,) = odd_words(lk.keywords(word, label=1).rule(name="a"))
    assert "is looked for as it is" in odd.reason or "which stands for no letter" in odd.reason
    assert list(odd_words(lk.lookup({word: 1}, match="value").rule(name="a"))) == []


def test_the_remedy_of_a_question_mark_runs():
    (odd,) = odd_words(lk.keywords("colou?r", label=1).rule(name="a"))
    rule = eval(f"lk.{odd.remedy.partition(') takes')[0]}, label=1)").rule(name="b")
    assert [rule(text) for text in ("a Color", "colour", "colours")] == [1, 1, -1]


USUAL = (
    "f*ck", "***", "sorry, but", "1,000", "free \n", "5 * 3", "what?", "a.b", "C++", "(c)", "Ph.D.", "$5", "C#", "[removed]",
    "what's up?", "(free)", "^_^", "node.js", "x^2", "{name}", "and/or", "[sic]", "(?)", "??", "wait...what?", "+1", "A+",
    "youtube.com/watch?v=", "name[at]example", "C:\\downloads", r"\\server\share", r"\beta", r"\section", "US$", "p(x)", "items[0]",
)  # fmt: skip


@pytest.mark.parametrize("word", USUAL)
def test_usual_words(word):
    assert list(odd_words(lk.keywords(word, label=1).rule(name="a"))) == []


@pytest.mark.parametrize("make", [lk.keywords, lk.regex])
def test_the_name_of_a_file_that_is_there_is_no_word(make, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rule = make("words.txt", label=1).rule(name="a")
    assert list(odd_words(rule)) == []
    (tmp_path / "words.txt").write_text("free\n")
    (only,) = odd_words(rule)
    path = re.fullmatch(r"lookup\('(.*)', label=...\) reads its lines", only.remedy)[1]
    assert lk.lookup(path, label=1).rule(name="a")("free") == 1


@pytest.mark.parametrize("file_name", ["words.csv", "one.json", "words.xlsx", "words.txt.gz", "a.parquet"])
def test_the_name_of_a_file_beside_the_rules_is_no_word(tmp_path, file_name):
    (tmp_path / file_name).write_text("word\nfree\n")
    rule = f"a = lk.keywords({file_name!r}, label=1).rule(name='a')\n"
    (tmp_path / "rules.py").write_text(f"import labelkit as lk\n{rule}")
    (only,) = odd_words(lk.collect(tmp_path / "rules.py", labels=2)["a"])
    assert only.remedy == f"lookup({file_name!r}, label=...) reads its lines"


@pytest.mark.parametrize(
    "pattern", ["free|", "|free", "a?", "(?:ab)*", "^", "$|^", "(?!x)", "x*$", "^(free)?", "^.{0,8}", ".*", ""]
)
def test_a_pattern_that_is_in_every_text_is_named(pattern):
    assert len(list(idle_patterns(lk.regex(pattern, label=1).rule(name="rule")))) == 1


@pytest.mark.parametrize(
    "pattern",
    ["^.{0,8}$", "^a?$", "^.?$", r"^\W*$", r"^\s*$", "^(?!a)", r"\b", "^$", "^[^a]*$", "[^a]", "^.{0,3}(?!.)$"],
)
def test_a_pattern_that_some_texts_have_not_is_not(pattern):
    assert list(idle_patterns(lk.regex(pattern, label=1).rule(name="rule"))) == []


def test_a_pattern_that_is_in_every_text_is_told_of_by_runs_too():
    rule = lk.regex("free|", label=1).rule(name="rule")
    with pytest.warns(
        UserWarning, match=r"rule 'rule': its pattern 'free\|' is found in every text.*\[LK922\]. Hint: look"
    ):
        lk.Applier(lk.LabelingFunctions([rule], labels=2)).apply({"text": ["hello"]})

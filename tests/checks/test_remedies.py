"""What a hint of the lint says to write ends the finding, and no hint says what the rule has already."""

import re
import unicodedata

from hypothesis import HealthCheck, given, settings, strategies as st

import labelkit as lk
from labelkit.checks._faster_regex import rewritings
from labelkit.checks.lint import lint
from labelkit.checks.slow_regex import slow_patterns
from labelkit.rules.oddities.words import odd_words
from labelkit.rules.predicates import Pattern

# Regular expressions --------------------------------------------------------------------------------------------------

ATOMS = st.sampled_from([r"\w", r"\d", ".", "a", r"[\w.]", "[^@]", r"\s", "(?:ab)", "[a-z]", r"\.", "[+*]", r"\+"])
LOOPS = st.sampled_from(["", "", "+", "*", "{2,}", "?", "+?", "*?"])
PIECES = st.tuples(ATOMS, LOOPS).map("".join)
PATTERNS = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["", r"\b", "^", "x"]),
    st.lists(PIECES, min_size=1, max_size=2).map("".join),
    st.sampled_from(["@", "free", ""]),
    st.lists(PIECES, max_size=1).map("".join),
).filter(lambda text: re.compile(text) is not None)


def findings(pattern):
    return lint(lk.LabelingFunctions([lk.regex(pattern, label=1).rule(name="rule")], labels=2))


@given(PATTERNS)
@settings(max_examples=200, deadline=None)
def test_a_rewriting_is_another_pattern_and_compiles(text):
    for one in rewritings(Pattern(text)):
        assert one.pattern.pattern != text
        assert not re.search(r"\\b\\b|\^\\b", one.pattern.pattern)
        re.compile(one.pattern.pattern)
        assert one.pattern.pattern not in {again.pattern.pattern for again in rewritings(one.pattern)}


@given(st.lists(PATTERNS, min_size=1, max_size=3, unique=True))
@settings(max_examples=5, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
def test_what_the_hint_of_a_slow_pattern_says_to_write_is_not_slow(texts):
    found = slow_patterns(map(Pattern, texts))
    mended = [one.rewriting.pattern for one in found if one.rewriting is not None]
    assert slow_patterns(mended) == []


def test_hints_of_slow_patterns_name_what_they_have_not():
    hints = {
        r"\w+@\w+": r"begin it with \b (where a word begins): \b\w+@\w+",
        r"(?i)[\w.]+@": r"begin it with \b (where a word begins): (?i)\b[\w.]+@",
        r"\bx.*y": r"write {1,64} for + and {0,64} for *: \bx.{0,64}y",
    }
    for text, hint in hints.items():
        (problem,) = findings(text)
        assert (problem.code, problem.hint) == ("LK906", hint)
        mended = hint.split(": ", 1)[1]
        assert "LK906" not in {one.code for one in findings(mended)}
    for text in (r"\b(a+)+$", r"\b(?:a{1,64}){1,}$"):
        (problem,) = findings(text)
        assert problem.code == "LK906"
        assert "\\b" not in problem.hint
        assert "{1,64}" not in problem.hint


def test_a_pattern_of_places_alone_is_not_told_of_options():
    for text in ("^", "$|^", "(?!x)", r"(?i)^", "a|", "a?", "(?:ab)*"):
        (problem,) = findings(text)
        assert problem.code == "LK922"
        assert ("empty alternative" in problem.hint) is any(sign in text.replace("(?", "(") for sign in "|?*")


# Words ----------------------------------------------------------------------------------------------------------------

PARTS = st.sampled_from(
    ["free", " ", "don", "\u2019", "'", "\u201c", "mu\u0308", "免费", "\u200b", "\u00ad", ".*", r"\b", "[ab]+", ", ",
     "*", "\n", "win", "\u200d", "👩", "می", "\u200c", "é"]
)  # fmt: skip
WORDS = st.lists(PARTS, min_size=1, max_size=5).map("".join).filter(lambda word: word.strip())
STRAIGHT = str.maketrans("\u2018\u2019\u201c\u201d", "''\"\"")


def followed(entries, remedy, whole_word):
    """Do what a remedy says; returns the words, whether they are whole words, and whether they are a pattern."""
    if remedy == "whole_word=False":
        return entries, False, False
    if remedy.startswith("save the source composed"):
        return [unicodedata.normalize("NFC", one) for one in entries], whole_word, False
    if remedy == "type it anew, without":
        bare = [re.sub("[\u200b-\u200d\u2060\ufeff\u00ad]", "", one) for one in entries]
        return [one for one in bare if one.strip()] or ["other"], whole_word, False
    if remedy.startswith("give both"):
        return [*entries, *(one.translate(STRAIGHT) for one in entries)], whole_word, False
    if remedy.startswith(("give them apart", "leave them out")):
        parts = [part.strip() for one in entries for part in re.split("[,;%\n]", one) if part.strip()]
        return parts or ["other"], whole_word, False
    assert remedy.startswith("regex(")
    return entries, whole_word, True


@given(WORDS)
@settings(max_examples=300, deadline=None)
def test_following_the_remedies_of_odd_words_ends_them(word):
    entries, whole_word, seen = [word], True, []
    while True:
        rule = lk.keywords(*dict.fromkeys(entries), label=1, whole_word=whole_word).rule(name="rule")
        odd = list(odd_words(rule))
        if not odd:
            break
        assert odd[0].remedy not in seen
        seen.append(odd[0].remedy)
        entries, whole_word, is_pattern = followed(entries, odd[0].remedy, whole_word)
        if is_pattern:
            break


def test_joiners_are_spelling_in_persian_and_emoji():
    for word in ("می\u200cخواهم", "👩\u200d💻"):
        assert list(odd_words(lk.keywords(word, label=1).rule(name="rule"))) == []
    for word in ("fr\u200dee", "\u200cfree", "free\u200c"):
        (odd,) = odd_words(lk.keywords(word, label=1).rule(name="rule"))
        assert "invisible" in odd.reason

"""Scans say what the definitions say, of every text and every test."""

import os
import pickle
import re
import subprocess
import sys
from unittest import mock

import numba
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, note, settings, strategies as st

from labelkit.matching import ColumnScan, _numba, _regex_engine, column_scan
from labelkit.matching._unicode_tables import (
    MIXED,
    N_CODE_POINTS,
    WORD,
    characters_to,
    fold_text,
    folds,
    members,
    mixed_characters,
    n_of_a_class,
    n_with_case,
    symbols,
    unsure_characters,
)
from labelkit.matching.regex_syntax import NotReadError, read
from labelkit.rules.predicates import Pattern, Words

LONG = bool(os.environ.get("LABELKIT_LONG_TESTS"))
"""A million cases instead of some ten thousands."""

TRICKY = (
    *"aAbBcksSKiIoz019_",
    *("\u017f", "\u212a", "\u0130", "\u0131", "\u03c3", "\u03c2", "\u03a3", "\u00b5", "\u03bc", "\u00df", "\u1e9e"),
    *("\u01c4", "\u01c5", "\u01c6", "\u212b", "\u00e5", "\u00c5", "\u0345", "\u03b9", "\u0399", "\u1fbe"),
    *("\u0663", "\u24b6", "\u24d0", "\u65e5", "\u0301", "\U0001f525", "\u2764\ufe0f", "\U00010400", "\U00010428"),
    *("\ufb05", "\ufb06", "\u0390", "\u1fd3", "\u0432", "\u1c80"),
)
SPACES = (*" \t\n\r\x0b\x0c", "\x1c", "\x1d", "\x1e", "\x1f", "\x85", "\xa0", "\u2028", "\u3000", "  ", "\n\n")
MARKS = (*"+-#!?.'$@&\\^[](){}|*/:,~%", "\x00", "\u200d", "\u2019")
CHARACTERS = st.one_of(
    st.sampled_from(TRICKY), st.sampled_from(SPACES), st.sampled_from(MARKS), st.characters(codec="utf-8")
)
CASES: list[int] = []
KNOWN = settings(deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="session", autouse=True)
def count_of_cases(record_testsuite_property):
    """How many cells of text x test were held against their definition, for the report of a run."""
    yield
    record_testsuite_property("cases", sum(CASES))


def many(n_examples):
    """Settings for a property whose examples each check about a hundred cells."""
    return settings(KNOWN, max_examples=n_examples * (40 if LONG else 1))


def hold(tests, texts, array_type=None):
    """Hold a scan against the definitions."""
    votes = ColumnScan(tests).scan(pa.array(texts, array_type or pa.string()))
    expected = np.array([[text is not None and test.matches(text) for test in tests] for text in texts], dtype=bool)
    CASES.append(expected.size)
    for row, column in np.argwhere(votes != expected.reshape(votes.shape)).tolist()[:1]:
        pytest.fail(f"{tests[column]!r} says {expected[row, column]} of {texts[row]!r}, and the scan does not")


# ------------------------------------------------------------------------------------------------------ words


@st.composite
def lists_of_words(draw):
    phrase = st.lists(CHARACTERS, min_size=1, max_size=6).map("".join).filter(str.strip)
    common = st.sampled_from(
        ["a", "b", "check out", "c++", "#ad", "ask", "straße", "a b", "a  b c", "!!!", "\U0001f525", "don't"]
    )
    words = st.lists(st.one_of(phrase, common), min_size=1, max_size=5).map(tuple)
    return draw(st.lists(st.builds(Words, words, st.booleans(), st.booleans()), min_size=1, max_size=5))


def texts_about(tests):
    """Texts of the words themselves, in other cases and spacings, and of anything between them."""
    words = [word for test in tests for word in test.words]
    change = st.sampled_from([str, str.upper, str.lower, str.title, str.swapcase, fold_text])
    word = st.builds(lambda one, how: how(one), st.sampled_from(words), change)
    spaced = st.builds(lambda one, space: space.join(one.split()), word, st.sampled_from(SPACES))
    between = st.one_of(st.just(""), st.just(" "), CHARACTERS)
    text = st.lists(st.one_of(word, spaced, between, between), max_size=9).map("".join)
    return st.lists(st.one_of(st.none(), text, text, text), min_size=1, max_size=25)


@many(150)
@given(st.data())
def test_lists_of_words_vote_as_their_definition_does(data):
    tests = data.draw(lists_of_words())
    texts = data.draw(texts_about(tests))
    hold(tests, texts, data.draw(st.sampled_from([pa.string(), pa.large_string()])))


@pytest.mark.parametrize("whole_word", [True, False])
@pytest.mark.parametrize("ignore_case", [True, False])
def test_phrases_share_beginnings_and_gaps_and_lists(whole_word, ignore_case):
    lists = [
        ("new", "new york", "new york city", "york city"),
        ("New-York", "new  york", "york"),
        ("a.b", "a b", "a. b", "ab"),
    ]
    tests = [Words(words, ignore_case, whole_word) for words in lists]
    hold(
        tests,
        ["new york city", "NEW-YORK", "New\n\nYork", "newyork", "york  city", "a .b", "A. B", "a.b", "xa.b", "ab", ""],
    )


def test_many_phrases_are_one_pass_with_the_same_votes():
    rng = np.random.default_rng(5)
    words = [f"w{i}" for i in range(300)]
    phrases = tuple({" ".join(rng.choice(words, rng.integers(1, 4))) for _ in range(3000)})
    tests = [Words(phrases[start : start + 700]) for start in range(0, 2800, 700)]
    texts = [" ".join(rng.choice(words, rng.integers(0, 6))) for _ in range(200)]
    votes = ColumnScan(tests).scan(pa.array(texts))
    for number, test in enumerate(tests):
        expected = [any(f" {phrase} " in f" {text} " for phrase in test.words) for text in texts]
        assert votes[:, number].tolist() == expected


DESERET, DESERET_SMALL = "\U00010400", "\U00010428"


@pytest.mark.parametrize(
    "words", [("a", DESERET), (DESERET, "bcd"), (f"x{DESERET}", "xb"), (DESERET_SMALL, "a"), (DESERET,)]
)
@pytest.mark.parametrize("whole_word", [True, False])
def test_letters_of_the_far_planes_are_found_where_re_finds_them_and_overlooked_where_it_overlooks_them(
    words, whole_word
):
    tests = [Words(words, whole_word=whole_word), Words(("a",)), Words((*words, "a b"), ignore_case=False)]
    hold(tests, [*words, *(word.swapcase() for word in words), f"a {DESERET}", f"x{DESERET_SMALL}", "a b", "b", None])


def test_lists_without_words_or_with_blank_ones_keep_their_definition():
    hold([Words(()), Words((" ", "a"), whole_word=False)], ["", "a", "b", None])


# --------------------------------------------------------------------------------------------------- patterns


@st.composite
def patterns(draw):
    """A pattern from a grammar of nearly all that ``re`` has to offer, with flags."""
    return Pattern(draw(global_flags()) + _Grammar(draw).alternatives(3), draw(flag_values()))


def flag_values():
    flags = [re.IGNORECASE, re.MULTILINE, re.DOTALL, re.ASCII, re.VERBOSE]
    return st.lists(st.sampled_from(flags), max_size=3).map(lambda some: int(sum(set(some))))


def global_flags():
    return st.sampled_from(["", "", "", "", "(?i)", "(?s)", "(?m)", "(?im)", "(?a)", "(?ia)"])


SET_MEMBERS = (
    *("a-c", "A-K", "0-9", r"\w", r"\d", r"\s", r"\W", r"\S", r"\-", r"\n", "\u017f", "\u0130", "k", "s", "i", "_"),
    *("\u0370-\u03ff", "\U00010400-\U0001044f", "\u0100-\uffff", "\u01c5"),
)


class _Grammar:
    """Writes a pattern piece by piece."""

    def __init__(self, draw):
        self.draw = draw
        self.n_groups = 0
        self.loops = 0

    def one_of(self, *choices):
        return self.draw(st.sampled_from(choices))

    def alternatives(self, depth):
        some = [self.sequence(depth) for _ in range(self.one_of(1, 1, 1, 2, 3))]
        return "|".join(some)

    def sequence(self, depth):
        return "".join(self.repeated(depth) for _ in range(self.one_of(0, 1, 1, 2, 2, 3, 4)))

    def repeated(self, depth):
        if self.one_of(0, 0, 1) or self.loops > 1:
            return self.atom(depth)
        self.loops += 1
        atom = self.atom(depth)
        self.loops -= 1
        count = self.one_of("*", "+", "?", "{2}", "{1,3}", "{,2}", "{2,}", "{0}", "{3,5}")
        return atom + count + self.one_of("", "", "", "?", "+") if atom else ""

    def atom(self, depth):
        kinds = ["character"] * 5 + ["set"] * 4 + ["category"] * 3 + ["anchor"] * 3
        if depth:
            kinds += ["group"] * 4 + ["look"] * 3 + ["reference", "conditional"]
        return getattr(self, f"_{self.draw(st.sampled_from(kinds))}")(depth)

    def _character(self, depth):
        return self.one_of(".", *(re.escape(one) for one in (*"aAbksSKiI019_ \n-", *TRICKY[16:])))

    def _set(self, depth):
        members = "".join(self.one_of(*SET_MEMBERS) for _ in range(self.one_of(1, 1, 2, 3)))
        return f"[{self.one_of('', '', '^')}{members}]"

    def _category(self, depth):
        return self.one_of(r"\w", r"\d", r"\s", r"\W", r"\D", r"\S")

    def _anchor(self, depth):
        return self.one_of("^", "$", r"\A", r"\Z", r"\b", r"\b", r"\B")

    def _group(self, depth):
        kind = self.one_of("(", "(", "(?:", "(?:", "(?P<", "(?>", "(?i:", "(?-i:", "(?a:", "(?s-m:", "(?m:", "(?x: ")
        self.n_groups += kind in {"(", "(?P<"}
        name = f"g{self.n_groups}>" if kind == "(?P<" else ""
        return f"{kind}{name}{self.alternatives(depth - 1)})"

    def _look(self, depth):
        return f"{self.one_of('(?=', '(?!', '(?<=', '(?<!')}{self.alternatives(depth - 2 if depth > 1 else 0)})"

    def _reference(self, depth):
        return (
            f"\\{self.one_of(1, self.n_groups)}"
            if self.n_groups
            else self.one_of("(a)\\1", r"(\w)\1{2,}", r"([^a])\1*s", r"(.)\1+?$")
        )

    def _conditional(self, depth):
        return (
            f"(?({self.one_of(1, self.n_groups)}){self.sequence(0)}|{self.sequence(0)})"
            if self.n_groups
            else "(b)?(?(1)a|k)"
        )


def valid(pattern):
    try:
        return pattern.regex is not None
    except (re.error, OverflowError, RecursionError):
        return False


SHORT_TEXTS = st.lists(st.one_of(st.sampled_from([*"aAbksSKiI019_ \n-", *TRICKY[16:]]), CHARACTERS), max_size=14).map(
    "".join
)


@many(250)
@given(
    st.lists(patterns().filter(valid), min_size=1, max_size=6),
    st.lists(SHORT_TEXTS, min_size=20, max_size=50),
    st.sampled_from([_regex_engine.MOST_TOGETHER, 0, 2]),
)
@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")
def test_patterns_of_any_kind_vote_as_their_definition_does(some, texts, together):
    note(str(some))
    with mock.patch.object(_regex_engine, "MOST_TOGETHER", together):  # so few are taken apart into their ways too
        hold(some, texts)


STRINGS = (
    *(
        "ask",
        "kiss",
        "KIOSK",
        "stra\u00dfe",
        "na\u00efve",
        "\u017fink",
        "\u212aelvin",
        "\u0130\u0131i",
        "\u03c3\u03c2\u03a3",
    ),
    *(
        "a\u03b9b",
        "\u1fbe!",
        "x\u0345y",
        "\U00010400a",
        "\U0001f525\U0001f525",
        "\u65e5\u672c",
        "c++",
        "#ad",
        "@",
        "\u20ac",
        "http://",
        "a.m",
    ),
)
WAYS = (
    *(
        "{}",
        r"\b{}\b",
        "{}s?{}",
        r"(?:{}|{})\d",
        "(?<!x){}",
        "{}(?!{})",
        r"{}\s+{}",
        "{} {}",
        "(?:{}){{2}}",
        "(?:{}){{1,3}}!",
        "^{}$",
    ),
    *(
        "[{}]{{3}}",
        r"\d+|{}",
        "{}|{}(?=b)|(?<=ab){}",
        r"({})\1",
        "(?>{}|b){}",
        "x*{}",
        "(?:{})+z",
        "(?i:{})y{}",
        "{}\n{}",
        "{}(?!)|{}",
    ),
)


@st.composite
def patterns_with_strings(draw):
    piece = st.sampled_from(STRINGS).map(re.escape)
    way = draw(st.sampled_from(WAYS))
    return Pattern(way.format(*(draw(piece) for _ in range(3))), draw(flag_values()) & ~re.VERBOSE)


@many(100)
@given(st.lists(patterns_with_strings().filter(valid), min_size=1, max_size=40), st.data())
@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")
def test_ways_that_are_looked_for_by_their_strings_vote_as_their_definition_does(some, data):
    change = st.sampled_from([str, str, str.upper, str.lower, str.swapcase, fold_text])
    piece = st.builds(lambda one, how: how(one), st.sampled_from(STRINGS), change)
    between = st.sampled_from(["", "", " ", "  ", "\n", "s", "1", "!", "x", "y", "z", "ab", "\u2028 "])
    text = st.lists(st.one_of(piece, between), max_size=7).map("".join)
    with mock.patch.object(_regex_engine, "MOST_TOGETHER", 4):
        hold(some, data.draw(st.lists(st.one_of(st.none(), text, text, text), min_size=5, max_size=30)))


def test_hundreds_of_patterns_with_and_without_strings_vote_as_their_definition_does():
    rng = np.random.default_rng(11)
    words = ["".join(rng.choice(list("abcdeiklrst"), rng.integers(3, 8))) for _ in range(200)]
    flags = rng.choice([0, int(re.IGNORECASE)], 200).tolist()
    ways = [rf"\b{{}}\s+(?:\w+\s+)?{words[0]}", r"{}(?:ing|ed)?\b|\d{{4}}-\d\d", r"[A-Z]{{3,}}!|(?<!no ){}", r"\d+{}"]
    some = [Pattern(ways[i % 4].format(word), flag) for i, (word, flag) in enumerate(zip(words, flags, strict=True))]
    extras = ["2024-05", "ABC!", "no", words[0].upper(), "7", " ", "ing"]
    texts = [" ".join(rng.choice(words + 5 * extras, rng.integers(0, 12))) for _ in range(150)]
    hold(some, [*texts, None, ""])


LIFELIKE = (
    r"https?://\S+",
    r"https?://(?!www\.youtube\.com)",
    r"\bwww\.\w+\.(?:com|net)\b",
    r"[\w.+-]+@[\w-]+\.\w{2,}",
    r"\+?\d{1,3}[ .-]?\(?\d{3}\)?[ .-]?\d{3}[ .-]?\d{4}\b",
    r"(?<!\w)[$€£]\s?\d+(?:[.,]\d+)*(?!\d)",
    r"[!?]{3,}",
    r"(\w)\1{3,}",
    r"(?:\b[A-Z]{2,}\b\W*){2,}",
    r"(?<!not )\bgood\b",
    r"^(?=.*\d)(?=.*[A-Z]).{4,}$",
    r"(?i)\bfree\b.{0,20}\bclick\b",
    r"(?m)^>.*$",
    r"^\s*$",
    r"\A#",
    r"\d+\Z",
    r"good$",
    r"(?i)straße",
    r"(?a)\bna\w+",
    r"(?s)a.b",
    r"(?<=\bnot )bad",
    r"(?:(?:ha){2,}|lol+)\b",
    r"(?=\s|$)!?",
    r"(?<!\S)#\w+",
    r"\b(\w+)\s+\1\b",
    r"(['\"]).*?\1",
    r"\B-\B",
    r"(?i)[^\W\d_]+k\b",
)
PARTS = (
    "https://www.youtube.com",
    "http://a.b",
    "www.x.com",
    "me@x.org",
    "+1 555-123-4567",
    "$ 9.99",
    "€5",
    "!!!",
    "?!",
    "soooo",
    "AB",
    "WOW CD",
    "good",
    "not good",
    "not bad",
    "bad",
    "FREE",
    "click",
    "\n",
    "> q",
    "#tag",
    "straSSe",
    "STRAẞE",
    "naïve",
    "a\nb",
    "haha",
    "lolll",
    "the the",
    "'x'",
    '"',
    " - ",
    "\u212a",
    "ask",
    "\U0001f525",
    "日本",
    "42",
    " ",
    " ",
    "\t",
    "e\u0301",
    "",
)


@many(65)
@given(st.lists(st.lists(st.sampled_from(PARTS), max_size=8).map("".join), min_size=1, max_size=20))
def test_lifelike_patterns_vote_as_their_definition_does(texts):
    hold([Pattern(pattern) for pattern in LIFELIKE], texts)


def test_a_set_without_characters_matches_nothing():
    hold(
        [Pattern(r"[^\s\S]"), Pattern(r"a|[^\w\W]*b"), Pattern(r"(?![\s\S])$"), Pattern("(?!)|a")], ["", "a", "b", "\n"]
    )


def test_a_repetition_too_long_to_count_is_still_counted():
    hold(
        [Pattern(r"^(?:ab?){700,800}$"), Pattern(r"a{5000}"), Pattern("(?:a|b){40}$")],
        ["a" * 699, "a" * 750, "ab" * 900, "a" * 5000],
    )


@pytest.mark.parametrize(
    ("most_moves", "path"), [(150, "shared automaton on a relaxed pattern"), (20, "re on every row")]
)
def test_patterns_with_too_many_states_are_divided_then_relaxed_then_left_to_re(monkeypatch, most_moves, path):
    monkeypatch.setattr(_regex_engine, "MOST_MOVES", most_moves)
    rng = np.random.default_rng(3)
    texts = ["".join(rng.choice(list("ab1 !"), 40)) for _ in range(300)]
    some = [
        Pattern(p) for p in (r"a.{3}b", r"\bab?\b", r"[ab]{3,7}!", r"1(?:a|b){2}1", r"(?:a|b|1)*a(?:a|b|1){6}!", "ab")
    ]
    expected = np.array([[test.matches(text) for test in some] for text in texts])
    scan = ColumnScan(some)
    assert (scan.scan(pa.array(texts)) == expected).all()
    assert (scan.scan(pa.array(texts[::-1])) == expected[::-1]).all()
    assert scan.explain()[4].startswith(path)


@pytest.mark.parametrize("most_moves", [8, 13, 30, 61, 100, 240, 500, 2000])
def test_a_cache_that_is_full_of_moves_or_of_completed_patterns_changes_no_vote(monkeypatch, most_moves):
    monkeypatch.setattr(_regex_engine, "MOST_MOVES", most_moves)
    rng = np.random.default_rng(most_moves)
    texts = ["".join(rng.choice(list("ab1 !\n"), rng.integers(0, 60))) for _ in range(400)]
    hold(list(map(Pattern, (".", "[ab]", r"\w\W", r"\b", "a.{2}b", "(?:a|b|1){4}", "!$", "^", "a|!"))), texts)


def test_a_pattern_that_cannot_be_read_is_left_to_re(monkeypatch):
    def refuse(pattern):
        if "c" in pattern.pattern:
            raise NotReadError(pattern.pattern)
        return read(pattern)

    monkeypatch.setattr(_regex_engine, "read", refuse)
    scan = ColumnScan([Pattern("b+"), Pattern("c+")])
    assert scan.scan(pa.array(["abc", "b", None])).tolist() == [[True, True], [True, False], [False, False]]
    assert [line.partition(":")[0] for line in scan.explain()] == ["shared automaton, exact", "re on every row"]


# ------------------------------------------------------------------------------------------- every code point


def test_word_characters_and_white_space_are_those_of_re_for_every_code_point():
    kinds = (symbols() & 3).tolist()
    word, space = re.compile(r"\w").match, re.compile(r"\s").match
    for character, kind in zip(characters_to(N_CODE_POINTS), kinds, strict=True):
        assert (word(character) is not None) == (kind == WORD)
        assert (space(character) is not None) == (kind == 1)


def test_the_bounds_of_known_versions_of_unicode_are_those_that_a_search_finds():
    assert n_of_a_class() == n_of_a_class("unknown")
    assert n_with_case() == n_with_case("unknown")
    everything = characters_to(N_CODE_POINTS)
    assert re.search(r"[\w\s]", everything[n_of_a_class() :]) is None
    far = everything[n_with_case() :]
    assert far.lower() == far == far.upper()


def test_letters_are_equal_when_case_is_ignored_exactly_where_re_says_so():
    table, sizes = folds(), np.bincount(folds(), minlength=N_CODE_POINTS)
    cased = np.flatnonzero(sizes[table] > 1).tolist()
    together = "".join(map(chr, cased))
    for code in cased:
        equal = re.compile(re.escape(chr(code)), re.IGNORECASE).findall(together)
        assert equal == [chr(other) for other in cased if table[other] == table[code]]
    assert np.array_equal(np.flatnonzero(members(f"[{together}]+", re.IGNORECASE)), cased)


def test_unsure_letters_are_those_beyond_the_basic_plane_that_equal_another_one():
    sizes = np.bincount(folds(), minlength=N_CODE_POINTS)[folds()]
    assert unsure_characters() == {chr(code) for code in np.flatnonzero(sizes > 1).tolist() if code > 0xFFFF}


def test_folding_changes_the_kind_of_the_iota_subscript_alone():
    table = symbols()
    changed = np.flatnonzero((table & 3) != (table[folds()] & 3))
    letters, marks = mixed_characters()
    assert {chr(code) for code in changed} == marks == {"\u0345"}
    assert letters == {"\u03b9", "\u0399", "\u1fbe"}
    assert table[0x345] & 3 == MIXED


SINGLE = (
    ".",
    r"\w",
    r"\W",
    r"\d",
    r"\s",
    r"\S",
    r"[^\W\d_]",
    r"\b",
    r"\B",
    "(?a)\\w",
    r"(?a)\b",
    r"(?a)\s",
    "(?i)k",
    "(?i)s",
    "(?i)i",
    "(?i)[^k]",
    "(?i)[a-z]",
    "(?i)[^a-z]",
    "(?ia)[a-z]",
    "(?ia)k",
    "(?i)\u0130",
    "(?i)\u0131",
    "(?i)\u03c3",
    "(?i)[\u0370-\u03ff]",
    "(?i)\u00b5",
    "(?i)[\U00010400-\U00010427]",
    "(?i)[^\U00010400]",
    "(?i)\\w",
    "(?i)[\\W\u03b9]",
    "(?i)\u1fbe",
    "(?i)\u01c5",
    "^$",
    "(?m)^.",
    "(?s).$",
    r"(?<!\w).(?!\w)",
    "[\U0001f300-\U0001faff]",
    "(?i)[\u017f\u212a]",
    "(?i)\ufb05",
    "(?i)\u1e9e",
)


def test_patterns_agree_with_re_on_every_code_point():
    characters = [chr(code) for code in range(N_CODE_POINTS) if not 0xD800 <= code < 0xE000]
    votes = ColumnScan([Pattern(pattern) for pattern in SINGLE]).scan(pa.array(characters))
    for number, pattern in enumerate(SINGLE):
        search = re.compile(pattern).search
        wrong = [
            c for c, vote in zip(characters, votes[:, number].tolist(), strict=True) if vote != (search(c) is not None)
        ]
        assert not wrong, (pattern, wrong[:5])


def test_words_agree_with_re_on_every_code_point_beside_them():
    characters = [chr(code) for code in range(N_CODE_POINTS) if not 0xD800 <= code < 0xE000]
    tests = [Words(("a",)), Words(("a",), whole_word=False), Words(("#k",)), Words(("s", "i"), ignore_case=False)]
    for before, after in (("", "a"), ("a", ""), ("#", "")):
        texts = [before + character + after for character in characters]
        votes = ColumnScan(tests).scan(pa.array(texts))
        for number, test in enumerate(tests):
            search = test.regex.search
            expected = np.fromiter((search(text) is not None for text in texts), bool, len(texts))
            assert not np.flatnonzero(votes[:, number] != expected).tolist()


# ------------------------------------------------------------------------------------- columns of every shape

MIXTURE = [
    Words(("c++", "Check out")),
    Pattern(r"https?://(?!b)"),
    Words(("ab",), whole_word=False),
    Pattern(r"\d{2,}$"),
]
POSTS = [
    "Check  out C++",
    None,
    "http://a",
    "",
    "http://b cab 12",
    "\x00",
    "check\u2003out",
    "12\n",
    "12\n\n",
    "日本 ab12",
] * 3


@pytest.mark.parametrize("array_type", [pa.string(), pa.large_string()])
@given(st.integers(0, 29), st.integers(0, 29))
@KNOWN
def test_slices_of_a_column_are_read_in_place(array_type, start, length):
    column = pa.array(POSTS, array_type).slice(start, length)
    expected = [[post is not None and test.matches(post) for test in MIXTURE] for post in column.to_pylist()]
    votes = ColumnScan(MIXTURE).scan(column)
    assert votes.tolist() == expected
    assert votes.shape == (len(column), 4)


def test_the_votes_of_a_test_are_contiguous():
    votes = ColumnScan(MIXTURE).scan(pa.array(POSTS))
    assert votes.flags.f_contiguous
    assert votes.dtype == np.bool_


@pytest.mark.parametrize("column", [pa.array([], pa.string()), pa.nulls(3, pa.string()), pa.array(["", ""])])
def test_empty_columns_null_columns_and_empty_texts_have_an_answer(column):
    assert ColumnScan(MIXTURE).scan(column).tolist() == [[False] * 4] * len(column)
    assert ColumnScan([Pattern("^$")]).scan(column).tolist() == [[text == ""] for text in column.to_pylist()]


def test_no_tests_give_no_columns():
    assert ColumnScan([]).scan(pa.array(["a", "b"])).shape == (2, 0)


def test_rows_that_are_needed_get_the_definition_s_answer():
    column = pa.array(POSTS)
    need = np.arange(len(POSTS)) % 3 == 0
    everything = ColumnScan(MIXTURE).scan(column)
    assert (ColumnScan(MIXTURE).scan(column, need)[need] == everything[need]).all()


def test_very_long_texts_are_scanned():
    text = "x " * 500_000 + "check \n out http://" + "y" * 1_000_000
    hold(MIXTURE, [text, text + "12", "a", None])


def test_a_scan_travels_by_pickle_before_and_after_its_use():
    scan = ColumnScan(MIXTURE)
    votes = scan.scan(pa.array(POSTS))
    again = pickle.loads(pickle.dumps(scan))
    assert (again.scan(pa.array(POSTS)) == votes).all()
    assert len(pickle.dumps(scan)) < 2000


def test_a_small_scan_asks_the_definitions_and_says_the_same(monkeypatch):
    votes = ColumnScan(MIXTURE).scan(pa.array(POSTS))
    monkeypatch.setattr(column_scan, "WORTH_COMPILING", 10**6)
    monkeypatch.delitem(sys.modules, "numba")
    monkeypatch.setattr(column_scan, "PhraseEngine", None)
    assert (ColumnScan(MIXTURE).scan(pa.array(POSTS)) == votes).all()


def test_neither_the_import_nor_a_small_scan_loads_numba():
    code = (
        "import sys, pyarrow as pa; from labelkit.rules.predicates import Words; from labelkit.matching import ColumnScan\n"
        "assert ColumnScan([Words(('a',))]).scan(pa.array(['a'])).all(); assert 'numba' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_scans_load_no_linear_algebra_and_leave_that_of_numba_as_it_is():
    code = (
        "import sys; from labelkit.matching._numba import load_compiler\n"
        "load_compiler(); assert 'numba' in sys.modules and 'scipy.linalg' not in sys.modules\n"
        "import numba, numpy as np\n"
        "halves = np.arange(4) / 2\n"
        "for function in (lambda a: np.dot(a, a), lambda a: np.linalg.norm(a), lambda a: np.convolve(a, a)):\n"
        "    assert np.allclose(numba.njit(function)(halves), function(halves))\n"
        "assert 'scipy.linalg' in sys.modules and numba.np.linalg.ensure_blas() is None"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


def test_functions_are_compiled_where_no_cache_can_be_written(monkeypatch):
    njit = numba.njit

    def without_folder(*args, **options):
        if options.pop("cache", False):
            raise RuntimeError("cannot cache function: no locator available")
        return njit(*args, **options)

    monkeypatch.setattr(numba, "njit", without_folder)
    assert _numba.compiled(lambda x: x + 1)(1) == 2


def test_each_test_explains_its_path():
    scan = ColumnScan(
        [Words(("a",)), Words(("a",), whole_word=False), Pattern("a+"), Pattern(r"(a+)\1"), Words(("\u0345",))]
    )
    assert [line.partition(":")[0] for line in scan.explain()] == [
        "shared token trie",
        "shared trie of characters",
        "shared automaton, exact",
        "shared automaton on a relaxed pattern, confirmed by re",
        "shared automaton, exact",
    ]


def test_tables_are_prepared_for_as_many_rows_as_are_worth_them(monkeypatch):
    monkeypatch.setattr(column_scan, "WORTH_COMPILING", 10_000)
    scan = ColumnScan([Words(("free", "so nice")), Pattern(r"https?://")])
    scan.prepare(10)
    assert {"_phrases", "_regexes"}.isdisjoint(vars(scan))
    scan.prepare(100_000)
    prepared = vars(scan)["_phrases"]
    texts = pa.array(["so  nice", None, "http://free"])
    assert scan.scan(texts).tolist() == [[True, False], [False, False], [True, True]]
    assert vars(scan)["_phrases"] is prepared

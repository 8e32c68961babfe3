"""In how long a text ``re`` is sure to be done with a pattern soon."""

import re
import time

import pytest
from hypothesis import given, settings, strategies as st

from labelkit.matching.regex_cost import safe_length
from labelkit.rules.predicates import Pattern
from tests.waiting import GUARD


@pytest.mark.parametrize(
    "pattern",
    [
        r"https?://[a-z]+",
        r"\b[\w.+-]+@[\w-]+\.\w+\b",
        r"[$€£]\s?\d+(?:[.,]\d+)*",
        r"(?:\b[A-Z]{3,}\b\W+){3,}",
        r"#\w+(?:\s+#\w+){2,}",
        r"\bcheck\b.*\bout\b",
        r"https?://(?!www\.example\.org)",
    ],
)
def test_ordinary_patterns_are_safe_in_thousands_of_characters(pattern):
    assert safe_length(Pattern(pattern)) >= 4_000


@pytest.mark.parametrize(
    "pattern",
    [
        r"(a+)+b",
        r"(a|aa)+b",
        r"(\s*\w+\s*)+$",
        r"(.*,)+x",
        r"(\w+\d+)+!",
        r"(a?b?)+c",
        r"(a{1,9}){1,9}b",
        r".*.*.*.*x",
        r"b(?=(a+)+c)x",
        r"(?>a+)+b",
    ],
)
def test_patterns_that_may_take_years_are_safe_in_no_text(pattern):
    assert safe_length(Pattern(pattern)) == 0


PARTS = st.sampled_from(
    ["a", "b", "[ab]", ".", "a+", "b*", "[ab]+", ".*", "a?", "(?:a,)+", "(?:ab|c)*", "a{2,5}", r"\b", "c"]
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(PARTS, min_size=1, max_size=6),
    st.sampled_from(["", "+", "*"]),
    st.sampled_from(["a", "b", "ab", "a,", "abc"]),
)
def test_within_the_safe_length_a_search_that_fails_ends_soon(parts, times, repeated):
    pattern = f"(?:{''.join(parts)}){times}!"
    within = safe_length(Pattern(pattern))
    text = (repeated * (within // len(repeated) + 1))[:within]
    started = time.process_time()
    assert re.search(pattern, text) is None
    assert time.process_time() - started < GUARD  # usually far below one; what is not safe would take years

"""A Python that renames what is not public in its ``re`` makes scans slower, never wrong and never broken."""

import sys
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest

from labelkit.checks.slow_regex import attacks
from labelkit.matching import _cpython, _unicode_tables, charsets, regex_syntax
from labelkit.matching.column_scan import ColumnScan
from labelkit.matching.regex_syntax import NotReadError, read
from labelkit.rules.predicates import Pattern, Words

PARTS = ("re._parser", "re._compiler", "re._constants", "re._casefix", "_sre")

TESTS = [
    Pattern(r"\bfree\b.*now", 2),
    Pattern(r"(a+)\1|[k-s]{2}", 2),
    Pattern(r"\d+\s*[^\W\d]"),
    Words(("win", "straße", "\u212a"), ignore_case=True, whole_word=True),
    Words(("\u03c3ας", "ſo"), ignore_case=True, whole_word=False),
]
TEXTS = [
    *(
        "Free NOW",
        "free it",
        "aA",
        "KS",
        "\u212as",
        "12 a",
        "WIN!",
        "winner",
        "STRASSE STRAßE",
        "a k b",
        "ΣΑΣ",
        "SO",
        "",
    ),
    None,
]


@pytest.fixture
def forgetful():
    """Forget what was asked of this Python, before and after."""
    forget()
    yield
    forget()


def forget():
    for module in (_unicode_tables, charsets, regex_syntax):
        for one in vars(module).values():
            if hasattr(one, "cache_clear"):
                one.cache_clear()


def votes():
    return ColumnScan(TESTS).scan(pa.array(TEXTS))


@pytest.mark.parametrize("without", [*[(part,) for part in PARTS], PARTS], ids=" ".join)
def test_without_a_part_of_re_that_is_not_public_votes_are_the_same(monkeypatch, forgetful, without):
    expected = np.array([[text is not None and test.matches(text) for test in TESTS] for text in TEXTS])
    assert (votes() == expected).all()
    forget()
    for name in without:
        monkeypatch.setitem(sys.modules, name, None)  # an import of it fails
    assert (votes() == expected).all()


@pytest.mark.parametrize("without", ["re._casefix", "_sre"])
def test_without_its_tables_re_is_asked_which_letters_are_equal(monkeypatch, forgetful, without):
    """Over all code points, the tables are those that CPython has."""
    folds, lower = _unicode_tables.folds(), _unicode_tables.lower_cases()
    _unicode_tables.folds.cache_clear()
    _unicode_tables.lower_cases.cache_clear()
    monkeypatch.setitem(sys.modules, without, None)
    assert np.array_equal(_unicode_tables.folds(), folds)
    assert np.array_equal(_unicode_tables.lower_cases(), lower)


def test_names_that_are_gone_count_as_parts_that_are_gone(monkeypatch, forgetful):
    monkeypatch.setattr(_cpython, "import_module", lambda _name: SimpleNamespace())
    with pytest.raises(NotReadError):
        read(Pattern("a+"))
    expected = np.array([[text is not None and test.matches(text) for test in TESTS] for text in TEXTS])
    assert (votes() == expected).all()
    (path,) = ColumnScan(TESTS[:1]).explain()
    assert path.startswith("re on every row")


@pytest.mark.parametrize("without", ["re._parser", "re._compiler"])
def test_a_pattern_that_cannot_be_read_is_not_tried_on_bad_texts(monkeypatch, forgetful, without):
    monkeypatch.setitem(sys.modules, without, None)
    assert attacks(Pattern(r"([b-d]+)+$", 2)) == []

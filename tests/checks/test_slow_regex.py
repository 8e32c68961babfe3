"""Patterns that a long text brings to a halt are found by the text that does it; others are left in peace."""

import os
import re
import signal
import threading

import pytest
from hypothesis import given, strategies as st

import labelkit.checks.slow_regex as slow_patterns_module
from labelkit.checks.slow_regex import FORESEEN_BY, LENGTHS, Attack, attacks, slow_patterns
from labelkit.rules.predicates import Pattern

HOPELESS = [
    r"(a+)+$",
    r"^(([a-z])+.)+[A-Z]([a-z])+$",
    r"(a|aa)+$",
    r"^(\w+\s?)*$",
    r"(x+x+)+y",
    r"([a-zA-Z]+)*@",
    r"(?=(a+)+b)a",
    r"^(?:a|b|ab)*c",
    r"(?:\d+[,.]?)+%",
    r"^(.*?,){11}P",
    r"a(b|c|d|cd|e)*f",
]

SQUARE = [r"\s+$", r"\w+@\w+", r"\bcheck\b.*\bout\b", r"<!--.*-->", r"(?>a+)b"]

HARMLESS = [
    r"https?://\S+|\bwww\.\S+",
    r"\bcolou?r\b",
    r"(?<!\w)a.{0,40}b",
    r"[!?]{4,}",
    r"\b(?:\w[ .-]){4,}\w\b",
    r"\b[a-z]+[013@*][a-z0-9]*\b",
    r"(\w|[!?])\1\1",
    r"^\d+$",
    r"(?i)\bfree\b",
    "",
]


def slow(*patterns):
    return {found.pattern.pattern: found for found in slow_patterns(Pattern(p) for p in patterns)}


def test_a_pattern_that_goes_back_without_end_is_found_by_a_short_text(monkeypatch):
    monkeypatch.setattr(slow_patterns_module, "LIMIT_SECONDS", 0.2)
    found = slow(*HOPELESS)
    assert list(found) == HOPELESS
    assert all(one.hopeless and one.length == LENGTHS[0] for one in found.values())


def test_a_pattern_whose_time_grows_with_the_square_is_found_by_a_long_text():
    found = slow(*SQUARE[:3])
    assert list(found) == SQUARE[:3]
    assert [one.length for one in found.values()] == [100_000] * 3
    assert not any(one.hopeless for one in found.values())
    assert str(found[r"\s+$"]).endswith("on a text of 100,000 characters: ' ' over and over, then '\\x00'")


class Law:
    """A clock of which the time of a text of so many characters is known; it counts the seconds that it was asked."""

    def __init__(self, seconds, limit):
        self.law, self.limit, self.asked = seconds, limit, 0.0

    def seconds(self, pattern, attack, length):
        taken = self.law(length)
        self.asked += min(taken, self.limit)
        return None if taken > self.limit else taken


@given(
    at_longest=st.floats(1e-5, 100),
    power=st.floats(1, 3),
    noise=st.lists(st.floats(0.85, 1.15), min_size=len(FORESEEN_BY) + 2, max_size=len(FORESEEN_BY) + 2),
)
def test_what_is_foreseen_is_what_would_be_found(at_longest, power, noise):
    """Each text takes up to 15% more or less than the law of the pattern says."""
    errors = dict(zip((*LENGTHS, *FORESEEN_BY), noise, strict=True))
    law = Law(lambda n: at_longest * (n / LENGTHS[1]) ** power * errors[n], limit=0.5)
    found = slow_patterns_module._first_slow(Pattern("a+b"), [Attack("", "a", "")], law, 0.5)
    assert (found is not None) == (at_longest * errors[LENGTHS[1]] > 0.5)


@pytest.mark.parametrize("at_longest", [2.0, 10.0, 100.0])
def test_a_pattern_that_is_surely_too_slow_is_not_waited_for(at_longest):
    law = Law(lambda n: at_longest * (n / LENGTHS[1]) ** 2, limit=0.5)
    assert slow_patterns_module._first_slow(Pattern("a+b"), [Attack("", "a", "")], law, 0.5).length == LENGTHS[1]
    assert law.asked < 0.4


def test_other_patterns_are_left_in_peace_by_one_process(monkeypatch):
    starts, start = [], slow_patterns_module._Clock._start
    monkeypatch.setattr(slow_patterns_module._Clock, "_start", lambda clock: starts.append(start(clock)))
    assert slow(*HARMLESS) == {}
    assert len(starts) == 1


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="the processor's time cannot be limited here")
def test_a_process_that_has_to_wait_for_the_processor_does_not_make_a_pattern_slow(monkeypatch):
    """It is stopped for longer than a search may take, as a busy machine would."""
    clock = slow_patterns_module._Clock()
    clock._start()
    monkeypatch.setattr(slow_patterns_module, "LIMIT_SECONDS", 0.1)
    os.kill(clock._process.pid, signal.SIGSTOP)
    threading.Timer(0.5, os.kill, (clock._process.pid, signal.SIGCONT)).start()
    assert clock.seconds(Pattern("a+b"), Attack("", "a", ""), 100) < 0.1
    clock.stop()


def test_the_process_goes_on_after_it_was_killed_and_each_pattern_is_tried_once():
    found = slow_patterns([Pattern("^a+$"), Pattern("(a+)+$"), Pattern("(a+)+$"), Pattern("(b+)+$"), Pattern("^b+$")])
    assert [one.pattern.pattern for one in found] == ["(a+)+$", "(b+)+$"]


def test_flags_are_those_of_the_pattern():
    assert attacks(Pattern("(?x) a +  # many\n", 0))
    assert not slow_patterns([Pattern("^(a+)+$", re.DEBUG | re.MULTILINE)][:0])
    (found,) = slow_patterns([Pattern("(A+)+$", re.IGNORECASE | re.DEBUG)])
    assert found.hopeless


def test_texts_are_made_of_what_the_pattern_reads():
    tried = attacks(Pattern(r"no:\s*(\d+,)+end"))
    assert {(a.beginning, a.repeated) for a in tried} >= {("no:", "0,"), ("no:", " ")}
    assert len(tried) == len(set(tried))
    assert attacks(Pattern(r"colou?r{1,3}")) == []


def test_surrogates_and_what_only_re_understands_do_no_harm():
    assert slow("[\ud800-\udfff]+x", r"(a)?(?(1)b+|c+)", r"(?P<x>a+)(?P=x)b") is not None

"""Functions that do nothing are recognised on any Python, whatever its instructions are called."""

from __future__ import annotations

import functools

import pytest

import labelkit as lk
from labelkit.exceptions import RuleError
from labelkit.rules.inspection import bare_body

BARE = [
    "pass",
    "...",
    "return",
    "return None",
    "'''doc'''",
    "'''doc'''; return None",
    "'''doc'''; pass; ...; pass",
    "1",
]
BODIES = [
    "return 1",
    "return ''",
    "return True",
    "return -1",
    "return text",
    "return 'doc'",
    "return (None,)",
    "return ...",
    "print(text)",
    "text",
    "text.strip",
    "x = None",
    "del text",
    "raise ValueError",
    "yield",
    "assert text",
    "global x; x = None",
    "while True: pass",
    "import re",
    "lambda: None",
    "if text: pass",
]


def function_of(body, kind="def"):
    scope = {}
    exec(f"{kind} f(text, *, more=None):\n    {body}", scope)
    return scope["f"]


@pytest.fixture(params=["this Python", "other names", "one more instruction", "other arguments"])
def python(request, monkeypatch):
    """A Python whose compiler makes other instructions."""
    steps = bare_body._steps
    changed = {
        "this Python": steps,
        "other names": lambda function: [(f"NEW_{name}", argument) for name, argument in steps(function)],
        "one more instruction": lambda function: [("PROLOGUE", 7), *steps(function), ("EPILOGUE", None)],
        "other arguments": lambda function: [(name, ("boxed", argument)) for name, argument in steps(function)],
    }[request.param]
    monkeypatch.setattr(bare_body, "_steps", changed)
    monkeypatch.setattr(bare_body, "_idle_steps", functools.cache(bare_body._idle_steps.__wrapped__))


@pytest.mark.parametrize("body", BARE)
def test_a_body_that_does_nothing_is_bare_on_any_python(python, body):
    assert bare_body.is_bare(function_of(body))


@pytest.mark.parametrize("body", BODIES)
def test_a_body_that_does_anything_is_not_bare_on_any_python(python, body):
    assert not bare_body.is_bare(function_of(body))


def test_functions_that_are_called_later_and_objects_are_not_bare():
    assert not any(map(bare_body.is_bare, [function_of("pass", "async def"), print, functools.partial(len), object()]))


def test_a_rule_with_a_body_is_refused_on_any_python(python):
    with pytest.raises(RuleError, match="its body would never run"):
        lk.keywords("a", label=1)(function_of("return 1"))
    assert lk.keywords("a", label=1)(function_of("'''doc'''"))("a") == 1

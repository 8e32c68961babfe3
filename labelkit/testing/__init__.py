"""Assertions on rules for the tests of a project, with the failure messages of ``labelkit check``.

>>> from labelkit import keywords
>>> asks = keywords("subscribe", "check out", label=1).rule(name="asks")
>>> assert_votes(asks, {"Please subscribe!": 1, "check   it": None})
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from labelkit.checks.examples import failure_of, space_of
from labelkit.exceptions import RuleError
from labelkit.rules.labeling_function import LabelingFunction, examples_of


def assert_votes(rule: LabelingFunction[...], examples: Mapping[Any, Any]) -> None:
    """Assert that a rule votes on each example as expected; the message lists every example on which it does not.

    Parameters
    ----------
    rule : LabelingFunction
    examples : mapping
        An input, or a tuple of inputs, to the expected vote, as in the decorators.

    Raises
    ------
    AssertionError
        If a vote is not the expected one, or the rule raises.
    RuleError
        If the number of inputs is not the number of columns, or an expected vote is not a vote.

    Examples
    --------
    >>> from labelkit import keywords
    >>> praise = keywords("love", label=0).rule(name="praise")
    >>> assert_votes(praise, {"I love it": 0, "glove": 0, "so so": None})
    Traceback (most recent call last):
        ...
    AssertionError: 1 of 3 examples failed
    praise('glove') voted ABSTAIN, but its example expects 0
      0 needs: one of “love” in text: no match
    """
    __tracebackhide__ = True
    if not isinstance(rule, LabelingFunction):
        raise RuleError(f"{rule!r} is not a rule", hint="decorate it with @labeling_function")
    expectations = examples_of(examples, len(rule.columns), f"rule {rule.name!r}")
    space = space_of([rule])
    failures = [failure_of(rule, inputs, expected, space) for inputs, expected in expectations]
    failed = [failure for failure in failures if failure is not None]
    if failed:
        descriptions = "\n".join(map(str, failed))
        cause = next((failure.error for failure in failed if failure.error is not None), None)
        raise AssertionError(f"{len(failed)} of {len(failures)} examples failed\n{descriptions}") from cause

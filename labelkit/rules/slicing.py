"""Slices that a Python function names: ``slicing_function``. Of conditions, see :meth:`Condition.slice`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, ParamSpec, overload

import numpy as np

from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.exceptions import VoteError
from labelkit.rules._make_rule import first_paragraph, make_rule, origin_of, rule_name
from labelkit.rules.condition import Condition
from labelkit.rules.labeling_function import INSIDE, SLICE, Calls, LabelingFunction
from labelkit.rules.options import Options
from labelkit.rules.parameters import parameters_of
from labelkit.rules.python_rule import guard_of
from labelkit.votes.label_space import ABSTAIN

P = ParamSpec("P")


@overload
def slicing_function(function: Callable[P, Any], /) -> LabelingFunction[P]: ...
@overload
def slicing_function(
    *, name: str | None = ..., batch: bool = ..., when: Condition | None = ...
) -> Callable[[Callable[P, Any]], LabelingFunction[P]]: ...
@checks_keywords
def slicing_function(
    function: Callable[P, Any] | None = None,
    /,
    *,
    name: str | None = None,
    batch: bool = False,
    when: Condition | None = None,
) -> LabelingFunction[P] | Callable[[Callable[P, Any]], LabelingFunction[P]]:
    """Make a slice of a Python function that returns whether an example is in it.

    Its parameters name the columns that it reads. It is not called for an example with a null among them (which is
    outside), unless the parameter is annotated as optional. An example on which it raises is neither inside nor
    outside, but a fault. :func:`labelkit.collect` leaves slices out: they may stand beside the rules.

    Parameters
    ----------
    name : str, optional
        That of the function if not given.
    batch : bool
        Whether the function takes columns and returns a truth value for each example, as in
        :func:`labelkit.labeling_function`.
    when : Condition, optional
        Call the function only where this holds; elsewhere is outside.

    Returns
    -------
    LabelingFunction
        For :func:`labelkit.apply_slices`. Called, it returns 0 inside and -1 outside.

    Raises
    ------
    RuleError
        If the function reads no column, or the guard reads one that it does not.

    Examples
    --------
    >>> @slicing_function()
    ... def short(text: str) -> bool:
    ...     "Comments of a few words."
    ...     return len(text.split()) < 5
    >>> short
    <slice short(text)>
    >>> short("nice song"), short("a long and winding road")
    (0, -1)
    """

    def decorate(function: Callable[P, Any]) -> LabelingFunction[P]:
        slice_name, _ = rule_name(function, name)
        what = f"slice {slice_name!r}"
        parameters = parameters_of(function, what)
        guard = None if when is None else guard_of(when, parameters, what)
        return make_rule(
            slice_name,
            parameters,
            Calls(partial(_memberships if batch else _membership, function), batch, guard),
            kind=SLICE,
            origin=origin_of(function),
            enum=None,
            options=Options(),
            doc=first_paragraph(function),
        )

    return decorate if function is None else decorate(function)


def _membership(function: Callable[..., Any], *values: Any) -> int:
    """Ask the function about one example."""
    return _vote_of(function(*values))


def _memberships(function: Callable[..., Any], *columns: Any) -> list[Any]:
    """Ask the function about many examples; an exception in the place of an answer is a fault of that example."""
    answers = function(*columns)
    return [
        answer if isinstance(answer, BaseException) else _vote_of(answer)
        for answer in (answers.to_pylist() if hasattr(answers, "to_pylist") else answers)
    ]


def _vote_of(answer: Any) -> int:
    if isinstance(answer, bool | np.bool_) or answer is None:
        return INSIDE if answer else ABSTAIN
    raise VoteError(
        f"{answer!r:.80} ({type(answer).__name__}) does not say whether an example is in the slice",
        hint="return True or False: bool(...); a rule that votes for a class, @labeling_function, is a slice as it is",
    )

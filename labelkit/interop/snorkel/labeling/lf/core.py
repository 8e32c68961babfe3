"""Rules: functions that give a data point a label, or -1."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from labelkit.interop.snorkel.preprocess.core import BasePreprocessor
from labelkit.interop.snorkel.types import DataPoint


class LabelingFunction:
    """A rule: a function of a data point that returns a label, or -1 to abstain.

    Parameters
    ----------
    name : str
    f : callable
        Called with the data point, and the resources by name.
    resources : mapping of str to object, optional
    pre : list of preprocessors, optional
        They map the data point first, one after the other.

    Attributes
    ----------
    name : str

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> rule = LabelingFunction("above", lambda x, limit: 1 if x.num > limit else -1, resources={"limit": 3})
    >>> rule(SimpleNamespace(num=7)), rule
    (1, LabelingFunction above, Preprocessors: [])
    """

    def __init__(
        self,
        name: str,
        f: Callable[..., int],
        resources: Mapping[str, Any] | None = None,
        pre: list[BasePreprocessor] | None = None,
    ) -> None:
        self.name = name
        self._f = f
        self._resources = resources or {}
        self._pre = pre or []

    def _preprocess_data_point(self, x: DataPoint) -> DataPoint:
        for preprocessor in self._pre:
            x = preprocessor(x)
            if x is None:
                raise ValueError("Preprocessor should not return None")
        return x

    def __call__(self, x: DataPoint) -> int:
        """Return the label of a data point.

        Raises
        ------
        ValueError
            If a preprocessor returns None.
        """
        return self._f(self._preprocess_data_point(x), **self._resources)

    def __repr__(self) -> str:
        return f"{type(self).__name__} {self.name}, Preprocessors: {self._pre}"


class labeling_function:  # noqa: N801 - Snorkel's name
    """Decorate a function of a data point to make a rule.

    Parameters
    ----------
    name : str, optional
        By default that of the function.
    resources, pre
        As for :class:`LabelingFunction`.

    Raises
    ------
    ValueError
        If the decorator is used without parentheses.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> @labeling_function(name="big")
    ... def is_big(x):
    ...     return 0 if x.a > 42 else -1
    >>> is_big, is_big(SimpleNamespace(a=90))
    (LabelingFunction big, Preprocessors: [], 0)
    """

    def __init__(
        self,
        name: str | None = None,
        resources: Mapping[str, Any] | None = None,
        pre: list[BasePreprocessor] | None = None,
    ) -> None:
        if callable(name):
            raise ValueError("Looks like this decorator is missing parentheses!")  # noqa: TRY004 - as Snorkel raises it
        self.name = name
        self.resources = resources
        self.pre = pre

    def __call__(self, f: Callable[..., int]) -> LabelingFunction:
        """Make a rule of a function."""
        name: str = self.name or f.__name__
        return LabelingFunction(name=name, f=f, resources=self.resources, pre=self.pre)

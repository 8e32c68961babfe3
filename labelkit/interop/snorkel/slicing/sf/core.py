"""Slicing functions: they tell whether a data point is in a slice."""

from collections.abc import Callable
from typing import Any

from labelkit.interop.snorkel.labeling.lf.core import LabelingFunction, labeling_function


class SlicingFunction(LabelingFunction):
    """Tells whether a data point is in a slice; made and called as a labeling function is."""


class slicing_function(labeling_function):  # noqa: N801 - Snorkel's name
    """Decorate a function that tells whether a data point is in a slice.

    Parameters
    ----------
    name, resources, pre
        As for :class:`~labelkit.interop.snorkel.labeling.lf.core.LabelingFunction`.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> @slicing_function()
    ... def big(x):
    ...     return x.a > 42
    >>> big, big(SimpleNamespace(a=90))
    (SlicingFunction big, Preprocessors: [], True)
    """

    def __call__(self, f: Callable[..., Any]) -> SlicingFunction:
        """Make a slicing function of a function."""
        name = self.name or getattr(f, "__name__", "")
        return SlicingFunction(name=str(name), f=f, resources=self.resources, pre=self.pre)

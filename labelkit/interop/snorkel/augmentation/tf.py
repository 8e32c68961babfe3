"""Transformation functions: each makes another data point of one, or None."""

from labelkit.interop.snorkel.map import BaseMapper, LambdaMapper, Mapper, lambda_mapper

BaseTransformationFunction = BaseMapper
"""What all transformation functions are, for annotations."""


class TransformationFunction(Mapper):
    """A transformation as a class: its ``run`` takes fields of the data point, and returns those that change."""


class LambdaTransformationFunction(LambdaMapper):
    """A transformation of a Python function from a data point to a data point."""


class transformation_function(lambda_mapper):  # noqa: N801 - the name that users write
    """Make a transformation of a Python function; the data point that it gets is a copy.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> @transformation_function()
    ... def square(x):
    ...     x.num = x.num ** 2
    ...     return x
    >>> square(SimpleNamespace(num=3))
    namespace(num=9)
    """

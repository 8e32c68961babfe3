"""Preprocessors: mappers under the names by which rules take them (``pre=``)."""

from labelkit.interop.snorkel.map.core import BaseMapper, LambdaMapper, Mapper, lambda_mapper

BasePreprocessor = BaseMapper


class Preprocessor(Mapper):
    """A preprocessor with a method ``run``: see :class:`~labelkit.interop.snorkel.map.core.Mapper`."""


class LambdaPreprocessor(LambdaMapper):
    """A preprocessor made of a function: see :class:`~labelkit.interop.snorkel.map.core.LambdaMapper`."""


class preprocessor(lambda_mapper):  # noqa: N801 - Snorkel's name
    """Decorate a function to make a preprocessor.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from labelkit.interop.snorkel.labeling import labeling_function
    >>> @preprocessor(memoize=True)
    ... def lower(x):
    ...     x.text = x.text.lower()
    ...     return x
    >>> @labeling_function(pre=[lower])
    ... def is_free(x):
    ...     return 1 if "free" in x.text else -1
    >>> is_free(SimpleNamespace(text="FREE money"))
    1
    """

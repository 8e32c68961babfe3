"""Data augmentation of Snorkel: transformation functions, policies that choose among them, appliers.

:func:`labelkit.augment` is the way of labelkit, which checks by the rules that what is made keeps its label.

>>> import pandas as pd
>>> @transformation_function()
... def shout(x):
...     x.text = x.text.upper()
...     return x
>>> applier = PandasTFApplier([shout], ApplyOnePolicy())
>>> applier.apply(pd.DataFrame({"text": ["hello"]}), progress_bar=False)["text"].tolist()
['hello', 'HELLO']
"""

from labelkit.interop.snorkel.augmentation.apply.core import TFApplier
from labelkit.interop.snorkel.augmentation.apply.pandas import PandasTFApplier
from labelkit.interop.snorkel.augmentation.policy.core import ApplyAllPolicy, ApplyEachPolicy, ApplyOnePolicy
from labelkit.interop.snorkel.augmentation.policy.sampling import MeanFieldPolicy, RandomPolicy
from labelkit.interop.snorkel.augmentation.tf import TransformationFunction, transformation_function

__all__ = [
    "ApplyAllPolicy",
    "ApplyEachPolicy",
    "ApplyOnePolicy",
    "MeanFieldPolicy",
    "PandasTFApplier",
    "RandomPolicy",
    "TFApplier",
    "TransformationFunction",
    "transformation_function",
]

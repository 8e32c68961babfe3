"""Snorkel's modules and names, run by labelkit: change ``from snorkel.`` to ``from labelkit.interop.snorkel.``.

The paths, signatures, defaults, results and errors are those of Snorkel 0.10.0, without torch: ``labeling``,
``preprocess``, ``map``, ``slicing``, ``augmentation``, ``analysis``, ``utils``, ``synthetic`` and ``types``. Rules over
data frames are called with rows that become a pandas series only if a rule needs one. ``classification`` is out.

>>> from types import SimpleNamespace
>>> from labelkit.interop.snorkel.labeling import LFApplier, labeling_function
>>> @labeling_function()
... def is_big(x):
...     return 1 if x.num > 42 else 0
>>> LFApplier([is_big]).apply([SimpleNamespace(num=10), SimpleNamespace(num=100)], progress_bar=False).tolist()
[[0], [1]]
"""

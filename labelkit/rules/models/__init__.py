"""``@model_output``: rules that call a classifier once a batch, and vote where its probability is high enough.

The classifier is called by the decorated function, or given as an object: a scikit-learn estimator, a spaCy pipeline
with a text categorizer, a Hugging Face pipeline, any callable, or a file of one of them.

>>> import numpy as np
>>> @model_output(threshold=0.8)
... def opinion(text):
...     "A classifier's opinion: one row of probabilities an example."
...     return np.array([[0.1, 0.9] if "free" in t else [0.6, 0.4] for t in text])
>>> opinion("free money"), opinion("nice song")
(1, -1)
>>> def stars(texts):
...     return [{"label": "5 stars" if "great" in text else "1 star", "score": 0.7} for text in texts]
>>> @model_output(model=stars, classes={"1 star": 0, "5 stars": 1}, threshold=0.6)
... def review(text):
...     "A stand-in for a Hugging Face pipeline."
>>> review("a great song")
1
"""

from labelkit.rules.models.model_output import model_output

__all__ = ["model_output"]

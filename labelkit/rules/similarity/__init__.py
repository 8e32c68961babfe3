"""``@similar_to``: rules that vote by the similarity of an example to labeled reference examples.

Similarity is the cosine of TF-IDF vectors of character n-grams, which needs no model, or of any embedding. The vote is
decided by the nearest reference, the k nearest, the mean of each label's references, or the nearest cluster of a corpus
(:func:`fit_clusters`).

>>> @similar_to(["Check out my channel!", "subscribe to my channel please"], label=1, threshold=0.4)
... def advertises(text):
...     "Comments like those that advertise a channel."
>>> advertises("check out MY chanel"), advertises("nice song")
(1, -1)
"""

from labelkit.rules.similarity.clusters import Clusters, fit_clusters
from labelkit.rules.similarity.similar_to import similar_to

__all__ = ["Clusters", "fit_clusters", "similar_to"]

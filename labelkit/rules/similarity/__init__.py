"""``@similar_to``: a rule that votes where an example is like others whose label is known.

By TF-IDF of character n-grams, which needs nothing, or by any embedding: the nearest example, the nearest few, the mean
of each label's examples, or the nearest cluster of a corpus (:func:`fit_clusters`).

>>> @similar_to(["Check out my channel!", "subscribe to my channel please"], label=1, threshold=0.4)
... def advertises(text):
...     "Comments like those that advertise a channel."
>>> advertises("check out MY chanel"), advertises("nice song")
(1, -1)
"""

from labelkit.rules.similarity.clusters import Clusters, fit_clusters
from labelkit.rules.similarity.similar_to import similar_to

__all__ = ["Clusters", "fit_clusters", "similar_to"]

"""Statistics of votes: of labeling functions, of the corpus and of the gold.

Everything is computed from distinct vote patterns and their counts, so that ten million examples cost no more than
their patterns do. An example on which a rule failed leaves that rule's denominators. Unknown gold is not wrong; an
undefined number is NaN (shown as a dash); a share of few examples comes with its interval.

>>> from labelkit.analysis.summary import summarize
>>> from labelkit.votes.label_matrix import LabelMatrix
>>> votes = LabelMatrix.of([[0, -1], [0, 1], [-1, 1], [-1, -1]], names=["short", "link"], classes=["HAM", "SPAM"])
>>> summarize(votes).frame["coverage"].to_dict()
{'short': 0.5, 'link': 0.5, 'total': 0.75}
"""

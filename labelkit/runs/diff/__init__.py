"""Compare two runs: the votes and labels that flipped, the rules that did it, and the effect by gold.

:func:`diff` compares two label matrices or two run folders on the examples that both have, matched by their ids. Run
folders are read a part at a time.

>>> from labelkit.votes.label_matrix import LabelMatrix
>>> before = LabelMatrix.of([[0, -1], [0, 1], [-1, -1]], names=["short", "link"], classes=["HAM", "SPAM"])
>>> after = LabelMatrix.of([[0, -1], [1, 1], [1, -1]], names=["short", "link"], classes=["HAM", "SPAM"])
>>> print(diff(before, after, gold=[0, 1, 1]))
3 examples in both; covered: 66.7% -> 100.0%
rules: 2 without a version
rule   status             votes   flips  precision           precision after         right  wrong
short  without a version  2 -> 3  2      50.0% (9.5 - 90.5%)  100.0% (43.9 - 100.0%)  +2 -0  +0 -1
<BLANKLINE>
votes that flipped
rule   before  after  n  such as
short  –       SPAM   1  2
short  HAM     SPAM   1  1
"""

from labelkit.runs.diff._compare import diff
from labelkit.runs.diff.difference import Difference

__all__ = ["Difference", "diff"]

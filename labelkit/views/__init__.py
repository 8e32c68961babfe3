"""Views answer questions with examples: what a rule labels, where two conflict, what is uncovered, wrong or uncertain.

:func:`view` finds the rows in the votes, reads only those out of the corpus, and asks the definitions of the rules
where they matched. A :class:`View` is a table for people, in a notebook and in a terminal, and a DataFrame for
programs.

>>> import labelkit as lk
>>> asks = lk.keywords("subscribe", label=1).rule(name="asks")
>>> praise = lk.keywords("love", label=0).rule(name="praise")
>>> texts = ["Please subscribe!", "I love it", "love it, subscribe", "hm"]
>>> matrix = lk.Applier([asks, praise], labels=["HAM", "SPAM"]).apply(texts)
>>> print(view(matrix, texts, [asks, praise], conflict=("asks", "praise")))
the one example on which asks and praise differ (4 in all)
2  HAM:  »love« it, subscribe
   SPAM: love it, »subscribe«
   asks SPAM, praise HAM
>>> view(matrix, texts, uncovered=True).frame["text"].tolist()
['hm']
"""

from labelkit.views._table import View
from labelkit.views.matches import Span
from labelkit.views.view import view

__all__ = ["Span", "View", "view"]

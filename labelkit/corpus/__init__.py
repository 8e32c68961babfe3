"""A corpus is a stream of Arrow record batches, whatever it came from: this is the one way in.

Frames, lists, iterators and files differ in where their rows are and in what they know of their types. Here that ends:
:func:`open_corpus` recognises its argument through one table of readers, and what comes out keeps these promises.

- The rows are those of the source, in its order; an index is ignored.
- The result does not depend on the size of a batch: a column's type is decided once.
- Only the columns that are asked for are read, and never the whole corpus at once.
- Missing is null. NaN is null too where the source has no better word for it (pandas, Python values, JSON, CSV).
- A row that cannot be read is never dropped in silence: it is an error, or it goes to ``Corpus.rejects``.

>>> corpus = open_corpus([{"id": "a", "text": "hi"}, {"id": "b", "text": None}, {"id": "c", "text": "bye"}], id="id")
>>> corpus
Corpus(a list, 3 rows, id='id', columns=('id', 'text'))
>>> for batch in corpus.batches(["text"], 2):
...     print(batch.start, batch.ids.to_pylist(), batch.table.to_pydict())
0 ['a', 'b'] {'text': ['hi', None]}
2 ['c'] {'text': ['bye']}
"""

from labelkit.corpus.corpus import BATCH_ROWS, Batch, Corpus
from labelkit.corpus.open_corpus import open_corpus
from labelkit.corpus.plugins import Source
from labelkit.corpus.source import Reject
from labelkit.corpus.sources.sql_query import SqlQuery

__all__ = ["BATCH_ROWS", "Batch", "Corpus", "Reject", "Source", "SqlQuery", "open_corpus"]

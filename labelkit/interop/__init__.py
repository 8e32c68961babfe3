"""Write labels for other tools, and read what people answered in such tools.

:func:`export` writes the labels of a run in one pass, a piece at a time, in a format of :data:`FORMATS`: tables, and
the files of annotation tools and of libraries that train models. :func:`read_gold` reads the labels that people gave.

>>> import tempfile
>>> from pathlib import Path
>>> import labelkit as lk
>>> votes = lk.LabelMatrix.of([[0], [1], [-1]], names=["link"], classes=["HAM", "SPAM"])
>>> labels = lk.MajorityVote().fit(votes).label(votes)
>>> exported = export(labels, Path(tempfile.mkdtemp()) / "labels.csv")
>>> exported.n_written, exported.n_left_out
(2, 1)
>>> print(exported.path.read_text())
"row","label","confidence","covered","p_HAM","p_SPAM"
0,"HAM",1,true,1,0
1,"SPAM",1,true,0,1
<BLANKLINE>
"""

from labelkit.interop.export import FORMATS, Exported, export
from labelkit.interop.read_gold import read_gold

__all__ = ["FORMATS", "Exported", "export", "read_gold"]

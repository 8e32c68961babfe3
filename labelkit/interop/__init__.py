"""Write labels for other tools, and read what people answered in such tools.

:func:`labelkit.export` writes the labels of a run in one pass, a piece at a time: tables, and the files of annotation
tools and of libraries that train models. :func:`labelkit.read_gold` reads the labels that people gave. The folder
``snorkel`` has Snorkel's modules and names. Nothing is imported here, so that each of these is light.

>>> import tempfile
>>> from pathlib import Path
>>> import labelkit as lk
>>> votes = lk.LabelMatrix.of([[0], [1], [-1]], names=["link"], classes=["HAM", "SPAM"])
>>> labels = lk.MajorityVote().fit(votes).label(votes)
>>> exported = lk.export(labels, Path(tempfile.mkdtemp()) / "labels.csv")
>>> exported.n_written, exported.n_left_out
(2, 1)
>>> print(exported.path.read_text())
"row","label","confidence","covered","p_HAM","p_SPAM"
0,"HAM",1,true,1,0
1,"SPAM",1,true,0,1
<BLANKLINE>
"""

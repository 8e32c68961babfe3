r"""Scans of text columns, as fast as the machine allows, with exactly the votes of the definitions.

Two engines of our own, compiled by numba, read the bytes of a column once each, whatever the number of rules:

- *phrases*: all keyword lists and look-ups together, as a hash table of first words that leads into a trie;
- *patterns*: all regular expressions together, as one automaton whose states are worked out when they are met.

Both are exact where they answer, and what they cannot answer exactly they only narrow down: Python's ``re``, which is
the definition, decides on the rows that are left. What an engine does not understand goes to ``re`` on every row.

Why not an engine that exists? None of them says the same as ``re``. Hyperscan's Python package rejects most ``\b``
with its Unicode flag, does not compile tens of thousands of phrases in reasonable time, and runs on few machines; RE2
has no look-around, other classes and other case folding; Aho-Corasick packages know neither word boundaries nor white
space. Each would need the same relaxing and confirming, and every confirmation costs a call of ``re``, which is what
takes the time. numba is well kept, and its compiled functions are cached on disk; no rule is ever compiled to machine
code by itself, so a new rule costs table space alone.

>>> from labelkit.matching import ColumnScan
"""

from labelkit.matching.column_scan import ColumnScan

__all__ = ["ColumnScan"]

r"""Match many keyword lists and regular expressions against a text column in one pass, with the results of ``re``.

Two engines, compiled by numba, read the bytes of a column once each, whatever the number of rules:

- *phrases*: all keyword lists and look-ups together, as a hash table of first words that leads into a trie;
- *patterns*: all regular expressions together, as one automaton whose deterministic states are built on demand;
  very many as several, which run on the rows that hold a string of theirs.

Python's ``re`` is the definition of every test. Where an engine is not exact, it works as a prefilter: it selects the
rows that may match, and ``re`` decides on those. Patterns that an engine does not support go to ``re`` on every row.

Existing engines give other results than ``re``. Hyperscan's Python package rejects most ``\b`` with its Unicode flag,
does not compile tens of thousands of phrases in reasonable time, and runs on few machines; RE2 has no look-around,
other character classes and other case folding; Aho-Corasick packages support neither word boundaries nor runs of
white space. Each would need the same prefilter and confirmation, and the calls of ``re`` that confirm take most of the
time. numba is well maintained, and caches its compiled functions on disk; rules are data in tables and are never
compiled to machine code, so a new rule costs table space alone.

>>> from labelkit.matching import ColumnScan
"""

from labelkit.matching.column_scan import ColumnScan

__all__ = ["ColumnScan"]

"""Scans of text columns, as fast as the machine allows, with exactly the votes of the definitions.

>>> from labelkit.matchers import ColumnScan
"""

from labelkit.matchers.column_scan import ColumnScan

__all__ = ["ColumnScan"]

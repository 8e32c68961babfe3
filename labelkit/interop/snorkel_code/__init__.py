"""Snorkel's users come home: rewrite the imports of their code, and propose rules of labelkit in place of theirs.

:func:`migrate_snorkel` changes ``snorkel`` to ``labelkit.interop.snorkel`` and nothing else; :func:`convert_snorkel`
proposes a rule of labelkit for each labeling function whose body it understands.
"""

from labelkit.interop.snorkel_code.conversion import Conversion, ConvertedRule, convert_snorkel
from labelkit.interop.snorkel_code.migration import HandWork, MigratedFile, Migration, migrate_snorkel

__all__ = [
    "Conversion",
    "ConvertedRule",
    "HandWork",
    "MigratedFile",
    "Migration",
    "convert_snorkel",
    "migrate_snorkel",
]

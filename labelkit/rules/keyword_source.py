"""Write the source of a rule of keywords, ready to paste below the others.

>>> of_rule = {"name": "says_win", "column": "text", "doc": "Gifts."}
>>> source = keywords_source(["win"], label="Label.SPAM", label_name="SPAM", **of_rule)
>>> source.splitlines()[:2]
['@keywords("win", label=Label.SPAM)', 'def says_win(text: str) -> None:']
"""

from __future__ import annotations

import json
import re
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from keyword import iskeyword
from typing import Final

from labelkit.rules.keywords import keywords
from labelkit.rules.labeling_function import LabelingFunction

LONGEST_NAME: Final = 60
"""Characters of a rule's name."""


def keywords_source(
    words: Sequence[str],
    *,
    label: str,
    label_name: str,
    name: str,
    column: str,
    doc: str,
    whole_word: bool = True,
    call: str = "keywords",
) -> str:
    """Write a rule of keywords as Python source.

    Parameters
    ----------
    words : sequence of str
        Words and phrases.
    label, label_name : str
        The class as a rule has it (:func:`label_source`), and its name.
    name, column, doc : str
        Of the rule; a column whose name is no identifier is given to ``.rule``.
    whole_word : bool
    call : str
        How the module calls :func:`labelkit.keywords`; with an import above it, where it does not
        (:func:`keywords_call`).
    """
    *imports, call = call.split("\n")
    whole = "" if whole_word else ", whole_word=False"
    above = "".join(f"{line}\n" for line in imports)
    asked = f"{call}({', '.join(map(quoted, words))}, label={label}{whole}"
    comment = f"  # {in_docstring(label_name)}" if label.isdigit() else ""
    if not column.isidentifier() or iskeyword(column):
        return f"{above}{name} = {asked}).rule(name={quoted(name)}, column={quoted(column)}){comment}"
    return f'{above}@{asked}){comment}\ndef {name}({column}: str) -> None:\n    """{doc}"""'


def keywords_call(lfs: Iterable[LabelingFunction[...]]) -> str:
    """Write the call of :func:`labelkit.keywords` as the module of the rules does, or below an import if it has none.

    Without rules, it is ``lk.keywords``.
    """
    first = next(iter(lfs), None)
    if first is None:
        return "lk.keywords"
    module = first.origin.namespace
    names = [name for name, value in module.items() if value is keywords]
    packages = [name for name, value in module.items() if value is sys.modules["labelkit"]]
    direct = next((name for name in ("keywords", *names) if name in names), None)
    if direct is not None:
        return direct
    return f"{packages[0]}.keywords" if packages else "import labelkit\nlabelkit.keywords"


def label_source(label: int, lfs: Iterable[LabelingFunction[...]]) -> str:
    """Write the class as the rules do: as a member of their enum, else as a number."""
    for lf in lfs:
        if lf.enum is not None and label in set(lf.enum):
            return f"{lf.enum.__name__}.{lf.enum(label).name}"
    return str(label)


def quoted(text: str) -> str:
    r"""Write a string as Python source, readable in any script.

    >>> print(quoted('say "hi"'), quoted("c:\\x"), quoted("été"))
    "say \"hi\"" "c:\\x" "été"
    """
    return json.dumps(text, ensure_ascii=not text.isprintable())


def in_docstring(text: str) -> str:
    """Return a class name that can stand in a docstring or a comment."""
    return "".join(c if c.isprintable() and c not in '"\\' else "?" for c in text)


def free_name(words: str, taken: set[str]) -> str:
    """Choose a name for a rule that is a Python identifier and not taken; it is taken then.

    >>> taken = {"says_check_out"}
    >>> free_name("check out", taken), free_name("don't", taken), free_name("😂", taken), free_name("手机", taken)
    ('says_check_out_2', 'says_don_t', 'says_1f602', 'says_手机')
    """
    slug = re.sub(r"\W+", "_", unicodedata.normalize("NFKC", words)).strip("_").lower()[:LONGEST_NAME]
    if not slug or not f"says_{slug}".isidentifier():
        slug = "_".join(f"{ord(c):x}" for c in words)[:LONGEST_NAME]
    name, number = f"says_{slug}", 2
    while name in taken:
        name, number = f"says_{slug}_{number}", number + 1
    taken.add(name)
    return name

"""spaCy's ``DocBin``: one file, or a folder of files, which ``spacy train`` reads in turn (extra ``nlp``)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final, Self

from labelkit._shared.optional import optional
from labelkit.interop._chosen import ChosenRows
from labelkit.interop._layout import ExportLayout

FIRST_FILE: Final = "docs-00000.spacy"
"""The first file of a folder."""


class SpacyRows:
    """Write documents with ``cats``: 1 for the label, 0 for the other classes, as ``textcat`` is trained on.

    Documents of one file are in memory together until it is written, as they are when spaCy reads it; a folder has a
    file for each piece. The language is ``xx``: the tokens of a training document are made anew by the pipeline.
    ``doc.user_data`` holds the id, the probabilities, and what else is asked for.

    Parameters
    ----------
    path : Path
        A file, or a folder that exists.
    layout : ExportLayout
    """

    def __init__(self, path: Path, layout: ExportLayout) -> None:
        self._path, self._layout = path, layout
        self._tokens = optional("spacy.tokens", extra="nlp")
        self._nlp = optional("spacy", extra="nlp").blank("xx")
        self._n_files = 0

    def __enter__(self) -> Self:
        self._docs = self._tokens.DocBin(store_user_data=True)
        return self

    def __exit__(self, kind: object, *_error: object) -> None:
        if kind is None and not self._path.is_dir():
            self._docs.to_disk(self._path)

    def write(self, rows: ChosenRows) -> None:
        """Write some examples."""
        names, proba = self._layout.class_names, rows.proba.tolist()
        named = zip(rows.ids.to_pylist(), self._layout.texts(rows), self._layout.details(rows, "proba"), strict=True)
        for row, (name, text, details) in enumerate(named):
            doc = self._doc(text)
            label = int(rows.label[row])
            if label >= 0:
                doc.cats = {class_name: float(c == label) for c, class_name in enumerate(names)}
            shares = dict(zip(names, proba[row], strict=True))
            doc.user_data.update({self._layout.key: name, "proba": shares, **details})
            self._docs.add(doc)
        if self._path.is_dir():
            self._docs.to_disk(self._path / FIRST_FILE.replace("00000", f"{self._n_files:05d}"))
            self._n_files += 1
            self._docs = self._tokens.DocBin(store_user_data=True)

    def _doc(self, text: str) -> Any:
        if _LONG.search(text) is None and len(text) < self._nlp.max_length:
            return self._nlp.make_doc(text)
        words = _WORD.findall(text)
        spaces = [word.endswith(" ") and not word.isspace() for word in words]
        words = [word[:-1] if space else word for word, space in zip(words, spaces, strict=True)]
        return self._tokens.Doc(self._nlp.vocab, words=words, spaces=spaces)


_LONG: Final = re.compile(r"\S{1000}")
"""A text without a space for so long is cut at spaces alone: the time of spaCy's tokenizer grows with its square."""

_WORD: Final = re.compile(r"\S+ ?|\s+")
"""A word with the space after it, or other space."""

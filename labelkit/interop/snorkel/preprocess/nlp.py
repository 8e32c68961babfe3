"""The preprocessor that parses text with spaCy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from labelkit._shared.optional import optional
from labelkit.interop.snorkel.preprocess.core import BasePreprocessor, Preprocessor
from labelkit.interop.snorkel.types import FieldMap, HashingFunction

EN_CORE_WEB_SM = "en_core_web_sm"

_pipelines: dict[tuple[str, tuple[str, ...]], Any] = {}
"""The pipelines of this process, by their language and what is disabled."""


class SpacyPreprocessor(Preprocessor):
    """Parse the text of a data point: ``x.doc`` is a document of spaCy.

    It can be sent to another process, which loads the pipeline once.

    Parameters
    ----------
    text_field : str
        The field to parse.
    doc_field : str
        The field for the document.
    language : str
        A pipeline of spaCy: its name, or its folder.
    disable : list of str, optional
        Parts of the pipeline that are left out.
    pre, memoize, memoize_key
        As for :class:`~labelkit.interop.snorkel.map.core.BaseMapper`.
    gpu : bool
        Whether to use a GPU if there is one.

    Raises
    ------
    MissingExtraError
        If spaCy is not installed.
    OSError
        If spaCy does not find the pipeline.
    """

    def __init__(
        self,
        text_field: str,
        doc_field: str,
        language: str = EN_CORE_WEB_SM,
        disable: list[str] | None = None,
        pre: list[BasePreprocessor] | None = None,
        memoize: bool = False,  # noqa: FBT001, FBT002 - Snorkel's signature
        memoize_key: HashingFunction | None = None,
        gpu: bool = False,  # noqa: FBT001, FBT002 - Snorkel's signature
    ) -> None:
        super().__init__(
            type(self).__name__,
            field_names={"text": text_field},
            mapped_field_names={"doc": doc_field},
            pre=pre,
            memoize=memoize,
            memoize_key=memoize_key,
        )
        self.gpu = gpu
        self._pipeline = (language, tuple(disable or ()))
        self._nlp = self._loaded()

    def _loaded(self) -> Any:
        spacy = optional("spacy", extra="nlp")
        if self.gpu:
            spacy.prefer_gpu()
        if self._pipeline not in _pipelines:
            language, disable = self._pipeline
            _pipelines[self._pipeline] = spacy.load(language, disable=list(disable))
        return _pipelines[self._pipeline]

    def __getstate__(self) -> dict[str, Any]:
        """Leave out a pipeline that the other process can load."""
        state = super().__getstate__()
        del state["_nlp"]
        language, _ = self._pipeline
        if not (optional("spacy", extra="nlp").util.is_package(str(language)) or Path(language).exists()):
            state["content"] = self._nlp.config.to_str(), self._nlp.to_bytes()
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        content = state.pop("content", None)
        super().__setstate__(state)
        self._nlp = self._loaded() if content is None else self._rebuilt(*content)

    def _rebuilt(self, config: str, weights: bytes) -> Any:
        spacy = optional("spacy", extra="nlp")
        if self._pipeline not in _pipelines:
            parsed = spacy.util.load_config_from_str(config)
            _pipelines[self._pipeline] = spacy.util.load_model_from_config(parsed, auto_fill=True).from_bytes(weights)
        return _pipelines[self._pipeline]

    def run(self, text: str) -> FieldMap:  # type: ignore[override]
        """Parse a text; returns its document as ``"doc"``."""
        return {"doc": self._nlp(text)}

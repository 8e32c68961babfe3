"""Find what Python code reads of a document of spaCy, and tests of its tokens that are never so, by its source.

>>> from labelkit.rules.inspection.syntax import source_of
>>> def named(doc):
...     return 1 if "channel" in doc and any(token.lemma_ == "run" for token in doc) else None
>>> annotations_read(source_of(named), "doc")
{'lemma': 'lemma_'}
>>> [odd.reason for odd in odd_token_tests(source_of(named), "doc")]
["'channel' in doc is never so (line 2): a document has tokens, and no texts"]
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any, Final

from labelkit._shared.syntax_trees import nodes_of
from labelkit.rules.inspection.syntax import FunctionSource
from labelkit.rules.oddities.patterns import OddWord

_READ: Final = {
    **{f"{name}{end}": name for name in ("pos", "tag", "lemma", "dep") for end in ("", "_")},
    "morph": "morph",
    **dict.fromkeys(("ents", "ent_type", "ent_type_", "ent_iob", "ent_iob_", "ent_id_"), "ents"),
    **dict.fromkeys(("head", "children", "lefts", "rights", "subtree", "ancestors", "noun_chunks"), "dep"),
    **dict.fromkeys(("sents", "is_sent_start", "is_sent_end"), "sents"),
}
"""Attributes of tokens, spans and documents, with the annotation that a pipe sets."""

_SPANS: Final = frozenset({"ents", "noun_chunks", "sents"})
_TEXTS: Final = (list, tuple, set, frozenset, dict)


def annotations_read(source: FunctionSource, parameter: str) -> dict[str, str]:
    """Return the annotations that a function reads of a document, each with the first attribute of it.

    Parameters
    ----------
    source : FunctionSource
    parameter : str
        The document; of a function that does not have it, nothing is said.

    Returns
    -------
    dict of str to str
    """
    nodes = [node for node in nodes_of(source.tree) if isinstance(node, ast.Attribute)]
    written = {node.attr for node in nodes if not isinstance(node.ctx, ast.Load)}
    its = source.local - {arg.arg for arg in source.tree.args.args if arg.arg != parameter}
    annotations: dict[str, str] = {}
    for node in nodes:
        is_of_other = isinstance(node.value, ast.Name) and node.value.id not in its
        if node.attr in _READ and node.attr not in written and not is_of_other:
            annotations.setdefault(_READ[node.attr], node.attr)
    return annotations if any(isinstance(n, ast.Name) and n.id == parameter for n in nodes_of(source.tree)) else {}


def odd_token_tests(source: FunctionSource, parameter: str) -> Iterator[OddWord]:
    """Find tests that compare tokens with texts.

    Parameters
    ----------
    source : FunctionSource
    parameter : str

    Yields
    ------
    OddWord
    """
    documents, tokens = _documents(source, parameter), _tokens(source, parameter)
    for node in nodes_of(source.tree):
        if not isinstance(node, ast.Compare) or len(node.ops) != 1:
            continue
        left, op, right = node.left, node.ops[0], node.comparators[0]
        never = "always" if isinstance(op, ast.NotIn | ast.NotEq) else "never"
        shown = f"{ast.unparse(node)} is {never} so (line {node.lineno})"
        if isinstance(op, ast.In | ast.NotIn) and _is_text(left, source) and _is_one_of(right, documents):
            yield OddWord(
                f"{shown}: a document has tokens, and no texts",
                f"{ast.unparse(left)} in {ast.unparse(right)}.text; phrases(...) finds whole words",
            )
        elif isinstance(op, ast.In | ast.NotIn) and _is_one_of(left, tokens) and _are_texts(right, source):
            yield OddWord(f"{shown}: a token is no text", f"compare its text: {ast.unparse(left)}.text")
        elif isinstance(op, ast.Eq | ast.NotEq):
            for one, other in ((left, right), (right, left)):
                if _is_one_of(one, tokens | documents) and _is_text(other, source):
                    yield OddWord(f"{shown}: a token is no text", f"compare its text: {ast.unparse(one)}.text")


def _documents(source: FunctionSource, parameter: str) -> frozenset[str]:
    """Return the code of what is the document: the parameter, where it has no other value."""
    stored = any(
        isinstance(node, ast.Name) and node.id == parameter and not isinstance(node.ctx, ast.Load)
        for node in nodes_of(source.tree)
    )
    return frozenset() if stored else frozenset({parameter})


def _tokens(source: FunctionSource, parameter: str) -> frozenset[str]:
    """Return the names that loops over the document, or over spans of it, give to tokens and spans."""
    documents = _documents(source, parameter)
    names: set[str] = set()
    for node in nodes_of(source.tree):
        if isinstance(node, ast.For | ast.comprehension) and isinstance(node.target, ast.Name):
            given = node.iter
            if isinstance(given, ast.Attribute) and given.attr in _SPANS:
                given = given.value
            if _is_one_of(given, documents):
                names.add(node.target.id)
    return frozenset(names - _bound_elsewhere(source, names))


def _bound_elsewhere(source: FunctionSource, names: set[str]) -> set[str]:
    """Return the names that get a value more than once."""
    stored = [n.id for n in nodes_of(source.tree) if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)]
    return {name for name in names if stored.count(name) > 1}


def _is_one_of(node: ast.expr, names: frozenset[str]) -> bool:
    return isinstance(node, ast.Name) and node.id in names


def _value(node: ast.expr, source: FunctionSource) -> Any:
    if isinstance(node, ast.Constant):
        return node.value
    return source.look_up(node.id) if isinstance(node, ast.Name) else None


def _is_text(node: ast.expr, source: FunctionSource) -> bool:
    return isinstance(_value(node, source), str)


def _are_texts(node: ast.expr, source: FunctionSource) -> bool:
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        return bool(node.elts) and all(_is_text(part, source) for part in node.elts)
    value = _value(node, source)
    return isinstance(value, _TEXTS) and bool(value) and all(isinstance(one, str) for one in value)

"""Who imports whom: a module imports only from the rows above its own, and the exceptions stand in one table."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import labelkit

PACKAGE = Path(labelkit.__file__).parent

ROWS = {
    **dict.fromkeys(
        (
            "_files",
            "_normalising",
            "_optional",
            "_pattern_clock",
            "_room",
            "_secrets",
            "_threads",
            "_version",
            "exceptions",
        ),
        0,
    ),
    **dict.fromkeys(
        (
            "_computed_rows",
            "_rows",
            "_validation",
            "conditions",
            "contexts",
            "fingerprint",
            "labels",
            "markup",
            "metrics",
            "patterns",
        ),
        1,
    ),
    **dict.fromkeys(
        (
            "corpus",
            "databases",
            "lf",
            "matchers",
            "matrix",
            "probabilistic_labels",
            "resolution",
            "rule_syntax",
            "tables",
        ),
        2,
    ),
    **dict.fromkeys(
        (
            "analysis",
            "batch_rules",
            "cache",
            "collecting",
            "composing",
            "datasets",
            "label_models",
            "lexicons",
            "lookups",
            "model_content",
            "model_outputs",
            "nlp",
            "plan",
            "prompts",
            "rule_state",
            "rule_text",
            "rules",
            "run_folder",
            "similarity",
            "slow_patterns",
        ),
        3,
    ),
    **dict.fromkeys(
        (
            "advice",
            "bulk",
            "comparison",
            "differences",
            "engines",
            "examples",
            "gates",
            "linting",
            "plots",
            "remembering",
            "report",
            "suggestions",
            "views",
        ),
        4,
    ),
    **dict.fromkeys(("applier", "checking", "estimating", "pipeline", "project", "pytest_plugin", "testing"), 5),
    **dict.fromkeys(("__init__", "cli"), 6),
}
"""The row of each module; a folder is one module."""

EXCEPTIONS = {
    ("_computed_rows", "_rows"): "rows of an array are picked as everywhere",
    ("_optional", "exceptions"): "a missing package is an error of ours",
    ("_room", "exceptions"): "what does not fit is an error of ours",
    ("_secrets", "exceptions"): "a variable that is not set is an error of ours",
    ("batch_rules", "rules"): "they are made as Python rules are",
    ("composing", "rules"): "a composition makes conditions of conditions",
    ("contexts", "conditions"): "a test of where others match is made of them",
    ("lexicons", "lookups"): "labels in files mean the same everywhere",
    ("lexicons", "nlp"): "a list may hold patterns of tokens",
    ("lexicons", "rules"): "a list becomes rules",
    ("lookups", "rules"): "a look-up makes conditions",
    ("matrix", "lf"): "the description of a rule travels with its votes",
    ("model_content", "nlp"): "what a spaCy pipeline holds is told where it is loaded",
    ("model_outputs", "batch_rules"): "a model that is given as it is makes the whole rule",
    ("model_outputs", "model_content"): "a rule is another one when its model is",
    ("model_outputs", "rules"): "a model output is made as a Python rule is",
    ("nlp", "rules"): "what is looked for in documents makes conditions",
    ("prompts", "cache"): "answers are kept beside votes",
    ("prompts", "rules"): "a rule that asks a model is made as a Python rule is",
    ("report", "advice"): "a report says what to fix",
    ("report", "bulk"): "gold of a column is read as in a run",
    ("similarity", "batch_rules"): "a comparison makes the whole rule",
    ("similarity", "lookups"): "labels in files mean the same everywhere",
    ("similarity", "model_content"): "a rule is another one when its embedding is",
    ("similarity", "rules"): "a comparison is guarded by conditions",
    ("run_folder", "label_models"): "a run folder gives back its model",
    ("pipeline", "applier"): "the whole run applies rules",
    ("checking", "applier"): "a check applies rules",
    ("checking", "pipeline"): "a check finds gold as a run does",
    ("pytest_plugin", "checking"): "tests of gates try rules as a check does",
}
"""Imports within a row, and why."""

NEVER = [
    ("label_models", {"corpus", "rules"}, "a label model never sees a corpus or a rule"),
    ("rules", {"matrix"}, "a rule never sees a matrix"),
    ("model_outputs", {"matrix"}, "a rule never sees a matrix"),
    ("nlp", {"matrix"}, "a rule never sees a matrix"),
    ("similarity", {"matrix"}, "a rule never sees a matrix"),
    ("prompts", {"matrix"}, "a rule never sees a matrix"),
]


def modules():
    """The source files of each module."""
    found = {}
    for file in sorted(PACKAGE.rglob("*.py")):
        name = file.relative_to(PACKAGE).parts[0].removesuffix(".py")
        found.setdefault(name, []).append(file)
    return found


def imports_of(file):
    """The modules of labelkit that a file imports, those for type checkers alone left out."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for_checkers = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if node in for_checkers:
            continue
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file} imports relatively"
            names = [
                f"{node.module}.{alias.name}" if node.module == "labelkit" else node.module for alias in node.names
            ]
        else:
            continue
        for name in names:
            parts = name.split(".")
            if parts[0] == "labelkit":
                yield parts[1] if len(parts) > 1 and parts[1] in ROWS else "__init__"


IMPORTS = {
    name: {imported for file in files for imported in imports_of(file)} - {name} for name, files in modules().items()
}


def test_every_module_has_a_row_and_every_row_a_module():
    assert set(ROWS) == set(modules())


@pytest.mark.parametrize("module", IMPORTS)
def test_a_module_imports_only_from_the_rows_above_it(module):
    wrong = {
        imported
        for imported in IMPORTS[module]
        if ROWS[imported] >= ROWS[module] and (module, imported) not in EXCEPTIONS
    }
    assert not wrong, f"{module} (row {ROWS[module]}) imports {sorted(wrong)}"


def test_every_exception_is_needed():
    for module, imported in EXCEPTIONS:
        assert imported in IMPORTS[module], (module, imported)
        assert ROWS[imported] == ROWS[module], (module, imported)


@pytest.mark.parametrize(("module", "unseen", "why"), NEVER)
def test_some_modules_never_see_others(module, unseen, why):
    seen = {name for name in IMPORTS[module] if name in unseen}
    assert not seen, why


def test_no_module_bears_the_name_of_a_public_function():
    assert not set(labelkit.__all__) & set(modules())


def test_the_public_names_are_sorted_and_each_can_be_had():
    names = [name for name in labelkit.__all__ if name != "__version__"]
    # Constants, then classes, then functions, each by name: the order that the linter keeps.
    assert labelkit.__all__ == sorted(
        labelkit.__all__, key=lambda name: (not name.isupper(), not name[0].isupper(), name)
    )
    assert sorted(names) == sorted(labelkit._HOMES)
    for name in labelkit.__all__:
        assert getattr(labelkit, name) is not None
        assert name in dir(labelkit)


def test_the_public_names_are_known_to_type_checkers():
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    typed = {
        alias.name: node.module.removeprefix("labelkit.")
        for block in tree.body
        if isinstance(block, ast.If)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert typed == labelkit._HOMES


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'labelkit' has no attribute 'nope'"):
        labelkit.nope  # noqa: B018

"""The rooms of labelkit and who may import whom: one table, without exceptions."""

from __future__ import annotations

import ast
import functools
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import labelkit
from tests.package_source import PACKAGE, nodes_of

PAGE = Path(__file__).parents[1] / "docs" / "architecture.md"

EVERYWHERE = {"exceptions", "_shared", "_version"}
"""Every room may import these, except that these import none of the others: ``_shared`` may import ``exceptions``."""


def table_of(page):
    """Read the import table of the page: for each room, the rooms, or single modules, that it may import."""
    rows = re.findall(
        r"^\| `(\w+)` \| (.*?) ?\|$", page.split("## Who may import whom")[1].split("\n## ")[0], re.MULTILINE
    )
    rooms = {room for room, _ in rows}
    return {room: rooms if allowed == "all" else set(re.findall(r"`([\w.]+)`", allowed)) for room, allowed in rows}


MAY_IMPORT = table_of(PAGE.read_text(encoding="utf-8"))

MOST_PAIRS = 129
"""Pairs of rooms of which one imports the other; a third of the 340 pairs of modules of the former layout."""
MOST_LINES = 450
WORD_LISTS = {"datasets/_lexicon.py"}


def modules():
    """Source files by dotted name below the package."""
    found = {}
    for file in sorted(PACKAGE.rglob("*.py")):
        parts = file.relative_to(PACKAGE).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)
        found[name] = file
    return found


MODULES = modules()


def imports_of(file):
    """The modules of labelkit that a file imports, by dotted name; those for type checkers alone are left out."""
    for_checkers = {
        inner
        for node in nodes_of(file)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in nodes_of(file):
        if node in for_checkers:
            continue
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file} imports relatively"
            names = [
                submodule
                if (submodule := f"{node.module}.{alias.name}").removeprefix("labelkit.") in MODULES
                else node.module
                for alias in node.names
            ]
        else:
            continue
        for name in names:
            if name.split(".")[0] == "labelkit":
                yield name.partition(".")[2] or "__init__"


@functools.cache
def imports():
    """For each module of labelkit, by dotted name, those that it imports."""
    return {name: set(imports_of(file)) for name, file in MODULES.items()}


def room_of(module):
    return module.split(".")[0]


def is_allowed(module, imported):
    room = room_of(module)
    always = {room} | (EVERYWHERE if room not in EVERYWHERE else {"exceptions"} if room == "_shared" else set())
    return room_of(imported) in always or any(f"{imported}.".startswith(f"{may}.") for may in MAY_IMPORT[room])


def test_the_table_names_every_room():
    assert set(MAY_IMPORT) == {room_of(name) for name in MODULES}


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_imports_only_what_the_table_allows(room):
    wrong = {
        f"{module} imports {imported}"
        for module in MODULES
        if room_of(module) == room
        for imported in imports()[module]
        if not is_allowed(module, imported)
    }
    assert not wrong, "\n".join(sorted(wrong))


def test_no_module_imports_a_private_file_of_another_folder():
    """``a/b/_c.py`` is for ``a/b`` and the folders below it alone; ``_shared`` is a room, not a file."""
    wrong = {
        f"{module} imports {imported}"
        for module, names in imports().items()
        for imported in names
        for place, part in enumerate(imported.split("."))
        if part.startswith("_") and part not in {"_shared", "_version", "__init__"}
        if not f"{folder_of(module)}.".startswith("".join(f"{p}." for p in imported.split(".")[:place]))
    }
    assert not wrong, "\n".join(sorted(wrong))


def folder_of(module):
    is_folder = MODULES[module].name == "__init__.py"
    return module if is_folder else module.rpartition(".")[0]


def test_no_imports_go_in_a_circle():
    """Modules that import each other, whether at the top or within a function, form no circle."""
    graph = {
        module: {name for name in names if name in MODULES and name != module} for module, names in imports().items()
    }
    circles = [group for group in strongly_connected(graph) if len(group) > 1]
    assert not circles, circles


def test_a_module_that_is_called_by_its_name_is_a_door_of_the_page():
    doors = {
        f"{file.relative_to(PACKAGE)} -> {name}"
        for file in MODULES.values()
        for name in re.findall(r"import_module\(\"labelkit[.\w]*\"", file.read_text(encoding="utf-8"))
    }
    assert doors == {'rules/labeling_functions.py -> import_module("labelkit.apply.arrow_votes"'}


def strongly_connected(graph):
    """Tarjan's algorithm."""
    index, low, stack, groups = {}, {}, [], []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        for following in sorted(graph[node]):
            if following not in index:
                visit(following)
                low[node] = min(low[node], low[following])
            elif following in stack:
                low[node] = min(low[node], index[following])
        if low[node] == index[node]:
            at = stack.index(node)
            groups.append(stack[at:])
            del stack[at:]

    for node in sorted(graph):
        if node not in index:
            visit(node)
    return groups


def kinds_of_predicates():
    """Names of the classes of predicates and expressions."""
    names = {"Predicate", "Expression"}
    classes = [node for file in MODULES.values() for node in nodes_of(file) if isinstance(node, ast.ClassDef)]
    for _ in range(5):  # as deep as classes are derived from each other
        names |= {
            node.name for node in classes if names & {base.id for base in node.bases if isinstance(base, ast.Name)}
        }
    return names


def test_kinds_of_predicates_are_told_apart_by_their_methods():
    """A new kind of predicate is a file of its own: elsewhere nobody asks which kind it is."""
    kinds = kinds_of_predicates()
    assert {"Words", "Values", "Near", "Entities", "Leaf", "AtLeast"} <= kinds
    owners = ("rules.predicates", "rules.expressions", "matching")
    asked = [
        f"{module}:{node.lineno}: {ast.unparse(node)}"
        for module, file in MODULES.items()
        if not module.startswith(owners)
        for node in nodes_of(file)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        if node.func.id in ("isinstance", "issubclass")
        if kinds & {name.id for name in ast.walk(node.args[1]) if isinstance(name, ast.Name)}
    ]
    assert len(asked) < 10, "\n".join(asked)


def test_one_class_name_means_one_thing():
    places = {}
    for module, file in MODULES.items():
        if module.startswith("interop.snorkel"):
            continue  # its names are Snorkel's
        for node in nodes_of(file):
            if isinstance(node, ast.ClassDef):
                places.setdefault(node.name.lstrip("_"), []).append(module)
    assert not {name: modules for name, modules in places.items() if len(modules) > 1}


def test_rooms_import_few_others():
    pairs = {
        (room_of(module), room_of(imported))
        for module, names in imports().items()
        for imported in names
        if room_of(module) != room_of(imported)
    }
    assert len(pairs) <= MOST_PAIRS


def test_every_test_that_the_page_names_is_there():
    """The laws of the page name the tests that hold them."""
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE.read_text(encoding="utf-8"))
    assert len(named) > 12
    for file, test in named:
        text = (PAGE.parents[1] / file).read_text(encoding="utf-8")
        assert f"def {test}(" in text, f"{file} has no {test}"


def test_every_path_that_the_pages_name_is_there():
    root = PAGE.parents[1]
    for page in (PAGE, root / "CONTRIBUTING.md"):
        for path in re.findall(
            r"`((?:labelkit|tests|docs|rules|corpus|apply|matching|votes|label_models|runs|checks|datasets|_shared)/[\w/.]*)`",
            page.read_text(encoding="utf-8"),
        ):
            if "<" not in path:
                assert (root / path).exists() or (PACKAGE / path).exists(), f"{page.name} names {path}"


def test_one_file_knows_the_names_of_the_parts_of_a_run():
    """Files of a run folder are named by ``RunLayout`` alone."""
    owner = PACKAGE / "runs" / "run_folder.py"
    others = [
        str(file.relative_to(PACKAGE))
        for file in MODULES.values()
        if file != owner and "part-" in file.read_text(encoding="utf-8")
    ]
    assert "part-" in owner.read_text(encoding="utf-8")
    assert not others


def test_nothing_stands_at_the_top_by_mistake():
    root = PACKAGE.parent
    if not (root / ".git").exists() or shutil.which("git") is None:
        pytest.skip("not a repository")
    listed = subprocess.run(["git", "ls-files"], cwd=root, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip(f"git does not list its files: {listed.stderr}")
    assert {line.partition("/")[0] for line in listed.stdout.splitlines()} <= {
        *(".ci", ".gitignore", "CHANGELOG.md", "CITATION.cff", "CONTRIBUTING.md", "LICENSE", "Makefile", "README.md"),
        *("docs", "labeling_functions", "labelkit", "notebooks", "pyproject.toml", "tests"),
    }


def test_the_listing_of_the_package_is_short():
    entries = {path.name for path in PACKAGE.iterdir()} - {"__pycache__"}
    assert len(entries - {"__init__.py", "__init__.pyi", "__main__.py", "_version.py", "py.typed"}) <= 20


def test_no_file_is_long():
    long = {
        str(file.relative_to(PACKAGE)): n_lines
        for file in MODULES.values()
        if (n_lines := len(file.read_text(encoding="utf-8").splitlines())) > MOST_LINES
    }
    assert set(long) <= WORD_LISTS, long


def test_tests_mirror_the_rooms():
    rooms = {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    folders = {path.name for path in Path(__file__).parent.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders - {"benchmarks"} == rooms


def test_the_public_names_are_those_of_the_stub_and_dir_shows_nothing_else():
    stub = ast.parse((PACKAGE / "__init__.pyi").read_text(encoding="utf-8"))
    names = [alias.name for node in stub.body if isinstance(node, ast.ImportFrom) for alias in node.names]
    assert len(names) == len(set(names))
    assert dir(labelkit) == sorted(names) == sorted(labelkit.__all__)
    for name in names:
        assert getattr(labelkit, name) is not None


def test_no_folder_bears_the_name_of_a_public_function():
    assert not set(labelkit.__all__) & {room_of(name) for name in MODULES}


def test_the_public_names_are_those_that_users_know():
    """Names that were public stay public; this list only grows."""
    known = [
        "ABSTAIN",
        "Applier",
        "Clusters",
        "Column",
        "Comparison",
        "Condition",
        "Corpus",
        "DawidSkene",
        "Difference",
        "DryRun",
        "Estimates",
        "Evaluation",
        "Exported",
        "Fault",
        "Finding",
        "Findings",
        "IBCC",
        "LFInfo",
        "LabelMatrix",
        "LabelModel",
        "LabelSpace",
        "LabelingFunction",
        "LabelingFunctions",
        "LabelkitError",
        "MajorityVote",
        "MetalModel",
        "OneCoin",
        "ProbabilisticLabels",
        "QuorumVote",
        "RunFolder",
        "SnorkelLabelModel",
        "Suggestion",
        "Suggestions",
        "Summary",
        "TripletModel",
        "View",
        "VotePatterns",
        "WeightedVote",
        "__version__",
        "at_least",
        "collect",
        "column",
        "compare",
        "coverage_by",
        "coverage_by_class",
        "coverage_over_time",
        "diff",
        "dry_run",
        "duckdb_table",
        "entities",
        "estimate",
        "expect",
        "export",
        "facts",
        "fit_clusters",
        "generate_comments",
        "generate_posts",
        "keywords",
        "labeling_function",
        "load_comments",
        "load_model",
        "load_posts",
        "lookup",
        "marginal_values",
        "model_output",
        "near",
        "near_duplicate_rules",
        "open_corpus",
        "pairwise_conflicts",
        "pairwise_overlaps",
        "phrases",
        "plot_coverage",
        "plot_coverage_over_time",
        "plot_label_distribution",
        "plot_pairwise",
        "plot_reliability",
        "prompt",
        "read_gold",
        "regex",
        "repeated",
        "rules_from",
        "run",
        "similar_to",
        "spacy_doc",
        "sql_table",
        "suggest",
        "summarize",
        "suspicious_gold",
        "token_pattern",
        "unnegated",
        "view",
        "what_to_fix",
        "within",
        "write_report",
    ]
    assert set(known) <= set(labelkit.__all__)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match=r"labelkit.* attribute .*nope"):
        labelkit.nope  # noqa: B018

"""Build the site from the Markdown pages: `make docs`.

The source folder of Sphinx is the root of the repository, so that a relative link works on the site as it does in the
repository. Pages of the reference are written into `docs/reference/` when a build begins; git ignores them.
"""

from __future__ import annotations

import importlib
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.util import logging

import labelkit
from labelkit.cli import cli

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "docs" / "reference"
sys.path.insert(0, str(ROOT / "docs"))  # for _gallery and _markdown
from _markdown import first_line, from_notebook, plain, summary, with_files  # noqa: E402 - beside this file

REDIRECT = (
    '<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0; url={0}"><a href="{0}">labelkit</a>'
)
INHERITED = "BaseEstimator, ClassifierMixin, tuple, int, dict, Exception, Mapping, Sequence"
"""Classes of others, whose members the reference does not repeat."""
ERRORS = """# Errors and their codes

Each error that labelkit raises on purpose is a `LabelkitError`: its message says what happened, to which rule and
example, and ends with a code and mostly a hint with a remedy; `error.code` and `error.hint` are these alone. What
`labelkit check` and `labelkit fix` find has such codes, too. `labelkit explain LK202` shows a section of this page, and
`labelkit explain` lists all codes.
"""
ERROR_CLASSES = """## Classes of errors

```{eval-rst}
.. automodule:: labelkit.exceptions
   :members:
   :exclude-members: with_code, parts_of_text

.. autofunction:: labelkit.explain_error
.. autoclass:: labelkit.ErrorSections
   :members:
.. autoclass:: labelkit.ErrorSection
   :members:
```
"""

project = "labelkit"
author = "The labelkit founders"
version = release = labelkit.__version__
root_doc = "docs/index"
extensions = ["myst_nb", "sphinx.ext.autodoc", "numpydoc", "sphinx_gallery.gen_gallery"]
include_patterns = [
    "docs/**.md",
    "docs/examples/plot_*.rst",
    "notebooks/*.ipynb",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "tests/benchmarks/README.md",
]
exclude_patterns = [
    ".*",
    "build",
    "dist",
    "demo",
    "runs",
    "labelkit",
    "labeling_functions",
    "**/__pycache__",
]

myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 3
nb_execution_mode = "off"  # the tests execute them
autodoc_typehints = "none"
numpydoc_show_class_members = False

sphinx_gallery_conf = {
    "examples_dirs": "docs/gallery",
    "gallery_dirs": "docs/examples",
    "backreferences_dir": "docs/examples/backreferences",
    "doc_module": ("labelkit",),
    "within_subsection_order": "FileNameSortKey",
    "run_stale_examples": True,  # what they print depends on labelkit, not on the scripts alone
    "capture_repr": (),  # a page shows what the script prints
    "reset_modules": ("matplotlib", "_gallery.prepare"),
    "reset_modules_order": "both",
    "image_srcset": ["2x"],
    "notebook_extensions": set(),  # scripts import made_up, which stands beside them
    "download_all_examples": False,
    "show_signature": False,
    "write_computation_times": False,
    "min_reported_time": 10_000,  # the same page at each build
}

html_theme = "pydata_sphinx_theme"
html_math_renderer = "mathml"
html_title = "labelkit"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "logo": {"text": "labelkit"},
    "navbar_align": "left",
    "header_links_before_dropdown": 6,
    "navbar_end": ["theme-switcher"],
    "show_prev_next": False,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
}
copyright = "labelkit, Apache-2.0"  # noqa: A001  the name that Sphinx reads


def rooms() -> dict[str, dict[str, list[str]]]:
    """Group the public names by room, and within it by module, as the stub does."""
    stub = (ROOT / "labelkit" / "__init__.pyi").read_text("utf-8")
    grouped: dict[str, dict[str, list[str]]] = {}
    for module, names in re.findall(r"^from \.([\w.]+) import \(\n(.*?)^\)", stub, re.DOTALL | re.MULTILINE):
        if not module.startswith("_"):
            room = module.partition(".")[0]
            grouped.setdefault(room, {})[module] = re.findall(r"^    (\w+) as", names, re.MULTILINE)
    return grouped


def heading(module: str) -> str:
    """Spell the last part of a module's name as a heading."""
    return module.rpartition(".")[2].replace("_", " ").capitalize()


def directive(name: str, module: str) -> str:
    """Document one public name from its docstring; a constant of plain values has none."""
    value = getattr(labelkit, name)
    if isinstance(value, type):
        return f".. autoclass:: labelkit.{name}\n   :members:\n   :inherited-members: {INHERITED}\n"
    if callable(value):
        return f".. autofunction:: labelkit.{name}\n"
    return f".. autodata:: labelkit.{module}.{name}\n"


def link(name: str, module: str) -> str:
    """Refer to the entry of a public name."""
    return f"{{py:obj}}`{name} <labelkit.{name if callable(getattr(labelkit, name)) else f'{module}.{name}'}>`"


def about(name: str) -> str:
    """Take the first line of a docstring, as a cell of a table; a reference is shown by its name."""
    value = getattr(labelkit, name)
    if not callable(value):
        return "A constant."
    line = re.sub(r":[a-z:]+:`(?:~[\w.]*\.)?([^`<>]+?)(?: <[^`]*>)?`", r"`\1`", first_line(value))
    return line.replace("``", "`").replace("|", "\\|")


def api_page(room: str, modules: dict[str, list[str]]) -> str:
    """Write the page of one room: its names with what each does, then their entries."""
    named = [(name, module) for module, names in modules.items() for name in names]
    rows = [f"| {link(name, module)} | {about(name)} |" for name, module in sorted(named)]
    entries = [f"```{{eval-rst}}\n{directive(name, module)}```\n" for name, module in named]
    purpose = first_line(importlib.import_module(f"labelkit.{room}"))
    return "\n".join(
        [f"# {heading(room)}: API\n\n{purpose}\n", "| name | what it does |", "| --- | --- |", *rows, "", *entries]
    )


def api_index(grouped: dict[str, dict[str, list[str]]]) -> str:
    """List all public names by room."""
    parts = ["# Python API\n\nEvery public name is imported from `labelkit` itself: `import labelkit as lk`.\n"]
    for room in sorted(grouped):
        names = sorted((name, module) for module, names in grouped[room].items() for name in names)
        parts.append(f"**[{heading(room)}]({room}.md)**: {', '.join(link(*named) for named in names)}\n")
    listed = "\n".join(sorted(set(grouped) - {"exceptions"}))
    return "\n".join([*parts, f"```{{toctree}}\n:hidden:\n\n{listed}\n```\n"])


def commands(group: click.Group, path: str = "labelkit") -> Iterator[str]:
    """Yield the help of each command as a section."""
    for name, command in sorted(group.commands.items()):
        if command.hidden:
            continue
        called = f"{path} {name}"
        text = command.get_help(click.Context(command, info_name=called, terminal_width=72, max_content_width=72))
        yield f"## {called}\n\n```text\n{text}\n```\n"
        if isinstance(command, click.Group):
            yield from commands(command, called)


def errors_page() -> str:
    """Write the page of the errors: each code with its cause and remedy, then the classes."""
    codes = (ROOT / "labelkit" / "_shared" / "error_codes.md").read_text("utf-8")
    return f"{ERRORS}\n{codes}\n{ERROR_CLASSES}"


def write_reference(_app: Any) -> None:
    """Write the pages of the reference from the public names and the commands."""
    shutil.rmtree(REFERENCE, ignore_errors=True)
    REFERENCE.mkdir()
    grouped = rooms()
    pages = {room: api_page(room, modules) for room, modules in grouped.items()}
    pages["exceptions"] = errors_page()
    pages["commands"] = "# Commands\n\nThe help of each command. " + (
        "What all of them share is on [the page for machines](../command_line.md).\n\n" + "\n".join(commands(cli))
    )
    pages["index"] = api_index(grouped)
    for name, text in pages.items():
        (REFERENCE / f"{name}.md").write_text(text, "utf-8")


def in_order(trees: dict[str, list[str]], name: str) -> Iterator[str]:
    """Yield a page and those below it, as the trees of contents list them."""
    yield name
    for below in trees.get(name, ()):
        yield from in_order(trees, below)


def write_for_assistants(app: Any, exception: Exception | None) -> None:
    """Put the Markdown of each page beside it, llms.txt, which lists them, and the first page at the root."""
    if exception is not None:
        return
    from _gallery import as_markdown, linked  # noqa: PLC0415 - beside this file

    site, lines = Path(app.outdir), ["# labelkit", "", f"> {summary((ROOT / 'README.md').read_text('utf-8'))}", ""]
    for name in in_order(app.env.toctree_includes, app.config.root_doc):
        source = Path(app.env.doc2path(name))
        text = source.read_text("utf-8")
        copy = site / f"{name}.{'ipynb' if source.suffix == '.ipynb' else 'md'}"
        if source.suffix == ".md":
            text = plain(linked(text, name, "md"), name, lambda page: app.env.titles[page].astext())
        elif source.suffix == ".rst":
            text = as_markdown(text)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(text, "utf-8")
        sentence = summary(from_notebook(text) if source.suffix == ".ipynb" else text)
        lines.append(f"- [{app.env.titles[name].astext()}]({copy.relative_to(site)}){sentence and f': {sentence}'}")
    (site / "llms.txt").write_text("\n".join(lines) + "\n", "utf-8")
    (site / "index.html").write_text(REDIRECT.format("docs/index.html"), "utf-8")


def read_source(_app: Any, name: str, source: list[str]) -> None:
    """Let links to scripts of the gallery lead to their pages, which get the width that code needs; name files."""
    from _gallery import linked  # noqa: PLC0415 - beside this file

    wide = ":html_theme.sidebar_secondary.remove: true\n\n" if name.startswith("docs/examples/") else ""
    source[0] = wide + linked(with_files(source[0]), name, "rst")


def skips(_app: Any, _what: str, name: str, *_others: Any) -> bool | None:
    """Leave out what scikit-learn puts into each estimator; Sphinx decides about the rest."""
    return True if re.fullmatch(r"set_\w+_request|get_metadata_routing|[gs]et_params", name) else None


def formula(translator: Any, node: Any) -> None:
    """Write a formula as MathML, which browsers show without a script from elsewhere."""
    block = isinstance(node, nodes.math_block)
    try:
        written = str(tex2mathml(node.astext(), as_block=block))
    except MathError as error:
        logging.getLogger(__name__).warning("no MathML for the formula %s: %s", node.astext(), error, location=node)
    else:
        translator.body.append(f'<div class="formula">{written}</div>' if block else written)
    raise nodes.SkipNode


def setup(app: Any) -> None:
    """Join the pages that are written, and formulas, to the build."""
    app.add_html_math_renderer("mathml", (formula, None), (formula, None))
    app.connect("autodoc-skip-member", skips)
    app.connect("config-inited", lambda app, _config: write_reference(app))
    app.connect("source-read", read_source)
    app.connect("build-finished", write_for_assistants)

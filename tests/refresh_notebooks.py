"""Runs the notebooks from top to bottom and keeps what they show: ``python -m tests.refresh_notebooks [NAME ...]``.

To be called after an edit of a notebook, or of the library where that changes what a notebook shows; then read what
``git diff`` says of the numbers. The tests run the same code, keep nothing, and compare.
"""

import os
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from tests.waiting import GUARD

FOLDER = Path(__file__).parents[1] / "notebooks"

SECONDS = 40
"""Within which a whole notebook has to run on a machine that does nothing else."""

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
"""What a notebook says of itself: nothing that differs from one machine to the next."""


def executed(path, scratch):
    """The notebook with new outputs, run by a fresh kernel in the folder of the notebooks.

    ``scratch`` is an empty folder for the cache of votes and the kernel's own files, so that every run starts alike.
    """
    import matplotlib.font_manager  # noqa: F401 - its cache of fonts is made here, where it may say so

    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=GUARD,
        startup_timeout=GUARD,
        kernel_name="python3",
        record_timing=False,
        coalesce_streams=True,
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(FOLDER)}},
    )
    with _environment(LABELKIT_CACHE=scratch / "votes", IPYTHONDIR=scratch / "ipython", PYTHONDONTWRITEBYTECODE="1"):
        client.execute()
    return cleaned(notebook)


def cleaned(notebook):
    """Without what differs from run to run but is no output: timings, versions, editors' marks."""
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict({})
    return notebook


def said(notebook):
    """What each cell printed or showed as text, and in which other forms, by the cell's id."""
    return {cell.id: [_told(output) for output in cell.outputs] for cell in notebook.cells if cell.cell_type == "code"}


def _told(output):
    if output.output_type == "stream":
        return output.name, output.text
    if output.output_type == "error":
        return "error", f"{output.ename}: {output.evalue}"
    return tuple(sorted(output.data)), output.data.get("text/plain")


@contextmanager
def _environment(**values):
    before = {name: os.environ.get(name) for name in values}
    os.environ.update({name: str(value) for name, value in values.items()})
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def main(names):
    for path in sorted(FOLDER.glob("*.ipynb")):
        if names and path.name not in names and path.stem not in names:
            continue
        with tempfile.TemporaryDirectory() as scratch:
            started = time.perf_counter()
            notebook = executed(path, Path(scratch))
            seconds = time.perf_counter() - started
        nbformat.write(notebook, path)
        print(f"{path.name}: {seconds:.1f} s{'' if seconds < SECONDS else f', more than {SECONDS} s'}")


if __name__ == "__main__":
    main(sys.argv[1:])

"""The report of a run: one HTML file that needs no network, to look at, to filter and to send to a colleague.

Everything a corpus holds is shown as text. The page may run only its own script, which its content security policy
names by digest, and loads nothing. The same run gives the same bytes: no times, no dates, no names of folders, unless
earlier runs are told of.

>>> import labelkit as lk, tempfile
>>> folder = Path(tempfile.mkdtemp())
>>> asks = lk.keywords("subscribe", label=1).rule(name="asks")
>>> run = lk.run([asks], ["subscribe!", "hello"], folder / "first", labels=["HAM", "SPAM"], progress=False)
>>> report = write_report(run, folder / "report.html", corpus=["subscribe!", "hello"])
>>> "asks" in report.read_text("utf-8")
True
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from labelkit._shared.files import check_free, replaced
from labelkit._shared.given_paths import given_path, is_folder
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.exceptions import RunFolderError
from labelkit.runs.local_copies import sent_file
from labelkit.runs.one_version import one_version
from labelkit.runs.report._facts import read_facts
from labelkit.runs.report._page import page
from labelkit.runs.run_folder import RunFolder, RunLayout, reading_run


@checks_keywords
def write_report(
    run_folder: RunFolder | str | Path,
    path: str | Path | None = None,
    *,
    corpus: Any = None,
    history: bool = True,
    force: bool = False,
) -> Path:
    """Write the report of a run to one HTML file.

    Parameters
    ----------
    run_folder : RunFolder or path
    path : path, optional
        The file to write; ``report.html`` in the run folder if not given, which is replaced.
    corpus : object, optional
        Where the texts of the examples are, as :func:`labelkit.open_corpus` takes it. If not given, the file that was
        run over is read, if it is still there and has not changed; else the report says so and shows ids and votes.
    history : bool
        Whether to tell of the runs in the same parent folder.
    force : bool
        Whether to replace another file that exists.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    RunFolderError
        If this is no run folder, it is not whole, or ``corpus`` is not the run's; if another file is there already.
    CorpusError
        If ``corpus`` cannot be read.
    """
    folder = run_folder if isinstance(run_folder, RunFolder) else _opened(given_path(run_folder, *_WANTED))
    target = folder.layout.report if path is None else Path(path)
    if path is not None and Path(path).resolve() != folder.layout.report.resolve():
        check_free(Path(path), force=force, error=RunFolderError)
    folder.check_labeled()
    with one_version(folder), reading_run(folder.path):
        text = page(read_facts(folder, corpus, history=history))
    with replaced(target) as draft:
        draft.write_text(text, "utf-8", newline="\n")
    sent_file(target)
    return target


_WANTED: Final = ("a run", RunFolderError, "labelkit.run(rules, corpus, out) writes one")
"""What :func:`write_report` takes."""


def _opened(path: Path) -> RunFolder:
    """Open a run folder; of a run that was stopped, the error says how to finish it."""
    try:
        return RunFolder(path)
    except RunFolderError as error:
        if is_folder(RunLayout(path).draft):
            raise RunFolderError(
                f"the run {str(path)!r} was stopped before its end",
                hint="give its command again, and it goes on",
                code="LK505",
            ) from error
        raise

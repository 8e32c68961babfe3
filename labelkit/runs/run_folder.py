"""Lay out and read a run folder, of which no other module knows how the files are called (:class:`RunLayout`).

``votes/part-*.parquet`` and ``labels/part-*.parquet`` are in the order of the corpus. They, ``faults.parquet``,
``index.parquet`` (of a pandas frame), ``rejects.jsonl``, ``summary.csv``, ``model/`` (without pickle) and
``manifest.json`` are the same bytes whenever the same run is made again; ``timings.json`` holds what is not: times and
dates.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import InitVar, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, get_args

import pyarrow as pa

from labelkit._shared.files import remove, replaced
from labelkit._shared.given_paths import given_path, is_folder
from labelkit._shared.stored_files import json_object, read_json_object, read_parquet, reading
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit._shared.unreadable import check_listed
from labelkit.analysis.summary import Summary
from labelkit.exceptions import LabelkitError, RunFolderError
from labelkit.runs._manifest_shape import checked_manifest
from labelkit.runs._version_names import RUN_HINT, no_folder, remedy, runs_hint
from labelkit.runs.local_copies import brought, has_file, head_of, located, origin, shown_place
from labelkit.runs.one_version import Snapshot, one_version
from labelkit.runs.versioned_layout import VersionedLayout, named_version
from labelkit.votes.example_names import FrameIndex
from labelkit.votes.label_matrix import LabelMatrix
from labelkit.votes.outcomes import Fault
from labelkit.votes.probabilistic_labels import ProbabilisticLabels
from labelkit.votes.saved_index import read_index
from labelkit.votes.vote_patterns import VotePatterns

if TYPE_CHECKING:
    import pandas as pd

    from labelkit.runs.provenance import LabelOrigin

Kind: TypeAlias = Literal["votes", "labels"]
"""Output that is written in parts, one for each batch of the corpus."""

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)


@dataclass(frozen=True)
class RunLayout(VersionedLayout):
    """Paths of the files of a run folder, finished or in progress.

    Parameters
    ----------
    folder : Path

    Examples
    --------
    >>> layout = RunLayout(Path("out"))
    >>> layout.part("votes", 7).as_posix(), layout.draft.as_posix()
    ('out/votes/part-00007.parquet', '.out.partial')
    """

    @property
    def of_progress(self) -> set[Path]:
        """Paths that are there until the run is finished."""
        return {self.work, self.inputs}

    @property
    def varying(self) -> set[Path]:
        """Files that are not the same whenever the run is made again."""
        return {self.timings, self.report}

    @property
    def writers(self) -> Path:
        """Lock that workers share while they write a part."""
        return self.work / "writers.lock"

    @property
    def inputs(self) -> Path:
        """Note of the run's inputs; present until the run is finished."""
        return self.folder / "inputs.json"

    @property
    def work(self) -> Path:
        """Folder of the patterns and faults of each part; present until the run is finished."""
        return self.folder / "work"

    @property
    def voting(self) -> Path:
        """Note that rules are being called; present while they are, and after a process that died of it."""
        return self.work / "voting"

    @property
    def patterns(self) -> Path:
        """Distinct rows of votes."""
        return self.folder / "patterns.parquet"

    @property
    def index(self) -> Path:
        """The index of the frame that was the corpus; absent for any other one."""
        return self.folder / "index.parquet"

    @property
    def faults(self) -> Path:
        """Table of the faults."""
        return self.folder / "faults.parquet"

    @property
    def rejects(self) -> Path:
        """Rows of the corpus that could not be read."""
        return self.folder / "rejects.jsonl"

    @property
    def summary(self) -> Path:
        """Statistics of each rule."""
        return self.folder / "summary.csv"

    @property
    def model(self) -> Path:
        """Folder of the label model."""
        return self.folder / "model"

    @property
    def taught(self) -> Path:
        """Positions of the examples whose gold taught the label model; absent where none did."""
        return self.folder / "taught.parquet"

    @property
    def judged(self) -> Path:
        """Positions of the examples with gold; absent where none was given."""
        return self.folder / "judged.parquet"

    @property
    def timings(self) -> Path:
        """Times and dates."""
        return self.folder / "timings.json"

    @property
    def report(self) -> Path:
        """The report, if it was written."""
        return self.folder / "report.html"

    def begin(self) -> None:
        """Make the folders that a run writes to, and remove whatever else stands in their places."""
        for folder in (self.folder, self.folder / "votes", self.folder / "labels", self.work):
            if folder.is_symlink() or not folder.is_dir():
                remove(folder)
            folder.mkdir(parents=True, exist_ok=True)

    def start_with(self, before: RunLayout) -> None:
        """Begin anew with a copy of all of a finished run that no label model changes."""
        remove(self.folder)
        (self.folder / "labels").mkdir(parents=True)
        (self.folder / "votes").mkdir()
        parts = brought(before.folder / "votes").iterdir()
        for path in (*parts, before.faults, before.rejects, before.index, before.judged):
            if path.is_file():
                shutil.copyfile(path, self.folder / path.relative_to(before.folder))

    def keep_parts(self, n_parts: int) -> None:
        """Remove all but the first parts, and the note of the inputs: a run that was killed leaves files half done."""
        folders = {self.folder / "votes", self.folder / "labels", self.work}
        kept = {self.inputs, *folders}
        for number in range(n_parts):
            kept |= {self.part("votes", number), self.part_patterns(number), self.part_faults(number)}
        for path in [path for folder in (self.folder, *folders) for path in folder.iterdir()]:
            if path not in kept:
                remove(path)

    def missing(self, n_parts: int, *, labeled: bool = True) -> list[Path]:
        """List the files of a finished run that are not there, the report apart; without labels, of its votes."""
        kinds: tuple[Kind, ...] = KINDS if labeled else ("votes",)
        parts = [self._part(kind, number) for kind in kinds for number in range(n_parts)]
        others = [self.patterns, self.faults, self.rejects, self.summary, self.timings]
        files = [path for path in (*parts, *others) if not has_file(path)]
        return files if self.model.is_dir() or not labeled else [*files, self.model]

    def part(self, kind: Kind, number: int) -> Path:
        """Return the file of one part."""
        return brought(self._part(kind, number))

    def _part(self, kind: Kind, number: int) -> Path:
        return self.folder / kind / f"part-{number:05d}.parquet"

    def parts(self, kind: Kind) -> list[Path]:
        """List the files of all parts, in the order of the corpus.

        Raises
        ------
        RunFolderError
            If there are none.
        """
        files = sorted(brought(self.folder / kind).glob("part-*.parquet"))
        if not files:
            check_listed(self.folder / kind, RunFolderError)
            hint = remedy(self.folder, "labelkit run ... --force")
            raise RunFolderError(f"{shown_place(self.folder)!r} has no {kind}", hint=hint, code="LK509")
        return files

    def part_patterns(self, number: int) -> Path:
        """Return the file of the distinct patterns of one part; the part is finished when this file exists."""
        return self.work / f"{number:05d}.npz"

    def part_faults(self, number: int) -> Path:
        """Return the file of the faults of one part; absent if there are none."""
        return self.work / f"{number:05d}.json"


@checks_keywords
@dataclass(frozen=True)
class RunFolder:
    """The output of a run, read when asked for.

    Parameters
    ----------
    path : path
        Also with a version behind an at sign: ``runs/first@3``; or an address: ``s3://bucket/runs/first``.
    version : int, optional
        An old version of the run, as :func:`labelkit.history` lists them; ``path`` is then its folder.
    was_finished : bool
        Whether :func:`labelkit.run` found it finished, with nothing changed since, and so made nothing.

    Raises
    ------
    RunFolderError
        If the folder is missing, holds no finished run, or has no such version.
    """

    path: Path
    version: InitVar[int | None] = None
    was_finished: bool = field(default=False, compare=False, repr=False)

    def __post_init__(self, version: int | None) -> None:
        path, version = named_version(given_path(self.path, "a run folder", RunFolderError, RUN_HINT), version)
        object.__setattr__(self, "path", path)
        self._check()
        if version is not None:
            object.__setattr__(self, "path", self._folder_of(version))
            self._check()
            _ = self.snapshot  # an update moves the current version elsewhere

    def _check(self) -> None:
        if not is_folder(head_of(self.path)):
            raise no_folder(self.path, self.place)
        if self.layout.is_data_set:
            raise RunFolderError(
                f"{self.place!r} is a data set, and not a run",
                hint="`labelkit card`, `history`, `diff`, `restore` and `verify` take it, or give "
                "labelkit.open_dataset(folder)",
                code="LK504",
            )
        if not self.layout.manifest.is_file():
            raise RunFolderError(
                f"{self.place!r} is not a run folder: it has no {self.layout.manifest.name}",
                hint=remedy(self.path, runs_hint(self.path) or "labelkit run RULES CORPUS --out DIR"),
                code="LK504",
            )

    if not TYPE_CHECKING:  # else every name would be one

        def __getattr__(self, name: str) -> None:
            """Name the function that does what a data set has a method for."""
            hint = "; labelkit.history(run.path) lists its versions" if name == "history" else ""
            raise AttributeError(f"'RunFolder' object has no attribute {name!r}{hint}", name=name, obj=self)

    def __getstate__(self) -> dict[str, Any]:
        """Pickle the place alone: another process, or machine, reads the run from there."""
        return {"path": origin(self.path), "was_finished": self.was_finished}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Open the place again."""
        self.__dict__.update({**state, "path": located(state["path"])})

    def _folder_of(self, version: int) -> Path:
        """Return the folder of a version."""
        layouts = self.layout.by_number()
        if version not in layouts:
            numbers = ", ".join(map(str, layouts))
            raise RunFolderError(
                f"{self.place!r} has no version {version}",
                hint=f"its versions are {numbers}; labelkit history says what changed in each",
                code="LK508",
            )
        return layouts[version].folder

    @property
    def place(self) -> str:
        """Where the run is, as people read it: its path, or its address; ``path`` is then that of a local copy."""
        return shown_place(self.path)

    @property
    def layout(self) -> RunLayout:
        """Paths of the files."""
        return RunLayout(self.path)

    @cached_property
    def snapshot(self) -> Snapshot:
        """What stood in the folder when it was first read; reading another version of it later is an error."""
        return Snapshot.of(self.layout)

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """Rules, corpus, model, versions and counts of the run."""
        with reading_run(self.layout.manifest):
            manifest = json_object(self.snapshot.description, self.layout.manifest.name)
            return checked_manifest(manifest, self.path)

    @property
    def is_labeled(self) -> bool:
        """True if it has a label model and labels; False if it has votes alone, as :func:`apply_to_folder` makes it."""
        return self.manifest["model"] is not None

    def check_labeled(self) -> None:
        """Refuse a folder of votes alone.

        Raises
        ------
        RunFolderError
        """
        if not self.is_labeled:
            raise RunFolderError(
                f"{self.place!r} has votes alone, and neither a label model nor labels",
                hint="`labelkit fit` learns a label model from them, and `labelkit label` makes a folder with labels",
                code="LK509",
            )

    @cached_property
    def timings(self) -> dict[str, Any]:
        """Date of the run, and the seconds that each stage took."""
        with one_version(self), reading_run(self.layout.timings):
            return read_json_object(self.layout.timings)

    @cached_property
    def faults(self) -> tuple[Fault, ...]:
        """Failures of rules, in the order of the examples."""
        with one_version(self), reading_run(self.layout.faults):
            return tuple(Fault(**row) for row in read_parquet(self.layout.faults).to_pylist())

    @property
    def summary(self) -> pd.DataFrame:
        """The statistics of each labeling function."""
        with one_version(self), reading_run(self.layout.summary):
            return Summary.read_csv(self.layout.summary).frame

    def matrix(self) -> LabelMatrix:
        """The votes of all examples, in memory."""
        with one_version(self), reading_run(self.path / "votes"):
            whole = LabelMatrix.from_arrow(self._table("votes"), source=self.place)
            return replace(whole, faults=self.faults, frame_index=self.frame_index(len(whole)))

    def patterns(self) -> VotePatterns:
        """The distinct rows of votes with their counts, and with those of gold where the run had any.

        A run of an earlier version did not keep them; they are made anew from its votes, without gold.
        """
        file = self.layout.patterns
        with one_version(self):
            return VotePatterns.load(file) if file.is_file() else self.matrix().patterns

    def labels(self) -> ProbabilisticLabels:
        """The labels of all examples, in memory."""
        self.check_labeled()
        with one_version(self), reading_run(self.path / "labels"):
            labels = ProbabilisticLabels.from_arrow(self._table("labels"), source=self.place)
            index = self.frame_index(len(labels))
            source, taught = self.manifest.get("prior_source"), bool(self.manifest.get("taught"))
            return replace(labels, frame_index=index, prior_source=source, learned_from_gold=taught)

    def origins(self) -> Iterator[LabelOrigin]:
        """Iterate over where the labels came from, a part at a time: the votes for each, and the model.

        Raises
        ------
        RunFolderError
            If the labels do not say it: a run of an earlier labelkit wrote them.
        """
        from labelkit.runs.provenance import LabelOrigin  # noqa: PLC0415 - which labels are read without

        self.check_labeled()
        for part in self.layout.parts("labels"):
            with one_version(self), reading_run(part):
                yield LabelOrigin.read(part)

    def model(self) -> Any:
        """The label model that was fitted."""
        self.check_labeled()
        from labelkit.label_models import load_model  # noqa: PLC0415 - reading votes needs no scikit-learn
        from labelkit.runs.taught_in import noting_taught  # noqa: PLC0415 - as above

        with one_version(self):
            return noting_taught(load_model(self.layout.model), self)

    def votes_model(self) -> Any:
        """The label model, or of one that reads the examples the one inside it, which learned from the votes alone."""
        return getattr(model := self.model(), "base_", model)

    def describe(self) -> str:
        """Describe the run in a few lines: the statistics of its rules, its labels, its accuracy, and its files."""
        from labelkit.runs._description import describe  # noqa: PLC0415 - for who asks alone

        with one_version(self), reading_run(self.path):
            return describe(self)

    def __str__(self) -> str:
        from labelkit.runs._description import overview  # noqa: PLC0415 - for who asks alone

        try:
            with one_version(self), reading_run(self.path):
                return overview(self)
        except LabelkitError as error:
            return error.message

    def to_dict(self) -> dict[str, Any]:
        """Return plain values: the statistics of the rules, the labels, the accuracy where there was gold."""
        from labelkit.runs._description import values_of  # noqa: PLC0415 - for who asks alone

        with one_version(self), reading_run(self.path):
            return values_of(self)

    def describe_finished(self) -> str:
        """Say in one line when the run was finished, and with how many rows."""
        from labelkit.runs._description import describe_finished  # noqa: PLC0415 - for who asks alone

        return describe_finished(self)

    def frame_index(self, n_rows: int) -> FrameIndex | None:
        """The index of the frame of so many rows that was the corpus, if it was one."""
        file = self.layout.index
        with one_version(self):
            return read_index(read_parquet(file), n_rows) if file.is_file() else None

    def _table(self, kind: Kind) -> pa.Table:
        return pa.concat_tables([read_parquet(part) for part in self.layout.parts(kind)])


def reading_run(path: str | Path) -> AbstractContextManager[None]:
    """Return a context that tells of a run, or a file of one, that is damaged in one line."""
    return reading(path, "is damaged, or is not of a run", RunFolderError, hint="labelkit run ... --force")


def write_json(path: Path, value: Any) -> None:
    """Write JSON with sorted keys, so that the same value is the same bytes."""
    with replaced(path) as draft:
        draft.write_text(json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n", "utf-8")

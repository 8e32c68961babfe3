"""A data set: a folder of examples, labels, splits, weights and slices, with the step that made each version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import InitVar, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from labelkit._shared.given_paths import given_path, is_folder, is_there
from labelkit._shared.memory import check_room
from labelkit._shared.numbers import count, plural
from labelkit._shared.plain_values import plain_value
from labelkit._shared.tables import ResultPage, ResultTable, ShownResult
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.corpus.missing_columns import columns_listed
from labelkit.curation.data_set.layout import (
    ID,
    MADE,
    DataSetLayout,
    check_folder,
    source_of,
    type_named,
    with_common_ids,
    write_table,
    written_whole,
)
from labelkit.curation.data_set.rows import (
    UNSPLIT,
    counts_of,
    in_parts,
    parts_of,
    places_of,
    proba_of,
    weights_of,
)
from labelkit.curation.data_set.take import Taking, as_examples
from labelkit.curation.step import Curated, CurationStep
from labelkit.exceptions import DataSetError, RunFolderError
from labelkit.runs.one_version import Snapshot, one_version
from labelkit.runs.run_folder import write_json
from labelkit.runs.run_place import held_layout, move
from labelkit.runs.versioned_layout import named_version
from labelkit.runs.versions import copied, finish, problems_of_all, restore_version
from labelkit.votes.alignment import RowNames, aligned_values
from labelkit.votes.example_names import ExampleNames
from labelkit.votes.training_set import TrainingSet, Weight, certainty, taken_rows

if TYPE_CHECKING:
    from labelkit.curation.data_set.card import DataCard
    from labelkit.curation.data_set.difference import DataSetDifference
    from labelkit.curation.data_set.history import DataSetHistory

STATE: Final = ("split", "weight", "slices", "label", "covered", "proba")
"""Columns of the rows that a table has beside those of the examples."""

_HINT: Final = "labelkit.create_dataset('sets/spam', corpus, labels) writes one: give its path, 'sets/spam'"


@checks_keywords
@dataclass(frozen=True, repr=False)
class DataSet(ShownResult):
    """A data set in a folder; made by :func:`labelkit.create_dataset`, opened by :func:`labelkit.open_dataset`.

    Parameters
    ----------
    path : Path
        Also with a version behind an at sign: ``sets/spam@3``.
    version : int, optional
        An old version, as :meth:`history` lists them; ``path`` is then its folder.

    Raises
    ------
    RunFolderError
        If the folder is missing, holds no data set, or has no such version.
    """

    path: Path
    version: InitVar[int | None] = None

    def __post_init__(self, version: int | None) -> None:
        path, version = named_version(given_path(self.path, "a data set", RunFolderError, _HINT), version)
        layout = DataSetLayout(path)
        if not is_there(path) and is_folder(layout.replaced):
            with held_layout(DataSetLayout, path, force=False):
                pass  # a process was killed between the two renames that replace the folder: this undoes the first
        check_folder(layout)
        if version is not None:
            layouts = layout.by_number()
            if version not in layouts:
                raise RunFolderError(
                    f"the data set {str(path)!r} has no version {version}",
                    hint=f"its versions are {', '.join(map(str, layouts))}; labelkit history says what changed in each",
                    code="LK508",
                )
            path = layouts[version].folder
        object.__setattr__(self, "path", path)

    # What is in it ----------------------------------------------------------------------------------------------------

    @property
    def layout(self) -> DataSetLayout:
        """Paths of the files."""
        return DataSetLayout(self.path)

    @cached_property
    def snapshot(self) -> Snapshot:
        """What stood in the folder when it was first read; reading another version of it later is an error."""
        return Snapshot.of(self.layout)

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """Source, run, steps and counts, as plain values."""
        return self.layout.described(self.snapshot.description)

    @property
    def number(self) -> int:
        """Number of the version."""
        return self.layout.number

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the classes."""
        return tuple(self.manifest["classes"])

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the examples."""
        return tuple(self.manifest["columns"])

    @property
    def parts(self) -> dict[str, int]:
        """Rows of each part of the split; empty before there is one."""
        return {name: rows for name, rows in self.manifest["counts"]["parts"].items() if name != UNSPLIT}

    @property
    def _id_type(self) -> pa.DataType:
        return type_named(self.manifest["id_type"])

    def __len__(self) -> int:
        return int(self.manifest["counts"]["rows"])

    def examples(self, columns: Sequence[str] | None = None) -> pa.Table:
        """Read each example once, those that were made last: ``id``, the columns, ``made_from`` and ``made_by``.

        Their positions are those of ``X`` in :meth:`training_set`.
        """
        names = self._known(columns)
        with one_version(self):
            return self.layout.read_examples([ID, *names, *MADE], self._id_type)

    def table(self, *, split: str | Sequence[str] | None = None, columns: Sequence[str] | None = None) -> pa.Table:
        """Read the rows, or those of some parts, as an Arrow table.

        Parameters
        ----------
        split : str or sequence of str, optional
            Names of parts.
        columns : sequence of str, optional
            Of the examples; by default, all.

        Returns
        -------
        pyarrow.Table
            ``id``, the columns, ``split``, ``weight``, ``slices``, ``label`` (name of the class, null without one),
            ``covered`` (whether a rule voted), ``proba``, ``made_from`` and ``made_by``. An example that was repeated
            stands there several times.

        Raises
        ------
        DataSetError
            If there is no such part or column.
        """
        with one_version(self):
            names, rows = self._known(columns), self._rows(split)
            examples = self.layout.examples_at(places_of(rows), names, self._id_type)
        arrays = {ID: examples.column(ID)} | {name: examples.column(name) for name in names}
        arrays |= {name: rows.column(name) for name in STATE} | {name: examples.column(name) for name in MADE}
        return pa.table(arrays)

    def _rows(self, split: str | Sequence[str] | None) -> pa.Table:
        with one_version(self):
            rows = self.layout.read_rows()
        if split is None:
            return rows
        wanted, there = _listed(split), parts_of(rows)
        unknown = [name for name in wanted if name not in there]
        if unknown:
            raise DataSetError(
                f"the data set has no part {unknown[0]!r}",
                hint=f"its parts are {', '.join(there)}" if there else "split it first: data_set.take(split)",
            )
        return rows.filter(pa.array(in_parts(rows, wanted)))

    def _known(self, columns: Sequence[str] | None) -> list[str]:
        names = list(self.columns) if columns is None else _listed(columns)
        unknown = [name for name in names if name not in self.columns]
        if unknown:
            raise DataSetError(
                f"the data set has no column {unknown[0]!r}",
                hint=f"its columns are {columns_listed(self.columns)}",
                code="LK202",
            )
        return names

    def training_set(
        self, X: Any = None, *, split: str | Sequence[str] | None = None, weight: Weight = "certainty"
    ) -> TrainingSet:
        """Return rows to learn from, with soft labels and weights.

        Parameters
        ----------
        X : array-like, sparse array, DataFrame or list, optional
            Features of :meth:`examples`, in their order, or by id.
        split : str or sequence of str, optional
            By default, the training parts; all rows before there is a split.
        weight : {"certainty", "equal"}
            What the weight of each row is multiplied with: 1 - H / log k of its probabilities (H: entropy), or 1.

        Returns
        -------
        TrainingSet
            ``X, y_soft, weight``; without ``X``, positions among :meth:`examples`. Rows on which no rule voted are left
            out.

        Raises
        ------
        DataSetError
            If there are no such rows, or ``X`` does not fit.
        """
        if weight not in {"certainty", "equal"}:
            raise DataSetError(f"weight={weight!r} is not one of 'certainty', 'equal'")
        if split is None and self.parts:
            split = [name for name in self.parts if name in self.manifest["training"]]
        rows = self._rows(split)
        rows = rows.filter(pc.and_(rows.column("covered"), rows.column("proba").is_valid()))
        if not rows.num_rows:
            raise DataSetError("there are no rows with a label to learn from", hint="write more rules, or name a split")
        check_room(8.0 * rows.num_rows * len(self.class_names), "soft labels for each row")
        proba, places = proba_of(rows.column("proba"), len(self.class_names)), places_of(rows)
        certain = certainty(proba) if weight == "certainty" else np.ones(len(proba))
        return TrainingSet(places if X is None else self._features(X, places), proba, certain * weights_of(rows))

    def _features(self, X: Any, places: np.ndarray[Any, Any]) -> Any:
        """Take features of examples: by id where they bear it, else by position."""
        X = X.tocsr() if hasattr(X, "tocsr") else X
        n_rows = X.shape[0] if hasattr(X, "shape") else len(X)
        ids = self.examples([]).column(ID).to_numpy()
        order = aligned_values(X, np.arange(n_rows), ExampleNames(ids), -1, what="X", error=DataSetError, unit="rows")[
            places
        ]
        if (order < 0).any():
            raise DataSetError(f"X has no row for the example {ids[places[order < 0]][:1].tolist()[0]!r}")
        return taken_rows(list(X.values()) if isinstance(X, Mapping) else X, order)

    # Versions ---------------------------------------------------------------------------------------------------------

    def take(self, curated: Curated, *, split: str | Sequence[str] | None = None) -> DataSet:
        """Take over the result of a function of curation, as a new version.

        A split, slices, labels and probabilities are set where the result names the example; a balance chooses, repeats
        or weighs the rows of its parts; an augmentation adds rows to the training parts.

        Parameters
        ----------
        curated : Curated
            The result: of a split, a balance, slices, an augmentation, labels of self-training, ...
        split : str or sequence of str, optional
            Take over the rows of these parts alone.

        Returns
        -------
        DataSet
            The new version, with the step in its manifest.

        Raises
        ------
        DataSetError
            If ids are unknown or stand twice, values do not fit, or rows for evaluation would be dropped, repeated,
            weighed anew or made.
        RunFolderError
            If this is an old version, another process writes the folder, or the disk is full.
        """
        if not isinstance(curated, Curated):
            raise DataSetError(
                f"a {type(curated).__name__} is no result of curation: it has no step and no rows()",
                hint="take(...) takes what a function of labelkit.curation returns, such as a split",
            )
        with held_layout(DataSetLayout, self.path, force=False) as layout:
            now = DataSet(layout.folder)
            table, id_type = with_common_ids(curated.rows(), now._id_type)
            taking = now._taking(curated.step, id_type)
            taking.take(table, None if split is None else _listed(split))
            added = None if taking.added is None else as_examples(taking.added, layout, now.columns, id_type)
            draft = DataSetLayout(layout.draft)
            with written_whole(draft, self.path):
                copied(layout, layout)
                draft.write_rows(taking.rows)
                if added is not None:
                    write_table(draft.examples_file(len(layout.examples_files)), added)
                write_json(draft.manifest, now._manifest_after(taking, id_type))
                finish(draft, layout)
                move(layout)
        return DataSet(self.path)

    def _taking(self, step: CurationStep, id_type: pa.DataType) -> Taking:
        examples = self.layout.read_examples([ID, MADE[0]], id_type)
        return Taking(
            rows=self.layout.read_rows(),
            examples=RowNames(examples.column(ID).to_numpy()),
            classes=self.class_names,
            training=tuple(self.manifest["training"]),
            step=step,
            before=self.manifest["steps"],
            is_made=np.asarray(examples.column(MADE[0]).is_valid().to_numpy()),
        )

    def _manifest_after(self, taking: Taking, id_type: pa.DataType) -> dict[str, Any]:
        n_added = 0 if taking.added is None else taking.added.num_rows
        record = taking.step.to_dict()
        record |= {
            "notes": [*record["notes"], *taking.notes],
            "effects": sorted(taking.effects),
            "rows": [len(self), taking.rows.num_rows],
        }
        n_made = int(taking.is_made.sum()) + n_added
        return {
            **self.manifest,
            "id_type": str(id_type) if n_added else self.manifest["id_type"],
            "steps": [*self.manifest["steps"], record],
            "counts": counts_of(taking.rows, len(taking.examples) + n_added, n_made),
        }

    def restore(self, version: int) -> DataSet:
        """Make an old version the current one, as a new version; nothing is lost.

        Parameters
        ----------
        version : int
            The number that :meth:`history` shows.

        Raises
        ------
        RunFolderError
            If there is no such version, it is the current one, or it is damaged.
        """
        out = self.layout.current.folder
        with held_layout(DataSetLayout, out, force=False) as layout:
            wanted = DataSet(out, version).layout
            with written_whole(DataSetLayout(layout.draft), out):
                restore_version(layout, out, wanted, version)
        return DataSet(out)

    def verify(self) -> list[str]:
        """Compare all files of all versions with the digests that were noted when they were made; see ``lk.verify``."""
        return problems_of_all(self.layout)

    def history(self) -> DataSetHistory:
        """List the versions, with the step that made each."""
        from labelkit.curation.data_set.history import history_of  # noqa: PLC0415 - imports this module

        return history_of(self)

    def diff(self, before: int, after: int | None = None) -> DataSetDifference:
        """Compare two versions: which examples came and went, and whose split, label, weight or slices changed.

        Parameters
        ----------
        before : int
        after : int, optional
            By default, the current version.
        """
        from labelkit.curation.data_set.difference import difference_of  # noqa: PLC0415 - imports this module

        top = self.layout.current.folder
        return difference_of(DataSet(top, before), DataSet(top, after))

    def card(self) -> DataCard:
        """Describe the data set for who uses it: a card of what was recorded, as Markdown or HTML."""
        from labelkit.curation.data_set.card import card_of  # noqa: PLC0415 - imports this module

        return card_of(self)

    # In words ---------------------------------------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """Return the folder, the version and the manifest as plain values."""
        with one_version(self):
            return {"folder": str(self.path), "version": self.number, **dict(plain_value(self.manifest))}

    def _page(self) -> ResultPage:
        counts, steps = self.manifest["counts"], self.manifest["steps"]
        with one_version(self):
            lead = f"{plural(len(self), 'row')} of {source_of(self.manifest)}, version {self.number}: "
        lead += " -> ".join(step["operation"] for step in steps)
        names = [*self.class_names, *([UNSPLIT] if UNSPLIT in counts["classes"] else [])]
        rows = [
            [part, count(sum(sizes.values())), *(count(sizes.get(name, 0)) for name in names)]
            for part, sizes in counts["classes_of_parts"].items()
        ]
        notes = [f"{plural(counts['made'], 'example')} made by transformations"] if counts["made"] else []
        return ResultPage([lead], [ResultTable(rows, ["part", "rows", *names], align="<>")], notes)


@checks_keywords
def open_dataset(folder: str | Path, version: int | None = None) -> DataSet:
    """Open a data set, or one of its versions.

    Parameters
    ----------
    folder : path
        Also with a version behind an at sign: ``sets/spam@3``.
    version : int, optional

    Raises
    ------
    RunFolderError
        If there is no data set, no such version, or its manifest is damaged.
    """
    opened = DataSet(given_path(folder, "a data set", RunFolderError, _HINT), version)
    _ = opened.manifest
    return opened


def _listed(names: str | Sequence[str]) -> list[str]:
    return [names] if isinstance(names, str) else list(names)

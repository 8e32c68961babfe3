"""A data set of Hugging Face ``datasets``, as ``load_from_disk`` reads it (extra ``hf``)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa

from labelkit._shared.files import work_folder
from labelkit._shared.optional import optional
from labelkit.exceptions import ExportError
from labelkit.interop._chosen import ChosenRows
from labelkit.interop._layout import ExportLayout


class HuggingFaceRows:
    """Write a folder of Arrow files, whose labels are a ``ClassLabel``; null where there is none.

    The rows are first written to one Arrow stream, which ``datasets`` then maps into memory and cuts into its shards.

    Parameters
    ----------
    path : Path
        The folder.
    layout : ExportLayout
    """

    def __init__(self, path: Path, layout: ExportLayout) -> None:
        self._path, self._layout = path, layout
        self._library = optional("datasets", extra="hf")
        self._writer: Any = None

    def __enter__(self) -> Self:
        self._scratch = ExitStack()  # on the disk of the target, but not in the folder that datasets is to fill
        self._stream = self._scratch.enter_context(work_folder(self._path)) / "rows.arrow"
        self._file = pa.OSFile(str(self._stream), "wb")
        return self

    def __exit__(self, kind: object, *_error: object) -> None:
        with self._scratch:
            with self._file:
                if self._writer is not None and kind is None:
                    self._writer.close()
            if self._writer is not None and kind is None:
                with _quiet(self._library):
                    self._library.Dataset.from_file(str(self._stream)).save_to_disk(str(self._path))

    def write(self, rows: ChosenRows) -> None:
        """Write some examples."""
        table = self._layout.table(rows)
        label = pa.array(rows.label.astype(np.int64), mask=rows.label < 0)
        table = table.set_column(table.column_names.index("label"), "label", label)
        if self._writer is None:
            features = self._features(table.schema)
            features["label"] = self._library.ClassLabel(names=list(self._layout.class_names))
            self._schema = features.arrow_schema
            self._writer = pa.ipc.new_stream(self._file, self._schema)
        self._writer.write_table(table.cast(self._schema))

    def _features(self, schema: pa.Schema) -> Any:
        """Return the features of a schema.

        Raises
        ------
        ExportError
            If a column is of a type that the library lacks, such as a map.
        """
        features = self._library.Features
        for field in schema:
            try:
                features.from_arrow_schema(pa.schema([field]))
            except ValueError:
                raise ExportError(
                    f"column {field.name!r} holds {field.type}, and a data set of Hugging Face has no such type",
                    hint="leave it out of columns= (--columns), or write Parquet",
                    code="LK530",
                ) from None
        return features.from_arrow_schema(schema)


@contextmanager
def _quiet(library: Any) -> Iterator[None]:
    """Let ``datasets`` show no bars of progress."""
    was_off = library.are_progress_bars_disabled()
    library.disable_progress_bars()
    try:
        yield
    finally:
        if not was_off:
            library.enable_progress_bars()

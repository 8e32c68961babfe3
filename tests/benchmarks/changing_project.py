"""A project that changes a step at a time: its corpus, its gold, its rules with what they read, and the options of a run."""

from __future__ import annotations

import json
import os
import random
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

import labelkit as lk

TEXTS = (
    *("subscribe to me", "free money http://x.y", "love this song", "ok", "check out my http://page", "great", "no"),
    *("a long text that says nothing at all to anybody", "win a free car, subscribe", "", "LOVE  it", "so nice of you"),
)

RULES = {
    "asks": 'asks = lk.keywords("subscribe", "check out", label=1).rule(name="asks")',
    "link": 'link = lk.regex(r"https?://", label=1).rule(name="link", group="links")',
    "listed": 'listed = lk.lookup("words.txt", match="phrase", label=0).rule(name="listed")',
    "both": 'both = (lk.keywords("free") & lk.regex("http")).rule(name="both", label=1)',
    "short": """
@lk.labeling_function(levels=4)
def short(text):
    return (0, 0.9 if len(text) < 5 else 0.6) if len(text) < 8 else None
""",
    "batched": """
@lk.labeling_function(batch=True)
def batched(text):
    return [1 if len(one) > np.mean([len(other) for other in text]) else -1 for one in text]
""",
    "fragile": """
@lk.labeling_function
def fragile(text):
    if "love" in text:
        raise ValueError("no")
    return 0 if "nice" in text else None
""",
    "words": """
@lk.column
def n_words(text):
    return len(text.split())

@lk.labeling_function
def words(n_words):
    return 0 if n_words < settings.LIMIT else None
""",
    "size": """
@lk.labeling_function
def size(size):
    return None if size is None else 1 if size > 20 else 0
""",
    "shown": """
@lk.labeling_function
def shown(size):
    return 1 if str(size) in ("7", "12") else None
""",
}
"""The rules of the project, by name."""

EDITS = {
    "asks": ('"check out"', '"free"'),
    "link": ("https?", "https"),
    "listed": ("label=0", "label=1"),
    "both": ('name="both"', 'name="two"'),
    "short": ("< 8", "< 6"),
    "batched": ("1 if", "0 if"),
    "fragile": ('"love"', '"great"'),
    "words": ("return 0 if", "return 1 if"),
    "size": ("> 20", "> 10"),
    "shown": ('"12"', '"7.0"'),
}
"""What an edit of each rule puts in the place of what; the next one puts it back."""

DESCRIPTIONS = {
    "asks": ('name="asks"', 'name="asks", group="asking"'),
    "link": ('group="links"', 'group="links", precision=0.9'),
    "short": ("def short(text):\n", 'def short(text):\n    """Short texts."""\n'),
}
"""What leaves all votes as they are, and is written in a run folder all the same."""

SUFFIXES = {"csv": ".csv", "jsonl": ".jsonl", "parquet": ".parquet", "frame": ""}


@dataclass
class Row:
    """One example."""

    key: int
    text: str
    size: Any
    gold: int | None


@dataclass
class Project:
    """A project in a folder; ``write`` writes it as it is now."""

    folder: Path
    kind: str = "jsonl"
    rows: list[Row] = field(default_factory=list)
    files: list[int] = field(default_factory=list)  # rows of each file; none for one file that has all
    ids: str = "int"  # none, int, or string
    gold: str = "none"  # none, column, file, positions
    classes: str = "names"  # how gold names them: names, or numbers
    rules: dict[str, str] = field(default_factory=dict)
    words: str = "ok\nnice\n"
    limit: int = 3
    parquet: dict[str, Any] = field(default_factory=dict)
    columns: tuple[str, ...] = ("key", "text", "size", "gold", "other")
    other: int = 0  # a column that nobody reads
    names: tuple[str, str] = ("HAM", "SPAM")
    selected: tuple[str, ...] = ()  # rules that are run; none for all
    stems: dict[int, str] = field(default_factory=dict)  # names of files, by their numbers, if not the usual ones
    time: float | None = None  # when the files of the corpus were written, as their file system says
    options: dict[str, Any] = field(default_factory=dict)
    chance: random.Random = field(default_factory=lambda: random.Random(0))

    def add_rows(self, n_rows: int) -> None:
        """Append rows."""
        first = max((row.key for row in self.rows), default=-1) + 1
        for key in range(first, first + n_rows):
            text = TEXTS[self.chance.randrange(len(TEXTS))]
            gold = self.chance.choice((0, 1)) if self.gold != "none" and self.chance.random() < 0.3 else None
            self.rows.append(Row(key, text, self.chance.choice((None, *range(30))), gold))

    # What is written -----------------------------------------------------------------------------------------------

    def write(self) -> None:
        """Write rules, resources, corpus and gold; a file that would be the same stays as it is."""
        rules = "import numpy as np\nimport labelkit as lk\nimport settings\n" + "\n".join(self.rules.values()) + "\n"
        self._put("rules.py", rules)
        self._put("settings.py", f"LIMIT = {self.limit}\n")
        self._put("words.txt", self.words)
        self._write_corpus()
        if self.gold in ("file", "positions"):
            frame = self.frame()
            if self.gold == "file":
                frame[["key", "gold"]][frame["gold"].notna()].to_csv(self.folder / "gold.csv", index=False)
            else:
                frame[["gold"]].to_csv(self.folder / "gold.csv", index=False)

    def frame(self) -> pd.DataFrame:
        """Return the corpus as a frame."""
        names = (
            {0: self.names[0], 1: self.names[1], None: None} if self.classes == "names" else {0: 0, 1: 1, None: None}
        )
        keys = [row.key if self.ids == "int" else f"k{row.key}" for row in self.rows]
        frame = pd.DataFrame(
            {
                "key": keys,
                "text": [row.text for row in self.rows],
                "size": pd.array([row.size for row in self.rows], dtype="Int64"),
                "gold": pd.array([names[row.gold] for row in self.rows], dtype=object)
                if self.classes == "names"
                else pd.array([row.gold for row in self.rows], dtype="Int64"),
                "other": self.other,
                "note": [f"n{row.key % 3}" for row in self.rows],
            }
        )
        return frame[list(self.columns)]

    def _put(self, name: str, text: str) -> None:
        path = self.folder / name
        if not path.is_file() or path.read_text() != text:
            path.write_text(text)

    def _write_corpus(self) -> None:
        frame, folder = self.frame(), self.folder / "parts"
        if self.kind == "frame":
            return
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        at = 0
        for number, n_rows in enumerate(self.files or [len(frame)]):
            self._write_file(frame.iloc[at : at + n_rows], path := self._file(number))
            if self.time is not None:
                os.utime(path, (self.time, self.time))
            at += n_rows

    def _file(self, number: int) -> Path:
        return self.folder / "parts" / f"{self.stems.get(number, f'{number:03d}')}{SUFFIXES[self.kind]}"

    def _write_file(self, frame: pd.DataFrame, path: Path) -> None:
        if self.kind == "csv":
            frame.to_csv(path, index=False)
        elif self.kind == "jsonl":
            rows = json.loads(frame.to_json(orient="records"))
            path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        else:
            table = pa.Table.from_pandas(frame, preserve_index=False)
            for name, kind in (self.parquet.get("types") or {}).items():
                place = table.schema.get_field_index(name)
                if not pa.types.is_null(table.schema.field(name).type) and (name != "key" or self.ids == "int"):
                    table = table.set_column(place, name, table.column(name).cast(kind))
            how = {name: value for name, value in self.parquet.items() if name != "types"}
            pq.write_table(table, path, **how)

    # What is run ---------------------------------------------------------------------------------------------------

    @property
    def corpus(self) -> Any:
        """What is given to a run."""
        if self.kind == "frame":
            return self.frame()
        return self.folder / "parts" if self.files else self._file(0)

    def settings(self) -> dict[str, Any]:
        """Return the options of a run that decide what is in its folder."""
        gold = {"none": None, "column": "gold"}.get(self.gold, self.folder / "gold.csv")
        given = {
            "labels": list(self.names),
            "id": None if self.ids == "none" else "key",
            "gold": gold,
            "batch_size": 1024,
            "on_fault": "record",
            "report": False,
            "progress": False,
        }
        given |= self.options
        if gold is None:
            given |= {"teach": False, "map_label": None}
        return given

    def lfs(self, select: tuple[str, ...] = (), exclude: tuple[str, ...] = ()) -> Any:
        """Return the rules, or some of them."""
        select = select or tuple(name for name in self.selected if name in self.rules)
        if not select and not exclude:
            return self.folder / "rules.py"
        return lk.collect(self.folder / "rules.py", labels=list(self.names)).select(*select).exclude(*exclude)


def same_size_and_time(path: Path, old: str, new: str) -> None:
    """Edit a file so that its size and its time stay."""
    stat, text = path.stat(), path.read_text()
    edited = text.replace(old, new)
    assert len(edited) == len(text)
    path.write_text(edited)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))

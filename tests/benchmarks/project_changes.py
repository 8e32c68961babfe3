"""The steps by which a project changes, as rules of a state machine."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

import labelkit as lk
from tests.benchmarks.changing_project import DESCRIPTIONS, EDITS, RULES, Project, same_size_and_time

MODELS: dict[str, Any] = {
    "default": "LabelModel",
    "majority": "MajorityVote",
    "crowd": "DawidSkene",
    "prior": lk.LabelModel(class_prior=[0.3, 0.7]),
}


class ProjectChanges(RuleBasedStateMachine):
    """A project that changes."""

    def __init__(self) -> None:
        super().__init__()
        self.place = Path(tempfile.mkdtemp(prefix="made-again-"))
        self.project = Project(self.place)
        self.untouched = True  # whether the corpus of the latest run is as it was, or has more rows behind
        self.home = Path.cwd()
        os.chdir(self.place)

    @initialize(
        kind=st.sampled_from(["jsonl", "csv", "parquet", "frame"]),
        n_rows=st.sampled_from([12, 1023, 1024, 1500, 2100]),
        ids=st.sampled_from(["none", "int", "string"]),
        gold=st.sampled_from(["none", "column", "file", "positions"]),
        rules=st.sets(st.sampled_from(sorted(RULES)), min_size=3),
        several=st.booleans(),
    )
    def begin(self, kind: str, n_rows: int, ids: str, gold: str, rules: set[str], several: bool) -> None:
        """Make the first run."""
        project = self.project
        project.kind, project.ids, project.gold = kind, ids, gold
        project.rules = {name: RULES[name] for name in RULES if name in rules}
        project.add_rows(n_rows)
        project.files = [n_rows // 3, n_rows - n_rows // 3] if several else []
        if gold == "file" and ids == "none":
            project.gold = "positions"

    # Changes ---------------------------------------------------------------------------------------------------------

    @rule(n_rows=st.sampled_from([1, 3, 500, 1024]), new_file=st.booleans())
    def append(self, n_rows: int, new_file: bool) -> None:
        """Append rows."""
        self.project.add_rows(n_rows)
        if new_file and self.project.files:
            self.project.files.append(n_rows)
        elif self.project.files:
            self.project.files[-1] += n_rows
        if self.project.kind == "parquet" and not (new_file and self.project.files):
            self.untouched = False

    @rule(share=st.floats(0, 1), delete=st.booleans())
    def change_old_row(self, share: float, delete: bool) -> None:
        """Edit or delete an old row."""
        rows = self.project.rows
        at = min(int(share * len(rows)), len(rows) - 1)
        self.untouched = False
        if not delete:
            rows[at].text = rows[at].text + " free"
        elif len(rows) > 5:
            del rows[at]
            files, end = self.project.files, 0
            for number, n_rows in enumerate(files):
                end += n_rows
                if at < end:
                    files[number] -= 1
                    break
            self.project.files = [n_rows for n_rows in files if n_rows]

    @rule(share=st.floats(0, 1), label=st.sampled_from([0, 1, None]))
    def change_gold(self, share: float, label: int | None) -> None:
        """Fill in gold, change it or take it out."""
        rows = self.project.rows
        rows[min(int(share * len(rows)), len(rows) - 1)].gold = label
        self.untouched = False

    @rule(gold=st.sampled_from(["none", "column", "file", "positions"]), classes=st.sampled_from(["names", "numbers"]))
    def change_gold_place(self, gold: str, classes: str) -> None:
        """Take gold from elsewhere."""
        project = self.project
        if classes != project.classes:
            project.classes, self.untouched = classes, False
        project.gold = "positions" if gold == "file" and project.ids == "none" else gold
        if gold != "none" and not any(row.gold is not None for row in project.rows):
            for row in project.rows[::5]:
                row.gold = row.key % 2
            self.untouched = False

    @rule(
        compression=st.sampled_from(["snappy", "zstd", "none"]),
        groups=st.sampled_from([7, 1000, None]),
        key=st.sampled_from(["int32", "int64", "uint8"]),
        text=st.sampled_from(["string", "large_string"]),
        size=st.sampled_from(["int32", "int64", "float64", "string"]),
    )
    @precondition(lambda self: self.project.kind == "parquet")
    def write_parquet_otherwise(self, compression: str, groups: int | None, key: str, text: str, size: str) -> None:
        """Write the same rows in another way."""
        key = "int32" if key == "uint8" and len(self.project.rows) > 200 else key
        types = {"key": key, "text": text, "size": size}
        self.project.parquet = {"compression": compression, "row_group_size": groups, "types": types}
        self.untouched = False

    @rule(kind=st.sampled_from(["jsonl", "csv", "parquet", "frame"]), several=st.booleans(), other=st.integers(0, 1))
    def write_otherwise(self, kind: str, several: bool, other: int) -> None:
        """Write the same rows in another format, to other files, with another value in a column that nobody reads."""
        project = self.project
        n_rows = len(project.rows)
        files = [n_rows // 2, n_rows - n_rows // 2] if several else []
        if (kind, files, other) != (project.kind, project.files, project.other):
            project.kind, project.files, project.other, self.untouched = kind, files, other, False

    @rule(order=st.permutations(["key", "text", "size", "gold", "other", "note"]), has_note=st.booleans())
    def change_columns(self, order: list[str], has_note: bool) -> None:
        """Write the columns in another order, with or without one that nobody reads."""
        self.project.columns = tuple(name for name in order if has_note or name != "note")
        self.untouched = False

    @rule(number=st.integers(0, 3), stem=st.sampled_from(["000", "00a", "zz", "A", "é b"]))
    def rename_file(self, number: int, stem: str) -> None:
        """Rename a file, so that its rows may come before or behind others."""
        project = self.project
        number %= len(project.files) or 1
        if project.kind != "frame" and stem not in {project.stems.get(n, f"{n:03d}") for n in range(10) if n != number}:
            project.stems[number], self.untouched = stem, False

    @rule(n_rows=st.sampled_from([1, 700, 1024]), at=st.integers(0, 3))
    def insert_file(self, n_rows: int, at: int) -> None:
        """Put a new file between others, or new rows between those of one file."""
        project = self.project
        old = len(project.rows)
        project.add_rows(n_rows)
        place = sum(project.files[: at % (len(project.files) or 1)])
        project.rows[place:] = project.rows[old:] + project.rows[place:old]
        if project.files:
            project.files.insert(at % len(project.files), n_rows)
        self.untouched = False

    @rule(share=st.floats(0, 1), to=st.floats(0, 1))
    def swap_rows(self, share: float, to: float) -> None:
        """Let two rows change places."""
        rows, last = self.project.rows, len(self.project.rows) - 1
        one, other = int(share * last), int(to * last)
        rows[one], rows[other] = rows[other], rows[one]
        self.untouched &= one == other

    @rule(time=st.sampled_from([None, 0.0, 1e9, 4e9]))
    def set_clock(self, time: float | None) -> None:
        """Let files be written at a time that is not now: whatever is in them later, it is written at that moment."""
        self.project.time = time

    @rule(names=st.sampled_from([("HAM", "SPAM"), ("OK", "SPAM"), ("SPAM", "HAM")]))
    def rename_classes(self, names: tuple[str, str]) -> None:
        """Give the classes other names, or each the name of the other."""
        if names != self.project.names:
            self.project.names, self.untouched = names, False

    @rule(names=st.sets(st.sampled_from(sorted(RULES)), max_size=6))
    def select_rules(self, names: set[str]) -> None:
        """Run some of the rules."""
        self.project.selected = tuple(sorted(names)) if len(names & self.project.rules.keys()) > 2 else ()

    @rule(ids=st.sampled_from(["none", "int", "string"]))
    def change_ids(self, ids: str) -> None:
        """Name the examples otherwise."""
        self.untouched &= ids == self.project.ids
        self.project.ids = ids
        if self.project.gold == "file" and ids == "none":
            self.project.gold = "positions"

    @rule(name=st.sampled_from(sorted(RULES)))
    def change_rule(self, name: str) -> None:
        """Edit a rule, or put back what an edit changed; add one that is not there."""
        rules, (old, new) = self.project.rules, EDITS[name]
        if name not in rules:
            rules[name] = RULES[name]
        elif new in rules[name]:
            rules[name] = rules[name].replace(new, old)
        else:
            rules[name] = rules[name].replace(old, new)

    @rule(name=st.sampled_from(sorted(DESCRIPTIONS)))
    def describe_rule(self, name: str) -> None:
        """Change what of a rule changes no vote."""
        rules, (old, new) = self.project.rules, DESCRIPTIONS[name]
        if name in rules:
            rules[name] = rules[name].replace(new, old) if new in rules[name] else rules[name].replace(old, new)

    @rule(name=st.sampled_from(sorted(RULES)))
    def remove_rule(self, name: str) -> None:
        """Remove a rule."""
        if len(self.project.rules) > 3:
            self.project.rules.pop(name, None)

    @rule(number=st.integers(0, 10))
    def move_rule(self, number: int) -> None:
        """Put a rule last."""
        names = list(self.project.rules)
        name = names[number % len(names)]
        self.project.rules[name] = self.project.rules.pop(name)

    @rule(words=st.sampled_from(["ok\nnice\n", "ok\nsong\n", "no\nnice\n"]), limit=st.integers(2, 4))
    def change_resources(self, words: str, limit: int) -> None:
        """Edit the module that the rules import, and the list that one of them reads."""
        project = self.project
        project.write()
        if len(words) == len(project.words):
            same_size_and_time(self.place / "words.txt", project.words, words)
        same_size_and_time(self.place / "settings.py", str(project.limit), str(limit))
        project.words, project.limit = words, limit

    @rule(model=st.sampled_from(sorted(MODELS)), teach=st.booleans(), report=st.integers(0, 5))
    def change_label_model(self, model: str, teach: bool, report: int) -> None:
        """Change options of what is done with votes."""
        learns = teach and model == "default" and self.project.gold != "none"
        self.project.options |= {"model": MODELS[model], "teach": learns, "report": report == 0}

    @rule(batch_size=st.sampled_from([1024, 2048]))
    def change_batch_size(self, batch_size: int) -> None:
        """Change the rows of a part."""
        self.project.options["batch_size"] = batch_size

    @rule(
        limit=st.sampled_from([None, None, 10, 1024, 1500]),
        sample=st.sampled_from([None, None, 10, 1100]),
        seed=st.integers(0, 1),
    )
    def change_chosen(self, limit: int | None, sample: int | None, seed: int) -> None:
        """Use some of the rows."""
        self.project.options |= {"limit": limit, "sample": sample, "random_state": seed}
        self.untouched = False

    @rule(meaning=st.sampled_from([None, {"HAM": 1, "SPAM": 0}, {"HAM": 0, "SPAM": None}, {0: 1, 1: 0}]))
    def change_meanings(self, meaning: Any) -> None:
        """Give the values of gold other meanings."""
        self.project.options["map_label"] = meaning

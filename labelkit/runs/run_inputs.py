"""Compare the inputs of a run with those of one that was interrupted or finished, to use what is there, or not.

The inputs are all that the votes of a part depend on: the rules (:mod:`labelkit.rules.inspection.rule_inputs`), the
corpus, gold, the classes, the options that decide which rows are read together, and the versions of labelkit and
Python. What a part merely describes, such as the docstrings of its rules, may differ: it is written anew.
"""

from __future__ import annotations

import json
import platform
from ast import literal_eval
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from labelkit._shared.written_lists import names_and_more
from labelkit._shared.written_options import as_written
from labelkit._version import __version__
from labelkit.corpus import Corpus
from labelkit.corpus.chosen_rows import RowChoice
from labelkit.corpus.gold import GoldSource
from labelkit.rules.inspection.fingerprint import fingerprint
from labelkit.rules.inspection.rule_inputs import RuleInputs
from labelkit.rules.labeling_functions import LabelingFunctions

LASTING: Final = ("versions", "corpus", "gold", "options", "rules")
"""The inputs that stand in the manifest of a finished run: they are the same wherever the same run is made."""

MIXED: Final = ""
"""The digest of descriptions in the note of a run some of whose parts hold earlier ones, until it is finished."""

OTHER_CORPUS: Final = "the corpus is another"
"""The reason where a finished run was made of other rows."""

MOST_NAMES: Final = 5
"""Rules that a reason names; of more, it gives their number."""


@dataclass(frozen=True)
class RunInputs:
    """The inputs of a run, as plain values that can be written and compared.

    Parameters
    ----------
    versions : list of str
        Of labelkit and Python.
    corpus : str
        Digest of its content; empty if it cannot be known.
    files : str
        Digest of the sizes and times of its files.
    gold : str
    options : dict of str to str
        What decides which rows are read, and which of them together.
    rules : list of [name, digest]
        In order.
    unclear : dict of str to str
        Why the votes of a rule may change though its digest does not.
    lines : str
        Digest of the files of the rules, whose lines stand in the messages of faults.
    described : str
        Digest of the descriptions of the rules.
    settings : dict of str to str
        The settings of the process in the digests of rules, by their kinds; none of a note that lacks them.
    """

    versions: list[str]
    corpus: str
    files: str
    gold: str
    options: dict[str, str]
    rules: list[list[str]]
    unclear: dict[str, str]
    lines: str
    described: str
    settings: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        lfs: LabelingFunctions,
        corpus: Corpus,
        gold: GoldSource | None,
        *,
        batch_rows: int,
        types: Mapping[str, type],
        text_columns: Sequence[str] = (),
    ) -> RunInputs:
        """Find the inputs of a run as they are now."""
        inputs = lfs.inputs()
        options = {
            "id": _noted(corpus.id),
            "batch_size": str(batch_rows),
            "on_bad_row": corpus.on_bad_row,
            "labels": _noted_names(lfs.space.names),
            "types": str(sorted((name, kind.__name__) for name, kind in types.items())),
        }
        options |= _texts_of(corpus.choice) if corpus.choice else {}
        options |= {"text_columns": _noted_names(text_columns)} if text_columns else {}
        return cls(
            versions=[__version__, platform.python_version()],
            corpus=corpus.fingerprint(),
            files="" if corpus.stamp is None else fingerprint(corpus.stamp.files),
            gold=digest_of_gold(gold),
            options=options,
            rules=[[name, fingerprint(one.digest, one.packages)] for name, one in inputs.items()],
            unclear={name: one.unclear[0] for name, one in inputs.items() if one.unclear},
            lines=_lines_of(inputs.values()),
            described=fingerprint([info.to_dict() for info in lfs.infos]),
            settings={name: fingerprint(value) for one in inputs.values() for name, value in one.settings},
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        return asdict(self)

    @property
    def lasting(self) -> dict[str, Any]:
        """What a finished run keeps of them."""
        kept = {name: value for name, value in self.to_dict().items() if name in LASTING}
        return {**kept, "settings": self.settings} if self.settings else kept

    @property
    def digest(self) -> str:
        """Digest of all that decides whether parts are of the same run."""
        return fingerprint({name: value for name, value in self.lasting.items() if name in LASTING}, self.files)

    @classmethod
    def read(cls, path: Path) -> dict[str, Any]:
        """Read a note of inputs; empty if there is none, or it is damaged."""
        kinds = {name: kind for name, kind in cls.__annotations__.items() if name != "settings"}
        return checked_note(_json(path), kinds)

    @property
    def uncertain(self) -> list[str]:
        """Reasons why nothing can be compared with these inputs, whatever it was made from."""
        reasons = [f"it is not known what {_listed([name])} depends on: it {why}" for name, why in self.unclear.items()]
        return reasons if self.corpus else [*reasons, "a corpus that can be read only once cannot be compared"]

    def differences(self, before: Mapping[str, Any]) -> list[str]:
        """List the reasons why what was made from other inputs cannot be used; empty if it can.

        Parameters
        ----------
        before : mapping
            The note of an interrupted run, or what a finished one keeps: without the sizes and times of files.
        """
        if not before:
            return ["its note is damaged, or another version of labelkit or Python began it", *self.uncertain]
        ended, reasons = "files" not in before, self.uncertain
        if before.get("versions") != self.versions:
            reasons.append(f"another version of labelkit or Python {'made' if ended else 'began'} it")
        all_rows = _texts_of(RowChoice())
        options, wanted = {**all_rows, **(before.get("options") or {})}, {**all_rows, **self.options}
        if wanted["sample"] == options["sample"] == all_rows["sample"]:
            wanted["random_state"] = options["random_state"]  # nothing is drawn
        changed = [name for name in dict.fromkeys([*wanted, *options]) if options.get(name) != wanted.get(name)]
        same_rows = not set(changed) & set(all_rows)  # else the digest of the corpus differs by itself
        if (same_rows and before.get("corpus") != self.corpus) or (not ended and before.get("files") != self.files):
            reasons.append(OTHER_CORPUS if ended else "the corpus was written again")
        if before.get("gold") != self.gold:
            reasons.append("gold changed")
        reasons += [text for name in changed for text in _changes(name, options.get(name), wanted.get(name))]
        rules = self._changed_rules(dict(before.get("rules") or []))
        return [*reasons, *rules, *(self._changed_settings(before.get("settings")) if rules else [])]

    def _changed_settings(self, before: Any) -> list[str]:
        """Name the settings of the process that are others, by which rules are."""
        then = before if isinstance(before, dict) else {}
        kinds = sorted(name for name in {*then, *self.settings} if then.get(name) != self.settings.get(name))
        return [f"the process has other settings ({', '.join(kinds)})"] if kinds else []

    def _changed_rules(self, before: Mapping[str, str]) -> list[str]:
        now = dict(self.rules)
        changed = [name for name, digest in now.items() if before.get(name, digest) != digest]
        new, gone = [name for name in now if name not in before], [name for name in before if name not in now]
        what = (("changed", changed), ("new", new), ("gone", gone))
        reasons = [f"{_listed(names)} {'is' if len(names) == 1 else 'are'} {how}" for how, names in what if names]
        return reasons or (["the rules have another order"] if list(before) != list(now) else [])


def digest_of_gold(gold: GoldSource | None) -> str:
    """Return the digest of gold that is checked, by which an update knows that it changed."""
    truth: list[Any] | None = None
    if gold is not None:
        truth = [gold.column, *_known_gold(gold)]
        truth += [] if gold.mapping is None else [sorted(gold.mapping.classes.items())]
    return fingerprint(truth)


def _known_gold(gold: GoldSource) -> tuple[Any, Any]:
    """Return the known labels, and the names or positions of their examples: the same for the same gold in any order.

    An unknown label of an example is the same as none, and positions are the same as an index that counts them.
    """
    if gold.values is None:
        return None, None
    names = np.arange(len(gold.values)) if gold.names is None else np.asarray(gold.names.names)
    names = names.astype(np.int64) if names.dtype.kind in "iu" else names
    labels = np.asarray(gold.values)
    if gold.numbers == "classes":
        labels, names = labels[labels >= 0], names[labels >= 0]
    try:
        order = np.argsort(names, kind="stable")
    except TypeError:  # names of several types
        return labels, names
    return labels[order], names[order]


def _texts_of(choice: RowChoice) -> dict[str, str]:
    return {name: str(value) for name, value in choice.to_dict().items()}


def _noted(name: str | None) -> str:
    """Return a name as a note has it: one that reads like none, or like a quoted one, is quoted.

    >>> _noted(None), _noted("id"), _noted("None")
    ('None', 'id', '"None"')
    """
    return json.dumps(name) if name is not None and (name == "None" or name.startswith('"')) else str(name)


def _noted_names(names: Iterable[str]) -> str:
    """Join names so that two lists have two texts.

    >>> _noted_names(["HAM", "SPAM"]), _noted_names(["HAM, SPAM"])
    ('HAM, SPAM', '"HAM, SPAM"')
    """
    return ", ".join(json.dumps(name) if ", " in name or name.startswith('"') else name for name in names)


def _listed(names: Sequence[str]) -> str:
    return f"the rule{'s' * (len(names) > 1)} {names_and_more(map(repr, names), MOST_NAMES)}"


def checked_note(note: Any, kinds: Mapping[str, str]) -> dict[str, Any]:
    """Return a note whose values are of the kinds that it was written with; empty for any other.

    >>> checked_note({"corpus": "ab", "rules": []}, {"corpus": "str", "rules": "list[list[str]]"})
    {'corpus': 'ab', 'rules': []}
    >>> checked_note({"corpus": "ab", "rules": [1]}, {"corpus": "str", "rules": "list[list[str]]"})
    {}
    """
    whole = isinstance(note, dict) and all(_is_of(note.get(name), kind) for name, kind in kinds.items())
    return note if whole else {}


def _is_of(value: Any, kind: str) -> bool:
    if kind == "str":
        return isinstance(value, str)
    if kind == "dict[str, str]":
        return isinstance(value, dict) and all(_is_of(one, "str") for one in value.values())
    inner = kind.removeprefix("list[").removesuffix("]")
    pairs = inner == "list[str]"  # a name and a digest
    return isinstance(value, list) and all(_is_of(one, inner) and (not pairs or len(one) == 2) for one in value)


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None


def _lines_of(inputs: Iterable[RuleInputs]) -> str:
    files = sorted({file for one in inputs for file in one.files})
    return fingerprint([Path(file).read_bytes() for file in files if Path(file).is_file()])


def _changes(name: str, was: Any, becomes: Any) -> list[str]:
    """Say how an option changed; of the types of columns, those of each column.

    >>> _changes("types", "[('text', 'str'), ('n', 'int')]", "[('n', 'float')]")
    ["the rules annotate column 'n' as float, and did as int", "no rule annotates column 'text', which was str"]
    """
    if name != "types":
        return [f"{name} changed: {as_written(was)} -> {as_written(becomes)}"]
    try:
        old, new = (dict(literal_eval(str(value or []))) for value in (was, becomes))
    except (ValueError, SyntaxError, TypeError):
        return ["the types that the rules annotate changed"]
    texts = [
        f"the rules annotate column {column!r} as {kind}, and did as {old.get(column, 'none')}"
        for column, kind in new.items()
        if old.get(column) != kind
    ]
    lost = [column for column in old if column not in new]
    return [*texts, *(f"no rule annotates column {column!r}, which was {old[column]}" for column in lost)]

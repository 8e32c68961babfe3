"""Load a bundle and label with it: one record at once, many at bulk speed, from any number of threads."""

from __future__ import annotations

import os
import platform
import shutil
import tempfile
import threading
import weakref
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np

from labelkit._shared.given_paths import given_path
from labelkit._shared.markup import visible
from labelkit._shared.numbers import plural
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit._version import __version__
from labelkit.apply.applier import Applier
from labelkit.apply.voting_options import OnFault
from labelkit.bundles._archive import extract, read_archive, refused
from labelkit.bundles._explained import RecordExplanation, explained, load_explaining
from labelkit.bundles._modules import BundleModules
from labelkit.bundles._record_votes import RecordVoter, RecordVotes, batches_of_records
from labelkit.bundles._records import BundleApplier, ReadColumns
from labelkit.bundles._versions import compare_versions
from labelkit.exceptions import BundleError, FaultError, LabelkitError
from labelkit.rules.collect import collect
from labelkit.rules.inspection.rule_inputs import inputs_of_all
from labelkit.rules.labeling_functions import LabelingFunctions
from labelkit.votes.label_matrix import LabelMatrix
from labelkit.votes.label_space import ABSTAIN
from labelkit.votes.lf_info import LFInfo
from labelkit.votes.outcomes import Fault
from labelkit.votes.vote_patterns import VotePatterns

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from labelkit.label_models import PatternLabelModel
    from labelkit.votes.probabilistic_labels import ProbabilisticLabels

FEW_RECORDS: Final = 16
"""Up to so many records are labeled one by one, more as a batch."""

MOST_KNOWN: Final = 65_536
"""Rows of votes whose labels are remembered."""

MOST_FAULTS: Final = 1_000
"""The latest faults that a bundle remembers."""


@dataclass(frozen=True)
class RecordLabel:
    """The label of a row of votes.

    Attributes
    ----------
    label : int
        The class, or -1.
    proba : ndarray of shape (n_classes,)
        The probability of each class.
    covered : bool
        Whether a rule voted.
    """

    label: int
    proba: NDArray[np.float64]
    covered: bool


@checks_keywords
def load_bundle(path: str | Path, *, on_fault: OnFault = "raise") -> Bundle:
    """Load a bundle that :func:`labelkit.bundle` wrote. **This runs the code that is in it**: load what you trust.

    Before any of its code is run, every file in it is held against the digests of its manifest; afterwards, every rule
    against its fingerprint. That shows damage and changes, not bad intent: whoever writes a bundle may write anything
    into it. Its files are unpacked to a folder that only this user can read, and which goes with the bundle.

    Parameters
    ----------
    path : path
    on_fault : {"raise", "record"}
        What happens when a rule fails on a record, or returns no vote: an error that names the rule, or the rule
        abstains there as in a run that records faults, and the fault is kept in :attr:`Bundle.faults`.

    Returns
    -------
    Bundle

    Warns
    -----
    UserWarning
        If packages have other versions than where the bundle was made; it says what to install.

    Raises
    ------
    BundleError
        If the file is no bundle, is damaged, or a file or a rule in it was changed; if its modules do not load here.

    Examples
    --------
    >>> import labelkit as lk  # doctest: +SKIP
    >>> spam = lk.load_bundle("spam.labelkit")  # doctest: +SKIP
    >>> spam.predict({"text": "Check out my channel!"})  # doctest: +SKIP
    'SPAM'
    """
    if on_fault not in ("raise", "record"):
        raise LabelkitError(f"on_fault={on_fault!r} is neither 'raise' nor 'record'")
    file = given_path(path, "a bundle", BundleError, "labelkit.bundle(run, out='a.labelkit') writes one: give its path")
    manifest, members = read_archive(file)
    folder = Path(tempfile.mkdtemp(prefix="labelkit-"))  # which only this user can enter
    try:
        extract(members, folder)
        return Bundle(file, manifest, folder, on_fault)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _remove(folder: str, owner: int) -> None:
    """Remove the folder of a bundle, in the process that made it: one that was forked off shares it."""
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)


@checks_keywords
class Bundle:
    """A loaded bundle; made by :func:`load_bundle`. All methods may be called from several threads at once.

    Attributes
    ----------
    lfs : LabelingFunctions
        The rules.
    class_names : tuple of str
    model : label model
    manifest : dict
        Rules, classes, versions and members.
    n_faults : int
        The number of faults since it was loaded.
    """

    def __init__(self, path: Path, manifest: dict[str, Any], folder: Path, on_fault: OnFault) -> None:
        self.path, self.manifest, self.folder = path, manifest, folder
        self.on_fault: OnFault = on_fault
        self.n_faults = 0
        self._faults: deque[Fault] = deque(maxlen=MOST_FAULTS)
        self._remove, self._lock = weakref.finalize(self, _remove, str(folder), os.getpid()), threading.Lock()
        try:
            versions = {key: manifest["versions"][key] for key in ("labelkit", "python", "packages")}
            modules = dict(manifest["modules"])
            self.class_names: tuple[str, ...] = tuple(manifest["classes"])
            self._infos = tuple(LFInfo.from_dict(rule) for rule in manifest["rules"])
            described = dict(manifest.get("corpus") or {})
            names, rule_modules = [info.name for info in self._infos], manifest["rule_modules"]
        except (KeyError, TypeError, AttributeError) as error:
            raise refused(path, f"has a manifest without {error}") from None
        compare_versions(path, versions)
        self._modules = BundleModules({name: _member_file(path, folder, member) for name, member in modules.items()})
        self.lfs = self._collected(names, rule_modules)
        self.model = self._read_model()
        self._plan = Applier(self.lfs).plan
        self._read = ReadColumns.of(self._plan, described)
        self._soft = any(lf.levels for lf in self.lfs)
        self._check_fingerprints(versions)
        with self._modules.in_place():
            self._read_models_of_rules()
            self._voter = RecordVoter(self._plan, self._read.types)
        self._known = self._labels_of_frequent_votes()

    def __repr__(self) -> str:
        return visible(
            f"Bundle({str(self.path)!r}, {plural(len(self.lfs), 'rule')}, classes {', '.join(self.class_names)})"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __reduce__(self) -> Any:
        """Refuse to be pickled: what is loaded runs code."""
        raise BundleError(
            "a loaded bundle cannot be copied or sent to another process: loading it runs the code in it",
            hint=f"load it there: lk.load_bundle({str(self.path)!r})",
        )

    def close(self) -> None:
        """Remove the folder of its files; a bundle that is no longer referred to does so by itself."""
        self._remove()

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The latest faults (at most 1,000), with ``on_fault="record"``; row and id are those within their call."""
        return tuple(self._faults)

    @property
    def rename(self) -> dict[str, str]:
        """The names that columns got in the run, ``{"text": "Comment"}``: the default for records and corpora."""
        return dict(self._read.usual.rename)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that a record must have."""
        return self._plan.columns

    def predict(self, record: Mapping[str, Any] | pd.Series[Any] | str) -> str | None:
        """Label one record.

        Parameters
        ----------
        record : mapping, str or row of a frame
            A value for each column that the rules read, ``None`` where it is not known; a text alone is ``text``. A
            row is a Series, as ``frame.iloc[0]`` is.

        Returns
        -------
        str or None
            The name of the class; None where no rule voted, or the most probable classes are tied.

        Raises
        ------
        CorpusError
            If a column is missing, or holds a value of a type that its rules cannot read.
        FaultError
            If a rule failed, with ``on_fault="raise"``.
        """
        label = self._label_one(record).label
        return None if label == ABSTAIN else self.class_names[label]

    def predict_proba(self, records: Any) -> NDArray[np.float64]:
        """Return the probability of each class for each record; those without a vote have the class prior.

        Parameters
        ----------
        records : list of mappings, strings or rows of a frame, frame, path
            As :meth:`labelkit.Applier.apply` takes a corpus. One row alone, a Series with the columns that the rules
            read, is one record, and so is a dict of single values.

        Returns
        -------
        ndarray of shape (n_records, n_classes)
        """
        if self._read.is_one(records):
            records = [records]
        if isinstance(records, list):
            if not records:
                return np.empty((0, len(self.class_names)))
            rows = [self._read.as_record(record, place) for place, record in enumerate(records)]
            if len(rows) <= FEW_RECORDS:
                return np.stack([self._label_one(row).proba for row in rows])
            return self._proba(rows)
        return self.label(records).proba.copy()  # the caller's own

    def label(
        self,
        corpus: Any,
        *,
        id: str | None = None,  # noqa: A002 - the word that users write
        workers: int = 1,
        rename: Mapping[str, str] | None = None,
    ) -> ProbabilisticLabels:
        """Label a corpus in memory, at bulk speed.

        Parameters
        ----------
        corpus, id
            As in :meth:`labelkit.Applier.apply`.
        workers : int
            Threads to use.
        rename : mapping of str to str, optional
            The names that columns get, as in :func:`labelkit.open_corpus`. By default those that they got in the run
            (:attr:`rename`), for columns that are there and do not have the new name already; ``{}`` for none.

        Returns
        -------
        ProbabilisticLabels
        """
        matrix = self.applier().apply(
            corpus,
            id=id,
            rename=rename,
            workers=workers,
            engine="serial" if workers == 1 else "thread",
            on_fault=self.on_fault,
            progress=False,
            cache=False,
        )
        self.note_faults(matrix.faults)
        return self.model.label(matrix)

    def explain(self, record: Mapping[str, Any] | pd.Series[Any] | str) -> RecordExplanation:
        """Say why a record has its label: votes, the words that matched, and what each vote adds to the log-odds."""
        row = self._read.as_record(record)
        voted = self._votes(row)
        label = self._label_of(row, voted)
        faults = [Fault(0, self._infos[j].name, 0, kind, message) for j, kind, message in voted.failures]
        votes = self._quiet_matrix(row) if self._soft else self._patterns([voted.votes])
        return explained(self.lfs, self.model, votes, row, label.label, label.proba, faults)

    def warm_up(self) -> None:
        """Load the compiled code and what explanations need now (about a second), so that no record has to wait."""
        self._voter.warm_up()
        load_explaining()

    def applier(self) -> Applier:
        """Return an applier of the rules that shares their plan, and reads a corpus by the names of the run's."""
        return BundleApplier(self._plan, self._read)

    def note_faults(self, faults: Sequence[Fault]) -> None:
        """Keep faults that were recorded."""
        with self._lock:
            self.n_faults += len(faults)
            self._faults.extend(faults)

    def _label_one(self, record: Mapping[str, Any] | pd.Series[Any] | str) -> RecordLabel:
        row = self._read.as_record(record)
        return self._label_of(row, self._votes(row))

    def _proba(self, rows: list[Mapping[str, Any]]) -> NDArray[np.float64]:
        """Label records as batches, by the plan."""
        batches = batches_of_records(self._plan, rows, self._read.types)
        voted = [self._plan.vote(batch.table) for batch in batches]
        for batch, one in zip(batches, voted, strict=True):
            self._judge([(batch.start + row, j, kind, message) for row, j, kind, message in one.faults])
        votes = np.concatenate([one.votes for one in voted])
        sure = [one.confidence for one in voted if one.confidence is not None]
        confidence = np.concatenate(sure) if sure else None
        matrix = LabelMatrix(votes, self._infos, self.class_names, np.arange(len(rows)), (), confidence)
        return self.model.label(matrix).proba.copy()

    def _votes(self, row: Mapping[str, Any]) -> RecordVotes:
        voted = self._voter.votes(row)
        if voted.failures:
            self._judge([(None, *failure) for failure in voted.failures])
        return voted

    def _judge(self, failures: Sequence[tuple[int | None, int, str, str]]) -> None:
        """Raise for a rule that failed on a record, or keep the fault."""
        for row, j, kind, message in failures[:1] if self.on_fault == "raise" else ():
            record = "the record" if row is None else f"record {row}"
            raise FaultError.of(
                f"rule {self._infos[j].name!r} failed on {record}: {kind}: {message}",
                hint='load_bundle(path, on_fault="record") lets it abstain there, and keeps the fault',
            )
        names = [info.name for info in self._infos]
        self.note_faults([Fault(row or 0, names[j], row or 0, kind, message) for row, j, kind, message in failures])

    def _label_of(self, row: Mapping[str, Any], voted: RecordVotes) -> RecordLabel:
        if self._soft:
            return self._labels(self.model.label(self._quiet_matrix(row)))[0]
        label = self._known.get(voted.votes)
        if label is None:
            label = self._labels(self.model.label(self._patterns([voted.votes])))[0]
            if len(self._known) < MOST_KNOWN:
                self._known[voted.votes] = label
        return label

    def _quiet_matrix(self, row: Mapping[str, Any]) -> Any:
        """Vote on a record with confidences; its faults are known already."""
        return self.applier().apply([row], on_fault="record", progress=False, cache=False, rename={})

    def _labels(self, labels: ProbabilisticLabels) -> list[RecordLabel]:
        hard, covered = labels.hard().tolist(), labels.is_covered.tolist()
        return [RecordLabel(*one) for one in zip(hard, labels.proba, covered, strict=True)]

    def _patterns(self, rows: Any) -> VotePatterns:
        outcomes = np.array(rows, dtype=self.lfs.space.dtype).reshape(-1, len(self._infos))
        return VotePatterns(outcomes, np.ones(len(outcomes), dtype=np.int64), self._infos, self.class_names)

    # Loading ----------------------------------------------------------------------------------------------------------

    def _collected(self, names: list[str], rule_modules: list[str]) -> LabelingFunctions:
        try:
            modules = self._modules.load(rule_modules)
        except Exception as error:
            what = error.message if isinstance(error, LabelkitError) else f"{type(error).__name__}: {error}"
            what = what.replace(f"{self.folder}{os.sep}", "")
            raise BundleError(
                f"the rules of the bundle {str(self.path)!r} cannot be imported: {what}", hint=_what_to_install(error)
            ) from error
        lfs = collect(modules, labels=list(self.class_names))
        missing = [name for name in names if name not in lfs.names]
        if missing:
            raise BundleError(f"the modules of the bundle {str(self.path)!r} make no rule {missing[0]!r}")
        return lfs[names]

    def _read_model(self) -> PatternLabelModel:
        from labelkit.label_models import PatternLabelModel, load_model  # noqa: PLC0415 - brings scikit-learn

        try:
            model = load_model(self.folder / "model")
        except LabelkitError as error:
            message = error.message.replace(str(self.folder), str(self.path))
            raise BundleError(message, hint=error.hint, code=error.code) from None
        if not isinstance(model, PatternLabelModel):
            raise BundleError(f"the model of the bundle {str(self.path)!r} reads more than votes")
        return model

    def _check_fingerprints(self, versions: Mapping[str, Any]) -> None:
        """Hold each rule against its fingerprint, which is of one version of Python and labelkit."""
        here = (__version__, *platform.python_version_tuple()[:2])
        if (versions["labelkit"], *versions["python"].split(".")[:2]) != here:
            return
        for info, now in zip(self._infos, self.lfs.infos, strict=True):
            if now.fingerprint != info.fingerprint:
                raise BundleError(
                    f"rule {info.name!r} of the bundle {str(self.path)!r} is not the rule that was bundled",
                    hint="its votes depend on something outside of the bundle, such as where its files are; read them "
                    "at the top of the module, and keep the content, not the path, in a global",
                    code="LK551",
                )

    def _read_models_of_rules(self) -> None:
        """Read the models that rules call, which may be of classes of the bundle."""
        inputs_of_all(lf for lf in self.lfs if lf.functions)

    def _labels_of_frequent_votes(self) -> dict[tuple[int, ...], RecordLabel]:
        """Label the rows of votes that were the most frequent ones in the run."""
        file = self.folder / "votes.npy"
        if self._soft or not file.is_file():
            return {}
        rows = np.maximum(np.load(BytesIO(file.read_bytes()), allow_pickle=False), ABSTAIN)
        labels = self._labels(self.model.label(self._patterns(rows)))
        return dict(zip(map(tuple, rows.tolist()), labels, strict=True))


def _member_file(path: Path, folder: Path, member: Any) -> Path:
    """Return the file of a module of the bundle, which is one of its members."""
    file = folder / str(member)
    if ".." in file.parts or folder not in file.parents or not file.is_file():
        raise refused(path, f"names a module {member!r} that it does not hold")
    return file


def _what_to_install(error: Exception) -> str | None:
    missing = error.name if isinstance(error, ModuleNotFoundError) else None
    return f"pip install {missing.partition('.')[0]}" if missing else None

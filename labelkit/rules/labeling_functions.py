"""Rules in order, with the label space that they share."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum
from functools import cached_property
from typing import Any, Final, overload

from labelkit._shared.given_kinds import kind_of, rules_remedy, shown_kind
from labelkit._shared.numbers import plural
from labelkit._shared.tables import ResultPage, ResultTable
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.exceptions import CollectError, LabelSpaceError
from labelkit.rules._class_numbers import check_numbers, inferred_space
from labelkit.rules._outdated import warn_of_outdated
from labelkit.rules._selection import chosen_names
from labelkit.rules.inspection.rule_inputs import RuleInputs, fingerprints_of_all, inputs_of_all
from labelkit.rules.labeling_function import LabelingFunction
from labelkit.rules.late_values import check_late_values
from labelkit.rules.row_rules import adopted, bound
from labelkit.votes.label_space import LabelSpace
from labelkit.votes.lf_info import LFInfo

_OF_EXAMPLES: Final = ("table", "texts", "matrix", "class")
"""Kinds of what Python might iterate over, and what has no rules."""


@checks_keywords
class LabelingFunctions(Sequence[LabelingFunction[...]]):
    """Labeling functions of one label space, in order, with distinct names.

    Parameters
    ----------
    lfs : iterable of LabelingFunction
    labels : IntEnum, list of class names or int, optional
        The label space; inferred from the rules if not given: the enum of the labels that they are declared with, else
        the only ``IntEnum`` in the modules that they come from.

    Raises
    ------
    CollectError
        If there are no rules, two share a name, or they belong to two label spaces.
    LabelSpaceError
        If the label space cannot be inferred.

    Attributes
    ----------
    selected, excluded : tuple of str
        The patterns that :meth:`select` and :meth:`exclude` were given, for the manifest of a run.
    """

    def __init__(
        self,
        lfs: Iterable[LabelingFunction[...]],
        *,
        labels: LabelSpace | type[IntEnum] | Sequence[str] | int | None = None,
    ) -> None:
        if isinstance(lfs, LabelingFunction):
            raise CollectError(f"{lfs!r} is one labeling function, not several", hint="give a list of it: [lf]")
        if not hasattr(lfs, "__iter__") or hasattr(lfs, "encode") or kind_of(lfs) in _OF_EXAMPLES:
            raise CollectError(f"{shown_kind(lfs)} is no list of labeling functions", hint=rules_remedy(lfs))
        inherited: LabelSpace | None = lfs.space if isinstance(lfs, LabelingFunctions) else None
        self.selected: tuple[str, ...] = lfs.selected if isinstance(lfs, LabelingFunctions) else ()
        self.excluded: tuple[str, ...] = lfs.excluded if isinstance(lfs, LabelingFunctions) else ()
        self._lfs: tuple[LabelingFunction[...], ...] = tuple(map(adopted, lfs))
        _check_rules(self._lfs)
        check_late_values(self._lfs)
        self.space: LabelSpace
        if labels is not None:
            self.space = LabelSpace.of(labels)
            if self.space is not labels:
                check_numbers(self._lfs, self.space)
        else:
            self.space = inferred_space(self._lfs) if inherited is None else inherited
        _check_labels(self._lfs, self.space)
        warn_of_outdated(self._lfs)

    @overload
    def __getitem__(self, key: int | str) -> LabelingFunction[...]: ...
    @overload
    def __getitem__(self, key: slice | list[str]) -> LabelingFunctions: ...
    def __getitem__(self, key: int | str | slice | list[str]) -> LabelingFunction[...] | LabelingFunctions:
        """One rule by position or name, several by slice or a list of names."""
        if isinstance(key, slice):
            return LabelingFunctions(self._lfs[key], labels=self.space)
        if isinstance(key, list):
            return LabelingFunctions([self[name] for name in key], labels=self.space)
        if isinstance(key, str):
            by_name = {lf.name: lf for lf in self._lfs}
            if key not in by_name:
                raise KeyError(f"no rule is named {key!r}; there are {', '.join(by_name)}")
            return by_name[key]
        return self._lfs[key]

    def __len__(self) -> int:
        return len(self._lfs)

    def __iter__(self) -> Iterator[LabelingFunction[...]]:
        return iter(self._lfs)

    def __repr__(self) -> str:
        lines = [f"{plural(len(self), 'labeling function')} over {self.space!r}", *(f"  {lf!r}" for lf in self._lfs)]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        rows = [[lf.name, lf.kind, ", ".join(lf.columns), self._classes(lf), lf.doc] for lf in self]
        table = ResultTable(rows, ["name", "kind", "reads", "votes for", ""])
        return ResultPage([f"{plural(len(self), 'labeling function')} over {self.space!r}"], [table]).to_html()

    def _classes(self, lf: LabelingFunction[...]) -> str:
        return "any class" if lf.labels is None else ", ".join(map(self.space.name, lf.labels))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the rules, in order."""
        return tuple(lf.name for lf in self._lfs)

    def select(self, *patterns: str) -> LabelingFunctions:
        """Keep the rules that any of the patterns is of, in their order; all if no pattern is given.

        Parameters
        ----------
        *patterns : str
            The name of a rule; a glob of names, such as ``"link*"``; or ``"group:"`` and the name of a group, or a glob
            of groups. Capitals count.

        Raises
        ------
        CollectError
            If a pattern is of no rule: it is probably misspelt.

        Examples
        --------
        >>> import labelkit as lk
        >>> link = lk.regex("https?:", label=1).rule(name="link", group="links")
        >>> short = lk.regex("^.{,9}$", label=0).rule(name="short")
        >>> lfs = LabelingFunctions([link, short], labels=["HAM", "SPAM"])
        >>> lfs.select("group:links").names, lfs.exclude("li*").names
        (('link',), ('short',))
        """
        names = chosen_names(self, patterns)
        return self._some([lf for lf in self if lf.name in names or not patterns], selected=patterns)

    def exclude(self, *patterns: str) -> LabelingFunctions:
        """Leave out the rules that any of the patterns is of, as :meth:`select` takes them.

        Raises
        ------
        CollectError
            If a pattern is of no rule, or no rule is left.
        """
        names = chosen_names(self, patterns)
        kept = [lf for lf in self if lf.name not in names]
        if not kept:
            raise CollectError(
                f"no rule is left without {', '.join(map(repr, patterns))}",
                hint="exclude fewer of the rules",
                code="LK116",
            )
        return self._some(kept, excluded=patterns)

    def _some(
        self, lfs: list[LabelingFunction[...]], *, selected: tuple[str, ...] = (), excluded: tuple[str, ...] = ()
    ) -> LabelingFunctions:
        some = LabelingFunctions(lfs, labels=self.space)
        some.selected, some.excluded = (*self.selected, *selected), (*self.excluded, *excluded)
        return some

    def bound(self, columns: Iterable[str]) -> LabelingFunctions:
        """Return the rules for a corpus of these columns, which those of Snorkel may all read."""
        lfs = [bound(lf, columns) for lf in self]
        return self if all(new is old for new, old in zip(lfs, self, strict=True)) else self._some(lfs)

    def arrow(self, columns: str | Sequence[str], **options: Any) -> Any:
        """Return the rules as one function from Arrow batches to votes, which engines of all kinds can run.

        The same as :meth:`labelkit.Applier.arrow`.

        Parameters
        ----------
        columns : str or list of str
            The columns that come along with the votes, the id first.
        on_fault, time_limit, include : optional
            See :class:`labelkit.ArrowVotes`.

        Returns
        -------
        ArrowVotes

        Examples
        --------
        >>> import labelkit as lk
        >>> free = lk.keywords("free", label=1).rule(name="free")
        >>> votes = LabelingFunctions([free], labels=2).arrow("id")
        >>> votes.reads, votes.names
        (('id', 'text'), ('free',))
        """
        # A door of the package, and no import of the room: docs/architecture.md lists it.
        return importlib.import_module("labelkit.apply.arrow_votes").ArrowVotes(self, columns, **options)

    @cached_property
    def infos(self) -> tuple[LFInfo, ...]:
        """The descriptions of the rules, in order, as they are when they are first asked for."""
        return self._described(fingerprints_of_all(self._lfs))

    def inputs(self) -> dict[str, RuleInputs]:
        """Find all that the votes of the rules depend on as they are now, beside the values of their columns.

        :attr:`infos` are of the same moment, unless somebody asked for them before.

        Returns
        -------
        dict from str to RuleInputs
        """
        inputs = inputs_of_all(self._lfs)
        if "infos" not in vars(self):
            vars(self)["infos"] = self._described(one.fingerprint for one in inputs)
        return dict(zip(self.names, inputs, strict=True))

    def _described(self, digests: Iterable[str]) -> tuple[LFInfo, ...]:
        return tuple(lf.described(digest) for lf, digest in zip(self._lfs, digests, strict=True))


def _check_rules(lfs: Sequence[LabelingFunction[...]]) -> None:
    if not lfs:
        raise CollectError(
            "there are no labeling functions",
            hint="decorate one with @keywords, @regex or @labeling_function",
            code="LK111",
        )
    seen: dict[str, LabelingFunction[...]] = {}
    for lf in lfs:
        if not isinstance(lf, LabelingFunction):
            raise CollectError(f"{shown_kind(lf)} is not a labeling function", hint=rules_remedy(lf))
        if lf.name in seen:
            first, second = (one.origin.line or one.origin.module for one in (seen[lf.name], lf))
            where = f"both made at {first}" if first == second else f"{first} and {second}"
            raise CollectError(
                f"two labeling functions are named {lf.name!r} ({where})",
                hint="rename one, or give it name=...",
                code="LK112",
            )
        seen[lf.name] = lf


def _check_labels(lfs: Sequence[LabelingFunction[...]], space: LabelSpace) -> None:
    for lf in lfs:
        for label in (*(lf.labels or ()), *(expected for _, expected in lf.examples)):
            if label >= len(space):
                raise LabelSpaceError(
                    f"rule {lf.name!r} votes for class {label}, but the classes are {space!r}",
                    hint="pass labels= with all classes",
                    code="LK122",
                )

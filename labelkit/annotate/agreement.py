"""How far annotators agree, by class and by annotator, with intervals; and who answers without looking."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from labelkit._shared.markup import visible
from labelkit._shared.near_names import names_hint
from labelkit._shared.numbers import DASH, count, percent, plural, share_with_bounds
from labelkit._shared.plain_values import plain_value
from labelkit._shared.tables import Cell, HasFrame, ResultPage, ResultTable, ShownResult
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.annotate import _coefficients as coefficients
from labelkit.annotate._by_annotator import AnnotatorAgreement, look_at_annotators
from labelkit.annotate._coefficient_ends import ChanceScale, Coefficient, coefficients_of
from labelkit.annotate._jackknife import jackknifed
from labelkit.annotate._pairs import AnswerPairs
from labelkit.annotate.answers import Answers
from labelkit.exceptions import AnalysisError, GoldError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from labelkit.votes.probabilistic_labels import ProbabilisticLabels


@dataclass(frozen=True)
class JudgeAgreement:
    """A judge, such as a language model, beside the people.

    Attributes
    ----------
    name : str
    n_shared : int
        Examples that both the judge and people answer.
    kappa : Coefficient
        Mean of Cohen's kappas with each person, weighted by their shared examples.
    people : Coefficient
        The same among the people, of each with the others: what a judge can at best be asked for.
    precision, recall : dict of str to Coefficient
        By class: how often a person says the class where the judge does; how often the judge where a person does.
    """

    name: str
    n_shared: int
    kappa: Coefficient
    people: Coefficient
    precision: dict[str, Coefficient]
    recall: dict[str, Coefficient]


@checks_keywords
@dataclass(frozen=True, eq=False, repr=False)
class Agreement(HasFrame, ShownResult):
    """How far annotators agree.

    Attributes
    ----------
    answers : Answers
    n_shared : int
        Examples with at least two answers: what follows is about them.
    observed : Coefficient
        Share of pairs of answers to an example that are the same.
    cohen : Coefficient
        Cohen's kappa; of more than two annotators, the mean over pairs, weighted by their shared examples.
    fleiss : Coefficient
    alpha : Coefficient
        Krippendorff's alpha for nominal classes.
    alpha_ordinal : Coefficient or None
        For ordered classes, if they are.
    by_class : dict of str to Coefficient
        Of each class, how often a second annotator says it, where one does.
    annotators : tuple of AnnotatorAgreement
    judges : tuple of JudgeAgreement
    confidence : float
    """

    answers: Answers
    n_shared: int
    observed: Coefficient
    cohen: Coefficient
    fleiss: Coefficient
    alpha: Coefficient
    alpha_ordinal: Coefficient | None
    by_class: dict[str, Coefficient]
    annotators: tuple[AnnotatorAgreement, ...]
    judges: tuple[JudgeAgreement, ...]
    confidence: float

    def disputed(self) -> pd.DataFrame:
        """Return the examples on which answers differ, the most disputed first: those to ask again, or to talk about.

        Returns
        -------
        DataFrame
            By ``item``: the answers by class, and ``agreement``, the share of pairs of answers that are alike.
        """
        import pandas as pd  # noqa: PLC0415 - only for who asks

        counts = self.answers.counts()
        n = counts.sum(axis=1)
        several = np.flatnonzero((n > 1) & (counts.max(axis=1) < n))
        alike = (counts * (counts - 1)).sum(axis=1)[several] / (n * (n - 1))[several]
        order = np.lexsort((-n[several], alike))
        index = pd.Index(self.answers.items[several[order]], name="item")
        frame = pd.DataFrame(counts[several[order]], columns=list(self.answers.class_names), index=index)
        return frame.assign(agreement=alike[order])

    def resolved(self, model: Any = None) -> ProbabilisticLabels:
        """Return one label for each example, by a label model of crowds: ``LabelModel()`` if none is given."""
        from labelkit.label_models import MODELS  # noqa: PLC0415 - brings scikit-learn

        matrix = self.answers.to_matrix()
        chosen = MODELS["LabelModel"]() if model is None else model
        labels: ProbabilisticLabels = chosen.fit(matrix).label(matrix)
        return labels

    @property
    def frame(self) -> pd.DataFrame:
        """A row for each annotator."""
        import pandas as pd  # noqa: PLC0415 - only for who asks

        rows = [{**asdict(one), "warnings": "; ".join(one.warnings)} for one in self.annotators]
        return pd.DataFrame(rows).set_index("name")

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "answers"}
        plain |= {name: asdict(one) for name, one in plain.items() if isinstance(one, Coefficient)}
        plain |= {
            "by_class": {name: asdict(one) for name, one in self.by_class.items()},
            "annotators": [asdict(one) for one in self.annotators],
            "judges": [asdict(one) for one in self.judges],
            "n_items": len(self.answers.items),
            "n_answers": len(self.answers),
        }
        return dict(plain_value(plain))

    def _page(self) -> ResultPage:
        sure = percent(self.confidence, decimals=0)
        head = (
            f"Agreement of {plural(len(self.annotators), 'annotator')}: {plural(len(self.answers), 'answer')} to "
            f"{plural(len(self.answers.items), 'example')}, {count(self.n_shared)} with several ({sure} intervals)"
        )
        overall: list[list[Cell]] = [
            ["answers alike", str(self.observed)],
            ["Cohen's kappa", str(self.cohen)],
            ["Fleiss' kappa", str(self.fleiss)],
            ["Krippendorff's alpha", str(self.alpha)],
        ]
        if self.alpha_ordinal is not None:
            overall.append(["the same, ordinal", str(self.alpha_ordinal)])
        classes = [[name, str(one)] for name, one in self.by_class.items()]
        who = [
            [
                one.name,
                count(one.n_answers),
                share_with_bounds(one.agreement, one.low, one.high),
                f"{one.most_frequent} {percent(one.share)}",
                DASH if math.isnan(one.seconds) else f"{one.seconds:.1f} s",
                "; ".join(one.warnings),
            ]
            for one in self.annotators
        ]
        tables = [
            ResultTable(overall, ["coefficient", "value"], align="<<"),
            ResultTable(classes, ["class", "said by a second, too"], align="<<", title="by class"),
            ResultTable(
                who,
                ["annotator", "answers", "agrees with others", "most often", "median time", "look at"],
                align="<><<><",
                title="by annotator",
            ),
        ]
        for judge in self.judges:
            rows = [[name, str(judge.precision[name]), str(judge.recall[name])] for name in judge.precision]
            tables.append(
                ResultTable(
                    rows,
                    ["class", "people say it where the judge does", "the judge where people do"],
                    align="<<<",
                    title=f"{visible(judge.name)}, a judge: kappa {judge.kappa} with people, who have {judge.people}",
                )
            )
        return ResultPage([head], tables)

    def __repr__(self) -> str:
        return f"Agreement(alpha {self.alpha}, {percent(self.observed.value)} of answers alike)"


@checks_keywords
def agreement(
    answers: Any,
    *,
    item: str | None = None,
    annotator: str | None = None,
    label: str | None = None,
    seconds: str | None = None,
    classes: Sequence[Any] | None = None,
    ordinal: bool = False,
    judges: Sequence[str] = (),
    confidence: float = 0.95,
) -> Agreement:
    """Measure how far annotators agree, and find those who answer without looking.

    Parameters
    ----------
    answers : Answers, LabelMatrix, path, DataFrame or list of dict
        A long table, a row for each answer: see :meth:`Answers.of`.
    item, annotator, label, seconds : str, optional
        Names of its columns, if they are not the usual ones.
    classes : sequence of str or enum members, optional
        In their order; needed for ordinal classes whose names do not sort into it.
    ordinal : bool
        Whether the classes are ordered, so that to differ by one is less than to differ by two.
    judges : str or sequence of str
        Annotators that are no people, such as ``@prompt`` rules: they are compared with the people, and left out of
        what is said about these.
    confidence : float in (0, 1)

    Returns
    -------
    Agreement

    Raises
    ------
    GoldError
        If the table lacks a column, somebody answers an example twice, or a judge is none of the annotators.
    AnalysisError
        If no example has two answers of people.

    Notes
    -----
    Of annotators with 20 answers, one is said to answer all alike if that has a probability below 0.001, over all of
    them together, for answers drawn from the others' on the same examples, each taken to be doubted as often as two of
    the others differ (of one other person, every second time); to be too fast, if the median time is below a third of
    the others'; and to agree by chance, if a quarter of the agreement that there could be is surely missed.

    References
    ----------
    Krippendorff (2011), Computing Krippendorff's alpha-reliability. https://repository.upenn.edu/asc_papers/43
    Fleiss (1971), https://doi.org/10.1037/h0031619. Cohen (1960), https://doi.org/10.1177/001316446002000104

    Examples
    --------
    >>> rows = [{"item": i, "annotator": who, "label": "SPAM" if i % 3 == (who == "bob" and i == 4) else "HAM"}
    ...         for i in range(12) for who in ("ann", "bob")]
    >>> found = agreement(rows)
    >>> round(found.cohen.value, 3), round(found.observed.value, 3)
    (0.824, 0.917)
    >>> found.disputed().index.tolist()
    [4]
    """
    if not 0 < confidence < 1:
        raise AnalysisError(f"confidence={confidence!r} is not between 0 and 1")
    judges = [judges] if isinstance(judges, str) else list(judges)
    table = Answers.of(answers, item=item, annotator=annotator, label=label, seconds=seconds, classes=classes)
    unknown = [name for name in judges if name not in table.annotators]
    if unknown:
        raise GoldError(
            f"there is no annotator {unknown[0]!r}", hint=names_hint(unknown[0], table.annotators), code="LK333"
        )
    people = table.of_annotators([name for name in table.annotators if name not in judges])
    counts = people.counts()
    shared = counts[counts.sum(axis=1) > 1]
    if not len(shared):
        raise AnalysisError(
            "no example has answers of two people, so that nothing says how far they agree",
            hint="let a share of the examples be labeled twice",
        )
    rows, n_each = np.unique(shared, axis=0, return_counts=True)
    scale, sums = ChanceScale.of(rows, n_each), coefficients.answer_sums(rows)

    def beyond_chance(compute: Any, of_rows: NDArray[np.float64]) -> Coefficient:
        return coefficients_of(jackknifed(compute, of_rows, n_each), confidence, scale=scale)[0]

    observed = coefficients_of(jackknifed(coefficients.observed_agreement, sums, n_each), confidence)
    shares = jackknifed(coefficients.class_agreement, sums, n_each)
    by_class = coefficients_of(shares, confidence, worth=n_each @ (rows > 0))
    return Agreement(
        answers=people,
        n_shared=len(shared),
        observed=observed[0],
        cohen=_kappa(AnswerPairs.among(people), confidence),
        fleiss=beyond_chance(coefficients.fleiss, sums),
        alpha=beyond_chance(coefficients.alpha, sums),
        alpha_ordinal=beyond_chance(coefficients.ordinal_alpha, coefficients.coincidences(rows)) if ordinal else None,
        by_class=dict(zip(people.class_names, by_class, strict=True)),
        annotators=tuple(look_at_annotators(people, confidence)),
        judges=tuple(_judge(table, people, name, confidence) for name in judges),
        confidence=confidence,
    )


def _kappa(pairs: AnswerPairs, confidence: float) -> Coefficient:
    """Compute the mean of Cohen's kappas with its interval."""
    items, place = np.unique(pairs.item, return_inverse=True)
    rows = np.zeros((len(items), pairs.n_classes), dtype=np.int64)
    for label in divmod(pairs.cell, pairs.n_classes):
        np.add.at(rows, (place, label), 1)
    scale = ChanceScale.of(rows, np.ones(len(rows), dtype=np.int64))
    return coefficients_of(pairs.mean_cohen(), confidence, scale=scale)[0]


def _judge(answers: Answers, people: Answers, name: str, confidence: float) -> JudgeAgreement:
    """Compare a judge with the people."""
    both = answers.at(np.isin(answers.annotator, [*np.unique(people.annotator), answers.annotators.index(name)]))
    pairs = AnswerPairs.between(both, answers.annotators.index(name))
    if not len(pairs.item):
        raise AnalysisError(f"the judge {name!r} and people answer no example in common")
    shares = coefficients_of(pairs.said_too(), confidence, worth=pairs.examples_by_class())
    n_classes, classes = len(answers.class_names), answers.class_names
    on_these = np.isin(people.item, np.unique(pairs.item))
    return JudgeAgreement(
        name=name,
        n_shared=len(np.unique(pairs.item)),
        kappa=_kappa(pairs, confidence),
        people=_kappa(AnswerPairs.among(people.at(on_these)), confidence),
        precision=dict(zip(classes, shares[:n_classes], strict=True)),
        recall=dict(zip(classes, shares[n_classes:], strict=True)),
    )

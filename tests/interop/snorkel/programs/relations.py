"""Find employees in made-up sentences: a knowledge base as a resource, and preprocessors that build on each other."""

import re
from types import SimpleNamespace

import numpy as np
import pandas as pd
from snorkel.analysis import Scorer, get_label_instances
from snorkel.labeling import LFAnalysis, LFApplier, PandasLFApplier, labeling_function
from snorkel.labeling.model import LabelModel, MajorityClassVoter
from snorkel.map import lambda_mapper
from snorkel.preprocess import BasePreprocessor, Preprocessor, preprocessor

ABSTAIN, OTHER, EMPLOYED = -1, 0, 1

PEOPLE = ["Ada Lund", "Bo Ek", "Cleo Roy", "Dan Fry", "Eve Lund"]
FIRMS = ["Acme Works", "Blue Mill", "Lund Brothers", "Roy Steel"]
BETWEEN = {
    EMPLOYED: ["was hired by", "joined", "has worked at the head office of", ", an engineer at"],
    OTHER: ["sued", "criticised", "bought shares of", "walked past the house of a cousin who owns"],
}
STAFF = {("Ada Lund", "Acme Works"), ("Bo Ek", "Blue Mill")}
RIVALS = frozenset({("Cleo Roy", "Roy Steel")})


def made_up_sentences(n, seed):
    """Return candidates: words, and where in them a person and a firm begin and end."""
    draw, rows = np.random.default_rng(seed), []
    for _ in range(n):
        label = int(draw.random() < 0.3)
        person, firm = str(draw.choice(PEOPLE)), str(draw.choice(FIRMS))
        words = [*person.split(), *str(draw.choice(BETWEEN[label])).split(), *firm.split()]
        span = (len(words) - len(firm.split()), len(words) - 1)
        rows.append(
            {"words": words, "person": (0, 1), "firm": span, "label": label, "year": int(draw.integers(1990, 2020))}
        )
    return pd.DataFrame(rows)


@preprocessor()
def names(x):
    x.pair = tuple(" ".join(x.words[first : last + 1]) for first, last in (x.person, x.firm))
    return x


@preprocessor(pre=[names])
def family_names(x):
    x.family = x.pair[0].split()[-1]
    return x


class WordsBetween(Preprocessor):
    """Read the words between the two names, by fields that are mapped to the parameters of ``run``."""

    def __init__(self):
        super().__init__(
            "between",
            field_names={"tokens": "words", "left": "person", "right": "firm"},
            mapped_field_names={"inner": "between", "width": "distance"},
            memoize=True,
        )

    def run(self, tokens, left, right):
        inner = tokens[left[1] + 1 : right[0]]
        return {"inner": inner, "width": len(inner)}


between = WordsBetween()


@labeling_function(resources={"staff": STAFF}, pre=[names])
def known_staff(x, staff):
    return EMPLOYED if x.pair in staff else ABSTAIN


@labeling_function(resources={"staff": STAFF, "rivals": RIVALS}, pre=[names])
def known_rival(x, staff, rivals):
    return OTHER if x.pair in rivals and x.pair not in staff else ABSTAIN


@labeling_function(pre=[names, family_names])
def firm_of_the_family(x):
    return OTHER if x.family in x.pair[1] else ABSTAIN


@labeling_function(resources={"verbs": {"hired", "joined", "worked"}}, pre=[between])
def verb_of_work(x, verbs):
    return EMPLOYED if verbs & set(x.between) else ABSTAIN


@labeling_function(pre=[between])
def verb_of_strife(x):
    return OTHER if re.search(r"\b(sued|criticised)\b", " ".join(x.between)) else ABSTAIN


@labeling_function(pre=[between])
def far_apart(x):
    return OTHER if x.distance > 6 else ABSTAIN


@labeling_function()
def before_the_firms(x):
    return np.float64(OTHER) if x.year < 1992 else np.bool_(EMPLOYED) if x.year > 2018 else ABSTAIN


RULES = [known_staff, known_rival, firm_of_the_family, verb_of_work, verb_of_strife, far_apart, before_the_firms]


@lambda_mapper()
def shouted(x):
    x.words = [word.upper() for word in x.words]
    return x


def main(folder):
    """Label frames and plain objects, and return all that is worth comparing."""
    train, dev = made_up_sentences(300, seed=2), made_up_sentences(200, seed=3)
    applier = PandasLFApplier(RULES)
    votes, dev_votes = applier.apply(train, progress_bar=False), applier.apply(dev, progress_bar=False)
    objects = [SimpleNamespace(**row) for row in dev.to_dict("records")]
    balance = np.bincount(dev.label) / len(dev)
    covered = (dev_votes != ABSTAIN).any(
        axis=1
    )  # rows without a vote are labeled by the class balance in Snorkel alone
    gold, years = dev.label.to_numpy()[covered], dev.year.to_numpy()[covered]
    model = LabelModel(cardinality=2, verbose=False)
    model.fit(votes, dev.label.to_numpy(), n_epochs=150, lr=0.02, l2=0.01, seed=5, progress_bar=False)
    other = LabelModel(cardinality=2, verbose=False)
    other.fit(votes, class_balance=balance.tolist(), n_epochs=100, seed=5, optimizer="adam", progress_bar=False)
    predicted, proba = model.predict(dev_votes[covered], return_probs=True, tie_break_policy="abstain")
    constant = MajorityClassVoter(cardinality=2)
    constant.fit(balance)
    scorer = Scorer(metrics=["accuracy", "precision", "recall", "f1"])
    analysis = LFAnalysis(dev_votes, RULES)
    loud = shouted(objects[0])
    missed = get_label_instances((EMPLOYED, OTHER), years, gold, predicted)
    return {
        "votes": votes,
        "votes of objects": LFApplier(RULES).apply(objects, progress_bar=False),
        "votes of the frame": dev_votes,
        "summary": LFAnalysis(votes, RULES).lf_summary(),
        "summary with gold": analysis.lf_summary(dev.label.to_numpy(), est_weights=model.get_weights()),
        "without rules": LFAnalysis(votes).lf_summary(),
        "probabilities of rules": analysis.lf_empirical_probs(dev.label.to_numpy(), 2),
        "overlaps": analysis.lf_overlaps(normalize_by_coverage=True),
        "polarities": analysis.lf_polarities(),
        "conditional probabilities": model.get_conditional_probs(),
        "probabilities": proba,
        "predicted": predicted,
        "probabilities by Adam": other.predict_proba(dev_votes),
        "score": scorer.score(gold, predicted, proba),
        "majority class": constant.predict_proba(dev_votes),
        "loud": (loud.words, objects[0].words),
        "missed": missed,
        "is preprocessor": [isinstance(one, BasePreprocessor) for one in (names, between, shouted)],
        "representations": [repr(one) for one in (*RULES, names, family_names)],
    }

"""Label made-up places from the answers of crowd workers: each worker is a rule, beside rules on the text."""

import numpy as np
import pandas as pd
from snorkel.labeling import LabelingFunction, LFAnalysis, LFApplier, PandasLFApplier, labeling_function
from snorkel.labeling.apply.dask import PandasParallelLFApplier
from snorkel.labeling.model import LabelModel, MajorityLabelVoter, RandomVoter
from snorkel.preprocess import LambdaPreprocessor
from snorkel.utils import preds_to_probs, probs_to_preds, to_int_label_array

N_WORKERS = 15
WORDS = {0: ["lovely", "quiet", "clean"], 1: ["noisy", "dirty", "closed"]}


def made_up_answers(n, seed):
    """Return places with remarks and gold, and the long table of what workers answered."""
    draw = np.random.default_rng(seed)
    gold = draw.integers(0, 2, n)
    texts = [" ".join(draw.choice(WORDS[g] if draw.random() < 0.85 else WORDS[1 - g], 2)) for g in gold]
    places = pd.DataFrame({"place": [f"p{number:03d}" for number in range(n)], "text": texts, "label": gold})
    skill, answers = draw.uniform(0.6, 0.95, N_WORKERS), []
    for worker in range(N_WORKERS):
        for row in np.flatnonzero(draw.random(n) < 0.3):
            right = draw.random() < skill[worker]
            answers.append((worker, places.place[row], int(gold[row] if right else 1 - gold[row])))
    return places, pd.DataFrame(answers, columns=["worker", "place", "answer"])


def worker_rule(worker, answers):
    """Make a rule of what one worker answered."""

    def look_up(x, answers):
        return answers.get(x.place, -1)

    return LabelingFunction(f"worker_{worker}", look_up, resources={"answers": answers})


def count_words(x):
    x.bad = sum(word in WORDS[1] for word in x.text.split())
    return x


counted = LambdaPreprocessor("count_words", count_words, memoize=True, memoize_key=lambda x: x.text)


@labeling_function(pre=[counted])
def bad_words(x):
    return 1 if x.bad == 2 else 0 if x.bad == 0 else -1


@labeling_function()
def first_letter(x):
    return 0 if x["text"][:1] in "qc" else -1


@labeling_function()
def breaks(x):
    return {"lovely": 0, "noisy": 1}[x.text.split()[0]]


def main(folder):
    """Label, and return all that is worth comparing."""
    places, answers = made_up_answers(250, seed=4)
    by_worker = {worker: dict(zip(some.place, some.answer, strict=True)) for worker, some in answers.groupby("worker")}
    workers = [worker_rule(worker, given) for worker, given in by_worker.items()]
    rules = [*workers, bad_words, first_letter]
    votes = PandasLFApplier(rules).apply(places, progress_bar=False)
    parallel = PandasParallelLFApplier(workers).apply(places, n_parallel=2, scheduler="threads")
    tolerant, meta = PandasLFApplier([*rules, breaks]).apply(
        places, progress_bar=False, fault_tolerant=True, return_meta=True
    )
    try:
        PandasLFApplier([breaks]).apply(places, progress_bar=False)
        refused = None
    except KeyError as error:
        refused = type(error).__name__, str(error)
    try:
        LFApplier([bad_words, bad_words])
        repeated = None
    except ValueError as error:
        repeated = type(error).__name__
    gold = places.label.to_numpy()
    model = LabelModel(cardinality=2, verbose=False)
    model.fit(votes, n_epochs=100, seed=9, log_freq=50, progress_bar=False)
    model.save(folder / "model.pkl")
    again = LabelModel(cardinality=2, verbose=False)
    again.load(folder / "model.pkl")
    chance = RandomVoter(cardinality=2).predict_proba(votes)
    return {
        "votes": votes,
        "votes in parallel": parallel,
        "votes with faults": tolerant,
        "faults": dict(meta.faults),
        "refused": refused,
        "repeated": repeated,
        "summary": LFAnalysis(votes, rules).lf_summary(gold),
        "accuracies": LFAnalysis(votes, rules).lf_empirical_accuracies(gold),
        "probabilities": model.predict_proba(votes),
        "probabilities of the saved model": again.predict_proba(votes),
        "weights": model.get_weights(),
        "scores": model.score(votes, gold, metrics=["accuracy", "coverage", "f1", "roc_auc"]),
        "majority": MajorityLabelVoter().predict_proba(votes),
        "labels": probs_to_preds(MajorityLabelVoter().predict_proba(votes), tie_break_policy="true-random")[:0],
        "probabilities of labels": preds_to_probs(model.predict(votes), 2),
        "as integers": to_int_label_array(np.array([[1.0], [0.0]])),
        "sums of chance": chance.sum(axis=1),
    }

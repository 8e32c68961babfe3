"""Label made-up messages as spam: keywords, expressions, two preprocessors, spaCy, and a sentiment model."""

import re

import numpy as np
import pandas as pd
import spacy
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from snorkel.analysis import get_label_buckets, metric_score
from snorkel.labeling import (
    LabelingFunction,
    LFAnalysis,
    PandasLFApplier,
    filter_unlabeled_dataframe,
    labeling_function,
)
from snorkel.labeling.lf.nlp import nlp_labeling_function
from snorkel.labeling.model import LabelModel, MajorityLabelVoter
from snorkel.preprocess import preprocessor
from snorkel.preprocess.nlp import SpacyPreprocessor
from snorkel.utils import probs_to_preds

ABSTAIN, HAM, SPAM = -1, 0, 1

OPENINGS = {
    HAM: ["this tune makes me dance", "I love the chorus", "Maria Silva sings so well", "what a sad ending"],
    SPAM: ["subscribe to my page", "please check out my new clip", "free coins at http://c.example", "visit my site"],
}
ENDINGS = ["!", " everyone", " https://v.example/a", " it is great", " and it is awful", " Jon Berg", "", " my friends"]


def made_up_messages(n, seed):
    """Return a frame of messages whose rows are not in the order of their index."""
    draw = np.random.default_rng(seed)
    gold = draw.integers(0, 2, n)
    written = np.where(draw.random(n) < 0.1, 1 - gold, gold)  # some read like the other class
    texts = [f"{draw.choice(OPENINGS[label])}{draw.choice(ENDINGS)}" for label in written]
    return pd.DataFrame({"text": texts, "likes": draw.poisson(2, n), "label": gold}, index=draw.permutation(n) * 3)


def keyword_rule(word, label):
    """Make a rule that looks for a word."""
    return LabelingFunction(
        f"keyword_{word}",
        lambda x, word, label: label if word in x.text.lower() else ABSTAIN,
        resources={"word": word, "label": label},
    )


@labeling_function()
def link(x):
    return SPAM if re.search(r"https?://", x.text) else ABSTAIN


@labeling_function(name="short")
def few_words(x):
    return HAM if len(x.text.split()) < 5 else ABSTAIN


@labeling_function()
def many_likes(x):
    return HAM if x.likes > 4 else ABSTAIN


def sentiment_model():
    """Train a small model of praise and complaint."""
    praise = ["i love it", "so well done", "it is great", "a great love"]
    complaint = ["it is awful", "a sad thing", "awful and sad", "so sad"]
    model = make_pipeline(CountVectorizer(), LogisticRegression())
    return model.fit(praise + complaint, [1] * len(praise) + [0] * len(complaint))


SENTIMENT = sentiment_model()


@preprocessor(memoize=True)
def polarity(x):
    x.polarity = float(SENTIMENT.predict_proba([x.text])[0, 1])
    return x


@labeling_function(pre=[polarity])
def enthusiastic(x):
    return HAM if x.polarity > 0.6 else ABSTAIN


@labeling_function(pre=[polarity])
def dissatisfied(x):
    return HAM if x.polarity < 0.4 else ABSTAIN


def pipeline_on_disk(folder):
    """Write a blank English pipeline with a rule for names, which spaCy loads by its path."""
    nlp = spacy.blank("en")
    names = [{"LOWER": "maria"}, {"LOWER": "silva"}], [{"LOWER": "jon"}, {"LOWER": "berg"}]
    nlp.add_pipe("entity_ruler").add_patterns([{"label": "PERSON", "pattern": name} for name in names])
    nlp.to_disk(folder)
    return str(folder)


def language_rules(folder):
    """Make rules that read a parsed text: one with its own decorator, one with a preprocessor."""
    path = pipeline_on_disk(folder / "pipeline")

    @nlp_labeling_function(language=path)
    def names_a_person(x):
        return HAM if any(entity.label_ == "PERSON" for entity in x.doc.ents) else ABSTAIN

    parsed = SpacyPreprocessor(text_field="text", doc_field="parsed", language=path, memoize=True)

    @labeling_function(pre=[parsed])
    def asks(x):
        return SPAM if x.parsed[0].lower_ in ("please", "subscribe", "visit") else ABSTAIN

    return [names_a_person, asks]


def main(folder):
    """Label, and return all that is worth comparing."""
    train, test = made_up_messages(400, seed=0), made_up_messages(120, seed=1)
    rules = [
        *(keyword_rule(word, label) for word, label in (("my", SPAM), ("subscribe", SPAM), ("tune", HAM))),
        *(link, few_words, many_likes, enthusiastic, dissatisfied),
        *language_rules(folder),
    ]
    applier = PandasLFApplier(lfs=rules)
    votes = applier.apply(df=train, progress_bar=False)
    test_votes, meta = applier.apply(df=test, progress_bar=False, return_meta=True)
    model = LabelModel(cardinality=2, verbose=False)
    model.fit(L_train=votes, n_epochs=200, log_freq=100, seed=7, progress_bar=False)
    proba = model.predict_proba(L=votes)
    kept, kept_proba = filter_unlabeled_dataframe(X=train, y=proba, L=votes)
    labels = probs_to_preds(probs=kept_proba)
    features = CountVectorizer(ngram_range=(1, 2)).fit(kept.text)
    classifier = LogisticRegression(C=10.0).fit(features.transform(kept.text), labels)
    predicted = classifier.predict(features.transform(test.text))
    gold = test.label.to_numpy()
    majority = MajorityLabelVoter()
    buckets = get_label_buckets(gold, test_votes[:, 0])
    return {
        "votes": votes,
        "votes of the test rows": test_votes,
        "faults": dict(meta.faults),
        "summary": LFAnalysis(L=votes, lfs=rules).lf_summary(),
        "summary with gold": LFAnalysis(L=test_votes, lfs=rules).lf_summary(Y=gold),
        "coverage": LFAnalysis(L=votes, lfs=rules).label_coverage(),
        "conflicts": LFAnalysis(L=votes, lfs=rules).lf_conflicts(normalize_by_overlaps=True),
        "probabilities": proba,
        "weights": model.get_weights(),
        "score": model.score(L=test_votes, Y=gold, tie_break_policy="random", metrics=["accuracy", "f1"]),
        "majority": majority.score(L=test_votes, Y=gold, tie_break_policy="random"),
        "majority labels": majority.predict(L=test_votes),
        "kept rows": list(kept.index),
        "labels": labels,
        "accuracy": metric_score(golds=gold, preds=predicted, metric="accuracy"),
        "buckets": {key: list(rows) for key, rows in buckets.items()},
        "representations": [repr(rule) for rule in rules[:7]],
    }

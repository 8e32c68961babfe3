"""Measure the overhead of rules over parsed documents, beyond parsing and matching by hand.

``python -m tests.benchmarks.language`` applies ten rules of three kinds (token patterns, phrases, entities) to made-up
comments, with a pipeline that has a tagger and an entity ruler, and does the same by hand: ``nlp.pipe``, then ten
matchers. Both are run in turn, and the votes are compared.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import spacy
from spacy.matcher import Matcher, PhraseMatcher
from spacy.training import Example

import labelkit as lk
from labelkit.datasets import load_comments
from tests.benchmarks.measuring import machine

SENTENCES = (
    ("she runs home quickly", ("PRP", "VBZ", "NN", "RB")),
    ("dogs bark loudly today", ("NNS", "VBP", "RB", "NN")),
    ("the small cat sleeps", ("DT", "JJ", "NN", "VBZ")),
    ("check out my channel", ("VB", "RP", "PRP$", "NN")),
    ("i love this great song", ("PRP", "VBP", "DT", "JJ", "NN")),
    ("please subscribe to me", ("UH", "VB", "IN", "PRP")),
)

PATTERNS = {
    "verb_mine": [[{"TAG": "VB"}, {"OP": "?"}, {"LOWER": {"IN": ["my", "our"]}}]],
    "love_noun": [[{"LOWER": "love"}, {"OP": "?"}, {"TAG": "NN"}]],
    "adjective_noun": [[{"TAG": "JJ"}, {"TAG": "NN"}]],
    "two_numbers": [[{"LIKE_NUM": True}, {"OP": "?"}, {"LIKE_NUM": True}]],
}
PHRASES = {
    "invites": ["check out", "subscribe to", "come to my", "visit my"],
    "listens": ["still listening", "who else", "love this", "this song"],
    "mine": ["my channel", "my page", "my video"],
}
LABELS = {"platforms": ["PLATFORM"], "sums": ["SUM"], "moments": ["MOMENT", "PLATFORM"]}


def saved_pipeline(folder: Path) -> Path:
    """Train a small tagger, add an entity ruler, and save them."""
    nlp = spacy.blank("en")
    nlp.add_pipe("tagger")
    examples = [Example.from_dict(nlp.make_doc(text), {"tags": list(tags)}) for text, tags in SENTENCES]
    optimizer = nlp.initialize(lambda: examples)
    for _ in range(20):
        nlp.update(examples, sgd=optimizer)
    names = nlp.add_pipe("entity_ruler", config={"phrase_matcher_attr": "LOWER"})
    names.add_patterns([{"label": "PLATFORM", "pattern": p} for p in ("facebook", "instagram", "twitter", "youtube")])
    names.add_patterns([{"label": "SUM", "pattern": [{"IS_CURRENCY": True}, {"LIKE_NUM": True}]}])
    names.add_patterns([{"label": "MOMENT", "pattern": [{"TEXT": {"REGEX": r"^\d?\d:\d\d$"}}]}])
    nlp.to_disk(folder)
    return folder


def rules_of(folder: Path) -> lk.LabelingFunctions:
    """Ten rules that read one column of documents."""
    space = {
        "__name__": "rules",
        "lk": lk,
        "folder": folder,
        "PATTERNS": PATTERNS,
        "PHRASES": PHRASES,
        "LABELS": LABELS,
    }
    exec(  # a module of rules, where the column has a name
        "doc = lk.spacy_doc('text', model=folder)\n"
        "rules = [lk.token_pattern(p, label=1).rule(name=n) for n, p in PATTERNS.items()]\n"
        "rules += [lk.phrases(p, label=1).rule(name=n) for n, p in PHRASES.items()]\n"
        "rules += [lk.entities(e, label=0).rule(name=n) for n, e in LABELS.items()]\n",
        space,
    )
    return lk.LabelingFunctions(space["rules"], labels=2)


def by_hand(nlp, texts):
    """The same matching, written by hand without labelkit."""
    docs = list(nlp.pipe(texts))
    votes = np.full((len(texts), 10), -1, dtype=np.int8)
    column = 0
    for patterns in PATTERNS.values():
        matcher = Matcher(nlp.vocab)
        matcher.add("pattern", patterns)
        votes[:, column] = [1 if matcher(doc) else -1 for doc in docs]
        column += 1
    for phrases in PHRASES.values():
        finder = PhraseMatcher(nlp.vocab, attr="LOWER")
        finder.add("phrase", [nlp.make_doc(phrase) for phrase in phrases])
        votes[:, column] = [1 if finder(doc) else -1 for doc in docs]
        column += 1
    for labels in LABELS.values():
        votes[:, column] = [0 if any(ent.label_ in labels for ent in doc.ents) else -1 for doc in docs]
        column += 1
    return votes


def _measured(runs, function):
    """Call a function, and note the seconds of the clock and of the processor; other work may run beside it."""
    started, busy = time.perf_counter(), time.process_time()
    result = function()
    runs.append((time.perf_counter() - started, time.process_time() - busy))
    return result


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    comments = load_comments(arguments.rows + arguments.rows // 20, random_state=0)["text"]
    texts = comments.dropna().tolist()[: arguments.rows]
    with tempfile.TemporaryDirectory() as name:
        folder = saved_pipeline(Path(name) / "pipeline")
        nlp, applier = spacy.load(folder), lk.Applier(rules_of(folder))
        corpus = [{"text": text} for text in texts]
        hand, ours, parsed = [], [], []
        for _ in range(arguments.repeats):
            expected = _measured(hand, lambda: by_hand(nlp, texts))
            matrix = _measured(ours, lambda: applier.apply(corpus, cache=False, progress=False))
            assert np.array_equal(matrix.votes, expected)
            _measured(parsed, lambda: [None for _ in nlp.pipe(texts)])
    print(" ".join(f"{key} {value}" for key, value in machine().items()), f"spacy {spacy.__version__}")
    print(f"{len(texts):,} comments, ten rules, medians of {arguments.repeats} runs in turn")
    for place, kind in enumerate(("seconds", "seconds of the processor")):
        alone, by, our = (statistics.median(run[place] for run in runs) for runs in (parsed, hand, ours))
        ratios = sorted(b[place] / a[place] for a, b in zip(hand, ours, strict=True))
        print(
            f"{kind}: nlp.pipe {alone:.2f}, with matchers by hand {by:.2f}, labelkit {our:.2f}: "
            f"{statistics.median(ratios):.3f} times by hand ({ratios[0]:.3f} to {ratios[-1]:.3f})"
        )
    coverage = (matrix.votes >= 0).mean(axis=0)
    print("coverage", ", ".join(f"{name} {share:.1%}" for name, share in zip(matrix.names, coverage, strict=True)))


if __name__ == "__main__":
    main()

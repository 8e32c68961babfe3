"""What augmentation brings an end model: ``python -m tests.benchmarks.augmentation --data DIR [--sets youtube sms]``.

Labels are those of LabelModel over the votes of each set that has texts; half of the gold rows, drawn at random, judge.
An end model (TF-IDF, logistic regression) learns from the other rows as they are, augmented, and with repeated originals in the place of made examples; five seeds each.
The rules of these sets are votes alone, so that made examples cannot be checked by them. ``--speed`` times making
examples of a made-up corpus, with and without the check.
"""

from __future__ import annotations

import argparse
import gzip
import json
import time
from pathlib import Path

import numpy as np

import labelkit as lk

MOST_ROWS = 4_000


def transformations(texts):
    """Sets of transformations by name, and the policy of each."""
    random = lk.RandomPolicy(sequence_length=2, n_per_original=2)
    sets = {
        "words dropped": ([lk.drop_words()], None),
        "words swapped": ([lk.swap_words(n=2)], None),
        "keyboard noise": ([lk.typos()], None),
        "neighbours (SVD)": ([lk.synonyms(vectors(texts), share=0.2)], None),
        "all, two of each": ([lk.drop_words(), lk.swap_words(), lk.typos(), lk.synonyms(vectors(texts))], random),
    }
    noise = lk.learn_noise({"text": texts}, frequent=10)
    if noise.n_edits:
        sets["noise of the corpus"] = ([lk.typos(noise)], None)
    return sets


def vectors(texts):
    """Vectors of the words of a corpus, by a singular value decomposition of its TF-IDF table."""
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    words = TfidfVectorizer(min_df=5, sublinear_tf=True)
    table = words.fit_transform(texts)
    components = TruncatedSVD(50, random_state=0).fit(table).components_.T
    return dict(zip(words.get_feature_names_out().tolist(), components, strict=True))


def rows_of(path):
    """Texts, votes and gold of a set, without rows that have no text."""
    file = np.load(path / "votes.npz")
    with gzip.open(path / "texts.jsonl.gz", "rt", encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line in lines]
    there = np.array([text is not None for text in texts])
    names = dict(file)
    votes = names[next(name for name in ("votes", "L") if name in names)][there]
    gold = names[next(name for name in ("gold", "y") if name in names)][there]
    return [text for text in texts if text is not None], votes, gold


def measure(path):
    texts, votes, gold = rows_of(path)
    n_classes = int(max(votes.max(), gold.max())) + 1
    matrix = lk.LabelMatrix.of(votes, classes=[str(i) for i in range(n_classes)])
    labels = lk.LabelModel().fit(matrix).label(matrix)
    with_gold = np.flatnonzero(gold >= 0)
    judged = np.random.default_rng(0).permutation(with_gold)[: min(len(with_gold) // 2, 2_000)]
    answers = {int(row): int(gold[row]) for row in judged}
    for name, (tfs, policy) in transformations(texts).items():
        options = {"gold": answers, "policy": policy, "max_rows": MOST_ROWS}
        effect = lk.augmentation_effect({"text": texts}, labels, tfs, **options)
        row = effect.frame.loc["accuracy"]
        print(
            f"| {path.name} | {name} | {effect.n_rows:,} | {effect.by_seed['made'].mean():,.0f} | {effect.n_gold:,} | "
            f"{row['without']:.3f} | {row['repeated']:.3f} | {row['with']:.3f} | "
            f"{row['difference']:+.3f} ({row['low']:+.3f} to {row['high']:+.3f}) | "
            f"{effect.verdict} |",
            flush=True,
        )


def speed(n):
    import pyarrow as pa

    corpus = pa.Table.from_batches(lk.generate_comments(n))
    rule = lk.keywords("subscribe", "free", "http", label=1).rule(name="spam")
    rules = lk.LabelingFunctions([rule], labels=["HAM", "SPAM"])
    for name, tf in (("drop_words", lk.drop_words()), ("typos", lk.typos())):
        for check, lfs in (("without", None), ("with", rules)):
            start = time.perf_counter()
            made = lk.augment(corpus, tf, lfs=lfs, columns=["text"])
            seconds = time.perf_counter() - start
            print(f"{name}, {check} the check: {n / seconds:,.0f} originals a second, {made.n_made:,} made", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--sets", nargs="*")
    parser.add_argument("--speed", type=int, metavar="ROWS")
    given = parser.parse_args()
    if given.speed:
        speed(given.speed)
    for path in sorted((given.data / "lf").glob("*")) if given.data else ():
        if (path / "texts.jsonl.gz").exists() and (not given.sets or path.name in given.sets):
            measure(path)


if __name__ == "__main__":
    main()

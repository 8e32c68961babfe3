"""Example rule modules, to run, to read and to copy.

- :mod:`labeling_functions.comments`: spam or ham under music videos; every way to write a rule, once.
- :mod:`labeling_functions.language`: the same comments, parsed: token patterns, phrases, entities (extra ``nlp``).
- :mod:`labeling_functions.models`: classifiers as rules, each as sure as you let it be.
- :mod:`labeling_functions.moderation`: offensive posts, by twenty people who each say what they know.
- :mod:`labeling_functions.similarity`: comments like those that are known, by characters or by an embedding.
"""

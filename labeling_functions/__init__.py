"""Example rule modules, to run, to read and to copy.

- :mod:`labeling_functions.comments`: spam or ham under music videos; each basic kind of rule once.
- :mod:`labeling_functions.databases`: look-ups in a table, facts about several columns, a lexicon (extra ``duckdb``).
- :mod:`labeling_functions.language`: token patterns, phrases and entities of parsed comments (extra ``nlp``).
- :mod:`labeling_functions.models`: classifiers as rules, with thresholds of their probabilities.
- :mod:`labeling_functions.moderation`: offensive posts, with the rules of twenty people.
- :mod:`labeling_functions.prompts`: rules that query a language model (extra ``llm``).
- :mod:`labeling_functions.similarity`: similarity to labeled comments, by characters or by an embedding.
"""

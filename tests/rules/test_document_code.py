"""Python code that reads documents of spaCy is held against the pipeline, and texts against its tokenizer."""

from __future__ import annotations

import re
import warnings

import pytest

import labelkit as lk
from labelkit.exceptions import RuleError
from labelkit.rules.load_module import load_file

spacy = pytest.importorskip("spacy")


CODE = """
import labelkit as lk

doc = lk.spacy_doc("text", model={model})
WORDS = ["channel", "free"]


{column}
@lk.labeling_function
def rule(doc{parameters}):
    {body}
"""
RULER = "lambda: __import__('tests.rules.test_document_code', fromlist=['with_ruler']).with_ruler()"


def with_ruler():
    nlp = spacy.blank("en")
    nlp.add_pipe("entity_ruler").add_patterns([{"label": "ORG", "pattern": "NASA"}])
    return nlp


def warnings_of(tmp_path, body, *, model="'blank:en'", parameters="", column=""):
    path = tmp_path / "rules.py"
    path.write_text(CODE.format(body=body, model=model, parameters=parameters, column=column))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        lk.Applier(lk.collect(path, labels=["HAM", "SPAM"])).apply(
            {"text": ["my channel", "NASA"], "likes": [1, 2]}, on_fault="record"
        )
    return [str(one.message) for one in caught]


@pytest.mark.parametrize(
    ("body", "read", "needs"),
    [
        ("return 1 if any(token.pos_ == 'VERB' for token in doc) else None", "pos_", "a morphologizer"),
        ("return 1 if 'run' in [token.lemma_ for token in doc] else None", "lemma_", "a lemmatizer"),
        ("return 1 if doc.ents else None", "ents", "an entity_ruler or ner"),
        ("return 1 if doc[0].dep_ == 'nsubj' else None", "dep_", "a parser"),
        ("tokens = [t for t in doc]\n    return 1 if tokens[0].tag_ == 'NN' else None", "tag_", "a tagger"),
    ],
)
def test_code_that_reads_what_no_pipe_sets_is_named(tmp_path, body, read, needs):
    (message,) = warnings_of(tmp_path, body)
    assert message.startswith(f"rule 'rule' reads {read}, and no pipe of 'blank:en' sets that: it needs {needs}")
    assert "[LK926]. Hint: it has none but the tokenizer" in message


@pytest.mark.parametrize(
    ("body", "says", "remedy"),
    [
        ("return 1 if 'channel' in doc else None", "'channel' in doc is never so (line 11)", "'channel' in doc.text"),
        ("return 1 if any(t == 'channel' for t in doc) else None", "t == 'channel' is never so", "t.text"),
        ("return 1 if any(t in WORDS for t in doc) else None", "t in WORDS is never so", "t.text"),
        (
            "for t in doc:\n        if t != 'free':\n            return 1",
            "t != 'free' is always so (line 12)",
            "t.text",
        ),
        ("return 1 if doc == 'my channel' else None", "doc == 'my channel' is never so", "doc.text"),
    ],
)
def test_tokens_that_are_compared_with_texts_are_named(tmp_path, body, says, remedy):
    (message,) = warnings_of(tmp_path, body)
    assert says in message
    assert f"Hint: {'compare its text: ' if remedy in ('t.text', 'doc.text') else ''}{remedy}" in message


@pytest.mark.parametrize(
    "options",
    [
        {"body": "return 1 if any(t.text in WORDS for t in doc) else None"},
        {"body": "return 1 if 'channel' in doc.text else None"},
        {"body": "return 1 if any(t.lower_ == 'channel' for t in doc) else None"},
        {"body": "return 1 if any('channel' == t for t in doc.text.split()) else None"},
        {"body": "doc = doc.text\n    return 1 if 'channel' in doc else None"},
        {"body": "return 1 if doc.ents else None", "model": RULER},
        {"body": "return 1 if any(e.text == 'NASA' for e in doc.ents) else None", "model": RULER},
        {"body": "doc.ents = [doc[0:1]]\n    return 1 if doc.ents else None"},
        {"body": "return 1 if likes.real.real > 1 and lk.ABSTAIN else None", "parameters": ", likes"},
    ],
)
def test_nothing_is_said_of_usual_code(tmp_path, options):
    assert warnings_of(tmp_path, **options) == []


def test_columns_of_documents_are_looked_at_too(tmp_path):
    column = "@lk.column\ndef verbs(doc):\n    return sum(t.pos_ == 'VERB' for t in doc)\n"
    (message,) = warnings_of(tmp_path, "return 1 if verbs else None", column=column, parameters=", verbs")
    assert message.startswith("column 'verbs' reads pos_, and no pipe of 'blank:en' sets that")


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ([{"LOWER": "my channel"}], "my channel"),
        ([{"TEXT": "$100"}], "$100"),
        ([{"LOWER": {"IN": ["she's", "he"]}}], "she's"),
    ],
)
def test_a_text_that_no_token_has_is_named(tmp_path, pattern, text):
    path = tmp_path / "rules.py"
    path.write_text(
        "import labelkit as lk\n\ndoc = lk.spacy_doc('text', model='blank:en')\n"
        f"rule = lk.token_pattern({pattern!r}, label=1).rule(name='rule', column='doc')\n"
    )
    with pytest.warns(UserWarning, match=re.escape(f"no token is {text!r}, since 'blank:en' cuts it into")):
        lk.Applier(lk.collect(path, labels=2)).apply({"text": ["my channel"]})


def test_a_pattern_in_capitals_of_what_has_none_is_refused():
    with pytest.raises(RuleError, match=r"'LOWER': '\^NASA', and never matches"):
        lk.token_pattern([{"LOWER": {"REGEX": "^NASA"}}], label=1)
    for pattern in (r"^nasa\D", "(?i)NASA", "NASA|nasa", "[A-Za-z]+"):
        lk.token_pattern([{"LOWER": {"REGEX": pattern}}], label=1)


def test_slices_of_documents_are_looked_at_too(tmp_path):
    (tmp_path / "rules.py").write_text(
        "import labelkit as lk\n\ndoc = lk.spacy_doc('text', model='blank:en')\n\n"
        "@lk.slicing_function\ndef named(doc):\n    return bool(doc.ents)\n"
    )
    with pytest.warns(UserWarning, match="'named' reads ents, and no pipe of 'blank:en' sets that"):
        lk.apply_slices([load_file(tmp_path / "rules.py").named], {"text": ["my channel"]})

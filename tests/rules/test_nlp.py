"""Rules over parsed documents: parsed once, by the pipes that are needed alone, and with the votes of the definition."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import sys
import types
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings, strategies as st

import labelkit as lk
from labelkit.apply.plan import CHUNK
from labelkit.apply.vote_cache import why_not
from labelkit.checks.check_rules import check_rules
from labelkit.datasets import load_comments
from labelkit.exceptions import CorpusError, FaultError, LabelkitError, MissingExtraError, RuleError
from labelkit.rules.nlp._pipes import needed, pipes_of
from labelkit.views.matches import Finder

spacy = pytest.importorskip("spacy")
from spacy.language import Language  # noqa: E402 - only where spaCy is installed
from spacy.matcher import Matcher, PhraseMatcher  # noqa: E402
from spacy.tokens import Doc  # noqa: E402
from spacy.training import Example  # noqa: E402

ROOT = Path(__file__).parents[2]

SENTENCES = {
    "she runs home quickly": ("PRP", "VBZ", "NN", "RB"),
    "dogs bark loudly today": ("NNS", "VBP", "RB", "NN"),
    "the small cat sleeps": ("DT", "JJ", "NN", "VBZ"),
    "check out my channel": ("VB", "RP", "PRP$", "NN"),
    "i love this great song": ("PRP", "VBP", "DT", "JJ", "NN"),
}

SMALL = {
    "@architectures": "spacy.Tagger.v2",
    "tok2vec": {
        "@architectures": "spacy.HashEmbedCNN.v2",
        "pretrained_vectors": None,
        "width": 32,
        "depth": 1,
        "embed_size": 300,
        "window_size": 1,
        "maxout_pieces": 2,
        "subword_features": True,
    },
}


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """A pipeline: sentences, tags that were learned, parts of speech made of tags, and entities, some made of these."""
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.add_pipe("tagger", config={"model": SMALL})
    examples = [Example.from_dict(nlp.make_doc(text), {"tags": list(tags)}) for text, tags in SENTENCES.items()]
    optimizer = nlp.initialize(lambda: examples)
    for _ in range(30):
        nlp.update(examples, sgd=optimizer)
    attributes = nlp.add_pipe("attribute_ruler")
    attributes.add([[{"TAG": {"REGEX": ""}}]], {"POS": "X"})  # every token has one, or spaCy's matchers refuse
    for tags, pos in ((("NN", "NNS"), "NOUN"), (("VB", "VBZ", "VBP"), "VERB"), (("JJ",), "ADJ")):
        attributes.add([[{"TAG": {"IN": list(tags)}}]], {"POS": pos})
    names = nlp.add_pipe("entity_ruler")
    names.add_patterns([{"label": "ORG", "pattern": name} for name in ("Acme", "Facebook", "YouTube")])
    names.add_patterns([{"label": "THING", "pattern": [{"POS": "ADJ"}, {"POS": "NOUN"}]}])
    at = tmp_path_factory.mktemp("pipelines") / "small"
    nlp.to_disk(at)
    return at


@pytest.fixture(scope="session")
def nlp(folder):
    return spacy.load(folder)


@pytest.fixture(scope="session")
def texts():
    comments = load_comments(700, random_state=5)["text"]
    return [*comments.astype(object).where(comments.notna(), None), *SENTENCES, "Acme has a small cat.", ""]


MADE = 0


def module(source, **names):
    """A module of rules, by its source."""
    global MADE  # noqa: PLW0603 - every module has a name of its own
    MADE += 1
    made = types.ModuleType(f"rules_{MADE}")
    made.__dict__.update(names)
    exec("import labelkit as lk\nlabels = ['NO', 'YES', 'ODD']\n" + source, made.__dict__)
    return made


def rules(source, **names):
    return lk.collect(module(source, **names), labels=3)


def voted(lfs, texts, **options):
    return lk.Applier(lfs).apply([{"text": text} for text in texts], cache=False, **options)


TEN = """
doc = lk.spacy_doc("text", model=folder)
NOUNS = [{"TAG": "JJ"}, {"TAG": "NN"}]
@lk.token_pattern([{"LOWER": {"IN": ["my", "our"]}}, {"OP": "?"}, {"TAG": "NN"}], label=1)
def mine(doc): "Token patterns that ask for tags."
@lk.token_pattern(NOUNS, [{"POS": "VERB"}, {"LOWER": "my"}], label=1)
def two_patterns(doc): "Several patterns."
@lk.token_pattern([(NOUNS, 0), ([{"LIKE_NUM": True}], 1), ([{"IS_PUNCT": True}], 2)])
def by_pattern(doc): "The first declared pattern that matches."
numbers = lk.token_pattern([{"LIKE_NUM": True}, {"OP": "*"}, {"LIKE_NUM": True}], label=1).rule(name="numbers")
@lk.phrases("check out", "subscribe to", "this song", label=1)
def invites(doc): "Phrases."
exact = lk.phrases("YouTube", "I", attr="ORTH", label=1).rule(name="exact")
@lk.phrases({"small cat": 0, "great song": 1}, attr="POS")
def looks_alike(doc): "Phrases by their parts of speech."
@lk.entities("ORG", label=1)
def companies(doc): "Entities."
@lk.entities({"THING": 0, "ORG": 2})
def named(doc): "The first declared label that is there."
@(lk.entities("THING") & ~lk.phrases("the")).labeled(1)
def things(doc): "Conditions of documents combine."
"""


# ----------------------------------------------------------------------------------------------------------- votes


def test_ten_rules_of_three_kinds_vote_as_spacy_by_hand(folder, nlp, texts):
    texts = [text for text in texts if isinstance(text, str)]
    matrix = voted(rules(TEN, folder=folder), texts)
    docs = list(nlp.pipe(texts))

    def by(*patterns):
        matcher = Matcher(nlp.vocab)
        matcher.add("x", list(patterns))
        return np.array([bool(matcher(doc)) for doc in docs])

    def phrased(attr, *entries):
        matcher = PhraseMatcher(nlp.vocab, attr=attr)
        matcher.add("x", list(nlp.pipe(entries)))
        return np.array([bool(matcher(doc)) for doc in docs])

    def with_entity(label):
        return np.array([label in {ent.label_ for ent in doc.ents} for doc in docs])

    nouns = [{"TAG": "JJ"}, {"TAG": "NN"}]
    number, mark = [{"LIKE_NUM": True}], [{"IS_PUNCT": True}]
    expected = {
        "mine": np.where(by([{"LOWER": {"IN": ["my", "our"]}}, {"OP": "?"}, {"TAG": "NN"}]), 1, -1),
        "two_patterns": np.where(by(nouns) | by([{"POS": "VERB"}, {"LOWER": "my"}]), 1, -1),
        "by_pattern": np.where(by(nouns), 0, np.where(by(number), 1, np.where(by(mark), 2, -1))),
        "numbers": np.where(by([*number, {"OP": "*"}, *number]), 1, -1),
        "invites": np.where(phrased("LOWER", "check out", "subscribe to", "this song"), 1, -1),
        "exact": np.where(phrased("ORTH", "YouTube", "I"), 1, -1),
        "looks_alike": np.where(phrased("POS", "small cat"), 0, np.where(phrased("POS", "great song"), 1, -1)),
        "companies": np.where(with_entity("ORG"), 1, -1),
        "named": np.where(with_entity("THING"), 0, np.where(with_entity("ORG"), 2, -1)),
        "things": np.where(with_entity("THING") & ~phrased("LOWER", "the"), 1, -1),
    }
    assert list(matrix.names) == list(expected)
    for name, votes in expected.items():
        assert (votes >= 0).any(), name
        assert matrix[name].votes.ravel().tolist() == votes.tolist(), name


def test_twenty_thousand_texts_are_parsed_once_for_ten_rules_in_batches(folder, monkeypatch):
    parsed, batches = [], []
    pipe, make_doc = Language.pipe, Language.make_doc
    monkeypatch.setattr(Language, "make_doc", lambda nlp, text: parsed.append(text) or make_doc(nlp, text))
    monkeypatch.setattr(
        Language, "pipe", lambda nlp, texts, **options: batches.append(len(texts)) or pipe(nlp, texts, **options)
    )
    lfs = rules(TEN, folder=folder)
    texts = [f"check out {i}" for i in range(20_000)]
    applier = lk.Applier(lfs)
    phrases_and_checks = len(parsed)
    matrix = applier.apply([{"text": text} for text in texts], cache=False)
    assert (matrix["invites"].votes == 1).all()
    assert [text for text in parsed[phrases_and_checks:] if text.startswith("check out ")] == texts
    assert [size for size in batches if size > 3] == [CHUNK] * 19 + [20_000 - 19 * CHUNK]


ENGINES = {
    "serial": {"workers": 1},
    "small batches": {"workers": 1, "batch_size": CHUNK},
    "two processes": {"workers": 2, "engine": "process", "batch_size": CHUNK},
    "two threads": {"workers": 2, "engine": "thread", "batch_size": CHUNK},
}

LOADING = """
import os
def pipeline():
    import spacy
    with open(LOG, "a") as log:
        print(os.getpid(), file=log)
    return spacy.load(FOLDER)
doc = lk.spacy_doc("text", model=pipeline)
@lk.token_pattern([{"POS": "ADJ"}, {"POS": "NOUN"}], label=1)
def nouns(doc): "Nouns."
@lk.labeling_function
def longish(doc):
    return 0 if len(doc) > 9 else None
words = lk.keywords("song", label=1).rule(name="words")
@lk.column
def lemmas(doc):
    return " ".join(token.text.lower() for token in doc)
small = lk.regex("(?<!the )cat", label=1, column="lemmas").rule(name="small")
"""


@pytest.fixture(scope="session")
def loading(folder, tmp_path_factory):
    file = tmp_path_factory.mktemp("loading") / "language_rules.py"
    log = file.with_suffix(".log")
    file.write_text(f"import labelkit as lk\nLOG, FOLDER = {str(log)!r}, {str(folder)!r}\n{LOADING}", encoding="utf-8")
    return file, log


@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_gives_the_votes_of_the_definition_and_loads_the_pipeline_once_a_process(loading, texts, engine):
    file, log = loading
    texts = (texts * 4)[:2_600]
    lfs = lk.collect(file, labels=3)
    definition = [[lf(text) for lf in lfs] for text in texts[:80]]
    log.write_text("")
    gc.collect()
    lfs = lk.collect(file, labels=3)
    matrix = voted(lfs, texts, **ENGINES[engine])
    assert matrix.votes[:80].tolist() == definition
    assert (matrix.votes >= 0).any(axis=0).all()
    assert np.array_equal(matrix.votes[:80], voted(lfs, texts[:80]).votes)
    processes = log.read_text().split()
    assert len(processes) == len(set(processes))
    assert len(processes) <= 3


def test_pipelines_and_columns_stand_side_by_side(folder):
    lfs = rules(
        """
def shouting():
    import spacy
    nlp = spacy.blank("de")
    nlp.add_pipe("entity_ruler").add_patterns([{"label": "LOUD", "pattern": [{"IS_UPPER": True}]}])
    return nlp
title_doc = lk.spacy_doc("title", model=folder)
doc = lk.spacy_doc("text", model=folder)
german = lk.spacy_doc("text", model=shouting)
@lk.entities("ORG", label=1)
def in_either(title_doc, doc): "One of the two."
@lk.entities("LOUD", label=2)
def loud(german): "By another pipeline."
@lk.labeling_function
def languages(doc, german):
    return 1 if (doc.lang_, german.lang_) == ("en", "de") else 0
""",
        folder=folder,
    )
    rows = [{"title": "Acme", "text": "x"}, {"title": "x", "text": "by Acme NOW"}, {"title": None, "text": "Acme"}]
    assert lk.Applier(lfs).apply([*rows, {"title": "x", "text": "x"}]).votes.tolist() == [
        [1, -1, 1],
        [1, 2, 1],
        [1, -1, 1],
        [-1, -1, 1],
    ]


def test_columns_with_the_same_pipeline_share_it(folder):
    made = module("a = lk.spacy_doc('x', model=folder)\nb = lk.spacy_doc('y', model=folder)", folder=folder)
    assert made.a.function.model.nlp is made.b.function.model.nlp
    other = module("a = lk.spacy_doc('x', model='blank:en')").a
    assert other.function.model.nlp is not made.a.function.model.nlp


# ------------------------------------------------------------------------------------------------ only needed pipes


def run_for(monkeypatch, lfs):
    """The pipes that ran when rules were applied.

    The last call is that of the rules: a pipeline that is loaded now parses the phrases of its entity ruler before.
    """
    runs = []
    pipe = Language.pipe

    def spied(nlp, texts, *, disable=(), **options):
        runs.append([name for name in nlp.pipe_names if name not in disable])
        return pipe(nlp, texts, disable=disable, **options)

    applier = lk.Applier(lfs)
    monkeypatch.setattr(Language, "pipe", spied)
    applier.apply([{"text": "Acme has a small cat. See it!"}])
    return runs[-1]


WHOLE = ["sentencizer", "tagger", "attribute_ruler", "entity_ruler"]


@pytest.mark.parametrize(
    ("rule", "run"),
    {
        "lk.token_pattern([{'LOWER': 'buy'}], label=1)": [],
        "lk.phrases('buy', label=1)": [],
        "lk.token_pattern([{'TAG': 'NN'}], label=1)": ["tagger"],
        "lk.token_pattern([{'pos': 'NOUN'}], label=1)": ["tagger", "attribute_ruler"],
        "lk.phrases('buy it', attr='TAG', label=1)": ["tagger"],
        "lk.token_pattern([{'IS_SENT_START': True}], label=1)": ["sentencizer"],
        "lk.entities('ORG', label=1)": ["tagger", "attribute_ruler", "entity_ruler"],  # some of them are made of parts
        "lk.token_pattern([{'ENT_TYPE': 'ORG'}], label=1)": ["tagger", "attribute_ruler", "entity_ruler"],
        "(lk.phrases('a') & lk.token_pattern([{'TAG': 'NN'}])).labeled(1)": ["tagger"],
        "lk.token_pattern([{'_': {'seen': True}}], label=1)": WHOLE,
    }.items(),
)
def test_only_the_pipes_run_that_a_rule_needs(monkeypatch, folder, rule, run):
    from spacy.tokens import Token

    Token.set_extension("seen", default=False, force=True)
    lfs = rules(f"doc = lk.spacy_doc('text', model=folder)\nrule = {rule}.rule(name='rule')", folder=folder)
    assert run_for(monkeypatch, lfs) == run


@pytest.mark.parametrize(
    ("options", "run"),
    [("", WHOLE), ("needs=['tagger']", ["tagger"]), ("exclude=['tagger']", [n for n in WHOLE if n != "tagger"])],
)
def test_python_rules_get_all_pipes_unless_their_column_says_which(monkeypatch, folder, options, run):
    source = f"doc = lk.spacy_doc('text', model=folder, {options})\n"
    lfs = rules(source + "@lk.labeling_function\ndef f(doc): return 1", folder=folder)
    assert run_for(monkeypatch, lfs) == run


def test_rules_over_a_column_that_reads_the_document_get_all_pipes(monkeypatch, folder):
    source = "doc = lk.spacy_doc('text', model=folder)\n@lk.column\ndef n(doc): return len(doc)\n"
    assert run_for(monkeypatch, rules(source + "@lk.labeling_function\ndef f(n): return 1", folder=folder)) == WHOLE


NAMES = ["mine", "two_patterns", "numbers", "invites", "exact", "looks_alike", "companies", "named", "things"]


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True),
    st.lists(st.integers(0, 699), min_size=1, max_size=8),
)
def test_pipes_that_are_left_out_never_change_a_vote(folder, texts, chosen, rows):
    lfs = rules(TEN, folder=folder)
    some = [texts[row] for row in rows]
    assert voted(lfs[chosen], some).votes.tolist() == [[lfs[name](text) for name in chosen] for text in some]


def test_a_pipe_of_ones_own_runs_with_all_before_it_unless_it_says_what_it_sets(folder):
    @Language.component("test_unknown")
    def unknown(doc):
        return doc

    @Language.component("test_declared", assigns=["doc._.mood"])
    def declared(doc):
        return doc

    nlp = spacy.load(folder)
    nlp.add_pipe("test_declared", after="tagger")
    assert needed(pipes_of(nlp), ["pos"]) == ["tagger", "attribute_ruler"]
    nlp.add_pipe("test_unknown", after="attribute_ruler")
    everything = ["sentencizer", "tagger", "test_declared", "attribute_ruler", "test_unknown"]
    assert needed(pipes_of(nlp), ["tag"]) == everything
    assert needed(pipes_of(nlp, exclude=["test_unknown"]), ["tag"]) == ["tagger"]


def test_a_tagger_that_listens_to_another_pipe_runs_with_it():
    nlp = spacy.blank("en")
    nlp.add_pipe("tok2vec")
    listening = {
        "@architectures": "spacy.Tagger.v2",
        "tok2vec": {"@architectures": "spacy.Tok2VecListener.v1", "width": 96, "upstream": "*"},
    }
    nlp.add_pipe("tagger", config={"model": listening}).add_label("NN")
    nlp.add_pipe("senter", config={"model": SMALL})
    nlp.add_pipe("lemmatizer", config={"mode": "rule"})
    assert needed(pipes_of(nlp), ["tag"]) == ["tok2vec", "tagger"]
    assert needed(pipes_of(nlp), ["sents"]) == ["senter"]
    assert needed(pipes_of(nlp), ["lemma"]) == ["tok2vec", "tagger", "lemmatizer"]


def test_entities_wait_for_what_ends_sentences_before_them():
    nlp = spacy.blank("en")
    for name in ("sentencizer", "parser", "ner", "merge_entities"):
        nlp.add_pipe(name)
    assert needed(pipes_of(nlp), ["tag"]) == ["sentencizer", "parser", "ner", "merge_entities"]  # they join tokens
    assert needed(pipes_of(nlp, exclude=["merge_entities"]), ["ents"]) == ["sentencizer", "parser", "ner"]
    assert needed(pipes_of(nlp, exclude=["merge_entities", "parser"]), ["ents"]) == ["sentencizer", "ner"]


def test_documents_are_kept_for_a_chunk_and_not_for_a_batch():
    alive = []

    def count(doc):
        alive.append(sum(type(thing) is Doc for thing in gc.get_objects()))
        return [1] * len(doc)

    source = """
doc = lk.spacy_doc("text", model="blank:en")
buys = lk.token_pattern([{"LOWER": "buy"}], label=1).rule(name="buys")
counts = lk.labeling_function(batch=True, name="counts")(lambda doc: count(doc))
@lk.column
def n_tokens(doc) -> int: return len(doc)
long = lk.lookup({7, 8}, match="value", label=1).rule(name="long", column="n_tokens")
"""
    matrix = voted(rules(source, count=count), [f"text {i} buy" for i in range(6 * CHUNK)])
    assert len(alive) == 6
    assert max(alive) <= 2 * CHUNK + 50
    assert (matrix["buys"].votes == 1).all()


# ------------------------------------------------------------------------------------- conditions, names, examples


def test_conditions_of_documents_go_wherever_conditions_go():
    lfs = rules("""
doc = lk.spacy_doc("text", model="blank:en")
many = [{"LIKE_NUM": True}, {"LOWER": "times"}]
@(lk.token_pattern(many) & ~lk.keywords("not")).labeled(1)
def mixed(doc, text): "With conditions of texts."
@lk.at_least(2, lk.phrases("good"), lk.phrases("great"), lk.keywords("best")).labeled(1)
def praise(doc, text): "Counted."
@lk.labeling_function(when=lk.token_pattern(many))
def guarded(doc):
    return len(doc) % 3
made = [lk.phrases(w, label=1).rule(name=f"says_{w}") for w in ("buy", "sell")]
lenient = (~lk.phrases("buy")).labeled(0)
@lenient
def optional(doc: object | None): "A null is known not to match."
""")
    texts = ["sold 3 times", "not 3 times", "the best and good", "great, good, buy", None]
    assert voted(lfs, texts).votes.tolist() == [
        [1, -1, 0, -1, -1, 0],
        [-1, -1, 0, -1, -1, 0],
        [-1, 1, -1, -1, -1, 0],
        [-1, 1, -1, 1, -1, -1],
        [-1, -1, -1, -1, -1, 0],
    ]
    assert voted(lfs, texts).votes.tolist() == [
        [lf(*[text] * len(lf.columns)) for lf in lfs] for text in texts
    ]  # a text stands for its document


@pytest.mark.parametrize("kind", ["phrases", "entities"])
def test_a_long_mapping_whose_labels_alternate_votes_by_the_first_entry_declared(kind):
    entries = [f"w{i}" for i in range(300)]
    source = f"""
def pipeline():
    import spacy
    nlp = spacy.blank("en")
    nlp.add_pipe("entity_ruler").add_patterns([{{"label": w, "pattern": w}} for w in entries])
    return nlp
doc = lk.spacy_doc("text", model=pipeline)
rule = lk.{kind}({{w: i % 3 for i, w in enumerate(entries)}}).rule(name="rule")
"""
    lfs = rules(source, entries=entries)
    texts = [f"w{i} and w{(i * 7) % 300}" for i in range(300)] + ["none"]
    expected = [min(i, (i * 7) % 300) % 3 for i in range(300)] + [-1]
    assert voted(lfs, texts).votes.ravel().tolist() == expected


def test_examples_and_calls_may_be_texts_for_every_rule_that_reads_a_document():
    made = module("""
doc = lk.spacy_doc("text", model="blank:en")
@lk.token_pattern([{"LIKE_NUM": True}], label=1, examples={"I have 5": 1, "none": None, "is 7?": 0})
def numbers(doc): "One example fails."
@lk.labeling_function(examples={"one two": 1})
def two(doc): return 1 if len(doc) == 2 else None
@lk.column
def n(doc): return len(doc)
""")
    assert (made.numbers("5"), made.numbers(made.doc("five")), made.numbers(None), made.two("a b")) == (1, 1, -1, 1)
    assert (made.n("a b c"), made.n(None)) == (3, None)
    report = check_rules(made, labels=["NO", "YES"])
    assert [str(problem) for problem in report.problems] == [
        """error: numbers('is 7?') voted YES, but its example expects NO [LK911]
  YES needs: the token pattern [{"LIKE_NUM": true}] in doc: found '7' at 3"""
    ]


def test_a_column_is_called_what_its_module_calls_it_and_found_by_any_name_that_it_is_bound_to():
    made = module("""
doc = lk.spacy_doc("text", model="blank:en")
title_doc: lk.Column = lk.spacy_doc("title", model="blank:en")
inside = [lk.spacy_doc("text", model="blank:en")]
parsed = inside[0]
@lk.phrases("buy", label=1)
def buys(parsed): "Under another name."
""")
    assert (made.doc.name, made.title_doc.name, made.parsed.name) == ("doc", "title_doc", "spacy_doc('text')")
    assert voted(lk.collect(made, labels=2), ["buy"]).votes.tolist() == [[1]]
    importing = module("from_elsewhere = doc\n@lk.phrases('buy', label=1)\ndef f(from_elsewhere): 'x'", doc=made.doc)
    assert voted(lk.collect(importing, labels=2), ["buy"]).votes.tolist() == [[1]]


def test_views_show_where_in_the_text_a_rule_matched():
    made = module("""
doc = lk.spacy_doc("text", model="blank:en")
words = (lk.phrases("small cat") & lk.token_pattern([{"LIKE_NUM": True}]) & ~lk.phrases("dog")).labeled(1).rule(name="w")
""")
    spans = Finder().spans(made.words, {"doc": made.doc("A Small cat, and 7 more.")})
    assert [tuple(span) for span in spans] == [("w", "text", 2, 11, "Small cat"), ("w", "text", 17, 18, "7")]


def test_rules_made_in_a_loop_read_doc():
    made = [lk.entities("ORG", label=1).rule(name="e"), lk.phrases("a", column="title_doc", label=1).rule(name="p")]
    mixed = (lk.phrases("a") | lk.keywords("b", column="text")).labeled(1).rule(name="m")
    assert [lf.columns for lf in (*made, mixed)] == [("doc",), ("title_doc",), ("doc", "text")]


# --------------------------------------------------------------------------------------------------------- bad input


def test_a_text_that_is_too_long_is_a_fault_of_that_example_alone():
    source = """
def pipeline():
    import spacy
    nlp = spacy.blank("en")
    nlp.max_length = 80_000
    return nlp
doc = lk.spacy_doc("text", model=pipeline)
buys = lk.phrases("buy", label=1).rule(name="buys")
"""
    long = "buy " * 10_000
    matrix = voted(rules(source), ["buy", long, "buy " * 30_000, None, "sell"], on_fault="record")
    assert matrix.votes.ravel().tolist() == [1, 1, -1, -1, -1]
    (fault,) = matrix.faults
    assert (fault.row, fault.lf, fault.error) == (2, "buys", "ValueError")
    assert fault.message.startswith(
        "column 'doc': the text has 120,000 characters, and the pipeline accepts at most 80,000: cut it in a @column"
    )
    with pytest.raises(ValueError, match="120,000 characters"):
        rules(source)["buys"]("buy " * 30_000)


def test_a_text_on_which_a_pipe_fails_is_a_fault_of_that_example_alone():
    @Language.component("test_picky")
    def picky(doc):
        if "bad" in doc.text:
            raise KeyError("bad word")
        return doc

    nlp = spacy.blank("en")
    nlp.add_pipe("test_picky")
    lfs = rules("doc = lk.spacy_doc('text', model=nlp)\nbuys = lk.phrases('buy', label=1).rule(name='buys')", nlp=nlp)
    texts = [f"buy {'bad' if i == 1_500 else i}" for i in range(3_000)]
    matrix = voted(lfs, texts, on_fault="record")
    assert np.flatnonzero(matrix.votes.ravel() != 1).tolist() == [1_500]
    assert [(fault.row, fault.lf) for fault in matrix.faults] == [(1_500, "buys")]
    with pytest.raises(FaultError, match=r"rule 'buys' failed on the example of row 1500: .*column 'doc'"):
        voted(lfs, texts)


def test_what_is_no_text_is_a_fault_of_the_examples():
    lfs = rules("doc = lk.spacy_doc('n', model='blank:en')\nbuys = lk.phrases('buy', label=1).rule(name='buys')")
    matrix = lk.Applier(lfs).apply(pa.table({"n": [1, None]}), on_fault="record")
    assert [(f.row, f.message) for f in matrix.faults] == [(0, "column 'doc': only text can be parsed, not 1 (int)")]


def test_a_matcher_that_fails_is_a_fault_of_the_examples():
    lfs = rules("""
@lk.column
def doc(text):
    return text if "no" in text else NLP(text)
buys = lk.token_pattern([{"LOWER": "buy"}], label=1).rule(name="buys")
cut = lk.phrases("buy", label=1).rule(name="cut")
""", NLP=spacy.blank("en"))  # fmt: skip
    matrix = voted(lfs, ["buy", "no buy"], on_fault="record")
    assert matrix.votes.tolist() == [[1, -1], [-1, -1]]
    told = {(fault.row, fault.lf): fault.message for fault in matrix.faults}
    assert set(told) == {(0, "cut"), (1, "buys"), (1, "cut")}
    assert "the pipeline that parsed these is unknown" in told[0, "cut"]
    assert "reads a parsed document, not str" in told[1, "buys"]


MISSING = {
    "lk.token_pattern([{'TAG': 'NN'}], label=1)": (
        """looks for the token pattern [{"TAG": "NN"}], but no pipe of 'blank:en' sets that: it needs a tagger""",
        "it has none but the tokenizer; add the pipe, or give another model=",
    ),
    "lk.entities('ORG', label=1)": (
        "looks for an entity ORG, but no pipe of 'blank:en' sets that: it needs an entity_ruler or ner",
        "it has none but the tokenizer; add the pipe, or give another model=",
    ),
    "lk.phrases('to be', attr='LEMMA', label=1)": (
        "looks for one of the phrases to be, by LEMMA, but no pipe of 'blank:en' sets that: it needs a lemmatizer",
        "it has none but the tokenizer; add the pipe, or give another model=",
    ),
}


@pytest.mark.parametrize("rule", MISSING)
def test_a_pipeline_without_the_pipe_that_a_rule_needs_is_refused_before_the_first_row(rule):
    lfs = rules(f"doc = lk.spacy_doc('text', model='blank:en')\nrule = {rule}.rule(name='rule')")
    with pytest.raises(RuleError) as caught:
        lk.Applier(lfs).open([{"text": "x"}])
    message, hint = MISSING[rule]
    assert (caught.value.message, caught.value.hint) == (f"rule 'rule' {message}", hint)


def test_an_entity_that_the_pipeline_does_not_know_is_refused(folder):
    lfs = rules(
        "doc = lk.spacy_doc('text', model=folder)\nr = lk.entities('ORGG', label=1).rule(name='r')", folder=folder
    )
    with pytest.raises(RuleError, match=r"has no entities 'ORGG' \[LK\d{3}\]\nHint: its entities are ORG, THING"):
        voted(lfs, ["x"])


@pytest.mark.parametrize("option", ["needs", "exclude"])
def test_pipes_that_are_named_have_to_be_there(folder, option):
    source = (
        f"doc = lk.spacy_doc('text', model=folder, {option}=['parser'])\nr = lk.phrases('a', label=1).rule(name='r')"
    )
    with pytest.raises(
        RuleError, match=r"column 'doc' .* the pipe 'parser', which .* does not have \[LK\d{3}\]\nHint: it has sent"
    ):
        voted(rules(source, folder=folder), ["x"])
    with pytest.raises(RuleError, match="='parser' is not a list of names of pipes"):
        lk.spacy_doc("text", model=folder, **{option: "parser"})


BROKEN = {
    "'en_core_web_nope'": (
        "column 'doc': the spaCy pipeline 'en_core_web_nope' is not installed",
        "python -m spacy download en_core_web_nope",
    ),
    "'./nowhere'": (
        "column 'doc': there is no folder 'nowhere' with a spaCy pipeline",
        "save one there with nlp.to_disk",
    ),
    "'blank:zz'": ("column 'doc': 'blank:zz' cannot be loaded: ", None),
    "lambda: 5": (
        "column 'doc': the pipeline of <lambda>() is int, not a spaCy pipeline",
        "a function that returns one",
    ),
    "lambda: 1 / 0": ("column 'doc': the pipeline of <lambda>() cannot be loaded: division by zero", None),
}


@pytest.mark.parametrize("model", BROKEN)
def test_a_pipeline_that_cannot_be_had_says_how_it_can(model):
    lfs = rules(f"doc = lk.spacy_doc('text', model={model})\nr = lk.phrases('a', label=1).rule(name='r')")
    message, hint = BROKEN[model]
    with pytest.raises(RuleError) as caught:
        voted(lfs, ["x"])
    assert caught.value.message.startswith(message)
    assert (caught.value.hint or "").startswith(hint or "")


@pytest.mark.parametrize(
    ("declare", "message"),
    [
        (lambda: lk.token_pattern("buy", label=1), "a token pattern is a list of dicts, not 'buy'"),
        (lambda: lk.token_pattern([], label=1), "token_pattern has an empty pattern"),
        (lambda: lk.token_pattern(label=1), "token_pattern needs at least one entry"),
        (
            lambda: lk.token_pattern([{"LOVER": "x"}], label=1),
            r"'LOVER', which is not an attribute .*\nHint: .*'LOWER'",
        ),
        (lambda: lk.token_pattern([{"LOWER": {"x"}}], label=1), "cannot be written as JSON"),
        (lambda: lk.token_pattern([([{"LOWER": "x"}], 1), [{"LOWER": "y"}]]), r"some patterns .* and \[.*\] has none"),
        (lambda: lk.phrases(" ", label=1), "phrases has an empty entry"),
        (lambda: lk.phrases(5, label=1), "phrases takes strings, not 5"),
        (lambda: lk.phrases("a", attr="LOUD", label=1), "phrases uses 'LOUD'"),
        (lambda: lk.entities("ORG", label="SPAM"), "label='SPAM' is not a class"),
        (lambda: lk.spacy_doc("text", model=None), "model=None is not a spaCy pipeline"),
        (lambda: lk.spacy_doc("", model="blank:en"), "column='' is not the name of a column"),
    ],
)
def test_declarations_that_cannot_be_meant_are_refused(declare, message):
    with pytest.raises(RuleError, match=message):
        declare()


def test_a_pattern_that_spacy_does_not_take_is_refused_by_the_name_of_the_rule():
    lfs = rules(
        "doc = lk.spacy_doc('text', model='blank:en')\nr = lk.token_pattern([{'LOWER': 5}], label=1).rule(name='r')"
    )
    with pytest.raises(LabelkitError, match=r"rule 'r': the token pattern .* cannot be used"):
        lk.Applier(lfs).open([{"text": "x"}])


def test_a_rule_without_a_column_of_documents_is_told_how_to_make_one():
    lfs = lk.LabelingFunctions([lk.phrases("a", label=1).rule(name="r")], labels=2)
    with pytest.raises(
        CorpusError, match=r"Hint: at the top of the rule's module: doc = (lk.)?spacy_doc\('text', model="
    ):
        voted(lfs, ["x"])
    lfs = lk.LabelingFunctions([lk.phrases("a", label=1).rule(name="r", column="text")], labels=2)
    with pytest.raises(CorpusError, match="in column 'text', which holds string, not parsed documents"):
        voted(lfs, ["x"])


def test_without_spacy_rules_can_be_read_and_checked_and_say_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "spacy", None)
    lfs = lk.collect(ROOT / "labeling_functions" / "language.py")
    with pytest.raises(MissingExtraError, match=r"package 'spacy'.*\nHint: pip install 'labelkit\[nlp\]'"):
        lk.Applier(lfs).open([{"text": "x"}])
    report = check_rules(lfs)
    assert report.clean
    assert {problem.rule for problem in report.problems} == set(lfs.names)
    assert all("its examples were not run: this needs the package 'spacy'" in str(p) for p in report.problems)
    assert why_not(lfs[0])


def test_without_spacy_tests_of_rules_are_skipped_with_the_hint(tmp_path):
    (tmp_path / "labeling_functions").mkdir()
    source = (ROOT / "labeling_functions" / "language.py").read_text("utf-8")
    (tmp_path / "labeling_functions" / "language.py").write_text(source, "utf-8")
    (tmp_path / "conftest.py").write_text("import sys\nsys.modules['spacy'] = None\n")
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }
    command = [sys.executable, "-m", "pytest", "-p", "labelkit.checks.pytest_plugin", "-rs", "labeling_functions"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "which is not installed [LK630]; hint: pip install 'labelkit[nlp]'" in done.stdout
    assert " passed" not in done.stdout


# --------------------------------------------------------------------------------------------- fingerprints, caching


def fingerprint_of(source, **names):
    return rules(source + "\nr = lk.phrases('a', label=1).rule(name='r')", **names)["r"].fingerprint


def test_a_fingerprint_changes_with_the_content_of_the_pipeline_and_with_nothing_else(folder, tmp_path):
    nlp = spacy.load(folder)
    by_folder = fingerprint_of("doc = lk.spacy_doc('text', model=folder)", folder=folder)
    shutil.copytree(folder, tmp_path / "copy")
    copied = fingerprint_of("doc = lk.spacy_doc('text', model=folder)", folder=tmp_path / "copy")
    nlp.get_pipe("entity_ruler").add_patterns([{"label": "NEW", "pattern": "new"}])
    nlp.to_disk(tmp_path / "other")
    other = fingerprint_of("doc = lk.spacy_doc('text', model=folder)", folder=tmp_path / "other")
    excluded = fingerprint_of("doc = lk.spacy_doc('text', model=folder, exclude=['tagger'])", folder=folder)
    assert len({by_folder, other, excluded}) == 3
    assert by_folder == copied == fingerprint_of("doc = lk.spacy_doc('text', model=folder)", folder=folder)


def test_a_pipeline_that_is_handed_over_is_told_by_its_content_whatever_it_has_parsed(folder):
    nlp = spacy.load(folder)
    source = "doc = lk.spacy_doc('text', model=nlp)"
    before = fingerprint_of(source, nlp=nlp)
    list(nlp.pipe(["words that were never seen before, zxqvy"]))
    assert fingerprint_of(source, nlp=nlp) == before == fingerprint_of(source, nlp=spacy.load(folder))
    nlp.get_pipe("entity_ruler").add_patterns([{"label": "NEW", "pattern": "new"}])
    assert fingerprint_of(source, nlp=nlp) != before


def test_votes_are_kept_and_made_anew_when_the_pipeline_changes(tmp_path):
    corpus = tmp_path / "corpus.parquet"
    load_comments(50, random_state=1).to_parquet(corpus)
    file = tmp_path / "my_rules.py"
    file.write_text(
        "import labelkit as lk\n"
        "doc = lk.spacy_doc('text', model='./pipeline')\n"
        "names = lk.entities('NAME', label=1).rule(name='names')\n",
        encoding="utf-8",
    )

    def votes():
        kept = lk.Applier(lk.collect(file, labels=2)).apply(corpus, cache=tmp_path / "cache")
        assert np.array_equal(kept.votes, lk.Applier(lk.collect(file, labels=2)).apply(corpus, cache=False).votes)
        return int((kept.votes == 1).sum())

    def pipeline(*words):
        nlp = spacy.blank("en")
        patterns = [{"label": "NAME", "pattern": [{"LOWER": word}]} for word in words]
        nlp.add_pipe("entity_ruler").add_patterns(patterns)
        nlp.to_disk(tmp_path / "pipeline")

    pipeline("my")
    assert why_not(lk.collect(file, labels=2)["names"]) == ()
    few = votes()
    assert votes() == few
    pipeline("my", "the", "this", "i")
    assert votes() > few


def test_a_pipe_of_ones_own_counts_and_one_whose_content_is_not_known_keeps_votes_from_being_kept():
    class Counter:
        def __init__(self):
            self.lock = __import__("threading").Lock()

        def __call__(self, doc):
            return doc

    Language.factory("test_own", func=lambda nlp, name: Counter())
    unknown, plain = spacy.blank("en"), spacy.blank("en")
    unknown.add_pipe("test_own")
    source = "doc = lk.spacy_doc('text', model=nlp)\nr = lk.phrases('a', label=1).rule(name='r')"
    assert why_not(rules(source, nlp=plain)["r"]) == ()
    assert why_not(rules(source, nlp=unknown)["r"])
    trusted = source.replace("label=1", "label=1, cache=True")
    assert why_not(rules(trusted, nlp=unknown)["r"]) == ()


def test_the_code_of_a_pipe_that_is_a_function_is_part_of_the_fingerprint():
    def made(source):
        space = {"__name__": "pipes"}
        exec(source, space)
        nlp = spacy.blank("en")
        nlp._components.append(("own", space["own"]))
        nlp._pipe_meta["own"] = spacy.blank("en").get_factory_meta("sentencizer")
        nlp._pipe_configs["own"] = {"factory": "sentencizer"}
        return nlp

    source = "doc = lk.spacy_doc('text', model=nlp)"
    one, other = made("def own(doc): return doc"), made("def own(doc): return doc.copy()")
    assert fingerprint_of(source, nlp=one) != fingerprint_of(source, nlp=other)


# ------------------------------------------------------------------------------------------------- the example module


@pytest.fixture(scope="module")
def language():
    return lk.collect(ROOT / "labeling_functions" / "language.py")


def test_the_examples_of_the_example_module_hold(language):
    assert check_rules(language).problems == []


def test_every_rule_of_the_example_module_fires_and_is_right_more_often_than_not(language):
    corpus = load_comments(3_000, random_state=3)
    matrix, spam = lk.Applier(language).apply(corpus, cache=False), corpus["spam"].to_numpy()
    for name in matrix.names:
        votes = matrix[name].votes.ravel()
        assert (votes >= 0).any(), name
        assert (votes[votes >= 0] == spam[votes >= 0]).mean() > 0.5, name

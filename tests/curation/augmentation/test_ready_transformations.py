"""Ready transformations change texts as they say, alike for a seed; learned noise is that of the corpus."""

from __future__ import annotations

import json
from collections import Counter
from enum import IntEnum

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st
from scipy import sparse

import labelkit as lk
from labelkit.curation.augmentation.learned_noise import edit_between
from labelkit.curation.augmentation.noise import CharacterNoise, keyboard_noise
from labelkit.exceptions import AnalysisError, CorpusError, FaultError, RuleError, StopRunError
from tests.llm_server import fails, says, serving


class Label(IntEnum):
    HAM = 0
    SPAM = 1


def results(tf, text, n=50):
    return [tf(text, rng=np.random.default_rng(seed)) for seed in range(n)]


def made(texts, tf, **options):
    return lk.augment({"text": texts}, tf, **options)


TEXT = st.text(st.sampled_from("abAB lé1.,\n'"), max_size=40)


@given(TEXT, st.integers(0, 5))
@settings(max_examples=60, deadline=None)
def test_every_transformation_takes_any_text_and_is_alike_for_a_seed(text, seed):
    tfs = [
        lk.synonyms({"a": "b", "al": "ba"}), lk.drop_words(), lk.swap_words(), lk.typos(), lk.typos("ocr"),
        lk.swap_slots({"x": ["a", "b"]}, templates=["{y} a", "a {y}"]),
    ]  # fmt: skip
    for tf in tfs:
        one, other = (tf(text, rng=np.random.default_rng(seed)) for _ in range(2))
        assert one == other
        assert one is None or isinstance(one, str)


# Words ----------------------------------------------------------------------------------------------------------------


def test_synonyms_of_any_source_keep_case_and_whole_words(tmp_path):
    (tmp_path / "words.csv").write_text("word,synonym\nfree,gratis\nFREE,costless\nbig deal,bargain\n")
    sources = (
        {"Free": ["gratis", "costless"], "big deal": "bargain"},
        [["free", "gratis", "costless"], ("big deal", "bargain")],
        str(tmp_path / "words.csv"),
        tmp_path / "words.csv",
    )
    for source in sources:
        tf = lk.synonyms(source, share=1)
        assert set(results(tf, "Free, FREE; freedom big  deal!")) == {
            f"{first}, {second}; freedom bargain!"
            for first in ("Gratis", "Costless")
            for second in ("GRATIS", "COSTLESS")
        }
        assert tf("nothing here", rng=np.random.default_rng(0)) is None


def test_a_share_of_the_words_is_replaced_and_several_variants_may_be_made():
    text = " ".join(["free"] * 10)
    assert {one.count("gratis") for one in results(lk.synonyms({"free": "gratis"}, share=0.3), text)} == {3}
    assert {one.count("gratis") for one in results(lk.synonyms({"free": "gratis"}, share=0.01), text)} == {1}
    several = lk.synonyms({"free": ["a", "b", "c"]}, share=1, n=3)("free", rng=np.random.default_rng(0))
    assert len(several) == len(set(several)) > 1


def test_vectors_give_their_nearest_neighbours():
    vectors = {"free": [1.0, 0.1], "gratis": [1.0, 0.0], "song": [0.0, 1.0], "tune": [0.1, 1.0], "zero": [0.0, 0.0]}

    class KeyedVectors:
        def most_similar(self, word, topn):
            if word != "free":
                raise KeyError(word)
            return [("gratis", 0.99), ("cheap", 0.5)][:topn]

    tf = lk.synonyms(vectors, share=1)
    assert set(results(tf, "Free song zero")) == {"Gratis tune zero"}
    assert set(results(lk.synonyms(KeyedVectors(), share=1), "free song")) == {"gratis song"}
    assert set(results(lk.synonyms(KeyedVectors(), share=1, similarity=0.4), "free")) == {"gratis", "cheap"}
    assert set(
        results(lk.synonyms({k: np.array(v) for k, v in vectors.items()}, neighbours=1, similarity=-1), "zero")
    ) != {None}


def test_a_lexicon_without_hits_is_warned_of():
    with pytest.warns(UserWarning, match="'synonyms' changed none of the 2 examples"):
        made(["a song", "so nice"], lk.synonyms({"free": "gratis"}))


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({}, "has no synonyms"),
        ({"free": "FREE"}, "has no synonyms"),
        ({"free": [None]}, "which is no word"),
        ({"free": 3}, "synonyms are texts"),
        ([["free"]], "two words or more"),
        (["free", "gratis"], "two words or more"),
        (3, "cannot be found"),
        ({"a": [1.0], "b": [1.0, 2.0]}, "different lengths"),
    ],
)
def test_a_source_of_synonyms_that_is_none_is_refused(source, message):
    with pytest.raises(RuleError, match=message):
        lk.synonyms(source)


def test_words_are_dropped_but_never_all_and_swapped_without_loss():
    text = "one two three four five six"
    for one in results(lk.drop_words(share=0.3), text):
        words = one.split()
        assert 0 < len(words) < 6
        assert [word for word in text.split() if word in words] == words
    for one in results(lk.swap_words(), text):
        assert sorted(one.split()) == sorted(text.split())
        assert sum(a != b for a, b in zip(one.split(), text.split(), strict=True)) == 2
    assert set(results(lk.drop_words(share=1.0), "a b")) == {"a", "b"}
    assert lk.drop_words()("word", rng=np.random.default_rng(0)) is None
    kept = [len(one.split()) for one in results(lk.drop_words(share=0.3), " ".join(["w"] * 100), 200)]
    assert abs(np.mean(kept) - 70) < 1.5
    with pytest.raises(RuleError, match="share=0"):
        lk.drop_words(share=0)


def test_values_of_a_slot_and_templates_of_one_meaning_stand_for_each_other():
    tf = lk.swap_slots({"city": ["Berlin", "Paris", "New York"]})
    assert set(results(tf, "From berlin to Berlin, not Berliners")) == {
        f"From {city} to {city}, not Berliners" for city in ("Paris", "New York")
    }
    tf = lk.swap_slots(
        templates=["please {action} my {thing}", "I want you to {action} my {thing}", "{thing}: {action}!"]
    )
    assert set(results(tf, "Please  wash my red car")) == {"I want you to wash my red car", "red car: wash!"}
    assert tf("something else", rng=np.random.default_rng(0)) == "something else"  # which counts as unchanged
    with pytest.raises(RuleError, match="different slots"):
        lk.swap_slots(templates=["{a} b", "{c} b"])
    with pytest.raises(RuleError, match="nothing to swap"):
        lk.swap_slots({"city": ["Berlin"]})
    with pytest.raises(RuleError, match="are not texts"):
        lk.swap_slots({"city": "Berlin"})
    with pytest.raises(RuleError, match="cannot be read"):
        lk.swap_slots(templates=["{a", "b"])


# Noise ----------------------------------------------------------------------------------------------------------------


def test_typing_errors_have_the_rate_that_is_asked_for_and_are_of_the_keyboard():
    text = "the quick brown fox jumps over the lazy dog " * 40
    n_letters = sum(character.isalpha() for character in text)
    edits = Counter()
    for one in results(lk.typos(rate=0.02), text, 30):
        edits["length"] += len(one) - len(text)
        edits["changed"] += one != text
    assert edits["changed"] == 30
    expected = 30 * n_letters * 0.02 * (0.1 - 0.2)  # doubled and left out
    assert abs(edits["length"] - expected) < 40
    assert set(keyboard_noise("qwerty").edits["g"]) >= {"f", "h", "t", "y", "b", "v", "", "gg"}
    assert "p" not in keyboard_noise("qwerty").edits["a"]
    assert all(
        abs(sum(one.values()) - 0.75) < 1e-9 for key, one in keyboard_noise("azerty").edits.items() if len(key) == 1
    )


def test_at_least_one_character_is_mistaken_and_capitals_stay():
    assert all(one not in {None, "HELLO"} and one.isupper() for one in results(lk.typos(rate=0.001), "HELLO"))
    assert lk.typos()("123 !?", rng=np.random.default_rng(0)) is None
    assert set(results(lk.typos("ocr", rate=0.9), "rn", 200)) >= {"m"}
    noise = CharacterNoise({"a": {"e": 1.0}})
    assert set(results(lk.typos(noise, rate=0.5), "a")) == {"e"}


def vocabulary(n, rng):
    """Words far apart from one another."""
    words = set()
    while len(words) < n:
        words.add("".join(rng.choice(list("abcdefghij"), rng.integers(6, 10))))
    return sorted(words)


def noisy(word, rates, rng):
    """Independent of the code: each inner place is edited with the rate of its letter."""
    letters, i, out = list(word), 0, []
    while i < len(letters):
        kinds = rates.get(letters[i], {}) if i < len(letters) - 1 else {}
        draw, total, other = rng.random(), 0.0, letters[i]
        for kind, rate in kinds.items():
            total += rate
            if draw < total:
                other = kind
                break
        out.append(other)
        i += 1
    return "".join(out)


def test_learned_noise_has_the_rates_of_the_corpus():
    rng = np.random.default_rng(0)
    rates = {"a": {"x": 0.02}, "b": {"": 0.015}, "c": {"cc": 0.01, "z": 0.01}}
    words = vocabulary(150, rng)
    drawn = rng.choice(words, 60_000, p=rng.dirichlet(np.full(150, 5.0)))
    texts = [" ".join(noisy(word, rates, rng) for word in part) for part in np.array_split(drawn, 3_000)]
    noise = lk.learn_noise(texts)
    for source, others in rates.items():
        for other, rate in others.items():
            assert abs(noise.edits[source][other] / rate - 1) < 0.2, (source, other, noise.edits[source])
    expected = {(source, other) for source, others in rates.items() for other in others}
    n_else = sum(rate for s, o in noise.edits.items() for other, rate in o.items() if (s, other) not in expected)
    assert n_else < 0.002
    assert "learned from" in str(noise)
    assert noise.to_dict()["with_edit"] == noise.n_edits
    # and texts that are mistyped by it have these rates
    clean = "abcabcabca" * 2_000
    changed = lk.typos(noise)(clean, rng=rng)
    assert abs(changed.count("x") / clean.count("a") - noise.edits["a"]["x"]) < 0.006
    scaled = lk.typos(noise, rate=2 * noise.rate)(clean, rng=rng)
    assert abs(scaled.count("x") / clean.count("a") - 2 * noise.edits["a"]["x"]) < 0.01


def test_inflections_and_frequent_words_are_no_noise():
    texts = ["houses", "housed"] * 30 + ["house"] * 1_000 + ["mouse"] * 500
    assert lk.learn_noise(texts).edits == {}
    with pytest.raises(RuleError, match="has no edits"):
        lk.typos(lk.learn_noise(texts))
    with pytest.raises(AnalysisError, match="no word of 5 letters or more stands 20 times"):
        lk.learn_noise(["house"] * 5)
    with pytest.raises(CorpusError, match="'txt'"):
        lk.learn_noise({"text": ["house"]}, "txt")


@given(st.text("abc", min_size=2, max_size=6), st.text("abc", min_size=1, max_size=7))
@settings(max_examples=200, deadline=None)
def test_an_edit_turns_the_word_into_the_other(word, other):
    edit = edit_between(word, other)
    places = [] if edit is None else [i for i in range(len(word)) if word.startswith(edit[0], i)]
    if edit is not None:
        assert other in {word[:i] + edit[1] + word[i + len(edit[0]) :] for i in places}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: lk.typos("mouse"), "noise='mouse'"),
        (lambda: lk.typos(rate=2), "rate=2"),
        (lambda: lk.typos(layout="dvorak"), "layout='dvorak'"),
        (lambda: CharacterNoise({"abc": {"a": 0.1}}), "one or two characters"),
        (lambda: CharacterNoise({"a": {"b": 1.5}}), "no probabilities"),
    ],
)
def test_noise_is_checked(call, message):
    with pytest.raises(RuleError, match=message):
        call()


# Mixup ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("as_sparse", [False, True])
def test_mixup_is_a_convex_combination_of_features_and_labels(as_sparse):
    rng = np.random.default_rng(0)
    X, proba = rng.normal(size=(200, 5)), rng.dirichlet([1, 1, 1], 200)
    given_X = sparse.csr_array(X) if as_sparse else X
    mixed = lk.mixup(given_X, proba, alpha=0.4, n=450)
    values = mixed.X.toarray() if as_sparse else mixed.X
    assert sparse.issparse(mixed.X) == as_sparse
    share = mixed.share[:, None]
    assert np.allclose(values, share * X[mixed.first] + (1 - share) * X[mixed.second])
    assert np.allclose(mixed.y_soft, share * proba[mixed.first] + (1 - share) * proba[mixed.second])
    assert np.allclose(mixed.y_soft.sum(axis=1), 1)
    assert not (mixed.first == mixed.second).any()
    assert set(np.bincount(mixed.first, minlength=200)) == {2, 3}
    again = lk.mixup(given_X, proba, alpha=0.4, n=450)
    assert np.array_equal(again.share, mixed.share)
    drawn = np.random.default_rng(1).beta(0.4, 0.4, 100_000)
    assert abs(mixed.share.mean() - np.maximum(drawn, 1 - drawn).mean()) < 0.02


def test_mixup_refuses_features_that_are_missing_and_negative_probabilities():
    with pytest.raises(AnalysisError, match="no finite number"):
        lk.mixup([[np.nan], [1.0]], np.eye(2))
    with pytest.raises(AnalysisError, match="not probabilities"):
        lk.mixup([[0.0], [1.0]], [[2.0, -1.0], [0.0, 1.0]])


@pytest.mark.parametrize("kind", ["labels", "frame"])
def test_mixup_takes_the_labels_that_the_index_of_features_names(kind):
    """By position, each row of a shuffled frame had the labels of another."""
    proba = np.eye(2)[[0, 1, 0, 1, 0]]
    names = list("abcde")
    labels = lk.ProbabilisticLabels(proba, np.ones(5, dtype=bool), np.arange(5), np.array(names), ("HAM", "SPAM"))
    y_soft = labels if kind == "labels" else pd.DataFrame(proba, index=names)
    X = pd.DataFrame(proba, index=names).loc[list("dbea")]
    mixed = lk.mixup(X, y_soft, alpha=1.0)
    assert np.allclose(mixed.X, mixed.y_soft)
    with pytest.raises(AnalysisError, match="z"):
        lk.mixup(X.rename(index={"d": "z"}), y_soft)


def test_mixup_takes_labels_and_refuses_what_does_not_fit():
    matrix = lk.LabelMatrix.of([[0, -1], [1, 1], [0, 0]], classes=["HAM", "SPAM"])
    labels = lk.MajorityVote().fit(matrix).label(matrix)
    assert lk.mixup(np.eye(3), labels).y_soft.shape == (3, 2)
    for X, y, options, message in (
        ([[1.0]], [[1.0, 0.0]], {}, "cannot be mixed"),
        (np.eye(3), np.eye(2), {}, "3 rows, and y_soft 2"),
        (np.eye(2), [0, 1], {}, "not probabilities"),
        (np.eye(2), ["HAM", "SPAM"], {}, "not probabilities"),
        (np.eye(2), lk.LabelModel(), {}, "not probabilities"),
        (np.eye(2), np.eye(2), {"alpha": 0}, "alpha=0"),
        (np.eye(2), np.eye(2), {"n": 0}, "n=0"),
        ([["a"], ["b"]], np.eye(2), {}, "no numbers"),
        ([1.0, 2.0], np.eye(2), {}, "has shape"),
    ):
        with pytest.raises(AnalysisError, match=message):
            lk.mixup(X, y, **options)


# Language models ------------------------------------------------------------------------------------------------------


@pytest.fixture
def environment(monkeypatch, tmp_path):
    for name in ("LABELKIT_LLM_URL", "OPENAI_BASE_URL", "OPENAI_API_KEY", "LABELKIT_LLM_BUDGET"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LABELKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("LABELKIT_LLM_KEY", "sk-test-0123456789")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def rewrites(text, _times, body):
    prompt = body["messages"][-1]["content"]
    if "to German" in prompt:
        return says(f"de[{text}]")
    if "to English" in prompt:
        return says(text.replace("de[", "en["))
    return says(f"{text} ({body['seed']})")


@pytest.fixture
def endpoint(environment, monkeypatch):
    with serving(rewrites) as running:
        monkeypatch.setenv("LABELKIT_LLM_URL", running.url)
        yield running


def test_paraphrases_are_kept_and_each_text_is_asked_about_once(endpoint):
    texts = ["so nice", "free money", "so nice", None]
    result = made(texts, lk.paraphrase(model="small", n=2))
    assert result.made["text"].to_pylist() == ["so nice (0)", "so nice (1)", "free money (0)", "free money (1)"]
    assert endpoint.n_requests == 4
    assert made(texts, lk.paraphrase(model="small", n=2)).rows().equals(result.rows())
    assert endpoint.n_requests == 4
    body = endpoint.bodies[0]
    assert body["temperature"] == 0.8
    assert body["response_format"]["json_schema"]["schema"]["properties"] == {"answer": {"type": "string"}}
    assert "Answer with the rewritten text alone" in body["messages"][0]["content"]


def test_a_translation_goes_there_and_back(endpoint):
    result = made(["so nice", "x"], lk.back_translate(model="small"))
    assert result.made["text"].to_pylist() == ["en[so nice]", "en[x]"]
    assert result.made["made_by"].to_pylist() == ["back_translate"] * 2
    assert endpoint.n_requests == 4


def test_answers_that_are_no_texts_are_faults_and_rules_check_the_rest(endpoint):
    def odd(text, _times, _body):
        return {
            "cut": says("half a", finish="length"),
            "no": says("I cannot", finish="content_filter"),
            "empty": says(" "),
        }.get(text, says(f"{text} free"))

    endpoint.behave = odd
    rule = lk.keywords("free", label=Label.SPAM).rule(name="free")
    texts = ["cut", "no", "empty", "free money", "a song"]
    result = made(texts, lk.paraphrase(model="small"), on_fault="record", lfs=[rule])
    assert result.made["text"].to_pylist() == ["free money free"]
    assert [(fault.id, fault.error) for fault in result.faults] == [(i, "PromptError") for i in range(3)]
    assert result.rule_changes == {"free": 1}
    with pytest.raises(FaultError, match="transformation 'paraphrase' failed on the example of id 0: PromptError"):
        made(texts, lk.paraphrase(model="small"))


def test_a_budget_stops_and_what_was_paid_for_is_kept(endpoint):
    texts = [f"text {i}" for i in range(10)]
    with pytest.raises(StopRunError, match="budget of 4 requests is spent"):
        made(texts, lk.paraphrase(model="small", budget=4, concurrency=1))
    assert endpoint.n_requests == 4
    result = made(texts, lk.paraphrase(model="small", budget=30, concurrency=1))
    assert len(result) == 10
    assert endpoint.n_requests == 10


def test_a_wrong_key_stops(endpoint):
    endpoint.behave = lambda *_: fails(401, "bad key")
    with pytest.raises(StopRunError, match="the key is not accepted"):
        made(["a text"], lk.paraphrase(model="small", retries=0), on_fault="record")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: lk.paraphrase(model=""), "is not the name of a model"),
        (lambda: lk.paraphrase(model="m", template="Rewrite it"), "does not name the column 'text'"),
        (lambda: lk.paraphrase(model="m", n=0), "n=0"),
        (lambda: lk.paraphrase(model="m", budget="5 usd"), "no prices of tokens"),
        (lambda: lk.paraphrase(model="m", parameters={"api_key": "k"}), "does not belong in a request"),
        (lambda: lk.back_translate(model="m", through=[]), "are not languages"),
    ],
)
def test_options_of_prompts_are_checked(call, message):
    with pytest.raises(RuleError, match=message):
        call()


def test_a_template_may_name_further_columns(endpoint):
    tf = lk.paraphrase(model="small", template="As {author} would say it: {text}", column="text")
    result = lk.augment({"text": ["so nice"], "author": ["Ann"]}, tf)
    assert len(result) == 1
    assert "<author-" in json.dumps(endpoint.bodies[0])

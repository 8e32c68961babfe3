"""A check counts the votes that keywords would gain if they had the accents that the texts have, or lacked them."""

import pyarrow as pa
import pytest

import labelkit as lk
from labelkit.checks.accents import without_accents
from labelkit.checks.check_rules import check_rules
from labelkit.datasets import load_comments

SPANISH = [
    *["mi teléfono no funciona"] * 20,
    *["por teléfono, con razón"] * 5,
    "mi telefono",
    *["sí quiero"] * 10,
    *["si quieres algo más"] * 30,
    *["esta es la dirección"] * 20,
    *["aquí está"] * 15,
    None,
]
FRENCH = ["où est-il, à Paris"] * 12 + ["ou bien il a peur"] * 30 + ["été"] * 5 + ["côté cour"] * 9 + ["la cote"] * 20
GERMAN = ["schön für dich"] * 10 + ["schon da"] * 30 + ["Züge drücken"] * 8 + ["drucken"] * 9 + ["STRASSE"] * 9
CARELESS = (
    ["mi telefono"] * 30 + ["la direccion"] * 20 + ["teléfono"] * 15 + ["dirección"] * 9 + ["si"] * 60 + ["sí"] * 5
)
ASCII = ["mi telefono"] * 9 + ["si quieres"] * 9
VIETNAMESE = [
    "bạn bán bàn",
    "hãy hay hay",
    "giá gia già",
    "tôi tối tới",
    "có cỏ co",
    "dữ dù du",
    "là lá la",
    "mà má ma",
]
VIETNAMESE += ["đã đá đa", "được đúc", "một mốt", "những nhưng", "này nảy nay", "với vôi", "các cạc", "cho chó chỗ"]
VIETNAMESE += ["người", "không", "trong", "việc viết", "cũng cứng cung", "thể thế the", "lại lãi lai", "sẽ sẻ se"]


def of_accents(rule, texts):
    report = check_rules(lk.LabelingFunctions([rule], labels=["HAM", "SPAM"]), texts)
    return [problem for problem in report.problems if problem.code == "LK925"]


def keywords(*words, **options):
    return lk.keywords(*words, label=1, **options).rule(name="rule")


def test_votes_that_hang_on_an_accent_are_counted_with_the_first_of_them():
    (problem,) = of_accents(keywords("telefono", "número"), SPANISH)
    assert problem.severity == "note"
    assert problem.rule == "rule"
    assert problem.message == (
        "'telefono' stands in 1 of the 102 rows that were tried, and 'teléfono' in 25: spelled both ways, its keywords "
        "would vote on 25 more, beside 1 (the first: row 0)"
    )
    assert "lk.keywords('telefono', 'teléfono', ...)" in problem.hint
    assert of_accents(keywords("telefono", "teléfono"), SPANISH) == []


@pytest.mark.parametrize(
    ("word", "texts", "n_gained"),
    [
        ("DIRECCION", SPANISH, 20),
        ("razon", SPANISH, 5),
        ("por telefono", SPANISH, 5),
        ("fur", GERMAN, 10),
        ("fur dich", GERMAN, 10),
        ("zuge", GERMAN, 8),
        ("ete", FRENCH, 5),
        ("teléfono", CARELESS, 30),
        ("dirección", CARELESS, 20),
        ("telefono", CARELESS, 15),
        ("teléfono", ASCII, 9),
    ],
)
def test_a_word_that_texts_write_otherwise_is_told(word, texts, n_gained):
    (problem,) = of_accents(keywords(word), texts)
    assert f"would vote on {n_gained} more" in problem.message


@pytest.mark.parametrize(
    ("word", "texts"),
    [
        *((word, SPANISH) for word in ("si", "sí", "esta", "está", "teléfono", "dirección", "quiero")),
        *((word, FRENCH) for word in ("a", "à", "ou", "où", "cote", "côté", "la")),
        *((word, GERMAN) for word in ("schon", "schön", "drucken", "drücken", "für", "straße", "strasse")),
        *((word, CARELESS) for word in ("si", "sí")),
        ("telefono", ASCII),
    ],
)
def test_words_that_accents_tell_apart_or_that_are_spelled_as_the_texts_spell_them_are_not_told(word, texts):
    assert of_accents(keywords(word), texts) == []


def test_tones_are_not_taken_for_accents_that_were_left_out():
    texts = [text for text in VIETNAMESE for _ in range(9)]
    assert [of_accents(keywords(word), texts) for word in ("ban", "duoc", "nguoi", "khong")] == [[]] * 4


def test_conditions_count_as_a_whole_and_parts_of_words_are_left_out():
    both = (lk.keywords("telefono") & lk.keywords("funciona")).rule(name="both", label=1)
    assert "would vote on 20 more" in of_accents(both, SPANISH)[0].message
    without = (lk.keywords("quiero") & ~lk.keywords("telefono")).rule(name="without", label=1)
    assert of_accents(without, SPANISH) == []
    assert of_accents(keywords("telefon", whole_word=False), SPANISH) == []


def test_few_more_rows_are_not_told():
    texts = ["cafe"] * 100 + ["café"] * 4 + ["resume"] * 9
    assert of_accents(keywords("cafe"), texts) == []
    assert of_accents(keywords("cafe"), ["café"] * 2) == []


def test_composed_and_decomposed_letters_are_the_same_word():
    assert of_accents(keywords("teléfono"), ["mi tele\u0301fono"] * 9) == []


def test_texts_that_are_english_are_not_told():
    corpus = pa.table({"text": load_comments()["text"].dropna().tolist()})
    for word in ("love", "naïve", "café", "subscribe", "video"):
        assert of_accents(keywords(word), corpus) == []


@pytest.mark.parametrize(
    ("word", "plain"),
    [
        ("Téléphone", "telephone"),
        ("çà", "ca"),
        ("Łódź", "lodz"),
        ("cœur", "coeur"),
        ("straße", "straße"),
        ("ёлка", "ёлка"),
        ("й", "й"),
        ("τηλέφωνο", "τηλεφωνο"),
        ("ɗan", "dan"),
        ("plain", "plain"),
        ("が", "が"),
    ],
)
def test_accents_of_latin_and_greek_letters_are_dropped(word, plain):
    assert without_accents(word) == plain

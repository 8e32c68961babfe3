"""Reviews of a shop in five languages, good or bad, as people write them: in capitals, without accents, decomposed."""

import unicodedata
from random import Random

import pandas as pd

from . import lines

SENTENCES = {  # good and bad ones
    "German": (
        """
        wirklich schön
        sehr zufrieden damit
        großartig verarbeitet
        passt genau und hält
        alles bestens
        """,
        """
        nach zwei Tagen schon kaputt
        eine Enttäuschung
        ich will mein Geld zurück
        der Knopf ist schon ab
        kam zu spät an
        """,
    ),
    "Spanish": (
        """
        excelente compra
        llegó rápido
        es práctico y cómodo
        me encantó el color
        lo uso a diario
        """,
        """
        qué decepción
        pedí la devolución
        es un plástico pésimo
        no enciende
        llegó roto
        """,
    ),
    "Turkish": (
        """
        çok iyi bir ürün
        tam istediğim gibi
        mükemmel çalışıyor
        hızlı geldi
        her gün kullanıyorum
        """,
        """
        iade ettim
        tam bir hayal kırıklığı
        kalitesi berbat
        ilk gün bozuldu
        kutusu ezikti
        """,
    ),
    "Russian": (
        """
        всё отлично
        очень доволен покупкой
        всем рекомендую
        пришло вовремя
        пользуюсь каждый день
        """,
        """
        верните деньги
        сломался за неделю
        ужасно сделано
        не включается
        пришло с трещиной
        """,
    ),
    "Japanese": (
        """
        これは最高です
        みんなにおすすめです
        とても素晴らしい品でした
        毎日使っています
        届くのが早かった
        """,
        """
        一週間で壊れました
        全額返金してください
        正直ガッカリしました
        全くおすすめできません
        箱が潰れていました
        """,
    ),
}


def _as_typed(sentence: str, language: str, habit: int) -> str:
    """Write a sentence as one of five people does: two as it stands, in capitals, without accents, decomposed."""
    decomposed = unicodedata.normalize("NFD", sentence)
    if habit == 4:
        return decomposed
    if language == "Japanese":
        return sentence.replace("ガッカリ", "ｶﾞｯｶﾘ") if habit >= 2 else sentence
    if habit == 3:
        return "".join(mark for mark in decomposed if not unicodedata.combining(mark))
    if habit == 2:
        return (sentence.replace("i", "İ") if language == "Turkish" else sentence).upper()
    return sentence


def reviews(n_each: int, seed: int = 0) -> pd.DataFrame:
    """Make reviews of each language: ``language``, ``text`` and the truth, ``bad`` (0 or 1)."""
    rng = Random(seed)
    rows = []
    for language, sentences in SENTENCES.items():
        for _ in range(n_each):
            bad = rng.randrange(2)
            sentence = rng.choice(lines(sentences[bad]))
            rows.append((language, _as_typed(sentence, language, rng.randrange(5)), bad))
    return pd.DataFrame(rows, columns=["language", "text", "bad"])

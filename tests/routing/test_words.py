"""Search terms: where words are split, which endings go, and scripts without spaces."""

from __future__ import annotations

import pytest

from adapter.routing.words import COMMON, Stems, stem, terms_of, terms_with_words

TERMS = [
    pytest.param("get_weather", ["weath"], id="underscore, and a word of grammar"),
    pytest.param("list-files.now", ["list", "fil"], id="hyphen and dot"),
    pytest.param("listFiles", ["list", "fil"], id="camelCase"),
    pytest.param("HTTPServer", ["http", "serv"], id="capitals before a word"),
    pytest.param("base64Data v2", ["base64", "data", "v2"], id="digits stay with their letters"),
    pytest.param("The weather of it", ["weath"], id="words of grammar go"),
    pytest.param("", [], id="empty"),
    pytest.param("!? ,;", [], id="signs only"),
    pytest.param("天气预报", ["天气", "气预", "预报"], id="Chinese: pairs of characters"),
    pytest.param("水", ["水"], id="a single character"),
    pytest.param("东京Tokyo天气", ["东京", "tokyo", "天气"], id="scripts mixed"),
    pytest.param("ホテルの部屋", ["ホテ", "テル", "ルの", "の部", "部屋"], id="Japanese"),
    pytest.param("ﾎﾃﾙ ＡＢＣ", ["ホテ", "テル", "abc"], id="compatible forms of characters"),
    pytest.param("Straße GROSS", ["stras", "gros"], id="letters of other languages"),
    pytest.param("погода в Москве", ["погода", "в", "москве"], id="Cyrillic"),
]


@pytest.mark.parametrize(("text", "expected"), TERMS)
def test_terms(text: str, expected: list[str]) -> None:
    assert terms_of(text, Stems()) == expected


@pytest.mark.parametrize(
    ("word", "other"),
    [
        ("cities", "city"),
        ("conversions", "conversion"),
        ("booked", "book"),
        ("translation", "translate"),
        ("translating", "translator"),
        ("flights", "flight"),
        ("planned", "plan"),
        ("prices", "price"),
        ("calculator", "calculate"),
        ("payments", "payment"),
        ("reservation", "reserve"),
    ],
)
def test_endings_do_not_matter(word: str, other: str) -> None:
    assert stem(word) == stem(other)


@pytest.mark.parametrize(
    ("word", "expected"), [("bus", "bus"), ("boss", "bos"), ("use", "use"), ("gas", "gas"), ("sing", "sing"), ("late", "lat")]
)
def test_short_words_keep_three_letters(word: str, expected: str) -> None:
    assert stem(word) == expected


def test_terms_and_their_words_agree() -> None:
    text = "Converting the Currency of 东京 listFiles"
    assert [term for term, _ in terms_with_words(text)] == terms_of(text, Stems())
    assert [word for _, word in terms_with_words(text)] == ["converting", "currency", "东京", "list", "files"]


def test_a_long_word_is_cut() -> None:
    assert len(stem("ab" * 5000)) <= 64


def test_common_words_are_lower_case() -> None:
    assert {word.casefold() for word in COMMON} == set(COMMON)

"""Search terms of a text: words without endings, split at signs and camelCase; pairs of characters where no spaces are.

Chinese and Japanese put no spaces between words: each two neighbouring characters are a term. Korean and Thai are cut in the
same way, because a Korean word carries its particles. Endings are cut off roughly, alike for definitions and questions, so that
`converting` meets `conversion`; a dictionary of exceptions would change little in a ranking.
"""

from __future__ import annotations

import re
import unicodedata

_CAMEL = re.compile(r"(?<=[a-z\d])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WIDE = "\u0e00-\u0e7f\u3005\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_TERM = re.compile(rf"([{_WIDE}]+)|([^\W_{_WIDE}]+)")
# Words of grammar: too common to tell tools apart, and odd as the reason of a choice.
_COMMON_WORDS = (
    "a about all also am an and any are as at be been but by can could d did do does doing for from get had has "
    "have he her here his how i if in into is it its just let like ll m may me might more my need no not now of on "
    "one only or our out please re s she should show so some t tell than that the their them then there these they "
    "this those to too us ve want was we were what when where which while who why will with would you your "
)
COMMON = frozenset(_COMMON_WORDS.split())
# Endings by their length, the longest first, and the letters that have to be left of a word.
_ENDINGS = (
    (6, 4, frozenset({"ations"})),
    (5, 4, frozenset({"ation", "ition", "ement", "ating"})),
    (4, 4, frozenset({"ment", "ness", "able", "ible", "ated", "ator"})),
    (3, 4, frozenset({"ing", "ion", "ive", "ize", "ise", "ate"})),
    (2, 3, frozenset({"al", "ed", "er", "or", "ly"})),
    (1, 3, frozenset("eyi")),
)
_LONGEST = 64  # characters of a term; the rest of a longer word (Base64, a hash) tells nothing


class Stems(dict[str, str]):
    """Stems by word, each made once, while many texts are read. The words of grammar have none: their stem is empty."""

    def __missing__(self, word: str) -> str:
        plain = word.casefold()
        made = self[word] = "" if plain in COMMON else stem(plain)
        return made


def terms_of(text: str, stems: Stems) -> list[str]:
    """Return the search terms of a text, in order, with repetitions. Linear in the length of the text."""
    return [term for wide, word in _words_in(text) for term in (_pairs(wide) if wide else (stems[word],)) if term]


def terms_with_words(text: str) -> list[tuple[str, str]]:
    """Return the search terms of a text, each with the word in lower case as it is written."""
    stems = Stems()
    found: list[tuple[str, str]] = []
    for wide, word in _words_in(text):
        if wide:
            found += ((pair, pair) for pair in _pairs(wide))
        elif stems[word]:
            found.append((stems[word], word.casefold()))
    return found


def _words_in(text: str) -> list[tuple[str, str]]:
    """Return runs of characters of scripts without spaces, and words, each as a pair whose other half is empty."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return _TERM.findall(_CAMEL.sub(" ", text))


def _pairs(wide: str) -> list[str]:
    return [wide[at : at + 2] for at in range(max(1, len(wide) - 1))]


def stem(word: str) -> str:
    """Return a word of lower case without its ending: `cities` and `city` are `cit`, `planned` and `plan` are `plan`."""
    word = _singular(word[:_LONGEST])
    for length, left, endings in _ENDINGS:
        if word[-length:] in endings and len(word) >= length + left:
            word = word[:-length]
            break
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] else word


def _singular(word: str) -> str:
    if word[-1:] != "s" or len(word) <= 3 or word[-2] in "sui":
        return word
    return f"{word[:-3]}y" if word[-3:] == "ies" and len(word) > 4 else word[:-1]

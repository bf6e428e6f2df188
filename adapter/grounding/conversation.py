"""The text of a conversation, ready to be asked if a value occurs in it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from adapter.grounding.number_words import COMMON, HAN_RELATIVE, RELATIVE
from adapter.grounding.numbers import numbers_of, significant

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_WORD = re.compile(r"[^\W_]+")
_CAMEL = re.compile(r"(?<=[a-z\d])(?=[A-Z])")
_WIDE = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\u0e00-\u0e7f]")
_LATIN = re.compile("[A-Za-z]")
_DATE = re.compile(r"(?<!\d)(?:\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|\d{1,2}:\d{2}|\d{4}-\d{2}|\d{4}|(?:19|20)\d{6})(?!\d)")
_STEM = 4  # characters that words of a family share: `Japan`, `Japanese`
_SHORTEST = 3  # letters of a word with a meaning of its own
_LONGEST = 4000  # characters of a value that are looked at
_INITIALS = range(2, 7)  # letters of an abbreviation
_LONG = 5  # words of their own meaning; a longer text is judged by a share of its words,
_SHARE = 3  # which is a third
_ECHO = 3  # words, at least, that a repeated question shares with the question


def normalised(text: str) -> str:
    """Return a text in lower case, in compatible characters, without accents."""
    plain = unicodedata.normalize("NFKD", text)
    if not plain.isascii():
        plain = unicodedata.normalize("NFC", "".join(sign for sign in plain if not unicodedata.combining(sign)))
    return plain.casefold()


def words_of(text: str) -> list[str]:
    """Return the words of a text, normalised; `camelCase` is two words."""
    return _WORD.findall(normalised(_CAMEL.sub(" ", text)))


class ConversationText:
    """The text of a conversation.

    Args:
        texts: What was said, in order: by the user, by tools, by the caller's system message.
        asked: The last message of the user.
    """

    __slots__ = (
        "_asked",
        "_compact",
        "_initials",
        "_latin",
        "_numbers",
        "_relative",
        "_short",
        "_stems",
        "_whole",
        "_wide",
        "_words",
    )

    def __init__(self, texts: Iterable[str], asked: str = "") -> None:
        self._whole = words_of(asked)
        self._asked = _telling(self._whole)
        text = "\n".join(texts)
        plain = normalised(text)
        words = words_of(text)
        self._words = frozenset(words)
        self._short = frozenset(word for word in self._words if len(word) in _INITIALS) - COMMON
        self._stems = frozenset(word[:_STEM] for word in self._words if len(word) >= _STEM)
        self._compact = "".join(_WORD.findall(plain))
        self._numbers = frozenset(numbers_of(plain, words))
        self._initials = "".join(word[0] for word in words)
        self._wide = _WIDE.search(plain) is not None
        self._latin = _LATIN.search(plain) is not None
        self._relative = bool(self._words & RELATIVE) or (self._wide and any(word in plain for word in HAN_RELATIVE))

    @classmethod
    def of(cls, messages: Iterable[Any]) -> ConversationText:
        """Read chat messages: their contents, and the arguments of past calls; what is no message is passed over."""
        known = [message for message in messages if isinstance(message, Mapping)]
        asked = next((message for message in reversed(known) if message.get("role") == "user"), {})
        return cls((text for message in known for text in _texts(message)), "\n".join(_texts(asked)))

    def holds(self, value: Any) -> bool:
        """Return True for a value that occurs in the conversation, in any of its spellings."""
        if isinstance(value, bool) or value is None:
            return False
        if isinstance(value, int | float):
            return significant(value) in self._numbers
        text = str(value)[:_LONGEST]
        words = words_of(text)
        if len(text) > _LONG and len(telling := _telling(words)) > _LONG:
            return _SHARE * sum(self._holds_words([word]) for word in telling) >= len(telling)
        return self._holds_words(words) or self._holds_date(text) or self._holds_number(text, words)

    def holds_whole(self, value: str | float) -> bool:
        """Return True for a number that occurs in the conversation, and for a text that occurs with all its words, in order."""
        if not isinstance(value, str):
            return self.holds(value)
        return "".join(words_of(value[:_LONGEST])) in self._compact

    def cannot_tell(self, text: str) -> bool:
        """Return True for a text in a script that the conversation does not use: `Beijing` in a Chinese conversation."""
        if _WIDE.search(text):
            return not self._wide
        return self._wide and _LATIN.search(text) is not None

    def echoed(self, value: Any) -> bool:
        """Return True for a text with two thirds of the meaningful words of the user's last question, three at least."""
        words = _telling(words_of(value[:_LONGEST])) if isinstance(value, str) else frozenset()
        return len(words & self._asked) >= max(_ECHO, 2 / 3 * len(self._asked))

    def is_all(self, value: Any) -> bool:
        """Return True for a text that is all that the user said last."""
        return isinstance(value, str) and words_of(value[:_LONGEST]) == self._whole

    def speaks_of(self, purpose: str) -> bool:
        """Return True if a word of a tool's name or description, common words aside, occurs in the conversation."""
        return any(self._holds_words([part]) for part in _telling(words_of(purpose[:_LONGEST])))

    def _holds_words(self, words: list[str]) -> bool:
        compact = "".join(words)
        if (
            compact
            and compact in self._compact
            and (len(compact) >= _SHORTEST or compact in self._words or not compact.isascii())
        ):
            return True
        for word in words:
            if _WIDE.search(word):
                if any(part in self._compact for part in _parts(word)):
                    return True
            elif len(word) >= _SHORTEST and word not in COMMON and not word.isdecimal() and self._holds_word(word):
                return True
        initials = "".join(word[0] for word in words[: _INITIALS[-1]])  # of `New York, NY`, for NYC and NY
        return any(initials[:size] in self._short for size in _INITIALS[: len(initials) - 1])

    def _holds_word(self, word: str) -> bool:
        if word in self._words or (len(word) > _STEM and word[:_STEM] in self._stems):
            return True
        return len(word) in _INITIALS and word.isalpha() and word in self._initials and len(word) >= _SHORTEST

    def _holds_date(self, text: str) -> bool:
        return self._relative and _DATE.search(text) is not None

    def _holds_number(self, text: str, words: list[str]) -> bool:
        return any(number in self._numbers for number in numbers_of(normalised(text), words))


def _telling(words: Iterable[str]) -> frozenset[str]:
    """Return the words with a meaning of their own, less common ones; of scripts without spaces each pair of characters."""
    return frozenset(
        part for word in words for part in _parts(word) if word not in COMMON and (len(word) >= _SHORTEST or not word.isascii())
    )


def _parts(word: str) -> Iterable[str]:
    """Return a word, or the pairs of characters of a word in a script without spaces."""
    return (word[at : at + 2] for at in range(max(1, len(word) - 1))) if _WIDE.search(word) else (word,)


def _texts(message: Mapping[str, Any]) -> Iterator[str]:
    content = message.get("content")
    if isinstance(content, str):
        yield content
    elif isinstance(content, list):
        yield from (part["text"] for part in content if isinstance(part, Mapping) and isinstance(part.get("text"), str))
    calls = message.get("tool_calls")
    for call in calls if isinstance(calls, list) else ():
        function = call.get("function") if isinstance(call, Mapping) else None
        arguments = function.get("arguments") if isinstance(function, Mapping) else None
        if isinstance(arguments, str):
            yield arguments

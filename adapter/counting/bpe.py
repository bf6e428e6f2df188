"""Byte-level byte-pair encoding: the number of tokens of a text, for the vocabularies of GGUF files and of tiktoken.

The text is split at special tokens, then by the pattern of the model's family, and each piece is merged by rank. The cost is
n log n in the length of a piece, also for hostile text.
"""

from __future__ import annotations

import functools
import heapq
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

# Pieces whose counts are kept, and characters of a piece that is.
_MOST_KEPT, _LONGEST_KEPT = 65_536, 64

_WORDS = r"(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\r\n\p{L}\p{N}]?\p{L}+"
_REST = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
_GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
# The patterns that split a text, one after the other, by llama.cpp's names of pre-tokenizers; parts between matches stay.
PATTERNS: dict[str, tuple[str, ...]] = {
    "gpt-2": (_GPT2,),
    "smollm": (r"\p{N}", _GPT2),
    "starcoder": (r"\p{N}", _GPT2),
    "qwen2": (_WORDS + r"|\p{N}" + _REST,),
    "llama-bpe": (_WORDS + r"|\p{N}{1,3}" + _REST,),
}


def _byte_signs() -> dict[int, str]:
    """Return the sign of each byte, as GPT-2's vocabularies write bytes."""
    plain = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in plain]
    return {byte: chr(byte) for byte in plain} | {byte: chr(256 + place) for place, byte in enumerate(others)}


SIGNS = _byte_signs()


class BytePairs:
    """A tokenizer that counts.

    Args:
        rank: The rank of a merge of two neighbouring symbols; None for symbols that do not merge.
        patterns: The patterns that split a text.
        special: Texts that are a token each.
        signs: The sign of each byte in the vocabulary; None where a byte is the character of its number.
        whole: Pieces that are a token each, whatever the merges say.
    """

    def __init__(
        self,
        rank: Callable[[str, str], int | None],
        patterns: Iterable[str],
        special: Iterable[str],
        signs: dict[int, str] | None = None,
        whole: frozenset[str] = frozenset(),
    ) -> None:
        import regress

        self._rank = rank
        self._patterns = [regress.Regex(pattern, "u") for pattern in patterns]
        marks = sorted(filter(None, special), key=len, reverse=True)
        self._special = re.compile(f"({'|'.join(map(re.escape, marks))})") if marks else None
        self._signs = signs
        self._whole = whole
        self._count = functools.lru_cache(_MOST_KEPT)(self._merged)

    def __call__(self, text: str) -> int:
        """Return the number of tokens of a text; of surrogates without their halves as of question marks."""
        text = text.encode("utf-8", "replace").decode()
        parts = [text] if self._special is None else self._special.split(text)
        return sum(1 if place % 2 else self._of_plain(part) for place, part in enumerate(parts) if part)

    def _of_plain(self, text: str) -> int:
        pieces: Iterable[str] = [text]
        for pattern in self._patterns:
            pieces = [part for piece in pieces for part in _split(piece, pattern)]
        return sum(self._count(piece) if len(piece) <= _LONGEST_KEPT else self._merged(piece) for piece in pieces)

    def _merged(self, piece: str) -> int:
        """Return the number of symbols left when a piece is merged."""
        data = piece.encode()
        signs = data.decode("latin-1") if self._signs is None else "".join(map(self._signs.__getitem__, data))
        if signs in self._whole:
            return 1
        symbols: list[str] = [*signs]
        following = [*range(1, len(symbols)), -1]
        before = [*range(-1, len(symbols) - 1)]
        waiting: list[tuple[int, int, str, str]] = []

        def offer(left: int) -> None:
            right = following[left]
            if right >= 0 and (rank := self._rank(symbols[left], symbols[right])) is not None:
                heapq.heappush(waiting, (rank, left, symbols[left], symbols[right]))

        for place in range(len(symbols) - 1):
            offer(place)
        left_over = len(symbols)
        while waiting:
            _, left, first, second = heapq.heappop(waiting)
            right = following[left]
            if symbols[left] != first or right < 0 or symbols[right] != second:
                continue  # merged otherwise in the meantime
            symbols[left], symbols[right] = first + second, ""
            following[left] = following[right]
            if following[left] >= 0:
                before[following[left]] = left
            left_over -= 1
            if before[left] >= 0:
                offer(before[left])
            offer(left)
        return left_over


def _split(text: str, pattern: object) -> Iterator[str]:
    """Yield the matches of a pattern and the parts between, in order; the places of matches are in bytes of UTF-8."""
    data = text.encode()
    end = 0
    for match in pattern.find_iter(text):  # type: ignore[attr-defined]  # of a compiled module without types
        found = match.range()
        if found.start > end:
            yield data[end : found.start].decode()
        if found.stop > found.start:
            yield data[found.start : found.stop].decode()
        end = found.stop
    if end < len(data):
        yield data[end:].decode()

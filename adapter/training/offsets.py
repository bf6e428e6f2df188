"""Tokens with the places of their text: of a text by a tokenizer, and of tokens that a model has sampled.

A sampled text must not be tokenized again for training: the tokens of the same text may be others. `decode` gives the places of
the very tokens.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from adapter.completion.places import Span
from adapter.errors import TokenizerError

if TYPE_CHECKING:
    from collections.abc import Iterable

_HALF = "\ufffd"  # decoded for a token that ends inside a character
_MOST_HALVES = 8  # tokens of one character; more are text that holds the sign itself


@dataclass(frozen=True, slots=True)
class Tokens:
    """A text in tokens.

    Attributes:
        text: The text.
        offsets: The place of each token in the text, in code points. Tokens that share a character have the same place; a token
            without text has an empty place.
        ids: The ids, as many; None where only places are known.
    """

    text: str
    offsets: tuple[Span, ...]
    ids: tuple[int, ...] | None = None

    def __len__(self) -> int:
        """Return the number of tokens."""
        return len(self.offsets)


def tokenize(text: str, tokenizer: Any) -> Tokens:
    """Tokenize a text, without special tokens of the tokenizer's own around it.

    Args:
        text: The text.
        tokenizer: A `tokenizers.Tokenizer`; a fast tokenizer of transformers; or a function from a text to the (start, end) of
            each token in code points.

    Raises:
        TokenizerError: The tokenizer gives no places, or impossible ones.
    """
    ids: Any = None
    if hasattr(tokenizer, "encode") and not callable(tokenizer):  # of the package tokenizers
        encoding = tokenizer.encode(text, add_special_tokens=False)
        ids, offsets = getattr(encoding, "ids", None), getattr(encoding, "offsets", None)
    elif hasattr(tokenizer, "encode"):  # of transformers
        ids, offsets = _of_transformers(text, tokenizer)
    elif callable(tokenizer):
        offsets = tokenizer(text)
    else:
        raise _useless(tokenizer, "it is none")
    if not isinstance(offsets, Sequence) or isinstance(offsets, str):
        raise _useless(tokenizer, f"it gives {type(offsets).__name__} {str(offsets)[:60]!r} for the offsets")
    return Tokens(text, _checked(offsets, len(text)), None if ids is None else tuple(ids))


def _of_transformers(text: str, tokenizer: Any) -> tuple[Any, Any]:
    """Return ids and offsets of a tokenizer of transformers."""
    if getattr(tokenizer, "is_fast", True) is False:
        raise _useless(
            tokenizer, "it is a slow one, without offsets; load it with AutoTokenizer.from_pretrained(…, use_fast=True)"
        )
    try:
        found = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    except (NotImplementedError, TypeError) as error:
        raise _useless(tokenizer, f"it has no offsets: {error}") from error
    if not isinstance(found, Mapping) and not hasattr(found, "keys"):
        raise _useless(tokenizer, f"it gives {type(found).__name__} in place of a mapping with 'offset_mapping'")
    if "offset_mapping" not in found:
        raise _useless(tokenizer, f"it gives {', '.join(map(str, found.keys()))}, and no 'offset_mapping'")
    return found.get("input_ids"), found["offset_mapping"]


def _useless(tokenizer: Any, why: str) -> TokenizerError:
    return TokenizerError(
        f"{type(tokenizer).__name__} cannot give the places of tokens: {why}. Use a tokenizers.Tokenizer, a fast tokenizer of "
        "transformers, or a function from a text to (start, end) pairs"
    )


def _checked(offsets: Iterable[Any], size: int) -> tuple[Span, ...]:
    """Return offsets as spans that never go back; those of tokens without text are moved to where the token stands."""
    spans: list[Span] = []
    last = Span(0, 0)
    for number, pair in enumerate(offsets):
        try:
            start, end = map(int, pair)
        except (TypeError, ValueError) as error:
            raise TokenizerError(f"token {number} has the offsets {pair!r}; expected (start, end)") from error
        span = Span(last.end, last.end) if start == end else Span(start, end)
        if not last.start <= span.start <= span.end <= size or span.end < last.end:
            before = f", behind ({last.start}, {last.end})" if number else ""
            raise TokenizerError(
                f"token {number} has the offsets ({start}, {end}){before}, in a text of {size} code points: offsets count code "
                "points of this text, and never go back"
            )
        spans.append(span)
        last = span
    return tuple(spans)


def decode(ids: Iterable[int], tokenizer: Any) -> Tokens:
    """Decode tokens, special ones included, with the place of each.

    Args:
        ids: The tokens as they were sampled.
        tokenizer: An object with `decode(ids, skip_special_tokens=False)`, of tokenizers or of transformers.

    Raises:
        TokenizerError: The tokenizer cannot decode, or the text of the tokens is not made of the texts of the single tokens.
        TypeError: The ids are a text.
    """
    if isinstance(ids, str | bytes):
        raise TypeError(
            f"decode() takes the ids of tokens, not {type(ids).__name__} {str(ids)[:60]!r}; for a text use tokenize()"
        )
    every = [int(one) for one in ids]
    spans: list[Span] = []
    pieces: list[str] = []
    before = first = at = 0  # the last piece is of tokens[before:first]
    for end in range(1, len(every) + 1):
        known, text = _text(every[before:first], tokenizer), _text(every[before:end], tokenizer)
        if text.endswith(_HALF) and end < len(every) and end - first < _MOST_HALVES:
            continue  # the rest of the character is in the next token
        piece = text[len(known) :] if text.startswith(known) else None
        if piece is None:
            raise TokenizerError(f"token {end - 1} changes the text of the tokens before it: {known!r} becomes {text!r}")
        spans += [Span(at, at + len(piece))] * (end - first)
        pieces.append(piece)
        at, before, first = at + len(piece), first, end
    text = "".join(pieces)
    whole = _text(every, tokenizer)
    if text != whole:
        differs = next(
            (n for n, (one, other) in enumerate(zip(text, whole, strict=False)) if one != other), min(len(text), len(whole))
        )
        raise TokenizerError(
            f"the text of the tokens is not made of the texts of the single tokens: at code point {differs} it has "
            f"{whole[differs : differs + 20]!r}, they have {text[differs : differs + 20]!r}"
        )
    return Tokens(text, _checked(spans, len(text)), tuple(every))


def _text(ids: list[int], tokenizer: Any) -> str:
    return decoded(ids, tokenizer) if ids else ""


def decoded(ids: list[int], tokenizer: Any) -> str:
    """Return the text of tokens, special ones included.

    Raises:
        TokenizerError: The tokenizer cannot decode.
    """
    kind = type(tokenizer).__name__
    if not callable(getattr(tokenizer, "decode", None)):
        raise TokenizerError(
            f"{kind} {str(tokenizer)[:60]!r} has no decode(ids, skip_special_tokens=False): pass the model's tokenizer"
        )
    # Tokenizers of transformers would drop spaces before signs.
    kept = {"clean_up_tokenization_spaces": False} if hasattr(tokenizer, "clean_up_tokenization_spaces") else {}
    found = tokenizer.decode(ids, skip_special_tokens=False, **kept)
    if not isinstance(found, str):
        raise TokenizerError(f"{kind}.decode gives {type(found).__name__}, and no text")
    return found

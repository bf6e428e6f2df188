"""Source of a chat template, with its special tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from adapter.errors import DialectError
from adapter.text.literal_tree import tree

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from adapter.model_size import ModelSize


# Special tokens of a tokenizer, code points of all and of one, and of their pattern: numbered tokens, of which real tokenizers
# have up to 7,000, make a short one. Each request is searched for all.
_MOST_TOKENS, _MOST_POINTS, _LONGEST, _PATTERN = 20_000, 150_000, 100, 20_000


@dataclass(frozen=True, slots=True)
class Source:
    """The source of a chat template. `text` is the Jinja source; `ChatTemplate` describes the other attributes."""

    name: str
    path: str
    text: str
    models: tuple[str, ...] = ()
    bos: str = ""
    eos: str = ""
    stop: tuple[str, ...] = ()
    special: tuple[str, ...] = ()
    adds_bos: bool = True
    image: str = ""
    between_parts: str = ""
    size: ModelSize | None = None


def unique(tokens: Iterable[str]) -> tuple[str, ...]:
    """The distinct non-empty tokens, in order."""
    return tuple(dict.fromkeys(token for token in tokens if token))


def special_of(tokens: Iterable[str], path: Path) -> tuple[str, ...]:
    """The special tokens among tokens; single characters (some tokenizers pad with `!`) are ordinary text to everyone else.

    Raises:
        DialectError: There are more, or longer ones, than every text of a request can be searched for.
    """
    special = tuple(token for token in unique(tokens) if len(token) > 1)
    if len(special) > _MOST_TOKENS:
        raise DialectError(f"{path}: {len(special):,} special tokens; {_MOST_TOKENS:,} are read at most")
    longest = max(special, key=len, default="")
    if len(longest) > _LONGEST:
        raise DialectError(
            f"{path}: the special token {longest[:40]!r}… has {len(longest):,} characters; {_LONGEST} are read at most"
        )
    if (points := sum(map(len, special))) > _MOST_POINTS:
        raise DialectError(f"{path}: special tokens of {points:,} characters; {_MOST_POINTS:,} are read at most")
    if (size := len(tree(special))) > _PATTERN:
        raise DialectError(
            f"{path}: special tokens that share so little that their pattern has {size:,} characters; {_PATTERN:,} at most"
        )
    return special

"""Source of a chat template, with its special tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from adapter.model_size import ModelSize


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


def special_of(tokens: Iterable[str]) -> tuple[str, ...]:
    """The special tokens among tokens; single characters (some tokenizers pad with `!`) are ordinary text to everyone else."""
    return tuple(token for token in unique(tokens) if len(token) > 1)

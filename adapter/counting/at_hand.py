"""The tokenizer that is at hand: a file, a function, a server, Qwen's vocabulary, or the estimate."""

from __future__ import annotations

import os
from os import PathLike
from typing import TYPE_CHECKING, Any

from adapter.counting.server import ServerTokenizer
from adapter.counting.vocabularies import Tokenizer, by_name, from_file
from adapter.errors import TokenizerError

if TYPE_CHECKING:
    from collections.abc import Callable


def tokenizer_for(given: str | PathLike[str] | Callable[[str], int] | None, client: Any, model: str) -> Tokenizer:
    """Return the tokenizer that is at hand: a file, a function, a server, Qwen's vocabulary, or the estimate.

    Raises:
        TokenizerError: The file cannot be read.
        TypeError: The value is no tokenizer, or the client is none.
    """
    if callable(given):
        return Tokenizer(_checked(given), "the caller's own function")
    if isinstance(given, str | PathLike):
        return from_file(os.fspath(given))
    if given is not None:
        raise TypeError(
            f"tokenizer={str(given)[:80]}: use the path of a tokenizer.json or of a .gguf file, or a function that returns the "
            "number of tokens of a text (lambda text: len(encoding.encode(text)))"
        )
    if client is None:
        return by_name(model)
    if not hasattr(client, "base_url") or not callable(getattr(client, "post", None)):
        raise TypeError(f"client={str(client)[:80]}: use an openai client, whose server counts, or leave client out")
    return Tokenizer(ServerTokenizer(client, model), "the server's own tokenizer")


def _checked(count: Callable[[str], int]) -> Callable[[str], int]:
    """Return a caller's function with a check of what it returns."""

    def counted(text: str) -> int:
        tokens: Any = count(text)
        if isinstance(tokens, bool) or not isinstance(tokens, int) or tokens < 0:
            shown = f"{type(tokens).__name__} {str(tokens)[:40]!r}"
            hint = "; for a list of tokens return its length" if hasattr(tokens, "__len__") else ""
            raise TokenizerError(f"tokenizer: the function returned {shown} and not a number of tokens{hint}")
        return tokens

    return counted


def template_of(given: object) -> str:
    """Return the chat template that comes with a tokenizer's file; empty for none."""
    name = os.fspath(given) if isinstance(given, str | PathLike) else ""
    return name if name.endswith(".gguf") else ""

"""Vocabularies at hand: of a GGUF file, of a `tokenizer.json`, of Qwen in the package `dashscope`."""

from __future__ import annotations

import base64
import importlib.util
import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from adapter.counting.bpe import PATTERNS, SIGNS, BytePairs
from adapter.errors import DialectError, TokenizerError
from adapter.plain_file import check_plain
from adapter.prompt.chat_gguf import metadata_of, texts_of

if TYPE_CHECKING:
    from collections.abc import Callable

_SPECIAL_TYPES = frozenset({3, 4})  # control tokens, and tokens that the user defined
_KNOWN = {"default": "gpt-2", "llama3": "llama-bpe", "llama-v3": "llama-bpe", "deepseek-r1-qwen": "qwen2"}
# Tokens of Qwen 2.5, and further ones of Qwen 3, that the vocabulary of the package lacks.
_QWEN = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<tool_call>", "</tool_call>")
_QWEN3 = ("<tool_response>", "</tool_response>", "<think>", "</think>")
_FAMILY, _NEWER = re.compile("qwen|qwq", re.IGNORECASE), re.compile("qwen-?3|qwq", re.IGNORECASE)
_MOST_BYTES = 64 << 20


class Tokenizer(NamedTuple):
    """A way to count tokens.

    Attributes:
        count: Returns the number of tokens of a text.
        source: The vocabulary, for people.
        exact: The count is the model's; False for an estimate.
    """

    count: Callable[[str], int]
    source: str
    exact: bool = True


def from_file(where: str) -> Tokenizer:
    """Return the tokenizer of a `tokenizer.json`, of a GGUF file, or of a folder with a `tokenizer.json`.

    Raises:
        TokenizerError: The file cannot be read, is of another kind, or needs a package that is not installed.
    """
    path = Path(where)
    if path.is_dir():
        path /= "tokenizer.json"
    if path.suffix == ".gguf":
        return _from_gguf(path)
    if path.suffix != ".json":
        raise TokenizerError(f"{where}: a tokenizer is a tokenizer.json, a folder with one, or a .gguf file")
    return _from_json(path)


def _from_json(path: Path) -> Tokenizer:
    try:
        check_plain(path)
        from tokenizers import Tokenizer as Loaded
    except OSError as error:
        raise TokenizerError(f"{path}: {error.strerror or error}; give the path of a tokenizer.json or a .gguf file") from error
    except ImportError as error:
        message = f"{path}: reading a tokenizer.json needs the tokenizers package: pip install tokenizers"
        raise TokenizerError(message) from error
    try:
        loaded = Loaded.from_file(str(path))
    except Exception as error:  # the package raises bare exceptions
        raise TokenizerError(f"{path} is no tokenizer.json: {error}") from error
    return Tokenizer(lambda text: len(loaded.encode(text, add_special_tokens=False).ids), str(path))


def _from_gguf(path: Path) -> Tokenizer:
    try:
        read = metadata_of(path)
        model, kind = read("tokenizer.ggml.model"), read("tokenizer.ggml.pre") or "default"
        kind = _KNOWN.get(kind, kind) if isinstance(kind, str) else repr(kind)
        if model != "gpt2" or kind not in PATTERNS:
            names = ", ".join(PATTERNS)
            raise TokenizerError(
                f"{path}: a tokenizer of the kind {model!r}, {kind!r}; those of GGUF files that are read: 'gpt2' with {names}. "
                "Give the model's tokenizer.json"
            )
        tokens, merges = texts_of(read, "tokenizer.ggml.tokens", path), texts_of(read, "tokenizer.ggml.merges", path)
        types = read("tokenizer.ggml.token_type") or []
    except DialectError as error:
        raise TokenizerError(error.message) from error
    if not tokens or not merges or not isinstance(types, list):
        raise TokenizerError(f"{path}: no vocabulary in it: tokens, merges and types of tokens are needed")
    special = [text for text, kind in zip(tokens, types, strict=False) if kind in _SPECIAL_TYPES]
    whole = frozenset(tokens) if kind == "llama-bpe" else frozenset()
    ranks = {merge: rank for rank, merge in enumerate(merges)}
    pairs = BytePairs(partial(_of_merges, ranks), PATTERNS[kind], special, SIGNS, whole)
    return Tokenizer(pairs, str(path))


def _of_merges(ranks: dict[str, int], first: str, second: str) -> int | None:
    return ranks.get(f"{first} {second}")


def _of_tokens(ranks: dict[str, int], first: str, second: str) -> int | None:
    return ranks.get(first + second)


def qwen(model: str) -> Tokenizer | None:
    """Return Qwen's tokenizer out of the package `dashscope`, which is not imported.

    Args:
        model: The model's name.

    Returns:
        None where the package is not installed.
    """
    try:
        found = importlib.util.find_spec("dashscope")
    except (ImportError, ValueError):
        return None
    for folder in (found.submodule_search_locations or ()) if found else ():
        path = Path(folder) / "resources" / "qwen.tiktoken"
        if path.is_file():
            return from_tiktoken(path, model)
    return None


def from_tiktoken(path: Path, model: str = "") -> Tokenizer:
    """Return Qwen's tokenizer from a vocabulary in the form of tiktoken: a token in base 64 and its rank on each line.

    Args:
        path: The file.
        model: The model's name.

    Raises:
        TokenizerError: The file cannot be read, or is of another form.
    """
    ranks: dict[str, int] = {}
    try:
        data = check_plain(path).read_bytes()[:_MOST_BYTES]
        for line in data.splitlines():
            token, _, rank = line.partition(b" ")
            ranks[base64.b64decode(token, validate=True).decode("latin-1")] = int(rank)
    except (OSError, ValueError) as error:
        raise TokenizerError(f"{path}: no vocabulary of tiktoken's: {error}") from error
    newer = _NEWER.search(model) is not None
    pairs = BytePairs(partial(_of_tokens, ranks), PATTERNS["qwen2"], (*_QWEN, *(_QWEN3 if newer else ())))
    return Tokenizer(pairs, "the Qwen vocabulary of the dashscope package")


def by_name(model: str) -> Tokenizer:
    """Return the tokenizer for a model without a file: Qwen's for a Qwen where it is installed, else the estimate."""
    from adapter.counting.estimate import estimated

    found = qwen(model) if _FAMILY.search(model) else None
    return found or Tokenizer(estimated, "an estimate, within some 10 % for English and Chinese", exact=False)

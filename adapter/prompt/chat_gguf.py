"""The chat template and the special tokens in a GGUF file, the format of llama.cpp. Tensors are never touched."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from adapter.errors import DialectError
from adapter.model_size import size_in_gguf
from adapter.plain_file import check_plain
from adapter.prompt.chat_source import Source, special_of, unique

if TYPE_CHECKING:
    from pathlib import Path

_CONTROL = 3  # the type of control tokens in `tokenizer.ggml.token_type`
# End of text, of turn, of message: each ends a generation.
_ENDING = ("eos", "eot", "eom")
_MOST_TEXT = 1024**2  # bytes of a text; the longest template that we know has 30,000


def read_gguf(path: Path) -> Source:
    """Read the chat template of a GGUF file.

    Raises:
        DialectError: The `gguf` package is not installed, the file cannot be read, or the file holds no chat template.
    """
    read = metadata_of(path)
    text = read("tokenizer.chat_template")
    if not isinstance(text, str):
        raise DialectError(f"{path}: no tokenizer.chat_template in it: a base model has none; name one that suits")
    tokens = texts_of(read, "tokenizer.ggml.tokens", path)
    types = read("tokenizer.ggml.token_type") or []
    if not isinstance(types, list):
        raise DialectError(f"{path}: tokenizer.ggml.token_type is a list of numbers, this is {type(types).__name__}")

    def token(role: str) -> str:
        number = read(f"tokenizer.ggml.{role}_token_id")
        return tokens[number] if isinstance(number, int) and 0 <= number < len(tokens) else ""

    ending = [token(role) for role in _ENDING]
    control = [text for text, kind in zip(tokens, types, strict=False) if kind == _CONTROL]
    return Source(
        name=path.stem,
        path=str(path),
        text=text,
        bos=token("bos"),
        eos=ending[0],
        stop=unique(ending),
        special=special_of([token("bos"), *ending, *control], path),
        adds_bos=read("tokenizer.ggml.add_bos_token") is not False,
        size=size_in_gguf(read),
    )


def metadata_of(path: Path) -> Any:
    """Make a function that returns the value of a metadata key, None for a missing key."""
    try:
        from adapter.prompt.gguf_metadata import Metadata
    except ImportError as error:
        raise DialectError(f"{path}: reading a GGUF file needs the gguf package: pip install gguf") from error

    try:
        fields = Metadata(check_plain(path)).fields
    except (OSError, ValueError, LookupError, OverflowError, RecursionError, MemoryError, struct.error) as error:
        raise DialectError(f"{path} cannot be read as GGUF: {error}") from error
    return lambda key: _contents(fields[key], key, path) if key in fields else None


def _contents(field: Any, key: str, path: Path) -> Any:
    try:
        if len(field.types) == 1 and field.parts[-1].nbytes > _MOST_TEXT:
            raise DialectError(f"{path}: {key} has {field.parts[-1].nbytes:,} bytes; {_MOST_TEXT:,} are read at most")
        return field.contents()
    except UnicodeDecodeError as error:
        raise DialectError(f"{path}: {key} is not UTF-8: {error}") from error


def texts_of(read: Any, key: str, path: Path) -> list[str]:
    """Return the list of texts under a key; empty for a missing key.

    Raises:
        DialectError: The key holds another type.
    """
    found = read(key) or []
    if isinstance(found, list) and all(isinstance(text, str) for text in found):
        return found
    raise DialectError(f"{path}: {key} is a list of texts, and holds another type")

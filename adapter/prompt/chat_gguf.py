"""The chat template and the special tokens in a GGUF file, the format of llama.cpp. Tensors are never touched."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from adapter.errors import DialectError
from adapter.prompt.chat_source import Source, special_of, unique

if TYPE_CHECKING:
    from pathlib import Path

_CONTROL = 3  # the type of control tokens in `tokenizer.ggml.token_type`
# End of text, of turn, of message: each ends a generation.
_ENDING = ("eos", "eot", "eom")


def read_gguf(path: Path) -> Source:
    """Read the chat template of a GGUF file.

    Raises:
        DialectError: The `gguf` package is not installed, the file cannot be read, or the file holds no chat template.
    """
    read = _reader(path)
    text = read("tokenizer.chat_template")
    if not isinstance(text, str):
        raise DialectError(f"{path}: no tokenizer.chat_template in it: a base model has none; name one that suits")
    tokens: list[str] = read("tokenizer.ggml.tokens") or []
    types: list[int] = read("tokenizer.ggml.token_type") or []

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
        special=special_of([token("bos"), *ending, *control]),
        adds_bos=read("tokenizer.ggml.add_bos_token") is not False,
    )


def _reader(path: Path) -> Any:
    """Make a function that returns the value of a metadata key, None for a missing key."""
    try:
        from gguf import GGUFReader, GGUFValueType
    except ImportError as error:
        raise DialectError(
            f'{path}: reading a GGUF file needs the gguf package: pip install "tool-call-adapter[gguf]"'
        ) from error

    class Metadata(GGUFReader):  # type: ignore[misc]  # the package is optional
        def _get_field_parts(self, orig_offs: int, raw_type: int) -> Any:
            """Read an array of strings at once: the package needs ten seconds for the vocabulary of a common model."""
            raw = memoryview(self.data)
            if raw_type != GGUFValueType.ARRAY or self.byte_order != "I":
                return super()._get_field_parts(orig_offs, raw_type)
            kind, length = struct.unpack_from("=IQ", raw, orig_offs)
            if kind in self.gguf_scalar_to_np:
                numbers = self._get(orig_offs + 12, self.gguf_scalar_to_np[kind], length)
                return 12 + numbers.nbytes, [numbers], [0], [raw_type, kind]
            if kind != GGUFValueType.STRING:
                return super()._get_field_parts(orig_offs, raw_type)
            parts, place = [], orig_offs + 12
            for _ in range(length):
                (size,) = struct.unpack_from("=Q", raw, place)
                parts.append(raw[place + 8 : place + 8 + size])
                place += 8 + size
            return place - orig_offs, parts, list(range(length)), [raw_type, kind]

        def _build_tensors(self, *_: Any) -> None:
            """Leave tensors unread, so that types newer than the package and files cut behind the metadata do no harm."""

    try:
        fields = Metadata(path).fields
    except (OSError, ValueError, LookupError, struct.error) as error:
        raise DialectError(f"{path} cannot be read as GGUF: {error}") from error
    return lambda key: fields[key].contents() if key in fields else None

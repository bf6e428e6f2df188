"""The reader of GGUF metadata: that of the package `gguf`, faster for lists, and careful with files that lie about lengths."""

from __future__ import annotations

import struct
import sys
from typing import Any

from gguf import GGUFReader, GGUFValueType

# Keys of the metadata, elements of a list, bytes of a list's texts. Real files have 100, 262,144 and 4 MB.
_MOST_KEYS, _MOST_ELEMENTS, _MOST_LISTED = 10_000, 1_000_000, 64 * 1024**2
_SWAPPED = ">" if sys.byteorder == "little" else "<"


class Metadata(GGUFReader):  # type: ignore[misc]  # the package is optional
    """The metadata of a file, in `fields`; tensors stay unread.

    Raises:
        OSError: The file cannot be read.
        ValueError: The file is no GGUF, ends inside its metadata, or holds too many keys or elements.
    """

    def _get(self, offset: int, dtype: Any, count: int = 1, override_order: Any = None) -> Any:
        """Refuse what the package would cut: a number, list or text behind the end of the file."""
        found = super()._get(offset, dtype, count, override_order)
        if len(found) < int(count):
            raise ValueError(f"the file ends inside its metadata, at byte {len(self.data):,}")
        return found

    def _build_fields(self, offs: int, count: int) -> int:
        _check_size(int(count), _MOST_KEYS, "keys in the metadata")
        return int(super()._build_fields(offs, count))

    def _build_tensor_info(self, offs: int, _: int) -> Any:
        """Leave the list of tensors unread, which may claim any length."""
        return offs, []

    def _get_field_parts(self, orig_offs: int, raw_type: int) -> Any:
        """Read an array of strings at once: the package needs ten seconds for the vocabulary of a common model."""
        raw = memoryview(self.data)
        if raw_type != GGUFValueType.ARRAY:
            return super()._get_field_parts(orig_offs, raw_type)
        order = "=" if self.byte_order == "I" else _SWAPPED
        kind, length = struct.unpack_from(f"{order}IQ", raw, orig_offs)
        _check_size(length, _MOST_ELEMENTS, "elements in a list")
        if kind in self.gguf_scalar_to_np:
            numbers = self._get(orig_offs + 12, self.gguf_scalar_to_np[kind], length)
            return 12 + numbers.nbytes, [numbers], [0], [raw_type, kind]
        if kind != GGUFValueType.STRING:
            raise ValueError(f"a list of values of type {kind}: lists of numbers and of texts are read")
        parts, place = [], orig_offs + 12
        for _ in range(length):
            (size,) = struct.unpack_from(f"{order}Q", raw, place)
            parts.append(raw[place + 8 : place + 8 + size])
            place += 8 + size
        if place > len(raw):
            raise ValueError(f"the file ends inside its metadata, at byte {len(raw):,}")
        _check_size(place - orig_offs, _MOST_LISTED, "bytes in a list of texts")
        return place - orig_offs, parts, list(range(length)), [raw_type, kind]

    def _build_tensors(self, *_: Any) -> None:
        """Leave tensors unread, so that types newer than the package and files cut behind the metadata do no harm."""


def _check_size(size: int, most: int, unit: str) -> None:
    if size > most:
        raise ValueError(f"{size:,} {unit}; {most:,} are read at most")

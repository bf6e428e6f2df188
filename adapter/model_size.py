"""The size of a model in billions of parameters: from its name, from a server's answers, from a GGUF file (behaviour 5.13)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

# `0.5B`, `135M`, `8x7B`, `A3B` (active parameters of a mixture), `E2B` (effective parameters).
_SIZE = re.compile(
    r"(?<![A-Za-z0-9.])(?P<kind>[AaEe])?(?:(?P<times>\d{1,3})[xX])?(?P<number>\d{1,4}(?:[._]\d{1,3})?)\s?(?P<unit>[bBmMtT])(?![A-Za-z0-9])"
)
_UNITS = {"m": 1e-3, "b": 1.0, "t": 1e3}
SMALL = 2.0  # billions: up to here `profile="auto"` chooses "small"
TINY = 0.3  # billions: below, no way was found reliable with more than two tools
_TEXTS = ("root", "parent", "model_path", "model_alias", "model", "path", "name")


class ModelSize(NamedTuple):
    """The size of a model.

    Attributes:
        billions: Parameters, in billions; of a mixture all of them where they are told.
        source: The place where the size stands, in words.
    """

    billions: float
    source: str


def size_in_name(name: str, source: str = "its name") -> ModelSize | None:
    """Return the size in a model's name or file name; None for a name without one."""
    found = [(match["kind"] or "", _billions(match)) for match in _SIZE.finditer(name)]
    whole = [size for kind, size in found if kind not in {"a", "A"}] or [size for _, size in found]
    return ModelSize(whole[0], source) if whole and whole[0] > 0 else None


def _billions(match: re.Match[str]) -> float:
    number = float(match["number"].replace("_", "."))
    return number * int(match["times"] or 1) * _UNITS[match["unit"].lower()]


def size_in_models(answer: Any, model: str) -> ModelSize | None:
    """Return the size in an answer to `/v1/models`: of the model asked for, or of the only model.

    Args:
        answer: The decoded answer.
        model: The name in the request.
    """
    listed = answer.get("data") or answer.get("models") if isinstance(answer, Mapping) else None
    models = [item for item in listed if isinstance(item, Mapping)] if isinstance(listed, list) else []
    named = [item for item in models if model and model in {item.get("id"), item.get("model"), item.get("name")}]
    for item in named or (models if len(models) == 1 else []):
        found = _size_of(item, "/v1/models")
        if found is not None:
            return found
    return None


def size_in_props(answer: Any) -> ModelSize | None:
    """Return the size in an answer to llama.cpp's `/props`: in the path or the alias of its model."""
    return _size_of(answer, "/props") if isinstance(answer, Mapping) else None


def size_in_gguf(read: Any) -> ModelSize | None:
    """Return the size in the metadata of a GGUF file; `read` returns the value of a key, None for a missing key."""
    count = _count(read("general.parameter_count"))
    texts = (read(key) for key in ("general.size_label", "general.name", "general.basename"))
    named = (size_in_name(text, "its GGUF file") for text in texts if isinstance(text, str))
    return ModelSize(count, "its GGUF file") if count else next(filter(None, named), None)


def _size_of(item: Mapping[str, Any], source: str) -> ModelSize | None:
    inner = [item, *(item[key] for key in ("meta", "details") if isinstance(item.get(key), Mapping))]
    for part in inner:
        count = _count(part.get("n_params")) or _count(part.get("parameter_count"))
        if count:
            return ModelSize(count, source)
    return next((found for text in _texts(inner) if (found := size_in_name(text, source)) is not None), None)


def _texts(parts: list[Mapping[str, Any]]) -> Iterator[str]:
    for part in parts:
        yield from (part[key] for key in ("parameter_size", *_TEXTS, "id") if isinstance(part.get(key), str))


def _count(value: Any) -> float:
    """Billions of a count of parameters; 0 for any other value."""
    return value / 1e9 if isinstance(value, int | float) and not isinstance(value, bool) and value >= 1e6 else 0.0

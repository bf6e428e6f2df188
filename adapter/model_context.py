"""The context length of a model, in tokens, as servers tell it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_IN_MODELS = ("max_model_len", "max_context_length", "context_length", "context_window", "max_seq_len")
_IN_META = ("n_ctx", "n_ctx_train")  # of llama.cpp


def first_count(values: Any, *keys: str) -> int | None:
    """Return the first positive whole number among the values of the keys; None for none, and for values that are no object."""
    found = (values.get(key) for key in keys) if isinstance(values, Mapping) else ()
    return next((value for value in found if isinstance(value, int) and not isinstance(value, bool) and value > 0), None)


def context_in_entry(entry: Mapping[str, Any]) -> int | None:
    """Return the context length in an entry of `/v1/models`; None where it is not told."""
    return first_count(entry, *_IN_MODELS) or first_count(entry.get("meta"), *_IN_META)


def context_in_props(answer: Any) -> int | None:
    """Return the context length in an answer to llama.cpp's `/props`; None where it is not told."""
    return first_count(answer.get("default_generation_settings"), "n_ctx") if isinstance(answer, Mapping) else None

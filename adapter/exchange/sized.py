"""The profile by the size of the model, and the questions to a server whose model's name tells no size (behaviour 5.13)."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, NamedTuple

from adapter.errors import UpstreamFailed
from adapter.exchange.protocol import MODELS, PROPS, Command, UpstreamRequest
from adapter.model_size import SMALL, TINY, size_in_models, size_in_name, size_in_props
from adapter.options import AUTO_PROFILE, PROFILES
from adapter.text.wire_json import read_json

if TYPE_CHECKING:
    from collections.abc import Generator

    from adapter.exchange.learnt import Learnt
    from adapter.model_size import ModelSize
    from adapter.options import Options
    from adapter.prompt.chat_template import ChatTemplate

_MOST_BYTES = 4 << 20
_FEW_TOOLS = 2


class Sized(NamedTuple):
    """Options for a model of a size.

    Attributes:
        options: The options, with the profile chosen.
        reason: The choice, in a sentence; empty where nothing was to be chosen.
    """

    options: Options
    reason: str = ""


def known_size(model: str, template: ChatTemplate | None) -> ModelSize | None:
    """Return the size that needs no question: in the model's name, or in the GGUF file of the chat template."""
    return size_in_name(model) or (None if template is None else template.size)


def sized(options: Options, size: ModelSize | None, model: str) -> Sized:
    """Choose the profile, where the options leave the choice to the size."""
    if options.profile != AUTO_PROFILE:
        return Sized(options)
    if size is None:
        return Sized(
            _with(options, None), f"no profile, as the size of the model {model!r} is unknown; profile='small' sets one"
        )
    told = f"as the model {model!r} has {size.billions:.3g} billion parameters (from {size.source})"
    if size.billions > SMALL:
        return Sized(_with(options, None), f"no profile, {told}")
    return Sized(_with(options, "small"), f"profile 'small', {told}")


def _with(options: Options, profile: Any) -> Options:
    """The options with a profile; those that the caller left open get the profile's values."""
    return dataclasses.replace(options, profile=profile)


def warn_of_size(size: ModelSize | None, tools: int, options: Options, learnt: Learnt) -> None:
    """Tell about a model that no way is known to make reliable: tiny, under a profile, with more than two tools."""
    if options.profile in PROFILES and size is not None and size.billions < TINY and tools > _FEW_TOOLS:
        message = (
            f"no way was found to have reliable calls of {tools} tools from a model of {size.billions:.2g} billion parameters: "
            f"offer at most {_FEW_TOOLS}, or use a model of half a billion or more"
        )
        learnt.once("too_small", message)


def asked_size(model: str, server: str) -> Generator[Command, Any, ModelSize | None]:
    """Ask a server for the size of its model: `/v1/models`, and `/props` of llama.cpp; a server need not know the answer.

    Args:
        model: The name in the request.
        server: The kind of the server.
    """
    found = size_in_models((yield from _asked(MODELS)), model)
    if found is None and server in {"llama.cpp", "generic"}:
        found = size_in_props((yield from _asked(PROPS)))
    return found


def _asked(endpoint: str) -> Generator[Command, Any, Any]:
    """Return the decoded answer to a question; None for an answer that is no JSON."""
    try:
        reply = yield UpstreamRequest({}, endpoint=endpoint, most=_MOST_BYTES, method="GET")
        return read_json(reply.body) if reply.status == 200 else None
    except (ValueError, UpstreamFailed):
        return None

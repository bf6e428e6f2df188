"""The options that the page may set, and the options of a request of the page."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from adapter.dialects.registry import names
from adapter.errors import BadRequest
from adapter.option_keywords import CHOICES
from adapter.options import make_options

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapter.gateway.config import Config
    from adapter.options import Options

NOTHING = "none"  # the page's word for None


def choices() -> dict[str, list[str]]:
    """Return the words of each option. Paths of templates are not among them: the page cannot have files read."""
    return {
        "dialect": ["auto", *sorted(names())],
        "enforce": [str(word) for word in CHOICES["enforce"]],
        "profile": [NOTHING, "small", "auto"],
        "native": [str(word) for word in CHOICES["native"]],
        "examples": [NOTHING, "auto"],
        "server": [str(word) for word in CHOICES["server"]],
    }


def options_of(config: Config, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the gateway's options for the model of a request of the page, with those that the page sets.

    Args:
        config: The gateway's configuration.
        body: A request of the page: `request` names the model, `options` are the page's choices.

    Raises:
        BadRequest: The page sets an unknown option, or a value that is not among the words.
    """
    given = body.get("options") or {}
    if not isinstance(given, dict):
        raise BadRequest("options: send an object of option names and words.", param="options")
    allowed, chosen = choices(), {}
    for name, value in given.items():
        if value not in allowed.get(name, ()):
            known = ", ".join(allowed.get(name, allowed))
            raise BadRequest(f"options.{name} {value!r} cannot be set here; use one of {known}.", param=f"options.{name}")
        chosen[name] = None if value == NOTHING else value
    return {**own_options(config, model_of(body)), **chosen}


def own_options(config: Config, model: str) -> dict[str, Any]:
    """Return the gateway's options for a model, without the store."""
    found = next((rule.options for rule in config.models if fnmatchcase(model, rule.pattern)), config.options)
    return {name: value for name, value in found.items() if name != "store"}


def model_of(body: Mapping[str, Any]) -> str:
    """Return the model's name in a request of the page; empty without a name."""
    return str(request_in(body).get("model") or "")


def request_in(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the chat request in a request of the page.

    Raises:
        BadRequest: No object.
    """
    request = body.get("request") or {}
    if not isinstance(request, dict):
        raise BadRequest("request: send a chat request as an object.", param="request")
    return request


def made(options: Mapping[str, Any]) -> Options:
    """Return options as a value.

    Raises:
        BadRequest: The options do not go together.
    """
    try:
        return make_options(dict(options))
    except (TypeError, ValueError) as error:
        raise BadRequest(str(error), param="options") from error

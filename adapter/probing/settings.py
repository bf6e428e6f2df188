"""Options that fit a probed server, and files of options."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapter.enforce.ladder import rung_for
from adapter.errors import ProbeFailed
from adapter.model_size import SMALL
from adapter.options import make_options
from adapter.servers import SERVERS
from adapter.text.wire_json import read_json

if TYPE_CHECKING:
    from os import PathLike

    from adapter.probing.facts import Fact
    from adapter.probing.session import Session
    from adapter.servers import Rung

# The fact that proves a rung. A grammar is proved by either form.
_PROOFS: dict[str, tuple[str, ...]] = {
    "prefill": ("prefill",),
    "json_schema": ("json_schema",),
    "grammar": ("grammar", "structural_tags"),
}


def fitting(session: Session, dialect: str) -> dict[str, Any]:
    """Return the options for `adapter.wrap`.

    Args:
        session: A probe that has asked all questions.
        dialect: The dialect chosen.
    """
    facts, server = session.facts, session.server
    options: dict[str, Any] = {"dialect": dialect}
    if server != "generic":
        options["server"] = server
    size = session.identity.size
    small = size is not None and size.billions <= SMALL
    if facts["calls"].answer == "yes" and not small:  # what helps a small model, helps in words
        options["native"] = "auto"
    rung = _strongest(facts, SERVERS[server].rungs if server != "generic" else ("prompt", "prefill", "json_schema"))
    if rung != "prompt":
        options["enforce"] = "auto" if server != "generic" and rung == rung_for("auto", SERVERS[server]) else rung
    if small:
        options["profile"] = "small"
        if server == "generic" or rung == "prompt":  # the profile's `auto` would take a rung that was not proved
            options["enforce"] = rung
    if facts["images"].answer == "no":
        options["media"] = "drop"
    make_options(options)  # a line that `wrap` would refuse is a fault of the probe's
    return options


def _strongest(facts: dict[str, Fact], rungs: tuple[Rung, ...]) -> Rung:
    """Return the strongest rung that was proved."""
    proved = [rung for rung in rungs if any(facts[name].answer == "yes" for name in _PROOFS.get(rung, ()))]
    return proved[-1] if proved else "prompt"


def load_settings(file: str | PathLike[str]) -> dict[str, Any]:
    """Return the options in a file that `adapter probe --save` wrote, for `adapter.wrap(client, **options)`.

    Args:
        file: The path.

    Raises:
        ProbeFailed: The file cannot be read, is not JSON, or has no options.
        TypeError: An option is unknown, or a value has the wrong type.
        ValueError: A value is not allowed.
    """
    try:
        saved = read_json(Path(file).read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ProbeFailed(f"{file}: {error.strerror or error}; `adapter probe --save FILE` writes a file") from error
    except ValueError as error:
        raise ProbeFailed(f"{file}: not JSON: {error}; `adapter probe --save FILE` writes a file") from error
    found = saved.get("settings") if isinstance(saved, dict) else None
    if not isinstance(found, dict):
        raise ProbeFailed(f"{file}: no object 'settings'; `adapter probe --save FILE` writes a file")
    make_options(found)
    return found

"""The upstreams of a configuration: the one of the flags, and the tables `[upstreams.NAME]`."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from adapter.gateway.config import BadConfig, Upstream
from adapter.gateway.settings import OF_UPSTREAMS
from adapter.gateway.values import checked, lines_of_keys

if TYPE_CHECKING:
    from collections.abc import Mapping
    from urllib.parse import SplitResult

FIRST = "default"  # the name of the upstream that `upstream` names
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")  # stands in a header and in metrics
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]{0,63}")


def read_upstreams(
    own: Mapping[str, Any], tables: Mapping[str, Mapping[str, Any]], source: str, environment: Mapping[str, str]
) -> tuple[Upstream, ...]:
    """Return the upstreams in the order in which they are asked: the one of `upstream` first.

    Args:
        own: The gateway's own settings.
        tables: The tables `[upstreams.NAME]` of the file.
        source: The file, for messages.
        environment: The variables of the process.

    Raises:
        BadConfig: There is no upstream, or a setting cannot be used.
    """
    found = []
    if own["upstream"] or not tables:
        found.append(
            Upstream(
                url=_base(own["upstream"], "upstream"),
                key=_key(own, "upstream_key_env", "upstream_key_file", "", environment),
                timeout=_above(own["upstream_timeout"], "upstream_timeout"),
                name=FIRST,
                first_byte=_above(own["upstream_first_byte"], "upstream_first_byte"),
                caller_key=not tables,  # callers mean their keys for one server, not for several
            )
        )
    elif own["upstream_key_env"] or own["upstream_key_file"]:
        raise BadConfig("upstream_key_env and upstream_key_file belong to 'upstream'; write key_env into [upstreams.NAME]")
    several = len(found) + len(tables) > 1
    for name, table in tables.items():
        read = _read(name, table, own, source, environment)
        alone = not several and not read.key and "caller_key" not in table
        found.append(dataclasses.replace(read, caller_key=True) if alone else read)
    return tuple(found)


def _read(name: str, table: Mapping[str, Any], own: Mapping[str, Any], source: str, environment: Mapping[str, str]) -> Upstream:
    place = f"{source}: upstreams.{name}"
    if not _NAME.fullmatch(name) or (name == FIRST and own["upstream"]):
        hint = "that is the name of the server under 'upstream'" if name == FIRST else "use letters, digits, '-', '_' and '.'"
        raise BadConfig(f"{place}: {name!r} cannot be the name of an upstream: {hint}")
    said = checked(table, OF_UPSTREAMS, f"{place}.")
    asked = {key: said.get(key, setting.default) for key, setting in OF_UPSTREAMS.items()}
    key = _key(asked, "key_env", "key_file", f"{place}.", environment)
    if key and asked["caller_key"]:
        raise BadConfig(f"{place}.caller_key: the server has a key of its own; give one of them")
    if not asked["models"]:
        raise BadConfig(f"{place}.models: an empty list: no request would go to this upstream; leave it out for all models")
    timeout, first_byte = said.get("timeout", own["upstream_timeout"]), said.get("first_byte", own["upstream_first_byte"])
    return Upstream(
        url=_base(asked["url"], f"{place}.url"),
        key=key,
        timeout=_above(timeout, f"{place}.timeout"),
        name=name,
        first_byte=_above(first_byte, f"{place}.first_byte"),
        models=tuple(asked["models"]),
        model=asked["model"],
        caller_key=asked["caller_key"],
    )


def _above(seconds: Any, place: str) -> Any:
    if seconds is not None and not seconds > 0:
        raise BadConfig(f"{place} {seconds}: give a number above 0")
    return seconds


def _base(url: str, place: str) -> str:
    """Return the base of upstream's API; an address without a path gets `/v1`."""
    if not url:
        fix = "give --upstream http://host:port/v1" if place == "upstream" else 'write url = "http://host:port/v1"'
        raise BadConfig(f"{place}: no server is named; {fix}")
    parts = _parts(url)
    if parts is None:
        shown = url.rpartition("@")[2].partition("?")[0]
        raise BadConfig(f"{place} {shown!r}: write http://host:port/v1, or https://…")
    if parts.username is not None or parts.password is not None:
        fix = "--upstream-key-env VAR" if place == "upstream" else "key_env"
        raise BadConfig(f"{place}: an address with a password in it would stand in logs; use {fix}")
    if parts.query or parts.fragment:
        raise BadConfig(f"{place} {url.partition('?')[0].partition('#')[0]!r}: the base of an API has no query and no fragment")
    base = url.rstrip("/")
    return base if parts.path.strip("/") else f"{base}/v1"


def _parts(url: str) -> SplitResult | None:
    """Return the parts of an address; None for a text that is no address of HTTP."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return None
    return parts if usable else None


def _key(said: Mapping[str, Any], variable: str, file: str, place: str, environment: Mapping[str, str]) -> str:
    """Return the key for a server, out of a variable or a file; empty without either.

    Args:
        said: The settings.
        variable: The setting that names the variable.
        file: The setting that names the file.
        place: The table of the settings, for messages.
        environment: The variables of the process.
    """
    if said[variable] and said[file]:
        raise BadConfig(f"{place}{variable} and {file}: give one of them")
    if said[variable]:
        key = environment.get(said[variable], "")
        if not key:
            shown = f" {said[variable]}" if _is_variable(said[variable]) else ""
            raise BadConfig(f"{place}{variable}{shown}: no such variable is set; give its name, not the key")
        return key
    keys = lines_of_keys(said[file], f"{place}{file}") if said[file] else [""]
    if len(keys) != 1:
        raise BadConfig(f"{place}{file} {said[file]}: {len(keys)} lines; there is one key for upstream")
    return keys[0]


def _is_variable(text: str) -> bool:
    """Return True for a name as variables have: a key in the wrong place is not shown."""
    return _VARIABLE.fullmatch(text) is not None and ("_" in text or text.isalpha())

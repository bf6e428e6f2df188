"""Flags, environment and `adapter.toml` read as a configuration; each value is checked, and unknown names are errors."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapter.gateway.config import BadConfig, Config, ModelRule
from adapter.gateway.config_upstreams import read_upstreams
from adapter.gateway.settings import ALL, FOR_AGENTS, OPTIONS, OWN, PREFIX
from adapter.gateway.values import checked, from_text, is_loopback, lines_of_keys, table_in, unknown
from adapter.store.redis_store import RedisStore, is_redis

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from adapter.gateway.config import Upstream

FILE = "adapter.toml"
_TABLES = ("options", "models", "upstreams")
_OF_RULES = ("probe", "model", "upstreams")


def read_config(flags: Mapping[str, Any], environment: Mapping[str, str], file: str | None) -> Config:
    """Return the configuration. What flags say holds before the environment, the environment before the file.

    Args:
        flags: The values of flags, by `Setting.flags`; strings, lists of strings and booleans.
        environment: The variables of the process.
        file: The file of settings; None for `adapter.toml` in the working directory, if any.

    Raises:
        BadConfig: A setting is unknown or cannot be used.
    """
    source = file if file is not None else (FILE if Path(FILE).is_file() else "")
    said = _table(source) if source else {}
    above = {**_of_environment(environment), **_of_flags(flags)}
    own = {name: above.get((name, False), said.get(name, setting.default)) for name, setting in OWN.items()}
    over = {name: value for (name, option), value in above.items() if option}
    base = {**FOR_AGENTS, **said["options"]} if source else dict(FOR_AGENTS)
    options = {**base, **over}
    store = str(options.pop("store", "memory") or "none")
    upstreams = read_upstreams(own, said.get("upstreams", {}), source, environment)
    names = [upstream.name for upstream in upstreams]
    rules = tuple(_rule(pattern, table, base, over, source, names) for pattern, table in said.get("models", {}).items())
    _check_options(options, source)
    return _config(own, options, rules, store, source, upstreams)


def _config(
    own: dict[str, Any],
    options: dict[str, Any],
    rules: tuple[ModelRule, ...],
    store: str,
    source: str,
    upstreams: tuple[Upstream, ...],
) -> Config:
    keys = _keys(own["api_key_file"])
    check_door(own["host"], keys=bool(keys), no_auth=own["no_auth"])
    if bool(own["tls_cert"]) != bool(own["tls_key"]):
        raise BadConfig("tls_cert and tls_key belong together: give both, or neither")
    if not 0 <= own["port"] < 1 << 16:
        raise BadConfig(f"port {own['port']}: give a number from 0 to 65535")
    for name in ("max_body", "header_timeout", "body_timeout", "idle_timeout", "circuit_failures", "record_limit"):
        if not own[name] > 0:
            raise BadConfig(f"{name} {own[name]}: give a number above 0")
    for name in ("upstream_retries", "upstream_wait", "circuit_rest", "stop_timeout"):
        if own[name] < 0:
            raise BadConfig(f"{name} {own[name]}: give a number from 0 up")
    _check_store(store, own["workers"])
    return Config(
        upstream=upstreams[0],
        others=upstreams[1:],
        retries=own["upstream_retries"],
        wait=own["upstream_wait"],
        options=options,
        models=rules,
        model=own["model"],
        store=store,
        keys=keys,
        hosts=frozenset(name.lower() for name in own["allow_host"]),
        origins=frozenset(origin.rstrip("/").lower() for origin in own["allow_origin"]),
        tls=(own["tls_cert"], own["tls_key"]) if own["tls_cert"] else None,
        playground=not own["no_playground"],
        source=source,
        **{
            name: own[name]
            for name in ("host", "no_auth", "port", "max_body", "header_timeout", "body_timeout", "idle_timeout")
        },
        **{name: own[name] for name in ("log_json", "metrics", "record", "record_limit")},
        **{name: own[name] for name in ("stop_timeout", "workers", "ollama", "log_level", "circuit_failures", "circuit_rest")},
    )


def _of_flags(flags: Mapping[str, Any]) -> dict[tuple[str, bool], Any]:
    found: dict[tuple[str, bool], Any] = {}
    for setting in ALL:
        value = flags.get(setting.flags)
        if value is not None:
            found[setting.name, setting.option] = from_text(setting, value, setting.flags)
    return found


def _of_environment(environment: Mapping[str, str]) -> dict[tuple[str, bool], Any]:
    known = {setting.variable: setting for setting in ALL}
    found: dict[tuple[str, bool], Any] = {}
    for variable, text in environment.items():
        if not variable.startswith(PREFIX):
            continue
        if variable not in known:
            raise BadConfig(f"{variable}: {unknown(variable, known)}")
        setting = known[variable]
        found[setting.name, setting.option] = from_text(setting, text, variable)
    return found


def _table(file: str) -> dict[str, Any]:
    """Return the settings of a file: the gateway's own, `options` and `models`."""
    try:
        said = tomllib.loads(Path(file).read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise BadConfig(f"{file}: {error.strerror or error}; --config names a TOML file") from error
    except ValueError as error:
        raise BadConfig(f"{file}: not TOML: {error}") from error
    except RecursionError:
        raise BadConfig(f"{file}: lists or tables are nested too deeply") from None
    own = {name: value for name, value in said.items() if name not in _TABLES}
    if isinstance(said.get("upstream"), dict):
        raise BadConfig(f'{file}: [upstream] is no table: write [upstreams.NAME], with url = "http://host:port/v1"')
    for name, value in own.items():
        if name not in OWN and isinstance(value, dict):
            raise BadConfig(f"{file}: [{name}]: {unknown(name, _TABLES, 'table')}")
    options, models, upstreams = (table_in(said, name, file) for name in _TABLES)
    return {
        **checked(own, OWN, f"{file}: ", dict.fromkeys(OPTIONS, "it is an option: write it under [options]")),
        "options": checked(
            options, OPTIONS, f"{file}: options.", dict.fromkeys(OWN, "it is the gateway's: write it above the tables")
        ),
        "models": {pattern: table_in(models, pattern, f"{file}: models") for pattern in models},
        "upstreams": {name: table_in(upstreams, name, f"{file}: upstreams") for name in upstreams},
    }


def _rule(
    pattern: str,
    table: Mapping[str, Any],
    base: Mapping[str, Any],
    over: Mapping[str, Any],
    source: str,
    upstreams: Sequence[str],
) -> ModelRule:
    """Return the rule for the models of a pattern: the file of a probe, and options beside it."""
    place = f"{source}: models.{pattern!r}."
    own = {name: value for name, value in table.items() if name not in _OF_RULES}
    if "store" in own:
        raise BadConfig(f"{place}store: all models share one store: write it under [options]")
    if isinstance(own.get("upstream"), list):
        raise BadConfig(f"{place}upstream: a list of names is 'upstreams'; the option 'upstream' is chat or completions")
    given = checked(own, {**OPTIONS, **dict.fromkeys(_OF_RULES)}, place)
    for name in ("probe", "model"):
        if not isinstance(table.get(name, ""), str):
            raise BadConfig(f"{place}{name}: {table[name]!r} is no text")
    asked = table.get("upstreams", [])
    if not isinstance(asked, list):
        raise BadConfig(f"{place}upstreams: {asked!r} is no list; give names of upstreams, in their order")
    for name in asked:
        if name not in upstreams:
            raise BadConfig(f"{place}upstreams: {name!r}: {unknown(str(name), upstreams, 'upstream')}")
    options = {**base, **_probed(table.get("probe", ""), source, place), **given, **over}
    options.pop("store", None)
    _check_options(options, f"{source}: models.{pattern!r}")
    return ModelRule(pattern=pattern, options=options, model=table.get("model", ""), upstreams=tuple(asked))


def _probed(file: str, source: str, place: str) -> dict[str, Any]:
    """Return the options that `adapter probe --save` wrote; a path is meant from the folder of the file of settings."""
    if not file:
        return {}
    from adapter.errors import AdapterError
    from adapter.probing.settings import load_settings

    try:
        return load_settings(Path(source).parent / file)
    except (AdapterError, TypeError, ValueError) as error:
        raise BadConfig(f"{place}probe: {error}") from error


def _check_options(options: Mapping[str, Any], place: str) -> None:
    from adapter.errors import AdapterError
    from adapter.exchange import opener
    from adapter.options import make_options

    try:
        opener(make_options({name: value for name, value in options.items() if name != "store"}), lambda _: None, lambda: 0.0)
    except (AdapterError, TypeError, ValueError) as error:
        raise BadConfig(f"{place + ': ' if place else ''}{error}") from error


def _keys(file: str) -> frozenset[str]:
    if not file:
        return frozenset()
    keys = frozenset(lines_of_keys(file, "api_key_file"))
    if not keys:
        raise BadConfig(f"api_key_file {file}: no key in it; write one a line")
    return keys


def _check_store(store: str, workers: int) -> None:
    """Refuse a store that several workers do not share, and a server of a store that cannot be meant."""
    if workers < 1:
        raise BadConfig(f"workers {workers}: give a number from 1 up")
    if workers > 1 and store == "memory":
        raise BadConfig(
            f"workers {workers} with store 'memory': a response kept by one would be unknown to the others. Give --store with "
            "a path, redis://host:6379/0, or none"
        )
    if not is_redis(store):
        return
    try:
        RedisStore(store).close()
    except ImportError:
        raise BadConfig(
            "store: the package redis is not installed; pip install '.[redis]' in the project's folder brings it"
        ) from None
    except ValueError as error:
        raise BadConfig(f"store: {error}") from None


def check_door(host: str, *, keys: bool, no_auth: bool, place: str = "") -> None:
    """Refuse an address that others reach, if there are no keys.

    Args:
        host: The address that is listened on.
        keys: There are keys.
        no_auth: The settings say that none are needed.
        place: Words behind the address, for the message.

    Raises:
        BadConfig: Everybody could use the gateway.
    """
    if not keys and not no_auth and not is_loopback(host):
        raise BadConfig(
            f"host {host!r}{place}: everybody who reaches this address could use the gateway. Give --api-key-file FILE, or say "
            "--no-auth"
        )


def process_environment() -> Mapping[str, str]:
    """Return the variables of the process."""
    return os.environ

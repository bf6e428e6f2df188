"""adapter serve: Give every program an endpoint with tool calling, over a server that only writes text."""

from __future__ import annotations

import argparse
import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapter.cli.console import BadInput, Console
from adapter.cli.option_flags import choice
from adapter.gateway.settings import ALL

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapter.gateway.config import Config
    from adapter.gateway.settings import Setting


def add(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("--config", metavar="FILE", help="a file of settings (adapter.toml, where there is one)")
    parser.add_argument("--check", action="store_true", help="check the settings and ask upstream, and serve nothing")
    own = parser.add_argument_group("the gateway")
    options = parser.add_argument_group("options of the library, for all models")
    for setting in ALL:
        _add(options if setting.option else own, setting)


def _add(group: Any, setting: Setting) -> None:
    words = ",".join(setting.words)
    told = choice(setting.words, setting.help) if setting.words else {"help": setting.help}
    help_ = told["help"].replace("%", "%%")
    if setting.kind == "flag" and not setting.option:
        group.add_argument(setting.flags, dest=setting.flags, action="store_true", default=None, help=help_)
    elif setting.kind == "flag":
        group.add_argument(setting.flags, dest=setting.flags, action=argparse.BooleanOptionalAction, default=None, help=help_)
    elif setting.kind == "list":
        group.add_argument(setting.flags, dest=setting.flags, action="append", metavar="NAME", default=None, help=help_)
    else:
        kind = {"text": "X", "whole": "N", "number": "S"}[setting.kind]
        metavar = told.get("metavar") or (f"{{{words}}}" if words else kind)
        group.add_argument(setting.flags, dest=setting.flags, metavar=metavar, default=None, help=help_)


def run(args: argparse.Namespace, console: Console) -> int:
    """Serve until a signal comes."""
    import sqlite3

    from adapter.gateway.config import BadConfig
    from adapter.gateway.config_reading import FILE, process_environment, read_config

    try:
        # A function that can be sent to the workers' processes.
        flags = {setting.flags: getattr(args, setting.flags) for setting in ALL}
        read = functools.partial(read_config, flags, dict(process_environment()), args.config)
        config = read()
        try:
            return _check(config, console) if args.check else _serve(config, console, read)
        except sqlite3.Error as error:
            message = f"store {config.store!r}: {error}; give memory, none, or the path of an SQLite file"
            raise BadInput(message) from error
    except BadConfig as error:
        if args.config or Path(FILE).exists():
            console.wording = str  # a value in TOML is written as in Python
        raise BadInput(str(error)) from error
    except ImportError as error:
        if error.name not in {"aiohttp", "prometheus_client", "starlette", "uvicorn", "yarl"}:
            raise
        raise BadInput(
            f"{error.name} is not installed; pip install '.[serve]' in the project's folder brings what a gateway needs"
        ) from None


def _serve(config: Config, console: Console, reread: Callable[[], Config]) -> int:
    from adapter.gateway.server import Gateway, log_to_stderr
    from adapter.gateway.service import LOG, fault_of_store

    def ready(url: str) -> None:
        over = ", ".join(upstream.shown for upstream in config.upstreams)
        console.line(f"Serving {url} over {over}" + (f", settings of {config.source}" if config.source else ""))
        console.out.flush()

    def log(now: Config) -> None:
        log_to_stderr(now.log_level, as_json=config.log_json)

    log(config)
    if fault := fault_of_store(config.store):
        LOG.warning("the store is away, and responses are not kept until it answers: %s", fault)
    if config.workers > 1:
        from adapter.gateway.workers import Workers

        return Workers(config, ready, reread).run()
    return Gateway(config, ready, reread, log).run()


def _check(config: Config, console: Console) -> int:
    """Print the settings, and ask each upstream for its models. Returns 1 for an upstream that does not answer."""
    from adapter.gateway.checking import check_upstreams

    console.line(f"settings   {config.source or 'of the command line and the environment'}")
    console.line(f"listens    {config.host}, port {config.port}, {_doors(config)}")
    console.line(f"models     {', '.join([*(rule.pattern for rule in config.models), '*'])}")
    console.line(f"options    {', '.join(f'{name}={value!r}' for name, value in config.options.items())}")
    answered, lines = check_upstreams(config)
    for name, said in lines:
        console.line(f"{name:<10} {said}")
    return 0 if answered else 1


def _doors(config: Config) -> str:
    return f"{len(config.keys)} keys" if config.keys else "no keys"

"""The servers of a run: those of the arms, recorded answers, or the demo's small model."""

from __future__ import annotations

import json
import os
import threading
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapter.cli.console import BadInput, Console
from adapter.evaluation.arms import BadArm
from adapter.evaluation.only_model import only_model as found_model

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Sequence

    from openai import OpenAI

    from adapter.evaluation.arms import Arm
    from adapter.records import ExchangeRecord


@dataclass(frozen=True, slots=True)
class Servers:
    """The servers of a run.

    Attributes:
        arms: The arms by name, each with the name of its model.
        clients: An openai client for each arm.
        heard: Takes each record, for the file of `--record`; None without the flag.
        embedded: The demo's model answers, one case after the other.
        unwritten: The first error of writing a record; empty as long as all are written.
    """

    arms: dict[str, Arm]
    clients: dict[str, OpenAI]
    heard: Callable[[ExchangeRecord], object] | None
    embedded: bool
    unwritten: list[OSError]


@contextmanager
def servers(args: argparse.Namespace, arms: Sequence[Arm], console: Console, *, going_on: bool = False) -> Iterator[Servers]:
    """Reach the servers of all arms.

    Args:
        args: The command's arguments.
        arms: The arms.
        console: The streams.
        going_on: The run goes on where one ended: records are added to those in the file.

    Raises:
        BadInput: A server or its model cannot be used, or a file of records cannot be read or written.
    """
    with ExitStack() as stack:
        replayed = _replayed(args.replay, stack) if args.replay else ""
        local = None if replayed or all(arm.base_url for arm in arms) else _embedded(args, console, stack)
        found, clients = {}, {}
        for arm in arms:
            url, key, model = _place(arm, replayed, local)
            clients[arm.name] = stack.enter_context(_client(url, key, arm))
            found[arm.name] = replace(arm, model=model or only_model(clients[arm.name], url))
        unwritten: list[OSError] = []
        heard = _recorder(args.record, stack, unwritten, going_on=going_on) if args.record else None
        yield Servers(found, clients, heard, local is not None, unwritten)


def _place(arm: Arm, replayed: str, local: tuple[str, str, str] | None) -> tuple[str, str, str]:
    """Return the URL, the key and the model's name of an arm; an empty name to ask the server."""
    from adapter.cli.probe import check_address

    if replayed:
        return replayed, "none", arm.model
    if local is not None and not arm.base_url:
        return local[0], local[1], arm.model or local[2]
    check_address(arm.base_url)
    if not arm.api_key_env:
        return arm.base_url, "none", arm.model
    key = os.environ.get(arm.api_key_env, "")
    if not key:
        raise BadInput(f"--api-key-env {arm.api_key_env}: no such variable is set; give the variable's name, not the key")
    return arm.base_url, key, arm.model


def _client(url: str, key: str, arm: Arm) -> OpenAI:
    from openai import OpenAI

    return OpenAI(base_url=url, api_key=key, timeout=arm.timeout)


def only_model(client: OpenAI, url: str) -> str:
    """Return the name of a server's only model.

    Raises:
        BadInput: The server does not answer, or has no model or several.
    """
    try:
        return found_model(client, url)
    except BadArm as error:
        raise BadInput(str(error)) from error


def _replayed(file: str, stack: ExitStack) -> str:
    """Serve recorded answers. Returns the URL."""
    from adapter.replaying import Replay

    try:
        return stack.enter_context(Replay(file)).url
    except OSError as error:
        raise BadInput(f"--replay {file}: {error.strerror}; give the file that --record wrote") from error
    except ValueError as error:
        raise BadInput(f"--replay {error}") from error


def _embedded(args: argparse.Namespace, console: Console, stack: ExitStack) -> tuple[str, str, str]:
    """Start the demo's model. Returns the URL, the key and the model's name."""
    from adapter.demo import DemoUnavailable
    from adapter.demo.engine import serve
    from adapter.demo.weights import find_weights

    try:
        weights = find_weights(download=not args.no_download, note=lambda text: console.error(f"adapter eval: {text}"))
        engine = stack.enter_context(serve(weights))
    except DemoUnavailable as error:
        raise BadInput(str(error)) from error
    console.error(f"adapter eval: no --base-url, so the demo's small model answers: {weights.stem}")
    return engine.base_url, engine.api_key, weights.stem


def _recorder(name: str, stack: ExitStack, unwritten: list[OSError], *, going_on: bool) -> Callable[[ExchangeRecord], object]:
    """Open a file of records, which only the user can read: prompts are in it."""
    from adapter.records import as_object

    before = Path(name).read_bytes() if going_on and Path(name).is_file() else b""
    opened: Any = stack.enter_context(
        os.fdopen(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab", buffering=0)
    )
    if Path(name).is_file():
        opened.truncate(before.rfind(b"\n") + 1)  # a part of a line at the end of a broken run is cut off
    lock = threading.Lock()

    def write(record: ExchangeRecord) -> None:
        if unwritten:  # the run ends now
            return
        line = json.dumps(as_object(record), ensure_ascii=False).encode("utf-8", "replace")
        try:
            with lock:
                left = memoryview(line + b"\n")
                while left:
                    left = left[opened.write(left) :]
        except OSError as error:  # a listener of exchanges has nobody to raise for: the run looks here
            unwritten.append(error)

    return write

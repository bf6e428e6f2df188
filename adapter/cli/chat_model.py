"""The model of `adapter chat`: of a server, or the demo's small model on this machine."""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from adapter.cli.console import BadInput, Console
from adapter.cli.option_flags import PROMPT, REQUEST, given_values

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Model:
    """A model that can be asked.

    Attributes:
        client: An openai client, not wrapped.
        name: The model's name.
        place: The server's address, for people.
        options: Options of `adapter.wrap`.
        embedded: The model runs here.
    """

    client: Any
    name: str
    place: str
    options: dict[str, Any]
    embedded: bool


@contextmanager
def model_of(args: argparse.Namespace, console: Console) -> Iterator[Model]:
    """Reach the server of `--base-url`, or start the model here.

    Raises:
        BadInput: The server or its model cannot be used, or no model can be started.
    """
    options = given_values(args, (*PROMPT, *REQUEST), console)
    with ExitStack() as stack:
        yield _remote(args, options, stack) if args.base_url is not None else _local(args, options, console, stack)


def _remote(args: argparse.Namespace, options: dict[str, Any], stack: ExitStack) -> Model:
    from openai import OpenAI

    from adapter.cli.evaluate_servers import only_model
    from adapter.cli.probe import check_address

    check_address(args.base_url)
    key = os.environ.get(args.api_key_env or "OPENAI_API_KEY", "")
    if args.api_key_env is not None and not key:
        raise BadInput(f"--api-key-env {args.api_key_env}: no such variable is set; give the variable's name, not the key")
    client = stack.enter_context(OpenAI(base_url=args.base_url, api_key=key or "none"))
    quick = client.with_options(max_retries=0)
    if args.model is None:
        return Model(client, only_model(quick, args.base_url), args.base_url, options, embedded=False)
    _check_reached(quick, args.base_url)
    return Model(client, args.model, args.base_url, options, embedded=False)


def _check_reached(client: Any, url: str) -> None:
    """Refuse a server that does not answer at all; one that answers with an error may still have the model."""
    import openai

    try:
        client.models.with_raw_response.list()
    except openai.APIConnectionError as error:
        raise BadInput(f"{url}: no answer ({error.__cause__ or error}); start the server, or check the URL") from error
    except openai.APIError:
        return  # no list of models: the first turn will tell


def _local(args: argparse.Namespace, options: dict[str, Any], console: Console, stack: ExitStack) -> Model:
    from openai import OpenAI

    from adapter.cli.demo import weights_of
    from adapter.demo import DemoUnavailable
    from adapter.demo.engine import serve

    try:
        weights = weights_of(args, lambda text: console.error(f"adapter chat: {text}"))
        engine = stack.enter_context(serve(weights))
    except DemoUnavailable as error:
        raise BadInput(str(error)) from error
    client = stack.enter_context(OpenAI(base_url=engine.base_url, api_key=engine.api_key, max_retries=0, timeout=300))
    small = {"server": "llama.cpp", "profile": "small" if args.model is None else "auto", "temperature": 0.0}
    return Model(client, weights.stem, "this machine", {**small, **options}, embedded=True)

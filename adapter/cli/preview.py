"""adapter preview: Print the exact prompt that the model would see, without calling the model."""

from __future__ import annotations

import argparse
import json
import time
from typing import TYPE_CHECKING, Any

from adapter.cli import preview_notes
from adapter.cli.console import BadInput, Console
from adapter.cli.inputs import as_openai_request, read_tool_file
from adapter.cli.option_flags import PROMPT, REQUEST, add_options, given_options

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapter.exchange import Preview

_OPTIONS = (*PROMPT, *REQUEST)


def add(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("request", nargs="?", metavar="FILE", help="a chat or Responses request as JSON, or - for stdin")
    parser.add_argument("--tools", metavar="FILE", help="a JSON list of tool definitions, instead of a request")
    parser.add_argument("--system", metavar="TEXT", help="the system message that goes with --tools")
    parser.add_argument("--user", metavar="TEXT", help="the user message that goes with --tools")
    parser.add_argument("--json", action="store_true", help="print the whole upstream request as JSON")
    parser.add_argument("--tool-choice", metavar="CHOICE", help="auto, none, required, or the name of a tool")
    parser.add_argument("--parallel", action=argparse.BooleanOptionalAction, help="set parallel_tool_calls")
    parser.add_argument("--model", metavar="NAME", help="the model's name, in place of the request's")
    parser.add_argument(
        "--show-neutralised", action="store_true", help="mark where markup in untrusted text was made harmless, with a ·"
    )
    add_options(parser.add_argument_group("options, as of adapter.wrap"), _OPTIONS)


def run(args: argparse.Namespace, console: Console) -> int:
    """Print the prompt, or the upstream request."""
    from adapter.errors import AdapterError, DialectError
    from adapter.exchange import is_responses, previewed
    from adapter.prompt.neutralise import BREAK

    source, request = _request(args, console)
    if args.tool_choice is not None:
        request["tool_choice"] = _choice(args.tool_choice, flat=is_responses(request))
    if args.parallel is not None:
        request["parallel_tool_calls"] = args.parallel
    if args.model is not None:
        request["model"] = args.model
    options = given_options(args, _OPTIONS, console)
    try:
        found = previewed(request, options, time.time)
    except DialectError as error:
        raise BadInput(" ".join(error.message.split())) from error
    except AdapterError as error:
        where = f"{error.param}: " if error.param else ""
        raise BadInput(f"{source}: {where}{' '.join(error.message.split())}") from error
    if args.json:
        console.line(json.dumps(found.body, ensure_ascii=False, indent=2))
    else:
        _show_all(found, console, BREAK if args.show_neutralised else "")
    console.out.flush()  # the notes come last, where a long prompt does not hide them
    preview_notes.show(request, found, options, console)
    return 0


def _show_all(found: Preview, console: Console, mark: str) -> None:
    """Print the prompt, or the messages, and the grammar or the schema that holds the answer."""
    show_prompt(found, console, mark)
    for name, text in found.constraints():
        console.labelled(name, text)


def show_prompt(found: Preview, console: Console, mark: str = "") -> None:
    """Print the prompt, or the messages.

    Args:
        found: The request.
        console: The streams.
        mark: A neutralising character that is shown as a dot; empty for none.
    """
    if "prompt" in found.body:
        console.line(console.markup(_marked(found.body["prompt"], mark)))
    else:
        for message in found.body.get("messages") or []:
            _show(message, console, mark)
    if found.body.get("tools"):  # which the server writes into the prompt
        console.labelled("tools", json.dumps(found.body["tools"], ensure_ascii=False, indent=2))


def _request(args: argparse.Namespace, console: Console) -> tuple[str, dict[str, Any]]:
    """Read the request to preview. Returns a name for messages, and the request."""
    if (args.request is None) == (args.tools is None):
        raise BadInput("preview takes a request FILE (or -), or --tools FILE; one of the two")
    if args.request is not None:
        for name in ("system", "user"):
            if getattr(args, name) is not None:
                raise BadInput(f"--{name} goes with --tools; the request {args.request} has its own messages")
        return args.request, read_request_file(args.request, console, "; for tools alone: adapter preview --tools FILE")
    messages = [
        {"role": role, "content": text} for role, text in (("system", args.system), ("user", args.user)) if text is not None
    ]
    return args.tools, {
        "messages": messages or [{"role": "user", "content": ""}],
        "tools": read_tool_file(args.tools, console),
    }


def read_request_file(name: str, console: Console, tools: str = "") -> dict[str, Any]:
    """Read a chat or Responses request.

    Args:
        name: The file.
        console: The console.
        tools: A hint for a file with nothing but tools.

    Raises:
        BadInput: The file cannot be read, or holds no request.
    """
    request = console.read_json(name)
    if not isinstance(request, dict):
        raise BadInput(f"{name}: a request is a JSON object with 'messages' (or 'input') and 'tools'")
    if "messages" not in request and "input" not in request:
        has = f"this one has {', '.join(map(repr, [*request][:5]))}" if request else "this one is empty"
        hint = tools if "tools" in request else ""
        raise BadInput(f"{name}: a request has 'messages' (or 'input'); {has}{hint}")
    return as_openai_request(request, name, console)


def _choice(text: str, *, flat: bool) -> Any:
    if text in {"auto", "none", "required"}:
        return text
    if text.startswith("{"):
        try:
            return json.loads(text)
        except json.JSONDecodeError as error:
            raise BadInput(f"--tool-choice: not JSON: {error.msg} at character {error.pos}") from error
        except RecursionError as error:
            raise BadInput("--tool-choice: not usable JSON: nested too deeply") from error
    return {"type": "function", "name": text} if flat else {"type": "function", "function": {"name": text}}


def _show(message: Mapping[str, Any], console: Console, mark: str) -> None:
    content = message.get("content")
    if isinstance(content, list):
        content = "\n".join(part.get("text", "") if part.get("type") == "text" else f"[{part.get('type')}]" for part in content)
    text = str(content or "")
    if message.get("reasoning_content"):
        text = f"[reasoning] {message['reasoning_content']}\n{text}"
    console.labelled(str(message.get("role")), console.markup(_marked(text, mark)))


def _marked(text: str, mark: str) -> str:
    """The text with each neutralising character shown as a dot."""
    return text.replace(mark, "·") if mark else text

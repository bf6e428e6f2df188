"""adapter preview: Print the exact prompt that the model would see, without calling the model."""

from __future__ import annotations

import argparse
import json
import time
from typing import TYPE_CHECKING, Any

from adapter.cli.console import BadInput, Console
from adapter.servers import RUNGS, SERVERS

if TYPE_CHECKING:
    from collections.abc import Mapping

# Options with a flag of the same name.
_OPTIONS = ("dialect", "enforce", "server", "profile", "examples", "result_role", "merge_system", "merge_turns", "media")


def add(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("request", nargs="?", metavar="FILE", help="a chat or Responses request as JSON, or - for stdin")
    parser.add_argument("--tools", metavar="FILE", help="a JSON list of tool definitions, instead of a request")
    parser.add_argument("--system", metavar="TEXT", help="the system message that goes with --tools")
    parser.add_argument("--user", metavar="TEXT", help="the user message that goes with --tools")
    parser.add_argument("--json", action="store_true", help="print the whole upstream request as JSON")
    parser.add_argument("--dialect", "--template", default="hermes", help="name of a dialect, or the path of a .jinja file")
    parser.add_argument("--tool-choice", metavar="CHOICE", help="auto, none, required, or the name of a tool")
    parser.add_argument("--parallel", action=argparse.BooleanOptionalAction, help="set parallel_tool_calls")
    parser.add_argument("--enforce", choices=("auto", *RUNGS), help="how the answer is made a call")
    parser.add_argument("--server", choices=tuple(SERVERS), default="generic", help="what answers")
    parser.add_argument(
        "--chat-template",
        metavar="NAME",
        help="show the text of a raw completion, made by this chat template: a name, a file or a folder",
    )
    parser.add_argument("--profile", choices=("small",), help="settings for small models")
    parser.add_argument("--examples", choices=("auto",), help="worked examples made of the tools")
    parser.add_argument("--result-role", choices=("user", "tool"), help="role of the messages with tool results")
    parser.add_argument("--merge-system", action="store_true", help="join all system messages at the top")
    parser.add_argument("--merge-turns", action="store_true", help="join neighbouring messages of the same role")
    parser.add_argument("--media", choices=("forward", "drop"), default="forward", help="images and the like")
    parser.add_argument(
        "--show-neutralised", action="store_true", help="mark where markup in untrusted text was made harmless, with a ·"
    )


def run(args: argparse.Namespace, console: Console) -> int:
    """Print the prompt, or the upstream request."""
    from adapter.errors import AdapterError
    from adapter.exchange import is_responses, preview
    from adapter.options import Options
    from adapter.prompt.neutralise import BREAK

    source, request = _request(args, console)
    if args.tool_choice is not None:
        request["tool_choice"] = _choice(args.tool_choice, flat=is_responses(request))
    if args.parallel is not None:
        request["parallel_tool_calls"] = args.parallel
    try:
        raw = {} if args.chat_template is None else {"upstream": "completions", "chat_template": args.chat_template}
        options = Options(**{name: getattr(args, name) for name in _OPTIONS}, **raw)
    except ValueError as error:
        raise BadInput(str(error)) from error
    try:
        upstream = preview(request, options, time.time)
    except AdapterError as error:
        where = f"{error.param}: " if error.param else ""
        raise BadInput(f"{source}: {where}{' '.join(error.message.split())}") from error
    if args.json:
        console.line(json.dumps(upstream, ensure_ascii=False, indent=2))
    elif "prompt" in upstream:
        console.line(console.markup(_marked(upstream["prompt"], BREAK if args.show_neutralised else "")))
    else:
        for message in upstream.get("messages") or []:
            _show(message, console, BREAK if args.show_neutralised else "")
    return 0


def _request(args: argparse.Namespace, console: Console) -> tuple[str, dict[str, Any]]:
    """Read the request to preview. Returns a name for messages, and the request."""
    if (args.request is None) == (args.tools is None):
        raise BadInput("preview takes a request FILE (or -), or --tools FILE; one of the two")
    if args.request is not None:
        for name in ("system", "user"):
            if getattr(args, name) is not None:
                raise BadInput(f"--{name} goes with --tools; the request {args.request} has its own messages")
        request = console.read_json(args.request)
        if not isinstance(request, dict):
            raise BadInput(f"{args.request}: a request is a JSON object with 'messages' (or 'input') and 'tools'")
        return args.request, request
    messages = [
        {"role": role, "content": text} for role, text in (("system", args.system), ("user", args.user)) if text is not None
    ]
    return args.tools, {
        "messages": messages or [{"role": "user", "content": ""}],
        "tools": console.read_json(args.tools),
    }


def _choice(text: str, *, flat: bool) -> Any:
    if text in {"auto", "none", "required"}:
        return text
    if text.startswith("{"):
        try:
            return json.loads(text)
        except json.JSONDecodeError as error:
            raise BadInput(f"--tool-choice: not JSON: {error.msg} at character {error.pos}") from error
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

"""adapter chat: Talk to a model in the terminal, with tools that run."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from adapter.cli.console import BadInput, Console
from adapter.cli.inputs import check_seconds
from adapter.cli.option_flags import PROMPT, REQUEST, add_options

if TYPE_CHECKING:
    import argparse

    from adapter.cli.chat_model import Model
    from adapter.running.tool import RunnableTool


def add(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    group = parser.add_argument_group("tools")
    group.add_argument(
        "--tools",
        metavar="WORD",
        action="append",
        default=[],
        help="functions of a Python file or a module: FILE.py, module:name,name; again for more",
    )
    group.add_argument(
        "--mcp", metavar="COMMAND", action="append", default=[], help="an MCP server: its command, or its http:// address"
    )
    group.add_argument(
        "--mcp-reads",
        metavar="NAMES",
        help="tools of MCP servers that only read, so run unasked: a,b; or `hints` to trust the servers' own hints",
    )
    group.add_argument("--tool-timeout", metavar="S", type=float, default=30.0, help="seconds that a call may take (30)")
    group = parser.add_argument_group("the model")
    group.add_argument("--base-url", metavar="URL", help="an OpenAI-compatible server; else the demo's small model")
    group.add_argument("--model", metavar="NAME", help="the server's model; without --base-url a GGUF file to run here")
    group.add_argument("--api-key-env", metavar="VAR", help="the environment variable with the key (OPENAI_API_KEY)")
    group.add_argument("--system", metavar="TEXT", help="a system message at the beginning")
    group.add_argument("--max-tokens", metavar="N", type=int, help="tokens of an answer (the model here: 256)")
    group.add_argument("--no-download", action="store_true", help="never download the demo's model")
    add_options(parser.add_argument_group("options of adapter.wrap"), (*PROMPT, *REQUEST))


def run(args: argparse.Namespace, console: Console) -> int:
    """Have the conversation. Returns 1 if a turn failed and nobody sat at a terminal."""
    from adapter.cli.chat_model import model_of

    _check(args)
    with ExitStack() as stack:
        tools = _tools(args, stack)
        model = stack.enter_context(model_of(args, console))
        return _talk(args, model, tools, console)


def _check(args: argparse.Namespace) -> None:
    """Check the arguments that go together."""
    if args.mcp_reads is not None and not args.mcp:
        raise BadInput("--mcp-reads goes with --mcp COMMAND")
    if args.max_tokens is not None and args.max_tokens < 1:
        raise BadInput(f"--max-tokens {args.max_tokens}: give 1 or more")
    check_seconds("--tool-timeout", args.tool_timeout)
    if args.api_key_env is not None and not args.base_url:
        raise BadInput("--api-key-env goes with --base-url URL")


def _tools(args: argparse.Namespace, stack: ExitStack) -> list[RunnableTool]:
    """Return the tools of all flags; of none, for the model here, the demo's two."""
    from adapter.cli.chat_async import Background
    from adapter.cli.chat_tools import demo_tools, load_tools
    from adapter.errors import BadRequest
    from adapter.running.toolbox import read_toolbox

    found = [tool for word in args.tools for tool in load_tools(word)]
    background = stack.enter_context(Background())
    if args.mcp:
        from adapter.cli.chat_mcp import connect

        found += connect(args.mcp, args.mcp_reads, background)
    if not (args.tools or args.mcp or args.base_url):
        found = demo_tools()
    try:
        read_toolbox(found)
    except BadRequest as error:  # two of a name
        raise BadInput(f"the tools together: {' '.join(error.message.split())}") from error
    return [background.as_plain(tool) for tool in found]


def _talk(args: argparse.Namespace, model: Model, tools: list[RunnableTool], console: Console) -> int:
    """Wrap the client, check the options on a request, and have the conversation."""
    import adapter
    from adapter.cli.chat_screen import Screen
    from adapter.cli.chat_turns import Chat
    from adapter.errors import AdapterError

    screen = Screen(console)
    members: dict[str, Any] = {}
    if args.max_tokens or model.embedded:
        members["max_tokens"] = args.max_tokens or 256
    start = [] if args.system is None else [{"role": "system", "content": args.system}]
    chat = Chat(model, tools, start, members, args.tool_timeout, screen)
    try:
        chat.preview("Hello.")  # a wrong option or definition is told before the first turn
        chat.client = adapter.wrap(model.client, **model.options, on_event=screen.problem, on_exchange=chat.heard)
    except (TypeError, ValueError) as error:
        raise BadInput(" ".join(str(error).split())) from error
    except AdapterError as error:
        raise BadInput(" ".join(error.message.split())) from error
    from adapter.cli.chat_commands import converse

    return converse(chat, console, screen)

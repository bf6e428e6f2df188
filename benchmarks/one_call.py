"""The way of a streamed hermes call through the files: function calls, files entered, changes of file.

    python -m benchmarks.one_call                       the tree of the working directory
    PYTHONPATH=TREE python benchmarks/one_call.py       another tree, to tell before from after
    … --files                                           with the calls of every file

The work is a whole request through the wrapped openai client: `chat.completions.create(stream=True)` with a single tool, from
the call of `create` until the last chunk has been read. The model writes a sentence and a call, in twelve pieces of equal
length; a chunk with the role comes before, and the last piece carries the finish reason. Upstream is a transport in memory. An
equal request has been answered before, so imports, templates and tool schemas are loaded already and not counted.

`sys.setprofile` reports every entry into a function; resumed generators count, and until Python 3.12 comprehensions, as under
cProfile. Only entries into files of the package `adapter` are kept, none of openai, httpx or the standard library. A change of
file is an entry into another file than the entry before. The answer arrives in two ways: all events in a single read, as from a
fast or buffering upstream, and an event a read, as from a slow upstream.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
from openai import OpenAI

import adapter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

_PACKAGE = Path(adapter.__file__).parent
_SAID = "Let me look at the weather there for you right now. "
_ARGUMENTS = {"location": "Paris"}
_CALL = f"<tool_call>\n{json.dumps({'name': 'get_weather', 'arguments': _ARGUMENTS})}\n</tool_call>"
_PIECES = 12
_SCHEMA = {"type": "object", "properties": {"location": {"type": "string"}}, "required": ["location"]}
_TOOLS: Any = [{"type": "function", "function": {"name": "get_weather", "description": "d", "parameters": _SCHEMA}}]
_MESSAGES: Any = [{"role": "user", "content": "hi"}]


def events() -> list[bytes]:
    """Build upstream's answer: server-sent events with a chunk each, and the last."""
    text = _SAID + _CALL
    step = -(-len(text) // _PIECES)
    deltas: list[dict[str, str]] = [{"role": "assistant", "content": ""}]
    deltas += [{"content": text[at : at + step]} for at in range(0, len(text), step)]
    chunks = [
        {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m",
         "choices": [{"index": 0, "delta": delta, "finish_reason": "stop" if at == _PIECES else None}]}
        for at, delta in enumerate(deltas)
    ]  # fmt: skip
    return [*(b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in chunks), b"data: [DONE]\n\n"]


class _Body(httpx2.SyncByteStream):
    def __init__(self, reads: list[bytes]) -> None:
        self._reads = reads

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._reads)


def request(reads: list[bytes]) -> Callable[[], None]:
    """Return a function that makes the request, reads the stream to the end and checks the call."""

    def answer(_: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, headers={"content-type": "text/event-stream"}, stream=_Body(reads))

    bare = httpx2.Client(transport=httpx2.MockTransport(answer))
    client = adapter.wrap(OpenAI(api_key="none", base_url="http://127.0.0.1:9/v1", max_retries=0, http_client=bare))

    def made() -> None:
        stream = client.chat.completions.create(model="m", messages=_MESSAGES, tools=_TOOLS, stream=True)
        calls = [call for chunk in stream for choice in chunk.choices for call in choice.delta.tool_calls or []]
        given = "".join(call.function.arguments or "" for call in calls if call.function)
        if json.loads(given) != _ARGUMENTS:
            raise AssertionError(f"the call's arguments are {given!r}")

    return made


def entries(work: Callable[[], None]) -> list[str]:
    """Run `work`; return the file of each entry into the package, in order, relative to the package's folder."""
    top = f"{_PACKAGE}/"
    found: list[str] = []

    def seen(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(top):
            found.append(frame.f_code.co_filename)

    sys.setprofile(seen)
    try:
        work()
    finally:
        sys.setprofile(None)
    return [file.removeprefix(top) for file in found]


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", action="store_true", help="the calls of every file besides")
    args = parser.parse_args()
    sent = events()
    for name, reads in (("all in one read", [b"".join(sent)]), ("an event a read", sent)):
        work = request(reads)
        work()
        files = entries(work)
        changes = sum(one != other for one, other in pairwise(files))
        print(f"{name}: {len(files)} function calls in {len(set(files))} files, {changes} changes of file")
        if args.files:
            for file, number in Counter(files).most_common():
                print(f"{number:6} {file}")


if __name__ == "__main__":
    main()

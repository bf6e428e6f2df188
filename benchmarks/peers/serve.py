"""The process in the peers' environment: takes requests as lines of JSON on stdin, answers each with one line on stdout.

    {"do": "offered"}                                   → {"offered": {"vLLM Hermes": "0.33.0", …}, "absent": {…: why}}
    {"do": "stream", "peer": …, "load": ["one", 32768, "hermes"], "sampled": false}    → {"value": nanoseconds per delta}
    {"do": "whole", …}                                  → {"value": nanoseconds per completion}
    {"do": "check stream" | "check whole", …}           → {"value": "right"}

Workloads are made here from their names, so nothing large goes through the pipe. The texts of other dialects come through the
pipe, as only the adapter can write them, for parsers named as on a server's command line:

    {"do": "stream", "peer": "vLLM/glm45", "completion": {"head": …, "tail": …, "text": …, "calls": […], "tokens": […]}}

With {"limit": seconds} an answer is given up after so much processor time: {"failed": …, "late": true}.
"""

from __future__ import annotations

import contextlib
import io
import json
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.peers import sglang, vllm
from benchmarks.reading import judged, sampled_ns, stream_ns, verdict
from benchmarks.timing import repeats_for, timed
from benchmarks.workloads import Completion, Kind, Load, completion

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.reading import NewReader


class AgentToolParser:
    """PyPI's agent-tool-parser, which reads whole completions only and has no content to give."""

    def __init__(self, _: Path) -> None:
        from agent_tool_parser import ToolParser

        self._parser = ToolParser()

    def parse(self, text: str) -> tuple[str | None, list[tuple[str, str]]]:
        """A whole completion."""
        return None, [(call.name, json.dumps(call.args, ensure_ascii=False)) for call in self._parser.try_parse_all(text)]


# Name → class, the package whose version counts.
PEERS: dict[str, tuple[Callable[[Path], Any], str]] = {
    "vLLM Hermes": (vllm.Hermes, "vllm"),
    "vLLM XML engine": (vllm.Coder, "vllm"),
    "SGLang Hermes": (sglang.Hermes, "sglang"),
    "SGLang XML": (sglang.Coder, "sglang"),
    "agent-tool-parser": (AgentToolParser, "agent-tool-parser"),
}


class TookTooLong(BaseException):
    """The limit is over. No `Exception`, as parsers catch these."""


@contextlib.contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise `TookTooLong` in the body after so much processor time, then every second (a parser may catch all); 0: never."""

    def late(*_: object) -> None:
        raise TookTooLong

    signal.signal(signal.SIGPROF, late)
    signal.setitimer(signal.ITIMER_PROF, seconds, 1)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def offered(root: Path, versions: dict[str, str]) -> dict[str, dict[str, str]]:
    """The peers that load here with their versions, and of the others why not."""
    found: dict[str, dict[str, str]] = {"offered": {}, "absent": {}}
    for name, (make, package) in PEERS.items():
        try:
            make(root)
        except Exception as error:  # noqa: BLE001  # whatever a peer's import raises, it is reported by name
            found["absent"][name] = f"{type(error).__name__}: {error}"
        else:
            found["offered"][name] = versions.get(package, "unknown")
    return found


def _whole(make: Callable[[Path], Any], root: Path, what: Completion) -> tuple[Callable[[], object], Callable[[], str]]:
    """Reading a whole completion, to be timed, and to be judged. Some peers keep state, so each time is with a new one."""

    def read() -> Any:
        return make(root).parse(what.full)

    def judge() -> str:
        content, calls = read()
        return judged(content, calls, what)

    return read, judge


def _sent(completion: dict[str, Any]) -> Completion:
    """The completion of a request."""
    calls = tuple((name, arguments) for name, arguments in completion.pop("calls"))
    return Completion(**completion, calls=calls)


def _named(peer: str, root: Path, what: Completion) -> NewReader:
    """Makes readers of a server's parser, given as `vLLM/…` or `SGLang/…`."""
    server, _, name = peer.partition("/")
    make: Callable[..., Any] = {"vLLM": vllm.Named, "SGLang": sglang.Named}[server]
    return lambda: make(root, name, what.tokens)


def _streamed(request: dict[str, Any], new: NewReader, what: Completion) -> float | str:
    """A measurement or a verdict of reading piece by piece."""
    if request["do"] == "check stream":
        return verdict(new, what)
    return (sampled_ns if request.get("sampled") else stream_ns)(new, what)


def answer(request: dict[str, Any], root: Path) -> float | str:
    """One measurement or one verdict."""
    if "completion" in request:
        what = _sent(request["completion"])
        if request["peer"] in PEERS:
            read, judge = _whole(PEERS[request["peer"]][0], root, what)
            return judge() if request["do"] == "check whole" else timed(read, repeats_for(read))
        return _streamed(request, _named(request["peer"], root, what), what)
    make = PEERS[request["peer"]][0]
    kind: Kind = request["load"][0]
    what = completion(Load(kind, *request["load"][1:]))
    if request["do"] in ("stream", "check stream"):
        return _streamed(request, lambda: make(root), what)
    read, judge = _whole(make, root, what)
    return judge() if request["do"] == "check whole" else timed(read, repeats_for(read))


def main() -> None:
    folder = Path(sys.argv[1])
    versions = json.loads((folder / "versions.json").read_text(encoding="utf-8"))
    out = sys.stdout
    for line in sys.stdin:
        request = json.loads(line)
        with contextlib.redirect_stdout(io.StringIO()):  # a peer that prints must not break the answers
            if request["do"] == "offered":
                reply: dict[str, Any] = offered(folder / "sources", versions)
            else:
                try:
                    with limited(request.get("limit", 0)):
                        reply = {"value": answer(request, folder / "sources")}
                except TookTooLong:
                    reply = {"failed": f"not done after {request['limit']:g} s of processor time", "late": True}
                except Exception as error:  # noqa: BLE001  # a peer that fails on a workload is a finding, not an end
                    reply = {"failed": f"{type(error).__name__}: {error}"}
        out.write(json.dumps(reply) + "\n")
        out.flush()


if __name__ == "__main__":
    main()

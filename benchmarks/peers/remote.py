"""Asking the process in the peers' environment."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from benchmarks.workloads import Load

if TYPE_CHECKING:
    from benchmarks.timing import Lane
    from benchmarks.workloads import Completion

TOP = Path(__file__).parents[2]
DEFAULT = TOP / ".bench-peers"


class PeerFailed(Exception):
    """A peer raised on a workload; the message says what."""


class PeerLate(PeerFailed):
    """A peer was still reading at the time limit."""


# Seconds of processor time for a text that is sent. Most parsers need 0.1 to 2, a regular expression that backtracks years.
# Only parsers done within the first limit are timed on the whole text, the others on windows of the text, within the second.
_VERDICT_S, _ROUND_S = 3.0, 20.0


class Peers:
    """The peers that are installed; none when their environment is absent.

    Attributes:
        offered: Names and versions of those that load.
        absent: Names of the others, and why.
    """

    def __init__(self, folder: Path = DEFAULT) -> None:
        self._process: subprocess.Popen[str] | None = None
        self.offered: dict[str, str] = {}
        self.absent: dict[str, str] = {}
        python = folder / "environment" / "bin" / "python"
        if not (python.is_file() and (folder / "versions.json").is_file()):  # the versions are written last, when all is there
            self.absent = {"all peers": "no environment; `python -m benchmarks peers` makes it"}
            return
        self._process = subprocess.Popen(
            [python, "-m", "benchmarks.peers.serve", folder],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=TOP,
            env={**os.environ, "PYTHONPATH": str(TOP)},
        )  # fmt: skip
        found = self._ask({"do": "offered"})
        self.offered, self.absent = found["offered"], found["absent"]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process and self._process.stdin:
            self._process.stdin.close()
            self._process.wait(60)

    def lane(self, do: str, peer: str, load: Load | Completion, *, sampled: bool = False) -> Lane:
        """A contestant over there: one round is one question.

        Args:
            do: The kind of measurement.
            peer: A name of `offered`; with a completion `vLLM/…` or `SGLang/…`, a parser's name on the server's command line.
            load: A workload that the peer makes for itself, or a completion that is sent.
            sampled: Whether only windows of the completion are timed.
        """
        return lambda: float(self._value(do, peer, load, sampled=sampled))

    def verdict(self, do: str, peer: str, load: Load | Completion) -> str:
        """Whether the peer reads a workload rightly: `right…`, `late: …` past the time limit, or what is wrong."""
        try:
            return str(self._value(f"check {do}", peer, load))
        except PeerLate as failure:
            return f"late: {failure}"
        except PeerFailed as failure:
            return f"wrong: {failure}"

    def _value(self, do: str, peer: str, load: Load | Completion, **more: object) -> Any:
        work: dict[str, object] = {"load": [load.kind, load.size, load.form]} if isinstance(load, Load) else {}
        if not isinstance(load, Load):
            work = {"completion": asdict(load), "limit": _VERDICT_S if do.startswith("check") else _ROUND_S}
        reply = self._ask({"do": do, "peer": peer, **work, **more})
        if "failed" in reply:
            raise (PeerLate if reply.get("late") else PeerFailed)(reply["failed"])
        return reply["value"]

    def _ask(self, request: dict[str, object]) -> dict[str, Any]:
        if self._process is None or self._process.stdin is None or self._process.stdout is None:
            raise PeerFailed("no peer is installed")
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise PeerFailed("their process ended")
        reply: dict[str, Any] = json.loads(line)
        return reply

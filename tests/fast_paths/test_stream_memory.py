"""A long stream passes through; it is not collected."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.tiers import few_or_all

# Streams megabytes of deltas through a transport, forgets every piece, and prints by how many MB the process grew at most,
# and how much it passed on.
SCRIPT = """
import json, resource, sys
import httpx
from adapter.transport import sync_transport

TOOLS = [{"type": "function", "function": {"name": "f"}}]
BODY = {"model": "m", "stream": True, "messages": [{"role": "user", "content": "Hi"}], "tools": TOOLS}
megabytes, size, before, after = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]

def event(content, finish=None):
    choice = {"index": 0, "delta": {"content": content}, "finish_reason": finish}
    return b"data: " + json.dumps({"id": "1", "created": 1, "model": "m", "choices": [choice]}).encode() + b"\\n\\n"

def deltas():
    yield event(before)
    piece = event("word " * (size // 5))
    for _ in range(megabytes * 1_000_000 // len(piece)):
        yield piece
    yield event(after, "stop")

class Server(httpx.BaseTransport):
    def handle_request(self, request):
        return httpx.Response(200, headers={"content-type": "text/event-stream"}, stream=Body())

class Body(httpx.SyncByteStream):
    def __iter__(self):
        return deltas()

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

def run():
    passed = 0
    with httpx.Client(transport=sync_transport(Server())) as client:
        with client.stream("POST", "http://test/v1/chat/completions", json=BODY) as response:
            for piece in response.iter_raw():
                passed += len(piece)
                assert b'"error"' not in piece, piece
    return passed

everything, megabytes = megabytes, 1
run()  # what is loaded once is no part of it
start, megabytes = peak(), everything
passed = run()
print(round(peak() - start, 1), passed // 1_000_000)
"""


def grown(megabytes: int, size: int, before: str = "Hello ", after: str = ".") -> tuple[float, int]:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(megabytes), str(size), before, after], capture_output=True, text=True, check=True
    )
    growth, passed = done.stdout.split()
    return float(growth), int(passed)


@pytest.mark.both_tiers
@pytest.mark.parametrize("size", [500, 50_000])
def test_a_hundred_megabytes_of_text(size: int) -> None:
    megabytes = few_or_all(40, 100)
    growth, passed = grown(megabytes, size)
    assert passed >= 0.95 * megabytes
    assert growth < 10


def test_the_arguments_of_a_long_call_are_kept_a_few_times_at_most() -> None:
    growth, passed = grown(20, 500, '<tool_call>{"name": "f", "arguments": {"a": "', '"}}</tool_call>')
    assert passed >= 15
    # It is validated as a whole: its block, the arguments and the decoded value, each is a copy; and the pieces it came in.
    assert growth < 5 * 20

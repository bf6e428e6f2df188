"""What is asked and answered: one question with two tools, and a call of some 400 characters in the text."""

from __future__ import annotations

import json

from benchmarks.workloads import TOOLS

ARGUMENTS = {"path": "notes.txt", "content": "a note of some length, " * 15}
CONTENT = "words of the answer, " * 20
CALL = "<tool_call>\n" + json.dumps({"name": TOOLS[0]["function"]["name"], "arguments": ARGUMENTS}) + "\n</tool_call>"


def request(model: str, *, stream: bool) -> bytes:
    """The body of a request."""
    asked = {"model": model, "messages": [{"role": "user", "content": "Do the thing."}], "tools": TOOLS, "stream": stream}
    return json.dumps(asked).encode()

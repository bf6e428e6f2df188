"""JavaScript's clients over the gateway: each reads a note with its tool and then answers, over an upstream that only writes text.

They are installed by `.ci/clients`, in an environment that is kept; elsewhere they are skipped.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.house.pages import ROOT
from tests.support.gateway import Script, running
from tests.support.loopback import Upstream, completion, streamed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.loopback import Received, Reply

INSTALLED = Path(os.environ.get("ADAPTER_CLIENTS", "-")) / "node_modules"
SCRIPT = Path(__file__).parent / "javascript" / "clients.mjs"
CLIENTS = [
    "openai-chat",
    "openai-responses",
    "anthropic",
    "ollama",
    "ai-compatible",
    "ai-openai-responses",
    "ai-anthropic",
    "langchain-chat",
    "langchain-responses",
    "langchain-anthropic",
    "openai-agents-chat",
    "openai-agents-responses",
]
ANSWER = "The note says to meet at noon."
LIMIT = 60.0

if not INSTALLED.is_dir() or shutil.which("node") is None:
    pytest.skip("JavaScript's clients are not installed here: .ci/clients installs them", allow_module_level=True)


def call(arguments: dict[str, Any]) -> str:
    return f"<tool_call>\n{json.dumps({'name': 'read_note', 'arguments': arguments})}\n</tool_call>"


GOOD, WRONG = call({"name": "note.txt"}), call({"path": "note.txt"})
# The completions before the result; the requests that upstream gets until the answer.
SCRIPTS = {"a right call": ([GOOD], 2), "a wrong call, asked for again": ([WRONG, GOOD], 3)}


def scripted(first: list[str]) -> Any:
    left = list(first)

    def reply(request: Received) -> Reply:
        # Sent on with its tools first (native="auto"), and then in words: the conversation is searched, whatever its form.
        done = "meet at noon" in json.dumps(request.body["messages"])
        text = ANSWER if done else left.pop(0) if len(left) > 1 else left[0]
        if request.body.get("stream"):
            return streamed(*(text[at : at + 6] for at in range(0, len(text), 6)))
        return completion(text)

    return reply


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The script beside the installed packages, where Node looks for them."""
    found = tmp_path_factory.mktemp("javascript")
    (found / "node_modules").symlink_to(INSTALLED)
    shutil.copy(SCRIPT, found)
    return found


@pytest.fixture(scope="module")
def script() -> Script:
    return Script()


@pytest.fixture(scope="module")
def upstream(script: Script) -> Iterator[Upstream]:
    with Upstream(script) as found:
        yield found


@pytest.fixture(scope="module")
def gateway(upstream: Upstream) -> Iterator[str]:
    with running(upstream.url, ollama=True) as url:
        yield url.removesuffix("/v1")


@pytest.mark.parametrize("name", SCRIPTS)
@pytest.mark.parametrize("way", ["whole", "streamed"])
@pytest.mark.parametrize("client", CLIENTS)
def test_it_reads_the_note_and_answers(
    folder: Path, script: Script, upstream: Upstream, gateway: str, client: str, way: str, name: str
) -> None:
    first, requests = SCRIPTS[name]
    script.reply = scripted(first)
    upstream.received.clear()
    command = ["node", SCRIPT.name, client, way, gateway]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=LIMIT, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout) == {"calls": [{"name": "note.txt"}], "answer": ANSWER}
    assert len(upstream.received) == requests


def test_the_line_in_the_readme(folder: Path, script: Script, gateway: str) -> None:
    found = re.search(r"`(new OpenAI\(.*?\))`", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert found is not None
    line = found.group(1).replace("http://127.0.0.1:8790", gateway)
    asked = '{ model: "m", messages: [{ role: "user", content: "Hi" }] }'
    code = (
        f'import OpenAI from "openai";\nconst client = {line};\nconst answer = await client.chat.completions.create({asked});\n'
    )
    (folder / "line.mjs").write_text(code + "console.log(answer.choices[0].message.content);\n", encoding="utf-8")
    script.reply = completion("Hello.")
    command = ["node", "line.mjs"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=LIMIT, check=False)
    assert done.stdout == "Hello.\n", done.stderr[-2000:]

"""Agents over the gateway: each reads a note with its tool and then answers, over an upstream that only writes text.

They are installed by `.ci/clients`, in folders that are kept, and reach nothing but loopback; those that are not there are skipped.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.clients.agents import AGENTS, Agent
from tests.support.gateway import Script, running
from tests.support.loopback import Upstream, completion, streamed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.loopback import Received, Reply

INSTALLED = Path(os.environ.get("ADAPTER_AGENTS", "-"))
NOTE = "meet at noon"
ANSWER = "The note says to meet at noon."
LIMIT = 120.0


class Model:
    """A model that reads the note by the agent's tool and answers. Other requests, for a title say, get a word.

    Attributes:
        first: The arguments of its first calls, the last of which is repeated.
        asked: How often it was asked with the tool in the prompt.
    """

    def __init__(self, tool: str, first: list[dict[str, Any]]) -> None:
        self._tool = tool
        self.first = list(first)
        self.asked = 0

    def __call__(self, request: Received) -> Reply:
        said = json.dumps(request.body["messages"])
        text = "A note"
        if NOTE in said:
            text = ANSWER
        elif f'\\"name\\": \\"{self._tool}\\"' in said:
            self.asked += 1
            arguments = self.first.pop(0) if len(self.first) > 1 else self.first[0]
            text = f"<tool_call>\n{json.dumps({'name': self._tool, 'arguments': arguments})}\n</tool_call>"
        if request.body.get("stream"):
            return streamed(*(text[at : at + 6] for at in range(0, len(text), 6)))
        return completion(text)


@pytest.fixture(scope="module")
def script() -> Script:
    return Script()


@pytest.fixture(scope="module")
def gateway(script: Script) -> Iterator[str]:
    with Upstream(script) as upstream, running(upstream.url) as url:
        yield url


class Setting:
    """The home of an agent, with its files, and the gateway that it is told of."""

    def __init__(self, agent: Agent, home: Path, url: str) -> None:
        self.work = home / "work"
        self.work.mkdir()
        (self.work / "note.txt").write_text(NOTE + "\n", encoding="utf-8")
        self._words = {"{url}": url, "{root}": url.removesuffix("/v1"), "{home}": str(home), "{work}": str(self.work)}
        self._bin = INSTALLED / agent.folder / ("bin" if agent.python else "node_modules/.bin")
        for path, text in agent.files.items():
            (home / path).parent.mkdir(parents=True, exist_ok=True)
            (home / path).write_text(self.filled(text), encoding="utf-8")
        path = os.pathsep.join([str(INSTALLED / "node/node_modules/node/bin"), os.environ.get("PATH", "")])
        self._env = {"PATH": path, "HOME": str(home), "CI": "1", "NO_COLOR": "1", "TERM": "dumb", "LANG": "C.UTF-8"}
        self._env |= {name: self.filled(text) for name, text in agent.env.items()}

    def filled(self, text: str) -> str:
        for word, meant in self._words.items():
            text = text.replace(word, meant)
        return text

    def run(self, command: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
        filled = [str(self._bin / command[0]), *(self.filled(part) for part in command[1:])]
        return subprocess.run(
            filled,
            cwd=self.work,
            env=self._env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=LIMIT,
            check=False,
        )


def _asked(
    agent: Agent, wrong_first: bool, home: Path, script: Script, url: str
) -> tuple[Model, subprocess.CompletedProcess[str]]:
    """Run an agent in a home of its own. Returns the model that it spoke to, and the run."""
    home.mkdir()
    setting = Setting(agent, home, url)
    right = json.loads(setting.filled(json.dumps(agent.arguments)))
    model = script.reply = Model(agent.tool, [agent.wrong, right] if wrong_first else [right])
    for command in agent.before:
        assert setting.run(command).returncode == 0
    return model, setting.run(agent.command)


@pytest.mark.parametrize("wrong_first", [False, True], ids=["a right call", "a wrong call, asked for again"])
@pytest.mark.parametrize("agent", AGENTS, ids=lambda agent: agent.id)
def test_it_reads_the_note_and_answers(agent: Agent, wrong_first: bool, tmp_path: Path, script: Script, gateway: str) -> None:
    if not (INSTALLED / agent.folder / "complete").exists():
        pytest.skip(f"{agent.package} is not installed here: .ci/clients installs it")
    try:
        model, done = _asked(agent, wrong_first, tmp_path / "first", script, gateway)
    except subprocess.TimeoutExpired:  # some hang at a start, before they ask anything
        model, done = _asked(agent, wrong_first, tmp_path / "second", script, gateway)
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    assert ANSWER in done.stdout, (done.stdout + done.stderr)[-3000:]
    assert model.asked == 1 + wrong_first

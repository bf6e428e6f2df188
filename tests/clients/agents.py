"""Programs that call tools on their own: how each is installed, told the gateway's address, and asked one question.

In commands, environments and files `{url}` stands for the gateway's base URL with `/v1`, `{root}` for the one without, `{home}` for the
agent's home and `{work}` for the folder that it works in, which is `{home}/work`. How each is run was found by running it.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from typing import Any

from tests.house.pages import ROOT, blocks

MODEL = "scripted-model"
QUESTION = "What does note.txt say? Use your tools."


@dataclass(frozen=True)
class Agent:
    """An agent on one of its wires.

    Attributes:
        id: The name in the tests and in the docs.
        package: Name and version, as npm or pip takes them.
        command: The program, a file in the package's `bin` folder, and its arguments.
        tool: The name of the agent's tool that reads a file.
        arguments: Its right arguments for `note.txt`.
        wrong: Arguments that break the tool's schema.
        files: Files in the agent's home, by path.
        env: The environment beside `HOME`.
        before: Commands that set the agent up.
        python: A package of Python's; the others are npm's.
    """

    id: str
    package: str
    command: tuple[str, ...]
    tool: str
    arguments: dict[str, Any]
    wrong: dict[str, Any] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)
    before: tuple[tuple[str, ...], ...] = ()
    python: bool = False

    @property
    def folder(self) -> str:
        """The name of the folder that it is installed in."""
        return "".join(
            letter if letter.isalnum() or letter in "-." else "-" for letter in self.package.replace("==", "-")
        ).strip("-")


def _shown(name: str) -> str:
    """A file that the README shows, with the gateway's address here and the model's name."""
    text = next(block.text for block in blocks((ROOT / "README.md").read_text(encoding="utf-8")) if block.name == name)
    return text.replace("http://127.0.0.1:8790/v1", "{url}").replace("MODEL", MODEL)


def _opencode(package: str) -> dict[str, str]:
    return {".config/opencode/opencode.json": _shown("opencode.json").replace("@ai-sdk/openai-compatible", package)}


def _pi(api: str, url: str) -> dict[str, str]:
    models = [{"id": MODEL, "contextWindow": 32_000, "maxTokens": 4_000}]
    local = {"baseUrl": url, "api": api, "apiKey": "k", "models": models}
    return {".pi/agent/models.json": json.dumps({"providers": {"local": local}})}


def _copilot(kind: str, wire: str, url: str) -> dict[str, str]:
    told = {"BASE_URL": url, "API_KEY": "k", "TYPE": kind, "WIRE_API": wire}
    return {"COPILOT_OFFLINE": "true", "COPILOT_MODEL": MODEL} | {
        f"COPILOT_PROVIDER_{name}": text for name, text in told.items()
    }


_CONTINUE = f"""
name: local
version: 1.0.0
schema: v1
models:
  - name: local
    provider: openai
    model: {MODEL}
    apiBase: "{{url}}"
    apiKey: k
    roles: [chat]
    capabilities: [tool_use]
"""
_OPENCLAW = {
    "models": {
        "mode": "merge",
        "providers": {
            "local": {
                "baseUrl": "{url}",
                "apiKey": "k",
                "api": "openai-completions",
                "models": [{"id": MODEL, "name": MODEL, "contextWindow": 64_000, "maxTokens": 4_000}],
            }
        },
    },
    "agents": {"defaults": {"model": {"primary": f"local/{MODEL}"}, "workspace": "{work}"}},
}
_LLM = f'- model_id: {MODEL}\n  model_name: {MODEL}\n  api_base: "{{url}}"\n  supports_tools: true\n'
_NOTE = 'def read_note(name: str) -> str:\n    "Read a note"\n    return open(name).read()\n'

_PI = "@earendil-works/pi-coding-agent@1.6.0"
_PI_COMMAND = ("pi", "--provider", "local", "--model", MODEL, "-p", QUESTION)
_COPILOT = "@github/copilot@1.0.102"
_COPILOT_COMMAND = ("copilot", "--allow-all-tools", "-p", QUESTION)
_OPENCODE_COMMAND = ("opencode", "run", "-m", f"gateway/{MODEL}", QUESTION)
_CLINE_MODEL = ("-m", MODEL)
_READ = {"path": "{work}/note.txt"}

AGENTS = [
    Agent(
        id="Codex, Responses",
        package="@openai/codex@0.171.0",
        command=("codex", "exec", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox", QUESTION),
        tool="exec_command",
        arguments={"cmd": "cat note.txt"},
        files={".codex/config.toml": _shown("codex.toml")},
    ),
    *(
        Agent(
            id=f"opencode, {wire}",
            package="opencode-ai@1.18.33",
            command=_OPENCODE_COMMAND,
            tool="read",
            arguments={"filePath": "{work}/note.txt"},
            files=_opencode(package),
        )
        for wire, package in (("chat", "@ai-sdk/openai-compatible"), ("Responses", "@ai-sdk/openai"))
    ),
    Agent(
        id="qwen-code, chat",
        package="@qwen-code/qwen-code@0.24.4",
        command=("qwen", "--auth-type", "openai", "--approval-mode", "yolo", "-p", QUESTION),
        tool="read_file",
        arguments={"file_path": "{work}/note.txt"},
        env={"OPENAI_BASE_URL": "{url}", "OPENAI_API_KEY": "k", "OPENAI_MODEL": MODEL},
    ),
    *(
        Agent(id=f"pi, {wire}", package=_PI, command=_PI_COMMAND, tool="read", arguments=_READ, files=_pi(api, url))
        for wire, api, url in (
            ("chat", "openai-completions", "{url}"),
            ("Responses", "openai-responses", "{url}"),
            ("Anthropic", "anthropic-messages", "{root}"),
        )
    ),
    *(
        Agent(
            id=f"Copilot CLI, {wire}",
            package=_COPILOT,
            command=_COPILOT_COMMAND,
            tool="view",
            arguments=_READ,
            env=_copilot(kind, api, url),
        )
        for wire, kind, api, url in (
            ("chat", "openai", "completions", "{url}"),
            ("Responses", "openai", "responses", "{url}"),
            ("Anthropic", "anthropic", "", "{root}"),
        )
    ),
    Agent(
        id="Continue, chat",
        package="@continuedev/cli@1.5.47",
        command=("cn", "--config", "{home}/config.yaml", "--auto", "-p", QUESTION),
        tool="Read",
        arguments={"filepath": "{work}/note.txt"},
        files={"config.yaml": _CONTINUE},
    ),
    Agent(
        id="Cline, chat",
        package="cline@3.0.65",
        command=("cline", "--retries", "2", "-t", "60", "--json", "-P", "openai-compatible", *_CLINE_MODEL, QUESTION),
        tool="read_files",
        arguments={"files": [{"path": "{work}/note.txt"}]},
        before=(("cline", "auth", "-p", "openai-compatible", "-k", "k", *_CLINE_MODEL, "-b", "{url}"),),
    ),
    Agent(
        id="openclaw, chat",
        package="openclaw@2026.9.6",
        command=("openclaw", "agent", "--local", "--agent", "main", "--timeout", "90", "--message", QUESTION),
        tool="read",
        arguments=_READ,
        files={".openclaw/openclaw.json": json.dumps(_OPENCLAW)},
    ),
    Agent(
        id="llm, chat",
        package="llm==0.36",
        command=("llm", "-m", MODEL, "--key", "k", "--functions", _NOTE, QUESTION),
        tool="read_note",
        arguments={"name": "note.txt"},
        files={".config/io.datasette.llm/extra-openai-models.yaml": _LLM},
        env={"LLM_USER_PATH": "{home}/.config/io.datasette.llm"},
        python=True,
    ),
    Agent(  # files that the question names are put into the prompt
        id="gptme, chat",
        package="gptme==0.35.1",
        command=(
            "gptme",
            "-n",
            "--no-confirm",
            "-m",
            f"local/{MODEL}",
            "--tool-format",
            "tool",
            "What does the note in this folder say? Use your tools.",
        ),
        tool="shell",
        arguments={"command": "cat note.txt"},
        env={"OPENAI_BASE_URL": "{url}", "OPENAI_API_KEY": "k"},
        python=True,
    ),
]

if __name__ == "__main__":  # for `.ci/clients`: each package once, with the folder to install it in
    for kind, package, name in sorted({("pip" if agent.python else "npm", agent.package, agent.folder) for agent in AGENTS}):
        sys.stdout.write(f"{kind} {package} {name}\n")

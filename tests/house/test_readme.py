"""The README is a promise: its files, commands and snippets are run in its order, and its outputs compared."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from pathlib import Path
from typing import Any

import openai
import pytest

import adapter
from adapter.cli import run
from adapter.options import OptionKeywords
from tests.support.loopback import Upstream, completion

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
_BLOCK = re.compile(r"(?:<!-- (?P<kind>\w+): (?P<name>[\w.]+) -->\n)?```(?P<language>\w+)\n(?P<text>.*?)```\n", re.DOTALL)


def test_everything_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ran: list[str] = []
    names: dict[str, Any] = {}
    reply = "<tool_call>\n" + '{"name": "get_current_weather", "arguments": {"location": "Singapore"}}' + "\n</tool_call>"
    with Upstream(completion(reply)) as upstream:
        for block in _BLOCK.finditer(README):
            text, language = block["text"], block["language"]
            if block["kind"] == "file":
                (tmp_path / block["name"]).write_text(text, encoding="utf-8")
            elif block["kind"] == "command":
                assert language == "sh"  # .ci/run takes it from here and runs it in a clone
            elif language == "console":
                check_console(text)
            elif language == "python":
                exec(text.replace("http://localhost:8000/v1", upstream.url), names)  # noqa: S102  # that is the test
            else:
                pytest.fail(f"a block of {language} that nothing runs: {text[:60]!r}")
            ran.append(language)
    for client in [value for value in names.values() if isinstance(value, openai.OpenAI)]:
        client._client.adapter_transport.inner.close()  # type: ignore[attr-defined]  # closing the wrapped one leaves it open
    assert ran.count("python") == 7
    assert ran.count("console") == 2
    assert upstream.received


def check_console(text: str) -> None:
    command, _, expected = text.partition("\n")
    words = shlex.split(command.removeprefix("$ "))
    assert words[0] == "adapter"
    out = io.StringIO()
    with contextlib.redirect_stderr(out):
        run(words[1:], out, out, io.StringIO())
    assert out.getvalue().strip() == expected.strip()


def test_the_option_table_is_complete() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| `?([^|`]+)`? \|", README, re.MULTILINE))
    assert set(rows) == set(OptionKeywords.__annotations__)
    for name, shown in rows.items():
        default = getattr(adapter.Options(), name)
        if name != "new_id":
            assert shown == str(default).replace("'", '"') or shown == f'"{default}"'


def test_the_completion_shown_is_read_without_problems() -> None:
    shown = re.search(r"<!-- file: completion.txt -->\n```text\n(.*?)```", README, re.DOTALL)
    assert shown is not None
    parsed = adapter.parse(shown.group(1))
    assert [call.name for call in parsed.tool_calls] == ["get_current_weather"]
    assert parsed.problems == ()

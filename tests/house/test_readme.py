"""The README is a promise: its files, commands and snippets are run in its order, and its outputs compared."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import openai

import adapter
from adapter.option_keywords import OptionKeywords
from tests.house.pages import ROOT, blocks, run_page
from tests.support.loopback import Upstream, completion

if TYPE_CHECKING:
    from pathlib import Path

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_everything_in_it(tmp_path: Path) -> None:
    names: dict[str, Any] = {}
    reply = "<tool_call>\n" + '{"name": "get_current_weather", "arguments": {"location": "Singapore"}}' + "\n</tool_call>"
    with Upstream(completion(reply)) as upstream:
        ran = run_page(ROOT / "README.md", tmp_path, upstream.url, names)
    for client in [value for value in names.values() if isinstance(value, openai.OpenAI)]:
        client._client.adapter_transport.inner.close()  # type: ignore[attr-defined]  # closing the wrapped one leaves it open
    assert ran.total() == len([*blocks(README)]), "a block that nothing runs"
    assert (ran["python"], ran["console"]) == (1, 1)


def test_it_has_no_more_lines_than_a_newcomer_reads() -> None:
    assert len(README.splitlines()) <= 150


def test_the_option_table_is_complete() -> None:
    options = (ROOT / "docs" / "options.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| `?([^|`]+)`? \|", options, re.MULTILINE))
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

"""Templates made to take time or memory out of proportion end as a `DialectError`, in a bounded number of steps."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import jinja2
import pytest

from adapter.dialects import templates
from adapter.dialects.registry import load
from adapter.dialects.spending import spending
from adapter.errors import DialectError
from adapter.prompt import chat_environment
from adapter.prompt.chat_template import load_chat_template
from tests.support.hostile_templates import REFUSED, RENDERED

if TYPE_CHECKING:
    from pathlib import Path

MOST_SECONDS = 60  # of processor; the slowest takes three on a busy machine
MOST_MEMORY = 1_500 * 1024**2  # bytes; 250 MB are used

FEW = ("text repeated", "text in a loop", "range too long", "centre", "list repeated", "macro without an end", "product")


def _outcomes(folder: Path, named: dict[str, str]) -> dict[str, tuple[str, float, int]]:
    for name, text in named.items():
        (folder / f"{name}.jinja").write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.hostile_templates", str(folder)],
        capture_output=True, text=True, timeout=900, check=False, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return {name: (outcome, spent, most) for name, outcome, spent, most in map(json.loads, done.stdout.splitlines())}


@pytest.mark.proof
def test_a_hundred_hostile_templates_end(tmp_path: Path) -> None:
    assert len(REFUSED) >= 100
    found = _outcomes(tmp_path, REFUSED | RENDERED)
    assert set(found) == {*REFUSED, *RENDERED}
    for name, (outcome, spent, most) in found.items():
        assert outcome.startswith("text of" if name in RENDERED else "DialectError"), (name, outcome)
        assert name in RENDERED or re.search(r"\.jinja:[1-9]\d*: ", outcome), (name, outcome)
        assert len(outcome) < 1000, name
        assert spent < MOST_SECONDS, (name, spent)
        assert most < MOST_MEMORY, (name, most)


def test_hostile_templates_of_each_kind_are_refused_with_their_place(tmp_path: Path) -> None:
    for name in FEW:
        path = tmp_path / f"{name}.jinja"
        path.write_text("two lines\n" + REFUSED[name])
        with pytest.raises(DialectError, match=rf"{name}\.jinja:2: ") as caught:
            load_chat_template(str(path)).render([{"role": "user", "content": "x"}], now=0)
        assert len(caught.value.message) < 1000, name


def test_a_hostile_dialect_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.jinja"
    head = '{# +++\nextends = "hermes"\nname = "mine"\nmodels = []\n+++ #}\n'
    path.write_text(head + REFUSED["text repeated"])
    with pytest.raises(DialectError, match=r"mine.*too many steps"):
        load(str(path))
    path = tmp_path / "other.jinja"
    path.write_text(head + "{% macro tool_results(results) %}" + REFUSED["text repeated"] + "{% endmacro %}")
    dialect = load(str(path))
    with pytest.raises(DialectError, match=r"macro 'tool_results' failed: .*too many steps"):
        dialect.tool_results([{"content": "x", "name": "f", "id": "1"}])


TOOL = {"type": "function", "function": {"name": "f", "description": "d", "parameters": {"type": "object", "properties": {}}}}
TALK = [
    {"role": "system", "content": "Be short."},
    *({"role": role, "content": f"{role} {turn}"} for turn in range(3) for role in ("user", "assistant")),
    {"role": "user", "content": "?"},
]


def test_the_budget_changes_no_prompt() -> None:
    env = chat_environment.environment(ours=False)
    for name in templates.names("chat"):
        ours = load_chat_template(name)
        with spending():
            text, path = templates.read(name, "chat", "chat template")
            other = jinja2.Template.from_code(env, env.compile(text, name=path, filename=path), env.make_globals(None))
            for tools in (None, [TOOL]):
                told = {"strftime_now": str, "tools": tools, "documents": None, "bos_token": ours.bos, "eos_token": ours.eos}
                shown = other.render({**told, "add_generation_prompt": True, "messages": [ours._plain(m, 0) for m in TALK]})
                assert shown == ours.template.render(
                    {**told, "add_generation_prompt": True, "messages": [ours._plain(m, 0) for m in TALK]}
                ), name


def test_a_long_conversation_is_rendered_under_the_budget(tmp_path: Path) -> None:
    path = tmp_path / "long.jinja"
    path.write_text(
        "{% for a in messages %}{% for b in messages %}{% if b.role == 'user' %}{% endif %}{% endfor %}{{ a.content }}{% endfor %}"
    )
    talk = [{"role": "user", "content": "word " * 20}] * 400
    assert len(load_chat_template(str(path)).render(talk, now=0)) == 40_000

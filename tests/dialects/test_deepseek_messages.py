"""What DeepSeek V4's encoder reads beside the API's messages: reminders, and tasks that ask for a short answer.

The forms are those of the official encoder; its own pairs of input and output are in `test_reference_renderings`.
"""

from __future__ import annotations

from typing import Any

import pytest

import adapter
from adapter.exchange import preview
from adapter.options import make_options
from adapter.prompt.neutralise import BREAK

EOS = "<｜end▁of▁sentence｜>"
REMINDER = {"role": "latest_reminder", "content": "Sunday, Paris"}
NAMES = ["deepseek-v4", "deepseek-v4.1"]
TASKS = ["query", "authority", "domain", "title", "read_url"]


def prompt(name: str, messages: list[Any], **fields: Any) -> str:
    """The text of a raw completion, as a client's request becomes it."""
    options = make_options({"dialect": name, "upstream": "completions", "chat_template": name})
    return str(preview({"model": "m", "messages": messages, **fields}, options, lambda: 0.0)["prompt"])


def asked(text: str, task: str | None = None) -> dict[str, str]:
    return {"role": "user", "content": text, **({"task": task} if task else {})}


@pytest.mark.parametrize("name", NAMES)
def test_a_reminder_stays_where_it_is(name: str) -> None:
    assert prompt(name, [REMINDER, asked("Hi")]) == "<｜latest_reminder｜>Sunday, Paris<｜User｜>Hi<｜Assistant｜></think>"
    again = prompt(name, [asked("Hi"), {"role": "assistant", "content": "Yes?"}, REMINDER, asked("Go")])
    assert again == (
        f"<｜User｜>Hi<｜Assistant｜></think>Yes?{EOS}<｜latest_reminder｜>Sunday, Paris<｜User｜>Go<｜Assistant｜></think>"
    )


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("task", TASKS)
def test_a_task_stands_after_the_question(name: str, task: str) -> None:
    assert prompt(name, [asked("Hi", task)]) == f"<｜User｜>Hi<｜{task}｜>"
    answered = prompt(name, [asked("Hi", task), {"role": "assistant", "content": "Hello"}, asked("Go")])
    assert answered == f"<｜User｜>Hi<｜{task}｜>Hello{EOS}<｜User｜>Go<｜Assistant｜></think>"


@pytest.mark.parametrize(("thinking", "begun"), [(False, "</think>"), (True, "<think>")])
def test_an_action_is_the_assistants(thinking: bool, begun: str) -> None:
    text = prompt("deepseek-v4", [asked("Hi", "action")], chat_template_kwargs={"thinking": thinking})
    assert text == f"<｜User｜>Hi<｜Assistant｜>{begun}<｜action｜>"


def test_a_task_that_there_is_not() -> None:
    with pytest.raises(adapter.BadRequest, match="no task weather"):
        prompt("deepseek-v4", [asked("Hi", "weather")])


def test_no_user_can_write_them() -> None:
    for token in ("<｜latest_reminder｜>", "<｜action｜>", "<｜title｜>"):
        text = prompt("deepseek-v4", [asked(f"a {token} b")])
        assert token not in text
        assert f"a {token[:1]}{BREAK}{token[1:]} b" in text


def test_a_dialect_without_such_a_role_refuses_it() -> None:
    with pytest.raises(adapter.BadRequest, match=r"Invalid value: 'latest_reminder' for 'messages\[0\]\.role'"):
        prompt("deepseek-v3.2", [REMINDER, asked("Hi")])
    with pytest.raises(adapter.BadRequest, match=r"Supported values are: .*'latest_reminder'"):
        prompt("deepseek-v4", [{"role": "reminder", "content": "x"}, asked("Hi")])

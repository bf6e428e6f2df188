"""`adapter.render` takes every option that shapes the prompt, and renders what a client sends: all options are walked."""

from __future__ import annotations

import itertools
import json
import time
from typing import Any

import pytest

import adapter
from adapter.exchange.protocol import Run, UpstreamRequest
from adapter.option_keywords import CHOICES, MessageKeywords, OptionKeywords, PromptKeywords, ReadKeywords, StreamKeywords
from adapter.options import PROFILES, make_options
from adapter.transport import open_exchange_for
from tests.facts.test_options import ASK, DONE_BEFORE, IMAGE, SAID, SYSTEMS, TAGS, THOUGHT_OF, USES, one_id
from tests.facts.tools import TOOLS
from tests.support.tiers import few_or_all

NAMED = {"type": "function", "function": {"name": "get_weather"}}
JSON = {"response_format": {"type": "json_object"}}
# Requests in which an option may shape the prompt.
SITUATIONS: dict[str, dict[str, Any]] = {
    "a question": {"messages": [ASK]},
    "a call required": {"messages": [ASK], "tool_choice": "required"},
    "a call named": {"messages": [ASK], "tool_choice": NAMED, "parallel_tool_calls": False},
    "no call": {"messages": [ASK], "tool_choice": "none"},
    "a result": {"messages": DONE_BEFORE},
    "a result, and the call again": {"messages": DONE_BEFORE, "tool_choice": NAMED},
    "thoughts": {"messages": [ASK, THOUGHT_OF, ASK]},
    "images": {"messages": IMAGE},
    "markup": {"messages": TAGS},
    "several system messages": {"messages": SYSTEMS},
    "turns in a row": {"messages": [ASK, ASK]},
    "odd content": {"messages": [{"role": "user", "content": [{"type": "input_text", "text": "Hi"}]}]},
    "a bad tool": {"messages": [ASK], "tools": [*TOOLS, {"type": "function", "function": {"name": "a b"}}]},
    "a tool of a vendor": {"messages": [ASK], "tools": [*TOOLS, {"type": "web_search"}]},
    "JSON": {"messages": [ASK], "extra_body": JSON},
    "thinking": {"messages": [ASK], "tool_choice": "required", "extra_body": {"chat_template_kwargs": {"enable_thinking": True}}},
}  # fmt: skip
# Settings in which an option may shape the prompt.
BESIDE: list[dict[str, Any]] = [
    {},
    {"server": "llama.cpp", "enforce": "prefill", "on_bad_tool": "leave_out"},
    {"server": "deepseek", "enforce": "json_object", "reply_tool": True},
    {"server": "llama.cpp", "upstream": "completions", "chat_template": "qwen3", "dialect": "qwen3-coder"},
]
CALLABLE = {"on_event", "on_exchange", "new_id"}
SENDING_TOOLS = {"native"}  # the server writes the prompt


def values_of(name: str) -> list[Any]:
    """Values of an option, other than the default: all words, or that of the table of uses."""
    if name in {"profile", "store"}:
        return [*PROFILES] if name == "profile" else [SAID]
    given: list[Any] = [*CHOICES.get(name, ()), *([] if name in CALLABLE else [USES[name].value])]
    return [value for value in given if value is not None]


def sent(situation: dict[str, Any], options: dict[str, Any]) -> Any:
    """The prompt that a client sends; an error's words in its place."""
    body = {"model": "", "tools": TOOLS, **{key: value for key, value in situation.items() if key != "extra_body"}}
    try:
        chosen = make_options({"new_id": one_id, **options})
        exchange = open_exchange_for(chosen)(
            "/v1/chat/completions", json.dumps(body | situation.get("extra_body", {})).encode()
        )
        assert exchange is not None
        answer = None
        while not isinstance(command := exchange.send(answer), UpstreamRequest):
            assert isinstance(command, Run)
            answer = command.action()
        exchange.close()
    except (ValueError, TypeError) as error:
        return f"{type(error).__name__}: {error}"
    except adapter.AdapterError as error:
        return error.message
    return command.body.get("prompt", command.body.get("messages"))


def rendered(situation: dict[str, Any], options: dict[str, Any]) -> Any:
    """What `render` makes of it."""
    request = {"tools": TOOLS, **situation}
    try:
        return adapter.render(**request, **options)
    except (ValueError, TypeError) as error:
        return f"{type(error).__name__}: {error}"
    except adapter.AdapterError as error:
        return error.message


def fixed_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 1_700_000_000.0)


@pytest.mark.both_tiers
def test_render_takes_every_option_that_shapes_the_prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    fixed_time(monkeypatch)
    plain = {(fact, place): sent(SITUATIONS[fact], beside) for fact in SITUATIONS for place, beside in enumerate(BESIDE)}
    shaping: dict[str, str] = {}
    for name in OptionKeywords.__annotations__:
        besides = [*enumerate(BESIDE if name in PromptKeywords.__annotations__ else few_or_all(BESIDE[:1], BESIDE))]
        for value, (place, beside), fact in itertools.product(values_of(name), besides, SITUATIONS):
            more: dict[str, Any] = {"chat_template": "chatml"} if name == "upstream" and value == "completions" else {}
            more |= {"store": SAID} if name == "replay" else {}
            base = plain[fact, place] if name != "replay" else sent(SITUATIONS[fact], {**beside, **more})
            prompt = sent(SITUATIONS[fact], {**more, **beside, name: value})
            if not (isinstance(prompt, str) and prompt.startswith(("ValueError", "TypeError"))) and prompt != base:
                shaping[name] = f"{fact}, {beside}, {name}={value!r}"
                break
    assert set(shaping) - SENDING_TOOLS == set(PromptKeywords.__annotations__) - CALLABLE, shaping


@pytest.mark.both_tiers
@pytest.mark.parametrize("name", sorted(PromptKeywords.__annotations__))
def test_render_makes_what_a_client_sends(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fixed_time(monkeypatch)
    few, step = few_or_all((2, 3), (99, 1))
    for value, beside, (fact, situation) in itertools.product(
        values_of(name)[-few:] or [None], BESIDE[:few], [*SITUATIONS.items()][::step]
    ):
        options = {**beside, **({} if value is None else {name: value})}
        if options.get("upstream") == "completions" and "chat_template" not in options:
            options["chat_template"] = "chatml"
        expected = sent(situation, options)
        if isinstance(expected, str) and expected.startswith(("ValueError", "TypeError")):
            continue
        assert rendered(situation, options) == expected, (fact, options)


def test_the_keywords_are_those_of_one_another() -> None:
    assert set(MessageKeywords.__annotations__) == set(PromptKeywords.__annotations__) - {"upstream", "chat_template"}
    assert set(ReadKeywords.__annotations__) < set(StreamKeywords.__annotations__) < set(OptionKeywords.__annotations__)


def test_render_with_a_chat_template_is_one_text() -> None:
    prompt = adapter.render([ASK], TOOLS, chat_template="chatml")
    assert prompt.startswith("<|im_start|>system\n# Tools")
    assert prompt.endswith("<|im_start|>assistant\n")
    told: list[adapter.Problem] = []
    by_name = adapter.render(
        [ASK], TOOLS, chat_template="auto", dialect="auto", model="Qwen2.5-7B-Instruct", on_event=told.append
    )
    assert by_name.startswith("<|im_start|>system\n")
    assert [problem.kind for problem in told] == ["chosen", "chosen"]
    small = adapter.render([ASK], TOOLS, profile="small")
    assert len(small) > len(adapter.render([ASK], TOOLS))

"""Chat templates: the environment they run in, what reaches them, and the ones that come along."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

import adapter
from adapter.dialects.templates import names
from adapter.exchange import preview
from adapter.options import make_options
from adapter.prompt.chat_template import load_chat_template

if TYPE_CHECKING:
    from pathlib import Path

    from syrupy.assertion import SnapshotAssertion

ASK: dict[str, Any] = {"role": "user", "content": "Hi"}
MESSAGES: list[dict[str, Any]] = [ASK, {"role": "assistant", "content": "Ho", "reasoning": "Hm"}]
NOON = datetime(2026, 11, 23, 12).timestamp()


def written(folder: Path, text: str, name: str = "mine.jinja") -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


# Each row was rendered by `apply_chat_template` of transformers 5.23.0 too, with the same result.
ENVIRONMENT = {
    "tojson keeps order, letters and markup": ("""{{ {"b": "<é> & '🚀'", "a": 1.0} | tojson }}""", """{"b": "<é> & '🚀'", "a": 1.0}"""),
    "tojson with an indent": ('{{ {"a": [1]} | tojson(indent=2) }}', '{\n  "a": [\n    1\n  ]\n}'),
    "tojson with separators": ('{{ {"a": [1, 2]} | tojson(separators=(",", ":")) }}', '{"a":[1,2]}'),
    "tojson with sorted keys, inner ones too": ('{{ {"b": {"d": 1, "c": 2}, "a": 0} | tojson(sort_keys=true) }}', '{"a": 0, "b": {"c": 2, "d": 1}}'),
    "tojson in ASCII, by name and by place": ('{{ "é" | tojson(ensure_ascii=true) }}{{ "é" | tojson(true) }}', '"\\u00e9""\\u00e9"'),
    "nothing is escaped": ("{{ '<&>' }}", "<&>"),
    "a newline after a block goes": ("{% if true %}\nx\n{% endif %}\ny", "x\ny"),
    "a newline after a comment goes": ("{# c #}\nx", "x"),
    "a newline after a value stays": ("{{ 1 }}\n{{ 2 }}", "1\n2"),
    "indentation before a block goes, before a value it stays": ("  {% if true %}x{% endif %}\n  {{ 1 }}", "x  1"),
    "the last newline goes, one only": ("x\n\n", "x\n"),
    "break and continue": ("{% for i in range(9) %}{% if i == 1 %}{% continue %}{% endif %}{% if i > 2 %}{% break %}{% endif %}{{ i }}{% endfor %}", "02"),
    "a generation is its text": ("a{% generation %}b{% endgeneration %}c", "abc"),
    "what is set in a generation stays in it": ("{% set x = 1 %}{% generation %}{% set x = 2 %}{{ x }}{% endgeneration %}{{ x }}", "21"),
    "a generation reads the loop around it": ("{% for m in messages %}{% generation %}{{ m.content }}{{ loop.index }}{% endgeneration %}{% endfor %}", "Hi1Ho2"),
    "a namespace changes in a generation": ("{% set n = namespace(x=1) %}{% generation %}{% set n.x = 2 %}{% endgeneration %}{{ n.x }}", "2"),
    "blanks in a generation are trimmed as elsewhere": ("{% generation %}\n  b\n{%- endgeneration %}\nc", "  bc"),
    "a namespace in a loop": ("{% set n = namespace(x=0) %}{% for m in messages %}{% set n.x = n.x + 1 %}{% endfor %}{{ n.x }}", "2"),
    "a namespace may hold self": ("{{ namespace(self=1).self }}", "1"),
    "dict": ('{{ dict(a=1) }}{{ dict.fromkeys(["b"], 2) }}', "{'a': 1}{'b': 2}"),
    "an unknown name is nothing": ("[{{ nope }}]{{ nope is defined }}", "[]False"),
    "an unknown key is nothing": ("[{{ messages[0].nope }}]", "[]"),
    "no tools, said as none": ("{{ tools is defined }} {{ tools is none }} {{ documents is none }}", "True True True"),
    "a key that is a method's name": ("{{ messages[0].items is defined }}", "True"),
    "the day": ('{{ strftime_now("%d %b %Y %H:%M") }}', "23 Nov 2026 12:00"),
    "the day in a macro": ('{% macro day() %}{{ strftime_now("%Y") }}{% endmacro %}{{ day() }}', "2026"),
    "reasoning by every name": ("{{ messages[1].reasoning_content }} {{ messages[1].thinking }} {{ messages[1].reasoning }}", "Hm Hm Hm"),
    "no reasoning is undefined": ("{{ messages[0].reasoning_content is defined }}", "False"),
    "the generation prompt": ("{{ add_generation_prompt }}", "True"),
    "a variable of the caller's": ("{{ enable_thinking }}{{ other | default('-') }}", "False-"),
}  # fmt: skip


@pytest.mark.parametrize("fact", ENVIRONMENT)
def test_the_environment(fact: str, tmp_path: Path) -> None:
    text, expected = ENVIRONMENT[fact]
    template = load_chat_template(written(tmp_path, text))
    assert template.render(MESSAGES, now=NOON, enable_thinking=False) == expected


# Each row fails in transformers 5.23.0 too.
FAULTS = {
    "an unknown name's attribute": ("a\n{{ nope.x }}", ":2: .*'nope' is undefined"),
    "a list cannot be changed": ("{{ messages.append(1) }}", ":1: .*SecurityError"),
    "a message cannot be changed": ("\n\n{{ messages[0].update({}) }}", ":3: .*SecurityError"),
    "Python's inside is closed": ("{{ ''.__class__.__mro__ }}", ":1: .*SecurityError"),
    "a namespace holds no inside": ("{% set n = namespace() %}{% set n.__x = 1 %}", ":1: .*underscore"),
    "a namespace is made without": ("{{ namespace(_x=1) }}", ":1: .*underscore"),
    "a loop over none": ("{% for tool in tools %}{% endfor %}", ":1: .*TypeError"),
    "a mistake in a macro": ("{% macro f() %}\n{{ 1 / 0 }}\n{% endmacro %}{{ f() }}", ":2: .*ZeroDivisionError"),
    "a syntax error": ("a\nb {% if %}", ":2: Expected an expression"),
    "an unknown tag": ("{% nope %}", ":1: Encountered unknown tag 'nope'"),
    "an unknown filter": ("{{ 1 | nope }}", ":1: No filter named 'nope'"),
    "a generation without an end": ("{% generation %}", ":1: Unexpected end of template"),
}


@pytest.mark.parametrize("fact", FAULTS)
def test_a_faulty_template_is_told_with_file_and_line(fact: str, tmp_path: Path) -> None:
    text, words = FAULTS[fact]
    path = written(tmp_path, text)
    with pytest.raises(adapter.DialectError, match=words) as caught:
        load_chat_template(path).render(MESSAGES, now=NOON)
    assert str(caught.value).startswith(path)


def test_a_template_refuses_in_its_own_words(tmp_path: Path) -> None:
    template = load_chat_template(written(tmp_path, '{{ raise_exception("Roles must alternate!") }}'))
    with pytest.raises(adapter.BadRequest, match="Roles must alternate!") as caught:
        template.render(MESSAGES, now=NOON)
    assert (caught.value.param, caught.value.status) == ("messages", 400)


SHOW = "{% for m in messages %}[{{ m.content }}]{% endfor %}"
TEXT = {"type": "text", "text": "a "}
CONTENTS = [
    pytest.param("a", "[a]", id="a string"),
    pytest.param([TEXT, {"type": "text", "text": "b"}], "[a b]", id="text parts are joined"),
    pytest.param([{"type": "refusal", "refusal": "No."}], "[No.]", id="a refusal is text"),
    pytest.param([], "[]", id="no parts"),
    pytest.param(None, "[]", id="null"),
]


@pytest.mark.parametrize(("content", "expected"), CONTENTS)
def test_content_reaches_a_template_as_text(content: Any, expected: str, tmp_path: Path) -> None:
    message = {"role": "user", "content": content}
    assert load_chat_template(written(tmp_path, SHOW)).render([message], now=NOON) == expected
    assert message == {"role": "user", "content": content}


@pytest.mark.parametrize("kind", ["image_url", "input_audio", "video_url", "file"])
def test_a_raw_completion_carries_no_media(kind: str) -> None:
    messages: list[dict[str, Any]] = [ASK, {"role": "user", "content": [TEXT, {"type": kind}]}]
    with pytest.raises(adapter.BadRequest, match=f"{kind!r}.*carries text only") as caught:
        load_chat_template("chatml").render(messages, now=NOON)
    assert caught.value.param == "messages[1].content[1]"


IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}


@pytest.mark.parametrize("name", ["deepseek-v4", "deepseek-v4.1"])
def test_a_template_may_have_something_that_stands_for_an_image(name: str) -> None:
    """The text is exact; what carries it must bring the image too, so a raw completion is still refused."""
    messages: list[dict[str, Any]] = [{"role": "user", "content": [TEXT, IMAGE, TEXT]}]
    shown = TEXT["text"]
    text = load_chat_template(name).render(messages, now=NOON)
    assert f"<｜User｜>{shown}\n\n<｜deepseek_image｜>\n\n{shown}<｜Assistant｜>" in text
    with pytest.raises(adapter.BadRequest, match=r"'image_url'.*carries text only") as caught:
        raw = make_options({"dialect": name, "upstream": "completions", "chat_template": name})
        preview({"model": "m", "messages": messages}, raw, lambda: 0.0)
    assert caught.value.param == "messages[0].content[1]"
    with pytest.raises(adapter.BadRequest, match=r"'input_audio'.*carries text only"):
        load_chat_template(name).render([{"role": "user", "content": [{"type": "input_audio"}]}], now=NOON)


CONVERSATION: list[dict[str, Any]] = [
    {"role": "system", "content": "Be kind."},
    {"role": "user", "content": "First?"},
    {"role": "assistant", "content": "Answered.", "reasoning_content": "Thought."},
    {"role": "tool", "content": "Found."},
    {"role": "user", "content": "Last?"},
]


# The others leave out thoughts from before the last question.
KEEPS_THOUGHTS = {"inkling", "minimax-m3", "seed-oss", "kimi-k3", "mistral-v13", "mistral-v15"}


@pytest.mark.parametrize("name", names("chat"))
def test_every_template_that_comes_along(name: str, snapshot: SnapshotAssertion) -> None:
    template = load_chat_template(name)
    assert (template.name, bool(template.stop), bool(template.special)) == (name, True, True)
    assert set(template.stop) <= set(template.special)
    text = template.render(CONVERSATION, now=NOON)
    assert text == snapshot
    assert text.startswith(template.bos)
    for word in ("Be kind.", "First?", "Answered.", "Found.", "Last?"):
        assert text.count(word) == 1
    assert ("Thought." in text) == (name in KEEPS_THOUGHTS)
    for messages in ([ASK], CONVERSATION[:1], MESSAGES, [ASK, ASK], CONVERSATION[:4]):
        begun = template.render(messages, now=NOON)
        whole = template.render(messages, now=NOON, add_generation_prompt=False)
        # An answer at the very end may close as the model itself closes it, with thoughts that are dropped later.
        closed = messages[-1]["role"] == "assistant" and template.eos and whole.endswith(template.eos)
        assert begun.startswith(whole) or closed


THINKS: dict[str, Any] = {"role": "assistant", "content": "Calls.", "reasoning_content": "Hm."}
RESULT: dict[str, Any] = {"role": "user", "content": "<tool_response>\nr\n</tool_response>"}
CALLS: dict[str, Any] = {
    "role": "assistant",
    "content": "See:\n\n<tool_call>a</think>b</tool_call>",
    "native": {"text": "See:", "calls": []},
}
OURS: dict[str, tuple[str, list[dict[str, Any]], dict[str, Any], str]] = {
    "qwen3: thoughts since the last question stay": ("qwen3", [ASK, THINKS, RESULT], {}, "<think>\nHm.\n</think>\n\nCalls.<|im_end|>"),
    "qwen3: the same question twice is two questions": ("qwen3", [ASK, THINKS, ASK], {}, "<|im_start|>assistant\nCalls.<|im_end|>"),
    "qwen3: no thinking": ("qwen3", [ASK], {"enable_thinking": False}, "<|im_start|>assistant\n<think>\n\n</think>\n\n"),
    "glm-4.5: no thinking": ("glm-4.5", [ASK], {"enable_thinking": False}, "Hi/nothink<|assistant|>\n<think></think>"),
    "glm-4.5: results under one token": ("glm-4.5", [ASK, {"role": "tool", "content": "a"}, {"role": "tool", "content": "b"}], {}, "<|observation|>\na\nb<|assistant|>"),
    "glm-4.7: no thinking": ("glm-4.7", [ASK], {"enable_thinking": False}, "<|assistant|></think>"),
    "glm-4.7: old thoughts are kept": ("glm-4.7", [ASK, THINKS, ASK], {"clear_thinking": False}, "<|assistant|><think>Hm.</think>Calls."),
    "deepseek-v3: thinking": ("deepseek-v3", [ASK], {"thinking": True}, "<｜Assistant｜><think>\n"),
    "deepseek-v3.1: thinking": ("deepseek-v3.1", [ASK], {"thinking": True}, "<｜Assistant｜><think>"),
    "deepseek-v3.1: after a result its own turn goes on": ("deepseek-v3.1", [ASK, THINKS, {"role": "tool", "content": "r"}], {}, "</think>Calls.<｜end▁of▁sentence｜><｜tool▁output▁begin｜>r<｜tool▁output▁end｜>"),
    "deepseek-v3: results stand together": ("deepseek-v3", [ASK, THINKS, *[{"role": "tool", "content": "r"}] * 2], {}, "<｜tool▁outputs▁begin｜><｜tool▁output▁begin｜>r<｜tool▁output▁end｜>\n<｜tool▁output▁begin｜>r<｜tool▁output▁end｜><｜tool▁outputs▁end｜>"),
    "deepseek-v3.2: results of role tool": ("deepseek-v3.2", [ASK, *[{"role": "tool", "content": "r"}] * 2], {"thinking": True}, "\n\n<function_results>\n<result>r</result>\n<result>r</result>\n</function_results>\n\n<think>"),
    "deepseek-v4: results of role tool": ("deepseek-v4", [ASK, THINKS, *[{"role": "tool", "content": "r"}] * 2, ASK], {}, "<｜User｜><tool_result>r</tool_result>\n\n<tool_result>r</tool_result>\n\nHi<｜Assistant｜></think>"),
    "deepseek-v4: all thoughts": ("deepseek-v4", [ASK], {"thinking": True, "reasoning_effort": "max"}, "is left unchecked.\n\n<｜User｜>Hi<｜Assistant｜><think>"),
    "deepseek-v4.1: a header for how much to think": ("deepseek-v4.1", [ASK], {"thinking": True, "reasoning_effort": "max"}, "<｜System｜>Reasoning Effort: 100 (range 1-100, the higher the value, the more thorough the reasoning)\n\n<｜User｜>Hi<｜Assistant｜><think>"),
    "minimax-m2: thoughts since the last question stay": ("minimax-m2", [ASK, THINKS], {}, "]~b]ai\n<think>\nHm.\n</think>\n\nCalls.[e~["),
    "minimax-m2: results are one turn": ("minimax-m2", [ASK, {"role": "tool", "content": "a"}, {"role": "tool", "content": "b"}, ASK], {}, "]~b]tool\na\nb[e~[\n]~b]user\n"),
    "qwen3.5: no thinking": ("qwen3.5", [ASK], {"enable_thinking": False}, "<|im_start|>assistant\n<think>\n\n</think>\n\n"),
    "qwen3.5: a turn of results is no question": ("qwen3.5", [ASK, THINKS, RESULT], {}, "<think>\nHm.\n</think>\n\nCalls.<|im_end|>"),
    "qwen3.5: old thoughts are kept": ("qwen3.5", [ASK, THINKS, ASK], {"preserve_thinking": True}, "<think>\nHm.\n</think>\n\nCalls.<|im_end|>"),
    "qwen3.5: thoughts in the text": ("qwen3.5", [ASK, {"role": "assistant", "content": "<think>\nHm.\n</think>\n\nCalls."}], {}, "assistant\n<think>\nHm.\n</think>\n\nCalls.<|im_end|>"),
    "qwen3.5: a closing tag inside a call": ("qwen3.5", [ASK, CALLS], {}, "assistant\n<think>\n\n</think>\n\nSee:\n\n<tool_call>a</think>b</tool_call><|im_end|>"),
    "nemotron-3-nano: a turn of results is no question": ("nemotron-3-nano", [ASK, THINKS, RESULT], {}, "<think>\nHm.\n</think>\nCalls.<|im_end|>"),
    "nemotron-3-nano: no thinking": ("nemotron-3-nano", [ASK], {"enable_thinking": False}, "assistant\n<think></think>"),
    "seed-oss: a budget for thinking": ("seed-oss", [ASK], {"thinking_budget": 600}, "within 600 tokens and start answering the user's questions. You will reflect on your thinking process every 256 tokens"),
    "seed-oss: no thinking": ("seed-oss", [ASK], {"thinking_budget": 0}, "so I will directly start answering the question.</seed:cot_budget_reflect>\n</seed:think>"),
    "llama-3.1: a date of its own": ("llama-3.1", [ASK], {}, "Today Date: 26 Jul 2024\n\n<|eot_id|>"),
    "llama-3.1: the caller's date": ("llama-3.1", [ASK], {"date_string": "1 Jan 2026"}, "Today Date: 1 Jan 2026\n\n<|eot_id|>"),
    "llama-3.2: the day it is": ("llama-3.2", [ASK], {}, "Today Date: 23 Nov 2026\n\n<|eot_id|>"),
    "mistral-v3: no blank before calls": ("mistral-v3", [ASK, {"role": "assistant", "content": "[TOOL_CALLS] []"}], {}, "[INST] Hi[/INST][TOOL_CALLS] []</s>"),
    "gemma: a system text alone": ("gemma", [{"role": "system", "content": "S"}], {}, "<bos><start_of_turn>user\nS<end_of_turn>\n<start_of_turn>model\n"),
    "hermes-3: results that come last": ("hermes-3", [ASK, {"role": "tool", "content": "r"}], {}, "<|im_start|>tool\nr<|im_end|><|im_start|>assistant\n"),
    "kimi-k2: tools are declared first": ("kimi-k2", [{"role": "system", "name": "tool_declare", "content": "[]"}, ASK], {}, "<|im_system|>tool_declare<|im_middle|>[]<|im_end|><|im_system|>system<|im_middle|>You are Kimi"),
}  # fmt: skip


@pytest.mark.parametrize("fact", OURS)
def test_what_ours_do_besides(fact: str) -> None:
    name, messages, variables, expected = OURS[fact]
    assert expected in load_chat_template(name).render(messages, now=NOON, **variables)

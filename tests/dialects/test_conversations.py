"""Conversations of every shape: what the model reads, as snapshots beside the request; and read back, the same calls."""

from __future__ import annotations

import hashlib
import itertools
import json
import random
import string
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai import OpenAI

import adapter
from adapter.dialects.registry import load
from adapter.dialects.templates import names
from adapter.events import CallFinished, Problem
from adapter.exchange import preview
from adapter.option_keywords import PromptKeywords
from adapter.options import make_options
from adapter.prompt.history import read_turns
from adapter.text.json_spans import loads
from tests.facts.conversations import ASK, CONVERSATIONS, FORGED, PARIS, ROME, SYSTEM, Conversation, calls, result, says, text
from tests.facts.tools import ANY, TIME, WEATHER
from tests.support.growth import assert_linear
from tests.support.loopback import Upstream, completion

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from syrupy.assertion import SnapshotAssertion

CASES = [pytest.param(case, id=name) for name, case in CONVERSATIONS.items()]


def rendered(case: Conversation) -> list[dict[str, Any]]:
    """The messages that upstream gets."""
    messages: list[dict[str, Any]] = preview(case.body, make_options(case.options), time.time)["messages"]
    return messages


def short(message: Mapping[str, Any]) -> str:
    """A message of the request in one line."""
    known = {"role", "content", "tool_calls", "tool_call_id"}
    line = f"{message['role']}{'#' + message['tool_call_id'] if 'tool_call_id' in message else ''}"
    if "content" in message:
        line += f" {json.dumps(message['content'], ensure_ascii=False)}"
    for call in message.get("tool_calls") or ():
        function = call["function"]
        line += f" → {function['name']}#{call['id']} {json.dumps(function['arguments'], ensure_ascii=False)}"
    rest = {key: value for key, value in message.items() if key not in known}
    return f"{line} + {json.dumps(rest, ensure_ascii=False)}" if rest else line


def full(message: Mapping[str, Any], block: str) -> str:
    """A message of the prompt as it is, but for a tools block that all share."""
    rest = {key: value for key, value in message.items() if key not in {"role", "content"}}
    content = message["content"] if isinstance(message["content"], str) else json.dumps(message["content"], indent=1)
    if block:
        content = content.replace(block, "(the tools block)").replace(json.dumps(block)[1:-1], "(the tools block)")
    return f"--- {message['role']}{' ' + json.dumps(rest, ensure_ascii=False) if rest else ''}\n{content}"


@pytest.mark.parametrize("case", CASES)
def test_what_the_model_reads(case: Conversation, snapshot: SnapshotAssertion) -> None:
    body = case.body
    messages = body.pop("messages")
    tools = [] if case.whole else body.get("tools") or []
    block = adapter.system_prompt(tools, dialect=case.options.get("dialect", "hermes"))
    said = {key: value for key, value in body.items() if key != "model" and value != [WEATHER, TIME]}
    head = " ".join(f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in {**said, **case.options}.items())
    lines = [*([head] if head else []), *map(short, messages), "", *(full(item, block) for item in rendered(case))]
    assert "\n".join(lines) == snapshot


@pytest.mark.parametrize("case", CASES)
def test_render_says_the_same(case: Conversation) -> None:
    """`adapter.render` is the same path, without what only a request can ask for."""
    if not set(case.options) <= set(PromptKeywords.__annotations__) or {"functions", "response_format"} & set(case.request):
        return
    body = case.body
    asked = {key: body[key] for key in ("tool_choice", "parallel_tool_calls") if key in body}
    assert adapter.render(body["messages"], body["tools"], **asked, **case.options) == rendered(case)


def test_there_are_sixty_and_more() -> None:
    assert len(CONVERSATIONS) >= 60
    assert sum(bool(made(case.body["messages"])) for case in CONVERSATIONS.values()) >= 40


@pytest.mark.parametrize("case", CASES)
def test_nothing_of_the_callers_is_changed(case: Conversation) -> None:
    body = case.body
    before = json.dumps(body)
    preview(body, make_options(case.options), time.time)
    assert json.dumps(body) == before


@pytest.mark.parametrize("case", CASES)
def test_a_server_that_is_particular_is_content(case: Conversation) -> None:
    """The options for particular servers do what they promise for every shape."""
    chosen = {**case.options, "merge_system": True, "merge_turns": True, "media": "drop", "result_role": "user"}
    messages = rendered(Conversation(case.messages, case.request, chosen))
    roles = [message["role"] for message in messages]
    assert "system" not in roles[1:]
    turns = roles[roles[:1] == ["system"] :]
    assert all(one != other for one, other in itertools.pairwise(turns))
    for message in messages:
        content = message["content"]
        assert isinstance(content, str) or all(part["type"] == "text" for part in content)


# Round trip.


def made(messages: Iterable[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """The calls of a conversation: names, and arguments in a form in which equal JSON values, key order included, are equal."""
    found = [call for turn in read_turns(list(messages)) for call in turn.calls]
    return [(call.name, spelled(call.arguments)) for call in found]


def spelled(arguments: Any) -> str:
    if isinstance(arguments, str):
        try:
            arguments = loads(arguments)
        except ValueError:
            arguments = arguments if arguments.strip() else {}
    return json.dumps({} if arguments is None else arguments)


def read_back(messages: Iterable[Mapping[str, Any]], dialect: str, cut: random.Random | None = None) -> list[tuple[str, str]]:
    """The calls in the assistant's texts, read as completions: whole, or in random pieces."""
    found: list[tuple[str, str]] = []
    for message in messages:
        if message["role"] != "assistant":
            continue
        content = message["content"]
        whole = said(content)
        parser = adapter.CompletionParser(dialect=dialect)
        events = []
        while whole:
            size = len(whole) if cut is None else cut.choice((1, 2, 3, 7, 40))
            events += parser.feed(whole[:size])
            whole = whole[size:]
        events += parser.close("stop")
        found += [(event.name, spelled(event.arguments)) for event in events if isinstance(event, CallFinished)]
        # Arguments that are no object are read as they stand, and said to be invalid; nothing else is.
        assert {event.kind for event in events if isinstance(event, Problem)} <= {"invalid_arguments"}
    return found


def said(content: Any) -> str:
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


CALLING = [pytest.param(case, id=name) for name, case in CONVERSATIONS.items() if made(case.body["messages"])]


@pytest.mark.parametrize("case", CALLING)
def test_what_is_written_is_read_back(case: Conversation) -> None:
    messages = rendered(case)
    expected = made(case.body["messages"])
    dialect = case.options.get("dialect", "hermes")
    for seed in (None, 1, 2, 3):
        found = read_back(messages, dialect, None if seed is None else random.Random(seed))
        assert found[-len(expected) :] == expected
        assert len(found) == len(expected) or "examples" in case.options


NAMES = st.text(string.ascii_letters + string.digits + "_.:/-", min_size=1, max_size=128)
TEXTS = st.text(max_size=30) | st.lists(
    st.sampled_from(
        [FORGED, "<tool_call>", "</tool_call>", "<think>", "</think>", "<|im_end|>", "\\", '"', "\n", "\r", "}", "x"]
    ),
    max_size=6,
).map("".join)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.integers(2**53, 2**200) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
ARGUMENTS = st.dictionaries(TEXTS, VALUES, max_size=4)
WORDS = st.text(string.ascii_letters + " .,!?\n\t'é🦊", max_size=20)
STEPS = st.lists(st.tuples(WORDS, st.lists(st.tuples(NAMES, ARGUMENTS, TEXTS), max_size=3), TEXTS), min_size=1, max_size=3)


# Values of other syntaxes have the types that a schema gives them; these say it themselves.
JSON_DIALECTS = [name for name in names() if load(name).syntax == "json_in_tags"]


@given(
    STEPS,
    st.booleans(),
    st.sampled_from(["user", "tool"]),
    st.sampled_from(JSON_DIALECTS),
    st.booleans(),
    st.integers(0, 2**32),
)
def test_random_calls_are_read_back(steps: Any, ascii_only: bool, role: str, dialect: str, merged: bool, seed: int) -> None:
    chance = random.Random(seed)
    messages: list[dict[str, Any]] = [SYSTEM]
    for place, (words, made_calls, asked) in enumerate(steps):
        messages.append({"role": "user", "content": [text(asked[:3]), text(asked[3:])]})
        specs = [
            (f"{place}-{number}", name, json.dumps(arguments, ensure_ascii=ascii_only))
            for number, (name, arguments, _) in enumerate(made_calls)
        ]
        messages.append(calls(*specs, content=words) if specs else says(words))
        answers = [result(spec[0], said) for spec, (_, _, said) in zip(specs, made_calls, strict=True)]
        messages += chance.sample(answers, len(answers))
    body = json.loads(json.dumps({"model": "m", "messages": messages, "tools": [ANY]}))
    plain = preview(body, make_options({"dialect": dialect, "result_role": role, "merge_turns": merged}), time.time)["messages"]
    expected = made(messages)
    assert read_back(plain, dialect) == read_back(plain, dialect, chance) == expected
    for message in plain:
        if message["role"] in {"user", "tool"}:
            assert adapter.parse(said(message["content"]), dialect=dialect, recover=False).tool_calls == ()


# Long ones.


def long(turns: int) -> Conversation:
    messages: list[Any] = [SYSTEM]
    for turn in range(turns):
        specs = [(f"{turn}-{n}", name, arguments) for n, (_, name, arguments) in enumerate((PARIS, ROME))]
        messages += [ASK, calls(*specs, content="Let me see."), *(result(spec[0], "18 C") for spec in specs), says("Fine.")]
    return Conversation(messages)


def test_hundreds_of_turns(snapshot: SnapshotAssertion) -> None:
    plain = rendered(long(300))
    data = json.dumps(plain).encode()
    assert (len(plain), len(data), hashlib.sha256(data).hexdigest()) == snapshot
    assert len(data) - len(json.dumps(rendered(long(150)))) == pytest.approx(len(data) / 2, rel=0.02)


def test_cost_grows_with_the_length() -> None:
    def prepare(turns: int) -> Callable[[], object]:
        case = Conversation(long(turns).messages, options={"merge_turns": True, "merge_system": True, "media": "drop"})
        return lambda: rendered(case)

    assert_linear(prepare, 100)


# Events and objects.


def test_4_2_what_is_left_out_is_reported_once() -> None:
    told: list[adapter.Problem] = []
    invalid = completion('<tool_call>{"name": "nope", "arguments": {}}</tool_call>')
    case = CONVERSATIONS["4.2 media left out"]
    with Upstream(invalid, completion("Yes.")) as upstream, OpenAI(base_url=upstream.url, api_key="k") as client:
        adapter.wrap(client, media="drop", on_event=told.append).chat.completions.create(**case.body)
    left_out = [problem.message for problem in told if problem.kind == "media_dropped"]
    assert left_out == [
        "messages[2].content[1]: image left out, as media='drop' says",
        "messages[5].content[1]: audio left out, as media='drop' says",
        "messages[5].content[3]: video left out, as media='drop' says",
        "messages[5].content[4]: file left out, as media='drop' says",
        "messages[5].content[5]: part of type 'hologram' left out, as media='drop' says",
    ]
    again: list[adapter.Problem] = []
    adapter.render(case.messages, case.body["tools"], media="drop", on_event=again.append)
    assert [problem.message for problem in again] == left_out


def test_4_4_a_re_ask_has_the_same_role() -> None:
    invalid = completion('<tool_call>{"name": "nope", "arguments": {}}</tool_call>')
    asked: dict[str, Any] = {"model": "m", "messages": [ASK], "tools": [WEATHER]}
    with Upstream(invalid, completion("Yes.")) as upstream, OpenAI(base_url=upstream.url, api_key="k") as client:
        adapter.wrap(client, result_role="tool", new_id=lambda: "call_1").chat.completions.create(**asked)
        objection = upstream.bodies[1]["messages"][-1]
    assert (objection["role"], objection["tool_call_id"]) == ("tool", "call_1")
    assert "nope" in objection["content"]


def test_messages_of_the_sdk_in_the_history() -> None:
    """`messages=[…, response.choices[0].message, …]`, as every tutorial writes it."""
    call = '<tool_call>\n{"name": "get_weather", "arguments": {"city": "Paris"}}\n</tool_call>'
    answered = completion(f"Let me see.\n{call}", reasoning="Hm.")
    with Upstream(answered, completion("18 C.")) as upstream, OpenAI(base_url=upstream.url, api_key="k") as client:
        wrapped = adapter.wrap(client)
        messages: list[Any] = [ASK]
        message = wrapped.chat.completions.create(model="m", messages=messages, tools=[WEATHER]).choices[0].message  # type: ignore[list-item]
        messages += [message, result(message.tool_calls[0].id, "18 C")]  # type: ignore[index]
        last = wrapped.chat.completions.create(model="m", messages=messages, tools=[WEATHER]).choices[0].message  # type: ignore[list-item]
        sent = upstream.bodies[1]["messages"]
    assert last.content == "18 C."
    assert sent[1:] == [
        ASK,
        {"role": "assistant", "content": f"Let me see.\n{call}", "reasoning": "Hm."},
        {"role": "user", "content": "<tool_response>\n18 C\n</tool_response>"},
    ]


def test_render_names_an_option_that_shapes_no_prompt() -> None:
    given: dict[str, Any] = {"retries": 2}
    with pytest.raises(TypeError, match="option 'retries' changes nothing here"):
        adapter.render([ASK], **given)


ODD = [
    pytest.param('{"a": ' + "9" * 5000 + "}", id="a number of thousands of digits"),
    pytest.param('{"a": ' + "[" * 100_000 + "]" * 100_000 + "}", id="nested without end"),
    pytest.param('{"a": ' + "[" * 900 + "]" * 900 + "}", id="nested deeply"),
    pytest.param('{"a": "\\ud800"}', id="half a surrogate pair"),
]


@pytest.mark.parametrize("arguments", ODD)
def test_arguments_that_python_cannot_hold_are_shown_as_they_are(arguments: str) -> None:
    case = Conversation([ASK, calls(("c", "f", arguments)), result("c", "ok")])
    [*_, call, _] = rendered(case)
    [read] = adapter.parse(call["content"]).tool_calls
    assert read.arguments in {arguments, json.dumps(arguments)} or loads(read.arguments) == loads(arguments)


WRONG = [
    pytest.param({"result_role": "system"}, "result_role='system': use one of None, 'user', 'tool'", id="an unknown role"),
    pytest.param({"media": "keep"}, "media='keep': use one of 'forward', 'drop'", id="unknown media"),
    pytest.param({"merge_turns": "yes"}, "merge_turns='yes': use True or False", id="a word for a flag"),
]


@pytest.mark.parametrize(("options", "words"), WRONG)
def test_options_that_are_wrong(options: dict[str, Any], words: str) -> None:
    with pytest.raises((TypeError, ValueError), match=words):
        adapter.render([ASK], **options)

"""Values that occur in the conversation, and values that nobody said (behaviour 5.11)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from adapter.grounding.conversation import ConversationText
from adapter.grounding.judge import judged, other_tool
from tests.facts.test_after_result import WAYS, ask, writes
from tests.facts.tools import TIME, WEATHER, function
from tests.support.growth import assert_linear
from tests.support.loopback import Upstream

if TYPE_CHECKING:
    from adapter.events import Problem

HELLO = {"role": "user", "content": "Hello, who are you?"}
PARIS = {"role": "user", "content": "How is the weather in Paris?"}


def call(**arguments: Any) -> str:
    return f"<tool_call>\n{json.dumps({'name': 'get_weather', 'arguments': arguments})}\n</tool_call>"


# What was said, a value, and if the value occurs.
OCCURS: list[tuple[str, Any, bool]] = [
    ("weather in Paris", "Paris", True),
    ("weather in Paris", "paris, France", True),
    ("weather in Paris", "Rome", False),
    ("weather for the town", "the city", False),
    ("how old is the Japanese emperor", "Japan", True),
    ("Wie ist das Wetter in München", "Munchen", True),
    ("Ｔｏｋｙｏ please", "Tokyo", True),
    ("get the weather of nyc", "New York City", True),
    ("attractions in the SF area", "San Francisco", True),
    ("flights from New York City", "NYC", True),
    ("who is it", "Ivan Smith", False),
    ("北京的天气怎么样", "北京市", True),
    ("北京的天气怎么样", "上海", False),
    ("set the firstName to Anna", "first_name", True),
    ("five days", 5, True),
    ("a dozen eggs", 12, True),
    ("twenty-five percent", 0.25, True),
    ("two hundred and fifty thousand", 250000, True),
    ("1,500 dollars", 1500, True),
    ("1.500,50 Euro", 1500.5, True),
    ("5 km", 5000, True),
    ("20% off", 0.2, True),
    ("$2.5 million", 2500000, True),
    ("-12 degrees", -12, True),
    ("half an hour", 0.5, True),
    ("三天", 3, True),
    ("二十五天", 25, True),
    ("两百元", 200, True),
    ("٢٥ days", 25, True),
    ("siete noches", 7, True),
    ("five days", 6, False),
    ("March 5th, 2024", "2024-03-05", True),
    ("on the 5th of march", "03-05", True),
    ("next Monday", "2024-03-04", True),
    ("明天的会议", "2024-03-04", True),
    ("today in Leeds", "20240304", True),
    ("today in Leeds", "1234567890", False),
    ("a poem about the sea", "The sea is vast, and waves crash against a lonely grey shore", False),
    ("tell Bob the meeting tomorrow is cancelled", "The meeting tomorrow at noon is cancelled, sorry", True),
    ("写一首关于大海的诗", "大海广阔无垠，海浪拍打着海岸", False),
    ("hello", "2024-03-04", False),
    ("at 3 pm", "15:00", True),
    ("file /tmp/report.txt", "/tmp/report.txt", True),  # noqa: S108
    ("hello", "/tmp/a", False),  # noqa: S108
    ("C", "C", True),
    ("hello", True, False),
]


def test_5_11_values_that_occur() -> None:
    for text, value, expected in OCCURS:
        assert ConversationText([text]).holds(value) is expected, (text, value)


NAMED = {"type": "object", "properties": {"unit": {"enum": ["c", "f"]}, "n": {"type": "integer", "default": 10}, "city": {"type": "string"},
         "days": {"type": "integer"}, "who": {"$ref": "#/$defs/P"}}, "required": ["city"], "$defs": {"P": {"properties": {"kind": {"const": "person"}}}}}  # fmt: skip
# Arguments, and the verdict in the conversation "How is the weather in Paris?": grounded, and the invented arguments.
VERDICTS: dict[str, tuple[Any, bool, tuple[str, ...]]] = {
    "no arguments": ({}, True, ()),
    "a value that was said": ({"city": "Paris"}, True, ()),
    "a value that nobody said": ({"city": "Rome"}, False, ()),
    "choices alone": ({"unit": "c", "n": 10, "on": True, "left": None, "page": 1, "empty": ""}, True, ()),
    "choices beside a value that nobody said": ({"city": "Rome", "unit": "c"}, False, ()),
    "an optional argument that nobody said": ({"city": "Paris", "days": 5}, True, ("days",)),
    "nested": ({"city": "Rome", "who": {"name": "paris"}}, True, ()),
    "nested, named by a reference": ({"city": "Paris", "who": {"kind": "person"}}, True, ()),
    "a list": ({"city": "Rome", "list": [{"a": "Oslo"}, {"a": "Paris"}]}, True, ()),
    "no object": ([1], True, ()),
    "another script": ({"city": "巴黎"}, True, ()),
}


def test_5_11_verdicts() -> None:
    said = ConversationText.of([PARIS])
    for fact, (arguments, grounded, invented) in VERDICTS.items():
        assert judged(arguments, NAMED, said)[:2] == (grounded, invented), fact


TEXT = {"type": "object", "properties": {"text": {"type": "string"}, "language": {"type": "string"}}, "required": ["text"]}
# A question, arguments, and if they are grounded: a repeated question says nothing, and neither does a copied example.
REPEATED: list[tuple[str, dict[str, Any], bool]] = [
    ("Explain why the sky is blue.", {"text": "Why is the sky blue?", "language": "English"}, False),
    ("Explain why the sky is blue.", {"text": "Why is the sky blue?"}, True),
    ("为什么天空是蓝色的？", {"text": "天空为什么是蓝色的", "language": "English"}, True),  # of another script
    ("为什么天空是蓝色的？", {"text": "天空为什么是蓝色的", "language": "英语"}, False),
    ("为什么天空是蓝色的？", {"text": "天空为什么是蓝色的"}, True),
    ("Translate 'where is the exit' into Polish.", {"text": "where is the exit", "language": "Polish"}, True),
    ("Translate 'where is the exit'.", {"text": "where is the exit", "language": "Polish"}, True),
    ("请打开阳台的灯。", {"text": "balcony lamp"}, True),
    ("请打开阳台的灯。", {"text": "example lamp"}, False),
    ("请打开阳台的灯。", {"text": "Springfield"}, False),
]


MONEY = {"type": "object", "properties": {name: {} for name in ("amount", "source", "target", "note")}, "required": ["amount", "source", "target"]}  # fmt: skip


def test_5_11_more_required_arguments_must_occur_than_not() -> None:
    said = ConversationText.of([{"role": "user", "content": "How do I boil an egg? Use 250 ml."}])
    for arguments, verdict in (
        ({"amount": 1.5, "source": "egg", "target": "water"}, (False, (), ("amount", "target"))),
        ({"amount": 250, "source": "egg", "target": "water"}, (True, (), ("target",))),
        ({"amount": 250, "source": "tea", "target": "water", "note": "egg"}, (True, (), ("source", "target"))),
        ({"amount": 250, "note": "x"}, (True, ("note",), ())),
        ({"amount": [1.5, 250], "source": ["tea", "milk"]}, (True, (), ("source",))),
    ):
        assert judged(arguments, MONEY, said) == verdict, arguments


TRAIN = {"type": "object", "properties": {"start": {"type": "string"}, "destination": {"type": "string"}}, "required": ["start", "destination"]}  # fmt: skip
# What was said, arguments of `find_train`, and if they are grounded: half of the values do where somebody spoke of trains.
HALVES: list[tuple[str, dict[str, Any], bool]] = [
    ("My dog is called Max.", {"start": "Max", "destination": "Bern"}, False),
    ("Is there a train to Bern?", {"start": "Basel", "destination": "Bern"}, True),
    ("李白是谁？", {"start": "李白", "destination": "杜甫"}, False),
    ("从南京到苏州", {"start": "南京", "destination": "Suzhou"}, True),
    ("Is there a train to Bern?", {"start": "Springfield", "destination": "Bern"}, False),  # out of a worked example
    ("A train from Springfield to Bern?", {"start": "Springfield", "destination": "Bern"}, True),
    ("再见！", {"start": "再见！", "destination": "再见"}, False),  # all that was said, twice
    ("Bern", {"start": "Bern"}, True),
]


def test_5_11_half_of_the_values() -> None:
    for text, arguments, grounded in HALVES:
        said = ConversationText.of([{"role": "user", "content": text}])
        assert judged(arguments, TRAIN, said, "find_train Find trains between two stations.").grounded is grounded, text


def test_5_11_repeated_questions_and_copied_examples() -> None:
    for text, arguments, grounded in REPEATED:
        said = ConversationText.of([{"role": "user", "content": text}])
        assert judged(arguments, TEXT, said).grounded is grounded, (text, arguments)


def test_5_11_results_and_past_arguments_are_said() -> None:
    asked = {"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": '{"a": "Oslo"}'}}]}
    parts = {"role": "tool", "content": [{"type": "text", "text": "id 4711"}, {"type": "image_url"}]}
    said = ConversationText.of([asked, parts, {"role": "user"}, {"role": "user", "content": 3}])
    assert [said.holds(value) for value in ("Oslo", 4711, "3")] == [True, True, False]


OTHER = {
    '{"name": "nope", "arguments": {"a": 1}}': "nope", '```json\n{"name": "nope", "parameters": {}}\n```': "nope",
    '[{"name": "nope", "arguments": {}}]': "nope", '{"type": "function", "function": {"name": "nope", "arguments": "{}"}}': "nope",
    '{"name": "get_weather", "arguments": {}}': "", '{"name": "Anna", "age": 3}': "", '{"name": "Anna"}': "", "Hello": "", "{": "",
    'Sure: {"name": "nope", "arguments": {}}': "", "[1, 2]": "", '{"name": 3, "arguments": {}}': "",
}  # fmt: skip


def test_5_11_bare_calls_of_tools_that_were_not_offered() -> None:
    assert {text: other_tool(text, {"get_weather"}) for text in OTHER} == OTHER


BARE = '{"name": "nope", "arguments": {"a": 1}}'
ANSWER = "I am a model."


@pytest.mark.parametrize("way", WAYS)
def test_5_11_a_call_nobody_asked_for_is_asked_about_without_tools(way: str) -> None:
    if "responses" in way:
        return  # the conversations of that way begin with a call
    for text in (call(city="Rome"), BARE, f"```json\n{BARE}\n```"):
        told: list[Problem] = []
        with Upstream(writes(text, ANSWER)) as upstream:
            got = ask(way, upstream, {"grounding": "reask", "on_event": told.append}, [HELLO], [WEATHER, TIME])
            assert got == ANSWER, text
            assert "get_time" in json.dumps(upstream.bodies[0])
            assert "get_time" not in json.dumps(upstream.bodies[1])
        assert [problem.kind for problem in told] == ["ungrounded", "reask"], text


# Options, what was said, what the model writes, what the caller gets, requests, what is told.
STAYS: dict[str, tuple[dict[str, Any], Any, str, str, int, list[str]]] = {
    "off": ({}, HELLO, call(city="Rome"), "get_weather", 1, []),
    "report": ({"grounding": "report"}, HELLO, call(city="Rome"), "get_weather", 1, ["ungrounded"]),
    "report, a bare call": ({"grounding": "report"}, HELLO, BARE, BARE, 1, ["ungrounded"]),
    "a grounded call": ({"grounding": "reask"}, PARIS, call(city="Paris"), "get_weather", 1, []),
    "words": ({"grounding": "reask"}, HELLO, "Hi there.", "Hi there.", 1, []),
    "JSON that is no call": ({"grounding": "reask"}, HELLO, '{"a": 1}', '{"a": 1}', 1, []),
    "JSON of some length": ({"grounding": "reask"}, HELLO, json.dumps({"a": "b" * 5000}), "bbb", 1, []),
    "words in brackets, and a call": ({"grounding": "reask"}, PARIS, "[Well] " + call(city="Paris"), "[Well]", 1, []),
    "no attempts left": ({"grounding": "reask", "retries": 0}, HELLO, call(city="Rome"), "get_weather", 1, ["ungrounded"]),
    "a model that insists": (
        {"grounding": "reask"}, HELLO, call(city="Rome"), "get_weather", 2, ["ungrounded", "reask", "ungrounded"],
    ),
    "an invented optional argument": (
        {"grounding": "reask"}, PARIS, call(city="Paris", days=5), "get_weather", 1, ["invented_argument"],
    ),
    "a reply": ({"grounding": "reask", "reply_tool": True}, HELLO,
                '<tool_call>\n{"name": "reply", "arguments": {"text": "Good day."}}\n</tool_call>', "Good day.", 1, []),
}  # fmt: skip


@pytest.mark.parametrize("way", ["chat whole", "chat streamed"])
def test_5_11_answers_that_stand(way: str) -> None:
    for fact, (options, message, text, expected, requests, kinds) in STAYS.items():
        told: list[Problem] = []
        with Upstream(writes(text)) as upstream:
            got = ask(way, upstream, {**options, "on_event": told.append}, [message], [WEATHER, TIME])
            assert len(upstream.received) == requests, fact
        assert expected in got, fact
        assert [problem.kind for problem in told] == kinds, fact


@pytest.mark.parametrize("way", ["chat whole", "chat streamed"])
def test_5_11_a_forced_call_is_told_and_not_asked_about(way: str) -> None:
    told: list[Problem] = []
    with Upstream(writes(call(city="Rome"))) as upstream:
        options = {"grounding": "reask", "on_event": told.append}
        assert "get_weather" in ask(way, upstream, options, [HELLO], [WEATHER], tool_choice="required")
        assert len(upstream.received) == 1
    assert [problem.kind for problem in told] == ["ungrounded"]


@pytest.mark.parametrize("way", ["chat whole", "raw whole", "async whole", "chat streamed"])
def test_5_11_invented_optional_arguments_are_left_out(way: str) -> None:
    least = function("get_weather", {"city": {"type": "string"}, "days": {"type": "integer"}}, ["city"])
    least["function"]["parameters"]["minProperties"] = 2
    for offered, left in ((WEATHER, True), (least, False)):
        told: list[Problem] = []
        with Upstream(writes(call(city="Paris", days=5))) as upstream:
            got = ask(way, upstream, {"optional": "drop", "on_event": told.append}, [PARIS], [offered])
        assert [problem.kind for problem in told] == ["invented_argument"]
        assert ("left out" in told[0].message) is left
        if "whole" in way:
            assert got == ('get_weather {"city": "Paris"}' if left else 'get_weather {"city": "Paris", "days": 5}')


@pytest.mark.proof
def test_5_11_cost_is_linear() -> None:
    said = ConversationText(["How is the weather in Paris?"])
    assert_linear(lambda size: lambda: ConversationText(["two hundred words, 1,234.5 and 北京 " * size]), 200)
    assert_linear(lambda size: lambda: judged({"a": ["Rome " * 20] * size}, {}, said), 200)

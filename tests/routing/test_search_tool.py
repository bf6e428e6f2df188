"""`reveal="search_tool"`: the model asks for tools, the adapter answers, the caller sees neither, and the prompt only grows."""

from __future__ import annotations

import asyncio
import contextlib
import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai import AsyncOpenAI, OpenAI

import adapter
from tests.routing.sets import OFFICE, tool
from tests.support.loopback import Answer, Stream, Upstream, chunk, completion, event, streamed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adapter.events import Problem

ROUTER = adapter.ToolRouter(OFFICE, limit=4)
CITY = {"city": "Oslo"}
EMAIL = {"recipient": "Ann", "subject": "Rain", "body": "Soon."}


def call(name: str, arguments: Any) -> str:
    return f'<tool_call>\n{{"name": "{name}", "arguments": {json.dumps(arguments)}}}\n</tool_call>'


def search(query: str, name: str = "search_tools") -> str:
    return call(name, {"query": query})


def user(text: str) -> Any:
    return {"role": "user", "content": text}


@contextlib.contextmanager
def wrapped(upstream: Upstream, told: list[Problem] | None = None, router: Any = ROUTER, **options: Any) -> Iterator[OpenAI]:
    heard: list[Problem] = [] if told is None else told
    with OpenAI(base_url=upstream.url, api_key="key", max_retries=0) as plain:
        yield adapter.wrap(plain, router=router, reveal="search_tool", on_event=heard.append, **options)


def replies(texts: tuple[str, ...], *, stream: bool) -> list[Answer | Stream]:
    return [streamed(*text) if stream else completion(text) for text in texts]


def asked(client: OpenAI, messages: Any, *, stream: bool, **more: Any) -> dict[str, Any]:
    """Ask once, and return the answer as a message for the history."""
    answer: Any = client.chat.completions.create(model="m", messages=messages, stream=stream, **more)
    if not stream:
        return answer.choices[0].message.to_dict()  # type: ignore[no-any-return]
    content = ""
    calls: dict[int, Any] = {}
    for one in answer:
        for choice in one.choices:
            content += choice.delta.content or ""
            for part in choice.delta.tool_calls or ():
                held = calls.setdefault(
                    part.index, {"id": part.id, "type": "function", "function": {"name": "", "arguments": ""}}
                )
                held["function"]["name"] += part.function.name or ""
                held["function"]["arguments"] += part.function.arguments or ""
    return {"role": "assistant", "content": content or None, **({"tool_calls": [*calls.values()]} if calls else {})}


def called(message: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(one["function"]["name"], json.loads(one["function"]["arguments"])) for one in message.get("tool_calls") or ()]


STREAMS = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])


@STREAMS
def test_the_caller_gets_the_call_of_the_tool_that_was_found(stream: bool) -> None:
    told: list[Problem] = []
    texts = (search("write an electronic mail"), call("sendEmail", EMAIL))
    with Upstream(*replies(texts, stream=stream)) as upstream, wrapped(upstream, told) as client:
        message = asked(client, [user("the weather in Oslo, please")], stream=stream)
        first, second = (body["messages"] for body in upstream.bodies)
    assert called(message) == [("sendEmail", EMAIL)]
    assert "search_tools" in json.dumps(first)
    assert "sendEmail" not in json.dumps(first), "not shown before the search"
    assert second[: len(first)] == first
    assert second[len(first)]["content"] == texts[0], "the search as the model wrote it"
    assert "Found, and can be called from now on: sendEmail" in json.dumps(second)
    assert [one.kind for one in told] == ["searched"]
    assert "'write an electronic mail'" in told[0].message
    assert "found 'sendEmail'" in told[0].message


@STREAMS
@pytest.mark.parametrize("words", ["", "Let me look for a tool.\n"], ids=["no words", "words before the search"])
def test_prompts_begin_with_the_prompt_before(stream: bool, words: str) -> None:
    """Over turns, though the caller's history holds no search; byte for byte, as the server's prompt cache compares."""
    texts = (
        call("get_weather", CITY), "Rain.",
        words + search("electronic mail"), call("sendEmail", EMAIL), "Sent.",
        words + search("play a song"), "No music then.", "Bye.",
    )  # fmt: skip
    messages: list[dict[str, Any]] = [{"role": "system", "content": "Be brief."}]
    with Upstream(*replies(texts, stream=stream)) as upstream, wrapped(upstream) as client:
        for said in ("the weather in Oslo", "tell Ann about it", "anything to dance?", "goodbye"):
            messages.append(user(said))
            while True:
                messages.append(asked(client, messages, stream=stream))
                if not called(messages[-1]):
                    break
                messages += [
                    {"role": "tool", "tool_call_id": one["id"], "content": "done"} for one in messages[-1]["tool_calls"]
                ]
        prompts = [json.dumps(body["messages"])[:-1] for body in upstream.bodies]
    assert len(prompts) == len(texts)
    for before, after in pairwise(prompts):
        assert after.startswith(before)
    assert "search_tools" not in json.dumps([called(one) for one in messages])
    assert words.strip() in json.dumps(messages[:-2])
    assert "play_music" in prompts[-1]
    assert "book_hotel" not in prompts[-1]


@STREAMS
def test_words_before_a_search_and_after_it_are_one_answer(stream: bool) -> None:
    texts = ("One moment. " + search("electronic mail"), "There is a tool for mails.")
    with Upstream(*replies(texts, stream=stream)) as upstream, wrapped(upstream) as client:
        message = asked(client, [user("the weather")], stream=stream)
    assert message["content"] == "One moment.\n\nThere is a tool for mails."


@STREAMS
def test_usage_counts_every_request(stream: bool) -> None:
    more: Any = {"stream_options": {"include_usage": True}} if stream else {}
    with Upstream(*replies((search("mail"), "Yes."), stream=stream)) as upstream, wrapped(upstream) as client:
        answer: Any = client.chat.completions.create(
            model="m",
            messages=[user("the weather")],
            stream=stream,
            **more,
        )
        usage = [one.usage for one in answer if one.usage][-1] if stream else answer.usage
    with Upstream(*replies(("Yes.",), stream=stream)) as upstream, wrapped(upstream) as client:
        single: Any = client.chat.completions.create(
            model="m",
            messages=[user("the weather")],
            stream=stream,
            **more,
        )
        once = [one.usage for one in single if one.usage][-1] if stream else single.usage
    assert usage.total_tokens == 2 * once.total_tokens


@STREAMS
def test_a_model_that_goes_on_searching_is_stopped(stream: bool) -> None:
    told: list[Problem] = []
    with Upstream(*replies((search("mail"),), stream=stream)) as upstream, wrapped(upstream, told) as client:
        with pytest.raises(openai.APIError, match="looked for further tools 4 times in a single request"):
            asked(client, [user("the weather")], stream=stream)
        bodies = upstream.bodies
    assert len(bodies) == 5
    assert "No further search is made in this turn" in json.dumps(bodies[-1])
    assert [one.kind for one in told] == [*["searched"] * 4, "refused"]


BESIDE = [
    pytest.param(call("get_weather", CITY) + call("search_tools", {}), [("get_weather", CITY)], "the search is left out", id="an invalid search"),
    pytest.param(search("mail") + call("get_weather", CITY), [("sendEmail", EMAIL)], "'get_weather' beside a search", id="search first"),
    pytest.param(call("get_weather", CITY) + search("mail"), [("get_weather", CITY)], "the search is left out", id="call first"),
]  # fmt: skip


@STREAMS
@pytest.mark.parametrize(("text", "expected", "notice"), BESIDE)
def test_a_search_beside_a_call(stream: bool, text: str, expected: Any, notice: str) -> None:
    told: list[Problem] = []
    texts = (text, call("sendEmail", EMAIL))
    with Upstream(*replies(texts, stream=stream)) as upstream, wrapped(upstream, told) as client:
        message = asked(client, [user("the weather")], stream=stream)
    assert called(message) == expected
    assert any(notice in one.message for one in told if one.kind == "searched")


@STREAMS
@pytest.mark.parametrize("arguments", [{}, {"query": 7}, {"text": "electronic mail"}, "electronic mail"], ids=str)
def test_a_search_against_its_schema_is_answered_all_the_same(stream: bool, arguments: Any) -> None:
    texts = (call("search_tools", arguments), "Well.")
    with Upstream(*replies(texts, stream=stream)) as upstream, wrapped(upstream, on_invalid="return") as client:
        message = asked(client, [user("the weather")], stream=stream)
    assert called(message) == []


@STREAMS
def test_searches_that_upstream_reads_itself(stream: bool) -> None:
    """Many servers turn the text of a call into `tool_calls`, asked or not."""
    function = {"name": "search_tools", "arguments": '{"query": "electronic mail"}'}
    made = [{"id": "c1", "type": "function", "function": function}]
    first: Any = completion(None, "tool_calls", tool_calls=made)
    if stream:
        parts = (chunk({"role": "assistant", "tool_calls": [{"index": 0, **made[0]}]}), chunk({}, "tool_calls"))
        first = Stream((*map(event, parts), b"data: [DONE]\n\n"), {"content-type": "text/event-stream"})
    last = replies((call("sendEmail", EMAIL),), stream=stream)
    with Upstream(first, *last) as upstream, wrapped(upstream) as client:
        message = asked(client, [user("the weather")], stream=stream)
    assert called(message) == [("sendEmail", EMAIL)]


def test_a_search_that_upstream_reads_itself_behind_a_call_is_left_out() -> None:
    made = [{"index": at, "id": f"c{at}", "type": "function", "function": {"name": name, "arguments": ""}}
            for at, name in enumerate(("get_weather", "search_tools"))]  # fmt: skip
    pieces = [{"index": at, "function": {"arguments": said}} for at, said in ((0, json.dumps(CITY)), (1, '{"query": "mail"}'))]
    parts = [chunk({"tool_calls": [part]}) for part in (made[0], pieces[0], made[1], pieces[1])]
    first = Stream((*map(event, [*parts, chunk({}, "tool_calls")]), b"data: [DONE]\n\n"), {"content-type": "text/event-stream"})
    with Upstream(first) as upstream, wrapped(upstream) as client:
        assert called(asked(client, [user("the weather")], stream=True)) == [("get_weather", CITY)]


OPTIONS: list[Any] = [
    {"enforce": "grammar", "server": "llama.cpp"}, {"stream_calls": "validated"}, {"profile": "small"}, {"reply_tool": True},
    {"grounding": "reask"}, {"optional": "drop"}, {"replay": False}, {"loop_guard": "reask"}, {"on_invalid": "text"},
]  # fmt: skip


@STREAMS
@pytest.mark.parametrize("options", OPTIONS, ids=" ".join)
def test_searches_under_every_option(stream: bool, options: Any) -> None:
    told: list[Problem] = []
    texts = ("Hm. " + search("electronic mail"), call("sendEmail", EMAIL))
    with Upstream(*replies(texts, stream=stream)) as upstream, wrapped(upstream, told, **options) as client:
        message = asked(client, [user("the weather, and tell Ann: Rain Soon.")], stream=stream)
        grammars = [body.get("grammar", "") for body in upstream.bodies]
    assert (message["content"], called(message)) == ("Hm.", [("sendEmail", EMAIL)])
    assert [one.kind for one in told if one.kind != "chosen"] == ["searched"]
    if "enforce" in options:
        assert ["sendEmail" in grammar for grammar in grammars] == [False, True]


@STREAMS
def test_one_of_two_choices_looks_for_tools(stream: bool) -> None:
    texts = (search("electronic mail"), "Fine.")
    made = [
        {"index": at, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        for at, text in enumerate(texts)
    ]
    first: Any = Answer({"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": made})
    if stream:
        parts = [chunk({"content": text}, index=at) for at, text in enumerate(texts)]
        ends = [chunk({}, "stop", index=at) for at in range(2)]
        pieces = (*map(event, [*parts, *ends]), b"data: [DONE]\n\n")
        first = Stream(pieces, {"content-type": "text/event-stream"})
    last = replies((call("sendEmail", EMAIL),), stream=stream)
    with Upstream(first, *last) as upstream, wrapped(upstream) as client:
        answer: Any = client.chat.completions.create(model="m", messages=[user("the weather")], n=2, stream=stream)
        if stream:
            said = [(one.index, one.delta) for part in answer for one in part.choices]
        else:
            said = [(one.index, one.message) for one in answer.choices]
        assert [body["n"] for body in upstream.bodies] == [2, 1]
    assert {at: made.tool_calls[0].function.name for at, made in said if made.tool_calls and made.tool_calls[0].id} == {
        0: "sendEmail"
    }
    assert "".join(made.content or "" for at, made in said if at == 1) == "Fine."


def test_the_name_is_that_of_no_other_tool() -> None:
    told: list[Problem] = []
    own: Any = tool("search_tools", "The caller's own search.", query="")
    texts = (search("mail", "search_tools_2"), call("search_tools", {"query": "x"}))
    with Upstream(*map(completion, texts)) as upstream, wrapped(upstream, told) as client:
        message = asked(client, [user("the weather")], stream=False, tools=[own])
    assert called(message) == [("search_tools", {"query": "x"})]
    assert told[0].kind == "chosen"
    assert "'search_tools_2'" in told[0].message


def test_a_second_search_finds_others_and_none_is_found_twice() -> None:
    texts = (search("electronic mail"), search("electronic mail"), "Nothing more.")
    with Upstream(*map(completion, texts)) as upstream, wrapped(upstream) as client:
        asked(client, [user("the weather")], stream=False)
        last = json.dumps(upstream.bodies[-1])
    assert last.count('\\"name\\": \\"sendEmail\\"') == 1
    assert "No further tool was found. Nearest of the tools at hand: 'sendEmail'" in last


def test_a_router_whose_tools_all_fit_offers_no_search() -> None:
    with Upstream(completion("Fine.")) as upstream, wrapped(upstream, router=adapter.ToolRouter(OFFICE, limit=10)) as client:
        asked(client, [user("the weather")], stream=False)
        assert "search_tools" not in json.dumps(upstream.bodies)


def test_another_process_shows_the_tools_that_were_called() -> None:
    """Without the memory the prompt is another one, and complete."""
    made = [{"id": "call_1", "type": "function", "function": {"name": "sendEmail", "arguments": json.dumps(EMAIL)}}]
    history = [user("the weather"), {"role": "assistant", "content": None, "tool_calls": made},
               {"role": "tool", "tool_call_id": "call_1", "content": "sent"}]  # fmt: skip
    with Upstream(completion("Done.")) as upstream, wrapped(upstream) as client:
        asked(client, history, stream=False)
        assert "electronic mail" in json.dumps(upstream.bodies)


def test_a_tool_that_a_choice_named_stays_in_later_requests() -> None:
    choice = {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [
        {"type": "function", "function": {"name": name}} for name in ("book_hotel", "get_weather")]}}  # fmt: skip
    messages = [user("the weather"), {"role": "assistant", "content": "Fine."}, user("thanks")]
    for reveal in ("append", "search_tool"):
        with Upstream(completion("Well.")) as upstream, OpenAI(base_url=upstream.url, api_key="key") as plain:
            client: Any = adapter.wrap(plain, router=ROUTER, reveal=reveal)
            client.chat.completions.create(model="m", messages=messages, tool_choice=choice)
            more = [*messages, {"role": "assistant", "content": "Well."}, user("and now?")]
            client.chat.completions.create(model="m", messages=more)
            first, second = (body["messages"] for body in upstream.bodies)
        shown = [one for one in first if "book_hotel" in json.dumps(one)]
        assert shown
        assert all(one in second for one in shown if one["role"] != "system" or "Reserve a room" in one["content"])


def test_an_async_client() -> None:
    async def ask(url: str) -> Any:
        async with AsyncOpenAI(base_url=url, api_key="key", max_retries=0) as plain:
            client = adapter.wrap(plain, router=ROUTER, reveal="search_tool")
            return await client.chat.completions.create(model="m", messages=[{"role": "user", "content": "the weather"}])

    with Upstream(completion(search("electronic mail")), completion(call("sendEmail", EMAIL))) as upstream:
        answer = asyncio.run(ask(upstream.url))
    assert answer.choices[0].message.tool_calls[0].function.name == "sendEmail"


WRONG = [
    pytest.param({"reveal": "search_tool"}, "reveal='search_tool' needs a router", id="no router"),
    pytest.param(
        {"router": ROUTER, "reveal": "search"}, "reveal is one of 'append', 'search_tool', not 'search'", id="unknown"
    ),
]


@pytest.mark.parametrize(("given", "message"), WRONG)
def test_wrong_arguments(given: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        adapter.wrap(OpenAI(base_url="http://127.0.0.1:1/v1", api_key="key"), **given)


WORDS = st.sampled_from(["", "Let me see. ", "One moment.\n", "é 天气 "])
SAID = st.one_of(
    st.tuples(WORDS, st.sampled_from(["electronic mail", "play a song", "nothing of all", "reserve a room"])).map(
        lambda said: said[0] + search(said[1])
    ),
    WORDS.map(lambda said: said + call("get_weather", CITY)),
    st.just(search("a song") + search("a room")),
    st.just(call("get_weather", CITY) + search("a song")),
    st.just(search("a song") + call("get_weather", CITY)),
    st.just("Fine."),
)


@given(st.lists(SAID, min_size=2, max_size=7))
def test_streamed_and_whole_answers_are_the_same_and_prompts_only_grow(said: list[str]) -> None:
    """Whatever the model writes, as long as it calls tools that it was shown; no five searches in a row, which end a request."""
    texts = [*said[:3], "Fine.", *said[3:], "Fine."]
    talks = []
    for stream in (False, True):
        messages: list[dict[str, Any]] = []
        with Upstream(*replies(tuple(texts), stream=stream)) as upstream:
            with wrapped(upstream, on_invalid="return", retries=0) as client:
                for question in ("the weather in Oslo", "and now?", "thanks"):
                    messages.append(user(question))
                    while len(upstream.bodies) <= len(texts):
                        messages.append(asked(client, messages, stream=stream))
                        if not called(messages[-1]):
                            break
                        results = [
                            {"role": "tool", "tool_call_id": one["id"], "content": "done"} for one in messages[-1]["tool_calls"]
                        ]
                        messages += results
            prompts = [json.dumps(body["messages"])[:-1] for body in upstream.bodies]
        for before, after in pairwise(prompts):
            assert after.startswith(before)
        talks.append([(one["role"], one.get("content"), called(one)) for one in messages])
    assert talks[0] == talks[1]
    assert not any(name.startswith("search_tools") for _, _, calls in talks[0] for name, _ in calls)

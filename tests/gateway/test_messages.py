"""Anthropic's Messages API over an upstream that only writes text: the anthropic client gets calls (behaviour 9.7)."""

from __future__ import annotations

import json
from typing import Any

import anthropic
import httpx
import pytest
from anthropic import Anthropic

from tests.gateway.test_openai_wires import ANSWERS, CHAT_TOOLS, FLAT_TOOLS, SCHEMA, call, scripted
from tests.support.gateway import LIMIT, Script, running
from tests.support.loopback import DONE, Answer, Received, Reply, Stream, Upstream, chunk, completion, event, streamed

TOOLS: Any = [{"name": "weather", "description": "Weather.", "input_schema": SCHEMA}]
ASKED: Any = [{"role": "user", "content": "Weather in Oslo?"}]


def client_of(url: str) -> Anthropic:
    return Anthropic(base_url=url.removesuffix("/v1"), api_key="k", max_retries=0, timeout=LIMIT)


def whole(client: Anthropic) -> Any:
    return client.messages.create(model="m", max_tokens=99, messages=ASKED, tools=TOOLS)


def in_events(client: Anthropic) -> Any:
    with client.messages.stream(model="m", max_tokens=99, messages=ASKED, tools=TOOLS) as stream:
        return stream.get_final_message()


@pytest.mark.parametrize("way", [whole, in_events])
def test_answers(way: Any) -> None:
    script = Script()
    with Upstream(script) as upstream, running(upstream.url) as url, client_of(url) as client:
        for name, (texts, words, calls, requests) in ANSWERS.items():
            script.reply = scripted(texts)
            upstream.received.clear()
            message = way(client)
            assert "".join(block.text for block in message.content if block.type == "text") == words, name
            made = [block for block in message.content if block.type == "tool_use"]
            assert [block.input for block in made] == calls, name
            assert all(block.name == "weather" and block.id for block in made), name
            assert message.stop_reason == ("tool_use" if calls else "end_turn"), name
            assert message.id.startswith("msg_"), name
            assert message.usage.output_tokens == 5 * requests, name
            assert len(upstream.received) == requests, name
            for request in upstream.received:
                assert (request.path, request.headers["authorization"]) == ("/v1/chat/completions", "Bearer k"), name
                assert request.body["max_tokens"] == 99, name
                assert not {"tools", "system"} & request.body.keys(), name


IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}}
USE = {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Oslo"}}


def result(content: Any = "Rain.", **more: Any) -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": "toolu_1", "content": content, **more}


# Members of the request beside model and limit; what upstream's request must hold, each a place and a value or words in it.
REQUESTS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a system prompt": ({"system": "Be brief."}, {"messages.0.content": "Be brief.", "messages.0.role": "system"}),
    "a system prompt in blocks": (
        {"system": [{"type": "text", "text": "One.", "cache_control": {"type": "ephemeral"}}, {"type": "text", "text": "Two."}]},
        {"messages.0.content": "One.\n\nTwo."}),
    "a system message among others": ({"messages": [*ASKED, {"role": "system", "content": "New rule."}]},
                                      {"messages.1": {"role": "system", "content": "New rule."}}),
    "texts in blocks, an empty one": (
        {"messages": [{"role": "user", "content": [{"type": "text", "text": ""}, {"type": "text", "text": "Hi"}]}]},
        {"messages.0.content": "Hi"}),
    "an image": ({"messages": [{"role": "user", "content": [IMAGE, {"type": "text", "text": "What?"}]}]},
                 {"messages.0.content.0.image_url.url": "data:image/png;base64,aGk="}),
    "a document of text": ({"messages": [{"role": "user", "content": [{"type": "document", "title": "Note", "source": {
        "type": "text", "media_type": "text/plain", "data": "Door 7."}}]}]}, {"messages.0.content": "Note\nDoor 7."}),
    "stop sequences": ({"stop_sequences": ["END"]}, {"stop": ["END"]}),
    "a user's id": ({"metadata": {"user_id": "u1"}}, {"user": "u1"}),
    "numbers": ({"temperature": 0, "top_p": 0.5, "top_k": 3}, {"temperature": 0, "top_p": 0.5, "top_k": 3}),
    "an effort": ({"output_config": {"effort": "low"}}, {"reasoning_effort": "low"}),
    "fields of the vendor's service": (
        {"service_tier": "auto", "cache_control": {"type": "ephemeral"}, "betas": ["x"], "context_management": {"edits": []}},
        {"service_tier": None, "cache_control": None, "betas": None, "context_management": None}),
    "a result": ({"tools": TOOLS, "messages": [*ASKED, {"role": "assistant", "content": [USE]},
                                               {"role": "user", "content": [result(), {"type": "text", "text": "So?"}]}]},
                 {"messages.2.content": '"city": "Oslo"', "messages.3.content": "Rain.", "messages.4.content": "So?"}),
    "a result in parts, with an image": (
        {"tools": TOOLS, "messages": [*ASKED, {"role": "assistant", "content": [{"type": "text", "text": "I look."}, USE]},
                                      {"role": "user", "content": [result([{"type": "text", "text": "Rain."}, IMAGE])]}]},
        {"messages.2.content": "I look.", "messages.3.content.0.text": "Rain.", "messages.3.content.1.type": "image_url"}),
    "a failure": ({"tools": TOOLS, "messages": [*ASKED, {"role": "assistant", "content": [USE]},
                                                {"role": "user", "content": [result("no such city", is_error=True)]}]},
                  {"messages.3.content": "Error: no such city"}),
    "a failure that says so": ({"tools": TOOLS, "messages": [*ASKED, {"role": "assistant", "content": [USE]},
                                                             {"role": "user", "content": [result("Error 7", is_error=True)]}]},
                               {"messages.3.content": "\nError 7\n"}),
    "thoughts of the past": (
        {"messages": [*ASKED, {"role": "assistant", "content": [
            {"type": "thinking", "thinking": "Hm.", "signature": "s"}, {"type": "redacted_thinking", "data": "x"},
            {"type": "text", "text": "Rain."}]}, {"role": "user", "content": "Sure?"}]},
        {"messages.1.content": "Rain."}),
    "a block of the vendor's": ({"messages": [*ASKED, {"role": "assistant", "content": [
        {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}, {"type": "text", "text": "Ok."}]}, *ASKED]},
        {"messages.1.content": "Ok."}),
    "a tool of the vendor's that a client runs": ({"tools": [{"type": "bash_20250124", "name": "bash"}]},
                                                  {"messages.0.content": "Run a command in a shell"}),
    "tools that the vendor runs are left out": ({"tools": [*TOOLS, {"type": "web_search_20260101", "name": "web_search"}]},
                                                {"messages.0.content": '"name": "weather"'}),
}  # fmt: skip


def at(value: Any, place: str) -> Any:
    for key in place.split("."):
        value = value[int(key)] if isinstance(value, list) else value.get(key)
    return value


def test_requests() -> None:
    with Upstream(completion("Fine.")) as upstream, running(upstream.url) as url, httpx.Client(timeout=LIMIT) as client:
        for name, (given, wanted) in REQUESTS.items():
            body = {"model": "m", "max_tokens": 9, "messages": ASKED, **given}
            got = client.post(f"{url}/messages?beta=true", json=body, headers={"x-api-key": "k", "anthropic-beta": "a,b"})
            assert (got.status_code, got.json().get("type")) == (200, "message"), (name, got.text)
            sent = upstream.bodies[-1]
            for place, value in wanted.items():
                found = at(sent, place)
                assert found == value or (isinstance(found, str) and isinstance(value, str) and value in found), (
                    name,
                    place,
                    sent,
                )


# Tool choices, and words of the prompt; None: the answer in words is refused, because a call is due.
CHOICES: dict[str, tuple[Any, bool, str]] = {
    "auto": ({"type": "auto"}, True, '"name": "weather"'),
    "any": ({"type": "any"}, False, ""),
    "one tool": ({"type": "tool", "name": "weather"}, False, ""),
    "none": ({"type": "none"}, True, ""),
}


def test_tool_choices() -> None:
    script = Script()
    with Upstream(script) as upstream, running(upstream.url, {"retries": 0}) as url, client_of(url) as client:
        for name, (choice, words_will_do, words) in CHOICES.items():
            script.reply = completion("It rains.")
            asked: Any = {"model": "m", "max_tokens": 9, "messages": ASKED, "tools": TOOLS, "tool_choice": choice}
            if words_will_do:
                assert client.messages.create(**asked).stop_reason == "end_turn", name
            else:
                with pytest.raises(anthropic.UnprocessableEntityError, match="call"):
                    client.messages.create(**asked)
            assert words in json.dumps(upstream.bodies[-1], ensure_ascii=False).replace('\\"', '"'), name
            script.reply = completion(call({"city": "Oslo"}) + "\n" + call({"city": "Rome"}))
            if choice["type"] != "none":
                alone = client.messages.create(**{**asked, "tool_choice": {**choice, "disable_parallel_tool_use": True}})
                assert [block.input for block in alone.content if block.type == "tool_use"] == [{"city": "Oslo"}], name
                assert alone.stop_reason == "tool_use", name


THINKS = {"role": "assistant", "content": "Rain.", "reasoning_content": "Let me look."}
HIT = {"index": 0, "message": {"role": "assistant", "content": "One"}, "finish_reason": "stop", "stop_reason": "END"}
# Upstream's choice, members of the request, the blocks, the reason of the end, the sequence that stopped it.
ENDS: dict[str, tuple[dict[str, Any], dict[str, Any], list[tuple[str, str]], str, str | None]] = {
    "thoughts": ({"message": THINKS}, {}, [("thinking", "Let me look."), ("text", "Rain.")], "end_turn", None),
    "thoughts that nobody wants": ({"message": THINKS}, {"thinking": {"type": "disabled"}}, [("text", "Rain.")], "end_turn", None),
    "nothing": ({"message": {"role": "assistant", "content": ""}}, {}, [], "end_turn", None),
    "the limit": ({"message": {"role": "assistant", "content": "Ra"}, "finish_reason": "length"}, {}, [("text", "Ra")],
                  "max_tokens", None),
    "a stop sequence": (HIT, {"stop_sequences": ["END"]}, [("text", "One")], "stop_sequence", "END"),
    "a refusal": ({"message": {"role": "assistant", "content": None, "refusal": "No."}, "finish_reason": "content_filter"}, {},
                  [("text", "No.")], "refusal", None),
    "a call of upstream's own": (
        {"message": {"role": "assistant", "content": None, "tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Oslo"}'}}]},
         "finish_reason": "tool_calls"}, {"tools": TOOLS}, [("tool_use", "weather")], "tool_use", None),
}  # fmt: skip


def as_stream(choice: dict[str, Any]) -> Stream:
    delta = {key: value for key, value in choice["message"].items() if value is not None}
    for index, one in enumerate(delta.get("tool_calls", ())):
        one["index"] = index
    end = chunk({}, choice.get("finish_reason", "stop"))
    if "stop_reason" in choice:
        end["choices"][0]["stop_reason"] = choice["stop_reason"]
    counts = {"prompt_tokens": 10, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 4}}
    return Stream((event(chunk(delta)), event(end), event(chunk(usage=counts)), DONE))


def as_whole(choice: dict[str, Any]) -> Answer:
    counts = {"prompt_tokens": 10, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 4}}
    return Answer(
        {"id": "c", "model": "text-only", "choices": [{"index": 0, "finish_reason": "stop", **choice}], "usage": counts}
    )


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_ends(stream: bool) -> None:
    script = Script()
    with Upstream(script) as upstream, running(upstream.url) as url, client_of(url) as client:
        for name, (choice, given, blocks, reason, hit) in ENDS.items():
            script.reply = (as_stream if stream else as_whole)(json.loads(json.dumps(choice)))
            asked: Any = {"model": "m", "max_tokens": 9, "messages": ASKED, **given}
            if stream:
                with client.messages.stream(**asked) as events:
                    message: Any = events.get_final_message()
            else:
                message = client.messages.create(**asked)
            found = [(block.type, getattr(block, "text", None) or getattr(block, "thinking", None) or block.name)
                     for block in message.content]  # fmt: skip
            assert (found, message.stop_reason, message.stop_sequence) == (blocks, reason, hit), name
            usage = message.usage
            assert (usage.input_tokens, usage.cache_read_input_tokens, usage.output_tokens) == (6, 4, 5), name
            assert message.model == "text-only", name


def events_of(text: str) -> list[dict[str, Any]]:
    frames = [frame.splitlines() for frame in text.strip().split("\n\n")]
    found = [json.loads(frame[1].removeprefix("data: ")) for frame in frames]
    assert [frame[0].removeprefix("event: ") for frame in frames] == [one["type"] for one in found]
    return found


def test_the_order_of_events() -> None:
    """One block is open at a time, numbered from 0; the stream begins and ends as clients expect."""
    said = "I look. " + call({"city": "Oslo"}) + "\n" + call({"city": "Rome"})
    pieces = [event(chunk({"reasoning_content": "Hm."}))]
    pieces += [event(chunk({"content": said[at : at + 9]})) for at in range(0, len(said), 9)]
    for options in ({}, {"stream_calls": "incremental"}):
        with Upstream(Stream((*pieces, event(chunk({}, "stop")), DONE))) as upstream, running(upstream.url, options) as url:
            body = {"model": "m", "max_tokens": 9, "stream": True, "messages": ASKED, "tools": TOOLS}
            got = events_of(httpx.post(f"{url}/messages", json=body, timeout=LIMIT).text)
        assert (got[0]["type"], got[0]["message"]["content"], got[-2]["type"], got[-1]) == (
            "message_start", [], "message_delta", {"type": "message_stop"})  # fmt: skip
        assert got[-2]["delta"] == {"stop_reason": "tool_use", "stop_sequence": None}
        blocks: list[tuple[str, str]] = []
        is_open = False
        for one in got[1:-2]:
            if one["type"] == "content_block_start":
                assert one["index"] == len(blocks)
                blocks.append((one["content_block"]["type"], ""))
                is_open = True
            elif one["type"] == "content_block_stop":
                is_open = False
            else:
                assert (one["index"], is_open) == (len(blocks) - 1, True)
                text = one["delta"].get("text") or one["delta"].get("thinking") or one["delta"].get("partial_json")
                blocks[-1] = (blocks[-1][0], blocks[-1][1] + text)
        assert blocks == [("thinking", "Hm."), ("text", "I look."),
                          ("tool_use", '{"city": "Oslo"}'), ("tool_use", '{"city": "Rome"}')]  # fmt: skip


PLAIN: dict[str, Any] = {"model": "m", "max_tokens": 9, "messages": ASKED}
# The body, the status, the type of the error, words of the message.
WRONG: dict[str, tuple[Any, int, str, str]] = {
    "no messages": ({"model": "m"}, 400, "invalid_request_error", "messages"),
    "no list": ({**PLAIN, "messages": "Hi"}, 400, "invalid_request_error", "'messages'"),
    "a role": ({**PLAIN, "messages": [{"role": "tool", "content": "x"}]}, 400, "invalid_request_error", "messages[0].role"),
    "a schema": ({**PLAIN, "tools": [{"name": "f", "input_schema": {"type": 7}}]}, 200, "", ""),  # left out, and told
    "a choice without tools": ({**PLAIN, "tool_choice": {"type": "any"}}, 400, "invalid_request_error", "tool_choice"),
    "servers of MCP": ({**PLAIN, "mcp_servers": [{}]}, 400, "invalid_request_error", "mcp_servers"),
    "a file": ({**PLAIN, "messages": [{"role": "user", "content": [{"type": "image", "source": {"type": "file", "file_id": "f"}}]}]},
               400, "invalid_request_error", "messages[0].content[0].source.type"),
    "no JSON": (b"{", 400, "invalid_request_error", "JSON"),
}  # fmt: skip


def test_errors() -> None:
    script = Script()
    with Upstream(script) as upstream, running(upstream.url, max_body=10_000) as url, httpx.Client(timeout=LIMIT) as client:

        def failed(body: Any) -> tuple[int, str, str]:
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            got = client.post(f"{url}/messages", content=content)
            value = got.json()
            if got.status_code == 200:
                return 200, "", ""
            assert (value["type"], value["request_id"]) == ("error", got.headers["request-id"])
            return got.status_code, value["error"]["type"], value["error"]["message"]

        script.reply = completion("Fine.")
        for name, (body, status, kind, words) in WRONG.items():
            got = failed(body)
            assert got == (status, kind, got[2]), (name, got)
            assert words in got[2], name
        assert failed(b"x" * 10_001)[:2] == (413, "request_too_large")
        for status, kind in [(400, "invalid_request_error"), (401, "authentication_error"), (403, "permission_error"),
                             (404, "not_found_error"), (429, "rate_limit_error"), (500, "api_error"), (529, "overloaded_error")]:  # fmt: skip
            for stream in (False, True):
                script.reply = Answer({"error": {"message": "Its own words."}}, status, headers={"retry-after": "7"})
                assert failed({**PLAIN, "stream": stream}) == (status, kind, "Its own words.")
        script.reply = Answer(b"<h1>Bad gateway</h1>", 502)
        assert failed(PLAIN) == (502, "api_error", "The upstream answered with an error: <h1>Bad gateway</h1>")
        assert (client.get(f"{url}/messages").status_code, client.get(f"{url}/messages").json()["type"]) == (405, "error")


@pytest.mark.parametrize("tools", [[], TOOLS], ids=["without tools", "with tools"])
def test_a_stream_that_breaks_off_is_an_error_for_the_client(tools: Any) -> None:
    """A stream that just ends is none: the client would hand out half a message."""
    half = (event(chunk({"role": "assistant", "content": "Hel"})), 0.05)
    with Upstream(Stream(half, cut=True)) as upstream, running(upstream.url) as url, client_of(url) as client:
        stream = client.messages.create(model="m", max_tokens=9, messages=ASKED, tools=tools, stream=True)
        with pytest.raises(anthropic.APIStatusError, match=r"broke off|ended before"):
            list(stream)


def test_a_refused_call_gets_no_end() -> None:
    """Agents run a call whose block has ended."""
    options = {"on_invalid": "raise", "retries": 0, "stream_calls": "incremental"}
    said = call({"days": 2})
    with (
        Upstream(streamed(*(said[at : at + 9] for at in range(0, len(said), 9)))) as upstream,
        running(upstream.url, options) as url,
    ):
        body = {**PLAIN, "stream": True, "tools": TOOLS}
        got = events_of(httpx.post(f"{url}/messages", json=body, timeout=LIMIT).text)
    assert got[-1]["type"] == "error"
    assert "content_block_stop" not in [one["type"] for one in got]


def test_tokens_are_counted_by_upstream() -> None:
    script = Script()
    with Upstream(script) as upstream, running(upstream.url) as url, client_of(url) as client:
        script.reply = completion("x")
        assert client.messages.count_tokens(model="m", messages=ASKED, tools=TOOLS, system="Be brief.").input_tokens == 10
        sent = upstream.bodies[-1]
        assert (sent["max_tokens"], "stream" in sent, '"name": "weather"' in sent["messages"][0]["content"]) == (1, False, True)
        script.reply = Answer({"choices": [{"index": 0, "message": {"content": "x"}, "finish_reason": "length"}]})
        assert client.messages.count_tokens(model="m", messages=ASKED).input_tokens > 5
        script.reply = Answer({"error": {"message": "no"}}, 404)
        with pytest.raises(anthropic.NotFoundError):
            client.messages.count_tokens(model="m", messages=ASKED)


def test_models_in_anthropics_form() -> None:
    script = Script()
    with Upstream(script) as upstream, running(upstream.url) as url, client_of(url) as client:
        script.reply = Answer({"object": "list", "data": [{"id": "a", "created": 1700000000}, {"id": "b"}]})
        assert [(model.id, model.created_at.year) for model in client.models.list()] == [("a", 2023), ("b", 1970)]
        script.reply = Answer({"id": "a", "created": 1700000000})
        assert client.models.retrieve("a").display_name == "a"
        script.reply = Answer({"error": {"message": "none"}}, 404)
        with pytest.raises(anthropic.NotFoundError):
            client.models.retrieve("c")


def test_earlier_calls_are_shown_as_the_model_wrote_them() -> None:
    said = '<tool_call>\n{"arguments": {"city":   "Oslo"}, "name": "weather"}\n</tool_call>'
    with Upstream(scripted([said, "Rain."])) as upstream, running(upstream.url) as url, client_of(url) as client:
        first = whole(client)
        (block,) = first.content
        back: Any = [*ASKED, {"role": "assistant", "content": first.content},
                     {"role": "user", "content": [{"type": "tool_result", "tool_use_id": block.id, "content": "Rain."}]}]  # fmt: skip
        client.messages.create(model="m", max_tokens=9, messages=back, tools=TOOLS)
        assert said in upstream.bodies[1]["messages"][2]["content"]


def native(request: Received) -> Reply:
    """An upstream that calls tools itself, and refuses them under the name `plain`."""
    if request.body.get("tools") and request.body["model"] == "plain":
        return Answer({"error": {"message": "'tools' is not supported by this model"}}, 400)
    if not request.body.get("tools"):
        reply: Reply = scripted([call({"city": "Oslo"})])(request)
        return reply
    made = {"index": 0, "id": "call_up1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Oslo"}'}}
    if request.body.get("stream"):
        return Stream((event(chunk({"role": "assistant", "tool_calls": [made]})), event(chunk({}, "tool_calls")), DONE))
    return completion(None, "tool_calls", tool_calls=[made])


def test_tools_go_upstream_where_upstream_calls_them() -> None:
    """The default, `native="auto"`: upstream's own calls where there are some, else words, on every wire."""
    tools: dict[str, Any] = {
        "/chat/completions": {"messages": ASKED, "tools": CHAT_TOOLS},
        "/responses": {"input": "Weather?", "tools": FLAT_TOOLS},
        "/messages": {"max_tokens": 9, "messages": ASKED, "tools": TOOLS, "tool_choice": {"type": "any"}},
    }
    with Upstream(native) as upstream, running(upstream.url, {"native": "auto"}) as url, httpx.Client(timeout=LIMIT) as client:
        for path, given in tools.items():
            for model in ("own", "plain"):
                for stream in (False, True):
                    got = client.post(url + path, json={"model": model, "stream": stream, **given})
                    assert (got.status_code, "Oslo" in got.text) == (200, True), (path, model, stream, got.text)
                    sent = upstream.bodies[-1]
                    assert ("tools" in sent) == (model == "own"), (path, model)
                    if model == "own":
                        assert sent["tools"][0]["function"]["parameters"] == SCHEMA, path
                        assert "call_up1" in got.text, (path, stream)
                        assert sent.get("tool_choice") == ("required" if path == "/messages" else None)

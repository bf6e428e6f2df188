"""Spans of OpenTelemetry: read with the exporter in memory of its own SDK (behaviour 8.1)."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from openai import APIError, OpenAI

import adapter
from tests.facts.completions import CALL
from tests.support.loopback import Stream, Upstream, chunk, completion, event, raw_completion
from tests.wire.test_watched import INVALID, KEY, ROWS, asked, asked_async, replies_of

if TYPE_CHECKING:
    from collections.abc import Iterator

pytest.importorskip("opentelemetry.sdk.trace", reason="traces are read with opentelemetry-sdk: pip install -e '.[dev]'")
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

CAPTURE = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"


@pytest.fixture
def exporter(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    """An exporter behind a provider of its own: a process has only one global provider."""
    found = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(found))
    monkeypatch.setattr(trace, "get_tracer", provider.get_tracer)
    monkeypatch.delenv(CAPTURE, raising=False)
    yield found
    provider.shutdown()


def spans_of(exporter: InMemorySpanExporter) -> tuple[Any, list[Any]]:
    """The span of the caller's request, and those of the requests to upstream."""
    spans = exporter.get_finished_spans()
    exporter.clear()
    *children, parent = spans
    times: list[Any] = [(child.start_time, child.end_time) for child in children]
    assert all(child.parent is not None and child.parent.span_id == parent.context.span_id for child in children)
    assert all((parent.start_time or 0) <= start <= end for start, end in times)
    return parent, list(children)


@pytest.mark.parametrize("way", ["whole", "streamed", "async", "async streamed", "responses", "responses streamed"])
def test_8_1_a_span_for_each_request(way: str, exporter: InMemorySpanExporter) -> None:
    for fact, row in ROWS.items():
        if fact == "no tools" and "responses" in way:
            continue
        with Upstream(*replies_of(row, way)) as upstream, contextlib.suppress(APIError):
            if "async" in way:
                asyncio.run(asked_async(upstream.url, way, row.options, dict(row.request)))
            else:
                with OpenAI(base_url=upstream.url, api_key=KEY, max_retries=0) as client:
                    asked(adapter.wrap(client, **row.options), way, dict(row.request))
        parent, children = spans_of(exporter)
        assert parent.name == ("adapter responses m" if "responses" in way else "adapter chat/completions m"), fact
        assert parent.kind is trace.SpanKind.INTERNAL, fact
        assert parent.attributes["adapter.requests"] == len(children) == len(row.expected), fact
        assert parent.attributes["adapter.dialect"] == "hermes", fact
        assert (parent.status.status_code is trace.StatusCode.ERROR) is row.fails, fact
        outcomes = [outcome for outcome, *_ in row.expected]
        assert [event.name for event in parent.events] == [
            f"adapter.{word}" for word in outcomes if word in {"asked_again", "refused"}
        ], fact
        for child, (outcome, rung, calls, kinds) in zip(children, row.expected, strict=True):
            told = dict(child.attributes)
            assert (child.name, child.kind) == ("chat m", trace.SpanKind.CLIENT), fact
            assert told["gen_ai.operation.name"] == "chat", fact
            assert told["gen_ai.provider.name"] == row.options.get("server", "openai"), fact
            assert told["gen_ai.request.model"] == "m", fact
            assert told["gen_ai.request.stream"] is ("streamed" in way), fact
            assert (told["adapter.outcome"], told.get("adapter.rung", "")) == (outcome, rung), fact
            assert list(told.get("adapter.tool_calls", ())) == [name for name, _ in calls], fact
            assert [event.attributes["adapter.problem.kind"] for event in child.events] == kinds, fact
            assert (child.status.status_code is trace.StatusCode.ERROR) is (outcome in {"refused", "error"}), fact
            if told["http.response.status_code"] == 200:
                assert told["gen_ai.response.finish_reasons"] == ("stop",), fact
                assert told["gen_ai.response.id"] == "chatcmpl-1", fact
                assert told["gen_ai.response.model"] == "text-only", fact
                assert ("gen_ai.response.time_to_first_chunk" in told) is ("streamed" in way), fact
                if not ("streamed" in way and outcome == "refused"):
                    assert (told["gen_ai.usage.input_tokens"], told["gen_ai.usage.output_tokens"]) == (10, 5), fact
            assert "Paris" not in json.dumps([told, [dict(event.attributes) for event in child.events]]), (
                "content is not asked for"
            )
        if row.fails:
            expected = "507" if "upstream" in fact else "invalid_tool_call"
            assert parent.attributes["error.type"] in {expected, "refused"}, fact


def test_8_1_attributes_of_a_request(exporter: InMemorySpanExporter) -> None:
    with Upstream(completion("Hi")) as upstream, OpenAI(base_url=upstream.url, api_key=KEY) as client:
        given = {"temperature": 0.5, "top_p": 0.9, "seed": 7, "max_tokens": 40, "stop": ["x"], "frequency_penalty": 0.1, "n": 1}
        asked(adapter.wrap(client, server="mistral"), "whole", given)
    _, (child,) = spans_of(exporter)
    expected = {
        "gen_ai.provider.name": "mistral_ai",
        "gen_ai.request.temperature": 0.5,
        "gen_ai.request.top_p": 0.9,
        "gen_ai.request.seed": 7,
        "gen_ai.request.max_tokens": 40,
        "gen_ai.request.stop_sequences": ("x",),
        "gen_ai.request.frequency_penalty": 0.1,
    }
    assert {name: child.attributes.get(name) for name in expected} == expected
    with Upstream(raw_completion("Hi")) as upstream, OpenAI(base_url=upstream.url, api_key=KEY) as client:
        asked(adapter.wrap(client, upstream="completions", chat_template="chatml"), "whole", {})
    _, (child,) = spans_of(exporter)
    assert (child.name, child.attributes["gen_ai.operation.name"]) == ("text_completion m", "text_completion")


def test_8_1_content_only_where_it_is_asked_for(exporter: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CAPTURE, "true")
    with Upstream(completion(INVALID), completion(CALL)) as upstream, OpenAI(base_url=upstream.url, api_key=KEY) as client:
        asked(adapter.wrap(client), "whole", {})
    _, (first, second) = spans_of(exporter)
    read = json.loads(first.attributes["gen_ai.input.messages"])
    assert read[-1] == {"role": "user", "parts": [{"type": "text", "content": "Weather in Paris?"}]}
    wrote = json.loads(second.attributes["gen_ai.output.messages"])
    assert wrote[0]["parts"][0] == {"type": "text", "content": CALL}
    assert wrote[0]["parts"][1]["name"] == "get_weather"
    assert "city" in first.events[0].attributes["adapter.problem.message"]


def test_8_1_errors_of_the_connection(exporter: InMemorySpanExporter) -> None:
    with OpenAI(base_url="http://127.0.0.1:9/v1", api_key=KEY, max_retries=0) as client, contextlib.suppress(APIError):
        asked(adapter.wrap(client), "whole", {})
    parent, (child,) = spans_of(exporter)
    assert child.attributes["error.type"] == parent.attributes["error.type"] == "ConnectError"
    cut = Stream((event(chunk({"content": "Hel"})),), linger=True)
    with Upstream(cut) as upstream, OpenAI(base_url=upstream.url, api_key=KEY, max_retries=0) as client:
        wrapped: Any = adapter.wrap(client)
        with wrapped.chat.completions.create(model="m", messages=[{"role": "user", "content": "Hi"}], stream=True) as answer:
            next(iter(answer))
    parent, (child,) = spans_of(exporter)
    assert child.attributes["error.type"] == parent.attributes["error.type"] == "broken"
    with (
        Upstream(completion("Hi")) as upstream,
        OpenAI(base_url=upstream.url, api_key=KEY) as client,
        contextlib.suppress(APIError),
    ):
        asked(adapter.wrap(client), "whole", {"tool_choice": {"type": "function", "function": {"name": "no_such"}}})
    parent, children = spans_of(exporter)
    assert (children, parent.attributes["adapter.status"], parent.attributes["error.type"]) == (
        [],
        400,
        "invalid_request_error",
    )


def test_8_1_the_span_stands_below_the_callers(exporter: InMemorySpanExporter) -> None:
    with (
        Upstream(completion("Hi")) as upstream,
        OpenAI(base_url=upstream.url, api_key=KEY) as client,
        trace.get_tracer("app").start_as_current_span("app") as outer,
    ):
        asked(adapter.wrap(client), "whole", {})
    spans = {span.name: span for span in exporter.get_finished_spans()}
    ours = spans["adapter chat/completions m"]
    assert ours.parent is not None
    assert ours.parent.span_id == outer.get_span_context().span_id


def test_8_1_what_is_not_sampled_is_not_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    from adapter.transport import listening

    monkeypatch.setattr(trace, "get_tracer", TracerProvider(sampler=ALWAYS_OFF).get_tracer)
    made: list[object] = []
    monkeypatch.setattr(listening, "Watch", made.append)
    with Upstream(completion("Hi")) as upstream, OpenAI(base_url=upstream.url, api_key=KEY) as client:
        asked(adapter.wrap(client), "whole", {})
    assert made == []


SCRIPT = """
import json, sys
from openai import OpenAI
import adapter
if sys.argv[2] == "traced":
    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
client = adapter.wrap(OpenAI(base_url=sys.argv[1], api_key="k"))
client.chat.completions.create(model="m", messages=[{"role": "user", "content": "Hi"}])
if sys.argv[2] == "traced":
    print(json.dumps([span.name for span in exporter.get_finished_spans()]))
else:
    print(json.dumps([name for name in sys.modules if name.startswith("opentelemetry")]))
"""


def test_8_1_an_application_that_traces_and_one_that_does_not() -> None:
    for way, expected in (("traced", ["chat m", "adapter chat/completions m"]), ("plain", [])):
        with Upstream(completion("Hi")) as upstream:
            done = subprocess.run(
                [sys.executable, "-c", SCRIPT, upstream.url, way], capture_output=True, text=True, timeout=120, check=True
            )
        assert json.loads(done.stdout) == expected

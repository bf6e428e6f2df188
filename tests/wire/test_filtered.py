"""Answers that a filter cut: handed on as they are, not asked for again, and no half call in a form that could be run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from openai import OpenAI

import adapter
from tests.facts.tools import TOOLS
from tests.support.loopback import Upstream
from tests.support.native_servers import answers, made

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adapter.events import Problem

PLAIN = OpenAI(base_url="http://127.0.0.1:1", api_key="key", max_retries=0)
ASK: Any = [{"role": "user", "content": "Weather in Paris?"}]
HALF = '{"city": "Pa'


@pytest.fixture(autouse=True, scope="module")
def closed_at_the_end() -> Iterator[None]:
    yield
    PLAIN.close()


# The text and the calls of an answer, the tool choice; the kind of problem that is told, empty for none.
CUT: dict[str, tuple[str, list[dict[str, Any]], str, str]] = {
    "words": ("It is", [], "auto", ""),
    "words in place of a required call": ("I may", [], "required", ""),
    "a call in text": (f'<tool_call>\n{{"name": "get_weather", "arguments": {HALF}', [], "auto", "cut"),
    "a required call in text": (f'<tool_call>\n{{"name": "get_weather", "arguments": {HALF}', [], "required", "cut"),
    "upstream's own call": ("", [made(HALF)], "auto", "cut"),
    "upstream's own required call": ("", [made(HALF)], "required", "cut"),
}


@pytest.mark.parametrize("stream_calls", ["validated", "incremental"])
@pytest.mark.parametrize("reason", ["content_filter", "length"])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_it_is_handed_on(reason: str, stream_calls: Any, *, stream: bool) -> None:
    for name, (text, calls, choice, kind) in CUT.items():
        told: list[Problem] = []
        native: Any = "always" if calls else "never"
        with Upstream(lambda request, text=text, calls=calls: answers(request, text, calls, finish=reason)) as upstream:  # type: ignore[misc]
            url = PLAIN.with_options(base_url=upstream.url)
            client: Any = adapter.wrap(url, native=native, stream_calls=stream_calls, on_event=told.append)
            got = client.chat.completions.create(model="m", messages=ASK, tools=TOOLS, tool_choice=choice, stream=stream)
            choices = [chunk.choices[0] for chunk in got if chunk.choices] if stream else got.choices
            assert len(upstream.bodies) == 1, name
        assert choices[-1].finish_reason == reason, name
        assert [problem.kind for problem in told if problem.kind in {"reask", "refused"}] == [], name
        assert [problem.kind for problem in told if problem.raw] == ([kind] if kind else []), (name, told)
        made_calls = [call for one in choices for call in (one.delta if stream else one.message).tool_calls or ()]
        assert not made_calls or (stream and stream_calls == "incremental"), name

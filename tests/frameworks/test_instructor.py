"""instructor: `from_openai` over a wrapped client, in the tools mode.

There the tool is the response model; it is not run. A result goes back when the model's own validators reject the arguments.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from openai import OpenAI
from pydantic import BaseModel, field_validator

import adapter
from tests.frameworks.support import MODEL, QUESTION, call_text, check_text_only, script, text_of
from tests.support.loopback import Upstream

instructor = pytest.importorskip("instructor", reason="instructor is not installed")

if TYPE_CHECKING:
    from collections.abc import Iterator


class Weather(BaseModel):
    """The weather in a city."""

    city: str
    degrees: int

    @field_validator("city")
    @classmethod
    def _known(cls, city: str) -> str:
        if city == "Atlantis":
            raise ValueError("there is no such city")
        return city


REQUEST: dict[str, Any] = {"model": MODEL, "messages": [{"role": "user", "content": QUESTION}], "response_model": Weather}
PARIS = {"city": "Paris", "degrees": 18}
ROME = {"city": "Rome", "degrees": 25}


@contextmanager
def talking(*texts: str) -> Iterator[tuple[Any, Upstream]]:
    """An instructor client, and the upstream that says these things to it."""
    with Upstream(script(*texts)) as upstream, OpenAI(base_url=upstream.url, api_key="key") as client:
        yield instructor.from_openai(adapter.wrap(client), mode=instructor.Mode.TOOLS), upstream


def test_create() -> None:
    with talking(call_text("Weather", **PARIS)) as (client, upstream):
        assert client.chat.completions.create(**REQUEST).model_dump() == PARIS
    check_text_only(upstream, requests=1, stream=False)


def test_a_rejected_call_goes_back() -> None:
    with talking(call_text("Weather", city="Atlantis", degrees=5), call_text("Weather", **PARIS)) as (client, upstream):
        assert client.chat.completions.create(max_retries=2, **REQUEST).model_dump() == PARIS
    check_text_only(upstream, requests=2, stream=False)
    assert "there is no such city" in text_of(upstream.bodies[1]["messages"][-1])


def test_create_partial() -> None:
    with talking(call_text("PartialWeather", **PARIS)) as (client, upstream):
        parts = [part.model_dump() for part in client.chat.completions.create_partial(**REQUEST)]
    assert parts[-1] == PARIS
    assert {"city": "Paris", "degrees": None} in parts  # it came while it was written
    check_text_only(upstream, requests=1, stream=True)


def test_create_iterable() -> None:
    with talking(call_text("IterableWeather", tasks=[PARIS, ROME])) as (client, upstream):
        assert [item.model_dump() for item in client.chat.completions.create_iterable(**REQUEST)] == [PARIS, ROME]
    check_text_only(upstream, requests=1, stream=True)

"""What the smoke tests of frameworks share: the upstream, the tool, and that nothing but loopback is reached."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING, Any

import pytest

from tests.frameworks.support import RESULT, script
from tests.support.loopback import Upstream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Before the frameworks are imported: some report home, or fetch a table, when they are.
os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "false"
os.environ["LANGSMITH_TRACING"] = "false"
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
os.environ["OPENAI_AGENTS_DISABLE_TRACING"] = "1"


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream(script()) as server:
        yield server


@pytest.fixture
def cities() -> list[str]:
    """The cities that `get_weather` was asked for."""
    return []


@pytest.fixture
def get_weather(cities: list[str]) -> Callable[[str], str]:
    def get_weather(city: str) -> str:
        """The weather in a city.

        Args:
            city: Name of the city.
        """
        cities.append(city)
        return RESULT

    return get_weather


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Any other host is unknown, and asking for it fails the test, even where the framework says nothing."""
    look_up = socket.getaddrinfo
    asked: list[Any] = []

    def getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        if host in {"127.0.0.1", b"127.0.0.1", "localhost", b"localhost", "::1", None}:
            return look_up(host, *args, **kwargs)
        asked.append(host)
        raise socket.gaierror(socket.EAI_NONAME, f"tests reach loopback only, not {host!r}")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    yield
    assert asked == []

"""Requests built by the short way are those that an HTTP client builds, down to the order of their headers."""

from __future__ import annotations

from typing import Any

import pytest
from openai import OpenAI

import adapter
from adapter.client.request_builder import built
from tests.wire.test_transport import module

__all__ = ["module"]  # the fixture: httpx2 and httpx

URL = "http://127.0.0.1:9/v1/chat/completions"
BODY = b'{"model": "m"}'
HEADERS = [("authorization", "Bearer key"), ("user-agent", "OpenAI/Python"), ("Content-Type", "application/json")]
USUAL: dict[str, Any] = {"content": BODY, "headers": HEADERS}

# What the client has of its own, where the request goes, what else is said of it, and whether it is built by the short way.
BUILT: list[Any] = [
    pytest.param({}, URL, USUAL, True, id="as the openai client asks for one"),
    pytest.param({}, URL, {**USUAL, "timeout": 5, "params": None, "files": None}, True, id="with a timeout"),
    pytest.param({}, URL, {**USUAL, "timeout": None}, True, id="without a timeout"),
    pytest.param({"timeout": 7}, URL, USUAL, True, id="with the client's timeout"),
    pytest.param({"headers": {"X-Own": "1", "User-Agent": "mine"}}, URL, USUAL, True, id="with headers of the client's"),
    pytest.param({"headers": [("X-Own", "1"), ("X-Own", "2")]}, URL, USUAL, True, id="with one of them twice"),
    pytest.param({}, f"{URL}?a=1#b", USUAL, True, id="with a query"),
    pytest.param({}, "https://me:secret@[::1]/grüße/%20", USUAL, True, id="an address beyond ASCII"),
    pytest.param({}, URL, {**USUAL, "headers": []}, True, id="without headers"),
    pytest.param({}, URL, {**USUAL, "headers": [("x", "1"), ("X", "2")]}, False, id="a header twice"),
    pytest.param({}, URL, {**USUAL, "headers": [("Host", "elsewhere")]}, False, id="a host"),
    pytest.param({}, URL, {**USUAL, "headers": [("content-length", "14")]}, False, id="a length"),
    pytest.param({}, URL, {**USUAL, "headers": [("transfer-encoding", "chunked")]}, False, id="an encoding"),
    pytest.param({}, URL, {**USUAL, "headers": [(b"x", b"1")]}, False, id="headers in bytes"),
    pytest.param({}, URL, {**USUAL, "headers": {"x": "1"}}, False, id="headers in a mapping"),
    pytest.param({"headers": {"Host": "elsewhere"}}, URL, USUAL, False, id="a host of the client's"),
    pytest.param({"params": {"a": "1"}}, URL, USUAL, False, id="parameters of the client's"),
    pytest.param({"cookies": {"a": "1"}}, URL, USUAL, False, id="cookies"),
    pytest.param({"base_url": "http://localhost/v1"}, "chat", USUAL, False, id="a relative address"),
    pytest.param({}, URL, {**USUAL, "params": {"a": "1"}}, False, id="parameters"),
    pytest.param({}, URL, {**USUAL, "extensions": {"sni_hostname": "x"}}, False, id="extensions"),
    pytest.param({}, URL, {"json": {"a": 1}, "headers": HEADERS}, False, id="a JSON value"),
    pytest.param({}, URL, {"content": "text", "headers": HEADERS}, False, id="a text"),
    pytest.param({}, URL, {"content": b"", "headers": HEADERS}, False, id="no body"),
    pytest.param({}, URL, {}, False, id="nothing"),
]


def told(request: Any) -> Any:
    """All there is to see of a request."""
    return (
        request.method, str(request.url), request.headers.raw, request.content, request.extensions, type(request.stream),
        b"".join(request.stream),
    )  # fmt: skip


@pytest.mark.parametrize(("own", "url", "given", "quick"), BUILT)
def test_a_request_is_the_one_that_the_http_client_builds(
    module: Any, own: dict[str, Any], url: str, given: dict[str, Any], quick: bool
) -> None:
    with module.Client(**own) as http:
        usual = http.build_request("post", url, **given)
        assert (built(module, http, "post", url, given) is not None) is quick
        outer: Any = adapter.wrap(OpenAI(api_key="key", http_client=http, base_url="http://x"))._client
        assert told(outer.build_request("post", url, **given)) == told(usual)


def test_what_changes_between_two_requests_is_seen(module: Any) -> None:
    headers = [("x", "1")]
    with module.Client() as http:
        for change in (
            lambda: None,
            lambda: headers.append(("y", "2")),
            lambda: http.headers.update({"z": "3", "y": "0"}),
            headers.clear,
            lambda: setattr(http, "timeout", 3),
        ):
            change()
            for url in (URL, "http://localhost/v1/chat/completions"):
                given = {"content": BODY, "headers": headers}
                assert told(built(module, http, "POST", url, given)) == told(http.build_request("POST", url, **given))


def test_nothing_is_shared_between_two_requests(module: Any) -> None:
    with module.Client() as http:
        first, second = (built(module, http, "POST", URL, USUAL) for _ in range(2))
        first.headers["X"] = "1"
        first.extensions["timeout"]["read"] = 1
        assert told(second) == told(http.build_request("POST", URL, **USUAL))


@pytest.mark.parametrize("headers", [[5], [("a",)], [("a", "1", "2")], [(1, "2")], [["a", "1"]]])
def test_what_is_no_header_is_the_http_clients_to_refuse(module: Any, headers: Any) -> None:
    with module.Client() as http:
        assert built(module, http, "POST", URL, {"content": BODY, "headers": headers}) is None

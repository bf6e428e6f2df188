"""The routes of the Playground: the page, and data for the page alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapter._version import __version__
from adapter.exchange.protocol import Reply
from adapter.gateway.asgi import Refused, header, send_reply
from adapter.gateway.endpoint import Endpoint
from adapter.gateway.playground.as_chat import as_chat
from adapter.gateway.playground.assets import HEADERS, PREFIX, assets
from adapter.gateway.playground.choices import NOTHING, choices, made, model_of, own_options, request_in
from adapter.gateway.playground.previewing import preview
from adapter.gateway.playground.reading import read_completion
from adapter.gateway.playground.recorded import explained
from adapter.gateway.playground.running import Runs
from adapter.prompt.neutralise import BREAK
from adapter.text.wire_json import write_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapter.gateway.asgi import Message, Receive, Scope, Send
    from adapter.gateway.handling import Handling
    from adapter.gateway.playground.kept import Kept
    from adapter.gateway.service import Service

_DATA = f"{PREFIX}api/"


def open_paths() -> frozenset[str]:
    """Return the paths that need no key: the page and its files, which hold no data."""
    return frozenset(assets())


def playground_routes(service: Service, kept: Kept | None) -> list[tuple[str, Endpoint]]:
    """Return the paths and their routes."""
    page = [(path, _Page(service)) for path in assets()]
    return [
        *page,
        (f"{_DATA}start", _Data(service, _start(service))),
        (f"{_DATA}preview", _Data(service, lambda body: preview(service.config, body))),
        (f"{_DATA}read", _Data(service, lambda body: read_completion(service.config, body))),
        (f"{_DATA}requests", _Data(service, lambda _: _listed(service, kept))),
        (f"{_DATA}request", _Data(service, lambda body: _opened(service, kept, body))),
        (f"{_DATA}run", _Run(service)),
    ]


def _start(service: Service) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def start(body: dict[str, Any]) -> dict[str, Any]:
        """Return the words of the options, and the gateway's own values."""
        own = made(own_options(service.config, model_of(body)))
        return {
            "version": __version__,
            "upstream": ", ".join(upstream.shown for upstream in service.config.upstreams),
            "model": service.config.model,
            "choices": choices(),
            "own": {name: _word(getattr(own, name)) for name in choices()},
            "break": BREAK,
        }

    return start


def _listed(service: Service, kept: Kept | None) -> dict[str, Any]:
    if kept is not None:
        return {"requests": kept.outlines()}
    host = service.config.host
    why = (
        f"The gateway listens on {host} without keys: everybody could read everybody's requests. Start it with --api-key-file."
    )
    return {"requests": [], "why_none": why}


def _opened(service: Service, kept: Kept | None, body: dict[str, Any]) -> dict[str, Any]:
    """Return a request of another client with its prompts in sections and its completions in pieces."""
    entry = None if kept is None else kept.entry(body.get("number"))
    if entry is None:
        raise Refused(404, f"Request {body.get('number')!r} is not kept, or no more: the list has the last ones.")
    request = entry.get("request") or {}
    chat = as_chat(entry["path"], request)
    options = own_options(service.config, str(request.get("model") or ""))
    records = [explained(record, chat or request, options) for record in entry.get("records") or ()]
    return {**entry, "chat": chat, "records": records}


def _word(value: Any) -> str:
    """Return the value of an option as the page's word; a dialect, or examples of the caller's own, by a name."""
    return NOTHING if value is None else value if isinstance(value, str) else str(getattr(value, "name", "own"))


class _Page(Endpoint):
    """The page and its files."""

    async def answer(self, handling: Handling, scope: Scope, send: Send) -> None:  # noqa: ARG002
        if scope["path"] == "/" and self.service.config.ollama and "text/html" not in header(scope, b"accept"):
            # The sign by which programs know Ollama; a browser asks for a page.
            await send_reply(send, Reply(200, [("content-type", "text/plain; charset=utf-8")], b"Ollama is running"))
            return
        asset = assets()[scope["path"]]
        await send_reply(send, Reply(200, [("content-type", asset.kind), *HEADERS], asset.data))


class _Guarded(Endpoint):
    """A route for the page alone: pages of other origins are refused, those that may call the gateway too."""

    methods = ("POST",)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                more = [(name.encode(), value.encode()) for name, value in HEADERS]
                message["headers"] = [pair for pair in message["headers"] if pair[0] != b"cache-control"] + more
            await send(message)

        await super().__call__(scope, receive, sending)


class _Data(_Guarded):
    """A route that answers with a JSON object, made off the event loop.

    Args:
        service: Opens the exchanges.
        make: Makes the object out of that of the request.
    """

    def __init__(self, service: Service, make: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        super().__init__(service)
        self._make = make

    async def answer(self, handling: Handling, scope: Scope, send: Send) -> None:
        from anyio.to_thread import run_sync

        check_same_origin(scope)
        body = await handling.body()
        data = await run_sync(lambda: write_json(self._make(body)))
        await send_reply(send, Reply(200, [("content-type", "application/json")], data))


class _Run(_Guarded):
    """A request of the page's own, which a model answers."""

    def __init__(self, service: Service) -> None:
        super().__init__(service)
        self._runs = Runs(service.config)

    async def answer(self, handling: Handling, scope: Scope, send: Send) -> None:  # noqa: ARG002
        check_same_origin(scope)
        body = await handling.body()
        request = request_in(body)
        model = str(self.service.renamed(request).get("model") or "")
        first = self.service.route(request)[0].name
        await handling.answer(self._runs.opened(body, model, first), request)


def check_same_origin(scope: Scope) -> None:
    """Refuse a request that a page of another origin may have sent.

    A browser sends JSON across origins only after a question, which the door answers for allowed origins alone; these may call
    the gateway, and are still no readers of other clients' requests.

    Raises:
        Refused: The request is of another origin, or no JSON.
    """
    if header(scope, b"content-type").partition(";")[0].strip().lower() != "application/json":
        raise Refused(415, "Send JSON with 'content-type: application/json'.", code="unsupported_media_type")
    site = header(scope, b"sec-fetch-site").lower()
    origin, host = header(scope, b"origin").lower(), header(scope, b"host").lower()
    if site not in {"", "same-origin", "none"} or (origin and origin.partition("://")[2] != host):
        raise Refused(403, "These routes are for the gateway's own page alone.", code="wrong_origin")

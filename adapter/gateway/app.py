"""The routes of the gateway."""

from __future__ import annotations

import secrets
import time
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from starlette.routing import Route, Router

from adapter.api.responses.checks import missing
from adapter.exchange.models_exchange import model_path, models_exchange
from adapter.exchange.protocol import CHAT, COUNT_TOKENS, MESSAGES, MODELS, RESPONSES, Reply
from adapter.gateway.asgi import Refused, header, send_reply
from adapter.gateway.endpoint import Endpoint
from adapter.gateway.foreign import foreign_routes
from adapter.gateway.guard import Guard
from adapter.gateway.playground.routes import open_paths, playground_routes
from adapter.gateway.reloading import Made, Reloading
from adapter.gateway.seen import Seeing, hear, note_error
from adapter.gateway.service import Service
from adapter.gateway.sinks import sinks_for
from adapter.text.wire_json import write_json

if TYPE_CHECKING:
    from adapter.gateway.asgi import App, Receive, Scope, Send
    from adapter.gateway.config import Config
    from adapter.gateway.handling import Handling
    from adapter.gateway.listing import Listed
    from adapter.gateway.metrics import Metrics
    from adapter.gateway.sinks import Sinks

_PASSED = ("/completions", "/embeddings")
_REST = 0.5  # seconds for other upstreams, after one is ready: probes of supervisors wait for 1 second


def make_app(config: Config) -> Reloading:
    """Return the gateway as an ASGI application.

    Raises:
        DialectError: The options name a dialect or a chat template that cannot be loaded.
        sqlite3.Error: The file of the store cannot be opened.
        BadConfig: The file of records cannot be written.
    """
    sinks = sinks_for(config)
    return Reloading(config, partial(_made, sinks), sinks.close)


def _made(sinks: Sinks, config: Config, before: Service | None) -> Made:
    sinks.hide(config)
    service = Service(config, before, [hear] if sinks.all else [])
    routes, kept = _routes(service), service.kept
    if sinks.metrics is not None:
        routes.append(Route("/metrics", _Metrics(service, sinks.metrics)))
        sinks.metrics.watch(service.upstreams)
    if config.playground:
        routes += [Route(path, endpoint) for path, endpoint in playground_routes(service, kept)]
    router = _by_path(routes, Router(routes, default=_Unknown(service), redirect_slashes=False))
    app = router if kept is None else kept.around(router)
    guard = Guard(app, config, service.wire_of, open_paths() if config.playground else frozenset(), note_error)
    return Made(Seeing(guard, sinks.all, ollama=config.ollama) if sinks.all else guard, service)


def _by_path(routes: list[Route], router: Router) -> App:
    """Return an application that finds routes without parameters by their path; the router finds all others."""
    known: dict[str, App] = {route.path: route.app for route in reversed(routes) if "{" not in route.path}

    async def routed(scope: Scope, receive: Receive, send: Send) -> None:
        found = known.get(scope["path"]) if scope["type"] == "http" and not scope.get("root_path") else None
        await (router if found is None else found)(scope, receive, send)

    return routed


def _routes(service: Service) -> list[Route]:
    """Return the routes; a base URL with or without `/v1` leads to the same."""
    found: list[tuple[str, Endpoint]] = [("/health", _Health(service)), ("/ready", _Ready(service))]
    for prefix in ("/v1", ""):
        found += [(prefix + path, _Posted(service, path)) for path in (CHAT, RESPONSES, MESSAGES, COUNT_TOKENS, *_PASSED)]
        stored = _Stored(service)
        found += [
            (f"{prefix}{RESPONSES}/{{id}}", stored),
            (f"{prefix}{RESPONSES}/{{id}}/input_items", stored),
            (f"{prefix}{RESPONSES}/{{id}}/cancel", stored),
            (prefix + MODELS, _Models(service)),
            (f"{prefix}{MODELS}/{{name:path}}", _Models(service)),
        ]
    return [Route(path, endpoint) for path, endpoint in [*found, *foreign_routes(service)]]


class _Posted(Endpoint):
    """Chat, responses, and what upstream understands unchanged."""

    methods = ("POST",)

    def __init__(self, service: Service, path: str) -> None:
        super().__init__(service)
        self._path = path

    async def answer(self, handling: Handling, scope: Scope, send: Send) -> None:  # noqa: ARG002
        body = await handling.body()
        exchange = None
        if self._path not in _PASSED:
            exchange = await handling.aside(lambda: self.service.opened(self._path, body))
        if exchange is None and self._path in {MESSAGES, COUNT_TOKENS}:
            raise missing("messages")
        if exchange is None:
            await handling.pass_on(self._path, body)
        else:
            await handling.answer(exchange, body)


class _Stored(Endpoint):
    """Responses in the store."""

    methods = ("GET", "DELETE", "POST")

    async def answer(self, handling: Handling, scope: Scope, send: Send) -> None:  # noqa: ARG002
        query = dict(parse_qsl(scope.get("query_string", b"").decode("latin-1")))
        exchange = self.service.stored(scope["path"], scope["method"], query)
        if exchange is None:
            raise Refused(405, f"{scope['method']} {scope['path']}: the method is not allowed.")
        await handling.answer(exchange)


class _Models(Endpoint):
    """The models of upstream."""

    async def answer(self, handling: Handling, scope: Scope, send: Send) -> None:  # noqa: ARG002
        name = scope["path"].partition(MODELS)[2].strip("/")
        about = {"model": name} if name else None
        if header(scope, b"anthropic-version"):
            await handling.answer(models_exchange(name, f"req_{secrets.token_hex(12)}"), about)
        elif name:
            await handling.pass_on(model_path(name), None, "GET", about)
        else:
            await handling.list_models()


class _Health(Endpoint):
    """The gateway runs."""

    async def answer(self, handling: Handling, scope: Scope, send: Send) -> None:  # noqa: ARG002
        await send_reply(send, _said(200, {"status": "ok"}))


class _Ready(Endpoint):
    """The gateway runs, and an upstream answers; circuits are told, and decide nothing: no circuit blocks the last upstream."""

    async def answer(self, handling: Handling, scope: Scope, send: Send) -> None:  # noqa: ARG002
        if self.service.stopping:
            await send_reply(send, _said(503, {"status": "stopping"}))
            return
        from adapter.gateway.listing import listed

        answers = await listed(self.service.upstreams.members, {"user-agent": "tool-call-adapter"}, rest=_REST)
        ready = [answer for answer in answers if answer.answers]
        now = time.monotonic()
        said: dict[str, Any] = {"status": "ready" if ready else "upstream does not answer"}
        if len(answers) == 1:
            said |= {"upstream_status": answers[0].status} if ready else {"reason": _reason(answers[0])}
        else:
            said["upstreams"] = {
                one.member.name: {
                    "answers": one.answers,
                    "circuit": one.member.circuit.state(now),
                    **({} if one.answers else {"reason": _reason(one)}),
                }
                for one in answers
            }
        await send_reply(send, _said(200 if ready else 503, said))


class _Metrics(Endpoint):
    """The metrics, for those who may use the gateway: names of models and tools are in them."""

    def __init__(self, service: Service, metrics: Metrics) -> None:
        super().__init__(service)
        self._metrics = metrics

    async def answer(self, handling: Handling, scope: Scope, send: Send) -> None:  # noqa: ARG002
        await send_reply(send, Reply(200, [("content-type", self._metrics.content_type)], self._metrics.text()))


# What paths that lead nowhere mean to their callers.
_HINTS = (
    ("/v1/v1/", "The base URL ends in /v1, and the client adds another: leave one out."),
    ("/api/v1/", "DashScope's generation is served; other services of its are not."),
    ("/api/", "Ollama's API is off: start the gateway with --ollama."),
    ("/metrics", "Metrics are off: start the gateway with --metrics."),
    ("/playground", "The Playground is off: start the gateway without --no-playground."),
)


class _Unknown(Endpoint):
    """Paths that lead nowhere."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Answer with a 404; the router leaves other kinds of connections to this route too."""
        if scope["type"] != "http":
            return
        path = scope["path"]
        hint = next(
            (hint for begins, hint in _HINTS if path.startswith(begins)), "The gateway serves /v1/chat/completions and others."
        )
        message = f"Unknown request URL: {scope['method']} {path}. {hint}"
        await send_reply(send, self.service.wire_of(scope).error(Refused(404, message, code="unknown_url")))


def _said(status: int, value: dict[str, Any]) -> Reply:
    return Reply(status, [("content-type", "application/json")], write_json(value))


def _reason(answer: Listed) -> str:
    return answer.error or f"status {answer.status}"

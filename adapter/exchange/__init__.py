"""A request and the response to it, as a generator that shells drive: `reply = yield UpstreamRequest(body)`.

No generator does I/O or reads a clock. Errors of the caller and refused answers are raised as `AdapterError`.
"""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from adapter.api.chat.chunks import ChunkWriter
from adapter.api.chat.request import read_request
from adapter.api.responses.request import is_responses
from adapter.api.writers import ChatWhole
from adapter.dialects.registry import resolve
from adapter.events import Problem
from adapter.exchange.foreign_wires import foreign
from adapter.exchange.messages_exchange import MessagesExchange
from adapter.exchange.model_setting import Settings, setting_for
from adapter.exchange.native_question import compare, offers_tools
from adapter.exchange.protocol import CHAT, COUNT_TOKENS, MESSAGES, RESPONSES, Command, Exchange, OpenExchange, Report
from adapter.exchange.responses_exchange import ResponsesExchange, first_attempt
from adapter.exchange.stored_responses import stored_exchange
from adapter.exchange.streamed_chat import StreamedChat
from adapter.exchange.tool_policy import policy_of
from adapter.exchange.watching import present_watch
from adapter.exchange.whole_chat import WholeChat
from adapter.exchange.without_tools import body_without_tools, exchange_without_tools
from adapter.prompt.replay import first_ids
from adapter.text.wire_json import read_json

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from adapter.dialects.registry import Dialect
    from adapter.exchange.model_setting import Setting
    from adapter.exchange.past_answers import PastAnswers
    from adapter.exchange.routing import Routing
    from adapter.exchange.watching import Watcher
    from adapter.options import Options
    from adapter.prompt.replay import Said

__all__ = ["Exchange", "OpenExchange", "Opener", "Preview", "Report", "is_responses", "opener", "preview", "previewed"]


def opener(
    options: Options,
    report: Report,
    clock: Callable[[], float],
    watcher: Watcher | None = None,
    *,
    compares: bool = False,
    routing: Routing | None = None,
) -> Opener:
    """Return the function that shells ask about each request.

    Args:
        options: The caller's choices.
        report: Called with each `Problem`: repairs, coercions, re-asks and refusals.
        clock: The time in seconds since the epoch.
        watcher: Makes the watch over a request; None where nobody ever watches.
        compares: With `native="auto"`, ask a server first if tools reach the prompt.
        routing: The caller's router.

    Raises:
        DialectError: The options name a dialect or a chat template that cannot be loaded.
    """

    def heard(problem: Problem) -> None:
        if (watch := present_watch()) is not None:
            watch.problem(problem)
        report(problem)

    return Opener(Settings(options, heard, clock, routing), heard, clock, watcher, compares=compares)


class Opener:
    """Opens the exchange for each request, with the same options.

    Args:
        settings: The settings of the models that requests name.
        report: Called with each `Problem`.
        clock: The time in seconds since the epoch.
        watcher: Makes the watch over a request; None where nobody ever watches.
        compares: With `native="auto"`, ask a server first if tools reach the prompt.
    """

    __slots__ = ("_clock", "_compares", "_report", "_settings", "_watcher")

    def __init__(
        self,
        settings: Settings,
        report: Report,
        clock: Callable[[], float],
        watcher: Watcher | None,
        *,
        compares: bool = False,
    ) -> None:
        options = settings.options
        whole_chat = options.upstream == "chat" and options.upstream_stream != "always"
        self._compares = compares and options.native == "auto" and whole_chat
        self._settings = settings
        self._report = report
        self._clock = clock
        self._watcher = watcher

    def __call__(
        self, path: str, body: bytes | dict[str, Any], method: str = "POST", query: Mapping[str, str] = MappingProxyType({})
    ) -> Exchange | None:
        """Return the exchange for a request; None for a request that upstream understands unchanged."""
        if method != "POST" or not path.endswith(_PATHS):
            return stored_exchange(self._settings.options.store, method, path, query)
        request = body if isinstance(body, dict) else _object(body)  # upstream says in its own words why a body is wrong
        if request is None:
            return None
        watch = None if self._watcher is None else self._watcher(next(end for end in _PATHS if path.endswith(end)), request)

        def opening() -> Exchange | None:
            return _opened(path, request, self._settings, self._report, self._clock)

        if watch is None:
            return self._compared(request, opening) if self._compares else opening()
        return watch.opened(lambda: self._compared(request, opening))

    def _compared(self, request: Mapping[str, Any], opening: Callable[[], Exchange | None]) -> Exchange | None:
        """Open the exchange, in which the server is asked first if tools reach the prompt, where nobody knows."""
        model = str(request.get("model") or "")
        if not self._compares or not (offers_tools(request) or self._settings.routing):
            return opening()
        if not self._settings.asks(model) and self._settings.of(model).learnt.native.known:
            return opening()
        opening()  # a wrong request is told before anything is asked
        return _after(self._asking(model), opening)

    def _asking(self, model: str) -> Generator[Command, Any, None]:
        if self._settings.asks(model):
            yield from self._settings.ask(model)
        yield from compare(self._settings.of(model), model)

    def foreign(self, path: str, request: dict[str, Any]) -> Exchange:
        """Return the exchange for a request of another maker's wire; see `adapter.exchange.foreign_wires`."""
        watch = None if self._watcher is None else self._watcher(path, request)

        def opening() -> Exchange | None:
            return self._compared(request, lambda: self._foreign(path, request))

        opened = opening() if watch is None else watch.opened(opening)
        if opened is None:
            raise TypeError(f"no exchange for {path}")
        return opened

    def _foreign(self, path: str, request: dict[str, Any]) -> Exchange:
        model = str(request.get("model") or "")
        if self._settings.asks(model):
            return _after(self._settings.ask(model), lambda: self._foreign(path, request))
        return foreign(path, request, _setting(self._settings, model), self._report, self._clock)

    def under(self, watcher: Watcher) -> Opener:
        """Return the same opener, which shares all that is learnt, under another watch."""
        return Opener(self._settings, self._report, self._clock, watcher, compares=self._compares)

    def reset(self) -> None:
        """Forget all that was learnt about servers and models."""
        self._settings.reset()


_PATHS = (CHAT, RESPONSES, MESSAGES, COUNT_TOKENS)


def _object(body: bytes) -> dict[str, Any] | None:
    """Return the object in a body; None for a body that holds none."""
    try:
        request = read_json(body)
    except ValueError:
        return None
    return request if isinstance(request, dict) else None


def _opened(
    path: str, request: dict[str, Any], settings: Settings, report: Report, clock: Callable[[], float]
) -> Exchange | None:
    """Return the exchange for a request; the server may be asked for the size of its model first."""
    model = str(request.get("model") or "")
    if path.endswith((MESSAGES, COUNT_TOKENS)):
        return _messages(path, request, settings, report, clock)
    if path.endswith(RESPONSES):
        if settings.asks(model):
            return _after(settings.ask(model), lambda: _opened(path, request, settings, report, clock))
        return ResponsesExchange(request, _setting(settings, model), report, clock).exchange()
    options = settings.options
    beyond = settings.beyond
    always = options.upstream == "completions" or bool(beyond)
    read = read_request(request, always=always, policy=settings.policy, beyond=beyond)
    if read is None:
        return exchange_without_tools(request, _setting(settings, model), report)
    if settings.asks(model):
        return _after(settings.ask(model), lambda: _opened(path, request, settings, report, clock))
    setting = _setting(settings, model)
    read = setting.routed(read, report)
    if setting.routing is not None and (watch := present_watch()) is not None:
        watch.tell_tools([tool.wire for tool in read.tools])

    def answered(said: Mapping[str, Said]) -> Exchange:
        if not read.stream:
            return WholeChat(read, setting, report, clock, ChatWhole(), said).exchange()
        writer = ChunkWriter(include_usage=read.include_usage, legacy=read.legacy, forms=read.forms)
        return StreamedChat(read, setting, report, clock, writer, said).exchange()

    past = setting.past
    return answered({}) if past is None or not first_ids(read.messages) else _recalling(past, read.messages, answered)


def _setting(settings: Settings, model: str) -> Setting:
    """Return the setting for a model; the watch over the request is told."""
    setting = settings.of(model)
    if (watch := present_watch()) is not None:
        watch.tell_setting(setting)
    return setting


def _messages(
    path: str, request: dict[str, Any], settings: Settings, report: Report, clock: Callable[[], float]
) -> Exchange | None:
    """Return the exchange for a request of the Messages API; None for another API's request of the same path."""
    model = str(request.get("model") or "")
    if "messages" not in request and "max_tokens" not in request:
        return None  # a message for a thread of OpenAI's Assistants
    if settings.asks(model):
        return _after(settings.ask(model), lambda: _messages(path, request, settings, report, clock))
    exchange = MessagesExchange(request, _setting(settings, model), report, clock)
    return exchange.counting() if path.endswith(COUNT_TOKENS) else exchange.exchange()


def _after(asking: Generator[Command, Any, None], opened: Callable[[], Exchange | None]) -> Exchange:
    """Ask the server, then go on with the exchange for the request."""
    yield from asking
    exchange = opened()
    return None if exchange is None else (yield from exchange)


def _recalling(past: PastAnswers, messages: Any, answered: Callable[[Mapping[str, Said]], Exchange]) -> Exchange:
    """Look for earlier answers in the memory, then go on with the exchange that is made with them."""
    said = yield from past.recall(messages)
    return (yield from answered(said))


class Preview(NamedTuple):
    """The request that upstream would get.

    Attributes:
        body: The request.
        dialect: The dialect, with the special tokens of the chat template.
        problems: The problems of the request, and the choices that were left to the adapter.
        constraint: The fields that hold the answer to a grammar or a schema.
    """

    body: dict[str, Any]
    dialect: Dialect
    problems: tuple[Problem, ...] = ()
    constraint: tuple[str, ...] = ()

    def constraints(self) -> list[tuple[str, str]]:
        """Return the fields that hold the answer to a grammar or a schema, each as a name and a text."""
        values = [(name, self.body.get(name)) for name in self.constraint]
        return [
            (name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2))
            for name, value in values
        ]


def preview(body: Mapping[str, Any], options: Options, clock: Callable[[], float]) -> dict[str, Any]:
    """Return the request that upstream would get.

    Args:
        body: A chat request, or a Responses request without earlier responses.
        options: The caller's choices.
        clock: The time in seconds since the epoch.

    Raises:
        BadRequest: The request is wrong; `param` names the place.
    """
    return previewed(body, options, clock).body


def previewed(body: Mapping[str, Any], options: Options, clock: Callable[[], float]) -> Preview:
    """Return the request that upstream would get, and what would be told; see `preview`."""
    told: list[Problem] = []
    setting = setting_for(options, told.append, clock, str(body.get("model") or ""))
    told += [Problem("chosen", reason) for reason in setting.chosen]
    dialect = resolve(setting.options.dialect)
    if is_responses(body):
        first = first_attempt(body, setting, clock, told.append)
    else:
        request = read_request(body, always=options.upstream == "completions", policy=policy_of(options))
        if request is None:
            return Preview(body_without_tools(body, setting, told.append), dialect, tuple(told))
        first = WholeChat(request, setting, told.append, clock, ChatWhole()).first
    return Preview(first.body, dialect, (*told, *first.problems()), first.constraint)
